"""Makes the coded copies of a quad table.

The folder has, as Parquet: ``spo``, ``pos`` and ``pso``, the quads as ids, each sorted by the
columns of its name (``s``, ``p``, ``o``, ``g``, and ``first``: whether a row is the first of its
triple); ``terms``, the text and the value of each term that an id does not hold, sorted by id;
``prefixes``. Counts per predicate and per class are in ``statistics.json``.

Of a large graph each of these, but for the prefixes, is a folder of parts. The part of a quad is a
function of its subject's id, that of a term one of its own. So a change of one quad touches one
part of each copy, and the bytes of all others stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, field
from pathlib import Path
from typing import Any, Final

import duckdb

from kg import paths, progress, temporary
from kg.duck import read_parquet, sql_target, translated
from kg.records import dataclass
from kg.table import ids
from kg.table.macros import MACROS
from kg.terms import RDF_TYPE

ROW_GROUP: Final = 61_440
ORDERS: Final = {"spo": "s, p, o, g", "pos": "p, o, s, g", "pso": "p, s, o, g"}
# Parts of a large graph: a changed row makes 1/64 of the bytes new.
PARTS: Final = 64
TERMS: Final = "terms"
_STATISTICS: Final = "statistics.json"
# The folder of copies in that of a quad table which Spark wrote.
COPIES: Final = "table"
PREFIXES: Final = "prefixes.parquet"
# Mixes the bits of a subject's id: those of numbered IRIs are near to each other.
_PART: Final = "(((s & 4294967295)::HUGEINT * 2654435761 + (s >> 32) * 40503) >> 20)"
_PART_OF_TERM: Final = f"(id >> {ids.BITS - 6})"
# Whether a file tells for each value that it is not NULL hangs on what DuckDB knows of nulls, and
# so on how the rows were made. With these it never knows.
_QUADS: Final = ", ".join(
    (
        *(f"nullif({name}, -1) AS {name}" for name in "spog"),
        "CASE WHEN s <> -1 THEN first END AS first",
    )
)
_VALUES: Final = ", ".join(
    (
        "nullif(id, -1) AS id",
        "nullif(t, '') AS t",
        *(f"CASE WHEN id <> -1 THEN {n} END AS {n}" for n in ("rank", "exact", "double")),
    )
)


@dataclass(frozen=True, slots=True)
class PredicateCounts:
    """What is known of the triples of a predicate.

    Attributes:
        triples: Their number in the merge of all graphs.
        subjects: The number of distinct subjects, about.
        objects: The number of distinct objects, about.
        subject_kinds: A bit for each `kg.table.ids.Kind` that a subject is of.
        object_kinds: The same for objects.
    """

    triples: int
    subjects: int
    objects: int
    subject_kinds: int
    object_kinds: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of a table.

    Attributes:
        quads: Rows of each copy.
        triples: Triples in the merge of all graphs.
        beyond: Numbers that have no exact value of the size of HUGEINT.
        predicates: By id.
        classes: Instances by the id of the class.
    """

    quads: int
    triples: int
    beyond: int
    predicates: dict[int, PredicateCounts] = field(default_factory=dict)
    classes: dict[int, int] = field(default_factory=dict)


def define_macros(
    connection: duckdb.DuckDBPyConnection, names: Collection[str] | None = None
) -> None:
    """Define what the SQL of this room and of queries is written in; `names` says if only some."""
    for name, sql in MACROS.items():
        if names is None or name.partition("(")[0] in names:
            connection.execute(f"CREATE OR REPLACE MACRO {name} AS {sql}")


def write_copies(
    connection: duckdb.DuckDBPyConnection, quads: str, folder: Path, parts: int = 1
) -> Statistics:
    """Write the copies of a quad table into a folder.

    Args:
        connection: From `kg.duck.engine`.
        quads: A relation with the columns s, p, o, g as text, its rows distinct, a triple's rows
            beside each other.
        folder: The folder, which is made.
        parts: Of each copy, a power of two up to `PARTS`.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    folder.mkdir()
    with translated():
        define_macros(connection)
        progress.part(0, 2 + len(ORDERS))
        _code_terms(connection, quads)
        write_rows(connection, "SELECT id, t FROM table_prefixes", folder / PREFIXES, "id")
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE table_texts AS"
            f" SELECT *, {part_of_term(parts)} AS part FROM ({terms_sql()}) ORDER BY part"
        )
        for part, target in _targets(folder, TERMS, parts):
            rows = f"SELECT id, t, rank, exact, double FROM table_texts WHERE part = {part}"
            write_terms(connection, rows, target)
        connection.execute("DROP TABLE table_texts")
        progress.part(1, 2 + len(ORDERS))
        _code_few(connection, quads)
        coded = coded_sql(quads, "table_few")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE table_coded AS {coded}")
        if parts > 1:  # in their order, so that each is read without the others
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE table_coded AS SELECT *, {part_of_quad(parts)}"
                " AS part FROM table_coded ORDER BY part"
            )
        for number, name in enumerate(ORDERS):
            progress.part(2 + number, 2 + len(ORDERS))
            for part, target in _targets(folder, name, parts):
                only = f"WHERE part = {part}" if parts > 1 else ""
                write_quads(
                    connection, f"SELECT s, p, o, g, first FROM table_coded {only}", target, name
                )
        found = write_statistics(connection, folder)
        for name in ("coded", "few", "terms", "prefixes"):
            connection.execute(f"DROP TABLE table_{name}")
    return found


def has_statistics(folder: Path) -> bool:
    """Return whether a folder has the statistics of copies, which are written at the end."""
    return paths.is_file(folder / _STATISTICS)


def read_statistics(folder: Path) -> Statistics:
    """Return the statistics of a folder that `write_copies` wrote."""
    found: dict[str, Any] = json.loads(paths.read_file(folder / _STATISTICS))
    predicates = {int(p): PredicateCounts(**counts) for p, counts in found["predicates"].items()}
    classes = {int(c): count for c, count in found["classes"].items()}
    return Statistics(**{**found, "predicates": predicates, "classes": classes})


def open_copies(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Define the macros, and the views ``spo``, ``pos``, ``pso``, ``terms``, ``prefixes``."""
    define_macros(connection)
    for name in (*ORDERS, "terms", "prefixes"):
        table = read_copy(folder, name)
        # Parquet has no HUGEINT.
        columns = "* REPLACE (exact::HUGEINT AS exact)" if name == "terms" else "*"
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM {table}")


def _targets(folder: Path, name: str, parts: int) -> Iterator[tuple[int, Path]]:
    """Yield the parts of a copy with the files to write."""
    if parts == 1:
        yield 0, folder / f"{name}.parquet"
        return
    (folder / name).mkdir()
    for part in range(parts):
        yield part, folder / name / f"{part:02}.parquet"


def read_copy(folder: Path, name: str) -> str:
    """Return the table function that reads a copy, whether it has parts or not."""
    return read_parquet(*(copy_parts(folder, name) or [folder / f"{name}.parquet"]))


def copy_parts(folder: Path, name: str) -> tuple[Path, ...]:
    """Return the files of a copy that has parts, in their order; none if it has not."""
    return paths.find_files(folder / name, lambda file: file.endswith(".parquet"))


def part_of_quad(parts: int) -> str:
    """Return SQL for the part of a quad, by its column ``s``."""
    return f"({_PART} & {parts - 1})"


def part_of_term(parts: int) -> str:
    """Return SQL for the part of a term, by its column ``id``."""
    return f"({_PART_OF_TERM} & {parts - 1})"


def terms_sql() -> str:
    """Return a query for the rows of the terms in ``table_terms`` that an id does not hold."""
    return _TERMS


def coded_sql(quads: str, few: str = "table_terms") -> str:
    """Return a query for quads as ids; ``table_terms`` has the ids of all their terms.

    Args:
        quads: As for `write_copies`.
        few: A table of the ids of predicates and graphs.
    """
    fresh = " OR ".join(f"q.{name} IS DISTINCT FROM lag(q.{name}) OVER ()" for name in "spo")
    return (
        "SELECT s.id AS s, p.id AS p, o.id AS o, g.id AS g, q.first"
        f" FROM (SELECT *, {fresh} AS first FROM {quads} AS q) AS q"
        f" JOIN table_terms AS s ON s.t = q.s JOIN {few} AS p ON p.t = q.p"
        f" JOIN table_terms AS o ON o.t = q.o LEFT JOIN {few} AS g ON g.t = q.g"
    )


def write_quads(connection: duckdb.DuckDBPyConnection, rows: str, target: Path, name: str) -> None:
    """Write rows as a part of one of `ORDERS`."""
    order = f"{ORDERS[name]} NULLS FIRST"
    write_rows(connection, f"SELECT {_QUADS} FROM ({rows})", target, order)


def write_terms(connection: duckdb.DuckDBPyConnection, rows: str, target: Path) -> None:
    """Write rows of `terms_sql` as a part of the terms."""
    # Texts are read at random, so that it pays to unpack them fast.
    write_rows(connection, f"SELECT {_VALUES} FROM ({rows})", target, "id", "snappy")


_TERMS: Final = f"""
    SELECT id, t, CASE WHEN literal THEN number_rank(t) END AS rank,
      CASE WHEN literal THEN number_exact(t) END::DECIMAL(38, 0) AS exact,
      CASE WHEN literal THEN number_double(t) END AS double
    FROM (SELECT id, t, id_kind(id) = {int(ids.Kind.LITERAL)} AND NOT ends_with(t, '"') AS literal
      FROM table_terms WHERE id_kind(id) IN ({", ".join(str(int(kind)) for kind in ids.HASHED)})
)
"""


def _code_terms(connection: duckdb.DuckDBPyConnection, quads: str) -> None:
    distinct = (
        f"(SELECT DISTINCT t FROM (SELECT s AS t FROM {quads} UNION ALL SELECT p FROM {quads}"
        f" UNION ALL SELECT o FROM {quads} UNION ALL SELECT g FROM {quads} WHERE g IS NOT NULL))"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE table_texts AS SELECT t FROM {distinct}")
    prefixes = ids.prefixes_sql("table_texts")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE table_prefixes AS {prefixes}")
    coded = ids.id_sql("table_texts", "table_prefixes")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE table_terms AS {coded}")
    connection.execute("DROP TABLE table_texts")


def _code_few(connection: duckdb.DuckDBPyConnection, quads: str) -> None:
    """Make the table of the ids of predicates and graphs: a join holds one side in memory."""
    found = f"SELECT DISTINCT p FROM {quads} UNION SELECT DISTINCT g FROM {quads}"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE table_few AS SELECT id, t FROM table_terms"
        f" WHERE t IN (FROM ({found}))"
    )


def write_rows(
    connection: duckdb.DuckDBPyConnection, rows: str, target: Path, order: str, packed: str = "zstd"
) -> None:
    """Write the rows of a query in an order."""
    connection.execute(
        f"COPY ({rows} ORDER BY {order}) TO {sql_target(target)} (FORMAT parquet,"
        f" COMPRESSION {packed}, ROW_GROUP_SIZE {ROW_GROUP}, USE_TMP_FILE false)"
    )


def write_statistics(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    known: Statistics | None = None,
    changed: Collection[int] = (),
) -> Statistics:
    """Count what the copies in a folder hold, write that beside them, and return it.

    Args:
        connection: From `kg.duck.engine`, with the macros of `define_macros`.
        folder: The folder.
        known: What copies hold that differ from these in rows of some predicates alone.
        changed: The ids of these predicates.
    """
    found = _count(connection, folder, known, changed)
    text = json.dumps(asdict(found), indent=1)
    temporary.write_text(folder / _STATISTICS, text + "\n")
    return found


def _count(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    known: Statistics | None,
    changed: Collection[int],
) -> Statistics:
    coded, terms = read_copy(folder, "spo"), read_copy(folder, TERMS)
    # Of these rows a predicate's are together.
    by_predicate = coded if known is None else read_copy(folder, "pos")
    some = "" if known is None else f" AND p IN ({', '.join(map(str, changed)) or 'NULL'})"
    rows = connection.execute(
        "SELECT p, count(*), approx_count_distinct(s), approx_count_distinct(o),"
        " bit_or(1 << id_kind(s)), bit_or(1 << id_kind(o))"
        f" FROM {by_predicate} WHERE first{some} GROUP BY p ORDER BY p"
    ).fetchall()
    predicates = {p: PredicateCounts(*map(int, counts)) for p, *counts in rows}
    rdf_type = ids.hashed(RDF_TYPE, ids.Kind.NODE)
    if known is not None:
        kept = {p: counts for p, counts in known.predicates.items() if p not in changed}
        predicates = dict(sorted({**kept, **predicates}.items()))
    if known is not None and rdf_type not in changed:
        classes = known.classes
    else:
        classes = dict(
            connection.execute(
                f"SELECT o, count(*) FROM {by_predicate} WHERE first AND p = {rdf_type}"
                " GROUP BY o ORDER BY o"
            ).fetchall()
        )
    beyond, quads = connection.execute(
        f"SELECT (SELECT count(*) FROM {terms} WHERE rank <= 2 AND exact IS NULL),"
        f" (SELECT count(*) FROM {coded})"
    ).fetchall()[0]
    triples = sum(counts.triples for counts in predicates.values())
    return Statistics(quads, triples, beyond, predicates, classes)
