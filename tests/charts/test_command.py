"""``kg query`` draws: by the question's own line, by --chart, as text or as pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kg.cli.main import main
from tests.query.conftest import workspace as workspace

PICTURES = ["svg", "png", "html"]


@pytest.fixture
def kg(workspace: Path, capsys: pytest.CaptureFixture[str]):
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["-C", str(workspace), "query", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


ALL = ("since", "-p", "since=2000-01-01")


def test_as_text(kg):
    code, out, _ = kg(*ALL, "--chart", "bar x=day per=year")
    assert code == 0
    assert out.splitlines()[0] == "Launches since a day"
    assert [line.split()[0] for line in out.splitlines()[3:]] == ["2021", "2022"]


def test_as_text_in_a_file(kg, tmp_path):
    assert kg(*ALL, "--chart", "bar x=day", "-o", str(tmp_path / "a.txt"))[0] == 0
    assert "2022-11-18" in (tmp_path / "a.txt").read_text()


@pytest.mark.parametrize("ending", PICTURES)
def test_pictures(kg, ending, tmp_path):
    pytest.importorskip("vl_convert", reason="the extra charts is not installed")
    target = tmp_path / f"a.{ending}"
    code, out, err = kg(*ALL, "--chart", "bar x=day", "-o", str(target))
    assert (code, out, err) == (0, "", "")
    begin = {"svg": b"<svg ", "png": b"\x89PNG", "html": b"<!doctype html>"}[ending]
    assert target.read_bytes().startswith(begin)


def test_a_page_without_chart_is_the_table(kg, tmp_path):
    assert kg(*ALL, "-o", str(tmp_path / "a.html"))[0] == 0
    page = (tmp_path / "a.html").read_text()
    assert "<table>" in page
    assert "<svg" not in page


def test_the_question_says_how(kg, workspace, tmp_path):
    pytest.importorskip("vl_convert", reason="the extra charts is not installed")
    file = workspace / "queries" / "since.rq"
    file.write_text(file.read_text().replace("y=launch", "per=year"))
    assert kg(*ALL, "-o", str(tmp_path / "a.svg"))[0] == 0
    assert "day, by year: 2021; rows: 1" in (tmp_path / "a.svg").read_text()
    code, out, _ = kg(*ALL, "--chart", "line")
    assert (code, "day, by year" in out) == (0, True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["-e", "SELECT * { ?s ?p ?o }", "-o", "a.svg"], 2, "[no-chart]"),
        (["since", "-o", "a.svg"], 2, "no launch is a number"),
        (["since", "--chart", "bar x=dya"], 2, "Did you mean day?"),
        (["since", "--chart", "pie"], 2, "[bad-chart]"),
        (["since", "--chart", "bar", "-o", "a.csv"], 2, "csv cannot hold a chart"),
        (["-e", "ASK { ?s ?p ?o }", "--chart", "bar"], 2, "ASK gives none"),
        (["-e", "ASK { ?s ?p ?o }", "-f", "svg"], 2, "[no-chart]"),
        (["since", "-p", "since=2099-01-01", "--chart", "bar x=day"], 2, "the answer has no rows"),
        (["since", "--chart", "bar x=day", "--max-rows", "0"], 4, "[too-many-rows]"),
    ],
)
def test_what_is_refused(kg, words, code, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    got, out, err = kg(*words)
    assert got == code
    assert out == ""
    assert told in err
    assert list(tmp_path.glob("a.*")) == []


@pytest.mark.parametrize("ending", PICTURES)
def test_the_extra_is_missing(kg, ending, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    code, _, err = kg(*ALL, "--chart", "bar x=day", "-o", str(tmp_path / f"a.{ending}"))
    assert code == 2
    assert "[missing-extra]" in err
    assert "pip install vl-convert-python" in err


def test_a_line_of_a_question_is_checked(workspace, capsys):
    file = workspace / "queries" / "since.rq"
    file.write_text(file.read_text().replace("x=day", "x=dya"))
    assert main(["-C", str(workspace), "questions", "--check"]) == 2
    assert "[unknown-column]" in capsys.readouterr().err
