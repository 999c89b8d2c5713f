"""Random queries over random data: the table engine, a plain evaluator, and Oxigraph.

    python -m tests.query.random_queries FIRST LAST [rdflib]

Each seed makes a dataset and 60 queries. The table engine must answer as the evaluator, or refuse,
and so must what `--engine auto` chooses; of one in four the lines of CSV are those of the rows.
With `rdflib`, one in eight is asked of it and of Oxigraph as well: where those two agree, numbers
by value, the evaluator must say the same.
Queries whose answer SPARQL leaves open are counted and not compared. A seed that differs is printed
with its query, and makes the exit code 1; `tests/query/test_table_engine.py` keeps it.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg.errors import InputError
from kg.queries.choice import Chosen
from kg.queries.differences import differing
from kg.queries.engine import Rows
from kg.queries.meets import Asked
from kg.queries.oxigraph import Oxigraph
from kg.queries.rows import csv_lines
from kg.queries.table.engine import Table
from kg.sparql.guard import Guarded, guard
from kg.sparql.printer import print_query
from kg.sparql.translate import translate
from tests.query.tables import exact_answer, facts_of, has_chance, table_of
from tests.sparql.answers import answer, dataset_of, plain, rdflib_answer, rdflib_dataset
from tests.sparql.evaluator import evaluate
from tests.sparql.generator import LITERALS, ODD, PREFIXES, Generator, random_data

EX = "http://example.org/"
QUERIES = 60
# Of so many queries the lines of CSV are made of one.
LINES = 4
# Of so many rdflib is asked one: it takes ten times as long.
VOICES = 8
REPORT = 500


def differences(
    seed: int,
    folder: Path,
    counts: Counter[str],
    queries: int = QUERIES,
    *,
    with_rdflib: bool = False,
) -> Iterator[str]:
    """Yield which engine answers which query of a seed otherwise than the evaluator.

    Args:
        seed: The seed.
        folder: A folder that is not there; the table of the dataset is made in it.
        counts: What was asked, and how it ended; added to.
        queries: So many are asked.
        with_rdflib: Whether rdflib is asked, too.
    """
    rng = random.Random(seed)
    literals = ODD if seed % 3 else LITERALS
    quads = list(ox.parse(random_data(rng, literals=literals), ox.RdfFormat.N_QUADS))
    store, table = ox.Store(), table_of(quads, folder)
    store.bulk_extend(quads)
    facts, data = facts_of(quads, store), dataset_of(quads)
    graphs = rdflib_dataset(quads) if with_rdflib else None
    oxigraph = Oxigraph(store, "a test")
    auto = Chosen("a test", lambda: oxigraph, lambda: table, lambda: facts, False)
    for number in range(queries):
        query = guard(print_query(Generator(rng, literals=literals).query()), "a query", PREFIXES)
        counts["asked"] += 1
        if has_chance(query.text):
            counts["left open"] += 1
            continue
        told = evaluate(translate(query.tree, PREFIXES, EX), data)
        expected = exact_answer(told)
        if graphs is not None and number % VOICES == 0:
            other = rdflib_answer(graphs, query.text, EX)
            alike = plain(other) == (both := plain(answer(store, query.text, EX)))
            fails = "rdflib fails" if other is None else "rdflib says other than Oxigraph"
            counts["rdflib says as Oxigraph" if alike else fails] += 1
            if alike and both != plain(told) and "REDUCED" not in query.text:
                yield f"the evaluator, against two others: {query.text}"
        for each in _asked(query, table, expected, with_lines=number % LINES == 0):
            counts[each or "table"] += 1
            if each.startswith("the table"):
                yield f"{each}: {query.text}"
        # The choice would also compile the query, which the table engine has done already.
        agreed = not differing(Asked(query, PREFIXES, EX, facts, lambda: oxigraph))
        if agreed and "REDUCED" not in query.text:
            counts["auto takes Oxigraph"] += 1
            if exact_answer(auto.ask(query, PREFIXES, EX)) != expected:
                yield f"auto: {query.text}"


def _asked(query: Guarded, table: Table, expected: Any, with_lines: bool) -> Iterator[str]:
    """Ask the table engine; yield what is wrong, or why it does not answer, or an empty text."""
    try:
        answer = table.ask(query, PREFIXES, EX)
        lines, rows = None, []
        if isinstance(answer, Rows):
            if with_lines and answer.lines:
                lines = Counter(answer.lines())
            rows = list(answer)
            answer = Rows(answer.columns, rows)
        found = exact_answer(answer)
    except InputError as error:
        if error.code != "not-compiled":
            raise
        yield "not compiled"
        return
    yield "" if found == expected else "the table engine"
    if lines is not None and lines != Counter(csv_lines(rows)):
        yield "the table engine's CSV"


def _summary(counts: Counter[str]) -> str:
    each = 1000 * time.process_time() / max(counts["asked"], 1)
    return f"{', '.join(f'{name} {n}' for name, n in counts.items())}; {each:.1f} ms of a core each"


def main() -> int:
    """Try seeds; return 1 if one differs."""
    first, last = map(int, sys.argv[1:3])
    counts: Counter[str] = Counter()
    failed = told = 0
    for seed in range(first, last):
        with tempfile.TemporaryDirectory() as folder:
            for each in differences(
                seed, Path(folder) / "table", counts, with_rdflib="rdflib" in sys.argv[3:]
            ):
                print(f"seed {seed}: {each}", flush=True)
                failed += 1
        if counts["asked"] // REPORT > told:
            told = counts["asked"] // REPORT
            print(f"to seed {seed}: {_summary(counts)}", flush=True)
    print(f"{failed} differ; {_summary(counts)}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
