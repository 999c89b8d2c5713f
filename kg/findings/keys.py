"""Keys of JSON and YAML documents that no mapping reads, nested ones by their paths.

Small documents are searched whole; of large ones, only the first records that the mappings read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field, replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from kg.engines.outcome import LossCount, MapCount
from kg.errors import InputError, LimitError
from kg.findings.model import Finding, unread_names
from kg.mapping.jsonpath import Step, Wildcard, parse_jsonpath
from kg.mapping.plan import Formulation, LogicalSource, Plan
from kg.mapping.tables import plan_tables
from kg.paths import path_within
from kg.records import dataclass
from kg.sources.files import SourceFile
from kg.sources.json_scan import JsonScanner
from kg.sources.streams import text_blocks
from kg.wording import nearest

# Most characters of a document that is searched whole, and records searched in a larger one.
_SMALL: Final = 2**20
_MOST_RECORDS: Final = 1_000
# Most bytes of a record that is searched, levels, and keys that are kept and shown.
_LARGEST_RECORD: Final = 2**20
_MOST_LEVELS: Final = 50
_MOST_KEYS: Final = 1_000
_SHOWN: Final = 20


@dataclass
class _Node:
    """The parts that mappings read at a place of a document.

    Attributes:
        inner: By key, the parts that they read below; an element or any member is at ``[*]``.
        whole: Whether a reference ends here, or the parts that it reads below are unknown.
    """

    inner: dict[str | Wildcard, _Node] = field(default_factory=dict)
    whole: bool = False

    def add(self, steps: Iterable[Step], *, whole: bool) -> None:
        node = self
        for step in steps:
            key = Wildcard.ALL if isinstance(step, int) else step
            node = node.inner.setdefault(key, _Node())
        node.whole |= whole


@dataclass(frozen=True, slots=True)
class Unread:
    """The keys of a file that no mapping reads.

    Attributes:
        keys: The paths of the keys, in the order of the document.
        sampled: Whether only its first records were searched.
    """

    keys: tuple[str, ...]
    sampled: bool


def unread_paths(
    plan: Plan,
    sources: Mapping[LogicalSource, tuple[SourceFile, ...]],
    spill: Path | None,
    known: Mapping[SourceFile, Unread] = MappingProxyType({}),
) -> dict[SourceFile, Unread]:
    """Return the keys that no mapping reads, of each document.

    JSON is always searched; YAML, which is slow to read, only with a build.

    Args:
        plan: The plan.
        sources: The files of each source.
        spill: Folder where a build converted YAML to JSON. With it YAML is searched, else JSON.
        known: What is known of documents; they are not read.
    """
    formulation = Formulation.JSON if spill is None else Formulation.YAML
    read: dict[SourceFile, _Node] = {}
    readers: dict[SourceFile, list[LogicalSource]] = {}
    for table in plan_tables(plan).all:
        source = table.source
        if source.formulation is not formulation or table.rows is not None:
            continue
        iterator = parse_jsonpath(source.iterator or "$")
        for file in sources.get(source, ()):
            node = read.setdefault(file, _Node())
            readers.setdefault(file, []).append(source)
            node.add(iterator.head, whole=bool(iterator.tail))
            for column in table.columns:
                path = parse_jsonpath(column.reference)
                node.add(path.below(iterator.head), whole=not iterator.tail)
    unread: dict[SourceFile, Unread] = {}
    for file, node in read.items():
        if file in known:
            unread[file] = known[file]
            continue
        found, sampled = _Found(), False
        with suppress(InputError, LimitError):  # whoever reads the whole file reports its faults
            sampled = _look_through(file, readers[file], node, found, spill)
        unread[file] = Unread(tuple(found.keys), sampled)
    return unread


def unread_keys(unread: Mapping[SourceFile, Unread], root: Path) -> Iterator[Finding]:
    """Yield a finding for each file with keys that no mapping reads.

    Args:
        unread: The keys of each file.
        root: The folder of the workspace.
    """
    for file, found in unread.items():
        if not found.keys:
            continue
        about = path_within(str(file.path), root)
        yield _finding(file, about, list(found.keys), found.sampled)


def with_meant(
    counts: Iterable[MapCount],
    plan: Plan,
    sources: Mapping[LogicalSource, tuple[SourceFile, ...]],
    unread: Mapping[SourceFile, Unread],
) -> tuple[MapCount, ...]:
    """Return counts with the keys that references without a value may have meant.

    Args:
        counts: The counts of the mapping.
        plan: The plan.
        sources: The files of each source.
        unread: The keys that no mapping reads.
    """
    of_map = {each.name: each.source for each in plan.triples_maps}

    def meant(count: MapCount, loss: LossCount) -> LossCount:
        if loss.records < count.records or loss.parent or loss.unfit:
            return loss
        source = of_map.get(count.triples_map)
        # Names of a view's fields are not those of keys.
        files = sources.get(source, ()) if isinstance(source, LogicalSource) else ()
        keys = {
            key.rpartition(".")[2].removesuffix("[*]")
            for file in files
            for key in (unread[file].keys if file in unread else ())
        }
        wanted = (each.removesuffix("[*]").rpartition(".")[2] for each in loss.references)
        found = (nearest(name, keys) for name in wanted)
        return replace(loss, meant=next(filter(None, found), ""))

    return tuple(
        replace(count, losses=tuple(meant(count, loss) for loss in count.losses))
        for count in counts
    )


def _finding(file: SourceFile, about: str, keys: list[str], sampled: bool) -> Finding:
    more = len(keys) - _SHOWN
    listed = ", ".join(keys[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
    found = unread_names(about, "key", listed, len(keys), file.shown)
    looked = f", in the first {_MOST_RECORDS:,} records" if sampled else ""
    return replace(found, message=f"{found.message}{looked}")


class _Found:
    """The paths of keys that nothing reads, in the order of the document."""

    def __init__(self) -> None:
        self.keys: dict[str, None] = {}

    def look(self, tree: object, nodes: list[_Node], path: str = "", level: int = 0) -> None:
        """Search a value that mappings read in part."""
        if any(node.whole for node in nodes) or level > _MOST_LEVELS:
            return
        if isinstance(tree, list):
            # References read elements by [*]; without it, they read the list as one value.
            inner = [node.inner.get(Wildcard.ALL, node) for node in nodes]
            for element in tree:
                self.look(element, inner, f"{path}[*]" if path else "", level + 1)
        elif isinstance(tree, dict):
            for key, value in tree.items():
                inner = list(_members(nodes, key))
                here = f"{path}.{key}" if path else key
                if inner:
                    self.look(value, inner, here, level + 1)
                elif len(self.keys) < _MOST_KEYS:
                    self.keys[here] = None


def _members(nodes: Iterable[_Node], key: str) -> Iterator[_Node]:
    """Yield the parts read at a member; an object may also be a list of one."""
    for node in nodes:
        every = node.inner.get(Wildcard.ALL)
        yield from (each for each in (node.inner.get(key), every) if each)
        if every and key in every.inner:
            yield every.inner[key]


def _look_through(
    file: SourceFile, sources: list[LogicalSource], node: _Node, found: _Found, spill: Path | None
) -> bool:
    """Search a document; return whether only its first records were searched.

    Raises:
        InputError: It is not valid.
        LimitError: A record is too large, or the document is nested too deep.
    """
    start = list(islice(_characters(file, sources[0], spill), 1))
    if not start or len(start[0]) <= _SMALL:
        for tree in _documents("".join(start)):
            found.look(tree, [node])
        return False
    for source in sources:
        _look_at_records(file, source, node, found, spill)
    return True


def _look_at_records(
    file: SourceFile, source: LogicalSource, node: _Node, found: _Found, spill: Path | None
) -> None:
    """Search the first records of a large document."""
    steps = parse_jsonpath(source.iterator or "$").split()[0]
    below, path = [node], ""
    for step in steps:
        if isinstance(step, str):
            below, path = list(_members(below, step)), f"{path}.{step}" if path else step
        else:
            below = [each for inner in below if (each := inner.inner.get(Wildcard.ALL))]
            path = f"{path}[*]" if path else ""
    scanner = JsonScanner((text.encode() for text in _characters(file, source, spill)), file)
    records = (
        record
        for _ in scanner.documents(several=True)
        for record in scanner.records(steps, _LARGEST_RECORD)
    )
    # Whoever reads the whole file reports its faults. Numbers are of no interest, and Python makes
    # no number of thousands of digits.
    with suppress(ValueError, RecursionError):
        for record in islice(records, _MOST_RECORDS):
            found.look(json.loads(record, parse_int=str), below, path)


def _characters(file: SourceFile, source: LogicalSource, spill: Path | None) -> Iterator[str]:
    """Yield the text of a document as JSON; a small document comes in one piece."""
    if source.formulation is Formulation.YAML:
        assert spill is not None
        from kg.sources.yaml_files import converted  # YAML is loaded only if some is there

        with converted(file, source, spill).open(encoding="utf-8") as stream:
            while piece := stream.read(_SMALL + 1):
                yield piece
        return
    blocks = text_blocks(file, source)
    first = ""
    for block in blocks:
        first += block
        if len(first) > _SMALL:
            break
    yield first
    yield from blocks


def _documents(text: str) -> Iterator[Any]:
    """Yield the documents of a JSON text, one or several."""
    decoder, position = json.JSONDecoder(parse_int=str), 0
    with suppress(ValueError, RecursionError):  # whoever reads the whole file reports its faults
        while position < len(text):
            if text[position].isspace():
                position += 1
                continue
            tree, position = decoder.raw_decode(text, position)
            yield tree
