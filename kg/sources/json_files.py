"""JSON and JSON Lines: records by an iterator, values by JSONPath, run by DuckDB.

Spec: https://kg-construct.github.io/rml-io/spec/docs/ (reference formulation JSONPath)
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import first_line, sql_text
from kg.errors import InputError, Location
from kg.mapping.jsonpath import (
    JsonPath,
    Step,
    Wildcard,
    engine_path,
    engine_paths,
    parse_jsonpath,
)
from kg.mapping.term_sql import Column, SourceTable
from kg.rdf import open_binary
from kg.workspace import show_path

# Bytes of a document that is held in memory at once.
_SMALLEST_OBJECT: Final = 16 * 2**20
# Bytes of a broken document that is read once more to tell the line.
_LONGEST_TOLD: Final = 64 * 2**20


def select(
    connection: duckdb.DuckDBPyConnection, path: Path, table: SourceTable, spill: Path
) -> str:
    """Return a query for one JSON file; see `kg.sources.loading`.

    Raises:
        InputError: The file is blank; or the iterator or a reference is no JSONPath that can be
            run.
    """
    del connection, spill
    lines = re.search(r"\.(jsonl|ndjson)(\.gz|\.zst)?$", path.name, re.IGNORECASE) is not None
    if not lines and not _start(path):
        raise InputError(
            "empty-file",
            "there is nothing but blanks",
            location=Location(show_path(path)),
            hint="A JSON file holds a document; an empty one is [].",
        )
    return select_records(path, table, lines=lines)


def select_records(path: Path, table: SourceTable, *, lines: bool) -> str:
    """Return a query over a file of one JSON document, or of one a line."""
    records = _records(path, table, lines)
    columns = [_column(column, number) for number, column in enumerate(table.columns)]
    paths = [_simple(parse_jsonpath(column.reference), table) for column in table.columns]
    singles = [p for p, column in zip(paths, table.columns, strict=True) if not column.many]
    found = ""
    if singles:
        found = (
            f", json_extract(rec, [{', '.join(sql_text(engine_path(p)) for p in singles)}]) AS v"
        )
    place = 0
    shown = []
    for column, path_steps, make in zip(table.columns, paths, columns, strict=True):
        if column.many:
            shown.append(make(_extracted("rec", path_steps)))
        else:
            place += 1
            shown.append(make(f"v[{place}]"))
    listed = "".join(f", {sql}" for sql in shown)
    return f"SELECT record{listed} FROM (SELECT record, rec{found} FROM ({records}))"


def explain(error: duckdb.Error, files: Sequence[Path]) -> InputError | duckdb.Error:
    """Turn DuckDB's error about a JSON file into ours; return it unchanged if it is another."""
    text = first_line(error)
    named = re.search(r'in file "([^"]+)"', text)
    if not named:
        return error
    path = next((p for p in files if str(p) == named[1]), Path(named[1]))
    reason = text.rpartition(": ")[2].strip().rstrip(".")
    place = Location(show_path(path))
    # DuckDB has counted one further when it stops.
    if line := re.search(r"in line (\d+)", text):
        place = replace(place, line=int(line[1]) - 1)
    elif record := re.search(r"in record/value (\d+)", text):
        place = replace(place, record=int(record[1]) - 1)
    found = _syntax_error(path) if place.line is None else None
    if found:
        place = Location(place.file, found.lineno, found.colno)
        reason = found.msg[0].lower() + found.msg[1:]
    return InputError(
        "bad-json",
        f"not valid JSON: {reason}",
        location=place,
        hint="Check for a missing quote, comma or bracket, and for a comma at the end of a list.",
    )


def _syntax_error(path: Path) -> json.JSONDecodeError | None:
    """Return where a document breaks the rules of JSON; None for a document too long to hold."""
    with open_binary(path) as source:
        text = source.read(_LONGEST_TOLD + 1)
    if len(text) > _LONGEST_TOLD:
        return None
    try:
        json.loads(text.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        return error
    return None


def _records(path: Path, table: SourceTable, lines: bool) -> str:
    iterator = parse_jsonpath(table.source.iterator or "$")
    steps = _simple(iterator, table)
    size = max(
        _SMALLEST_OBJECT, path.stat().st_size * (20 if path.suffix in (".gz", ".zst") else 2)
    )
    form = "newline_delimited" if lines else "unstructured"
    if not lines and steps[:1] == (Wildcard.ALL,) and _start(path) == b"[":
        form, steps = "array", steps[1:]
    scan = (
        f"read_json({sql_text(str(path))}, format = '{form}', records = false,"
        f" columns = {{'json': 'JSON'}}, maximum_object_size = {size})"
    )
    if not steps:
        return f"SELECT row_number() OVER () AS record, json AS rec FROM {scan}"
    found = _extracted("json", steps)
    if Wildcard.ALL in steps:
        found = f"unnest({found})"
    return (
        f"SELECT row_number() OVER () AS record, rec FROM (SELECT {found} AS rec FROM {scan})"
        " WHERE rec IS NOT NULL"
    )


def _start(path: Path) -> bytes:
    """Return the first character that is no blank."""
    with open_binary(path) as source:
        while block := source.read(4096):
            if found := block.removeprefix(codecs.BOM_UTF8).lstrip():
                return found[:1]
    return b""


def _extracted(value: str, steps: Sequence[Step]) -> str:
    """Return the SQL of the JSON at a path: a list of JSON where the path has wildcards."""
    paths = engine_paths(steps)
    found = [f"json_extract({value}, {sql_text(path)})" for path in paths]
    if len(found) == 1:
        return found[0]
    return f"list_concat({', '.join(found)})"


def _simple(path: JsonPath, table: SourceTable) -> tuple[str | int | Wildcard, ...]:
    if path.steps is None:
        raise InputError(
            "unsupported-jsonpath",
            f"{path.text} uses filters, slices or descendants, which cannot be run",
            location=table.source.origin.location(),
            hint="Use keys, indices and [*].",
        )
    return path.steps


class _Made:
    """Makes the SQL of a column from the SQL of the JSON that its path found."""

    def __init__(self, column: Column) -> None:
        self.column = column

    def __call__(self, found: str) -> str:
        index = self.column.index
        if not self.column.many:
            return f"kg_json_text({found}) AS c{index}, kg_json_kind({found}) AS t{index}"
        return (
            f"list_filter(list_transform(coalesce({found}, []), lambda e:"
            " {'v': kg_json_text(e), 't': kg_json_kind(e)}), lambda e: e.v IS NOT NULL)"
            f" AS c{index}"
        )


def _column(column: Column, number: int) -> _Made:
    del number
    return _Made(column)
