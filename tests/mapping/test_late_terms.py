"""Terms of many rules are made in one query, since DuckDB plans each call of a macro for long."""

from __future__ import annotations

import re

import pytest

from kg.duck import engine
from kg.engines.duckdb import DuckDB, run
from kg.mapping.documents import read_mappings
from kg.sources import Folders
from tests.mapping.running import run_plan, write_files

MACRO = re.compile(r"\bkg_(?:iri_safe|quoted|natural)\(")
FILES = {
    "m.yarrrml.yml": """\
prefixes: {e: http://e/}
mappings:
  one:
    sources: [['x.json~jsonpath', '$[*]']]
    s: e:$(id)
    po:
      - [e:name, $(name)]
      - [e:label, '$(name), $(id)', en~lang]
      - [e:size, $(size)]
      - [e:day, $(name), xsd:date]
      - [e:tag, '$(tags[*])']
      - [e:seen, 'e:t/$(tags[*])/x~iri']
      - [e:same, '$(web)~iri']
""",
    "x.json": '[{"id": "ä b", "name": "A\\"\\n", "size": 1.50, "tags": ["x y", "é"], "web": "http://w/"},'
    ' {"id": "2", "size": 3, "tags": [true, 7]}, {"id": "3", "name": "", "size": "n"}]',
}


@pytest.fixture
def plan(tmp_path):
    write_files(tmp_path, FILES)
    return read_mappings([tmp_path / "m.yarrrml.yml"], {})


def test_they_are_those_of_rules_that_run_alone(plan, monkeypatch):
    expected = run_plan(plan)
    monkeypatch.setattr(run, "MOST_RULES_AT_ONCE", 0)
    found = run_plan(plan)
    assert found.quads == expected.quads
    assert found.made.counts == expected.made.counts
    assert len(found.quads) == 18


def test_each_macro_is_called_once(plan, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "MOST_RULES_AT_ONCE", 0)
    with engine(tmp_path / "spill") as connection:
        connection.execute("CALL enable_logging('QueryLog')")
        DuckDB(connection).run(plan, Folders(None, tmp_path), tmp_path / "quads.parquet")
        rows = connection.execute("SELECT message FROM duckdb_logs WHERE type = 'QueryLog'")
        statements = [message for (message,) in rows.fetchall()]
    made = [each for each in statements if each.startswith("COPY")]
    assert len(made) == 1
    assert sorted(MACRO.findall(made[0])) == ["kg_iri_safe(", "kg_natural(", "kg_quoted("]
    rules = [each for each in statements if "kg_quads" in each and each not in made]
    assert not any(map(MACRO.search, rules))
