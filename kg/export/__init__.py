"""Streams the quad table into RDF files, with the same bytes every time."""

from kg.export.api import export_files, export_table, export_workspace
from kg.export.checks import Problem
from kg.export.formats import FORMATS, Format, choose_format
from kg.export.options import Exported, ExportOptions
from kg.export.survey import write_survey

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
