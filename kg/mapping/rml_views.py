"""Logical views of RML documents.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kg.errors import InputError
from kg.mapping.abstract_source import AbstractSource
from kg.mapping.calls import chosen_calls
from kg.mapping.plan import (
    Expression,
    Formulation,
    JoinCondition,
    LogicalSource,
    references,
)
from kg.mapping.rml_annotations import read_annotations
from kg.mapping.rml_graph import RmlGraph, Term, Value
from kg.mapping.rml_sources import read_formulation, read_logical_source
from kg.mapping.views import (
    ROOT,
    ExpressionField,
    Field,
    IterableField,
    LogicalView,
    ViewJoin,
    all_fields,
    check_keys,
    views_of,
)
from kg.records import dataclass

# Views, and fields in one another, that one view may stand for.
_MOST_VIEWS: Final = 500
_MOST_NESTED: Final = 40
# What parts names from one another, and what names an index.
_BAD_NAME: Final = re.compile(r"[.#{}]")
_EXPRESSIONS: Final = ("constant", "reference", "template", "functionExecution")
# What a value may hold.
_DOCUMENTS: Final = (Formulation.JSON, Formulation.CSV, Formulation.XPATH, Formulation.YAML)
# What holds of a view by its kind, and must not be stated.
_IMPLIED: Final = ("referenceFormulation", "iterator", "source")


@dataclass(frozen=True, slots=True)
class Reads:
    """How the parts of a document are read that views have in common with term maps.

    Attributes:
        expression: Reads the expression of an expression map.
        join: Reads a join condition.
    """

    expression: Callable[[Value], Expression | None]
    join: Callable[[Value], JoinCondition]


class ViewReader:
    """Reads the logical views of one document, each once."""

    def __init__(self, graph: RmlGraph, reads: Reads) -> None:
        self.graph = graph
        self.reads = reads
        self._read: dict[Term, LogicalView | InputError] = {}
        self._open: list[Term] = []

    def is_view(self, node: Term) -> bool:
        """Return whether a resource is a logical view."""
        return self.graph.has_type(node, "LogicalView") or bool(self.graph.all(node, "viewOn"))

    def check_all(self) -> Iterator[InputError]:
        """Yield what is wrong with the views of the document, those that nothing uses too."""
        for node in self.graph.subjects():
            if not self.is_view(node):
                continue
            try:
                self.view(node)
            except InputError as error:
                yield error

    def source(self, value: Value) -> AbstractSource:
        """Read what gives records: a logical source, or a logical view.

        Raises:
            InputError: It is not valid.
        """
        if self.is_view(value.term):
            return self.view(value.term)
        return read_logical_source(self.graph, value)

    def view(self, node: Term) -> LogicalView:
        """Read a logical view.

        Raises:
            InputError: It, or a view that it needs, is not valid; it is the same error each time.
        """
        known = self._read.get(node)
        if known is None:
            known = self._read[node] = self._made(node)
        if isinstance(known, InputError):
            raise known
        return known

    def _made(self, node: Term) -> LogicalView | InputError:
        if node in self._open:
            around = [self.graph.name(each) for each in self._open[self._open.index(node) :]]
            return self.graph.error(
                node,
                f"the view {around[0]} is made of itself: {' → '.join([*around, around[0]])}",
                hint="Let one of them be on a logical source, or take the join away.",
            )
        self._open.append(node)
        try:
            return self._view(node)
        except InputError as error:
            return error
        finally:
            self._open.pop()

    def _view(self, node: Term) -> LogicalView:
        name = self.graph.name(node)
        for implied in _IMPLIED:
            if stated := self.graph.all(node, implied):
                raise stated[0].error(
                    f"the logical view {name} has an rml:{implied}",
                    hint="A view has rml:viewOn and fields; the source under it has the rest.",
                )
        on = self.graph.one(node, "viewOn")
        if on is None:
            raise self.graph.error(
                node,
                f"the logical view {name} has no rml:viewOn",
                hint="Name the logical source, or the view, that its fields are taken from.",
            )
        under = self.source(on)
        parent = under.formulation if isinstance(under, LogicalSource) else None
        fields = _Fields(self.graph, self.reads).of(node, parent, is_top=True)
        if not fields:
            raise self.graph.error(
                node, f"the logical view {name} has no field", hint="Give it an rml:field."
            )
        joins = tuple(
            self._join(value, is_inner=kind == "innerJoin")
            for kind in ("innerJoin", "leftJoin")
            for value in self.graph.all(node, kind)
        )
        made = LogicalView(name, under, fields, joins, origin=self.graph.origin(node))
        if sum(1 for _ in _limited(views_of(made))) > _MOST_VIEWS:
            raise self.graph.error(
                node,
                f"the logical view {name} stands for more than {_MOST_VIEWS} views",
                hint="Let views be on fewer others.",
            )
        _check_names(made)
        if isinstance(under, LogicalView):
            for field in fields:
                if isinstance(field, ExpressionField):
                    check_keys(under, references(field.expression), field.origin)
        for join in joins:
            _check_join(made, join)
        return read_annotations(self.graph, node, made, self._named)

    def _named(self, value: Value) -> str:
        """Return the name of a view that an annotation names; it may be any, also this one."""
        if not self.is_view(value.term):
            raise value.error(
                f"{value.text} is no logical view", hint="rml:targetView names a logical view."
            )
        return self.graph.name(value.term)

    def _join(self, value: Value, *, is_inner: bool) -> ViewJoin:
        node, graph = value.term, self.graph
        parent = graph.one(node, "parentLogicalView")
        if parent is None or not self.is_view(parent.term):
            what = f"{parent.text} is no logical view" if parent else "the join names no view"
            raise (parent or value).error(what, hint="Give it rml:parentLogicalView with a view.")
        conditions = tuple(self.reads.join(each) for each in graph.all(node, "joinCondition"))
        if not conditions:
            raise value.error(
                "the join of the view has no condition",
                hint="Give it an rml:joinCondition with rml:child and rml:parent.",
            )
        other = self.view(parent.term)
        stated = graph.all(node, "field")
        if not stated:
            raise value.error("the join of the view adds no field", hint="Give it an rml:field.")
        for each in stated:
            if graph.all(each.term, "field", "iterator", "referenceFormulation"):
                raise each.error(
                    "the field of a join has parts of its own",
                    hint="A join takes values of the other view: declare nested fields there.",
                )
        fields = _Fields(graph, self.reads).of(node, None)
        leaves = tuple(each for each in fields if isinstance(each, ExpressionField))
        return ViewJoin(other, conditions, leaves, is_inner, origin=value.origin)


class _Fields:
    """Reads the fields of one view or join; a field in itself is refused."""

    def __init__(self, graph: RmlGraph, reads: Reads) -> None:
        self.graph = graph
        self.reads = reads
        self.open: list[Term] = []

    def of(
        self, node: Term, formulation: Formulation | None, *, is_top: bool = False
    ) -> tuple[Field, ...]:
        """Return the fields of a view, a join or an iterable field.

        Args:
            node: The parent.
            formulation: What the references of expressions are; None: keys of a view.
            is_top: Whether iterable fields of the parent's own format may be here.
        """
        found = []
        for value in self.graph.all(node, "field"):
            if value.term in self.open:
                raise value.error(
                    "the field stands inside of itself", hint="Take the inner rml:field away."
                )
            if len(self.open) >= _MOST_NESTED:
                raise value.error(f"fields are nested more than {_MOST_NESTED} deep")
            self.open.append(value.term)
            found.append(self._field(value, formulation, is_top=is_top))
            self.open.pop()
        return tuple(found)

    def _field(self, value: Value, formulation: Formulation | None, *, is_top: bool) -> Field:
        name = self._name(value)
        node = value.term
        stated = self.graph.all(node, *_EXPRESSIONS)
        if stated and self.graph.all(node, "iterator", "referenceFormulation"):
            raise value.error(
                f"the field {name!r} has both an expression and an iterator",
                hint="Nest an rml:IterableField in the rml:ExpressionField.",
            )
        if not stated and not self.graph.has_type(node, "ExpressionField"):
            return self._iterable(value, name, formulation, is_top=is_top)
        expression = self.reads.expression(value)
        if expression is None:
            raise value.error(
                f"the field {name!r} has no expression",
                hint="Give it one rml:reference, rml:template or rml:constant.",
            )
        if any(True for _ in chosen_calls(expression)):
            raise value.unsupported(
                f"each record names the function of the field {name!r}",
                hint="Call it in a term map over the view.",
            )
        return ExpressionField(name, expression, tuple(self._documents(value)), value.origin)

    def _documents(self, value: Value) -> Iterator[IterableField]:
        """Yield the fields that read the values of an expression field as documents."""
        for field in self.graph.all(value.term, "field"):
            if field.term in self.open:
                raise field.error(
                    "the field stands inside of itself", hint="Take the inner rml:field away."
                )
            name = self._name(field)
            if self.graph.all(field.term, *_EXPRESSIONS):
                raise field.error(
                    f"the field {name!r} is an expression in an expression",
                    hint="An expression field holds iterable fields alone: values have no parts.",
                )
            if not self.graph.all(field.term, "referenceFormulation"):
                raise field.error(
                    f"the iterable field {name!r} has no rml:referenceFormulation",
                    hint="Say in what format the values are: rml:JSONPath, rml:CSV, rml:XPath.",
                )
            self.open.append(field.term)
            made = self._iterable(field, name, None)
            self.open.pop()
            if made.formulation not in _DOCUMENTS:
                raise field.error(
                    f"a value is no {made.formulation.value} document",
                    hint=f"Values are read as {', '.join(e.value for e in _DOCUMENTS)}.",
                )
            yield made

    def _iterable(
        self, value: Value, name: str, parent: Formulation | None, *, is_top: bool = False
    ) -> IterableField:
        node, iterator = value.term, self.graph.one(value.term, "iterator")
        stated = self.graph.one(node, "referenceFormulation")
        formulation: Formulation | None = parent
        namespaces: tuple[tuple[str, str], ...] = ()
        if stated is not None:
            formulation, namespaces = read_formulation(self.graph, stated)
        if formulation is None or (parent is None and is_top):
            raise value.error(
                f"the iterable field {name!r} has no parent whose records have parts",
                hint="Declare it in the view that is on the logical source.",
            )
        if parent is not None and formulation is not parent:
            raise stated.error(  # type: ignore[union-attr]
                f"the iterable field {name!r} changes the reference formulation from"
                f" {parent.value} to {formulation.value}",
                hint="Only in an expression field, whose values are documents, it may change.",
            )
        if iterator is None and not formulation.is_tabular:
            raise value.error(
                f"the iterable field {name!r} has no rml:iterator",
                hint="Give it one, such as $.items[*]; or an expression, such as rml:reference.",
            )
        fields = self.of(node, formulation)
        text = iterator.text if iterator is not None and not formulation.is_tabular else ""
        return IterableField(name, text, formulation, fields, namespaces, value.origin)

    def _name(self, value: Value) -> str:
        if value.is_literal:
            raise value.error(
                "a field is expected here, not a literal",
                hint='Write [ a rml:ExpressionField ; rml:fieldName "…" ; rml:reference "…" ].',
            )
        stated = self.graph.one(value.term, "fieldName")
        if stated is None:
            raise value.error("the field has no rml:fieldName", hint="Name it.")
        name = stated.text
        if not stated.is_literal or not name.strip() or _BAD_NAME.search(name) or name == ROOT:
            raise stated.error(
                f"{name!r} cannot be the name of a field",
                hint="Use letters, digits and _; a dot parts the names of nested fields.",
            )
        return name


def _limited(views: Iterable[LogicalView]) -> Iterator[LogicalView]:
    """Yield no more views than may be, since views of views may stand for very many."""
    for number, view in enumerate(views):
        yield view
        if number > _MOST_VIEWS:
            return


def _check_names(view: LogicalView) -> None:
    seen: dict[str, Field] = {}
    for name, field in all_fields(view):
        if name in seen:
            first = seen[name].origin
            raise InputError(
                "bad-mapping",
                f"the view {view.name} has two fields with the name {name!r}",
                location=field.origin.location(),
                hint=f"The other one is at {first.location()}: rename one of them.",
            )
        seen[name] = field


def _check_join(view: LogicalView, join: ViewJoin) -> None:
    for condition in join.conditions:
        check_keys(view, references(condition.child), join.origin, own=True)
        check_keys(join.parent, references(condition.parent), join.origin)
    for field in join.fields:
        check_keys(join.parent, references(field.expression), field.origin)
