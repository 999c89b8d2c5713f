"""RML documents of one call: what they share, and what is told where they differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.mapping.plan import Constant, Plan, RefObjectMap
from kg.notes import hearing

NEW = "@prefix rml: <http://w3id.org/rml/> . @prefix ex: <http://e/> .\n"
OLD = (
    "@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix r: <http://semweb.mmlab.be/ns/rml#> .\n"
    "@prefix q: <http://semweb.mmlab.be/ns/ql#> . @prefix y: <http://e/> .\n"
)
SOURCE = 'rml:logicalSource [ rml:source "%s.csv" ; rml:referenceFormulation rml:CSV ]'
SUBJECT = 'rml:subjectMap [ rml:template "http://e/{id}" ]'
PAIR = "rml:predicateObjectMap [ rml:predicate ex:%s ; rml:object ex:o ]"


def read(folder, **texts: str) -> Plan:
    """Read documents by name, written in this order."""
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.ttl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        paths.append(path)
    return read_mappings(paths, {})


def refused(folder, **texts: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(folder, **texts)
    return caught.value


def predicates(plan: Plan) -> list[list[str]]:
    found = []
    for each in plan.triples_maps:
        terms = [term for pair in each.predicate_objects for term in pair.predicates]
        assert all(isinstance(term.expression, Constant) for term in terms)
        found.append([term.expression.value for term in terms])
    return found


PARTS = {
    "source": f"{NEW}<#m> {SOURCE % 'a'} .",
    "subject": f"{NEW}<#m> a rml:TriplesMap ; {SUBJECT} .",
    "first": f"{NEW}<#m> a rml:TriplesMap ; {PAIR % 'p'} .",
    "second": f"{OLD}<#m> rr:predicateObjectMap [ rr:predicate y:q ; rr:object y:o ] .",
}


@pytest.mark.parametrize("order", ["source subject first second", "second first subject source"])
def test_a_triples_map_is_completed_in_other_files_whatever_their_prefixes(tmp_path, order):
    plan = read(tmp_path, **{name: PARTS[name] for name in order.split()})
    (found,) = plan.triples_maps
    assert found.name.endswith("source.ttl#m")
    assert found.source.path == "a.csv"
    assert sorted(predicates(plan)[0]) == ["http://e/p", "http://e/q"]


def test_what_all_files_say_counts_once(tmp_path):
    whole = f"{NEW}<#m> {SOURCE % 'a'} ; {SUBJECT} ; %s ."
    plan = read(tmp_path, a=whole % (PAIR % "p"), b=whole % (PAIR % "q"), c=whole % (PAIR % "p"))
    assert predicates(plan) == [["http://e/p", "http://e/q"]]


def test_whole_triples_maps_of_one_name_stay_apart(tmp_path):
    text = f"{NEW}<#m> {SOURCE} ; {SUBJECT} ; {PAIR} ."
    plan = read(tmp_path, a=text % ("a", "p"), b=text % ("b", "q"))
    assert [each.source.path for each in plan.triples_maps] == ["a.csv", "b.csv"]
    assert predicates(plan) == [["http://e/p"], ["http://e/q"]]
    assert [each.name.rpartition("/")[2] for each in plan.triples_maps] == ["a.ttl#m", "b.ttl#m"]


def test_each_joins_its_own_of_two_of_one_name(tmp_path):
    text = (
        f"{NEW}<#m> {SOURCE} ; {SUBJECT} ; rml:predicateObjectMap [ rml:predicate ex:up ;"
        " rml:objectMap [ rml:parentTriplesMap <#n> ] ] .\n"
        f"<#n> {SOURCE} ; {SUBJECT} ; {PAIR} ."
    )
    plan = read(tmp_path, a=text % ("a", "a", "p"), b=text % ("b", "b", "q"))
    parents = [
        made.parent.rpartition("/")[2]
        for each in plan.triples_maps
        for pair in each.predicate_objects
        for made in pair.objects
        if isinstance(made, RefObjectMap)
    ]
    assert parents == ["a.ttl#n", "b.ttl#n"]


def test_a_reference_to_one_of_two_of_a_name_is_refused(tmp_path):
    text = f"{NEW}<#n> {SOURCE} ; {SUBJECT} ; {PAIR} ."
    third = (
        f"{NEW}<#m> {SOURCE % 'c'} ; {SUBJECT} ; rml:predicateObjectMap [ rml:predicate ex:up ;"
        " rml:objectMap [ rml:parentTriplesMap <#n> ] ] ."
    )
    error = refused(tmp_path, a=text % ("a", "p"), b=text % ("b", "q"), c=third)
    assert "<#n> is described differently in " in str(error)
    assert error.location is not None
    assert error.location.file.endswith("c.ttl")


def test_a_join_names_a_triples_map_of_another_file(tmp_path):
    child = (
        f"{NEW}<#m> {SOURCE % 'a'} ; {SUBJECT} ; rml:predicateObjectMap [ rml:predicate ex:up ;"
        " rml:objectMap [ rml:parentTriplesMap <#n> ;"
        ' rml:joinCondition [ rml:child "id" ; rml:parent "id" ] ] ] .'
    )
    plan = read(tmp_path, a=child, b=f"{NEW}<#n> {SOURCE % 'b'} ; {SUBJECT} .")
    (made,) = plan.triples_maps[0].predicate_objects[0].objects
    assert isinstance(made, RefObjectMap)
    assert plan.has(made.parent)


def test_a_source_is_relative_to_the_file_that_describes_it(tmp_path):
    sources = f'{NEW}<#s> rml:source "a.csv" ; rml:referenceFormulation rml:CSV .'
    plan = read(
        tmp_path,
        **{"inner/sources": sources},
        main=f"{NEW}<#m> rml:logicalSource <#s> ; {SUBJECT} ; {PAIR % 'p'} .",
    )
    assert plan.triples_maps[0].source.folder == str(tmp_path / "inner")


def test_labels_of_blank_nodes_are_those_of_their_file(tmp_path):
    text = (
        f"{NEW}<#%s> {SOURCE % 'a'} ; rml:subjectMap _:s ; {PAIR % 'p'} .\n_:s rml:constant ex:%s ."
    )
    plan = read(tmp_path, a=text % ("a", "a"), b=text % ("b", "b"))
    assert [each.subject.expression.value for each in plan.triples_maps] == [
        "http://e/a",
        "http://e/b",
    ]


@pytest.mark.parametrize(
    ("texts", "message", "file"),
    [
        (
            {
                "b": PARTS["first"],
                "c": f"{NEW}<#n> {SOURCE % 'a'} ; {SUBJECT} ; rml:predicateObjectMap ["
                " rml:predicate ex:up ; rml:objectMap [ rml:parentTriplesMap <#m> ] ] .",
            },
            "has no logical source",
            "b",
        ),
        ({"b": f"{NEW}ex:a ex:b ex:c ."}, "there is no triples map", "b"),
        (
            {
                "b": f"{NEW}<#n> {SOURCE % 'b'} ; {SUBJECT} .",
                "c": f"{NEW}<#n> rml:subject ex:s .",
            },
            "needs one subject map, not 2",
            "b",
        ),
        ({"b": f"{NEW}<#n> rml:logicalSource"}, "not valid Turtle", "b"),
        ({"b": f"{NEW}<#n> rml:logicalSorce ex:s"}, "not valid Turtle", "b"),
    ],
)
def test_faults_name_the_file(tmp_path, texts, message, file):
    error = refused(tmp_path, a=f"{NEW}<#k> {SOURCE % 'a'} ; {SUBJECT} ; {PAIR % 'p'} .", **texts)
    assert message in error.message
    assert error.location is not None
    assert error.location.file.endswith(f"{file}.ttl")


@pytest.mark.parametrize("name", ["m.rml", "m.r2rml", "m.nt.txt", "m.TTL", "m.n3", "m"])
def test_rml_is_read_whatever_its_ending(tmp_path, name):
    path = tmp_path / name
    path.write_text(f"{NEW}<#m> {SOURCE % 'a'} ; {SUBJECT} .")
    assert len(read_mappings([path], {}).triples_maps) == 1


YAML = "mappings: {m: {sources: [[p.csv~csv]], s: 'http://e/$(id)', po: [[a, 'http://e/P']]}}"


@pytest.mark.parametrize("name", ["m.rml", "m.map", "m.txt", "m"])
@pytest.mark.parametrize(
    "text",
    [
        YAML,
        f"# logicalSource\n{YAML}",
        '{"mappings": {"m": {"sources": [["p.csv~csv"]], "s": "http://e/$(id)",'
        ' "po": [["a", "http://e/P"]]}}}',
    ],
)
def test_yarrrml_is_read_whatever_its_ending(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    assert len(read_mappings([path], {}).triples_maps) == 1


def test_another_file_is_no_mapping(tmp_path):
    path = tmp_path / "m.txt"
    path.write_text("a text")
    with pytest.raises(InputError, match="no mapping by its ending, nor by what it holds"):
        read_mappings([path], {})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[CONFIGURATION]\noutput_file=a.nt\n[Data]\nmappings=./a.ttl, b.yml\n", "a.ttl b.yml"),
        ("# mine\n\n[datasets]\nname: a\n[d1]\nmapping: ${default:dir}/a.ttl\n"
         "[d2]\nmapping: b.ttl\n", "a.ttl b.ttl"),
    ],
)  # fmt: skip
def test_a_configuration_of_another_program_is_told_with_its_mappings(tmp_path, text, names):
    path = tmp_path / "config.ini"
    path.write_text(text)
    with pytest.raises(InputError, match="a configuration of another program") as caught:
        read_mappings([path], {})
    assert f"kg map {names} -o" in caught.value.hint


def test_files_with_commas_between_them_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.ttl", "b.ttl"):
        Path(name).write_text("")
    with pytest.raises(InputError, match="its parts are files") as caught:
        read_mappings([Path("a.ttl,b.ttl")], {})
    assert "kg map a.ttl b.ttl" in caught.value.hint


def test_a_triples_map_without_source_is_told_and_passed_over_where_others_have_one(tmp_path):
    whole = f"{NEW}<#k> {SOURCE % 'a'} ; {SUBJECT} ; {PAIR % 'p'} ."
    with hearing() as notes:
        plan = read(tmp_path, a=whole, b=PARTS["first"])
    assert [each.name.rpartition("#")[2] for each in plan.triples_maps] == ["k"]
    (note,) = notes.values()
    assert note.text.endswith("b.ttl#m has no logical source, so it makes nothing")
    assert "has no logical source" in str(refused(tmp_path, b=PARTS["first"]))
