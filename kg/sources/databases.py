"""Databases, read through SQLAlchemy: SQLite files, and servers.

The servers are PostgreSQL, MySQL, SQL Server, Oracle and Db2. Connections are read-only, rows come
in batches, and no message shows a password. kg cannot make sure that other databases are only read,
so it refuses them.

Spec: https://www.w3.org/TR/r2rml/#logical-tables,
https://kg-construct.github.io/rml-io/spec/docs/ (rml:SQL2008Query, rml:SQL2008Table)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from kg.errors import InputError, WorldError
from kg.extras import need
from kg.logins import escape_login
from kg.mapping.database_urls import database_url
from kg.mapping.plan import Database, LogicalSource
from kg.sources import sqlite_files, sqlite_types
from kg.sources.database_tables import all_columns, table_query, unquoted
from kg.sources.files import Folders, SourceFile, check_file, missing_reference
from kg.sources.lexical import time_of_day
from kg.sources.postgres_times import read_all_times
from kg.sources.reading import Reading
from kg.sources.records import RowRecords
from kg.sources.rows import Value, spool_rows
from kg.sources.servers import VARIABLE, check_variables, is_named_by_user, variable
from kg.sources.sqlite_files import connect
from kg.sources.statements import check_statement
from kg.variables import current

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine

# The module sqlalchemy, which may not be installed.
Library = Any
# Gives a value another form; it gets None for a missing one.
_Form = Callable[[Any], Value]
# Rows fetched at a time and held in memory.
_BATCH: Final = 500
# The numbers of types in MySQL's protocol.
_MYSQL_TINY: Final = 1
_MYSQL_TIME: Final = 11
_MYSQL_BIT: Final = 16
# Databases whose drivers kg's extra brings, or users install.
_READ: Final = frozenset(("postgresql", "mysql", "mariadb", "mssql", "oracle", "db2"))
# The package that brings a driver, by the module that is missing without it, or the kind.
_PACKAGES: Final = {"db2": "ibm_db_sa", "MySQLdb": "pymysql"}
_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mssql": "mssql+pymssql",
    "sqlserver": "mssql+pymssql",
    "oracle": "oracle+oracledb",
}


def find_database(source: LogicalSource, folders: Folders) -> SourceFile:
    """Return the SQLite file or the server that a source means.

    Raises:
        InputError: The file is not there, or the database lies where it may not.
    """
    url = _url(source)
    if url.startswith("sqlite:"):
        file = SourceFile(Path(source.folder) / url.removeprefix("sqlite:"))
        if is_named_by_user(source):
            folders = Folders(None, folders.spill)
        check_file(file, source, folders)
        return file
    shown = re.sub(r"//[^/@]*@", "//", url.partition("?")[0])
    if folders.inside is not None and not is_named_by_user(source):
        raise InputError(
            folders.code,
            f"the database {shown} lies outside {folders.called}",
            location=source.origin.location(),
            hint="Allow it with --allow-outside.",
        )
    return SourceFile(Path(), name=shown)


def read(reading: Reading) -> RowRecords:
    """Return the rows of a database as records.

    Raises:
        InputError: The query is wrong, or lacks a column; there is no such table.
        WorldError: The database cannot be reached.
    """
    with _connected(reading) as connection:
        query = reading.source.query or table_query(reading.source, connection)
        backend = connection.dialect.name
        if backend != "sqlite":
            check_statement(query, "mysql" if backend == "mariadb" else backend, reading.source)
            query = query.rstrip().removesuffix(";")  # Oracle takes none
        if connection.dialect.paramstyle in ("format", "pyformat"):
            query = query.replace("%", "%%")
        result = connection.exec_driver_sql(query)
        if not result.returns_rows:
            raise InputError(
                "bad-query",
                "the query gives no rows",
                location=reading.source.origin.location(),
                hint="Write a SELECT.",
            )
        names = list(result.keys())
        picked = _picked(reading, names)
        if backend == "sqlite":
            declared = sqlite_types.declared_types(reading.file.path, query)
            forms = sqlite_types.converters(names, declared)
            records = spool_rows(reading, _rows(result, picked, forms))
            reading.notes += [note for n in picked if n in forms and (note := forms[n].note())]
            return records
        forms_of_mysql = _of_mysql(result) if backend in ("mysql", "mariadb") else {}
        return spool_rows(reading, _rows(result, picked, forms_of_mysql))


def tables_of(reading: Reading, wanted: str = "") -> dict[str, list[tuple[str, str]]]:
    """Return the tables of a server with the names and types of their columns.

    Args:
        reading: The reading of a source that is the server.
        wanted: The only table whose columns are told; empty: all.

    Raises:
        WorldError: The server cannot be reached.
    """
    library: Any = need("sqlalchemy", "sql", "reading a database")
    with _connected(reading) as connection:
        return dict(all_columns(library.inspect(connection), library, wanted))


def _rows(
    result: CursorResult[Any], picked: Sequence[int], forms: Mapping[int, _Form]
) -> Iterator[Sequence[Value]]:
    """Yield the values of the picked columns, some in another form."""
    columns = [(number, forms.get(number)) for number in picked]
    for batch in result.partitions(_BATCH):
        for row in batch:
            yield [row[n] if form is None else form(row[n]) for n, form in columns]


def _of_mysql(result: CursorResult[Any]) -> Mapping[int, _Form]:
    """Return the forms of columns whose type MySQL's drivers do not tell by their values.

    Times come as elapsed times, and BOOLEAN, which is TINYINT(1), as numbers.
    """
    described = result.cursor.description if result.cursor is not None else ()
    found: dict[int, _Form] = {}
    for number, column in enumerate(described):
        if column[1] == _MYSQL_TIME:
            found[number] = _time
        elif column[1] in (_MYSQL_TINY, _MYSQL_BIT) and column[3] == 1:
            found[number] = _truth
    return found


def _time(value: Value) -> Value:
    return time_of_day(value) if isinstance(value, timedelta) else value


def _truth(value: Value) -> Value:
    r"""Return the boolean of a number; one beside 0 and 1 stays a number.

    >>> _truth(1), _truth(b"\0"), _truth(7), _truth(None)
    (True, False, 7, None)
    """
    number = value[0] if isinstance(value, bytes) and len(value) == 1 else value
    return bool(number) if number in (0, 1) else value


def _picked(reading: Reading, names: list[str]) -> list[int]:
    """Return the numbers of the result's columns that the table's columns refer to.

    A name that no column has is looked for without regard to case, as SQL does for names that are
    not in quotes: databases write them in capitals, in small letters, or as they are. A name in
    quotes is exact.
    """
    source = reading.source
    places = {name: number for number, name in reversed([*enumerate(names)])}
    folded: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        folded.setdefault(name.casefold(), []).append(number)
    counts = Counter(names)
    found = []
    for column in reading.table.columns:
        name = unquoted(column.reference)
        alike = folded.get(name.casefold(), []) if name == column.reference else []
        if name not in places and len(alike) == 1:
            found.append(alike[0])
            continue
        if name not in places:
            raise missing_reference(column, names, source)
        if counts[name] > 1:
            raise InputError(
                "duplicate-column",
                f"the query gives {name!r} twice",
                location=source.origin.location(),
                hint="Give one of them another name with AS.",
            )
        found.append(places[name])
    return found


# --- connections ----------------------------------------------------------------------------


@contextmanager
def _connected(reading: Reading) -> Iterator[Connection]:
    library: Any = need("sqlalchemy", "sql", "reading a database")
    source = reading.source
    engine = _engine(reading, library)
    secrets = _secrets(source, engine)
    try:
        with engine.connect() as plain:
            connection = plain.execution_options(
                stream_results=True, yield_per=_BATCH, **_read_only(engine.dialect.name)
            )
            if engine.dialect.name in _READING_ONLY:
                connection.exec_driver_sql(_READING_ONLY[engine.dialect.name])
            yield connection
    except library.exc.SQLAlchemyError as error:
        if sqlite_files.is_interrupted(getattr(error, "orig", None)):
            raise KeyboardInterrupt from None
        raise _as_ours(error, reading, secrets, library) from None
    finally:
        engine.dispose()


def _as_ours(
    error: Exception, reading: Reading, secrets: Sequence[str], library: Library
) -> InputError | WorldError:
    """Turn an error of SQLAlchemy into one of kg, without secrets."""
    cause = getattr(error, "orig", None) or error
    # PyMySQL's are a number and a text.
    parts: tuple[object, ...] = getattr(cause, "args", ())
    said = str(parts[1] if len(parts) == 2 and isinstance(parts[0], int) else cause)
    text = next((line.strip() for line in said.splitlines() if line.strip()), said)
    for secret in secrets:
        text = text.replace(secret, "***")
    is_query = getattr(error, "statement", None) is not None
    if isinstance(error, library.exc.OperationalError) and not is_query:
        return WorldError(
            "database-unreachable",
            f"the database {reading.file.shown} cannot be reached: {text}",
            location=reading.source.origin.location(),
            hint="Check that it runs, its address, and the user's name and password.",
        )
    if sqlite_files.is_refused(cause):
        return InputError(
            "bad-query",
            "the query does more than read, and the file is opened readonly",
            location=reading.source.origin.location(),
            hint="Write one SELECT; what changes a file is for the database's own shell.",
        )
    return InputError(
        "bad-query",
        f"the database refused the query: {text}",
        location=reading.source.origin.location(),
        hint="Try the query in the database's own shell.",
    )


# SQL Server and Db2 have no such switch: statements are checked, and nothing is committed.
_READING_ONLY: Final = {
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


def _read_only(dialect: str) -> dict[str, object]:
    return {"postgresql_readonly": True} if dialect == "postgresql" else {}


def _engine(reading: Reading, library: Library) -> Engine:
    source = reading.source
    if not reading.file.name:
        open_file = partial(connect, reading.file.path)
        return library.create_engine("sqlite://", creator=open_file)  # type: ignore[no-any-return]
    try:
        url = library.make_url(_url(source))
    except (library.exc.ArgumentError, ValueError):
        # The cause would show a part of the login.
        raise _bad_url(source) from None
    database = source.database or Database()
    username, password = _expanded(database.username, source), _expanded(database.password, source)
    if username:
        url = url.set(username=username)
    if password:
        url = url.set(password=password)
    if url.get_backend_name() not in _READ:
        raise _bad_url(source)
    check_variables(source, url)
    arguments = {}
    is_postgres = url.get_backend_name() == "postgresql"
    if is_postgres:
        # Times have the same texts whatever the server's settings.
        settings = ("TimeZone=UTC", "DateStyle=ISO", "IntervalStyle=iso_8601")
        options = " ".join(f"-c {setting}" for setting in settings)
        arguments = {"options": options, "connect_timeout": 10}
    try:
        engine = library.create_engine(url, connect_args=arguments)
        if is_postgres and url.get_driver_name() == "psycopg":
            library.event.listen(engine, "connect", read_all_times)
        return engine  # type: ignore[no-any-return]
    except library.exc.NoSuchModuleError as error:
        if url.get_backend_name() in _PACKAGES:
            raise _missing_driver(_PACKAGES[url.get_backend_name()], source) from error
        raise _bad_url(source) from error
    except ImportError as error:
        package = str(error.name)
        raise _missing_driver(_PACKAGES.get(package, package), source) from error


def _missing_driver(package: str, source: LogicalSource) -> InputError:
    return InputError(
        "missing-extra",
        f"reading this database needs the package {package}",
        location=source.origin.location(),
        hint=f"Install it with: pip install {package}",
    )


def _url(source: LogicalSource) -> str:
    """Return the URL as SQLAlchemy writes it; ``sqlite:PATH`` for a file."""
    database = source.database or Database()
    address = _expanded(database.url, source)
    written = database_url(address, database.kind) if address else f"sqlite:{source.path}"
    plain = escape_login(written.removeprefix("jdbc:"))
    scheme, colon, rest = _sql_server(plain).partition(":")
    if not colon:
        return f"sqlite:{plain}"
    if scheme.partition("+")[0] == "sqlite":
        # sqlite:///relative and sqlite:////absolute are SQLAlchemy's way.
        return f"sqlite:{rest.removeprefix('///')}"
    query = plain.partition("?")[2]
    if written.startswith("jdbc:") and query:
        # JDBC has user and password among the parameters.
        rest = _from_jdbc(rest, query)
    return f"{_DRIVERS.get(scheme, scheme)}:{rest}"


def _sql_server(address: str) -> str:
    """Return the address of SQL Server without JDBC's parameters, of which the name is kept.

    >>> _sql_server("sqlserver://h:1433;databaseName=d;encrypt=true"), _sql_server("mysql://h/d")
    ('sqlserver://h:1433/d', 'mysql://h/d')
    """
    if not address.startswith(("sqlserver:", "mssql:")) or ";" not in address:
        return address
    server, *parameters = address.split(";")
    given = {key.casefold(): value for key, _, value in (p.partition("=") for p in parameters)}
    name = given.get("databasename") or given.get("database")
    return f"{server}/{name}" if name else server


def _from_jdbc(rest: str, query: str) -> str:
    from urllib.parse import parse_qsl

    given = dict(parse_qsl(query))
    rest = rest.partition("?")[0]
    user, password = given.get("user"), given.get("password")
    if user:
        credentials = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        rest = rest.replace("//", f"//{credentials}@", 1)
    return rest


def _expanded(text: str, source: LogicalSource) -> str:
    """Replace ``$NAME`` and ``${NAME}`` by variables of the environment.

    A ``$NAME`` within a longer text stays if there is no such variable: a password may hold it.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        found = variable(name)
        if found is not None:
            return found
        if match[1] or match[0] == text:
            given = current()
            if given is not None:
                raise given.error(name, source.origin.location())
            raise InputError(
                "missing-variable",
                f"the environment has no variable {name}",
                location=source.origin.location(),
                hint=f"Set it before kg is called: export {name}=…",
            )
        return match[0]

    return VARIABLE.sub(value, text)


def _secrets(source: LogicalSource, engine: Engine) -> list[str]:
    """Return the texts that no message may show, longest first."""
    database = source.database or Database()
    found = {_expanded(database.password, source), str(engine.url.password or "")}
    return sorted((secret for secret in found if secret), key=len, reverse=True)


def _bad_url(source: LogicalSource) -> InputError:
    return InputError(
        "bad-database",
        "the address of the database is none that kg can read",
        location=source.origin.location(),
        hint="Write postgresql://host:port/name (or mysql, mssql, oracle), or a path of SQLite;"
        " / # @ of a password are %2F %23 %40.",
    )
