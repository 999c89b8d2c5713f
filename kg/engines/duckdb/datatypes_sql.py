"""Lexical spaces of datatypes, as conditions on whole literals."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import TYPE_CHECKING, Final

from kg.datatypes import DATES, LEXICAL_SPACES, MONTH_DAY, RANGES
from kg.engines.duckdb import patterns
from kg.engines.sql.datatypes import no_such_day, no_such_month_day
from kg.sql import sql_text

if TYPE_CHECKING:
    import duckdb

# What literals begin with.
_QUOTE: Final = '"'


def datatypes_in(connection: duckdb.DuckDBPyConnection, rows: str) -> set[str]:
    """Return the datatypes that literals of rows have, by how they end.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the column o.
    """
    ending = "regexp_extract(o, '\\^\\^<([^<>]*)>$', 1)"
    found = connection.execute(f"SELECT DISTINCT {ending} FROM ({rows}) WHERE ends_with(o, '>')")
    return {datatype for (datatype,) in found.fetchall()}


def ill_typed_sql(term: str, datatypes: Container[str] | None = None) -> str:
    """Return SQL that says whether a literal's text is outside its datatype's lexical space.

    Args:
        term: SQL for a typed literal. Unknown datatypes have no ill-typed literals.
        datatypes: The datatypes that it may have; by default any. Fewer are planned sooner.
    """
    cases = []
    for iri, pattern in LEXICAL_SPACES.items():
        if datatypes is not None and iri not in datatypes:
            continue
        tail = f'"^^<{iri}>'
        text = f"substr({term}, 2, length({term}) - {len(tail) + 1})"
        # The whole literal is matched, since cutting the text out first costs more.
        whole = f'"(?:{pattern})"\\^\\^<{re.escape(iri)}>'
        wrong = f"NOT regexp_full_match({term}, {sql_text(whole)})"
        if iri in RANGES:
            wrong += f" OR {patterns.out_of_range(text, *RANGES[iri])}"
        elif iri in DATES:
            wrong += f" OR {no_such_day(patterns, term, _QUOTE)}"
        elif iri == MONTH_DAY:
            wrong += f" OR {no_such_month_day(patterns, term, _QUOTE)}"
        cases.append(f" WHEN ends_with({term}, {sql_text(tail)}) THEN {wrong}")
    return f"CASE{''.join(cases)} ELSE false END" if cases else "false"
