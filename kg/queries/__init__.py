"""Questions: SPARQL text with a header and parameters, asked of the index, answers streamed."""

from typing import TYPE_CHECKING

from kg.late import late

if TYPE_CHECKING:
    from kg.queries.results import Solution, Solutions, Statements
    from kg.queries.term import Term, Triple, python_value

__all__ = ["Solution", "Solutions", "Statements", "Term", "Triple", "python_value"]
_HOMES = {
    **dict.fromkeys(("Solution", "Solutions", "Statements"), "kg.queries.results"),
    **dict.fromkeys(("Term", "Triple", "python_value"), "kg.queries.term"),
}

# What Python programs take; the command line does without it.
__getattr__ = late(__name__, _HOMES)


def __dir__() -> list[str]:
    """Return the names that there are, imported or not."""
    return sorted({*globals(), *__all__})
