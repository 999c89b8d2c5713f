"""Arithmetic in SQL: of exact numbers in digits, of doubles as DuckDB has it.

What has a float, more digits than SQL has, or a duration is asked of Python, one value at a time.

Spec: https://www.w3.org/TR/sparql11-query/#op_numeric
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kg.queries.table.comparisons import kinds_of
from kg.queries.table.expressions import (
    ConstantOperand,
    IntegerOperand,
    Operand,
    TextOperand,
    VariableOperand,
)
from kg.queries.table.numbers import Number, NumberOperand, plain_number
from kg.queries.table.relation import NotCompiledError
from kg.sql import sql_text
from kg.table.ids import SCALE, Kind

if TYPE_CHECKING:
    from kg.queries.table.expressions import Expressions

# An exact value times ten to the fifteenth is less: a HUGEINT has two digits more.
_DIGITS: Final = 36
# What a quotient is cut off after.
_ONE: Final = f"{10**18}::HUGEINT"
# How many of the fifteen digits behind the point one factor may take.
_SHARES: Final = (15, 0, 8, 4, 11, 13, 2)


class _Factor(NamedTuple):
    """SQL for an integer or a decimal: its digits, how many are behind the point, its rank."""

    digits: str
    scale: str
    rank: str


def computed(inside: Expressions, sign: str, operands: list[Operand]) -> Operand:
    """Return what an arithmetic operator gives: ``+``, ``-``, ``*`` or ``/``, of two or of one.

    Args:
        inside: The solutions.
        sign: The operator.
        operands: One or two.
    """
    if sign == "*" and (product := _inline_product(inside, operands)) is not None:
        return product
    texts = ", ".join(each.text() for each in operands)
    name = sign if len(operands) == 2 else f"{sign}1"
    asked = f"python_call({sql_text(name)}, [{texts}]::VARCHAR[])"
    numbers = [number for each in operands if (number := _facets(each)) is not None]
    if len(numbers) < len(operands):
        return inside.as_text(asked)
    if sign == "/":
        return _quotient(inside, operands, numbers, asked)
    let = inside.view.let
    exact = let(_exact(sign, *(each.exact for each in numbers)))
    if all(map(_is_exact, operands)) and sign != "*":
        rank = let(_rank([each.rank for each in numbers], exact))
        known = Number(rank, exact, f"exact_double({exact})")
        return NumberOperand(known, f"exact_term({rank}, {exact})", inside.view, is_exact=True)
    rank = let(_rank([each.rank for each in numbers], exact))
    double = (
        f"(CASE WHEN {rank} = 4 THEN {_double(inside, sign, numbers)}"
        f" ELSE exact_double({exact}) END)"
    )
    known = Number(rank, exact, double)
    asked = let(f"CASE WHEN {_unknown(sign, rank, operands, numbers)} THEN {asked} END")
    return NumberOperand(known, f"number_term({rank}, {exact}, {double})", inside.view, asked)


def _double(inside: Expressions, sign: str, numbers: list[Number]) -> str:
    # No integer is below zero and zero, whatever its digits say.
    zero = "CASE WHEN {1} = 1 AND {0} = 0 THEN 0::DOUBLE ELSE {0} END"
    doubles = [f"({zero.format(each.double, each.rank)})" for each in numbers]
    reckoned = f" {sign} ".join(doubles) if len(doubles) == 2 else f"{sign} {doubles[0]}"
    are_doubles = " OR ".join(f"{each.rank} = 4" for each in numbers)
    return inside.view.let(f"CASE WHEN {are_doubles} THEN {reckoned} END")


def _rank(ranks: list[str], exact: str, exact_rank: str = "") -> str:
    """Return SQL for the rank of what comes of numbers; NULL where SQL has no number for it."""
    if len(ranks) == 1:
        (a,) = ranks
        return f"CASE WHEN {a} <= 2 AND {exact} IS NOT NULL THEN {a} WHEN {a} = 4 THEN 4 END"
    a, b = ranks
    widest = exact_rank or f"CASE WHEN {a} = 1 AND {b} = 1 THEN 1 ELSE 2 END"
    return (
        f"CASE WHEN {a} <= 2 AND {b} <= 2 THEN CASE WHEN {exact} IS NOT NULL THEN {widest} END"
        f" WHEN {a} = 4 AND {b} IS NOT NULL OR {b} = 4 AND {a} IS NOT NULL THEN 4 END"
    )


def _unknown(sign: str, rank: str, operands: list[Operand], numbers: list[Number]) -> str:
    """Return SQL that says whether Python may know what SQL does not."""
    tests = [f"{rank} IS NULL"]
    for operand, number in zip(operands, numbers, strict=True):
        # Of text, SQL knows the numbers of plain forms; and durations are added, too.
        is_complete = sign in "*/" and not isinstance(operand, TextOperand)
        if is_complete and not number.rank.isdigit():
            tests.append(f"{number.rank} IS NOT NULL")
    return " AND ".join(tests)


def _exact(sign: str, *exacts: str) -> str:
    if len(exacts) == 1:
        return f"({sign} {exacts[0]})"
    a, b = exacts
    if sign != "*":
        return f"({a} {sign} {b})"
    cases = " ".join(
        f"WHEN {a} % {10 ** (SCALE - share)} = 0 AND {b} % {10**share} = 0"
        f" THEN ({a} // {10 ** (SCALE - share)}) * ({b} // {10**share})"
        for share in _SHARES
    )
    fits = f"abs({a}::DOUBLE * {b}::DOUBLE) < 1e{_DIGITS + SCALE}::DOUBLE"
    return f"CASE WHEN {fits} THEN CASE {cases} END END"


def _quotient(
    inside: Expressions, operands: list[Operand], numbers: list[Number], asked: str
) -> Operand:
    """Return a quotient, of exact numbers cut off after eighteen digits, as Python has it."""
    let = inside.view.let
    a, b = (each.exact for each in numbers)
    whole, some = 10**SCALE, 10**7
    digits = let(
        f"CASE WHEN {b} = 0 THEN NULL"
        f" WHEN {a} % {whole} = 0 AND {b} % {whole} = 0 AND abs({a}) < {10**34}::HUGEINT"
        f" THEN ({a} // {whole}) * {_ONE} // ({b} // {whole})"
        f" WHEN {a} % {some} = 0 AND {b} % {some} = 0 AND abs({a}) < {10**26}::HUGEINT"
        f" THEN ({a} // {some}) * {_ONE} // ({b} // {some})"
        f" WHEN abs({a}) < {10**19} THEN {a} * {_ONE} // {b} END"
    )
    rank = let(_rank([each.rank for each in numbers], digits, "2"))
    exact = let(f"CASE WHEN {digits} % 1000 = 0 THEN {digits} // 1000 END")
    text = f"scaled_text({digits}, 18)"
    double = f"(CASE WHEN {rank} = 4 THEN {_double(inside, '/', numbers)} ELSE {text}::DOUBLE END)"
    term = f"CASE {rank} WHEN 2 THEN decimal_term({text}) WHEN 4 THEN double_term({double}) END"
    asked = let(f"CASE WHEN {_unknown('/', rank, operands, numbers)} THEN {asked} END")
    return NumberOperand(Number(rank, exact, double), term, inside.view, asked)


def _inline_product(inside: Expressions, operands: list[Operand]) -> Operand | None:
    """Return the product of numbers that ids hold; None where there may be others."""
    a, b = map(_factor, operands)
    if a is None or b is None:
        return None
    let = inside.view.let
    # Columns of their own: the text of a decimal names its digits often.
    product = let(f"({a.digits})::HUGEINT * ({b.digits})::HUGEINT")
    scale = let(f"({a.scale} + {b.scale})")
    rank = let(f"CASE WHEN {a.rank} + {b.rank} = 2 THEN 1 WHEN {a.rank} + {b.rank} > 2 THEN 2 END")
    powers = ", ".join(str(10 ** (SCALE - each)) for each in range(SCALE + 1))
    fits = f"{scale} <= {SCALE} AND abs({product}) < {10 ** (_DIGITS - SCALE)}::HUGEINT"
    exact = let(f"CASE WHEN {fits} THEN {product} * [{powers}][{scale} + 1] END")
    text = f"scaled_text({product}, {scale})"
    term = f"CASE {rank} WHEN 1 THEN integer_term({product}) WHEN 2 THEN decimal_term({text}) END"
    return NumberOperand(Number(rank, exact, f"{text}::DOUBLE"), term, inside.view)


def _factor(operand: Operand) -> _Factor | None:
    """Return a number that an id holds; NULL for what is none, None where it may be another."""
    if isinstance(operand, IntegerOperand):
        return _Factor(operand.sql, "0", f"CASE WHEN {operand.sql} IS NOT NULL THEN 1 END")
    kinds = kinds_of(operand)
    if not isinstance(operand, ConstantOperand | VariableOperand) or kinds is None:
        return None
    x = operand.id
    ways = {
        Kind.INTEGER: _Factor(f"id_integer({x})", "0", "1"),
        Kind.DECIMAL: _Factor(f"id_mantissa({x})", f"({x} & 15)", "2"),
    }
    known = {kind: way for kind, way in ways.items() if kind in kinds}
    if not known or Kind.LITERAL in kinds:
        return None
    facets = (
        " ".join(f"WHEN {int(kind)} THEN {way[n]}" for kind, way in known.items()) for n in range(3)
    )
    return _Factor(*(f"CASE id_kind({x}) {facet} END" for facet in facets))


def _facets(operand: Operand) -> Number | None:
    """Return the facets of a number, as far as SQL knows them; None where it never is one."""
    if isinstance(operand, TextOperand):
        return plain_number(operand.sql, operand.view)
    if isinstance(operand, VariableOperand | NumberOperand):
        return operand.facets()
    try:
        return operand.number()
    except NotCompiledError:  # a term of the query with too many digits
        return None


def _is_exact(operand: Operand) -> bool:
    """Return whether an operand is never a double, nor a number without an exact value."""
    if isinstance(operand, NumberOperand):
        return operand.is_exact
    kinds = kinds_of(operand)
    return isinstance(operand, IntegerOperand) if kinds is None else Kind.LITERAL not in kinds
