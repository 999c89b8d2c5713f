"""Runs mappings over files made by a test, and returns the quads as text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kg.duck import engine
from kg.engines.duckdb import DuckDB
from kg.engines.duckdb.run import STREAM_FROM
from kg.engines.outcome import Outcome
from kg.mapping.documents import read_mappings
from kg.mapping.plan import Plan
from kg.sources import Folders
from kg.workspace import COMMON_PREFIXES

EX = "http://example.org/"
PREFIXES = {**COMMON_PREFIXES, "ex": EX}

Quad = tuple[str, str, str, str | None]


@dataclass(frozen=True)
class Run:
    """The quads of a run, in the order of the quad table, and what the run said of itself."""

    quads: list[Quad]
    made: Outcome

    @property
    def triples(self) -> list[tuple[str, str, str]]:
        """The triples of a run that makes none in named graphs."""
        assert all(g is None for *_, g in self.quads)
        return [(s, p, o) for s, p, o, _ in self.quads]

    def objects(self, predicate: str = "ex:p") -> list[str]:
        """The objects of one predicate, sorted, doubled where several subjects have them."""
        iri = f"<{EX}{predicate.removeprefix('ex:')}>"
        return sorted(o for _, p, o, _ in self.quads if p == iri)


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def run_plan(
    plan: Plan,
    *,
    threads: int | None = None,
    inside: Path | None = None,
    stream_from: int = STREAM_FROM,
) -> Run:
    """Run a plan whose sources are on disk."""
    with tempfile.TemporaryDirectory() as folder, engine(Path(folder), None, threads) as connection:
        spill = Path(folder)
        folders = Folders(None if inside is None else (inside,), spill)
        target = spill / "quads.parquet"
        made = DuckDB(connection, stream_from).run(plan, folders, target)
        quads = connection.execute(f"SELECT s, p, o, g FROM {made.table.sql}").fetchall()
    return Run(quads, made)


def run_mapping(
    folder: Path,
    mapping: str,
    files: Mapping[str, str | bytes],
    *,
    base: str = "",
    threads: int | None = None,
) -> Run:
    """Run a mapping over files: YARRRML, or RML where it holds the word ``rml:``."""
    write_files(folder, files)
    return run_plan(read_plan(folder, mapping, base=base), threads=threads)


def read_plan(folder: Path, mapping: str, *, base: str = "") -> Plan:
    name = "mapping.ttl" if "rml:" in mapping or "rr:" in mapping else "mapping.yml"
    path = folder / name
    path.write_text(mapping, encoding="utf-8")
    return read_mappings([path], PREFIXES, base)


def yarrrml(
    source: str, po: Iterable[str], subject: str = "ex:$(id)", extra: Iterable[str] = ()
) -> str:
    """Return a YARRRML document of one mapping, each predicate-object pair as a text."""
    lines = ["mappings:", "  m:", f"    sources: {source}", f"    s: {subject}"]
    lines += [f"    {line}" for line in extra]
    lines += ["    po:", *(f"      - {pair}" for pair in po)]
    return "\n".join(lines) + "\n"
