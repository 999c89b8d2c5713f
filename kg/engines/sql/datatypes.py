"""Lexical spaces of datatypes, as SQL conditions."""

from __future__ import annotations

from typing import Final, Protocol

from kg.datatypes import DATES, LEXICAL_SPACES, MONTH_DAY, RANGES
from kg.terms import RDF_LANG_STRING, XSD

# Their patterns look at escapes, which a plain value does not have.
_ESCAPED: Final = frozenset({f"{XSD}normalizedString", f"{XSD}token", RDF_LANG_STRING})

# Two digits that 4 does not divide.
_NO_FOURTH: Final = "(?:[02468][1235679]|[13579][01345789])"


class Patterns(Protocol):
    """Conditions on texts, as an engine has them; arguments are SQL, but for patterns."""

    def fits(self, value: str, pattern: str) -> str:
        """Return the condition that a whole text fits a pattern."""

    def matches(self, value: str, pattern: str) -> str:
        """Return the condition that a part of a text fits a pattern."""

    def out_of_range(self, value: str, low: int, high: int) -> str:
        """Return the condition that a text is no integer between two."""

    def plain_date(self, value: str) -> str:
        """Return a condition that only dates hold that are there; empty if there is none."""


def is_checked(iri: str) -> bool:
    """Return whether texts may be outside the lexical space of a datatype, as far as is known."""
    return iri in LEXICAL_SPACES and iri not in _ESCAPED


def wrong_value_sql(dialect: Patterns, iri: str, value: str) -> str:
    """Return SQL that says whether a text is outside the lexical space of a datatype.

    Args:
        dialect: How to say it.
        iri: The datatype, which is checked.
        value: SQL for the text, as it is, without quotes and escapes.
    """
    wrong = f"NOT {dialect.fits(value, LEXICAL_SPACES[iri])}"
    if iri in RANGES:
        return f"({wrong} OR {dialect.out_of_range(value, *RANGES[iri])})"
    plain = dialect.plain_date(value) if iri == f"{XSD}date" else ""
    if plain:
        return f"(NOT coalesce({plain}, false) AND ({wrong} OR {no_such_day(dialect, value)}))"
    if iri in DATES:
        return f"({wrong} OR {no_such_day(dialect, value)})"
    if iri == MONTH_DAY:
        return f"({wrong} OR {no_such_month_day(dialect, value)})"
    return wrong


def no_such_month_day(dialect: Patterns, value: str, quote: str = "") -> str:
    """Return SQL that says whether a month never has a day, for a text of the form of both.

    Args:
        dialect: How to say it.
        value: SQL for the text.
        quote: What it begins with.
    """
    return dialect.matches(value, f"^{quote}--(?:02-3|(?:0[469]|11)-31)")


def no_such_day(dialect: Patterns, value: str, quote: str = "") -> str:
    """Return SQL that says whether a month is shorter, for a text that has the form of a date.

    The last four digits of a year tell whether it is a leap year, since 10,000 is divisible
    by 400. Arguments as for `no_such_month_day`. It is one pattern, since DuckDB takes longer to
    plan a few calls than to run them on a small source.
    """
    short = "[0-9]+-(?:02-3|(?:0[469]|11)-31)"
    return dialect.matches(value, f"^{quote}-?(?:{short}|[0-9]*{_NO_FOURTH}(?:00)?-02-29)")
