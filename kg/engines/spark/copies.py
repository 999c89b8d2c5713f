"""The coded copies of a quad table made on Spark, so that one machine need only ask them.

The rows are those that `kg.table.write.write_copies` makes on one machine. What they hold is
counted there, once they are written: that is one look at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from kg.engines.spark import coded_sql
from kg.engines.spark.session import translated
from kg.table.ids import BITS, COMMON, HASHED, Kind
from kg.table.write import ORDERS, TERMS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_QUADS: Final = "kg_copied"
_PREFIXES: Final = "prefixes"
_ROW_GROUP: Final = str(32 << 20)


def write_copies(spark: SparkSession, quads: str, folder: str, parts: int) -> None:
    """Write the copies of a quad table.

    Args:
        spark: The session.
        quads: The folder of the quad table, as Hadoop calls it.
        folder: The folder to make.
        parts: Of each copy, a power of two.

    Raises:
        WorldError: Spark, a disk or the cluster failed.
        LimitError: Memory was too little.
    """
    with translated():
        spark.read.parquet(quads).createOrReplaceTempView(_QUADS)
        _show_prefixes(spark, folder)
        terms = spark.sql(_terms_sql(parts))
        _write(_parted(terms, parts), folder, TERMS, ("id",), "snappy")
        with _kept(_parted(spark.sql(_coded_sql(spark, parts)), parts)) as coded:
            for name, order in ORDERS.items():
                _write(coded, folder, name, order.split(", "), "zstd")


def _show_prefixes(spark: SparkSession, folder: str) -> None:
    """Write the prefixes that many IRIs have, and make the view of them."""
    prefix = coded_sql.numbered("t", 1)
    terms = " UNION ".join(f"SELECT {name} AS t FROM {_QUADS}" for name in "spog")
    common = (
        f"SELECT t FROM (SELECT {prefix} AS t FROM ({terms})) WHERE t IS NOT NULL"
        f" GROUP BY t HAVING count(*) >= {COMMON}"
    )
    found = f"SELECT id, min(t) AS t FROM (SELECT {coded_sql.prefix_id('t')} AS id, t"
    frame = spark.sql(f"{found} FROM ({common})) GROUP BY id").coalesce(1)
    _write(frame, folder, _PREFIXES, ("id",), "zstd")
    spark.read.parquet(f"{folder}/{_PREFIXES}").createOrReplaceTempView(_PREFIXES)


def _with_ids(rows: str, names: Sequence[str]) -> str:
    """Return rows with the ids of some columns, called after them."""
    listed = ", ".join(f"{coded_sql.numbered(name, 1)} AS {name}_prefix" for name in names)
    query, shown = f"(SELECT *, {listed} FROM {rows}) AS q", []
    for name in names:
        query += f" LEFT JOIN {_PREFIXES} AS x{name} ON x{name}.t = q.{name}_prefix"
        shown.append(f"{coded_sql.id_sql(f'q.{name}', f'x{name}.id')} AS {name}_id")
    return f"SELECT q.*, {', '.join(shown)} FROM {query}"


def _terms_sql(parts: int) -> str:
    """Return the query for the terms that an id does not hold, and the part of each."""
    kinds = ", ".join(str(int(kind)) for kind in HASHED)
    terms = " UNION ".join(f"SELECT {name} AS t FROM {_QUADS}" for name in "spog")
    coded = (
        f"SELECT t_id AS id, t FROM ({_with_ids(f'({terms})', ['t'])})"
        f" WHERE shiftright(t_id, {BITS}) IN ({kinds})"
    )
    literal = f"shiftright(id, {BITS}) = {int(Kind.LITERAL)} AND NOT endswith(t, '\"')"
    # A term that is no literal with a datatype or language has no tail, and so no rank.
    tails = f"SELECT *, CASE WHEN {literal} THEN {coded_sql.TAIL} END AS tail FROM ({coded})"
    raws = f"SELECT *, {coded_sql.RAW} AS raw FROM ({tails})"
    ranks = f"SELECT *, {coded_sql.rank()} AS rank FROM ({raws})"
    return (
        f"SELECT id, t, rank, {coded_sql.exact()} AS exact, {coded_sql.double()} AS double,"
        f" {coded_sql.part_of_term(parts)} AS part FROM ({ranks})"
    )


def _coded_sql(spark: SparkSession, parts: int) -> str:
    """Return the query for the quads as ids, and the part of each."""
    first = "true"
    if spark.sql(f"SELECT 1 FROM {_QUADS} WHERE g IS NOT NULL LIMIT 1").collect():
        first = "row_number() OVER (PARTITION BY s, p, o ORDER BY g NULLS FIRST) = 1"
    coded = _with_ids(f"(SELECT *, {first} AS first FROM {_QUADS})", [*"spog"])
    ids = ", ".join(f"{name}_id AS {name}" for name in "spog")
    return (
        f"SELECT *, {coded_sql.part_of_quad(parts)} AS part FROM"
        f" (SELECT {ids}, first FROM ({coded}))"
    )


def _parted(frame: DataFrame, parts: int) -> DataFrame:
    return frame.repartitionById(parts, frame["part"])


@contextmanager
def _kept(frame: DataFrame) -> Iterator[DataFrame]:
    """Keep rows on disk, which are read several times."""
    from pyspark import StorageLevel

    frame.persist(StorageLevel.DISK_ONLY)
    try:
        yield frame
    finally:
        frame.unpersist()


def _write(
    frame: DataFrame, folder: str, name: str, order: Sequence[str], compression: str
) -> None:
    keys = [frame[key].asc_nulls_first() for key in order]
    shown = [column for column in frame.columns if column != "part"]
    frame.sortWithinPartitions(*keys).select(*shown).write.option(
        "parquet.block.size", _ROW_GROUP
    ).parquet(f"{folder}/{name}", compression=compression)
