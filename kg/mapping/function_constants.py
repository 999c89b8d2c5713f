"""Arguments of functions that must be constants: patterns, places, units, zones.

DuckDB would tell of a wrong one while it runs, without its place.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Final

from kg.errors import InputError
from kg.mapping.date_patterns import LANGUAGES, PatternError, strftime_pattern, zone_form
from kg.mapping.plan import Call, Constant, Expression, Function, Origin, TermType
from kg.notes import Notes

UNITS: Final[Mapping[str, str]] = {
    spelled: unit
    for unit, others in {
        "year": "y",
        "month": "",
        "week": "w",
        "day": "d",
        "weekday": "",
        "hour": "h",
        "minute": "m min",
        "second": "s sec",
        "millisecond": "ms milli",
    }.items()
    for spelled in (unit, f"{unit}s", *others.split())
}

# Times that RE2 repeats something at most.
_MOST_TIMES: Final = 1_000
# A character by its number: RE2 writes \x{e9}, and Python has no such thing.
_ESCAPE: Final = re.compile(r"(?<!\\)((?:\\\\)*+)\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_NUMBERED: Final = re.compile(r"\\x\{([0-9a-fA-F]{1,8})\}")

# What a regular expression writes with a backslash: marks, white space, and classes of characters.
_QUOTED: Final = re.compile(r"\\(.)", re.DOTALL)
_BLANKS: Final = {"t": "\t", "n": "\n", "r": "\r"}
_CLASS: Final = re.compile(r"\\[A-Za-mo-qsu-z0-9]")


def _in_python(pattern: str) -> str:
    r"""Return a regular expression of RE2 as Python has it.

    >>> _in_python(r"\x{e9}+") == r"\U000000e9+"
    True
    """
    return _NUMBERED.sub(lambda match: f"\\U{match[1]:0>8}", pattern)


def text(value: str) -> Constant:
    """Return a text as an expression."""
    return Constant(value, TermType.LITERAL)


class Constants:
    """Checks the constants of one call.

    Args:
        shown: The function as the mapping writes it.
        origin: Where the mapping calls it.
    """

    def __init__(self, shown: str, origin: Origin) -> None:
        self.shown = shown
        self.origin = origin

    def error(self, message: str, hint: str | None = None) -> InputError:
        """Return the error of a call."""
        return InputError("bad-function", message, location=self.origin.location(), hint=hint)

    def checked(self, call: Call) -> Call:
        """Return a call whose constant arguments were read, where the function needs constants."""
        match call.function:
            case Function.MATCHES | Function.REPLACE_REGEX | Function.FIND | Function.MATCH:
                return self.with_regex(call)
            case Function.SPLIT:
                return self.with_separator(call)
            case Function.SUBSTRING | Function.ARRAY_GET | Function.ARRAY_SLICE:
                return self.with_places(call)
            case Function.SPLIT_LENGTHS:
                self.places(call, 1)
            case Function.REPLACE_CHARS:
                if len(self.constant(call, 1)) != len(self.constant(call, 2)):
                    raise self.error(f"{self.shown} needs as many characters as it replaces")
            case Function.TO_DATE | Function.TO_DATE_TIME:
                return self.dated(call)
            case Function.FORMAT_DATE:
                pattern = self.constant(call, 1)
                made = (call.arguments[0], text(self.date_pattern(pattern)))
                form = zone_form(pattern)
                return Call(call.function, (*made, text(form)) if form else made)
            case Function.DATE_INC | Function.DATE_DIFF:
                return self.with_unit(call, 2)
            case Function.DATE_PART:
                call = self.with_unit(call, 1)
                if self.constant(call, 1) != "weekday":
                    return call
                # Its name, which is a text: the other parts are numbers.
                return Call(Function.FORMAT_DATE, (call.arguments[0], text("%A")))
            case Function.IN_ZONE:
                self.zone(self.constant(call, 1))
            case Function.PARTITION | Function.LAST_PARTITION:
                if len(call.arguments) > 2:
                    self.constant(call, 2)
        return call

    def with_separator(self, call: Call) -> Call:
        r"""Return a call of a function whose separator is a text; ``\|`` is taken as ``|``.

        RMLMapper has read it as a regular expression, and mappings quote it for that.
        """
        given = call.arguments[1]
        if not isinstance(given, Constant):
            return call
        separator = given.value
        if not separator:
            raise self.error(f"{self.shown} needs a separator that is not empty")
        meant = _QUOTED.sub(lambda match: _BLANKS.get(match[1], match[1]), separator)
        if meant == separator:
            return call
        told = f"the separator {separator!r} is a text, not a regular expression"
        if not _CLASS.search(separator):
            told += f", and is taken as {meant!r}"
            call = Call(call.function, (call.arguments[0], text(meant), *call.arguments[2:]))
        told = told.replace("{", "{{").replace("}", "}}")
        Notes().add(told, self.origin.location(), loses=False)
        return call

    def constant(self, call: Call, number: int) -> str:
        """Return the text of an argument that must be constant."""
        value = call.arguments[number]
        if not isinstance(value, Constant):
            raise self.error(f"the parameter {number + 1} of {self.shown} must be a constant text")
        return value.value

    def places(self, call: Call, first: int) -> None:
        """Check that arguments are whole numbers."""
        for number in range(first, len(call.arguments)):
            self.whole(call, number)

    def whole(self, call: Call, number: int) -> None:
        """Check that an argument is a whole number."""
        if not re.fullmatch(r"-?\d{1,9}", self.constant(call, number)):
            raise self.error(f"{self.shown} takes whole numbers as places")

    def with_places(self, call: Call) -> Call:
        """Return a call whose places are whole numbers, also those that the record gives."""
        first, *places = call.arguments
        made: list[Expression] = [first]
        for number, place in enumerate(places, 1):
            if isinstance(place, Constant):
                self.whole(call, number)
            made.append(place if isinstance(place, Constant) else Call(Function.FLOOR, (place,)))
        return Call(call.function, tuple(made))

    def with_unit(self, call: Call, number: int) -> Call:
        """Return a call whose unit of time has one spelling."""
        unit = self.constant(call, number)
        found = UNITS.get(unit.casefold())
        if found is None or (found == "weekday" and call.function is not Function.DATE_PART):
            raise self.error(
                f"{unit!r} is no unit of time that {self.shown} knows",
                hint=f"Units: {', '.join(dict.fromkeys(UNITS.values()))}.",
            )
        arguments = [*call.arguments]
        arguments[number] = text(found)
        return Call(call.function, tuple(arguments))

    def with_regex(self, call: Call) -> Call:
        """Check a regular expression; GREL writes it between slashes."""
        pattern = self.constant(call, 1)
        if call.function in (Function.MATCH, Function.FIND):
            pattern = re.sub(r"^/(.+)/$", r"\1", pattern, flags=re.DOTALL)
        pattern = _ESCAPE.sub(lambda match: rf"{match[1]}\x{{{match[2] or match[3]}}}", pattern)
        self.regex(pattern)
        if call.function is Function.REPLACE_REGEX and isinstance(call.arguments[2], Constant):
            self.replacement(call.arguments[2].value, pattern)
        if call.function is Function.MATCH and not re.compile(pattern).groups:
            note = f"{self.shown} gives what groups in brackets capture, and its pattern has none"
            note += "; matches tells whether a text fits"
            Notes().add(note, self.origin.location(), loses=True)
        return Call(call.function, (call.arguments[0], text(pattern), *call.arguments[2:]))

    def regex(self, pattern: str) -> None:
        """Refuse what the engine's regular expressions (RE2) and Python's do not share."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                re.compile(_in_python(pattern))
        except (re.error, FutureWarning) as error:
            raise self.error(f"{pattern!r} is no regular expression: {error}") from error
        if any(int(each) > _MOST_TIMES for each in re.findall(r"(?<=[{,])\d+(?=[,}])", pattern)):
            raise self.error(
                f"{pattern!r} repeats something more than {_MOST_TIMES:,} times",
                hint="Split it, or use * and +.",
            )
        if re.search(r"\(\?(?!:|[ims]+[:)]|P<)|\\[1-9Z]|[*+?}]\+", pattern):
            raise self.error(
                f"{pattern!r} uses what kg cannot run",
                hint="Lookaround, backreferences and possessive quantifiers are not supported.",
            )

    def replacement(self, by: str, pattern: str) -> None:
        """Check what takes the place of what fits a regular expression."""
        groups = re.compile(_in_python(pattern)).groups
        for mark in re.findall(r"\\(.?)", by, re.DOTALL):
            if mark != "\\" and not (mark.isascii() and mark.isdigit() and int(mark) <= groups):
                raise self.error(
                    f"{by!r} cannot take the place of what fits {pattern!r}, for it has"
                    f" {chr(92) + mark!r}",
                    hint=f"There are {groups} groups: \\1 is what the first captures, \\0 all that"
                    " fits. Write \\\\ for a backslash.",
                )

    def dated(self, call: Call) -> Call:
        """Return a call that reads dates with its pattern as DuckDB has it."""
        language = self.constant(call, 2) if len(call.arguments) > 2 else "en"
        language = language.partition("-")[0].casefold()
        if language not in LANGUAGES:
            raise self.error(
                f"{self.shown} knows no names of months in {language!r}",
                hint=f"Languages: {', '.join(LANGUAGES)}.",
            )
        pattern = self.date_pattern(self.constant(call, 1))
        rest = () if language == "en" else (text(language),)
        return Call(call.function, (call.arguments[0], text(pattern), *rest))

    def date_pattern(self, pattern: str) -> str:
        """Return a pattern of dates as DuckDB has it."""
        try:
            return strftime_pattern(pattern)
        except PatternError as error:
            raise self.error(str(error), error.hint or None) from error

    def zone(self, zone: str) -> None:
        """Check the name of a time zone."""
        from zoneinfo import ZoneInfo

        if re.fullmatch(r"Z|[+-]\d\d:\d\d", zone):
            return
        try:
            # A file that names no zone: that of the machine, and the one of before it is set.
            if zone in ("localtime", "posixrules", "Factory"):
                raise ValueError(zone)
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise self.error(
                f"{zone!r} is no time zone", hint="Write it as Europe/Brussels or +02:00."
            ) from error
