"""Findings about the texts of a graph: those that stand for no value, and those that were damaged.

Literals with a datatype of their own are left to the lexical forms of the datatype.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kg.duck import sql_text
from kg.findings.graph import Looked
from kg.findings.model import Finding, Level

# What people and spreadsheets write for a missing value. A word that may be a value, such as
# "unknown" or "none", is none of them.
_NOTHING: Final = (
    *("na", "n/a", "n.a.", "nan", "nat", "null", "(null)", "nil", "undefined", "tbd", "?", "??"),
    *("-", "--", "---", "#n/a", "#ref!", "#value!", "#div/0!", "#name?", "#null!", "#num!"),
)
_LONGEST: Final = max(map(len, _NOTHING))
# UTF-8 read as Latin-1 or Windows-1252: the first byte of a character, and one that follows it.
_MISREAD: Final = "[ÂÃ][\u0080-\u00bf]"
# A formula of a spreadsheet: a function, or a cell behind the sign.
_FORMULA: Final = r'^"=[-+(]*\$?[A-Za-z][A-Za-z0-9.]*[$(0-9!]'
_ENTITY: Final = "&(amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});"
_SPACE: Final = "[ \u00a0]|\\\\[tnr]"
# ISO 639-1, and what it had once. https://www.iana.org/assignments/language-subtag-registry
_CODES: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy"
    " da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu"
    " hy hz ia id ie ig ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv"
    " kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr"
    " nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq"
    " sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi"
    " yo za zh zu"
)
_LANGUAGES: Final = frozenset(_CODES.split())
# Names and countries that people write for a language.
_MEANT: Final[Mapping[str, str]] = {
    **{"english": "en", "german": "de", "deutsch": "de", "french": "fr"},
    **{"spanish": "es", "italian": "it", "dutch": "nl", "chinese": "zh", "japanese": "ja"},
    **{"jp": "ja", "cn": "zh", "cz": "cs", "dk": "da", "gr": "el", "ua": "uk", "us": "en-us"},
    **{"gb": "en-gb", "at": "de-at"},
}
# The first and last days of programs and calendars, which stand where a day is not known.
_PLACEHOLDERS: Final = (
    *("0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-00", "1900-01-01"),
    *("1970-01-01", "9999-12-31"),
)
_KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "empty-text": (
        "stands for no value",
        "stand for no value",
        "Say in the mapping which texts are no value, such as nulls: ['', NA]",
    ),
    "spaced-text": (
        "begins or ends with white space",
        "begin or end with white space",
        "Say trim: true in the source, or mend the data: questions compare texts as they are",
    ),
    "formula-text": (
        "is a formula",
        "are formulas",
        "Save the file with the values that its formulas give, or mend the data",
    ),
    "garbled-text": (
        "looks damaged",
        "look damaged",
        "Say in the source how the file is encoded, or mend the data: a text was read in another"
        " encoding than it was written in, or has the escapes of HTML",
    ),
}


def doubtful_texts(graph: Looked) -> Iterator[Finding]:
    """Yield a finding for each property and kind of doubt about its texts."""
    rows = graph.rows(
        f"SELECT p, kind, count(*), min((s, o)) FROM (SELECT s, p, o, {_kind_sql()} AS kind"
        f" FROM {graph.table.sql} WHERE starts_with(o, '\"') AND NOT ends_with(o, '>'))"
        " WHERE kind IS NOT NULL GROUP BY p, kind ORDER BY kind, p"
    )
    for predicate, kind, count, (subject, text) in rows:
        named = graph.namer(predicate)
        one, many, advice = _KINDS[kind]
        values, verb = ("value", one) if count == 1 else ("values", many)
        shown = text if len(text) <= 60 else f"{text[:60]}…"
        yield Finding(
            kind,
            named,
            f"{count:,} {values} of {named} {verb}, such as {shown}",
            None,
            f"{advice}; {graph.traced(subject, predicate)}",
            count,
        )


def placeholder_days(graph: Looked) -> Iterator[Finding]:
    """Yield a finding for each property and day that programs write where a day is not known."""
    days = ", ".join(map(sql_text, _PLACEHOLDERS))
    rows = graph.rows(
        "SELECT p, substr(o, 2, 10) AS day, count(*), min(s)"
        f" FROM {graph.table.sql} WHERE starts_with(o, '\"') AND substr(o, 2, 10) IN ({days})"
        " AND substr(o, 12, 1) IN ('\"', 'T', 'Z') GROUP BY p, day ORDER BY p, day"
    )
    for predicate, day, count, subject in rows:
        named = graph.namer(predicate)
        values = "value of {} is" if count == 1 else "values of {} are"
        yield Finding(
            "placeholder-day",
            f"{named} {day}",
            f"{count:,} {values.format(named)} {day}, which programs write for a day not known",
            None,
            "If it stands for none, say so in the mapping, such as nulls: ['', "
            f"{day}]; {graph.traced(subject, predicate)}",
            count,
            Level.INFO,
        )


def unknown_languages(graph: Looked) -> Iterator[Finding]:
    """Yield a finding for each language tag whose language or region is none.

    Codes of three letters are taken as they are: there are eight thousand.

    Spec: https://www.rfc-editor.org/rfc/rfc5646#section-2.2.1
    """
    rows = graph.rows(
        "SELECT tag, count(*), min((s, p)) FROM (SELECT s, p,"
        f" regexp_extract(o, '\"@([A-Za-z0-9-]+)$', 1) AS tag FROM {graph.table.sql}"
        " WHERE starts_with(o, '\"') AND NOT ends_with(o, '\"') AND NOT ends_with(o, '>'))"
        " GROUP BY tag ORDER BY tag"
    )
    for tag, count, (subject, predicate) in rows:
        language, *others = tag.lower().split("-")
        meant = _MEANT.get(language) or (f"{language}-gb" if others == ["uk"] else "")
        known = language in _LANGUAGES or len(language) == 3 or language in ("x", "i")
        if known and not meant:
            continue
        values = "text has" if count == 1 else "texts have"
        did = f"Did you mean {meant}? " if meant else ""
        what = "uk, in {0}, is no region" if known else "{0} is the tag of no language"
        yield Finding(
            "unknown-language",
            tag,
            f"{what.format(tag)}, and {count:,} {values} it",
            None,
            f"{did}Tags are codes of ISO 639, such as en or pt-BR;"
            f" {graph.traced(subject, predicate)}",
            count,
        )


def _kind_sql() -> str:
    """Return the kind of doubt about the literal in column o; NULL for most.

    A quotation mark within a literal is escaped, so one behind a blank ends it. Cheap looks come
    first, since most texts are in no doubt.
    """
    spelt = ", ".join(map(sql_text, _NOTHING))
    text = "lower(trim(regexp_extract(o, '^\"(.*)\"', 1)))"
    breaks = " OR ".join(f"contains(o, '\\{each}\"')" for each in "tnr")
    spaced = f'regexp_matches(o, \'^"({_SPACE})|^"([^\\\\"]|\\\\.)*({_SPACE})"\')'
    return (
        f"CASE WHEN length(o) <= {_LONGEST + 12} AND {text} IN ({spelt}) THEN 'empty-text'"
        f" WHEN starts_with(o, '\"=') AND regexp_matches(o, {sql_text(_FORMULA)})"
        " THEN 'formula-text'"
        " WHEN contains(o, chr(65533)) THEN 'garbled-text'"
        " WHEN contains(o, 'â€') OR contains(o, 'ï»¿') OR ((contains(o, 'Ã') OR contains(o, 'Â'))"
        f" AND regexp_matches(o, {sql_text(_MISREAD)})) THEN 'garbled-text'"
        f" WHEN contains(o, '&') AND regexp_matches(o, {sql_text(_ENTITY)}) THEN 'garbled-text'"
        f" WHEN (starts_with(o, '\" ') OR contains(o, ' \"') OR contains(o, chr(160))"
        f" OR starts_with(o, '\"\\') OR {breaks}) AND {spaced} THEN 'spaced-text' END"
    )
