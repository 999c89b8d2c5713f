"""What programs read: JSON of builds and traces, and the log."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from kg.cli.log import begin, end
from kg.cli.main import main
from kg.init import init_workspace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("machines") / "g"
    init_workspace(made)
    time.sleep(0.05)  # a file that was written just now may change within a tick of its clock
    return made


def kg(capfd, *words: str) -> tuple[int, str, str]:
    capfd.readouterr()
    code = main(list(words))
    said = capfd.readouterr()
    return code, said.out, said.err


def test_what_a_build_did(folder, capfd):
    code, out, _ = kg(capfd, "-C", str(folder), "build", "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert (found["in_force"], found["changed"], found["records"]) == (True, True, 31)
    assert found["results"] == {}
    assert {loss["references"][0] for loss in found["losses"]} == {"other_name", "range"}
    assert sum(found["graphs"].values()) >= found["triples"] > 100
    code, out, _ = kg(capfd, "-C", str(folder), "build", "--format", "json")
    assert json.loads(out) == {"build": found["build"], "in_force": True, "changed": False}


def test_what_a_build_refused(folder, capfd):
    peaks = folder / "data" / "peaks.csv"
    text = peaks.read_text()
    peaks.write_text(text.replace("8611", "98611"))
    code, out, said = kg(capfd, "-C", str(folder), "build", "--format", "json")
    peaks.write_text(text)
    assert code == 1
    found = json.loads(out)
    assert (found["in_force"], found["results"]) == (False, {"violation": 1})
    assert "no peak is higher" in said


def test_where_a_triple_comes_from(folder, capfd):
    words = ("-C", str(folder), "trace", "peak:k2", "ns:height", "--format", "json")
    code, out, _ = kg(capfd, *words)
    assert code == 0
    (found,) = json.loads(out)
    assert found["file"].endswith("peaks.csv")
    assert (found["line"], found["record"], found["column"]) == (3, 2, "height_m")
    assert found["object"] == '"8611"^^<http://www.w3.org/2001/XMLSchema#integer>'
    assert kg(capfd, *words[:-1], "yaml")[0] == 2


def test_the_log_has_what_was_said_with_times(folder, capfd, tmp_path):
    log = tmp_path / "kg.log"
    assert kg(capfd, "-q", "--log", str(log), "-C", str(folder), "build", "--full")[2] == ""
    assert kg(capfd, "--log", str(log), "-C", str(tmp_path), "questions")[0] == 2
    lines = log.read_text().splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", line) for line in lines)
    told = [line.partition(" ")[2] for line in lines]
    assert told[0].startswith("begins: kg -q --log ")
    assert "step: map" in told
    assert any("is in force" in line for line in told)
    first = next(n for n, line in enumerate(told) if line.startswith("ends: "))
    assert told[first].startswith("ends: exit code 0 after ")
    assert told[first + 1].endswith("questions")
    assert any("[no-workspace]" in line for line in told[first:])
    assert told[-1].startswith("ends: exit code 2 after ")
    kg(capfd, "-C", str(folder), "questions")
    assert len(log.read_text().splitlines()) == len(lines)


def test_a_log_that_cannot_be_written_is_told(capfd, tmp_path):
    code, _, said = kg(capfd, "--log", str(tmp_path / "no" / "kg.log"), "help")
    assert code in (2, 3)
    assert "kg.log" in said


@pytest.mark.parametrize(
    ("words", "logged"),
    [
        (["map", "m.yml", "--set", "DBPW=s3cret"], "map m.yml --set 'DBPW=***'"),
        (["map", "m.yml", "--set=DBPW=s3cret=a"], "map m.yml '--set=DBPW=***'"),
        (["map", "m.yml", "--set", "s3cret"], "map m.yml --set '***'"),
        (
            ["peek", "postgresql://me:x@localhost/d?a=b&sslPassword=s3cret&c=s3cret"],
            "peek 'postgresql://***@localhost/d?a=b&sslPassword=***'",
        ),
        (["peek", "jdbc:postgresql://h/d?user=me&password=s3cret"], "peek jdbc:postgresql://h/d"),
        (["peek", "JDBC:sqlserver://h;databaseName=d;pwd=s3cret"], "peek JDBC:sqlserver://h"),
        (["peek", "jdbc:oracle:thin:me/s3cret@h/d"], "peek 'jdbc:oracle:***@h/d'"),
        (["peek", "nosuch://me:s3 s3cret@h/d"], "peek 'nosuch://***@h/d'"),
        (
            ["query", "--endpoint=http://h/q?api_key=s3cret", "-e", "ASK {}"],
            "query '--endpoint=http://h/q?api_key=***' -e 'ASK {}'",
        ),
        (["peek", "a@b.csv", "--format", "json"], "peek a@b.csv --format json"),
    ],
)
def test_the_log_has_no_secrets(words, logged, tmp_path):
    log = tmp_path / "kg.log"
    begin(log, words)
    end(0)
    assert log.read_text().splitlines()[0].endswith(f"begins: kg {logged}")


@pytest.mark.parametrize(
    "address",
    [
        "jdbc:postgresql://localhost/shop?user=me&password=s3cret",
        "jdbc:oracle:thin:me/s3cret@localhost/shop",
        "nosuch://me:s3cret@localhost/shop#t",
        "nosuch://me:a#s3cret@localhost/shop",
    ],
)
def test_addresses_that_are_not_read_are_no_files(address, capfd, tmp_path):
    log = tmp_path / "kg.log"
    code, _, said = kg(capfd, "--log", str(log), "peek", address)
    assert (code, "[bad-database]" in said) == (2, True)
    assert "no file" not in said
    made = tmp_path / "w"
    code, _, again = kg(capfd, "--log", str(log), "init", str(made), "--from", address)
    assert (code, "[bad-database]" in again, made.exists()) == (2, True, False)
    assert "s3cret" not in said + again + log.read_text()
