"""Questions: SPARQL text with a header that says what is asked, and with parameters.

The header is made of comment lines, so that any SPARQL tool runs the file unchanged::

    # title: Launches since a day
    # question: Which launches took place since a day?
    # param since: xsd:date; the first day that counts
    # columns: launch, day
    # chart: bar x=day y=launches

A parameter is declared in the body by ``VALUES ?since { "2022-01-01"^^xsd:date }``: one variable
and one term, its default. An empty block declares a parameter that must be given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError, Location
from kg.paths import read_file
from kg.queries.values import STRING, ValueType, bad_value, parse_type, sparql_term
from kg.records import dataclass
from kg.sparql.guard import read_tree, unescaped
from kg.sparql.names import Names
from kg.sparql.places import position
from kg.sparql.tree import (
    NOWHERE,
    DataTerm,
    Iri,
    Literal,
    Name,
    Query,
    Span,
    TripleTerm,
    Values,
)
from kg.sparql.walk import find
from kg.terms import RDF_LANG_STRING
from kg.wording import nearest
from kg.workspace import COMMON_PREFIXES, Workspace, show_path

if TYPE_CHECKING:  # few questions are drawn
    from kg.queries.chart_line import ChartLine


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that the asker may set.

    Attributes:
        name: The variable's name.
        type: What values it takes.
        default: The term in the text, as written; None if a value must be given.
        explanation: What it means, from the header.
        spans: Where its terms are in the text: offsets of start and end.
        typed: The default as a person would type it behind ``--param``; None if there is none.
    """

    name: str
    type: ValueType
    default: str | None
    explanation: str = ""
    spans: tuple[tuple[int, int], ...] = field(default=(), compare=False, repr=False)
    typed: str | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """A question as its text has it.

    Attributes:
        name: The file's name without its ending; the source's name for a text.
        text: The SPARQL text, with the header.
        source: The file as the user would type it, or ``-e`` or ``standard input``.
        title: From the header.
        question: The question in words, from the header.
        parameters: In the order of the text.
        columns: The names of the columns that the header promises.
        chart: How the header wants the answer drawn, as written.
        file: The file, if it came from one.
        of_workspace: Whether it is one of the workspace's own questions.
    """

    name: str
    text: str
    source: str
    title: str = ""
    question: str = ""
    parameters: tuple[Parameter, ...] = ()
    columns: tuple[str, ...] = ()
    chart: str = ""
    file: Path | None = None
    of_workspace: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what is known about the question, as JSON holds it."""
        return {
            "name": self.name,
            "title": self.title,
            "question": self.question,
            "file": self.source,
            "parameters": [
                {
                    "name": parameter.name,
                    "type": str(parameter.type),
                    "default": parameter.default,
                    "explanation": parameter.explanation,
                }
                for parameter in self.parameters
            ],
            "columns": list(self.columns),
            "chart": self.chart,
        }

    def chart_line(self) -> ChartLine | None:
        """Return how the header wants the answer drawn, None if it says nothing.

        Raises:
            InputError: The line means nothing.
        """
        if not self.chart:
            return None
        from kg.queries.chart_line import parse_chart

        return parse_chart(self.chart, Location(self.source))

    def with_values(self, values: Mapping[str, str], prefixes: Mapping[str, str]) -> str:
        """Return the SPARQL text with parameters set; each value becomes one term.

        Args:
            values: Parameter name to value, as the user typed it.
            prefixes: For IRIs that are typed as prefixed names.

        Raises:
            InputError: A name is unknown, a value is of the wrong type, or one is missing. Not for
                a text that is not a query: whoever asks it tells its mistake.
        """
        query = read_tree(self.text)
        if query is None:
            return self.text
        prefixes = Names(query, prefixes).prefixes
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in values:
            if name not in known:
                raise self.unknown_parameter(name)
        text = self.text
        edits: list[tuple[int, int, str]] = []
        for parameter in self.parameters:
            term = self._term(parameter, values.get(parameter.name), prefixes)
            if term is not None:
                edits += [(start, end, term) for start, end in parameter.spans]
        for start, end, term in sorted(edits, reverse=True):
            if start == end:  # an empty block
                term = f"{term} " if text[start - 1].isspace() else f" {term} "
            text = f"{text[:start]}{term}{text[end:]}"
        return text

    def _term(
        self, parameter: Parameter, value: str | None, prefixes: Mapping[str, str]
    ) -> str | None:
        if value is None:
            if parameter.default is None:
                raise InputError(
                    "missing-parameter",
                    f"the parameter {parameter.name} must be given",
                    location=Location(self.source),
                    hint=f"Add for example --param {parameter.name}={parameter.type.example}",
                )
            return None
        term = sparql_term(value, parameter.type, prefixes)
        if term is None:
            raise bad_value(parameter.name, value, parameter.type)
        return term

    def unknown_parameter(self, name: str) -> InputError:
        """Return the error for a value of a parameter that there is not."""
        names = ", ".join(parameter.name for parameter in self.parameters)
        return InputError(
            "unknown-parameter",
            f"there is no parameter {name}",
            location=Location(self.source),
            hint=f"The parameters are: {names}."
            if names
            else "Declare one in the query: VALUES ?name { <default> }.",
        )


def read_question(path: Path, prefixes: Mapping[str, str] = COMMON_PREFIXES) -> Question:
    """Read a question from a file.

    Raises:
        InputError: The file is missing, is not UTF-8, or its header is wrong.
    """
    shown = show_path(path)
    data = read_file(path)
    question = parse_question(decode(data, shown), shown, prefixes, name=path.stem)
    return replace(question, file=path)


def decode(data: bytes, source: str) -> str:
    """Return bytes as text, a byte order mark left out.

    Raises:
        InputError: They are not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        raise InputError(
            "bad-encoding",
            f"not UTF-8 at byte {error.start}",
            location=Location(source, before.count(b"\n") + 1),
            hint="Save the query as UTF-8.",
        ) from error


_COMMENT: Final = re.compile(r"[ \t\r\n]*(#[^\n\r]*)")
_KEYS: Final = ("title", "question", "columns", "chart")
_HEADER: Final = re.compile(
    rf"#\s*(?:({'|'.join(_KEYS)})|param\s+[?$]?(\w+))\s*:\s*(.*?)\s*\Z", re.IGNORECASE
)
_LIKE_HEADER: Final = re.compile(r"#\s*([A-Za-z]+)(\s+[?$]?\w+)?\s*:\s")


def parse_question(
    text: str, source: str, prefixes: Mapping[str, str] = COMMON_PREFIXES, name: str | None = None
) -> Question:
    """Read a question from a text.

    Args:
        text: SPARQL, with or without a header.
        source: What messages call it.
        prefixes: Known without a PREFIX line, for the types in the header.
        name: The question's name; by default the source.

    Raises:
        InputError: The header declares a parameter that the body lacks, or an unknown type.
    """
    # Engines read these escapes first, so a block that holds one declares a parameter as any other.
    # What escapes give is not read for escapes again: the guard is to see them as written.
    once = unescaped(text)
    text = once if unescaped(once) == once else text
    query = read_tree(text)
    known = {**COMMON_PREFIXES, **prefixes}
    names = Names(query, known) if query is not None else None
    all_prefixes = names.prefixes if names is not None else known
    header: dict[str, str] = {}
    declared: dict[str, tuple[ValueType, str]] = {}
    for line, comment in _header_lines(text):
        match = _HEADER.match(comment)
        if match is None:
            continue
        key, name_of, rest = match.groups()
        if name_of:
            declared[name_of] = _declared(name_of, rest, all_prefixes, Location(source, line))
        else:
            header.setdefault(key.lower(), rest)
    return Question(
        name=name or source,
        text=text,
        source=source,
        title=header.get("title", ""),
        question=header.get("question", ""),
        parameters=_parameters(text, query, declared, names, source) if query and names else (),
        columns=tuple(re.findall(r"[^\s,]+", header.get("columns", ""))),
        chart=header.get("chart", ""),
    )


def _header_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments before the query, each with the number of its line."""
    at = 0
    while match := _COMMENT.match(text, at):
        yield position(text, match.start(1))[0], match[1]
        at = match.end()


def slipped_keys(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the key and the key that is meant, of lines that nearly are of the header.

    Args:
        text: The question with its header; lines of it that are none are comments.
    """
    for line, comment in _header_lines(text):
        match = None if _HEADER.match(comment) else _LIKE_HEADER.match(comment)
        if match is None:
            continue
        key, name = match.groups()
        meant = nearest(key.lower(), ("param",) if name else _KEYS)
        if meant:
            yield line, key, meant


def _declared(
    name: str, rest: str, prefixes: Mapping[str, str], place: Location
) -> tuple[ValueType, str]:
    type_text, _, explanation = rest.partition(";")
    wanted = parse_type(type_text.strip(), prefixes)
    if wanted is None:
        raise InputError(
            "bad-header",
            f"{type_text.strip()!r} is no type for the parameter {name}",
            location=place,
            hint="A type is iri, xsd:string, xsd:integer, xsd:date and so on, or @en.",
        )
    return wanted, explanation.strip()


def _parameters(
    text: str,
    query: Query,
    declared: Mapping[str, tuple[ValueType, str]],
    names: Names,
    source: str,
) -> tuple[Parameter, ...]:
    blocks: dict[str, Parameter] = {}
    for values in find(query, Values):
        if not _is_parameter(values):
            continue
        name = values.variables[0].name
        term = values.rows[0][0] if values.rows else None
        # An empty block is filled in before its closing brace.
        span = term.span if term is not None else Span(values.span.end - 1, values.span.end - 1)
        default = text[slice(*span)] if term is not None else None
        wanted, explanation = declared.get(name) or (type_of(term, names), "")
        earlier = blocks.get(name)
        if earlier and earlier.default != default:
            raise InputError(
                "bad-header",
                f"the parameter {name} has two defaults, {earlier.default} and {default}",
                location=Location(source, *position(text, span.start)),
                hint="Give each VALUES block of one parameter the same default.",
            )
        spans = (*(earlier.spans if earlier else ()), span)
        typed = _typed(term) or default
        blocks[name] = Parameter(name, wanted, default, explanation, spans, typed)
    for name in declared:
        if name not in blocks:
            raise InputError(
                "bad-header",
                f"the header declares the parameter {name}, the query does not",
                location=Location(source),
                hint=f"Write VALUES ?{name} {{ <default> }} in the query, with one term.",
            )
    return tuple(blocks.values())


def _is_parameter(values: Values) -> bool:
    """Return whether a block is ``VALUES ?name { term }`` or ``VALUES ?name { }``."""
    if values.bracketed or len(values.rows) > 1:
        return False
    return not values.rows or not isinstance(values.rows[0][0], TripleTerm)


def _typed(term: DataTerm | None) -> str | None:
    """Return a default as a person would type it, where that is another than as written."""
    if isinstance(term, Iri):
        return term.text
    return term.lexical if isinstance(term, Literal) and not _is_short(term) else None


def _is_short(literal: Literal) -> bool:
    """Return whether a literal is written without quotes: its datatype stands nowhere."""
    return literal.datatype is not None and literal.datatype.span == NOWHERE


def type_of(term: DataTerm | None, names: Names) -> ValueType:
    """Return the type of a default, for a parameter that the header leaves out.

    Args:
        term: The default; None if there is none.
        names: The names of the query.
    """
    if isinstance(term, Iri | Name):
        return ValueType()
    if not isinstance(term, Literal):
        return STRING
    if term.language is not None:
        return ValueType(language=term.language.lower())
    named = None if term.datatype is None else names.iri(term.datatype)
    return STRING if named in (None, RDF_LANG_STRING) else ValueType(named)


def question_names(workspace: Workspace) -> list[str]:
    """Return the names of a workspace's questions, sorted."""
    return [path.stem for path in workspace.question_files]
