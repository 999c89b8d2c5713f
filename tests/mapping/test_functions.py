"""What functions give: examples of the projects that name them, and laws against plain Python."""

from __future__ import annotations

import html
import json
import math
import re
from contextlib import suppress
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg.engines.duckdb.function_sql import call_sql, list_sql
from kg.errors import InputError
from kg.mapping.functions import GREL, IDLAB, make_call
from kg.mapping.plan import Call, Constant, Expression, Function, Origin, TermType
from tests.mapping.running import run_mapping, yarrrml

MORPH = "https://github.com/morph-kgc/morph-kgc/function/built-in.ttl#"
XSD = "http://www.w3.org/2001/XMLSchema#"


def text(value: str) -> Constant:
    return Constant(value, TermType.LITERAL)


def quoted(expression: Expression) -> str:
    if isinstance(expression, Constant):
        return "'" + expression.value.replace("'", "''") + "'"
    assert isinstance(expression, Call)
    return printed(expression)


def printed(call: Call) -> str:
    if call.function is Function.LIST:
        return f"[{', '.join(map(quoted, call.arguments))}]::VARCHAR[]"
    return list_sql(call, quoted) if call.function.gives_list else call_sql(call, quoted)


def given_by(database: Any, name: str, *values: str) -> Any:
    """What a call of constants gives."""
    call = make_call(name, [(None, text(value)) for value in values], Origin("m", 1))
    rows = "(SELECT 0 AS file, 1 AS record)"
    (row,) = database.execute(f"SELECT {printed(call)} FROM {rows}").fetchall()
    return row[0]


def named(database: Any, name: str, *values: tuple[str, str]) -> Any:
    call = make_call(name, [(key, text(value)) for key, value in values], Origin("m", 1))
    (row,) = database.execute(f"SELECT {printed(call)}").fetchall()
    return row[0]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
short = st.text("ab-é \U0001f469\u0301", max_size=6)
FEW = settings(max_examples=15, deadline=None)


class TestExamples:
    @pytest.mark.parametrize(
        ("name", "values", "made"),
        [
            ("string_match", ["car with 4 seats", r".*?(\d+).*?"], ["4"]),
            ("grel:match", ["2020-03", r"/(\d+)-(\d+)/"], ["2020", "03"]),
            ("match", ["none", r"(\d+)"], None),
            ("find", ["a1b22", r"\d+"], ["1", "22"]),
            ("string_split", ["a,,b", ","], ["a", "", "b"]),
            ("smartSplit", ["a\tb,c"], ["a", "b,c"]),
            ("smartSplit", ["a,b"], ["a", "b"]),
            ("combin", ["2.5", "3"], None),
            ("combin", ["", ""], None),
            ("combin", ["3", "x"], None),
            ("combin", ["5", "2"], "10"),
            ("splitByLengths", ["internationalization", "5", "6", "3"], ["inter", "nation", "ali"]),
            ("splitByCharType", ["BE1A3E"], ["BE", "1", "A", "3", "E"]),
            ("partition", ["internationalization", "nation"], ["inter", "nation", "alization"]),
            ("partition", ["internationalization", "nation", "true"], ["inter", "alization"]),
            ("partition", ["abc", "x"], ["abc", "", ""]),
            ("rpartition", ["parallel", "a"], ["par", "a", "llel"]),
            ("unicode", ["aé"], ["97", "233"]),
            ("indexOf", ["internationalization", "nation"], "5"),
            ("indexOf", ["abc", "x"], "-1"),
            ("lastIndexOf", ["parallel", "a"], "3"),
            ("chomp", ["barely", "ly"], "bare"),
            ("chomp", ["bare", "ly"], "bare"),
            ("string_diff", ["cacti", "cactus"], "us"),
            ("replaceChars", ["Téxt thát", "áé", "ae"], "Text that"),
            ("reverse", ["abc"], "cba"),
            ("slugify", ["Mont Blanc (Été)"], "mont-blanc-ete"),
            ("toUpperCaseURL", ["www.example.com/a b"], "http://WWW.EXAMPLE.COM/A%20B"),
            ("toUpperCaseURL", ["HTTPS://x.org"], "https://X.ORG"),
            ("getMIMEType", ["a.b.csv"], "text/csv"),
            ("getMIMEType", ["readme"], None),
            ("escape", ["A&B", "html"], "A&amp;B"),
            ("escape", ["it's <x>", "xml"], "it&apos;s &lt;x&gt;"),
            ("escape", ['a "b", c', "csv"], '"a ""b"", c"'),
            ("escape", ["a\n", "javascript"], "a\\n"),
            ("unescape", ["&eacute;&#233;&#xe9;&nope;&", "html"], "ééé&nope;&"),
            ("unescape", ["a%20b", "url"], "a b"),
            ("unescape", ['"a ""b"""', "csv"], 'a "b"'),
            ("unescape", ["a\\n\\\\n", "javascript"], "a\n\\n"),
            ("string_unescape", ["a%20b", "url"], "a b"),
            ("other_type", ["1"], "string"),
            ("helloworld", [], "Hello World!"),
            ("alwaysReturnsABC", [], "ABC"),
            ("schema", ["Person"], "https://schema.org/Person"),
            ("concat2", ["a", "b"], "ab"),
            ("http://example.com/toLower", ["AB"], "ab"),
            ("replaceValue", ["a b", " ", "-"], "a-b"),
            (f"{MORPH}hash", ["a"],
             "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
            (f"{MORPH}hash_iri", [""], "http://example.com/ns#"
             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (f"{MORPH}controls_if_cast", ["no", "yes", "never"], "never"),
            (f"{MORPH}controls_if_cast", ["x", "yes"], "yes"),
            (f"{GREL}string_replace", ["a1b2", r"/(\d)/", "<$1>"], "a<1>b<2>"),
            (f"{GREL}string_replace", ["a/b", "/", "-"], "a-b"),
            (f"{IDLAB}falseCondition", ["false", "x"], "x"),
            ("stringContainsOtherString", ["a,b", "b", ","], "true"),
            ("stringContainsOtherString", ["a,bc", "b", ","], "false"),
            ("inRange", ["3", "1", "3"], "false"),
            ("inRange", ["1", "1", "3"], "true"),
            ("xor", ["true", "true", "true"], "true"),
            ("isBlank", [""], "true"),
            ("isNumeric", ["1e3"], "true"),
            ("add", ["0.1", "0.2"], "0.3"),
            ("add", ["1" * 30, "1"], "1" * 29 + "2"),
            ("subtract", ["1", "1.50"], "-0.5"),
            ("multiply", ["-1.5", "2"], "-3"),
            ("divide", ["7", "2"], "3.5"),
            ("divide", ["6", "3"], "2"),
            ("divide", ["1", "0"], None),
            ("quotient", ["-7", "2"], "-3"),
            ("mod", ["74", "9"], "2"),
            ("math_round", ["2.5"], "3"),
            ("math_round", ["-2.5"], "-2"),
            ("floor", ["-2.1"], "-3"),
            ("ceil", ["2.1"], "3"),
            ("even", ["3"], "4"),
            ("odd", ["2.2"], "3"),
            ("abs", ["-07.50"], "7.5"),
            ("min", ["10", "9"], "9"),
            ("max", ["10", "9"], "10"),
            ("pow", ["2", "10"], "1024"),
            ("fact", ["20"], "2432902008176640000"),
            ("factn", ["10", "3"], "280"),
            ("combin", ["20", "2"], "190"),
            ("combin", ["100", "2"], "4950"),
            ("gcd", ["12", "18"], "6"),
            ("lcm", ["4", "6"], "12"),
            ("sqrt", ["-1"], None),
            ("ln", ["0"], None),
            ("toNumber", ["+007.10"], "7.1"),
            ("add", ["a", "1"], None),
            ("toDate", ["7 mars 2022", "d MMMM yyyy", "fr"], "2022-03-07"),
            ("normalizeDateWithLang", ["01 dez. 22", "dd MMM uu", "de"], "2022-12-01"),
            ("toDateTime", ["2020-01-02T03:04:05+0200", "yyyy-MM-dd'T'HH:mm:ssZ"],
             "2020-01-02T03:04:05+02:00"),
            ("toDateTime", ["2020-01-02 03:04:05.250", "yyyy-MM-dd HH:mm:ss.SSS"],
             "2020-01-02T03:04:05.25"),
            ("toDateTime", ["2020-01-02T03:04:05", "%Y-%m-%dT%H:%M:%S%z"], None),
            ("date_inc", ["2020-01-31", "1", "month"], "2020-02-29"),
            ("date_inc", ["2020-01-31T10:00:00Z", "-1", "days"], "2020-01-30T10:00:00Z"),
            ("date_inc", ["2020-01-31", "36", "hours"], "2020-02-01T12:00:00"),
            ("date_inc", ["nothing", "36", "hours"], None),
            ("date_inc", ["2020-01-31", "1e30", "years"], None),
            ("date_diff", ["2020-03-01", "2020-02-01", "days"], "29"),
            ("date_diff", ["2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00Z", "hours"], "-2"),
            ("datePart", ["2020-02-29", "year"], "2020"),
            ("datePart", ["2020-02-29", "weekday"], "Saturday"),
            ("datePart", ["2020-02-29T10:11:12.345", "ms"], "345"),
            ("formatDate", ["2020-02-29", "dd.MM.yyyy"], "29.02.2020"),
            ("formatDate", ["2020-02-29", ""], ""),
            ("formatDate", ["2020-02-29T10:00:00+02:00", "yyyy HHXXX"], "2020 10+02:00"),
            ("formatDate", ["2020-02-29T10:00:00Z", "HHXXX"], "10Z"),
            ("formatDate", ["2020-02-29T10:00:00Z", "HHxxx"], "10+00:00"),
            ("formatDate", ["2020-02-29T10:00:00-0330", "HHX"], "10-0330"),
            ("formatDate", ["2020-02-29T10:00:00-03:00", "HHX"], "10-03"),
            ("formatDate", ["2020-02-29T10:00:00-03:00", "HHZ"], "10-0300"),
            ("formatDate", ["2020-02-29T10:00:00Z", "%H%z"], "10+0000"),
            ("formatDate", ["2020-02-29T10:00:00", "HHXXX"], None),
            ("matches", ["\u00e9!", r"\u00e9."], "true"),
            ("find", ["a\U0001f680", r"\U0001f680"], ["\U0001f680"]),
            ("find", [r"\u00e9", r"\\u00e9"], [r"\u00e9"]),
            ("replaceRegex", ["abc", "(b)", r"<\1\0\\>"], r"a<bb\>c"),
            ("urlDecode", ["%C3%A9"], "\u00e9"),
            ("urlDecode", ["%ff%zz"], None),
            ("toTimeZone", ["2020-07-01T12:00:00Z", "Europe/Brussels"],
             "2020-07-01T14:00:00+02:00"),
            ("toTimeZone", ["2020-01-01T12:00:00", "Europe/Brussels"],
             "2020-01-01T12:00:00+01:00"),
            ("toTimeZone", ["2020-07-01T12:00:00Z", "-03:30"], "2020-07-01T08:30:00-03:30"),
        ],
    )  # fmt: skip
    def test_of_constants(self, database, name, values, made):
        assert given_by(database, name.replace("grel:", GREL), *values) == made

    @pytest.mark.parametrize(
        ("name", "values", "made"),
        [
            ("array_join", [("p_array_a", "a"), ("p_array_a", "b"), ("p_string_sep", "-")], "a-b"),
            ("concatSequence", [("_1", "a"), ("delimiter", "-"), ("_2", "b")], "a-b"),
            ("array_join", [("p_array_a", "a")], "a"),
            ("array_length", [("array", "a"), ("array", "a")], "2"),
            ("array_sum", [("p_array_a", "1"), ("p_array_a", "0.5")], "1.5"),
            ("array_get", [("p_array_a", "a"), ("p_array_a", "b"), ("from", "-1")], "b"),
            ("array_get", [("a", "a"), ("a", "b"), ("a", "c"), ("from", "1"), ("to", "3")],
             ["b", "c"]),
            ("array_slice", [("a", "a"), ("a", "b"), ("a", "c"), ("from", "1")], ["b", "c"]),
            ("array_reverse", [("a", "a"), ("a", "b")], ["b", "a"]),
            ("array_sort", [("a", "b"), ("a", "a")], ["a", "b"]),
            ("array_uniques", [("a", "b"), ("a", "a"), ("a", "b")], ["b", "a"]),
            ("listContainsElement", [("list", "a"), ("list", "b"), ("str", "b")], "true"),
            ("multinomial", [("a", "2"), ("a", "3")], "10"),
        ],
    )  # fmt: skip
    def test_of_lists(self, database, name, values, made):
        assert named(database, name, *values) == made

    def test_a_name_of_several_parameters_means_the_nearest(self, database):
        values = [("p_date_d", "2020-01-31"), ("p_dec_n", "1"), ("p_string_unit", "days")]
        for order in (values, values[::-1], [values[1], values[0], values[2]]):
            assert named(database, "date_inc", *order) == "2020-02-01"

    @pytest.mark.parametrize(
        ("returned", "made"),
        [
            ("protocolOutput", "http"),
            ("domainOutput", "ex.org"),
            ("stringOutput", "a/b#c"),
            ("", "http"),
        ],
    )
    def test_one_of_several_results(self, database, returned, made):
        arguments = [(None, text("http://ex.org/a/b#c"))]
        call = make_call("parseURL", arguments, Origin("m", 1), returned=returned)
        assert database.execute(f"SELECT {printed(call)}").fetchone() == (made,)


class TestLaws:
    @FEW
    @given(texts)
    @example("straße ǅ İ")
    def test_texts(self, database, value):
        assert given_by(database, "reverse", value) == value[::-1]
        assert given_by(database, "length", value) == str(len(value))
        assert given_by(database, "unicode", value) == [str(ord(each)) for each in value]
        assert given_by(database, "escape", value, "html") == html.escape(
            value, quote=True
        ).replace("&#x27;", "'")
        assert unquote(given_by(database, "urlEncode", value)) == value
        assert given_by(database, "urlDecode", given_by(database, "urlEncode", value)) == value
        for mode in ("html", "xml", "csv", "javascript"):
            escaped = given_by(database, "escape", value, mode)
            assert given_by(database, "unescape", escaped, mode) == value or mode == "csv"

    @FEW
    @given(short, short)
    def test_parts(self, database, value, part):
        assert given_by(database, "indexOf", value, part) == str(value.find(part))
        assert given_by(database, "lastIndexOf", value, part) == str(value.rfind(part))
        assert given_by(database, "chomp", value, part) == (
            value.removesuffix(part) if part else value
        )
        different = next(
            (n for n, (a, b) in enumerate(zip(value, part, strict=False)) if a != b),
            min(len(value), len(part)),
        )
        assert given_by(database, "diff", value, part) == part[different:]
        if part:
            if "\\" not in part:  # which quotes, as in a regular expression
                assert given_by(database, "split", value, part) == value.split(part)
            found = part in value
            parts = list(value.partition(part)) if found else [value, "", ""]
            assert given_by(database, "partition", value, part) == parts
            parts = list(value.rpartition(part)) if found else [value, "", ""]
            assert given_by(database, "rpartition", value, part) == parts

    @FEW
    @given(st.lists(short, max_size=5), st.integers(-6, 6), st.integers(-6, 6))
    def test_lists(self, database, values, first, last):
        def made(name: str, *more: tuple[str, str]) -> Any:
            return named(database, name, *[("array", value) for value in values], *more)

        if not values:
            return
        assert made("array_join", ("sep", "|")) == "|".join(values)
        assert made("array_length") == str(len(values))
        assert made("array_reverse") == values[::-1]
        assert made("array_sort") == sorted(values)
        assert made("array_uniques") == list(dict.fromkeys(values))
        assert made("array_slice", ("from", str(first)), ("to", str(last))) == values[first:last]
        inside = -len(values) <= first < len(values)
        assert made("array_get", ("from", str(first))) == (values[first] if inside else None)

    decimals = st.decimals(-(10**15), 10**15, places=4, allow_nan=False, allow_infinity=False)
    integers = st.integers(-(10**36), 10**36)

    @FEW
    @given(decimals | integers, decimals | integers)
    def test_exact_numbers(self, database, first, second):
        x, y = format(Decimal(first), "f"), format(Decimal(second), "f")
        with localcontext() as context:
            context.prec = 100
            exact = {
                "add": Decimal(x) + Decimal(y),
                "subtract": Decimal(x) - Decimal(y),
                "multiply": Decimal(x) * Decimal(y),
                "floor": Decimal(math.floor(Decimal(x))),
                "ceil": Decimal(math.ceil(Decimal(x))),
                "round": Decimal(math.floor(Decimal(x) + Decimal("0.5"))),
                "abs": abs(Decimal(x)),
                "max": max(Decimal(x), Decimal(y)),
            }
            for name, expected in exact.items():
                values = (x,) if name in ("floor", "ceil", "round", "abs") else (x, y)
                found = Decimal(given_by(database, name, *values))
                digits = sum(len(re.sub(r"\D", "", each)) for each in (x, y))
                if name == "multiply" and digits > 37:
                    assert float(found) == pytest.approx(float(expected), rel=1e-12)
                elif name == "max":
                    assert float(found) == float(expected)
                elif len(str(expected).replace("-", "").replace(".", "")) < 36:
                    assert found == expected, name

    @FEW
    @given(st.integers(-(10**17), 10**17), st.integers(-(10**17), 10**17))
    def test_whole_numbers(self, database, x, y):
        assert given_by(database, "gcd", str(x), str(y)) == str(math.gcd(x, y))
        assert given_by(database, "lcm", str(x), str(y)) == str(math.lcm(x, y))
        if y:
            assert given_by(database, "quotient", str(x), str(y)) == str(int(Fraction(x, y)))
            assert given_by(database, "mod", str(x), str(y)) == str(x - y * int(Fraction(x, y)))
            if x % y == 0:
                assert given_by(database, "divide", str(x), str(y)) == str(x // y)

    @FEW
    @given(st.floats(-20, 20))
    def test_doubles(self, database, x):
        for name in ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "exp", "degrees"):
            made = getattr(math, name)(x)
            assert float(given_by(database, name, repr(x))) == pytest.approx(
                made, rel=1e-12, abs=1e-300
            )

    @FEW
    @given(st.integers(0, 60), st.integers(0, 60))
    def test_counting(self, database, n, k):
        assert float(given_by(database, "fact", str(n))) == pytest.approx(float(math.factorial(n)))
        assert float(given_by(database, "combin", str(n), str(k))) == pytest.approx(math.comb(n, k))

    @FEW
    @given(st.datetimes(), st.integers(-1000, 1000))
    def test_dates(self, database, day, days):
        from datetime import timedelta

        value = day.replace(microsecond=0).isoformat()
        assert given_by(database, "datePart", value, "year") == str(day.year)
        assert given_by(database, "datePart", value, "hour") == str(day.hour)
        if 10 <= day.year < 9990:
            later = (day.replace(microsecond=0) + timedelta(days=days)).isoformat()
            assert given_by(database, "date_inc", value, str(days), "days") == later
            assert given_by(database, "date_diff", later, value, "days") == str(days)

    @FEW
    @given(st.sampled_from(sorted(f.value for f in Function if f.kind == "#")), texts, texts)
    def test_what_is_no_number_gives_nothing_and_stops_nothing(self, database, name, x, y):
        from kg.mapping.function_table import BY_NAME, TABLE

        entry = TABLE[BY_NAME[name.casefold()]].signature
        if name in ("datePart", "randomNumber") or entry.listed:
            return
        values = [x, y][: entry.required]
        found = given_by(database, name, *values)
        assert found is None or all(math.isfinite(float(each)) for each in (found, *values))


class TestDatatypes:
    @pytest.mark.parametrize(
        ("function", "made"),
        [
            ("length($(v))", [f'"2"^^<{XSD}integer>']),
            ("equal($(v), 10)", [f'"true"^^<{XSD}boolean>']),
            ("lessThan($(v), 9)", [f'"false"^^<{XSD}boolean>']),
            ("add($(v), 1)", [f'"11"^^<{XSD}integer>']),
            ("add($(v), 1.5)", [f'"11.5"^^<{XSD}decimal>']),
            ("multiply($(v), 1e300)", [f'"1.0E301"^^<{XSD}double>']),
            ("if(equal($(v), 10), length($(v)), add($(v), 1))", ['"2"']),
            ("if(equal($(v), 10), length($(v)), indexOf($(v), 1))", [f'"2"^^<{XSD}integer>']),
            ("toString(length($(v)))", ['"2"']),
            ("toUpperCase(length($(v)))", ['"2"']),
            ("unicode($(v))", [f'"48"^^<{XSD}integer>', f'"49"^^<{XSD}integer>']),
        ],
    )
    def test_of_results(self, tmp_path, function, made):
        assert self.objects(tmp_path, {"function": function}) == made

    def test_the_term_map_counts_first(self, tmp_path):
        call = {"function": "length($(v))"}
        assert self.objects(tmp_path, {**call, "datatype": "xsd:int"}) == [f'"2"^^<{XSD}int>']
        assert self.objects(tmp_path, {**call, "language": "en"}) == ['"2"@en']

    @staticmethod
    def objects(folder: Any, term: dict[str, str]) -> list[str]:
        mapping = yarrrml("[[t.csv~csv]]", [json.dumps({"p": "ex:p", "o": term})])
        return run_mapping(folder, mapping, {"t.csv": "id,v\n1,10\n"}).objects()


class TestLists:
    FILES = {  # noqa: RUF012
        "t.json": json.dumps(
            [{"id": 1, "tags": ["b", "a", "b"], "n": 1}, {"id": 2, "tags": []}, {"id": 3}]
        )
    }

    @pytest.mark.parametrize(
        ("function", "made"),
        [
            ("array_join($(tags[*]), -)", ['"b-a-b"']),
            ("array_length($(tags[*]))", [f'"{n}"^^<{XSD}integer>' for n in (0, 0, 3)]),
            ("array_get($(tags[*]), 1)", ['"a"']),
            ("array_uniques($(tags[*]))", ['"a"', '"b"']),
            ("array_join($(tags[*]), $(n))", ['"b1a1b"']),
            ("array_join(toUpperCase($(tags[*])), -)", ['"B-A-B"']),
            ("array_join(array_sort($(tags[*])), -)", ['"a-b-b"']),
            ("concat($(tags[*]), array_join($(tags[*]), +))", ['"ab+a+b"', '"bb+a+b"']),
            ("listContainsElement($(tags[*]), a)", [f'"{t}"^^<{XSD}boolean>' for t in
                                                    ("false", "false", "true")]),
        ],
    )  # fmt: skip
    def test_all_values_of_a_reference(self, tmp_path, function, made):
        pair = json.dumps({"p": "ex:p", "o": {"function": function}})
        mapping = yarrrml("[['t.json~json', '$[*]']]", [pair])
        assert run_mapping(tmp_path, mapping, self.FILES).objects() == made

    def test_in_a_condition(self, tmp_path):
        extra = ["condition: 'listContainsElement($(tags[*]), a)'"]
        mapping = yarrrml("[['t.json~json', '$[*]']]", ["[ex:p, $(id)]"], extra=extra)
        assert run_mapping(tmp_path, mapping, self.FILES).objects() == [f'"1"^^<{XSD}integer>']


class TestPlaces:
    """Places and separators that the record gives."""

    ROWS = (("Ann, Bob", 2, ","), ("äé\U0001f469x", -2, "é"), ("abc", 9, "b"), ("abc", "x", ""))
    CASES = (  # the function, and what it means
        ("substring($(v), $(n))", lambda v, n, _: v[n:]),
        ("substring($(v), 1, $(n))", lambda v, n, _: v[1:n]),
        ("substring($(v), $(n), 3)", lambda v, n, _: v[n:3]),
        ("substring($(v), 0, indexOf($(v), $(s)))", lambda v, _, s: v[: v.find(s)]),
        ("substring($(v), add(indexOf($(v), $(s)), 1))", lambda v, _, s: v[v.find(s) + 1 :]),
        ("substring($(v), $(n), substring($(n), 0))", lambda v, n, _: v[n:n]),
        ("array_join(split($(v), $(s)), |)", lambda v, _, s: "|".join(v.split(s))),
        ("array_get(split($(v), $(s)), $(n))", lambda v, n, s: v.split(s)[n]),
        ("array_join(array_slice(split($(v), $(s)), 0, $(n)), |)",
         lambda v, n, s: "|".join(v.split(s)[0:n])),
    )  # fmt: skip

    @pytest.mark.parametrize(("function", "means"), CASES)
    def test_what_they_give(self, tmp_path, function, means):
        rows = [{"id": i, "v": v, "n": n, "s": s} for i, (v, n, s) in enumerate(self.ROWS)]
        expected = set()
        for row in rows:
            with suppress(TypeError, ValueError, IndexError):  # no such place or separator
                expected.add(means(row["v"], row["n"], row["s"]))
        pair = json.dumps({"p": "ex:p", "o": {"function": function, "datatype": "ex:t"}})
        made = run_mapping(
            tmp_path,
            yarrrml("[['t.json~json', '$[*]']]", [pair]),
            {"t.json": json.dumps(rows)},
        ).objects()
        found = {json.loads(each.partition("^^")[0]) for each in made}
        assert found - {""} == expected - {""}

    def test_what_is_no_place_is_told(self, tmp_path):
        pair = json.dumps({"p": "ex:p", "o": {"function": "substring($(v), $(n))"}})
        made = run_mapping(
            tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": "id,v,n\n1,abc,x\n2,abc,1\n"}
        )
        assert made.objects() == ['"bc"']
        assert any("makes nothing of 'x'" in each.unfit for each in made.made.counts[0].losses)


class TestLookup:
    FILES = {  # noqa: RUF012
        "t.csv": 'id,c,l\n1,be,"a;b"\n2,fr,b\n3,,\n4,xx,\n',
        "l.csv": "code,alpha,name\na,be,Belgium\nb,fr,France\nc,be,Twice\n",
        "semi.csv": "be;Belgique\n",
    }

    @pytest.mark.parametrize(
        ("function", "made"),
        [
            ("idlab-fn:lookup($(c), l.csv, 1, 2)", ['"Belgium"', '"France"']),
            ("lookup($(c), l.csv, alpha, name)", ['"Belgium"', '"France"']),
            ('lookupWithDelimiter($(c), semi.csv, 0, 1, ";")', ['"Belgique"']),
            ("toUpperCase(lookup($(c), l.csv, 1, 2))", ['"BELGIUM"', '"FRANCE"']),
            ("length(lookup($(c), l.csv, 1, 0))", [f'"1"^^<{XSD}integer>'] * 2),
            ('lookup(split($(l), ";"), l.csv, 0, 2)', ['"Belgium"', '"France"', '"France"']),
            ("equal(lookup($(c), l.csv, 1, 0), a)", [f'"{t}"^^<{XSD}boolean>' for t in
                                                    ("false", "true")]),
        ],
    )  # fmt: skip
    def test_values(self, tmp_path, function, made):
        pair = json.dumps({"p": "ex:p", "o": {"function": function}})
        run = run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), self.FILES)
        assert run.objects() == made

    def test_in_subjects_and_conditions(self, tmp_path):
        subject = "{function: 'lookup($(c), l.csv, 1, 2)'}"
        extra = ["condition: 'equal(lookup($(c), l.csv, 1, 0), a)'"]
        base = run_mapping(
            tmp_path, yarrrml("[[t.csv~csv]]", ["[ex:p, x]"], extra=extra), self.FILES
        )
        assert [s for s, *_ in base.quads] == ["<http://example.org/1>"]
        made = run_mapping(
            tmp_path, yarrrml("[[t.csv~csv]]", ["[ex:p, x]"], subject), self.FILES, base="http://b/"
        )
        assert [s for s, *_ in made.quads] == ["<http://b/Belgium>", "<http://b/France>"]

    @pytest.mark.parametrize(
        ("function", "code", "said"),
        [
            ("lookup($(c), none.csv, 0, 1)", "missing-file", "none.csv"),
            ("lookup($(c), l.csv, 0, 9)", "missing-column", "10"),
            ("lookup($(c), l.csv, nme, name)", "missing-column", "nme"),
            ("lookup($(c), l.csv, 0, name)", "bad-function", "two numbers"),
            ("lookup($(c), $(l), 0, 1)", "bad-function", "must be a constant"),
        ],
    )
    def test_faults(self, tmp_path, function, code, said):
        pair = json.dumps({"p": "ex:p", "o": {"function": function}})
        with pytest.raises(InputError) as caught:
            run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), self.FILES)
        assert caught.value.code == code
        assert said in caught.value.message


def test_random_is_the_same_in_each_run_and_differs_by_record(tmp_path):
    pairs = ["{p: ex:p, o: {function: 'idlab-fn:random()'}}", "{p: ex:q, o: {function: 'uuid()'}}"]
    files = {"t.csv": "id\n1\n2\n3\n"}
    runs = [run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", pairs), files) for _ in range(2)]
    first, second = (run.objects("ex:p") + run.objects("ex:q") for run in runs)
    assert first == second
    assert len(set(first)) == 6
    uuid = r'"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"'
    assert all(re.fullmatch(uuid, each) for each in first)


class TestDoubts:
    ROWS = "id,ok\n1,true\n2,maybe\n3,0\n4,\n5,TRUE\n6,perhaps\n"

    @pytest.mark.parametrize(
        ("term", "made"),
        [
            ({"function": "if($(ok), $(id), no)"}, ['"1"', '"5"', '"no"', '"no"', '"no"', '"no"']),
            ({"function": "toUpperCase(trueCondition($(ok), $(id)))"}, ['"1"', '"5"']),
            ({"value": "$(id)", "condition": "and(isNotNull($(id)), $(ok))"}, ['"1"', '"5"']),
            ({"value": "$(id)", "condition": "not($(ok))"}, ['"2"', '"3"', '"6"']),
        ],
    )
    def test_a_condition_that_is_neither_true_nor_false_is_told(self, tmp_path, term, made):
        mapping = yarrrml("[[t.csv~csv]]", [json.dumps({"p": "ex:p", "o": term})])
        run = run_mapping(tmp_path, mapping, {"t.csv": self.ROWS})
        assert run.objects() == made
        (told,) = run.made.counts[0].ill_typed
        assert (told.count, told.datatype, told.value) == (2, "xsd:boolean", "maybe")
        assert str(told.place).endswith('t.csv:3 (record 2), column "ok"')
        assert "counts as false" in told.advice

    def test_conditions_that_cannot_be_in_doubt_are_not_counted(self, tmp_path):
        term = {"value": "$(id)", "condition": "equal($(ok), maybe)"}
        mapping = yarrrml("[[t.csv~csv]]", [json.dumps({"p": "ex:p", "o": term})])
        assert run_mapping(tmp_path, mapping, {"t.csv": self.ROWS}).made.counts[0].ill_typed == ()

    def test_what_is_no_number_is_told_with_its_place(self, tmp_path):
        mapping = yarrrml("[[t.csv~csv]]", ["{p: ex:p, o: {function: 'add($(n), 1)'}}"])
        run = run_mapping(tmp_path, mapping, {"t.csv": "id,n\n1,2\n2,two\n3,\n"})
        unfit, missing = run.made.counts[0].losses
        assert unfit.unfit.startswith("add makes nothing of 'two', at ")
        assert 't.csv:3 (record 2), column "n"' in unfit.unfit
        assert (missing.unfit, missing.records) == ("", 1)
