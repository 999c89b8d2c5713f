"""The SQL macros against pyoxigraph, Python's own functions and the rules they stand for."""

from __future__ import annotations

import json
import math
import re
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg import terms
from kg.engines.duckdb import dialect
from kg.sql import sql_name, sql_text
from tests.test_terms import EVERYTHING, IRI_PARTS, TAG_PARTS, TEXT

UNRESERVED = re.compile(rf"[A-Za-z0-9\-._~{terms.UCSCHAR}]")


@pytest.fixture(scope="module")
def call(database):
    """Return a function that calls a macro."""

    def run(macro: str, *values: object) -> object:
        marks = ", ".join("?" * len(values))
        row = database.execute(f"SELECT {macro}({marks})", list(values)).fetchone()
        return row[0]

    return run


def each_character(database, macro: str) -> dict[str, str]:
    """Return what a macro gives for every code point alone."""
    return dict(
        database.execute(
            f"SELECT x, {macro}(x) FROM (SELECT chr(i::INTEGER) AS x FROM range(1114112) AS r(i)"
            " WHERE i NOT BETWEEN 55296 AND 57343)"
        ).fetchall()
    )


def encoded(text: str, allowed: re.Pattern[str]) -> str:
    return "".join(c if allowed.fullmatch(c) else quote(c, safe="") for c in text)


class TestQuoted:
    def test_every_character(self, call):
        assert call("kg_quoted", EVERYTHING) == str(ox.Literal(EVERYTHING))

    def test_every_character_alone(self, database):
        made = each_character(database, "kg_quoted")
        assert len(made) == len(EVERYTHING)
        assert [c for c, sql in made.items() if sql != terms.literal(c)] == []

    @given(TEXT)
    @example("e\u0301\n")
    @example("\U0001f468\u200d\U0001f469\u200d\U0001f467\x00")
    def test_is_what_pyoxigraph_writes(self, call, text):
        assert call("kg_quoted", text) == str(ox.Literal(text)) == terms.literal(text)

    def test_null(self, call):
        assert call("kg_quoted", None) is None


class TestSafe:
    def test_every_character_alone(self, database):
        made = each_character(database, "kg_iri_safe")
        assert [c for c, sql in made.items() if sql != encoded(c, UNRESERVED)] == []

    @given(TEXT)
    @example("e\u0301 ")
    @example("\U0001f468\u200d\U0001f469\u200d\U0001f467 x")
    @example("%41")
    def test_iri_keeps_unreserved(self, call, text):
        made = call("kg_iri_safe", text)
        assert made == encoded(text, UNRESERVED)
        assert ox.NamedNode(f"http://e/{made}").value == f"http://e/{made}"

    @given(TEXT)
    def test_uri_keeps_ascii(self, call, text):
        assert call("kg_uri_safe", text) == quote(text, safe="-._~")


class TestWellFormed:
    @given(IRI_PARTS)
    def test_iri(self, call, text):
        assert call("kg_is_iri", text) == terms.is_iri(text)

    @given(TAG_PARTS)
    def test_language(self, call, text):
        assert call("kg_is_language", text) == terms.is_language_tag(text)


class TestDouble:
    @given(st.floats(allow_nan=False, allow_infinity=False))
    @example(0.0)
    @example(-0.0)
    @example(1e21)
    @example(5e-324)
    @example(123456789012345680.0)
    def test_is_canonical_and_the_same_number(self, call, number):
        made = call("kg_double", repr(number))
        assert re.fullmatch(r"-?([1-9]\.([0-9]*[1-9]|0)|0\.0)E(-?[1-9][0-9]*|0)", made)
        assert float(made) == number
        assert math.copysign(1, float(made)) == math.copysign(1, number)

    @pytest.mark.parametrize(
        ("text", "canonical"),
        [
            *(("30", "3.0E1"), ("1.5", "1.5E0"), ("1e3", "1.0E3"), ("0.001", "1.0E-3")),
            *(("-0", "-0.0E0"), ("1e400", "INF"), ("-1e400", "-INF"), ("1e-400", "0.0E0")),
        ],
    )
    def test_canonical_form(self, call, text, canonical):
        assert call("kg_double", text) == canonical


JSON_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT
)


class TestJson:
    @given(JSON_SCALARS)
    @example(2**80)
    def test_text_and_kind(self, database, value):
        written = json.dumps(value)
        text, kind = database.execute(
            "SELECT kg_json_text(j), kg_json_kind(j) FROM (SELECT ?::JSON AS j)", [written]
        ).fetchone()
        expected = {type(None): (None, None), str: (value, None)}.get(type(value))
        if isinstance(value, bool):
            expected = (written, "b")
        elif isinstance(value, int):
            expected = (written, "i")
        elif isinstance(value, float):
            expected = (written, "d")
        assert (text, kind) == expected

    @pytest.mark.parametrize("written", ["[]", "{}", "[1]", '{"a": "x"}'])
    def test_what_is_no_value(self, database, written):
        assert database.execute("SELECT kg_json_kind(?::JSON)", [written]).fetchone() == ("!",)


class TestNatural:
    @pytest.mark.parametrize(
        ("text", "kind", "term"),
        [
            ('a"b', None, '"a\\"b"'),
            ("007", "i", f'"007"^^<{terms.XSD}integer>'),
            ("true", "b", f'"true"^^<{terms.XSD}boolean>'),
            ("12.50", "d", f'"1.25E1"^^<{terms.XSD}double>'),
            ("12.50", "n", f'"12.50"^^<{terms.XSD}decimal>'),
            ("2022-11-18", "D", f'"2022-11-18"^^<{terms.XSD}date>'),
            ("2022-11-18T01:02:03", "T", f'"2022-11-18T01:02:03"^^<{terms.XSD}dateTime>'),
            (None, None, None),
        ],
    )
    def test_kinds(self, call, text, kind, term):
        assert call("kg_natural", text, kind) == term


class TestText:
    @given(TEXT)
    def test_literals_and_names(self, database, value):
        row = database.execute(f"SELECT {sql_text(value)}").fetchone()
        assert row == (value,)
        if "\0" not in value and value:
            name = sql_name(value)
            cursor = database.execute(f"SELECT 1 AS {name}")
            assert cursor.description[0][0] == value

    def test_concat_and_array(self, database):
        assert dialect.concat(["'a'"]) == "'a'"
        null = dialect.concat(["x", "NULL", "y"])
        assert database.execute(f"SELECT {null} FROM (SELECT 1 x, 2 y)").fetchone() == (None,)
        assert database.execute(f"SELECT {dialect.array(['1', '2'])}").fetchone() == ([1, 2],)
