"""``kg.toml`` and the files of a workspace: what is read, from where, into which graph."""

from __future__ import annotations

import os
import unicodedata
from functools import partial
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kg
from kg.building import BuildOptions
from kg.errors import InputError, KgError
from kg.terms import is_iri
from kg.workspace import Workspace, find_workspace, read_workspace

BASE = "https://example.org/"


def make(root: Path) -> Path:
    (root / "data").mkdir(parents=True)
    (root / "kg.toml").write_text(f'base = "{BASE}"\n')
    (root / "data" / "a.ttl").write_text(f"<{BASE}a> <{BASE}p> 1 .")
    return root


# --- graphs of files ------------------------------------------------------------------------

SPACE = Workspace(Path("/w"), "t", BASE)
# The names that the graphs of the first versions had.
USUAL = {
    "data/talks.ttl": "talks",
    "data/talks.nt.gz": "talks",
    "data/record/places.trig": "record/places",
    "ontology/ace.ttl": "ontology/ace",
    "data/v1.2/a-b_c~d.jsonld.zst": "v1.2/a-b_c~d",
}
ODD = {
    "data/talks.v2.ttl": "talks.v2",
    "data/a b.ttl": "a%20b",
    "data/a%20b.ttl": "a%2520b",
    "data/ü.ttl": "ü",
    "data/a#b?c.ttl": "a%23b%3Fc",
    "data/...ttl": "%2E%2E",
    "data/a\udcfc.ttl": "a%FC",
}


@pytest.mark.parametrize(("path", "graph"), [*USUAL.items(), *ODD.items()])
def test_the_graph_of_a_file(path, graph):
    assert SPACE.graph_iri(Path("/w") / path) == f"{BASE}graph/{graph}"


# Any bytes can be a name.
NAMES = st.binary(min_size=1).filter(lambda name: not {0, ord("/")} & set(name)).map(
    os.fsdecode
) | st.text("ab .-%~_é\u0301#?", min_size=1)


@given(st.sets(NAMES, min_size=2, max_size=2))
def test_files_of_different_names_have_different_graphs(names):
    first, second = (SPACE.graph_iri(Path(f"/w/data/{name}.ttl")) for name in names)
    assert first != second
    assert is_iri(first)


@pytest.mark.parametrize(
    ("first", "second"),
    [("data/a.ttl", "data/a.nt"), ("ontology/a.ttl", "data/ontology/a.ttl")],
)
def test_two_files_of_one_name_are_told(tmp_path, first, second):
    root = make(tmp_path / "w")
    for name in (first, second):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"<{BASE}a> <{BASE}p> <{BASE}b> .")
    with pytest.raises(InputError) as caught:
        kg.build(root, BuildOptions(index=False))
    assert caught.value.code == "same-graph"
    assert Path(first).name in str(caught.value)
    assert Path(second).name in str(caught.value)


@pytest.mark.parametrize("infer", ["none", "rdfs"])
def test_a_graph_of_the_user_that_is_called_inferred_is_exported(tmp_path, infer):
    root = make(tmp_path / "w")
    (root / "data" / "inferred.ttl").write_text(
        f"<{BASE}s> a <{BASE}C> . <{BASE}C>"
        f" <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{BASE}D> ."
    )
    kg.build(root, BuildOptions(index=False, infer=infer))
    graphs = set()
    for words in ({}, {"with_inferred": True}):
        kg.export(root / "o.nq", workspace=root, options=kg_options(**words))
        quads = list(ox.parse(path=str(root / "o.nq")))
        graphs |= {quad.graph_name.value for quad in quads}
        inferred = bool(words) and infer == "rdfs"
        assert len(quads) == 3 + inferred
    assert graphs == {f"{BASE}graph/{name}" for name in ("a", "inferred")} | (
        {f"{BASE}graph/inferred2"} if infer == "rdfs" else set()
    )


def kg_options(**words):
    from kg.exports.options import ExportOptions

    return ExportOptions(**words)


# --- kg.toml --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('base = "https://e.org/ x/"', "base"),
        ('base = "https://e.org/<x>/"', "base"),
        ('base = "https://e.org/"\nprefixes = 3', "must be a table"),
        ('base = "https://e.org/"\nbuild = "rdfs"', "must be a table"),
        ('base = "https://e.org/"\n[prefixes]\nx = "a b"', "prefixes.x"),
        ('base = "https://e.org/"\n[prefixes]\n"1駅" = "http://e.org/"', "prefixes.1駅"),
        ('base = "https://e.org/"\n[prefixes]\n"駅.x" = "http://e.org/"', "prefixes.駅.x"),
        ('base = "https://e.org/"\n[prefixes]\nx = "http://e.org/a b"', "prefixes.x"),
        ('base = "https://e.org/"\n[prefixes]\nx = "relative/"', "prefixes.x"),
        ('base = "https://e.org/"\n[prefixes]\nx = "http://e.org/<"', "prefixes.x"),
        ('base = "https://e.org/"\n[prefixes]\nx = ["http://e.org/"]', "prefixes.x"),
        ("base = " + "[" * 50_000, "nested too deep"),
        ("a" + ".a" * 5_000 + " = 1", "nested too deep"),
        ("a" + ' . "b"' * 5_000 + " = 1", "nested too deep"),
        ("a = " + "{a=" * 5_000, "nested too deep"),
        ("a = " + "9" * 5_000, "too many digits"),
    ],
)
def test_what_is_wrong_in_kg_toml_is_told_when_it_is_read(tmp_path, text, said):
    (tmp_path / "kg.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_workspace(tmp_path)
    assert caught.value.code == "bad-config"
    assert said in caught.value.message


@pytest.mark.parametrize("put", [Path.mkdir, os.mkfifo])
def test_a_kg_toml_that_is_no_file_does_not_block(tmp_path, put):
    put(tmp_path / "kg.toml")
    with pytest.raises(InputError) as caught:
        read_workspace(tmp_path)
    assert caught.value.code == "unreadable-file"
    with pytest.raises(InputError) as caught:
        find_workspace(tmp_path)
    assert caught.value.code == "no-workspace"


# --- links and what is no file --------------------------------------------------------------

KINDS = {
    "data/b.ttl": "<https://e.org/s> <https://e.org/p> <https://e.org/secret> .",
    "ontology/o.ttl": "<https://e.org/s> <https://e.org/p> <https://e.org/secret> .",
    "shapes/s.ttl": "<https://e.org/S> a <http://www.w3.org/ns/shacl#NodeShape> .",
    "data/m.yarrrml.yml": "mappings: {m: {sources: [[b.csv~csv]], s: 'https://e.org/$(id)'}}",
    "data/m.rml.ttl": "",
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("of", ["file", "folder"])
def test_a_link_out_of_the_workspace_is_refused(tmp_path, name, of):
    root = make(tmp_path / "w")
    outside = tmp_path / "outside"
    outside.mkdir()
    path = root / name
    if of == "folder":
        if path.parent.is_dir():
            (path.parent / "a.ttl").rename(outside / "a.ttl")
            path.parent.rmdir()
        (outside / path.name).write_text(KINDS[name])
        path.parent.symlink_to(outside)
    else:
        path.parent.mkdir(exist_ok=True)
        (outside / path.name).write_text(KINDS[name])
        path.symlink_to(outside / path.name)
    with pytest.raises(InputError) as caught:
        kg.build(root, BuildOptions(index=False))
    assert caught.value.code == "outside-workspace"
    assert "--allow-outside" in caught.value.hint
    if name.endswith("b.ttl"):
        assert kg.build(root, BuildOptions(index=False, allow_outside=True)).in_force


def test_a_question_that_is_a_link_out_of_the_workspace_is_refused(tmp_path):
    root = make(tmp_path / "w")
    kg.build(root)
    (tmp_path / "q.rq").write_text("SELECT * { ?s ?p ?o }")
    (root / "queries").mkdir()
    (root / "queries" / "q.rq").symlink_to(tmp_path / "q.rq")
    with pytest.raises(InputError) as caught:
        kg.query("q", workspace=root)
    assert caught.value.code == "outside-workspace"


def test_a_link_within_the_workspace_is_followed(tmp_path):
    root = make(tmp_path / "w")
    (root / "data" / "b.ttl").symlink_to("../data/a.ttl")
    assert kg.build(root, BuildOptions(index=False)).quads == 2


@pytest.mark.parametrize("name", ["data/p.ttl", "ontology/p.ttl", "shapes/p.ttl", "data/p.rml.ttl"])
def test_a_named_pipe_does_not_block_a_build(tmp_path, name):
    root = make(tmp_path / "w")
    (root / name).parent.mkdir(exist_ok=True)
    os.mkfifo(root / name)
    with pytest.raises(InputError) as caught:
        kg.build(root, BuildOptions(index=False))
    assert caught.value.code == "unreadable-file"
    assert "p." in str(caught.value)


@pytest.mark.parametrize("folder", ["data", "ontology", "shapes", "queries", "data/below"])
def test_a_folder_that_cannot_be_read_is_told(tmp_path, folder, monkeypatch):
    root = make(tmp_path / "w")
    (root / folder).mkdir(exist_ok=True)
    if folder == "queries":
        kg.build(root)
    scanned = os.scandir

    def scandir(path):  # what the mode of a folder does to all but root
        if path == root / folder:
            raise PermissionError(13, "Permission denied")
        return scanned(path)

    monkeypatch.setattr(os, "scandir", scandir)
    run = partial(kg.build, root, BuildOptions(index=False))
    if folder == "queries":
        run = partial(kg.query, "some-question", workspace=root)
    with pytest.raises(KgError) as caught:
        run()
    assert caught.value.code == "unreadable-file"
    assert folder in str(caught.value)


def test_a_folder_that_ends_like_a_file_is_a_folder(tmp_path):
    root = make(tmp_path / "w")
    (root / "data" / "more.ttl").mkdir()
    (root / "data" / "more.ttl" / "b.ttl").write_text(f"<{BASE}b> <{BASE}p> 2 .")
    assert kg.build(root, BuildOptions(index=False)).graphs == (
        (f"<{BASE}graph/a>", 1),
        (f"<{BASE}graph/more.ttl/b>", 1),
    )


def test_composed_and_decomposed_names_stay_apart(tmp_path):
    root = make(tmp_path / "w")
    for form in ("NFC", "NFD"):
        (root / "data" / f"{unicodedata.normalize(form, 'é')}.ttl").write_text("")
    assert len({graph for _, graph in read_workspace(root).graph_files()}) == 3
