"""Checks of a query before it is asked: it is SPARQL, and one that kg answers."""

from __future__ import annotations

from collections.abc import Mapping

from kg.queries import oxigraph
from kg.records import dataclass
from kg.sparql.guard import Guarded, guard
from kg.sparql.scopes import visible
from kg.sparql.tree import Select
from kg.sparql.words import Form


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
        allow_service: Whether SERVICE may be in it, as a remote store decides on that itself.

    Raises:
        InputError: It is not a SPARQL query, or one that kg refuses.

    Spec: https://www.w3.org/TR/sparql12-query/#rQueryUnit
    """
    query = guard(text, source, prefixes, base, allow_service=allow_service)
    if query.federated:  # Oxigraph may ask the server as soon as it has parsed the query
        return Checked(query, query)
    columns = oxigraph.check(query, prefixes, base)
    body = query.tree.body
    if not isinstance(body, Select) or body.items is not None or not columns:
        return Checked(query, query, columns)
    names = tuple(visible(query.tree))
    listed = " ".join(f"?{name}" for name in names)
    text = f"{query.text[: body.star.start]} {listed} {query.text[body.star.end :]}"
    return Checked(guard(text, query.source, prefixes, base), query, names)
