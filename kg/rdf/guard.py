"""Bytes of an RDF file as a parser may have them."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import IO, Final

from kg.errors import InputError, Location

# Bytes at the start of an XML file within which a document type must end.
HEAD: Final = 1 << 16
_LONGEST_ENTITY: Final = 1024  # bytes; the entities that OWL tools write are namespaces
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_OVERLAP: Final = len(b"<!DOCTYPE") - 1
_ENTITY: Final = re.compile(rb"<!ENTITY\s+(%\s+)?[^\s>]+\s+(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_ANY_ENTITY: Final = re.compile(rb"<!ENTITY", re.IGNORECASE)
_REFERENCE: Final = re.compile(rb"&(?!#|amp;|lt;|gt;|quot;|apos;)")


class GuardedSource:
    """A stream without a byte order mark, and without XML entities that could grow.

    The parser of RDF/XML expands entities without a limit, each with those named in it: nine
    lines of XML could ask for gigabytes. So there may be one document type, at the start of the
    file, and its entities must be short and name no others, as those of OWL tools are.

    Args:
        source: The bytes as they are in the file.
        name: The file as the user would name it.
        xml: Whether it is XML.

    Raises:
        InputError: There is an entity that could grow; `read` raises it too.
    """

    def __init__(self, source: IO[bytes], name: str, *, xml: bool) -> None:
        self._source = source
        self._name = name
        self._head = source.read(HEAD)
        self._tail: bytes | None = None
        self.is_empty = not self._head.removeprefix(BOM_UTF8).strip()
        if xml:
            self._tail = self._checked_head()
        self._head = self._head.removeprefix(BOM_UTF8)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        if self._head:
            chunk, self._head = self._head[:size], self._head[size:]
            return chunk
        chunk = self._source.read(size)
        if self._tail is not None:
            seen = self._tail + chunk
            if _DOCTYPE.search(seen):
                raise self._refused("a document type that is not at the start")
            self._tail = seen[-_OVERLAP:]
        return chunk

    def _checked_head(self) -> bytes:
        """Check the document type in the head, and return the end of the head."""
        doctypes = list(_DOCTYPE.finditer(self._head))
        if len(doctypes) > 1:
            raise self._refused("more than one document type")
        if doctypes:
            entities = list(_ENTITY.finditer(self._head))
            if len(entities) != len(_ANY_ENTITY.findall(self._head)):
                raise self._refused("an entity from elsewhere, or a very long document type")
            for parameter, value in (entity.groups() for entity in entities):
                if parameter or len(value) > _LONGEST_ENTITY or _REFERENCE.search(value):
                    raise self._refused("an entity that is long or names others")
        return self._head[-_OVERLAP:]

    def _refused(self, what: str) -> InputError:
        return InputError(
            "xml-entities",
            f"the XML has {what}, which could grow without bound or fetch something",
            location=Location(self._name),
            hint="Write the entities out, for example with: xmllint --noent",
        )
