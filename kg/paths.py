"""What a path may be: the room that every reader, writer and cleaner of users' paths goes through.

Users name files, and so do mappings and workspaces that came from somebody else. A path may be a
link that leads elsewhere, a named pipe that blocks, a device, or a name that DuckDB takes for a
pattern. Here it is decided what may be opened, replaced or removed.

Only the standard library is used, and what takes time to import is imported where it is needed.
"""

from __future__ import annotations

import atexit
import errno
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from kg.aside import Aside
from kg.errors import InputError, Location, WorldError
from kg.logins import without_login
from kg.temporary import new_folder, remove_folder, short_name

if TYPE_CHECKING:
    from io import BufferedReader

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


def path_within(shown: str, root: Path) -> str:
    """Return a path as `show_path` gave it, relative to a folder that it lies in.

    It is the same whatever the current folder is.
    """
    path = Path(os.path.abspath(shown))  # noqa: PTH100 - resolve() follows links
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else shown


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
    return f"{Path.cwd().as_uri()}/" if path in _STANDING_IN else real_path(path).as_uri()


# --- what a path is -------------------------------------------------------------------------


def real_path(path: Path) -> Path:
    """Return a path from the root on, links followed.

    A link that leads to itself stays, for whoever opens it to tell; `Path.resolve` raises a
    RuntimeError.
    """
    return Path(os.path.realpath(path))


def written_path(target: Path) -> Path:
    """Return where a file is written: a link stays, and what it points to is replaced.

    Raises:
        OSError: The link leads to itself.
    """
    real = real_path(target)
    if real.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return real


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
    """Return whether a path leads to a regular file; False where that cannot be seen."""
    return _is(path, "a file")


def is_folder(path: Path) -> bool:
    """Return whether a path leads to a folder; False where that cannot be seen."""
    return _is(path, "a folder")


def _is(path: Path, kind: str) -> bool:
    try:
        return kind_of(path) == kind
    except InputError:
        return False


def is_inside(path: Path, folders: Collection[Path]) -> bool:
    """Return whether a path, links followed, lies in one of the folders or is one of them."""
    try:
        real = os.path.realpath(path)
    except (OSError, ValueError):
        return False
    # As texts: builds ask this of each source, and paths compare their parts.
    roots = (os.path.realpath(folder) for folder in folders)
    return any(real == root or real.startswith(root.rstrip(os.sep) + os.sep) for root in roots)


def is_link(path: Path) -> bool:
    """Return whether a path, or a folder above it, is a link."""
    return any(entry.is_symlink() for entry in (path, *path.parents))


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
    raise InputError(
        "outside-workspace",
        f"{show_path(path)} {'leads' if is_link(path) else 'lies'} outside the workspace",
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
_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+:)/+(.*)", re.DOTALL)


def missing_file(path: Path) -> InputError:
    """Return the error for a file that is not there."""
    address = _ADDRESS.fullmatch(str(path))
    if address:
        shown = without_login(f"{address[1]}//{address[2]}")
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
    """Refuse a path that is not a regular file, or leads out of the folders that it may lie in.

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
) -> BufferedReader:
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
    return cast("BufferedReader", os.fdopen(descriptor, "rb", buffering))


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
        wanted: Says whether a name is wanted.
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
    return tuple(sorted(found, key=_order))


def _order(path: Path) -> str:
    """Return a text in the order of paths, which is that of their parts, faster to compare."""
    return str(path).replace(os.sep, "\0")


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder; none where it cannot be read."""
    try:
        return os.listdir(folder)  # noqa: PTH208
    except OSError:
        return []


# --- names for DuckDB -----------------------------------------------------------------------


def is_text(path: Path) -> bool:
    """Return whether a name is text, as SQL and other programs need it: in UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def plain_path(path: Path) -> Path:
    """Return a name of the same file that DuckDB reads as a name and not as a pattern.

    DuckDB has no escape that holds for every name beside it. So a path with characters that it
    gives a meaning to is read through a link with a plain name, which lasts as long as the process.
    """
    text = os.path.abspath(path)  # noqa: PTH100 - resolve() follows links
    absolute = path if str(path) == text else Path(text)  # a large table has many files
    if not _ODD.search(text):
        return absolute
    links = _links()
    if links is None:
        return absolute
    link = (
        links
        / f"{short_name(str(absolute))}{''.join(re.findall(r'[.][a-z0-9]+', absolute.name)[-2:])}"
    )
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


# --- removing -------------------------------------------------------------------------------


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
        with suppress(OSError):
            _remove_files(os.open(folder, _FOLDER))
        shutil.rmtree(folder, ignore_errors=True)


def _remove_files(folder: int, *, deep: bool = True) -> None:
    """Remove the files of a folder and of those in it, several at once: a disk may take 2 ms each.

    Links are not followed. Whatever cannot be removed so is left.

    Args:
        folder: Its descriptor, which is closed.
        deep: Whether those of the folders in it are removed, too.
    """
    try:
        names = os.listdir(folder)
        shares = [names[start::_AT_ONCE] for start in range(min(_AT_ONCE, len(names)))]
        removing = [Aside(partial(_unlink, share, folder), "kg-remove") for share in shares]
        left = [name for each in removing for name in each.wait()]
        for name in left if deep else ():
            with suppress(OSError):
                _remove_files(os.open(name, _FOLDER, dir_fd=folder), deep=False)
    finally:
        os.close(folder)


_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_AT_ONCE: Final = 4


def _unlink(names: Iterable[str], folder: int) -> list[str]:
    """Remove files of a folder; return the names of what is none, or stays."""
    left = []
    for name in names:
        try:
            os.unlink(name, dir_fd=folder)
        except OSError:
            left.append(name)
    return left
