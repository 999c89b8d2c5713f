"""Questions asked from Python."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kg import query
from kg.errors import InputError
from kg.queries import Solutions, Statements, python_value
from kg.terms import XSD, literal
from kg.workspace import read_workspace
from tests.query.conftest import EX


def test_a_question_by_name(workspace: Path) -> None:
    found = query("since", workspace=workspace)
    assert isinstance(found, Solutions)
    assert found.columns == ("launch", "day")
    (row,) = found
    assert row["launch"] == f"<{EX}id/L1>"
    assert row["launch"].is_iri
    assert row["launch"].text == f"{EX}id/L1"
    assert row["day"].is_literal
    assert row["day"].datatype == f"{XSD}date"
    assert row["day"].language is None
    assert row["day"].value == date(2022, 11, 18)
    assert row.value("day") == date(2022, 11, 18)
    assert dict(row) == {"launch": row["launch"], "day": row["day"]}
    assert len(row) == 2
    assert "launch=<http://example.org/id/L1>" in repr(row)


def test_parameters_are_python_values(workspace: Path) -> None:
    found = query("since", workspace=read_workspace(workspace), parameters={"since": date(1, 1, 1)})
    assert isinstance(found, Solutions)
    assert [row.value("day") for row in found] == [date(2021, 1, 2), date(2022, 11, 18)]
    text = "SELECT ?x { VALUES ?x { true } }"
    assert [
        row.value("x") for row in query(text, workspace=workspace, parameters={"x": False})
    ] == [  # type: ignore[union-attr]
        False
    ]
    with pytest.raises(InputError, match="takes xsd:date"):
        query("since", workspace=workspace, parameters={"since": "yesterday"})


def test_a_file_of_the_current_workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    found = query(Path("queries/since.rq"))
    assert isinstance(found, Solutions)
    assert len(list(found)) == 1


def test_unbound_variables(workspace: Path) -> None:
    found = query(
        "SELECT ?s ?l { ?s ex:count 1 OPTIONAL { ?s rdfs:label ?l } }", workspace=workspace
    )
    assert isinstance(found, Solutions)
    (row,) = found
    assert "l" not in row
    assert row.value("l") is None
    with pytest.raises(KeyError):
        row["l"]


def test_graph_and_boolean(workspace: Path, tmp_path: Path) -> None:
    graph = query("CONSTRUCT WHERE { ?s ex:count 12 }", workspace=workspace)
    assert isinstance(graph, Statements)
    assert [str(triple.subject) for triple in graph] == [f"<{EX}id/L2>"]
    assert query("ASK { ?s ex:count 12 }", workspace=workspace) is True
    path = tmp_path / "d.ttl"
    path.write_text(f"<{EX}a> <{EX}p> 1 .")
    assert query("ASK { ?s ?p 1 }", data=[path]) is True
    assert query(f"ASK {{ GRAPH <{EX}g> {{ ?s ?p 1 }} }}", named_graphs={f"{EX}g": path}) is True


def test_errors(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(InputError, match=r"no kg.toml"):
        query("ASK {}")
    with pytest.raises(InputError, match="still open"):
        query("ASK {", workspace=workspace)
    with pytest.raises(InputError, match="no question nope"):
        query("nope", workspace=workspace)


@pytest.mark.parametrize(
    "text",
    [
        "DESCRIBE <{L1}>",
        "describe ex:nothing",
        "PREFIX l: <{id}> DESCRIBE l:L1",
        "BASE <{id}>\nDESCRIBE <L1>",
        "# which?\n  # this\n\nDESCRIBE<{L1}>",
    ],
)
def test_a_query_without_braces_is_a_query(text: str, workspace: Path) -> None:
    text = text.replace("{L1}", f"{EX}id/L1").replace("{id}", f"{EX}id/")
    assert "{" not in text
    found = query(text, workspace=workspace)
    assert isinstance(found, Statements)
    assert bool(found) is ("nothing" not in text)


def test_a_query_that_lacks_its_braces_is_told_so(workspace: Path) -> None:
    with pytest.raises(InputError) as caught:
        query("SELECT ?s WHERE ?s ?p ?o", workspace=workspace)
    assert caught.value.code == "bad-query"


@pytest.mark.parametrize("name", ["describe", "prefix-list", "base rates", "select one"])
def test_a_question_may_be_named_like_a_word_of_sparql(name: str, workspace: Path) -> None:
    (workspace / "queries" / f"{name}.rq").write_text("ASK {}")
    assert query(name, workspace=workspace) is True


def test_the_workspace_around_is_known_where_files_are_asked(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "d.ttl"
    data.write_text(f"<{EX}id/L9> a <{EX}ns#Launch> ; <{EX}ns#day> '2023-01-01' .")
    monkeypatch.chdir(workspace / "queries")
    assert query("ASK { id:L9 a ex:Launch }", data=[data]) is True
    assert isinstance(query("since", data=[data]), Solutions)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="prefix"):
        query("ASK { id:L9 a ex:Launch }", data=[data])
    (workspace / "kg.toml").write_text("title = ")
    monkeypatch.chdir(workspace)
    with pytest.raises(InputError, match=r"kg\.toml"):
        query("ASK {}", data=[data])


def test_a_value_of_a_text_that_is_no_query_is_told_as_its_mistake(workspace: Path) -> None:
    with pytest.raises(InputError) as caught:
        query("SELECT * { VALUES ?x { 1 }", workspace=workspace, parameters={"x": 1})
    assert caught.value.code == "bad-query"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("7", "integer", 7),
        ("255", "unsignedByte", 255),
        ("1.50", "decimal", Decimal("1.50")),
        ("1e3", "double", 1000.0),
        ("true", "boolean", True),
        ("0", "boolean", False),
        ("2022-11-18", "date", date(2022, 11, 18)),
        ("2022-11-18T01:02:03Z", "dateTime", datetime(2022, 11, 18, 1, 2, 3, tzinfo=UTC)),
        ("-0044-03-15", "date", "-0044-03-15"),
        ("2022-11-18Z", "date", "2022-11-18Z"),
        ("seven", "integer", "seven"),
        ("x", "decimal", "x"),
        ("1_000", "integer", "1_000"),
        (" 7", "integer", " 7"),
        ("٣", "integer", "٣"),
        ("300", "byte", "300"),
        ("1_0.5", "decimal", "1_0.5"),
        ("Infinity", "decimal", "Infinity"),
        ("nan", "double", "nan"),
        ("infinity", "double", "infinity"),
        ("yes", "boolean", "yes"),
        ("20221118", "date", "20221118"),
        ("2022-W46-5", "date", "2022-W46-5"),
        ("2022-11-18", "dateTime", "2022-11-18"),
        ("2022-11-18 01:02:03", "dateTime", "2022-11-18 01:02:03"),
        ("2022-11-18T01:02:03.1234567", "dateTime", "2022-11-18T01:02:03.1234567"),
        ("9" * 5000, "integer", "9" * 5000),
        ("text", "string", "text"),
        ("2022", "gYear", "2022"),
    ],
)
def test_python_values(text: str, kind: str, value: object) -> None:
    found = python_value(literal(text, XSD + kind))
    assert found == value
    assert type(found) is type(value)


def test_python_values_of_other_terms() -> None:
    assert python_value(f"<{EX}>") == EX
    assert python_value("_:b") == "b"
    assert python_value('"x"@en') == "x"
    nested = '<<( <urn:s> <urn:p> "o" )>>'
    assert python_value(nested) == nested
