"""The files that the sources of a plan are read from."""

from __future__ import annotations

from pathlib import Path

from kg.mapping.plan import Formulation, LogicalSource, Plan
from kg.mapping.walk import plan_sources
from kg.sources.files import Folders, SourceFile, find_files


def input_files(plan: Plan, folders: Folders) -> list[Path]:
    """Return the files of a plan's sources, those of SQLite included; servers have none.

    Raises:
        InputError: A file is missing, empty, or in a folder that is not allowed.
    """
    return [path for files in files_by_source(plan, folders).values() for path in files]


def files_by_source(plan: Plan, folders: Folders) -> dict[LogicalSource, list[Path]]:
    """Return the files of `input_files` by source, each of which is looked for once.

    Raises:
        InputError: As for `input_files`.
    """
    return {
        source: [file.path for file in _found(source, folders) if not file.name]
        for source in plan_sources(plan)
    }


def files_of(source: LogicalSource, folders: Folders) -> tuple[SourceFile, ...]:
    """Return the files of a source, or its database; of workbooks the sheets that match a pattern.

    Raises:
        InputError: As for `input_files`; or no sheet matches.
        LimitError: The sheets of a workbook are asked for, and it does not fit in memory.
    """
    files = _found(source, folders)
    if source.formulation is not Formulation.EXCEL:
        return files
    from kg.sources.excel_files import sheets_of  # few mappings read a workbook

    return tuple(sheet for file in files for sheet in sheets_of(file, source))


def _found(source: LogicalSource, folders: Folders) -> tuple[SourceFile, ...]:
    if source.formulation is not Formulation.SQL:
        return find_files(source, folders)
    from kg.sources.databases import find_database  # few mappings ask one

    return (find_database(source, folders),)
