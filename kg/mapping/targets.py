"""Logical targets: what they may ask for, and which statements go to which.

A statement goes to all targets of its terms' maps; one whose maps have none goes to the default
output.

Spec: https://kg-construct.github.io/rml-io/spec/docs/#target-vocabulary
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Final

from kg.mapping.plan import LogicalTarget, Plan, RefObjectMap, TermMap, term_targets

# Name in YARRRML, to the name of the format.
SERIALIZATIONS: Final[Mapping[str, str]] = {
    name: name
    for name in ("nquads", "ntriples", "turtle", "trig", "n3", "jsonld", "rdfxml", "rdfjson")
}
# Name in http://www.w3.org/ns/formats/, to the name of the format.
FORMATS: Final[Mapping[str, str]] = {
    "N-Quads": "nquads",
    "N-Triples": "ntriples",
    "Turtle": "turtle",
    "TriG": "trig",
    "N3": "n3",
    "JSON-LD": "jsonld",
    "RDF_XML": "rdfxml",
    "RDF_JSON": "rdfjson",
}
# Names in YARRRML and in RML, old and new.
COMPRESSIONS: Final[Mapping[str, str]] = {
    "none": "",
    "gzip": "gzip",
    "zip": "zip",
    "targz": "targz",
    "targzip": "targz",
    "tarxz": "tarxz",
}
ENCODINGS: Final[Mapping[str, str]] = {"utf-8": "utf-8", "utf-16": "utf-16"}


class Routing:
    """The targets of a plan, each with a bit that stands for it.

    Attributes:
        targets: The targets, in the order of the plan; that with number n has the bit ``1 << n``.
    """

    def __init__(self, plan: Plan) -> None:
        self.targets = tuple(dict.fromkeys(_all_targets(plan)))
        self._bits = {target: 1 << number for number, target in enumerate(self.targets)}

    def mask(self, *maps: TermMap | RefObjectMap | None) -> int:
        """Return the bits of the targets that statements of some maps go to; 0: the default."""
        mask = 0
        for each in maps:
            for target in _targets(each) if each is not None else ():
                mask |= self._bits.get(target, 0)
        return mask

    def has_default(self, plan: Plan) -> bool:
        """Return whether any statement of a plan goes to the default output."""
        for triples_map in plan.triples_maps:
            if triples_map.subject.gather is not None:
                own = triples_map.graphs or (None,)
                if not all(self.mask(triples_map.subject, graph) for graph in own):
                    return True
            for pair in triples_map.predicate_objects:
                graphs = (*triples_map.graphs, *pair.graphs) or (None,)
                for predicate, object_map, graph in product(pair.predicates, pair.objects, graphs):
                    if not self.mask(triples_map.subject, predicate, object_map, graph):
                        return True
        return False


def _targets(each: TermMap | RefObjectMap) -> tuple[LogicalTarget, ...]:
    return term_targets(each) if isinstance(each, TermMap) else each.targets


def _all_targets(plan: Plan) -> Iterable[LogicalTarget]:
    for triples_map in plan.triples_maps:
        for each in triples_map.maps:
            yield from _targets(each)
