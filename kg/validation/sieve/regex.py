r"""Which regular expressions DuckDB's RE2 reads as the judge does.

An expression is *portable* if it is made only of what means the same to both (see
`kg.validation.regex`) on text without line breaks: literal characters, ``.``, sets,
groups, alternatives, counted repeats, anchors, and the classes ``\d \w \s`` with their
opposites, ``\b``. All else (look-around, back references, named groups, escapes of code points,
``\p``, sets taken out of sets) goes to the judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kg.validation.regex import RegexError, normalized, read_regex

# RE2 refuses higher counts, also as the product of nested ones.
_HIGHEST_REPEAT: Final = 1000

_TOKEN: Final = re.compile(
    r"""
      \\[dDwWsSbB]                      # classes, and word boundaries
    | \\[][\\^$.|?*+(){}/"'#&%@!:;<>=,~`_-]   # an escaped punctuation character
    | \[\^?(?:[^]\[\\^&|~-]|\\[dDwWsS]|\\[][\\^$.|?*+(){}/-])   # a set: its first member,
      (?:[^]\[\\^&|~-]|-(?![-\]])|\\[dDwWsS]|\\[][\\^$.|?*+(){}/-])*-?\]   # and the others
    | \(\?:|\((?!\?)|[)|.^$]            # groups, alternatives, any character, anchors
    | [*+?]\??(?![*+?])                 # repeats; Python refuses a repeat of a repeat
    | \{(?P<low>\d{1,4})(?:,(?P<high>\d{0,4}))?\}\??(?![*+?{])
    | [^][\\^$.|?*+(){}]                # a literal character
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Portable:
    """How DuckDB reads a pattern as the judge does.

    Attributes:
        pattern: The pattern, without what a flag takes out of it.
        flags: The flags for DuckDB.
        ascii_only: Whether that holds on ASCII text only: classes and letters of either case
            take in other alphabets in Python.
    """

    pattern: str
    flags: str
    ascii_only: bool


def portable(pattern: str, flags: str) -> Portable | None:
    """Return how DuckDB reads a pattern as the judge does, or None if it does not.

    Args:
        pattern: The value of ``sh:pattern``.
        flags: The value of ``sh:flags`` in lower case. What ``m`` and ``s`` say is of line breaks.

    >>> portable("^[A-Z]{2}-[0-9]+$", "")
    Portable(pattern='^[A-Z]{2}-[0-9]+$', flags='c', ascii_only=False)
    >>> portable("(?=a)b", "") is None
    True
    """
    try:
        pattern, flags = normalized(pattern, flags)
        read_regex(pattern, flags)
    except RegexError:
        return None
    ignores_case = "i" in flags
    if not pattern.isprintable() or (ignores_case and not pattern.isascii()):
        return None
    position, inner, outer, classes = 0, 1, 1, False
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None:
            return None
        count = max(int(bound or 1) for bound in token.group("low", "high"))
        if pattern[position - 1 : position] == ")":
            outer *= count
        else:
            inner = max(inner, count)
        classes = classes or re.search(r"\\[dDwWsSbB]", token[0]) is not None
        position = token.end()
    if inner * outer > _HIGHEST_REPEAT:
        return None
    return Portable(pattern, "i" if ignores_case else "c", ascii_only=classes or ignores_case)
