r"""Which regular expressions DuckDB's RE2 and Python's ``re`` read alike.

The judge searches with Python's ``re``. An expression is *portable* if it is made only of what
both engines take to mean the same on text without line breaks: literal characters, ``.``, sets,
groups, alternatives, counted repeats, anchors, and the classes ``\d \w \s`` with their
opposites, ``\b``. All else (look-around, back references, named groups, escapes of code points,
``\p``) goes to the judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

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
        flags: The flags for DuckDB.
        ascii_only: Whether that holds on ASCII text only: classes and letters of either case
            take in other alphabets in Python.
    """

    flags: str
    ascii_only: bool


def portable(pattern: str, flags: str) -> Portable | None:
    """Return how DuckDB reads a pattern as the judge does, or None if it does not.

    Args:
        pattern: The value of ``sh:pattern``.
        flags: The value of ``sh:flags`` in lower case; as in the judge, ``i`` and ``m`` count.

    >>> portable("^[A-Z]{2}-[0-9]+$", "")
    Portable(flags='c', ascii_only=False)
    >>> portable("(?=a)b", "") is None
    True
    """
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
    try:
        re.compile(pattern)
    except (re.error, OverflowError):
        return None
    return Portable("i" if ignores_case else "c", ascii_only=classes or ignores_case)
