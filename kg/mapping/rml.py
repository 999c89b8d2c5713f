"""RML mappings in Turtle, read into the plan.

Spec: https://kg-construct.github.io/rml-core/spec/docs/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Final

import pyoxigraph as ox

from kg.errors import InputError, collecting, raise_all, single_errors
from kg.mapping.abstract_source import AbstractSource
from kg.mapping.gather import Gather
from kg.mapping.plan import (
    Call,
    Constant,
    Expression,
    Formulation,
    Function,
    JoinCondition,
    LogicalSource,
    Origin,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    TermMap,
    TermType,
    TriplesMap,
    both,
    with_filter,
)
from kg.mapping.rml_documents import has_source, joined, triples_maps
from kg.mapping.rml_functions import FunctionReader
from kg.mapping.rml_gather import GatherReader, without_parents
from kg.mapping.rml_graph import RmlGraph, Term, Value
from kg.mapping.rml_named_targets import makers
from kg.mapping.rml_pairs import paired
from kg.mapping.rml_places import tell_misplaced
from kg.mapping.rml_targets import read_targets
from kg.mapping.rml_templates import read_template
from kg.mapping.rml_views import Reads, ViewReader
from kg.mapping.rml_vocabulary import check_vocabulary
from kg.mapping.texts import Text
from kg.notes import Notes
from kg.terms import RDF, RDF_LANG_STRING, XSD_STRING, expand, is_language_tag
from kg.terms import is_iri as is_absolute

_RDF_TYPE: Final = f"{RDF}type"
# What relative IRIs of documents are resolved against, where the call gives no base.
_BASE: Final = "http://example.com/base/"
# The datatype of all literals with a language.
_OF_LANGUAGES: Final = Constant(RDF_LANG_STRING, TermType.IRI)
_TEXT_AS_IRI: Final = (
    "{count} × a text stands where an IRI is needed and is taken as one; write it in <…>, or with"
    " a prefix and no quotes"
)
_IRI_AS_TEXT: Final = "{count} × an IRI stands where rml:termType says Literal, and makes a text"
_FUNCTIONS: Final = ("functionExecution", "functionValue")
_EXPRESSIONS: Final = ("constant", "reference", "template", *_FUNCTIONS)
_SUBJECT_TYPES: Final = frozenset(TermType) - {TermType.LITERAL}
_IRI_TYPES: Final = _SUBJECT_TYPES - {TermType.BLANK_NODE}
_ALL_TYPES: Final = frozenset(TermType)


def read_rml_documents(
    texts: Sequence[Text], *, base: str = "", faults: list[InputError]
) -> dict[str, Plan]:
    """Read RML documents, which are one mapping.

    Args:
        texts: The documents, Turtle.
        base: Base IRI that relative IRIs of terms are prepended with, before those of documents.
        faults: Receives what is wrong with documents and single triples maps, which are left out.

    Returns:
        The triples maps of each document that can be read, by its file; those that several
        documents describe are of the one with the logical source.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/
    """
    graphs: list[RmlGraph] = []
    for written in texts:
        try:
            graph = RmlGraph(written.text, written.file, base or _BASE, written.folder)
            check_vocabulary(graph)
            graphs.append(graph)
        except InputError as error:
            faults += single_errors(error)
    if not graphs:
        return {}
    reader = _RmlReader(joined(graphs, faults), base)
    tell_misplaced(reader.graph)
    of_views = [*dict.fromkeys(reader.views.check_all())]
    faults += of_views
    maps: dict[str, list[TriplesMap]] = {graph.file: [] for graph in graphs}
    named, broken = Counter[str](), set()
    apart = makers(reader.graph)
    for node in triples_maps(reader.graph):
        file = reader.graph.origin(node).file
        named[file] += 1
        if node in apart:
            continue
        try:
            maps[file].append(reader.triples_map(node))
        except InputError as error:
            # What is wrong with a view is said once, however many triples maps it has.
            faults += (each for each in single_errors(error) if each not in of_views)
            broken.add(reader.graph.name(node))
    for graph in graphs:
        if not (of_views or named[graph.file] or (named and any(True for _ in graph.properties()))):
            faults.append(_no_triples_map(graph))
    notes = Notes()
    known = {each.name: each for found in maps.values() for each in found}
    return {
        graph.file: Plan(
            tuple(without_parents(paired(each, known, notes), broken) for each in maps[graph.file]),
            tuple(graph.prefixes.items()),
        )
        for graph in graphs
    }


def _no_triples_map(graph: RmlGraph) -> InputError:
    return graph.error(
        ox.BlankNode(),
        "there is no triples map",
        hint="A triples map has an rml:logicalSource and an rml:subjectMap.",
    )


class _RmlReader:
    """Reads the documents of one mapping; holds what they share."""

    def __init__(self, graph: RmlGraph, base: str) -> None:
        self.graph = graph
        self.base = base
        self.notes = Notes()
        self.told: set[tuple[Origin, str]] = set()
        self.functions = FunctionReader(
            graph, lambda value: self.conditional(value, self.kind_of(value))
        )
        self.gathers = GatherReader(graph, self.object_map)
        self.views = ViewReader(graph, Reads(self.functions.expression, self.join))

    # --- triples maps ---------------------------------------------------------------------

    def triples_map(self, node: Term) -> TriplesMap:
        self.no_condition(node, "triples map")
        base = self.graph.one(node, "baseIRI")
        if base and not is_absolute(base.text):
            raise base.error(
                f"the base {base.text!r} is not an absolute IRI",
                hint="Write it with its scheme, such as https://example.org/.",
            )
        faults: list[InputError] = []
        with collecting(faults):
            logical_source = self.source(node)
        with collecting(faults):
            subject = self.subject(node)
        subject_node = self.graph.one(node, "subjectMap")
        owner = subject_node.term if subject_node else node
        pairs: list[PredicateObjectMap] = []
        with collecting(faults):
            pairs += (self._class(value) for value in self.graph.all(owner, "class"))
        with collecting(faults):
            graphs = self.maps(owner, "graph", _IRI_TYPES) if subject_node else ()
        for value in self.graph.all(node, "predicateObjectMap"):
            with collecting(faults):
                pairs.append(self.pair(value))
        raise_all(faults, self.graph.name(node))
        return TriplesMap(
            name=self.graph.name(node),
            source=logical_source,
            subject=subject,
            predicate_objects=tuple(pairs),
            graphs=graphs,
            base=base.text if base else self.base_of(self.graph.origin(node)),
            origin=self.graph.origin(node),
        )

    def base_of(self, origin: Origin) -> str:
        """Return the base of the call, else that of a document, as RMLMapper and SDM-RDFizer do."""
        return self.base or self.graph.bases.get(origin.file, "")

    def source(self, node: Term) -> AbstractSource:
        """Return the source of a triples map; where all is constant, one record without values."""
        stated = self.graph.one(node, "logicalSource")
        if stated is not None:
            return self.views.source(stated)
        if not has_source(self.graph, node):
            name = self.graph.name(node)
            raise self.graph.error(
                node,
                f"the triples map {name} has no logical source",
                hint="Give it rml:logicalSource, or name the file that does, too.",
            )
        origin = self.graph.origin(node)
        folder = self.graph.folders[origin.file]
        return LogicalSource(
            PurePath(origin.file).name, Formulation.NONE, folder=folder, origin=origin
        )

    def subject(self, node: Term) -> TermMap:
        subjects = self.maps(node, "subject", _SUBJECT_TYPES)
        if len(subjects) != 1:
            found = f"needs one subject map, not {len(subjects)}"
            raise self.graph.error(
                node,
                f"the triples map {self.graph.name(node)} {found}",
                hint="Give one rml:subjectMap or rml:subject.",
            )
        return subjects[0]

    def _class(self, value: Value) -> PredicateObjectMap:
        constant = self.constant(value, is_iri=True)
        if constant.kind is not TermType.IRI:
            raise value.error("rml:class must be an IRI")
        predicate = TermMap(Constant(_RDF_TYPE, TermType.IRI), TermType.IRI, origin=value.origin)
        made = TermMap(constant, TermType.IRI, origin=value.origin)
        return PredicateObjectMap((predicate,), (made,), origin=value.origin)

    def pair(self, value: Value) -> PredicateObjectMap:
        node = value.term
        predicates = self.maps(node, "predicate", _IRI_TYPES)
        objects = (*self.objects(node), *self.shortcuts(node, "object", _ALL_TYPES))
        if not predicates or not objects:
            missing = "object" if predicates else "predicate"
            raise value.error(f"the predicate-object map has no {missing} map")
        graphs = self.maps(node, "graph", _IRI_TYPES)
        self.no_condition(value.term, "predicate-object map")
        return PredicateObjectMap(predicates, tuple(objects), graphs, origin=value.origin)

    def objects(self, node: Term) -> Iterator[TermMap | RefObjectMap]:
        yield from (self.object_map(value) for value in self.graph.all(node, "objectMap"))

    def object_map(self, value: Value) -> TermMap | RefObjectMap:
        """Read an object map, or the map of a member of what is gathered."""
        parent = self.graph.one(value.term, "parentTriplesMap")
        if parent is None:
            return self.term_map(value, "object", _ALL_TYPES)
        joins = self.graph.all(value.term, "joinCondition")
        return RefObjectMap(
            self.graph.name(parent.term),
            tuple(made for join in joins for made in self.joins(join)),
            self.condition(value),
            read_targets(self.graph, value),
            is_older=parent.is_older,
            origin=value.origin,
        )

    def joins(self, value: Value) -> list[JoinCondition]:
        """Return the join conditions of a node, of which a function may be several."""
        called = self.graph.one(value.term, "functionValue")
        return [self.join(value)] if called is None else self.functions.joins(called)

    def join(self, value: Value) -> JoinCondition:
        sides: list[Expression] = []
        for side in ("child", "parent"):
            short = self.graph.one(value.term, side)
            long = self.graph.one(value.term, f"{side}Map")
            if (short is None) == (long is None):
                raise value.error(f"a join condition needs one rml:{side}")
            if short is not None:
                if not short.is_literal:
                    raise short.error(f"rml:{side} must be a text")
                sides.append(Reference(short.text))
            elif long is not None:
                expression = self.conditional(long, TermType.LITERAL)
                if expression is None:
                    raise long.error(f"rml:{side}Map needs a reference, template or constant")
                sides.append(expression)
        return JoinCondition(*sides)

    # --- term maps ------------------------------------------------------------------------

    def maps(self, node: Term, what: str, types: frozenset[TermType]) -> tuple[TermMap, ...]:
        """Return the term maps of ``rml:<what>Map`` and of the shortcut ``rml:<what>``."""
        long = [self.term_map(v, what, types) for v in self.graph.all(node, f"{what}Map")]
        return (*long, *self.shortcuts(node, what, types))

    def shortcuts(self, node: Term, what: str, types: frozenset[TermType]) -> Iterator[TermMap]:
        for value in self.graph.all(node, what):
            constant = self.constant(value, is_iri=TermType.LITERAL not in types)
            if constant.kind not in types:
                raise value.error(f"rml:{what} must not be a {constant.kind.value}")
            yield TermMap(constant, constant.kind, origin=value.origin)

    def term_map(self, value: Value, what: str, types: frozenset[TermType]) -> TermMap:
        node = value.term
        language = self.inner(node, "language")
        datatype = self.inner(node, "datatype")
        if language and datatype and datatype.expression == _OF_LANGUAGES:
            datatype = None  # it adds nothing
        if language and datatype:
            raise value.error("a term map has a language or a datatype, not both")
        gather = self.gathers.gather(value)
        term_type = self.term_type(value, what, bool(language or datatype), gather)
        if gather is not None:
            types -= {TermType.LITERAL}
        if term_type not in types:
            raise value.error(
                f"the {what} map makes a {term_type.value}, which a {what} cannot be",
                hint=f"rml:termType must be one of {', '.join(sorted(t.value for t in types))}.",
            )
        if language and term_type is not TermType.LITERAL:
            raise value.error("only a literal has a language or a datatype")
        if datatype and term_type is not TermType.LITERAL:
            # Mappings say xsd:anyURI of what they make IRIs.
            text = f"{{count}} × only a literal has a datatype: the {term_type.value} has none"
            Notes().add(text, datatype.origin.location(), loses=False)
            datatype = None
        expression = self.expression(value, term_type)
        if expression is None and term_type is not TermType.BLANK_NODE:
            raise value.error(
                f"the {what} map has no expression",
                hint="Give it one rml:reference, rml:template or rml:constant.",
            )
        # Without its language or datatype there is no literal.
        condition = self.condition(value)
        for inner in (language, datatype):
            condition = both(condition, inner.condition if inner else None)
        made = TermMap(
            expression,
            term_type,
            language and replace(language, condition=None),
            datatype and replace(datatype, condition=None),
            condition,
            read_targets(self.graph, value),
            gather=gather,
            origin=value.origin,
        )
        return with_filter(made)

    def conditional(self, value: Value, term_type: TermType) -> Expression | None:
        """Return an expression that is given only where the condition of its map is true."""
        found, condition = self.expression(value, term_type), self.condition(value)
        if found is None or condition is None:
            return found
        return Call(Function.IF, (condition, found))

    def condition(self, value: Value) -> Call | None:
        """Return the condition of a term map: a function that says yes or no.

        Spec: https://kg-construct.github.io/rml-fnml/spec/docs/#conditions
        """
        stated = self.graph.one(value.term, "condition")
        if stated is None:
            return None
        found = self.expression(stated, TermType.LITERAL)
        if not isinstance(found, Call):
            raise stated.error("a condition is a function", hint="Give it rml:functionExecution.")
        return found

    def no_condition(self, node: Term, what: str) -> None:
        """Refuse a condition where the specification or kg has none."""
        stated = self.graph.one(node, "condition")
        if stated is not None:
            raise stated.error(
                f"a {what} has no condition", hint="Give it to the subject map or the object map."
            )

    def kind_of(self, value: Value) -> TermType:
        """Return what the constant of an expression map is; a literal if it has none."""
        constant = self.graph.one(value.term, "constant")
        return _constant(constant).kind if constant is not None else TermType.LITERAL

    def inner(self, node: Term, what: str) -> TermMap | None:
        """Return the language map or datatype map of a term map."""
        short = self.graph.one(node, what)
        long = self.graph.one(node, f"{what}Map")
        kind = TermType.LITERAL if what == "language" else TermType.IRI
        found = long or short
        if found is None:
            return None
        if short and long:
            raise found.error(f"a term map has one rml:{what} or rml:{what}Map, not both")
        expression = (
            self.expression(found, kind) if long else self.constant(found, is_iri=kind.is_iri)
        )
        if expression is None:
            raise found.error(f"rml:{what}Map needs a reference, template or constant")
        if isinstance(expression, Constant):
            _check_inner(found, expression, what, kind)
        targets = read_targets(self.graph, found) if long else ()
        condition = self.condition(found) if long else None
        return TermMap(expression, kind, condition=condition, targets=targets, origin=found.origin)

    def term_type(
        self, value: Value, what: str, is_literal: bool, gather: Gather | None
    ) -> TermType:
        """Return the stated or the default term type.

        Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-term-type
        """
        stated = self.graph.one(value.term, "termType")
        if stated is not None:
            try:
                return TermType(stated.name)
            except ValueError:
                raise stated.error(
                    f"{stated.text} is no term type",
                    hint=f"Term types: {', '.join(t.value for t in TermType)}.",
                ) from None
        constant = self.graph.one(value.term, "constant")
        if constant is not None:
            return self.constant(constant, is_iri=what != "object").kind
        if gather is not None and not self.graph.all(value.term, *_EXPRESSIONS):
            return TermType.BLANK_NODE
        if what != "object" or (gather is not None and not is_literal):
            return TermType.IRI
        if is_literal or self.graph.all(value.term, "reference", *_FUNCTIONS):
            return TermType.LITERAL
        return TermType.IRI

    def constant(self, value: Value, *, is_iri: bool) -> Constant:
        """Return a constant; a text where an IRI is demanded is one, which is told once.

        Args:
            value: The term.
            is_iri: Whether an IRI is demanded. A text that is none stays a text.
        """
        made = _constant(value)
        if not is_iri or made.kind is not TermType.LITERAL or made.datatype or made.language:
            return made
        text = expand(made.value, self.graph.prefixes) or made.value
        place = value.origin
        if not is_absolute(text) and not is_absolute(self.base_of(place) + text):
            return made
        if (place, text) not in self.told:
            self.told.add((place, text))
            self.notes.add(_TEXT_AS_IRI, place.location(), text, loses=False)
        return Constant(text, TermType.IRI)

    def expression(self, value: Value, term_type: TermType) -> Expression | None:
        found = [(name, v) for name in _EXPRESSIONS for v in self.graph.all(value.term, name)]
        if len(found) > 1:
            raise found[1][1].error(
                "a term map has only one of reference, template, constant and function"
            )
        if not found:
            if isinstance(value.term, ox.Literal):
                raise value.error("a term map is expected here, not a literal")
            return None
        name, inner = found[0]
        if name == "constant":
            constant = self.constant(inner, is_iri=term_type.is_iri)
            if term_type is TermType.BLANK_NODE and inner.is_older and inner.is_literal:
                constant = replace(constant, kind=term_type)  # the text is its label
            if term_type is TermType.LITERAL and constant.kind.is_iri and inner.is_older:
                self.notes.add(_IRI_AS_TEXT, inner.origin.location(), inner.text, loses=False)
                constant = replace(constant, kind=term_type)
            if constant.kind is not term_type and not (constant.kind.is_iri and term_type.is_iri):
                raise inner.error(
                    f"rml:termType says {term_type.value}, but the constant is of the kind"
                    f" {constant.kind.value}",
                    hint="Leave rml:termType out, or write the constant as such a term.",
                )
            return replace(constant, kind=term_type)
        if name == "functionExecution":
            return self.functions.execution(value, inner)
        if name == "functionValue":
            return self.functions.value(inner)
        if not inner.is_literal:
            raise inner.error(f"rml:{name} must be a text")
        if name == "reference":
            return Reference(inner.text)
        return read_template(inner)


def _check_inner(value: Value, constant: Constant, what: str, kind: TermType) -> None:
    if constant.kind is not kind:
        raise value.error(f"rml:{what} must be a {kind.value}, not a {constant.kind.value}")
    if what == "language" and not is_language_tag(constant.value):
        raise value.error(
            f"{constant.value!r} is not a language tag", hint="Write one like en or pt-BR."
        )


def _constant(value: Value) -> Constant:
    term = value.term
    if isinstance(term, ox.NamedNode):
        return Constant(term.value, TermType.IRI)
    if isinstance(term, ox.BlankNode):
        return Constant(term.value, TermType.BLANK_NODE)
    datatype = term.datatype.value
    plain = datatype in (XSD_STRING, RDF_LANG_STRING)
    return Constant(term.value, TermType.LITERAL, None if plain else datatype, term.language)
