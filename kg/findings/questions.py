"""The terms that questions name, and comparisons in them that never hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from kg.errors import Location
from kg.findings.model import Finding
from kg.findings.terms import Used
from kg.query.question import Question
from kg.sparql.lexer import Kind, Token, declared_prefixes, position, tokens
from kg.terms import expand

_COMPARES: Final = ("=", "!=", "<", ">", "<=", ">=")
_DATE: Final = re.compile(r"""['"]\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?['"]""")


def terms_of(question: Question, prefixes: Mapping[str, str]) -> Iterator[Used]:
    """Yield the terms that a question names, with their places.

    Args:
        question: The question.
        prefixes: Known without a PREFIX line.
    """
    found = [token for token in tokens(question.text) if token.kind is not Kind.COMMENT]
    known = {**prefixes, **declared_prefixes(found)}
    before: Token | None = None
    for token in found:
        declares = before is not None and (
            before.is_word("PREFIX", "BASE")
            or (before.kind is Kind.NAME and before.text.endswith(":"))
        )
        if token.kind in (Kind.NAME, Kind.IRI) and not declares:
            iri = (
                token.text[1:-1]
                if token.kind is Kind.IRI
                else expand(re.sub(r"\\(.)", r"\1", token.text), known)
            )
            if iri and not iri.endswith(("#", "/")):
                line, column = position(question.text, token.start)
                yield Used(iri, "term", Location(question.source, line, column), question.file)
        before = token


def dates_as_texts(question: Question) -> Iterator[Finding]:
    """Yield a finding for each comparison with a date that is written as a plain text."""
    found = [token for token in tokens(question.text) if token.kind is not Kind.COMMENT]
    for number, token in enumerate(found):
        if token.kind is not Kind.STRING or not _DATE.fullmatch(token.text):
            continue
        after = found[number + 1] if number + 1 < len(found) else None
        if after is not None and after.is_mark("^^"):
            continue
        before = found[number - 1] if number else None
        compared = (before is not None and before.is_mark(*_COMPARES)) or (
            after is not None and after.is_mark(*_COMPARES)
        )
        if not compared or _is_text_wanted(found, number):
            continue
        line, column = position(question.text, token.start)
        kind = "dateTime" if "T" in token.text else "date"
        yield Finding(
            "date-as-text",
            f"{question.name}: {token.text}",
            f"{token.text} is compared as a text, and no date equals or follows a text",
            Location(question.source, line, column),
            f"Write {token.text}^^xsd:{kind}, or compare STR(…) with it.",
        )


def _is_text_wanted(found: list[Token], number: int) -> bool:
    """Tell whether the other side of a comparison is made a text: ``STR(?day) = "…"``."""
    around = found[max(0, number - 6) : number + 6]
    return any(token.is_word("STR", "SUBSTR", "CONCAT", "REPLACE") for token in around)
