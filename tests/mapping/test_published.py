"""What published mappings have beside the specifications: read, and told once."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.notes import hearing
from tests.mapping.running import run_mapping, write_files

HEAD = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> . @prefix ex: <http://example.org/> .
"""
QL = "@prefix ql: <http://semweb.mmlab.be/ns/ql#> .\n"
MAP = """<#m> rml:logicalSource [ rml:source "%s" ; rml:referenceFormulation %s ] ;
  rr:subjectMap [ rr:template "http://example.org/{id}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ %s ] ] ."""
REFERENCE = 'rml:reference "v"'
S, P = "<http://example.org/1>", "<http://example.org/p>"
EXECUTES = "http://w3id.org/function/ontology#executes"
GREL = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"


def made(folder, text, files=None):
    """Return the quads of a mapping, and what was told."""
    with hearing() as heard:
        run = run_mapping(folder, text, files or {"t.csv": "id,v\n1,a\n"})
    return run.quads, [str(note) for note in heard.values()]


class TestPrefixes:
    def test_common_ones_are_known(self, tmp_path):
        """RDF4J, and so RMLMapper and CARML, know those of RDFa; mappings forget ql: and fno:."""
        text = HEAD + MAP % ("t.csv", "ql:CSV", f"{REFERENCE} ; rr:datatype xsd:token")
        quads, told = made(tmp_path, text)
        token = "<http://www.w3.org/2001/XMLSchema#token>"
        assert quads == [(S, P, f'"a"^^{token}', None)]
        assert len(told) == 2
        assert told[0].endswith(
            ".ttl:3:72: the prefix ql: is not declared, and is taken as"
            " <http://semweb.mmlab.be/ns/ql#>"
        )
        assert "the prefix xsd: is not declared" in told[1]

    def test_one_that_is_declared_keeps_its_meaning(self, tmp_path):
        text = (
            f"@prefix foaf: <http://f/> .\n{HEAD}{MAP % ('t.csv', 'ql:CSV', 'rr:constant foaf:x')}"
        )
        assert made(tmp_path, text)[0] == [(S, P, "<http://f/x>", None)]

    @pytest.mark.parametrize(
        ("text", "place", "message"),
        [
            ("<#m> mine:p <#o> .", (1, 6), "The prefix mine: has not been declared"),
            ("<#m> rdfs:label mine:o .", (1, 17), "The prefix mine: has not been declared"),
            ("<#m> rdfs:label\nmine:o .", (2, 1), "The prefix mine: has not been declared"),
            ("<#m> rdfs:label .", (1, 17), ""),
        ],
    )
    def test_places_of_other_errors_stay(self, tmp_path, text, place, message):
        with pytest.raises(InputError, match=f"not valid Turtle: {message}") as caught:
            made(tmp_path, f"{text} # rml:")
        assert (caught.value.location.line, caught.value.location.column_number) == place


@pytest.mark.parametrize("function", ["rr:constant", "rr:template"])
def test_functions_by_the_first_address_of_fno(tmp_path, function):
    """As yarrrml-parser wrote them until 2019; a template without references is a constant."""
    call = f"""<http://semweb.mmlab.be/ns/fnml#functionValue> [
      rr:predicateObjectMap [ rr:predicate <{EXECUTES}> ;
        rr:objectMap [ {function} "{GREL}toUpperCase" ] ] ;
      rr:predicateObjectMap [ rr:predicate <{GREL}valueParameter> ;
        rr:objectMap [ {REFERENCE} ] ] ]"""
    assert made(tmp_path, HEAD + QL + MAP % ("t.csv", "ql:CSV", call)) == (
        [(S, P, '"A"', None)],
        [],
    )


def test_capitals_of_reference_formulations(tmp_path):
    quads, told = made(tmp_path, HEAD + QL + MAP % ("t.csv", "ql:csv", REFERENCE))
    assert quads == [(S, P, '"a"', None)]
    assert [text.partition(": ")[2] for text in told] == [
        "1 × the reference formulation csv is taken as CSV"
    ]
    with pytest.raises(InputError, match="is no reference formulation") as caught:
        made(tmp_path, HEAD + QL + MAP % ("t.csv", "ql:word", REFERENCE))
    assert caught.value.code == "unsupported-mapping"


@pytest.mark.parametrize("value", ['rr:template "http://example.org/{v}"', "rr:constant ex:a"])
def test_a_datatype_of_an_iri_is_told(tmp_path, value):
    inside = f"{value} ; rr:termType rr:IRI ; rr:datatype ex:anyURI"
    quads, told = made(tmp_path, HEAD + QL + MAP % ("t.csv", "ql:CSV", inside))
    assert quads == [(S, P, "<http://example.org/a>", None)]
    assert [text.partition(": ")[2] for text in told] == [
        "1 × only a literal has a datatype: the IRI has none"
    ]


class TestPathsOfOtherComputers:
    @pytest.mark.parametrize(
        "written",
        ["/home/nobody-here/data/t.csv", "C:/Users/x/t.csv", r"C:\\\\Users\\\\x\\\\t.csv"],
    )
    def test_the_file_is_found_by_its_name(self, tmp_path, written):
        quads, told = made(tmp_path, HEAD + QL + MAP % (written, "ql:CSV", REFERENCE))
        assert quads == [(S, P, '"a"', None)]
        assert len(told) == 1
        assert "t.csv is not there: the file " in told[0]
        assert told[0].endswith("is read in its stead")

    def test_the_path_counts_where_the_file_is(self, tmp_path):
        write_files(tmp_path, {"there/t.csv": "id,v\n1,b\n"})
        written = str(tmp_path / "there/t.csv")
        quads, told = made(tmp_path, HEAD + QL + MAP % (written, "ql:CSV", REFERENCE))
        assert quads == [(S, P, '"b"', None)]
        assert told == []

    @pytest.mark.parametrize("written", ["/home/nobody-here/other.csv", "data/t.csv"])
    def test_others_are_missing(self, tmp_path, written):
        with pytest.raises(InputError, match="there is no file") as caught:
            made(tmp_path, HEAD + QL + MAP % (written, "ql:CSV", REFERENCE))
        assert caught.value.code == "missing-file"


def test_names_before_a_table(tmp_path, monkeypatch):
    """Virtuoso writes the parts of a table's name apart, as drafts of R2RML did."""
    import sqlite3

    with sqlite3.connect(tmp_path / "d.sqlite") as database:
        database.execute("CREATE TABLE t (id, v)")
        database.execute("INSERT INTO t VALUES (1, 'a')")
    monkeypatch.setenv("KG_DATABASE", f"sqlite:///{tmp_path / 'd.sqlite'}")
    text = f"""{HEAD}<#m> rr:logicalTable [ rr:tableOwner "main" ; rr:tableName "t" ] ;
      rr:subjectMap [ rr:template "http://example.org/{{id}}" ] ;
      rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ rr:column "v" ] ] . # rml:"""
    assert made(tmp_path, text)[0] == [(S, P, '"a"', None)]
