"""What mappings would do, seen without their data: sources, columns, functions, variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from kg.errors import InputError, Location
from kg.findings.material import compiled
from kg.findings.model import Finding, Level, of_error
from kg.mapping.documents import read_mappings
from kg.mapping.plan import (
    Call,
    Expression,
    Formulation,
    LogicalSource,
    Origin,
    Plan,
    RefObjectMap,
    TermMap,
    TriplesMap,
)
from kg.mapping.tables import source_tables
from kg.notes import Note, hearing
from kg.variables import Variables, using

# Codes of what is right, but what kg does not do.
UNSUPPORTED: Final = frozenset({"unsupported-mapping", "unknown-function"})


def preview(
    mappings: Sequence[Path], prefixes: Mapping[str, str], base: str, variables: Variables
) -> tuple[list[Finding], list[InputError]]:
    """Return what mappings would do, and what is wrong with them; nothing else is read.

    Args:
        mappings: The mapping files.
        prefixes: Prefixes known to YARRRML without being declared.
        base: Prepended to relative IRIs, unless a mapping has its own base.
        variables: Values of variables; those without one are findings.

    Raises:
        InputError: The base is no IRI.
    """
    errors: list[InputError] = []
    with using(variables), hearing() as notes:
        plan = read_mappings(mappings, prefixes, base, errors)
        plan, more = compiled(plan)
    errors = list({each.report(): each for each in (*errors, *more)}.values())
    found = [
        *_variables(variables.missing),
        *_notes(notes.values()),
        *_sources(plan),
        *_functions(plan),
        *(of_error(each) for each in errors),
    ]
    return found, [each for each in errors if each.code not in UNSUPPORTED]


def _variables(missing: Mapping[str, Location]) -> Iterator[Finding]:
    for name, place in missing.items():
        yield Finding(
            "variable",
            name,
            f"${{{name}}} has no value",
            place,
            f"Give it with --set {name}=VALUE, or allow the environment's with --env {name}.",
            level=Level.INFO,
        )


def _notes(notes: Iterable[Note]) -> Iterator[Finding]:
    for note in notes:
        text = note.text
        yield Finding("remark", text, text, note.place, count=note.count, level=Level.INFO)


def _sources(plan: Plan) -> Iterator[Finding]:
    for source, table in source_tables(plan).items():
        columns = [column.reference for column in table.columns]
        what = "columns" if source.formulation.is_tabular else "values"
        wanted = f"{what}: {', '.join(columns)}" if columns else f"no {what}"
        yield Finding(
            "source",
            _shown(source),
            f"reads {_shown(source)}; {wanted}",
            source.origin.location(),
            count=len(columns),
            level=Level.INFO,
        )


def _shown(source: LogicalSource) -> str:
    iterator = f", {source.iterator}" if source.iterator else ""
    if source.database is not None:
        kind = f" ({source.database.kind})" if source.database.kind else ""
        address = source.database.url
        return f"the database {address}{kind}" + (iterator or ", a query")
    if source.formulation is Formulation.SQL:
        return f"the SQLite file {source.path}" + (iterator or ", a query")
    return f"{', '.join(source.paths)} as {source.formulation.value}{iterator}"


def _functions(plan: Plan) -> Iterator[Finding]:
    counts: Counter[str] = Counter()
    first: dict[str, Origin] = {}
    for triples_map in plan.triples_maps:
        for call, origin in _calls_of(triples_map):
            name = call.function.value
            counts[name] += 1
            first.setdefault(name, origin)
    for name, count in counts.items():
        times = "once" if count == 1 else f"{count:,} times"
        yield Finding(
            "function",
            name,
            f"calls {name}, {times}",
            first[name].location(),
            count=count,
            level=Level.INFO,
        )


def _calls_of(triples_map: TriplesMap) -> Iterator[tuple[Call, Origin]]:
    """Yield the calls of a triples map, with where the term that they make stands."""
    for made in triples_map.maps:
        yield from ((call, made.origin) for each in _parts(made) for call in _calls(each))


def _parts(term: TermMap | RefObjectMap) -> Iterator[Expression]:
    if isinstance(term, RefObjectMap):
        yield from (side for join in term.joins for side in (join.child, join.parent))
        yield from (term.condition,) if term.condition is not None else ()
        return
    yield from (each for each in (term.expression, term.condition) if each is not None)
    for inner in (term.language, term.datatype):
        if inner is not None:
            yield from _parts(inner)


def _calls(expression: Expression) -> Iterator[Call]:
    if isinstance(expression, Call):
        yield expression
        for argument in expression.arguments:
            yield from _calls(argument)
