"""Which engine answers, and that the choice never changes an answer.

``python -m tests.query.test_choice`` writes the list of differences into the docs.

Set KG_SPARQL_CASES to the number of random datasets; by default few are made.
"""

from __future__ import annotations

import csv
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from kg.duck import engine
from kg.errors import InputError
from kg.queries.choice import Chosen
from kg.queries.differences import KNOWN, differing
from kg.queries.engine import Rows
from kg.queries.kinds import Facts
from kg.queries.meets import Asked
from kg.queries.oxigraph import Oxigraph
from kg.queries.oxigraph.facts import count_across
from kg.sparql.guard import guard
from kg.sparql.printer import print_query
from kg.sparql.translate import translate
from tests.query.tables import exact_answer, facts_of, has_chance
from tests.sparql.answers import dataset_of
from tests.sparql.evaluator import evaluate
from tests.sparql.generator import LITERALS, ODD, PREFIXES, Generator, random_data

EX = "http://example.org/"
DATASETS = int(os.environ.get("KG_SPARQL_CASES", "10"))


@pytest.mark.parametrize("seed", range(DATASETS))
def test_where_nothing_differs_oxigraph_answers_as_the_evaluator(seed):
    rng = random.Random(seed)
    literals = ODD if seed % 3 else LITERALS
    quads = list(ox.parse(random_data(rng, literals=literals), ox.RdfFormat.N_QUADS))
    store, data = ox.Store(), dataset_of(quads)
    store.bulk_extend(quads)
    oxigraph, facts = Oxigraph(store, "a test"), facts_of(quads, store)
    for _ in range(20):
        query = guard(print_query(Generator(rng, literals=literals).query()), "a query", PREFIXES)
        asked = Asked(query, PREFIXES, EX, facts, lambda: oxigraph)
        # Of REDUCED it is open what is left.
        if differing(asked) or has_chance(query.text) or "REDUCED" in query.text:
            continue
        expected = exact_answer(evaluate(translate(query.tree, PREFIXES, EX), data))
        assert exact_answer(oxigraph.ask(query, PREFIXES, EX)) == expected, query.text


PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "query.md"
HEAD = "| what | Oxigraph | the table engine | told |\n| --- | --- | --- | --- |\n"


def written() -> str:
    """Return the page of queries with the list of differences as it is in the code."""
    rows = "".join(
        f"| {each.what} | {each.oxigraph} | {each.table} | {each.told} |\n".replace("`|`", "`\\|`")
        for each in KNOWN
    )
    page = PAGE.read_text(encoding="utf-8")
    return re.sub(f"({re.escape(HEAD)})(?:\\|.*\\n)*", lambda found: found[1] + rows, page)


def test_the_docs_list_all_differences_that_the_code_knows():
    assert PAGE.read_text(encoding="utf-8") == written()


KINDS = Facts(
    {
        f"{EX}{name}": frozenset(letters)
        for name, letters in {
            "number": "i", "long": "n", "double": "f", "decimal": "d", "day": "D", "moment": "T",
            "text": "s", "label": "l", "node": "r", "odd": "ix", "mixed": "is",
            "span": "p", "clock": "u", "huge": "hx", "ill": "hxo", "illday": "Do", "illreal": "fo",
        }.items()
    },
    merged=False,
)  # fmt: skip


class Nothing:
    """Stands for an engine of an empty graph."""

    def has(self, **_: str) -> bool:
        return False

    def triples(self, **_: str) -> list[tuple[str, str, str]]:
        return []

    def graphs(self) -> list[str]:
        return []

    def in_use(self) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT ?x { ?s ex:number ?x FILTER(?x + 1 > 2) } ORDER BY ?x", ""),
        ("SELECT (SUM(?x) AS ?n) (AVG(?x) AS ?m) { ?s ex:number ?x }", ""),
        ("SELECT (ROUND(100 * ?x * 30.4375 / ?y) / 100 AS ?n) { ?s ex:number ?x , ?y }", ""),
        ("SELECT (?x * ?x * ?x AS ?n) { ?s ex:number ?x }", "reckoned with"),
        ("SELECT (SUM(?x) AS ?n) { ?s ex:long ?x }", "over 64 bits"),
        ("SELECT (SUM(?x) AS ?n) { ?s ex:double ?x }", "over 64 bits"),
        ("SELECT ?x { ?s ex:double ?x FILTER(?x > 2) }", ""),
        ("SELECT ?x { ?s ?p ?x }", "how a value is written"),
        ("SELECT ?s { ?s ?p ?x }", ""),
        ("SELECT ?s { ?s ex:odd ?x FILTER(?x > 2) }", ""),
        ("SELECT ?s { ?s ex:odd ?x FILTER(STR(?x) > '2') }", "how a value is written"),
        ("SELECT ?s { ?s ex:odd ?x . ?t ex:odd ?x }", "how a value is written"),
        ("SELECT ?s { ?s ex:odd 5 }", "how a value is written"),
        ("SELECT ?s { ?s ex:number 05 }", "how a value is written"),
        ("SELECT (YEAR(?x) AS ?y) { ?s ex:moment ?x }", ""),
        ("SELECT (YEAR(?x) + MONTH(?x) + DAY(?x) AS ?y) { ?s ex:day ?x }", ""),
        ("SELECT (YEAR(?x) AS ?y) { ?s ex:clock ?x }", "times of day"),
        ("SELECT (TZ(?x) AS ?y) { ?s ex:day ?x }", ""),
        ("SELECT (?x - ?y AS ?d) { ?s ex:day ?x , ?y }", ""),
        ("SELECT (?x - ?y AS ?d) { ?s ex:moment ?x , ?y }", ""),
        ("SELECT (?x - ?y AS ?d) { ?s ex:day ?x , ?y } ORDER BY ?d", "different kinds"),
        ("SELECT (?x - ?y AS ?d) { ?s ex:day ?x ; ex:span ?y }", "reckoning with durations"),
        ("SELECT (?x + ?y AS ?d) { ?s ex:day ?x ; ex:span ?y }", "reckoning with durations"),
        ("SELECT ?s { ?s ex:day ?x , ?y FILTER(?x - ?y < ?z) }", "reckoning with durations"),
        ("SELECT ?s { ?s ex:day ?x FILTER(?x < '2020-01-01'^^xsd:date) }", ""),
        ("SELECT ?s { ?s ex:label ?x FILTER(?x < 'a') }", ""),
        ("SELECT ?s { ?s ex:label ?x , ?y FILTER(?x < ?y) }", "`<` and `>`"),
        ("SELECT ?s { ?s ex:label ?x FILTER(?x) }", "`<` and `>`"),
        *(
            (f"SELECT ?s {{ ?s ex:{name} ?x FILTER({test}) }}", "`<` and `>`")
            for name in ("ill", "huge", "illreal")
            for test in ("?x", "!?x", "IF(?x, 1, 2) = 1", "?x || ?s = ex:a", "COALESCE(!?x, true)")
        ),
        ("SELECT ?s { ?s ex:illreal ?x } GROUP BY ?s HAVING(SAMPLE(?x))", "`<` and `>`"),
        ("SELECT (?x <= ?y AS ?z) { ?s ex:illday ?x , ?y }", "`<` and `>`"),
        ("SELECT ?s { ?s ex:illday ?x ; ex:day ?y FILTER(?x <= ?y) }", ""),
        ("SELECT (MIN(?x) AS ?z) { ?s ex:illday ?x }", "values of different kinds"),
        ("SELECT (MAX(?x) AS ?z) { ?s ex:huge ?x }", "values of different kinds"),
        ("SELECT ?s { ?s ex:huge ?x FILTER(?x > 5) }", "over 64 bits"),
        ("SELECT ?s { ?s ex:huge ?x ; ex:number ?y FILTER(?y IN (5, ?x)) }", "over 64 bits"),
        ("SELECT ?s { ?s ex:clock ?x FILTER(?x != 5) }", "`IN` between"),
        ("SELECT ?s { ?s ex:clock ?x FILTER('a' IN (?x)) }", "`IN` between"),
        ("SELECT ?s { ?s ex:clock ?x FILTER(?x = ?s) }", ""),
        ("SELECT ?x { ?s ex:mixed ?x } ORDER BY ?x", "values of different kinds"),
        ("SELECT (GROUP_CONCAT(?x) AS ?n) { ?s ex:text ?x }", ""),
        ("SELECT (GROUP_CONCAT(?x) AS ?n) { ?s ex:label ?x }", "`GROUP_CONCAT`"),
        ("SELECT (GROUP_CONCAT(?x) AS ?n) { ?s ex:text|ex:node ?x }", ""),
        ("SELECT ?x { ex:a ex:node* ?x }", "`p*`"),
        ("SELECT ?x { ?s !ex:node ?x }", "a path with"),
        ("SELECT ?x { ?s ex:node/(ex:node/ex:node|ex:node) ?x }", "a path with"),
        ("SELECT ?g { GRAPH ?g { ?s ex:number ?x FILTER(?x > 1) } }", ""),
        ("SELECT ?g { GRAPH ?g { VALUES ?x { 1 } } }", "`GRAPH ?g`"),
        (
            "SELECT ?s { ?s ex:text ?x FILTER EXISTS { ?s ex:node ?y MINUS { ?y ex:node ?z } } }",
            "around `MINUS`",
        ),
        (
            "ASK { ?s ex:text ?x FILTER NOT EXISTS { { SELECT ?y { MINUS { ?y ex:node ?z } } } } }",
            "around `MINUS`",
        ),
        ("SELECT ?s { ?s ex:text ?x MINUS { ?s ex:node ?y } FILTER EXISTS { ?s ex:node ?y } }", ""),
        ("SELECT ?s { ?s ex:text ?x FILTER(REGEX(?x, '^[ab]c+$', 'i')) }", ""),
        ("SELECT ?s { ?s ex:text ?x FILTER(REGEX(?x, '\\\\d')) }", "`REGEX`"),
        ("SELECT ?s { ?s ex:text ?x FILTER(REGEX(?x, '(a')) }", "`REGEX`"),
        ("SELECT (REPLACE(?x, 'a+', 'b') AS ?y) { ?s ex:text ?x }", ""),
        *(
            (f"SELECT (REPLACE(?x, '{empty}', 'b') AS ?y) {{ ?s ex:text ?x }}", "`REGEX`")
            for empty in ("", "a*", "(a|)", "^", "(a")
        ),
        ("SELECT (SUM(?x) AS ?n) (COUNT(?x) AS ?m) (AVG(?x) AS ?k) { ?s ex:odd ?x }", ""),
        *(
            (f"SELECT ({name}(DISTINCT ?x) AS ?n) {{ ?s ex:odd ?x }}", "how a value is written")
            for name in ("COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT")
        ),
        ("SELECT (COUNT(DISTINCT *) AS ?n) { ex:a ex:node/ex:odd ?x }", "how a value is written"),
        ("SELECT (COUNT(*) AS ?n) { ex:a ex:node/ex:odd ?x }", ""),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:odd+ ?x }", "how a value is written"),
        ("SELECT (COUNT(*) AS ?n) FROM ex:g FROM ex:h { ?s ex:odd ?x }", "how a value is written"),
        *(
            (f"SELECT ?s {{ ?s ex:{one} ?x ; ex:{other} ?y FILTER(?x {test}) }}", "`IN` between")
            for one, other in [("day", "day"), ("moment", "moment"), ("span", "span")]
            for test in ("= ?y", "!= ?y", "IN (1, ?y)", "NOT IN (?y)")
        ),
        ("SELECT ?s { ?s ex:day ?x ; ex:text ?y FILTER(?x != ?y) }", ""),
        ("SELECT ?s { ?s ex:span ?x , ?y FILTER(?x < ?y) }", "reckoning with durations"),
        ("SELECT ?s { ?s ex:span ?x } ORDER BY ?x", "reckoning with durations"),
        ("SELECT ?s { ?s ex:clock ?x } ORDER BY ?x", "times of day, years"),
        ("SELECT (?x - ?y AS ?d) { ?s ex:clock ?x , ?y }", "times of day, years"),
        ("SELECT ?s { ?s ex:day ?x , ?y } ORDER BY DESC(?x - ?y)", "reckoning with durations"),
        (
            "SELECT (?x - ?y AS ?d) { ?s ex:day ?x , ?y } ORDER BY ?d",
            "reckoning with durations",
        ),
        (
            "SELECT ?d { ?s ex:day ?x , ?y BIND(?x - ?y AS ?d) } ORDER BY ?d",
            "reckoning with durations",
        ),
    ],
)
def test_a_difference_is_seen_in_the_text_and_the_values(text, words):
    query = guard(text, "a query", PREFIXES)
    found = differing(Asked(query, PREFIXES, EX, KINDS, Nothing))
    assert words in " ".join(each.what for each in found)
    assert bool(found) is bool(words)


class Stub(Nothing):
    """Stands for an engine that answers any query by its own name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, *_: object) -> tuple[str, ...]:
        return ()

    def ask(self, *_: object) -> Rows:
        return Rows(("by",), iter([(self.name,)]))

    def remarks(self, *_: object) -> list[str]:
        return []

    def watch(self, *_: object) -> None:
        return None


def chosen(large: bool = False, **facts: Any) -> Chosen:
    facts = {"merged": False, "predicates": KINDS.predicates, **facts}
    engines = [Stub("oxigraph"), Stub("table")]
    return Chosen("a test", *(lambda it=it: it for it in engines), lambda: Facts(**facts), large)


def by(engine: Chosen, text: str, prefixes=PREFIXES, base=EX, bound=None) -> str:
    ((name,),) = engine.ask(guard(text, "a query", prefixes), prefixes, base, bound)
    return name


def test_the_table_engine_reckons_with_durations_and_times_of_day_whatever_the_size():
    for span in ("ex:day ?x ; ex:span ?y", "ex:clock ?x , ?y"):
        text = f"SELECT (?x + ?y AS ?d) {{ ?s {span} }}"
        assert by(chosen(False), text) == by(chosen(True), text) == "table"


def test_a_choice_holds_for_the_prefixes_base_and_values_that_it_was_made_for():
    engine = chosen()
    asked = "SELECT ?x { ?s p:number ?x }"
    assert by(engine, asked, {"p": EX}) == "oxigraph"
    assert by(engine, asked.replace("number", "odd"), {"p": EX}) == "table"
    assert by(engine, asked.replace("number", ""), {"p": f"{EX}odd"}) == "table"
    assert by(engine, asked.replace("number", ""), {"p": f"{EX}number"}) == "oxigraph"
    relative = "SELECT ?x { ?s <odd> ?x }"
    assert by(engine, relative, base="http://elsewhere.example/") == "oxigraph"
    assert by(engine, relative) == "table"
    assert by(engine, asked, {"p": EX}, bound={"s": f"<{EX}a>"}) == "table"
    assert by(engine, asked, {"p": EX}) == "oxigraph"


@pytest.mark.parametrize(
    ("rows", "across"),
    [
        ([("01", "a"), ("1", "b")], 1),  # one value of the merge for Oxigraph, two for SPARQL
        ([("01", "a"), ("1", "a")], 0),  # the index of one graph tells by its count
        ([("01", "a"), ("01", "b")], 0),
        ([("01", "a"), ("1", None)], 1),
    ],
)
def test_values_that_several_graphs_give_are_counted(rows, across):
    quads = [
        ("<http://e/s>", "<http://e/p>", f'"{text}"^^<http://www.w3.org/2001/XMLSchema#integer>', g)
        for text, g in rows
    ]
    with engine(threads=1) as connection:
        connection.execute("CREATE TABLE q (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
        connection.executemany("INSERT INTO q VALUES (?, ?, ?, ?)", quads)
        assert count_across(connection, "q") == across


class Late(Stub):
    """Stands for a table engine that sees on the way that it has no answer."""

    def ask(self, *_: object) -> Rows:
        def refused() -> Iterator[Any]:
            raise InputError("not-compiled", "it does not answer: a number is too large")
            yield

        return Rows(("by",), refused(), lines=refused)


def test_what_the_table_engine_gives_up_on_the_way_is_answered_by_oxigraph():
    engines = [Stub("_:oxigraph"), Late("table")]
    facts = Facts(merged=False, predicates=KINDS.predicates)
    for ask in (lambda found: list(found), lambda found: list(csv.reader(found.lines()))):
        both = Chosen("a test", *(lambda it=it: it for it in engines), lambda: facts, True)
        query = guard("SELECT ?by { ?by ?p ?o }", "a query", PREFIXES)
        found = both.ask(query, PREFIXES, EX)
        assert isinstance(found, Rows)
        assert list(map(list, ask(found))) == [["_:oxigraph"]]
        (remark,) = both.remarks(query, PREFIXES)
        assert "a number is too large" in remark
        # Next time it is known beforehand.
        assert both.choice(query, PREFIXES, EX).name == "oxigraph"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
