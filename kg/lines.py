"""Which line of a text a parser is at."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from typing import IO


class LineReader:
    """Hands a text to a parser line by line, so that the line of each triple can be told.

    Args:
        source: The text in UTF-8; a byte order mark at its start is passed over.

    Attributes:
        line: Number of the line that was read last, from 1.
    """

    def __init__(self, source: bytes | IO[bytes]) -> None:
        self._source = io.BytesIO(source) if isinstance(source, bytes) else source
        start = self._source.read(len(BOM_UTF8))
        self._start = io.BytesIO(start.removeprefix(BOM_UTF8))
        self._inside = False  # a line of which only a part was handed out
        self.line = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return the next line, or as much of it as may be returned.

        Args:
            size: The largest number of bytes to return. A parser that is handed more than it
                asked for writes behind its buffer.
        """
        found = self._start.readline(size) or self._source.readline(size)
        if found and not self._inside:
            self.line += 1
        self._inside = bool(found) and not found.endswith(b"\n")
        return found
