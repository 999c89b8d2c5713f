"""Comparisons as SQL: ``=``, ``<`` and their like; what SQL cannot say is asked of Python.

Spec: https://www.w3.org/TR/sparql11-query/#OperatorMapping
"""

from __future__ import annotations

from typing import Final

from kg.queries.table.expressions import (
    ConstantOperand,
    Operand,
    StringOperand,
    TextOperand,
    TruthOperand,
    VariableOperand,
    identity,
    is_node,
    never_text,
)
from kg.queries.table.instants import days_compared, ids_compared, instants_compared
from kg.queries.table.numbers import Number, NumberOperand, plain_number
from kg.sql import sql_text
from kg.table import ids
from kg.table.ids import Kind

# Ids of these kinds are in the order of their values, and only equal ids are equal values.
_ORDERED: Final = frozenset({Kind.INTEGER, Kind.DATE, Kind.TRUTH})
_INSTANTS: Final = frozenset({Kind.INSTANT})


def kinds_of(operand: Operand) -> frozenset[Kind] | None:
    """Return the kinds that an operand's terms may be of; None where they are not ids."""
    if isinstance(operand, ConstantOperand):
        return frozenset({operand.kind})
    return operand.kinds if isinstance(operand, VariableOperand) else None


def _ids(*operands: Operand) -> list[str]:
    """Return SQL for the ids of operands, those that have one."""
    return [
        str(each.id) for each in operands if isinstance(each, ConstantOperand | VariableOperand)
    ]


def _is_leaf(operand: Operand) -> bool:
    """Return whether SQL names an operand's facets shortly, so that it may do so often."""
    return not isinstance(operand, TruthOperand)


def equal(left: Operand, right: Operand) -> str:
    """Return SQL for ``=``."""
    kinds = kinds_of(left), kinds_of(right)
    if is_node(left) or is_node(right):
        return identity(left, right)
    if (
        kinds[0] is not None
        and kinds[0] == kinds[1]
        and len(kinds[0]) == 1
        and kinds[0] <= _ORDERED
    ):
        return identity(left, right)
    if isinstance(left, TruthOperand) and isinstance(right, TruthOperand):
        return f"({left.sql} = {right.sql})"
    if other := never_text(left, right):
        return f"(CASE WHEN {other} IS NOT NULL THEN false END)"
    if kinds == (_INSTANTS, _INSTANTS):
        return ids_compared("=", *_ids(left, right))
    between = [*instants_compared("=", left, right), *days_compared("=", left, right)]
    if not (_is_leaf(left) and _is_leaf(right)):
        return _case(between, _asked("=", left, right))
    cases = _numbers_compared("=", left, right)
    # Not a number: equal terms are equal, strings that differ are not. But text that is no number
    # of a plain form may be one of another, such as NaN.
    same = identity(left, right)
    strings = _both_strings(left, right)
    is_text = any(isinstance(each, TextOperand | NumberOperand) for each in (left, right))
    if not is_text:
        cases.append(f"WHEN {same} THEN true")
    if strings:
        cases.append(f"WHEN {strings} THEN {same if is_text else 'false'}")
    return _case([*cases, *between], _asked("=", left, right))


def compared(sign: str, left: Operand, right: Operand) -> str:
    """Return SQL for ``<``, ``<=``, ``>`` or ``>=``."""
    if not (_is_leaf(left) and _is_leaf(right)):
        return _case(instants_compared(sign, left, right), _asked(sign, left, right))
    if never_text(left, right):
        return "NULL::BOOLEAN"
    kinds = kinds_of(left), kinds_of(right)
    ids_ = _ids(left, right)
    cases: list[str] = []
    if len(ids_) == 2 and kinds[0] is not None and kinds[1] is not None:
        plain = f"{ids_[0]} {sign} {ids_[1]}"
        common = kinds[0] & kinds[1] & _ORDERED
        if kinds[0] == kinds[1] == common and len(common) == 1:
            return f"({plain})"
        if kinds == (_INSTANTS, _INSTANTS):
            return ids_compared(sign, *ids_)
        for kind in sorted(common):
            test = f"id_kind({ids_[0]}) = {int(kind)} AND id_kind({ids_[1]}) = {int(kind)}"
            cases.append(f"WHEN {test} THEN {plain}")
        if not (kinds[0] & ids.LITERALS and kinds[1] & ids.LITERALS):
            return "NULL::BOOLEAN"
    cases += _numbers_compared(sign, left, right)
    plain_texts = _plain_compared(sign, left, right)
    if plain_texts:
        cases.append(plain_texts)
    cases += instants_compared(sign, left, right) + days_compared(sign, left, right)
    return _case(cases, _asked(sign, left, right))


def _both_strings(left: Operand, right: Operand) -> str:
    tests = []
    for each in (left, right):
        if isinstance(each, ConstantOperand):
            if not each.is_string:
                return ""
        elif isinstance(each, StringOperand):
            tests.append(f"{each.value.chars} IS NOT NULL")
        elif each.string() is None:
            return ""
        else:
            tests.append(f"is_string({each.text()})")
    return " AND ".join(tests)


def _plain_compared(sign: str, left: Operand, right: Operand) -> str:
    a, b = left.string(), right.string()
    if a is None or b is None:
        return ""
    tests = " AND ".join(f"{each.chars} IS NOT NULL AND {each.language} = ''" for each in (a, b))
    return f"WHEN {tests} THEN {a.chars} {sign} {b.chars}"


def _numbers_compared(sign: str, left: Operand, right: Operand) -> list[str]:
    """Return the case of a CASE for two numbers, if they may be."""
    a, b = _facets(left), _facets(right)
    if a is None or b is None:
        return []
    exact = f"{a.exact} {sign} {b.exact}"
    if _lacks_exact(left) or _lacks_exact(right):
        # Rounding keeps the order, so that only what is the same as a double has to be asked.
        differs = f"WHEN {a.double} <> {b.double} THEN {a.double} {sign} {b.double}"
        exact = f"coalesce({exact}, CASE {differs} ELSE {_asked(sign, left, right)} END)"
    # Beside a float, others are rounded as it is, which SQL does not do without errors.
    test = (
        f"CASE WHEN {a.rank} <= 2 AND {b.rank} <= 2 THEN {exact}"
        f" WHEN {a.rank} <> 4 AND {b.rank} <> 4 THEN {_asked(sign, left, right)}"
        f" WHEN isnan({a.double}) OR isnan({b.double}) THEN false"
        f" ELSE {a.double} {sign} {b.double} END"
    )
    return [f"WHEN {a.rank} IS NOT NULL AND {b.rank} IS NOT NULL THEN {test}"]


def _facets(operand: Operand) -> Number | None:
    """Return the facets of a number; those of text only for numbers of a plain form."""
    if isinstance(operand, TextOperand):
        return plain_number(operand.sql, operand.view)
    if isinstance(operand, VariableOperand | NumberOperand):
        return operand.facets()
    return operand.number()


def _lacks_exact(operand: Operand) -> bool:
    if isinstance(operand, NumberOperand):
        return not operand.is_exact
    return isinstance(operand, VariableOperand) and operand.lacks_exact


def _case(cases: list[str], otherwise: str) -> str:
    return f"(CASE {' '.join(cases)} ELSE {otherwise} END)" if cases else f"({otherwise})"


def _asked(sign: str, left: Operand, right: Operand) -> str:
    """Return SQL that asks Python to compare."""
    return f"python_test({sql_text(sign)}, {left.text()}, {right.text()})"
