"""Questions: SPARQL text with a header and parameters, asked of the index, answers streamed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.queries.results import Solution, Solutions, Statements
    from kg.queries.term import Term, Triple, python_value

__all__ = ["Solution", "Solutions", "Statements", "Term", "Triple", "python_value"]
_HOMES = {
    **dict.fromkeys(("Solution", "Solutions", "Statements"), "kg.queries.results"),
    **dict.fromkeys(("Term", "Triple", "python_value"), "kg.queries.term"),
}


def __getattr__(name: str) -> object:
    """Import what Python programs take when it is first used; the command line does without it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the names that there are, imported or not."""
    return sorted({*globals(), *__all__})
