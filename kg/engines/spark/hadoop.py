"""Places that Hadoop knows: sources and outputs that are no path of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from kg.engines.spark.session import translated
from kg.errors import InputError
from kg.mapping.plan import LogicalSource
from kg.paths import real_path
from kg.sources.files import SourceFile

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ADDRESS: Final = re.compile(
    r"(?:s3a?|hdfs|webhdfs|abfss?|wasbs?|gs|viewfs|file)://", re.IGNORECASE
)

# Where a line or document is: its file, and where the block starts that it was read with.
PLACE: Final = ("_metadata.file_path AS kg_p", "_metadata.file_block_start AS kg_b")


def is_address(path: str) -> bool:
    """Return whether a path is an address of a file system that Hadoop knows.

    >>> is_address("s3a://bucket/a.csv"), is_address("https://example.org/a.csv")
    (True, False)
    """
    return _ADDRESS.match(path) is not None


def has_address(source: LogicalSource) -> bool:
    """Return whether a source is read from such a file system."""
    return any(map(is_address, source.paths))


def check_allowed(sources: Sequence[LogicalSource], *, allowed: bool) -> None:
    """Refuse sources of file systems that the user has not allowed, or that are mixed with files.

    Raises:
        InputError: A source is refused.
    """
    for source in filter(has_address, sources):
        place = source.origin.location()
        if not allowed:
            raise InputError(
                "outside-folder",
                f"the source {source.path} is an address",
                location=place,
                hint="Allow it with --allow-outside.",
            )
        if not all(map(is_address, source.paths)):
            raise InputError(
                "not-on-spark",
                f"{source.path}: files of this machine beside addresses cannot be had on Spark",
                location=place,
                hint="Copy all to one file system.",
            )


def files_at(spark: SparkSession, source: LogicalSource) -> tuple[SourceFile, ...]:
    """Return the files of a source that is read from such a file system, sorted by name.

    Raises:
        InputError: There are none.
        WorldError: The file system cannot be reached.
    """
    with translated():
        names = sorted(spark.read.text(list(source.paths)).inputFiles())
    return tuple(SourceFile(Path(name), name=name) for name in names)


def first_line(spark: SparkSession, file: SourceFile) -> str:
    """Return the first line of a file there that is not empty; empty if it has none."""
    with translated():
        row = spark.read.text(file.name).where("value <> ''").head()
    return "" if row is None else str(row[0])


def uris(files: Iterable[SourceFile]) -> list[str]:
    """Return what Hadoop calls files, which takes a path for a pattern unless it is escaped."""
    marks = str.maketrans({mark: f"\\{mark}" for mark in "\\{}[]*?,"})
    return [file.name or f"file://{str(real_path(file.path)).translate(marks)}" for file in files]


def number_of(files: Sequence[SourceFile], path: str) -> int:
    """Return the number of a file from what Spark calls it."""
    names = [file.name or str(real_path(file.path)) for file in files]
    return names.index(path if path in names else unquote(urlsplit(path).path))
