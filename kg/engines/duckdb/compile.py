"""From rules to a program of SQL: which tables to read, which queries make quads out of them.

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
from itertools import groupby
from typing import Final

from kg.engines.duckdb.collections_sql import FIRST, REST, collection_queries, gathered_tables
from kg.engines.duckdb.dialect import array
from kg.engines.duckdb.order import SubjectOrder, predicate_key
from kg.engines.duckdb.program import Program, RuleSql, Stream, SubjectSql
from kg.engines.duckdb.rule_sql import bound, join_sql, or_null, scan_sql, there_sql
from kg.engines.duckdb.stream import stream_sql
from kg.engines.duckdb.term_sql import TermPrinter, TermSql
from kg.mapping.flatten import flatten
from kg.mapping.plan import Plan
from kg.mapping.rules import (
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
    crossed,
)
from kg.mapping.source_table import Computed, SourceTable
from kg.sql import sql_text

# Rules that one stream may stand for.
MOST_STREAMED: Final = 200


def compile_plan(
    plan: Plan,
    predicates: Iterable[str] | None = (),
    graphs: Iterable[str] = (),
    *,
    routed: bool = False,
    skips: bool = False,
) -> Program:
    """Compile a plan.

    Args:
        plan: The plan.
        predicates: Predicates (terms) of other quads that will be sorted with these; None where
            they are too many, so that the program must do without numbers.
        graphs: Graphs (terms) of other quads that will be sorted with these.
        routed: Tell apart the quads of different targets; otherwise all are one graph.
        skips: Make no quads of bad values, which stop the program otherwise.

    Raises:
        InputError: The plan asks for something that cannot be.
    """
    return _Compiler(flatten(plan, routed=routed, skips=skips), predicates, graphs).program()


class _Compiler:
    def __init__(
        self, rules: Rules, predicates: Iterable[str] | None, graphs: Iterable[str]
    ) -> None:
        self.rules = rules
        self.printers = {table.name: TermPrinter(table) for table in rules.tables}
        found_predicates, found_graphs = {*(predicates or ())}, {*graphs}
        self.coded = predicates is not None
        for rule in (rule for each in rules.maps for rule in each.rules):
            for term, found in ((rule.predicate, found_predicates), (rule.graph, found_graphs)):
                if isinstance(term, Fixed):
                    found.add(term.term)
                elif term is not None:
                    self.coded = False
        for each in (each for made in rules.maps for each in made.collections):
            if each.gathered.kind.is_list:
                found_predicates |= {FIRST, REST}
            else:
                self.coded = False  # there may be as many predicates as members
            if isinstance(each.graph, Fixed):
                found_graphs.add(each.graph.term)
            elif each.graph is not None:
                self.coded = False
        self.predicates = _numbered(sorted(found_predicates, key=predicate_key))
        self.graphs = _numbered(sorted(found_graphs, key=str.encode))
        terms = {each.name: self.term(each.table, each.subject) for each in rules.maps}
        self.order = SubjectOrder.of(
            f"<{each.subject.prefix}"
            for each in rules.maps
            if isinstance(each.subject, Iri) and not terms[each.name].many
        )
        self.computed: dict[str, dict[str, Computed]] = {t.name: {} for t in rules.tables}
        self.subjects = {each.name: self._subject(each, terms[each.name]) for each in rules.maps}
        self.made_subjects = terms

    def term(self, table: SourceTable, term: Term) -> TermSql:
        return self.printers[table.name].term(term)

    def _subject(self, rules: MapRules, term: TermSql) -> SubjectSql:
        """Have the subjects computed as the source is read, and return where they are."""
        table, subject = rules.table, rules.subject
        gathers = isinstance(bare(subject), Gathered)
        if term.many or gathers:
            # What gathers may read other tables, so that no column can be computed beforehand.
            # Nor are combinations of values: whether there are too many is looked at first.
            is_late = gathers or len(crossed(table, subject)) > 1
            made = term.sql if is_late else self._computed(table, term.sql)
            made = f"unnest({made})" if term.many else made
            rows = f"(SELECT *, {made} AS subject FROM {table.name})"
            return SubjectSql(rows, *self.order.split("subject"), "subject")
        if isinstance(subject, Iri):
            printed = self.printers[table.name].rest(subject)
            block, rest = self.order.anchored(f"<{subject.prefix}", printed)
            name = self._computed(table, rest)
            whole = self.order.joined(block, name)
            number = block if block % 2 else None
            return SubjectSql(table.name, f"{block}::INTEGER", name, whole, number, block)
        if isinstance(subject, Fixed):
            block, rest = self.order.fixed(subject.term)
            return SubjectSql(table.name, f"{block}::INTEGER", rest, term.sql, place=block)
        iri = bare(subject)
        found = self.order.within(f"<{iri.prefix}", term.sql) if isinstance(iri, Iri) else None
        if found is None:
            name = self._computed(table, term.sql)
            return SubjectSql(table.name, *self.order.split(name), name)
        block, name = found[0], self._computed(table, found[1])
        whole = self.order.joined(block, name)
        return SubjectSql(table.name, f"{block}::INTEGER", name, whole, place=block)

    def _computed(self, table: SourceTable, sql: str) -> str:
        columns = self.computed[table.name]
        return columns.setdefault(sql, Computed(f"s{len(columns)}", sql)).name

    def program(self) -> Program:
        rules = (
            *(rule for each in self.rules.maps for rule in self.printed(each)),
            *self.collections(),
        )
        one_output = self.coded and not self.rules.targets
        streams = tuple(_streams(rules)) if one_output else ()
        orders = _orders(streams)
        checks = dict.fromkeys(check for each in self.rules.maps for check in each.checks)
        return Program(
            tables=tuple(
                table.with_computed(
                    tuple(self.computed[table.name].values()), orders.get(table.name, "")
                )
                for table in self.rules.tables
            ),
            rules=rules,
            streams=streams,
            checks=tuple(checks),
            maps=self.rules.maps,
            subjects=self.subjects,
            order=self.order,
            predicates=tuple(self.predicates) if self.coded else None,
            graphs=tuple(self.graphs) if self.coded else None,
            targets=self.rules.targets,
        )

    # --- rules ----------------------------------------------------------------------------

    def printed(self, rules: MapRules) -> Iterator[RuleSql]:
        """Yield the rules of a triples map."""
        for _, group in groupby(rules.rules, key=lambda rule: (id(rule.object), rule.targets)):
            same = list(group)
            made = same[0].object
            if isinstance(made, Parent) and made.own is None:
                yield self.join(same, made)
                continue
            there = ""
            others: tuple[str, ...] = ()
            if isinstance(made, Parent):
                assert made.own is not None
                if made.keys:
                    there, others = there_sql(same[0], made), (made.table.name,)
                made = made.own
            printed = self.term(rules.table, made)
            for rule in same:
                yield self.scan(rule, printed, there, others)

    def collections(self) -> Iterator[RuleSql]:
        """Yield the rules for the members of collections and containers."""

        def graph(collection: Collection) -> TermSql:
            return self._coded(collection.table, collection.graph, self.graphs)

        def predicate(term: str) -> str:
            return f"{self.predicates[term]}::INTEGER" if self.coded else sql_text(term)

        block, rest = self.order.split("s")
        for made in collection_queries(self.rules.maps, graph, predicate):
            sql = f"SELECT {block} AS b, {rest} AS s, p, o, g FROM ({made.sql})"
            subject = SubjectSql(f"({made.sql})", block, rest, "s")
            first = made.made[0]
            name, mask = first.triples_map, first.targets
            makers = tuple(dict.fromkeys(each.table.name for each in made.made))
            yield RuleSql(name, sql, made.tables, subject, mask, sorts=True, makers=makers)

    def scan(self, rule: Rule, made: TermSql, condition: str, others: tuple[str, ...]) -> RuleSql:
        """Return the query of a rule without a join.

        Args:
            rule: The rule.
            made: Its object.
            condition: Which records count; empty: all.
            others: Tables that the condition reads.
        """
        subject, predicate, graph = self.subjects[rule.triples_map], *self.place(rule)
        where = [f"{subject.rest} IS NOT NULL"] + ([condition] if condition else [])
        if graph.missing and not graph.many:
            where.append(f"NOT ({graph.missing})")
        terms = {"p": predicate, "o": made, "g": graph}
        rows, gathered = subject.rows, gathered_tables(rule)
        if gathered:
            rows, terms = bound(rows, terms)
        if any(term.many for term in terms.values()):
            sql = scan_sql(rows, subject.kept, terms, where)
            sql += " WHERE u.o IS NOT NULL AND u.p IS NOT NULL"
            sql += " AND u.g IS NOT NULL" if graph.many else ""
        else:
            where += [f"NOT ({term.missing})" for term in (made, predicate) if term.missing]
            sql = scan_sql(rows, subject.kept, terms, where)
        tables = tuple(dict.fromkeys((rule.table.name, *others, *gathered)))
        # What reads other tables is no stream, and is run alone.
        terms = {} if gathered else terms
        absent = self.absent(rule, () if gathered else (predicate, made, graph))
        name, mask = rule.triples_map, rule.targets
        return RuleSql(name, sql, tables, subject, mask, terms, condition, absent=absent)

    def absent(self, rule: Rule, terms: Iterable[TermSql]) -> tuple[str, ...]:
        """Return the conditions under which a record makes no quad of a rule.

        Args:
            rule: The rule.
            terms: What a quad needs beside the subject.
        """
        found = (term.lost for term in (self.made_subjects[rule.triples_map], *terms))
        return tuple(dict.fromkeys(f"({condition})" for condition in found if condition))

    def place(self, rule: Rule) -> tuple[TermSql, TermSql]:
        """Return the predicate and the graph of a rule, as numbers where it can be."""
        return (
            self._coded(rule.table, rule.predicate, self.predicates),
            self._coded(rule.table, rule.graph, self.graphs),
        )

    def _coded(self, table: SourceTable, term: Term | None, codes: Mapping[str, int]) -> TermSql:
        if term is None:
            return _code(-1) if self.coded else TermSql("NULL::VARCHAR", False, "")
        if self.coded and isinstance(term, Fixed):
            return _code(codes[term.term])
        return self.term(table, term)

    def join(self, rules: Sequence[Rule], parent: Parent) -> RuleSql:
        """Return the query of rules that have the same join and differ in predicate and graph."""
        rule, places = rules[0], [self.place(rule) for rule in rules]
        subject, other = self.subjects[rule.triples_map], self.subjects[parent.name]
        kept = {name: TermSql(sql, False, "") for name, sql in subject.kept.items()}
        if not self.coded:
            for number, (predicate, graph) in enumerate(places):
                kept |= {f"p{number}": or_null(predicate), f"g{number}": or_null(graph)}
        whole = TermSql(other.whole, False, "")
        joined = join_sql(rule, parent, subject.rows, kept, other.rows, whole)
        entries = [
            f"{{'p': {p.sql}, 'g': {g.sql}}}"
            if self.coded
            else f"{{'p': {f'CASE WHEN g{n} IS NOT NULL THEN p{n} END' if g.missing else f'p{n}'},"
            f" 'g': g{n}}}"
            for n, (p, g) in enumerate(places)
        ]
        return RuleSql(
            rule.triples_map,
            f"SELECT b, s, u.p, o, u.g FROM (SELECT b, s, o, unnest({array(entries)}) AS u"
            f" FROM {joined}) WHERE s IS NOT NULL AND o IS NOT NULL"
            + ("" if self.coded else " AND u.p IS NOT NULL"),
            tuple(dict.fromkeys((rule.table.name, parent.table.name, *gathered_tables(rule)))),
            subject,
            rule.targets,
            absent=self.absent(rule, [self._keys(rule.table, parent)]),
        )

    def _keys(self, table: SourceTable, parent: Parent) -> TermSql:
        """Return what a child needs for a join, of which only `TermSql.lost` is told."""
        keys = (self.printers[table.name].key(child) for child, _ in parent.keys)
        return TermSql("", False, "", " OR ".join(key.missing for key in keys if key.missing))


def _code(number: int) -> TermSql:
    return TermSql(f"{number}::INTEGER", False, "", code=number)


def _orders(streams: Sequence[Stream]) -> dict[str, str]:
    """Return for each table with streams the column that most of them want it sorted by."""
    columns: dict[str, Counter[str]] = {}
    for stream in streams:
        columns.setdefault(stream.table, Counter())[stream.column] += 1
    return {table: found.most_common(1)[0][0] for table, found in columns.items()}


def _streams(rules: Sequence[RuleSql]) -> Iterator[Stream]:
    """Yield a stream for each block whose subjects all come from one column of one table."""
    blocks: dict[int, list[int]] = {}
    for number, rule in enumerate(rules):
        if rule.subject.number is not None:
            blocks.setdefault(rule.subject.number, []).append(number)
    for block, numbers in sorted(blocks.items()):
        found = [rules[n] for n in numbers]
        subject, joins = found[0].subject, any(rule.condition for rule in found)
        # What a query takes to plan grows with the square of its width.
        if len(found) <= MOST_STREAMED and all(r.terms and r.subject == subject for r in found):
            sql = stream_sql(found)
            yield Stream(block, found[0].tables[0], subject.rest, sql, joins, tuple(numbers))


def _numbered(terms: Iterable[str]) -> dict[str, int]:
    return {term: number for number, term in enumerate(terms)}
