"""Coded copies in parts that are cut by content: a changed row leaves most of them as they are."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from kg.table.write import open_copies, write_copies

EX = "http://example.org/"
Quad = tuple[str, str, str, str | None]
# Numbered subjects, which are near to each other as ids, and names.
ROWS: list[Quad] = sorted(
    (f"<{EX}{kind}/{n}{end}>", f"<{EX}p{n % 3}>", f'"value {n * 7}"', None)
    for n in range(300)
    for kind, end in (("numbered", ""), ("named", "x"))
)
CHANGED = [(*row[:2], '"another"', row[3]) if n == 100 else row for n, row in enumerate(ROWS)]


def copies(
    connection: duckdb.DuckDBPyConnection, rows: list[Quad], folder: Path, parts: int
) -> dict[str, str]:
    """Write the copies of rows, and return the digest of each file."""
    connection.execute("CREATE OR REPLACE TABLE quads (s TEXT, p TEXT, o TEXT, g TEXT)")
    connection.executemany("INSERT INTO quads VALUES (?, ?, ?, ?)", rows)
    write_copies(connection, "quads", folder, parts)
    files = [path for path in folder.rglob("*.parquet") if path.is_file()]
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in files}


def test_a_changed_row_makes_one_part_of_each_copy_new(tmp_path: Path) -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        before = copies(connection, ROWS, tmp_path / "a", 8)
        assert copies(connection, ROWS, tmp_path / "again", 8) == before
        after = copies(connection, CHANGED, tmp_path / "b", 8)
    new = [name for name, digest in after.items() if before[name] != digest]
    assert {name.partition("/")[0] for name in new} == {"spo", "pso", "pos", "terms"}
    # The row's part of each copy; that of the term that came, and that of the one that went.
    assert 4 <= len(new) <= 5
    assert len(after) == 4 * 8 + 1


@pytest.mark.parametrize("parts", [1, 4])
def test_copies_hold_the_same_whether_they_have_parts_or_not(parts: int, tmp_path: Path) -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        copies(connection, ROWS, tmp_path / "a", parts)
        open_copies(connection, tmp_path / "a")
        for name in ("spo", "pos", "pso"):
            counted = f"SELECT count(*), count(DISTINCT (s, p, o)), count(DISTINCT s) FROM {name}"
            assert connection.execute(counted).fetchone() == (600, 600, 600)
        sizes = connection.execute("SELECT count(*), count(DISTINCT t) FROM terms").fetchone()
        assert sizes == (603, 603)
