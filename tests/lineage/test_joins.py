"""Lineage through joins of any depth: chains, cycles, and maps that refer to themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.cli.main import main
from kg.lineage import Wanted, trace_workspace
from kg.mapping.flatten import Flattener
from kg.mapping.plan import TriplesMap
from kg.mapping.rules import MapRules
from kg.workspace import find_workspace

BASE = "http://example.org/"
CONFIG = f'base = "{BASE}"\n[prefixes]\nex = "{BASE}"\n'
SHAPES = f"""
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <{BASE}> .
ex:S sh:targetClass ex:T0 ; sh:property [ sh:path ex:label ; sh:maxLength 3 ] .
"""


def workspace(folder: Path, parents: dict[str, str]) -> Path:
    """Write a workspace of one table for each triples map, with joins to the parents.

    Args:
        folder: Where it goes.
        parents: Triples map to the one that it refers to.
    """
    (folder / "data").mkdir(parents=True)
    (folder / "shapes").mkdir()
    (folder / "kg.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "shapes" / "s.ttl").write_text(SHAPES, encoding="utf-8")
    lines = ["mappings:"]
    for number, (name, parent) in enumerate(parents.items()):
        rows = f"id,up,label\n{name}1,{parent}1,much too long\n{name}2,{parent}2,ok\n"
        (folder / "data" / f"{name}.csv").write_text(rows, encoding="utf-8")
        lines += [
            f"  {name}:",
            f"    sources: [['{name}.csv~csv']]",
            f"    s: ex:{name}/$(id)",
            "    po:",
            f"      - [a, ex:T{number}]",
            "      - [ex:label, $(label)]",
            "      - p: ex:up",
            "        o:",
            f"          mapping: {parent}",
            "          condition:",
            "            function: equal",
            "            parameters: [[str1, $(up)], [str2, $(id)]]",
        ]
    text = "\n".join(lines) + "\n"
    (folder / "data" / "facts.yarrrml.yml").write_text(text, encoding="utf-8")
    return folder


JOINS = {
    "chain of three": {"a": "b", "b": "c", "c": "c"},
    "chain of seven": dict(zip("abcdefg", "bcdefgg", strict=True)),
    "cycle of two": {"a": "b", "b": "a"},
    "cycle of three": {"a": "b", "b": "c", "c": "a"},
    "itself": {"a": "a"},
}


@pytest.mark.parametrize("joins", JOINS.values(), ids=JOINS)
def test_each_map_of_a_chain_is_traced(joins: dict[str, str], tmp_path: Path) -> None:
    folder = workspace(tmp_path / "w", joins)
    asked = [
        Wanted(f"<{BASE}{name}/{name}2>", f"<{BASE}up>", f"<{BASE}{parent}/{parent}2>")
        for name, parent in joins.items()
    ]
    found = list(trace_workspace(find_workspace(folder), asked))
    assert [(t.wanted, Path(t.location.file).stem, t.location.record) for t in found] == [
        (wanted, name, 2) for wanted, name in zip(asked, joins, strict=True)
    ]
    assert {t.location.column for t in found} == {"up"}


@pytest.mark.parametrize("joins", [JOINS["chain of three"], JOINS["cycle of three"]])
def test_a_violation_in_a_chain_has_its_record(
    joins: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(workspace(tmp_path / "w", joins))
    assert main(["build", "--no-validate"]) == 0
    capsys.readouterr()
    assert main(["validate", "--format", "json"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["results"]
    (place,) = result["origins"]
    assert (Path(place["file"]).name, place["record"], place["column"]) == ("a.csv", 1, "label")
    assert main(["trace", "ex:a/a1", "ex:up"]) == 0


def test_tracing_a_long_chain_flattens_each_map_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"m{number}" for number in range(8)]
    folder = workspace(tmp_path / "w", dict(zip(names, [*names[1:], names[-1]], strict=True)))
    flattened: list[str] = []
    original = Flattener.rules_of

    def counted(self: Flattener, triples_map: TriplesMap) -> MapRules:
        flattened.append(triples_map.name.partition("#")[2])
        return original(self, triples_map)

    monkeypatch.setattr(Flattener, "rules_of", counted)
    asked = [Wanted(f"<{BASE}{name}/{name}1>") for name in names]
    assert len(list(trace_workspace(find_workspace(folder), asked))) == 3 * len(names)
    assert flattened == names
