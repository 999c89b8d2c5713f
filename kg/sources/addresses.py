"""What functions of XPath may reach: files where sources may lie, and answers that the call gives.

``unparsed-text``, ``doc`` and their like take addresses. One of a file is read if a source could be
that file. Any other is refused, since nothing is ever fetched, unless the call says with
``--replace-address PREFIX=FUNCTION`` what to answer in its place.

Spec: https://www.w3.org/TR/xpath-functions-31/#fns-on-docs
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from kg import variables
from kg.basis import leads_to, varies
from kg.errors import InputError, LimitError, UsageError
from kg.mapping.plan import LogicalSource
from kg.paths import open_file, real_path
from kg.records import dataclass
from kg.sources.files import Folders, SourceFile, check_file

Answer = Callable[[str], str]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def _uuid(text: str) -> str:
    """Return the UUID of a text: version 5, in the name space of URLs (RFC 9562)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


BUILT_IN: Final[Mapping[str, Answer]] = {"uuid": _uuid, "sha256": _sha256}


@dataclass(frozen=True, slots=True)
class Replacements:
    """What answers calls of ``unparsed-text``, by how their addresses begin.

    Attributes:
        answers: A prefix of addresses, and the function that answers with the rest of one.
    """

    answers: tuple[tuple[str, Answer], ...] = ()

    def answer(self, address: str) -> str | None:
        """Return the answer for an address, by the longest prefix; None if there is none."""
        fitting = [each for each in self.answers if address.startswith(each[0])]
        if not fitting:
            return None
        prefix, function = max(fitting, key=lambda each: len(each[0]))
        return function(address[len(prefix) :])


def read_replacements(
    options: Sequence[str], functions: Mapping[str, Answer] | None = None
) -> Replacements:
    """Return what the options ``--replace-address`` say.

    Args:
        options: Texts of the form ``PREFIX=FUNCTION``.
        functions: Functions of the user by name; they come before those that are built in.

    Raises:
        UsageError: One has another form, or names no function.
    """
    known = {**BUILT_IN, **(functions or {})}
    answers: dict[str, Answer] = {}
    for option in options:
        prefix, equals, name = option.rpartition("=")
        if not equals or not prefix or not name:
            raise UsageError(
                "bad-option",
                f"--replace-address {option!r} is not of the form PREFIX=FUNCTION",
                hint="Write --replace-address https://example.org/hash/=uuid.",
            )
        if name not in known:
            raise UsageError(
                "bad-option",
                f"--replace-address has no function {name!r}",
                hint=f"Functions: {', '.join(known)}.",
            )
        if answers.setdefault(prefix, known[name]) is not known[name]:
            raise UsageError(
                "bad-option",
                f"--replace-address has two functions for {prefix}",
                hint="Leave one out.",
            )
    return Replacements(tuple(answers.items()))


_NONE: Final = Replacements()
_current: ContextVar[Replacements] = ContextVar("replacements", default=_NONE)


@contextmanager
def replacing(replacements: Replacements) -> Iterator[None]:
    """Answer addresses as long as the context lasts."""
    token = _current.set(replacements)
    try:
        yield
    finally:
        _current.reset(token)


@dataclass(slots=True)
class Reach:
    """What the paths of one source may reach.

    Attributes:
        source: The source.
        folders: Where files may lie; None: nowhere.
        largest: Bytes of a file that may be read.
        files: The files that were read.
    """

    source: LogicalSource
    folders: Folders | None
    largest: int
    files: dict[Path, None] = field(default_factory=dict)

    def text(self, function: str, address: str, encoding: str) -> str:
        """Return what ``unparsed-text`` gives for an address.

        Raises:
            InputError: It is refused, missing, or not in that encoding.
            LimitError: It is too large.
        """
        answer = _current.get().answer(address)
        if answer is not None:
            return answer
        data = self.data(function, address, is_text=True)
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError) as error:
            raise InputError(
                "bad-encoding",
                f"{function} cannot read {address} as {encoding}",
                hint="Name its encoding as the second argument.",
            ) from error
        return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")

    def data(self, function: str, address: str, *, is_text: bool = False) -> bytes:
        """Return the bytes of the file that an address names.

        Raises:
            InputError: The address is refused, or there is no such file.
            LimitError: The file is too large.
        """
        path = self.file(function, address, is_text=is_text)
        assert self.folders is not None
        with open_file(path, self.folders.inside) as stream:
            data = stream.read(self.largest + 1)
        if len(data) > self.largest:
            raise LimitError(
                "document-too-large",
                f"{function} would read {address}, which is larger than {self.largest // 2**20} MB",
                hint="Give more --memory, or make it a source of its own.",
            )
        self.files[path] = None
        return data

    def variable(self, name: str) -> str | None:
        """Return the value of a variable of the environment that the call allows.

        Raises:
            InputError: The call does not allow it.
        """
        varies()
        allowed = variables.current()
        if allowed is None or name not in allowed.allowed:
            raise InputError(
                "refused-address",
                f"environment-variable asks for {name}, which the mapping may not read by itself",
                hint=f"Add --env {name} to kg map to allow it.",
            )
        return os.environ.get(name)

    def file(self, function: str, address: str, *, is_text: bool = False) -> Path:
        """Return the file that an address names, relative to the folder of the mapping.

        Raises:
            InputError: The address is refused, or there is no such file.
        """
        written = address.strip()
        parts = urlsplit(written)
        if (_SCHEME.match(written) and parts.scheme != "file") or parts.netloc:
            raise InputError(
                "refused-address",
                f"{function} asks for {written}, and kg fetches nothing",
                hint=_instead(written) if is_text else "Fetch it first, and name the file.",
            )
        path = Path(self.source.folder) / unquote(parts.path)
        if self.folders is None or not parts.path:
            raise InputError(
                "refused-address",
                f"{function} asks for {written or 'nothing'}, which is no file that may be read",
                hint="Name a file where sources may lie.",
            )
        for each in dict.fromkeys((path, real_path(path))):  # a link may lead elsewhere next time
            leads_to(each)
        check_file(SourceFile(path), self.source, self.folders)
        if real_path(path) in self.folders.outputs:
            raise InputError(
                "same-target",
                f"{function} reads {written}, which the run would write over",
                hint="Give the output another name.",
            )
        return real_path(path)


def _instead(address: str) -> str:
    """Return the advice for an address that would have to be fetched."""
    path, _, _ = address.partition("?")
    prefix = path[: path.rfind("/") + 1] if path.count("/") > 2 else path
    return (
        "Say what to answer instead, as a function of the rest of the address: kg map"
        f" --replace-address {prefix}=uuid (or sha256, or a function of --functions)."
    )
