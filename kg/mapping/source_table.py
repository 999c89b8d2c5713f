"""The table that a logical source, or a logical view, is read into.

It has, for the reference with index 3, the column ``c3``: its text, or, where the reference can
give several values, a list of ``{v: text, t: kind}``. Where values have natural datatypes, ``t3``
holds the kind: NULL for a text, ``i`` integer, ``d`` double, ``b`` boolean, ``n`` decimal, ``D``
date, ``T`` dateTime, ``t`` time, ``P`` duration, ``h`` hexBinary, ``!`` for what is not a single
value. A column of documents holds JSON instead, as `Column.is_document` says.

The table of a view is made of the table under it, one step after another. Fields, and values that
fields are made of, have numbers that continue those of that table's columns: field 7 has its text
in ``c7``, its kind in ``t7``, its index in ``i7``, its record in ``j7``, and its text read as a
document in ``d7``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from kg.mapping.jsonpath import Step
from kg.mapping.plan import NOWHERE, Expression, Formulation, LogicalSource, Origin, Reference
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Nest:
    """The parts of a record, found by who reads it: a list of items.

    An item is the JSON object ``{"c": […], "n": […]}``: for each reference the list of its values,
    and for each inner nest the list of its items.

    Attributes:
        iterator: Leads to the items.
        references: What is taken out of an item.
        nests: The parts of an item.
    """

    iterator: str
    references: tuple[str, ...]
    nests: tuple[Nest, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """What a source table holds for one reference.

    Attributes:
        reference: As the mapping writes it.
        index: Its number in the table: ``c<index>`` and ``t<index>``.
        many: Whether it holds a list of values.
        typed: Whether it holds kinds of natural datatypes beside the texts.
        textual: Whether a number must keep the text that the source has for it.
        origin: Where the mapping refers to it first.
        is_document: Whether it holds JSON: the values as they are, or a list of ``{v: JSON}``.
        nest: What the items of the list have, where they are those of a nest.
        needs: Groups of references; a record that lacks one of each group makes no statement of
            the value. Empty: the value may always count.
    """

    reference: str
    index: int
    many: bool
    typed: bool
    textual: bool = True
    origin: Origin = field(default=NOWHERE, compare=False)
    is_document: bool = False
    nest: Nest | None = None
    needs: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    """A column that is made of the others as a source is read: subjects, which all rules need."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class SourceTable:
    """The table of a logical source or view: ``file``, ``record``, and the columns.

    Attributes:
        name: Its name in SQL.
        source: What is read; of a view, the source under it, where ``file`` and ``record`` are.
        columns: One for each reference.
        computed: Columns made of these.
        sorted_by: Name of the computed column that the table is sorted by; empty: the records
            stay in the order of the source.
        rows: How the rows of a view are made; None for the table of a logical source.
        most_records: How many records of the source it has, the first ones; None: all.
        kept: Condition on its columns for the records that it has; empty: all.
        by_name: The columns by reference, without documents.
    """

    name: str
    source: LogicalSource
    columns: tuple[Column, ...] = field(hash=False)  # there may be many
    computed: tuple[Computed, ...] = ()
    sorted_by: str = ""
    rows: ViewRows | None = field(default=None, hash=False, compare=False)
    most_records: int | None = None
    kept: str = ""
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find columns by reference without going through all of them."""
        values = [column for column in reversed(self.columns) if not column.is_document]
        object.__setattr__(self, "by_name", {column.reference: column for column in values})

    @property
    def is_numbered(self) -> bool:
        """Whether it has the number of each row in ``kg_row``, from 0."""
        return self.rows is not None and self.rows.is_numbered

    @property
    def row(self) -> str:
        """Name of the column that, with ``file``, tells apart what the source iterates over."""
        return "kg_row" if self.is_numbered else "record"

    def with_computed(self, computed: Sequence[Computed], sorted_by: str) -> SourceTable:
        """Return the same table with columns that are computed as it is read, and its order."""
        return replace(self, computed=tuple(computed), sorted_by=sorted_by)

    def column(self, reference: Reference) -> Column:
        """Return the column of a reference."""
        return self.by_name[reference.name]


# --- views ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FieldValues:
    """An expression field: a row for each of its values; one with NULL where there is none.

    Attributes:
        number: Its number.
        expression: What it is made of.
        scope: Where the references of the expression are.
        document: A column of documents that it is the value of, instead.
    """

    number: int
    expression: Expression
    scope: SourceTable
    document: Column | None = None


@dataclass(frozen=True, slots=True)
class FieldDocument:
    """The text of a field, or its record, that is read as a document.

    Attributes:
        number: The field's number.
        name: Its absolute name, for messages.
        of: SQL name of the text: ``c7``, or ``j7`` for JSON.
        is_value: Whether, of JSON, a string holds the document; otherwise it is a record.
        formulation: What the document is.
        nest: What is looked for in it. None: it is JSON, whose parts SQL finds.
        namespaces: Those of XPaths.
        origin: Where the mapping says so.
    """

    number: int
    name: str
    of: str
    is_value: bool
    formulation: Formulation
    nest: Nest | None
    namespaces: tuple[tuple[str, str], ...] = ()
    origin: Origin = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class FieldItems:
    """An iterable field: a row for each of its records; one with NULL where there is none.

    Attributes:
        number: Its number.
        document: SQL name of the JSON that its records are in, or of a list of them; empty for the
            row itself.
        steps: Where they are; None: the document is the list.
        values: Columns of what is in a record, as for a source's table.
        paths: Where each of these is.
    """

    number: int
    document: str
    steps: tuple[Step, ...] | None
    values: tuple[Column, ...]
    paths: tuple[tuple[Step, ...], ...]


@dataclass(frozen=True, slots=True)
class JoinedRows:
    """A join with the table of another view.

    Attributes:
        number: Its number.
        parent: The other view's table.
        keys: Expressions of the own fields and of the parent's that must be equal.
        scope: Where the references of the own ones are.
        fields: Numbers of the fields that are added, with their expressions of parent's keys.
        indexed: Numbers of the fields whose index is needed.
        is_inner: Whether rows without a match are left out.
        is_unique: Whether a row has one match at most, as the mapping promises.
    """

    number: int
    parent: SourceTable
    keys: tuple[tuple[Expression, Expression], ...]
    scope: SourceTable
    fields: tuple[tuple[int, Expression], ...]
    indexed: frozenset[int]
    is_inner: bool
    is_unique: bool


@dataclass(frozen=True, slots=True)
class FieldIndex:
    """The index of a field as a value; with number -1, that of the view's iteration."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class FieldsThere:
    """Leaves out the rows where a field has no value: what an inner join that is saved does."""

    numbers: tuple[int, ...]


ViewStep = FieldValues | FieldDocument | FieldItems | JoinedRows | FieldIndex | FieldsThere


@dataclass(frozen=True, slots=True)
class ViewRows:
    """How the rows of a view are made.

    Attributes:
        name: The view's name.
        base: The table under it.
        steps: What is done one after another.
        shown: For each column of the view's table, the number that its value has.
        ordered: Numbers of the fields and joins that may make several rows of one.
        is_numbered: Whether rows are numbered.
    """

    name: str
    base: SourceTable
    steps: tuple[ViewStep, ...]
    shown: tuple[int, ...]
    ordered: tuple[int, ...]
    is_numbered: bool
    origin: Origin = field(default=NOWHERE, compare=False)

    @property
    def is_flat(self) -> bool:
        """Whether it has no more rows than the table under it."""
        return not self.ordered


def tables_under(table: SourceTable) -> tuple[SourceTable, ...]:
    """Return the tables that a table is made of: none for that of a logical source."""
    if table.rows is None:
        return ()
    joined = (step.parent for step in table.rows.steps if isinstance(step, JoinedRows))
    return (table.rows.base, *joined)
