"""Logical targets: what they may ask for, and which statements go to which.

A statement goes to all targets of its terms' maps; one whose maps have none goes to the default
output.

Spec: https://kg-construct.github.io/rml-io/spec/docs/#target-vocabulary
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from kg.errors import InputError, Location
from kg.mapping.plan import (
    Constant,
    LogicalTarget,
    Plan,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    targets_of,
)
from kg.paths import is_folder

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


# How the name of a file, and the graph of a statement for it, stand in the table of a target whose
# file each record names.
_ADDRESS: Final = "urn:kg:target:"
_GRAPH: Final = "#"
# A percent sign and the like that the mapping itself has; of values, exclamation marks are encoded.
_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+|!([0-9A-F]{2})")
# What a value of a record may not bring into the name of a file: it stays encoded.
_KEPT: Final = re.compile(r"[\x00-\x1f\x7f/\\%]")
_LONGEST_NAME: Final = 255  # bytes


class Routing:
    """The targets of a plan, each with a bit that stands for it.

    Attributes:
        targets: The targets, in the order of the plan; that with number n has the bit ``1 << n``.
    """

    def __init__(self, plan: Plan) -> None:
        self.targets = tuple(dict.fromkeys(_all_targets(plan)))
        self._bits = {target: 1 << number for number, target in enumerate(self.targets)}

    def mask(self, *maps: TermMap | RefObjectMap | None) -> int:
        """Return the bits of the targets that statements of some maps go to; 0: the default.

        Raises:
            InputError: The file of one is named by each record.
        """
        for target in self.to(*maps):
            if target.name is not None:
                raise InputError(
                    "unsupported-mapping",
                    "collections do not go to targets whose name depends on the record",
                    location=target.origin.location(),
                    hint="Name one file, or use a condition for each.",
                )
        return self.bits(self.to(*maps))

    def to(self, *maps: TermMap | RefObjectMap | None) -> tuple[LogicalTarget, ...]:
        """Return the targets that statements of some maps go to; none: the default output."""
        found = (target for each in maps if each is not None for target in targets_of(each))
        return tuple(dict.fromkeys(target for target in found if target in self._bits))

    def bits(self, targets: Iterable[LogicalTarget]) -> int:
        """Return the bits of targets."""
        return sum(self._bits[target] for target in targets)

    def has_default(self, plan: Plan) -> bool:
        """Return whether any statement of a plan goes to the default output."""
        for triples_map in plan.triples_maps:
            if triples_map.subject.gather is not None:
                own = triples_map.graphs or (None,)
                if not all(self.to(triples_map.subject, graph) for graph in own):
                    return True
            for pair in triples_map.predicate_objects:
                graphs = (*triples_map.graphs, *pair.graphs) or (None,)
                for predicate, object_map, graph in product(pair.predicates, pair.objects, graphs):
                    if not self.to(triples_map.subject, predicate, object_map, graph):
                        return True
        return False


def address_map(target: LogicalTarget, graph: TermMap | None) -> TermMap:
    """Return what makes, of a record, the name of its file in a target, and a statement's graph.

    Args:
        target: A target whose file each record names.
        graph: Makes the graph; None: the default graph.

    Raises:
        InputError: The record chooses the graph, too.
    """
    assert target.name is not None
    parts: list[str | Reference] = [_ADDRESS]
    parts += (_stated(p) if isinstance(p, str) else p for p in target.name.parts)
    if graph is not None:
        if not isinstance(graph.expression, Constant) or graph.condition is not None:
            raise InputError(
                "unsupported-mapping",
                "the record names both the file of the target and the graph",
                location=target.origin.location(),
                hint="Name one file, or one graph.",
            )
        parts.append(_GRAPH + quote(graph.expression.value, safe=""))
    joined: list[str | Reference] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return TermMap(Template(tuple(joined)), TermType.IRI, origin=target.origin)


def read_address(term: str) -> tuple[str, str | None]:
    """Return the name of a file and the IRI of a graph, from what `address_map` made.

    A slash, backslash or percent sign that a value has stays encoded in the name, so that records
    choose names and no folders, and two values never name one file.
    """
    name, mark, graph = term[1:-1].removeprefix(_ADDRESS).partition(_GRAPH)
    return _ENCODED.sub(_decoded, name), unquote(graph) if mark else None


def without_graph(term: str) -> str:
    """Return what `address_map` makes of a record for the default graph."""
    return f"<{term[1:-1].partition(_GRAPH)[0]}>"


def plain_path(path: str) -> str:
    """Return a path without what changes nothing in it.

    >>> plain_path("./a//./b.nt"), plain_path("/x/"), plain_path("../x"), plain_path(".")
    ('a/b.nt', '/x/', '../x', '.')
    """
    *folders, name = path.split("/")
    kept = [each for each in folders if each not in ("", ".")]
    return "/" * path.startswith("/") + "/".join([*kept, name]) if kept or name else path


def target_path(target: LogicalTarget) -> Path:
    """Return the path of the file that a target names."""
    return Path(target.folder) / target.path


def file_fault(target: LogicalTarget) -> str:
    """Return why a name can be that of no file that is written; empty where it can.

    What else may be wrong, such as the permissions, is told by who writes the file.
    """
    if target.path.rpartition("/")[2] in ("", ".", "..") or is_folder(target_path(target)):
        return "that is a folder"
    longest = max(len(os.fsencode(part)) for part in target_path(target).parts)
    if longest > _LONGEST_NAME:
        return f"it has {longest} bytes, and a name may have {_LONGEST_NAME}"
    return ""


def no_file(target: LogicalTarget, fault: str, place: Location | None, hint: str) -> InputError:
    """Return the error for a name that can be that of no file.

    Args:
        target: The target that has it.
        fault: What `file_fault` says.
        place: What names it.
        hint: What to do.
    """
    name = target.path if len(target.path) < 100 else f"{target.path[:60]}…{target.path[-20:]}"
    message = f"{name!r} cannot be the file of a target: {fault}"
    return InputError("bad-target", message, location=place, hint=hint)


def _stated(text: str) -> str:
    """Return a part of a name that the mapping has, so that it is told from what values have."""
    return "".join(
        f"!{ord(each):02X}" if each != "/" and _KEPT.match(each) else quote(each, safe="/")
        for each in text
    )


def _decoded(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    text = unquote(match[0])
    return _KEPT.sub(lambda found: f"%{ord(found[0]):02X}", text)


def _all_targets(plan: Plan) -> Iterable[LogicalTarget]:
    for triples_map in plan.triples_maps:
        for each in triples_map.maps:
            yield from targets_of(each)
