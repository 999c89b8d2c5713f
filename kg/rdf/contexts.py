"""Contexts that JSON-LD names: those at hand are put in the place of their names.

Nothing is fetched. A context is at hand if the user gave a file for its address, or if it is
named by a relative reference to a file in the document's folder or below.

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

from kg.errors import InputError, Location, UsageError
from kg.paths import open_file, show_path

_LONGEST: Final = 4 * 2**20  # bytes of a context
_DEEPEST: Final = 10  # contexts that name others
# A key, and no text: quotes in a text have a backslash before them.
_KEY: Final = re.compile(rb'"@context"\s*:\s*')

_NONE: Final[Mapping[str, Path]] = MappingProxyType({})
_given: ContextVar[Mapping[str, Path]] = ContextVar("given", default=_NONE)


@contextmanager
def given_contexts(pairs: Mapping[str, Path]) -> Iterator[None]:
    """Take files in the place of addresses, as long as the context lasts."""
    token = _given.set({**_given.get(), **pairs})
    try:
        yield
    finally:
        _given.reset(token)


def parse_context(text: str) -> tuple[str, Path]:
    """Return address and file of an option ``URL=FILE``.

    Raises:
        UsageError: The text is not of this form. An address may hold ``=``: the last one parts.
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
    """Finds the contexts that one document names.

    Args:
        document: The document.
    """

    def __init__(self, document: Path) -> None:
        self._folder = document.parent
        self._loaded: dict[Path, object] = {}

    def in_text(self, text: bytes, place: Location) -> bytes:
        """Return JSON with the contexts that it names in the place of their names.

        Args:
            text: JSON.
            place: Where it stands, for messages.

        Raises:
            InputError: A context is not at hand, or its file is wrong.
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
                continue  # the parser tells what is wrong
            end = begin + len(rest[:length].encode())
            known = self._value(value, self._folder, place, 0)
            parts += [text[done:begin], json.dumps(known).encode()]
            done = end
        return b"".join(parts) + text[done:] if parts else text

    def _value(self, value: object, folder: Path, place: Location, depth: int) -> object:
        """Return the value of a context without names of others."""
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
                f"contexts name one another, {name} for one",
                location=place,
                hint=f"Let at most {_DEEPEST} contexts follow one another.",
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
                f"the JSON-LD names the context {name}, and kg fetches nothing",
                location=place,
                hint=f"Fetch it, and give it with --context {name}=FILE, or put it in the file.",
            )
        return folder / unquote(parts.path)

    def _read(self, path: Path) -> object:
        inside = None if path in _given.get().values() else [self._folder]
        with open_file(path, inside) as source:
            data = source.read(_LONGEST + 1)
        place = Location(show_path(path))
        if len(data) > _LONGEST:
            raise InputError(
                "bad-context",
                f"a context is longer than {_LONGEST // 2**20} MB",
                location=place,
                hint="Name a file that holds a context only.",
            )
        try:
            content = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise InputError(
                "bad-context",
                f"a context is not JSON: {error}",
                location=place,
                hint="Name a file of JSON with the key @context.",
            ) from error
        if not isinstance(content, dict) or "@context" not in content:
            raise InputError(
                "bad-context",
                "a file of a context has no key @context",
                location=place,
                hint="Name a file of JSON with the key @context.",
            )
        return content["@context"]
