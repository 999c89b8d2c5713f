"""XML: what XPaths find, as a stream and as a tree, and what is refused."""

from __future__ import annotations

import random
import resource
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import InputError, KgError, LimitError
from kg.mapping.plan import Formulation, LogicalSource
from kg.sources.files import SourceFile
from kg.sources.xml_files import _Document
from kg.sources.xml_paths import matches, parse_path, steps_up
from tests.mapping.running import run_mapping

etree = pytest.importorskip("lxml.etree", reason="the extra xml is not installed")

RML = """
@prefix rml: <http://w3id.org/rml/> .
<#M> rml:logicalSource [
    rml:source [ a rml:FilePath ; rml:root rml:MappingDirectory ; rml:path "a.xml" %s ] ;
    rml:referenceFormulation %s ; rml:iterator "%s" ] ;
  rml:subjectMap [ rml:template "http://example.org/{%s}" ] ;
  rml:predicateObjectMap [
    rml:predicate <http://example.org/p> ; rml:objectMap [ rml:reference "%s" ] ] .
"""
NAMESPACED = """[ a rml:XPathReferenceFormulation ;
    rml:namespace [ rml:namespacePrefix "q" ; rml:namespaceURL "urn:q" ] ]"""


def run(tmp_path, document, iterator, subject, reference, formulation="rml:XPath", more=""):
    mapping = RML % (more, formulation, iterator, subject, reference)
    made = run_mapping(tmp_path, mapping, {"a.xml": document})
    return [(s.removeprefix("<http://example.org/")[:-1], o) for s, _, o, _ in made.quads]


BOOKS = """<?xml version="1.0"?>
<shop name="A&amp;B">
  <shelf n="1"><label>low</label>
    <book id="b1"><title>One</title><by>X</by><by>Y</by></book>
    <book id="b2"><title/><note>n <b>bold</b> end</note></book>
  </shelf>
  <shelf n="2"><label>high</label>
    <book id="b3"><title><![CDATA[<Three>]]></title></book>
  </shelf>
</shop>
"""


@pytest.mark.parametrize(
    "iterator", ["/shop/shelf/book", "//book", "/shop//book", "//shelf/*[@id]"]
)
@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("title", [("b1", '"One"'), ("b2", '""'), ("b3", '"<Three>"')]),
        ("title/text()", [("b1", '"One"'), ("b3", '"<Three>"')]),
        ("by", [("b1", '"X"'), ("b1", '"Y"')]),
        ("by[2]", [("b1", '"Y"')]),
        ("by[last()]", [("b1", '"Y"')]),
        ("note", [("b2", '"n bold end"')]),
        ("note//text()", [("b2", '" end"'), ("b2", '"bold"'), ("b2", '"n "')]),
        ("../@n", [("b1", '"1"'), ("b2", '"1"'), ("b3", '"2"')]),
        ("../label", [("b1", '"low"'), ("b2", '"low"'), ("b3", '"high"')]),
        ("../../@name", [("b1", '"A&B"'), ("b2", '"A&B"'), ("b3", '"A&B"')]),
        ("/shop/@name", [("b1", '"A&B"'), ("b2", '"A&B"'), ("b3", '"A&B"')]),
        ("count(by)", [("b1", '"2"'), ("b2", '"0"'), ("b3", '"0"')]),
        ("number('x')", [("b1", '"NaN"'), ("b2", '"NaN"'), ("b3", '"NaN"')]),
        ("-1 div 0", [("b1", '"-Infinity"'), ("b2", '"-Infinity"'), ("b3", '"-Infinity"')]),
        ("string-length(title) div 2", [("b1", '"1.5"'), ("b2", '"0"'), ("b3", '"3.5"')]),
        ("boolean(note)", [("b1", '"false"'), ("b2", '"true"'), ("b3", '"false"')]),
        ("concat(@id, '-', ../@n)", [("b1", '"b1-1"'), ("b2", '"b2-1"'), ("b3", '"b3-2"')]),
        ("preceding-sibling::book/@id", [("b2", '"b1"')]),
        ("nothing", []),
    ],
)
def test_references(tmp_path, iterator, reference, expected):
    found = run(tmp_path, BOOKS, iterator, "@id", reference)
    assert found == expected


def test_namespaces(tmp_path):
    document = '<r xmlns:z="urn:q" xmlns="urn:other"><z:i id="1"><z:v>x</z:v><v>y</v></z:i></r>'
    assert run(tmp_path, document, "//q:i", "@id", "q:v", NAMESPACED) == [("1", '"x"')]
    assert run(tmp_path, document, "//q:*[@id]", "@id", "*", NAMESPACED) == [
        ("1", '"x"'),
        ("1", '"y"'),
    ]


def test_records_inside_of_records_come_in_document_order(tmp_path):
    document = '<x i="1"><x i="2"><x i="3"/></x><y><x i="4"/></y></x>'
    run(tmp_path, document, "//x", "@i", "@i")
    source = LogicalSource("a.xml", Formulation.XPATH, "//x")
    found = _Document(SourceFile(tmp_path / "a.xml"), source, ["@i"], 1 << 20).values()
    assert [values[0] for values in found] == [["1"], ["2"], ["3"], ["4"]]


def test_whole_document_as_the_record(tmp_path):
    assert run(tmp_path, BOOKS, "/", "/shop/@name", "shop/shelf/@n") == [
        ("A%26B", '"1"'),
        ("A%26B", '"2"'),
    ]


def test_nulls(tmp_path):
    found = run(tmp_path, BOOKS, "//book", "@id", "title", more='; rml:null "", "One"')
    assert found == [("b3", '"<Three>"')]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_encodings_that_the_document_declares(tmp_path, encoding):
    named = {"utf-8-sig": "utf-8", "latin-1": "iso-8859-1"}.get(encoding, encoding)
    document = f'<?xml version="1.0" encoding="{named}"?><r><i n="é"/></r>'.encode(encoding)
    assert run(tmp_path, document, "/r/i", "@n", "@n") == [("é", '"é"')]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "cp1252", "utf-32-le"])
def test_encoding_that_the_mapping_declares(tmp_path, encoding):
    document = '<r><i n="é"/></r>'.encode(encoding)
    found = run(tmp_path, document, "/r/i", "@n", "@n", more=f'; rml:encoding "{encoding}"')
    assert found == [("é", '"é"')]


@pytest.mark.parametrize(
    ("document", "code", "line", "said"),
    [
        ("<r>\n<i></r>", "bad-xml", 2, "tag mismatch"),
        ("<r>\n<i a='1' a='2'/></r>", "bad-xml", 2, "redefined"),
        ("<r>\n&foo;</r>", "bad-xml", 2, "foo"),
        ("<r/>\n<r/>", "bad-xml", 2, "Extra content"),
        ("<r>\n<i>", "bad-xml", 2, "Premature end"),
        ("   ", "bad-xml", 1, ""),
        (b"<r>\n<i>\xe9</i></r>", "bad-encoding", 2, "encoding"),
        ('<!DOCTYPE r [<!ENTITY e "x">]><r>&e;</r>', "xml-entities", None, "&e;"),
        ('<!DOCTYPE r [<!ENTITY e SYSTEM "/etc/passwd">]><r/>', "xml-entities", None, "&e;"),
        ('<!DOCTYPE r SYSTEM "x.dtd"><r><i>&e;</i></r>', "xml-entities", None, "&e;"),
    ],
)
@pytest.mark.parametrize("iterator", ["/r/i", "/r/i[1]"])
def test_broken_documents(tmp_path, document, code, line, said, iterator):
    with pytest.raises(InputError) as raised:
        run(tmp_path, document, iterator, "@id", "text()")
    error = raised.value
    assert error.code == code
    assert said in error.message
    assert error.location is not None
    assert error.location.file.endswith("a.xml")
    assert error.location.line == line
    assert error.hint


def test_document_type_without_entities_is_fine(tmp_path):
    document = '<!DOCTYPE r [<!ELEMENT r ANY>]><r><i n="1">a &amp; b</i></r>'
    assert run(tmp_path, document, "/r/i", "@n", "text()") == [("1", '"a & b"')]


@pytest.mark.parametrize(
    ("iterator", "reference", "said"),
    [
        ("/r/i", "a[", "'a['"),
        ("/r/i", "q:a", "prefix"),
        ("/r/i", "foo()", "nregistered function"),
        ("/r[", "a", "'/r['"),
        ("/q:r", "a", "prefix"),
        ("/r/@n", "a", "must lead to elements"),
    ],
)
def test_bad_xpaths(tmp_path, iterator, reference, said):
    with pytest.raises(InputError) as raised:
        run(tmp_path, "<r n='1'><i/></r>", iterator, "@id", reference)
    error = raised.value
    assert error.code == "bad-xpath"
    assert said in error.message
    assert error.location is not None
    assert error.location.file.endswith("mapping.ttl")
    assert error.location.line


def test_bad_value_names_line_and_record(tmp_path):
    mapping = RML % ("", "rml:XPath", "/r/i", "@id", "x")
    mapping = mapping.replace('template "http://example.org/{@id}"', 'reference "@id"')
    document = "<r>\n<i id='http://a/1'/>\n\n<i id='not an iri'/></r>"
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {"a.xml": document})
    assert raised.value.location is not None
    assert (raised.value.location.line, raised.value.location.record) == (4, 2)
    assert raised.value.location.column == "@id"


# --- memory ---------------------------------------------------------------------------------


def _written(path: Path, count: int, *, before: str = "", width: int = 100) -> None:
    with path.open("w") as out:
        out.write(f"<r>{before}<list>")
        for number in range(count):
            out.write(f"<skip>{'s' * width}</skip><i id='{number}'><v>{'v' * width}</v></i>\n")
        out.write("</list></r>")


def document(path: Path, iterator: str, references: list[str], limit: int) -> _Document:
    source = LogicalSource(path.name, Formulation.XPATH, iterator)
    return _Document(SourceFile(path), source, references, limit)


@pytest.mark.parametrize(
    ("iterator", "reference"), [("/r/list/i", "v"), ("//i", "v"), ("/r/list/nothing", "v")]
)
def test_streams_forget_what_was_read(tmp_path, iterator, reference):
    path = tmp_path / "a.xml"
    _written(path, 150_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = sum(1 for _ in document(path, iterator, [reference], 1 << 20).values())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert count == (0 if iterator.endswith("nothing") else 150_000)
    unit = 1 if sys.platform == "darwin" else 1024
    assert (after - before) * unit < 20 * 2**20 < path.stat().st_size


def test_record_that_is_too_large(tmp_path):
    path = tmp_path / "a.xml"
    _written(path, 10_000)
    with pytest.raises(LimitError) as raised:
        list(document(path, "/r/list", ["i/v"], 1 << 20).values())
    assert raised.value.code == "record-too-large"


def test_many_small_records_are_no_large_one(tmp_path):
    path = tmp_path / "a.xml"
    _written(path, 40_000)
    assert sum(1 for _ in document(path, "/r/list/i", ["v"], 1 << 17).values()) == 40_000


def test_document_that_must_be_held_whole_and_is_too_large(tmp_path):
    path = tmp_path / "a.xml"
    _written(path, 10_000)
    with pytest.raises(LimitError) as raised:
        list(document(path, "/r/list/i", ["//x"], 1 << 20).values())
    assert raised.value.code == "document-too-large"
    assert raised.value.hint


# --- as a stream as from a tree -------------------------------------------------------------


def _tree(rng: random.Random, depth: int) -> str:
    name = rng.choice("abc")
    inner = "".join(_tree(rng, depth + 1) for _ in range(rng.randrange(4))) if depth < 5 else ""
    text = rng.choice(["", "t", "é"])
    return f"<{name} n='{rng.randrange(100)}'>{text}{inner}</{name}>"


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    iterator=st.lists(
        st.tuples(st.sampled_from(["/", "//"]), st.sampled_from(["a", "b", "c", "*"])),
        min_size=1,
        max_size=4,
    ),
    up=st.integers(0, 2),
    reference=st.sampled_from(["@n", "a", "b/@n", ".", "*[2]"]),
)
def test_streams_find_what_trees_hold(tmp_path_factory, seed, iterator, up, reference):
    text = _tree(random.Random(seed), 0)
    path = tmp_path_factory.mktemp("x") / "a.xml"
    path.write_text(text)
    expression = "".join(slash + name for slash, name in iterator)
    relative = "../" * up + reference
    found = [v[0] for v in document(path, expression, [relative], 1 << 20).values()]
    root = etree.fromstring(text)
    expected = []
    for element in root.xpath(expression):
        values = element.xpath(relative)
        expected.append([v if isinstance(v, str) else v.xpath("string()") for v in values])
    assert found == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name", 0),
        ("@id", 0),
        (".", 0),
        ("'a/../b'", 0),
        ("..", 1),
        ("../..", 2),
        ("../../x", 2),
        ("../../@id", 0),
        ("../x[@id = ../y]", None),
        ("a/../b", None),
        ("concat(../a, ../b)", None),
        ("a | //b", None),
        ("count(/r)", None),
        ("ancestor::x", None),
        ("parent::x/a", None),
        ("id('x')", None),
        ("5 div /r", None),
    ],
)
def test_how_far_up_an_expression_looks(expression, expected):
    assert steps_up(expression) == expected


def test_simple_paths():
    assert parse_path("//q:a/*", {"q": "urn:q"}) is not None
    assert parse_path("//p:a", {"q": "urn:q"}) is None
    for text in ("", "/", "a", "/a/@b", "/a/b[1]", "/a/text()", "/a | /b", "/a/../b", "/a/."):
        assert parse_path(text, {}) is None
    steps = parse_path("/a//b", {})
    assert steps
    assert matches(["a", "b"], steps)
    assert matches(["a", "x", "b", "b"], steps)
    assert not matches(["b"], steps)
    assert not matches(["a", "b", "x"], steps)


def test_errors_are_errors_of_kg(tmp_path):
    """Whatever stands in the file, nothing else escapes."""
    rng = random.Random(5)
    path = tmp_path / "a.xml"
    whole = BOOKS.encode()
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(bytes(data))
        for iterator in ("/shop/shelf/book", "//book[title]"):
            with suppress(KgError):
                list(document(path, iterator, ["title"], 1 << 20).values())
