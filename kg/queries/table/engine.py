"""The table engine behind the protocol of query engines."""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb

from kg.duck import engine, first_line, only_row, translated
from kg.errors import InputError, Location
from kg.queries.engine import Answer, Row, Rows, Term, Triple, Triples, Watch
from kg.queries.rows import csv_line
from kg.queries.table.bound import with_values
from kg.queries.table.compile import Compiler
from kg.queries.table.describe import Steps
from kg.queries.table.functions import (
    python_call,
    python_double,
    python_double_term,
    python_exact,
    python_float_term,
    python_rank,
    python_test,
    python_truth,
)
from kg.queries.table.held import Held
from kg.queries.table.modifiers import texts_sql
from kg.queries.table.ordering import python_order
from kg.queries.table.patterns import python_regex, python_replacement
from kg.queries.table.relation import Column, NotCompiledError, Relation
from kg.queries.table.scans import MERGED, copy_for
from kg.sparql import algebra
from kg.sparql.guard import Guarded
from kg.sparql.translate import translate
from kg.sparql.tree import Variable
from kg.sparql.words import Form
from kg.table import ids
from kg.table.ids import id_of
from kg.table.write import Statistics, open_copies, read_statistics
from kg.terms import is_literal, is_named

# Characters of SQL: DuckDB plans no longer text in a moment.
LONGEST: Final = 200_000
# What DuckDB says before the message of an error in Python.
# What Python says of numbers with too many digits.
_TOO_LONG: Final = re.compile(r"integer string conversion|decimal\.(?:Inexact|Overflow|Invalid)")
_IN_PYTHON: Final = re.compile(".*Python exception occurred while executing the UDF: [A-Za-z.]+: ")
# The triples of a DESCRIBE.
_DESCRIBED: Final = (algebra.Triple(*map(Variable, "spo")),)
# Properties and classes that are told of a table.
_MOST_IN_USE: Final = 5_000
# Rows that are read at once.
_BATCH: Final = 2048


# What SQL calls of Python: name, function, types of the parameters and of the result.
_FUNCTIONS: Final[tuple[tuple[str, Callable[..., Any], list[Any], Any], ...]] = (
    ("python_call", python_call, ["VARCHAR", "VARCHAR[]"], "VARCHAR"),
    ("python_test", python_test, ["VARCHAR", "VARCHAR", "VARCHAR"], "BOOLEAN"),
    ("python_truth", python_truth, ["VARCHAR"], "BOOLEAN"),
    ("python_rank", python_rank, ["VARCHAR"], "TINYINT"),
    ("python_exact", python_exact, ["VARCHAR"], "VARCHAR"),
    ("python_double", python_double, ["VARCHAR"], "VARCHAR"),
    ("python_double_term", python_double_term, ["DOUBLE"], "VARCHAR"),
    ("python_float_term", python_float_term, ["DOUBLE"], "VARCHAR"),
    ("python_order", python_order, ["VARCHAR"], "VARCHAR"),
    ("python_regex", python_regex, ["VARCHAR", "VARCHAR"], "VARCHAR"),
    ("python_replacement", python_replacement, ["VARCHAR", "VARCHAR", "VARCHAR"], "VARCHAR"),
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query as SQL.

    Attributes:
        sql: A SELECT of terms as text; for an ASK of one row or none.
        columns: The variables of its columns.
        lines: Returns a SELECT of lines of CSV instead, with their ends.
        steps: What is asked before.
    """

    sql: str
    columns: tuple[str, ...]
    lines: Callable[[], str] | None = None
    steps: Steps | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """All SQL, in the order in which it is asked."""
        return (*(self.steps.sql if self.steps else ()), self.sql)

    @property
    def has_python(self) -> bool:
        """Whether Python is asked."""
        return any("python_" in text for text in self.texts)


def compile_query(
    query: algebra.Query,
    statistics: Statistics,
    prefixes: Mapping[str, int],
    default: str,
    count: Callable[[str], int] | None = None,
) -> Compiled:
    """Return a query as SQL.

    Args:
        query: The query in algebra.
        statistics: What is known of the table.
        prefixes: The table of prefixes.
        default: SQL for the rows of the default graph.
        count: Counts the rows of a FROM item; None where nothing may be asked.

    Raises:
        NotCompiledError: SQL cannot say it.
    """
    compiler = Compiler(statistics, prefixes, default, query, count)
    steps = None
    try:
        found = compiler.solutions()
        if query.form is Form.ASK:
            return Compiled(f"SELECT 1 FROM ({found.sql}) LIMIT 1", ())
        if query.form is Form.DESCRIBE:
            steps, found = compiler.described()
        columns = _columns(query, found)
        sql = compiler.texts(found, list(columns))
        lines = partial(compiler.lines, found, list(columns)) if columns and not steps else None
    except RecursionError as error:
        raise NotCompiledError("it nests too deep") from error
    compiled = Compiled(sql, columns, lines, steps)
    if any(len(text) > LONGEST for text in compiled.texts):
        raise NotCompiledError("it is too long as SQL")
    return compiled


def _columns(query: algebra.Query, found: Relation) -> tuple[str, ...]:
    if query.form is Form.SELECT:
        return tuple(found.columns)
    if query.form is Form.DESCRIBE:
        return tuple("spo")
    if query.form is Form.CONSTRUCT:
        wanted = [part for triple in query.template for part in triple]
        if any(isinstance(part, algebra.TripleTerm) for part in wanted):
            raise NotCompiledError("triple terms")
        return tuple(dict.fromkeys(each.name for each in wanted if hasattr(each, "name")))
    raise AssertionError(query.form)


class Table:
    """Coded copies, asked through DuckDB.

    Args:
        connection: On which `kg.table.write.open_copies` has defined the copies.
        statistics: What is known of them.
        label: What messages call the dataset.
        default: SQL for the rows of the default graph.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        statistics: Statistics,
        label: str,
        default: str = MERGED,
    ) -> None:
        self._connection = connection
        self._statistics = statistics
        self._label = label
        self._default = default
        # The thread that asks, and what it asks on, until the answer has been read.
        self._running: dict[int, tuple[int, duckdb.DuckDBPyConnection]] = {}
        self._defining = threading.Lock()
        self._has_python = False
        self._held = Held(connection, statistics.quads)
        rows = connection.execute("SELECT t, id FROM prefixes").fetchall()
        self._prefixes: dict[str, int] = dict(rows)

    @classmethod
    def of_folder(
        cls,
        folder: Path,
        label: str,
        memory: str | None = None,
        threads: int | None = None,
        default: str = MERGED,
    ) -> Table:
        """Open the copies in a folder.

        Args:
            folder: The folder that `kg.table.write.write_copies` wrote.
            label: What messages call the dataset.
            memory: Peak memory of the process, such as ``1GB``.
            threads: Worker threads.
            default: SQL for the rows of the default graph.
        """
        stack = ExitStack()
        connection = stack.enter_context(engine(None, memory, threads))
        with translated():
            open_copies(connection, folder)
        table = cls(connection, read_statistics(folder), label, default)
        weakref.finalize(table, stack.close)
        return table

    @property
    def label(self) -> str:
        """What messages call the dataset."""
        return self._label

    def compiled(
        self,
        query: Guarded,
        prefixes: Mapping[str, str] | None = None,
        base: str | None = None,
        bound: Mapping[str, Term] | None = None,
    ) -> tuple[algebra.Query, Compiled]:
        """Return a query in algebra and as SQL; see `kg.queries.engine.Engine.ask`.

        Raises:
            NotCompiledError: SQL cannot say it.
        """
        meaning = translate(query.tree, prefixes or {}, base)
        if bound:
            meaning = with_values(meaning, bound)
        known = self._statistics, self._prefixes, self._default
        return meaning, compile_query(meaning, *known, self._count)

    def _count(self, rows: str) -> int:
        with self._connection.cursor() as cursor:
            return int(only_row(cursor.execute(f"SELECT count(*) FROM {rows}"))[0])

    def check(self, query: Guarded, prefixes: Mapping[str, str], base: str) -> tuple[str, ...]:
        """Compile a query without answering it; see `kg.queries.engine.Engine.check`."""
        with _told(query):
            meaning, compiled = self.compiled(query, prefixes, base)
        return compiled.columns if meaning.form is Form.SELECT else ()

    def ask(
        self,
        query: Guarded,
        prefixes: Mapping[str, str] | None = None,
        base: str | None = None,
        bound: Mapping[str, Term] | None = None,
    ) -> Answer:
        """Answer a query; see `kg.queries.engine.Engine.ask`."""
        with _told(query):
            return self._answer(query, *self.compiled(query, prefixes, base, bound))

    def _answer(self, query: Guarded, meaning: algebra.Query, compiled: Compiled) -> Answer:
        if compiled.has_python:
            self._define_python()
        rows = self._rows(compiled, query)
        if meaning.form is Form.ASK:
            return next(rows, None) is not None
        if meaning.form is Form.SELECT:
            lines = None if compiled.lines is None else partial(self._lines, compiled.lines, query)
            return Rows(compiled.columns, rows, lines=lines)
        template = meaning.template if meaning.form is Form.CONSTRUCT else _DESCRIBED
        return Triples(_constructed(template, compiled.columns, rows))

    def _rows(self, compiled: Compiled, query: Guarded) -> Iterator[Row]:
        """Answer a query when its rows are first wanted, and yield them."""
        width = len(compiled.columns)
        for rows in self._read(compiled.sql, query, compiled.steps):
            yield from rows if width else ((),) * len(rows)

    def _lines(self, sql: Callable[[], str], query: Guarded) -> Iterator[str]:
        """Answer a query with lines of CSV."""
        for rows in self._read(sql(), query):
            if len(rows[0]) == 1:
                yield from (line for (line,) in rows)
            else:
                yield from (csv_line(row[1:]) if row[0] is None else row[0] for row in rows)

    def _read(
        self, sql: str, query: Guarded, steps: Steps | None = None
    ) -> Iterator[list[tuple[Any, ...]]]:
        cursor = self._connection.cursor()
        self._running[id(cursor)] = threading.get_ident(), cursor
        try:
            with _told(query), _refused(), translated():
                self._held.prepare(cursor, " ".join((*(steps.sql if steps else ()), sql)))
                if steps:
                    steps.run(cursor)
                cursor.execute(sql)
                while rows := cursor.fetchmany(_BATCH):
                    yield rows
        finally:
            self._running.pop(id(cursor), None)
            with suppress(duckdb.Error):
                cursor.close()

    def interrupt(self, thread: int) -> bool:
        """Interrupt the queries of a thread; see `kg.queries.engine.Engine.interrupt`."""
        found = [cursor for asking, cursor in tuple(self._running.values()) if asking == thread]
        for cursor in found:
            cursor.interrupt()
        return bool(found)

    def plan(self, query: Guarded, prefixes: Mapping[str, str], base: str) -> Iterator[str]:
        """Yield the SQL of a query, and DuckDB's plan with the rows that it expects."""
        with _told(query):
            _, compiled = self.compiled(query, prefixes, base)
            if compiled.has_python:
                self._define_python()
            with _refused(), translated(), self._connection.cursor() as cursor:
                if compiled.steps:
                    compiled.steps.define(cursor)
                plans = [cursor.execute(f"EXPLAIN {sql}").fetchall() for sql in compiled.texts]
        for sql, ((_, plan), *_) in zip(compiled.texts, plans, strict=True):
            yield "SQL:"
            yield f"  {sql}"
            yield "plan of DuckDB, with the rows that it expects of each step:"
            yield from (f"  {line}" for line in str(plan).rstrip().splitlines())

    def count(
        self,
        s: Term | None = None,
        p: Term | None = None,
        o: Term | None = None,
        graph: Term | None = None,
    ) -> int:
        """Return the number of triples that match, in a named graph or the default graph."""
        place = self._default if graph is None else f"g = {id_of(graph, self._prefixes)}"
        return int(self._values(f"SELECT count(*) FROM {self._where(s, p, o, place)}")[0][0])

    def has(self, s: Term | None = None, p: Term | None = None, o: Term | None = None) -> bool:
        """Return whether any graph has a triple that matches."""
        return bool(self._values(f"SELECT 1 FROM {self._where(s, p, o)} LIMIT 1"))

    def triples(
        self, s: Term | None = None, p: Term | None = None, o: Term | None = None
    ) -> Iterator[Triple]:
        """Yield the triples of all graphs that match, each once."""
        columns = {name: Column(name, ids.EVERY) for name in "spo"}
        found = Relation(f"SELECT s, p, o FROM {self._where(s, p, o, 'first')}", columns)
        cursor = self._connection.cursor()
        with translated():
            cursor.execute(texts_sql(found, list(columns)))
            while rows := cursor.fetchmany(_BATCH):
                yield from ((str(a), str(b), str(c)) for a, b, c in rows)

    def graphs(self) -> Iterator[Term]:
        """Yield the names of the named graphs, in no order."""
        column = {"g": Column("g", frozenset({ids.Kind.NODE, ids.Kind.NUMBERED}))}
        found = Relation("SELECT DISTINCT g FROM spo WHERE g IS NOT NULL", column)
        yield from (str(name) for (name,) in self._values(texts_sql(found, ["g"])))

    def in_use(self) -> Iterator[Term]:
        """Yield the properties and classes, those that occur most first."""
        known = self._statistics
        counts = {p: each.triples for p, each in known.predicates.items()} | known.classes
        nodes = [id_ for id_ in counts if id_ >> ids.BITS in (ids.Kind.NODE, ids.Kind.NUMBERED)]
        listed = sorted(nodes, key=lambda id_: -counts[id_])[:_MOST_IN_USE]
        rows = ", ".join(f"({number}, {id_})" for number, id_ in enumerate(listed))
        if not rows:
            return
        found = Relation(
            f"SELECT v FROM (VALUES {rows}) AS x(k, v) ORDER BY k",
            {"v": Column("v", frozenset({ids.Kind.NODE, ids.Kind.NUMBERED}))},
        )
        for (term,) in self._values(texts_sql(found, ["v"])):
            yield str(term)

    def watch(self, query: Guarded) -> Watch | None:
        """Return None: an empty cell is an error of the expression, as SPARQL has it."""
        del query
        return None

    def remarks(self, query: Guarded, prefixes: Mapping[str, str]) -> list[str]:
        """Return what to tell of language tags; for the rest, the answer is SPARQL's."""
        from kg.queries.differences import tag_remarks

        return list(tag_remarks(query, prefixes))

    def _where(
        self, s: Term | None, p: Term | None, o: Term | None, place: str | None = None
    ) -> str:
        """Return the copy in which what matches is together, and the conditions."""
        known = {name: term for name, term in zip("spo", (s, p, o), strict=True) if term}
        tests = [f"{name} = {id_of(term, self._prefixes)}" for name, term in known.items()]
        tests += [place] if place else []
        return copy_for("".join(known)) + (f" WHERE {' AND '.join(tests)}" if tests else "")

    def _values(self, sql: str) -> list[tuple[Any, ...]]:
        with translated():
            return self._connection.cursor().execute(sql).fetchall()

    def _define_python(self) -> None:
        with self._defining:
            # Asking it takes as long as a small query.
            if not self._has_python and not _has_python(self._connection):
                self._define()
            self._has_python = True

    def _define(self) -> None:
        # Its overloads name each type of each library.
        define: Any = self._connection.create_function
        # With side effects, DuckDB does not repeat a call where it moves it to.
        try:
            for name, function, parameters, result in _FUNCTIONS:
                define(
                    name, function, parameters, result, null_handling="special", side_effects=True
                )
        except duckdb.InvalidInputException as error:
            raise NotCompiledError(
                f"it has a function that is asked of Python, for which DuckDB wants numpy"
                f" (pip install 'kg-exporter[table]'): {first_line(error)}"
            ) from error


@contextmanager
def _refused() -> Iterator[None]:
    """Tell of values that SQL cannot compute with, such as a sum of over 38 digits."""
    try:
        yield
    except (
        duckdb.OutOfRangeException,
        duckdb.ConversionException,
        duckdb.InvalidInputException,
        duckdb.BinderException,
        duckdb.NotImplementedException,
    ) as error:
        told = _IN_PYTHON.sub("", first_line(error))
        if _TOO_LONG.search(told):
            told = "a number or a duration has more digits than it reckons with"
        raise NotCompiledError(told) from error


@contextmanager
def _told(query: Guarded) -> Iterator[None]:
    """Turn what the engine does not answer into kg's error."""
    try:
        yield
    except NotCompiledError as error:
        raise InputError(
            "not-compiled",
            f"the table engine does not answer this query: {error}",
            location=Location(query.source),
            hint="Ask with --engine oxigraph.",
        ) from error


def _constructed(
    template: Iterable[algebra.Triple], columns: tuple[str, ...], rows: Iterable[Row]
) -> Iterator[tuple[str, str, str]]:
    for number, row in enumerate(rows):
        values = dict(zip(columns, row, strict=True))
        for triple in template:
            s, p, o = (_made(part, values, number) for part in triple)
            if s and p and o and not is_literal(s) and is_named(p):
                yield s, p, o


def _made(part: algebra.Term, values: Mapping[str, str | None], number: int) -> str | None:
    if isinstance(part, algebra.Constant):
        return part.term
    if isinstance(part, algebra.NewBlank):
        return f"_:row{number}x{part.label.encode().hex()}"
    assert not isinstance(part, algebra.TripleTerm)
    return values.get(part.name)


def _has_python(connection: duckdb.DuckDBPyConnection) -> bool:
    sql = "SELECT count(*) FROM duckdb_functions() WHERE function_name = 'python_call'"
    with connection.cursor() as cursor:  # other threads use the connection
        return cursor.execute(sql).fetchall() != [(0,)]
