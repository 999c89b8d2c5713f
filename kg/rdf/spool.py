"""Parses many RDF files into one table of terms.

Oxigraph serialises each file to N-Triples or N-Quads, and DuckDB splits the lines into terms. No
Python runs per statement, which takes a third of the time of a loop over quads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import pyoxigraph as ox

from kg.errors import InputError, Location, WorldError
from kg.rdf.files import LinesOfStatements, format_of, open_rdf
from kg.rdf.labels import TABLE, make_labels
from kg.records import dataclass
from kg.temporary import temporary_folder
from kg.terms import iri
from kg.workspace import show_path

if TYPE_CHECKING:
    import duckdb

_BUFFER: Final = 1 << 20  # bytes
# DuckDB's memory limit while it splits statements into terms; it spills the rest to disk.
SPOOL_MEMORY: Final = "600MB"
# Bytes of a statement: DuckDB's default limit for a line, and kg's limit. A longer literal is
# usually data in the wrong cell.
_USUAL_STATEMENT: Final = 2_000_000
LONGEST_STATEMENT: Final = 64 * 2**20
# Selects triple terms and literals with a base direction.
_IS_RDF_12: Final = (
    "(starts_with(o, '<<(') OR (NOT ends_with(o, '\"') AND NOT ends_with(o, '>')"
    " AND regexp_matches(o, '\"@[a-z0-9-]+--(?:ltr|rtl)$')))"
)


@dataclass(frozen=True, slots=True)
class Spooled:
    """The result of `spool_rdf`.

    Attributes:
        count: Number of quads, duplicates included.
        prefixes: Prefixes that the files declare, with their namespaces; the first file wins.
    """

    count: int
    prefixes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The statements of one file, each on a line.

    Attributes:
        path: The RDF file.
        lines: The file of lines.
        graph: The graph that takes the statements of its default graph, or None.
        number: The position of the file among all, from 0.
    """

    path: Path
    lines: Path
    graph: str | None
    number: int

    @property
    def form(self) -> ox.RdfFormat:
        """N-Triples, or N-Quads if the file's format has graphs."""
        return _line_format(self.path)


def spool_rdf(
    files: Iterable[tuple[Path, str | None]],
    target: Path,
    base: str | None = None,
    memory: str | None = None,
) -> Spooled:
    """Parse RDF files into one table of terms, which `kg.quads.spooled` reads.

    The table is a Parquet file with the columns s, p, o, g, and f, the position of the file among
    all, from 0. Rows are neither sorted nor distinct. Blank nodes of different files stay
    different, and their labels are the same in every run: see `kg.rdf.labels`.

    Args:
        files: Each file with the graph that takes the statements of its default graph, or None to
            leave them there.
        target: The file to write.
        base: As for `open_rdf`.
        memory: Peak memory of the process, such as ``1GB``; by default 600 MB.

    Raises:
        InputError: A file is missing, is not valid RDF, or contains RDF 1.2 terms.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    from kg.duck import engine

    prefixes: dict[str, str] = {}
    parsed: list[_Lines] = []
    with (
        temporary_folder("spool", target.parent) as name,
        engine(Path(name), memory or SPOOL_MEMORY, threads=1) as connection,
    ):
        # Keep the labels as the build side of the join: the statements may not fit into memory.
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        for number, (path, graph) in enumerate(files):
            lines = Path(name) / f"{number}.lines"
            _write_lines(path, lines, base, prefixes)
            parsed.append(_Lines(path, lines, graph, number))
        count = _write_spool(connection, parsed, target)
    return Spooled(count, prefixes)


def _write_lines(path: Path, lines: Path, base: str | None, prefixes: dict[str, str]) -> None:
    """Write the statements of an RDF file as canonical N-Triples, or N-Quads if it has graphs."""
    with open_rdf(path, base) as parser:
        with lines.open("wb", buffering=0) as raw:
            out = _Out(raw)
            if isinstance(parser, LinesOfStatements):
                for chunk in parser.reader.chunks():
                    out.write(chunk)
            else:
                ox.serialize(parser, cast(IO[bytes], out), _line_format(path))
        for prefix, namespace in parser.prefixes.items():
            prefixes.setdefault(prefix, namespace)


class _Out:
    """A file to write to whose errors cannot be mistaken for those of the file being read."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def write(self, data: bytes) -> int:
        try:
            return self._raw.write(data)
        except OSError as error:
            raise WorldError(
                "disk", f"{self._raw.name} cannot be written: {error.strerror or error}"
            ) from error

    def flush(self) -> None:
        """Do nothing: the file is not buffered."""


def _line_format(path: Path) -> ox.RdfFormat:
    return ox.RdfFormat.N_QUADS if format_of(path).supports_datasets else ox.RdfFormat.N_TRIPLES


def _write_spool(connection: duckdb.DuckDBPyConnection, parsed: list[_Lines], target: Path) -> int:
    import duckdb

    from kg.duck import read_parquet, translated

    try:
        with translated():
            count = _copy_terms(connection, parsed, target, _USUAL_STATEMENT)
    except duckdb.InvalidInputException:
        # A line was longer than usual. Repeat with the higher limit, which takes more memory.
        with translated():
            count = _copy_long_terms(connection, parsed, target)
    twelve = f"FROM {read_parquet(target)} WHERE {_IS_RDF_12} LIMIT 1"
    if connection.execute(twelve).fetchone():
        raise _rdf_12(connection, parsed)
    return count


def _copy_long_terms(
    connection: duckdb.DuckDBPyConnection, parsed: list[_Lines], target: Path
) -> int:
    import duckdb

    for entry in parsed:
        try:
            connection.execute(f"SELECT count(s) FROM ({_split_sql(entry, LONGEST_STATEMENT)})")
        except duckdb.InvalidInputException as error:
            raise InputError(
                "statement-too-long",
                f"a statement is longer than {LONGEST_STATEMENT // 2**20} MB",
                location=Location(show_path(entry.path)),
                hint="Has a whole file slipped into a literal?",
            ) from error
    return _copy_terms(connection, parsed, target, LONGEST_STATEMENT)


def _copy_terms(
    connection: duckdb.DuckDBPyConnection, parsed: list[_Lines], target: Path, longest: int
) -> int:
    from kg.duck import sql_target

    blank = {entry.number for entry in parsed if _holds(entry.lines, b"_:")}
    if blank:
        rows = [(e.number, _split_sql(e, longest)) for e in parsed if e.number in blank]
        make_labels(connection, rows)
    nothing = "SELECT '' AS s, '' AS p, '' AS o, '' AS g, 0 AS f WHERE false"
    union = " UNION ALL ".join(
        [nothing, *(_terms_sql(e, longest, blank=e.number in blank) for e in parsed)]
    )
    row = connection.execute(
        f"COPY ({union}) TO {sql_target(target)}"
        " (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE 61440)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _terms_sql(entry: _Lines, longest: int, *, blank: bool) -> str:
    """Return a query for the columns s, p, o, g of one file's lines."""
    split = _split_sql(entry, longest)
    if not blank:
        return f"SELECT s, p, o, g, {entry.number} AS f FROM ({split})"
    stable = ", ".join(f"coalesce(of_{name}.stable, {name}) AS {name}" for name in "sog")
    labels = f"(SELECT label, stable FROM {TABLE} WHERE f = {entry.number})"
    joins = " ".join(
        f"LEFT JOIN {labels} AS of_{name} ON of_{name}.label = {name}" for name in "sog"
    )
    return (
        f"SELECT s, p, o, g, {entry.number} AS f"
        f" FROM (SELECT p, {stable} FROM ({split}) AS split {joins})"
    )


def terms_of_lines_sql(lines: Path) -> str:
    """Return a query for the columns s, p, o, g of a file of canonical N-Quads."""
    entry = _Lines(Path("lines.nq"), lines, None, 0)
    return f"SELECT s, p, o, g FROM ({_split_sql(entry, LONGEST_STATEMENT)})"


def _split_sql(entry: _Lines, longest: int) -> str:
    """Return a query that splits lines into the terms s, p, o, g, with the line number n.

    Subject and predicate contain no space. In N-Quads a graph follows the object if there is a
    space in an object that is not a literal, or after the last quotation mark of a literal.
    """
    from kg.duck import lines_sql, sql_text

    home = "NULL::VARCHAR" if entry.graph is None else sql_text(iri(entry.graph))
    read = f"SELECT line, row_number() OVER () AS n FROM {lines_sql(entry.lines, longest)}"
    first = f"SELECT n, line, instr(line, ' ') AS i FROM ({read})"
    rest = f"SELECT n, substr(line, 1, i - 1) AS s, substr(line, i + 1) AS rest FROM ({first})"
    second = f"SELECT n, s, rest, instr(rest, ' ') AS i FROM ({rest})"
    object_ = (
        "SELECT n, s, substr(rest, 1, i - 1) AS p,"
        f" substr(rest, i + 1, length(rest) - i - 2) AS o FROM ({second})"
    )
    if entry.form == ox.RdfFormat.N_TRIPLES:
        return f"SELECT n, s, p, o, {home} AS g FROM ({object_})"
    tail = (
        "SELECT n, s, p, o, length(o) AS size, CASE WHEN starts_with(o, '\"')"
        f" THEN regexp_extract(o, '[^\"]*$') ELSE o END AS tail FROM ({object_})"
    )
    space = (
        f"SELECT n, s, p, o, nullif(instr(tail, ' '), 0) + size - length(tail) AS i FROM ({tail})"
    )
    return (
        "SELECT n, s, p, CASE WHEN i IS NULL THEN o ELSE substr(o, 1, i - 1) END AS o,"
        f" CASE WHEN i IS NULL THEN {home} ELSE substr(o, i + 1) END AS g FROM ({space})"
    )


def _rdf_12(connection: duckdb.DuckDBPyConnection, parsed: list[_Lines]) -> InputError:
    for entry in parsed:
        row = connection.execute(
            f"SELECT s, p, o FROM ({_split_sql(entry, LONGEST_STATEMENT)})"
            f" WHERE {_IS_RDF_12} LIMIT 1"
        ).fetchone()
        if row:
            return InputError(
                "rdf-12",
                f"this statement is RDF 1.2, but kg supports RDF 1.1: {' '.join(row)} .",
                location=Location(show_path(entry.path)),
                hint="Write triple terms as reified statements, and leave base directions out.",
            )
    raise AssertionError("the statement was in one of the files a moment ago")


def _holds(path: Path, wanted: bytes) -> bool:
    with path.open("rb", buffering=0) as source:
        tail = b""
        while chunk := source.read(_BUFFER):
            if wanted in tail + chunk:
                return True
            tail = chunk[-len(wanted) + 1 :]
    return False
