"""What a triples map loses, in the SQL of DuckDB."""

from __future__ import annotations

from collections.abc import Sequence

from kg.engines.duckdb.term_sql import TermPrinter
from kg.engines.sql.losses import LossPrinter as AnyLossPrinter
from kg.engines.sql.losses import LossSql as LossSql
from kg.engines.sql.losses import UnfitSql as UnfitSql
from kg.engines.sql.made_term import TermSql
from kg.mapping.rules import Crossing, MapRules, Parent


class LossPrinter(AnyLossPrinter):
    """Prints what is counted of a triples map."""

    def __init__(self, rules: MapRules) -> None:
        super().__init__(rules, TermPrinter(rules.table))

    def lacking(
        self, parent: Parent, child: Sequence[TermSql], keys: Sequence[TermSql]
    ) -> tuple[str, str]:
        """Return what says that no parent has the values of a child."""
        missing = TermPrinter(parent.table).term(parent.subject).missing
        rows, found = _unnested(parent.table.name, keys)
        there = [f"{name} IS NOT NULL" for name in found]
        there += [f"NOT ({missing})"] if missing else []
        parents = f"SELECT {', '.join(found)} FROM {rows} WHERE {' AND '.join(there)}"
        if not any(key.many for key in child):
            return f"{_tuple([key.sql for key in child])} NOT IN ({parents})", ""
        rows, own = _unnested(self.rules.table.name, child)
        joined = f"SELECT file, record FROM {rows} WHERE {_tuple(own)} IN ({parents})"
        return f"(file, record) NOT IN ({joined})", ""

    def has_own_subject(self) -> bool:
        """Return whether each record should have a subject of its own."""
        return self.rules.losses.is_thing and not self.printer.term(self.rules.subject).many


def combinations(crossing: Crossing) -> str:
    """Return the SQL of the number of combinations of values that a record gives."""
    return " * ".join(f"coalesce(len(c{c.index}), 0)::DOUBLE" for c in crossing.columns)


def crosses(crossing: Crossing) -> str:
    """Return the SQL of how many of the references have several values in a record."""
    columns = dict.fromkeys(crossing.columns)
    return " + ".join(f"(len(c{c.index}) > 1)::INTEGER" for c in columns)


def _unnested(table: str, keys: Sequence[TermSql]) -> tuple[str, list[str]]:
    """Return rows with a column for each value, lists unnested one after another."""
    rows, shown = table, []
    for number, key in enumerate(keys):
        if key.many:
            rows = f"(SELECT *, unnest({key.sql}) AS m{number} FROM {rows})"
        shown.append(f"m{number}" if key.many else key.sql)
    return rows, shown


def _tuple(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"
