"""What is found out about the records of a source before any quad is made, in one query of sums.

It counts records, losses, and values that make no term or are not of their datatype. Only for what
is there the records are looked for, with their files and numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kg.engines.doubtful import advice, no_value, unfit
from kg.engines.outcome import IllTyped, LossCount, MapCount
from kg.engines.spark import words
from kg.engines.spark.compile import Joins
from kg.engines.spark.dialect import text
from kg.engines.spark.losses_sql import LossPrinter
from kg.engines.spark.session import translated
from kg.engines.spark.sources import Loaded
from kg.engines.spark.term_sql import TermPrinter
from kg.engines.sql.losses import LossSql, UnfitSql
from kg.errors import MOST_TOLD, InputError, InputErrors, LimitError, Location
from kg.mapping.plan import Formulation, LogicalSource
from kg.mapping.rules import Check, Crossing, MapRules
from kg.mapping.source_table import Column
from kg.rejects import Rejects
from kg.sources.nothing import why_nothing
from kg.terms import XSD
from kg.wording import counted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Sums that one query makes; Java limits the size of a method.
_AT_ONCE: Final = 60
# The largest sum that is told as it is.
_MOST: Final = 1e18
# Combinations of values that one record may give.
MOST_COMBINATIONS: Final = 1_000_000
# Values that are left out of which each is written down.
MOST_NOTED: Final = 100_000


class Lists(Exception):
    """References to single values have lists: the plan is to be read anew with their members.

    Attributes:
        found: Sources, each with the references.
    """

    def __init__(self, *found: tuple[LogicalSource, Sequence[str]]) -> None:
        super().__init__()
        self.found = found


@dataclass(slots=True)
class _Sums:
    """Sums over the rows of a FROM clause."""

    rows: str = ""
    found: dict[str, int] = field(default_factory=dict)
    values: list[int | None] = field(default_factory=list)

    def add(self, sql: str) -> int:
        """Take the SQL of a sum, which is a whole number; return its number in `values`."""
        return self.found.setdefault(sql, len(self.found))

    def count(self, condition: str) -> int:
        """Take a condition on records."""
        return self.add(f"count_if({condition})")

    def of(self, number: int) -> int:
        """Return a sum; none is 0."""
        return self.values[number] or 0


def _run(spark: SparkSession, sums: Sequence[_Sums]) -> None:
    """Make the sums of several sources, in one query: each query has its price."""
    queries: list[str] = []
    for number, each in enumerate(sums):
        listed, each.values = list(each.found), [None] * len(each.found)
        for start in range(0, len(listed), _AT_ONCE):
            # Doubles are exact as far as records can be counted.
            some = (f"CAST({sql} AS DOUBLE)" for sql in listed[start : start + _AT_ONCE])
            place = f"{number} AS n, {start} AS start"
            queries.append(f"SELECT {place}, array({', '.join(some)}) AS made FROM {each.rows}")
    with translated():
        found = spark.sql(" UNION ALL ".join(queries)).collect() if queries else []
    for number, start, made in found:
        values = [None if value is None else int(min(value, _MOST)) for value in made]
        sums[number].values[start : start + len(values)] = values


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers of the sums that are asked of a source.

    Attributes:
        records: Records.
        bad: Those that cannot be read.
        typed: Columns whose values can be none, with the number of these, and of lists in them.
        wrong: Checks with the number of values that do not pass them.
        maps: What is asked of each triples map.
    """

    records: int
    bad: int
    typed: Sequence[tuple[Column, int, int]]
    wrong: Sequence[tuple[Check, int]]
    maps: Sequence[_Map]


@dataclass(slots=True)
class Survey:
    """Looks through the records of one source.

    Attributes:
        spark: The session.
        loaded: The source.
        maps: The triples maps over it.
        sums: What is summed up of the records that count.
        of_all: What is summed up of all records; where none is left out, these are the same.
        joins: Parents that records are looked up in.
        wrong: The checks that values do not pass, once records are counted.
    """

    spark: SparkSession
    loaded: Loaded
    maps: Sequence[MapRules]
    sums: _Sums = field(default_factory=_Sums)
    of_all: _Sums = field(default_factory=_Sums)
    joins: Joins = field(default_factory=Joins)
    wrong: list[Check] = field(default_factory=list)

    def ask(self, rejects: Rejects | None) -> _Numbers:
        """Ask for the sums that tell what there is to know of the source."""
        table, sums = self.loaded.table, self.sums
        records = sums.add("count(*)")
        if rejects is None:
            self.of_all = sums
        bad = self.of_all.count("kg_bad")
        typed = [
            (
                c,
                self.of_all.count(_is_bad(c)),
                -1
                if c.many
                else self.of_all.count(f"{_is_bad(c)} AND startswith(c{c.index}, '[')"),
            )
            for c in table.columns
            if c.typed
        ]
        checks = dict.fromkeys(check for each in self.maps for check in each.checks)
        printer = TermPrinter(table)
        wrong = [
            (check, sums.add(_total(words.count(printer.bad_values(check))))) for check in checks
        ]
        maps = [_Map(each, self) for each in self.maps]
        self.of_all.rows = self.loaded.base
        sums.rows = self.joins.over(table.name)
        return _Numbers(records, bad, typed, wrong, maps)

    def counts(self, asked: _Numbers, rejects: Rejects | None) -> list[MapCount]:
        """Return the counts of each triples map, once the sums are made."""
        of_all = self.of_all
        if of_all.of(asked.bad):
            self._bad_records(of_all.of(asked.bad), rejects)
        listed = [c.reference for c, _, n in asked.typed if n >= 0 and of_all.of(n)]
        source = self.loaded.table.source
        can_be_listed = self.loaded.under is None and source.has_members
        if listed and can_be_listed and source.formulation is Formulation.JSON:
            raise Lists((source, listed))
        self._odd_values([(c, of_all.of(n)) for c, n, _ in asked.typed], rejects)
        self.wrong = [check for check, n in asked.wrong if self.sums.of(n)]
        return [each.count(self.sums.of(asked.records)) for each in asked.maps]

    # --- what is wrong ------------------------------------------------------------------------

    def _bad_records(self, count: int, rejects: Rejects | None) -> None:
        kind = self.loaded.table.source.formulation
        is_csv = kind is Formulation.CSV
        code = "bad-csv" if is_csv else "bad-json"
        message = (
            "the record does not have as many fields as the header, or a quote without a partner"
            if is_csv
            else "the document is not valid JSON"
        )
        if rejects is not None:
            key = ("bad record", self.loaded.table.source)
            with rejects.noting(*key) as note:
                for place, _ in self.places("kg_bad", "''", MOST_NOTED, is_all=True):
                    note(place, "", message)
            return
        errors = [
            InputError(code, message, location=place, hint="Mend the file here.")
            for place, _ in self.places("kg_bad", "''", MOST_TOLD)
        ]
        raise self._together(errors, count)

    def _odd_values(self, found: Sequence[tuple[Column, int]], rejects: Rejects | None) -> None:
        errors: list[InputError] = []
        count = 0
        kind = self.loaded.table.source.formulation
        for column, number in found:
            if not number:
                continue
            count += number
            value = f"c{column.index}"
            if column.many:
                value = f"filter({value}, e -> e.t = '!')[0].v"
            most = MOST_NOTED if rejects is not None else MOST_TOLD
            placed = self.places(_is_bad(column), value, most, column.reference, is_all=True)
            told = [no_value(v, column.reference, place, kind) for place, v in placed]
            if rejects is not None:
                key = ("no value", self.loaded.table.source, column.reference)
                with rejects.noting(*key, of_records=False) as note:
                    for (place, shown), error in zip(placed, told, strict=True):
                        note(place, shown, error.message)
            errors += told
        if errors and rejects is None:
            raise self._together(errors, count)

    def _together(self, errors: Sequence[InputError], count: int) -> InputError:
        return together(errors, count, [self.loaded])

    # --- places -------------------------------------------------------------------------------

    def places(
        self,
        condition: str,
        value: str,
        most: int,
        column: str | None = None,
        *,
        is_all: bool = False,
    ) -> list[tuple[Location, str]]:
        """Return the first records where a condition holds, with a value of each.

        Args:
            condition: The condition.
            value: SQL of the value.
            most: How many records at most.
            column: What the value is of.
            is_all: Whether records are looked at that do not count.
        """
        view = self.loaded.base if is_all else self.joins.over(self.loaded.table.name)
        return self.placed(
            f"SELECT *, {value} AS value FROM {view} WHERE {condition}", most, column
        )

    def placed(self, rows: str, most: int, column: str | None) -> list[tuple[Location, str]]:
        """Return the first rows of a query for records, with the column ``value`` of each."""
        with translated():
            found = self.spark.sql(
                f"SELECT kg_p, kg_b, kg_i, value FROM ({rows})"
                f" ORDER BY kg_p, kg_b, kg_i LIMIT {most}"
            ).collect()
        return [(self._place(p, b, i).within(column), str(v)) for p, b, i, v in found]

    def _place(self, path: str, block: int, number: int) -> Location:
        loaded = self.loaded
        count_records(self.spark, loaded)
        least, before = loaded.firsts[path, block]
        record = before + number - least + 1
        line = None
        if loaded.has_lines:
            has_header = loaded.table.source.formulation is Formulation.CSV
            line = record + (has_header and loaded.table.source.dialect.header)
        return Location(loaded.parts[loaded.number(path)].shown, line, record=record)


def count_records(spark: SparkSession, loaded: Loaded) -> None:
    """Count the records of each block of a source's files, so that records have numbers."""
    if loaded.under is not None:
        count_records(spark, loaded.under)
    if loaded.firsts:
        return
    with translated():
        rows = spark.sql(
            f"SELECT kg_p, kg_b, min(kg_i), count(*) FROM {loaded.base} GROUP BY kg_p, kg_b"
            " ORDER BY kg_p, kg_b"
        ).collect()
    for path, block, least, count in rows:
        before = loaded.counts.get(path, 0)
        loaded.firsts[path, block] = (least, before)
        loaded.counts[path] = before + count


class _Map:
    """What is asked of a triples map, and what comes of it."""

    def __init__(self, rules: MapRules, survey: Survey) -> None:
        self.rules, self.survey = rules, survey
        printer = LossPrinter(rules, survey.joins)
        self.losses = list(printer.losses())
        self.suspects = [*printer.ill_typed(), *printer.doubtful()]
        sums = survey.sums
        self.lost = [sums.count(loss.missing) if not loss.found else -1 for loss in self.losses]
        self.unfit = [sums.add(_total(each.count)) for each in self.suspects]
        self.crossed = [
            (sums.add(f"max({_combinations(c)})"), sums.count(f"{_crosses(c)} > 1"))
            for c in rules.losses.crossings
        ]

    def count(self, records: int) -> MapCount:
        """Return the counts of the triples map."""
        sums, source = self.survey.sums, self.survey.loaded.table.source
        origin = self.rules.origin.location()
        if not records:
            nothing = self._nothing(source)
            return MapCount(self.rules.name, 0, (), nothing=nothing, origin=origin)
        notes = [*self._crossings(), *self.rules.losses.notes]
        lost = (
            (loss, sums.of(n) if n >= 0 else self._lacking(loss))
            for loss, n in zip(self.losses, self.lost, strict=True)
        )
        unfit = zip(self.suspects, (sums.of(n) for n in self.unfit), strict=True)
        return MapCount(
            self.rules.name,
            records,
            tuple(self._loss(loss, number) for loss, number in lost if number),
            tuple(notes),
            ill_typed=tuple(self._ill_typed(each, number) for each, number in unfit if number),
            origin=origin,
        )

    def _nothing(self, source: LogicalSource) -> str:
        """Return why there is no record."""
        loaded = self.survey.loaded
        if loaded.under is not None and _has_records(self.survey.spark, loaded.under):
            rows = loaded.table.rows
            assert rows is not None
            return f"no record is left by the joins of the view {rows.name}"
        far = any(part.name for part in loaded.parts)
        return "" if far else why_nothing(source, loaded.parts)

    def _lacking(self, loss: LossSql) -> int:
        view = self.survey.loaded.table.name
        with translated():
            row = self.survey.spark.sql(
                f"SELECT count(*) FROM {view} LEFT ANTI JOIN ({loss.found})"
                f" ON kg_p = p0 AND kg_b = b0 AND kg_i = i0 WHERE {loss.missing}"
            ).collect()[0]
        return int(row[0])

    def _loss(self, loss: LossSql, number: int) -> LossCount:
        why = ""
        if loss.unfit is not None:
            place, value = self.survey.places(
                loss.missing, loss.unfit.first, 1, " ".join(loss.references) or None
            )[0]
            why = f"{unfit(loss.unfit.what, value)}, at {place}"
        return LossCount(
            loss.what,
            loss.references,
            number,
            loss.parent,
            why,
            is_partial=loss.is_partial,
            origin=loss.origin.location(),
        )

    def _ill_typed(self, each: UnfitSql, number: int) -> IllTyped:
        place, value = self.survey.places(
            f"{each.count} > 0", each.first, 1, " ".join(each.references) or None
        )[0]
        datatype = each.what.removeprefix(XSD)
        shown = f"xsd:{datatype}" if datatype != each.what else each.what
        told = each.advice or advice(datatype, value)
        return IllTyped(number, shown, each.references, value, place, told)

    def _crossings(self) -> list[str]:
        notes, sums = [], self.survey.sums
        for crossing, (most, several) in zip(
            self.rules.losses.crossings, self.crossed, strict=True
        ):
            together = " and ".join(dict.fromkeys(crossing.references))
            if sums.of(most) > MOST_COMBINATIONS:
                place, _ = self.survey.places(
                    f"{_combinations(crossing)} > {MOST_COMBINATIONS}", "''", 1
                )[0]
                raise LimitError(
                    "too-many-combinations",
                    f"{together} make {sums.of(most):,} combinations in one record;"
                    f" {MOST_COMBINATIONS:,} are allowed",
                    location=place,
                    hint="Make the element that they belong to the iterator.",
                )
            if sums.of(several) and crossing.is_template:
                notes.append(
                    f"a template pairs each value of {' with each of '.join(crossing.references)},"
                    f" in {counted(sums.of(several), 'record')}; to keep values of one element"
                    " together, make it the iterator"
                )
        return notes


def _has_records(spark: SparkSession, loaded: Loaded) -> bool:
    with translated():
        return bool(spark.sql(f"SELECT 1 FROM {loaded.view} LIMIT 1").collect())


def run_surveys(surveys: Sequence[Survey], rejects: Rejects | None) -> dict[str, MapCount]:
    """Return the counts of the triples maps over some sources, by name.

    Args:
        surveys: One for each source.
        rejects: Where to note what is left out; None: it is an error.

    Raises:
        InputError: A record cannot be read, or a value is none.
        Lists: References to single values have lists.
        LimitError: A record gives too many combinations of values.
    """
    if not surveys:
        return {}
    asked = [survey.ask(rejects) for survey in surveys]
    sums = [survey.sums for survey in surveys]
    if rejects is not None:
        # Of what is left out, the view of the records that count tells nothing.
        sums += [survey.of_all for survey in surveys]
    _run(surveys[0].spark, sums)
    counts: dict[str, MapCount] = {}
    lists: list[tuple[LogicalSource, Sequence[str]]] = []
    for survey, numbers in zip(surveys, asked, strict=True):
        try:
            counts |= {count.triples_map: count for count in survey.counts(numbers, rejects)}
        except Lists as found:
            lists += found.found
    if lists:
        raise Lists(*lists)
    return counts


def together(errors: Sequence[InputError], count: int, loaded: Sequence[Loaded]) -> InputError:
    """Return one error for what is wrong with some values of sources.

    Args:
        errors: The first errors.
        count: How many there are in all.
        loaded: The sources.
    """
    if count == 1:
        return errors[0]
    files = list(dict.fromkeys(part.shown for each in loaded for part in each.parts))
    return InputErrors(errors, files[0] if len(files) == 1 else "the sources", count)


def _total(count: str) -> str:
    return f"coalesce(sum({count}), 0)"


def _is_bad(column: Column) -> str:
    if column.many:
        return f"exists(c{column.index}, e -> e.t <=> '!')"
    return f"t{column.index} <=> {text('!')}"


def _combinations(crossing: Crossing) -> str:
    return " * ".join(f"CAST(size(c{c.index}) AS DOUBLE)" for c in crossing.columns)


def _crosses(crossing: Crossing) -> str:
    columns = dict.fromkeys(crossing.columns)
    return " + ".join(f"CAST(size(c{c.index}) > 1 AS INT)" for c in columns)
