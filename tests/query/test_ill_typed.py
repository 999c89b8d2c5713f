"""Literals that are ill-typed or too large: both engines answer alike, or one of them is asked.

Set KG_EXAMPLES to ask every question of every datatype; by default some of them are asked.

Spec: https://www.w3.org/TR/sparql11-query/#ebv
"""

from __future__ import annotations

import os

import pyoxigraph as ox

from kg.queries.differences import differing
from kg.queries.meets import Asked
from kg.queries.oxigraph import Oxigraph
from kg.sparql.guard import guard
from kg.sparql.translate import translate
from kg.terms import XSD
from tests.query.tables import exact_answer, facts_of
from tests.sparql.answers import dataset_of
from tests.sparql.evaluator import evaluate

EX = "http://example.org/"
# Datatype, a form that is none of it, and one that is; or a number that is too large, and another.
FORMS = {
    "integer": ("x", "5"),
    "integer ": ("99999999999999999999", "5"),
    "integer  ": ("x", "99999999999999999999"),
    "byte": ("300", "5"),
    "short": ("40000", "3"),
    "int": ("3000000000", "3"),
    "nonNegativeInteger": ("-1", "5"),
    "positiveInteger": ("0", "1"),
    "nonPositiveInteger": ("1", "0"),
    "negativeInteger": ("0", "-1"),
    "unsignedByte": ("256", "255"),
    "decimal": ("1e0", "2.5"),
    "decimal ": ("123456789012345678901234567890.5", "5.0"),
    "double": ("x", "2.5E0"),
    "float": ("x", "2.5"),
    "boolean": ("maybe", "true"),
    "date": ("2024-02-30", "2024-02-28"),
    "dateTime": ("2024-02-30T10:00:00Z", "2024-02-28T10:00:00Z"),
    "dateTimeStamp": ("2024-02-28T10:00:00", "2024-02-28T10:00:00Z"),
    "time": ("25:00:00", "10:00:00"),
    "gYear": ("x", "2024"),
    "duration": ("P1Z", "P1D"),
    "dayTimeDuration": ("P1Y", "P1D"),
    "yearMonthDuration": ("P1D", "P1Y"),
}
CONDITIONS = [
    *("?y", "!?y", "!!?y", "?y && true", "!(?y && false)", "?y || true", "!(?y || false)"),
    *("IF(?y, true, true)", "IF(?y, false, true)", "COALESCE(?y, true)", "COALESCE(!?y, true)"),
    *(f"?y {sign} {other}" for sign in ("=", "!=", "<", "<=", ">=") for other in ("?y", "?z", "5")),
    *(f"!(?y {sign} {other})" for sign in ("=", "<", "<=") for other in ("?y", "?z", "5")),
    *("?y IN (?z, 5)", "?y NOT IN (?z)", "!(?y IN (5))", "?y = 'a'", "?y != 'a'", "?y < 'a'"),
    *("ISNUMERIC(?y)", "ISLITERAL(?y)", "SAMETERM(?y, ?z)", "STR(?y) != ''", "BOUND(?y)"),
    *(
        "ABS(?y) > 1",
        "?y + 1 > 1",
        "-?y < 1",
        "YEAR(?y) > 1",
        "xsd:boolean(?y)",
        "!xsd:boolean(?y)",
    ),
    *("xsd:integer(?y) < 999", "xsd:decimal(?y) < 999", "xsd:double(?y) < 999", "STRLEN(?y) > 1"),
    *("xsd:string(?y) != ''", "DATATYPE(?y) = xsd:date", "EXISTS { ?t ex:p# ?w FILTER(!?w) }"),
    *("LANG(?y) = ''", "REGEX(?y, 'a')", "CONCAT(?y, 'a') != ''"),
]
# The sign # stands for the number of the datatype.
QUERIES = [
    *(f"SELECT ?s {{ ?s ex:p# ?y . ?s ex:q# ?z FILTER({each}) }}" for each in CONDITIONS),
    *(f"SELECT ?s ({each} AS ?v) {{ ?s ex:p# ?y . ?s ex:q# ?z }}" for each in CONDITIONS),
    "SELECT ?s { ?s ex:p# ?y } GROUP BY ?s HAVING (!MIN(?y))",
    "SELECT ?s { ?s ex:p# ?y } GROUP BY ?s HAVING (MIN(?y))",
    "SELECT ?s { ?s ex:q# ?z OPTIONAL { ?s ex:p# ?y FILTER(!?y) } }",
    *(f"SELECT ({name}(?y) AS ?v) {{ ?s ex:p# ?y }}" for name in ("MIN", "MAX", "SUM", "AVG")),
    *(f"SELECT (COUNT({name}?y) AS ?v) {{ ?s ex:p# ?y }}" for name in ("", "DISTINCT ")),
    "SELECT (GROUP_CONCAT(?y) AS ?v) { ex:a# ex:p# ?y }",
]
STEP = 1 if "KG_EXAMPLES" in os.environ else 37


def test_what_oxigraph_makes_of_ill_typed_literals_otherwise_is_not_its_to_answer():
    quads, store = [], ox.Store()
    for at, (datatype, forms) in enumerate(FORMS.items()):
        ill, well = (
            ox.Literal(form, datatype=ox.NamedNode(XSD + datatype.strip())) for form in forms
        )
        for s, p, o in [("a", "p", ill), ("a", "q", well), ("b", "p", well), ("b", "q", ill)]:
            quads.append(ox.Quad(ox.NamedNode(f"{EX}{s}{at}"), ox.NamedNode(f"{EX}{p}{at}"), o))
    store.extend(quads)
    data, prefixes = dataset_of(quads), {"ex": EX, "xsd": XSD}
    oxigraph, facts = Oxigraph(store, "a test"), facts_of(quads, store)
    agreed = 0
    for at in range(len(FORMS)):
        for text in QUERIES[at % STEP :: STEP]:
            query = guard(text.replace("#", str(at)), "a query", prefixes)
            if differing(Asked(query, prefixes, EX, facts, lambda: oxigraph)):
                continue
            agreed += 1
            expected = exact_answer(evaluate(translate(query.tree, prefixes, EX), data))
            found = exact_answer(oxigraph.ask(query, prefixes, EX))
            assert found == expected, (query.text, [*FORMS.items()][at])
    assert agreed > 10
