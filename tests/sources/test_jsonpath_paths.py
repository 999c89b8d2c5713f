"""JSONPath as iterator and as reference: all that RFC 9535 has."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import InputError, LimitError, Location
from kg.mapping.jsonpath import parse_jsonpath
from kg.sources import json_trees
from tests.mapping.running import run_mapping

XSD = "http://www.w3.org/2001/XMLSchema#"
jsonpath = pytest.importorskip("jsonpath", reason="the extra jsonpath is not installed")

SHOP = {
    "currency": "EUR",
    "limit": 10,
    "book": [
        {"id": "a", "price": 8.95, "tags": ["x", "y"], "by": {"first": "A", "last": "Z"}},
        {"id": "b", "price": 12, "tags": [], "by": {"last": "Y"}, "isbn": "1-2"},
        {"id": "c", "price": 22.990, "tags": ["y"], "in": [{"id": "d", "price": 3}]},
    ],
    "bike": {"id": "e", "price": 19.95, "tags": "z"},
}
TEXT = json.dumps(SHOP).replace("22.99", "22.990")


def run(tmp_path, iterator, reference, document=TEXT, name="a.json", subject="id"):
    kind = name.rpartition(".")[2]
    mapping = {
        "sources": {"s": {"access": name, "referenceFormulation": kind, "iterator": iterator}},
        "mappings": {
            "m": {"sources": ["s"], "s": f"ex:$({subject})", "po": [["ex:p", f"$({reference})"]]}
        },
    }
    made = run_mapping(tmp_path, json.dumps(mapping), {name: document})
    return [(s.removeprefix("<http://example.org/")[:-1], o) for s, _, o, _ in made.quads]


@pytest.mark.parametrize(
    ("iterator", "ids"),
    [
        ("$.book[*]", "abc"),
        ("$.book[0]", "a"),
        ("$.book[-1]", "c"),
        ("$.book[9]", ""),
        ("$['book'][*]", "abc"),
        ('$["book"][*]', "abc"),
        ("$.book[0:2]", "ab"),
        ("$.book[::2]", "ac"),
        ("$.book[::-1]", "abc"),
        ("$.book[-2:]", "bc"),
        ("$.book[0,2]", "ac"),
        ("$.book[?@.isbn]", "b"),
        ("$.book[?(@.isbn)]", "b"),
        ("$.book[?@.price < 10]", "a"),
        ("$.book[?@.price < $.limit]", "a"),
        ("$.book[?@.price > 10 && @.isbn]", "b"),
        ("$.book[?@.price > 20 || !@.tags[0]]", "bc"),
        ("$.book[?@.by.last == 'Y']", "b"),
        ("$.book[?match(@.id, '[ab]')]", "ab"),
        ("$.book[?length(@.tags) == 2]", "a"),
        ("$.book[?@.id == 'a', ?@.id == 'c']", "ac"),
        ("$..book[*]", "abc"),
        ("$..[?@.price]", "abcde"),
        ("$..book[?@.in].in[*]", "d"),
        ("$.*", "e"),
        ("$['book','bike']", "e"),
        ("$.book[*].in[*]", "d"),
        ("$", ""),
    ],
)
def test_iterators(tmp_path, iterator, ids):
    found = run(tmp_path, iterator, "id")
    assert "".join(sorted(s for s, _ in found)) == ids


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("tags[*]", [("a", '"x"'), ("a", '"y"'), ("c", '"y"')]),
        ("tags[0]", [("a", '"x"'), ("c", '"y"')]),
        ("tags[-1]", [("a", '"y"'), ("c", '"y"')]),
        ("tags[0:1]", [("a", '"x"'), ("c", '"y"')]),
        ("tags[?@ != 'x']", [("a", '"y"'), ("c", '"y"')]),
        ("by.*", [("a", '"A"'), ("a", '"Z"'), ("b", '"Y"')]),
        ("by[*]", [("a", '"A"'), ("a", '"Z"'), ("b", '"Y"')]),
        ("by['first','last']", [("a", '"A"'), ("a", '"Z"'), ("b", '"Y"')]),
        ("$..last", [("a", '"Z"'), ("b", '"Y"')]),
        ("$..price", [
            ("a", f'"8.95E0"^^<{XSD}double>'), ("b", f'"12"^^<{XSD}integer>'),
            ("c", f'"2.299E1"^^<{XSD}double>'), ("c", f'"3"^^<{XSD}integer>'),
        ]),
        ("$.in[*].id", [("c", '"d"')]),
        ("$.in[?@.price == 3].id", [("c", '"d"')]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("iterator", ["$.book[*]", "$.book[?@.id]", "$.book[0:3]"])
def test_references(tmp_path, iterator, reference, expected):
    assert run(tmp_path, iterator, reference) == expected


def test_arrays_and_members_in_one_path(tmp_path):
    """A wildcard stands for both, whichever the record has."""
    document = json.dumps(
        [
            {"id": 1, "a": [{"b": [1]}, {"b": {"k": 2}}, {"c": 3}]},
            {"id": 2, "a": {"x": {"b": {"k": 4}}, "y": {"b": [5, 6]}}},
            {"id": 3, "a": "no"},
        ]
    )
    found = run(tmp_path, "$[*]", "a[*].b[*]", document)
    assert [s + o[1] for s, o in found] == ["11", "12", "24", "25", "26"]


def test_json_lines(tmp_path):
    lines = "\n".join(json.dumps(book) for book in SHOP["book"])
    assert run(tmp_path, "$[?@.first]", "last", lines, "a.jsonl", "last") == [("Z", '"Z"')]
    assert run(tmp_path, "$.in[*]", "id", lines, "a.jsonl") == [("d", '"d"')]
    assert len(run(tmp_path, "$", "id", lines, "a.jsonl")) == 3


def test_yaml(tmp_path):
    text = "book:\n- {id: a, price: 8.950, n: 1}\n- {id: b, price: 12.0, n: 2}\n"
    found = run(tmp_path, "$.book[?@.price > 10]", "price", text, "a.yaml")
    assert found == [("b", f'"1.2E1"^^<{XSD}double>')]


@pytest.mark.parametrize(
    ("iterator", "reference", "said"),
    [
        ("$.book[?@.a ==]", "id", "'$.book[?@.a ==]' is not a JSONPath"),
        ("$.book[?foo(@)]", "id", "foo"),
        ("$.book[01:2]", "id", "invalid index"),
        ("$.book[*]", "tags[?@ < ]", "tags"),
        ("$.book[*", "id", "'$.book[*'"),
    ],
)
def test_bad_paths(tmp_path, iterator, reference, said):
    with pytest.raises(InputError) as raised:
        run(tmp_path, iterator, reference)
    assert raised.value.code == "bad-jsonpath"
    assert said in raised.value.message
    assert raised.value.hint


def test_nested_too_deep():
    with pytest.raises(LimitError) as raised:
        json_trees.parse(b"[" * 100_000 + b"]" * 100_000, Location("a.json"))
    assert raised.value.code == "nested-too-deep"


# --- as the library has it ------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c d"])
VALUES = st.recursive(
    st.sampled_from([None, True, 1, 2.5, "x", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
SEGMENTS = st.one_of(
    NAMES.map(lambda n: f"['{n}']"),
    st.integers(-2, 2).map(lambda n: f"[{n}]"),
    st.sampled_from(["[*]", ".*", "..*", "[0:2]", "[::-1]", "[?@.a]", "[?@ == 1]", "['a','b']"]),
)


@settings(max_examples=20, deadline=None)
@given(
    data=VALUES,
    iterator=st.lists(SEGMENTS, max_size=3).map("".join),
    reference=st.lists(SEGMENTS, max_size=3).map("".join),
)
def test_same_as_the_library(tmp_path_factory, data, iterator, reference):
    """Records, and single values in them, are those that the library alone finds."""
    path = f"${iterator}"
    records = jsonpath.JSONPathEnvironment(strict=True).findall(path, data)
    expected = []
    for record in records:
        found = jsonpath.JSONPathEnvironment(strict=True).findall(f"${reference}", record)
        if any(isinstance(v, dict | list) for v in found):
            return
        expected += [v for v in found if v is not None]
    mapping = {
        "mappings": {
            "m": {
                "sources": [["a.json~json", path]],
                "s": "ex:s",
                "po": [["ex:p", f"$(${reference})"]],
            }
        }
    }
    made = run_mapping(
        tmp_path_factory.mktemp("j"), json.dumps(mapping), {"a.json": json.dumps(data)}
    )
    assert made.made.loaded[0].records == len(records)
    assert len(made.quads) == len({(type(v), v) for v in expected})


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"])),
    st.lists(st.sampled_from(["[?@.a]", "..b", "[0:1]", "['x','y']"]), max_size=2),
)
def test_standard_form_keeps_keys(key, rest):
    written = json.dumps(key)
    path = parse_jsonpath(f"$[{written}]{''.join(rest)}")
    data = {key: 1}
    if not rest:
        env = jsonpath.JSONPathEnvironment(strict=True)
        assert env.findall(path.standard, data) == [1]


# --- numbers --------------------------------------------------------------------------------

NUMBERS = [
    "1.50",
    "1e5",
    "1E+2",
    "0.10",
    "-0.0",
    "1e400",
    "12345678901234567.89",
    "100.00",
    "-7",
    "0",
]


@pytest.mark.parametrize(
    ("iterator", "reference", "name", "document"),
    [
        ("$[*]", "n", "a.json", "[%s]"),
        ("$.x[*]", "n", "a.json", '{"x": [%s]}'),
        ("$.x.*", "n", "a.json", '{"x": {"y": {}, "z": %s}}'),
        ("$", "n", "a.jsonl", "%s\n{}"),
        ("$[?@.n != null]", "n", "a.json", "[%s]"),
        ("$[*]", "n[?@ != null]", "a.json", "[%s]"),
        ("$[*]", "n[*]", "a.json", "[%s]"),
        ("$[*]", "n", "a.yaml", "[%s]"),
    ],
)
def test_numbers_keep_their_text(tmp_path, iterator, reference, name, document):
    mapping = {
        "sources": {"s": {"access": name, "referenceFormulation": name[2:], "iterator": iterator}},
        "mappings": {
            "m": {
                "sources": ["s"],
                "s": "ex:s",
                "po": [["ex:p", f"$({reference})", "xsd:decimal"], ["ex:q", f"n=$({reference})"]],
            }
        },
    }
    template = '{"n": [%s, null]}' if "n[" in reference else '{"n": %s}'
    separator = "\n" if name.endswith("l") and "%s\n" in document else ", "
    numbers = NUMBERS if ".*" not in iterator else NUMBERS[:1]
    records = separator.join(template % number for number in numbers)
    made = run_mapping(tmp_path, json.dumps(mapping), {name: document % records})
    assert made.objects() == sorted(f'"{number}"^^<{XSD}decimal>' for number in numbers)
    assert made.objects("ex:q") == sorted(f'"n={number}"' for number in numbers)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_marks_only_what_would_change(number):
    from kg.sources.json_numbers import marked

    text = str(number).lower()
    if json.loads(text) is not None and "u" not in marked(text):
        assert Decimal(repr(json.loads(text))) == Decimal(text)


def test_numbers_of_thousands_of_digits_are_values(tmp_path):
    """Python makes no number of them by itself."""
    large = "9" * 5000
    document = f'{{"items": [{{"id": "a", "n": {large}}}, {{"id": "b", "n": -{large}}}]}}'
    made = run(tmp_path, "$.items[?@.n > 3]", "n", document)
    assert made == [("a", f'"{large}"^^<{XSD}integer>')]


@pytest.mark.parametrize("path", ["$.items[?@.n > %s]", "$.items[?@.n == -%s]"])
def test_a_filter_with_such_a_number_is_told(tmp_path, path):
    with pytest.raises(InputError, match="a number in it is too large") as caught:
        run(tmp_path, path % ("9" * 5000), "n", '{"items": []}')
    assert caught.value.code == "bad-jsonpath"
