"""How namespaces of an XML document are declared in a mapping, for messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping

# Namespaces of a root that messages list.
_MOST_LISTED = 8


def declaration(prefix: str, namespace: str) -> str:
    """Return how YARRRML and RML declare a namespace of a source."""
    return (
        f"namespaces: {{{prefix}: {namespace!r}}} beside the iterator in YARRRML, or with"
        " rml:referenceFormulation [ a rml:XPathReferenceFormulation ; rml:namespace"
        f' [ rml:namespacePrefix "{prefix}" ; rml:namespaceURL "{namespace}" ] ] in RML'
    )


def free_prefix(taken: Collection[str]) -> str:
    """Return a prefix that is not taken."""
    names = ("d", "ns", "doc", "root", *(f"ns{number}" for number in range(len(taken))))
    return next(name for name in names if name not in taken)


def unknown_prefix(
    prefix: str, declared: Collection[str], root: Mapping[str | None, str], shown: str
) -> str:
    """Return the advice for a path with a prefix that its source does not declare.

    Args:
        prefix: The prefix; empty if it is not known.
        declared: The prefixes of the source.
        root: The namespaces of the document's root by prefix.
        shown: What messages call the document.
    """
    known = ", ".join(sorted(declared)) or "none"
    said = f"Declare it as a namespace of the source. Declared: {known}."
    offered = {name or "(no prefix)": iri for name, iri in root.items()}
    if not offered:
        return said
    listed = ", ".join(f"{name} {iri}" for name, iri in sorted(offered.items())[:_MOST_LISTED])
    namespace = root.get(prefix) or next(iter(root.values()))
    name = prefix or free_prefix(declared)
    return (
        f"{said} The root of {shown} has: {listed}. Declare one with"
        f" {declaration(name, namespace)}."
    )
