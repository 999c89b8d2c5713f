"""Fixtures: a connection, and quad tables and shapes made from Turtle text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from kg.duck import engine
from kg.quads import QuadTable, spooled, write_table
from kg.rdf import spool_rdf
from kg.validation import load_shapes
from kg.validation.shapes import ShapesGraph, read_shapes

PREFIXES = """
@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
"""


@pytest.fixture(scope="session")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    # Of the whole process, which has run many other tests before.
    with engine(memory="4GB", threads=2) as connection:
        yield connection


@pytest.fixture
def table(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[[str], QuadTable]:
    """Make a quad table from Turtle text, with the usual prefixes."""

    def make(turtle: str, suffix: str = "ttl") -> QuadTable:
        source = tmp_path / f"data.{suffix}"
        source.write_text(PREFIXES + turtle, encoding="utf-8")
        spool = tmp_path / "data.parquet"
        spool_rdf([(source, None)], spool)
        return write_table(connection, spooled(spool), tmp_path / "quads.parquet")

    return make


@pytest.fixture
def shapes(tmp_path: Path) -> Callable[[str], ShapesGraph]:
    """Read and check shapes from Turtle text, with the usual prefixes."""

    def make(turtle: str) -> ShapesGraph:
        source = tmp_path / "shapes.ttl"
        source.write_text(PREFIXES + turtle, encoding="utf-8")
        return load_shapes([source])

    return make


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], ShapesGraph]:
    """Read shapes from Turtle text without checks, with the usual prefixes."""

    def make(turtle: str) -> ShapesGraph:
        source = tmp_path / "shapes.ttl"
        source.write_text(PREFIXES + turtle, encoding="utf-8")
        return read_shapes([source])

    return make
