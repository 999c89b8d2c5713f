"""Errors about a query's text: the place, its line with a caret, and advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kg.errors import InputError, Location
from kg.sparql.cursor import Mistake
from kg.sparql.lexer import Token
from kg.sparql.places import offset_of, position
from kg.wording import excerpt


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
        f"{message}\n{excerpt(text, offset)}",
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
