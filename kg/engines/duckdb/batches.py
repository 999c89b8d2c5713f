"""Rules that are run together: those that make quads of the same rows, some at a time.

DuckDB needs time and memory to plan a query for each column of its tables. A query for each rule
of a wide table would cost the square of its width, and so would one query for all rules.
"""

from __future__ import annotations

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
        shared = bool(rule.terms) and not rule.condition
        groups.setdefault((rule.subject if shared else number, rule.tables), []).append(rule)
    for group in groups.values():
        for start in range(0, len(group), MOST_TOGETHER):
            some = group[start : start + MOST_TOGETHER]
            first = some[0]
            if first.terms and not first.condition:
                yield Batch(_together(some, late), first.tables, first.triples_map, is_late=True)
            else:
                yield Batch(first.sql, first.tables, first.triples_map)


def _together(rules: Sequence[RuleSql], late: LateTerms) -> str:
    made: dict[bool, list[str]] = {False: [], True: []}
    for rule in rules:
        made[any(term.many for term in rule.terms.values())].append(_made(rule.terms, late))
    lists = ([array(made[False])] if made[False] else []) + made[True]
    whole = lists[0] if len(lists) == 1 else f"flatten({array(lists)})"
    subject = rules[0].subject
    return (
        "SELECT b, s, u.p AS p, u.o AS o, u.g AS g, u.k AS k, u.t AS t FROM ("
        f"SELECT {subject.block} AS b, {subject.rest} AS s, unnest({whole}) AS u FROM"
        f" {subject.rows} WHERE {subject.rest} IS NOT NULL"
        ") WHERE u.o IS NOT NULL AND u.p IS NOT NULL"
    )


def _made(terms: Mapping[str, TermSql], late: LateTerms) -> str:
    """Return the SQL of a struct of terms, or a list of them, without what no graph is made for."""
    made, more = late.parts(terms["o"])
    sql, graph = combined({**terms, "o": made}, more), terms["g"]
    if graph.many:
        sql = f"list_filter({sql}, lambda e: e.g IS NOT NULL)"
    elif graph.missing:
        sql = f"CASE WHEN NOT ({graph.missing}) THEN {sql} END"
    return f"coalesce({sql}, [])" if any(term.many for term in terms.values()) else sql
