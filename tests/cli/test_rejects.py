"""`--on-bad` and `--rejects`: what the command line does with records and values that are bad."""

from __future__ import annotations

import csv
import gzip
import io
import json
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


# --- RDF files ------------------------------------------------------------------------------

NT = b"""\
<http://e/a> <http://e/p> "1" .
<http://e/b> <http://e/p> .
# a comment

<http://e/c> <http://e/p> "caf\xe9" .
<http://e/d> <http://e/p> "2"@en--ltr .
<http://e/e> <http://e/p> <<( <http://e/a> <http://e/p> "1" )>> .
<http://e/f> <http://e/p> "<<no term>>" .
"""
BAD_LINES = ["2", "5", "6", "7"]
SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
<http://e/S> a sh:NodeShape ; sh:targetSubjectsOf <http://e/p> ;
  sh:property [ sh:path <http://e/p> ; sh:maxCount 1 ] .
"""
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
COUNT_NAMED = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
ON_DATA = {
    "export": (("export", "--data", "DATA", "-o", "out.nt"), 0),
    "query": (("query", "--data", "DATA", "-e", COUNT), 0),
    "query graph": (("query", "--named-graph", "http://e/g=DATA", "-e", COUNT_NAMED), 0),
    "validate": (("validate", "--data", "DATA", "--shapes", "shapes.ttl"), 0),
    "diff": (("diff", "good.nt", "DATA"), 0),
}


@pytest.fixture
def data(tmp_path) -> Path:
    good = [line for n, line in enumerate(NT.splitlines(True), 1) if str(n) not in BAD_LINES]
    (tmp_path / "good.nt").write_bytes(b"".join(good))
    (tmp_path / "bad.nt").write_bytes(NT)
    (tmp_path / "bad.nt.gz").write_bytes(gzip.compress(NT))
    (tmp_path / "bad.nq").write_bytes(NT)
    (tmp_path / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    return tmp_path


def on_data(words, file):
    return [word.replace("DATA", file) for word in words]


@pytest.mark.parametrize("name", ON_DATA)
@pytest.mark.parametrize("file", ["bad.nt", "bad.nt.gz", "bad.nq"])
def test_bad_lines_of_rdf_files(kg, data, name, file):
    words, code = ON_DATA[name]
    good = kg(*on_data(words, "good.nt"), cwd=data)
    assert good.code == code
    done = kg(*on_data(words, file), cwd=data)
    assert done.code == 2
    done = kg(*on_data(words, file), "--on-bad", "skip", "--rejects", "r.csv", cwd=data)
    assert done.code == 1
    assert done.out == good.out
    assert f"skipped 4 records; all are in r.csv; first: {file}:2: not valid N-" in done.err
    rows = list(csv.DictReader(io.StringIO((data / "r.csv").read_text())))
    assert [(row["file"], row["line"]) for row in rows] == [(file, line) for line in BAD_LINES]
    assert rows[1]["value"] == '<http://e/c> <http://e/p> "caf\\xe9" .'


@pytest.mark.parametrize("name", ON_DATA)
def test_rdf_without_bad_lines(kg, data, name):
    words, _ = ON_DATA[name]
    plain = kg(*on_data(words, "good.nt"), cwd=data)
    done = kg(*on_data(words, "good.nt"), "--on-bad", "skip", cwd=data)
    assert (done.code, done.out, done.err) == (plain.code, plain.out, plain.err)


@pytest.mark.parametrize("name", ON_DATA)
def test_turtle_has_no_place_to_go_on_at(kg, data, name):
    (data / "bad.ttl").write_text("<http://e/a> <http://e/p> .\n", encoding="utf-8")
    words, _ = ON_DATA[name]
    done = kg(*on_data(words, "bad.ttl"), "--on-bad", "skip", "--rejects", "r.csv", cwd=data)
    assert done.code == 2
    assert "bad.ttl:1:" in done.err
    assert "leaves out bad lines of N-Triples and N-Quads only" in done.err
    assert not (data / "r.csv").exists()


@pytest.mark.parametrize("name", ["export", "query", "validate"])
def test_rejects_of_rdf_go_with_data(kg, data, name):
    words = [word for word in ON_DATA[name][0] if word not in ("--data", "DATA")]
    done = kg(*words, "--on-bad", "skip", cwd=data)
    assert done.code == 2
    assert "--on-bad and --rejects go with --data" in done.err


@pytest.mark.parametrize("name", ON_DATA)
def test_rejects_are_not_written_over_data(kg, data, name):
    words, _ = ON_DATA[name]
    done = kg(*on_data(words, "bad.nt"), "--on-bad", "skip", "--rejects", "bad.nt", cwd=data)
    assert done.code == 2
    assert "[same-target]" in done.err
    assert (data / "bad.nt").read_bytes() == NT


def test_shapes_are_no_data(kg, data):
    done = kg("validate", "--data", "good.nt", "--shapes", "bad.nt", "--on-bad", "skip", cwd=data)
    assert done.code == 2
    assert "bad.nt:2:" in done.err


# --- builds ---------------------------------------------------------------------------------

BUILD_SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:name ;
  sh:property [ sh:path ex:name ; sh:maxLength 3 ; sh:severity sh:Warning ; sh:message "long" ] .
"""
WORKSPACE = {
    "kg.toml": 'base = "http://e/"\ntitle = "T"\n[prefixes]\nex = "http://example.org/"\n',
    "data/m.yarrrml.yml": MAPPING.replace("po: [", "po: [[ex:page, $(page)~iri], "),
    "data/t.csv": "id,name,page\n1,Ann,http://e/1\n2\n3,Clara,no page\n4,Dan,x,y\n",
    "data/more.nt": '<http://e/5> <http://example.org/name> "Eve" .\n<http://e/5> bad .\n',
    "shapes/s.ttl": BUILD_SHAPES,
}


@pytest.fixture
def workspace(tmp_path) -> Path:
    for name, text in WORKSPACE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_build_without_bad_records(kg, workspace):
    assert kg("build", cwd=workspace).code == 2
    assert not (workspace / ".kg" / "current").exists()
    done = kg("build", "--on-bad", "skip", "--rejects", "bad.csv", cwd=workspace)
    assert done.code == 1
    assert "skipped 3 records and 1 value; all are in bad.csv" in done.err
    assert "is in force" in done.err
    rows = list(csv.DictReader(io.StringIO((workspace / "bad.csv").read_text())))
    assert [(row["file"], row["line"], row["column"]) for row in rows] == [
        ("data/more.nt", "2", ""),
        ("data/t.csv", "3", ""),
        ("data/t.csv", "5", ""),
        ("data/t.csv", "4", "page"),
    ]
    name = (workspace / ".kg" / "current").read_text().strip()
    info = json.loads((workspace / ".kg" / "builds" / name / "build.json").read_text())
    assert info["skipped"] == {"records": 3, "values": 1}
    card = kg("describe", "--format", "markdown", cwd=workspace).out
    assert "- Left out, as it could not be read: 3 records and 1 value\n" in card
    assert (
        "3 records and 1 value of the sources could not be read"
        in kg("describe", cwd=workspace).out
    )


def test_what_a_build_left_out_does_not_stop_what_comes_after(kg, workspace):
    """Sources are read again to lead results back to their records."""
    assert kg("build", "--on-bad", "skip", cwd=workspace).code == 1
    for subject, place in (("http://e/3", "data/t.csv:4 (record 3)"), ("http://e/5", "more.nt:1")):
        done = kg("trace", subject, cwd=workspace)
        assert done.code == 0
        assert place in done.out
        assert "skipped" not in done.err
    done = kg("validate", cwd=workspace)
    assert done.code == 0
    assert "data/t.csv:4" in done.out
    # Without it, the bad records are errors as ever.
    assert kg("build", cwd=workspace).code == 2


def test_a_whole_build_says_nothing(kg, workspace):
    (workspace / "data/t.csv").write_text("id,name,page\n1,Ann,http://e/1\n", encoding="utf-8")
    (workspace / "data/more.nt").write_text("", encoding="utf-8")
    done = kg("build", "--on-bad", "skip", cwd=workspace)
    assert done.code == 0
    assert "skipped" not in done.err
    assert "Left out" not in kg("describe", "--format", "markdown", cwd=workspace).out


def test_rejects_of_a_build_are_written_over_nothing_of_it(kg, workspace):
    for name, text in WORKSPACE.items():
        done = kg("build", "--on-bad", "skip", "--rejects", name, cwd=workspace)
        assert done.code == 2
        assert "[same-target]" in done.err
        assert (workspace / name).read_text() == text
