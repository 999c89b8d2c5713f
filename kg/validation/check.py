"""Shapes are checked before they are used: against the SHACL of SHACL, and for what kg refuses.

Spec: https://www.w3.org/TR/shacl/#shacl-shacl
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Final

from kg.errors import InputError
from kg.validation.faults import fault
from kg.validation.judge import Judge, to_graph
from kg.validation.names import RDF_TYPE, RDFS_ENTAILMENT, SH, sh
from kg.validation.nesting import check_depth
from kg.validation.query_texts import check_queries
from kg.validation.regex import RegexError, read_regex
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph, read_shapes
from kg.validation.terms import from_rdflib, is_literal, split_literal
from kg.validation.vocabulary import nearest
from kg.validation.wellformed import surely_well_formed

# Features of SHACL-AF and SHACL-JS: a graph that relies on them would seem to conform.
_REFUSED_TYPES: Final = {
    sh("SPARQLFunction"): "SPARQL functions (sh:SPARQLFunction)",
    sh("JSFunction"): "JavaScript functions (sh:JSFunction)",
}
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
    refuse_unknown(shapes)
    refuse_unsupported(shapes)
    check_depth(shapes)
    check_shapes(shapes)
    check_patterns(shapes)
    check_queries(shapes)
    return shapes


def refuse_unknown(shapes: ShapesGraph) -> None:
    """Refuse names that SHACL does not have: a misspelt constraint would constrain nothing.

    Raises:
        InputError: There is one in SHACL's namespace.
    """
    for name, place in shapes.unknown.items():
        meant = nearest(name)
        raise InputError(
            "unknown-shacl",
            f"sh:{name} is no term of SHACL that kg knows",
            location=place,
            hint=f"Did you mean sh:{meant}?" if meant else "Terms of your own need another prefix.",
        )


def refuse_unsupported(shapes: ShapesGraph) -> None:
    """Refuse what kg would pass over in silence.

    Raises:
        InputError: A shape uses a feature of SHACL-AF or SHACL-JS.
    """
    for subject, predicate, object_ in shapes.triples():
        refused = _REFUSED.get(predicate)
        if predicate == sh("entailment") and object_ != RDFS_ENTAILMENT:
            refused = "entailment regimes other than RDFS (sh:entailment)"
        if predicate == RDF_TYPE:
            refused = _REFUSED_TYPES.get(object_)
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
    rules = _shacl_of_shacl()
    results = Judge(rules).judge(to_graph(shapes.triples()))
    worst = min(results, key=lambda result: _place(shapes, result), default=None)
    if worst is not None:
        raise shapes.error(worst.focus_node, fault(shapes, rules, worst))


def check_patterns(shapes: ShapesGraph) -> None:
    """Check that patterns are regular expressions, which otherwise a value would bring to light.

    Raises:
        InputError: One is none, or none that kg reads.
    """
    for shape, predicate, pattern in shapes.triples():
        if predicate == sh("pattern"):
            flags = shapes.value(shape, sh("flags")) or '""'
            given = split_literal(flags).lexical.lower() if is_literal(flags) else ""
            try:
                read_regex(split_literal(pattern).lexical, given)
            except RegexError as error:
                said = f"sh:pattern is no regular expression that kg reads: {error}"
                raise shapes.error(shape, said) from error


def _place(shapes: ShapesGraph, result: Result) -> tuple[str, int, tuple[object, ...]]:
    origin = shapes.origins.get(result.focus_node)
    return (origin.file if origin else "", (origin and origin.line) or 0, result.sort_key)


def meta_judge() -> Judge:
    """Return the judge of shapes: pySHACL with the SHACL of SHACL."""
    return Judge(_shacl_of_shacl())


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
