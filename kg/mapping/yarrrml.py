"""YARRRML: the YAML notation of mappings that people write, read into the plan.

Beside the specification: ``~yaml`` names a source of YAML documents, and an object that is a
prefixed name without references is an IRI. Function terms are refused by name.

Spec: https://rml.io/yarrrml/spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from kg.mapping.plan import (
    Constant,
    Expression,
    Formulation,
    JoinCondition,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    TriplesMap,
)
from kg.mapping.yaml_nodes import Node, parse_yaml
from kg.terms import RDF, expand, is_iri, is_language_tag

_MAPPINGS: Final = ("mappings", "mapping", "m")
_DOCUMENT_KEYS: Final = frozenset({"prefixes", "base", "sources", *_MAPPINGS})
_SUBJECTS: Final = ("subjects", "subject", "s")
_PAIRS: Final = ("predicateobjects", "predicateobject", "po")
_PREDICATES: Final = ("predicates", "predicate", "p")
_OBJECTS: Final = ("objects", "object", "o")
_GRAPHS: Final = ("graphs", "graph", "g")
_CONDITIONS: Final = ("condition", "conditions", "c")
_FUNCTION: Final = ("function", "f", "fn")
_PARAMETERS: Final = ("parameters", "pms")
_MAPPING_KEYS: Final = frozenset({"sources", "source", *_SUBJECTS, *_PAIRS, *_GRAPHS})
_PAIR_KEYS: Final = frozenset({*_PREDICATES, *_OBJECTS, *_GRAPHS})
_OBJECT_KEYS: Final = frozenset(
    {"value", "v", "type", "datatype", "language", *_MAPPINGS, *_CONDITIONS}
)
_SOURCE_KEYS: Final = frozenset(
    {"access", "referenceFormulation", "iterator", "delimiter", "encoding", "nulls", "query"}
)
_FORMULATIONS: Final[Mapping[str, Formulation]] = {
    "csv": Formulation.CSV,
    "tsv": Formulation.CSV,
    "json": Formulation.JSON,
    "jsonpath": Formulation.JSON,
    "jsonl": Formulation.JSON,
    "yaml": Formulation.YAML,
    "xml": Formulation.XPATH,
    "xpath": Formulation.XPATH,
    "parquet": Formulation.PARQUET,
    "excel": Formulation.EXCEL,
}
_TYPES: Final[Mapping[str, TermType]] = {
    "iri": TermType.IRI,
    "literal": TermType.LITERAL,
    "blank": TermType.BLANK_NODE,
    "blanknode": TermType.BLANK_NODE,
}
_RDF_TYPE: Final = f"{RDF}type"
_NO_LITERAL: Final = "only a literal has a datatype or a language"
_BOTH: Final = "a literal has a datatype or a language, not both"
_ADD_SOURCES: Final = "Add sources: [[file.csv~csv]]"
# $(name), where the backslash takes the meaning away from $, ( and ).
_TOKEN: Final = re.compile(r"\\(?P<plain>[$()\\])|\$\((?P<reference>(?:\\.|[^\\)])*)\)")


def read_yarrrml(
    text: str,
    file: str,
    prefixes: Mapping[str, str] | None = None,
    *,
    base: str = "",
    folder: str = "",
) -> Plan:
    """Read a YARRRML document.

    Args:
        text: The document.
        file: Its name in messages, and in the names of its triples maps.
        base: Base IRI, unless the document has its own.
        folder: The folder that its sources are relative to.
        prefixes: Prefixes known without being declared, such as those of ``kg.toml``.

    Raises:
        InputError: The document is not valid; file and line say where.

    Spec: https://rml.io/yarrrml/spec/
    """
    document = parse_yaml(text, file)
    if document.value is None:
        raise document.error(
            "the mapping is empty", hint="A mapping needs the key mappings; see docs/mapping.md."
        )
    document.check_keys("a mapping document", _DOCUMENT_KEYS)
    return _Reader(document, dict(prefixes or {}), base, folder).plan()


class _Reader:
    """Reads one document; holds what the whole document shares."""

    def __init__(
        self, document: Node, prefixes: dict[str, str], default_base: str, folder: str
    ) -> None:
        self.document = document
        self.folder = folder
        self.scope = f"{document.origin.file}#"
        self.prefixes = {"rdf": RDF, **prefixes}
        declared = document.get("prefixes")
        for name, value in declared.entries("prefixes") if declared else ():
            self.prefixes[name] = value.text(f"the prefix {name}")
        base = document.get("base")
        self.base = base.text("base") if base else default_base
        shared = document.get("sources")
        self.sources = dict(shared.entries("sources")) if shared else {}
        mappings = document.get(*_MAPPINGS)
        if mappings is None:
            raise document.error("the key mappings is missing", hint="See docs/mapping.md.")
        self.mappings = dict(mappings.entries("mappings"))
        if not self.mappings:
            raise mappings.error("there is no mapping", hint="See docs/mapping.md.")

    def plan(self) -> Plan:
        maps = {
            f"{self.scope}{name}": tuple(self.triples_maps(name, node))
            for name, node in self.mappings.items()
        }
        return Plan(tuple(_resolved(m, maps) for found in maps.values() for m in found))

    # --- mappings -------------------------------------------------------------------------

    def triples_maps(self, name: str, node: Node) -> Iterator[TriplesMap]:
        """Yield a triples map for each source and each subject of a mapping."""
        node.check_keys(f"the mapping {name}", _MAPPING_KEYS)
        subjects = [self.term(s, TermType.IRI) for s in self.listed(node, *_SUBJECTS)]
        if not subjects:
            raise node.error(f"the mapping {name} has no subjects", hint="Add subjects: ex:$(id)")
        graphs = self.graphs(node)
        pairs = tuple(
            pair for entry in self.listed(node, *_PAIRS) for pair in self.predicate_objects(entry)
        )
        sources = [self.source(s) for s in self.source_nodes(name, node)]
        if not sources:
            raise node.error(f"the mapping {name} has no sources", hint=_ADD_SOURCES)
        for number, (source, subject) in enumerate((a, b) for a in sources for b in subjects):
            yield TriplesMap(
                name=f"{self.scope}{name}" + (f"/{number + 1}" if number else ""),
                source=source,
                subject=subject,
                predicate_objects=pairs,
                graphs=graphs,
                base=self.base,
                origin=node.origin,
            )

    def listed(self, node: Node, *names: str) -> list[Node]:
        found = node.get(*names)
        return list(found.items()) if found else []

    def graphs(self, node: Node) -> tuple[TermMap, ...]:
        nodes = self.listed(node, *_GRAPHS)
        return tuple(self.term(graph, TermType.IRI) for graph in nodes)

    # --- sources --------------------------------------------------------------------------

    def source_nodes(self, name: str, node: Node) -> list[Node]:
        found = node.get("sources", "source")
        if found is None:
            raise node.error(f"the mapping {name} has no sources", hint=_ADD_SOURCES)
        parts = list(found.items())
        # ['file.csv~csv', '$.x'] is one source, [a, b] and ['a~csv', 'b~csv'] are two.
        formats = [_format_of(part) for part in parts]
        inline = found.is_list and [f is None for f in formats] in ([False], [False, True])
        return [found] if inline else parts

    def source(self, node: Node, seen: frozenset[str] = frozenset()) -> LogicalSource:
        if node.is_map:
            return self.long_source(node)
        if node.is_list:
            parts = list(node.items())
            iterator = parts[1].text("the iterator") if len(parts) > 1 else ""
            return self.short_source(parts[0], iterator)
        name = node.text("a source")
        if name in self.sources and name not in seen:
            return self.source(self.sources[name], seen | {name})
        if "~" in name:
            return self.short_source(node, "")
        raise node.error(
            f"there is no source {name!r}",
            hint=f"Declared sources: {', '.join(sorted(self.sources)) or 'none'}.",
        )

    def short_source(self, node: Node, iterator: str) -> LogicalSource:
        path, tilde, kind = node.text("a source").rpartition("~")
        if not tilde:
            raise node.error(f"{kind!r} does not say its format", hint="Write it as data.csv~csv.")
        return self.logical_source(node, path, kind, iterator)

    def long_source(self, node: Node) -> LogicalSource:
        node.check_keys("a source", _SOURCE_KEYS)
        access, kind = node.get("access"), node.get("referenceFormulation")
        if access is None or kind is None:
            raise node.error("a source needs access and referenceFormulation")
        iterator, encoding = node.get("iterator"), node.get("encoding")
        source = self.logical_source(
            node,
            access.text("access"),
            kind.text("referenceFormulation"),
            iterator.text("iterator") if iterator else "",
        )
        delimiter = node.get("delimiter")
        if delimiter:
            mark = delimiter.text("delimiter")
            source = replace(source, dialect=replace(source.dialect, delimiter=mark))
        if encoding:
            source = replace(source, encoding=encoding.text("encoding"))
        nulls = node.get("nulls")
        if nulls:
            source = replace(source, nulls=tuple(n.text("a null") for n in nulls.items()))
        return source

    def logical_source(self, node: Node, path: str, kind: str, iterator: str) -> LogicalSource:
        formulation = _FORMULATIONS.get(kind.lower())
        if formulation is None:
            raise node.error(
                f"{kind!r} is no format that kg reads", hint=f"Known: {', '.join(_FORMULATIONS)}."
            )
        source = LogicalSource(path, formulation, iterator, folder=self.folder, origin=node.origin)
        if kind.lower() == "tsv":
            source = replace(source, dialect=replace(source.dialect, delimiter="\t"))
        return source

    # --- predicates and objects -----------------------------------------------------------

    def predicate_objects(self, node: Node) -> Iterator[PredicateObjectMap]:
        if node.is_list:
            parts = list(node.items())
            if len(parts) not in (2, 3):
                raise node.error("a predicate with its object is written [predicate, object]")
            default = parts[2] if len(parts) == 3 else None
            yield self.pair(node, list(parts[0].items()), list(parts[1].items()), (), default)
        else:
            node.check_keys("predicateobjects", _PAIR_KEYS)
            predicates = self.listed(node, *_PREDICATES)
            objects = self.objects_of(node)
            yield self.pair(node, predicates, objects, self.graphs(node), None)

    def objects_of(self, node: Node) -> list[Node]:
        """Return the objects: in the long form ``[value, type]`` is one object too."""
        found = node.get(*_OBJECTS)
        return list(found.items()) if found else []

    def pair(
        self,
        node: Node,
        predicates: list[Node],
        objects: list[Node],
        graphs: tuple[TermMap, ...],
        default: Node | None,
    ) -> PredicateObjectMap:
        if not predicates or not objects:
            raise node.error("a predicate and an object are needed")
        predicate_maps = tuple(self.predicate(p) for p in predicates)
        types = all(_is_type(p) for p in predicate_maps)
        return PredicateObjectMap(
            predicates=predicate_maps,
            objects=tuple(self.object(o, types, default) for o in objects),
            graphs=graphs,
            origin=node.origin,
        )

    def predicate(self, node: Node) -> TermMap:
        if node.value == "a":
            return TermMap(Constant(_RDF_TYPE, TermType.IRI), TermType.IRI, origin=node.origin)
        return self.term(node, TermType.IRI)

    def object(self, node: Node, is_class: bool, default: Node | None) -> TermMap | RefObjectMap:
        if node.is_map:
            node.check_keys("an object", _OBJECT_KEYS)
            if default:
                raise default.error("an object written out has its datatype or language inside")
            if node.get(*_MAPPINGS):
                return self.reference_object(node)
            return self.long_object(node, is_class)
        if node.is_list:
            parts = list(node.items())
            if len(parts) not in (1, 2):
                raise node.error("an object in brackets is [value] or [value, datatype]")
            return self.object(parts[0], is_class, parts[1] if len(parts) > 1 else default)
        text = node.text("an object")
        body, tilde, suffix = text.rpartition("~")
        term = self.object_term(node, body, suffix) if tilde else None
        if term is None:
            term = self.plain_object(node, text, is_class)
        return self.annotated(term, default) if default else term

    def object_term(self, node: Node, body: str, suffix: str) -> TermMap | None:
        """Read the shortcuts ``value~iri`` and ``value~lang``; None where ``~`` is mere text."""
        if suffix in ("iri", "blank", "literal"):
            return self.term(Node(body, node.origin), _TYPES[suffix])
        if suffix.endswith("lang") and len(suffix) > 4:
            tag = suffix.removesuffix("lang").rstrip("-_")
            return self.tagged(self.term(Node(body, node.origin), TermType.LITERAL), node, tag)
        return None

    def plain_object(self, node: Node, text: str, is_class: bool) -> TermMap:
        expression = _expression(text)
        prefixed = expand(text, self.prefixes) is not None and not text.startswith("\\")
        if is_class or (isinstance(expression, Constant) and prefixed):
            return self.term(node, TermType.IRI)
        if isinstance(expression, Template) and prefixed:
            raise node.error(
                f"{text!r} could be an IRI or a text",
                hint=f"Write {text}~iri for an IRI, or the long form with type: literal.",
            )
        return TermMap(expression, TermType.LITERAL, origin=node.origin)

    def annotated(self, term: TermMap, note: Node) -> TermMap:
        """Add the third part of ``[p, o, xsd:date]`` or ``[p, o, en~lang]``."""
        text = note.text("a datatype or language")
        if term.term_type is not TermType.LITERAL:
            raise note.error(_NO_LITERAL, hint="Take this away, or ~iri from the object.")
        if term.language:
            raise note.error(_BOTH)
        if text.endswith("~lang"):
            return self.tagged(term, note, text.removesuffix("~lang"))
        return replace(term, datatype=self.term(note, TermType.IRI))

    def tagged(self, term: TermMap, node: Node, tag: str) -> TermMap:
        expression = _expression(tag)
        if isinstance(expression, Constant) and not is_language_tag(tag):
            raise node.error(f"{tag!r} is not a language tag", hint="Write one like en or pt-BR.")
        return replace(term, language=TermMap(expression, TermType.LITERAL, origin=node.origin))

    def long_object(self, node: Node, is_class: bool) -> TermMap:
        value, kind = node.get("value", "v"), node.get("type")
        if value is None:
            raise node.error("an object needs a value", hint="Write value: $(column).")
        if node.get(*_CONDITIONS):
            raise node.error("condition goes with mapping, on an object that joins")
        term_type = TermType.IRI if is_class else TermType.LITERAL
        if kind:
            name = kind.text("type").lower()
            if name not in _TYPES:
                raise kind.error(f"{name!r} is no type", hint="Types: iri, literal, blank.")
            term_type = _TYPES[name]
        term = self.term(value, term_type)
        datatype, language = node.get("datatype"), node.get("language")
        note = language or datatype
        if note and term_type is not TermType.LITERAL:
            raise note.error(_NO_LITERAL)
        if language and datatype:
            raise language.error(_BOTH)
        if datatype:
            term = replace(term, datatype=self.term(datatype, TermType.IRI))
        return self.tagged(term, language, language.text("language")) if language else term

    def reference_object(self, node: Node) -> RefObjectMap:
        target = node.get(*_MAPPINGS)
        assert target is not None
        name = target.text("mapping")
        if name not in self.mappings:
            raise target.error(
                f"there is no mapping {name!r}", hint=f"Mappings: {', '.join(self.mappings)}."
            )
        conditions = self.listed(node, *_CONDITIONS)
        joins = tuple(self.join(condition) for condition in conditions)
        return RefObjectMap(f"{self.scope}{name}", joins, origin=node.origin)

    def join(self, node: Node) -> JoinCondition:
        function, parameters = node.get(*_FUNCTION), node.get(*_PARAMETERS)
        name = function.text("function") if function else ""
        if name not in ("equal", "idlab-fn:equal") or parameters is None:
            raise node.error(
                f"a join needs function: equal with two parameters, not {name!r}",
                hint="parameters: [[str1, $(child column)], [str2, $(parent column)]]",
            )
        sides: dict[str, Expression] = {}
        for parameter in parameters.items():
            side, expression = self.join_side(parameter)
            sides[side] = expression
        if set(sides) != {"s", "o"}:
            raise parameters.error("a join needs the parameters str1 (child) and str2 (parent)")
        return JoinCondition(sides["s"], sides["o"])

    def join_side(self, node: Node) -> tuple[str, Expression]:
        """Return ``s`` or ``o``, child or parent, with the expression of a parameter."""
        name, value = node.get("parameter", "pm"), node.get("value", "v")
        parts = list(node.items()) if node.is_list else [part for part in (name, value) if part]
        words = [part.text("a parameter") for part in parts]
        side = {"str1": "s", "str2": "o"}.get(words[0].split(":")[-1]) if words else None
        if len(words) == 3 and words[2] in ("s", "o"):
            side = words[2]
        elif len(words) != 2:
            side = None
        if side is None:
            raise node.error("a parameter is written [str1, $(column)] or [str1, $(column), s]")
        return side, _expression(words[1])

    # --- terms ----------------------------------------------------------------------------

    def term(self, node: Node, term_type: TermType) -> TermMap:
        """Read a term map; prefixes are expanded in IRIs, ``~iri`` is taken off."""
        if node.is_map or node.is_list:
            raise node.error(
                "a text is expected here",
                hint="Functions are not supported; code the value in the data.",
            )
        text = node.text("a term")
        if term_type.is_iri:
            text = text.removesuffix("~iri")
            text = self.expanded(text, node)
        expression = _expression(text)
        if isinstance(expression, Constant):
            expression = Constant(expression.value, term_type)
            if term_type.is_iri and not is_iri(self.base + expression.value):
                raise node.error(
                    f"{text!r} is not an absolute IRI",
                    hint=f"Known prefixes: {', '.join(sorted(self.prefixes))}.",
                )
        return TermMap(expression, term_type, origin=node.origin)

    def expanded(self, text: str, node: Node) -> str:
        prefix, colon, rest = text.partition(":")
        if not colon or rest.startswith("//") or "$(" in prefix:
            return text
        if prefix in self.prefixes:
            # The namespace is plain text: what has a meaning in templates is escaped.
            return re.sub(r"([$()\\])", r"\\\1", self.prefixes[prefix]) + rest
        if re.fullmatch(r"[A-Za-z][\w.-]*", prefix) and prefix not in (
            "urn",
            "mailto",
            "tel",
            "tag",
        ):
            raise node.error(
                f"the prefix {prefix!r} is not known",
                hint=f"Declare it under prefixes. Known: {', '.join(sorted(self.prefixes))}.",
            )
        return text


def _format_of(node: Node) -> str | None:
    """Return what stands behind ``~`` in the name of a source."""
    _, tilde, kind = str(node.value).rpartition("~")
    return kind if tilde and isinstance(node.value, str) else None


def _resolved(triples_map: TriplesMap, maps: Mapping[str, tuple[TriplesMap, ...]]) -> TriplesMap:
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


def _is_type(term: TermMap) -> bool:
    return isinstance(term.expression, Constant) and term.expression.value == _RDF_TYPE


def _expression(text: str) -> Expression:
    r"""Return what a text with ``$(references)`` stands for.

    >>> _expression("$(id)")
    Reference(name='id')
    >>> _expression("a/$(id)")
    Template(parts=('a/', Reference(name='id')))
    """
    parts: list[str | Reference] = []
    plain, end = "", 0
    for match in _TOKEN.finditer(text):
        plain += text[end : match.start()]
        end = match.end()
        if match["plain"]:
            plain += match["plain"]
            continue
        if plain:
            parts.append(plain)
        plain = ""
        parts.append(Reference(re.sub(r"\\(.)", r"\1", match["reference"])))
    plain += text[end:]
    if not any(isinstance(part, Reference) for part in parts):
        return Constant(plain, TermType.LITERAL)
    if plain:
        parts.append(plain)
    return (
        parts[0] if len(parts) == 1 and isinstance(parts[0], Reference) else Template(tuple(parts))
    )
