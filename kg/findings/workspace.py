"""All findings about a workspace: its files, and the graph built from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from kg.errors import InputError
from kg.findings import mappings as of_mappings
from kg.findings import shapes as of_shapes
from kg.findings.keys import unread_keys, unread_paths
from kg.findings.known import Asked, KnownQuestions
from kg.findings.material import Material
from kg.findings.model import Finding, of_error
from kg.findings.namespaces import glued_names, iris_of, near_namespaces
from kg.findings.sources import (
    database_files,
    misplaced_shapes,
    missing_columns,
    sources_of,
    unread_columns,
    unread_files,
    unused_files,
)
from kg.findings.terms import Used, undeclared
from kg.names import Namer
from kg.paths import show_path
from kg.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

    from kg.findings.before import GraphFindings
    from kg.quads import QuadTable


def workspace_findings(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    workspace: Workspace,
    material: Material,
    met: Mapping[str, int] | None,
    inside: Path | None,
    steps: GraphFindings | None = None,
    *,
    anew: bool = False,
) -> list[Finding]:
    """Return the findings about files and graph; those of both are reported once.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table.
        workspace: The workspace.
        material: The content of its files.
        met: Shape with targets to the number of its focus nodes, if that is known already.
        inside: The folder that sources must be in; None: anywhere.
        steps: Finds what is doubtful in the graph; by default in all of it.
        anew: Whether to read questions about which all is known.
    """
    found = file_findings(workspace, material, inside, anew=anew)
    told = {(each.code, each.about) for each in found}
    of_graph = _graph_findings(connection, table, workspace, met, material, steps)
    return [*found, *(each for each in of_graph if (each.code, each.about) not in told)]


def file_findings(
    workspace: Workspace, material: Material, inside: Path | None = None, *, anew: bool = False
) -> list[Finding]:
    """Return the findings that need no build, and the faults of files.

    Args:
        workspace: The workspace.
        material: The content of its files.
        inside: The folder that sources must be in; None: anywhere, since only names are read.
        anew: Whether to read questions about which all is known.
    """
    plan, vocabulary, shapes = material.plan, material.vocabulary, material.shapes
    prefixes = {**workspace.prefixes, **dict(plan.prefixes)}
    missing: list[Finding] = []
    sources = sources_of(plan, inside, missing)
    imports = [(iri, show_path(path)) for iri, path in vocabulary.imports]
    of_shape_files = list(of_shapes.terms_of(shapes, workspace.shape_files))
    asked, about_questions, declared = _of_questions(workspace, material, anew=anew)
    is_mapped = "data" in material.whole and not missing
    found = chain(
        material.faults,
        missing,
        unused_files(workspace, sources, database_files(plan), all_known=is_mapped),
        unread_files(workspace),
        missing_columns(plan, sources),
        unread_columns(plan, sources, workspace.root) if is_mapped else (),
        unread_keys(unread_paths(plan, sources, None), workspace.root) if is_mapped else (),
        _undeclared(of_mappings.terms_of(plan, workspace.mapping_files), material, prefixes),
        _undeclared(of_shape_files, material, prefixes),
        of_shapes.missing_shapes(shapes, Namer({**prefixes, **shapes.prefixes}))
        if "shapes" in material.whole
        else (),
        of_shapes.idle_shapes(shapes, vocabulary.terms, Namer({**prefixes, **shapes.prefixes})),
        of_shapes.deactivated_shapes(shapes, Namer({**prefixes, **shapes.prefixes})),
        of_shapes.unknown_datatypes(shapes),
        of_shapes.unfollowed_imports([*imports, *of_shapes.imports_of(shapes)]),
        about_questions,
        glued_names(
            (*prefixes.items(), *shapes.prefixes.items(), *vocabulary.prefixes),
            (*iris_of(plan), *vocabulary.terms, *(each.iri for each in (*of_shape_files, *asked))),
            vocabulary.own,
            (
                workspace.config_file,
                *workspace.mapping_files,
                *workspace.shape_files,
                *workspace.ontology_files,
            ),
        ),
        near_namespaces(
            (*prefixes.items(), *shapes.prefixes.items(), *vocabulary.prefixes, *declared),
            workspace.base,
            workspace.prefixes.values(),
            (
                workspace.config_file,
                *workspace.mapping_files,
                *workspace.shape_files,
                *workspace.ontology_files,
                *workspace.question_files,
            ),
        ),
        misplaced_shapes(workspace),
    )
    return list(found)


def _undeclared(
    used: Iterable[Used], material: Material, prefixes: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield findings about terms, unless a file that may declare them could not be read."""
    if "ontology" in material.whole:
        yield from undeclared(used, material.vocabulary, prefixes)


def _of_questions(
    workspace: Workspace, material: Material, *, anew: bool
) -> tuple[list[Used], list[Finding], list[tuple[str, str]]]:
    """Return the terms that questions name, the findings about them, and their prefixes."""
    known = KnownQuestions(workspace, anew=anew)
    asked = [
        known.of(path, lambda path: _of_question(path, workspace))
        for path in workspace.question_files
    ]
    known.write()
    used = [term for each in asked for term in each.used]
    found = [finding for each in asked for finding in each.found]
    return (
        used,
        [*found, *_undeclared(used, material, workspace.prefixes)],
        [prefix for each in asked for prefix in each.declared],
    )


def _of_question(path: Path, workspace: Workspace) -> Asked:
    # Imported here: questions are read only if they are not known.
    from kg.findings import questions as of_questions
    from kg.queries.question import read_question
    from kg.queries.run import check_question

    prefixes = workspace.prefixes
    try:
        question = read_question(path, prefixes)
        check_question(question, workspace)
    except InputError as error:
        return Asked(found=(of_error(error, show_path(path)),))
    found = chain(
        of_questions.dates_as_texts(question),
        of_questions.slipped_variables(question),
        of_questions.slipped_headers(question),
        of_questions.wrong_defaults(question, prefixes),
        of_questions.empty_expressions(question, prefixes),
    )
    return Asked(
        tuple(of_questions.terms_of(question, prefixes)),
        tuple(found),
        tuple(of_questions.prefixes_of(question)),
    )


def _graph_findings(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    workspace: Workspace,
    met: Mapping[str, int] | None,
    material: Material,
    steps: GraphFindings | None,
) -> list[Finding]:
    """Return the findings about a graph that was built."""
    vocabulary, shapes = material.vocabulary, material.shapes
    prefixes, base = {**workspace.prefixes, **shapes.prefixes}, workspace.base
    # Imported here: findings about files alone do not load DuckDB.
    from kg.findings import graph as of_graph
    from kg.findings.before import GraphFindings
    from kg.findings.texts import doubtful_texts, placeholder_days, unknown_languages
    from kg.validation.coverage import focus_counts

    of = steps or GraphFindings(connection, table, None)
    looked = of_graph.Looked(connection, table, base, Namer(prefixes))
    used = of.used(lambda rows: of_graph.terms_of(replace(looked, table=rows)))
    classes = [each.iri for each in used if each.role == "class"]
    known = [f"<{iri}>" for iri in classes if not vocabulary.lacks(iri)]
    if met is None:
        met = focus_counts(connection, table, shapes)

    def of_rows(find: Callable[[of_graph.Looked], Iterator[Finding]]) -> list[Finding]:
        return of.of_rows(find.__name__, lambda rows: find(replace(looked, table=rows)))

    def links(rows: QuadTable) -> Iterator[Finding]:
        return of_graph.dangling_links(replace(looked, table=rows))

    return [
        *of_shapes.unused_shapes(shapes, met, known, looked.namer),
        *_undeclared(used, material, prefixes),
        *of_rows(of_graph.unknown_datatypes),
        *of_rows(of_graph.large_integers),
        *of_rows(of_graph.doubtful_keys),
        *of.of_links("dangling_links", links, looked.is_own("o")),
        *of_rows(doubtful_texts),
        *of_rows(placeholder_days),
        *of_rows(unknown_languages),
        *of_graph.unused_base(looked),
    ]
