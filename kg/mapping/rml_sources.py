"""Logical sources of RML documents.

Beside files in the way of rml-io, tables of CSV on the Web, and files as DCAT describes them;
`kg.mapping.rml_databases` reads databases.

Spec: https://kg-construct.github.io/rml-io/spec/docs/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox

from kg.logins import without_login
from kg.mapping.addresses import is_address
from kg.mapping.cell_range import MERGED, RANGE_HINT, parse_range
from kg.mapping.plan import Dialect, Formulation, LogicalSource
from kg.mapping.rml_databases import (
    SQL,
    SQLITE_ENDINGS,
    described,
    file_meant,
    is_described,
    named_by_user,
    queried,
)
from kg.mapping.rml_graph import RmlGraph, Value
from kg.mapping.rml_streams import file_of_stream
from kg.mapping.source_formats import by_ending
from kg.mapping.source_options import check_options
from kg.notes import Notes
from kg.terms import RDF

_FORMULATIONS: Final[Mapping[str, Formulation]] = {
    "CSV": Formulation.CSV,
    "CSVW": Formulation.CSV,
    "JSONPath": Formulation.JSON,
    "XPath": Formulation.XPATH,
    "XPathReferenceFormulation": Formulation.XPATH,
    "YAML": Formulation.YAML,
    "Parquet": Formulation.PARQUET,
    "Excel": Formulation.EXCEL,
    **dict.fromkeys(SQL, Formulation.SQL),
}
_SPARQL: Final = "http://www.w3.org/ns/formats/SPARQL_Results_CSV"
# Properties whose value is the address of a file.
_ADDRESSES: Final = (
    "http://www.w3.org/ns/dcat#downloadURL",
    "http://www.w3.org/ns/dcat#accessURL",
    "http://rdfs.org/ns/void#dataDump",
)
# The Web of Things: https://www.w3.org/TR/wot-thing-description11/#form
_TD: Final = "https://www.w3.org/2019/wot/td#"
_TARGET: Final = "https://www.w3.org/2019/wot/hypermedia#hasTarget"
_ENDPOINT: Final = "http://www.w3.org/ns/sparql-service-description#endpoint"
_READ_SOURCES: Final = (
    "kg reads rml:FilePath, csvw:Table, dcat:Distribution, void:Dataset and td:Thing of files, and"
    " d2rq:Database."
)
_ENCODINGS: Final[Mapping[str, str]] = {"UTF-8": "utf-8", "UTF-16": "utf-16"}
_COMPRESSIONS: Final = frozenset({"none", "gzip", "zip", "targz", "tarxz"})
# Of a number of rows.
_MOST_DIGITS: Final = 18
_TRUE: Final = ("true", "1")
_CSVW: Final = "http://www.w3.org/ns/csvw#"
# Properties that CSV on the Web has no names for: those of sheets.
_SHEETS: Final = "https://w3id.org/ace-kg/source#"


def read_logical_source(graph: RmlGraph, value: Value) -> LogicalSource:
    """Read a logical source.

    Args:
        graph: The document.
        value: The logical source's node; its file's folder is rml:MappingDirectory.

    Raises:
        InputError: It is incomplete, or of a kind that kg does not read.
    """
    node = value.term
    source = graph.one(node, "source")
    if source is None:
        return queried(graph, value, named_by_user(graph, value))
    source = file_meant(graph, source)
    if is_described(graph, source):
        return queried(graph, value, described(graph, source))
    is_bare = isinstance(source.term, ox.NamedNode) and not graph.described(source.term)
    if is_bare and graph.all(value.term, "query", "tableName"):
        text = f"nothing is said of the source {source.text}: the database of KG_DATABASE is asked"
        text = text.replace("{", "{{").replace("}", "}}")
        Notes().add(text, source.origin.location(), loses=False)
        return queried(graph, value, named_by_user(graph, value))
    if _is_database(graph, value, source):
        return queried(graph, value, _place(graph, source, Formulation.SQL))
    formulation, namespaces = _formulation(graph, value)
    iterator, query = graph.one(node, "iterator"), graph.one(node, "query")
    stated = graph.one(node, "referenceFormulation")
    # ql:XPath has no way to declare namespaces; CARML has one, and who declares some means them.
    is_older = formulation is Formulation.XPATH and stated is not None and stated.is_older
    made = replace(
        _place(graph, source, formulation),
        namespaces=namespaces,
        takes_namespaces=is_older and not namespaces,
        origin=value.origin,
    )
    if formulation is Formulation.SPARQL:
        if iterator is None and query is None:
            raise value.error("the source needs a query", hint="Write it as rml:iterator.")
        return check_options(replace(made, query=(iterator or query or value).text))
    made = replace(made, iterator=iterator.text if iterator else "")
    if query is not None:
        made = replace(made, query=query.text)
    return check_options(by_ending(made, with_tabs=True))


def _is_database(graph: RmlGraph, value: Value, source: Value) -> bool:
    """Return whether a file is a database: by its references or its name."""
    stated = graph.one(value.term, "referenceFormulation")
    if stated is None or stated.name == "CSV":
        asks = graph.all(value.term, "query", "tableName")
        is_file = source.is_literal and source.text.lower().endswith(SQLITE_ENDINGS)
        return bool(asks) and (stated is None or is_file)
    name = stated.name or next((k for k in SQL if graph.has_type(stated.term, k)), None)
    return name in SQL


def _place(graph: RmlGraph, source: Value, formulation: Formulation) -> LogicalSource:
    """Return where a source is, and how it is written."""
    folder = graph.folder_of(source)
    if source.is_literal:
        return LogicalSource(source.text, formulation, folder=folder)
    if isinstance(source.term, ox.NamedNode) and not graph.described(source.term):
        return LogicalSource(_named(graph, source), formulation, folder=folder)
    nulls = tuple(n.text for n in graph.all(source.term, "null"))
    made = _file(graph, source, formulation, folder)
    if nulls or (formulation is Formulation.CSV and made.nulls is None):
        # By rml-io, CSV has no nulls but those that are stated.
        made = replace(made, nulls=nulls)
    encoding = _encoding(graph, source)
    return replace(
        made,
        dialect=_of_sheet(graph, source, made.dialect),
        encoding=encoding or made.encoding,
        compression=_compression(graph, source),
    )


def _file(graph: RmlGraph, source: Value, formulation: Formulation, folder: str) -> LogicalSource:
    paths = graph.all(source.term, "path")
    if paths:
        first, *more = [path.text for path in paths]
        root = _root(graph, source, folder)
        # The test cases of rml-core demand an error for a reference to a list in such a source.
        made = LogicalSource(first, formulation, folder=root, more=tuple(more))
        for dialect in graph.iri_values(source.term, f"{_CSVW}dialect"):
            made = replace(made, dialect=_dialect(graph, dialect))
        return replace(made, has_members=False)
    if graph.iri_values(source.term, f"{_CSVW}url"):
        return _csvw(graph, source, formulation, folder)
    for address in _addresses(graph, source):
        return LogicalSource(_local(address), formulation, folder=folder)
    stream = file_of_stream(graph, source, formulation)
    if stream is not None:
        return LogicalSource(stream, formulation, folder=folder)
    for endpoint in graph.iri_values(source.term, _ENDPOINT):
        raise endpoint.unsupported(
            f"{without_login(endpoint.text)} is a SPARQL endpoint, and kg fetches nothing",
            hint="Ask it with kg query --endpoint … -o FILE.csv, and map that file as rml:CSV.",
        )
    kinds = graph.iri_values(source.term, f"{RDF}type")
    others = [kind.text for kind in kinds if kind.name is None]
    if others:
        raise source.unsupported(
            f"a source of the kind {others[0]} is not supported", hint=_READ_SOURCES
        )
    raise source.error("the source has no rml:path", hint=_READ_SOURCES)


def _addresses(graph: RmlGraph, source: Value) -> Iterator[Value]:
    """Yield the addresses that a description of DCAT, VoID or the Web of Things gives."""
    for name in _ADDRESSES:
        yield from graph.iri_values(source.term, name)
    yield from graph.all(source.term, "url")
    # The source may also be the affordance.
    for affordance in (source, *graph.iri_values(source.term, f"{_TD}hasPropertyAffordance")):
        for form in graph.iri_values(affordance.term, f"{_TD}hasForm"):
            yield from graph.iri_values(form.term, _TARGET)


def _named(graph: RmlGraph, source: Value) -> str:
    """Return the file that an IRI names of which nothing is said; that it is none is told once.

    Raises:
        InputError: It names no file.
    """
    base = graph.bases.get(source.origin.file, graph.base)
    name = source.text.removeprefix(base) if source.text.startswith(base) else _local(source)
    if ":" in name and not is_address(name):
        raise source.error(f"nothing is said of the source {source.text}", hint=_READ_SOURCES)
    text = "{count} × an IRI stands where the name of a file is needed, which is a text in quotes"
    Notes().add(text, source.origin.location(), name, loses=False)
    return name


def _local(address: Value) -> str:
    """Return the path of a ``file:`` URL, or another address as it is written."""
    try:
        parts = urlsplit(address.text)
    except ValueError:  # such as a bracket where a host is named
        return address.text
    if parts.scheme != "file":
        return address.text
    # file://data/x names a host by the standard, but means data/x where RML is written.
    host = "" if parts.netloc == "localhost" else parts.netloc
    return unquote(host + parts.path)


def _formulation(graph: RmlGraph, value: Value) -> tuple[Formulation, tuple[tuple[str, str], ...]]:
    stated, source = (graph.one(value.term, n) for n in ("referenceFormulation", "source"))
    if stated is None and source and graph.iri_values(source.term, f"{_CSVW}url"):
        return Formulation.CSV, ()
    if stated is None:
        raise value.error(
            "the logical source has no rml:referenceFormulation",
            hint="Say what its references are: rml:CSV, rml:JSONPath, rml:XPath, rml:SQL2008Query.",
        )
    # CARML has namespaces at the source.
    return read_formulation(graph, stated, *graph.all(value.term, "source"))


def read_formulation(
    graph: RmlGraph, stated: Value, *others: Value
) -> tuple[Formulation, tuple[tuple[str, str], ...]]:
    """Read a reference formulation, with the namespaces that it, or another node, declares.

    Raises:
        InputError: kg does not know it.
    """
    if stated.text == _SPARQL:
        return Formulation.SPARQL, ()
    name = stated.name
    if name is None:
        for kind in _FORMULATIONS:
            if graph.has_type(stated.term, kind):
                name = kind
    namespaces = []
    for entry in (e for node in (stated, *others) for e in graph.all(node.term, "namespace")):
        prefix = graph.one(entry.term, "namespacePrefix")
        url = graph.one(entry.term, "namespaceURL")
        if prefix is None or url is None:
            raise entry.error("a namespace needs rml:namespacePrefix and rml:namespaceURL")
        namespaces.append((prefix.text, url.text))
    if name is not None and name not in _FORMULATIONS:
        name = _otherwise_written(stated, name)
    if name is None or name not in _FORMULATIONS:
        raise stated.unsupported(
            f"{stated.text} is no reference formulation that kg knows",
            hint=f"Known: {', '.join(f'rml:{k}' for k in _FORMULATIONS)}.",
        )
    return _FORMULATIONS[name], tuple(namespaces)


def _otherwise_written(stated: Value, name: str) -> str:
    """Return the name that differs from one in capitals alone; morph-kgc takes them as equal."""
    found = next((known for known in _FORMULATIONS if known.lower() == name.lower()), name)
    if found != name:
        text = f"{{count}} × the reference formulation {name} is taken as {found}"
        Notes().add(text, stated.origin.location(), loses=False)
    return found


def _root(graph: RmlGraph, source: Value, folder: str) -> str:
    root = graph.one(source.term, "root")
    if root is None or root.name == "MappingDirectory":
        return folder
    if root.name == "CurrentWorkingDirectory":
        return str(Path.cwd())
    if root.is_literal:
        return str(Path(folder) / root.text)
    raise root.error(f"{root.text} is no root", hint="Use rml:MappingDirectory or a folder's path.")


def _encoding(graph: RmlGraph, source: Value) -> str:
    stated = graph.one(source.term, "encoding")
    if stated is None:
        return ""
    name = stated.name or stated.text
    return _ENCODINGS.get(name, name)


def _compression(graph: RmlGraph, source: Value) -> str:
    stated = graph.one(source.term, "compression")
    if stated is None:
        return ""
    if stated.name not in _COMPRESSIONS:
        raise stated.unsupported(
            f"{stated.text} is no compression",
            hint=f"Known: {', '.join(f'rml:{c}' for c in sorted(_COMPRESSIONS))}.",
        )
    return str(stated.name)


def _csvw(graph: RmlGraph, source: Value, formulation: Formulation, folder: str) -> LogicalSource:
    """Read a source that is described as a table of CSV on the Web.

    Spec: https://www.w3.org/TR/tabular-metadata/#dialect-descriptions
    """
    dialects = graph.iri_values(source.term, f"{_CSVW}dialect")
    encodings = [e for d in dialects for e in graph.iri_values(d.term, f"{_CSVW}encoding")]
    # The standard has nulls at the table; the specification of RML-IO, in the dialect.
    places = [source, *dialects]
    nulls = tuple(n.text for p in places for n in graph.iri_values(p.term, f"{_CSVW}null"))
    dialect = _dialect(graph, dialects[0]) if dialects else Dialect()
    return LogicalSource(
        path=_local(graph.iri_values(source.term, f"{_CSVW}url")[0]),
        formulation=formulation,
        folder=folder,
        dialect=replace(dialect, names=tuple(_names(graph, source))),
        # The empty text, unless the table says otherwise.
        nulls=nulls or ("",),
        encoding=encodings[0].text.lower() if encodings else "utf-8",
    )


def _of_sheet(graph: RmlGraph, source: Value, dialect: Dialect) -> Dialect:
    """Add what is said of a sheet, at the source or its dialect."""
    for node in (source, *graph.iri_values(source.term, f"{_CSVW}dialect")):
        for value in graph.iri_values(node.term, f"{_SHEETS}range"):
            if parse_range(value.text) is None:
                raise value.error(f"{value.text!r} is no range of cells", hint=RANGE_HINT)
            dialect = replace(dialect, cells=value.text)
        for value in graph.iri_values(node.term, f"{_SHEETS}merged"):
            if value.text not in MERGED:
                raise value.error(f"merged is {' or '.join(MERGED)}, not {value.text!r}")
            dialect = replace(dialect, fills_merged=MERGED[value.text])
        for value in graph.iri_values(node.term, f"{_SHEETS}sheetColumn"):
            dialect = replace(dialect, sheet_column=value.text)
    return dialect


def _names(graph: RmlGraph, source: Value) -> Iterator[str]:
    """Yield the names of the columns that a table's schema gives."""
    for schema in graph.iri_values(source.term, f"{_CSVW}tableSchema"):
        for name in ("column", "columns"):
            for entry in graph.iri_values(schema.term, _CSVW + name):
                for column in listed(graph, entry):
                    if column.is_literal:
                        yield column.text
                    names = graph.iri_values(column.term, f"{_CSVW}name")
                    titles = graph.iri_values(column.term, f"{_CSVW}titles")
                    yield from (found.text for found in (names or titles)[:1])


def listed(graph: RmlGraph, entry: Value) -> Iterator[Value]:
    """Yield the items of an RDF list, or the value itself if it is none."""
    firsts = graph.iri_values(entry.term, f"{RDF}first")
    if not firsts:
        yield entry
        return
    yield firsts[0]
    for rest in graph.iri_values(entry.term, f"{RDF}rest"):
        if rest.term != ox.NamedNode(f"{RDF}nil"):
            yield from listed(graph, rest)


def _dialect(graph: RmlGraph, entry: Value) -> Dialect:
    def text(name: str, default: str) -> str:
        found = graph.iri_values(entry.term, _CSVW + name)
        return found[0].text if found else default

    def number(name: str) -> int:
        found = text(name, "0")
        if not found.isdecimal() or len(found) > _MOST_DIGITS:
            digits = f"a number of up to {_MOST_DIGITS} digits"
            raise entry.error(f"csvw:{name} must be {digits}, not {found[:99]!r}")
        return int(found)

    quote = text("quoteChar", '"')
    doubled = text("doubleQuote", "true") in _TRUE
    trim = {"1": "true", "0": "false"}.get(text("trim", "false"), text("trim", "false"))
    if trim not in ("true", "false", "start", "end"):
        raise entry.error(f"csvw:trim is true, false, start or end, not {trim!r}")
    if trim == "false" and text("skipInitialSpace", "false") in _TRUE:
        trim = "start"
    header = text("header", "true") in _TRUE and text("headerRowCount", "1") != "0"
    return Dialect(
        delimiter=text("delimiter", ",").replace("\\t", "\t"),
        quote=quote,
        escape=quote if doubled else "\\",
        header=header,
        comment=text("commentPrefix", ""),
        skip_rows=number("skipRows"),
        trim=trim,
    )
