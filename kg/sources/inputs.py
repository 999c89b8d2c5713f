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
    return [
        file.path
        for source in plan_sources(plan)
        for file in files_of(source, folders)
        if not file.name
    ]


def files_of(source: LogicalSource, folders: Folders) -> tuple[SourceFile, ...]:
    """Return the files of a source, or its database.

    Raises:
        InputError: As for `input_files`.
    """
    if source.formulation is not Formulation.SQL:
        return find_files(source, folders)
    from kg.sources.databases import find_database  # few mappings ask one

    return (find_database(source, folders),)
