"""Dates, times and intervals of PostgreSQL that Python's types cannot hold.

The driver refuses years before 1 and after 9999, ``infinity`` and ``24:00``, and turns a month into
thirty days.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from kg.sources.lexical import Lexical, date_of_text, duration_of_iso

if TYPE_CHECKING:
    from psycopg import Connection, abc

Buffer = bytes | bytearray | memoryview
# Types by name, and the functions that read their texts.
_READ: Final[dict[str, Callable[[str], Lexical]]] = {
    "date": lambda text: date_of_text(text, "D"),
    "timestamp": lambda text: date_of_text(text, "T"),
    "timestamptz": lambda text: date_of_text(text, "T"),
    "time": lambda text: Lexical(text, "t"),
    "timetz": lambda text: Lexical(f"{text}:00" if text[-3] in "+-" else text, "t"),
}


def read_all_times(connection: Connection[object], record: object) -> None:
    """Make a new psycopg connection return values without a Python type as `Lexical`."""
    del record
    from psycopg import DataError, adapt, pq

    adapters = connection.adapters

    def loader(base: type[abc.Loader], read: Callable[[str], Lexical]) -> type[adapt.Loader]:
        class Loader(adapt.Loader):
            def __init__(self, oid: int, context: abc.AdaptContext | None = None) -> None:
                super().__init__(oid, context)
                self.usual = base(oid, context)

            def load(self, data: Buffer) -> object:
                try:
                    return self.usual.load(data)
                except DataError:
                    return read(bytes(data).decode())

        return Loader

    class Interval(adapt.Loader):
        def load(self, data: Buffer) -> Lexical:
            return duration_of_iso(bytes(data).decode())

    for name, read in _READ.items():
        known = adapters.types[name]
        base = adapters.get_loader(known.oid, pq.Format.TEXT)
        assert base is not None
        adapters.register_loader(known.oid, loader(base, read))
    adapters.register_loader("interval", Interval)
