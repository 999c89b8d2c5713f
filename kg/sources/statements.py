"""Check the SQL of a source before a server gets it: it must be one statement that reads.

The server's own read-only switch only holds within a transaction, which a second statement could
end. The rights of the server's user decide what a single query may do through functions.
"""

from __future__ import annotations

import re
from typing import Final

from kg.errors import InputError
from kg.mapping.plan import LogicalSource

_READING: Final = frozenset(("select", "with", "values", "table", "show", "describe", "desc"))
_COMMENTS: Final = r"--[^\n]*|/\*.*?\*/"
_QUOTED: Final = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
# Parts that hold no SQL: comments, texts, quoted names. PostgreSQL also has texts between dollars
# and texts with backslashes; MySQL has backslashes in all texts, and more comments and names.
_OPAQUE: Final = {
    "postgresql": re.compile(
        rf"{_COMMENTS}|(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|{_QUOTED}"
        r"|(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$",
        re.DOTALL,
    ),
    "mysql": re.compile(
        rf"{_COMMENTS}|\#[^\n]*|'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`",
        re.DOTALL,
    ),
}
# MySQL runs the text of such a comment; the two words write files on the server's machine.
_HIDDEN: Final = re.compile(r"/\*M?!|\b(?:outfile|dumpfile)\b", re.IGNORECASE)


def check_statement(query: str, backend: str, source: LogicalSource) -> None:
    """Refuse anything but one statement that reads.

    Args:
        query: The SQL of a mapping.
        backend: ``postgresql`` or ``mysql``.
        source: The logical source that uses it.

    Raises:
        InputError: There are several statements, or the first is of another kind.
    """
    plain = _OPAQUE[backend].sub(" ", query)
    first = re.match(r"[\s(]*(\w*)", plain)
    assert first is not None
    if first[1].lower() not in _READING:
        start = plain[first.start(1) :].partition(" ")[0]
        raise _refused(f"it starts with {start!r}" if start else "it is empty", source)
    if plain.rstrip().rstrip(";").count(";"):
        raise _refused("it holds several statements", source)
    if backend == "mysql" and (hidden := _HIDDEN.search(query)):
        raise _refused(f"it holds {hidden[0]!r}", source)


def _refused(reason: str, source: LogicalSource) -> InputError:
    return InputError(
        "bad-query",
        f"the query is not a single one that reads: {reason}",
        location=source.origin.location(),
        hint="Write one SELECT.",
    )
