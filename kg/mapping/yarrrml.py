"""YARRRML: the YAML notation of mappings that people write, read into the plan.

This module reads the document, its mappings, predicates and objects; `kg.mapping.yarrrml_terms`
reads terms, functions and conditions, and says what is an IRI and what a text;
`kg.mapping.yarrrml_access` reads sources and targets.

An inverse predicate becomes a triples map of its own, which makes the objects its subjects.

Spec: https://rml.io/yarrrml/spec/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.errors import InputError, raise_all
from kg.mapping.plan import (
    Constant,
    Plan,
    PredicateObjectMap,
    RefObjectMap,
    TermMap,
    TermType,
    TriplesMap,
    both,
    term_references,
)
from kg.mapping.yaml_nodes import Node, parse_yaml
from kg.mapping.yarrrml_access import SourceReader, TargetReader
from kg.mapping.yarrrml_joins import JoinReader
from kg.mapping.yarrrml_prefixes import PREDEFINED
from kg.mapping.yarrrml_terms import CONDITIONS, TERM_KEYS, TermReader
from kg.terms import RDF, is_iri

_MAPPINGS: Final = ("mappings", "mapping", "m")
_AUTHORS: Final = ("authors", "author", "a")
_SUBJECTS: Final = ("subjects", "subject", "s")
_PAIRS: Final = ("predicateobjects", "predicateobject", "po")
_PREDICATES: Final = ("predicates", "predicate", "p")
_INVERSES: Final = ("inversepredicates", "inversepredicate", "i", "iv")
_OBJECTS: Final = ("objects", "object", "o")
_GRAPHS: Final = ("graphs", "graph", "g")
_TARGETS: Final = ("targets", "target")
_QUOTED: Final = ("quoted", "quotedNonAsserted")
_DOCUMENT_KEYS: Final = frozenset(
    {"prefixes", "base", "external", "sources", *_TARGETS, *_AUTHORS, *_MAPPINGS}
)
_MAPPING_KEYS: Final = frozenset(
    {"sources", "source", *_SUBJECTS, *_PAIRS, *_GRAPHS, *CONDITIONS, *_TARGETS}
)
_NOTES: Final = frozenset({"type", "datatype", "language"})
_PAIR_KEYS: Final = frozenset({*_PREDICATES, *_INVERSES, *_OBJECTS, *_GRAPHS, *CONDITIONS, *_NOTES})
_OBJECT_KEYS: Final = frozenset({*TERM_KEYS, *_MAPPINGS, *_INVERSES, *_QUOTED})
_AUTHOR_KEYS: Final = frozenset({"name", "email", "website"})
_RDF_TYPE: Final = f"{RDF}type"
_RESOURCES: Final = frozenset({TermType.IRI, TermType.BLANK_NODE})
_ANY: Final = _RESOURCES | {TermType.LITERAL}

Objects = tuple[TermMap | RefObjectMap, ...]


def read_yarrrml(
    text: str,
    file: str,
    prefixes: Mapping[str, str] | None = None,
    *,
    base: str = "",
    folder: str = "",
    faults: list[InputError] | None = None,
) -> Plan:
    """Read a YARRRML document.

    Args:
        text: The document.
        file: Its name in messages, and in the names of its triples maps.
        base: Base IRI, unless the document has its own.
        folder: The folder that its sources are relative to.
        prefixes: Prefixes known without being declared, such as those of ``kg.toml``, beside
            those that the specification predefines.
        faults: Receives what is wrong with single mappings, which are left out then; without
            it, that is raised.

    Raises:
        InputError: The document is not valid; file and line say where. It may be several.

    Spec: https://rml.io/yarrrml/spec/
    """
    document = parse_yaml(text, file)
    if document.value is None:
        raise document.error(
            "the mapping is empty", hint="A mapping needs the key mappings; see `kg help mapping`."
        )
    document.check_keys("a mapping document", _DOCUMENT_KEYS)
    found: list[InputError] = [] if faults is None else faults
    plan = _Reader(document, dict(prefixes or {}), base, folder).plan(found)
    if faults is None:
        raise_all(found, "the mapping")
    return plan


@dataclass(frozen=True, slots=True)
class _Pair:
    """A predicate-object map, with the predicates from its objects back to the subject."""

    pair: PredicateObjectMap
    inverses: tuple[TermMap, ...]


@dataclass(frozen=True, slots=True)
class _Made:
    """A triples map, with the inverse predicates of each of its predicate-object maps."""

    triples_map: TriplesMap
    inverses: tuple[tuple[TermMap, ...], ...]


class _Reader:
    """Reads one document; holds what the whole document shares."""

    def __init__(
        self, document: Node, prefixes: dict[str, str], default_base: str, folder: str
    ) -> None:
        self.scope = f"{document.origin.file}#"
        declared, base = document.get("prefixes"), document.get("base")
        self.prefixes = {
            name: value.text(f"the prefix {name}")
            for name, value in (declared.entries("prefixes") if declared else ())
        }
        prefixes.update(self.prefixes)
        self.base = base.text("base") if base else default_base
        if base and not is_iri(self.base):
            raise base.error(
                f"the base {self.base!r} is not an absolute IRI",
                hint="Write it with its scheme, such as https://example.org/.",
            )
        given = document.get("external")
        external = {
            name: value.text(f"the external reference {name}")
            for name, value in (given.entries("external") if given else ())
        }
        targets = TargetReader(document)
        self.targets = targets
        self.sources = SourceReader(document, folder)
        self.terms = TermReader({**PREDEFINED, **prefixes}, self.base, external, targets)
        _check_authors(document)
        mappings = document.get(*_MAPPINGS)
        if mappings is None:
            raise document.error("the key mappings is missing", hint="See `kg help mapping`.")
        self.mappings = dict(mappings.entries("mappings"))
        if not self.mappings:
            raise mappings.error("there is no mapping", hint="See `kg help mapping`.")
        self.joins = JoinReader(self.terms, self.scope, self.mappings)

    def plan(self, faults: list[InputError]) -> Plan:
        made: dict[str, tuple[_Made, ...]] = {}
        for name, node in self.mappings.items():
            made[f"{self.scope}{name}"] = ()
            try:
                made[f"{self.scope}{name}"] = tuple(self.triples_maps(name, node))
            except InputError as error:
                faults.append(error)
        maps = {name: tuple(each.triples_map for each in found) for name, found in made.items()}
        resolved = [
            _Made(_resolved(each.triples_map, maps), each.inverses)
            for found in made.values()
            for each in found
        ]
        by_name = {each.triples_map.name: each.triples_map for each in resolved}
        inverse = [found for each in resolved for found in _inverted(each, by_name)]
        return Plan((*by_name.values(), *inverse), tuple(self.prefixes.items()))

    # --- mappings -------------------------------------------------------------------------

    def triples_maps(self, name: str, node: Node) -> Iterator[_Made]:
        """Yield a triples map for each source and each subject of a mapping."""
        node.check_keys(f"the mapping {name}", _MAPPING_KEYS)
        subjects = self.subjects(node)
        graphs = self.graphs(node)
        pairs = [
            pair for entry in self.listed(node, *_PAIRS) for pair in self.predicate_objects(entry)
        ]
        sources = self.sources.of_mapping(name, node)
        for number, (source, subject) in enumerate((a, b) for a in sources for b in subjects):
            triples_map = TriplesMap(
                name=f"{self.scope}{name}" + (f"/{number + 1}" if number else ""),
                source=source,
                subject=subject,
                predicate_objects=tuple(pair.pair for pair in pairs),
                graphs=graphs,
                base=self.base,
                origin=node.origin,
            )
            yield _Made(triples_map, tuple(pair.inverses for pair in pairs))

    def subjects(self, node: Node) -> list[TermMap]:
        """Return the subjects; without any, each record gets a blank node."""
        nodes = self.listed(node, *_SUBJECTS)
        found = [self.subject(each) for each in nodes]
        if not found:
            found = [TermMap(None, TermType.BLANK_NODE, origin=node.origin)]
        condition, targets = self.terms.condition(node), self.targets.of_term(node)
        return [
            replace(
                subject,
                condition=both(condition, subject.condition),
                targets=tuple(dict.fromkeys((*subject.targets, *targets))),
            )
            for subject in found
        ]

    def subject(self, node: Node) -> TermMap:
        if not node.is_map:
            return self.terms.short(node, TermType.IRI)
        _refuse_quoted(node)
        return self.terms.long(node, TermType.IRI, _RESOURCES)

    def listed(self, node: Node, *names: str) -> list[Node]:
        found = node.get(*names)
        return list(found.items()) if found else []

    def graphs(self, node: Node) -> tuple[TermMap, ...]:
        return tuple(self.terms.iri(graph) for graph in self.listed(node, *_GRAPHS))

    # --- predicates and objects -----------------------------------------------------------

    def predicate_objects(self, node: Node) -> Iterator[_Pair]:
        if node.is_list:
            parts = list(node.items())
            if len(parts) not in (2, 3):
                raise node.error("a predicate with its object is written [predicate, object]")
            note = parts[2] if len(parts) == 3 else None
            yield from self.pairs(node, list(parts[0].items()), list(parts[1].items()), note)
        else:
            node.check_keys("predicateobjects", _PAIR_KEYS)
            predicates = self.listed(node, *_PREDICATES)
            yield from self.pairs(node, predicates, self.listed(node, *_OBJECTS), None)

    def pairs(
        self, node: Node, predicates: list[Node], objects: list[Node], note: Node | None
    ) -> Iterator[_Pair]:
        """Yield the predicate-object maps of one entry: objects with inverses are apart."""
        if not predicates or not objects:
            raise node.error("a predicate and an object are needed")
        predicate_maps = tuple(self.predicate(p) for p in predicates)
        types = any(_is_type(p) for p in predicate_maps)
        inverses = self.inverses(node)
        groups: dict[tuple[TermMap, ...], Objects] = {}
        for each in objects:
            own = inverses + self.inverses(each)
            groups[own] = groups.get(own, ()) + self.objects(node, each, types, note)
        for back, made in groups.items():
            if back and any(
                isinstance(o, TermMap) and o.term_type is TermType.LITERAL for o in made
            ):
                raise node.error(
                    "a literal has no inverse predicate", hint="Write ~iri behind the object."
                )
            graphs = self.graphs(node)
            yield _Pair(PredicateObjectMap(predicate_maps, made, graphs, origin=node.origin), back)

    def inverses(self, node: Node) -> tuple[TermMap, ...]:
        return tuple(self.predicate(each) for each in self.listed(node, *_INVERSES))

    def predicate(self, node: Node) -> TermMap:
        if node.value == "a":
            return TermMap(Constant(_RDF_TYPE, TermType.IRI), TermType.IRI, origin=node.origin)
        return self.terms.iri(node)

    def objects(self, pair: Node, node: Node, is_class: bool, note: Node | None) -> Objects:
        """Return the object maps of one object, with what its entry says of all objects."""
        condition = self.terms.condition(pair)
        made = self.object(pair, node, is_class, note)
        return tuple(replace(each, condition=both(condition, each.condition)) for each in made)

    def object(self, pair: Node, node: Node, is_class: bool, note: Node | None) -> Objects:
        kind = pair.get("type")
        default = TermType.IRI if is_class else TermType.LITERAL
        if kind:
            default = self.terms.type_of(kind, _ANY)
        if node.is_map:
            if note:
                raise note.error("an object written out has its datatype or language inside")
            node.check_keys("an object", _OBJECT_KEYS)
            _refuse_quoted(node)
            return self.written_out(pair, node, default)
        if node.is_list:
            parts = list(node.items())
            if len(parts) not in (1, 2):
                raise node.error("an object in brackets is [value] or [value, datatype]")
            return self.object(pair, parts[0], is_class, parts[1] if len(parts) > 1 else note)
        term = self.terms.short(node, default) if kind else self.terms.object(node, default)
        if note:
            return (self.terms.annotated(term, note),)
        return (self.terms.noted(pair, term),)

    def written_out(self, pair: Node, node: Node, default: TermType) -> Objects:
        if node.get(*_MAPPINGS) or self.joins.is_join(node):
            targets = self.targets.of_term(node)
            return tuple(replace(o, targets=targets) for o in self.joins.objects(node))
        bare = replace(node, value=_without(node, _INVERSES))
        term = self.terms.long(bare, default, _ANY)
        if term.language is None and term.datatype is None:
            term = self.terms.noted(pair, term)
        return (term,)


# --- after reading ------------------------------------------------------------------------


def _resolved(triples_map: TriplesMap, maps: Mapping[str, Sequence[TriplesMap]]) -> TriplesMap:
    """Let references to a mapping of several sources or subjects mean all its triples maps."""

    def parents(object_map: TermMap | RefObjectMap) -> Iterator[TermMap | RefObjectMap]:
        if isinstance(object_map, TermMap):
            yield object_map
            return
        found = maps[object_map.parent]
        if not object_map.joins:
            found = tuple(m for m in found if m.source == triples_map.source) or found[:1]
        for parent in found:
            yield replace(object_map, parent=parent.name)

    return replace(
        triples_map,
        predicate_objects=tuple(
            replace(pair, objects=tuple(o for each in pair.objects for o in parents(each)))
            for pair in triples_map.predicate_objects
        ),
    )


def _inverted(made: _Made, maps: Mapping[str, TriplesMap]) -> Iterator[TriplesMap]:
    """Yield the triples maps of inverse predicates: the objects are their subjects."""
    child, number = made.triples_map, 0
    for pair, inverses in zip(child.predicate_objects, made.inverses, strict=True):
        for object_map in pair.objects if inverses else ():
            number += 1
            subject, source, back = _from_object(child, object_map, maps)
            if back.joins:
                _check_constant((*inverses, *child.graphs, *pair.graphs))
            yield TriplesMap(
                name=f"{child.name}/inverse{number}",
                source=source.source,
                subject=subject,
                predicate_objects=(
                    PredicateObjectMap(
                        inverses, (back,), (*child.graphs, *pair.graphs), origin=pair.origin
                    ),
                ),
                base=source.base,
                origin=pair.origin,
            )


def _from_object(
    child: TriplesMap, object_map: TermMap | RefObjectMap, maps: Mapping[str, TriplesMap]
) -> tuple[TermMap, TriplesMap, RefObjectMap]:
    """Return an object as a subject, whose records it is made of, and the way back."""
    back = RefObjectMap(child.name, targets=object_map.targets, origin=object_map.origin)
    if isinstance(object_map, TermMap):
        return replace(object_map, scope=object_map.scope or child.name), child, back
    parent = maps[object_map.parent]
    subject = replace(parent.subject, scope=parent.subject.scope or parent.name)
    if not object_map.joins:
        condition = both(subject.condition, object_map.condition)
        return replace(subject, condition=condition), child, back
    if object_map.condition:
        raise _node_error(object_map)
    joins = tuple(replace(j, child=j.parent, parent=j.child) for j in object_map.joins)
    return subject, parent, replace(back, joins=joins)


def _check_constant(terms: Sequence[TermMap]) -> None:
    """Refuse predicates and graphs that depend on the child's record, which the join leaves."""
    for term in terms:
        if term_references(term):
            raise Node(None, term.origin).error(
                "the inverse predicate of a join goes with constant predicates and graphs only",
                hint="Write the inverse as a mapping of its own.",
            )


def _node_error(object_map: RefObjectMap) -> Exception:
    return Node(None, object_map.origin).error(
        "an inverse predicate goes with a join, but not with a further condition",
        hint="Write the inverse as a mapping of its own.",
    )


def _is_type(term: TermMap) -> bool:
    return isinstance(term.expression, Constant) and term.expression.value == _RDF_TYPE


def _without(node: Node, names: Sequence[str]) -> Mapping[str, Node]:
    return {key: value for key, value in node.entries("an object") if key not in names}


def _refuse_quoted(node: Node) -> None:
    quoted = node.get(*_QUOTED)
    if quoted:
        raise quoted.error("quoted triples (RDF-star) are not supported")


def _check_authors(document: Node) -> None:
    """Check the form of the authors, who leave no trace in the plan."""
    authors = document.get(*_AUTHORS)
    for author in authors.items() if authors else ():
        if author.is_map:
            author.check_keys("an author", _AUTHOR_KEYS)
            for key, value in author.entries("an author"):
                value.text(f"an author's {key}")
        else:
            author.text("an author")
