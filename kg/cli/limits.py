"""The options that limit what a command may take; the same for every command that has them."""

from __future__ import annotations

import resource
from dataclasses import replace
from typing import Annotated, Final

import typer

from kg.errors import LimitError
from kg.sizes import USUAL_MEMORY, check_seconds, check_threads, parse_size
from kg.supervise import Limits, supervise

MemoryOption = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE", help=f"Peak memory of the process; more ends it. Default: {USUAL_MEMORY}."
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(metavar="N", help="Worker threads. Default: one for each core."),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(metavar="S", help="Stop after S seconds; 0 for never. Default: never."),
]


# Files that a command may have open: DuckDB and Oxigraph need 96, and a build opens others.
_OPEN_FILES: Final = 1024
_FEWEST_OPEN_FILES: Final = 128


def allow_open_files() -> None:
    """Raise the limit of open files as far as the system lets a process do so.

    Raises:
        LimitError: It is too low for DuckDB and Oxigraph.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < _FEWEST_OPEN_FILES:
        raise LimitError(
            "too-few-open-files",
            f"only {wanted} files may be open at once; {_FEWEST_OPEN_FILES} are needed",
            hint=f"Allow more where kg is started, such as with ulimit -n {_OPEN_FILES}.",
        )


def limit(
    memory: str | None,
    timeout: float | None = None,
    threads: int | None = None,
    advice: str | None = None,
) -> float | None:
    """Check the limits, and have the command watched from here on, in a process of its own.

    Args:
        memory: As given with ``--memory``.
        timeout: As given with ``--timeout``.
        threads: As given with ``--threads``.
        advice: What to do where time is up, if the command knows something special.

    Returns:
        The time limit in seconds; None for none.

    Raises:
        UsageError: One of them makes no sense.
        kg.supervise.Ended: In the watching process, when the command has ended.
    """
    seconds = check_seconds(timeout)
    check_threads(threads)
    limits = Limits(seconds, parse_size(memory or USUAL_MEMORY))
    supervise(limits if advice is None else replace(limits, advice=advice))
    return seconds
