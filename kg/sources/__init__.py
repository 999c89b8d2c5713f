"""Logical sources: one reader for each format turns a file into a table of numbered records."""

from kg.sources.files import Folders

__all__ = ["Folders"]
