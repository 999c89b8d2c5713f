"""The index and stores of files."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.builds import seal
from kg.errors import InputError, WorldError
from kg.store import (
    change_index,
    is_small,
    load_files,
    open_index,
    read_index,
    write_index,
)
from kg.workspace import Build

EX = "http://example.org/"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    spool = tmp_path / "all.nq"
    spool.write_text(
        f'<{EX}a> <{EX}p> "01"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
        f'<{EX}a> <{EX}p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
        f"<{EX}a> <{EX}p> <{EX}b> <{EX}g> .\n"
    )
    build = Build(tmp_path / "B")
    build.path.mkdir()
    assert write_index([spool], build.store) == 2, "01 and 1 are one"
    seal(build, {})
    first, second = open_index(build), open_index(build)
    assert len(first) == len(second) == 2
    with pytest.raises(RuntimeError, match="read-write"):
        first.add(ox.Quad(ox.NamedNode(EX), ox.NamedNode(EX), ox.NamedNode(EX)))


def test_a_changed_index_has_the_graphs_of_a_new_one(tmp_path: Path) -> None:
    def written(name: str, *lines: str) -> Path:
        (tmp_path / name).write_text("".join(f"<{EX}a> <{EX}p> {line} .\n" for line in lines))
        return tmp_path / name

    stays, new, back = f"<{EX}b> <{EX}1>", f"<{EX}b> <{EX}3>", f"<{EX}c> <{EX}4>"
    goes = [f"<{EX}c> <{EX}1>", f"<{EX}b> <{EX}2>", f"<{EX}b> _:g", f"<{EX}b> <{EX}4>", f"<{EX}b>"]
    write_index([written("before.nq", stays, *goes)], tmp_path / "changed")
    gone = written("gone.nq", *goes)
    added = written("added.nq", new, back)
    assert change_index(tmp_path / "changed", gone, added) == 0
    write_index([written("after.nq", stays, new, back)], tmp_path / "new")
    changed, fresh = (read_index(tmp_path / name) for name in ("changed", "new"))
    assert set(changed) == set(fresh)
    assert set(changed.named_graphs()) == set(fresh.named_graphs())
    assert len(set(fresh.named_graphs())) == 3
    assert change_index(tmp_path / "changed", gone, added) is None, "it had not what should go"


def test_a_changed_index_tells_what_it_merges(tmp_path: Path) -> None:
    def written(name: str, *numbers: str) -> Path:
        number = "<http://www.w3.org/2001/XMLSchema#integer>"
        lines = "".join(f'<{EX}a> <{EX}p> "{each}"^^{number} .\n' for each in numbers)
        (tmp_path / name).write_text(lines)
        return tmp_path / name

    write_index([written("before.nq", "1", "2")], tmp_path / "changed")
    gone, added = written("gone.nq", "2"), written("added.nq", "01", "3", "03", "003")
    assert change_index(tmp_path / "changed", gone, added) == 3
    assert len(read_index(tmp_path / "changed")) == 2


def test_what_is_not_there(tmp_path: Path) -> None:
    build = Build(tmp_path / "B")
    build.store.mkdir(parents=True)
    (build.store / "CURRENT").write_text("nonsense")
    with pytest.raises(InputError) as caught:
        open_index(build)
    assert caught.value.code == "broken-build"
    seal(build, {})
    with pytest.raises(WorldError, match="cannot open the SPARQL index"):
        open_index(build)
    with pytest.raises(WorldError, match="cannot write the SPARQL index"):
        write_index([tmp_path / "none.nq"], tmp_path / "new")


@pytest.mark.parametrize("on_disk", [False, True])
def test_files(on_disk: bool, tmp_path: Path) -> None:
    one = tmp_path / "1.trig"
    one.write_text(f"PREFIX ex: <{EX}> _:a ex:p _:b . ex:g {{ _:a ex:q 1 . _:a ex:p _:b }}")
    two = tmp_path / "2.ttl"
    two.write_text(f"PREFIX ex: <{EX}> _:a ex:p [ ex:q 2 ] .")
    folder = tmp_path / "store" if on_disk else None
    store = load_files([one, two], [(f"{EX}named", two)], folder)
    default = list(store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    assert len(default) == 4
    assert {str(graph) for graph in store.named_graphs()} == {f"<{EX}g>", f"<{EX}named>"}
    starts = {quad.subject for quad in default if quad.predicate == ox.NamedNode(f"{EX}p")}
    assert len(starts) == 2, "_:a of two files is two nodes"
    assert store.query(f"ASK {{ ?a <{EX}p> ?b GRAPH <{EX}g> {{ ?a <{EX}q> 1 }} }}")
    if not on_disk:
        assert {str(node) for node in starts} == {"_:b0", "_:b3"}, "labels are the same each time"


def test_small_and_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ttl.gz"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr("kg.store.LARGEST_IN_MEMORY", 500)
    assert not is_small([path])
    path = path.rename(tmp_path / "a.ttl")
    assert is_small([path, tmp_path / "none.ttl"])
    assert not is_small([path] * 6)


def test_a_folder_of_parquet_is_as_large_as_its_files(tmp_path):
    assert is_small([tmp_path])
    for number in range(2):
        with (tmp_path / f"part-{number}.parquet").open("wb") as file:
            file.truncate(3 * 2**20)
    assert not is_small([tmp_path])
