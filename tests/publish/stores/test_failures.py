"""A push into real stores: the network between fails, or the disk is full."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kg.http import Client, Credentials
from kg.push import graph_url
from kg.workspace import Workspace
from tests.publish.proxy import FAILURES, failing_proxy
from tests.publish.stores.servers import STARTERS, STORES, Store, free_port, running
from tests.publish.stores.test_stores import ROOT, workspace
from tests.publish.test_push_failures import port_of

__all__ = ["workspace"]  # the fixture
pytestmark = [pytest.mark.stores, pytest.mark.slow]


def kg_push(url: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kg", "-C", str(ROOT), "push", *words, url],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def held(store: Store, graphs: list[str]) -> dict[str, list[str]]:
    """Return the triples of each graph in the store, read by the Graph Store Protocol."""
    client = client_of(store)
    wanted = {"Accept": "application/n-triples"}
    found = {}
    for graph in graphs:
        body = client.send("GET", graph_url(store.push_url, graph), headers=wanted).body
        found[graph] = sorted(line for line in body.decode().splitlines() if line)
    return found


def client_of(store: Store) -> Client:
    login = store.environment
    return Client(Credentials(login.get("KG_USER"), login.get("KG_PASSWORD")))


@pytest.mark.parametrize("name", STORES)
def test_a_failing_network_loses_and_doubles_nothing(
    name: str, workspace: Workspace, tmp_path: Path
) -> None:
    graphs = [graph["graph"][1:-1] for graph in workspace.current_build().info()["graphs"]]
    with STARTERS[name](tmp_path, None) as store:
        assert kg_push(store.push_url, **store.environment).returncode == 0
        wanted = held(store, graphs)
        assert all(wanted.values())
        for graph in graphs:
            client_of(store).send("DELETE", graph_url(store.push_url, graph))
        own = port_of(store.push_url)
        with failing_proxy(own, seed=5) as (port, done):
            words = ["--chunk", "3000", "--wait", "5", "--tries", "3"]
            url = store.push_url.replace(f":{own}/", f":{port}/")
            for _ in range(20):
                ended = kg_push(url, *words, **store.environment)
                if ended.returncode == 0:
                    break
                assert ended.returncode == 3, ended.stderr
                assert "Traceback" not in ended.stderr
        assert ended.returncode == 0, ended.stderr
        assert set(FAILURES) <= set(done)
        assert held(store, graphs) == wanted


@pytest.mark.usefixtures("workspace")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    """Oxigraph on a disk of 6 MB, too small for the graph."""
    binary = os.environ.get("KG_OXIGRAPH") or shutil.which("oxigraph")
    mount = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=6m none db && exec "$@"', "sh"]
    (tmp_path / "db").mkdir()
    tried = subprocess.run([*mount, "true"], cwd=tmp_path, capture_output=True, check=False)
    if binary is None or tried.returncode:
        pytest.skip("it needs oxigraph (KG_OXIGRAPH), and to be allowed to mount a small disk")
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [*mount, binary, "serve", "--location", "db", "--bind", f"127.0.0.1:{port}"]
    with running(command, tmp_path, f"{url}/"):
        ended = kg_push(f"{url}/store", "--chunk", "3000", "--tries", "2")
    assert ended.returncode == 3, ended.stderr
    assert "No space left" in ended.stderr
    assert "Make room on the store's disk" in ended.stderr
