"""Values that ``kg map`` fills in for ``${NAME}`` in mappings.

A mapping may come from somebody else, so it reads no variable of the environment by itself: a value
is given with ``--set``, or the call allows the variable with ``--env``. Values may be secrets, so
messages, explanations and reports show the name in their place.

Without such options (workspaces, Python) mappings are taken as they are, and only databases read
the environment, as `kg.sources.servers` says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from typing import Final

from kg.errors import InputError, Location
from kg.logins import hide
from kg.records import dataclass

# What a mapping writes; a backslash takes the meaning away.
WRITTEN: Final = re.compile(r"(?<!\\)\$\{(\w+)\}")
# The variable by which the user names a database. Mappings read it without being allowed to, but
# as the address of a database alone: R2RML mappings cannot name one. See `kg.sources.servers`.
DATABASE: Final = "KG_DATABASE"
# Stands for a value that nobody gave, where a mapping is only looked at: an IRI, and an address.
_STAND_IN: Final = "file:///variable/"


@dataclass(frozen=True, slots=True)
class Variables:
    """The values that a call gives or allows.

    Attributes:
        given: Values by name.
        allowed: Names that may be read from the environment.
        looks_only: Whether the mapping is only looked at, so that values need not be there.
        missing: Receives names without a value, with where they stand first, if it looks only.
    """

    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    allowed: frozenset[str] = frozenset()
    looks_only: bool = False
    missing: dict[str, Location] = field(default_factory=dict, compare=False)

    def find(self, name: str) -> str | None:
        """Return the value of a name; None where there is none."""
        if name in self.given:
            return self.given[name]
        return os.environ.get(name) if name in self.allowed else None

    def get(self, name: str, place: Location) -> str:
        """Return the value of a name.

        Raises:
            InputError: It has none, and the mapping is not only looked at.
        """
        found = self.find(name)
        if found is not None:
            return found
        if not self.looks_only:
            raise self.error(name, place)
        self.missing.setdefault(name, place)
        return f"{_STAND_IN}{name}"

    def error(self, name: str, place: Location) -> InputError:
        """Return the error for a name without a value; it says which option to add."""
        message = f"${{{name}}} has no value"
        hint = f"Add --set {name}=VALUE, or export {name}=… and add --env {name}."
        if name in self.allowed:
            message = f"the environment has no variable {name}, which --env allows"
            hint = f"Set it before kg is called: export {name}=…, or add --set {name}=VALUE."
        elif name in os.environ:
            message = f"${{{name}}} is in the environment, which the mapping may not read by itself"
            hint = f"Add --env {name} to allow it."
        elif name == DATABASE:
            hint = f"Set it to the database's address: export {name}=postgresql://host/name."
        return InputError("missing-variable", message, location=place, hint=hint)

    def filled(self, text: str, place: Location) -> str:
        """Return a text with the values of its names.

        Raises:
            InputError: One has none.
        """
        return WRITTEN.sub(lambda match: self.get(match[1], place), text)

    def in_turtle(self, text: str) -> str:
        """Return a Turtle document with the values of the names that have one.

        ``${id}`` may be a dollar sign before a reference there, so other names stay. Those of
        databases stay, too: they are filled in when one is opened.
        """

        def value(match: re.Match[str]) -> str:
            found = self.find(match[1]) if match[1] else None
            return match[0] if found is None else _escaped(found)

        return re.sub(rf"{_OF_DATABASES}|{WRITTEN.pattern}", value, text)


# https://www.w3.org/TR/turtle/#sec-escapes
_PLAIN: Final = re.compile(r"[\w./:#?&=%+,;@~-]")
_OF_DATABASES: Final = r'[:/#](?:username|password|jdbcDSN)>?\s+"[^"\n]*"'


def _escaped(value: str) -> str:
    return "".join(c if _PLAIN.match(c) else f"\\U{ord(c):08X}" for c in value)


_current: ContextVar[Variables | None] = ContextVar("variables", default=None)


def current() -> Variables | None:
    """Return what the call gives and allows; None where it has no such options."""
    return _current.get()


@contextmanager
def using(variables: Variables | None) -> Iterator[None]:
    """Let mappings have values as long as the context lasts; messages hide them from now on."""
    if variables is not None:
        found = {name: variables.find(name) for name in (*variables.given, *variables.allowed)}
        hide({name: value for name, value in found.items() if value}, _STAND_IN)
    token = _current.set(variables)
    try:
        yield
    finally:
        _current.reset(token)
