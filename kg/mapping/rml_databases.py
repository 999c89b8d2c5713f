"""Databases as logical sources of RML documents.

They are described in the way of D2RQ; R2RML's tables are in the database that the environment
names. A query is found under ``rml:query``, ``rr:sqlQuery`` or ``rml:iterator``, and the name of a
table under ``rr:tableName`` or ``rml:iterator``, since mappings have all of these. References are
names of columns, whatever reference formulation stands there: the tools of before wrote ``ql:CSV``.

Spec: https://kg-construct.github.io/rml-io-registry/d2rq/, https://www.w3.org/TR/r2rml/#logical-tables
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from kg.mapping.database_urls import database_url
from kg.mapping.plan import Database, Formulation, LogicalSource
from kg.mapping.rml_graph import RmlGraph, Value
from kg.mapping.source_options import check_options, check_query
from kg.terms import RDF

# Reference formulations of databases; SQL2008 is R2RML's name for what is SQL without more.
SQL: Final = ("SQL2008Query", "SQL2008Table", "SQLQuery", "SQLTable", "SQL2008")
SQLITE_ENDINGS: Final = (".db", ".db3", ".sqlite", ".sqlite3", ".s3db", ".gpkg")
_TABLES: Final = frozenset({"SQL2008Table", "SQLTable"})
_QUERIES: Final = frozenset({"SQL2008Query", "SQLQuery"})
# What other formulations may stand beside a database.
_OF_ROWS: Final = frozenset({*SQL, "CSV", "CSVW"})
_D2RQ: Final = "http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#"
_QUERY: Final = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:select|with|values|table)\b", re.IGNORECASE | re.DOTALL
)
# By a word in the name of a JDBC driver's class, what is before the address.
_DRIVERS: Final = {
    "postgresql": "postgresql",
    "mariadb": "mariadb",
    "mysql": "mysql",
    "sqlserver": "mssql",
    "oracle": "oracle",
    "sqlite": "sqlite",
    "db2": "db2",
}


def is_described(graph: RmlGraph, source: Value) -> bool:
    """Return whether a source is a database in the way of D2RQ."""
    types = graph.iri_values(source.term, f"{RDF}type")
    return any(value.text == f"{_D2RQ}Database" for value in types) or bool(
        graph.iri_values(source.term, f"{_D2RQ}jdbcDSN")
    )


def file_meant(graph: RmlGraph, source: Value) -> Value:
    """Return the name of the file that a database stands for, or else the source itself.

    yarrrml-parser writes a database with the driver ``undefined`` for a file whose type is stated.
    """
    drivers = graph.iri_values(source.term, f"{_D2RQ}jdbcDriver")
    names = graph.iri_values(source.term, f"{_D2RQ}jdbcDSN")
    return names[0] if names and [each.text for each in drivers] == ["undefined"] else source


def named_by_user(graph: RmlGraph, value: Value) -> LogicalSource:
    """Return the database that the environment names, as R2RML leaves it to the processor.

    Args:
        graph: The document.
        value: The logical source's node.

    Raises:
        InputError: The logical source has neither a query nor a table.
    """
    stated = graph.one(value.term, "referenceFormulation")
    asks = graph.all(value.term, "query", "tableName")
    if not asks and not (stated and stated.name in SQL):
        raise value.error("the logical source has no rml:source")
    return LogicalSource(
        path="the database",
        formulation=Formulation.SQL,
        folder=graph.folder_of(value),
        database=Database("$KG_DATABASE"),
    )


def described(graph: RmlGraph, source: Value) -> LogicalSource:
    """Read a database in the way of D2RQ.

    Raises:
        InputError: It has no address.
    """

    def text(name: str) -> str:
        found = graph.iri_values(source.term, _D2RQ + name)
        return found[0].text if found else ""

    address, driver = text("jdbcDSN"), text("jdbcDriver").lower()
    if not address and text("odbcDSN"):
        raise source.unsupported(
            "databases by ODBC are not supported", hint="Give its address as d2rq:jdbcDSN."
        )
    if not address:
        raise source.error(
            "the database has no address",
            hint='Write d2rq:jdbcDSN "jdbc:postgresql://host/name" (or mysql, sqlite …).',
        )
    kind = next((kind for word, kind in _DRIVERS.items() if word in driver), "")
    if not address.startswith("$"):
        address = database_url(address, kind)
    return LogicalSource(
        path="the database",
        formulation=Formulation.SQL,
        folder=graph.folder_of(source),
        nulls=tuple(n.text for n in graph.all(source.term, "null")) or None,
        database=Database(address, text("username"), text("password"), kind),
    )


def queried(graph: RmlGraph, value: Value, place: LogicalSource) -> LogicalSource:
    """Return a database with the query, or the table, that a logical source names.

    Args:
        graph: The document.
        value: The logical source's node.
        place: The database.

    Raises:
        InputError: It names neither, or both; or the references are none of rows.
    """
    stated = graph.one(value.term, "referenceFormulation")
    if stated and not (stated.name in _OF_ROWS or any(graph.has_type(stated.term, k) for k in SQL)):
        raise stated.unsupported(
            "the records of a database are rows, and references are names of columns",
            hint="Write rml:SQL2008Query, and take documents in columns apart in the query.",
        )
    query, table = _asked(graph, value)
    made = replace(place, query=query, iterator=table, origin=value.origin)
    return check_options(check_query(made))


def _qualified(graph: RmlGraph, value: Value, table: Value) -> str:
    """Return the name of a table, with the names before it that Virtuoso writes apart."""
    before = (graph.one(value.term, name) for name in ("tableSchema", "tableOwner"))
    return ".".join(each.text for each in (*before, table) if each is not None)


def _asked(graph: RmlGraph, value: Value) -> tuple[str, str]:
    """Return the query and the name of the table, of which one is empty."""
    query, table = graph.one(value.term, "query"), graph.one(value.term, "tableName")
    if query and table:
        raise table.error("a source has a query or a table, not both", hint="Take one away.")
    if query or table:
        return (query.text if query else "", _qualified(graph, value, table) if table else "")
    iterator = graph.one(value.term, "iterator")
    if iterator is None:
        raise value.error(
            "the source needs a query, or a table",
            hint='Write rml:query "SELECT …" or rr:tableName "…".',
        )
    stated = graph.one(value.term, "referenceFormulation")
    if stated is not None and stated.name in (*_TABLES, *_QUERIES):
        is_query = stated.name in _QUERIES
    else:
        is_query = _QUERY.match(iterator.text) is not None
    return (iterator.text, "") if is_query else ("", iterator.text)
