"""Every option of a source with every format: it has its effect, or is refused by name."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from kg.errors import InputError
from tests.mapping.running import run_mapping
from tests.sources.workbooks import workbook

CSV = "title\nid,v\n1, a \n"
ROWS = [["title"], ["id", "v"], [1, " a "]]
KINDS = ("csv", "tsv", "json", "jsonl", "yaml", "xml", "excel", "parquet", "duckdb", "sqlite",
         "sparql")  # fmt: skip
# What says something else than what holds anyway, and which formats know it.
OPTIONS = {
    "delimiter": (";", {"csv", "tsv"}),
    "quote": ("'", {"csv", "tsv"}),
    "escape": ("\\", {"csv", "tsv"}),
    "comment": ("#", {"csv", "tsv"}),
    "header": ("false", {"csv", "tsv", "excel"}),
    "skipRows": ("1", {"csv", "tsv", "excel"}),
    "trim": ("true", {"csv", "tsv", "excel"}),
    "columns": (["p", "q"], {"csv", "tsv", "excel"}),
    "range": ("A2:B3", {"excel"}),
    "merged": ("fill", {"excel"}),
    "sheetColumn": ("sheet", {"excel"}),
    "encoding": ("utf-16", {"csv", "tsv", "json", "jsonl", "yaml", "xml"}),
    "compression": ("gzip", {"csv", "tsv", "json", "jsonl", "yaml", "xml", "excel", "parquet"}),
    "nulls": ([" a "], set(KINDS)),
    "iterator": ("x", set(KINDS) - {"sparql"}),
    "namespaces": ({"n": "urn:n"}, {"xml"}),
    "query": ("SELECT 1", {"sqlite", "sparql"}),
    "table": ("T", {"sqlite"}),
    "credentials": ({"username": "u"}, {"sqlite"}),
}


def mapping(kind, **options):
    source = {"access": f"a.{kind}", "referenceFormulation": kind, **options}
    if kind == "sqlite":
        source = {"access": "a.sqlite", "type": "sqlite", "query": "SELECT 1 AS id", **options}
        if options.keys() & {"table", "iterator"}:
            del source["query"]
    if kind == "sparql":
        source.setdefault("query", "SELECT ?id ?v { ?id ?p ?v }")
    subject = "ex:$(@id)" if kind == "xml" else "ex:$(id)"
    parts = {"m": {"sources": "s", "s": subject, "po": [["ex:p", "$(v)"]]}}
    return json.dumps({"sources": {"s": source}, "mappings": parts})


def refusal(folder, kind, name, value):
    """Return the message with which a mapping is refused before anything is read, if it is."""
    try:
        run_mapping(folder, mapping(kind, **{name: value}), {})
    except InputError as error:
        if error.code == "bad-mapping":
            return error.message
    return ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OPTIONS)
def test_known_or_refused(tmp_path, kind, name):
    value, known = OPTIONS[name]
    said = refusal(tmp_path, kind, name, value)
    assert said.startswith(f"{name} has no meaning for a") is (kind not in known), said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("header", "true"), ("delimiter", ","), ("trim", "false"), ("skipRows", "0"),
     ("encoding", "UTF-8"), ("compression", "none"), ("quote", '"'), ("merged", "first")],
)  # fmt: skip
def test_what_holds_anyway_is_never_refused(tmp_path, kind, name, value):
    assert refusal(tmp_path, kind, name, value) == ""


@pytest.mark.parametrize(
    ("files", "options", "reference", "expected"),
    [
        ({"a.excel": {"A": ROWS}}, {"skipRows": 1}, "v", '" a "'),
        ({"a.excel": {"A": ROWS}}, {"skipRows": 1, "trim": "true"}, "v", '"a"'),
        ({"a.excel": {"A": ROWS}}, {"skipRows": 1, "trim": "start"}, "v", '"a "'),
        ({"a.excel": {"A": ROWS}}, {"skipRows": 1, "trim": "end"}, "v", '" a"'),
        ({"a.excel": {"A": ROWS[2:]}}, {"header": "false"}, "2", '" a "'),
        ({"a.excel": {"A": ROWS[2:]}}, {"header": "false", "columns": ["p", "q"]}, "q", '" a "'),
        ({"a.excel": {"A": ROWS}}, {"skipRows": 1, "columns": ["p", "q"]}, "q", '" a "'),
        ({"a.excel": {"A": [*ROWS, [None, "-"]]}}, {"skipRows": 1, "nulls": ["-"]}, "v", '" a "'),
        ({"a.excel": {"A": [*ROWS, [2, " - "]]}}, {"skipRows": 1, "trim": "true",
          "nulls": ["-"]}, "v", '"a"'),
        ({"a.csv": CSV}, {"skipRows": 1, "trim": "true"}, "v", '"a"'),
    ],
)  # fmt: skip
def test_title_rows_and_names(tmp_path, files, options, reference, expected):
    ((name, content),) = files.items()
    made = workbook(content) if name == "a.excel" else content
    text = mapping(name.partition(".")[2], **options)
    subject = {"2": "1", "q": "p"}.get(reference, "id")
    text = text.replace("$(v)", f"$({reference})").replace("$(id)", f"$({subject})")
    assert run_mapping(tmp_path, text, {name: made}).objects() == [expected]


def test_places_of_records_below_title_rows(tmp_path):
    rows = [["title"], [], ["id", "v"], [1, "http://e/"], [2, "no iri"]]
    text = mapping("excel", skipRows=1).replace('"$(v)"', '"$(v)~iri"')
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, text, {"a.excel": workbook({"A": rows})})
    assert raised.value.location is not None
    assert (raised.value.location.line, raised.value.location.record) == (5, 2)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"skipRows": 9}, "empty-file", "no header row"),
        ({"columns": ["p"]}, "bad-workbook", "names 1 columns, the sheet has 2"),
        ({"skipRows": 1, "header": "false"}, "missing-column", "'id'"),
    ],
)
def test_workbooks_that_do_not_fit(tmp_path, options, code, said):
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping("excel", **options), {"a.excel": workbook({"A": ROWS})})
    assert raised.value.code == code
    assert said in raised.value.message


RML = """
@prefix rml: <http://w3id.org/rml/> .
@prefix csvw: <http://www.w3.org/ns/csvw#> .
<#m> rml:logicalSource [ rml:referenceFormulation rml:%s ; %s rml:source
    [ a csvw:Table ; csvw:url "%s" ; csvw:dialect [ csvw:%s ] ] ] ;
  rml:subjectMap [ rml:template "http://example.org/{id}" ] ;
  rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
    rml:objectMap [ rml:reference "v" ] ] .
"""


def test_dialects_in_rml(tmp_path):
    """A workbook under rml:CSV, as other engines have it, is read with what its dialect says."""
    files = {"a.xlsx": workbook({"A": ROWS})}
    run = run_mapping(tmp_path, RML % ("CSV", "", "a.xlsx", "skipRows 1"), files)
    assert run.objects() == ['" a "']
    for text, name in (
        (RML % ("CSV", "", "a.xlsx", 'delimiter ";"'), "delimiter"),
        (RML % ("JSONPath", "", "a.json", "skipRows 1"), "skipRows"),
        (RML % ("XPath", "", "a.xml", 'trim "true"'), "trim"),
        (RML % ("CSV", 'rml:query "SELECT 1" ;', "a.csv", "header true"), "query"),
    ):
        with pytest.raises(InputError) as raised:
            run_mapping(tmp_path, text, {})
        assert raised.value.code == "bad-mapping"
        assert raised.value.message.startswith(f"{name} has no meaning for")


def test_tables_of_databases(tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as database, database:
        database.execute("CREATE TABLE T (id, v)")
        database.execute("INSERT INTO T VALUES (1, ' a ')")
    assert run_mapping(tmp_path, mapping("sqlite", table="T"), {}).objects() == ['" a "']
