"""Replaces the contexts that JSON-LD refers to by their content, without fetching anything.

A context is available if the user gave a file for its address, or if a relative reference leads
to a file in the document's folder or below.

Spec: https://www.w3.org/TR/json-ld11/#remote-contexts
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from kg.basis import leads_to
from kg.errors import InputError, Location, UsageError
from kg.paths import open_file, show_path

_LONGEST: Final = 4 * 2**20  # bytes of a context
_DEEPEST: Final = 10  # contexts that name others
# Matches keys only: quotes within a string are escaped with a backslash.
_KEY: Final = re.compile(rb'"@context"\s*:\s*')

_NONE: Final[Mapping[str, Path]] = MappingProxyType({})
_given: ContextVar[Mapping[str, Path]] = ContextVar("given", default=_NONE)


@contextmanager
def given_contexts(pairs: Mapping[str, Path]) -> Iterator[None]:
    """Use local files for remote contexts while the `with` block runs."""
    token = _given.set({**_given.get(), **pairs})
    try:
        yield
    finally:
        _given.reset(token)


def are_contexts_given() -> bool:
    """Return whether local files stand for remote contexts."""
    return bool(_given.get())


def parse_context(text: str) -> tuple[str, Path]:
    """Split the option value ``URL=FILE`` into address and file.

    The address may contain ``=``; the last one separates.

    Raises:
        UsageError: The text does not have this form.
    """
    address, equals, file = text.rpartition("=")
    if not equals or not address or not file:
        raise UsageError(
            "bad-context",
            f"--context takes URL=FILE, not {text!r}",
            hint="Give for example --context https://schema.org/=schema.jsonld",
        )
    return address, Path(file)


class Contexts:
    """Loads the contexts that one document refers to.

    Args:
        document: The JSON-LD file.
    """

    def __init__(self, document: Path) -> None:
        self._folder = document.parent
        self._loaded: dict[Path, object] = {}

    def in_text(self, text: bytes, place: Location) -> bytes:
        """Return the JSON with each reference to a context replaced by the context.

        Args:
            text: JSON.
            place: Its place in the file, for messages.

        Raises:
            InputError: A context is not available, or its file is not valid.
        """
        parts, done = [], 0
        named = (b'"', b"[", b"{") if b'"@import"' in text else (b'"', b"[")
        for match in _KEY.finditer(text):
            begin = match.end()
            if begin < done or text[begin : begin + 1] not in named:
                continue
            rest = text[begin : begin + _LONGEST].decode("utf-8", "replace")
            try:
                value, length = json.JSONDecoder().raw_decode(rest)
            except (ValueError, RecursionError):
                continue  # the parser reports it
            end = begin + len(rest[:length].encode())
            known = self._value(value, self._folder, place, 0)
            parts += [text[done:begin], json.dumps(known).encode()]
            done = end
        return b"".join(parts) + text[done:] if parts else text

    def _value(self, value: object, folder: Path, place: Location, depth: int) -> object:
        """Return the value of a context with all its references replaced."""
        if isinstance(value, str):
            return self._load(value, folder, place, depth)
        if isinstance(value, list):
            found: list[object] = []
            for each in value:
                known = self._value(each, folder, place, depth)
                found += known if isinstance(known, list) else [known]
            return found
        if isinstance(value, dict):
            return self._object(value, folder, place, depth)
        return value

    def _object(
        self, value: dict[str, object], folder: Path, place: Location, depth: int
    ) -> dict[str, object]:
        known = {
            key: self._term(each, folder, place, depth)
            for key, each in value.items()
            if key != "@import"
        }
        if isinstance(value.get("@import"), str):
            # https://www.w3.org/TR/json-ld11/#imported-contexts
            imported = self._load(str(value["@import"]), folder, place, depth)
            if isinstance(imported, dict):
                return {**imported, **known}
        return known if "@import" not in value else {**known, "@import": value["@import"]}

    def _term(self, value: object, folder: Path, place: Location, depth: int) -> object:
        if isinstance(value, dict) and "@context" in value:
            return {**value, "@context": self._value(value["@context"], folder, place, depth)}
        return value

    def _load(self, name: str, folder: Path, place: Location, depth: int) -> object:
        if depth >= _DEEPEST:
            raise InputError(
                "remote-context",
                f"contexts refer to one another too deeply, at {name}",
                location=place,
                hint=f"A chain of contexts may have at most {_DEEPEST} members.",
            )
        path = self._found(name, folder, place)
        if path not in self._loaded:
            self._loaded[path] = self._read(path)
        return self._value(self._loaded[path], path.parent, place, depth + 1)

    def _found(self, name: str, folder: Path, place: Location) -> Path:
        path = _given.get().get(name)
        if path is not None:
            return path
        parts = urlsplit(name)
        if parts.scheme or parts.netloc or name.startswith("/") or not parts.path:
            raise InputError(
                "remote-context",
                f"the JSON-LD refers to the context {name}, and kg fetches nothing",
                location=place,
                hint=f"Download it and add --context {name}=FILE, or copy it into the file.",
            )
        return folder / unquote(parts.path)

    def _read(self, path: Path) -> object:
        leads_to(path)
        inside = None if path in _given.get().values() else [self._folder]
        with open_file(path, inside) as source:
            data = source.read(_LONGEST + 1)
        place = Location(show_path(path))
        if len(data) > _LONGEST:
            raise InputError(
                "bad-context",
                f"the context file is longer than {_LONGEST // 2**20} MB",
                location=place,
                hint="Give a file that contains only a context.",
            )
        try:
            content = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise InputError(
                "bad-context",
                f"the context file is not JSON: {error}",
                location=place,
                hint="Give a JSON file with the key @context.",
            ) from error
        if not isinstance(content, dict) or "@context" not in content:
            raise InputError(
                "bad-context",
                "the context file has no key @context",
                location=place,
                hint="Give a JSON file with the key @context.",
            )
        return content["@context"]
