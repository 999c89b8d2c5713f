"""Reports for people and code hosts: their bytes, their contents, and their files."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from kg.cli.main import main
from kg.errors import Location
from kg.names import Namer
from kg.terms import literal
from kg.validation import messages
from kg.validation.annotations import annotation
from kg.validation.formats import ENDINGS, open_report
from kg.validation.names import sh
from kg.validation.paths import Predicate
from kg.validation.reports.rows import COLUMNS
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from tests.cli.runner import Runner
from tests.validation.conftest import PREFIXES
from tests.validation.test_command import DATA, FILES, SHAPES

# Text that needs escaping in some format: markup, ends of lines and fields, forbidden in XML.
EVIL = (
    "</td><script>alert('1')</script>&amp;\r\n::error::x,y:z%0A\x1b[2J\x00\x0b\u202e\ufffe]]>\"=1+1"
)
FORMS = ("table", "turtle", "json", "sarif", "csv", "github", "junit", "html")


@pytest.fixture(scope="module")
def kg() -> Runner:
    return Runner()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.ttl").write_text(PREFIXES + DATA, encoding="utf-8")
    (tmp_path / "shapes.ttl").write_text(PREFIXES + SHAPES, encoding="utf-8")
    return tmp_path


def result_of(number: int, value: str = "x", shape: str = "<http://example.org/S>") -> Result:
    return Result(
        f"<http://example.org/{number}>",
        Predicate("<http://example.org/p>"),
        literal(value),
        shape,
        sh("InConstraintComponent"),
        sh("Violation"),
        (literal(f"message {value}"),),
        origins=(Location("data/a.csv", line=number + 1, record=number, column="p"),),
    )


@pytest.fixture
def written(shapes: Callable[[str], ShapesGraph]) -> Callable[..., str]:
    """Write a report of results on a small shapes graph."""

    def write(form: str, *results: Result) -> str:
        graph = shapes(SHAPES)
        out = io.StringIO()
        report = open_report(form, out, graph, Namer(graph.prefixes))
        for result in results:
            report.add(result)
        report.close()
        return out.getvalue()

    return write


# --- GitHub ---------------------------------------------------------------------------------


def test_github_annotates_the_lines_of_the_data(kg: Runner, folder: Path) -> None:
    shown = kg(*FILES, "--format", "github", cwd=folder)
    assert (shown.code, shown.err) == (1, "")
    head = "title=ex%3ALaunchShape/ex%3A"
    assert shown.out.splitlines() == [
        f'::error file=data.ttl,{head}outcome/In,line=9::ex:a: "succes" is not one of "success",'
        ' "failure"%0Adata.ttl:9',
        f'::error file=data.ttl,{head}outcome/In,line=10::ex:b: "succes" is not one of "success",'
        ' "failure"%0Adata.ttl:10',
        f"::warning file=data.ttl,{head}count/MinCount,line=10::ex:b: ex:count has no value"
        "%0Adata.ttl:10",
        f'::notice file=data.ttl,{head}count/Or,line=12::ex:d: "x" conforms to none of'
        " [ sh:datatype xsd:integer ], [ sh:datatype xsd:decimal ]%0Adata.ttl:12"
        '%0Ait fails [ sh:datatype xsd:integer ]: "x" is not a literal of datatype xsd:integer'
        '%0Ait fails [ sh:datatype xsd:decimal ]: "x" is not a literal of datatype xsd:decimal',
        "2 violations, 1 warning, 1 info",
    ]


def test_github_shows_ten_the_first_of_each_constraint_before_others(
    written: Callable[..., str],
) -> None:
    many = [
        result_of(n, shape=f"<http://example.org/S{n % 12 if n > 50 else 0}>") for n in range(80)
    ]
    lines = written("github", *many).splitlines()
    shapes = [line.partition("title=")[2].partition("/")[0] for line in lines[:10]]
    assert len(set(shapes)) == 10
    assert lines[10:] == [
        "70 more violations: GitHub shows 10 in a step; `kg validate -o results.csv` writes all",
        "80 violations",
    ]


def test_an_annotation_is_one_line_whatever_it_says() -> None:
    line = annotation("error", Location(EVIL, 3, column_number=7), EVIL, EVIL)
    assert line.replace("\ufffe", "").isprintable()
    fields, _, text = line.removeprefix("::error ").partition("::")
    names = [field.partition("=")[0] for field in fields.split(",")]
    assert (names, fields.count(":")) == (["file", "title", "line", "col"], 0)
    assert "%0D%0A::error::x,y:z%250A\\x1B[2J" in text


# --- CSV ------------------------------------------------------------------------------------


def value_of(term: dict[str, str] | None) -> str:
    if term is None:
        return ""
    return f"_:{term['value']}" if term["type"] == "bnode" else term["value"]


def as_row(record: dict[str, Any]) -> dict[str, str]:
    """Return the CSV row for a result of the JSON report."""
    place = record.get("origins", [{}])[0]
    values = {
        **{name: str(place.get(name, "")) for name in ("file", "record", "line", "column")},
        "shape": record["shape"],
        "focusNode": value_of(record["focusNode"]),
        "path": record["path"] or "",
        "value": value_of(record["value"]),
        "component": record["component"],
        "severity": record["severity"],
        "message": "; ".join(message["value"] for message in record["messages"]),
    }
    return {name: values[name] for name in COLUMNS}


def test_csv_holds_the_results_of_the_json_report(kg: Runner, folder: Path) -> None:
    data = f"{PREFIXES}{DATA} ex:e a ex:Launch ; ex:outcome {literal(EVIL[:-20])} , _:b , ex:f ."
    (folder / "data.ttl").write_text(data, encoding="utf-8")
    report = json.loads(kg(*FILES, "--format", "json", cwd=folder).out)
    assert kg(*FILES, "-o", "report.csv", cwd=folder).code == 1
    with (folder / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    assert rows == [as_row(record) for record in report["results"]]


def test_the_bytes_of_csv(written: Callable[..., str]) -> None:
    assert written("csv", result_of(1, '=1+1,"a"\n')) == (
        "file,record,line,column,shape,focusNode,path,value,component,severity,message\r\n"
        "data/a.csv,1,2,p,http://example.org/S,http://example.org/1,<http://example.org/p>,"
        '"=1+1,""a""\n",http://www.w3.org/ns/shacl#InConstraintComponent,violation,'
        '"message =1+1,""a""\n"\r\n'
    )


# --- JUnit ----------------------------------------------------------------------------------

# The part of Jenkins's schema for such reports that kg uses: attributes (! marks required ones)
# and child elements.
JUNIT: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name!", "tests!", "failures!", "errors!", "skipped", "file", "time", "id", "package"},
        {"testcase"},
    ),
    "testcase": ({"name!", "classname", "time", "group"}, {"failure", "skipped", "system-out"}),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}


def read_junit(text: str) -> Element:
    """Return the root of a report, after checking it against `JUNIT` and its own counts."""
    root = fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, inside = JUNIT[element.tag]
        required = {name[:-1] for name in attributes if name.endswith("!")}
        assert required <= set(element.attrib) <= {name.rstrip("!") for name in attributes}
        assert {child.tag for child in element} <= inside
    for tag, suites in (("testcase", [root, *root]), ("failure", [root, *root])):
        for suite in suites:
            number = suite.get({"testcase": "tests", "failure": "failures"}[tag])
            assert number == str(len(list(suite.iter(tag))))
    for suite in root:
        assert suite.get("skipped") == str(len(list(suite.iter("skipped"))))
    return root


@pytest.mark.parametrize(("fail_on", "failures"), [("violation", 2), ("warning", 3), ("info", 4)])
def test_junit_has_a_suite_for_each_shape_and_a_case_for_each_result(
    kg: Runner, folder: Path, fail_on: str, failures: int
) -> None:
    more = "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:class ex:Launch ."
    (folder / "shapes.ttl").write_text(PREFIXES + SHAPES + more, encoding="utf-8")
    assert kg(*FILES, "-o", "report.xml", "--fail-on", fail_on, cwd=folder).code == 1
    root = read_junit((folder / "report.xml").read_text(encoding="utf-8"))
    launches, good = root
    assert (launches.get("name"), launches.get("file")) == ("ex:LaunchShape", "shapes.ttl")
    assert [(case.get("classname"), case.get("name")) for case in launches] == [
        ("ex:LaunchShape", 'ex:a ex:outcome (In) "succes"'),
        ("ex:LaunchShape", 'ex:b ex:outcome (In) "succes"'),
        ("ex:LaunchShape", "ex:b ex:count (MinCount)"),
        ("ex:LaunchShape", 'ex:d ex:count (Or) "x"'),
    ]
    assert len(list(root.iter("failure"))) == failures
    told = next(root.iter("failure"))
    assert told.get("message") == 'violation: "succes" is not one of "success", "failure"'
    assert told.text is not None
    assert told.text.splitlines() == [
        'violation: "succes" is not one of "success", "failure"',
        'expected: one of "success", "failure"',
        "focus node: ex:a",
        "source: data.ttl:9",
        "shape: shapes.ttl:10",
    ]
    (case,) = good
    assert (case.get("name"), [child.tag for child in case]) == (
        "all focus nodes conform",
        ["system-out"],
    )


def test_junit_of_hostile_values_is_xml(written: Callable[..., str]) -> None:
    root = read_junit(written("junit", result_of(1, EVIL)))
    (failure,) = root.iter("failure")
    assert failure.text is not None
    assert "</td><script>alert('1')</script>&amp;\\r\n::error" in failure.text
    assert "\\x1B[2J\\x00\\x0B\\u202E\\uFFFE]]>" in failure.text


def test_junit_keeps_many_results_of_many_shapes_apart(written: Callable[..., str]) -> None:
    many = [result_of(n, "x" * 500, f"<http://example.org/S{n % 7}>") for n in range(1_000)]
    root = read_junit(written("junit", *many))
    assert [suite.get("name") for suite in root] == [f"ex:S{n}" for n in range(7)]
    for number, suite in enumerate(root):
        names = [str(case.get("name")).split()[0] for case in suite]
        assert names == [f"ex:{n}" for n in range(number, 1_000, 7)]


def test_each_core_component_says_what_it_expects() -> None:
    assert set(messages.EXPECTATIONS) == set(messages.SENTENCES)


# --- files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_file_holds_what_standard_output_would(kg: Runner, folder: Path, form: str) -> None:
    shown = kg(*FILES, "--format", form, cwd=folder)
    ending = next((end for end, named in ENDINGS.items() if named == form), ".out")
    words = [] if ending in ENDINGS else ["--format", form]
    told = kg(*FILES, "-o", f"report{ending}", *words, cwd=folder)
    assert (told.code, told.out) == (shown.code, "") == (1, "")
    assert told.err == f"wrote report{ending}: 2 violations, 1 warning, 1 info\n"
    with (folder / f"report{ending}").open(encoding="utf-8", newline="") as file:
        assert file.read() == shown.out
    assert kg(*FILES, "-o", "-", "--format", form, cwd=folder).out == shown.out


def test_an_option_goes_before_the_ending(kg: Runner, folder: Path) -> None:
    assert kg(*FILES, "-o", "report.csv", "--format", "json", cwd=folder).code == 1
    assert len(json.loads((folder / "report.csv").read_text(encoding="utf-8"))["results"]) == 4


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("-o", "report.foo"), 2, "from the file name report.foo"),
        (("-o", "data.ttl"), 2, "data.ttl is read by the validation"),
        (("-o", "sub/../shapes.ttl"), 2, "is read by the validation"),
        (("-o", "link.ttl"), 2, "link.ttl is read by the validation"),
        (("-o", "given.json", "--context", "http://e/c=given.json"), 2, "given.json is read"),
        (("-o", "none/report.csv"), 3, "cannot write none/report.csv: No such file"),
        (("-o", "sub", "--format", "csv"), 3, "sub is a folder"),
        (("-o", "/dev/full", "--format", "csv"), 3, "No space left"),
        (("-o", "report.json", "--shapes", "gone.ttl"), 2, "there is no file gone.ttl"),
    ],
)
def test_nothing_is_written_if_a_report_cannot_be(
    kg: Runner, folder: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    (folder / "sub").mkdir()
    (folder / "link.ttl").symlink_to("data.ttl")
    (folder / "given.json").write_text("{}")
    (folder / "report.json").write_text("old")
    before = {path: path.is_file() and path.read_bytes() for path in folder.iterdir()}
    told = kg(*FILES, *words, cwd=folder)
    assert (told.code, told.out) == (code, "")
    assert says in told.err
    assert {path: path.is_file() and path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    "name",
    [
        *(
            "kg.toml",
            "accepted.toml",
            "data/peaks.csv",
            "data/facts.yarrrml.yml",
            "data/ascents.yaml",
        ),
        *("shapes/shapes.ttl", "ontology/vocabulary.ttl", ".kg/current"),
    ],
)
def test_no_file_of_the_workspace_is_written_over(kg: Runner, built: Path, name: str) -> None:
    if name == "accepted.toml":
        (built / name).write_text("")
    before = (built / name).read_bytes()
    told = kg("validate", "-o", name, "--format", "csv", cwd=built)
    assert (told.code, told.out) == (2, "")
    assert f"{name} is read by the validation" in told.err
    assert (built / name).read_bytes() == before
    assert kg("validate", "-o", "data/report.csv", cwd=built).code == 0
    assert kg("validate", "-o", "data/report.csv", cwd=built).code == 0
    (built / "data" / "report.csv").unlink()


@pytest.fixture(scope="module")
def built(kg: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "new"
    assert kg("init", str(folder), cwd=folder.parent).code == 0
    assert kg("build", cwd=folder).code == 0
    return folder


def test_a_full_disk_for_temporary_files_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    full = Path("/dev/full")
    monkeypatch.setattr(
        tempfile, "TemporaryFile", lambda *_, **__: full.open("w", encoding="utf-8")
    )
    assert main([*FILES, "--format", "csv"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "kg: a temporary file cannot be written: No space left on device [disk]" in told.err
