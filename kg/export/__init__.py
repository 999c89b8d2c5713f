"""Export: RDF files streamed out of the quad table, the same bytes every time."""

from kg.export.api import Exported, export_table, export_workspace
from kg.export.formats import FORMATS, Format, choose_format

__all__ = ["FORMATS", "Exported", "Format", "choose_format", "export_table", "export_workspace"]
