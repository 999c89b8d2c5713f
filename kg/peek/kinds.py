"""What the texts of a column are: numbers, dates, truths, in the forms that people write.

Each form is a regular expression of RE2, which DuckDB runs over the different values of a column,
and for dates a pattern that must give a date.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.peek.model import Kind, Written
from kg.records import dataclass

# Texts that stand for no value, wherever they are not plainly a value of their own.
NULLS: Final = frozenset(
    {
        *("", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "none", "NaN", "nan", "\\N"),
        *("-", "--", "---", "?", ".", "..", "...", "*", "#VALUE!", "#REF!", "#DIV/0!", "missing"),
    }
)
# Those that are no value in a column of texts either.
SURE_NULLS: Final = frozenset(("", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan", "\\N"))
# Pairs of words for true and false, in small letters.
TRUTHS: Final = (
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("ja", "nein"),
    ("oui", "non"),
    ("sí", "no"),
    ("si", "no"),
    ("x", ""),
)


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write values of a kind.

    Attributes:
        kind: What the values are.
        written: How.
        regex: What all of them match.
        pattern: Of dates in a local form, as functions of mappings take it.
        strptime: The same for DuckDB, which tells whether there is such a day.
        cast: A type of DuckDB that must have the value.
    """

    kind: Kind
    written: Written
    regex: str
    pattern: str = ""
    strptime: str = ""
    cast: str = ""


_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
_ZONE: Final = r"(Z|[+-]\d\d:\d\d)?"
_DAY: Final = r"\d{4}-\d\d-\d\d"


def _local() -> list[Form]:
    """Return the local forms of dates; the first that fits all values counts."""
    found = []
    for day, strptime, regex in (
        ("dd.MM.yyyy", "%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"),
        ("MM/dd/yyyy", "%m/%d/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
        ("dd/MM/yyyy", "%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
        ("dd-MM-yyyy", "%d-%m-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
        ("yyyy/MM/dd", "%Y/%m/%d", r"\d{4}/\d{1,2}/\d{1,2}"),
        ("yyyyMMdd", "%Y%m%d", r"(19|20)\d{6}"),
        ("MMM dd yyyy", "%b %d %Y", r"[A-Z][a-z]{2} \d{1,2} \d{4}"),
        ("dd MMM yyyy", "%d %b %Y", r"\d{1,2} [A-Z][a-z]{2} \d{4}"),
        ("MMM dd, yyyy", "%b %d, %Y", r"[A-Z][a-z]{2} \d{1,2}, \d{4}"),
    ):
        found.append(Form(Kind.DATE, Written.PATTERN, regex, day, strptime))
        for time, clock, more in (
            (" HH:mm:ss", " %H:%M:%S", r" \d{1,2}:\d\d:\d\d"),
            (" HH:mm", " %H:%M", r" \d{1,2}:\d\d"),
        ):
            found.append(
                Form(Kind.DATETIME, Written.PATTERN, regex + more, day + time, strptime + clock)
            )
    return found


# The narrowest first. A number with zeros in front is a code.
FORMS: Final[Sequence[Form]] = (
    Form(Kind.INTEGER, Written.PLAIN, r"[-+]?(0|[1-9]\d*)"),
    Form(Kind.DECIMAL, Written.PLAIN, r"[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)"),
    Form(Kind.DOUBLE, Written.PLAIN, r"[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][-+]?\d+)?"),
    Form(Kind.INTEGER, Written.THOUSANDS, r"[-+]?(0|[1-9]\d{0,2}(,\d{3})*)"),
    Form(Kind.DECIMAL, Written.THOUSANDS, r"[-+]?(0|[1-9]\d{0,2}(,\d{3})*)(\.\d+)?"),
    Form(Kind.DECIMAL, Written.COMMA, r"[-+]?(0|[1-9]\d*)(,\d+)?"),
    Form(Kind.INTEGER, Written.POINTS, r"[-+]?(0|[1-9]\d{0,2}(\.\d{3})*)"),
    Form(Kind.DECIMAL, Written.POINTS, r"[-+]?(0|[1-9]\d{0,2}(\.\d{3})*)(,\d+)?"),
    Form(Kind.BOOLEAN, Written.PLAIN, r"true|false"),
    Form(Kind.BOOLEAN, Written.CAPITALS, r"true|false|True|False|TRUE|FALSE"),
    Form(Kind.DATE, Written.PLAIN, _DAY, cast="DATE"),
    Form(Kind.DATETIME, Written.PLAIN, f"{_DAY}T{_TIME}{_ZONE}", cast="TIMESTAMP"),
    Form(Kind.DATETIME, Written.BLANK, f"{_DAY} {_TIME}{_ZONE}", cast="TIMESTAMP"),
    Form(
        Kind.DATETIME,
        Written.PATTERN,
        rf"{_DAY}[ ]\d\d:\d\d",
        "yyyy-MM-dd HH:mm",
        "%Y-%m-%d %H:%M",
    ),
    *_local(),
    Form(Kind.TIME, Written.PLAIN, _TIME),
    Form(Kind.ADDRESS, Written.PLAIN, r"https?://[^\s<>\"{}|\\^`%]+"),
)
# A date without a separator is told from a number by its column's name.
COMPACT: Final = "yyyyMMdd"
