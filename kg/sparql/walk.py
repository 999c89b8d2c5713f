"""Walks over a syntax tree: all its nodes, its triple patterns, its variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final, NamedTuple, TypeVar, overload

from kg.sparql import tree

# Types of what holds no nodes.
_PLAIN: Final = frozenset({str, int, bool, type(None)})
_N = TypeVar("_N", bound=tree.Node)
_M = TypeVar("_M", bound=tree.Node)


def walk(node: tree.Node) -> Iterator[tree.Node]:
    """Yield a node and all nodes in it, in the order of the text, without recursion."""
    waiting: list[Any] = [node]
    while waiting:
        each = waiting.pop()
        if type(each) in _PLAIN:  # most are: a name, a number, nothing
            continue
        if isinstance(each, tree.Node):
            yield each
            waiting += [getattr(each, name) for name in _parts(each)]
        elif isinstance(each, tuple):
            waiting += reversed(each)


@overload
def find(node: tree.Node, kind: type[_N], /) -> Iterator[_N]: ...
@overload
def find(node: tree.Node, first: type[_N], second: type[_M], /) -> Iterator[_N | _M]: ...
@overload
def find(node: tree.Node, *kinds: type[tree.Node]) -> Iterator[tree.Node]: ...


def find(node: tree.Node, *kinds: type[tree.Node]) -> Iterator[tree.Node]:
    """Yield the nodes of some types in a node, in the order of the text."""
    nodes = _nodes(node) if isinstance(node, tree.Query) else walk(node)
    for each in nodes:
        if isinstance(each, kinds):
            yield each


# The nodes of the query that was looked through last: who reads a query looks for many kinds.
_last: list[tuple[tree.Query, tuple[tree.Node, ...]]] = []


def _nodes(query: tree.Query) -> tuple[tree.Node, ...]:
    for known, nodes in _last:
        if known is query:
            return nodes
    nodes = tuple(walk(query))
    _last[:] = [(query, nodes)]
    return nodes


def outermost(node: tree.Node, kind: type[_N]) -> Iterator[_N]:
    """Yield the nodes of a type that are in no other of that type, in the order of the text."""
    waiting: list[Any] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, kind):
            yield each
        elif isinstance(each, tree.Node):
            waiting += [getattr(each, name) for name in _parts(each)]
        elif isinstance(each, tuple):
            waiting += reversed(each)


_PARTS: Final[dict[type, tuple[str, ...]]] = {}


def _parts(node: tree.Node) -> tuple[str, ...]:
    """Return the fields of a node that may hold nodes, the last one first."""
    found = _PARTS.get(type(node))
    if found is None:
        found = tuple(each.name for each in reversed(fields(node)) if each.compare)
        _PARTS[type(node)] = found
    return found


class TriplePattern(NamedTuple):
    """A triple pattern of a query.

    Attributes:
        subject: A term, or a list or blank node in brackets.
        verb: A property, a variable or a path.
        object: As the subject.
        graph: The IRI or variable of the GRAPH that it is in.
    """

    subject: tree.GraphNode
    verb: tree.Verb
    object: tree.GraphNode
    graph: tree.Variable | tree.Iri | tree.Name | None = None

    def __str__(self) -> str:
        """Return it as SPARQL; what is in brackets is left out of them."""
        from kg.sparql.printer import text_of  # few queries are shown

        verb = text_of(tree.Property(self.verb, ()))
        text = f"{_shown(self.subject)} {verb} {_shown(self.object)}"
        return f"GRAPH {text_of(self.graph)} {{ {text} }}" if self.graph else text


def _shown(node: tree.GraphNode) -> str:
    from kg.sparql.printer import text_of

    bracketed = isinstance(node, tree.BlankNodePropertyList | tree.Collection)
    return "[]" if bracketed else text_of(node)


def triple_patterns(query: tree.Query) -> list[TriplePattern]:
    """Return the triple patterns of a query in their order; a template has none."""
    found: list[TriplePattern] = []
    waiting: list[tuple[Any, Any]] = [(query, None)]
    while waiting:
        node, graph = waiting.pop()
        if isinstance(node, tuple):
            waiting += [(each, graph) for each in reversed(node)]
        if not isinstance(node, tree.Node):
            continue
        if isinstance(node, tree.Triples):
            found += _patterns(node, graph)
            continue
        if isinstance(node, tree.GraphGroup):
            graph = node.name
        for name in _parts(node):
            if name != "template":
                waiting.append((getattr(node, name), graph))
    return found


def _patterns(triples: tree.Triples, graph: Any) -> Iterator[TriplePattern]:  # noqa: ANN401
    """Yield the patterns of triples, those within brackets before what is said of them."""
    yield from _within(triples.subject, graph)
    for each in triples.properties:
        yield from _of_property(triples.subject, each, graph)


def _of_property(
    subject: tree.GraphNode,
    said: tree.Property,
    graph: Any,  # noqa: ANN401
) -> Iterator[TriplePattern]:
    for each in said.objects:
        object_ = each.object if isinstance(each, tree.Annotated) else each
        yield from _within(object_, graph)
        yield TriplePattern(subject, said.verb, object_, graph)
        if isinstance(each, tree.Annotated):
            for note in find(each, tree.AnnotationBlock):
                for inner in note.properties:
                    yield from _of_property(tree.BlankNodePropertyList(), inner, graph)


def _within(node: tree.GraphNode, graph: Any) -> Iterator[TriplePattern]:  # noqa: ANN401
    if isinstance(node, tree.BlankNodePropertyList):
        for said in node.properties:
            yield from _of_property(node, said, graph)
    elif isinstance(node, tree.Collection):
        for item in node.items:
            yield from _within(item, graph)
