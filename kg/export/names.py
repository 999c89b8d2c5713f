r"""Short forms of terms in Turtle and TriG, as SQL: prefixed names, numbers, booleans.

A short form is used only where reading it back gives the same term: a local name that
``PN_LOCAL`` allows without escapes, a number whose digits the grammar keeps as they stand. The
grammar would take ``+1`` and ``01`` bare too; they keep their quotes, since some readers count
with numbers instead of keeping their digits.

Spec: https://www.w3.org/TR/turtle/#sec-grammar-grammar
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kg.duck import sql_text
from kg.terms import RDF_TYPE, XSD, is_iri

# https://www.w3.org/TR/turtle/#grammar-production-PN_CHARS_BASE, in what RE2 and Python's
# re both read; \u escapes are put in as characters.
_BASE_RANGES: Final = (
    ("A", "Z"),
    ("a", "z"),
    ("\u00c0", "\u00d6"),
    ("\u00d8", "\u00f6"),
    ("\u00f8", "\u02ff"),
    ("\u0370", "\u037d"),
    ("\u037f", "\u1fff"),
    ("\u200c", "\u200d"),
    ("\u2070", "\u218f"),
    ("\u2c00", "\u2fef"),
    ("\u3001", "\ud7ff"),
    ("\uf900", "\ufdcf"),
    ("\ufdf0", "\ufffd"),
    ("\U00010000", "\U000effff"),
)
_FIRST: Final = "".join(f"{low}-{high}" for low, high in _BASE_RANGES) + "_0-9"
_REST: Final = _FIRST + "\u00b7\u0300-\u036f\u203f-\u2040\\-"
# https://www.w3.org/TR/turtle/#grammar-production-PN_LOCAL without its escapes, and without
# the colon, which is legal there but hard to read. A dot may not stand at the end.
LOCAL_PATTERN: Final = f"(?:[{_FIRST}](?:[{_REST}.]*[{_REST}])?)?"
_LOCAL: Final = re.compile(LOCAL_PATTERN)

_INTEGER: Final = "-?(?:0|[1-9][0-9]*)"
# Datatype to the lexical forms that stand for a literal of that datatype without quotes.
BARE_LITERALS: Final[Mapping[str, str]] = {
    f"{XSD}integer": _INTEGER,
    f"{XSD}decimal": rf"{_INTEGER}\.[0-9]+",
    f"{XSD}double": rf"{_INTEGER}(?:\.[0-9]+)?[eE][+-]?[0-9]+",
    f"{XSD}boolean": "true|false",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Prefixes, and the SQL that shortens terms with them.

    Attributes:
        prefixes: Prefix to namespace; no two share a namespace. Longest namespace first.
    """

    prefixes: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, prefixes: Mapping[str, str]) -> Names:
        """Take the prefixes whose namespaces are IRIs; of two for one namespace, the shortest."""
        best: dict[str, str] = {}
        for prefix in sorted(prefixes, key=lambda prefix: (len(prefix), prefix)):
            if is_iri(prefixes[prefix]):
                best.setdefault(prefixes[prefix], prefix)
        ordered = sorted(best, key=lambda namespace: (-len(namespace), namespace))
        return cls(tuple((best[namespace], namespace) for namespace in ordered))

    def only(self, used: Iterable[str]) -> Names:
        """Return the same without the prefixes that are not in `used`."""
        kept = set(used)
        return Names(tuple(pair for pair in self.prefixes if pair[0] in kept))

    def header(self) -> str:
        """Return the directives that declare the prefixes, sorted, and an empty line."""
        lines = [f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in self.prefixes]
        return "".join(sorted(lines)) + "\n" if lines else ""

    def prefix_sql(self, term: str) -> str:
        """Return SQL for the prefix that shortens an IRI, or NULL.

        Args:
            term: An SQL expression for a term of any kind.
        """
        cases = [
            f" WHEN starts_with({term}, {sql_text('<' + namespace)})"
            f" AND regexp_full_match({_local(term, namespace)}, {sql_text(LOCAL_PATTERN)})"
            f" THEN {sql_text(prefix)}"
            for prefix, namespace in self.prefixes
        ]
        return f"CASE{''.join(cases)} END" if cases else "NULL::VARCHAR"

    def short_iri_sql(self, term: str) -> str:
        """Return SQL for the prefixed name of an IRI, or the term itself where there is none."""
        cases = [
            f" WHEN starts_with({term}, {sql_text('<' + namespace)})"
            f" AND regexp_full_match({_local(term, namespace)}, {sql_text(LOCAL_PATTERN)})"
            f" THEN concat({sql_text(prefix + ':')}, {_local(term, namespace)})"
            for prefix, namespace in self.prefixes
        ]
        return f"CASE{''.join(cases)} ELSE {term} END" if cases else term

    def short_predicate_sql(self, term: str) -> str:
        """Return SQL for a predicate in its shortest form; ``a`` for rdf:type."""
        return (
            f"CASE WHEN {term} = {sql_text(RDF_TYPE)} THEN 'a' ELSE {self.short_iri_sql(term)} END"
        )

    def short_object_sql(self, term: str) -> str:
        """Return SQL for an object in its shortest form."""
        cases = [
            f" WHEN starts_with({term}, '<') THEN {self.short_iri_sql(term)}",
            f" WHEN NOT ends_with({term}, '>') THEN {term}",
        ]
        for datatype, pattern in BARE_LITERALS.items():
            tail = f'"^^<{datatype}>'
            text = f"{term}[2:-{len(tail) + 1}]"
            cases.append(
                f" WHEN ends_with({term}, {sql_text(tail)})"
                f" AND regexp_full_match({text}, {sql_text(pattern)}) THEN {text}"
            )
        return f"CASE{''.join(cases)} ELSE {self._typed_sql(term)} END"

    def _typed_sql(self, term: str) -> str:
        datatype = f"regexp_extract({term}, '<[^>]*>$')"
        shortened = self.short_iri_sql(datatype)
        return f"concat(left({term}, -length({datatype})), {shortened})"


def _local(term: str, namespace: str) -> str:
    return f"{term}[{len(namespace) + 2}:-2]"
