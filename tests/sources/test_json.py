"""JSON and JSON Lines: records, natural values, and what is wrong with a file."""

from __future__ import annotations

import gzip
import json

import pytest

from kg.errors import InputError
from kg.mapping.plan import Formulation

RECORDS = [{"id": n, "a": "x" * (n % 7)} for n in range(1, 40_001)]


@pytest.fixture
def read_json(read):
    def run(files, *references, iterator="$[*]", **options):
        if isinstance(files, str | bytes):
            files = {"t.json": files}
        formulation = Formulation.JSON
        return read(files, *references, formulation=formulation, iterator=iterator, **options)

    return run


class TestRecords:
    @pytest.mark.parametrize(
        ("name", "document", "iterator"),
        [
            ("t.json", json.dumps(RECORDS), "$[*]"),
            ("t.json", json.dumps({"rows": RECORDS}), "$.rows[*]"),
            ("t.jsonl", "".join(json.dumps(r) + "\n" for r in RECORDS), "$"),
        ],
    )
    def test_numbers_are_those_of_the_records(self, read_json, name, document, iterator):
        loaded = read_json({name: document}, "id", iterator=iterator)
        assert len(loaded.rows) == len(RECORDS)
        assert all(record == int(n) for _, record, n in loaded.rows)

    def test_lines(self, read_json):
        loaded = read_json('[{"a": "x"},\n\n {"a":\n "y"},\n {"a": "z"}]', "a")
        assert loaded.values == ["x", "y", "z"]
        assert loaded.lines() == [1, 3, 5]

    @pytest.mark.parametrize(
        ("document", "iterator", "found"),
        [
            ("[]", "$[*]", []),
            ('{"a": 1}', "$", ["1"]),
            ('[[{"a": 1}], [{"a": 2}, {"a": 3}]]', "$[*][*]", ["1", "2", "3"]),
            ('[{"a": 1}, {"a": 2}]', "$[1]", ["2"]),
            ('[{"a": 1}, {"a": 2}]', "$[-1]", ["2"]),
            ('{"rows": null}', "$.rows[*]", []),
            ('[{"a": 1}, 5, "a", null, [1]]', "$[*]", ["1", None, None, None, None]),
        ],
    )
    def test_iterators(self, read_json, document, iterator, found):
        assert read_json(document, "a", iterator=iterator).values == found

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_json_lines(self, read_json, end):
        content = f'{{"a": 1}}{end}{end}{{"a": 2}}{end}{{"b": 3}}'
        loaded = read_json({"t.jsonl": content}, "a", iterator="")
        assert loaded.values == ["1", "2", None]
        assert [record for _, record, _ in loaded.rows] == [1, 2, 3]
        assert loaded.lines() == [1, 3, 4]

    def test_gzip_and_pattern(self, read_json):
        files = {"t1.json": '[{"a": 1}]', "t2.json.gz": gzip.compress(b'[{"a": 2}, {"a": 3}]')}
        loaded = read_json(files, "a", path="t*")
        assert loaded.rows == [(0, 1, "1"), (1, 1, "2"), (1, 2, "3")]

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
    @pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
    def test_encodings(self, read_json, name, encoding):
        content = ('[{"a": "é"}]' if name == "t.json" else '{"a": "é"}\n').encode(encoding)
        iterator = "$[*]" if name == "t.json" else "$"
        assert read_json({name: content}, "a", iterator=iterator, encoding=encoding).values == ["é"]


class TestValues:
    @pytest.mark.parametrize(
        ("written", "found"),
        [
            ('"x"', "x"),
            ('"\\u00e9\\n\\ud83d\\ude80\\u0000"', "é\n\U0001f680\0"),
            ('""', ""),
            ("null", None),
            ("true", "true"),
            ("-7", "-7"),
            ("12345678901234567890123456789", "12345678901234567890123456789"),
            ("1.50", "1.50"),
            ("0.12345678901234567890123", "0.12345678901234567890123"),
            ("1e400", "1e400"),
            ("1E+2", "1E+2"),
        ],
    )
    @pytest.mark.parametrize("iterator", ["$[*]", "$.rows[*]"])
    def test_texts(self, read_json, written, found, iterator):
        document = f'[{{"a": {written}}}]'
        if iterator == "$.rows[*]":
            document = f'{{"rows": {document}}}'
        assert read_json(document, "a", iterator=iterator).values == [found]

    def test_first_of_two_keys_of_one_name_counts(self, read_json):
        assert read_json('[{"a": 1, "a": 2}]', "a").values == ["1"]

    def test_keys_are_case_sensitive(self, read_json):
        loaded = read_json('[{"a": 1, "A": 2}]', "A", "a", "$.A")
        assert loaded.values == [("2", "1", "2")]


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("content", "code", "place"),
        [
            ("", "empty-file", "t.json"),
            (" \n ", "bad-json", "t.json:2"),
            ('[{"a": 1},\n {"a": }]', "bad-json", "t.json:2:8"),
            ('[{"a": 1},\n {"a" 2}]', "bad-json", "t.json:2:3"),
            ('[{"a": 1}', "bad-json", "t.json:1"),
            ('[{"a": 1},]', "bad-json", "t.json:1:11"),
            ('[{"a": 1}] x', "bad-json", "t.json:1:12"),
            ('[{"a": "x\ny"}]', "bad-json", "t.json:1"),
            ('[{"a": 1 /* one */}]', "bad-json", "t.json:1:10"),
            ('[{"a": "\\ud800"}]', "bad-json", "t.json"),
            ("[{'a': 1}]", "bad-json", "t.json:1"),
            ('[{"a": "é"}]'.encode("latin-1"), "bad-encoding", "t.json:1:9"),
            ('[{"a": 1},\n{"a": "é"}]'.encode("latin-1"), "bad-encoding", "t.json:2:8"),
            ('[{"a": "é"}]'.encode("utf-16"), "bad-encoding", "t.json"),
        ],
    )
    def test_place(self, read_json, content, code, place):
        with pytest.raises(InputError) as caught:
            read_json(content, "a")
        assert caught.value.code == code
        assert place in str(caught.value.location)
        assert caught.value.hint

    def test_line_of_json_lines(self, read_json):
        with pytest.raises(InputError) as caught:
            read_json({"t.jsonl": '{"a": 1}\n{"a": 2}\n{"a" 3}\n'}, "a", iterator="$")
        assert caught.value.code == "bad-json"
        assert "t.jsonl:3:2" in str(caught.value.location)
