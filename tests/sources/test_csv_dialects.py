"""CSV as it is written in the wild: dialects, comments, line ends; several files as one source."""

from __future__ import annotations

import json

import pytest

from kg.errors import InputError
from tests.mapping.running import run_mapping, yarrrml
from tests.sources.test_archives import zipped


def run(tmp_path, content, files=None, po="$(v)", **source):
    mapping = {
        "sources": {"s": {"access": "a.csv", "referenceFormulation": "csv", **source}},
        "mappings": {"m": {"sources": ["s"], "s": "ex:$(id)", "po": [["ex:p", po]]}},
    }
    made = run_mapping(tmp_path, json.dumps(mapping), files or {"a.csv": content})
    return [(s.removeprefix("<http://example.org/")[:-1], o[1:-1]) for s, _, o, _ in made.quads]


@pytest.mark.parametrize(
    ("content", "source", "expected"),
    [
        ("id;v\n1;a,b\n", {"delimiter": ";"}, [("1", "a,b")]),
        ("id\tv\n1\ta\n", {"delimiter": "\\t"}, [("1", "a")]),
        ("id,v\n1,'a,b'\n", {"quote": "'"}, [("1", "a,b")]),
        ('id,v\n1,"a\n', {"quote": ""}, [("1", '\\"a')]),
        ('id,v\n1,"a\\"b"\n', {"escape": "\\"}, [("1", 'a\\"b')]),
        ("1,a\n", {"header": "false", "columns": ["id", "v"]}, [("1", "a")]),
        ("x,y\n1,a\n", {"columns": ["id", "v"]}, [("1", "a")]),
        ("report of\ntoday\nid,v\n1,a\n", {"skipRows": "2"}, [("1", "a")]),
        ("# one\nid,v\n# two\n1,a # three\n#4,b\n", {"comment": "#"}, [("1", "a # three")]),
        ("// one\nid,v\n1,a\n//2,b\n", {"comment": "//"}, [("1", "a")]),
        ('id,v\n1,"x\n# no comment"\n', {"comment": "#"}, [("1", "x\\n# no comment")]),
        ("id , v\n 1 ,\ta \n2,  \n", {"trim": "true"}, [("1", "a")]),
        ("id,v\n1, a \n", {"trim": "start"}, [("1", "a ")]),
        ("id,v\n1, a \n", {"trim": "end"}, [("1", " a")]),
        ("id,v\n1,-\n2,n/a\n3,\n", {"nulls": ["-", "n/a"]}, [("3", "")]),
        ("id,v\n1, - \n2,x\n", {"nulls": ["-"], "trim": "true"}, [("2", "x")]),
        ("\n\nid,v\n\n1,a\n\n", {}, [("1", "a")]),
        ("id,v\r\n1,a\r\n", {}, [("1", "a")]),
        ("id,v\r1,a\r2,b\r", {}, [("1", "a"), ("2", "b")]),
        ("id,v\n1,a\r\n2,b\n", {}, [("1", "a"), ("2", "b")]),
        ('id,v\r\n1,"a\nb"\n2,c\r\n', {}, [("1", "a\\nb"), ("2", "c")]),
    ],
)
def test_dialects(tmp_path, content, source, expected):
    assert run(tmp_path, content, **source) == expected


def test_columns_without_a_header_have_numbers(tmp_path):
    mapping = """
        @prefix rml: <http://w3id.org/rml/> . @prefix csvw: <http://www.w3.org/ns/csvw#> .
        <#m> rml:logicalSource [ rml:source [ a csvw:Table ; csvw:url "a.csv" ;
            csvw:dialect [ csvw:header false ; csvw:delimiter "|" ] ] ;
            rml:referenceFormulation rml:CSV ] ;
          rml:subjectMap [ rml:template "http://example.org/{1}" ] ;
          rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
            rml:objectMap [ rml:reference "2" ] ] .
    """
    assert run_mapping(tmp_path, mapping, {"a.csv": "1|a\n2|\n"}).objects() == ['"a"']


def test_schema_of_csv_on_the_web(tmp_path):
    mapping = """
        @prefix rml: <http://w3id.org/rml/> . @prefix csvw: <http://www.w3.org/ns/csvw#> .
        <#m> rml:logicalSource [ rml:source [ a csvw:Table ; csvw:url "a.csv" ; csvw:null "-" ;
            csvw:dialect [ csvw:header false ; csvw:commentPrefix "#" ; csvw:encoding "utf-16" ] ;
            csvw:tableSchema [ csvw:column ( [ csvw:name "id" ] [ csvw:titles "v w" ] ) ] ] ;
            rml:referenceFormulation rml:CSV ] ;
          rml:subjectMap [ rml:template "http://example.org/{id}" ] ;
          rml:predicateObjectMap [ rml:predicate <http://example.org/p> ;
            rml:objectMap [ rml:reference "v w" ] ] .
    """
    files = {"a.csv": "# é\n1,é\n2,-\n3,\n".encode("utf-16")}
    assert run_mapping(tmp_path, mapping, files).objects() == ['""', '"é"']


def test_tsv_by_its_name(tmp_path):
    mapping = yarrrml("[['a.tsv~tsv']]", ["[ex:p, $(v)]"])
    assert run_mapping(tmp_path, mapping, {"a.tsv": "id\tv\n1\ta,b\n"}).objects() == ['"a,b"']


@pytest.mark.parametrize(
    ("source", "said", "line"),
    [
        ({"delimiter": ";;"}, "delimiter", 1),
        ({"quote": "''"}, "quote", 1),
        ({"skipRows": "x"}, "skipRows", 1),
        ({"header": "maybe"}, "header", 1),
        ({"trim": "both"}, "trim", 1),
        ({"compression": "rar"}, "rar", 1),
    ],
)
def test_dialects_that_cannot_be(tmp_path, source, said, line):
    with pytest.raises(InputError) as raised:
        run(tmp_path, "id,v\n1,a\n", **source)
    assert raised.value.code == "bad-mapping"
    assert said in raised.value.message
    assert raised.value.location is not None
    assert raised.value.location.line == line


@pytest.mark.parametrize(
    ("content", "code", "line", "said"),
    [
        ("id,v\n1,a\n2\n", "bad-csv", 3, "1 fields, the header has 2"),
        ("id,v\n1,a,b\n", "bad-csv", 2, "3 fields, the header has 2"),
        ('id,v\n1,"a\n', "bad-csv", 2, "quote"),
        ('id,v\n1,"a"b\n', "bad-csv", 2, "quote"),
        ("id,v,v\n", "duplicate-column", 1, "'v' twice"),
        ("\n\n", "empty-file", 1, "no header"),
        (b"id,v\n1,\xff\n", "bad-encoding", 2, "UTF-8"),
    ],
)
def test_broken_files(tmp_path, content, code, line, said):
    with pytest.raises(InputError) as raised:
        run(tmp_path, content)
    error = raised.value
    assert error.code == code
    assert said in error.message
    assert error.location is not None
    assert error.location.file.endswith("a.csv")
    assert error.location.line == line
    assert error.hint


@pytest.mark.parametrize(
    ("content", "source", "line"),
    [
        ('id,v\n1,"http://a/\nb"\n2,no iri\n', {}, 2),
        ("\n# c\nid,v\n1,http://a/\n# c\n\n2,no iri\n", {"comment": "#"}, 7),
        ("x\nid,v\n1,http://a/\n2,no iri\n", {"skipRows": "1"}, 4),
        ("1,http://a/\n2,no iri\n", {"header": "false", "columns": ["id", "v"]}, 2),
        ("id,v\n1,http://a/\r\n2,no iri\n", {}, 3),
    ],
)
def test_bad_values_name_the_line(tmp_path, content, source, line):
    with pytest.raises(InputError) as raised:
        run(tmp_path, content, po="$(v)~iri", **source)
    assert raised.value.location is not None
    assert raised.value.location.line == line


def test_empty_lines_of_one_column_are_records(tmp_path):
    mapping = yarrrml("[['a.csv~csv']]", ["[ex:p, $(v)~iri]"], "ex:s")
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {"a.csv": "v\n\nhttp://a/\n\nno iri\n"})
    place = raised.value.location
    assert place is not None
    assert (place.line, place.record) == (5, 4)


# --- several files --------------------------------------------------------------------------

PARTS = {
    "p/2.csv": "v,id\nb,2\n",
    "p/1.csv": "id,v\n1,a\n",
    "p/q/3.csv": "id,v,w\n3,c,x\n",
    "other.csv": "id,v\n4,d\n",
}


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        ("p/*.csv", "ab"),
        ("p/**/*.csv", "abc"),
        ("p/[1-2].csv", "ab"),
        ("p/?.csv", "ab"),
        (["other.csv", "p/2.csv"], "bd"),
        (["other.csv", "p/*.csv", "p/1.csv"], "abd"),
    ],
)
def test_several_files(tmp_path, access, expected):
    found = run(tmp_path, "", PARTS, access=access)
    assert "".join(o for _, o in found) == expected


def test_absolute_pattern(tmp_path):
    found = run(tmp_path, "", PARTS, access=f"{tmp_path}/p/*.csv")
    assert [o for _, o in found] == ["a", "b"]


def test_a_name_may_look_like_a_pattern(tmp_path):
    assert run(tmp_path, "", {"a[1].csv": "id,v\n1,a\n"}, access="a[1].csv") == [("1", "a")]


def test_records_are_told_by_file(tmp_path):
    files = {"1.csv": "id,v\n1,http://a/\n", "2.csv": "id,v\n2,http://b/\n3,no iri\n"}
    with pytest.raises(InputError) as raised:
        run(tmp_path, "", files, po="$(v)~iri", access="?.csv")
    place = raised.value.location
    assert place is not None
    assert place.file.endswith("2.csv")
    assert (place.line, place.record) == (3, 2)


def test_file_among_several_that_is_broken(tmp_path):
    files = {"1.csv": "id,v\n1,a\n", "2.csv": "id,v\n2\n"}
    with pytest.raises(InputError) as raised:
        run(tmp_path, "", files, access=["1.csv", "2.csv"])
    assert raised.value.location is not None
    assert raised.value.location.file.endswith("2.csv")


def test_members_of_one_archive(tmp_path):
    files = {"f.zip": zipped({"a.csv": b"id,v\n1,a\n", "b.csv": b"id,v\n2,b\n"})}
    found = run(tmp_path, "", files, access=["f.zip#a.csv", "f.zip#b.csv"])
    assert found == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    ("kind", "iterator", "files"),
    [
        ("json", "$[*]", {"a1.json": '[{"id": 1, "v": "a"}]', "a2.json": '[{"id": 2, "v": "b"}]'}),
        ("yaml", "$[*]", {"a1.yaml": "[{id: 1, v: a}]", "a2.yaml": "[{id: 2, v: b}]"}),
        ("jsonl", "$", {"a1.jsonl": '{"id": 1, "v": "a"}', "a2.jsonl": '{"id": 2, "v": "b"}'}),
    ],
)
def test_patterns_for_other_formats(tmp_path, kind, iterator, files):
    found = run(tmp_path, "", files, access="a*", referenceFormulation=kind, iterator=iterator)
    assert found == [("1", "a"), ("2", "b")]


def test_no_match(tmp_path):
    with pytest.raises(InputError) as raised:
        run(tmp_path, "", PARTS, access="z*.csv")
    assert raised.value.code == "missing-file"


def test_query_over_an_rdf_file(tmp_path):
    mapping = {
        "sources": {
            "s": {
                "access": "a.ttl",
                "referenceFormulation": "sparql",
                "query": "SELECT ?id ?v WHERE { ?s <urn:id> ?id OPTIONAL { ?s <urn:v> ?v } }",
            }
        },
        "mappings": {"m": {"sources": ["s"], "s": "ex:$(id)", "po": [["ex:p", "$(v)"]]}},
    }
    data = '<urn:a> <urn:id> 1 ; <urn:v> "x"@en, <urn:y>, "02"^^<urn:t> . <urn:b> <urn:id> 2 .'
    made = run_mapping(tmp_path, json.dumps(mapping), {"a.ttl": data})
    assert made.objects() == ['"02"', '"urn:y"', '"x"']
    assert made.made.loaded[0].records == 4


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ("SELECT ?id { ?s ?p ?id }", "missing-column", "'v'"),
        ("SELECT * { SERVICE <http://x/> { ?id ?p ?v } }", "service-refused", "SERVICE"),
        ("SELECT * { ?id ?p trueSERVICE <http://x/> { ?id ?p ?v } }", "bad-query", "trueSERVICE"),
        (r"SELECT * { \u0053ERVICE <http://x/> { ?id ?p ?v } }", "service-refused", "SERVICE"),
        ("SELECT * { ?id ?p 1SERVICE <http://x/> { ?id ?p ?v } }", "service-refused", "SERVICE"),
        ("LOAD <http://x/>", "update-refused", "LOAD"),
        ("SELECT * { ?id x:p ?v }", "bad-query", "x: is not known"),
        ("ASK {}", "bad-query", "no SELECT"),
        ("SELECT ?id", "bad-query", "expected"),
    ],
)
def test_queries_that_are_refused(tmp_path, query, code, said):
    mapping = {
        "sources": {"s": {"access": "a.ttl", "referenceFormulation": "sparql", "query": query}},
        "mappings": {"m": {"sources": ["s"], "s": "ex:$(id)", "po": [["ex:p", "$(v)"]]}},
    }
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, json.dumps(mapping), {"a.ttl": "<urn:a> <urn:id> 1 ."})
    assert raised.value.code == code
    assert said in raised.value.message
