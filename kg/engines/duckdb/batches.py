"""Rules that are run together: those that make quads of the same rows, some at a time.

DuckDB needs time and memory to plan a query for each column of its tables. A query for each rule
of a wide table would cost the square of its width, and so would one query for all rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Final

from kg.engines.duckdb.dialect import STOP, array
from kg.engines.duckdb.late_sql import LateTerms
from kg.engines.duckdb.program import RuleSql
from kg.engines.duckdb.rule_sql import combined
from kg.engines.duckdb.term_sql import TermSql
from kg.records import dataclass

# Rules that one query holds.
MOST_TOGETHER: Final = 50
# Queries that one statement runs, and the records that they read: each takes buffers of its own,
# and planning a statement takes longer than planning one more query in it.
MOST_BATCHES: Final = 8
MOST_RECORDS: Final = 20_000
# A number that stands for a term, or no value, as SQL with its type.
_PLAIN: Final = re.compile(r"(-?[0-9]+|NULL)::[A-Z]+")


@dataclass(frozen=True, slots=True)
class Batch:
    """A query that gives the quads of several rules.

    Attributes:
        sql: The query, with the columns of a rule, and those of terms that are made later.
        tables: Names of the source tables that are read.
        triples_map: Name of a triples map that the rules are of.
        is_late: Whether it has those columns.
    """

    sql: str
    tables: tuple[str, ...]
    triples_map: str = ""
    is_late: bool = False


def rule_batches(rules: Sequence[RuleSql], late: LateTerms) -> Iterator[Batch]:
    """Yield queries that together give the quads of rules; each rule is in one of them.

    Args:
        rules: The rules.
        late: Notes the terms that are to be made later.
    """
    groups: dict[tuple[object, ...], list[RuleSql]] = {}
    for number, rule in enumerate(rules):
        groups.setdefault(_group(rule, number), []).append(rule)
    for group in groups.values():
        for start in range(0, len(group), MOST_TOGETHER):
            some = group[start : start + MOST_TOGETHER]
            first = some[0]
            kind = _kind(first)
            if kind is _Kind.ALONE:
                yield Batch(first.sql, first.tables, first.triples_map)
            else:
                sql = _together(some, late) if kind is _Kind.CROSSED else _abreast(some, late, kind)
                yield Batch(sql, first.tables, first.triples_map, is_late=True)


def together(batches: Sequence[Batch], records: Mapping[str, int]) -> Iterator[list[Batch]]:
    """Yield batches that one statement may run: neighbours of few records, and others alone.

    Args:
        batches: The batches.
        records: How many records each source table has.
    """
    group: list[Batch] = []
    taken = 0
    for batch in batches:
        number = records[batch.tables[0]] if len(batch.tables) == 1 else MOST_RECORDS + 1
        if group and (taken + number > MOST_RECORDS or len(group) == MOST_BATCHES):
            yield group
            group, taken = [], 0
        group.append(batch)
        taken += number
    if group:
        yield group


class _Kind(Enum):
    """How many quads rules make of a record, as far as one query holds them together."""

    ALONE = auto()  # read other tables
    SINGLE = auto()
    LISTS = auto()  # one for each of several objects
    LATE_LISTS = auto()  # whose terms are made later
    CROSSED = auto()  # also for each of several predicates or graphs


def _kind(rule: RuleSql) -> _Kind:
    if not rule.terms or rule.condition:
        return _Kind.ALONE
    if rule.terms["p"].many or rule.terms["g"].many:
        return _Kind.CROSSED
    if not rule.terms["o"].many:
        return _Kind.SINGLE
    return _Kind.LISTS if rule.terms["o"].late is None else _Kind.LATE_LISTS


def _group(rule: RuleSql, number: int) -> tuple[object, ...]:
    """Return what rules have in common that one query may hold."""
    kind, subject = _kind(rule), rule.subject
    if kind is _Kind.ALONE:
        return (number,)
    # A block that hangs on the record is long in SQL, and is to be there once.
    is_same = subject.place is None or kind is _Kind.CROSSED
    return (kind, subject if is_same else subject.rows, rule.tables)


def _abreast(rules: Sequence[RuleSql], late: LateTerms, kind: _Kind) -> str:
    """Return the query of rules of the same rows: lists that are unnested abreast.

    A list of structs says the same, but DuckDB takes three times as long to plan it.
    """
    rows: list[dict[str, str]] = []
    for rule in rules:
        made, more = late.parts(rule.terms["o"])
        predicate, graph = rule.terms["p"], rule.terms["g"]
        o = f"CASE WHEN NOT ({graph.missing}) THEN {made.sql} END" if graph.missing else made.sql
        own = {**rule.subject.kept, "p": predicate.sql, "g": graph.sql, **more, "o": o}
        rows.append({name: _where_needed(sql, rule.terms) for name, sql in own.items()})
    if kind is _Kind.LATE_LISTS:  # the list has what they are made of, and its kind
        for row in rows:
            del row["t"]
    listed = ", ".join(f"{_spread([row[name] for row in rows])} AS {name}" for name in rows[0])
    sql = f"SELECT {listed} FROM {rules[0].subject.rows}"
    there = " WHERE s IS NOT NULL AND o IS NOT NULL AND p IS NOT NULL"
    if kind is _Kind.SINGLE:
        return f"SELECT b, s, p, o, g, k, t FROM ({sql}){there}"
    shown = "u AS o, g, k, t" if kind is _Kind.LISTS else "u.v AS o, g, k, u.t AS t"
    sql = f"SELECT * EXCLUDE (o), unnest(o) AS u FROM ({sql})"
    return f"SELECT * FROM (SELECT b, s, p, {shown} FROM ({sql})){there}"


def _where_needed(sql: str, terms: Mapping[str, TermSql]) -> str:
    """Let a value stop the run only where it is all that a quad lacks."""
    if STOP not in sql:
        return sql
    there = [f"NOT ({t.missing})" for t in terms.values() if t.missing and STOP not in t.missing]
    return f"CASE WHEN {' AND '.join(there)} THEN {sql} END" if there else sql


def _spread(items: Sequence[str]) -> str:
    """Return the SQL of a column that has each of some values for each record."""
    if len({*items}) == 1:
        return items[0]
    # In a list whose other values have a type, numbers and NULL need no cast.
    plain = map(_PLAIN.fullmatch, items)
    items = [found[1] if found else item for found, item in zip(plain, items, strict=True)]
    return f"unnest({array(items)})"


def _together(rules: Sequence[RuleSql], late: LateTerms) -> str:
    """Return the query of rules of the same subjects that make several quads of a record."""
    lists = [_made(rule.terms, late) for rule in rules]
    whole = lists[0] if len(lists) == 1 else f"flatten({array(lists)})"
    subject = rules[0].subject
    return (
        "SELECT b, s, u.p AS p, u.o AS o, u.g AS g, u.k AS k, u.t AS t FROM ("
        f"SELECT {subject.block} AS b, {subject.rest} AS s, unnest({whole}) AS u FROM"
        f" {subject.rows} WHERE {subject.rest} IS NOT NULL"
        ") WHERE u.o IS NOT NULL AND u.p IS NOT NULL"
    )


def _made(terms: Mapping[str, TermSql], late: LateTerms) -> str:
    """Return the SQL of a list of structs of terms, without those that no graph is made for."""
    made, more = late.parts(terms["o"])
    sql, graph = combined({**terms, "o": made}, more), terms["g"]
    if graph.many:
        sql = f"list_filter({sql}, lambda e: e.g IS NOT NULL)"
    elif graph.missing:
        sql = f"CASE WHEN NOT ({graph.missing}) THEN {sql} END"
    return f"coalesce({sql}, [])"
