"""Trace triples to the records that made them: file, line, record, column.

Nothing is stored for this: the mapping's rules run again, and RDF files are read again.
"""

from kg.lineage.asked import Trace, Wanted
from kg.lineage.lineage import Lineage, trace_workspace, workspace_lineage
from kg.lineage.tracer import Tracer

__all__ = ["Lineage", "Trace", "Tracer", "Wanted", "trace_workspace", "workspace_lineage"]
