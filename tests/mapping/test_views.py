"""Logical views: what they mean, what is refused, and what is told of them.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/
"""

from __future__ import annotations

import csv
import json

import pytest

from kg.duck import engine
from kg.engines.duckdb.run import explain
from kg.errors import InputError
from kg.lineage import Lineage, Wanted
from kg.mapping.documents import read_mappings
from kg.rejects import skipping
from kg.sources import Folders
from tests.mapping.running import run_mapping, run_plan, write_files

HEAD = """@prefix rml: <http://w3id.org/rml/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <http://example.org/> .
ex:json rml:source "p.json" ; rml:referenceFormulation rml:JSONPath ; rml:iterator "$.p[*]" .
ex:csv rml:source "t.csv" ; rml:referenceFormulation rml:CSV .
ex:xml rml:source "d.xml" ; rml:referenceFormulation rml:XPath ; rml:iterator "/d/p" .
"""
PEOPLE = """{"p": [
 {"n": "ann", "tags": ["x", "y"], "i": [{"t": "pen", "w": 1.50, "q": [1, 2]}, {"t": "ink"}]},
 {"n": "bob", "i": []}]}"""
TABLE = 'n,year,doc\nann,1995,"[{""k"": 1.50}, {""k"": 2}]"\nbob,1999,\n'
DOCUMENT = '<d><p id="1"><n>ann</n><i w="3"><t>pen</t><q>a</q><q>b</q></i><i><t>ink</t></i></p></d>'
FILES = {"p.json": PEOPLE, "t.csv": TABLE, "d.xml": DOCUMENT}
NAME = '[ rml:fieldName "n" ; rml:reference "n" ]'
ITEM = (
    '[ rml:fieldName "i" ; rml:iterator "$.i[*]" ;'
    ' rml:field [ rml:fieldName "t" ; rml:reference "$.t" ],'
    ' [ rml:fieldName "w" ; rml:reference "w" ],'
    ' [ rml:fieldName "q" ; rml:reference "$.q[*]" ] ]'
)
YEARS = f'ex:y rml:viewOn ex:csv ; rml:field {NAME}, [ rml:fieldName "y" ; rml:reference "year" ] .'


def view(on: str, *fields: str, more: str = "") -> str:
    return f"ex:v rml:viewOn {on} ; rml:field {', '.join(fields)} {more} .\n"


def triples(value: str, subject: str = 'rml:template "http://example.org/{n}"') -> str:
    return (
        f"ex:t rml:logicalSource ex:v ; rml:subjectMap [ {subject} ] ; rml:predicateObjectMap"
        f" [ rml:predicate ex:p ; rml:objectMap [ {value} ] ] .\n"
    )


def text(template: str) -> str:
    return triples(f'rml:template "{template}" ; rml:termType rml:Literal')


def join(kind: str, condition: str, fields: str, parent: str = "ex:y") -> str:
    return (
        f"; rml:{kind} [ rml:parentLogicalView {parent} ; rml:joinCondition [ {condition} ] ;"
        f" rml:field {fields} ]"
    )


SAME = 'rml:child "n" ; rml:parent "n"'
YEAR = '[ rml:fieldName "year" ; rml:reference "y" ]'


@pytest.mark.parametrize(
    ("mapping", "objects"),
    [
        (view("ex:json", NAME, ITEM) + text("{n} {i.t} {i.#}"), ['"ann ink 1"', '"ann pen 0"']),
        (
            view("ex:json", NAME, ITEM) + triples('rml:reference "i.w"'),
            ['"1.5E0"^^<http://www.w3.org/2001/XMLSchema#double>'],
        ),
        (view("ex:json", NAME, ITEM) + text("{i.w}"), ['"1.50"']),
        (view("ex:json", NAME, ITEM) + text("{i.t}{i.q}{i.q.#}"), ['"pen10"', '"pen21"']),
        (
            view("ex:json", NAME, '[ rml:fieldName "c" ; rml:constant "k" ]') + text("{c}{#}"),
            ['"k0"', '"k1"'],
        ),
        (
            view(
                "ex:xml",
                NAME,
                '[ rml:fieldName "i" ; rml:iterator "i" ; rml:field [ rml:fieldName "t" ;'
                ' rml:reference "t" ], [ rml:fieldName "id" ; rml:reference "../@id" ],'
                ' [ rml:fieldName "q" ; rml:iterator "q" ; rml:field [ rml:fieldName "x" ;'
                ' rml:reference "." ] ] ]',
            )
            + text("{i.t} {i.id} {i.q.#} {i.q.x}"),
            ['"pen 1 0 a"', '"pen 1 1 b"'],
        ),
        (
            view(
                "ex:csv",
                NAME,
                '[ rml:fieldName "d" ; rml:reference "doc" ; rml:field [ rml:fieldName "r" ;'
                ' rml:referenceFormulation rml:JSONPath ; rml:iterator "$[*]" ;'
                ' rml:field [ rml:fieldName "k" ; rml:reference "k" ] ] ]',
            )
            + text("{d.r.k}"),
            ['"1.50"', '"2"'],
        ),
        (
            YEARS
            + view("ex:json", NAME, ITEM, more=join("leftJoin", SAME, YEAR))
            + text("{i.t} {year} {year.#}"),
            ['"ink 1995 0"', '"pen 1995 0"'],
        ),
        (
            # The other way round: an index counts the matches.
            view(
                "ex:csv",
                NAME,
                more=join("innerJoin", SAME, '[ rml:fieldName "x" ; rml:reference "i.t" ]', "ex:w"),
            )
            + view(
                "ex:json",
                NAME,
                ITEM.replace(', [ rml:fieldName "q" ; rml:reference "$.q[*]" ]', ""),
            ).replace("ex:v", "ex:w")
            + text("{x} {x.#}"),
            ['"ink 1"', '"pen 0"'],
        ),
        (
            view("ex:json", NAME, ITEM).replace("ex:v", "ex:w")
            + view("ex:w", NAME, '[ rml:fieldName "x" ; rml:reference "i.t" ]')
            + text("{n} {x} {#}"),
            ['"ann ink 2"', '"ann pen 0"', '"ann pen 1"'],
        ),
    ],
)
def test_fields_and_joins(tmp_path, mapping, objects):
    assert sorted({*run_mapping(tmp_path, HEAD + mapping, FILES).objects()}) == objects


@pytest.mark.parametrize(
    ("mapping", "message", "hint"),
    [
        (view("ex:json", NAME) + triples('rml:reference "m"'), "has no field 'm'", "It has: n;"),
        (view("ex:json", NAME, ITEM) + triples('rml:reference "i.tt"'), "'i.tt'", "'i.t'?"),
        (view("ex:json", NAME, ITEM) + text("{i}"), "'i' of the view", "such as 'i."),
        (view("ex:json", NAME) + text("{<it>}"), "'<it>' of the view", "It has"),
        (view("ex:json", NAME, NAME.replace('"n" ]', '"m" ]')), "two fields", "rename"),
        (
            YEARS
            + view("ex:json", NAME, more=join("leftJoin", SAME, NAME.replace('"n" ]', '"y" ]'))),
            "two fields with the name 'n'",
            "rename",
        ),
        (view("ex:v", NAME), "made of itself", "logical source"),
        (
            view("ex:json", NAME, more=join("leftJoin", SAME, YEAR, "ex:w"))
            + 'ex:w rml:viewOn ex:v ; rml:field [ rml:fieldName "y" ; rml:reference "n" ] .',
            "made of itself",
            "logical source",
        ),
        (view("ex:json", '[ rml:fieldName "a.b" ; rml:reference "n" ]'), "'a.b'", "a dot"),
        (view("ex:json", '[ rml:reference "n" ]'), "no rml:fieldName", "Name"),
        (
            YEARS
            + view("ex:json", NAME, more=join("leftJoin", 'rml:child "o" ; rml:parent "n"', YEAR)),
            "no field 'o'",
            "It has: n;",
        ),
        (
            view(
                "ex:json",
                NAME,
                more='; rml:structuralAnnotation [ a rml:UniqueAnnotation ; rml:onFields ("m") ]',
            ),
            "no field 'm'",
            "It has",
        ),
        (
            view(
                "ex:csv",
                NAME,
                '[ rml:fieldName "i" ; rml:iterator "$" ; rml:referenceFormulation rml:JSONPath ;'
                ' rml:field [ rml:fieldName "k" ; rml:reference "k" ] ]',
            ),
            "changes the reference formulation",
            "expression field",
        ),
    ],
)
def test_what_is_wrong_is_told_once_with_its_line(tmp_path, mapping, message, hint):
    whole = HEAD + mapping + (triples('rml:reference "n"') if "ex:t " not in mapping else "")
    with pytest.raises(InputError) as caught:
        run_mapping(tmp_path, whole, FILES)
    assert caught.value.code == "bad-mapping"
    assert caught.value.location is not None
    assert caught.value.location.line
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


EMBEDDED = view(
    "ex:csv",
    NAME,
    '[ rml:fieldName "d" ; rml:reference "doc" ; rml:field [ rml:fieldName "r" ;'
    ' rml:referenceFormulation rml:JSONPath ; rml:iterator "$[*]" ;'
    ' rml:field [ rml:fieldName "k" ; rml:reference "k" ] ] ]',
)
BROKEN = {"t.csv": 'n,doc\nann,"[{""k"": 1}]"\nbob,"[{""k"" 2}]"\n'}


def test_a_value_that_is_no_document_is_told_with_its_place(tmp_path):
    with pytest.raises(InputError) as caught:
        run_mapping(tmp_path, HEAD + EMBEDDED + text("{d.r.k}"), BROKEN)
    place = caught.value.location
    assert (caught.value.code, place.line, place.record, place.column) == ("bad-json", 3, 2, "d")


def test_a_value_that_is_no_document_is_left_out_where_that_is_wanted(tmp_path):
    with skipping() as rejects:
        run = run_mapping(tmp_path, HEAD + EMBEDDED + text("{d.r.k}"), BROKEN)
    assert run.objects() == ['"1"']
    assert (rejects.records, rejects.values) == (0, 1)


def test_what_nothing_needs_is_not_made(tmp_path):
    mapping = YEARS + view("ex:json", NAME, ITEM, more=join("leftJoin", SAME, YEAR))
    write_files(tmp_path, {**FILES, "m.ttl": HEAD + mapping + triples('rml:reference "n"')})
    plan = read_mappings([tmp_path / "m.ttl"], {})
    shown = explain(plan)
    assert "JOIN" not in shown
    assert "unnest" not in shown
    assert "t.csv" not in shown


PROMISE = (
    '; rml:structuralAnnotation [ a rml:ForeignKeyAnnotation ; rml:onFields ("n") ;'
    ' rml:targetView ex:y ; rml:targetFields ("n") ]'
)


def test_an_inner_join_that_is_promised_to_match_is_saved(tmp_path):
    mapping = view("ex:json", NAME, more=join("innerJoin", SAME, YEAR) + "{}")
    for promise, saved in (("", False), (PROMISE, True)):
        whole = HEAD + YEARS + mapping.format(promise) + triples('rml:reference "n"')
        write_files(tmp_path, {**FILES, "m.ttl": whole})
        plan = read_mappings([tmp_path / "m.ttl"], {})
        assert ("JOIN" not in explain(plan)) is saved
        assert run_plan(plan).objects() == ['"ann"', '"bob"']


def test_triples_of_a_view_are_traced_to_records_of_its_source(tmp_path):
    write_files(tmp_path, {**FILES, "m.ttl": HEAD + view("ex:json", NAME, ITEM) + text("{i.t}")})
    plan = read_mappings([tmp_path / "m.ttl"], {})
    with engine(tmp_path) as connection:
        lineage = Lineage(connection, plan, Folders(None, tmp_path))
        found = list(lineage.trace([Wanted("<http://example.org/ann>", None, '"pen"')]))
    assert [(each.location.line, each.location.column) for each in found] == [(2, "i.t")]


def test_views_of_two_documents_with_one_name_stay_apart(tmp_path):
    first = HEAD + view("ex:json", NAME) + triples('rml:reference "n"')
    years = '[ rml:fieldName "n" ; rml:reference "year" ]'
    second = HEAD + view("ex:csv", years) + triples('rml:reference "n"')
    write_files(tmp_path, {**FILES, "a.ttl": first, "b.ttl": second})
    plan = read_mappings([tmp_path / "a.ttl", tmp_path / "b.ttl"], {})
    assert len(plan.triples_maps) == 2
    assert run_plan(plan).objects() == ['"1995"', '"1999"', '"ann"', '"bob"']


def document(formulation: str, iterator: str, reference: str) -> str:
    """Return a mapping that reads the documents in the values of ``doc``."""
    found = f'rml:iterator "{iterator}" ;' if iterator else ""
    return view(
        "ex:json",
        NAME,
        '[ rml:fieldName "d" ; rml:reference "doc" ; rml:field [ rml:fieldName "r" ;'
        f' rml:referenceFormulation rml:{formulation} ; {found} rml:field [ rml:fieldName "k" ;'
        f' rml:reference "{reference}" ] ] ]',
    ) + text("{d.r.k}")


def of_values(folder, mapping: str, value: str) -> list[str]:
    files = {"p.json": json.dumps({"p": [{"n": "ann", "doc": value}]})}
    return run_mapping(folder, HEAD + mapping, files).objects()


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("^^.n", ["ann pen ann", "ann ink ann"]),
        ("^.n", ["ann pen ann", "ann ink ann"]),  # an array has no keys: what it is in counts
        ("t~", ["ann pen t", "ann ink t"]),
        ("q~", ["ann pen q"]),
        ("~", ["ann pen 0", "ann ink 1"]),
        ("#", ["ann pen 0", "ann ink 1"]),
        ("^~", ["ann pen i", "ann ink i"]),
        ("^[-1].t", ["ann pen ink", "ann ink ink"]),
        ("^[?@.w].t", ["ann pen pen", "ann ink pen"]),
        ("^^.tags[*]", ["ann pen x", "ann pen y", "ann ink x", "ann ink y"]),
    ],
)
def test_paths_look_around_the_records_of_iterable_fields(tmp_path, reference, expected):
    inner = ITEM.replace(
        "rml:field [", f'rml:field [ rml:fieldName "k" ; rml:reference "{reference}" ], [', 1
    )
    made = run_mapping(
        tmp_path, HEAD + view("ex:json", NAME, inner) + text("{n} {i.t} {i.k}"), FILES
    )
    assert sorted(made.objects()) == sorted(f'"{each}"' for each in expected)


@pytest.mark.parametrize(
    ("iterator", "reference", "expected"),
    [
        ("$.a[*]", "^^.b", ["7"]),
        ("$.a[*]", "^.b", ["7"]),
        ("$.a[*]", "^~", ["a"]),
        ("$.a[*]", "#", ["0", "1"]),
        ("$.a[?@.k == 2]", "~", ["1"]),
        ("$..k", "^.^^.b", ["7"]),
        ("$.*~", "$", ["a", "b", "it's ~"]),
        ("$.*~", "^.b", ["7"]),
        ("$.*", "~", ["a", "b", "it's ~"]),
        ("$", "a[*].k~", ["k"]),
        ("$", "['it\\\\'s ~']", ["8"]),  # within quotes it is a part of the name
    ],
)
@pytest.mark.parametrize("formulation", ["JSONPath", "YAML"])
def test_paths_look_around_in_documents(tmp_path, formulation, iterator, reference, expected):
    value = '{"a": [{"k": 1}, {"k": 2}], "b": 7, "it\'s ~": 8}'
    found = of_values(tmp_path, document(formulation, iterator, reference), value)
    assert sorted(found) == sorted(f'"{each}"' for each in expected)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("q[*]", {"1 0", "2 0", "3 1", "6 2"}),
        ("q[-1]", {"2 0"}),
        ("o[*].x", {"4 0", "5 1", "7 2", "8 2"}),
        ("o.x[*]", {"4 0"}),
        ("o.*.x[*]", {"4 0", "5 1", "7 2", "8 2"}),
        ("no[*]", set()),
    ],
)
def test_one_value_is_a_list_of_one_beside_paths_that_look_around(tmp_path, reference, expected):
    items = [
        {"q": [1, 2], "o": {"x": 4}, "z": 0},
        {"q": 3, "o": {"m": {"x": 5}}, "z": 1},
        {"q": {"a": 6}, "o": [{"x": 7}, {"x": 8}], "no": None, "z": 2},
    ]
    data = {"p.json": json.dumps({"p": [{"n": "ann", "i": items}]})}
    made = []
    for z in ("z", "#"):  # the same in SQL and by the library
        fields = f'[ rml:fieldName "k" ; rml:reference "{reference}" ], [ rml:fieldName "z" ;'
        inner = f'[ rml:fieldName "i" ; rml:iterator "$.i[*]" ; rml:field {fields}'
        mapping = view("ex:json", NAME, f'{inner} rml:reference "{z}" ] ]') + text("{i.k} {i.z}")
        found = run_mapping(tmp_path, HEAD + mapping, data).objects()
        made.append({each.strip('"') for each in found})
    assert made[0] == made[1]
    assert made[0] == expected


@pytest.mark.parametrize(
    ("iterator", "reference", "said"),
    [
        ("$[*]", "^^^.k", "leads above the document in the value"),
        ("$", "~", "asks for the key of the whole document"),
        ("^[*]", "k", "is not an iterator"),
        ("#", "k", "is not an iterator"),
    ],
)
def test_what_is_not_around_a_record_is_an_error(tmp_path, iterator, reference, said):
    with pytest.raises(InputError, match=said) as caught:
        of_values(tmp_path, document("JSONPath", iterator, reference), '[{"k": 1}]')
    assert caught.value.location.line


@pytest.mark.parametrize(
    ("formulation", "iterator", "value", "said"),
    [
        ("JSONPath", "$[*]", '[{"k": "\\ud800"}]', "a text holds half of a character"),
        ("JSONPath", "$..*", '[{"k": "\\ud800"}]', "a text holds half of a character"),
        ("JSONPath", "$[*]", '[{"\\udc00": 1, "k": 1}]', "a text holds half of a character"),
        ("CSV", "", "k,k\n1,2\n", "the header has 'k' twice"),
        ("CSV", "", 'k,x\n"1,2\n', "a quote is opened and never closed"),
        ("YAML", "$", "k: 1\x07\n", "the character U\\+0007 may not stand in YAML"),
        ("YAML", "$", "k: 1\n---\nk: 2\n", "the value holds 2 YAML documents"),
        ("YAML", "$..*", 'k: "\\ud800"', "half of a surrogate pair is no character"),
    ],
)
def test_values_that_are_no_document_are_told(tmp_path, formulation, iterator, value, said):
    key = "k" if formulation == "CSV" else "$.k"
    with pytest.raises(InputError, match=said) as caught:
        of_values(tmp_path, document(formulation, iterator, key), value)
    place = caught.value.location
    assert place is not None
    assert (place.record, place.column) == (1, "d")


@pytest.mark.parametrize(
    ("formulation", "iterator", "value", "expected"),
    [
        ("JSONPath", "$[*]", '\ufeff[{"k": 1.50}]', ['"1.50"']),
        ("JSONPath", "$[*]", '[{"k": "\\ud83d\\ude80"}]', ['"\U0001f680"']),
        ("CSV", "", "\ufeffk,x,x\n1,2,3\n", ['"1"']),
        ("CSV", "", f"k\n{'y' * 140_000}\n", [f'"{"y" * 140_000}"']),
        ("YAML", "$", "# nothing\n", []),
        ("YAML", "$..*", "", []),
    ],
)
def test_values_that_are_odd_documents(tmp_path, formulation, iterator, value, expected):
    csv.field_size_limit(131_072)  # what it is where no file was read yet
    key = "k" if formulation == "CSV" else "$.k"
    assert of_values(tmp_path, document(formulation, iterator, key), value) == expected


@pytest.mark.parametrize("kind", ["outerJoin", "fullJoin"])
def test_outer_joins_are_refused_with_what_to_write(tmp_path, kind):
    mapping = HEAD + YEARS + view("ex:json", NAME, more=join(kind, SAME, YEAR))
    mapping += triples('rml:reference "year"')
    with pytest.raises(InputError, match="outer joins of views are not supported") as caught:
        run_mapping(tmp_path, mapping, FILES)
    assert caught.value.code == "unsupported-mapping"
    assert "rml:leftJoin" in caught.value.hint
