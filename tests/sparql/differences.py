"""Texts that kg and Oxigraph judge differently, each with the reason: all that are known.

Where both take a text, Oxigraph's answers may still differ from SPARQL's: those differences are
`KNOWN` of `tests.query.test_conformance`, and what a tame `tests.sparql.generator.Generator`
leaves out: the order of IRIs and of truth values, the truth of texts with a language, COUNT over
errors, ways that a path leads by, paths of no step from a constant, MINUS within EXISTS or GRAPH,
queries and the graph's own variable within GRAPH, REDUCED, parts of years, the order of terms of
different kinds, equality with literals of unknown datatypes, and the lexical forms of numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from kg.sparql import tree
from kg.sparql.walk import find
from kg.sparql.words import ARITIES


class Stricter(NamedTuple):
    """What kg takes and Oxigraph does not.

    Attributes:
        text: An example.
        reason: Why that is so.
        is_one: Tells, by a text and its tree, whether it is such a case.
    """

    text: str
    reason: str
    is_one: Callable[[str, tree.Query], bool]


class Laxer(NamedTuple):
    """What Oxigraph takes and kg does not.

    Attributes:
        text: An example.
        message: What kg says.
        reason: Why that is so.
    """

    text: str
    message: str
    reason: str


def _has(pattern: str) -> Callable[[str, tree.Query], bool]:
    return lambda text, _: re.search(pattern, text, re.IGNORECASE) is not None


def _groups_without_select(_: str, query: tree.Query) -> bool:
    modifiers = query.body.modifiers
    grouped = modifiers.group or any(find(modifiers, tree.Aggregate))
    return bool(grouped) and not isinstance(query.body, tree.Select)


def _describes_twice(_: str, query: tree.Query) -> bool:
    targets = query.body.targets or () if isinstance(query.body, tree.Describe) else ()
    return len(set(targets)) < len(targets)


def _names_a_variable_key(_: str, query: tree.Query) -> bool:
    return any(
        isinstance(key, tree.As) and isinstance(key.expression, tree.Variable)
        for modifiers in find(query, tree.Modifiers)
        for key in modifiers.group
    )


def _labels_in_calls(_: str, query: tree.Query) -> bool:
    calls = (call for call in find(query, tree.Call) if ARITIES[call.function] in ((2, 3), (3, 4)))
    exists = (each for call in calls for each in find(call, tree.Exists))
    return any(next(find(each, tree.Blank), None) for each in exists)


STRICTER = (
    Stricter(
        "ASK { FILTER(TRUE) }",
        "keywords are matched in any case; true is one",
        _has(r"(?-i:T(?i:rue)|F(?i:alse))|tR|trU|fA|faL"),
    ),
    Stricter(
        "ASK { ?s !() ?o }",
        "PathNegatedPropertySet may have no property",
        _has(r"!\s*\(\s*\)"),
    ),
    Stricter(
        "DESCRIBE ?x ?x { ?x ?p ?o }",
        "no rule says that DESCRIBE names each once",
        _describes_twice,
    ),
    Stricter(
        "SELECT ?t { ?s ?p ?o } GROUP BY (?s AS ?t)",
        "GROUP BY takes any expression with AS",
        _names_a_variable_key,
    ),
    Stricter(
        "ASK { ?s ?p ?o } GROUP BY ?s HAVING (COUNT(*) > 1)",
        "all forms have solution modifiers",
        _groups_without_select,
    ),
    Stricter(
        "SELECT (COALESCE (1) AS ?x) {}",
        "blanks stand between any tokens",
        _has(r"\b(COALESCE|CONCAT|BNODE)\s+\("),
    ),
    Stricter(
        "ASK { FILTER(REGEX('a', EXISTS { _:b ?p ?o })) }",
        "Oxigraph tries one more argument first, and then meets the label again",
        _labels_in_calls,
    ),
    Stricter(
        "ASK { ?s ?p ( # nothing\n) }",
        "kg takes comments in () and [], though NIL and ANON are single tokens",
        _has(r"[(\[]\s*#[^\n]*\s*[)\]]"),
    ),
)
LAXER = (
    Laxer(
        "SELECT (SUM(COUNT(?x)) AS ?y) {}",
        "cannot stand in another aggregate",
        "an aggregate is of a group, and there are no groups of groups",
    ),
    Laxer(
        "SELECT (1 AS ?z) { ?x ?p ?o FILTER(COUNT(?x) > 1) }",
        "cannot stand in FILTER",
        "aggregates stand in SELECT, HAVING and ORDER BY: note 13 of the grammar",
    ),
    Laxer(
        "SELECT (1 AS ?z) { ?x ?p ?o BIND(COUNT(?x) AS ?n) }",
        "cannot stand in BIND",
        "the same note",
    ),
    Laxer(
        "SELECT (COUNT(?x) AS ?y) {} GROUP BY COUNT(?x)",
        "cannot stand in GROUP BY",
        "the same note",
    ),
    Laxer(
        "ASK { _:a ?p ?o . BIND(1 AS ?x) _:a ?q ?r }",
        "stands in two patterns",
        "BIND and VALUES end a basic graph pattern: section 10.1",
    ),
    Laxer(
        "ASK { ?s ^<p:p> ?o ~ ?x }",
        "nothing can be said of a path",
        "a reifier names a triple pattern, and this is a path",
    ),
    Laxer(
        "SELECT * {} LIMIT 1000000000000000000",
        "takes a whole number of at most 18 digits",
        "no answer is that long",
    ),
)
