"""Numbers beyond xsd:double: they become INF or 0, and that is told with the place."""

from __future__ import annotations

import json

import pytest

from kg.terms import XSD
from tests.mapping.running import run_mapping, yarrrml

WAYS = {
    "a.json": ("[['a.json~json', '$[*]']]", "[{}]"),
    "a.jsonl": ("[[a.jsonl~jsonpath]]", "{}\n"),
    "a.yaml": ("[['a.yaml~yaml', '$[*]']]", "[{}]"),
}


def notes(run) -> list[str]:
    return [note for count in run.made.counts for note in count.notes]


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize(
    ("number", "text"),
    [("1e400", "INF"), ("-1.5e999", "-INF"), ("9" * 310 + ".0", "INF")],
)
def test_beyond(tmp_path, name, number, text):
    source, document = WAYS[name]
    records = f'{{"id": 1, "v": {number}}}'
    run = run_mapping(
        tmp_path, yarrrml(source, ["[ex:p, $(v)]"]), {name: document.replace("{}", records)}
    )
    assert run.objects() == [f'"{text}"^^<{XSD}double>']
    (note,) = notes(run)
    assert f'{name}:1 (record 1), column "v": {number[:40]}' in note
    assert "is beyond the range of xsd:double, and becomes INF or 0;" in note


def test_too_small(tmp_path):
    """Of JSON it is known only where the mapping needs the texts of numbers, as a template does."""
    pairs = ["[ex:p, $(v)]", "[ex:q, 'v$(v)']"]
    for source, document in WAYS.values():
        files = {source.split("~")[0].strip("['"): document.replace("{}", '{"id": 1, "v": 1e-400}')}
        (note,) = notes(run_mapping(tmp_path, yarrrml(source, pairs), files))
        assert ": 1e-400 is beyond the range of xsd:double, and becomes INF or 0;" in note


@pytest.mark.parametrize("number", ["1e308", "-1e-300", "0e500", "0.000", "1" * 400, "-0.0"])
def test_within(tmp_path, number):
    files = {"a.json": f'[{{"id": 1, "v": {number}}}]'}
    run = run_mapping(tmp_path, yarrrml(WAYS["a.json"][0], ["[ex:p, $(v)]"]), files)
    assert notes(run) == []
    if number.isdigit():
        assert run.objects() == [f'"{number}"^^<{XSD}integer>']


def test_in_lists_and_several_records(tmp_path):
    records = [{"id": n, "v": [1.5, 2]} for n in range(3)]
    text = json.dumps(records).replace("1.5", "1E400")
    run = run_mapping(tmp_path, yarrrml(WAYS["a.json"][0], ["[ex:p, '$(v[*])']"]), {"a.json": text})
    (note,) = notes(run)
    assert "1E400 is beyond the range of xsd:double, and becomes INF or 0, in 3 records;" in note


def test_a_text_of_csv_keeps_what_it_says(tmp_path):
    pair = "{p: ex:p, o: {value: $(v), datatype: xsd:double}}"
    run = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": "id,v\n1,1e400\n"})
    assert run.objects() == [f'"1e400"^^<{XSD}double>']
    assert notes(run) == []
