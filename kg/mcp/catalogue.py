"""The tools that a graph offers: its questions with typed parameters, and those of every graph.

Nothing here knows a library of the protocol: schemas are JSON Schema as dictionaries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final

from kg.datatypes import INTEGER_RANGES
from kg.queries.question import Parameter, Question
from kg.queries.values import ValueType
from kg.records import dataclass
from kg.terms import XSD

# What clients take as the name of a tool, and the word before that of a question.
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST: Final = 60
ASK: Final = "ask_"
# No variable of SPARQL has a hyphen, so these are no parameters of a question.
ROWS: Final = "max-rows"
FIRST: Final = "first-row"
RECORDS: Final = "with-records"
USUAL_ROWS: Final = 50
MOST_ROWS: Final = 1_000
# The greatest integer that every reader of JSON holds exactly (RFC 8259, section 6).
_GREATEST: Final = 2**53 - 1

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool, as clients see it.

    Attributes:
        name: Its name.
        title: For people.
        description: What it does, for assistants.
        properties: Name of each argument to its JSON Schema.
        required: The arguments that must be given.
        question: The name of the question that it asks; empty if it asks none.
    """

    name: str
    title: str
    description: str
    properties: Mapping[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    question: str = ""

    @property
    def schema(self) -> Schema:
        """The JSON Schema of its arguments."""
        return {
            "type": "object",
            "properties": dict(self.properties),
            "required": list(self.required),
            "additionalProperties": False,
        }


_PAGING: Final[Mapping[str, Schema]] = {
    ROWS: {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_ROWS,
        "default": USUAL_ROWS,
        "description": "Rows of the answer at most.",
    },
    FIRST: {
        "type": "integer",
        "minimum": 0,
        "maximum": _GREATEST,
        "default": 0,
        "description": "The first row that is wanted, to read a long answer part by part.",
    },
    RECORDS: {
        "type": "boolean",
        "default": True,
        "description": "Tell from which file and record each thing in the answer comes.",
    },
}
_TERM: Final[Schema] = {
    "type": "string",
    "description": "An IRI, or a short name such as ex:a with a prefix of the vocabulary card.",
}
SEARCH: Final = Tool(
    "search",
    "Search for names",
    "Find classes, properties, things and questions by a part of their name or label. Use it to"
    " learn the IRIs that other tools and SPARQL need.",
    {
        "text": {"type": "string", "description": "Part of a name or label; case is ignored."},
        ROWS: _PAGING[ROWS],
    },
    ("text",),
)
DESCRIBE: Final = Tool(
    "describe",
    "Describe a term",
    "What the graph says of one thing, class or property, what leads to it, and the source records"
    " that it comes from.",
    {"term": _TERM, RECORDS: _PAGING[RECORDS]},
    ("term",),
)
VOCABULARY: Final = Tool(
    "vocabulary",
    "Vocabulary card",
    "The classes and properties of the graph with how often each occurs, its prefixes, and its"
    " questions, as Markdown. Read it before you write SPARQL.",
)
SPARQL: Final = Tool(
    "sparql",
    "Ask in SPARQL",
    "Answer a SPARQL 1.1 query (SELECT, ASK, CONSTRUCT, DESCRIBE). Prefixes of the vocabulary card"
    " need no PREFIX line. Read only: there are no updates, no SERVICE and no loading. Prefer a"
    " named question where one fits.",
    {"query": {"type": "string", "description": "The text of the query."}, **_PAGING},
    ("query",),
)
OF_EVERY_GRAPH: Final = (SEARCH, DESCRIBE, VOCABULARY, SPARQL)


def tools_of(questions: Iterable[Question]) -> list[Tool]:
    """Return the tools of a graph with these questions."""
    found = list(OF_EVERY_GRAPH)
    names = {tool.name for tool in found}
    for question in questions:
        name = _free(ASK + _ODD.sub("_", question.name)[:_LONGEST], names)
        names.add(name)
        found.append(_tool(name, question))
    return found


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def _tool(name: str, question: Question) -> Tool:
    told = question.question or question.title or f"The question {question.name}."
    if question.columns:
        told += f" Columns: {', '.join(question.columns)}."
    return Tool(
        name,
        question.title or question.name,
        told,
        {**{each.name: _schema(each) for each in question.parameters}, **_PAGING},
        tuple(each.name for each in question.parameters if each.default is None),
        question.name,
    )


_FORMATS: Final[Mapping[str, str]] = {"date": "date", "dateTime": "date-time", "time": "time"}


def _schema(parameter: Parameter) -> Schema:
    kind = parameter.type
    found = _type(kind)
    told = [parameter.explanation, _hint(kind)]
    found["description"] = "; ".join(each for each in told if each)
    if parameter.default is not None:
        found["default"] = _default(parameter, found["type"])
    return found


def _type(kind: ValueType) -> Schema:
    """Return the JSON Schema of a parameter's type."""
    datatype = kind.datatype or ""
    if datatype in INTEGER_RANGES:
        least, greatest = INTEGER_RANGES[datatype]
        found: Schema = {"type": "integer"}
        found |= {} if least is None else {"minimum": least}
        return found | ({} if greatest is None else {"maximum": greatest})
    name = datatype.removeprefix(XSD)
    if name in ("decimal", "double", "float"):
        return {"type": "number"}
    if name == "boolean":
        return {"type": "boolean"}
    form = _FORMATS.get(name)
    return {"type": "string", "format": form} if form else {"type": "string"}


def _hint(kind: ValueType) -> str:
    if kind.is_iri:
        return "an IRI or a short name"
    if kind.language:
        return f"a text in the language {kind.language}"
    datatype = kind.datatype or ""
    return "" if datatype == f"{XSD}string" else f"{kind}, such as {kind.example}"


def _default(parameter: Parameter, kind: str) -> str | int | float | bool:
    text = parameter.typed or parameter.default or ""
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:  # a default that is none of its type is told by kg check
        return text
    return text in ("true", "1") if kind == "boolean" else text


class ArgumentError(ValueError):
    """Arguments of a call that do not fit its schema."""


def checked(tool: Tool, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the arguments of a call, with defaults of what every tool has.

    Only their names and their rough types are looked at here; the question checks values.

    Raises:
        ArgumentError: One is unknown, missing, or of another type.
    """
    arguments = dict(given or {})
    for name, value in arguments.items():
        schema = tool.properties.get(name)
        if schema is None:
            known = ", ".join(tool.properties) or "none"
            raise ArgumentError(f"{tool.name} has no argument {name!r}; it has {known}")
        if not _fits(value, schema):
            raise ArgumentError(f"the argument {name} of {tool.name} is no {_named(schema)}")
    missing = [name for name in tool.required if name not in arguments]
    if missing:
        raise ArgumentError(f"{tool.name} needs {' and '.join(missing)}")
    for name, schema in _PAGING.items():
        if name in tool.properties:
            arguments.setdefault(name, schema["default"])
    return arguments


def _fits(value: object, schema: Schema) -> bool:
    kind = schema["type"]
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        low, high = schema.get("minimum"), schema.get("maximum")
        return (low is None or value >= low) and (high is None or value <= high)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def _named(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = [f"from {low}" if low is not None else "", f"up to {high}" if high is not None else ""]
    return " ".join([str(schema["type"]), *(each for each in limits if each)])
