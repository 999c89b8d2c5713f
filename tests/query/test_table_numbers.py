"""Arithmetic and comparisons of computed numbers: SQL gives what the plain evaluator gives."""

from __future__ import annotations

import random
import struct
from decimal import Decimal

import duckdb
import pyoxigraph as ox
import pytest

from kg.queries.engine import Rows
from kg.queries.table import engine as table_engine
from kg.queries.table.engine import Table
from kg.queries.table.values import double_text
from kg.sparql.guard import guard
from kg.sparql.translate import translate
from kg.table.write import define_macros
from kg.terms import XSD
from tests.query.tables import exact_answer, table_of
from tests.sparql.answers import dataset_of
from tests.sparql.evaluator import evaluate

EX = "http://example.org/"
PREFIXES = {"ex": EX, "xsd": XSD}
VALUES = {
    "integer": (
        *("0", "1", "-1", "7", "-3", "+5", "007", "-0", "1000", "9007199254740993", "x"),
        *("99999999999999999", "-99999999999999999", "123456789012345678901", "9" * 36, "1" * 50),
    ),
    "int": ("2", "-2147483648", "2147483648"),
    "byte": ("3", "300"),
    "decimal": (
        *("0.0", "1.19", "-1.19", "2.50", ".5", "1.", "-0.0", "0.000000000000001", "0.1", "3.0"),
        *("123456789012345.678", "0.12345678", "999999999.99999999", "1e0", f"0.{'3' * 30}"),
        *("-0.5", "0.00000001", "12345678901234567890.5"),
    ),
    "double": (
        *("0", "-0", "1e0", "-2.5", "0.1", "1e-7", "1E22", "123456789012345680", "NaN", "INF"),
        *("-INF", "1e308", "5e-324", "1e15", "999999999999999", "1e16", "0.0001", "0.3", "-1e300"),
        *("9007199254740992", "1.7976931348623157e308", "2E-45", "000.5", "1e"),
    ),
    "float": ("0.1", "-2.5", "16777217", "NaN", "INF", "3e38", "0"),
}
OTHERS = (
    *('"a"', '"2"', '"a"@en', f"<{EX}n>", f'"true"^^<{XSD}boolean>', f'"2020-01-31"^^<{XSD}date>'),
    *(f'"P1D"^^<{XSD}dayTimeDuration>', f'"2020-01-31T10:00:00Z"^^<{XSD}dateTime>'),
)
# Which values stand on both sides.
KINDS = (
    ("integer",), ("decimal",), ("integer", "decimal"), ("double",), ("double", "decimal"),
    ("integer", "int", "byte"), ("double", "float", "integer"), tuple(VALUES), (*VALUES, "other"),
)  # fmt: skip
OPERATIONS = (
    "?a + ?b", "?a - ?b", "?a * ?b", "?a / ?b", "-?a", "+?a", "-?a * ?b", "?a * ?b + ?a",
    "?a / ?b * ?b", "?a * 1.19", "?a * 2", "2e0 * ?a", "?a + 0.5", "?a - 1e0", "1 / ?a", "?a / 3",
    "-(?a + ?b)", "(?a - ?b) / (?a + ?b)", "?a * ?b * ?b", "?a * xsd:float('0.1')",
    "STRLEN(STR(?a)) * 1.5", "COALESCE(?a, 1) * 2", "IF(?a = ?b, ?a, ?b) + 1",
)  # fmt: skip
TESTS = (
    *(f"?a * ?b {sign} ?a" for sign in ("=", "!=", "<", "<=", ">", ">=")),
    *(f"?a + ?b {sign} ?b" for sign in ("=", "<", ">=")),
    *("?a * 2 > 3", "?a / ?b = 1", "?a / 3 < ?b", "?b > -?a", "?a + ?b = ?b + ?a", "?a - ?b = 0"),
    *("!(?a * ?b)", "!(?a - ?b)", "?a * 2 IN (?b, 4, 2.0, 'x')", "COALESCE(?a, 1) = ?b"),
    *("IF(true, ?a, 1) < IF(true, ?b, 1)", "COALESCE(?a) = COALESCE(?b)", "COALESCE(?a) != 'a'"),
    *("COALESCE(?a) <= 'a'", "xsd:double(?a) > ?b", "xsd:decimal(?a) = ?b", "STR(?a) < '2'"),
)


def quads_of(rng: random.Random, kinds: tuple[str, ...], number: int) -> list[ox.Quad]:
    terms = [f'"{text}"^^<{XSD}{kind}>' for kind in kinds for text in VALUES.get(kind, ())]
    terms += OTHERS if "other" in kinds else ()
    chosen = rng.sample(terms, min(number, len(terms)))
    lines = [f"<{EX}s{n}> <{EX}p> {term} ." for n, term in enumerate(chosen)]
    return list(ox.parse("\n".join(lines), ox.RdfFormat.N_TRIPLES))


def check(table: Table, quads: list[ox.Quad], text: str) -> None:
    query = guard(text, "a query", PREFIXES)
    expected = exact_answer(evaluate(translate(query.tree, PREFIXES, EX), dataset_of(quads)))
    assert exact_answer(table.ask(query, PREFIXES, EX)) == expected, text


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kinds", KINDS, ids=" ".join)
def test_sql_reckons_as_the_evaluator(tmp_path, kinds, seed):
    rng = random.Random(f"{kinds}{seed}")
    quads = quads_of(rng, kinds, 9)
    table = table_of(quads, tmp_path / "table")
    pattern = "?s ex:p ?a . ?z ex:p ?b"
    for each in rng.sample(OPERATIONS, 6):
        check(table, quads, f"SELECT ?a ?b ({each} AS ?v) {{ {pattern} }}")
    for each in rng.sample(TESTS, 6):
        check(table, quads, f"SELECT ?a ?b ({each} AS ?v) {{ {pattern} FILTER(?s != ?z) }}")
        check(table, quads, f"SELECT ?a ?b {{ {pattern} FILTER({each}) }}")
    for each in rng.sample(OPERATIONS, 2):
        named = f"{pattern} BIND({each} AS ?x)"
        check(table, quads, f"SELECT ?a ?b ?x {{ {named} FILTER(?x > ?a) }}")
        check(table, quads, f"SELECT ?a ?b {{ {named} FILTER(?x = 2 || ?x < ?b / 2) }}")
        check(table, quads, f"SELECT ?a (COUNT(*) AS ?n) {{ {named} }} GROUP BY ?a ?x")
        check(table, quads, f"SELECT ?a (COUNT(DISTINCT {each}) AS ?n) {{ {pattern} }} GROUP BY ?a")


def test_sql_writes_doubles_as_python():
    rng = random.Random(11)
    numbers = [struct.unpack("d", rng.randbytes(8))[0] for _ in range(5000)]
    numbers += [rng.random() * 10 ** rng.randint(-9, 20) for _ in range(5000)]
    numbers += [float(rng.randint(0, 10 ** rng.randint(1, 20))) for _ in range(2000)]
    numbers += [0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1e15, 1e16, -1e15, 5e-324]
    connection = duckdb.connect()
    define_macros(connection)
    sql = "SELECT double_text(x) FROM (SELECT unnest(?::DOUBLE[]) AS x)"
    found = [text for (text,) in connection.execute(sql, [numbers]).fetchall()]
    assert found == [double_text(number) for number in numbers]


def test_exact_numbers_are_rounded_once():
    rng = random.Random(12)
    numbers = [rng.randint(-(10**36), 10**36) // 10 ** rng.randint(0, 30) for _ in range(4000)]
    numbers += [(2**53 + 1) * 10**15, (2**64 + 2**11 + 1) * 10**15, 10**15 + 1]
    connection = duckdb.connect()
    define_macros(connection)
    listed = ", ".join(f"({n}, {each}::HUGEINT)" for n, each in enumerate(numbers))
    sql = f"SELECT exact_double(x) FROM (VALUES {listed}) AS v(n, x) ORDER BY n"
    found = [double for (double,) in connection.execute(sql).fetchall()]
    assert found == [float(Decimal(each).scaleb(-15)) for each in numbers]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?s { ?s ex:price ?p FILTER(?p * 2 > 1000) }",
        "SELECT ?s { ?s ex:price ?p ; ex:more ?q FILTER(?p + ?q = 100) }",
        "SELECT ?s ?x { ?s ex:price ?p BIND(?p * 1.19 AS ?x) FILTER(?x > 5) }",
        "SELECT (?q * 1.19 AS ?x) (?q - ?p AS ?y) (?q / 3 AS ?z) { ?s ex:price ?p ; ex:more ?q }",
        "SELECT (?p / 3 AS ?x) { ?s ex:price ?p FILTER(?p / 7 < 20) }",
        "SELECT ?s { ?s ex:price ?p ; ex:more ?q } ORDER BY (?p * ?q)",
        "SELECT (SUM(?q * ?p) AS ?t) { ?s ex:price ?p ; ex:more ?q }",
        "SELECT ?s { ?s ex:price ?p FILTER(COALESCE(?p, 0) = 3.5) }",
    ],
)
def test_python_is_asked_nothing_of_usual_numbers(tmp_path, monkeypatch, text):
    lines = []
    for n in range(40):
        lines.append(f'<{EX}s{n}> <{EX}price> "{n * 13}.5"^^<{XSD}decimal> .')
        lines.append(f'<{EX}s{n}> <{EX}more> "{n * 7 / 8}"^^<{XSD}double> .')
    quads = list(ox.parse("\n".join(lines), ox.RdfFormat.N_TRIPLES))
    connection = duckdb.connect(config={"threads": 1})
    define_macros(connection)
    table = table_of(quads, tmp_path / "table", connection=connection)

    def asked(*_: object) -> None:
        raise AssertionError("Python is asked")

    few = ("python_double_term",)  # of a total, once for each group
    counting = [
        (name, function if name in few else asked_as(function, asked), *rest)
        for name, function, *rest in table_engine._FUNCTIONS
    ]
    monkeypatch.setattr(table_engine, "_FUNCTIONS", tuple(counting))
    found = table.ask(guard(text, "a query", PREFIXES), PREFIXES, EX)
    assert isinstance(found, Rows)
    list(found)


def asked_as(function, asked):  # type: ignore[no-untyped-def]
    """Return a function with as many parameters, which fails unless one of them is NULL."""
    count = function.__code__.co_argcount
    parameters = ", ".join(f"a{n}" for n in range(count))
    made: dict[str, object] = {"asked": asked}
    code = f"def f({parameters}): return None if None in ({parameters},) else asked()"
    exec(code, made)
    return made["f"]
