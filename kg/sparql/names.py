"""What the IRIs and prefixed names of a query stand for.

Spec: https://www.w3.org/TR/sparql11-query/#iriRefs, https://www.rfc-editor.org/rfc/rfc3986#section-5
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from kg.sparql import tree

# https://www.rfc-editor.org/rfc/rfc3986#appendix-B
_PARTS: Final = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)


class Names:
    """Resolves the IRIs and prefixed names of a query.

    Args:
        query: The query, whose PREFIX and BASE count most.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against; without it those stay unresolved.

    Attributes:
        prefixes: All prefixes, with the IRIs that they stand for.
        base: What relative IRIs of the query are resolved against.
    """

    def __init__(
        self, query: tree.Query, prefixes: Mapping[str, str], base: str | None = None
    ) -> None:
        self.prefixes = dict(prefixes)
        self.base = base
        for each in query.prologue:
            if isinstance(each, tree.Base):
                self.base = self._resolved(each.iri.text)
            elif isinstance(each, tree.Prefix):
                self.prefixes[each.name] = self._resolved(each.iri.text)

    def iri(self, node: tree.Iri | tree.Name) -> str | None:
        """Return the IRI that a node stands for; None for a name whose prefix is unknown."""
        if isinstance(node, tree.Iri):
            return self._resolved(node.text)
        prefix = self.prefixes.get(node.prefix)
        return None if prefix is None else prefix + node.local

    def _resolved(self, text: str) -> str:
        return text if self.base is None else resolve(self.base, text)


class _Reference(NamedTuple):
    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None


def _split(text: str) -> _Reference:
    match = _PARTS.fullmatch(text)
    assert match is not None, "each part may be empty"
    return _Reference(match[1], match[2], match[3], match[4], match[5])


def resolve(base: str, reference: str) -> str:
    """Return a reference resolved against an absolute IRI.

    As in Oxigraph, and in the data that it reads, an IRI that names its host keeps its dots.

    Spec: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.2

    >>> resolve("http://example.org/a/b?c", "../d#e")
    'http://example.org/d#e'
    """
    given = _split(reference)
    if given.scheme is not None:
        return reference
    known = _split(base)
    if given.authority is not None:
        return _joined(given._replace(scheme=known.scheme))
    query = known.query if given.query is None and not given.path else given.query
    if not given.path:
        path = known.path
    elif given.path.startswith("/"):
        path = _without_dots(given.path)
    else:
        path = _without_dots(_merged(known, given.path))
    return _joined(_Reference(known.scheme, known.authority, path, query, given.fragment))


def _merged(base: _Reference, path: str) -> str:
    if base.authority is not None and not base.path:
        return f"/{path}"
    return base.path[: base.path.rfind("/") + 1] + path


def _without_dots(path: str) -> str:
    """Return a path without ``.`` and ``..``.

    Spec: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
    """
    if "." not in path:
        return path
    rooted = path.startswith("/")
    steps = path.split("/")
    kept: list[str] = []
    for at, step in enumerate(steps[rooted:]):
        last = at == len(steps) - rooted - 1
        if step not in (".", ".."):
            kept.append(step)
            continue
        if step == ".." and kept:
            kept.pop()
        if last:
            kept.append("")
    return "/" * rooted + "/".join(kept)


def _joined(parts: _Reference) -> str:
    text = f"{parts.scheme}:" if parts.scheme is not None else ""
    if parts.authority is not None:
        text += f"//{parts.authority}"
    text += parts.path
    if parts.query is not None:
        text += f"?{parts.query}"
    return text if parts.fragment is None else f"{text}#{parts.fragment}"
