"""XPath iterators that can be followed while a document is read as a stream.

Such an iterator is a path of names: ``/a/b``, ``//x:item``, ``/a//b``, ``/feed/*``. Its
references decide how much of the document around a record must be kept.

Spec: https://www.w3.org/TR/1999/REC-xpath-19991116/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_NAME: Final = r"[^\W\d][\w.\-]*"
_PATH: Final = re.compile(rf"(?:(//?)((?:{_NAME}:)?{_NAME}|(?:{_NAME}:)?\*))+")
_STEP: Final = re.compile(rf"(//?)(?:({_NAME}):)?({_NAME}|\*)")
# Expressions that leave a record by an unknown number of levels.
_OUTSIDE: Final = re.compile(
    r"\b(ancestor|ancestor-or-self|preceding|preceding-sibling|following|following-sibling|parent)"
    r"\s*::|\bid\s*\("
)
_TEXTS: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_ATTRIBUTE_ABOVE: Final = re.compile(rf"(?:\.\./)+@(?:{_NAME}:)?{_NAME}")


@dataclass(frozen=True, slots=True)
class PathStep:
    """A step of a simple path.

    Attributes:
        anywhere: Whether any number of elements may be between this and the step before.
        tag: Name as ElementTree writes it: ``{namespace}local``, ``*`` for any.
    """

    anywhere: bool
    tag: str


def parse_path(iterator: str, namespaces: Mapping[str, str]) -> tuple[PathStep, ...] | None:
    """Return the steps of a simple path; None for any other XPath, or an unknown prefix.

    >>> parse_path("/a//b", {})
    (PathStep(anywhere=False, tag='a'), PathStep(anywhere=True, tag='b'))
    >>> parse_path("/a/b[1]", {}) is None
    True
    """
    if not _PATH.fullmatch(iterator):
        return None
    steps = []
    for slashes, prefix, name in _STEP.findall(iterator):
        if prefix and prefix not in namespaces:
            return None
        tag = f"{{{namespaces[prefix]}}}{name}" if prefix else name
        steps.append(PathStep(slashes == "//", tag))
    return tuple(steps)


def steps_up(expression: str) -> int | None:
    """Return how far above a record an expression looks; None where that is not known.

    Attributes of the elements around a record are known while it is read, so they do not count.

    >>> steps_up("name/text()"), steps_up("../@id"), steps_up("../name"), steps_up("//x")
    (0, 0, 1, None)
    """
    if _ATTRIBUTE_ABOVE.fullmatch(expression.strip()):
        return 0
    plain = _TEXTS.sub("''", expression)
    # A path that starts at the root: after nothing, a bracket, an operator or a comma.
    if _OUTSIDE.search(plain) or re.search(
        r"(?:^|[\[(,|=<>+*-]|\b(?:and|or|div|mod)\b)\s*/", plain
    ):
        return None
    if ".." not in plain:
        return 0
    leading = re.match(r"\s*((?:\.\./)*)(.*)", plain, re.DOTALL)
    assert leading is not None
    up, rest = leading[1].count("..") + (leading[2].strip() == ".."), leading[2].strip()
    return up if rest == ".." or ".." not in rest else None


def matches(chain: Sequence[str], steps: Sequence[PathStep]) -> bool:
    """Return whether a path leads to an element.

    Args:
        chain: Names of the elements from the root to the element.
        steps: The path.
    """
    if not steps:
        return not chain
    if not chain:
        return False
    if not fits(chain[-1], steps[-1].tag):
        return False
    if not steps[-1].anywhere:
        return matches(chain[:-1], steps[:-1])
    return any(matches(chain[:end], steps[:-1]) for end in range(len(chain) - 1, -1, -1))


def fits(name: str, tag: str) -> bool:
    """Return whether an element's name is that of a step."""
    if tag == "*" or name == tag:
        return True
    return tag.endswith("}*") and name.startswith(tag[:-1])
