r"""Lexical spaces of datatypes, as patterns that RE2 and Python's re read alike, and as SQL.

A literal whose text is not in the lexical space of its datatype is RDF, but has no value: stores
refuse it, drop it, or change it.

The patterns match a lexical form as the quad table has it, escaped: the digits, signs and letters
that they ask for are never written as escapes.

Spec: https://www.w3.org/TR/xmlschema11-2/ and https://www.w3.org/TR/rdf11-concepts/#xsd-datatypes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from kg.sql import sql_text
from kg.terms import RDF_LANG_STRING, XSD

_INTEGER: Final = r"[+-]?[0-9]+"
_NUMBER: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_FLOAT: Final = rf"{_NUMBER}(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN"
_YEAR: Final = r"-?(?:[1-9][0-9]{3,}|0[0-9]{3})"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_DAY: Final = r"(?:0[1-9]|[12][0-9]|3[01])"
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_TIME: Final = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_DATE: Final = f"{_YEAR}-{_MONTH}-{_DAY}"
_SECONDS: Final = r"[0-9]+(?:\.[0-9]+)?S"
# At least one part, and behind T at least one.
_DAY_TIME: Final = (
    rf"(?:[0-9]+D(?:T(?:[0-9]+H(?:[0-9]+M)?(?:{_SECONDS})?|[0-9]+M(?:{_SECONDS})?|{_SECONDS}))?"
    rf"|T(?:[0-9]+H(?:[0-9]+M)?(?:{_SECONDS})?|[0-9]+M(?:{_SECONDS})?|{_SECONDS}))"
)
_YEAR_MONTH: Final = r"(?:[0-9]+Y(?:[0-9]+M)?|[0-9]+M)"
_BASE64: Final = (
    "(?:(?:[A-Za-z0-9+/] ?){4})*"
    "(?:(?:[A-Za-z0-9+/] ?){3}[A-Za-z0-9+/]|(?:[A-Za-z0-9+/] ?){2}[AEIMQUYcgkosw048] ?="
    "|[A-Za-z0-9+/] ?[AQgw] ?= ?=)?"
)

LEXICAL_SPACES: Final[Mapping[str, str]] = {
    f"{XSD}{name}": pattern
    for name, pattern in {
        "boolean": "true|false|1|0",
        "decimal": _NUMBER,
        "integer": _INTEGER,
        "double": _FLOAT,
        "float": _FLOAT,
        "date": f"{_DATE}{_ZONE}?",
        "time": f"{_TIME}{_ZONE}?",
        "dateTime": f"{_DATE}T{_TIME}{_ZONE}?",
        "dateTimeStamp": f"{_DATE}T{_TIME}{_ZONE}",
        "gYear": f"{_YEAR}{_ZONE}?",
        "gYearMonth": f"{_YEAR}-{_MONTH}{_ZONE}?",
        "gMonth": f"--{_MONTH}{_ZONE}?",
        "gMonthDay": f"--{_MONTH}-{_DAY}{_ZONE}?",
        "gDay": f"---{_DAY}{_ZONE}?",
        "duration": f"-?P(?:{_YEAR_MONTH}{_DAY_TIME}?|{_DAY_TIME})",
        "dayTimeDuration": f"-?P{_DAY_TIME}",
        "yearMonthDuration": f"-?P{_YEAR_MONTH}",
        "byte": _INTEGER,
        "short": _INTEGER,
        "int": _INTEGER,
        "long": _INTEGER,
        "unsignedByte": _INTEGER,
        "unsignedShort": _INTEGER,
        "unsignedInt": _INTEGER,
        "unsignedLong": _INTEGER,
        "nonNegativeInteger": r"\+?[0-9]+|-0+",
        "positiveInteger": r"\+?0*[1-9][0-9]*",
        "nonPositiveInteger": r"-[0-9]+|\+?0+",
        "negativeInteger": "-0*[1-9][0-9]*",
        "hexBinary": "(?:[0-9a-fA-F]{2})*",
        "base64Binary": _BASE64,
        "language": "[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*",
        # Of the escapes, those for line breaks and tabs stand for what is not allowed.
        "normalizedString": r"(?:[^\\]|\\[^tnr])*",
        "token": r"(?:[^ \\]|\\[^tnr])+(?: (?:[^ \\]|\\[^tnr])+)*|",
    }.items()
} | {RDF_LANG_STRING: "[^\x00-\U0010ffff]"}  # goes with a language tag alone

# Smallest and largest value.
RANGES: Final[Mapping[str, tuple[int, int]]] = {
    f"{XSD}{name}": limits
    for name, limits in {
        "byte": (-(2**7), 2**7 - 1),
        "short": (-(2**15), 2**15 - 1),
        "int": (-(2**31), 2**31 - 1),
        "long": (-(2**63), 2**63 - 1),
        "unsignedByte": (0, 2**8 - 1),
        "unsignedShort": (0, 2**16 - 1),
        "unsignedInt": (0, 2**32 - 1),
        "unsignedLong": (0, 2**64 - 1),
    }.items()
}
_DATES: Final = tuple(f"{XSD}{name}" for name in ("date", "dateTime", "dateTimeStamp"))


# Of XML Schema, what has no lexical space above, or none that a pattern tells.
_OTHERS: Final = frozenset(
    {
        *("string", "anyURI", "QName", "NOTATION", "Name", "NCName", "NMTOKEN", "NMTOKENS"),
        *("ID", "IDREF", "IDREFS", "ENTITY", "ENTITIES"),
        *("anyType", "anySimpleType", "anyAtomicType", "untypedAtomic"),
    }
)
_KNOWN: Final = _OTHERS | {iri[len(XSD) :] for iri in LEXICAL_SPACES if iri.startswith(XSD)}
# Their patterns look at escapes, which a plain value does not have.
_ESCAPED: Final = frozenset({f"{XSD}normalizedString", f"{XSD}token", RDF_LANG_STRING})


def unknown_datatype(iri: str) -> str | None:
    """Return what to do about a name that XML Schema does not have; None for any other IRI.

    >>> unknown_datatype("http://www.w3.org/2001/XMLSchema#intger")
    'Did you mean xsd:integer?'
    """
    name = iri.removeprefix(XSD)
    if name == iri or name in _KNOWN:
        return None
    same = [known for known in sorted(_KNOWN) if known.casefold() == name.casefold()]
    near = same or get_close_matches(name, sorted(_KNOWN), 1)
    return f"Did you mean xsd:{near[0]}?" if near else "See https://www.w3.org/TR/xmlschema11-2/."


def wrong_value_sql(iri: str, value: str) -> str | None:
    """Return SQL that tells whether a text is outside the lexical space of a datatype.

    Args:
        iri: The datatype.
        value: SQL for the text, as it is, without quotes and escapes.

    Returns:
        None where all texts are in it, or where that is not known.
    """
    if iri not in LEXICAL_SPACES or iri in _ESCAPED:
        return None
    wrong = f"NOT regexp_full_match({value}, {sql_text(LEXICAL_SPACES[iri])})"
    if iri in RANGES:
        return f"({wrong} OR {_out_of_range(iri, value)})"
    if iri == f"{XSD}date":
        # Most dates are of the plain form, which is quicker to read than patterns are to match.
        plain = f"length({value}) = 10 AND TRY_CAST({value} AS DATE)::VARCHAR = {value}"
        no_day = _no_such_day(value, "")
        return f"(NOT coalesce({plain}, false) AND ({wrong} OR {no_day}))"
    if iri in _DATES:
        return f"({wrong} OR {_no_such_day(value, '')})"
    if iri == f"{XSD}gMonthDay":
        return f"({wrong} OR {_no_such_month_day(value, '')})"
    return wrong


def ill_typed_sql(term: str) -> str:
    """Return SQL that tells whether a literal's text is outside its datatype's lexical space.

    Args:
        term: SQL for a typed literal. Unknown datatypes have no ill-typed literals.
    """
    cases = []
    for iri, pattern in LEXICAL_SPACES.items():
        tail = f'"^^<{iri}>'
        text = f"substr({term}, 2, length({term}) - {len(tail) + 1})"
        # The whole literal is matched, since cutting the text out first costs more.
        whole = f'"(?:{pattern})"\\^\\^<{re.escape(iri)}>'
        wrong = f"NOT regexp_full_match({term}, {sql_text(whole)})"
        if iri in RANGES:
            wrong += f" OR {_out_of_range(iri, text)}"
        elif iri in _DATES:
            wrong += f" OR {_no_such_day(term)}"
        elif iri == f"{XSD}gMonthDay":
            wrong += f" OR {_no_such_month_day(term)}"
        cases.append(f" WHEN ends_with({term}, {sql_text(tail)}) THEN {wrong}")
    return f"CASE{''.join(cases)} ELSE false END"


def _out_of_range(iri: str, text: str) -> str:
    low, high = RANGES[iri]
    value = f"TRY_CAST({text} AS HUGEINT)"
    return f"coalesce({value} NOT BETWEEN {low}::HUGEINT AND {high}::HUGEINT, true)"


def _no_such_month_day(term: str, quote: str = '"') -> str:
    return f"""regexp_matches({term}, '^{quote}--(?:02-3|(?:0[469]|11)-31)')"""


def _no_such_day(term: str, quote: str = '"') -> str:
    """Return SQL that tells whether a month is shorter, for a literal that has the form of a date.

    The last four digits of a year tell whether it is a leap year, since 10,000 is divisible
    by 400.
    """
    year = f"TRY_CAST(regexp_extract({term}, '([0-9]{{4}})-', 1) AS INTEGER)"
    leap = f"({year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0))"
    return (
        f"""regexp_matches({term}, '^{quote}-?[0-9]+-(?:02-3|(?:0[469]|11)-31)')"""
        f""" OR (regexp_matches({term}, '^{quote}-?[0-9]+-02-29') AND NOT {leap})"""
    )
