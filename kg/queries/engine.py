"""The interface between kg and a SPARQL engine.

An engine takes a checked query, and gives rows, triples, or yes and no. Its answers hold terms as
canonical N-Triples text, the form of kg's other rooms, so that nothing above depends on the
engine that was asked. `kg.queries.oxigraph` is one engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.sparql.guard import Guarded

# A term as canonical N-Triples text; a triple term as ``<<( s p o )>>``.
Term = str
# One solution: a term for each column, None where the variable is unbound.
Row = Sequence[Term | None]
Triple = tuple[Term, Term, Term]
# Writes all rows in SPARQL's ``tsv`` or ``json``.
Serializer = Callable[[str, IO[bytes]], None]


class Rows:
    """The solutions of a SELECT. They are read once, as the engine finds them.

    Args:
        columns: The names of the variables, in the order of the SELECT.
        rows: The solutions. Iterating raises the errors that `Engine.ask` raises.
        serialize: The engine's own writer, if it has one that is faster than row by row.
        lines: Returns a line of CSV for each row, with its end, instead of the rows, if the engine
            makes them faster.
    """

    __slots__ = ("_rows", "columns", "lines", "serialize")

    def __init__(
        self,
        columns: Sequence[str],
        rows: Iterable[Row],
        serialize: Serializer | None = None,
        lines: Callable[[], Iterator[str]] | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self._rows = iter(rows)
        self.serialize = serialize
        self.lines = lines

    def __iter__(self) -> Iterator[Row]:
        """Return the iterator over the rows that are left."""
        return self._rows


class Triples:
    """The triples of a CONSTRUCT or DESCRIBE. They are read once, as the engine finds them.

    Args:
        triples: The triples. Iterating raises the errors that `Engine.ask` raises.
    """

    __slots__ = ("_triples",)

    def __init__(self, triples: Iterable[Triple]) -> None:
        self._triples = iter(triples)

    def __iter__(self) -> Iterator[Triple]:
        """Return the iterator over the triples that are left."""
        return self._triples


# The answer of a SELECT, of a CONSTRUCT or DESCRIBE, of an ASK.
Answer = Rows | Triples | bool


class Watch(Protocol):
    """Looks at the rows of an answer as they pass, and tells afterwards what it has noticed."""

    def rows(self, names: Sequence[str], rows: Iterable[Row]) -> Iterator[Row]:
        """Pass rows on."""

    def remarks(self) -> Iterator[str]:
        """Yield what to tell the user, once the rows have passed."""


class Engine(Protocol):
    """Answers queries about one dataset.

    The default graph is the merge of the dataset's graphs, or what was loaded as the default
    graph; the named graphs are asked with GRAPH.
    """

    @property
    def label(self) -> str:
        """What messages call the dataset."""

    def check(self, query: Guarded, prefixes: Mapping[str, str], base: str) -> tuple[str, ...]:
        """Parse a query without answering it.

        Returns:
            The columns of a SELECT, in the order of its text; else nothing.

        Raises:
            InputError: It is not a SPARQL query, or none that the engine can answer.
        """

    def ask(
        self,
        query: Guarded,
        prefixes: Mapping[str, str] | None = None,
        base: str | None = None,
        bound: Mapping[str, Term] | None = None,
    ) -> Answer:
        """Answer a query.

        Args:
            query: A query that the guard has read.
            prefixes: Prefixes that need no PREFIX line.
            base: What relative IRIs are resolved against.
            bound: Variables that have a value beforehand.

        Raises:
            InputError: The engine cannot parse the query, or cannot answer it.
            WorldError: What it reads is damaged.
        """

    def count(
        self,
        s: Term | None = None,
        p: Term | None = None,
        o: Term | None = None,
        graph: Term | None = None,
    ) -> int:
        """Return the number of triples that match, in a named graph or the default graph."""

    def has(self, s: Term | None = None, p: Term | None = None, o: Term | None = None) -> bool:
        """Return whether any graph has a triple that matches."""

    def triples(
        self, s: Term | None = None, p: Term | None = None, o: Term | None = None
    ) -> Iterator[Triple]:
        """Yield the triples of all graphs that match; a triple of two graphs may come twice."""

    def graphs(self) -> Iterator[Term]:
        """Yield the names of the named graphs, in no order."""

    def in_use(self) -> Iterator[Term]:
        """Yield properties and classes that the data use: all, or those that are soon found."""

    def watch(self, query: Guarded) -> Watch | None:
        """Return what is to look at the rows of the query's answer, if anything is."""

    def plan(self, query: Guarded, prefixes: Mapping[str, str], base: str) -> Iterator[str]:
        """Yield lines on how the query is answered, if the engine can tell."""

    def interrupt(self, thread: int) -> bool:
        """Interrupt the queries that a thread asks; it raises KeyboardInterrupt there.

        Returns:
            Whether there was one that can be interrupted.
        """

    def remarks(self, query: Guarded, prefixes: Mapping[str, str]) -> Sequence[str]:
        """Return how this engine's answer to a query may differ from SPARQL's."""
