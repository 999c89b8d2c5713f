"""Oxigraph as an engine for questions: the one room that asks it, and that knows its types.

Oxigraph compares values, not lexical forms: of ``01`` and ``1`` its index keeps one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Final

import pyoxigraph as ox

from kg.errors import InputError, KgError
from kg.queries.engine import Answer, Row, Rows, Serializer, Term, Triple, Triples, Watch
from kg.queries.oxigraph.faults import evaluation_error, syntax_error
from kg.sparql.guard import Guarded, guard
from kg.sparql.words import Form
from kg.store import ask, empty_store
from kg.terms import RDF_TYPE, is_named, split_literal

# Stands for the default graph, where None stands for all graphs.
_DEFAULT: Final = ""
# Triples that are looked at for what is in use.
_LOOKED_AT: Final = 20_000

_OxTerm = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
# Returns kg's error for one of Oxigraph's.
Tell = Callable[[Exception], KgError]


class Oxigraph:
    """An index or a store in memory, asked through Oxigraph.

    Args:
        store: What is asked.
        label: What messages call it.
        folder: Makes a folder for what does not fit into memory; by default memory is used.
    """

    def __init__(
        self, store: ox.Store, label: str, folder: Callable[[], Path] | None = None
    ) -> None:
        self._store = store
        self._label = label
        self._folder = folder

    @property
    def label(self) -> str:
        """What messages call the dataset."""
        return self._label

    def check(self, query: Guarded, prefixes: Mapping[str, str], base: str) -> tuple[str, ...]:
        """Parse a query without answering it; see `kg.queries.engine.Engine.check`."""
        return check(query, prefixes, base)

    def ask(
        self,
        query: Guarded,
        prefixes: Mapping[str, str] | None = None,
        base: str | None = None,
        bound: Mapping[str, Term] | None = None,
    ) -> Answer:
        """Answer a query; see `kg.queries.engine.Engine.ask`."""
        store, asked = self._store, query
        known = dict(prefixes or {})
        with _told(query):
            if len(query.tree.body.datasets) > 1:
                from kg.queries.oxigraph.merge import merged

                store, asked = merged(store, query, known, base or "", self._folder)
            values = {name: oxigraph_term(term) for name, term in (bound or {}).items()}
            found = ask(store, asked, known, base, values)
        return answer_of(found, lambda error: evaluation_error(error, query.source))

    def count(
        self,
        s: Term | None = None,
        p: Term | None = None,
        o: Term | None = None,
        graph: Term | None = None,
    ) -> int:
        """Return the number of triples that match, in a named graph or the default graph."""
        return sum(1 for _ in self._quads(s, p, o, _DEFAULT if graph is None else graph))

    def has(self, s: Term | None = None, p: Term | None = None, o: Term | None = None) -> bool:
        """Return whether any graph has a triple that matches."""
        return next(self._quads(s, p, o), None) is not None

    def triples(
        self, s: Term | None = None, p: Term | None = None, o: Term | None = None
    ) -> Iterator[Triple]:
        """Yield the triples of all graphs that match; a triple of two graphs may come twice."""
        return map(triple_texts, self._quads(s, p, o))

    def graphs(self) -> Iterator[Term]:
        """Yield the names of the named graphs, in no order."""
        return map(str, self._store.named_graphs())

    def in_use(self) -> Iterator[Term]:
        """Yield the properties and classes of the first triples."""
        terms: dict[Term, None] = {}
        for _, predicate, object_ in islice(self.triples(), _LOOKED_AT):
            terms[predicate] = None
            if predicate == RDF_TYPE and is_named(object_):
                terms[object_] = None
        return iter(terms)

    def watch(self, query: Guarded) -> Watch | None:
        """Return what counts the empty cells of computed columns, if the query has some."""
        from kg.queries.oxigraph.differences import watched

        return watched(query)

    def plan(self, query: Guarded, prefixes: Mapping[str, str], base: str) -> Iterator[str]:
        """Yield nothing: Oxigraph does not tell its plans."""
        del query, prefixes, base
        return iter(())

    def interrupt(self, thread: int) -> bool:
        """Return False: Oxigraph cannot be interrupted."""
        del thread
        return False

    def remarks(self, query: Guarded, prefixes: Mapping[str, str]) -> list[str]:
        """Return how Oxigraph's answer to a query may differ from SPARQL's."""
        from kg.queries.differences import text_remarks
        from kg.queries.oxigraph.differences import path_remarks

        return [*text_remarks(query, prefixes), *path_remarks(self._store, query, prefixes)]

    def _quads(
        self, s: Term | None, p: Term | None, o: Term | None, graph: Term | None = None
    ) -> Iterator[ox.Quad]:
        subject, predicate, object_ = _optional(s), _optional(p), _optional(o)
        place = ox.DefaultGraph() if graph == _DEFAULT else _optional(graph)
        if (
            isinstance(subject, ox.Literal)
            or not isinstance(predicate, ox.NamedNode | None)
            or isinstance(place, ox.Literal | ox.Triple)
        ):
            return iter(())  # no triple has such a term there
        return self._store.quads_for_pattern(subject, predicate, object_, place)


def check(query: Guarded, prefixes: Mapping[str, str], base: str) -> tuple[str, ...]:
    """Have Oxigraph parse a query, and return the columns of a SELECT.

    Raises:
        InputError: Oxigraph does not take the query.
    """
    with _told(query):
        if query.form is Form.ASK:
            # Oxigraph would answer an ASK at once, however long that takes.
            start = query.tree.body.span.start
            end = start + len("ASK")
            select = f"{query.text[:start]}SELECT (1 AS ?one) {query.text[end:]}"
            with suppress(SyntaxError, InputError):
                ask(empty_store(), guard(select, query.source, prefixes), prefixes, base)
                return ()
        answer = ask(empty_store(), query, prefixes, base)
    if query.form is Form.SELECT and isinstance(answer, ox.QuerySolutions):
        return tuple(variable.value for variable in answer.variables)
    return ()


@contextmanager
def _told(query: Guarded) -> Iterator[None]:
    """Turn Oxigraph's errors into kg's."""
    try:
        yield
    except SyntaxError as error:
        raise syntax_error(error, query) from error
    except (RuntimeError, ValueError) as error:
        raise evaluation_error(error, query.source) from error


# --- answers --------------------------------------------------------------------------------


def answer_of(found: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples, tell: Tell) -> Answer:
    """Return an answer of Oxigraph with its terms as N-Triples text.

    Args:
        found: The answer, or the results of another store that Oxigraph parses.
        tell: Returns the error to raise for what goes wrong while they are read.
    """
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    if isinstance(found, ox.QuerySolutions):
        columns = [variable.value for variable in found.variables]
        return Rows(columns, _rows(found, tell), _serializer(found, tell))
    return Triples(_triples(found, tell))


def _rows(solutions: ox.QuerySolutions, tell: Tell) -> Iterator[Row]:
    try:
        for solution in solutions:
            yield tuple(
                [
                    None
                    if term is None
                    else term_text(term)
                    if type(term) is ox.Triple
                    else str(term)
                    for term in solution
                ]
            )
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise tell(error) from error


def _triples(triples: Iterator[ox.Triple], tell: Tell) -> Iterator[Triple]:
    try:
        yield from map(triple_texts, triples)
    except (SyntaxError, ValueError, RuntimeError) as error:
        raise tell(error) from error


def triple_texts(triple: ox.Triple | ox.Quad) -> Triple:
    """Return the terms of a triple, or of a quad without its graph."""
    object_ = triple.object
    text = term_text(object_) if type(object_) is ox.Triple else str(object_)
    return str(triple.subject), str(triple.predicate), text


def term_text(term: _OxTerm) -> Term:
    """Return one of Oxigraph's terms as N-Triples text."""
    if isinstance(term, ox.Triple):
        parts = (term.subject, term.predicate, term.object)
        return f"<<( {' '.join(map(term_text, parts))} )>>"
    return str(term)


def _serializer(solutions: ox.QuerySolutions, tell: Tell) -> Serializer:
    def serialize(form: str, out: IO[bytes]) -> None:
        try:
            solutions.serialize(out, _RESULTS[form])
        except (SyntaxError, ValueError, RuntimeError) as error:
            raise tell(error) from error

    return serialize


_RESULTS: Final = {"tsv": ox.QueryResultsFormat.TSV, "json": ox.QueryResultsFormat.JSON}


# --- terms ----------------------------------------------------------------------------------


def kept_form(term: Term) -> Term:
    """Return the form in which Oxigraph keeps a literal's value.

    >>> kept_form('"01"^^<http://www.w3.org/2001/XMLSchema#integer>')
    '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    """
    return next(iter(kept_forms([term])))


def kept_forms(terms: Iterable[Term]) -> set[Term]:
    """Return the forms in which Oxigraph keeps the values of literals."""
    store, predicate = empty_store(), ox.NamedNode("urn:p")
    store.bulk_extend(ox.Quad(predicate, predicate, oxigraph_term(term)) for term in terms)
    return {str(quad.object) for quad in store}


def _optional(term: Term | None) -> _OxTerm | None:
    return None if term is None else oxigraph_term(term)


def oxigraph_term(term: Term) -> _OxTerm:
    """Return Oxigraph's object for a term.

    >>> oxigraph_term('"1"@en').language
    'en'
    """
    if term.startswith("_:"):
        return ox.BlankNode(term[2:])
    with suppress(ValueError):  # an IRI that holds what IRIs do not: readers let it through
        if term.startswith('"'):
            parts = split_literal(term)
            if parts.language is None:
                return ox.Literal(parts.lexical, datatype=ox.NamedNode(parts.datatype))
        elif not term.startswith("<<("):
            return ox.NamedNode(term[1:-1])
    line = f"<urn:s> <urn:p> {term} ."
    read: _OxTerm = next(iter(ox.parse(line, ox.RdfFormat.N_TRIPLES, lenient=True))).object
    return read
