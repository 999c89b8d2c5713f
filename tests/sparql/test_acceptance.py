"""What kg takes and refuses is what Oxigraph does, but for what is listed.

Set KG_SPARQL_CASES to the number of random texts; by default few are made.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.sparql.guard import guard, read_tree
from kg.sparql.lexer import Kind, tokens
from kg.sparql.printer import print_query
from tests.sparql.differences import LAXER, STRICTER, Laxer, Stricter
from tests.sparql.generator import PREFIXES, Generator
from tests.sparql.test_roundtrip import CASES, PARTS

BASE = "http://base/"
TERMS = (
    *("?x", "?y", "?z", "?w", "?u", "?v1", "_:b1", "_:b2", "ex:a", "1", "'x'", "[]", "()", "-1"),
    *("<http://e/>", "<relative>", "<http://e/%>", "true", "'x'@en", "'x'@e", "'\\q'", "ex:é"),
)
PIECES = (
    *("SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "*", "(", ")", "{", "}", "[", "]", ".", ";", ","),
    *("?x", "ex:a", "a", "1", "FILTER", "BIND", "AS", "OPTIONAL", "UNION", "MINUS", "GROUP", "BY"),
    *("ORDER", "HAVING", "LIMIT", "OFFSET", "VALUES", "UNDEF", "=", "!=", "<", ">", "COUNT", "SUM"),
    *("STR", "BOUND", "IF", "NOT", "EXISTS", "IN", "/", "^", "!", "+", "-", "|", "GRAPH", "^^"),
    *("PREFIX", "DISTINCT", "&&", "||", "LATERAL", "_:b1", "<<", ">>", "<<(", ")>>", "{|", "|}"),
    *("~", "SEPARATOR", "WHERE", "FROM", "NAMED", "ASC", "DESC", "BASE"),
)
NAMED = (Kind.VARIABLE, Kind.BLANK, Kind.NAME, Kind.IRI, Kind.NUMBER, Kind.STRING)


def oxigraph_takes(text: str) -> bool:
    try:
        ox.Store().query(text, prefixes=PREFIXES, base_iri=BASE)
    except SyntaxError:
        return False
    except (RuntimeError, ValueError):  # it is read, and cannot be answered
        return True
    return True


def refusal(text: str) -> InputError | None:
    try:
        guard(text, "q", PREFIXES, BASE, allow_service=True)
    except InputError as error:
        return error
    return None


@pytest.mark.parametrize("case", STRICTER, ids=lambda case: case.reason)
def test_what_oxigraph_alone_refuses(case: Stricter) -> None:
    assert refusal(case.text) is None
    assert not oxigraph_takes(case.text)
    query = read_tree(case.text)
    assert query is not None
    assert case.is_one(case.text, query)


@pytest.mark.parametrize("case", LAXER, ids=lambda case: case.message)
def test_what_kg_alone_refuses(case: Laxer) -> None:
    assert oxigraph_takes(case.text)
    error = refusal(case.text)
    assert error is not None
    assert case.message in error.message
    assert error.location is not None
    assert error.location.line == 1


def mutated(text: str, rng: random.Random) -> str:
    """Return a query with some tokens taken away, added, replaced or swapped."""
    found = tokens(text)
    pieces = [token.text for token in found]
    named = [at for at, token in enumerate(found) if token.kind in NAMED]
    for _ in range(rng.randint(1, 3)):
        at, other = rng.randrange(len(pieces)), rng.randrange(len(pieces))
        roll = rng.random()
        if roll < 0.6 and named:
            pieces[rng.choice(named)] = rng.choice(TERMS[: 8 if rng.random() < 0.6 else None])
        elif roll < 0.7:
            pieces[at] = ""
        elif roll < 0.8:
            pieces[at] += f" {rng.choice(PIECES)}"
        elif roll < 0.9:
            pieces[at] = rng.choice(PIECES)
        else:
            pieces[at], pieces[other] = pieces[other], pieces[at]
    # A sign stays beside its number.
    glue = ["" if token.kind is Kind.MARK and token.text in "+-" else " " for token in found]
    return "".join(f"{piece}{space}" for piece, space in zip(pieces, glue, strict=True))


@pytest.mark.parametrize("part", range(PARTS))
def test_random_texts_are_judged_alike(part: int) -> None:
    for number in range(part, CASES, PARTS):
        rng = random.Random(f"text {number}")
        maker = Generator(rng, steady=rng.random() < 0.5, deep=rng.choice((0, 1, 1, 2)))
        query = replace(maker.query(), prologue=())
        text = mutated(print_query(query), rng)
        error = refusal(text)
        if oxigraph_takes(text) == (error is None):
            continue
        if error is not None:
            assert any(case.message in error.message for case in LAXER), (text, error)
        else:
            read = read_tree(text)
            assert read is not None
            assert any(case.is_one(text, read) for case in STRICTER), text
