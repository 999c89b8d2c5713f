"""Labels blank nodes by their statements, not by their place in the file.

A label is a hash of the node's statements and of those of the nodes around it. Comments and the
order of statements do not change it; a change in the file changes only the labels near it. Nodes
with the same hash are numbered in file order, so that no two become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

# How many steps from node to node a hash reaches. Most nodes differ after the first step.
_ROUNDS: Final = 5
_HASH: Final = "md5_number_lower"
TABLE: Final = "blank_labels"


def make_labels(connection: duckdb.DuckDBPyConnection, files: Sequence[tuple[int, str]]) -> None:
    """Create the table `TABLE` with the columns f, label and stable.

    Args:
        connection: From `kg.duck.engine`.
        files: Number of each file, with a query for its rows n, s, p, o, g.

    Raises:
        duckdb.Error: A query failed.
    """
    connection.execute(
        "CREATE OR REPLACE TABLE edges (f INT, label VARCHAR, sig UBIGINT,"
        " other VARCHAR, place BIGINT)"
    )
    for number, rows in files:
        connection.execute(f"INSERT INTO edges {_edges(number, rows)}")
    connection.execute(
        f"CREATE OR REPLACE TABLE hashes AS SELECT f, label, min(place) AS place,"
        f" {_HASH}(sum(sig)::VARCHAR) AS hash FROM edges GROUP BY f, label"
    )
    alike = -1
    for _ in range(_ROUNDS):
        before, alike = alike, _count_alike(connection)
        if alike in (0, before):
            break
        connection.execute(f"CREATE OR REPLACE TABLE hashes AS {_next_round()}")
    connection.execute(
        f"CREATE OR REPLACE TABLE {TABLE} AS SELECT f, label, concat('_:f', printf('%016x', hash),"
        " CASE WHEN turn > 1 THEN concat('n', turn - 1) ELSE '' END) AS stable FROM"
        " (SELECT *, row_number() OVER (PARTITION BY hash ORDER BY f, place) AS turn FROM hashes)"
    )
    connection.execute("DROP TABLE edges; DROP TABLE hashes")


def _edges(number: int, rows: str) -> str:
    """Return a query for each occurrence of a blank node in a statement.

    `sig` is a hash of the statement without its blank nodes; `other` is the other blank node.
    """
    shown = {
        name: f"CASE WHEN starts_with({name}, '_:') THEN '_:' ELSE coalesce({name}, '') END"
        for name in "sog"
    }
    said = f"concat_ws(' ', '%s', p, {shown['s']}, {shown['o']}, {shown['g']}, s = o)"
    ends = [
        f"SELECT {number}, {name}, {_HASH}({said % name}),"
        f" CASE WHEN starts_with({other}, '_:') THEN {other} END, 3 * n + {turn}"
        f" FROM rows WHERE starts_with({name}, '_:')"
        for turn, (name, other) in enumerate((("s", "o"), ("o", "s"), ("g", "s")))
    ]
    return f"WITH rows AS MATERIALIZED ({rows}) {' UNION ALL '.join(ends)}"


def _count_alike(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of nodes minus the number of distinct hashes."""
    row = connection.execute("SELECT count(*) - count(DISTINCT (f, hash)) FROM hashes").fetchone()
    assert row is not None
    return int(row[0])


def _next_round() -> str:
    """Return a query that extends the hashes of nodes that are still alike by one step."""
    alike = "SELECT f, hash FROM hashes GROUP BY f, hash HAVING count(*) > 1"
    return (
        f"WITH alike AS ({alike}), further AS (SELECT edges.f, edges.label, {_HASH}(concat("
        f"any_value(own.hash), ' ', sum({_HASH}(concat(sig, ' ', beside.hash)))))"
        " AS hash FROM edges"
        " JOIN hashes AS own ON own.f = edges.f AND own.label = edges.label"
        " SEMI JOIN alike ON alike.f = own.f AND alike.hash = own.hash"
        " LEFT JOIN hashes AS beside ON beside.f = edges.f AND beside.label = edges.other"
        " GROUP BY edges.f, edges.label)"
        " SELECT hashes.f, hashes.label, place, coalesce(further.hash, hashes.hash) AS hash"
        " FROM hashes LEFT JOIN further USING (f, label)"
    )
