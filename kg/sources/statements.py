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
_OPAQUE: Final[dict[str, re.Pattern[str]]] = {
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
# Standard SQL; SQL Server has names in brackets too.
_OPAQUE["oracle"] = _OPAQUE["db2"] = re.compile(rf"{_COMMENTS}|{_QUOTED}", re.DOTALL)
_OPAQUE["mssql"] = re.compile(rf"{_COMMENTS}|{_QUOTED}|\[(?:[^\]]|\]\])*\]", re.DOTALL)
# What a query may not hold where the server has no mode for reading only, or takes statements of
# other kinds without a semicolon between. Nearly all are reserved words.
_CHANGING: Final = re.compile(
    r"\b(?:insert|update|delete|merge|into|exec|execute|create|alter|drop|truncate|grant|revoke"
    r"|deny|backup|restore|kill|shutdown|dbcc|bulk|reconfigure|use|set|declare|waitfor|openrowset"
    r"|openquery|opendatasource|begin|commit|rollback|call|pragma|function|procedure|lock)\b",
    re.IGNORECASE,
)
_STRICT: Final = frozenset(("mssql", "oracle", "db2"))
# MySQL runs the text of such a comment; the two words write files on the server's machine.
_HIDDEN: Final = re.compile(r"/\*M?!|\b(?:outfile|dumpfile)\b", re.IGNORECASE)


def check_statement(query: str, backend: str, source: LogicalSource) -> None:
    """Refuse anything but one statement that reads.

    Args:
        query: The SQL of a mapping.
        backend: ``postgresql``, ``mysql``, ``mssql``, ``oracle`` or ``db2``.
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
    if backend in _STRICT and (changing := _CHANGING.search(plain)):
        raise _refused(f"it holds {changing[0].upper()!r}", source)
    if backend == "mysql" and (hidden := _HIDDEN.search(query)):
        raise _refused(f"it holds {hidden[0]!r}", source)


def _refused(reason: str, source: LogicalSource) -> InputError:
    return InputError(
        "bad-query",
        f"the query is not a single one that reads: {reason}",
        location=source.origin.location(),
        hint="Write one SELECT.",
    )
