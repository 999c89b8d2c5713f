"""What is accepted stays quiet until it grows; findings are written for people and programs."""

import json

import pytest

from kg.errors import InputError, Location
from kg.findings import Accepted, Finding, Level, accept, from_record, read_accepted
from kg.findings.report import as_github, as_json, as_sarif
from kg.init import init_workspace
from tests.graph_copy import run_kg

FINDING = Finding(
    "shared-key", 'data/a.yml#"x"', "100% doubt\nhere", Location("a,b.csv", 2), "Mend it.", 3
)


@pytest.mark.parametrize(
    ("code", "known", "quiet"),
    [
        ("shared-key", 3, 3),
        ("lost-records", 1, 2),
        ("lost-records", 40, 45),
        ("lost-records", 200, 220),
    ],
)
def test_until_when_a_finding_is_quiet(code, known, quiet):
    accepted = Accepted({(code, "x"): known})
    assert accepted.covers(code, "x", quiet)
    assert not accepted.covers(code, "x", quiet + 1)
    assert not accepted.covers(code, "y", 1)


def test_patterns_of_kg_toml():
    accepted = Accepted(patterns=("unread-column", "unused-file: data/archive/*"))
    assert accepted.covers("unread-column", "anything", 9)
    assert accepted.covers("unused-file", "data/archive/a.csv", 1)
    assert not accepted.covers("unused-file", "data/a.csv", 1)


def test_what_is_written_is_read_and_reasons_are_kept(tmp_path):
    assert accept(tmp_path, [FINDING], Accepted()) == 1
    path = tmp_path / "accepted.toml"
    path.write_text(path.read_text().replace(" = 3", ' = {count = 3, why = "so it is"}'))
    known = read_accepted(tmp_path)
    assert known.new([FINDING]) == []
    assert accept(tmp_path, [FINDING], known) == 0
    assert list(read_accepted(tmp_path).reasons.values()) == ["so it is"]


@pytest.mark.parametrize("text", ["x", "a = 1", '[a]\n"b" = "c"', '[a]\n"b" = {count = true}'])
def test_what_cannot_be_read_is_told(tmp_path, text):
    (tmp_path / "accepted.toml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_accepted(tmp_path)
    assert caught.value.code == "bad-config"


def test_reports():
    (record,) = json.loads(as_json([FINDING]))
    assert from_record(record) == FINDING
    (run,) = json.loads(as_sarif([FINDING]))["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("shared-key", "warning")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2}
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["shared-key"]
    assert as_github([FINDING]) == (
        "::warning file=a%2Cb.csv,title=shared-key,line=2::100%25 doubt%0Ahere. Mend it.\n"
    )
    assert Level.INFO < Level.WARNING < Level.ERROR


def test_the_command_says_whether_something_is_found(tmp_path):
    root = tmp_path / "w"
    init_workspace(root)
    assert run_kg(root, "check").returncode == 0
    (root / "data" / "more.csv").write_text("id\n1\n")
    told = run_kg(root, "check")
    assert told.returncode == 1
    assert "more.csv: no mapping uses this file [unused-file]" in told.stdout
    assert run_kg(root, "check", "--fail-on", "error").returncode == 0
    assert run_kg(root, "check", "--accept").returncode == 0
    assert run_kg(root, "check").returncode == 0
    assert run_kg(root, "check", "--all").returncode == 1
