"""The tables of SQL that pages are made from, and streams of what is said of one IRI after another.

Pages of a large graph are many: what they say is sorted by SQL and read as streams, so that Python
holds one page at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from kg.duck import Connection, sql_text
from kg.page.entity import LABELS, Entity, Group, grouped
from kg.page.reading import MOST_LEADING
from kg.quads import QuadTable
from kg.records import dataclass
from kg.terms import text_of

# Blank nodes within each other that are followed, and rows fetched at once.
_DEEPEST: Final = 6
_FETCHED: Final = 10_000

Row = tuple[Any, ...]
Rows = Iterator[Row]


def prepare(connection: Connection, table: QuadTable, base: str) -> None:
    """Make the tables: what is said, which IRIs have a page, their labels, owners of blank nodes.

    Args:
        connection: From `kg.duck.engine`.
        table: The graph.
        base: IRIs below it have a page even if nothing is said of them.
    """
    run = connection.execute
    run(f"CREATE TABLE kg_said AS SELECT DISTINCT s, p, o FROM {table.sql}")
    below = sql_text(f"<{base}")
    run(
        "CREATE TABLE kg_pages AS SELECT s AS t FROM kg_said WHERE starts_with(s, '<') UNION"
        f" SELECT o FROM kg_said WHERE starts_with(o, {below})"
    )
    ranks = " ".join(f"WHEN {sql_text(p)} THEN {rank}" for rank, p in enumerate(LABELS))
    listed = ", ".join(map(sql_text, LABELS))
    # In English or without a language if there is one, as `kg.page.entity.best_text` has it.
    run(
        "CREATE TABLE kg_labels AS SELECT s AS t, first(o ORDER BY CASE p"
        f" {ranks} END, o LIKE '%\"@%' AND o NOT LIKE '%\"@en%', o) AS label FROM kg_said"
        f" WHERE p IN ({listed}) AND starts_with(o, '\"') GROUP BY s"
    )
    run(
        "CREATE TABLE kg_owners AS WITH RECURSIVE owned(t, owner, depth) AS (SELECT o, s, 1"
        " FROM kg_said WHERE starts_with(o, '_:') AND starts_with(s, '<') UNION"
        " SELECT k.o, w.owner, w.depth + 1 FROM owned w JOIN kg_said k ON k.s = w.t"
        f" WHERE starts_with(k.o, '_:') AND w.depth < {_DEEPEST})"
        " SELECT DISTINCT t, owner FROM owned"
    )


def labels(connection: Connection, terms: Iterable[str]) -> tuple[dict[str, str], set[str]]:
    """Return the labels of terms, and the IRIs among them that have a page."""
    wanted = sorted(set(terms))
    rows = connection.execute(
        "SELECT w.t, label, p.t IS NOT NULL FROM (SELECT unnest(?) AS t) w"
        " LEFT JOIN kg_labels l ON l.t = w.t LEFT JOIN kg_pages p ON p.t = w.t",
        [wanted],
    ).fetchall()
    found = {term: text_of(label) for term, label, _ in rows if label is not None}
    return found, {term[1:-1] for term, _, paged in rows if paged}


def count_pages(connection: Connection) -> int:
    """Return how many IRIs have a page."""
    return int(connection.execute("SELECT count(*) FROM kg_pages").fetchall()[0][0])


def entities(connection: Connection) -> Iterator[tuple[Entity, set[str]]]:
    """Yield every IRI that has a page, in order, with the IRIs on its page that have one too."""
    predicates = connection.execute("SELECT DISTINCT p FROM kg_said").fetchall()
    known_labels, known_pages = labels(connection, (p for (p,) in predicates))
    said = _Stream(
        connection,
        "SELECT s, p, o, label, kg_pages.t IS NOT NULL FROM kg_said LEFT JOIN kg_pages ON t = o"
        " LEFT JOIN kg_labels USING (t) WHERE starts_with(s, '<') ORDER BY s, p, o",
    )
    nested = _Stream(
        connection,
        "SELECT w.owner, k.s, k.p, k.o, label, g.t IS NOT NULL FROM kg_owners w JOIN kg_said k"
        " ON k.s = w.t LEFT JOIN kg_pages g ON g.t = k.o LEFT JOIN kg_labels l ON l.t = k.o"
        " ORDER BY w.owner, k.s, k.p, k.o",
    )
    leading = _Stream(
        connection,
        "SELECT k.o, k.p, k.s, label, g.t IS NOT NULL, count(*) OVER (PARTITION BY k.o, k.p)"
        " FROM kg_said k JOIN kg_pages x ON x.t = k.o LEFT JOIN kg_pages g ON g.t = k.s"
        " LEFT JOIN kg_labels l ON l.t = k.s"
        f" QUALIFY row_number() OVER (PARTITION BY k.o, k.p ORDER BY k.s) <= {MOST_LEADING}"
        " ORDER BY k.o, k.p, k.s",
    )
    used = _Stream(
        connection,
        "SELECT k.p, k.s, k.o, a.label, x.t IS NOT NULL, b.label, y.t IS NOT NULL FROM kg_said k"
        " JOIN kg_pages g ON g.t = k.p"
        " LEFT JOIN kg_labels a ON a.t = k.s LEFT JOIN kg_pages x ON x.t = k.s"
        " LEFT JOIN kg_labels b ON b.t = k.o LEFT JOIN kg_pages y ON y.t = k.o"
        f" QUALIFY row_number() OVER (PARTITION BY k.p ORDER BY k.s, k.o) <= {MOST_LEADING}"
        " ORDER BY k.p, k.s, k.o",
    )
    own = _Stream(
        connection, "SELECT t, label FROM kg_pages LEFT JOIN kg_labels USING (t) ORDER BY t"
    )
    for term, ((_, label),) in own:
        names = _Names(dict(known_labels), set(known_pages))
        names.note(term, label, True)
        pairs, inner = _said(said.of(term), nested.of(term), names)
        coming = _leading(leading.of(term), names)
        entity = Entity(
            term,
            outgoing=grouped(pairs),
            incoming=coming,
            used=_used(used.of(term), names),
            nested=inner,
            labels=names.labels,
        )
        yield entity, names.pages


@dataclass(frozen=True, slots=True)
class _Names:
    """What is known of the terms on one page.

    Attributes:
        labels: Term to label.
        pages: IRIs that have a page.
    """

    labels: dict[str, str]
    pages: set[str]

    def note(self, term: str, label: str | None, paged: bool) -> None:
        """Take what is known of a term."""
        if label is not None:
            self.labels[term] = text_of(label)
        if paged:
            self.pages.add(term[1:-1])


_Pairs = list[tuple[str, str]]


def _said(said: Rows, nested: Rows, names: _Names) -> tuple[_Pairs, dict[str, tuple[Group, ...]]]:
    pairs: _Pairs = []
    for _, p, o, label, paged in said:
        pairs.append((p, o))
        names.note(o, label, paged)
    inner: dict[str, _Pairs] = {}
    for _, s, p, o, label, paged in nested:
        inner.setdefault(s, []).append((p, o))
        names.note(o, label, paged)
    return pairs, {node: grouped(found) for node, found in inner.items()}


def _leading(rows: Rows, names: _Names) -> tuple[Group, ...]:
    found: dict[str, list[str]] = {}
    totals: dict[str, int] = {}
    for _, p, s, label, paged, total in rows:
        found.setdefault(p, []).append(s)
        totals[p] = total
        names.note(s, label, paged)
    return tuple(Group(p, tuple(terms), totals[p]) for p, terms in found.items())


def _used(rows: Rows, names: _Names) -> tuple[tuple[str, str], ...]:
    found = []
    for _, s, o, label, paged, label_of_o, o_is_paged in rows:
        names.note(s, label, paged)
        names.note(o, label_of_o, o_is_paged)
        found.append((s, o))
    return tuple(found)


class _Stream:
    """Rows in groups by their first value, read one after the other.

    Args:
        connection: What is asked; each stream has a cursor of its own.
        sql: A query whose rows are sorted by their first value.
    """

    def __init__(self, connection: Connection, sql: str) -> None:
        self._groups = groupby(_rows(connection, sql), key=itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, key: str) -> Rows:
        """Yield the rows of a key; keys are asked for in order."""
        while self._next is not None and self._next[0] < key:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != key:
            return
        yield from self._next[1]
        self._next = next(self._groups, None)

    def __iter__(self) -> Iterator[tuple[str, list[Row]]]:
        """Yield each key with its rows."""
        while self._next is not None:
            key, rows = self._next
            yield key, list(rows)
            self._next = next(self._groups, None)


def _rows(connection: Connection, sql: str) -> Rows:
    cursor = connection.cursor()
    cursor.execute(sql)
    while rows := cursor.fetchmany(_FETCHED):
        yield from rows
