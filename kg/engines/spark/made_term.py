"""The SQL that makes a term."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TermSql:
    """SQL that makes a term: text in the form of `kg.terms`, NULL where a value is missing.

    Attributes:
        sql: A text, or an array of texts if `many`.
        many: Whether a record may give several.
        missing: Condition that no term is made from a record; empty where that cannot be.
        lost: Condition that no term is made although that of the term holds.
        code: The number that stands for a constant predicate or graph.
    """

    sql: str
    many: bool
    missing: str
    lost: str = ""
    code: int = -1

    @property
    def count(self) -> str:
        """SQL of the number of values, where others are NULL."""
        if self.many:
            return f"size(filter({self.sql}, made -> made IS NOT NULL))"
        return f"CAST(({self.sql}) IS NOT NULL AS INT)"

    @property
    def first(self) -> str:
        """SQL of the first value of a record, where others are NULL."""
        if self.many:
            return f"get(filter({self.sql}, made -> made IS NOT NULL), 0)"
        return self.sql
