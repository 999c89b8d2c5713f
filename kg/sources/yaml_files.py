"""YAML documents of records: turned into JSON as a stream of events, then read as JSON.

Scalars keep their text: ``2022-11-18`` and ``01`` do not change. Plain scalars that YAML 1.2's core
schema reads as null, booleans, integers or floats become these.

Spec: https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from io import StringIO
from pathlib import Path
from typing import Final, TextIO

from kg.errors import InputError, KgError, LimitError, Location
from kg.mapping.jsonpath import Step, Wildcard, parse_jsonpath
from kg.mapping.plan import LogicalSource
from kg.mapping.yaml_events import Doubt, Event, Kind, careful_events, quick_events
from kg.mapping.yaml_nodes import UNPAIRED, paired, yaml_error
from kg.records import dataclass
from kg.sources import json_files
from kg.sources.files import SourceFile, empty_file
from kg.sources.reading import Reading
from kg.sources.records import JsonRecords
from kg.sources.streams import open_text

_NULL: Final = re.compile(r"null|Null|NULL|~|")
_BOOLEAN: Final = re.compile(r"true|True|TRUE|false|False|FALSE")
# Integers with leading zeros stay texts: they are codes, not numbers.
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_TEXT: Final = "tag:yaml.org,2002:str"
# Aliases of aliases could blow up a small file without bound.
_MOST_ALIASED: Final = 1 << 26
# Deepest nesting of a document, and most characters of a scalar.
_MOST_LEVELS: Final = 200
_LONGEST_SCALAR: Final = 1 << 22
# Beside a file of JSON: the lines of its values, in the same shape.
_LINES: Final = ".lines"
# The line of a scalar, or that of an array or object with what is inside.
_Lines = int | tuple[int, "Sequence[_Lines] | Mapping[str, _Lines]"]


def read(reading: Reading) -> JsonRecords:
    """Return the records of a YAML file.

    Raises:
        InputError: The file is not valid YAML or not in its encoding, or a key occurs twice.
    """
    return json_files.read_lines(reading, converted(reading.file, reading.source, reading.spill))


def lines_of(
    file: SourceFile, source: LogicalSource, records: Collection[int], spill: Path
) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts.

    Returns nothing for an iterator with a filter, slice or descendant step.

    Args:
        file: The YAML file.
        source: The logical source.
        records: Numbers of records, from 1.
        spill: Folder of the JSON that was written when the file was read.
    """
    steps, tail = parse_jsonpath(source.iterator or "$").split()
    if tail:
        return {}
    with converted(file, source, spill).with_suffix(_LINES).open(encoding="utf-8") as stream:
        nodes = [json.loads(document) for document in stream]
    for step in steps:
        nodes = [inner for node in nodes for inner in _inner(node, step)]
    return {n: _first_line(nodes[n - 1]) for n in records if n <= len(nodes)}


def _first_line(node: _Lines) -> int:
    return node if isinstance(node, int) else node[0]


def _inner(node: _Lines, step: Step) -> Sequence[_Lines]:
    inside = () if isinstance(node, int) else node[1]
    if isinstance(inside, Mapping):
        if step is Wildcard.ALL:
            return list(inside.values())
        return [inside[step]] if isinstance(step, str) and step in inside else []
    if step is Wildcard.ALL:
        return inside
    return inside[step : step + 1] if isinstance(step, int) else []


def converted(file: SourceFile, source: LogicalSource, spill: Path) -> Path:
    """Convert a YAML file to JSON documents, one a line; a second file has their line numbers.

    Parsing YAML is slow, and several sources of a mapping may read one file: it is parsed once.
    """
    state = file.path.stat()
    key = (file.path, file.member, source.encoding, source.compression, state.st_mtime_ns)
    name = hashlib.sha256(repr((*key, state.st_size)).encode()).hexdigest()[:24]
    target = spill / f"yaml-{name}.jsonl"
    if not target.exists():
        made = target.with_suffix(".part")
        with (
            made.open("w", encoding="utf-8") as out,
            target.with_suffix(_LINES).open("w", encoding="utf-8") as lines,
        ):
            _convert(file, source, lambda: open_text(file, source), _Output(out, lines))
        made.replace(target)
    return target


def json_of(text: str, source: LogicalSource) -> str | None:
    """Return the JSON of the document in a YAML text; None where there is none.

    Raises:
        InputError: It is not valid YAML, a key occurs twice, or there are several documents.
    """
    values = StringIO()
    out = _Output(values, StringIO())
    try:
        _convert(SourceFile(Path()), source, lambda: StringIO(text), out)
    except InputError as error:
        if error.code == "empty-file":
            return None
        raise
    documents = values.getvalue().split("\n")[:-1]
    if len(documents) > 1:
        raise InputError(
            "bad-yaml",
            f"the value holds {len(documents)} YAML documents, and one is read",
            hint="Make them a list of one document.",
        )
    return documents[0]


@dataclass(frozen=True, slots=True)
class _Output:
    """The two files: values as JSON, and their line numbers in the same shape."""

    values: TextIO
    lines: TextIO

    def begin(self) -> None:
        """Forget what was written."""
        for file in (self.values, self.lines):
            file.seek(0)
            file.truncate()

    def write(self, value: str, line: str | None = None) -> None:
        """Write a piece to both; `line` replaces it in the file of line numbers."""
        self.values.write(value)
        self.lines.write(value if line is None else line)


class _Measured:
    """A stream that raises if too much of it is read at once.

    Attributes:
        size: Characters read since this was last set to 0.
    """

    def __init__(self, stream: TextIO, place: Location) -> None:
        self.stream = stream
        self.place = place
        self.size = 0

    def read(self, size: int = -1) -> str:
        text = self.stream.read(size)
        self.size += len(text)
        if self.size > _LONGEST_SCALAR:
            raise LimitError(
                "record-too-large",
                f"a scalar is longer than {_LONGEST_SCALAR // 2**20} MB",
                location=self.place,
                hint="Look for a quote that is opened and never closed.",
            )
        return text


def _convert(
    file: SourceFile,
    source: LogicalSource,
    opened: Callable[[], AbstractContextManager[TextIO]],
    out: _Output,
) -> None:
    """Convert a text; if something may be wrong with it, again, and ruamel.yaml says what."""
    with suppress(Doubt, KgError), opened() as stream:
        _Converter(file, source, quick_events).read(stream, out)
        return
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    out.begin()
    try:
        with opened() as stream:
            _Converter(file, source, careful_events).read(stream, out)
    except MarkedYAMLError as error:
        raise yaml_error(error, file.shown) from error
    except ReaderError as error:
        with opened() as stream:
            before = stream.read(error.position)
        raise _bad_character(error.character, before, file) from error


def _bad_character(character: int, before: str, file: SourceFile) -> InputError:
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return InputError(
        "bad-yaml",
        f"the character U+{character:04X} may not stand in YAML",
        location=Location(file.shown, line, column),
        hint="Take it out, or write it as an escape in double quotes.",
    )


class _Converter:
    """Writes the documents of one YAML file as JSON, one a line."""

    def __init__(
        self,
        file: SourceFile,
        source: LogicalSource,
        parse: Callable[[_Measured], Iterator[Event]],
    ) -> None:
        self.file = file
        self.source = source
        self.parse = parse
        self.anchors: dict[str | None, tuple[str, str]] = {}
        self.aliased = 0

    def read(self, stream: TextIO, out: _Output) -> None:
        documents = 0
        events = self._events(_Measured(stream, self.file.location))
        for event in events:
            if event.kind is Kind.DOCUMENT:
                documents += 1
                self.anchors = {}
                self._node(next(events), events, out)
                out.write("\n")
        if not documents:
            raise empty_file(self.file)

    def _events(self, stream: _Measured) -> Iterator[Event]:
        for event in self.parse(stream):
            stream.size = 0
            yield event

    def _node(self, event: Event, events: Iterator[Event], out: _Output, level: int = 0) -> None:
        if level > _MOST_LEVELS:
            raise self._too_deep(event)
        if event.kind is Kind.ALIAS:
            out.write(*self._alias(event))
            return
        tag, anchor, line = event.tag, event.anchor, event.line
        if tag not in (None, _TEXT) or (tag and event.kind is not Kind.SCALAR):
            raise self._error(event, f"no tags but !!str are read, and here is {tag}")
        values, lines = StringIO(), StringIO()
        target = _Output(values, lines) if anchor else out
        if event.kind is Kind.SCALAR:
            target.write(self._scalar(event), str(line))
        elif event.kind is Kind.SEQUENCE:
            target.write("[", f"[{line},[")
            self._sequence(events, target, level + 1)
            target.write("]", "]]")
        else:
            assert event.kind is Kind.MAPPING
            target.write("{", f"[{line},{{")
            self._mapping(events, target, level + 1)
            target.write("}", "}]")
        if anchor:
            self.anchors[anchor] = values.getvalue(), lines.getvalue()
            out.write(*self.anchors[anchor])

    def _sequence(self, events: Iterator[Event], out: _Output, level: int) -> None:
        first = True
        while (event := next(events)).kind is not Kind.END:
            if not first:
                out.write(",")
            first = False
            self._node(event, events, out, level)

    def _mapping(self, events: Iterator[Event], out: _Output, level: int) -> None:
        keys: set[str] = set()
        while (event := next(events)).kind is not Kind.END:
            if event.kind is not Kind.SCALAR or event.value == "<<":
                raise self._error(event, "keys must be plain texts; merge keys are not read")
            key = self._text(event)
            if key in keys:
                raise self._error(event, f"the key {key!r} stands twice")
            out.write(("," if keys else "") + json.dumps(key, ensure_ascii=False) + ":")
            keys.add(key)
            self._node(next(events), events, out, level)

    def _scalar(self, event: Event) -> str:
        value = self._text(event)
        if event.is_plain and event.tag is None:
            if _NULL.fullmatch(value):
                return "null"
            if _BOOLEAN.fullmatch(value):
                return value.lower()
            if _NUMBER.fullmatch(value):
                return value
        return json.dumps(value, ensure_ascii=False)

    def _text(self, event: Event) -> str:
        try:
            return paired(event.value)
        except UnicodeDecodeError as error:
            raise self._error(event, UNPAIRED) from error

    def _alias(self, event: Event) -> tuple[str, str]:
        try:
            found = self.anchors[event.anchor]
        except KeyError:
            raise self._error(event, f"there is no anchor &{event.anchor}") from None
        self.aliased += len(found[0])
        if self.aliased > _MOST_ALIASED:
            raise self._error(event, f"aliases stand for more than {_MOST_ALIASED:,} characters")
        return found

    def _too_deep(self, event: Event) -> LimitError:
        return LimitError(
            "nested-too-deep",
            f"the YAML is nested more than {_MOST_LEVELS} deep",
            location=Location(self.file.shown, event.line, event.column),
            hint="Write it less deep; JSON may be nested to any depth.",
        )

    def _error(self, event: Event, message: str) -> InputError:
        place = Location(self.file.shown, event.line, event.column)
        return InputError("bad-yaml", message, location=place, hint="Mend the file here.")
