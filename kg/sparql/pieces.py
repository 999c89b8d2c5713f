"""The pieces of a SPARQL text, for who shows it: each with its kind, mistakes or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kg.sparql.lexer import tokens
from kg.sparql.words import AGGREGATES, FUNCTIONS

# What stands in queries besides functions and aggregates.
KEYWORDS = (
    "SELECT", "WHERE", "PREFIX", "FILTER", "OPTIONAL", "UNION", "VALUES", "BIND", "AS", "GRAPH",
    "DISTINCT", "REDUCED", "ORDER BY", "GROUP BY", "HAVING", "LIMIT", "OFFSET", "ASC", "DESC",
    "CONSTRUCT", "DESCRIBE", "ASK", "MINUS", "FROM", "FROM NAMED", "NOT EXISTS", "EXISTS", "IN",
    "NOT IN", "BASE", "UNDEF", "SEPARATOR", *FUNCTIONS, *AGGREGATES,
)  # fmt: skip


class Piece(NamedTuple):
    """A piece of a text.

    Attributes:
        start: Its offset.
        end: The offset behind it.
        kind: ``iri``, ``prefixed name``, ``variable``, ``string``, ``keyword`` and so on.
    """

    start: int
    end: int
    kind: str


def pieces(text: str) -> Iterator[Piece]:
    """Yield the pieces of a text in their order; white space is between them.

    >>> [piece.kind for piece in pieces("ASK { ?s a ex:A }")]
    ['keyword', 'punctuation', 'variable', 'keyword', 'prefixed name', 'punctuation']
    """
    for token in tokens(text):
        yield Piece(token.start, token.end, token.kind.value)
