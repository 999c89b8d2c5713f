"""What is found out about the records of a source before any quad is made, in one query of sums.

It counts records, losses, and values that make no term or are not of their datatype. Only for what
is there the records are looked for, with their files and numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

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
from kg.mapping.plan import Formulation
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
# Combinations of values that one record may give.
MOST_COMBINATIONS: Final = 1_000_000
# Values that are left out of which each is written down.
MOST_NOTED: Final = 100_000


class Lists(Exception):
    """References to single values have lists: the plan is to be read anew with their members."""

    def __init__(self, loaded: Loaded, names: Sequence[str]) -> None:
        super().__init__()
        self.source = loaded.table.source
        self.names = names


@dataclass(slots=True)
class _Sums:
    """Sums over the records of a source, made together."""

    found: dict[str, int] = field(default_factory=dict)
    values: tuple[Any, ...] = ()

    def add(self, sql: str) -> int:
        """Take the SQL of a sum; return its number in `values`."""
        return self.found.setdefault(sql, len(self.found))

    def count(self, condition: str) -> int:
        """Take a condition on records."""
        return self.add(f"count_if({condition})")

    def run(self, spark: SparkSession, rows: str) -> None:
        """Make the sums."""
        values: tuple[Any, ...] = ()
        listed = list(self.found)
        for start in range(0, len(listed), _AT_ONCE):
            some = listed[start : start + _AT_ONCE]
            with translated():
                values += tuple(spark.sql(f"SELECT {', '.join(some)} FROM {rows}").collect()[0])
        self.values = values


@dataclass(slots=True)
class Survey:
    """Looks through the records of one source.

    Attributes:
        spark: The session.
        loaded: The source.
        maps: The triples maps over it.
        sums: What is summed up.
        joins: Parents that records are looked up in.
        wrong: The checks that values do not pass, once records are counted.
    """

    spark: SparkSession
    loaded: Loaded
    maps: Sequence[MapRules]
    sums: _Sums = field(default_factory=_Sums)
    joins: Joins = field(default_factory=Joins)
    wrong: list[Check] = field(default_factory=list)

    def counts(self, rejects: Rejects | None) -> list[MapCount]:
        """Return the counts of each triples map.

        Args:
            rejects: Where to note what is left out; None: it is an error.

        Raises:
            InputError: A record cannot be read, or a value is none.
            Lists: A reference to a single value has a list.
            LimitError: A record gives too many combinations of values.
        """
        table, sums = self.loaded.table, self.sums
        records = sums.add("count(*)")
        # Of what is left out, the view of the records that count tells nothing.
        all_records = sums if rejects is None else _Sums()
        bad = all_records.count("kg_bad")
        typed = [column for column in table.columns if column.typed]
        odd = [all_records.count(_is_bad(column)) for column in typed]
        lists = [
            all_records.count(f"{_is_bad(c)} AND startswith(c{c.index}, '[')")
            for c in typed
            if not c.many
        ]
        checks = list(dict.fromkeys(check for each in self.maps for check in each.checks))
        printer = TermPrinter(table)
        wrong = [sums.add(_total(words.count(printer.bad_values(check)))) for check in checks]
        asked = [_Map(each, self) for each in self.maps]
        sums.run(self.spark, f"{table.name}{self.joins.sql}")
        if rejects is not None:
            all_records.run(self.spark, self.loaded.base)
        values = all_records.values
        if values[bad]:
            self._bad_records(values[bad], rejects)
        single = [column for column in typed if not column.many]
        listed = [c.reference for c, n in zip(single, lists, strict=True) if values[n]]
        source = table.source
        if listed and source.has_members and source.formulation is Formulation.JSON:
            raise Lists(self.loaded, listed)
        self._odd_values([(c, values[n]) for c, n in zip(typed, odd, strict=True)], rejects)
        values = sums.values
        self.wrong = [check for check, n in zip(checks, wrong, strict=True) if values[n]]
        return [each.count(values[records]) for each in asked]

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
        view = self.loaded.base if is_all else f"{self.loaded.table.name}{self.joins.sql}"
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
    if loaded.firsts:
        return
    with translated():
        rows = spark.sql(
            f"SELECT kg_p, kg_b, min(kg_i), count(*) FROM {loaded.base} GROUP BY kg_p, kg_b"
            " ORDER BY kg_p, kg_b"
        ).collect()
    before: dict[str, int] = {}
    for path, block, least, count in rows:
        loaded.firsts[path, block] = (least, before.get(path, 0))
        before[path] = before.get(path, 0) + count


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
        values, source = self.survey.sums.values, self.survey.loaded.table.source
        origin = self.rules.origin.location()
        if not records:
            parts = self.survey.loaded.parts
            nothing = "" if any(part.name for part in parts) else why_nothing(source, parts)
            return MapCount(self.rules.name, 0, (), nothing=nothing, origin=origin)
        notes = [*self._crossings(values), *self.rules.losses.notes]
        lost = (
            (loss, values[n] if n >= 0 else self._lacking(loss))
            for loss, n in zip(self.losses, self.lost, strict=True)
        )
        unfit = zip(self.suspects, (values[n] for n in self.unfit), strict=True)
        return MapCount(
            self.rules.name,
            records,
            tuple(self._loss(loss, number) for loss, number in lost if number),
            tuple(notes),
            ill_typed=tuple(self._ill_typed(each, number) for each, number in unfit if number),
            origin=origin,
        )

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
        return IllTyped(int(number), shown, each.references, value, place, told)

    def _crossings(self, values: tuple[Any, ...]) -> list[str]:
        notes = []
        for crossing, (most, several) in zip(
            self.rules.losses.crossings, self.crossed, strict=True
        ):
            together = " and ".join(dict.fromkeys(crossing.references))
            if (values[most] or 0) > MOST_COMBINATIONS:
                place, _ = self.survey.places(
                    f"{_combinations(crossing)} > {MOST_COMBINATIONS}", "''", 1
                )[0]
                raise LimitError(
                    "too-many-combinations",
                    f"{together} make {values[most]:,.0f} combinations in one record;"
                    f" {MOST_COMBINATIONS:,} are allowed",
                    location=place,
                    hint="Make the element that they belong to the iterator.",
                )
            if values[several] and crossing.is_template:
                notes.append(
                    f"a template pairs each value of {' with each of '.join(crossing.references)},"
                    f" in {counted(values[several], 'record')}; to keep values of one element"
                    " together, make it the iterator"
                )
        return notes


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
