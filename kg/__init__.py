"""kg: source facts in, a validated, queryable, exportable knowledge graph out.

`open` gives the graph of a workspace; `build`, `map`, `query`, `validate` and `export` do what the
commands of these names do. All are imported when they are first used, since the command line has no
time for what it does not use. No submodule has the name of one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.late import late

if TYPE_CHECKING:
    from kg.api import build, export, map, open, query, validate
    from kg.building import BuildOptions
    from kg.exports import ExportOptions
    from kg.graph import Graph
    from kg.queries.limits import Limits

_HOMES = {
    **dict.fromkeys(("build", "export", "map", "open", "query", "validate"), "kg.api"),
    "BuildOptions": "kg.building",
    "ExportOptions": "kg.exports",
    "Graph": "kg.graph",
    "Limits": "kg.queries.limits",
}

__all__ = [
    "BuildOptions",
    "ExportOptions",
    "Graph",
    "Limits",
    "build",
    "export",
    "map",
    "open",
    "query",
    "validate",
]


if not TYPE_CHECKING:  # a type checker would take every name for one that is there
    __getattr__ = late(__name__, _HOMES)


def __dir__() -> list[str]:
    """Return the names that there are, imported or not."""
    return sorted({*globals(), *__all__})
