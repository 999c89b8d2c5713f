"""Logical views, as a mapping states them: flat rows of named fields over logical sources.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from enum import Enum
from typing import Final

from kg.errors import InputError
from kg.mapping.abstract_source import AbstractSource
from kg.mapping.plan import (
    NOWHERE,
    Expression,
    Formulation,
    JoinCondition,
    LogicalSource,
    Origin,
    Reference,
)
from kg.records import dataclass
from kg.wording import nearest

# Key of the position of a view's iteration; behind the name of a field: that of its record.
INDEX: Final = "#"
ROOT: Final = "<it>"


@dataclass(frozen=True, slots=True)
class ExpressionField:
    """A field whose values an expression takes out of the records of its parent.

    Attributes:
        name: Its declared name.
        expression: Its expression; in a join, made of keys of the parent view.
        fields: Iterable fields that read its values as documents of another format.

    Spec: https://kg-construct.github.io/rml-lv/spec/docs/#dfn-expression-field
    """

    name: str
    expression: Expression
    fields: tuple[IterableField, ...] = ()
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class IterableField:
    """A field whose records an iterator finds in the records of its parent.

    Attributes:
        name: Its declared name.
        iterator: JSONPath or XPath; empty for tables, whose rows are the records.
        formulation: What the references of its fields are.
        namespaces: Prefixes and namespaces of XPaths.
        fields: The fields of each record.

    Spec: https://kg-construct.github.io/rml-lv/spec/docs/#dfn-iterable-field
    """

    name: str
    iterator: str
    formulation: Formulation
    fields: tuple[Field, ...]
    namespaces: tuple[tuple[str, str], ...] = ()
    origin: Origin = field(default=NOWHERE, compare=False)


Field = ExpressionField | IterableField


@dataclass(frozen=True, slots=True)
class ViewJoin:
    """Fields of another view, of the iterations that match.

    Attributes:
        parent: The other view.
        conditions: All must hold.
        fields: The fields that it adds, which are expressions of keys of the other view.
        is_inner: Whether iterations without a match are left out; else their fields are null.

    Spec: https://kg-construct.github.io/rml-lv/spec/docs/#dfn-logical-view-join
    """

    parent: LogicalView
    conditions: tuple[JoinCondition, ...]
    fields: tuple[ExpressionField, ...]
    is_inner: bool
    origin: Origin = field(default=NOWHERE, compare=False)


class Constraint(Enum):
    """What a structural annotation promises of the fields that it is on."""

    PRIMARY_KEY = "PrimaryKeyAnnotation"
    UNIQUE = "UniqueAnnotation"
    NOT_NULL = "NotNullAnnotation"
    FOREIGN_KEY = "ForeignKeyAnnotation"
    INCLUSION = "InclusionAnnotation"
    IRI_SAFE = "IriSafeAnnotation"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A structural annotation: a promise of the mapping's author, which may save work.

    Attributes:
        kind: What is promised.
        fields: The keys that it is on.
        target: Name of the view that has all values of the fields; empty for other promises.
        target_fields: Its keys that have them.

    Spec: https://kg-construct.github.io/rml-lv/spec/docs/#annotations
    """

    kind: Constraint
    fields: tuple[str, ...]
    target: str = ""
    target_fields: tuple[str, ...] = ()
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class LogicalView(AbstractSource):
    """A logical view.

    Attributes:
        name: As the mapping calls it; unique in a document.
        on: The source, or the view, that it is on.
        fields: Its own fields.
        joins: What other views add.
        annotations: What is promised of it.

    Spec: https://kg-construct.github.io/rml-lv/spec/docs/#dfn-logical-view
    """

    name: str
    on: AbstractSource
    fields: tuple[Field, ...]
    joins: tuple[ViewJoin, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    origin: Origin = field(default=NOWHERE, compare=False)

    @property
    def root(self) -> LogicalSource:
        """The logical source that its records come from."""
        found: AbstractSource = self
        while isinstance(found, LogicalView):
            found = found.on
        assert isinstance(found, LogicalSource)
        return found


# --- keys -------------------------------------------------------------------------------------


def named_fields(fields: Iterable[Field], above: str = "") -> Iterator[tuple[str, Field]]:
    """Yield fields and those nested in them, each with its absolute name, the outer first.

    Spec: https://kg-construct.github.io/rml-lv/spec/docs/#dfn-absolute-name
    """
    for each in fields:
        name = f"{above}{each.name}"
        yield name, each
        yield from named_fields(each.fields, f"{name}.")


def all_fields(view: LogicalView) -> Iterator[tuple[str, Field]]:
    """Yield the fields of a view, those of its joins too, with their absolute names."""
    yield from named_fields(view.fields)
    for join in view.joins:
        yield from named_fields(join.fields)


def own_keys(view: LogicalView) -> tuple[str, ...]:
    """Return the keys of a view's own fields that may be referred to."""
    return (INDEX, *_keys(named_fields(view.fields)))


def view_keys(view: LogicalView) -> tuple[str, ...]:
    """Return the keys of a view that may be referred to.

    Spec: https://kg-construct.github.io/rml-lv/spec/docs/#dfn-referenceable-key
    """
    return (INDEX, *_keys(all_fields(view)))


def _keys(fields: Iterable[tuple[str, Field]]) -> Iterator[str]:
    for name, each in fields:
        if isinstance(each, ExpressionField):
            yield name
        yield f"{name}.{INDEX}"


def field_of(key: str) -> str:
    """Return the absolute name of the field that a key is of; empty for the view's own index."""
    return key.removesuffix(INDEX).removesuffix(".") if key.endswith(f".{INDEX}") else key


def check_keys(
    view: LogicalView, wanted: Iterable[Reference], origin: Origin, *, own: bool = False
) -> None:
    """Check that a view has the keys that something refers to.

    Args:
        view: The view.
        wanted: The references.
        origin: Where they are.
        own: Whether only the view's own fields count, and not those that its joins add.

    Raises:
        InputError: It does not have one.
    """
    known = own_keys(view) if own else view_keys(view)
    for reference in wanted:
        if reference.name not in known:
            raise _no_key(view, reference.name, known, origin)


def _no_key(view: LogicalView, key: str, known: tuple[str, ...], origin: Origin) -> InputError:
    named = dict(all_fields(view))
    what = f"the view {view.name} has no field {key!r}"
    # An index is rarely meant where a field is written.
    likely = [each for each in known if each.endswith(INDEX) == key.endswith(INDEX)]
    guess = nearest(key, likely)
    hint = f"Did you mean {guess!r}? " if guess else ""
    if key == ROOT or isinstance(named.get(key), IterableField):
        what = f"{key!r} of the view {view.name} is a whole record, which is no value"
        inner = [each for each in known if each.startswith(f"{key}.")]
        hint = f"Refer to a field of it, such as {inner[-2]!r}. " if len(inner) > 1 else ""
    elif key in view_keys(view):
        what = f"{key!r} comes with a join of the view {view.name}, whose condition cannot use it"
        hint = ""
    shown = [each for each in known if not each.endswith(INDEX)] or list(known)
    return InputError(
        "bad-mapping",
        what,
        location=origin.location(),
        hint=f"{hint}It has: {', '.join(shown)}; and the index of each, such as {INDEX}.",
    )


# --- what views are made of ----------------------------------------------------------------------


def views_of(source: AbstractSource) -> Iterator[LogicalView]:
    """Yield the views that a source is made of, it included, each before those that need it."""
    if isinstance(source, LogicalView):
        yield from views_of(source.on)
        for join in source.joins:
            yield from views_of(join.parent)
        yield source


def sources_of(source: AbstractSource) -> Iterator[LogicalSource]:
    """Yield the logical sources that a source is made of: itself, or those under a view."""
    if isinstance(source, LogicalSource):
        yield source
    for view in views_of(source):
        if isinstance(view.on, LogicalSource):
            yield view.on
