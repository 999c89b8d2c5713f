"""From a plan to rules: references find their columns, constants become terms, joins are decided.

What no record can mend is refused here: constants that make no term, triples maps that refer to
others which are not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from kg.datatypes import unknown_datatype
from kg.errors import InputError, KgError
from kg.mapping.advice import no_iri
from kg.mapping.collections import CollectionFinder, Place
from kg.mapping.gather import Gather
from kg.mapping.losses import Pair, losses_of
from kg.mapping.natural import Datatypes
from kg.mapping.plan import (
    Constant,
    Expression,
    Formulation,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    TriplesMap,
    both,
    references,
)
from kg.mapping.rules import (
    Bare,
    BlankNode,
    CheckedIri,
    Collection,
    Fixed,
    Gathered,
    Iri,
    Language,
    Literal,
    Loss,
    MapRules,
    Parent,
    Rule,
    Rules,
    Term,
    When,
    bare,
)
from kg.mapping.source_table import SourceTable
from kg.mapping.tables import plan_tables
from kg.mapping.targets import Routing, address_map
from kg.mapping.walk import loosened
from kg.records import dataclass
from kg.terms import RDF_LANG_STRING, XSD, is_iri, literal

DEFAULT_GRAPHS: Final = frozenset(
    {
        "http://w3id.org/rml/defaultGraph",
        "http://www.w3.org/ns/r2rml#defaultGraph",
        "http://semweb.mmlab.be/ns/rml#defaultGraph",
    }
)
_DATES: Final = (f"{XSD}date", f"{XSD}dateTime")
_WITH_NUMBERS: Final = (Formulation.JSON, Formulation.YAML)
_DOUBLE: Final = f"{XSD}double"
_UNSAFE: Final = frozenset({TermType.UNSAFE_IRI, TermType.UNSAFE_URI})
# A text that an IRI starts with and that its scheme and authority end in.
_ANCHORED: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?://[^/?#]*[/?#]|(?!//|/$))")


# The last rules, with what they are made of: a build runs them, and traces its results by them.
_last: Final[list[tuple[Plan, tuple[bool, bool], Rules]]] = []


def flatten(plan: Plan, *, routed: bool = False, skips: bool = False) -> Rules:
    """Return the rules of a plan.

    Args:
        plan: The plan.
        routed: Tell apart the statements of different targets; otherwise all are one graph.
        skips: Make no terms of bad values, which are an error otherwise.

    Raises:
        InputError: The plan asks for something that cannot be.
    """
    for known, options, rules in [*_last]:
        if known is plan and options == (routed, skips):
            return rules
    loose = replace(plan, triples_maps=loosened(plan.triples_maps)) if skips else plan
    flattener = Flattener(loose, routed=routed, skips=skips)
    maps = tuple(flattener.rules_of(triples_map) for triples_map in loose.triples_maps)
    rules = Rules(flattener.tables, maps, flattener.routing.targets)
    _last[:] = [(plan, (routed, skips), rules)]
    return rules


class Flattener:
    """Flattens the triples maps of a plan, one at a time.

    Attributes:
        tables: The tables that the sources of the plan are read into.
        routing: Which statements go to which targets.
    """

    def __init__(self, plan: Plan, *, routed: bool = False, skips: bool = False) -> None:
        self._skips = skips
        self._plan = plan
        self._numbers = {each.name: number for number, each in enumerate(plan.triples_maps)}
        self._open: list[str] = []
        tables = plan_tables(plan)
        self._tables = tables.of_map
        self.tables = tables.all
        self.routing = Routing(plan if routed else Plan(()))

    def rules_of(self, triples_map: TriplesMap) -> MapRules:
        """Return the rules of a triples map of the plan.

        Raises:
            InputError: It asks for something that cannot be.
        """
        terms = self._terms(triples_map)
        subject = terms.term(triples_map.subject, _SUBJECT)
        graphs = tuple(
            terms.term(graph, f"g{number}") for number, graph in enumerate(triples_map.graphs)
        )
        pairs = [
            self._pair(terms, pair, number)
            for number, pair in enumerate(triples_map.predicate_objects)
        ]
        placed = [
            (made, _places((*triples_map.graphs, *pair.graphs), (*graphs, *made.graphs)))
            for pair, made in zip(triples_map.predicate_objects, pairs, strict=True)
        ]
        rules = tuple(
            rule
            for pair, (made, places) in zip(triples_map.predicate_objects, placed, strict=True)
            for rule in self._rules(terms, triples_map, subject, pair, made, places)
        )
        losses = losses_of(self._plan, triples_map, terms.table, subject, graphs, pairs)
        losses = replace(losses, losses=(*losses.losses, *self._nameless(terms, triples_map)))
        number = self._numbers[triples_map.name]
        collections: tuple[Collection, ...] = ()
        if any(isinstance(each, TermMap) and each.gather for each in triples_map.maps):
            finder = CollectionFinder(triples_map, number, terms.table, subject, self.routing.mask)
            collections = finder.find(_places(triples_map.graphs, graphs), placed)
        origin = triples_map.origin
        return MapRules(triples_map.name, terms.table, subject, rules, losses, collections, origin)

    def _terms(self, triples_map: TriplesMap) -> _Terms:
        table = self._tables[triples_map.name]
        return _Terms(
            table,
            triples_map.base,
            triples_map.name,
            self._skips,
            lambda object_map: self._parent(triples_map, object_map),
            self._plan.datatypes,
        )

    def _pair(self, terms: _Terms, pair: PredicateObjectMap, number: int) -> Pair:
        return Pair(
            tuple(terms.term(made, f"{number}.p{n}") for n, made in enumerate(pair.predicates)),
            tuple(terms.made(made, f"{number}.o{n}") for n, made in enumerate(pair.objects)),
            tuple(terms.term(graph, f"{number}.g{n}") for n, graph in enumerate(pair.graphs)),
        )

    def _nameless(self, terms: _Terms, triples_map: TriplesMap) -> Iterator[Loss]:
        """Yield what records fail to give for the names of targets."""
        for target in self.routing.to(*triples_map.maps):
            if target.name is not None:
                yield Loss("target", terms.term(address_map(target, None), ""), target.origin)

    def _rules(
        self,
        terms: _Terms,
        triples_map: TriplesMap,
        subject: Term,
        pair: PredicateObjectMap,
        made: Pair,
        places: Sequence[Place],
    ) -> Iterator[Rule]:
        table = self._tables[triples_map.name]
        for object_map, each in zip(pair.objects, made.objects, strict=True):
            for predicate_map, predicate in zip(pair.predicates, made.predicates, strict=True):
                for graph_map, graph in places:
                    maps = (triples_map.subject, predicate_map, object_map, graph_map)
                    targets = self.routing.to(*maps)
                    named = [target for target in targets if target.name is not None]
                    rule = Rule(triples_map.name, table, subject, predicate, each, graph)
                    if not named or len(named) < len(targets):
                        mask = self.routing.bits(t for t in targets if t.name is None)
                        yield replace(rule, targets=mask)
                    for target in named:
                        address = address_map(target, graph_map if graph is not None else None)
                        place = terms.term(address, "")
                        yield replace(rule, graph=place, targets=self.routing.bits([target]))

    def _parent(self, triples_map: TriplesMap, object_map: RefObjectMap) -> Parent:
        try:
            parent = self._plan.triples_map(object_map.parent)
        except KeyError:
            names = ", ".join(t.name for t in self._plan.triples_maps)
            raise InputError(
                "bad-mapping",
                f"{triples_map.name} refers to the triples map {object_map.parent!r}, which is not"
                " there",
                location=object_map.origin.location(),
                hint=f"Triples maps: {names}.",
            ) from None
        if not object_map.joins and parent.source != triples_map.source:
            raise InputError(
                "bad-mapping",
                f"{triples_map.name} refers to {parent.name}, which has another source, without a"
                " join condition",
                location=object_map.origin.location(),
                hint="Add a condition that says which records belong together.",
            )
        theirs = self._terms(parent)
        subject = self._subject_of(parent, theirs, object_map)
        own = replace(theirs, table=self._tables[triples_map.name])
        if not object_map.joins:
            condition = both(parent.subject.condition, object_map.condition)
            made = own.term(replace(parent.subject, condition=condition), _SUBJECT)
            return Parent(parent.name, theirs.table, subject, own=made)
        renamed = _renamed(own.table, theirs.table, parent.subject, object_map)
        return Parent(
            parent.name,
            theirs.table,
            subject,
            tuple((join.child, join.parent) for join in object_map.joins),
            object_map.condition,
            None if renamed is None else own.term(renamed, _SUBJECT),
        )

    def _subject_of(self, parent: TriplesMap, terms: _Terms, object_map: RefObjectMap) -> Term:
        if parent.name in self._open:
            raise InputError(
                "bad-mapping",
                f"the subject map of {parent.name} gathers its own subjects",
                location=object_map.origin.location(),
                hint="Gather the subjects of another triples map.",
            )
        self._open.append(parent.name)
        try:
            return terms.term(parent.subject, _SUBJECT)
        finally:
            self._open.pop()


_DEFAULT: Final = tuple(Fixed(f"<{iri}>") for iri in DEFAULT_GRAPHS)
# Where a triples map has its subject map, as the scopes of blank nodes say it.
_SUBJECT: Final = "s"


def _places(maps: Sequence[TermMap], graphs: Sequence[Term]) -> tuple[Place, ...]:
    """Return the graphs of statements, each once, with their maps."""
    found = dict(zip(maps, graphs, strict=True))
    return tuple(
        (each, None if bare(graph) in _DEFAULT else graph) for each, graph in found.items()
    ) or ((None, None),)


def _renamed(
    table: SourceTable, parents: SourceTable, subject: TermMap, object_map: RefObjectMap
) -> TermMap | None:
    """Return a parent's subject as one of the child's values; None where these do not make it."""
    expression = subject.expression
    if not isinstance(expression, Template | Reference) or subject.condition or subject.gather:
        return None
    names: dict[Reference, Reference] = {}
    for join in object_map.joins:
        if not isinstance(join.child, Reference) or not isinstance(join.parent, Reference):
            return None
        if table.column(join.child).many or parents.column(join.parent).many:
            return None
        names[join.parent] = join.child
    if not names.keys() >= {*references(expression)}:
        return None
    if isinstance(expression, Reference):
        return replace(subject, expression=names[expression])
    parts = tuple(names[p] if isinstance(p, Reference) else p for p in expression.parts)
    return replace(subject, expression=Template(parts))


@dataclass(frozen=True, slots=True)
class _Terms:
    """Makes the terms of one triples map.

    Attributes:
        table: The table of the records that they are made of.
        base: What is prepended to relative IRIs.
        owner: Name of the triples map.
        skips: Whether bad values make no term, instead of being an error.
        parent: Returns what a map that refers to another triples map makes.
        natural: Which datatypes literals have that the mapping gives none.
    """

    table: SourceTable
    base: str
    owner: str
    skips: bool
    parent: Callable[[RefObjectMap], Parent]
    natural: Datatypes

    def made(self, made: TermMap | RefObjectMap, place: str) -> Term | Parent:
        """Return what an object map makes; arguments and errors as for `term`."""
        return self.term(made, place) if isinstance(made, TermMap) else self.parent(made)

    def term(self, term_map: TermMap, place: str) -> Term:
        """Return the tree of a term map.

        Args:
            term_map: The term map.
            place: Where it stands in its triples map: tells collections apart.

        Raises:
            InputError: A constant makes no valid term.
        """
        gather = term_map.gather
        made = self._bare(term_map) if gather is None else self._gathered(term_map, gather, place)
        return made if term_map.condition is None else When(made, term_map.condition)

    def _gathered(self, term_map: TermMap, gather: Gather, place: str) -> Gathered:
        return Gathered(
            self._bare(term_map) if term_map.expression is not None else None,
            tuple(self.made(each, f"{place}.{n}") for n, each in enumerate(gather.members)),
            gather.kind,
            f"{term_map.scope or self.owner}\n{place}",
            gather.is_product,
            gather.keeps_empty,
        )

    def _bare(self, term_map: TermMap) -> Bare:
        expression = term_map.expression
        if term_map.term_type is TermType.LITERAL:
            return self._literal(term_map)
        if term_map.term_type is TermType.BLANK_NODE:
            if expression is not None:
                return BlankNode(expression)
            return BlankNode(None, term_map.scope or self.owner, self.table.row)
        assert expression is not None
        if isinstance(expression, Constant):
            return Fixed(f"<{self._constant(expression, term_map)}>")
        if isinstance(expression, Template):
            return self._template(expression, term_map)
        return CheckedIri(expression, term_map.term_type, self.base, self.owner, self.skips)

    def _constant(self, constant: Constant, term_map: TermMap) -> str:
        value = constant.value if is_iri(constant.value) else self.base + constant.value
        if not is_iri(value):
            what, hint = no_iri(constant.value)
            raise InputError(
                "bad-iri",
                what,
                location=term_map.origin.location(),
                hint=hint or "Write it with its scheme or a declared prefix.",
            )
        return value

    def _template(self, template: Template, term_map: TermMap) -> Bare:
        start, kind = template.parts[0], term_map.term_type
        checked = CheckedIri(template, kind, self.base, self.owner, self.skips)
        if not isinstance(start, str) or kind in _UNSAFE:
            return checked
        plain = "".join(part for part in template.parts if isinstance(part, str))
        if not is_iri(plain) and not is_iri(self.base + plain):
            raise InputError(
                "bad-iri",
                f"the template makes no absolute IRI: {_written(template)!r}",
                location=term_map.origin.location(),
                hint='Start it with https:… or a prefix, without spaces or any of <>"{}|^`\\.',
            )
        # Encoded values cannot spoil an IRI behind its scheme and authority.
        if _ANCHORED.match(start):
            return Iri(start, template.parts[1:], kind)
        if ":" not in plain and _ANCHORED.match(self.base + start):
            return Iri(self.base + start, template.parts[1:], kind)
        return checked

    def _literal(self, term_map: TermMap) -> Bare:
        value = term_map.expression
        assert value is not None
        if isinstance(value, Constant) and value.datatype is not None:
            _check_datatype(value.datatype, term_map)
        language = datatype = None
        if term_map.language is not None:
            language = self._language(term_map.language)
        elif term_map.datatype is not None:
            datatype = self._bare(term_map.datatype)
            stated = _iri_of(datatype)
            if stated is not None:
                _check_datatype(stated, term_map.datatype)
            turned = stated in _DATES and self._knows_dates(value)
            turned |= stated == _DOUBLE and self._knows_numbers(value)
            return _folded(Literal(value, datatype=datatype, turned=turned), term_map)
        return _folded(Literal(value, language, datatype, natural=self.natural), term_map)

    def _language(self, term_map: TermMap) -> str | Language:
        value = term_map.expression
        assert value is not None
        if isinstance(value, Constant):
            return value.value.lower()
        return Language(value, self.owner, self.skips)

    def _knows_dates(self, value: Expression) -> bool:
        """Return whether a value comes with what the source says that it is."""
        if not isinstance(value, Reference) or not self.table.source.formulation.has_typed_columns:
            return False
        return self.table.column(value).typed

    def _knows_numbers(self, value: Expression) -> bool:
        """Return whether a value comes as a number or a text, as JSON and YAML have them."""
        if not isinstance(value, Reference) or self.table.source.formulation not in _WITH_NUMBERS:
            return False
        return self.table.column(value).typed


def _folded(made: Literal, term_map: TermMap) -> Bare:
    """Return a literal, as a term where it is the same for all records."""
    value, language = made.value, made.language
    datatype = _iri_of(made.datatype)
    if not isinstance(value, Constant) or isinstance(language, Language):
        return made
    if made.datatype is not None and datatype is None:
        return made
    if language is None and datatype is None:
        language, datatype = value.language, value.datatype
    try:
        return Fixed(literal(value.value, datatype, language))
    except KgError as error:
        raise error.at(term_map.origin.location()) from error


def _iri_of(term: Bare | None) -> str | None:
    return term.term[1:-1] if isinstance(term, Fixed) else None


def _check_datatype(iri: str, term_map: TermMap) -> None:
    if iri == RDF_LANG_STRING:
        raise InputError(
            "bad-mapping",
            "a literal of the datatype rdf:langString needs a language",
            location=term_map.origin.location(),
            hint="Give it a language in place of the datatype.",
        )
    hint = unknown_datatype(iri)
    if hint is not None:
        raise InputError(
            "unknown-datatype",
            f"xsd:{iri.removeprefix(XSD)} is no datatype of XML Schema",
            location=term_map.origin.location(),
            hint=hint,
        )


def _written(template: Template) -> str:
    """Return a template as YARRRML writes it."""
    return "".join(part if isinstance(part, str) else f"$({part.name})" for part in template.parts)
