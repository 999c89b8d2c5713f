"""From triples back to the records that made them: file, line, record, column.

Nothing is stored for it: the rules of the mapping, and the RDF files, are read once more.
"""

from kg.lineage.asked import Trace, Wanted
from kg.lineage.lineage import Lineage, trace_workspace, workspace_lineage
from kg.lineage.tracer import Tracer

__all__ = ["Lineage", "Trace", "Tracer", "Wanted", "trace_workspace", "workspace_lineage"]
