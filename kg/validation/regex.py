r"""The regular expressions of ``sh:pattern``: those of XPath, as for SPARQL's REGEX.

An expression is run by two engines: Python's ``re`` for short texts, and Oxigraph's (Rust's
``regex``, which takes linear time) for the others; see `kg.regex.reader`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Final

from kg.queries.engine import Engine, Rows
from kg.queries.oxigraph import Oxigraph
from kg.records import dataclass
from kg.regex.reader import Reading, RegexError, read
from kg.sparql.guard import guard
from kg.store import empty_store
from kg.terms import literal, text_of

# Python takes about a tenth of a second for this many steps.
_MOST_STEPS: Final = 3_000_000


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression, run by two engines."""

    reading: Reading

    def matches(self, texts: Sequence[str]) -> list[bool]:
        """Return for each text whether it contains a match."""
        reading = self.reading
        slow = [text for text in texts if self.is_slow(text)] if reading.rust is not None else []
        told = self.match_linearly(slow) if slow else {}
        if told is None:
            told = {}
        return [told[t] if t in told else reading.python.search(t) is not None for t in texts]

    def is_slow(self, text: str) -> bool:
        """Return whether Python may take too long for a text."""
        return self.reading.nested or len(text) ** self.reading.loops > _MOST_STEPS

    def match_linearly(self, texts: Iterable[str]) -> dict[str, bool] | None:
        """Match texts with Oxigraph, which needs linear time; None if the regex is too large."""
        assert self.reading.rust is not None
        asked = list(dict.fromkeys(texts))
        rows = " ".join(f"({number} {literal(text)})" for number, text in enumerate(asked))
        query = f"SELECT ?n (REGEX(?v, {literal(self.reading.rust)}) AS ?r)"
        text = f"{query} {{ VALUES (?n ?v) {{ {rows} }} }}"
        found = _engine().ask(guard(text, "a regular expression", {}))
        assert isinstance(found, Rows)
        told: dict[str, bool] = {}
        for number, said in found:
            if number is None or said is None:
                return None
            told[asked[int(text_of(number))]] = text_of(said) == "true"
        return told


@lru_cache(maxsize=256)
def read_regex(pattern: str, flags: str) -> Regex:
    """Read the value of ``sh:pattern`` with that of ``sh:flags``.

    Raises:
        RegexError: It is not a regular expression, or not supported.
    """
    reading = read(pattern, flags)
    regex = Regex(reading)
    if reading.explosive and (reading.rust is None or regex.match_linearly([""]) is None):
        raise RegexError(
            "a repeat within a repeat may take for ever here, because the pattern has look-around"
            " or a back reference, or is very large; write it with one repeat"
        )
    return regex


@cache
def _engine() -> Engine:
    return Oxigraph(empty_store(), "nothing")
