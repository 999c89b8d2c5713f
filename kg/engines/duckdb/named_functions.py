"""Which functions records name, where each may name another: the plan is read anew with these.

DuckDB takes half a second to plan a term that may be made by any function, and some milliseconds
for the few that are named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from kg.duck import sql_name
from kg.engines.duckdb.function_sql import truth_sql
from kg.engines.duckdb.term_sql import TermPrinter
from kg.engines.loaded import LoadedTable
from kg.mapping.calls import candidates, conditions
from kg.mapping.plan import Call, Chosen, Constant, Expression, Plan
from kg.mapping.rules import Check, Named
from kg.mapping.source_table import SourceTable
from kg.mapping.walk import changed
from kg.sql import sql_text


class NamesFound(Exception):
    """The plan is to be read anew with the functions that records name.

    Args:
        named: For each call the numbers of the functions among those that it may be of.
    """

    def __init__(self, named: Mapping[Call, Collection[int]]) -> None:
        super().__init__()
        self.named = named

    def applied(self, plan: Plan) -> Plan:
        """Return a plan with these functions alone."""
        return replace(plan, triples_maps=changed(plan.triples_maps, self._narrow))

    def _narrow(self, part: Any) -> Any:  # noqa: ANN401 (any part of a plan)
        if not isinstance(part, Call) or part not in self.named:
            return part
        pairs = list(zip(conditions(part), candidates(part), strict=True))
        kept = [each for number in sorted(self.named[part]) for each in pairs[number]]
        return Call(Chosen(is_whole=False), (part.arguments[0], *kept))


def find_names(
    connection: duckdb.DuckDBPyConnection, checks: Iterable[Check], loaded: Sequence[LoadedTable]
) -> None:
    """Look for the functions that records name.

    Raises:
        NamesFound: That was not done before.
    """
    tables = {entry.table.name: entry.table for entry in loaded}
    found: dict[Call, set[int]] = {}
    for check in checks:
        call = check.term.call if isinstance(check.term, Named) else None
        if call is None or not isinstance(call.function, Chosen) or not call.function.is_whole:
            continue
        if check.table.name in tables:
            found.setdefault(call, set()).update(_named(connection, call, tables[check.table.name]))
    if found:
        raise NamesFound(found)


def _named(connection: duckdb.DuckDBPyConnection, call: Call, table: SourceTable) -> Iterator[int]:
    """Yield the numbers of the functions that the records of a table name."""
    name = call.arguments[0]

    def plain(part: Expression) -> str:
        return "name" if part == name or not isinstance(part, Constant) else sql_text(part.value)

    made = TermPrinter(table).key(name)
    shown = f"unnest({made.sql})" if made.many else made.sql
    means = ", ".join(f"bool_or({truth_sql(each, plain)})" for each in conditions(call))
    row = connection.execute(
        f"SELECT {means} FROM (SELECT DISTINCT {shown} AS name FROM {sql_name(table.name)})"
    ).fetchone()
    assert row is not None
    yield from (number for number, is_named in enumerate(row) if is_named)
