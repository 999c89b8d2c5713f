"""The triple patterns and comparisons of a query, as far as they tell where it has solutions.

Read is what each solution must have: the patterns of the outermost group, and the comparisons
that its filters ask for. Besides, which predicates the query looks at anywhere. A query with
something that is not read here is not read at all.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlGrammar
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from kg.terms import XSD, literal
from kg.validation.names import RDF_TYPE
from kg.validation.paths import Alternative, Inverse, Path, Predicate, Sequence
from kg.validation.sparql import Token, tokens

THIS: Final = "?this"
SIGNS: Final = frozenset({"<", "<=", ">", ">=", "=", "!="})
# Where a literal stands in a pattern: an index may hold it in another form.
_SOME_LITERAL: Final = '""'
_ABSOLUTE: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:")
_QUOTES: Final = ('"""', "'''", '"', "'")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Two nodes and what leads from one to the other.

    Attributes:
        subject: A variable (``?name``), or a term.
        path: From the subject to the object; None where it is not told.
        object: A variable, or a term; literals are not told apart.
    """

    subject: str
    path: Path | None
    object: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A variable or term, a sign, and the variable or term that it is compared with."""

    left: str
    sign: str
    right: str


@dataclass(slots=True)
class Patterns:
    """What was read of a query.

    Attributes:
        needed: Patterns that every solution has.
        comparisons: Comparisons that hold in every solution.
        predicates: All predicates that the query looks at, as terms.
        any_predicate: Whether it looks at predicates beside those.
    """

    needed: list[Pattern] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    predicates: set[str] = field(default_factory=set)
    any_predicate: bool = False


def read_patterns(text: str) -> Patterns | None:
    """Return the patterns of a query, or None if it is not understood.

    Args:
        text: A query that is SPARQL and has passed `kg.validation.sparql.prepare`.
    """
    try:
        return _Reader(text).read()
    except _UnreadError:
        return None


class _UnreadError(Exception):
    """The query has something that is not read here."""


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_ended(tokens(text)))
        self._at = 0
        self._prefixes: dict[str, str] = {}
        self._found = Patterns()
        self._unnamed = 0

    def read(self) -> Patterns:
        while self._peek() != "{":
            token = self._take()
            if token.text == "BASE":
                raise _UnreadError
            if token.text == "PREFIX":
                self._prefix()
        self._take()
        self._group(needed=True)
        if any(token.text == "{" for token in self._tokens[self._at :]):
            raise _UnreadError
        return self._found

    def _prefix(self) -> None:
        name, iri = self._take(), self._take()
        prefix, colon, rest = name.text.partition(":")
        known = colon and not rest and (name.kind == "name" or not prefix)
        if not known or iri.kind != "iri" or not _ABSOLUTE.match(iri.text):
            raise _UnreadError
        self._prefixes[prefix] = iri.text[1:-1]

    def _group(self, needed: bool) -> None:
        """Read a group whose brace has been taken.

        Args:
            needed: Whether every solution of the query is one of the group's.
        """
        while (text := self._peek()) != "}":
            match text:
                case "." | "UNION":
                    self._take()
                case "{":
                    self._take()
                    self._group(needed=False)
                case "OPTIONAL":
                    self._take()
                    self._expect("{")
                    self._group(needed=False)
                case "FILTER":
                    self._take()
                    self._filter(needed)
                case "BIND":
                    self._take()
                    self._expect("(")
                    self._expression()
                case _:
                    self._triples(needed)
        self._take()

    def _filter(self, needed: bool) -> None:
        bare = self._peek() == "("
        while self._peek() not in ("(", "{"):
            self._take()
        if self._take().text == "{":
            self._group(needed=False)
            return
        inside = self._expression()
        if bare and needed:
            self._found.comparisons += self._comparisons(inside)

    def _expression(self) -> list[Token]:
        """Return the tokens up to the bracket that closes one that was taken.

        A group in it is read; its opening brace alone is among the tokens.
        """
        inside: list[Token] = []
        depth = 1
        while True:
            token = self._take()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if not depth:
                return inside
            inside.append(token)
            if token.text == "{":
                self._group(needed=False)

    def _comparisons(self, inside: list[Token]) -> Iterator[Comparison]:
        """Yield the comparisons that hold where an expression does."""
        parts = list(_split(inside))
        if len(parts) > 1:
            for part in parts:
                yield from self._comparisons(part)
        elif inside and inside[0].text == "(" and _closes(inside) == len(inside) - 1:
            yield from self._comparisons(inside[1:-1])
        else:
            found = self._comparison(inside)
            if found is not None:
                yield found

    def _comparison(self, inside: list[Token]) -> Comparison | None:
        left, rest = self._operand(inside)
        sign = "".join(token.text for token in takewhile(_is_sign, rest[:2]))
        right, rest = self._operand(rest[len(sign) :])
        if left is None or right is None or sign not in SIGNS or rest:
            return None
        return Comparison(left, sign, right)

    def _operand(self, given: list[Token]) -> tuple[str | None, list[Token]]:
        """Return the variable or term that an expression begins with, and what follows it."""
        if not given:
            return None, given
        first, rest = given[0], given[1:]
        if first.variable is not None:
            return f"?{first.variable}", rest
        if first.kind in ("iri", "name"):
            return self._iri(first), rest
        if first.text in ("+", "-") and rest and rest[0].kind == "number":
            return _number(first.text + rest[0].text), rest[1:]
        if first.kind == "number":
            return _number(first.text), rest
        if first.kind != "string":
            return None, rest
        text = _unquoted(first.text)
        if [token.text for token in rest[:2]] == ["^", "^"] and len(rest) > 2:
            datatype = self._iri(rest[2])[1:-1]
            return None if text is None else literal(text, datatype), rest[3:]
        if text is None or (rest and rest[0].text == "@"):
            return None, rest
        return literal(text), rest

    def _triples(self, needed: bool) -> None:
        subject = self._node()
        while True:
            path = self._verb()
            while True:
                pattern = Pattern(subject, path, self._node())
                if needed:
                    self._found.needed.append(pattern)
                if self._peek() != ",":
                    break
                self._take()
            if self._peek() != ";":
                return
            while self._peek() == ";":
                self._take()
            if self._peek() in (".", "}", "{", "FILTER", "OPTIONAL", "BIND"):
                return

    def _node(self) -> str:
        token = self._take()
        if token.variable is not None:
            return f"?{token.variable}"
        if token.kind in ("iri", "name"):
            return self._iri(token)
        if token.text == "[" and self._peek() == "]":
            self._take()
            self._unnamed += 1
            return f"?[{self._unnamed}]"
        if token.text in ("+", "-") and self._peek_kind() == "number":
            self._take()
            return _SOME_LITERAL
        if token.kind == "number" or token.text in ("TRUE", "FALSE"):
            return _SOME_LITERAL
        if token.kind == "string":
            if self._peek() == "@":
                self._take()
                self._language()
            elif self._peek() == "^":
                self._take()
                self._expect("^")
                self._iri(self._take())
            return _SOME_LITERAL
        raise _UnreadError

    def _language(self) -> None:
        self._take()
        while self._peek() == "-":
            self._take()
            self._take()

    def _verb(self) -> Path | None:
        if self._variable():
            self._take()
            self._found.any_predicate = True
            return None
        return self._path()

    def _path(self) -> Path | None:
        return self._parts("|", self._sequence, Alternative)

    def _sequence(self) -> Path | None:
        return self._parts("/", self._element, Sequence)

    def _parts(
        self,
        sign: str,
        part: Callable[[], Path | None],
        whole: Callable[[tuple[Path, ...]], Path],
    ) -> Path | None:
        """Read parts with a sign between them; None if one of them is not told."""
        parts = [part()]
        while self._peek() == sign:
            self._take()
            parts.append(part())
        told = tuple(each for each in parts if each is not None)
        if len(told) < len(parts):
            return None
        return told[0] if len(told) == 1 else whole(told)

    def _element(self) -> Path | None:
        token = self._take()
        inverse = token.text == "^"
        if inverse:
            token = self._take()
        path: Path | None
        if token.text == "(":
            path = self._path()
            self._expect(")")
        elif token.text == "A" or token.kind in ("iri", "name"):
            iri = RDF_TYPE if token.text == "A" else self._iri(token)
            self._found.predicates.add(iri)
            path = Predicate(iri)
        else:
            raise _UnreadError
        if self._peek() in ("*", "?") or (self._peek() == "+" and self._peek_kind(1) != "number"):
            self._take()
            return None
        return path if path is None or not inverse else _inverted(path)

    def _iri(self, token: Token) -> str:
        if token.kind == "iri" and _ABSOLUTE.match(token.text):
            return token.text
        prefix, colon, local = token.text.partition(":")
        if token.kind != "name" or not colon or "\\" in local:
            raise _UnreadError
        if prefix == "_":
            return f"?{token.text}"
        if prefix not in self._prefixes:
            raise _UnreadError
        return f"<{self._prefixes[prefix]}{local}>"

    def _peek(self) -> str:
        if self._at >= len(self._tokens):
            raise _UnreadError
        return self._tokens[self._at].text

    def _peek_kind(self, ahead: int = 0) -> str | None:
        at = self._at + ahead
        return self._tokens[at].kind if at < len(self._tokens) else None

    def _variable(self) -> bool:
        return self._peek_kind() == "variable"

    def _take(self) -> Token:
        self._peek()
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, text: str) -> None:
        if self._take().text != text:
            raise _UnreadError


def _inverted(path: Path) -> Path:
    """Return a path the other way round, with the inversions at its predicates.

    pySHACL does not turn the parts of an inverted sequence round, and neither does the compiler of
    paths; queries do.
    """
    match path:
        case Sequence(parts):
            return Sequence(tuple(_inverted(part) for part in reversed(parts)))
        case Alternative(parts):
            return Alternative(tuple(_inverted(part) for part in parts))
        case Inverse(inner):
            return inner
    return Inverse(path)


def _ended(found: Iterable[Token]) -> Iterator[Token]:
    """Yield tokens with the full stop behind a name as one of its own."""
    for token in found:
        name = token.text.rstrip(".") if token.kind == "name" else token.text
        if name == token.text or token.kind != "name":
            yield token
        else:
            yield Token("name", name, token.end - 1)
            yield Token("other", ".", token.end)


def _is_sign(token: Token) -> bool:
    return token.text in ("<", ">", "=", "!")


def _split(inside: list[Token]) -> Iterator[list[Token]]:
    """Yield the parts of an expression between ``&&``; with ``||`` it stays whole."""
    starts, depth = [0], 0
    for at, token in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        doubled = not depth and at + 1 < len(inside) and inside[at + 1].text == token.text
        if doubled and token.text == "|":
            yield inside
            return
        if doubled and token.text == "&":
            starts.append(at + 2)
    for start, end in zip(starts, [*(s - 2 for s in starts[1:]), len(inside)], strict=True):
        yield inside[start:end]


def _closes(inside: list[Token]) -> int:
    """Return where the bracket that an expression begins with is closed."""
    depth = 0
    for at, token in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if not depth:
            return at
    raise _UnreadError


def _number(text: str) -> str:
    kind = "integer"
    if "e" in text.lower():
        kind = "double"
    elif "." in text:
        kind = "decimal"
    return literal(text, f"{XSD}{kind}")


def _unquoted(text: str) -> str | None:
    """Return what a string says, or None if it has escapes."""
    quote = next(quote for quote in _QUOTES if text.startswith(quote))
    inner = text[len(quote) : -len(quote)]
    return None if "\\" in inner else inner
