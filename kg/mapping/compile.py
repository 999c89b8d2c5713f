"""From the plan to a program of SQL: which tables to read, which rules make quads out of them.

Each logical source is read once, into a table of the references that are used. Each triples map
becomes one scan of its table, its predicates and objects unnested from a list; each join becomes
a join of distinct keys. Constant predicates and graphs travel as numbers in the order that the
quad table sorts by, which makes the one sort at the end narrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kg.errors import InputError
from kg.mapping.dialect import array
from kg.mapping.jsonpath import parse_jsonpath
from kg.mapping.plan import (
    Constant,
    Formulation,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    TermMap,
    TriplesMap,
    references,
    term_references,
)
from kg.mapping.term_sql import Check, Column, SourceTable, TermCompiler, TermSql
from kg.terms import RDF_TYPE


@dataclass(frozen=True, slots=True)
class Rule:
    """A query that makes quads: columns s, p, o, g.

    ``p`` and ``g`` are numbers into `Program.predicates` and `Program.graphs`, or terms where the
    program has no such lists; ``g`` is NULL for the default graph.
    """

    triples_map: str
    sql: str


@dataclass(frozen=True, slots=True)
class Loss:
    """A reason for which a record may give no triple: the values that it lacks.

    Attributes:
        what: ``subject`` or the predicate.
        references: The references that may be missing.
        missing: Condition on the source table.
    """

    what: str
    references: tuple[str, ...]
    missing: str


@dataclass(frozen=True, slots=True)
class Account:
    """What is counted for one triples map: records, and losses by reason."""

    triples_map: str
    table: SourceTable
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled plan.

    Attributes:
        tables: Source tables, each to be read once.
        predicates: Constant predicates in sort order; None where a predicate is not constant.
        graphs: Constant graphs in sort order; None exactly where `predicates` is.
    """

    tables: tuple[SourceTable, ...]
    rules: tuple[Rule, ...]
    checks: tuple[Check, ...]
    accounts: tuple[Account, ...]
    predicates: tuple[str, ...] | None
    graphs: tuple[str, ...] | None


def compile_plan(
    plan: Plan, predicates: Iterable[str] | None = (), graphs: Iterable[str] = ()
) -> Program:
    """Compile a plan.

    Args:
        plan: The plan.
        predicates: Predicates (terms) of other quads that will be sorted with these; None where
            they are too many, so that the program must do without numbers.
        graphs: Graphs (terms) of other quads that will be sorted with these.

    Raises:
        InputError: The plan asks for something that cannot be.
    """
    return _Compiler(plan, predicates, graphs).program()


class _Compiler:
    def __init__(self, plan: Plan, predicates: Iterable[str] | None, graphs: Iterable[str]) -> None:
        self.plan = plan
        self.tables = source_tables(plan)
        terms = [self.terms(triples_map) for triples_map in plan.triples_maps]
        self.terms_of = dict(zip((t.name for t in plan.triples_maps), terms, strict=True))
        found_predicates, found_graphs = {*(predicates or ())}, {*graphs}
        self.coded = predicates is not None
        for triples_map in plan.triples_maps:
            for pair in triples_map.predicate_objects:
                self.coded &= self._collect(triples_map, pair, found_predicates, found_graphs)
        self.predicates = sorted(found_predicates, key=lambda p: (p != RDF_TYPE, p.encode()))
        self.graphs = sorted(found_graphs, key=str.encode)

    def _collect(
        self, owner: TriplesMap, pair: PredicateObjectMap, predicates: set[str], graphs: set[str]
    ) -> bool:
        compiler = self.terms_of[owner.name]
        constant = True
        for term_map, found in (
            *((p, predicates) for p in pair.predicates),
            *((g, graphs) for g in (*owner.graphs, *pair.graphs)),
        ):
            if not isinstance(term_map.expression, Constant):
                constant = False
                continue
            term = compiler.term(term_map) if found is predicates else compiler.graph(term_map)
            if term:
                found.add(_unquoted(term.sql))
        return constant

    def terms(self, triples_map: TriplesMap) -> TermCompiler:
        table = self.tables[triples_map.source]
        return TermCompiler(table, triples_map.base, triples_map.name)

    def program(self) -> Program:
        rules: list[Rule] = []
        accounts: list[Account] = []
        for triples_map in self.plan.triples_maps:
            rules += self.rules(triples_map)
            accounts.append(self.account(triples_map))
        checks = [check for terms in self.terms_of.values() for check in terms.checks]
        return Program(
            tables=tuple(self.tables.values()),
            rules=tuple(rules),
            checks=tuple(dict.fromkeys(checks)),
            accounts=tuple(accounts),
            predicates=tuple(self.predicates) if self.coded else None,
            graphs=tuple(self.graphs) if self.coded else None,
        )

    # --- rules ----------------------------------------------------------------------------

    def rules(self, triples_map: TriplesMap) -> Iterator[Rule]:
        compiler = self.terms_of[triples_map.name]
        subject = compiler.term(triples_map.subject)
        singles: list[str] = []
        lists: list[str] = []
        for pair in triples_map.predicate_objects:
            for object_map in pair.objects:
                if isinstance(object_map, RefObjectMap) and self.needs_join(
                    triples_map, object_map
                ):
                    yield self.join(triples_map, subject, pair, object_map)
                    continue
                made = self.object(triples_map, object_map)
                for predicate, graph in self.places(triples_map, pair):
                    entry = _entry(predicate, made, graph)
                    (lists if entry.many else singles).append(entry.sql)
        if singles or lists:
            parts = ([array(singles)] if singles else []) + lists
            entries = parts[0] if len(parts) == 1 else f"flatten({array(parts)})"
            rows = compiler.table.name
            column = subject.sql
            if subject.many:
                rows = f"(SELECT *, unnest({subject.sql}) AS subject FROM {rows})"
                column = "subject"
            yield Rule(
                triples_map.name,
                f"SELECT s, u.p, u.o, u.g FROM (SELECT {column} AS s, unnest({entries}) AS u"
                f" FROM {rows}) WHERE s IS NOT NULL AND u.o IS NOT NULL"
                + ("" if self.coded else " AND u.p IS NOT NULL"),
            )

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

    def coded_term(self, term: TermSql | None, codes: Sequence[str]) -> TermSql:
        if term is None:
            return TermSql("NULL::INTEGER" if self.coded else "NULL::VARCHAR", False, "")
        if not self.coded:
            return term
        return TermSql(f"{codes.index(_unquoted(term.sql))}::INTEGER", False, "")

    def object(self, triples_map: TriplesMap, object_map: TermMap | RefObjectMap) -> TermSql:
        if isinstance(object_map, TermMap):
            return self.terms_of[triples_map.name].term(object_map)
        # The parent's subject, made from the child's own record.
        parent = self.parent(triples_map, object_map)
        compiler = self.terms_of[triples_map.name]
        own = TermCompiler(compiler.table, parent.base, parent.name)
        made = own.term(parent.subject)
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

    def join(
        self,
        triples_map: TriplesMap,
        subject: TermSql,
        pair: PredicateObjectMap,
        object_map: RefObjectMap,
    ) -> Rule:
        parent = self.parent(triples_map, object_map)
        child_terms, parent_terms = self.terms_of[triples_map.name], self.terms_of[parent.name]
        numbers = range(len(object_map.joins))
        child_keys = [child_terms.key(join.child) for join in object_map.joins]
        parent_keys = [parent_terms.key(join.parent) for join in object_map.joins]
        places = list(self.places(triples_map, pair))
        dynamic: dict[str, TermSql] = {}
        for index, (predicate, graph) in enumerate(places):
            dynamic |= {f"p{index}": predicate, f"g{index}": graph}
        extra = {} if self.coded else dynamic
        child = _distinct(child_terms.table, {"s": subject, **_keys(child_keys), **extra})
        own = parent_terms.term(parent.subject)
        other = _distinct(parent_terms.table, {"o": own, **_keys(parent_keys)})
        condition = " AND ".join(f"child.k{n} = parent.k{n}" for n in numbers)
        entries = [
            f"{{'p': {p.sql if self.coded else f'p{n}'}, 'g': {g.sql if self.coded else f'g{n}'}}}"
            for n, (p, g) in enumerate(places)
        ]
        return Rule(
            triples_map.name,
            f"SELECT s, u.p, o, u.g FROM (SELECT s, o, unnest({array(entries)}) AS u"
            f" FROM ({child}) AS child JOIN ({other}) AS parent ON {condition})"
            " WHERE s IS NOT NULL AND o IS NOT NULL"
            + ("" if self.coded else " AND u.p IS NOT NULL"),
        )

    def account(self, triples_map: TriplesMap) -> Account:
        compiler = self.terms_of[triples_map.name]
        subject = compiler.term(triples_map.subject)
        losses = []
        if subject.missing:
            losses.append(Loss("subject", _names(triples_map.subject), subject.missing))
        for pair in triples_map.predicate_objects:
            predicate = pair.predicates[0].expression
            label = predicate.value if isinstance(predicate, Constant) else "a predicate"
            for object_map in pair.objects:
                if isinstance(object_map, TermMap):
                    missing = compiler.term(object_map).missing
                    if missing:
                        losses.append(Loss(label, _names(object_map), missing))
        return Account(triples_map.name, compiler.table, tuple(losses))


def source_tables(plan: Plan) -> dict[LogicalSource, SourceTable]:
    """Return the table that each logical source of a plan is read into."""
    needed: dict[LogicalSource, dict[Reference, None]] = {}
    for triples_map in plan.triples_maps:
        found = needed.setdefault(triples_map.source, {})
        for reference in _all_references(triples_map):
            found[reference] = None
        for object_map in _ref_objects(triples_map):
            parents = [p for p in plan.triples_maps if p.name == object_map.parent]
            for parent in parents:
                inside = needed.setdefault(parent.source, {})
                for join in object_map.joins:
                    inside |= dict.fromkeys(references(join.parent))
                if not object_map.joins and parent.source == triples_map.source:
                    found |= dict.fromkeys(term_references(parent.subject))
    return {
        source: SourceTable(
            f"source_{number}",
            source,
            tuple(_column(source, ref, index) for index, ref in enumerate(found)),
        )
        for number, (source, found) in enumerate(needed.items())
    }


def _column(source: LogicalSource, reference: Reference, index: int) -> Column:
    if source.formulation in (Formulation.JSON, Formulation.YAML):
        many = parse_jsonpath(reference.name).is_many
        return Column(reference.name, index, many=many, typed=True)
    if source.formulation is Formulation.XPATH:
        return Column(reference.name, index, many=True, typed=False)
    typed = source.formulation in (Formulation.SQL, Formulation.PARQUET, Formulation.EXCEL)
    return Column(reference.name, index, many=False, typed=typed)


def _ref_objects(triples_map: TriplesMap) -> Iterator[RefObjectMap]:
    for pair in triples_map.predicate_objects:
        for object_map in pair.objects:
            if isinstance(object_map, RefObjectMap):
                yield object_map


def _all_references(triples_map: TriplesMap) -> Iterator[Reference]:
    yield from term_references(triples_map.subject)
    for graph in triples_map.graphs:
        yield from term_references(graph)
    for pair in triples_map.predicate_objects:
        for term_map in (*pair.predicates, *pair.graphs):
            yield from term_references(term_map)
        for object_map in pair.objects:
            if isinstance(object_map, TermMap):
                yield from term_references(object_map)
            else:
                for join in object_map.joins:
                    yield from references(join.child)


def _names(term_map: TermMap) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reference.name for reference in term_references(term_map)))


def _unquoted(sql: str) -> str:
    return sql[1:-1].replace("''", "'")


def _keys(keys: Sequence[TermSql]) -> dict[str, TermSql]:
    return {f"k{number}": key for number, key in enumerate(keys)}


def _distinct(table: SourceTable, columns: dict[str, TermSql]) -> str:
    """Return a query for the distinct rows of expressions, lists unnested one after another."""
    rows = table.name
    final = {}
    for name, term in columns.items():
        if term.many:
            rows = f"(SELECT *, unnest({term.sql}) AS m_{name} FROM {rows})"
            final[name] = f"m_{name}"
        else:
            final[name] = term.sql
    shown = ", ".join(f"{sql} AS {name}" for name, sql in final.items())
    return f"SELECT DISTINCT {shown} FROM {rows}"


def _entry(predicate: TermSql, made: TermSql, graph: TermSql) -> TermSql:
    """Return the struct that one predicate, object and graph make, or a list of structs."""
    names = {"p": predicate, "o": made, "g": graph}
    inner = {key: f"x_{key}" if term.many else term.sql for key, term in names.items()}
    sql = "{" + ", ".join(f"'{key}': {value}" for key, value in inner.items()) + "}"
    depth = 0
    for key, term in names.items():
        if term.many:
            sql = f"list_transform({term.sql}, lambda x_{key}: {sql})"
            sql = f"flatten({sql})" if depth else sql
            depth += 1
    return TermSql(sql, depth > 0, "")
