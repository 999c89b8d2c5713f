"""References to a triples map of another source without a join condition, in RML of before."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.notes import hearing
from tests.mapping.running import PREFIXES, run_plan, write_files

OLD = """
@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> . @prefix ex: <http://example.org/> .
<#child> rml:logicalSource [ rml:source "a.csv" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://example.org/{id}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ rr:parentTriplesMap <#%s> ] ] .
<#other> rml:logicalSource [ rml:source "b.csv" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://example.org/{id}" ] .
<#same> rml:logicalSource [ rml:source "a.csv" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://example.org/same-{id}" ] .
<#part> a rr:TriplesMap ;
  rr:predicateObjectMap [ rr:predicate ex:q ; rr:objectMap [ rr:parentTriplesMap <#lost> ] ] .
<#lost> a rr:TriplesMap ; rr:predicateObjectMap [ rr:predicate ex:q ; rr:object ex:o ] .
"""
NEW = (
    OLD.replace("rr:", "rml:")
    .replace("ql:", "rml:")
    .replace("http://semweb.mmlab.be/ns/rml#", "http://w3id.org/rml/")
)
FILES = {"a.csv": "id\n1\n2\n", "b.csv": "id\nx\ny\n"}


def run(folder, text):
    write_files(folder, {"m.ttl": text, **FILES})
    with hearing() as notes:
        plan = read_mappings([folder / "m.ttl"], PREFIXES)
        made = run_plan(plan)
    short = [
        (s.removeprefix("<http://example.org/")[:-1], o.removeprefix("<http://example.org/")[:-1])
        for s, _, o in made.triples
    ]
    return short, [note.text for note in notes.values()]


def test_each_record_is_joined_with_all_of_the_other_and_that_is_told(tmp_path):
    made, notes = run(tmp_path, OLD % "other")
    assert made == [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")]
    (told,) = [note for note in notes if "join condition" in note]
    assert "each record is joined with all of the other (1 in this file" in told


def test_of_the_same_source_it_is_the_same_record(tmp_path):
    made, notes = run(tmp_path, OLD % "same")
    assert made == [("1", "same-1"), ("2", "same-2")]
    assert not any("join condition" in note for note in notes)


def test_in_the_vocabulary_of_today_it_is_an_error(tmp_path):
    with pytest.raises(InputError, match="another source, without a join condition"):
        run(tmp_path, NEW % "other")


def test_in_yarrrml_it_is_as_in_what_yarrrml_parser_makes_of_it(tmp_path):
    text = """
mappings:
  m: {sources: [[a.csv~csv]], s: 'http://example.org/$(id)', po: [{p: ex:p, o: {mapping: n}}]}
  n: {sources: [[b.csv~csv]], s: 'http://example.org/$(id)'}
"""
    write_files(tmp_path, {"m.yarrrml.yml": text, **FILES})
    with hearing() as notes:
        made = run_plan(read_mappings([tmp_path / "m.yarrrml.yml"], PREFIXES))
    assert made.objects() == [f"<http://example.org/{each}>" for each in "xxyy"]
    assert any("each record is joined with all of the other" in n.text for n in notes.values())


def test_maps_that_only_maps_without_source_refer_to_make_nothing_either(tmp_path):
    _, notes = run(tmp_path, OLD % "same")
    assert sum("has no logical source, so it makes nothing" in note for note in notes) == 2
    with pytest.raises(InputError, match="lost has no logical source"):
        run(tmp_path, OLD % "lost")


def test_a_collection_of_a_source_without_records_is_empty(tmp_path):
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    text = f"""
@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://example.org/> .
<#c> rml:logicalSource [ rml:source "a.csv" ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://example.org/{{id}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [
    rml:gather ( [ rml:parentTriplesMap <#o> ;
      rml:joinCondition [ rml:child "id" ; rml:parent "id" ] ] ) ;
    rml:gatherAs <{rdf}List> ; rml:allowEmptyListAndContainer true ] ] .
<#o> rml:logicalSource [ rml:source "b.csv" ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://example.org/o{{id}}" ] .
"""
    write_files(tmp_path, {"m.ttl": text, "a.csv": "id\n1\n2\n", "b.csv": "id\n"})
    made = run_plan(read_mappings([tmp_path / "m.ttl"], PREFIXES))
    assert made.objects() == [f"<{rdf}nil>"] * 2


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_name_keeps_its_members_where_another_map_that_adds_to_it_has_no_records(tmp_path, order):
    text = """
@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://example.org/> .
""" + "".join(
        f"""
<#{name}> rml:logicalSource [ rml:source "{name}.csv" ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:constant ex:s ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ rml:constant ex:all ;
    rml:gather ( [ rml:reference "id" ] ) ; rml:gatherAs rdf:Seq ] ] .
""".replace("rdf:Seq", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#Seq>")
        for name in order
    )
    write_files(tmp_path, {"m.ttl": text, "a.csv": "id\n1\n2\n", "b.csv": "id\n"})
    made = run_plan(read_mappings([tmp_path / "m.ttl"], PREFIXES))
    assert {o for s, _, o, _ in made.quads if s == "<http://example.org/all>"} == {
        '"1"',
        '"2"',
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#Seq>",
    }
