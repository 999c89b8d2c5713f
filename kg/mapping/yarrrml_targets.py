"""Targets of YARRRML documents.

Beside the specification, ``encoding`` goes with targets too. A file may be named by the values of
each record, as yarrrml-parser has it.

Spec: https://rml.io/yarrrml/spec/#targets, https://rml.io/specs/target/dynamictarget/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from kg.logins import without_login
from kg.mapping.plan import LogicalTarget, Reference, Template
from kg.mapping.targets import COMPRESSIONS, ENCODINGS, SERIALIZATIONS, plain_path
from kg.mapping.templates import TemplateError, parse_template
from kg.mapping.yaml_nodes import Node, with_external
from kg.mapping.yarrrml_access import check_type, no_file
from kg.mapping.yarrrml_documents import TARGETS, Shared

_KEYS: Final = frozenset(
    {"type", "access", "serialization", "compression", "encoding", "source", "id"}
)
# Those that take SPARQL Update.
_SERVER_TYPES: Final = frozenset({"sd", "sparql"})
_FILE_TYPES: Final = frozenset({"localfile", "void", "dcat"})


class TargetReader:
    """Reads the targets of one document.

    They are relative to the current folder, as all files are that a command writes.

    Args:
        known: Targets by name.
        external: Values of external references.
    """

    def __init__(self, known: Shared[Node], external: Mapping[str, str]) -> None:
        self.known = known
        self.external = external
        self.named = known.named
        self.folder = str(Path.cwd())
        # Whose records name the files of a target, as the document says it.
        self.sources: dict[LogicalTarget, Node] = {}

    def of_term(self, node: Node) -> tuple[LogicalTarget, ...]:
        """Return the targets of a term map or mapping, none if it has no such key.

        Raises:
            InputError: One is incomplete or not known.
        """
        found = node.get(*TARGETS)
        if found is None:
            return ()
        return tuple(dict.fromkeys(self.listed(with_external(found, self.external))))

    def listed(self, node: Node) -> Iterator[LogicalTarget]:
        """Yield one target, or each of a list."""
        parts = list(node.items())
        if node.is_list and parts and self.is_short(parts):
            yield self.short(parts)
            return
        for part in parts:
            yield self.target(part)

    def is_short(self, parts: list[Node]) -> bool:
        """Tell ``[dump.ttl~void, turtle]``, one target, from ``[first, second]``."""
        texts = [part.value for part in parts]
        return (
            isinstance(texts[0], str)
            and texts[0] not in self.named
            and self.of_id(texts[0]) is None
            and (len(texts) == 1 or str(texts[1]).lower() in SERIALIZATIONS)
        )

    def of_id(self, name: str) -> Node | None:
        """Return the target that has a name beside its key."""
        return next((each for each in self.named.values() if _id_of(each) == name), None)

    def target(self, node: Node, seen: frozenset[str] = frozenset()) -> LogicalTarget:
        """Read a target in any form: its name, a path, in brackets, or written out."""
        node = with_external(node, self.external)
        if node.is_map:
            return self.long(node)
        if node.is_list:
            return self.short(list(node.items()))
        name = node.text("a target")
        if name in self.named and name not in seen:
            return self.target(self.named[name], seen | {name})
        by_id = self.of_id(name)
        if by_id is not None:
            return self.target(by_id, seen)
        self.known.check(node, "target", name)
        if not seen and "~" not in name and "." not in name:
            raise node.error(
                f"there is no target {name!r}",
                hint=f"Declared targets: {', '.join(sorted(self.named)) or 'none'}.",
            )
        return self.short([node])

    def short(self, parts: list[Node]) -> LogicalTarget:
        """Read ``[path~type, serialization, compression]``, of which the path alone is needed."""
        if len(parts) > 3:
            raise parts[3].error("a target in brackets is [path~type, serialization, compression]")
        path, tilde, kind = parts[0].text("a target").rpartition("~")
        if tilde and kind.lower() in _SERVER_TYPES:
            return _server(parts[0], path)
        if tilde and kind.lower() not in _FILE_TYPES:
            raise parts[0].unsupported(no_file("a target", kind))
        serialization = parts[1] if len(parts) > 1 else None
        compression = parts[2] if len(parts) > 2 else None
        return self.made(parts[0], path if tilde else kind, serialization, compression, None)

    def long(self, node: Node) -> LogicalTarget:
        """Read a target that is written out."""
        node.check_keys("a target", _KEYS)
        access, source = node.get("access"), node.get("source")
        if access is None:
            raise node.error("a target needs access", hint="Write access: graph.nq")
        kind = node.get("type")
        if kind and kind.text("type").lower() in _SERVER_TYPES:
            return _server(access, access.text("access"))
        check_type(node, "a target", _FILE_TYPES)
        parts = (node.get("serialization"), node.get("compression"), node.get("encoding"))
        made = self.made(node, access.text("access"), *parts)
        if source is not None and made.name is not None:
            self.sources[made] = source
        return made

    def made(
        self,
        node: Node,
        path: str,
        serialization: Node | None,
        compression: Node | None,
        encoding: Node | None,
    ) -> LogicalTarget:
        """Return the target of a path, with what is said of it."""
        if "://" in path:
            path = _local_path(node, path)
        path = plain_path(path)
        return LogicalTarget(
            path=path,
            name=_name(node, path),
            folder=self.folder,
            serialization=_one_of(serialization, "serialization", SERIALIZATIONS, "nquads"),
            compression=_one_of(compression, "compression", COMPRESSIONS, ""),
            encoding=_one_of(encoding, "encoding", ENCODINGS, "utf-8"),
            origin=node.origin,
        )


def _server(node: Node, address: str) -> LogicalTarget:
    """Return a target that gets statements by SPARQL Update."""
    if _name(node, address) is not None:
        raise node.unsupported(
            "addresses of servers that depend on the record are not supported",
            hint="Name one server, or files.",
        )
    from kg.http import web_parts  # its libraries take time that few mappings need

    if web_parts(address) is None:
        raise node.error(
            f"{without_login(address)} is no address of a server",
            hint="Write it with http:// or https://.",
        )
    return LogicalTarget(address, endpoint=address, origin=node.origin)


def _local_path(node: Node, address: str) -> str:
    if not address.startswith("file://"):
        raise node.error(
            f"{without_login(address)} is no file", hint="kg writes files; see kg push for stores."
        )
    return address.removeprefix("file://")


def _one_of(node: Node | None, what: str, known: Mapping[str, str], default: str) -> str:
    if node is None:
        return default
    name = node.text(what)
    if name.lower() not in known:
        raise node.error(
            f"{name!r} is no {what} that kg writes", hint=f"Known: {', '.join(known)}."
        )
    return known[name.lower()]


def _name(node: Node, path: str) -> Template | None:
    """Return what makes the name of a file of each record; None where it is the same for all."""
    try:
        found = parse_template(path)
    except TemplateError as error:
        raise node.error(str(error)) from error
    if isinstance(found, Reference):
        return Template((found,))
    return found if isinstance(found, Template) else None


def _id_of(node: Node) -> object:
    """Return the name that a target has beside its key."""
    found = node.get("id") if node.is_map else None
    return None if found is None else found.value
