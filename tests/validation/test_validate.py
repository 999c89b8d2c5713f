"""Validation of quad tables: verdicts, results, and the standard report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest import mock

import duckdb
import pytest
import rdflib
from rdflib.namespace import RDF, SH

from kg.errors import InputError
from kg.quads import QuadTable
from kg.validation import Options, Result, Severity, load_shapes, validate
from kg.validation.judge import Asked, Judge
from kg.validation.shapes import ShapesGraph
from kg.validation.sieve import answering
from kg.validation.sieve.triples import merged_triples
from tests.validation.conftest import PREFIXES

Make = Callable[[str], QuadTable]
Shapes = Callable[[str], ShapesGraph]

LAUNCHES = """
ex:a a ex:Launch ; ex:outcome "succes" ; ex:when "2020-01-01"^^xsd:date, "soon" .
ex:b a ex:Launch ; ex:outcome "success" .
ex:c a ex:Launch ; ex:outcome "success" ; ex:when "2020-01-01"^^xsd:date .
"""
RULES = """
ex:LaunchShape a sh:NodeShape ; sh:targetClass ex:Launch ;
    sh:property ex:OutcomeShape ;
    sh:property [ sh:path ex:when ; sh:minCount 1 ; sh:datatype xsd:date ;
        sh:severity sh:Warning ] .
ex:OutcomeShape sh:path ex:outcome ; sh:in ( "success" "failure" ) ; sh:message "Mind the list." .
"""


def run(
    connection: duckdb.DuckDBPyConnection, table: QuadTable, shapes: ShapesGraph
) -> list[Result]:
    found: list[Result] = []
    verdict = validate(connection, table, shapes, sinks=[found.append])
    assert sum(verdict.counts.values()) == len(found)
    return found


def ex(name: str) -> str:
    return f"<http://example.org/{name}>"


# RE2 does not support this pattern, so pySHACL judges it.
NEGATED = (
    'ex:Other a sh:NodeShape ; sh:targetClass ex:Launch ; sh:not [ sh:pattern "^(?=http).*/b" ] .'
)


def test_results_of_duckdb_are_not_judged_again(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    data = table(LAUNCHES)
    with mock.patch("kg.validation.validating.Judge", side_effect=AssertionError):
        verdict = validate(connection, data, shapes(RULES))
    assert (sum(verdict.counts.values()), verdict.judged) == (3, {})


def test_pyshacl_evaluates_only_components_in_doubt(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    asked = []
    judge = Judge.judge_parts

    def noted(self: Judge, graph: object, parts: Sequence[Asked]) -> Iterator[Result]:
        asked.extend((part.shape, part.parameters, len(part.nodes or ())) for part in parts)
        return judge(self, graph, parts)

    graph = shapes(RULES + NEGATED + 'ex:OutcomeShape sh:minLength 7 ; sh:pattern "s(?=u)" .')
    with mock.patch.object(Judge, "judge_parts", noted):
        verdict = validate(connection, table(LAUNCHES), graph)
    nodes = verdict.judged[ex("Other")]
    assert asked[-1] == (ex("Other"), ("not",), nodes)
    assert {parameters for _, parameters, _ in asked} == {("not",), ("pattern",)}


def test_nothing_is_judged_after_the_last_wanted_result(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    told: list[str] = []
    options = Options(max_results=1, progress=told.append)
    verdict = validate(connection, table(LAUNCHES), shapes(RULES + NEGATED), options=options)
    assert verdict.cut
    assert told == ["focus nodes", "[--------------------] shape 1 of 2: LaunchShape"]


def test_a_value_counts_for_each_focus_node_that_leads_to_it(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    graph = shapes(
        "ex:S sh:targetNode ex:a, ex:b ; sh:property [ sh:path ex:p ; sh:property"
        " [ sh:path ex:q ; sh:minCount 1 ], [ sh:path ex:r ; sh:not [ sh:minLength 1 ] ] ] ."
    )
    found = run(connection, table('ex:a ex:p ex:c . ex:b ex:p ex:c . ex:c ex:r "x" .'), graph)
    assert [result.focus_node for result in found] == [ex("c")] * 4


def test_many_results_come_page_by_page_in_order(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    data = table("".join(f"ex:n{n:02} a ex:Launch . " for n in range(50)))
    graph = shapes(RULES)
    whole = run(connection, data, graph)
    with mock.patch.object(answering, "PAGE", 7):
        paged = run(connection, data, graph)
    assert len(whole) == 50
    assert paged == whole == sorted(whole, key=lambda result: result.focus_node)


def test_settings_for_few_triples_are_those_of_the_validation_alone(
    connection: duckdb.DuckDBPyConnection, table: Make
) -> None:
    def told() -> object:
        asked = "SELECT current_setting('disabled_optimizers'), current_setting('threads')"
        return connection.execute(asked).fetchone()

    before = told()
    with merged_triples(connection, table(LAUNCHES)) as triples:
        assert triples.few
        assert told() == ("join_filter_pushdown", 1)
    assert told() == before


def test_progress_goes_by_shape(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    told: list[str] = []
    graph = shapes(RULES + NEGATED)
    validate(connection, table(LAUNCHES), graph, options=Options(progress=told.append))
    assert told == [
        "focus nodes",
        "[--------------------] shape 1 of 2: LaunchShape",
        "[##########----------] shape 2 of 2: Other",
        "neighbourhood of the suspects",
        "[--------------------] pySHACL on batch 1 of 1",
    ]


def test_each_slip_is_one_result(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    graph = shapes(RULES)
    found = run(connection, table(LAUNCHES), graph)
    facts = {(r.focus_node, r.value, r.component.split("#")[1], r.level) for r in found}
    assert facts == {
        (ex("a"), '"succes"', "InConstraintComponent>", Severity.VIOLATION),
        (ex("a"), '"soon"', "DatatypeConstraintComponent>", Severity.WARNING),
        (ex("b"), None, "MinCountConstraintComponent>", Severity.WARNING),
    }
    outcome = next(r for r in found if r.value == '"succes"')
    assert outcome.source_shape == ex("OutcomeShape")
    assert outcome.messages == ('"Mind the list."',)
    when = next(r for r in found if r.focus_node == ex("b"))
    assert when.messages == ('"ex:when has no value"',)
    assert graph.owner(when.source_shape) == ex("LaunchShape")


def test_named_graphs_are_validated_as_one(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, shapes: Shapes
) -> None:
    from kg.quads import write_table

    rows = f"""VALUES
        ('{ex("a")}', '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>', '{ex("Launch")}', NULL),
        ('{ex("a")}', '{ex("outcome")}', '"success"', '{ex("g")}'),
        ('{ex("a")}', '{ex("outcome")}', '"success"', '{ex("h")}')"""
    merged = write_table(
        connection, f"SELECT * FROM ({rows}) t(s, p, o, g)", tmp_path / "q.parquet"
    )
    graph = shapes(
        "ex:S sh:targetClass ex:Launch ;"
        " sh:property [ sh:path ex:outcome ; sh:minCount 1 ; sh:maxCount 1 ] ."
    )
    assert run(connection, merged, graph) == []


def test_lexical_forms_are_kept(
    connection: duckdb.DuckDBPyConnection, table: Make, shapes: Shapes
) -> None:
    data = table(
        'ex:a ex:n "01"^^xsd:integer, "1"^^xsd:integer ; ex:t " x  y "^^xsd:token ; ex:l "x"@EN .'
    )
    graph = shapes(
        "ex:S sh:targetNode ex:a ; sh:property"
        " [ sh:path ex:n ; sh:maxCount 1 ; sh:nodeKind sh:IRI ], [ sh:path ex:t ; sh:maxLength 5 ],"
        " [ sh:path ex:l ; sh:in ( ) ] ."
    )
    values = {result.value for result in run(connection, data, graph)}
    integer = "^^<http://www.w3.org/2001/XMLSchema#integer>"
    token = '" x  y "^^<http://www.w3.org/2001/XMLSchema#token>'
    assert values == {f'"01"{integer}', f'"1"{integer}', None, token, '"x"@en'}


def test_the_report_is_standard_rdf(
    connection: duckdb.DuckDBPyConnection, table: Make, tmp_path: Path
) -> None:
    source = tmp_path / "rules.ttl"
    source.write_text(PREFIXES + RULES, encoding="utf-8")
    verdict = validate(
        connection, table(LAUNCHES), load_shapes([source]), report=tmp_path / "report.ttl"
    )
    assert verdict.counts == {Severity.VIOLATION: 1, Severity.WARNING: 2}
    assert not verdict.conforms
    assert verdict.fails(Severity.VIOLATION)
    report = rdflib.Graph().parse(tmp_path / "report.ttl")
    root = report.value(predicate=RDF.type, object=SH.ValidationReport)
    assert report.value(root, SH.conforms) == rdflib.Literal(False)
    results = list(report.objects(root, SH.result))
    assert len(results) == 3
    assert {str(report.value(r, SH.resultPath)) for r in results} == {
        "http://example.org/outcome",
        "http://example.org/when",
    }
    unnamed = {s for s in report.objects(None, SH.sourceShape) if isinstance(s, rdflib.BNode)}
    assert [str(report.value(s, SH.path)) for s in unnamed] == ["http://example.org/when"]
    assert not list(tmp_path.glob("*.part"))


def test_a_conforming_graph_has_no_results(
    connection: duckdb.DuckDBPyConnection, table: Make, tmp_path: Path
) -> None:
    source = tmp_path / "rules.ttl"
    source.write_text(PREFIXES + RULES, encoding="utf-8")
    good = table('ex:c a ex:Launch ; ex:outcome "success" ; ex:when "2020-01-01"^^xsd:date .')
    verdict = validate(connection, good, load_shapes([source]), report=tmp_path / "report.ttl")
    assert verdict.conforms
    assert not verdict.fails(Severity.INFO)
    report = rdflib.Graph().parse(tmp_path / "report.ttl")
    assert [str(o) for o in report.objects(None, SH.conforms)] == ["true"]
    assert len(report) == 2


@pytest.mark.parametrize(
    ("text", "code", "line", "says"),
    [
        ("ex:S a sh:NodeShape ; sh:targetClass ex:A\nex:T a ex:B .", "bad-rdf", 9, "Turtle"),
        ("\nex:S a sh:NodeShape ;\n sh:property [ sh:path ex:p ; sh:datatype 3 ] .",
         "bad-shapes", 10, "sh:datatype"),
        ("\nex:S sh:path ex:p ; sh:languageIn ( \"en\" 1 ) .", "bad-shapes", 9,
         "each member of sh:languageIn must be a text without a language, not 1"),
        ("\nex:S sh:closed true ; sh:ignoredProperties ( \"x\" ) .", "bad-shapes", 9,
         "each member of sh:ignoredProperties must be an IRI, not \"x\""),
        ("\nex:S a sh:NodeShape ; sh:rule [ ] .", "unsupported-shacl", 9, "sh:rule"),
        ("ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:or ( ex:T", "bad-rdf", None, "Turtle"),
    ],
)  # fmt: skip
def test_wrong_shapes_are_named_with_their_line(
    shapes: Shapes, text: str, code: str, line: int | None, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        shapes(text)
    assert caught.value.code == code
    assert caught.value.location is not None
    assert caught.value.location.file.endswith("shapes.ttl")
    if line is not None:
        assert caught.value.location.line == line
    assert says in str(caught.value)


def test_no_shapes_is_an_error(connection: duckdb.DuckDBPyConnection, table: Make) -> None:
    with pytest.raises(InputError, match="no shapes") as caught:
        validate(connection, table(LAUNCHES), load_shapes([]))
    assert caught.value.code == "no-shapes"
