"""The dataset card has the right counts, and the same bytes every time."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.building import BuildOptions, build
from kg.builds import seal
from kg.describe import Distribution, card_form, card_triples, describe, write_card
from kg.workspace import Workspace, read_workspace
from tests.mapping.running import write_files
from tests.publish.conftest import TRIPLES

VOID = "http://rdfs.org/ns/void#"
INFO = {
    "tool": "kg 0.1.0",
    "started": "2026-01-01T00:00:00+00:00",
    "ended": "2026-01-01T00:00:01+00:00",
    "sources": [
        {"path": "data/a b.csv", "size": 5, "sha256": "ab" * 32},
        {"path": "data/a.yarrrml.yml", "size": 7, "sha256": "cd" * 32},
    ],
}


@pytest.fixture
def described(workspace: Workspace) -> Workspace:
    seal(workspace.current_build(), INFO)
    (workspace.root / "kg.toml").write_text(
        'title = "T|x"\nbase = "https://example.org/"\npublisher = "P"\nlicence = "https://l.org/"\n'
    )
    return read_workspace(workspace.root)


def ask(text: str, query: str) -> list[list[str]]:
    store = ox.Store()
    store.load(text.encode(), ox.RdfFormat.TURTLE)
    prefixes = {
        "void": VOID,
        "prov": "http://www.w3.org/ns/prov#",
        "dcat": "http://www.w3.org/ns/dcat#",
        "dcterms": "http://purl.org/dc/terms/",
        "spdx": "http://spdx.org/rdf/terms#",
    }
    found = store.query(query, prefixes=prefixes)
    assert isinstance(found, ox.QuerySolutions)
    return [[getattr(term, "value", "") for term in row] for row in found]


def test_the_card_has_counts_title_and_sources(described: Workspace) -> None:
    text = write_card(describe(described), "turtle")
    counts = "SELECT ?t ?e ?p { ?d a void:Dataset ; void:triples ?t ; void:entities ?e ;"
    assert ask(text, counts + " void:properties ?p }") == [
        [str(2 * TRIPLES + 1), str(2 * TRIPLES + 1), "1"]
    ]
    part = "SELECT ?n { ?x void:property <https://example.org/p> ; void:triples ?n }"
    assert ask(text, part) == [[str(2 * TRIPLES + 1)]]
    about = "SELECT ?t ?l { ?d dcterms:title ?t ; dcterms:license ?l }"
    assert ask(text, about) == [["T|x", "https://l.org/"]]
    derived = "SELECT ?s ?v { ?d prov:wasDerivedFrom ?s . ?s spdx:checksum/spdx:checksumValue ?v }"
    assert ask(text, derived) == [["https://example.org/dataset/source/data/a%20b.csv", "ab" * 32]]
    assert len(ask(text, "SELECT ?p { ?p a prov:Plan }")) == 1


def test_all_formats_have_the_same_facts_every_time(described: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "x.nq"
    file.write_text("hello")
    card = describe(described, distributions=[Distribution.of(file, "application/n-quads")])
    wanted = {f"{s} {p} {o}" for s, p, o in card_triples(card)}
    for form, parser in (("turtle", ox.RdfFormat.TURTLE), ("jsonld", ox.RdfFormat.JSON_LD)):
        text = write_card(card, form)  # type: ignore[arg-type]
        assert {str(quad.triple) for quad in ox.parse(text.encode(), parser)} == wanted
        assert text == write_card(describe(described, distributions=card.distributions), form)  # type: ignore[arg-type]
    shown = write_card(card, "markdown")
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert f"| x.nq | application/n-quads | 5 | `{digest}` |" in shown
    assert "- Triples: 1,001" in shown


@pytest.mark.parametrize("ending", ["ttl", "jsonld", "md"])
def test_a_source_outside_the_workspace_is_named_without_its_folder(
    tmp_path: Path, ending: str
) -> None:
    outside = tmp_path / "private" / "home"
    write_files(outside, {"salaries.csv": "id,pay\n1,2\n"})
    mapping = (
        f"mappings: {{m: {{sources: [['{outside}/salaries.csv~csv']], s: 'https://example.org/$(id)',"
        " po: [['https://example.org/pay', $(pay)]]}}\n"
    )
    write_files(
        tmp_path / "w",
        {"kg.toml": 'base = "https://example.org/"\n', "data/m.yarrrml.yml": mapping},
    )
    workspace = read_workspace(tmp_path / "w")
    build(workspace, BuildOptions(allow_outside=True))
    card = write_card(describe(workspace), card_form(tmp_path / f"card.{ending}"))
    assert "salaries.csv" in card
    assert "m.yarrrml.yml" in card
    for folder in (str(tmp_path), "private", "home"):
        assert folder not in card
