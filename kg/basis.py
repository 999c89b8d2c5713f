"""What the build in force was made from, so that a build that would make the same is not run.

``.kg/basis.json`` names the build, the options, kg and its libraries, and has size, times and
digest of every file that was read, the names of all files that might have been, and the matches of
patterns. Whatever is not certain (a file that changed while the build ran, a database, the time)
leaves the note out, and the next build is made. Readers tell here which further files a file has
led them to, and what no file tells.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final

from kg.builds import check_index, check_quads, check_table
from kg.errors import KgError
from kg.paths import find_files, is_file, names_in, open_file, read_file
from kg.temporary import write_note
from kg.workspace import ACCEPTED_NAME, Build, Workspace

_NAME: Final = "basis.json"
_FOLDERS: Final = ("data", "ontology", "shapes", "queries")
# A file that was written so shortly before it was read may be written again with the same times:
# clocks of file systems tick up to every 10 ms.
_TICK: Final = 20_000_000
# Further files that are noted; where there are more, the next build is made.
_MOST_LED: Final = 10_000

# Changes when a file is written to: its size and times.
_Mark = list[int]
Pattern = tuple[Path, str]


class Basis:
    """Notes what a build is made from, while it is made.

    Args:
        workspace: The workspace.
        asked: The options of the build, by name.
        anew: Whether to make anew what the build before has.
    """

    def __init__(
        self, workspace: Workspace, asked: Mapping[str, object], *, anew: bool = False
    ) -> None:
        self.anew = anew
        self._workspace = workspace
        self._digests: dict[Path, str] = {}
        self._known = _known(workspace)
        self._marks: dict[Path, _Mark] = {}
        self._patterns: list[list[object]] = []
        self._is_sure = True
        self._led: set[Path] = set()
        self._frame = _frame(workspace, asked)
        self.add(_known_files(workspace))

    def add(self, files: Iterable[Path]) -> None:
        """Note files, before they are read."""
        for path in files:
            if path not in self._marks:
                mark = _mark(path)
                self._is_sure &= mark is not None and _rests(mark)
                self._marks[path] = mark or []

    def lead(self, path: Path) -> None:
        """Note a file that another has led to, before it is looked for."""
        if path not in self._led and len(self._led) < _MOST_LED:
            self._led.add(path)
            self.add([path])
        self._is_sure &= path in self._led

    @property
    def leads_on(self) -> bool:
        """Whether files have led to others: which ones is not known before all is read again."""
        return bool(self._led)

    def add_patterns(self, patterns: Iterable[Pattern]) -> None:
        """Note patterns of files, before the files are read."""
        self._patterns += [
            [str(root), pattern, _matches(root, pattern)]
            for root, pattern in dict.fromkeys(patterns)
        ]

    def give_up(self) -> None:
        """Say that the build depends on something else than files."""
        self._is_sure = False

    @property
    def software(self) -> str:
        """A digest of kg and its libraries."""
        return str(self._frame["software"])

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were noted so far."""
        return tuple(self._marks)

    @property
    def is_sure(self) -> bool:
        """Whether the files say all that the build depends on, as far as is known."""
        return self._is_sure

    def digest(self, path: Path) -> str | None:
        """Return the digest of a file; None if it was not noted or cannot be read."""
        if path not in self._digests:
            known, mark = self._known.get(str(path), [None]), self._marks.get(path)
            if not mark:
                return None
            with suppress(KgError, OSError):
                self._digests[path] = known[-1] if known[:-1] == mark else digest(path)
        return self._digests.get(path)

    def digest_now(self, path: Path) -> str | None:
        """Return the digest of a file that is surely as it was when it was noted; else None."""
        mark = self._marks.get(path)
        return self.digest(path) if self._is_sure and mark and _mark(path) == mark else None

    def write(self, build: Build, read: Iterable[Path], told: int) -> bool:
        """Write the note of a build that is in force; return whether it is.

        Args:
            build: The build.
            read: The files that it has read.
            told: How many doubts the user was told.
        """
        self._is_sure &= all(path in self._marks for path in read)
        if not self._is_sure:
            return False
        with suppress(KgError, OSError):
            files = {str(path): [*mark, self.digest(path)] for path, mark in self._marks.items()}
            if any(_mark(path) != mark for path, mark in self._marks.items()):
                return False
            # The quad table and the indexes have marks of their own, in `kg.builds`.
            made = {
                str(path): _mark(path) for path in find_files(build.path, _is_other, deep=False)
            }
            note = {
                **self._frame,
                "build": build.id,
                "told": told,
                "patterns": self._patterns,
                "made": made,
                "files": files,
            }
            write_note(_note(self._workspace), json.dumps(note))
            return True
        return False


_noting: Final[ContextVar[Basis | None]] = ContextVar("noting", default=None)


@contextmanager
def noting(basis: Basis | None) -> Iterator[None]:
    """Note what readers tell of further causes as long as the context lasts."""
    token = _noting.set(basis)
    try:
        yield
    finally:
        _noting.reset(token)


def leads_to(path: Path) -> None:
    """Say that what is read depends on a further file, before it is looked for.

    Args:
        path: The file, which may be missing.
    """
    basis = _noting.get()
    if basis is not None:
        basis.lead(path)


def varies() -> None:
    """Say that what is read depends on something that no file tells, such as the time."""
    basis = _noting.get()
    if basis is not None:
        basis.give_up()


def _known(workspace: Workspace) -> Mapping[str, list[Any]]:
    """Return what is known of files since the last build: marks and digests by path."""
    with suppress(KgError, ValueError, LookupError, TypeError, RecursionError):
        found = json.loads(read_file(_note(workspace)))["files"]
        return {str(path): list(known) for path, known in found.items()}
    return {}


def unchanged(workspace: Workspace, asked: Mapping[str, object]) -> tuple[Build, int] | None:
    """Return the build in force if a new one would be the same; else None.

    Files whose size or times differ are read. Nothing here fails: in doubt there is a build to
    make.

    Args:
        workspace: The workspace.
        asked: The options of the build, by name.

    Returns:
        The build, and how many doubts were told when it was made.
    """
    try:
        note = json.loads(read_file(_note(workspace)))
        build = workspace.current_build()
        if note["build"] != build.id or any(_mark(Path(p)) != m for p, m in note["made"].items()):
            return None
        now = json.loads(json.dumps(_frame(workspace, asked)))
        if any(note[key] != value for key, value in now.items()):
            return None
        if any(_matches(Path(root), text) != found for root, text, found in note["patterns"]):
            return None
        files = {path: _same(Path(path), known) for path, known in note["files"].items()}
        if None in files.values():
            return None
        check_quads(build)
        check_index(build)
        check_table(build)
        told = int(note["told"])
    except (KgError, OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if files != note["files"]:
        with suppress(OSError):
            write_note(_note(workspace), json.dumps({**note, "files": files}))
    return build, told


def _same(path: Path, known: Sequence[Any]) -> list[Any] | None:
    """Return what is to be noted of a file; None if it has changed."""
    mark = _mark(path)
    if mark is None or mark[0] != known[0] or (mark != known[:-1] and digest(path) != known[-1]):
        return None
    # A file that was written just now may be written again with the same times.
    return [*mark, known[-1]] if _rests(mark) else list(known)


def _note(workspace: Workspace) -> Path:
    return workspace.state / _NAME


def _frame(workspace: Workspace, asked: Mapping[str, object]) -> dict[str, object]:
    """Return what must be the same besides the content of files."""
    names = hashlib.sha256()
    for folder in _FOLDERS:
        for path in find_files(workspace.root / folder, bool):
            names.update(os.fsencode(path) + b"\0")
    return {
        "asked": dict(asked),
        "software": software(),
        "names": names.hexdigest(),
        "accepts": _mark(workspace.root / ACCEPTED_NAME) is not None,
    }


def _is_other(name: str) -> bool:
    return not name.endswith(".parquet")


def software() -> str:
    """Return a digest of Python, kg's own files, and the names and versions of libraries.

    It is the same for a command, a script and a notebook of one installation.
    """
    return _software(sys.version, tuple(sys.path))


@cache
def _software(version: str, folders: tuple[str, ...]) -> str:
    found = hashlib.sha256(version.encode())
    for path in find_files(Path(__file__).parent, lambda name: name.endswith(".py")):
        found.update(repr((str(path), _mark(path))).encode("utf-8", "surrogateescape"))
    for folder in dict.fromkeys(folders):
        names = sorted(name for name in names_in(Path(folder)) if name.endswith(".dist-info"))
        if names:  # not where a script lies, or who runs it
            found.update(repr((folder, names)).encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def _known_files(workspace: Workspace) -> Iterator[Path]:
    """Yield the files of a workspace that a build reads, the facts of mappings left aside."""
    yield workspace.config_file
    if is_file(workspace.root / ACCEPTED_NAME):
        yield workspace.root / ACCEPTED_NAME
    yield from workspace.ontology_files
    yield from workspace.shape_files
    yield from workspace.data_rdf_files
    yield from workspace.mapping_files
    yield from workspace.question_files


def _matches(root: Path, pattern: str) -> list[str]:
    return sorted(map(str, root.glob(pattern)))


def _rests(mark: _Mark) -> bool:
    """Return whether a file was last written so long ago that a change would show."""
    return time.time_ns() - max(mark[1:]) > _TICK


def _mark(path: Path) -> _Mark | None:
    try:
        status = path.stat()
    except (OSError, ValueError):  # a name that no file can have
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises:
        KgError: It cannot be opened.
        OSError: It cannot be read.
    """
    with open_file(path, buffering=0) as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
