"""The index is loaded within the memory that there is, and is the same however it is loaded."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg import store
from kg.cli.main import main
from kg.duck import beside, engine, lent
from kg.errors import LimitError
from kg.init import init_workspace
from kg.sizes import parse_size
from kg.store import Room, load_lines, write_index

EX = "http://example.org/"
PLENTY = 10**12


def lines(count: int, seed: int, graph: str = "") -> list[str]:
    """Return distinct statements with blank nodes and texts of all lengths."""
    rng = random.Random(seed)
    found = set()
    for number in range(count):
        subject = rng.choice([f"<{EX}{number % 7}>", f"_:b{number % 5}"])
        texts = ("x" * rng.choice([0, 1, 50, 700]), f"é{number}", '\\"\\n')
        value = rng.choice([f'"{rng.choice(texts)}"', f"_:b{rng.randrange(5)}", f"<{EX}o{number}>"])
        found.add(f"{subject} <{EX}p{number % 3}> {value}{graph} .\n")
    return sorted(found)


def write(path: Path, rows: list[str]) -> Path:
    path.write_text("".join(rows), encoding="utf-8")
    return path


def in_pieces(monkeypatch: pytest.MonkeyPatch, most_bytes: int, most_lines: int) -> None:
    monkeypatch.setattr(Room, "holds", lambda *_: False)
    monkeypatch.setattr(Room, "piece", (most_bytes, most_lines))


@pytest.mark.parametrize(
    ("piece", "count"), [((1, 1), 3), ((1500, 4), 30), ((10**6, 9), 30), ((10**6, 10**6), 30)]
)
def test_an_index_in_pieces_is_that_of_the_whole(tmp_path, monkeypatch, piece, count):
    merged = write(tmp_path / "merged.nq", lines(count, 1))
    named = write(tmp_path / "named.nq", lines(count, 2, f" <{EX}g>"))
    held = write_index([merged, named], tmp_path / "whole")
    in_pieces(monkeypatch, *piece)
    assert write_index([merged, named], tmp_path / "pieces", Room(PLENTY, 0)) == held
    whole, pieces = (ox.Store.read_only(str(tmp_path / name)) for name in ("whole", "pieces"))
    assert set(whole) == set(pieces) == set(ox.parse(
        merged.read_bytes() + named.read_bytes(), format=ox.RdfFormat.N_QUADS
    ))  # fmt: skip


@pytest.mark.parametrize("block", range(1, 20))
def test_blank_nodes_are_seen_wherever_blocks_end(tmp_path, monkeypatch, block):
    monkeypatch.setattr(store, "_BLOCK", block)
    without = [f"<{EX}s> <{EX}p> <{EX}{n}> .\n" for n in range(3)]
    with_one = write(tmp_path / "a.nq", [*without, f"<{EX}s> <{EX}p> _:o .\n"])
    assert store._size(with_one).blank
    assert not store._size(write(tmp_path / "b.nq", without)).blank
    index = ox.Store()
    store._load(index, with_one, ox.RdfFormat.N_QUADS, store._size(with_one), None)
    assert set(index) == set(ox.parse(path=str(with_one), format=ox.RdfFormat.N_QUADS))


def test_a_file_without_blank_nodes_is_loaded_as_it_is(tmp_path):
    rows = [
        f'<{EX}s> <{EX}p> "01"^^<http://www.w3.org/2001/XMLSchema#integer> .\n',
        f"<{EX}s> <{EX}p> <{EX}a%20b?{{x}}> <{EX}g> .\n",
        f'<{EX}s> <{EX}p> "é"@en-GB <{EX}g> .\n',
    ]
    path = write(tmp_path / "a.nq", rows)
    size = store._size(path)
    assert not size.blank
    index = ox.Store()
    store._load(index, path, ox.RdfFormat.N_QUADS, size, None)
    extended = ox.Store()
    store._load(extended, path, ox.RdfFormat.N_QUADS, replace(size, blank=True), None)
    assert len(index) == 3
    assert set(index) == set(extended)


def test_a_blank_node_is_one_node_in_the_merge_and_in_its_graph(tmp_path):
    merged = write(tmp_path / "merged.nq", [f"_:b <{EX}p> 'x' .\n".replace("'", '"')])
    named = write(tmp_path / "named.nq", [f"<{EX}s> <{EX}q> _:b <{EX}g> .\n"])
    write_index([merged, named], tmp_path / "index")
    index = ox.Store.read_only(str(tmp_path / "index"))
    assert index.query(f"ASK {{ ?b <{EX}p> ?x GRAPH ?g {{ ?s <{EX}q> ?b }} }}")


@pytest.mark.parametrize("on_disk", [False, True])
def test_triples_keep_the_labels_of_blank_nodes(tmp_path, on_disk):
    path = write(tmp_path / "t.nt", lines(30, 1))
    loaded = load_lines(path, tmp_path / "store" if on_disk else None)
    assert set(loaded) == set(ox.parse(path.read_bytes(), format=ox.RdfFormat.N_QUADS))


@pytest.mark.parametrize("longest", [0, 10**6, 64 * 10**6])
def test_room_that_is_too_small_says_how_much_is_wanted(longest):
    with pytest.raises(LimitError) as caught:
        Room(30 * 10**6, 10**8, ", or do without").check(longest)
    assert caught.value.code == "index-too-large"
    wanted = parse_size(caught.value.hint.split()[2].rstrip(","))
    Room(wanted - 10**8, 10**8).check(longest)  # that is enough
    assert caught.value.hint.endswith(", or do without.")


def test_a_line_that_does_not_fit_is_seen_before_anything_is_loaded(tmp_path):
    rows = [f'<{EX}s> <{EX}p> "{"x" * 30 * 10**6}" .\n', *lines(10, 1)]
    path = write(tmp_path / "t.nq", rows)
    with pytest.raises(LimitError):
        write_index([path], tmp_path / "index", Room(100 * 10**6, 0))
    assert not (tmp_path / "index").exists()
    with pytest.raises(LimitError):
        load_lines(path, tmp_path / "index", Room(100 * 10**6, 0))


@pytest.mark.parametrize("size", [50, 100, 500, 2000])
def test_pieces_are_as_large_as_the_room(size):
    """What they are taken to need, by the measured figures, is what there is."""
    room = Room(size * 10**6, 0)
    most_bytes, most_lines = room.piece
    needed = store._LOADER + (store._OF_BYTE + store._OF_PIECE) * most_bytes
    needed += store._OF_QUAD * most_lines
    smallest = store._LOADER + 13 * 2**20
    assert needed <= max(room.size, smallest) + 1


def test_a_build_without_room_for_the_index_says_so_and_goes_without(tmp_path, monkeypatch, capsys):
    init_workspace(tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    monkeypatch.setattr(store, "_LOADER", 10**13)
    assert main(["build"]) == 4
    said = capsys.readouterr().err
    assert "[index-too-large]" in said
    assert "--no-index" in said
    assert not (tmp_path / "w" / ".kg" / "current").exists()
    assert main(["build", "--no-index"]) == 0


def limit_of(connection) -> int:
    (text,) = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    return parse_size(text)


def test_a_second_engine_shares_the_memory_of_the_first(tmp_path):
    with engine(tmp_path, "600MB") as connection:
        before = limit_of(connection)
        rows = connection.execute("SELECT range FROM range(100000)")
        assert rows.fetchone() == (0,)
        with beside(connection, tmp_path) as second:
            other = connection.cursor()
            assert limit_of(other) + limit_of(second) == pytest.approx(before, rel=0.01)
            assert limit_of(second) == pytest.approx(before / 3, rel=0.01)
            assert len(rows.fetchall()) == 99_999  # a query goes on meanwhile
        assert limit_of(connection) == pytest.approx(before, rel=0.01)


def test_buffers_are_lent_and_given_back(tmp_path):
    with engine(tmp_path, "600MB") as connection:
        before = limit_of(connection)
        connection.execute("CREATE TABLE t AS SELECT range AS n FROM range(3000000)")
        with lent(connection) as (free, held):
            assert limit_of(connection) < before / 4
            assert free + held == 600 * 10**6
        assert limit_of(connection) == pytest.approx(before, rel=0.01)
        assert connection.execute("SELECT sum(n) FROM t").fetchone() == (4499998500000,)
