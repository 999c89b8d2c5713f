"""The command `kg push`, while networks, gateways, stores and users fail."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kg.workspace import Workspace
from tests.launcher import program
from tests.publish.conftest import TRIPLES
from tests.publish.fake_store import PASSWORD, USER, FakeStore, Handler
from tests.publish.proxy import FAILURES, failing_proxy

ROOT = Path(__file__).parents[2]
ALL = 2 * TRIPLES + 1


def kg_push(
    workspace: Workspace, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program(), "push", *words],
        cwd=workspace.root,
        env={"PYTHONPATH": str(ROOT), "HOME": str(workspace.root), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@pytest.mark.slow
def test_a_push_repeated_through_a_failing_proxy_is_complete(
    workspace: Workspace, store: FakeStore
) -> None:
    assert kg_push(workspace, store.url).returncode == 0
    wanted = store.lines
    store.graphs = {"https://example.org/g1": {"old"}}
    words = ["--chunk", "100", "--wait", "1", "--tries", "2"]
    with failing_proxy(port_of(store.url), seed=2) as (port, done):
        for run in range(1, 21):  # noqa: B007  (used below)
            ended = kg_push(workspace, *words, f"http://127.0.0.1:{port}/store")
            if ended.returncode == 0:
                break
            assert ended.returncode == 3, ended.stderr
            assert "Traceback" not in ended.stderr
    assert ended.returncode == 0
    assert run > 1
    assert "retries" in ended.stderr
    assert "the store holds them all" in ended.stderr
    assert store.lines == wanted
    assert set(FAILURES) <= set(done)


def test_a_wrong_or_missing_password_is_an_error(workspace: Workspace, store: FakeStore) -> None:
    store.login = "basic"
    for login, hint in (
        ({"KG_USER": USER, "KG_PASSWORD": "wrong"}, "KG_PASSWORD"),
        ({}, "KG_USER"),
    ):
        ended = kg_push(workspace, store.url, **login)
        assert_refused(ended, "401", hint)
        assert "wrong" not in ended.stderr
    assert store.graphs == {}
    assert kg_push(workspace, store.url, KG_USER=USER, KG_PASSWORD=PASSWORD).returncode == 0


@pytest.mark.parametrize(
    ("status", "said"),
    [("507", ""), ("500", "IO error: No space left on device: db/000012.log")],
)
def test_a_push_can_be_repeated_after_a_full_disk(
    workspace: Workspace, store: FakeStore, status: str, said: str
) -> None:
    store.fail, store.said = lambda number: status if number > 2 else "", said
    ended = kg_push(workspace, "--chunk", "300", store.url)
    assert_refused(ended, status, "Make room on the store's disk")
    assert "of 1,001 triples had arrived" in ended.stderr
    store.fail = lambda _: ""
    assert kg_push(workspace, store.url).returncode == 0
    assert len(store.lines) == ALL


def test_a_wrong_url_is_an_error(workspace: Workspace, store: FakeStore) -> None:
    ended = kg_push(workspace, store.url.replace("/store", "/stor"))
    assert_refused(ended, "404", "`kg help stores`")


def test_a_refused_connection_is_an_error(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ended = kg_push(workspace, f"http://127.0.0.1:{port}/store")
    assert_refused(ended, "Connection refused", "the store runs")


def test_an_unknown_host_is_an_error(workspace: Workspace) -> None:
    ended = kg_push(workspace, "http://store.invalid/store")
    assert_refused(ended, "store.invalid", "Check the URL")


def test_a_certificate_must_be_trusted_and_match_the_host(
    workspace: Workspace, store: FakeStore, tmp_path: Path
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("not installed: openssl, which makes the certificate")
    own = certificate(tmp_path / "own", "IP:127.0.0.1")
    other = certificate(tmp_path / "other", "DNS:store.example")
    with over_tls(store, own) as url:
        assert_refused(kg_push(workspace, url), "self-signed certificate", "SSL_CERT_FILE")
        trusted = kg_push(workspace, url, SSL_CERT_FILE=str(own / "cert.pem"))
        assert trusted.returncode == 0, trusted.stderr
    assert len(store.lines) == ALL
    with over_tls(store, other) as url:
        ended = kg_push(workspace, url, SSL_CERT_FILE=str(other / "cert.pem"))
        assert_refused(ended, "127.0.0.1", "certificate")
    ended = kg_push(workspace, store.url.replace("http:", "https:"), "--tries", "2")
    assert_refused(ended, "no secure connection", "speaks http://")


def assert_refused(ended: subprocess.CompletedProcess[str], said: str, hint: str) -> None:
    assert ended.returncode == 3, ended.stderr
    assert said in ended.stderr
    assert hint in ended.stderr
    assert "Traceback" not in ended.stderr


def certificate(folder: Path, name: str) -> Path:
    """Make a self-signed certificate."""
    folder.mkdir()
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=store"]
    files = ["-keyout", "key.pem", "-out", "cert.pem", "-addext", f"subjectAltName={name}"]
    subprocess.run(["openssl", *words, *files], cwd=folder, check=True, capture_output=True)
    return folder


@contextmanager
def over_tls(store: FakeStore, folder: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, object]:
            plain, address = super().get_request()
            return context.wrap_socket(plain, server_side=True), address

        def handle_error(self, *_: object) -> None:
            """Ignore clients that have disconnected."""

    server = Server(("127.0.0.1", 0), type("Bound", (Handler,), {"store": store}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}/store"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
