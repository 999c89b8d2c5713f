"""CSV files: which records there are, under which numbers, on which lines."""

from __future__ import annotations

import csv
import encodings
import gzip
import io
import pkgutil
import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kg.errors import InputError
from kg.mapping.plan import Dialect, Formulation
from kg.sources import csv_files

# What Python can be asked for, and what of it are no texts, or only parts of such.
NO_TEXTS = {
    *("base64", "base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "rot13"),
    *("uu_codec", "zlib_codec", "idna", "punycode", "undefined", "unicode_escape"),
    *("raw_unicode_escape", "utf_7", "none such", "utf-8\0", "", "../utf_8", "mbcs", "oem"),
}
CODECS = NO_TEXTS | {module.name for module in pkgutil.iter_modules(encodings.__path__)} - {
    "aliases"
}


@pytest.fixture
def values(read):
    """Return a function that gives the values of column a of a file t.csv."""

    def run(content, **options):
        return read({"t.csv": content}, "a", **options).values

    return run


@pytest.fixture
def refused(read):
    def run(content, *references, **options):
        files = content if isinstance(content, dict) else {"t.csv": content}
        with pytest.raises(InputError) as caught:
            read(files, *(references or ("a",)), **options)
        return caught.value

    return run


class TestRecords:
    def test_numbers_are_those_of_the_records(self, read):
        """With newlines in fields, eight threads, and several blocks of the file."""
        chosen = random.Random(1)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["n", "text"])
        for number in range(1, 300_001):
            text = "x" * chosen.randrange(30) + chosen.choice(["", "", "\n", '"', "\n\n,"])
            writer.writerow([number, text])
        loaded = read({"t.csv": out.getvalue()}, "n")
        assert len(loaded.rows) == 300_000
        assert all(record == int(n) for _, record, n in loaded.rows)

    @pytest.mark.parametrize(
        "content",
        [
            "id,a\n1,x\n2,y\n",
            "id,a\n1,x\n2,y",
            "id,a\r\n1,x\r\n2,y\r\n",
            "id,a\r1,x\r2,y\r",
            "id,a\r\n1,x\n2,y\r\n",
            "\ufeffid,a\n1,x\n2,y\n",
            '\ufeff"id",a\n1,x\n2,y\n',
            "id,a\n\n1,x\n\n\n2,y\n\n",
            "id,a\r\n\r\n1,x\r\n2,y\r\n\r\n",
            "\n\nid,a\n1,x\n2,y\n",
            'id,"a"\n"1","x"\n2,"y"\n',
            "id,a,\n1,x,\n2,y,\n",
            "a\nx\ny\n",
        ],
    )
    def test_ways_to_write_two_records(self, values, content):
        assert values(content) == ["x", "y"]

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            ('id,a\n1,"x\ny"\n', "x\ny"),
            ('id,a\r\n1,"x\r\ny"\r\n', "x\r\ny"),
            ('id,a\n1,"say ""hi"""\n', 'say "hi"'),
            ('id,a\n1,""""\n', '"'),
            ('id,a\n1,"x,y"\n', "x,y"),
            ('id,a\n1,x"y\n', 'x"y'),
            ("id,a\n1, x \n", " x "),
            ("id,a\n1,#x\n", "#x"),
            ("id,a\n1,x\x01\x7fy\n", "x\x01\x7fy"),
            ("id,a\n1,x\x00y\n", "x\x00y"),
            ("id,a\n1,e\u0301\U0001f680\u2028\n", "e\u0301\U0001f680\u2028"),
            ("id,a\n1," + "x" * 3_000_000 + "\n", "x" * 3_000_000),
            ("id,a\n1,\n", None),
            ('id,a\n1,""\n', ""),
            ("id,a\n1,NULL\n", "NULL"),
        ],
    )
    def test_values(self, values, content, found):
        assert values(content) == [found]

    @pytest.mark.parametrize("content", ["id,a\n", "id,a", '"id","a"\r\n'])
    def test_no_record(self, values, content):
        assert values(content) == []

    def test_empty_lines_of_one_column_are_records(self, read):
        loaded = read({"t.csv": 'a\n1\n\n""\n2\n'}, "a")
        assert loaded.values == ["1", None, "", "2"]
        assert loaded.lines() == [2, 3, 4, 5]

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        st.lists(
            st.lists(
                st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
                | st.sampled_from(["", "a\nb", '"', ",", "\r\n", "x" * 200]),
                min_size=2,
                max_size=2,
            ),
            max_size=8,
        ),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
        st.sampled_from(["\n", "\r\n"]),
    )
    @example([["\x00", "\ufffe"]], csv.QUOTE_ALL, "\n")
    def test_what_was_written_is_read(self, read, rows, quoting, end):
        out = io.StringIO()
        writer = csv.writer(out, quoting=quoting, lineterminator=end)
        writer.writerow(["a", "b"])
        for row in rows:
            # Python quotes no lone carriage return, and nothing says that an empty text is one.
            out.write(",".join('"' + v.replace('"', '""') + '"' for v in row) + end)
        loaded = read({"t.csv": out.getvalue()}, "a", "b")
        assert loaded.values == [tuple(row) for row in rows]
        assert [record for _, record, *_ in loaded.rows] == list(range(1, len(rows) + 1))

    def test_lines(self, read):
        loaded = read({"t.csv": '\nid,a\n1,x\n\n2,"y\n\nz"\n3,w\n'}, "a")
        assert loaded.values == ["x", "y\n\nz", "w"]
        assert loaded.lines() == [3, 5, 8]

    def test_lines_of_carriage_returns(self, read):
        loaded = read({"t.csv": 'id,a\r\n1,"x\r\ny"\r\n2,z\r\n'}, "a")
        assert loaded.lines() == [2, 4]


class TestHeader:
    def test_names_are_case_sensitive(self, read):
        loaded = read({"t.csv": "id,ID,Id,iD\n1,2,3,4\n"}, "ID", "id", "iD", "Id")
        assert loaded.values == [("2", "1", "4", "3")]

    @pytest.mark.parametrize(
        "name", ["a b", 'q"q', "it's", "é", "x.y", "$(id)", "#", "select", " a"]
    )
    def test_any_name(self, read, name):
        written = '"' + name.replace('"', '""') + '"'
        assert read({"t.csv": f"id,{written}\n1,x\n"}, name).values == ["x"]

    @pytest.mark.parametrize(
        ("content", "line"), [("id,a,a\n1,x,y\n", 1), ('\n\nid,a,"a"\n1,x,y\n', 3)]
    )
    def test_doubled_name(self, refused, content, line):
        error = refused(content)
        assert error.code == "duplicate-column"
        assert "'a' twice" in error.message
        assert error.location.line == line

    def test_names_that_nothing_refers_to_may_be_doubled(self, values):
        assert values("a,B,B,,\n1,2,3,4,5\n") == ["1"]
        assert values(",,a\n1,2,3\n") == ["3"]

    def test_no_more_names_are_listed_than_can_be_read(self, refused):
        header = ",".join(f"k{n}" for n in range(20_000))
        error = refused(f"{header}\n", "x")
        assert len(error.hint or "") < 500

    @pytest.mark.parametrize(("header", "mark"), [("id;a", ";"), ("id\ta", "\t"), ("id|a", "|")])
    def test_another_delimiter_is_told(self, refused, header, mark):
        error = refused(f"{header}\n")
        assert f"Its header holds {mark!r}" in (error.hint or "")
        error = refused("id,a\n", dialect=Dialect(delimiter=mark))
        assert "Its header holds ','" in (error.hint or "")

    @pytest.mark.parametrize(
        ("reference", "hint"),
        [
            ("nme", "Did you mean 'name'? It has: id, name, Title."),
            ("title", "Did you mean 'Title'? It has: id, name, Title."),
            ("zzz", "It has: id, name, Title."),
        ],
    )
    def test_missing_column(self, refused, reference, hint):
        error = refused("id,name,Title\n1,x,y\n", reference)
        assert error.code == "missing-column"
        assert repr(reference) in error.message
        assert "t.csv" in error.message
        assert error.hint == hint

    def test_without_header(self, read):
        loaded = read({"t.csv": "x,1\ny,2\n"}, "1", dialect=Dialect(header=False))
        assert loaded.values == ["x", "y"]
        assert loaded.lines() == [1, 2]


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("content", "code", "place"),
        [
            ("id,a\n1,x\n2\n", "bad-csv", "t.csv:3"),
            ("id,a\n1,x\n2,y,z\n", "bad-csv", "t.csv:3"),
            ("id,a\n1,x\n  \n", "bad-csv", "t.csv:3"),
            ('id,a\n1,"x\ny"\n2\n', "bad-csv", "t.csv:4"),
            ("\n\nid,a\n1,x\n2\n", "bad-csv", "t.csv:5"),
            ('id,a\n1,"x"y\n', "bad-csv", "t.csv:2"),
            ('id,a\n1,x\n2,"y\n3,z\n', "bad-csv", "t.csv:3"),
            ('id,a\n1,"x\n\ny"\n2,"y\n3,z\n', "bad-csv", "t.csv:5"),
            ('id,a\n1,x\n2,"y\n' + "3,z\n" * 100_000, "bad-csv", "t.csv:3"),
            ('id,"a\n1,x\n', "bad-csv", "t.csv:1"),
            ("", "empty-file", "t.csv"),
            ("\ufeff", "empty-file", "t.csv"),
            ("\n\n", "empty-file", "t.csv"),
            ("id,a\n1,é\n".encode("latin-1"), "bad-encoding", "t.csv:2:3"),
            ("id,é\n1,x\n".encode("latin-1"), "bad-encoding", "t.csv:1:4"),
            (("id,a\n" + "1,x\n" * 60_000 + "2,é\n").encode("latin-1"), "bad-encoding", "60002:3"),
            ("id,a\n1,é\n".encode("utf-16"), "bad-encoding", "t.csv"),
        ],
    )
    def test_place(self, refused, content, code, place):
        error = refused(content)
        assert error.code == code
        assert place in str(error.location)
        assert error.hint

    def test_fields_are_counted(self, refused):
        assert "1 fields, the header has 2" in refused("id,a\n1\n").message
        assert "3 fields, the header has 2" in refused("id,a\n1,x,y\n").message

    @pytest.mark.parametrize("mark", [";;", "", '"', "\n"])
    def test_delimiter_that_is_none(self, refused, mark):
        error = refused("id,a\n1,x\n", dialect=Dialect(delimiter=mark))
        assert error.code == "bad-mapping"
        assert "delimiter" in error.message


class TestLargeValues:
    """A record holds up to 16 MB; more is an error with its line, and held nowhere whole."""

    LARGE = "x" * (17 * 2**20)

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ("{}", 1),
            ("{},a\n1,2\n", 1),
            ("a\n{}", 2),
            ("a\n1\n{}\n2\n", 3),
            ('a\n1\n"{}"\n2\n', 3),
            ('a\n1\n"{}', 3),
        ],
    )
    @pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode(), 1)])
    def test_long_lines(self, read, content, line, pack):
        name = "t.csv" if pack is str.encode else "t.csv.gz"
        with pytest.raises(InputError) as raised:
            read({name: pack(content.format(self.LARGE))}, "a")
        error = raised.value
        assert error.code == "bad-csv"
        assert "longer than 16 MB" in error.message
        assert error.location is not None
        assert error.location.line == line

    def test_many_lines_in_one_record(self, refused):
        error = refused("a\n1\n" + '"' + f"{'y' * 99}\n" * 180_000 + '"\n')
        assert "longer than 16 MB" in error.message

    @pytest.mark.parametrize("end", ["", "\n"])
    def test_a_last_line_over_the_buffers_is_found(self, monkeypatch, refused, end):
        """The engine passes over such a line without a word, if it is the last."""
        monkeypatch.setattr(csv_files, "_WINDOW", 64)
        monkeypatch.setattr(csv_files, "LONGEST_LINE", 128)
        assert "longer than" in refused("a\n1\n" + "x" * 200 + end).message

    def test_packed_files_that_could_hold_such_a_line(self, tmp_path):
        for content, suspicious in (
            (b"x" * 10**6, True),
            (b"a\n" + bytes(range(32, 99)) * 9, False),
        ):
            path = tmp_path / "t.csv.gz"
            path.write_bytes(gzip.compress(content))
            assert csv_files._may_lose_its_end(path, "gzip") is suspicious


class TestDialects:
    @pytest.mark.parametrize("mark", [";", "\t", "|", " ", "x"])
    def test_delimiters(self, read, mark):
        loaded = read({"t.csv": f"id{mark}a\n1{mark}y\n"}, "a", dialect=Dialect(delimiter=mark))
        assert loaded.values == ["y"]

    @pytest.mark.parametrize(
        ("nulls", "found"),
        [
            (None, [None, "", "n/a", "-"]),
            (("n/a", "-"), ["", "", None, None]),
            (("",), [None, None, "n/a", "-"]),
            ((), ["", "", "n/a", "-"]),
        ],
    )
    def test_nulls(self, values, nulls, found):
        assert values('id,a\n1,\n2,""\n3,n/a\n4,"-"\n', nulls=nulls) == found

    @pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
    def test_encodings(self, read, encoding):
        content = 'id,ä\n1,é\n2,"ü\nö"\n3,ß\n'.encode(encoding)
        loaded = read({"t.csv": content}, "ä", encoding=encoding)
        assert loaded.values == ["é", "ü\nö", "ß"]
        assert loaded.lines() == [2, 3, 5]

    @pytest.mark.parametrize("name", ["klingon", "hex", "rot13"])
    def test_encoding_that_is_none(self, refused, name):
        error = refused("id,a\n1,x\n", encoding=name)
        assert error.code == "bad-encoding"
        assert f"{name!r} is no encoding" in error.message

    @pytest.mark.parametrize("order", ["le", "be"])
    @pytest.mark.parametrize("width", ["16", "32"])
    def test_marks_of_the_order_of_bytes(self, values, width, order):
        content = "\ufeffa\né\n".encode(f"utf-{width}-{order}")
        for encoding in (f"utf-{width}", f"utf-{width}-{order}"):
            assert values(content, encoding=encoding) == ["é"]

    @pytest.mark.parametrize("encoding", sorted(NO_TEXTS))
    def test_codecs_for_other_things_than_texts_are_no_encodings(self, read, encoding):
        for kind in (Formulation.CSV, Formulation.JSON, Formulation.XPATH, Formulation.YAML):
            with pytest.raises(InputError) as raised:
                read({"t": "a\nx\n"}, "a", encoding=encoding, formulation=kind)
            assert raised.value.code == "bad-encoding"
            assert "is no encoding of texts" in raised.value.message

    @pytest.mark.parametrize("encoding", sorted(CODECS - NO_TEXTS))
    def test_all_other_codecs_are_read(self, values, encoding):
        assert values("a\nx\n".encode(encoding), encoding=encoding) == ["x"]

    def test_text_not_in_the_encoding_declared(self, refused):
        error = refused("id,a\n1,x\n2,é\n", encoding="ascii")
        assert error.code == "bad-encoding"
        assert "ASCII" in error.message
        assert "t.csv:3:3" in str(error.location)


class TestFiles:
    def test_gzip(self, read):
        content = gzip.compress(b"id,a\n1,x\n2,y\n")
        loaded = read({"t.csv.gz": content}, "a")
        assert loaded.values == ["x", "y"]
        assert loaded.lines() == [2, 3]

    @pytest.mark.parametrize(
        "content", [b"id,a\n1,x\n", gzip.compress(b"id,a\n" + b"1,x\n" * 90_000, mtime=0)[:-300]]
    )
    def test_broken_gzip(self, refused, content):
        error = refused({"t.csv.gz": content})
        assert error.code == "bad-compression"
        assert "t.csv.gz" in str(error.location)

    def test_pattern(self, read):
        files = {"t2.csv": "a,id\ny,2\nz,3\n", "t1.csv": "id,a\n1,x\n", "u.csv": "q\n"}
        loaded = read(files, "id", "a", path="t*.csv")
        assert loaded.rows == [(0, 1, "1", "x"), (1, 1, "2", "y"), (1, 2, "3", "z")]
        assert [path.name for path in loaded.table.files] == ["t1.csv", "t2.csv"]
        assert loaded.lines() == [2, 2, 3]

    def test_pattern_without_a_file(self, refused):
        error = refused({"t.csv": "a\n"}, path="z*.csv")
        assert error.code == "missing-file"
        assert "z*.csv" in error.message

    @pytest.mark.parametrize("name", ["it's [1].csv", "a[1].csv", "ü b.csv", "d/e/t.csv"])
    def test_any_name(self, read, name):
        assert read({name: "id,a\n1,x\n"}, "a").values == ["x"]

    def test_missing_file(self, refused):
        error = refused({"place.csv": "a\n"}, path="places.csv")
        assert error.code == "missing-file"
        assert error.hint == "Did you mean 'place.csv'?"

    def test_folder(self, refused):
        error = refused({"t.csv/x": ""}, path="t.csv")
        assert error.code in ("missing-file", "unreadable-file")
        assert error.hint != "Did you mean 't.csv'?"
