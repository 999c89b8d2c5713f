"""Logical targets that are servers: statements are sent with SPARQL Update."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.cli.main import main
from kg.duck import engine
from kg.errors import InputError, WorldError
from kg.exports.updates import send_updates
from kg.mapping.plan import LogicalTarget
from kg.quads import QuadTable, write_table
from tests.mapping.running import write_files

MAPPING = """\
@prefix rml: <http://w3id.org/rml/> .
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
<#m> rml:logicalSource [ rml:source [ rml:path "t.csv" ] ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://example.org/{id}" ; rml:graph <http://example.org/g> ] ;
  rml:predicateObjectMap [ rml:predicate <http://example.org/name> ; rml:objectMap [
    rml:reference "name" ; rml:language "en" ; rml:logicalTarget [ rml:target [ a sd:Service ;
      sd:endpoint <URL> ; sd:supportedLanguage sd:SPARQL11Update ] ] ] ] ;
  rml:predicateObjectMap [ rml:predicate <http://example.org/id> ;
    rml:objectMap [ rml:reference "id" ] ] .
"""
DATA = 'id,name\n1,"A ""x"" \\\ny"\n2,Zoë\n'


class Endpoint:
    """A server that obeys updates."""

    def __init__(self) -> None:
        self.store = ox.Store()
        self.requests = 0
        self.status = 204
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                assert self.headers["Content-Type"] == "application/sparql-update"
                outer.requests += 1
                if outer.status < 300:
                    outer.store.update(body)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/update"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    write_files(tmp_path, {"t.csv": DATA})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(folder: Path, url: str, *more: str) -> int:
    (folder / "m.ttl").write_text(MAPPING.replace("URL", url), encoding="utf-8")
    return int(main(["map", "m.ttl", "-o", "rest.nq", *more]))


def test_statements_are_inserted(folder, endpoint, capsys):
    assert run(folder, endpoint.url, "--allow-outside") == 0
    graph = ox.NamedNode("http://example.org/g")
    name = ox.NamedNode("http://example.org/name")
    assert {
        (str(q.subject), str(q.object))
        for q in endpoint.store.quads_for_pattern(None, name, None, graph)
    } == {
        ("<http://example.org/1>", '"A \\"x\\" \\\\\\ny"@en'),
        ("<http://example.org/2>", '"Zoë"@en'),
    }
    assert len(endpoint.store) == 2
    assert (folder / "rest.nq").read_text(encoding="utf-8").count(" .\n") == 2
    assert f"wrote 2 statements to {endpoint.url}\n" in capsys.readouterr().err


def test_a_server_must_be_allowed(folder, endpoint, capsys):
    assert run(folder, endpoint.url) == 2
    assert f"the target {endpoint.url} is a server [outside-folder]" in capsys.readouterr().err
    assert endpoint.requests == 0
    assert not (folder / "rest.nq").exists()


def test_a_server_elsewhere_must_be_named(folder, capsys):
    assert run(folder, "http://store.example.org/update", "--allow-outside") == 2
    said = capsys.readouterr().err
    assert "would send its statements to store.example.org, which you have not named" in said
    assert "export KG_HOSTS=store.example.org" in said


def test_a_refusal_is_told(folder, endpoint, capsys):
    endpoint.status = 403
    assert run(folder, endpoint.url, "--allow-outside") == 3
    assert "403" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "message"),
    [("ftp://h/x", "is no address of a server"), ("http://u:pw@127.0.0.1/x", "contains a login")],
)
def test_addresses_that_are_refused(folder, capsys, url, message):
    assert run(folder, url, "--allow-outside") == 2
    said = capsys.readouterr().err
    assert message in said
    assert "pw" not in said


def table(folder: Path, count: int, object_: str) -> QuadTable:
    with engine(folder) as connection:
        rows = (
            f"SELECT '<http://e/' || i || '>' AS s, '<http://e/p>' AS p, {object_} AS o,"
            f" NULL::VARCHAR AS g FROM range({count}) r(i)"
        )
        return write_table(connection, rows, folder / "quads.parquet")


def test_many_requests(tmp_path, endpoint):
    rows = table(tmp_path, 25, "'\"' || i || '\"'")
    target = LogicalTarget(endpoint.url, endpoint=endpoint.url)
    assert send_updates(rows, target, spill=tmp_path, chunk=10) == 25
    assert (endpoint.requests, len(endpoint.store)) == (3, 25)


def test_blank_nodes_go_in_one_request_or_not_at_all(tmp_path, endpoint):
    rows = table(tmp_path, 25, "'_:b'")
    target = LogicalTarget(endpoint.url, endpoint=endpoint.url)
    with pytest.raises(InputError) as caught:
        send_updates(rows, target, spill=tmp_path, chunk=10)
    assert (caught.value.code, endpoint.requests) == ("blank-nodes-in-push", 0)
    assert send_updates(rows, target, spill=tmp_path) == 25
    assert endpoint.requests == 1
    assert len({str(quad.object) for quad in endpoint.store}) == 1


@pytest.mark.parametrize(("made", "requests"), [("'_:b'", 1), ("'\"b\"'", 8)])
def test_a_request_that_breaks_is_sent_again_unless_it_makes_blank_nodes(
    tmp_path, endpoint, monkeypatch, made, requests
):
    monkeypatch.setattr("kg.http.Client._wait", lambda *_: None)
    rows, endpoint.status = table(tmp_path, 2, made), 503
    with pytest.raises(WorldError):
        send_updates(rows, LogicalTarget(endpoint.url, endpoint=endpoint.url), spill=tmp_path)
    assert endpoint.requests == requests
