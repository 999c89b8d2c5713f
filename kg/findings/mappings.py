"""The terms that mappings write, with their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from kg.findings.terms import Used
from kg.mapping.plan import Constant, Origin, Plan, RefObjectMap, TermMap, with_members
from kg.terms import RDF, XSD

_TYPE = f"{RDF}type"


def terms_of(plan: Plan, files: Iterable[Path]) -> Iterator[Used]:
    """Yield the constant classes, properties and other IRIs of a plan.

    Args:
        plan: The plan.
        files: The mapping files.
    """
    from kg.paths import show_path

    paths = {show_path(path): path for path in files}

    def used(term_map: TermMap, role: str, origin: Origin, base: str) -> Iterator[Used]:
        expression = term_map.expression
        if isinstance(expression, Constant) and term_map.term_type.is_iri:
            here = term_map.origin if term_map.origin.line is not None else origin
            iri = expression.value if ":" in expression.value else base + expression.value
            yield Used(iri, role, here.location(), paths.get(here.file))

    for triples_map in plan.triples_maps:
        base = triples_map.base
        for pair in triples_map.predicate_objects:
            is_type = False
            for predicate in pair.predicates:
                yield from used(predicate, "property", pair.origin, base)
                is_type |= getattr(predicate.expression, "value", "") == _TYPE
            for object_map in with_members(pair.objects):
                if isinstance(object_map, RefObjectMap):
                    continue
                is_class = is_type and object_map in pair.objects
                yield from used(object_map, "class" if is_class else "term", pair.origin, base)
                if object_map.datatype is not None:
                    for each in used(object_map.datatype, "datatype", pair.origin, base):
                        if not each.iri.startswith(XSD):
                            yield each
