"""Answers in every format: read back by others, equal to the engine's, streamed."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.query import Result

from kg.errors import InputError, LimitError
from kg.queries.answer import Style, write_answer
from kg.queries.display import printable, width, wrap
from kg.queries.engine import Answer
from kg.queries.formats import FORMATS, choose_format
from kg.queries.oxigraph import answer_of, term_text
from kg.queries.oxigraph.faults import evaluation_error
from kg.queries.rows import ROW_WRITERS
from kg.queries.tabular import write_table
from kg.serialize import FORMATS as RDF_FORMATS
from kg.sparql.words import Form
from kg.terms import literal

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
DATA = f"""
<{EX}a> <{EX}p> "plain, with \\"quotes\\"\\nand a line", "tab\\t|*_<b>&", "", "朝鮮"@ko .
<{EX}a> <{EX}q> 1, 2.5, 1e3, true, "2022-11-18"^^<{XSD}date>, "x"^^<{EX}type> .
<{EX}b> <{EX}p> _:node . _:node <{EX}p> <{EX}a#x> .
<{EX}b> <http://www.w3.org/2000/01/rdf-schema#label> "B"@en .
"""
SELECT = f"SELECT ?s ?o ?none {{ ?s <{EX}p>|<{EX}q> ?o }}"


def store() -> ox.Store:
    made = ox.Store()
    made.load(DATA.encode(), ox.RdfFormat.TURTLE)
    return made


RESULTS = {
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
}


def as_answer(found: object) -> Answer:
    """Return an answer of Oxigraph as kg's."""
    return answer_of(found, lambda error: evaluation_error(error, "-e"))  # type: ignore[arg-type]


def texts(rows: list[list[ox.Literal | None]]) -> list[list[str | None]]:
    return [[None if term is None else term_text(term) for term in row] for row in rows]


def written(name: str, query: str, **style: object) -> bytes:
    out = io.BytesIO()
    answer = as_answer(store().query(query))
    write_answer(answer, FORMATS[name], out, Style({"ex": EX}, **style))  # type: ignore[arg-type]
    return out.getvalue()


def rows_of(answer: object) -> list[tuple[str | None, ...]]:
    """Return rows as texts, blank nodes without their labels, in one order."""
    assert isinstance(answer, ox.QuerySolutions)
    return sorted(
        [
            tuple(
                "_:" if isinstance(term, ox.BlankNode) else None if term is None else str(term)
                for term in row
            )
            for row in answer
        ],
        key=str,
    )


@pytest.mark.parametrize("limit", [None, 1000])
@pytest.mark.parametrize("name", ["tsv", "json", "xml"])
def test_rows_are_read_back_by_the_engine(name: str, limit: int | None) -> None:
    data = written(name, SELECT, rows=limit)
    read = ox.parse_query_results(data, format=RESULTS[name])
    assert rows_of(read) == rows_of(store().query(SELECT))


@pytest.mark.parametrize("limit", [None, 1000])
@pytest.mark.parametrize("name", ["csv", "tsv", "json", "xml"])
def test_rows_are_read_back_by_rdflib(name: str, limit: int | None) -> None:
    data = written(name, SELECT, rows=limit)
    read = Result.parse(io.BytesIO(data), format=name)
    assert [str(variable) for variable in read.vars or []] == ["s", "o", "none"]
    values = sorted(
        # rdflib writes doubles its own way.
        str(row[1]).replace("1000.0", "1000")
        for row in read
        if not isinstance(row[1], rdflib.BNode)
    )
    answer = store().query(SELECT)
    assert isinstance(answer, ox.QuerySolutions)
    expected = []
    for row in answer:
        value = row["o"]
        if isinstance(value, ox.NamedNode | ox.Literal):
            expected.append("None" if name == "csv" and not value.value else value.value)
    assert values == sorted(expected)


@pytest.mark.parametrize(
    ("name", "rdflib_name"),
    [("turtle", "turtle"), ("ntriples", "nt"), ("trig", "trig"), ("nquads", "nquads"),
     ("jsonld", "json-ld"), ("rdfxml", "xml")],
)  # fmt: skip
def test_graphs_are_read_back(name: str, rdflib_name: str) -> None:
    query = "CONSTRUCT WHERE { ?s ?p ?o }"
    data = written(name, query)
    read = ox.Dataset(ox.parse(data, RDF_FORMATS[name]))
    expected = ox.Dataset(ox.Quad(*triple) for triple in store().query(query))  # type: ignore[union-attr, misc]
    for dataset in (read, expected):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert read == expected
    graph = rdflib.Dataset() if name in ("trig", "nquads") else rdflib.Graph()
    with warnings.catch_warnings():
        # rdflib's own parsers use what it calls deprecated.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="rdflib")
        graph.parse(data=data, format=rdflib_name)
    assert len(graph) == len(expected)


def test_only_prefixes_in_use_are_declared() -> None:
    text = written("turtle", f"CONSTRUCT WHERE {{ <{EX}a> <{EX}q> ?o }}").decode()
    assert re.findall("@prefix (.*?):", text) == ["ex"]
    assert "@prefix" not in written("ntriples", "CONSTRUCT WHERE { ?s ?p ?o }").decode()


@pytest.mark.parametrize("name", ["csv", "tsv", "json", "xml"])
@pytest.mark.parametrize(
    "query",
    [SELECT, "SELECT * {}", "SELECT ?x { ?x a 1 }", "ASK {}",
     "SELECT (<<( <urn:s> <urn:p> 'a, b'@ar--rtl )>> AS ?t) {}", "SELECT ('a'@ar--ltr AS ?t) {}"],
)  # fmt: skip
def test_our_writers_equal_the_engine(name: str, query: str) -> None:
    ours = written(name, query, rows=1000)
    if "<<(" in query and name == "csv":  # which the engine writes without quotes
        assert ours == b't\r\n"<<( <urn:s> <urn:p> ""a, b""@ar--rtl )>>"\r\n'
        return
    engines = io.BytesIO()
    store().query(query).serialize(engines, RESULTS[name])  # type: ignore[arg-type]
    if query == "ASK {}" and name in ("csv", "tsv"):
        assert ours.endswith(b"\n")  # every line of ours has its end
        ours = ours[:-1]
    assert _without_labels(ours) == _without_labels(engines.getvalue())


def _without_labels(data: bytes) -> bytes:
    return re.sub(rb"\b[0-9a-f]{31,32}\b", b"node", data)


TERMS = st.one_of(
    st.none(),
    st.builds(ox.NamedNode, st.sampled_from([EX, EX + "?a=b&c='d'", "urn:x:é,", EX + "a,b;c(d)"])),
    st.builds(ox.BlankNode, st.sampled_from(["b0", "b-1"])),
    st.builds(ox.Triple, st.just(ox.NamedNode(EX + "a,b")), st.just(ox.NamedNode(EX + "p")),
              st.builds(ox.Literal, st.text("ab\n\t\\\",>)"))),
    st.builds(ox.Literal, st.text(st.characters(exclude_categories=["Cs"]))),
    st.builds(ox.Literal, st.text("ab\n\r\t\\\",&<>'"), language=st.just("en")),
    st.builds(ox.Literal, st.integers()),
    st.builds(ox.Literal, st.floats()),
    st.builds(ox.Literal, st.booleans()),
    st.builds(ox.Literal, st.text("01+-.eE ,"), datatype=st.builds(
        ox.NamedNode, st.sampled_from([XSD + "integer", XSD + "decimal", XSD + "double",
                                       XSD + "boolean", EX + "t"]))),
)  # fmt: skip


@given(rows=st.lists(st.lists(TERMS, min_size=2, max_size=2), max_size=4))
@pytest.mark.parametrize("name", ["csv", "tsv", "json"])
def test_our_writers_equal_the_engine_for_any_term(
    name: str, rows: list[list[ox.Literal | None]]
) -> None:
    text = io.StringIO()
    ROW_WRITERS[name](["a", "b"], texts(rows), text)
    answer = answered(["a", "b"], rows)
    ours = text.getvalue()
    if name == "tsv":  # ours escapes controls
        assert rows_of(ox.parse_query_results(ours.encode(), RESULTS[name])) == (  # type: ignore[arg-type]
            rows_of(answer)
        )
        return
    out = io.BytesIO()
    write_answer(as_answer(answer), FORMATS[name], out, Style())
    assert ours.encode() == out.getvalue()


@settings(max_examples=60)
@given(rows=st.lists(st.lists(TERMS, min_size=3, max_size=3), min_size=1, max_size=6))
@pytest.mark.parametrize("limit", [None, 1000])
def test_csv_is_read_back_by_another_reader(
    limit: int | None, rows: list[list[ox.Literal | None]]
) -> None:
    """Every row has as many fields as there are columns, whatever its terms hold."""
    asked = answered(["a", "b", "c"], rows)
    wanted = [[_plain(term) for term in row] for row in answered(["a", "b", "c"], rows)]
    out = io.BytesIO()
    write_answer(as_answer(asked), FORMATS["csv"], out, Style(rows=limit))
    text = out.getvalue().decode()
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == [
        ["a", "b", "c"],
        *wanted,
    ]


def answered(names: list[str], rows: list[list[ox.Literal | None]]) -> ox.QuerySolutions:
    """Return rows as an answer."""
    lines = ["\t".join("" if term is None else _turtle(term) for term in row) for row in rows]
    tsv = "\n".join(["\t".join(f"?{name}" for name in names), *lines, ""])
    answer = ox.parse_query_results(tsv.encode(), ox.QueryResultsFormat.TSV)
    assert isinstance(answer, ox.QuerySolutions)
    return answer


def _plain(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> str:
    if term is None:
        return ""
    return term.value if isinstance(term, ox.NamedNode | ox.Literal) else _turtle(term)


def _turtle(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> str:
    return f"<<( {term} )>>" if isinstance(term, ox.Triple) else str(term)


NASTY = ("a,b", 'a "b"', "a\nb", "a\r\nb", "a\tb", "a\\b\\n\\u0041", "", " ", "<b>",
         "é\U0001f600", "'x'", "\u2028", "@en", "^^", "a\x0bb", "#,", "=1+1",
         "\ufeffx")  # fmt: skip


@pytest.mark.parametrize("limit", [None, 100_000])
@pytest.mark.parametrize("name", ["csv", "tsv", "json", "xml"])
def test_nasty_terms_are_read_back_by_rdflib(name: str, limit: int | None) -> None:
    """In an answer of several pieces, in which any may be parted anywhere."""
    kinds = [ox.Literal, lambda text: ox.Literal(text, language="en"),
             lambda text: ox.Literal(text, datatype=ox.NamedNode(EX + "t,x")),
             lambda text: ox.NamedNode(f"{EX}{quote(text, safe=',;()=é')}")]  # fmt: skip
    texts = [text for text in NASTY if name != "xml" or "\x0b" not in text]
    if name in ("csv", "tsv"):  # rdflib ends lines at these
        texts = [text for text in texts if text not in ("\u2028", "a\x0bb")]
    terms = [kind(text) for text in texts for kind in kinds] * (8 if name == "tsv" else 40)
    made = ox.Store()
    for number, term in enumerate(terms):
        made.add(ox.Quad(ox.NamedNode(f"{EX}{number:05}"), ox.NamedNode(f"{EX}p,q"), term))
    query = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s"
    out = io.BytesIO()
    write_answer(as_answer(made.query(query)), FORMATS[name], out, Style(rows=limit))
    if name == "csv":
        read = list(csv.reader(io.StringIO(out.getvalue().decode(), newline=""), strict=True))[1:]
        assert [row[2] for row in read] == [term.value for term in terms]
        assert {row[1] for row in read} == {f"{EX}p,q"}
    rows = list(Result.parse(io.BytesIO(out.getvalue()), format=name))
    # rdflib takes an empty field of CSV for an unbound one, and strips blanks.
    values = [str(row[2] or "") for row in rows]
    expected = [term.value for term in terms]
    if name == "csv":
        assert list(map(str.strip, values)) == list(map(str.strip, expected))
        return
    assert values == expected
    for row, term in zip(rows, terms, strict=True):
        if isinstance(term, ox.Literal):
            assert getattr(row[2], "language", None) == term.language
            datatype = None if term.language else term.datatype.value
            assert str(row[2].datatype or XSD + "string") == (datatype or XSD + "string")
        else:
            assert isinstance(row[2], rdflib.URIRef)


def test_an_answer_of_one_column_loses_no_row() -> None:
    """Readers of CSV pass over empty lines."""
    for limit in (None, 100):
        text = written("csv", "SELECT ?x { VALUES ?x { 'a' UNDEF '' } }", rows=limit).decode()
        assert text == 'x\r\na\r\n""\r\n""\r\n'


@given(value=st.text(st.one_of(st.sampled_from(" \t\n\r<&>'\"\x01\ufffe"), st.characters())))
def test_xml_keeps_any_text_or_refuses_it(value: str) -> None:
    value = value.encode("utf-8", "ignore").decode()
    text = io.StringIO()
    try:
        ROW_WRITERS["xml"](["a"], texts([[ox.Literal(value)]]), text)
    except InputError:
        assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", value)
        return
    data = text.getvalue().encode()
    found = ElementTree.fromstring(data).find(".//{http://www.w3.org/2005/sparql-results#}literal")
    assert found is not None
    assert (found.text or "") == value
    (row,) = ox.parse_query_results(data, ox.QueryResultsFormat.XML)  # type: ignore[misc]
    assert row[0] == ox.Literal(value)


@pytest.mark.parametrize("name", [n for n, f in FORMATS.items() if f.rows])
def test_too_many_rows(name: str) -> None:
    with pytest.raises(LimitError, match="more than 3 rows"):
        written(name, SELECT, rows=3)
    count = len(rows_of(store().query(SELECT)))
    assert written(name, SELECT, rows=count)


@pytest.mark.parametrize("name", [n for n, f in FORMATS.items() if f.graph])
def test_too_many_triples(name: str) -> None:
    with pytest.raises(LimitError, match="more than 1 row"):
        written(name, "CONSTRUCT WHERE { ?s ?p ?o }", rows=1)


@pytest.mark.parametrize("name", [n for n, f in FORMATS.items() if f.rows and not f.binary])
def test_a_boolean_in_every_format(name: str) -> None:
    assert b"true" in written(name, "ASK { ?s ?p ?o }")
    assert b"false" in written(name, "ASK { ?s ?p 99 }")


def test_what_rdfxml_cannot_name() -> None:
    with pytest.raises(InputError, match="RDF/XML has no way"):
        written("rdfxml", f"CONSTRUCT {{ ?s <{EX}1> ?o }} WHERE {{ ?s <{EX}p> ?o }}")


def test_emptiness_is_told() -> None:
    for name in ("csv", "tsv", "json", "xml", "table", "markdown", "html"):
        for query, empty in (("SELECT ?é { ?é ?p 99 }", True), (SELECT, False)):
            answer = as_answer(store().query(query))
            assert write_answer(answer, FORMATS[name], io.BytesIO(), Style()) is empty
    for query, empty in (
        ("CONSTRUCT WHERE { ?s ?p 99 }", True),
        ("DESCRIBE ?s { ?s ?p 1 }", False),
    ):
        answer = as_answer(store().query(query))
        assert write_answer(answer, FORMATS["turtle"], io.BytesIO(), Style()) is empty


# -- choosing a format ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "output", "form", "terminal", "chosen"),
    [
        (None, None, Form.SELECT, True, "table"),
        (None, None, Form.SELECT, False, "csv"),
        (None, None, Form.ASK, False, "csv"),
        (None, None, Form.CONSTRUCT, True, "turtle"),
        (None, None, Form.DESCRIBE, False, "turtle"),
        (None, "a.TSV", Form.SELECT, True, "tsv"),
        (None, "a.rdf", Form.CONSTRUCT, True, "rdfxml"),
        ("JSON", "a.csv", Form.SELECT, True, "json"),
        ("table", None, Form.CONSTRUCT, False, "table"),
    ],
)
def test_the_format_is_chosen(
    name: str | None, output: str | None, form: Form, terminal: bool, chosen: str
) -> None:
    path = None if output is None else Path(output)
    assert choose_format(name, path, form, terminal).name == chosen


@pytest.mark.parametrize(
    ("name", "output", "form", "says"),
    [
        ("yaml", None, Form.SELECT, "Take one of table, csv"),
        (None, "a.yaml", Form.SELECT, "--format"),
        ("turtle", None, Form.SELECT, "which is rows"),
        ("turtle", None, Form.ASK, "which is yes or no"),
        ("csv", None, Form.CONSTRUCT, "ntriples"),
    ],
)
def test_wrong_formats(name: str | None, output: str | None, form: Form, says: str) -> None:
    path = None if output is None else Path(output)
    with pytest.raises(InputError) as caught:
        choose_format(name, path, form, False)
    assert says in str(caught.value)


# -- for people -------------------------------------------------------------------------------


def test_the_table() -> None:
    text = written("table", f"SELECT ?s ?o {{ ?s <{EX}q> ?o FILTER(isNumeric(?o)) }} ORDER BY ?o")
    assert text.decode().splitlines() == [
        "s        o",
        "────  ────",
        "ex:a     1",
        "ex:a   2.5",
        "ex:a  1000",
        "3 rows",
    ]


def test_a_table_shows_what_terms_are() -> None:
    text = written("table", f"SELECT ?o {{ ?s <{EX}p> ?o FILTER(!isBlank(?o)) }}").decode()
    assert "朝鮮" in text
    assert "<http://example.org/a#x>" in text
    assert 'plain, with "quotes"\\nand a line' in text
    assert written("table", f"SELECT ?o {{ ?s <{EX}q> ?o FILTER(datatype(?o) = <{EX}type>) }}")
    mixed = "SELECT ?o { VALUES ?o { 'a'@en 'b'@de } }"
    assert '"a"@en' in written("table", mixed).decode()


@given(
    rows=st.lists(st.lists(st.text(max_size=40), min_size=3, max_size=3), min_size=1, max_size=5),
    terminal=st.integers(60, 120),
)
def test_a_table_fits_the_terminal(rows: list[list[str]], terminal: int) -> None:
    from kg.queries.display import Shortener

    clean = [[text.encode("utf-8", "ignore").decode() for text in row] for row in rows]
    out = io.StringIO()
    terms = [[literal(text) for text in row] for row in clean]
    write_table(["a", "b", "c"], terms, out, Shortener({}), terminal)
    lines = out.getvalue().splitlines()
    assert all(width(line) <= terminal for line in lines)
    seen = "".join(lines).replace(" ", "")
    for row in clean:
        for text in row:
            assert set(printable(text).replace(" ", "")) <= set(seen)


def test_many_columns_become_blocks() -> None:
    out = io.StringIO()
    from kg.queries.display import Shortener

    columns = [f"column{i}" for i in range(9)]
    row = [literal(f"a rather long text, number {i}") for i in range(9)]
    write_table(columns, [row, row], out, Shortener({}), 80)
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["── row 1", "column0  a rather long text, number 0"]
    assert lines[-1] == "2 rows"


def test_rows_beyond_the_window_are_written_too() -> None:
    out = io.StringIO()
    from kg.queries.display import Shortener

    rows = ([literal(f"{i:05}" * (1 + i // 600))] for i in range(1200))
    assert write_table(["x"], rows, out, Shortener({})) == 1200
    assert out.getvalue().splitlines()[-2:] == ["0119901199", "1,200 rows"]


@given(st.text(), st.integers(2, 30))
def test_wrapping_loses_nothing(text: str, limit: int) -> None:
    text = printable(text)
    lines = wrap(text, limit)
    assert all(width(line) <= limit for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_markdown_and_html_escape() -> None:
    query = f'SELECT ?o ?i {{ ?s <{EX}p> ?o FILTER(CONTAINS(?o, "tab")) BIND(?s AS ?i) }}'
    line = written("markdown", query).decode().splitlines()[2]
    assert line == "| tab\t\\|\\*\\_&lt;b&gt;&amp; | ex:a |"
    page = written("html", query, title="<T>").decode()
    assert "<title>&lt;T&gt;</title>" in page
    assert "<td>tab\t|*_&lt;b&gt;&amp;</td>" in page
    assert f'<td><a href="{EX}a">ex:a</a></td>' in page


def test_only_web_addresses_become_links() -> None:
    page = written("html", "SELECT ?x { VALUES ?x { <javascript:alert(1)> } }").decode()
    assert "href" not in page
    assert "javascript:alert(1)" in page


def test_json_is_json() -> None:
    read = json.loads(written("json", SELECT, rows=100))
    assert read["head"]["vars"] == ["s", "o", "none"]
    assert len(read["results"]["bindings"]) == len(rows_of(store().query(SELECT)))
