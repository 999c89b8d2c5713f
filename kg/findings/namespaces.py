"""Prefixes whose namespaces are slips: they end in the middle of a word, or nearly are others."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Final

from kg.errors import Location
from kg.findings.model import Finding
from kg.findings.vocabulary import published_namespaces
from kg.mapping.plan import Constant, Plan, Reference, Template, TermMap
from kg.mapping.yarrrml_prefixes import PREDEFINED
from kg.paths import is_file, read_file, show_path
from kg.workspace import COMMON_PREFIXES

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


def near_namespaces(
    prefixes: Iterable[tuple[str, str]],
    base: str,
    own: Iterable[str],
    files: Iterable[Path],
) -> Iterator[Finding]:
    """Yield a finding for each namespace that is another one but for its scheme or its end.

    Names in it look like those of the other, and nothing finds them. Of vocabularies that everyone
    uses, one wrong character is told, too.

    Args:
        prefixes: Prefixes with their namespaces, from all files.
        base: The start of the workspace's own IRIs.
        own: Namespaces of ``kg.toml``, which others are compared with.
        files: Where prefixes are declared, to find the place.
    """
    known = {base: None, **dict.fromkeys(own), **dict.fromkeys(_WELL_KNOWN)}
    plain = {_plain(space): space for space in reversed(known)}
    bare = {_plain(space).rstrip("/#"): space for space in _WELL_KNOWN}
    paths = list(files)
    for space, name in {space: name for name, space in prefixes}.items():
        below = base if _plain(space).startswith(_plain(base)) else space
        if space.startswith(below) and (space in known or space in _ALSO_RIGHT):
            continue
        # The end is as long in both forms, and keeps its capitals.
        end = len(_plain(space)) - len(_plain(base))
        meant = None if space.startswith(below) else base + space[len(space) - end :]
        meant = meant or plain.get(_plain(space)) or bare.get(_plain(space).rstrip("/#"))
        meant = meant or next((each for each in _WELL_KNOWN if _is_one_off(space, each)), None)
        if meant is not None:
            yield Finding(
                "near-namespace",
                name,
                f"the prefix {name}: stands for {space}, which is not {meant}",
                _place(space, paths),
                f"Did you mean {meant}? Names of the two have nothing to do with each other.",
            )


# Namespaces that most graphs use. Both schemes of schema.org are in use.
_WELL_KNOWN: Final = tuple(
    dict.fromkeys(
        space
        for space in (*COMMON_PREFIXES.values(), *PREDEFINED.values(), *published_namespaces())
        if "schema.org" not in space and space.startswith("http")
    )
)
_ALSO_RIGHT: Final = ("http://www.w3.org/2001/XMLSchema",)


def _plain(space: str) -> str:
    """Return a namespace without what people get wrong in it."""
    return re.sub(r"^https?://(www\.)?", "", space.lower())


def _is_one_off(a: str, b: str) -> bool:
    """Return whether a character more, less or other makes one text of another."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    pairs = enumerate(zip(a, b, strict=False))
    start = next((at for at, (x, y) in pairs if x != y), min(len(a), len(b)))
    rest, other = a[start:], b[start:]
    return other in (rest[1:], f"{other[:1]}{rest}", f"{other[:1]}{rest[1:]}")


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
