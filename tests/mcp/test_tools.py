"""The tools of ``kg mcp``, as a client of the protocol sees them."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from kg.mcp.catalogue import ASK, OF_EVERY_GRAPH, checked, tools_of
from kg.queries.question import parse_question
from tests.graph_copy import built_workspace
from tests.mcp.conftest import session
from tests.serve.conftest import EX, HOSTILE


def call(run, name: str, **arguments):
    """Call a tool, and return its text, its JSON, and whether it failed."""
    named = {key.replace("_", "-"): value for key, value in arguments.items()}
    answer = run(lambda client: client.call_tool(name, named))
    return answer.content[0].text, answer.structured_content, answer.is_error


class TestCatalogue:
    def test_lists_questions_and_the_tools_of_every_graph(self, small):
        tools = {tool.name: tool for tool in small(lambda client: client.list_tools()).tools}
        assert set(tools) == {"search", "describe", "vocabulary", "sparql", "ask_any", "ask_since"}
        since = tools["ask_since"]
        assert since.title == "Launches since a day"
        assert since.description == ("Which launches took place since a day? Columns: launch, day.")
        assert since.input_schema["properties"]["since"] == {
            "type": "string",
            "format": "date",
            "default": "2022-01-01",
            "description": "the first day that counts; xsd:date, such as 2022-11-18",
        }
        assert since.input_schema["required"] == []
        assert all(tool.annotations.read_only_hint for tool in tools.values())
        assert not any(tool.annotations.open_world_hint for tool in tools.values())

    @pytest.mark.parametrize(
        ("block", "header", "schema"),
        [
            ('{ "x" }', "", {"type": "string", "default": "x"}),
            ("{ 7 }", "", {"type": "integer", "default": 7}),
            ("{ 7 }", "xsd:positiveInteger", {"type": "integer", "minimum": 1, "default": 7}),
            ("{ 1.5 }", "", {"type": "number", "default": 1.5}),
            ("{ true }", "", {"type": "boolean", "default": True}),
            ("{ <http://a.b/c> }", "", {"type": "string", "default": "http://a.b/c"}),
            ("{ }", "xsd:dateTime", {"type": "string", "format": "date-time"}),
            ('{ "x"@de }', "", {"type": "string", "default": "x"}),
        ],
    )
    def test_parameters_have_types(self, block, header, schema):
        head = f"# param p: {header}\n" if header else ""
        question = parse_question(f"{head}SELECT * {{ VALUES ?p {block} ?s ?o ?p }}", "a", name="a")
        tool = tools_of([question])[-1]
        found = dict(tool.properties["p"])
        found.pop("description")
        assert found == schema
        assert tool.required == (() if "default" in schema else ("p",))

    def test_names_are_those_that_clients_take_and_differ(self):
        questions = [
            parse_question("ASK {}", "a", name=name) for name in ("a b", "a/b", "é" * 90, "sparql")
        ]
        names = [tool.name for tool in tools_of(questions)][len(OF_EVERY_GRAPH) :]
        assert names == ["ask_a_b", "ask_a_b-2", f"ask_{'_' * 60}", "ask_sparql"]

    def test_arguments_get_their_defaults(self):
        sparql = OF_EVERY_GRAPH[-1]
        assert checked(sparql, {"query": "ASK {}"}) == {
            "query": "ASK {}",
            "max-rows": 50,
            "first-row": 0,
            "with-records": True,
        }


class TestAnswers:
    def test_a_question_with_its_records(self, small):
        text, found, failed = call(small, "ask_since", since="2000-01-01")
        assert not failed
        assert "| id:L2 | 2021-01-02 |" in text
        assert "- id:L1: data/launches.csv:2 (record 1)" in text
        assert found["columns"] == ["launch", "day"]
        assert found["rows"][0] == {
            "launch": {"type": "uri", "value": f"{EX}id/L2"},
            "day": {
                "type": "literal",
                "value": "2021-01-02",
                "datatype": "http://www.w3.org/2001/XMLSchema#date",
            },
        }
        assert found["records"][f"{EX}id/L2"][0] == {
            "file": "data/launches.csv",
            "line": 3,
            "record": 2,
            "columns": ["day", "count", "name"],
        }
        assert found["build"]

    def test_a_long_answer_is_read_part_by_part(self, small):
        query = "SELECT ?s { ?s a ex:Launch } ORDER BY ?s"
        first, found, _ = call(small, "sparql", query=query, max_rows=1)
        assert "there are more: ask again with first-row 1" in first
        assert found["has_more"]
        second, found, _ = call(small, "sparql", query=query, max_rows=1, first_row=1)
        assert found["rows"][0]["s"]["value"] == f"{EX}id/L2"
        assert "Rows 2 to 2" in second
        assert not found["has_more"]
        assert "No further rows." in call(small, "sparql", query=query, first_row=9)[0]

    def test_yes_and_no(self, small):
        assert call(small, "ask_any")[:2] == ("yes", {"boolean": True, "build": _any()})

    def test_a_graph(self, small):
        query = "CONSTRUCT { ?s ex:on ?d } WHERE { ?s ex:day ?d }"
        text, found, _ = call(small, "sparql", query=query, with_records=False)
        assert found["columns"] == ["subject", "predicate", "object"]
        assert len(found["rows"]) == 2
        assert found["records"] == {}
        assert "Source records" not in text

    def test_an_empty_answer_says_why(self, small):
        text, found, _ = call(small, "sparql", query="SELECT * { ?s ex:dya ?o }")
        assert "No rows." in text
        assert any("dya" in remark for remark in found["remarks"])

    def test_searches_terms_things_and_questions(self, small):
        assert "- class ex:Launch: launch" in call(small, "search", text="LAUNCH")[0]
        assert (
            "- question ask_since: Launches since a day" in call(small, "search", text="since")[0]
        )
        found = call(small, "search", text="Second")[1]["found"]
        assert [hit["iri"] for hit in found] == [f"{EX}id/L2"]
        assert call(small, "search", text="zzz")[0] == "Nothing bears such a name."

    def test_describes_a_thing_with_its_records(self, small):
        text, found, _ = call(small, "describe", term="id:L1")
        assert text.startswith(f"# First\n{EX}id/L1\n")
        assert "- ex:day (day): 2022-11-18" in text
        assert "- by ex:about: id:note" in text
        assert found["records"][0]["file"] == "data/launches.csv"
        assert {each["predicate"] for each in found["leads_here"]} == {f"{EX}ns#about"}

    def test_a_term_that_nobody_knows(self, small):
        text, found, failed = call(small, "describe", term="ex:nothing")
        assert (found["known"], failed) == (False, False)
        assert "says nothing" in text
        assert call(small, "describe", term="no name")[2]

    def test_the_vocabulary_card(self, small):
        text, found, _ = call(small, "vocabulary")
        assert "- **ex:Launch** (2): Something that flew." in text
        assert "  - ex:count (2), ex:day (2), rdf:type (2), rdfs:label (2)" in text
        assert "- **ex:day** (2) → xsd:date (2)" in text
        assert "- **since**: Which launches took place since a day?" in text
        assert {"iri": f"{EX}ns#Launch", "count": 2} in found["classes"]

    def test_texts_of_the_data_stay_texts(self, small):
        text, found, _ = call(small, "sparql", query="SELECT ?o { id:note ex:says ?o }")
        assert found["rows"][0]["o"]["value"] == HOSTILE
        assert "<script" not in text


def _any() -> object:
    """Equal to whatever it is compared with."""

    class Any:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None

    return Any()


def test_a_client_answers_the_shipped_questions(shipped):
    """Each is a tool; some are asked by their defaults, all of them with ``KG_EXAMPLES``."""
    listed = []

    async def ask_all(client):
        listed.extend(tool.name for tool in (await client.list_tools()).tools)
        asked = [name for name in listed if name.startswith(ASK)]
        some = asked if "KG_EXAMPLES" in os.environ else {*asked[::8], f"{ASK}denials"}
        answers = {}
        for name in some:
            given = {"max-rows": 1000, "with-records": name == f"{ASK}denials"}
            answers[name] = await client.call_tool(name, given)
        return answers

    answers = shipped(ask_all)
    names = {path.stem for path in (built_workspace() / "queries").glob("*.rq")}
    assert {name.removeprefix(ASK) for name in listed if name.startswith(ASK)} == names
    for name, answer in answers.items():
        assert not answer.is_error, (name, answer.content[0].text)
        found = answer.structured_content
        assert found["rows"] or name.startswith(f"{ASK}check-"), name
        assert json.dumps(found)
    assert answers["ask_denials"].structured_content["records"]


def test_questions_come_change_and_go_without_a_restart(workspace, tmp_path, monkeypatch, capfd):
    root = tmp_path / "ws"
    shutil.copytree(workspace, root)
    queries = root / "queries"
    run = session(root, tmp_path, monkeypatch)

    async def use(client):
        async def names():
            return {tool.name for tool in (await client.list_tools()).tools if "ask_" in tool.name}

        async def text(name):
            return (await client.call_tool(name, {})).content[0].text

        found = [await text("ask_any")]
        (queries / "new.rq").write_text('SELECT ("a" AS ?x) {}')
        (queries / "bad.rq").write_text("# param day: xsd:nothing; a\nASK {}")
        found += [await names(), await text("ask_new"), await text("ask_bad")]
        found += [await text("vocabulary")]
        (queries / "new.rq").write_text('SELECT ("other" AS ?x) {}')
        (queries / "any.rq").unlink()
        found += [await names(), await text("ask_new"), await text("ask_any")]
        return found

    before, first, new, bad, card, second, changed, gone = run(use)
    assert before == "yes"
    assert first == {"ask_any", "ask_since", "ask_new"}
    assert "| a" in new
    assert "bad.rq" in bad
    assert "**new**" in card
    assert second == {"ask_since", "ask_new"}
    assert "| other" in changed
    assert gone == "there is no tool ask_any"
    assert capfd.readouterr().err.count("bad.rq") == 1


class TestHostile:
    @pytest.mark.parametrize(
        "query",
        [
            "INSERT DATA { ex:a ex:b ex:c }",
            "DELETE WHERE { ?s ?p ?o }",
            "LOAD <file:///etc/passwd>",
            "CLEAR ALL",
            "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
            "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
            "SELECT * { ?s ?p ?o",
            "",
            "\0",
        ],
    )
    def test_queries_change_and_fetch_nothing(self, small, query, workspace):
        before = {path: path.stat().st_mtime_ns for path in workspace.rglob("*")}
        text, found, failed = call(small, "sparql", query=query)
        assert failed or not found["rows"]
        assert "root:" not in text
        assert {path: path.stat().st_mtime_ns for path in workspace.rglob("*")} == before

    @pytest.mark.parametrize(
        ("name", "arguments", "told"),
        [
            ("ask_../../kg", {}, "there is no tool"),
            ("query", {}, "there is no tool"),
            ("sparql", {}, "sparql needs query"),
            ("sparql", {"query": 7}, "is no string"),
            ("sparql", {"query": "ASK {}", "file": "/etc/passwd"}, "no argument 'file'"),
            ("sparql", {"query": "ASK {}", "max-rows": 10**9}, "no integer from 1 up to 1000"),
            ("sparql", {"query": "ASK {}", "max-rows": True}, "is no integer"),
            ("sparql", {"query": "ASK {}", "first-row": -1}, "is no integer from 0"),
            ("sparql", {"query": "ASK {}", "first-row": 10**30}, "from 0 up to 9007199254740991"),
            ("ask_since", {"since": '2022-01-01" } DROP ALL #'}, "takes xsd:date"),
            ("ask_since", {"since": ["2022-01-01"]}, "is no string"),
            ("describe", {"term": "> } DROP ALL"}, "neither an IRI nor a prefixed name"),
        ],
    )
    def test_calls_that_make_no_sense(self, small, name, arguments, told):
        text, _, failed = call(small, name, **arguments)
        assert failed
        assert told in text

    def test_no_hint_names_an_option_of_the_command_line(self, small):
        query = "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"
        text, _, failed = call(small, "sparql", query=query)
        assert failed
        assert "answers from its own graph alone" in text
        assert "--" not in text

    def test_nothing_is_opened_outside_and_no_connection_is_made(self, small, monkeypatch):
        def refused(*_: object, **__: object) -> None:
            raise AssertionError("a connection")

        monkeypatch.setattr("socket.socket.connect", refused)
        monkeypatch.setattr("socket.getaddrinfo", refused)
        assert not call(small, "describe", term="http://elsewhere.example/x?y=z#w")[2]
        assert not call(small, "ask_since")[2]
