"""The SQL of what a triples map loses: missing values, missing parents, values that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kg.engines.spark.compile import Joins, unnested
from kg.engines.spark.made_term import TermSql
from kg.engines.spark.term_sql import TermPrinter
from kg.mapping.losses import NEITHER, asked_in
from kg.mapping.plan import NOWHERE, Origin
from kg.mapping.rules import (
    Fixed,
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
from kg.terms import XSD


@dataclass(frozen=True, slots=True)
class Unfit:
    """Values that cannot be what they should be.

    Attributes:
        values: Such a value, or an array of values; others are NULL.
        what: The datatype that they are not of, or the function that makes nothing of them.
        references: Where the values come from.
        advice: What comes of them; empty: that depends on the value.
    """

    values: TermSql
    what: str
    references: tuple[str, ...]
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """A reason for which records give no term.

    Attributes:
        what: As in `kg.mapping.rules.Loss`.
        references: The references that may be missing, or whose values no parent has.
        missing: Condition on the source table; empty where `lacking` says it.
        parent: Name of the triples map that has no record with the values.
        unfit: The values that a function makes nothing of, where that is the reason.
        is_partial: Whether the records give terms of other values all the same.
        lacking: A query for the places of the records that are not lost, of keys that are arrays.
        origin: Where the mapping asks for it.
    """

    what: str
    references: tuple[str, ...]
    missing: str
    parent: str = ""
    unfit: Unfit | None = None
    is_partial: bool = False
    lacking: str = ""
    origin: Origin = NOWHERE


class LossPrinter:
    """Prints what is counted of a triples map.

    Args:
        rules: The rules of the triples map.
        joins: Takes the parents whose keys are to be looked for.
    """

    def __init__(self, rules: MapRules, joins: Joins) -> None:
        self.rules = rules
        self.joins = joins
        self.printer = TermPrinter(rules.table)
        condition = condition_of(rules.subject)
        self.chosen = f" AND {self.printer.holds(condition)}" if condition is not None else ""

    def losses(self) -> Iterator[Loss]:
        """Yield the reasons for which records of the triples map give less than they should."""
        for loss in self.rules.losses.losses:
            if isinstance(loss.term, Parent):
                yield from self._of_parent(loss.what, loss.term, loss.origin)
            else:
                yield from self._of_term(loss.what, loss.term, loss.origin)

    def _of_term(self, what: str, term: Term, origin: Origin) -> Iterator[Loss]:
        """Yield the losses of a term; a record is counted once: for its first unfit value."""
        made = self.printer.term(term)
        lost = made.lost or "false"
        there, chosen = "", self.chosen if what != "subject" else ""
        for call in picky_calls(term):
            values = self.printer.unfit(term, call)
            unfit = Unfit(values, call.function.value, names(term))
            found = f"{there}{values.count} > 0"
            there += f"{values.count} = 0 AND "
            nothing = f"{found} AND ({lost}){chosen}"
            yield Loss(what, unfit.references, nothing, unfit=unfit, origin=origin)
            if made.many:
                less = f"{found} AND NOT ({made.missing}){chosen}"
                yield Loss(
                    what, unfit.references, less, unfit=unfit, is_partial=True, origin=origin
                )
        yield Loss(what, names(term), f"{there}({lost}){chosen}", origin=origin)

    def _of_parent(self, what: str, parent: Parent, origin: Origin) -> Iterator[Loss]:
        """Yield the losses of a join: values that are missing, and values that no parent has."""
        other = TermPrinter(parent.table)
        child = [self.printer.key(key) for key, _ in parent.keys]
        keys = [other.key(key) for _, key in parent.keys]
        references = reference_names(key for key, _ in parent.keys)
        chosen = self.chosen
        if parent.condition is not None:
            chosen += f" AND {self.printer.holds(parent.condition)}"
        missing = " OR ".join(key.missing for key in child if key.missing)
        if missing:
            yield Loss(what, references, f"({missing}){chosen}", origin=origin)
        there = f"NOT ({missing})" if missing else "true"
        subject = other.term(parent.subject)
        if any(key.many for key in (*child, *keys)):
            own = unnested(
                self.rules.table.name,
                {
                    **{f"k{n}": key for n, key in enumerate(child)},
                    **{name: TermSql(name, False, "") for name in ("kg_p", "kg_b", "kg_i")},
                },
            )
            theirs = unnested(
                parent.table.name, {"o": subject, **{f"k{n}": k for n, k in enumerate(keys)}}
            )
            equal = " AND ".join(f"child.k{n} = parent.k{n}" for n in range(len(child)))
            query = (
                f"SELECT DISTINCT kg_p AS p0, kg_b AS b0, kg_i AS i0 FROM ({own}) AS child"
                f" LEFT SEMI JOIN (SELECT * FROM ({theirs}) WHERE o IS NOT NULL) AS parent"
                f" ON {equal}"
            )
            condition = f"{there}{chosen}"
            yield Loss(what, references, condition, parent.name, lacking=query, origin=origin)
            return
        found = self.joins.there(self.rules.table, parent, with_subject=True)
        yield Loss(
            what, references, f"{there} AND NOT ({found}){chosen}", parent.name, origin=origin
        )

    def ill_typed(self) -> Iterator[Unfit]:
        """Yield the values that may not be of the datatype that the mapping says."""
        missing = self.printer.term(self.rules.subject).missing
        chosen = (f"NOT ({missing})" if missing else "true") + self.chosen
        for term in self.rules.losses.typed:
            found, made = self.printer.ill_typed(term), bare(term)
            if found is not None:
                assert isinstance(made, Literal)
                assert isinstance(made.datatype, Fixed)
                if chosen != "true":
                    found = TermSql(f"CASE WHEN {chosen} THEN {found.sql} END", found.many, "")
                yield Unfit(found, made.datatype.term[1:-1], names(term))

    def doubtful(self) -> Iterator[Unfit]:
        """Yield the texts that are conditions and say neither true nor false."""
        for text in asked_in(self.rules):
            values = self.printer.doubtful(text)
            yield Unfit(values, f"{XSD}boolean", reference_names((text,)), NEITHER)
