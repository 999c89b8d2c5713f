"""Notes about what a validation seems to check but does not, such as shapes without focus nodes.

Spec: https://www.w3.org/TR/shacl/#targets
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from kg.names import Namer, local_name
from kg.validation.model import Shape, Targets
from kg.validation.names import OWL, RDF_TYPE, SH, sh
from kg.validation.nesting import negated_recursion
from kg.validation.shapes import ShapesGraph
from kg.wording import counted, nearest


class Note(str):
    """A sentence about what was not checked.

    Attributes:
        code: The kind of finding that says the same with place and advice; empty if there is none.
    """

    code: str

    def __new__(cls, text: str, code: str = "") -> Note:
        """Make a sentence of a kind."""
        note = super().__new__(cls, text)
        note.code = code
        return note


# A sentence names at most this many shapes, imports or references.
_NAMED: Final = 3
_IMPORTS: Final = f"<{OWL}imports>"
_ONTOLOGY: Final = f"<{OWL}Ontology>"
_REFERENCES: Final = tuple(map(sh, ("node", "not", "qualifiedValueShape")))
_LISTS: Final = tuple(map(sh, ("and", "or", "xone")))


def notes_on(shapes: ShapesGraph) -> Iterator[Note]:
    """Yield the notes on well-formed shapes that do not depend on the data."""
    yield from _imports(shapes)
    yield from _references(shapes)
    yield from _severities(shapes)
    negated = negated_recursion(shapes)
    if negated is not None:
        yield Note(
            f"{_at(shapes, negated)}a shape refers to itself through a negation, which SHACL does"
            " not define; do not rely on its results"
        )


def notes_on_targets(
    shapes: ShapesGraph,
    model: Mapping[str, Shape],
    applied: Mapping[str, int],
    classes: Callable[[], Sequence[str]],
) -> Iterator[Note]:
    """Yield a note on shapes without focus nodes.

    Args:
        shapes: The shapes graph.
        model: All shapes, by node.
        applied: Shape with targets to the number of its focus nodes.
        classes: Returns the classes of nodes in the data, for a hint.
    """
    if not applied:
        yield Note("no shape has a target, so nothing was checked")
        return
    idle = [shape for shape, count in applied.items() if not count]
    if not idle:
        return
    namer = Namer({**shapes.prefixes, "sh": SH})
    told = [
        f"{namer(shapes.owner(shape))} ({_targets(model[shape].targets, namer)})"
        for shape in idle[:_NAMED]
    ]
    more = f", and {len(idle) - _NAMED:,} more" if len(idle) > _NAMED else ""
    hint = _meant([c for shape in idle for c in model[shape].targets.classes], classes, namer)
    if len(idle) == len(applied):
        yield Note(
            f"no shape met a node, so nothing was checked: {', '.join(told)}{more}{hint}",
            "unused-shape",
        )
    else:
        yield Note(
            f"{counted(len(idle), 'shape')} of {len(applied):,} met no node:"
            f" {', '.join(told)}{more}{hint}",
            "unused-shape",
        )


def _targets(targets: Targets, namer: Namer) -> str:
    parts = [f"class {namer(iri)}" for iri in targets.classes]
    parts += [f"subjects of {namer(iri)}" for iri in targets.subjects_of]
    parts += [f"objects of {namer(iri)}" for iri in targets.objects_of]
    return ", ".join(parts[:_NAMED]) + (", …" if len(parts) > _NAMED else "")


def _meant(wanted: Sequence[str], classes: Callable[[], Sequence[str]], namer: Namer) -> str:
    """Return a hint at a class of the data whose name is the same or nearly the same."""
    if not wanted:
        return ""
    known = [term for term in classes() if term.startswith("<") and term not in wanted]
    by_name: dict[str, str] = {}
    for term in known:
        by_name.setdefault(local_name(term), term)
    for iri in wanted:
        near = nearest(local_name(iri), by_name)
        if near:
            return f"; did you mean {namer(by_name[near])}?"
    return ""


def _imports(shapes: ShapesGraph) -> Iterator[Note]:
    """Yield a note on imported ontologies that are in none of the files."""
    here = {*shapes.subjects(RDF_TYPE, _ONTOLOGY)}
    wanted = {
        o: shapes.place(s, p) for s, p, o in shapes.triples() if p == _IMPORTS and o not in here
    }
    if wanted:
        first = next(iter(wanted.values()))
        named = ", ".join(list(wanted)[:_NAMED]) + (", …" if len(wanted) > _NAMED else "")
        yield Note(
            f"{first}: owl:imports is not followed, so shapes of {named} are not checked;"
            " name their files with --shapes, or put them into shapes/",
            "unfollowed-import",
        )


def _references(shapes: ShapesGraph) -> Iterator[Note]:
    """Yield a note for each name that is used as a shape but not defined in the files."""
    for subject, predicate, object_ in shapes.triples():
        if predicate in _REFERENCES:
            members: Sequence[str] = (object_,)
        elif predicate in _LISTS:
            members = shapes.members(object_)
        else:
            continue
        for member in members:
            if member not in shapes.index and member.startswith("<"):
                namer = Namer({**shapes.prefixes, "sh": SH})
                yield Note(
                    f"{shapes.place(subject, predicate)}: {namer(predicate)} names {namer(member)},"
                    " which the shapes do not define: every node conforms to it",
                    "missing-shape",
                )


def _severities(shapes: ShapesGraph) -> Iterator[Note]:
    for _, predicate, constraint in shapes.triples():
        if predicate == sh("sparql") and shapes.objects(constraint, sh("severity")):
            if shapes.objects(constraint, sh("path")) or constraint in shapes.subjects(
                RDF_TYPE, sh("NodeShape")
            ):
                continue  # a shape that is its own constraint
            yield Note(
                f"{shapes.place(constraint, sh('severity'))}: sh:severity of a constraint has no"
                " effect; results have the severity of its shape"
            )


def _at(shapes: ShapesGraph, node: str) -> str:
    place = shapes.place(node)
    return f"{place}: " if place else ""
