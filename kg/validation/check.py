"""Check shapes before use: against the SHACL of SHACL, and for features that kg refuses.

Spec: https://www.w3.org/TR/shacl/#shacl-shacl
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Final

from kg.errors import InputError, KgError, Location, raise_all
from kg.names import Namer
from kg.paths import is_file, read_file
from kg.regex.reader import RegexError
from kg.rejects import stopping
from kg.terms import XSD
from kg.validation import paths
from kg.validation.judge import Judge, to_graph
from kg.validation.messages import component_name
from kg.validation.names import SH, sh
from kg.validation.nesting import check_depth
from kg.validation.query_texts import query_errors
from kg.validation.regex import read_regex
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph, path_fault, read_shapes
from kg.validation.terms import is_literal, split_literal
from kg.validation.unchecked import notes_on
from kg.validation.unsupported import leave_out, refusals, unsupported
from kg.validation.wellformed import OF_PROPERTIES, surely_well_formed


def load_shapes(files: Sequence[FilePath], *, ignore_unsupported: bool = False) -> ShapesGraph:
    """Read shape files and check them.

    Args:
        files: The files.
        ignore_unsupported: Leave out unsupported features with a note, instead of refusing them.

    Raises:
        InputError: There is no file; one is missing or not valid RDF; or a shape is not
            well-formed or uses an unsupported feature.
    """
    if not files:
        raise InputError(
            "no-shapes",
            "there are no shapes to validate against",
            hint="Put SHACL files into shapes/, or name them with --shapes FILE.",
        )
    key = _content(files, ignore_unsupported)
    for known, shapes in [*_last]:
        if key is not None and known == key:
            return shapes
    with stopping():  # --on-bad skip is for data; shapes must be complete
        shapes = read_shapes(files)
    shapes = checked(shapes, ignore_unsupported=ignore_unsupported)
    _last[:] = [(key, shapes)]
    return shapes


# The last shapes, with all that they are made of: who shows results has read them before.
_last: Final[list[tuple[object, ShapesGraph]]] = []


def _content(files: Sequence[FilePath], ignore_unsupported: bool) -> object:
    """Return what shapes are made of; None if it is not in these files alone."""
    if any(path.suffix.lower() not in (".ttl", ".nt") or not is_file(path) for path in files):
        return None  # JSON-LD names files of contexts, and a pipe is read once
    with suppress(KgError, OSError):
        texts = [sha256(read_file(path)).digest() for path in files]
        return FilePath.cwd(), tuple(files), texts, ignore_unsupported
    return None


def checked(shapes: ShapesGraph, *, ignore_unsupported: bool = False) -> ShapesGraph:
    """Return shapes that were read, after checking them, with notes on what they leave unchecked.

    Args:
        shapes: The shapes.
        ignore_unsupported: As in `load_shapes`.

    Raises:
        InputError: A shape is not well-formed, or uses an unsupported feature.
    """
    left_out = list(unsupported(shapes))
    if ignore_unsupported and left_out:
        shapes, left_out = leave_out(shapes, left_out), []
    check_depth(shapes)
    errors = refusals(left_out)
    errors += shape_errors(shapes) if not errors else ()
    errors += pattern_errors(shapes)
    errors += query_errors(shapes)
    raise_all(sorted(errors, key=lambda error: _line(error.location)), "the shapes")
    return replace(shapes, notes=(*shapes.notes, *notes_on(shapes)))


def shape_errors(shapes: ShapesGraph) -> Iterator[InputError]:
    """Yield the violations of the SHACL of SHACL, and property paths that are too large."""
    large = {path: told for path in _paths(shapes) if (told := path_fault(shapes, path))}
    if large:
        yield from (shapes.error(path, told) for path, told in large.items())
        return
    if surely_well_formed(shapes):
        return
    rules = _shacl_of_shacl()
    results = Judge(rules).judge(to_graph(shapes.triples()))
    for result in sorted(results, key=lambda result: _place(shapes, result)):
        yield shapes.error(result.focus_node, fault(shapes, rules, result))


def _paths(shapes: ShapesGraph) -> list[str]:
    found = dict.fromkeys(o for _, p, o in shapes.triples() if p == sh("path"))
    return [path for path in found if path.startswith("_")]


def pattern_errors(shapes: ShapesGraph) -> Iterator[InputError]:
    """Yield invalid patterns now, rather than when the first value is matched."""
    for shape, predicate, pattern in shapes.triples():
        if predicate != sh("pattern") or not is_literal(pattern):
            continue
        flags = shapes.value(shape, sh("flags")) or '""'
        given = split_literal(flags).lexical.lower() if is_literal(flags) else ""
        try:
            read_regex(split_literal(pattern).lexical, given)
        except RegexError as error:
            message = f"sh:pattern is not a regular expression that kg supports: {error}"
            yield shapes.error(shape, message)


def _place(shapes: ShapesGraph, result: Result) -> tuple[tuple[str, int], tuple[object, ...]]:
    return _line(shapes.place(result.focus_node)), result.sort_key


def _line(place: Location | None) -> tuple[str, int]:
    return (place.file, place.line or 0) if place else ("", 0)


def _shacl_of_shacl() -> ShapesGraph:
    """Return pySHACL's own copy of the SHACL of SHACL."""
    from importlib.resources import as_file, files

    with as_file(files("pyshacl") / "assets" / "shacl-shacl.ttl") as path:
        return read_shapes([path])


# --- Messages for shapes that are not well-formed, from results of the SHACL of SHACL -------------
# Those results name shapes of the SHACL of SHACL, which authors of shapes do not know.
#
# Spec: https://www.w3.org/TR/shacl/#syntax-rules


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
    if isinstance(result.path, paths.Sequence) and isinstance(
        result.path.paths[0], paths.Predicate
    ):
        # The rule is about members of a list, such as that of sh:languageIn.
        given = "" if result.value is None else f", not {namer(result.value)}"
        member = _wanted(rules, result) or "of another kind"
        return f"each member of {namer(result.path.paths[0].iri)} must be {member}{given}"
    if not isinstance(result.path, paths.Predicate) or result.path.iri == _PATH:
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
