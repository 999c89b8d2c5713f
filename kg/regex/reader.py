r"""Regular expressions of XPath, rewritten for engines of others: Python, Rust's, RE2.

SPARQL's ``REGEX`` and ``REPLACE`` and SHACL's ``sh:pattern`` have them. Syntax that XPath lacks but
other tools support (look-around, ``\b``, named groups, ``\x41``) is read too; look-around runs in
``re`` only. ``\w`` means letters, digits and ``_``, as in these tools; in XPath it has ``+`` and
not ``_``.

Spec: https://www.w3.org/TR/xpath-functions-31/#regex-syntax
"""

from __future__ import annotations

import re
from dataclasses import field
from functools import lru_cache
from typing import Final

from kg.records import dataclass
from kg.regex.characters import (
    CATEGORIES,
    LAST,
    NAME_START,
    SPACE,
    Ranges,
    category,
    complement,
    difference,
    merged,
    name_characters,
    words,
)

# A repeat with this maximum or more counts as unbounded.
_OFTEN: Final = 10
FLAGS: Final = frozenset("imsxq")
# Syntax of other dialects that XPath lacks; Python gets it unchanged.
_FOREIGN: Final = re.compile(r"\(\?(?:[=!>]|<[=!]|P?<[A-Za-z_]\w*>|P=[A-Za-z_]\w*\)|[aims]+\))")
_GROUP: Final = re.compile(r"\((?:\?:|\?[ims]+:)?")
_REPEAT: Final = re.compile(r"(?:[*+?]|\{(?P<low>\d*)(?P<open>,(?P<high>\d*))?\})[?+]?")
# Most digits of a bound of a repetition, for which no library has patience.
_DIGITS: Final = 18
_CODE: Final = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))"
)
_PROPERTY: Final = re.compile(r"\\([pP])\{(\w[\w-]*)\}|\\([pP])([A-Z])")
# RE2's own classes are of ASCII alone.
_CLASSES: Final = {
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "w": r"[\p{L}\p{N}_]",
    "W": r"[^\p{L}\p{N}_]",
}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a"}
_BLOCKS: Final[dict[str, tuple[int, int]]] = {
    "BasicLatin": (0x00, 0x7F),
    "Latin-1Supplement": (0x80, 0xFF),
    "LatinExtended-A": (0x100, 0x17F),
    "LatinExtended-B": (0x180, 0x24F),
    "Greek": (0x370, 0x3FF),
    "GreekandCoptic": (0x370, 0x3FF),
    "Cyrillic": (0x400, 0x4FF),
    "Armenian": (0x530, 0x58F),
    "Hebrew": (0x590, 0x5FF),
    "Arabic": (0x600, 0x6FF),
    "Devanagari": (0x900, 0x97F),
    "Thai": (0xE00, 0xE7F),
    "Georgian": (0x10A0, 0x10FF),
    "Hiragana": (0x3040, 0x309F),
    "Katakana": (0x30A0, 0x30FF),
    "CJKUnifiedIdeographs": (0x4E00, 0x9FFF),
    "HangulSyllables": (0xAC00, 0xD7AF),
}


class RegexError(ValueError):
    """A regular expression is invalid or not supported; the text says why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A regular expression, rewritten.

    Attributes:
        python: The expression for Python's ``re``.
        rust: The expression for Rust's ``regex``, or None if that does not support it.
        re2: The same for RE2.
        loops: The degree of the polynomial that bounds Python's steps.
        nested: Whether a repeat is inside another, so that Python may take exponential time.
        explosive: Whether it surely does for some texts.
    """

    python: re.Pattern[str]
    rust: str | None
    re2: str | None
    loops: int
    nested: bool
    explosive: bool


def normalized(pattern: str, flags: str) -> tuple[str, str]:
    """Rewrite an expression so that it needs no flag ``x`` or ``q``; return it and the other flags.

    Raises:
        RegexError: A flag does not exist.
    """
    wrong = set(flags) - FLAGS
    if wrong:
        raise RegexError(f"there is no flag {''.join(sorted(wrong))!r}; flags are i, m, s, x, q")
    if "q" in flags:
        quoted = re.sub(r"[][\\^$.|?*+(){}/-]", r"\\\g<0>", pattern)
        return quoted, "i" if "i" in flags else ""
    kept = "".join(sorted(set(flags) - {"x"}))
    return (_without_space(pattern), kept) if "x" in flags else (pattern, kept)


def _without_space(pattern: str) -> str:
    """Return a pattern without the white space outside of character sets."""
    kept, depth, at = [], 0, 0
    while at < len(pattern):
        piece = pattern[at : at + 2] if pattern[at] == "\\" else pattern[at]
        at += len(piece)
        depth += {"[": 1, "]": -1 if depth else 0}.get(piece, 0)
        if depth or piece not in (" ", "\t", "\n", "\r"):
            kept.append(piece)
    return "".join(kept)


@lru_cache(maxsize=256)
def read(pattern: str, flags: str) -> Reading:
    """Read a regular expression with its flags.

    Raises:
        RegexError: It is not a regular expression, or not supported.
    """
    given, kept = normalized(pattern, flags)
    reader = _RegexReader(given, kept)
    python, rust = reader.read()
    options = re.IGNORECASE if "i" in kept else re.NOFLAG
    try:
        compiled = re.compile(python, options)
    except (re.error, OverflowError, RecursionError) as error:
        raise RegexError(str(error)) from error
    if "i" in kept and rust is not None:
        rust = f"(?i){rust}"
    anchored = given.startswith("^") and "m" not in kept and "|" not in given
    loops = max(reader.repeats + (not anchored), 1)
    re2 = None if reader.bounded else rust
    return Reading(compiled, rust, re2, loops, reader.nested, reader.explosive)


@dataclass
class _Group:
    """An open group.

    Attributes:
        starts: The first character of each alternative.
        varies: Whether a part of it may be repeated or absent.
        endless: Whether a part of it is repeated without a bound, or very often.
    """

    starts: list[str]
    varies: bool = False
    endless: bool = False

    @property
    def is_ambiguous(self) -> bool:
        """Whether two alternatives may match the same first character."""
        unclear = any(start in "([\\.^$|)*+?{" for start in self.starts)
        return len(self.starts) > 1 and (unclear or len(set(self.starts)) < len(self.starts))


@dataclass
class _RegexReader:
    """Rewrites one expression."""

    pattern: str
    flags: str
    at: int = 0
    python: list[str] = field(default_factory=list)
    rust: list[str] = field(default_factory=list)
    foreign: bool = False
    repeats: int = 0
    nested: bool = False
    explosive: bool = False
    # Whether it asks for ends of words, which RE2 has of ASCII alone.
    bounded: bool = False
    groups: list[_Group] = field(default_factory=lambda: [_Group([])])
    last: _Group | None = None

    def read(self) -> tuple[str, str | None]:
        while self.at < len(self.pattern):
            self._piece()
        if len(self.groups) > 1:
            raise RegexError("a bracket is not closed")
        return "".join(self.python), None if self.foreign else "".join(self.rust)

    def _piece(self) -> None:
        rest = self.pattern[self.at :] if self.pattern[self.at] in "(\\" else ""
        letter = self.pattern[self.at]
        repeat = _REPEAT.match(self.pattern, self.at) if letter in "*+?{" else None
        if repeat is not None and repeat[0] not in ("{}", "{,}"):
            self._repeat(repeat)
            return
        self.last = None
        match letter:
            case "(":
                self._open(rest)
            case ")":
                self._close()
            case "|":
                self.groups[-1].starts.append(self.pattern[self.at + 1 : self.at + 2])
                self._emit("|", "|", 1)
            case "[":
                negated, ranges = self._set()
                self._emit_set(negated, ranges)
            case "\\":
                self._escape(rest)
            case ".":
                if "s" in self.flags:
                    self._emit("(?s:.)", "(?s:.)", 1)
                else:
                    self._emit(r"[^\n\r]", r"[^\n\r]", 1)
            case "^":
                self._emit(*(("(?m:^)",) * 2 if "m" in self.flags else ("^", "^")), 1)
            case "$":
                self._emit(*(("(?m:$)",) * 2 if "m" in self.flags else (r"\Z", r"\z")), 1)
            case _:
                self._emit(_quoted(letter, "python"), _quoted(letter, "rust"), 1)

    def _emit(self, python: str, rust: str, length: int = 0) -> None:
        self.python.append(python)
        self.rust.append(rust)
        self.at += length

    def _repeat(self, found: re.Match[str]) -> None:
        text = found[0]
        if any(len(bound or "") > _DIGITS for bound in found.group("low", "high")):
            raise RegexError("the repetition number is too large")
        low = int(found["low"] or 0)
        high = {"*": None, "+": None, "?": 1}.get(text[0], 0)
        if text[0] == "{":
            high = low if found["open"] is None else int(found["high"]) if found["high"] else None
        endless = high is None or high > _OFTEN
        self.repeats += endless
        inner = self.last
        if inner is not None and (high is None or high > 1):
            self.nested |= inner.varies or inner.is_ambiguous
            self.explosive |= endless and (inner.endless or inner.is_ambiguous)
        self.groups[-1].varies |= high != low or text[0] in "*+?"
        self.groups[-1].endless |= endless
        if text.endswith("+") and len(text) > 1:
            self.foreign = True  # possessive
        self.last = None
        self._emit(text, text.replace("{,", "{0,"), len(text))

    def _open(self, rest: str) -> None:
        foreign = _FOREIGN.match(rest)
        if foreign is not None:
            self.foreign = True
            if not foreign[0].endswith(")"):
                self._begin(len(foreign[0]))
            self._emit(
                foreign[0].replace("(?<", "(?P<") if _is_name(foreign[0]) else foreign[0], ""
            )
            self.at += len(foreign[0])
            return
        start = _GROUP.match(rest)
        assert start is not None
        if start[0] == "(" and rest.startswith("(?"):
            raise RegexError(f"{rest[:4]}… is not a group that kg supports")
        self._begin(len(start[0]))
        self._emit(start[0], start[0], len(start[0]))

    def _begin(self, length: int) -> None:
        self.groups.append(_Group([self.pattern[self.at + length : self.at + length + 1]]))

    def _close(self) -> None:
        if len(self.groups) == 1:
            raise RegexError("there is a bracket too many")
        self.last = self.groups.pop()
        self.groups[-1].varies |= self.last.varies
        self.groups[-1].endless |= self.last.endless
        self._emit(")", ")", 1)

    def _escape(self, rest: str) -> None:
        letter = rest[1:2]
        if letter in _CLASSES and letter:
            self._emit(rest[:2], _CLASSES[letter], 2)
        elif letter and letter in "AZz":
            self._emit(r"\A" if letter == "A" else r"\Z", r"\A" if letter == "A" else r"\z", 2)
        elif letter and letter in "bB":
            self.bounded = True
            self._emit(rest[:2], rest[:2], 2)
        elif letter in "123456789" and letter:
            self.foreign = True
            self._emit(rest[:2], "", 2)
        else:
            self._emit_set(False, self._escaped())

    def _escaped(self) -> Ranges:
        """Read an escape for one character or a set of characters."""
        rest = self.pattern[self.at : self.at + 40]
        letter = rest[1:2]
        code, named = _CODE.match(rest), _PROPERTY.match(rest)
        if named is not None:
            self.at += len(named[0])
            return _property(named[1] or named[3], named[2] or named[4])
        if code is not None:
            self.at += len(code[0])
            number = int(next(filter(None, code.groups())), 16)
            if number > LAST:
                raise RegexError(f"{code[0]} is not a character")
            return ((number, number),)
        self.at += 2
        if letter in _SETS:
            return complement(_set_of(letter)) if letter.isupper() else _set_of(letter)
        if letter in _CONTROLS:
            letter = _CONTROLS[letter]
        elif not letter or letter.isalnum():
            raise RegexError(f"\\{letter} is not an escape that kg supports")
        return ((ord(letter), ord(letter)),)

    def _set(self) -> tuple[bool, Ranges]:
        """Read a set in square brackets.

        Returns:
            Whether the set is negated, and its ranges; a subtracted set is already taken out.
        """
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.pattern.startswith("]", self.at):
            rest = self.pattern[self.at : self.at + 3]
            if not rest:
                raise RegexError("a set is not closed")
            if rest.startswith("-[") and not first:
                self.at += 1
                base = merged(ranges)
                other_negated, other = self._set()
                less = complement(other) if other_negated else other
                if not self.pattern.startswith("]", self.at):
                    raise RegexError("a subtracted set must be the end of the set that it is in")
                self.at += 1
                return False, difference(complement(base) if negated else base, less)
            if rest.startswith(("[:", "[.", "[=", "&&[")):
                raise RegexError(f"{rest[:2]} is not supported in a set; write \\p{{…}} or -[…]")
            ranges += self._member()
            first = False
        self.at += 1
        return negated, merged(ranges)

    def _member(self) -> Ranges:
        """Read a character, a range or an escape in a set."""
        low = self._one()
        text = self.pattern
        is_range = text.startswith("-", self.at) and not text.startswith(("-]", "-["), self.at)
        if not is_range or len(low) != 1 or low[0][0] != low[0][1]:
            return low
        before, self.at = self.at, self.at + 1
        high = self._one()
        if len(high) != 1 or high[0][0] != high[0][1]:
            self.at = before + 1  # the hyphen stands for itself
            return (*low, (0x2D, 0x2D))
        if high[0][0] < low[0][0]:
            raise RegexError(f"the range {text[before - 1 : self.at]} ends before it begins")
        return ((low[0][0], high[0][0]),)

    def _one(self) -> Ranges:
        letter = self.pattern[self.at : self.at + 1]
        if letter == "\\":
            return self._escaped()
        if not letter:
            raise RegexError("a set is not closed")
        self.at += 1
        return ((ord(letter), ord(letter)),)

    def _emit_set(self, negated: bool, ranges: Ranges) -> None:
        if not ranges and not negated:
            self._emit("(?!)", r"[^\x{0}-\x{10FFFF}]")
            return
        if not negated and len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
            letter = chr(ranges[0][0])
            self._emit(_quoted(letter, "python"), _quoted(letter, "rust"))
            return
        start = "[^" if negated else "["
        python = "".join(_range(low, high, r"\U{:08x}") for low, high in ranges)
        rust = "".join(_range(low, high, r"\x{{{:x}}}") for low, high in _scalar(ranges))
        if not rust:
            self.foreign = True
        self._emit(f"{start}{python}]", f"{start}{rust}]")


_SETS: Final = frozenset("dDwWsSiIcC")


def _set_of(letter: str) -> Ranges:
    match letter.lower():
        case "d":
            return category("Nd")
        case "w":
            return words()
        case "s":
            return SPACE
        case "i":
            return NAME_START
    return name_characters()


def _property(sign: str, name: str) -> Ranges:
    if name in CATEGORIES:
        found = category(name)
    elif name.startswith("Is") and name[2:] in _BLOCKS:
        found = (_BLOCKS[name[2:]],)
    else:
        raise RegexError(f"\\{sign}{{{name}}} is not a category or block of Unicode that kg knows")
    return complement(found) if sign == "P" else found


def _scalar(ranges: Ranges) -> Ranges:
    """Return ranges without surrogates, which Rust does not accept."""
    return difference(ranges, ((0xD800, 0xDFFF),))


def _range(low: int, high: int, form: str) -> str:
    return form.format(low) if low == high else f"{form.format(low)}-{form.format(high)}"


def _quoted(letter: str, engine: str) -> str:
    if letter.isalnum() or letter in " _" or not letter.isascii():
        return letter
    if engine == "python":
        return re.escape(letter)
    return f"\\{letter}" if letter.isprintable() else f"\\x{{{ord(letter):x}}}"


def _is_name(text: str) -> bool:
    return text.startswith("(?<") and text.endswith(">") and text[3] not in "=!"
