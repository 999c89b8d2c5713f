"""The HTML report: it is complete, has every result in both views, and stays small."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kg.names import Namer
from kg.terms import literal
from kg.validation.formats import open_report
from kg.validation.names import sh
from kg.validation.paths import Predicate
from kg.validation.reports import page
from kg.validation.results import Result, Severity, Verdict
from kg.validation.shapes import ShapesGraph
from tests.cli.runner import Runner
from tests.validation.conftest import PREFIXES
from tests.validation.test_command import DATA, FILES, SHAPES
from tests.validation.test_reports import EVIL, result_of

GOLDEN = Path(__file__).parent / "golden" / "report.html"
# Elements that have no end tag.
VOID = {"meta", "input", "br"}


@pytest.fixture(scope="module")
def kg() -> Runner:
    return Runner()


@dataclass
class Row:
    """A row of a table: its cells, and its view, pile and group."""

    view: str
    heads: tuple[str, str]
    key: str
    cells: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """Reads a page, and asserts that its tags are balanced and its identifiers differ."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.ids: list[str] = []
        self.scripts = 0
        self.policy = ""
        self.text = ""
        self._open: list[str] = []
        self._view = ""
        self._heads: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        if tag == "section":
            self._view = str(given["class"])
        elif tag == "details":
            self._heads.append("")
        elif tag == "script":
            self.scripts += 1
        elif given.get("http-equiv"):
            self.policy = str(given["content"])
        elif tag == "tr" and "data-k" in given:
            self.rows.append(
                Row(self._view, (self._heads[0], self._heads[1]), str(given["data-k"]))
            )
        elif tag == "td":
            self.rows[-1].cells.append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "details":
            self._heads.pop()

    def handle_data(self, data: str) -> None:
        if "script" in self._open or "style" in self._open:
            return
        self.text += data
        if "td" in self._open:
            self.rows[-1].cells[-1] += data
        elif "summary" in self._open and self._heads:
            self._heads[-1] += data

    def view(self, name: str) -> list[Row]:
        return [row for row in self.rows if row.view == name]


@pytest.fixture
def written(shapes: Callable[[str], ShapesGraph]) -> Callable[..., str]:
    """Write a page of results on a small shapes graph."""

    def write(*results: Result, verdict: Verdict | None = None) -> str:
        graph = shapes(SHAPES)
        out = io.StringIO()
        report = open_report("html", out, graph, Namer(graph.prefixes), title="<a & b>")
        for result in results:
            report.add(result)
        report.close(verdict)
        return out.getvalue()

    return write


def main_of(text: str) -> str:
    """Return the page without its style and script."""
    return text[text.index("<main>") : text.index("<script>")]


def test_the_bytes_of_a_page(kg: Runner, tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(PREFIXES + DATA, encoding="utf-8")
    more = "ex:Good a sh:NodeShape ; sh:targetNode ex:a ; sh:class ex:Launch ."
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES + more, encoding="utf-8")
    assert kg(*FILES, "-o", "report.html", cwd=tmp_path).code == 1
    assert main_of((tmp_path / "report.html").read_text(encoding="utf-8")) == GOLDEN.read_text(
        encoding="utf-8"
    )


def test_every_result_is_in_both_views(kg: Runner, tmp_path: Path) -> None:
    (tmp_path / "data.ttl").write_text(PREFIXES + DATA, encoding="utf-8")
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES, encoding="utf-8")
    shown = kg(*FILES, "--format", "html", cwd=tmp_path)
    assert (shown.code, shown.err) == (1, "")
    page = Page(shown.out)
    for view, pile in (("by-file", "data.ttl"), ("by-shape", "ex:LaunchShape")):
        rows = page.view(view)
        assert [(row.cells[1:4]) for row in rows] == [
            ["line 9", "ex:a", "succes"],
            ["line 10", "ex:b", "succes"],
            ["line 10", "ex:b", ""],
            ["line 12", "ex:d", "x"],
        ]
        assert all(row.heads[0].startswith(pile) for row in rows)
        assert rows[0].cells[4] == '"succes" is not one of "success", "failure"'
        assert "it fails [ sh:datatype xsd:decimal ]" in rows[3].cells[4]
        assert len({row.key for row in rows}) == 4
    assert 'Expected: one of "success", "failure"' in page.text
    assert "2 violations 1 warning 1 info" in page.text


def test_a_page_holds_hostile_values_as_text(written: Callable[..., str]) -> None:
    evil = replace(
        result_of(1, EVIL),
        focus_node="<http://example.org/a'onclick='alert(1)&amp;>",
        path=Predicate('<http://example.org/"><script>>'),
        reasons=(EVIL,),
    )
    page = Page(written(evil))
    assert page.scripts == 1
    assert "Validation of <a & b>" in page.text
    for row in page.view("by-file"):
        assert row.cells[2] == "<http://example.org/a'onclick='alert(1)&amp;>"
        assert "</td><script>alert('1')</script>&amp;" in row.cells[3]
        assert "\\x1B[2J\\x00\\x0B\\u202E" in row.cells[3]
        assert row.cells[4].count("<script>") == 2


def test_only_the_script_of_the_page_may_run(written: Callable[..., str]) -> None:
    text = written()
    script = text[text.index("<script>") + 8 : text.index("</script>")]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in Page(text).policy
    assert "default-src 'none'" in Page(text).policy
    assert not re.search(r"(src|href)=|url\(|@import", text)


def test_a_page_without_results_says_so(written: Callable[..., str]) -> None:
    verdict = Verdict({}, met={"<http://example.org/LaunchShape>": 3}, notes=("nothing & all",))
    text = Page(written(verdict=verdict)).text
    assert "The graph conforms to the shapes." in text
    assert "Not checked:" in text
    assert "nothing & all" in text
    assert re.search(
        r"1 shape without results\s+ex:LaunchShape \S+shapes.ttl:9: 3 focus nodes", text
    )


def test_a_page_that_stopped_early_says_so(written: Callable[..., str]) -> None:
    verdict = Verdict({Severity.VIOLATION: 1}, cut=True)
    assert "stopped at --max-results" in Page(written(result_of(1), verdict=verdict)).text


def test_a_page_of_many_results_stays_small(written: Callable[..., str]) -> None:
    many = (
        replace(result_of(n), origins=(replace(result_of(n).origins[0], file=f"data/{n % 5}.csv"),))
        for n in range(57_000, 0, -1)
    )
    text = written(*many)
    assert len(text) < 1_000_000
    page = Page(text)
    assert len(page.rows) == 2 * 5 * 100
    assert " open" not in main_of(text)
    assert page.text.count("and 11,300 more results: kg validate --format csv -o") == 2 * 5
    assert "This page shows 500 of 57,000 results" in page.text
    lines = [int(row.cells[1].split(",")[0].removeprefix("line ")) for row in page.rows[:100]]
    assert lines == sorted(lines)


def test_rows_and_groups_of_a_page_have_a_limit(
    written: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_GROUPS", 4)
    monkeypatch.setattr(page, "_ROWS", 20)
    many = [
        replace(result_of(n), origins=(replace(result_of(n).origins[0], file=f"{n % 9}.csv"),))
        for n in range(180)
    ]
    read = Page(written(*many))
    piles = [row.heads[0].split()[0] for row in read.view("by-file")]
    assert sorted(set(piles)) == ["0.csv", "1.csv", "2.csv", "3.csv", "Other"]
    assert len(piles) < 30
    others = [row.cells[1] for row in read.view("by-file") if row.heads[0].startswith("Other")]
    assert all(re.match(r"[4-8]\.csv, line", cell) for cell in others)
    assert read.text.count("100 results") == 2


def test_each_result_of_a_closed_shape_names_its_property(written: Callable[..., str]) -> None:
    results = [
        replace(
            result_of(n),
            source_shape="<http://example.org/Closed>",
            component=sh("ClosedConstraintComponent"),
            path=Predicate(f"<http://example.org/p{n}>"),
            value=literal("v", language="de"),
        )
        for n in range(3)
    ]
    rows = Page(written(*results)).view("by-shape")
    assert [row.cells[3] for row in rows] == ["ex:p0v de", "ex:p1v de", "ex:p2v de"]
    assert len({row.heads for row in rows}) == 1
