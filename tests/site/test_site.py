"""``kg site``: pages whose links lead somewhere, the same bytes each time, safe texts."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.building import build
from kg.cli.main import main
from kg.errors import InputError
from kg.graph import open_graph
from kg.release import SUMS
from kg.site import make_site
from kg.site.addresses import SiteLinks, entity_path
from kg.workspace import find_workspace
from tests.serve.browser import browser
from tests.serve.conftest import EX, HOSTILE
from tests.serve.conftest import workspace as workspace

SHAPES = """\
@prefix ex: <http://example.org/ns#> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:LaunchShape a sh:NodeShape ; sh:targetClass ex:Launch ;
  sh:property [ sh:path ex:day ; sh:datatype xsd:date ; sh:minCount 1 ; sh:maxCount 1 ;
    sh:message "One day, please." ] .
"""
CHART = "# chart: bar x=day per=year\nSELECT ?day { ?s ex:day ?day }\n"
EMPTY = "SELECT ?s { VALUES ?s { } ?s ex:day ?day }\n"


@pytest.fixture(scope="module")
def root(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the server's tests, with shapes and questions that are drawn and not."""
    root = tmp_path_factory.mktemp("site") / "ws"
    shutil.copytree(workspace, root)
    (root / "shapes").mkdir()
    (root / "shapes" / "own.ttl").write_text(SHAPES)
    (root / "queries" / "drawn.rq").write_text(CHART)
    (root / "queries" / "asks.rq").write_text(EMPTY)
    build(find_workspace(root))
    return root


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "site"
    make_site(open_graph(root), folder)
    return folder


class Links(HTMLParser):
    """Collects where a page leads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name in ("href", "src", "action"):
                self.links.append(value or "")
            if name == "id":
                self.anchors.append(value or "")


def test_every_link_leads_somewhere(site):
    read = {path: Links(path.read_text()) for path in site.rglob("*.html")}
    assert len(read) > 12
    for path, page in read.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("http", "https"), (path, link)
                continue
            assert not parts.path.startswith("/"), (path, link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), (path, link)
            assert target.is_relative_to(site.resolve())
            if parts.fragment:
                assert unquote(parts.fragment) in read[target].anchors, (path, link)


def contents(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


def test_the_same_bytes_twice(root, site, tmp_path):
    make_site(open_graph(root), tmp_path / "again")
    files = {
        path.relative_to(site): path.read_bytes() for path in site.rglob("*") if path.is_file()
    }
    again = tmp_path / "again"
    assert files == {
        path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()
    }


def test_a_thing_has_a_page_and_its_triples_beside_it(site):
    page = (site / "id" / "L1.html").read_text()
    assert '<h1 dir="auto">First</h1>' in page
    assert 'href="../iri/day-' in page
    assert 'href="../id/note.html"' in page
    data = (site / "id" / "L1.nt").read_bytes()
    said = list(pyoxigraph.parse(data, pyoxigraph.RdfFormat.N_TRIPLES))
    assert {quad.subject.value for quad in said} == {f"{EX}id/L1"}
    assert len(said) == 4


def test_a_page_shows_the_source_records(root, site, tmp_path, monkeypatch):
    text = (site / "id" / "L1.html").read_text()
    told = text[text.index("Source records") :]
    assert "data/launches.csv:2 (record 1)" in told
    assert "column day" in told
    assert "2022-11-18" in told
    assert "data/notes.ttl" in (site / "id" / "note.html").read_text()
    # Where the site is made from does not count.
    monkeypatch.chdir(root)
    make_site(open_graph(root), tmp_path / "again")
    assert (tmp_path / "again" / "id" / "L1.html").read_text() == text
    make_site(open_graph(root), tmp_path / "bare", records=False)
    assert "Source records" not in (tmp_path / "bare" / "id" / "L1.html").read_text()


def test_blank_nodes_are_shown_within_the_page(site):
    page = (site / "id" / "where.html").read_text()
    assert "1.5" in page
    assert "_:" in (site / "id" / "where.nt").read_text()


def test_questions_have_answers_and_charts(site):
    page = (site / "questions" / "since.html").read_text()
    assert 'href="../id/L1.html"' in page
    assert "2022-11-18" in page
    assert "It asks for s" in (site / "questions" / "asks.html").read_text()
    pytest.importorskip("vl_convert", reason="the extra charts is not installed")
    drawn = (site / "questions" / "drawn.html").read_text()
    assert "<svg" in drawn
    assert "day, by year: 2021; rows: 1" in drawn
    assert "currentColor" in drawn


def test_the_vocabulary_and_its_shapes_are_documented(site):
    vocabulary = (site / "vocabulary.html").read_text()
    assert "Something that flew." in vocabulary
    assert 'href="shapes.html#ex:LaunchShape"' in vocabulary
    shapes = (site / "shapes.html").read_text()
    assert "xsd:date" in shapes
    assert "at least 1; at most 1" in shapes
    assert "One day, please." in shapes


def test_downloads_are_what_their_sums_say(site):
    page = (site / "downloads.html").read_text()
    lines = (site / "downloads" / "SHA256SUMS").read_text().splitlines()
    assert len(lines) > 3
    for line in lines:
        digest, name = line.split()
        data = (site / "downloads" / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
        assert f"<code>{digest}</code>" in page


def test_the_first_page_describes_the_dataset(site):
    page = (site / "index.html").read_text()
    card = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert card is not None
    assert "Tests & <trials>" in json.dumps(json.loads(card[1]))
    assert page.count("<script") == 2


def test_the_search_finds_names_by_their_first_letters(site):
    name = "-".join(f"{ord(letter):x}" for letter in "sec")
    text = (site / "search" / f"{name}.js").read_text()
    rows = json.loads(re.fullmatch(r"kgNames\((.*),false\);\n", text)[1])
    assert rows == [["Second (L2)", "id/L2.html"]]


def test_texts_of_the_data_stay_texts(site):
    for path in site.rglob("*.html"):
        assert "<script>alert" not in path.read_text()
    assert escape(HOSTILE, quote=False) in (site / "id" / "note.html").read_text().replace(
        "&quot;", '"'
    )


@given(st.text(min_size=0, max_size=300))
def test_a_path_stays_within_its_folder(local):
    path = entity_path(f"{EX}id/{local}", f"{EX}id/")
    assert path.startswith("id/")
    assert path.isascii()
    assert all(part not in ("", ".", "..") and len(part) < 200 for part in path.split("/"))


@given(st.lists(st.text("aB./~#é", max_size=6), min_size=2, max_size=2, unique=True))
def test_two_things_have_two_pages(names):
    first, second = (entity_path(f"{EX}id/{name}", f"{EX}id/") for name in names)
    assert first != second
    # No page is a folder of another's.
    assert not f"{second}/".startswith(f"{first}.html/")


def test_what_has_no_page_is_no_link():
    links = SiteLinks(f"{EX}id/", 2)
    links.known = {f"{EX}id/a"}
    assert links.entity(f"{EX}id/a") == "../../id/a.html"
    assert links.entity(f"{EX}id/b") is None


def test_a_folder_that_is_there_is_left_alone(root, tmp_path, capsys):
    (tmp_path / "mine").write_text("")
    assert main(["-C", str(root), "site", "-o", str(tmp_path)]) == 2
    assert "[folder-not-empty]" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_failure_leaves_nothing(root, tmp_path, monkeypatch):
    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("kg.site.build.write_names", fails)
    with pytest.raises(RuntimeError):
        make_site(open_graph(root), tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


def test_the_search_works_from_the_disk(site):
    with browser() as chromium:
        page = chromium.new_page()
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((site / "index.html").as_uri())
        page.fill("#q", "second")
        page.press("#q", "Enter")
        page.click("#found a")
        assert page.inner_text("h1") == "Second"
        page.goto(f"{(site / 'search.html').as_uri()}?q=zzz")
        page.wait_for_function("document.getElementById('told').textContent.includes('Nothing')")
        assert said == []


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("{access: 'postgresql://localhost:1/d', type: postgresql", "outside-workspace"),
        ("{access: '$KG_TEST_NONE', type: postgresql", "missing-variable"),
    ],
)
def test_sources_out_of_reach_cost_the_records_alone(workspace, tmp_path, monkeypatch, table, code):
    def no_downloads(_: object, folder: Path, **__: object) -> None:
        folder.mkdir()
        (folder / SUMS).write_text("")

    monkeypatch.setattr("kg.site.build.release", no_downloads)
    root = tmp_path / "ws"
    shutil.copytree(workspace, root)
    shutil.rmtree(root / "queries")
    # As if the graph had been built where the database may be read.
    (root / "data" / "more.yarrrml.yml").write_text(
        "mappings:\n  more:\n    sources:\n      - "
        + table
        + ", queryFormulation: sql2008, query: 'SELECT key, day FROM t'}\n"
        "    s: id:$(key)\n    po: [[ex:day, $(day), xsd:date]]\n"
    )
    # Batches of one: pages that were written with records before the failure have none after it.
    monkeypatch.setattr("kg.site.build._BATCH", 1)
    with open_graph(root) as graph:
        (remark,) = make_site(graph, tmp_path / "site").remarks
        with pytest.raises(InputError) as raised:
            make_site(graph, tmp_path / "asked", records=True)
    assert remark.startswith("the pages show no source records: ")
    pages = [path.read_text() for path in (tmp_path / "site").rglob("*.html")]
    assert len(pages) > 5
    assert not any("Source records" in page for page in pages)
    assert raised.value.code == code
    assert "--no-records" in raised.value.report()
    assert "--allow-outside" not in raised.value.report()
    assert not (tmp_path / "asked").exists()
