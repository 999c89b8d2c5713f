"""Check shapes before use: against the SHACL of SHACL, and for features that kg refuses.

Spec: https://www.w3.org/TR/shacl/#shacl-shacl
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Final

from kg.errors import InputError, KgError, Location, raise_all
from kg.paths import is_file, read_file
from kg.regex.reader import RegexError
from kg.rejects import stopping
from kg.validation.faults import fault
from kg.validation.judge import Judge, to_graph
from kg.validation.names import sh
from kg.validation.nesting import check_depth
from kg.validation.query_texts import query_errors
from kg.validation.regex import read_regex
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
    _raise_all(errors)
    return replace(shapes, notes=(*shapes.notes, *notes_on(shapes)))


def _raise_all(errors: Iterable[InputError]) -> None:
    """Raise the errors in file order, without duplicates."""
    raise_all(sorted(errors, key=lambda error: _line(error.location)), "the shapes")


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
