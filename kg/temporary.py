"""Temporary files and folders, those that become the targets of writers, and locks.

Each is locked as long as its process lives. So a later process knows what one that was killed has
left behind, and removes it, and never what a living one needs.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from kg.errors import WorldError

_TEMPORARY: Final = re.compile(r"kg-[a-z]+-(\d+)-\w+")
_LONGEST_NAME: Final = 255  # bytes
# How often what others write to at the same time is removed.
_TRIES: Final = 20
# Each temporary file or folder of this process with the open descriptor that locks it. The number
# of a process in a name is not enough: in another container it means another process.
_HELD: Final[dict[Path, int]] = {}


@contextmanager
def temporary_folder(purpose: str, parent: Path | None = None) -> Iterator[Path]:
    """Give a new folder, which is removed at the end with all that is in it.

    Args:
        purpose: A word for its name.
        parent: Where to make it; by default where the system has temporary files.

    Raises:
        WorldError: It cannot be made.
    """
    folder = new_folder(purpose, parent)
    try:
        yield folder
    finally:
        remove_folder(folder)


def new_folder(purpose: str, parent: Path | None = None) -> Path:
    """Make a folder that `remove_folder` removes; otherwise as `temporary_folder`.

    Folders that killed processes left in the same place are removed first.
    """
    import tempfile

    try:
        place = Path(parent or tempfile.gettempdir())
        _remove_dead(place, _TEMPORARY)
        folder = Path(tempfile.mkdtemp(prefix=f"kg-{purpose}-{os.getpid()}-", dir=place))
    except OSError as error:
        raise WorldError(
            "disk",
            f"no temporary folder can be made: {error.strerror or error}",
            hint="Check the room on the disk, or name another folder in TMPDIR.",
        ) from error
    _hold(folder)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder of `new_folder` with all that is in it."""
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    _release(folder)


def remove_held() -> None:
    """Remove all that this process has made here, since it is about to end without more ado.

    Its other threads may still write there, so what they made meanwhile is removed, too.
    """
    import shutil

    for path in [path for path in tuple(_HELD) if str(os.getpid()) in path.name]:
        for _ in range(_TRIES):
            shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):
                path.unlink()
            if not path.exists():
                break


@contextmanager
def scratch_file() -> Iterator[IO[str]]:
    """Give a text file to write and to read again, which has no name and goes at the end.

    Raises:
        WorldError: It cannot be made or written.
    """
    import tempfile

    with (
        scratch_told(),
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file,
    ):
        yield file


def new_scratch() -> int:
    """Return the descriptor of a new file without a name, to write and to read again.

    Raises:
        WorldError: It cannot be made.
    """
    import tempfile

    with scratch_told():
        descriptor, name = tempfile.mkstemp(prefix="kg-")
        os.unlink(name)  # noqa: PTH108
        return descriptor


@contextmanager
def scratch_told() -> Iterator[None]:
    """Tell what goes wrong with a file without a name as kg's error.

    Raises:
        WorldError: It cannot be made or written.
    """
    try:
        yield
    except BrokenPipeError:  # of a pipe that it is copied to
        raise
    except OSError as error:
        raise WorldError(
            "disk",
            f"a temporary file cannot be written: {error.strerror or error}",
            hint="Check the room on the disk, or name another folder in TMPDIR.",
        ) from error


def part_of(target: Path) -> Path:
    """Return the temporary name of a target, beside it."""
    name = f".{target.name}.{os.getpid()}.part"
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = f".{short_name(target.name)}.{os.getpid()}.part"
    return target.with_name(name)


def new_part_folder(target: Path) -> None:
    """Make the folder that is to become a target, as `part_of` names it; `remove_folder` ends it.

    Those that killed processes left for the same target are removed first.

    Raises:
        OSError: It cannot be made.
    """
    part = part_of(target)
    _remove_dead_parts(part)
    part.mkdir(parents=True)
    _hold(part)


def new_part(target: Path) -> Path:
    """Make the empty file that is to become a target; `remove_part` ends it.

    Those that killed processes left for the same target are removed first.

    Raises:
        OSError: It cannot be made.
    """
    part = part_of(target)
    _remove_dead_parts(part)
    part.unlink(missing_ok=True)
    # Never through a link that waits there under this name.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    _hold(part)
    return part


def _remove_dead_parts(part: Path) -> None:
    stem = part.name.rsplit(".", 2)[0]
    _remove_dead(part.parent, re.compile(rf"{re.escape(stem)}\.(\d+)\.part"))


def remove_part(part: Path) -> None:
    """Remove a file of `new_part`, if it has not become its target."""
    part.unlink(missing_ok=True)
    _release(part)


def _hold(path: Path) -> None:
    with suppress(OSError):  # some file systems have no locks: then only the process tells
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        _HELD[path] = descriptor


def _release(path: Path) -> None:
    descriptor = _HELD.pop(path, None)
    if descriptor is not None:
        os.close(descriptor)


def _remove_dead(folder: Path, names: re.Pattern[str]) -> None:
    """Remove what processes left in a folder that have ended; the group of a name is its number."""
    import shutil

    if folder in _HELD:  # it is this process's own, and may hold thousands of files
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = names.fullmatch(entry.name)
            if match is None or not _is_dead(int(match[1])):
                continue
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if status.st_uid != os.getuid() or not _is_free(folder / entry.name):
                    continue
                if stat.S_ISDIR(status.st_mode):
                    shutil.rmtree(entry.path, ignore_errors=True)
                elif stat.S_ISREG(status.st_mode):
                    os.unlink(entry.path)  # noqa: PTH108


def _is_dead(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _is_free(path: Path) -> bool:
    """Return whether no process holds the lock of a temporary file or folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def short_name(text: str) -> str:
    """Return a short name for a text, another one for each."""
    from hashlib import blake2b

    return blake2b(os.fsencode(text), digest_size=12).hexdigest()


# --- locks ----------------------------------------------------------------------------------


def open_lock(path: Path) -> int:
    """Open the file of a lock, which is made if it is not there, and return its descriptor.

    Raises:
        OSError: It cannot be made, or is a link or no file.
    """
    flags = os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, os.O_RDWR | flags, 0o666)
    except PermissionError:  # one that may be read can be locked too
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file")
    return descriptor


def take_lock(descriptor: int) -> bool:
    """Take a lock until its file is closed; return False if another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# --- writing and removing -------------------------------------------------------------------


def write_text(path: Path, text: str) -> None:
    """Write a small file so that readers see the old or the new text, whatever happens.

    A link of this name is replaced, not followed.

    Raises:
        OSError: It cannot be written.
    """
    _write(path, text, is_lasting=True)


def write_note(path: Path, text: str) -> None:
    """Write a small file as `write_text`, without waiting for the disk.

    If the machine fails it may be damaged, so whoever reads it must see that, and do without.

    Raises:
        OSError: It cannot be written.
    """
    _write(path, text, is_lasting=False)


def _write(path: Path, text: str, *, is_lasting: bool) -> None:
    part = new_part(path)
    try:
        with part.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            if is_lasting:
                os.fsync(out.fileno())
        part.replace(path)
    finally:
        remove_part(part)
