"""Coded copies in parts that are cut by content: a changed row leaves most of them as they are."""

from __future__ import annotations

import os
import random
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from kg.table.change import change_copies
from kg.table.write import open_copies, write_copies
from kg.terms import RDF_TYPE, XSD

EXAMPLES = int(os.environ.get("KG_EXAMPLES", "3"))
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


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def write(connection: duckdb.DuckDBPyConnection, name: str, rows: set[Quad]) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE {name} (s TEXT, p TEXT, o TEXT, g TEXT)")
    ordered = sorted(rows, key=lambda row: (*row[:3], row[3] or ""))
    connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?)", ordered)


def changed(chance: random.Random, rows: set[Quad], number: int) -> set[Quad]:
    """Return rows of which one is gone, one has another object, one is in a graph, and so on."""
    found, other = set(rows), sorted(rows, key=str)
    gone, row, moved, subject = (chance.choice(other) for _ in range(4))
    found -= {gone}
    new = chance.choice(['"new"', f'"07"^^<{XSD}integer>', f'"{number}"@en'])
    found.add((*row[:2], new, row[3]))
    found.add((*moved[:3], f"<{EX}graph>"))
    if chance.random() < 0.5:
        found = {each for each in found if each[0] != subject[0]}
    if chance.random() < 0.3:
        found.add((f"<{EX}numbered/{1000 + number}>", RDF_TYPE, f"<{EX}Thing>", None))
    if chance.random() < 0.3:
        found.add((f"<{EX}many/{number}>", f"<{EX}p0>", f"<{EX}few/{number}>", None))
    return found


def test_changed_copies_are_those_made_anew(tmp_path: Path) -> None:
    chance, done = random.Random(int(os.environ.get("KG_SEED", "1"))), 0
    many: set[Quad] = {
        (f"<{EX}many/{n}>", f"<{EX}p0>", f"<{EX}few/{n % 63}>", None) for n in range(64)
    }
    rows = {*ROWS, *many, (f"<{EX}x>", f"<{EX}p0>", "_:b", f"<{EX}other>")}
    with duckdb.connect(config={"threads": 2}) as connection:
        write(connection, "old", rows)
        write_copies(connection, "old", tmp_path / "0", 4)
        for number in range(1, EXAMPLES + 1):
            rows = changed(chance, rows, number)
            write(connection, "new", rows)
            before, folder = tmp_path / f"{number - 1}", tmp_path / f"{number}"
            # Parts that are the same in both are left out; the others have all of a subject.
            differ = "(FROM old EXCEPT FROM new) UNION (FROM new EXCEPT FROM old)"
            kept = f"s NOT IN (SELECT s FROM ({differ})) AND hash(s) % 2 = 0"
            near = [f"(SELECT * FROM {name} WHERE NOT ({kept}))" for name in ("old", "new")]
            write_copies(connection, "new", tmp_path / f"whole{number}", 4)
            made = change_copies(connection, before, *near, folder)
            done += made
            if made:
                assert files_of(folder) == files_of(tmp_path / f"whole{number}"), number
            else:
                assert not folder.exists()
                (tmp_path / f"whole{number}").rename(folder)
            connection.execute("CREATE OR REPLACE TABLE old AS FROM new")
    assert EXAMPLES * 0.5 <= done < EXAMPLES or EXAMPLES < 10


def test_much_that_changed_and_copies_without_parts(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        write(connection, "old", set(ROWS))
        write(connection, "new", set(ROWS[:300]))
        write_copies(connection, "old", tmp_path / "one")
        assert not change_copies(connection, tmp_path / "one", "old", "new", tmp_path / "new")
        write_copies(connection, "old", tmp_path / "two", 2)
        assert not change_copies(connection, tmp_path / "two", "old", "new", tmp_path / "new")
        assert not (tmp_path / "new").exists()
