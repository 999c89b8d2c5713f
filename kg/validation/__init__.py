"""SHACL validation: DuckDB finds suspects, pySHACL judges them, results are traced to records.

All names are imported when they are first used: who reads shapes alone needs no DuckDB. No
submodule has the name of one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.late import late

if TYPE_CHECKING:
    from kg.validation.check import load_shapes
    from kg.validation.queries import Both
    from kg.validation.results import Result, Severity, ShapeWay, Sink, Verdict
    from kg.validation.validating import Options, validate

__all__ = [
    "Both",
    "Options",
    "Result",
    "Severity",
    "ShapeWay",
    "Sink",
    "Verdict",
    "load_shapes",
    "validate",
]

_HOMES = {
    "load_shapes": ".check",
    "Both": ".queries",
    **dict.fromkeys(("Result", "Severity", "ShapeWay", "Sink", "Verdict"), ".results"),
    **dict.fromkeys(("Options", "validate"), ".validating"),
}

if not TYPE_CHECKING:  # a type checker would take every name for one that is there
    __getattr__ = late(__name__, _HOMES)
