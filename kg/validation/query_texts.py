"""Check the queries of a shapes graph before anything runs; errors have file and line.

pySHACL would find an error only once there is a focus node, and rdflib's messages have no line.

Spec: https://www.w3.org/TR/shacl/#sparql-constraints
https://www.w3.org/TR/shacl/#sparql-constraint-components
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kg.errors import InputError
from kg.sparql import tree
from kg.sparql.guard import Guarded
from kg.sparql.names import Names
from kg.sparql.printer import text_of
from kg.sparql.scopes import visible
from kg.sparql.walk import find
from kg.sparql.words import Form
from kg.store import syntax_error
from kg.terms import XSD
from kg.validation.names import sh
from kg.validation.paths import Predicate
from kg.validation.shapes import ShapesGraph
from kg.validation.sparql import read_query
from kg.validation.terms import is_literal, split_literal

_FORMS: Final = {sh("select"): Form.SELECT, sh("ask"): Form.ASK}
# Datatypes whose IRIs are cast functions.
# Spec: https://www.w3.org/TR/sparql11-query/#FunctionMapping
_CASTS: Final = frozenset(
    XSD + name
    for name in ("boolean", "double", "float", "decimal", "integer", "dateTime", "date", "string")
)
# A solution needs one of these variables to be a result.
_REPORTED: Final = ("this", "value", "path", "failure")
_ENGINE_PLACE: Final = re.compile(r"^error at \d+:\d+: ")


def query_errors(shapes: ShapesGraph) -> Iterator[InputError]:
    """Yield the errors of the queries of constraints and of the validators of components.

    A query is missing, invalid, of the wrong form, would fetch something, or calls an unknown
    function.
    """
    for subject, predicate, object_ in shapes.triples():
        try:
            if predicate == sh("sparql"):
                _check_constraint(shapes, object_)
            elif predicate in _FORMS:
                _check_text(shapes, subject, predicate, object_)
        except InputError as error:
            yield error


def _check_constraint(shapes: ShapesGraph, constraint: str) -> None:
    given = shapes.objects(constraint, sh("select"))
    if len(given) == 1:
        return
    if not given and shapes.objects(constraint, sh("ask")):
        raise _bad_query(
            shapes,
            constraint,
            "sh:sparql takes sh:select; sh:ask is for the validators of components",
            "Write the query as sh:select: a SELECT $this whose solutions are the faults.",
        )
    if not given:
        raise shapes.error(constraint, "the value of sh:sparql has no sh:select")
    raise shapes.error(constraint, f"sh:sparql takes one sh:select, and this has {len(given)}")


def _check_text(shapes: ShapesGraph, node: str, predicate: str, value: str) -> None:
    name = "sh:select" if predicate == sh("select") else "sh:ask"
    if not is_literal(value):
        raise _bad_query(shapes, node, f"{name} takes a text", "Write the query between quotes.")
    text = split_literal(value).lexical
    # Any path will do: the syntax of the query does not depend on it.
    query = _read(shapes, node, name, text)
    wanted = _FORMS[predicate]
    if query.form is not wanted:
        raise _bad_query(
            shapes,
            node,
            f"{name} takes a query that starts with {wanted.value}, not {query.form.value}",
            "A constraint has sh:select; a validator of values may have sh:ask instead.",
        )
    _check_graphs(shapes, node, query)
    _check_functions(shapes, node, query)
    told = syntax_error(query)
    if told is not None and not _rdflib_reads(query.text):
        told = _ENGINE_PLACE.sub("", told)
        raise _bad_query(
            shapes,
            node,
            f"the query of this constraint is not valid SPARQL: {told}",
            "Try it with kg query -e.",
        )
    if wanted is Form.SELECT and not _selected(query).intersection(_REPORTED):
        raise _bad_query(
            shapes,
            node,
            "the query selects none of $this, ?value and ?path, so it would report nothing",
            "Begin it with SELECT $this.",
        )


def _read(shapes: ShapesGraph, node: str, name: str, text: str) -> Guarded:
    """Check a query with the guard, with codepoint escapes read in both ways; return it.

    rdflib, which runs pySHACL's queries, replaces them in strings and comments as well.
    """
    path = Predicate(sh("path"))
    try:
        query = read_query(shapes, node, text, path)
        full = _all_unescaped(text)
        if full != text:
            read_query(shapes, node, full, path)
    except InputError as error:
        place = error.location
        line = f" in line {place.line - 1} of {name}" if place and place.line else f" of {name}"
        hint = error.hint
        if "prefix" in error.message:
            hint = f"Declare it with sh:declare and sh:prefixes. {hint or ''}".strip()
        raise InputError(
            error.code,
            f"the query{line}: {error.message}",
            location=shapes.origins.get(node),
            hint=hint,
        ) from error
    return query


def _all_unescaped(text: str) -> str:
    if "\\u" not in text and "\\U" not in text:
        return text

    def char(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return chr(code) if code <= 0x10FFFF else match[0]

    text = re.sub(r"\\U([0-9A-Fa-f]{8})", char, text)
    return re.sub(r"\\u([0-9A-Fa-f]{4})", char, text)


def _check_graphs(shapes: ShapesGraph, node: str, query: Guarded) -> None:
    for each in find(query.tree, tree.GraphGroup, tree.Dataset):
        word = "GRAPH" if isinstance(each, tree.GraphGroup) else "FROM"
        raise _bad_query(
            shapes,
            node,
            f"the query names a graph by {word}, and shapes are applied to one graph,"
            " the merge of all",
            f"Take {word} away, or ask such a question with kg query.",
        )


def _check_functions(shapes: ShapesGraph, node: str, query: Guarded) -> None:
    names = Names(query.tree, {})
    for each in find(query.tree, tree.FunctionCall):
        if names.iri(each.function) not in _CASTS:
            raise _bad_query(
                shapes,
                node,
                f"the query calls the function {text_of(each.function)}, which does not exist",
                "Only SPARQL 1.1's own functions, and casts to xsd datatypes, are known.",
            )


def _selected(query: Guarded) -> set[str]:
    """Return the variables of a SELECT; for ``*``, all in the query."""
    body = query.tree.body
    if isinstance(body, tree.Select) and body.items is not None:
        return set(visible(query.tree))
    return {each.name for each in find(body, tree.Variable)}


def _rdflib_reads(text: str) -> bool:
    """Return whether rdflib parses a query; it is more lenient than Oxigraph."""
    from pyparsing import ParseBaseException
    from rdflib.plugins.sparql.parser import parseQuery

    try:
        parseQuery(text)
    except ParseBaseException:
        return False
    return True


def _bad_query(shapes: ShapesGraph, node: str, message: str, hint: str) -> InputError:
    return InputError("bad-query", message, location=shapes.origins.get(node), hint=hint)
