"""Runs a plan on Spark: sources as views, a survey of each, then one job that writes the quads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kg.engines.outcome import MapCount
from kg.engines.spark import hadoop, output, refusals
from kg.engines.spark.compile import Program, compile_rules
from kg.engines.spark.copies import write_copies
from kg.engines.spark.session import session, translated
from kg.engines.spark.sources import Loaded, load, load_view, open_sources, show
from kg.engines.spark.survey import Lists, Survey, count_records, run_surveys
from kg.engines.spark.wrong_terms import tell_wrong_terms
from kg.mapping.flatten import flatten
from kg.mapping.lists import with_lists
from kg.mapping.plan import Plan
from kg.mapping.walk import plan_sources
from kg.paths import real_path
from kg.rejects import current
from kg.sizes import is_large
from kg.sources import Folders
from kg.table.write import PARTS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FORMATS: Final = ("parquet", "nquads")


@dataclass(frozen=True, slots=True)
class Written:
    """What a run wrote.

    Attributes:
        counts: One entry for each triples map.
        statements: Number of quads.
    """

    counts: tuple[MapCount, ...]
    statements: int


@dataclass(frozen=True, slots=True)
class Spark:
    """Runs plans on Spark.

    Attributes:
        master: The cluster; None: that of ``spark-submit``, or all cores of this machine.
        settings: Settings of Spark.
    """

    master: str | None = None
    settings: Mapping[str, str] | None = None

    def run(
        self,
        plan: Plan,
        folders: Folders,
        target: Path | str,
        *,
        form: str = "parquet",
        copies: str = "",
    ) -> Written:
        """Run a plan and write its quads into a new folder, in parts.

        Args:
            plan: The plan.
            folders: Where the sources are.
            target: The folder to make, or an address that Hadoop knows.
            form: One of `FORMATS`.
            copies: Of Parquet: the name of a folder in the new one for the coded copies of the
                quads, which lack their statistics; empty for none.

        Raises:
            InputError: The plan asks for what Spark does not have, or does not fit the sources.
            LimitError: Memory was too little.
            WorldError: Spark, a disk or the cluster failed.
        """
        hadoop.check_allowed(plan_sources(plan), allowed=folders.inside is None)
        refusals.check_plan(plan)
        refusals.check_rules(flatten(plan, routed=True, skips=True))
        with session(self.master, self.settings or {}) as spark:
            program, loaded, counts = _surveyed(spark, plan, folders)
            frame = _frame(spark, program, loaded, counts)
            folder = target if isinstance(target, str) else real_path(target).as_uri()
            if form == "parquet":
                made = Written(counts, output.write_parquet(frame, folder))
                if copies:
                    parts = PARTS if is_large(made.statements) else 1
                    write_copies(spark, folder, f"{folder}/{copies}", parts)
                return made
            return Written(counts, output.write_lines(frame, folder, "none"))

    def explain(self, plan: Plan, folders: Folders) -> str:
        """Return the SQL of a plan, and what Spark makes of it.

        Raises:
            InputError: As for `run`.
            WorldError: As for `run`.
        """
        refusals.check_plan(plan)
        refusals.check_rules(flatten(plan, routed=True, skips=True))
        with session(self.master, self.settings or {}) as spark:
            program = compile_rules(flatten(plan, skips=True))
            loaded = _loaded(spark, program, folders)
            records = {each.table.name: 0 for each in loaded}
            frame = output.quads(spark, program, loaded, records, 1)
            with translated():
                planned = frame._jdf.queryExecution().explainString(_formatted(spark))
        queries = "\n\n".join(f"{each.sql};" for each in program.selects)
        return f"{queries}\n\n{planned}"


def _formatted(spark: SparkSession) -> object:
    jvm = spark._jvm
    assert jvm is not None
    return jvm.org.apache.spark.sql.execution.ExplainMode.fromString("formatted")


def _surveyed(
    spark: SparkSession, plan: Plan, folders: Folders
) -> tuple[Program, list[Loaded], tuple[MapCount, ...]]:
    """Read the sources as far as to know that all is well; leave out what is not, if wanted."""
    rejects = current()
    while True:
        program = compile_rules(flatten(plan, skips=True))
        strict = flatten(plan)
        loaded = _loaded(spark, program, folders)
        # The losses of a plan without `skips` count bad values as lost, too, which stops here.
        rules = program.rules if rejects is not None else strict
        surveys = [
            Survey(spark, each, [m for m in rules.maps if m.table.name == each.table.name])
            for each in loaded
        ]
        try:
            found = run_surveys(surveys, rejects)
        except Lists as lists:
            for source, names in lists.found:
                plan = with_lists(plan, source, names)
            continue
        tell_wrong_terms(spark, surveys, strict.maps, rejects)
        return program, loaded, tuple(found[m.name] for m in rules.maps)


def _loaded(spark: SparkSession, program: Program, folders: Folders) -> list[Loaded]:
    """Make the views of all tables; those of logical views are behind what they are made of."""
    tables = program.rules.tables
    opened = open_sources(spark, (table for table in tables if table.rows is None), folders)
    made = {each.table.name: each for each in opened}
    for table in tables:
        if table.rows is None:
            load(spark, made[table.name])
        else:
            has_files = table.rows.base.name in program.numbered
            made[table.name] = load_view(spark, table, made, has_files=has_files)
        _number(spark, program, made[table.name])
    return [made[table.name] for table in tables]


def _number(spark: SparkSession, program: Program, loaded: Loaded) -> None:
    """Give records their numbers where blank nodes are made of them; leave out what is bad."""
    numbered = loaded.table.name in program.numbered and loaded.under is None
    if numbered:
        count_records(spark, loaded)
    if numbered or current() is not None:
        typed = [column for column in loaded.table.columns if column.typed]
        show(spark, loaded, numbered=numbered, without=typed if current() else None)


def _frame(
    spark: SparkSession, program: Program, loaded: list[Loaded], counts: tuple[MapCount, ...]
) -> DataFrame:
    records = {each.table.name: 0 for each in loaded}
    for rules, count in zip(program.rules.maps, counts, strict=True):
        records[rules.table.name] = count.records
    return output.quads(spark, program, loaded, records, spark.sparkContext.defaultParallelism)
