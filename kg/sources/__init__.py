"""Logical sources: one reader a format; a file becomes a relation with its record numbers."""
