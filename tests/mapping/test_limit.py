"""`kg map --limit N`: the first records of each source alone."""

from __future__ import annotations

import json

import pytest

from kg.cli.main import main

ROWS = "".join(f"{n},{n % 7}\n" for n in range(1, 51))
PARTS = {
    "a1.csv": f"k,v\n{ROWS}",
    "a2.csv": "k,v\n10,x\n20,x\n",
    "b.json": json.dumps([{"k": n, "v": 1} for n in range(9)]),
    "c.yaml": "- {k: 1, v: 1}\n- {k: 2, v: 1}\n- {k: 3, v: 1}\n",
    "d.xml": "<r><e><k>1</k><v>1</v></e><e><k>2</k><v>1</v></e><e><k>3</k><v>1</v></e></r>",
}
SOURCES = {
    "a*.csv~csv": [],
    "b.json~json": ["$[*]"],
    "c.yaml~yaml": ["$[*]"],
    "d.xml~xml": ["/r/e"],
}


@pytest.fixture
def subjects(tmp_path, monkeypatch, capfd):
    """Maps a source, and returns the subjects and what was said."""
    monkeypatch.chdir(tmp_path)
    for name, text in PARTS.items():
        (tmp_path / name).write_text(text)

    def run(source: str, *words: str, s: str = "http://e/$(k)") -> tuple[list[str], str]:
        one = {"sources": [[source, *SOURCES[source]]], "s": s, "po": [["ex:v", "$(v)"]]}
        (tmp_path / "m.yml").write_text(
            json.dumps({"prefixes": {"ex": "http://e/"}, "mappings": {"m": one}})
        )
        assert main(["map", "m.yml", "-o", "o.nt", *words]) == 0
        lines = (tmp_path / "o.nt").read_text().splitlines()
        return [line.partition(">")[0].rpartition("/")[2] for line in lines], capfd.readouterr().err

    return run


@pytest.mark.parametrize("source", SOURCES)
def test_the_first_records_are_mapped(subjects, source):
    found, said = subjects(source, "--limit", "2")
    assert len(found) == 2
    assert set(found) <= {"0", "1", "2"}
    assert "of each source the first 2 records alone, as --limit says" in said


def test_files_follow_one_another(subjects):
    found, said = subjects("a*.csv~csv", "--limit", "51")
    # All of the first file, and the first record of the second, whose key is 10.
    assert sorted(found, key=int) == sorted([*map(str, range(1, 51)), "10"], key=int)
    found, said = subjects("b.json~json", "--limit", "10")
    assert len(found) == 9
    assert "--limit" not in said


def test_a_limit_is_a_number_of_records(tmp_path):
    assert main(["map", str(tmp_path / "m.yml"), "-o", "-", "--limit", "0"]) == 2


def test_spark_has_no_such_limit(tmp_path, capfd):
    (tmp_path / "m.yml").write_text("mappings: {}")
    words = ("map", str(tmp_path / "m.yml"), "--engine", "spark", "-o", "o", "--limit", "1")
    assert main([*words]) == 2
    assert "--limit does not go with --engine spark" in capfd.readouterr().err
