"""YAML documents: texts as they are written, each with its line."""

from __future__ import annotations

import pytest

from kg.errors import InputError, Location
from kg.mapping.plan import Origin
from kg.mapping.yaml_nodes import MOST_DEEP, Node, parse_yaml
from kg.notes import hearing


def plain(node: Node) -> object:
    """Return the value without origins."""
    if node.is_map:
        return {key: plain(value) for key, value in node.entries("it")}
    return [plain(item) for item in node.items()] if node.is_list else node.value


def lines(node: Node) -> object:
    if node.is_map:
        return {key: (value.origin.line, lines(value)) for key, value in node.entries("it")}
    return [(item.origin.line, lines(item)) for item in node.items()] if node.is_list else None


@pytest.mark.parametrize(
    "written",
    ["1.50", "012", "0x1F", "1e3", "2022-11-18", "True", "yes", "1_000", ".5", "+1", "12:30:45"],
)
def test_scalars_stay_as_they_are_written(written):
    assert plain(parse_yaml(f"a: {written}\n", "f")) == {"a": written}


@pytest.mark.parametrize("written", ["~", "null", "Null", "NULL", ""])
def test_null(written):
    assert plain(parse_yaml(f"a: {written}\n", "f")) == {"a": None}


@pytest.mark.parametrize("written", ["'~'", '""', "!!str null", "'null'"])
def test_quoted_is_no_null(written):
    assert isinstance(plain(parse_yaml(f"a: {written}\n", "f"))["a"], str)


def test_keys_are_texts():
    assert plain(parse_yaml("1: a\n~: b\ntrue: c\n", "f")) == {"1": "a", "~": "b", "true": "c"}


def test_lines():
    document = parse_yaml(
        "# a comment\n"
        "a:\n"
        "  - x\n"
        "\n"
        "  - - y\n"
        "    - {b: 1,\n"
        "       c: 2}\n"
        "d: >\n"
        "  folded\n"
        "  text\n"
        "e: f\n",
        "f",
    )
    assert lines(document) == {
        "a": (2, [(3, None), (5, [(5, None), (6, {"b": (6, None), "c": (7, None)})])]),
        "d": (8, None),
        "e": (11, None),
    }
    assert document.origin == Origin("f", 1)


def test_empty_document():
    assert parse_yaml("", "f") == Node(None, Origin("f", 1))
    assert parse_yaml("# nothing\n", "f").value is None


def test_alias_and_merge_keys():
    document = parse_yaml(
        "base: &base {a: 1, b: 2}\n"
        "more: &more {b: 3, c: 4}\n"
        "one: {<<: *base, b: 5}\n"
        "two: {<<: [*base, *more], d: 6}\n"
        "same: *base\n",
        "f",
    )
    found = plain(document)
    assert found["one"] == {"a": "1", "b": "5"}
    assert found["two"] == {"a": "1", "b": "2", "c": "4", "d": "6"}
    assert found["same"] == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: 1\na: 2\n", (2, 1), "'a' stands twice"),
        ("? [a]\n: b\n", (1, 3), "a key must be a text"),
        ("a: &x [*x]\n", (1, 4), "inside of what it is an alias for"),
        ("a: &x {b: {c: *x}}\n", (1, 4), "inside of what it is an alias for"),
        ("a: {<<: 1}\n", (1, 9), "a merge key << takes mappings"),
        ("a: *x\n", (1, 4), "undefined alias 'x'"),
        ("a: [1\nb: 2\n", (2, 2), "expected ',' or ']'"),
        ("a: [1\n", (1, 4), "expected ',' or ']'"),
        ("a:\n\tb: 1\n", (2, 1), "a tab stands where"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a single document"),
        ('a: "b\n', (1, 4), "unexpected end of stream"),
        ("a: b: c\n", (1, 5), "mapping values are not allowed"),
    ],
)
def test_errors_say_where(text, place, message):
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "f")
    assert caught.value.code == "bad-yaml"
    assert message in caught.value.message
    assert caught.value.location == Location("f", *place)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["a: \t1\nb:\t'2'\n", "a:\t\t1\nb: \t 2\n", "a: 1\nb:\t2\n"])
def test_a_tab_between_key_and_value_is_a_space(text):
    """YAML 1.2.2, section 6.2; ruamel.yaml takes none."""
    assert plain(parse_yaml(text, "f")) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "text", ["- a:\n  \tb\n", "a:\n- \tb: 1\n\tc: 2\n", "a: [\n\t1]\nb:\t\n\tc\n"]
)
def test_other_tabs_are_left_to_ruamel(text):
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        expected = YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        with pytest.raises(InputError):
            parse_yaml(text, "f")
    else:
        assert str(plain(parse_yaml(text, "f"))).replace("'1'", "1") == str(expected)


def test_backslashes_of_yarrrml_stand_in_double_quotes():
    """YAML has no such escapes; others that it lacks are faults."""
    text = 'a: "x\\:y"\nb: ["\\$\\(c\\)", "\\\\:", "\\t"]\n'
    assert plain(parse_yaml(text, "f")) == {"a": "x\\:y", "b": ["\\$\\(c\\)", "\\:", "\t"]}
    with pytest.raises(InputError, match="unknown escape character 'q'"):
        parse_yaml('a: "\\q"', "f")


def test_tabs_in_texts_stay():
    text = "a: |\n  x:\ty\nb:\t'k:\tv'\n"
    assert plain(parse_yaml(text, "f")) == {"a": "x:\ty\n", "b": "k:\tv"}


def test_control_characters_are_refused():
    with pytest.raises(InputError) as caught:
        parse_yaml("a: 1\nb: \x01\n", "f")
    assert caught.value.location == Location("f", 2)
    assert "x0001" in caught.value.message


class TestNode:
    def test_text(self):
        document = parse_yaml("a: x\nb:\nc: [y]\nd: {e: z}\n", "f")
        assert document.get("a").text("it") == "x"
        for key in "bcd":
            with pytest.raises(InputError, match="it must be a text"):
                document.get(key).text("it")

    def test_items(self):
        document = parse_yaml("a: x\nb:\nc: [y, z]\n", "f")
        assert [len(list(document.get(key).items())) for key in "abc"] == [1, 0, 2]

    def test_get(self):
        document = parse_yaml("a: x\nb: y\n", "f")
        assert document.get("c", "b", "a").value == "y"
        assert document.get("c") is None
        assert document.get("a").get("b") is None

    def test_entries_of_what_is_no_mapping(self):
        with pytest.raises(InputError, match="it must be a mapping"):
            list(parse_yaml("- a\n", "f").entries("it"))

    def test_slips_in_keys_are_refused(self):
        known = frozenset({"subjects", "s"})
        with pytest.raises(InputError) as caught:
            parse_yaml("s: 1\n\nsubjets: 2\n", "f").check_keys("a thing", known)
        assert caught.value.location == Location("f", 3)
        assert "'subjets' is no key of a thing" in caught.value.message
        assert caught.value.hint == "Did you mean subjects? Known keys: s, subjects."

    def test_other_keys_are_told_once_and_passed_over(self):
        known = frozenset({"subjects", "s"})
        document = parse_yaml("s: 1\ncreator: 2\n'{x}': 3\nsubjectmap: 4\n", "f")
        with hearing() as notes:
            document.check_keys("a thing", known)
            document.check_keys("another thing", known)
        assert [str(note) for note in notes.values()] == [
            "f:2: the key 'creator' means nothing to kg here and is passed over",
            "f:3: the key '{x}' means nothing to kg here and is passed over",
            "f:4: the key 'subjectmap' means nothing to kg here and is passed over;"
            " did you mean subjects?",
        ]

    def test_a_key_that_stands_twice_is_told_with_both_places(self):
        with pytest.raises(InputError) as caught:
            parse_yaml("po:\n- p: a\n  o: b\n  c: d\n  o: e\n", "f")
        assert caught.value.location == Location("f", 5, 3)
        assert caught.value.message == "the key 'o' stands twice: on line 3 too"
        assert "an entry of its own for each" in caught.value.hint


@pytest.mark.parametrize("depth", [MOST_DEEP + 1, 400, 1000])
@pytest.mark.parametrize(("before", "after"), [("[", "]"), ("{a: ", "}")])
def test_too_deep(depth, before, after):
    with pytest.raises(InputError, match=f"nested more than {MOST_DEEP} deep") as caught:
        parse_yaml("a: " + before * depth + after * depth, "f")
    assert caught.value.code == "bad-yaml"


def test_deep_enough():
    document = parse_yaml("[" * (MOST_DEEP - 1) + "x" + "]" * (MOST_DEEP - 1), "f")
    for _ in range(MOST_DEEP - 1):
        (document,) = document.items()
    assert document.value == "x"


def test_aliases_that_stand_for_too_much():
    """What is small as written is not made large."""
    lines = ["x0: &x0 [a, b]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(InputError, match=r"its aliases make [0-9,]+ values of the") as caught:
        parse_yaml("\n".join(lines), "f")
    assert caught.value.code == "bad-yaml"


def test_merge_keys_of_merge_keys_are_small():
    lines = ["x0: &x0 {a: b}"]
    lines += [f"x{n}: &x{n} {{<<: [{', '.join([f'*x{n - 1}'] * 9)}]}}" for n in range(1, 40)]
    document = parse_yaml("\n".join(lines), "f")
    assert plain(document)["x39"] == {"a": "b"}


def test_an_alias_may_be_used_often():
    document = parse_yaml("a: &a {b: [c, d]}\nl: [" + ", ".join(["*a"] * 500) + "]\n", "f")
    assert plain(document)["l"] == [{"b": ["c", "d"]}] * 500
