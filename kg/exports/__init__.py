"""Streams the quad table into RDF files, with the same bytes every time."""

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
