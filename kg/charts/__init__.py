"""Charts: the rows of an answer as bars, lines, areas or points.

`make_figure` adds up rows; the figure is drawn as SVG, PNG, a page of HTML, or plain text.
"""

from __future__ import annotations

from typing import IO

from kg.charts.figure import Figure, make_figure
from kg.extras import need
from kg.queries.answer import Style, limited_rows
from kg.queries.chart_line import ChartLine
from kg.queries.display import Shortener
from kg.queries.engine import Answer, Rows
from kg.queries.formats import Format

__all__ = ["Figure", "check_drawable", "draw", "make_figure", "write_chart"]


def check_drawable(form: Format) -> None:
    """Look whether a chart can be drawn in a format, before anything is asked.

    Raises:
        InputError: The package for it is not installed.
    """
    if form.name != "table":
        need("vl_convert", "charts", f"a chart as {form.name}")


def write_chart(
    answer: Answer, line: ChartLine, form: Format, out: IO[bytes], style: Style
) -> tuple[str, ...]:
    """Draw the rows of an answer, and return what to tell who asked for it.

    The answer is that of a SELECT: `choose_chart_format` refuses others before they are asked.

    Raises:
        InputError: A column is not there, there is nothing to draw, or too much.
        LimitError: The answer has more rows than `style` allows.
    """
    assert isinstance(answer, Rows)
    rows = limited_rows(answer, style.rows)
    shortener = Shortener(style.prefixes)
    figure = make_figure(answer.columns, rows, line, shortener, style.title)
    out.write(draw(figure, form, style.terminal))
    return figure.remarks


def draw(figure: Figure, form: Format, terminal: int | None = None) -> bytes:
    """Return a figure in a format.

    Args:
        figure: What is drawn.
        form: table stands for plain text.
        terminal: Columns of the terminal that a text goes to.
    """
    if form.name == "table":
        from kg.charts.plain import draw_text

        return draw_text(figure, terminal).encode()
    from kg.charts.vega import draw_png, draw_svg

    if form.name == "png":
        return draw_png(figure)
    if form.name == "svg":
        return draw_svg(figure).encode()
    from kg.charts.page import draw_page

    return draw_page(figure).encode()
