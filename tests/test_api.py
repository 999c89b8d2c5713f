"""The Python API: every name is there, whatever was imported before, and does what it says."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import kg
from kg.errors import InputError, UsageError
from tests.graph_copy import copy_workspace


def test_names_are_there_whatever_is_imported():
    for module in pkgutil.iter_modules(kg.__path__):
        assert module.name not in kg.__all__, "a submodule would take the place of a function"
    assert set(kg.__all__) <= set(dir(kg))
    for name in kg.__all__:
        found = getattr(kg, name)
        assert callable(found), name
        assert found.__doc__, name


def test_type_checkers_see_the_names(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(
        "import kg\n"
        "reveal_type(kg.open('folder').ask)\n"
        "reveal_type(kg.build)\n"
        "kg.query(1)\n"
        "kg.nothing\n"
    )
    mypy = pytest.importorskip("mypy.api")
    told, _, code = mypy.run(["--strict", str(program)])
    assert code == 1
    lines = told.splitlines()
    assert "Solutions | kg.queries.results.Statements | bool" in lines[0]
    assert "BuildResult" in lines[1]
    assert 'has incompatible type "int"' in lines[2]
    assert 'Module has no attribute "nothing"' in lines[3]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kg.nothing  # noqa: B018


def test_importing_kg_imports_nothing_heavy():
    code = (
        "import kg, sys; print([m for m in ('duckdb', 'rdflib', 'pyoxigraph') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_from_facts_to_an_answer(tmp_path: Path):
    root = copy_workspace(tmp_path / "ws")
    steps: list[str] = []
    made = kg.build(root, progress=steps.append)
    assert made.in_force
    assert steps[0] == "map"
    solutions = kg.query("SELECT (COUNT(*) AS ?n) { ?l a nk:MissileLaunch }", workspace=root)
    assert [row.value("n") for row in solutions] == [421]
    found: list[object] = []
    verdict = kg.validate(root, on_result=found.append, report=tmp_path / "report.ttl")
    assert sum(verdict.counts.values()) == len(found) == 1
    assert not verdict.conforms  # a warning is a result
    assert "sh:ValidationReport" in (tmp_path / "report.ttl").read_text(encoding="utf-8")
    done = kg.export(tmp_path / "graph.nt", workspace=root)
    lines = (tmp_path / "graph.nt").read_text(encoding="utf-8").splitlines()
    assert done.statements == len(lines) == made.triples


def test_errors_are_those_of_kg(tmp_path: Path):
    with pytest.raises(InputError, match=r"there is no kg\.toml"):
        kg.build(tmp_path)
    with pytest.raises(InputError, match="there is no file"):
        kg.map([tmp_path / "none.rml.ttl"], tmp_path / "x.nt")


YARRRML = "mappings: {m: {sources: [['a.csv~csv']], s: own:$(id), po: [[own:name, $(name)]]}}"


def test_a_mapping_knows_the_prefixes_of_the_workspace_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "a.csv").write_text("id,name\n1,Ada\n")
    (tmp_path / "a.yarrrml.yml").write_text(YARRRML)
    config = 'title = "T"\nbase = "http://e/"\n[prefixes]\nown = "http://own/"\n'
    (tmp_path / "kg.toml").write_text(config)
    monkeypatch.chdir(tmp_path)
    kg.map(["a.yarrrml.yml"], "a.nt")
    assert (tmp_path / "a.nt").read_text() == '<http://own/1> <http://own/name> "Ada" .\n'
    with pytest.raises(InputError, match="own"):
        kg.map(["a.yarrrml.yml"], "a.nt", prefixes={})
    (tmp_path / "kg.toml").unlink()
    with pytest.raises(InputError, match="own"):
        kg.map(["a.yarrrml.yml"], "a.nt")


def test_map_takes_what_its_options_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.json").write_text('[{"id": 1, "n": 33}]')
    (tmp_path / "own.py").write_text("def twice(text: str) -> str:\n    return text * 2\n")
    (tmp_path / "m.yml").write_text(
        "mappings: {m: {sources: [['a.json~json', '$[*]']], s: http://e/$(id), po: ["
        "[http://e/n, $(n)], [http://e/v, '${V}'],"
        " {p: http://e/t, o: {function: 'twice(\"x\")'}}]}}"
    )

    def mapped(datatypes: str, **more: object) -> list[str]:
        given: dict[str, object] = {"variables": {"V": "of V"}, "functions": ["own.py"], **more}
        kg.map(["m.yml"], "a.nt", source_folders=["data"], datatypes=datatypes, **given)  # type: ignore[arg-type]
        return [line.split(" ", 2)[2] for line in (tmp_path / "a.nt").read_text().splitlines()]

    assert mapped("none") == ['"33" .', '"xx" .', '"of V" .']
    assert '"33"^^<http://www.w3.org/2001/XMLSchema#integer> .' in mapped("natural")
    with pytest.raises(UsageError, match="no datatypes 'any'"):
        mapped("any")
    with pytest.raises(InputError, match="twice is no function that kg knows"):
        mapped("none", functions=[])
    with pytest.raises(InputError, match=r"own\.py is a mapping or a source"):
        kg.map(["m.yml"], "own.py", format_name="nt", functions=["own.py"], source_folders=["data"])


def test_map_answers_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("elementpath")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.xml").write_text("<r id='1'/>")
    (tmp_path / "m.yml").write_text(
        "mappings: {m: {sources: [['a.xml~xpath', '/r']], s: http://e/$(@id),"
        " po: [[http://e/a, \"$(unparsed-text('https://h/x'))\"]]}}"
    )
    kg.map(["m.yml"], "a.nt", addresses={"https://h/": "sha256"})
    assert '"2d711642b726b04401627ca9fbac32f5' in (tmp_path / "a.nt").read_text()
