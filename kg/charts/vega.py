"""Figures as Vega-Lite, and pictures of them by vl-convert, without a browser or a network.

Spec: https://vega.github.io/vega-lite/docs/spec.html
"""

from __future__ import annotations

import json
import re
from html import escape
from textwrap import wrap
from typing import Any, Final

from kg.charts.figure import DAY, INSTANT, MONTH, NUMBER, TEXT, Figure, Point, whole_numbers
from kg.extras import need
from kg.wording import width

Spec = dict[str, Any]

_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
_VERSION: Final = "6.4"
_WIDE: Final = 640
_HIGH: Final = 300
# Pixels of a letter of a label, and of a bar with its gap where bars lie.
_LETTER: Final = 6.5
_STEP: Final = 22
# Lines of a title that is longer than the picture is wide.
_TITLE: Final = 80
# Up to here, each point of a line has a mark; and each series its own strokes, for eyes that do
# not tell colours.
_MARKED: Final = 60
_STROKES: Final = 6
# Labels stand below their ticks, or are left out where there is no room.
_SPARSE: Final[Spec] = {"labelOverlap": "greedy", "labelSeparation": 6, "labelFlush": False}
_FIRST_COLOUR: Final = "#2f6f9f"


def vega_lite(figure: Figure, ink: str = "#222222", paper: str | None = "white") -> Spec:
    """Return a figure as Vega-Lite.

    Args:
        figure: What is drawn.
        ink: The colour of texts and lines; ``currentColor`` for an SVG within a page.
        paper: The colour behind it; None for none.
    """
    lying = _lies(figure)
    along, up = _along(figure, lying), _up(figure, lying)
    spec: Spec = {
        "$schema": _SCHEMA,
        "width": _WIDE,
        "height": {"step": _STEP} if lying else _HIGH,
        "data": {"values": [_datum(figure, point) for point in figure.points]},
        "mark": _mark(figure),
        "encoding": {"x": up, "y": along} if lying else {"x": along, "y": up},
        "config": _config(ink, paper),
    }
    if figure.title:
        spec["title"] = {"text": wrap(figure.title, _TITLE), "anchor": "start", "frame": "group"}
    if figure.colour is not None:
        spec["encoding"] |= _colours(figure)
    return spec


def _datum(figure: Figure, point: Point) -> dict[str, Any]:
    x = f"{point.x}-01" if figure.x_kind == MONTH else point.x
    return {"x": x, "y": point.y} | ({"c": point.series} if figure.colour is not None else {})


def _lies(figure: Figure) -> bool:
    """Return whether bars lie, since the texts along them would not fit below."""
    if figure.kind != "bar" or figure.x_kind != TEXT:
        return False
    texts = {str(point.x) for point in figure.points}
    return sum(width(text) + 2 for text in texts) * _LETTER > _WIDE


def _along(figure: Figure, lying: bool) -> Spec:
    """Return the encoding of the axis along which the points lie."""
    axis: Spec = {"labelAngle": 0, "labelLimit": 260, "grid": figure.kind != "bar"}
    found: Spec = {"field": "x", "title": figure.x, "axis": axis}
    bands = whole_numbers(figure) if figure.kind == "bar" else None
    if figure.x_kind == TEXT:
        if lying:
            axis |= {"titleAngle": 0, "titleAlign": "right", "titleX": -8, "titleY": -8}
        return found | {"type": "nominal", "sort": None}
    axis |= _SPARSE
    if bands is not None:
        return found | {"type": "ordinal", "scale": {"domain": bands}}
    if figure.x_kind == NUMBER:
        numbers = [float(point.x) for point in figure.points]
        if all(number.is_integer() for number in numbers):
            axis["tickMinStep"] = 1
            axis["format"] = "d" if max(map(abs, numbers)) < 10_000 else ","
        nice = figure.kind == "point"
        return found | {"type": "quantitative", "scale": {"zero": False, "nice": nice}}
    found |= {"type": "temporal", "scale": {"type": "utc"}}
    if figure.kind == "bar" and figure.x_kind != INSTANT:
        unit = "utcyearmonthdate" if figure.x_kind == DAY else "utcyearmonth"
        found |= {"timeUnit": unit}
    return found


def _up(figure: Figure, lying: bool) -> Spec:
    """Return the encoding of the axis that says how much."""
    axis = dict(_SPARSE)
    if not lying:
        # Read from left to right, above the axis.
        axis |= {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0}
        axis |= {"titleY": -10, "titleBaseline": "bottom"}
    if all(point.y.is_integer() for point in figure.points):
        axis |= {"tickMinStep": 1}
    found: Spec = {"field": "y", "type": "quantitative", "title": figure.y, "axis": axis}
    if figure.kind in ("line", "point"):
        found |= {"scale": {"zero": False}}
    return found


def _mark(figure: Figure) -> Spec:
    if figure.kind == "bar":
        return {"type": "bar", "minBandSize": 1.5, "color": _FIRST_COLOUR}
    if figure.kind == "point":
        return {"type": "point", "filled": True, "size": 40, "opacity": 1, "color": _FIRST_COLOUR}
    few = len(figure.points) <= _MARKED
    return {"type": figure.kind, "point": few, "color": _FIRST_COLOUR}


def _colours(figure: Figure) -> Spec:
    domain = list(figure.series)
    scheme = "tableau10" if len(domain) <= 10 else "tableau20"
    told: Spec = {"field": "c", "type": "nominal", "title": figure.colour, "sort": domain}
    found: Spec = {"color": told | {"scale": {"domain": domain, "scheme": scheme}}}
    if len(domain) <= _STROKES and figure.kind == "line":
        found["strokeDash"] = told | {"scale": {"domain": domain}}
    if len(domain) <= _STROKES and figure.kind == "point":
        found["shape"] = told | {"scale": {"domain": domain}}
    return found


def _config(ink: str, paper: str | None) -> Spec:
    texts = {"labelColor": ink, "titleColor": ink, "labelFontSize": 11, "titleFontSize": 12}
    lines = {"domainColor": ink, "tickColor": ink, "gridColor": ink, "gridOpacity": 0.15}
    return {
        "background": paper,
        "font": "sans-serif",
        "view": {"stroke": None},
        "axis": {**texts, **lines, "titleFontWeight": "normal"},
        "legend": {**texts, "labelLimit": 220, "symbolLimit": 0},
        "title": {"color": ink, "fontSize": 14, "offset": 10},
    }


def draw_svg(figure: Figure, *, ink: str = "#222222", paper: str | None = "white") -> str:
    """Return a figure as SVG, with what each mark means as a text that readers and mice find.

    Args:
        figure: What is drawn.
        ink: The colour of texts and lines; ``currentColor`` for an SVG within a page.
        paper: The colour behind it; None for none.

    Raises:
        InputError: The package vl-convert-python is not installed.
    """
    vl_convert = need("vl_convert", "charts", "a chart as SVG")
    spec = json.dumps(vega_lite(figure, ink, paper))
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=_VERSION, allowed_base_urls=[])
    label = escape(figure.title or f"{figure.y} by {figure.x}", quote=True)
    head = f'class="marks" role="graphics-document" aria-label="{label}"'
    svg = svg.replace('class="marks"', head, 1)
    return re.sub(r'(<path aria-label="([^"]*)"[^>]*)/>', r"\1><title>\2</title></path>", svg)


def draw_png(figure: Figure) -> bytes:
    """Return a figure as PNG, with two pixels for each of the SVG.

    Raises:
        InputError: The package vl-convert-python is not installed.
    """
    vl_convert = need("vl_convert", "charts", "a chart as PNG")
    spec = json.dumps(vega_lite(figure))
    png: bytes = vl_convert.vegalite_to_png(
        spec, vl_version=_VERSION, scale=2, allowed_base_urls=[]
    )
    return png
