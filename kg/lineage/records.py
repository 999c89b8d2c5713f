"""Trace triples to the records of tables and documents from which a mapping made them.

The mapping's rules run again in DuckDB over the records with a wanted subject, and keep the record
number: one scan for each triples map that could have made a wanted triple, for any number of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import sql_name, sql_text
from kg.engines.duckdb.bad_values import ListsFound
from kg.engines.duckdb.collections_sql import (
    FIRST,
    REST,
    CollectionSql,
    collection_queries,
    gathered_tables,
    parent_tables,
)
from kg.engines.duckdb.loading import drop_table
from kg.engines.duckdb.prepare import prepare
from kg.engines.duckdb.rule_sql import traced_sql
from kg.engines.duckdb.term_sql import TermPrinter, TermSql
from kg.engines.duckdb.view_loading import load_any
from kg.engines.loaded import LoadedTable, locate_all
from kg.errors import Location
from kg.lineage.asked import Trace, Wanted
from kg.mapping.flatten import flatten
from kg.mapping.lists import with_lists
from kg.mapping.plan import Plan, Template
from kg.mapping.rules import (
    CheckedIri,
    Collection,
    Fixed,
    Gathered,
    Iri,
    MapRules,
    Parent,
    Rule,
    Rules,
    Term,
    bare,
    expressions,
    reference_names,
)
from kg.mapping.source_table import SourceTable, tables_under
from kg.rejects import current
from kg.sources import Folders
from kg.terms import RDF, RDF_TYPE

# Most records returned for one triple; a class may have a million.
MOST_RECORDS: Final = 20


class RecordTracer:
    """Traces triples that the rules of a plan made.

    Args:
        connection: From `kg.duck.engine`; source tables are loaded into it when needed.
        plan: The plan that made the graph.
        folders: Where the sources are.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan, folders: Folders) -> None:
        self._connection = connection
        self._plan = plan
        self._folders = folders
        self._loaded: dict[str, LoadedTable] = {}
        self._files: dict[Path, None] = {}
        self._located_in = ""
        self._located: dict[tuple[int, int], Location] = {}

    @property
    def read(self) -> tuple[Path, ...]:
        """The files read so far."""
        return tuple(self._files)

    def trace(self, asked: Sequence[Wanted]) -> Iterator[Trace]:
        """Yield the records behind triples, in the order of the mapping and of the records.

        Raises:
            InputError: The plan cannot be run.
        """
        for number in range(len(self._rules.maps)):
            near = [w for w in asked if _could_make(self._rules.maps[number], w)]
            if near:
                yield from self._trace_map(self._read(number, near), near)
        if near := [w for w in asked if _is_of_members(w)]:
            yield from self._trace_members(near)

    def _read(self, number: int, wanted: Sequence[Wanted]) -> MapRules:
        """Read the tables of a triples map, and return its rules: lists in them change these."""
        while True:
            rules = self._rules.maps[number]
            try:
                self._load(rules.table)
                for rule in rules.rules:
                    if isinstance(rule.object, Parent) and _could_give(rule, wanted):
                        self._load(rule.object.table)
                    self._load_named(gathered_tables(rule))
                self._load_named(parent_tables(rules.subject))
            except ListsFound as found:
                self._read_anew(found)
            else:
                return rules

    def _read_anew(self, found: ListsFound) -> None:
        """Have everything read anew, with the members of lists."""
        for entry in self._loaded.values():
            drop_table(self._connection, entry)
        self._loaded.clear()
        self._located_in = ""
        self._plan = with_lists(self._plan, found.source, found.names)
        del self._rules

    def _load_named(self, names: Iterable[str]) -> None:
        tables = {table.name: table for table in self._rules.tables}
        for name in names:
            self._load(tables[name])

    @cached_property
    def _rules(self) -> Rules:
        """The rules, which need the dialect's macros in DuckDB."""
        prepare(self._connection, self._plan, self._folders)
        return flatten(self._plan, skips=current() is not None)

    def _trace_map(self, rules: MapRules, wanted: Sequence[Wanted]) -> Iterator[Trace]:
        loaded = self._load(rules.table)
        subject = TermPrinter(rules.table).term(rules.subject)
        self._write_wanted(wanted)
        made = f"unnest({subject.sql})" if subject.many else subject.sql
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE kg_records AS SELECT * FROM (SELECT *, {made} AS kg_s"
            f" FROM {sql_name(rules.table.name)}) AS r WHERE kg_s IN (SELECT s FROM kg_wanted)"
        )
        # Rules that differ only in the graph give the same triples.
        different = {(rule.predicate, rule.object): rule for rule in reversed(rules.rules)}
        for rule in reversed(different.values()):
            if _could_give(rule, wanted):
                yield from self._trace_rule(loaded, rule, wanted)
        if not rules.rules:
            yield from self._subjects(loaded, rules, wanted)

    def _trace_members(self, wanted: Sequence[Wanted]) -> Iterator[Trace]:
        """Yield the records that gave the members of collections and containers."""
        self._write_wanted(wanted)
        done: set[tuple[Collection, ...]] = set()
        while True:
            try:
                for each in self._collections():
                    if each.made not in done and _could_gather(each.made, wanted):
                        self._load_named(each.tables)
                        yield from self._trace_collection(each, wanted)
                    done.add(each.made)
            except ListsFound as found:
                self._read_anew(found)
            else:
                return

    def _collections(self) -> Iterator[CollectionSql]:
        maps = self._rules.maps

        def graph(collection: Collection) -> TermSql:
            none = TermSql("NULL::VARCHAR", False, "")
            graph = collection.graph
            return none if graph is None else TermPrinter(collection.table).term(graph)

        return collection_queries(maps, graph, sql_text)

    def _trace_collection(
        self, collection: CollectionSql, wanted: Sequence[Wanted]
    ) -> Iterator[Trace]:
        found = self._connection.execute(
            "SELECT DISTINCT id, m, c, f, r, made.p, made.o FROM kg_wanted AS w"
            f" JOIN ({collection.sql}) AS made ON w.s = made.s"
            " AND (w.p IS NULL OR w.p = made.p) AND (w.o IS NULL OR w.o = made.o)"
            " QUALIFY row_number() OVER (PARTITION BY id, made.p, made.o ORDER BY m, f, r)"
            f" <= {MOST_RECORDS} ORDER BY id, m, f, r, made.p, made.o"
        ).fetchall()
        by_number = {each.number: each for each in collection.made}
        for identifier, m, c, file, record, p, o in found:
            made = by_number[m, c]
            place = self._places(self._load(made.table), [(file, record)])[file, record]
            names = _columns(made.gathered)
            yield Trace(wanted[identifier], place.within(names), p, o, made.triples_map)

    def _write_wanted(self, wanted: Sequence[Wanted]) -> None:
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE kg_wanted (id INTEGER, s VARCHAR, p VARCHAR, o VARCHAR)"
        )
        # One statement for all rows: each would take DuckDB about a millisecond.
        columns = [
            list(range(len(wanted))),
            [each.subject for each in wanted],
            [each.predicate for each in wanted],
            [each.object for each in wanted],
        ]
        self._connection.execute(
            "INSERT INTO kg_wanted SELECT unnest(?::INTEGER[]),"
            " unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
            columns,
        )

    def _trace_rule(
        self, loaded: LoadedTable, rule: Rule, wanted: Sequence[Wanted]
    ) -> Iterator[Trace]:
        if isinstance(rule.object, Parent):
            self._load(rule.object.table)
        names = _columns(rule.object)
        found = self._connection.execute(
            "SELECT id, file, record, r.p, r.o FROM kg_wanted AS w JOIN"
            f" ({traced_sql(rule, 'kg_records')}) AS r ON w.s = r.s AND (w.p IS NULL OR w.p = r.p)"
            " AND (w.o IS NULL OR w.o = r.o)"
            " WHERE w.p IS NOT NULL OR r.o IS NOT NULL"
            " QUALIFY row_number() OVER (PARTITION BY id, r.p, r.o ORDER BY file, record)"
            f" <= {MOST_RECORDS} ORDER BY id, file, record, r.o"
        ).fetchall()
        places = self._places(loaded, ((row[1], row[2]) for row in found))
        for identifier, file, record, p, o in found:
            place = places[file, record].within(names)
            yield Trace(wanted[identifier], place, p, o, rule.triples_map)

    def _subjects(
        self, loaded: LoadedTable, rules: MapRules, wanted: Sequence[Wanted]
    ) -> Iterator[Trace]:
        found = self._connection.execute(
            "SELECT DISTINCT id, file, record FROM kg_wanted JOIN kg_records ON s = kg_s"
            " QUALIFY dense_rank() OVER (PARTITION BY id ORDER BY file, record)"
            f" <= {MOST_RECORDS} ORDER BY id, file, record"
        ).fetchall()
        names = _columns(rules.subject)
        places = self._places(loaded, ((row[1], row[2]) for row in found))
        for identifier, file, record in found:
            place = places[file, record].within(names)
            yield Trace(wanted[identifier], place, None, None, rules.name)

    def _places(
        self, loaded: LoadedTable, records: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], Location]:
        """Return the places of records; those of the current table are cached."""
        if self._located_in != loaded.table.name:
            self._located_in, self._located = loaded.table.name, {}
        unknown = {record for record in records if record not in self._located}
        self._located |= locate_all(loaded, sorted(unknown))
        return self._located

    def _load(self, table: SourceTable) -> LoadedTable:
        if table.name not in self._loaded:
            for under in tables_under(table):
                self._load(under)
            found = load_any(self._connection, table, self._loaded.values(), self._folders)
            self._loaded[table.name] = found
            self._files.update(dict.fromkeys(found.files))
        return self._loaded[table.name]


def _could_make(rules: MapRules, wanted: Wanted) -> bool:
    """Whether a triples map could make the triple, by its constants and its subject's template."""
    pattern = _pattern(rules.subject)
    if pattern is not None and not pattern.fullmatch(wanted.subject):
        return False
    return wanted.predicate is None or any(_could_give(rule, [wanted]) for rule in rules.rules)


def _is_of_members(wanted: Wanted) -> bool:
    """Whether a triple may say something of the members of a collection or container."""
    told = (f"<{RDF}_", FIRST, REST, RDF_TYPE)
    return wanted.predicate is None or wanted.predicate.startswith(told)


def _could_gather(collections: Iterable[Collection], wanted: Iterable[Wanted]) -> bool:
    """Whether one of the collections may be, or have a cell that is, the subject of a triple."""
    for each in collections:
        pattern = None if each.gathered.head is None else _pattern(each.gathered.head)
        for asked in wanted:
            blank = asked.subject.startswith("_:")
            if blank or (each.gathered.head is not None and not pattern):
                return True
            if pattern is not None and pattern.fullmatch(asked.subject):
                return True
    return False


def _could_give(rule: Rule, wanted: Iterable[Wanted]) -> bool:
    """Whether a rule could make one of the triples, by its predicate."""
    asked, predicate = {each.predicate for each in wanted}, bare(rule.predicate)
    return None in asked or not isinstance(predicate, Fixed) or predicate.term in asked


def _pattern(subject: Term) -> re.Pattern[str] | None:
    """Return a pattern for the terms that a subject map makes; None if they may be any."""
    made = bare(subject)
    if isinstance(made, Gathered) and made.head is not None and not made.keeps_empty:
        made = made.head
    if isinstance(made, Fixed):
        return re.compile(re.escape(made.term))
    if isinstance(made, Iri):
        before, parts = re.escape(made.prefix), made.parts
    elif isinstance(made, CheckedIri) and isinstance(made.value, Template):
        before, parts = f"({re.escape(made.base)})?", made.value.parts
    else:
        return None
    inner = "".join(re.escape(p) if isinstance(p, str) else ".*" for p in parts)
    return re.compile(f"<{before}{inner}>", re.DOTALL)


def _columns(made: Term | Parent) -> str | None:
    """Return the references of a term map, as messages name them."""
    parts = [key for key, _ in made.keys] if isinstance(made, Parent) else expressions(made)
    return ", ".join(reference_names(parts)) or None
