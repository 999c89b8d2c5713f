r"""Which regular expressions DuckDB's RE2 and Python's ``re`` read alike, on ASCII text.

The judge searches with Python's ``re``. An expression is *portable* if it is made only of what
both engines take to mean the same on printable ASCII text: literal characters, ``.``, sets,
groups, alternatives, counted repeats, anchors, and the classes ``\d \w \s`` with their
opposites, ``\b``. All else (look-around, back references, named groups, escapes of code points,
``\p``) goes to the judge.
"""

from __future__ import annotations

import re
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


def portable(pattern: str, flags: str) -> str | None:
    """Return the flags for DuckDB if a pattern is portable, else None.

    Args:
        pattern: The value of ``sh:pattern``.
        flags: The value of ``sh:flags`` in lower case; as in the judge, ``i`` and ``m`` count.

    >>> portable("^[A-Z]{2}-[0-9]+$", "")
    'c'
    >>> portable("(?=a)b", "") is None
    True
    """
    if not pattern.isascii() or not pattern.isprintable():
        return None
    position, inner, outer = 0, 1, 1
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None:
            return None
        count = max(int(bound or 1) for bound in token.group("low", "high"))
        if pattern[position - 1 : position] == ")":
            outer *= count
        else:
            inner = max(inner, count)
        position = token.end()
    if inner * outer > _HIGHEST_REPEAT:
        return None
    try:
        re.compile(pattern)
    except (re.error, OverflowError):
        return None
    return "i" if "i" in flags else "c"
