"""Patterns of dates: those of Java and those of ``strftime``, as DuckDB reads and writes them.

Spec: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# Stands for the offset of a time zone at the end of a pattern, which DuckDB does not read.
ZONE: Final = "%z"
_STRFTIME: Final = re.compile(r"(?:[^%]|%-?[YymdHIMSfgpbBaAj]|%%)+(?:%z)?")
_JAVA: Final = re.compile(r"'(?P<quoted>[^']*)'|(?P<letters>([A-Za-z])\3*)|[^A-Za-z']|'")
_LETTERS: Final[Mapping[str, str]] = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "y": "%Y",
    "u": "%Y",
    "yy": "%y",
    "uu": "%y",
    **dict.fromkeys(("MMMM", "LLLL"), "%B"),
    **dict.fromkeys(("MMM", "LLL"), "%b"),
    **dict.fromkeys(("MM", "LL"), "%m"),
    **dict.fromkeys(("M", "L"), "%-m"),
    "dd": "%d",
    "d": "%-d",
    "EEEE": "%A",
    **dict.fromkeys(("EEE", "E"), "%a"),
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSS": "%g",
    "SSSSSS": "%f",
    "a": "%p",
    "DDD": "%j",
    **dict.fromkeys(("X", "XX", "XXX", "x", "xx", "xxx", "Z", "ZZ", "ZZZ", "ZZZZZ"), ZONE),
}


class PatternError(Exception):
    """A pattern of dates cannot be read; the message says why, `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def strftime_pattern(pattern: str) -> str:
    """Return a pattern of dates as DuckDB reads it: Java's letters become ``%Y``.

    Raises:
        PatternError: It has a part that kg does not know, or a zone that is not its last part.

    >>> strftime_pattern("dd/MM/yyyy"), strftime_pattern("yyyy-MM-dd'T'HH:mm:ssXXX")
    ('%d/%m/%Y', '%Y-%m-%dT%H:%M:%S%z')
    """
    if "%" in pattern:
        if _STRFTIME.fullmatch(pattern):
            return pattern
        raise PatternError(f"{pattern!r} is no pattern of dates that kg knows")
    made = ""
    for match in _JAVA.finditer(pattern):
        if match["quoted"] is not None:
            made += (match["quoted"] or "'").replace("%", "%%")
        elif match["letters"] is not None:
            made += _of_letters(match["letters"], pattern)
        else:
            made += match[0]
    if ZONE in made.removesuffix(ZONE):
        raise PatternError(f"{pattern!r} has a time zone that is not its last part")
    return made


def zone_form(pattern: str) -> str:
    """Return how a pattern writes the zone at its end: in Java's letters; empty if it does not.

    >>> zone_form("HH:mmXXX"), zone_form("%H%z"), zone_form("HH:mm"), zone_form("HH'X'")
    ('XXX', 'xx', '', '')
    """
    if "%" in pattern:
        return "xx" if pattern.endswith(ZONE) else ""
    letters = [match["letters"] for match in _JAVA.finditer(pattern)]
    last = letters[-1] if letters and letters[-1] else ""
    if _LETTERS.get(last) != ZONE:
        return ""
    return {"Z": "xx", "ZZ": "xx", "ZZZ": "xx", "ZZZZZ": "XXX"}.get(last, last)


def _of_letters(letters: str, pattern: str) -> str:
    # A literal T between a day and a time is what people forget to quote.
    if letters in _LETTERS:
        return _LETTERS[letters]
    if letters == "T":
        return "T"
    raise PatternError(
        f"{letters!r} in {pattern!r} is no part of a date that kg knows",
        f"Known: {', '.join(_LETTERS)}; or write the pattern as %Y-%m-%d.",
    )


# Months and days of the week, from January and from Monday; abbreviations are their first letters
# but where they are named.
_MONTHS: Final[Mapping[str, str]] = {
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    " diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
    " dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro"
    " dezembro",
}
_DAYS: Final[Mapping[str, str]] = {
    "de": "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
}
_SHORT_MONTHS: Final[Mapping[str, str]] = {
    "de": "jan feb mär apr mai jun jul aug sep okt nov dez",
    "es": "ene feb mar abr may jun jul ago sep oct nov dic",
    "fr": "janv févr mars avr mai juin juil août sept oct nov déc",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "pt": "jan fev mar abr mai jun jul ago set out nov dez",
}
_ENGLISH: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ENGLISH_DAYS: Final = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
]
LANGUAGES: Final = ("en", *sorted(_MONTHS))


def english_names(language: str, *, short: bool) -> list[tuple[str, str]]:
    """Return names of a language, in small letters, with those in English; the longest first.

    Args:
        language: One of `LANGUAGES`.
        short: Whether the pattern has abbreviations, which may end in a dot.
    """
    if language == "en":
        return []
    months = [name[:3] for name in _ENGLISH] if short else _ENGLISH
    own = (_SHORT_MONTHS if short else _MONTHS)[language].split()
    days = [name[:3] for name in _ENGLISH_DAYS] if short else _ENGLISH_DAYS
    pairs = [*zip(own, months, strict=True)]
    if not short:
        pairs += zip(_DAYS[language].split(), days, strict=True)
    return sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0]))
