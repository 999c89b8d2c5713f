"""The text of a ``sh:sparql`` query: made ready to run, and looked at whether it may run at once.

In SHACL a query runs for each focus node, with ``$this`` bound beforehand. For most queries it
comes to the same to join them with all focus nodes, which is done once. That holds if ``$this``
reaches every place where it is used: each filter and assignment is in a group that is joined with
the focus nodes, or binds ``$this`` itself. Where it is not certain, `unsafe` says why, and the
judge runs the query for each node.

Spec: https://www.w3.org/TR/shacl/#pre-binding
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kg.sparql import tree
from kg.sparql.guard import Guarded, guard, with_path
from kg.sparql.scopes import has_aggregates
from kg.sparql.walk import find, outermost, walk
from kg.store import syntax_error
from kg.validation.names import OWL, RDF_TYPE, RDFS, sh
from kg.validation.paths import Path, to_sparql
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_literal, split_literal

# What messages call a query of a shape, before its file and line are known.
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
        guarded: The query with its prefixes, as it stands.
        unsafe: Why it must run for each focus node, or None.
        has_empty_paths: Whether it may have paths of no step (``*``, ``?``). They lead from a node
            to itself, but in an index only from nodes that it holds.
    """

    guarded: Guarded
    unsafe: str | None
    has_empty_paths: bool = False

    @property
    def text(self) -> str:
        """The query's text."""
        return self.guarded.text

    def joined_with(self, nodes: list[str]) -> Guarded:
        """Return the query for some focus nodes at once, all of them IRIs."""
        return self.guarded.with_values("this", nodes)


def prepare(shapes: ShapesGraph, constraint: str, path: Path | None) -> Query:
    """Return the query of a constraint.

    Args:
        shapes: The shapes graph.
        constraint: The value of ``sh:sparql``, which has one ``sh:select``.
        path: The path of its shape, which stands for ``$PATH``.

    Raises:
        InputError: The query is not SPARQL, or one that kg refuses.
    """
    given = shapes.objects(constraint, sh("select"))
    guarded = read_query(shapes, constraint, split_literal(given[0]).lexical, path)
    try:
        check_joinable(guarded.tree)
    except UnsafeError as error:
        return Query(guarded, str(error))
    if syntax_error(guarded) is not None:
        return Query(guarded, "the index does not take its syntax")
    repeats = find(guarded.tree, tree.PathRepeat)
    return Query(guarded, None, any(each.mark != "+" for each in repeats))


def read_query(shapes: ShapesGraph, node: str, text: str, path: Path | None) -> Guarded:
    """Return a query of the shapes graph, read by the guard of all queries.

    Args:
        shapes: The shapes graph.
        node: What has the query: a constraint, or a validator of a component.
        text: The value of ``sh:select`` or ``sh:ask``.
        path: What stands for ``$PATH``.

    Raises:
        InputError: It is not SPARQL, or is refused; the query begins in the second line.
    """
    if path is not None:
        text = with_path(text, "PATH", to_sparql(path))
    prefixes = prefixes_of(shapes, node)
    # They are declared as pySHACL declares them; in one line, so that lines are easily told.
    head = " ".join(f"PREFIX {prefix}: <{iri}>" for prefix, iri in prefixes.items())
    return guard(f"{head}\n{text}", QUERY_OF_SHAPE, {}, lax_scopes=True)


def prefixes_of(shapes: ShapesGraph, constraint: str) -> dict[str, str]:
    """Return the prefixes that a query knows.

    Those that ``sh:prefixes`` leads to count most. As in pySHACL, what the shapes' files and
    other ontologies declare is known too.

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
    """Check that focus nodes may be joined into a query's outermost group.

    Raises:
        UnsafeError: They may not.
    """
    for each in walk(query):
        if isinstance(each, _FORBIDDEN):
            raise UnsafeError(f"it uses {_word(each)}")
        if isinstance(each, tree.Variable) and each.name in _SPECIAL:
            raise UnsafeError(f"it uses ${each.name}")
        if isinstance(each, tree.Modifiers) and (each.limit, each.offset) != (None, None):
            raise UnsafeError("it uses LIMIT or OFFSET")
        if isinstance(each, tree.As | tree.Bind) and each.variable.name == "this":
            raise UnsafeError("it assigns $this")
    body = query.body
    if not isinstance(body, tree.Select):
        raise UnsafeError("it is no SELECT")
    if body.items is not None and tree.Variable("this") not in body.items:
        raise UnsafeError("it does not select $this")
    _check_group(body.where, has_this=True)
    if body.modifiers.group:
        if tree.Variable("this") not in body.modifiers.group:
            raise UnsafeError("it groups by something else than $this")
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
        raise UnsafeError("it has a query within")
    triples = [each for each in group.elements if isinstance(each, tree.Triples)]
    own = has_this or any(_looks(each) for each in triples)
    for each in group.elements:
        match each:
            case tree.Filter(expression) | tree.Bind(expression):
                exists = list(outermost(expression, tree.Exists))
                if not own and (exists or _looks(expression)):
                    raise UnsafeError("a group looks at $this without binding it")
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
