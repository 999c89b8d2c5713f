"""JSON Lines line by line, with the faults of bad lines.

DuckDB is faster; this reader is for files that DuckDB refuses.

Spec: https://jsonlines.org
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NoReturn

from kg.errors import MOST_TOLD, InputError, InputErrors, KgError, Location
from kg.mapping.plan import LogicalSource
from kg.records import dataclass
from kg.rejects import Note, current
from kg.sources.files import SourceFile
from kg.sources.json_scan import JsonScanner, too_large
from kg.sources.streams import BAD_BYTES, bad_byte, open_text, with_bytes, wrong_encoding

# Most characters of a line that is read, and most faults that are counted.
_LONGEST: Final = 1 << 26
_MOST_COUNTED: Final = 1_000
# Half of a character: one of UTF-16's surrogates, written as an escape.
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file.

    Attributes:
        number: Its number, from 1.
        text: Its text with the line end.
        fault: The error if it is not a JSON document; None if it is one, or empty.
    """

    number: int
    text: str
    fault: InputError | None


def lines_in(file: SourceFile, source: LogicalSource) -> Iterator[Line]:
    """Yield the lines of a file.

    Raises:
        InputError: The text cannot be decoded at all.
        LimitError: A line is too long.
    """
    number, text = 0, ""
    with open_text(file, source, BAD_BYTES) as stream:
        while piece := stream.readline(_LONGEST):
            text += piece
            if len(text) > _LONGEST:
                raise too_large(Location(file.shown, number + 1), _LONGEST)
            if text.endswith("\n"):  # not a line that ends in a carriage return alone
                number += 1
                yield Line(number, text, _fault(text, number, file, source))
                text = ""
    if text:
        yield Line(number + 1, text, _fault(text, number + 1, file, source))


def good_lines(file: SourceFile, source: LogicalSource) -> Iterator[bytes]:
    """Yield the lines of a file in UTF-8, bad ones emptied and noted.

    Raises:
        InputError: As for `lines_in`.
    """
    rejects = current()
    assert rejects is not None
    key = ("JSON Lines", file.path, file.member, source.encoding, source.compression)
    with rejects.noting(*key) as note:
        for line in lines_in(file, source):
            yield b"\n" if _is_noted(line, file, note) else line.text.encode()


def _is_noted(line: Line, file: SourceFile, note: Note) -> bool:
    if line.fault is not None:
        text = with_bytes(line.text.strip())
        note(Location(file.shown, line.number), text, line.fault.message)
    return line.fault is not None


def faults_of(file: SourceFile, source: LogicalSource) -> InputError | None:
    """Return the error for the first lines that are not JSON documents, if there are any."""
    found: list[InputError] = []
    count = 0
    for line in lines_in(file, source):
        if line.fault is not None:
            count += 1
            if len(found) < MOST_TOLD:
                found.append(line.fault)
            if count == _MOST_COUNTED:
                break
    if count > 1:
        return InputErrors(found, file.shown, count)
    return found[0] if found else None


def _fault(text: str, number: int, file: SourceFile, source: LogicalSource) -> InputError | None:
    if not text.isascii() and (bad := bad_byte(text)) is not None:
        before, byte = bad
        return wrong_encoding(Location(file.shown, number, len(before) + 1), source, byte)
    if not text.strip():
        return None
    try:
        found = json.loads(
            text.removeprefix("\ufeff"), parse_int=str, parse_float=str, parse_constant=_refuse
        )
        if _HALF.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return half_character(Location(file.shown, number))
    except ValueError:
        return _scanned(text, number, file) or InputError(
            "bad-json",
            "not valid JSON",
            location=Location(file.shown, number),
            hint="Mend the line, or write it again with a JSON library.",
        )
    except RecursionError:  # nested too deep for Python, but it may be valid
        return _scanned(text, number, file)
    return None


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _scanned(text: str, number: int, file: SourceFile) -> InputError | None:
    """Return what is wrong with a line, and at which character."""
    scanner = JsonScanner(iter([text.encode()]), file)
    try:
        for _ in scanner.documents(several=False):
            scanner.value(None)
    except InputError as error:
        if error.location is not None:
            error.location = replace(error.location, line=number)
        return error
    except KgError:  # too large to be scanned
        return None
    return None


def half_character(place: Location) -> InputError:
    """Return the error for a text that holds half of a character."""
    return InputError(
        "bad-json",
        "not valid JSON: a text holds half of a character (a surrogate without its other half,"
        " such as \\ud83d alone)",
        location=place,
        hint="Look for \\ud8 to \\udf in the file, and write the character itself.",
    )
