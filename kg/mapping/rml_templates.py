"""Templates of RML documents.

Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-string-template
"""

from __future__ import annotations

import re
from typing import Final

from kg.mapping.plan import Expression, Reference, Template
from kg.mapping.rml_graph import Value

_TEMPLATE_TOKEN: Final = re.compile(r"\\(?P<escaped>[{}\\])|\{(?P<reference>(?:\\.|[^{}\\])*)\}")


def read_template(value: Value) -> Expression:
    r"""Read a template: references in braces; ``\{``, ``\}`` and ``\\`` stand for themselves.

    Raises:
        InputError: A brace is not closed, or stands inside another.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/#dfn-string-template
    """
    text = value.text
    parts: list[str | Reference] = []
    plain, position = "", 0
    for match in _TEMPLATE_TOKEN.finditer(text):
        plain += _checked(value, text[position : match.start()])
        position = match.end()
        if match["escaped"]:
            plain += match["escaped"]
            continue
        if plain:
            parts.append(plain)
            plain = ""
        parts.append(Reference(_unescaped(value, match["reference"])))
    plain += _checked(value, text[position:])
    if plain:
        parts.append(plain)
    return Template(tuple(parts))


def _checked(value: Value, plain: str) -> str:
    if any(mark in plain for mark in "{}\\"):
        raise value.error(
            f"{value.text!r} is not a template: a brace is not closed, or stands inside another",
            hint=r"Write a reference as {name}, a brace as \\{ and a backslash as \\\\.",
        )
    return plain


def _unescaped(value: Value, reference: str) -> str:
    if not re.fullmatch(r"(?:\\[{}\\]|[^\\])+", reference):
        raise value.error(
            f"{value.text!r} is not a template: {reference!r} is no reference",
            hint=r"Inside braces, a brace is written \\{ and a backslash \\\\.",
        )
    return re.sub(r"\\([{}\\])", r"\1", reference)
