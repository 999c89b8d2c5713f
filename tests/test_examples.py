"""A second subject by data alone: the core is the same, and its answers follow from its files.

The minutes are not part of the repository. ``KG_SECOND`` names the folder that holds them.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import kg
from kg.graph import Graph
from kg.init import Template, init_workspace
from tests.graph_copy import ROOT, answer, local
from tests.test_article import runs

EXAMPLE = ROOT / "examples" / "interest-rates-2008"
TEMPLATE = ROOT / "kg" / "template_claims"
PATTERNS = (
    "ontology/ace*.ttl",
    "shapes/*.ttl",
    "queries/*.rq",
    "exports/*.rq",
    "data/*/*.yarrrml.yml",
)
CORE = sorted(path.relative_to(TEMPLATE) for pattern in PATTERNS for path in TEMPLATE.glob(pattern))


def rows(path: str) -> list[dict[str, str]]:
    with (EXAMPLE / "data" / path).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@functools.cache
def document(path: str) -> dict[str, list[dict[str, Any]]]:
    text = (EXAMPLE / "data" / path).read_text(encoding="utf-8")
    loaded: dict[str, list[dict[str, Any]]] = YAML(typ="safe", pure=True).load(text)
    return loaded


def claims() -> list[dict[str, Any]]:
    return document("claims/minutes.yaml")["claims"]


def contents() -> dict[str, dict[str, Any]]:
    found = [c["proposition"] for c in claims()] + document("claims/minutes.yaml")["situations"]
    return {p["id"]: p for p in found if "paraphrase" in p}


@functools.cache
def built() -> Graph:
    """A copy of the example, built once; told findings would be new ones."""
    folder = Path(tempfile.mkdtemp(prefix="kg-example-")) / "rates"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".kg"))
    result = kg.build(folder)
    assert result.in_force
    assert result.verdict is not None
    assert result.verdict.counts == {}
    return kg.open(folder)


def ask(name: str, **parameters: str) -> list[dict[str, str]]:
    return answer(built(), name, parameters)


@pytest.mark.parametrize("other", [ROOT, EXAMPLE], ids=["first graph", "example"])
def test_the_core_is_the_same_everywhere(other: Path) -> None:
    there = [path for path in CORE if (other / path).exists()]
    assert len(there) > 30
    for path in there:
        assert (other / path).read_bytes() == (TEMPLATE / path).read_bytes(), path
    for path in CORE:
        text = (TEMPLATE / path).read_text(encoding="utf-8")
        assert "korea" not in text.casefold(), f"{path} names a subject"


def test_the_example_holds_its_record_and_its_claims() -> None:
    measured = rows("record/measurements.csv")
    assert len({row["row"] for row in measured}) == 203
    assert len(measured) == 203 * len(rows("record/quantities.csv"))
    assert len(claims()) >= 25
    found = ask("article-in-reading-order", document="doc:fomc")
    assert [local(row["claim"]) for row in found] == [
        claim["id"]
        for claim in sorted(
            claims(), key=lambda c: (c["at"]["paragraph"], c["at"]["sentence"], c["id"])
        )
    ]


def test_measurements_and_their_changes() -> None:
    values = [r for r in rows("record/measurements.csv") if r["quantity"] == "realgdp"]
    values = [r for r in values if r["start"] >= "2007-07-01"]
    (*_, unit) = [r["unit"] for r in rows("record/quantities.csv") if r["quantity"] == "realgdp"]
    found = ask("measurements", wanted="quantity:realgdp", since="2007-10-01")
    assert [(r["from"], float(r["value"]), r["unit"]) for r in found] == [
        (r["start"], float(r["value"]), unit) for r in values[1:]
    ]
    for before, now, row in zip(values, values[1:], found, strict=False):
        change = 100 * (float(now["value"]) / float(before["value"]) - 1)
        assert float(row["change_percent"]) == pytest.approx(change, abs=0.0051)


def test_forecasts_and_whether_they_came_about() -> None:
    judged = {link["claim"]: link for link in document("evidence/minutes.yaml")["links"]}
    words = {"no": "did not come about", "pending": "pending", "yes": "came about"}
    expected = {}
    for claim in claims():
        about = contents()[claim["proposition"]["id"]]
        if "forecast" in about["type"]:
            link = judged.get(claim["id"], {})
            expected[claim["id"]] = (
                str(about.get("from", "")),
                words.get(link.get("occurred", ""), ""),
                "2008-05-21",
            )
    found = {
        local(row["claim"]): (row["from"], row["occurred"], row["written"])
        for row in ask("forecasts")
    }
    assert found == expected
    assert found["fomc-C17"][1] == "did not come about"


def value(quarter: str, quantity: str) -> float:
    (row,) = [
        r
        for r in rows("record/measurements.csv")
        if (r["row"], r["quantity"]) == (quarter, quantity)
    ]
    return float(row["value"])


@pytest.mark.parametrize(
    ("claim", "quantity", "first", "last", "change"),
    [
        ("C03", "realgdp", "2007Q4", "2008Q2", "0.18"),
        ("C04", "realgdp", "2008Q2", "2008Q4", "-2.04"),
        ("C06", "realgdp", "2008Q4", "2009Q3", "-1.15"),
        ("C14", "realgdp", "2008Q2", "2009Q2", "-3.83"),
        ("C17", "realgdp", "2008Q2", "2008Q3", "-0.68"),
        ("C17", "realgdp", "2008Q3", "2008Q4", "-1.37"),
        ("C21", "realcons", "2008Q1", "2008Q2", "0.01"),
        ("C21", "realcons", "2008Q2", "2008Q3", "-0.89"),
        ("C23", "realdpi", "2008Q1", "2008Q2", "2.36"),
        ("C32", "m1", "2007Q4", "2008Q1", "0.48"),
    ],
)
def test_figures_of_the_grounds(
    claim: str, quantity: str, first: str, last: str, change: str
) -> None:
    computed = 100 * (value(last, quantity) / value(first, quantity) - 1)
    assert f"{computed:.2f}" == change
    links = document("evidence/minutes.yaml")["links"]
    (grounds,) = [link["grounds"] for link in links if link["claim"] == f"fomc-{claim}"]
    assert change.removeprefix("-") in grounds


def test_dissent_and_arguments() -> None:
    pairs = {(local(r["claim"]), local(r["other_claim"])) for r in ask("disagreements")}
    assert pairs == {("fomc-C27", "fomc-C26"), ("fomc-C28", "fomc-C26")}
    expected = {
        (other, "is attacked by", claim["id"])
        for claim in claims()
        for other in claim.get("attacks", [])
    }
    found = {
        (local(r["claim"]), r["relation"], local(r["ground"]))
        for r in ask("grounds-of-claim")
        if r["relation"] == "is attacked by"
    }
    assert found == expected
    for name in ("chains", "disagreements", "evidence", "forecasts", "provenance"):
        assert ask(f"check-{name}") == []


def test_an_empty_claims_workspace_builds(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    written = init_workspace(folder, "https://example.net/c/", Template.CLAIMS)
    assert Path("README.md") in written
    result = kg.build(folder)
    assert result.in_force
    assert result.verdict is not None
    assert result.verdict.counts == {}
    texts = [(folder / path).read_text(encoding="utf-8") for path in written]
    assert not any("https://example.org/graph/" in text for text in texts)


def test_no_wording_of_the_minutes() -> None:
    folder = os.environ.get("KG_SECOND")
    if folder is None:
        pytest.skip("KG_SECOND is not set: the minutes are not at hand")
    raw = (Path(folder) / "document.txt").read_bytes()
    (minutes,) = document("claims/minutes.yaml")["documents"]
    assert minutes["digest"] == hashlib.sha256(raw).hexdigest()
    known = runs(raw.decode("utf-8"))
    names = [minutes["title"].removesuffix(" (extracts)"), "Federal Open Market Committee"]
    names.append("Board of Governors of the Federal Reserve System")
    for path in sorted(EXAMPLE.rglob("*")):
        if path.is_file() and ".kg" not in path.parts:
            text = path.read_text(encoding="utf-8")
            for name in names:
                text = text.replace(name, "")
            assert sorted(runs(text) & known) == [], path.name
