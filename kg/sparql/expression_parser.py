"""The part of the parser that reads expressions.

An expression in brackets takes three calls of Python's stack; operators take none.

Spec: https://www.w3.org/TR/sparql12-query/#rExpression
"""

from __future__ import annotations

from typing import Final

from kg.sparql.cursor import Cursor
from kg.sparql.lexer import Kind, string_value
from kg.sparql.term_parser import TermParser, named
from kg.sparql.tree import (
    Aggregate,
    Call,
    Exists,
    Expression,
    FunctionCall,
    Group,
    In,
    Operation,
    Select,
    Unary,
)
from kg.sparql.words import AGGREGATES, ARITIES, FUNCTIONS

_COMPARISON: Final = 2
# How tight each operator binds.
_LEVELS: Final = {
    "||": 0, "&&": 1, "+": 3, "-": 3, "*": 4, "/": 4,
    **dict.fromkeys(("=", "!=", "<", ">", "<=", ">="), _COMPARISON),
}  # fmt: skip
_CALLED: Final = frozenset((*FUNCTIONS, *AGGREGATES, "EXISTS", "NOT"))


class _Open:
    """An operation whose last operand is still to come."""

    def __init__(self, level: int, start: int, first: Expression, operator: str) -> None:
        self.level = level
        self._start = start
        self._first = first
        self._operator = operator
        self._rest: list[tuple[str, Expression]] = []

    def go_on(self, operand: Expression, operator: str) -> None:
        """Take the next operand, and the operator behind it."""
        self._rest.append((self._operator, operand))
        self._operator = operator

    def close(self, operand: Expression, cursor: Cursor) -> Operation:
        """Return the operation, with its last operand."""
        rest = (*self._rest, (self._operator, operand))
        return Operation(self._first, rest, span=cursor.since(self._start))


class ExpressionParser(TermParser):
    """Reads expressions, and stops at the first mistake."""

    def group(self) -> Group | Select:
        """Read a group in braces."""
        raise NotImplementedError

    def bracketed(self) -> Expression:
        """Read an expression in brackets."""
        self.need_mark("(")
        found = self.expression()
        self.need_mark(")")
        return found

    def expression(self) -> Expression:
        """Read an expression."""
        pending: list[_Open] = []
        compared = False
        while True:
            start = self.here
            operand = self._operand()
            while True:
                token = self.token
                is_in = self.is_word("IN", "NOT")
                marked = token is not None and token.kind is Kind.MARK
                level = _LEVELS.get(token.text, -1) if token is not None and marked else -1
                level = _COMPARISON if is_in else level
                while pending and pending[-1].level > level:
                    operand = pending.pop().close(operand, self)
                    start = operand.span.start
                if level == _COMPARISON and compared:
                    self.fail("&& or ||", context="compared twice")
                if not is_in:
                    break
                compared = True
                operand = self._in(operand)
            if token is None or level < 0:
                return operand
            self.at += 1
            compared = level == _COMPARISON or (compared and level > _COMPARISON)
            if pending and pending[-1].level == level:
                pending[-1].go_on(operand, token.text)
            else:
                pending.append(_Open(level, start, operand, token.text))

    def _in(self, value: Expression) -> In:
        negated = self.take_word("NOT")
        self.need_word("IN")
        self.need_mark("(", "arguments")
        options = self._listed()
        return In(value, options, negated, span=self.since(value.span.start))

    def _operand(self) -> Expression:
        signs: list[tuple[str, int]] = []
        while self.is_mark("!") or (self.is_mark("+", "-") and not self.is_signed_number()):
            signs.append((self.tokens[self.at].text, self.here))
            self.at += 1
            if signs[-1][0] != "!":
                break
        found = self.primary()
        for operator, start in reversed(signs):
            found = Unary(operator, found, span=self.since(start))
        return found

    def primary(self) -> Expression:
        """Read an operand without operators before it."""
        if self.is_mark("("):
            return self.bracketed()
        if self.is_kind(Kind.WORD) and self.is_word(*_CALLED):
            return self.called()
        if self.is_kind(Kind.IRI, Kind.NAME):
            self.at += 1
            function = named(self.taken())
            if not self.is_mark("("):
                return function
            self.take_mark("(")
            arguments = self._listed()
            return FunctionCall(function, arguments, span=self.since(function.span.start))
        if self.is_kind(Kind.VARIABLE):
            return self.variable()
        if self.is_mark("<<("):
            return self.triple_term("expression")
        found = self.literal()
        if found is None:
            words = (*FUNCTIONS, *AGGREGATES, "EXISTS", "NOT")
            self.fail("a value, a variable or a function", words, "expression")
        return found

    def called(self) -> Expression:
        """Read a call by a keyword: of a function, of an aggregate, or EXISTS."""
        start = self.here
        if self.is_word("EXISTS", "NOT"):
            negated = self.take_word("NOT")
            self.need_word("EXISTS")
            group = self.group()
            return Exists(group, negated, span=self.since(start))
        self.at += 1
        name = self.taken().text.upper()
        self.need_mark("(", "arguments")
        if name in AGGREGATES:
            return self._aggregate(name, start)
        if name == "BOUND" and not self.is_kind(Kind.VARIABLE):
            self.fail("BOUND takes a variable", context="arity")
        arguments = self._listed(name)
        return Call(name, arguments, span=self.since(start))

    def _listed(self, name: str = "") -> tuple[Expression, ...]:
        """Read expressions with commas between them, and the bracket behind them."""
        least, most = ARITIES.get(name, (0, None))
        found: list[Expression] = []
        while not (self.is_mark(")") and not found):
            if most is not None and len(found) >= most:
                self.fail(_takes(name), context="arity")
            found.append(self.expression())
            if not self.take_mark(","):
                break
        if self.is_mark(")") and len(found) < least:
            self.fail(_takes(name), context="arity")
        if not self.take_mark(")"):
            self.fail(") or ,", context="expression end")
        return tuple(found)

    def _aggregate(self, name: str, start: int) -> Aggregate:
        distinct = self.take_word("DISTINCT")
        argument: Expression | None = None
        if not (name == "COUNT" and self.take_mark("*")):
            argument = self.expression()
        separator: str | None = None
        if name == "GROUP_CONCAT" and self.take_mark(";"):
            self.need_word("SEPARATOR")
            self.need_mark("=")
            separator = string_value(self.need_kind("a separator in quotes", Kind.STRING).text)
        if not self.take_mark(")"):
            self.fail(")", context="expression end")
        return Aggregate(name, argument, distinct, separator, span=self.since(start))


def _takes(name: str) -> str:
    least, most = ARITIES[name]
    if not most:
        return f"{name} takes no argument"
    count = f"{least}" if least == most else f"{least} or {most}"
    return f"{name} takes {count} argument{'' if most == 1 else 's'}"
