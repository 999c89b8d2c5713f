"""SPARQL text as tokens: what a question's text is, without guessing from substrings.

Parameters, refused keywords, prefixes in use and hints for mistakes are all found on tokens, so
that a word inside a string, an IRI or a comment is never mistaken for a keyword. Any text has
tokens: what fits no rule becomes a token of kind ``OTHER``, and the parser says what is wrong.

Spec: https://www.w3.org/TR/sparql12-query/#sparqlGrammar
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from kg.records import dataclass
from kg.sparql.words import Form


class Kind(Enum):
    """What a token is."""

    IRI = "iri"
    NAME = "prefixed name"
    BLANK = "blank node"
    VARIABLE = "variable"
    STRING = "string"
    LANGUAGE = "language tag"
    NUMBER = "number"
    WORD = "keyword"
    MARK = "punctuation"
    COMMENT = "comment"
    OTHER = "unknown"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SPARQL text.

    Attributes:
        kind: What it is.
        text: As it is in the query.
        start: Offset of its first code point, from 0.
    """

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset behind its last code point."""
        return self.start + len(self.text)

    def is_word(self, *words: str) -> bool:
        """Return whether it is one of these keywords, given in upper case."""
        return self.kind is Kind.WORD and self.text.upper() in words

    def is_mark(self, *marks: str) -> bool:
        """Return whether it is one of these marks."""
        return self.kind is Kind.MARK and self.text in marks


# The name characters of the grammar, as the inside of negated character classes. Beyond U+00FF
# every character is taken: the grammar leaves some out, but those are in no valid query outside
# of strings, IRIs and comments, so that it makes no difference. Classes with the true ranges take
# 50 ms to compile, each time that the program starts.
_NOT_BASE: Final = r"\x00-@\x5b-`{-\xbf\xd7\xf7"
_NOT_CHARS: Final = r"\x00-,./:;<=>?@\x5b-\x5e`{-\xb6\xb8-\xbf\xd7\xf7"
_CHAR: Final = f"[^{_NOT_CHARS}]"
_PREFIX: Final = rf"[^{_NOT_BASE}](?:[^{_NOT_CHARS.replace('.', '')}]*{_CHAR})?"
_PLX: Final = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
_LOCAL: Final = (
    rf"(?:[^{_NOT_BASE}]|[_:0-9]|{_PLX})"
    rf"(?:(?:[^{_NOT_CHARS.replace('.', '').replace(':', '')}]|{_PLX})*(?:{_CHAR}|:|{_PLX}))?"
)
_VARNAME: Final = rf"(?:[^{_NOT_BASE}]|[_0-9])(?:[^\-{_NOT_CHARS}])*"
_ECHAR: Final = r"\\."

# The order matters where one rule's text could start another's: long strings before short ones,
# IRIs before "<", doubles before decimals before integers, names before bare words.
_RULES: Final = (
    (Kind.COMMENT, r"#[^\n\r]*"),
    (Kind.IRI, r"<(?:[^<>\"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>"),
    (Kind.STRING, rf'"""(?:"{{0,2}}(?:[^"\\]|{_ECHAR}))*"""'),
    (Kind.STRING, rf"'''(?:'{{0,2}}(?:[^'\\]|{_ECHAR}))*'''"),
    (Kind.STRING, rf'"(?:[^"\\\n\r]|{_ECHAR})*"'),
    (Kind.STRING, rf"'(?:[^'\\\n\r]|{_ECHAR})*'"),
    (Kind.VARIABLE, rf"[?$]{_VARNAME}"),
    (Kind.BLANK, rf"_:(?:[^{_NOT_BASE}]|[_0-9])(?:[^{_NOT_CHARS.replace('.', '')}]*{_CHAR})?"),
    (Kind.NAME, rf"(?:{_PREFIX})?:(?:{_LOCAL})?"),
    (Kind.LANGUAGE, r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?"),
    (Kind.NUMBER, r"(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+|[0-9]*\.[0-9]+|[0-9]+"),
    (Kind.WORD, rf"(?:[^{_NOT_BASE}]|_){_CHAR}*"),
    (Kind.MARK, r"\^\^|<<\(|\)>>|<<|>>|\{\||\|\}|&&|\|\||!=|<=|>=|[{}()\[\];,.=<>!+\-*/|^?~]"),
    (Kind.OTHER, r"[^ \t\r\n]"),
)
_TOKEN: Final = re.compile(
    "|".join(f"(?P<r{number}>{rule})" for number, (_, rule) in enumerate(_RULES)), re.DOTALL
)
_KINDS: Final = {f"r{number}": kind for number, (kind, _) in enumerate(_RULES)}


def tokens(text: str) -> list[Token]:
    """Return the tokens of a SPARQL text, comments included, blanks left out.

    >>> [token.text for token in tokens("ASK { ?s a <x#y> } # all")]
    ['ASK', '{', '?s', 'a', '<x#y>', '}', '# all']
    """
    return [
        Token(_KINDS[match.lastgroup or ""], match[0], match.start())
        for match in _TOKEN.finditer(text)
    ]


_ESCAPE: Final = r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))"
_NAMED: Final = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


def character(code: str) -> str:
    """Return the character of an escape; nothing for what is none, which no query may hold."""
    number = int(code, 16)
    return chr(number) if number <= 0x10FFFF else ""


def string_value(text: str) -> str:
    r"""Return what a token of kind ``STRING`` stands for: its text without quotes and escapes.

    >>> string_value(r"'a\tb'"), string_value("''")
    ('a\tb', '')
    """
    size = 3 if text[:3] in ('"' * 3, "'" * 3) and len(text) >= 6 else 1
    inside = text[size:-size]
    if "\\" not in inside:
        return inside

    def char(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return character(code) if code else _NAMED.get(match[3], match[3])

    return re.sub(_ESCAPE, char, inside, flags=re.DOTALL)


_UPDATES: Final = (
    "INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH",
)  # fmt: skip


def form_of(found: Sequence[Token]) -> tuple[Form, Token] | None:
    """Return the query form with the keyword that says so, or None if the text has none.

    The keyword is the first one behind the prologue (``BASE``, ``PREFIX``, ``VERSION``).
    """
    for token in found:
        if token.kind is not Kind.WORD or token.is_word("BASE", "PREFIX", "VERSION"):
            continue
        word = token.text.upper()
        if word in _UPDATES:
            return Form.UPDATE, token
        return (Form(word), token) if word in Form.__members__ else None
    return None


def declared_prefixes(found: Sequence[Token]) -> dict[str, str]:
    """Return the prefixes that the text's own ``PREFIX`` lines declare, IRIs as written."""
    found = [token for token in found if token.kind is not Kind.COMMENT]
    return {
        name.text[:-1]: iri.text[1:-1]
        for word, name, iri in zip(found, found[1:], found[2:], strict=False)
        if word.is_word("PREFIX") and name.kind is Kind.NAME and iri.kind is Kind.IRI
    }
