"""Patterns have the meaning of XPath; unsupported ones are refused; none takes for ever."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import InputError
from kg.quads import QuadTable
from kg.regex.reader import RegexError
from kg.terms import literal
from kg.validation import Result, validate
from kg.validation.regex import read_regex
from kg.validation.shapes import ShapesGraph

# Pattern, flags, texts that match, texts that do not.
MEANINGS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("^[A-Z-[B-Z]]$", "", ("A",), ("B", "-", "a")),
    (r"^[^a-z-[A-Z]]$", "", ("1",), ("a", "B")),
    (r"^[\w-[\d_]]+$", "", ("añ",), ("a1", "a_")),
    (r"^[\p{L}-[\p{Lu}]]+$", "", ("äß",), ("Ä",)),
    ("^[a-z-]$", "", ("-", "b"), ("A",)),
    (r"^\p{Lu}\p{Ll}*$", "", ("Äpfel", "Ω"), ("äpfel", "A1")),
    (r"^\P{L}$", "", ("1", "_"), ("é",)),
    (r"^\p{Nd}+$", "", ("12", "١٢"), ("Ⅷ",)),
    (r"^\p{IsCyrillic}+$", "", ("Киев",), ("Kiev",)),
    (r"^\i\c*$", "", ("a-1", "_x", "ab:c", "é"), ("1a", "-a", "a b")),
    (r"^[\i-[:]][\c-[:]]*$", "", ("a-1",), ("a:b", ":a")),
    (r"^\C$", "", (" ", "/"), ("a", "-")),
    (r"^\d{4}$", "", ("2020", "٢٠٢٠"), ("20x0",)),
    (r"^\s$", "", (" ", "\t", "\n"), ("\u00a0", "\v", "")),
    ("a.c", "", ("abc", "a\u2028c"), ("a\nc", "a\rc")),
    ("a.c", "s", ("a\nc", "a\rc"), ("ac",)),
    ("^b$", "", ("b",), ("b\n", "a\nb")),
    ("^b$", "m", ("a\nb\nc", "b\n"), ("ab",)),
    ("ab c # d", "x", ("abc#d",), ("ab c # d", "abc")),
    (r"a[ ]b\ c", "x", ("a b c",), ("abc",)),
    ("straße", "i", ("STRAßE",), ("strase",)),
    ("^[^a]$", "i", ("b",), ("A", "a")),
    ("a.b(c", "q", ("xa.b(cx",), ("axb(c",)),
    ("A.b", "iq", ("a.B",), ("axb",)),
    (r"^(a)(b)\2\1$", "", ("abba",), ("abab",)),
    (r"^a{2,3}?$", "", ("aa", "aaa"), ("a",)),
    # Of other dialects
    (r"^(?!.*--)[a-z-]+$", "", ("a-b",), ("a--b",)),
    (r"\bfoo\b", "", ("a foo",), ("food",)),
    (r"^(?<y>\d+)-x$", "", ("1-x",), ("-x",)),
    (r"^\x41\u0042\/\-$", "", ("AB/-",), ("A",)),
    ("(?i)abc", "", ("ABC",), ("AB",)),
    ("{", "", ("a{b",), ("ab",)),
)
REFUSED = {
    "(": "not closed",
    "a)": "a bracket too many",
    "[a": "not closed",
    "a**": "multiple repeat",
    "[z-a]": "ends before it begins",
    r"\y": r"\y is not an escape",
    r"\p{Foo}": "not a category or block of Unicode",
    r"\p{IsFoo}": "not a category or block of Unicode",
    "[[:alpha:]]": "[: is not supported in a set",
    "[a&&[b]]": "&& is not supported in a set",
    "(?#note)a": "is not a group",
    r"^(?=x)(\w+)+$": "a repeat within a repeat",
    r"^(a|ab)*\1$": "a repeat within a repeat",
}
# Each takes Python's re for ever, or long, on a text of its own letters.
CATASTROPHES = (
    "^(a+)+$",
    "^(a|a)*$",
    "^(a|a?)+$",
    "^((a*)*)*$",
    "^(a{0,50}){0,50}$",
    "(a?){40}a{40}b",
    "^(aa?)+$",
    "a*a*a*a*a*a*b",
    ".*.*.*=.*",
)


@pytest.mark.parametrize(("pattern", "flags", "good", "bad"), MEANINGS)
def test_a_pattern_means_what_xpath_says(
    pattern: str, flags: str, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    regex = read_regex(pattern, flags)
    assert regex.matches([*good, *bad]) == [True] * len(good) + [False] * len(bad)
    if regex.reading.rust is not None:
        told = regex.match_linearly([*good, *bad])
        assert told == dict.fromkeys(good, True) | dict.fromkeys(bad, False)
    if regex.reading.re2 is not None:
        sql = "SELECT t, regexp_matches(t, ?) FROM (SELECT unnest(?) AS t)"
        rows = duckdb.execute(sql, [regex.reading.re2, [*good, *bad]]).fetchall()
        assert dict(rows) == dict.fromkeys(good, True) | dict.fromkeys(bad, False)


@pytest.mark.parametrize(("pattern", "flags", "good", "bad"), MEANINGS)
def test_the_sieve_and_pyshacl_agree_on_patterns(
    pattern: str,
    flags: str,
    good: tuple[str, ...],
    bad: tuple[str, ...],
    connection: duckdb.DuckDBPyConnection,
    table: Callable[[str], QuadTable],
    read: Callable[[str], ShapesGraph],
) -> None:
    data = "".join(f"ex:n{n} ex:p {literal(t)} .\n" for n, t in enumerate((*good, *bad)))
    asked = f"sh:path ex:p ; sh:pattern {literal(pattern)} ; sh:flags {literal(flags)}"
    found: list[Result] = []
    shapes = read(f"ex:S sh:targetSubjectsOf ex:p ; sh:property [ {asked} ] .")
    validate(connection, table(data), shapes, sinks=[found.append])
    assert {r.focus_node for r in found} == {
        f"<http://example.org/n{n}>" for n in range(len(good), len(good) + len(bad))
    }


@pytest.mark.parametrize("pattern", ["a{%s}", "a{1,%s}", "(a{%s,})b", "a{%s}?"])
def test_a_bound_of_thousands_of_digits_is_refused(
    pattern: str, shapes: Callable[[str], object]
) -> None:
    text = f"ex:S sh:property [ sh:path ex:p ; sh:pattern {literal(pattern % ('9' * 5000))} ] ."
    with pytest.raises(InputError, match="the repetition number is too large"):
        shapes(text)


@pytest.mark.parametrize("pattern", REFUSED)
def test_invalid_patterns_are_refused(pattern: str, shapes: Callable[[str], object]) -> None:
    text = f"ex:S sh:property [ sh:path ex:p ; sh:pattern {literal(pattern)} ] ."
    with pytest.raises(InputError, match="sh:pattern is not a regular expression") as raised:
        shapes(text)
    assert REFUSED[pattern] in raised.value.message
    assert raised.value.location is not None


def test_an_unknown_flag_is_refused(shapes: Callable[[str], object]) -> None:
    with pytest.raises(InputError, match="there is no flag 'g'"):
        shapes('ex:S sh:property [ sh:path ex:p ; sh:pattern "a" ; sh:flags "g" ] .')


@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_catastrophic_patterns_are_matched_in_linear_time(pattern: str) -> None:
    """Oxigraph matches them, in time linear in the text."""
    regex = read_regex(pattern, "")
    text = "a" * 3_000
    assert regex.is_slow(text)
    assert regex.reading.rust is not None
    assert regex.matches([text + "!"]) == [False]


@given(st.text(alphabet="ab-|*+?()[]{}2,.^$", max_size=12), st.text(alphabet="ab-", max_size=8))
@settings(max_examples=200, deadline=None)
def test_python_and_oxigraph_agree_on_patterns(pattern: str, text: str) -> None:
    try:
        regex = read_regex(pattern, "")
    except RegexError:
        return
    if regex.reading.nested or regex.reading.rust is None:
        return
    told = regex.match_linearly([text])
    assert told is None or told[text] is (regex.reading.python.search(text) is not None)
