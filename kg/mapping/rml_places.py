"""Properties of RML where they say nothing, such as a datatype at a predicate-object map.

They are not wrong RDF, and other engines pass over them without a word; here each kind is told
once. `kg.mapping.rml_vocabulary` refuses properties that RML does not have.

Spec: https://kg-construct.github.io/rml-core/spec/docs/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kg.mapping.rml_documents import described_maps
from kg.mapping.rml_graph import RML, RmlGraph, Term
from kg.notes import Notes

_TERM: Final = frozenset(
    {
        *("constant", "reference", "template", "termType", "inverseExpression"),
        *("language", "languageMap", "datatype", "datatypeMap", "condition", "logicalTarget"),
        *("functionExecution", "functionValue", "return", "returnMap"),
        *("gather", "gatherAs", "strategy", "allowEmptyListAndContainer"),
    }
)
_PARENT: Final = frozenset({"parentTriplesMap", "joinCondition"})
_MAP: Final = frozenset(
    {
        *("logicalSource", "subjectMap", "subject", "predicateObjectMap", "baseIRI"),
        "condition",  # refused elsewhere
    }
)
_WITH_MAP: Final = "triples map with a subject map"
_WITH_SUBJECT: Final = "triples map with a constant subject"
_GRAPHS: Final = frozenset({"graph", "graphMap"})
# What each kind of node may say, by the property that leads to it.
_SAYS: Final = {
    "subjectMap": ("subject map", _TERM | _GRAPHS | {"class"}),
    "predicateMap": ("predicate map", _TERM),
    "objectMap": ("object map", _TERM | _PARENT),
    "graphMap": ("graph map", _TERM),
    "predicateObjectMap": (
        "predicate-object map",
        _GRAPHS | {"predicate", "predicateMap", "object", "objectMap", "condition"},
    ),
    _WITH_MAP: ("triples map", _MAP),
    _WITH_SUBJECT: ("triples map", _MAP | {"class"}),
}
_OF_PARENT: Final = _PARENT | {"condition", "logicalTarget"}
# Where else a property belongs.
_BELONGS: Final = {
    "class": "at a subject map",
    **dict.fromkeys(_GRAPHS, "at a subject map or a predicate-object map"),
    **dict.fromkeys(("datatype", "datatypeMap", "language", "languageMap"), "in the object map"),
    **dict.fromkeys(("predicate", "predicateMap", "object"), "at a predicate-object map"),
    "objectMap": "at a predicate-object map",
    "joinCondition": "beside rml:parentTriplesMap",
}

_UNUSED: Final = "{count} × a predicate-object map is in no triples map, so it makes nothing"


def tell_misplaced(graph: RmlGraph) -> None:
    """Tell of properties that say nothing where they stand, each once for a kind of place."""
    notes = Notes()
    for node in _unused(graph):
        notes.add(_UNUSED, graph.origin(node).location(), loses=False)
    for name, where, node in _misplaced(graph):
        for value in graph.all(node, name):
            belongs = f"; it belongs {_BELONGS[name]}" if name in _BELONGS else ""
            text = f"{{count}} × rml:{name} says nothing {where}{belongs}"
            notes.add(text, value.origin.location(), loses=False)


def _unused(graph: RmlGraph) -> Iterator[Term]:
    """Yield predicate-object maps that no triples map has: a full stop ends one too early."""
    used = {each.term for name, each in graph.properties() if name == "predicateObjectMap"}
    for node in graph.subjects():
        says = graph.all(node, "predicate", "predicateMap") and graph.all(
            node, "object", "objectMap"
        )
        if says and node not in used and not graph.all(node, "subjectMap", "subject"):
            yield node


def _misplaced(graph: RmlGraph) -> Iterator[tuple[str, str, Term]]:
    """Yield properties with where they stand, in words, and the node."""
    for node, roles in _roles(graph).items():
        names = [p[len(RML) :] for p in graph.values.get(node, {}) if p.startswith(RML)]
        what = " and ".join(dict.fromkeys(_SAYS[role][0] for role in roles))
        known = frozenset[str]().union(*(_SAYS[role][1] for role in roles))
        for name in names:
            if name not in known:
                yield name, f"at {'an' if what[0] in 'aeiou' else 'a'} {what}", node
            elif "parentTriplesMap" in names and name not in _OF_PARENT:
                yield name, "beside rml:parentTriplesMap", node
            elif name == "joinCondition" and "parentTriplesMap" not in names:
                yield name, "without rml:parentTriplesMap", node


def _roles(graph: RmlGraph) -> dict[Term, list[str]]:
    """Return what each node is used as."""
    found: dict[Term, list[str]] = {}
    for properties in graph.values.values():
        for role in _SAYS:
            for value in properties.get(RML + role, ()):
                roles = found.setdefault(value.term, [])
                if role not in roles:
                    roles.append(role)
    for node in described_maps(graph):
        has_map = bool(graph.all(node, "subjectMap"))
        found.setdefault(node, []).append(_WITH_MAP if has_map else _WITH_SUBJECT)
    return found
