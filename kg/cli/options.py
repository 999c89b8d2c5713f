"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
