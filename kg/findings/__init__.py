"""Findings: doubtful things in a workspace that are not errors, reported with advice."""

from kg.findings.accepted import Accepted, accept, read_accepted
from kg.findings.model import Finding, Fix, Level, as_record, from_record

__all__ = [
    "Accepted",
    "Finding",
    "Fix",
    "Level",
    "accept",
    "as_record",
    "from_record",
    "read_accepted",
]
