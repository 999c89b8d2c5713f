"""RDF/XML is read as its specification says; Oxigraph and rdflib agree on valid files."""

import io
import random
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from kg.errors import InputError
from kg.rdf import parse_rdf, rdfxml, spool_rdf
from kg.rdf.limits import DEEPEST
from kg.rdf.rdfxml import RdfXml

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
HEAD = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:e="http://e/">'
QUOTED = 'e:p="&x;"'
LITERAL = f"^^<{RDF}XMLLiteral>"


def lines(text: str | bytes, base: str = "http://b/d") -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    reader = RdfXml(io.BytesIO(content), "a.rdf", base)
    found = b"".join(reader.chunks()).decode()
    return [line.removesuffix(" .") for line in found.splitlines()]


def node(content: str, attributes: str = 'rdf:about="http://e/s"') -> str:
    return f"{HEAD}<rdf:Description {attributes}>{content}</rdf:Description></rdf:RDF>"


def literal(content: str) -> str:
    """Return the object of the only statement that a property element makes."""
    (line,) = lines(node(content))
    return line.removeprefix("<http://e/s> <http://e/p> ")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # An unknown parse type is treated as Literal.
        (
            '<e:p rdf:parseType="Statements">a<e:b/></e:p>',
            rf"a<e:b xmlns:e=\"http://e/\"></e:b>{LITERAL}",
        ),
        ('<e:p rdf:parseType="literal"></e:p>', f"{LITERAL}"),
        ('<e:p rdf:parseType=""/>', f"{LITERAL}"),
        ('<e:p rdf:parseType="Literal"/>', f"{LITERAL}"),
        # Line ends are normalised, also in XML literals; character references are kept.
        ("<e:p>a\r\nb\rc&#13;d</e:p>", r"a\nb\nc\rd"),
        ('<e:p rdf:parseType="Literal">a\r\nb&#13;</e:p>', rf"a\nb&#xD;{LITERAL}"),
        ("<e:p><![CDATA[a\r\n<b>&c]]></e:p>", r"a\n<b>&c"),
        # Each namespace is declared once, on the element that uses it.
        (
            '<e:p rdf:parseType="Literal"><b xmlns="http://x/" c="1"><i/></b>'
            '<e:q e:r="&lt;"/></e:p>',
            r"<b xmlns=\"http://x/\" c=\"1\"><i></i></b>"
            rf"<e:q xmlns:e=\"http://e/\" e:r=\"&lt;\"></e:q>{LITERAL}",
        ),
        (
            '<e:p rdf:parseType="Literal"><b xmlns="http://x/"><c xmlns=""/></b>'
            "<!-- n --><?go on?></e:p>",
            rf"<b xmlns=\"http://x/\"><c xmlns=\"\"></c></b><!-- n --><?go on?>{LITERAL}",
        ),
        ('<e:p xml:lang="EN-gb">x</e:p>', "x@en-gb"),
        ('<e:p xml:lang="">x</e:p>', "x"),
        ('<e:p xml:lang="en"/>', "@en"),
        ('<e:p xml:lang="en" rdf:datatype="http://e/d">x</e:p>', "x^^<http://e/d>"),
        ('<e:p rdf:datatype="d"/>', "^^<http://b/d>"),
        ('<e:p xml:base="" rdf:datatype="#d"/>', "^^<http://b/d#d>"),
        ('<e:p rdf:datatype="http://www.w3.org/2001/XMLSchema#string">x</e:p>', "x"),
        ("<e:p> x <!-- y --> z </e:p>", " x  z "),
    ],
)
def test_literals_have_the_lexical_form_of_the_specification(content, expected):
    text, mark, tail = expected, "", ""
    for mark in ("^^", "@"):
        text, mark, tail = expected.partition(mark)
        if mark:
            break
    assert literal(content) == f'"{text}"{mark}{tail}'


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("http://b/c/d?q#f", "", "http://b/c/d?q"),
        ("http://b/c/d?q#f", "#x", "http://b/c/d?q#x"),
        ("http://b/c/d", "../x", "http://b/x"),
        ("http://b", "x", "http://b/x"),
        ("", "x", "http://b/x"),
        ("sub/", "x", "http://b/sub/x"),
        ("http://b/c/d", "//h/x", "http://h/x"),
        ("http://b/c/d", "http://e/a/../b", "http://e/a/../b"),
        ("http://b/c/d", "urn:x:y", "urn:x:y"),
        ("http://b/c/d", "é", "http://b/c/é"),
    ],
)
def test_references_are_resolved_against_xml_base(base, reference, expected):
    text = node(f'<e:p rdf:resource="{reference}"/>', f'rdf:about="http://e/s" xml:base="{base}"')
    assert lines(text) == [f"<http://e/s> <http://e/p> <{expected}>"]


def test_a_property_with_an_id_is_reified():
    text = node('<e:p rdf:ID="i" rdf:parseType="Resource"><rdf:li>1</rdf:li></e:p>')
    assert sorted(line.replace("_:g1", "_:x") for line in lines(text)) == sorted(
        [
            "<http://e/s> <http://e/p> _:x",
            f"<http://b/d#i> <{RDF}type> <{RDF}Statement>",
            f"<http://b/d#i> <{RDF}subject> <http://e/s>",
            f"<http://b/d#i> <{RDF}predicate> <http://e/p>",
            f"<http://b/d#i> <{RDF}object> _:x",
            f'_:x <{RDF}_1> "1"',
        ]
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (node('\n<e:p rdf:resource="a b"/>'), 2, "not an IRI"),
        (node('\n<e:p rdf:resource="http://e/%zz"/>'), 2, "not an IRI"),
        (node('\n<e:p xml:lang="en_US">x</e:p>'), 2, "not a language tag"),
        (node(f'\n<e:p xml:lang="en" rdf:datatype="{RDF}langString">\nx</e:p>'), 2, "langString"),
        (node(f'\n<e:p rdf:datatype="{RDF}langString">\nx</e:p>'), 2, "langString"),
        (node('\n<e:p rdf:resource="x">text</e:p>'), 2, "is not allowed here"),
        (node('\n<e:p rdf:resource="x"><e:C/></e:p>'), 2, "must be empty"),
        (node('\n<e:p rdf:resource="x" rdf:nodeID="y"/>'), 2, "only one of"),
        (node('\n<e:p rdf:parseType="Resource" rdf:resource="y"/>'), 2, "no other attribute"),
        (node('\n<e:p rdf:parseType="Literal" e:q="y"/>'), 2, "no other attribute"),
        (node('\n<e:p rdf:datatype="x" e:q="y"/>'), 2, "only one of"),
        (node('\n<e:p rdf:datatype="x"><e:C/></e:p>'), 2, "one node, or a text"),
        (node("\n<e:p>text<e:C/></e:p>"), 2, "not both"),
        (node("\n<e:p><e:C/>text</e:p>"), 2, "is not allowed here"),
        (node("\n<e:p><e:C/><e:C/></e:p>"), 2, "one node"),
        (node('\n<e:p rdf:bagID="x">1</e:p>'), 2, "rdf:bagID may not"),
        (node("", 'rdf:aboutEach="x"'), 1, "rdf:aboutEach may not"),
        (node("", 'rdf:about="x" rdf:ID="x"'), 1, "only one of"),
        (node("", 'rdf:ID="1x"'), 1, "not a name"),
        (node("", 'rdf:nodeID="a b"'), 1, "not a name"),
        (node("", 'rdf:li="x"'), 1, "rdf:li may not"),
        (node("\n<rdf:Description/>"), 2, "may not be a property"),
        (f"{HEAD}<rdf:li/></rdf:RDF>", 1, "may not be a node"),
        (node("\n<p>x</p>"), 2, "has no namespace"),
        (node("", 'foo="x"'), 1, "has no namespace"),
        (node("text"), 1, "is not allowed here"),
        (f'{HEAD}\n<e:C rdf:ID="x"/><e:C rdf:ID="x"/></rdf:RDF>', 2, "a second time"),
        (f'{HEAD}<x:C xmlns:x="a b"/></rdf:RDF>', 1, "not an absolute IRI"),
        (f"{HEAD}\n\n<e:C>", 3, "no element found"),
        (f'<!DOCTYPE r SYSTEM "r.dtd">{node("<e:p>&x;</e:p>")}', 1, "&x; is not declared"),
        (f'<!DOCTYPE r SYSTEM "r.dtd">{node("", QUOTED)}', 1, "&x; is not declared"),
    ],
)
def test_an_error_in_the_xml_has_its_line(text, line, message):
    with pytest.raises(InputError, match=message) as caught:
        lines(text)
    assert caught.value.code == "bad-rdf"
    assert caught.value.location is not None
    assert caught.value.location.line == line


def test_ten_errors_are_reported_and_the_rest_counted():
    content = "".join(f'\n<e:p rdf:resource="a {n}"/>' for n in range(12))
    with pytest.raises(InputError) as caught:
        lines(node(content))
    shown = str(caught.value)
    assert shown.startswith("a.rdf:2:1: not valid RDF/XML: 'a 0' is not an IRI")
    assert "a.rdf:11:1: 'a 9' is not an IRI" in shown
    assert "a 10" not in shown
    assert "and 2 more" in shown


@pytest.mark.parametrize(
    "encoding", ["iso-8859-1", "windows-1252", "utf-16", "us-ascii", "gb18030"]
)
def test_a_declared_encoding_is_decoded(tmp_path, encoding):
    path = tmp_path / "a.rdf"
    word = "e" if encoding == "us-ascii" else "é"
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n' + node(f"<e:p>{word}</e:p>")
    path.write_bytes(text.encode(encoding))
    assert [quad.object for quad in parse_rdf(path)] == [ox.Literal(word)]


@pytest.mark.parametrize("encoding", ["us-ascii", "utf-8"])
def test_a_byte_that_is_invalid_in_the_encoding_is_an_error(tmp_path, encoding):
    path = tmp_path / "a.rdf"
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n' + node("<e:p>é</e:p>")
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError) as caught:
        list(parse_rdf(path))
    assert caught.value.code == "bad-encoding"
    assert caught.value.location is not None
    assert caught.value.location.line == 2


@pytest.mark.parametrize("tail", ["", "<e:p>last</e:p>"])
@pytest.mark.parametrize(
    "content",
    [
        "<e:p>%s</e:p>",
        '<e:p rdf:parseType="Literal">%s</e:p>',
        '<e:p rdf:parseType="Other"><e:q>%s</e:q></e:p>',
    ],
)
def test_a_long_literal_is_read_or_refused_never_lost(monkeypatch, content, tail):
    monkeypatch.setattr(rdfxml, "LONGEST_TERM", 1_000_000)
    text = node("\n" + content % ("x" * 999_900) + tail)
    assert len(lines(text)) == (2 if tail else 1)
    text = node("\n" + content % ("x" * 1_000_009) + tail)
    with pytest.raises(InputError) as caught:
        lines(text)
    assert caught.value.code == "statement-too-long"
    assert caught.value.location is not None
    assert caught.value.location.line == 2


def test_elements_that_nest_too_deep_are_refused():
    deep = "<e:p>" * DEEPEST
    with pytest.raises(InputError) as caught:
        lines(HEAD + deep)
    assert caught.value.code == "too-deep"
    some = DEEPEST // 2 - 2
    assert len(lines(HEAD + "<e:C><e:p>" * some + "</e:p></e:C>" * some + "</rdf:RDF>")) == 2 * some


def test_spooling_counts_statements_and_collects_prefixes(tmp_path: Path) -> None:
    path = tmp_path / "a.rdf"
    path.write_text(node('<e:p rdf:parseType="Statements">x</e:p>'))
    read = spool_rdf([(path, None)], tmp_path / "spool")
    assert read.count == 1
    assert read.prefixes == {"rdf": RDF, "e": "http://e/"}


class Documents:
    """Makes random valid documents."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids = 0

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def document(self) -> str:
        base = self.pick("", ' xml:base="http://x/y/z"', ' xml:base="http://x/y#f"')
        return (
            f'<?xml version="1.0"?>\n<rdf:RDF xmlns:rdf="{RDF}" xmlns:e="http://e/"'
            f' xmlns:f="http://f/"{base}{self.language()}>'
            f"{''.join(self.node(3) for _ in range(3))}</rdf:RDF>"
        )

    def language(self) -> str:
        return self.pick("", "", "", ' xml:lang="en"', ' xml:lang="de"')

    def identifier(self) -> str:
        self.ids += 1
        return f'rdf:ID="i{self.ids}"'

    def reference(self) -> str:
        return self.pick("a", "#b", "../c", "http://e/d", "", "?q", "http://e/&#233;")

    def node(self, depth: int) -> str:
        name = self.pick("rdf:Description", "e:C", "rdf:Seq")
        about = self.pick(
            f' rdf:about="{self.reference()}"', ' rdf:nodeID="n1"', f" {self.identifier()}", ""
        )
        extra = self.pick("", ' e:q="v"', ' rdf:type="t"', ' f:r="&lt;&#10;"')
        properties = "".join(self.property(depth) for _ in range(self.random.randrange(4)))
        space = self.pick("", "\n ", "<!-- c -->")
        return f"{space}<{name}{about}{extra}{self.language()}>{properties}{space}</{name}>"

    def property(self, depth: int) -> str:
        name = self.pick("e:p", "f:q", "rdf:li", "rdf:_3", "rdf:type")
        id_ = self.pick("", "", "", f" {self.identifier()}")
        lang = self.language()
        inner = [
            f">{self.pick('text', ' ', 'a &amp; b', '<![CDATA[<x>]]>', 'é&#x1F600;')}",
            ' rdf:datatype="d">1',
            ">",
        ]
        if depth:
            inner += [
                f">{self.node(depth - 1)}",
                ' rdf:parseType="Resource">' + self.property(depth - 1),
                ' rdf:parseType="Collection">'
                + "".join(self.node(0) for _ in range(self.random.randrange(3))),
            ]
        if self.random.random() < 0.3:
            extra = self.pick(
                f' rdf:resource="{self.reference()}"',
                ' rdf:nodeID="n2"',
                ' e:z="v"',
                f' rdf:resource="{self.reference()}" f:z="w"',
            )
            return f"<{name}{id_}{lang}{extra}/>"
        return f"<{name}{id_}{lang}{self.pick(*inner)}</{name}>"


@pytest.mark.parametrize("seed", range(40))
def test_oxigraph_or_rdflib_reads_the_same_statements(seed):
    text = Documents(seed).document()
    ours = "".join(f"{line} .\n" for line in lines(text, "http://b/c/d"))
    mine = rdflib.Graph().parse(data=ours, format="nt")
    theirs = rdflib.Graph().parse(data=text, format="xml", publicID="http://b/c/d")
    quads = ox.parse(text.encode(), ox.RdfFormat.RDF_XML, base_iri="http://b/c/d")
    others = ox.serialize(quads, format=ox.RdfFormat.N_TRIPLES)
    assert others is not None
    oxigraph = rdflib.Graph().parse(data=others.decode(), format="nt")
    assert isomorphic(mine, oxigraph) or isomorphic(mine, theirs), text
    assert isomorphic(mine, theirs) or not isomorphic(oxigraph, theirs), text
