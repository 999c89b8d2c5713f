"""Headers and parameters of questions; a value never changes a query's structure."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InputError
from kg.queries.question import Question, decode, parse_question, read_question
from kg.queries.run import find_question, is_text
from kg.sparql.lexer import Kind, tokens

HEADER = """\
# title: Launches since a day
# Question: Which launches took place: all of them?
# param since: xsd:date; the first day; inclusive
# param ?who: iri
# columns: launch, day
# chart: bar x=day y=launch
SELECT ?launch ?day {
  VALUES ?since { "2022-01-01"^^xsd:date } # VALUES ?no { 1 }
  VALUES ?who { ex:a }
  ?launch ex:text "VALUES ?neither { 1 }" ; ex:day ?day
}
# param late: xsd:string
"""
PREFIXES = {"ex": "http://example.org/"}


def question(text: str) -> Question:
    return parse_question(text, "-e", PREFIXES)


def test_the_header_is_read() -> None:
    found = question(HEADER)
    assert found.title == "Launches since a day"
    assert found.question == "Which launches took place: all of them?"
    assert found.columns == ("launch", "day")
    assert found.chart == "bar x=day y=launch"
    assert [(p.name, str(p.type), p.default, p.explanation) for p in found.parameters] == [
        ("since", "xsd:date", '"2022-01-01"^^xsd:date', "the first day; inclusive"),
        ("who", "iri", "ex:a", ""),
    ]


def test_values_are_replaced_in_their_place() -> None:
    text = question(HEADER).with_values({"since": "2020-02-29", "who": "ex:b"}, PREFIXES)
    assert 'VALUES ?since { "2020-02-29"^^<http://www.w3.org/2001/XMLSchema#date> } #' in text
    assert "VALUES ?who { <http://example.org/b> }" in text
    assert "VALUES ?no { 1 }" in text
    assert "VALUES ?neither { 1 }" in text


@pytest.mark.parametrize(
    ("block", "kind", "default"),
    [
        ("VALUES ?x { 1 }", "xsd:integer", "1"),
        ("values $x{-1.5}", "xsd:decimal", "-1.5"),
        ("VALUES ?x { 1e3 }", "xsd:double", "1e3"),
        ("VALUES ?x { true }", "xsd:boolean", "true"),
        ("VALUES ?x { 'a' }", "xsd:string", "'a'"),
        ("VALUES ?x { 'a'@EN }", "@en", "'a'@EN"),
        ("VALUES ?x { '1'^^xsd:byte }", "xsd:byte", "'1'^^xsd:byte"),
        ("VALUES ?x { '1'^^<http://e/t> }", "<http://e/t>", "'1'^^<http://e/t>"),
        ("VALUES ?x { <http://e/a> }", "iri", "<http://e/a>"),
        ("VALUES ?x { UNDEF }", "xsd:string", "UNDEF"),
        ("VALUES ?x { }", "xsd:string", None),
        ('VALUES ?x { """a"} b""" }', "xsd:string", '"""a"} b"""'),
    ],
)
def test_a_parameter_has_the_type_of_its_default(
    block: str, kind: str, default: str | None
) -> None:
    (parameter,) = question(f"SELECT * {{ {block} }}").parameters
    assert (parameter.name, str(parameter.type), parameter.default) == ("x", kind, default)


@pytest.mark.parametrize(
    "block",
    ["VALUES ?x { 1 2 }", "VALUES (?x) { (1) }", "VALUES ?x", "VALUES",
     "BIND(1 AS ?x)", "VALUES ?x { ?y }", "VALUES ?x { 'a'^^ }"],
)  # fmt: skip
def test_other_blocks_are_no_parameters(block: str) -> None:
    assert question(f"SELECT * {{ {block} }}").parameters == ()


@pytest.mark.parametrize(
    ("text", "values", "code", "says"),
    [
        ("SELECT * { VALUES ?x { 1 } }", {"x": "one"}, "bad-parameter", "x=7"),
        ("SELECT * { VALUES ?x { 1 } }", {"y": "1"}, "unknown-parameter", "are: x."),
        ("SELECT * { }", {"y": "1"}, "unknown-parameter", "VALUES ?name"),
        ("SELECT * { VALUES ?x { } }", {}, "missing-parameter", "--param x=text"),
        ("# param x: xsd:dat\nSELECT * { VALUES ?x { 1 } }", {}, "bad-header", "-e:1"),
        ("# param x: iri\nSELECT * { }", {}, "bad-header", "VALUES ?x"),
        ("SELECT * { VALUES ?x { 1 } VALUES ?x { 2 } }", {}, "bad-header", "1 and 2"),
    ],
)
def test_mistakes(text: str, values: dict[str, str], code: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        question(text).with_values(values, PREFIXES)
    assert caught.value.code == code
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "block",
    [
        r"VALUES \u003Fx { 1 }",
        r"VALUES ?\u0078 { 1 }",
        r"\U00000056ALUES ?x { 1 }",
        r"VALUES ?x \u007B 1 \u007D",
        r"VALUES ?x { \u0031 }",
    ],
)
def test_escapes_of_code_points_hide_no_parameter(block: str) -> None:
    asked = question(f"SELECT * {{ {block} }}")
    assert [(each.name, each.default) for each in asked.parameters] == [("x", "1")]
    text = asked.with_values({"x": "7"}, PREFIXES)
    assert text == 'SELECT * { VALUES ?x { "7"^^<http://www.w3.org/2001/XMLSchema#integer> } }'


def test_one_parameter_may_stand_in_many_blocks() -> None:
    text = "SELECT * { { VALUES ?x { 1 } } UNION { VALUES ?x { 1 } ?s ?p ?x } }"
    assert question(text).with_values({"x": "2"}, {}).count('"2"') == 2


def test_a_required_parameter_is_filled_in() -> None:
    text = question("SELECT * { VALUES ?x { } }").with_values({"x": "a"}, {})
    assert list(ox.Store().query(text))  # type: ignore[arg-type]
    assert '{ "a" ' in text


def test_an_unknown_comment_is_no_header() -> None:
    assert question("# Param: all the rest\n# parameters x: y\nASK {}").parameters == ()


TEMPLATES = [
    "SELECT * { VALUES ?x { <D> } ?s ?p ?x }",
    "ASK { { VALUES ?x { <D> } } FILTER(?x = 'VALUES ?x {1}') }",
    "CONSTRUCT { ?s ?p ?x } { VALUES ?x{<D>}?s ?p ?x # VALUES ?x { 1 }\n}",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?x } VALUES ?x { <D> }",
]
DEFAULTS = ["'a'", "'a'@en", "1", "1.5", "1e0", "true", "<http://e/>", "'a'^^<http://e/t>", ""]


@given(
    template=st.sampled_from(TEMPLATES),
    default=st.sampled_from(DEFAULTS),
    value=st.one_of(
        st.text(),
        st.text(alphabet="\"'\\}{<>@^?# \nu0022abSELECT*:/.-+1e"),
        st.sampled_from(["1", "true", "http://e/a", "2022-01-01", '" } # ', "> } {", "\\"]),
    ),
)
def test_a_value_never_changes_the_structure(template: str, default: str, value: str) -> None:
    before = template.replace("<D>", default)
    found = parse_question(before, "-e", {})
    try:
        after = found.with_values({"x": value}, {})
    except InputError:
        return

    def outside(text: str) -> list[str]:
        """Return the tokens outside of the parameter's block."""
        (parameter,) = parse_question(text, "-e", {}).parameters
        (start, end), *_ = parameter.spans
        return [token.text for token in tokens(text) if not start <= token.start < end]

    assert outside(after) == outside(before)
    assert all(token.kind is not Kind.OTHER for token in tokens(after))
    ox.Store().query(after)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "q.rq"
    path.write_bytes(b"\xef\xbb\xbf# title: T\nASK {}")
    found = read_question(path)
    assert (found.name, found.title, found.file) == ("q", "T", path)
    with pytest.raises(InputError, match="not UTF-8 at byte 5") as caught:
        decode(b"ASK\n{\xff}", "q.rq")
    assert str(caught.value).startswith("q.rq:2: ")
    with pytest.raises(InputError, match="there is no file"):
        read_question(tmp_path / "none.rq")
    with pytest.raises(InputError, match="is a folder, not a file"):
        read_question(tmp_path)


@pytest.mark.parametrize(
    ("default", "typed"),
    [
        ('"2022-01-01"^^xsd:date', "2022-01-01"),
        ('"it\'s \\"so\\"\\u0021"@en', 'it\'s "so"!'),
        ("'''a'''", "a"),
        ("ex:a", "ex:a"),
        ("<http://example.org/a>", "http://example.org/a"),
        ("-7", "-7"),
        ("true", "true"),
    ],
)
def test_a_default_is_shown_as_one_types_it(default: str, typed: str) -> None:
    prefixes = {"ex": "http://e/", "xsd": "http://www.w3.org/2001/XMLSchema#"}
    text = f"SELECT * {{ VALUES ?x {{ {default} }} }}"
    question = parse_question(text, "q.rq", prefixes)
    (parameter,) = question.parameters
    assert parameter.typed == typed
    # It is taken back, and means the same.
    (again,) = parse_question(
        question.with_values({"x": typed}, prefixes), "q.rq", prefixes
    ).parameters
    assert again.typed in (typed, "http://e/a")


@pytest.mark.parametrize("length", [10, 300, 5000])
def test_a_text_in_the_place_of_a_name_is_one(length: int) -> None:
    """A name too long for a file names no file."""
    text = f"SELECT * {{ ?s ?p {'?o ' * length} }}"
    assert is_text(text)
    with pytest.raises(InputError, match="there is no question"):
        find_question(text, None)
