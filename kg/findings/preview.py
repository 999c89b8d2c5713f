"""What mappings would do, seen without their data: sources, columns, functions, variables."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from kg.errors import InputError, Location
from kg.findings.material import compiled
from kg.findings.model import Finding, Level, of_error
from kg.logins import database_shown, without_login
from kg.mapping.addresses import is_address, name_at
from kg.mapping.documents import read_mappings
from kg.mapping.plan import (
    Database,
    Formulation,
    Function,
    LogicalSource,
    Origin,
    Plan,
)
from kg.mapping.source_table import JoinedRows, ViewRows
from kg.mapping.tables import plan_tables
from kg.mapping.targets import Routing
from kg.mapping.walk import placed_calls, plan_sources
from kg.notes import Note, hearing
from kg.sources.servers import VARIABLE
from kg.variables import DATABASE, Variables, using

_START: Final = Location("")
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
    errors.sort(key=lambda each: (each.location or _START).line or 0)
    errors.sort(key=lambda each: (each.location or _START).file)
    found = [
        *_variables({**variables.missing, **_of_logins(plan, variables)}),
        *_notes(notes.values()),
        *_sources(plan),
        *_targets(plan),
        *_addresses(plan),
        *_functions(plan),
        *(of_error(each) for each in errors),
    ]
    return found, [each for each in errors if each.code not in UNSUPPORTED]


def _variables(missing: Mapping[str, Location]) -> Iterator[Finding]:
    for name, place in missing.items():
        hint = f"Give it with --set {name}=VALUE, or allow the environment's with --env {name}."
        if name == DATABASE:
            hint = f"Name the database that the mapping is for: export {name}=…"
        yield Finding("variable", name, f"${{{name}}} has no value", place, hint, level=Level.INFO)


def _of_logins(plan: Plan, variables: Variables) -> dict[str, Location]:
    """Return the names without a value in addresses and logins of databases."""
    found: dict[str, Location] = {}
    for source in plan_sources(plan):
        database = source.database or Database()
        for text in (database.url, database.username, database.password):
            for match in VARIABLE.finditer(text):
                name = match[1] or match[2]
                is_open = name == DATABASE and DATABASE in os.environ
                # $NAME within a longer text may well be part of a password.
                if (match[1] or match[0] == text) and not is_open and not variables.find(name):
                    found.setdefault(name, source.origin.location())
    return found


def _addresses(plan: Plan) -> Iterator[Finding]:
    """Yield the sources that are not on this machine."""
    for source in plan_sources(plan):
        for path in source.paths if source.database is None else ():
            # A variable without a value is told of as such; a file stands in for it.
            if is_address(path) and not path.startswith("file:"):
                name = name_at(path)
                copy = "it names no file that could be read in its stead"
                if name:
                    copy = (
                        f"the file {name} beside the mapping, or in a folder of --sources, is read"
                    )
                text = f"{without_login(path)} is not fetched: {copy}"
                yield Finding(
                    "remark", without_login(path), text, source.origin.location(), level=Level.INFO
                )


def _notes(notes: Iterable[Note]) -> Iterator[Finding]:
    for note in notes:
        text = note.text
        yield Finding("remark", text, text, note.place, count=note.count, level=Level.INFO)


def _sources(plan: Plan) -> Iterator[Finding]:
    for table in plan_tables(plan).all:
        source, columns = table.source, [column.reference for column in table.columns]
        if table.rows is not None:
            yield _view(table.rows, columns)
            continue
        if source.formulation is Formulation.NONE:
            continue
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


def _targets(plan: Plan) -> Iterator[Finding]:
    """Yield the targets whose files records name: which these are is not known without data."""
    for target in Routing(plan).targets:
        if target.name is not None:
            text = f"writes a file for each {target.path}, as the records name it"
            place = target.origin.location()
            yield Finding("target", target.path, text, place, level=Level.INFO)


def _view(rows: ViewRows, keys: Sequence[str]) -> Finding:
    base = rows.base
    over = base.rows.name if base.rows is not None else _shown(base.source)
    joined = [step.parent for step in rows.steps if isinstance(step, JoinedRows)]
    names = [each.rows.name for each in joined if each.rows is not None]
    more = f", joined with {' and '.join(names)}" if names else ""
    wanted = f"fields: {', '.join(keys)}" if keys else "no fields"
    return Finding(
        "view",
        rows.name,
        f"makes the view {rows.name} of {over}{more}; {wanted}",
        rows.origin.location(),
        count=len(keys),
        level=Level.INFO,
    )


def _shown(source: LogicalSource) -> str:
    iterator = f", {source.iterator}" if source.iterator else ""
    if source.database is not None:
        kind = f" ({source.database.kind})" if source.database.kind else ""
        address = database_shown(source.database.url)
        return f"the database {address}{kind}" + (iterator or ", a query")
    if source.formulation is Formulation.SQL:
        return f"the SQLite file {source.path}" + (iterator or ", a query")
    return f"{', '.join(map(without_login, source.paths))} as {source.formulation.value}{iterator}"


def _functions(plan: Plan) -> Iterator[Finding]:
    counts: Counter[str] = Counter()
    first: dict[str, Origin] = {}
    for call, origin in placed_calls(plan):
        if call.function is Function.LIST:
            continue
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
