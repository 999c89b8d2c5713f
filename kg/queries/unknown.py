"""Terms of a query that the data do not have: why an answer is empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from kg.names import Namer
from kg.queries.engine import Engine, Term
from kg.sparql.guard import Guarded
from kg.sparql.names import Names
from kg.sparql.tree import Iri, Literal, Name
from kg.sparql.walk import find, triple_patterns
from kg.terms import OWL, RDF, RDF_TYPE, RDFS, XSD, is_iri, is_named, literal
from kg.wording import nearest

_NAMED: Final = (Iri, Name)
# Forms that a text may have in the data instead.
_TAGS: Final = ("en", "de", "fr", "es", "it", "nl", "pt", "ru", "zh", "ja")
_TYPES: Final = ("integer", "decimal", "double", "date", "dateTime", "boolean", "gYear", "anyURI")
# Terms of one query that are looked up, and hints that are given, at most.
_LOOKED_UP: Final = 50
_GIVEN: Final = 3
# Candidates that a misspelt term is compared with, at most.
_CANDIDATES: Final = 20_000
# What those are of whose names a misspelt one may be meant.
_KINDS: Final = (
    *(f"<{OWL}{name}>" for name in ("Class", "ObjectProperty", "DatatypeProperty")),
    f"<{OWL}AnnotationProperty>",
    f"<{RDFS}Class>",
    f"<{RDF}Property>",
    "<http://www.w3.org/2004/02/skos/core#Concept>",
)


def why_empty(engine: Engine, query: Guarded, prefixes: Mapping[str, str]) -> list[str]:
    """Return remarks on the terms of a query that its data do not have, at most three.

    Args:
        engine: What was asked.
        query: The query, whose answer is empty.
        prefixes: Known without a PREFIX line.
    """
    names = Names(query.tree, prefixes)
    namer = Namer(names.prefixes)
    remarks: dict[str, None] = {}
    candidates: list[str] | None = None
    for iri, role in _roles(query, names)[:_LOOKED_UP]:
        node = f"<{iri}>"
        if engine.has(s=node) or engine.has(p=node) or engine.has(o=node):
            remark = _unused(engine, node, role, namer)
        else:
            if candidates is None:
                candidates = _vocabulary(engine)
            remark = _nowhere(iri, candidates, namer)
        if remark:
            remarks[remark] = None
    remarks |= dict.fromkeys(_texts_nowhere(engine, query, names))
    return list(remarks)[:_GIVEN]


def _texts_nowhere(engine: Engine, query: Guarded, names: Names) -> Iterator[str]:
    """Yield remarks on plain texts in triple patterns that the data have only in another form."""
    patterns = triple_patterns(query.tree)[:_LOOKED_UP]
    texts = {
        each.object.lexical
        for each in patterns
        if isinstance(each.object, Literal)
        and each.object.datatype is None
        and each.object.language is None
    }
    for text in sorted(texts):
        if engine.has(o=literal(text)):
            continue
        tagged = [literal(text, language=tag) for tag in _TAGS]
        typed = [literal(text, XSD + name) for name in _TYPES]
        prefix, colon, local = text.partition(":")
        named = f"<{names.prefixes[prefix]}{local}>" if prefix in names.prefixes and colon else ""
        if named and (engine.has(o=named) or engine.has(s=named)):
            yield f"the text {literal(text)} stands nowhere in the data; did you mean {text}?"
        elif found := next((each for each in (*tagged, *typed) if engine.has(o=each)), None):
            shown = found.replace(f"^^<{XSD}", "^^xsd:").removesuffix(">")
            yield f"the text {literal(text)} stands nowhere in the data; did you mean {shown}?"


def _roles(query: Guarded, names: Names) -> list[tuple[str, str]]:
    """Return the IRIs in triple patterns, each with its role, in the order of the text."""
    roles: dict[tuple[str, str], None] = {}
    for pattern in triple_patterns(query.tree):
        for part in (pattern.subject, pattern.verb, pattern.object):
            role = ""
            if part is pattern.verb and isinstance(part, _NAMED):
                role = "property"
            elif part is pattern.object and isinstance(pattern.verb, _NAMED):
                role = "class" if names.iri(pattern.verb) == RDF_TYPE[1:-1] else ""
            named = find(part, *_NAMED) if part is pattern.verb else (part,)
            for each in named:
                iri = names.iri(each) if isinstance(each, _NAMED) else None
                if iri is not None and is_iri(iri):
                    roles[iri, role] = None
    return list(roles)


def _unused(engine: Engine, node: Term, role: str, namer: Namer) -> str | None:
    shown = namer.iri(node[1:-1])
    if role == "property" and not engine.has(p=node):
        return f"no triple has the property {shown}"
    if role == "class" and not engine.has(p=RDF_TYPE, o=node):
        return f"nothing has the type {shown}"
    return None


def _vocabulary(engine: Engine) -> list[str]:
    # Looked up, not asked: an engine that is asked again gets ready for more questions.
    kinds = [kind for kind in _KINDS if engine.has(p=RDF_TYPE, o=kind)]
    found = (s for kind in kinds for s, _, _ in engine.triples(p=RDF_TYPE, o=kind))
    named = dict.fromkeys(term[1:-1] for term in found if is_named(term))
    return list(islice(named or (term[1:-1] for term in engine.in_use()), _CANDIDATES))


def _nowhere(iri: str, candidates: Sequence[str], namer: Namer) -> str:
    near = nearest(namer.iri(iri), {namer.iri(each) for each in candidates})
    hint = f"; did you mean {near}?" if near else ""
    return f"{namer.iri(iri)} stands nowhere in the data{hint}"
