"""Manages the folder ``.kg`` of a workspace: the builds in it, and whether they are intact.

``build.json`` has the size and digest of every file of its build, and its own digest. So a damaged
build is an error, and never gives a wrong answer.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from kg import paths, temporary
from kg.aside import Aside
from kg.errors import InputError, KgError, WorldError
from kg.files import writing
from kg.supervise import keep, leftover
from kg.workspace import FORMAT, NO_DIGEST, Build, Workspace, broken_build, sealed, show_path

# The current build and the one before it, which another process may still be reading.
KEPT_BUILDS: Final = 2
# The names of builds. Nothing else in the folder is ever removed.
_NAME: Final = re.compile(r"\d{8}T\d{12}Z")
# Files that Oxigraph writes but never reads.
_UNREAD: Final = re.compile(r"(?:later-store/)?store/(?:LOG.*|LOCK|IDENTITY)")
_INDEX: Final = ("store/", "later-store/")
_TABLE: Final = ("table/", "later-table/")
_QUADS: Final = ("quads/", "quads.parquet")
# Folders of which all Parquet files are read.
_ALL_READ: Final = (*_TABLE, "quads/")
# The parts of a build that may be made after it, and the list of the files of such a part.
_PARTS: Final = ("store", "table")
_LIST: Final = "files.json"

# Remembers which files of an index are intact, so that a query need not read them all.
_CHECKED: Final = "checked.json"

# Endings of files that nothing writes to once they are made, nor does RocksDB: builds share them.
NEVER_CHANGED: Final = (".parquet", ".sst")
# Changes when a file is written to: inode, times and size. Shared files get names later.
_Mark = list[int]
# Files that this process has checked.
_WHOLE: Final[dict[Path, _Mark]] = {}
# Digests of shared files read since the last build was sealed, by device and mark.
_READ: Final[dict[tuple[int, ...], str]] = {}


# --- checking a build -----------------------------------------------------------------------


def seal(build: Build, info: Mapping[str, Any]) -> None:
    """Write ``build.json``, with the digests of all other files of a build.

    Raises:
        WorldError: The disk failed.
    """
    files = _listed(build.path, build.path, build.info_file.name)
    _READ.clear()
    _write_list(build.info_file, {"format": FORMAT, **info, "files": files})
    _remember(build, {name: _mark(build.path / name) for name in files if _is_read(name)})


def make_later(build: Build, name: str, make: Callable[[Path], object]) -> None:
    """Make a part of a build that it lacks; whoever else makes it meanwhile may win.

    Args:
        build: The build.
        name: ``store`` or ``table``.
        make: Makes the part, a folder of the path that it is given.

    Raises:
        WorldError: The disk failed, or nothing may be written there.
    """
    with temporary.temporary_folder("part", build.path) as folder:
        make(folder / name)
        files = _listed(folder, folder, _LIST)
        target = build.later(name)
        _write_list(
            folder / _LIST,
            {"files": {f"{target.name}/{file}": entry for file, entry in files.items()}},
        )
        with writing(target):
            if not target.is_dir():
                folder.chmod(build.path.stat().st_mode)  # a temporary folder is its maker's alone
                folder.rename(target)


def _listed(folder: Path, root: Path, but: str) -> dict[str, Any]:
    return {
        path.relative_to(root).as_posix(): {
            "size": path.stat().st_size,
            "sha256": made_digest(path),
        }
        for path in paths.find_files(folder, lambda name: name != but)
    }


def _write_list(target: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps({**content, "sha256": NO_DIGEST}, indent=2, ensure_ascii=False) + "\n"
    with writing(target):
        temporary.write_text(target, sealed(text))


def check_build(build: Build, *, again: bool = False) -> Build:
    """Check the digests of all files of a build except its index and its coded copies.

    Args:
        build: The build.
        again: Whether files of the quad table are read again that have not changed since they
            were checked.

    Returns:
        The build.

    Raises:
        InputError: The build is damaged, or of another format.
    """
    files = _files(build)
    others = [name for name in files if not name.startswith((*_INDEX, *_TABLE, *_QUADS))]
    for name in others:
        _check(build, name, files[name], None)
    check_quads(build, again=again)
    return build


def check_quads(build: Build, *, again: bool = False) -> None:
    """Check the quad table of a build; unchanged files are read again only if `again` says so.

    Raises:
        InputError: The build is damaged, or of another format.
    """
    if paths.is_folder(build.path / "quads") and paths.is_file(build.path / "quads.parquet"):
        raise broken_build(build, "it has both quads.parquet and a folder quads")
    _check_remembered(build, _QUADS, again=again)


def quad_digests(build: Build) -> dict[str, str]:
    """Return the digests of the files of a build's quad table by their names, in their order.

    Raises:
        InputError: The build is damaged, or of another format.
    """
    files = build.info()["files"]
    return {
        name.rpartition("/")[2]: files[name]["sha256"]
        for name in sorted(files)
        if name.startswith(_QUADS)
    }


def check_index(build: Build, *, again: bool = False) -> None:
    """Check the SPARQL index of a build; unchanged files are read again only if `again` says so.

    On a damaged block Oxigraph may run forever and take ever more memory.

    Raises:
        InputError: The build is damaged, or of another format.
    """
    _check_remembered(build, _INDEX, again=again)


def check_table(build: Build, *, again: bool = False) -> None:
    """Check the coded copies of a build; unchanged files are read again only if `again` says so.

    Raises:
        InputError: The build is damaged, or of another format.
    """
    _check_remembered(build, _TABLE, again=again)


def _check_remembered(build: Build, folders: tuple[str, ...], *, again: bool = False) -> None:
    # Found before the lists are read: a part that is made meanwhile comes with its list.
    held = _held(build, folders)
    known = _remembered(build)
    files = {
        name: file
        for name, file in _files(build).items()
        if _is_read(name) and name.startswith(folders)
    }
    for name in held:
        if name not in files:
            raise broken_build(build, f"{name} is none of its files")
    for name in files if again else ():
        _WHOLE.pop(build.path / name, None)
    found = known | {
        name: _check(build, name, file, None if again else known.get(name))
        for name, file in files.items()
    }
    if found != known:
        _remember(build, found)


def _held(build: Build, folders: tuple[str, ...]) -> list[str]:
    """Return the Parquet files in folders of a build, whose readers take all that they find."""
    return [
        path.relative_to(build.path).as_posix()
        for folder in folders
        if folder in _ALL_READ
        for path in paths.find_files(build.path / folder, lambda name: name.endswith(".parquet"))
    ]


def _is_read(name: str) -> bool:
    """Return whether a file is large and is read, so that its check is remembered."""
    return name.startswith((*_INDEX, *_TABLE, *_QUADS)) and not _UNREAD.fullmatch(name)


def _remembered(build: Build) -> dict[str, Any]:
    return _all_remembered(build).get(build.id, {})


def _all_remembered(build: Build) -> dict[str, dict[str, Any]]:
    """Return the marks of files that were checked, by the name of their build."""
    with suppress(KgError, ValueError, RecursionError, AttributeError):
        loaded = json.loads(paths.read_file(_memory(build)))
        return {name: marks for name, marks in loaded.items() if isinstance(marks, dict)}
    return {}


def _remember(build: Build, marks: Mapping[str, _Mark]) -> None:
    known = {
        name: of_build
        for name, of_build in _all_remembered(build).items()
        if paths.is_folder(build.path.with_name(name))
    }
    with suppress(OSError):  # in a read-only folder the check is only repeated
        temporary.write_note(_memory(build), json.dumps({**known, build.id: marks}))


def _memory(build: Build) -> Path:
    return build.path.parent.parent / _CHECKED


def _mark(path: Path) -> _Mark:
    status = path.lstat()
    changed = [] if path.suffix in NEVER_CHANGED else [status.st_ctime_ns]
    return [status.st_ino, status.st_mtime_ns, *changed, status.st_size]


def _files(build: Build) -> dict[str, Any]:
    files = build.info()["files"]
    assert isinstance(files, dict)
    for part in _PARTS:
        listed = build.later(part) / _LIST
        if paths.is_file(listed):
            files = {**files, **_list_of(build, listed)}
    return files


def _list_of(build: Build, path: Path) -> dict[str, Any]:
    """Return the files of a part that was made later, from its list, whose digest is checked."""
    try:
        text = paths.read_file(path).decode("utf-8")
        loaded = json.loads(text)
        digest, files = loaded["sha256"], loaded["files"]
        if sealed(text.replace(digest, NO_DIGEST)) == text:
            return dict(files)
    except (KgError, ValueError, RecursionError, LookupError, TypeError) as error:
        raise broken_build(build, f"{path.parent.name}/{_LIST} cannot be read") from error
    raise broken_build(build, f"{path.parent.name}/{_LIST} has changed since it was made")


def _check(build: Build, name: str, file: Mapping[str, Any], known: _Mark | None) -> _Mark:
    """Check a file, unless its mark is the known one; return its mark."""
    path = build.path / name
    try:
        mark = _mark(path)
    except OSError as error:
        raise broken_build(build, f"{name} is missing") from error
    if mark not in (known, _WHOLE.get(path)):
        if path.is_symlink() or mark[-1] != file["size"] or _digest(path) != file["sha256"]:
            raise broken_build(build, f"{name} has changed since the build")
        _WHOLE[path] = mark
        if path.suffix in NEVER_CHANGED:
            _READ[path.lstat().st_dev, *mark] = file["sha256"]
    return mark


def made_digest(path: Path) -> str:
    """Return the digest of a file of a build that is made, read once if it is one of an earlier.

    Raises:
        KgError: It cannot be opened.
        OSError: It cannot be read.
    """
    if path.suffix not in NEVER_CHANGED or path.is_symlink():
        return _digest(path)
    mark = path.lstat().st_dev, *_mark(path)
    if mark not in _READ:
        _READ[mark] = _digest(path)
    return _READ[mark]


def _digest(path: Path) -> str:
    import hashlib  # loads OpenSSL, which a query of a checked build does not need

    with paths.open_file(path, buffering=0) as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


# --- what went in ---------------------------------------------------------------------------


def source_records(
    workspace: Workspace, files: Iterable[Path], known: Callable[[Path], str | None]
) -> list[dict[str, Any]]:
    """Return what ``build.json`` has of each file that went into a build, by name.

    Args:
        workspace: The workspace.
        files: The files.
        known: Returns the digest of a file that is as it was when it was read; None if unknown.
    """
    found = []
    for name, path in sorted({_source_name(workspace.root, file): file for file in files}.items()):
        status = path.stat()
        found.append(
            {
                "path": name,
                "size": status.st_size,
                "mtime_ns": status.st_mtime_ns,
                "sha256": known(path) or _digest(path),
            }
        )
    return found


def _source_name(root: Path, file: Path) -> str:
    """Return a source's path within the workspace, or its absolute path; links are kept."""
    path = Path(os.path.abspath(file))  # noqa: PTH100 - resolve() follows links
    if not (path.is_relative_to(root) and path.exists()):
        path = paths.real_path(file)
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


# --- finding builds -------------------------------------------------------------------------


def previous_build(workspace: Workspace) -> Build | None:
    """Return the build before the current one, if it still exists.

    Raises:
        InputError: There is no current build, or it cannot be read.
    """
    name = workspace.current_build().info().get("previous")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    found = Build(workspace.builds / name)
    return found if paths.is_file(found.info_file) else None


def current_name(workspace: Workspace) -> str:
    """Return the name of the current build; empty if there is none or it cannot be read."""
    with suppress(InputError, WorldError, UnicodeDecodeError):
        name = paths.read_file(workspace.current_file).decode("ascii").strip()
        if _NAME.fullmatch(name):
            return name
    return ""


def put_in_force(workspace: Workspace, made: Build) -> None:
    """Make a build the current one, by writing its name to ``.kg/current``.

    Raises:
        WorldError: The disk failed.
    """
    keep(made.path)  # if kg is killed from here on, the next build removes what is not current
    with writing(workspace.current_file):
        temporary.write_text(workspace.current_file, made.id + "\n")


# --- making a build -------------------------------------------------------------------------


@contextmanager
def new_build(workspace: Workspace) -> Iterator[Build]:
    """Make the folder of a new build; at the end remove builds that are not kept.

    The current build and the one before it are kept, whatever times their names have.

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
        made = Build(workspace.builds / build_name())
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


@contextmanager
def clearing(workspace: Workspace, made: Build) -> Iterator[None]:
    """Remove builds that are not kept, beside what the context does: disks may take long.

    Args:
        workspace: The workspace, which is locked by the one who makes the build.
        made: The build, which is in force.
    """
    removing = Aside(partial(_remove_others, workspace, made.id), "kg-clear")
    try:
        yield
    finally:
        removing.wait()


def build_name() -> str:
    """Return a name for a new build: the current time."""
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
                hint="Wait until it ends; queries still work meanwhile.",
            )
        with suppress(OSError):  # a read-only file can be locked too
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
    """Return the names of all finished builds, sorted."""
    return [n for n in _names(workspace) if paths.is_file(workspace.builds / n / "build.json")]


def _names(workspace: Workspace) -> list[str]:
    with writing(workspace.builds):
        entries = list(workspace.builds.iterdir())
    return sorted(entry.name for entry in entries if _NAME.fullmatch(entry.name))


def _remove_others(workspace: Workspace, current: str) -> None:
    """Remove all builds except the current one and the one before it.

    If these are unknown, the newest finished builds are kept.
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
