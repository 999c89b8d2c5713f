"""Terms in the SQL of Spark; a bad value gives none, as a survey has found before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Final

from kg.engines.spark import words
from kg.engines.sql.dialect import Dialect
from kg.engines.sql.made_term import TermSql
from kg.engines.sql.terms import Bindings, Value
from kg.engines.sql.terms import TermPrinter as AnyTermPrinter
from kg.mapping.plan import Call, Expression, Reference, Template, TermType
from kg.mapping.rules import Check, Literal, Term, bare, expressions, looked_at
from kg.mapping.source_table import SourceTable
from kg.terms import escape

_COLUMN: Final = re.compile(r"c[0-9]+")


class TermPrinter(AnyTermPrinter):
    """Prints the terms that are made of the records of a table."""

    dialect: ClassVar[Dialect] = words

    def bad_values(self, check: Check) -> TermSql:
        """Return the SQL of what makes no valid term; others are NULL."""

        def bad(bindings: Bindings) -> str:
            found = [self._truth(condition, bindings) for condition in check.conditions]
            found.append(self._bad(check.term, bindings))
            shown = self._checked(check.term, bindings)
            return f"CASE WHEN {' AND '.join(found)} THEN {shown} END"

        return self._over((check.term.value, *check.conditions), bad)

    def spoiled(self, term: Term) -> TermSql | None:
        """Return the SQL of whether values that are all there make no valid term, else NULL.

        It is None where no value can do that.
        """
        made = bare(term)
        parts = looked_at(made)
        if not parts:
            return None

        def bad(bindings: Bindings) -> str:
            there = [f"{self._plain(e, bindings)} IS NOT NULL AND " for e in expressions(made)]
            wrong = " OR ".join(self._bad(part, bindings) for part in parts)
            chosen = self._if_chosen(term, bindings)
            return f"CASE WHEN {chosen}{''.join(there)}({wrong}) THEN '' END"

        return self._over(expressions(term), bad)

    def _bind_inside(
        self, parts: Sequence[Expression], bindings: dict[Reference | Call, Value]
    ) -> None:
        """Bind nothing: what Spark has is printed alike everywhere."""

    def _quoted(self, term: Literal, bindings: Bindings, ending: str = "") -> str:
        if isinstance(term.value, Template):
            # Each character is escaped for itself, so that parts can be, and constants beforehand.
            parts = [
                words.text(escape(part))
                if isinstance(part, str)
                else self._escaped(bindings[part].text)
                for part in term.value.parts
            ]
        else:
            parts = [self._escaped(self._lexical(term, bindings))]
        return words.concat(["'\"'", *parts, _joined('"', ending)])

    def _escaped(self, value: str) -> str:
        return words.escaped(value)


class SharedPrinter(TermPrinter):
    """Prints terms for one query, in which the values of all columns are encoded in one place.

    What encodes a value is long. Spark prints it into one method as often as it is used, and Java
    does not compile methods that are too long.
    """

    def __init__(self, table: SourceTable) -> None:
        super().__init__(table)
        self._found: dict[Callable[[str], str], list[str]] = {}

    def over(self, rows: str) -> str:
        """Return what is in the FROM clause: rows, with lists of the encoded values."""
        lists = "".join(
            f", transform(array({', '.join(columns)}), it -> {encode('it')}) AS kg_e{number}"
            for number, (encode, columns) in enumerate(self._found.items())
        )
        return f"(SELECT *{lists} FROM {rows})" if lists else rows

    def _escaped(self, value: str) -> str:
        return self._shared(words.escaped, value)

    def _encoder(self, kind: TermType) -> Callable[[str], str]:
        encode = super()._encoder(kind)
        return encode if encode is str else partial(self._shared, encode)

    def _shared(self, encode: Callable[[str], str], value: str) -> str:
        if not _COLUMN.fullmatch(value):
            return encode(value)
        columns = self._found.setdefault(encode, [])
        if value not in columns:
            columns.append(value)
        return f"get(kg_e{list(self._found).index(encode)}, {columns.index(value)})"


def _joined(mark: str, ending: str) -> str:
    """Return a mark and the SQL of what follows as one expression."""
    if not ending:
        return f"'{mark}'"
    return f"'{mark}{ending[1:]}" if ending.startswith("'") else f"concat('{mark}', {ending})"
