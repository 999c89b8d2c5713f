"""A figure as a page of HTML: the picture, and its numbers as a table. It needs no other files."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from kg.charts.figure import Figure, write_number
from kg.charts.vega import draw_svg

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --line: #ccc; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16181c; --line: #444; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.3rem; }
figure { margin: 0; overflow-x: auto; }
svg { max-width: 100%; height: auto; min-width: 30rem; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .75rem .25rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def draw_page(figure: Figure) -> str:
    """Return a figure as a page.

    Raises:
        InputError: The package vl-convert-python is not installed.
    """
    from dataclasses import replace

    title = escape(figure.title or f"{figure.y} by {figure.x}")
    svg = draw_svg(replace(figure, title=""), ink="currentColor", paper=None)
    digest = b64encode(sha256(_STYLE.encode()).digest()).decode()
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy"'
        f" content=\"default-src 'none'; style-src 'sha256-{digest}'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n<main>\n<h1>{title}</h1>\n"
        f'<figure tabindex="0" aria-label="{title}">{svg}</figure>\n'
        f"<details>\n<summary>The numbers</summary>\n{figure_table(figure)}</details>\n"
        "</main>\n</html>\n"
    )


def figure_table(figure: Figure) -> str:
    """Return the points of a figure as a table of HTML, for who does not see the picture."""
    names = [figure.x, *([figure.colour] if figure.colour else []), figure.y]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = []
    for point in figure.points:
        x = write_number(point.x) if isinstance(point.x, float) else point.x
        cells = [x, *([point.series] if figure.colour else [])]
        row = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr>{row}<td class="number">{write_number(point.y)}</td></tr>\n')
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody>\n</table>\n"
