"""What differs between two graphs: RDF files or builds, larger than memory.

Both sides become sorted quad tables; DuckDB compares them range by range. Blank nodes have no
names to compare by: the parts of the graph that hang together by them are matched by their
canonical form.
"""

from kg.diff.api import FORMATS, Differences, DiffOptions, diff

__all__ = ["FORMATS", "DiffOptions", "Differences", "diff"]
