"""The algebra of queries: the specification's examples, and an evaluator that agrees with engines.

Set KG_SPARQL_CASES to the number of random queries; by default few are made.
"""

from __future__ import annotations

import random
from typing import Any

import pyoxigraph as ox
import pytest

from kg.queries.oxigraph import oxigraph_term
from kg.sparql import algebra
from kg.sparql.algebra import (
    BGP,
    UNIT,
    Alt,
    Constant,
    Extend,
    Filter,
    Function,
    Graph,
    Inv,
    Join,
    LeftJoin,
    Link,
    Minus,
    Operator,
    Path,
    Project,
    Seq,
    ToMultiset,
    Triple,
    Union,
    ZeroOrMorePath,
    fold,
)
from kg.sparql.guard import guard, read_tree
from kg.sparql.printer import print_query
from kg.sparql.translate import translate
from kg.sparql.tree import Variable
from kg.sparql.words import Form
from kg.terms import RDF, XSD
from tests.query.manifests import canonical, read_answer, solutions
from tests.query.test_conformance import EVALUATION, Case
from tests.sparql.answers import answer, dataset_of, load, plain
from tests.sparql.evaluator import evaluate
from tests.sparql.generator import Generator, random_data
from tests.sparql.test_roundtrip import CASES, PARTS, dataset, ids, text_of

EX = "http://example.org/"
PREFIXES = {"": EX}


def v(name: str) -> Variable:
    return Variable(name)


def p(name: str) -> Constant:
    return Constant(f"<{EX}{name}>")


def integer(number: int) -> Constant:
    return Constant(f'"{number}"^^<{XSD}integer>')


def bgp(*triples: tuple[str, str, str]) -> BGP:
    return BGP(tuple(Triple(v(s), p(verb), v(o)) for s, verb, o in triples))


def group(text: str) -> Operator:
    """Return the algebra of a group, by way of an ASK."""
    query = read_tree(f"ASK {text}")
    assert query is not None
    found = translate(query, PREFIXES).pattern
    assert found is not None
    return found


S1, S2, S3 = bgp(("s", "p1", "v1")), bgp(("s", "p2", "v2")), bgp(("s", "p3", "v3"))
SP, SP1 = bgp(("s", "p", "v")), bgp(("s", "p1", "v2"))
LESS = Function("<", (v("v1"), integer(3)))
DOUBLE = Function("*", (integer(2), v("v")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ ?s ?p ?o }", BGP((Triple(v("s"), v("p"), v("o")),))),
        ("{ ?s :p1 ?v1 ; :p2 ?v2 }", bgp(("s", "p1", "v1"), ("s", "p2", "v2"))),
        ("{ { ?s :p1 ?v1 } UNION { ?s :p2 ?v2 } }", Union(S1, S2)),
        (
            "{ { ?s :p1 ?v1 } UNION { ?s :p2 ?v2 } UNION { ?s :p3 ?v3 } }",
            Union(Union(S1, S2), S3),
        ),
        ("{ ?s :p1 ?v1 OPTIONAL { ?s :p2 ?v2 } }", LeftJoin(S1, S2, algebra.TRUE)),
        (
            "{ ?s :p1 ?v1 OPTIONAL { ?s :p2 ?v2 } OPTIONAL { ?s :p3 ?v3 } }",
            LeftJoin(LeftJoin(S1, S2, algebra.TRUE), S3, algebra.TRUE),
        ),
        ("{ ?s :p1 ?v1 OPTIONAL { ?s :p2 ?v2 FILTER(?v1 < 3) } }", LeftJoin(S1, S2, LESS)),
        (
            "{ { ?s :p1 ?v1 } UNION { ?s :p2 ?v2 } OPTIONAL { ?s :p3 ?v3 } }",
            LeftJoin(Union(S1, S2), S3, algebra.TRUE),
        ),
        (
            "{ ?s :p1 ?v1 FILTER(?v1 < 3) OPTIONAL { ?s :p2 ?v2 } }",
            Filter(LESS, LeftJoin(S1, S2, algebra.TRUE)),
        ),
        (
            "{ ?s :p ?v . BIND(2 * ?v AS ?v2) ?s :p1 ?v2 }",
            Join(Extend(SP, v("v2"), DOUBLE), SP1),
        ),
        ("{ ?s :p ?v . {} BIND(2 * ?v AS ?v2) }", Extend(SP, v("v2"), DOUBLE)),
        ("{ ?s :p ?v . MINUS { ?s :p1 ?v2 } }", Minus(SP, SP1)),
        (
            "{ ?s :p ?o . { SELECT DISTINCT ?o { ?o ?p ?z } } }",
            Join(
                bgp(("s", "p", "o")),
                ToMultiset(
                    algebra.Distinct(Project(BGP((Triple(v("o"), v("p"), v("z")),)), (v("o"),)))
                ),
            ),
        ),
    ],
)
def test_examples_of_the_specification(text: str, expected: Operator) -> None:
    """Section 18.2.3, after the simplification step."""
    assert group(text) == expected


def test_a_filter_counts_for_its_whole_group() -> None:
    assert group("{ FILTER(?v1 < 3) ?s :p1 ?v1 . ?s :p2 ?v2 }") == Filter(
        LESS, bgp(("s", "p1", "v1"), ("s", "p2", "v2"))
    )


def test_the_filter_of_an_inner_group_is_not_that_of_optional() -> None:
    assert group("{ ?s :p1 ?v1 OPTIONAL { { ?s :p2 ?v2 FILTER(?v1 < 3) } } }") == LeftJoin(
        S1, Filter(LESS, S2), algebra.TRUE
    )


def test_paths_become_triples_where_they_can() -> None:
    assert group("{ ?s ^:p ?o }") == BGP((Triple(v("o"), p("p"), v("s")),))
    assert group("{ ?s :p/^:q ?o }") == BGP(
        (Triple(v("s"), p("p"), v(".1")), Triple(v("o"), p("q"), v(".1")))
    )
    link = Link(f"<{EX}p>")
    assert group("{ ?s :p* ?o }") == Path(v("s"), ZeroOrMorePath(link), v("o"))
    assert group("{ ?s ^(:p|:p/:p) ?o }") == Path(
        v("s"), Inv(Alt((link, Seq((link, link))))), v("o")
    )
    assert group("{ ?s !(:p|^:q) ?o }") == Path(
        v("s"),
        Alt((algebra.NPS((f"<{EX}p>",)), Inv(algebra.NPS((f"<{EX}q>",))))),
        v("o"),
    )
    assert group("{ ?s :p ?o ; :p+ ?z ; :q ?w }") == Join(
        Join(bgp(("s", "p", "o")), Path(v("s"), algebra.OneOrMorePath(link), v("z"))),
        bgp(("s", "q", "w")),
    )


def test_short_forms_of_triples() -> None:
    first, rest = Constant(f"<{RDF}first>"), Constant(f"<{RDF}rest>")
    nil = Constant(f"<{RDF}nil>")
    one, two = v("_:.1"), v("_:.2")
    assert group("{ ?s :p (1 ?x) , () ; :q [ a :C ] . _:b :p 'x'@EN-gb }") == BGP(
        (
            Triple(one, first, integer(1)),
            Triple(one, rest, two),
            Triple(two, first, v("x")),
            Triple(two, rest, nil),
            Triple(v("s"), p("p"), one),
            Triple(v("s"), p("p"), nil),
            Triple(v("_:.3"), Constant(f"<{RDF}type>"), p("C")),
            Triple(v("s"), p("q"), v("_:.3")),
            Triple(v("_:b"), p("p"), Constant('"x"@en-gb')),
        )
    )


def test_triples_are_named_and_annotated() -> None:
    reifies = Constant(f"<{RDF}reifies>")
    inner = algebra.TripleTerm(v("s"), p("p"), v("o"))
    assert group("{ ?s :p ?o ~ ?r {| :q 1 |} . << ?s :p ?o >> :q ?x }") == BGP(
        (
            Triple(v("s"), p("p"), v("o")),
            Triple(v("r"), reifies, inner),
            Triple(v("r"), p("q"), integer(1)),
            Triple(v("_:.1"), reifies, inner),
            Triple(v("_:.1"), p("q"), v("x")),
        )
    )


def translated(text: str, base: str | None = None) -> algebra.Query:
    return translate(guard(text, "q", PREFIXES, base).tree, PREFIXES, base)


def test_grouping() -> None:
    found = translated(
        "SELECT ?s (COUNT(?v) AS ?n) { ?s :p ?v } GROUP BY ?s (STR(?v) AS ?t)"
        " HAVING (COUNT(?v) > 1 && ?z) ORDER BY DESC(?n)"
    ).pattern
    counted, sampled = v(".agg1"), v(".agg2")
    grouped = algebra.AggregateJoin(
        (
            (counted, algebra.Aggregation("COUNT", v("v"))),
            (sampled, algebra.Aggregation("SAMPLE", v("z"))),
        ),
        algebra.Group((v("s"), v("t")), Extend(SP, v("t"), Function("STR", (v("v"),)))),
    )
    having = Function("&&", (Function(">", (counted, integer(1))), sampled))
    assert found == Project(
        algebra.OrderBy(Extend(Filter(having, grouped), v("n"), counted), ((v("n"), True),)),
        (v("s"), v("n")),
    )


def test_the_order_of_modifiers() -> None:
    found = translated(
        "SELECT DISTINCT * { ?s :p ?v } ORDER BY ?v OFFSET 2 LIMIT 3 VALUES ?s { :a UNDEF }"
    ).pattern
    values = algebra.Values((v("s"),), ((p("a"),), (None,)))
    ordered = algebra.OrderBy(Join(SP, values), ((v("v"), False),))
    assert found == algebra.Slice(algebra.Distinct(Project(ordered, (v("s"), v("v")))), 2, 3)


def test_operators_are_functions() -> None:
    assert group("{ FILTER(1 - 2 + 3 NOT IN (?x, -?y)) }") == Filter(
        Function(
            "!",
            (
                Function(
                    "IN",
                    (
                        Function("+", (Function("-", (integer(1), integer(2))), integer(3))),
                        v("x"),
                        Function("-", (v("y"),)),
                    ),
                ),
            ),
        ),
        UNIT,
    )


def test_forms_and_datasets() -> None:
    found = translated(
        "BASE <http://base/> CONSTRUCT { _:b :p ?v , [] } FROM <a> FROM NAMED :g { GRAPH :g {} }"
    )
    assert found.form is Form.CONSTRUCT
    assert found.template == (
        Triple(algebra.NewBlank("b"), p("p"), v("v")),
        Triple(algebra.NewBlank("b"), p("p"), algebra.NewBlank(".1")),
    )
    assert (found.default_graphs, found.named_graphs) == (("<http://base/a>",), (f"<{EX}g>",))
    assert found.pattern == Graph(p("g"), UNIT)
    assert translated("CONSTRUCT WHERE { ?s :p ?v }").template == SP.triples
    assert translated("DESCRIBE :a ?s { ?s :p ?v }").targets == (p("a"), v("s"))
    assert translated("DESCRIBE *").pattern is None


def test_many_patterns_are_folded_without_recursion() -> None:
    text = "ASK {" + "OPTIONAL { ?s :p ?v } " * 900 + "}"
    found = translated(text).pattern
    assert found is not None
    assert fold(found, lambda _, counts: 1 + sum(counts)) == 1801


def test_an_unknown_prefix_is_an_error() -> None:
    query = read_tree("ASK { ?s x:p ?o }")
    assert query is not None
    with pytest.raises(ValueError, match="prefix"):
        translate(query, {})


def evaluated(query: algebra.Query, store: ox.Store) -> Any:
    return plain(evaluate(query, dataset_of(store)))


@pytest.mark.parametrize("case", ids(EVALUATION))
def test_the_evaluator_agrees_with_the_suite(case: Case) -> None:
    base = case.query.resolve().as_uri()
    query = translated(text_of(case), base)
    assert case.result is not None
    if case.result.suffix == ".csv":  # holds no terms
        pytest.skip("the answer is told by another format, too")
    found = evaluate(query, dataset_of(dataset(case)))
    expected = read_answer(case.result)
    if query.form is Form.SELECT:
        names = sorted(each.name for each in projected(query.pattern))
        rows = [{name: oxigraph_term(term) for name, term in row.items()} for row in found]
        found = solutions(names, rows)
    elif query.form is Form.CONSTRUCT:
        found = canonical(ox.Quad(*map(oxigraph_term, triple)) for triple in found)
    assert found == expected


def projected(node: Operator | None) -> tuple[Variable, ...]:
    while not isinstance(node, Project):
        assert isinstance(node, algebra.Distinct | algebra.Reduced | algebra.Slice)
        node = node.pattern
    return node.variables


@pytest.mark.parametrize("part", range(PARTS))
def test_the_evaluator_agrees_with_oxigraph(part: int) -> None:
    """On random queries without what Oxigraph is known to answer otherwise."""
    for number in range(part, CASES, PARTS):
        rng = random.Random(f"algebra {number}")
        query = Generator(rng, tame=True).query()
        store = load(random_data(rng, tame=True))
        if query.form is Form.DESCRIBE:  # what that says, each engine decides
            continue
        text = print_query(query)
        found = evaluated(translate(query, {}), store)
        assert found == plain(answer(store, text)), (number, text)
