"""The SQL that makes a term."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TermSql:
    """SQL that makes a term: text in the form of `kg.terms`, NULL where a value is missing.

    Attributes:
        sql: A text, or a list of texts if `many`.
        missing: Condition that no term is made from a record; empty where that cannot be.
        lost: Condition that no term is made although that of the term holds; the same as
            `missing` where the term has none.
        code: The number that stands for a constant predicate or graph.
    """

    sql: str
    many: bool
    missing: str
    lost: str = ""
    code: int = -1

    @property
    def there(self) -> str:
        """Condition that a term is made from a record."""
        return f"({self.missing}) IS NOT TRUE" if self.missing else "true"

    @property
    def terms(self) -> str:
        """SQL of the list of all terms that are made from a record."""
        if self.many:
            return f"list_filter({self.sql}, lambda term: term IS NOT NULL)"
        return f"CASE WHEN ({self.sql}) IS NULL THEN [] ELSE [{self.sql}] END"
