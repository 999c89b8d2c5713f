"""``kg push --changes`` leaves in a real store what a whole push leaves there.

pytest -m stores tests/publish/stores/test_changes.py
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.http import Client, find_credentials
from kg.push import PushOptions, graph_url, push
from kg.workspace import Workspace
from tests.publish.stores.servers import STARTERS, STORES, Store
from tests.publish.test_push_changes import Quad, build

pytestmark = [pytest.mark.stores, pytest.mark.slow]
XSD = "http://www.w3.org/2001/XMLSchema#"
# Virtuoso merges equal numbers of several types, and booleans with them, so that already the count
# after a whole push differs.
SEVERAL = ("boolean>", '"1.0"', '"1.00"')
GRAPHS = ("<http://e/g1>", "<http://e/g2>")
# Several forms of one value: some stores keep one of them.
OBJECTS = [
    *(f'"{form}"^^<{XSD}integer>' for form in ("1", "01", "+1", "2")),
    *(f'"{form}"^^<{XSD}decimal>' for form in ("1.0", "1.00", "1.5")),
    f'"true"^^<{XSD}boolean>',
    f'"1"^^<{XSD}boolean>',
    '"a \\"quoted\\" \\\\ \\n line"',
    '"caf\u00e9 \U0001f680"@fr',
    "<http://e/o%20x>",
]


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest,
    workspace: Workspace,  # noqa: ARG001  (it takes logins out of the environment)
    tmp_path: Path,
) -> Iterator[Store]:
    folder = tmp_path / "store"
    folder.mkdir()
    with STARTERS[request.param](folder, None) as started, pytest.MonkeyPatch.context() as patch:
        for name, value in started.environment.items():
            patch.setenv(name, value)
        yield started


def quads(number: int, chance: random.Random, store: Store) -> set[Quad]:
    fitting = [
        term
        for term in OBJECTS
        if store.name != "virtuoso" or not any(part in term for part in SEVERAL)
    ]
    return {
        (
            f"<http://e/s{chance.randrange(9)}>",
            f"<http://e/p{chance.randrange(2)}>",
            chance.choice(fitting),
            chance.choice(GRAPHS),
        )
        for _ in range(number)
    }


def held(store: Store) -> dict[str, set[str]]:
    """Return what the store gives of each graph."""
    client = Client(find_credentials(store.push_url))
    found = {}
    for name in GRAPHS:
        url = graph_url(store.push_url, name[1:-1])
        headers = {"Accept": "application/n-triples"}
        reply = client.send("GET", url, headers=headers, accepted=frozenset({404}))
        lines = ox.parse(reply.body if reply.status == 200 else b"", ox.RdfFormat.N_TRIPLES)
        found[name] = {str(quad.triple) for quad in lines}
    return found


@pytest.mark.parametrize("seed", range(3))
def test_changes_leave_what_a_whole_push_leaves(
    seed: int, store: Store, workspace: Workspace
) -> None:
    chance = random.Random(seed)
    rows, before = quads(80, chance, store), ""
    for turn in range(1, 6):
        before = build(workspace, turn, rows, before)
        done = push(workspace, store.push_url, PushOptions(changes=True))
        assert (done.changed is None) == (turn == 1)
        after_changes = held(store)
        if turn == 5:
            push(workspace, store.push_url, PushOptions())
            assert values(after_changes) == values(held(store))
        rows -= set(chance.sample(sorted(rows), 5))
        rows |= quads(4, chance, store)


def values(graphs: dict[str, set[str]]) -> dict[str, list[tuple[str, ...]]]:
    """Return the triples with numbers as values, since a store chooses which form it keeps."""
    found = {}
    for name, lines in graphs.items():
        rows = set()
        for quad in ox.parse("".join(f"{line} .\n" for line in lines), ox.RdfFormat.N_TRIPLES):
            term = quad.object
            form = str(term)
            if isinstance(term, ox.Literal) and term.datatype.value.endswith(
                ("integer", "decimal")
            ):
                form = f"{float(term.value)} {term.datatype.value}"
            if isinstance(term, ox.Literal) and term.datatype.value.endswith("boolean"):
                form = str(term.value in ("1", "true"))
            rows.add((str(quad.subject), str(quad.predicate), form))
        found[name] = sorted(rows)
    return found
