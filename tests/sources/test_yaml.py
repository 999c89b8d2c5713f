"""YAML files: records, scalars as they are written, and what is wrong with a file."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.mapping.plan import Formulation


@pytest.fixture
def read_yaml(read):
    def run(content, *references, iterator="$[*]", **options):
        formulation = Formulation.YAML
        files = {"t.yaml": content}
        return read(files, *references, formulation=formulation, iterator=iterator, **options)

    return run


class TestScalars:
    @pytest.mark.parametrize(
        ("written", "found"),
        [
            ("x", "x"),
            ("2022-11-18", "2022-11-18"),
            ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
            ("01", "01"),
            ("0x1F", "0x1F"),
            ("1_000", "1_000"),
            ("1.50", "1.50"),
            ("+1", "+1"),
            (".inf", ".inf"),
            ("12:30", "12:30"),
            ("yes", "yes"),
            ("no", "no"),
            ("true", "true"),
            ("True", "true"),
            ("12345678901234567890123456789", "12345678901234567890123456789"),
            ("'01'", "01"),
            ("'true'", "true"),
            ('"a\\nb \\u00e9\\U0001F680"', "a\nb é\U0001f680"),
            ('"\\ud83d\\ude80"', "\U0001f680"),
            ('""', ""),
            ("~", None),
            ("null", None),
            ("", None),
            ("'~'", "~"),
            ("!!str 12", "12"),
            ("|\n    a\n     b\n", "a\n b\n"),
            (">-\n    a\n    b\n", "a b"),
        ],
    )
    def test_texts(self, read_yaml, written, found):
        assert read_yaml(f"- a: {written}\n  b: 1\n", "a").values == [found]

    @pytest.mark.parametrize(
        ("written", "kind"),
        [
            ("7", "i"),
            ("1.5", "d"),
            ("true", "b"),
            ("01", None),
            ("'7'", None),
            ("2022-11-18", None),
        ],
    )
    def test_kinds(self, read_yaml, written, kind):
        loaded = read_yaml(f"- a: {written}\n", "[*].a", iterator="$")
        assert loaded.values == [[{"v": written.strip("'"), "t": kind}]]


class TestRecords:
    def test_numbers_and_lines(self, read_yaml):
        content = "# facts\nrows:\n  - a: 1\n    b: |\n      text\n\n\n  - {a: 2}\n  -\n    a: 3\n"
        loaded = read_yaml(content, "a", iterator="$.rows[*]")
        assert loaded.rows == [(0, 1, "1"), (0, 2, "2"), (0, 3, "3")]
        assert loaded.lines() == [3, 8, 10]

    def test_members(self, read_yaml):
        loaded = read_yaml("x: {a: 1}\ny:\n  a: 2\n", "a", iterator="$.*")
        assert loaded.values == ["1", "2"]
        assert loaded.lines() == [1, 3]

    def test_one_record_by_its_place(self, read_yaml):
        loaded = read_yaml("- a: 1\n- a: 2\n", "a", iterator="$[1]")
        assert loaded.values == ["2"]
        assert loaded.lines() == [2]

    def test_several_documents(self, read_yaml):
        loaded = read_yaml("a: 1\n---\na: 2\n---\n- a: 3\n", "a", iterator="$")
        assert loaded.values == ["1", "2", None]
        assert loaded.lines() == [1, 3, 5]

    def test_anchors(self, read_yaml):
        content = "- &one\n  a: 1\n  b: &list [x, y]\n- a: 2\n  b: *list\n- *one\n"
        loaded = read_yaml(content, "a", "b[*]")
        assert [(a, [e["v"] for e in b]) for a, b in loaded.values] == [
            ("1", ["x", "y"]),
            ("2", ["x", "y"]),
            ("1", ["x", "y"]),
        ]
        assert loaded.lines() == [1, 4, 1]  # a record that is repeated stands where it is written

    def test_lines_further_inside(self, read_yaml):
        content = "x:\n  - rows: [{a: 1},\n      {a: 2}]\n  - none: 1\n  - rows:\n    - a: 3\n"
        loaded = read_yaml(content, "a", iterator="$.x[*].rows[*]")
        assert loaded.values == ["1", "2", "3"]
        assert loaded.lines() == [2, 3, 6]

    def test_lines_of_what_a_filter_chooses_are_not_told(self, read_yaml):
        loaded = read_yaml("- a: 1\n- a: 2\n", "a", iterator="$[?@.a > 1]")
        assert loaded.values == ["2"]
        assert loaded.lines() == [None]

    def test_anchors_end_with_their_document(self, read_yaml):
        with pytest.raises(InputError) as caught:
            read_yaml("a: &x 1\n---\na: *x\n", "a", iterator="$")
        assert "&x" in caught.value.message
        assert "t.yaml:3:4" in str(caught.value.location)

    def test_nested(self, read_yaml):
        loaded = read_yaml("- a: {b: [{c: 1}, {c: 2}]}\n", "a.b[*].c", "a.b[1].c")
        assert [e["v"] for e in loaded.values[0][0]] == ["1", "2"]
        assert loaded.values[0][1] == "2"

    def test_encodings(self, read_yaml):
        for encoding in ("utf-8-sig", "latin-1", "utf-16"):
            content = "- a: é\n".encode(encoding)
            assert read_yaml(content, "a", encoding=encoding).values == ["é"]


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("content", "code", "place"),
        [
            ("", "empty-file", "t.yaml"),
            ("- a: 1\n  b: [1\n- c\n", "bad-yaml", "t.yaml:2:6"),
            ("- a: 1\n\tb: 2\n", "bad-yaml", "t.yaml:2:1"),
            ("- a: 1\n  a: 2\n", "bad-yaml", "t.yaml:2:3"),
            ("- a: 1\n- {<<: {a: 1}}\n", "bad-yaml", "t.yaml:2:4"),
            ("- ? [a]\n  : 1\n", "bad-yaml", "t.yaml:1:5"),
            ("- a: *x\n", "bad-yaml", "t.yaml:1:6"),
            ('- a: "x\n', "bad-yaml", "t.yaml:1:6"),
            ("- a: b: c\n", "bad-yaml", "t.yaml:1"),
            ('- a: 1\n- b: "\\ud83d"\n', "bad-yaml", "t.yaml:2:6"),
            ("- a: 1\n- b: \x7f\n", "bad-yaml", "t.yaml:2:6"),
            ("- a: é\n".encode("latin-1"), "bad-encoding", "t.yaml:1:6"),
            ("- a: 1\n- b: é\n".encode("latin-1"), "bad-encoding", "t.yaml:2:6"),
        ],
    )
    def test_place(self, read_yaml, content, code, place):
        with pytest.raises(InputError) as caught:
            read_yaml(content, "a")
        assert caught.value.code == code
        assert place in str(caught.value.location)
        assert caught.value.hint

    def test_only_comments(self, read_yaml):
        with pytest.raises(InputError) as caught:
            read_yaml("# nothing\n", "a")
        assert caught.value.code == "empty-file"

    def test_array_where_a_value_is_needed(self, read_yaml):
        with pytest.raises(InputError) as caught:
            read_yaml("- a: [1]\n- a: [[1]]\n", "a[*]")
        assert caught.value.code == "not-a-value"
        assert str(caught.value.location).endswith('t.yaml:2 (record 2), column "a[*]"')
