"""YAML as events with places: read by libyaml where it surely reads what ruamel.yaml reads.

libyaml is some hundred times as fast. ruamel.yaml knows YAML 1.2, and its complaints say more. So
libyaml reads first, and stops with `Doubt` at any fault and at all that the two may read in two
ways; then ruamel.yaml reads the text from its start, and has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum, auto
from io import StringIO
from typing import Any, Final, NamedTuple, Protocol

# Beyond these characters YAML 1.1, which libyaml reads, and 1.2 differ: tabs, line ends, marks of
# byte order. Half a surrogate pair is no UTF-8. A comment needs a space before it, also behind the
# sign of a text of several lines.
_ODD: Final = re.compile(
    "[|>][-+0-9]{0,2}#|[^\n\\x20-\\x7e\\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class Doubt(Exception):
    """libyaml may read a text otherwise than ruamel.yaml, or finds a fault in it."""


class Stream(Protocol):
    """What a text is read from."""

    def read(self, size: int = -1, /) -> str:
        """Return at most so many characters."""


class Kind(Enum):
    """What an event tells."""

    DOCUMENT = auto()
    SCALAR = auto()
    ALIAS = auto()
    SEQUENCE = auto()
    MAPPING = auto()
    END = auto()


class Event(NamedTuple):
    """One event.

    Attributes:
        kind: Its kind: a document, sequence or mapping begins, or one of the latter two ends.
        line: Its line, from 1. An empty value has that of its key; an end has none.
        column: Its column, from 1.
        value: The text of a scalar.
        anchor: Its anchor, or that which an alias stands for.
        tag: The tag that is written there.
        is_plain: Whether it is a scalar without quotes.
    """

    kind: Kind
    line: int
    column: int
    value: str = ""
    anchor: str | None = None
    tag: str | None = None
    is_plain: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it is a scalar of which nothing is written."""
        return self.is_plain and not self.value


_KINDS: Final = {
    "DocumentStartEvent": Kind.DOCUMENT,
    "ScalarEvent": Kind.SCALAR,
    "AliasEvent": Kind.ALIAS,
    "SequenceStartEvent": Kind.SEQUENCE,
    "MappingStartEvent": Kind.MAPPING,
    "SequenceEndEvent": Kind.END,
    "MappingEndEvent": Kind.END,
}

# The libraries place it in two ways.
_END: Final = Event(Kind.END, 0, 0)


def careful_events(stream: Stream | str) -> Iterator[Event]:
    """Yield the events of a text as ruamel.yaml reads them.

    Raises:
        YAMLError: It is not valid YAML.
    """
    from ruamel.yaml import YAML

    return _placed(YAML(typ="safe", pure=True).parse(stream), certain=False)


def quick_events(stream: Stream | str) -> Iterator[Event]:
    """Yield the events of a text as libyaml reads them.

    Raises:
        Doubt: ruamel.yaml may read it otherwise, or something is wrong with it. What was yielded
            before is then not to be used.
    """
    return _placed(_libyaml(StringIO(stream) if isinstance(stream, str) else stream), certain=True)


def _libyaml(stream: Stream) -> Iterator[Any]:
    try:
        from yaml import YAMLError
        from yaml.cyaml import CParser
    except ImportError as error:  # PyYAML was built without libyaml
        raise Doubt from error
    try:
        next_event: Callable[[], Any] = CParser(_Guarded(stream)).get_event
        while (event := next_event()) is not None:
            yield event
    except YAMLError as error:
        raise Doubt from error


class _Guarded:
    """A stream that raises `Doubt` at a character that the two read in two ways."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.before = ""

    def read(self, size: int = -1) -> str:
        text = self.stream.read(size)
        if _ODD.search(self.before + text):
            raise Doubt
        self.before = text[-3:]
        return text


def _event(found: Any, kind: Kind) -> Event:  # noqa: ANN401  (of either library)
    """Return an event of a library in the form of the house."""
    mark = found.start_mark
    line, column = mark.line + 1, mark.column + 1
    if kind is Kind.SCALAR:
        plain = not found.style
        return Event(kind, line, column, found.value, found.anchor, found.tag, plain)
    if kind is Kind.END:
        return _END
    if kind is Kind.DOCUMENT:
        return Event(kind, line, column, tag="%" if found.version or found.tags else None)
    return Event(kind, line, column, "", found.anchor, getattr(found, "tag", None))


def _placed(events: Iterator[Any], *, certain: bool) -> Iterator[Event]:
    """Yield events; an empty value has the place of its key.

    The libraries place it before, or after, the comments and empty lines behind it.

    Args:
        events: The events of a library.
        certain: Raise `Doubt` at what the libraries read in two ways.
    """
    # Of each open collection: False in a list; in a mapping the key of the value that comes next,
    # or None if a key does.
    waiting: list[Event | bool | None] = []
    anchors: set[str | None] = set()
    for found in events:
        kind = _KINDS.get(type(found).__name__)
        if kind is None:
            continue
        event = _event(found, kind)
        if kind is Kind.DOCUMENT:
            if certain and event.tag:
                raise Doubt
            anchors.clear()
        elif kind is Kind.END:
            waiting.pop()
        else:
            key = waiting[-1] if waiting else False
            if certain and (event.tag or event.anchor or event.is_empty or not waiting):
                _check(event, key, anchors, is_root=not waiting)
            if isinstance(key, Event):
                waiting[-1] = None
                if event.is_empty:
                    event = event._replace(line=key.line, column=key.column)
            elif key is None:
                waiting[-1] = event
            if kind is not Kind.SCALAR and kind is not Kind.ALIAS:
                waiting.append(None if kind is Kind.MAPPING else False)
        yield event


def _check(
    event: Event, key: Event | bool | None, anchors: set[str | None], *, is_root: bool
) -> None:
    """Raise `Doubt` at a tag, an anchor that is set twice or on a key, and an odd scalar.

    Args:
        event: A node.
        key: Its key; None if it is a key, False if it has none.
        anchors: The anchors before it; its own is added.
        is_root: Whether it is the whole document.
    """
    is_odd = event.kind is Kind.SCALAR and (is_root or (event.is_empty and not key))
    if event.tag or key is None or is_odd:
        raise Doubt
    if event.anchor and event.kind is not Kind.ALIAS:
        if event.anchor in anchors:
            raise Doubt
        anchors.add(event.anchor)
