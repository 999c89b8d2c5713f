"""A small workspace with an index, made without `kg build`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from kg.builds import seal
from kg.duck import engine
from kg.quads import spooled, write_table
from kg.queries.kinds import ACROSS, NOTED
from kg.queries.oxigraph.facts import read_facts
from kg.rdf import spool_rdf
from kg.store import write_index
from kg.workspace import Build

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
OWL = "http://www.w3.org/2002/07/owl#"
TRIPLES = f"""\
<{EX}id/L1> {TYPE} <{EX}ns#Launch> .
<{EX}id/L1> <{EX}ns#day> "2022-11-18"^^<{XSD}date> .
<{EX}id/L1> <{EX}ns#count> "1"^^<{XSD}integer> .
<{EX}id/L2> {TYPE} <{EX}ns#Launch> .
<{EX}id/L2> <{EX}ns#day> "2021-01-02"^^<{XSD}date> .
<{EX}id/L2> <{EX}ns#count> "12"^^<{XSD}integer> .
<{EX}id/L2> <{RDFS}label> "Zwei"@de .
<{EX}ns#Launch> {TYPE} <{OWL}Class> .
<{EX}ns#day> {TYPE} <{OWL}DatatypeProperty> .
<{EX}ns#count> {TYPE} <{OWL}DatatypeProperty> .
"""
SINCE = """\
# title: Launches since a day
# question: Which launches took place since a day?
# param since: xsd:date; the first day that counts
# columns: launch, day
# chart: bar x=day y=launch
SELECT ?launch ?day WHERE {
  VALUES ?since { "2022-01-01"^^xsd:date }
  ?launch a ex:Launch ; ex:day ?day .
  FILTER(?day >= ?since)
} ORDER BY ?day
"""


NAMED = "".join(
    line.removesuffix(" .") + f" <{EX}graph/launches> .\n"
    for line in TRIPLES.splitlines()
    if "/id/" in line
)


@cache
def quad_table() -> tuple[bytes, dict[str, Any]]:
    """Return the quad table as a file, and what a build says of it."""
    with TemporaryDirectory() as name, engine(threads=1) as connection:
        folder = Path(name)
        (folder / "all.nq").write_text(TRIPLES + NAMED)
        spool_rdf([(folder / "all.nq", None)], folder / "spool")
        table = write_table(connection, spooled(folder / "spool"), folder / "quads.parquet")
        kinds, quads = read_facts(connection, table.sql), table.count(connection)
        return table.path.read_bytes(), {
            "quads": quads,
            NOTED: kinds,
            "merged_by_index": 0,
            ACROSS: 0,
        }


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with two launches, a named graph and one question."""
    root = tmp_path / "ws"
    build = root / ".kg" / "builds" / "B1"
    build.mkdir(parents=True)
    (root / ".kg" / "current").write_text("B1\n")
    (root / "kg.toml").write_text(
        f'title = "T"\nbase = "{EX}id/"\n[prefixes]\nex = "{EX}ns#"\nid = "{EX}id/"\n'
    )
    (root / "queries").mkdir()
    (root / "queries" / "since.rq").write_text(SINCE)
    spool = tmp_path / "all.nq"
    spool.write_text(TRIPLES + NAMED)
    write_index([spool], build / "store")
    table, info = quad_table()
    (build / "quads.parquet").write_bytes(table)
    seal(Build(build), info)
    return root
