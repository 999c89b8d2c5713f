"""Streams the quad table into RDF files, with the same bytes every time.

All names are imported when they are first used: a build needs the survey alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.late import late

if TYPE_CHECKING:
    from kg.exports.api import export_files, export_table, export_workspace
    from kg.exports.checks import Problem
    from kg.exports.formats import FORMATS, Format, choose_format
    from kg.exports.options import Exported, ExportOptions
    from kg.exports.survey import write_survey

__all__ = [
    "FORMATS",
    "ExportOptions",
    "Exported",
    "Format",
    "Problem",
    "choose_format",
    "export_files",
    "export_table",
    "export_workspace",
    "write_survey",
]

_HOMES = {
    **dict.fromkeys(("export_files", "export_table", "export_workspace"), ".api"),
    "Problem": ".checks",
    **dict.fromkeys(("FORMATS", "Format", "choose_format"), ".formats"),
    **dict.fromkeys(("ExportOptions", "Exported"), ".options"),
    "write_survey": ".survey",
}

if not TYPE_CHECKING:  # a type checker would take every name for one that is there
    __getattr__ = late(__name__, _HOMES)
