"""How large a query may be: Oxigraph calls itself for each part, and its stack is not endless.

Beyond these limits the whole process would end by SIGSEGV, which nothing can catch. They are at
most half of what Oxigraph 0.5 takes on a stack of 8 MB; on a smaller stack they are lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.errors import InputError
from kg.sparql.faults import error_at
from kg.sparql.lexer import Kind, Token

# Brackets inside each other: with 1,000 function calls or EXISTS inside each other it breaks.
_DEEPEST: Final = 100
# Steps are operators and clauses, of which 4,000 break it; parts are triples, items of lists,
# assignments and the like, of which 8,000 do.
_MOST_STEPS: Final = 1_000
_STEP: Final = 2
_MOST: Final = _MOST_STEPS * _STEP
_STACK: Final = 8 * 2**20
# Tokens of a query that fits a small stack, too.
_SMALL: Final = 100

_OPENING: Final = ("{", "(", "[", "<<", "<<(", "{|")
_CLOSING: Final = ("}", ")", "]", ">>", ")>>", "|}")
_STEP_MARKS: Final = frozenset(("||", "&&", "!", "+", "-", "*", "/", "|", "^"))
_STEP_WORDS: Final = frozenset(
    ("UNION", "FILTER", "BIND", "MINUS", "OPTIONAL", "LATERAL", "GRAPH", "SERVICE", "VALUES")
)
_PART_MARKS: Final = frozenset((",", ";", "."))
_TERMS: Final = frozenset(
    (Kind.IRI, Kind.NAME, Kind.VARIABLE, Kind.STRING, Kind.NUMBER, Kind.BLANK)
)


def refuse_too_complex(text: str, source: str, found: Sequence[Token]) -> None:
    """Refuse a query that Oxigraph could not take.

    Args:
        text: The query.
        source: What messages call it.
        found: Its tokens, without comments.

    Raises:
        InputError: It nests too deep, or has too many parts.
    """
    most, deepest = _MOST, _DEEPEST
    if len(found) > _SMALL:
        share = _share_of_stack()
        most, deepest = int(_MOST * share), int(_DEEPEST * share)
    counter = _Counter(found)
    for at, token in enumerate(found):
        counter.count(at, token)
        if len(counter.open) > deepest:
            raise too_deep(text, source, token, deepest)
        if counter.cost > most:
            raise error_at(
                "too-complex",
                f"the query is too large for the engine: it takes {most // _STEP:,} operators and"
                f" clauses such as UNION and FILTER, or {most:,} triples and items of lists",
                text,
                source,
                token.start,
                "Give many values by VALUES or IN, or ask several questions.",
            )


def too_deep(text: str, source: str, token: Token, deepest: int = _DEEPEST) -> InputError:
    """Return the error for a query whose brackets nest too deep at a token."""
    return error_at(
        "too-complex",
        f"the query has more than {deepest} brackets inside each other, which is too deep for"
        " the engine",
        text,
        source,
        token.start,
        "Take away brackets that are not needed, or ask several questions.",
    )


class _Counter:
    """Counts what the tokens of a query cost.

    Attributes:
        cost: So far.
        open: The brackets that are open.
    """

    def __init__(self, found: Sequence[Token]) -> None:
        self.cost = 0
        self.open: list[str] = []
        self._found = found
        self._in_values = False
        # Whether names and variables outside of brackets are parts of their own.
        self._lists_terms = False

    def count(self, at: int, token: Token) -> None:
        """Add what a token costs; it follows the tokens that were counted before."""
        kind, text = token.kind, token.text
        if kind is Kind.MARK:
            if not self._in_values:
                self.cost += self._mark(at, text)
            if text in _OPENING:
                self.open.append(text)
            elif text in _CLOSING:
                if self.open:
                    self.open.pop()
                self._in_values = self._in_values and text != "}"
        elif self._in_values:
            return
        elif kind is Kind.WORD:
            word = text.upper()
            self.cost += _STEP if word in _STEP_WORDS else 0
            self._in_values = word == "VALUES"
            if not self.open:
                self._lists_terms = word in ("DESCRIBE", "BY", "HAVING", "ASC", "DESC")
        elif kind in _TERMS:
            self.cost += self._term(at)

    def _mark(self, at: int, text: str) -> int:
        inside = self.open[-1] if self.open else ""
        if text in _STEP_MARKS:
            return 0 if self._is_sign(at, text) else _STEP
        if text in _PART_MARKS:
            return 0 if inside == "(" else 1
        if text == "{":  # of a group that no keyword begins, which is a part already
            return int(at > 0 and self._found[at - 1].kind is Kind.MARK)
        return int(text == "(" and not inside)

    def _is_sign(self, at: int, text: str) -> bool:
        """Return whether a mark is the sign of a number in a list of arguments."""
        after = self._found[at + 1] if at + 1 < len(self._found) else None
        before = self._found[at - 1] if at else None
        return (
            text in "+-"
            and after is not None
            and after.kind is Kind.NUMBER
            and before is not None
            and before.is_mark("(", ",")
        )

    def _term(self, at: int) -> int:
        if not self.open:
            return int(self._lists_terms)
        before = self._found[at - 1]
        return int(self.open[-1] == "(" and (before.kind in _TERMS or before.is_mark(")", "]")))


def _share_of_stack() -> float:
    """Return the share of a usual stack that threads of this process have; at most 1."""
    try:
        import resource
    except ImportError:  # not on this system
        return 1.0
    size, _ = resource.getrlimit(resource.RLIMIT_STACK)
    return 1.0 if size == resource.RLIM_INFINITY else min(1.0, size / _STACK)
