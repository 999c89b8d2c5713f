"""Random queries over random data: the table engine, a plain evaluator, and Oxigraph.

    python -m tests.query.random_queries FIRST LAST

Each seed makes a dataset and 20 queries. The table engine must answer as the evaluator, or refuse;
Oxigraph must, where no known difference meets the query. Queries whose answer SPARQL leaves open
are counted and not compared. A seed that differs is printed with its query, and makes the exit code
1; `tests/query/test_table_engine.py` keeps it.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from kg.errors import InputError
from kg.queries.differences import differing
from kg.queries.engine import Rows
from kg.queries.meets import Asked
from kg.queries.oxigraph import Oxigraph
from kg.queries.rows import csv_lines
from kg.sparql.guard import guard
from kg.sparql.printer import print_query
from kg.sparql.translate import translate
from tests.query.tables import exact_answer, facts_of, has_chance, table_of
from tests.sparql.answers import dataset_of
from tests.sparql.evaluator import evaluate
from tests.sparql.generator import LITERALS, ODD, PREFIXES, Generator, random_data

EX = "http://example.org/"
QUERIES = 20


def differences(
    seed: int, folder: Path, counts: Counter[str], queries: int = QUERIES
) -> Iterator[str]:
    """Yield which engine answers which query of a seed otherwise than the evaluator.

    Args:
        seed: The seed.
        folder: A folder that is not there; the table of the dataset is made in it.
        counts: What was asked, and how it ended; added to.
        queries: So many are asked.
    """
    rng = random.Random(seed)
    literals = ODD if seed % 3 else LITERALS
    quads = list(ox.parse(random_data(rng, literals=literals), ox.RdfFormat.N_QUADS))
    store, table = ox.Store(), table_of(quads, folder)
    store.bulk_extend(quads)
    oxigraph, facts, data = Oxigraph(store, "a test"), facts_of(quads, store), dataset_of(quads)
    for _ in range(queries):
        query = guard(print_query(Generator(rng, literals=literals).query()), "a query", PREFIXES)
        counts["asked"] += 1
        if has_chance(query.text):
            counts["left open"] += 1
            continue
        expected = exact_answer(evaluate(translate(query.tree, PREFIXES, EX), data))
        try:
            answer = table.ask(query, PREFIXES, EX)
            lines, rows = None, []
            if isinstance(answer, Rows):
                lines = list(answer.lines()) if answer.lines else None
                rows = list(answer)
                answer = Rows(answer.columns, rows)
            found = exact_answer(answer)
        except InputError as error:
            if error.code != "not-compiled":
                raise
            counts["not compiled"] += 1
        else:
            counts["table"] += 1
            if found != expected:
                yield f"the table engine: {query.text}"
            if lines is not None and Counter(lines) != Counter(csv_lines(rows)):
                yield f"the table engine's CSV: {query.text}"
        asked = Asked(query, PREFIXES, EX, facts, lambda: oxigraph)
        if not differing(asked) and "REDUCED" not in query.text:
            counts["oxigraph"] += 1
            if exact_answer(oxigraph.ask(query, PREFIXES, EX)) != expected:
                yield f"Oxigraph: {query.text}"


def main() -> int:
    """Try seeds; return 1 if one differs."""
    first, last = map(int, sys.argv[1:])
    counts: Counter[str] = Counter()
    failed = 0
    for seed in range(first, last):
        with tempfile.TemporaryDirectory() as folder:
            for each in differences(seed, Path(folder) / "table", counts):
                print(f"seed {seed}: {each}", flush=True)
                failed += 1
        if seed % 100 == 99:
            print(f"to seed {seed}: {dict(counts)}", flush=True)
    print(f"{failed} differ; {dict(counts)}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
