"""The lineage of a graph: of triples made by the mapping, and of triples from RDF files."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import duckdb

from kg.duck import engine
from kg.errors import InputError, Location
from kg.lineage.asked import Trace, Wanted
from kg.paths import find_files
from kg.rdf import quads_about
from kg.records import dataclass
from kg.rejects import current, skipping_in
from kg.temporary import temporary_folder
from kg.terms import RDF_TYPE, expand, iri, is_iri
from kg.wording import nearest
from kg.workspace import COMMON_PREFIXES, Workspace, show_path

if TYPE_CHECKING:
    from kg.lineage.records import RecordTracer
    from kg.mapping.plan import Plan
    from kg.sources import Folders


class Lineage:
    """Traces triples of one plan.

    Args:
        connection: From `kg.duck.engine`; source tables are loaded into it when needed.
        plan: The plan that made the graph, or None if it was made of RDF files alone.
        folders: Where the sources are; None without a plan.
        rdf_files: RDF files that entered the graph unchanged.
        skips: Whether the build left out records that could not be read.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        plan: Plan | None,
        folders: Folders | None,
        rdf_files: Sequence[Path] = (),
        *,
        skips: bool = False,
    ) -> None:
        self._skips = skips
        self._connection = connection
        self._plan = plan
        self._folders = folders
        self._files = FileTracer(rdf_files)

    def trace(self, wanted: Iterable[Wanted]) -> Iterator[Trace]:
        """Yield the records behind triples, in the order of the mapping and of the records.

        Args:
            wanted: What to trace; held in memory, so ask in batches.

        Raises:
            InputError: A source or RDF file is missing or invalid.
        """
        asked = list(dict.fromkeys(wanted))
        if asked:
            found = self._found(asked)
            yield from skipping_in(found) if self._skips and current() is None else found

    def _found(self, asked: Sequence[Wanted]) -> Iterator[Trace]:
        if self._records is not None:
            yield from self._records.trace(asked)
        yield from self._files.trace(asked)

    @property
    def read(self) -> tuple[Path, ...]:
        """The source files read so far, without RDF files."""
        return () if self._records is None else self._records.read

    @cached_property
    def _records(self) -> RecordTracer | None:
        if self._plan is None or self._folders is None:
            return None
        from kg.lineage.records import RecordTracer

        return RecordTracer(self._connection, self._plan, self._folders)


def workspace_lineage(
    connection: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    spill: Path,
    plan: Plan | None = None,
) -> Lineage:
    """Return the lineage of a workspace's graph; mappings and sources are read as they are now.

    Args:
        connection: From `kg.duck.engine`.
        workspace: The workspace.
        spill: Folder for intermediate files.
        plan: Its mappings, if already read.

    Raises:
        InputError: A mapping is missing or invalid.
    """
    files = (*workspace.ontology_files, *workspace.data_rdf_files)
    skips = _left_out(workspace)
    if not workspace.mapping_files:
        return Lineage(connection, None, None, files, skips=skips)
    from kg.mapping.documents import read_mappings
    from kg.sources import Folders

    inside = None if workspace.allow_outside else (workspace.root,)
    if plan is None:
        plan = read_mappings(workspace.mapping_files, workspace.prefixes, workspace.base)
    return Lineage(connection, plan, Folders(inside, spill), files, skips=skips)


def _left_out(workspace: Workspace) -> bool:
    """Return whether the current build left out records that could not be read."""
    try:
        skipped = workspace.current_build().info().get("skipped")
    except InputError:  # there is no readable build
        return False
    return isinstance(skipped, dict) and any(skipped.values())


def trace_workspace(
    workspace: Workspace, wanted: Iterable[Wanted], *, memory: str | None = None
) -> Iterator[Trace]:
    """Yield the records of a workspace behind triples; see `Lineage.trace`.

    Args:
        workspace: The workspace; its mappings and sources are read as they are now.
        wanted: What to trace.
        memory: Peak memory of the process, such as ``1GB``.

    Raises:
        InputError: A mapping, source or RDF file is missing or invalid.
    """
    with temporary_folder("trace") as folder, engine(folder, memory) as connection:
        yield from workspace_lineage(connection, workspace, folder).trace(wanted)


# --- Trace triples to the lines of RDF files that entered the graph unchanged ---------------------


# A triple, and the line that it ends on if the format has lines.
_Line = tuple[tuple[str, str, str], int | None]
# Triples of a file that are kept for the next question.
_KEPT: Final = 20_000


class FileTracer:
    """Traces triples of RDF files, by reading the files again.

    Args:
        files: The files.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files
        self._read: dict[Path, _Read] = {}

    def trace(self, asked: Sequence[Wanted]) -> Iterator[Trace]:
        """Yield the lines behind triples, file by file."""
        by_subject: dict[str, list[Wanted]] = {}
        for wanted in asked:
            by_subject.setdefault(wanted.subject, []).append(wanted)
        for path in self._files:
            for (s, p, o), line in self._triples(path, frozenset(by_subject)):
                for wanted in by_subject.get(s, ()):
                    if wanted.predicate in (None, p) and wanted.object in (None, o):
                        yield Trace(wanted, Location(show_path(path), line), p, o, "")

    def _triples(self, path: Path, subjects: frozenset[str]) -> Iterator[_Line]:
        """Yield the triples of a file about subjects, and keep them for the next question."""
        known = self._read.pop(path, None)
        if known is not None and subjects <= known.subjects:
            self._read[path] = known
            yield from known.triples
            return
        kept: list[_Line] = []
        for quad, line in quads_about(path, subjects):
            found = (str(quad.subject), str(quad.predicate), str(quad.object)), line
            if len(kept) <= _KEPT:
                kept.append(found)
            yield found
        if len(kept) <= _KEPT:
            self._read[path] = _Read(subjects, kept)


@dataclass(frozen=True, slots=True)
class _Read:
    """The triples that a file has about some subjects, with their lines."""

    subjects: frozenset[str]
    triples: Sequence[_Line]


# --- Trace repeatedly in one process: sources are read once, until a file changes -----------------


# Inode, size and time of a file; None if it does not exist.
_Mark = tuple[int, int, int] | None


class Tracer:
    """Traces triples of a workspace's graph; its mappings and sources are read as they are now.

    Loaded sources are kept until a file changes. Changes of database tables are not noticed until
    the tracer is closed. A tracer is thread-safe.

    Args:
        workspace: The workspace.
        memory: Peak memory of the process, such as ``1GB``.
    """

    def __init__(self, workspace: Workspace, *, memory: str | None = None) -> None:
        self._workspace = workspace
        self._memory = memory
        self._lock = threading.RLock()
        self._held = ExitStack()
        self._lineage: Lineage | None = None
        self._marks: dict[Path, _Mark] = {}

    def __enter__(self) -> Self:
        """Return the tracer, which is closed at the end of the context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the tracer."""
        self.close()

    def close(self) -> None:
        """Drop the loaded sources."""
        with self._lock:
            self._lineage = None
            self._marks = {}
            self._held.close()

    def trace(
        self, subject: str, predicate: str | None = None, object: str | None = None
    ) -> list[Trace]:
        """Return the source records behind an entity, or behind triples of it.

        Args:
            subject: The entity: an IRI or a prefixed name.
            predicate: Only triples with this predicate, an IRI, a prefixed name or ``a``. A
                record without a value for it is returned too.
            object: Only triples with this object, a term as N-Triples text.

        Raises:
            InputError: A name is invalid, or a mapping, source or RDF file is missing or invalid.
            LimitError: The memory limit was reached.
        """
        name = None if predicate is None else self.term(predicate)
        return self.trace_all([Wanted(self.term(subject), name, object)])

    def trace_all(self, wanted: Iterable[Wanted]) -> list[Trace]:
        """Return the source records behind several triples; see `trace`."""
        with self._lock:
            lineage = self._current()
            found = list(lineage.trace(wanted))
            for path in lineage.read:
                self._marks.setdefault(path, _mark(path))
            return found

    def term(self, text: str) -> str:
        """Return the term for an IRI, a prefixed name, or ``a``.

        Raises:
            InputError: It is neither.
        """
        if text == "a":
            return RDF_TYPE
        bare = text.removeprefix("<").removesuffix(">")
        expanded = expand(bare, self._workspace.prefixes)
        if expanded is None and not is_iri(bare):
            raise InputError(
                "bad-iri",
                f"{text!r} is neither an IRI nor a prefixed name",
                hint=self._hint(bare),
            )
        return iri(expanded or bare)

    def near(self, text: str) -> str | None:
        """Return a prefixed name that is similar to a name without a prefix, or None."""
        prefixes = self._workspace.prefixes
        before, colon, name = text.partition(":")
        if not colon or before in prefixes:
            return None
        near = nearest(before, prefixes)
        return f"{near}:{name}" if near else None

    def _hint(self, text: str) -> str:
        meant = self.near(text)
        if meant is not None:
            return f"Did you mean {meant}?"
        own = [prefix for prefix in self._workspace.prefixes if prefix not in COMMON_PREFIXES]
        shown = f" ({', '.join(own[:5])}{', …' if len(own) > 5 else ''})" if own else ""
        return f"Write an absolute IRI, or a name with a prefix of kg.toml{shown}."

    def _current(self) -> Lineage:
        """Return the lineage, reopened if one of its files has changed."""
        workspace = self._workspace
        listed = {
            workspace.config_file,
            *workspace.mapping_files,
            *workspace.ontology_files,
            *workspace.data_rdf_files,
            *find_files(workspace.root / "data", lambda _: True),  # a mapping may name them by *
        }
        if (
            self._lineage is not None
            and listed <= self._marks.keys()
            and all(_mark(path) == mark for path, mark in self._marks.items())
        ):
            return self._lineage
        self.close()
        self._marks = {path: _mark(path) for path in listed}
        folder = Path(self._held.enter_context(temporary_folder("trace")))
        connection = self._held.enter_context(engine(folder, self._memory))
        self._lineage = workspace_lineage(connection, workspace, folder)
        return self._lineage


def _mark(path: Path) -> _Mark:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
