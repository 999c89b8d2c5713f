"""Compares two graphs, RDF files or builds, that may be larger than memory.

Both sides become sorted quad tables, which DuckDB compares range by range. Blank nodes have no
names to compare: statements that they connect are matched by their canonical form.
"""

from kg.diff.api import FORMATS, Differences, DiffOptions, diff

__all__ = ["FORMATS", "DiffOptions", "Differences", "diff"]
