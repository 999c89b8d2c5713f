"""Pages of questions: the list, and one question with its form and its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from kg.datatypes import INTEGER_RANGES
from kg.page.links import Links
from kg.page.markup import Html, joined, tag
from kg.queries.question import Parameter, Question

# How the names of questions begin that ask for slips.
CHECK: Final = "check-"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def questions_main(questions: Iterable[Question], links: Links) -> Html:
    """Return the main part of the list of questions."""
    listed = list(questions)
    asked = [_item(each, links) for each in listed if not each.name.startswith(CHECK)]
    checks = [_item(each, links) for each in listed if each.name.startswith(CHECK)]
    none = tag("p", "The workspace has no questions yet: put one in queries/.", class_="empty")
    return joined(
        [
            tag("h1", "Questions"),
            tag("ul", *asked, class_="list") if asked else None,
            joined([tag("h2", "Checks"), tag("ul", *checks, class_="list")]) if checks else None,
            None if listed else none,
        ]
    )


def _item(question: Question, links: Links) -> Html:
    names = [each.name for each in question.parameters]
    told = question.question if question.title else ""
    return tag(
        "li",
        tag("a", question.title or question.question or question.name,
            href=links.question(question.name)),
        tag("span", f" asks for {', '.join(names)}", class_="soft") if names else None,
        tag("div", told, class_="soft") if told else None,
    )  # fmt: skip


def question_head(question: Question) -> Html:
    """Return the title of a question, and the question in words."""
    return joined(
        [
            tag("h1", question.title or question.name),
            tag("p", question.question, class_="comment") if question.question else None,
        ]
    )


def question_form(
    question: Question,
    values: Mapping[str, str],
    action: str,
    offered: Mapping[str, Sequence[tuple[str, str]]],
) -> Html:
    """Return the form of a question: a field for each parameter.

    Args:
        question: The question.
        values: Parameter name to value, as the user typed it.
        action: Where the form is sent.
        offered: Parameter name to values that may be meant, each with what it is.
    """
    fields = [
        _field(each, values.get(each.name, each.typed or ""), offered.get(each.name, ()))
        for each in question.parameters
    ]
    if not fields:
        return Html("")
    return tag("form", *fields, tag("div", tag("button", "Ask")), action=action, class_="fields")


def _field(parameter: Parameter, value: str, offered: Sequence[tuple[str, str]]) -> Html:
    name = f"p-{parameter.name}"
    kind = _kind(parameter, value)
    choices = f"{name}-list" if offered else None
    return tag(
        "div",
        tag("label", parameter.name, for_=name),
        tag(
            "input",
            id=name,
            name=parameter.name,
            type=kind,
            value=value,
            required=parameter.default is None,
            step="1" if kind == "number" else None,
            list=choices,
            autocomplete="off",
            spellcheck="false",
            size=28 if kind == "text" else None,
            placeholder=parameter.type.example if not value else None,
            aria_describedby=f"{name}-told",
        ),
        tag("datalist", *(tag("option", told, value=each) for each, told in offered), id=choices)
        if offered
        else None,
        tag("span", f"{parameter.explanation or parameter.type}", id=f"{name}-told", class_="soft"),
    )


def _kind(parameter: Parameter, value: str) -> str:
    """Return the type of a field: that of a day only where the value is plainly one."""
    datatype = parameter.type.datatype or ""
    if datatype == f"{_XSD}date" and (not value or _DAY.fullmatch(value)):
        return "date"
    if datatype in INTEGER_RANGES and (not value or value.lstrip("-").isdecimal()):
        return "number"
    return "text"


def same_answer(question: Question, values: Mapping[str, str]) -> Html:
    """Return how the same answer is had on the command line."""
    words = [f"--param {name}={_shell(value)}" for name, value in values.items()]
    command = " ".join(["kg query", question.name, *words])
    return tag(
        "details",
        tag("summary", "The same again"),
        tag("p", "The address of this page, or on the command line:"),
        tag("pre", command, id="command"),
        tag("button", "Copy", type="button", class_="plain", data_copy="#command", hidden=True),
    )


def _shell(value: str) -> str:
    if re.fullmatch(r"[\w.:/@%+=,-]+", value, re.ASCII):
        return value
    return "'" + value.replace("'", "'\\''") + "'"


def query_string(values: Mapping[str, str]) -> str:
    """Return parameters as the query part of an address, with its question mark; or nothing."""
    return f"?{urlencode(values)}" if values else ""
