"""Trace repeatedly in one process: sources are read once, until a file changes."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from kg.duck import engine
from kg.errors import InputError
from kg.lineage.asked import Trace, Wanted
from kg.lineage.lineage import Lineage, workspace_lineage
from kg.paths import find_files
from kg.temporary import temporary_folder
from kg.terms import RDF_TYPE, expand, iri, is_iri
from kg.wording import nearest
from kg.workspace import COMMON_PREFIXES, Workspace

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
