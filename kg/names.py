"""Short forms of IRIs: prefixed names that Turtle and SPARQL read back as the same IRI.

Spec: https://www.w3.org/TR/turtle/#sec-grammar-grammar
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from kg.terms import XSD, XSD_STRING, is_literal, is_named, split_literal

# First and last code point of each range of PN_CHARS_BASE, which XML calls NameStartChar:
# https://www.w3.org/TR/turtle/#grammar-production-PN_CHARS_BASE
BASE_RANGES: Final = (
    *((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2FF), (0x370, 0x37D)),
    *((0x37F, 0x1FFF), (0x200C, 0x200D), (0x2070, 0x218F), (0x2C00, 0x2FEF), (0x3001, 0xD7FF)),
    *((0xF900, 0xFDCF), (0xFDF0, 0xFFFD), (0x10000, 0xEFFFF)),
)
# Insides of character classes, as characters, so that RE2 and Python's re both read them.
_START: Final = "".join(f"{chr(low)}-{chr(high)}" for low, high in BASE_RANGES) + "_"
_FIRST: Final = f"{_START}0-9"
_REST: Final = f"{_FIRST}\u00b7\u0300-\u036f\u203f-\u2040\\-"
# https://www.w3.org/TR/turtle/#grammar-production-PN_LOCAL without its escapes, and without
# the colon, which is legal there but hard to read. A dot may not be at the end.
LOCAL_PATTERN: Final = f"(?:[{_FIRST}](?:[{_REST}.]*[{_REST}])?)?"
# https://www.w3.org/TR/turtle/#grammar-production-BLANK_NODE_LABEL
LABEL_PATTERN: Final = f"_:[{_FIRST}](?:[{_REST}.]*[{_REST}])?"
# https://www.w3.org/TR/xml-names/#NT-NCName
NCNAME_PATTERN: Final = f"[{_START}][{_REST}.]*"

# Characters of a literal that `Namer` shows.
_LONGEST: Final = 60
_PLAIN: Final = frozenset({XSD_STRING, *(f"{XSD}{t}" for t in ("integer", "decimal", "boolean"))})
_ASCII_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|")
_ASCII_LOCAL: Final = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)?")
# Beginnings of IRIs for which `Namer` remembers the prefixes that they may have.
_REMEMBERED: Final = 1_000


@cache
def _local() -> re.Pattern[str]:
    return re.compile(LOCAL_PATTERN)  # which takes 30 ms, so only where a name is not ASCII


@cache
def _ncname() -> re.Pattern[str]:
    return re.compile(NCNAME_PATTERN.removesuffix(f"[{_REST}.]*") + f"[{_REST}]*")


def is_local(text: str) -> bool:
    """Return whether a text is the local part of a prefixed name, without escapes.

    >>> is_local("L0270"), is_local("a/b"), is_local("end.")
    (True, False, False)
    """
    if text.isascii():
        return _ASCII_LOCAL.fullmatch(text) is not None
    return _local().fullmatch(text) is not None


def is_prefix(text: str) -> bool:
    """Return whether a text can be a prefix: as the standards have it, but without dots.

    >>> is_prefix("ex-1"), is_prefix("駅"), is_prefix("1x"), is_prefix("a.b"), is_prefix("")
    (True, True, False, False, True)

    Spec: https://www.w3.org/TR/turtle/#grammar-production-PN_PREFIX
    """
    if text.isascii():
        return _ASCII_PREFIX.fullmatch(text) is not None
    return text[0] not in "_0123456789-·" and _ncname().fullmatch(text) is not None


def ordered(prefixes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return prefixes with their namespaces, a namespace before those that it starts with.

    Of two prefixes for one namespace, the shortest stays, or the first in the alphabet.
    """
    best: dict[str, str] = {}
    for prefix in sorted(prefixes, key=lambda prefix: (len(prefix), prefix)):
        best.setdefault(prefixes[prefix], prefix)
    spaces = sorted(filter(None, best), key=lambda namespace: (-len(namespace), namespace))
    return tuple((best[namespace], namespace) for namespace in spaces)


def split(
    iri: str, prefixes: Iterable[tuple[str, str]], *, encoded: bool = False
) -> tuple[str, str] | None:
    """Return the prefix and the local name of an IRI, or None if it has no prefixed name.

    Args:
        iri: The IRI.
        prefixes: From `ordered`.
        encoded: Whether the local name may hold percent-encoded characters. The grammars allow
            them; some readers decode them.

    >>> split("http://e/ns#Peak", ordered({"ns": "http://e/ns#", "e": "http://e/"}))
    ('ns', 'Peak')
    """
    for prefix, namespace in prefixes:
        if not iri.startswith(namespace):
            continue
        local = iri[len(namespace) :]
        if _ASCII_LOCAL.fullmatch(local):
            return prefix, local
        if encoded and "%" in local:
            if is_local(re.sub("%[0-9A-Fa-f]{2}", "0", local)):
                return prefix, local
        elif is_local(local):
            return prefix, local
    return None


class Namer:
    """Writes terms for people: prefixed names, and literals as short as they can be.

    Args:
        prefixes: Prefix to namespace.
    """

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = ordered(prefixes)
        self._near: dict[str, tuple[tuple[str, str], ...]] = {}

    def __call__(self, term: str) -> str:
        """Return a term of the quad table as a person reads it."""
        if is_named(term):
            return self.iri(term[1:-1])
        if not is_literal(term):
            return term
        parts = split_literal(term)
        text = parts.lexical
        if len(text) > _LONGEST:
            text = text[: _LONGEST - 1] + "…"
        quoted = '"' + text.replace("\n", "\\n") + '"'
        if parts.language:
            return f"{quoted}@{parts.language}"
        if parts.datatype in _PLAIN:
            return quoted if parts.datatype == XSD_STRING else text
        return f"{quoted}^^{self.iri(parts.datatype)}"

    def prefix_of(self, iri: str) -> str | None:
        """Return the prefix of an IRI, or None if it has no prefixed name."""
        found = self._split(iri)
        return None if found is None else found[0]

    def iri(self, iri: str) -> str:
        """Return an IRI as a prefixed name, or in angle brackets.

        >>> Namer({"ex": "http://example.org/"}).iri("http://example.org/a")
        'ex:a'
        """
        found = self._split(iri)
        return f"<{iri}>" if found is None else f"{found[0]}:{found[1]}"

    def _split(self, iri: str) -> tuple[str, str] | None:
        """Return what `split` does, without looking at all prefixes for each IRI."""
        head = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
        near = self._near.get(head)
        if near is None:
            if len(self._near) >= _REMEMBERED:
                self._near.clear()
            near = tuple(
                (prefix, namespace)
                for prefix, namespace in self._prefixes
                if head.startswith(namespace) or namespace.startswith(head)
            )
            self._near[head] = near
        return split(iri, near, encoded=True) if near else None


def local_name(term: str) -> str:
    """Return the end of an IRI of the quad table, or a term as it is.

    >>> local_name("<http://example.org/shapes#Launch>")
    'Launch'
    """
    return re.split("[/#]", term[1:-1])[-1] or term if term.startswith("<") else term
