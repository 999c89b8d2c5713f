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
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from kg.errors import InputError, Location
from kg.paths import read_file
from kg.query.values import STRING, ValueType, bad_value, parse_type, sparql_term
from kg.sparql.lexer import Kind, Token, declared_prefixes, position, string_value, tokens
from kg.terms import RDF_LANG_STRING, XSD, expand
from kg.workspace import COMMON_PREFIXES, Workspace, show_path


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that the asker may set.

    Attributes:
        name: The variable's name.
        type: What values it takes.
        default: The term in the text, as written; None if a value must be given.
        explanation: What it means, from the header.
        spans: Where its terms stand in the text: offsets of start and end.
    """

    name: str
    type: ValueType
    default: str | None
    explanation: str = ""
    spans: tuple[tuple[int, int], ...] = field(default=(), compare=False, repr=False)

    @property
    def typed(self) -> str | None:
        """The default as a person would type it behind ``--param``; None if there is none."""
        if self.default is None:
            return None
        first = tokens(self.default)[0]
        if first.kind is Kind.IRI:
            return first.text[1:-1]
        return string_value(first.text) if first.kind is Kind.STRING else self.default


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

    def with_values(self, values: Mapping[str, str], prefixes: Mapping[str, str]) -> str:
        """Return the SPARQL text with parameters set; each value becomes one term.

        Args:
            values: Parameter name to value, as the user typed it.
            prefixes: For IRIs that are typed as prefixed names.

        Raises:
            InputError: A name is unknown, a value is of the wrong type, or one is missing.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in values:
            if name not in known:
                raise self._unknown(name)
        text = self.text
        edits: list[tuple[int, int, str]] = []
        for parameter in self.parameters:
            term = self._term(parameter, values.get(parameter.name), prefixes)
            if term is not None:
                edits += [(start, end, term) for start, end in parameter.spans]
        for start, end, term in sorted(edits, reverse=True):
            text = (
                f"{text[:start]} {term} {text[end:]}"
                if start == end
                else (text[:start] + term + text[end:])
            )
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
        all_prefixes = {**prefixes, **declared_prefixes(tokens(self.text))}
        term = sparql_term(value, parameter.type, all_prefixes)
        if term is None:
            raise bad_value(parameter.name, value, parameter.type)
        return term

    def _unknown(self, name: str) -> InputError:
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


_HEADER: Final = re.compile(
    r"#\s*(?:(title|question|columns|chart)|param\s+[?$]?(\w+))\s*:\s*(.*?)\s*\Z", re.IGNORECASE
)


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
    found = tokens(text)
    all_prefixes = {**COMMON_PREFIXES, **prefixes, **declared_prefixes(found)}
    header: dict[str, str] = {}
    declared: dict[str, tuple[ValueType, str]] = {}
    for token in _header_lines(found):
        match = _HEADER.match(token.text)
        if match is None:
            continue
        key, name_of, rest = match.groups()
        if name_of:
            place = Location(source, position(text, token.start)[0])
            declared[name_of] = _declared(name_of, rest, all_prefixes, place)
        else:
            header.setdefault(key.lower(), rest)
    return Question(
        name=name or source,
        text=text,
        source=source,
        title=header.get("title", ""),
        question=header.get("question", ""),
        parameters=_parameters(text, found, declared, all_prefixes, source),
        columns=tuple(re.findall(r"[^\s,]+", header.get("columns", ""))),
        chart=header.get("chart", ""),
    )


def _header_lines(found: list[Token]) -> list[Token]:
    """Return the comments before the first other token."""
    length = next((i for i, token in enumerate(found) if token.kind is not Kind.COMMENT), None)
    return found[:length]


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
    found: list[Token],
    declared: Mapping[str, tuple[ValueType, str]],
    prefixes: Mapping[str, str],
    source: str,
) -> tuple[Parameter, ...]:
    blocks: dict[str, Parameter] = {}
    found = [token for token in found if token.kind is not Kind.COMMENT]
    for i, token in enumerate(found):
        block = _block(found, i) if token.is_word("VALUES") else None
        if block is None:
            continue
        name, terms, span = block
        default = text[span[0] : span[1]] if terms else None
        wanted, explanation = declared.get(name) or (_type_of(terms, prefixes), "")
        earlier = blocks.get(name)
        if earlier and earlier.default != default:
            raise InputError(
                "bad-header",
                f"the parameter {name} has two defaults, {earlier.default} and {default}",
                location=Location(source, *position(text, span[0])),
                hint="Give each VALUES block of one parameter the same default.",
            )
        spans = (*(earlier.spans if earlier else ()), span)
        blocks[name] = Parameter(name, wanted, default, explanation, spans)
    for name in declared:
        if name not in blocks:
            raise InputError(
                "bad-header",
                f"the header declares the parameter {name}, the query does not",
                location=Location(source),
                hint=f"Write VALUES ?{name} {{ <default> }} in the query, with one term.",
            )
    return tuple(blocks.values())


def _block(found: list[Token], at: int) -> tuple[str, list[Token], tuple[int, int]] | None:
    """Return name, terms and span of a block ``VALUES ?name { term }``, or None if it is another.

    The span of an empty block is the empty one behind its brace.
    """
    head = found[at + 1 : at + 3]
    if len(head) < 2 or head[0].kind is not Kind.VARIABLE or not head[1].is_mark("{"):
        return None
    inside: list[Token] = []
    for token in found[at + 3 :]:
        if token.is_mark("}"):
            break
        inside.append(token)
    else:
        return None
    if not inside:
        return head[0].text[1:], [], (head[1].end, head[1].end)
    if not _is_one_term(inside):
        return None
    return head[0].text[1:], inside, (inside[0].start, inside[-1].end)


def _is_one_term(inside: list[Token]) -> bool:
    kinds = [token.kind for token in inside]
    first = inside[0]
    if kinds[0] in (Kind.IRI, Kind.NAME, Kind.NUMBER) or first.is_word("TRUE", "FALSE", "UNDEF"):
        return len(inside) == 1
    if first.is_mark("+", "-"):
        return kinds[1:] == [Kind.NUMBER]
    if kinds[0] is not Kind.STRING:
        return False
    if len(inside) == 3:
        return inside[1].is_mark("^^") and kinds[2] in (Kind.IRI, Kind.NAME)
    return len(inside) == 1 or kinds[1:] == [Kind.LANGUAGE]


def _type_of(terms: list[Token], prefixes: Mapping[str, str]) -> ValueType:
    """Return the type of a default, for a parameter that the header leaves out."""
    if not terms:
        return STRING
    last = terms[-1]
    if last.kind is Kind.LANGUAGE:
        return ValueType(language=last.text[1:].lower())
    if terms[0].kind is Kind.STRING:
        if len(terms) == 1:
            return STRING
        named = last.text[1:-1] if last.kind is Kind.IRI else expand(last.text, prefixes)
        return STRING if named in (None, RDF_LANG_STRING) else ValueType(named)
    if last.kind is Kind.NUMBER:
        exact = "." in last.text
        return ValueType(
            XSD + ("double" if "e" in last.text.lower() else "decimal" if exact else "integer")
        )
    if last.is_word("TRUE", "FALSE"):
        return ValueType(XSD + "boolean")
    if last.is_word("UNDEF"):
        return STRING
    return ValueType()


def question_names(workspace: Workspace) -> list[str]:
    """Return the names of a workspace's questions, sorted."""
    return [path.stem for path in workspace.question_files]
