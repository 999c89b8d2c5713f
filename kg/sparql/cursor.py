"""A place in the tokens of a query, and what is told where the grammar is left.

The cursor knows which brackets are open; `kg.sparql.parser` moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from kg.sparql.lexer import Kind, Token
from kg.sparql.tree import Span


class Mistake(NamedTuple):
    """Where a text leaves the grammar.

    Attributes:
        at: Index of the first token that cannot be there; the number of tokens at the end.
        expected: What could be there, in words.
        words: The keywords that could be there.
        context: What was being read: ``triple``, ``verb``, ``object``, ``select`` and so on.
        opened: Index of the innermost bracket that is still open, if one is.
        triple: Index of the first token of the triple that was being read, if one was.
    """

    at: int
    expected: str
    words: tuple[str, ...] = ()
    context: str = ""
    opened: int | None = None
    triple: int | None = None


class Stop(Exception):
    """Unwinds a parser at its first mistake."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.expected)
        self.mistake = mistake


class Cursor:
    """Looks at the next token, and takes it if it is what is wanted.

    Args:
        found: Tokens, without comments.
    """

    def __init__(self, found: Sequence[Token]) -> None:
        self.tokens = found
        self.at = 0
        self.open: list[int] = []
        self.triple: int | None = None

    @property
    def token(self) -> Token | None:
        """The next token; None at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    @property
    def here(self) -> int:
        """The offset of the next token; at the end, that behind the last one."""
        if self.at < len(self.tokens):
            return self.tokens[self.at].start
        return self.tokens[-1].end if self.tokens else 0

    def since(self, start: int) -> Span:
        """Return the place from an offset up to the last token that was taken."""
        return Span(start, self.tokens[self.at - 1].end)

    def taken(self) -> Token:
        """Return the token that was taken last."""
        return self.tokens[self.at - 1]

    def is_mark(self, *marks: str) -> bool:
        """Return whether the next token is one of these marks."""
        token = self.token
        return token is not None and token.kind is Kind.MARK and token.text in marks

    def is_word(self, *words: str) -> bool:
        """Return whether the next token is one of these keywords."""
        token = self.token
        return token is not None and token.kind is Kind.WORD and token.text.upper() in words

    def is_kind(self, *kinds: Kind) -> bool:
        """Return whether the next token is of one of these kinds."""
        token = self.token
        return token is not None and token.kind in kinds

    def take_mark(self, *marks: str) -> bool:
        """Take one of these marks if it is next, and tell whether it was."""
        token = self.token
        if token is None or token.kind is not Kind.MARK or token.text not in marks:
            return False
        if token.text in "{([":
            self.open.append(self.at)
        elif token.text in "})]" and self.open:
            self.open.pop()
        self.at += 1
        return True

    def take_word(self, *words: str) -> bool:
        """Take one of these keywords if it is next, and tell whether it was."""
        token = self.token
        if token is None or token.kind is not Kind.WORD or token.text.upper() not in words:
            return False
        self.at += 1
        return True

    def take_kind(self, *kinds: Kind) -> bool:
        """Take a token of these kinds if it is next, and tell whether it was."""
        token = self.token
        if token is None or token.kind not in kinds:
            return False
        self.at += 1
        return True

    def need_mark(self, mark: str, context: str = "") -> None:
        """Take a mark; nothing else can stand here."""
        if not self.take_mark(mark):
            self.fail(mark, context=context)

    def need_word(self, word: str, context: str = "") -> None:
        """Take a keyword; nothing else can stand here."""
        if not self.take_word(word):
            self.fail(word, (word,), context)

    def need_kind(self, expected: str, *kinds: Kind, context: str = "") -> Token:
        """Take a token of these kinds, and return it; nothing else can stand here."""
        if not self.take_kind(*kinds):
            self.fail(expected, context=context)
        return self.taken()

    def fail(self, expected: str, words: tuple[str, ...] = (), context: str = "") -> NoReturn:
        """Stop: the next token cannot stand here."""
        opened = self.open[-1] if self.open else None
        raise Stop(Mistake(self.at, expected, words, context, opened, self.triple))
