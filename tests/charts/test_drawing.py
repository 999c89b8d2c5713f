"""Pictures of figures: what is in them, that they are safe, and that they are the same twice."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from kg.charts.figure import Figure, Point
from kg.charts.plain import draw_text

SVG = "{http://www.w3.org/2000/svg}"


def bars(*points: tuple, kind: str = "bar", x_kind: str = "text", **more) -> Figure:
    series = tuple(dict.fromkeys(point[2] for point in points if len(point) > 2))
    made = tuple(Point(*point, *([""] if len(point) == 2 else [])) for point in points)
    colour = "class" if series else None
    return Figure(kind, "Title", "year", "missiles", x_kind, made, colour, series, **more)


class TestText:
    def test_bars_are_as_long_as_their_values(self):
        text = draw_text(bars(("a", 4.0), ("b", 2.0), ("c", 0.0)), 40)
        a, b, c = text.splitlines()[-3:]
        assert abs(a.count("█") - 2 * b.count("█")) <= 1
        assert (a[-1], b[-1], c[-1], c.count("█")) == ("4", "2", "0", 0)
        assert max(map(len, text.splitlines())) <= 40

    def test_bars_below_zero_go_the_other_way(self):
        below, above = draw_text(bars(("a", -2.0), ("b", 2.0)), 60).splitlines()[-2:]
        assert below.rindex("█") + 1 == above.index("█")

    def test_years_without_a_row_have_a_line_without_a_bar(self):
        text = draw_text(bars((1998.0, 1.0), (2001.0, 2.0), x_kind="number"), 60)
        assert [line.split()[0] for line in text.splitlines()[-4:]] == [
            *("1998", "1999", "2000", "2001")
        ]

    def test_series_are_named(self):
        text = draw_text(bars(("a", 1.0, "s"), ("a", 2.0, "t")), 60)
        assert [line.split("  ")[0] for line in text.splitlines()[-3:]] == [
            *("year, class", "a, s", "a, t")
        ]

    @pytest.mark.parametrize("kind", ["line", "area", "point"])
    @pytest.mark.parametrize(
        ("x_kind", "xs"),
        [
            ("number", (1.0, 2.0, 4.0)),
            ("day", ("2022-01-01", "2022-01-02", "2022-03-01")),
            ("month", ("2022-01", "2022-02", "2023-01")),
            ("instant", ("2022-01-01T00:00:00Z", "2022-01-01T00:00:01.5Z", "2022-01-02T00:00:00Z")),
            ("text", ("a", "b", "c")),
        ],
    )
    def test_marks_on_a_grid(self, kind, x_kind, xs):
        points = [(x, float(y)) for x, y in zip(xs, (1, 9, 5), strict=True)]
        text = draw_text(bars(*points, kind=kind, x_kind=x_kind), 50)
        assert 2 <= text.count("•") <= 3
        assert ("·" in text) == (kind != "point")
        assert max(map(len, text.splitlines())) <= 50

    def test_one_point_alone(self):
        assert draw_text(bars((1.0, 3.0), kind="line", x_kind="number"), 40).count("•") == 1

    def test_long_labels_are_cut(self):
        text = draw_text(bars(("x" * 200, 1.0)), 60)
        assert "x…" in text
        assert max(map(len, text.splitlines())) <= 60


class TestPictures:
    @pytest.fixture(autouse=True)
    def extra(self):
        pytest.importorskip("vl_convert", reason="the extra charts is not installed")

    @pytest.mark.parametrize("kind", ["bar", "line", "area", "point"])
    @pytest.mark.parametrize(
        ("x_kind", "xs"),
        [
            ("number", (2020.0, 2022.0)),
            ("day", ("2022-01-01", "2022-03-01")),
            ("month", ("2022-01", "2023-01")),
            ("instant", ("2022-01-01T00:00:00Z", "2022-01-02T00:00:00Z")),
            ("text", ("a", "b" * 120)),
        ],
    )
    def test_every_kind_on_every_axis(self, kind, x_kind, xs):
        from kg.charts.vega import draw_svg

        figure = bars((xs[0], 3.0, "s"), (xs[1], 5.0, "t"), kind=kind, x_kind=x_kind)
        svg = draw_svg(figure)
        tree = ET.fromstring(svg)
        texts = {each.text for each in tree.iter(f"{SVG}text")}
        assert {"Title", "year", "missiles", "s", "t", "class"} <= texts
        if kind != "area":
            told = {each.text for each in tree.iter(f"{SVG}title")}
            assert any("missiles: 3" in text for text in told)

    def test_the_same_picture_twice(self):
        from kg.charts.vega import draw_svg

        figure = bars(("a", 3.0), ("b", 1.0))
        assert draw_svg(figure) == draw_svg(figure)

    def test_years_without_a_row_have_a_place(self):
        from kg.charts.vega import draw_svg

        svg = draw_svg(bars((1999.0, 3.0), (2003.0, 5.0), x_kind="number"))
        assert all(f">{year}</text>" in svg for year in range(1999, 2004))

    def test_a_picture_of_pixels(self):
        from kg.charts.vega import draw_png

        assert draw_png(bars(("a", 3.0))).startswith(b"\x89PNG\r\n")

    def test_texts_of_the_data_stay_texts(self):
        from kg.charts.page import draw_page
        from kg.charts.vega import draw_svg

        evil = '</title><script>alert("x")</script>'
        figure = Figure("bar", evil, evil, evil, "text", (Point(evil, 1.0, evil),), evil, (evil,))
        svg = draw_svg(figure)
        kinds = {each.tag for each in ET.fromstring(svg).iter()}
        assert f"{SVG}script" not in kinds
        page = draw_page(figure)
        assert "<script" not in page.lower()
        assert "default-src 'none'" in page
        assert page.count("alert(&quot;x&quot;)") > 3

    def test_a_page_has_the_numbers_too(self):
        from kg.charts.page import draw_page

        page = draw_page(bars((2022.0, 3.0), (2023.0, 1234567.0), x_kind="number"))
        assert '<tr><td>2022</td><td class="number">3</td></tr>' in page
        assert '<td class="number">1,234,567</td>' in page
        assert "http" not in page.replace("http://www.w3.org/", "").replace("http-equiv", "")
