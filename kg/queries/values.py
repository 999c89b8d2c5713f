"""Values that a person types, checked against a datatype and written as one SPARQL term.

The checks follow XML Schema's lexical spaces: a wrong date is told before anything runs.

Spec: https://www.w3.org/TR/xmlschema11-2/#built-in-primitive-datatypes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from kg.datatypes import INTEGER_RANGES, is_lexical_form, unknown_datatype
from kg.errors import InputError
from kg.records import dataclass
from kg.terms import XSD, XSD_STRING, escape, expand, is_iri, is_language_tag

# A value of each datatype, to be shown in messages; those of integers follow from their ranges.
_EXAMPLES: Final[Mapping[str, str]] = {
    "boolean": "true",
    "decimal": "12.5",
    "double": "1.5e3",
    "float": "1.5e3",
    "date": "2022-11-18",
    "dateTime": "2022-11-18T10:15:00Z",
    "dateTimeStamp": "2022-11-18T10:15:00Z",
    "time": "10:15:00",
    "gYear": "2022",
    "gYearMonth": "2022-11",
    "gMonthDay": "--11-18",
    "gMonth": "--11",
    "gDay": "---18",
    "duration": "P1Y2M",
    "yearMonthDuration": "P1Y2M",
    "dayTimeDuration": "P3DT12H",
    "hexBinary": "0FB7",
    "language": "en",
}


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
        if self.is_iri:
            return "http://example.org/a"
        datatype = self.datatype or ""
        if datatype in INTEGER_RANGES:
            least, greatest = INTEGER_RANGES[datatype]
            return (
                "-7" if greatest in (0, -1) else "7" if least is None or least < 8 else str(least)
            )
        return _EXAMPLES.get(datatype.removeprefix(XSD), "text")


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
    return None if unknown_datatype(expanded) else ValueType(expanded)


def typed(value: object) -> str:
    """Return a value of Python as a person would type it behind ``--param``.

    >>> typed(True), typed(7)
    ('true', '7')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


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
        if not is_lexical_form(value, wanted.datatype):
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
