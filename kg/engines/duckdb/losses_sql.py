"""The SQL conditions of what a triples map loses: missing values, missing parents, bad values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kg.engines.duckdb.term_sql import TermPrinter, TermSql
from kg.mapping.losses import NEITHER, asked_in
from kg.mapping.plan import NOWHERE, Origin
from kg.mapping.rules import (
    Crossing,
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
        values: Such a value, or a list of values; NULL, or a list of NULLs, where there are none.
        what: The datatype that they are not of, or the function that makes nothing of them.
        references: Where the values come from.
        advice: What comes of them; empty: that depends on the value.
    """

    values: TermSql
    what: str
    references: tuple[str, ...]
    advice: str = ""

    @property
    def first(self) -> str:
        """SQL of the first such value of a record."""
        found = self.values.sql
        return f"list_filter({found}, lambda v: v IS NOT NULL)[1]" if self.values.many else found

    @property
    def count(self) -> str:
        """SQL of the number of such values in a record."""
        found = self.values.sql
        if self.values.many:
            return f"coalesce(len(list_filter({found}, lambda v: v IS NOT NULL)), 0)"
        return f"(({found}) IS NOT NULL)::INTEGER"


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
        origin: Where the mapping asks for it.
    """

    what: str
    references: tuple[str, ...]
    missing: str
    parent: str = ""
    unfit: UnfitSql | None = None
    is_partial: bool = False
    origin: Origin = NOWHERE


class LossPrinter:
    """Prints what is counted of a triples map."""

    def __init__(self, rules: MapRules) -> None:
        self.rules = rules
        self.printer = TermPrinter(rules.table)
        condition = condition_of(rules.subject)
        self.chosen = f" AND {self.printer.holds(condition)}" if condition is not None else ""

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
            unfit = UnfitSql(values, call.function.value, names(term))
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
        other = TermPrinter(parent.table)
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
        subject = other.term(parent.subject).missing
        lacking = _lacking(self.rules.table.name, child, parent.table.name, keys, subject)
        yield LossSql(what, references, f"{there} AND {lacking}{chosen}", parent.name)

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
                yield UnfitSql(found, made.datatype.term[1:-1], names(term))

    def doubtful(self) -> Iterator[UnfitSql]:
        """Yield the texts that are conditions and say neither true nor false."""
        for text in asked_in(self.rules):
            values = self.printer.doubtful(text)
            yield UnfitSql(values, f"{XSD}boolean", reference_names((text,)), NEITHER)

    def own_subject(self) -> str:
        """Return the SQL of the subject if each record should have one of its own; else nothing."""
        subject = self.printer.term(self.rules.subject)
        if subject.many or not self.rules.losses.is_thing:
            return ""
        return f"CASE WHEN true{self.chosen} THEN {subject.sql} END" if self.chosen else subject.sql


def _only_parent(gathered: Gathered) -> str:
    """Return the name of the parent whose subjects are all that is gathered, or nothing."""
    found = {each.name if isinstance(each, Parent) else "" for each in gathered.members}
    return found.pop() if gathered.head is None and len(found) == 1 else ""


def combinations(crossing: Crossing) -> str:
    """Return the SQL of the number of combinations of values that a record gives."""
    return " * ".join(f"coalesce(len(c{c.index}), 0)::DOUBLE" for c in crossing.columns)


def crosses(crossing: Crossing) -> str:
    """Return the SQL of how many of the references have several values in a record."""
    columns = dict.fromkeys(crossing.columns)
    return " + ".join(f"(len(c{c.index}) > 1)::INTEGER" for c in columns)


def _lacking(
    table: str, child: Sequence[TermSql], parents: str, keys: Sequence[TermSql], missing: str
) -> str:
    """Return the condition that no parent with a subject has the values of the child.

    Args:
        table: The child's table.
        child: Values of the child.
        parents: The parent's table.
        keys: Values of the parent that they must equal.
        missing: Condition that a parent gives no subject.
    """
    rows, found = _unnested(parents, keys)
    there = [f"{name} IS NOT NULL" for name in found] + ([f"NOT ({missing})"] if missing else [])
    parent = f"SELECT {', '.join(found)} FROM {rows} WHERE {' AND '.join(there)}"
    if not any(key.many for key in child):
        return f"{_tuple([key.sql for key in child])} NOT IN ({parent})"
    rows, own = _unnested(table, child)
    joined = f"SELECT file, record FROM {rows} WHERE {_tuple(own)} IN ({parent})"
    return f"(file, record) NOT IN ({joined})"


def _unnested(table: str, keys: Sequence[TermSql]) -> tuple[str, list[str]]:
    """Return rows with a column for each value, lists unnested one after another."""
    rows, shown = table, []
    for number, key in enumerate(keys):
        if key.many:
            rows = f"(SELECT *, unnest({key.sql}) AS m{number} FROM {rows})"
        shown.append(f"m{number}" if key.many else key.sql)
    return rows, shown


def _tuple(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"
