"""Questions asked from Python: typed answers, as streams."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from kg.datatypes import INTEGER_RANGES
from kg.query.engine import Rows, Triples
from kg.query.question import Question, parse_question
from kg.query.run import Prepared, Source, find_question, prepare
from kg.terms import XSD, split_literal, text_of
from kg.workspace import Workspace, find_workspace

Value = str | int | float | bool | Decimal | date | datetime


class Term(str):
    """An RDF term: its canonical N-Triples text, which can be taken apart.

    >>> Term('"1"^^<http://www.w3.org/2001/XMLSchema#integer>').value
    1
    >>> Term("<http://example.org/a>").text
    'http://example.org/a'
    """

    __slots__ = ()

    @property
    def is_iri(self) -> bool:
        """Whether it is an IRI."""
        return self.startswith("<") and not self.startswith("<<(")

    @property
    def is_blank(self) -> bool:
        """Whether it is a blank node."""
        return self.startswith("_:")

    @property
    def is_literal(self) -> bool:
        """Whether it is a literal."""
        return self.startswith('"')

    @property
    def text(self) -> str:
        """The IRI, the label of the blank node, or the lexical form of the literal."""
        return str(self) if self.startswith("<<(") else text_of(self)

    @property
    def datatype(self) -> str | None:
        """The IRI of a literal's datatype; None for other terms."""
        return split_literal(self).datatype if self.is_literal else None

    @property
    def language(self) -> str | None:
        """The language tag of a literal, in lower case; None if there is none."""
        return split_literal(self).language if self.is_literal else None

    @property
    def value(self) -> Value:
        """The Python value; the text where Python has no value for the term."""
        return python_value(self)


class Triple(NamedTuple):
    """A triple of an answer."""

    subject: Term
    predicate: Term
    object: Term


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
        """Return the terms as N-Triples text."""
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
    _rows: Rows = field(repr=False)
    _prepared: Prepared = field(repr=False)  # keeps what is asked open

    def __iter__(self) -> Iterator[Solution]:
        """Yield the rows as they are found."""
        for row in self._rows:
            bound = zip(self.columns, row, strict=True)
            yield Solution({name: Term(term) for name, term in bound if term is not None})
        _warn(self._prepared)


@dataclass(frozen=True)
class Graph:
    """The triples of a CONSTRUCT or DESCRIBE: iterate over them once."""

    _triples: Triples = field(repr=False)
    _prepared: Prepared = field(repr=False)  # keeps what is asked open

    def __iter__(self) -> Iterator[Triple]:
        """Yield the triples as they are found."""
        for triple in self._triples:
            yield Triple(*map(Term, triple))
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
    if isinstance(answer, bool):
        return answer
    if isinstance(answer, Rows):
        return Solutions(answer.columns, answer, prepared)
    return Graph(answer, prepared)


def _warn(prepared: Prepared) -> None:
    for remark in prepared.remarks():
        warnings.warn(remark, stacklevel=3)


def python_value(term: str) -> Value:
    """Return the Python value of an RDF term; its text where Python has no value for it.

    >>> python_value('"7"^^<http://www.w3.org/2001/XMLSchema#integer>')
    7
    >>> python_value("<http://example.org/a>")
    'http://example.org/a'
    """
    if not term.startswith('"'):
        return Term(term).text
    parts = split_literal(term)
    try:
        return _convert(parts.lexical, parts.datatype.removeprefix(XSD))
    except (ValueError, InvalidOperation):  # no value of the datatype, or none that Python has
        return parts.lexical


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
