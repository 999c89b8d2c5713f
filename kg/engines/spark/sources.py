"""Logical sources as views of Spark: a row for each record.

A view has the columns of its source table (`kg.mapping.source_table`) and, to find a record again:
``kg_p``, the path of its file; ``kg_b``, where the block of the file starts that it was read with;
``kg_i``, which grows with the records of a block. ``kg_bad`` says that it cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from kg.engines.spark import csv_sql, json_sql
from kg.engines.spark.csv_sql import CsvTable
from kg.engines.spark.dialect import name, text
from kg.engines.spark.hadoop import files_at, first_line, has_address
from kg.engines.spark.parquet_sql import column_sql
from kg.errors import InputError, Location
from kg.mapping.jsonpath import parse_jsonpath
from kg.mapping.plan import Formulation, LogicalSource
from kg.mapping.source_table import Column, SourceTable
from kg.paths import real_path
from kg.sources import Folders
from kg.sources.csv_lines import Lines, rows_of
from kg.sources.files import SourceFile, missing_reference
from kg.sources.headers import names_of, picked
from kg.sources.inputs import files_of
from kg.sources.json_files import is_lines
from kg.sources.streams import open_text, wrong_encoding

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SEED: Final = 7
_PLACE: Final = ("_metadata.file_path AS kg_p", "_metadata.file_block_start AS kg_b")


@dataclass(slots=True)
class Loaded:
    """A source table as views.

    Attributes:
        table: The table.
        parts: The files, in the order of their numbers.
        query: The query of `base`.
        raw: Views of lines or documents that it reads, each once.
        has_lines: Whether a record is a line, so that its number tells its line.
        is_numbered: Whether the view has the columns ``file`` and ``record``.
        firsts: For each block of a file: the least of its records' ``kg_i``, and the number of
            records before; empty where that was not counted.
    """

    table: SourceTable
    parts: tuple[SourceFile, ...]
    query: str = ""
    raw: tuple[str, ...] = ()
    has_lines: bool = False
    is_numbered: bool = False
    firsts: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

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
        names = [part.name or str(real_path(part.path)) for part in self.parts]
        return names.index(path if path in names else _plain(path))


def _plain(uri: str) -> str:
    return unquote(urlsplit(uri).path)


def load(spark: SparkSession, table: SourceTable, folders: Folders) -> Loaded:
    """Make the view of a source table; the header of each CSV file is read for it.

    Raises:
        InputError: A file is missing or broken, or lacks a column.
    """
    source = table.source
    far = has_address(source)
    files = files_at(spark, source) if far else files_of(source, folders)
    loaded = Loaded(table, files)
    if source.formulation is Formulation.CSV:
        _load_csv(spark, loaded)
    elif source.formulation is Formulation.JSON:
        _load_json(spark, loaded)
    else:
        _load_parquet(spark, loaded)
    spark.sql(loaded.query).createOrReplaceTempView(loaded.base)
    show(spark, loaded)
    return loaded


def sample(spark: SparkSession, loaded: Loaded, share: float) -> str:
    """Make a view of some of a source's records, of which only these are read; return its name."""
    chosen = f"WHERE rand({_SEED}) < {share}"
    name = f"{loaded.view}_sample"
    if loaded.is_numbered:
        query = f"SELECT * FROM {loaded.view} {chosen}"
    else:
        query = loaded.query
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
        blocks = [
            (path, block, loaded.number(path), before - least + 1)
            for (path, block), (least, before) in loaded.firsts.items()
        ]
        schema = "kg_p STRING, kg_b BIGINT, file INT, shift BIGINT"
        spark.createDataFrame(blocks, schema).createOrReplaceTempView(f"{loaded.view}_blocks")
        rows += f" JOIN {loaded.view}_blocks AS n ON v.kg_p = n.kg_p AND v.kg_b = n.kg_b"
        columns = "/*+ BROADCAST(n) */ v.*, n.file, v.kg_i + n.shift AS record"
    if without is not None:
        where = " WHERE NOT v.kg_bad"
    query = f"SELECT {columns} FROM {rows}{where}"
    if without:
        query = _without_odd(query, loaded.table.columns, without)
    spark.sql(query).createOrReplaceTempView(loaded.view)


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


def _uris(files: Iterable[SourceFile]) -> list[str]:
    # Hadoop takes a path for a pattern, unless its marks are escaped.
    marks = str.maketrans({mark: f"\\{mark}" for mark in "\\{}[]*?,"})
    return [file.name or f"file://{str(real_path(file.path)).translate(marks)}" for file in files]


# --- CSV ------------------------------------------------------------------------------------


def _load_csv(spark: SparkSession, loaded: Loaded) -> None:
    groups: dict[tuple[str, int, tuple[int, ...]], list[SourceFile]] = {}
    for file in loaded.parts:
        groups.setdefault(_header(spark, file, loaded.table), []).append(file)
    queries = []
    loaded.has_lines = True
    for number, ((header, width, found), files) in enumerate(groups.items()):
        table = CsvTable(loaded.table.source, header, width, found)
        raw = f"{loaded.view}_raw{number}"
        frame = spark.read.text(_uris(files)).selectExpr("value", *_PLACE)
        frame.createOrReplaceTempView(raw)
        is_whole = _must_be_whole(spark, raw, table, loaded)
        if is_whole:
            loaded.has_lines = False
            frame = spark.read.text(_uris(files), wholetext=True).selectExpr("value", *_PLACE)
            frame.createOrReplaceTempView(raw)
        loaded.raw += (raw,)
        rows = f"({csv_sql.whole_query(raw, table)})" if is_whole else raw
        columns = loaded.table.columns
        queries.append(csv_sql.lines_query(rows, table, columns, is_whole=is_whole))
    loaded.query = " UNION ALL ".join(queries)


def _header(
    spark: SparkSession, file: SourceFile, table: SourceTable
) -> tuple[str, int, tuple[int, ...]]:
    """Return the line of the header, the number of columns, and those that are wanted."""
    source = table.source
    if file.name:
        first = first_line(spark, file).removeprefix(chr(0xFEFF))
    else:
        with open_text(file, source) as stream:
            first = stream.readline().rstrip("\r\n")
    with _text(first) if file.name else open_text(file, source) as stream:
        rows = rows_of(Lines(stream, source, file.shown), file, source, strict=True)
        line, fields = next(((line, row) for line, row in rows if row), (1, []))
    place = Location(file.shown, line)
    if not fields:
        raise InputError(
            "empty-file", "there is no header row", location=place, hint="Add the names of columns."
        )
    names = names_of(fields, source, place, "bad-csv")
    found = tuple(picked(table.columns, names, source, place))
    return first if source.dialect.header else "", len(names), found


def _text(line: str) -> TextIOWrapper:
    return TextIOWrapper(BytesIO(f"{line}\n".encode()), encoding="utf-8", newline="")


def _must_be_whole(spark: SparkSession, raw: str, table: CsvTable, loaded: Loaded) -> bool:
    """Return whether files cannot be read line by line, since a field or name has a line end.

    Raises:
        InputError: A line is not UTF-8.
    """
    header = csv_sql.is_header(table) if table.header else "false"
    rows = spark.sql(
        "SELECT kg_p, count_if(NOT is_valid_utf8(value)),"
        f" count_if({csv_sql.is_open(table.source)}), count_if({header})"
        f" FROM {raw} GROUP BY kg_p ORDER BY kg_p"
    ).collect()
    for path, wrong, _, _ in rows:
        if wrong:
            part = loaded.parts[loaded.number(path)]
            raise wrong_encoding(part.location, table.source)
    headers = 1 if table.header else 0
    return any(is_open or found != headers for _, _, is_open, found in rows)


# --- JSON and Parquet -----------------------------------------------------------------------


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
        frame = spark.read.text(_uris(files), wholetext=is_whole).selectExpr("value", *_PLACE)
        frame.createOrReplaceTempView(raw)
        loaded.raw += (raw,)
        queries.append(_json_query(raw, steps, table.columns, source))
    loaded.query = " UNION ALL ".join(queries)


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
    shown = ["kg_p", "kg_b", "kg_i", "kg_bad"]
    for column in columns:
        index = column.index
        if column.many:
            shown.append(_without_nulls(f"c{index}", source, many=True))
        else:
            shown += [_without_nulls(f"v{index}.v", source, f"c{index}"), f"v{index}.t AS t{index}"]
    return f"SELECT {', '.join(shown)} FROM (SELECT {inner} FROM ({records}))"


def _without_nulls(
    value: str, source: LogicalSource, called: str = "", *, many: bool = False
) -> str:
    """Return a column without the values that the source says stand for none."""
    called = called or value
    if not source.nulls:
        return f"{value} AS {called}"
    listed = ", ".join(map(text, source.nulls))
    if many:
        return f"filter({value}, e -> e.v NOT IN ({listed})) AS {called}"
    return f"CASE WHEN {value} IN ({listed}) THEN NULL ELSE {value} END AS {called}"


def _load_parquet(spark: SparkSession, loaded: Loaded) -> None:
    frame = spark.read.parquet(*_uris(loaded.parts))
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
    listed = ["kg_p", "kg_b", "kg_i", "kg_bad"]
    for column in loaded.table.columns:
        listed += [
            _without_nulls(f"c{column.index}", loaded.table.source),
            f"t{column.index}",
        ]
    loaded.raw = (raw,)
    loaded.query = f"SELECT {', '.join(listed)} FROM (SELECT {inner} FROM {raw})"


def _with_place(frame: DataFrame, loaded: Loaded) -> DataFrame:
    wanted = [f"{name(column.reference)} AS h{column.index}" for column in loaded.table.columns]
    return frame.selectExpr(*wanted, *_PLACE)
