"""Names of files and columns as words: parts, singulars, identifiers."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
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
    """Return the words of a name, without accents; an upper-case run is one word.

    >>> words("Culmen Length (mm)"), words("sched_dep_time"), words("IATACode"), words("höhe2")
    (['Culmen', 'Length', 'mm'], ['sched', 'dep', 'time'], ['IATA', 'Code'], ['hohe', '2'])
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    ascii_only = "".join(char for char in plain if not unicodedata.combining(char))
    return _PARTS.findall(ascii_only)


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

    >>> camel(["dep", "time"]), camel(["ID"]), camel(["2", "nd"])
    ('depTime', 'id', '_2Nd')
    """
    if not parts:
        return ""
    name = parts[0].lower() + "".join(part[:1].upper() + part[1:].lower() for part in parts[1:])
    return f"_{name}" if name[0].isdigit() else name


def pascal(parts: list[str]) -> str:
    """Return words as one name that starts with a capital.

    >>> pascal(["first", "ascent"])
    'FirstAscent'
    """
    name = camel(parts).lstrip("_")
    return name[:1].upper() + name[1:] if name and not name[0].isdigit() else f"Row{name}"


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
    """Return a name without what writers differ in.

    >>> folded("Tail_Num") == folded("tailnum"), folded("carriers") == folded("Carrier")
    (True, True)
    """
    parts = words(text)
    return "".join([*parts[:-1], singular(parts[-1])]).lower() if parts else ""
