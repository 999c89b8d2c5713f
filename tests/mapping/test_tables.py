"""Which references must keep the text of the source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kg.mapping.plan import Formulation
from kg.mapping.tables import plan_tables
from kg.sources import json_files
from kg.sources.formats import FORMATS
from tests.mapping.running import read_plan, run_plan, write_files

HEAD = """
sources:
  a: ['a.json~json', '$[*]']
  b: ['b.json~json', '$[*]']
mappings:
"""


@pytest.mark.parametrize(
    ("inside", "textual"),
    [
        ("po: [[ex:p, $(n)]]", set()),
        ("po: [[ex:p, $(n), xsd:decimal]]", {"n"}),
        ("po: [[ex:p, $(n), en~lang]]", {"n"}),
        ("po: [[ex:p, 'x$(n)']]", {"n"}),
        ("po: [[ex:p, $(n)], [ex:q, 'ex:$(n)~iri']]", {"n"}),
        ("po: [[ex:$(n), $(m)]]", {"n"}),
        ("graphs: ex:$(n)\n    po: [[ex:p, $(m)]]", {"n"}),
        (
            "po: [{p: ex:p, o: {mapping: other, condition: {function: equal,"
            " parameters: [[str1, $(n)], [str2, $(k)]]}}}]",
            {"n", "k"},
        ),
    ],
)
def test_textual_columns(tmp_path, inside, textual):
    mapping = (
        f"{HEAD}  m:\n    sources: [a]\n    s: ex:s\n    {inside}\n"
        "  other:\n    sources: [b]\n    s: ex:o\n    po: [[ex:r, $(v)]]\n"
    )
    tables = plan_tables(read_plan(tmp_path, mapping)).all
    found = {column.reference for table in tables for column in table.columns if column.textual}
    assert found == textual


def test_numbers_are_read_once_where_their_texts_do_not_count(tmp_path, monkeypatch):
    calls = []

    def read(reading):
        calls.append(reading.file.path.name)
        return json_files.read(reading)

    known = replace(FORMATS[Formulation.JSON], read=read)
    monkeypatch.setitem(FORMATS, Formulation.JSON, known)
    write_files(tmp_path, {"a.json": '[{"n": 1.50}]', "b.json": "[{}]"})
    rest = "  other: {sources: [b], s: ex:o, po: [[ex:r, $(v)]]}\n"
    for po, reads in (("$(n)", 1), ("$(n), xsd:decimal", 2)):
        calls.clear()
        mapping = f"{HEAD}  m: {{sources: [a], s: ex:s, po: [[ex:p, {po}]]}}\n{rest}"
        run_plan(read_plan(tmp_path, mapping))
        assert calls.count("a.json") == reads
