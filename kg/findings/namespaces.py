"""Prefixes whose namespaces end in the middle of a word, so that names are glued to it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Final

from kg.errors import Location
from kg.findings.model import Finding
from kg.mapping.plan import Constant, Plan, Reference, Template, TermMap
from kg.paths import is_file, read_file, show_path

# Characters that a namespace may end in, before a name.
_ENDS: Final = ("/", "#", ":", "_", "=", "-", "?", "&", "~", "+", "@", "!")
_PARTS: Final = re.compile(r"[A-Za-z0-9_%$]")


def glued_names(
    prefixes: Iterable[tuple[str, str]],
    iris: Iterable[str],
    known: Container[str],
    files: Iterable[Path],
) -> Iterator[Finding]:
    """Yield a finding for each prefix whose namespace lacks a separator before names.

    Args:
        prefixes: Prefixes with their namespaces, from all files.
        iris: IRIs in use, or the start of those of a template.
        known: Namespaces that the ontology declares terms of.
        files: Where prefixes are declared, to find the place.
    """
    doubtful = {space: name for name, space in prefixes if space and not space.endswith(_ENDS)}
    if not doubtful:
        return
    first: dict[str, str] = {}
    for iri in iris:
        for space in doubtful:
            if iri.startswith(space) and _PARTS.match(iri[len(space) :]):
                first.setdefault(space, iri)
    paths = list(files)
    for space, iri in first.items():
        name = doubtful[space]
        meant = [space + end for end in "#/" if space + end in known]
        yield Finding(
            "glued-name",
            name,
            f"the prefix {name}: stands for {space}, so that {name}:{iri[len(space) :]} is <{iri}>",
            _place(space, paths),
            f"Did you mean {meant[0]}?"
            if meant
            else f"If names follow it, end it with / or #: {space}/ or {space}#.",
        )


def _place(space: str, files: Iterable[Path]) -> Location | None:
    """Return the first place where a namespace is written whole."""
    whole = re.compile(rf"{re.escape(space)}(?=[\s\"'>,}}]|$)", re.MULTILINE)
    for path in files:
        text = read_file(path).decode("utf-8", "replace") if is_file(path) else ""
        if found := whole.search(text):
            return Location(show_path(path), text.count("\n", 0, found.start()) + 1)
    return None


def iris_of(plan: Plan) -> Iterator[str]:
    """Yield the IRIs that a plan makes; those of templates up to the first value, and an ``x``."""
    for triples_map in plan.triples_maps:
        yield from _beginnings(each for each in triples_map.maps if isinstance(each, TermMap))


def _beginnings(term_maps: Iterable[TermMap]) -> Iterator[str]:
    for term_map in term_maps:
        expression = term_map.expression
        if term_map.datatype is not None:
            yield from _beginnings((term_map.datatype,))
        if not term_map.term_type.is_iri:
            continue
        if isinstance(expression, Constant):
            yield expression.value
        elif isinstance(expression, Template) and isinstance(expression.parts[0], str):
            # A value follows.
            more = [each for each in expression.parts[1:2] if isinstance(each, Reference)]
            yield expression.parts[0] + (f"$({more[0].name})" if more else "")
