"""Terms in the SQL of DuckDB: those that collections gather, and those that are made later, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from kg.engines.duckdb import words
from kg.engines.duckdb.gather_sql import heads
from kg.engines.duckdb.late_sql import late_term
from kg.engines.sql.dialect import Dialect
from kg.engines.sql.made_term import LateSql
from kg.engines.sql.made_term import TermSql as TermSql
from kg.engines.sql.terms import Bindings, Value
from kg.engines.sql.terms import TermPrinter as AnyTermPrinter
from kg.mapping.calls import lookups
from kg.mapping.plan import Call, Expression, Lookup, Reference
from kg.mapping.rules import (
    Bare,
    Check,
    Gathered,
    Iri,
    Term,
    bare,
    condition_of,
    expressions,
    skips,
)
from kg.sql import sql_text


class TermPrinter(AnyTermPrinter):
    """Prints the terms that are made of the records of a table."""

    dialect: ClassVar[Dialect] = words

    def term(self, term: Term) -> TermSql:
        """Return the SQL of a term."""
        made, condition = bare(term), condition_of(term)
        if isinstance(made, Gathered):
            return heads(self, made, condition)
        whole = super().term(term)
        if condition is not None or skips(term):
            return whole
        return replace(whole, late=self._late(made, expressions(term)))

    def _late(self, made: Bare, parts: Sequence[Expression]) -> LateSql | None:
        """Return the SQL of the text that a term is made of; None where it is not so simple."""
        found = late_term(made)
        if found is None:
            return None
        value, shape = found
        texts: dict[str, str] = {}

        def given(bindings: Bindings) -> str:
            kind = bindings[value].kind if isinstance(value, Reference) else None
            texts.update(v=self._plain(value, bindings), t=kind or "NULL::VARCHAR")
            return f"{{'v': {texts['v']}, 't': {texts['t']}}}"

        sql = self._over(parts, given).sql
        return LateSql(shape, texts["v"], texts["t"], sql)

    def rest(self, iri: Iri) -> str:
        """Return the SQL of an IRI, with its closing bracket, behind its prefix."""
        return self._rest(iri, self._bound(expressions(iri))[1])

    def given(self, call: Call, values: Sequence[str]) -> str:
        """Return the condition that a record gives a call these arguments, which are SQL."""

        def same(bindings: Bindings) -> str:
            pairs = zip(call.arguments, values, strict=True)
            found = [f"{self._plain(part, bindings)} IS NOT DISTINCT FROM {v}" for part, v in pairs]
            return " AND ".join(found) or "true"

        made = self._over(call.arguments, same)
        return words.has(made.sql, "true") if made.many else made.sql

    def bad_values(self, check: Check) -> str:
        """Return a query for file, record and value of what makes no valid term."""
        value = check.term.value
        _, bindings, lists = self._bound((value, *check.conditions))
        rows = f"SELECT * FROM {self.table.name}"
        for name, values in lists:
            rows = f"SELECT *, unnest({values}) AS {name} FROM ({rows})"
        bad = self._bad(check.term, bindings)
        for condition in check.conditions:
            bad = f"{self._truth(condition, bindings)} AND {bad}"
        shown = self._checked(check.term, bindings)
        return f"SELECT file, record, {shown} AS value FROM ({rows}) WHERE {bad}"

    def _bind_inside(
        self, parts: Sequence[Expression], bindings: dict[Reference | Call, Value]
    ) -> None:
        # DuckDB has no queries where values of a list are gone through.
        for call in dict.fromkeys(call for part in parts for call in lookups(part)):
            value = self._plain(call.arguments[0], bindings)
            assert isinstance(call.function, Lookup)
            table = f"getvariable({sql_text(call.function.sql_name)})"
            bindings[call] = Value(f"{table}[{value}]", None)
