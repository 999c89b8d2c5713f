"""The curated tables themselves: keys, order, references and dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.graph_copy import ROOT, document, records, table

CSV_FILES = sorted(p.relative_to(ROOT / "data") for p in (ROOT / "data").rglob("*.csv"))
YAML_FILES = sorted(p.relative_to(ROOT / "data") for p in (ROOT / "data").rglob("*.yaml"))
# Kept in the order of the search for them or of their sources, not in that of the key.
UNSORTED = {"sources/sources.csv", "diplomacy/tracks.csv", "record/resolutions.csv"}


def day(text: object) -> date:
    return date.fromisoformat(str(text))


@pytest.mark.parametrize("path", CSV_FILES, ids=str)
def test_keys_are_unique_and_sorted(path: Path):
    rows = table(str(path))
    key = next(iter(rows[0]))
    keys = [row[key] for row in rows]
    assert len(keys) == len(set(keys))
    assert all(keys)
    if str(path) not in UNSORTED:
        assert keys == sorted(keys), f"sort {path} by {key}"


@pytest.mark.parametrize("path", YAML_FILES, ids=str)
def test_ids_are_unique(path: Path):
    for name, found in document(str(path)).items():
        ids = [record["id"] for record in found]
        assert len(ids) == len(set(ids)), name


def test_every_table_is_listed():
    listed = {row["file"].split(" ")[0] for row in table("sources/tables.csv")}
    for path in (*CSV_FILES, *YAML_FILES):
        pattern = f"data/{path.parent}/*.yaml"
        assert f"data/{path}" in listed or pattern in listed, path


def test_every_named_source_exists():
    known = {row["source"] for row in table("sources/sources.csv")}
    named = set()
    for path in CSV_FILES:
        for row in table(str(path)):
            columns = ("source_2", "source_3", "party_source", "class_source")
            named |= {row[column] for column in columns if row.get(column)}
            if str(path) != "sources/sources.csv" and row.get("source"):
                named.add(row["source"])
    for event in (*records("diplomacy", "talks"), *records("diplomacy", "steps")):
        named |= set(event["sources"])
    for record in records("conflicts", "conflicts"):
        named |= {record["a"]["source"], record["b"]["source"]}
    assert named <= known


def test_every_place_and_system_is_used():
    launches = table("record/launches.csv")
    places = {row[column] for row in launches for column in ("place", "landing")}
    places |= {row["place"] for row in table("record/nuclear_tests.csv")}
    for event in (*records("diplomacy", "talks"), *records("diplomacy", "steps")):
        places |= set(event.get("places", []))
    assert {row["place"] for row in table("record/places.csv")} == places - {""}
    systems = {row["system"] for row in launches} - {""}
    assert {row["system"] for row in table("record/systems.csv")} == systems


def test_launch_days_precision_and_grain():
    for row in table("record/launches.csv"):
        start, end = day(row["start"]), day(row["end"])
        if row["precision"] == "day":
            assert start == end, row["id"]
        else:
            assert (start.day, (end.year, end.month)) == (1, (start.year, start.month)), row["id"]
        grain = {"": "unknown-size", "1": "single"}.get(row["count"], "salvo")
        assert row["grain"] == grain, row["id"]


def test_grounds_of_the_evidence_that_hold_numbers():
    grounds = {link["claim"]: link["grounds"] for link in records("evidence", "links")}
    series = [
        row for row in table("record/launches.csv") if "2022-09-25" <= row["start"] <= "2022-11-18"
    ]
    numbers = (len(series), sum(int(row["count"] or 0) for row in series))
    days = len({row["start"] for row in series})
    assert f"{numbers[0]} launches with at least {numbers[1]} missiles on {days} days" in " ".join(
        grounds["aims3-S02"].split()
    )
    summer = [
        row for row in table("record/launches.csv") if "2022-06-06" <= row["start"] < "2022-09-25"
    ]
    assert [(row["class"], row["count"]) for row in summer] == [("cruise", "2")]
    same_day = [row for row in table("record/launches.csv") if row["start"] == "2022-11-18"]
    assert [row["id"] for row in same_day] == ["L0270"]


def test_no_talks_of_the_united_states_between_those_that_the_evidence_names():
    held = sorted(
        (str(t["start"]), t["id"]) for t in records("diplomacy", "talks") if t["track"] == "us-dprk"
    )
    assert held[-1] == ("2019-10-05", "N100")
    assert not [start for start, _ in held if "2012-03" <= start < "2018"]
    south = [str(t["start"]) for t in records("diplomacy", "talks") if t["track"] == "inter-korean"]
    assert max(south) == "2018-10-26"


def test_queries_that_the_evidence_names_exist():
    for link in records("evidence", "links"):
        if "query" in link:
            assert (ROOT / "queries" / f"{link['query']}.rq").is_file(), link["id"]
