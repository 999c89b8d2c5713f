"""CSV made of the TSV that Oxigraph writes: as fast, and with every kind of term quoted.

Oxigraph's own CSV quotes literals only, so that an IRI with a comma moves the columns. Its TSV
tells all terms apart. Most pieces of it are turned by a few operations on all of their bytes;
where a text holds an escape, or an IRI a comma, a piece is read cell by cell.

Spec: https://www.w3.org/TR/sparql11-results-csv-tsv/#csv https://www.rfc-editor.org/rfc/rfc4180
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Final

# Bytes that are turned at once, at least.
_PIECE: Final = 64 * 1024
# Patterns are compiled when they are needed: `kg query` seldom does.
_SPECIAL: Final = rb'[,"\r\n]'
_SUFFIX: Final = rb"\x00(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)"
# A cell: an IRI, a literal with quotes, or something bare such as a number or a blank node.
_CELL: Final = (
    rb'(?s:<([^<>"\t\n]*)>(?=[\t\n])'
    rb'|"((?:[^"\\]|\\.)*)"(?:@[A-Za-z0-9-]+|\^\^<[^>]*>)?(?=[\t\n])'
    rb"|((?:[^\t\n\\]|\\.)*))"
)
_ESCAPE: Final = rb"(?s:\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.)))"
_NAMED: Final = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"b": b"\b", b"f": b"\f"}


def quoted(text: bytes) -> bytes:
    """Return a field as RFC 4180 has it, in quotes where it needs them."""
    return b'"' + text.replace(b'"', b'""') + b'"' if re.search(_SPECIAL, text) else text


class CsvOfTsv:
    """Takes the TSV of an answer with ``write``, and writes CSV.

    Args:
        out: Where the CSV goes.
        columns: How many columns there are.

    Attributes:
        rows: How many rows were written.
    """

    def __init__(self, out: IO[bytes], columns: int) -> None:
        self.rows = -1  # the head is a line, too
        self._out = out
        self._columns = columns
        self._waiting: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        """Take some bytes of TSV."""
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= _PIECE:
            self._pass_on(end=False)
        return len(data)

    def flush(self) -> None:
        """Do nothing: what waits is written with `finish`."""

    def finish(self) -> None:
        """Write what is left."""
        self._pass_on(end=True)
        self._out.flush()

    def _pass_on(self, *, end: bool) -> None:
        data = b"".join(self._waiting)
        cut = len(data) if end else data.rfind(b"\n") + 1
        self._waiting, self._size = [data[cut:]], len(data) - cut
        if cut:
            self._lines(data[:cut])

    def _lines(self, lines: bytes) -> None:
        if self.rows < 0:
            head, _, lines = lines.partition(b"\n")
            self._out.write(head.replace(b"?", b"").replace(b"\t", b",") + b"\r\n")
            self.rows = 0
        self.rows += lines.count(b"\n")
        turned = None if self._columns < 2 else _at_once(lines)
        if turned is None:
            for line in _fields(lines):
                # An empty line would be no record for some readers.
                bare = self._columns == 1 and line == [b""]
                self._out.write((b'""' if bare else b",".join(line)) + b"\r\n")
        else:
            self._out.write(turned)


def _at_once(lines: bytes) -> bytes | None:
    """Return CSV for lines of TSV, or None where they must be read cell by cell."""
    if b"\\" in lines or b"\x00" in lines or b"\r" in lines or b"<<" in lines:
        return None
    # Without escapes each quote begins or ends a text.
    parts = lines.split(b'"')
    outside = b"\x00".join(parts[::2])
    if b"," in outside:
        return None
    if len(parts) > 1:
        outside = re.sub(_SUFFIX, b"\x00", outside)
    outside = outside.translate(None, b"<>").replace(b"\t", b",").replace(b"\n", b"\r\n")
    if len(parts) == 1:
        return outside
    parts[::2] = outside.split(b"\x00")
    texts = parts[1::2]
    if any(b"," in text for text in texts):
        parts[1::2] = [b'"' + text + b'"' if b"," in text else text for text in texts]
    return b"".join(parts)


def _fields(lines: bytes) -> Iterator[list[bytes]]:
    """Yield the fields of each line of TSV."""
    at, line = 0, []
    cell = re.compile(_CELL)
    while at < len(lines):
        match = cell.match(lines, at)
        assert match is not None  # the last of its parts matches anything
        iri, text, bare = match.groups()
        if iri is not None:
            line.append(quoted(_unescaped(iri)))
        elif text is not None:
            line.append(quoted(_unescaped(text)))
        else:
            line.append(quoted(bare))
        at = match.end() + 1
        if lines[match.end() : at] == b"\n":
            yield line
            line = []


def _unescaped(text: bytes) -> bytes:
    def char(match: re.Match[bytes]) -> bytes:
        code = match[1] or match[2]
        if code is not None:
            return chr(int(code, 16)).encode("utf-8", "surrogatepass")
        return _NAMED.get(match[3], match[3])

    return re.sub(_ESCAPE, char, text) if b"\\" in text else text
