"""Quad tables and workspaces to export from, made without a build."""

import atexit
import contextlib
import functools
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from kg.builds import seal
from kg.duck import Connection, engine, sql_text
from kg.quads import QuadTable, write_table
from kg.workspace import Build
from tests.launcher import program

Quad = tuple[str, str, str, str | None]

CONFIG = """\
title = "A test"
base = "https://example.org/"

[prefixes]
ex = "https://example.org/"
voc = "https://example.org/ns#"
"""


@functools.cache
def connection() -> Connection:
    """Return a connection to DuckDB for all tests: opening one takes longer than most of them."""
    opened = contextlib.ExitStack()
    atexit.register(opened.close)
    return opened.enter_context(engine(threads=1))


def make_table(path: Path, quads: Iterable[Quad]) -> QuadTable:
    lines = path.with_suffix(".jsonl")
    objects = (dict(zip("spog", quad, strict=True)) for quad in quads)
    lines.write_text("".join(json.dumps(each) + "\n" for each in objects))
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in "spog")
    source = sql_text(str(lines))
    select = f"FROM read_json({source}, columns = {{{columns}}}, format = 'newline_delimited')"
    table = write_table(connection(), select, path)
    lines.unlink()
    return table


@pytest.fixture
def table(tmp_path: Path) -> Callable[[Iterable[Quad]], QuadTable]:
    return lambda quads: make_table(tmp_path / "quads.parquet", quads)


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[[Iterable[Quad]], Path]:
    def make(quads: Iterable[Quad]) -> Path:
        root = tmp_path / "workspace"
        build = root / ".kg" / "builds" / "20260101"
        build.mkdir(parents=True)
        (root / "kg.toml").write_text(CONFIG, encoding="utf-8")
        (root / ".kg" / "current").write_text(build.name, encoding="utf-8")
        make_table(build / "quads.parquet", quads)
        seal(Build(build), {"inferred_graph": "https://example.org/graph/inferred"})
        return root

    return make


def kg(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the kg command in its own process."""
    root = Path(__file__).parents[2]
    return subprocess.run(
        [*program(), *map(str, words)],
        cwd=cwd,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
