"""Each slip in the sources is reported with its file, record and column."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from kg.cli.main import main
from kg.sources import yaml_files
from tests.graph_copy import copy_workspace, run_kg
from tests.shape_slips import SLIPS, Slip
from tests.test_shapes import BASE, make_slip
from tests.validation.test_command import required_by_sarif

# Slips in another record than the node at fault: the node's record is reported, because a missing
# value does not show where it went.
ELSEWHERE = {"ContentShape": ("claims/aims3-S29", "proposition.id")}


def record_number(workspace: Path, file: str, key: str) -> int:
    """Return the number of a record, from 1: a row of a table, or an entry of a list."""
    path = workspace / "data" / file
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        return 1 + [next(iter(row.values())) for row in rows].index(key)
    name, identifier = key.split("/", 1)
    loaded = YAML(typ="safe").load(path)
    return 1 + [record["id"] for record in loaded[name]].index(identifier)


@pytest.fixture(scope="module")
def slipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = copy_workspace(tmp_path_factory.mktemp("origins") / "graph")
    for slip in SLIPS:
        make_slip(workspace, slip)
    result = run_kg(workspace, "build", "--no-validate")
    assert result.returncode == 0, result.stderr
    return workspace


@pytest.fixture(scope="module")
def results(slipped: Path) -> list[dict[str, Any]]:
    answer = run_kg(slipped, "validate", "--format", "json")
    assert answer.returncode == 1, answer.stderr
    found: list[dict[str, Any]] = json.loads(answer.stdout)["results"]
    return found


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.shape)
def test_a_slip_is_traced_to_its_record(
    slip: Slip, slipped: Path, results: list[dict[str, Any]]
) -> None:
    key, column = ELSEWHERE.get(slip.shape, (slip.record, slip.column))
    number = record_number(slipped, slip.file, key)
    places = [
        (place["file"], place["record"], place.get("column", "").removesuffix("[*]"))
        for result in results
        if result["focusNode"]["value"] == BASE + slip.focus
        for place in result["origins"]
    ]
    assert (str(slipped / "data" / slip.file), number, column) in places


def test_every_result_has_an_origin(results: list[dict[str, Any]]) -> None:
    assert [result for result in results if not result.get("origins")] == []


def test_sarif_points_to_the_lines_of_the_records(slipped: Path) -> None:
    log = json.loads(run_kg(slipped, "validate", "--format", "sarif").stdout)
    required_by_sarif(log)
    lines = {
        (place["artifactLocation"]["uri"], place["region"]["startLine"])
        for result in log["runs"][0]["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    }
    launches = slipped / "data" / "record" / "launches.csv"
    rows = launches.read_text(encoding="utf-8").splitlines()
    number = next(i for i, row in enumerate(rows, 1) if row.startswith("L0273,"))
    assert (launches.as_uri(), number) in lines


def test_the_table_shows_the_place_of_each_example(slipped: Path) -> None:
    told = run_kg(slipped, "validate").stdout
    assert 'record/launches.csv:274 (record 273), column "class"' in told
    number = record_number(slipped, "claims/aims3.yaml", "claims/aims3-S33")
    pattern = rf'claims/aims3\.yaml:\d+ \(record {number}\), column "certainty"'
    assert re.search(pattern, told)


@pytest.mark.parametrize("command", ["validate", "build"])
def test_each_yaml_source_is_parsed_once(
    command: str, slipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parser is slow, and several sources may read the same file, and its lines."""
    parsed: Counter[Path] = Counter()
    original = yaml_files.open_text

    def counted(file: Any, source: Any) -> Any:
        parsed[file.path] += 1
        return original(file, source)

    monkeypatch.setattr(yaml_files, "open_text", counted)
    monkeypatch.chdir(slipped)
    assert main([command]) == 1
    assert set(parsed.values()) == {1}
