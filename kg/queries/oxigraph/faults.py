"""Oxigraph's errors as kg's: with the place, the line and a caret.

Oxigraph tells a position only inside its message. This is the one place that reads it.
"""

from __future__ import annotations

import re
from typing import Final

from kg.errors import InputError, KgError, Location, WorldError
from kg.sparql.faults import refused_by_engine
from kg.sparql.guard import Guarded
from kg.store import REBUILD

_POSITION: Final = re.compile(r"error at (\d+):(\d+): expected (.*)", re.DOTALL)


def syntax_error(error: SyntaxError, query: Guarded) -> InputError:
    """Return kg's error for a query that Oxigraph alone does not take."""
    match = _POSITION.search(error.msg or str(error))
    if match is None:
        place = Location(query.source)
        return InputError("bad-query", f"not valid SPARQL: {error}", location=place)
    return refused_by_engine(query.text, query.source, int(match[1]), int(match[2]), match[3])


def evaluation_error(error: Exception, source: str) -> KgError:
    """Return kg's error for a query that Oxigraph has parsed and cannot answer."""
    if str(error).startswith("Corruption"):
        return WorldError("index-unreadable", f"the SPARQL index is damaged: {error}", hint=REBUILD)
    if "Invalid prefix IRI" in str(error):
        return InputError(
            "bad-prefix",
            f"a prefix stands for no IRI: {error}",
            hint="Mend it in kg.toml under [prefixes], or in the RDF file.",
        )
    return InputError(
        "cannot-evaluate",
        f"the query cannot be answered: {error}",
        location=Location(source),
        hint="Only SPARQL 1.1's own functions, and casts to xsd datatypes, are known.",
    )
