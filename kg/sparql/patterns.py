"""Terms, triples and paths of a syntax tree in algebra: without lists and other short forms.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlTranslatePathExpressions,
https://www.w3.org/TR/sparql11-query/#sparqlTranslatePathPatterns
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kg.sparql import algebra, tree
from kg.sparql.algebra import Constant, Link, Triple
from kg.sparql.names import Names
from kg.sparql.tree import Variable
from kg.terms import RDF, literal

_FIRST: Final = Constant(f"<{RDF}first>")
_REST: Final = Constant(f"<{RDF}rest>")
_NIL: Final = Constant(f"<{RDF}nil>")
_REIFIES: Final = Constant(f"<{RDF}reifies>")
_REPEATS: Final[dict[str, Callable[[algebra.PathExpression], algebra.PathExpression]]] = {
    "*": algebra.ZeroOrMorePath,
    "+": algebra.OneOrMorePath,
    "?": algebra.ZeroOrOnePath,
}


class PatternReader:
    """Turns terms and triples of one query into algebra.

    Args:
        names: Resolves the query's IRIs.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._count = 0
        self._in_template = False
        self._found: list[Triple | algebra.Path] = []

    def iri(self, node: tree.Iri | tree.Name) -> str:
        """Return an IRI as N-Triples writes it.

        Raises:
            ValueError: Its prefix is not known.
        """
        found = self._names.iri(node)
        if found is None:
            raise ValueError(f"the prefix {node} is not known")
        return f"<{found}>"

    def template(self, triples: Iterable[tree.Triples]) -> tuple[Triple, ...]:
        """Return the triples of a template."""
        self._in_template = True
        found = self._read(triples)
        self._in_template = False
        return tuple(each for each in found if isinstance(each, Triple))

    def block(self, triples: Iterable[tree.Triples]) -> Iterator[algebra.BGP | algebra.Path]:
        """Yield the basic graph patterns and paths of triples beside each other."""
        pending: list[Triple] = []
        for each in self._read(triples):
            if isinstance(each, Triple):
                pending.append(each)
                continue
            if pending:
                yield algebra.BGP(tuple(pending))
                pending = []
            yield each
        if pending:
            yield algebra.BGP(tuple(pending))

    def _read(self, triples: Iterable[tree.Triples]) -> list[Triple | algebra.Path]:
        self._found = []
        for each in triples:
            self._properties(self.term(each.subject), each.properties)
        return self._found

    # -- terms -------------------------------------------------------------------------------

    def ground(self, node: tree.GraphNode | tree.DataTerm) -> Constant | algebra.TripleTerm:
        """Return a term without variables."""
        assert not isinstance(node, tree.Undef)
        found = self.term(node)
        assert isinstance(found, Constant | algebra.TripleTerm)
        return found

    def term(self, node: tree.GraphNode) -> algebra.Term:
        """Return a term; what is said of it in brackets joins the triples that were found."""
        match node:
            case tree.Variable():
                return node
            case tree.Iri() | tree.Name():
                return Constant(self.iri(node))
            case tree.Literal():
                return Constant(self._literal(node))
            case tree.Blank(label):
                return self._blank(label)
            case tree.TripleTerm(subject, verb, object_):
                parts = self.term(subject), self.term(verb), self.term(object_)
                return algebra.TripleTerm(*parts)
            case tree.ReifiedTriple():
                return self._reified(node)
            case tree.BlankNodePropertyList(properties):
                blank = self._new_blank()
                self._properties(blank, properties)
                return blank
            case tree.Collection(items):
                return self._collection(items)
        raise AssertionError(node)

    def _literal(self, node: tree.Literal) -> str:
        datatype = None if node.datatype is None else self.iri(node.datatype)[1:-1]
        language, dashes, direction = (node.language or "").partition("--")
        return literal(node.lexical, datatype, language or None) + dashes + direction

    def _blank(self, label: str) -> algebra.Term:
        return algebra.NewBlank(label) if self._in_template else Variable(f"_:{label}")

    def _new_blank(self) -> algebra.Term:
        self._count += 1
        return self._blank(f".{self._count}")

    def _collection(self, items: tuple[tree.GraphNode, ...]) -> algebra.Term:
        cells: list[algebra.Term] = [*(self._new_blank() for _ in items), _NIL]
        for at, item in enumerate(items):
            self._found.append(Triple(cells[at], _FIRST, self.term(item)))
            self._found.append(Triple(cells[at], _REST, cells[at + 1]))
        return cells[0]

    def _reified(self, node: tree.ReifiedTriple) -> algebra.Term:
        named = node.reifier.term if node.reifier is not None else None
        reifier = self._new_blank() if named is None else self.term(named)
        triple = algebra.TripleTerm(
            self.term(node.subject), self.term(node.verb), self.term(node.object)
        )
        self._found.append(Triple(reifier, _REIFIES, triple))
        return reifier

    # -- triples -----------------------------------------------------------------------------

    def _properties(self, subject: algebra.Term, properties: Iterable[tree.Property]) -> None:
        for said in properties:
            for each in said.objects:
                if isinstance(each, tree.Annotated):
                    self._annotated(subject, said.verb, each)
                else:
                    self._triple(subject, said.verb, self.term(each))

    def _triple(self, subject: algebra.Term, verb: tree.Verb, object_: algebra.Term) -> None:
        if isinstance(verb, tree.Variable):
            self._found.append(Triple(subject, verb, object_))
        else:
            self._path_pattern(subject, self._path(verb), object_)

    def _annotated(self, subject: algebra.Term, verb: tree.Verb, node: tree.Annotated) -> None:
        assert isinstance(verb, tree.Variable | tree.Iri | tree.Name)
        object_ = self.term(node.object)
        self._triple(subject, verb, object_)
        triple = algebra.TripleTerm(subject, self.term(verb), object_)
        reifier: algebra.Term | None = None
        for note in node.annotations:
            if isinstance(note, tree.Reifier):
                reifier = self._new_blank() if note.term is None else self.term(note.term)
                self._found.append(Triple(reifier, _REIFIES, triple))
                continue
            if reifier is None:
                reifier = self._new_blank()
                self._found.append(Triple(reifier, _REIFIES, triple))
            self._properties(reifier, note.properties)
            reifier = None

    # -- paths -------------------------------------------------------------------------------

    def _path_pattern(
        self, subject: algebra.Term, path: algebra.PathExpression, object_: algebra.Term
    ) -> None:
        match path:
            case Link(iri):
                self._found.append(Triple(subject, Constant(iri), object_))
            case algebra.Inv(Link(iri)):
                self._found.append(Triple(object_, Constant(iri), subject))
            case algebra.Seq(paths):
                steps = [Variable(f".{self._next()}") for _ in paths[1:]]
                starts, ends = (subject, *steps), (*steps, object_)
                for start, step, end in zip(starts, paths, ends, strict=True):
                    self._path_pattern(start, step, end)
            case _:
                self._found.append(algebra.Path(subject, path, object_))

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _path(self, path: tree.Path) -> algebra.PathExpression:
        match path:
            case tree.Iri() | tree.Name():
                return Link(self.iri(path))
            case tree.PathInverse(inner):
                return algebra.Inv(self._path(inner))
            case tree.PathSequence(parts):
                return algebra.Seq(tuple(self._path(each) for each in parts))
            case tree.PathAlternative(parts):
                return algebra.Alt(tuple(self._path(each) for each in parts))
            case tree.PathRepeat(inner, mark):
                return _REPEATS[mark](self._path(inner))
            case tree.PathNegated(parts):
                return self._negated(parts)
        raise AssertionError(path)

    def _negated(
        self, parts: tuple[tree.Iri | tree.Name | tree.PathInverse, ...]
    ) -> algebra.PathExpression:
        forward: list[str] = []
        backward: list[str] = []
        for each in parts:
            if isinstance(each, tree.PathInverse):
                assert isinstance(each.path, tree.Iri | tree.Name)
                backward.append(self.iri(each.path))
            else:
                forward.append(self.iri(each))
        inverse = algebra.Inv(algebra.NPS(tuple(backward)))
        if not backward:
            return algebra.NPS(tuple(forward))
        return algebra.Alt((algebra.NPS(tuple(forward)), inverse)) if forward else inverse
