"""Each slip in the sources is reported with its file, record and column."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from kg.cli.main import main
from kg.init import init_workspace
from kg.sources import yaml_files
from tests.shape_slips import SLIPS, Slip, slipped_workspace
from tests.test_shapes import BASE
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


def counted_readings(patch: pytest.MonkeyPatch) -> Counter[Path]:
    """Count how often each YAML file is parsed from now on."""
    parsed: Counter[Path] = Counter()
    original = yaml_files.open_text

    def counted(file: Any, source: Any) -> Any:
        parsed[file.path] += 1
        return original(file, source)

    patch.setattr(yaml_files, "open_text", counted)
    return parsed


@pytest.fixture(scope="module")
def slipped() -> Path:
    return slipped_workspace()


@pytest.fixture(scope="module")
def results(slipped: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    report = tmp_path_factory.mktemp("origins") / "report.json"
    with pytest.MonkeyPatch.context() as patch:
        parsed = counted_readings(patch)
        assert main(["-C", str(slipped), "validate", "-o", str(report)]) == 1
    assert set(parsed.values()) == {1}, "each file is parsed once, whatever is asked of it"
    found: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["results"]
    return found


@pytest.fixture(scope="module")
def mountains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workspace with a slip in a row and one in a list of a YAML file."""
    root = tmp_path_factory.mktemp("origins") / "mountains"
    init_workspace(root)
    for name, old, new in (
        ("peaks.csv", "8611", "9611"),
        ("ascents.yaml", "1889-10-06", "'in October'"),
    ):
        path = root / "data" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    assert main(["-q", "-C", str(root), "build", "--no-validate"]) == 0
    return root


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


def test_sarif_points_to_the_lines_of_the_records(mountains: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.sarif"
    assert main(["-C", str(mountains), "validate", "-o", str(report)]) == 1
    log = json.loads(report.read_text(encoding="utf-8"))
    required_by_sarif(log)
    lines = {
        (place["artifactLocation"]["uri"], place["region"]["startLine"])
        for result in log["runs"][0]["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    }
    peaks, ascents = (mountains / "data" / name for name in ("peaks.csv", "ascents.yaml"))
    assert lines == {(peaks.as_uri(), 3), (ascents.as_uri(), 10)}


def test_the_table_shows_the_place_of_each_example(
    mountains: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(mountains), "validate"]) == 1
    told = capfd.readouterr().out
    assert 'peaks.csv:3 (record 2), column "height_m"' in told
    assert 'ascents.yaml:10 (record 3), column "day"' in told


@pytest.mark.parametrize("words", [["validate"], ["build", "--full"]])
def test_each_yaml_source_is_parsed_once(
    words: list[str], mountains: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parser is slow, and several sources may read the same file, and its lines."""
    parsed = counted_readings(monkeypatch)
    assert main(["-C", str(mountains), *words]) == 1
    assert list(parsed.values()) == [1]
