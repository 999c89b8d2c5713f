"""JSON as Spark SQL: documents as values of the type VARIANT, references as paths in them.

A VARIANT holds numbers, not their texts, so numbers are marked in the text first, as
`kg.sources.json_numbers` does: a marked number is a string that starts with the mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kg.engines.spark.dialect import let, text
from kg.mapping.jsonpath import Step, until_wildcard
from kg.mapping.source_table import Column
from kg.sources.json_numbers import MARK, MARK_AS_JSON

# Controls, which no text of JSON may hold, stand for what a pattern should not see.
_SLASHES, _QUOTE, _START, _END = "\x02", "\x03", "\x04", "\x05"
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+(?![0-9A-Za-z.+-])"
_FOUND: Final = f'("[^"]*+")|({_NUMBER})'
# What follows the document: Spark would pass over more text behind it.
_LAST: Final = "kg"


def document(value: str) -> str:
    """Return the SQL of a text as a VARIANT, NULL where it is no JSON."""
    hidden = f"replace(replace({value}, {text(2 * chr(92))}, {text(_SLASHES)})"
    hidden += f", {text(chr(92) + chr(34))}, {text(_QUOTE)})"
    found = f"regexp_replace({hidden}, {text(_FOUND)}, {text('$1' + _START + '$2' + _END)})"
    marked = f"replace({found}, {text(_START + _END)}, '')"
    for mark, shown in (
        (_START, MARK_AS_JSON),
        (_END, '"'),
        (_SLASHES, 2 * chr(92)),
        (_QUOTE, chr(92) + chr(34)),
    ):
        marked = f"replace({marked}, {text(mark)}, {text(shown)})"
    controls = text(f"[{_SLASHES}-{_END}]")
    whole = f"try_parse_json(concat('[', {marked}, ', \"{_LAST}\"]'))"
    first = "CASE WHEN try_variant_get(d, '$[1]', 'string') = 'kg' THEN"
    first += " try_variant_get(d, '$[0]', 'variant') END"
    only = f"transform(array({whole}), d -> {first})[0]"
    return f"CASE WHEN NOT {value} RLIKE {controls} THEN {only} END"


def path(steps: Sequence[Step]) -> str:
    """Return a path of keys and indices as Spark writes it; keys with both quotes have none."""
    shown = "$"
    for step in steps:
        if isinstance(step, int):
            shown += f"[{step}]"
        else:
            assert isinstance(step, str)
            quote = "'" if '"' in step else '"'
            shown += f"[{quote}{step}{quote}]"
    return shown


def is_known(steps: Sequence[Step] | None) -> bool:
    """Return whether Spark has a path for steps: it has no index from the end, nor both quotes."""
    return steps is not None and all(
        step >= 0
        if isinstance(step, int)
        else not (isinstance(step, str) and '"' in step)
        or not (isinstance(step, str) and "'" in step)
        for step in steps
    )


def _within(parent: str, steps: Sequence[Step]) -> str:
    return f"try_variant_get({parent}, {text(path(steps))}, 'variant')" if steps else parent


def items(parent: str, steps: Sequence[Step], depth: int = 0, *, lenient: bool = False) -> str:
    """Return the SQL of the array of the values that steps lead to.

    Args:
        parent: SQL of a VARIANT.
        steps: Keys, indices and wildcards.
        depth: How many wildcards are before.
        lenient: Whether one value counts as a list of one, as many programs write lists.
    """
    head, rest = until_wildcard(tuple(steps))
    found = _within(parent, head)
    if not rest:
        return f"filter(array({found}), x -> x IS NOT NULL AND NOT is_variant_null(x))"
    return _all(found, rest, depth, lenient=lenient)


def _all(parent: str, steps: Sequence[Step], depth: int, *, lenient: bool) -> str:
    """Return the SQL of the array of values below `parent`; the first step is a wildcard."""
    below, rest = until_wildcard(tuple(steps[1:]))

    def listed(values: str) -> str:
        if not below:
            return values
        name = f"b{depth}"
        taken = f"transform({values}, {name} -> {_within(name, below)})"
        return f"filter({taken}, {name} -> {name} IS NOT NULL)"

    def made(node: str) -> str:
        elements = listed(f"try_variant_get({node}, '$', 'array<variant>')")
        members = listed(f"map_values(try_variant_get({node}, '$', 'map<string,variant>'))")
        other = "array()"
        if lenient and below:
            # What no member has, the object may have itself: it is a list of one.
            own = _within(node, below)
            other = f"filter(array({own}), x -> x IS NOT NULL)"
            members = f"get(filter(array({members}), m -> size(m) > 0), 0)"
        elif lenient:
            other = f"filter(array({node}), y -> NOT is_variant_null(y))"
        return (
            f"CASE WHEN {node} IS NULL THEN array() ELSE"
            f" coalesce({elements}, {members}, {other}) END"
        )

    each = let(parent, made, f"n{depth}")
    if not rest:
        return each
    name = f"w{depth}"
    return f"flatten(transform({each}, {name} -> {_all(name, rest, depth + 1, lenient=lenient)}))"


def columns_sql(node: str, column: Column, steps: Sequence[Step]) -> str:
    """Return the SQL of a column of what is in a record: ``v3`` with text and kind, or ``c3``."""
    index = column.index
    if column.is_document:
        if column.many:
            return f"transform({items(node, steps)}, x -> named_struct('v', x)) AS c{index}"
        return f"{_within(node, steps)} AS c{index}"
    if not column.many:
        value = let(_within(node, steps), _value, "x")
        return f"{value} AS v{index}"
    values = f"transform({items(node, steps, lenient=True)}, x -> {_value('x')})"
    return f"filter({values}, e -> e.v IS NOT NULL) AS c{index}"


def _value(node: str) -> str:
    """Return the SQL of the text and the kind of a VARIANT, as a struct."""
    shown = f"try_variant_get({node}, '$', 'string')"
    kind = f"schema_of_variant({node})"
    marked = f"substr(s.t, {len(MARK) + 1})"
    clear = f"replace(replace(s.t, {text(MARK_AS_JSON)}, ''), {text(MARK)}, '')"
    made = (
        "CASE WHEN s.t IS NULL OR s.k = 'VOID' THEN named_struct('v', CAST(NULL AS STRING),"
        " 't', CAST(NULL AS STRING)) WHEN s.k = 'STRING' THEN CASE WHEN"
        f" startswith(s.t, {text(MARK)}) THEN named_struct('v', {marked}, 't',"
        f" CASE WHEN {marked} RLIKE '^-?[0-9]+$' THEN 'i' ELSE 'd' END)"
        " ELSE named_struct('v', s.t, 't', CAST(NULL AS STRING)) END"
        " WHEN s.k = 'BOOLEAN' THEN named_struct('v', s.t, 't', 'b')"
        f" ELSE named_struct('v', {clear}, 't', '!') END"
    )
    parts = f"named_struct('t', {shown}, 'k', {kind})"
    return f"transform(array({parts}), s -> {made})[0]"
