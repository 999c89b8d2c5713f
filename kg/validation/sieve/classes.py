"""Temporary tables of the SHACL instances of classes.

Spec: https://www.w3.org/TR/shacl/#dfn-shacl-instance
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kg.duck import sql_text
from kg.validation.names import RDF_TYPE, RDFS_SUBCLASS
from kg.validation.sieve.plan import NOTHING
from kg.validation.sieve.tables import Tables
from kg.validation.sieve.triples import Triples


class Classes:
    """Finds the instances of classes.

    Args:
        triples: The triples.
        tables: Keeps the tables.
        axioms: Pairs of a class and a superclass; None if there are too many to hold.
        populated: The classes that have instances; None if unknown.
    """

    def __init__(
        self,
        triples: Triples,
        tables: Tables,
        axioms: Sequence[tuple[str, str]] | None,
        populated: Collection[str] | None = None,
    ) -> None:
        self._triples = triples
        self._tables = tables
        self._axioms = axioms
        self._populated = populated

    def instances_of(self, iri: str) -> str:
        """Return the table (n) of the instances of a class and of its subclasses."""
        if self._is_empty(iri):
            return self._tables.shared(NOTHING, "instances", lasting=True)
        return self._tables.shared(
            f"SELECT DISTINCT s AS n FROM ({self._with_predicate(RDF_TYPE)})"
            f" WHERE {self._is_subclass('o', iri)}",
            "instances",
            lasting=True,
        )

    def _is_empty(self, iri: str) -> bool:
        """Return whether a class certainly has no instances."""
        if self._axioms is None or self._populated is None:
            return False
        return not any(each in self._populated for each in subclasses(self._axioms, iri))

    def _is_subclass(self, column: str, iri: str) -> str:
        """Return the condition that a column is a class or one of its subclasses."""
        if self._axioms is not None:
            return f"{column} IN ({', '.join(map(sql_text, subclasses(self._axioms, iri)))})"
        return (
            f"{column} IN (WITH RECURSIVE c(n) AS (SELECT {sql_text(iri)} UNION SELECT e.s FROM c"
            f" JOIN {self._subclass_axioms()} e ON e.o = c.n) SELECT n FROM c)"
        )

    def _subclass_axioms(self) -> str:
        query = self._with_predicate(RDFS_SUBCLASS)
        return self._tables.shared(query, "subclass axioms", lasting=True)

    def _with_predicate(self, iri: str) -> str:
        return f"SELECT s, o FROM {self._triples.name} WHERE {self._triples.has(iri)}"


def subclasses(axioms: Sequence[tuple[str, str]], iri: str) -> list[str]:
    """Return a class and all of its subclasses."""
    below: dict[str, list[str]] = {}
    for low, high in axioms:
        below.setdefault(high, []).append(low)
    found = {iri: None}
    pending = [iri]
    while pending:
        fresh = [low for low in below.get(pending.pop(), ()) if low not in found]
        found.update(dict.fromkeys(fresh))
        pending += fresh
    return list(found)
