"""All files that the sources of a plan are read from."""

from __future__ import annotations

from pathlib import Path

from kg.mapping.plan import Formulation, Plan
from kg.mapping.walk import plan_sources
from kg.sources.databases import find_database
from kg.sources.files import Folders, find_files


def input_files(plan: Plan, folders: Folders) -> list[Path]:
    """Return the files of a plan's sources, those of SQLite included; servers have none.

    Raises:
        InputError: A file is missing, empty, or in a folder that is not allowed.
    """
    found: list[Path] = []
    for source in plan_sources(plan):
        is_database = source.formulation is Formulation.SQL
        files = [find_database(source, folders)] if is_database else find_files(source, folders)
        found += [file.path for file in files if not file.name]
    return found
