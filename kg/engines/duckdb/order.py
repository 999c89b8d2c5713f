"""How subjects are written while quads are sorted: a number for the block, and the rest.

The subjects that a template makes all start with the same text. Without it they take less memory
and are compared sooner. A block is a text that subjects start with; no block's text starts with
that of another. Numbers are given so that sorting by number and rest is sorting by the subject:
odd numbers for blocks, even numbers for subjects that lie between them and are written whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from kg.engines.duckdb.dialect import array
from kg.records import dataclass
from kg.sql import sql_text
from kg.terms import RDF_TYPE

# Blocks that are told apart; each takes a place in the SQL of all other subjects.
MOST_BLOCKS: Final = 64


def predicate_key(predicate: str) -> tuple[bool, bytes]:
    """Return what predicates are sorted by: ``rdf:type`` first, the rest by their bytes."""
    return (predicate != RDF_TYPE, predicate.encode())


@dataclass(frozen=True, slots=True)
class SubjectOrder:
    """The blocks of a program.

    Attributes:
        blocks: Sorted by bytes; none starts with another. Block n has the number 2n + 1.
    """

    blocks: tuple[str, ...] = ()

    @classmethod
    def of(cls, prefixes: Iterable[str]) -> SubjectOrder:
        """Return the order for subjects that start with these texts.

        >>> SubjectOrder.of(["<a/b/", "<a/", "<c/"]).blocks
        ('<a/', '<c/')
        """
        uses: dict[str, int] = {}
        last = ""
        for prefix in sorted(prefixes, key=str.encode):
            if not last or not prefix.startswith(last):
                last = prefix
            uses[last] = uses.get(last, 0) + 1
        kept = sorted(uses, key=lambda block: -uses[block])[:MOST_BLOCKS]
        return cls(tuple(sorted(kept, key=str.encode)))

    def anchored(self, prefix: str, rest: str) -> tuple[int, str]:
        """Return number and rest (as SQL) of subjects that start with a prefix given to `of`.

        None of the prefixes is the start of a block, so all subjects of one lie on the same side
        of each block that they are not in.

        Args:
            prefix: The text that they start with.
            rest: SQL of what follows it.
        """
        number = self._before(prefix)
        if not self._is_within(prefix, number):
            return 2 * number + 2, f"{sql_text(prefix)} || {rest}"
        left = prefix[len(self.blocks[number]) :]
        return 2 * number + 1, f"{sql_text(left)} || {rest}" if left else rest

    def fixed(self, term: str) -> tuple[int, str]:
        """Return number and rest (as SQL) of a subject that is known."""
        number = self._before(term)
        if not self._is_within(term, number):
            return 2 * number + 2, sql_text(term)
        return 2 * number + 1, sql_text(term[len(self.blocks[number]) :])

    def within(self, prefix: str, term: str) -> tuple[int, str] | None:
        """Return number and rest (as SQL) of subjects that start with a prefix, if it tells them.

        Args:
            prefix: The text that they start with; it may be the start of a block, and then tells
                nothing.
            term: SQL of the whole subject; NULL where there is none.
        """
        number = self._before(prefix)
        if not self._is_within(prefix, number):
            return None
        return 2 * number + 1, f"({term})[{len(self.blocks[number]) + 1}:]"

    def _before(self, prefix: str) -> int:
        """Return which block is the last that does not come after a text; -1: all do."""
        return bisect_right(self.blocks, prefix.encode(), key=str.encode) - 1

    def _is_within(self, prefix: str, number: int) -> bool:
        return number >= 0 and prefix.startswith(self.blocks[number])

    def split(self, term: str) -> tuple[str, str]:
        """Return number and rest, as SQL, of a subject that may be any term, given as SQL."""
        if not self.blocks:
            return "0::INTEGER", term
        numbers, rests = "", ""
        for number, block in enumerate(self.blocks):
            starts = f"starts_with({term}, {sql_text(block)})"
            numbers += f" WHEN {term} < {sql_text(block)} THEN {2 * number}"
            numbers += f" WHEN {starts} THEN {2 * number + 1}"
            rests += f" WHEN {starts} THEN {term}[{len(block) + 1}:]"
        return (
            f"CAST(CASE{numbers} ELSE {2 * len(self.blocks)} END AS INTEGER)",
            f"CASE{rests} ELSE {term} END",
        )

    def joined(self, number: str | int, rest: str) -> str:
        """Return the whole term, as SQL, of a number and a rest (as SQL)."""
        if not self.blocks:
            return rest
        if isinstance(number, int):
            return f"{sql_text(self.blocks[number // 2])} || {rest}" if number % 2 else rest
        return f"{self._texts()}[{number} + 1] || {rest}"

    def _texts(self) -> str:
        return array([sql_text(t) for block in self.blocks for t in ("", block)] + ["''"])
