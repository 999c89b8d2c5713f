"""Runs a test case of the RML suites: its mapping, compared with what it expects."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.mapping.natural import Datatypes
from tests.mapping.running import run_plan

needs_suite = pytest.mark.skipif(
    "KG_CONFORMANCE" not in os.environ, reason="KG_CONFORMANCE is not set"
)


@dataclass(frozen=True)
class Case:
    """A test case.

    Attributes:
        output: The N-Quads that are expected; None where there is no such file.
        fails: Whether the processor must refuse it.
    """

    name: str
    folder: Path
    base: str
    output: Path | None
    fails: bool


def read_cases(suite: str, base: str = "http://example.com/") -> dict[str, Case]:
    """Return the cases of a suite by name; none where the suites are not set.

    Args:
        suite: Its name, such as ``rml-core``.
        base: The base IRI of cases that say none.
    """
    root = os.environ.get("KG_CONFORMANCE")
    if root is None:
        return {}
    folder = Path(root) / "rml" / suite / "test-cases"
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return {row["ID"]: _case(row, folder / row["ID"], base) for row in rows}


def _case(row: dict[str, str], folder: Path, base: str) -> Case:
    outputs = [folder / row[key] for key in ("output1", "output2", "output3") if row[key]]
    output = next((p for p in outputs if p.suffix == ".nq"), None)
    return Case(
        row["ID"], folder, row.get("base_iri") or base, output, row["error"].strip() == "true"
    )


def check(
    case: Case, monkeypatch: pytest.MonkeyPatch, datatypes: Datatypes = Datatypes.NATURAL
) -> None:
    """Assert that a case gives what it expects; where it must fail, that the place is named."""
    # The suite's sources are relative to the working folder where they say nothing else.
    monkeypatch.chdir(case.folder)
    if not case.fails:
        assert case.output is not None
        assert canonical(made(case, datatypes)) == canonical(case.output.read_bytes())
        return
    with pytest.raises(InputError) as caught:
        made(case)
    place = caught.value.location
    assert place is not None
    assert (case.folder / place.file).is_file()
    assert place.line or place.record, str(caught.value)
    assert caught.value.hint


def made(case: Case, datatypes: Datatypes = Datatypes.NATURAL) -> bytes:
    plan = read_mappings([case.folder / "mapping.ttl"], {}, case.base)
    quads = run_plan(replace(plan, datatypes=datatypes)).quads
    return "".join(" ".join(term for term in quad if term) + " .\n" for quad in quads).encode()


def canonical(nquads: bytes) -> set[ox.Quad]:
    """Return a data set with canonical blank nodes; unsafe IRIs are read as they are."""
    found = ox.Dataset(ox.parse(nquads, ox.RdfFormat.N_QUADS, lenient=True))
    found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(found)
