"""`kg show`, and `kg questions` of one: what is known of a term, what a question asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.cli.main import main
from kg.init import TEMPLATE_BASE, init_workspace

CLAIMS = """\
@prefix ace: <https://w3id.org/ace-kg/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix : <https://example.org/graph/> .
:c1 ace:proposition :p1 ; ace:claimant :ann .
:p1 ace:about <https://example.org/graph/peak/k2> ; ace:paraphrase "K2 is the highest."@en .
:c2 ace:proposition :p2 .
:p2 ace:paraphrase "Somebody was up there."@en .
:e ace:evidence <https://example.org/graph/peak/k2> ; ace:assesses :c2 ; ace:direction :against .
:against skos:prefLabel "contradicts"@en .
:ann rdfs:label "Ann" .
:odd rdfs:seeAlso [ rdfs:label "within" ] .
"""
REQUIRED = """\
# title: Above
# question: Which are above?
# param height: xsd:integer; in metres
# columns: peak
SELECT ?peak { VALUES ?height { } ?peak ns:height ?h FILTER (?h > ?height) }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("show") / "peaks"
    init_workspace(made)
    (made / "data" / "claims.ttl").write_text(CLAIMS)
    (made / "queries" / "above.rq").write_text(REQUIRED)
    assert main(["-C", str(made), "-q", "build"]) == 0
    return made


def kg(capfd, folder: Path, *words: str) -> tuple[int, str, str]:
    capfd.readouterr()
    code = main(["-C", str(folder), *words])
    said = capfd.readouterr()
    return code, said.out, said.err


class TestATerm:
    def test_is_shown_with_all_that_is_known(self, folder, capfd):
        code, out, _ = kg(capfd, folder, "show", "peak:k2")
        assert code == 0
        lines = out.splitlines()
        assert lines[:3] == ["K2  (peak:k2)", "a peak (ns:Peak)", f"{TEMPLATE_BASE}peak/k2"]
        assert "  ns:height   8611" in lines
        assert "what leads to it" in lines
        assert any(line.split() == ["ns:peak", "ascent:k2"] for line in lines)
        assert lines[-1].endswith("data/peaks.csv:3 (record 2)")

    def test_has_the_claims_about_it_and_those_judged_by_it(self, folder, capfd):
        _, out, _ = kg(capfd, folder, "show", "peak:k2", "--no-records")
        claims = out.partition("\nclaims\n")[2].splitlines()
        assert [line.split("  ", 2)[-1].strip() for line in claims] == [
            "Ann: K2 is the highest.",
            "Somebody was up there.",
        ]
        assert "[contradicts]" in claims[1]
        assert "records" not in out

    def test_is_found_by_its_label(self, folder, capfd):
        assert kg(capfd, folder, "show", "mount everest")[1].startswith("Mount Everest  (peak:")
        code, out, said = kg(capfd, folder, "show", "peter")
        assert code == 1
        assert "2 terms are called so" in said
        assert "kg show climber:peter-taugwalder-son" in out

    def test_that_is_a_word_of_the_vocabulary(self, folder, capfd):
        _, out, _ = kg(capfd, folder, "show", "ns:Climber")
        assert out.startswith("climber  (ns:Climber)\na owl:Class")
        assert "… 9 more" in out
        assert "… " not in kg(capfd, folder, "show", "ns:Climber", "--all")[1]

    def test_shows_what_is_said_of_blank_nodes(self, folder, capfd):
        _, out, _ = kg(capfd, folder, "show", f"{TEMPLATE_BASE}odd")
        assert "[ rdfs:label within ]" in out

    def test_of_which_nothing_is_said_is_told(self, folder, capfd):
        code, out, said = kg(capfd, folder, "show", "peak:k3")
        assert (code, out) == (1, "")
        assert "the graph says nothing of peak:k3" in said
        assert kg(capfd, folder, "show", "no such thing")[0] == 2
        for empty in ("", "  "):
            code, out, said = kg(capfd, folder, "show", empty)
            assert (code, out) == (2, "")
            assert "TERM is empty" in said

    def test_as_json(self, folder, capfd):
        _, out, _ = kg(capfd, folder, "show", "peak:k2", "--format", "json")
        found = json.loads(out)
        assert (found["name"], found["label"]) == ("peak:k2", "K2")
        assert found["types"] == [f"{TEMPLATE_BASE}ns#Peak"]
        assert {
            "predicate": f"{TEMPLATE_BASE}ns#range",
            "terms": ['"Karakoram"'],
            "total": 1,
        } in found["says"]
        assert [each["direction"] for each in found["claims"]] == [None, "contradicts"]
        assert len(found["records"]) == 1


class TestAQuestion:
    def test_is_shown_with_a_line_to_copy(self, folder, capfd):
        code, out, _ = kg(capfd, folder, "questions", "first-ascents")
        assert code == 0
        assert out.splitlines()[:3] == [
            "First ascents",
            "  Which peaks above a height were climbed first when, and by whom?",
            "columns: peak, height, day, climbers",
        ]
        assert "above  xsd:integer: height in metres" in out
        assert out.rstrip().endswith("ask it: kg query first-ascents --param above=0")

    def test_whose_value_must_be_given_has_one_that_is_right(self, folder, capfd):
        _, out, _ = kg(capfd, folder, "questions", "above")
        assert "(must be given)" in out
        words = out.splitlines()[-1].removeprefix("ask it: kg ").split()
        assert kg(capfd, folder, *words)[0] == 0

    def test_is_found_by_a_word(self, folder, capfd):
        assert kg(capfd, folder, "questions", "climbed")[1].startswith("first-ascents")
        code, out, said = kg(capfd, folder, "questions", "first-ascent")
        assert (code, out.split()[0]) == (0, "first-ascents")
        code, _, said = kg(capfd, folder, "questions", "abovv")
        assert code == 1
        assert "did you mean above?" in said
        assert len(json.loads(kg(capfd, folder, "questions", "above", "--format", "json")[1])) == 1
