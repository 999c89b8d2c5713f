"""No command fetches anything, whatever its inputs ask for; only servers that it is told to ask."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.cli.hostile import Case, cases, filled, run
from tests.listener import Listener

CASES = {case.name: case for case in cases()}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as made:
        yield made


@pytest.fixture(scope="module")
def codes() -> dict[str, int]:
    """The exit code of each case that was run here."""
    return {}


def test_the_listener_hears_an_engine(listener: Listener) -> None:
    before = listener.calls
    with pytest.raises(OSError, match=r".+"):
        list(ox.Store().query(f"SELECT * {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}"))
    assert listener.calls > before


@pytest.mark.parametrize("name", CASES)
def test_nobody_is_called(
    name: str,
    listener: Listener,
    codes: dict[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    case: Case = filled(CASES[name], listener.url)
    before = listener.calls
    codes[name], said = run(case, tmp_path)
    assert listener.calls == before, said
    assert codes[name] in ((0, 1, 2) if case.code is None else (case.code,)), said


def test_it_is_all_the_same_without_a_network(
    listener: Listener, codes: dict[str, int], tmp_path: Path
) -> None:
    words = ["unshare", "--map-root-user", "--net", sys.executable, "-m", "tests.cli.hostile"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*words[:3], "true"], check=False).returncode
    ):
        pytest.skip("this system allows no network namespace (unshare --net)")
    if len(codes) < len(CASES):
        pytest.skip("only some of the cases were run before")
    result = subprocess.run(
        [*words, str(tmp_path), listener.url, "5"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(result.stdout)
    assert len(found) > 40
    assert found == {name: codes[name] for name in found}
