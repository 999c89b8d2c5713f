"""Terms in the SQL of Spark; a bad value gives none, as a survey has found before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kg.engines.spark import words
from kg.engines.sql.dialect import Dialect
from kg.engines.sql.made_term import TermSql
from kg.engines.sql.terms import Bindings, Value
from kg.engines.sql.terms import TermPrinter as AnyTermPrinter
from kg.mapping.plan import Call, Expression, Reference, Template
from kg.mapping.rules import Check, Literal, Term, bare, expressions, looked_at
from kg.terms import escape


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
                else words.escaped(bindings[part].text)
                for part in term.value.parts
            ]
        else:
            parts = [words.escaped(self._lexical(term, bindings))]
        return words.concat(["'\"'", *parts, _joined('"', ending)])


def _joined(mark: str, ending: str) -> str:
    """Return a mark and the SQL of what follows as one expression."""
    if not ending:
        return f"'{mark}'"
    return f"'{mark}{ending[1:]}" if ending.startswith("'") else f"concat('{mark}', {ending})"
