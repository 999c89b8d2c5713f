"""Splits JSON-LD into objects that can be parsed one after the other.

Oxigraph keeps an object in memory until its end, at 35 times its length, so it gets the nodes of
a file in pieces. This module only finds where each piece ends; Oxigraph parses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Final

from kg.errors import InputError, LimitError, Location
from kg.rdf.limits import too_deep
from kg.records import dataclass

DEEPEST_JSON: Final = 500  # memory for contexts grows with the square of the depth
LONGEST_OBJECT: Final = 32 * 2**20  # bytes
_CHUNK: Final = 1 << 16  # bytes
_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
# Everything between brackets, with strings as a whole: brackets within them do not count.
_FLAT: Final = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]|\\.)*+")*+', re.DOTALL)
_SCALAR: Final = re.compile(rb'[^\s,:{}\[\]"]*+')


@dataclass(frozen=True, slots=True)
class Piece:
    """A JSON value with its place.

    Attributes:
        key: Its key in an object, undecoded; None in a list.
        text: The value.
        line: Line on which it begins, from 1.
        column: Column there, from 1, in bytes.
        listed: Whether it is a member of the list of ``@graph``.
    """

    key: bytes | None
    text: bytes
    line: int
    column: int
    listed: bool = False


class JsonText:
    """Reads the outermost values of a JSON text as a stream.

    Args:
        source: The text, UTF-8 without a byte order mark.
        name: The file name for messages.
    """

    def __init__(self, source: IO[bytes], name: str) -> None:
        self._source = source
        self._name = name
        self._text = b""
        self._at = 0
        self._line = 1
        self._column = 1
        self.is_list = False

    def pieces(self, part_graph: bool) -> Iterator[Piece]:
        """Yield the members of the outermost list or object.

        Args:
            part_graph: If ``@graph`` is a list, yield its members instead of the list.

        Raises:
            InputError: It is not JSON, or nests too deep.
            LimitError: A value is too long.
        """
        opening = self._next()
        if opening == b"[":
            self.is_list = True
            self._take(1)
            yield from self._members(listed=False)
        elif opening == b"{":
            self._take(1)
            yield from self._object(part_graph)
        else:
            raise self.error("a list or an object is expected")
        if self._next():
            raise self.error("there is more text after the end")

    def whole(self) -> Piece:
        """Return the whole text as one value; raises as `pieces` does."""
        self._next()
        value = self._value()
        if self._next():
            raise self.error("there is more text after the end")
        return value

    def _object(self, part_graph: bool) -> Iterator[Piece]:
        if self._next() == b"}":
            self._take(1)
            return
        while True:
            if self._next() != b'"':
                raise self.error("a key in double quotes is expected")
            key = self._value().text
            if self._next() != b":":
                raise self.error("a colon is expected")
            self._take(1)
            if part_graph and key == b'"@graph"' and self._next() == b"[":
                self._take(1)
                yield from self._members(listed=True)
            else:
                value = self._value()
                yield Piece(key, value.text, value.line, value.column)
            if not self._goes_on(b"}"):
                return

    def _members(self, *, listed: bool) -> Iterator[Piece]:
        if self._next() == b"]":
            self._take(1)
            return
        while True:
            value = self._value()
            yield Piece(None, value.text, value.line, value.column, listed)
            if not self._goes_on(b"]"):
                return

    def _goes_on(self, closing: bytes) -> bool:
        found = self._next()
        if found not in (b",", closing):
            raise self.error(f"a comma or {closing.decode()} is expected")
        self._take(1)
        return found == b","

    def _value(self) -> Piece:
        """Return the value that begins here, and move past it."""
        first = self._next()
        line, column = self._line, self._column
        if first == b'"':
            end = self._end_of_string()
        elif first in (b"{", b"["):
            end = self._end_of_brackets()
        else:
            end = self._end_of_scalar()
        text = self._text[self._at : end]
        if not text:
            raise self.error("a value is expected")
        self._take(end - self._at)
        return Piece(None, text, line, column)

    def _end_of_string(self) -> int:
        while (match := _STRING.match(self._text, self._at)) is None:
            if not self._more():
                raise self.error("this string is not closed")
        return match.end()

    def _end_of_scalar(self) -> int:
        while True:
            match = _SCALAR.match(self._text, self._at)
            end = match.end() if match else self._at
            if end < len(self._text) or not self._more():
                return end

    def _end_of_brackets(self) -> int:
        """Return the end of a list or object."""
        passed, depth = 0, 0  # `passed` counts from the begin, which moves
        while True:
            match = _FLAT.match(self._text, self._at + passed)
            if match is not None:
                passed = match.end() - self._at
            here = self._text[self._at + passed : self._at + passed + 1]
            if here in (b"", b'"'):
                if not self._more():
                    raise self.error(
                        "this is not closed" if here == b"" else "a string is not closed"
                    )
                continue
            passed += 1
            if here in (b"{", b"["):
                depth += 1
                if depth > DEEPEST_JSON:
                    line = self._line + self._text.count(b"\n", self._at, self._at + passed)
                    place = Location(self._name, line)
                    raise too_deep("objects and lists", place, DEEPEST_JSON)
            else:
                depth -= 1
                if depth == 0:
                    return self._at + passed

    def _next(self) -> bytes:
        """Skip white space and return the next byte; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            if match is not None:
                self._take(match.end() - self._at)
            if self._at < len(self._text):
                return self._text[self._at : self._at + 1]
            if not self._more():
                return b""

    def _take(self, count: int) -> None:
        end = self._at + count
        breaks = self._text.count(b"\n", self._at, end)
        if breaks:
            self._line += breaks
            self._column = end - self._text.rfind(b"\n", self._at, end)
        else:
            self._column += count
        self._at = end

    def _more(self) -> bool:
        """Read more of the text; return whether there was any."""
        waiting = len(self._text) - self._at
        if waiting > LONGEST_OBJECT:
            raise LimitError(
                "object-too-large",
                f"an object of more than {LONGEST_OBJECT // 2**20} MB begins here",
                location=Location(self._name, self._line),
                hint="Put its nodes into a list under @graph, which is read node by node.",
            )
        # An unfinished value is scanned again after each read, so read in growing steps.
        more = self._source.read(max(_CHUNK, waiting))
        self._text, self._at = self._text[self._at :] + more, 0
        return bool(more)

    def error(self, message: str) -> InputError:
        """Return an error at the current place."""
        return InputError(
            "bad-rdf",
            f"not valid JSON-LD: {message}",
            location=Location(self._name, self._line, self._column),
            hint="Fix the file at this place.",
        )
