"""Reads JSON-LD as a stream of N-Quads and reports every value that is dropped.

Oxigraph parses some nodes at a time. By default it drops statements with an invalid IRI or
language tag. In lenient mode it keeps them, and this module reports them with their places.

Spec: https://www.w3.org/TR/json-ld11-api/#deserialize-json-ld-to-rdf-algorithm
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO, Final

import pyoxigraph as ox

from kg.errors import Location
from kg.notes import Notes
from kg.rdf.contexts import Contexts
from kg.rdf.jsontext import JsonText, Piece
from kg.rdf.limits import LONGEST_TERM, Problems, too_long
from kg.terms import is_iri, is_language_tag

# Bytes of nodes that are parsed together. The context is parsed again for each such group.
TOGETHER: Final = 1 << 18
LONGEST_TEXT: Final = LONGEST_TERM // 2  # bytes of a JSON string that Oxigraph's buffer holds
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|-?[0-9][0-9.eE+-]*', re.DOTALL)
_MANY_DIGITS: Final = re.compile(rb"-?[0-9]{21,}")
_KEY: Final = re.compile(rb'"(@[A-Za-z]+)"\s*:')
_KEYWORDS: Final = frozenset(
    b"@base @container @context @default @direction @embed @explicit @graph @id @import @included"
    b" @index @json @language @list @nest @none @omitDefault @prefix @propagate @protected"
    b" @requireAll @reverse @set @type @value @version @vocab".split()
)
_LABEL: Final = re.compile(r"[\w](?:[\w.\-]*[\w\-])?")
_UNKNOWN_KEY: Final = "{count} values are dropped, since no context says what their keys mean"
_WRONG_TERM: Final = "{count} statements are dropped, since an IRI or a language tag is not valid"
_LONE: Final = "{count} values are dropped, since they belong to no node"
_OTHER_KEY: Final = "{count} values are dropped, since RDF has no such property"
_INTEGER: Final = "{count} integers of more than 20 digits become floating-point numbers"
_DIRECTED: Final = "base directions of texts are left out, since RDF 1.1 has none"


class JsonLd:
    """The statements of a JSON-LD file, as N-Quads.

    Args:
        source: The file in UTF-8, without a byte order mark.
        again: The same file, opened again to find the context, which may follow the nodes.
        name: The file name for messages.
        base: Base IRI.
        contexts: Loads the contexts that the file refers to.

    Attributes:
        prefixes: Prefixes that the context declares, with their namespaces.
    """

    def __init__(
        self, source: IO[bytes], again: IO[bytes], name: str, base: str, contexts: Contexts
    ) -> None:
        self._source = source
        self._again = again
        self._name = name
        self._base = base
        self._contexts = contexts
        self._problems = Problems("JSON-LD")
        self._notes = Notes()
        self._rest = b""
        self._chunks = self._read()
        self.prefixes: dict[str, str] = {}

    def chunks(self) -> Iterator[bytes]:
        """Yield N-Quads, whole lines at a time.

        Raises:
            InputError: The file is not JSON-LD, nests too deep, or refers to a context that is
                not available.
            LimitError: An object is too long.
        """
        return self._chunks

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes of N-Quads, empty at the end; raises as `chunks` does."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _read(self) -> Iterator[bytes]:
        start, listed = self._start()
        source = JsonText(self._source, self._name)
        pieces = source.pieces(part_graph=listed) if start else iter([source.whole()])
        group: list[Piece] = []
        size = 0
        for piece in pieces:
            if listed and not piece.listed:
                continue  # `_start` has read it
            if not piece.text.startswith((b"{", b"[")):
                self._notes.add(_LONE, self._place(piece), _text(piece.text), loses=True)
                continue
            group.append(piece)
            size += len(piece.text)
            if size > TOGETHER:
                yield self._statements(start, group)
                group, size = [], 0
        if group:
            yield self._statements(start, group)
        self._problems.raise_if_any()

    def _start(self) -> tuple[bytes, bool]:
        """Return the text to put before each group of nodes, and whether `@graph` is split.

        `@graph` is split if the object has no other keys than `@context` and `@id`. The text is
        empty if the file is parsed as a whole.
        """
        text = JsonText(self._again, self._name)
        members: dict[bytes, Piece] = {}
        listed = False
        for piece in text.pieces(part_graph=True):
            if text.is_list:
                return b"[", False
            listed = listed or piece.listed
            if piece.key is not None:
                if piece.key in members or piece.key not in (b'"@context"', b'"@id"'):
                    return b"", False
                members[piece.key] = piece
        if not listed:
            return b"", False
        start = b"{"
        for key, piece in members.items():
            pair = key + b":" + piece.text.replace(b"\n", b" ")
            start += self._contexts.in_text(pair, self._place(piece)) + b","
        start += b'"@graph":['
        self._check_start(start, next(iter(members.values()), None))
        return start, True

    def _check_start(self, start: bytes, piece: Piece | None) -> None:
        parser = ox.parse(start + b"]}", ox.RdfFormat.JSON_LD, base_iri=self._base, lenient=True)
        try:
            for _ in parser:
                pass
        except (SyntaxError, ValueError) as error:
            place = self._place(piece) if piece else Location(self._name, 1)
            raise self._problems.error(_message(error), place) from error
        self.prefixes.update(parser.prefixes)

    def _statements(self, start: bytes, group: Sequence[Piece]) -> bytes:
        """Return the statements of some nodes."""
        try:
            quads = self._parsed(start, group)
            lines = _lines(quads)
        except (SyntaxError, ValueError, MemoryError, _UndefinedKey):
            # Parse them one by one to find the node with the mistake.
            lines = b"".join(self._alone(start, piece) for piece in group)
        for piece in group:
            self._look(piece)
        return lines

    def _alone(self, start: bytes, piece: Piece) -> bytes:
        """Return the valid statements of one node, and report the others."""
        try:
            quads = self._parsed(start, [piece])
        except (SyntaxError, ValueError) as error:
            self._problems.add(_message(error), self._place(piece, error, len(start)))
            return b""
        except MemoryError as error:
            if "buffer maximal size" not in str(error):
                raise
            raise too_long("a text of a node", self._place(piece), LONGEST_TEXT) from error
        return _lines([quad for quad in quads if self._is_right(quad, piece)])

    def _is_right(self, quad: ox.Quad, piece: Piece) -> bool:
        """Return whether a statement is valid RDF; note it if it is not."""
        key = quad.predicate.value
        if not _ABSOLUTE.match(key):
            message = _OTHER_KEY if key.startswith("_:") else _UNKNOWN_KEY
            self._notes.add(message, self._place(piece), key, loses=True)
            return False
        wrong = next(filter(None, map(_wrong, (quad.subject, quad.predicate, quad.object))), None)
        wrong = wrong or _wrong(quad.graph_name)
        if wrong is None:
            return True
        self._notes.add(_WRONG_TERM, self._place(piece), wrong, loses=True)
        return False

    def _parsed(self, start: bytes, group: Sequence[Piece]) -> list[ox.Quad]:
        texts = [self._contexts.in_text(piece.text, self._place(piece)) for piece in group]
        end = {b"": b"", b"[": b"]"}.get(start, b"]}")
        text = start + b",".join(texts) + end
        parser = ox.parse(text, ox.RdfFormat.JSON_LD, base_iri=self._base, lenient=True)
        quads = [_plain(quad) for quad in parser]
        for prefix, namespace in parser.prefixes.items():
            self.prefixes.setdefault(prefix, namespace)
        return quads

    def _look(self, piece: Piece) -> None:
        """Note values of a node that the parser changed or dropped."""
        text = piece.text
        if _MANY_DIGITS.search(text):
            for token in _TOKEN.findall(text):
                if _MANY_DIGITS.fullmatch(token):
                    self._notes.add(_INTEGER, self._place(piece), _text(token), loses=True)
        for key in _KEY.findall(text):
            if key not in _KEYWORDS:
                self._notes.add(_OTHER_KEY, self._place(piece), _text(key), loses=True)
        if b'"@direction"' in text:
            self._notes.add(_DIRECTED, self._place(piece), loses=False)

    def _place(
        self, piece: Piece, error: Exception | None = None, before: int | None = None
    ) -> Location:
        """Return the place where a piece begins, or where the parser stopped in it."""
        line = getattr(error, "lineno", None)
        if line is None or before is None:
            return Location(self._name, piece.line, piece.column)
        column = getattr(error, "offset", None)
        if line == 1 and column is not None:
            column += piece.column - 1 - before
        return Location(self._name, piece.line + line - 1, column)


class _UndefinedKey(Exception):
    """A statement has a key that no context defines."""


def _lines(quads: Sequence[ox.Quad]) -> bytes:
    """Return statements as N-Quads.

    Raises:
        _UndefinedKey: A property is not an absolute IRI.
        SyntaxError: A term is not valid.
        ValueError: Read again, the N-Quads would be other statements.
    """
    if not all(_ABSOLUTE.match(quad.predicate.value) for quad in quads):
        raise _UndefinedKey
    lines = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert lines is not None
    if list(ox.parse(lines, ox.RdfFormat.N_QUADS)) != list(quads):
        raise ValueError("the statements cannot be written as N-Quads")
    return lines


def _plain(quad: ox.Quad) -> ox.Quad:
    """Return a statement without base direction, with its language tag in lower case."""
    term = quad.object
    if not isinstance(term, ox.Literal) or term.language is None:
        return quad
    if term.direction is None and term.language.islower():
        return quad
    try:
        plain = ox.Literal(term.value, language=term.language.lower())
    except ValueError:  # not a valid language tag
        return quad
    return ox.Quad(quad.subject, quad.predicate, plain, quad.graph_name)


def _wrong(term: object) -> str | None:
    """Return the invalid part of a term, if any."""
    if isinstance(term, ox.NamedNode):
        return None if is_iri(term.value) else term.value
    if isinstance(term, ox.BlankNode):
        return None if _LABEL.fullmatch(term.value) else f"_:{term.value}"
    if isinstance(term, ox.Literal):
        if term.language is not None:
            return None if is_language_tag(term.language) else term.language
        return None if is_iri(term.datatype.value) else term.datatype.value
    return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _message(error: Exception) -> str:
    text = getattr(error, "msg", None) or str(error)
    if "LoadDocumentCallback" in text:
        return "it names a context by a key that is not plainly @context, and kg fetches nothing"
    return re.sub(r"^Parser error at .*?: |\s*\(line \d+\)$", "", text)
