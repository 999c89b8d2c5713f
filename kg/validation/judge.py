"""The judge: pySHACL, asked about chosen focus nodes of chosen shapes.

It is the reference for what a constraint means. It sees an rdflib graph made of the quad table's
own terms, and gives results in the form of `kg.validation.results`.

Its own ``focus_nodes`` option loses results of inner shapes, so shapes are asked one by one.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError
from kg.terms import literal
from kg.validation.messages import standard_message
from kg.validation.names import SH, sh
from kg.validation.paths import Path
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph, Triple
from kg.validation.terms import from_rdflib, to_rdflib

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_SPARQL_COMPONENT: Final = sh("SPARQLConstraintComponent")
_CORE_COMPONENT: Final = re.compile(rf"<{re.escape(SH)}\w+ConstraintComponent>")


class Judge:
    """pySHACL over one shapes graph.

    Args:
        shapes: The shapes graph.

    Raises:
        InputError: pySHACL cannot read the shapes.
    """

    def __init__(self, shapes: ShapesGraph) -> None:
        from pyshacl.graph_abstraction import DataGraph
        from pyshacl.validator import Validator

        self._shapes = shapes
        self._paths: dict[str, Path] = {}
        with self._guarded():
            _forget()
            validator = Validator(
                DataGraph.from_rdflib_graph(to_graph([])),
                shacl_graph=_shapes_graph(shapes),
                options={"logger": _silent_logger()},
            )
            self._executor = validator.make_executor()
            self._by_name = {from_rdflib(s.node): s for s in validator.shacl_graph.shapes}

    @property
    def shapes(self) -> tuple[str, ...]:
        """Every shape that pySHACL finds, sorted."""
        return tuple(sorted(self._by_name))

    def judge(
        self, graph: Graph, focus: Mapping[str, Sequence[str]] | None = None
    ) -> Iterator[Result]:
        """Yield the results for a data graph, shape by shape, sorted within each.

        Args:
            graph: From `to_graph`.
            focus: Shape to focus nodes; without it every shape is asked about its targets.

        Raises:
            InputError: A shape cannot be applied to the data.
        """
        # Queries know the prefixes that the shapes' files declare, as they do in pySHACL.
        for prefix, namespace in self._shapes.prefixes.items():
            graph.bind(prefix, namespace)
        for name in self.shapes if focus is None else focus:
            with self._guarded(name):
                nodes = None if focus is None else [to_rdflib(node) for node in focus[name]]
                _, found = self._by_name[name].validate(self._executor, graph, focus=nodes)
                results = [self._result(node, triples) for _, node, triples in found]
            yield from sorted(results, key=lambda result: result.sort_key)
        _forget()

    def _result(self, node: Node, triples: Sequence[tuple[Any, Any, Any]]) -> Result:
        """Return what pySHACL tells about one result, as triples with their graphs."""
        fields: dict[Any, dict[str, list[Any]]] = {}
        for subject, predicate, object_ in triples:
            value = object_[1] if isinstance(object_, tuple) else object_
            key = str(predicate).removeprefix(SH)
            fields.setdefault(subject, {}).setdefault(key, []).append(value)
        return self._read(node, fields)

    def _read(self, node: Node, fields: Mapping[Any, Mapping[str, list[Any]]]) -> Result:
        own = fields[node]

        def term(key: str) -> str | None:
            return from_rdflib(own[key][0]) if key in own else None

        result = Result(
            focus_node=term("focusNode") or "",
            path=self._path(term("resultPath")),
            value=term("value"),
            source_shape=term("sourceShape") or "",
            component=term("sourceConstraintComponent") or "",
            severity=term("resultSeverity") or "",
            messages=tuple(sorted({from_rdflib(text) for text in own.get("resultMessage", ())})),
            source_constraint=term("sourceConstraint"),
            details=tuple(
                sorted(
                    (self._read(inner, fields) for inner in own.get("detail", ())),
                    key=lambda inner: inner.sort_key,
                )
            ),
        )
        return self._reworded(result)

    def _reworded(self, result: Result) -> Result:
        """Give a result without a message of its shape's own kg's sentence.

        pySHACL's lists the allowed values in an order that changes from run to run.
        """
        from dataclasses import replace

        if (
            result.component == _SPARQL_COMPONENT
            or not _CORE_COMPONENT.fullmatch(result.component)
            or self._shapes.objects(result.source_shape, sh("message"))
        ):
            return result
        return replace(result, messages=(literal(standard_message(self._shapes, result)),))

    def _path(self, node: str | None) -> Path | None:
        if node is None:
            return None
        if node not in self._paths:
            self._paths[node] = self._shapes.path(node)
        return self._paths[node]

    @contextmanager
    def _guarded(self, shape: str | None = None) -> Iterator[None]:
        """Keep pySHACL quiet, and turn its failures into one kind of error."""
        with _quiet():
            try:
                yield
            except InputError:
                raise
            except _failures() as error:
                raise InputError(
                    "shapes-failed",
                    f"these shapes cannot be applied: {_first_line(error)}",
                    location=self._shapes.origins.get(shape) if shape else None,
                    hint="See docs/validate.md for what a shape may say.",
                ) from error


def to_graph(triples: Iterable[Triple]) -> Graph:
    """Return an rdflib graph of triples of the quad table, lexical forms kept."""
    from rdflib import Graph

    graph = Graph(bind_namespaces="none")
    terms: dict[str, Node] = {}

    def term(text: str) -> Node:
        found = terms.get(text)
        if found is None:
            found = terms[text] = to_rdflib(text)
        return found

    with _quiet():
        for s, p, o in triples:
            graph.add((term(s), term(p), term(o)))
    return graph


def _shapes_graph(shapes: ShapesGraph) -> Graph:
    """Return the shapes graph for pySHACL, in which only ``true`` is a true boolean.

    Spec: https://www.w3.org/TR/shacl/#UniqueLangConstraintComponent
    """
    from pyshacl.monkey import rdflib_bool_patch, rdflib_bool_unpatch

    rdflib_bool_patch()  # type: ignore[no-untyped-call]
    try:
        return to_graph(shapes.triples())
    finally:
        rdflib_bool_unpatch()  # type: ignore[no-untyped-call]


def _failures() -> tuple[type[Exception], ...]:
    """What pySHACL and rdflib raise about shapes that they cannot read or apply.

    pySHACL's own errors are RuntimeErrors, a bad query or pattern gives the parsers' errors, and
    the rest comes of input that neither checks.
    """
    from pyparsing import ParseBaseException
    from rdflib.plugins.sparql.sparql import SPARQLError

    return (
        ParseBaseException,
        SPARQLError,
        RuntimeError,
        ValueError,
        TypeError,
        AssertionError,
        AttributeError,
        ArithmeticError,
        LookupError,
        re.error,
    )


def _silent_logger() -> logging.Logger:
    logger = logging.Logger("kg.validation.judge")
    logger.addHandler(logging.NullHandler())
    return logger


def _forget() -> None:
    """Empty pySHACL's caches: they are keyed by the address of graphs that may be gone."""
    from pyshacl.constraints.sparql.sparql_based_constraint_components import (
        SPARQLConstraintComponentValidator,
    )
    from pyshacl.rdfutil.stringify import stringify_blank_node

    SPARQLConstraintComponentValidator.validator_cache.clear()
    stringify_blank_node.dict_cache.clear()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what rdflib says about values that it cannot read: that is for the result."""
    logger = logging.getLogger("rdflib.term")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
