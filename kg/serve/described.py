"""Queries about the service's description, asked of the endpoint itself, as other services let one.

The description is no part of the graph. A query is answered from it if each of its patterns can
match nothing else: then the answer is that of the graph and the description together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from kg.sparql import algebra
from kg.sparql.guard import Guarded
from kg.sparql.translate import translate
from kg.terms import RDF_TYPE

# Namespaces of which only descriptions of services have statements, and SHACL's part of that.
_SPACES: Final = (
    "<http://rdfs.org/ns/void#",
    "<http://ldf.fi/void-ext#",
    "<http://www.w3.org/ns/sparql-service-description#",
)
_SHACL: Final = frozenset(
    f"<http://www.w3.org/ns/shacl#{name}>"
    for name in (
        *("select", "ask", "construct", "describe", "prefix", "namespace", "declare", "prefixes"),
        *(f"SPARQL{form}Executable" for form in ("", "Select", "Ask", "Construct", "Describe")),
    )
)


def is_about_description(
    query: Guarded, prefixes: Mapping[str, str], base: str, used: Iterable[str]
) -> bool:
    """Return whether only the description can answer a query.

    Args:
        query: The query.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against.
        used: Predicates and classes of the graph, as terms.
    """
    if not any(space[1:] in query.text for space in (*_SPACES, "<http://www.w3.org/ns/shacl#")):
        short = ("void:", "sh:", "sd:", "void-ext:")
        if not any(name in query.text for name in short):
            return False
    try:
        meaning = translate(query.tree, prefixes, base)
    except (ValueError, RecursionError):
        return False
    known = frozenset(used)
    patterns = list(_patterns(meaning.pattern))
    own = [each for each in patterns if _is_own(each, known)]
    subjects = {each.subject for each in own if not isinstance(each.subject, algebra.Constant)}
    others = [each for each in patterns if each not in own]
    # Whatever is the subject of a statement of the description is no subject of the graph.
    return bool(own) and all(each.subject in subjects for each in others)


_Pattern = algebra.Triple | algebra.Path


def _patterns(node: Any) -> Iterator[_Pattern]:  # noqa: ANN401  (a part of the algebra, or not)
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, algebra.Triple | algebra.Path):
            yield each
        elif is_dataclass(each) and not isinstance(each, type):
            waiting += [getattr(each, field.name) for field in fields(each)]
        elif isinstance(each, tuple | list):
            waiting += each


def _is_own(pattern: _Pattern, used: frozenset[str]) -> bool:
    """Return whether a pattern can match only statements of the description."""
    if isinstance(pattern, algebra.Path):
        links = list(_links(pattern.path))
        return bool(links) and all(_is_name(link, used) for link in links)
    if not isinstance(pattern.predicate, algebra.Constant):
        return False
    name = pattern.predicate.term
    if name == RDF_TYPE:
        kind = pattern.object
        return isinstance(kind, algebra.Constant) and _is_name(kind.term, used)
    return _is_name(name, used)


def _links(path: Any) -> Iterator[str]:  # noqa: ANN401  (a path expression)
    """Yield the predicates of a path; an empty one for a part that may match anything."""
    if isinstance(path, algebra.Link):
        yield f"<{path.iri}>" if not path.iri.startswith("<") else path.iri
    elif isinstance(path, algebra.Inv):
        yield from _links(path.path)
    elif isinstance(path, algebra.Seq | algebra.Alt):
        for each in path.paths:
            yield from _links(each)
    elif isinstance(path, algebra.OneOrMorePath):
        yield from _links(path.path)
    else:
        yield ""


def _is_name(term: str, used: frozenset[str]) -> bool:
    return term not in used and (term.startswith(_SPACES) or term in _SHACL)
