"""YARRRML documents of one call: what they share, and what is told where they differ."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.mapping.plan import Constant, Plan, RefObjectMap, TermType
from kg.workspace import COMMON_PREFIXES
from tests.mapping.running import run_plan

PREFIXES = "prefixes: {ex: 'http://e/', schema: 'https://schema.org/'}\n"
SOURCES = "sources: {people: ['people.csv~csv']}\n"


def read(folder, given=COMMON_PREFIXES, **texts: str) -> Plan:
    """Read documents by name, written in this order."""
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        paths.append(path)
    return read_mappings(paths, given)


def refused(folder, **texts: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(folder, **texts)
    return caught.value


def predicates(plan: Plan) -> list[list[str]]:
    return [
        [p.expression.value for pair in each.predicate_objects for p in pair.predicates]
        for each in plan.triples_maps
    ]


def test_prefixes_and_sources_of_one_file_are_known_in_another(tmp_path):
    plan = read(
        tmp_path,
        shared=PREFIXES + SOURCES,
        main="mappings: {m: {sources: people, s: ex:$(id), po: [[schema:name, $(n)]]}}",
    )
    (found,) = plan.triples_maps
    assert found.source.path == "people.csv"
    assert found.source.folder == str(tmp_path)
    assert predicates(plan) == [["https://schema.org/name"]]


def test_the_order_of_files_does_not_matter(tmp_path):
    shared, main = (
        PREFIXES + SOURCES,
        "mappings: {m: {sources: people, s: ex:$(id), po: [[a, ex:P]]}}",
    )
    first = read(tmp_path, a=shared, b=main).triples_maps
    second = read(tmp_path, b=main, a=shared).triples_maps
    assert first == second


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_mapping_is_completed_in_another_file(tmp_path, order):
    texts = {
        "a": PREFIXES + "mappings: {m: {sources: [[p.csv~csv]], s: ex:$(id), po: [[ex:a, $(a)]]}}",
        "b": "prefixes: {ex: 'http://other/'}\n"
        "mappings: {m: {graphs: ex:g, condition: 'isNotNull($(b))', po: [[ex:b, $(b)]]}}",
    }
    plan = read(tmp_path, **{name: texts[name] for name in order})
    (found,) = plan.triples_maps
    assert predicates(plan) == [["http://e/a", "http://other/b"]]
    assert found.graphs[0].expression == Constant("http://other/g", TermType.IRI)
    assert found.subject.condition is not None


def test_a_mapping_with_sources_alone_takes_its_subject_from_another_file(tmp_path):
    plan = read(
        tmp_path,
        a="mappings: {m: {sources: [[p.csv~csv]]}}",
        b=PREFIXES + "mappings: {m: {s: ex:$(id), po: [[ex:a, $(a)]]}}",
    )
    assert plan.triples_maps[0].subject.term_type is TermType.IRI


def test_whole_mappings_of_one_name_stay_apart(tmp_path):
    text = "mappings: {m: {sources: [[%s.csv~csv]], s: ex:$(id), po: [[ex:%s, $(a)]]}}"
    plan = read(tmp_path, a=PREFIXES + text % ("a", "a"), b=PREFIXES + text % ("b", "b"))
    assert [each.source.path for each in plan.triples_maps] == ["a.csv", "b.csv"]
    assert predicates(plan) == [["http://e/a"], ["http://e/b"]]


def test_a_join_names_a_mapping_of_another_file(tmp_path):
    plan = read(
        tmp_path,
        a=PREFIXES
        + "mappings: {m: {sources: [[p.csv~csv]], s: ex:$(id), po: [{p: ex:o, o: {mapping: n}}]}}",
        b="mappings: {n: {sources: [[p.csv~csv]], s: 'ex:n/$(id)', po: [[a, ex:N]]}}",
    )
    (object_map,) = plan.triples_maps[0].predicate_objects[0].objects
    assert isinstance(object_map, RefObjectMap)
    assert plan.has(object_map.parent)
    assert object_map.parent.endswith("b.yml#n")


def test_a_source_is_relative_to_the_file_that_declares_it(tmp_path):
    (tmp_path / "sub").mkdir()
    plan = read(
        tmp_path,
        **{"sub/s": SOURCES},
        main=PREFIXES + "mappings: {m: {sources: people, s: ex:$(id), po: [[a, ex:P]]}}",
    )
    assert plan.triples_maps[0].source.folder == str(tmp_path / "sub")


@pytest.mark.parametrize(
    ("given", "own", "made"),
    [
        ({}, "", "https://schema.org/x"),
        # Of kg.toml: it counts for all files that do not declare the prefix.
        ({"schema": "http://mine/"}, "", "http://mine/x"),
        ({"schema": "http://mine/"}, "prefixes: {schema: 'http://own/'}\n", "http://own/x"),
    ],
)
def test_which_declaration_of_a_prefix_counts(tmp_path, given, own, made):
    plan = read(
        tmp_path,
        {**COMMON_PREFIXES, **given},
        shared=PREFIXES,
        main=own + "mappings: {m: {sources: [[p.csv~csv]], s: ex:$(id), po: [[schema:x, $(n)]]}}",
    )
    assert predicates(plan) == [[made]]


@pytest.mark.parametrize(
    ("texts", "message", "file"),
    [
        (
            {"a": SOURCES, "b": SOURCES.replace("people.csv", "p.csv")},
            "the source 'people' is declared differently in ",
            "main",
        ),
        ({"a": "prefixes: {zz: 'http://a/'}"}, "there is no source 'people'", "main"),
        (
            {"a": SOURCES, "b": "mappings: {m: {s: 'ex:other', po: [[ex:p, x]]}}"},
            "the mapping m has other subjects in ",
            "b",
        ),
        (
            {
                "a": SOURCES + "mappings: {m: {sources: people, s: 'ex:a', po: [[ex:p, x]]}}",
                "b": "mappings: {m: {po: [[ex:q, x]]}}",
            },
            "the mapping 'm' has sources in ",
            "b",
        ),
        (
            {"a": SOURCES, "b": "mappings: {x: {po: [[ex:q, x]]}}"},
            "the mapping x has no sources",
            "b",
        ),
        ({"a": SOURCES, "b": "authors: me"}, "the key mappings is missing", "b"),
    ],
)
def test_faults_name_the_file(tmp_path, texts, message, file):
    main = PREFIXES + "mappings: {m: {sources: people, s: ex:$(id), po: [[a, ex:P]]}}"
    error = refused(tmp_path, **texts, main=main)
    assert message in error.message
    assert error.location.file.endswith(f"{file}.yml")


@pytest.mark.parametrize("name", ["m.yarrrml", "m.yaml", "m.YML"])
def test_files_are_read_whatever_their_ending(tmp_path, name):
    path = tmp_path / name
    path.write_text(
        PREFIXES + "mappings: {m: {sources: [[p.csv~csv]], s: ex:$(id), po: [[a, ex:P]]}}"
    )
    assert len(read_mappings([path], {}).triples_maps) == 1


def test_what_is_told_of_a_part_names_its_file(tmp_path):
    plan = read(
        tmp_path,
        a=PREFIXES + "mappings: {m: {sources: [[p.csv~csv]], s: ex:$(id)}}",
        b="mappings:\n  m:\n    po:\n      - [ex:a, http://e/X]\n",
    )
    (tmp_path / "p.csv").write_text("id\n1\n")
    (note,) = run_plan(plan).made.counts[0].notes
    assert "b.yml:4: 'http://e/X' is a text; write ~iri" in note
