"""Sources of YARRRML documents.

Beside the specification: ``~yaml``, ``~tsv``, ``~jsonl``, ``~parquet``, ``~excel`` and ``~sqlite``
name formats, ``nulls`` the texts that stand for no value, and ``access`` may be a list of files.
`_SOURCE_KEYS` lists what else is read.

Spec: https://rml.io/yarrrml/spec/#data-sources
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kg.mapping.addresses import is_address, name_at
from kg.mapping.cell_range import MERGED, RANGE_HINT, parse_range
from kg.mapping.database_urls import database_url
from kg.mapping.plan import (
    Database,
    Dialect,
    Formulation,
    LogicalSource,
)
from kg.mapping.source_formats import by_ending, format_of
from kg.mapping.source_options import check_options, check_query, refused_option
from kg.mapping.targets import COMPRESSIONS
from kg.mapping.yaml_nodes import Node, with_external
from kg.mapping.yarrrml_documents import Shared
from kg.notes import Notes

ADD_SOURCES: Final = "Add sources: [[file.csv~csv]]"
_DIALECT_KEYS: Final = ("delimiter", "quote", "escape", "header", "comment", "skipRows", "trim")
_SHEET_KEYS: Final = ("range", "merged", "sheetColumn")
_SOURCE_KEYS: Final = frozenset(
    {
        *("type", "access", "referenceFormulation", "iterator", "encoding", "nulls", "compression"),
        *("query", "queryFormulation", "credentials", "contentType", "operationType", "security"),
        *("table", "namespaces", "columns", *_DIALECT_KEYS, *_SHEET_KEYS),
    }
)
# How what is elsewhere would be asked for; kg reads a copy.
_REQUEST_KEYS: Final = frozenset({"methodName", "headers", "authentication"})
_BY_NAME: Final = (
    "{count} × a source does not say its format, which its name tells; write it behind ~, as in"
    " data.csv~csv"
)
# Of a number of rows.
_MOST_DIGITS: Final = 18
# What YARRRML and its tools call databases, and the scheme of their addresses.
_DATABASES: Final[Mapping[str, str]] = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "mssql": "mssql",
    "sqlserver": "mssql",
    "oracle": "oracle",
    "db2": "db2",
}
_FORMULATIONS: Final[Mapping[str, Formulation]] = {
    "csv": Formulation.CSV,
    "tsv": Formulation.CSV,
    "json": Formulation.JSON,
    "jsonpath": Formulation.JSON,
    "jsonl": Formulation.JSON,
    "ndjson": Formulation.JSON,
    "yaml": Formulation.YAML,
    "xml": Formulation.XPATH,
    "xpath": Formulation.XPATH,
    "parquet": Formulation.PARQUET,
    "duckdb": Formulation.DUCKDB,
    "excel": Formulation.EXCEL,
    "xlsx": Formulation.EXCEL,
    "sqlite": Formulation.SQL,
    "sparql": Formulation.SPARQL,
}


class SourceReader:
    """Reads the sources of one document.

    Args:
        known: Sources by name, with the folders that they are relative to.
        folder: The folder that sources are relative to.
        external: Values of external references.
    """

    def __init__(
        self, known: Shared[tuple[str, Node]], folder: str, external: Mapping[str, str]
    ) -> None:
        self.known = known
        self.named = known.named
        self.folder = folder
        self.external = external
        self.notes = Notes()

    def of_mapping(self, name: str, node: Node) -> list[LogicalSource]:
        """Return the sources of a mapping.

        Raises:
            InputError: It has none, or one is incomplete or not known.
        """
        found = node.get("sources", "source")
        if found is None:
            raise node.error(f"the mapping {name} has no sources", hint=ADD_SOURCES)
        found = with_external(found, self.external)
        parts = list(found.items())
        # ['file.csv~csv', '$.x'] is one source, [a, b] and ['a~csv', 'b~csv'] are two.
        formats = [_kind_of(part) for part in parts]
        inline = found.is_list and [f is None for f in formats] in ([False], [False, True])
        sources = [self.source(part) for part in ([found] if inline else parts)]
        if not sources:
            raise node.error(f"the mapping {name} has no sources", hint=ADD_SOURCES)
        return sources

    def source(self, node: Node, seen: frozenset[str] = frozenset()) -> LogicalSource:
        """Read a source in any form: its name, ``[path~format, iterator]``, or written out."""
        if node.is_map:
            return self.long(node)
        if node.is_list:
            parts = list(node.items())
            iterator = parts[1].text("the iterator") if len(parts) > 1 else ""
            return self.short(parts[0], iterator)
        name = node.text("a source")
        if name in self.named and name not in seen:
            folder, found = self.named[name]
            reader = SourceReader(self.known, folder, self.external)
            return reader.source(with_external(found, self.external), seen | {name})
        if "~" in name or format_of(name):
            return self.short(node, "")
        self.known.check(node, "source", name)
        raise node.error(
            f"there is no source {name!r}",
            hint=f"Declared sources: {', '.join(sorted(self.named)) or 'none'}.",
        )

    def short(self, node: Node, iterator: str) -> LogicalSource:
        """Read ``path~format``."""
        path, tilde, kind = node.text("a source").rpartition("~")
        if not tilde and format_of(kind):
            self.notes.add(_BY_NAME, node.origin.location(), kind, loses=False)
            return self.file(node, kind, format_of(kind), iterator)
        if not tilde:
            raise node.error(f"{kind!r} does not say its format", hint="Write it as data.csv~csv.")
        return self.file(node, path, kind, iterator)

    def long(self, node: Node) -> LogicalSource:
        """Read a source that is written out."""
        access, kind = node.get("access"), node.get("referenceFormulation")
        is_remote = access is not None and is_address(str(access.value))
        node.check_keys("a source", _SOURCE_KEYS | _REQUEST_KEYS if is_remote else _SOURCE_KEYS)
        of_type = node.get("type")
        name = of_type.text("type").lower() if of_type else "localfile"
        is_unnamed = access is None and self.asks(node) and (not of_type or name in _DATABASES)
        if not is_unnamed and (access is None or (kind is None and name not in _DATABASES)):
            raise node.error(*self.incomplete(node, name))
        if access is None or name in _DATABASES:
            made = _with_nulls(self.database(node, name, access), node)
            check_options(check_query(_with_options(made, node)))
            if node.get("namespaces"):
                raise refused_option(made, "namespaces")
            return made
        assert kind is not None
        iterator = node.get("iterator")
        paths = [path.text("access") for path in access.items()] or [access.text("access")]
        # Of what is elsewhere the file is read that its address names; an endpoint gives no file.
        if name == "sparql" or not all(is_address(path) and name_at(path) for path in paths):
            check_type(node, "a source", frozenset({"localfile"}))
        source = self.file(
            node,
            paths[0],
            kind.text("referenceFormulation"),
            iterator.text("iterator") if iterator else "",
        )
        query = node.get("query")
        source = _with_options(replace(source, more=tuple(paths[1:])), node)
        if query:
            source = replace(source, query=query.text("query"))
        namespaces = node.get("namespaces")
        if namespaces:
            pairs = namespaces.entries("namespaces")
            found = tuple((prefix, value.text("a namespace")) for prefix, value in pairs)
            source = replace(source, namespaces=found)
        for key in ("table", "credentials"):
            if node.get(key):
                raise refused_option(source, key)
        return check_options(_with_nulls(source, node))

    def asks(self, node: Node) -> bool:
        """Return whether a source is a query or a table of a database, which it need not name."""
        return node.get("query", "table") is not None

    def incomplete(self, node: Node, kind: str) -> tuple[str, str]:
        """Return what a source lacks, and how to write it."""
        asked = next((key for key in ("table", "query") if node.get(key)), None)
        if asked and (node.get("access") is None or kind not in _DATABASES):
            lacks = "access" if node.get("access") is None else "type"
            return (
                f"a source with a {asked} needs the database: it has no {lacks}",
                f"Add type: {' or '.join(sorted(_DATABASES))}, and access: the file or address.",
            )
        lacking = [key for key in ("access", "referenceFormulation") if node.get(key) is None]
        return (
            f"the source has no {' and no '.join(lacking)}",
            "Write access: data.csv and referenceFormulation: csv.",
        )

    def database(self, node: Node, kind: str, access: Node | None) -> LogicalSource:
        """Read a source that is a query of a database, or one of its tables.

        Without ``access`` it is the database that the environment names, as with R2RML.
        """
        query, table = node.get("query"), node.get("table", "iterator")
        if (query is None) == (table is None):
            raise node.error("a database needs a query, or a table")
        if access is None:
            return LogicalSource(
                "the database",
                Formulation.SQL,
                iterator=table.text("table") if table else "",
                query=query.text("query") if query else "",
                folder=self.folder,
                database=Database("$KG_DATABASE", kind=_DATABASES.get(kind, "")),
                origin=node.origin,
            )
        # Variables are filled in when the database is opened, which knows where they may be sent.
        address = access.text("access") if kind == "sqlite" else _written(access, "access")
        source = LogicalSource(
            address if kind == "sqlite" else "the database",
            Formulation.SQL,
            iterator=table.text("table") if table else "",
            query=query.text("query") if query else "",
            folder=self.folder,
            origin=node.origin,
        )
        if kind == "sqlite":
            return source
        kind = _DATABASES[kind]
        if not address.startswith("$"):
            address = database_url(address, kind)
        given = node.get("credentials")
        names = dict(given.entries("credentials")) if given else {}
        username, password = (
            _written(names[key], key) if key in names else "" for key in ("username", "password")
        )
        return replace(source, database=Database(address, username, password, kind))

    def file(self, node: Node, path: str, kind: str, iterator: str) -> LogicalSource:
        """Return the source of a path in a format, given by its name."""
        formulation = _FORMULATIONS.get(kind.lower())
        if formulation is None:
            raise node.unsupported(
                f"{kind!r} is no format that kg reads", hint=f"Known: {', '.join(_FORMULATIONS)}."
            )
        source = LogicalSource(path, formulation, iterator, folder=self.folder, origin=node.origin)
        if kind.lower() == "tsv":
            source = replace(source, dialect=replace(source.dialect, delimiter="\t"))
        if kind.lower() in ("jsonl", "ndjson"):
            source = replace(source, lines=True)
        return by_ending(source, with_tabs=False)


def _written(node: Node, what: str) -> str:
    return node.text(what) if node.written is None else node.written


def _with_nulls(source: LogicalSource, node: Node) -> LogicalSource:
    nulls = node.get("nulls")
    if nulls is None:
        return source
    # YAML's own null is written with no text at all.
    texts = ("" if null.value is None else null.text("a null") for null in nulls.items())
    return replace(source, nulls=tuple(dict.fromkeys(texts)))


def _with_options(source: LogicalSource, node: Node) -> LogicalSource:
    """Add what is said of a file, whatever its format is."""
    encoding, compression = node.get("encoding"), node.get("compression")
    source = replace(source, dialect=_dialect(node, source.dialect))
    if encoding:
        source = replace(source, encoding=encoding.text("encoding"))
    if compression:
        source = replace(source, compression=_compression(compression))
    return source


def _compression(node: Node) -> str:
    name = node.text("compression").lower()
    if name not in COMPRESSIONS:
        raise node.error(f"{name!r} is no compression", hint=f"Known: {', '.join(COMPRESSIONS)}.")
    return COMPRESSIONS[name] or "none"


def _dialect(node: Node, dialect: Dialect) -> Dialect:
    """Return how a CSV file is written: the keys are those of CSV on the Web, without Char."""
    found = {key: value for key in _DIALECT_KEYS if (value := node.get(key)) is not None}
    texts = {key: value.text(key) for key, value in found.items() if value.value is not None}
    quote = texts.get("quote", "" if "quote" in found else dialect.quote)
    skipped = texts.get("skipRows", str(dialect.skip_rows))
    if not skipped.isdecimal() or len(skipped) > _MOST_DIGITS:
        raise found["skipRows"].error(
            f"skipRows must be a number of up to {_MOST_DIGITS} digits, not {skipped[:99]!r}"
        )
    for key, known in (("header", ("true", "false")), ("trim", ("true", "false", "start", "end"))):
        if texts.get(key, known[0]) not in known:
            raise found[key].error(f"{key} is {' or '.join(known)}, not {texts[key]!r}")
    columns = node.get("columns")
    return replace(
        _of_sheet(node, dialect),
        delimiter=texts.get("delimiter", dialect.delimiter).replace("\\t", "\t"),
        quote=quote,
        escape=texts.get("escape", quote),
        header=texts.get("header", "true") == "true",
        comment=texts.get("comment", dialect.comment),
        skip_rows=int(skipped),
        trim=texts.get("trim", dialect.trim),
        names=tuple(c.text("a column") for c in columns.items()) if columns else (),
    )


def _of_sheet(node: Node, dialect: Dialect) -> Dialect:
    """Add where the table of a sheet is, and what becomes of merged cells and the sheet's name."""
    cells, merged, column = (node.get(key) for key in _SHEET_KEYS)
    if cells and parse_range(cells.text("range")) is None:
        raise cells.error(f"{cells.text('range')!r} is no range of cells", hint=RANGE_HINT)
    if merged and merged.text("merged") not in MERGED:
        raise merged.error(f"merged is {' or '.join(MERGED)}, not {merged.text('merged')!r}")
    return replace(
        dialect,
        cells=cells.text("range") if cells else dialect.cells,
        fills_merged=MERGED[merged.text("merged")] if merged else dialect.fills_merged,
        sheet_column=column.text("sheetColumn") if column else dialect.sheet_column,
    )


def check_type(node: Node, what: str, known: frozenset[str]) -> None:
    """Refuse a source or target of a type that is not among those known."""
    kind = node.get("type")
    if kind and kind.text("type").lower() not in known:
        raise kind.unsupported(no_file(what, kind.text("type")))


def no_file(what: str, kind: str) -> str:
    """Return what to say of a source or target that is no file."""
    return f"{what} of the type {kind!r} is not supported: kg reads and writes files"


def _kind_of(node: Node) -> str | None:
    """Return what is behind ``~`` in the name of a source."""
    _, tilde, kind = str(node.value).rpartition("~")
    return kind if tilde and isinstance(node.value, str) else None
