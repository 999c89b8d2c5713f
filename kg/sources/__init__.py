"""Logical sources: one reader a format; a file becomes a relation with its record numbers."""

from kg.sources.files import Folders
from kg.sources.loading import LoadedTable, drop_table, load_table, locate, locate_all

__all__ = ["Folders", "LoadedTable", "drop_table", "load_table", "locate", "locate_all"]
