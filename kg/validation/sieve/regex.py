r"""Decide which regular expressions mean the same in DuckDB (RE2) as in pySHACL.

An expression is *portable* if it uses only syntax that means the same in both (see
`kg.regex.reader`) on text without line breaks: literal characters, ``.``, sets,
groups, alternatives, counted repeats, anchors, the classes ``\d \w \s`` with their
opposites, and ``\b``. All others (with look-around, back references, named groups, escapes of code
points, ``\p``, subtracted sets) are left to pySHACL.
"""

from __future__ import annotations

import re
from typing import Final

from kg.records import dataclass
from kg.regex.reader import RegexError, normalized
from kg.validation.regex import read_regex

# RE2 rejects higher counts, also as the product of nested ones.
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
    """A pattern for DuckDB.

    Attributes:
        pattern: The pattern, normalized for its flags.
        flags: The flags for DuckDB.
        ascii_only: Whether it means the same as in pySHACL on ASCII text only: in Python, classes
            and case folding include other alphabets.
    """

    pattern: str
    flags: str
    ascii_only: bool


def portable(pattern: str, flags: str) -> Portable | None:
    """Return the pattern and flags for DuckDB, or None if the pattern is not portable.

    Args:
        pattern: The value of ``sh:pattern``.
        flags: The value of ``sh:flags`` in lower case; ``m`` and ``s`` only affect line breaks.

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
