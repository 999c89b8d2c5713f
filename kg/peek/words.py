"""Names of files and columns as words: parts, singulars, identifiers."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Words by the sorts of their characters: a capital, small, without case, a digit; see `_sorts`.
_PARTS: Final = re.compile(r"A+(?!a)|A?a+|o+|0+")
_SORTS: Final = {"Lu": "A", "Lt": "A", "Ll": "a", "Lm": "o", "Lo": "o", "Nd": "0", "Nl": "0"}
# Other scripts have marks that make other letters: бай is not баи.
_LATIN_ACCENTS: Final = re.compile(r"(?<=[A-Za-z])[\u0300-\u036f]+")
_IRREGULAR: Final = {
    "people": "person",
    "children": "child",
    "men": "man",
    "women": "woman",
    "mice": "mouse",
    "indices": "index",
    "vertices": "vertex",
    "criteria": "criterion",
    "data": "record",
    "movies": "movie",
    "series": "series",
    "species": "species",
    "news": "news",
    "countries": "country",
}
# Endings of words that look like plurals and are none.
_SINGULAR: Final = ("ss", "us", "is", "ics")


def words(text: str) -> list[str]:
    """Return the words of a name, Latin ones without accents; an upper-case run is one word.

    >>> words("Culmen Length (mm)"), words("sched_dep_time"), words("IATACode"), words("höhe2")
    (['Culmen', 'Length', 'mm'], ['sched', 'dep', 'time'], ['IATA', 'Code'], ['hohe', '2'])
    >>> words("высотаГоры"), words("都市_ID"), words("%")
    (['высота', 'Горы'], ['都市', 'ID'], [])
    """
    apart = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = unicodedata.normalize("NFC", _LATIN_ACCENTS.sub("", apart))
    return [plain[found.start() : found.end()] for found in _PARTS.finditer(_sorts(plain))]


def _sorts(text: str) -> str:
    """Return a character for each of a text: what it is in a word; a blank for what is in none."""
    found = ""
    for char in text:
        category = unicodedata.category(char)
        is_mark = category.startswith("M") and found
        found += found[-1] if is_mark else _SORTS.get(category, " ")
    return found


def singular(word: str) -> str:
    """Return the singular of an English plural; other words as they are.

    >>> [singular(word) for word in ("flights", "countries", "boxes", "class", "people", "weather")]
    ['flight', 'country', 'box', 'class', 'person', 'weather']
    """
    small = word.lower()
    if small in _IRREGULAR:
        return _IRREGULAR[small]
    if small.endswith("ies") and len(small) > 4:
        return word[:-3] + "y"
    if small.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    if small.endswith("s") and not small.endswith(_SINGULAR) and len(small) > 3:
        return word[:-1]
    return word


def camel(parts: list[str]) -> str:
    """Return words as one name that starts with a small letter.

    >>> camel(["dep", "time"]), camel(["ID"]), camel(["2", "nd"]), camel(["1", "22", "20"])
    ('depTime', 'id', '_2Nd', '_1_22_20')
    >>> camel(["اسم", "المدينة"]), camel(["駅", "都市"]), camel(["都市", "ID"])
    ('اسم_المدينة', '駅都市', '都市Id')
    """
    if not parts:
        return ""
    name = parts[0].lower()
    for part in parts[1:]:
        name += f"_{part}" if _runs_on(name[-1], part[0]) else _capital(part)
    return f"_{name}" if name[0].isdigit() else name


def pascal(parts: list[str]) -> str:
    """Return words as one name that starts with a capital.

    >>> pascal(["first", "ascent"])
    'FirstAscent'
    """
    name = camel(parts).lstrip("_")
    return name[:1].title() + name[1:] if name and not name[0].isdigit() else f"Row{name}"


def _runs_on(before: str, after: str) -> bool:
    """Return whether nothing shows that a word begins: digits, or letters without case.

    Japanese and Chinese need no mark there: they are written without blanks.
    """
    if before.isdigit() and after.isdigit():
        return True
    return all(
        char.isalpha()
        and char.lower() == char.upper()
        and not unicodedata.name(char, "").startswith(("CJK", "HIRAGANA", "KATAKANA"))
        for char in (before, after)
    )


def _capital(word: str) -> str:
    """Return a word with a capital, if its script has them within words: Georgian has not."""
    return word[:1].title() + word[1:].lower()


def label(text: str) -> str:
    """Return a name as people write it.

    >>> label("dep_time"), label("Culmen Length (mm)"), label("sepalLength")
    ('dep time', 'Culmen Length (mm)', 'sepal length')
    """
    if re.search(r"\s", text.strip()):
        return text.strip()
    parts = re.split(r"[_.\-/]+", text.strip("_.-/ ")) if re.search(r"[_.\-/]", text) else [text]
    spaced = [
        re.sub(r"(?<=[a-z0-9])[A-Z](?=[a-z])", lambda m: f" {m[0].lower()}", part) for part in parts
    ]
    return " ".join(part for part in spaced if part) or text


def folded(text: str) -> str:
    """Return a name without what writers differ in; empty if it has no letters or digits.

    >>> folded("Tail_Num") == folded("tailnum"), folded("carriers") == folded("Carrier")
    (True, True)
    """
    parts = words(text)
    return "".join([*parts[:-1], singular(parts[-1])]).lower() if parts else ""
