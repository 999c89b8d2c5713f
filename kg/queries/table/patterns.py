"""REGEX and REPLACE as SQL: DuckDB's expressions are RE2's, which take linear time.

Spec: https://www.w3.org/TR/xpath-functions-31/#string.match
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from kg.queries.table.expressions import (
    ConstantOperand,
    Operand,
    StringOperand,
    Text,
    TruthOperand,
)
from kg.queries.table.relation import NotCompiledError
from kg.regex.reader import RegexError, read
from kg.sparql import algebra
from kg.sql import sql_text
from kg.terms import text_of

if TYPE_CHECKING:
    from kg.queries.table.expressions import Expressions

# What a replacement is made of: https://www.w3.org/TR/xpath-functions-31/#func-replace
_PIECE: Final = re.compile(r"\\(?P<char>[\\$])|\$(?P<group>[0-9]+)|(?P<plain>[^\\$]+)", re.DOTALL)
# The groups that RE2 can put into a replacement.
_GROUPS: Final = 9


def python_regex(pattern: str | None, flags: str | None) -> str | None:
    """Return a regular expression for RE2.

    Raises:
        RegexError: It is none, or RE2 does not support it.
    """
    if pattern is None or flags is None:
        return None
    found = read(pattern, flags).re2
    if found is None:
        raise RegexError(f"the regular expression {pattern} is not one of RE2's")
    return found


def python_replacement(by: str | None, pattern: str | None, flags: str | None) -> str | None:
    """Return a replacement for RE2; None where XPath has an error.

    Raises:
        RegexError: The pattern is no regular expression, or has too many groups.
    """
    if by is None or pattern is None or flags is None:
        return None
    groups = read(pattern, flags).python.groups
    # A pattern that fits nothing would be everywhere.
    if re.search(read(pattern, flags).python, "") is not None:
        return None
    if "q" in flags:
        return _plain(by)
    pieces, at = [], 0
    while at < len(by):
        found = _PIECE.match(by, at)
        if found is None:
            return None
        at = found.end()
        digits = found["group"]
        if digits is None:
            pieces.append(_plain(found["char"] or found["plain"]))
            continue
        known = digits
        while len(known) > 1 and int(known) > groups:
            known = known[:-1]
        if int(known) > _GROUPS:
            raise RegexError("a replacement names a group beyond the ninth")
        pieces.append((f"\\{int(known)}" if int(known) <= groups else "") + digits[len(known) :])
    return "".join(pieces)


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\")


def regex(inside: Expressions, operands: tuple[algebra.Expression, ...]) -> Operand:
    """Return what REGEX gives."""
    found = [inside.operand(each) for each in operands]
    text, chosen = found[0].string(), _chosen(found[1:])
    if text is None or chosen is None:
        return TruthOperand("NULL::BOOLEAN")
    pattern = _asked(inside, python_regex, chosen)
    return TruthOperand(f"regexp_matches({text.chars}, {pattern})")


def replace(inside: Expressions, operands: tuple[algebra.Expression, ...]) -> Operand:
    """Return what REPLACE gives."""
    found = [inside.operand(each) for each in operands]
    text, by = found[0].string(), _chars(found[2])
    chosen = _chosen([found[1], *found[3:]])
    if text is None or chosen is None or by is None:
        return inside.as_text("NULL::VARCHAR")
    pattern = _asked(inside, python_regex, chosen)
    new = _asked(inside, python_replacement, [by, *chosen])
    chars = inside.view.let(f"regexp_replace({text.chars}, {pattern}, {new}, 'g')")
    return StringOperand(Text(chars, text.language))


class _Chars(NamedTuple):
    """The characters of a plain string: SQL for them, and what they are if the query has them."""

    sql: str
    known: str | None = None


def _chosen(operands: list[Operand]) -> list[_Chars] | None:
    """Return a pattern and its flags; None where one of them is never a plain string."""
    found = [*map(_chars, operands), *([_Chars("''", "")] * (len(operands) == 1))]
    chars = [each for each in found if each is not None]
    return chars if len(chars) == len(found) else None


def _chars(operand: Operand) -> _Chars | None:
    """Return the characters of a string without a language; None where it is never one."""
    string = operand.string()
    if string is None:
        return None
    if isinstance(operand, ConstantOperand):
        return _Chars(string.chars, text_of(operand.term)) if string.language == "''" else None
    if string.language == "''":
        return _Chars(string.chars)
    return _Chars(f"CASE WHEN {string.language} = '' THEN {string.chars} END")


def _asked(inside: Expressions, function: Callable[..., str | None], chars: list[_Chars]) -> str:
    """Return SQL for what a function above gives: what it gives, if the query has all it needs."""
    if any(each.known is None for each in chars):
        called = f"{function.__name__}({', '.join(each.sql for each in chars)})"
        return inside.view.let(called)
    try:
        found = function(*(each.known for each in chars))
    except RegexError as error:
        raise NotCompiledError(str(error)) from error
    return "NULL::VARCHAR" if found is None else sql_text(found)
