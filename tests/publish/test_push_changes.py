"""``kg push --changes`` makes a store what a whole push would make of it, and sends little."""

import os
import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from kg.builds import seal
from kg.cli.main import main
from kg.duck import engine
from kg.errors import UsageError, WorldError
from kg.push import Changed, PushOptions, push
from kg.quads import write_table
from kg.workspace import Build, Workspace
from tests.publish.conftest import TRIPLES
from tests.publish.fake_store import FakeStore
from tests.publish.test_push import _no_waiting  # noqa: F401 - an autouse fixture

CHANGES = PushOptions(changes=True)
Quad = tuple[str, str, str, str | None]


def build(workspace: Workspace, number: int, rows: Iterable[Quad], before: str = "") -> str:
    """Make a build of these rows the current one."""
    made = Build(workspace.builds / f"20260102T{number:012}Z")
    made.path.mkdir()
    listed = [tuple(row) for row in rows]
    with engine() as connection:
        connection.execute("CREATE TABLE r (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
        if listed:
            connection.executemany("INSERT INTO r VALUES (?, ?, ?, ?)", listed)
        write_table(connection, "SELECT DISTINCT * FROM r", made.path / "quads.parquet")
    seal(made, {"previous": before})
    workspace.current_file.write_text(made.id, encoding="utf-8")
    return made.id


def quads(number: int, seed: int) -> set[Quad]:
    """Return random quads of few subjects, objects and graphs."""
    chance = random.Random(seed)
    objects = [
        '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
        '"01"@en',
        '"a\\"\\n"',
        "<http://e/o>",
    ]
    return {
        (
            f"<http://e/s{chance.randrange(6)}>",
            f"<http://e/p{chance.randrange(2)}>",
            chance.choice(objects),
            chance.choice([None, "<http://e/g1>", "<http://e/g2>"]),
        )
        for _ in range(number)
    }


def test_only_changes_are_sent(workspace: Workspace, store: FakeStore) -> None:
    first = [(f"<http://e/s{i}>", "<http://e/p>", f'"{i}"', "<http://e/g>") for i in range(50)]
    before = build(workspace, 1, first)
    said: list[str] = []
    whole = push(workspace, store.url, CHANGES, say=said.append)
    assert whole.changed is None
    assert said == ["all is sent: no earlier push to this store with these options is known"]

    build(workspace, 2, [*first[1:], ("<http://e/new>", "<http://e/p>", '"x"', None)], before)
    store.log.clear()
    done = push(workspace, store.url, CHANGES)
    assert done.changed == Changed(1, 1)
    assert [graph.held for graph in done.graphs] == [1, 49]
    assert len(store.graphs["http://e/g"]) == 49
    assert [method for method, _ in store.log if method in ("PUT", "DELETE")] == []
    assert (store.updates, done.requests) == (1, 1)

    again = push(workspace, store.url, CHANGES)
    assert (again.changed, again.requests, store.updates) == (Changed(0, 0), 0, 1)


@pytest.mark.parametrize("seed", range(int(os.environ.get("KG_EXAMPLES", "4"))))
def test_changes_leave_what_a_whole_push_leaves(
    seed: int, workspace: Workspace, store: FakeStore
) -> None:
    chance = random.Random(seed)
    options = chance.choice([{}, {}, {"into": "default"}, {"into": "http://e/all"}])
    rows, before = quads(60, seed), ""
    for turn in range(1, 5):
        before = build(workspace, turn, rows, before)
        done = push(workspace, store.url, PushOptions(changes=True, **options))  # type: ignore[arg-type]
        assert (done.changed is None) == (turn == 1)
        held = {name: lines for name, lines in store.graphs.items() if lines}
        store.graphs = {}
        record = (workspace.state / "pushed.json").read_bytes()
        push(workspace, store.url, PushOptions(**options))  # type: ignore[arg-type]
        assert held == {name: lines for name, lines in store.graphs.items() if lines}
        (workspace.state / "pushed.json").write_bytes(record)
        removed = set(chance.sample(sorted(rows, key=str), 4))
        rows = (rows - removed) | quads(4, chance.randrange(1_000_000))


def test_the_command_says_what_it_sends(
    workspace: Workspace, store: FakeStore, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-C", str(workspace.root), "push", "--changes", store.url]
    assert main([*words, "--dry-run"]) == 0
    assert "no earlier push" in capsys.readouterr().out
    before = build(workspace, 1, quads(40, 1))
    assert main(words) == 0
    build(workspace, 2, quads(40, 1) | {("<http://e/x>", "<http://e/p>", '"x"', None)}, before)
    capsys.readouterr()
    assert main([*words, "--dry-run"]) == 0
    assert capsys.readouterr().out == "only changes: 0 triples removed, 1 added\n"
    assert main(words) == 0
    assert "0 triples removed, 1 added" in capsys.readouterr().err
    assert main(words) == 0
    assert "nothing has changed" in capsys.readouterr().err


def test_what_others_wrote_is_found_and_replaced(workspace: Workspace, store: FakeStore) -> None:
    before = build(workspace, 1, quads(40, 1))
    push(workspace, store.url, CHANGES)
    store.graphs["http://e/g1"].add("<http://e/x> <http://e/p> <http://e/y>")
    build(workspace, 2, quads(40, 1) | quads(3, 2), before)
    said: list[str] = []
    assert push(workspace, store.url, CHANGES, say=said.append).changed is None
    assert "something else has written to it" in said[0]
    assert not any("http://e/x" in line for line in store.lines)


def test_after_a_push_that_broke_all_is_sent(workspace: Workspace, store: FakeStore) -> None:
    before = build(workspace, 1, quads(40, 1))
    push(workspace, store.url, CHANGES)
    build(workspace, 2, quads(40, 1) | quads(3, 2), before)
    store.fail = lambda _: "400"
    with pytest.raises(WorldError) as told:
        push(workspace, store.url, CHANGES)
    assert "all is sent then" in str(told.value.hint)
    store.fail = lambda _: ""
    assert push(workspace, store.url, CHANGES).changed is None
    assert push(workspace, store.url, CHANGES).changed == Changed(0, 0)


def test_an_update_whose_answer_is_lost_is_repeated(workspace: Workspace, store: FakeStore) -> None:
    before = build(workspace, 1, quads(40, 1))
    push(workspace, store.url)
    build(workspace, 2, quads(40, 1) | quads(3, 2), before)
    kinds = iter(["lost", "503", "cut"])
    store.fail = lambda _: next(kinds, "")
    assert push(workspace, store.url, CHANGES).changed is not None
    assert store.updates == 4


def test_many_changes_and_other_options_send_all(workspace: Workspace, store: FakeStore) -> None:
    before = build(workspace, 1, quads(40, 1))
    push(workspace, store.url)
    said: list[str] = []
    push(workspace, store.url, PushOptions(changes=True, graphs=["g1"]), say=said.append)
    assert "with these options" in said[0]
    push(workspace, store.url)
    build(workspace, 2, {(s, "<http://e/q>", o, g) for s, _, o, g in quads(40, 1)}, before)
    assert push(workspace, store.url, CHANGES, say=said.append).changed is None
    assert "triples have changed" in said[1]


def in_graph(name: str | None, number: int, first: int = 0) -> list[Quad]:
    return [
        (f"<http://e/s{i}>", "<http://e/p>", f'"{i}"', name) for i in range(first, first + number)
    ]


@pytest.mark.parametrize("option", ["graphs", "into"])
def test_another_namespace_makes_another_graph(
    option: str, workspace: Workspace, store: FakeStore
) -> None:
    one, two = "http://e/1/", "http://e/2/"
    build(workspace, 1, [*in_graph(f"<{one}g>", 9), *in_graph(f"<{two}g>", 5)])
    options = PushOptions(changes=True, **{option: ["gg:g"] if option == "graphs" else "gg:g"})  # type: ignore[arg-type]
    for namespace in (one, two):
        renamed = replace(workspace, prefixes={**workspace.prefixes, "gg": namespace})
        assert push(renamed, store.url, options).changed is None
        assert store.graphs[f"{namespace}g"]


def test_a_name_that_has_come_to_mean_another_graph_sends_all(
    workspace: Workspace, store: FakeStore
) -> None:
    before = build(workspace, 1, [*in_graph("<http://e/a/g>", 9), *in_graph("<http://e/b/h>", 9)])
    options = PushOptions(changes=True, graphs=["g"])
    push(workspace, store.url, options)
    build(workspace, 2, [*in_graph("<http://e/b/g>", 9), *in_graph("<http://e/b/h>", 9)], before)
    push(workspace, store.url, options)
    assert {name for name, lines in store.graphs.items() if lines} == {"http://e/b/g"}


def test_graphs_that_are_gone_are_removed_also_where_all_is_sent(
    workspace: Workspace, store: FakeStore
) -> None:
    graph = "<http://e/g>"
    first = build(workspace, 1, [*in_graph(None, 50), *in_graph(graph, 4)])
    push(workspace, store.url, CHANGES)
    second = build(workspace, 2, in_graph(graph, 54), first)
    assert push(workspace, store.url, CHANGES).changed is None
    assert not store.graphs.get("")
    build(workspace, 3, [*in_graph(None, 3), *in_graph(graph, 54)], second)
    assert push(workspace, store.url, CHANGES).changed == Changed(0, 3)
    assert len(store.graphs[""]) == 3


def test_a_new_graph_that_the_store_has_already_is_replaced(
    workspace: Workspace, store: FakeStore
) -> None:
    graph = "<http://e/g>"
    first = build(workspace, 1, [*in_graph(None, 50), *in_graph(graph, 50)])
    push(workspace, store.url)
    second = build(workspace, 2, in_graph(graph, 50), first)
    push(workspace, store.url)  # leaves the default graph
    build(workspace, 3, [*in_graph(None, 3), *in_graph(graph, 50)], second)
    said: list[str] = []
    assert push(workspace, store.url, CHANGES, say=said.append).changed is None
    assert "50 triples in the default graph, which is a new graph" in said[0]
    assert len(store.graphs[""]) == 3


def test_adding_is_not_remembered(workspace: Workspace, store: FakeStore) -> None:
    push(workspace, store.url)
    push(workspace, store.url, PushOptions(add=True, graphs=["g0"]))
    assert push(workspace, store.url, CHANGES).changed is None
    assert len(store.graphs["https://example.org/g0"]) == TRIPLES


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (PushOptions(changes=True, add=True), "--add"),
        (PushOptions(changes=True, check=False), "count"),
        (PushOptions(changes=True, update="ftp://e/"), "--update"),
        (PushOptions(changes=True, update="http://me:secret@e/"), "login"),
    ],
)
def test_what_does_not_go_together_is_refused(
    options: PushOptions, words: str, workspace: Workspace, store: FakeStore
) -> None:
    with pytest.raises(UsageError, match=words):
        push(workspace, store.url, options)


def test_a_store_of_unknown_urls_needs_its_endpoints(
    workspace: Workspace, store: FakeStore
) -> None:
    odd = PushOptions(changes=True, endpoint=store.url.replace("/store", "/query"))
    with pytest.raises(UsageError, match="updates"):
        push(workspace, store.url.replace("/store", "/other"), odd)


def test_a_push_that_cannot_be_noted_is_a_push(
    workspace: Workspace, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("kg.push.known.write_text", refuse)
    said: list[str] = []
    done = push(workspace, store.url, say=said.append)
    assert done.checked
    assert len(said) == 1
    assert "the next push will send all again" in said[0]
    assert "pushed.json" in said[0]
    assert push(workspace, store.url, CHANGES, say=said.append).changed is None


def test_a_record_that_somebody_edited_is_not_used(workspace: Workspace, store: FakeStore) -> None:
    push(workspace, store.url)
    record: Path = workspace.state / "pushed.json"
    record.write_text(record.read_text().replace(": 500", ": 499"), encoding="utf-8")
    assert push(workspace, store.url, CHANGES).changed is None
