"""From triples back to the records of tables and documents that a mapping made them of.

The rules of the mapping run once more, with the number of the record kept, over the records whose
subject is asked for: one scan for each triples map that could have made one of the triples,
however many are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

import duckdb

from kg.duck import sql_name
from kg.engines.duckdb import dialect
from kg.engines.duckdb.compile import compile_plan
from kg.engines.duckdb.loading import LoadedTable, load_table, locate_all
from kg.engines.duckdb.term_sql import TermCompiler, TermSql
from kg.errors import Location
from kg.lineage.asked import Trace, Wanted
from kg.mapping.plan import (
    Constant,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    RefObjectMap,
    Template,
    TermMap,
    TriplesMap,
    both,
    references,
    term_references,
)
from kg.mapping.source_table import SourceTable
from kg.mapping.tables import source_tables
from kg.sources import Folders

# Records of one triple that are told apart; a class that a million records share has a million.
MOST_RECORDS: Final = 20


class RecordTracer:
    """Traces triples that the rules of a plan made.

    Args:
        connection: From `kg.duck.engine`; source tables are read into it as they are needed.
        plan: The plan that made the graph.
        folders: Where the sources are.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, folders: Folders) -> None:
        self._connection = connection
        self._plan = plan
        self._folders = folders
        self._loaded: dict[str, LoadedTable] = {}
        self._located_in = ""
        self._located: dict[tuple[int, int], Location] = {}
        self._checked: set[str] = set()

    def trace(self, asked: Sequence[Wanted]) -> Iterator[Trace]:
        """Yield the records behind triples, in the order of the mapping and of the records."""
        for triples_map in self._plan.triples_maps:
            near = [w for w in asked if _could_make(triples_map, w)]
            if near:
                yield from self._trace_map(triples_map, near)

    def _trace_map(self, triples_map: TriplesMap, wanted: Sequence[Wanted]) -> Iterator[Trace]:
        self._check(triples_map)
        table = self._tables[triples_map.source]
        loaded = self._load(table)
        terms = TermCompiler(table, triples_map.base, triples_map.name)
        subject = terms.term(triples_map.subject)
        self._write_wanted(wanted)
        source = f"(SELECT *, {subject.sql} AS kg_s FROM {sql_name(table.name)})"
        if subject.many:
            source = f"(SELECT *, unnest({subject.sql}) AS kg_s FROM {sql_name(table.name)})"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE kg_records AS SELECT * FROM {source} AS r"
            " WHERE kg_s IN (SELECT s FROM kg_wanted)"
        )
        rules = list(_rules(triples_map))
        for pair, object_map in rules:
            if _could_give(pair, wanted):
                yield from self._trace_rule(loaded, triples_map, terms, pair, object_map, wanted)
        if not rules:
            yield from self._subjects(loaded, triples_map, wanted)

    @cached_property
    def _tables(self) -> Mapping[LogicalSource, SourceTable]:
        """The tables that the sources are read into, by means of the dialect's macros."""
        for macro in dialect.MACROS:
            self._connection.execute(macro)
        return source_tables(self._plan)

    def _check(self, triples_map: TriplesMap) -> None:
        """Compile a triples map, for what is wrong with it.

        Of the triples maps that it refers to, only the subjects matter: what these refer to in
        turn is compiled when they are traced themselves.
        """
        if triples_map.name in self._checked:
            return
        self._checked.add(triples_map.name)
        referred = {m.parent for _, m in _rules(triples_map) if isinstance(m, RefObjectMap)}
        parents = (
            replace(each, predicate_objects=())
            for each in self._plan.triples_maps
            if each.name in referred - {triples_map.name}
        )
        compile_plan(Plan((triples_map, *parents)))

    def _write_wanted(self, wanted: Sequence[Wanted]) -> None:
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE kg_wanted (id INTEGER, s VARCHAR, p VARCHAR, o VARCHAR)"
        )
        self._connection.executemany(
            "INSERT INTO kg_wanted VALUES (?, ?, ?, ?)",
            [(n, w.subject, w.predicate, w.object) for n, w in enumerate(wanted)],
        )

    def _trace_rule(
        self,
        loaded: LoadedTable,
        triples_map: TriplesMap,
        terms: TermCompiler,
        pair: PredicateObjectMap,
        object_map: TermMap | RefObjectMap,
        wanted: Sequence[Wanted],
    ) -> Iterator[Trace]:
        names = _column_names(object_map)
        objects = self._objects(terms, object_map)
        for predicate_map in pair.predicates:
            predicate = terms.term(predicate_map).sql
            rows = f"SELECT file, record, kg_s, {predicate} AS p, o FROM ({objects})"
            found = self._connection.execute(
                "SELECT id, file, record, r.p, r.o FROM kg_wanted AS w JOIN"
                f" ({rows}) AS r ON w.s = r.kg_s AND (w.p IS NULL OR w.p = r.p)"
                " AND (w.o IS NULL OR w.o = r.o)"
                " WHERE w.p IS NOT NULL OR r.o IS NOT NULL"
                " QUALIFY row_number() OVER (PARTITION BY id, r.p, r.o ORDER BY file, record)"
                f" <= {MOST_RECORDS} ORDER BY id, file, record, r.o"
            ).fetchall()
            places = self._places(loaded, ((row[1], row[2]) for row in found))
            for identifier, file, record, p, o in found:
                place = places[file, record].within(names)
                yield Trace(wanted[identifier], place, p, o, triples_map.name)

    def _objects(self, terms: TermCompiler, object_map: TermMap | RefObjectMap) -> str:
        """Return a query for file, record, kg_s, o of the records asked for."""
        if isinstance(object_map, TermMap):
            return _unnested(terms.term(object_map), "kg_records")
        parent = self._plan.triples_map(object_map.parent)
        if not object_map.joins:
            own = TermCompiler(terms.table, parent.base, parent.name)
            chosen = both(parent.subject.condition, object_map.condition)
            made = own.term(replace(parent.subject, condition=chosen))
            return _unnested(made, "kg_records")
        self._load(self._tables[parent.source])
        other = TermCompiler(self._tables[parent.source], parent.base, parent.name)
        child_keys = {f"k{n}": terms.key(j.child) for n, j in enumerate(object_map.joins)}
        parent_keys = {f"k{n}": other.key(j.parent) for n, j in enumerate(object_map.joins)}
        records = "kg_records"
        if object_map.condition is not None:
            records = f"(SELECT * FROM {records} WHERE {terms.holds(object_map.condition)})"
        child = _with_columns(records, child_keys, "file, record, kg_s")
        subject = {"o": other.term(parent.subject), **parent_keys}
        found = _with_columns(sql_name(self._tables[parent.source].name), subject, "")
        condition = " AND ".join(f"child.k{n} = parent.k{n}" for n in range(len(child_keys)))
        return (
            f"SELECT DISTINCT file, record, kg_s, o FROM ({child}) AS child"
            f" LEFT JOIN ({found}) AS parent ON {condition}"
        )

    def _subjects(
        self, loaded: LoadedTable, triples_map: TriplesMap, wanted: Sequence[Wanted]
    ) -> Iterator[Trace]:
        found = self._connection.execute(
            "SELECT DISTINCT id, file, record FROM kg_wanted JOIN kg_records ON s = kg_s"
            f" ORDER BY id, file, record LIMIT {MOST_RECORDS}"
        ).fetchall()
        names = ", ".join(r.name for r in term_references(triples_map.subject)) or None
        places = self._places(loaded, ((row[1], row[2]) for row in found))
        for identifier, file, record in found:
            place = places[file, record].within(names)
            yield Trace(wanted[identifier], place, None, None, triples_map.name)

    def _places(
        self, loaded: LoadedTable, records: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], Location]:
        """Return where records are; those of the triples map at hand are remembered."""
        if self._located_in != loaded.table.name:
            self._located_in, self._located = loaded.table.name, {}
        unknown = {record for record in records if record not in self._located}
        self._located |= locate_all(loaded, sorted(unknown))
        return self._located

    def _load(self, table: SourceTable) -> LoadedTable:
        if table.name not in self._loaded:
            self._loaded[table.name] = load_table(self._connection, table, self._folders)
        return self._loaded[table.name]


def _could_make(triples_map: TriplesMap, wanted: Wanted) -> bool:
    """Whether a triples map could make the triple, by its constants and its subject's template."""
    pattern = _pattern(triples_map.subject, triples_map.base)
    if pattern is not None and not pattern.fullmatch(wanted.subject):
        return False
    return wanted.predicate is None or any(
        _could_give(pair, [wanted]) for pair in triples_map.predicate_objects
    )


def _could_give(pair: PredicateObjectMap, wanted: Iterable[Wanted]) -> bool:
    """Whether predicates and objects could make one of the triples, by the constants."""
    asked = {each.predicate for each in wanted}
    return None in asked or any(
        not isinstance(predicate.expression, Constant) or f"<{predicate.expression.value}>" in asked
        for predicate in pair.predicates
    )


def _pattern(term_map: TermMap, base: str) -> re.Pattern[str] | None:
    expression = term_map.expression
    if not term_map.term_type.is_iri or not isinstance(expression, Template | Constant):
        return None
    if isinstance(expression, Constant):
        return re.compile(f"<({re.escape(base)})?{re.escape(expression.value)}>", re.DOTALL)
    inner = "".join(re.escape(p) if isinstance(p, str) else ".*" for p in expression.parts)
    return re.compile(f"<({re.escape(base)})?{inner}>", re.DOTALL)


def _rules(
    triples_map: TriplesMap,
) -> Iterator[tuple[PredicateObjectMap, TermMap | RefObjectMap]]:
    for pair in triples_map.predicate_objects:
        for object_map in pair.objects:
            yield pair, object_map


def _column_names(object_map: TermMap | RefObjectMap) -> str | None:
    if isinstance(object_map, TermMap):
        names = [r.name for r in term_references(object_map)]
    else:
        names = [r.name for join in object_map.joins for r in references(join.child)]
    return ", ".join(dict.fromkeys(names)) or None


def _unnested(term: TermSql, rows: str) -> str:
    """Return a query for file, record, kg_s, o; a record without a value has NULL in o."""
    if not term.many:
        return f"SELECT file, record, kg_s, {term.sql} AS o FROM {rows}"
    values = f"CASE WHEN len({term.sql}) > 0 THEN {term.sql} ELSE [NULL] END"
    return f"SELECT file, record, kg_s, unnest({values}) AS o FROM {rows}"


def _with_columns(rows: str, columns: dict[str, TermSql], kept: str) -> str:
    """Return a query for expressions of a table's rows, lists unnested one after another."""
    shown = [kept] if kept else []
    for name, term in columns.items():
        if term.many:
            rows = f"(SELECT *, unnest({term.sql}) AS {name} FROM {rows})"
            shown.append(name)
        else:
            shown.append(f"{term.sql} AS {name}")
    return f"SELECT {', '.join(shown)} FROM {rows}"
