"""The shipped workspace builds without noise, and slips in it are told, those and no others."""

import re

import pytest

from tests.graph_copy import copy_workspace, run_kg


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a build says of a copy with four slips."""
    root = copy_workspace(tmp_path_factory.mktemp("shipped") / "graph")
    quiet = run_kg(root, "build", "--no-index")
    assert quiet.returncode == 0
    assert len(quiet.stderr.splitlines()) <= 5
    _change(
        root / "data/record/governments.yarrrml.yml",
        "[a, nk:PolicyPeriod]",
        "[a, nk:PolciyPeriod]",
    )
    (root / "data/record/notes.csv").write_text("id,note\n1,x\n", encoding="utf-8")
    launches = root / "data/record/launches.csv"
    rows = launches.read_text(encoding="utf-8").splitlines(keepends=True)
    launches.write_text("".join([*rows, rows[-1]]), encoding="utf-8")
    shapes = root / "shapes/slip.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        "<urn:slip> a sh:NodeShape ; sh:targetSubjectsOf skos:hiddenLabel ; sh:nodeKind sh:IRI .\n",
        encoding="utf-8",
    )
    return run_kg(root, "build", "--no-index").stderr


def _change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_four_slips_are_told_with_place_and_advice(told):
    found = dict(re.findall(r"^(.*) \[([a-z-]+)\]\n  \S", told, re.MULTILINE))
    by_code = {code: line for line, code in found.items()}
    assert set(by_code) == {"undeclared-term", "unused-file", "shared-key", "unused-shape"}
    assert len(found) == 4, told
    assert "governments.yarrrml.yml:" in by_code["undeclared-term"]
    assert "notes.csv" in by_code["unused-file"]
    assert re.search(r"launches\.csv \(record \d+\)", by_code["shared-key"])
    assert "slip.ttl:3" in by_code["unused-shape"]
