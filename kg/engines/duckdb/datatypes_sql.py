"""Lexical spaces of datatypes, as SQL conditions."""

from __future__ import annotations

import re
from typing import Final

from kg.datatypes import DATES, LEXICAL_SPACES, MONTH_DAY, RANGES
from kg.sql import sql_text
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
    wrong = f"NOT regexp_full_match({value}, {sql_text(LEXICAL_SPACES[iri])})"
    if iri in RANGES:
        return f"({wrong} OR {_out_of_range(iri, value)})"
    if iri == f"{XSD}date":
        # Most dates are of the plain form, which is quicker to read than patterns are to match.
        plain = f"length({value}) = 10 AND TRY_CAST({value} AS DATE)::VARCHAR = {value}"
        no_day = _no_such_day(value, "")
        return f"(NOT coalesce({plain}, false) AND ({wrong} OR {no_day}))"
    if iri in DATES:
        return f"({wrong} OR {_no_such_day(value, '')})"
    if iri == MONTH_DAY:
        return f"({wrong} OR {_no_such_month_day(value, '')})"
    return wrong


def ill_typed_sql(term: str) -> str:
    """Return SQL that says whether a literal's text is outside its datatype's lexical space.

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
        elif iri in DATES:
            wrong += f" OR {_no_such_day(term)}"
        elif iri == MONTH_DAY:
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
    """Return SQL that says whether a month is shorter, for a literal that has the form of a date.

    The last four digits of a year tell whether it is a leap year, since 10,000 is divisible
    by 400.
    """
    year = f"TRY_CAST(regexp_extract({term}, '([0-9]{{4}})-', 1) AS INTEGER)"
    leap = f"({year} % 4 = 0 AND ({year} % 100 <> 0 OR {year} % 400 = 0))"
    return (
        f"""regexp_matches({term}, '^{quote}-?[0-9]+-(?:02-3|(?:0[469]|11)-31)')"""
        f""" OR (regexp_matches({term}, '^{quote}-?[0-9]+-02-29') AND NOT {leap})"""
    )
