"""Results on RDF files name the file and the line of the node, and of the triple at fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.cli.main import main
from kg.lineage import Wanted
from kg.validation import data_lines as lines
from kg.validation.data_lines import LineTracer
from tests.validation.conftest import PREFIXES

EX = "http://example.org/"
SHAPES = f"""{PREFIXES}
ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:datatype xsd:integer ] ;
    sh:property [ sh:path ex:q ; sh:minCount 1 ] .
"""
# Each with the lines of the results on ex:p (the triple, the node) and on ex:q (the node).
TEXTS = {
    "turtle.ttl": (
        f"@prefix ex: <{EX}> .\nex:o a ex:D .\n\nex:a a ex:C ;\n  ex:r 1 ;\n  ex:p 'x' .\n",
        [6, 4],
        [4],
    ),
    "lines.nt": (
        f"<{EX}o> <{EX}r> '1' .\n<{EX}a> <{EX}p> 'x' .\n"
        f"<{EX}a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{EX}C> .\n".replace("'", '"'),
        [2],
        [2],
    ),
    "graphs.trig": (
        f"@prefix ex: <{EX}> .\nex:g {{ ex:a ex:p 'x' . }}\nex:h {{\n ex:a a ex:C . }}\n",
        [2],
        [2],
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shapes.ttl").write_text(SHAPES, encoding="utf-8")
    (tmp_path / "other.ttl").write_text(f"@prefix ex: <{EX}> .\nex:z ex:p 1 .", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def validated(form: str, *files: str) -> list[str]:
    data = [word for file in files for word in ("--data", file)]
    return ["validate", *data, "--shapes", "shapes.ttl", "--format", form]


@pytest.mark.parametrize("name", TEXTS)
def test_results_have_the_lines_of_their_triples(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, of_value, of_node = TEXTS[name]
    (folder / name).write_text(text, encoding="utf-8")
    assert main(validated("json", "other.ttl", name)) == 1
    results = json.loads(capsys.readouterr().out)["results"]
    places = {
        result["path"]: [(place["file"], place["line"]) for place in result["origins"]]
        for result in results
    }
    assert places == {
        f"<{EX}p>": [(name, line) for line in of_value],
        f"<{EX}q>": [(name, line) for line in of_node],
    }


def test_sarif_points_into_the_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "turtle.ttl").write_text(TEXTS["turtle.ttl"][0], encoding="utf-8")
    assert main(validated("sarif", "turtle.ttl")) == 1
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {"turtle.ttl"}
    assert sorted(place["region"]["startLine"] for place in places) == [4, 6]
    shape = run["results"][0]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]
    assert shape["uri"] == "shapes.ttl"


def test_formats_without_lines_name_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps({"@id": f"{EX}a", "@type": f"{EX}C", f"{EX}p": "x"})
    (folder / "data.jsonld").write_text(text, encoding="utf-8")
    assert main(validated("table", "data.jsonld")) == 1
    assert "        data.jsonld\n" in capsys.readouterr().out


def test_a_node_that_is_only_an_object_has_the_line_that_mentions_it(folder: Path) -> None:
    file = folder / "d.ttl"
    file.write_text(f"@prefix ex: <{EX}> .\nex:a ex:p ex:b .\nex:c ex:p ex:b .", encoding="utf-8")
    (found,) = LineTracer([file]).trace([Wanted(f"<{EX}b>")])
    assert found.location.line == 2
    assert list(LineTracer([file]).trace([Wanted(f"<{EX}none>")])) == []


def test_files_are_read_once_for_many_results(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"ex:n{n} a ex:C ; ex:p 'x' .\n" for n in range(2_500))
    (folder / "many.ttl").write_text(f"@prefix ex: <{EX}> .\n{rows}", encoding="utf-8")
    read: list[Path] = []
    original = lines.quads_about

    def counted(path: Path, subjects: object) -> object:
        read.append(path)
        return original(path, subjects)  # type: ignore[arg-type]

    monkeypatch.setattr(lines, "quads_about", counted)
    assert main(validated("table", "many.ttl")) == 1
    assert len(read) == 1
    assert "many.ttl:2\n" in capsys.readouterr().out
