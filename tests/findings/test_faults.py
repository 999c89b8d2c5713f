"""Files that are wrong are all told at once, and what is right is still checked."""

import pytest

from kg.errors import InputErrors
from kg.findings.material import read_material
from kg.findings.workspace import file_findings
from kg.init import init_workspace
from kg.mapping.documents import read_mappings
from kg.workspace import read_workspace
from tests.findings.slips import MAPPING, PEAKS, QUESTION, SHAPES, VOCABULARY
from tests.graph_copy import run_kg

RML = """\
@prefix rml: <http://w3id.org/rml/> .
@prefix ns: <https://example.org/ns#> .
<#good> a rml:TriplesMap ;
    rml:logicalSource [ rml:source "peaks.csv" ; rml:referenceFormulation rml:CSV ] ;
    rml:subjectMap [ rml:template "http://e/{key}" ] ;
    rml:predicateObjectMap [ rml:predicate ns:p ; rml:objectMap [ rml:parentTriplesMap <#bad> ] ] ;
    rml:predicateObjectMap [ rml:predicate ns:q ; rml:objectMap [ rml:reference "key" ] ] .
<#bad> a rml:TriplesMap ;
    rml:logicalSource [ rml:source "peaks.csv" ; rml:referenceFormulation rml:CSV ] ;
    rml:subjectMap [ rml:template "http://e/{key" ] .
<#worse> a rml:TriplesMap ;
    rml:logicalSource [ rml:source "peaks.csv" ; rml:referenceFormulation rml:CSV ] .
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    folder = tmp_path / "mountains"
    init_workspace(folder)
    monkeypatch.chdir(folder)
    return folder


def _change(root, file, old, new):
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _told(root):
    workspace = read_workspace(root)
    found = file_findings(workspace, read_material(workspace))
    return {(each.code, str(each.place).rpartition("/")[2]) for each in found}


def test_two_wrong_mappings_of_one_file_are_told_and_the_third_is_checked(root):
    _change(root, MAPPING, "s: peak:$(key)", "s: peak:$(key")
    _change(root, MAPPING, "[ns:day, $(day), xsd:date]", "[ns:day]")
    _change(root, MAPPING, "[a, ns:Climber]", "[a, ns:Climbr]")
    told = _told(root)
    wrong = {place for code, place in told if code == "bad-mapping"}
    assert wrong == {"facts.yarrrml.yml:16", "facts.yarrrml.yml:34"}
    assert ("undeclared-term", "facts.yarrrml.yml:42") in told
    # What a mapping that cannot be read uses is not called unused.
    assert not {code for code, _ in told} & {"unused-file", "unread-column"}


def test_mappings_that_do_not_compile_are_told_together(root):
    _change(root, MAPPING, "[ns:range, $(range)]", "[ns:range, 'x^y~iri']")
    _change(root, MAPPING, "$(climbers[*])", "$(climbers[?])")
    (root / "data/more.rml.ttl").write_text(RML, encoding="utf-8")
    plan = read_material(read_workspace(root)).plan
    names = [each.name.rpartition("#")[2] for each in plan.triples_maps]
    assert "good" in names
    good = plan.triples_maps[names.index("good")]
    # The link to the map that is wrong is left out, and nothing else.
    assert len(good.predicate_objects) == 1
    told = {place for code, place in _told(root) if code in ("bad-mapping", "bad-jsonpath")}
    assert told == {
        "facts.yarrrml.yml:25",
        "facts.yarrrml.yml:36",
        "more.rml.ttl:10",
        "more.rml.ttl:11",
    }


def test_a_broken_file_of_each_kind_is_told(root):
    _change(root, MAPPING, "mappings:", "mappings: [")
    _change(root, VOCABULARY, "ns:Peak a", "ns:Peak a ;;; [")
    (root / "shapes/more.ttl").write_text("<urn:s> <urn:p> .", encoding="utf-8")
    _change(root, SHAPES, "sh:minCount 1", "sh:mincount 1")
    _change(root, QUESTION, "WHERE {", "WHERE {{")
    (root / "queries/more.rq").write_text("SELECT ?x { ?x }", encoding="utf-8")
    places = {place.split(":")[0] for _, place in _told(root)}
    assert places >= {
        "facts.yarrrml.yml",
        "vocabulary.ttl",
        "more.ttl",
        "shapes.ttl",
        "first-ascents.rq",
        "more.rq",
    }
    # Nobody can say what is declared, or whether a file is used.
    assert not {code for code, _ in _told(root)} & {"undeclared-term", "unused-file"}


def test_two_sources_that_are_missing_are_told(root):
    _change(root, MAPPING, "ascents: ['ascents.yaml", "ascents: ['ascnts.yaml")
    (root / PEAKS).rename(root / "data/peak.csv")
    assert {place for code, place in _told(root) if code == "missing-file"} == {
        "facts.yarrrml.yml:9",
        "facts.yarrrml.yml:10",
    }


def test_the_command_tells_them_beside_the_build_in_force_and_fails(root):
    assert run_kg(root, "-q", "build").returncode == 0
    _change(root, MAPPING, "s: peak:$(key)", "s: peak:$(key")
    _change(root, SHAPES, "sh:minCount 1", "sh:mincount 1")
    done = run_kg(root, "check")
    assert done.returncode == 1
    assert "[bad-mapping]" in done.stdout
    assert "[unknown-shacl]" in done.stdout
    built = run_kg(root, "build")
    assert built.returncode == 2


@pytest.mark.parametrize("count", [2, 30])
def test_a_build_tells_several_wrong_mappings_and_no_more_than_can_be_read(root, count):
    wrong = "".join(f"  m{n}:\n    s: x\n    po: [[ns:p]]\n" for n in range(count))
    path = root / "data/wrong.yarrrml.yml"
    path.write_text(f"mappings:\n{wrong}", encoding="utf-8")
    with pytest.raises(InputErrors) as raised:
        read_mappings([path], {"ns": "http://e/"})
    # Each mapping has three: no sources, a subject that is no IRI, a pair without an object.
    assert len(raised.value.errors) == 3 * count
    told = raised.value.report()
    assert told.count("\nkg: ") + 1 == min(3 * count, 10) + (count == 30)
    assert ("kg: and 80 more errors in the mapping" in told) == (count == 30)
