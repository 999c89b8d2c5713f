"""SQL of what is around records of JSON: what they are in, their keys, their positions.

Documents are taken apart level by level. What a column wants of a level is taken out before its
members become rows of their own, so that each document is read once, however many records it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kg.mapping.jsonpath import Asks, JsonPath, Step, Wildcard, engine_path
from kg.sources.records import JsonRecords
from kg.sql import sql_text

# The members of an array or object as rows of JSON values.
_MEMBERS: Final = (
    "CASE WHEN starts_with(r, '[') THEN json_extract(r, '$[*]')"
    " WHEN starts_with(r, '{') THEN json_extract(r, '$.*') ELSE [] END"
)


def records_around(records: JsonRecords, scan: str) -> str:
    """Return a query for record, rec, and a column ``a3`` of JSON for the number 3 of `around`.

    Args:
        records: What is read.
        scan: The documents: a column ``json``.
    """
    depth, around = len(records.steps), records.around
    key = "to_json(row_number() OVER () - 1)" if records.numbered else "NULL::JSON"
    query = f"SELECT json AS r, {key} AS k FROM {scan}"
    made: list[str] = []
    for level in range(depth + 1):
        seen = _seen(around, records.steps, level, made)
        kept = ["r", "k", *(name for name in made if name not in seen)]
        shown = [*kept, *(f"{sql} AS {name}" for name, sql in seen.items())]
        query = f"SELECT {', '.join(shown)} FROM ({query})"
        made += [name for name in seen if name not in made]
        if level < depth:
            query = _below(query, records.steps[level], made)
    record = "k" if records.of_keys else "r"
    query = f"SELECT {record} AS rec{_listed(made)} FROM ({query}) WHERE {record} IS NOT NULL"
    return f"SELECT row_number() OVER () AS record, * FROM ({query})"


def _listed(names: list[str]) -> str:
    return "".join(f", {name}" for name in names)


def _seen(
    around: Mapping[int, JsonPath], steps: tuple[Step, ...], level: int, made: list[str]
) -> dict[str, str]:
    """Return the SQL of what columns want of a level, by their names."""
    found: dict[str, str] = {}
    for number, path in around.items():
        name, wanted = f"a{number}", len(steps) - path.up
        if path.asks is Asks.KEY and not path.steps:
            if level == wanted:
                found[name] = "k"
            continue
        if path.asks is Asks.POSITION or level > wanted:
            continue
        head = head_of(path)
        value = f"json_extract(r, {sql_text(engine_path(head))})" if head else "r"
        if level == wanted and name not in made:
            found[name] = value
        elif level == wanted or (path.up and path.steps and isinstance(path.steps[0], str)):
            # An array has no keys: what it is in counts.
            above = name if name in made else "NULL"
            found[name] = f"CASE WHEN starts_with(r, '[') THEN {above} ELSE {value} END"
    return found


def head_of(path: JsonPath) -> tuple[Step, ...]:
    """Return the steps of a path before its first wildcard, and before what has the key."""
    steps = path.steps or ()
    return steps[: steps.index(Wildcard.ALL)] if Wildcard.ALL in steps else steps


def _below(query: str, step: Step, made: list[str]) -> str:
    if step is Wildcard.ALL:
        key = f"unnest({keys_of('r')})"
        value = f"unnest({_MEMBERS})"
    else:
        value = f"json_extract(r, {sql_text(engine_path((step,)))})"
        key = f"to_json({sql_text(step) if isinstance(step, str) else step})"
    return f"SELECT {value} AS r, {key} AS k{_listed(made)} FROM ({query})"


def keys_of(value: str) -> str:
    """Return the SQL of the keys of an object, or the indices of an array, as JSON."""
    return (
        f"CASE WHEN starts_with({value}, '{{')"
        f" THEN list_transform(json_keys({value}), lambda key: to_json(key))"
        f" WHEN starts_with({value}, '[') THEN"
        f" list_transform(range(json_array_length({value})::BIGINT), lambda key: to_json(key))"
        " ELSE [] END"
    )
