"""YARRRML as people write it: what is taken, what is told once, and what is refused with advice."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from kg.errors import InputError
from kg.mapping.plan import Database, Formulation
from kg.notes import hearing
from kg.variables import Variables, using
from tests.mapping.running import read_plan, run_mapping, yarrrml

ROWS = {"t.csv": "id,name,lang\n1,Ann,en\n"}
CSV = "[['t.csv~csv']]"


def objects(tmp_path, pair, **more) -> list[str]:
    return run_mapping(tmp_path, yarrrml(CSV, [pair], **more), ROWS).objects()


def refused(tmp_path, mapping: str) -> InputError:
    with pytest.raises(InputError) as caught:
        run_mapping(tmp_path, mapping, ROWS)
    assert caught.value.location is not None
    assert caught.value.location.line is not None
    return caught.value


# --- references as others write them ------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "made"),
    [
        ("http://e/$(id)/{name}", "http://e/1/Ann"),
        ("ex:$(id)/{name}", "http://example.org/1/Ann"),
        ("http://e/{name}/$(id)", "http://e/Ann/1"),
        ("http://e/{name}", "http://e/Ann"),
        ("ex:{name}", "http://example.org/Ann"),
        ("ex:{The id}", "http://example.org/7"),
    ],
)
def test_braces_in_an_iri_are_references_and_told(tmp_path, subject, made):
    """As yarrrml-parser has it; no IRI holds a brace, so that nothing else can be meant."""
    rows = {"t.csv": "id,name,The id\n1,Ann,7\n"}
    with hearing() as notes:
        run = run_mapping(tmp_path, yarrrml(CSV, ["[ex:p, x]"], subject=f"'{subject}'"), rows)
    assert [s for s, *_ in run.quads] == [f"<{made}>"]
    (note,) = notes.values()
    assert note.place.line == 4
    assert "as RML writes references, and it is taken for one; write $(name)" in note.text


@pytest.mark.parametrize(
    ("pair", "made"),
    [("[ex:p, 'ex:$(id)/{name}~iri']", "1/Ann"), ("['ex:{name}', ex:x~iri]", "x")],
)
def test_so_are_those_of_objects_and_predicates(tmp_path, pair, made):
    run = run_mapping(tmp_path, yarrrml(CSV, [pair]), ROWS)
    assert [o for _, _, o, _ in run.quads] == [f"<http://example.org/{made}>"]


@pytest.mark.parametrize("subject", ["ex:{$(id)", "ex:$(id)}", "ex:{}", "'ex:{$(id)}'"])
def test_other_braces_are_refused(tmp_path, subject):
    assert refused(tmp_path, yarrrml(CSV, ["[ex:p, x]"], subject=subject)).location.line == 4


@pytest.mark.parametrize("source", ["t.csv", "[t.csv]", "[[t.csv]]"])
def test_the_name_of_a_table_tells_its_format(tmp_path, source):
    with hearing() as notes:
        assert objects(tmp_path, "[ex:p, $(name)]") == ['"Ann"']
        assert not notes
        assert run_mapping(tmp_path, yarrrml(source, ["[ex:p, $(name)]"]), ROWS).objects() == [
            '"Ann"'
        ]
    (note,) = notes.values()
    assert "a source does not say its format" in note.text


@pytest.mark.parametrize(
    ("text", "made", "told"),
    [
        ("$(id) {name}", "1 {name}", "a reference is written $(name)"),
        ("{name}", "{name}", "a reference is written $(name)"),
        ("Hello {name}!", "Hello {name}!", "a reference is written $(name)"),
        ("$(id) [a-z]{2}", "1 [a-z]{2}", ""),
        ("{2} $(id)", "{2} 1", ""),
    ],
)
def test_braces_in_a_text_stay_and_are_told(tmp_path, text, made, told):
    run = run_mapping(tmp_path, yarrrml(CSV, [f"[ex:p, '{text}']"]), ROWS)
    assert run.objects() == [f'"{made}"']
    notes = [note for count in run.made.counts for note in count.notes]
    assert len(notes) == bool(told)
    assert all(told in note for note in notes)


def test_braces_in_a_parameter_are_told_once(tmp_path):
    pair = "{p: ex:p, o: {function: \"concat($(name), '{name}', '{id}')\"}}"
    with hearing() as notes:
        assert objects(tmp_path, pair) == ['"Ann{name}{id}"']
    (note,) = notes.values()
    assert note.text.startswith("2 × a parameter holds a name in braces")


# --- texts that start with a prefix, addresses -------------------------------------------


@pytest.mark.parametrize(
    ("pair", "made"),
    [
        ("[ex:p, 'ex:color_$(name)']", '"http://example.org/color_Ann"'),
        ("[ex:p, 'ex:']", '"http://example.org/"'),
        ("{p: ex:p, o: {value: 'ex:a'}}", '"http://example.org/a"'),
        ('{p: ex:p, o: {function: "concat(ex:, $(name))"}}', '"http://example.org/Ann"'),
        (
            "{p: ex:p, o: {function: concat, parameters: [[valueParameter, 'ex:'],"
            " {parameter: valueParameter2, value: $(name)}]}}",
            '"http://example.org/Ann"',
        ),
    ],
)
def test_a_text_that_starts_with_a_prefix_is_taken_and_told_once(tmp_path, pair, made):
    with hearing() as notes:
        assert objects(tmp_path, pair) == [made]
    (note,) = notes.values()
    assert "a text starts with a declared prefix" in note.text


@pytest.mark.parametrize("text", ["other:x", "a: b", r"ex\:a", "http://e/X~literal"])
def test_other_texts_with_a_colon_are_not_told(tmp_path, text):
    with hearing() as notes:
        objects(tmp_path, f"[ex:p, '{text}']")
    assert not notes


def test_an_address_is_a_text_and_told(tmp_path):
    run = run_mapping(tmp_path, yarrrml(CSV, ["[ex:p, http://ex.org/X]"]), ROWS)
    assert run.objects() == ['"http://ex.org/X"']
    (note,) = run.made.counts[0].notes
    assert "write ~iri behind it for IRIs" in note


# --- languages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pair",
    [
        "{p: ex:p, o: {value: $(name), language: en, datatype: rdf:langString}}",
        "{p: ex:p, o: {value: $(name), language: $(lang), datatype: rdf:langString}}",
        "{p: ex:p, o: $(name), language: en, datatype: rdf:langString}",
        "{p: ex:p, o: {value: $(name), datatype: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        "langString', language: en}}",
    ],
)
def test_the_datatype_of_texts_in_languages_adds_nothing(tmp_path, pair):
    assert objects(tmp_path, pair) == ['"Ann"@en']


def test_so_it_is_in_rml(tmp_path):
    rml = """@prefix rml: <http://w3id.org/rml/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
<#m> rml:logicalSource [ rml:source "t.csv" ; rml:referenceFormulation rml:CSV ] ;
  rml:subject <http://e/s> ; rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
    rml:objectMap [ rml:reference "name" ; rml:language "en" ; rml:datatype rdf:langString ] ] ."""
    assert run_mapping(tmp_path, rml, ROWS).objects() == ['"Ann"@en']
    alone = rml.replace('rml:language "en" ;', "")
    assert "needs a language" in refused(tmp_path, alone).message


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("{p: ex:p, o: {value: x, language: en, datatype: xsd:string}}", "not both"),
        ("[ex:p, $(name), rdf:langString]", "needs a language"),
        ("{p: ex:p, o: {value: $(name), datatype: rdf:langString}}", "needs a language"),
    ],
)
def test_a_language_that_is_wrong_or_missing(tmp_path, pair, message):
    assert message in refused(tmp_path, yarrrml(CSV, [pair])).message


# --- external references ------------------------------------------------------------------

EXTERNAL = """\
external: {file: t, kind: person, graph: g}
sources: {people: ['$(_file).csv~csv']}
mappings:
  m:
    sources: people
    graphs: ex:$(_graph)
    s: ex:$(_kind)/$(id)
    condition: "equal($(_kind), 'person')"
    po:
      - [ex:p, '$(_kind) $(name)']
      - {p: ex:p, o: {function: "concat($(_kind), $(name))"}}
"""


def test_external_references_stand_everywhere(tmp_path):
    found = run_mapping(tmp_path, EXTERNAL, ROWS)
    subject, graph = "<http://example.org/person/1>", "<http://example.org/g>"
    assert {(s, o, g) for s, _, o, g in found.quads} == {
        (subject, '"person Ann"', graph),
        (subject, '"personAnn"', graph),
    }


def test_the_call_gives_external_references(tmp_path):
    text = yarrrml("[['$(_file).csv~csv']]", ["[ex:p, $(_who)]"])
    with using(Variables({"file": "t", "who": "Zoe"})):
        assert run_mapping(tmp_path, text, ROWS).objects() == ['"Zoe"']
    with using(Variables({"who": "Zoe"})):
        declared = f"external: {{file: t, who: Ann}}\n{text}"
        assert run_mapping(tmp_path, declared, ROWS).objects() == ['"Zoe"']


@pytest.mark.parametrize("reference", [r"$(\_lang)", "$(_other)"])
def test_other_references_with_a_low_line_are_columns(tmp_path, reference):
    rows = {"t.csv": "id,_lang,_other\n1,en,en\n"}
    text = f"external: {{lang: de}}\n{yarrrml(CSV, [f'[ex:p, {reference}]'])}"
    assert run_mapping(tmp_path, text, rows).objects() == ['"en"']


# --- sources ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "{table: student}",
        "{query: SELECT * FROM student}",
        "{query: SELECT * FROM student, referenceFormulation: csv}",
        "{type: sqlite, table: student}",
        "{type: sqlite, query: SELECT id AS ID FROM student, queryFormulation: sql2008}",
    ],
)
def test_a_source_without_access_is_the_database_that_the_environment_names(
    tmp_path, monkeypatch, source
):
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute("CREATE TABLE student AS SELECT 1 AS id")
    monkeypatch.setenv("KG_DATABASE", f"sqlite:///{tmp_path}/a.db")
    assert run_mapping(tmp_path, yarrrml(f"[{source}]", ["[ex:p, x]"]), {}).objects() == ['"x"']
    named = f"sources: {{s: {source}}}\n" + yarrrml("s", ["[ex:p, x]"])
    assert run_mapping(tmp_path, named, {}).objects() == ['"x"']


def test_its_kind_is_kept(tmp_path):
    plan = read_plan(tmp_path, yarrrml("[{type: mysql, table: t}]", ["[ex:p, x]"]))
    source = plan.triples_maps[0].source
    assert source.database == Database("$KG_DATABASE", kind="mysql")
    assert (source.formulation, source.iterator) == (Formulation.SQL, "t")


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("[{query: \"SELECT * FROM 't.csv'\"}]", "unsupported-mapping", "SQL over files"),
        ("[{query: 'SELECT * FROM read_parquet(x)'}]", "unsupported-mapping", "SQL over files"),
        ("[{type: localfile, query: SELECT 1}]", "bad-mapping", "it has no access"),
        ("[{referenceFormulation: csv}]", "bad-mapping", "no access"),
        ("[{table: a, query: b}]", "bad-mapping", "a query, or a table"),
        ("[['t.feather~csv']]", "unsupported-mapping", "a Feather (Arrow) file"),
        ("[['t.dta~csv']]", "unsupported-mapping", "a file of Stata"),
        ("[{access: t.SAV, referenceFormulation: csv}]", "unsupported-mapping", "a file of SPSS"),
    ],
)
def test_other_sources_are_refused_by_name(tmp_path, source, code, message):
    error = refused(tmp_path, yarrrml(source, ["[ex:p, x]"]))
    assert error.code == code
    assert message in error.message


def test_a_missing_name_of_the_database_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.delenv("KG_DATABASE", raising=False)
    with using(Variables()):
        error = refused(tmp_path, yarrrml("[{table: t}]", ["[ex:p, x]"]))
    assert error.hint == (
        "Set it to the database's address: export KG_DATABASE=postgresql://host/name."
    )


@pytest.mark.parametrize("ending", ["parquet", "xlsx", "ods"])
def test_tables_that_are_called_csv_are_read_by_their_ending(tmp_path, ending):
    plan = read_plan(tmp_path, yarrrml(f"[['t.{ending}~csv']]", ["[ex:p, x]"]))
    assert plan.triples_maps[0].source.formulation.value in ("Parquet", "Excel")


# --- keys ---------------------------------------------------------------------------------


def test_keys_that_yarrrml_does_not_have_are_told_once_each(tmp_path):
    text = "creator: me\n" + yarrrml(
        CSV, ["{p: ex:p, o: {value: x, remark: y}, note: z}"], extra=["comment: hi"]
    )
    with hearing() as notes:
        assert run_mapping(tmp_path, text, ROWS).objects() == ['"x"']
    told = [note.text.split("'")[1] for note in notes.values()]
    assert sorted(told) == ["comment", "creator", "note", "remark"]


def test_a_key_that_stands_twice_names_both_places_and_the_way_on(tmp_path):
    text = yarrrml(CSV, ["{p: ex:p, o: x, p: ex:q}"])
    error = refused(tmp_path, text)
    assert error.code == "bad-yaml"
    assert "the key 'p' stands twice: on line 6 too" in error.message
    assert "an entry of its own for each" in (error.hint or "")
