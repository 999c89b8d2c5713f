"""Prepare ``sh:sparql`` queries, and decide which may run once for all focus nodes.

In SHACL a query runs for each focus node, with ``$this`` bound beforehand. For most queries,
joining them with all focus nodes gives the same solutions in one run. This holds if ``$this`` is
bound wherever it is used: each filter and assignment is in a group that is joined with the focus
nodes, or that binds ``$this`` itself. If this is not certain, `unsafe` says why, and pySHACL runs
the query for each node.

Spec: https://www.w3.org/TR/shacl/#pre-binding
"""

from __future__ import annotations

from typing import Final

from kg.records import dataclass
from kg.sparql import tree
from kg.sparql.guard import Guarded, guard, with_path
from kg.sparql.scopes import has_aggregates
from kg.sparql.walk import find, outermost, walk
from kg.store import syntax_error
from kg.validation.names import OWL, RDF_TYPE, RDFS, sh
from kg.validation.paths import Path, to_sparql
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_literal, split_literal

# The name of a shape's query in messages, before its file and line are known.
QUERY_OF_SHAPE: Final = "the query"
_FORBIDDEN: Final = (
    tree.Service, tree.GraphGroup, tree.Values, tree.Minus, tree.Dataset, tree.Lateral,
)  # fmt: skip
_WORDS: Final = {tree.GraphGroup: "GRAPH", tree.Dataset: "FROM"}
_SPECIAL: Final = ("shapesGraph", "currentShape", "failure", "PATH")


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a ``sh:sparql`` constraint.

    Attributes:
        guarded: The unchanged query, with its prefixes.
        unsafe: Why it must run for each focus node, or None.
        has_empty_paths: Whether it may have paths of length zero (``*``, ``?``). They lead from a
            node to itself, but in Oxigraph only from nodes in the graph.
    """

    guarded: Guarded
    unsafe: str | None
    has_empty_paths: bool = False

    @property
    def text(self) -> str:
        """The query's text."""
        return self.guarded.text

    def joined_with(self, nodes: list[str]) -> Guarded:
        """Return the query joined with focus nodes, for which `is_listed` holds."""
        return self.guarded.with_values("this", nodes)


def prepare(shapes: ShapesGraph, constraint: str, path: Path | None) -> Query:
    """Return the query of a constraint.

    Args:
        shapes: The shapes graph.
        constraint: The value of ``sh:sparql``, which has one ``sh:select``.
        path: The path of its shape, which replaces ``$PATH``.

    Raises:
        InputError: The query is not valid SPARQL, or kg refuses it.
    """
    given = shapes.objects(constraint, sh("select"))
    guarded = read_query(shapes, constraint, split_literal(given[0]).lexical, path)
    try:
        check_joinable(guarded.tree)
    except UnsafeError as error:
        return Query(guarded, str(error))
    if syntax_error(guarded) is not None:
        return Query(guarded, "Oxigraph does not accept its syntax")
    repeats = find(guarded.tree, tree.PathRepeat)
    return Query(guarded, None, any(each.mark != "+" for each in repeats))


def read_query(shapes: ShapesGraph, node: str, text: str, path: Path | None) -> Guarded:
    """Return a query of the shapes graph, checked by the guard.

    Args:
        shapes: The shapes graph.
        node: The constraint, or the validator of a component.
        text: The value of ``sh:select`` or ``sh:ask``.
        path: The path that replaces ``$PATH``.

    Raises:
        InputError: The query is not valid SPARQL, or refused; its text begins in line 2.
    """
    if path is not None:
        text = with_path(text, "PATH", to_sparql(path))
    prefixes = prefixes_of(shapes, node)
    # The same declarations as pySHACL's, but in one line, so that only line 1 is added.
    head = " ".join(f"PREFIX {prefix}: <{iri}>" for prefix, iri in prefixes.items())
    return guard(f"{head}\n{text}", QUERY_OF_SHAPE, {}, lax_scopes=True)


def prefixes_of(shapes: ShapesGraph, constraint: str) -> dict[str, str]:
    """Return the prefixes of a query.

    Those of ``sh:prefixes`` take precedence. As in pySHACL, the prefixes of the shapes' files and
    of other ontologies are known too.

    Spec: https://www.w3.org/TR/shacl/#sparql-prefixes
    """
    known = {"rdf": RDF_TYPE[1:-5], "rdfs": RDFS, "owl": OWL, **shapes.prefixes}
    named = list(shapes.objects(constraint, sh("prefixes")))
    for ontology in named:
        imported = shapes.objects(ontology, f"<{OWL}imports>")
        named += [other for other in imported if other not in named]
    others = [s for s in shapes.subjects(sh("declare")) if s not in named]
    for source in (*others, *reversed(named)):
        for declaration in shapes.objects(source, sh("declare")):
            prefix = shapes.value(declaration, sh("prefix"))
            namespace = shapes.value(declaration, sh("namespace"))
            if prefix and namespace and is_literal(prefix) and is_literal(namespace):
                known[split_literal(prefix).lexical] = split_literal(namespace).lexical
    return known


class UnsafeError(Exception):
    """The query must run for each focus node; the text says why."""


def check_joinable(query: tree.Query) -> None:
    """Check that a query may be joined with focus nodes in its outermost group.

    Raises:
        UnsafeError: It may not.
    """
    for each in walk(query):
        if isinstance(each, _FORBIDDEN):
            raise UnsafeError(f"it uses {_word(each)}")
        if isinstance(each, tree.Variable) and each.name in _SPECIAL:
            raise UnsafeError(f"it uses ${each.name}")
        if isinstance(each, tree.Modifiers) and each.limit is not None:
            raise UnsafeError("it uses LIMIT")
        if isinstance(each, tree.Modifiers) and each.offset is not None:
            raise UnsafeError("it uses OFFSET")
        if isinstance(each, tree.As | tree.Bind) and each.variable.name == "this":
            raise UnsafeError("it assigns $this")
    body = query.body
    if not isinstance(body, tree.Select):
        raise UnsafeError("it is not a SELECT")
    if body.items is not None and tree.Variable("this") not in body.items:
        raise UnsafeError("it does not select $this")
    _check_group(body.where, has_this=True)
    # Expressions behind the group see its solutions, and $this in them.
    behind = (*(body.items or ()), body.modifiers)
    for exists in (inner for each in behind for inner in outermost(each, tree.Exists)):
        _check_group(exists.group, has_this=True)
    if body.modifiers.group:
        if tree.Variable("this") not in body.modifiers.group:
            raise UnsafeError("it groups by something other than $this")
    elif body.modifiers.having or has_aggregates(body):
        raise UnsafeError("it counts over all solutions")


def _word(node: tree.Node) -> str:
    return _WORDS.get(type(node), type(node).__name__.upper())


def _check_group(group: tree.Group | tree.Select, *, has_this: bool) -> None:
    """Check a group and those in it.

    Args:
        group: The group.
        has_this: Whether ``$this`` is bound where the group's filters are evaluated.
    """
    if isinstance(group, tree.Select):
        raise UnsafeError("it has a subquery")
    triples = [each for each in group.elements if isinstance(each, tree.Triples)]
    own = has_this or any(_looks(each) for each in triples)
    for each in group.elements:
        match each:
            case tree.Filter(expression) | tree.Bind(expression):
                exists = list(outermost(expression, tree.Exists))
                if not own and (exists or _looks(expression)):
                    raise UnsafeError("a group uses $this without binding it")
                for inner in exists:
                    _check_group(inner.group, has_this=own)
            case tree.Optional(inner_group):
                _check_group(inner_group, has_this=own)
            case tree.Union(groups):
                for alternative in groups:
                    _check_group(alternative, has_this=False)
            case tree.Group() | tree.Select():
                _check_group(each, has_this=False)


def _looks(node: tree.Node) -> bool:
    return tree.Variable("this") in find(node, tree.Variable)
