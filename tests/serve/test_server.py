"""The server around the endpoint: caches, doors, limits, builds, and clients of others."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx2
import pytest
from rdflib import URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from starlette.testclient import TestClient

from kg.building import build
from kg.cli.main import main
from kg.serve.app import Settings, create_app
from kg.serve.guards import LARGEST_BODY, Doors
from kg.serve.messages import Known, Reply
from kg.workspace import find_workspace
from tests.serve.conftest import EX

COUNT = {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}
# Takes minutes, and finds no row.
EACH = " . ".join(f"?s{number} ?p{number} ?o{number}" for number in range(9))
RUNAWAY = {"query": f"SELECT * {{ {EACH} FILTER(CONCAT(STR(?o0), STR(?o8)) = 'no') }}"}


@contextmanager
def served(workspace, folder, **options):
    settings = Settings(find_workspace(workspace), **options)
    with TestClient(create_app(settings, folder), base_url="http://localhost") as client:
        yield client


def test_an_answer_that_the_client_has_is_not_sent_again(client):
    first = client.get("/sparql", params=COUNT)
    tag = first.headers["etag"]
    again = client.get("/sparql", params=COUNT, headers={"if-none-match": f'"x", {tag}'})
    assert again.status_code == 304
    assert again.content == b""
    other = client.get("/sparql", params=COUNT, headers={"accept": "text/csv"})
    assert other.headers["etag"] != tag


def test_answers_are_remembered_within_bounds():
    known = Known(most=64 * 2_000)
    replies = {str(number): Reply(200, "text/plain", b"a" * 1_000) for number in range(100)}
    for tag, reply in replies.items():
        known.put(tag, reply)
    assert [tag for tag in replies if known.get(tag)] == [str(n) for n in range(36, 100)]
    known.put("large", Reply(200, "text/plain", b"a" * 3_000))
    known.put("error", Reply(404, "text/plain", b"a"))
    known.put("random", Reply(200, "text/plain", b"a", is_stable=False))
    assert not any(map(known.get, ("large", "error", "random")))


def test_an_answer_that_differs_each_time_is_not_kept(client):
    for address in ("/sparql", "/editor"):
        answer = client.get(address, params={"query": "SELECT (rand () AS ?x) {}"})
        assert answer.status_code == 200
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


def test_a_new_build_is_picked_up(workspace, tmp_path):
    root = tmp_path / "ws"
    shutil.copytree(workspace, root)
    (tmp_path / "answers").mkdir()
    (root / "queries" / "chance.rq").write_text("SELECT (RAND() AS ?x) {}")
    with served(root, tmp_path / "answers", workers=1) as client:
        before = client.get("/sparql", params=COUNT)
        asked = client.get("/questions/chance"), client.get("/questions/since")
        assert ["etag" in answer.headers for answer in asked] == [False, True]
        (root / "data" / "more.ttl").write_text("<http://example.org/a> a <http://example.org/B> .")
        build(find_workspace(root))
        after = client.get(
            "/sparql", params=COUNT, headers={"if-none-match": before.headers["etag"]}
        )
        assert after.status_code == 200
        count = [
            int(each.json()["results"]["bindings"][0]["n"]["value"]) for each in (before, after)
        ]
        assert count[1] == count[0] + 1
        assert before.headers["etag"] != after.headers["etag"]


def test_questions_come_change_and_go_without_a_restart(workspace, tmp_path):
    root = tmp_path / "ws"
    shutil.copytree(workspace, root)
    (tmp_path / "answers").mkdir()
    file = root / "queries" / "größe→.rq"
    with served(root, tmp_path / "answers", workers=1) as client:
        address = f"/questions/{file.stem}/answer.csv"
        assert client.get(address).status_code == 404
        file.write_text('SELECT ("a" AS ?x) {}', encoding="utf-8")
        new = client.get(address)
        assert new.content.split() == [b"x", b"a"]
        assert new.headers["content-disposition"] == (
            "attachment; filename=\"gr__e_.csv\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%E2%86%92.csv"
        )
        file.write_text('SELECT ("other" AS ?x) {}', encoding="utf-8")
        tag = {"if-none-match": new.headers["etag"]}
        assert client.get(address, headers=tag).content.split() == [b"x", b"other"]
        file.write_text("# param day: xsd:nothing; a\nASK {}", encoding="utf-8")
        bad = client.get(address)
        assert bad.status_code == 400
        assert "xsd:nothing" in bad.text
        listed = client.get("/questions")
        assert listed.status_code == 200
        assert "xsd:nothing" in listed.text
        assert "/questions/since" in listed.text


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:80", "127.0.0.1@evil", ""]
)
def test_a_name_that_is_not_this_machine_is_turned_away(client, host):
    answer = client.get("/sparql", params=COUNT, headers={"host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8001", "127.0.0.1:1", "[::1]:8001"])
def test_names_of_this_machine_are_let_in(client, host):
    assert client.get("/sparql", params=COUNT, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9"])
def test_pages_of_other_sites_may_not_ask(client, origin):
    for method in ("GET", "POST", "OPTIONS"):
        answer = client.request(method, "/sparql", params=COUNT, headers={"origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    assert client.get("/sparql", params=COUNT, headers={"origin": "http://localhost"}).is_success


def test_pages_of_an_origin_may_ask_if_that_is_wanted(workspace, tmp_path):
    doors = Doors(origins={"https://app.example"})
    with served(workspace, tmp_path, workers=1, doors=doors) as client:
        asked = {"origin": "https://app.example", "access-control-request-headers": "accept"}
        before = client.options("/sparql", headers=asked)
        assert before.status_code == 204
        assert before.headers["access-control-allow-headers"] == "accept"
        answer = client.get("/sparql", params=COUNT, headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert client.get("/", headers={"origin": "https://b.example"}).status_code == 403


def test_a_request_that_is_too_large_is_refused(client):
    body = b"query=" + b"a" * LARGEST_BODY
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/sparql", content=body, headers=kind)
    assert answer.status_code == 413


def test_every_response_keeps_browsers_in(client):
    for path in ("/sparql", "/id/L1", "/none", "/assets/x/page.css"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    ["/assets/../kg.toml", "/assets/x/..%2f..%2fkg.toml", "/../../etc/passwd", "/id/..%2f..%2fx",
     "/%2e%2e/kg.toml", "/id/%00", "/id/%ff", "/assets/x/%00"],
)  # fmt: skip
def test_no_file_is_reached_by_a_path(client, path):
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "base =" not in answer.text


def test_a_runaway_query_is_stopped_and_harms_nobody(workspace, tmp_path):
    with served(workspace, tmp_path, workers=2, seconds=2) as client:
        began = time.monotonic()
        answer = client.get("/sparql", params=RUNAWAY)
        assert answer.status_code == 503, answer.text
        assert "stopped after 2 s" in answer.text
        assert time.monotonic() - began < 30
        assert client.get("/sparql", params=COUNT).status_code == 200


def test_a_large_answer_is_whole(workspace, tmp_path):
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 5000"
    with served(workspace, tmp_path, workers=1, rows=10_000) as client:
        answer = client.get("/sparql", params={"query": query}, headers={"accept-encoding": ""})
        assert int(answer.headers["content-length"]) == len(answer.content) > 2**20
        assert len(answer.json()["results"]["bindings"]) == 5_000
        assert [each for each in tmp_path.iterdir() if each.name.startswith("answer-")] == []


@pytest.fixture(scope="module")
def address(workspace):
    """The address of a server in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kg", "-C", str(workspace), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    line = process.stdout.readline()
    assert line.startswith("kg: serving http://127.0.0.1:"), line + process.stdout.read()
    yield line.split()[-1]
    process.terminate()
    rest = process.stdout.read()
    process.wait(10)
    process.stdout.close()
    assert "Traceback" not in rest


def test_a_server_in_a_process(address):
    answer = httpx2.get(f"{address}sparql", params=COUNT)
    assert answer.json()["results"]["bindings"]
    assert "server" not in answer.headers


def test_the_store_of_rdflib_asks_it(address):
    store = SPARQLStore(f"{address}sparql")
    subject = URIRef(f"{EX}id/L1")
    assert len(list(store.triples((subject, None, None)))) == 4
    rows = store.query("SELECT ?d { ?s <http://example.org/ns#day> ?d } ORDER BY ?d")
    assert [str(row["d"]) for row in rows] == ["2021-01-02", "2022-11-18"]


def test_sparqlwrapper_asks_it(address):
    wrapper = pytest.importorskip("SPARQLWrapper")
    asked = wrapper.SPARQLWrapper(f"{address}sparql")
    for method in (wrapper.GET, wrapper.POST):
        for form in (wrapper.JSON, wrapper.XML, wrapper.CSV):
            asked.setMethod(method)
            asked.setReturnFormat(form)
            asked.setQuery(COUNT["query"])
            answer = asked.query()
            assert re.search(r"\d", answer.response.read().decode())
    asked.setQuery("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }")
    asked.setReturnFormat(wrapper.TURTLE)
    assert "Launch" in asked.query().convert().decode()


@pytest.mark.parametrize(
    "words",
    [["--timeout", "nan"], ["--memory", "much"], ["--workers", "0"], ["--max-rows", "-1"]],
)
def test_absurd_limits_are_refused(words, capsys):
    assert main(["serve", *words]) == 2
    assert f"{words[1]}" in capsys.readouterr().err or words[0] in ("--workers", "--max-rows")


def test_a_port_that_is_taken_is_told(workspace, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["-C", str(workspace), "serve", "--port", port]) == 3
    assert "[cannot-listen]" in capsys.readouterr().err
