"""Exports and pushes in real stores give the same counts and answers as the local index.

pytest -m stores tests/publish/stores
"""

import csv
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

import pytest

from kg.cli.main import main
from kg.workspace import Workspace, find_workspace
from tests.publish.stores.differences import DIFFERENCES
from tests.publish.stores.servers import STARTERS, STORES, Store

pytestmark = [pytest.mark.stores, pytest.mark.slow]
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    # Anew where something has changed: what is in force may be of another day.
    assert main(["-C", str(ROOT), "-q", "build"]) == 0
    return find_workspace(ROOT)


@pytest.fixture(scope="module", params=["bulk", "push"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=STORES)
def store(
    request: pytest.FixtureRequest,
    way: str,
    workspace: Workspace,  # noqa: ARG001  (built before it is exported)
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp(f"{request.param}-{way}")
    bulk = None
    if way == "bulk":
        bulk = folder / "export.nq"
        assert main(["-C", str(ROOT), "-q", "export", "-o", str(bulk)]) == 0
    with STARTERS[request.param](folder, bulk) as started:
        if way == "push":
            with pytest.MonkeyPatch.context() as patch:
                for name, value in started.environment.items():
                    patch.setenv(name, value)
                words = ["-C", str(ROOT), "push", "--chunk", "5000", started.push_url]
                assert main(words) == 0
        yield started


def test_counts_are_equal(store: Store, workspace: Workspace) -> None:
    for graph in workspace.current_build().info()["graphs"]:
        where = f"GRAPH {graph['graph']} {{ ?s ?p ?o }}"
        query = urllib.parse.urlencode({"query": f"SELECT (COUNT(*) AS ?n) {{ {where} }}"})
        headers = {"Accept": "application/sparql-results+json"}
        request = urllib.request.Request(store.endpoint, query.encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            rows = json.load(answer)["results"]["bindings"]
        assert int(rows[0]["n"]["value"]) == graph["triples"]


Answer = Counter[tuple[str, ...]] | str


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Answer]:
    folder = tmp_path_factory.mktemp("local")
    return cache(lambda name: answer(name, folder))


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "queries").glob("*.rq")))
def test_questions_are_equal(
    name: str, store: Store, local: Callable[[str], Answer], tmp_path: Path
) -> None:
    wanted, found = local(name), answer(name, tmp_path, "--endpoint", store.endpoint)
    assert isinstance(wanted, Counter), wanted
    explained = DIFFERENCES[store.name].get(name)
    if explained is None:
        assert found == wanted
    elif explained.error:
        assert explained.error in found, explained.reason
    else:
        assert isinstance(found, Counter), found
        assert found != wanted, f"it does not differ any more: {explained.reason}"


def answer(name: str, folder: Path, *words: str) -> Answer:
    """Return the rows of an answer, numbers as values and in any order, or the error."""
    target = folder / f"{name}.csv"
    command = [sys.executable, "-m", "kg", "-C", str(ROOT), "query", name, "-o", str(target)]
    # In its own process, because kg ends the process if a query takes too long.
    ended = subprocess.run(
        [*command, "--timeout", "30", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        return ended.stderr
    with target.open(newline="", encoding="utf-8") as rows:
        return Counter(tuple(map(value, row)) for row in csv.reader(rows))


def value(cell: str) -> str:
    try:
        return str(Decimal(cell).normalize())
    except InvalidOperation:
        return cell
