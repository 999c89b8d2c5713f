"""Structural annotations of logical views in RML documents: promises about their fields.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/#annotations
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from kg.mapping.plan import Reference
from kg.mapping.rml_graph import RmlGraph, Term, Value
from kg.mapping.rml_sources import listed
from kg.mapping.views import Annotation, Constraint, LogicalView, check_keys
from kg.terms import RDF

_TARGETED: Final = frozenset({Constraint.FOREIGN_KEY, Constraint.INCLUSION})


def read_annotations(
    graph: RmlGraph, node: Term, view: LogicalView, named: Callable[[Value], str]
) -> LogicalView:
    """Return a view with the annotations that a document gives it.

    Args:
        graph: The document.
        node: The view's resource.
        view: The view.
        named: Returns the name of a view that an annotation names.

    Raises:
        InputError: An annotation is not complete, or is on fields that are not there.
    """
    found: list[Annotation] = []
    for value in graph.all(node, "structuralAnnotation"):
        made = _annotation(graph, value, named)
        check_keys(view, map(Reference, made.fields), made.origin)
        if made.kind is Constraint.PRIMARY_KEY and any(e.kind is made.kind for e in found):
            raise value.error(
                f"the view {view.name} has two primary keys",
                hint="Make the other one an rml:UniqueAnnotation.",
            )
        found.append(made)
    return replace(view, annotations=tuple(found))


def _annotation(graph: RmlGraph, value: Value, named: Callable[[Value], str]) -> Annotation:
    kind = _kind(graph, value)
    on = graph.one(value.term, "onFields")
    if on is None:
        raise value.error("the annotation has no rml:onFields", hint='Write rml:onFields ("name").')
    fields = tuple(_names(graph, on))
    target, others = graph.one(value.term, "targetView"), graph.one(value.term, "targetFields")
    if kind not in _TARGETED:
        if target is not None or others is not None:
            raise value.error(
                f"an rml:{kind.value} has no target",
                hint="rml:ForeignKeyAnnotation and rml:InclusionAnnotation have one.",
            )
        return Annotation(kind, fields, origin=value.origin)
    if target is None or others is None:
        raise value.error(
            f"the rml:{kind.value} needs rml:targetView and rml:targetFields",
            hint="Say which fields of which view have all values of these.",
        )
    target_fields = tuple(_names(graph, others))
    if len(target_fields) != len(fields):
        raise others.error(
            f"{len(fields)} fields cannot be found in {len(target_fields)}",
            hint="Name as many in rml:targetFields as in rml:onFields, in the same order.",
        )
    return Annotation(kind, fields, named(target), target_fields, value.origin)


def _kind(graph: RmlGraph, value: Value) -> Constraint:
    for stated in graph.iri_values(value.term, f"{RDF}type"):
        # The specification itself writes the first letter in both ways.
        name = (stated.name or "")[:1].upper() + (stated.name or "")[1:]
        if name in {each.value for each in Constraint}:
            return Constraint(name)
    raise value.error(
        "the annotation is of no kind that kg knows",
        hint=f"Say which, with a: {', '.join(f'rml:{each.value}' for each in Constraint)}.",
    )


def _names(graph: RmlGraph, value: Value) -> Iterator[str]:
    for each in listed(graph, value):
        if not each.is_literal:
            raise each.error("the name of a field is expected here", hint='Such as ("name").')
        yield each.text
