"""Rules that are run together: those that make quads of the same rows, some at a time.

DuckDB needs time and memory to plan a query for each column of its tables. A query for each rule
of a wide table would cost the square of its width, and so would one query for all rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kg.engines.duckdb.dialect import array
from kg.engines.duckdb.late_sql import LateTerms
from kg.engines.duckdb.program import RuleSql
from kg.engines.duckdb.rule_sql import combined
from kg.engines.duckdb.term_sql import TermSql
from kg.records import dataclass

# Rules that one query holds.
MOST_TOGETHER: Final = 50
# What a number that stands for a term is in SQL: within a list of such, it needs no cast.
_INTEGER: Final = "::INTEGER"
_NUMBER: Final = re.compile(rf"-?[0-9]+{_INTEGER}")


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
            if _is_alone(first):
                yield Batch(first.sql, first.tables, first.triples_map)
            else:
                sql = _together(some, late) if _has_lists(first) else _abreast(some, late)
                yield Batch(sql, first.tables, first.triples_map, is_late=True)


def _group(rule: RuleSql, number: int) -> tuple[object, ...]:
    """Return what rules have in common that one query may hold."""
    if _is_alone(rule):
        return (number,)
    if _has_lists(rule):
        return ("lists", rule.subject, rule.tables)
    # A block that hangs on the record is long in SQL, and is to be there once.
    same = rule.subject if rule.subject.place is None else rule.subject.rows
    return ("single", same, rule.tables)


def _is_alone(rule: RuleSql) -> bool:
    return not rule.terms or bool(rule.condition)


def _has_lists(rule: RuleSql) -> bool:
    return any(term.many for term in rule.terms.values())


def _abreast(rules: Sequence[RuleSql], late: LateTerms) -> str:
    """Return the query of rules that make one quad of a record: lists that are unnested abreast.

    A list of structs says the same, but DuckDB takes three times as long to plan it.
    """
    rows: list[dict[str, str]] = []
    for rule in rules:
        made, more = late.parts(rule.terms["o"])
        predicate, graph = rule.terms["p"], rule.terms["g"]
        o = f"CASE WHEN NOT ({graph.missing}) THEN {made.sql} END" if graph.missing else made.sql
        rows.append({**rule.subject.kept, "p": predicate.sql, "o": o, "g": graph.sql, **more})
    listed = ", ".join(f"{_spread([row[name] for row in rows])} AS {name}" for name in rows[0])
    there = "s IS NOT NULL AND o IS NOT NULL AND p IS NOT NULL"
    return f"SELECT * FROM (SELECT {listed} FROM {rules[0].subject.rows}) WHERE {there}"


def _spread(items: Sequence[str]) -> str:
    """Return the SQL of a column that has each of some values for each record."""
    if len({*items}) == 1:
        return items[0]
    if all(map(_NUMBER.fullmatch, items)):
        items = [item.removesuffix(_INTEGER) for item in items]
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
