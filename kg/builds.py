"""The folder ``.kg`` of a workspace: which builds are kept, and whether one is whole.

``build.json`` holds the size and the digest of every file of its build, and its own digest. So a
damaged build is told as such, and never gives an answer that nobody computed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kg import paths, temporary
from kg.errors import InputError, KgError, WorldError
from kg.files import writing
from kg.supervise import keep, leftover
from kg.workspace import FORMAT, NO_DIGEST, Build, Workspace, broken_build, sealed, show_path

# The one in force and the one before it, which somebody may still be reading.
KEPT_BUILDS: Final = 2
# The names of builds, which are all that is ever removed.
_NAME: Final = re.compile(r"\d{8}T\d{12}Z")
# What the store writes for people and never reads.
_UNREAD: Final = re.compile(r"store/(?:LOG.*|LOCK|IDENTITY)")
_INDEX: Final = "store/"

# Remembers which files of an index were found whole, so that a question need not read them all.
_CHECKED: Final = "checked.json"

# What tells that a file has been written to: inode, times and size.
_Mark = list[int]
# Files that this process found to be whole.
_WHOLE: Final[dict[Path, _Mark]] = {}


# --- is it whole? ---------------------------------------------------------------------------


def seal(build: Build, info: Mapping[str, Any]) -> None:
    """Write ``build.json``, with the digests of all other files of a build.

    Raises:
        WorldError: The disk failed.
    """
    files = {}
    for path in paths.find_files(build.path, lambda name: name != build.info_file.name):
        name = path.relative_to(build.path).as_posix()
        files[name] = {"size": path.stat().st_size, "sha256": _digest(path)}
    content = {"format": FORMAT, **info, "files": files, "sha256": NO_DIGEST}
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    with writing(build.info_file):
        temporary.write_text(build.info_file, sealed(text))
    _remember(build, {name: _mark(build.path / name) for name in files if _is_index(name)})


def check_build(build: Build) -> Build:
    """Check the digests of all files of a build but its index, and return the build.

    Raises:
        InputError: The build is damaged, or of another format.
    """
    for name, file in _files(build).items():
        if not name.startswith(_INDEX):
            _check(build, name, file, None)
    return build


def check_index(build: Build) -> None:
    """Check the SPARQL index of a build; files that nobody has written to are not read again.

    Oxigraph does not end, nor stop to take memory, where a block of its files is damaged.

    Raises:
        InputError: The build is damaged, or of another format.
    """
    known = _remembered(build)
    found = {
        name: _check(build, name, file, known.get(name))
        for name, file in _files(build).items()
        if _is_index(name)
    }
    if found != known:
        _remember(build, found)


def _is_index(name: str) -> bool:
    return name.startswith(_INDEX) and not _UNREAD.fullmatch(name)


def _remembered(build: Build) -> dict[str, Any]:
    with suppress(KgError, ValueError, RecursionError):
        loaded = json.loads(paths.read_file(_memory(build)))
        if isinstance(loaded, dict) and isinstance(loaded.get(build.id), dict):
            return dict(loaded[build.id])
    return {}


def _remember(build: Build, marks: Mapping[str, _Mark]) -> None:
    with suppress(OSError):  # a folder that cannot be written only makes the check come again
        temporary.write_text(_memory(build), json.dumps({build.id: marks}))


def _memory(build: Build) -> Path:
    return build.path.parent.parent / _CHECKED


def _mark(path: Path) -> _Mark:
    status = path.lstat()
    return [status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size]


def _files(build: Build) -> dict[str, Any]:
    files = build.info()["files"]
    assert isinstance(files, dict)
    return files


def _check(build: Build, name: str, file: Mapping[str, Any], known: _Mark | None) -> _Mark:
    """Check a file that has changed since it was known to be whole; return what tells that."""
    path = build.path / name
    try:
        mark = _mark(path)
    except OSError as error:
        raise broken_build(build, f"{name} is not there") from error
    if mark not in (known, _WHOLE.get(path)):
        if path.is_symlink() or mark[-1] != file["size"] or _digest(path) != file["sha256"]:
            raise broken_build(build, f"{name} has changed since the build")
        _WHOLE[path] = mark
    return mark


def _digest(path: Path) -> str:
    import hashlib  # loads OpenSSL, which a question of a build that is known to be whole spares

    with paths.open_file(path, buffering=0) as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


# --- which builds there are -----------------------------------------------------------------


def previous_build(workspace: Workspace) -> Build | None:
    """Return the build that was in force before the current one, if it is still there.

    Raises:
        InputError: There is no build in force, or it cannot be read.
    """
    name = workspace.current_build().info().get("previous")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    found = Build(workspace.builds / name)
    return found if paths.is_file(found.info_file) else None


def current_name(workspace: Workspace) -> str:
    """Return the name of the build in force; empty if there is none, or no name can be read."""
    with suppress(InputError, WorldError, UnicodeDecodeError):
        name = paths.read_file(workspace.current_file).decode("ascii").strip()
        if _NAME.fullmatch(name):
            return name
    return ""


def put_in_force(workspace: Workspace, made: Build) -> None:
    """Let ``.kg/current`` name a build.

    Raises:
        WorldError: The disk failed.
    """
    keep(made.path)  # if it is killed from here on, the next build removes what is not in force
    with writing(workspace.current_file):
        temporary.write_text(workspace.current_file, made.id + "\n")


# --- making one -----------------------------------------------------------------------------


@contextmanager
def new_build(workspace: Workspace) -> Iterator[Build]:
    """Give the folder of a new build, and remove what is not kept in the end.

    The build in force and the one before it are kept, whatever their names say of their time.

    Raises:
        WorldError: Another build is running, or the disk failed.
        InputError: ``.kg`` leads out of the workspace.
    """
    for folder in (workspace.state, workspace.builds):
        _check_place(folder, workspace.root)
        with writing(folder):
            folder.mkdir(exist_ok=True)
    with _locked(workspace.state / "lock"):
        before = current_name(workspace)
        _remove_others(workspace, before)
        made = Build(workspace.builds / _stamp())
        leftover(made.path)
        with writing(made.path):
            made.path.mkdir()
        try:
            yield made
        finally:
            if current_name(workspace) == made.id:
                _remove_others(workspace, made.id)
            else:
                paths.remove_tree(made.path, workspace.builds)


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def _check_place(folder: Path, root: Path) -> None:
    if folder.is_symlink() and not paths.is_inside(folder, [root]):
        raise InputError(
            "outside-workspace",
            f"{show_path(folder)} is a link that leads outside the workspace",
            hint="Remove the link: builds are written and removed there.",
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with writing(path):
        lock = temporary.open_lock(path)
    try:
        if not temporary.take_lock(lock):
            with suppress(OSError):
                process = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
            holder = f" (process {process})" if process.isdecimal() else ""
            raise WorldError(
                "build-locked",
                f"another build of this workspace is running{holder}",
                hint="Wait until it ends; queries go on meanwhile.",
            )
        with suppress(OSError):  # one that may only be read locks as well
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def last_build(workspace: Workspace, made: Build) -> str | None:
    """Return the name of the build that a new one replaces; None if it is the first."""
    current, finished = current_name(workspace), _finished(workspace)
    others = [name for name in finished if name != made.id]
    return current if current in finished else max(others, default=None)


def _finished(workspace: Workspace) -> list[str]:
    """Return the names of all builds that were finished, sorted."""
    return [n for n in _names(workspace) if paths.is_file(workspace.builds / n / "build.json")]


def _names(workspace: Workspace) -> list[str]:
    with writing(workspace.builds):
        entries = list(workspace.builds.iterdir())
    return sorted(entry.name for entry in entries if _NAME.fullmatch(entry.name))


def _remove_others(workspace: Workspace, current: str) -> None:
    """Remove all builds but the one in force and the one before it.

    Where nothing tells which they are, the newest that were finished are kept.
    """
    finished = _finished(workspace)
    kept = set(finished[-KEPT_BUILDS:])
    if current in finished:
        older = [name for name in finished if name < current]
        before = _read_info(Build(workspace.builds / current)).get("previous")
        kept = {current, str(before) if before else max(older, default="")}
    for name in _names(workspace):
        if name not in kept:
            paths.remove_tree(workspace.builds / name, workspace.builds)


def _read_info(build: Build) -> Mapping[str, Any]:
    try:
        return build.info()
    except InputError:
        return {}
