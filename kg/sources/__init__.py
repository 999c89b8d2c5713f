"""Logical sources: one reader a format; a file becomes a relation with its record numbers."""

from kg.sources.files import Folders

__all__ = ["Folders"]
