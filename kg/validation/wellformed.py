"""Fast pre-check that lets well-formed shapes skip the slow run of the SHACL of SHACL.

pySHACL takes seconds for the SHACL of SHACL. Most shapes are well-formed, which one pass over the
triples can decide. Shapes accepted here are accepted by the SHACL of SHACL. Others may still be
well-formed, and go to pySHACL.

Spec: https://www.w3.org/TR/shacl/#syntax-rules
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from kg.terms import RDF_LANG_STRING, XSD, XSD_STRING
from kg.validation.names import RDF_FIRST, RDF_NIL, RDF_REST, RDF_TYPE, sh
from kg.validation.shapes import ShapesGraph
from kg.validation.terms import is_blank, is_literal, split_literal

_Check = Callable[[str], bool]

_INTEGER: Final = re.compile(rf'"[+-]?[0-9]{{1,9}}"\^\^<{re.escape(XSD)}integer>')
_BOOLEANS: Final = frozenset(f'"{word}"^^<{XSD}boolean>' for word in ("true", "false"))
_NODE_KINDS: Final = frozenset(
    sh(kind)
    for kind in (
        *("BlankNode", "IRI", "Literal"),
        *("BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral"),
    )
)
_PATH_STEPS: Final = frozenset(
    map(sh, ("inversePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"))
)
# pySHACL gives up at deeper paths.
_DEEPEST_PATH: Final = 9


def _is_iri(term: str) -> bool:
    return term.startswith("<")


def _is_string(term: str) -> bool:
    return is_literal(term) and split_literal(term).datatype == XSD_STRING


def _is_text(term: str) -> bool:
    return is_literal(term) and split_literal(term).datatype in (XSD_STRING, RDF_LANG_STRING)


def _is_integer(term: str) -> bool:
    return _INTEGER.fullmatch(term) is not None


def _is_resource(term: str) -> bool:
    return not is_literal(term)


_ANY: Final[_Check] = lambda _: True  # noqa: E731
_MANY: Final[Mapping[str, _Check]] = {
    "targetNode": lambda term: not is_blank(term),
    "message": _is_text,
    "hasValue": _ANY,
    "sparql": _is_resource,
    **dict.fromkeys(("node", "property", "not"), _is_resource),
    **dict.fromkeys(("targetClass", "targetSubjectsOf", "targetObjectsOf"), _is_iri),
    **dict.fromkeys(("class", "disjoint", "equals", "lessThan", "lessThanOrEquals"), _is_iri),
    **dict.fromkeys(("entailment", "shapesGraph"), _is_iri),
}
_AT_MOST_ONE: Final[Mapping[str, _Check]] = {
    "severity": _is_iri,
    "datatype": _is_iri,
    "nodeKind": _NODE_KINDS.__contains__,
    "qualifiedValueShape": _is_resource,
    **dict.fromkeys(("pattern", "flags"), _is_string),
    **dict.fromkeys(("deactivated", "closed", "uniqueLang"), _BOOLEANS.__contains__),
    "qualifiedValueShapesDisjoint": _BOOLEANS.__contains__,
    **dict.fromkeys(("minCount", "maxCount", "minLength", "maxLength"), _is_integer),
    **dict.fromkeys(("qualifiedMinCount", "qualifiedMaxCount"), _is_integer),
    **dict.fromkeys(("minExclusive", "minInclusive", "maxExclusive", "maxInclusive"), is_literal),
}
# Parameters with lists: the check of each member, and whether there may be several lists.
_LISTS: Final[Mapping[str, tuple[_Check, bool]]] = {
    **dict.fromkeys(("and", "or", "xone"), (_is_resource, True)),
    "in": (_ANY, False),
    "languageIn": (_is_string, False),
    "ignoredProperties": (_is_iri, False),
}
_RULES: Final = {sh(name): (check, False) for name, check in _MANY.items()} | {
    sh(name): (check, True) for name, check in _AT_MOST_ONE.items()
}
_LIST_RULES: Final = {sh(name): rule for name, rule in _LISTS.items()}
# Parameters that need sh:path.
OF_PROPERTIES: Final = tuple(
    map(
        sh,
        (
            *("lessThan", "lessThanOrEquals", "maxCount", "minCount"),
            *("qualifiedValueShape", "uniqueLang"),
        ),
    )
)
_SHAPE_TYPES: Final = frozenset({sh("NodeShape"), sh("PropertyShape")})


def surely_well_formed(shapes: ShapesGraph) -> bool:
    """Return whether it is certain that the SHACL of SHACL accepts the shapes."""
    if not all(_rules_hold(shapes, subject) for subject in shapes.index):
        return False
    values = {
        name: {o for predicates in shapes.index.values() for o in predicates.get(sh(name), ())}
        for name in ("property", "node")
    }
    return all(
        _is_one_kind(shapes, shape, shape in values["property"], shape in values["node"])
        for shape in _shapes(shapes)
    )


def _shapes(shapes: ShapesGraph) -> set[str]:
    """Return all nodes that the SHACL of SHACL takes for shapes, and maybe others."""
    found = set()
    for subject, predicates in shapes.index.items():
        if any(predicate in _RULES or predicate in _LIST_RULES for predicate in predicates):
            found.add(subject)
        for name in ("node", "property", "not", "qualifiedValueShape"):
            found.update(predicates.get(sh(name), ()))
        for name in ("and", "or", "xone"):
            for head in predicates.get(sh(name), ()):
                found.update(_members(shapes, head) or ())
    found.update(s for kind in _SHAPE_TYPES for s in shapes.subjects(RDF_TYPE, kind))
    return found


def _rules_hold(shapes: ShapesGraph, subject: str) -> bool:
    for predicate, objects in shapes.index[subject].items():
        if predicate in _RULES:
            check, single = _RULES[predicate]
            if (single and len(objects) > 1) or not all(map(check, objects)):
                return False
        elif predicate in _LIST_RULES:
            check, many = _LIST_RULES[predicate]
            lists = [_members(shapes, head) for head in objects]
            if not many and len(lists) > 1:
                return False
            if not all(found is not None and all(map(check, found)) for found in lists):
                return False
    return True


def _is_one_kind(shapes: ShapesGraph, shape: str, as_property: bool, as_node: bool) -> bool:
    """Return whether a shape is certainly a node shape or a property shape, whichever is needed."""
    if is_literal(shape):
        return False
    kinds = set(shapes.objects(shape, RDF_TYPE))
    if is_blank(shape) and not kinds <= _SHAPE_TYPES:
        return False  # it might be a class, which needs a name
    paths = shapes.objects(shape, sh("path"))
    if len(paths) > 1:
        return False
    if not paths:
        return not as_property and not any(map(shapes.index.get(shape, {}).get, OF_PROPERTIES))
    return not as_node and _is_path(shapes, paths[0], 0)


def _is_path(shapes: ShapesGraph, node: str, depth: int) -> bool:
    """Return whether a node is certainly a well-formed path.

    Spec: https://www.w3.org/TR/shacl/#property-paths
    """
    if _is_iri(node):
        return node != RDF_NIL
    if is_literal(node) or depth > _DEEPEST_PATH:
        return False
    triples = [(p, o) for p, objects in shapes.index.get(node, {}).items() for o in objects]
    if len(triples) == 1:
        predicate, value = triples[0]
        if predicate == sh("alternativePath"):
            return is_blank(value) and _is_path_list(shapes, value, depth)
        return predicate in _PATH_STEPS and _is_path(shapes, value, depth + 1)
    return {p for p, _ in triples} == {RDF_FIRST, RDF_REST} and _is_path_list(shapes, node, depth)


def _is_path_list(shapes: ShapesGraph, head: str, depth: int) -> bool:
    members = _members(shapes, head)
    return (
        members is not None
        and len(members) > 1
        and all(_is_path(shapes, member, depth + 1) for member in members)
    )


def _members(shapes: ShapesGraph, head: str) -> list[str] | None:
    """Return the members of a well-formed list, or None."""
    members: list[str] = []
    seen = set()
    while head != RDF_NIL:
        first, rest = shapes.objects(head, RDF_FIRST), shapes.objects(head, RDF_REST)
        if len(first) != 1 or len(rest) != 1 or head in seen:
            return None
        seen.add(head)
        members.append(first[0])
        head = rest[0]
    return None if RDF_NIL in shapes.index else members
