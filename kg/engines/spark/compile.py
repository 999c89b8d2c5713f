"""From rules to a program of Spark SQL: which queries make quads out of which views.

All statements of the triples maps of a source that need no join are made in one scan of it; whether
a parent is there, where the child's own values make the parent's subject, is one more column of
that scan. Each other join is a query of its own. Constant predicates and graphs travel as numbers,
given in the order of the quad table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from kg.engines.spark.dialect import concat, text
from kg.engines.spark.term_sql import SharedPrinter, TermPrinter
from kg.engines.sql.made_term import TermSql
from kg.mapping.rules import BlankNode, Fixed, MapRules, Parent, Rule, Rules, Term, bare
from kg.mapping.source_table import FieldIndex, SourceTable
from kg.terms import RDF_TYPE

# Statements that one scan makes of a record; Java limits the size of a method.
MOST_AT_ONCE: Final = 60


@dataclass(frozen=True, slots=True)
class Select:
    """A query that makes quads.

    Attributes:
        sql: The query, with the columns s, and u: an array of structs p, o, g. A statement counts
            if all of it is there, as `Program.is_there` says.
        tables: Names of the tables that it reads; first that of its subjects.
        statements: Most statements that a record makes, as far as that is known.
    """

    sql: str
    tables: tuple[str, ...]
    statements: int


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled plan.

    Attributes:
        rules: The rules.
        selects: The queries.
        subjects: For each table that has any, a query for the column s.
        predicates: Constant predicates in sort order; None where a predicate is not constant.
        graphs: Constant graphs in sort order; None exactly where `predicates` is.
        numbered: Names of the tables whose records need their numbers.
    """

    rules: Rules
    selects: tuple[Select, ...]
    subjects: Mapping[str, str]
    predicates: tuple[str, ...] | None
    graphs: tuple[str, ...] | None
    numbered: frozenset[str]

    @property
    def sql(self) -> str:
        """The query for all quads, with the columns s and u."""
        return " UNION ALL ".join(each.sql for each in self.selects)

    @property
    def is_there(self) -> str:
        """The condition that a statement has all its terms; its subject is there."""
        return "o IS NOT NULL" + (
            "" if self.predicates is not None else " AND p IS NOT NULL AND g <> ''"
        )

    @property
    def shown(self) -> tuple[str, str]:
        """The SQL of predicate and graph as terms."""
        if self.predicates is None or self.graphs is None:
            return "p", f"nullif(g, {_DEFAULT})"
        return (_element(self.predicates, "p"), _element(self.graphs, "g"))


def _element(terms: Sequence[str], column: str) -> str:
    if not terms:
        return "CAST(NULL AS STRING)"
    return f"get(array({', '.join(map(text, terms))}), {column})"


def predicate_key(predicate: str) -> tuple[bool, bytes]:
    """Return what predicates are sorted by: ``rdf:type`` first, the rest by their bytes."""
    return (predicate != RDF_TYPE, predicate.encode())


def with_under(tables: Sequence[SourceTable], names: Iterable[str]) -> frozenset[str]:
    """Return the names of tables whose records need numbers, and of those that views are on.

    Args:
        tables: All tables; views are behind what they are on.
        names: Those of which blank nodes are made for each record.
    """
    found = set(names)
    for table in reversed(tables):
        rows = table.rows
        if rows is None:
            continue
        counted = any(isinstance(step, FieldIndex) and step.of < 0 for step in rows.steps)
        if table.name in found or rows.is_numbered or counted:
            found.add(rows.base.name)
    return frozenset(found)


def compile_rules(rules: Rules) -> Program:
    """Compile rules."""
    return _Compiler(rules).program()


class _Compiler:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.printers = {table.name: TermPrinter(table) for table in rules.tables}
        every = [rule for each in rules.maps for rule in each.rules]
        terms = [rule.predicate for rule in every]
        graphs = [rule.graph for rule in every if rule.graph is not None]
        self.coded = all(isinstance(term, Fixed) for term in (*terms, *graphs))
        fixed = {term.term for term in terms if isinstance(term, Fixed)}
        named = {term.term for term in graphs if isinstance(term, Fixed)}
        self.predicates = _numbers(sorted(fixed, key=predicate_key))
        self.graphs = _numbers(sorted(named, key=str.encode))

    def program(self) -> Program:
        selects: list[Select] = []
        subjects: dict[str, str] = {}
        for table in self.rules.tables:
            maps = [each for each in self.rules.maps if each.table.name == table.name]
            if maps:
                selects += self._scans(table, maps)
                subjects[table.name] = self._subjects(table, maps)
        return Program(
            rules=self.rules,
            selects=tuple(selects),
            subjects=subjects,
            predicates=tuple(self.predicates) if self.coded else None,
            graphs=tuple(self.graphs) if self.coded else None,
            numbered=with_under(self.rules.tables, self._numbered()),
        )

    def term(self, table: SourceTable, term: Term) -> TermSql:
        return self.printers[table.name].term(term)

    def _numbered(self) -> Iterator[str]:
        """Yield the tables of which a blank node is made for each record."""
        for each in self.rules.maps:
            terms: list[Term | Parent | None] = [each.subject]
            for rule in each.rules:
                terms += [rule.object, rule.graph, rule.predicate]
            for term in terms:
                table = each.table
                if isinstance(term, Parent):
                    table, term = (table, term.own) if term.own else (term.table, term.subject)
                made = bare(term) if term is not None else None
                if isinstance(made, BlankNode) and made.value is None:
                    yield table.name

    def _subjects(self, table: SourceTable, maps: Sequence[MapRules]) -> str:
        found = [self.term(table, each.subject) for each in maps]
        lists = ", ".join(term.sql if term.many else f"array({term.sql})" for term in found)
        return f"SELECT explode(flatten(array({lists}))) AS s FROM {{rows}}"

    # --- statements without a join ----------------------------------------------------------

    def _scans(self, table: SourceTable, maps: Sequence[MapRules]) -> Iterator[Select]:
        """Yield the queries for the statements of the triples maps of a table."""
        joins, printer = Joins(), SharedPrinter(table)
        entries: list[_Entry] = []
        others: list[str] = []
        for each in maps:
            subject = printer.term(each.subject)
            for _, group in groupby(each.rules, key=lambda rule: id(rule.object)):
                same = list(group)
                made = same[0].object
                if isinstance(made, Parent) and made.own is None:
                    yield self._join(same, made)
                    continue
                there = ""
                if isinstance(made, Parent):
                    assert made.own is not None
                    if made.keys:
                        there = self._there(same[0], made, joins)
                        others.append(made.table.name)
                    made = made.own
                entries += [self._entry(printer, rule, subject, made, there) for rule in same]
        rows = printer.over(joins.over(table.name))
        for start in range(0, len(entries), MOST_AT_ONCE):
            some = entries[start : start + MOST_AT_ONCE]
            yield Select(_packed(some, rows), (table.name, *others), len(some))

    def _entry(
        self, printer: TermPrinter, rule: Rule, subject: TermSql, made: Term, there: str
    ) -> _Entry:
        """Return the SQL of a statement without its subject, or of an array of such."""
        printed = printer.term(made)
        if there:
            empty = "array()" if printed.many else "NULL"
            sql = f"CASE WHEN {there} THEN {printed.sql} ELSE {empty} END"
            printed = TermSql(sql, printed.many, "")
        predicate, graph = self._place(printer, rule)
        sql = _combined({"p": predicate, "o": printed, "g": graph})
        many = predicate.many or printed.many or graph.many
        place = -1
        if isinstance(rule.predicate, Fixed):
            place = self.predicates[rule.predicate.term]
        return _Entry(subject, sql, many, place)

    def _place(self, printer: TermPrinter, rule: Rule) -> tuple[TermSql, TermSql]:
        """Return the predicate and the graph of a rule, as numbers where all are constant.

        The default graph is NULL for a number; else an empty text stands for no graph, so that a
        statement whose graph is missing is told from one in the default graph.
        """
        if self.coded:
            assert isinstance(rule.predicate, Fixed)
            graph = "CAST(NULL AS INT)"
            if isinstance(rule.graph, Fixed):
                graph = str(self.graphs[rule.graph.term])
            return (
                TermSql(str(self.predicates[rule.predicate.term]), False, ""),
                TermSql(graph, False, ""),
            )
        if rule.graph is None:
            return printer.term(rule.predicate), TermSql(_DEFAULT, False, "")
        found = printer.term(rule.graph)
        if not found.many:
            found = TermSql(f"coalesce({found.sql}, '')", False, "")
        return printer.term(rule.predicate), found

    def _there(self, rule: Rule, parent: Parent, joins: Joins) -> str:
        """Have the keys of a parent joined; return the condition that it is there."""
        found = joins.there(rule.table, parent)
        if parent.condition is not None:
            found += f" AND {TermPrinter(rule.table).holds(parent.condition)}"
        return found

    # --- joins --------------------------------------------------------------------------------

    def _join(self, rules: Sequence[Rule], parent: Parent) -> Select:
        """Return the query of rules that have the same join and differ in predicate and graph."""
        rule = rules[0]
        child, other = TermPrinter(rule.table), TermPrinter(parent.table)
        subject = next(each.subject for each in self.rules.maps if each.name == rule.triples_map)
        kept = {"s": child.term(subject)}
        for number, each in enumerate(rules):
            predicate, graph = self._place(child, each)
            kept |= {f"p{number}": _or_null(predicate), f"g{number}": _or_null(graph)}
        rows = rule.table.name
        if parent.condition is not None:
            rows = f"(SELECT * FROM {rows} WHERE {child.holds(parent.condition)})"
        own = {f"k{n}": child.key(key) for n, (key, _) in enumerate(parent.keys)}
        theirs = {f"k{n}": other.key(key) for n, (_, key) in enumerate(parent.keys)}
        left = unnested(rows, {**kept, **own})
        right = unnested(parent.table.name, {"o": other.term(parent.subject), **theirs})
        condition = " AND ".join(f"child.{key} = parent.{key}" for key in own) or "true"
        entries = ", ".join(
            f"named_struct('p', p{n}, 'o', o, 'g', g{n})" for n in range(len(rules))
        )
        return Select(
            f"SELECT s, array({entries}) AS u FROM ({left}) AS child"
            f" JOIN (SELECT DISTINCT * FROM ({right})) AS parent ON {condition}",
            (rule.table.name, parent.table.name),
            len(rules),
        )


@dataclass(slots=True)
class Joins:
    """The parents whose keys are looked for in a scan, each once."""

    _found: dict[tuple[str, tuple[str, ...], tuple[str, ...]], int] = field(default_factory=dict)

    def there(self, table: SourceTable, parent: Parent, *, with_subject: bool = False) -> str:
        """Return the condition that a record has a parent, whose keys are single values.

        Args:
            table: The table of the record.
            parent: The parent.
            with_subject: Whether only parents with a subject count.
        """
        child, other = TermPrinter(table), TermPrinter(parent.table)
        own = tuple(child.key(key).sql for key, _ in parent.keys)
        theirs = tuple(other.key(key).sql for _, key in parent.keys)
        rows = parent.table.name
        missing = other.term(parent.subject).missing if with_subject else ""
        if missing:
            rows = f"(SELECT * FROM {rows} WHERE NOT ({missing}))"
        number = self._found.setdefault((rows, own, theirs), len(self._found))
        return f"j{number}"

    def over(self, rows: str) -> str:
        """Return what is in the FROM clause: rows, with a column for each parent."""
        # Keys are columns of their own, since those of parents have the names of the child's.
        for (parents, own, theirs), number in self._found.items():
            keys = ", ".join(f"{sql} AS x{number}k{n}" for n, sql in enumerate(own))
            others = ", ".join(f"{sql} AS j{number}k{n}" for n, sql in enumerate(theirs))
            equal = " AND ".join(f"x{number}k{n} = j{number}k{n}" for n in range(len(own)))
            rows = (
                f"(SELECT *, EXISTS (SELECT 1 FROM (SELECT {others} FROM {parents})"
                f" WHERE {equal}) AS j{number} FROM (SELECT *, {keys} FROM {rows}))"
            )
        return rows


# The default graph where graphs are terms; no term, and before all of them.
_DEFAULT: Final = "' '"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A statement of a record.

    Attributes:
        subject: Its subject.
        sql: A struct of p, o and g, or an array of them.
        is_many: Whether it is an array.
        place: The number of its predicate; -1 where that is not constant.
    """

    subject: TermSql
    sql: str
    is_many: bool
    place: int


def _packed(entries: Sequence[_Entry], rows: str) -> str:
    """Return the query for subjects, each with an array of what a record says of it.

    So a subject is made, placed in a range and sent once for all its statements.
    """
    subjects: dict[tuple[str, bool], list[_Entry]] = {}
    for entry in entries:
        subjects.setdefault((entry.subject.sql, entry.subject.many), []).append(entry)
    columns, singles, lists = "", [], []
    for number, ((sql, many), same) in enumerate(subjects.items()):
        columns += f", {sql} AS s{number}, {_array(same)} AS u{number}"
        if many:
            lists.append(f"transform(s{number}, x -> named_struct('s', x, 'u', u{number}))")
        else:
            singles.append(f"named_struct('s', s{number}, 'u', u{number})")
    inner = f"SELECT {columns[2:]} FROM {rows}"
    if not lists and len(singles) == 1:
        return f"SELECT s0 AS s, u0 AS u FROM ({inner})"
    parts = [*([f"array({', '.join(singles)})"] if singles else []), *lists]
    return f"SELECT inline({concat(parts)}) FROM ({inner})"


def _array(entries: Sequence[_Entry]) -> str:
    """Return the SQL of an array of statements, sorted by predicate as far as may be."""
    singles = sorted((each for each in entries if not each.is_many), key=lambda each: each.place)
    lists = [each.sql for each in entries if each.is_many]
    if singles:
        lists.insert(0, f"array({', '.join(each.sql for each in singles)})")
    return concat(lists)


def _combined(terms: Mapping[str, TermSql]) -> str:
    """Return the SQL of a struct of terms; where some are arrays, an array of all combinations."""
    inner = {key: f"x_{key}" if term.many else term.sql for key, term in terms.items()}
    sql = "named_struct(" + ", ".join(f"'{key}', {value}" for key, value in inner.items()) + ")"
    for depth, (key, term) in enumerate((k, t) for k, t in terms.items() if t.many):
        sql = f"transform({term.sql}, x_{key} -> {sql})"
        sql = f"flatten({sql})" if depth else sql
    return sql


def _or_null(term: TermSql) -> TermSql:
    """Let an empty array be one of a NULL, so that it takes no record away when unnested."""
    sql = f"CASE WHEN size({term.sql}) > 0 THEN {term.sql} ELSE array(CAST(NULL AS STRING)) END"
    return replace(term, sql=sql) if term.many else term


def unnested(rows: str, columns: Mapping[str, TermSql]) -> str:
    """Return a query for the rows of expressions, arrays unnested one after another."""
    final = {}
    for name, term in columns.items():
        if term.many:
            rows = f"(SELECT *, explode({term.sql}) AS m_{name} FROM {rows})"
            final[name] = f"m_{name}"
        else:
            final[name] = term.sql
    shown = ", ".join(f"{sql} AS {name}" for name, sql in final.items())
    return f"SELECT {shown} FROM {rows}"


def _numbers(terms: Sequence[str]) -> dict[str, int]:
    return {term: number for number, term in enumerate(terms)}
