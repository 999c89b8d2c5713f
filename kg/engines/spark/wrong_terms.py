"""Values that make no valid term: whether a statement needs them, and what is told of them.

A value is an error only where a statement would be made, had it been a good one: its other terms
are there. That is asked only if the survey of the sources has found bad values at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from kg.engines.doubtful import column_of, grouped, no_term
from kg.engines.spark import words
from kg.engines.spark.compile import unnested
from kg.engines.spark.session import translated
from kg.engines.spark.survey import MOST_NOTED, Survey, together
from kg.engines.spark.term_sql import TermPrinter
from kg.engines.sql.made_term import TermSql
from kg.errors import MOST_TOLD, InputError
from kg.mapping.rules import Check, MapRules, Parent, Rule, Term
from kg.mapping.source_table import SourceTable
from kg.rejects import Rejects

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Conditions that one query tries; Java limits the size of a method.
_AT_ONCE: Final = 20


def tell_wrong_terms(
    spark: SparkSession,
    surveys: Sequence[Survey],
    maps: Sequence[MapRules],
    rejects: Rejects | None,
) -> None:
    """Tell of the values that make no valid term, if a statement is not made because of one.

    Args:
        spark: The session.
        surveys: The surveys of all sources, done.
        maps: All triples maps, whose terms do not leave out bad values.
        rejects: Where to note the values; None: they are an error.

    Raises:
        InputError: There is such a value.
    """
    if not any(survey.wrong for survey in surveys) or not _is_needed(spark, maps):
        return
    errors: list[InputError] = []
    count = 0
    for survey in surveys:
        for same in grouped(survey.wrong):
            check, rows = same[0], " UNION ".join(map(_bad_rows, same))
            most = MOST_NOTED if rejects is not None else max(1, MOST_TOLD - len(errors))
            placed = survey.placed(rows, most, column_of(check))
            if rejects is None:
                told = [no_term(check, value, place) for place, value in placed]
                errors += told[: MOST_TOLD - len(errors)]
                with translated():
                    count += spark.sql(rows).count()
                continue
            key = ("no term", survey.loaded.table.source, check.term.value, check.expected)
            with rejects.noting(*key, of_records=False) as note:
                for place, value in placed:
                    note(place, value, f"it is not {check.expected}")
    if errors:
        raise together(errors, count, [survey.loaded for survey in surveys])


def _bad_rows(check: Check) -> str:
    """Return a query for the places and values of what does not pass a check."""
    places = {name: TermSql(name, False, "") for name in ("kg_p", "kg_b", "kg_i")}
    values = TermPrinter(check.table).bad_values(check)
    rows = unnested(check.table.name, {**places, "value": values})
    return f"SELECT * FROM ({rows}) WHERE value IS NOT NULL"


def _is_needed(spark: SparkSession, maps: Sequence[MapRules]) -> bool:
    """Return whether a bad value, of some record, is all that a statement lacks.

    The subject of a record alone is needed as well, as it is on one machine.
    """
    scans: dict[str, list[str]] = {}
    queries: list[str] = []
    for each in maps:
        found = scans.setdefault(each.table.name, [])
        subject = TermPrinter(each.table).spoiled(each.subject)
        if subject is not None:
            found.append(f"{words.count(subject)} > 0")
        for rule in each.rules:
            if isinstance(rule.object, Parent) and rule.object.keys:
                queries += _of_join(rule, rule.object)
            else:
                found += _of_record(rule)
    for table, found in scans.items():
        conditions = list(dict.fromkeys(found))
        for start in range(0, len(conditions), _AT_ONCE):
            some = " OR ".join(f"({each})" for each in conditions[start : start + _AT_ONCE])
            queries.append(f"SELECT 1 FROM {table} WHERE {some}")
    with translated():
        return any(spark.sql(f"{query} LIMIT 1").collect() for query in dict.fromkeys(queries))


def _of_record(rule: Rule) -> Iterator[str]:
    """Yield the condition that a record needs a bad value, if there can be one."""
    made = rule.object.own if isinstance(rule.object, Parent) else rule.object
    there, spoiled = _wanted(rule.table, rule.subject, rule.predicate, made, rule.graph)
    if spoiled:
        yield f"{there} AND ({spoiled})"


def _of_join(rule: Rule, parent: Parent) -> Iterator[str]:
    """Yield the query for records that need a bad value, of their own or of a parent."""
    child, other = TermPrinter(rule.table), TermPrinter(parent.table)
    there, spoiled = _wanted(rule.table, rule.subject, rule.predicate, rule.graph)
    given, spoils = _wanted(parent.table, parent.subject)
    if not spoiled and not spoils:
        return
    if parent.condition is not None:
        there = f"{there} AND {child.holds(parent.condition)}"
    sides = [
        unnested(
            f"(SELECT * FROM {table.name} WHERE {condition})",
            {
                "bad": TermSql(bad or "false", False, ""),
                **{f"k{n}": printer.key(pair[side]) for n, pair in enumerate(parent.keys)},
            },
        )
        for side, (table, condition, bad, printer) in enumerate(
            ((rule.table, there, spoiled, child), (parent.table, given, spoils, other))
        )
    ]
    equal = " AND ".join(f"child.k{n} = parent.k{n}" for n in range(len(parent.keys)))
    yield (
        f"SELECT 1 FROM ({sides[0]}) AS child JOIN ({sides[1]}) AS parent ON {equal}"
        " WHERE child.bad OR parent.bad"
    )


def _wanted(table: SourceTable, *terms: Term | None) -> tuple[str, str]:
    """Return the condition that all terms are there or bad, and that one is bad, if that can be."""
    printer, there, bad = TermPrinter(table), ["true"], []
    for term in terms:
        if term is None:
            continue
        missing, spoiled = printer.term(term).missing, printer.spoiled(term)
        some = f"{words.count(spoiled)} > 0" if spoiled is not None else ""
        if missing:
            there.append(f"(({missing}) IS NOT TRUE{' OR ' + some if some else ''})")
        if some:
            bad.append(some)
    return " AND ".join(there), " OR ".join(bad)
