"""The meaning of a logical view, row by row in plain Python: written without the compiler.

Spec: https://kg-construct.github.io/rml-lv/spec/docs/
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from itertools import product
from typing import Any

from kg.mapping.plan import Constant, Expression, Formulation, LogicalSource, Reference, Template
from kg.mapping.views import ExpressionField, Field, IterableField, LogicalView, ViewJoin
from tests.mapping.evaluator import XSD, Number, Value, _natural, read_records, scalar, select

Row = dict[str, Value | None]


def natural(value: Value) -> str:
    """Return a value as a literal with its natural datatype."""
    return _natural(value)


def view_rows(view: LogicalView) -> list[Row]:
    """Return the rows of a view, in order."""
    contexts: list[tuple[Formulation | None, Any]]
    if isinstance(view.on, LogicalSource):
        kind = view.on.formulation
        contexts = [(kind, record.content) for record in read_records(view.on)]
    else:
        assert isinstance(view.on, LogicalView)
        contexts = [(None, row) for row in view_rows(view.on)]
    rows: list[Row] = []
    for place, (kind, content) in enumerate(contexts):
        rows += _beside({"#": _integer(place)}, view.fields, "", kind, content)
    for join in view.joins:
        rows = _joined(rows, join)
    return rows


def _integer(number: int) -> Value:
    return Value(str(number), f"{XSD}integer")


def _beside(
    start: Row, fields: Sequence[Field], above: str, kind: Formulation | None, content: Any
) -> list[Row]:
    """Return each combination of the rows of fields with the same parent."""
    each = [_field_rows(field, f"{above}{field.name}", kind, content) for field in fields]
    return [dict(start, **_all(chosen)) for chosen in product(*each)]


def _all(rows: Sequence[Row]) -> Row:
    return {key: value for row in rows for key, value in row.items()}


def _field_rows(field: Field, name: str, kind: Formulation | None, content: Any) -> list[Row]:
    rows: list[Row] = []
    if isinstance(field, ExpressionField):
        for place, value in enumerate(_values(field.expression, kind, content)):
            start: Row = {name: value, f"{name}.#": _integer(place)}
            rows += _beside(start, field.fields, f"{name}.", None, value.text)
    else:
        given = content if kind is not None else _document(field, content)
        for place, record in enumerate(_records(field, given)):
            start = {f"{name}.#": _integer(place)}
            rows += _beside(start, field.fields, f"{name}.", field.formulation, record)
    return rows or [_nothing(field, name)]


def _nothing(field: Field, name: str) -> Row:
    row: Row = {f"{name}.#": None}
    if isinstance(field, ExpressionField):
        row[name] = None
    for inner in field.fields:
        row |= _nothing(inner, f"{name}.{inner.name}")
    return row


def _document(field: IterableField, text: str) -> Any:
    """Return what a value is, that is read as a document."""
    if field.formulation is Formulation.CSV:
        rows = list(csv.reader(io.StringIO(text)))
        # Of a table in a value, an empty field is none.
        return [dict(zip(rows[0], (x or None for x in row), strict=True)) for row in rows[1:]]
    return json.loads(text, parse_int=Number, parse_float=Number) if text.strip() else None


def _records(field: IterableField, given: Any) -> list[Any]:
    if field.formulation is Formulation.CSV:
        return list(given)
    found = select(field.iterator, given)
    return found if "*" in field.iterator else [each for each in found if each is not None]


def _values(expression: Expression, kind: Formulation | None, content: Any) -> list[Value]:
    if isinstance(expression, Constant):
        return [Value(expression.value)]
    if isinstance(expression, Reference):
        return _referred(expression.name, kind, content)
    assert isinstance(expression, Template)
    parts = [
        [part] if isinstance(part, str) else [v.text for v in _referred(part.name, kind, content)]
        for part in expression.parts
    ]
    return [Value("".join(chosen)) for chosen in product(*parts)]


def _referred(name: str, kind: Formulation | None, content: Any) -> list[Value]:
    if kind is None:
        return [] if content[name] is None else [content[name]]
    if kind is Formulation.CSV:
        return [] if content[name] is None else [Value(content[name])]
    found = (scalar(value) for value in select(name, content, lenient=True))
    return [value for value in found if value is not None]


def _joined(rows: list[Row], join: ViewJoin) -> list[Row]:
    parents = view_rows(join.parent)
    made: list[Row] = []
    for row in rows:
        matches = [
            parent
            for parent in parents
            if all(_equal(row, c.child, parent, c.parent) for c in join.conditions)
        ]
        for place, parent in enumerate(matches):
            extended = dict(row)
            for field in join.fields:
                found = _values(field.expression, None, parent)
                extended[field.name] = found[0] if found else None
                extended[f"{field.name}.#"] = _integer(place) if found else None
            made.append(extended)
        if not matches and not join.is_inner:
            keys = (k for field in join.fields for k in (field.name, f"{field.name}.#"))
            made.append(dict(row, **dict.fromkeys(keys)))
    return made


def _equal(row: Row, child: Expression, parent: Row, other: Expression) -> bool:
    own = {value.text for value in _values(child, None, row)}
    return bool(own & {value.text for value in _values(other, None, parent)})
