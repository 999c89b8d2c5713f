"""Writes canonical N-Quads by RDFC-1.0: the same bytes for isomorphic graphs.

Only quads with blank nodes are canonicalised; the others do not influence the labels, and DuckDB
merges them in. The algorithm runs in its own process with limits on time and memory, because
some graphs are constructed so that it practically never ends.

Spec: https://www.w3.org/TR/rdf-canon/
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.duck import sql_file
from kg.errors import LimitError, WorldError
from kg.export import rdfc
from kg.export.lines import nquads_sql
from kg.export.options import ExportOptions
from kg.quads import QuadTable, copy_lines, write_table
from kg.sizes import parse_size

if TYPE_CHECKING:
    import duckdb

DEFAULT_TIMEOUT: Final = 60.0  # seconds
_MOST_BLANK: Final = 2_000_000  # quads that fit into the child's default memory
_CHILD_MEMORY: Final = "2GB"


def canonical_lines(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    folder: Path,
    options: ExportOptions,
) -> str:
    """Return a query for the sorted lines of canonical N-Quads.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o, g, each row once.
        folder: Folder for files that the query reads.
        options: The hash algorithm, and the limits on time and memory.

    Raises:
        LimitError: It exceeded the limit on time or memory.
        WorldError: The disk failed.
    """
    blank = "s >= '_' OR o >= '_' OR g >= '_'"
    named, done = folder / "named.nq", folder / "canonical.nq"
    count = copy_lines(connection, nquads_sql(f"FROM ({rows}) WHERE {blank}"), named)
    if count > _MOST_BLANK:
        raise LimitError(
            "canonical-limit",
            f"{count:,} statements have blank nodes, but the limit is {_MOST_BLANK:,}",
            hint="Add --skolemize, or select fewer graphs with --graph.",
        )
    plain = nquads_sql(f"FROM ({rows}) WHERE ({blank}) IS NOT true")
    lines = f"SELECT line FROM ({plain}) AS plain(line)"
    if count:
        _canonicalise(named, done, options)
        lines += f" UNION ALL SELECT line FROM {_read_lines(done)}"
    return f"SELECT line FROM ({lines}) ORDER BY line"


def canonical_table(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    folder: Path,
    options: ExportOptions,
) -> tuple[QuadTable, str]:
    """Return rows as a quad table with canonical labels, and the digest of their N-Quads.

    Takes and raises the same as `canonical_lines`.
    """
    from kg.rdf import terms_of_lines_sql

    lines = folder / "canonical-lines.nq"
    copy_lines(connection, canonical_lines(connection, rows, folder, options), lines)
    with lines.open("rb") as source:
        digest = hashlib.file_digest(source, options.digest).hexdigest()
    target = folder / "canonical.parquet"
    table = write_table(connection, terms_of_lines_sql(lines), target)
    return table, f"{options.digest}:{digest}"


def _read_lines(path: Path) -> str:
    size = max(2_000_000, path.stat().st_size + 1)
    longest = min(size, 64 * 2**20)
    return (
        f"read_csv({sql_file(path)}, columns = {{'line': 'VARCHAR'}}, header = false,"
        " auto_detect = false, delim = '\x01', quote = '', escape = '', nullstr = '\x02',"
        f" new_line = '\\n', max_line_size = {longest})"
    )


def _canonicalise(named: Path, done: Path, options: ExportOptions) -> None:
    timeout = DEFAULT_TIMEOUT if options.timeout is None else options.timeout
    memory = options.memory or _CHILD_MEMORY
    # -P keeps the script's folder off the import path: its modules would shadow others.
    command = [sys.executable, "-P", rdfc.__file__, str(named), str(done), str(parse_size(memory))]
    command.append(options.digest)
    try:
        ended = subprocess.run(command, timeout=timeout, check=False, capture_output=True)
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            "canonical-limit",
            f"the blank nodes were not canonicalised within {timeout:g} seconds",
            hint="Some graphs never finish by construction. Raise --timeout, or use --skolemize.",
        ) from error
    if ended.returncode and (ended.returncode < 0 or b"memory" in ended.stderr):
        raise LimitError(
            "canonical-limit",
            f"canonicalising the blank nodes took more than {memory} of memory",
            hint="Raise --memory, or use --skolemize.",
        )
    if ended.returncode:
        raise WorldError(
            "canonical-failed",
            f"canonicalising ended with code {ended.returncode}: {ended.stderr.decode()[-500:]}",
        )
