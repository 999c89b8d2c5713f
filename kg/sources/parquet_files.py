"""Parquet files, which DuckDB reads as they are."""

from __future__ import annotations

from kg.sources.reading import Reading
from kg.sources.records import ParquetRecords
from kg.sources.streams import unpacked


def read(reading: Reading) -> ParquetRecords:
    """Return the records of a Parquet file."""
    return ParquetRecords(unpacked(reading.file, reading.source, reading.copy(".parquet")))
