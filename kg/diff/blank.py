"""Blank nodes compared: parts of the graph that hang together by them, by canonical form."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.diff import components
from kg.diff.compare import HAS_BLANK
from kg.duck import sql_file, sql_text
from kg.errors import LimitError, WorldError
from kg.quads import copy_lines
from kg.sizes import parse_size

if TYPE_CHECKING:
    import duckdb

# Statements with blank nodes on one side; they fit in the memory of the process for them.
MOST_BLANK: Final = 500_000
TIMEOUT: Final = 60.0  # seconds for a side
_MEMORY: Final = "2GB"


def compare_blank(
    connection: duckdb.DuckDBPyConnection,
    old: str,
    new: str,
    folder: Path,
    *,
    timeout: float | None = None,
    memory: str | None = None,
) -> str | None:
    """Compare the rows with blank nodes of two sides.

    A part that one side holds more often than the other differs, whole. Labels are made of the
    digest of the part, so that they are the same whatever the labels of the files were.

    Args:
        connection: From `kg.duck.engine`.
        old: A query for the rows of one side.
        new: The same for the other.
        folder: Where files may be made.
        timeout: Seconds that a side may take.
        memory: What the process for it may take.

    Returns:
        A query with the columns sign, s, p, o, g, part (the digest), copy, copies (how many the
        old side has); None if no side has blank nodes.

    Raises:
        LimitError: There are too many, or it took longer or more.
        WorldError: The disk failed.
    """
    sides = []
    for name, rows in (("old", old), ("new", new)):
        lines, done = folder / f"{name}.nq", folder / f"{name}.tsv"
        statement = "concat_ws(' ', s, p, o, g, '.')"
        select = f"SELECT {statement} FROM ({rows}) WHERE {HAS_BLANK} LIMIT {MOST_BLANK + 1}"
        count = copy_lines(connection, select, lines)
        if count > MOST_BLANK:
            raise LimitError(
                "blank-node-limit",
                f"more than {MOST_BLANK:,} statements hold blank nodes",
                hint="Compare exports made with `kg export --skolemize`.",
            )
        if count:
            _canonicalise(lines, done, timeout or TIMEOUT, memory or _MEMORY)
        else:
            done.touch()
        sides.append(done)
    if not any(done.stat().st_size for done in sides):
        return None
    return _differing(connection, *sides)


def _canonicalise(lines: Path, done: Path, timeout: float, memory: str) -> None:
    # -P: the folder of the script holds modules of kg, which are not on the path for others.
    command = [sys.executable, "-P", components.__file__, str(lines), str(done)]
    command.append(str(max(parse_size(memory), parse_size("500MB"))))
    advice = "Compare exports made with `kg export --skolemize`"
    try:
        ended = subprocess.run(command, timeout=timeout, check=False, capture_output=True)
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            "blank-node-limit",
            f"the blank nodes were not matched within {timeout:g} seconds",
            hint=f"Some graphs take for ever by construction. {advice}, or give more --timeout.",
        ) from error
    if ended.returncode < 0 or b"memory" in ended.stderr.lower():
        raise LimitError(
            "blank-node-limit",
            f"matching the blank nodes took more than {memory} of memory",
            hint=f"{advice}, or give more --memory.",
        )
    if ended.returncode:
        raise WorldError(
            "canonical-failed",
            f"matching the blank nodes failed: {ended.stderr.decode(errors='replace')[-300:]}",
        )


def _differing(connection: duckdb.DuckDBPyConnection, old: Path, new: Path) -> str:
    for name, path in (("old", old), ("new", new)):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE blank_{name} AS {_read(path)}")
    counts = " FULL JOIN ".join(
        f"(SELECT part, max(copy) AS {name} FROM blank_{name} GROUP BY part) AS of_{name}"
        for name in ("old", "new")
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE blank_parts AS SELECT part, coalesce(old, 0) AS old,"
        f" coalesce(new, 0) AS new FROM {counts} USING (part)"
    )
    labelled = ", ".join(_labelled(name) for name in "sog")
    return " UNION ALL ".join(
        f"SELECT '{sign}' AS sign, p, {labelled}, part, copy, old AS copies FROM blank_{mine}"
        f" JOIN blank_parts USING (part) WHERE copy > {other}"
        for sign, mine, other in (("-", "old", "new"), ("+", "new", "old"))
    )


def _labelled(name: str) -> str:
    """Return SQL for a term whose label tells the part too: ``_:b3f2…n0``, ``_:b3f2…x2n0``."""
    copy = "CASE WHEN copy = 1 THEN '' ELSE concat('x', copy) END"
    number = f"substr({name}, length('_:c14n') + 1)"
    return (
        f"CASE WHEN starts_with({name}, '_:') THEN concat('_:b', left(part, 16), {copy}, 'n',"
        f" {number}) ELSE {name} END AS {name}"
    )


def _read(path: Path) -> str:
    """Return a query for part, copy, s, p, o, g of a file of canonical statements."""
    size = max(2_000_000, path.stat().st_size + 1)
    read = (
        f"SELECT * FROM read_csv({sql_file(path)}, columns = {{'line': 'VARCHAR'}},"
        " header = false, auto_detect = false, delim = '\x01', quote = '', escape = '',"
        f" nullstr = '\x02', new_line = '\\n', max_line_size = {min(size, 64 * 2**20)})"
    )
    fields = (
        "SELECT split_part(line, e'\\t', 1) AS part, split_part(line, e'\\t', 2)::INTEGER AS copy,"
        r" regexp_extract(line, '^[^\t]*\t[^\t]*\t[^\t]*\t(.*) \.$', 1) AS rest"
        f" FROM ({read})"
    )
    # Subject and predicate hold no space; a graph follows the object behind its last quote.
    pattern = r"""^(\S+) (\S+) ("(?:[^"\\]|\\.)*"\S*|\S+)(?: (\S+))?$"""
    parts = ", ".join(
        f"regexp_extract(rest, {sql_text(pattern)}, {place}) AS {name}"
        for place, name in ((1, "s"), (2, "p"), (3, "o"))
    )
    graph = f"nullif(regexp_extract(rest, {sql_text(pattern)}, 4), '') AS g"
    return f"SELECT part, copy, {parts}, {graph} FROM ({fields})"
