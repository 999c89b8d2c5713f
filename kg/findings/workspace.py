"""All findings about a workspace: of its files, and of the graph that was built of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import InputError
from kg.findings import graph as of_graph
from kg.findings import mappings as of_mappings
from kg.findings import questions as of_questions
from kg.findings import shapes as of_shapes
from kg.findings.model import Finding, of_error
from kg.findings.sources import (
    missing_columns,
    sources_of,
    unread_columns,
    unread_files,
    unused_files,
)
from kg.findings.terms import Used, undeclared
from kg.findings.vocabulary import Vocabulary, read_vocabulary
from kg.mapping.plan import Plan
from kg.mapping.reading import read_mappings
from kg.paths import show_path
from kg.query.question import read_question
from kg.validation.check import ShapeErrors, load_shapes
from kg.validation.coverage import focus_counts
from kg.validation.messages import Namer
from kg.validation.shapes import ShapesGraph, read_shapes
from kg.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

    from kg.quads import QuadTable


def workspace_findings(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    workspace: Workspace,
    plan: Plan,
    met: Mapping[str, int] | None,
    inside: Path | None,
) -> list[Finding]:
    """Return what is doubtful about files and graph; what both show is told once.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table.
        workspace: The workspace.
        plan: Its mappings.
        met: Shape with targets to the number of its focus nodes, if that is known already.
        inside: Where sources may lie; None: anywhere.
    """
    vocabulary, shapes = read_vocabulary(workspace), read_shapes(workspace.shape_files)
    found = _file_findings(workspace, plan, inside, vocabulary, shapes)
    told = {(each.code, each.about) for each in found}
    of_graph = _graph_findings(connection, table, workspace, met, vocabulary, shapes)
    return [*found, *(each for each in of_graph if (each.code, each.about) not in told)]


def file_findings(
    workspace: Workspace, plan: Plan | None = None, inside: Path | None = None
) -> list[Finding]:
    """Return what can be seen without building anything.

    Args:
        workspace: The workspace.
        plan: Its mappings, if they were read already.
        inside: Where sources may lie; None: anywhere, since nothing but names is read of them.

    Raises:
        InputError: A file is wrong by itself, as ``kg build`` would tell too.
    """
    if plan is None:
        plan = read_mappings(workspace.mapping_files, workspace.prefixes, workspace.base)
    shapes = read_shapes(workspace.shape_files)
    return _file_findings(workspace, plan, inside, read_vocabulary(workspace), shapes)


def _file_findings(
    workspace: Workspace,
    plan: Plan,
    inside: Path | None,
    vocabulary: Vocabulary,
    shapes: ShapesGraph,
) -> list[Finding]:
    prefixes = {**workspace.prefixes, **dict(plan.prefixes)}
    sources = sources_of(plan, inside)
    imports = [(iri, show_path(path)) for iri, path in vocabulary.imports]
    found = chain(
        unused_files(workspace, sources),
        unread_files(workspace),
        missing_columns(plan, sources),
        unread_columns(plan, sources, workspace.root),
        undeclared(of_mappings.terms_of(plan, workspace.mapping_files), vocabulary, prefixes),
        undeclared(of_shapes.terms_of(shapes, workspace.shape_files), vocabulary, prefixes),
        of_shapes.missing_shapes(shapes, Namer({**prefixes, **shapes.prefixes})),
        of_shapes.unknown_datatypes(shapes),
        of_shapes.unfollowed_imports([*imports, *of_shapes.imports_of(shapes)]),
        _of_questions(workspace, vocabulary),
    )
    return list(found)


def shape_faults(workspace: Workspace) -> list[Finding]:
    """Return what is wrong with the shapes by themselves, as ``kg build`` refuses it."""
    try:
        if workspace.shape_files:
            load_shapes(workspace.shape_files)
    except ShapeErrors as several:
        return [of_error(error) for error in several.errors]
    except InputError as error:
        return [of_error(error)]
    return []


def _of_questions(workspace: Workspace, vocabulary: Vocabulary) -> Iterator[Finding]:
    from kg.query.run import check_question

    used: list[Used] = []
    for path in workspace.question_files:
        try:
            question = read_question(path, workspace.prefixes)
            check_question(question, workspace)
        except InputError as error:
            yield of_error(error, show_path(path))
            continue
        used += of_questions.terms_of(question, workspace.prefixes)
        yield from of_questions.dates_as_texts(question)
    yield from undeclared(used, vocabulary, workspace.prefixes)


def _graph_findings(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    workspace: Workspace,
    met: Mapping[str, int] | None,
    vocabulary: Vocabulary,
    shapes: ShapesGraph,
) -> list[Finding]:
    """Return what is doubtful about a graph that was built."""
    prefixes = {**workspace.prefixes, **shapes.prefixes}
    used = list(of_graph.terms_of(connection, table))
    classes = [f"<{each.iri}>" for each in used if each.role == "class"]
    namer = Namer(prefixes)
    if met is None:
        met = focus_counts(connection, table, shapes)
    return [
        *of_shapes.unused_shapes(
            shapes, met, [each for each in classes if not vocabulary.lacks(each[1:-1])], namer
        ),
        *undeclared(used, vocabulary, prefixes),
        *of_graph.doubtful_nodes(connection, table, workspace.base, prefixes),
        *of_graph.unused_base(connection, table, workspace.base),
    ]
