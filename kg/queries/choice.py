"""Which engine answers: Oxigraph where it surely gives the table engine's answer, else that.

A small graph is answered sooner by Oxigraph, whose library loads in a moment; a large one by the
table engine, which needs no index. The choice never changes an answer: what the engines answer
otherwise is in `kg.queries.differences`, and a query of which it cannot be ruled out is the table
engine's. What that does not compile, Oxigraph answers, and kg says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any, Final, TypeAlias, TypeVar

from kg.errors import InputError, UsageError
from kg.queries.engine import Answer, Engine, Row, Rows, Term, Triple, Triples, Watch
from kg.queries.kinds import ACROSS, NOTED, Facts
from kg.queries.rows import csv_lines
from kg.sparql.guard import Guarded

_T = TypeVar("_T")

AUTO: Final = "auto"
OXIGRAPH: Final = "oxigraph"
TABLE: Final = "table"
NAMES: Final = (AUTO, TABLE, OXIGRAPH)
# Queries whose choice is remembered: that which is asked now, and those of other threads.
_REMEMBERED: Final = 64
# A query's text, and what else says what it means: base, prefixes, values given beforehand.
_Key: TypeAlias = tuple[str, str | None, frozenset[tuple[str, str]], frozenset[tuple[str, Term]]]
_NOT_COMPILED: Final = "not-compiled"


def check_name(name: str) -> None:
    """Check the name of an engine.

    Raises:
        UsageError: There is no such engine.
    """
    if name not in NAMES:
        raise UsageError(
            "bad-option", f"there is no engine {name!r}", hint=f"Take {', '.join(NAMES)}."
        )


def read_kinds(info: Mapping[str, Any]) -> Facts | None:
    """Return what ``build.json`` says of the kinds of values of each predicate, if it does."""
    noted = info.get(NOTED)
    if noted is None:
        return None
    kinds = {predicate: frozenset(letters) for predicate, letters in noted.items()}
    merged = (info.get("merged_by_index"), info.get(ACROSS))
    return Facts(kinds, merged=merged != (0, 0))


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine for one query.

    Attributes:
        name: ``table`` or ``oxigraph``.
        reason: Why it is this one, as a sentence without its end.
        notes: What to tell with the answer.
    """

    name: str
    reason: str
    notes: tuple[str, ...] = ()


class Chosen:
    """An engine that is two: one of them answers each query.

    Args:
        label: What messages call the dataset.
        oxigraph: Opens Oxigraph.
        table: Opens the table engine.
        facts: Returns what is known of the values of the graph; None if nothing is.
        large: Whether the graph is large.
    """

    def __init__(
        self,
        label: str,
        oxigraph: Callable[[], Engine],
        table: Callable[[], Engine],
        facts: Callable[[], Facts | None],
        large: bool,
    ) -> None:
        self.label = label
        self._openers = {OXIGRAPH: oxigraph, TABLE: table}
        self._opened: dict[str, Engine] = {}
        self._facts = cache(facts)
        self._large = large
        self._lock = threading.RLock()
        self._choices: dict[_Key, Choice] = {}
        # By the text alone: the choice of the answer that is read now.
        self._latest: dict[str, Choice] = {}
        self._watches: dict[str, Watch] = {}

    def engine(self, name: str) -> Engine:
        """Return an engine, which is opened once."""
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._openers[name]()
            return self._opened[name]

    def choice(
        self,
        query: Guarded,
        prefixes: Mapping[str, str],
        base: str | None,
        bound: Mapping[str, Term] | None = None,
    ) -> Choice:
        """Return which engine answers a query, and why."""
        key = _key(query, prefixes, base, bound)
        known = self._choices.get(key)
        if known is None:
            if bound:  # the terms may be of any kind, and unknown to the graph
                why = "some of its variables have values beforehand"
                known = self._table_or_oxigraph(query, prefixes, base, why)
            else:
                known = self._choose(query, prefixes, base)
        self._remember(key, known)
        return known

    def agree(self, query: Guarded) -> bool:
        """Return whether the table engine answers a query, and surely as Oxigraph does.

        Args:
            query: A query with its own prefixes and without relative IRIs.
        """
        from kg.queries.differences import differing
        from kg.queries.meets import Asked

        facts = self._facts()
        if facts is None or differing(Asked(query, {}, None, facts, self._any)):
            return False
        return self._table_or_oxigraph(query, {}, None, "").name == TABLE

    def _remember(self, key: _Key, choice: Choice) -> None:
        with self._lock:
            for known in (self._choices, self._latest, self._watches):
                if len(known) >= _REMEMBERED:
                    known.clear()
            self._choices[key] = self._latest[key[0]] = choice

    def _choose(self, query: Guarded, prefixes: Mapping[str, str], base: str | None) -> Choice:
        from kg.queries.differences import differing
        from kg.queries.meets import Asked
        from kg.queries.valueless import never_remarks, valueless_remarks

        facts = self._facts()
        if facts is None:
            return self._table_or_oxigraph(
                query, prefixes, base, "the build does not say what values the graph has"
            )
        asked = Asked(query, prefixes, base, facts, self._any)
        never = tuple(never_remarks(asked))
        why = "the graph is large"
        if not self._large:
            found = differing(asked)
            if not found:
                why = "the graph is small, and the engines give the same answer"
                return Choice(OXIGRAPH, why, never)
            why = "; ".join(f"the engines differ in {each.what}" for each in found)
        told = (*valueless_remarks(asked), *never)
        return self._table_or_oxigraph(query, prefixes, base, why, told)

    def _any(self) -> Engine:
        """Return an engine that looks up triples: one that is open, if one is."""
        usual = TABLE if self._large else OXIGRAPH
        with self._lock:
            return self._opened[usual] if usual in self._opened else self.engine(usual)

    def _table_or_oxigraph(
        self,
        query: Guarded,
        prefixes: Mapping[str, str],
        base: str | None,
        why: str,
        notes: tuple[str, ...] = (),
    ) -> Choice:
        try:
            self.engine(TABLE).check(query, prefixes, base or "")
        except InputError as error:
            if error.code != _NOT_COMPILED:
                raise
            return _fallback(error)
        return Choice(TABLE, why, notes)

    # -- what an engine does ---------------------------------------------------------------------

    def check(self, query: Guarded, prefixes: Mapping[str, str], base: str) -> tuple[str, ...]:
        """Parse a query without answering it; see `kg.queries.engine.Engine.check`."""
        return self.engine(self.choice(query, prefixes, base).name).check(query, prefixes, base)

    def ask(
        self,
        query: Guarded,
        prefixes: Mapping[str, str] | None = None,
        base: str | None = None,
        bound: Mapping[str, Term] | None = None,
    ) -> Answer:
        """Answer a query; see `kg.queries.engine.Engine.ask`."""
        chosen = self.choice(query, prefixes or {}, base, bound)
        if chosen.name == TABLE:

            def instead(error: InputError) -> Answer:
                if error.code != _NOT_COMPILED:
                    raise error
                self._remember(_key(query, prefixes or {}, base, bound), _fallback(error))
                return self._watched(self.engine(OXIGRAPH).ask(query, prefixes, base, bound), query)

            try:
                return _or_else(self.engine(TABLE).ask(query, prefixes, base, bound), instead)
            except InputError as error:
                return instead(error)
        return self.engine(OXIGRAPH).ask(query, prefixes, base, bound)

    def _watched(self, answer: Answer, query: Guarded) -> Answer:
        """Return an answer at which Oxigraph looks as it passes: others took it for the table's."""
        watch = self.engine(OXIGRAPH).watch(query)
        if watch is None or not isinstance(answer, Rows):
            return answer
        self._watches[query.text] = watch
        return Rows(answer.columns, watch.rows(answer.columns, answer))

    def count(
        self,
        s: Term | None = None,
        p: Term | None = None,
        o: Term | None = None,
        graph: Term | None = None,
    ) -> int:
        """Return the number of triples that match, in a named graph or the default graph."""
        return self._any().count(s, p, o, graph)

    def has(self, s: Term | None = None, p: Term | None = None, o: Term | None = None) -> bool:
        """Return whether any graph has a triple that matches."""
        return self._any().has(s, p, o)

    def triples(
        self, s: Term | None = None, p: Term | None = None, o: Term | None = None
    ) -> Iterator[Triple]:
        """Yield the triples of all graphs that match; a triple of two graphs may come twice."""
        return self._any().triples(s, p, o)

    def graphs(self) -> Iterator[Term]:
        """Yield the names of the named graphs, in no order."""
        return self._any().graphs()

    def in_use(self) -> Iterator[Term]:
        """Yield properties and classes that the data use: all, or those that are soon found."""
        return self._any().in_use()

    def watch(self, query: Guarded) -> Watch | None:
        """Return what is to look at the rows of the query's answer, if anything is."""
        known = self._latest.get(query.text)
        return None if known is None else self.engine(known.name).watch(query)

    def plan(self, query: Guarded, prefixes: Mapping[str, str], base: str) -> Iterator[str]:
        """Yield which engine answers a query and why, and what that tells."""
        chosen = self.choice(query, prefixes, base)
        yield f"engine: {chosen.name}, since {chosen.reason}"
        yield from self.engine(chosen.name).plan(query, prefixes, base)

    def interrupt(self, thread: int) -> bool:
        """Interrupt the queries that a thread asks; see `kg.queries.engine.Engine.interrupt`."""
        return any(each.interrupt(thread) for each in tuple(self._opened.values()))

    def remarks(self, query: Guarded, prefixes: Mapping[str, str]) -> Sequence[str]:
        """Return how the answer to a query may differ from SPARQL's, and who gave it if odd."""
        known = self._latest.get(query.text)
        if known is None:
            return ()
        watch = self._watches.pop(query.text, None)
        seen = () if watch is None else watch.remarks()
        return [*known.notes, *seen, *self.engine(known.name).remarks(query, prefixes)]


def _key(
    query: Guarded,
    prefixes: Mapping[str, str],
    base: str | None,
    bound: Mapping[str, Term] | None,
) -> _Key:
    return query.text, base, frozenset(prefixes.items()), frozenset((bound or {}).items())


def _fallback(error: InputError) -> Choice:
    reason = error.message.partition(": ")[2]
    return Choice(
        OXIGRAPH,
        f"the table engine does not answer it: {reason}",
        (f"Oxigraph answers this query, since the table engine does not: {reason}",),
    )


def _or_else(answer: Answer, instead: Callable[[InputError], Answer]) -> Answer:
    """Return an answer of the table engine, or another if it turns out to have none.

    Some values are only seen to be too large on the way to the first row.

    Args:
        answer: The answer.
        instead: Returns the other, given why; raises what is another error.
    """
    if isinstance(answer, Rows):
        columns, make = answer.columns, answer.lines
        rows = _begun(lambda: answer, lambda error: _rows_of(instead(error), columns))
        if make is None:
            return Rows(columns, rows)

        def others(error: InputError) -> Iterator[str]:
            return csv_lines(_rows_of(instead(error), columns))

        return Rows(columns, rows, lines=lambda: _begun(make, others))
    if isinstance(answer, Triples):
        return Triples(_begun(lambda: answer, lambda error: _triples_of(instead(error))))
    return answer


def _begun(
    find: Callable[[], Iterable[_T]], instead: Callable[[InputError], Iterable[_T]]
) -> Iterator[_T]:
    """Yield what is found, or something else if an error comes before the first of it."""
    try:
        found = iter(find())
        head = list(islice(found, 1))
    except InputError as error:
        yield from instead(error)
        return
    yield from chain(head, found)


def _rows_of(answer: Answer, columns: tuple[str, ...]) -> Iterator[Row]:
    assert isinstance(answer, Rows)
    places = [answer.columns.index(name) for name in columns]
    return (tuple(row[place] for place in places) for row in answer)


def _triples_of(answer: Answer) -> Iterator[Triple]:
    assert isinstance(answer, Triples)
    return iter(answer)
