"""Which line of a text a parser is at."""

from __future__ import annotations

import io


class LineReader(io.BytesIO):
    """Hands a text to a parser line by line, so that the line of each triple can be told."""

    line = 0

    def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002  (a line, however long)
        """Return the next line."""
        found = self.readline()
        if found:
            self.line += 1
        return found
