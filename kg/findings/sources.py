"""Findings about unused files and columns, without running a mapping."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from kg.errors import InputError, KgError, LimitError, Location
from kg.findings.model import Finding, of_error, unread_names
from kg.mapping.documents import unnamed_mappings
from kg.mapping.plan import Formulation, LogicalSource, Plan
from kg.mapping.source_table import SourceTable
from kg.mapping.tables import plan_tables
from kg.mapping.walk import plan_sources
from kg.paths import find_files, open_file, path_within, real_path, show_path
from kg.rdf import open_rdf
from kg.sources import Folders
from kg.sources.files import SourceFile, missing_reference
from kg.sources.formats import FORMATS
from kg.sources.inputs import files_of
from kg.terms import RDF_TYPE
from kg.validation.names import sh
from kg.workspace import MAPPING_PATTERNS, Workspace

# Files in a folder of data for people and other tools.
_BESIDE: Final = ("README", "LICENSE", "LICENCE", "NOTICE", "CITATION", "CHANGELOG", "Makefile")
_BESIDE_SUFFIXES: Final = (".md", ".txt.license", ".license", ".py", ".sh", ".bak", ".log", ".html")
# Most bytes of a workbook whose header is read: it is read whole.
_SMALL_WORKBOOK: Final = 2**21
# How much of a file is searched for shapes: bytes, and statements.
_LOOKED_AT: Final = 2**20
_MOST_STATEMENTS: Final = 20_000
_SHAPE_CLASSES: Final = (sh("NodeShape")[1:-1], sh("PropertyShape")[1:-1])
_TARGETS: Final = tuple(
    sh(name)[1:-1] for name in ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
)


def sources_of(
    plan: Plan, inside: Path | None, missing: list[Finding]
) -> dict[LogicalSource, tuple[SourceFile, ...]]:
    """Return the files of each logical source that is not a database.

    Args:
        plan: The plan.
        inside: The folder that they must be in; None: anywhere.
        missing: Receives faults of sources: a file is missing, or in a folder that is not allowed.
    """
    folders = Folders(None if inside is None else (inside,), Path())
    found: dict[LogicalSource, tuple[SourceFile, ...]] = {}
    for source in plan_sources(plan):
        if source.formulation is Formulation.SQL:
            continue
        try:
            found[source] = files_of(source, folders)
        except (InputError, LimitError) as error:
            missing.append(of_error(error))
    return found


def database_files(plan: Plan) -> set[Path]:
    """Return the SQLite files that the sources of a plan name."""
    found = set()
    for source in plan_sources(plan):
        if source.formulation is Formulation.SQL:
            from kg.sources.databases import find_database  # few mappings ask one

            with suppress(KgError):  # the build tells what is wrong with it
                found.add(real_path(find_database(source, Folders(None, Path())).path))
    return found


def unused_files(
    workspace: Workspace,
    sources: Mapping[LogicalSource, tuple[SourceFile, ...]],
    databases: Collection[Path],
    *,
    all_known: bool,
) -> Iterator[Finding]:
    """Yield a finding for each file below ``data/`` that no mapping uses.

    Args:
        workspace: The workspace.
        sources: The files of each source.
        databases: Files with databases that are sources, as `database_files` has them.
        all_known: Whether those are all; else only files that look like mappings are reported.
    """
    used = {real_path(file.path) for files in sources.values() for file in files}
    used |= {real_path(path) for path in (*workspace.mapping_files, *workspace.data_rdf_files)}
    used |= {*databases}
    unnamed = dict(unnamed_mappings(workspace.root / "data"))
    for path in find_files(workspace.root / "data", lambda name: not _is_beside(name)):
        name = unnamed.get(path)
        if name is None and (real_path(path) in used or not all_known):
            continue
        yield Finding(
            "unused-file",
            str(path.relative_to(workspace.root)),
            f"this looks like a mapping, but is not read as one: name it {name}"
            if name
            else "no mapping uses this file",
            Location(show_path(path)),
            f"kg reads mappings from {' and '.join(MAPPING_PATTERNS)} alone."
            if name
            else "Name it as a source in a mapping, or take it out of data/.",
        )


def _is_beside(name: str) -> bool:
    return (
        name.startswith((".", "~"))
        or name.endswith(("~", *_BESIDE_SUFFIXES))
        or name.split(".")[0] in _BESIDE
    )


def unread_files(workspace: Workspace) -> Iterator[Finding]:
    """Yield a finding for each file in the other folders whose name kg does not read."""
    read = {*workspace.ontology_files, *workspace.shape_files, *workspace.question_files}
    for folder in ("ontology", "shapes", "queries"):
        for path in find_files(workspace.root / folder, lambda name: not _is_beside(name)):
            if path in read:
                continue
            deep = folder == "queries" and path.parent != workspace.root / folder
            advice = f"Name it {path.stem}.ttl, if it is RDF, or take it out of {folder}/."
            if folder == "queries":
                advice = f"Name it {path.stem}.rq, if it is a question, or take it out of queries/."
            if deep:
                advice = "Put it into queries/ itself: folders below it are not read."
            yield Finding(
                "unused-file",
                str(path.relative_to(workspace.root)),
                "kg does not read this file",
                Location(show_path(path)),
                advice,
            )


def misplaced_shapes(workspace: Workspace) -> Iterator[Finding]:
    """Yield a finding for each file of the graph that holds shapes: no validation reads them."""
    for path in (*workspace.data_rdf_files, *workspace.ontology_files):
        with suppress(KgError, OSError):  # whoever reads the whole file reports its faults
            shape = _first_shape(path, [workspace.root])
            if shape is not None:
                yield Finding(
                    "misplaced-shape",
                    str(path.relative_to(workspace.root)),
                    f"this file holds SHACL shapes, such as {shape}, which no validation reads",
                    Location(show_path(path)),
                    "Put it into shapes/, or validate with --shapes as well.",
                )


def _first_shape(path: Path, inside: Sequence[Path]) -> str | None:
    """Return the first shape in the part of an RDF file that is searched."""
    with open_file(path, inside) as stream:
        if b"ns/shacl#" not in stream.read(_LOOKED_AT):
            return None
    with open_rdf(path) as parser:
        for quad in islice(parser, _MOST_STATEMENTS):
            named = quad.predicate.value
            typed = named == RDF_TYPE[1:-1] and getattr(quad.object, "value", "") in _SHAPE_CLASSES
            if typed or named in _TARGETS:
                return str(quad.subject)
    return None


def missing_columns(
    plan: Plan, sources: Mapping[LogicalSource, tuple[SourceFile, ...]]
) -> Iterator[Finding]:
    """Yield a finding for each reference to a column that a table does not have."""
    for source, table, file, (header, _) in _headers(plan, sources):
        lacking = [each for each in table.columns if each.reference not in header]
        # With one name in the header, the header is the fault, and not each reference.
        for column in lacking[: 1 if len(header) == 1 else None]:
            yield of_error(missing_reference(column, header, source, file.shown))


def unread_columns(
    plan: Plan, sources: Mapping[LogicalSource, tuple[SourceFile, ...]], root: Path
) -> Iterator[Finding]:
    """Yield a finding for each table with columns that no triples map reads."""
    wanted: dict[SourceFile, set[str]] = {}
    names: dict[SourceFile, tuple[list[str], int]] = {}
    for source, table, file, found in _headers(plan, sources):
        sheet = source.iterator if source.formulation is Formulation.EXCEL else ""
        part = replace(file, member=file.member or sheet)
        names[part] = found
        wanted.setdefault(part, set()).update(each.reference for each in table.columns)
    for part, (header, line) in names.items():
        unread = [name for name in header if name and name not in wanted[part]]
        if unread:
            within = path_within(str(part.path), root) + (f"#{part.member}" if part.member else "")
            yield unread_names(within, "column", ", ".join(unread), len(unread), part.shown, line)


def _headers(
    plan: Plan, sources: Mapping[LogicalSource, tuple[SourceFile, ...]]
) -> Iterator[tuple[LogicalSource, SourceTable, SourceFile, tuple[list[str], int]]]:
    """Yield the column names of each file of each table, and their line, if quick to read."""
    for table in plan_tables(plan).all:
        source = table.source
        if source.query or table.rows is not None:
            continue
        for file in sources.get(source, ()):
            # Whoever reads the whole file reports its faults.
            with suppress(InputError, LimitError):
                header = _header(source, file)
                if header[0]:
                    yield source, table, file, header


def _header(source: LogicalSource, file: SourceFile) -> tuple[list[str], int]:
    """Return the column names of a file and their line; none if they take long to read."""
    if source.formulation is Formulation.PARQUET:
        from kg.engines.duckdb import parquet

        return parquet.column_names(file, source), 1
    if source.formulation is Formulation.EXCEL and file.path.stat().st_size > _SMALL_WORKBOOK:
        return [], 1
    names = FORMATS[source.formulation].column_names
    return names(file, source) if names else ([], 1)
