"""What tables hold, without a mapping: columns, types, empty values, how files are written."""

from kg.peek.model import Column, Kind, Table
from kg.peek.tables import Peeked, peek

__all__ = ["Column", "Kind", "Peeked", "Table", "peek"]
