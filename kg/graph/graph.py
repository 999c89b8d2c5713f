"""The graph of a workspace, as one build has it: all that is asked of it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from kg.graph.checks import Checks
from kg.graph.files import read_shapes
from kg.workspace import Build, Workspace, find_workspace

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.describe import Card, Distribution
    from kg.exports import Exported, ExportOptions
    from kg.lineage import Trace, Tracer, Wanted
    from kg.queries.engine import Engine
    from kg.queries.limits import Limits
    from kg.queries.question import Question
    from kg.queries.results import Result
    from kg.queries.run import Source
    from kg.queries.term import Value
    from kg.validation import Verdict
    from kg.validation.shapes import ShapesGraph
    from kg.vocabulary import Vocabulary


class Graph:
    """The graph of a workspace, as one build has it.

    All answers come from this build, also after another has been put in force. The build stays on
    the disk until two others have been put in force. Several threads may use one graph.

    Args:
        workspace: The workspace.
        build: The build; by default that in force.
        memory: Peak memory of the process, such as ``1GB``, for what SQL does.
        threads: Worker threads of SQL.

    Attributes:
        workspace: The workspace.
        build: The build.

    Raises:
        InputError: There is no build in force, or it is damaged.
    """

    def __init__(
        self,
        workspace: Workspace,
        build: Build | None = None,
        *,
        memory: str | None = None,
        threads: int | None = None,
    ) -> None:
        self.workspace = workspace
        self.build = build or workspace.current_build()
        self._memory = memory
        self._threads = threads
        self._lock = threading.RLock()
        self._engines: dict[str, Engine] = {}
        self._vocabulary: Vocabulary | None = None
        self._tracer: Tracer | None = None

    def __repr__(self) -> str:
        """Return the folder and the build."""
        return f"Graph({str(self.workspace.root)!r}, build {self.build.id})"

    def close(self) -> None:
        """Close what is open: the index, and the sources that were read for tracing.

        A closed graph can be used again, and opens them anew.
        """
        with self._lock:
            self._engines.clear()
            if self._tracer is not None:
                self._tracer.close()

    def __enter__(self) -> Self:
        """Return the graph, which is closed at the end of the context."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the graph."""
        self.close()

    # --- questions --------------------------------------------------------------------------

    def questions(self) -> list[Question]:
        """Return the questions of the workspace, by name.

        Raises:
            InputError: The header of one is wrong.
        """
        from kg.queries.question import read_question

        prefixes = self.workspace.prefixes
        return [read_question(path, prefixes) for path in self.workspace.question_files]

    def source(self, engine: str = "auto") -> Source:
        """Return the build as something that a question is asked of; see `ask` for the engine."""
        from kg.queries.run import Source

        return Source(self.workspace, engine=self.open_engine, name=engine)

    def ask(
        self,
        question: str | Path | Question,
        parameters: Mapping[str, Value] | None = None,
        *,
        limits: Limits | None = None,
        engine: str = "auto",
    ) -> Result:
        """Ask a question.

        Args:
            question: SPARQL text, the name of a question of the workspace, or a file.
            parameters: Parameter name to value.
            limits: What the query may take of time, memory and rows; by default as much as it
                likes.
            engine: Who answers: ``auto``, ``table`` or ``oxigraph``.

        Returns:
            Solutions for SELECT, Statements for CONSTRUCT and DESCRIBE, a bool for ASK.

        Raises:
            InputError: The question, a parameter or the engine's name is wrong.
            WorldError: An index cannot be read, or not be made.
            LimitError: A limit was reached; also while the answer is read.
        """
        return ask(question, self.source(engine), parameters, limits=limits)

    def open_engine(
        self,
        name: str = "auto",
        folder: Callable[[], Path] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Engine:
        """Return what answers queries about the build; it is opened once.

        Args:
            name: The engine: ``auto``, ``table`` or ``oxigraph``.
            folder: Makes a folder for what does not fit into memory.
            tell: Is told what is made first, and takes a while.

        Raises:
            InputError: There is no such engine, or the build is damaged.
            WorldError: An index cannot be read, or not be made.
        """
        from kg.queries.dataset import open_build

        with self._lock:
            if name not in self._engines:
                self._engines[name] = open_build(
                    self.build,
                    name,
                    folder,
                    memory=self._memory,
                    threads=self._threads,
                    tell=tell,
                )
            return self._engines[name]

    # --- sources ----------------------------------------------------------------------------

    def stale(self) -> tuple[str, ...]:
        """Return the sources that have changed, come or gone since the build, as paths in it."""
        from kg.queries.stale import changed_sources

        return changed_sources(self.workspace, self.build)

    def stale_message(self) -> str | None:
        """Return which sources have changed, as a sentence for people.

        None if none has, or if that was told before.
        """
        from kg.queries.stale import stale_message

        return stale_message(self.workspace, self.build)

    def trace(
        self, subject: str, predicate: str | None = None, object: str | None = None
    ) -> list[Trace]:
        """Return the source records behind an entity, or behind triples of it.

        Sources are read once, and again only when one has changed; those in databases are not
        read again until the graph is closed.

        Args:
            subject: The entity: an IRI, a prefixed name, or a term.
            predicate: Only triples with this predicate. If a record has no value for it, that
                record is returned too.
            object: Only triples with this object, a term.

        Raises:
            InputError: A name is none, or a mapping or source is gone or broken.
            LimitError: The memory limit was reached.
        """
        return self.tracer.trace(subject, predicate, object)

    @property
    def tracer(self) -> Tracer:
        """What traces: for several triples at once, and for what a name may mean."""
        from kg.lineage import Tracer

        with self._lock:
            if self._tracer is None:
                self._tracer = Tracer(self.workspace, memory=self._memory)
            return self._tracer

    def _trace_all(self, wanted: Iterable[Wanted]) -> list[Trace]:
        return self.tracer.trace_all(wanted)

    # --- what there is ----------------------------------------------------------------------

    def vocabulary(self) -> Vocabulary:
        """Return the classes and properties of the graph, with labels and how often they occur.

        Raises:
            InputError: The build is damaged.
            LimitError: The memory limit was reached.
        """
        from kg.vocabulary import read_vocabulary

        with self._lock:
            if self._vocabulary is None:
                self._vocabulary = read_vocabulary(
                    self.workspace, self.build, memory=self._memory, threads=self._threads
                )
            return self._vocabulary

    def describe(
        self, *, distributions: Sequence[Distribution] = (), with_inferred: bool = False
    ) -> Card:
        """Return the dataset card.

        Args:
            distributions: Files that the data set is published as.
            with_inferred: Count what ``kg build --infer`` added too; exports leave it out.

        Raises:
            InputError: The build is damaged.
            LimitError: The memory limit was reached.
        """
        from kg.describe import describe

        return describe(
            self.workspace,
            self.build,
            distributions=distributions,
            with_inferred=with_inferred,
            memory=self._memory,
        )

    def export(self, target: str | Path, options: ExportOptions | None = None) -> Exported:
        """Write the graph as an RDF file; see `kg.export`.

        Args:
            target: Path of the file, or ``-`` for standard output.
            options: What else may be chosen.
        """
        from kg.exports.api import export_workspace

        return export_workspace(
            self.workspace, str(target), options, build=self.build, trace=self._trace_all
        )

    # --- validation -------------------------------------------------------------------------

    def shapes(
        self, files: Sequence[str | Path] = (), *, ignore_unsupported: bool = False
    ) -> ShapesGraph:
        """Read and check shapes.

        Args:
            files: Files with shapes; by default those of the workspace.
            ignore_unsupported: Leave out what kg does not support of SHACL; the verdict notes it.

        Raises:
            InputError: There is no shape, or one is wrong.
        """
        chosen = [Path(file) for file in files] or list(self.workspace.shape_files)
        return read_shapes(chosen, ignore_unsupported=ignore_unsupported)

    def validate(self, shapes: ShapesGraph | None = None, checks: Checks | None = None) -> Verdict:
        """Validate the build against shapes.

        Args:
            shapes: The shapes; by default those of the workspace.
            checks: How to validate.

        Raises:
            InputError: The build is damaged, or the shapes are wrong or cannot be applied.
            WorldError: The disk failed.
            LimitError: The memory limit was reached.
        """
        from kg.builds import check_build
        from kg.duck import SMALLEST, engine
        from kg.quads import QuadTable
        from kg.queries.choice import OXIGRAPH
        from kg.queries.dataset import open_both
        from kg.sizes import USUAL_MEMORY, is_large, parse_size
        from kg.validation import Both, validate

        wanted, build = checks or Checks(), check_build(self.build)
        read = shapes or self.shapes()
        # What the table engine takes, validation leaves.
        share = parse_size(wanted.memory or self._memory or USUAL_MEMORY) // 4
        both = open_both(build, memory=f"{share}B")
        is_asked = build.table.is_dir() and is_large(build.info()["quads"]) and share >= SMALLEST
        options = replace(
            wanted.options,
            open_index=(lambda: both.engine(OXIGRAPH)) if build.store.is_dir() else None,
            both=Both(both, share) if is_asked else None,
            is_inferred=build.inferred_graph is not None,
        )
        with ExitStack() as stack:
            memory, threads = wanted.memory or self._memory, wanted.threads or self._threads
            connection = stack.enter_context(engine(None, memory, threads))
            if wanted.origins:
                from kg.validation.origins import Origins

                origins = Origins(connection, self.workspace, read)
                stack.callback(origins.close)
                options = replace(options, locate=origins.locate)
            return validate(
                connection,
                QuadTable(build.quads),
                read,
                report=wanted.report_file,
                sinks=wanted.sinks,
                options=options,
            )


def open_graph(
    folder: Workspace | Path | str = ".", *, memory: str | None = None, threads: int | None = None
) -> Graph:
    """Return the graph in force of the workspace that a folder lies in.

    Args:
        folder: The workspace, or a folder in it.
        memory: Peak memory of the process, such as ``1GB``, for what SQL does.
        threads: Worker threads of SQL.

    Raises:
        InputError: There is no workspace, or it has not been built.
    """
    found = folder if isinstance(folder, Workspace) else find_workspace(Path(folder))
    return Graph(found, memory=memory, threads=threads)


def open_tracer(workspace: Workspace, *, memory: str | None = None) -> Tracer:
    """Return what traces triples of a workspace, whether it has been built or not.

    Args:
        workspace: The workspace; its mappings and sources are read as they are now.
        memory: Peak memory of the process, such as ``1GB``.
    """
    from kg.lineage import Tracer

    return Tracer(workspace, memory=memory)


def ask(
    question: str | Path | Question,
    source: Source,
    parameters: Mapping[str, Value] | None = None,
    *,
    limits: Limits | None = None,
) -> Result:
    """Ask a question of a workspace, of files or of a remote store; see `Graph.ask`."""
    from kg.queries import results
    from kg.queries.limits import Limits
    from kg.queries.question import Question, parse_question
    from kg.queries.run import find_question, prepare
    from kg.queries.values import typed

    if isinstance(question, Question):
        found = question
    elif isinstance(question, str) and _is_sparql(question):
        found = parse_question(question, "the query", source.prefixes())
    else:
        found = find_question(str(question), source.workspace)
    limits = limits or Limits()
    given = {name: typed(value) for name, value in (parameters or {}).items()}
    prepared = prepare(found, given, source, seconds=limits.seconds)
    return results.ask(prepared, limits)


# The beginning of a query that may have no braces, such as `PREFIX ex: <…> DESCRIBE ex:a`, behind
# its comments. Names of questions and files do not begin like this.
_BRACELESS: Final = (
    r"(?:\s*#[^\n\r]*[\n\r])*\s*"
    r"(?:DESCRIBE(?:\s*[<?$*]|\s+\S*:)|SELECT\s*[?$*(]|PREFIX\s+\S*:|BASE\s*<)"
)


def _is_sparql(text: str) -> bool:
    return "{" in text or re.match(_BRACELESS, text, re.IGNORECASE) is not None
