"""What Spark cannot do of a plan: refused by name, before a job starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kg.engines.spark.functions_sql import is_known
from kg.engines.spark.json_sql import is_known as is_known_path
from kg.engines.spark.term_sql import TermPrinter
from kg.engines.spark.view_sql import reads_documents
from kg.errors import InputError, collecting, raise_all
from kg.mapping.jsonpath import parse_jsonpath
from kg.mapping.plan import (
    Chosen,
    Dialect,
    Formulation,
    Function,
    LogicalSource,
    Lookup,
    OwnFunction,
    Plan,
    TermMap,
)
from kg.mapping.rules import MapRules, Parent, Rules
from kg.mapping.source_table import FieldItems, ViewRows
from kg.mapping.walk import placed_calls, plan_sources

_INSTEAD: Final = "Leave out --engine spark, or {}."
_NAMES: Final = {
    Formulation.XPATH: "XML",
    Formulation.EXCEL: "workbooks",
    Formulation.YAML: "YAML",
    Formulation.SQL: "databases",
    Formulation.DUCKDB: "DuckDB files",
    Formulation.SPARQL: "RDF files that are asked in SPARQL",
    Formulation.NONE: "a triples map without a source",
}
# Endings that Hadoop unpacks by, with kg's names of what they are.
_PACKED: Final = {".gz": "gzip", ".bz2": "bzip2"}


def check_plan(plan: Plan) -> None:
    """Refuse what a plan asks of sources and functions that Spark does not have.

    Raises:
        InputError: There is such a thing; the message names it and its place.
    """
    errors: list[InputError] = []
    for source in plan_sources(plan):
        with collecting(errors):
            _check_source(source)
    errors += _functions(plan)
    errors += _terms(plan)
    raise_all(errors, "the mapping")


def check_rules(rules: Rules) -> None:
    """Refuse targets, parts of views, and references that need a library for JSONPath.

    Raises:
        InputError: As for `check_plan`.
    """
    errors: list[InputError] = []
    for target in rules.targets:
        what = f"the target {target.path}"
        errors.append(_refused(what, target.origin.location(), "send all to one output"))
    for table in rules.tables:
        place = table.source.origin.location()
        if table.rows is not None:
            errors += _of_view(table.rows)
        elif table.source.formulation is Formulation.JSON:
            paths = [(table.source.iterator or "$", place)]
            paths += [(c.reference, c.origin.location()) for c in table.columns]
            for reference, where in paths:
                path = parse_jsonpath(reference)
                if path.looks_around or not is_known_path(path.steps):
                    errors.append(_path(reference, where))
    for each in rules.maps:
        errors += _of_joins(each)
    raise_all(errors, "the mapping")


def _path(reference: str, place: object) -> InputError:
    return _refused(f"the path {reference!r}", place, "use keys, indices and [*] alone")


def _of_view(rows: ViewRows) -> Iterator[InputError]:
    """Yield what Spark does not have of a view."""
    document = reads_documents(rows)
    if document is not None:
        what = f"the field {document.name} of {rows.name}, whose values are read as documents,"
        yield _refused(what, document.origin.location(), "take them apart beforehand")
    for step in rows.steps:
        if isinstance(step, FieldItems):
            if not is_known_path(step.steps or ()):
                yield _path(f"of the view {rows.name}", rows.origin.location())
            for column, path in zip(step.values, step.paths, strict=True):
                if not is_known_path(path):
                    yield _path(column.reference, column.origin.location())


def _of_joins(rules: MapRules) -> Iterator[InputError]:
    """Yield the joins of a view's rows that look for several values: rows have no place."""
    child = TermPrinter(rules.table)
    for rule in rules.rules if rules.table.rows is not None else ():
        if not isinstance(rule.object, Parent):
            continue
        other = TermPrinter(rule.object.table)
        keys = [child.key(a) for a, _ in rule.object.keys]
        keys += [other.key(b) for _, b in rule.object.keys]
        if any(key.many for key in keys):
            what = f"a join of {rules.name} by one of several values"
            yield _refused(what, rules.origin.location(), "make each value a row of a view")


def _refused(what: str, place: object, instead: str) -> InputError:
    from kg.errors import Location

    return InputError(
        "not-on-spark",
        f"{what} cannot be had on Spark",
        location=place if isinstance(place, Location) else None,
        hint=_INSTEAD.format(instead),
    )


def _check_source(source: LogicalSource) -> None:
    place = source.origin.location()
    if source.formulation in _NAMES:
        what = f"{source.path}: {_NAMES[source.formulation]}"
        raise _refused(what, place, "convert the source to CSV, JSON Lines or Parquet")
    plain = Dialect(
        delimiter=source.dialect.delimiter,
        quote=source.dialect.quote,
        escape=source.dialect.quote,
        header=source.dialect.header,
        names=source.dialect.names,
    )
    if source.formulation is Formulation.CSV and source.dialect != plain:
        what = f"{source.path}: an escape mark, comments, skipRows or trim"
        raise _refused(what, place, "write the file as RFC 4180 says")
    if source.encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        raise _refused(f"{source.path}: the encoding {source.encoding}", place, "use UTF-8")
    for path in source.paths:
        packed = _PACKED.get(Path(path).suffix, "")
        if "#" in path or source.compression not in ("", packed):
            raise _refused(f"{path}: its compression", place, "unpack it, or use gzip (.gz)")


def _functions(plan: Plan) -> Iterator[InputError]:
    told = set()
    for call, origin in placed_calls(plan):
        function = call.function
        name = function.value
        if isinstance(function, OwnFunction):
            what = f"the function {name} of your own"
        elif isinstance(function, Chosen):
            what = "a function that each record names"
        elif isinstance(function, Lookup):
            what = "a lookup"
        elif function is Function.LIST or is_known(call):
            continue
        else:
            what = f"the function {name}"
        if what not in told:
            told.add(what)
            yield _refused(what, origin.location(), "make the values beforehand")


def _terms(plan: Plan) -> Iterator[InputError]:
    for triples_map in plan.triples_maps:
        for made in triples_map.maps:
            if isinstance(made, TermMap) and made.gather is not None:
                what = f"a collection or container in {triples_map.name}"
                yield _refused(what, made.origin.location(), "state its members one by one")
