"""From a logical view to the steps that make its rows: only fields that are needed, in order.

What nothing refers to is left out, as far as that changes no statement: fields, left joins, and
inner joins that the mapping promises to find a match for. A view whose iterations count one by one
is made whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from kg.errors import InputError
from kg.mapping.calls import list_calls, scattered
from kg.mapping.jsonpath import (
    Asks,
    JsonPath,
    Step,
    Wildcard,
    no_iterator,
    parse_jsonpath,
)
from kg.mapping.plan import (
    Formulation,
    LogicalSource,
    Origin,
    Reference,
    references,
)
from kg.mapping.source_table import (
    Column,
    FieldDocument,
    FieldIndex,
    FieldItems,
    FieldsThere,
    FieldValues,
    JoinedRows,
    Nest,
    SourceTable,
    ViewRows,
    ViewStep,
)
from kg.mapping.view_promises import always_matches, matches_once
from kg.mapping.views import (
    INDEX,
    ExpressionField,
    IterableField,
    LogicalView,
    ViewJoin,
    field_of,
    named_fields,
    own_keys,
)
from kg.records import dataclass

JSON_LIKE: Final = (Formulation.JSON, Formulation.YAML)
# Wildcards in a path: DuckDB takes twice the time to plan for each more.
_MOST_WILDCARDS: Final = 8
_EACH: Final = (Wildcard.ALL,)


class Under(Protocol):
    """Returns a column of the table under a view."""

    def __call__(
        self,
        reference: str,
        origin: Origin,
        *,
        is_text: bool = True,
        is_document: bool = False,
        nest: Nest | None = None,
    ) -> Column:
        """Return the column of a reference, or that of documents."""


@dataclass(frozen=True, slots=True)
class Wants:
    """What is needed of a view.

    Attributes:
        keys: The keys that are referred to, with where.
        textual: Those whose numbers must keep their texts.
        is_whole: Whether each of its iterations counts.
    """

    keys: Mapping[str, Origin]
    textual: frozenset[str] = frozenset()
    is_whole: bool = False


@dataclass(slots=True)
class _Scope:
    """Where the references of fields find their columns.

    Attributes:
        column: Returns the column of a reference, with whether its text counts.
        formulation: What references are; None: keys of a view.
        record: SQL name of the JSON of a record; empty for the rows of a source.
        nest: Where the parts of a record were found, if it is not plain JSON.
    """

    column: Callable[[str, Origin, bool, bool], Column]
    formulation: Formulation | None
    record: str = ""
    nest: Nest | None = None


class ViewBuilder:
    """Makes the steps of one view.

    Args:
        view: The view.
        wants: What is needed of it.
        under: Returns columns of the table under it.
        base: The table under it. None: only its needs are to be found.
        joined: The tables of the views that it joins.

    Attributes:
        joins: The joins that are needed.
    """

    def __init__(
        self,
        view: LogicalView,
        wants: Wants,
        under: Under,
        base: SourceTable | None = None,
        joined: Mapping[ViewJoin, SourceTable] | None = None,
    ) -> None:
        self.view = view
        self.wants = wants
        self.under = under
        self.base = base
        self.joined = joined or {}
        self.used = {field_of(key) for key in wants.keys}
        self.joins = tuple(join for join in view.joins if self._is_needed(join))
        conditions = [c.child for join in view.joins if join.is_inner for c in join.conditions]
        conditions += [c.child for join in self.joins for c in join.conditions]
        own = {r.name for each in conditions for r in references(each)}
        self.keys = dict.fromkeys([*(k for k in wants.keys if k in own_keys(view)), *sorted(own)])
        self.textual = wants.textual | own
        self.used |= {field_of(key) for key in own}
        if wants.is_whole:
            self.used |= {name for name, _ in named_fields(view.fields)}
        # A field needs the fields that it is in.
        self.used |= {n[:i] for n in self.used for i, mark in enumerate(n) if mark == "."}
        self.next = len(base.columns) if base is not None else 0
        self.numbers: dict[str, int] = {}
        self.made: list[ViewStep] = []
        self.ordered: list[int] = []

    def _is_needed(self, join: ViewJoin) -> bool:
        if self.wants.is_whole or any(each.name in self.used for each in join.fields):
            return True
        return join.is_inner and not always_matches(self.view, join)

    def is_ranked(self, join: ViewJoin) -> bool:
        """Return whether the places of a join's matches are needed: indexes of its fields."""
        indexed = any(f"{each.name}.{INDEX}" in self.wants.keys for each in join.fields)
        return indexed and not matches_once(join)

    def of_parent(self, join: ViewJoin) -> Iterator[tuple[Reference, Origin]]:
        """Yield the references that a join makes to keys of its parent view."""
        for condition in join.conditions:
            for reference in references(condition.parent):
                yield reference, join.origin
        for each in join.fields:
            if each.name in self.used or self.wants.is_whole:
                yield from ((r, each.origin) for r in references(each.expression))

    def rows(self) -> ViewRows:
        """Return how the rows of the view are made."""
        self.steps()
        assert self.base is not None
        shown = tuple(self.numbers[key] for key in self.wants.keys)
        ordered, whole = tuple(self.ordered), self.wants.is_whole
        steps, view = tuple(self.made), self.view
        return ViewRows(view.name, self.base, steps, shown, ordered, whole, view.origin)

    def steps(self) -> None:
        """Make the steps.

        Raises:
            InputError: An iterator or a reference is not a JSONPath where it must be one.
        """
        on = self.view.on
        kind = on.formulation if isinstance(on, LogicalSource) else None
        top = _Scope(self._of_base, kind)
        for each in self.view.fields:
            if each.name in self.used:
                self._field(each, each.name, top)
        for key in self.keys:
            if key.endswith(INDEX):
                self._index(key)
        dropped = (join for join in self.view.joins if join not in self.joins and join.is_inner)
        for join in dropped:
            self._filter(join)
        for join in self.joins:
            self._join(join)
        for key in self.wants.keys:
            if key.endswith(INDEX) and key not in self.numbers:
                self._index(key)

    def _number(self) -> int:
        self.next += 1
        return self.next - 1

    def _index(self, key: str) -> None:
        of = self.numbers[field_of(key)] if key != INDEX else -1
        self.numbers[key] = number = self._number()
        self.made.append(FieldIndex(number, of))

    def _of_base(self, reference: str, origin: Origin, is_text: bool, is_document: bool) -> Column:
        return self.under(reference, origin, is_text=is_text, is_document=is_document)

    # --- fields ---------------------------------------------------------------------------

    def _field(self, each: ExpressionField | IterableField, name: str, scope: _Scope) -> None:
        if isinstance(each, ExpressionField):
            self._values(each, name, scope)
        elif scope.formulation is not None and scope.formulation.is_tabular:
            self._row(each, name, scope)
        else:
            self._items(each, name, scope)

    def _values(self, each: ExpressionField, name: str, scope: _Scope) -> None:
        number = self.numbers[name] = self._number()
        inner = [inner for inner in each.fields if f"{name}.{inner.name}" in self.used]
        expression = each.expression
        is_json = scope.formulation in JSON_LIKE and isinstance(expression, Reference)
        needed = references(expression)
        is_text = name in self.textual or not isinstance(expression, Reference)
        if inner and is_json:
            column = scope.column(needed[0].name, each.origin, True, True)
            where = SourceTable("", self.view.root, ())
            self.made.append(FieldValues(number, expression, where, column))
            many = column.many
        else:
            columns = tuple(scope.column(r.name, each.origin, is_text, False) for r in needed)
            where = SourceTable("", self.view.root, columns)
            self.made.append(FieldValues(number, expression, where))
            scattered_names = {r.name for r in scattered(expression)}
            many = any(column.many and column.reference in scattered_names for column in columns)
            many |= any(True for _ in list_calls(expression))
        if many:
            self.ordered.append(number)
        for document in inner:
            below, of = f"{name}.{document.name}", f"{'j' if inner and is_json else 'c'}{number}"
            own = self._number()
            nest: Nest | None = self._nest(document, below)
            assert nest is not None
            if document.formulation in JSON_LIKE and _is_native(nest, document.origin):
                nest = None
            path = _EACH if nest else _path(document.iterator, document.origin)
            step = FieldDocument(
                own,
                name,
                of,
                True,
                document.formulation,
                nest,
                document.namespaces,
                document.origin,
            )
            self.made.append(step)
            self._found(document, below, own, f"d{own}", path, nest)

    def _row(self, each: IterableField, name: str, scope: _Scope) -> None:
        """Make an iterable field of a table, whose one record is the row itself."""
        number = self.numbers[name] = self._number()
        self.made.append(FieldItems(number, "", None, (), ()))
        for inner in each.fields:
            if f"{name}.{inner.name}" in self.used:
                self._field(inner, f"{name}.{inner.name}", scope)

    def _items(self, each: IterableField, name: str, scope: _Scope) -> None:
        number = self._number()
        if scope.nest is not None:
            place = scope.nest.nests.index(self._nest(each, name))
            steps: tuple[Step, ...] = ("n", place, Wildcard.ALL)
            self._found(each, name, number, scope.record, steps, scope.nest.nests[place])
            return
        nest = self._nest(each, name)
        if scope.formulation is Formulation.XPATH:
            column = self.under(each.iterator, each.origin, is_document=True, nest=nest)
            self._found(each, name, number, f"c{column.index}", None, nest)
        elif not _is_native(nest, each.origin):
            record = scope.record
            if not record:
                column = self.under("$", each.origin, is_document=True)
                record = f"c{column.index}"
            self.made.append(
                FieldDocument(
                    number, name, record, False, Formulation.JSON, nest, origin=each.origin
                )
            )
            self._found(each, name, number, f"d{number}", _EACH, nest)
        elif scope.record:
            path = _path(each.iterator, each.origin)
            self._found(each, name, number, scope.record, path, None)
        else:
            column = self.under(each.iterator, each.origin, is_document=True)
            if column.many or self.base is None:
                self._found(each, name, number, f"c{column.index}", None, None)
            else:
                self._found(each, name, number, f"c{column.index}", (), None)

    def _found(
        self,
        each: IterableField,
        name: str,
        number: int,
        document: str,
        steps: tuple[Step, ...] | None,
        nest: Nest | None,
    ) -> None:
        """Make the records of an iterable field, and the fields in it."""
        self.numbers[name] = number
        values: dict[tuple[str, bool], Column] = {}
        paths: list[tuple[Step, ...]] = []

        def column(reference: str, origin: Origin, is_text: bool, is_document: bool) -> Column:
            del is_text
            key = (reference, is_document)
            if key not in values:
                many, path = _place(each.formulation, reference, origin, nest)
                values[key] = Column(
                    reference,
                    self._number(),
                    many,
                    not is_document,
                    origin=origin,
                    is_document=is_document,
                )
                paths.append(path)
            return values[key]

        scope = _Scope(column, each.formulation, f"j{number}", nest)
        at = len(self.made)
        self.ordered.append(number)
        for inner in each.fields:
            if f"{name}.{inner.name}" in self.used:
                self._field(inner, f"{name}.{inner.name}", scope)
        found = tuple(values.values())
        self.made.insert(at, FieldItems(number, document, steps, found, tuple(paths)))

    def _nest(self, each: IterableField, name: str) -> Nest:
        """Return what is looked for in the records that an iterable field is in.

        Raises:
            InputError: An iterator of JSON is none.
        """
        needed: dict[str, None] = {}
        nests: dict[Nest, None] = {}
        for inner in each.fields:
            below = f"{name}.{inner.name}"
            if below not in self.used:
                continue
            if isinstance(inner, IterableField) and not each.formulation.is_tabular:
                nests[self._nest(inner, below)] = None
            elif isinstance(inner, IterableField):
                needed |= dict.fromkeys(self._nest(inner, below).references)
            else:
                needed |= dict.fromkeys(r.name for r in references(inner.expression))
        if each.formulation in JSON_LIKE:
            _check_iterator(each.iterator, each.origin)
        return Nest(each.iterator, tuple(needed), tuple(nests))

    # --- joins ----------------------------------------------------------------------------

    def _filter(self, join: ViewJoin) -> None:
        """Take the place of an inner join that always finds a match for keys with values."""
        names = {r.name for each in join.conditions for r in references(each.child)}
        self.made.append(FieldsThere(tuple(self.numbers[name] for name in sorted(names))))

    def _join(self, join: ViewJoin) -> None:
        number = self._number()
        fields, indexed = [], set()
        for each in join.fields:
            if each.name not in self.used and not self.wants.is_whole:
                continue
            self.numbers[each.name] = own = self._number()
            fields.append((own, each.expression))
            if f"{each.name}.{INDEX}" in self.wants.keys:
                indexed.add(own)
        is_unique = matches_once(join)
        # An inner join without fields only leaves rows out.
        if not is_unique and (fields or not join.is_inner or self.wants.is_whole):
            self.ordered.append(number)
        if self.base is None:
            return
        columns = tuple(
            Column(key, self.numbers[key], many=False, typed=True)
            for key in self.keys
            if key in self.numbers
        )
        keys = tuple((each.child, each.parent) for each in join.conditions)
        step = JoinedRows(
            number,
            self.joined[join],
            keys,
            SourceTable("", self.view.root, columns),
            tuple(fields),
            frozenset(indexed),
            join.is_inner,
            is_unique,
        )
        self.made.append(step)


def _place(
    formulation: Formulation, reference: str, origin: Origin, nest: Nest | None
) -> tuple[bool, tuple[Step, ...]]:
    """Return whether a reference may give several values, and where they are in a record."""
    if nest is None:
        path = _path(reference, origin)
        return Wildcard.ALL in path, path
    many = formulation is Formulation.XPATH
    if formulation in JSON_LIKE:
        many = _parsed(reference, origin).is_many
    place = nest.references.index(reference)
    return many, ("c", place, Wildcard.ALL if many else 0)


def _path(text: str, origin: Origin) -> tuple[Step, ...]:
    """Return the steps of a path that SQL can follow."""
    steps = _parsed(text, origin).steps
    assert steps is not None
    if steps.count(Wildcard.ALL) > _MOST_WILDCARDS:
        raise InputError(
            "bad-jsonpath",
            f"the path has more than {_MOST_WILDCARDS} times [*]",
            location=origin.location(),
            hint="Nest iterable fields, each with a part of the path.",
        )
    return steps


def _parsed(text: str, origin: Origin) -> JsonPath:
    try:
        return parse_jsonpath(text)
    except InputError as error:
        raise error.at(origin.location()) from error


def _is_native(nest: Nest, origin: Origin) -> bool:
    """Return whether SQL can follow all paths of a nest of JSON."""
    paths = [_parsed(path, origin) for path in (nest.iterator, *nest.references)]
    if any(path.steps is None or path.looks_around for path in paths):
        return False
    return all(_is_native(inner, origin) for inner in nest.nests)


def _check_iterator(path: str, origin: Origin) -> None:
    """Refuse an iterator that goes up, or asks for a position; it may ask for keys."""
    parsed = _parsed(path, origin)
    if parsed.up or parsed.asks is Asks.POSITION:
        raise no_iterator(parsed).at(origin.location())
