"""SHACL validation: suspects found by SQL, the judge, results led back to their records."""

from kg.validation.check import load_shapes
from kg.validation.results import Result, Severity, Sink, Verdict
from kg.validation.validate import validate, validate_table

__all__ = [
    "Result",
    "Severity",
    "Sink",
    "Verdict",
    "load_shapes",
    "validate",
    "validate_table",
]
