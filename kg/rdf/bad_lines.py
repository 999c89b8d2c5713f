"""Leaves out invalid lines of N-Triples and N-Quads, if the user wants that.

In these formats the lines are independent, so reading can continue after an invalid one. The file
is copied with such lines emptied, which keeps the line numbers. In other formats an invalid line
may contain a prefix, a subject or a bracket that later lines need.

Spec: https://www.w3.org/TR/n-triples/, https://www.w3.org/TR/n-quads/
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import pyoxigraph as ox

from kg.errors import Location
from kg.paths import show_path
from kg.rdf.files import open_binary
from kg.rdf.limits import LONGEST_TERM
from kg.records import dataclass
from kg.rejects import Rejects

BLOCK: Final = 1 << 20  # bytes
# Bytes of a line. One term may have 16 MB, an object and its datatype are two.
LONGEST_LINE: Final = 4 * LONGEST_TERM
# Found only in RDF 1.2: triple terms, and literals with a base direction.
_MAYBE_RDF_12: Final = re.compile(rb'<<|"@[A-Za-z0-9-]*--')
# Triple terms, which RDF 1.1 does not have and the parser would put on its stack.
_QUOTED: Final = re.compile(rb'[ \t]*(?:[^"#]*\s)?<<')
_RDF_12: Final = "the statement is RDF 1.2, but kg supports RDF 1.1"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line and its error; empty if it is valid."""

    text: bytes
    fault: str = ""


def without_bad_lines(path: Path, form: ox.RdfFormat, rejects: Rejects) -> Path:
    """Return a copy of a file without its invalid lines, or the file itself if it has none.

    Args:
        path: The file.
        form: N-Triples or N-Quads.
        rejects: Receives the lines that are left out.

    Raises:
        OSError: The file cannot be read, or its copy cannot be written.
    """
    return rejects.copy_of(path, lambda copy: _copied(path, form, rejects, copy))


def _copied(path: Path, form: ox.RdfFormat, rejects: Rejects, copy: Path) -> bool:
    """Write the copy if there is an invalid line; return whether there is one."""
    with open_binary(path) as source:
        if all(_is_good(block, form) for block in _blocks(source)):
            return False
    name, number = show_path(path), 0
    with (
        open_binary(path) as source,
        copy.open("wb") as out,
        rejects.noting("RDF", path) as note,
    ):
        for block in _blocks(source):
            for line in _lines(block, form):
                number += 1
                if line.fault:
                    text = line.text[:BLOCK].decode("utf-8", "backslashreplace").rstrip("\r\n")
                    note(Location(name, number), text, line.fault)
                out.write(b"\n" if line.fault else line.text)
    return True


def _blocks(source: IO[bytes]) -> Iterator[bytes]:
    """Yield a text in blocks of whole lines; of a line that is too long, only its start."""
    first = True
    while block := source.read(BLOCK):
        if not block.endswith(b"\n"):
            block += source.readline(LONGEST_LINE)
            if len(block) >= LONGEST_LINE and not block.endswith(b"\n"):
                while (rest := source.readline(BLOCK)) and not rest.endswith(b"\n"):
                    pass
        yield block.removeprefix(BOM_UTF8) if first else block
        first = False


def _is_good(block: bytes, form: ox.RdfFormat) -> bool:
    """Return whether all lines are valid; check them one by one only if necessary."""
    if _MAYBE_RDF_12.search(block) or len(block) >= LONGEST_LINE:
        return not any(line.fault for line in _lines(block, form))
    try:
        deque(ox.parse(block, form), maxlen=0)
    except (SyntaxError, ValueError, MemoryError):
        return False
    return True


def _lines(block: bytes, form: ox.RdfFormat) -> Iterator[_Line]:
    for text in block.removesuffix(b"\n").split(b"\n"):
        yield _Line(text + b"\n", _fault(text, form))


def _fault(text: bytes, form: ox.RdfFormat) -> str:
    if len(text) >= LONGEST_LINE:
        return f"the line is longer than {LONGEST_LINE // 2**20} MB"
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"the text is not UTF-8 (byte 0x{text[error.start]:02X})"
    if _QUOTED.match(text):
        return _RDF_12
    try:
        for quad in ox.parse(text, form):
            if getattr(quad.object, "direction", None) is not None:
                return _RDF_12
    except SyntaxError as error:
        said = re.sub(r"^Parser error at .*?: ", "", error.msg or str(error))
        return f"not valid {form.name}: {said}"
    except MemoryError:
        return f"a term is longer than {LONGEST_TERM // 2**20} MB"
    except ValueError as error:
        return f"not valid {form.name}: {error}"
    return ""
