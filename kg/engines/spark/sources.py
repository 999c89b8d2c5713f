"""Logical sources as views of Spark: a row for each record.

A view has the columns of its source table (`kg.mapping.source_table`) and, to find a record again,
``kg_p``, the path of its file; ``kg_b``, where the block of the file starts that it was read with;
``kg_i``, which grows with the records of a block. ``kg_bad`` says that it cannot be read. Where
records are numbered, ``file`` and ``record`` are the numbers, and ``kg_before`` says how many
records the files before have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.engines.spark import json_sql
from kg.engines.spark.csv_loading import CsvFiles, find_whole, open_csv
from kg.engines.spark.dialect import name, text, without_nulls
from kg.engines.spark.hadoop import PLACE, files_at, has_address, number_of, uris
from kg.engines.spark.parquet_sql import column_sql
from kg.engines.spark.session import translated
from kg.engines.spark.view_sql import view_query
from kg.mapping.jsonpath import parse_jsonpath
from kg.mapping.plan import Formulation, LogicalSource
from kg.mapping.source_table import Column, SourceTable
from kg.sources import Folders
from kg.sources.files import SourceFile, missing_reference
from kg.sources.inputs import files_of
from kg.sources.json_files import is_lines

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SEED: Final = 7


@dataclass(slots=True)
class Loaded:
    """A source table as views.

    Attributes:
        table: The table.
        parts: The files, in the order of their numbers.
        select: The query of `base`.
        raw: Views of lines or documents that it reads, each once.
        has_lines: Whether a record is a line, so that its number tells its line.
        is_numbered: Whether the view has the columns ``file`` and ``record``.
        firsts: For each block of a file: the least of its records' ``kg_i``, and the number of
            records before; empty where that was not counted.
        counts: The number of records of each file, where that was counted.
        under: Of a view: the source, or view, that it is on.
        csv: Its CSV files.
        whole: The views of `csv` that cannot be read line by line.
    """

    table: SourceTable
    parts: tuple[SourceFile, ...]
    select: str = ""
    raw: tuple[str, ...] = ()
    has_lines: bool = False
    is_numbered: bool = False
    firsts: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    under: Loaded | None = None
    csv: tuple[CsvFiles, ...] = ()
    whole: frozenset[str] = frozenset()

    @property
    def view(self) -> str:
        """Name of the view of the records."""
        return self.table.name

    @property
    def base(self) -> str:
        """Name of the view of all records, those that cannot be read among them."""
        return f"{self.table.name}_all"

    def number(self, path: str) -> int:
        """Return the number of a file from what Spark calls it."""
        return number_of(self.parts, path)


def open_sources(
    spark: SparkSession, tables: Iterable[SourceTable], folders: Folders
) -> list[Loaded]:
    """Find the files of source tables; headers of CSV files are read for it.

    Raises:
        InputError: A file is missing or broken, or lacks a column.
    """
    opened: list[Loaded] = []
    for table in tables:
        source = table.source
        far = has_address(source)
        made = Loaded(table, files_at(spark, source) if far else files_of(source, folders))
        if source.formulation is Formulation.CSV:
            made.csv = open_csv(spark, table, made.parts)
        opened.append(made)
    whole = find_whole(spark, [files for each in opened for files in each.csv])
    for each in opened:
        each.whole = whole & {files.raw for files in each.csv}
    return opened


def load(spark: SparkSession, loaded: Loaded) -> None:
    """Make the view of a source table.

    Raises:
        InputError: A file is broken, or lacks a column.
    """
    formulation = loaded.table.source.formulation
    if formulation is Formulation.CSV:
        _load_csv(spark, loaded)
    elif formulation is Formulation.JSON:
        _load_json(spark, loaded)
    else:
        _load_parquet(spark, loaded)
    spark.sql(loaded.select).createOrReplaceTempView(loaded.base)
    show(spark, loaded)


def load_view(
    spark: SparkSession, table: SourceTable, loaded: Mapping[str, Loaded], *, has_files: bool
) -> Loaded:
    """Make the view of a logical view.

    Args:
        spark: The session.
        table: Its table.
        loaded: The tables under it, by name.
        has_files: Whether the records have the columns ``file`` and ``record``.
    """
    assert table.rows is not None
    under = loaded[table.rows.base.name]
    made = Loaded(table, under.parts, has_lines=under.has_lines, firsts=under.firsts, under=under)
    made.select = view_query(table, has_files=has_files)
    with translated():
        spark.sql(made.select).createOrReplaceTempView(made.base)
    show(spark, made)
    return made


def sample(spark: SparkSession, loaded: Loaded, share: float) -> str:
    """Make a view of some of a source's records, of which only these are read; return its name."""
    chosen = f"WHERE rand({_SEED}) < {share}"
    name = f"{loaded.view}_sample"
    if loaded.is_numbered or loaded.under is not None:
        query = f"SELECT * FROM {loaded.view} {chosen}"
    else:
        query = loaded.select
        for raw in loaded.raw:
            query = re.sub(rf"FROM {raw}\b", f"FROM (SELECT * FROM {raw} {chosen})", query)
    spark.sql(query).createOrReplaceTempView(name)
    return name


def show(
    spark: SparkSession,
    loaded: Loaded,
    *,
    numbered: bool = False,
    without: Sequence[Column] | None = None,
) -> None:
    """Make the view of the records that count.

    Args:
        spark: The session.
        loaded: The source.
        numbered: Whether records need the columns ``file`` and ``record``; they were counted then.
        without: The columns whose values that are none are left out, as are records that cannot be
            read; None: all is there.
    """
    loaded.is_numbered = numbered
    columns, rows, where = "v.*", f"{loaded.base} AS v", ""
    if numbered:
        schema = "kg_p STRING, kg_b BIGINT, file INT, shift BIGINT, kg_before BIGINT"
        blocks = list(_blocks(loaded))
        spark.createDataFrame(blocks, schema).createOrReplaceTempView(f"{loaded.view}_blocks")
        rows += f" JOIN {loaded.view}_blocks AS n ON v.kg_p = n.kg_p AND v.kg_b = n.kg_b"
        columns = "/*+ BROADCAST(n) */ v.*, n.file, v.kg_i + n.shift AS record, n.kg_before"
    if without is not None:
        where = " WHERE NOT v.kg_bad"
    query = f"SELECT {columns} FROM {rows}{where}"
    if without:
        query = _without_odd(query, loaded.table.columns, without)
    spark.sql(query).createOrReplaceTempView(loaded.view)


def _blocks(loaded: Loaded) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield the blocks of files: number of the file, what is added to ``kg_i``, records before."""
    earlier = 0
    for file, path in sorted({(loaded.number(path), path) for path, _ in loaded.firsts}):
        for (of, block), (least, before) in loaded.firsts.items():
            if of == path:
                yield path, block, file, before - least + 1, earlier
        earlier += loaded.counts[path]


def _without_odd(query: str, columns: Sequence[Column], odd: Sequence[Column]) -> str:
    changed = []
    for column in columns:
        value, kind = f"c{column.index}", f"t{column.index}"
        if column not in odd:
            continue
        if column.many:
            changed.append(f"filter({value}, e -> NOT e.t <=> '!') AS {value}")
        else:
            changed.append(f"CASE WHEN {kind} <=> '!' THEN NULL ELSE {value} END AS {value}")
            changed.append(f"nullif({kind}, '!') AS {kind}")
    names = ", ".join(each.rpartition(" AS ")[2] for each in changed)
    return f"SELECT * EXCEPT ({names}), {', '.join(changed)} FROM ({query})"


# --- what is read -----------------------------------------------------------------------------


def _load_csv(spark: SparkSession, loaded: Loaded) -> None:
    queries = []
    for files in loaded.csv:
        is_whole = files.raw in loaded.whole
        if is_whole:
            files.show(spark, is_whole=True)
        queries.append(files.survey(loaded.table, is_whole=is_whole))
    loaded.raw = tuple(files.raw for files in loaded.csv)
    loaded.has_lines = not loaded.whole
    loaded.select = " UNION ALL ".join(queries)


def _load_json(spark: SparkSession, loaded: Loaded) -> None:
    table, source = loaded.table, loaded.table.source
    steps = parse_jsonpath(source.iterator or "$").steps or ()
    lines = [file for file in loaded.parts if is_lines(file, source)]
    whole = [file for file in loaded.parts if not is_lines(file, source)]
    loaded.has_lines = not whole and not steps
    queries = []
    for number, (files, is_whole) in enumerate(((lines, False), (whole, True))):
        if not files:
            continue
        raw = f"{loaded.view}_raw{number}"
        frame = spark.read.text(uris(files), wholetext=is_whole).selectExpr("value", *PLACE)
        frame.createOrReplaceTempView(raw)
        loaded.raw += (raw,)
        queries.append(_json_query(raw, steps, table.columns, source))
    loaded.select = " UNION ALL ".join(queries)


def _json_query(
    raw: str, steps: Sequence[object], columns: Sequence[Column], source: LogicalSource
) -> str:
    value = f"trim(LEADING {text(chr(0xFEFF))} FROM value)"
    documents = (
        f"SELECT kg_p, kg_b, {json_sql.document(value)} AS d FROM {raw}"
        " WHERE trim(BOTH ' \\t\\r\\n' FROM value) <> ''"
    )
    found = "array(d)" if not steps else json_sql.items("d", steps)  # type: ignore[arg-type]
    kept = f"CASE WHEN d IS NULL THEN array(CAST(NULL AS VARIANT)) ELSE {found} END"
    records = f"SELECT kg_p, kg_b, explode({kept}) AS r FROM ({documents})"
    parsed = [
        json_sql.columns_sql("r", column, parse_jsonpath(column.reference).steps or ())
        for column in columns
    ]
    inner = ", ".join(
        ["kg_p", "kg_b", "monotonically_increasing_id() AS kg_i", "r IS NULL AS kg_bad", *parsed]
    )
    nulls = source.nulls or ()
    shown = ["kg_p", "kg_b", "kg_i", "kg_bad"]
    for column in columns:
        index = column.index
        if column.is_document:
            shown.append(f"c{index}")
            continue
        found = f"c{index}" if column.many else f"v{index}.v"
        shown.append(f"{without_nulls(found, nulls, many=column.many)} AS c{index}")
        shown += [] if column.many else [f"v{index}.t AS t{index}"]
    return f"SELECT {', '.join(shown)} FROM (SELECT {inner} FROM ({records}))"


def _load_parquet(spark: SparkSession, loaded: Loaded) -> None:
    frame = spark.read.parquet(*uris(loaded.parts))
    types = dict(frame.dtypes)
    for column in loaded.table.columns:
        if column.reference not in types:
            raise missing_reference(column, list(types), loaded.table.source)
    shown = [
        column_sql(f"h{column.index}", types[column.reference], column.index)
        for column in loaded.table.columns
    ]
    raw = f"{loaded.view}_raw"
    _with_place(frame, loaded).createOrReplaceTempView(raw)
    inner = ", ".join(
        ["kg_p", "kg_b", "monotonically_increasing_id() AS kg_i", "false AS kg_bad", *shown]
    )
    listed, nulls = ["kg_p", "kg_b", "kg_i", "kg_bad"], loaded.table.source.nulls or ()
    for column in loaded.table.columns:
        value = f"c{column.index}"
        listed += [f"{without_nulls(value, nulls)} AS {value}", f"t{column.index}"]
    loaded.raw = (raw,)
    loaded.select = f"SELECT {', '.join(listed)} FROM (SELECT {inner} FROM {raw})"


def _with_place(frame: DataFrame, loaded: Loaded) -> DataFrame:
    wanted = [f"{name(column.reference)} AS h{column.index}" for column in loaded.table.columns]
    return frame.selectExpr(*wanted, *PLACE)
