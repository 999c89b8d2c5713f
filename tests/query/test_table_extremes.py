"""EXISTS with a comparison: the least and the greatest of a group decide, whatever the values."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from kg.queries.table.engine import Table
from kg.sparql.guard import guard
from kg.sparql.translate import translate
from kg.terms import XSD
from tests.query.tables import exact_answer, table_of
from tests.sparql.answers import dataset_of
from tests.sparql.evaluator import evaluate
from tests.sparql.generator import EX, LITERALS, ODD, PREFIXES, _n_triples

SIGNS = ("<", "<=", ">", ">=", "!=", "=")
# What is compared, and beside what.
TESTS = (
    "?d2 {} ?d",
    "?d {} ?d2",
    "?d2 {} ?d && ?o2 != ?o",
    "isLiteral(?d2) && ?d2 {} ?d && ?d != 1",
    "STR(?g) != 'x' && ?d2 {} ?d",
    "?d2 {} STRDT(STR(?d), DATATYPE(?d))",
    "!(?d2 {} ?d)",
    "?d2 {} ?none",
)
PATTERNS = (
    "?o ex:g ?g ; ex:d ?d FILTER NOT EXISTS { ?o2 ex:g ?g ; ex:d ?d2 FILTER(TEST) }",
    "?o ex:g ?g ; ex:d ?d FILTER EXISTS { ?o2 ex:g ?g ; ex:d ?d2 FILTER(TEST) }",
    "?o ex:g ?g ; ex:d ?d FILTER NOT EXISTS { ?o2 ex:d ?d2 FILTER(TEST) }",
    "?o ex:g ?g ; ex:d ?d OPTIONAL { ?o2 ex:g ?g ; ex:d ?d2 FILTER(TEST) } FILTER(!bound(?o2))",
    "?o ex:g ?g ; ex:d ?d OPTIONAL { ?o2 ex:g ?g ; ex:d ?d2 FILTER(TEST) }"
    " FILTER(!bound(?d2) && isIRI(?o) && COALESCE(?o2, true))",
    "?o ex:g ?g ; ex:d ?d MINUS { ?o ex:g ?g ; ex:d ?d . ?o2 ex:g ?g ; ex:d ?d2 FILTER(TEST) }",
    "?o ex:g ?g MINUS { ?o ex:g ?g ; ex:d ?d . ?o2 ex:g ?g ; ex:d ?d2 FILTER(TEST) }",
    "?o ex:g ?g FILTER NOT EXISTS { ?o ex:d ?d . ?o2 ex:g ?g ; ex:d ?d2 FILTER(TEST) }",
    "?o ex:g ?g FILTER NOT EXISTS { ?o ex:d ?d . ?o2 ex:d ?d2 FILTER(TEST) }",
    "?o ex:d ?d OPTIONAL { ?o ex:g ?g } FILTER NOT EXISTS { ?o2 ex:d ?d2 ; ex:g ?g FILTER(TEST) }",
    "?o ex:d ?d OPTIONAL { ?o ex:g ?g } OPTIONAL { ?o2 ex:d ?d2 ; ex:g ?g FILTER(TEST) }"
    " FILTER(!bound(?o2))",
    "GRAPH ?k { ?o ex:g ?g ; ex:d ?d FILTER NOT EXISTS { ?o2 ex:g ?g ; ex:d ?d2 FILTER(TEST) } }",
    "?o ex:g ?g ; ex:d ?d FILTER NOT EXISTS"
    " { ?o2 ex:g ?g ; ex:d ?x BIND(STRDT(STR(?x), DATATYPE(?x)) AS ?d2) FILTER(TEST) }",
)
KINDS = (
    ODD,
    LITERALS,
    *(
        [each for each in ODD if getattr(each.datatype, "text", "") in {XSD + n for n in names}]
        for names in (
            ("integer", "int", "byte"),
            ("integer", "decimal"),
            ("double", "float", "decimal"),
            ("dateTime", "dateTimeStamp"),
            ("date", "boolean"),
        )
    ),
    [each for each in ODD if each.datatype is None],
)


def quads_of(rng: random.Random, number: int) -> list[ox.Quad]:
    values = KINDS[number % len(KINDS)]
    lines = []
    for one in range(14):
        graph = f" <{EX}k{one % 2}>" if one % 3 == 0 else ""
        for _ in range(rng.choice((1, 1, 2))):
            value = _n_triples(rng.choice(values)) if rng.random() < 0.95 else f"<{EX}o1>"
            lines.append(f"<{EX}o{one}> <{EX}d> {value}{graph} .")
        if rng.random() < 0.9:
            lines.append(f"<{EX}o{one}> <{EX}g> <{EX}g{rng.randint(0, 2)}>{graph} .")
    return list(ox.parse("\n".join(lines), ox.RdfFormat.N_QUADS))


@pytest.mark.parametrize("number", range(3 * len(KINDS)))
def test_what_a_group_decides_is_what_all_its_rows_decide(tmp_path, number):
    rng = random.Random(number)
    quads = quads_of(rng, number)
    table, data = table_of(quads, tmp_path / "table"), dataset_of(quads)
    for pattern in PATTERNS:
        test = rng.choice(TESTS).format(rng.choice(SIGNS))
        text = f"SELECT * {{ {pattern.replace('TEST', test)} }}"
        query = guard(text, "a query", PREFIXES)
        found = exact_answer(table.ask(query, PREFIXES, EX))
        assert found == exact_answer(evaluate(translate(query.tree, PREFIXES, EX), data)), text


# Of each: values of a group, and what is compared with them. The last value of the group hides one
# before it, unless they are told apart.
APART = {
    "days with times and without a zone": (
        (f'"2020-01-01T09:59:00Z"^^<{XSD}dateTime>', f'"2020-01-01T10:00:00"^^<{XSD}dateTime>'),
        (f'"2020-01-01T09:00:00Z"^^<{XSD}dateTime>', f'"2020-01-01T11:00:00Z"^^<{XSD}dateTime>'),
    ),
    "the same with fractions": (
        (f'"2020-01-01T09:59:00.5Z"^^<{XSD}dateTime>', f'"2020-01-01T10:00:00.5"^^<{XSD}dateTime>'),
        (f'"2020-01-01T09:00:00Z"^^<{XSD}dateTime>', f'"2020-01-01T11:00:00Z"^^<{XSD}dateTime>'),
    ),
    # Beside the float, the whole number is rounded to it.
    "floats and doubles": (
        (f'"16777216"^^<{XSD}float>', f'"16777216.5"^^<{XSD}double>'),
        (f'"16777217"^^<{XSD}integer>',),
    ),
}


@pytest.mark.parametrize("name", APART)
def test_values_without_one_order_do_not_hide_each_other(name: str, tmp_path: Path):
    group, others = APART[name]
    lines = [f"<{EX}v{n}> <{EX}v> {term} ." for n, term in enumerate(group)]
    lines += [f"<{EX}d{n}> <{EX}d> {term} ." for n, term in enumerate(others)]
    quads = list(ox.parse("\n".join(lines), ox.RdfFormat.N_TRIPLES))
    table, data = table_of(quads, tmp_path / "table"), dataset_of(quads)
    for sign in SIGNS[:5]:
        text = f"SELECT ?o {{ ?o ex:d ?d FILTER EXISTS {{ ?x ex:v ?d2 FILTER(?d2 {sign} ?d) }} }}"
        query = guard(text, "a query", PREFIXES)
        found = exact_answer(table.ask(query, PREFIXES, EX))
        assert found == exact_answer(evaluate(translate(query.tree, PREFIXES, EX), data)), text


ROWS = 600
LATEST = tuple(PATTERNS[number] for number in (0, 1, 2, 3, 5, 6))
VALUES = {
    "dates": lambda n: f'"{2000 + n % 20}-01-{1 + n % 28:02}"^^<{XSD}date>',
    "times": lambda n: f'"2020-01-01T00:{n % 60:02}:00{"Z" * (n % 2)}"^^<{XSD}dateTime>',
    "numbers": lambda n: f'"{n * 7 % 101}"^^<{XSD}integer>',
    "doubles": lambda n: f'"{n * 7 % 101}e0"^^<{XSD}double>',
    "strings": lambda n: f'"{n * 7 % 101}"',
    "nodes": lambda n: f"<{EX}v{n * 7 % 101}>",
}


def work(table: Table, text: str) -> int:
    """Return the rows that all steps of a query's plan give."""
    _, compiled = table.compiled(guard(text, "a query", PREFIXES), PREFIXES, EX)
    table._define_python()
    with table._connection.cursor() as cursor:
        plan = cursor.execute(f"EXPLAIN (ANALYZE, FORMAT json) {compiled.sql}").fetchall()[0][1]
    return sum(map(_rows, json.loads(plan)["operator"]))


def _rows(step: dict[str, Any]) -> int:
    return int(step["intermediate_rows"]) + sum(map(_rows, step.get("children", ())))


@pytest.mark.parametrize("values", VALUES)
def test_rows_of_a_group_are_not_compared_pair_by_pair(tmp_path: Path, values: str):
    lines = []
    for n in range(ROWS):
        lines.append(f"<{EX}o{n}> <{EX}d> {VALUES[values](n)} .")
        lines.append(f"<{EX}o{n}> <{EX}g> <{EX}g{n % 3}> .")
    quads = ox.parse("\n".join(lines), ox.RdfFormat.N_TRIPLES)
    table = table_of(quads, tmp_path / "table")
    for pattern in LATEST:
        for sign in ("!=",) if values == "nodes" else ("<", ">=", "!="):
            text = f"SELECT * {{ {pattern.replace('TEST', f'?d2 {sign} ?d')} }}"
            assert work(table, text) < 60 * ROWS, text
