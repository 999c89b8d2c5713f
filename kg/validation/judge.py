"""Run pySHACL on chosen focus nodes of chosen shapes.

pySHACL is the reference for what a constraint means. It gets an rdflib graph with the quad
table's terms. Its results are returned in the form of `kg.validation.results`.

Its ``focus_nodes`` option loses results of inner shapes, so each shape is run separately.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError
from kg.records import dataclass
from kg.terms import XSD, literal
from kg.validation.messages import QUERY_MESSAGE, standard_message, tell_branch, tell_results
from kg.validation.names import SH, sh
from kg.validation.nesting import DEEPEST, recursive_shapes
from kg.validation.offline import offline
from kg.validation.paths import Path
from kg.validation.results import Result
from kg.validation.shapes import ShapesGraph, Triple
from kg.validation.terms import from_rdflib, is_literal, is_true, to_rdflib

if TYPE_CHECKING:
    from pyshacl.shape import Shape as PyShape
    from rdflib import Graph
    from rdflib.term import Node

    from kg.validation.recursion import Recursion

_SWITCHES: Final = frozenset(
    map(sh, ("closed", "deactivated", "optional", "qualifiedValueShapesDisjoint", "uniqueLang"))
)
# Components that refer to other shapes, with their parameters.
_BRANCHING: Final = {
    sh(f"{parameter.capitalize()}ConstraintComponent"): parameter
    for parameter in ("and", "or", "xone", "not", "node")
}
_SPARQL_COMPONENT: Final = sh("SPARQLConstraintComponent")
_CORE_COMPONENT: Final = re.compile(rf"<{re.escape(SH)}\w+ConstraintComponent>")


@dataclass(frozen=True, slots=True)
class Asked:
    """A shape that pySHACL evaluates, and for which nodes.

    Attributes:
        shape: The shape.
        nodes: The focus nodes; None for its targets.
        parameters: The components to evaluate, by their parameters in SHACL's namespace; None for
            all of the shape.
        times: How often each result counts.
    """

    shape: str
    nodes: Sequence[str] | None
    parameters: Sequence[str] | None = None
    times: int = 1


class Judge:
    """pySHACL over one shapes graph.

    Args:
        shapes: The shapes graph.
        reasons: How many results of each constraint get reasons for every branch.
        told: The whole shapes graph, for messages, if `shapes` is only a part of it.
        reasoned: Results that have got reasons, by source shape and component; updated here.

    Raises:
        InputError: pySHACL cannot read the shapes.
    """

    def __init__(
        self,
        shapes: ShapesGraph,
        reasons: int = 0,
        told: ShapesGraph | None = None,
        reasoned: Counter[tuple[str, str]] | None = None,
    ) -> None:
        from pyshacl.graph_abstraction import DataGraph
        from pyshacl.validator import Validator

        self._shapes = shapes if told is None else told
        self._paths: dict[str, Path] = {}
        self._reasons = reasons
        self._reasoned: Counter[tuple[str, str]] = Counter() if reasoned is None else reasoned
        with self._guarded():
            _forget()
            validator = Validator(
                DataGraph.from_rdflib_graph(to_graph([])),
                shacl_graph=_shapes_graph(shapes),
                options={"logger": _silent_logger(), "max_validation_depth": DEEPEST},
            )
            self._executor = validator.make_executor()
            self._by_name = {from_rdflib(s.node): s for s in validator.shacl_graph.shapes}
            self._recursion = self._recursive(recursive_shapes(shapes))

    @property
    def shapes(self) -> tuple[str, ...]:
        """All shapes that pySHACL finds, sorted."""
        return tuple(sorted(self._by_name))

    def judge(
        self, graph: Graph, focus: Mapping[str, Sequence[str]] | None = None
    ) -> Iterator[Result]:
        """Yield the results for a data graph, shape by shape, sorted within each.

        Args:
            graph: From `to_graph`.
            focus: Shape to focus nodes; by default all shapes with their targets.

        Raises:
            InputError: A shape cannot be applied to the data.
        """
        if focus is None:
            return self.judge_parts(graph, [Asked(shape, None) for shape in self.shapes])
        return self.judge_parts(graph, [Asked(shape, nodes) for shape, nodes in focus.items()])

    def judge_parts(self, graph: Graph, asked: Iterable[Asked]) -> Iterator[Result]:
        """Yield the results for parts of shapes, sorted within each.

        Args:
            graph: From `to_graph`.
            asked: Shapes, each with components and focus nodes.

        Raises:
            InputError: A shape cannot be applied to the data.
        """
        # As in pySHACL, queries may use the prefixes that the shapes' files declare.
        for prefix, namespace in self._shapes.prefixes.items():
            graph.bind(prefix, namespace)
        if self._recursion is not None:
            self._recursion.forget()
        for each in asked:
            results = self._ask(graph, each.shape, each.nodes, each.parameters)
            for result in sorted(results, key=lambda result: result.sort_key):
                yield from [self._reasoned_out(graph, result)] * each.times
        _forget()

    def _recursive(self, names: Iterable[str]) -> Recursion | None:
        found = [self._by_name[name] for name in names if name in self._by_name]
        if not found:
            return None
        from kg.validation.recursion import Recursion

        return Recursion(found)

    def _ask(
        self,
        graph: Graph,
        name: str,
        focus: Sequence[str] | None,
        parameters: Sequence[str] | None = None,
    ) -> list[Result]:
        with self._guarded(name):
            shape = self._by_name[name]
            nodes = None if focus is None else [to_rdflib(node) for node in focus]
            if parameters is None:
                _, found = shape.validate(self._executor, graph, focus=nodes)
            else:
                found = self._evaluated(shape, graph, nodes, parameters)
            return [self._result(node, triples) for _, node, triples in found]

    def _evaluated(
        self,
        shape: PyShape,
        graph: Graph,
        nodes: Sequence[Node] | None,
        parameters: Iterable[str],
    ) -> list[Any]:
        """Evaluate some components of a shape, in the way pySHACL's Shape does for all."""
        from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP

        values = shape.value_nodes(graph, nodes)
        found: list[Any] = []
        for parameter in parameters:
            component = CONSTRAINT_PARAMETERS_MAP[to_rdflib(sh(parameter))](shape)
            found += component.evaluate(self._executor, graph, values, [shape, component])[1]
        return found

    def _reasoned_out(self, graph: Graph, result: Result) -> Result:
        """Add for each branch of a logical constraint why it failed, or that it held."""
        parameter = _BRANCHING.get(result.component)
        key = (result.source_shape, result.component)
        if parameter is None or self._reasoned[key] >= self._reasons or result.value is None:
            return result
        self._reasoned[key] += 1
        if result.details:
            told = [tell_results(self._shapes, result.details)]
        else:
            told = []
            for branch in self._branches(result.source_shape, parameter):
                failures = self._ask(graph, branch, [result.value])
                told.append(tell_branch(self._shapes, branch, failures))
        return replace(result, reasons=tuple(told))

    def _branches(self, shape: str, parameter: str) -> Iterator[str]:
        for value in self._shapes.objects(shape, sh(parameter)):
            yield from [value] if parameter in ("node", "not") else self._shapes.members(value)

    def _result(self, node: Node, triples: Sequence[tuple[Any, Any, Any]]) -> Result:
        """Read one result of pySHACL, given as triples with their graphs."""
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
        """Replace pySHACL's default message by kg's.

        pySHACL lists allowed values in an order that changes from run to run.
        """
        if result.component == _SPARQL_COMPONENT and not result.messages:
            return replace(result, messages=(literal(QUERY_MESSAGE),))
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
        """Silence pySHACL and keep it offline; turn its exceptions into InputError."""
        from kg.validation.components import own_components

        with _quiet(), offline(), own_components():
            try:
                yield
            except InputError:
                raise
            except _failures() as error:
                raise InputError(
                    "shapes-failed",
                    f"these shapes cannot be applied: {_first_line(error)}",
                    location=self._shapes.origins.get(shape) if shape else None,
                    hint="See `kg help validate` for what a shape may say.",
                ) from error


def to_graph(triples: Iterable[Triple]) -> Graph:
    """Return an rdflib graph of triples of the quad table, with unchanged lexical forms."""
    from kg.validation.read_once import ReadOnceGraph

    graph = ReadOnceGraph(bind_namespaces="none")
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
    """Return the shapes graph for pySHACL, where only the lexical form ``true`` counts as true.

    rdflib takes ``1`` for true as well; pySHACL does not when it reads shapes from a file.

    Spec: https://www.w3.org/TR/shacl/#UniqueLangConstraintComponent
    """
    false = literal("false", f"{XSD}boolean")
    return to_graph(
        (s, p, false if p in _SWITCHES and is_literal(o) and not is_true(o) else o)
        for s, p, o in shapes.triples()
    )


def _failures() -> tuple[type[Exception], ...]:
    """Return the exceptions of pySHACL and rdflib for shapes that they cannot read or apply.

    pySHACL's own are RuntimeErrors. Bad queries and patterns raise the parsers' errors. The rest
    comes from input that neither checks.
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
    """Return a disabled logger: pySHACL logs several lines for each node."""
    return logging.Logger("kg.validation.judge", level=logging.CRITICAL + 1)


def _forget() -> None:
    """Clear pySHACL's caches: their keys are addresses of graphs that may no longer exist."""
    from pyshacl.constraints.sparql.sparql_based_constraint_components import (
        SPARQLConstraintComponentValidator,
    )
    from pyshacl.rdfutil.stringify import stringify_blank_node

    SPARQLConstraintComponentValidator.validator_cache.clear()
    stringify_blank_node.dict_cache.clear()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence rdflib's warnings about ill-typed literals: validation results report them."""
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
