"""Shapes are checked before they are used: against the SHACL of SHACL, and for what kg refuses.

Spec: https://www.w3.org/TR/shacl/#shacl-shacl
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path as FilePath

from kg.errors import InputError, Location, raise_all
from kg.rejects import stopping
from kg.validation.faults import fault
from kg.validation.judge import Judge, to_graph
from kg.validation.names import sh
from kg.validation.nesting import check_depth
from kg.validation.query_texts import query_errors
from kg.validation.regex import RegexError, read_regex
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph, path_fault, read_shapes
from kg.validation.terms import is_literal, split_literal
from kg.validation.unchecked import notes_on
from kg.validation.unsupported import leave_out, refusals, unsupported
from kg.validation.wellformed import surely_well_formed


def load_shapes(files: Sequence[FilePath], *, ignore_unsupported: bool = False) -> ShapesGraph:
    """Read shape files and check them.

    Args:
        files: The files.
        ignore_unsupported: Leave out what kg does not support, and note it, instead of refusing it.

    Raises:
        InputError: There is no file; one is missing or not valid RDF; or a shape is not
            well-formed or uses what kg does not support.
    """
    if not files:
        raise InputError(
            "no-shapes",
            "there are no shapes to validate against",
            hint="Put SHACL files into shapes/, or name them with --shapes FILE.",
        )
    with stopping():  # shapes are no data, of which some may be missing
        shapes = read_shapes(files)
    left_out = list(unsupported(shapes))
    if ignore_unsupported and left_out:
        shapes, left_out = leave_out(shapes, left_out), []
    check_depth(shapes)
    errors = refusals(left_out)
    errors += shape_errors(shapes) if not errors else ()
    errors += pattern_errors(shapes)
    errors += query_errors(shapes)
    _raise_all(errors)
    return replace(shapes, notes=(*shapes.notes, *notes_on(shapes)))


def _raise_all(errors: Iterable[InputError]) -> None:
    """Raise errors in the order of the files, each once."""
    raise_all(sorted(errors, key=lambda error: _line(error.location)), "the shapes")


def refuse_unsupported(shapes: ShapesGraph) -> None:
    """Refuse what kg would pass over in silence.

    Raises:
        InputError: A shape uses a feature of SHACL-AF or SHACL-JS.
    """
    found = (each for each in unsupported(shapes) if each.error.code == "unsupported-shacl")
    _raise_all(refusals(found))


def check_shapes(shapes: ShapesGraph) -> None:
    """Validate the shapes against the SHACL of SHACL.

    Raises:
        InputError: A shape is not well-formed; the message names its place and what is wrong.
    """
    _raise_all(shape_errors(shapes))


def shape_errors(shapes: ShapesGraph) -> Iterator[InputError]:
    """Yield what the SHACL of SHACL finds wrong with shapes, and paths that are too large."""
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
    """Yield what is wrong with patterns, which otherwise a value would bring to light."""
    for shape, predicate, pattern in shapes.triples():
        if predicate != sh("pattern") or not is_literal(pattern):
            continue
        flags = shapes.value(shape, sh("flags")) or '""'
        given = split_literal(flags).lexical.lower() if is_literal(flags) else ""
        try:
            read_regex(split_literal(pattern).lexical, given)
        except RegexError as error:
            yield shapes.error(shape, f"sh:pattern is no regular expression that kg reads: {error}")


def _place(shapes: ShapesGraph, result: Result) -> tuple[tuple[str, int], tuple[object, ...]]:
    return _line(shapes.place(result.focus_node)), result.sort_key


def _line(place: Location | None) -> tuple[str, int]:
    return (place.file, place.line or 0) if place else ("", 0)


def meta_judge() -> Judge:
    """Return the judge of shapes: pySHACL with the SHACL of SHACL."""
    return Judge(_shacl_of_shacl())


def _shacl_of_shacl() -> ShapesGraph:
    """Return the shapes that pySHACL ships for checking shapes."""
    from importlib.resources import as_file, files

    with as_file(files("pyshacl") / "assets" / "shacl-shacl.ttl") as path:
        return read_shapes([path])
