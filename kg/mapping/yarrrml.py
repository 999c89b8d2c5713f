"""YARRRML: the YAML notation of mappings that people write, read into the plan.

This module reads the document, its mappings, predicates and objects; `kg.mapping.yarrrml_terms`
reads terms, functions and conditions, and says what is an IRI and what a text;
`kg.mapping.yarrrml_access` reads sources and targets; `kg.mapping.yarrrml_documents` says what
documents of one call share.

An inverse predicate becomes a triples map of its own, which makes the objects its subjects.

Spec: https://rml.io/yarrrml/spec/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import PurePath
from typing import Final

from kg.errors import InputError, collecting, raise_all, single_errors
from kg.mapping.plan import (
    Constant,
    Formulation,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    RefObjectMap,
    TermMap,
    TermType,
    TriplesMap,
    both,
    targets_of,
    term_references,
)
from kg.mapping.rml_pairs import paired
from kg.mapping.texts import Text
from kg.mapping.yaml_nodes import Node
from kg.mapping.yarrrml_access import SourceReader
from kg.mapping.yarrrml_documents import (
    BASES,
    MAPPINGS,
    SOURCES,
    TARGETS,
    Document,
    check_mappings,
    external_of,
    owner,
    parts,
    plain,
    read_document,
    shared,
)
from kg.mapping.yarrrml_gather import GATHER, GATHER_KEYS, check_subjects, read_gather
from kg.mapping.yarrrml_inverses import Made, inverted, with_all_parents
from kg.mapping.yarrrml_joins import JoinReader
from kg.mapping.yarrrml_prefixes import PREDEFINED
from kg.mapping.yarrrml_targets import TargetReader
from kg.mapping.yarrrml_terms import CONDITIONS, FUNCTION, TERM_KEYS, VALUE, TermReader
from kg.notes import Notes
from kg.records import dataclass
from kg.terms import RDF, is_iri
from kg.workspace import COMMON_PREFIXES

_SUBJECTS: Final = ("subjects", "subject", "s")
_PAIRS: Final = ("predicateobjects", "predicateobject", "po")
_PREDICATES: Final = ("predicates", "predicate", "p")
_INVERSES: Final = ("inversepredicates", "inversepredicate", "i", "iv")
_OBJECTS: Final = ("objects", "object", "o")
_GRAPHS: Final = ("graphs", "graph", "g")
_QUOTED: Final = ("quoted", "quotedNonAsserted")
_MAPPING_KEYS: Final = frozenset({*SOURCES, *_SUBJECTS, *_PAIRS, *_GRAPHS, *CONDITIONS, *TARGETS})
_NOTES: Final = frozenset({"type", "datatype", "language"})
_PAIR_KEYS: Final = frozenset({*_PREDICATES, *_INVERSES, *_OBJECTS, *_GRAPHS, *CONDITIONS, *_NOTES})
_OBJECT_KEYS: Final = frozenset({*TERM_KEYS, *GATHER_KEYS, *MAPPINGS, *_INVERSES, *_QUOTED})
_RDF_TYPE: Final = f"{RDF}type"
_RESOURCES: Final = frozenset({TermType.IRI, TermType.BLANK_NODE})
_ANY: Final = _RESOURCES | {TermType.LITERAL}
_NODES: Final = _ANY - {TermType.LITERAL}

Objects = tuple[TermMap | RefObjectMap, ...]


def read_documents(
    texts: Sequence[Text],
    prefixes: Mapping[str, str] | None = None,
    *,
    base: str = "",
    faults: list[InputError],
) -> dict[str, Plan]:
    """Read YARRRML documents, which are one mapping.

    Args:
        texts: The documents.
        prefixes: Prefixes known without being declared, such as those of ``kg.toml``, beside
            those that the specification predefines.
        base: Base IRI, unless a document has its own.
        faults: Receives what is wrong with documents and single mappings, which are left out.

    Returns:
        The triples maps of each document that can be read, by its file.

    Spec: https://rml.io/yarrrml/spec/
    """
    documents = []
    for written in texts:
        try:
            documents.append(read_document(written))
        except InputError as error:
            faults += single_errors(error)
    faults += check_mappings(documents)
    readers: dict[str, _MapReader] = {}
    for document in documents:
        try:
            readers[document.file] = _MapReader(document, documents, dict(prefixes or {}), base)
        except InputError as error:
            faults.append(error)
    made = {file: reader.made(readers, faults) for file, reader in readers.items()}
    every = {name: maps for found in made.values() for name, maps in found.items()}
    maps = {name: tuple(each.triples_map for each in found) for name, found in every.items()}
    resolved = {
        file: [
            Made(with_all_parents(each.triples_map, maps), each.inverses)
            for each in chain.from_iterable(found.values())
        ]
        for file, found in made.items()
    }
    by_name = {
        each.triples_map.name: each.triples_map for found in resolved.values() for each in found
    }
    notes = Notes()
    for found in resolved.values():
        found[:] = [Made(paired(m.triples_map, by_name, notes), m.inverses) for m in found]
    return {
        file: Plan(
            (
                *(each.triples_map for each in found),
                *(inverse for each in found for inverse in inverted(each, by_name)),
            ),
            tuple(readers[file].own_prefixes.items()),
        )
        for file, found in resolved.items()
    }


@dataclass(frozen=True, slots=True)
class _Pair:
    """A predicate-object map, with the predicates from its objects back to the subject."""

    pair: PredicateObjectMap
    inverses: tuple[TermMap, ...]


class _MapReader:
    """Reads the mappings of one document; holds what they share."""

    def __init__(
        self,
        document: Document,
        documents: Sequence[Document],
        given: Mapping[str, str],
        default_base: str,
    ) -> None:
        self.document = document
        self.documents = documents
        self.scope = document.scope
        self.own_prefixes = document.prefixes
        base = document.node.get(*BASES)
        self.base = base.text("base") if base else default_base
        if base and not is_iri(self.base):
            raise base.error(
                f"the base {self.base!r} is not an absolute IRI",
                hint="Write it with its scheme, such as https://example.org/.",
            )
        external = external_of(document, documents)
        self.targets = TargetReader(
            shared(document, documents, lambda d: d.targets, plain), external
        )
        self.sources = SourceReader(
            shared(document, documents, _sources_of, lambda found: (found[0], plain(found[1]))),
            document.folder,
            external,
        )
        self.terms = TermReader(
            self.prefixes(given), self.base, external, self.targets, document.folder
        )
        names = dict.fromkeys(name for each in documents for name in each.mappings)
        self.joins = JoinReader(self.terms, self.mapping_name, names)

    def prefixes(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return all prefixes: the document's own, those given on purpose, those of the others."""
        usual = {**PREDEFINED, **COMMON_PREFIXES}
        known = shared(self.document, self.documents, lambda d: d.prefixes).named
        chosen = {name: iri for name, iri in given.items() if usual.get(name) != iri}
        return {**PREDEFINED, **given, **known, **chosen, **self.own_prefixes}

    def mapping_name(self, name: str) -> str | None:
        """Return the name that a mapping has in the plan; None where there is no such mapping."""
        found = owner(self.document, name, self.documents)
        return None if found is None else f"{found.scope}{name}"

    def made(
        self, readers: Mapping[str, _MapReader], faults: list[InputError]
    ) -> dict[str, tuple[Made, ...]]:
        """Return the triples maps of each mapping of the document, by the mapping's name."""
        made: dict[str, tuple[Made, ...]] = {}
        for name in self.document.mappings:
            try:
                if owner(self.document, name, self.documents) is not self.document:
                    continue
                made[f"{self.scope}{name}"] = ()
                named = (each.file for each in parts(self.document, name, self.documents))
                reading = [readers[file] for file in named if file in readers]
                made[f"{self.scope}{name}"] = tuple(self.triples_maps(name, reading))
            except InputError as error:
                faults += single_errors(error)
        return made

    # --- mappings -------------------------------------------------------------------------

    def triples_maps(self, name: str, readers: Sequence[_MapReader]) -> Iterator[Made]:
        """Yield a triples map for each source and each subject of a mapping.

        Args:
            name: The mapping.
            readers: Those of the documents that say something of it, this one first.
        """
        node = self.document.mappings[name]
        stated = [(reader, reader.document.mappings[name]) for reader in readers]
        for _, part in stated:
            part.check_keys(f"the mapping {name}", _MAPPING_KEYS)
        faults: list[InputError] = []
        pairs: list[_Pair] = []
        subjects: list[TermMap] = []
        graphs: tuple[TermMap, ...] = ()
        with collecting(faults):
            subjects = _subjects(name, stated)
        with collecting(faults):
            graphs = tuple(graph for reader, part in stated for graph in reader.graphs(part))
        for reader, part in stated:
            for entry in reader.listed(part, *_PAIRS):
                with collecting(faults):
                    pairs += reader.predicate_objects(entry)
        with collecting(faults):
            made = [pair.pair for pair in pairs]
            constant = None if faults else self.constant(node, subjects, made, graphs)
            sources = [constant] if constant else self.sources.of_mapping(name, node)
        raise_all(faults, f"the mapping {name}")
        check_subjects(subjects, [pair.pair for pair in pairs])
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
            self.check_targets(triples_map)
            yield Made(triples_map, tuple(pair.inverses for pair in pairs))

    def check_targets(self, triples_map: TriplesMap) -> None:
        """Refuse targets whose files the records of another source name."""
        for target in (target for each in triples_map.maps for target in targets_of(each)):
            stated = self.targets.sources.get(target)
            if stated is not None and self.sources.source(stated) != triples_map.source:
                raise stated.unsupported(
                    "the records of another source than the mapping's name the target",
                    hint="Give the target the source of the mapping that it is for.",
                )

    def constant(
        self,
        node: Node,
        subjects: Sequence[TermMap],
        pairs: Sequence[PredicateObjectMap],
        graphs: tuple[TermMap, ...],
    ) -> LogicalSource | None:
        """Return one record without values, for a mapping without sources that takes none.

        Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-triples-map
        """
        if node.get(*SOURCES) is not None or not subjects or not pairs:
            return None
        file, folder = PurePath(self.document.file).name, self.document.folder
        source = LogicalSource(file, Formulation.NONE, folder=folder, origin=node.origin)
        for subject in subjects:
            made = TriplesMap("", source, subject, tuple(pairs), graphs)
            if subject.expression is None or not all(
                isinstance(each, TermMap) and not term_references(each) for each in made.maps
            ):
                return None
        return source

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
        if node.get(GATHER):
            return (self.gathered(node),)
        if node.get(*MAPPINGS) or self.joins.is_join(node):
            targets = self.targets.of_term(node)
            return tuple(replace(o, targets=targets) for o in self.joins.objects(node))
        bare = replace(node, value=_without(node, _INVERSES))
        term = self.terms.long(bare, default, _ANY)
        if term.language is None and term.datatype is None:
            term = self.terms.noted(pair, term)
        return (term,)

    def gathered(self, node: Node) -> TermMap:
        """Read an object that is a collection or container; its value is its name."""
        bare = replace(node, value=_without(node, (*GATHER_KEYS, *_INVERSES)))
        default = TermType.IRI if node.get(*VALUE, *FUNCTION) else TermType.BLANK_NODE
        plain = replace(node, value={})
        listed = node.get(GATHER)
        assert listed is not None
        members = [m for each in listed.items() for m in self.object(plain, each, False, None)]
        return replace(self.terms.long(bare, default, _NODES), gather=read_gather(node, members))


# --- after reading ------------------------------------------------------------------------


def _sources_of(document: Document) -> dict[str, tuple[str, Node]]:
    return {name: (document.folder, node) for name, node in document.sources.items()}


def _subjects(name: str, stated: Sequence[tuple[_MapReader, Node]]) -> list[TermMap]:
    """Return the subjects of a mapping; without any, each record gets a blank node.

    Args:
        name: The mapping.
        stated: What documents say of it.

    Raises:
        InputError: One is wrong, or documents say different ones.
    """
    written = [(reader, part, found) for reader, part in stated if (found := part.get(*_SUBJECTS))]
    for _, _, found in written[1:]:
        if plain(found) != plain(written[0][2]):
            raise found.error(
                f"the mapping {name} has other subjects in {written[0][1].origin.location()}",
                hint="Write its subjects in one of the files.",
            )
    subjects = [reader.subject(each) for reader, _, found in written[:1] for each in found.items()]
    if not subjects:
        subjects = [TermMap(None, TermType.BLANK_NODE, origin=stated[0][1].origin)]
    for reader, part in stated:
        condition, targets = reader.terms.condition(part), reader.targets.of_term(part)
        subjects = [
            replace(
                subject,
                condition=both(condition, subject.condition),
                targets=tuple(dict.fromkeys((*subject.targets, *targets))),
            )
            for subject in subjects
        ]
    return subjects


def _is_type(term: TermMap) -> bool:
    return isinstance(term.expression, Constant) and term.expression.value == _RDF_TYPE


def _without(node: Node, names: Sequence[str]) -> Mapping[str, Node]:
    return {key: value for key, value in node.entries("an object") if key not in names}


def _refuse_quoted(node: Node) -> None:
    quoted = node.get(*_QUOTED)
    if quoted:
        raise quoted.unsupported("quoted triples (RDF-star) are not supported")
