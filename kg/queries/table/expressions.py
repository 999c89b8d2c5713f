"""Expressions of SPARQL as SQL.

An operand can be asked for its facets: its text as a term, its truth, its number, its string. SQL's
NULL is SPARQL's error and its missing value, and SQL's AND, OR and NOT treat it as SPARQL does.
What SQL cannot say is asked of Python, one value at a time: `kg.queries.table.functions`.

Spec: https://www.w3.org/TR/sparql11-query/#expressions
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from kg.queries.table.functions import (
    python_double,
    python_exact,
    python_rank,
    python_truth,
)
from kg.queries.table.numbers import Number, number_of
from kg.queries.table.relation import Column, NotCompiledError, View
from kg.sparql import algebra
from kg.sql import sql_text
from kg.table import ids
from kg.table.ids import Kind
from kg.terms import XSD, is_literal, split_literal

_NODES: Final = frozenset({Kind.NODE, Kind.NUMBERED})
_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.DECIMAL})


class Text(NamedTuple):
    """SQL for a string literal: its characters, and its language, empty for none."""

    chars: str
    language: str


class Operand(Protocol):
    """What an expression gives."""

    def text(self) -> str:
        """Return SQL for the term as text."""

    def truth(self) -> str:
        """Return SQL for the effective boolean value."""

    def number(self) -> Number | None:
        """Return the number, or None where it is never one."""

    def string(self) -> Text | None:
        """Return the string, NULL where it is none; None where it is never one."""


@dataclass(frozen=True)
class TextOperand:
    """A term that SQL has as text, in a column of a view."""

    sql: str
    view: View

    def text(self) -> str:
        """Return SQL for the term as text."""
        return self.sql

    def truth(self) -> str:
        """Return SQL for the effective boolean value."""
        return self.view.let(f"python_truth({self.sql})")

    def number(self) -> Number | None:
        """Return the number."""
        return number_of(self.sql, self.view)

    def string(self) -> Text | None:
        """Return the string."""
        return _string_of(self.sql, self.view)


def _string_of(text: str, view: View) -> Text:
    chars = f"CASE WHEN is_string({text}) THEN term_lexical({text}) END"
    return Text(view.let(chars), view.let(f"term_language({text})"))


@dataclass(frozen=True)
class TruthOperand:
    """A truth value that SQL has as such."""

    sql: str

    def text(self) -> str:
        """Return SQL for the term as text."""
        return f"truth_term({self.sql})"

    def truth(self) -> str:
        """Return SQL for the effective boolean value."""
        return self.sql

    def number(self) -> Number | None:
        """Return None: it is no number."""
        return None

    def string(self) -> Text | None:
        """Return None: it is no string."""
        return None


@dataclass(frozen=True)
class IntegerOperand:
    """An integer that SQL has as such."""

    sql: str

    def text(self) -> str:
        """Return SQL for the term as text."""
        return f"integer_term({self.sql})"

    def truth(self) -> str:
        """Return SQL for the effective boolean value."""
        return f"({self.sql} <> 0)"

    def number(self) -> Number | None:
        """Return the number."""
        rank = f"CASE WHEN {self.sql} IS NOT NULL THEN 1 END"
        return Number(rank, f"({self.sql}::HUGEINT * {10**ids.SCALE})", f"{self.sql}::DOUBLE")

    def string(self) -> Text | None:
        """Return None: it is no string."""
        return None


@dataclass(frozen=True)
class StringOperand:
    """A string literal that SQL has as characters."""

    value: Text

    def text(self) -> str:
        """Return SQL for the term as text."""
        chars, language = self.value
        if language == "''":
            return f"plain_term({chars})"
        tagged = f"CASE WHEN {language} = '' THEN '' ELSE '@' || {language} END"
        return f"(plain_term({chars}) || {tagged})"

    def truth(self) -> str:
        """Return SQL for the effective boolean value."""
        return f"({self.value.chars} <> '')"

    def number(self) -> Number | None:
        """Return None: it is no number."""
        return None

    def string(self) -> Text | None:
        """Return the string."""
        return self.value


class ConstantOperand:
    """A term of the query."""

    def __init__(self, term: str, id_: int) -> None:
        self.term = term
        self.id = id_
        self.kind = Kind(id_ >> ids.BITS)
        self.parts = split_literal(term) if is_literal(term) else None

    def text(self) -> str:
        """Return SQL for the term as text."""
        return sql_text(self.term)

    def truth(self) -> str:
        """Return SQL for the effective boolean value."""
        return truth_sql(self.term)

    def number(self) -> Number | None:
        """Return the number, or None."""
        if self.kind in _NUMBERS:
            return _inline_number(str(self.id), self.kind)
        return _constant_number(self.term)

    def string(self) -> Text | None:
        """Return the string, or None."""
        if self.parts is None or not self.is_string:
            return None
        return Text(sql_text(self.parts.lexical), sql_text(self.parts.language or ""))

    @property
    def is_string(self) -> bool:
        """Whether it is a string literal, with a language or without."""
        parts = self.parts
        return parts is not None and (bool(parts.language) or parts.datatype == f"{XSD}string")


def truth_sql(term: str) -> str:
    """Return SQL for the effective boolean value of a term of the query."""
    truth = python_truth(term)
    return "NULL::BOOLEAN" if truth is None else str(truth).lower()


def _constant_number(term: str) -> Number | None:
    """Return a number of the query; None for what is no number.

    Raises:
        NotCompiledError: It has too many digits.
    """
    rank = python_rank(term)
    if rank is None:
        return None
    try:
        exact, double = python_exact(term), python_double(term)
    except OverflowError as error:
        raise NotCompiledError(str(error)) from error
    return Number(
        str(rank), "NULL::HUGEINT" if exact is None else f"{exact}::HUGEINT", f"'{double}'::DOUBLE"
    )


def _inline_number(id_: str, kind: Kind) -> Number:
    if kind is Kind.INTEGER:
        return Number("1", f"id_integer_exact({id_})", f"id_integer({id_})::DOUBLE")
    return Number("2", f"id_decimal_exact({id_})", f"id_decimal_double({id_})")


_TOO_LONG: Final = "error('the graph has numbers of more than 38 digits')::HUGEINT"


class VariableOperand:
    """A variable that a relation has as ids."""

    def __init__(self, column: Column, view: View, beyond: bool) -> None:
        assert column.kinds is not None
        self.kinds = column.kinds
        self.column = column
        self.id = view.value(column)
        self._view = view
        self._beyond = beyond

    def text(self) -> str:
        """Return SQL for the term as text."""
        return self._view.text(self.column)

    def truth(self) -> str:
        """Return SQL for the effective boolean value."""
        ways = {
            Kind.TRUTH: f"({self.id} & 1) = 1",
            Kind.INTEGER: f"id_integer({self.id}) <> 0",
            Kind.DECIMAL: f"id_mantissa({self.id}) <> 0",
        }
        if Kind.LITERAL in self.kinds:
            stored = self.literal()
            ways[Kind.LITERAL] = self._view.let(f"python_truth({stored})")
        return _by_kind(self.id, self.kinds, ways)

    @property
    def lacks_exact(self) -> bool:
        """Whether it may be a number that has too many digits for an exact value."""
        return self._beyond and Kind.LITERAL in self.kinds

    def number(self) -> Number | None:
        """Return the number, or None; the query ends where its exact value is wanted and lacks."""
        found = self.facets()
        if found is None or not self.lacks_exact:
            return found
        lacks = f"{found.rank} <= 2 AND {found.exact} IS NULL"
        return found._replace(
            exact=self._view.let(f"CASE WHEN {lacks} THEN {_TOO_LONG} ELSE {found.exact} END")
        )

    def facets(self) -> Number | None:
        """Return the number, or None; its exact value is NULL where it has too many digits."""
        ways = {kind: _inline_number(self.id, kind) for kind in _NUMBERS & self.kinds}
        if Kind.LITERAL in self.kinds:
            if self.column.stored:
                parts = (self._view.stored(self.column, n) for n in Number._fields)
                ways[Kind.LITERAL] = Number(*parts)
            else:
                ways[Kind.LITERAL] = number_of(self.literal(), self._view)
        if not ways:
            return None
        facets = (
            _by_kind(self.id, self.kinds, {kind: each[n] for kind, each in ways.items()})
            for n in range(3)
        )
        if len(self.kinds) == 1:
            return Number(*facets)
        return Number(*map(self._view.let, facets))

    def string(self) -> Text | None:
        """Return the string, or None."""
        if Kind.LITERAL not in self.kinds:
            return None
        return _string_of(self.literal(), self._view)

    def literal(self) -> str:
        """Return SQL for the text of a literal that is in no id."""
        if self.column.stored:
            return self._view.stored(self.column, "t")
        return self._view.text(self.column)


def _by_kind(id_: str, kinds: frozenset[Kind], ways: dict[Kind, str]) -> str:
    """Return a CASE over the kinds that an id may be of; kinds without a way give NULL."""
    if not ways:
        return "NULL"
    if len(ways) == 1 and len(kinds) == 1:
        sql = next(iter(ways.values()))
        return f"CASE WHEN {id_} IS NOT NULL THEN {sql} END" if sql.isdigit() else sql
    cases = " ".join(f"WHEN {int(kind)} THEN {sql}" for kind, sql in ways.items())
    return f"(CASE id_kind({id_}) {cases} END)"


# What an EXISTS becomes, given the view of the solutions that it is asked of.
ExistsSql = Callable[[algebra.Operator, View], str]


class Expressions:
    """Turns expressions over a view into SQL.

    Args:
        view: The solutions.
        outer: The views around it, for expressions within EXISTS; the nearest first.
        id_of: Returns the id of a term.
        exists: Returns SQL for an EXISTS.
        beyond: Whether the graph has numbers without an exact value.
        base: What IRI() resolves against.
        now: What NOW() gives.
    """

    def __init__(
        self,
        view: View,
        outer: tuple[View, ...],
        id_of: Callable[[str], int],
        exists: ExistsSql,
        *,
        beyond: bool,
        base: str | None,
        now: str,
    ) -> None:
        self.view = view
        self.outer = outer
        self.id_of = id_of
        self.exists = exists
        self.beyond = beyond
        self.base = base
        self.now = now

    def truth(self, node: algebra.Expression) -> str:
        """Return SQL for the effective boolean value of an expression."""
        return self.operand(node).truth()

    def operand(self, node: algebra.Expression) -> Operand:
        """Return what an expression gives.

        Raises:
            NotCompiledError: SQL cannot say it.
        """
        match node:
            case algebra.Constant(term):
                return ConstantOperand(term, self.id_of(term))
            case algebra.Exists(pattern):
                return TruthOperand(self.view.let(self.exists(pattern, self.view)))
            case algebra.Function(name, operands):
                from kg.queries.table.calls import call

                return call(self, name, operands)
            case algebra.TripleTerm():
                raise NotCompiledError("triple terms")
            case _:
                return self._variable(node.name)

    def _variable(self, name: str) -> Operand:
        found = self._find(name)
        if found is None:
            return self.as_text("NULL::VARCHAR")
        view, column = found
        if column.kinds is None:
            return TextOperand(view.value(column), view)
        return VariableOperand(column, view, self.beyond)

    def _find(self, name: str) -> tuple[View, Column] | None:
        """Return the view that knows a variable, and its column there.

        Raises:
            NotCompiledError: Two views do, and the nearer one not for each solution.
        """
        views = [each for each in (self.view, *self.outer) if name in each.relation.columns]
        if not views:
            return None
        column = views[0].relation.columns[name]
        if len(views) > 1 and not column.bound:
            raise NotCompiledError("a variable within EXISTS that may have its value from around")
        return views[0], column

    def as_text(self, sql: str, *, is_new: bool = False) -> TextOperand:
        """Return what SQL computes as text, in a column of its own.

        Args:
            sql: The SQL.
            is_new: Whether it is computed again though it was computed before.
        """
        return TextOperand(self.view.let(sql, is_new=is_new), self.view)

    def is_bound(self, name: str) -> str:
        """Return SQL that says whether a variable has a value."""
        found = self._find(name)
        return "false" if found is None else f"({found[0].value(found[1])} IS NOT NULL)"


def is_node(operand: Operand) -> bool:
    """Return whether an operand is never a literal."""
    if isinstance(operand, ConstantOperand):
        return operand.parts is None and not operand.term.startswith("<<")
    return isinstance(operand, VariableOperand) and operand.kinds <= _NODES


def identity(left: Operand, right: Operand) -> str:
    """Return SQL that says whether two operands are one term."""
    coded = (ConstantOperand, VariableOperand)
    if isinstance(left, coded) and isinstance(right, coded):
        return f"({left.id} = {right.id})"
    return f"({left.text()} = {right.text()})"


def never_text(left: Operand, right: Operand) -> str:
    """Return the ids of an operand that is never a text, if the other is one; else nothing."""
    for text, other in ((left, right), (right, left)):
        if isinstance(text, ConstantOperand) and text.is_string:
            is_other = isinstance(other, VariableOperand) and Kind.LITERAL not in other.kinds
            return other.id if is_other and isinstance(other, VariableOperand) else ""
    return ""
