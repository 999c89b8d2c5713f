"""Pass rows of typed values to DuckDB: their texts and natural datatypes.

Rows that Python libraries read (databases, workbooks, results of queries) are written one a line,
texts and kinds in turn, and DuckDB reads that file: a row costs microseconds, and memory does not
grow. Kinds are those of `kg.mapping.source_table`.

Spec: https://www.w3.org/TR/r2rml/#natural-mapping
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from kg.errors import LimitError
from kg.sources.lexical import Lexical, duration
from kg.sources.reading import Reading
from kg.sources.records import RowRecords

# A value of a row, of a type that a library gives.
Value = object
Typed = tuple[str | None, str | None]

# A row may be somewhat larger than the longest text in it.
_LARGEST_ROW: Final = 1 << 28
# Characters of a list or object that messages show.
_SHOWN: Final = 100
_encoded: Final = json.JSONEncoder(ensure_ascii=False).encode


def _decimal(value: Decimal) -> Typed:
    # xsd:decimal has no NaN and no infinity; xsd:double has.
    return (format(value, "f"), "n") if value.is_finite() else (str(float(value)), "d")


def _datetime(value: datetime) -> Typed:
    text = value.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text, "T"


def _lexical(value: Lexical) -> Typed:
    return value.text, value.kind


_KINDS: Final[Mapping[type, Callable[..., Typed]]] = {
    str: lambda value: (value, None),
    type(None): lambda _: (None, None),
    bool: lambda value: ("true" if value else "false", "b"),
    int: lambda value: (str(value), "i"),
    float: lambda value: (repr(value), "d"),
    Decimal: _decimal,
    datetime: _datetime,
    date: lambda value: (value.isoformat(), "D"),
    time: lambda value: (value.isoformat(), "t"),
    bytes: lambda value: (value.hex().upper(), "h"),
    bytearray: lambda value: (value.hex().upper(), "h"),
    memoryview: lambda value: (value.hex().upper(), "h"),
    # Not single values: RDF has no datatype for them.
    list: lambda value: (str(value)[:_SHOWN], "!"),
    tuple: lambda value: (str(value)[:_SHOWN], "!"),
    dict: lambda value: (str(value)[:_SHOWN], "!"),
    timedelta: lambda value: _lexical(duration(value)),
    Lexical: _lexical,
}


def typed(value: Value) -> Typed:
    r"""Return the text of a value and the kind of its natural datatype.

    >>> typed(Decimal("1.50")), typed(True), typed("x"), typed(b"\x00\xff")
    (('1.50', 'n'), ('true', 'b'), ('x', None), ('00FF', 'h'))
    """
    make = _KINDS.get(type(value))
    if make is not None:
        return make(value)
    for kind, make in _KINDS.items():
        if isinstance(value, kind):
            return make(value)
    return str(value), None


def spool_rows(reading: Reading, rows: Iterable[Sequence[Value]]) -> RowRecords:
    """Write rows to a file, and return where they are.

    Args:
        reading: The reading.
        rows: Each with the values of the table's columns, in their order.

    Raises:
        LimitError: A row is too large.
    """
    target = reading.copy(".jsonl")
    largest = 0
    with target.open("w", encoding="utf-8", errors="surrogatepass") as out:
        for row in rows:
            line = _encoded([part for value in row for part in typed(value)])
            if len(line) > largest:
                largest = len(line)
                _check_size(largest, reading)
            out.write(line + "\n")
    return RowRecords(target, largest)


def _check_size(size: int, reading: Reading) -> None:
    if size > _LARGEST_ROW:
        raise LimitError(
            "record-too-large",
            f"a row is larger than {_LARGEST_ROW // 2**20} MB",
            location=reading.file.location,
            hint="Leave the large columns out of the query.",
        )
