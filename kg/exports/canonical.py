"""Writes canonical N-Quads by RDFC-1.0: the same bytes for isomorphic graphs.

Only quads with blank nodes are canonicalised; the others do not influence the labels, and DuckDB
merges them in. The algorithm runs in its own process with limits on time and memory, because
some graphs are constructed so that it practically never ends.

Spec: https://www.w3.org/TR/rdf-canon/
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.duck import lines_sql
from kg.errors import LimitError
from kg.exports.lines import nquads_sql
from kg.exports.options import ExportOptions
from kg.quads import QuadTable, copy_lines, write_table
from kg.rdf.canonical import canonicalise
from kg.sql import HAS_BLANK

if TYPE_CHECKING:
    import duckdb

_MOST_BLANK: Final = 2_000_000  # quads that fit in the memory of the process by default


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
    named, done = folder / "named.nq", folder / "canonical.nq"
    count = copy_lines(connection, nquads_sql(f"FROM ({rows}) WHERE {HAS_BLANK}"), named)
    if count > _MOST_BLANK:
        raise LimitError(
            "canonical-limit",
            f"{count:,} statements have blank nodes, but the limit is {_MOST_BLANK:,}",
            hint="Add --skolemize, or select fewer graphs with --graph.",
        )
    plain = nquads_sql(f"FROM ({rows}) WHERE NOT {HAS_BLANK}")
    lines = f"SELECT line FROM ({plain}) AS plain(line)"
    if count:
        canonicalise(
            named,
            done,
            digest=options.digest,
            timeout=options.timeout,
            memory=options.memory,
            code="canonical-limit",
            advice="Give --skolemize",
        )
        lines += f" UNION ALL SELECT line FROM {lines_sql(done)}"
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
