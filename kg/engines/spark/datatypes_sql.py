"""Lexical spaces of datatypes, as conditions in Spark SQL."""

from __future__ import annotations

from typing import Final

from kg.datatypes import DATES, LEXICAL_SPACES, MONTH_DAY, RANGES
from kg.engines.spark.dialect import fits, text
from kg.terms import RDF_LANG_STRING, XSD

# Their patterns look at escapes, which a plain value does not have.
_ESCAPED: Final = frozenset({f"{XSD}normalizedString", f"{XSD}token", RDF_LANG_STRING})


def wrong_value_sql(iri: str, value: str) -> str | None:
    """Return SQL that says whether a text is outside the lexical space of a datatype.

    Args:
        iri: The datatype.
        value: SQL for the text, as it is, without quotes and escapes.

    Returns:
        None where all texts are in it, or where that is not known.
    """
    if iri not in LEXICAL_SPACES or iri in _ESCAPED:
        return None
    wrong = f"NOT ({fits(value, LEXICAL_SPACES[iri])})"
    if iri in RANGES:
        low, high = RANGES[iri]
        number = f"try_cast({value} AS DECIMAL(38, 0))"
        return f"({wrong} OR coalesce({number} NOT BETWEEN {low} AND {high}, true))"
    if iri in DATES:
        return f"({wrong} OR {_no_such_day(value)})"
    if iri == MONTH_DAY:
        return f"({wrong} OR {value} RLIKE {text('^--(?:02-3|(?:0[469]|11)-31)')})"
    return wrong


def _no_such_day(value: str) -> str:
    """Return SQL that says whether a month is shorter, for a text that has the form of a date.

    The last four digits of a year tell whether it is a leap year, since 10,000 is divisible
    by 400.
    """
    year = f"try_cast(regexp_extract({value}, '([0-9]{{4}})-', 1) AS INT)"
    leap = f"({year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0))"
    return (
        f"{value} RLIKE {text('^-?[0-9]+-(?:02-3|(?:0[469]|11)-31)')}"
        f" OR ({value} RLIKE {text('^-?[0-9]+-02-29')} AND NOT {leap})"
    )
