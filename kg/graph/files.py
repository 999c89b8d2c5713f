"""RDF files in the place of a build: validated, exported, and how they are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg.graph.checks import Checks

if TYPE_CHECKING:  # a process that answers one question counts its imports
    from kg.exports import Exported, ExportOptions
    from kg.validation import Verdict
    from kg.validation.shapes import ShapesGraph


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
            connection,
            table,
            shapes,
            report=wanted.report_file,
            sinks=wanted.sinks,
            options=options,
        )


def export_files(
    files: Sequence[Path], target: str | Path, options: ExportOptions | None = None
) -> Exported:
    """Write RDF files as one RDF file; see `kg.export`.

    Args:
        files: The files; the prefixes that they declare are used.
        target: Path of the file, or ``-`` for standard output.
        options: What else may be chosen.
    """
    from kg.exports import ExportOptions, export_files

    return export_files(files, str(target), options or ExportOptions())


def contexts_from(texts: Iterable[str]) -> AbstractContextManager[None]:
    """Have files taken for the addresses of JSON-LD contexts, as long as the context lasts.

    Args:
        texts: Each ``URL=FILE``.

    Raises:
        UsageError: A text is not of this form.
        InputError: A file cannot be read, or is not a context.
    """
    from kg.rdf.contexts import given_contexts, parse_context

    return given_contexts(dict(map(parse_context, texts)))


def read_as(files: Sequence[Path], name: str | None) -> AbstractContextManager[None]:
    """Have files read in a format whatever their names say, as long as the context lasts.

    Args:
        files: The files.
        name: Name of an RDF format; None changes nothing.

    Raises:
        UsageError: There is no format of this name.
    """
    from kg.rdf.formats import declared

    return declared(files, name)


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
