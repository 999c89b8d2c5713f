"""Compares two graphs by name, and writes the differences in a format."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal

from kg.diff.compare import compare_blank, compare_ground, cuts_of, rows_of
from kg.diff.formats import json_sql, patch_sql, text_sql, update_sql
from kg.diff.sides import Side, read_side
from kg.duck import engine, read_parquet, sql_target, translated
from kg.errors import InputError
from kg.quads import copy_lines
from kg.records import dataclass
from kg.sizes import parse_size
from kg.sql import some_blank
from kg.temporary import temporary_folder
from kg.wording import visible
from kg.workspace import COMMON_PREFIXES, Workspace, find_workspace

if TYPE_CHECKING:
    import duckdb

Form = Literal["text", "json", "patch", "update"]
FORMATS: Final[tuple[Form, ...]] = ("text", "json", "patch", "update")
_MUCH: Final = 400_000_000  # bytes
CHUNK: Final = 1000  # triples of a DELETE DATA or INSERT DATA


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """The options of a comparison.

    Attributes:
        form: The format of the differences.
        merged: Compare triples, whatever their graph. This is always done if one side is in a
            format without graphs.
        with_inferred: Whether what ``kg build --infer`` added counts.
        chunk: Maximum number of triples of one operation of a SPARQL Update.
        timeout: Seconds that matching the blank nodes of a side may take.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
    """

    form: Form = "text"
    merged: bool = False
    with_inferred: bool = False
    chunk: int = CHUNK
    timeout: float | None = None
    memory: str | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Differences:
    """The number of differences.

    Attributes:
        removed: Statements that only the old side has.
        added: Statements that only the new side has.
        entities: Subjects with differences.
        merged: Whether triples were compared, and not quads.
    """

    removed: int
    added: int
    entities: int
    merged: bool

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return bool(self.removed or self.added)


def diff(
    old: str,
    new: str,
    sink: IO[bytes],
    *,
    workspace: Workspace | None = None,
    options: DiffOptions | None = None,
) -> Differences:
    """Write the differences between two graphs.

    Args:
        old: Path of an RDF file, ``current``, ``previous``, or the name of a build.
        new: The same for the other side.
        sink: Gets the differences in the chosen format, in UTF-8; if there are none, nothing, but
            for JSON.
        workspace: Where builds and prefixes are; by default that of the current folder.
        options: Format, limits and so on.

    Raises:
        InputError: A side is missing or not valid RDF, or the format cannot express the
            differences.
        WorldError: The disk failed.
        LimitError: A limit on memory or on blank nodes was reached.

    >>> import io, tempfile
    >>> old, new = (Path(tempfile.mkdtemp()) / name for name in ("old.nt", "new.nt"))
    >>> _ = old.write_text('<http://e/s> <http://e/p> "1" .')
    >>> _ = new.write_text('<http://e/s> <http://e/p> "2" .')
    >>> found, out = diff(str(old), str(new), (out := io.BytesIO())), out
    >>> print(out.getvalue().decode().strip(), bool(found))
    <http://e/s>
      - <http://e/p> "1"
      + <http://e/p> "2" True
    """
    chosen = options or DiffOptions()

    def find() -> Workspace:
        return workspace or find_workspace(Path())

    with (
        temporary_folder("diff") as name,
        engine(Path(name), _for_engine(chosen.memory), chosen.threads) as connection,
        translated(),
    ):
        folder = Path(name)
        sides = [
            read_side(connection, side, folder / label, find, with_inferred=chosen.with_inferred)
            for label, side in (("old", old), ("new", new))
        ]
        merged = chosen.merged or not all(side.has_graphs for side in sides)
        found = _compare(connection, sides, folder, chosen, merged=merged)
        if found or chosen.form == "json":
            prefixes = _prefixes(find, sides)
            head = {"old": old, "new": new, **asdict(found)}
            _write(connection, sink, folder / "lines", prefixes, chosen, head)
    return found


def _for_engine(memory: str | None) -> str | None:
    """Return the limit to give DuckDB, so that the process keeps to `memory`.

    While it sorts ten million quads, DuckDB takes a twentieth more than its limit.
    """
    if memory is None:
        return None
    size = parse_size(memory)
    # Keep small limits: the sorts are small, and messages show the limit as the user gave it.
    return memory if size < _MUCH else f"{size * 92 // 100}B"


def _compare(
    connection: duckdb.DuckDBPyConnection,
    sides: list[Side],
    folder: Path,
    options: DiffOptions,
    *,
    merged: bool,
) -> Differences:
    """Create the table ``changes``: sign, s, p, o, g, part, copy, copies."""
    # A triple may be in graphs of several parts, so that they are looked at together.
    near = sides if merged else [side.apart_from(sides[1 - n]) for n, side in enumerate(sides)]
    old, new = (rows_of(side, merged=merged) for side in near)
    ground = folder / "ground"
    ground.mkdir()
    compare_ground(connection, old, new, cuts_of(connection, near), ground)
    if any(_has_blank(connection, rows) for rows in (old, new)):
        # What blank nodes are the same hangs on all statements that they are connected by.
        old, new = (rows_of(side, merged=merged) for side in sides)
    blank = compare_blank(
        connection, old, new, folder, timeout=options.timeout, memory=options.memory
    )
    found = read_parquet(*sorted(ground.iterdir()))
    rows = (
        "SELECT sign, s, p, o, g, NULL::VARCHAR AS part, NULL::INTEGER AS copy,"
        f" NULL::INTEGER AS copies FROM {found}"
    )
    if blank:
        rows += f" UNION ALL SELECT sign, s, p, o, g, part, copy, copies FROM ({blank})"
    changes = folder / "changes.parquet"
    connection.execute(f"COPY ({rows}) TO {sql_target(changes)} (FORMAT parquet)")
    connection.execute(f"CREATE TEMP VIEW changes AS FROM {read_parquet(changes)}")
    row = connection.execute(
        "SELECT count(*) FILTER (sign = '-'), count(*) FILTER (sign = '+'), count(DISTINCT s)"
        " FROM changes"
    ).fetchone()
    assert row is not None
    removed, added, entities = row
    return Differences(removed, added, entities, merged)


def _has_blank(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    return connection.execute(some_blank(rows)).fetchone() is not None


def _prefixes(find: Callable[[], Workspace], sides: list[Side]) -> Mapping[str, str]:
    prefixes = {**COMMON_PREFIXES}
    with suppress(InputError):  # files may be compared outside a workspace
        prefixes = {**find().prefixes}
    for side in sides:
        prefixes = {**side.prefixes, **prefixes}
    return prefixes


def _write(
    connection: duckdb.DuckDBPyConnection,
    sink: IO[bytes],
    lines: Path,
    prefixes: Mapping[str, str],
    options: DiffOptions,
    head: Mapping[str, object],
) -> None:
    if options.form == "text":
        sql = text_sql(prefixes)
    elif options.form == "json":
        sql = json_sql(head)
    elif options.form == "patch":
        sql = patch_sql(connection)
    else:
        sql = update_sql(connection, options.chunk)
    copy_lines(connection, sql, lines)
    if options.form == "text":  # shorten long values here only; the other formats keep them
        with lines.open(encoding="utf-8", newline="\n") as shown:
            while text := shown.read(1 << 20):
                sink.write(visible(text).encode())
        return
    with lines.open("rb") as source:
        shutil.copyfileobj(source, sink, 1 << 20)
