"""Of which kinds the objects of each predicate of a graph are, and whether its index keeps them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Final

from kg.datatypes import LEXICAL_SPACES, is_lexical_form
from kg.duck import Connection, only_row, sql_text, translated
from kg.engines.duckdb.datatypes_sql import datatypes_in
from kg.queries.kinds import (
    CHANGING,
    DOUBTED,
    HUGE,
    NODE,
    OTHER,
    PLAIN,
    RESPELLED,
    TAGGED,
    TEXT,
)
from kg.queries.oxigraph import kept_forms
from kg.terms import XSD, split_literal

# Predicates that are noted; of a graph with more of them nothing is known.
MOST: Final = 2000
# Literals that are looked at together.
_BATCH: Final = 10_000
# Stands for a value of which Oxigraph says whether it keeps its form.
_DOUBT: Final = "?"


def count_across(connection: Connection, table: str) -> int:
    """Return of how many subjects and predicates several graphs have several typed values.

    Only such values may be one in the merge of the graphs for Oxigraph, and several for others.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table, for a FROM clause.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    with translated():
        result = connection.execute(
            f"SELECT count(*) FROM (SELECT s, p FROM {table}"
            " WHERE starts_with(o, '\"') AND ends_with(o, '>') GROUP BY s, p"
            " HAVING min(o) <> max(o) AND min(coalesce(g, '')) <> max(coalesce(g, '')))"
        )
        return int(only_row(result)[0])


def read_facts(connection: Connection, table: str) -> dict[str, str] | None:
    """Return the kinds of `kg.queries.kinds` by predicate, an IRI; None if there are too many.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table, for a FROM clause.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    return _read(connection, [table])[0]


def change_facts(
    connection: Connection, known: dict[str, str], old: str, new: str, table: str | None = None
) -> dict[str, str] | None:
    """Return the kinds of a table of which some rows were replaced; None if they are not sure.

    Args:
        connection: From `kg.duck.engine`.
        known: What `read_facts` gave of the table before.
        old: The rows that were replaced, for a FROM clause.
        new: Those in their place.
        table: The table that has these, to be looked through where a kind may have gone.
    """
    gone, made = _read(connection, [old, new], few=True)
    if gone is None or made is None:
        return None
    found = {p: "".join(sorted({*known.get(p, ""), *made.get(p, "")})) for p in {*known, *made}}
    # A kind that only replaced rows have may be that of others still.
    doubted = [p for p, kinds in gone.items() if set(kinds) - set(made.get(p, ""))]
    if doubted:
        if table is None:
            return None
        listed = ", ".join(sql_text(f"<{predicate}>") for predicate in doubted)
        rest = _read(connection, [f"(SELECT p, o FROM {table} WHERE p IN ({listed}))"], few=True)[0]
        if rest is None:
            return None
        found = {p: kinds for p, kinds in found.items() if p not in doubted} | rest
    return dict(sorted(found.items())) if len(found) <= MOST else None


def _read(
    connection: Connection, tables: Sequence[str], *, few: bool = False
) -> list[dict[str, str] | None]:
    """Read the facts of tables in one query: it takes longer to plan than to run on few rows."""
    sides = " UNION ALL ".join(
        f"SELECT {side} AS side, p, o FROM {table}" for side, table in enumerate(tables)
    )
    with translated():
        kind_sql = _kind_sql(datatypes_in(connection, sides) if few else None)
        rows = connection.execute(
            f"SELECT side, p[2:-2], {kind_sql} AS kind FROM ({sides}) GROUP BY ALL"
            f" LIMIT {MOST * 15 * len(tables)}"
        ).fetchall()
    found: list[dict[str, set[str]]] = [{} for _ in tables]
    for side, predicate, kind in rows:
        found[side].setdefault(predicate, set()).update(kind.strip(_DOUBT))
    if max(map(len, found)) > MOST:
        return [None for _ in tables]
    if any(kind == _DOUBT for _, _, kind in rows):
        with translated(), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT side, p[2:-2], o FROM (SELECT DISTINCT side, p, o FROM ({sides})"
                f" WHERE {kind_sql} = '{_DOUBT}')"
            )
            while batch := cursor.fetchmany(_BATCH):
                for side, predicate, kind in _doubtful(batch):
                    found[side][predicate].add(kind)
    return [
        {predicate: "".join(sorted(letters)) for predicate, letters in sorted(each.items())}
        for each in found
    ]


def _doubtful(batch: Iterable[tuple[int, str, str]]) -> Iterable[tuple[int, str, str]]:
    rows = list(batch)
    kept = kept_forms(term for _, _, term in rows)
    for side, predicate, term in rows:
        parts = split_literal(term)
        yield side, predicate, CHANGING[parts.datatype]
        if not is_lexical_form(parts.lexical, parts.datatype):
            yield side, predicate, OTHER
        if term not in kept:
            yield side, predicate, RESPELLED


def _kind_sql(present: Container[str] | None = None) -> str:
    """Return SQL for the kind of an object, which may have some datatypes; by default any."""

    def is_present(iri: str) -> bool:
        return present is None or iri in present

    cases = [
        f"WHEN NOT starts_with(o, '\"') THEN '{NODE}'",
        f"WHEN ends_with(o, '\"') THEN '{TEXT}'",
        f"WHEN NOT ends_with(o, '>') THEN '{TAGGED}'",
    ]
    for name, kind, pattern in PLAIN:
        if kind != TEXT and is_present(XSD + name):
            lexical = sql_text(f'"({pattern})"\\^\\^<{XSD}{name}>')
            tail = sql_text(f"^^<{XSD}{name}>")
            cases.append(
                f"WHEN ends_with(o, {tail}) AND regexp_full_match(o, {lexical}) THEN '{kind}'"
            )
    for name in filter(lambda name: is_present(XSD + name), ("integer", "decimal", "boolean")):
        tail = sql_text(f"^^<{XSD}{name}>")
        lexical = sql_text(rf'"({LEXICAL_SPACES[XSD + name]})"\^\^<{XSD}{name}>')
        cases.append(
            f"WHEN ends_with(o, {tail}) AND regexp_full_match(o, {lexical})"
            f" THEN '{HUGE + RESPELLED}'"
        )
    for datatypes, kind in ((CHANGING, _DOUBT), (DOUBTED, HUGE + RESPELLED + OTHER)):
        endings = [f"^^<{iri}>" for iri in sorted(datatypes) if is_present(iri)]
        if endings:
            tails = " OR ".join(f"ends_with(o, {sql_text(ending)})" for ending in endings)
            cases.append(f"WHEN {tails} THEN '{kind}'")
    return f"CASE {' '.join(cases)} ELSE '{OTHER}' END"
