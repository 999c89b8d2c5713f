"""YAML with line numbers: typed access to a document, every complaint with its line.

Scalars are the texts that are in the document: ``1.50`` and ``012`` stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from kg.errors import InputError, Location, raise_all
from kg.logins import shows_part
from kg.mapping.plan import Origin
from kg.mapping.yaml_events import Doubt, Event, Kind, careful_events, quick_events
from kg.notes import Notes
from kg.records import dataclass
from kg.variables import DATABASE, WRITTEN, Variables
from kg.wording import nearest, plain_slip

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

_HINT: Final = "Check the indentation, and put quotes around texts that hold : # [ ] { } or *"
# https://yaml.org/spec/1.2.2/#103-core-schema
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
UNPAIRED: Final = "half of a surrogate pair is no character"
# A reference as other languages write it; where YAML takes it, it is a mapping of one key.
# What YARRRML escapes.
_ESCAPED: Final = ":$()"
_BRACED: Final = re.compile(r"(?<=[^\s,\[{])\{([\w.-]+)\}")
# A key up to the space before its value.
_KEY: Final = re.compile(r"[ -]*[^\s\"'\[{#-][^\"'\[{#]*:[ ]*")
# How people shorten keys.
_SHORTENED: Final[Mapping[str, str]] = {
    "subj": "subjects",
    "pred": "predicates",
    "obj": "objects",
    "lang": "language",
    "cond": "condition",
    "func": "function",
    "param": "parameters",
    "params": "parameters",
}
_NULL: Final = re.compile(r"null|Null|NULL|~|")
_NULL_TAGS: Final = (None, "!", "tag:yaml.org,2002:null")


# How deep a document may be nested.
MOST_DEEP: Final = 100
# An external reference.
_EXTERNAL: Final = re.compile(r"(?<!\\)\$\(_([^()]+)\)")
# How many values the aliases of a document may make: so many, or so many for each written.
MOST_VALUES: Final = 50_000
MOST_COPIES: Final = 10


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a YAML document, with the file and the line that it is on.

    Attributes:
        value: A text, None for null, or what a mapping or sequence holds.
        written: The text as it stood in the document, where values were filled in.
    """

    value: str | Mapping[str, Node] | tuple[Node, ...] | None
    origin: Origin
    written: str | None = field(default=None, compare=False)

    @property
    def is_map(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self.value, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether the value is a sequence."""
        return isinstance(self.value, tuple)

    def text(self, what: str) -> str:
        """Return the value as text, as it is in the document.

        Raises:
            InputError: The value is a list, a mapping or empty.
        """
        if not isinstance(self.value, str):
            raise self.error(f"{what} must be a text")
        return self.value

    def entries(self, what: str) -> Iterator[tuple[str, Node]]:
        """Yield the keys of a mapping with their values.

        Raises:
            InputError: The value is not a mapping.
        """
        if not isinstance(self.value, Mapping):
            raise self.error(f"{what} must be a mapping (key: value)")
        yield from self.value.items()

    def items(self) -> Iterator[Node]:
        """Yield the items of a list; a single value stands for a list of one, null for none."""
        if isinstance(self.value, tuple):
            yield from self.value
        elif self.value is not None:
            yield self

    def get(self, *names: str) -> Node | None:
        """Return the value of the first of the keys that a mapping has, or None."""
        if isinstance(self.value, Mapping):
            return next((self.value[name] for name in names if name in self.value), None)
        return None

    def check_keys(self, what: str, known: frozenset[str]) -> None:
        """Refuse keys that are plainly slips for those known; tell others once, and pass them over.

        Mappings hold annotations, and keys of other tools: they mean nothing here.

        Raises:
            InputError: There is a slip, or the value is not a mapping.
        """
        for key, value in self.entries(what):
            if key in known:
                continue
            meant = plain_slip(key, known)
            short = _SHORTENED.get(key.lower(), "")
            if meant is None and short in known:
                meant = short
            place = value.origin.location()
            if meant is not None:
                hint = f"Did you mean {meant}? Known keys: {', '.join(sorted(known))}."
                raise value.error(f"{key!r} is no key of {what}", hint=hint)
            if value.value is None and self.value == {key: value}:  # {name}, as others write it
                raise value.error(
                    f"{key!r} is no key of {what}", hint=f"Write a reference as $({key})."
                )
            similar = nearest(key, known)
            text = f"the key {key!r} means nothing to kg here and is passed over"
            text += f"; did you mean {similar}?" if similar else ""
            Notes().add(text.replace("{", "{{").replace("}", "}}"), place, loses=False)

    def unsupported(self, message: str, hint: str | None = None) -> InputError:
        """Return an error about something that is right, but that kg does not do."""
        return self._with_code("unsupported-mapping", message, hint)

    def error(self, message: str, hint: str | None = None) -> InputError:
        """Return an error about this place of a mapping document."""
        return self._with_code("bad-mapping", message, hint)

    def _with_code(self, code: str, message: str, hint: str | None) -> InputError:
        """Return an error that shows no part of a variable's value."""
        if self.written is not None and shows_part(f"{message} {hint or ''}", self.filled_in()):
            message = f"{self.written!r} is not right here with the values of its variables"
            hint = "Look at the values; messages do not show them."
        return InputError(code, message, location=self.origin.location(), hint=hint)

    def filled_in(self) -> str:
        """Return what of the text was not written in the document."""
        known = set(re.split(r"\W+", WRITTEN.sub(" ", self.written or "")))
        text = self.value if isinstance(self.value, str) else ""
        return " ".join(part for part in re.split(r"\W+", text) if part not in known)


def with_values(node: Node, variables: Variables) -> Node:
    """Return a document whose texts have the values of the variables that they name.

    Raises:
        InputError: Variables have no value. It may be several; each is reported once.
    """
    made: dict[int, Node] = {}
    faults: dict[str, InputError] = {}

    def filled(node: Node) -> Node:
        known = made.get(id(node))
        if known is None:
            known = made[id(node)] = _filled(node)
        return known

    def _filled(node: Node) -> Node:
        if isinstance(node.value, Mapping):
            values = node.value.items()
            kept = "access" if _reads_users_database(node) else ""
            return replace(node, value={k: v if k == kept else filled(v) for k, v in values})
        if isinstance(node.value, tuple):
            return replace(node, value=tuple(map(filled, node.value)))
        if node.value is None or "${" not in node.value:
            return node
        try:
            text = variables.filled(node.value, node.origin.location())
        except InputError as error:
            faults.setdefault(error.message, error)
            return node
        return replace(node, value=text, written=node.value)

    found = filled(node)
    raise_all(faults.values(), "the mapping")
    return found


def _reads_users_database(source: Node) -> bool:
    """Return whether the address of a server is the user's own, which is filled in later."""
    address, kind = source.get("access"), source.get("type")
    is_server = kind is not None and kind.value != "sqlite"
    return is_server and address is not None and address.value == f"${{{DATABASE}}}"


def with_external(node: Node, external: Mapping[str, str]) -> Node:
    """Return a node whose texts have the values of the external references in them.

    Args:
        node: The node.
        external: Values by name; ``$(_name)`` stands for one.
    """
    if isinstance(node.value, Mapping):
        filled = {key: with_external(each, external) for key, each in node.value.items()}
        return replace(node, value=filled)
    if isinstance(node.value, tuple):
        return replace(node, value=tuple(with_external(each, external) for each in node.value))
    if node.value is None or "$(_" not in node.value:
        return node
    text = _EXTERNAL.sub(lambda match: external.get(match[1], match[0]), node.value)
    return replace(node, value=text, written=node.written or node.value)


def parse_yaml(text: str, file: str, tabs: int = 50) -> Node:
    """Parse a YAML document.

    Args:
        text: The document.
        file: Its name in messages.
        tabs: How many tabs between keys and values are taken as spaces, and backslashes as such.

    Raises:
        InputError: It is not valid YAML, or a key occurs twice.
    """
    with suppress(Doubt, InputError):  # whatever is wrong, ruamel.yaml says it
        return _document(quick_events(text), file)
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return _document(careful_events(text), file)
    except RecursionError as error:  # far deeper than what is allowed
        raise _too_deep(Location(file)) from error
    except MarkedYAMLError as error:
        apart = (_without_tab(text, error) or _with_escape(text, error)) if tabs else None
        if apart is not None:
            return parse_yaml(apart, file, tabs - 1)
        found = yaml_error(error, file)
        line = (found.location and found.location.line) or 1
        written = _BRACED.search("".join(text.splitlines()[line - 1 : line]))
        if written and "{" in found.message:
            found.hint = f"Write a reference as $({written[1]})."
        raise found from error
    except YAMLError as error:  # a control character
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        raise InputError(
            "bad-yaml",
            f"not valid YAML: {str(error).splitlines()[0]}",
            location=Location(file, line),
            hint="Take the character out.",
        ) from error


def _without_tab(text: str, error: MarkedYAMLError) -> str | None:
    """Return a text with a space for the tab between a key and its value; None for other faults.

    YAML has both there, and ruamel.yaml has spaces alone.

    Spec: https://yaml.org/spec/1.2.2/#62-separation-spaces
    """
    mark = error.problem_mark
    if mark is None or "'\\t'" not in str(error.problem):
        return None
    lines = text.splitlines(keepends=True)
    line = lines[mark.line] if mark.line < len(lines) else ""
    before = line[: mark.column]
    if line[mark.column : mark.column + 1] != "\t" or not _KEY.fullmatch(before):
        return None
    lines[mark.line] = f"{before} {line[mark.column + 1 :]}"
    return "".join(lines)


def _with_escape(text: str, error: MarkedYAMLError) -> str | None:
    r"""Return a text with a backslash for YAML before one of YARRRML; None for other faults.

    ``\:`` and the like have no meaning in YAML's double quotes, and one in YARRRML.
    """
    mark, problem = error.problem_mark, str(error.problem)
    found = re.search("unknown escape character '([^'])'", problem)
    if mark is None or found is None or found[1] not in _ESCAPED:
        return None
    lines = text.splitlines(keepends=True)
    line = lines[mark.line] if mark.line < len(lines) else ""
    if line[mark.column - 1 : mark.column + 1] != f"\\{found[1]}":
        return None
    lines[mark.line] = f"{line[: mark.column]}\\{line[mark.column :]}"
    return "".join(lines)


def _document(events: Iterator[Event], file: str) -> Node:
    """Return the only document of a text."""
    root: _Part | None = None
    open_parts: list[_Part] = []
    anchors: dict[str | None, _Part] = {}
    for event in events:
        if event.kind is Kind.END:
            open_parts.pop()
            continue
        if event.kind is Kind.DOCUMENT:
            if root is not None:
                problem = "expected a single document in the stream, but found another document"
                raise _error(event, file, problem)
            continue
        if event.kind is Kind.ALIAS:
            if event.anchor not in anchors:
                raise _error(event, file, f"found undefined alias {event.anchor!r}")
            part = anchors[event.anchor]
        else:
            part = _Part(event)
            if event.anchor:
                anchors[event.anchor] = part
        if open_parts:
            open_parts[-1].inside.append(part)
        else:
            root = part
        if event.kind in (Kind.SEQUENCE, Kind.MAPPING):
            open_parts.append(part)
    return _NodeReader(file).document(root) if root else Node(None, Origin(file, 1))


def _error(event: Event, file: str, problem: str) -> InputError:
    place = Location(file, event.line, event.column)
    return InputError("bad-yaml", f"not valid YAML: {problem}", location=place, hint=_HINT)


def _too_deep(place: Location) -> InputError:
    return InputError(
        "bad-yaml",
        f"the document is nested more than {MOST_DEEP} deep",
        location=place,
        hint="A mapping needs about ten levels; look for brackets that are not closed.",
    )


def yaml_error(error: MarkedYAMLError, file: str) -> InputError:
    """Return the error for a text that is not valid YAML."""
    hint = _HINT
    problem = str(error.problem or error.context or "unreadable").splitlines()[0]
    mark = error.problem_mark or error.context_mark
    if "stream end" in problem or "end of stream" in problem:
        # Where it was opened says more than where the file ends.
        mark = error.context_mark or mark
    if "'\\t'" in problem:
        problem, hint = (
            "a tab stands where a value should begin",
            "Indent with spaces: YAML takes no tabs for that.",
        )
    if problem.startswith("but "):
        problem = f"{error.context}, {problem}"
    place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
    return InputError("bad-yaml", f"not valid YAML: {problem}", location=place, hint=hint)


@dataclass(slots=True, eq=False)
class _Part:
    """A value of a parsed document, with what is inside; keys and values of a mapping by turns."""

    event: Event
    inside: list[_Part] = field(default_factory=list)

    @property
    def pairs(self) -> Iterator[tuple[_Part, _Part]]:
        """The keys and values of a mapping."""
        return zip(self.inside[::2], self.inside[1::2], strict=True)


class _NodeReader:
    """Turns the parts of a parsed document into nodes.

    What an alias stands for is turned once. Aliases of aliases may still stand for more values than
    anyone could write, so these are counted.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.open: set[int] = set()
        self.made: dict[int, Node] = {}
        self.sizes: dict[int, int] = {}

    def document(self, root: _Part) -> Node:
        """Return the whole document.

        Raises:
            InputError: A key is none, or it is nested too deep, or its aliases stand for too much.
        """
        found = self.node(root, 1)
        size, written = self.sizes.get(id(root), 1), len(self.made)
        if size > max(MOST_VALUES, MOST_COPIES * written):
            raise InputError(
                "bad-yaml",
                f"its aliases make {size:,} values of the {written:,} that are written",
                location=Location(self.file),
                hint="Take out aliases that stand for lists of aliases.",
            )
        return found

    def node(self, node: _Part, line: int | None = None) -> Node:
        """Return a node; `line` is that of its key."""
        if len(self.open) > MOST_DEEP:
            raise _too_deep(Location(self.file, node.event.line))
        origin = Origin(self.file, line or node.event.line)
        made = self.made.get(id(node))
        if made is None:
            made = self.made[id(node)] = self.turned(node, origin)
            self.sizes[id(node)] = self.size(node)
        return made if made.origin == origin else replace(made, origin=origin)

    def size(self, node: _Part) -> int:
        """Return how many values a node stands for."""
        inside = node.inside[1::2] if node.event.kind is Kind.MAPPING else node.inside
        return 1 + sum(self.sizes.get(id(each), 1) for each in inside)

    def turned(self, node: _Part, origin: Origin) -> Node:
        """Return a node that was not met before."""
        event = node.event
        if event.kind is Kind.SCALAR:
            if event.is_plain and event.tag in _NULL_TAGS and _NULL.fullmatch(event.value):
                return Node(None, origin)
            return Node(self.text(node), origin)
        if id(node) in self.open:
            raise self.error(node, "an alias stands inside of what it is an alias for")
        self.open.add(id(node))
        if event.kind is Kind.SEQUENCE:
            found = Node(tuple(self.node(item) for item in node.inside), origin)
        else:
            found = Node(self.mapping(node), origin)
        self.open.remove(id(node))
        return found

    def mapping(self, node: _Part) -> Mapping[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.pairs:
            if key.event.kind is not Kind.SCALAR:
                raise self.error(key, "a key must be a text")
            if key.event.value == "<<" and key.event.is_plain:
                merged = {**self.merged(value), **merged}
                continue
            name = self.text(key)
            if name in own:
                raise self.twice(key, name, own[name])
            own[name] = self.node(value, key.event.line)
        return {**merged, **own}

    def merged(self, node: _Part) -> Mapping[str, Node]:
        """Return what a merge key stands for: a mapping, or several of which the first counts."""
        parts = node.inside if node.event.kind is Kind.SEQUENCE else [node]
        found: dict[str, Node] = {}
        for part in reversed(parts):
            value = self.node(part).value
            if not isinstance(value, Mapping):
                raise self.error(part, "a merge key << takes mappings")
            found |= value
        return found

    def twice(self, key: _Part, name: str, first: Node) -> InputError:
        """Return the error for a key that a mapping has twice, with both places."""
        found = self.error(key, f"the key {name!r} stands twice: on line {first.origin.line} too")
        found.hint = (
            "Take one away. If both are meant, write a list under one key"
            " (or, in predicateobjects, an entry of its own for each)."
        )
        return found

    def text(self, node: _Part) -> str:
        try:
            return paired(node.event.value)
        except UnicodeDecodeError as error:
            raise self.error(node, UNPAIRED) from error

    def error(self, node: _Part, message: str) -> InputError:
        place = Location(self.file, node.event.line, node.event.column)
        return InputError("bad-yaml", message, location=place, hint="Mend the file here.")


def paired(text: str) -> str:
    r"""Return a text with characters for surrogate pairs, as JSON writes them in escapes.

    Raises:
        UnicodeDecodeError: A surrogate is alone.

    >>> paired("\ud83d\ude80") == "\U0001f680"
    True
    """
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
