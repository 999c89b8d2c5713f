"""The commands of docs/ci.md work as shown in a workspace of `kg init`."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from kg.init import init_workspace
from tests.documents import Stage
from tests.publish.fake_store import PASSWORD, USER, FakeStore

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path, workspace=False)
    made.folder = tmp_path / "new"
    init_workspace(made.folder)
    return made


def section(title: str) -> str:
    """Return the commands under a heading: its first block."""
    text = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2]
    found = re.search(r"(?:^    .*\n)+", text, re.MULTILINE)
    assert found
    return re.sub(r"^    ", "", found[0], flags=re.MULTILINE)


def run(stage: Stage, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=stage.folder,
        env={**stage.environment, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_checks_a_change(stage: Stage) -> None:
    script = section("Check a change before it is merged")
    ended = run(stage, script)
    assert ended.returncode == 0, ended.stderr
    assert json.loads((stage.folder / "kg.sarif").read_text())["runs"][0]["results"] == []
    peaks = stage.folder / "data" / "peaks.csv"
    peaks.write_text(peaks.read_text().replace("8611", "9611"))
    ended = run(stage, script)
    assert ended.returncode == 1, ended.stderr
    (result,) = json.loads((stage.folder / "kg.sarif").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "data/peaks.csv"
    assert place["region"]["startLine"] == 3
    peaks.write_text(peaks.read_text().replace("height_m", "height"))
    assert run(stage, script).returncode == 2


def test_the_workflow_runs_the_same_commands() -> None:
    runs = re.findall(r"^ +- run: (kg .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert "\n".join(runs) + "\n" == section("Check a change before it is merged")


def test_violations_appear_as_failed_tests(stage: Stage) -> None:
    script = section("Show violations as failed tests")
    assert run(stage, script).returncode == 0
    assert fromstring((stage.folder / "kg.xml").read_text()).get("failures") == "0"
    peaks = stage.folder / "data" / "peaks.csv"
    peaks.write_text(peaks.read_text().replace("8611", "9611"))
    ended = run(stage, script)
    assert ended.returncode == 1, ended.stderr
    (failure,) = fromstring((stage.folder / "kg.xml").read_text()).iter("failure")
    assert "source: data/peaks.csv:3 (record 2)" in str(failure.text)
    assert "line 3, record 2" in (stage.folder / "kg.html").read_text()
    peaks.write_text(peaks.read_text().replace("height_m", "height"))
    assert run(stage, script).returncode == 2


def test_the_gitlab_job_runs_the_same_commands() -> None:
    runs = re.findall(r"^ +- (kg .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert "\n".join(runs) + "\n" == section("Show violations as failed tests")


def test_the_page_watches_a_graph(stage: Stage) -> None:
    script = section("Watch a graph")
    assert run(stage, "kg build && kg export -o published.nq.gz").returncode == 0
    ended = run(stage, script)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert (stage.folder / "changes.txt").read_text() == ""
    peaks = stage.folder / "data" / "peaks.csv"
    peaks.write_text(peaks.read_text().replace("8611", "8612"))
    ended = run(stage, f"kg build\n{script}")
    assert ended.returncode == 0, ended.stderr
    assert "the graph has changed" in ended.stdout
    assert "8612" in (stage.folder / "changes.txt").read_text()
    (stage.folder / "published.nq.gz").unlink()
    ended = run(stage, script)
    assert ended.returncode == 2
    assert "has changed" not in ended.stdout


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="not installed: sha256sum")
def test_the_page_publishes_a_release(stage: Stage, store: FakeStore) -> None:
    store.login = "basic"
    assert run(stage, "kg build && kg release releases/last").returncode == 0
    peaks = stage.folder / "data" / "peaks.csv"
    peaks.write_text(peaks.read_text().replace("8611", "8612"))
    login = {"STORE_URL": store.url, "KG_USER": USER, "KG_PASSWORD": PASSWORD}
    ended = run(stage, section("Publish"), **login)
    assert ended.returncode == 0, ended.stderr
    assert "8612" in (stage.folder / "releases" / "new" / "changes.txt").read_text()
    assert len(store.lines) == 128
    assert run(stage, 'kg push "$STORE_URL"', **login, KG_TOKEN="wrong").returncode == 3
