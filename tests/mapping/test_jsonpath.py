"""JSONPath: what is understood, and what the engine finds with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg.errors import InputError
from kg.mapping.jsonpath import Wildcard, engine_path, parse_jsonpath
from kg.sql import sql_text

ALL = Wildcard.ALL
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda k: k != "*")


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$", ()),
        ("@", ()),
        ("$.a", ("a",)),
        ("a", ("a",)),
        ("@.a", ("a",)),
        ("a.b", ("a", "b")),
        ("$.a b.c", ("a b", "c")),
        (" $.a ", ("a",)),
        ("$['a']", ("a",)),
        ("['a b'].c", ("a b", "c")),
        ('$["a.b"]', ("a.b",)),
        (r"$['it\'s']", ("it's",)),
        (r'$["say \"hi\""]', ('say "hi"',)),
        (r"$['a\\b']", ("a\\b",)),
        (r"$['\u00e9\n\ud83d\ude00']", ("é\n\U0001f600",)),
        ("$['a\"b']", ('a"b',)),
        ("$.a[0]", ("a", 0)),
        ("$.a[ -1 ]", ("a", -1)),
        ("$[*]", (ALL,)),
        ("$.*", (ALL,)),
        ("names[*]", ("names", ALL)),
        ("$.a[*].b.*", ("a", ALL, "b", ALL)),
        # As other libraries take it, though RFC 9535 has no dot there.
        ("$.[*]", (ALL,)),
        ("$.a.[*].b.[0].['c']", ("a", ALL, "b", 0, "c")),
        ("$.été", ("été",)),
        ("$.a-b_c@d:e", ("a-b_c@d:e",)),
    ],
)
def test_simple_paths(path, steps):
    parsed = parse_jsonpath(path)
    assert parsed.steps == steps
    assert parsed.is_many == (ALL in steps)


@pytest.mark.parametrize(
    ("path", "full"),
    [
        ("$..name", "$..name"),
        ("a..b", "$.a..b"),
        ("$..*", "$..*"),
        ("$..[0]", "$..[0]"),
        ("$..['a']", "$..['a']"),
        ("$.a[1:3]", "$.a[1:3]"),
        ("$.a[::2]", "$.a[::2]"),
        ("$.a[-2:]", "$.a[-2:]"),
        ("@.a[?@.b > 1].c", "$.a[?@.b > 1].c"),
        ("$.a[?(@.b=='x]')]", "$.a[?(@.b=='x]')]"),
        ("$.a[?@.b == '*']", "$.a[?@.b == '*']"),
        ("$.a['b','c']", "$.a['b','c']"),
        ("$.a[0, 2]", "$.a[0, 2]"),
        ("$['']", "$['']"),
        ("$['*']", "$['*']"),
    ],
)
def test_paths_that_need_a_library(path, full):
    parsed = parse_jsonpath(path)
    assert parsed.steps is None
    assert parsed.is_many
    assert parsed.text == full


@pytest.mark.parametrize(
    ("path", "standard"),
    [
        ("$.a.[?@.b > 1].[0].c", '$["a"][?@.b > 1][0]["c"]'),
        ("$.a.[1:3]", '$["a"][1:3]'),
        ("$.a.[*].b", '$["a"][*]["b"]'),
    ],
)
def test_a_dot_before_a_bracket_is_passed_over(path, standard):
    assert parse_jsonpath(path).standard == standard


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("$.a[", "'['"),
        ("$.a[*]]", "']'"),
        ("$.a['b]", '"[\'b]"'),
        ("$.", "'.'"),
        ("", "'.'"),
        ("$.a.(b)", "'.(b)'"),
        (r"$['\q']", r"\\q"),
        (f"$.a[{'9' * 17}]", "'[99999999999'"),
        (f"$.a[-{'9' * 5000}]", "'[-9999999999'"),
        (f"$.a[1:{'9' * 5000}]", "'[1:999999999'"),
        ("$.a[²]", "'[²]'"),
        ("$.a[٣]", "'[٣]'"),
        ("Dhkef;esfk", "';esfk'"),
        ("$.a;b", "';b'"),
        ("a,b", "',b'"),
        ("{a}", "'.{a}'"),
        ("$..a;b", "';b'"),
        ("a == b", "'== b'"),
    ],
)
def test_what_is_no_path(path, rest):
    with pytest.raises(InputError) as caught:
        parse_jsonpath(path)
    assert caught.value.code == "bad-jsonpath"
    assert repr(path) in caught.value.message
    assert rest in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "key", ["@id", "$ref", "dc:title", "first name", "a-b", "a/b", "größe", "#text", "R&D", "50%"]
)
def test_keys_that_people_write_without_quotes(key):
    assert parse_jsonpath(key).steps == (key,)
    assert parse_jsonpath(f"$.{key}").steps == (key,)


@given(st.lists(KEYS, min_size=1, max_size=3))
@example(['a"b'])
@example(["a\\"])
@example(["#", "$", "a.b", "[0]"])
@example(["a\x00b"])
def test_engine_finds_keys(database, keys):
    value: object = 1
    for key in reversed(keys):
        value = {key: value, "other " + key: 2}
    written, path = json.dumps(value), sql_text(engine_path(tuple(keys)))
    row = database.execute(
        f"SELECT json_extract(j, {path}), json_extract(j, [{path}]) FROM (SELECT ?::JSON AS j)",
        [written],
    ).fetchone()
    assert row == ("1", ["1"])


@given(KEYS)
def test_quoted_keys_are_read_as_they_were_written(key):
    assert parse_jsonpath(f"$[{json.dumps(key)}]").steps == (key,)
    single = json.dumps(key)[1:-1].replace('\\"', '"').replace("'", "\\'")
    assert parse_jsonpath(f"$['{single}']").steps == (key,)


@pytest.mark.parametrize(
    ("steps", "found"),
    [((0,), "1"), ((2,), "3"), ((-1,), "3"), ((-3,), "1"), ((3,), None), ((-4,), None)],
)
def test_engine_finds_elements(database, steps, found):
    path = sql_text(engine_path(steps))
    assert database.execute(f"SELECT json_extract('[1,2,3]', {path})").fetchone() == (found,)
