"""A tree is printed as a query that reads back as the same tree, and means the same.

Set KG_SPARQL_CASES to the number of random queries; by default few are made.
"""

from __future__ import annotations

import os
import random
from contextlib import suppress
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.sparql import tree
from kg.sparql.guard import guard, read_tree
from kg.sparql.places import position
from kg.sparql.printer import print_query
from kg.sparql.walk import walk
from kg.terms import XSD
from tests.query.test_conformance import EVALUATION, SYNTAX, Case
from tests.sparql.answers import answer, load
from tests.sparql.generator import Generator, noisy, random_data

CASES = int(os.environ.get("KG_SPARQL_CASES", "300"))
PARTS = 10


def read(text: str) -> tree.Query:
    found = read_tree(text)
    assert found is not None, text
    return found


def text_of(case: Case) -> str:
    return case.query.read_text(encoding="utf-8")


def dataset(case: Case) -> ox.Store:
    store = ox.Store()
    for path in case.data:
        store.load(path=str(path), base_iri=path.resolve().as_uri())
    for path in case.named:
        uri = path.resolve().as_uri()
        store.load(path=str(path), base_iri=uri, to_graph=ox.NamedNode(uri))
    return store


def ids(cases: list[Case]) -> list[object]:
    return [pytest.param(case, id=case.id) for case in cases]


@pytest.mark.parametrize("case", ids(EVALUATION))
def test_a_printed_query_is_answered_alike(case: Case) -> None:
    text = text_of(case)
    base = case.query.resolve().as_uri()
    guarded = guard(text, str(case.query), {}, base)
    printed = print_query(guarded.tree)
    assert read(printed) == guarded.tree
    store = dataset(case)
    unsteady = any(word in text.upper() for word in ("NOW()", "RAND()", "UUID()"))
    if not unsteady:
        assert answer(store, printed, base) == answer(store, text, base)


POSITIVE = [case for case in SYNTAX if case.kind == "PositiveSyntaxTest11"]
NEGATIVE = [case for case in SYNTAX if case.kind == "NegativeSyntaxTest11"]


@pytest.mark.parametrize("case", ids(POSITIVE))
def test_valid_syntax_is_read_and_printed(case: Case) -> None:
    guarded = guard(text_of(case), str(case.query), {}, allow_service=True)
    assert read(print_query(guarded.tree)) == guarded.tree


@pytest.mark.parametrize("case", ids(NEGATIVE))
def test_invalid_syntax_is_refused_at_a_place(case: Case) -> None:
    with pytest.raises(InputError) as caught:
        guard(text_of(case), str(case.query), {}, allow_service=True)
    place = caught.value.location
    assert place is not None
    assert place.line
    assert place.column_number
    assert caught.value.hint


@pytest.mark.parametrize("part", range(PARTS))
def test_random_queries_are_answered_alike(part: int) -> None:
    """As printed, with noise, and as printed again."""
    for number in range(part, CASES, PARTS):
        rng = random.Random(number)
        query = Generator(rng).query()
        text = print_query(query)
        assert read(text) == query, text
        disturbed = noisy(text, rng)
        again = read(disturbed)
        assert again == query, disturbed
        store = load(random_data(rng))
        assert answer(store, disturbed) == answer(store, print_query(again)), (number, text)


@pytest.mark.parametrize("part", range(PARTS))
def test_random_trees_of_all_kinds_are_read_back(part: int) -> None:
    """Oxigraph's own constructs, too; it takes what is printed."""
    kinds: set[type] = set()
    for number in range(part, CASES, PARTS):
        rng = random.Random(f"wide {number}")
        query = Generator(rng, steady=False).query()
        text = print_query(query)
        assert read(text) == query, text
        assert read(noisy(text, rng)) == query, text
        with suppress(RuntimeError):  # it is read, and cannot be answered
            ox.Store().query(text)
        kinds |= {type(each) for each in walk(query)}
    if CASES >= 300:
        assert {tree.Lateral, tree.Annotated, tree.ReifiedTriple, tree.TripleTerm} <= kinds


def test_each_node_knows_its_place() -> None:
    for number in range(20):
        query = Generator(random.Random(number)).query()
        text = noisy(print_query(query), random.Random(number))
        for each in walk(read(text)):
            if each == tree.PLAIN:  # modifiers that are not there
                continue
            if each.span == tree.NOWHERE:
                assert each == tree.PLAIN or (isinstance(each, tree.Iri) and XSD in each.text)
                continue
            start, end = each.span
            shown = text[start:end]
            assert shown == shown.strip()
            line, column = position(text, start)
            assert text.splitlines()[line - 1][column - 1 :].startswith(shown.splitlines()[0])
            if isinstance(each, tree.Variable):
                assert shown[1:] == each.name
            elif isinstance(each, tree.Group):
                assert (shown[0], shown[-1]) == ("{", "}")
            elif isinstance(each, tree.Filter | tree.Optional | tree.Bind):
                assert shown.upper().startswith(type(each).__name__.upper())


def test_the_shipped_questions_are_read_and_printed() -> None:
    files = sorted((Path(__file__).parents[2] / "queries").glob("*.rq"))
    assert files
    for path in files:
        query = read(path.read_text(encoding="utf-8"))
        assert read(print_query(query)) == query
