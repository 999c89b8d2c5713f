"""Answers as tables of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kg.page.markup import Html, joined, tag
from kg.page.show import Shower
from kg.queries.display import is_number
from kg.queries.engine import Row
from kg.terms import is_literal, split_literal


def table(
    columns: Sequence[str], rows: Iterable[Row], shower: Shower, caption: str = "", id_: str = ""
) -> Html:
    """Return a table whose cells are terms.

    Args:
        columns: Their names.
        rows: A term for each column, None where it is unbound. All are held.
        shower: Writes terms.
        caption: What the table is, for readers of screens too.
        id_: The id of the table, if it has one.
    """
    held = list(rows)
    languages = [_language(row[i] for row in held) for i in range(len(columns))]
    numbers = [
        any(row[i] for row in held)
        and all(term is None or is_number(term) for term in (row[i] for row in held))
        for i in range(len(columns))
    ]
    head = [
        tag("th", name, scope="col", class_="number" if right else None)
        for name, right in zip(columns, numbers, strict=True)
    ]
    body = (
        tag(
            "tr",
            *(
                tag("td", shower.term(term, language), class_="number" if right else None)
                for term, right, language in zip(row, numbers, languages, strict=True)
            ),
        )
        for row in held
    )
    inner = [
        tag("caption", caption) if caption else None,
        tag("thead", tag("tr", *head)),
        "\n",
        tag("tbody", joined(body, "\n")),
    ]
    return tag(
        "div",
        tag("table", *inner, id=id_ or None),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption or "Answer",
    )


def _language(terms: Iterable[str | None]) -> str | None:
    """Return the language of a column whose texts all have the same one."""
    tags = {split_literal(term).language for term in terms if term and is_literal(term)}
    return tags.pop() if len(tags) == 1 else None
