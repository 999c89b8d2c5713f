"""Records that cannot be read: left out one by one, and written down with their lines."""

from __future__ import annotations

import csv
import io
import json
from contextlib import nullcontext
from itertools import count, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import InputError
from kg.mapping.plan import Dialect, Formulation
from kg.rejects import LONGEST_VALUE, skipping
from kg.sources import csv_lines
from tests.sources.loaded import load

_FOLDERS = count()


@pytest.fixture
def skip(reader, tmp_path):
    """Return a function that reads a source without its bad records; gives both."""

    def run(files, *references, **options):
        folder = tmp_path / str(next(_FOLDERS))
        target = tmp_path / "rejects.csv"
        with skipping(target) as found:
            loaded = load(reader, folder, files, *references, **options)
            lines = loaded.lines()
        rows = rejected(target)
        assert len(rows) == found.count
        return loaded, lines, rows

    return run


def rejected(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def placed(rows):
    return [(int(row["record"]), int(row["line"])) for row in rows]


class TestCsv:
    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (b"2,b", "the record has 2 fields, the header has 3"),
            (b"2,b,c,d", "the record has 4 fields, the header has 3"),
            (b'2,"b,c', "text follows a closing quote"),
            (b'2,"b"x,c', "text follows a closing quote"),
            (b"2,caf\xe9,c", "the text is not encoded in UTF-8 (byte 0xE9)"),
            (b'2, "b,c', "a quote stands within a field that has none around it"),
            (b'2,"two\nlines",c,d', "the record has 4 fields, the header has 3"),
            (b'2,"two\ncaf\xe9",c', "the text is not encoded in UTF-8 (byte 0xE9)"),
        ],
    )
    def test_one_record_is_left_out(self, skip, bad, reason):
        before, behind = b'id,n,x\n1,"a\na",x\n', b'\n3,"c",x\n4,d,"x"\n'
        loaded, lines, rows = skip({"t.csv": before + bad + behind}, "id", "n")
        assert loaded.values == [("1", "a\na"), ("3", "c"), ("4", "d")]
        breaks = bad.count(b"\n")
        assert lines == [2, 5 + breaks, 6 + breaks]
        assert [row[1] for row in loaded.rows] == [1, 3, 4]
        value = bad.decode("utf-8", "replace").replace("\ufffd", "\\xE9")
        assert [(row["value"], row["reason"]) for row in rows] == [(value, reason)]
        assert placed(rows) == [(2, 4)]
        assert rows[0]["file"].endswith("t.csv")

    def test_a_quote_that_is_never_closed_spoils_one_line(self, skip):
        loaded, _, rows = skip({"t.csv": 'id,n\n1,a\n2,"b\n3,c\n4,d\n'}, "id")
        assert loaded.values == ["1", "3", "4"]
        assert [row["reason"] for row in rows] == ["a quote is opened and never closed"]
        assert placed(rows) == [(2, 3)]

    def test_the_end_of_a_text_of_several_lines_makes_no_record(self, skip):
        """Its lines would be records by their number of fields."""
        loaded, _, rows = skip({"t.csv": 'id,n\n1,"so\nfar, and" no\n2,b\n'}, "id")
        assert loaded.values == ["2"]
        assert [row["line"] for row in rows] == ["2", "3"]

    def test_a_line_that_is_too_long(self, skip, monkeypatch):
        monkeypatch.setattr(csv_lines, "LONGEST_LINE", 1000)
        long = "x" * 5000
        content = f'id,n\n1,a\n2,{long}\n3,"{"y" * 600}\n{"z" * 600}"\n4,é{"é" * 600}\n5,e\n'
        loaded, _, rows = skip({"t.csv": content + "6\n"}, "id")
        assert loaded.values == ["1", "5"]
        assert [row["line"] for row in rows] == ["3", "4", "5", "6", "8"]

    def test_a_long_value_is_cut(self, skip):
        _, _, rows = skip({"t.csv": f"id,n\n1\n2,b,{'x' * 2 * LONGEST_VALUE}\n"}, "id")
        assert [len(row["value"]) for row in rows] == [1, LONGEST_VALUE + 1]

    @pytest.mark.parametrize(
        ("content", "options"),
        [
            (
                "title\nid;n\n# no\n1;'a;a'\n2\n\n3;c\n",
                {"dialect": Dialect(";", "'", "\\", comment="#", skip_rows=1)},
            ),
            ("1,a\n2\n3,c\n", {"dialect": Dialect(header=False)}),
            ("id,n\r\n1,a\n2\r\n\r\n3,c\n", {}),
            ("id,n\n 1 ,a\n2\n3,c\n", {"dialect": Dialect(trim="true")}),
            ("id,n\n1,a\n2\n3,c\n", {"nulls": ("kg", "2")}),
        ],
    )
    def test_dialects(self, skip, content, options):
        reference = "1" if content.startswith("1") else "id"
        loaded, lines, rows = skip({"t.csv": content}, reference, **options)
        assert [row[1:] for row in loaded.rows] == [(1, "1"), (3, "3")]
        texts = content.splitlines()
        assert [texts[line - 1].strip()[0] for line in lines] == ["1", "3"]
        assert [row["value"] for row in rows] == ["2"]

    def test_one_column(self, skip):
        """An empty line is a record there."""
        loaded, _, rows = skip({"t.csv": "id\n1\n\n2,b\n3\n"}, "id")
        assert [row[1:] for row in loaded.rows] == [(1, "1"), (2, None), (4, "3")]
        assert placed(rows) == [(3, 4)]

    @pytest.mark.parametrize("more", [",", ",,"])
    def test_empty_fields_behind_the_last_column(self, skip, more):
        """They are passed over, whether other records are bad or not."""
        good = f"id,n\n1,a{more}\n3,c\n"
        for content, bad in ((good, 0), (good + "4\n", 1)):
            loaded, _, rows = skip({"t.csv": content}, "n")
            assert loaded.values == ["a", "c"]
            assert len(rows) == bad

    def test_several_files_each_once(self, skip):
        files = {"a.csv": "id,n\n1,a\n", "b.csv": "id,n\n2\n3,c\n", "c.csv": "id,n\n4\n"}
        loaded, _, rows = skip(files, "id", path="*.csv")
        assert [row[2] for row in loaded.rows] == ["1", "3"]
        assert [row["value"] for row in rows] == ["2", "4"]

    def test_nothing_is_copied_where_nothing_is_bad(self, skip, monkeypatch):
        monkeypatch.setattr("kg.sources.csv_files._good_records", None)
        loaded, _, rows = skip({"t.csv": "id,n\n1,a\n"}, "id")
        assert (loaded.values, rows) == (["1"], [])

    @pytest.mark.parametrize("header", [b"id,n\xe9\n", b'id,"n\n', b""])
    def test_a_header_is_no_record(self, skip, header):
        with pytest.raises(InputError):
            skip({"t.csv": header + b'1,"a"\n'}, "id")

    def test_an_encoding_without_places_to_go_on_at(self, skip):
        content = "id,n\n1,a\n".encode("utf-16-le") + b"\x00\xd8\n\x00"
        with pytest.raises(InputError) as caught:
            skip({"t.csv": content}, "id", encoding="utf-16-le")
        assert caught.value.code == "bad-encoding"


_TEXT = st.text("abc äß,", max_size=6).map(lambda text: f"x{text}")
_LINES = st.builds("\n".join, st.lists(_TEXT, min_size=1, max_size=3))
_FIELD = st.one_of(
    st.text("abcä ", min_size=1, max_size=5),
    _LINES.map(lambda text: f'"{text}"'),
    _LINES.map(lambda text: f'"x""{text}"'),
)
_DAMAGES = {
    "none": b"%s,%s,%s",
    "few": b"%s,%s%.0s",
    "many": b"%s,%s,%s,c",
    "open": b'%s,"x%.0s,b%.0s',
    "tail": b'%s,"x"y%.0s,b%.0s',
    "byte": b"%s,%s,x\xff%.0s",
}
_RECORD = st.tuples(st.sampled_from([*_DAMAGES, "none", "none", "none"]), _FIELD, _FIELD)


@settings(max_examples=60, deadline=None)
@given(records=st.lists(_RECORD, max_size=25), end=st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_kept_and_rejected_csv_records_are_all(reader, tmp_path_factory, records, end):
    """What is rejected is what was damaged, on the lines on which it stands."""
    folder = tmp_path_factory.mktemp("csv")
    parts, good, bad, line = [b"n,a,b"], [], [], 2
    for number, (damage, a, b) in enumerate(records, 1):
        part = _DAMAGES[damage] % (str(number).encode(), a.encode(), b.encode())
        (good if damage == "none" else bad).append((number, line))
        parts.append(part)
        line += part.count(b"\n") + 1
    content = end.join(parts) + end
    with skipping(folder / "rejects.csv") as found:
        loaded = load(reader, folder, {"t.csv": content}, "n", "a", "b")
        lines = loaded.lines()
    rows = rejected(folder / "rejects.csv")
    assert placed(rows) == bad
    assert [(row[1], line) for row, line in zip(loaded.rows, lines, strict=True)] == good
    assert [row[2] for row in loaded.rows] == [str(number) for number, _ in good]
    assert len(good) + found.records == len(records)


_BREAKS = ["\n", "\r\n", "\r"]


@pytest.mark.parametrize("end", _BREAKS)
@pytest.mark.parametrize("options", [{}, {"comment": "#"}])
@pytest.mark.parametrize("skips", [True, False])
def test_line_ends_within_quotes_are_kept(reader, tmp_path, end, options, skips):
    """The first line end of a file may be within quotes, and of another kind than the others."""
    values = [*(f"a{inner}b" for inner in _BREAKS), "plain", "a\r\nb\nc\rd"]
    for number, order in enumerate(permutations(values, 2)):
        rows = [f'{at},"{value}"' for at, value in enumerate(order)]
        bad = ["too,many,fields"] if skips else []
        content = end.join(["n,v", *rows, *bad, ""]).encode()
        with skipping() if skips else nullcontext():
            loaded = load(
                reader, tmp_path / str(number), {"t.csv": content}, "n", "v",
                dialect=Dialect(**options),
            )  # fmt: skip
        assert [row[3] for row in loaded.rows] == list(order)


class TestStopping:
    """Without skipping, the first ten errors are told at once, and the rest counted."""

    @pytest.mark.parametrize(("bad", "more"), [(1, ""), (2, ""), (10, ""), (47, "and 37 more")])
    def test_ten_at_once(self, read, bad, more):
        with pytest.raises(InputError) as caught:
            read({"t.csv": "id,n\n0,a\n" + "x\n" * bad + "1,b\n"}, "id")
        assert caught.value.location.line == 3
        lines = caught.value.report().splitlines()
        told = [line for line in lines if ": the record has 1 fields" in line]
        assert [f":{line}: " in text for line, text in enumerate(told, 3)] == [True] * min(bad, 10)
        assert ("and 37 more errors in " in lines[-1]) == bool(more)

    def test_the_rest_of_a_record_is_no_second_error(self, read):
        with pytest.raises(InputError) as caught:
            read({"t.csv": 'id,n\n1,"a\nb"c\n2\n'}, "id")
        assert [e.location.line for e in caught.value.errors] == [2, 4]

    def test_counting_ends(self, read, monkeypatch):
        monkeypatch.setattr(csv_lines, "_MOST_COUNTED", 20)
        with pytest.raises(InputError, match="the record has 1") as caught:
            read({"t.csv": "id,n\n" + "x\n" * 50}, "id")
        assert "and 10 more errors" in caught.value.report()


JSON_LINES = {"formulation": Formulation.JSON, "path": "t.jsonl"}


class TestJsonLines:
    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            (b'{"a": 2', "not valid JSON: a comma or } is expected"),
            (b'{"a": NaN} x', "not valid JSON: NaN and Infinity are not JSON"),
            (b'{"a": "caf\xe9"}', "the text is not encoded in UTF-8 (byte 0xE9)"),
            (b"no JSON", "not valid JSON: this is no JSON value"),
            (b'{"a": "\x01"}', "not valid JSON: a text in quotes is not closed"),
        ],
    )
    @pytest.mark.parametrize("iterator", ["$", "$.b[*]", "$..b[*]"])
    def test_one_line_is_left_out(self, skip, bad, reason, iterator):
        """Read as it is, cut out, and found by a library."""
        b = b'"b": [{"a": "x"}]'
        content = b'{"a": 1, %s}\n\n%s\n{"a": 3.10, %s}\r\n{"a": 4, %s}' % (b, bad, b, b)
        files = {"t.jsonl": content}
        loaded, lines, rows = skip(files, "a", iterator=iterator, **JSON_LINES)
        assert loaded.values == (["1", "3.10", "4"] if iterator == "$" else ["x"] * 3)
        assert lines == ([None] * 3 if ".." in iterator else [1, 4, 5])
        value = bad.decode("utf-8", "replace").replace("\ufffd", "\\xE9")
        assert [(row["line"], row["value"]) for row in rows] == [("3", value)]
        assert rows[0]["reason"].startswith(reason)

    @pytest.mark.parametrize("bad", ['{"a": 2} {"a": 3}', '{"a": "\\ud83d"}'])
    @pytest.mark.parametrize("iterator", ["$", "$.a"])
    def test_what_only_some_readers_take(self, skip, bad, iterator):
        content = f'{{"a": 1}}\n{bad}\nx\n{{"a": 4}}\n'
        loaded, _, rows = skip({"t.jsonl": content}, "a", iterator=iterator, **JSON_LINES)
        assert len(loaded.values) == 2
        assert [row["line"] for row in rows] == ["2", "3"]

    def test_a_value_that_is_not_used_may_be_anything_that_nests(self, skip):
        deep = "[" * 3000 + "]" * 3000
        content = f'{{"a": 1}}\n{{"a": 2, "b": {deep}}}\nx\n'
        loaded, _, rows = skip({"t.jsonl": content}, "a", **JSON_LINES)
        assert loaded.values == ["1", "2"]
        assert [row["line"] for row in rows] == ["3"]

    def test_a_large_record_and_a_bad_one(self, skip):
        content = f'{{"a": "{"x" * (17 << 20)}"}}\n{{"a": 2\n{{"a": 3}}\n'
        loaded, _, rows = skip({"t.jsonl": content}, "a", **JSON_LINES)
        assert [len(value) for value in loaded.values] == [17 << 20, 1]
        assert [row["line"] for row in rows] == ["2"]

    def test_a_document_has_no_place_to_go_on_at(self, skip):
        with pytest.raises(InputError) as caught:
            skip({"t.json": '[{"a": 1}, {"a": ]'}, "a", formulation=Formulation.JSON)
        assert caught.value.code == "bad-json"
        assert "cannot leave out a part of a JSON document" in str(caught.value)

    def test_ten_are_told_at_once(self, read):
        content = '{"a": 1}\n' + "x\n" * 47
        with pytest.raises(InputError) as caught:
            read({"t.jsonl": content}, "a", **JSON_LINES)
        told = caught.value.report().splitlines()
        assert [f"t.jsonl:{n}:1: " in told[2 * n - 4] for n in range(2, 12)] == [True] * 10
        assert "and 37 more errors in " in told[-1]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=5,
)
_HURT = {
    "none": lambda text: text,
    "cut": lambda text: text[:-1],
    "more": lambda text: text + b"}",
    "byte": lambda text: text[:-1] + b', "c": "\xff"}',
    "comma": lambda text: text.replace(b'"n"', b',"n"', 1),
}


@settings(max_examples=60, deadline=None)
@given(
    records=st.lists(st.tuples(st.sampled_from([*_HURT, "none", "none"]), _VALUES), max_size=20),
    ascii_only=st.booleans(),
)
def test_kept_and_rejected_json_lines_are_all(reader, tmp_path_factory, records, ascii_only):
    folder = tmp_path_factory.mktemp("jsonl")
    texts, good, bad = [], [], []
    for number, (damage, value) in enumerate(records, 1):
        text = json.dumps({"n": number, "v": value}, ensure_ascii=ascii_only).encode()
        texts.append(_HURT[damage](text))
        (good if damage == "none" else bad).append(number)
    content = b"\n".join(texts) + b"\n"
    with skipping(folder / "rejects.csv") as found:
        loaded = load(reader, folder, {"t.jsonl": content}, "n", **JSON_LINES)
        lines = loaded.lines()
    rows = rejected(folder / "rejects.csv")
    assert [int(row["line"]) for row in rows] == bad
    assert loaded.values == [str(number) for number in good]
    assert lines == good
    assert len(good) + found.records == len(records)
