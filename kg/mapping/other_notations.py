"""Mappings in notations that kg does not read: told by name, with the way to one that it does."""

from __future__ import annotations

import re
from typing import Final

# What a document holds, what it is, and what to do; NAME stands for its name without the ending.
_KNOWN: Final = (
    (
        re.compile(r"^\s*\[MappingDeclaration\]", re.MULTILINE),
        "a mapping of Ontop",
        "Write it as R2RML: ontop mapping to-r2rml -i NAME.obda -o NAME.ttl",
    ),
    (
        re.compile(r"^jdbc\.url\s*=", re.MULTILINE),
        "what Ontop knows of a database",
        "Name the mapping, as R2RML, with the address of the database in KG_DATABASE.",
    ),
    (
        re.compile(
            r"^\s*FROM\s+(?:SQL|JSON|CSV|GRAPHQL|ELASTIC|CASSANDRA|XML)?\s*\{", re.MULTILINE
        ),
        "a mapping of Stardog",
        "Export it as R2RML, and map that.",
    ),
    (
        re.compile(
            r"^\s*(?:SOURCE\s+\w+\s+<|ITERATOR\s+\w+\s+<|EXPRESSION\s+\w+\s+<)", re.MULTILINE
        ),
        "ShExML",
        "Its engine writes RML; map that.",
    ),
    (
        re.compile(r"x-sparql-anything:|\bITERATOR\s+ite:|sparql-generate/iter/"),
        "a query of SPARQL Anything or SPARQL-Generate",
        "Write the mapping in YARRRML or RML.",
    ),
)
_XML: Final = re.compile(r"\s*(?:<\?xml\b|<!--|<!DOCTYPE\b|<(?:\w+:)?RDF[\s>])")
_JSON: Final = re.compile(r"\s*(?:\[\s*)?\{\s*\"")
# The same of mappings in Turtle, by a property that they have.
BY_PROPERTY: Final = {
    "http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#dataStorage": (
        "a mapping of D2RQ",
        "Write it as R2RML: a triples map for each d2rq:ClassMap.",
    ),
    "http://isi.edu/integration/karma/dev#sourceName": (
        "a model of Karma",
        "Its columns are paths that no SQL has; write a logical source of the file instead.",
    ),
    "http://i3s.unice.fr/ns/xr2rml#logicalSource": (
        "xR2RML",
        "Export the collection as JSON, and name that file as the source of rml:logicalSource.",
    ),
}


def other_notation(text: str, stem: str) -> tuple[str, str] | None:
    """Return what a document is, and what to do with it; None if that is not known.

    Args:
        text: The document.
        stem: Its name without the ending.

    >>> other_notation("FROM SQL {", "a")
    ('a mapping of Stardog', 'Export it as R2RML, and map that.')
    """
    for pattern, what, hint in _KNOWN:
        if pattern.search(text):
            return what, hint.replace("NAME", stem)
    return None


def other_syntax(text: str) -> str:
    """Return which syntax of RDF a document is in, if not Turtle; empty if it may be Turtle.

    >>> other_syntax('{"@id": "a"}'), other_syntax("<a> <b> <c> .")
    ('JSON-LD', '')
    """
    return "RDF/XML" if _XML.match(text) else "JSON-LD" if _JSON.match(text) else ""
