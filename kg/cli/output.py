"""Write an answer to standard output, or to a temporary file that is then renamed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kg.cli.watchdog import Guard
from kg.files import replacing, writing


@contextmanager
def opened(target: Path | None, guard: Guard) -> Iterator[IO[bytes]]:
    """Give a binary file to write an answer to.

    Args:
        target: The file; None for standard output. It is replaced in one step if the body succeeds,
            and left alone otherwise. A device or pipe is written to directly.
        guard: Learns which files to remove if the process is ended, and that the work is done
            before the file is put in place.

    Raises:
        WorldError: The file cannot be written.
        BrokenPipeError: The reader of a pipe has gone.
    """
    if target is None:
        with writing("standard output"):
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        guard.finish()
        return
    with replacing(target, begun=guard.leftovers.append) as part:
        with part.open("wb") as out:
            yield out
        guard.finish()
