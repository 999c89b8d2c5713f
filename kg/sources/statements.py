"""SQL of a source, looked at before a server sees it: one statement, and one that reads.

The server's own switch for reading only holds within a transaction, which a second statement
could end. What a single query does through functions is up to the rights of the server's user.
"""

from __future__ import annotations

import re
from typing import Final

from kg.errors import InputError
from kg.mapping.plan import LogicalSource

_READING: Final = frozenset(("select", "with", "values", "table", "show", "describe", "desc"))
_COMMENTS: Final = r"--[^\n]*|/\*.*?\*/"
_QUOTED: Final = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
# What holds no SQL: comments, texts, quoted names. PostgreSQL has texts between dollars too, and
# those with backslashes; MySQL has backslashes in all texts, more comments and names.
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
# MySQL runs what stands in such a comment; and writes files on the server's machine.
_HIDDEN: Final = re.compile(r"/\*M?!|\b(?:outfile|dumpfile)\b", re.IGNORECASE)


def check_statement(query: str, backend: str, source: LogicalSource) -> None:
    """Refuse what is not one statement that reads.

    Args:
        query: The SQL of a mapping.
        backend: ``postgresql`` or ``mysql``.
        source: Where it is used.

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
