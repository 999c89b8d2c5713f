"""What is doubtful about a workspace although nothing is wrong by itself, told with advice."""

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
