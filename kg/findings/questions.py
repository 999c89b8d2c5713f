"""The terms that questions name, and comparisons in them that never hold."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Final

from kg.datatypes import INTEGER_RANGES, is_lexical_form
from kg.errors import Location
from kg.findings.model import Finding
from kg.findings.terms import Used
from kg.query.question import Question
from kg.sparql.lexer import Kind, Token, declared_prefixes, position, string_value, tokens
from kg.terms import XSD, XSD_STRING, expand

_COMPARES: Final = ("=", "!=", "<", ">", "<=", ">=")
# What takes a text, or makes another value of it.
_TAKE_TEXTS: Final = ("STRDT", "STRLANG", "BIND", "STRSTARTS", "STRBEFORE", "STRAFTER", "REGEX")
_OF_TEXTS: Final = (
    *("STRLEN", "UCASE", "LCASE", "SUBSTR", "STRSTARTS", "STRENDS", "CONTAINS", "STRBEFORE"),
    *("STRAFTER", "ENCODE_FOR_URI", "REGEX", "REPLACE", "MD5", "SHA1", "SHA256"),
)
_OF_TIMES: Final = ("YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS", "TIMEZONE", "TZ")
_TEXT_PARAMETER: Final = re.compile(r"^#\s*param\s+(\w+)\s*:\s*xsd:string", re.MULTILINE)
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
    """Yield a finding for each comparison with a date that is written as a plain text.

    A comparison is one of ``=``, ``<`` and so on, a member of ``IN``, or a value of ``VALUES``,
    unless the question makes a text of the other side or takes the value for a text itself.
    """
    found = [token for token in tokens(question.text) if token.kind is not Kind.COMMENT]
    texts = set(_TEXT_PARAMETER.findall(question.text))
    for number in sorted({*_compared(found), *_members(found), *_values(found, texts)}):
        token = found[number]
        line, column = position(question.text, token.start)
        kind = "dateTime" if "T" in token.text else "date"
        yield Finding(
            "date-as-text",
            f"{question.name}: {token.text}",
            f"{token.text} is compared as a text, and no date equals or follows a text",
            Location(question.source, line, column),
            f"Write {token.text}^^xsd:{kind}, or compare STR(…) with it.",
        )


def empty_expressions(question: Question, prefixes: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each cast or function that can give no value for its constant.

    By SPARQL, an expression that fails has no value, and the row goes on without it.

    Args:
        question: The question.
        prefixes: Known without a PREFIX line.
    """
    found = [token for token in tokens(question.text) if token.kind is not Kind.COMMENT]
    known = {**prefixes, **declared_prefixes(found)}
    for name, opening, value, after in zip(found, found[1:], found[2:], found[3:], strict=False):
        if not opening.is_mark("(") or not after.is_mark(")", ","):
            continue
        wanted = _wanted(name, value, known)
        if wanted:
            line, column = position(question.text, name.start)
            yield Finding(
                "empty-expression",
                f"{question.name}: {name.text}({value.text})",
                f"{name.text}({value.text}) never has a value: {wanted}",
                Location(question.source, line, column),
                "Mend the value, or leave the expression out.",
            )


def _wanted(name: Token, value: Token, prefixes: Mapping[str, str]) -> str:
    """Return what a cast or function takes, if a constant is something else; else nothing."""
    if name.is_word(*_OF_TEXTS) and value.kind is Kind.NUMBER:
        return "it takes a text; write STR(…) around the number"
    if name.is_word(*_OF_TIMES) and value.kind in (Kind.STRING, Kind.NUMBER):
        return "it takes a date and time, such as one with ^^xsd:dateTime"
    if name.kind is not Kind.NAME or value.kind is not Kind.STRING:
        return ""
    iri = expand(name.text, prefixes) or ""
    text = string_value(value.text).strip()
    if not iri.startswith(XSD) or iri == XSD_STRING:
        return ""
    if not is_lexical_form(text, iri):
        return f"the text is not of {name.text}"
    too_large = iri in INTEGER_RANGES and not -(2**63) <= int(text) < 2**63
    return "integers have 64 bits" if too_large else ""


def _is_date(found: list[Token], number: int) -> bool:
    """Tell whether a token is a date as a plain text."""
    token = found[number]
    typed = number + 1 < len(found) and found[number + 1].is_mark("^^")
    return token.kind is Kind.STRING and bool(_DATE.fullmatch(token.text)) and not typed


def _compared(found: list[Token]) -> Iterator[int]:
    """Yield the places of dates beside a sign of comparison."""
    for number, token in enumerate(found):
        if token.is_mark(*_COMPARES):
            for side in (number - 1, number + 1):
                inside = 0 <= side < len(found)
                if inside and _is_date(found, side) and not _is_text_wanted(found, side):
                    yield side


def _members(found: list[Token]) -> Iterator[int]:
    """Yield the places of dates in the lists of ``IN`` and ``NOT IN``."""
    for number, token in enumerate(found):
        if not token.is_word("IN") or _is_text_wanted(found, number):
            continue
        for place in range(number + 1, len(found)):
            if found[place].is_mark(")"):
                break
            if _is_date(found, place):
                yield place


def _values(found: list[Token], texts: Container[str]) -> Iterator[int]:
    """Yield the places of dates that ``VALUES`` gives to variables that are no texts."""
    for number, token in enumerate(found):
        if not token.is_word("VALUES"):
            continue
        opening = next((n for n in range(number, len(found)) if found[n].is_mark("{")), None)
        if opening is None:
            return
        names = [each.text for each in found[number:opening] if each.kind is Kind.VARIABLE]
        column, place = 0, opening + 1
        while place < len(found) and not found[place].is_mark("}"):
            if found[place].is_mark("("):
                column = 0
            elif not found[place].is_mark(")"):
                name = names[min(column, len(names) - 1)] if names else ""
                if _is_date(found, place) and not (
                    name[1:] in texts or _is_used_as_text(found, name)
                ):
                    yield place
                column += 1
                if place + 1 < len(found) and found[place + 1].is_mark("^^"):
                    place += 2
                elif place + 1 < len(found) and found[place + 1].kind is Kind.LANGUAGE:
                    place += 1
            place += 1


def _is_used_as_text(found: list[Token], name: str) -> bool:
    """Tell whether a question compares a variable with a text, or makes something of it."""
    return any(
        token.text[1:] == name[1:]
        and token.kind is Kind.VARIABLE
        and (_is_text_wanted(found, number) or _is_argument(found, number))
        for number, token in enumerate(found)
    )


def _is_argument(found: list[Token], number: int) -> bool:
    """Tell whether a token is the first argument of a cast or function, or of ``BIND``."""
    if number < 2 or not found[number - 1].is_mark("("):
        return False
    before = found[number - 2]
    return before.kind in (Kind.NAME, Kind.IRI) or before.is_word(*_TAKE_TEXTS)


def _is_text_wanted(found: list[Token], number: int) -> bool:
    """Tell whether the other side of a comparison is made a text: ``STR(?day) = "…"``."""
    around = found[max(0, number - 6) : number + 6]
    return any(token.is_word("STR", "SUBSTR", "CONCAT", "REPLACE") for token in around)
