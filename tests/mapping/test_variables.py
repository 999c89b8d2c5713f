"""Values for ``${NAME}``: who may give them, what is told without one, and that none is shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import pytest

from kg.logins import hide, without_values
from kg.variables import Variables
from tests.cli.runner import Runner

MAPPING = """\
prefixes: {ex: 'http://e/'}
variables: {unused: '${NOBODY}', file: &file '${FILE}'}
mappings:
  m:
    sources: [{access: *file, referenceFormulation: csv}]
    graphs: ${GRAPH}
    s: ex:$(id)
    po: [[ex:p, 'a \\${GRAPH} $(_given)']]
external: {given: one}
"""
ROWS = "id\n1\n"
GRAPH = "http://secret.example/graph"
GIVEN = ("--set", "FILE=rows.csv", "--set", f"GRAPH={GRAPH}")
MADE = f'<http://e/1> <http://e/p> "a ${{GRAPH}} one" <{GRAPH}> .\n'


@pytest.fixture(scope="module")
def kg():
    return Runner()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "m.yml").write_text(MAPPING)
    (tmp_path / "rows.csv").write_text(ROWS)
    return tmp_path


def run(kg, folder, *words, **environment):
    return kg("map", "m.yml", *words, cwd=folder, environment=environment)


def test_values_are_filled_in(kg, folder):
    found = run(kg, folder, *GIVEN, "-o", "-", "--format", "nq")
    assert found.out == MADE, found.err
    assert "'variables' means nothing to kg here" in found.err


def test_the_environment_is_read_where_the_call_allows_it(kg, folder):
    words = ("--set", "FILE=rows.csv", "--env", "GRAPH", "-o", "-", "--format", "nq")
    assert run(kg, folder, *words, GRAPH=GRAPH).out == MADE


@pytest.mark.parametrize(
    ("words", "environment", "message", "hint"),
    [
        ((), {}, "${GRAPH} has no value", "Add --set GRAPH=VALUE, or export GRAPH=…"),
        ((), {"GRAPH": GRAPH}, "which the mapping may not read by itself", "Add --env GRAPH "),
        (("--env", "GRAPH"), {}, "which --env allows", "export GRAPH=…"),
        (("--set", "graph=x"), {}, "${GRAPH} has no value", "Add --set GRAPH=VALUE"),
    ],
)
def test_what_has_no_value_names_the_option_to_add(kg, folder, words, environment, message, hint):
    given = ("--set", "FILE=rows.csv", "-o", "-", "--format", "nq")
    found = run(kg, folder, *given, *words, **environment)
    assert found.code == 2
    assert found.out == ""
    assert "\nkg: m.yml:6: " in found.err
    assert message in found.err
    assert hint in found.err
    assert "[missing-variable]" in found.err


def test_all_names_without_a_value_are_told(kg, folder):
    found = run(kg, folder, "-o", "-", "--format", "nq")
    assert found.err.count("[missing-variable]") == 2  # not that of what nothing uses


SECRET = "s3cret-folder/rows' 1.csv"


@pytest.mark.parametrize(
    "words",
    [
        ("-o", "out.nq"),  # there is no such file
        ("-o", "out.nq", "--verbose"),
        ("--explain",),
        ("--check",),
        ("--check", "--format", "json"),
        ("--check", "--format", "sarif"),
    ],
)
@pytest.mark.parametrize("graph", [GRAPH, "s3cret value that is no IRI", "s3cret:'$(x"])
def test_no_output_for_people_shows_a_value(kg, folder, words, graph):
    values = ("--set", f"FILE={SECRET}", "--set", f"GRAPH={graph}")
    found = kg("--verbose" if "--verbose" in words else "-q", "map", "m.yml", *values,
               *(word for word in words if word != "--verbose"), cwd=folder)  # fmt: skip
    assert "s3cret" not in found.out + found.err
    assert "secret.example" not in found.out + found.err
    assert found.out + found.err or "-q" in words


@pytest.mark.parametrize("words", [("--set", "s3cret"), ("--set", "a b=s3cret"), ("--env", "a=s3")])
def test_a_wrong_option_is_told_without_its_value(kg, folder, words):
    found = run(kg, folder, *words, "-o", "-", "--format", "nq")
    assert found.code == 2
    assert "s3" not in found.err.removeprefix("kg: --env")
    assert "NAME" in found.err


def test_rejects_and_losses_show_no_value(kg, folder):
    (folder / "s3cret.csv").write_text("id\n1\n2,3\n")
    values = ("--set", "FILE=s3cret.csv", "--set", f"GRAPH={GRAPH}")
    words = ("-o", "out.nq", "--on-bad", "skip", "--rejects", "bad.csv")
    found = run(kg, folder, *values, *words)
    assert found.code == 1, found.err
    assert "s3cret" not in found.out + found.err + (folder / "bad.csv").read_text()
    assert "${FILE}" in (folder / "bad.csv").read_text()


def test_rml_has_values_too_and_other_dollars_stay(kg, folder):
    (folder / "m.yml").rename(folder / "old.yml")
    (folder / "m.ttl").write_text(
        "@prefix rml: <http://w3id.org/rml/> .\n"
        '<#m> rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:path "${FILE}" ] ;'
        " rml:referenceFormulation rml:CSV ] ;\n"
        ' rml:subjectMap [ rml:template "http://e/{id}" ; rml:graph <${GRAPH}> ] ;\n'
        " rml:predicateObjectMap [ rml:predicate <http://e/p> ;"
        ' rml:objectMap [ rml:template "${id}" ; rml:termType rml:Literal ] ] .\n'
    )
    found = kg("map", "m.ttl", *GIVEN, "-o", "-", "--format", "nq", cwd=folder)
    assert found.out == f'<http://e/1> <http://e/p> "$1" <{GRAPH}> .\n', found.err


def test_sources_are_found_below_the_folders_that_are_named(kg, folder):
    (folder / "inner").mkdir()
    (folder / "data").mkdir()
    (folder / "m.yml").rename(folder / "inner/m.yml")
    (folder / "rows.csv").rename(folder / "data/rows.csv")
    words = (*GIVEN, "-o", "-", "--format", "nq")
    lacking = kg("map", "m.yml", *words, cwd=folder / "inner")
    assert "there is no file ${FILE}" in lacking.err
    found = kg("map", "m.yml", *words, "--sources", "../data", cwd=folder / "inner")
    assert found.out == MADE, found.err
    none = kg("map", "m.yml", *words, "--sources", "../nowhere", cwd=folder / "inner")
    assert "there is no folder ../nowhere for --sources" in none.err


CHECKED = """\
prefixes: {ex: 'http://e/'}
mappings:
  m:
    sources: [{access: '${FILE}', referenceFormulation: csv}]
    s: ex:$(id)
    po:
      - [ex:p, $(a)]
      - {p: ex:q, o: {function: 'toUpperCase($(b))'}}
"""


def test_a_check_says_what_would_be_done(kg, folder):
    (folder / "m.yml").write_text(CHECKED)
    found = run(kg, folder, "--check")
    assert found.code == 0
    assert found.out.splitlines() == [
        "m.yml:4: ${FILE} has no value [variable]",
        "  Give it with --set FILE=VALUE, or allow the environment's with --env FILE.",
        "m.yml:4: reads ${FILE} as CSV; columns: id, a, b [source]",
        "m.yml:8: calls toUpperCase, once [function]",
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("toUpperCase($(b))", "soundex($(b))", 1, "soundex is no function that kg knows"),
        ("csv}", "hdf5}", 1, "'hdf5' is no format that kg reads"),
        ("{function: 'toUpperCase($(b))'}", "{quoted: m}", 1, "quoted triples"),
        ("    s:", "    subjets:", 2, "'subjets' is no key of the mapping m"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_check_ends_with_1_if_something_is_unsupported(kg, folder, old, new, code, message, form):
    (folder / "m.yml").write_text(CHECKED.replace(old, new))
    found = run(kg, folder, "--check", "--format", form)
    assert found.code == code
    assert message in (found.err if (code, form) == (2, "text") else found.out)


def test_a_check_has_no_format_of_rdf(kg, folder):
    found = run(kg, folder, "--check", "--format", "nq")
    assert found.code == 2
    assert "Formats: text, json, sarif." in found.err


@pytest.mark.parametrize(
    ("kind", "package"), [("mssql", "pymssql"), ("oracle", "oracledb"), ("db2", "ibm_db_sa")]
)
def test_a_driver_that_is_not_there_is_named(kg, folder, kind, package):
    pytest.importorskip("sqlalchemy")
    (folder / "m.yml").write_text(
        f"mappings: {{m: {{sources: [{{type: {kind}, access: '${{HOST}}', query: SELECT 1 AS x,"
        " referenceFormulation: csv}], s: 'http://e/$(x)', po: [[a, 'http://e/C']]}}\n"
    )
    words = ("--set", "HOST=db.s3cret.example/x", "--allow-outside", "-o", "-", "--format", "nt")
    found = run(kg, folder, *words)
    assert found.code == 2
    assert f"Install it with: pip install {package}" in found.err
    assert "s3cret" not in found.err


# What a value may be so that it is also a word or a mark of JSON, a word of the messages, or the
# name of a variable.
@pytest.mark.parametrize("value", ['"', "error", "info", "{", ":", "message", "FILE", "level"])
@pytest.mark.parametrize("form", ["json", "sarif"])
def test_a_value_that_is_a_word_of_the_format_leaves_it_whole(kg, folder, value, form):
    (folder / "m.yml").write_text(CHECKED.replace("$(a)", "'${OTHER}'"))
    given = ("--set", f"OTHER={value}", "--set", "FILE=rows.csv")
    found = run(kg, folder, "--check", "--format", form, *given)
    told = json.loads(found.out)
    if form == "json":
        assert {each["level"] for each in told} == {"info"}
        texts = [each["message"] for each in told]
    else:
        results = told["runs"][0]["results"]
        assert {each["level"] for each in results} == {"note"}
        texts = [each["message"]["text"] for each in results]
    assert texts[0].startswith("reads ${FILE} as CSV")


def test_the_users_database_is_no_value_for_texts(kg, folder):
    (folder / "m.yml").write_text(CHECKED.replace("$(a)", "'${KG_DATABASE}'"))
    words = ("--set", "FILE=rows.csv", "-o", "-", "--format", "nt")
    found = run(kg, folder, *words, KG_DATABASE="postgresql://me:pw@h")
    assert found.code == 2
    assert "[missing-variable]" in found.err
    assert "Add --env KG_DATABASE to allow it." in found.err
    assert "pw" not in found.err


@pytest.mark.parametrize("address", ["$KG_DATABASE", "${KG_DATABASE}"])
def test_the_users_database_is_read_as_an_address(kg, folder, address):
    pytest.importorskip("sqlalchemy")
    with closing(sqlite3.connect(folder / "a.db")) as made:
        made.execute("CREATE TABLE t AS SELECT 1 AS id")
        made.commit()
    (folder / "m.yml").write_text(
        f"mappings: {{m: {{sources: [{{type: postgresql, access: '{address}',"
        " query: SELECT id FROM t, referenceFormulation: csv}], s: 'http://e/$(id)', po: [[a, 'http://e/C']]}}\n"
    )
    found = run(kg, folder, "-o", "-", "--format", "nt", KG_DATABASE=f"sqlite:///{folder}/a.db")
    assert found.code == 0, found.err
    assert found.out.startswith("<http://e/1> ")


def test_values_are_in_no_representation():
    shown = repr(Variables({"NAME": "s3cret"}, frozenset({"OTHER"})))
    assert shown == "Variables(allowed=frozenset({'OTHER'}), looks_only=False, missing={})"


@contextmanager
def hidden(values: Mapping[str, str]) -> Iterator[None]:
    """Hide values as long as the context lasts."""
    hide(values)
    try:
        yield
    finally:
        hide({})


HIDDEN = [
    # the value, a text, and how it is shown
    (
        "/data/user",
        "the user names /data/user; users/user.csv",
        "the ${X} names ${X}; users/${X}.c",
    ),
    ("mysql://h/note", "a note on mysql://h/note", "a note on ${X}"),
    ("a'b\"c.csv", "FROM 'a''b\\\"c.csv'", "FROM '${X}'"),
    ("a'b\"c.csv", "FROM 'a''b\"c.csv'", "FROM '${X}'"),
    ("é'\"é", "'\\u00e9''\\\"\\u00e9'", "'${X}'"),
    ("X", "${X} is X", "${X} is ${X}"),
]


@pytest.mark.parametrize(("value", "text", "shown"), HIDDEN)
def test_what_is_hidden_is_the_value_and_not_words_like_it(value, text, shown):
    with hidden({"X": value}):
        assert without_values(text).startswith(shown)
        assert without_values(without_values(text)).startswith(shown)


@pytest.mark.parametrize("value", ["S3CRET", "s3cret", "S3cret-x"])
def test_what_kg_does_not_do_is_told_without_a_value(kg, folder, value):
    text = MAPPING.replace("csv}", "'${KIND}'}")
    (folder / "m.yml").write_text(text)
    given = (*GIVEN, "--set", f"KIND={value}")
    found = run(kg, folder, *given, "-o", "-", "--format", "nq")
    assert found.code == 2
    assert "s3cret" not in (found.err + found.out).lower()
    assert "'${KIND}'" in found.err
