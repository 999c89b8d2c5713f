"""Questions: SPARQL text with a header and parameters, asked of the index, answers streamed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.query.api import Graph, Solution, Solutions, python_value, query

__all__ = ["Graph", "Solution", "Solutions", "python_value", "query"]


def __getattr__(name: str) -> object:
    """Import the Python API when it is first used; the command line does without it."""
    if name in __all__:
        from kg.query import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
