"""The options that limit a command's memory, time and threads; the same for every command."""

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


# Open files that a command may need: DuckDB and Oxigraph need 96, and a build opens more.
_OPEN_FILES: Final = 1024
_FEWEST_OPEN_FILES: Final = 128


def allow_open_files() -> None:
    """Raise the limit of open files as far as the system lets a process do so.

    Raises:
        LimitError: The limit is too low for DuckDB and Oxigraph.
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
    """Check the limits, and watch the command from here on, in a separate process.

    Args:
        memory: As given with ``--memory``.
        timeout: As given with ``--timeout``.
        threads: As given with ``--threads``.
        advice: What to do when time is up, if the command has special advice.

    Returns:
        The time limit in seconds, or None.

    Raises:
        UsageError: A limit is not valid.
        kg.supervise.Ended: In the watching process, when the command has ended.
    """
    seconds = check_seconds(timeout)
    check_threads(threads)
    limits = Limits(seconds, parse_size(memory or USUAL_MEMORY))
    supervise(limits if advice is None else replace(limits, advice=advice))
    return seconds
