"""The ids of terms: the same in Python and in SQL, one for each term, and read back exactly."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.table.ids import EVERY, LITERALS, Kind, id_of, id_sql, prefixes_sql, text_sql
from kg.table.write import define_macros
from kg.terms import XSD, literal

FORMS = (
    *("0", "1", "-1", "01", "+1", "-0", "99999999999999999", "100000000000000000"),
    *("1.0", "-0.5", "-0.0", "0.50", "9007199254740993.0", "0.000000000000001", "1.", ".5"),
    *("true", "false", "TRUE", "2020-02-29", "2019-02-29", "0000-01-01", "0001-01-01"),
    *("9999-12-31", "2020-01-01Z", "2020-01-01T00:00:00", "2020-01-01T23:59:59Z"),
    *("2020-01-01T24:00:00", "2020-01-01T00:00:60", "2020-01-01T00:00:00.5Z", "INF", ""),
)
NAMES = ("integer", "decimal", "date", "dateTime", "boolean", "double", "int")
TYPED = [f'"{form}"^^<{XSD}{name}>' for form in FORMS for name in NAMES]
KEYS = [f"<http://e/a/{number}>" for number in range(100)]
NODES = [
    *KEYS,
    *("<http://e/b/1>", "<http://e/a/00>", "<http://e/a/1234567890>", "<http://e/a/999999999>"),
    *("_:b1", "<http://e/a/1#1>", "<<( <http://e/a/1> <http://e/a/2> <http://e/a/3> )>>"),
]


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as made:
        define_macros(made)
        yield made


def coded(connection, terms):
    """Return the prefixes, and each term with its id and the text that the id gives back."""
    connection.execute("CREATE OR REPLACE TABLE texts (t VARCHAR)")
    connection.executemany("INSERT INTO texts VALUES (?)", [(term,) for term in terms])
    connection.execute(f"CREATE OR REPLACE TABLE known AS {prefixes_sql('texts')}")
    prefixes = dict(connection.execute("SELECT t, id FROM known").fetchall())
    back = text_sql("q.id", EVERY, "p.t", "q.t")
    rows = connection.execute(
        f"SELECT q.t, q.id, {back} FROM ({id_sql('texts', 'known')}) AS q LEFT JOIN known AS p"
        " ON p.id = id_prefix(q.id) AND id_kind(q.id) = 1"
    ).fetchall()
    return prefixes, rows


def test_ids_are_the_same_in_python_and_sql_and_give_the_term_back(connection):
    terms = list(dict.fromkeys([*TYPED, *NODES, '"x"', '"x"@en', r'"a\"b"']))
    prefixes, rows = coded(connection, terms)
    assert list(prefixes) == ["<http://e/a/"]
    assert [(t, id_of(t, prefixes), t) for t, _, _ in rows] == rows
    assert len({id_ for _, id_, _ in rows}) == len(terms)
    assert {Kind(id_ >> 60) for _, id_, _ in rows} == EVERY


@given(st.lists(st.one_of(
    st.integers(-(10**18), 10**18).map(lambda n: literal(str(n), f"{XSD}integer")),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(
        lambda n: literal(f"{n:f}", f"{XSD}decimal")
    ),
    st.dates().map(lambda day: literal(day.isoformat(), f"{XSD}date")),
    st.datetimes().map(lambda moment: literal(moment.isoformat(), f"{XSD}dateTime")),
    st.text(max_size=8).map(literal),
), min_size=1, max_size=30, unique=True))  # fmt: skip
def test_terms_of_all_kinds_come_back(connection, terms):
    prefixes, rows = coded(connection, terms)
    assert [(t, id_of(t, prefixes), t) for t, _, _ in rows] == rows
    assert len({id_ for _, id_, _ in rows}) == len(terms)


@pytest.mark.parametrize(
    ("less", "more", "name"),
    [("-3", "2", "integer"), ("1999-12-31", "2000-01-01", "date"), ("false", "true", "boolean")],
)
def test_ids_are_in_the_order_of_their_values(less, more, name):
    a, b = (id_of(literal(each, f"{XSD}{name}"), {}) for each in (less, more))
    assert a < b
    assert Kind(a >> 60) in LITERALS


def test_a_new_term_changes_no_id(connection):
    before = {t: id_ for t, id_, _ in coded(connection, KEYS)[1]}
    after = {t: id_ for t, id_, _ in coded(connection, [*KEYS, *TYPED])[1]}
    assert before.items() <= after.items()
