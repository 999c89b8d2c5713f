"""Faults of input through the command: one clear message with place and advice, nothing left."""

from __future__ import annotations

import pytest

from tests.cli.bad_inputs import BASE, FAULTS, QUESTION, Fault
from tests.cli.runner import Result
from tests.mapping.running import write_files


@pytest.fixture
def workspace(tmp_path):
    """Return a function that makes the workspace of a fault in a folder of its own."""

    def make(fault: Fault):
        root = tmp_path / "ws"
        files = {**BASE, **fault.files}
        write_files(root, {name: text for name, text in files.items() if text is not None})
        return root

    return make


def names(root) -> set[str]:
    found = {str(p.relative_to(root)) for p in root.rglob("*") if ".kg" not in p.parts}
    return {name for name in found if not name.endswith(".kg")}


def check_message(result: Result, fault: Fault) -> None:
    lines = result.err.strip().splitlines()
    assert result.code == fault.code, result.err
    assert "Traceback" not in result.err
    assert lines[0].startswith(f"kg: {fault.place}"), result.err
    for word in fault.words:
        assert word in result.err
    # One sentence, and one of advice; a question shows the line between, an RDF file with several
    # errors the next ones.
    is_longer = fault.command[0] == "query" or "at these places" in fault.words
    assert is_longer or len(lines) == 2 * fault.errors, result.err
    first = [line for line in lines if not line.startswith("  ")]
    assert len(first) == fault.errors
    assert all(line.startswith("kg: ") for line in first)
    assert len(lines) > 1
    assert result.out == ""


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_fault(kg, workspace, fault):
    root = workspace(fault)
    before = names(root)
    result = kg(*fault.command, cwd=root)
    check_message(result, fault)
    assert names(root) == before
    builds = root / ".kg" / "builds"
    assert not builds.exists() or not list(builds.iterdir())
    assert not (root / ".kg" / "current").exists()


def test_every_name_once():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 70


def test_the_base_is_good(kg, workspace):
    root = workspace(Fault("none", "", ()))
    write_files(root, {"queries/since.rq": QUESTION})
    result = kg("build", cwd=root)
    assert (result.code, result.out) == (0, "")
    assert "9 triples" in result.err or "10 triples" in result.err or "11 triples" in result.err
