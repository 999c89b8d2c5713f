"""Records of what steps of a build gave, as JSON has them, and back.

It is data in a workspace that may come from anywhere, so it is read into a few known kinds alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kg.engines.outcome import IllTyped, LossCount, MapCount, Shared
from kg.errors import Location
from kg.notes import Note
from kg.validation import paths as shape_paths
from kg.validation.results import Result

_KINDS: Final[Mapping[str, type]] = {
    kind.__name__: kind
    for kind in (
        *(IllTyped, LossCount, MapCount, Shared, Location, Note, Result),
        *(shape_paths.Predicate, shape_paths.Inverse, shape_paths.Sequence),
        *(shape_paths.Alternative, shape_paths.ZeroOrMore, shape_paths.OneOrMore),
        shape_paths.ZeroOrOne,
    )
}


_RECORDS: Final = frozenset(_KINDS.values())
# The names of the fields of those that were written.
_FIELDS: Final[dict[type, tuple[str, ...]]] = {}
# What most parts of kept records are: JSON has these as they are.
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def packed(value: Any) -> Any:  # noqa: ANN401  (of any kind)
    """Return a value as JSON has it; records of `_KINDS` name their kind."""
    if type(value) in _PLAIN:
        return value
    if type(value) in _RECORDS:
        parts = {name: packed(getattr(value, name)) for name in _names(type(value))}
        return {"@": type(value).__name__, **parts}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {key: packed(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [packed(each) for each in value]
    return value


def _names(kind: type) -> tuple[str, ...]:
    found = _FIELDS.get(kind)
    if found is None:
        found = _FIELDS[kind] = tuple(each.name for each in dataclasses.fields(kind))
    return found


def unpacked(value: Any) -> Any:  # noqa: ANN401  (of any kind)
    """Return a value of `packed`; lists become tuples."""
    if isinstance(value, dict):
        parts = {key: unpacked(each) for key, each in value.items()}
        return _KINDS[parts.pop("@")](**parts) if "@" in parts else parts
    if isinstance(value, list):
        return tuple(map(unpacked, value))
    return value
