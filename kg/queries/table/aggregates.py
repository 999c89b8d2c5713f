"""Aggregates of SPARQL as SQL.

Spec: https://www.w3.org/TR/sparql11-query/#aggregateAlgebra
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kg.queries.table.expressions import (
    ConstantOperand,
    Expressions,
    Operand,
    VariableOperand,
)
from kg.queries.table.numbers import Number
from kg.queries.table.ordering import order_keys
from kg.queries.table.relation import Column, Names, Relation
from kg.sparql import algebra
from kg.sparql.tree import Variable
from kg.sql import sql_text
from kg.table.ids import Kind


def aggregate(
    node: algebra.Aggregation, inside: Expressions, relation: Relation, name: str
) -> tuple[Column, str]:
    """Return the column of a variable that gets what an aggregate gives, and its SQL.

    Args:
        node: The aggregate.
        inside: Turns expressions over the solutions into SQL.
        relation: The solutions.
        name: The column's name.

    Raises:
        NotCompiledError: SQL cannot say it.
    """
    if node.expression is None:
        return _counted(_count_rows(node, inside, relation), name)
    operand = inside.operand(node.expression)
    key = _identity(operand)
    if node.function == "COUNT":
        return _counted(f"count({'DISTINCT ' if node.distinct else ''}{key})", name)
    if node.function in _CHOOSING:
        chosen = Column(name, bound=False)
        if isinstance(operand, VariableOperand):
            chosen = replace(operand.column, name=name, bound=False)
        return chosen, _chosen(node.function, operand, key)
    text = _concatenated(node, operand) if node.function == "GROUP_CONCAT" else None
    return Column(name, bound=False), text or _total(node, operand, key)


# Those that give one of the terms that they are of.
_CHOOSING: Final = frozenset({"SAMPLE", "MIN", "MAX"})


def _counted(count: str, name: str) -> tuple[Column, str]:
    """Return the same for a number: as an id, which sorts and compares as it is."""
    return Column(name, frozenset({Kind.INTEGER})), f"integer_id({count})"


def with_empty(
    found: Relation,
    unit: Relation,
    graph: str,
    aggregations: Mapping[Variable, algebra.Aggregation],
    names: Names,
) -> Relation:
    """Return the groups of graphs, with one for each graph that has no solutions.

    Args:
        found: The groups of those that have some.
        unit: The graphs.
        graph: The variable that has a graph's name.
        aggregations: The aggregates.
        names: Gives names.
    """
    left, right = names.new("a"), names.new("b")
    key = found.columns[graph].name
    on = f"{left}.{key} = {right}.{key}"
    items = [f"{left}.{key}"]
    for name, column in found.columns.items():
        if name != graph:
            nothing = _of_nothing(aggregations[Variable(name)], column)
            case = f"CASE WHEN {on} THEN {right}.{column.name} ELSE {nothing} END"
            items.append(f"{case} AS {column.name}")
    source = f"({unit.sql}) AS {left} LEFT JOIN ({found.sql}) AS {right} ON {on}"
    return replace(found, sql=f"SELECT {', '.join(items)} FROM {source}")


def _of_nothing(node: algebra.Aggregation, column: Column) -> str:
    """Return SQL for what an aggregate of no solutions gives, an id or text as its column has."""
    match node.function:
        case "COUNT":
            return "integer_id(0)"
        case "SUM" | "AVG":
            return "integer_term(0)"
        case "GROUP_CONCAT":
            return "plain_term('')"
    return "NULL::VARCHAR" if column.kinds is None else "NULL::BIGINT"


def _identity(operand: Operand) -> str:
    """Return SQL that is equal for equal terms."""
    if isinstance(operand, VariableOperand | ConstantOperand):
        return str(operand.id)
    return operand.text()


def _count_rows(node: algebra.Aggregation, inside: Expressions, relation: Relation) -> str:
    if not node.distinct:
        return "count(*)"
    values = [
        inside.view.value(column)
        for name, column in relation.columns.items()
        if not name.startswith(" ")
    ]
    if not values:
        return "least(count(*), 1)"
    return f"count(DISTINCT struct_pack({', '.join(f'c{n} := {v}' for n, v in enumerate(values))}))"


def _without_errors(found: str, key: str) -> str:
    """Return NULL where an expression has no value for some solution of the group."""
    return f"CASE WHEN count(*) = count({key}) THEN {found} END"


def _chosen(function: str, operand: Operand, key: str) -> str:
    """Return SQL for the term that is chosen: an id where the terms are ids."""
    term = key if isinstance(operand, VariableOperand) else operand.text()
    if function == "SAMPLE":
        return f"any_value({term})"
    way, keys = function.lower(), order_keys(operand)
    if keys == [term]:
        return _without_errors(f"{way}({term})", key)
    packed = ", ".join(f"k{n} := {sql}" for n, sql in enumerate(keys))
    return _without_errors(f"arg_{way}({term}, struct_pack({packed}))", key)


def _concatenated(node: algebra.Aggregation, operand: Operand) -> str:
    string = operand.string()
    if string is None:
        return "CASE WHEN count(*) = 0 THEN '\"\"' END"
    if node.distinct:
        terms = f"list_sort(list(DISTINCT {operand.text()}))"
        texts = f"list_transform({terms}, lambda x: term_lexical(x))"
        joined = f"coalesce(array_to_string({texts}, {sql_text(node.separator)}), '')"
        return f"CASE WHEN count(*) = count({string.chars}) THEN plain_term({joined}) END"
    # Sorted, since DuckDB does not keep the order of a sub-SELECT: one answer on every run.
    sorted_texts = f"{string.chars}, {sql_text(node.separator)} ORDER BY {string.chars}"
    joined = f"coalesce(string_agg({sorted_texts}), '')"
    return f"CASE WHEN count(*) = count({string.chars}) THEN plain_term({joined}) END"


def _total(node: algebra.Aggregation, operand: Operand, key: str) -> str:
    if isinstance(operand, VariableOperand) and operand.kinds == {Kind.INTEGER}:
        return _integers(node, operand, key)
    number = operand.number()
    if number is None:
        return "CASE WHEN count(*) = 0 THEN integer_term(0) END"
    rank, exact, double = number
    if node.distinct:
        # Of a list for each group; a term has one number, so distinct pairs are distinct terms.
        packed = f"struct_pack(t := {key}, rank := {rank}, exact := {exact}, double := {double})"
        terms = f"list(DISTINCT {packed}) FILTER ({key} IS NOT NULL)"
        total = Number(
            f"list_max([each.rank for each in {terms}])",
            f"list_sum([each.exact for each in {terms}])",
            f"list_sum([each.double for each in {terms}])",
        )
        count = f"count(DISTINCT {key})"
    else:
        total = Number(f"max({rank})", f"sum({exact})", f"sum({double})")
        count = "count(*)"
    # Of floats, the sum of doubles is rounded once: XPath leaves the order of additions open.
    summed = (
        f"CASE WHEN {total.rank} = 4 THEN python_double_term({total.double})"
        f" WHEN {total.rank} = 3 THEN python_float_term({total.double})"
        f" ELSE exact_term(coalesce({total.rank}, 1), coalesce({total.exact}, 0)::HUGEINT) END"
    )
    if node.function == "AVG":
        # Python divides sums of exact numbers, to eighteen digits.
        asked = f"python_call('/', [{summed}, integer_term({count})]::VARCHAR[])"
        summed = f"CASE WHEN count(*) = 0 THEN integer_term(0) ELSE {asked} END"
    return _without_errors(summed, rank)


def _integers(node: algebra.Aggregation, operand: VariableOperand, key: str) -> str:
    distinct = "DISTINCT " if node.distinct else ""
    total = f"coalesce(sum({distinct}id_integer({operand.id})), 0)::HUGEINT"
    if node.function == "SUM":
        return _without_errors(f"integer_term({total})", key)
    number = f"count({distinct}{operand.id})"
    # Eighteen digits, cut off as Python's division cuts them.
    scaled = f"({total} * {10**18}::HUGEINT // {number})"
    text = f"scaled_text({scaled}, 18)"
    found = f"CASE WHEN count(*) = 0 THEN integer_term(0) ELSE decimal_term({text}) END"
    return _without_errors(found, key)
