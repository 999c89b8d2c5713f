"""Functions of the user's own, as mappings see them: names, parameters, and what they give.

They are written in Python, and loaded only from files that the user names on the command line; see
`kg.mapping.own_loader`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from kg.errors import InputError
from kg.paths import real_path
from kg.records import dataclass

# Stands for an argument that is left out where the function has a default; a list holds it alone.
LEFT_OUT: Final = "\ue000kg: left out\ue000"


def is_left_out(value: object) -> bool:
    """Return whether an argument of a call is left out."""
    return value in (LEFT_OUT, [LEFT_OUT])


@dataclass(frozen=True, slots=True)
class OwnParameter:
    """A parameter of a function.

    Attributes:
        names: What mappings call it, without namespaces; the first is Python's.
        kind: Name of the type of its values: ``str``, ``int``, ``float``, ``bool``, ``date``,
            ``datetime`` or ``Decimal``.
        is_list: Whether it takes all values, as a list.
        is_optional: Whether it has a default.
        takes_none: Whether the function is called although the value is missing.
    """

    names: tuple[str, ...]
    kind: str
    is_list: bool = False
    is_optional: bool = False
    takes_none: bool = False

    @property
    def name(self) -> str:
        """What Python calls it."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class OwnFunction:
    """A function that the user has written; its properties are those of `Function`.

    Attributes:
        value: Its name.
        parameters: What it takes.
        result: Name of the type of what it gives.
        gives_list: Whether it gives several values.
        file: The file, as messages show it.
        line: Where it begins.
        sql_name: What the engine calls it.
        call: The function itself.
    """

    value: str
    parameters: tuple[OwnParameter, ...]
    result: str
    gives_list: bool
    file: str
    line: int | None
    sql_name: str
    call: Callable[..., object] = field(compare=False, repr=False)

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def required(self) -> int:
        """How many arguments must be given."""
        return sum(not each.is_optional for each in self.parameters)

    @property
    def is_boolean(self) -> bool:
        """Whether it gives true or false."""
        return self.result == "bool" and not self.gives_list

    @property
    def takes_null(self) -> bool:
        """Whether it may give a value although one that it is given is missing."""
        return any(each.takes_none for each in self.parameters)

    @property
    def is_partial(self) -> bool:
        """Whether it may give nothing although all values are there."""
        return True

    @property
    def kind(self) -> str | None:
        """What it gives, as in `kg.mapping.source_table`."""
        return _KINDS.get(self.result)


_KINDS: Final[Mapping[str, str]] = {
    "int": "i",
    "float": "d",
    "bool": "b",
    "Decimal": "n",
    "date": "D",
    "datetime": "T",
}
_functions: ContextVar[Mapping[str, OwnFunction]] = ContextVar("own_functions", default={})  # noqa: B039
# Namespaces of public functions; one of the user's own has such an IRI only if it says so.
PUBLIC: Final = (
    "http://users.ugent.be/~bjdmeest/function/",
    "https://w3id.org/imec/idlab/function#",
    "http://example.com/idlab/function/",
    "https://github.com/morph-kgc/morph-kgc/function/",
)
_NO_CHARACTER: Final = re.compile("[\0\ud800-\udfff]")
# What is said of a text that holds one.
NOT_WHOLE: Final = "a text with half a character, or NUL"
_START: Final = datetime.now(UTC).replace(microsecond=0)


@contextmanager
def using_functions(functions: Mapping[str, OwnFunction]) -> Iterator[None]:
    """Let mappings that are read in the context call functions.

    Args:
        functions: The functions by their names, and by their IRIs where they have some.
    """
    token = _functions.set(functions)
    try:
        yield
    finally:
        _functions.reset(token)


def find(name: str) -> OwnFunction | None:
    """Return the function that a name or IRI means, if the user has given one.

    An IRI of a namespace of the user's own means the function that has its last part as its name.
    """
    known = _functions.get()
    if name in known or ":" not in name:
        return known.get(name)
    own = known.get(re.split(r"[:/#]", name)[-1])
    return own if own is not None and not name.startswith(PUBLIC) else None


def keys() -> tuple[str, ...]:
    """Return the names and IRIs of the functions that the user has given."""
    return tuple(_functions.get())


def files() -> tuple[Path, ...]:
    """Return the files of the functions that the user has given, whether they are called or not."""
    known = dict.fromkeys(own.file for own in _functions.get().values())
    return tuple(real_path(Path(file)) for file in known)


def of_texts() -> Mapping[str, Callable[[str], str]]:
    """Return the functions that make one text of one text.

    Calling one raises `InputError` where the function fails, or gives no text.
    """
    return {
        name: partial(_text_of, function)
        for name, function in _functions.get().items()
        if [(each.kind, each.is_list) for each in function.parameters] == [("str", False)]
        and function.result == "str"
        and not function.gives_list
    }


def _text_of(function: OwnFunction, text: str) -> str:
    try:
        found = function.call(text)
    except (Exception, SystemExit) as error:
        raise InputError(
            "function-failed",
            f"{function.value} ({function.place}) fails for {text!r}:"
            f" {type(error).__name__}: {printable(str(error))}",
            hint="Mend the function.",
        ) from error
    if not isinstance(found, str):
        raise InputError(
            "function-failed",
            f"{function.value} ({function.place}) gives {found!r} for {text!r}, which is no text",
            hint="Let it return a str.",
        )
    if not is_whole(found):
        raise InputError(
            "function-failed",
            f"{function.value} ({function.place}) gives {found!r} for {text!r}, {NOT_WHOLE}",
            hint="Let it return characters only.",
        )
    return found


def is_whole(text: str) -> bool:
    r"""Return whether a text is one of characters, as files and RDF can hold it.

    >>> is_whole("a"), is_whole("\ud800"), is_whole("a\0")
    (True, False, False)
    """
    return not _NO_CHARACTER.search(text)


def printable(text: str) -> str:
    r"""Return a text that can be written, with escapes for halves of characters.

    >>> printable("a\ud800")
    'a\\ud800'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def local_part(iri: str) -> str:
    """Return the last part of an IRI, as functions and parameters are named by it.

    >>> local_part("http://example.org/f#_text"), local_part("http://example.org/text")
    ('text', 'text')
    """
    return iri.replace("#", "/").rpartition("/")[2].lstrip("_")


def names() -> tuple[str, ...]:
    """Return what the functions are called that the user has given."""
    return tuple(dict.fromkeys(own.value for own in _functions.get().values()))


def started() -> datetime:
    """Return when the command began: all of a run has one time, that of UTC."""
    return _START


def now() -> str:
    """Return when the command began, as XML Schema writes it."""
    return _START.isoformat(timespec="seconds").replace("+00:00", "Z")
