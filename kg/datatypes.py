r"""The datatypes of XML Schema that RDF uses: their names, lexical spaces and ranges.

A literal whose text is not in the lexical space of its datatype is RDF, but has no value: stores
refuse it, drop it, or change it.

The patterns are read alike by RE2 and by Python's re. They match a lexical form as the quad table
has it, escaped: the digits, signs and letters that they ask for are never written as escapes.

Spec: https://www.w3.org/TR/xmlschema11-2/ and https://www.w3.org/TR/rdf11-concepts/#xsd-datatypes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kg.terms import RDF_LANG_STRING, XSD, escape
from kg.wording import nearest

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

# The integer datatypes with the least and the greatest value, None for no bound.
INTEGER_RANGES: Final[Mapping[str, tuple[int | None, int | None]]] = {
    f"{XSD}{name}": limits
    for name, limits in {
        "integer": (None, None),
        "long": (-(2**63), 2**63 - 1),
        "int": (-(2**31), 2**31 - 1),
        "short": (-(2**15), 2**15 - 1),
        "byte": (-(2**7), 2**7 - 1),
        "nonNegativeInteger": (0, None),
        "positiveInteger": (1, None),
        "nonPositiveInteger": (None, 0),
        "negativeInteger": (None, -1),
        "unsignedLong": (0, 2**64 - 1),
        "unsignedInt": (0, 2**32 - 1),
        "unsignedShort": (0, 2**16 - 1),
        "unsignedByte": (0, 2**8 - 1),
    }.items()
}
# Those whose range no pattern above gives.
RANGES: Final[Mapping[str, tuple[int, int]]] = {
    iri: (least, greatest)
    for iri, (least, greatest) in INTEGER_RANGES.items()
    if least is not None and greatest is not None
}
NUMERIC: Final = frozenset(INTEGER_RANGES) | {f"{XSD}{n}" for n in ("decimal", "double", "float")}
# Those whose lexical form begins with a date, of a day that must exist.
DATES: Final = tuple(f"{XSD}{name}" for name in ("date", "dateTime", "dateTimeStamp"))
MONTH_DAY: Final = f"{XSD}gMonthDay"

# Of XML Schema, what has no lexical space above, or none that a pattern tells.
_OTHERS: Final = frozenset(
    {
        *("string", "anyURI", "QName", "NOTATION", "Name", "NCName", "NMTOKEN", "NMTOKENS"),
        *("ID", "IDREF", "IDREFS", "ENTITY", "ENTITIES"),
        *("anyType", "anySimpleType", "anyAtomicType", "untypedAtomic"),
    }
)
_KNOWN: Final = _OTHERS | {iri[len(XSD) :] for iri in LEXICAL_SPACES if iri.startswith(XSD)}


def is_lexical_form(text: str, datatype: str) -> bool:
    """Return whether a text is in the lexical space of a datatype; True for those not known here.

    Args:
        text: The text, not escaped, with the white space that it has.
        datatype: An absolute IRI.

    Spec: https://www.w3.org/TR/xmlschema11-2/#dt-lexical-space

    >>> is_lexical_form("2023-02-29", f"{XSD}date"), is_lexical_form("+7", f"{XSD}byte")
    (False, True)
    """
    pattern = LEXICAL_SPACES.get(datatype)
    if pattern is None:
        return True
    if re.fullmatch(pattern, escape(text)) is None:
        return False
    if datatype in RANGES:
        from decimal import Decimal  # as long as it may be, which `int` is not

        least, greatest = RANGES[datatype]
        return least <= Decimal(text) <= greatest
    return (datatype not in DATES and datatype != MONTH_DAY) or _is_day(text)


def _is_day(text: str) -> bool:
    import calendar

    match = re.match("(-?[0-9]*)-([0-9]{2})-([0-9]{2})", text)
    assert match is not None
    year, month, day = match.groups()
    # A day of no year may be 29 February; the calendar repeats every 400 years.
    near = 2000 if year in ("", "-") else int(year[-4:]) % 400 + 400
    return int(day) <= calendar.monthrange(near, int(month))[1]


def known_names() -> frozenset[str]:
    """Return the local names of all datatypes of XML Schema."""
    return frozenset(_KNOWN)


def unknown_datatype(iri: str) -> str | None:
    """Return what to do about a name that XML Schema does not have; None for any other IRI.

    >>> unknown_datatype("http://www.w3.org/2001/XMLSchema#intger")
    'Did you mean xsd:integer?'
    """
    name = iri.removeprefix(XSD)
    if name == iri or name in _KNOWN:
        return None
    near = nearest(name, _KNOWN)
    return f"Did you mean xsd:{near}?" if near else "See https://www.w3.org/TR/xmlschema11-2/."
