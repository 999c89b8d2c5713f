"""The tables of databases: SQLite and DuckDB files, and servers by their address, read only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import duckdb

from kg.engines.duckdb import duck_files
from kg.engines.duckdb.host import DuckHost
from kg.errors import InputError, Location, UsageError
from kg.extras import need
from kg.logins import database_shown
from kg.mapping.plan import Database, Formulation, LogicalSource, Origin
from kg.mapping.source_table import SourceTable
from kg.peek.model import Sight
from kg.sources import sqlite_files
from kg.sources.files import Folders, SourceFile
from kg.sources.reading import Reading
from kg.wording import nearest

# Schemes of the servers that mappings read, and what mappings call them.
_KINDS: Final = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "mssql": "mssql",
    "sqlserver": "mssql",
    "oracle": "oracle",
    "db2": "db2",
}
_ADDRESS: Final = re.compile(rf"({'|'.join(_KINDS)})://", re.IGNORECASE)
_OTHER: Final = re.compile(r"jdbc:|[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NESTED: Final = re.compile(r"STRUCT|MAP|UNION|LIST|.*\[\d*\]", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Return whether a text is the address of a server.

    >>> is_address("postgresql://localhost/shop#orders"), is_address("a/postgresql.csv")
    (True, False)
    """
    return _ADDRESS.match(text) is not None


def refuse_others(text: str) -> None:
    """Refuse an address of another kind, which is the name of no file.

    Raises:
        InputError: It starts as an address does, and no server that is read has such a one.
    """
    if _OTHER.match(text) and not is_address(text):
        raise InputError(
            "bad-database",
            f"{database_shown(split_table(text)[0])} is an address that kg cannot look at",
            hint="Name a file, or a server as postgresql://host:port/name (or mysql, mssql,"
            " oracle).",
        )


def split_table(text: str) -> tuple[str, str]:
    """Return the address of a server, and the table that is named behind ``#``.

    A ``#`` before the last ``@`` is part of a password.

    >>> split_table("mysql://me:a#b@host/shop#orders"), split_table("mysql://host/shop")
    (('mysql://me:a#b@host/shop', 'orders'), ('mysql://host/shop', ''))
    """
    login, at, rest = text.rpartition("@")
    place, _, table = rest.partition("#")
    return login + at + place, table


def sqlite_sights(file: SourceFile, source: LogicalSource) -> Iterator[Sight]:
    """Yield the tables of an SQLite file, or the one that is named."""
    need("sqlalchemy", "sql", "reading a database")
    known = sqlite_files.table_columns(file.path)
    broken = [table for table, columns in known.items() if not columns]
    notes = [f"cannot be read, and left out: the view {table}" for table in broken]
    for table in _wanted(file.member, known, file.location):
        if table == file.member and table in broken:
            raise InputError(
                "missing-table",
                f"the view {table!r} cannot be read",
                location=file.location,
                hint="It may be of a table that is not there any more: mend it in the database.",
            )
        if table not in broken:
            names, key = known[table], sqlite_files.primary_key(file.path, table)
            of_table = replace(source, iterator=table)
            yield Sight(of_table, table, names, names, notes=tuple(notes), key=key)
            notes = []


def duckdb_sights(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, source: LogicalSource
) -> Iterator[Sight]:
    """Yield the tables of a DuckDB file, or the one that is named."""
    known = duck_files.table_columns(connection, file.path)
    for table in _wanted(file.member, known, file.location):
        yield _sight(replace(source, iterator=table), table, known[table])


def server_sights(
    connection: duckdb.DuckDBPyConnection, text: str, folders: Folders
) -> Iterator[Sight]:
    """Yield the tables of a server, or the one that is named behind ``#`` in its address.

    Raises:
        InputError: It has no such table.
        WorldError: It cannot be reached.
    """
    from kg.sources.databases import find_database, tables_of

    address, wanted = split_table(text)
    shown = database_shown(address)
    kind = _KINDS[address.partition(":")[0].lower()]
    source = LogicalSource(
        shown,
        Formulation.SQL,
        database=Database(address, kind=kind),
        origin=Origin(shown),
    )
    host, table = DuckHost(connection), SourceTable("kg_peek", source, ())
    reading = Reading(host, find_database(source, folders), 0, table, folders)
    known = tables_of(reading, wanted)
    for name in _wanted(wanted, known, source.origin.location()):
        yield _sight(replace(source, iterator=name), name, known[name])


def login_of(address: str) -> tuple[str, str]:
    """Return an address without its login and scheme, and the login.

    >>> login_of("postgresql://me:secret@host:5432/shop"), login_of("mysql://host/shop")
    (('host:5432/shop', 'me:secret'), ('host/shop', ''))
    """
    rest = address.partition("://")[2]
    place = rest.partition("?")[0].rfind("@")
    return (rest[place + 1 :], rest[:place]) if place >= 0 else (rest, "")


def refuse_secrets(address: str) -> None:
    """Refuse an address with parameters, which may hold secrets, where it is to be written down.

    Raises:
        UsageError: It has parameters.
    """
    if "?" in address or ";" in address:
        raise UsageError(
            "usage",
            "the address of the database has parameters, which may hold secrets",
            hint="Leave them out, or write the mapping by hand: kg help mapping-reference.",
        )


def _wanted(name: str, known: Iterable[str], place: Location | None) -> list[str]:
    """Return the names of the tables to read.

    Raises:
        InputError: There is no table of the name, or none at all.
    """
    listed = list(known)
    if not name and not listed:
        raise InputError(
            "empty-file",
            "the database has no tables",
            location=place,
            hint="Is it the one that you think it is?",
        )
    if not name:
        return listed
    if name not in listed:
        near = nearest(name, listed)
        raise InputError(
            "missing-table",
            f"the database has no table {name!r}",
            location=place,
            hint=(f"Did you mean {near!r}? " if near else "")
            + f"It has: {', '.join(listed) or 'no tables'}.",
        )
    return [name]


def _sight(source: LogicalSource, table: str, columns: Sequence[tuple[str, str]]) -> Sight:
    """Return a table without the columns whose values are no single ones."""
    names = tuple(name for name, kind in columns if not _NESTED.match(kind))
    left = [name for name, _ in columns if name not in names]
    notes = [f"nested columns are left out: {', '.join(left)}"] * bool(left)
    return Sight(source, table.rpartition(".")[2], names, names, notes=tuple(notes))
