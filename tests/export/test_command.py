"""The command `kg export`, run in its own process."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kg.builds import seal
from kg.duck import engine
from kg.exports import write_survey
from kg.quads import QuadTable, copy_rows
from kg.workspace import Build, read_workspace
from tests.export.conftest import kg
from tests.export.samples import SAMPLE
from tests.launcher import program

TURTLE = Path(__file__).with_name("golden").joinpath("sample.ttl").read_text(encoding="utf-8")


def test_a_file_is_written(workspace):
    root = workspace(SAMPLE)
    done = kg("export", "-o", "a.ttl", cwd=root)
    assert done.returncode == 0
    assert done.stdout == b""
    assert done.stderr == b"wrote 32 triples to a.ttl (Turtle)\n"
    assert (root / "a.ttl").read_text(encoding="utf-8") == TURTLE


def test_turtle_is_written_to_standard_output(workspace):
    done = kg("export", "-o", "-", "--format", "turtle", cwd=workspace(SAMPLE))
    assert done.returncode == 0
    assert done.stdout.decode() == TURTLE


def test_a_closed_pipe_ends_the_export_quietly(workspace):
    quads = [
        (f"<https://example.org/{n}>", "<https://example.org/p>", '"o"', None)
        for n in range(60_000)
    ]
    root = workspace(quads)
    process = subprocess.Popen(
        [*program(), "-q", "-C", root, "export", "-o", "-", "--format", "nt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline().startswith(b"<https://example.org/0>")
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["-o", "a.csv"], 2, ".ttl, .trig"),
        (["-o", "-"], 2, "--format"),
        (["-o", "a.ttl", "--format", "word"], 2, "turtle, trig"),
        (["-o", "a.ttl", "--graph", "nowhere"], 2, "no graph nowhere"),
        (["-o", "no/folder/a.ttl"], 3, "no/folder/a.ttl"),
        (["-o", "/dev/full", "--format", "nt"], 3, "No space left"),
        (["-o", "a.ttl", "--memory", "much"], 2, "not a size"),
        ([], 2, "--output"),
    ],
)
def test_errors_have_exit_codes_and_leave_no_file(workspace, words, code, message):
    root = workspace(SAMPLE)
    done = kg("export", *words, cwd=root)
    assert done.returncode == code
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert sorted(path.name for path in root.iterdir()) == [".kg", "kg.toml"]


def test_without_a_build_the_error_names_kg_build(tmp_path):
    (tmp_path / "kg.toml").write_text('base = "https://example.org/"\n')
    done = kg("export", "-o", "a.ttl", cwd=tmp_path)
    assert done.returncode == 2
    assert b"kg build" in done.stderr


def test_ill_typed_literals_are_traced_to_their_records(tmp_path):
    """The build reports them, the export names file, record and column of the first."""
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "kg.toml").write_text('base = "https://example.org/"\n')
    (data / "facts.csv").write_text("id,day\na,2022-11-18\nb,2022-13-01\n")
    (data / "facts.yarrrml.yml").write_text(
        "prefixes: {ex: 'https://example.org/'}\n"
        "mappings:\n"
        "  fact:\n"
        "    sources: [[facts.csv~csv]]\n"
        "    s: ex:$(id)\n"
        "    po: [[ex:day, $(day), xsd:date]]\n"
    )
    built = kg("build", "--no-index", cwd=tmp_path)
    assert built.returncode == 0
    assert b"1 statement: a literal has no value in its datatype" in built.stderr
    done = kg("export", "-o", "a.ttl", cwd=tmp_path)
    assert done.returncode == 0
    warned = done.stderr.decode()
    assert '"2022-13-01"' in warned
    assert 'data/facts.csv:3 (record 2), column "day"' in warned
    strict = kg("export", "-o", "strict.ttl", "--strict", cwd=tmp_path)
    assert strict.returncode == 1
    assert "nothing was written" in strict.stderr.decode()
    assert not (tmp_path / "strict.ttl").exists()


def test_files_are_exported_without_a_workspace(tmp_path):
    (tmp_path / "a.ttl").write_text("@prefix e: <http://e/> . e:s e:p e:o, [] .")
    (tmp_path / "b.nt").write_text('<http://e/s> <http://e/p> "b" .\n')
    done = kg("export", "--data", "a.ttl", "--data", "b.nt", "-o", "-", "-f", "ttl", cwd=tmp_path)
    assert done.returncode == 0
    assert (
        done.stdout.decode()
        == '@prefix e: <http://e/> .\n\ne:s e:p "b" ,\n        e:o ,\n        [] .\n'
    )
    assert done.stderr.decode() == "wrote 3 triples to - (Turtle)\n"
    (tmp_path / "c.ttl").write_text("<e:s> <e:p> .")
    done = kg("export", "--data", "c.ttl", "-o", "c.nt", cwd=tmp_path)
    assert done.returncode == 2
    assert b"c.ttl:1" in done.stderr
    assert not (tmp_path / "c.nt").exists()


def test_canonical_prints_the_digest(workspace):
    root = workspace(SAMPLE)
    done = kg("export", "--canonical", "-o", "a.nq", cwd=root)
    digest = hashlib.sha256((root / "a.nq").read_bytes()).hexdigest()
    assert (done.returncode, done.stdout.decode()) == (0, f"sha256:{digest}\n")
    piped = kg("export", "--canonical", "-o", "-", "-f", "nq", "--digest", "sha256", cwd=root)
    assert piped.stdout == (root / "a.nq").read_bytes()
    assert f"sha256:{digest}" in piped.stderr.decode()


def test_poison_graph_ends_with_the_exit_code_of_limits(tmp_path):
    """The graph is a clique of ten blank nodes."""
    pairs = [(a, b) for a in range(10) for b in range(10) if a != b]
    clique = "".join(f"_:n{a} <http://e/p> _:n{b} .\n" for a, b in pairs)
    (tmp_path / "poison.nt").write_text(clique)
    words = ["export", "--data", "poison.nt", "--canonical", "-o", "out.nq", "--timeout", "1"]
    done = kg(*words, cwd=tmp_path)
    assert done.returncode == 4
    assert b"stopped after 1 s" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["poison.nt"]


def test_export_imports_only_light_modules(workspace):
    """Import neither rdflib nor pydantic, and Oxigraph only when needed, so it starts fast."""
    root = workspace(SAMPLE)
    script = (
        "import sys; from kg.cli.main import main;"
        f" code = main(['-q', '-C', {str(root)!r}, 'export', '-o', {str(root / 'a.ttl')!r}]);"
        " print(code, *(m for m in ('rdflib', 'pydantic', 'pyshacl', 'rich', 'pyoxigraph',"
        " 'kg.lineage', 'kg.exports.canonical') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number", "code"),
    [
        ("a.trig", signal.SIGINT, 130),
        ("a.jsonld", signal.SIGINT, 130),
        ("a.jsonld", signal.SIGTERM, 128 + signal.SIGTERM),
    ],
)
def test_a_signal_leaves_the_target_unchanged(tmp_path, name, number, code):
    """The process gets the signal while a query of a few seconds writes."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    build = tmp_path / ".kg" / "builds" / "1"
    build.mkdir(parents=True)
    (tmp_path / "kg.toml").write_text('base = "https://example.org/"\n')
    (tmp_path / ".kg" / "current").write_text("1")
    with engine(threads=1) as connection:
        rows = (
            "SELECT concat('<https://example.org/', lpad((i // 8)::VARCHAR, 9, '0'), '>') AS s,"
            " concat('<https://example.org/p', i % 8, '>') AS p,"
            " concat('\"', repeat('long ', 20), '\"') AS o, NULL AS g FROM range(1200000) AS t(i)"
        )
        copy_rows(connection, rows, build / "quads.parquet")
        space = read_workspace(tmp_path)
        write_survey(connection, QuadTable(build / "quads.parquet"), space)
    seal(Build(build), {})
    target = tmp_path / name
    target.write_text("old")
    process = subprocess.Popen(
        [*program(), "-C", tmp_path, "export", "-o", target],
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    for _ in range(3000):
        if list(tmp_path.glob(f".{name}.*.part")):
            break
        time.sleep(0.01)
    process.send_signal(number)
    shown = process.communicate(timeout=60)[1].decode()
    assert process.returncode == code, shown
    assert "Traceback" not in shown
    assert target.read_text() == "old"
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [".kg", name, "kg.toml", "temporary"]
    )
