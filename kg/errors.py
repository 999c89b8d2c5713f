"""The one tree of errors that kg raises on purpose.

    KgError
    ├── InputError      exit code 2: what the user gave is wrong
    │   ├── InputErrors several such errors, told together
    │   └── UsageError  the command line itself is wrong
    ├── WorldError      exit code 3: disk, network or a remote system failed
    └── LimitError      exit code 4: a limit (time, rows, memory) was reached

An error says what is wrong, where, and what to do next. It carries a short code, which is
a heading of ``docs/errors.md``. Anything else that escapes is a bug of kg, and is shown as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import IntEnum
from typing import ClassVar, Final, Self

from kg.logins import without_login, without_logins
from kg.records import dataclass


class ExitCode(IntEnum):
    """Exit codes of the ``kg`` command; users' scripts rely on them."""

    DONE = 0
    NO = 1
    INPUT = 2
    WORLD = 3
    LIMIT = 4
    INTERRUPTED = 130


# Errors that are shown at once.
MOST_TOLD: Final = 10
_ONE_LINE: Final = str.maketrans({"\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class Location:
    """A place in something that the user wrote.

    Attributes:
        file: Path as the user would type it, or a name such as ``-e`` or ``standard input``.
        line: Line in the file, from 1.
        column_number: Column in the line, from 1, in code points.
        record: Record in the file, from 1, the header not counted. Not a line: a quoted
            field may hold newlines.
        column: Name of a column, key or reference.
    """

    file: str
    line: int | None = None
    column_number: int | None = None
    record: int | None = None
    column: str | None = None

    def within(self, column: str | None) -> Location:
        """Return the same place with the name of a column."""
        return replace(self, column=column)

    def __str__(self) -> str:
        """Return ``file:line:column (record n), column "name"``, leaving out what is unknown.

        It is one line: line ends in the name of a file or column are escaped.
        """
        text = without_login(self.file).translate(_ONE_LINE)
        if self.line is not None:
            text += f":{self.line}"
            if self.column_number is not None:
                text += f":{self.column_number}"
        if self.record is not None:
            text += f" (record {self.record})"
        if self.column is not None:
            text += f', column "{self.column.translate(_ONE_LINE)}"'
        return text


class KgError(Exception):
    """The root of all errors that kg raises on purpose.

    Args:
        code: Heading in ``docs/errors.md``, in kebab case.
        message: What is wrong, one sentence without the place and without a full stop. Logins
            of addresses in it, and in the hint, are hidden.
        location: Where it is wrong, if that is known.
        hint: What to do next, one sentence.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INPUT

    def __init__(
        self,
        code: str,
        message: str,
        *,
        location: Location | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(without_logins(message))
        self.code = code
        self.message = without_logins(message)
        self.location = location
        self.hint = None if hint is None else without_logins(hint)

    def __str__(self) -> str:
        """Return place and message on the first line, the hint on a second."""
        text = f"{self.location}: {self.message}" if self.location else self.message
        return f"{text}\n  {self.hint}" if self.hint else text

    def report(self) -> str:
        """Return what the command line shows: `str`, with the code behind the first line."""
        first, *rest = str(self).split("\n")
        return "\n".join((f"kg: {first} [{self.code}]", *rest))

    def at(self, location: Location) -> Self:
        """Fill in the place where the raiser did not know it, and return the same error."""
        if self.location is None:
            self.location = location
        elif self.location.line is None and self.location.file == location.file:
            self.location = replace(self.location, line=location.line)
        return self


class InputError(KgError):
    """What the user gave is wrong: a file, a mapping, a query, a value."""


class InputErrors(InputError):
    """Several errors of one kind of file: the first, with the others in its report.

    Args:
        errors: The errors, at least one; of very many, the first `MOST_TOLD` are enough.
        where: What they are in, such as ``the shapes``.
        count: How many there are, if they are not all given.
    """

    def __init__(self, errors: Sequence[InputError], where: str, count: int = 0) -> None:
        first = errors[0]
        super().__init__(first.code, first.message, location=first.location, hint=first.hint)
        self.errors = tuple(errors)
        self.where = where
        self.count = max(count, len(errors))

    def report(self) -> str:
        """Return the first errors one below the other, and how many there are besides."""
        told = [InputError.report(error) for error in self.errors[:MOST_TOLD]]
        more = self.count - len(told)
        if more > 0:
            told.append(f"kg: and {more:,} more error{'s' if more > 1 else ''} in {self.where}")
        return "\n".join(told)


def single_errors(error: InputError) -> tuple[InputError, ...]:
    """Return the errors that one stands for: itself, or several."""
    return error.errors if isinstance(error, InputErrors) else (error,)


@contextmanager
def collecting(errors: list[InputError]) -> Iterator[None]:
    """Put the errors of a part among others, so that what follows is read, too."""
    try:
        yield
    except InputError as error:
        errors += single_errors(error)


def raise_all(errors: Iterable[InputError], where: str) -> None:
    """Raise errors, each once; nothing is raised if there is none.

    Args:
        errors: The errors, in the order in which they are told.
        where: What they are in, such as ``the shapes``.

    Raises:
        InputError: The one error, or an `InputErrors` of several.
    """
    found = list({error.report(): error for error in errors}.values())
    if len(found) == 1:
        raise found[0]
    if found:
        raise InputErrors(found, where)


class UsageError(InputError):
    """The command line is wrong."""


class WorldError(KgError):
    """The disk, the network or a remote system failed."""

    exit_code: ClassVar[ExitCode] = ExitCode.WORLD


class LimitError(KgError):
    """A limit was reached; the work stopped and no target was replaced."""

    exit_code: ClassVar[ExitCode] = ExitCode.LIMIT
