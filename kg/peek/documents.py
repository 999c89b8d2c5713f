"""Lists of records in JSON and YAML documents, and the references that reach their values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import duckdb

from kg.duck import only_row, sql_file
from kg.mapping.plan import Formulation, LogicalSource
from kg.records import dataclass
from kg.sources import json_files, yaml_files
from kg.sources.reading import Reading
from kg.sources.streams import compression_of, plain_text, text_blocks

# The structure of JSON as DuckDB tells it: an object, a list of one structure, or a type's name.
Structure = Mapping[str, object] | list[object] | str

# Objects in objects that references lead into.
_DEEPEST: Final = 3
# Keys of an object whose members are the records, and what share of them must be alike.
_FEWEST_MEMBERS: Final = 3
_PLAIN_KEY: Final = re.compile(r"[\w @:/-]+")
_KEY_OF_RECORD: Final = "~"
# What DuckDB calls values of several kinds.
_MIXED: Final = "JSON"
# Told of what pandas writes by default.
_BY_COLUMN: Final = (
    "the file has columns with numbered rows in them, not records: write it again as a list of"
    " records (orient='records' in pandas)"
)


@dataclass(frozen=True, slots=True)
class Records:
    """A list of records in a document.

    Attributes:
        source: With its iterator.
        name: Name of the list; empty for that at the top.
        references: Paths of the values in a record.
        left: Paths that hold lists of records.
        mixed: Those of the references that have values of several kinds, which may be lists.
        notes: What looks wrong about them.
    """

    source: LogicalSource
    name: str
    references: tuple[str, ...]
    left: tuple[str, ...]
    mixed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def records_of(connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[Records]:
    """Return the lists of records of a JSON or YAML file.

    Raises:
        InputError: The file is broken.
    """
    file, source = reading.file, reading.source
    structure, is_lines = _structure(connection, reading)
    if source.formulation is Formulation.YAML:
        is_lines = False
    elif json_files.is_lines(file, source):
        is_lines = True
    if isinstance(structure, list):
        inner = structure[0] if structure else ""
        found = [("", "$[*]", inner)]
    elif is_lines:
        source = replace(source, lines=True)
        found = [("", "$", structure)]
    else:
        found = list(_inside(structure)) or [("", "$", structure)]
    made = []
    for name, iterator, record in found:
        references: list[str] = [_KEY_OF_RECORD] * iterator.endswith(".*")
        left: list[str] = []
        mixed: list[str] = []
        notes = (_BY_COLUMN,) * (iterator.endswith(".*") and _is_by_column(record))
        for path, inner in _leaves(record, "", 0):
            (references if isinstance(inner, str) and path else left).append(path)
            mixed += [path] * (inner == _MIXED and bool(path))
        if references:
            whole = replace(source, iterator=iterator)
            made.append(Records(whole, name, tuple(references), tuple(left), tuple(mixed), notes))
    return made


def _is_by_column(record: object) -> bool:
    """Return whether all keys of records are numbers from 0 on: the records are columns."""
    keys = list(record) if isinstance(record, Mapping) else []
    return len(keys) > 1 and sorted(keys) == sorted(map(str, range(len(keys))))


def _structure(connection: duckdb.DuckDBPyConnection, reading: Reading) -> tuple[Structure, bool]:
    """Return the structure of a file's documents, and whether there are several."""
    path = _as_json(reading)
    file, source = reading.file, reading.source
    size = max(json_files.LARGEST_OBJECT, 2 * path.stat().st_size)
    is_lines = source.formulation is Formulation.YAML or json_files.is_lines(file, source)
    form = "newline_delimited" if is_lines else "unstructured"
    scan = f"read_json_objects({sql_file(path)}, maximum_object_size = {size}, format = '{form}')"
    try:
        count, text = only_row(
            connection.execute(f"SELECT count(*), json_group_structure(json) FROM {scan}")
        )
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        raise json_files.explain(str(error), source, file) from error
    return json.loads(text or '""'), count > 1


def _as_json(reading: Reading) -> Path:
    if reading.source.formulation is Formulation.YAML:
        return yaml_files.converted(reading.file, reading.source, reading.spill)
    if not compression_of(reading.file, reading.source):
        return plain_text(reading.file, reading.source, reading.copy(".json"))[0]
    target = reading.copy(".json")
    with target.open("w", encoding="utf-8", newline="") as out:
        out.writelines(text_blocks(reading.file, reading.source))
    return target


def _inside(structure: object) -> Iterator[tuple[str, str, object]]:
    """Yield the lists of objects of a document: name, iterator, structure of a record."""
    if not isinstance(structure, Mapping):
        return
    members = list(structure.values())
    objects = [member for member in members if isinstance(member, Mapping)]
    if len(members) >= _FEWEST_MEMBERS and len(objects) == len(members) and _alike(objects):
        yield "", "$.*", {key: inner for each in objects for key, inner in each.items()}
        return
    for key, member in structure.items():
        if isinstance(member, list) and member and isinstance(member[0], Mapping):
            yield key, f"${_step(key)}[*]", member[0]


def _alike(objects: list[Mapping[str, object]]) -> bool:
    """Return whether objects share most of their keys, as records do."""
    every = set().union(*objects)
    shared = set(objects[0]).intersection(*objects[1:])
    return bool(every) and 2 * len(shared) >= len(every)


def _leaves(structure: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    """Yield the paths below a structure, and what is there: a type, or a list or object."""
    if isinstance(structure, Mapping) and depth <= _DEEPEST:
        for key, inner in structure.items():
            yield from _leaves(inner, f"{path}{_step(key)}", depth + 1)
    elif isinstance(structure, list):
        inner = structure[0] if structure else ""
        # What is in a list of several kinds is not looked at.
        yield f"{path}[*]".removeprefix("."), [inner] if inner == _MIXED else inner
    else:
        yield path.removeprefix("."), structure


def _step(key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return f".{key}"
    quoted = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{quoted}']"
