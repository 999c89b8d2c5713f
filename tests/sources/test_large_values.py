"""Documents that are nested deep, or hold huge values: a message with the place, in little time."""

from __future__ import annotations

import pytest

from kg.errors import InputError, KgError, LimitError
from kg.mapping.plan import Formulation
from kg.sources import json_trees

JSON, YAML, XML = Formulation.JSON, Formulation.YAML, Formulation.XPATH
DEEP = 50_000
LARGE = "x" * (11 * 10**6)


def nested(depth, opening="[", closing="]"):
    return opening * depth + closing * depth


@pytest.mark.parametrize(
    ("document", "iterator"),
    [
        ('[{{"v": 1, "x": {}}}]', "$[*]"),
        ('{{"a": [{{"v": 1, "x": {}}}]}}', "$.a[*]"),
        ('{{"x": {}, "a": [{{"v": 1}}]}}', "$.a[*]"),
    ],
)
@pytest.mark.parametrize("deep", [nested(DEEP), '{"a":' * DEEP + "1" + "}" * DEEP])
def test_json_of_any_depth(read, document, iterator, deep):
    files = {"a.json": document.format(deep)}
    assert read(files, "v", formulation=JSON, iterator=iterator).values == ["1"]


@pytest.mark.parametrize("depth", [201, 990, 2000, DEEP])
@pytest.mark.parametrize(
    ("iterator", "reference"), [("$[?@.v == 1]", "v"), ("$[*]", "$..v"), ("$[-1:]", "v")]
)
def test_json_too_deep_for_a_filter(read, depth, iterator, reference):
    files = {"a.json": f'[{{"v": 1, "x": {nested(depth)}}}]'}
    with pytest.raises(LimitError) as raised:
        read(files, reference, formulation=JSON, iterator=iterator)
    assert raised.value.code == "nested-too-deep"
    assert "more than 200 deep" in raised.value.message


def test_json_deep_enough_for_a_filter(read):
    files = {"a.json": f'[{{"v": 1, "x": {nested(190)}}}]'}
    assert read(files, "v", formulation=JSON, iterator="$[?@.v == 1]").values == ["1"]


@pytest.mark.parametrize(
    "deep",
    [
        nested(2000),
        '{"a": ' * 900 + "1" + "}" * 900,
        "".join(f"\n{' ' * n}-" for n in range(1, 400)),
    ],
)  # fmt: skip
def test_yaml_too_deep(read, deep):
    with pytest.raises(LimitError) as raised:
        read({"a.yaml": f"x: {deep}"}, "v", formulation=YAML)
    assert raised.value.code == "nested-too-deep"
    assert raised.value.location is not None
    assert raised.value.location.line in (1, 202)


def test_yaml_deep_enough(read):
    files = {"a.yaml": f"- v: 1\n  x: {nested(190)}"}
    assert read(files, "v", formulation=YAML, iterator="$[*]").values == ["1"]


@pytest.mark.parametrize(
    "document",
    [
        f"<r><i>{'<a>' * DEEP}{'</a>' * DEEP}</i></r>",
        f"<r><i>{LARGE}</i></r>",
        f'<r><i v="{LARGE}"/></r>',
        f"<r><!--{LARGE}--><i/></r>",
        f"<!--{LARGE}--><r><i/></r>",
        f"<?a {LARGE}?><r><i/></r>",
        f"<r><i><![CDATA[{LARGE}]]></i></r>",
        f"<r><{LARGE}/><i/></r>",
    ],
    ids=lambda text: f"{text[:12]}…",
)
@pytest.mark.parametrize("iterator", ["/r/i", "//i[1]"])
def test_xml_too_large(read, document, iterator):
    with pytest.raises(KgError) as raised:
        read({"a.xml": document}, ".", formulation=XML, iterator=iterator)
    assert raised.value.code == "record-too-large"
    assert raised.value.location is not None
    assert raised.value.location.file.endswith("a.xml")


@pytest.mark.parametrize("quote", ['"', "", "'"])
def test_yaml_scalar_too_large(read, quote, monkeypatch):
    monkeypatch.setattr("kg.sources.yaml_files._LONGEST_SCALAR", 1 << 17)
    with pytest.raises(LimitError) as raised:
        read({"a.yaml": f"v: {quote}{'x ' * 10**5}{quote}"}, "v", formulation=YAML)
    assert raised.value.code == "record-too-large"


@pytest.mark.parametrize("inside", ['"x": "{}"', '"{}": 1', '"x": 1{}'])
@pytest.mark.parametrize("document", ['{{"a": [{{{}}}]}}', '{{"a": [{{{}'])
def test_json_text_too_large(read, document, inside, monkeypatch):
    monkeypatch.setattr("kg.sources.json_scan._LONGEST_TEXT", 1 << 19)
    large = "1" * (17 * 2**20)
    with pytest.raises(LimitError) as raised:
        read({"a.json": document.format(inside.format(large))}, "v", formulation=JSON,
             iterator="$.a[*]")  # fmt: skip
    assert raised.value.code == "record-too-large"


# --- patterns -------------------------------------------------------------------------------

VALUES = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "abab", "é1", "a\nb", "a.b", "A-7", ""]


@pytest.mark.parametrize(
    ("function", "pattern", "expected"),
    [
        ("search", "(a+)+$", []),
        ("match", "(a|a)*b", []),
        ("match", "(a|aa)+", []),
        ("search", "a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?aaaaaaaaaaa!", [0]),
        ("match", "(ab)*", [1, 6]),
        ("match", r"\\p{L}[0-9]", [2]),
        ("match", "[a-z].[a-z]", [4]),
        ("match", r"a\\.b", [4]),
        ("search", "[.]", [4]),
        ("match", "[A-Z]-[0-9]", [5]),
        ("search", "b", [1, 3, 4]),
        ("match", "b", []),
        ("match", "a.*", [0, 1, 4]),
    ],
)
def test_patterns(read, function, pattern, expected):
    """As I-Regexp has them, and in no time whatever they are."""
    records = ", ".join(f'{{"n": {n}, "v": {v!r}}}' for n, v in enumerate(VALUES))
    files = {"a.json": f"[{records}]".replace("'", '"')}
    iterator = f"$[?{function}(@.v, '{pattern}')]"
    found = read(files, "n", formulation=JSON, iterator=iterator).values
    assert found == [str(n) for n in expected]


def test_long_texts(read):
    files = {"a.json": f'[{{"n": 1, "v": "{"a" * 100_000}"}}]'}
    for pattern in ("a*b", "(a+)+b", "(a|a)+b"):
        iterator = f"$[?search(@.v, '{pattern}')]"
        assert read(files, "n", formulation=JSON, iterator=iterator).values == []


@pytest.mark.parametrize("pattern", ["(", "[z-a]", r"(a)\\1", "(?=a)a"])
def test_patterns_that_are_none(read, pattern):
    with pytest.raises(InputError) as raised:
        read({"a.json": "[]"}, "n", formulation=JSON, iterator=f"$[?match(@.v, '{pattern}')]")
    assert raised.value.code == "bad-jsonpath"
    assert "is no regular expression" in raised.value.message


def test_patterns_of_the_data(read):
    """One that is none fits nothing, as the standard says."""
    files = {"a.json": '[{"n": 1, "v": "a", "p": "("}, {"n": 2, "v": "a", "p": "(a)+"}]'}
    iterator = "$[?match(@.v, @.p)]"
    assert read(files, "n", formulation=JSON, iterator=iterator).values == ["2"]


def test_python_matches_only_what_has_no_choice():
    """Guards the time: two choices can multiply."""
    for pattern in ("a*", "ab?c", "x{2,9}", "a|b", "abc", "[ab].", r"a\.b"):
        assert json_trees._plain(pattern) is not None
    for pattern in ("a*a*", "(a?)(b?)", "(a+)+", "(a|b)+", "a?b|c", r"\d", "^a", "a$", "(?i)a"):
        assert json_trees._plain(pattern) is None


# --- what is silently different elsewhere -----------------------------------------------------


@pytest.mark.parametrize("iterator", ["$[*]", "$[?@.n == 1]", "$[0:]"])
def test_keys_that_stand_twice(read, iterator):
    files = {"a.json": '[{"n": 1, "v": "first", "v": "second"}]'}
    assert read(files, "v", formulation=JSON, iterator=iterator).values == ["first"]


@pytest.mark.parametrize(
    ("name", "document", "place"),
    [
        ("a.json", '[{"n": 1}, {"n": 2, "v": "first", "v": "second"}, {"n": 3, "n": 4}]', "1:35"),
        ("a.json", '{"n": {"v": 1, "w": 2, "v": 3}}', "1:24"),
        ("a.jsonl", '{"n": 1}\n{"n": 2, "v": 1, "v": 2}\n', "2:18"),
        ("a.json", f'[{{"v": 1, "v": 2}}, {", ".join(["1"] * 500_000)}]', "1:11"),
    ],
    ids=("array", "object", "lines", "large"),
)
def test_keys_that_stand_twice_are_told(read, name, document, place):
    iterator = "$[*]" if name == "a.json" else "$"
    (note,) = read({name: document}, "n", formulation=JSON, iterator=iterator).table.notes
    assert note.endswith(f"{name}:{place}: the key 'v' stands twice in an object; the first counts")
    once = document.replace('"v": 1, ', "").replace('"v": "first", ', "").replace('"n": 3, ', "")
    assert read({name: once}, "n", formulation=JSON, iterator=iterator).table.notes == ()


@pytest.mark.parametrize("iterator", ["$[*]", "$[?@.n == 1]", "$[0]"])
@pytest.mark.parametrize(
    "record",
    [r'{"n": 1, "v": "\ud83d"}', r'{"n": 1, "x": "\ude00\ud83d"}', r'{"n": 1, "\udfff": 1}'],
)  # fmt: skip
def test_halves_of_characters(read, iterator, record):
    with pytest.raises(InputError) as raised:
        read({"a.json": f"[{record}]"}, "v", formulation=JSON, iterator=iterator)
    assert raised.value.code == "bad-json"
    assert "half of a character" in raised.value.message


@pytest.mark.parametrize("formulation", [JSON, YAML])
@pytest.mark.parametrize("number", [8, 9, 300, 5000])
def test_wildcards(read, formulation, number):
    """Each doubles the time that the engine takes to plan."""
    wild = "[*]" * number
    files = {"a": f'{{"x": {"[" * 8}1{"]" * 8}, "y": 2}}'}
    for iterator, reference, expected in (("$", f"x{wild}", [["1"]]), (f"$.x{wild}", "y", [])):
        if number == 8:
            found = read(files, reference, formulation=formulation, iterator=iterator)
            values = [[v["v"] for v in row[2]] for row in found.rows if isinstance(row[2], list)]
            assert values == expected
            continue
        with pytest.raises(InputError) as raised:
            read(files, reference, formulation=formulation, iterator=iterator)
        assert raised.value.code == "bad-jsonpath"


@pytest.mark.parametrize(
    ("path", "formulation"),
    [
        (f"$.a[?{'(' * 3000}@.v == 1{')' * 3000}]", JSON),
        (f"$.a[?{'!' * 3000}@.v]", JSON),
        (f"{'(' * 20_000}/r/i{')' * 20_000}", XML),
        (f"/r/i{'[1' * 5000}{']' * 5000}", XML),
    ],
    ids=("brackets", "nots", "groups", "predicates"),
)
def test_paths_that_are_nested_deep(read, path, formulation):
    content = '{"a": [{"v": 1}]}' if formulation is JSON else "<r><i/></r>"
    with pytest.raises(InputError) as raised:
        read({"a": content}, "v", formulation=formulation, iterator=path)
    assert raised.value.code in ("bad-jsonpath", "bad-xpath")


def test_scalars_of_yaml_keep_their_text(read):
    texts = ("NO", "yes", "0o17", "0x1F", "007", "+1", "1_000", "12:30:00", ".inf", "2001-01-01")
    files = {"a.yaml": "".join(f"- v: {text}\n" for text in texts)}
    assert read(files, "v", formulation=YAML, iterator="$[*]").values == [*texts]


@pytest.mark.parametrize("document", ["a: 1\na: 2", "a: &a {b: 1}\nc: {<<: *a}", "a: !!int 1"])
def test_what_yaml_reads_in_several_ways_is_refused(read, document):
    with pytest.raises(InputError) as raised:
        read({"a.yaml": document}, "a", formulation=YAML)
    assert raised.value.code == "bad-yaml"


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("", "utf-8"), ("", "utf-8-sig"), ("", "utf-16"), ("UTF-16", "utf-16"),
        ("ISO-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("US-ASCII", "ascii"),
    ],
)  # fmt: skip
def test_xml_in_the_encoding_that_it_declares(read, declared, encoding):
    start = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    value = "x" if encoding == "ascii" else "é"
    files = {"a.xml": f"{start}<r><i>{value}</i></r>".encode(encoding)}
    assert read(files, ".", formulation=XML, iterator="/r/i").values == [[{"v": value}]]
