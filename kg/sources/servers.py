"""Decide which database servers a mapping may reach, and which may get secrets.

A mapping may come from somebody else. It names the server and, as ``$NAME``, variables of the
environment for it: with both it could send any variable to any address. So variables are sent only
to this machine, and to servers that the user has named in a variable or in ``KG_HOSTS``.
"""

from __future__ import annotations

import ipaddress
import os
import re
from typing import TYPE_CHECKING, Final

from kg.errors import InputError
from kg.mapping.plan import Database, LogicalSource
from kg.variables import DATABASE, current

if TYPE_CHECKING:
    from sqlalchemy import URL

HOSTS: Final = "KG_HOSTS"
VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
# The host of an address, after a login, if it is a variable and nothing else.
_HOST_VARIABLE: Final = re.compile(r"//(?:[^/?]*@)?(?:\$\{\w+\}|\$\w+)(?=[:/?]|$)")
# Parameters that make PostgreSQL's library connect to another server than the address names.
_OTHER_HOSTS: Final = ("host", "hostaddr", "service", "servicefile")


def variable(name: str) -> str | None:
    """Return what a name in a database's address or login stands for, None if for nothing.

    ``kg map`` gives the values, or allows them; elsewhere it is the environment. ``KG_DATABASE``
    is the user's own word for a database, so it is read without being allowed, but only here.
    """
    given = current()
    found = None if given is None else given.find(name)
    is_open = given is None or name == DATABASE
    return os.environ.get(name) if found is None and is_open else found


def is_named_by_user(source: LogicalSource) -> bool:
    """Return whether the address of a source's database is the variable ``KG_DATABASE``."""
    match = VARIABLE.fullmatch((source.database or Database()).url.strip())
    return match is not None and (match[1] or match[2]) == DATABASE


def check_variables(source: LogicalSource, url: URL) -> None:
    """Refuse to send variables of the environment to a server that the user has not named.

    Args:
        source: The logical source.
        url: The address, with variables replaced.

    Raises:
        InputError: The server is not named by the user, and would get a variable.
    """
    database = source.database or Database()
    written = database.url.strip()
    if VARIABLE.fullmatch(written):
        return
    texts = (database.password, database.username, written)
    found = [match[1] or match[2] for text in texts for match in VARIABLE.finditer(text)]
    sent = [name for name in found if variable(name) is not None]
    others = [str(url.query[name]) for name in _OTHER_HOSTS if name in url.query]
    hosts = [*([] if _HOST_VARIABLE.search(written) else [url.host or ""]), *others]
    foreign = [host for host in hosts if not is_known(host, url.port)]
    if sent and foreign:
        raise InputError(
            "unknown-server",
            f"the variable {sent[0]} would be sent to {foreign[0]}, which you have not named",
            location=source.origin.location(),
            hint=f"If that is right, name the server first: export {HOSTS}={foreign[0]}",
        )


def is_known(host: str, port: int | None) -> bool:
    """Return whether a server is on this machine, or named by the user in ``KG_HOSTS``."""
    if host.lower() in ("", "localhost") or host.startswith("/"):  # a socket of this machine
        return True
    named = re.split(r"[,\s]+", os.environ.get(HOSTS, "").lower())
    if host.lower() in named or (port is not None and f"{host}:{port}".lower() in named):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
