"""What a path may be: the room that every reader, writer and cleaner of users' paths goes through.

Users name files, and so do mappings and workspaces that came from somebody else. A path may be a
link that leads elsewhere, a named pipe that blocks, a device, or a name that DuckDB takes for a
pattern. Here it is decided what may be opened, replaced or removed.

Only the standard library is used, and what takes time to import is imported where it is needed.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

from kg.errors import InputError, Location, WorldError
from kg.logins import without_login

_KINDS: Final = (
    (stat.S_ISREG, "a file"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# DuckDB reads `[ ] * ?` as a pattern, and makes a column of a folder that is named `key=value`.
_ODD: Final = re.compile(r"[\[*?=]|[\ud800-\udfff]")
# Where links of plain names are made, if the folder for temporary files has no plain name.
_SHARED: Final = ("/tmp", "/var/tmp", "/dev/shm")
_TEMPORARY: Final = re.compile(r"kg-[a-z]+-(\d+)-\w+")
_LONGEST_NAME: Final = 255  # bytes


# Files that stand in for something that has no path, with what messages call it.
_STANDING_IN: Final[dict[Path, str]] = {}


def show_path(path: Path) -> str:
    """Return a path relative to the current folder where it lies below it, else unchanged.

    An address that was taken for a path is shown without a login.
    """
    if path in _STANDING_IN:
        return _STANDING_IN[path]
    try:
        return without_login(str(path.relative_to(Path.cwd())))
    except ValueError:
        return without_login(str(path))


@contextmanager
def standing_in(path: Path, name: str) -> Iterator[None]:
    """Let messages call a file by what it stands in for, such as ``standard input``."""
    _STANDING_IN[path] = name
    try:
        yield
    finally:
        del _STANDING_IN[path]


def address_of(path: Path) -> str:
    """Return the address of a file, against which relative IRIs in it are resolved.

    What stands in for something else has that of the current folder.

    Spec: https://www.rfc-editor.org/rfc/rfc3986#section-5.1
    """
    return f"{Path.cwd().as_uri()}/" if path in _STANDING_IN else path.resolve().as_uri()


# --- what a path is -------------------------------------------------------------------------


def kind_of(path: Path) -> str | None:
    """Return what a path leads to, links followed, such as ``a folder``; None if to nothing.

    Raises:
        InputError: The name is too long, holds a NUL, or a folder above it may not be entered.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return next((name for test, name in _KINDS if test(mode)), "no file")


def is_file(path: Path) -> bool:
    """Tell whether a path leads to a regular file; False where that cannot be seen."""
    return _is(path, "a file")


def is_folder(path: Path) -> bool:
    """Tell whether a path leads to a folder; False where that cannot be seen."""
    return _is(path, "a folder")


def _is(path: Path, kind: str) -> bool:
    try:
        return kind_of(path) == kind
    except InputError:
        return False


def is_inside(path: Path, folders: Collection[Path]) -> bool:
    """Tell whether a path, links followed, lies in one of the folders or is one of them."""
    try:
        real = path.resolve()
    except (OSError, ValueError, RuntimeError):  # the last of a circle of links
        return False
    return any(real.is_relative_to(folder.resolve()) for folder in folders)


def check_inside(path: Path, folders: Collection[Path] | None, place: Location | None) -> None:
    """Refuse a path that, links followed, leads out of the folders.

    Args:
        path: The path.
        folders: Where it may lead; None: anywhere.
        place: Where it is named.

    Raises:
        InputError: It leads elsewhere.
    """
    if folders is None or is_inside(path, folders):
        return
    is_link = any(entry.is_symlink() for entry in (path, *path.parents))
    raise InputError(
        "outside-workspace",
        f"{show_path(path)} {'leads' if is_link else 'lies'} outside the workspace",
        location=place,
        hint="Copy the file into the workspace, or allow it with --allow-outside.",
    )


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    reason = str(error)
    if isinstance(error, OSError):
        reason = error.strerror or reason
        if error.errno == errno.ENAMETOOLONG:
            shown = str(path)
            name = shown if len(shown) < 100 else f"{shown[:60]}…{shown[-20:]}"
            return InputError(
                "unreadable-file",
                f"the name is too long for a file: {name}",
                hint="A name may have 255 bytes.",
            )
    return InputError(
        "unreadable-file",
        f"{show_path(path)} cannot be read: {reason}",
        hint="Check the name and the permissions.",
    )


# --- reading --------------------------------------------------------------------------------


# An address that was taken for a path, which folds its slashes.
_ADDRESS: Final = re.compile(r"((?:https?|ftps?|s3|gs|file):)/+(.*)", re.DOTALL)


def missing_file(path: Path) -> InputError:
    """Return the error for a file that is not there."""
    address = _ADDRESS.fullmatch(str(path))
    if address:
        shown = f"{address[1]}//{address[2]}"
        return InputError(
            "missing-file",
            f"{shown} is an address, and kg fetches nothing",
            hint=f"Fetch it first, for example with: curl -LO {shown}",
        )
    return InputError(
        "missing-file", f"there is no file {show_path(path)}", hint="Check the name and the folder."
    )


def check_file(
    path: Path, inside: Collection[Path] | None = None, place: Location | None = None
) -> None:
    """Refuse a path that is no regular file, or leads out of the folders that it may lie in.

    Args:
        path: The path.
        inside: Folders that it may lie in, links followed; None: anywhere.
        place: Where it is named.

    Raises:
        InputError: There is no such file, or it is a folder, a pipe, a socket or a device.
    """
    check_inside(path, inside, place)
    kind = kind_of(path)
    if kind is None:
        raise missing_file(path)
    if kind != "a file":
        raise _no_file(path, kind)


def _no_file(path: Path, kind: str) -> InputError:
    hint = "Name a file in it." if kind == "a folder" else "Write its content to a file first."
    return InputError("unreadable-file", f"{show_path(path)} is {kind}, not a file", hint=hint)


def open_file(
    path: Path,
    inside: Collection[Path] | None = None,
    *,
    buffering: int = 1 << 16,
    place: Location | None = None,
) -> BinaryIO:
    """Open a regular file for reading.

    Args:
        path: The file.
        inside: Folders that it may lie in, links followed; None: anywhere.
        buffering: Bytes that are read at a time.
        place: Where it is named.

    Raises:
        InputError: As for `check_file`, or it may not be read.
    """
    check_inside(path, inside, place)
    try:
        # A pipe without a writer would block, so it is opened without waiting, and then refused.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise missing_file(path) from error
    except (OSError, ValueError) as error:
        kind = kind_of(path)
        if kind not in (None, "a file"):  # a socket cannot be opened at all
            raise _no_file(path, str(kind)) from error
        raise _unreadable(path, error) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = next((name for test, name in _KINDS if test(mode)), "no file")
        raise _no_file(path, kind)
    return os.fdopen(descriptor, "rb", buffering)


def read_file(path: Path, inside: Collection[Path] | None = None) -> bytes:
    """Return the content of a regular file; arguments and errors as for `open_file`."""
    with open_file(path, inside) as source:
        try:
            return source.read()
        except OSError as error:
            raise WorldError(
                "disk",
                f"{show_path(path)} cannot be read: {error.strerror}",
                hint="Check the disk.",
            ) from error


def find_files(
    folder: Path, wanted: Callable[[str], bool], *, deep: bool = True
) -> tuple[Path, ...]:
    """Return the files of a folder whose names are wanted, sorted.

    Folders are not returned, and links to folders are not entered. Links to files and what is no
    regular file are returned: whoever opens them is told.

    Args:
        folder: The folder; nothing is returned if it is not there.
        wanted: Tells whether a name is wanted.
        deep: Whether folders in it are searched too.

    Raises:
        InputError: A folder cannot be read.
    """
    found: list[Path] = []
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if deep:
                            waiting.append(here / entry.name)
                    elif wanted(entry.name) and not entry.is_dir():
                        found.append(here / entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(here, error) from error
    return tuple(sorted(found))


# --- names for DuckDB -----------------------------------------------------------------------


def plain_path(path: Path) -> Path:
    """Return a name of the same file that DuckDB reads as a name and not as a pattern.

    DuckDB has no escape that holds for every name beside it. So a path with characters that it
    gives a meaning to is read through a link with a plain name, which lasts as long as the process.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() follows links
    if not _ODD.search(str(absolute)):
        return absolute
    links = _links()
    if links is None:
        return absolute
    name = blake2b(os.fsencode(absolute), digest_size=12).hexdigest()
    link = links / f"{name}{''.join(re.findall(r'[.][a-z0-9]+', absolute.name)[-2:])}"
    with suppress(FileExistsError):
        link.symlink_to(absolute)
    return link


@cache
def _links() -> Path | None:
    """Make the folder of links; it goes with the process."""
    import tempfile

    for parent in (tempfile.gettempdir(), *_SHARED):
        real = os.path.realpath(parent)
        if _ODD.search(real) or not os.access(real, os.W_OK | os.X_OK):
            continue
        folder = new_folder("links", Path(real))
        atexit.register(remove_folder, folder)
        return folder
    return None


# --- temporary files, and those that a killed process left ----------------------------------

# Each temporary file or folder of this process with the open descriptor that locks it. The lock
# goes with the process, so that a later one knows what was left behind, also in a container of
# its own, where numbers of processes mean others.
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


def part_of(target: Path) -> Path:
    """Return the temporary name of a target, beside it."""
    name = f".{target.name}.{os.getpid()}.part"
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = (
            f".{blake2b(os.fsencode(target.name), digest_size=12).hexdigest()}.{os.getpid()}.part"
        )
    return target.with_name(name)


def new_part(target: Path) -> Path:
    """Make the empty file that is to become a target; `remove_part` ends it.

    Those that killed processes left for the same target are removed first.

    Raises:
        OSError: It cannot be made.
    """
    part = part_of(target)
    stem = part.name.rsplit(".", 2)[0]
    _remove_dead(target.parent, re.compile(rf"{re.escape(stem)}\.(\d+)\.part"))
    part.unlink(missing_ok=True)
    # Never through a link that waits there under this name.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    _hold(part)
    return part


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
    """Tell whether no process holds the lock of a temporary file or folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


# --- writing and removing -------------------------------------------------------------------


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes the target at the end, or is removed on failure.

    Raises:
        OSError: The target cannot be replaced.
    """
    part = new_part(target)
    try:
        yield part
        part.replace(target)
    finally:
        remove_part(part)


def write_text(path: Path, text: str) -> None:
    """Write a small file so that readers see the old or the new text, whatever happens.

    A link of this name is replaced, not followed.

    Raises:
        OSError: It cannot be written.
    """
    with replacing(path) as part, part.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def remove_tree(folder: Path, root: Path) -> None:
    """Remove a folder with all that is in it, if it lies in another and no link leads out of that.

    A link is removed, and not what it leads to. Nothing is raised if something stays.
    """
    import shutil

    if not is_inside(folder.parent, [root]):
        return
    if folder.is_symlink() or is_file(folder):
        folder.unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
