"""Unsupported features of SHACL are refused by name, or left out and reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import kg
from kg.cli.main import main
from kg.errors import InputError, InputErrors
from kg.quads import QuadTable
from kg.validation import Result, load_shapes, validate
from kg.validation.shapes import ShapesGraph
from tests.validation.conftest import PREFIXES

Load = Callable[[str], ShapesGraph]
# Unsupported shapes, and the name of the feature.
LEFT_OUT = {
    "ex:S sh:rule [ a sh:TripleRule ] .": "rules (sh:rule)",
    "ex:S sh:target [ sh:select 'SELECT ?this {}' ] .": "SPARQL-based targets (sh:target)",
    "ex:S sh:expression [ sh:path ex:p ] .": "expression constraints (sh:expression)",
    "ex:S sh:values [ ] .": "values rules (sh:values)",
    "ex:f a sh:SPARQLFunction .": "SPARQL functions (sh:SPARQLFunction)",
    "<> sh:entailment <http://www.w3.org/ns/entailment/OWL> .": "entailment regimes",
    "ex:S sh:reifierShape ex:T .": "sh:reifierShape",
    "ex:S sh:shape ex:T .": "sh:shape",
    "ex:S sh:annotation ex:T .": "sh:annotation",
    "ex:S a sh:ShapeClass .": "sh:ShapeClass",
}
CHECKED = (
    "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .\n"
)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(text: str) -> ShapesGraph:
        source = tmp_path / "shapes.ttl"
        source.write_text(PREFIXES + text, encoding="utf-8")
        return load_shapes([source], ignore_unsupported=True)

    return loaded


@pytest.mark.parametrize("text", LEFT_OUT)
def test_unsupported_features_can_be_left_out(
    text: str,
    connection: duckdb.DuckDBPyConnection,
    table: Callable[[str], QuadTable],
    load: Load,
    tmp_path: Path,
) -> None:
    shapes = load(CHECKED + text)
    with pytest.raises(InputError) as refused:
        load_shapes([tmp_path / "shapes.ttl"])
    assert refused.value.code in ("unknown-shacl", "unsupported-shacl")
    assert "SHACL 1.0 (Core and SPARQL)" in str(refused.value)
    assert refused.value.location is not None
    assert refused.value.location.line == 9
    found: list[Result] = []
    verdict = validate(connection, table("ex:a ex:q 1 ."), shapes, sinks=[found.append])
    assert [result.component.rpartition("#")[2] for result in found] == [
        "MinCountConstraintComponent>"
    ]
    (note,) = verdict.notes
    assert LEFT_OUT[text] in note
    assert "shapes.ttl:9" in note


def test_terms_of_shacl_12_are_known_by_name(shapes: Load) -> None:
    with pytest.raises(InputError, match=r"sh:reifierShape is a term of SHACL 1\.2") as refused:
        shapes("ex:S a sh:NodeShape ; sh:reifierShape ex:T .")
    assert refused.value.hint == "With --ignore-unsupported the rest is validated."


# Shapes where a constraint that is left out is below another one. ex:a, for which the rest holds,
# must not fail: it may conform to what was left out.
WEAKENED = (
    "sh:not [ sh:expression [ ] ]",
    "sh:not [ sh:property [ sh:path ex:q ; sh:memberShape ex:T ] ]",
    "sh:not [ sh:and ( [ sh:nodeKind sh:IRI ] [ sh:js [ ] ] ) ]",
    "sh:xone ( [ sh:nodeKind sh:IRI ] [ sh:expression [ ] ] )",
    "sh:property [ sh:path ex:q ; sh:qualifiedMaxCount 0 ;"
    " sh:qualifiedValueShape [ sh:someValue ex:T ] ]",
    "sh:node [ sh:not [ sh:or ( [ sh:rootClass ex:C ] ) ] ]",
    "sh:or ( [ sh:expression [ ] ] [ sh:nodeKind sh:Literal ] )",
)


@pytest.mark.parametrize("rule", WEAKENED)
def test_leaving_features_out_invents_no_violation(
    rule: str, connection: duckdb.DuckDBPyConnection, table: Callable[[str], QuadTable], load: Load
) -> None:
    shapes = load(f"ex:S a sh:NodeShape ; sh:targetNode ex:a ; {rule} .")
    assert validate(connection, table("ex:a ex:q 1 ."), shapes).conforms


def test_several_errors_are_shown_in_the_order_of_the_file(shapes: Load) -> None:
    rows = [f"ex:S{n} a sh:NodeShape ; sh:pattern '(' ." for n in range(12)]
    rows[3] = "ex:T sh:property ex:Missing ."
    rows[5] = "ex:U sh:property [ sh:minCount 1 ] ."
    with pytest.raises(InputErrors) as raised:
        shapes("\n".join(rows))
    lines = raised.value.report().splitlines()
    told = [line for line in lines if line.startswith("kg: ")]
    assert len(told) == 11
    assert told[-1].startswith("kg: and ")
    assert [f":{line.split(':')[2]}: " for line in told[:4]] == [":8: ", ":9: ", ":10: ", ":11: "]
    assert "ex:Missing" in told[3] or "example.org/Missing" in told[3]
    assert str(raised.value).splitlines()[0] in lines[0].replace(" [bad-shapes]", "")


DANGLING = {
    "ex:S sh:property ex:Missing .": "the value of sh:property is not a property shape",
    "ex:S a sh:NodeShape ;\n  sh:property\n ex:Missing .": "the value of sh:property is not",
    "ex:S sh:sparql ex:Missing .": "the value of sh:sparql has no sh:select",
    "ex:S a sh:PropertyShape ; sh:path _:none .": "sh:path",
    "ex:S a sh:NodeShape ; sh:or _:none .": "sh:or takes a list",
}


@pytest.mark.parametrize("text", DANGLING)
def test_dangling_references_are_errors_with_a_place(text: str, shapes: Load) -> None:
    with pytest.raises(InputError) as raised:
        shapes(text)
    assert DANGLING[text] in raised.value.message
    assert raised.value.location is not None
    assert (raised.value.location.line or 0) >= 8


@pytest.mark.parametrize("depth", [11, 3_000])
@pytest.mark.parametrize("step", ["[ sh:inversePath {} ]", "( ex:p {} )"])
def test_paths_that_nest_deep_are_refused_at_once(depth: int, step: str, shapes: Load) -> None:
    start, end = step.split("{}")
    shapes(f"ex:S sh:property [ sh:path {start * 10}ex:p{end * 10} ] .")
    path = start * depth + "ex:p" + end * depth
    with pytest.raises(InputError, match="the property path nests deeper than 10") as raised:
        shapes(f"ex:S a sh:NodeShape ; sh:property [ sh:path {path} ] .")
    assert raised.value.location is not None


@pytest.mark.parametrize("path", ["( {} )", "[ sh:alternativePath ( {} ) ]"])
def test_long_paths_are_refused_at_a_stated_length(path: str, shapes: Load) -> None:
    text = "ex:S a sh:NodeShape ; sh:property [ sh:path " + path + " ] ."
    shapes(text.format("ex:p " * 199))
    with pytest.raises(InputError, match="the property path has more than 200 steps"):
        shapes(text.format("ex:p " * 3_000))


def test_validate_can_ignore_unsupported_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.ttl").write_text(PREFIXES + CHECKED + "ex:S sh:rule [ ] .", encoding="utf-8")
    (tmp_path / "d.ttl").write_text(PREFIXES + "ex:a ex:p 1 .", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    words = ["validate", "--data", "d.ttl", "--shapes", "s.ttl"]
    assert main(words) == 2
    assert "With --ignore-unsupported the rest is validated." in capsys.readouterr().err
    assert main([*words, "--ignore-unsupported"]) == 0
    assert capsys.readouterr().err == (
        "kg: warning: left out, as kg does not support it: rules (sh:rule)"
        " (1 time, first at s.ttl:9)\n"
    )
    verdict = kg.validate(data=["d.ttl"], shapes=["s.ttl"], ignore_unsupported=True)
    assert verdict.conforms
    assert len(verdict.notes) == 1
