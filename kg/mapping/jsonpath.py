"""JSONPath expressions, as far as the compiler must understand them.

A path of keys, indices and wildcards is run by the engine; anything more (filters, slices, ``..``)
is only recognised here, and marked as in need of a JSONPath library.

Beside RFC 9535, two operators of JSONPath Plus are read, and the index of RML-LV: ``^`` in front
leads to what a record is in, ``~`` at the end gives the key or index that something has there, and
``#`` is the position of a record.

Spec: https://www.rfc-editor.org/rfc/rfc9535, https://github.com/JSONPath-Plus/JSONPath,
https://kg-construct.github.io/rml-lv/spec/docs/
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from kg.errors import InputError
from kg.records import dataclass


class Wildcard(Enum):
    """The one step that stands for all members or elements."""

    ALL = "*"


class Asks(Enum):
    """What a path asks for."""

    VALUE = ""
    KEY = "~"
    POSITION = "#"


Step = str | int | Wildcard

# Indices have at most 16 digits: https://www.rfc-editor.org/rfc/rfc9535#section-2.1-4.1
# Longest first: .. and .* before .name; quoted keys with their escapes. A name may hold blanks and
# marks such as : - / @, as people write them, but none that RFC 9535 has operators of, or none use.
_STEP: Final = re.compile(
    r"""
      \.\.(?:[^.\[\]"'*?();,<>=!|{}^`\\]+|\*|(?=\[))               # ..name, ..*, ..[
    | (?P<all>\.\*|\.?\[\s*\*\s*\])                   # .*, [*], and .[*] as many write
    | \.(?P<name>[^.\[\]"'*?();,<>=!|{}^`\\]+)        # .name
    | \.?\[\s*'(?P<single>(?:\\.|[^'\\])*)'\s*\]         # ['name']
    | \.?\[\s*"(?P<double>(?:\\.|[^"\\])*)"\s*\]         # ["name"]
    | \.?\[\s*(?P<index>-?[0-9]{1,16})\s*\]                      # [0], [-1]
    | \.?\[\s*-?[0-9]{0,16}\s*:\s*-?[0-9]{0,16}\s*(?::\s*-?[0-9]{0,16}\s*)?\]    # slice
    | \.?\[\s*\?.+\]                                     # filter
    | \.?\[[^\[\]]+,[^\[\]]+\]                           # union
    """,
    re.VERBOSE,
)


_ROOTED: Final = re.compile(r"[$@](?=[.\[]|$)")
# Up from a record: ^, ^^, $.^, @^ and what follows them.
_UPWARDS: Final = re.compile(r"[$@]?(?:\.?\^)+")
_POSITION: Final = re.compile(r"[$@]?\.?#")
_DOTTED: Final = re.compile(r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|\]\.\[""")
_QUOTED: Final = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A JSONPath below a record.

    Attributes:
        text: The path, with ``$`` in front.
        steps: Keys, indices and wildcards; None for a path that needs a JSONPath library.
        head: The steps before the first that needs a library; all of them if none does.
        tail: What follows `head`, as RFC 9535 writes it.
        up: How many levels it first goes up from the record.
        asks: What it asks for at its end.
    """

    text: str
    steps: tuple[Step, ...] | None
    head: tuple[Step, ...] = ()
    tail: str = ""
    up: int = 0
    asks: Asks = Asks.VALUE

    @property
    def looks_around(self) -> bool:
        """Whether it asks for more than values inside of a record."""
        return bool(self.up) or self.asks is not Asks.VALUE

    def below(self, iterator: Sequence[Step]) -> tuple[Step, ...]:
        """Return the steps of `head` in a document, from the steps of the records.

        >>> parse_jsonpath("^.id").below(("a", Wildcard.ALL, "b", Wildcard.ALL))
        ('a', <Wildcard.ALL: '*'>, 'id')
        """
        above = tuple(iterator[: len(iterator) - self.up] if self.up else iterator)
        if self.up and isinstance((*self.head, 0)[0], str):
            # No array has a key, so that it is looked for in what the array is in.
            while above and not isinstance(iterator[len(above)], str):
                above = above[:-1]
        return (*above, *self.head)

    @property
    def is_many(self) -> bool:
        """Whether the path can give several values."""
        return self.steps is None or Wildcard.ALL in self.steps

    @property
    def standard(self) -> str:
        """The path as RFC 9535 writes it."""
        return "$" + "".join(map(_written, self.head)) + self.tail

    def split(self) -> tuple[tuple[Step, ...], str]:
        """Return the steps that a document can be walked by from its start, and the rest.

        An index from the end of an array can only be found once its end is known, and a filter
        that looks at the whole document needs all of it.

        >>> parse_jsonpath("$.a[-1].b").split()
        (('a',), '[-1]["b"]')
        >>> parse_jsonpath("$.a[?@.b == $.c]").split()
        ((), '["a"][?@.b == $.c]')
        """
        if "$" in _QUOTED.sub("", self.tail):
            return (), self.standard[1:]
        for number, step in enumerate(self.head):
            if isinstance(step, int) and step < 0:
                rest = "".join(map(_written, self.head[number:]))
                return self.head[:number], rest + self.tail
        return self.head, self.tail


def parse_jsonpath(text: str) -> JsonPath:
    """Parse a JSONPath; ``a.b`` is short for ``$.a.b``, ``@.a`` for ``$.a``.

    Raises:
        InputError: The text is not JSONPath.

    >>> parse_jsonpath("$.a['b c'][0]").steps
    ('a', 'b c', 0)
    >>> parse_jsonpath("names[*]").is_many, parse_jsonpath("@id").steps
    (True, ('@id',))
    >>> made = parse_jsonpath("^^.id")
    >>> made.up, made.steps
    (2, ('id',))
    """
    path = text.strip()
    if _POSITION.fullmatch(path):
        return JsonPath(path, (), asks=Asks.POSITION)
    up, asks = 0, Asks.VALUE
    if upwards := _UPWARDS.match(path):
        up, rest = upwards[0].count("^"), path[upwards.end() :]
        path = f"${rest}" if rest.startswith((".", "[")) else rest
    if path.endswith("~"):
        asks, path = Asks.KEY, path[:-1].removesuffix(".")
    if not up and asks is Asks.VALUE:
        return _parsed(text, path)
    return replace(_parsed(text, path or "$"), text=text.strip(), up=up, asks=asks)


def _parsed(text: str, path: str) -> JsonPath:
    if not _ROOTED.match(path):  # such as @id and $ref, which are keys
        path = f"${path}" if path.startswith("[") else f"$.{path}"
    steps: list[Step] = []
    tail, position = "", 1
    while position < len(path):
        match = _STEP.match(path, position)
        if not match:
            raise _error(text, path[position:])
        position = match.end()
        step = _step(match, text)
        # DuckDB reads the key * as a wildcard, and has no way to write the empty key.
        if tail or step is None or step in ("", "*"):
            tail += _undotted(match[0]) if step is None else _written(step)
        else:
            steps.append(step)
    return JsonPath(f"${path[1:]}", None if tail else tuple(steps), tuple(steps), tail)


def _undotted(tail: str) -> str:
    """Return a part of a path without dots before brackets, which RFC 9535 does not have.

    >>> _undotted(".[?@.a == '].[' ].[0]")
    "[?@.a == '].[' ][0]"
    """
    tail = tail.removeprefix(".") if tail.startswith(".[") else tail
    return _DOTTED.sub(lambda match: match[1] or "][", tail)


def _written(step: Step) -> str:
    """Return a step as RFC 9535 writes it.

    >>> _written("a b"), _written(Wildcard.ALL)
    ('["a b"]', '[*]')
    """
    if isinstance(step, str):
        return f"[{json.dumps(step, ensure_ascii=False)}]"
    return "[*]" if isinstance(step, Wildcard) else f"[{step}]"


def _step(match: re.Match[str], path: str) -> Step | None:
    if match["name"] is not None:
        return match["name"].strip()
    if match["index"] is not None:
        return int(match["index"])
    double = match["double"]
    if match["single"] is not None:
        double = match["single"].replace("\\'", "'").replace('"', '\\"')
    if double is not None:
        return _unescaped(double, match[0], path)
    return Wildcard.ALL if match["all"] else None


def _unescaped(key: str, step: str, path: str) -> str:
    try:
        return str(json.loads(f'"{key}"', strict=False))
    except ValueError as error:
        raise _error(path, step) from error


def _error(path: str, rest: str) -> InputError:
    hint = "A path looks like $.items[*] or $['a key'].name."
    if not _ROOTED.match(path) and not re.search(r"[.\[\]'\"\\]", path):
        hint = f"If it is a key, write $['{path}']."
    return InputError(
        "bad-jsonpath",
        f"{path!r} is not a JSONPath: nothing is known that starts with {rest[:12]!r}",
        hint=hint,
    )


def until_wildcard(steps: Sequence[Step]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Return the steps before the first wildcard, and those from it on."""
    end = steps.index(Wildcard.ALL) if Wildcard.ALL in steps else len(steps)
    return tuple(steps[:end]), tuple(steps[end:])


def no_iterator(path: JsonPath) -> InputError:
    """Return the error for an iterator that goes up, or asks for a position."""
    return InputError(
        "bad-jsonpath",
        f"{path.text!r} is not an iterator: ^ and # are for references",
        hint="An iterator looks like $.items[*], or $.items.*~ for the keys.",
    )


def engine_path(steps: Sequence[Step], wildcards: Sequence[str] = ()) -> str:
    """Return the path as DuckDB writes it.

    Args:
        steps: Keys, indices and wildcards.
        wildcards: How each wildcard is written.

    >>> engine_path(("a b", 0, Wildcard.ALL), ["[*]"])
    '$."a b"[0][*]'
    """
    left = iter(wildcards)
    text = "$"
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]" if step >= 0 else f"[#{step}]"
        elif isinstance(step, Wildcard):
            text += next(left)
        else:
            text += '."' + step.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text
