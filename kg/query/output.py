"""Where an answer goes: standard output, or a file that is written beside and renamed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kg.errors import WorldError
from kg.paths import written_path
from kg.query.limits import Guard
from kg.temporary import new_part, remove_part
from kg.workspace import show_path


@contextmanager
def opened(target: Path | None, guard: Guard) -> Iterator[IO[bytes]]:
    """Give a binary file to write an answer to.

    Args:
        target: The file; None for standard output. It is replaced in one step when the body ends
            well, and left alone otherwise. A device or pipe is written to directly.
        guard: Is told what to remove if the process is ended, and that the work is done before
            the file is put in place.

    Raises:
        WorldError: The file cannot be written.
        BrokenPipeError: The reader of a pipe has gone.
    """
    try:
        if target is None:
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            guard.finish()
        elif target.exists() and not target.is_file():
            with target.open("wb") as out:
                yield out
            guard.finish()
        else:
            yield from _replaced(written_path(target), guard)
    except BrokenPipeError:
        raise
    except OSError as error:
        name = "standard output" if target is None else show_path(target)
        raise WorldError(
            "disk",
            f"cannot write {name}: {error.strerror or error}",
            hint="Check the folder and the room on the disk.",
        ) from error


def _replaced(target: Path, guard: Guard) -> Iterator[IO[bytes]]:
    part = new_part(target)
    guard.leftovers.append(part)
    with part.open("wb") as out:
        yield out
    guard.finish()
    part.replace(target)
    remove_part(part)
