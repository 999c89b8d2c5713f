"""An answer on a page: so many rows of it, and the way to the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from kg.page.answer import table
from kg.page.markup import Html, Piece, joined, tag
from kg.queries.engine import Answer, Row, Rows
from kg.queries.ordered import ordered
from kg.queries.run import Prepared
from kg.records import dataclass
from kg.serve.messages import Request
from kg.serve.state import State

# Rows on one page, and the name of the parameter that says where it begins. No variable of
# SPARQL has a hyphen, so it is no parameter of a question.
ROWS: Final = 200
FROM: Final = "from-row"
_GRAPH: Final = ("subject", "predicate", "object")


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it is on a page.

    Attributes:
        html: The answer.
        is_empty: Whether it holds nothing.
    """

    html: Html
    is_empty: bool


def first_row(request: Request) -> int:
    """Return the number of the first row of a page, from 0."""
    text = request.value(FROM, "0")[:9]
    return int(text) if text.isascii() and text.isdecimal() else 0


def shown(state: State, prepared: Prepared, first: int, address: str) -> Shown:
    """Ask, and return the part of the answer that a page shows.

    Args:
        state: The build.
        prepared: The query.
        first: The number of the first row.
        address: Of the page, without the parameter for the row.

    Raises:
        InputError: The query cannot be answered.
    """
    answer: Answer = prepared.watched(prepared.ask())
    if isinstance(answer, bool):
        return Shown(tag("p", tag("strong", "yes" if answer else "no")), not answer)
    columns: Sequence[str] = _GRAPH
    rows: Iterable[Row] = ordered(iter(answer)) if not isinstance(answer, Rows) else answer
    if isinstance(answer, Rows):
        columns = answer.columns
    held = list(islice(rows, first, first + ROWS + 1))
    part = held[:ROWS]
    pieces: list[Piece] = [_count(first, len(part), len(held) > ROWS)]
    if part:
        pieces.append(table(columns, part, state.shower))
    pieces.append(_steps(address, first, len(held) > ROWS))
    pieces += _remarks(prepared, not part and not first)
    return Shown(joined(pieces), not part)


def _remarks(prepared: Prepared, is_empty: bool) -> Iterator[Html]:
    told = prepared.remarks() + (prepared.why_empty() if is_empty else [])
    for remark in told:
        yield tag("p", remark, class_="notice")


def _count(first: int, count: int, more: bool) -> Html:
    if not count:
        return tag(
            "p", "No rows." if not first else "No further rows.", class_="empty", role="status"
        )
    if not first and not more:
        text = f"{count:,} row{'' if count == 1 else 's'}"
    else:
        text = f"rows {first + 1:,} to {first + count:,}" + (", and there are more" if more else "")
    return tag("p", text, class_="soft", role="status")


def _steps(address: str, first: int, more: bool) -> Html | None:
    mark = "&" if "?" in address else "?"
    steps = []
    if first:
        before = max(0, first - ROWS)
        steps.append(tag("a", "Before", href=f"{address}{mark}{FROM}={before}", rel="prev"))
    if more:
        steps.append(tag("a", "More", href=f"{address}{mark}{FROM}={first + ROWS}", rel="next"))
    return tag("p", joined(steps, " · "), class_="steps") if steps else None
