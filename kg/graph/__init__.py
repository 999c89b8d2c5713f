"""The use cases of kg, for the command line, for Python and for servers.

`Graph` is the graph of a workspace as one build has it. The functions beside it work on RDF files
in the place of a build. Nothing here prints, and nothing here ends the process.

All names are imported when they are first used: who reads shapes alone needs no graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.late import late

if TYPE_CHECKING:
    from kg.graph.checks import Checks
    from kg.graph.files import contexts_from, export_files, read_as, read_shapes, validate_files
    from kg.graph.graph import Graph, ask, open_graph, open_tracer
    from kg.lineage import Trace as Trace

__all__ = [
    "Checks",
    "Graph",
    "ask",
    "contexts_from",
    "export_files",
    "open_graph",
    "open_tracer",
    "read_as",
    "read_shapes",
    "validate_files",
]

_HOMES = {
    "Checks": ".checks",
    **dict.fromkeys(
        ("contexts_from", "export_files", "read_as", "read_shapes", "validate_files"), ".files"
    ),
    **dict.fromkeys(("Graph", "ask", "open_graph", "open_tracer"), ".graph"),
}

if not TYPE_CHECKING:  # a type checker would take every name for one that is there
    __getattr__ = late(__name__, _HOMES)
