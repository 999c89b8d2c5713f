"""Tables of databases by the names that mappings give them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError
from kg.extras import need
from kg.mapping.plan import LogicalSource
from kg.wording import nearest

if TYPE_CHECKING:
    from sqlalchemy import Connection

# SQLAlchemy's Inspector, and the module itself, which may not be installed.
Inspector = Any
Library = Any
_QUOTED: Final = r'"(?:[^"]|"")+"|`(?:[^`]|``)+`'
_PART: Final = re.compile(rf"({_QUOTED}|[^.\"`]+)(?:\.|$)")
# System schemas.
_OWN: Final = frozenset(("information_schema", "pg_catalog", "mysql", "performance_schema", "sys"))
_SHOWN: Final = 20
# Types whose values are no single ones.
_NESTED: Final = frozenset(("ARRAY", "JSON", "JSONB", "HSTORE"))


def table_query(source: LogicalSource, connection: Connection) -> str:
    """Return the query for all rows of the table, or view, that a source names.

    The exact name is looked up first, then the name without regard to case, as SQL does for
    unquoted names.

    Raises:
        InputError: There is no such table, or there are several.
    """
    wanted = source.iterator.strip()
    if not wanted:
        raise InputError(
            "bad-mapping",
            "the source says neither a query nor a table",
            location=source.origin.location(),
            hint="Add query: SELECT … or table: name.",
        )
    library: Any = need("sqlalchemy", "sql", "reading a database")
    inspector = library.inspect(connection)
    for schema, name in _readings(wanted):
        known = _tables(inspector, schema, library)
        same = [n for n in known if n == name]
        same = same or [n for n in known if n.casefold() == name.casefold()]
        if len(same) == 1:
            quoted = connection.dialect.identifier_preparer.quote_identifier
            parts = [schema, same[0]] if schema else [same[0]]
            return "SELECT * FROM " + ".".join(quoted(part) for part in parts)
        if same:
            raise _missing(source, f"{wanted!r} could be {' or '.join(map(repr, same))}", same)
    raise _missing(source, f"the database has no table {wanted!r}", _all(inspector, library))


def unquoted(name: str) -> str:
    """Return a name without the quotes around it.

    >>> unquoted('"a ""b"'), unquoted("a")
    ('a "b', 'a')
    """
    if len(name) > 2 and name[0] == name[-1] and name[0] in '"`':
        return name[1:-1].replace(name[0] * 2, name[0])
    return name


def _readings(wanted: str) -> Iterator[tuple[str | None, str]]:
    """Yield the schemas and tables that a name can mean: names may have dots, too."""
    yield None, unquoted(wanted)
    parts = [unquoted(part) for part in _PART.findall(wanted)]
    if len(parts) > 1:
        yield ".".join(parts[:-1]), parts[-1]


def _tables(inspector: Inspector, schema: str | None, library: Library) -> list[str]:
    found: list[str] = []
    for name in ("table", "view", "materialized_view", "foreign_table"):
        listed = getattr(inspector, f"get_{name}_names", None)
        try:
            found += listed(schema) if listed else ()
        except (NotImplementedError, library.exc.NoSuchTableError):
            continue
    return list(dict.fromkeys(found))


def _all(inspector: Inspector, library: Library) -> list[str]:
    """Return the tables of all schemas; those of the default one by their name alone."""
    found = _tables(inspector, None, library)
    for schema in inspector.get_schema_names():
        if schema not in _OWN and schema != inspector.default_schema_name:
            found += [f"{schema}.{name}" for name in _tables(inspector, schema, library)]
    return list(dict.fromkeys(found))


def all_columns(
    inspector: Inspector, library: Library, wanted: str = ""
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the tables of all schemas with the names and types of their columns.

    Args:
        inspector: Of a connection.
        library: SQLAlchemy.
        wanted: The only table whose columns are told; empty: all.
    """
    for name in _all(inspector, library):
        schema, _, table = name.rpartition(".")
        columns: list[tuple[str, str]] = []
        if wanted in ("", name):
            found = inspector.get_columns(table, schema=schema or None)
            columns = [(each["name"], _type_name(each["type"])) for each in found]
        yield name, columns


def _type_name(kind: object) -> str:
    """Return a type's name; those that hold documents are lists of values for kg."""
    name = type(kind).__name__.upper()
    return "LIST" if name in _NESTED else name


def _missing(source: LogicalSource, message: str, known: Sequence[str]) -> InputError:
    wanted = source.iterator.strip()
    # It may be in another schema, which the mapping does not name.
    named = {name.rpartition(".")[2]: name for name in reversed(known)} | {n: n for n in known}
    near = nearest(unquoted(wanted), named)
    listed = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
    return InputError(
        "missing-table",
        message,
        location=source.origin.location(),
        hint=f"Did you mean {named[near]!r}?" if near else f"It has: {listed or 'no tables'}.",
    )
