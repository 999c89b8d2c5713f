"""The table engine: SPARQL's answers, or a word that it does not answer.

Set KG_SPARQL_CASES to the number of random datasets; by default few are made.
"""

from __future__ import annotations

import os
from collections import Counter

import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.queries.engine import Rows
from kg.sparql.guard import guard
from kg.terms import XSD
from tests.query.manifests import read_answer
from tests.query.random_queries import differences
from tests.query.tables import as_answer, table_of
from tests.query.test_conformance import EVALUATION, Case

EX = "http://example.org/"
DATASETS = int(os.environ.get("KG_SPARQL_CASES", "5"))
# For each dataset.
QUERIES = 4


@pytest.mark.skipif("KG_CONFORMANCE" not in os.environ, reason="KG_CONFORMANCE is not set")
def test_all_cases_are_found():
    assert len(EVALUATION) == 235


def read(case: Case) -> list[ox.Quad]:
    quads = []
    for path in case.data:
        quads += ox.parse(path=path, base_iri=path.resolve().as_uri())
    for path in case.named:
        name = ox.NamedNode(path.resolve().as_uri())
        parsed = ox.parse(path=path, base_iri=name.value)
        quads += [ox.Quad(each.subject, each.predicate, each.object, name) for each in parsed]
    return quads


# All with `start.py test --long`; each makes a table, which takes a while.
CHOSEN = EVALUATION if "KG_EXAMPLES" in os.environ else EVALUATION[::3]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CHOSEN])
def test_evaluation(case: Case, tmp_path):
    assert case.result is not None
    table = table_of(read(case), tmp_path / "table")
    query = guard(case.query.read_text(encoding="utf-8"), case.id, {})
    base = case.query.resolve().as_uri()
    found = table.ask(query, {}, base)
    if case.result.suffix == ".csv":  # which has no terms: the command line writes it
        assert isinstance(found, Rows)
        assert len(list(found)) == len(case.result.read_text().splitlines()) - 1
    else:
        assert as_answer(found) == read_answer(case.result)


@pytest.mark.parametrize("seed", range(DATASETS))
def test_random_queries_are_answered_as_the_evaluator_answers_them(seed, tmp_path):
    assert not list(differences(seed, tmp_path / "table", Counter(), QUERIES))


DATA = f"""
<{EX}a> <{EX}n> "1"^^<{XSD}integer> .
<{EX}a> <{EX}n> "01"^^<{XSD}integer> .
<{EX}a> <{EX}n> "1"^^<{XSD}int> <{EX}g> .
<{EX}a> <{EX}m> "1"^^<{XSD}integer> <{EX}g> .
<{EX}a> <{EX}m> "1"^^<{XSD}integer> <{EX}h> .
"""


def parsed(data: str) -> list[ox.Quad]:
    """Return quads with the lexical forms that they have, which Oxigraph's store would change."""
    return list(ox.parse(data, ox.RdfFormat.N_QUADS))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT (COUNT(*) AS ?n) { ex:a ex:n ?o }", ["2"]),
        ("SELECT (SUM(?o) AS ?n) { ex:a ex:n ?o }", ["2"]),
        ("SELECT (COUNT(DISTINCT ?o) AS ?n) { ex:a ex:n ?o FILTER(?o = 1) }", ["2"]),
        ("SELECT (COUNT(*) AS ?n) { ex:a ex:n|ex:n ?o }", ["4"]),
        ("SELECT (COUNT(*) AS ?n) FROM ex:g FROM ex:h { ex:a ex:m ?o }", ["1"]),
        ("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ex:a ex:m ?o } }", ["2"]),
        ("SELECT (SUM(9223372036854775807 + ?o) AS ?n) { ex:a ex:n ?o }", ["18446744073709551616"]),
        ("SELECT ?n { BIND(1/3 AS ?n) }", ["0.333333333333333333"]),
        ("SELECT (AVG(?o) AS ?n) { VALUES ?o { 1 2 2 } }", ["1.666666666666666666"]),
    ],
)
def test_terms_and_values_are_those_of_the_specification(text, rows, tmp_path):
    table = table_of(parsed(DATA), tmp_path / "table")
    found = table.ask(guard(text, "a query", {"ex": EX}), {"ex": EX})
    assert isinstance(found, Rows)
    assert [str(row[0]).split('"')[1] for row in found] == rows


@pytest.mark.parametrize(
    "term",
    [
        f"<{EX}b>",
        '"text"',
        *(
            f'"{text}"^^<{XSD}{name}>'
            for text, name in [
                ("true", "boolean"),
                ("1", "integer"),
                ("1.5", "decimal"),
                ("2020-01-31", "date"),
                ("2020-01-31T10:00:00", "dateTime"),
            ]
        ),
    ],
)
def test_a_variable_without_a_value_has_no_text_whatever_its_kind(term, tmp_path):
    table = table_of(parsed(f"<{EX}a> <{EX}p> <{EX}c> .\n<{EX}b> <{EX}q> {term} ."), tmp_path / "t")
    text = "SELECT ?x ?last { ?s ex:p ?o OPTIONAL { ?s ex:q ?x } OPTIONAL { SELECT (MAX(?y) AS"
    found = table.ask(guard(f"{text} ?last) {{ ex:c ex:q ?y }} }} }}", "q", {"ex": EX}), {"ex": EX})
    assert isinstance(found, Rows)
    assert found.lines is not None
    assert list(found.lines()) == [",\r\n"]
    assert list(found) == [(None, None)]


@pytest.mark.parametrize("made", ["COUNT(*)", "MAX(STRLEN(STR(?s)))", "SUM(STRLEN(STR(?s)))"])
def test_totals_are_sorted_without_a_call_of_python(made, tmp_path, monkeypatch):
    quads = [f"<{EX}s{'x' * (n % 5)}{n}> <{EX}p{n % 3}> <{EX}o> ." for n in range(40)]
    table = table_of(parsed("\n".join(quads)), tmp_path / "t")
    text = f"SELECT ?p ({made} AS ?n) {{ ?s ?p ?o }} GROUP BY ?p ORDER BY DESC(?n)"
    monkeypatch.setattr("kg.queries.table.ordering.read", None)
    monkeypatch.setattr("kg.queries.table.functions.read", None)
    found = table.ask(guard(text, "a query", {}), {})
    assert isinstance(found, Rows)
    numbers = [int(str(n).split('"')[1]) for _, n in found]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 3


def test_a_rare_predicate_is_said_to_be_rare_and_all_its_triples_count(tmp_path):
    quads = [f"<{EX}s{n}> <{EX}p{n % 2}> <{EX}o{n % 9}> <{EX}g{n % 3}> ." for n in range(300)]
    quads += [f"<{EX}s{n}> <{EX}rare> <{EX}o1> <{EX}g{g}> ." for n in (1, 2) for g in "ab"]
    table = table_of(parsed("\n".join(quads)), tmp_path / "t", default="first")

    def asked(text: str) -> tuple[bool, list[str]]:
        query = guard(text, "a query", {"ex": EX})
        found = table.ask(query, {"ex": EX})
        assert isinstance(found, Rows)
        return "LIMIT 2)" in table.compiled(query, {"ex": EX})[1].sql, [str(n) for (n,) in found]

    assert asked("SELECT ?s { ?s ex:p0 ?x . ?s ex:rare ?o }") == (True, [f"<{EX}s2>"])
    assert asked("SELECT ?s { ?s ex:p0 ?x ; ex:p1 ?o }") == (False, [])
    in_graphs = asked("SELECT ?s { GRAPH ?g { ?s ex:rare ?o } }")
    assert (in_graphs[0], len(in_graphs[1])) == (False, 4)


def test_the_members_of_a_large_class_are_found_where_a_join_does_not_begin(tmp_path):
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    quads = [f"<{EX}s{n}> {kind} <{EX}{'A' if n % 50 else 'B'}> ." for n in range(300)]
    quads += [f"<{EX}s{n}> <{EX}p{n % 4}> <{EX}o{n % 9}> ." for n in range(300)]
    table = table_of(parsed("\n".join(quads)), tmp_path / "t", default="first")
    for name, often, size in (("A", True, 294), ("B", False, 6)):
        query = guard(f"SELECT ?s {{ ?s a ex:{name} ; ?p ?o }}", "a query", {"ex": EX})
        assert (", -1)" in table.compiled(query, {"ex": EX})[1].sql) is often
        found = table.ask(query, {"ex": EX})
        assert isinstance(found, Rows)
        assert len(list(found)) == 2 * size


@pytest.mark.parametrize(
    ("test", "rows"),
    [("?x < 'a'", 0), ("?x = 'a'", 0), ("?x != 'a'", 2), ("!('a' = ?x)", 2), ("!(?x > 'a')", 0)],
)
def test_what_is_never_a_text_is_compared_with_one_without_a_call(test, rows, tmp_path):
    data = f'<{EX}a> <{EX}n> "1"^^<{XSD}integer> .\n<{EX}b> <{EX}n> <{EX}c> .'
    table = table_of(parsed(data), tmp_path / "table")
    query = guard(f"SELECT ?s {{ ?s ?p ?x FILTER({test}) }}", "a query", {})
    assert "python_test" not in table.compiled(query)[1].sql
    found = table.ask(query)
    assert isinstance(found, Rows)
    assert len(list(found)) == rows


def test_numbers_beyond_what_sql_can_add_are_not_added_wrongly(tmp_path):
    big = "9" * 45
    data = f'<{EX}a> <{EX}n> "{big}"^^<{XSD}integer> .'
    table = table_of(parsed(data), tmp_path / "table")
    for function in ("SUM", "AVG"):
        found = table.ask(guard(f"SELECT ({function}(?o) AS ?n) {{ ?s ?p ?o }}", "a query", {}), {})
        assert isinstance(found, Rows)
        with pytest.raises(InputError, match="more than 38 digits"):
            list(found)


def test_other_numbers_of_a_graph_with_long_ones_are_added_and_long_ones_compared(tmp_path):
    long = ["40." + "1" * 30, "40." + "1" * 29 + "2", "-" + "9" * 45, "07.5", "2.5E0", "8"]
    types = ["decimal", "decimal", "integer", "decimal", "double", "integer"]
    data = "".join(
        f'<{EX}{n}> <{EX}{"few" if n > 2 else "many"}> "{text}"^^<{XSD}{types[n]}> .\n'
        for n, text in enumerate(long)
    )
    table = table_of(parsed(data), tmp_path / "table")

    def asked(text: str) -> list[str]:
        found = table.ask(guard(text, "a query", {"ex": EX}), {"ex": EX})
        assert isinstance(found, Rows)
        return [
            str(row[0]).removeprefix(f"<{EX}").split('"')[-1].removesuffix(">") for row in found
        ]

    assert asked("SELECT ?s { ?s ?p ?o } ORDER BY ?o") == ["2", "4", "3", "5", "0", "1"]
    assert asked("SELECT ?s { ?s ?p ?o } ORDER BY DESC(?o)") == ["1", "0", "5", "3", "4", "2"]
    assert asked("SELECT ?s { ?s ?p ?o FILTER(?o < 8) } ORDER BY ?o") == ["2", "4", "3"]
    assert asked("SELECT ?s { ?s ?p ?o , ?x . ex:0 ex:many ?y FILTER(?x > ?y) }") == ["1"]
    assert asked("SELECT ?s { ?s ?p ?o . ex:0 ex:many ?y FILTER(?o = ?y) }") == ["0"]
    found = table.ask(guard("SELECT (SUM(?o) AS ?n) { ?s ex:few ?o }", "q", {"ex": EX}), {"ex": EX})
    assert isinstance(found, Rows)
    ((total,),) = found
    assert float(str(total).split('"')[1]) == 18


def test_numbers_that_grow_beyond_what_sql_can_hold_are_seen_on_the_way(tmp_path):
    data = f'<{EX}a> <{EX}n> "{"9" * 21}"^^<{XSD}integer> .'
    table = table_of(parsed(data), tmp_path / "table")
    many = " ".join(map(str, range(200)))
    text = f"SELECT (SUM(?o) AS ?n) {{ ?s ?p ?o VALUES ?x {{ {many} }} }}"
    found = table.ask(guard(text, "a query", {}), {})
    assert isinstance(found, Rows)
    assert found.lines is not None
    for rows in (found, found.lines()):
        with pytest.raises(InputError, match="does not answer this query"):
            next(iter(rows))
