"""The quads of a block of subjects, in the order of the quad table, straight from sorted records.

Where each record has a subject of its own and the records are sorted by it, the quads of a record
only have to come in order of predicate, object and graph: most of that order is known when the
mapping is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from kg.engines.duckdb.dialect import array
from kg.engines.duckdb.program import RuleSql


def stream_sql(rules: Sequence[RuleSql]) -> str:
    """Return a query for b, s, p, o, g of rules that have the same subjects."""
    ordered = sorted(rules, key=_predicate)
    parts: list[str] = []
    singles: list[str] = []
    for _, group in groupby(ordered, key=_predicate):
        same = list(group)
        if len(same) == 1 and not same[0].terms["o"].many:
            singles.append(_struct(same[0], _when(same[0])))
            continue
        if singles:
            parts.append(array(singles))
            singles = []
        parts.append(_sorted(same))
    if singles:
        parts.append(array(singles))
    listed = parts[0] if len(parts) == 1 else f"flatten({array(parts)})"
    subject = rules[0].subject
    return (
        f"SELECT b, s, u.p AS p, u.o AS o, u.g AS g FROM (SELECT {subject.block} AS b,"
        f" {subject.rest} AS s, unnest({listed}) AS u FROM {subject.rows}"
        f" WHERE {subject.rest} IS NOT NULL) WHERE u.o IS NOT NULL"
    )


def _predicate(rule: RuleSql) -> int:
    return rule.terms["p"].code


def _sorted(rules: Sequence[RuleSql]) -> str:
    """Return the list of several values of one predicate, sorted, each once."""
    lists = [
        f"list_transform({_when(rule)}, lambda x: {_struct(rule, 'x')})"
        if rule.terms["o"].many
        else array([_struct(rule, _when(rule))])
        for rule in rules
    ]
    whole = lists[0] if len(lists) == 1 else f"flatten({array(lists)})"
    kept = f"list_filter(coalesce({whole}, []), lambda e: e.o IS NOT NULL)"
    return f"list_sort(list_distinct({kept}))"


def _when(rule: RuleSql) -> str:
    made = rule.terms["o"].sql
    return f"CASE WHEN {rule.condition} THEN {made} END" if rule.condition else made


def _struct(rule: RuleSql, value: str) -> str:
    return f"{{'p': {rule.terms['p'].sql}, 'o': {value}, 'g': {rule.terms['g'].sql}}}"
