"""Remembers what a push left in a store, so that the next one need send only the changes.

``.kg/pushed.json`` has, for each Graph Store URL, the build that was pushed last, with what
options, and how many triples the store then held of each graph.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from kg.errors import KgError
from kg.files import writing
from kg.paths import read_file
from kg.push.model import PushedGraph, PushOptions
from kg.records import dataclass
from kg.temporary import write_text
from kg.terms import expand
from kg.workspace import NO_DIGEST, Workspace, sealed

_NAME: Final = "pushed.json"
_WRONG: Final = (KgError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Held:
    """What the last push to a store left there.

    Attributes:
        build: The name of the build.
        graphs: Its graphs, with the number of triples that the store held.
    """

    build: str
    graphs: tuple[PushedGraph, ...]


def read_held(workspace: Workspace, url: str, options: PushOptions) -> Held | None:
    """Return what the last push to a store left, if it had the same graphs and options."""
    with suppress(*_WRONG):
        found = _read(workspace)[url]
        if found["options"] == _key(workspace, options):
            return Held(found["build"], tuple(PushedGraph(**graph) for graph in found["graphs"]))
    return None


def forget(workspace: Workspace, url: str) -> None:
    """Remove what is remembered of a store, before anything in it is changed.

    Raises:
        WorldError: The file cannot be written.
    """
    stores = _read(workspace)
    if stores.pop(url, None) is not None:
        _write(workspace, stores)


def remember(
    workspace: Workspace,
    url: str,
    options: PushOptions,
    build: str,
    graphs: Sequence[PushedGraph],
) -> None:
    """Remember what a store holds now.

    Raises:
        WorldError: The file cannot be written.
    """
    entry = {
        "options": _key(workspace, options),
        "build": build,
        "graphs": [asdict(graph) for graph in graphs],
    }
    _write(workspace, {**_read(workspace), url: entry})


def _key(workspace: Workspace, options: PushOptions) -> dict[str, object]:
    """Return what decides which triples of a build a push sends."""

    def whole(name: str) -> str:  # another namespace makes another graph of gg:g
        return expand(name, workspace.prefixes) or name

    return {
        "graphs": sorted({whole(name) for name in options.graphs}),
        "into": options.into and whole(options.into),
        "skolemize": workspace.base if options.skolemize else None,
        "with_inferred": options.with_inferred,
    }


def _read(workspace: Workspace) -> dict[str, Any]:
    with suppress(*_WRONG):
        text = read_file(workspace.state / _NAME).decode("ascii")
        loaded = json.loads(text)
        if sealed(text.replace(loaded["sha256"], NO_DIGEST)) == text:
            return dict(loaded["stores"])
    return {}


def _write(workspace: Workspace, stores: dict[str, Any]) -> None:
    path = workspace.state / _NAME
    with writing(path):
        write_text(path, sealed(json.dumps({"stores": stores, "sha256": NO_DIGEST})))
