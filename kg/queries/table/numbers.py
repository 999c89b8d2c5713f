"""Numbers in SQL: their facets, read of text or computed.

Spec: https://www.w3.org/TR/sparql11-query/#operandDataTypes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kg.queries.table.relation import View

if TYPE_CHECKING:
    from kg.queries.table.expressions import Text


class Number(NamedTuple):
    """SQL for the facets of a number; see `kg.table.macros`."""

    rank: str
    exact: str
    double: str


def plain_number(text: str, view: View) -> Number:
    """Return the facets of terms as text, for numbers of a plain form; NULL for other terms."""
    return Number(
        view.let(f"plain_rank({text})"),
        view.let(f"plain_exact({text})"),
        view.let(f"plain_double({text})"),
    )


def rank_and_double(text: str, view: View) -> tuple[str, str]:
    """Return a number's rank and double, of text whose exact value may have too many digits."""
    return (
        view.let(_asked(text, f"coalesce(plain_rank({text}), python_rank({text}))")),
        view.let(_asked(text, f"coalesce(plain_double({text}), python_double({text})::DOUBLE)")),
    )


def number_of(text: str, view: View) -> Number:
    """Return the facets of terms as text; the query ends where an exact value is too long."""
    rank, double = rank_and_double(text, view)
    exact = f"CASE WHEN {rank} <= 2 THEN coalesce(plain_exact({text}), {_exact(text)}) END"
    return Number(rank, view.let(exact), double)


def _exact(text: str) -> str:
    return f"python_exact({text})::HUGEINT"


def _asked(text: str, sql: str) -> str:
    # Python is not called for what has no value.
    return f"CASE WHEN {text} IS NOT NULL THEN {sql} END"


@dataclass(frozen=True)
class NumberOperand:
    """A number that SQL computes.

    Attributes:
        known: Its facets as far as SQL knows them.
        term: SQL for the term as text, NULL where SQL does not know it.
        view: The solutions.
        asked: SQL for the term as text where SQL does not know it, in a column; empty if it does.
        is_exact: Whether it is an integer or a decimal that has an exact value.
    """

    known: Number
    term: str
    view: View
    asked: str = ""
    is_exact: bool = False

    def text(self) -> str:
        """Return SQL for the term as text."""
        return f"coalesce({self.term}, {self.asked})" if self.asked else self.term

    def truth(self) -> str:
        """Return SQL for the effective boolean value."""
        rank, exact, double = self.facets()
        if not self.is_exact:
            asked = f"python_truth({self.text()})"
            exact = f"coalesce({exact} <> 0, CASE WHEN {double} <> 0 THEN true ELSE {asked} END)"
            number = f"{double} <> 0 AND NOT isnan({double})"
            return f"CASE WHEN {rank} <= 2 THEN {exact} WHEN {rank} > 2 THEN {number} END"
        return f"({exact} <> 0)"

    def number(self) -> Number | None:
        """Return the number; the query ends where its exact value is wanted and lacks."""
        found = self.facets()
        if self.is_exact:
            return found
        lacks = f"{found.rank} <= 2 AND {found.exact} IS NULL"
        exact = f"CASE WHEN {lacks} THEN {_exact(self.text())} ELSE {found.exact} END"
        return found._replace(exact=self.view.let(exact))

    def facets(self) -> Number:
        """Return the number; its exact value may be NULL where it has many digits."""
        if not self.asked:
            return self.known
        let = self.view.let
        rank, double = rank_and_double(self.asked, self.view)
        exact = let(f"plain_exact({self.asked})")
        also = Number(rank, exact, double)
        pairs = zip(self.known, also, strict=True)
        return Number(*(let(f"coalesce({one}, {two})") for one, two in pairs))

    def string(self) -> Text | None:
        """Return None: it is no string."""
        return None
