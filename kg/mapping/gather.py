"""What a gather map says: which terms are put into a collection or container, and how.

Spec: https://kg-construct.github.io/rml-cc/spec/docs/
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from kg.records import dataclass

if TYPE_CHECKING:
    from kg.mapping.plan import RefObjectMap, TermMap


class CollectionKind(Enum):
    """What terms are gathered as: a collection or one of the containers of RDF.

    Spec: https://kg-construct.github.io/rml-cc/spec/docs/#rml-gatheras
    """

    LIST = "List"
    BAG = "Bag"
    SEQ = "Seq"
    ALT = "Alt"

    @property
    def is_list(self) -> bool:
        """Whether it is a collection: cells with ``rdf:first`` and ``rdf:rest``."""
        return self is CollectionKind.LIST


@dataclass(frozen=True, slots=True)
class Gather:
    """The members of a collection or container, and how they are put together.

    Attributes:
        members: Their term maps, in order; some may gather terms themselves.
        kind: What they are gathered as.
        is_product: Whether there is one collection for each combination of a term of each member
            (``rml:cartesianProduct``); otherwise all terms follow one another (``rml:append``).
        keeps_empty: Whether one without members is made, too.

    Spec: https://kg-construct.github.io/rml-cc/spec/docs/#gathermapidentification
    """

    members: tuple[TermMap | RefObjectMap, ...]
    kind: CollectionKind
    is_product: bool = False
    keeps_empty: bool = False
