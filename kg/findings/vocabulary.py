"""The terms that a workspace's ontology declares, and the nearest ones to misspelt terms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from kg.rdf import open_rdf
from kg.terms import RDF, RDF_TYPE
from kg.wording import nearest

# The terms of well-known namespaces. tests/findings/test_published.py writes the file from rdflib,
# which takes longer to import than a small graph takes to check.
_PUBLISHED_FILE: Final = Path(__file__).with_name("published.json")
_MEMBER: Final = re.compile(rf"{re.escape(RDF)}_[1-9][0-9]*")


def namespace_of(iri: str) -> str:
    """Return an IRI up to its last ``#`` or ``/``.

    >>> namespace_of("http://example.org/ns#Peak")
    'http://example.org/ns#'
    """
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


@dataclass(frozen=True)
class Vocabulary:
    """The declared terms.

    Attributes:
        terms: Every IRI that has a type in the ontology, with its types.
        own: The namespaces in which the ontology declares terms: another term there is a slip.
        imports: The IRIs that the ontology imports, each with its file; nothing is fetched.
        base: The start of the graph's own IRIs.
        prefixes: The prefixes of its files, with their namespaces.
    """

    terms: Mapping[str, frozenset[str]]
    own: frozenset[str]
    imports: tuple[tuple[str, Path], ...] = ()
    base: str = ""
    prefixes: tuple[tuple[str, str], ...] = ()

    def lacks(self, iri: str, role: str = "term") -> bool:
        """Return whether a term is in a known namespace, and is not declared there.

        Args:
            iri: The term.
            role: Its use. Classes and properties right below the base were written without a
                prefix.
        """
        if self._is_bare(iri) and role in ("class", "property"):
            return iri not in self.terms
        if iri in self.terms:
            return False
        namespace = namespace_of(iri)
        if namespace in self.own:
            return True
        published = self._published_in(namespace)
        return bool(published) and iri not in published and not _MEMBER.fullmatch(iri)

    def nearest(self, iri: str, role: str = "term") -> str | None:
        """Return the declared term of the same namespace that is nearest to an undeclared one.

        Args:
            iri: The term that is not declared.
            role: ``class``, ``property`` or ``term``; only terms of that kind are compared.
        """
        namespace = namespace_of(iri)
        known = {each for each in self.terms if namespace_of(each) == namespace}
        if self._is_bare(iri):
            known = {each for each in self.terms if namespace_of(each) in {*self.own, self.base}}
        known = known or set(self._published_in(namespace))
        ending = {"class": "Class", "property": "Property"}.get(role)
        fitting = {
            each
            for each in known
            if ending and any(kind.endswith(ending) for kind in self.terms.get(each, ()))
        }
        return _nearest(iri, fitting or known)

    def _is_bare(self, iri: str) -> bool:
        return bool(self.terms and self.base) and namespace_of(iri) == self.base

    def _published_in(self, namespace: str) -> frozenset[str]:
        """Return the terms of a published vocabulary; none if kg does not know all of them."""
        return _published().get(namespace, frozenset())


@cache
def _published() -> Mapping[str, frozenset[str]]:
    loaded = json.loads(_PUBLISHED_FILE.read_text(encoding="utf-8"))
    return {
        namespace: frozenset(namespace + name for name in names.split())
        for namespace, names in loaded.items()
    }


def published_namespaces() -> Iterable[str]:
    """Return the namespaces of the published vocabularies that kg knows."""
    return _published().keys()


def _nearest(iri: str, known: Iterable[str]) -> str | None:
    """Return the name that differs least, if one is similar."""
    names = {each[len(namespace_of(each)) :]: each for each in known}
    near = nearest(iri[len(namespace_of(iri)) :], names)
    return names[near] if near else None


def read_vocabulary(files: Iterable[Path], base: str = "") -> Vocabulary:
    """Read the terms that the files of an ontology declare.

    Args:
        files: The files.
        base: The start of the graph's own IRIs.

    Raises:
        InputError: A file is not valid RDF.
        WorldError: A file cannot be read.
    """
    terms: dict[str, set[str]] = {}
    imports: list[tuple[str, Path]] = []
    prefixes: dict[tuple[str, str], None] = {}
    for path in files:
        with open_rdf(path) as parser:
            for quad in parser:
                subject, predicate, value = map(str, (quad.subject, quad.predicate, quad.object))
                if not (subject.startswith("<") and value.startswith("<")):
                    continue
                if predicate == RDF_TYPE:
                    terms.setdefault(subject[1:-1], set()).add(value[1:-1])
                elif predicate.endswith("owl#imports>"):
                    imports.append((value[1:-1], path))
            prefixes.update(dict.fromkeys(parser.prefixes.items()))
    own = {namespace_of(each) for each in terms} - _published().keys()
    return Vocabulary(
        {term: frozenset(types) for term, types in terms.items()},
        frozenset(own - {base, ""}),
        tuple(imports),
        base,
        tuple(prefixes),
    )
