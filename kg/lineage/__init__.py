"""Trace triples to the records that made them: file, line, record, column.

Nothing is stored for this: the mapping's rules run again, and RDF files are read again.
"""

from kg.lineage.asked import Trace, Wanted
from kg.lineage.lineage import Lineage, Tracer, trace_workspace, workspace_lineage

__all__ = ["Lineage", "Trace", "Tracer", "Wanted", "trace_workspace", "workspace_lineage"]
