"""Collections and containers: what gather maps make, and which are refused.

Spec: https://kg-construct.github.io/rml-cc/spec/docs/
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from kg.cli.main import main
from kg.errors import InputError
from kg.lineage import Wanted, trace_workspace
from kg.mapping.documents import read_mappings
from kg.mapping.plan import Plan, TermMap
from kg.workspace import find_workspace
from tests.mapping.conformance import canonical
from tests.mapping.reading import read_rml
from tests.mapping.running import EX, run_plan

HEAD = f"""@prefix rml: <http://w3id.org/rml/> . @prefix ex: <{EX}> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @base <http://m/> .
"""
JSON = """rml:logicalSource [ rml:source [ a rml:RelativePathSource ;
    rml:root rml:MappingDirectory ; rml:path "t.json" ] ;
    rml:referenceFormulation rml:JSONPath ; rml:iterator "$[*]" ]"""
V, W = '[ rml:reference "$.v.*" ]', '[ rml:reference "$.w.*" ]'
BY_ID = f'rml:template "{EX}l/{{$.id}}" ;'
RECORDS = [
    {"id": "a", "g": "1", "v": ["1", "2"], "w": ["x"]},
    {"id": "b", "g": "2", "v": ["3", "3"], "w": []},
    {"id": "a", "g": "1", "v": ["4"], "w": ["y", "z"]},
    {"id": "c", "g": "2", "v": [], "w": []},
]


def gathered(inside: str, members: str = V, kind: str = "List") -> str:
    return f"[ {inside} rml:gather ( {members} ) ; rml:gatherAs rdf:{kind} ]"


def of_object(object_map: str, more: str = "") -> str:
    pair = f"[ rml:predicate ex:p ; {more} rml:objectMap {object_map} ]"
    subject = f'rml:subjectMap [ rml:template "{EX}{{$.id}}" ]'
    return f"{HEAD}<#M> {JSON} ; {subject} ; rml:predicateObjectMap {pair} ."


def of_subject(subject_map: str, pairs: str = "") -> str:
    return f"{HEAD}<#M> {JSON} ; rml:subjectMap {subject_map} {pairs} ."


def check(folder: Path, mapping: str, expected: str, records: Any = RECORDS) -> None:
    """Assert that a mapping of records makes what is expected, written in TriG."""
    (folder / "t.json").write_text(json.dumps(records), encoding="utf-8")
    (folder / "m.ttl").write_text(mapping, encoding="utf-8")
    check_plan(read_mappings([folder / "m.ttl"], {}), expected)


def check_plan(plan: Plan, expected: str) -> None:
    """Assert that a plan makes what is expected, written in TriG."""
    quads = run_plan(plan).quads
    made = "".join(" ".join(term for term in quad if term) + " .\n" for quad in quads)
    wanted = ox.Dataset(ox.parse(f"{HEAD}{expected}".encode(), ox.RdfFormat.TRIG))
    wanted.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert canonical(made.encode()) == set(wanted)


EMPTY = "rml:allowEmptyListAndContainer true ;"
PRODUCT = "rml:strategy rml:cartesianProduct ;"
# What an object map makes of the records.
MADE = {
    "a list for each record": (
        gathered(""),
        'ex:a ex:p ("1" "2"), ("4") . ex:b ex:p ("3" "3") .',
    ),
    "terms of several maps": (
        gathered("", f"{V} {W}"),
        'ex:a ex:p ("1" "2" "x"), ("4" "y" "z") . ex:b ex:p ("3" "3") .',
    ),
    "other kinds of terms": (
        gathered("", f'{V} [ rml:constant ex:c ] [ rml:template "{EX}{{$.g}}" ]'),
        """ex:a ex:p ("1" "2" ex:c ex:1), ("4" ex:c ex:1) . ex:b ex:p ("3" "3" ex:c ex:2) .
        ex:c ex:p (ex:c ex:2) .""",
    ),
    "records of one name": (
        gathered(BY_ID, f"{V} {W}"),
        """ex:a ex:p <http://example.org/l/a> . ex:b ex:p <http://example.org/l/b> .
        <http://example.org/l/a> rdf:first "1" ; rdf:rest ("2" "x" "4" "y" "z") .
        <http://example.org/l/b> rdf:first "3" ; rdf:rest ("3") .""",
    ),
    "blank nodes of one name": (
        gathered('rml:reference "$.g" ; rml:termType rml:BlankNode ;', kind="Alt"),
        """ex:a ex:p _:1 . ex:b ex:p _:2 .
        _:1 a rdf:Alt ; rdf:_1 "1" ; rdf:_2 "2" ; rdf:_3 "4" .
        _:2 a rdf:Alt ; rdf:_1 "3" ; rdf:_2 "3" .""",
    ),
    "one name for all": (
        gathered("rml:constant ex:all ;", W, "Seq"),
        'ex:a ex:p ex:all . ex:all a rdf:Seq ; rdf:_1 "x" ; rdf:_2 "y" ; rdf:_3 "z" .',
    ),
    "a reference as the name": (
        gathered('rml:reference "$.id" ;', W, "Seq").replace("$.id", "$.iri"),
        "",
    ),
    "empty lists": (
        gathered(EMPTY, W),
        'ex:a ex:p ("x"), ("y" "z") . ex:b ex:p () . ex:c ex:p () .',
    ),
    "empty lists have no name": (
        gathered(EMPTY + BY_ID, W),
        """ex:a ex:p <http://example.org/l/a> . ex:b ex:p () . ex:c ex:p () .
        <http://example.org/l/a> rdf:first "x" ; rdf:rest ("y" "z") .""",
    ),
    "empty containers": (
        gathered(EMPTY + BY_ID, W, "Bag"),
        """ex:a ex:p <http://example.org/l/a> . ex:b ex:p <http://example.org/l/b> .
        ex:c ex:p <http://example.org/l/c> . <http://example.org/l/b> a rdf:Bag .
        <http://example.org/l/c> a rdf:Bag .
        <http://example.org/l/a> a rdf:Bag ; rdf:_1 "x" ; rdf:_2 "y" ; rdf:_3 "z" .""",
    ),
    "empty containers without names": (
        gathered(EMPTY, '[ rml:reference "$.none" ]', "Bag"),
        """ex:a ex:p [ a rdf:Bag ], [ a rdf:Bag ] . ex:b ex:p [ a rdf:Bag ] .
        ex:c ex:p [ a rdf:Bag ] .""",
    ),
    "combinations": (
        gathered(PRODUCT, f"{V} {W}"),
        'ex:a ex:p ("1" "x"), ("2" "x"), ("4" "y"), ("4" "z") .',
    ),
    "combinations of one name": (
        gathered(PRODUCT + BY_ID, f"{W} {V}"),
        """ex:a ex:p <http://example.org/l/a> . <http://example.org/l/a> rdf:first "x" ;
        rdf:rest ("1" "x" "2" "y" "4" "z" "4") .""",
    ),
    "no combination": (
        gathered(PRODUCT + EMPTY, f"{V} {W}"),
        'ex:a ex:p ("1" "x"), ("2" "x"), ("4" "y"), ("4" "z") . ex:b ex:p () . ex:c ex:p () .',
    ),
    "the same combination twice": (
        gathered(PRODUCT, f"{V} [ rml:constant ex:c ]"),
        """ex:a ex:p ("1" ex:c), ("2" ex:c), ("4" ex:c) . ex:b ex:p ("3" ex:c), ("3" ex:c) .""",
    ),
    "lists in bags": (
        gathered("", f"{gathered('', V)} {gathered('', W, 'Seq')}", "Bag"),
        """ex:a ex:p [ a rdf:Bag ; rdf:_1 ("1" "2") ; rdf:_2 [ a rdf:Seq ; rdf:_1 "x" ] ],
          [ a rdf:Bag ; rdf:_1 ("4") ; rdf:_2 [ a rdf:Seq ; rdf:_1 "y" ; rdf:_2 "z" ] ] .
        ex:b ex:p [ a rdf:Bag ; rdf:_1 ("3" "3") ] .""",
    ),
    "combinations in a list": (
        gathered("", gathered(PRODUCT, f"{V} {W}")),
        'ex:a ex:p (("1" "x") ("2" "x")), (("4" "y") ("4" "z")) .',
    ),
    "a list in combinations": (
        gathered(PRODUCT, f"{gathered('', V)} {W}"),
        'ex:a ex:p (("1" "2") "x"), _:y, _:z . _:y rdf:first _:l ; rdf:rest ("y") .'
        '_:z rdf:first _:l ; rdf:rest ("z") . _:l rdf:first "4" ; rdf:rest () .',
    ),
}


@pytest.mark.parametrize(("object_map", "expected"), MADE.values(), ids=MADE)
def test_what_an_object_map_gathers(object_map, expected, tmp_path):
    check(tmp_path, of_object(object_map), expected)


def test_members_go_to_the_graphs_of_the_statement(tmp_path):
    graph = f'rml:graphMap [ rml:template "{EX}g/{{$.g}}" ] ;'
    a, b = f"<{EX}l/a>", f"<{EX}l/b>"
    # Graphs share the cells of a list, as they share its head.
    lists = (
        f'{a} rdf:first "1" ; rdf:rest _:a1 . _:a1 rdf:first "2" ; rdf:rest _:a2 .'
        '_:a2 rdf:first "4" ; rdf:rest () . ',
        f'{b} rdf:first "3" ; rdf:rest _:b1 . _:b1 rdf:first "3" ; rdf:rest () . ',
    )
    check(
        tmp_path,
        of_object(gathered(BY_ID), f"{graph} rml:graph rml:defaultGraph ;"),
        f"ex:a ex:p {a} . ex:b ex:p {b} . {lists[0]} {lists[1]}"
        f"<{EX}g/1> {{ ex:a ex:p {a} . {lists[0]} }} <{EX}g/2> {{ ex:b ex:p {b} . {lists[1]} }}",
    )


def test_each_graph_has_its_own_part_of_a_name(tmp_path):
    records = [{"id": "a", "g": g, "v": [v]} for g, v in (("1", "1"), ("2", "2"), ("1", "3"))]
    graph = f'rml:graphMap [ rml:template "{EX}g/{{$.g}}" ] ;'
    check(
        tmp_path,
        of_object(gathered(BY_ID), graph),
        """<http://example.org/g/1> { ex:a ex:p <http://example.org/l/a> .
        <http://example.org/l/a> rdf:first "1" ; rdf:rest ("3") }
        <http://example.org/g/2> { ex:a ex:p <http://example.org/l/a> .
        <http://example.org/l/a> rdf:first "2" ; rdf:rest () }""",
        records,
    )


def test_a_graph_named_twice_has_members_once(tmp_path):
    graph = f'rml:graphMap [ rml:template "{EX}{{$.w}}" ] ; rml:graph ex:g ;'
    check(
        tmp_path,
        of_object(gathered(BY_ID), graph),
        """ex:g { ex:a ex:p <http://example.org/l/a> .
        <http://example.org/l/a> rdf:first "1" ; rdf:rest () }""",
        [{"id": "a", "w": "g", "v": ["1"]}],
    )


@pytest.mark.parametrize("kind", ["List", "Bag"])
def test_subjects_that_gather(kind, tmp_path):
    pair = "; rml:predicateObjectMap [ rml:predicate ex:by ; rml:object ex:me ]"
    made = {
        "List": '[] ex:by ex:me ; rdf:first "1" ; rdf:rest ("2") .'
        '[] ex:by ex:me ; rdf:first "3" ; rdf:rest ("3") . [] ex:by ex:me ; rdf:first "4" ;'
        " rdf:rest () .",
        "Bag": '[] ex:by ex:me ; a rdf:Bag ; rdf:_1 "1" ; rdf:_2 "2" .'
        '[] ex:by ex:me ; a rdf:Bag ; rdf:_1 "3" ; rdf:_2 "3" .'
        '[] ex:by ex:me ; a rdf:Bag ; rdf:_1 "4" .',
    }
    check(tmp_path, of_subject(gathered("", V, kind), pair), made[kind])


def test_a_subject_that_gathers_needs_no_pair(tmp_path):
    check(
        tmp_path,
        of_subject(gathered(BY_ID, W, "Seq")),
        '<http://example.org/l/a> a rdf:Seq ; rdf:_1 "x" ; rdf:_2 "y" ; rdf:_3 "z" .',
    )


def test_an_empty_list_may_be_a_subject(tmp_path):
    pair = "; rml:predicateObjectMap [ rml:predicate ex:by ; rml:object ex:me ]"
    check(
        tmp_path,
        of_subject(gathered(EMPTY), pair),
        "() ex:by ex:me .",
        [{"id": "a", "v": []}],
    )


def test_a_predicate_may_gather(tmp_path):
    pair = f"[ rml:predicateMap {gathered(BY_ID, W, 'Seq')} ; rml:object ex:o ]"
    subject = f'rml:subjectMap [ rml:template "{EX}{{$.id}}" ]'
    check(
        tmp_path,
        f"{HEAD}<#M> {JSON} ; {subject} ; rml:predicateObjectMap {pair} .",
        """ex:a <http://example.org/l/a> ex:o . <http://example.org/l/a> a rdf:Seq ;
        rdf:_1 "x" ; rdf:_2 "y" ; rdf:_3 "z" .""",
    )


def test_several_maps_add_to_one_name_record_by_record(tmp_path):
    one, two = gathered(BY_ID, V), gathered(BY_ID, W)
    subject = f'rml:subjectMap [ rml:template "{EX}{{$.id}}" ]'
    pairs = "".join(
        f"; rml:predicateObjectMap [ rml:predicate ex:{name} ; rml:objectMap {each} ]"
        for name, each in (("p", one), ("q", two))
    )
    check(
        tmp_path,
        f"{HEAD}<#M> {JSON} ; {subject} {pairs} .",
        """ex:a ex:p <http://example.org/l/a> ; ex:q <http://example.org/l/a> .
        ex:b ex:p <http://example.org/l/b> .
        <http://example.org/l/a> rdf:first "1" ; rdf:rest ("2" "x" "4" "y" "z") .
        <http://example.org/l/b> rdf:first "3" ; rdf:rest ("3") .""",
    )


def test_two_predicates_have_one_list(tmp_path):
    check(
        tmp_path,
        of_object(gathered(BY_ID), "rml:predicate ex:q ;"),
        """ex:a ex:p <http://example.org/l/a> ; ex:q <http://example.org/l/a> .
        <http://example.org/l/a> rdf:first "1" ; rdf:rest () .""",
        [{"id": "a", "v": ["1"]}],
    )


BOOKS = f"""{HEAD}
<#A> rml:logicalSource [ rml:source "author.csv" ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "{EX}person{{ID}}" ] ; rml:predicateObjectMap [
    rml:predicate ex:name ; rml:objectMap [ rml:reference "ID" ; rml:termType rml:BlankNode ;
      rml:gather ( [ rml:reference "TITLE" ] [ rml:reference "FNAME" ] [ rml:reference "LNAME" ] ) ;
      rml:gatherAs rdf:Bag ] ] .
<#B> rml:logicalSource [ rml:source "book.csv" ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "{EX}book{{ID}}" ] ; rml:predicateObjectMap [
    rml:predicate ex:writtenBy ; rml:objectMap [ MORE
      rml:gather ( [ rml:parentTriplesMap <#A> ;
        rml:joinCondition [ rml:child "ID" ; rml:parent "BOOKID" ] ] LAST ) ;
      rml:gatherAs rdf:List ] ] .
"""
AUTHORS = "ID,TITLE,FNAME,LNAME,BOOKID\n1,,Mary,Shelley,1\n2,Sir,Terry,Pratchett,2\n"
AUTHORS += "3,,Stephen,Baxter,2\n4,,,,\n"
NAMES = """
ex:person1 ex:name [ a rdf:Bag ; rdf:_1 "Mary" ; rdf:_2 "Shelley" ] .
ex:person2 ex:name [ a rdf:Bag ; rdf:_1 "Sir" ; rdf:_2 "Terry" ; rdf:_3 "Pratchett" ] .
ex:person3 ex:name [ a rdf:Bag ; rdf:_1 "Stephen" ; rdf:_2 "Baxter" ] .
"""
JOINED = {
    "the subjects of parents": (
        "",
        "",
        "ex:book1 ex:writtenBy (ex:person1) . ex:book2 ex:writtenBy (ex:person2 ex:person3) .",
    ),
    "and more": (
        "",
        '[ rml:reference "TITLE" ]',
        """ex:book1 ex:writtenBy (ex:person1 "Frankenstein") . ex:book3 ex:writtenBy ("Mort") .
        ex:book2 ex:writtenBy (ex:person2 ex:person3 "The Long Earth") .""",
    ),
    "of one name": (
        "rml:constant ex:authors ;",
        "",
        """ex:book1 ex:writtenBy ex:authors . ex:book2 ex:writtenBy ex:authors .
        ex:authors rdf:first ex:person1 ; rdf:rest (ex:person2 ex:person3) .""",
    ),
    "combined": (
        PRODUCT,
        '[ rml:reference "TITLE" ]',
        """ex:book1 ex:writtenBy (ex:person1 "Frankenstein") .
        ex:book2 ex:writtenBy (ex:person2 "The Long Earth"), (ex:person3 "The Long Earth") .""",
    ),
    "or nothing": (
        EMPTY,
        "",
        """ex:book1 ex:writtenBy (ex:person1) . ex:book2 ex:writtenBy (ex:person2 ex:person3) .
        ex:book3 ex:writtenBy () .""",
    ),
}


@pytest.mark.parametrize(("more", "last", "expected"), JOINED.values(), ids=JOINED)
def test_joined_records_are_gathered_in_their_order(more, last, expected, tmp_path):
    (tmp_path / "author.csv").write_text(AUTHORS, encoding="utf-8")
    books = "ID,TITLE\n1,Frankenstein\n2,The Long Earth\n3,Mort\n"
    (tmp_path / "book.csv").write_text(books, encoding="utf-8")
    mapping = BOOKS.replace("MORE", more).replace("LAST", last)
    check(tmp_path, mapping, NAMES + expected)


WRONG = {
    "no list": ('[ rml:gather "x" ; rml:gatherAs rdf:Bag ]', "needs a list of term maps"),
    "an empty list": ("[ rml:gather () ; rml:gatherAs rdf:Bag ]", "has an empty list"),
    "a literal": ('[ rml:gather ( "x" ) ; rml:gatherAs rdf:Bag ]', "not a literal"),
    "no kind": (f"[ rml:gather ( {V} ) ]", "does not say what terms are gathered as"),
    "another kind": (gathered("", kind="Statement"), "must not be"),
    "no members": ("[ rml:gatherAs rdf:Bag ]", "there is no rml:gather"),
    "another strategy": (gathered("rml:strategy rml:zip ;"), "is no strategy"),
    "no truth": (gathered('rml:allowEmptyListAndContainer "yes" ;'), "must be true or false"),
    "a literal as name": (gathered('rml:constant "x" ;'), "cannot be"),
    "a language": (gathered('rml:template "x" ; rml:language "en" ;'), "cannot be"),
    "an IRI without name": (gathered("rml:termType rml:IRI ;"), "has no expression"),
    "two lists": (f"[ rml:gather ( {V} ) , ( {W} ) ; rml:gatherAs rdf:Bag ]", "only one"),
    "itself": ("_:m . _:m rml:gather ( _:m ) ; rml:gatherAs rdf:Bag", "gathers itself"),
}


@pytest.mark.parametrize(("object_map", "message"), WRONG.values(), ids=WRONG)
def test_gather_maps_that_are_none_are_refused(object_map, message):
    text = of_object(object_map)
    if "_:m" in object_map:
        text = of_object("_:m") + " _:m rml:gather ( _:m ) ; rml:gatherAs rdf:Bag ."
    with pytest.raises(InputError, match=message) as caught:
        read_rml(text, "m.ttl")
    assert caught.value.location is not None
    assert caught.value.location.line
    assert caught.value.hint


def test_a_subject_map_cannot_gather_its_own_subjects(tmp_path):
    (tmp_path / "t.json").write_text("[]", encoding="utf-8")
    text = of_subject(gathered("", "[ rml:parentTriplesMap <#M> ]"))
    (tmp_path / "m.ttl").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="gathers its own subjects"):
        run_plan(read_mappings([tmp_path / "m.ttl"], {}))


def test_members_of_maps_that_cannot_be_read_are_left_out():
    other = f"<#N> a rml:TriplesMap ; {JSON} ."
    members = f"{V} [ rml:parentTriplesMap <#N> ]"
    faults: list[InputError] = []
    plan = read_rml(of_object(gathered("", members)) + other, "m.ttl", faults=faults)
    (made,) = plan.triples_maps[0].predicate_objects[0].objects
    assert len(faults) == 1
    assert isinstance(made, TermMap)
    assert made.gather is not None
    assert len(made.gather.members) == 1


# --- the command line ---------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "t.json").write_text(json.dumps(RECORDS), encoding="utf-8")
    (tmp_path / "m.ttl").write_text(of_object(gathered("", f"{W}")), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_records_that_gather_nothing_are_told(folder, capsys):
    assert main(["map", "m.ttl", "-o", "out.nt"]) == 0
    assert f"2 gave no {EX}p (no value in $.w.*)" in capsys.readouterr().err.replace("ex:", EX)
    assert main(["map", "m.ttl", "-o", "out.nt", "--strict"]) == 1
    allowed = of_object(gathered(EMPTY, W))
    (folder / "m.ttl").write_text(allowed, encoding="utf-8")
    assert main(["map", "m.ttl", "-o", "out.nt", "--strict"]) == 0


def test_bad_members_are_left_out_where_that_is_wanted(folder, capsys):
    iri = '[ rml:reference "$.w.*" ; rml:termType rml:IRI ]'
    (folder / "m.ttl").write_text(of_object(gathered("", iri)), encoding="utf-8")
    (folder / "t.json").write_text('[{"id": "a", "w": ["a b", "urn:x"]}]', encoding="utf-8")
    assert main(["map", "m.ttl", "-o", "out.nt"]) == 2
    told = capsys.readouterr().err
    assert "a b" in told
    assert "t.json" in told
    assert main(["map", "m.ttl", "-o", "out.nt", "--on-bad", "skip"]) == 1
    written = (folder / "out.nt").read_text(encoding="utf-8")
    assert "<urn:x>" in written
    assert written.count("first>") == 1


def test_check_reads_no_data(folder, capsys):
    (folder / "t.json").unlink()
    assert main(["map", "m.ttl", "--check"]) == 0
    assert "$.w.*" in capsys.readouterr().out


def test_ill_typed_members_are_told(folder, capsys):
    typed = '[ rml:reference "$.w.*" ; rml:datatype <http://www.w3.org/2001/XMLSchema#date> ]'
    (folder / "m.ttl").write_text(of_object(gathered("", typed)), encoding="utf-8")
    assert main(["map", "m.ttl", "-o", "out.nt"]) == 0
    assert "3" in (told := capsys.readouterr().err)
    assert "xsd:date" in told


def test_members_are_traced_to_their_records(tmp_path):
    root = tmp_path / "w"
    (root / "data").mkdir(parents=True)
    (root / "kg.toml").write_text(f'base = "{EX}"\n', encoding="utf-8")
    (root / "data" / "t.json").write_text(json.dumps(RECORDS, indent=1), encoding="utf-8")
    mapping = of_object(gathered(BY_ID, f"{V} {W}", "Seq"))
    (root / "data" / "m.rml.ttl").write_text(mapping, encoding="utf-8")
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    asked = [
        Wanted(f"<{EX}l/a>", f"<{rdf}_4>"),
        Wanted(f"<{EX}l/a>", f"<{rdf}type>"),
        Wanted(f"<{EX}l/b>", f"<{rdf}_2>", '"3"'),
        Wanted(f"<{EX}a>", f"<{EX}p>", f"<{EX}l/a>"),
        Wanted(f"<{EX}l/c>"),
    ]
    found = {(t.wanted, t.location.record, t.object) for t in _traced(root, asked)}
    assert found == {
        (asked[0], 3, '"4"'),
        (asked[1], 1, f"<{rdf}Seq>"),
        (asked[1], 3, f"<{rdf}Seq>"),
        (asked[2], 2, '"3"'),
        (asked[3], 1, f"<{EX}l/a>"),
        (asked[3], 3, f"<{EX}l/a>"),
    }


def _traced(root: Path, asked: list[Wanted]) -> Any:
    return list(trace_workspace(find_workspace(root), asked))


# --- YARRRML ------------------------------------------------------------------------------

YARRRML = f"""prefixes: {{ex: "{EX}"}}
mappings:
  m:
    sources: [['t.json~jsonpath', '$[*]']]
    s: ex:$(id)
    po: [{{p: ex:p, o: OBJECT}}]
"""
WRITTEN = {
    "a list": ("{gather: $(w)}", 'ex:a ex:p ("x"), ("y" "z") .'),
    "members in a list": (
        "{gather: [$(w), ex:$(g)~iri, ['7', xsd:integer]], gatherAs: rdf:List}",
        """ex:a ex:p ("x" ex:1 7), ("y" "z" ex:1 7) . ex:b ex:p (ex:2 7) . ex:c ex:p (ex:2 7) .""",
    ),
    "a container with a name": (
        "{value: ex:l/$(id), gather: [$(w)], gatherAs: seq}",
        """ex:a ex:p <http://example.org/l/a> .
        <http://example.org/l/a> a rdf:Seq ; rdf:_1 "x" ; rdf:_2 "y" ; rdf:_3 "z" .""",
    ),
    "a blank node with a name": (
        "{value: $(id), type: blank, gather: [$(w)], gatherAs: Bag}",
        'ex:a ex:p _:a . _:a a rdf:Bag ; rdf:_1 "x" ; rdf:_2 "y" ; rdf:_3 "z" .',
    ),
    "empty ones": (
        "{gather: [$(w)], allowEmptyListAndContainer: true}",
        'ex:a ex:p ("x"), ("y" "z") . ex:b ex:p () . ex:c ex:p () .',
    ),
    "combinations": (
        "{gather: [$(v), $(w)], strategy: cartesianProduct}",
        'ex:a ex:p ("1" "x"), ("2" "x"), ("4" "y"), ("4" "z") .',
    ),
    "one in another": (
        "{gather: [{gather: [$(w)], gatherAs: bag}, ex:c~iri]}",
        """ex:a ex:p ([ a rdf:Bag ; rdf:_1 "x" ] ex:c),
          ([ a rdf:Bag ; rdf:_1 "y" ; rdf:_2 "z" ] ex:c) .
        ex:b ex:p (ex:c) . ex:c ex:p (ex:c) .""",
    ),
    "subjects of a mapping": (
        "{gather: [{mapping: m, condition: {function: equal,"
        " parameters: [[str1, $(g)], [str2, $(g)]]}}], condition: {function: equal,"
        " parameters: [[valueParameter, $(id)], [valueParameter2, b]]}}",
        "ex:b ex:p (ex:b ex:c) .",
    ),
}


@pytest.mark.parametrize(("object_map", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_what_yarrrml_gathers(object_map, expected, tmp_path):
    (tmp_path / "t.json").write_text(json.dumps(RECORDS), encoding="utf-8")
    text = YARRRML.replace("OBJECT", object_map)
    (tmp_path / "m.yml").write_text(text, encoding="utf-8")
    check_plan(read_mappings([tmp_path / "m.yml"], {}), expected)


SLIPS = {
    "no members": ("{gather: []}", "has no members"),
    "another kind": ("{gather: $(w), gatherAs: heap}", "must not be 'heap'"),
    "another strategy": ("{gather: $(w), strategy: zip}", "must not be 'zip'"),
    "a literal": ("{gather: $(w), value: x, type: literal}", "cannot stand here"),
    "a name for two subjects": ("", "one subject"),
    "an inverse": ("{gather: $(w)}, i: ex:q", "inverse predicate does not go with"),
}


@pytest.mark.parametrize(("object_map", "message"), SLIPS.values(), ids=SLIPS)
def test_what_yarrrml_cannot_gather(object_map, message, tmp_path):
    text = YARRRML.replace("OBJECT", object_map)
    if not object_map:
        text = YARRRML.replace("s: ex:$(id)", "s: [ex:a, ex:b]").replace(
            "OBJECT", "{gather: $(w), value: ex:l}"
        )
    (tmp_path / "m.yml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_mappings([tmp_path / "m.yml"], {})
    assert caught.value.location is not None
    assert caught.value.location.line == 6
