"""Paths: names are names whatever they hold, and what is no file is told."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest

import kg
from kg import files, paths
from kg.building import BuildOptions
from kg.cli.main import main
from kg.diff import diff
from kg.duck import engine, read_parquet, sql_file
from kg.errors import InputError
from kg.exports.options import ExportOptions
from kg.workspace import read_workspace

# Each beside names that the same text as a pattern would match.
ODD_NAMES = ("w[1]", "w*", "s=1", "**", "\\w[1]", "w?", "[!a]", "p=x=y", "[", "w]", "{w,w1}")

MAPPING = """\
prefixes: {ex: 'https://example.org/'}
mappings:
  m: {sources: [['NAME~csv']], s: ex:$(id), po: [[ex:name, $(name)]]}
"""


def _fill(root: Path, value: str, source: str = "a.csv") -> Path:
    (root / "data").mkdir(parents=True)
    (root / "kg.toml").write_text('base = "https://example.org/"\n')
    (root / "data" / source).write_text(f"id,name\n1,{value}\n")
    text = MAPPING.replace("NAME", source.replace("'", "''"))
    (root / "data" / "a.yarrrml.yml").write_text(text)
    (root / "data" / "more.ttl").write_text(
        f'<https://example.org/2> <https://e.org/p> "{value}" .'
    )
    return root


def _export(root: Path, target: Path) -> str:
    kg.export(target, workspace=root)
    return target.read_text()


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> str:
    root = _fill(tmp_path_factory.mktemp("plain") / "root", "right")
    kg.build(root, BuildOptions(index=False))
    return _export(root, root.parent / "out.nq")


@pytest.mark.parametrize("name", ODD_NAMES[:5])
def test_a_workspace_may_lie_in_a_folder_of_any_name(name, tmp_path, expected, monkeypatch):
    if name in ("w[1]", "w*"):  # what the name as a pattern would find
        kg.build(_fill(tmp_path / "w1", "wrong"), BuildOptions(index=False))
    root = _fill(tmp_path / name, "right")
    spill = root / "tmp"
    spill.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spill))
    kg.build(root)
    assert _export(root, root / "out.nq") == expected
    kg.export(root / "[out]=1.nt", data=[root / "out.nq"], options=ExportOptions(canonical=True))
    assert len(list(kg.query("SELECT * { ?s ?p 'right' }", workspace=root))) == 2
    with Path(os.devnull).open("wb") as sink:
        same = diff(str(root / "out.nq"), "current", sink, workspace=read_workspace(root))
    assert (same.added, same.removed) == (0, 0)
    assert not list(spill.iterdir())


@pytest.mark.parametrize("name", ODD_NAMES)
def test_duckdb_reads_a_file_of_any_name_and_no_other(name, tmp_path):
    for text, folder in (("wrong", "w1"), ("wrong", "b"), ("wrong", "\\x"), ("right", name)):
        (tmp_path / folder).mkdir(exist_ok=True)
        for file in ("w1", "b", "\\x", name):
            value = text if file == name else "wrong"
            (tmp_path / folder / file).write_text(f"{value}\n")
    path = tmp_path / name / name
    with engine() as connection:
        options = "header = false, columns = {'c': 'VARCHAR'}"
        rows = connection.execute(f"FROM read_csv({sql_file(path)}, {options})").fetchall()
        assert rows == [("right",)]
        parquet = tmp_path / name / f"{name}.parquet"
        connection.execute(f"COPY (SELECT 'S' AS s, 'P' AS p) TO '{parquet}' (FORMAT parquet)")
        assert connection.execute(f"FROM {read_parquet(parquet)}").fetchall() == [("S", "P")]


@pytest.mark.parametrize("name", ["a[1].csv", "a=1.csv", "a?.csv", "a*.csv", "[a].csv"])
def test_a_source_of_any_name_is_that_file(name, tmp_path):
    root = _fill(tmp_path / "root", "right", name)
    for decoy in ("a1.csv", "ax.csv", "a.csv"):
        (root / "data" / decoy).write_text("id,name\n1,wrong\n")
    kg.map([root / "data" / "a.yarrrml.yml"], root / "out.nt")
    assert "wrong" not in (root / "out.nt").read_text()
    assert "right" in (root / "out.nt").read_text()


@pytest.mark.parametrize("ending", ["nq", "ttl", "nt.gz", "cottas"])
def test_what_is_written_may_have_a_name_that_is_no_text(ending, tmp_path):
    source = tmp_path / os.fsdecode(b"\xfe.nt")
    source.write_text('<http://e.org/s> <http://e.org/p> "1" .\n')
    for name in (b"\xff\xff.", "é['1'].".encode()):
        target = tmp_path / os.fsdecode(name + ending.encode())
        plain = tmp_path / f"plain.{ending}"
        for path in (target, plain):
            kg.export(path, data=[source])
        assert target.read_bytes() == plain.read_bytes()


def test_a_workspace_may_lie_in_a_folder_whose_name_is_no_text(tmp_path, expected):
    root = _fill(tmp_path / os.fsdecode(b"\xff"), "right")
    kg.build(root, BuildOptions(index=False))  # RocksDB takes no such path, and says so
    assert _export(root, tmp_path / "out.nq") == expected


def test_an_error_in_a_file_of_an_odd_name_names_the_file(tmp_path):
    root = _fill(tmp_path / "root", "x\n2,y,z", "a[1].csv")
    with pytest.raises(InputError) as caught:
        kg.map([root / "data" / "a.yarrrml.yml"], root / "out.nt")
    assert str(caught.value.location).endswith("a[1].csv:3")


# --- what is no file ------------------------------------------------------------------------


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)
    os.fchdir(here)
    os.close(here)


_NO_FILES = {
    "a named pipe": _pipe,
    "a socket": _socket,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to(os.devnull),
}

# Commands on `a.ttl`, a link to a link to itself.
_IN_A_CIRCLE = (
    "export --data a.ttl -o out.nt",
    "export --data good.ttl -o a.ttl",
    "query --data a.ttl -e ASK{}",
    "query --data good.ttl -e ASK{} -f csv -o a.ttl",
    "validate --data a.ttl --shapes good.ttl",
    "validate --data good.ttl --shapes a.ttl",
    "diff good.ttl a.ttl",
    "map a.ttl -o out.nt",
    "map a.yml -o out.nt",
    "-C a.ttl build",
)


@pytest.mark.parametrize("kind", _NO_FILES)
def test_what_is_no_file_is_told_and_not_read(kind, tmp_path):
    path = tmp_path / "a.ttl"
    _NO_FILES[kind](path)
    for check in (paths.open_file, paths.read_file, paths.check_file):
        with pytest.raises(InputError, match=f"is {kind}, not a file") as caught:
            check(path)
        assert caught.value.code == "unreadable-file"
    assert not paths.is_file(path)


@pytest.mark.parametrize("arguments", _IN_A_CIRCLE)
def test_a_link_that_leads_to_itself_is_told(arguments, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ttl").symlink_to("b.ttl")
    (tmp_path / "b.ttl").symlink_to("a.ttl")
    (tmp_path / "a.yml").symlink_to("a.yml")
    (tmp_path / "good.ttl").write_text("<http://e.org/s> <http://e.org/p> 1 .")
    code = main(arguments.split())
    out, err = capfd.readouterr()
    assert (code, out) == (3 if " -o a.ttl" in arguments else 2, "")
    # A workspace is looked for above the place, too.
    assert "Too many levels of symbolic links" in err or "[no-workspace]" in err
    assert (tmp_path / "a.ttl").is_symlink()


@pytest.mark.parametrize("kind", _NO_FILES)
def test_what_is_no_file_does_not_hold_a_check_up(kind, tmp_path, capfd):
    root = _fill(tmp_path / "w", "right")
    _NO_FILES[kind](root / "data" / "unused.yml")
    opened = os.open(root / "data" / "unused.yml", os.O_RDWR) if kind == "a named pipe" else None
    if opened is not None:  # the reader of a pipe without an end would wait
        os.write(opened, b"mappings:\n")
    assert main(["-C", str(root), "check"]) in (0, 1)
    told = capfd.readouterr().out
    assert "looks like a mapping" not in told
    assert ("unused.yml" in told) == (kind != "a folder")
    if opened is not None:
        assert os.read(opened, 100) == b"mappings:\n"
        os.close(opened)


@pytest.mark.parametrize("name", ["a" * 256, "é" * 128, "a" * 5000, "x/" * 3000 + "x"])
def test_a_name_that_is_too_long_is_told(name, tmp_path):
    for check in (paths.open_file, paths.check_file, paths.kind_of):
        with pytest.raises(InputError, match="the name is too long"):
            check(tmp_path / name)
    assert not paths.is_file(tmp_path / name)


def test_a_part_of_a_long_name_has_a_name_too(tmp_path):
    target = tmp_path / ("é" * 126 + ".nt")
    with files.replacing(target) as part:
        part.write_text("x")
    assert target.read_text() == "x"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_is_removed_and_not_what_links_lead_to(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("stays")
    root = tmp_path / "root"
    for folder in ("", "some", "some/deep/er", "none"):
        (root / "build" / folder).mkdir(parents=True)
        for number in range(6 if folder != "none" else 0):
            (root / "build" / folder / f"{number}.txt").write_text("goes")
    for name in ("build/to-folder", "build/some/to-folder", "build/some/deep/to-folder"):
        (root / name).symlink_to(kept)
    (root / "build/some/to-file").symlink_to(kept / "file")
    paths.remove_tree(root / "build", root)
    assert list(root.iterdir()) == []
    assert (kept / "file").read_text() == "stays"
    (root / "link").symlink_to(kept)
    paths.remove_tree(root / "link", root)
    paths.remove_tree(kept, root)
    assert list(root.iterdir()) == []
    assert (kept / "file").read_text() == "stays", "it is outside"
