"""The quads of the subjects that changed records have, without a look at most other records.

The quads of a subject are those that the records make which have it. So once it is known which
records came and went, the rules run for their subjects alone: over the records that came, where
each record has a subject of its own, else over all records with one of these subjects. What this
cannot be said of (lists of the members of many records, views, terms made of the number of a
record, joins with records that have changed) is refused, and the plan is run as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import only_row, sql_text
from kg.engines.duckdb.blocks import Codes
from kg.engines.duckdb.compile import compile_plan
from kg.engines.duckdb.counting import count_all
from kg.engines.duckdb.loading import FEWEST_COLUMNS, drop_table
from kg.engines.duckdb.losses_sql import LossPrinter
from kg.engines.duckdb.prepare import prepare
from kg.engines.duckdb.program import Program, RuleSql
from kg.engines.duckdb.view_loading import load_any
from kg.engines.loaded import LoadedTable
from kg.engines.outcome import LossCount, MapCount
from kg.mapping.plan import LogicalSource, Plan
from kg.mapping.rules import Fixed, Gathered, Iri, MapRules, Parent, Rule, bare
from kg.mapping.source_table import SourceTable, tables_under
from kg.quads import spooled
from kg.records import dataclass
from kg.sources import Folders

# Tables that `Again` makes: the subjects of changed records (s, the triples map m, whether a record
# that went has it and whether one that came does), and the quads of these subjects.
SUBJECTS: Final = "kg_subjects"
ANEW: Final = "kg_anew"
# Subjects that are looked at one by one.
MOST_SUBJECTS: Final = 20_000
_TEXT: Final = re.compile(r"'(?:[^']|'')*'")
_PLACE: Final = re.compile(r"\b(?:file|record|kg_row)\b")


class NotAgainError(Exception):
    """The plan must be run as a whole."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A source of which some records have changed.

    Attributes:
        gone: A source with the records that went.
        come: A source with the records that came.
        lost: How many records went.
        new: How many records came.
    """

    gone: LogicalSource
    come: LogicalSource
    lost: int
    new: int


class Again:
    """Runs the rules of a plan for the subjects of changed records.

    Args:
        connection: A connection of its own to a database from `kg.duck.engine`.
        plan: The plan.
        changed: What has changed of its sources.
        folders: Where the sources are.

    Raises:
        NotAgainError: The quads of these subjects may hang on more than records that have them.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        plan: Plan,
        changed: Mapping[LogicalSource, Changed],
        folders: Folders,
    ) -> None:
        self.connection = connection
        self.changed = changed
        self.folders = folders
        prepare(connection, plan, folders)
        self.program = compile_plan(plan, None)
        self.tables = {table.name: table for table in self.program.tables}
        self.maps = {each.name: each for each in self.program.maps}
        self.rules: dict[str, list[RuleSql]] = {name: [] for name in self.maps}
        for rule in self.program.rules:
            self.rules[rule.triples_map].append(rule)
        self.at = {name for name, table in self.tables.items() if table.source in changed}
        self.loaded: dict[str, LoadedTable] = {}
        _check(self.program, self.tables, self.at)

    @property
    def of_changed(self) -> list[MapRules]:
        """The triples maps of the changed sources."""
        return [each for each in self.program.maps if each.table.name in self.at]

    def count(self, before: Mapping[str, MapCount]) -> dict[str, MapCount]:
        """Find the subjects of changed records, and count anew what their triples maps lose.

        Args:
            before: What each triples map has read and lost before.

        Returns:
            What each reads and loses now.

        Raises:
            NotAgainError: The subjects are many, or the doubts about values may be others.
        """
        self.connection.execute(
            f"CREATE TEMP TABLE {SUBJECTS} (s VARCHAR, m INTEGER, went BOOLEAN, came BOOLEAN)"
        )
        for each in self.of_changed:
            for rule in self.rules[each.name]:
                for other in rule.tables[1:]:
                    self._load(self.tables[other])
        sides = []
        for is_new in (False, True):
            for name in self.at:
                table, changed = self.tables[name], self.changed[self.tables[name].source]
                entry = self._load(
                    replace(table, source=changed.come if is_new else changed.gone), is_own=True
                )
                if entry.records != (changed.new if is_new else changed.lost):
                    raise NotAgainError  # a record has several lines after all
            sides.append(self._counts())
            self._note_subjects(is_new=is_new)
            for name in () if is_new else self.at:
                self._drop(name)
        row = only_row(self.connection.execute(f"SELECT count(*) FROM {SUBJECTS}"))
        if row[0] > MOST_SUBJECTS:
            raise NotAgainError
        return dict(before) | {
            each.name: _recounted(each, before[each.name], *(side[each.name] for side in sides))
            for each in self.of_changed
        }

    def make(self, spool: Path, old: str) -> None:
        """Make the quads of these subjects.

        Args:
            spool: What `kg.rdf.spool_rdf` wrote.
            old: The table of the quads that they had, for a FROM clause.

        Raises:
            NotAgainError: Two records have one subject that each should have alone.
        """
        run = [each for each in self.program.maps if self._may_make(each)]
        whole = {name for name in self.at if not self._is_fresh(name, old)}
        others = {n for each in run for rule in self.rules[each.name] for n in rule.tables[1:]}
        for name in self.at & whole:
            self._drop(name)
        for name in sorted(others):
            self._load(self.tables[name])
        for name in dict.fromkeys(each.table.name for each in run):
            if name not in self.loaded:
                self._load(self._of_subjects(name, run))
        for name in whole:
            self._check_shared(name)
        self.connection.execute(
            "CREATE TEMP TABLE kg_made (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)"
        )
        codes = Codes(self.program.order, None, None)
        selects = [codes.decoded(r.sql) for each in run for r in self.rules[each.name]]
        for select in (*selects, spooled(spool)):
            self.connection.execute(
                f"INSERT INTO kg_made SELECT * FROM ({select})"
                f" WHERE s IN (SELECT s FROM {SUBJECTS})"
            )
        self.connection.execute(f"CREATE TEMP TABLE {ANEW} AS SELECT DISTINCT * FROM kg_made")

    def _load(self, table: SourceTable, *, is_own: bool = False) -> LoadedTable:
        if table.name not in self.loaded:
            folders = replace(self.folders, inside=None) if is_own else self.folders
            under = [self._load(each) for each in tables_under(table)]
            entry = load_any(self.connection, table, under, folders)
            if entry.incomplete:
                raise NotAgainError  # there is a bad value
            self.loaded[table.name] = entry
        return self.loaded[table.name]

    def _drop(self, name: str) -> None:
        drop_table(self.connection, self.loaded.pop(name))

    def _counts(self) -> dict[str, MapCount]:
        some = replace(self.program, maps=tuple(self.of_changed))
        found = count_all(self.connection, some, tuple(self.loaded.values())).maps
        return {count.triples_map: count for count in found}

    def _note_subjects(self, *, is_new: bool) -> None:
        for number, each in enumerate(self.program.maps):
            for rule in self.rules[each.name][:1] if each.table.name in self.at else ():
                subject = rule.subject
                self.connection.execute(
                    f"INSERT INTO {SUBJECTS} SELECT DISTINCT {subject.whole}, {number},"
                    f" {not is_new}, {is_new} FROM {subject.rows} WHERE {subject.rest} IS NOT NULL"
                )

    def _may_make(self, each: MapRules) -> bool:
        """Return whether a triples map may make one of the subjects."""
        made = _could_be(each, "s")
        query = f"SELECT 1 FROM {SUBJECTS} WHERE {made} LIMIT 1"
        return bool(self.rules[each.name]) and self._finds(query)

    def _is_fresh(self, name: str, old: str) -> bool:
        """Return whether only records that came have the subjects, of those in a table."""
        return all(
            self._has_own(each) and not self._shares(number, each, old)
            for number, each in enumerate(self.program.maps)
            if each.table.name == name and self.rules[each.name]
        )

    def _has_own(self, each: MapRules) -> bool:
        """Return whether each record is to have a subject of its own, and makes a quad of it."""
        printer = LossPrinter(each)
        return (
            printer.has_own_subject()
            and not printer.chosen
            and any(_is_always(rule) for rule in self.rules[each.name])
        )

    def _shares(self, number: int, each: MapRules, old: str) -> bool:
        """Return whether a record that stayed may have one of the subjects."""
        own = f"SELECT s FROM {SUBJECTS} WHERE m = {number}"
        gone = f"{own} AND went"
        others = f"SELECT 1 FROM {SUBJECTS} WHERE {_could_be(each, 's')} AND s NOT IN ({own})"
        known = f"SELECT 1 FROM {old} WHERE s IN ({own} AND came) AND s NOT IN ({gone})"
        return self._finds(f"{others} LIMIT 1") or self._finds(f"{known} LIMIT 1")

    def _of_subjects(self, name: str, run: Sequence[MapRules]) -> SourceTable:
        """Return a table for the records alone that have one of the subjects."""
        table = self.tables[name]
        maps = [each.name for each in run if each.table.name == name]
        subjects = {rule.subject for each in maps for rule in self.rules[each]}
        is_wide = len(table.columns) > FEWEST_COLUMNS
        if table.rows is not None or is_wide or any(each.rows != name for each in subjects):
            raise NotAgainError  # a view, or a record has several subjects
        whole = sorted({each.whole for each in subjects})
        return replace(
            table, kept=" OR ".join(f"{each} IN (SELECT s FROM {SUBJECTS})" for each in whole)
        )

    def _check_shared(self, name: str) -> None:
        for each in self.program.maps:
            if each.table.name != name or name not in self.loaded:
                continue
            if LossPrinter(each).has_own_subject():
                subject = self.program.subjects[each.name]
                row = only_row(
                    self.connection.execute(
                        f"SELECT count({subject.apart}), count(DISTINCT {subject.apart})"
                        f" FROM {subject.rows}"
                    )
                )
                if row[0] != row[1]:
                    raise NotAgainError

    def _finds(self, query: str) -> bool:
        return self.connection.execute(query).fetchone() is not None


def _check(program: Program, tables: Mapping[str, SourceTable], at: set[str]) -> None:
    """Refuse a program whose quads of a subject hang on more than the records that have it."""
    over = set(at)
    for name, table in tables.items():
        if any(under.name in over for under in tables_under(table)):
            over.add(name)
    if over != at:
        raise NotAgainError  # a view of what has changed
    if any(len(tables[name].columns) > FEWEST_COLUMNS for name in at):
        raise NotAgainError
    for rule in program.rules:
        if rule.sorts or rule.makers or at & {*rule.tables[1:]}:
            raise NotAgainError
        if rule.tables[0] in at and rule.subject.rows != rule.tables[0]:
            raise NotAgainError  # a record has several subjects
    made = [rule.sql for rule in program.rules if rule.tables[0] in at]
    made += [column.sql for name in at for column in tables[name].computed]
    for sql in made:
        if _PLACE.search(_TEXT.sub("''", sql)):
            raise NotAgainError  # a term is made of the number of a record
    if any(each.collections or any(map(_gathers, each.rules)) for each in program.maps):
        raise NotAgainError


def _gathers(rule: Rule) -> bool:
    made = rule.object.subject if isinstance(rule.object, Parent) else rule.object
    terms = (rule.subject, rule.predicate, made, *([rule.graph] if rule.graph else ()))
    return any(isinstance(bare(term), Gathered) for term in terms)


def _could_be(each: MapRules, term: str) -> str:
    """Return the condition that a triples map could make a subject, by what it starts with."""
    made = bare(each.subject)
    if isinstance(made, Fixed):
        return f"{term} = {sql_text(made.term)}"
    if isinstance(made, Iri):
        return f"starts_with({term}, {sql_text('<' + made.prefix)})"
    return "true"


def _is_always(rule: RuleSql) -> bool:
    """Return whether a rule makes a quad of each record that has a subject."""
    terms = rule.terms.values()
    return bool(rule.terms) and not rule.condition and not any(t.missing or t.many for t in terms)


def _recounted(rules: MapRules, old: MapCount, gone: MapCount, come: MapCount) -> MapCount:
    """Return what a triples map reads and loses after records came and went.

    Raises:
        NotAgainError: What is told has examples, which may be others now.
    """
    counts = (old, gone, come)
    records = old.records - gone.records + come.records
    if not old.records or not records or any(map(_has_examples, counts)):
        raise NotAgainError
    found: dict[LossCount, int] = {}
    for count, sign in ((old, 1), (gone, -1), (come, 1)):
        for loss in count.losses:
            key = replace(loss, records=0)
            found[key] = found.get(key, 0) + sign * loss.records
    if any(len({replace(loss, records=0) for loss in c.losses}) < len(c.losses) for c in counts):
        raise NotAgainError
    lost = tuple(_in_order(rules, [replace(key, records=n) for key, n in found.items() if n]))
    return replace(old, records=records, losses=lost)


def _has_examples(count: MapCount) -> bool:
    return bool(
        count.notes
        or count.shared
        or count.ill_typed
        or (count.records and (count.nothing or count.empty))
        or any(loss.unfit or loss.place for loss in count.losses)
    )


def _in_order(rules: MapRules, losses: Iterable[LossCount]) -> Iterator[LossCount]:
    """Yield losses in the order in which they are counted."""
    order: dict[object, int] = {
        (each.what, each.references, each.parent, each.is_partial, each.origin.location()): number
        for number, each in enumerate(LossPrinter(rules).losses())
    }

    def place(loss: LossCount) -> int:
        return order[loss.what, loss.references, loss.parent, loss.is_partial, loss.origin]

    yield from sorted(losses, key=place)
