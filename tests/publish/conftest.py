"""A small workspace with a build, and a store to push to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.builds import seal
from kg.duck import engine
from kg.quads import write_table
from kg.workspace import Build, Workspace, read_workspace
from tests.publish.fake_store import FakeStore, fake_store

INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
TRIPLES = 500  # of each of two graphs; the default graph has one


@pytest.fixture
def store() -> Iterator[FakeStore]:
    with fake_store() as made:
        yield made


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name in ("KG_USER", "KG_PASSWORD", "KG_TOKEN", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path / "w"
    build = root / ".kg" / "builds" / "20260101"
    build.mkdir(parents=True)
    (root / "kg.toml").write_text('base = "https://example.org/"\n', encoding="utf-8")
    (root / ".kg" / "current").write_text(build.name, encoding="utf-8")
    made = (
        "SELECT concat('<https://example.org/s', i, '>') AS s, '<https://example.org/p>' AS p,"
        f" concat('\"', i, '\"^^<{INTEGER}>') AS o, concat('<https://example.org/g', i % 2, '>')"
        f" AS g FROM range({2 * TRIPLES}) AS t(i) UNION ALL"
        " SELECT '<https://example.org/s>', '<https://example.org/p>', '\"a\\n\"@en', NULL"
    )
    with engine() as connection:
        write_table(connection, made, build / "quads.parquet")
    seal(Build(build), {})
    return read_workspace(root)
