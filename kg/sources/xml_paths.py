"""XPath iterators that can be followed while a document is read as a stream.

Such an iterator is a path of names: ``/a/b``, ``//x:item``, ``/a//b``, ``/feed/*``. Its
references decide how much of the document around a record must be kept.

Spec: https://www.w3.org/TR/1999/REC-xpath-19991116/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from kg.records import dataclass

_NAME: Final = r"[^\W\d][\w.\-]*"
_PATH: Final = re.compile(rf"(?:(//?)((?:{_NAME}:)?{_NAME}|(?:{_NAME}:)?\*))+")
_STEP: Final = re.compile(rf"(//?)(?:({_NAME}):)?({_NAME}|\*)")
# Expressions that leave a record by an unknown number of levels.
_OUTSIDE: Final = re.compile(
    r"\b(ancestor|ancestor-or-self|preceding|preceding-sibling|following|following-sibling|parent)"
    r"\s*::|\bid\s*\("
)
_TEXTS: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
# A path of children's names, with a text or an attribute at its end.
_RELATIVE: Final = re.compile(
    rf"(?:\.\./)*(?:(?:{_NAME}|\*)/)*(?:@?(?:{_NAME}:)?{_NAME}|text\(\)|\.|\*|@\*)"
)
_CALLED: Final = re.compile(r"([\w.\-]+(?::[\w.\-]+)?)\s*\(")
# https://www.w3.org/TR/1999/REC-xpath-19991116/#corelib, and tests of nodes and operators.
_OF_XPATH_1: Final = frozenset(
    {
        *("last", "position", "count", "id", "local-name", "namespace-uri", "name", "string"),
        *("concat", "starts-with", "contains", "substring-before", "substring-after"),
        *("substring", "string-length", "normalize-space", "translate", "boolean", "not", "true"),
        *("false", "lang", "number", "sum", "floor", "ceiling", "round"),
        *("text", "node", "comment", "processing-instruction", "and", "or", "div", "mod"),
    }
)
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


def parse_path(
    iterator: str, namespaces: Mapping[str, str], default: str = ""
) -> tuple[PathStep, ...] | None:
    """Return the steps of a simple path; None for any other XPath, or an unknown prefix.

    Args:
        iterator: The path.
        namespaces: What prefixes stand for.
        default: The namespace of names without a prefix; empty for none.

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
        namespace = namespaces[prefix] if prefix else default
        tag = f"{{{namespace}}}{name}" if namespace and (prefix or name != "*") else name
        steps.append(PathStep(slashes == "//", tag))
    return tuple(steps)


def is_basic(expression: str) -> bool:
    """Return whether all functions of an expression are those of XPath 1.0, without variables.

    >>> is_basic("count(a) > 1"), is_basic("exists(a)"), is_basic("'exists(a)'"), is_basic("$a")
    (True, False, True, False)
    """
    plain = _TEXTS.sub("''", expression)
    return "$" not in plain and all(name in _OF_XPATH_1 for name in _CALLED.findall(plain))


def with_prefix(expression: str, prefix: str) -> str | None:
    """Return a simple relative path with a prefix before names of elements that have none.

    Returns:
        None if the path is not simple.

    >>> with_prefix("../a/@b", "d"), with_prefix("a/d:b", "d"), with_prefix("a[1]", "d")
    ('../d:a/@b', 'd:a/d:b', None)
    """
    if not _RELATIVE.fullmatch(expression):
        return None
    *steps, last = expression.split("/")
    if last != "text()" and not re.search(r"[@:.*]", last):
        last = f"{prefix}:{last}"
    named = [step if step in ("..", "*") else f"{prefix}:{step}" for step in steps]
    return "/".join([*named, last])


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
