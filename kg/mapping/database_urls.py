"""The addresses of databases, as mappings write them."""

from __future__ import annotations


def database_url(address: str, kind: str) -> str:
    """Return the address of a database with its kind as scheme, if it has none of its own.

    >>> database_url("https://localhost/db", "mysql"), database_url("jdbc:mysql://h/db", "mysql")
    ('mysql://localhost/db', 'jdbc:mysql://h/db')
    """
    if address.startswith(("http://", "https://")):
        # The examples of the specification of YARRRML have the servers of databases so.
        return f"{kind}://{address.partition('://')[2]}"
    has_scheme = "://" in address or address.startswith(("jdbc:", "sqlite:"))
    if has_scheme or not kind:
        return address
    slashes = "" if kind == "sqlite" or address.startswith("//") else "//"
    return f"{kind}:{slashes}{address}"
