"""Notes: what was not checked is reported, once."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from kg.quads import QuadTable
from kg.validation import Verdict, validate
from kg.validation.shapes import ShapesGraph

Run = Callable[[str, str], Verdict]
RULE = "sh:property [ sh:path ex:p ; sh:minCount 0 ]"
TARGETED = f"ex:S a sh:NodeShape ; sh:targetClass ex:Peak ; {RULE} .\n"
DATA = "ex:a a ex:Peak ; ex:p 1 ."


@pytest.fixture
def run(
    connection: duckdb.DuckDBPyConnection,
    table: Callable[[str], QuadTable],
    shapes: Callable[[str], ShapesGraph],
) -> Run:
    def run(rules: str, data: str) -> Verdict:
        return validate(connection, table(data), shapes(rules))

    return run


# Shapes, data, and the note.
TOLD = {
    "class": (
        TARGETED.replace("Peak", "Peek"),
        DATA,
        "no shape met a node, so nothing was checked: ex:S (class ex:Peek); did you mean ex:Peak?",
    ),
    "namespace": (
        TARGETED.replace("ex:Peak", "<https://example.org/Peak>"),
        DATA,
        "no shape met a node, so nothing was checked: ex:S (class <https://example.org/Peak>);"
        " did you mean ex:Peak?",
    ),
    "one of two": (
        TARGETED + f"ex:T sh:targetSubjectsOf ex:q ; sh:targetObjectsOf ex:r ; {RULE} .",
        DATA,
        "1 shape of 2 met no node: ex:T (subjects of ex:q, objects of ex:r)",
    ),
    "many": (
        TARGETED + "".join(f"ex:T{n} sh:targetClass ex:Other{n} ; {RULE} .\n" for n in range(5)),
        DATA,
        "5 shapes of 6 met no node: ex:T0 (class ex:Other0), ex:T1 (class ex:Other1),"
        " ex:T2 (class ex:Other2), and 2 more",
    ),
    "no data": (TARGETED, "", "no shape met a node, so nothing was checked: ex:S (class ex:Peak)"),
    "no target": (
        f"ex:S a sh:NodeShape ; {RULE} .",
        DATA,
        "no shape has a target, so nothing was checked",
    ),
    "deactivated": (
        TARGETED + "ex:S sh:deactivated true .",
        DATA,
        "no shape has a target, so nothing was checked",
    ),
    "imports": (
        TARGETED + "<> owl:imports <http://example.org/other>, <http://example.org/more> .",
        DATA,
        "shapes.ttl:9: owl:imports is not followed, so shapes of <http://example.org/other>,"
        " <http://example.org/more> are not checked; name their files with --shapes, or put them"
        " into shapes/",
    ),
    "reference": (
        TARGETED + "ex:S sh:property [ sh:path ex:p ;\n sh:node ex:Misspelt ] .",
        DATA,
        "shapes.ttl:10: sh:node names ex:Misspelt, which the shapes do not define:"
        " every node conforms to it",
    ),
    "member": (
        TARGETED + "ex:S sh:or ( ex:Misspelt [ sh:nodeKind sh:Literal ] ) .",
        DATA,
        "shapes.ttl:9: sh:or names ex:Misspelt, which the shapes do not define:"
        " every node conforms to it",
    ),
    "severity": (
        TARGETED + 'ex:S sh:sparql [ sh:select "SELECT $this { $this ex:none ?x }" ;\n'
        "sh:severity sh:Warning ] .",
        DATA,
        "shapes.ttl:10: sh:severity of a constraint has no effect; results have the severity of"
        " its shape",
    ),
    "negated recursion": (
        TARGETED + "ex:S sh:not ex:S .",
        DATA,
        "shapes.ttl:8: a shape refers to itself through a negation, which SHACL does not"
        " define; do not rely on its results",
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_was_not_checked_is_noted_once(case: str, run: Run) -> None:
    rules, data, told = TOLD[case]
    notes = run(rules, data).notes
    assert [note[note.find("shapes.ttl") :] if ".ttl" in note else note for note in notes] == [told]


SILENT = {
    "met": (TARGETED, DATA),
    "subclass": (TARGETED, "ex:a a ex:High . ex:High rdfs:subClassOf ex:Peak ."),
    "import of a file that is there": (
        TARGETED + "<> owl:imports ex:other . ex:other a owl:Ontology .",
        DATA,
    ),
    "an empty shape": (TARGETED + "ex:S sh:node ex:Any . ex:Any a sh:NodeShape .", DATA),
    "a node that is not in the data": (f"ex:S sh:targetNode ex:none ; {RULE} .", DATA),
    "a shape below others": (TARGETED + "ex:S sh:node ex:B . ex:B sh:nodeKind sh:IRI .", DATA),
    "severity of a shape": (TARGETED + "ex:S sh:severity sh:Info .", DATA),
}


@pytest.mark.parametrize("case", SILENT)
def test_complete_validations_have_no_notes(case: str, run: Run) -> None:
    rules, data = SILENT[case]
    assert run(rules, data).notes == ()


def test_notes_are_given_beside_results(run: Run) -> None:
    rules = TARGETED.replace("minCount 0", "minCount 5") + f"ex:T sh:targetClass ex:X ; {RULE} ."
    verdict = run(rules, DATA)
    assert not verdict.conforms
    assert verdict.notes == ("1 shape of 2 met no node: ex:T (class ex:X)",)
