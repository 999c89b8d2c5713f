"""Operators and functions of SPARQL as SQL; those that SQL lacks are asked of Python.

Spec: https://www.w3.org/TR/sparql11-query/#SparqlOps
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from kg.queries.table.arithmetic import computed
from kg.queries.table.comparisons import compared, equal, kinds_of
from kg.queries.table.expressions import (
    ConstantOperand,
    IntegerOperand,
    Operand,
    StringOperand,
    Text,
    TruthOperand,
    VariableOperand,
    identity,
    is_node,
)
from kg.queries.table.functions import CASTS, FUNCTIONS
from kg.queries.table.instants import day_of, moved, part
from kg.queries.table.patterns import regex, replace
from kg.queries.table.relation import NotCompiledError
from kg.queries.table.strings import around, cased, joined, matched, piece
from kg.sparql import algebra
from kg.sql import sql_text
from kg.table import ids
from kg.table.ids import Kind
from kg.terms import XSD

if TYPE_CHECKING:
    from kg.queries.table.expressions import Expressions

Operands = tuple[algebra.Expression, ...]
_Way = Callable[["Expressions", Operands], Operand]
# The name of a variable that has a name of the solution.
ROW: Final = " row"
# Characters of SQL that may stand twice.
_SHORT: Final = 100


def call(inside: Expressions, name: str, operands: Operands) -> Operand:
    """Return what an operator or a function gives.

    Raises:
        NotCompiledError: SQL cannot say it, nor can Python.
    """
    way = _WAYS.get(name)
    if way is not None:
        return way(inside, operands)
    return _python(inside, name, [inside.operand(each) for each in operands])


def _python(
    inside: Expressions, name: str, operands: list[Operand], known: str = "NULL"
) -> Operand:
    """Return what a function in Python gives; see `kg.queries.table.functions`.

    Args:
        inside: The solutions.
        name: The function.
        operands: Its operands.
        known: SQL for what it gives; Python is asked where that is NULL.
    """
    key = name
    if name.startswith("<") and len(name) > 2:
        if name not in CASTS:
            raise NotCompiledError(f"the function {name}")
        key = "CAST"
        operands = [inside.as_text(sql_text(name)), *operands]
    if key not in FUNCTIONS:
        raise NotCompiledError(f"the function {name}")
    texts = ", ".join(each.text() for each in operands)
    asked = f"python_call({sql_text(key)}, [{texts}]::VARCHAR[])"
    return inside.as_text(asked if known == "NULL" else f"coalesce({known}, {asked})")


# -- logic ---------------------------------------------------------------------------------------


def _and(inside: Expressions, operands: Operands) -> Operand:
    return TruthOperand(f"({' AND '.join(inside.truth(each) for each in operands)})")


def _or(inside: Expressions, operands: Operands) -> Operand:
    return TruthOperand(f"({' OR '.join(inside.truth(each) for each in operands)})")


def _not(inside: Expressions, operands: Operands) -> Operand:
    return TruthOperand(f"(NOT {inside.truth(operands[0])})")


def _if(inside: Expressions, operands: Operands) -> Operand:
    test, yes, no = operands[0], inside.operand(operands[1]), inside.operand(operands[2])
    truth = inside.truth(test)
    return inside.as_text(
        f"(CASE WHEN {truth} THEN {yes.text()} WHEN NOT {truth} THEN {no.text()} END)"
    )


def _coalesce(inside: Expressions, operands: Operands) -> Operand:
    texts = ", ".join(inside.operand(each).text() for each in operands)
    return inside.as_text(f"coalesce({texts})" if texts else "NULL::VARCHAR")


def _bound(inside: Expressions, operands: Operands) -> Operand:
    assert not isinstance(operands[0], algebra.Function | algebra.Exists)
    return TruthOperand(inside.is_bound(getattr(operands[0], "name", "")))


def _in(inside: Expressions, operands: Operands) -> Operand:
    value = inside.operand(operands[0])
    tests = [equal(value, inside.operand(each)) for each in operands[1:]]
    if not tests:
        return TruthOperand(f"(CASE WHEN {value.text()} IS NOT NULL THEN false END)")
    return TruthOperand(f"({' OR '.join(tests)})")


# -- comparison ----------------------------------------------------------------------------------


def _equals(inside: Expressions, operands: Operands) -> Operand:
    return _let_truth(inside, equal(*map(inside.operand, operands)))


def _let_truth(inside: Expressions, sql: str) -> Operand:
    # What is short stays in the condition, so that DuckDB may push it down.
    return TruthOperand(sql if len(sql) < _SHORT else inside.view.let(sql))


def _differs(inside: Expressions, operands: Operands) -> Operand:
    found = _let_truth(inside, equal(*map(inside.operand, operands)))
    return TruthOperand(f"(NOT {found.truth()})")


def _compares(sign: str) -> _Way:
    def way(inside: Expressions, operands: Operands) -> Operand:
        left, right = map(inside.operand, operands)
        return _let_truth(inside, compared(sign, left, right))

    return way


def _iri(inside: Expressions, operands: Operands) -> Operand:
    operand = inside.operand(operands[0])
    if is_node(operand) and isinstance(operand, ConstantOperand):
        return operand
    return _python(inside, "IRI", [operand, inside.as_text(sql_text(f'"{inside.base or ""}"'))])


def _now(inside: Expressions, operands: Operands) -> Operand:
    del operands
    return inside.as_text(sql_text(inside.now))


def _fresh(sql: str) -> _Way:
    """Return a way for what has a new value in each solution."""

    def way(inside: Expressions, operands: Operands) -> Operand:
        del operands
        return inside.as_text(sql, is_new=True)

    return way


def _blank(inside: Expressions, operands: Operands) -> Operand:
    """Return a blank node; for one text the same in one solution."""
    if not operands:
        return inside.as_text("'_:b' || replace(uuid()::VARCHAR, '-', '')", is_new=True)
    row = inside.view.relation.columns.get(ROW)
    if row is None:
        raise NotCompiledError("BNODE of a text outside of assignments")
    text = inside.operand(operands[0]).string()
    if text is None:
        return _never(inside)
    chars = f"CASE WHEN {text.language} = '' THEN {text.chars} END"
    return inside.as_text(f"'_:b' || md5({inside.view.value(row)} || {chars})")


def makes_blanks(node: algebra.Expression) -> bool:
    """Return whether an expression has a BNODE of a text, for which a solution needs a name."""
    if not isinstance(node, algebra.Function):
        return False
    own = node.name == "BNODE" and bool(node.operands)
    return own or any(map(makes_blanks, node.operands))


def _same_term(inside: Expressions, operands: Operands) -> Operand:
    return TruthOperand(identity(*map(inside.operand, operands)))


# -- arithmetic ----------------------------------------------------------------------------------


def _reckons(sign: str) -> _Way:
    def way(inside: Expressions, operands: Operands) -> Operand:
        found = [inside.operand(each) for each in operands]
        if sign == "-" and len(found) == 2 and (between := _apart(inside, *found)) is not None:
            return between
        if sign in "+-" and len(found) == 2 and (then := moved(sign, *found)) is not None:
            return _python(inside, sign, found, then)
        return computed(inside, sign, found)

    return way


# The kinds of days and times, with what says how far two of them are apart.
_APART: Final = {Kind.DATE: "dates_apart", Kind.INSTANT: "instants_apart"}


def _apart(inside: Expressions, a: Operand, b: Operand) -> Operand | None:
    """Return the time between days or times, None where the operands may be no such."""
    terms = VariableOperand | ConstantOperand
    mine, theirs = kinds_of(a), kinds_of(b)
    if not (isinstance(a, terms) and isinstance(b, terms)) or mine is None or theirs is None:
        return None
    for kind, macro in _APART.items():
        if mine == theirs == frozenset({kind}):
            return inside.as_text(f"{macro}({a.id}, {b.id})")
    return _python(inside, "-", [a, b]) if mine & theirs & _APART.keys() else None


# -- strings -------------------------------------------------------------------------------------


def _strings(inside: Expressions, operands: Operands) -> list[Text] | None:
    found = [inside.operand(each).string() for each in operands]
    texts = [each for each in found if each is not None]
    return texts if len(texts) == len(found) else None


def _never(inside: Expressions) -> Operand:
    return inside.as_text("NULL::VARCHAR")


def _tests(function: str) -> _Way:
    def way(inside: Expressions, operands: Operands) -> Operand:
        texts = _strings(inside, operands)
        if texts is None:
            return TruthOperand("NULL::BOOLEAN")
        a, b = texts
        test = f"{function}({a.chars}, {b.chars})"
        if b.language == "''":
            return TruthOperand(f"({test})")
        return TruthOperand(f"(CASE WHEN {b.language} IN ('', {a.language}) THEN {test} END)")

    return way


def _cased(function: str) -> _Way:
    def way(inside: Expressions, operands: Operands) -> Operand:
        texts = _strings(inside, operands)
        return _never(inside) if texts is None else cased(inside, function, texts[0])

    return way


def _substr(inside: Expressions, operands: Operands) -> Operand:
    texts = _strings(inside, operands[:1])
    if texts is None:
        return _never(inside)
    places = [inside.operand(each) for each in operands[1:]]
    known = piece(inside, texts[0], places)
    return known or _python(inside, "SUBSTR", [inside.operand(operands[0]), *places])


def _around(*, before: bool) -> _Way:
    def way(inside: Expressions, operands: Operands) -> Operand:
        texts = _strings(inside, operands)
        return _never(inside) if texts is None else around(inside, *texts, before=before)

    return way


def _concat(inside: Expressions, operands: Operands) -> Operand:
    if not operands:
        return inside.as_text("plain_term('')")
    texts = _strings(inside, operands)
    return _never(inside) if texts is None else joined(inside, texts)


def _lang_matches(inside: Expressions, operands: Operands) -> Operand:
    texts = _strings(inside, operands)
    return TruthOperand("NULL::BOOLEAN" if texts is None else matched(inside, *texts))


def _date(inside: Expressions, operands: Operands) -> Operand:
    operand = inside.operand(operands[0])
    return _python(inside, f"<{XSD}date>", [operand], day_of(operand))


def _strlen(inside: Expressions, operands: Operands) -> Operand:
    texts = _strings(inside, operands)
    if texts is None:
        return _never(inside)
    # DuckDB's `length` counts characters, as the function does.
    return IntegerOperand(f"length({texts[0].chars})")


def _str(inside: Expressions, operands: Operands) -> Operand:
    text = inside.operand(operands[0]).text()
    chars = (
        f"(CASE WHEN is_literal({text}) THEN term_lexical({text})"
        f" WHEN is_iri({text}) THEN ({text})[2:-2] END)"
    )
    return StringOperand(Text(inside.view.let(chars), "''"))


def _lang(inside: Expressions, operands: Operands) -> Operand:
    text = inside.operand(operands[0]).text()
    chars = f"(CASE WHEN is_literal({text}) THEN term_language({text}) END)"
    return StringOperand(Text(inside.view.let(chars), "''"))


def _datatype(inside: Expressions, operands: Operands) -> Operand:
    text = inside.operand(operands[0]).text()
    return inside.as_text(f"(CASE WHEN is_literal({text}) THEN term_datatype({text}) END)")


def _is(test: str, kinds: frozenset[Kind]) -> _Way:
    """Return a test of the kind of a term; ids of these kinds are surely of it."""

    def way(inside: Expressions, operands: Operands) -> Operand:
        operand = inside.operand(operands[0])
        if isinstance(operand, VariableOperand) and operand.kinds <= kinds:
            return TruthOperand(f"({operand.id} IS NOT NULL OR NULL)")
        text = operand.text()
        return TruthOperand(f"(CASE WHEN {text} IS NOT NULL THEN {test}({text}) END)")

    return way


def _is_numeric(inside: Expressions, operands: Operands) -> Operand:
    operand = inside.operand(operands[0])
    number = operand.number()
    text = operand.text()
    rank = "false" if number is None else f"{number.rank} IS NOT NULL"
    return TruthOperand(f"(CASE WHEN {text} IS NOT NULL THEN {rank} END)")


# Parts that a day has, too.
_OF_DAYS: Final = frozenset({"year", "month", "day"})


# Where the parts are in the text of a day with a time.
_PLACES: Final = {"year": (2, 5), "month": (7, 8), "day": (10, 11), "hour": (13, 14),
                  "minute": (16, 17)}  # fmt: skip


def _part(macro: str) -> _Way:
    """Return a part of a day or an instant; other terms are asked of Python."""

    def way(inside: Expressions, operands: Operands) -> Operand:
        operand = inside.operand(operands[0])
        if isinstance(operand, VariableOperand):
            if operand.kinds <= {Kind.INSTANT}:
                return IntegerOperand(f"{macro}(id_instant({operand.id}))")
            if operand.kinds <= {Kind.DATE} and macro in _OF_DAYS:
                return IntegerOperand(f"{macro}(id_date({operand.id}))")
        ending = "S" if macro in ("hour", "minute") else ""
        usual = part(operand, *_PLACES[macro])
        return _python(inside, macro.upper() + ending, [operand], usual)

    return way


_NODES: Final = frozenset({Kind.NUMBERED})
_WAYS: Final[Mapping[str, _Way]] = {
    "&&": _and,
    "||": _or,
    "!": _not,
    "IF": _if,
    "COALESCE": _coalesce,
    "BOUND": _bound,
    "IN": _in,
    "=": _equals,
    "!=": _differs,
    **{sign: _compares(sign) for sign in ("<", "<=", ">", ">=")},
    "SAMETERM": _same_term,
    "IRI": _iri,
    "URI": _iri,
    "NOW": _now,
    "RAND": _fresh(f"'\"' || random()::VARCHAR || '\"^^<{XSD}double>'"),
    "UUID": _fresh("'<urn:uuid:' || uuid()::VARCHAR || '>'"),
    "STRUUID": _fresh("plain_term(uuid()::VARCHAR)"),
    "BNODE": _blank,
    **{sign: _reckons(sign) for sign in "+-*/"},
    "CONTAINS": _tests("contains"),
    "STRSTARTS": _tests("starts_with"),
    "STRENDS": _tests("ends_with"),
    "STRLEN": _strlen,
    "UCASE": _cased("UCASE"),
    "LCASE": _cased("LCASE"),
    "SUBSTR": _substr,
    "STRBEFORE": _around(before=True),
    "STRAFTER": _around(before=False),
    "CONCAT": _concat,
    "LANGMATCHES": _lang_matches,
    f"<{XSD}date>": _date,
    "STR": _str,
    "LANG": _lang,
    "DATATYPE": _datatype,
    "ISIRI": _is("is_iri", _NODES),
    "ISURI": _is("is_iri", _NODES),
    "ISBLANK": _is("is_blank", frozenset()),
    "ISLITERAL": _is("is_literal", ids.LITERALS),
    "ISNUMERIC": _is_numeric,
    "REGEX": regex,
    "REPLACE": replace,
    "YEAR": _part("year"),
    "MONTH": _part("month"),
    "DAY": _part("day"),
    "HOURS": _part("hour"),
    "MINUTES": _part("minute"),
}
