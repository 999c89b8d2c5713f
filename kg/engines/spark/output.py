"""Quads on Spark: cut into ranges of subjects, sorted, each once, and written in parts.

Spark's own way to cut into ranges would make all quads twice, once for a sample. Here a sample of
the subjects is made, of few records, and what range a quad is in is said in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Final

from kg.engines.spark.compile import Program
from kg.engines.spark.dialect import text
from kg.engines.spark.session import translated
from kg.engines.spark.sources import Loaded, sample
from kg.terms import RDF_TYPE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Observation, SparkSession

# Quads of one range, about: what a task sorts in some hundred MB.
QUADS_OF_RANGE: Final = 1_000_000
MOST_RANGES: Final = 4_000
# Records of a source of which the subjects are looked at.
_SAMPLE: Final = 20_000
# The part of the most that a source must give, to be looked at.
_SMALL: Final = 0.01
_NOTHING: Final = "named_struct('p', 0, 'o', '', 'g', 0)"


def quads(
    spark: SparkSession,
    program: Program,
    loaded: Sequence[Loaded],
    records: Mapping[str, int],
    cores: int,
) -> DataFrame:
    """Return the quads with the columns s, p, o, g: in ranges, sorted, each once.

    Args:
        spark: The session.
        program: The program, whose views are there.
        loaded: Its sources.
        records: Number of records of each table.
        cores: How many tasks run at once.
    """
    count = sum(records[each.tables[0]] * each.statements for each in program.selects)
    ranges = min(MOST_RANGES, max(1, -(-count // QUADS_OF_RANGE)))
    if ranges > 1:
        ranges = max(ranges, cores)
    tables = {each.table.name: each for each in loaded}
    bounds = _bounds(spark, program, tables, records, ranges) if ranges > 1 else []
    rows = program.sql or f"SELECT '' AS s, array({_NOTHING}) AS u WHERE false"
    shared = _shared(bounds)
    starts = f"get(array({', '.join(str(len(each) + 1) for each in shared)}), r)"
    whole = f"concat(get(array({', '.join(map(text, shared))}), r), s)" if bounds else "s"
    with translated():
        # What all subjects of a range begin with neither travels nor is compared.
        frame = spark.sql(
            f"SELECT r, substr(s, {starts}) AS s, u FROM"
            f" (SELECT {_range(bounds)} AS r, s, u FROM ({rows}) WHERE s IS NOT NULL)"
        )
        parted = frame.repartitionById(len(bounds) + 1, frame["r"])
        parted.createOrReplaceTempView("kg_quads")
        # Subjects are few: once they are sorted, their statements nearly are, and soon sorted.
        keys = "s, p, o, g" if program.predicates is not None else "s, t, p, o, g"
        # One range is no key: Spark would sort twice by what is the same everywhere.
        keys += ", r" if bounds else ""
        kind = "" if program.predicates is not None else f", p <> {text(RDF_TYPE)} AS t"
        predicate, graph = program.shown
        # Equal rows stand together once they are sorted by all columns that they are grouped by.
        return spark.sql(
            f"SELECT {whole} AS s, {predicate} AS p, o, {graph} AS g FROM (SELECT {keys} FROM"
            f" (SELECT *{kind} FROM (SELECT r, s, inline(u) FROM"
            f" (SELECT * FROM kg_quads SORT BY s)) WHERE {program.is_there}) GROUP BY {keys})"
        )


def _shared(bounds: Sequence[str]) -> list[str]:
    """Return what all subjects of each range begin with; of the outer ones that is not known.

    >>> _shared(["<a/1>", "<a/13>", "<a/2>"])
    ['', '<a/1', '<a/', '']
    """
    between = [_beginning(low, high) for low, high in pairwise(bounds)]
    return ["", *between, ""] if bounds else [""]


def _beginning(low: str, high: str) -> str:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))
    return "".join(char for char, _ in same)


def _bounds(
    spark: SparkSession,
    program: Program,
    loaded: Mapping[str, Loaded],
    records: Mapping[str, int],
    ranges: int,
) -> list[str]:
    """Return where ranges of about the same number of quads begin."""
    weights = dict.fromkeys(program.subjects, 0)
    for each in program.selects:
        weights[each.tables[0]] += each.statements
    most = max((weights[name] * records[name] for name in program.subjects), default=0)
    queries: list[str] = []
    for table, query in program.subjects.items():
        # What is small beside the others does not move where ranges begin.
        if not records[table] or weights[table] * records[table] < most * _SMALL:
            continue
        share = min(1.0, _SAMPLE / records[table])
        with translated():
            rows = sample(spark, loaded[table], share)
        queries.append(
            f"SELECT s, {weights[table] / share:e} AS w FROM ({query.format(rows=rows)})"
        )
    with translated():
        sampled = [
            (row[0], row[1])
            for row in spark.sql(" UNION ALL ".join(queries)).collect()
            if row[0] is not None
        ]
    sampled.sort(key=lambda pair: pair[0].encode())
    total, passed = sum(weight for _, weight in sampled), 0.0
    bounds: list[str] = []
    for subject, weight in sampled:
        if passed >= total * (len(bounds) + 1) / ranges and (not bounds or bounds[-1] != subject):
            bounds.append(subject)
        passed += weight
    return bounds


def _range(bounds: Sequence[str]) -> str:
    """Return the SQL of the number of the range of a subject."""

    def between(low: int, high: int) -> str:
        if low == high:
            return str(low)
        middle = (low + high) // 2
        under, over = between(low, middle), between(middle + 1, high)
        return f"CASE WHEN s < {text(bounds[middle])} THEN {under} ELSE {over} END"

    return between(0, len(bounds))


def write_parquet(frame: DataFrame, folder: str) -> int:
    """Write the quad table as a folder of files that follow one another; return its length."""
    counted, observed = _counting(frame)
    with translated():
        counted.write.mode("append").parquet(folder)
    return int(observed.get["n"])


def write_lines(frame: DataFrame, folder: str, compression: str) -> int:
    """Write N-Quads (N-Triples where there are no graphs), in parts; return how many."""
    line = "concat(s, ' ', p, ' ', o, CASE WHEN g IS NULL THEN ' .' ELSE concat(' ', g, ' .') END)"
    counted, observed = _counting(frame)
    with translated():
        counted.selectExpr(f"{line} AS value").write.mode("append").text(
            folder, compression=compression
        )
    return int(observed.get["n"])


def _counting(frame: DataFrame) -> tuple[DataFrame, Observation]:
    """Return a frame whose rows are counted as they are written, and where the number will be."""
    from pyspark.sql import Observation
    from pyspark.sql.functions import expr

    observed = Observation("kg")
    return frame.observe(observed, expr("count(1)").alias("n")), observed
