"""Results of a SPARQL query over an RDF file: each solution is a record, references are variables.

Spec: https://kg-construct.github.io/rml-io/spec/docs/ (formats:SPARQL_Results_CSV),
https://www.w3.org/TR/sparql11-results-csv-tsv/
"""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from kg.errors import InputError
from kg.sources.files import missing_reference
from kg.sources.reading import Reading
from kg.sources.records import RowRecords
from kg.sources.rows import Value, spool_rows
from kg.sparql.guard import guard
from kg.sparql.words import Form
from kg.store import ask, is_small, load_files


def read(reading: Reading) -> RowRecords:
    """Return the solutions of a SPARQL query as records.

    Raises:
        InputError: The file is not valid RDF, or the query is not a SELECT that kg can run.
    """
    try:
        guarded = guard(reading.source.query, "the query of the source", {})
    except InputError as error:
        raise _refused(reading, error) from error
    if guarded.form is not Form.SELECT:
        raise _bad_query(reading, "it is no SELECT")
    path = reading.file.path
    store = load_files([path], [], None if is_small([path]) else reading.copy(".store"))
    try:
        found = ask(store, guarded)
    except (SyntaxError, ValueError, RuntimeError, OSError) as error:
        raise _bad_query(reading, str(error)) from error
    assert isinstance(found, ox.QuerySolutions)
    names = [variable.value for variable in found.variables]
    for column in reading.table.columns:
        if column.reference not in names:
            raise missing_reference(column, names, reading.source)
    return spool_rows(reading, _rows(reading, found))


def _rows(reading: Reading, found: ox.QuerySolutions) -> Iterator[list[Value]]:
    names = [column.reference for column in reading.table.columns]
    try:
        for solution in found:
            yield [_text(solution[name]) for name in names]
    except (OSError, ValueError, RuntimeError) as error:
        raise _bad_query(reading, str(error)) from error


def _text(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> str | None:
    """Return a term as the CSV format writes it, without datatype and language."""
    if term is None:
        return None
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    return str(term) if isinstance(term, ox.Triple) else term.value


def _refused(reading: Reading, error: InputError) -> InputError:
    """Return the guard's error, placed in the mapping that holds the query."""
    place = error.location
    where = "" if place is None or place.line is None else f", line {place.line}"
    return InputError(
        error.code,
        f"the query of the source cannot be asked{where}: {error.message}",
        location=reading.source.origin.location(),
        hint=error.hint,
    )


def _bad_query(reading: Reading, reason: str) -> InputError:
    return InputError(
        "bad-query",
        f"the query of the source cannot be asked: {reason}",
        location=reading.source.origin.location(),
        hint="Try it with kg query --data FILE -e QUERY.",
    )
