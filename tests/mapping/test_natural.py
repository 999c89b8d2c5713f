"""Datatypes of literals that the mapping gives none: natural, none, or guessed."""

from __future__ import annotations

import pytest

from kg.cli.main import main
from kg.engines.outcome import LossCount
from kg.errors import UsageError
from kg.execution.model import why
from kg.map_files import MappingFiles, explain_files
from kg.mapping.natural import Datatypes
from kg.terms import XSD
from tests.mapping.running import write_files, yarrrml

JSON = '[{"id": 1, "v": 7}, {"id": 2, "v": 1.50}, {"id": 3, "v": true}, {"id": 4, "v": "7"}]'
CSV = "id,v\n1,7\n2,1.50\n3,true\n4,007\n5,+1\n6,1e3\n7,-0\n8,x\n"


def made(folder, source, files, datatypes, pair="[http://example.org/p, $(v)]"):
    write_files(folder, {"m.yml": yarrrml(source, [pair], "http://example.org/$(id)"), **files})
    words = ["map", str(folder / "m.yml"), "-o", str(folder / "o.nt"), "--datatypes", datatypes]
    assert main(["--quiet", *words]) == 0
    lines = (folder / "o.nt").read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 2)[2].removesuffix(" .").replace(XSD, "xsd:") for line in lines]


@pytest.mark.parametrize(
    ("datatypes", "expected"),
    [
        (
            "natural",
            ['"7"^^<xsd:integer>', '"1.5E0"^^<xsd:double>', '"true"^^<xsd:boolean>', '"7"'],
        ),
        ("none", ['"7"', '"1.50"', '"true"', '"7"']),
        (
            "guess",
            [
                '"7"^^<xsd:integer>',
                '"1.5E0"^^<xsd:double>',
                '"true"^^<xsd:boolean>',
                '"7"^^<xsd:integer>',
            ],
        ),
    ],
)
def test_of_json(tmp_path, datatypes, expected):
    assert made(tmp_path, "[['t.json~json', '$[*]']]", {"t.json": JSON}, datatypes) == expected


def test_guessed_of_texts(tmp_path):
    assert made(tmp_path, "[[t.csv~csv]]", {"t.csv": CSV}, "guess") == [
        '"7"^^<xsd:integer>',
        '"1.50"^^<xsd:decimal>',
        '"true"^^<xsd:boolean>',
        '"007"',
        '"+1"',
        '"1.0E3"^^<xsd:double>',
        '"-0"',
        '"x"',
    ]


@pytest.mark.parametrize("datatypes", ["natural", "none"])
def test_texts_stay_texts(tmp_path, datatypes):
    found = made(tmp_path, "[[t.csv~csv]]", {"t.csv": CSV}, datatypes)
    assert [each for each in found if "^^" in each] == []


@pytest.mark.parametrize("datatypes", ["natural", "none", "guess"])
def test_what_the_mapping_says_counts(tmp_path, datatypes):
    files = {"t.json": '[{"id": 1, "v": 7}]'}
    pair = "{p: http://example.org/p, o: {value: $(v), datatype: xsd:token}}"
    found = made(tmp_path, "[['t.json~json', '$[*]']]", files, datatypes, pair)
    assert found == ['"7"^^<xsd:token>']
    pair = "{p: http://example.org/p, o: {value: $(v), language: en}}"
    assert made(tmp_path, "[['t.json~json', '$[*]']]", files, datatypes, pair) == ['"7"@en']


def test_the_explanation_is_that_of_the_datatypes(tmp_path):
    (tmp_path / "data").mkdir()
    mapping = yarrrml(
        "[['a.json~json', '$[*]']]",
        ["[http://example.org/p, $(v)]"],
        "http://example.org/$(id)",
    )
    files = {"m.yml": mapping, "data/a.json": JSON}
    write_files(tmp_path, files)

    def explained(datatypes: str) -> str:
        return explain_files(
            MappingFiles(
                [tmp_path / "m.yml"],
                prefixes={},
                source_folders=[tmp_path / "data"],
                datatypes=datatypes,
            )
        )

    assert len({explained(each.value) for each in Datatypes}) == 3
    with pytest.raises(UsageError, match="no datatypes 'any'"):
        explained("any")


@pytest.mark.parametrize(
    ("references", "parent", "told"),
    [
        (("a", "b"), "", "no value in a or b"),
        (("a", "b"), "m", "no m has its a and b"),
        ((), "", "its constants give no value"),
        ((), "m", "no m has its constants"),
    ],
)
def test_the_reason_of_a_loss(references, parent, told):
    assert why(LossCount("subject", references, 1, parent)) == told
