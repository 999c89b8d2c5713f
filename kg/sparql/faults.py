"""Errors about a query's text: the place, its line with a caret, and advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kg.errors import InputError, Location
from kg.sparql.cursor import Mistake
from kg.sparql.lexer import Token
from kg.sparql.places import offset_of, position
from kg.wording import printable, width

# Columns of a query's line that are shown with a mistake.
_SHOWN = 100
_BEFORE = 60


def error_at(code: str, message: str, text: str, source: str, offset: int, hint: str) -> InputError:
    """Return an error about a place in a query.

    Args:
        code: Heading in ``docs/errors.md``.
        message: What is wrong.
        text: The query.
        source: What messages call it.
        offset: Where it is wrong.
        hint: What to do.
    """
    line, column = position(text, offset)
    return InputError(
        code,
        f"{message}\n{_excerpt(text, offset)}",
        location=Location(source, line, column),
        hint=hint,
    )


def advised(
    text: str,
    source: str,
    found: Sequence[Token],
    prefixes: Mapping[str, str],
    mistake: Mistake | None,
) -> InputError:
    """Return the error for a text that is not valid SPARQL, with what is usually meant.

    Args:
        text: The query.
        source: What messages call it.
        found: Its tokens, without comments.
        prefixes: Known without a PREFIX line.
        mistake: Where it leaves the grammar; None if a token or a prefix alone is wrong.
    """
    # Imported here: a query without a mistake does not need it.
    from kg.sparql.mistakes import advise

    told = advise(text, found, prefixes, mistake)
    return error_at("bad-query", told.message, text, source, told.offset, told.hint)


def refused_by_engine(text: str, source: str, line: int, column: int, expected: str) -> InputError:
    """Return the error for a query that keeps to all rules, and that an engine does not take.

    Args:
        text: The query.
        source: What messages call it.
        line: Where the engine stopped.
        column: The same.
        expected: What it expected there, in its words.
    """
    offset = offset_of(text, line, column)
    hint = f"The engine expected {' '.join(expected.split())[:200]}"
    return error_at("bad-query", "not valid SPARQL for the engine", text, source, offset, hint)


def _excerpt(text: str, offset: int) -> str:
    """Return the line of an offset with a caret below it; a long line is cut around it."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)].rstrip("\r").replace("\t", " ")
    column = min(offset - start, len(line))
    if len(line) > _SHOWN:
        cut = max(0, column - _BEFORE)
        line = ("…" if cut else "") + line[cut : cut + _SHOWN]
        column = column - cut + (1 if cut else 0)
    return f"    {printable(line)}\n    {' ' * width(printable(line[:column]))}^"
