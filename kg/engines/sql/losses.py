"""The SQL conditions of what a triples map loses: missing values, missing parents, bad values."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kg.engines.sql.made_term import TermSql
from kg.engines.sql.terms import TermPrinter
from kg.mapping.losses import NEITHER, asked_in
from kg.mapping.plan import NOWHERE, Origin
from kg.mapping.rules import (
    Fixed,
    Gathered,
    Literal,
    MapRules,
    Parent,
    Term,
    bare,
    condition_of,
    names,
    picky_calls,
    reference_names,
)
from kg.records import dataclass
from kg.terms import XSD


@dataclass(frozen=True, slots=True)
class UnfitSql:
    """Values that cannot be what they should be.

    Attributes:
        first: The first such value of a record.
        count: The number of such values in a record.
        what: The datatype that they are not of, or the function that makes nothing of them.
        references: Where the values come from.
        advice: What comes of them; empty: that depends on the value.
    """

    first: str
    count: str
    what: str
    references: tuple[str, ...]
    advice: str = ""


@dataclass(frozen=True, slots=True)
class LossSql:
    """A reason for which records give no term.

    Attributes:
        what: As in `kg.mapping.rules.Loss`.
        references: The references that may be missing, or whose values no parent has.
        missing: Condition on the source table.
        parent: Name of the triples map that has no record with the values; empty where values
            are missing.
        unfit: The values that a function makes nothing of, where that is the reason.
        is_partial: Whether the records give terms of other values all the same.
        found: A query for the places of records that are not lost; empty: `missing` says it all.
        origin: Where the mapping asks for it.
    """

    what: str
    references: tuple[str, ...]
    missing: str
    parent: str = ""
    unfit: UnfitSql | None = None
    is_partial: bool = False
    found: str = ""
    origin: Origin = NOWHERE


class LossPrinter(ABC):
    """Prints what is counted of a triples map.

    Args:
        rules: The rules of the triples map.
        printer: Prints terms of its records.
    """

    def __init__(self, rules: MapRules, printer: TermPrinter) -> None:
        self.rules = rules
        self.printer = printer
        condition = condition_of(rules.subject)
        self.chosen = f" AND {self.printer.holds(condition)}" if condition is not None else ""

    @abstractmethod
    def lacking(
        self, parent: Parent, child: Sequence[TermSql], keys: Sequence[TermSql]
    ) -> tuple[str, str]:
        """Return the condition that no parent with a subject has the values of a child.

        Args:
            parent: The parent.
            child: Values of the child.
            keys: Values of the parent that they must equal.

        Returns:
            The condition; or nothing, and a query for the places of children that have a parent.
        """

    def _unfit(
        self, values: TermSql, what: str, references: tuple[str, ...], told: str = ""
    ) -> UnfitSql:
        dialect = self.printer.dialect
        return UnfitSql(dialect.first(values), dialect.count(values), what, references, told)

    def losses(self) -> Iterator[LossSql]:
        """Yield the reasons for which records of the triples map give less than they should."""
        for loss in self.rules.losses.losses:
            made = (
                self._of_parent(loss.what, loss.term)
                if isinstance(loss.term, Parent)
                else self._of_term(loss.what, loss.term)
            )
            yield from (replace(each, origin=loss.origin) for each in made)

    def _of_term(self, what: str, term: Term) -> Iterator[LossSql]:
        """Yield the losses of a term; a record is counted once: for its first unfit value."""
        made = self.printer.term(term)
        there, chosen = "", self.chosen if what != "subject" else ""
        gathered = bare(term)
        if isinstance(gathered, Gathered):
            parent = _only_parent(gathered)
            yield LossSql(what, names(term), f"({made.lost}){chosen}", parent)
            return
        for call in picky_calls(term):
            values = self.printer.unfit(term, call)
            unfit = self._unfit(values, call.function.value, names(term))
            found = f"{there}{unfit.count} > 0"
            there += f"{unfit.count} = 0 AND "
            nothing = f"{found} AND ({made.lost}){chosen}"
            yield LossSql(what, unfit.references, nothing, unfit=unfit)
            if made.many:
                less = f"{found} AND NOT ({made.missing}){chosen}"
                yield LossSql(what, unfit.references, less, unfit=unfit, is_partial=True)
        yield LossSql(what, names(term), f"{there}({made.lost}){chosen}")

    def _of_parent(self, what: str, parent: Parent) -> Iterator[LossSql]:
        """Yield the losses of a join: values that are missing, and values that no parent has."""
        other = self.printer.of(parent.table)
        child = [self.printer.key(key) for key, _ in parent.keys]
        keys = [other.key(key) for _, key in parent.keys]
        references = reference_names(key for key, _ in parent.keys)
        chosen = self.chosen
        if parent.condition is not None:
            chosen += f" AND {self.printer.holds(parent.condition)}"
        missing = " OR ".join(key.missing for key in child if key.missing)
        if missing:
            yield LossSql(what, references, f"({missing}){chosen}")
        there = f"NOT ({missing})" if missing else "true"
        lacking, found = self.lacking(parent, child, keys)
        condition = f"{there} AND {lacking}{chosen}" if lacking else f"{there}{chosen}"
        yield LossSql(what, references, condition, parent.name, found=found)

    def ill_typed(self) -> Iterator[UnfitSql]:
        """Yield the values that may not be of the datatype that the mapping says."""
        missing = self.printer.term(self.rules.subject).missing
        chosen = (f"NOT ({missing})" if missing else "true") + self.chosen
        for term in self.rules.losses.typed:
            found, made = self.printer.ill_typed(term), bare(term)
            if found is not None:
                assert isinstance(made, Literal)
                assert isinstance(made.datatype, Fixed)
                if chosen != "true":
                    found = replace(found, sql=f"CASE WHEN {chosen} THEN {found.sql} END")
                yield self._unfit(found, made.datatype.term[1:-1], names(term))

    def doubtful(self) -> Iterator[UnfitSql]:
        """Yield the texts that are conditions and say neither true nor false."""
        for text in asked_in(self.rules):
            values = self.printer.doubtful(text)
            yield self._unfit(values, f"{XSD}boolean", reference_names((text,)), NEITHER)


def _only_parent(gathered: Gathered) -> str:
    """Return the name of the parent whose subjects are all that is gathered, or nothing."""
    found = {each.name if isinstance(each, Parent) else "" for each in gathered.members}
    return found.pop() if gathered.head is None and len(found) == 1 else ""
