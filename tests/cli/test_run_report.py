"""`kg map --report`: what a run read, made, lost and refused, in each format, however it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rdflib

from kg.execution.formats import _CLASSES, FORMATS

CSV = "id,name,day\n1,Ann,2020\n2,,soon\n,Cid,2021\n4,Dee,2022\n"
MAPPING = """\
prefixes: {ex: "http://example.org/"}
mappings:
  person:
    sources: [[t.csv~csv]]
    s: ex:$(id)
    po:
      - [ex:name, $(name)]
      - p: ex:day
        o: {function: 'toDate($(day), "yyyy")'}
      - p: ex:next
        o: {mapping: other, condition: 'equal($(name), $(id))'}
  other:
    sources: [[t.csv~csv]]
    s: ex:o$(id)
    po: [[ex:name, $(name)]]
"""
RER = rdflib.Namespace("https://w3id.org/dre/rer#")
PTR = rdflib.Namespace("https://w3id.org/dre/ptr#")


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "m.yml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "t.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


def report(folder: Path, name: str = "r.json") -> dict:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def run(kg, folder: Path, *more: str, code: int = 0, name: str = "r.json"):
    done = kg("map", "m.yml", "-o", "out.nt", "--report", name, *more, cwd=folder)
    assert done.code == code, done.err
    return done


def test_what_was_read_made_and_lost(kg, folder):
    run(kg, folder)
    found = report(folder)
    assert (found["state"], found["success"], found["complete"]) == ("done", True, True)
    assert found["mappings"] == ["m.yml"]
    (output,) = found["outputs"]
    lines = (folder / "out.nt").read_text(encoding="utf-8").splitlines()
    assert output == {"file": "out.nt", "statements": len(lines)}
    (source,) = found["sources"]
    assert (source["files"], source["records"], source["formulation"]) == (["t.csv"], 4, "CSV")
    assert source["mapping"] == {"file": "m.yml", "line": 4}
    person, other = found["triplesMaps"]
    assert (person["name"], person["records"], person["subjects"]) == ("m.yml#person", 4, 3)
    assert person["source"] == other["source"] == 0
    made = {each["predicate"]: each["statements"] for each in person["predicates"]}
    assert made == {"http://example.org/name": 2, "http://example.org/day": 2}
    assert person["statements"] + other["statements"] == len(lines)
    lost = {(each["what"], each["cause"]): each for each in person["lost"]}
    assert set(lost) == {
        ("subject", "no-value"),
        ("http://example.org/name", "no-value"),
        ("http://example.org/day", "value-does-not-fit"),
        ("http://example.org/next", "no-value"),
        ("http://example.org/next", "no-such-parent"),
    }
    unfit = lost["http://example.org/day", "value-does-not-fit"]
    assert unfit["first"] == {"file": "t.csv", "line": 3, "record": 2, "column": "day"}
    assert unfit["mapping"] == {"file": "m.yml", "line": 9}
    assert "'soon' does not fit the pattern of toDate" in unfit["reason"]
    parent = lost["http://example.org/next", "no-such-parent"]
    assert (parent["parent"], parent["records"]) == ("m.yml#other", 3)
    assert parent["first"]["record"] == 1


def test_the_run_is_the_same_without_a_report(kg, folder):
    with_report = run(kg, folder)
    first = (folder / "out.nt").read_bytes()
    done = kg("map", "m.yml", "-o", "out.nt", cwd=folder)
    assert (done.code, done.err) == (0, with_report.err)
    assert (folder / "out.nt").read_bytes() == first


def test_findings_have_the_codes_and_the_form_of_check(kg, folder):
    run(kg, folder)
    found = report(folder)["findings"]
    assert {each["finding"] for each in found} == {"lost-records"}
    for each in found:
        assert set(each) >= {"finding", "level", "about", "message", "advice", "count", "place"}
        assert each["mapping"]["file"] == "m.yml"
        assert each["place"]["file"] == "t.csv"


def test_refused_records(kg, folder):
    (folder / "t.csv").write_text(CSV + '5,"x"y,2020\n', encoding="utf-8")
    run(kg, folder, "--on-bad", "skip", code=1)
    found = report(folder)
    assert (found["state"], found["success"], found["complete"]) == ("done", True, False)
    refused = found["refused"]
    assert (refused["records"], refused["values"]) == (1, 0)
    (listed,) = refused["listed"]
    assert listed["place"] == {"file": "t.csv", "line": 6, "record": 5}
    assert listed["reason"] == "text follows a closing quote"
    assert [each for each in found["findings"] if each["finding"] == "refused"]


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (("t.csv", '1,Ann', '1,"A"nn'), "bad-csv", {"file": "t.csv", "line": 2}),
        (("m.yml", "$(name)]\n      - p", "$(nam)]\n      - p"), "missing-column", {"line": 7}),
        (("m.yml", "toDate(", "toDay("), "unknown-function", {"line": 9}),
        (("m.yml", "mappings:", "mappings: ]"), "bad-yaml", {"line": 2}),
    ],
)  # fmt: skip
def test_a_run_that_fails_is_reported(kg, folder, change, code, place):
    file, old, new = change
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    done = run(kg, folder, code=2)
    assert code in done.err
    found = report(folder)
    assert (found["state"], found["success"], found["complete"]) == ("failed", False, False)
    assert found["outputs"] == []
    errors = [each for each in found["findings"] if each["level"] == "error"]
    assert errors[0]["finding"] == code
    assert place.items() <= errors[0]["place"].items()
    assert not (folder / "out.nt").exists()


def test_sarif(kg, folder):
    run(kg, folder, name="r.sarif")
    log = report(folder, "r.sarif")
    (found,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert found["invocations"][0]["executionSuccessful"] is True
    assert found["properties"]["triplesMaps"][0]["records"] == 4
    unfit = next(r for r in found["results"] if "toDate" in r["message"]["text"])
    (place,) = unfit["locations"]
    assert place["physicalLocation"]["region"] == {"startLine": 3}
    (related,) = unfit["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "m.yml"


def test_rdf(kg, folder):
    run(kg, folder, name="r.ttl")
    graph = rdflib.Graph().parse(folder / "r.ttl")
    (node,) = graph.subjects(rdflib.RDF.type, RER.RmlExecutionReport)
    assert graph.value(node, RER.isSuccess).toPython() is True
    statistics = graph.value(node, RER.hasStatistics)
    assert graph.value(statistics, RER.generatedStatements).toPython() == 6
    assert len([*graph.objects(statistics, RER.generatedStatementsPerTriplesMap)]) == 2
    plan = graph.value(node, RER.hasExecutionPlan)
    assert graph.value(plan, RER.numberOfTriplesMap).toPython() == 2
    logs = [*graph.objects(node, RER.hasLog)]
    lines = {graph.value(log, RER.iterationIndex).toPython() for log in logs}
    assert lines == {1, 2, 3}
    pointers = {
        graph.value(pointer, PTR.path).toPython()
        for pointer in graph.objects(None, RER.mappingStatement)
    }
    assert pointers == {"m.yml"}


def test_rdf_of_a_failure(kg, folder):
    (folder / "m.yml").write_text(MAPPING.replace("toDate(", "toDay("), encoding="utf-8")
    run(kg, folder, name="r.ttl", code=2)
    graph = rdflib.Graph().parse(folder / "r.ttl")
    (error,) = graph.objects(None, RER.hasError)
    assert graph.value(error, rdflib.RDF.type) == RER.UnsupportedFunction
    assert "toDay" in graph.value(error, RER.message).toPython()


def test_classes_of_errors_are_those_of_codes():
    known = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    assert [code for code in _CLASSES if f"\n## {code}\n" not in known] == []


def test_a_source_is_not_written_over(kg, folder):
    (folder / "t.json").write_text('[{"id": 1}]', encoding="utf-8")
    text = MAPPING.replace("[t.csv~csv]", "['t.json~json', '$[*]']")
    (folder / "m.yml").write_text(text, encoding="utf-8")
    for mapping in (text, text.replace("toDate", "toDay")):
        (folder / "m.yml").write_text(mapping, encoding="utf-8")
        assert kg("map", "m.yml", "-o", "out.nt", "--report", "t.json", cwd=folder).code == 2
        assert (folder / "t.json").read_text(encoding="utf-8") == '[{"id": 1}]'
    for name in ("m.yml", "out.nt"):
        done = run(kg, folder, "--report-format", "json", name=name, code=2)
        assert "is read, or written as something else too [same-target]" in done.err
    assert (folder / "m.yml").read_text(encoding="utf-8") == mapping


XML = """\
prefixes: {ex: "http://example.org/"}
mappings:
  m:
    sources: [['t.xml~xpath', '/r']]
    s: ex:$(@id)
    po: [[ex:text, "$(%s)"]]
"""


@pytest.mark.parametrize(
    ("name", "call", "text"),
    [
        ("r.json", "json-doc('%s')?report", '{"report": "my own"}'),
        ("r.json", "unparsed-text('%s')", None),
        ("out.nt", "unparsed-text('%s')", "mine"),
    ],
)
def test_a_file_that_a_path_reads_is_not_written_over(kg, folder, name, call, text):
    if text is None:  # an earlier report, which another run may well read
        run(kg, folder)
        text = (folder / "r.json").read_text(encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")
    (folder / "t.xml").write_text('<r id="1"/>', encoding="utf-8")
    (folder / "m.yml").write_text(XML % (call % name), encoding="utf-8")
    done = run(kg, folder, code=2)
    assert f"reads {name}, which the run would write over [same-target]" in done.err
    assert (folder / name).read_text(encoding="utf-8") == text


def test_a_path_that_reads_the_new_report_is_told_in_it(kg, folder):
    (folder / "t.xml").write_text('<r id="1"/>', encoding="utf-8")
    (folder / "m.yml").write_text(XML % "unparsed-text('r.json')", encoding="utf-8")
    run(kg, folder, code=2)
    assert report(folder)["findings"][0]["finding"] == "same-target"


def test_a_report_that_is_a_source_is_not_written_over(kg, folder):
    run(kg, folder)
    before = (folder / "r.json").read_bytes()
    text = MAPPING.replace("[t.csv~csv]", "['r.json~json', '$.sources[*]']")
    (folder / "m.yml").write_text(text, encoding="utf-8")
    run(kg, folder, code=2)
    assert (folder / "r.json").read_bytes() == before


def test_an_earlier_report_does_not_stay(kg, folder):
    run(kg, folder)
    (folder / "m.yml").write_text(MAPPING.replace("mappings:", "mappings: ]"), encoding="utf-8")
    run(kg, folder, code=2)
    assert report(folder)["state"] == "failed"


def test_standard_output(kg, folder):
    done = run(kg, folder, "--report-format", "json", name="-")
    assert json.loads(done.out)["state"] == "done"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--report", "r.csv"), "cannot tell the format of the report from the name r.csv"),
        (("--report", "r", "--report-format", "xml"), "--report-format has no format 'xml'"),
        (("--report-format", "json"), "--report-format goes with --report FILE"),
        (("--report", "r.json", "--check"), "--report is of a run"),
        (("--report", "r.json", "--explain"), "--report is of a run"),
        (("--report", "-", "--report-format", "json", "-o", "-"), "both standard output"),
    ],
)
def test_wrong_options(kg, folder, words, message):
    more = () if "-o" in words else ("-o", "out.nt")
    done = kg("map", "m.yml", *more, *words, cwd=folder)
    assert done.code == 2
    assert message in done.err
    assert not (folder / "r.json").exists()


def test_values_of_variables_are_not_shown(kg, folder):
    text = MAPPING.replace("[t.csv~csv]", "['${FILE}~csv']")
    (folder / "m.yml").write_text(text, encoding="utf-8")
    (folder / "hush-hush.csv").write_text(CSV, encoding="utf-8")
    for name in ("r.json", "r.sarif", "r.ttl"):
        run(kg, folder, "--set", "FILE=hush-hush.csv", name=name)
        assert "hush" not in (folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("value", ["true", "report", "rer"])
def test_values_that_are_words_of_a_format(kg, folder, value):
    text = MAPPING.replace("[ex:name, $(name)]", '[ex:name, "${V}"]')
    (folder / "m.yml").write_text(text, encoding="utf-8")
    for name in ("r.json", "r.sarif", "r.ttl"):
        run(kg, folder, "--set", f"V={value}", name=name)
    assert report(folder)["success"] is True
    assert report(folder)["report"] == "kg map"
    assert report(folder, "r.sarif")["runs"][0]["invocations"][0]["executionSuccessful"] is True
    assert len(rdflib.Graph().parse(folder / "r.ttl"))


def test_formats():
    assert set(FORMATS) == {"json", "sarif", "rer"}
