"""What a push is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kg.records import dataclass

CHUNK: Final = 20_000  # triples in a request


@dataclass(frozen=True, slots=True)
class PushOptions:
    """The options of a push.

    Attributes:
        add: Add to the graphs of the store; by default they are replaced.
        graphs: The graphs to push, as for `kg export`; none for all.
        into: Push everything into this one graph: an IRI, or ``default``.
        skolemize: Push blank nodes as IRIs below the base.
        with_inferred: Also push what ``kg build --infer`` added.
        endpoint: The store's SPARQL endpoint, for the check; by default derived from the URL.
        check: Count the triples in the store afterwards.
        chunk: Maximum number of triples in a request.
        timeout: Seconds to wait for the store at each step.
        tries: How often to send a request.
        memory: Peak memory of the process, such as ``1GB``.
        changes: Send only what has changed since the last push to this store, where the store
            still holds what that push left there; else all is sent.
        update: The store's endpoint for updates; by default derived from the URL.
    """

    add: bool = False
    graphs: Sequence[str] = ()
    into: str | None = None
    skolemize: bool = False
    with_inferred: bool = False
    endpoint: str | None = None
    check: bool = True
    chunk: int = CHUNK
    timeout: float = 120.0
    tries: int = 8
    memory: str | None = None
    changes: bool = False
    update: str | None = None


@dataclass(frozen=True, slots=True)
class PushedGraph:
    """The result for one graph.

    Attributes:
        name: Its IRI, or None for the store's default graph.
        triples: Number of triples sent.
        values: Number of triples in a store that merges literals of the same value.
        held: Number of triples in the store; None if it was not counted.
    """

    name: str | None
    triples: int
    values: int
    held: int | None = None

    @property
    def merged(self) -> int:
        """Triples that the store merged with others of the same value."""
        return 0 if self.held is None else max(0, self.triples - self.held)


@dataclass(frozen=True, slots=True)
class Changed:
    """The number of triples that a push removed from a store and added to it."""

    removed: int
    added: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result of a push.

    Attributes:
        graphs: Each graph.
        requests: Number of chunks sent.
        retried: How often a chunk was sent again.
        checked: Whether the triples in the store were counted.
        default_is_empty: Whether only named graphs were sent and the store's default graph, which
            queries use, is empty.
        changed: What was removed and added, if only the changes were sent.
    """

    graphs: tuple[PushedGraph, ...]
    requests: int
    retried: int
    checked: bool
    default_is_empty: bool = False
    changed: Changed | None = None


Progress = Callable[[str], None]
