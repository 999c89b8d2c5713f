"""A graph store in a thread, which fails as a test wants."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

USER, PASSWORD, TOKEN = "ann", "s3cret", "t0ken"


@dataclass
class FakeStore:
    """Keeps graphs, and calls ``fail`` for each request that writes.

    Attributes:
        login: ``""``, ``basic``, ``digest`` or ``bearer``.
        fail: Gets the number of the request; returns ``""``, ``cut`` (before the body is used),
            ``lost`` (after it is used, without an answer), ``slow``, or a status.
        log: Method and status of each request.
    """

    login: str = ""
    fail: Callable[[int], str] = lambda _: ""
    said: str = ""
    retry_after: str | None = None
    merges: bool = False
    refuses: frozenset[str] = frozenset()
    log: list[tuple[str, int]] = field(default_factory=list)
    graphs: dict[str, set[str]] = field(default_factory=dict)
    writes: int = 0
    updates: int = 0
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lines(self) -> list[str]:
        return sorted(f"{g} {line}" for g, held in self.graphs.items() for line in held)


class Handler(BaseHTTPRequestHandler):
    store: FakeStore
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: str = "", **headers: str) -> None:
        self.store.log.append((self.command, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.send_header(
            "Content-Type", "application/sparql-results+json" if status == 200 else "text/plain"
        )
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    def allowed(self) -> bool:
        shown = self.headers.get("Authorization", "")
        if self.store.login == "basic":
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            good, challenge = shown == f"Basic {pair}", 'Basic realm="r"'
        elif self.store.login == "digest":
            good, challenge = self.digest(shown), 'Digest realm="r", nonce="n1", qop="auth"'
        elif self.store.login == "bearer":
            good, challenge = shown == f"Bearer {TOKEN}", "Bearer"
        else:
            return True
        if not good:
            self.answer(401, "who are you?", WWW_Authenticate=challenge)
        return good

    def digest(self, shown: str) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', shown))
        if not shown.startswith("Digest") or said["username"] != USER:
            return False

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        first, second = md5(f"{USER}:r:{PASSWORD}"), md5(f"{self.command}:{said['uri']}")
        wanted = md5(f"{first}:n1:{said['nc']}:{said['cnonce']}:auth:{second}")
        return said["response"] == wanted and said["uri"] == self.path

    def do_HEAD(self) -> None:
        if self.allowed():
            self.answer(404)

    def do_PUT(self) -> None:
        self.write_graph()

    def do_DELETE(self) -> None:
        if self.allowed():
            asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
            name = asked["graph"][0] if "graph" in asked else ""
            self.answer(404 if self.store.graphs.pop(name, None) is None else 204)

    def do_POST(self) -> None:
        if urlsplit(self.path).path == "/query":
            self.count()
        elif urlsplit(self.path).path == "/update":
            self.update()
        else:
            self.write_graph()

    def count(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = parse_qs(body)["query"][0]
        found = re.search(r"GRAPH <([^>]*)>", query)
        held = self.store.graphs.get(found[1] if found else "", set())
        if self.store.merges:
            held = {line.replace('"01"', '"1"') for line in held}
        value = {"n": {"type": "literal", "value": str(len(held))}}
        self.answer(200, json.dumps({"results": {"bindings": [value]}}))

    def update(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.store.updates += 1
        failure = self.store.fail(self.store.writes + self.store.updates)
        if failure.isdigit():
            self.answer(int(failure), self.store.said)
            return
        if failure == "cut":
            self.close_connection = True
            self.connection.close()
            return
        store = ox.Store()
        for name, held in self.store.graphs.items():
            graph = ox.NamedNode(name) if name else ox.DefaultGraph()
            for quad in ox.parse(" .\n".join([*held, ""]), ox.RdfFormat.N_TRIPLES):
                store.add(ox.Quad(quad.subject, quad.predicate, quad.object, graph))
        store.update(parse_qs(body)["update"][0])
        names = ["", *(graph.value for graph in store.named_graphs())]
        self.store.graphs = {name: set() for name in names if name or "" in self.store.graphs}
        for quad in store:
            name = "" if quad.graph_name == ox.DefaultGraph() else quad.graph_name.value
            self.store.graphs.setdefault(name, set()).add(str(quad.triple))
        if failure == "lost":
            self.close_connection = True
            self.connection.close()
            return
        self.answer(204)

    def write_graph(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # a truncated request changes nothing
            self.close_connection = True
            return
        if urlsplit(self.path).path != "/store":
            self.answer(404, "no such page")
            return
        if not self.allowed():
            return
        if self.headers["Content-Type"] in self.store.refuses:
            self.answer(415)
            return
        with self.store.lock:
            self.store.writes += 1
            failure = self.store.fail(self.store.writes)
        if failure == "cut":
            self.close_connection = True
            self.connection.close()
            return
        if failure.isdigit():
            wait = self.store.retry_after
            self.answer(int(failure), self.store.said, **({"Retry_After": wait} if wait else {}))
            return
        self.use(body)
        if failure == "lost":
            self.close_connection = True
            self.connection.close()
            return
        if failure == "slow":
            threading.Event().wait(0.6)
        self.answer(204)

    def use(self, body: bytes) -> None:
        asked = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        name = asked["graph"][0] if "graph" in asked else ""
        lines = {str(quad.triple) for quad in ox.parse(body, ox.RdfFormat.N_TRIPLES)}
        if self.command == "PUT":
            self.store.graphs[name] = lines
        else:
            self.store.graphs.setdefault(name, set()).update(lines)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Ignore clients that have disconnected, as tests make them do."""


@contextmanager
def fake_store() -> Iterator[FakeStore]:
    store = FakeStore()
    server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"store": store}))
    store.url = f"http://127.0.0.1:{server.server_address[1]}/store"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
