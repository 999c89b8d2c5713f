"""Keep the text of JSON numbers that DuckDB would change.

DuckDB reads numbers with a fraction or an exponent as doubles: ``1.50`` becomes ``1.5``, and
a decimal of twenty digits becomes another number. Such a number is passed as a text that starts
with a mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# The mark, which no data will hold.
MARK: Final = "\x01kg number\x01"
MARK_AS_JSON: Final = '"\\u0001kg number\\u0001'
# Text without a number that has a fraction or an exponent; then such a number.
_SKIPPED: Final = re.compile(
    rb'(?:[^"0-9-]++|"(?:[^"\\]++|\\.)*+"|-?[0-9]++(?![0-9.eE])|-(?![0-9]))*+', re.DOTALL
)
_NUMBER: Final = re.compile(
    b"(" + _SKIPPED.pattern + rb")(-?[0-9]++(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+)", re.DOTALL
)


def marked(number: str) -> str:
    r"""Return a number as JSON, marked if DuckDB would not keep its text.

    >>> marked("1.5"), marked("12")
    ('1.5', '12')
    >>> marked("1.50")
    '"\\u0001kg number\\u00011.50"'
    """
    is_short = "e" not in number and "E" not in number and repr(float(number)) == number
    if is_short or number.lstrip("-").isdigit():
        return number
    return f'{MARK_AS_JSON}{number}"'


def mark_numbers(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield JSON text in UTF-8 with its numbers marked; line ends stay where they are."""
    rest = b""
    for block in blocks:
        buffer = rest + block
        # The number that the block ends in may go on in the next one.
        limit = len(buffer.rstrip(b"+-0123456789.eE"))
        done, text = _marked_until(buffer, limit)
        yield text
        rest = buffer[done:]
    done, text = _marked_until(rest, len(rest))
    yield text
    # A quote that is never closed, which DuckDB will report.
    yield rest[done:]


def _marked_until(buffer: bytes, limit: int) -> tuple[int, bytes]:
    """Return how far a text could be read, and that much of it with its numbers marked."""
    pieces: list[bytes] = []
    position = 0
    while found := _NUMBER.match(buffer, position, limit):
        pieces += (found[1], _marked(found[2]))
        position = found.end()
    left = _SKIPPED.match(buffer, position, limit)
    assert left is not None
    pieces.append(left[0])
    return left.end(), b"".join(pieces)


def _marked(number: bytes) -> bytes:
    try:
        return marked(number.decode()).encode()
    except ValueError:
        return number
