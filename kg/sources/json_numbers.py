"""JSON numbers that keep their text, where the engine would write them anew.

The engine reads numbers with a fraction or an exponent as doubles: ``1.50`` becomes ``1.5``, and
a decimal of twenty digits another number. Such a number is passed as a text that starts with a
mark, which `text_sql` and `kind_sql` know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kg.duck import sql_text

# As JSON writes it; no data will hold it.
_MARK: Final = '"\\u0001kg number\\u0001'
_LENGTH: Final = len("\x01kg number\x01")
_SKIPPED: Final = re.compile(rb'(?:[^"0-9-]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_NUMBER: Final = re.compile(rb"-?+[0-9]*+(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+")


def marked(number: str) -> str:
    r"""Return a number as JSON, marked if the engine would not keep its text.

    >>> marked("1.5"), marked("12")
    ('1.5', '12')
    >>> marked("1.50")
    '"\\u0001kg number\\u00011.50"'
    """
    is_short = "e" not in number and "E" not in number and repr(float(number)) == number
    if is_short or number.lstrip("-").isdigit():
        return number
    return f'{_MARK}{number}"'


def mark_numbers(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield JSON text in UTF-8 with its numbers marked; line ends stay where they are."""
    buffer, position, ended = b"", 0, False
    while True:
        found = _SKIPPED.match(buffer, position)
        assert found is not None
        end = found.end()
        number = _NUMBER.match(buffer, end)
        assert number is not None
        # Up to two more bytes are needed to see that a number ends here: 1e+0.
        if not ended and (number.end() == end or len(buffer) - number.end() < 3):
            yield buffer[position:end]
            block = next(blocks, None)
            ended = block is None
            buffer, position = buffer[end:] + (block or b""), 0
            continue
        yield buffer[position:end]
        if number.end() == end:
            # The end, or a quote that is never closed, which the engine will tell.
            yield buffer[end:]
            return
        yield _marked(number[0])
        position = number.end()


def _marked(number: bytes) -> bytes:
    if b"." not in number and b"e" not in number and b"E" not in number:
        return number
    try:
        return marked(number.decode()).encode()
    except ValueError:
        return number


def text_sql(found: str) -> str:
    """Return the SQL of the text of a JSON value, whose SQL is given."""
    return (
        f"CASE WHEN starts_with({found}, {sql_text(_MARK)})"
        f" THEN substr(json_extract_string({found}, '$'), {_LENGTH + 1})"
        f" ELSE kg_json_text({found}) END"
    )


def kind_sql(found: str) -> str:
    """Return the SQL of the kind of a JSON value's natural datatype."""
    return (
        f"CASE WHEN starts_with({found}, {sql_text(_MARK)}) THEN 'd' ELSE kg_json_kind({found}) END"
    )
