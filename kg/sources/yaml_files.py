"""YAML documents of records: turned into JSON as a stream of events, then read as JSON.

Scalars keep the text that stands in the file: ``2022-11-18`` and ``01`` stay as they are. Plain
scalars that YAML 1.2's core schema reads as null, booleans, integers or floats are these.

Spec: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from io import StringIO
from typing import Final, TextIO

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from kg.errors import InputError, Location
from kg.mapping.jsonpath import Wildcard, parse_jsonpath
from kg.mapping.plan import LogicalSource
from kg.mapping.yaml_nodes import UNPAIRED, paired, yaml_error
from kg.sources import json_files
from kg.sources.files import SourceFile, empty_file
from kg.sources.reading import Reading
from kg.sources.streams import open_text

_NULL: Final = re.compile(r"null|Null|NULL|~|")
_BOOLEAN: Final = re.compile(r"true|True|TRUE|false|False|FALSE")
# Integers with leading zeros stay texts: they are codes, not numbers.
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def select(reading: Reading) -> str:
    """Return a query for one YAML file; see `kg.sources.loading`.

    Raises:
        InputError: The file is not valid YAML or not in its encoding, or a key stands twice.
    """
    target = reading.copy(".jsonl")
    with target.open("w", encoding="utf-8") as out:
        _Converter(reading.file, reading.source).write(out)
    return json_files.select_lines(reading, target)


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts."""
    steps = parse_jsonpath(source.iterator or "$").steps or ()
    nodes = []
    with open_text(file, source) as stream:
        nodes = list(YAML(typ="rt", pure=True).compose_all(stream))
    for step in steps:
        found = []
        for node in nodes:
            if isinstance(node.value, list) and step is Wildcard.ALL:
                found += [item[1] if isinstance(item, tuple) else item for item in node.value]
            elif isinstance(node.value, list) and isinstance(step, str):
                found += [item[1] for item in node.value if item[0].value == step]
            elif isinstance(node.value, list) and isinstance(step, int):
                found += node.value[step:][:1]
        nodes = found
    return {n: nodes[n - 1].start_mark.line + 1 for n in records if n <= len(nodes)}


class _Converter:
    """Writes the documents of one YAML file as JSON, one a line."""

    def __init__(self, file: SourceFile, source: LogicalSource) -> None:
        self.file = file
        self.source = source
        self.anchors: dict[str, str] = {}

    def write(self, out: TextIO) -> None:
        documents = 0
        try:
            with open_text(self.file, self.source) as stream:
                events = YAML(typ="safe", pure=True).parse(stream)
                for event in events:
                    if isinstance(event, DocumentStartEvent):
                        documents += 1
                        self.anchors = {}
                        self._node(next(events), events, out)
                        out.write("\n")
        except MarkedYAMLError as error:
            raise yaml_error(error, self.file.shown) from error
        except ReaderError as error:
            raise self._bad_character(error) from error
        if not documents:
            raise empty_file(self.file)

    def _node(self, event: Event, events: Iterator[Event], out: TextIO) -> None:
        if isinstance(event, AliasEvent):
            out.write(self._alias(event))
            return
        anchor = getattr(event, "anchor", None)
        target: TextIO = StringIO() if anchor else out
        if isinstance(event, ScalarEvent):
            target.write(self._scalar(event))
        elif isinstance(event, SequenceStartEvent):
            self._sequence(events, target)
        else:
            assert isinstance(event, MappingStartEvent)
            self._mapping(events, target)
        if anchor and isinstance(target, StringIO):
            self.anchors[anchor] = target.getvalue()
            out.write(self.anchors[anchor])

    def _sequence(self, events: Iterator[Event], out: TextIO) -> None:
        out.write("[")
        first = True
        while not isinstance(event := next(events), SequenceEndEvent):
            out.write("" if first else ",")
            first = False
            self._node(event, events, out)
        out.write("]")

    def _mapping(self, events: Iterator[Event], out: TextIO) -> None:
        keys: set[str] = set()
        out.write("{")
        while not isinstance(event := next(events), MappingEndEvent):
            if not isinstance(event, ScalarEvent) or event.value == "<<":
                raise self._error(event, "keys must be plain texts; merge keys are not read")
            key = self._text(event)
            if key in keys:
                raise self._error(event, f"the key {key!r} stands twice")
            out.write(("," if keys else "") + json.dumps(key, ensure_ascii=False) + ":")
            keys.add(key)
            self._node(next(events), events, out)
        out.write("}")

    def _scalar(self, event: ScalarEvent) -> str:
        value = self._text(event)
        if event.style is None:
            if _NULL.fullmatch(value):
                return "null"
            if _BOOLEAN.fullmatch(value):
                return value.lower()
            if _NUMBER.fullmatch(value):
                return value
        return json.dumps(value, ensure_ascii=False)

    def _text(self, event: ScalarEvent) -> str:
        try:
            return paired(str(event.value))
        except UnicodeDecodeError as error:
            raise self._error(event, UNPAIRED) from error

    def _alias(self, event: AliasEvent) -> str:
        try:
            return self.anchors[event.anchor]
        except KeyError:
            raise self._error(event, f"there is no anchor &{event.anchor}") from None

    def _error(self, event: Event, message: str) -> InputError:
        mark = event.start_mark
        place = Location(self.file.shown, mark.line + 1, mark.column + 1)
        return InputError("bad-yaml", message, location=place, hint="Mend the file here.")

    def _bad_character(self, error: ReaderError) -> InputError:
        with open_text(self.file, self.source) as stream:
            text = stream.read(error.position)
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
        return InputError(
            "bad-yaml",
            f"the character U+{error.character:04X} may not stand in YAML",
            location=Location(self.file.shown, line, column),
            hint="Take it out, or write it as an escape in double quotes.",
        )
