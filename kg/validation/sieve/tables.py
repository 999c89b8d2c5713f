"""Names of the temporary tables that compiled queries read, and the steps that make them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from kg.validation.sieve.plan import Step


@dataclass(slots=True)
class _Scope:
    """Tables with the same lifetime: query to name, and the steps that make them."""

    names: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


class Tables:
    """Names tables; within nested scopes, equal queries share a table.

    Args:
        prefix: Prefix of the names.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._numbers = count()
        self._scopes = [_Scope()]

    @property
    def steps(self) -> list[Step]:
        """The steps of the outermost scope: tables for the whole validation."""
        return self._scopes[0].steps

    def name(self) -> str:
        """Return a name that no other table has."""
        return f"{self._prefix}{next(self._numbers)}"

    def shared(self, sql: str, about: str, lasting: bool = False) -> str:
        """Return the name of the table for a query, which is made once.

        Args:
            sql: The query.
            about: The component or part of a shape that it is for.
            lasting: Whether the table is for the whole validation, not for the scope only.
        """
        for scope in self._scopes:
            if sql in scope.names:
                return scope.names[sql]
        scope = self._scopes[0 if lasting else -1]
        scope.names[sql] = self.name()
        scope.steps.append(Step(scope.names[sql], sql, about))
        return scope.names[sql]

    @contextmanager
    def scope(self) -> Iterator[list[Step]]:
        """Open a scope; its list receives the steps of the tables named within the body."""
        self._scopes.append(_Scope())
        try:
            yield self._scopes[-1].steps
        finally:
            self._scopes.pop()
