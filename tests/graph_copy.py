"""The shipped workspace, copied and built, and its source files read by plain Python."""

from __future__ import annotations

import csv
import fcntl
import functools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

import kg
from kg.graph import Graph
from kg.queries.results import Solutions
from tests.launcher import program

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("ontology", "shapes", "data", "queries")


def copy_workspace(target: Path) -> Path:
    """Copy what a user edits, without builds."""
    target.mkdir(parents=True, exist_ok=True)
    for name in ("kg.toml", "accepted.toml"):
        shutil.copy(ROOT / name, target)
    for part in PARTS:
        shutil.copytree(ROOT / part, target / part)
    return target


def run_kg(workspace: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.run(
        [*program(), "-C", str(workspace), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )


@functools.cache
def shared_folder() -> Path:
    """Return a folder for what all processes of a run share, removed with pytest's own."""
    run = os.environ.get("KG_TESTS_FOLDER")  # set by conftest.py
    return Path(run) if run else Path(tempfile.mkdtemp(prefix="kg-graph-"))


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that the first process of a run makes, the others waiting for it."""
    folder = shared_folder() / name
    with (shared_folder() / f"{name}.lock").open("a+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            lock.write(b"made")
    return folder


@functools.cache
def built_workspace() -> Path:
    """Return a built copy of the workspace, made once for all tests of a run; to be read only."""
    return made_once("graph", _build)


def _build(workspace: Path) -> None:
    result = run_kg(copy_workspace(workspace), "build")
    assert result.returncode == 0, result.stdout + result.stderr


@functools.cache
def opened() -> Graph:
    """Return the build of the copy, opened once: a process for each question would cost more."""
    return kg.open(built_workspace())


def ask(name: str, **parameters: str) -> list[dict[str, str]]:
    """Return the answer to a question of the shipped graph, one dict a row, as its CSV holds it."""
    return answer(opened(), name, parameters)


def answer(graph: Graph, name: str, parameters: dict[str, str]) -> list[dict[str, str]]:
    """Return the answer to a question of a graph, one dict a row, as its CSV holds it."""
    found = graph.ask(name, parameters)
    assert isinstance(found, Solutions)
    with warnings.catch_warnings():  # an empty text in a group is meant: it is told on stderr
        warnings.simplefilter("ignore", UserWarning)
        return [{c: row[c].text if c in row else "" for c in found.columns} for row in found]


def table(path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file below ``data/``."""
    with (ROOT / "data" / path).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@functools.cache
def document(path: str) -> dict[str, list[dict[str, Any]]]:
    """Return a YAML file below ``data/``, its lists by name."""
    with (ROOT / "data" / path).open(encoding="utf-8") as text:
        loaded: dict[str, list[dict[str, Any]]] = YAML(typ="safe", pure=True).load(text)
    return loaded


def records(folder: str, name: str) -> list[dict[str, Any]]:
    """Return the records of one list in all YAML files of a folder below ``data/``."""
    return [
        record
        for path in sorted((ROOT / "data" / folder).glob("*.yaml"))
        for record in document(f"{folder}/{path.name}").get(name, [])
    ]


def local(iri: str) -> str:
    """Return what follows the last slash of an IRI."""
    return iri.rsplit("/", 1)[-1]


@functools.cache
def labels() -> dict[str, str]:
    """Return the names of concepts, by their part after the prefix, from the vocabulary's text."""
    import re

    lists = sorted((ROOT / "ontology").glob("*-schemes.ttl"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in lists)
    concept = r'^(?:acev|nkv):(\S+) a skos:Concept ;.*?skos:prefLabel "([^"]+)"'
    return dict(re.findall(concept, text, re.M))
