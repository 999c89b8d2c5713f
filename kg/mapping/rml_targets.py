"""Logical targets of RML documents, in the vocabulary of RML-IO and in that of before.

Spec: https://kg-construct.github.io/rml-io/spec/docs/#target-vocabulary,
https://rml.io/specs/rml-target/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from kg.logins import without_login
from kg.mapping.plan import LogicalTarget
from kg.mapping.rml_graph import RmlGraph, Term, Value
from kg.mapping.rml_named_targets import named_targets
from kg.mapping.rml_vocabulary import dynamic_target, is_extension
from kg.mapping.targets import COMPRESSIONS, ENCODINGS, FORMATS, plain_path

_FORMATS_NAMESPACE: Final = "http://www.w3.org/ns/formats/"
_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_ENDPOINT: Final = f"{_SD}endpoint"
# Properties of other vocabularies whose value is the address of a file.
_ADDRESSES: Final = (
    "http://rdfs.org/ns/void#dataDump",
    "http://www.w3.org/ns/dcat#accessURL",
    "http://www.w3.org/ns/dcat#downloadURL",
    # As yarrrml-parser writes it.
    "http://www.w3.org/ns/dcat#dataDump",
)


def read_targets(graph: RmlGraph, term_map: Value) -> tuple[LogicalTarget, ...]:
    """Read the logical targets of a term map.

    Args:
        graph: The document.
        term_map: The term map.

    Raises:
        InputError: A target is incomplete, or of a kind that kg does not write.
    """
    found = [_target(graph, value) for value in graph.all(term_map.term, "logicalTarget")]
    found += named_targets(graph, term_map)
    return tuple(dict.fromkeys(found))


def _target(graph: RmlGraph, value: Value) -> LogicalTarget:
    access = graph.one(value.term, "target")
    if access is None and is_extension(value):
        raise dynamic_target(value)
    if access is None:
        raise value.error("the logical target has no rml:target")
    for endpoint in graph.iri_values(access.term, _ENDPOINT):
        return _server(graph, access, endpoint, value)
    path, root = _path(graph, access)
    # The specification draws compression and encoding at either of the two nodes.
    nodes = (value.term, access.term)
    return LogicalTarget(
        path=plain_path(path),
        folder=root,
        serialization=_serialization(graph, value),
        compression=_named(graph, nodes, "compression", COMPRESSIONS, ""),
        encoding=_named(graph, nodes, "encoding", ENCODINGS, "utf-8"),
        origin=value.origin,
    )


def _server(graph: RmlGraph, access: Value, endpoint: Value, value: Value) -> LogicalTarget:
    """Read a target that gets statements by SPARQL Update.

    Spec: https://www.w3.org/TR/sparql11-service-description/#sd-endpoint
    """
    languages = graph.iri_values(access.term, f"{_SD}supportedLanguage")
    if languages and not any(each.text == f"{_SD}SPARQL11Update" for each in languages):
        raise languages[0].unsupported(
            "the target's server takes no SPARQL Update",
            hint="Give it sd:supportedLanguage sd:SPARQL11Update, or write a file.",
        )
    from kg.http import web_parts  # its libraries take time that few mappings need

    if web_parts(endpoint.text) is None:
        raise endpoint.error(
            f"{without_login(endpoint.text)} is no address of a server",
            hint="Write it with http:// or https://.",
        )
    return LogicalTarget(endpoint.text, endpoint=endpoint.text, origin=value.origin)


def _path(graph: RmlGraph, access: Value) -> tuple[str, str]:
    """Return the path of a target, and the folder that it is relative to."""
    if access.is_literal:
        return access.text, str(Path.cwd())
    path = graph.one(access.term, "path")
    if path is not None:
        return path.text, _root(graph, access)
    for name in _ADDRESSES:
        for address in graph.iri_values(access.term, name):
            parts = urlsplit(address.text)
            if parts.scheme not in ("file", ""):
                raise address.unsupported(
                    f"{without_login(address.text)} is no file",
                    hint="kg writes files; see kg push for stores.",
                )
            # file://data/x names a host by the standard, but means data/x where RML is written.
            return unquote(parts.netloc + parts.path), str(Path.cwd())
    raise access.unsupported(
        "the target is of a kind that kg does not write",
        hint="Use rml:FilePath with rml:path, void:dataDump with a file's address, or sd:endpoint.",
    )


def _root(graph: RmlGraph, access: Value) -> str:
    root = graph.one(access.term, "root")
    if root is None or root.name == "CurrentWorkingDirectory":
        return str(Path.cwd())
    if root.name == "MappingDirectory":
        return graph.folder_of(access)
    if root.is_literal:
        return str(Path.cwd() / root.text)
    raise root.error(f"{root.text} is no root", hint="Use rml:MappingDirectory or a folder's path.")


def _serialization(graph: RmlGraph, value: Value) -> str:
    stated = graph.one(value.term, "serialization")
    if stated is None:
        return "nquads"
    name = stated.text.removeprefix(_FORMATS_NAMESPACE)
    if name not in FORMATS:
        raise stated.unsupported(
            f"{stated.text} is no serialization that kg writes",
            hint=f"Known: {', '.join(f'formats:{n}' for n in FORMATS)}.",
        )
    return FORMATS[name]


def _named(
    graph: RmlGraph, nodes: tuple[Term, ...], what: str, known: Mapping[str, str], default: str
) -> str:
    stated = next((v for node in nodes for v in graph.all(node, what)), None)
    if stated is None:
        return default
    name = (stated.name or stated.text).lower()
    if name not in known:
        raise stated.unsupported(
            f"{stated.text} is no {what} that kg writes",
            hint=f"Known: {', '.join(f'rml:{n}' for n in known)}.",
        )
    return known[name]
