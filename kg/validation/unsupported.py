"""Unsupported features of SHACL: refused by name, or left out if the user asks for it.

Without the features left out, a graph may seem to conform; so they are reported. The rest may miss
violations, but never invents one: if a shape that lost a constraint is below a negation, the
negation is left out too.

Spec: https://www.w3.org/TR/shacl/, https://www.w3.org/TR/shacl-af/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from kg.errors import InputError, Location
from kg.records import dataclass
from kg.validation.names import RDF_TYPE, RDFS_ENTAILMENT, sh
from kg.validation.shapes import ShapesGraph, Triple, list_members
from kg.validation.vocabulary import NEWER, TERMS, unknown_name
from kg.wording import counted, nearest

VERSION: Final = "SHACL 1.0 (Core and SPARQL)"
_IGNORE: Final = "With --ignore-unsupported the rest is validated."
# A note names at most this many features.
_MOST: Final = 10

_TYPES: Final = {
    sh("SPARQLFunction"): "SPARQL functions (sh:SPARQLFunction)",
    sh("JSFunction"): "JavaScript functions (sh:JSFunction)",
}
_PREDICATES: Final = {
    sh("rule"): "rules (sh:rule)",
    sh("target"): "SPARQL-based targets (sh:target)",
    sh("expression"): "expression constraints (sh:expression)",
    sh("js"): "JavaScript constraints (sh:js)",
    sh("jsFunctionName"): "JavaScript functions (sh:jsFunctionName)",
    sh("values"): "values rules (sh:values)",
}
_QUALIFIED: Final = tuple(
    map(
        sh,
        (
            *("qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount"),
            "qualifiedValueShapesDisjoint",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A triple of the shapes that kg does not support.

    Attributes:
        triple: The triple.
        name: The feature, for a list of what is left out.
        place: Its file and line.
        error: The error if it is refused.
    """

    triple: Triple
    name: str
    place: Location | None
    error: InputError


def unsupported(shapes: ShapesGraph) -> Iterator[Unsupported]:
    """Yield all triples that kg does not support."""
    for triple in shapes.triples():
        subject, predicate, object_ = triple
        place = shapes.place(subject, predicate)
        for term in (predicate, object_):
            name = unknown_name(term)
            if name is not None:
                place = shapes.unknown.get(name, place)
                yield Unsupported(triple, f"sh:{name}", place, _unknown(name, place))
                break
        else:
            feature = _feature(predicate, object_)
            if feature is not None:
                error = InputError(
                    "unsupported-shacl",
                    f"{feature} are not supported",
                    location=place,
                    hint=f"kg reads {VERSION}. {_IGNORE}",
                )
                yield Unsupported(triple, feature, place, error)


def refusals(found: Iterable[Unsupported]) -> list[InputError]:
    """Return the errors for unsupported features, one for each name."""
    return list({each.name: each.error for each in reversed(list(found))}.values())


def leave_out(shapes: ShapesGraph, found: Sequence[Unsupported]) -> ShapesGraph:
    """Return the shapes without unsupported features, and with a note on them."""
    dropped = {each.triple for each in found}
    weaker = [each.triple[0] for each in found if each.triple[1] != RDF_TYPE]
    negations = _negations(shapes, weaker)
    kept = shapes.without(lambda s, p, o: (s, p, o) in dropped or (s, p, o) in negations)
    names: dict[str, list[Unsupported]] = {}
    for each in found:
        names.setdefault(each.name, []).append(each)
    told = [
        f"{name} ({counted(len(uses), 'time')}, first at {uses[0].place})"
        for name, uses in list(names.items())[:_MOST]
    ]
    if len(names) > _MOST:
        told.append(f"{counted(len(names) - _MOST, 'more name')}")
    if negations:
        told.append(f"{counted(len(negations), 'constraint')} that negate such shapes")
    note = f"left out, as kg does not support it: {'; '.join(told)}"
    return replace(kept, unknown={}, notes=(*shapes.notes, note))


def _unknown(name: str, place: Location | None) -> InputError:
    if name in NEWER:
        return InputError(
            "unknown-shacl",
            f"sh:{name} is a term of SHACL 1.2, which kg does not support; kg reads {VERSION}",
            location=place,
            hint=_IGNORE,
        )
    meant = nearest(name, TERMS)
    return InputError(
        "unknown-shacl",
        f"sh:{name} is not a term of SHACL that kg knows; kg reads {VERSION}",
        location=place,
        hint=f"Did you mean sh:{meant}?"
        if meant
        else f"Terms of your own need another prefix. {_IGNORE}",
    )


def _feature(predicate: str, object_: str) -> str | None:
    if predicate == sh("entailment") and object_ != RDFS_ENTAILMENT:
        return "entailment regimes other than RDFS (sh:entailment)"
    return _TYPES.get(object_) if predicate == RDF_TYPE else _PREDICATES.get(predicate)


def _negations(shapes: ShapesGraph, weaker: Sequence[str]) -> set[Triple]:
    """Return the triples that negate one of the given shapes, directly or not."""
    referrers = _referrers(shapes)
    found: set[Triple] = set()
    pending, seen = list(weaker), set(weaker)
    while pending:
        for subject, predicate, object_ in referrers.get(pending.pop(), ()):
            if predicate in (sh("not"), sh("xone")):
                found.add((subject, predicate, object_))
            elif predicate == sh("qualifiedValueShape"):
                found |= {(subject, p, o) for p in _QUALIFIED for o in shapes.objects(subject, p)}
            if subject not in seen:
                seen.add(subject)
                pending.append(subject)
    return found


def _referrers(shapes: ShapesGraph) -> dict[str, list[Triple]]:
    """Return for each node the triples that lead to it, also through a list."""
    found: dict[str, list[Triple]] = {}
    for triple in shapes.triples():
        _, predicate, object_ = triple
        if predicate in map(sh, ("and", "or", "xone")):
            for member in list_members(shapes, object_):
                found.setdefault(member, []).append(triple)
        else:
            found.setdefault(object_, []).append(triple)
    return found
