"""Rows as figures: where points lie, what is added up, what is told and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.charts.figure import MOST_SERIES, MOST_TEXTS, Figure, Point, make_figure
from kg.errors import InputError, Location
from kg.queries.chart_line import KINDS, parse_chart
from kg.queries.display import Shortener
from kg.terms import XSD, literal

HERE = Location("--chart")


def number(value: object, kind: str = "integer") -> str:
    return literal(str(value), f"{XSD}{kind}")


def figure(line: str, columns: str, rows: Iterable[Sequence[str | None]]) -> Figure:
    shortener = Shortener({"ex": "http://example.org/"})
    return make_figure(columns.split(), rows, parse_chart(line, HERE), shortener)


def drawn(line: str, columns: str, rows: Iterable[Sequence[str | None]]) -> list[tuple]:
    return [tuple(point) for point in figure(line, columns, rows).points]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "begins with bar, line, area or point, not ''"),
        ("pie x=a", "not 'pie'"),
        ("bar x", "'x' is no part"),
        ("bar z=a", "'z=a' is no part"),
        ("bar x=", "'x=' is no part"),
        ("bar x=a x=b", "says x twice"),
        ("bar color=a colour=b", "says colour twice"),
        ("bar x=a per=week", "per takes year, month or day, not 'week'"),
    ],
)
def test_a_line_that_means_nothing(line, told):
    with pytest.raises(InputError, match=told) as caught:
        parse_chart(line, HERE)
    assert caught.value.code == "bad-chart"
    assert caught.value.location == HERE


def test_a_line_is_read_as_people_write_it():
    line = parse_chart(" BAR  X=?day color=$class per=month ", HERE)
    assert (line.kind, line.x, line.y, line.colour, line.per) == (
        *("bar", "day", None),
        *("class", "month"),
    )


def test_a_column_that_is_not_there_is_told_with_the_nearest():
    with pytest.raises(InputError, match="missils") as caught:
        figure("bar x=year y=missils", "year missiles", [])
    assert (caught.value.code, caught.value.hint) == ("unknown-column", "Did you mean missiles?")


class TestWhere:
    def test_texts_keep_the_order_of_the_answer(self):
        rows = [
            ('"b"', number(2)),
            ('"a"@en', number(1)),
            ("<http://example.org/c>", number(3)),
        ]
        assert drawn("bar x=x y=y", "x y", rows) == [("b", 2, ""), ("a", 1, ""), ("ex:c", 3, "")]

    def test_numbers_and_times_are_sorted(self):
        rows = [(number(2021), number(1)), (number("1999.0", "decimal"), number(2))]
        assert drawn("line x=x y=y", "x y", rows) == [(1999, 2, ""), (2021, 1, "")]

    @pytest.mark.parametrize(
        ("text", "kind", "per", "x", "x_kind"),
        [
            ("2022-11-18", "date", None, "2022-11-18", "day"),
            ("2022-11-18+09:00", "date", None, "2022-11-18", "day"),
            ("2022-11-18", "date", "month", "2022-11", "month"),
            ("2022-11-18", "date", "year", 2022.0, "number"),
            ("2022-11", "gYearMonth", None, "2022-11", "month"),
            ("2022", "gYear", None, 2022.0, "number"),
            ("2022-11-18T08:00:00+09:00", "dateTime", None, "2022-11-17T23:00:00Z", "instant"),
            ("2022-11-18T08:00:00+09:00", "dateTime", "day", "2022-11-18", "day"),
            ("2022-02-30", "date", None, "2022-02-30", "text"),
            ("-0044-03-15", "date", None, "-0044-03-15", "text"),
            ("12022-03-15", "date", None, "12022-03-15", "text"),
        ],
    )
    def test_times(self, text, kind, per, x, x_kind):
        line = "bar x=x" + (f" per={per}" if per else "")
        made = figure(line, "x", [(literal(text, f"{XSD}{kind}"),)])
        assert (made.points[0].x, made.x_kind) == (
            x if x_kind != "text" else made.points[0].x,
            x_kind,
        )
        assert x_kind != "text" or text in str(made.points[0].x)

    def test_values_of_several_kinds_are_texts(self):
        made = figure("bar x=x y=y", "x y", [(number(2021), number(1)), ('"later"', number(2))])
        assert made.x_kind == "text"
        assert [point.x for point in made.points] == ["2021", "later"]

    def test_control_characters_are_shown(self):
        assert drawn("bar x=x", "x", [('"a\\u001B[2J"',)]) == [("a\\x1B[2J", 1, "")]


class TestWhatIsAddedUp:
    def test_rows_of_one_place(self):
        rows = [('"a"', number(2)), ('"a"', number(3)), ('"b"', number(1))]
        made = figure("bar x=x y=y", "x y", rows)
        assert made.points == (Point("a", 5, ""), Point("b", 1, ""))
        assert made.remarks == (
            "rows with the same x are added up; colour=COLUMN draws series of them",
        )

    def test_each_series_by_itself(self):
        rows = [('"a"', number(2), '"s"'), ('"a"', number(3), '"t"')]
        made = figure("bar x=x y=y colour=c", "x y c", rows)
        assert made.points == (Point("a", 2, "s"), Point("a", 3, "t"))
        assert (made.series, made.remarks) == (("s", "t"), ())

    def test_rows_are_counted_without_y(self):
        made = figure("bar x=x", "x", [('"a"',), ('"b"',), ('"a"',)])
        assert [point.y for point in made.points] == [2, 1]
        assert (made.y, made.remarks) == ("rows", ())

    def test_points_stay_where_they_are(self):
        rows = [(number(1), number(2)), (number(1), number(2))]
        assert len(figure("point x=x y=y", "x y", rows).points) == 2

    @given(
        st.sampled_from([kind for kind in KINDS if kind != "point"]),
        st.lists(st.tuples(st.sampled_from("abc"), st.integers(-9, 9)), min_size=1),
    )
    def test_nothing_is_lost(self, kind, rows):
        terms = [(literal(x), number(y)) for x, y in rows]
        made = figure(f"{kind} x=x y=y", "x y", terms)
        assert sum(point.y for point in made.points) == sum(y for _, y in rows)
        assert [point.x for point in made.points] == list(dict.fromkeys(x for x, _ in rows))


class TestWhatIsLeftOut:
    def test_is_told(self):
        rows = [(None, number(1)), ('"a"', None), ('"a"', '"text"'), ('"a"', number(1))]
        assert figure("bar x=x y=y", "x y", rows).remarks == (
            "not drawn: 1 row without a value for x",
            "not drawn: 2 rows without a number for y",
        )

    @pytest.mark.parametrize("value", ["INF", "-INF", "NaN"])
    def test_what_no_axis_has(self, value):
        rows = [('"a"', number(value, "double")), ('"b"', number(1))]
        assert drawn("bar x=x y=y", "x y", rows) == [("b", 1, "")]

    @pytest.mark.parametrize(
        ("line", "rows", "told"),
        [
            ("bar x=x y=y", [], "the answer has no rows"),
            ("bar x=x y=y", [('"a"', '"1"')], "no y is a number"),
            ("bar x=x", [(None, None)], "no x has a value"),
            ("bar x=x per=month", [('"a"', None)], "no x is a day"),
        ],
    )
    def test_nothing_to_draw(self, line, rows, told):
        with pytest.raises(InputError, match=told) as caught:
            figure(line, "x y", rows)
        assert caught.value.code == "nothing-to-draw"

    def test_too_much(self, monkeypatch):
        monkeypatch.setattr("kg.charts.figure.MOST_POINTS", 3)
        with pytest.raises(InputError, match="more than 3 points"):
            figure("line x=x", "x", [(number(n),) for n in range(9)])

    def test_too_many_texts_or_colours(self):
        texts = [(f'"{n}"',) for n in range(MOST_TEXTS + 1)]
        with pytest.raises(InputError, match=f"more than {MOST_TEXTS} texts along x"):
            figure("bar x=x", "x", texts)
        with pytest.raises(InputError, match="values of c to tell apart"):
            figure("bar x=x colour=c", "x c", [('"a"', f'"{n}"') for n in range(MOST_SERIES + 1)])


def test_a_kind_alone_takes_the_first_column_and_the_first_with_numbers():
    rows = [('"a"', '"text"', number(7))]
    made = figure("bar", "name note height", rows)
    assert (made.x, made.y, made.points) == ("name", "height", (Point("a", 7, ""),))
    assert figure("bar", "name note", [('"a"', '"b"')]).y == "rows"
