"""Shapes are checked before they are used: against the SHACL of SHACL, and for what kg refuses.

Spec: https://www.w3.org/TR/shacl/#shacl-shacl
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Final

from kg.errors import InputError
from kg.validation.judge import Judge, to_graph
from kg.validation.messages import Namer
from kg.validation.names import RDFS_ENTAILMENT, SH, sh
from kg.validation.paths import to_sparql
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph, read_shapes
from kg.validation.terms import from_rdflib, split_literal
from kg.validation.wellformed import surely_well_formed

# Features of SHACL-AF and SHACL-JS: a graph that relies on them would seem to conform.
_REFUSED: Final = {
    sh("rule"): "rules (sh:rule)",
    sh("target"): "SPARQL-based targets (sh:target)",
    sh("expression"): "expression constraints (sh:expression)",
    sh("js"): "JavaScript constraints (sh:js)",
    sh("jsFunctionName"): "JavaScript functions (sh:jsFunctionName)",
    sh("values"): "values rules (sh:values)",
}


def load_shapes(files: Sequence[FilePath]) -> ShapesGraph:
    """Read shape files and check them.

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
    shapes = read_shapes(files)
    refuse_unsupported(shapes)
    check_shapes(shapes)
    return shapes


def refuse_unsupported(shapes: ShapesGraph) -> None:
    """Refuse what kg would pass over in silence.

    Raises:
        InputError: A shape uses a feature of SHACL-AF or SHACL-JS.
    """
    for subject, predicate, object_ in shapes.triples():
        refused = _REFUSED.get(predicate)
        if predicate == sh("entailment") and object_ != RDFS_ENTAILMENT:
            refused = "entailment regimes other than RDFS (sh:entailment)"
        if refused is not None:
            raise InputError(
                "unsupported-shacl",
                f"{refused} are not supported",
                location=shapes.origins.get(subject),
                hint="kg validates SHACL Core and sh:sparql constraints and components.",
            )


def check_shapes(shapes: ShapesGraph) -> None:
    """Validate the shapes against the SHACL of SHACL.

    Raises:
        InputError: A shape is not well-formed; the message names its place and what is wrong.
    """
    if surely_well_formed(shapes):
        return
    results = Judge(_shacl_of_shacl()).judge(to_graph(shapes.triples()))
    worst = min(results, key=lambda result: _place(shapes, result), default=None)
    if worst is None:
        return
    namer = Namer({"sh": SH, **shapes.prefixes})
    said = "; ".join(split_literal(text).lexical for text in worst.messages)
    where = "" if worst.path is None else f" at {to_sparql(worst.path, namer)}"
    raise shapes.error(worst.focus_node, f"not a well-formed shape{where}: {said}")


def _place(shapes: ShapesGraph, result: Result) -> tuple[str, int, tuple[object, ...]]:
    origin = shapes.origins.get(result.focus_node)
    return (origin.file if origin else "", (origin and origin.line) or 0, result.sort_key)


def _shacl_of_shacl() -> ShapesGraph:
    """Return the shapes that pySHACL ships for checking shapes."""
    import pickle
    from importlib.resources import files

    shipped = files("pyshacl") / "assets" / "shacl-shacl.pickle"
    store, identifier = pickle.loads(shipped.read_bytes())
    from rdflib import Graph

    index: dict[str, dict[str, list[str]]] = {}
    for s, p, o in Graph(store=store, identifier=identifier):
        objects = index.setdefault(from_rdflib(s), {}).setdefault(from_rdflib(p), [])
        objects.append(from_rdflib(o))
    return ShapesGraph(index, prefixes={"sh": SH})
