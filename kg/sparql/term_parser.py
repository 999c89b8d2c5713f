"""The part of the parser that reads terms, paths and triples.

Spec: https://www.w3.org/TR/sparql12-query/#rTriplesSameSubjectPath
"""

from __future__ import annotations

import re
from typing import Final, cast
from typing import Literal as OneOf

from kg.sparql.cursor import Cursor
from kg.sparql.lexer import Kind, Token, character, string_value
from kg.sparql.tree import (
    Annotated,
    AnnotationBlock,
    Blank,
    BlankNodePropertyList,
    Collection,
    DataTerm,
    GraphNode,
    Iri,
    Literal,
    Name,
    Path,
    PathAlternative,
    PathInverse,
    PathNegated,
    PathRepeat,
    PathSequence,
    Property,
    ReifiedTriple,
    Reifier,
    Span,
    Triples,
    TripleTerm,
    Undef,
    Variable,
    Verb,
)
from kg.terms import RDF, XSD

PATTERNS: Final = (
    "OPTIONAL", "GRAPH", "SERVICE", "FILTER", "BIND", "VALUES", "MINUS", "LATERAL",
)  # fmt: skip
_TERMS: Final = (Kind.IRI, Kind.NAME, Kind.VARIABLE, Kind.STRING, Kind.NUMBER, Kind.BLANK)
_NAMED: Final = (Kind.IRI, Kind.NAME, Kind.VARIABLE)
_TYPE: Final = f"{RDF}type"
_IRI_ESCAPE: Final = r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})"
# What a triple term may hold depends on where it stands.
Place = OneOf["pattern", "expression", "data"]


class TermParser(Cursor):
    """Reads terms, paths and triples, and stops at the first mistake.

    Attributes:
        in_template: Whether triples are read of which the query makes new ones: without paths.
    """

    in_template = False

    # -- terms -------------------------------------------------------------------------------

    def variable(self) -> Variable:
        """Read a variable."""
        token = self.need_kind("a variable", Kind.VARIABLE)
        return Variable(token.text[1:], span=Span(token.start, token.end))

    def iri(self, expected: str, context: str = "") -> Iri | Name:
        """Read an IRI or a prefixed name."""
        return named(self.need_kind(expected, Kind.IRI, Kind.NAME, context=context))

    def iri_or_variable(self, expected: str) -> Variable | Iri | Name:
        """Read an IRI, a prefixed name or a variable."""
        if self.is_kind(Kind.VARIABLE):
            return self.variable()
        return self.iri(expected)

    def starts_term(self) -> bool:
        """Return whether a node of a triple begins here."""
        return (
            self.is_kind(*_TERMS)
            or self.is_mark("[", "(", "+", "-", "<<", "<<(")
            or self.is_word("TRUE", "FALSE")
        )

    def is_signed_number(self) -> bool:
        """Return whether a sign is part of the number that follows it at once."""
        sign = self.tokens[self.at]
        after = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        return after is not None and after.kind is Kind.NUMBER and after.start == sign.end

    def literal(self) -> Literal | None:
        """Read a literal if there is one."""
        start = self.here
        if self.take_kind(Kind.STRING):
            lexical = string_value(self.taken().text)
            if self.take_mark("^^"):
                datatype = self.iri("a datatype")
                return Literal(lexical, datatype, span=self.since(start))
            language = self.taken().text[1:] if self.take_kind(Kind.LANGUAGE) else None
            return Literal(lexical, None, language, span=self.since(start))
        if self.is_mark("+", "-"):
            self.at += 1
            sign = self.taken().text
            text = sign + self.need_kind("a number", Kind.NUMBER).text
            return Literal(text, _number_type(text), span=self.since(start))
        if self.take_kind(Kind.NUMBER):
            text = self.taken().text
            return Literal(text, _number_type(text), span=self.since(start))
        if self.take_word("TRUE", "FALSE"):
            text = self.taken().text.lower()
            return Literal(text, Iri(f"{XSD}boolean"), span=self.since(start))
        return None

    def term(self, place: Place = "pattern") -> GraphNode | None:
        """Read a term if there is one; blank nodes are in patterns, variables not in data."""
        if self.is_kind(Kind.VARIABLE) and place != "data":
            return self.variable()
        if self.is_kind(Kind.IRI, Kind.NAME):
            return self.iri("an IRI")
        if self.is_kind(Kind.BLANK) and place == "pattern":
            self.at += 1
            token = self.taken()
            return Blank(token.text[2:], span=Span(token.start, token.end))
        if self.is_mark("<<("):
            return self.triple_term(place)
        return self.literal()

    def triple_term(self, place: Place) -> TripleTerm:
        """Read ``<<( subject verb object )>>``."""
        start = self.here
        self.take_mark("<<(")
        if place == "data" and not self.is_kind(Kind.IRI, Kind.NAME):
            self.fail("an IRI", context="triple term")
        subject = self._inner(place)
        verb = self.simple_verb(place)
        object_ = self._inner(place)
        self.need_mark(")>>", "triple term")
        return TripleTerm(subject, verb, object_, span=self.since(start))

    def _inner(self, place: Place) -> GraphNode:
        """Read a node within a triple term or a reified triple."""
        start = self.here
        if place == "pattern" and self.is_mark("["):
            self.take_mark("[")
            self.need_mark("]", "triple term")
            return BlankNodePropertyList(span=self.since(start))
        found = self.term(place)
        if found is None:
            self.fail("a term", context="triple term")
        return found

    def reified_triple(self) -> ReifiedTriple:
        """Read ``<< subject verb object ~ reifier >>``."""
        start = self.here
        self.take_mark("<<")
        subject = self.reified_triple() if self.is_mark("<<") else self._inner("pattern")
        verb = self.simple_verb("pattern")
        object_ = self.reified_triple() if self.is_mark("<<") else self._inner("pattern")
        reifier = self.reifier() if self.is_mark("~") else None
        self.need_mark(">>", "triple term")
        return ReifiedTriple(subject, verb, object_, reifier, span=self.since(start))

    def reifier(self) -> Reifier:
        """Read ``~`` with the name of a triple, if it has one."""
        start = self.here
        self.take_mark("~")
        found: GraphNode | None = None
        if self.is_kind(*_NAMED, Kind.BLANK) or self.is_mark("["):
            found = self._inner("pattern")
        return Reifier(found, span=self.since(start))

    def data(self) -> DataTerm:
        """Read a value of VALUES."""
        start = self.here
        if self.take_word("UNDEF"):
            return Undef(span=self.since(start))
        found = self.term("data")
        if found is None:
            self.fail("an IRI, a literal or UNDEF", ("UNDEF", "TRUE", "FALSE"), "values")
        return cast(DataTerm, found)

    # -- triples -----------------------------------------------------------------------------

    def triples(self, end: tuple[str, ...]) -> list[Triples]:
        """Read triples with full stops between them, up to one of these marks or a keyword."""
        found: list[Triples] = []
        while self.starts_term():
            self.triple = self.at
            found.append(self._same_subject(end))
            self.triple = None
            if not self.take_mark("."):
                break
        if not self.is_mark(*end) and not self._starts_pattern():
            self.fail(". or }", () if self.in_template else PATTERNS, "triple")
        return found

    def _starts_pattern(self) -> bool:
        return not self.in_template and self.is_word(*PATTERNS)

    def _same_subject(self, end: tuple[str, ...]) -> Triples:
        start = self.here
        subject = self.node()
        alone = isinstance(subject, ReifiedTriple) or bool(
            (isinstance(subject, BlankNodePropertyList) and subject.properties)
            or (isinstance(subject, Collection) and subject.items)
        )
        if alone and (self.is_mark(".", *end) or self._starts_pattern()):
            return Triples(subject, span=self.since(start))
        properties = self.properties((*end, "."))
        return Triples(subject, properties, span=self.since(start))

    def properties(self, end: tuple[str, ...]) -> tuple[Property, ...]:
        """Read verbs with their objects, up to one of these marks or a keyword."""
        found: list[Property] = []
        while True:
            start = self.here
            verb = self.verb()
            objects = self._objects(verb)
            found.append(Property(verb, objects, span=self.since(start)))
            if not self.is_mark(";"):
                break
            while self.take_mark(";"):
                pass
            if self.is_mark(*end) or self._starts_pattern() or self.token is None:
                break
        if not self.is_mark("]", *end) and not self._starts_pattern():
            self.fail(". or ; or , or }", () if self.in_template else PATTERNS, "triple")
        return tuple(found)

    def _objects(self, verb: Verb) -> tuple[GraphNode | Annotated, ...]:
        found: list[GraphNode | Annotated] = []
        while True:
            start = self.here
            if not self.starts_term():
                self.fail("an object", ("TRUE", "FALSE"), "object")
            node = self.node()
            if self.is_mark("~", "{|"):
                if not isinstance(verb, Variable | Iri | Name):
                    self.fail(", or ; or .", context="annotated path")
                notes = self._annotations()
                found.append(Annotated(node, notes, span=self.since(start)))
            else:
                found.append(node)
            if not self.take_mark(","):
                return tuple(found)

    def _annotations(self) -> tuple[Reifier | AnnotationBlock, ...]:
        found: list[Reifier | AnnotationBlock] = []
        while True:
            start = self.here
            if self.is_mark("~"):
                found.append(self.reifier())
            elif self.take_mark("{|"):
                properties = self.properties(("|}",))
                self.need_mark("|}")
                found.append(AnnotationBlock(properties, span=self.since(start)))
            else:
                return tuple(found)

    def node(self) -> GraphNode:
        """Read a term, a list in ``( )`` or a blank node with its properties in ``[ ]``."""
        start = self.here
        if self.take_mark("["):
            properties = () if self.is_mark("]") else self.properties(("]",))
            self.need_mark("]")
            return BlankNodePropertyList(properties, span=self.since(start))
        if self.take_mark("("):
            items = []
            while self.starts_term():
                items.append(self.node())
            self.need_mark(")")
            return Collection(tuple(items), span=self.since(start))
        if self.is_mark("<<"):
            return self.reified_triple()
        found = self.term()
        if found is None:
            self.fail("a term", context="triple")
        return found

    # -- verbs and paths ---------------------------------------------------------------------

    def verb(self) -> Verb:
        """Read a variable or a path; in a template, what `simple_verb` does."""
        if self.is_kind(Kind.VARIABLE):
            return self.variable()
        return self.simple_verb("pattern") if self.in_template else self.path()

    def simple_verb(self, place: Place) -> Variable | Iri | Name:
        """Read a variable, an IRI, a prefixed name or ``a``."""
        if self.is_kind(Kind.VARIABLE) and place != "data":
            return self.variable()
        found = self._property()
        if found is None:
            self.fail("a property", ("a",), "verb")
        return found

    def _property(self) -> Iri | Name | None:
        token = self.token
        if token is None:
            return None
        if token.kind in (Kind.IRI, Kind.NAME):
            self.at += 1
            return named(token)
        if token.kind is Kind.WORD and token.text == "a":
            self.at += 1
            return Iri(_TYPE, span=Span(token.start, token.end))
        return None

    def path(self) -> Path:
        """Read a path, with ``|`` looser than ``/``."""
        start = self.here
        alternatives: list[Path] = []
        while True:
            begun = self.here
            steps = [self._path_step()]
            while self.take_mark("/"):
                steps.append(self._path_step())
            whole = PathSequence(tuple(steps), span=self.since(begun)) if steps[1:] else steps[0]
            alternatives.append(whole)
            if not self.take_mark("|"):
                break
        if not alternatives[1:]:
            return alternatives[0]
        return PathAlternative(tuple(alternatives), span=self.since(start))

    def _path_step(self) -> Path:
        start = self.here
        inverse = self.take_mark("^")
        begun = self.here
        found: Path
        if self.take_mark("!"):
            found = self._negated(begun)
        elif self.take_mark("("):
            found = self.path()
            self.need_mark(")")
        else:
            named_property = self._property()
            if named_property is None:
                self.fail("a property", ("a",), "verb")
            found = named_property
        if not (self.is_mark("+") and self.is_signed_number()) and self.take_mark("*", "+", "?"):
            mark = cast(OneOf["*", "+", "?"], self.taken().text)
            found = PathRepeat(found, mark, span=self.since(begun))
        return PathInverse(found, span=self.since(start)) if inverse else found

    def _negated(self, start: int) -> PathNegated:
        parts: list[Iri | Name | PathInverse] = []
        if not self.take_mark("("):
            parts.append(self._negated_part())
        elif not self.take_mark(")"):
            parts.append(self._negated_part())
            while self.take_mark("|"):
                parts.append(self._negated_part())
            self.need_mark(")")
        return PathNegated(tuple(parts), span=self.since(start))

    def _negated_part(self) -> Iri | Name | PathInverse:
        start = self.here
        inverse = self.take_mark("^")
        found = self._property()
        if found is None:
            self.fail("a property", ("a",), "verb")
        return PathInverse(found, span=self.since(start)) if inverse else found


def named(token: Token) -> Iri | Name:
    """Return the node of an IRI or a prefixed name."""
    span = Span(token.start, token.end)
    if token.kind is Kind.IRI:
        text = token.text[1:-1]
        if "\\" in text:
            text = re.sub(_IRI_ESCAPE, lambda match: character(match[1] or match[2]), text)
        return Iri(text, span=span)
    prefix, _, local = token.text.partition(":")
    if "\\" in local:
        local = re.sub(r"\\(.)", r"\1", local)
    return Name(prefix, local, span=span)


def _number_type(text: str) -> Iri:
    if "e" in text.lower():
        return Iri(f"{XSD}double")
    return Iri(f"{XSD}decimal" if "." in text else f"{XSD}integer")
