"""The use cases of kg, for the command line, for Python and for servers.

`Graph` is the graph of a workspace as one build has it. The functions beside it work on RDF files
in the place of a build. Nothing here prints, and nothing here ends the process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg.workspace import Build, Workspace, find_workspace

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.validation import Options, ShapeWay, Sink, Verdict
    from kg.validation.shapes import ShapesGraph


class Graph:
    """The graph of a workspace, as one build has it.

    All answers come from this build, also after another has been put in force. The build stays on
    the disk until two others have been put in force.

    Args:
        workspace: The workspace.
        build: The build; by default that in force.

    Raises:
        InputError: There is no build in force, or it is damaged.
    """

    def __init__(self, workspace: Workspace, build: Build | None = None) -> None:
        self.workspace = workspace
        self.build = build or workspace.current_build()

    def __repr__(self) -> str:
        """Return the folder and the build."""
        return f"Graph({str(self.workspace.root)!r}, build {self.build.id})"

    def stale(self) -> str | None:
        """Return which sources have changed since the build, as a sentence for people.

        None if none has, or if that was told before.
        """
        from kg.query.stale import stale_message

        return stale_message(self.workspace, self.build)

    # --- validation -------------------------------------------------------------------------

    def shapes(
        self, files: Sequence[Path] = (), *, ignore_unsupported: bool = False
    ) -> ShapesGraph:
        """Read and check shapes.

        Args:
            files: Files with shapes; by default those of the workspace.
            ignore_unsupported: Leave out what kg does not support of SHACL; the verdict notes it.

        Raises:
            InputError: There is no shape, or one is wrong.
        """
        chosen = list(files) or list(self.workspace.shape_files)
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
        from kg.duck import engine
        from kg.quads import QuadTable
        from kg.query.dataset import open_build
        from kg.validation import validate

        wanted, build = checks or Checks(), check_build(self.build)
        read = shapes or self.shapes()
        options = replace(
            wanted.options,
            open_index=(lambda: open_build(build)) if build.store.is_dir() else None,
            is_inferred=build.inferred_graph is not None,
        )
        with ExitStack() as stack:
            connection = stack.enter_context(engine(None, wanted.memory, wanted.threads))
            if wanted.origins:
                from kg.validation.origins import Origins

                origins = Origins(connection, self.workspace, read)
                stack.callback(origins.close)
                options = replace(options, locate=origins.locate)
            return validate(
                connection,
                QuadTable(build.quads),
                read,
                report=wanted.report,
                sinks=wanted.sinks,
                options=options,
            )


@dataclass(frozen=True, slots=True)
class Checks:
    """What a user may choose about a validation.

    Attributes:
        infer: Add first what follows by RDFS; shapes can ask for it by ``sh:entailment`` too.
        sinks: Each is called with every result, as it is found.
        report: Where the standard report goes, in Turtle.
        origins: Whether results are led back to the records that they came from.
        max_results: Stop after so many results.
        reasons: How many results of each constraint tell why every branch of it failed.
        traced: How many results of each constraint are led back; None for all.
        explain: Called with the way that each shape takes.
        progress: Called with the name of each step.
        memory: Peak memory of the process, such as ``1GB``.
        threads: Worker threads.
    """

    infer: bool = False
    sinks: Sequence[Sink] = ()
    report: Path | None = None
    origins: bool = True
    max_results: int | None = None
    reasons: int = sys.maxsize
    traced: int | None = None
    explain: Callable[[ShapeWay], None] | None = None
    progress: Callable[[str], None] | None = None
    memory: str | None = None
    threads: int | None = None

    @property
    def options(self) -> Options:
        """These choices as the validation takes them."""
        from kg.validation import Options

        return Options(
            infer=self.infer,
            max_results=self.max_results,
            reasons=self.reasons,
            traced=self.traced,
            explain=self.explain,
            progress=self.progress or (lambda _: None),
        )


def open_graph(folder: Workspace | Path | str = ".") -> Graph:
    """Return the graph in force of the workspace that a folder lies in.

    Raises:
        InputError: There is no workspace, or it has not been built.
    """
    if isinstance(folder, Workspace):
        return Graph(folder)
    return Graph(find_workspace(Path(folder)))


def validate_files(
    data: Sequence[Path], shapes: ShapesGraph, checks: Checks | None = None
) -> Verdict:
    """Validate RDF files against shapes.

    Args:
        data: The files; blank nodes of different files stay apart.
        shapes: From `read_shapes`.
        checks: How to validate.

    Raises:
        InputError: A file is not valid RDF, or the shapes cannot be applied.
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    from kg.duck import engine
    from kg.validation import validate
    from kg.validation.loading import load_files

    wanted = checks or Checks()
    options = wanted.options
    if wanted.origins:
        from kg.validation.data_lines import AT_ONCE, DataLines

        options = replace(options, locate=DataLines(data).locate, located=AT_ONCE)
    with (
        engine(None, wanted.memory, wanted.threads) as connection,
        load_files(connection, data) as table,
    ):
        return validate(
            connection, table, shapes, report=wanted.report, sinks=wanted.sinks, options=options
        )


def read_shapes(files: Sequence[Path], *, ignore_unsupported: bool = False) -> ShapesGraph:
    """Read and check shape files.

    Args:
        files: The files.
        ignore_unsupported: Leave out what kg does not support of SHACL; the verdict notes it.

    Raises:
        InputError: There is no file, or a shape is wrong.
    """
    from kg.validation import load_shapes

    return load_shapes(files, ignore_unsupported=ignore_unsupported)
