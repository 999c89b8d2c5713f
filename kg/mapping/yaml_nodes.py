"""YAML with line numbers: typed access to a document, every complaint with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kg.errors import InputError, Location
from kg.mapping.plan import Origin


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a YAML document, with the file and the line that it stands on."""

    value: Any
    origin: Origin

    @property
    def is_map(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self.value, CommentedMap)

    @property
    def is_list(self) -> bool:
        """Whether the value is a sequence."""
        return isinstance(self.value, CommentedSeq)

    def text(self, what: str) -> str:
        """Return the value as text; numbers and booleans as they are written in YAML.

        Raises:
            InputError: The value is a list, a mapping or empty.
        """
        if self.value is None or self.is_map or self.is_list:
            raise self.error(f"{what} must be a text")
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return str(self.value)

    def entries(self, what: str) -> Iterator[tuple[str, Node]]:
        """Yield the keys of a mapping with their values.

        Raises:
            InputError: The value is no mapping.
        """
        if not self.is_map:
            raise self.error(f"{what} must be a mapping (key: value)")
        for key, value in self.value.items():
            line = self.value.lc.key(key)[0] + 1
            yield str(key), Node(value, Origin(self.origin.file, line))

    def items(self) -> Iterator[Node]:
        """Yield the items of a list; a single value stands for a list of one, null for none."""
        if self.value is None:
            return
        if not self.is_list:
            yield self
            return
        for index, value in enumerate(self.value):
            line = self.value.lc.item(index)[0] + 1
            yield Node(value, Origin(self.origin.file, line))

    def get(self, *names: str) -> Node | None:
        """Return the value of the first of the keys that a mapping has, or None."""
        if self.is_map:
            for name in names:
                if name in self.value:
                    line = self.value.lc.key(name)[0] + 1
                    return Node(self.value[name], Origin(self.origin.file, line))
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
    parser = YAML(typ="rt")
    try:
        value = parser.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        problem = str(error.problem or error.context or "unreadable").splitlines()[0]
        raise InputError(
            "bad-yaml",
            f"not valid YAML: {problem}",
            location=place,
            hint="Check the indentation, and put quotes around texts that hold : # [ ] { } or *",
        ) from error
    except YAMLError as error:
        raise InputError(
            "bad-yaml", f"not valid YAML: {str(error).splitlines()[0]}", location=Location(file)
        ) from error
    return Node(value, Origin(file, 1))
