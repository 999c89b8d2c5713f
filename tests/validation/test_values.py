"""Tests of single values in SQL agree with pySHACL."""

from __future__ import annotations

import itertools
import random
import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.duck import sql_text
from kg.errors import InputError
from kg.validation import model
from kg.validation.judge import Judge, to_graph
from kg.validation.shape_reader import read_model
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve.regex import portable
from kg.validation.sieve.values import KINDS, keyed, less_than, value_test
from tests.validation.random_cases import DATATYPES, LANGUAGES, LITERALS, NODE_KINDS, PATTERNS

EX = "http://example.org/"
# A constraint, and forms of values that SQL must decide, or pySHACL would have to judge all.
CONSTRAINTS = [
    *(f"sh:datatype {datatype}" for datatype in DATATYPES),
    *(f"sh:nodeKind {kind}" for kind in NODE_KINDS),
    *(f"sh:{sign} {bound}" for sign in ("minInclusive", "maxExclusive") for bound in LITERALS),
    *(f"sh:minLength {number}" for number in (0, 1, 2, 4)),
    *(f"sh:maxLength {number}" for number in (0, 2, 20)),
    *(f'sh:pattern "{pattern}"' for pattern in PATTERNS),
    *(f'sh:pattern "{pattern}" ; sh:flags "i"' for pattern in PATTERNS),
    *(f"sh:languageIn ( {languages} )" for languages in LANGUAGES),
    'sh:in ( ex:a "a" "a"@en 1 )',
    "sh:in ( )",
]


def terms(shapes_of: ShapesGraph) -> list[str]:
    """Return the values: literals in the form of the graph, an IRI, a blank node."""
    literals = {o for _, p, o in shapes_of.triples() if p == f"<{EX}value>"}
    return [*sorted(literals), f"<{EX}a>", f"<{EX}ä/n3>", "_:b0"]


@pytest.mark.parametrize("group", range(0, len(CONSTRAINTS), 40))
def test_a_test_is_sound_on_both_sides(
    group: int, connection: duckdb.DuckDBPyConnection, read: object
) -> None:
    assert callable(read)
    chosen = CONSTRAINTS[group : group + 40]
    text = "".join(
        f"ex:S{n} sh:targetNode ex:none ; {constraint} .\n" for n, constraint in enumerate(chosen)
    )
    shapes = read(text + f"ex:x ex:value {', '.join(LITERALS)} .")
    values = terms(shapes)
    rows = ", ".join(f"({sql_text(value)})" for value in values)
    judge = Judge(shapes)
    for shape in read_model(shapes).values():
        (constraint,) = shape.constraints
        test = value_test(constraint, "v")
        assert test is not None
        sql = f"SELECT v, {test.maybe_bad}, {test.surely_bad} FROM (VALUES {rows}) t(v)"
        found = connection.execute(sql).fetchall()
        try:
            results = list(judge.judge(to_graph([]), {shape.node: values}))
        except InputError:
            continue  # pySHACL cannot compare NaN
        bad = {result.value for result in results}
        assert {v for v, _, surely in found if surely} <= bad, constraint
        assert bad <= {v for v, maybe, _ in found if maybe}, constraint


USUAL = {
    "sh:datatype xsd:integer": ["1", "-20", '"x"', "1.5"],
    "sh:datatype xsd:decimal": ["1.5", "0.50", '"x"', "1"],
    "sh:datatype xsd:date": ['"2020-02-29"^^xsd:date', '"2020-01-01Z"^^xsd:date', '"2020-01-01"'],
    "sh:datatype xsd:dateTime": ['"2020-01-31T10:00:00.5+09:00"^^xsd:dateTime', "1"],
    "sh:datatype xsd:boolean": ["true", '"0"^^xsd:boolean', '"yes"'],
    "sh:datatype xsd:string": ['"a"', '"tab\\t"', '"a"@en', "1"],
    "sh:datatype ex:dt": ['"a"^^ex:dt', '"a"'],
    "sh:minInclusive 1": ["1", "01.5", "-3", "0.99", '"a"', "ex:a"],
    "sh:maxExclusive 2.5": ["2.5", "2.4999", "3", '"a"'],
    'sh:minInclusive "2020-01-01"^^xsd:date': ['"2019-12-31"^^xsd:date', '"2020-01-01"^^xsd:date'],
    'sh:pattern "^[a-z]+-[0-9]{2}$"': ['"ab-12"', '"AB"', '"ä-12"', "ex:a", "12"],
    'sh:pattern "[“”]"': ['"say “no”"', '"ä"'],
    'sh:pattern "^\\\\d{4}$"': ['"2020"', '"20"', "ex:a"],
    "sh:maxLength 3": ['"abc"', '"äöüß"', "ex:a"],
    'sh:languageIn ( "en" )': ['"a"@en-gb', '"a"@de', '"a"'],
}


@pytest.mark.parametrize("constraint", USUAL)
def test_usual_values_are_decided(
    constraint: str, connection: duckdb.DuckDBPyConnection, read: object
) -> None:
    assert callable(read)
    shapes = read(f"ex:S sh:targetNode ex:none ; {constraint} . ex:x ex:value"
                  f" {', '.join(USUAL[constraint])} .")  # fmt: skip
    (shape,) = read_model(shapes).values()
    test = value_test(shape.constraints[0], "v")
    assert test is not None
    for _, p, value in shapes.triples():
        if p == f"<{EX}value>":
            row = connection.execute(
                f"SELECT {test.maybe_bad}, {test.surely_bad} FROM (VALUES ({sql_text(value)})) t(v)"
            ).fetchone()
            assert row is not None
            assert row[0] == row[1], value


@pytest.mark.parametrize("kind", ["lessThan", "lessThanOrEquals"])
def test_pairs_are_compared_soundly(
    kind: str, connection: duckdb.DuckDBPyConnection, read: object
) -> None:
    assert callable(read)
    shapes = read(
        f"ex:S a sh:PropertyShape ; sh:path ex:p ; sh:{kind} ex:q ."
        f" ex:x ex:value {', '.join(LITERALS)} ."
    )
    values = [value for value in terms(shapes) if not value.startswith("_")]
    pairs = random.Random(1).sample(list(itertools.product(values, repeat=2)), 900)
    nodes = [f"<{EX}n{n}>" for n in range(len(pairs))]
    rows = ", ".join(
        f"({sql_text(n)}, {sql_text(a)}, {sql_text(b)})"
        for n, (a, b) in zip(nodes, pairs, strict=True)
    )
    source = f"(VALUES {rows}) t(n, a, b)"
    test = less_than("a", "b", "<" if kind == "lessThan" else "<=")
    left = keyed(f"(SELECT n, a AS v FROM {source})", KINDS)
    right = keyed(f"(SELECT n, b AS v FROM {source})", KINDS)
    found = {
        n: (maybe, surely)
        for n, maybe, surely in connection.execute(
            f"SELECT n, {test.maybe_bad}, {test.surely_bad}"
            f" FROM ({left}) a JOIN ({right}) b USING (n)"
        ).fetchall()
    }
    judge = Judge(shapes)
    decided = 0
    for node, (a, b) in zip(nodes, pairs, strict=True):
        graph = to_graph([(node, f"<{EX}p>", a), (node, f"<{EX}q>", b)])
        maybe, surely = found[node]
        try:
            bad = bool(list(judge.judge(graph, {f"<{EX}S>": [node]})))
        except InputError:
            assert maybe, (a, b)
            continue
        assert maybe or not bad, (a, b)
        assert bad or not surely, (a, b)
        decided += maybe == surely
    assert decided > len(pairs) / 20


PIECES = [
    *("a", "b", "-", "1", ".", "[ab]", "[^a-c1]", "(a|b)", "(?:1)", "\\d", "\\w", "\\s", "\\."),
    *("^", "$", "*", "+", "?", "{2}", "{1,3}", "{,2}", "|", "\\b", "[a-z-]", "(?=a)", "\\1", "[]"),
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join),
    st.lists(st.text("ab1c-. AB", max_size=5), min_size=1, max_size=5),
    st.sampled_from(["", "i"]),
)
def test_portable_patterns_mean_the_same_in_duckdb_and_pyshacl(
    connection: duckdb.DuckDBPyConnection, pattern: str, texts: list[str], flags: str
) -> None:
    way = portable(pattern, flags)
    if way is None:
        return
    searched = re.compile(pattern, re.IGNORECASE if flags else 0)
    for text in texts:
        row = connection.execute(
            f"SELECT regexp_matches(?, {sql_text(pattern)}, {sql_text(way.flags)})", [text]
        ).fetchone()
        assert row == (searched.search(text) is not None,), text


def test_constraints_on_several_values_have_no_test() -> None:
    for constraint in (model.MinCount(1), model.UniqueLang(), model.HasValue('"a"')):
        assert value_test(constraint, "v") is None
