"""A scan of the quad table, written as N-Triples by DuckDB and nothing else.

python bare.py TABLE TARGET [THREADS]
"""

import sys

import duckdb

table, target, *threads = sys.argv[1:]
connection = duckdb.connect(config={"threads": int(threads[0])} if threads else {})
connection.execute(
    f"COPY (SELECT concat(s, ' ', p, ' ', o, ' .') FROM read_parquet('{table}')) TO '{target}'"
    " (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
)
