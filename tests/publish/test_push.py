"""A push neither loses nor duplicates triples, whatever the network does."""

import random
import socket
import subprocess
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from kg.builds import seal
from kg.duck import engine
from kg.errors import InputError, UsageError, WorldError
from kg.http import Client, find_credentials
from kg.push import PushOptions, endpoint_of, plan_push, push, value_sql
from kg.quads import write_table
from kg.workspace import Workspace
from tests.launcher import program
from tests.publish.conftest import INTEGER, TRIPLES
from tests.publish.fake_store import PASSWORD, TOKEN, USER, FakeStore

ROOT = Path(__file__).parents[2]
ALL = 2 * TRIPLES + 1


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Client.__init__,
        "__kwdefaults__",
        {
            **(Client.__init__.__kwdefaults__ or {}),
            "sleep": lambda _: None,
        },
    )


def test_push_replaces_and_can_be_repeated(workspace: Workspace, store: FakeStore) -> None:
    store.graphs = {"https://example.org/g0": {"old"}, "https://example.org/other": {"kept"}}
    done = push(workspace, store.url, PushOptions(chunk=200))
    assert (done.requests, done.retried, done.checked) == (7, 0, True)
    assert [graph.held for graph in done.graphs] == [1, TRIPLES, TRIPLES]
    first = store.lines
    assert len(first) == ALL + 1
    assert store.graphs.pop("https://example.org/other") == {"kept"}
    push(workspace, store.url, PushOptions(chunk=33))
    assert store.lines == [line for line in first if not line.endswith("kept")]


def test_add_keeps_what_is_there(workspace: Workspace, store: FakeStore) -> None:
    store.graphs = {"https://example.org/g0": {"old"}}
    push(workspace, store.url, PushOptions(add=True, graphs=["g0"]))
    assert len(store.graphs["https://example.org/g0"]) == TRIPLES + 1
    assert list(store.graphs) == ["https://example.org/g0"]


def test_all_triples_can_go_into_one_graph(workspace: Workspace, store: FakeStore) -> None:
    push(workspace, store.url, PushOptions(into="default", chunk=400))
    assert {name: len(held) for name, held in store.graphs.items()} == {"": ALL}


def test_failures_neither_lose_nor_duplicate_triples(
    workspace: Workspace, store: FakeStore
) -> None:
    push(workspace, store.url)
    wanted = store.lines
    store.graphs = {}
    chance = random.Random(11)
    kinds = [*[""] * 10, "cut", "lost", "503", "502", "slow"]
    store.fail = lambda _: chance.choice(kinds)
    runs = retried = 0
    while runs < 20:
        runs += 1
        try:
            # With few tries some pushes break in the middle, and are repeated.
            done = push(workspace, store.url, PushOptions(chunk=50, tries=3, timeout=0.4))
        except WorldError:
            continue
        retried = done.retried
        break
    assert runs > 1
    assert retried > 3
    assert store.lines == wanted


def test_a_request_is_sent_only_so_many_times(workspace: Workspace, store: FakeStore) -> None:
    store.fail = lambda number: "503" if number > 3 else ""
    with pytest.raises(WorldError, match="503") as caught:
        push(workspace, store.url, PushOptions(chunk=100, tries=4))
    assert "had arrived" in caught.value.message
    assert "Run the same command again" in str(caught.value.hint)
    assert [status for _, status in store.log].count(503) == 4


@pytest.mark.parametrize(
    ("wanted", "low", "high"),
    [
        ("0", 0, 0),
        ("7", 7, 7),
        ("86400", 30, 30),
        (300, 30, 30),  # a number means a date that many seconds from now
        (20, 10, 20),
        (-20, 0, 0),
        ("soon", 0.5, 0.5),
        (None, 0.5, 0.5),
    ],
)
def test_kg_waits_as_long_as_retry_after_says(
    store: FakeStore, wanted: str | int | None, low: float, high: float
) -> None:
    store.fail = lambda number: "503" if number == 1 else ""
    if isinstance(wanted, int):
        wanted = formatdate(time.time() + wanted, usegmt=True)
    store.retry_after = wanted
    waited: list[float] = []
    client = Client(sleep=waited.append)
    client.send("PUT", f"{store.url}?default", b"", {"Content-Type": "application/n-triples"})
    assert len(waited) == 1
    assert low <= waited[0] <= high


@pytest.mark.parametrize("login", ["basic", "digest", "bearer"])
def test_each_kind_of_login_works(
    login: str, workspace: Workspace, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.login = login
    if login == "bearer":
        monkeypatch.setenv("KG_TOKEN", TOKEN)
    else:
        monkeypatch.setenv("KG_USER", USER)
        monkeypatch.setenv("KG_PASSWORD", PASSWORD)
    push(workspace, store.url, PushOptions(chunk=300))
    assert len(store.lines) == ALL
    # The login is sent only after the store has asked once, then with every request.
    assert [status for _, status in store.log].count(401) == (login != "bearer")


def test_a_login_is_read_from_netrc(
    tmp_path: Path, workspace: Workspace, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.login = "basic"
    netrc = tmp_path / "logins"
    netrc.write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    push(workspace, store.url)
    assert len(store.lines) == ALL
    assert PASSWORD not in repr(find_credentials(store.url, {"NETRC": str(netrc)}))


def test_a_wrong_password_is_an_error(
    workspace: Workspace, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.login = "digest"
    monkeypatch.setenv("KG_USER", USER)
    monkeypatch.setenv("KG_PASSWORD", "wrong")
    with pytest.raises(WorldError, match="401") as caught:
        push(workspace, store.url)
    assert "KG_PASSWORD" in str(caught.value.hint)
    assert store.graphs == {}


def test_a_full_disk_is_not_tried_again(workspace: Workspace, store: FakeStore) -> None:
    store.fail, store.said = lambda _: "500", "write failed: No space left on device"
    with pytest.raises(WorldError, match="No space left") as caught:
        push(workspace, store.url)
    assert "Make room" in str(caught.value.hint)
    assert store.writes == 1  # trying again would not help


def test_a_wrong_url_is_an_error(workspace: Workspace, store: FakeStore) -> None:
    with pytest.raises(WorldError, match="404"):
        push(workspace, store.url.replace("/store", "/stor"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(WorldError, match="refused") as caught:
        push(workspace, f"http://127.0.0.1:{port}/store")
    assert "times" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "ftp://e/store",
        "localhost:3030/ds/data",
        "http://ann:s3cret@e/store",
        "http://e/store?graph=x",
        "http://e/store#x",
        "http://e:99999/store",
        "http://e:port/store",
        "http://local host/store",
        "http://e/stör",
        "http://a..b/store",
        "http://[::1/store",
        "http://",
    ],
)
def test_a_url_that_cannot_be_a_store_is_refused(
    workspace: Workspace, store: FakeStore, url: str
) -> None:
    with pytest.raises(UsageError):
        push(workspace, url)
    if "@" not in url and "?" not in url and "#" not in url:
        with pytest.raises(UsageError):
            push(workspace, store.url, PushOptions(endpoint=url))
    assert store.log == []


def test_a_server_without_tls_is_an_error(workspace: Workspace, store: FakeStore) -> None:
    with pytest.raises(WorldError) as caught:
        push(workspace, store.url.replace("http:", "https:"), PushOptions(tries=2))
    assert caught.value.code == "remote-tls"


def test_merged_values_are_distinguished_from_losses(
    workspace: Workspace, store: FakeStore
) -> None:
    with engine() as connection:
        rows = ", ".join(
            f"('<https://e/s>', '<https://e/p>', '\"{text}\"^^<{INTEGER}>', '<https://e/g>')"
            for text in ("1", "01", "2")
        )
        write_table(
            connection,
            f"SELECT * FROM (VALUES {rows}) AS t(s, p, o, g)",
            workspace.current_build().quads,
        )
    seal(workspace.current_build(), {})
    store.merges = True
    (graph,) = push(workspace, store.url).graphs
    assert (graph.triples, graph.values, graph.held, graph.merged) == (3, 2, 2, 1)
    store.fail = lambda _: "204"
    store.graphs = {"https://e/g": {"one"}}
    with pytest.raises(WorldError) as caught:
        push(workspace, store.url)
    assert caught.value.code == "remote-count-differs"


@pytest.mark.parametrize(
    ("forms", "kind"),
    [
        (["1", "01", "+1"], "integer"),
        (["-5", "-05"], "integer"),
        (["0", "00"], "integer"),
        (["1.5", "1.50", "+01.5"], "decimal"),
        (["10.0", "10", "10."], "decimal"),
        (["1E0", "1.0", "10e-1"], "double"),
        (["true", "1"], "boolean"),
        (["2022-11-18T00:00:00Z", "2022-11-18T00:00:00.000+00:00"], "dateTime"),
        (["2022-11-18T00:00:00.5", "2022-11-18T00:00:00.50"], "dateTime"),
    ],
)
def test_all_lexical_forms_have_the_same_value(forms: list[str], kind: str) -> None:
    terms = [f'"{form}"^^<http://www.w3.org/2001/XMLSchema#{kind}>' for form in forms]
    others = ['"7"^^<http://www.w3.org/2001/XMLSchema#long>', '"text"', '"1"@en', "<http://e/1>"]
    with engine() as connection:
        found = [
            connection.execute(f"SELECT {value_sql('t')} FROM (SELECT ? AS t)", [term]).fetchone()
            for term in [*terms, *others]
        ]
    same, rest = found[: len(terms)], found[len(terms) :]
    assert len(set(same)) == 1
    assert same[0] not in rest


def test_turtle_is_sent_if_the_store_refuses_ntriples(
    workspace: Workspace, store: FakeStore
) -> None:
    store.refuses = frozenset({"application/n-triples"})
    push(workspace, store.url)
    assert len(store.lines) == ALL


def test_blank_nodes_are_refused_or_skolemized(workspace: Workspace, store: FakeStore) -> None:
    with engine() as connection:
        write_table(
            connection,
            "SELECT '_:b1' AS s, '<https://e/p>' AS p, '_:b2' AS o, '<https://e/g>' AS g",
            workspace.current_build().quads,
        )
    seal(workspace.current_build(), {})
    with pytest.raises(InputError) as caught:
        plan_push(workspace, PushOptions())
    assert caught.value.code == "blank-nodes-in-push"
    push(workspace, store.url, PushOptions(skolemize=True))
    assert "https://example.org/.well-known/genid/b1" in store.lines[0]


def test_a_dry_run_lists_requests_and_sends_nothing(workspace: Workspace, store: FakeStore) -> None:
    ended = subprocess.run(
        [*program(), "push", "--dry-run", "--chunk", "300", store.url],
        cwd=workspace.root,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0
    assert ended.stdout.splitlines() == [
        f"PUT {store.url}?default: 1 triples, 1 requests",
        f"PUT {store.url}?graph=https%3A%2F%2Fexample.org%2Fg0: 500 triples, 2 requests",
        f"PUT {store.url}?graph=https%3A%2F%2Fexample.org%2Fg1: 500 triples, 2 requests",
    ]
    assert store.log == []


def test_a_refused_push_has_exit_code_3(workspace: Workspace, store: FakeStore) -> None:
    store.login = "basic"
    ended = subprocess.run(
        [*program(), "push", store.url],
        cwd=workspace.root,
        env={"PYTHONPATH": str(ROOT), "KG_USER": "x", "KG_PASSWORD": "y"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 3
    assert "401" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://h:7878/store", "http://h:7878/query"),
        ("http://h:3030/ds/data", "http://h:3030/ds/sparql"),
        (
            "http://h/rdf4j-server/repositories/r/rdf-graphs/service",
            "http://h/rdf4j-server/repositories/r",
        ),
        ("http://h:8890/sparql-graph-crud-auth", "http://h:8890/sparql"),
        ("http://h/other", None),
    ],
)
def test_endpoints_are_derived_from_graph_store_urls(url: str, endpoint: str | None) -> None:
    assert endpoint_of(url) == endpoint


def test_an_empty_default_graph_is_reported(workspace: Workspace, store: FakeStore) -> None:
    """Queries use the default graph, and find nothing in a store with only named graphs."""
    named = PushOptions(graphs=("https://example.org/g0",))
    assert push(workspace, store.url, named).default_is_empty
    # The default graph of this store is not the merge of the named graphs.
    assert not push(workspace, store.url).default_is_empty
    assert not push(workspace, store.url, named).default_is_empty
    store.graphs.clear()
    into = PushOptions(graphs=named.graphs, into="default")
    assert not push(workspace, store.url, into).default_is_empty
