"""SHACL validation: DuckDB finds suspects, pySHACL judges them, results are traced to records."""

from kg.validation.check import load_shapes
from kg.validation.results import Result, Severity, ShapeWay, Sink, Verdict
from kg.validation.validate import Options, validate, validate_table

__all__ = [
    "Options",
    "Result",
    "Severity",
    "ShapeWay",
    "Sink",
    "Verdict",
    "load_shapes",
    "validate",
    "validate_table",
]
