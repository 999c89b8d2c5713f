"""The text of a ``sh:sparql`` query: made ready to run, and looked at whether it may run at once.

In SHACL a query runs for each focus node, with ``$this`` bound beforehand. For most queries it
comes to the same to join them with all focus nodes, which is done once. That holds if ``$this``
reaches every place where it is used: each filter and assignment is in a group that is joined with
the focus nodes, or binds ``$this`` itself. Where it is not certain, `unsafe` says why, and the
judge runs the query for each node.

Spec: https://www.w3.org/TR/shacl/#pre-binding
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kg.sparql import lexer
from kg.sparql.guard import Guarded, guard
from kg.sparql.lexer import Kind
from kg.store import syntax_error
from kg.validation.names import OWL, RDF_TYPE, RDFS, sh
from kg.validation.paths import Path, to_sparql
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_literal, split_literal

# What messages call a query of a shape, before its file and line are known.
QUERY_OF_SHAPE: Final = "the query"
_FORBIDDEN: Final = frozenset({"SERVICE", "GRAPH", "VALUES", "MINUS", "FROM", "LIMIT", "OFFSET"})
_AGGREGATES: Final = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query: its kind, its text (words in capitals), and where it ends."""

    kind: str
    text: str
    end: int

    @property
    def variable(self) -> str | None:
        """The name of a variable, else None."""
        return self.text[1:] if self.kind == "variable" else None


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a ``sh:sparql`` constraint.

    Attributes:
        guarded: The query with its prefixes, as it stands.
        joint: Position in the text right behind the brace that opens the outermost group.
        unsafe: Why it must run for each focus node, or None.
        has_empty_paths: Whether it may have paths of no step (``*``, ``?``). They lead from a node
            to itself, but in an index only from nodes that it holds.
    """

    guarded: Guarded
    joint: int
    unsafe: str | None
    has_empty_paths: bool = False

    @property
    def text(self) -> str:
        """The query's text."""
        return self.guarded.text

    def joined_with(self, nodes: list[str]) -> Guarded:
        """Return the query for some focus nodes at once, all of them IRIs."""
        return self.guarded.with_values(self.joint, "this", nodes)


def prepare(shapes: ShapesGraph, constraint: str, path: Path | None) -> Query:
    """Return the query of a constraint.

    Args:
        shapes: The shapes graph.
        constraint: The value of ``sh:sparql``, which has one ``sh:select``.
        path: The path of its shape, which stands for ``$PATH``.

    Raises:
        InputError: The query is no SPARQL, or one that kg refuses.
    """
    given = shapes.objects(constraint, sh("select"))
    guarded = read_query(shapes, constraint, split_literal(given[0]).lexical, path)
    text = guarded.text
    try:
        joint = _Reader(text).joint()
    except UnsafeError as error:
        return Query(guarded, 0, str(error))
    if syntax_error(guarded) is not None:
        return Query(guarded, 0, "the index does not take its syntax")
    return Query(guarded, joint, None, _has_empty_paths(list(tokens(text))))


def read_query(shapes: ShapesGraph, node: str, text: str, path: Path | None) -> Guarded:
    """Return a query of the shapes graph, read by the guard of all queries.

    Args:
        shapes: The shapes graph.
        node: What has the query: a constraint, or a validator of a component.
        text: The value of ``sh:select`` or ``sh:ask``.
        path: What stands for ``$PATH``.

    Raises:
        InputError: It is no SPARQL, or is refused; the query begins in the second line.
    """
    if path is not None:
        written = to_sparql(path)
        text = re.sub(r"(?<=[\s{}()])[$?]PATH\b", lambda _: written, text)
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


_KINDS: Final = {
    Kind.IRI: "iri",
    Kind.NAME: "name",
    Kind.BLANK: "name",
    Kind.VARIABLE: "variable",
    Kind.STRING: "string",
    Kind.NUMBER: "number",
    Kind.WORD: "word",
}


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a query, white space and comments left out, marks one by one."""
    for token in lexer.tokens(text):
        if token.kind is Kind.COMMENT:
            continue
        kind = _KINDS.get(token.kind)
        if kind is not None:
            word = token.text.upper() if kind == "word" else token.text
            yield Token(kind, word, token.end)
        elif token.kind is Kind.LANGUAGE:
            yield Token("other", "@", token.start + 1)
            yield Token("word", token.text[1:].upper(), token.end)
        else:
            for end, mark in enumerate(token.text, token.start + 1):
                yield Token("other", mark, end)


def _has_empty_paths(found: list[Token]) -> bool:
    before = [Token("other", "", 0), *found]
    return any(
        token.text == "?"
        or (token.text == "*" and previous.text not in ("SELECT", "DISTINCT", "("))
        for previous, token in zip(before, found, strict=False)
    )


class UnsafeError(Exception):
    """The query must run for each focus node; the text says why."""


class _Reader:
    """Reads a query as far as it matters where ``$this`` is bound."""

    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self._at = 0

    def joint(self) -> int:
        """Return where focus nodes may be joined in.

        Raises:
            UnsafeError: Nowhere.
        """
        for token in self._tokens:
            if token.kind == "word" and token.text in _FORBIDDEN:
                raise UnsafeError(f"it uses {token.text}")
            if token.variable in ("shapesGraph", "currentShape", "failure", "PATH"):
                raise UnsafeError(f"it uses ${token.variable}")
        aggregates = self._projection()
        joint = self._next("{").end
        self._group(has_this=True)
        grouped = self._tail()
        if aggregates and not grouped:
            raise UnsafeError("it counts over all solutions")
        return joint

    def _projection(self) -> bool:
        """Read up to the outermost group, and tell whether there are aggregates before it."""
        while self._peek() != "SELECT":
            self._take()
        self._take()
        shown, aggregates, depth = False, False, 0
        while self._peek() != "{":
            token = self._take()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            aggregates = aggregates or token.text in _AGGREGATES
            if token.text == "AS" and self._variable() == "this":
                raise UnsafeError("it assigns $this")
            shown = shown or (depth == 0 and (token.variable == "this" or token.text == "*"))
        if not shown:
            raise UnsafeError("it does not select $this")
        return aggregates

    def _tail(self) -> bool:
        """Read what follows the outermost group, and tell whether it is grouped by $this."""
        grouped = False
        while self._at < len(self._tokens):
            token = self._take()
            if token.text == "GROUP":
                self._next("BY")
                while self._at < len(self._tokens) and self._peek() not in ("HAVING", "ORDER"):
                    grouped = self._take().variable == "this" or grouped
                if not grouped:
                    raise UnsafeError("it groups by something else than $this")
            elif token.text == "HAVING" and not grouped:
                raise UnsafeError("it counts over all solutions")
        return grouped

    def _group(self, has_this: bool) -> None:
        """Read a group whose brace has been taken.

        Args:
            has_this: Whether ``$this`` is bound where the group's filters are evaluated.
        """
        in_patterns, in_expressions = False, False
        children: list[tuple[int, bool]] = []
        while self._peek() != "}":
            token = self._take()
            if token.text == "{":
                self._skip_group(children, shares=False)
            elif token.text == "OPTIONAL":
                self._next("{")
                self._skip_group(children, shares=True)
            elif token.text in ("FILTER", "BIND"):
                in_expressions = self._expression(children) or in_expressions
            elif token.variable == "this":
                in_patterns = True
            elif token.text == "SELECT":
                raise UnsafeError("it has a query within")
        own = has_this or in_patterns
        if in_expressions and not own:
            raise UnsafeError("a group looks at $this without binding it")
        end = self._at + 1
        for start, shares in children:
            self._at = start
            self._group(own if shares else False)
        self._at = end

    def _skip_group(self, children: list[tuple[int, bool]], shares: bool) -> None:
        """Note where an inner group begins, and go behind it."""
        children.append((self._at, shares))
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self._take().text, 0)

    def _expression(self, children: list[tuple[int, bool]]) -> bool:
        """Read a filter or assignment, and tell whether it looks at $this."""
        looks, depth = False, 0
        while True:
            token = self._take()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            looks = looks or token.variable == "this"
            if token.text == "AS" and self._variable() == "this":
                raise UnsafeError("it assigns $this")
            if token.text == "{":
                self._skip_group(children, shares=True)
                looks = True
            if depth == 0 and token.text in (")", "{"):
                return looks

    def _peek(self) -> str:
        if self._at >= len(self._tokens):
            raise UnsafeError("it is not read to its end")
        return self._tokens[self._at].text

    def _variable(self) -> str | None:
        return self._tokens[self._at].variable if self._at < len(self._tokens) else None

    def _take(self) -> Token:
        self._peek()
        self._at += 1
        return self._tokens[self._at - 1]

    def _next(self, text: str) -> Token:
        token = self._take()
        while token.text != text:
            token = self._take()
        return token
