"""Terms in a remote store's answer that are none: made such, counted, and told.

Some stores answer with blank nodes of a syntax of their own (``nodeID://b1``), and with IRIs that
hold blanks or have no scheme, as their data do. One of them would fail the whole answer. So blank
nodes are relabelled; in IRIs, characters that no IRI holds are written as ``%20`` and the like;
and an IRI without a scheme becomes a text. Language tags such as ``en_US`` are written ``en-US``.

Spec: https://www.w3.org/TR/sparql11-results-json/#select-encode-terms
https://www.w3.org/TR/rdf-sparql-XMLres/#vb-results
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

from kg.errors import KgError
from kg.queries.engine import Term, Triple
from kg.terms import XSD_STRING, is_iri, is_language_tag, literal

# Bytes at the end of a piece in which a term may have begun; longer ones are left to the parser.
_TAIL: Final = 64 * 1024
_TEXT: Final = rb'"((?:[^"\\]|\\.)*)"'
_COLON: Final = rb"\s*:\s*"
_COMMA: Final = rb"\s*,\s*"
_KIND: Final = rb'"(uri|bnode)"'
_JSON: Final = re.compile(
    rb'"type"' + _COLON + _KIND + _COMMA + rb'"value"' + _COLON + _TEXT
    + rb'|"value"' + _COLON + _TEXT + _COMMA + rb'"type"' + _COLON + _KIND
    + rb'|"(datatype|xml:lang)"' + _COLON + _TEXT
)  # fmt: skip
_XML: Final = re.compile(rb"<(uri|bnode)>([^<]*)</(?:uri|bnode)>|(datatype|xml:lang)=\"([^\"]*)\"")
# Where a term begins in front of which data can be parted.
_JSON_TERM: Final = re.compile(rb'\{\s*"(?:type|value|datatype|xml:lang)"')
_XML_TERM: Final = re.compile(rb"<binding[\s>]")
_LABEL: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# What no IRI holds, wherever it is in it.
_NOT_IRI: Final = re.compile(r"[\x00-\x20<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})")


@dataclass
class Odd:
    """What was odd in an answer.

    Attributes:
        count: How many terms.
        first: The first of them, as the store wrote it.
    """

    count: int = 0
    first: str = ""

    def note(self, text: str) -> None:
        """Count one."""
        self.count += 1
        self.first = self.first or text

    def remark(self) -> str | None:
        """Return what to tell the user, or None if nothing was odd."""
        if not self.count:
            return None
        shown = self.first if len(self.first) <= 80 else f"{self.first[:80]}…"
        terms = "1 term that is" if self.count == 1 else f"{self.count:,} terms that are"
        return (
            f"the store answered with {terms} not RDF, such as {shown!r}; what no IRI holds was"
            " written as %20 and the like, and an IRI without a scheme as a text"
        )


def blank_label(text: str) -> str:
    """Return a label that RDF has for a blank node's name in a store.

    >>> blank_label("nodeID://b1"), blank_label("b-1"), blank_label("b 1")
    ('nodeID-b1', 'b-1', 'x622031')
    """
    name = text.replace("nodeID://", "nodeID-", 1) if text.startswith("nodeID://") else text
    return name if _LABEL.fullmatch(name) else f"x{name.encode().hex()}"


def mended_iri(text: str) -> str | None:
    """Return an IRI without what no IRI holds; None where it has no scheme.

    >>> mended_iri("http://example.org/a b"), mended_iri("a b")
    ('http://example.org/a%20b', None)
    """
    if not _SCHEME.match(text):
        return None
    mended = _NOT_IRI.sub(lambda match: f"%{ord(match[0]):02X}", text)
    return mended if is_iri(mended) else None  # a port or host may be none


class Mender:
    """Mends the pieces of an answer in SPARQL's JSON or XML, as they come.

    Args:
        is_json: Whether it is JSON, else XML.
        odd: Counts what is mended, blank nodes apart.
    """

    def __init__(self, *, is_json: bool, odd: Odd) -> None:
        self._odd = odd
        self._pattern = _JSON if is_json else _XML
        self._mend: Callable[[re.Match[bytes]], bytes] = self._json if is_json else self._xml
        self._mark = b"{" if is_json else b"<"
        self._begins = _JSON_TERM if is_json else _XML_TERM
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """Return what can be passed on, given the next piece; an empty one is the last."""
        data = self._rest + piece
        cut = len(data)
        if piece:
            # A term that the piece's end cuts is mended with the next piece.
            cut = self._safe_cut(data)
        self._rest = data[cut:]
        return self._pattern.sub(self._mend, data[:cut])

    def _safe_cut(self, data: bytes) -> int:
        """Return where data can be parted: in front of the last object or element that is open."""
        start = max(0, len(data) - _TAIL)
        cut = data.rfind(self._mark, start)
        for match in self._begins.finditer(data, start):
            cut = match.start()
        return len(data) if cut < 0 else cut

    def _json(self, match: re.Match[bytes]) -> bytes:
        kind = match[1] or match[4]
        given = match[2] if match[1] else match[3]
        if kind is None:
            return self._json_extra(match)
        text = _decoded(given)
        if text is None:
            return match[0]
        new_kind, value = self._term(kind, text)
        if (new_kind, value) == (kind.decode(), text):
            return match[0]
        return f'"type":"{new_kind}","value":{json.dumps(value)}'.encode()

    def _json_extra(self, match: re.Match[bytes]) -> bytes:
        text = _decoded(match[6])
        value = None if text is None else self._extra(match[5], text)
        if value is None or value == text:
            return match[0]
        return f'"{match[5].decode()}":{json.dumps(value)}'.encode()

    def _xml(self, match: re.Match[bytes]) -> bytes:
        if match[3] is not None:
            text = unescape(match[4].decode(errors="replace"))
            value = self._extra(match[3], text)
            if value is None or value == text:
                return match[0]
            return f'{match[3].decode()}="{escape(value)}"'.encode()
        text = unescape(match[2].decode(errors="replace"))
        kind, value = self._term(match[1], text)
        if (kind, value) == (match[1].decode(), text):
            return match[0]
        return f"<{kind}>{escape(value)}</{kind}>".encode()

    def _term(self, kind: bytes, text: str) -> tuple[str, str]:
        """Return kind and value of a term that RDF has."""
        if kind == b"bnode":
            return "bnode", blank_label(text)
        if text.startswith("nodeID://"):
            return "bnode", blank_label(text)
        if not _NOT_IRI.search(text) and _SCHEME.match(text) and is_iri(text):
            return "uri", text
        self._odd.note(text)
        mended = mended_iri(text)
        return ("literal", text) if mended is None else ("uri", mended)

    def _extra(self, name: bytes, text: str) -> str | None:
        """Return a datatype or language that RDF has; None to leave it to the parser."""
        if name == b"datatype":
            if is_iri(text):
                return text
            self._odd.note(text)
            return mended_iri(text) or XSD_STRING
        tag = text.replace("_", "-")
        if text and tag != text and is_language_tag(tag):
            self._odd.note(text)
            return tag
        return None


def _decoded(given: bytes) -> str | None:
    try:
        return str(json.loads(b'"' + given + b'"'))
    except ValueError:  # not JSON: the parser says so
        return None


def mended_triples(
    triples: Iterable[Triple], odd: Odd, tell: Callable[[Exception], KgError]
) -> Iterator[Triple]:
    """Yield the triples of a graph that was parsed leniently, each of them RDF.

    Args:
        triples: The triples; their IRIs may be none.
        odd: Counts what is mended.
        tell: Returns the error to raise for a subject or predicate that can be made no IRI.
    """
    for s, p, o in triples:
        subject, predicate = _mended(s, odd), _mended(p, odd)
        if subject.startswith('"') or not predicate.startswith("<"):
            raise tell(ValueError(f"{s} {p} is no subject and predicate of RDF"))
        yield subject, predicate, _mended(o, odd)


def _mended(term: Term, odd: Odd) -> Term:
    if not term.startswith("<") or term.startswith("<<("):
        return term
    text = term[1:-1]
    if text.startswith("nodeID://"):
        return f"_:{blank_label(text)}"
    if not _NOT_IRI.search(text) and is_iri(text):
        return term
    odd.note(text)
    mended = mended_iri(text)
    return literal(text) if mended is None else f"<{mended}>"
