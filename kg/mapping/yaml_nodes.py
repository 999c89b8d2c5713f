"""YAML with line numbers: typed access to a document, every complaint with its line.

Scalars are the texts that stand in the document: ``1.50`` and ``012`` stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml import nodes as yaml
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kg.errors import InputError, Location
from kg.mapping.plan import Origin

_HINT: Final = "Check the indentation, and put quotes around texts that hold : # [ ] { } or *"
# https://yaml.org/spec/1.2.2/#103-core-schema
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
UNPAIRED: Final = "half of a surrogate pair is no character"
_NULL: Final = re.compile(r"null|Null|NULL|~|")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a YAML document, with the file and the line that it stands on.

    Attributes:
        value: A text, None for null, or what a mapping or sequence holds.
    """

    value: str | Mapping[str, Node] | tuple[Node, ...] | None
    origin: Origin

    @property
    def is_map(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self.value, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether the value is a sequence."""
        return isinstance(self.value, tuple)

    def text(self, what: str) -> str:
        """Return the value as text, as it stands in the document.

        Raises:
            InputError: The value is a list, a mapping or empty.
        """
        if not isinstance(self.value, str):
            raise self.error(f"{what} must be a text")
        return self.value

    def entries(self, what: str) -> Iterator[tuple[str, Node]]:
        """Yield the keys of a mapping with their values.

        Raises:
            InputError: The value is no mapping.
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
        """Refuse keys that mean nothing here.

        Raises:
            InputError: There is one, or the value is no mapping.
        """
        for key, value in self.entries(what):
            if key not in known:
                raise value.error(
                    f"{key!r} is no key of {what}", hint=f"Known keys: {', '.join(sorted(known))}."
                )

    def error(self, message: str, hint: str | None = None) -> InputError:
        """Return an error about this place of a mapping document."""
        return InputError("bad-mapping", message, location=self.origin.location(), hint=hint)


def parse_yaml(text: str, file: str) -> Node:
    """Parse a YAML document.

    Args:
        text: The document.
        file: Its name in messages.

    Raises:
        InputError: It is not valid YAML, or a key stands twice.
    """
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise yaml_error(error, file) from error
    except YAMLError as error:  # a control character
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        raise InputError(
            "bad-yaml",
            f"not valid YAML: {str(error).splitlines()[0]}",
            location=Location(file, line),
            hint="Take the character out.",
        ) from error
    return _Reader(file).node(root, 1) if root else Node(None, Origin(file, 1))


def yaml_error(error: MarkedYAMLError, file: str) -> InputError:
    """Return the error for a text that is not valid YAML."""
    problem = str(error.problem or error.context or "unreadable").splitlines()[0]
    mark = error.problem_mark or error.context_mark
    if "stream end" in problem or "end of stream" in problem:
        # Where it was opened says more than where the file ends.
        mark = error.context_mark or mark
    if problem.startswith("but "):
        problem = f"{error.context}, {problem}"
    place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
    return InputError("bad-yaml", f"not valid YAML: {problem}", location=place, hint=_HINT)


class _Reader:
    """Turns the nodes of a parsed document into ours."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.open: set[int] = set()

    def node(self, node: yaml.Node, line: int | None = None) -> Node:
        """Return a node; `line` is that of its key."""
        origin = Origin(self.file, line or _line(node))
        if isinstance(node, yaml.ScalarNode):
            plain = node.style is None and node.tag == "tag:yaml.org,2002:null"
            if plain and _NULL.fullmatch(node.value):
                return Node(None, origin)
            return Node(self.text(node), origin)
        if id(node) in self.open:
            raise self.error(node, "an alias stands inside of what it is an alias for")
        self.open.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            found = Node(tuple(self.node(item) for item in node.value), origin)
        else:
            found = Node(self.mapping(node), origin)
        self.open.remove(id(node))
        return found

    def mapping(self, node: yaml.Node) -> Mapping[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self.error(key, "a key must be a text")
            if key.value == "<<" and key.style is None:
                merged = {**self.merged(value), **merged}
                continue
            name = self.text(key)
            if name in own:
                raise self.error(key, f"the key {name!r} stands twice")
            own[name] = self.node(value, _line(key))
        return {**merged, **own}

    def merged(self, node: yaml.Node) -> Mapping[str, Node]:
        """Return what a merge key stands for: a mapping, or several of which the first counts."""
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Node] = {}
        for part in reversed(parts):
            value = self.node(part).value
            if not isinstance(value, Mapping):
                raise self.error(part, "a merge key << takes mappings")
            found |= value
        return found

    def text(self, node: yaml.ScalarNode) -> str:
        try:
            return paired(node.value)
        except UnicodeDecodeError as error:
            raise self.error(node, UNPAIRED) from error

    def error(self, node: yaml.Node, message: str) -> InputError:
        place = Location(self.file, _line(node), node.start_mark.column + 1)
        return InputError("bad-yaml", message, location=place, hint="Mend the file here.")


def paired(text: str) -> str:
    r"""Return a text with characters for surrogate pairs, as JSON writes them in escapes.

    Raises:
        UnicodeDecodeError: A surrogate stands alone.

    >>> paired("\ud83d\ude80") == "\U0001f680"
    True
    """
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
