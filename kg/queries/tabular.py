"""Answers for people: a table for the terminal, Markdown, HTML. All are streamed.

The first rows are looked at for widths and alignment; the rest follows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final, Protocol

from kg.queries.display import Shortener, is_number, printable, width, wrap
from kg.queries.engine import Row, Term
from kg.terms import is_named, split_literal
from kg.wording import visible

# Rows looked at before the first is written: enough to size columns, little to hold.
WINDOW: Final = 500
_GAP: Final = "  "
# Columns; a narrower column is harder to read than a block for each row.
_NARROWEST: Final = 16


class TextSink(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object:
        """Take some text."""


def write_table(
    columns: Sequence[str],
    rows: Iterable[Row],
    out: TextSink,
    shortener: Shortener,
    terminal: int | None = None,
) -> int:
    """Write a table of aligned columns, and return the number of rows.

    Args:
        columns: Their names.
        rows: A term for each column, None where it is unbound.
        out: Where the table goes.
        shortener: Writes IRIs.
        terminal: Columns that the terminal has; None for no limit. Cells are wrapped to fit; a
            row with too many columns becomes a block of lines.
    """
    head, rest = _window(rows)
    right = _number_columns(head, len(columns))
    languages = _languages(head, len(columns))
    names = [printable(name) for name in columns]

    def shown(row: Row) -> list[str]:
        return [
            printable(shortener.text(term, language))
            for term, language in zip(row, languages, strict=True)
        ]

    first = [shown(row) for row in head]
    texts = chain(first, map(shown, rest))
    widths = [max([width(name), *(width(row[i]) for row in first)]) for i, name in enumerate(names)]
    if terminal is not None and not _fit(widths, terminal):
        count = _write_blocks(names, texts, out, terminal)
    else:
        limited = terminal is not None
        _write_line(names, widths, right, out, limited)
        out.write(_GAP.join("─" * size for size in widths) + "\n")
        count = 0
        for count, row in enumerate(texts, 1):  # noqa: B007  (the last one is the answer)
            _write_line(row, widths, right, out, limited)
    note = "; numbers are rounded" if shortener.has_rounded else ""
    out.write(f"{count:,} row{'' if count == 1 else 's'}{note}\n")
    return count


def _window(rows: Iterable[Row]) -> tuple[list[Row], Iterator[Row]]:
    iterator = iter(rows)
    return list(islice(iterator, WINDOW)), iterator


def _number_columns(rows: Sequence[Row], count: int) -> list[bool]:
    return [
        any(row[i] is not None for row in rows)
        and all(term is None or is_number(term) for term in (row[i] for row in rows))
        for i in range(count)
    ]


def _languages(rows: Sequence[Row], count: int) -> list[str | None]:
    """Return the language of each column whose texts all have the same one."""
    found: list[str | None] = []
    for i in range(count):
        terms = (row[i] for row in rows)
        tags = {split_literal(term).language for term in terms if term and term[0] == '"'}
        found.append(tags.pop() if len(tags) == 1 else None)
    return found


def _fit(widths: list[int], terminal: int) -> bool:
    """Narrow the widest columns until all fit; tell whether that can be done."""
    room = terminal - len(_GAP) * (len(widths) - 1)
    if room < sum(min(size, _NARROWEST) for size in widths):
        return False
    while (excess := sum(widths) - room) > 0:
        widest = max(widths)
        at = [i for i, size in enumerate(widths) if size == widest]
        second = max([size for size in widths if size < widest] + [_NARROWEST])
        step = max(1, min(widest - second, -(-excess // len(at))))
        for i in at:
            widths[i] -= min(step, max(0, sum(widths) - room))
    return True


def _write_line(
    texts: Sequence[str], widths: list[int], right: list[bool], out: TextSink, limited: bool
) -> None:
    cells = [
        wrap(text, size) if limited else [text] for text, size in zip(texts, widths, strict=True)
    ]
    for number in range(max(map(len, cells), default=1)):
        parts = [
            _padded(cell[number] if number < len(cell) else "", size, to_right)
            for cell, size, to_right in zip(cells, widths, right, strict=True)
        ]
        out.write(_GAP.join(parts).rstrip(" ") + "\n")


def _padded(text: str, size: int, to_right: bool) -> str:
    blanks = " " * (size - width(text))
    return blanks + text if to_right else text + blanks


def _write_blocks(
    names: list[str], texts: Iterable[Sequence[str]], out: TextSink, terminal: int
) -> int:
    count = 0
    size = min(max(map(width, names)), max(_NARROWEST, terminal // 3))
    room = max(_NARROWEST, terminal - size - len(_GAP))
    for count, row in enumerate(texts, 1):
        out.write(f"── row {count:,}\n")
        for name, text in zip(names, row, strict=True):
            _write_line([name, text], [size, room], [False, False], out, limited=True)
    return count


def write_markdown(
    columns: Sequence[str], rows: Iterable[Row], out: TextSink, shortener: Shortener
) -> int:
    """Write a Markdown table, and return the number of rows.

    Spec: https://github.github.com/gfm/#tables-extension-
    """
    head, rest = _window(rows)
    right = _number_columns(head, len(columns))
    languages = _languages(head, len(columns))
    out.write("| " + " | ".join(_markdown(name) for name in columns) + " |\n")
    out.write("| " + " | ".join("---:" if to_right else "---" for to_right in right) + " |\n")
    count = 0
    for count, row in enumerate(chain(head, rest), 1):  # noqa: B007
        cells = (
            _markdown(shortener.text(term, language))
            for term, language in zip(row, languages, strict=True)
        )
        out.write("| " + " | ".join(cells) + " |\n")
    return count


_MARKDOWN: Final = str.maketrans({
    "\\": "\\\\", "|": "\\|", "`": "\\`", "*": "\\*", "_": "\\_", "[": "\\[", "]": "\\]",
    "<": "&lt;", ">": "&gt;", "&": "&amp;", "~": "\\~", "\n": "<br>", "\r": None,
})  # fmt: skip


def _markdown(text: str) -> str:
    return visible(text.replace("\r", "")).translate(_MARKDOWN)


# HTML has no control characters but white space.
_HTML: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    | {chr(code): f"\\x{code:02X}" for code in (*range(32), *range(127, 160))}
    | {"\t": "\t", "\n": "\n", "\r": "\r"}
)
_ODD_IN_HTML: Final = re.compile(r'[&<>"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]')


def html_text(text: str) -> str:
    """Return a text as HTML has it, within an element or between double quotes.

    >>> html_text('a < "b"')
    'a &lt; &quot;b&quot;'
    """
    # Most texts have nothing to be escaped, and looking takes a fifth of what translating takes.
    return text.translate(_HTML) if _ODD_IN_HTML.search(text) else text


def write_html(
    columns: Sequence[str],
    rows: Iterable[Row],
    out: TextSink,
    shortener: Shortener,
    title: str = "Answer",
) -> int:
    """Write an HTML page with one table, and return the number of rows."""
    out.write(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{html_text(title)}</title>\n"
    )
    count = write_html_table(columns, rows, out, shortener)
    out.write(f"<p>{count:,} row{'' if count == 1 else 's'}</p>\n</html>\n")
    return count


def write_html_table(
    columns: Sequence[str], rows: Iterable[Row], out: TextSink, shortener: Shortener
) -> int:
    """Write one table of HTML, its texts escaped, and return the number of rows."""
    out.write("<table>\n<thead><tr>")
    out.write("".join(f'<th scope="col">{html_text(name)}</th>' for name in columns))
    out.write("</tr></thead>\n<tbody>\n")
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007
        out.write(f"<tr>{''.join(_html_cell(term, shortener) for term in row)}</tr>\n")
    out.write("</tbody>\n</table>\n")
    return count


def _html_cell(term: Term | None, shortener: Shortener) -> str:
    text = shortener.text(term).translate(_HTML)
    # Only addresses of the web become links: javascript: and data: IRIs would run.
    if term is None:
        return f"<td>{text}</td>"
    if is_named(term) and term.startswith(("<http://", "<https://")):
        return f'<td><a href="{term[1:-1].translate(_HTML)}">{text}</a></td>'
    if term.startswith('"') and (parts := split_literal(term)).language:
        return f'<td lang="{parts.language}">{parts.lexical.translate(_HTML)}</td>'
    if is_number(term):
        return f'<td style="text-align:right">{text}</td>'
    return f"<td>{text}</td>"
