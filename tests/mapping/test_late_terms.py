"""Terms of many rules are made in one query, since DuckDB plans each call of a macro for long."""

from __future__ import annotations

import re

import pytest

from kg.duck import engine
from kg.engines.duckdb import DuckDB, json_sql, run
from kg.mapping.documents import read_mappings
from kg.sources import Folders
from kg.workspace import COMMON_PREFIXES
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


def test_values_of_large_files_are_those_of_small_ones(plan, monkeypatch):
    expected = run_plan(plan)
    monkeypatch.setattr(json_sql, "_SMALL", -1)
    found = run_plan(plan)
    assert found.quads == expected.quads
    assert found.made.counts == expected.made.counts


def statements_of(plan, folder):
    """Run a plan, and return what DuckDB was asked."""
    with engine(folder / "spill") as connection:
        connection.execute("CALL enable_logging('QueryLog')")
        DuckDB(connection).run(plan, Folders(None, folder), folder / "quads.parquet")
        rows = connection.execute("SELECT message FROM duckdb_logs WHERE type = 'QueryLog'")
        return [message for (message,) in rows.fetchall()]


def test_what_makes_a_value_is_planned_once_for_all_of_a_small_file(plan, tmp_path):
    [made] = [each for each in statements_of(plan, tmp_path) if "read_json(" in each]
    assert made.count("kg_json_text(") == 2  # of single values, and of lists


SUBJECTS = """prefixes: {e: http://e/}
mappings:
  one:
    sources: [['x.csv~csv']]
    s: e:one/$(id)
    po: [[e:name, $(name)], [e:id, $(id)], [e:same, 'e:two/$(id)~iri']]
  two:
    sources: [['x.csv~csv']]
    s: e:two/$(id)
    po: [[e:name, $(name)], [e:note, a note]]
  three:
    sources: [['x.csv~csv']]
    s: e:one/$(id)
    condition: 'isNotNull($(name))'
    po: [[a, e:A], [e:note, named]]
  four:
    sources: [['x.csv~csv']]
    s: e:two/three
    po: [[e:of, 'e:one/$(id)~iri']]
"""


def test_rules_of_one_source_are_one_statement(tmp_path, monkeypatch):
    write_files(tmp_path, {"m.yarrrml.yml": SUBJECTS, "x.csv": "id,name\n1,a\n2,b\n3,\n"})
    plan = read_mappings([tmp_path / "m.yarrrml.yml"], COMMON_PREFIXES)
    expected = run_plan(plan)
    monkeypatch.setattr(run, "MOST_RULES_AT_ONCE", 0)
    assert run_plan(plan).quads == expected.quads
    assert len(expected.quads) == 20
    asked = statements_of(plan, tmp_path)
    assert len([each for each in asked if "TEMP TABLE kg_quads" in each]) == 1
    assert not [each for each in asked if "INSERT INTO kg_quads" in each]
    assert len([each for each in asked if "count_if(" in each]) == 1  # of all maps
    assert not [each for each in asked if "count(DISTINCT" in each or " AS twice" in each]
    # A subject that a template makes is in a block, also where not every record has one.
    assert not [each for each in asked if "starts_with(s" in each]


def test_a_statement_runs_rules_of_several_small_sources(tmp_path, monkeypatch):
    one = "  {0}:\n    sources: [['{0}.csv~csv']]\n    s: e:$(id)\n    po: [[e:p{0}, $(id)]]\n"
    names = [f"m{number}" for number in range(10)]
    mapping = "prefixes: {e: http://e/}\nmappings:\n" + "".join(map(one.format, names))
    write_files(tmp_path, {"m.yarrrml.yml": mapping} | {f"{n}.csv": "id\n1\n2\n" for n in names})
    plan = read_mappings([tmp_path / "m.yarrrml.yml"], {})
    monkeypatch.setattr(run, "MOST_RULES_AT_ONCE", 0)
    assert len(run_plan(plan).quads) == 20
    filled = [each for each in statements_of(plan, tmp_path) if "NTO kg_quads" in each]
    assert len(filled) == 1  # after the first eight sources, which make the table
    monkeypatch.setattr("kg.engines.duckdb.batches.MOST_RECORDS", 4)
    filled = [each for each in statements_of(plan, tmp_path) if "NTO kg_quads" in each]
    assert len(filled) == 4


def test_columns_are_looked_at_each_for_itself_only_where_one_has_odd_values(plan, tmp_path):
    def asked_of_columns(size):
        write_files(tmp_path, {"x.json": FILES["x.json"].replace("1.50", size)})
        return [each for each in statements_of(plan, tmp_path) if "bool_or(t" in each]

    assert len(asked_of_columns("1.50")) == 1
    assert not asked_of_columns("1")


def test_each_macro_is_called_once(plan, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "MOST_RULES_AT_ONCE", 0)
    statements = statements_of(plan, tmp_path)
    made = [each for each in statements if each.startswith("COPY")]
    assert len(made) == 1
    assert sorted(MACRO.findall(made[0])) == ["kg_iri_safe(", "kg_natural(", "kg_quoted("]
    rules = [each for each in statements if "kg_quads" in each and each not in made]
    assert not any(map(MACRO.search, rules))


@pytest.mark.parametrize(
    "pair",
    [
        "{p: e:q, o: {value: $(f), language: $(lang)}}",
        "[$(iri), $(f)]",
        "{predicates: e:q, objects: [$(f)], graphs: $(iri)}",
        "{p: e:q, o: {value: $(f), datatype: $(iri)}}",
        "[e:q, '$(iri)~iri']",
    ],
)
@pytest.mark.parametrize("most", [0, 99])
def test_a_bad_value_of_a_statement_that_is_not_made_stops_nothing(
    tmp_path, monkeypatch, pair, most
):
    """Neither does it where many rules run together."""
    monkeypatch.setattr(run, "MOST_RULES_AT_ONCE", most)
    mapping = f"""prefixes: {{e: 'http://e/'}}
mappings: {{m: {{sources: [[t.csv~csv]], s: 'http://e/$(id)', po: [[e:p, $(f)], {pair}]}}}}
"""
    table = "id,lang,iri,f\n1,no tag,no iri,\n2,en,http://e/i,v\n"
    if "~iri" in pair:  # the subject is what lacks
        table = table.replace("1,no", ",no")
    write_files(tmp_path, {"m.yarrrml.yml": mapping, "t.csv": table})
    made = run_plan(read_mappings([tmp_path / "m.yarrrml.yml"], {}))
    assert len(made.quads) == 2


@pytest.mark.parametrize("part", ["{value: '$(f[*])', language: $(lang)}", "'$(f[*])'"])
@pytest.mark.parametrize("most", [0, 99])
def test_nor_does_one_beside_a_list_that_is_empty(tmp_path, monkeypatch, part, most):
    monkeypatch.setattr(run, "MOST_RULES_AT_ONCE", most)
    predicate = "$(iri)" if part.startswith("'") else "e:q"
    mapping = f"""prefixes: {{e: 'http://e/'}}
mappings: {{m: {{sources: [['t.json~jsonpath', '$[*]']], s: 'http://e/$(id)',
  po: [[e:p, x], {{p: {predicate}, o: {part}}}]}}}}
"""
    table = """[{"id": 1, "lang": "no tag", "iri": "no iri", "f": []},
 {"id": 2, "lang": "en", "iri": "http://e/i", "f": ["v", "w"]}]"""
    write_files(tmp_path, {"m.yarrrml.yml": mapping, "t.json": table})
    made = run_plan(read_mappings([tmp_path / "m.yarrrml.yml"], {}))
    assert len(made.quads) == 4
