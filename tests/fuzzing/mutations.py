"""Damages files: texts by tokens and lines, other files by bytes, workbooks within their parts."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Sequence
from typing import Final

from tests.fuzz import SNIPPETS, damaged

_TOKEN: Final = re.compile(r"\w+|\s+|[^\w\s]")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_NUMBERS: Final = (
    *("0", "-1", "00", "-0.0", "1e400", "1e-400", "NaN", "INF", "0x10", "1_000", "٣", "1.", ".5"),
    *("255", "65536", "2147483648", "9223372036854775808", "1" + "0" * 40, "0." + "0" * 40 + "1"),
)
_WORD: Final = re.compile(r"\w+")
# Values that programs stumble over.
_VALUES: Final = (
    *(
        "",
        "x" * 3_000,
        "é" * 300,
        "e\u0301",
        "\U0001f680",
        "\u202eab",
        "\u200b",
        "NULL",
        "nan",
        "true",
    ),
    *(
        "-",
        "_",
        "a.b",
        "%41",
        "%",
        "0001-01-01",
        "-0044-03-15",
        "2022-02-30",
        "24:00:00",
        "P1Y",
        "None",
    ),
    *(
        "9999999999-01-01",
        "\u0130",
        "\ufb00",
        "ß",
        "\u2028",
        "\x7f",
        "\x1b",
        "a b",
        "x:y",
        "__proto__",
    ),
)
# What is deep when it is repeated.
_OPENERS: Final = (
    "(",
    "[",
    "{",
    "<",
    '"',
    "'",
    "<<( ",
    "[ ",
    "( ",
    "{ ",
    "!",
    "^",
    "/",
    "a:",
    "- ",
)
# Stands for an address that nobody may call.
ADDRESS: Final = "http://kg-fuzzing.invalid/x"
_IRI: Final = re.compile(r"https?://[^\s<>\"']+")
_FETCHING: Final = (
    *("URL", "<URL>", " SERVICE <URL> { ?s ?p ?o } ", " SERVICE SILENT <URL> {} ", " FROM <URL> "),
    *(' "@context": "URL", ', " [] <http://www.w3.org/2002/07/owl#imports> <URL> . "),
    *('<!DOCTYPE x SYSTEM "URL">', '<?xml-stylesheet href="URL"?>', "LOAD <URL> ;"),
    *(' xsi:schemaLocation="URL URL" ', '<xi:include href="URL"/>', "access: URL"),
)
_LONGEST: Final = 400_000  # characters of a damaged text


def mutated(chance: random.Random, content: bytes, others: Sequence[bytes], binary: bool) -> bytes:
    """Return a file with one to four damages; sometimes it is only encoded in another way."""
    if binary:
        return _binary(chance, content)
    text = content.decode("utf-8", "surrogateescape")
    kinds = _GENTLE if chance.random() < 0.5 else _TEXT
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        text = chance.choice(kinds)(chance, text, others)[:_LONGEST]
    return _encoded(chance, text)


def _encoded(chance: random.Random, text: str) -> bytes:
    if chance.random() < 0.1:
        name = chance.choice(("utf-8-sig", "utf-16", "utf-16-le", "latin-1", "utf-32", "cp1252"))
        return text.encode(name, "replace")
    try:
        return text.encode("utf-8", "surrogateescape")  # bytes that are no UTF-8 stay as they are
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _snippets(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    del others
    return damaged(chance, text, chance.randrange(1, 4))


def _tokens(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    """Delete, double, exchange or replace tokens by others of the file."""
    del others
    tokens = _TOKEN.findall(text)
    if len(tokens) < 2:
        return text + chance.choice(SNIPPETS)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at, to = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        kind = chance.randrange(4)
        if kind == 0:
            tokens[at] = ""
        elif kind == 1:
            tokens[at] *= 2
        elif kind == 2:
            tokens[at], tokens[to] = tokens[to], tokens[at]
        else:
            tokens[at] = tokens[to]
    return "".join(tokens)


def _lines(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    """Delete, repeat, move or break lines."""
    del others
    lines = text.splitlines(keepends=True)
    if not lines:
        return "\n"
    at = chance.randrange(len(lines))
    kind = chance.randrange(5)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines[at] *= chance.choice((2, 3, 50, 300))
    elif kind == 2:
        lines.insert(chance.randrange(len(lines)), lines.pop(at))
    elif kind == 3:
        lines[at] = lines[at].rstrip("\r\n") + chance.choice(("\r", "\r\n", "", "\u2028", "\x0b"))
    else:
        lines = lines[: at + 1]
    return "".join(lines)


def _numbers(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    del others
    found = list(_NUMBER.finditer(text))
    if not found:
        return text + chance.choice(_NUMBERS)
    match = chance.choice(found)
    return text[: match.start()] + chance.choice(_NUMBERS) + text[match.end() :]


def _repeated(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    """Make something long or deep at one place."""
    del others
    at = chance.randrange(len(text) + 1)
    piece = chance.choice((*_OPENERS, "x", " ", "é", text[at : at + chance.randrange(1, 40)]))
    return text[:at] + piece * chance.choice((5, 70, 300, 2_000, 20_000)) + text[at:]


def _spliced(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    """Put a piece of another file in."""
    other = chance.choice(others).decode("utf-8", "replace") if others else text
    at, start = chance.randrange(len(text) + 1), chance.randrange(len(other) + 1)
    return text[:at] + other[start : start + chance.choice((5, 30, 200))] + text[at:]


def _cut(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    del others
    return text[: chance.randrange(len(text) + 1)]


def _foreign_case(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    del others
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at : at + 30].swapcase() + text[at + 30 :]


def _addresses(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    """Name an address on the network, as what each kind of file may fetch."""
    del others
    at = chance.randrange(len(text) + 1)
    found = list(_IRI.finditer(text))
    if found and chance.random() < 0.5:
        match = chance.choice(found)
        return text[: match.start()] + ADDRESS + text[match.end() :]
    return text[:at] + chance.choice(_FETCHING).replace("URL", ADDRESS) + text[at:]


def _words(chance: random.Random, text: str, others: Sequence[bytes]) -> str:
    """Replace or exchange words, and leave what stands between them, so that more is read."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    one = chance.choice(words)
    kind = chance.randrange(4)
    if kind == 0:
        new = chance.choice(words)[0]
    elif kind == 1 and others:
        other = _WORD.findall(chance.choice(others).decode("utf-8", "replace"))
        new = chance.choice(other) if other else ""
    elif kind == 2:
        new = chance.choice(_NUMBERS)
    else:
        new = chance.choice(_VALUES)
    return text[: one.start()] + new + text[one.end() :]


_GENTLE: Final = (_words, _words, _words, _numbers, _foreign_case, _lines)
_TEXT: Final = (
    *(_snippets, _snippets, _tokens, _tokens, _tokens, _lines, _lines),
    *(_numbers, _repeated, _spliced, _cut, _foreign_case, _addresses),
)


def _binary(chance: random.Random, content: bytes) -> bytes:
    if content[:2] == b"PK" and chance.random() < 0.7:
        return _within_archive(chance, content)
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 4, 20))):
        if not made:
            break
        at = chance.randrange(len(made))
        size = chance.choice((1, 2, 4, 8, 60))
        kind = chance.randrange(6)
        if kind == 0:
            made[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            made[at] = chance.randrange(256)
        elif kind == 2:
            del made[at : at + size]
        elif kind == 3:
            made[at:at] = chance.randbytes(size)
        elif kind == 4:
            made[at : at + size] = chance.choice((b"\0", b"\xff", b"\x7f")) * size
        elif chance.random() < 0.3:
            del made[at:]
    return bytes(made)


def _within_archive(chance: random.Random, content: bytes) -> bytes:
    """Damage the text of a member of a ZIP file, which stays one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        names = source.namelist()
        chosen = chance.choice(names)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for name in names:
                data = source.read(name)
                if name == chosen and chance.random() < 0.1:
                    continue
                target.writestr(
                    name, mutated(chance, data, (), binary=False) if name == chosen else data
                )
    return out.getvalue()
