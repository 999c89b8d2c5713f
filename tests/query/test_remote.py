"""Questions asked of a remote store, over HTTP on this machine."""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest

from kg import query
from kg.cli.main import main
from kg.errors import InputError
from kg.queries.remote import check_endpoint, with_prologue
from tests.listener import Listener

EX = "http://example.org/"


class Remote(BaseHTTPRequestHandler):
    """A small SPARQL endpoint; its path says how it misbehaves."""

    store: ClassVar[ox.Store] = ox.Store()
    queries: ClassVar[list[str]] = []
    authorizations: ClassVar[list[str | None]] = []
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = parse_qs(body)["query"][0]
        self.authorizations.append(self.headers["Authorization"])
        if self.path == "/moved":
            self.answer(307, b"", Location="/query")
            return
        if self.path.startswith("/status/"):
            self.answer(int(self.path[8:]), b"no  \n such <query>", "text/plain")
            return
        if self.path == "/page":
            self.answer(200, b"<html>hello</html>", "text/html")
            return
        self.queries.append(query)
        try:
            found = self.store.query(query)
        except SyntaxError as error:
            self.answer(400, str(error).encode(), "text/plain")
            return
        if isinstance(found, ox.QueryTriples):
            self.answer(200, found.serialize(format=ox.RdfFormat.TURTLE), "text/turtle")
            return
        xml = self.path == "/xml"
        form = ox.QueryResultsFormat.XML if xml else ox.QueryResultsFormat.JSON
        data = found.serialize(format=form)
        assert data is not None
        if self.path == "/broken":
            data = data[:-20]
        if self.path == "/cut":
            self.cut(data)
            return
        self.answer(200, data, f"application/sparql-results+{'xml' if xml else 'json'}")

    def cut(self, data: bytes) -> None:
        """Promise a piece and hang up in its midst."""
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n" % len(data) + data[:-9])
        self.close_connection = True

    def answer(self, code: int, data: bytes | None, kind: str = "text/plain", **more: str) -> None:
        data = data or b""
        self.send_response(code)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    Remote.store.load(
        f'<{EX}a> <{EX}p> 1, "x"@en . <{EX}b> <{EX}p> 2 .'.encode(), ox.RdfFormat.TURTLE
    )
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Remote)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def ask(url: str, *words: str) -> int:
    return main(["query", "--endpoint", url, *words])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where there is no workspace."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("path", ["/query", "/xml", "/moved"])
def test_rows(path: str, server: str, tmp_path: Path) -> None:
    query = f"SELECT ?o {{ <{EX}a> ?p ?o }} ORDER BY ?o"
    assert ask(server + path, "-e", query, "-o", "out.csv") == 0
    assert sorted((tmp_path / "out.csv").read_text().split()) == ["1", "o", "x"]


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "xml", "table", "markdown", "html"])
def test_formats(form: str, server: str, tmp_path: Path) -> None:
    words = ["-e", f"SELECT ?s {{ ?s <{EX}p> 2 }}", "-f", form, "-o", "out"]
    assert ask(f"{server}/query", *words) == 0
    assert f"{EX}b" in (tmp_path / "out").read_text()


def test_graph_and_boolean(server: str, tmp_path: Path) -> None:
    assert ask(f"{server}/query", "-e", "CONSTRUCT WHERE { ?s ?p 2 }", "-o", "out.nt") == 0
    assert (tmp_path / "out.nt").read_text().startswith(f"<{EX}b> <{EX}p> ")
    assert ask(f"{server}/query", "-e", "ASK { ?s ?p 2 }", "-o", "out.csv") == 0
    assert (tmp_path / "out.csv").read_text() == "true\n"
    assert ask(f"{server}/query", "-e", "ASK { ?s ?p 9 }", "-o", "out.csv", "--fail-on-false") == 1


def test_parameters_and_prefixes_are_those_of_a_local_question(
    workspace: Path, server: str, tmp_path: Path
) -> None:
    words = ["-C", str(workspace), "query", "since", "--endpoint", f"{server}/query"]
    assert main([*words, "--param", "since=2022-02-29"]) == 2
    assert main([*words, "--param", "since=2020-02-29", "-o", str(tmp_path / "out.csv")]) == 0
    sent = next(query for query in reversed(Remote.queries) if "VALUES" in query)
    assert '{ "2020-02-29"^^<http://www.w3.org/2001/XMLSchema#date> }' in sent
    assert "PREFIX ex: <http://example.org/ns#> SELECT" in sent
    assert "PREFIX xsd:" not in sent
    assert main([*words, "-o", str(tmp_path / "out.csv")]) == 0
    sent = next(query for query in reversed(Remote.queries) if "VALUES" in query)
    assert "PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> SELECT" in sent


def test_the_prologue_keeps_lines() -> None:
    text = "# a: b\nSELECT * { ?s ex:a ?o ; foo:b 'ex2:c' }"
    assert with_prologue(text, {"ex": EX, "ex2": EX}) == (
        f"# a: b\nPREFIX ex: <{EX}> SELECT * {{ ?s ex:a ?o ; foo:b 'ex2:c' }}"
    )
    assert with_prologue("PREFIX ex: <a> ASK { ?s ex:a 1 }", {"ex": EX}).count("PREFIX") == 1


@pytest.mark.parametrize(
    ("path", "code", "says"),
    [
        ("/status/400", 3, "answered 400 Bad Request: no such <query>"),
        ("/status/401", 3, "Set KG_USER and KG_PASSWORD"),
        ("/status/404", 3, "must be that of the SPARQL endpoint"),
        ("/status/503", 3, "Ask again later"),
        ("/page", 3, "answered with text/html, which is no answer"),
        ("/broken", 3, "breaks off"),
        ("/cut", 3, "breaks off"),
    ],
)
def test_what_goes_wrong(
    path: str, code: int, says: str, server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    assert ask(server + path, "-e", "SELECT * { ?s ?p ?o }", "-o", str(target)) == code
    assert says in capsys.readouterr().err
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_who_asks_is_told_by_the_environment(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", "/nowhere")
    words = ["-e", "ASK {}", "-o", "out.csv"]
    assert ask(f"{server}/query", *words) == 0
    assert Remote.authorizations[-1] is None
    monkeypatch.setenv("KG_USER", "me")
    monkeypatch.setenv("KG_PASSWORD", "secret")
    assert ask(f"{server}/moved", *words) == 0
    assert Remote.authorizations[-2:] == ["Basic bWU6c2VjcmV0", None], "a redirect learns nothing"
    monkeypatch.setenv("KG_TOKEN", "t")
    assert ask(f"{server}/query", *words) == 0
    assert Remote.authorizations[-1] == "Bearer t"


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("http://127.0.0.1:9/", "-e", "ASK {}") == 3
    assert "cannot be reached: Connection refused" in capsys.readouterr().err


def test_a_store_that_speaks_no_tls(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(server.replace("http:", "https:") + "/query", "-e", "ASK {}") == 3
    said = capsys.readouterr().err
    assert "[remote-tls]" in said
    assert "Perhaps it speaks http://" in said


def test_mistakes_are_told_before_anything_is_sent(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(Remote.queries)
    assert ask(f"{server}/query", "-e", "SELECT * { ?s ?p ?o } LIMT 3") == 2
    assert "Did you mean LIMIT?" in capsys.readouterr().err
    assert ask(f"{server}/query", "-e", "DELETE WHERE { ?s ?p ?o }") == 2
    assert ask(f"{server}/query", "-e", "ASK {}", "--data", "a.ttl") == 2
    assert len(Remote.queries) == before


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:7878",
        "ftp://a/",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "http://[",
        "http://]/",
        "http://a:b/",
        "http://a:99999/",
        "http://a b/",
        "http://a/\x1b[2J",
        "http://a\n/",
        "http:///a",
    ],
)
def test_urls(url: str) -> None:
    with pytest.raises(InputError, match="--endpoint takes a URL"):
        check_endpoint(url)


@pytest.mark.parametrize(("words", "said"), [(["-e", "ASK { ?s <e:q> 1 }"], True), ([], False)])
def test_an_empty_answer_of_a_store_whose_default_graph_is_empty(
    words: list[str], said: bool, capsys: pytest.CaptureFixture[str], server: str, monkeypatch
) -> None:
    named = ox.Store()
    named.load(
        f"<{EX}a> <{EX}p> 1 <{EX}g> .".encode().replace(b" 1 ", b' "1" '), ox.RdfFormat.N_QUADS
    )
    monkeypatch.setattr(Remote, "store", named)
    assert ask(f"{server}/query", *(words or ["-e", "SELECT * { GRAPH ?g { ?s ?p ?o } }"])) == 0
    assert ("default graph holds nothing" in capsys.readouterr().err) is said


def test_an_empty_answer_of_a_store_that_holds_something(
    capsys: pytest.CaptureFixture[str], server: str
) -> None:
    assert ask(f"{server}/query", "-e", "SELECT ?o { ?s <e:q> ?o }") == 0
    assert "default graph" not in capsys.readouterr().err


JSON_ROWS = "application/sparql-results+json"
XML_ROWS = "application/sparql-results+xml"


@contextmanager
def answering(body: bytes, kind: str, code: int = 200, **headers: str) -> Iterator[str]:
    """Serve one answer to whatever is asked."""

    class Fixed(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Fixed) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}/sparql"
        httpd.shutdown()
        thread.join()


def rows(*cells: str) -> bytes:
    bound = ",".join(f'{{"x": {cell}}}' for cell in cells)
    return f'{{"head":{{"vars":["x"]}},"results":{{"bindings":[{bound}]}}}}'.encode()


ODD = {
    '{ "type": "bnode", "value": "nodeID://b10017" }': ("_:nodeID-b10017", False),
    '{"value":"nodeID://b1","type":"bnode"}': ("_:nodeID-b1", False),
    '{"type":"uri","value":"nodeID://b1"}': ("_:nodeID-b1", False),
    '{"type":"bnode","value":"a b"}': ("_:x612062", False),
    '{"type":"bnode","value":"b0"}': ("_:b0", False),
    '{"type":"uri","value":"http://e/a b"}': ("http://e/a%20b", True),
    '{"type":"uri","value":"http://e/{a}|\\\\\\"^`<>\\u0001"}': (
        "http://e/%7Ba%7D%7C%5C%22%5E%60%3C%3E%01",
        True,
    ),
    '{"type":"uri","value":"http://e/100%"}': ("http://e/100%25", True),
    '{"type":"uri","value":"no scheme"}': ("no scheme", True),
    '{"type":"uri","value":"http://e/\\u00fc"}': ("http://e/ü", False),
    '{"type":"literal","value":"\\"type\\":\\"uri\\",\\"value\\":\\"a b\\""}': (
        '"type":"uri","value":"a b"',
        False,
    ),
    '{"type":"literal","value":"nodeID://b1 { \\"type\\""}': ('nodeID://b1 { "type"', False),
    '{"type":"literal","xml:lang":"en_US","value":"x"}': ("x", True),
    '{"type":"typed-literal","datatype":"my type","value":"x"}': ("x", True),
}


@pytest.mark.parametrize("cell", ODD)
@pytest.mark.parametrize("place", [0, 3000])
def test_a_term_that_is_none_does_not_fail_the_answer(
    cell: str, place: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the pieces in which it is read part it, and it is far behind."""
    wanted, told = ODD[cell]
    usual = '{"type":"uri","value":"http://e/a"}'
    body = rows(*[usual] * place, *[cell] * 300)
    with answering(body, JSON_ROWS) as url:
        assert ask(url, "-e", "SELECT ?x { ?x ?p ?o }", "-o", "out.csv") == 0
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["x"], *[["http://e/a"]] * place, *[[wanted]] * 300]
    said = capsys.readouterr().err
    assert ("300 terms that are not RDF" in said) is told


def test_odd_terms_in_xml_and_graphs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/>'
    cells = ("<bnode>nodeID://b1</bnode>", "<uri>http://e/a b&amp;c</uri>", "<uri>http://e/&amp;</uri>",
             "<literal>&lt;uri&gt;a b&lt;/uri&gt;</literal>",
             '<literal xml:lang="en_GB">x</literal>')  # fmt: skip
    bound = "".join(f'<result><binding name="x">{cell}</binding></result>' for cell in cells)
    body = f'<?xml version="1.0"?>{head}</head><results>{bound}</results></sparql>'.encode()
    with answering(body, XML_ROWS) as url:
        assert ask(url, "-e", "SELECT ?x { ?x ?p ?o }", "-o", "out.tsv") == 0
    assert (tmp_path / "out.tsv").read_text().splitlines() == [
        *(
            "?x",
            "_:nodeID-b1",
            "<http://e/a%20b&c>",
            "<http://e/&>",
            '"<uri>a b</uri>"',
            '"x"@en-gb',
        )
    ]
    assert "2 terms that are not RDF, such as 'http://e/a b&c'" in capsys.readouterr().err
    turtle = "<http://e/a b> <http://e/p> <nodeID://b1>, <http://e/c> ."
    with answering(turtle.encode(), "text/turtle") as url:
        assert ask(url, "-e", "CONSTRUCT WHERE { ?x ?p ?o }", "-o", "out.nt") == 0
    lines = (tmp_path / "out.nt").read_text().splitlines()
    # Sorted, blank nodes with labels that are the same every time.
    assert lines[0] == "<http://e/a%20b> <http://e/p> <http://e/c> ."
    assert re.fullmatch(r"<http://e/a%20b> <http://e/p> _:\w+ \.", lines[1])
    assert len(lines) == 2
    assert "2 terms that are not RDF" in capsys.readouterr().err


def test_python_is_warned_of_odd_terms() -> None:
    with answering(rows('{"type":"uri","value":"http://e/a b"}'), JSON_ROWS) as url:
        solutions = query("SELECT ?x { ?x ?p ?o }", endpoint=url)
        with pytest.warns(UserWarning, match="1 term that is not RDF"):
            assert [str(row["x"]) for row in solutions] == ["<http://e/a%20b>"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        (206, {}),
        (200, {"X_SQL_State": "S1TAT", "X_SQL_Message": "RC...: Anytime query"}),
        (206, {"X_SQL_State": "S1TAT"}),
    ],
)
def test_a_partial_answer_is_an_error(
    code: int, headers: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, text in (
        (JSON_ROWS, "SELECT ?x { ?x ?p ?o }"),
        ("text/turtle", "DESCRIBE <http://e/a>"),
    ):
        body = rows('{"type":"uri","value":"http://e/a"}') if kind == JSON_ROWS else b""
        with answering(body, kind, code, **headers) as url:
            assert ask(url, "-e", text, "-o", "out.txt", "-f", "table") == 4
        said = capsys.readouterr().err
        assert "a part of the answer only" in said
        assert "[partial-answer]" in said
    assert list(tmp_path.iterdir()) == []


def test_another_state_of_virtuoso_is_none_of_a_partial_answer() -> None:
    with answering(rows(), JSON_ROWS, X_SQL_State="00000") as url:
        assert ask(url, "-e", "SELECT ?x { ?x ?p ?o }", "-o", "out.csv") == 0


def test_another_server_is_sent_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Listener() as other:
        for where in (f"{other.url}sparql", other.url.replace("127.0.0.1", "localhost"),
                      "ftp://127.0.0.1/", "file:///etc/passwd"):  # fmt: skip
            with answering(b"", "text/plain", 307, Location=where) as url:
                assert ask(url, "-e", "ASK {}") == 3
            said = capsys.readouterr().err
            assert "another server, which kg does not follow" in said
        with answering(b"", "text/plain", 307, Location="http://[::1") as url:
            assert ask(url, "-e", "ASK {}") == 3
        assert other.calls == 0
