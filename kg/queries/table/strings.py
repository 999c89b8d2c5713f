"""Functions of strings in SQL; what DuckDB would answer otherwise is asked of Python.

Spec: https://www.w3.org/TR/sparql11-query/#func-strings
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kg.queries.table.expressions import ConstantOperand, Operand, StringOperand, Text
from kg.sql import sql_text
from kg.table.ids import Kind
from kg.terms import split_literal

if TYPE_CHECKING:
    from kg.queries.table.expressions import Expressions

_CASES: Final = {"UCASE": "upper", "LCASE": "lower"}


def cased(inside: Expressions, function: str, text: Text) -> Operand:
    """Return a text in capitals, or in small letters.

    Args:
        inside: The solutions.
        function: ``UCASE`` or ``LCASE``.
        text: The text.
    """
    # Beyond ASCII, DuckDB changes one character into one: ß stays as it is.
    asked = f"python_call({sql_text(function)}, [plain_term({text.chars})]::VARCHAR[])"
    chars = (
        f"CASE WHEN length({text.chars}) = strlen({text.chars})"
        f" THEN {_CASES[function]}({text.chars}) ELSE term_lexical({asked}) END"
    )
    return StringOperand(Text(inside.view.let(chars), text.language))


def piece(inside: Expressions, text: Text, places: Sequence[Operand]) -> Operand | None:
    """Return a part of a text; None where its places are not whole numbers of the query.

    Args:
        inside: The solutions.
        text: The text.
        places: The place of the first character, which counts from one, and how many there are.
    """
    numbers = [_whole(each) for each in places]
    first = numbers[0]
    if first is None or None in numbers:
        return None
    start = max(first, 1)
    size = "" if len(numbers) == 1 else f", {max(first + (numbers[1] or 0) - start, 0)}"
    chars = f"substring({text.chars}, {start}{size})"
    return StringOperand(Text(inside.view.let(chars), text.language))


# What DuckDB takes for a place.
_FARTHEST: Final = 1 << 30


def _whole(operand: Operand) -> int | None:
    if not isinstance(operand, ConstantOperand) or operand.kind is not Kind.INTEGER:
        return None
    number = int(split_literal(operand.term).lexical)
    return number if abs(number) < _FARTHEST else None


def around(inside: Expressions, text: Text, other: Text, *, before: bool) -> Operand:
    """Return what stands in a text before or behind another; an empty one if that is not in it.

    Args:
        inside: The solutions.
        text: The text.
        other: The other one, without a language or with that of the text.
        before: Whether what stands before is wanted.
    """
    at = f"strpos({text.chars}, {other.chars})"
    found = (
        f"substring({text.chars}, 1, {at} - 1)"
        if before
        else f"substring({text.chars}, {at} + length({other.chars}))"
    )
    has = f"contains({text.chars}, {other.chars})"
    fits = "true" if other.language == "''" else f"{other.language} IN ('', {text.language})"
    chars = inside.view.let(
        f"CASE WHEN {fits} THEN CASE {has} WHEN true THEN {found} WHEN false THEN '' END END"
    )
    if text.language == "''":
        return StringOperand(Text(chars, "''"))
    language = f"CASE WHEN {has} THEN {text.language} ELSE '' END"
    return StringOperand(Text(chars, inside.view.let(language)))


def joined(inside: Expressions, texts: Sequence[Text]) -> Operand:
    """Return texts one behind the other, with the language that all have.

    Args:
        inside: The solutions.
        texts: The texts, at least one.
    """
    chars = inside.view.let(f"({' || '.join(each.chars for each in texts)})")
    first, *others = dict.fromkeys(each.language for each in texts)
    if not others:
        return StringOperand(Text(chars, first))
    same = " AND ".join(f"{first} = {each}" for each in others)
    return StringOperand(Text(chars, inside.view.let(f"CASE WHEN {same} THEN {first} ELSE '' END")))


def matched(inside: Expressions, tag: Text, wanted: Text) -> str:
    """Return SQL that says whether a language tag is in a language range.

    Spec: https://www.w3.org/TR/sparql11-query/#func-langMatches
    """
    a, b = inside.view.let(f"lower({tag.chars})"), inside.view.let(f"lower({wanted.chars})")
    test = f"CASE WHEN {b} = '*' THEN {a} <> '' ELSE {a} = {b} OR starts_with({a}, {b} || '-') END"
    plain = [each.language for each in (tag, wanted) if each.language != "''"]
    if not plain:
        return f"({test})"
    return (
        f"(CASE WHEN {' AND '.join(f'{each} = {chr(39) * 2}' for each in plain)} THEN {test} END)"
    )
