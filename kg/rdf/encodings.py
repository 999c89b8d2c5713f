"""Decodes RDF/XML from the encoding that its XML declaration names to UTF-8.

Spec: https://www.w3.org/TR/xml/#sec-guessing
"""

from __future__ import annotations

import codecs
import re
from typing import IO, Final

from kg.errors import InputError, Location

_HEAD: Final = 1024  # bytes
_CHUNK: Final = 1 << 16  # bytes
_DECLARED: Final = re.compile(
    rb"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']"""
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    ("<?".encode("utf-16-le"), "utf-16-le"),
    ("<?".encode("utf-16-be"), "utf-16-be"),
)
# Python codecs that are not character encodings of files.
_NO_ENCODINGS: Final = frozenset(
    (
        *("idna", "mbcs", "oem", "palmos", "punycode", "raw-unicode-escape", "undefined"),
        *("unicode-escape", "utf-7"),
    )
)


def xml_in_utf8(source: IO[bytes], name: str) -> InUtf8:
    """Return an XML file as a stream in UTF-8.

    Args:
        source: The bytes as they are in the file.
        name: The file name for messages.

    Raises:
        InputError: The XML declaration names an unknown encoding.
    """
    head = source.read(_HEAD)
    encoding = next((found for mark, found in _MARKS if head.startswith(mark)), None)
    if encoding is None:
        match = _DECLARED.match(head)
        encoding = match[1].decode() if match else "utf-8"
    try:
        found = codecs.lookup(encoding)
        if not found._is_text_encoding or found.name.replace("_", "-") in _NO_ENCODINGS:
            raise LookupError
    except LookupError as error:
        raise InputError(
            "bad-encoding",
            f"the XML declares the encoding {encoding}, which kg does not know",
            location=Location(name, 1),
            hint="Save the file as UTF-8, and declare UTF-8 or no encoding in its first line.",
        ) from error
    return InUtf8(head, source, name, found)


class InUtf8:
    """A stream that decodes another stream and returns UTF-8."""

    def __init__(
        self, head: bytes, source: IO[bytes], name: str, encoding: codecs.CodecInfo
    ) -> None:
        self._name = name
        self._source = source
        self._encoding = encoding.name
        self._decoder = encoding.incrementaldecoder()
        self._line = 1
        self._rest = b""
        self._take(head)

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, at most `size`; empty at the end.

        Raises:
            InputError: A byte is not valid in the encoding.
        """
        while not self._rest:
            chunk = self._source.read(_CHUNK)
            self._take(chunk)
            if not chunk:
                break
        if size < 0:
            size = len(self._rest)
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _take(self, chunk: bytes) -> None:
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(self._encoding, "replace")
            raise InputError(
                "bad-encoding",
                f"a byte is not valid in the file's encoding, {self._encoding}",
                location=Location(self._name, self._line + before.count("\n")),
                hint="Declare the right encoding in the first line, or save the file as UTF-8, for"
                " example with: iconv -f ENCODING -t UTF-8",
            ) from error
        except UnicodeError as error:  # a byte order mark is missing
            raise InputError(
                "bad-encoding",
                f"the file is not in the encoding that it declares, {self._encoding}",
                location=Location(self._name, self._line),
                hint="Declare the right encoding in the first line, or save the file as UTF-8.",
            ) from error
        self._line += text.count("\n")
        self._rest = text.encode("utf-8", "surrogatepass")
