"""The patterns, comparisons and predicates that are read from a query."""

from __future__ import annotations

import pytest

from kg.sparql.guard import read_tree
from kg.validation import patterns as reader
from kg.validation.paths import Alternative, Inverse, Path, Predicate, Sequence
from kg.validation.patterns import Comparison, Pattern, Patterns

HEAD = "PREFIX ex: <http://e/> PREFIX : <http://d/> "
XSD = "http://www.w3.org/2001/XMLSchema#"
P, Q = Predicate("<http://e/p>"), Predicate("<http://e/q>")


def read_patterns(text: str) -> Patterns | None:
    query = read_tree(text)
    return None if query is None else reader.read_patterns(query)


def patterns(body: str) -> Patterns:
    found = read_patterns(f"{HEAD}SELECT $this WHERE {{ {body} }}")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("$this ex:p ?x", [("?this", P, "?x")]),
        ("$this ex:p ?x .", [("?this", P, "?x")]),
        ("$this ex:p ex:a. ex:a ex:q $this", [("?this", P, "<http://e/a>"),
                                             ("<http://e/a>", Q, "?this")]),
        ("$this ex:p ?x, ?y ; ex:q ?z ; .", [("?this", P, "?x"), ("?this", P, "?y"),
                                             ("?this", Q, "?z")]),
        ("$this ex:p/ex:q ?x", [("?this", Sequence((P, Q)), "?x")]),
        ("$this ^ex:p ?x", [("?this", Inverse(P), "?x")]),
        ("$this (ex:p|^ex:q)/ex:p ?x",
         [("?this", Sequence((Alternative((P, Inverse(Q))), P)), "?x")]),
        ("$this ^(ex:p/(ex:q|^ex:p)) ?x",
         [("?this", Sequence((Alternative((Inverse(Q), P)), Inverse(P))), "?x")]),
        ("$this ex:p* ?x ; ex:q+ ?y ; ex:q? ?z",
         [("?this", None, name) for name in ("?x", "?y", "?z")]),
        ("$this ex:p +5, -1.5, 2e3, true", [("?this", P, '""')] * 4),
        ("$this ex:p 'a'@en-GB, \"b\"^^ex:t ; ex:q '''c}'''",
         [("?this", P, '""'), ("?this", P, '""'), ("?this", Q, '""')]),
        ("$this ?p ?x", [("?this", None, "?x")]),
        ("$this ex:p _:b . _:b ex:q []", [("?this", P, "?_:b"), ("?_:b", Q, "?[1]")]),
        ("OPTIONAL { $this ex:p ?x } $this ex:q ?y", [("?this", Q, "?y")]),
        ("{ $this ex:p ?x } UNION { $this ex:q ?x }", []),
        ("FILTER NOT EXISTS { $this ex:p ?x }", []),
        ("BIND(ex:f(?x, EXISTS { ?x ex:p 1 }) AS ?y) $this ex:q ?x", [("?this", Q, "?x")]),
        ("$this :p <http://e/a> # } }\n", [("?this", Predicate("<http://d/p>"), "<http://e/a>")]),
    ],
)  # fmt: skip
def test_patterns_of_the_outermost_group(
    body: str, expected: list[tuple[str, Path | None, str]]
) -> None:
    assert patterns(body).needed == [Pattern(*each) for each in expected]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("(?x < ?y)", [("?x", "<", "?y")]),
        ("(?x<=?y)", [("?x", "<=", "?y")]),
        ("((?x > 5) && (?y != $this))",
         [("?x", ">", f'"5"^^<{XSD}integer>'), ("?y", "!=", "?this")]),
        ("(?x >= -0.5 && ?x < +1e3)", [("?x", ">=", f'"-0.5"^^<{XSD}decimal>'),
                                       ("?x", "<", f'"+1e3"^^<{XSD}double>')]),
        ("(?x = '')", [("?x", "=", '""')]),
        (r"(?x = 'a\n')", [("?x", "=", r'"a\n"')]),
        ('(?x < "2020-01-01"^^<http://e/date>)', [("?x", "<", '"2020-01-01"^^<http://e/date>')]),
        ("(ex:a = ?x)", [("<http://e/a>", "=", "?x")]),
        ("(?x < ?y && regex(?x, 'a') && bound(?y))", [("?x", "<", "?y")]),
        ("(NOT EXISTS { ?x ex:p ?z FILTER(?z < 1) } && ?x < ?y)", [("?x", "<", "?y")]),
        # Optional or unsupported:
        ("(?x < ?y || ?x > 3)", []),
        ("(!(?x < ?y))", []),
        ("(?x + 1 < ?y)", []),
        ("(?x < ?y + 1)", []),
        ("(?x = 'a'@en)", []),
        ("(str(?x) = 'a')", []),
        ("(?x IN (?y, ?z))", []),
        ("regex(?x, 'a')", []),
        ("NOT EXISTS { ?x ex:q ?z FILTER(?x < ?z) }", []),
    ],
)  # fmt: skip
def test_comparisons_that_hold_in_every_solution(
    condition: str, expected: list[tuple[str, str, str]]
) -> None:
    found = patterns(f"$this ex:p ?x ; ex:q ?y FILTER {condition}")
    assert found.comparisons == [Comparison(*each) for each in expected]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("$this ex:p/ex:q* ?x FILTER EXISTS { ?x a ex:C }", {"<http://e/p>", "<http://e/q>"}),
        ("OPTIONAL { { $this ex:p 1 } UNION { ?x ^:r $this } }", {"<http://e/p>", "<http://d/r>"}),
        ("BIND(EXISTS { $this ex:p 1 } AS ?x)", {"<http://e/p>"}),
        ("FILTER(?x < 1 && NOT EXISTS { $this ex:p ?x FILTER EXISTS { ?x ex:q 2 } })",
         {"<http://e/p>", "<http://e/q>"}),
    ],
)  # fmt: skip
def test_all_predicates_are_found(body: str, expected: set[str]) -> None:
    found = patterns(body)
    rdf_type = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    assert found.predicates - {rdf_type} == expected
    assert not found.any_predicate


def test_a_variable_may_be_any_predicate() -> None:
    assert patterns("FILTER NOT EXISTS { $this ?p ?o }").any_predicate


def test_prefixes_of_other_alphabets() -> None:
    head = "PREFIX : <http://d/> PREFIX é: <http://acc/> PREFIX a.b-c: <http://dots/>"
    head += "PREFIX a·b: <http://dot/> PREFIX b: <http://b/>"
    query = "SELECT $this { $this :p ?x ; é:q ?y ; a.b-c:r ?z ; a·b:s 1 }"
    found = read_patterns(f"{head} {query}")
    assert found is not None
    assert found.predicates == {
        *("<http://d/p>", "<http://acc/q>", "<http://dots/r>", "<http://dot/s>")
    }


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("BASE <http://e/> SELECT $this { $this <p> 1 }", "<http://e/p>"),
        (r"PREFIX ex: <http://e/> SELECT $this { $this ex:p\-q ?x }", "<http://e/p-q>"),
        (r"SELECT $this { $this <http://e/\u0070> ?x }", "<http://e/p>"),
    ],
)
def test_iris_are_resolved(text: str, iri: str) -> None:
    found = read_patterns(text)
    assert found is not None
    assert found.predicates == {iri}


@pytest.mark.parametrize(
    "text",
    [
        "PREFIX ex: <relative> SELECT $this { $this ex:p 1 }",
        "SELECT $this { $this <p> 1 }",
        "PREFIX ex: <http://e/> SELECT $this { $this ex:p [ ex:q 1 ] }",
        "PREFIX ex: <http://e/> SELECT $this { $this ex:p ( 1 2 ) }",
        "PREFIX ex: <http://e/> SELECT $this { $this !ex:p ?x }",
        "PREFIX ex: <http://e/> SELECT $this (EXISTS { $this ex:p ?x } AS ?y) { $this ex:q 1 }",
        "PREFIX ex: <http://e/> SELECT $this { $this ex:p 1 } GROUP BY $this"
        " HAVING (EXISTS { ?x ex:q 1 })",
        "SELECT $this { $this other:p 1 }",
        "",
    ],
)
def test_unsupported_queries_have_no_patterns(text: str) -> None:
    assert read_patterns(text) is None
