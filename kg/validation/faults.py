"""Messages for shapes that are not well-formed, from results of the SHACL of SHACL.

Those results name shapes of the SHACL of SHACL, which authors of shapes do not know.

Spec: https://www.w3.org/TR/shacl/#syntax-rules
"""

from __future__ import annotations

from typing import Final

from kg.names import Namer
from kg.terms import XSD
from kg.validation.messages import component_name
from kg.validation.names import SH, sh
from kg.validation.paths import Predicate, Sequence
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph
from kg.validation.wellformed import OF_PROPERTIES

_VALUES: Final = {
    f"<{XSD}integer>": "a whole number",
    f"<{XSD}boolean>": "true or false",
    f"<{XSD}string>": "a text without a language",
    sh("IRI"): "an IRI",
    sh("Literal"): "a literal",
    sh("IRIOrLiteral"): "an IRI or a literal",
    sh("BlankNodeOrIRI"): "an IRI or a blank node",
}
_PATH: Final = sh("path")


def fault(shapes: ShapesGraph, rules: ShapesGraph, result: Result) -> str:
    """Return the message for one result.

    Args:
        shapes: The shapes graph that was checked.
        rules: The SHACL of SHACL.
        result: The result.
    """
    namer = Namer({"sh": SH, **shapes.prefixes})
    if isinstance(result.path, Sequence) and isinstance(result.path.paths[0], Predicate):
        # The rule is about members of a list, such as that of sh:languageIn.
        given = "" if result.value is None else f", not {namer(result.value)}"
        member = _wanted(rules, result) or "of another kind"
        return f"each member of {namer(result.path.paths[0].iri)} must be {member}{given}"
    if not isinstance(result.path, Predicate) or result.path.iri == _PATH:
        return _of_kind(shapes, result, namer)
    name = namer(result.path.iri)
    value = "" if result.value is None else namer(result.value)
    match component_name(result.component):
        case "MaxCount":
            times = len(shapes.objects(result.focus_node, result.path.iri))
            return f"{name} may occur once, but occurs {times} times"
        case "Node":
            return f"{name} takes a list, as {name} ( … ), not {value}"
        case "Or" if name == "sh:message":
            return f"{name} must be a text, not {value}"
        case component:
            wanted = _wanted(rules, result)
            if wanted is not None:
                return f"{name} must be {wanted}, not {value}"
            said = f"{value} breaks {component}" if value else f"breaks {component}"
            return f"{name}: {said}"


def _wanted(rules: ShapesGraph, result: Result) -> str | None:
    """Return a phrase for the values that a rule allows, or None."""
    for parameter in ("datatype", "nodeKind"):
        found = rules.value(result.source_shape, sh(parameter))
        if found is not None:
            return _VALUES.get(found)
    allowed = rules.value(result.source_shape, sh("in"))
    if allowed is None:
        return None
    return "one of " + ", ".join(map(Namer({"sh": SH}), rules.members(allowed)))


def _of_kind(shapes: ShapesGraph, result: Result, namer: Namer) -> str:
    """Return why a node is not a valid node shape or property shape."""
    paths = shapes.objects(result.focus_node, _PATH)
    component = component_name(result.component)
    if len(paths) > 1:
        return f"a property shape has one sh:path, and this has {len(paths)}"
    if component == "MaxCount":
        return "sh:node leads to a property shape: it has sh:path; use sh:property"
    if paths and paths[0].startswith("_"):
        return "sh:path is not a well-formed property path; lists in it need two members or more"
    if paths:
        return f"sh:path must be an IRI or a property path, not {namer(paths[0])}"
    alone = [name for name in OF_PROPERTIES if shapes.objects(result.focus_node, name)]
    if alone:
        return f"{namer(alone[0])} is for property shapes, and there is no sh:path"
    if component == "MinCount":
        return "the value of sh:property is not a property shape: it has no sh:path"
    return "a shape that is a class too must have an IRI"
