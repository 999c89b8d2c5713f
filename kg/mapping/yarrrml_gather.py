"""Collections and containers in YARRRML, which has none: the keys are those of RML-CC.

Spec: https://kg-construct.github.io/rml-cc/spec/docs/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from kg.mapping.gather import CollectionKind, Gather
from kg.mapping.plan import PredicateObjectMap, RefObjectMap, TermMap, with_members
from kg.mapping.yaml_nodes import Node

_T = TypeVar("_T")
GATHER: Final = "gather"
_AS, _STRATEGY, _EMPTY = "gatherAs", "strategy", "allowEmptyListAndContainer"
GATHER_KEYS: Final = frozenset({GATHER, _AS, _STRATEGY, _EMPTY})
_KINDS: Final = {kind.value.lower(): kind for kind in CollectionKind}
_STRATEGIES: Final = {"append": False, "cartesianproduct": True}
_TRUTHS: Final = {"true": True, "false": False}


def read_gather(node: Node, members: Sequence[TermMap | RefObjectMap]) -> Gather:
    """Return what an object gathers.

    Args:
        node: The object; without ``gatherAs`` it is a list.
        members: What it has as members.

    Raises:
        InputError: There are none, or a key has a value that it cannot have.
    """
    if not members:
        raise node.error(
            "gather has no members", hint="Write what they are made of: gather: [$(column)]."
        )
    return Gather(
        tuple(members),
        _chosen(node, _AS, _KINDS, CollectionKind.LIST),
        _chosen(node, _STRATEGY, _STRATEGIES, False),
        _chosen(node, _EMPTY, _TRUTHS, False),
    )


def _chosen(node: Node, key: str, values: Mapping[str, _T], default: _T) -> _T:
    found = node.get(key)
    if found is None:
        return default
    name = found.text(key).lower().removeprefix("rdf:").removeprefix("rml:")
    if name not in values:
        raise found.error(
            f"{key} must not be {found.value!r}", hint=f"It is one of {', '.join(values)}."
        )
    return values[name]


def check_subjects(subjects: Sequence[TermMap], pairs: Iterable[PredicateObjectMap]) -> None:
    """Refuse collections with names where a mapping has several subjects: each would add members.

    Raises:
        InputError: There are such ones.
    """
    for each in with_members(o for pair in pairs for o in pair.objects):
        if isinstance(each, TermMap) and each.gather and each.expression and len(subjects) > 1:
            raise Node(None, each.origin).unsupported(
                "what is gathered under a name goes with one subject only",
                hint="Write a mapping for each subject, or leave the value out.",
            )
