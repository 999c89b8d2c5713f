"""What is said of values that do not fit, whatever engine has found them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from kg.errors import InputError, Location
from kg.mapping.plan import Formulation, Function
from kg.mapping.rules import Check, reference_names

# How people write that there is no value.
_NO_VALUES: Final = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "?", "\\n"}
    | {"unknown", "missing", "n.a.", "(null)", "undefined"}
)
# Days and numbers as people write them.
_DATED: Final = frozenset((Function.TO_DATE.value, Function.TO_DATE_TIME.value))
_DAYS: Final = ("date", "dateTime")
# A day as XML Schema writes it: no pattern of toDate is needed for it.
_STANDARD: Final = re.compile(r"\s*-?[0-9]{4,}-[0-9]{2}-[0-9]{2}(?!\d)")
_DAY: Final = re.compile(r"\s*\d{1,4}\s*[./-]\s*(\d{1,2}|[A-Za-z]{3,9})\s*[./-]\s*\d{2,4}\b")
_NUMBERS: Final = ("decimal", "double", "float", "integer")
_COMMA: Final = re.compile(r"[+-]?\d+,\d+")
# How to get at values inside of arrays and objects, where references cannot.
_INSIDE: Final[Mapping[Formulation, str]] = {
    Formulation.SQL: "Take it apart in the query, or cast it to a text.",
    Formulation.DUCKDB: "Refer to another column; arrays and structures are not read.",
    Formulation.PARQUET: "Refer to another column; arrays and structures are not read.",
}


def advice(name: str, value: str) -> str:
    """Return what to do about a value that is not of a datatype of XML Schema."""
    if value.strip().casefold() in _NO_VALUES:
        return f"if that means no value, say so in the source: nulls: [{value!r}]"
    if name in _DAYS and _DAY.match(value) and not _STANDARD.match(value):
        return "the function toDate reads dates that are written so"
    if name in _NUMBERS and _COMMA.fullmatch(value.strip()):
        instead = "" if name == "integer" else "."
        return f"""the function replace(…, ",", "{instead}") mends the comma"""
    return ""


def unfit(function: str, value: str) -> str:
    r"""Return why a function makes nothing of a value.

    >>> unfit("toDate", "soon"), unfit("add", "x' and '1")
    ("'soon' does not fit the pattern of toDate", 'add makes nothing of "x\' and \'1"')
    """
    if function in _DATED:
        return f"{value!r} does not fit the pattern of {function}"
    return f"{function} makes nothing of {value!r}"


def no_value(text: str, reference: str, place: Location, kind: Formulation) -> InputError:
    """Return the error for a value that is an array, an object, or has no datatype."""
    if text.startswith("["):
        what, hint = "an array", f"Refer to what is inside it, such as {reference}[*]."
    elif text.startswith("{"):
        what, hint = "an object", f"Refer to what is inside it, such as {reference}.name."
    elif kind in _INSIDE:
        what, hint = f"{text}, which has no datatype in RDF", ""
    else:
        what, hint = f"{text}, which JSON does not know", "Write a number, null or a text."
    message = f"the value is {what}, not a single value"
    return InputError("not-a-value", message, location=place, hint=_INSIDE.get(kind, hint))


def no_term(check: Check, value: str, place: Location) -> InputError:
    """Return the error for a value that makes no valid term."""
    hint = f"It makes a term of {check.term.owner}; mend the value or the mapping."
    return InputError(check.code, f"{value!r} is not {check.expected}", location=place, hint=hint)


def grouped(checks: Sequence[Check]) -> Collection[list[Check]]:
    """Return checks by what they look at: several terms may be made of the same values."""
    found: dict[object, list[Check]] = {}
    for check in dict.fromkeys(checks):
        key = (check.table.name, check.term.value, check.expected)
        found.setdefault(key, []).append(check)
    return found.values()


def column_of(check: Check) -> str | None:
    """Return the first reference of a value; None for one that is made of constants alone."""
    return next(iter(reference_names([check.term.value])), None)
