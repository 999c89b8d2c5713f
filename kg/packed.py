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


def packed(value: Any) -> Any:  # noqa: ANN401  (of any kind)
    """Return a value as JSON has it; records of `_KINDS` name their kind."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
        return {"@": type(value).__name__, **packed(parts)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {key: packed(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [packed(each) for each in value]
    return value


def unpacked(value: Any) -> Any:  # noqa: ANN401  (of any kind)
    """Return a value of `packed`; lists become tuples."""
    if isinstance(value, dict):
        parts = {key: unpacked(each) for key, each in value.items()}
        return _KINDS[parts.pop("@")](**parts) if "@" in parts else parts
    if isinstance(value, list):
        return tuple(map(unpacked, value))
    return value
