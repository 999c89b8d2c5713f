"""Writes rows to files in each format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg import progress
from kg.duck import interruptible
from kg.exports.formats import COTTAS, JSON_LD, N_QUADS, N_TRIPLES, RDF_XML, TRIG, TURTLE
from kg.exports.lines import by_graph_sql, merged_sql, nquads_sql, ntriples_sql
from kg.exports.names import Names, Use, survey, survey_graphs
from kg.exports.nested import Nesting
from kg.exports.options import ExportOptions, Job
from kg.exports.sinks import Writer, opened, piped, splitting, standard_output
from kg.exports.turtle import Printable, trig_sql, turtle_sql
from kg.files import replacing
from kg.quads import copy_lines, copy_rows
from kg.records import dataclass
from kg.sql import some_blank

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a quad table that are written.

    Attributes:
        sql: A query with the columns s, p, o, g in the order of the table.
        overlapping: Whether they are of more than one graph.
        use: How they use prefixes, if known.
    """

    sql: str
    overlapping: bool
    use: Use | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The result of writing.

    Attributes:
        statements: Number of statements.
        files: The files.
        digest: Of canonical lines, with the name of its algorithm.
    """

    statements: int
    files: tuple[Path, ...]
    digest: str | None = None


def write(connection: duckdb.DuckDBPyConnection, rows: Rows, job: Job) -> Written:
    """Write rows in the format and to the target of a job.

    Raises:
        InputError: The format cannot express them.
        LimitError: A limit was reached; the target is unchanged.
        WorldError: The disk failed; the target is unchanged.
        BrokenPipeError: The reader of standard output has closed it.
    """
    if job.options.canonical and job.form in (TURTLE, TRIG):
        from kg.exports.canonical import canonical_table

        table, digest = canonical_table(connection, _prepared(rows, job), job.folder, job.options)
        plain = replace(job, options=replace(job.options, canonical=False))
        sql = f"SELECT s, p, o, g FROM {table.sql}"
        return replace(write(connection, Rows(sql, rows.overlapping), plain), digest=digest)
    progress.part(0, 1)
    if job.form in (JSON_LD, RDF_XML):
        return _write_serialised(connection, rows, job)
    if job.form == COTTAS:
        return _write_cottas(connection, rows, job)
    lines, count = _lines(connection, rows, job)
    if job.target != "-" and not (job.compression or job.options.split or job.options.canonical):
        with replacing(Path(job.target)) as part:
            written = interruptible(connection, lambda: copy_lines(connection, lines, part))
        return Written(written if count is None else count, (Path(job.target),))

    def emit(sink: Writer) -> int:
        with piped(connection, lines) as pipe:
            pipe.copy_to(sink)
        return pipe.count if count is None else count

    return _emitted(emit, job)


def _emitted(emit: Callable[[Writer], int], job: Job) -> Written:
    """Open the target of the job, and write the statements there."""
    target = Path(job.target)
    if job.options.split is not None:
        with splitting(target, job.options.split, job.compression) as sink:
            count = emit(sink)
            return Written(count, sink.commit())
    if job.target == "-":
        hashed = _Hashed(standard_output(), job.options)
        return Written(emit(hashed), (), hashed.digest())
    with replacing(target) as part, opened(part, job.compression) as sink:
        hashed = _Hashed(sink, job.options)
        count = emit(hashed)
    return Written(count, (target,), hashed.digest())


class _Hashed:
    """Passes bytes on, and computes their digest if it is wanted."""

    def __init__(self, sink: Writer, options: ExportOptions) -> None:
        self._sink = sink
        self._hash = hashlib.new(options.digest) if options.canonical else None

    def write(self, data: bytes) -> None:
        if self._hash is not None:
            self._hash.update(data)
        self._sink.write(data)

    def digest(self) -> str | None:
        return f"{self._hash.name}:{self._hash.hexdigest()}" if self._hash is not None else None


def _write_serialised(connection: duckdb.DuckDBPyConnection, rows: Rows, job: Job) -> Written:
    from kg.exports.serialised import write_serialised
    from kg.exports.xml_names import refuse_unnameable

    prepared = _prepared(rows, job)
    if job.form == RDF_XML:
        refuse_unnameable(connection, rows.sql)
    return _emitted(
        lambda sink: write_serialised(connection, prepared, job.form, sink, job.prefixes), job
    )


def _write_cottas(connection: duckdb.DuckDBPyConnection, rows: Rows, job: Job) -> Written:
    """Write a Parquet file as pycottas reads it: without the column g if there are no graphs."""
    named = connection.execute(f"SELECT 1 FROM ({rows.sql}) WHERE g IS NOT NULL LIMIT 1").fetchone()
    columns = "s, p, o" if named is None else "s, p, o, g"
    # Plain order of subject, predicate, object: the index that the file's metadata names.
    ordered = f"SELECT {columns} FROM ({rows.sql}) ORDER BY {columns} NULLS FIRST"
    with replacing(Path(job.target)) as part:
        count = interruptible(connection, lambda: copy_rows(connection, ordered, part, index="spo"))
    return Written(count, (Path(job.target),))


def _prepared(rows: Rows, job: Job) -> str:
    """Return a query for the rows in the order of the format, each statement once."""
    if not job.form.quads:
        return merged_sql(rows.sql) if rows.overlapping else _without_graph(rows.sql)
    if job.form in (TRIG, JSON_LD) and rows.overlapping:
        return by_graph_sql(rows.sql)
    return rows.sql


def _without_graph(rows: str) -> str:
    return f"SELECT s, p, o, NULL::VARCHAR AS g FROM ({rows})"


def _lines(connection: duckdb.DuckDBPyConnection, rows: Rows, job: Job) -> tuple[str, int | None]:
    """Return a query for the lines, and the number of statements if it differs from theirs."""
    prepared = _prepared(rows, job)
    if job.options.canonical:
        from kg.exports.canonical import canonical_lines

        return canonical_lines(connection, prepared, job.folder, job.options), None
    if job.form == N_TRIPLES:
        return ntriples_sql(prepared), None
    if job.form == N_QUADS:
        return nquads_sql(prepared), None
    return _pretty_lines(connection, rows, prepared, job)


def _pretty_lines(
    connection: duckdb.DuckDBPyConnection, rows: Rows, prepared: str, job: Job
) -> tuple[str, int | None]:
    names = Names.of(job.prefixes)
    blank = connection.execute(some_blank(rows.sql, "so")).fetchone()
    nesting = Nesting(connection, prepared) if blank else None
    if nesting is not None:
        use = survey(connection, nesting.plain_rows, names)
    else:
        use = rows.use or survey(connection, rows.sql, names)
    if job.form == TRIG:
        use = survey_graphs(connection, rows.sql, names, use)
    names = use.shorten(names)
    printable = Printable(prepared)
    count = None
    if nesting is not None:
        printable = nesting.printable(names)
        count = nesting.count
    lines = trig_sql(printable, names) if job.form == TRIG else turtle_sql(printable, names)
    return lines, count
