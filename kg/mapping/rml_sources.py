"""Logical sources of RML documents.

Spec: https://kg-construct.github.io/rml-io/spec/docs/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kg.mapping.plan import Dialect, Formulation, LogicalSource
from kg.mapping.rml_graph import RmlGraph, Value

_FORMULATIONS: Final[Mapping[str, Formulation]] = {
    "CSV": Formulation.CSV,
    "JSONPath": Formulation.JSON,
    "XPath": Formulation.XPATH,
    "XPathReferenceFormulation": Formulation.XPATH,
    "YAML": Formulation.YAML,
}
_ENCODINGS: Final[Mapping[str, str]] = {"UTF-8": "utf-8", "UTF-16": "utf-16"}
_COMPRESSIONS: Final = frozenset({"none", "gzip", "zip", "targz", "tarxz"})
_CSVW: Final = "http://www.w3.org/ns/csvw#"


def read_logical_source(graph: RmlGraph, value: Value, folder: str) -> LogicalSource:
    """Read a logical source.

    Args:
        graph: The document.
        value: The logical source's node.
        folder: rml:MappingDirectory.

    Raises:
        InputError: It is incomplete, or of a kind that kg does not read.
    """
    node = value.term
    source = graph.one(node, "source")
    if source is None:
        raise value.error("the logical source has no rml:source")
    formulation, namespaces = _formulation(graph, value)
    iterator = graph.one(node, "iterator")
    shared = {
        "formulation": formulation,
        "iterator": iterator.text if iterator else "",
        "namespaces": namespaces,
        "origin": value.origin,
    }
    if source.is_literal:
        return LogicalSource(path=source.text, folder=folder, **shared)  # type: ignore[arg-type]
    if graph.iri_values(source.term, f"{_CSVW}url"):
        return _csvw(graph, source, folder, shared)
    path = graph.one(source.term, "path")
    if path is None:
        raise source.error(
            "the source has no rml:path", hint="kg reads rml:RelativePathSource and rml:FilePath."
        )
    return LogicalSource(
        path=path.text,
        folder=_root(graph, source, folder),
        nulls=tuple(n.text for n in graph.all(source.term, "null")),
        encoding=_encoding(graph, source),
        compression=_compression(graph, source),
        **shared,  # type: ignore[arg-type]
    )


def _formulation(graph: RmlGraph, value: Value) -> tuple[Formulation, tuple[tuple[str, str], ...]]:
    stated = graph.one(value.term, "referenceFormulation")
    if stated is None:
        raise value.error("the logical source has no rml:referenceFormulation")
    namespaces = []
    name = stated.name
    if name is None:
        for kind in _FORMULATIONS:
            if graph.has_type(stated.term, kind):
                name = kind
        for entry in graph.all(stated.term, "namespace"):
            prefix = graph.one(entry.term, "namespacePrefix")
            url = graph.one(entry.term, "namespaceURL")
            if prefix is None or url is None:
                raise entry.error("a namespace needs rml:namespacePrefix and rml:namespaceURL")
            namespaces.append((prefix.text, url.text))
    if name is None or name not in _FORMULATIONS:
        raise stated.error(
            f"{stated.text} is no reference formulation that kg knows",
            hint=f"Known: {', '.join(f'rml:{k}' for k in _FORMULATIONS)}.",
        )
    return _FORMULATIONS[name], tuple(namespaces)


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
        return "utf-8"
    name = stated.name or stated.text
    return _ENCODINGS.get(name, name)


def _compression(graph: RmlGraph, source: Value) -> str:
    stated = graph.one(source.term, "compression")
    if stated is None:
        return ""
    if stated.name not in _COMPRESSIONS:
        raise stated.error(
            f"{stated.text} is no compression",
            hint=f"Known: {', '.join(f'rml:{c}' for c in sorted(_COMPRESSIONS))}.",
        )
    return str(stated.name)


def _csvw(graph: RmlGraph, source: Value, folder: str, shared: dict[str, object]) -> LogicalSource:
    """Read a source that is described as a table of CSV on the Web.

    Spec: https://www.w3.org/TR/tabular-metadata/#dialect-descriptions
    """
    url = graph.iri_values(source.term, f"{_CSVW}url")[0].text
    dialect = Dialect()
    for entry in graph.iri_values(source.term, f"{_CSVW}dialect"):
        dialect = _dialect(graph, entry)
    nulls = [n.text for n in graph.iri_values(source.term, f"{_CSVW}null")]
    encodings = [
        e.text
        for entry in graph.iri_values(source.term, f"{_CSVW}dialect")
        for e in graph.iri_values(entry.term, f"{_CSVW}encoding")
    ]
    return LogicalSource(
        path=url.removeprefix("file://"),
        folder=folder,
        dialect=dialect,
        nulls=tuple(nulls) or ("",),
        encoding=encodings[0].lower() if encodings else "utf-8",
        **shared,  # type: ignore[arg-type]
    )


def _dialect(graph: RmlGraph, entry: Value) -> Dialect:
    def text(name: str, default: str) -> str:
        found = graph.iri_values(entry.term, _CSVW + name)
        return found[0].text if found else default

    def number(name: str) -> int:
        found = text(name, "0")
        if not found.isdecimal():
            raise entry.error(f"csvw:{name} must be a number, not {found!r}")
        return int(found)

    quote = text("quoteChar", '"')
    doubled = text("doubleQuote", "true") == "true"
    return Dialect(
        delimiter=text("delimiter", ",").replace("\\t", "\t"),
        quote=quote,
        escape=quote if doubled else "\\",
        header=text("header", "true") == "true",
        comment=text("commentPrefix", ""),
        skip_rows=number("skipRows"),
        trim=text("trim", "false"),
    )
