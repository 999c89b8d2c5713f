"""Files of DuckDB, which DuckDB reads as they are: one table, named by the iterator."""

from __future__ import annotations

from kg.sources.reading import Reading
from kg.sources.records import DuckRecords


def read(reading: Reading) -> DuckRecords:
    """Return the records of a table of a file."""
    return DuckRecords(reading.file.path, reading.source.iterator.strip())
