"""From the plan to a program of SQL: which tables to read, which rules make quads out of them.

Each logical source is read once, into a table of the references that are used and of the subjects
that its records have. Each predicate with its object is one scan of that table; a join is a join
of distinct keys, or only a test whether the parent is there, where the child's own values make the
parent's subject. Subjects travel without the text that those of a triples map share, constant
predicates and graphs as numbers: the one sort at the end compares little (see
`kg.engines.duckdb.order`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.engines.duckdb.accounts import account
from kg.engines.duckdb.dialect import array
from kg.engines.duckdb.joins import distinct_sql, numbered_keys, or_null, with_references
from kg.engines.duckdb.order import SubjectOrder, predicate_key
from kg.engines.duckdb.program import Part, Program, Rule, Stream
from kg.engines.duckdb.stream import Entry, stream_sql
from kg.engines.duckdb.term_sql import TermCompiler, TermSql
from kg.errors import InputError
from kg.mapping.plan import (
    Constant,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TriplesMap,
    both,
    references,
)
from kg.mapping.source_table import Computed, SourceTable
from kg.mapping.tables import source_tables
from kg.mapping.targets import Routing

# Rules that one stream may stand for.
MOST_STREAMED: Final = 200


def compile_plan(
    plan: Plan,
    predicates: Iterable[str] | None = (),
    graphs: Iterable[str] = (),
    *,
    routed: bool = False,
) -> Program:
    """Compile a plan.

    Args:
        plan: The plan.
        predicates: Predicates (terms) of other quads that will be sorted with these; None where
            they are too many, so that the program must do without numbers.
        graphs: Graphs (terms) of other quads that will be sorted with these.
        routed: Tell apart the quads of different targets; otherwise all are one graph.

    Raises:
        InputError: The plan asks for something that cannot be.
    """
    return _Compiler(plan, predicates, graphs, routed).program()


@dataclass(frozen=True, slots=True)
class _Subject:
    """Where the rules of a triples map find its subjects.

    Attributes:
        rows: What stands in their FROM clause.
        block: Number of the block, as SQL.
        rest: The subject without what its block shares, as SQL.
        whole: The subject as a term, as SQL.
        number: Number of the block, where all subjects are in the same.
    """

    rows: str
    block: str
    rest: str
    whole: str
    number: int | None = None


class _Compiler:
    def __init__(
        self,
        plan: Plan,
        predicates: Iterable[str] | None,
        graphs: Iterable[str],
        routed: bool,
    ) -> None:
        self.plan = plan
        self.routing = Routing(plan if routed else Plan(()))
        self.tables = source_tables(plan)
        terms = [self.terms(triples_map) for triples_map in plan.triples_maps]
        self.terms_of = dict(zip((t.name for t in plan.triples_maps), terms, strict=True))
        found_predicates, found_graphs = {*(predicates or ())}, {*graphs}
        self.coded = predicates is not None
        for triples_map in plan.triples_maps:
            for pair in triples_map.predicate_objects:
                self.coded &= self._collect(triples_map, pair, found_predicates, found_graphs)
        self.predicates = _numbered(sorted(found_predicates, key=predicate_key))
        self.graphs = _numbered(sorted(found_graphs, key=str.encode))
        anchored = [self.terms_of[t.name].anchored(t.subject) for t in plan.triples_maps]
        self.order = SubjectOrder.of(term.prefix for term in anchored if term)
        self.computed: dict[str, dict[str, Computed]] = {t.name: {} for t in self.tables.values()}
        self.subjects = {
            t.name: self._subject(t, term)
            for t, term in zip(plan.triples_maps, anchored, strict=True)
        }

    def _collect(
        self, owner: TriplesMap, pair: PredicateObjectMap, predicates: set[str], graphs: set[str]
    ) -> bool:
        """Collect constant predicates and graphs; return whether all are constant."""
        compiler = self.terms_of[owner.name]
        constant = True
        for term_map, found in (
            *((p, predicates) for p in pair.predicates),
            *((g, graphs) for g in (*owner.graphs, *pair.graphs)),
        ):
            if not isinstance(term_map.expression, Constant) or term_map.condition is not None:
                constant = False
                continue
            term = compiler.term(term_map) if found is predicates else compiler.graph(term_map)
            if term:
                found.add(_unquoted(term.sql))
        return constant

    def _subject(self, triples_map: TriplesMap, anchored: TermSql | None) -> _Subject:
        """Have the subjects computed as the source is read, and return where they are."""
        compiler = self.terms_of[triples_map.name]
        term = compiler.term(triples_map.subject)
        table = compiler.table
        if term.many:
            rows = f"(SELECT *, unnest({term.sql}) AS subject FROM {table.name})"
            return _Subject(rows, *self.order.split("subject"), "subject")
        if anchored:
            block, rest = self.order.anchored(anchored.prefix, anchored.rest)
            name = self._computed(table, rest)
            whole = self.order.joined(block, name)
            number = block if block % 2 else None
            return _Subject(table.name, f"{block}::INTEGER", name, whole, number)
        if isinstance(triples_map.subject.expression, Constant):
            return _Subject(table.name, *self.order.split(term.sql), term.sql)
        name = self._computed(table, term.sql)
        return _Subject(table.name, *self.order.split(name), name)

    def _computed(self, table: SourceTable, sql: str) -> str:
        columns = self.computed[table.name]
        return columns.setdefault(sql, Computed(f"s{len(columns)}", sql)).name

    def terms(self, triples_map: TriplesMap) -> TermCompiler:
        table = self.tables[triples_map.source]
        condition = triples_map.subject.condition
        return TermCompiler(table, triples_map.base, triples_map.name, condition)

    def program(self) -> Program:
        rules: list[Rule] = []
        entries: list[Entry | None] = []
        for triples_map in self.plan.triples_maps:
            for rule, entry in self.rules(triples_map):
                rules.append(rule)
                entries.append(entry)
        accounts = [account(self.plan, t, self.terms_of) for t in self.plan.triples_maps]
        checks = [check for terms in self.terms_of.values() for check in terms.checks]
        one_output = self.coded and not self.routing.targets
        streams = tuple(_streams(rules, entries)) if one_output else ()
        orders = _orders(streams)
        return Program(
            tables=tuple(
                table.with_computed(
                    tuple(self.computed[table.name].values()), orders.get(table.name, "")
                )
                for table in self.tables.values()
            ),
            rules=tuple(rules),
            streams=streams,
            checks=tuple(dict.fromkeys(checks)),
            accounts=tuple(accounts),
            order=self.order,
            predicates=tuple(self.predicates) if self.coded else None,
            graphs=tuple(self.graphs) if self.coded else None,
            targets=self.routing.targets,
        )

    # --- rules ----------------------------------------------------------------------------

    def rules(self, triples_map: TriplesMap) -> Iterator[tuple[Rule, Entry | None]]:
        """Yield the rules of a triples map; those of one scan with what a stream needs of them."""
        for pair in triples_map.predicate_objects:
            for object_map in pair.objects:
                for owner, part, targets in self.routed(triples_map, pair, object_map):
                    for rule, entry in self.rules_of(owner, part, object_map):
                        yield replace(rule, targets=targets), entry

    def routed(
        self, triples_map: TriplesMap, pair: PredicateObjectMap, object_map: TermMap | RefObjectMap
    ) -> Iterator[tuple[TriplesMap, PredicateObjectMap, int]]:
        """Yield the predicates and graphs of an object that go to the same targets, with these."""
        if not self.routing.targets:
            yield triples_map, pair, 0
            return
        bare = replace(triples_map, graphs=())
        graphs = (*dict.fromkeys((*triples_map.graphs, *pair.graphs)),) or (None,)
        for predicate in pair.predicates:
            for graph in graphs:
                part = replace(pair, predicates=(predicate,), graphs=(graph,) if graph else ())
                terms = (triples_map.subject, predicate, object_map, graph)
                yield bare, part, self.routing.mask(*terms)

    def rules_of(
        self, triples_map: TriplesMap, pair: PredicateObjectMap, object_map: TermMap | RefObjectMap
    ) -> Iterator[tuple[Rule, Entry | None]]:
        """Yield the rules of one object of a predicate-object map."""
        if isinstance(object_map, TermMap) or not self.needs_join(triples_map, object_map):
            made = self.object(triples_map, object_map)
            for predicate, graph in self.places(triples_map, pair):
                yield self.scan(triples_map, predicate, made, graph)
        elif self.child_makes_subject(triples_map, object_map):
            made, there = self.semi_join(triples_map, object_map)
            others = (self.terms_of[object_map.parent].table.name,)
            for predicate, graph in self.places(triples_map, pair):
                yield self.scan(triples_map, predicate, made, graph, there, others)
        else:
            yield self.join(triples_map, pair, object_map), None

    def scan(
        self,
        triples_map: TriplesMap,
        predicate: TermSql,
        made: TermSql,
        graph: TermSql,
        condition: str = "",
        others: tuple[str, ...] = (),
    ) -> tuple[Rule, Entry | None]:
        """Return the rule for one predicate, one object and one graph of a triples map.

        Args:
            triples_map: The triples map.
            predicate: Its predicate.
            made: Its object.
            graph: Its graph.
            condition: Which records count; by default all.
            others: Tables that the condition reads.
        """
        subject = self.subjects[triples_map.name]
        table = self.terms_of[triples_map.name].table.name
        where = [f"{subject.rest} IS NOT NULL"] + ([condition] if condition else [])
        if graph.missing and not graph.many:
            where.append(f"NOT ({graph.missing})")
        if predicate.many or made.many or graph.many:
            entries = _entries(predicate, made, graph)
            kept = "u.o IS NOT NULL AND u.p IS NOT NULL"
            if graph.many:
                kept += " AND u.g IS NOT NULL"
            sql = (
                f"SELECT b, s, u.p, u.o, u.g FROM (SELECT {subject.block} AS b,"
                f" {subject.rest} AS s, unnest({entries}) AS u FROM {subject.rows}"
                f" WHERE {' AND '.join(where)})"
                f" WHERE {kept}"
            )
            part = None if condition else _part(subject, predicate, made, graph)
            rule = Rule(triples_map.name, sql, (table, *others), subject.number, part=part)
            return rule, self.entry(subject, table, predicate, made, graph, condition)
        if made.missing:
            where.append(f"NOT ({made.missing})")
        if predicate.missing:
            where.append(f"NOT ({predicate.missing})")
        sql = (
            f"SELECT {subject.block} AS b, {subject.rest} AS s, {predicate.sql} AS p,"
            f" {made.sql} AS o, {graph.sql} AS g FROM {subject.rows} WHERE {' AND '.join(where)}"
        )
        part = None if condition else _part(subject, predicate, made, graph)
        rule = Rule(triples_map.name, sql, (table, *others), subject.number, part=part)
        return rule, self.entry(subject, table, predicate, made, graph, condition)

    def entry(
        self,
        subject: _Subject,
        table: str,
        predicate: TermSql,
        made: TermSql,
        graph: TermSql,
        condition: str,
    ) -> Entry | None:
        if subject.number is None or not self.coded:
            return None
        return Entry(table, subject.rest, predicate.code, made, graph.code, condition)

    def places(
        self, triples_map: TriplesMap, pair: PredicateObjectMap
    ) -> Iterator[tuple[TermSql, TermSql]]:
        """Yield each predicate with each graph of a predicate-object map."""
        compiler = self.terms_of[triples_map.name]
        for predicate_map in pair.predicates:
            predicate = self.coded_term(compiler.term(predicate_map), self.predicates)
            graph_maps = dict.fromkeys((*triples_map.graphs, *pair.graphs))
            graphs = [compiler.graph(graph_map) for graph_map in graph_maps] or [None]
            for graph in graphs:
                yield predicate, self.coded_term(graph, self.graphs)

    def coded_term(self, term: TermSql | None, codes: Mapping[str, int]) -> TermSql:
        if term is None:
            return _code(-1) if self.coded else TermSql("NULL::VARCHAR", False, "")
        if not self.coded:
            return term
        return _code(codes[_unquoted(term.sql)])

    def object(self, triples_map: TriplesMap, object_map: TermMap | RefObjectMap) -> TermSql:
        if isinstance(object_map, TermMap):
            return self.terms_of[triples_map.name].term(object_map)
        # The parent's subject, made from the child's own record.
        parent = self.parent(triples_map, object_map)
        compiler = self.terms_of[triples_map.name]
        own = TermCompiler(compiler.table, parent.base, parent.name)
        condition = both(parent.subject.condition, object_map.condition)
        made = own.term(replace(parent.subject, condition=condition))
        compiler.checks += own.checks
        return made

    def parent(self, triples_map: TriplesMap, object_map: RefObjectMap) -> TriplesMap:
        try:
            return self.plan.triples_map(object_map.parent)
        except KeyError:
            names = ", ".join(t.name for t in self.plan.triples_maps)
            raise InputError(
                "bad-mapping",
                f"{triples_map.name} refers to the triples map {object_map.parent!r}, which is not"
                " there",
                location=object_map.origin.location(),
                hint=f"Triples maps: {names}.",
            ) from None

    def needs_join(self, triples_map: TriplesMap, object_map: RefObjectMap) -> bool:
        if object_map.joins:
            return True
        parent = self.parent(triples_map, object_map)
        if parent.source != triples_map.source:
            raise InputError(
                "bad-mapping",
                f"{triples_map.name} refers to {parent.name}, which has another source, without a"
                " join condition",
                location=object_map.origin.location(),
                hint="Add a condition that says which records belong together.",
            )
        return False

    def child_makes_subject(self, triples_map: TriplesMap, object_map: RefObjectMap) -> bool:
        """Whether the values that are joined are all that the parent's subject is made of.

        Then no row of the parent must be carried along: that it is there is enough.
        """
        parent = self.parent(triples_map, object_map)
        joins = object_map.joins
        child_table = self.tables[triples_map.source]
        parent_table = self.tables[parent.source]
        subject = parent.subject
        if not isinstance(subject.expression, Template | Reference) or subject.condition:
            return False
        for join in joins:
            if not isinstance(join.child, Reference) or not isinstance(join.parent, Reference):
                return False
            if child_table.column(join.child).many or parent_table.column(join.parent).many:
                return False
        return {*references(subject.expression)} <= {join.parent for join in joins}

    def semi_join(self, triples_map: TriplesMap, object_map: RefObjectMap) -> tuple[TermSql, str]:
        """Return the object, made of the child's values, and when the parent is there."""
        parent = self.parent(triples_map, object_map)
        child_terms, parent_terms = self.terms_of[triples_map.name], self.terms_of[parent.name]
        child_keys = [child_terms.key(join.child).sql for join in object_map.joins]
        parent_keys = [parent_terms.key(join.parent).sql for join in object_map.joins]
        renamed = {
            join.parent: join.child
            for join in object_map.joins
            if isinstance(join.child, Reference)
        }
        own = TermCompiler(child_terms.table, parent.base, parent.name)
        made = own.term(with_references(parent.subject, renamed))
        keys = ", ".join(child_keys) if len(child_keys) == 1 else f"({', '.join(child_keys)})"
        there = f"{keys} IN (SELECT {', '.join(parent_keys)} FROM {parent_terms.table.name})"
        if object_map.condition is not None:
            there = f"{there} AND {child_terms.holds(object_map.condition)}"
        return made, there

    def join(
        self, triples_map: TriplesMap, pair: PredicateObjectMap, object_map: RefObjectMap
    ) -> Rule:
        parent = self.parent(triples_map, object_map)
        child_terms, parent_terms = self.terms_of[triples_map.name], self.terms_of[parent.name]
        child_keys = [child_terms.key(join.child) for join in object_map.joins]
        parent_keys = [parent_terms.key(join.parent) for join in object_map.joins]
        places = list(self.places(triples_map, pair))
        dynamic: dict[str, TermSql] = {}
        if not self.coded:
            for number, (predicate, graph) in enumerate(places):
                dynamic |= {f"p{number}": or_null(predicate), f"g{number}": or_null(graph)}
        subject, other = self.subjects[triples_map.name], self.subjects[parent.name]
        own = {"b": TermSql(subject.block, False, ""), "s": TermSql(subject.rest, False, "")}
        rows = subject.rows
        if object_map.condition is not None:
            rows = f"(SELECT * FROM {rows} WHERE {child_terms.holds(object_map.condition)})"
        child = distinct_sql(rows, {**own, **numbered_keys(child_keys), **dynamic})
        whole = {"o": TermSql(other.whole, False, "")}
        found = distinct_sql(other.rows, {**whole, **numbered_keys(parent_keys)})
        condition = " AND ".join(f"child.k{n} = parent.k{n}" for n in range(len(child_keys)))
        entries = [
            f"{{'p': {p.sql}, 'g': {g.sql}}}"
            if self.coded
            else f"{{'p': {f'CASE WHEN g{n} IS NOT NULL THEN p{n} END' if g.missing else f'p{n}'},"
            f" 'g': g{n}}}"
            for n, (p, g) in enumerate(places)
        ]
        return Rule(
            triples_map.name,
            f"SELECT b, s, u.p, o, u.g FROM (SELECT b, s, o, unnest({array(entries)}) AS u"
            f" FROM ({child}) AS child JOIN ({found}) AS parent ON {condition})"
            " WHERE s IS NOT NULL AND o IS NOT NULL"
            + ("" if self.coded else " AND u.p IS NOT NULL"),
            (child_terms.table.name, parent_terms.table.name),
            subject.number,
        )


def _part(subject: _Subject, predicate: TermSql, made: TermSql, graph: TermSql) -> Part:
    """Return what a rule adds to a query for several rules over the rows of its subjects."""
    many = predicate.many or made.many or graph.many
    if many:
        sql = _entries(predicate, made, graph)
        if graph.many:
            sql = f"list_filter({sql}, lambda e: e.g IS NOT NULL)"
    else:
        sql = f"{{'p': {predicate.sql}, 'o': {made.sql}, 'g': {graph.sql}}}"
    if graph.missing and not graph.many:
        sql = f"CASE WHEN NOT ({graph.missing}) THEN {sql} END"
    if many:
        sql = f"coalesce({sql}, [])"
    return Part(subject.rows, subject.block, subject.rest, sql, many)


def _code(number: int) -> TermSql:
    return TermSql(f"{number}::INTEGER", False, "", code=number)


def _orders(streams: Sequence[Stream]) -> dict[str, str]:
    """Return for each table with streams the column that most of them want it sorted by."""
    columns: dict[str, Counter[str]] = {}
    for stream in streams:
        columns.setdefault(stream.table, Counter())[stream.column] += 1
    return {table: found.most_common(1)[0][0] for table, found in columns.items()}


def _streams(rules: Sequence[Rule], entries: Sequence[Entry | None]) -> Iterator[Stream]:
    """Yield a stream for each block whose subjects all come from one column of one table."""
    blocks: dict[int, list[int]] = {}
    for number, rule in enumerate(rules):
        if rule.block is not None:
            blocks.setdefault(rule.block, []).append(number)
    for block, numbers in sorted(blocks.items()):
        found = [entries[n] for n in numbers]
        whole = [entry for entry in found if entry is not None]
        places = {(entry.table, entry.column) for entry in whole}
        # What a query takes to plan grows with the square of its width.
        if len(whole) == len(found) <= MOST_STREAMED and len(places) == 1:
            table, column = places.pop()
            joins = any(entry.condition for entry in whole)
            yield Stream(block, table, column, stream_sql(block, whole), joins, tuple(numbers))


def _numbered(terms: Iterable[str]) -> dict[str, int]:
    return {term: number for number, term in enumerate(terms)}


def _unquoted(sql: str) -> str:
    return sql[1:-1].replace("''", "'")


def _entries(predicate: TermSql, made: TermSql, graph: TermSql) -> str:
    """Return the list of structs p, o, g that one predicate, object and graph make."""
    terms = {"p": predicate, "o": made, "g": graph}
    inner = {key: f"x_{key}" if term.many else term.sql for key, term in terms.items()}
    sql = "{" + ", ".join(f"'{key}': {value}" for key, value in inner.items()) + "}"
    for depth, (key, term) in enumerate((k, t) for k, t in terms.items() if t.many):
        sql = f"list_transform({term.sql}, lambda x_{key}: {sql})"
        sql = f"flatten({sql})" if depth else sql
    return sql
