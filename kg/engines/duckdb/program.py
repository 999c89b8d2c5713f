"""What a plan compiles to: tables to read, and queries that make quads out of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from kg.engines.duckdb.order import SubjectOrder
from kg.engines.duckdb.term_sql import TermSql
from kg.mapping.plan import LogicalTarget
from kg.mapping.rules import Check, MapRules
from kg.mapping.source_table import SourceTable
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class SubjectSql:
    """Where the rules of a triples map find its subjects.

    Attributes:
        rows: What is in their FROM clause.
        block: Number of the block, as SQL.
        rest: The subject without what its block shares, as SQL.
        whole: The subject as a term, as SQL.
        number: Number of the block, where all subjects are in the same and one stream may give
            all of their quads.
        place: What `block` is for all subjects; None where that hangs on the record.
    """

    rows: str
    block: str
    rest: str
    whole: str
    number: int | None = None
    place: int | None = None

    @property
    def apart(self) -> str:
        """What tells subjects apart, as SQL; NULL where there is none."""
        return self.whole if self.place is None else self.rest

    @property
    def kept(self) -> dict[str, str]:
        """The columns that a quad has of it."""
        return {"b": self.block, "s": self.rest}


@dataclass(frozen=True, slots=True)
class RuleSql:
    """A query that makes quads: columns b, s, p, o, g.

    ``b`` and ``s`` are a subject as `Program.order` writes it. ``p`` and ``g`` are numbers into
    `Program.predicates` and `Program.graphs`, or terms where the program has no such lists;
    the default graph is -1 there, else NULL.

    Attributes:
        triples_map: Name of the triples map.
        sql: The query.
        tables: Names of the source tables that are read, first that of the records.
        subject: Where the subjects are.
        targets: Bits of the targets in `Program.targets` that its quads go to; 0: the default
            output.
        terms: The terms p, o and g; empty where the rule has a join.
        condition: Which records count, as SQL; empty: all.
        sorts: Whether the query sorts its rows, so that it is better run alone.
        makers: Names of the source tables whose records make quads, whatever the other tables
            hold; empty: the first of `tables` alone. Several maps may make one collection.
        absent: Conditions on the first of `tables`: where one holds for all records, there is no
            quad. They are written as those of losses are, which are counted anyway.
    """

    triples_map: str
    sql: str
    tables: tuple[str, ...]
    subject: SubjectSql
    targets: int = 0
    terms: Mapping[str, TermSql] = field(default_factory=dict, repr=False)
    condition: str = field(default="", repr=False)
    sorts: bool = False
    makers: tuple[str, ...] = ()
    absent: tuple[str, ...] = field(default=(), repr=False)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the source tables of which one must have a record for any quad."""
        return self.makers or self.tables[:1]


@dataclass(frozen=True, slots=True)
class Stream:
    """All quads of one block of subjects, in order, without a sort of quads.

    It gives them if the table is sorted by the column and no subject is in it twice, and if
    no other rule makes subjects of the block: rules that it stands for are left out then.

    Attributes:
        block: Number of the block.
        table: Name of the source table.
        column: The computed column that holds the rest of the subject.
        sql: Query for b, s, p, o, g.
        joins: Whether the query has a join.
        rules: Numbers of the rules in `Program.rules` that it stands for.
    """

    block: int
    table: str
    column: str
    sql: str
    joins: bool
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled plan.

    Attributes:
        tables: Source tables, each to be read once.
        checks: What must be looked at once a value makes no valid term.
        maps: The triples maps that the rules are of, with what is counted of them.
        subjects: Where the subjects of each triples map are.
        order: How subjects are written while they are sorted.
        predicates: Constant predicates in sort order; None where a predicate is not constant.
        graphs: Constant graphs in sort order; None exactly where `predicates` is.
        targets: Files that quads go to instead of to the default output.
    """

    tables: tuple[SourceTable, ...]
    rules: tuple[RuleSql, ...]
    streams: tuple[Stream, ...]
    checks: tuple[Check, ...]
    maps: tuple[MapRules, ...]
    subjects: Mapping[str, SubjectSql]
    order: SubjectOrder
    predicates: tuple[str, ...] | None
    graphs: tuple[str, ...] | None
    targets: tuple[LogicalTarget, ...] = ()
