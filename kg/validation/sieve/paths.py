"""Compile property paths to SQL for pairs of a start node and an end node."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from kg.validation import paths
from kg.validation.paths import Path
from kg.validation.sieve.triples import Triples


class PathCompiler:
    """Compiles property paths.

    Args:
        triples: The triples.
    """

    def __init__(self, triples: Triples) -> None:
        self._triples = triples
        self._numbers = count()
        self._known: dict[tuple[Path, str | None, bool], str] = {}

    def pairs(self, path: Path, starts: str | None, inverse: bool = False) -> str:
        """Return a query for the distinct pairs (n, v) of a start node and an end node.

        As in pySHACL, an inverted sequence is followed in the order in which its parts are written.
        The same arguments give the same text, by which queries are compared.

        Args:
            path: The path.
            starts: Table with the distinct start nodes n; None for all.
            inverse: Whether to follow the path against its direction.

        Spec: https://www.w3.org/TR/shacl/#property-paths
        """
        key = (path, starts, inverse)
        if key not in self._known:
            self._known[key] = self._compiled(path, starts, inverse)
        return self._known[key]

    def _compiled(self, path: Path, starts: str | None, inverse: bool) -> str:
        match path:
            case paths.Predicate(iri):
                return self._step([iri], starts, inverse)
            case paths.Inverse(inner):
                return self.pairs(inner, starts, not inverse)
            case paths.Sequence(parts):
                return self._sequence(parts, starts, inverse)
            case paths.Alternative(parts):
                plain = [part.iri for part in parts if isinstance(part, paths.Predicate)]
                if len(plain) == len(parts):
                    return f"SELECT DISTINCT n, v FROM ({self._step(plain, starts, inverse)})"
                each = [self.pairs(part, starts, inverse) for part in parts]
                return " UNION ".join(f"({query})" for query in each)
            case paths.ZeroOrOne(inner):
                once = self.pairs(inner, starts, inverse)
                return f"({self._here(starts)}) UNION ({once})"
            case paths.ZeroOrMore(inner):
                return self._closure(self._here(starts), inner, inverse)
            case paths.OneOrMore(inner):
                return self._closure(self.pairs(inner, starts, inverse), inner, inverse)

    def _step(self, iris: Sequence[str], starts: str | None, inverse: bool) -> str:
        ends = "o AS n, s AS v" if inverse else "s AS n, o AS v"
        steps = f"SELECT {ends} FROM {self._triples.name} WHERE {self._triples.has(*iris)}"
        if starts is None:
            return steps
        return f"SELECT n, v FROM ({steps}) SEMI JOIN {starts} AS f USING (n)"

    def _here(self, starts: str | None) -> str:
        """Return a query for the pairs of each start node with itself."""
        if starts is None:
            name = self._triples.name
            every = f"SELECT s AS n FROM {name} UNION SELECT o FROM {name}"
            return f"SELECT n, n AS v FROM ({every})"
        return f"SELECT n, n AS v FROM {starts}"

    def _sequence(self, parts: tuple[Path, ...], starts: str | None, inverse: bool) -> str:
        query = self.pairs(parts[0], starts, inverse)
        for part in parts[1:]:
            name = f"w{next(self._numbers)}"
            step = self.pairs(part, f"(SELECT DISTINCT v AS n FROM {name})", inverse)
            query = (
                f"WITH {name} AS MATERIALIZED ({query})"
                f" SELECT DISTINCT a.n, b.v FROM {name} AS a JOIN ({step}) AS b ON a.v = b.n"
            )
        return query

    def _closure(self, first: str, inner: Path, inverse: bool) -> str:
        """Return a query for the pairs of a first step followed by any number of others."""
        number = next(self._numbers)
        step, reached = f"e{number}", f"r{number}"
        return (
            f"WITH RECURSIVE {step}(n, v) AS MATERIALIZED ({self.pairs(inner, None, inverse)}),"
            f" {reached}(n, v) AS (({first}) UNION"
            f" (SELECT r.n, e.v FROM {reached} AS r JOIN {step} AS e ON r.v = e.n))"
            f" SELECT n, v FROM {reached}"
        )
