"""The SQL of functions against what they mean in plain Python, on random calls in one another."""

from __future__ import annotations

import os
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.duck import sql_name
from kg.engines.duckdb.function_sql import call_sql
from kg.mapping.function_table import TABLE
from kg.mapping.plan import Call, Constant, Expression, Function, Reference, TermType
from kg.sql import sql_text
from tests.mapping.meanings import KNOWN, text_of
from tests.mapping.random_plans import ODD, WORDS
from tests.mapping.test_conditions import arguments_of

EXAMPLES = max(5, int(os.environ.get("KG_EXAMPLES", "30")) // 6)
NAMES = ("a", "b", "c")
NUMBERS = ["7", "-1.50", "1e3", "+2", ".5", "07", "1.", "1_0", "0x1", "NaN", "٣"]
CASES = ["straße", "ÉCOLE", "ǆ", "İ", "ſ", "K", "ΟΔΟΣ", "a-b  c", "\u00a0x\u00a0", "ﬁ", "\v x\f"]
# DuckDB reads a year of two digits, which Python does not.
DATES = ["2022-02-28", "2022-02-29", "2024-02-29", "2022-13-01", "2022-01-02 3:04"]
# What some arguments must be, by function and number.
FIXED: dict[tuple[Function, int], list[str]] = {
    (Function.MATCHES, 1): ["[a-z]+", ".*", "\\d+", "a|b", "", "\\w{2,3}", "(?i)TRUE"],
    (Function.REPLACE_REGEX, 1): ["[a-z]+", "\\s", "b$", "^a", "."],
    (Function.REPLACE_REGEX, 2): ["", "x", "é "],
    (Function.SUBSTRING, 1): ["0", "1", "2", "5", "-1", "-3"],
    (Function.SUBSTRING, 2): ["0", "1", "3", "9", "-1", "-2"],
    (Function.TO_DATE, 1): ["%Y-%m-%d"],
    (Function.TO_DATE_TIME, 1): ["%Y-%m-%d"],
}
# A third argument is the language of months, which Python does not read.
MOST = {Function.TO_DATE: 2, Function.TO_DATE_TIME: 2}
TRIED = sorted(KNOWN, key=str)


def texts() -> st.SearchStrategy[str]:
    every = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
    return st.sampled_from([*WORDS, *ODD, *NUMBERS, *CASES, *DATES]) | every


def constant(text: str) -> Constant:
    return Constant(text, TermType.LITERAL)


@st.composite
def calls(draw: Any, function: Function, depth: int) -> Call:
    """Return a call whose arguments are references, texts, or calls in their turn."""
    signature = TABLE[function].signature
    most = 3 if signature.repeated else MOST.get(function, len(signature.parameters))
    arguments: list[Expression] = []
    for number in range(draw(st.integers(signature.required, most))):
        fixed = FIXED.get((function, number))
        if fixed is not None:
            arguments.append(constant(draw(st.sampled_from(fixed))))
        elif depth and draw(st.booleans()):
            inner = draw(st.sampled_from(TRIED))
            arguments.append(draw(calls(inner, depth - 1)))
        elif draw(st.integers(0, 3)):
            arguments.append(Reference(draw(st.sampled_from(NAMES))))
        else:
            arguments.append(constant(draw(texts())))
    return Call(function, tuple(arguments))


def plain(expression: Expression) -> str:
    if isinstance(expression, Constant):
        return sql_text(expression.value)
    if isinstance(expression, Reference):
        return sql_name(expression.name)
    assert isinstance(expression, Call)
    return call_sql(expression, plain)


@pytest.mark.parametrize("function", TRIED)
@settings(max_examples=EXAMPLES, deadline=None)
@given(data=st.data())
def test_a_call_gives_what_it_means(
    function: Function, database: duckdb.DuckDBPyConnection, data: st.DataObject
) -> None:
    call = data.draw(calls(function, 2))
    record = data.draw(st.fixed_dictionaries({name: st.none() | texts() for name in NAMES}))
    columns = ", ".join(f"?::VARCHAR AS {sql_name(name)}" for name in NAMES)
    sql = f"SELECT {plain(call)} FROM (SELECT {columns})"
    row = database.execute(sql, [record[name] for name in NAMES]).fetchone()
    assert row == (text_of(call, record),)


@pytest.mark.parametrize("function", [each for each in TABLE if not each.gives_list])
def test_what_a_function_gives_can_be_compared(
    function: Function, database: duckdb.DuckDBPyConnection
) -> None:
    signature = TABLE[function].signature
    apart = (Function.LOOKUP, Function.RANDOM, Function.RANDOM_NUMBER)  # of a table or a record
    if function in apart or signature.listed:
        return
    first = [Reference("a")] if signature.required else []
    call = Call(function, (*first, *arguments_of(function)))
    database.execute("CREATE OR REPLACE TEMP TABLE t AS SELECT 'x' AS a, 'y' AS b")
    rows = "(SELECT a, b, 0 AS file, 1 AS record FROM t)"
    for other in (Reference("b"), constant("x")):
        for comparison in (Function.EQUAL, Function.LESS):
            sql = plain(Call(comparison, (call, other)))
            assert len(database.execute(f"SELECT {sql} FROM {rows}").fetchall()) == 1
