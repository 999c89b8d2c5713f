"""Terms that are made later: rules give what they are made of, and one query makes all of them.

A plan of some hundred rules calls the macros that write terms a few hundred times, and DuckDB
takes milliseconds to plan each call, far longer than it takes to run it on a small source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kg.engines.duckdb.dialect import array
from kg.engines.sql.made_term import Shape, TermSql
from kg.mapping.natural import Datatypes
from kg.mapping.plan import Reference, Template, TermType
from kg.mapping.rules import Bare, Fixed, Iri, Literal
from kg.sql import sql_text
from kg.terms import XSD_STRING

# Writes a literal with the natural datatype of its value.
NATURAL: Final = "kg_natural"
_QUOTED: Final = "kg_quoted"
_SAFE: Final = {TermType.IRI: "kg_iri_safe", TermType.URI: "kg_uri_safe"}


def late_term(term: Bare) -> tuple[Reference | Template, Shape] | None:
    """Return the text that a term is made of and its shape; None where there is more to it."""
    if isinstance(term, Iri):
        return _late_iri(term)
    if isinstance(term, Literal) and not term.turned:
        return _late_literal(term)
    return None


def _late_iri(term: Iri) -> tuple[Reference, Shape] | None:
    macro, rest = _SAFE.get(term.kind), term.parts[1:]
    if macro is None or not term.parts or not isinstance(term.parts[0], Reference):
        return None
    texts = [part for part in rest if isinstance(part, str)]
    if len(texts) < len(rest):
        return None
    return term.parts[0], Shape(f"<{term.prefix}", macro, f"{''.join(texts)}>")


def _late_literal(term: Literal) -> tuple[Reference | Template, Shape] | None:
    value, datatype = term.value, term.datatype
    if not isinstance(value, Reference | Template):
        return None
    if isinstance(term.language, str):
        return value, Shape("", _QUOTED, f"@{term.language}")
    if isinstance(datatype, Fixed):
        plain = datatype.term == f"<{XSD_STRING}>"
        return value, Shape("", _QUOTED, "" if plain else f"^^{datatype.term}")
    if term.language is not None or datatype is not None or term.natural is Datatypes.GUESS:
        return None
    is_natural = term.natural is Datatypes.NATURAL and isinstance(value, Reference)
    return value, Shape("", NATURAL if is_natural else _QUOTED, "")


class LateTerms:
    """The shapes of the terms of a program that are made later, with their numbers."""

    def __init__(self) -> None:
        self._numbers: dict[Shape, int] = {}

    def parts(self, made: TermSql) -> tuple[TermSql, dict[str, str]]:
        """Return a term, or what it is made of, and further columns: its shape and kind.

        A list has elements ``x_o``.
        """
        late = made.late
        if late is None:
            return made, {"k": "NULL::INTEGER", "t": "NULL::VARCHAR"}
        number = self._numbers.setdefault(late.shape, len(self._numbers) + 1)
        shape = f"{number}::INTEGER"
        if made.many:
            return replace(made, sql=late.list), {"o": "x_o.v", "k": shape, "t": "x_o.t"}
        return replace(made, sql=late.value), {"k": shape, "t": late.kind}

    def finished(self, rows: str, columns: str = "b, s, p, g") -> str:
        """Return a query for the object o, and for other columns, of rows with k and t."""
        shapes = list(self._numbers)
        if not shapes:
            return f"SELECT {columns}, o FROM {rows}"
        macros = dict.fromkeys(shape.macro for shape in shapes)
        numbers = {macro: number for number, macro in enumerate(macros)}
        cases = "".join(
            f" WHEN {number} THEN {_CALLS.get(macro, f'{macro}(o)')}"
            for macro, number in numbers.items()
        )
        listed = array([str(numbers[shape.macro]) for shape in shapes])
        prefixes = array([sql_text(shape.prefix) for shape in shapes])
        suffixes = array([sql_text(shape.suffix) for shape in shapes])
        made = f"{prefixes}[k] || CASE {listed}[k]{cases} END || {suffixes}[k]"
        term = f"CASE WHEN k IS NULL THEN o ELSE {made} END"
        return f"SELECT * FROM (SELECT {columns}, {term} AS o FROM {rows}) WHERE o IS NOT NULL"


_CALLS: Final[Mapping[str, str]] = {NATURAL: f"{NATURAL}(o, t)"}
