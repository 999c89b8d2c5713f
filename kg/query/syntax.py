"""Mistakes in a query: where they are, what is usually meant, and what is refused.

The engine tells a position only inside its message. This is the one place that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.errors import InputError, KgError, Location, WorldError
from kg.sparql.faults import advised
from kg.sparql.guard import Guarded, guard
from kg.sparql.lexer import Form, Kind, offset_of
from kg.store import REBUILD, Answer, ask, empty_store

_POSITION: Final = re.compile(r"error at (\d+):(\d+): expected (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Checked:
    """A query that is valid SPARQL.

    Attributes:
        query: As it is to be asked here.
        as_given: As it is to be asked of a remote store: the star of a ``SELECT *`` stays.
        columns: The names of a SELECT's variables, in their order.
    """

    query: Guarded
    as_given: Guarded
    columns: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The query's text."""
        return self.query.text

    @property
    def form(self) -> Form:
        """The query form."""
        return self.query.form


def check_query(
    text: str, source: str, prefixes: Mapping[str, str], base: str, *, allow_service: bool = False
) -> Checked:
    """Parse a query without asking it.

    ``SELECT *`` is returned with its variables named, in the order in which the text has them,
    since the engine's order is another.

    Args:
        text: SPARQL.
        source: What messages call it.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against.
        allow_service: Whether SERVICE may stand in it, as a remote store decides on that itself.

    Raises:
        InputError: It is no SPARQL query, or one that kg refuses.

    Spec: https://www.w3.org/TR/sparql12-query/#rQueryUnit
    """
    query = guard(text, source, prefixes, allow_service=allow_service)
    if any(token.is_word("SERVICE") for token in query.tokens):
        return Checked(
            query, query
        )  # Oxigraph may ask the server as soon as it has parsed the query
    answer = _parse(query, prefixes, base)
    if query.form is Form.SELECT and isinstance(answer, ox.QuerySolutions):
        return _with_names(query, prefixes, [variable.value for variable in answer.variables])
    return Checked(query, query)


def _with_names(query: Guarded, prefixes: Mapping[str, str], names: list[str]) -> Checked:
    """Replace the star of an outermost ``SELECT *`` by its variables."""
    found, text = query.tokens, query.text
    at = next(i for i, token in enumerate(found) if token.is_word("SELECT")) + 1
    star = found[at + 1] if found[at].is_word("DISTINCT", "REDUCED") else found[at]
    if not star.is_mark("*") or not names:
        return Checked(query, query, tuple(names))
    order = {
        token.text[1:]: i
        for i, token in reversed(list(enumerate(found)))
        if token.kind is Kind.VARIABLE
    }
    names.sort(key=lambda name: order.get(name, 0))
    listed = " ".join(f"?{name}" for name in names)
    text = f"{text[: star.start]} {listed} {text[star.end :]}"
    return Checked(guard(text, query.source, prefixes), query, tuple(names))


def _parse(query: Guarded, prefixes: Mapping[str, str], base: str) -> Answer:
    """Have Oxigraph parse a query."""
    store = empty_store()
    try:
        if query.form is Form.ASK:
            # Oxigraph would answer an ASK at once, however long that takes.
            start, end = query.keyword.start, query.keyword.end
            select = f"{query.text[:start]}SELECT * {query.text[end:]}"
            with suppress(SyntaxError):
                return ask(store, guard(select, query.source, prefixes), prefixes, base)
        return ask(store, query, prefixes, base)
    except SyntaxError as error:
        raise syntax_error(error, query, prefixes) from error
    except (RuntimeError, ValueError) as error:
        raise evaluation_error(error, query.source) from error


def syntax_error(error: SyntaxError, query: Guarded, prefixes: Mapping[str, str]) -> InputError:
    """Return kg's error for the engine's: with the place, the line, a caret and advice."""
    match = _POSITION.search(error.msg or str(error))
    if match is None:
        place = Location(query.source)
        return InputError("bad-query", f"not valid SPARQL: {error}", location=place)
    offset = offset_of(query.text, int(match[1]), int(match[2]))
    return advised(query.text, query.source, query.tokens, prefixes, match[3], offset)


def evaluation_error(error: Exception, source: str) -> KgError:
    """Return kg's error for a query that the engine parsed and cannot answer."""
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
