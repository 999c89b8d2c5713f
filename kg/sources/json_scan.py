"""JSON read as a stream of bytes: records cut out of documents of any size, faults with places.

One match of a pattern consumes a value nested up to three deep. Deeper values, and those larger
than the buffer, are read token by token. Records are cut out as written, so numbers keep their
text.

Spec: https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final, NoReturn

from kg.errors import InputError, LimitError, Location
from kg.mapping.jsonpath import Step, Wildcard
from kg.sources.files import SourceFile

# Bytes that the buffer holds when a value is matched, unless the text ends before.
_LOW: Final = 1 << 18
# Longest key or text, which is held in memory whole. Bytes.
_LONGEST_TEXT: Final = 1 << 26

_WS: Final = rb"[ \t\r\n]*+"
_STRING: Final = rb'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_NUMBER: Final = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?"


def _nested(depth: int) -> bytes:
    inner = b"|" + _nested(depth - 1) if depth else b""
    value = b"(?:" + _STRING + b"|" + _NUMBER + b"|true|false|null" + inner + b")"
    member = _STRING + _WS + b":" + _WS + value + _WS
    item = value + _WS

    # Each is written once: the pattern is compiled in a fifth of the time.
    def several(one: bytes, closer: bytes) -> bytes:
        more = b"," + _WS + b"(?!" + closer + b")|(?=" + closer + b")"
        return _WS + b"(?:" + one + b"(?:" + more + b"))*+" + closer

    return rb"\{" + several(member, rb"\}") + rb"|\[" + several(item, rb"\]")


_SPACE: Final = re.compile(_WS)
_KEY: Final = re.compile(b"(" + _STRING + b")" + _WS + b":")
_COMMA: Final = re.compile(_WS + b"," + _WS)

Sink = Callable[[bytes], object]


# Compiled on first use: that takes some milliseconds, which other commands save.
@cache
def _value() -> re.Pattern[bytes]:
    return re.compile(_STRING + b"|" + _NUMBER + b"|true|false|null|" + _nested(2))


class JsonScanner:
    """Walks through JSON texts.

    Args:
        blocks: The text in UTF-8, in pieces.
        file: For messages.
    """

    def __init__(self, blocks: Iterator[bytes], file: SourceFile) -> None:
        self._blocks = blocks
        self._file = file
        self._buffer = b""
        self._position = 0
        self._ended = False
        # Of the first byte of the buffer, from 1.
        self._line = 1
        self._column = 1
        # Of the last place in the buffer whose line was counted.
        self._counted = (0, 0)

    def documents(self, *, several: bool) -> Iterator[None]:
        """Stop at each document, which the caller walks through or consumes.

        Args:
            several: Whether the text may hold more than one document, as JSON Lines do.

        Raises:
            InputError: There is no document, or more than one where only one may be.
        """
        count = 0
        while self._peek() or (not count and not several):
            if count and not several:
                self._fault(
                    "more text follows the document",
                    "A file with a document on each line is called .jsonl or .ndjson.",
                )
            count += 1
            yield

    def walk(self, steps: Sequence[Step]) -> Iterator[None]:
        """Stop at each value of a path; the caller consumes it with `value`.

        Args:
            steps: Keys, indices from 0 and wildcards.

        Raises:
            InputError: The text is not valid JSON; the message names line and column.
        """
        if not steps:
            yield
            return
        start = self._peek()
        step, rest = steps[0], steps[1:]
        if start == b"{" and not isinstance(step, int):
            yield from self._walk_object(step, rest)
        elif start == b"[" and not isinstance(step, str):
            yield from self._walk_array(step, rest)
        else:
            self.value(None)

    def _walk_object(self, step: str | Wildcard, rest: Sequence[Step]) -> Iterator[None]:
        self._position += 1
        if self._peek() == b"}":
            self._position += 1
            return
        found = False
        while True:
            key = self._key(None)
            if step is Wildcard.ALL or (not found and key == step):
                found = True
                yield from self.walk(rest)
            else:
                self.value(None)
            if not self._goes_on(b"}", None):
                return

    def _walk_array(self, step: int | Wildcard, rest: Sequence[Step]) -> Iterator[None]:
        self._position += 1
        if self._peek() == b"]":
            self._position += 1
            return
        index = 0
        while True:
            if step is Wildcard.ALL or index == step:
                yield from self.walk(rest)
            else:
                self.value(None)
            index += 1
            if not self._goes_on(b"]", None):
                return

    def kind(self) -> str:
        """Return the kind of value at the position, for messages."""
        return {b"{": "an object", b"[": "an array"}.get(self._peek(), "a single value")

    def keys(self) -> list[str]:
        """Consume an object, and return its keys."""
        self._position += 1
        found: list[str] = []
        if self._peek() == b"}":
            self._position += 1
            return found
        while True:
            found.append(self._key(None))
            self.value(None)
            if not self._goes_on(b"}", None):
                return found

    def records(self, steps: Sequence[Step], limit: int) -> Iterator[bytes]:
        """Yield the values of a path, each on one line.

        Args:
            steps: As for `walk`.
            limit: Most bytes of a value.

        Raises:
            InputError: The text is not valid JSON; the message names line and column.
            LimitError: A value is longer.
        """
        if steps and steps[-1] is Wildcard.ALL:
            for _ in self.walk(steps[:-1]):
                if self._peek() == b"[":
                    yield from self._items(limit)
                else:
                    for _ in self.walk(steps[-1:]):
                        yield self._whole(limit)
        else:
            for _ in self.walk(steps):
                yield self._whole(limit)

    def _items(self, limit: int) -> Iterator[bytes]:
        """Yield the elements of an array: most with two matches each."""
        self._position += 1
        if self._peek() == b"]":
            self._position += 1
            return
        pattern = _value()
        while True:
            found = pattern.match(self._buffer, self._position)
            comma = found and _COMMA.match(self._buffer, found.end())
            if found and comma and comma.end() < len(self._buffer):
                self._position = comma.end()
                yield _on_one_line(found[0])
            elif len(self._buffer) - self._position >= _LOW or not self._fill():
                yield self._whole(limit)
                if not self._goes_on(b"]", None):
                    return

    def _whole(self, limit: int) -> bytes:
        line, size = self._line, 0
        pieces: list[bytes] = []

        def keep(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            if size > limit:
                raise too_large(Location(self._file.shown, line), limit)
            pieces.append(piece)

        self.value(keep)
        return b"".join(pieces)

    def value(self, sink: Sink | None) -> None:
        """Consume one value, and pass its bytes on without line ends.

        Raises:
            InputError: It is not valid JSON; the message names line and column.
        """
        self._peek()
        closers: list[bytes] = []
        while True:
            if self._opened(closers, sink):
                continue
            while closers and not self._goes_on(closers[-1], sink):
                closers.pop()
            if not closers:
                return
            if closers[-1] == b"}":
                self._key(sink)

    def _opened(self, closers: list[bytes], sink: Sink | None) -> bool:
        """Consume a value, or only its start; then push its end on the stack."""
        found = self._match(_value())
        if found:
            if sink:
                sink(_on_one_line(found[0]))
            self._position = found.end()
            return False
        start = self._peek()
        if start not in (b"{", b"["):
            self._bad_value(start)
        self._position += 1
        closer = b"}" if start == b"{" else b"]"
        if sink:
            sink(start)
        if self._peek() == closer:
            self._position += 1
            if sink:
                sink(closer)
            return False
        closers.append(closer)
        if closer == b"}":
            self._key(sink)
        return True

    def _key(self, sink: Sink | None) -> str:
        self._peek()
        found = self._match(_KEY)
        if not found:
            if self._peek() != b'"':
                self._fault("a key in double quotes is expected", "Check for a comma too many.")
            self._match(re.compile(_STRING)) or self._bad_value(b'"')
            self._fault("a colon is expected behind the key", 'Members are written "key": value.')
        assert found is not None
        if sink:
            sink(_on_one_line(found[0]))
        self._position = found.end()
        self._peek()
        return str(json.loads(found[1]))

    def _goes_on(self, closer: bytes, sink: Sink | None) -> bool:
        """Consume what follows a value: a comma, or the end of the array or object."""
        comma = _COMMA.match(self._buffer, self._position)
        if comma and comma.end() < len(self._buffer):
            self._position = comma.end()
            if sink:
                sink(b",")
            return True
        mark = self._peek()
        if mark not in (b",", closer):
            self._fault(
                f"a comma or {closer.decode()} is expected",
                "Check for a missing quote, comma or bracket.",
            )
        self._position += 1
        if sink:
            sink(mark)
        if mark == b",":
            self._peek()
        return mark == b","

    # --- the buffer -----------------------------------------------------------------------

    def _peek(self) -> bytes:
        """Return the next byte that is not white space; empty at the end of the text."""
        while True:
            found = _SPACE.match(self._buffer, self._position)
            assert found is not None
            self._position = found.end()
            if self._position < len(self._buffer) or not self._fill():
                return self._buffer[self._position : self._position + 1]

    def _match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Match at the position, with enough of the text in the buffer to be sure."""
        if len(self._buffer) - self._position < _LOW:
            self._fill()
        while True:
            found = pattern.match(self._buffer, self._position)
            # Only two more bytes show that a number has ended: 1.5, 1e+5.
            if found and (found.end() + 2 < len(self._buffer) or self._ended):
                return found
            left = len(self._buffer) - self._position
            is_text = self._buffer.startswith(b'"', self._position)
            if found is None and left >= _LOW and not (is_text and self._is_open()):
                return None
            if left > _LONGEST_TEXT:
                raise too_large(Location(self._file.shown, *self._place()), _LONGEST_TEXT)
            if not self._fill(left):
                return found

    def _is_open(self) -> bool:
        """Return whether the text at the position may go on after the buffer."""
        found = re.compile(rb'"(?:[^"\\\x00-\x1f]++|\\.)*+').match(self._buffer, self._position)
        return found is not None and found.end() >= len(self._buffer) - 6

    def _fill(self, size: int = 1) -> bool:
        """Read at least so many bytes more, if there are; return whether there were any."""
        if self._ended:
            return False
        blocks: list[bytes] = []
        while size > 0 and not self._ended:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
            else:
                blocks.append(block)
                size -= len(block)
        if not blocks:
            return False
        self._line, self._column = self._place()
        self._buffer = b"".join((self._buffer[self._position :], *blocks))
        self._position = 0
        self._counted = (0, 0)
        return True

    # --- places ---------------------------------------------------------------------------

    def line(self) -> int:
        """Return the line, from 1, of the position, counted on from the last call."""
        place, breaks = self._counted
        breaks += self._buffer.count(b"\n", place, self._position)
        self._counted = (self._position, breaks)
        return self._line + breaks

    def _place(self) -> tuple[int, int]:
        """Return line and column, from 1, of the position."""
        line = self.line()
        start = self._buffer.rfind(b"\n", 0, self._position) + 1
        width = len(self._buffer[start : self._position].decode(errors="replace"))
        return line, width + (1 if start else self._column)

    def _bad_value(self, start: bytes) -> NoReturn:
        rest = self._buffer[self._position : self._position + 9]
        if not start:
            self._fault("the text ends too early", "Check whether the file is complete.")
        if start == b'"':
            self._fault(
                "a text in quotes is not closed, or holds a line end, a control character or an"
                " escape that is not valid",
                "Close the quote; write a line end as \\n and a backslash as \\\\.",
            )
        if rest.startswith((b"NaN", b"Infinity", b"-Infinity")):
            self._fault("NaN and Infinity are not JSON", "Write null, or a text in quotes.")
        if start in (b"}", b"]"):
            self._fault("a value is expected", "Check for a comma at the end of a list.")
        self._fault("this is no JSON value", "Put texts in double quotes; comments are not JSON.")

    def _fault(self, message: str, hint: str) -> NoReturn:
        place = Location(self._file.shown, *self._place())
        raise InputError("bad-json", f"not valid JSON: {message}", location=place, hint=hint)


def _on_one_line(piece: bytes) -> bytes:
    """Return a piece of JSON without line ends, which can only be between its tokens."""
    if b"\n" in piece or b"\r" in piece:
        return piece.replace(b"\n", b" ").replace(b"\r", b" ")
    return piece


def too_large(place: Location, limit: int) -> LimitError:
    """Return the error for a record that does not fit in memory."""
    return LimitError(
        "record-too-large",
        f"a record is larger than {limit // 2**20} MB",
        location=place,
        hint="Choose smaller records with the iterator, such as $.items[*], or give more --memory.",
    )
