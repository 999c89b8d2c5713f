"""What queries mean, value by value: the same table for each engine that answers them.

Where an engine answers otherwise, the table says so, and that it is told.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kg.queries.answer import Style
from kg.queries.dataset import open_files
from kg.queries.engine import Engine
from kg.queries.formats import FORMATS
from kg.queries.run import Prepared
from kg.sparql.guard import guard

ENGINES = ("oxigraph", "table")
DATA = """\
@prefix : <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:g1 { :a :p 1 , 2 . :a :q 1 . }
:g2 { :a :p 1 . :b :p 5 . }
:g3 { :c :p "x"@en-GB ; :day "2020-01-31"^^xsd:date ; :large 9223372036854775807 . }
"""
HEAD = "PREFIX : <http://e/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "


@dataclass(frozen=True)
class Meaning:
    """A query, and its rows.

    Attributes:
        query: Without its prefixes.
        rows: As SPARQL has them, sorted.
        differs: Engine to the rows that it gives instead, and what of it is told.
    """

    query: str
    rows: list[list[str]]
    differs: dict[str, tuple[list[list[str]], str]]


def meaning(query: str, *rows: str, **differs: tuple[list[str], str]) -> Meaning:
    """Return a meaning whose rows have one column; by engine, what it gives instead."""
    others = {name: ([[row] for row in found], told) for name, (found, told) in differs.items()}
    return Meaning(query, [[row] for row in rows], others)


LARGE = "9223372036854775808"
MEANINGS = (
    # The merge of the graphs that FROM names holds each triple once.
    meaning("SELECT (COUNT(*) AS ?n) FROM :g1 FROM :g2 { ?s ?p ?o }", "4"),
    meaning("SELECT (COUNT(*) AS ?n) FROM :g1 FROM :g1 { ?s ?p ?o }", "3"),
    meaning("SELECT (COUNT(*) AS ?n) FROM :g1 FROM :g3 { ?s ?p ?o }", "6"),
    meaning("SELECT ?o FROM :g1 FROM <g2> { ?s :p ?o }", "1", "2", "5"),
    meaning("BASE <http://e/x/> SELECT ?o FROM <../g1> FROM <../g2> { ?s :p ?o }", "1", "2", "5"),
    meaning("SELECT ?o FROM :g1 FROM :g2 FROM NAMED :g3 { GRAPH ?g { ?o :day ?d } }", "http://e/c"),
    meaning("SELECT ?g FROM :g1 FROM :g2 FROM NAMED :g2 { GRAPH ?g { :b ?p ?o } }", "http://e/g2"),
    meaning("SELECT (COUNT(*) AS ?n) { ?s :p 1 }", "1"),
    meaning("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s :p 1 } }", "2"),
    # Each way of a path counts.
    meaning(
        "SELECT ?o { :a (:p|:q) ?o }", "1", "1", "2", oxigraph=(["1", "2"], "counts that once")
    ),
    meaning("SELECT ?o { { :a :p ?o } UNION { :a :q ?o } }", "1", "1", "2"),
    meaning("SELECT ?o { :b (:p|:q) ?o }", "5"),
    meaning(
        "SELECT ?o { :a (:p|:none|:q) ?o }", "1", "1", "2", oxigraph=(["1", "2"], "counts that")
    ),
    meaning("SELECT ?o { :b (:p|:none|:q) ?o }", "5"),
    # Datatypes derived from xsd:integer.
    meaning(
        "SELECT (COUNT(DISTINCT ?v) AS ?n) { VALUES ?v { 5 '5'^^xsd:int '5'^^xsd:long } }",
        "3",
        oxigraph=(["1"], ""),
    ),
    meaning(
        "SELECT ?v { VALUES ?v { '5'^^xsd:int } FILTER(DATATYPE(?v) = xsd:int) }",
        "5",
        oxigraph=([], "DATATYPE never gives xsd:int"),
    ),
    # Whole numbers have no end.
    meaning(
        f"SELECT (SUM(?v) AS ?n) {{ VALUES ?v {{ {int(LARGE) - 1} 1 }} }}",
        LARGE,
        oxigraph=([""], "?n is empty in 1 row: SUM takes"),
    ),
    meaning(
        f"SELECT ?v {{ VALUES ?v {{ {LARGE} 1 }} FILTER(?v > 0) }}",
        "1",
        LARGE,
        oxigraph=(["1"], "is over 64 bits"),
    ),
    # Digits of other scripts are no number, and nothing to remark on.
    meaning("SELECT ?v { VALUES ?v { '²'^^xsd:integer '٣'^^xsd:integer } }", "²", "٣"),
    meaning("SELECT (?v + 1 AS ?n) { ?s :large ?v }", LARGE, oxigraph=([""], "?n is empty")),
    meaning("SELECT (AVG(?v) AS ?n) { VALUES ?v { 1 2 } }", "1.5"),
    # GROUP_CONCAT joins what STR gives.
    meaning(
        "SELECT (GROUP_CONCAT(?v) AS ?n) { VALUES ?v { :a :b } }",
        "http://e/a http://e/b",
        table=([""], ""),
        oxigraph=([""], "write GROUP_CONCAT(STR(…))"),
    ),
    meaning(
        "SELECT (GROUP_CONCAT(?v; SEPARATOR=',') AS ?n) { VALUES ?v { 1 2 } }",
        "1,2",
        table=([""], ""),
        oxigraph=([""], "write GROUP_CONCAT(STR(…))"),
    ),
    # In any order.
    meaning("SELECT (STRLEN(GROUP_CONCAT(STR(?v))) AS ?n) { VALUES ?v { :a 1 } }", "12"),
    # Dates and durations.
    meaning("SELECT (?d - '2020-01-01'^^xsd:date AS ?n) { ?s :day ?d }", "P30D"),
    meaning("SELECT ('2020-01-01'^^xsd:date - ?d AS ?n) { ?s :day ?d }", "-P30D"),
    meaning("SELECT (?d - ?d AS ?n) { ?s :day ?d }", "PT0S"),
    meaning(
        "SELECT ('2020-01-31T10:00:00Z'^^xsd:dateTime - '2020-01-01T10:30:05'^^xsd:dateTime AS ?n)"
        " {}",
        "",
        oxigraph=([""], "?n is empty"),
    ),
    meaning(
        "SELECT (?d + 'P1D'^^xsd:dayTimeDuration AS ?n) { ?s :day ?d }",
        "2020-02-01",
    ),
    meaning(
        "SELECT (?d + 'P1M'^^xsd:yearMonthDuration AS ?n) { ?s :day ?d }",
        "2020-02-29",
        oxigraph=([""], "?n is empty in 1 row"),
    ),
    meaning("SELECT (?d + 1 AS ?n) { ?s :day ?d }", "", oxigraph=([""], "?n is empty in 1 row")),
    # Language tags.
    meaning("SELECT (LANG(?v) AS ?n) { :c :p ?v }", "en-gb"),
    meaning(
        "SELECT ?v { :c :p ?v FILTER(LANG(?v) = 'en-GB') }",
        "x",
        table=([], "compare LANG with 'en-gb'"),
        oxigraph=([], "compare LANG with 'en-gb'"),
    ),
    meaning("SELECT ?v { :c :p ?v FILTER(LANG(?v) = 'en-gb') }", "x"),
    meaning("SELECT ?v { :c :p ?v FILTER(LANGMATCHES(LANG(?v), 'en-GB')) }", "x"),
    meaning("SELECT ?v { VALUES ?v { 'x'@EN-gb } :c :p ?v }", "x"),
)


@pytest.fixture(scope="module")
def engines() -> Iterator[dict[str, Engine]]:
    with TemporaryDirectory() as name:
        file = Path(name) / "d.trig"
        file.write_text(DATA, encoding="utf-8")
        yield {engine: open_files([file], [], engine) for engine in ENGINES}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", MEANINGS, ids=lambda case: case.query)
def test_a_query_means_what_sparql_says(
    engine: str, case: Meaning, engines: dict[str, Engine]
) -> None:
    query = guard(HEAD + case.query.replace("<g2>", "<http://e/g2>"), "a query", {})
    prepared, out = Prepared(query, "http://e/", {}, engines[engine]), BytesIO()
    prepared.write(prepared.ask(), FORMATS["csv"], out, Style({}))
    rows = sorted(list(csv.reader(StringIO(out.getvalue().decode(), newline="")))[1:])
    wanted, told = case.differs.get(engine, (case.rows, ""))
    assert rows == sorted(wanted)
    said = prepared.remarks()
    assert told in "\n".join(said)
    assert bool(said) is bool(told)
