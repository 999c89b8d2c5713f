"""`--on-bad` and `--rejects`: what the command line does with records and values that are bad."""

from __future__ import annotations

from pathlib import Path

import pytest

CSV = "id,name\n1,Ann\n2\n3,Cid\n4,Dan,x\n"
MAPPING = """\
prefixes: {ex: http://example.org/}
mappings:
  m: {sources: [[t.csv~csv]], s: http://e/$(id), po: [[ex:name, $(name)]]}
"""
GOOD = (
    '<http://e/1> <http://example.org/name> "Ann" .\n'
    '<http://e/3> <http://example.org/name> "Cid" .\n'
)
REJECTS = (
    "file,record,line,column,value,reason\n"
    't.csv,2,3,,2,"the record has 1 fields, the header has 2"\n'
    't.csv,4,5,,"4,Dan,x","the record has 3 fields, the header has 2"\n'
)
FIRST = "first: t.csv:3 (record 2): the record has 1 fields, the header has 2\n"
MAP = ("map", "m.yarrrml.yml", "-o", "out.nt")
SKIP = (*MAP, "--on-bad", "skip")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "m.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "t.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


def test_by_default_a_bad_record_stops_the_command(kg, folder):
    for words in (MAP, (*MAP, "--on-bad", "stop")):
        done = kg(*words, cwd=folder)
        assert done.code == 2
        assert "t.csv:3: the record has 1 fields" in done.err
        assert "kg: t.csv:5: the record has 3 fields" in done.err
        assert not (folder / "out.nt").exists()


def test_skipped_records_are_told_and_written_down(kg, folder):
    done = kg(*SKIP, "--rejects", "bad.csv", cwd=folder)
    assert done.code == 1
    assert (folder / "out.nt").read_text() == GOOD
    assert (folder / "bad.csv").read_text() == REJECTS
    assert f"skipped 2 records; all are in bad.csv; {FIRST}" in done.err


def test_without_a_file_they_are_counted(kg, folder):
    before = set(folder.iterdir())
    done = kg(*SKIP, cwd=folder)
    assert done.code == 1
    assert f"skipped 2 records; --rejects FILE writes all down; {FIRST}" in done.err
    assert set(folder.iterdir()) - before == {folder / "out.nt"}


def test_where_nothing_is_bad_nothing_is_told(kg, folder):
    (folder / "t.csv").write_text("id,name\n1,Ann\n3,Cid\n", encoding="utf-8")
    done = kg(*SKIP, "--rejects", "bad.csv", cwd=folder)
    assert done.code == 0
    assert "skipped" not in done.err
    assert (folder / "bad.csv").read_text() == REJECTS.splitlines(keepends=True)[0]


def test_rejects_need_skipping(kg, folder):
    done = kg(*MAP, "--rejects", "bad.csv", cwd=folder)
    assert done.code == 2
    assert "Add --on-bad skip" in done.err
    assert not (folder / "bad.csv").exists()


@pytest.mark.parametrize("name", ["t.csv", "m.yarrrml.yml", "out.nt", "./t.csv", "link.csv"])
def test_rejects_are_written_over_nothing_that_is_used(kg, folder, name):
    (folder / "link.csv").symlink_to("t.csv")
    done = kg(*SKIP, "--rejects", name, cwd=folder)
    assert done.code == 2
    assert "[same-target]" in done.err
    assert (folder / "t.csv").read_text() == CSV
    assert (folder / "m.yarrrml.yml").read_text() == MAPPING


@pytest.mark.parametrize("name", ["-", ".", "no/bad.csv"])
def test_rejects_are_a_file(kg, folder, name):
    done = kg(*SKIP, "--rejects", name, cwd=folder)
    assert done.code in (2, 3)
    assert not (folder / "out.nt").exists()


def test_a_command_that_fails_leaves_the_rejects_of_before(kg, folder):
    (folder / "bad.csv").write_text("before", encoding="utf-8")
    (folder / "m.yarrrml.yml").write_text(MAPPING.replace("$(name)", "$(nmae)"), encoding="utf-8")
    done = kg(*SKIP, "--rejects", "bad.csv", cwd=folder)
    assert done.code == 2
    assert (folder / "bad.csv").read_text() == "before"
    assert not list(folder.glob(".*.part"))
