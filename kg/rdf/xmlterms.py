"""Makes terms from the names and references in RDF/XML."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import pyoxigraph as ox

from kg.errors import Location
from kg.names import NCNAME_PATTERN
from kg.rdf.limits import Problems
from kg.terms import is_iri, is_language_tag

# Separates namespace, local name and prefix in expat's names.
SEPARATOR: Final = "\x01"  # not allowed in XML 1.0
XML: Final = "http://www.w3.org/XML/1998/namespace"
_KEPT: Final = 20_000  # terms in the cache
# Names of `rdf:ID` that are checked for duplicates. The limit bounds the memory.
_WATCHED_IDS: Final = 500_000
# Absolute IRIs that resolving against a base does not change.
_USUAL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~/-]*)?(?:#[A-Za-z0-9._~-]*)?")
_FRAGMENT: Final = re.compile(r"#[A-Za-z0-9._~-]*")
_USUAL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_PLAIN_LABEL: Final = re.compile(r"[A-Za-z0-9]+")
_NOT_IN_IRI: Final = re.compile(r"[\x00-\x20<>\"{}|^`\\]")


class Terms:
    """Makes terms and reports those that are not valid.

    Args:
        problems: Collects the errors.
        place: Returns the current place of the reader.
    """

    def __init__(self, problems: Problems, place: Callable[[], Location]) -> None:
        self._problems = problems
        self._place = place
        self._ids: set[int] = set()
        self._nodes = 0
        self._names: dict[str, tuple[str, str, str]] = {}
        self._resolved: dict[tuple[str, str], str] = {}

    def iri(self, reference: str, base: str) -> str:
        """Resolve a reference and return the IRI as a term; an invalid one is reported."""
        if _USUAL.fullmatch(reference):
            return f"<{reference}>"
        known = self._resolved.get((base, reference))
        if known is None:
            known = self._resolve(reference, base)
            if len(self._resolved) >= _KEPT:
                self._resolved.clear()
            self._resolved[base, reference] = known
        return known

    def _resolve(self, reference: str, base: str) -> str:
        try:
            if _NOT_IN_IRI.search(reference):
                raise SyntaxError
            if _FRAGMENT.fullmatch(reference):
                (quad,) = ox.parse(f"<{base}> <a:> <a:> .".encode(), ox.RdfFormat.TURTLE)
                return f"<{base.partition('#')[0]}{reference}>"
            text = f"<{reference}> <a:> <a:> ."
            (quad,) = ox.parse(text.encode(), ox.RdfFormat.TURTLE, base_iri=base)
        except (SyntaxError, ValueError):
            self._problems.add(f"{reference!r} is not an IRI", self._place())
            return "<urn:x>"
        return str(quad.subject)

    def split(self, name: str) -> tuple[str, str, str]:
        """Return namespace and local name together, the local name, and the prefix."""
        known = self._names.get(name)
        if known is None:
            parts = name.split(SEPARATOR)
            if len(parts) == 1:
                known = ("", parts[0], "")
            else:
                known = (parts[0] + parts[1], parts[1], parts[2] if len(parts) > 2 else "")
                if not parts[0].startswith(XML) and not is_iri(known[0]):
                    self._problems.add(f"{known[0]!r} is not an absolute IRI", self._place())
                    return "urn:x", parts[1], ""
            if len(self._names) >= _KEPT:
                self._names.clear()
            self._names[name] = known
        return known

    def fresh(self) -> str:
        """Return a new blank node, whose label the file does not use."""
        self._nodes += 1
        return f"_:g{self._nodes}"

    def labelled(self, label: str) -> str:
        """Return the blank node of an `rdf:nodeID`."""
        if not _is_name(label):
            self._problems.add(f"rdf:nodeID {label!r} is not a name", self._place())
        if _PLAIN_LABEL.fullmatch(label):
            return f"_:n{label}"
        return f"_:x{label.encode().hex()}"

    def identified(self, label: str, base: str) -> str:
        """Return the IRI of an `rdf:ID`; a duplicate is reported."""
        if not _is_name(label):
            self._problems.add(f"rdf:ID {label!r} is not a name", self._place())
            return "<urn:x>"
        term = self.iri(f"#{label}", base)
        if len(self._ids) < _WATCHED_IDS:
            key = hash(term)
            if key in self._ids:
                self._problems.add(f"rdf:ID {label!r} is used a second time", self._place())
            self._ids.add(key)
        return term

    def language(self, tag: str) -> str | None:
        """Return a language in lower case, or None for `xml:lang=""`."""
        if not tag:
            return None
        if not is_language_tag(tag):
            self._problems.add(f"xml:lang {tag!r} is not a language tag", self._place())
            return None
        return tag.lower()


def _is_name(text: str) -> bool:
    """Return whether a text is an NCName; most files do not need the whole pattern."""
    return bool(_USUAL_NAME.fullmatch(text) or re.fullmatch(NCNAME_PATTERN, text))
