"""The order of terms, as ORDER BY, MIN and MAX have it.

What has no value comes first, then blank nodes, IRIs, and literals: numbers by value, then the
others by datatype, value and text.

Spec: https://www.w3.org/TR/sparql11-query/#modOrderBy
"""

from __future__ import annotations

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

# Kinds whose ids are in the order of their values, one kind at a time.
_ORDERED = ({Kind.INTEGER}, {Kind.DATE}, {Kind.INSTANT}, {Kind.TRUTH})


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
    rank, exact, double = operand.number() or Number("NULL", "NULL::HUGEINT", "NULL::DOUBLE")
    other = f"is_literal({text}) AND {rank} IS NULL"
    return [
        f"CASE WHEN {text} IS NULL THEN NULL WHEN is_blank({text}) THEN 1 WHEN is_iri({text})"
        f" THEN 2 WHEN {rank} IS NOT NULL THEN 3 WHEN is_literal({text}) THEN 4 ELSE 5 END",
        double,
        exact,
        f"CASE WHEN {other} THEN term_datatype({text}) END",
        f"CASE WHEN is_string({text}) THEN term_lexical({text})"
        f" WHEN {other} THEN python_order({text}) END",
        text,
    ]
