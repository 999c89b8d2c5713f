"""Builds: the same bytes whatever the order of the facts, one at a time, unharmed by a kill."""

from __future__ import annotations

import csv
import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.graph_copy import ROOT, copy_workspace, run_kg

COUNT = "SELECT (COUNT(*) AS ?n) { ?l a nk:MissileLaunch }"


def _start(root: Path, *words: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kg", "-C", str(root), *words]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _launches(root: Path) -> int:
    done = run_kg(root, "query", "-e", COUNT, "--format", "csv")
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[1])


def _build(root: Path, *words: str) -> None:
    done = run_kg(root, "build", "--full", "--no-validate", *words)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = copy_workspace(tmp_path_factory.mktemp("builds") / "graph")
    _build(root)
    return root


def _shuffle(root: Path, chance: random.Random) -> int:
    """Shuffle the rows of all CSV files and the records of all YAML files; count the files."""
    files = 0
    for path in sorted((root / "data").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as source:
            header, *rows = csv.reader(source)
        chance.shuffle(rows)
        with path.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target, lineterminator="\n").writerows([header, *rows])
        files += 1
    yaml = YAML(typ="rt")
    yaml.width = 10_000
    for path in sorted((root / "data").rglob("*.yaml")):
        document = yaml.load(path.read_text(encoding="utf-8"))
        for records in document.values():
            if isinstance(records, list):
                order = list(records)
                chance.shuffle(order)
                records[:] = order
        with path.open("w", encoding="utf-8") as target:
            yaml.dump(document, target)
        files += 1
    return files


def test_exports_do_not_depend_on_order_or_threads(built, tmp_path):
    def exports(root: Path, name: str) -> list[bytes]:
        targets = [tmp_path / f"{name}{suffix}" for suffix in (".nq", ".ttl", ".trig")]
        for target in targets:
            done = run_kg(root, "export", "-o", str(target))
            assert done.returncode == 0, done.stderr
        return [target.read_bytes() for target in targets]

    expected = exports(built, "first")
    root = copy_workspace(tmp_path / "shuffled")
    assert _shuffle(root, random.Random(20221118)) > 15
    for threads in ("1", "2"):
        _build(root, "--threads", threads)
        assert exports(root, f"threads{threads}") == expected


def test_a_killed_build_does_no_harm(tmp_path):
    root = copy_workspace(tmp_path / "graph")
    _build(root)
    facts = root / "data" / "record" / "launches.csv"
    lines = facts.read_text(encoding="utf-8").splitlines(keepends=True)
    facts.write_text("".join(lines[:-1]), encoding="utf-8")
    start = time.monotonic()
    assert _start(root, "build", "--full", "--no-validate").wait() == 0
    whole = time.monotonic() - start
    facts.write_text("".join(lines), encoding="utf-8")
    killed = 0
    for number in range(12):
        process = _start(root, "build", "--full", "--no-validate")
        time.sleep(whole * (number + 0.5) / 12)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        assert _launches(root) in (len(lines) - 2, len(lines) - 1)
    assert killed >= 6
    _build(root)
    assert _launches(root) == len(lines) - 1
    builds = sorted((root / ".kg" / "builds").iterdir())
    assert len(builds) <= 2
    assert all((build / "build.json").is_file() for build in builds)
    assert not list((root / ".kg").rglob("spill"))


def test_a_second_build_is_refused_while_one_runs(built):
    with (built / ".kg" / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run_kg(built, "build", "--full", "--no-validate")
    assert done.returncode == 3
    assert "another build of this workspace is running" in done.stderr
    assert "queries still work meanwhile" in done.stderr
    assert _launches(built) == 421


def test_queries_are_answered_during_a_build(built):
    process = _start(built, "build", "--full", "--no-validate")
    answers = []
    while process.poll() is None:
        answers.append(_launches(built))
    assert process.returncode == 0
    assert set(answers) == {421}


def test_a_failed_build_is_not_put_in_force(tmp_path):
    root = copy_workspace(tmp_path / "graph")
    _build(root)
    facts = root / "data" / "record" / "launches.csv"
    facts.write_text(facts.read_text(encoding="utf-8").replace(",success,", ",succes,", 1))
    done = run_kg(root, "build")
    assert done.returncode == 1
    assert "NOT in force" in done.stderr
    assert "launches.csv:" in done.stderr
    assert _launches(root) == 421
    assert len(list((root / ".kg" / "builds").iterdir())) == 1


def test_a_bad_date_is_reported_with_its_place(tmp_path):
    root = copy_workspace(tmp_path / "graph")
    facts = root / "data" / "record" / "launches.csv"
    lines = facts.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[270] = lines[270].replace("2022-11-18", "2022-13-40", 1)
    facts.write_text("".join(lines), encoding="utf-8")
    done = run_kg(root, "build")
    assert done.returncode == 1
    assert "2022-13-40" in done.stderr
    assert 'launches.csv:271 (record 270), column "start"' in done.stderr
    assert not (root / ".kg" / "current").exists()


def test_an_unchanged_linked_source_gives_no_warning(tmp_path):
    outside = tmp_path / "kept elsewhere.nt"
    outside.write_text("<http://example.org/a> <http://example.org/p> <http://example.org/b> .\n")
    root = tmp_path / "workspace"
    (root / "data").mkdir(parents=True)
    (root / "kg.toml").write_text('title = "Links"\nbase = "http://example.org/"\n')
    (root / "data" / "linked.nt").symlink_to(outside)
    _build(root, "--allow-outside")
    asked = ("query", "-e", "ASK { ?s ?p ?o }")
    assert run_kg(root, *asked).stderr == ""
    outside.write_text("<http://example.org/a> <http://example.org/p> <http://example.org/c> .\n")
    assert "data/linked.nt has changed" in run_kg(root, *asked).stderr
