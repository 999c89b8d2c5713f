"""What DuckDB says of a file that it cannot read, as errors that name the file and the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from kg.duck import first_line
from kg.engines.duckdb.parquet import broken
from kg.engines.duckdb.scans import query_of
from kg.errors import InputError, KgError
from kg.mapping.plan import Formulation
from kg.paths import plain_path
from kg.sources import csv_files, json_files, parquet_files
from kg.sources.reading import Reading
from kg.sources.streams import bad_compression, text_blocks

# What DuckDB says of a packed file that is cut off or damaged.
_PACKED: Final = {"GZIP": "gzip", "ZSTD": "zstd"}


def is_mendable(error: duckdb.Error, readings: Sequence[Reading]) -> bool:
    """Return whether reading once more, with what is known now, may mend an error."""
    reading = _reading_of(str(error), readings)
    if reading is None:
        return False
    if reading.source.formulation is Formulation.JSON:
        was_large = reading.is_large
        reading.is_large |= json_files.is_mendable(str(error))
        return reading.is_large and not was_large
    is_csv = reading.source.formulation is Formulation.CSV
    return is_csv and not reading.is_repaired and csv_files.is_mendable(str(error))


def _reading_of(text: str, readings: Sequence[Reading]) -> Reading | None:
    """Return the reading whose file, or a copy of it, is named in an error of the engine."""
    for reading in readings:
        paths = (*reading.copies, reading.file.path)
        if any(str(name) in text for path in paths for name in (path, plain_path(path))):
            return reading
    return readings[0] if len(readings) == 1 else None


def _damaged_parquet(
    connection: duckdb.DuckDBPyConnection, readings: Sequence[Reading]
) -> Reading | None:
    """Return the reading of the first Parquet file that cannot be decoded to its end."""
    for reading in readings:
        try:
            select = query_of(connection, parquet_files.read(reading), reading)
            connection.execute(f"SELECT bit_xor(hash(t)) FROM ({select}) AS t")
        except (duckdb.Error, KgError):
            return reading
    return None


def not_utf8(readings: Sequence[Reading]) -> InputError | None:
    """Return the error of the first file that is not in its encoding."""
    for reading in readings:
        try:
            for _ in text_blocks(reading.file, reading.source):
                pass
        except InputError as error:
            return error
    return None


def explained(
    connection: duckdb.DuckDBPyConnection, error: duckdb.Error, readings: Sequence[Reading]
) -> KgError | duckdb.Error:
    """Turn an error that is about a file's content into ours; return others unchanged."""
    text = str(error)
    reading = _reading_of(text, readings)
    if reading is None and readings[0].source.formulation is Formulation.PARQUET:
        reading = _damaged_parquet(connection, readings)  # these messages name no file
    if reading is None:
        return error
    is_parquet = reading.source.formulation is Formulation.PARQUET
    if is_parquet and _is_of_content(error):
        return broken(text, reading.file)
    if isinstance(error, duckdb.IOException):
        packed = next((kind for mark, kind in _PACKED.items() if mark in text.upper()), None)
        return (
            bad_compression(reading.file.location, packed, first_line(error)) if packed else error
        )
    # What DuckDB says of lines longer than its buffers is that it has not learnt to read them.
    if not isinstance(error, duckdb.InvalidInputException | duckdb.NotImplementedException):
        return error
    if reading.source.formulation is Formulation.CSV:
        return csv_files.explain(text, reading)
    if reading.source.formulation is Formulation.JSON:
        return json_files.explain(text, reading.source, reading.file)
    return error


def _is_of_content(error: duckdb.Error) -> bool:
    """Return whether an error is one of DuckDB's about what a Parquet file holds."""
    if isinstance(error, duckdb.IOException):  # a place that the file points to
        return "read enough bytes" in str(error)
    # Those of the library that decodes the file have no class of their own.
    return type(error) is duckdb.Error or isinstance(error, _OF_CONTENT)


_OF_CONTENT: Final = (
    duckdb.InvalidInputException,
    duckdb.NotImplementedException,
    duckdb.SerializationException,
    duckdb.OutOfRangeException,
    duckdb.ConversionException,
    duckdb.InternalException,
)
