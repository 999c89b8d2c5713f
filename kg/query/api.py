"""Questions asked from Python: typed answers, as streams."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyoxigraph as ox

from kg.datatypes import INTEGER_RANGES
from kg.query.question import Question, parse_question
from kg.query.run import Prepared, Source, find_question, prepare
from kg.terms import XSD
from kg.workspace import Workspace, find_workspace

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Value = str | int | float | bool | Decimal | date | datetime


class Solution(Mapping[str, Term]):
    """One row of an answer: variable names to RDF terms; unbound variables are left out."""

    def __init__(self, terms: Mapping[str, Term]) -> None:
        self._terms = terms

    def __getitem__(self, name: str) -> Term:
        """Return the term of a variable; KeyError if it is unbound."""
        return self._terms[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the bound variables."""
        return iter(self._terms)

    def __len__(self) -> int:
        """Return the number of bound variables."""
        return len(self._terms)

    def __repr__(self) -> str:
        """Return the terms as N-Triples writes them."""
        return f"Solution({', '.join(f'{name}={term}' for name, term in self.items())})"

    def value(self, name: str) -> Value | None:
        """Return the Python value of a variable, or None if it is unbound."""
        term = self._terms.get(name)
        return None if term is None else python_value(term)


@dataclass(frozen=True)
class Solutions:
    """The rows of a SELECT: iterate over them once.

    Attributes:
        columns: The names of the variables, in their order.
    """

    columns: tuple[str, ...]
    _rows: ox.QuerySolutions = field(repr=False)
    _prepared: Prepared = field(repr=False)  # keeps what is asked open

    def __iter__(self) -> Iterator[Solution]:
        """Yield the rows as they are found."""
        for row in self._rows:
            bound = zip(self.columns, row, strict=True)
            yield Solution({name: term for name, term in bound if term is not None})
        _warn(self._prepared)


@dataclass(frozen=True)
class Graph:
    """The triples of a CONSTRUCT or DESCRIBE: iterate over them once."""

    _triples: ox.QueryTriples | Iterator[ox.Triple] = field(repr=False)
    _prepared: Prepared = field(repr=False)  # keeps what is asked open

    def __iter__(self) -> Iterator[ox.Triple]:
        """Yield the triples as they are found."""
        yield from self._triples
        _warn(self._prepared)


def query(
    question: str | Path,
    *,
    workspace: Workspace | str | Path | None = None,
    data: Sequence[str | Path] = (),
    named_graphs: Mapping[str, str | Path] | None = None,
    endpoint: str | None = None,
    parameters: Mapping[str, Value] | None = None,
) -> Solutions | Graph | bool:
    """Ask a question, and return its answer as a stream.

    Nothing limits the time or the memory that it takes: to have it stopped, run ``kg query`` with
    ``--timeout`` in a process of its own.

    Args:
        question: SPARQL text, the name of a question of the workspace, or a file.
        workspace: The workspace, or a folder in it; by default that of the current folder.
        data: RDF files to ask instead of the workspace.
        named_graphs: Graph IRI to RDF file, to ask instead of the workspace.
        endpoint: URL of a remote store to ask instead of the workspace.
        parameters: Parameter name to value.

    Returns:
        Solutions for SELECT, a Graph for CONSTRUCT and DESCRIBE, a bool for ASK.

    Raises:
        InputError: The query, a parameter or a file is wrong, or there is no workspace.
        WorldError: The disk, the network or the remote store failed.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "launches.ttl")
    ...     _ = file.write_text('PREFIX ex: <http://example.org/> ex:L1 ex:day "2022-11-18" .')
    ...     for row in query("SELECT ?launch ?day { ?launch ex:day ?day }", data=[file]):
    ...         print(row["launch"], row.value("day"))
    <http://example.org/L1> 2022-11-18
    """
    files = tuple(map(Path, data))
    named = tuple((graph, Path(path)) for graph, path in (named_graphs or {}).items())
    found = _workspace(workspace, needed=not (files or named or endpoint))
    source = Source(found, files, named, endpoint)
    given = {name: _typed(value) for name, value in (parameters or {}).items()}
    return _answer(prepare(_question(question, source), given, source))


def _workspace(given: Workspace | str | Path | None, *, needed: bool) -> Workspace | None:
    if isinstance(given, Workspace) or (given is None and not needed):
        return given
    return find_workspace(Path(given) if given is not None else Path.cwd())


def _question(given: str | Path, source: Source) -> Question:
    if isinstance(given, Path):
        return find_question(str(given), source.workspace)
    if "{" in given:
        return parse_question(given, "the query", source.prefixes())
    return find_question(given, source.workspace)


def _typed(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


def _answer(prepared: Prepared) -> Solutions | Graph | bool:
    answer = prepared.ask()
    if isinstance(answer, ox.QueryBoolean):
        return bool(answer)
    if isinstance(answer, ox.QuerySolutions):
        columns = tuple(variable.value for variable in answer.variables)
        return Solutions(columns, answer, prepared)
    return Graph(answer, prepared)


def _warn(prepared: Prepared) -> None:
    for remark in prepared.remarks():
        warnings.warn(remark, stacklevel=3)


def python_value(term: Term) -> Value:
    """Return the Python value of an RDF term; its text where Python has no value for it.

    >>> python_value(ox.Literal("7", datatype=ox.NamedNode(XSD + "integer")))
    7
    >>> python_value(ox.NamedNode("http://example.org/a"))
    'http://example.org/a'
    """
    if not isinstance(term, ox.Literal):
        return term.value if not isinstance(term, ox.Triple) else str(term)
    name = term.datatype.value.removeprefix(XSD)
    try:
        return _convert(term.value, name)
    except (ValueError, InvalidOperation):  # no value of the datatype, or none that Python has
        return term.value


def _convert(text: str, name: str) -> Value:
    if XSD + name in INTEGER_RANGES:
        return int(text)
    if name == "decimal":
        return Decimal(text)
    if name in ("double", "float"):
        return float(text)
    if name == "boolean":
        return text in ("true", "1")
    if name == "date":
        return date.fromisoformat(text)
    if name == "dateTime":
        return datetime.fromisoformat(text)
    return text
