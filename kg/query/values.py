"""Values that a person types, checked against a datatype and written as one SPARQL term.

The checks follow XML Schema's lexical spaces: a wrong date is told before anything runs.

Spec: https://www.w3.org/TR/xmlschema11-2/#built-in-primitive-datatypes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kg.errors import InputError
from kg.terms import XSD, XSD_STRING, escape, expand, is_iri, is_language_tag

_ZONE: Final = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
_YEAR: Final = r"-?(?:[1-9]\d{3,}|0\d{3})"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_DAY: Final = r"(?:0[1-9]|[12]\d|3[01])"
_TIME: Final = r"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00(?:\.0+)?)"
_DURATION: Final = (
    r"-?P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
)
_DOUBLE: Final = r"(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?INF|NaN)"

# Datatype to lexical form and an example that a message can show.
_LEXICAL: Final[Mapping[str, tuple[str, str]]] = {
    "boolean": (r"true|false|1|0", "true"),
    "decimal": (r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", "12.5"),
    "double": (_DOUBLE, "1.5e3"),
    "float": (_DOUBLE, "1.5e3"),
    "date": (f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}", "2022-11-18"),
    "dateTime": (f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}", "2022-11-18T10:15:00Z"),
    "dateTimeStamp": (
        f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE.removesuffix('?')}",
        "2022-11-18T10:15:00Z",
    ),
    "time": (f"{_TIME}{_ZONE}", "10:15:00"),
    "gYear": (f"{_YEAR}{_ZONE}", "2022"),
    "gYearMonth": (f"{_YEAR}-{_MONTH}{_ZONE}", "2022-11"),
    "gMonthDay": (f"--{_MONTH}-{_DAY}{_ZONE}", "--11-18"),
    "gMonth": (f"--{_MONTH}{_ZONE}", "--11"),
    "gDay": (f"---{_DAY}{_ZONE}", "---18"),
    "duration": (_DURATION, "P1Y2M"),
    "yearMonthDuration": (r"-?P(?=\d)(?:\d+Y)?(?:\d+M)?", "P1Y2M"),
    "dayTimeDuration": (
        r"-?P(?=\d|T\d)(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?",
        "P3DT12H",
    ),
    "hexBinary": (r"(?:[0-9A-Fa-f]{2})*", "0FB7"),
    "language": (r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*", "en"),
}
# Datatypes that are integers: the least and the greatest, None for no bound.
_INTEGERS: Final[Mapping[str, tuple[int | None, int | None]]] = {
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
}
_DATED: Final = ("date", "dateTime", "dateTimeStamp", "gMonthDay")


@dataclass(frozen=True, slots=True)
class ValueType:
    """What values a parameter takes.

    Attributes:
        datatype: The absolute IRI of a literal's datatype; None for an IRI or a text with language.
        language: The tag of a text with a language.
    """

    datatype: str | None = None
    language: str | None = None

    @property
    def is_iri(self) -> bool:
        """Whether a value is an IRI, not a literal."""
        return self.datatype is None and self.language is None

    def __str__(self) -> str:
        """Return the type as a question's header writes it."""
        if self.datatype is None:
            return f"@{self.language}" if self.language else "iri"
        if self.datatype.startswith(XSD):
            return "xsd:" + self.datatype.removeprefix(XSD)
        return f"<{self.datatype}>"

    @property
    def example(self) -> str:
        """A value that is right."""
        name = (self.datatype or "").removeprefix(XSD)
        if self.is_iri:
            return "http://example.org/a"
        if name in _INTEGERS:
            least, greatest = _INTEGERS[name]
            return (
                "-7" if greatest in (0, -1) else "7" if least is None or least < 8 else str(least)
            )
        return _LEXICAL[name][1] if name in _LEXICAL else "text"


STRING: Final = ValueType(XSD_STRING)
IRI: Final = ValueType()


def parse_type(text: str, prefixes: Mapping[str, str]) -> ValueType | None:
    """Return the type that a header names (``xsd:date``, ``iri``, ``@en``), or None.

    >>> str(parse_type("xsd:date", {"xsd": XSD}))
    'xsd:date'
    """
    if text.lower() in ("iri", "uri"):
        return IRI
    if text.startswith("@"):
        return ValueType(language=text[1:].lower()) if is_language_tag(text[1:]) else None
    if text.startswith("<") and text.endswith(">"):
        expanded: str | None = text[1:-1]
    else:
        expanded = expand(text, prefixes)
    if expanded is None or not is_iri(expanded):
        return None
    if expanded.startswith(XSD) and not _is_known(expanded.removeprefix(XSD)):
        return None
    return ValueType(expanded)


def sparql_term(value: str, wanted: ValueType, prefixes: Mapping[str, str]) -> str | None:
    """Return a typed value as one SPARQL term, or None if it is not of the type.

    Args:
        value: As the user typed it.
        wanted: The type.
        prefixes: For an IRI typed as a prefixed name.

    >>> sparql_term("7", ValueType(XSD + "integer"), {})
    '"7"^^<http://www.w3.org/2001/XMLSchema#integer>'
    >>> sparql_term("seven", ValueType(XSD + "integer"), {})
    """
    if wanted.is_iri:
        return _iri_term(value, prefixes)
    if any("\ud800" <= char <= "\udfff" for char in value):
        return None
    if wanted.language:
        return f"{_quoted(value)}@{wanted.language}"
    assert wanted.datatype is not None
    if wanted.datatype == XSD_STRING:
        return _quoted(value)
    if wanted.datatype.startswith(XSD):
        value = value.strip(" \t\n\r")
        if not _fits(value, wanted.datatype.removeprefix(XSD)):
            return None
    return f"{_quoted(value)}^^<{wanted.datatype}>"


def bad_value(name: str, value: str, wanted: ValueType) -> InputError:
    """Return the error for a value that is not of its parameter's type."""
    kind = "an IRI or a name with a known prefix" if wanted.is_iri else str(wanted)
    return InputError(
        "bad-parameter",
        f"the parameter {name} takes {kind}, not {value!r}",
        hint=f"Give for example --param {name}={wanted.example}",
    )


def _iri_term(value: str, prefixes: Mapping[str, str]) -> str | None:
    if value.startswith("<") and value.endswith(">"):
        value = value[1:-1]
    else:
        value = expand(value, prefixes) or value
    return f"<{value}>" if is_iri(value) and "\ud800" not in value else None


def _quoted(text: str) -> str:
    # A "u" behind a backslash is written as an escape of its own: an engine that replaces code
    # point escapes before it reads tokens would otherwise see one in a text such as \u0022.
    parts = re.split(r"(?<=\\)([uU])", text)
    parts[::2] = map(escape, parts[::2])
    parts[1::2] = (f"\\u{ord(letter):04X}" for letter in parts[1::2])
    return f'"{"".join(parts)}"'


def _is_known(name: str) -> bool:
    return name in _LEXICAL or name in _INTEGERS or name in _TEXTS


_TEXTS: Final = ("string", "anyURI", "normalizedString", "token", "base64Binary", "NCName", "Name")


def _fits(value: str, name: str) -> bool:
    if name in _INTEGERS:
        least, greatest = _INTEGERS[name]
        if not re.fullmatch(r"[+-]?[0-9]+", value):
            return False
        number = int(value) if len(value) < 4000 else None
        if number is None:
            return least is None and greatest is None
        return (least is None or number >= least) and (greatest is None or number <= greatest)
    if name not in _LEXICAL:
        return True
    if not re.fullmatch(_LEXICAL[name][0], value, re.ASCII):
        return False
    return name not in _DATED or _is_day(value)


def _is_day(value: str) -> bool:
    import calendar

    match = re.match(r"(-?\d*)-(\d\d)-(\d\d)", value)
    assert match is not None
    year, month, day = match.groups()
    # A day of no year may be 29 February; the calendar repeats every 400 years.
    short = 2000 if year in ("", "-") else int(year[-4:]) % 400 + 400
    return int(day) <= calendar.monthrange(short, int(month))[1]


def is_integer_type(name: str) -> bool:
    """Tell whether a datatype of XML Schema, named without its namespace, holds integers."""
    return name in _INTEGERS
