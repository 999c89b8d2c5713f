"""Addresses without the logins in them, as messages and records show them.

Values that the user gave for variables of a mapping are hidden in messages, too.
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from itertools import product
from pathlib import PurePath
from typing import Final
from urllib.parse import quote, unquote

HIDDEN: Final = "***"
# In a text: a scheme, a user name, a colon; the password goes to the last @ of the word, since
# people write passwords with / and @ as they are.
_LOGIN: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:/{1,2})[^\s/?#@:]*:\S*@")
# The same between quotes, where it may hold spaces.
_QUOTED: Final = re.compile(r"(['\"][A-Za-z][A-Za-z0-9+.-]*:/{1,2})[^\s/?#@:'\"]*:[^'\"\n]*@")
# An address alone: whatever is before its last @.
_BEFORE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:/{0,2}).*@", re.DOTALL)

# A word that is an address, also behind the name of an option or variable.
_ADDRESS: Final = re.compile(
    r"((?:[^=:\s]*=)*)((?:jdbc:|[a-z][a-z0-9+.-]*://).*)", re.DOTALL | re.IGNORECASE
)
# The parameter of an address whose name tells of a secret, and all behind it.
_SECRET: Final = re.compile(
    r"([?;&][^=;&?\s]*(?:pass|pwd|secret|token|key|cred|auth|sig)[^=;&\s]*=).*",
    re.DOTALL | re.IGNORECASE,
)

# How a text looks as it is, in SQL, and in JSON.
_ESCAPES: Final[Sequence[Callable[[str], str]]] = (
    str,
    lambda text: text.replace("'", "''"),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
)
# Values shorter than this are hidden only as whole words: texts are full of them.
_SHORT: Final = 4
_hidden: ContextVar[tuple[re.Pattern[str], Mapping[str, str]] | None] = ContextVar(
    "hidden", default=None
)


def hide(values: Mapping[str, str], stand_in: str = "") -> None:
    """Hide values in all messages from now on, behind their names; no values: hide none.

    Args:
        values: Name of a variable to its value.
        stand_in: What the names of variables without a value are behind in texts.
    """
    forms = {form: name for name, value in values.items() for form in _forms(value) if form}
    names = {form: name for name, value in values.items() for form in _names(value)}

    def pattern_of(form: str) -> str:
        is_word = len(form) < _SHORT or form not in forms
        return rf"(?<!\w){re.escape(form)}(?!\w)" if is_word else re.escape(form)

    ordered = sorted({**names, **forms}, key=len, reverse=True)
    found = "|".join(map(pattern_of, ordered))
    missing = rf"{re.escape(stand_in)}(?P<missing>\w+)" if stand_in else ""
    # What is cleaned twice keeps the names, which may themselves be among the values.
    told = rf"\$\{{(?P<told>{'|'.join(map(re.escape, values))})\}}" if values else ""
    pattern = "|".join(each for each in (told, found, missing) if each)
    _hidden.set((re.compile(pattern), {**names, **forms}) if pattern else None)


def _forms(value: str) -> Iterator[str]:
    """Yield how a value looks in messages, in SQL, JSON, paths and addresses."""
    yield repr(value)[1:-1]
    # SQL may be told in JSON, and SQL holds paths that are written as in JSON.
    for first, second in product(_ESCAPES, repeat=2):
        yield second(first(value))
    yield from (quote(value), quote(value, safe=""))
    if os.sep in value and "://" not in value:
        yield from (os.path.normpath(value), os.path.realpath(value))
        yield os.path.relpath(os.path.realpath(value))


def _names(value: str) -> Iterator[str]:
    """Yield the name of the file at a path: messages may show it without its folder.

    It may well be an ordinary word, so it is hidden only where it is a whole word. The end of an
    address is not looked for: nothing shows it alone.
    """
    name = PurePath(value).name
    if os.sep in value and "://" not in value and len(name) >= _SHORT:
        yield name


def without_values(text: str) -> str:
    """Return a text with the names of variables in place of their values."""
    hidden = _hidden.get()
    if hidden is None:
        return text
    pattern, forms = hidden

    def name(match: re.Match[str]) -> str:
        named = match.groupdict()
        known = named.get("told") or named.get("missing")
        return f"${{{known or forms[match[0]]}}}"

    return pattern.sub(name, text)


def shows_part(text: str, value: str) -> bool:
    """Return whether a text, whose hidden values are taken out, still shows a part of a value.

    >>> shows_part("the prefix 'secret' is not known", "secret:$(x)")
    True
    """
    shown = without_values(text).casefold()
    parts = (part for part in re.split(r"\W+", value.casefold()) if len(part) >= _SHORT)
    return any(part in shown for part in parts)


def without_logins(text: str) -> str:
    """Return a text with the logins of the addresses in it hidden.

    >>> without_logins("cannot reach mysql://me:a/b@c@host/db, as https://host:80/x says")
    'cannot reach mysql://***@host/db, as https://host:80/x says'
    """
    text = without_values(text)
    if "@" not in text:
        return text
    return _LOGIN.sub(rf"\1{HIDDEN}@", _QUOTED.sub(rf"\1{HIDDEN}@", text))


def without_login(address: str) -> str:
    """Return one address, or the path of a file, without a login.

    >>> without_login("mysql://me:a b@host/db"), without_login("data/a@b.csv")
    ('mysql://***@host/db', 'data/a@b.csv')
    """
    address = without_values(address)
    return _BEFORE.sub(rf"\1{HIDDEN}@", address, count=1) if "@" in address else address


def database_shown(address: str) -> str:
    """Return the address of a database without a login and without parameters.

    >>> database_shown("jdbc:sqlserver://h;databaseName=d;password=x"), database_shown("db.sqlite")
    ('jdbc:sqlserver://h', 'db.sqlite')
    >>> database_shown("mysql://me:a?b@h/db?password=x"), database_shown("jdbc:oracle:thin:u/p@h/x")
    ('mysql://***@h/db', 'jdbc:oracle:***@h/x')
    """
    if address[:5].lower() == "jdbc:":
        return address[:5] + database_shown(address[5:])
    if "://" in address:
        return without_login(re.split("[?;]", escape_login(address))[0])
    return re.split("[?;]", without_login(address))[0]


def without_secrets(word: str) -> str:
    """Return a word of a command line without a login and without secret parameters.

    What comes after a secret parameter is hidden too: its value may hold any character.

    >>> without_secrets("--endpoint=http://me:x@h/q?a=b&api_key=c&d=e")
    '--endpoint=http://***@h/q?a=b&api_key=***'
    >>> without_secrets("jdbc:oracle:thin:me/x@h/d"), without_secrets("data/a@b.csv")
    ('jdbc:oracle:***@h/d', 'data/a@b.csv')
    """
    if "://" not in word and "jdbc:" not in word.lower():
        return without_values(word)
    address = _ADDRESS.fullmatch(word)
    if address is not None:
        is_jdbc = address[2].lower().startswith("jdbc:")
        word = address[1] + (database_shown if is_jdbc else without_login)(address[2])
    return _SECRET.sub(rf"\1{HIDDEN}", without_logins(word))


def escape_login(address: str) -> str:
    """Return an address whose login is escaped, as readers of URLs want it.

    The login goes to the last ``@`` before the query. What is escaped already stays so.

    >>> escape_login("mysql://me:a/b@c?@host/db?x=y@z")
    'mysql://me:a%2Fb%40c%3F@host/db?x=y@z'
    """
    scheme, slashes, rest = address.partition("://")
    first = rest.find("@")
    is_file = scheme == "sqlite" or rest.startswith("/")
    if not slashes or is_file or first < 0 or re.match(r"[^/?]*/[^?]*\?[^@?]*=", rest[:first]):
        return address
    query = rest.find("?", rest.find("/", first) if "/" in rest[first:] else first)
    last = rest.rfind("@", 0, query if query >= 0 else len(rest))
    user, colon, password = rest[:last].partition(":")
    login = quote(unquote(user), safe="") + colon + quote(unquote(password), safe="")
    return f"{scheme}://{login}{rest[last:]}"
