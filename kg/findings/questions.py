"""The terms that questions name, and comparisons in them that never hold."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from decimal import Decimal
from typing import Final

from kg.datatypes import INTEGER_RANGES, NUMERIC, is_lexical_form
from kg.errors import Location
from kg.findings.model import Finding
from kg.findings.terms import Used
from kg.queries.question import Question, slipped_keys, type_of
from kg.queries.slips import slips
from kg.sparql import tree
from kg.sparql.guard import read_tree
from kg.sparql.names import Names
from kg.sparql.places import position
from kg.sparql.walk import find
from kg.terms import XSD, XSD_STRING

# Most digits of an integer of 64 bits.
_DIGITS: Final = 19
# Defaults that have a type.
_TERMS: Final = (tree.Iri, tree.Name, tree.Literal)
_COMPARES: Final = ("=", "!=", "<", ">", "<=", ">=")
_MAKE_TEXTS: Final = ("STR", "SUBSTR", "CONCAT", "REPLACE")
# Functions that take a text, or make another value from it.
_TAKE_TEXTS: Final = ("STRDT", "STRLANG", "STRSTARTS", "STRBEFORE", "STRAFTER", "REGEX")
_OF_TEXTS: Final = (
    *("STRLEN", "UCASE", "LCASE", "SUBSTR", "STRSTARTS", "STRENDS", "CONTAINS", "STRBEFORE"),
    *("STRAFTER", "ENCODE_FOR_URI", "REGEX", "REPLACE", "MD5", "SHA1", "SHA256"),
)
_OF_TIMES: Final = ("YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS", "TIMEZONE", "TZ")
_NUMBERS: Final = tuple(tree.Iri(f"{XSD}{name}") for name in ("integer", "decimal", "double"))
_TEXT_PARAMETER: Final = re.compile(r"^#\s*param\s+(\w+)\s*:\s*xsd:string", re.MULTILINE)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?")


def terms_of(question: Question, prefixes: Mapping[str, str]) -> Iterator[Used]:
    """Yield the terms that a question names, with their places.

    Args:
        question: The question.
        prefixes: Known without a PREFIX line.
    """
    query = read_tree(question.text)
    if query is None:
        return
    names = Names(query, prefixes)
    for each in find(query.body, tree.Iri, tree.Name):
        iri = names.iri(each)
        # ``a`` and the datatype of a number are not written as terms.
        written = question.text[slice(*each.span)] not in ("", "a")
        if written and iri and not iri.endswith(("#", "/")):
            line, column = position(question.text, each.span.start)
            yield Used(iri, "term", Location(question.source, line, column), question.file)


def slipped_headers(question: Question) -> Iterator[Finding]:
    """Yield a finding for each line of the header that is a comment by a misspelt key.

    Args:
        question: The question.
    """
    for line, key, meant in slipped_keys(question.text):
        yield Finding(
            "slipped-header",
            f"{question.name} {key}",
            f"{key} is no key of a header, so the line is a comment",
            Location(question.source, line),
            f"Did you mean {meant}?",
        )


def wrong_defaults(question: Question, prefixes: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each parameter whose default is not of the type that the header says.

    A value that is given is made a term of that type, so it compares otherwise than the default.
    Of numbers, one type is as good as another.

    Args:
        question: The question.
        prefixes: Known without a PREFIX line.
    """
    query = read_tree(question.text)
    if query is None:
        return
    names = Names(query, prefixes)
    spans = {span: each for each in question.parameters for span in each.spans}
    for values in find(query, tree.Values):
        term = values.rows[0][0] if values.rows else None
        parameter = spans.pop(term.span, None) if term is not None else None
        if term is None or parameter is None or not isinstance(term, _TERMS):
            continue
        found, wanted = type_of(term, names), parameter.type
        if found == wanted or {found.datatype, wanted.datatype} <= NUMERIC:
            continue
        line, column = position(question.text, term.span.start)
        yield Finding(
            "wrong-default",
            f"{question.name}: {parameter.name}",
            f"the header says {wanted} for the parameter {parameter.name}, and its default"
            f" {parameter.default} is of {found}",
            Location(question.source, line, column),
            "Write the default as a term of that type, or mend the header.",
        )


def prefixes_of(question: Question) -> Iterator[tuple[str, str]]:
    """Yield the prefixes that a question declares, with their namespaces."""
    query = read_tree(question.text)
    if query is not None:
        yield from Names(query, {}).prefixes.items()


def dates_as_texts(question: Question) -> Iterator[Finding]:
    """Yield a finding for each comparison with a date that is written as a plain text.

    A comparison is one of ``=``, ``<`` and so on, a member of ``IN``, or a value of ``VALUES``,
    unless the question turns the other side into a text, or uses the value as a text itself.
    """
    query = read_tree(question.text)
    if query is None:
        return
    texts = set(_TEXT_PARAMETER.findall(question.text))
    dates = {each.span: each for each in (*_compared(query), *_values(query, texts))}
    for (start, end), date in sorted(dates.items()):
        written = question.text[start:end].partition("@")[0]
        line, column = position(question.text, start)
        kind = "dateTime" if "T" in date.lexical else "date"
        yield Finding(
            "date-as-text",
            f"{question.name}: {written}",
            f"{written} is compared as a text, and no date equals or follows a text",
            Location(question.source, line, column),
            f"Write {written}^^xsd:{kind}, or compare STR(…) with it.",
        )


def empty_expressions(question: Question, prefixes: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each cast or function that always fails on its constant.

    In SPARQL, a failed expression has no value, and its variable stays unbound in the row.

    Args:
        question: The question.
        prefixes: Known without a PREFIX line.
    """
    query = read_tree(question.text)
    if query is None:
        return
    names = Names(query, prefixes)
    for each in find(query, tree.Call, tree.FunctionCall):
        value = each.arguments[0] if each.arguments else None
        if not isinstance(value, tree.Literal) or value.language is not None:
            continue
        start = each.span.start
        function = each.function
        end = start + len(function) if isinstance(function, str) else function.span.end
        name = question.text[start:end]
        wanted = _wanted(each, value, name, names)
        if wanted:
            line, column = position(question.text, start)
            written = f"{name}({question.text[slice(*value.span)]})"
            yield Finding(
                "empty-expression",
                f"{question.name}: {written}",
                f"{written} never has a value: {wanted}",
                Location(question.source, line, column),
                "Mend the value, or leave the expression out.",
            )


def _wanted(
    call: tree.Call | tree.FunctionCall, value: tree.Literal, name: str, names: Names
) -> str:
    """Return what a cast or function needs, if the constant is not that; else nothing."""
    is_number = value.datatype in _NUMBERS and value.datatype.span == tree.NOWHERE
    is_text = value.datatype is None
    if isinstance(call, tree.Call):
        if call.function in _OF_TEXTS and is_number:
            return "it takes a text; write STR(…) around the number"
        if call.function in _OF_TIMES and (is_text or is_number):
            return "it takes a date and time, such as one with ^^xsd:dateTime"
        return ""
    iri = names.iri(call.function) or ""
    if not is_text or not iri.startswith(XSD) or iri == XSD_STRING:
        return ""
    text = value.lexical.strip()
    if not is_lexical_form(text, iri):
        return f"the text is not of {name}"
    return "integers have 64 bits" if iri in INTEGER_RANGES and not _fits(text) else ""


def _fits(integer: str) -> bool:
    """Return whether an integer has 64 bits; Python makes none of thousands of digits."""
    if len(integer.lstrip("+-").lstrip("0")) > _DIGITS:
        return False
    return -(2**63) <= Decimal(integer) < 2**63


def _dates(nodes: tuple[tree.Node, ...]) -> Iterator[tree.Literal]:
    """Yield the dates as plain texts among some nodes."""
    for each in nodes:
        if not isinstance(each, tree.Literal) or each.datatype is not None:
            continue
        if _DATE.fullmatch(each.lexical):
            yield each


def _compared(query: tree.Query) -> Iterator[tree.Literal]:
    """Yield the dates beside a comparison operator, and those in lists of ``IN``."""
    for each in find(query, tree.Operation, tree.In):
        if isinstance(each, tree.In):
            sides: tuple[tree.Node, ...] = each.options
        elif each.rest[0][0] in _COMPARES:
            sides = (each.first, each.rest[0][1])
        else:
            continue
        if not _makes_text(each):
            yield from _dates(sides)


def _values(query: tree.Query, texts: Container[str]) -> Iterator[tree.Literal]:
    """Yield the dates that ``VALUES`` gives to variables that are not used as texts."""
    for each in find(query, tree.Values):
        for column, variable in enumerate(each.variables):
            dates = list(_dates(tuple(row[column] for row in each.rows)))
            if dates and variable.name not in texts and not _is_used_as_text(query, variable):
                yield from dates


def _is_used_as_text(query: tree.Query, variable: tree.Variable) -> bool:
    """Return whether a question compares a variable with a text, or uses it as one."""
    for each in find(query, tree.Operation, tree.In):
        compares = isinstance(each, tree.In) or each.rest[0][0] in _COMPARES
        if compares and _makes_text(each) and variable in find(each, tree.Variable):
            return True
    if any(each.expression == variable for each in find(query, tree.Bind)):
        return True
    return any(
        each.arguments[:1] == (variable,)
        for each in find(query, tree.Call, tree.FunctionCall)
        if isinstance(each, tree.FunctionCall) or each.function in (*_TAKE_TEXTS, *_MAKE_TEXTS)
    )


def _makes_text(node: tree.Node) -> bool:
    """Return whether a side of a comparison is turned into a text: ``STR(?day) = "…"``."""
    return any(each.function in _MAKE_TEXTS for each in find(node, tree.Call))


# --- Variables of questions that are slips: without a value, or nearly another one ----------------


def slipped_variables(question: Question) -> Iterator[Finding]:
    """Yield a finding for each variable that is probably a slip, at its place in the question."""
    query = read_tree(question.text)
    for slip in slips(query) if query is not None else ():
        line, column = position(question.text, slip.variable.span.start)
        yield Finding(
            "slipped-variable",
            f"{question.name}: ?{slip.variable.name}",
            slip.said,
            Location(question.source, line, column),
            slip.hint,
        )
