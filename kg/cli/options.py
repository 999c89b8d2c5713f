"""Options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kg.errors import UsageError


class MapEngine(StrEnum):
    """What runs a mapping."""

    DUCKDB = "duckdb"
    SPARK = "spark"


MasterOption = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="With --engine spark: the cluster, such as spark://host:7077. Default: that of"
        " spark-submit, or all cores of this machine.",
    ),
]


def check_master(master: str | None, *, on_spark: bool) -> None:
    """Refuse a cluster for an engine that has none.

    Raises:
        UsageError: It is given, and the engine is not Spark.
    """
    if master is not None and not on_spark:
        raise UsageError("usage", "--master goes with --engine spark", hint="Add --engine spark.")


OutsideOption = Annotated[
    bool,
    typer.Option("--allow-outside", help="Files and servers may lie outside the workspace."),
]
InferredOption = Annotated[
    bool, typer.Option("--with-inferred", help="Also what `kg build --infer` added.")
]
UnsupportedOption = Annotated[
    bool,
    typer.Option(
        "--ignore-unsupported", help="Leave out what kg does not support of SHACL, and say so."
    ),
]
# Where a result goes: to a file, or to standard output.
FileOption = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Write to a file; its ending says the format."
    ),
]
# Of servers.
HostOption = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")
]
PortOption = Annotated[
    int, typer.Option("--port", metavar="N", help="The port; 0 for any that is free.")
]
WorkerMemoryOption = Annotated[
    str | None,
    typer.Option("--memory", metavar="SIZE", help="Of each such process. Default: 2GB."),
]
AllowHostOption = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="NAME", help="Answer under this name too."),
]
