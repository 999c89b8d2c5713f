"""The order of terms, as ORDER BY, MIN and MAX have it.

What has no value comes first, then blank nodes, IRIs, and literals: numbers by value, then the
others by datatype, value and text.

Spec: https://www.w3.org/TR/sparql11-query/#modOrderBy
"""

from __future__ import annotations

from typing import Final

from kg.queries.table.expressions import (
    IntegerOperand,
    Number,
    NumberOperand,
    Operand,
    StringOperand,
    TruthOperand,
    VariableOperand,
)
from kg.table.ids import Kind

_NODES: Final = frozenset({Kind.NODE, Kind.NUMBERED})
# Kinds whose ids are in the order of their values, one kind at a time.
_ORDERED: Final = ({Kind.INTEGER}, {Kind.DATE}, {Kind.INSTANT}, {Kind.TRUTH})


def order_keys(operand: Operand) -> list[str]:
    """Return SQL for the keys that terms are sorted by, the first first."""
    if isinstance(operand, VariableOperand):
        if any(operand.kinds == kinds for kinds in _ORDERED):
            return [operand.id]
    elif isinstance(operand, IntegerOperand | TruthOperand):
        return [operand.sql]
    elif isinstance(operand, NumberOperand):
        return [operand.value.exact]
    elif isinstance(operand, StringOperand) and operand.value.language == "''":
        return [operand.value.chars]
    text = operand.text()
    nodes = f"CASE WHEN is_blank({text}) THEN 1 WHEN is_iri({text}) THEN 2"
    if isinstance(operand, VariableOperand) and operand.kinds <= _NODES:
        return [f"{nodes} END", text]
    # What an id holds has one form for each value, in the order of the values.
    inline = isinstance(operand, VariableOperand) and Kind.LITERAL not in operand.kinds
    value = text if inline else f"python_order({text})"
    rank, exact, double = operand.number() or Number("NULL", "NULL::HUGEINT", "NULL::DOUBLE")
    other = f"is_literal({text}) AND {rank} IS NULL"
    return [
        f"{nodes} WHEN {rank} IS NOT NULL THEN 3 WHEN is_literal({text}) THEN 4"
        f" WHEN {text} IS NOT NULL THEN 5 END",
        double,
        exact,
        f"CASE WHEN {other} THEN term_datatype({text}) END",
        f"CASE WHEN is_string({text}) THEN term_lexical({text}) WHEN {other} THEN {value} END",
        text,
    ]
