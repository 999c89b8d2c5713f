"""`kg describe`, `kg diff`, `kg release` and `kg export --card` as users run them."""

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.builds import seal
from kg.cli.main import main
from kg.duck import engine
from kg.quads import write_table
from kg.workspace import Workspace
from tests.launcher import program
from tests.publish.conftest import TRIPLES
from tests.publish.test_describe import INFO, ask

ROOT = Path(__file__).parents[2]
ALL = 2 * TRIPLES + 1
COUNT = "SELECT ?n { ?d a void:Dataset ; void:triples ?n }"


@pytest.fixture
def built(workspace: Workspace) -> Workspace:
    seal(workspace.current_build(), INFO)
    return workspace


def kg(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program(), *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


Refused = Callable[..., None]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Check that a command reports an error; run in this process, since there are many."""

    def check(folder: Path, command: str, *said: str, code: int = 2) -> None:
        monkeypatch.chdir(folder)
        assert main(command.split()) == code
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "Traceback" not in shown.err
        for part in said:
            assert part in shown.err

    return check


def test_describe_writes_the_same_card_in_every_format(built: Workspace) -> None:
    shown = kg(built.root, "describe")
    assert shown.returncode == 0, shown.stderr
    assert ask(shown.stdout, COUNT) == [[str(ALL)]]
    for name in ("card.ttl", "card.jsonld", "card.md"):
        assert kg(built.root, "describe", "-o", name).returncode == 0
    assert (built.root / "card.ttl").read_text() == shown.stdout
    assert ox.parse((built.root / "card.jsonld").read_bytes(), ox.RdfFormat.JSON_LD)
    assert (built.root / "card.md").read_text().startswith("# ")
    for name in ("markdown", "md"):
        shown = kg(built.root, "describe", "-f", name)
        assert shown.stdout == (built.root / "card.md").read_text()


def test_describe_reports_wrong_arguments(
    built: Workspace, tmp_path: Path, refused: Refused
) -> None:
    refused(built.root, "describe -f html", "'html'", "turtle, jsonld, markdown")
    refused(built.root, "describe -o card.txt", "card.txt", ".ttl, .jsonld, .md")
    refused(built.root, "describe -o no/card.ttl", "no/card.ttl", code=3)
    refused(tmp_path, "describe", "kg.toml")
    (built.root / ".kg" / "current").unlink()
    refused(built.root, "describe", "kg build")


def test_the_card_of_an_export_describes_its_files(built: Workspace) -> None:
    words = ["export", "-o", "graph.nq.gz", "--card", "graph.card.ttl"]
    assert kg(built.root, *words).returncode == 0
    card = (built.root / "graph.card.ttl").read_text()
    file = (built.root / "graph.nq.gz").read_bytes()
    file_of_card = (
        "SELECT ?t ?s ?v { ?d dcat:distribution ?f . ?f dcterms:title ?t ; dcat:byteSize ?s ;"
        " spdx:checksum/spdx:checksumValue ?v }"
    )
    wanted = ["graph.nq.gz", str(len(file)), hashlib.sha256(file).hexdigest()]
    assert ask(card, file_of_card) == [wanted]
    assert ask(card, COUNT) == [[str(ALL)]]
    # The card does not change the export.
    assert kg(built.root, "export", "-o", "plain.nq.gz").returncode == 0
    assert (built.root / "plain.nq.gz").read_bytes() == file
    words = ["export", "-o", "part.nt", "--split", "400", "--card", "card.md"]
    assert kg(built.root, *words).returncode == 0
    assert "| part-00003.nt |" in (built.root / "card.md").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("-o - -f nquads --card c.ttl", "must be a file"),
        ("-o g.nq --card c.ttl --graph g0", "whole build"),
        ("-o g.nq --card c.ttl --data x.nt", "whole build"),
        ("-o g.ttl --card g.ttl", "file of its own"),
        ("-o g.nq --card c.txt", ".ttl, .jsonld, .md"),
    ],
)
def test_a_card_needs_a_file_and_the_whole_build(
    built: Workspace, refused: Refused, words: str, said: str
) -> None:
    refused(built.root, f"export {words}", said)
    assert not (built.root / "g.nq").exists()


def test_inferred_triples_are_counted_only_if_exported(built: Workspace) -> None:
    graph = "https://example.org/graph/inferred"
    made = (
        "SELECT concat('<https://example.org/s', i, '>') AS s, '<https://example.org/p>' AS p,"
        f" '<https://example.org/o>' AS o, CASE WHEN i < 2 THEN '<{graph}>' END AS g"
        " FROM range(5) AS t(i)"
    )
    with engine() as connection:
        write_table(connection, made, built.current_build().quads)
    seal(built.current_build(), {**INFO, "inferred_graph": graph})
    for words, triples in (([], "3"), (["--with-inferred"], "5")):
        assert ask(kg(built.root, "describe", *words).stdout, COUNT) == [[triples]]
        done = kg(built.root, "export", "-o", "g.nq", "--card", "c.ttl", *words)
        assert done.returncode == 0, done.stderr
        assert ask((built.root / "c.ttl").read_text(), COUNT) == [[triples]]


@pytest.fixture
def sides(tmp_path: Path) -> Path:
    (tmp_path / "old.nt").write_text(
        "<http://e/a> <http://e/p> <http://e/b> .\n<http://e/a> <http://e/p> <http://e/c> .\n"
    )
    (tmp_path / "new.ttl").write_text("<http://e/a> <http://e/p> <http://e/b>, <http://e/d> .\n")
    return tmp_path


def test_diff_writes_text_patch_and_update(sides: Path) -> None:
    same = kg(sides, "diff", "old.nt", "old.nt")
    assert (same.returncode, same.stdout) == (0, "")
    assert "no differences (triples compared)" in same.stderr
    ended = kg(sides, "diff", "old.nt", "new.ttl")
    assert ended.returncode == 1
    assert [line[:3] for line in ended.stdout.splitlines() if line[:2] == "  "] == ["  -", "  +"]
    assert "1 triples removed, 1 added, in 1 entities" in ended.stderr
    patch = kg(sides, "diff", "old.nt", "new.ttl", "-f", "patch")
    assert patch.returncode == 1
    assert "D <http://e/a> <http://e/p> <http://e/c> ." in patch.stdout.splitlines()
    assert "A <http://e/a> <http://e/p> <http://e/d> ." in patch.stdout.splitlines()
    made = kg(sides, "diff", "old.nt", "new.ttl", "-f", "update", "-o", "x.ru")
    assert (made.returncode, made.stdout) == (1, "")
    store = ox.Store()
    store.load((sides / "old.nt").read_bytes(), ox.RdfFormat.N_TRIPLES)
    store.update((sides / "x.ru").read_text())
    assert {str(quad.object) for quad in store} == {"<http://e/b>", "<http://e/d>"}


def test_diff_reports_wrong_arguments(sides: Path, built: Workspace, refused: Refused) -> None:
    refused(sides, "diff old.nt none.nt", "none.nt")
    refused(sides, "diff old.nt new.ttl -f html", "text, json, patch, update")
    refused(sides, "diff old.nt", "Missing argument 'NEW'")
    refused(sides, "diff old.nt current", "kg.toml")
    refused(built.root, "diff previous current", "previous")
    (sides / "bad.nt").write_text("<http://e/a> <http://e/p> .\n")
    refused(sides, "diff old.nt bad.nt", "bad.nt:1:")


def test_two_releases_of_a_build_are_the_same(built: Workspace) -> None:
    for name in ("one", "two"):
        ended = kg(built.root, "release", name, "-f", "nq.gz", "-f", "ttl")
        assert ended.returncode == 0, ended.stderr
    one, two = (
        {path.name: path.read_bytes() for path in (built.root / name).iterdir()}
        for name in ("one", "two")
    )
    assert one == two
    checked = subprocess.run(
        ["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=built.root / "one", check=False
    )
    assert checked.returncode == 0
    last = kg(built.root, "release", "three", "--last", "one")
    assert "since the last release: 0 removed, 0 added" in last.stderr


def test_release_reports_wrong_arguments(
    built: Workspace, tmp_path: Path, refused: Refused
) -> None:
    (built.root / "there").mkdir()
    refused(built.root, "release there", "there exists already")
    refused(built.root, "release new -f html", "html")
    refused(built.root, "release new --last none", "none")
    refused(built.root, "release new --last there", "no export")
    refused(built.root, "release new --name a/b", "a/b")
    refused(built.root, "release new --name dataset", "dataset")
    refused(tmp_path, "release new", "kg.toml")
    assert not (built.root / "new").exists()
