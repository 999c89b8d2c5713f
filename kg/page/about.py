"""What `kg show` tells of a term beside its page: terms by label, and claims about it."""

from __future__ import annotations

from typing import Final

from kg.page.entity import LABELS
from kg.page.reading import Reader
from kg.records import dataclass
from kg.terms import escape, is_iri, text_of

# The namespace of the vocabulary of claims.
_ACE: Final = "https://w3id.org/ace-kg/ns#"
_MOST_CLAIMS: Final = 50
_MOST_FOUND: Final = 20


@dataclass(frozen=True, slots=True)
class ClaimOn:
    """A claim that is about something, or that is judged by it.

    Attributes:
        term: The claim.
        says: What is claimed.
        who: Who claims it, as a label or a term.
        direction: What a judgement that rests on the thing says; empty for a claim about it.
    """

    term: str
    says: str
    who: str
    direction: str


def called(reader: Reader, text: str) -> list[str]:
    """Return the terms that have a label, whatever its case; those that contain it if none has."""
    wanted = escape(text.lower())
    for test in (f'LCASE(STR(?l)) = "{wanted}"', f'CONTAINS(LCASE(STR(?l)), "{wanted}")'):
        rows = reader.rows(
            f"SELECT DISTINCT ?s {{ VALUES ?p {{ {' '.join(LABELS)} }} ?s ?p ?l"
            f" FILTER (isIRI(?s) && {test}) }} ORDER BY ?s LIMIT {_MOST_FOUND + 1}"
        )
        found = [row[0] for row in rows if row[0]]
        if found:
            return found
    return []


def claims_on(reader: Reader, iri: str) -> list[ClaimOn]:
    """Return the claims about a thing, and those that judgements resting on it are of.

    Graphs that do not use the vocabulary of claims have none.
    """
    if not is_iri(iri):
        return []
    text = (
        f"PREFIX ace: <{_ACE}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"
        " PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
        " SELECT DISTINCT ?claim ?says ?name ?who ?direction {"
        f" {{ ?claim ace:proposition ?p . ?p ace:about <{iri}> }} UNION"
        f" {{ ?link ace:evidence <{iri}> ; ace:assesses ?claim"
        " OPTIONAL { ?link ace:direction/skos:prefLabel ?direction } }"
        " OPTIONAL { ?claim ace:proposition/ace:paraphrase ?says }"
        " OPTIONAL { ?claim ace:claimant ?who OPTIONAL { ?who rdfs:label ?name } } }"
        f" ORDER BY ?claim ?direction LIMIT {_MOST_CLAIMS}"
    )
    found: dict[tuple[str, str], ClaimOn] = {}
    for row in reader.rows(text):
        claim, says, name, who, direction = (term or "" for term in row)
        speaker = text_of(name) if name else who[1:-1]
        judged = text_of(direction) if direction else ""
        found.pop((claim, ""), None)  # with its judgement it is told once
        made = ClaimOn(claim, text_of(says) if says else "", speaker, judged)
        found.setdefault((claim, judged), made)
    return list(found.values())
