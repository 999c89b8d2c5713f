"""Files that are replaced in one step: each target is the old file or the new one, whole.

A file is written under a temporary name beside the target, and renamed at the end. What is no
regular file (a device, a named pipe) is written to directly.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from kg.errors import WorldError
from kg.paths import show_path, written_path
from kg.supervise import leftover
from kg.temporary import new_part, new_part_folder, part_of, remove_folder, remove_part


class Renames:
    """Written files that take the names of their targets once all of them are written.

    It is a context: they are renamed at its end, or removed on failure. Until then they are in one
    hidden folder beside the targets of a folder, so that ten thousand need one lock.

    Raises:
        WorldError: At the end, a target cannot be replaced.
    """

    def __init__(self) -> None:
        self._pairs: list[tuple[Path, Path]] = []
        self._folders: dict[Path, Path] = {}

    def part(self, target: Path) -> Path:
        """Return where to write what is to become a target.

        Raises:
            OSError: The folder for it cannot be made.
        """
        place = target.parent
        if place not in self._folders:
            folder = place / "targets"
            leftover(part_of(folder))
            new_part_folder(folder)
            self._folders[place] = part_of(folder)
        return self._folders[place] / str(len(self._pairs))

    def add(self, part: Path, target: Path) -> None:
        """Take a written file, which is to become the target."""
        self._pairs.append((part, target))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Rename, or remove what was written."""
        try:
            if kind is None:
                for part, target in self._pairs:
                    with writing(target):
                        part.replace(target)
        finally:
            for folder in self._folders.values():
                remove_folder(folder)


@contextmanager
def replacing(
    target: Path,
    together: Renames | None = None,
    *,
    begun: Callable[[Path], object] = leftover,
) -> Iterator[Path]:
    """Give a path to write to, which becomes the target at the end, or is removed on failure.

    Args:
        target: The file.
        together: Takes the file, to rename it later, with others.
        begun: Is told what to remove if the process is ended; by default `kg.supervise` is, as it
            always is of what is renamed with others.

    Raises:
        WorldError: The target cannot be replaced.
    """
    with writing(target):
        target = written_path(target)
    if target.exists() and not target.is_file():
        if target.is_dir():
            raise WorldError("disk", f"{show_path(target)} is a folder", hint="Name a file in it.")
        with writing(target):
            yield target
        return
    part = part_of(target)
    if together is None:
        begun(part)
    try:
        with writing(target):
            part = new_part(target) if together is None else together.part(target)
            yield part
            if together is None:
                part.replace(target)
            else:
                together.add(part, target)
    except WorldError as error:
        error.message = error.message.replace(str(part), show_path(target))
        raise
    finally:
        if together is None:
            remove_part(part)


def link(source: Path, target: Path) -> None:
    """Give a file of kg's own that is never written to a second name; copy it if that cannot be.

    Raises:
        OSError: The disk failed.
    """
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, which gets its name at the end, or is removed on failure.

    Args:
        folder: The folder, which is not there.

    Raises:
        WorldError: The disk failed.
    """
    part = part_of(folder)
    leftover(part)
    try:
        with writing(folder):
            new_part_folder(folder)
            yield part
            part.replace(folder)
    finally:
        remove_folder(part)


@contextmanager
def writing(target: Path | str) -> Iterator[None]:
    """Turn errors of the system into one that names the file; a broken pipe passes.

    Args:
        target: The file, or what it is called.

    Raises:
        WorldError: The file cannot be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        shown = target if isinstance(target, str) else show_path(target)
        raise WorldError(
            "disk",
            f"cannot write {shown}: {error.strerror or error}",
            hint="Check the path, the permissions and the room on the disk.",
        ) from error
