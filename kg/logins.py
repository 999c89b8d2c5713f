"""Addresses without the logins in them, as messages and records show them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

_HIDDEN: Final = "***"
# In a text: a scheme, a user name, a colon; the password goes to the last @ of the word, since
# people write passwords with / and @ as they are.
_LOGIN: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:/{1,2})[^\s/?#@:]*:\S*@")
# The same between quotes, where it may hold spaces.
_QUOTED: Final = re.compile(r"(['\"][A-Za-z][A-Za-z0-9+.-]*:/{1,2})[^\s/?#@:'\"]*:[^'\"\n]*@")
# An address alone: whatever stands before its last @.
_BEFORE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:/{0,2}).*@", re.DOTALL)


def without_logins(text: str) -> str:
    """Return a text with the logins of the addresses in it hidden.

    >>> without_logins("cannot reach mysql://me:a/b@c@host/db, as https://host:80/x says")
    'cannot reach mysql://***@host/db, as https://host:80/x says'
    """
    if "@" not in text:
        return text
    return _LOGIN.sub(rf"\1{_HIDDEN}@", _QUOTED.sub(rf"\1{_HIDDEN}@", text))


def without_login(address: str) -> str:
    """Return one address, or the path of a file, without a login.

    >>> without_login("mysql://me:a b@host/db"), without_login("data/a@b.csv")
    ('mysql://***@host/db', 'data/a@b.csv')
    """
    return _BEFORE.sub(rf"\1{_HIDDEN}@", address, count=1) if "@" in address else address


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
