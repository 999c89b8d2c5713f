"""Finds what bears a name, holds a text or has a date, in the quad table: one pass for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from kg.builds import check_build
from kg.duck import engine, sql_text
from kg.quads import QuadTable
from kg.temporary import temporary_folder
from kg.terms import escape
from kg.workspace import Build


def find_labelled(
    build: Build, text: str, predicates: Sequence[str], most: int
) -> list[tuple[str, str]]:
    """Return IRIs with a label that holds a text, each with one such label; the shortest first.

    Args:
        build: The build.
        text: What the label holds, whatever the case of its letters.
        predicates: The predicates of labels, as terms.
        most: How many at most.

    Raises:
        InputError: The build is damaged.
        LimitError: The memory limit was reached.
    """
    table = QuadTable(check_build(build).quads)
    listed = ", ".join(map(sql_text, predicates))
    sql = f"""
        SELECT s, min_by(o, (length(o), o)) AS label FROM {table.sql}
        WHERE p IN ({listed}) AND starts_with(s, '<') AND starts_with(o, '"')
          AND contains(lower(o), lower(?))
          -- Not where only the language or the datatype holds the text.
          AND contains(lower(regexp_replace(o, '"[^"]*$', '')), lower(?))
        GROUP BY s ORDER BY length(label), label, s LIMIT {most}"""
    wanted = escape(text)
    return _rows(sql, [wanted, wanted])


def find_said(build: Build, text: str, left_out: Sequence[str], most: int) -> list[tuple[str, str]]:
    """Return IRIs with a literal that holds a text, each with the shortest such; those first.

    Args:
        build: The build.
        text: What the literal holds, whatever the case of its letters.
        left_out: Predicates, as terms, that do not count.
        most: How many at most.

    Raises:
        InputError: The build is damaged.
        LimitError: The memory limit was reached.
    """
    table = QuadTable(check_build(build).quads)
    listed = ", ".join(map(sql_text, left_out)) or "''"
    sql = f"""
        SELECT s, min_by(o, (length(o), o)) AS said FROM {table.sql}
        WHERE p NOT IN ({listed}) AND starts_with(s, '<') AND starts_with(o, '"')
          AND contains(lower(o), lower(?))
          AND contains(lower(regexp_replace(o, '"[^"]*$', '')), lower(?))
        GROUP BY s ORDER BY length(said), said, s LIMIT {most}"""
    wanted = escape(text)
    return _rows(sql, [wanted, wanted])


def find_on_day(build: Build, day: str, most: int) -> list[tuple[str, str, str]]:
    """Return IRIs with a date on a day, each with the predicate and the date; the last first.

    Args:
        build: The build.
        day: As `day_in` gives it.
        most: How many at most.

    Raises:
        InputError: The build is damaged.
        LimitError: The memory limit was reached.
    """
    table = QuadTable(check_build(build).quads)
    pattern = rf'"{day}(T[^"]*|Z|[+-]\d\d:\d\d)?"\^\^<{re.escape(_XSD_DATE)}(Time)?>'
    sql = f"""
        SELECT DISTINCT s, p, o FROM {table.sql}
        WHERE starts_with(s, '<') AND starts_with(o, '"') AND regexp_full_match(o, ?)
        ORDER BY o DESC, s, p LIMIT {most}"""
    return _rows(sql, [pattern])


_XSD_DATE: Final = "http://www.w3.org/2001/XMLSchema#date"
_ANY_YEAR: Final = r"\d{4}"
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_MONTH: Final = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS)
_DAYS: Final = (
    re.compile(r"(?P<year>\d{4})-(?P<number>\d\d)-(?P<day>\d\d)"),
    re.compile(
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?"
        r"(?:,?\s+(?P<year>\d{4})\b)?"
    ),
    re.compile(
        rf"\b(?P<month>{_MONTH})\b\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year>\d{{4}})\b)?"
    ),
)


def day_in(text: str) -> str:
    r"""Return the pattern of a day that a text names, of any year if it names none; or nothing.

    >>> day_in("what flew on 18 November?"), day_in("Nov 18th, 2022"), day_in("2022-11-18")
    ('\\d{4}-11-18', '2022-11-18', '2022-11-18')
    >>> day_in("in November 2022")
    ''
    """
    for pattern in _DAYS:
        found = pattern.search(text.lower())
        if found is None:
            continue
        parts = found.groupdict()
        short = [name[:3] for name in _MONTHS]
        month = int(parts.get("number") or 1 + short.index(parts["month"][:3]))
        year = parts["year"] or _ANY_YEAR
        return f"{year}-{month:02}-{int(parts['day']):02}"
    return ""


def _rows(sql: str, parameters: Sequence[str]) -> list[Any]:
    with temporary_folder("search") as folder, engine(folder) as connection:
        return connection.execute(sql, list(parameters)).fetchall()
