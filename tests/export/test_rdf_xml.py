"""pyoxigraph, rdflib and expat agree on RDF/XML that kg writes; the rest is refused."""

import re

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from kg.duck import sql_text
from kg.errors import InputError
from kg.exports import ExportOptions
from kg.exports.api import export_quads
from kg.exports.xml_names import refuse_unnameable
from tests.export.conftest import connection, make_table
from tests.export.reading import read
from tests.export.test_roundtrip import FUZZ, in_reach

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TYPE = f"<{RDF}type>"
RESERVED = [
    *("RDF", "Description", "ID", "about", "parseType", "resource", "nodeID", "datatype", "li"),
    *("aboutEach", "aboutEachPrefix", "bagID"),
]
# Ends of IRIs: names in both editions of XML, names in the fifth only, and no names.
ENDS = [
    "p",
    "1",
    "1a",
    "a1",
    "é",
    "ⅷ",
    "ⅷa",
    "aⅷ",
    "a·b",
    "𐀀",
    "a𐀀",
    "",
    "xml",
    "xmlns",
    "%41",
    "~",
]
NAMESPACES = [
    *("http://e/", "http://e/ns#", "urn:x:", "http://e/1", "http://e/é", "http://e/?a=b&c='", RDF),
    *("http://www.w3.org/2000/xmlns/", "http://www.w3.org/XML/1998/namespace"),
]
PREFIXES = {"": "http://e/ns#", "é": "http://e/", "ⅷ": "urn:x:", "xmlns": "http://e/é"}


def exported(rows, path):
    """Export rows and return the bytes; None if RDF/XML cannot express them."""
    table = make_table(path.with_suffix(".parquet"), rows)
    path.unlink(missing_ok=True)
    in_reach(
        path,
        lambda: export_quads(table, str(path), ExportOptions(threads=1), PREFIXES, origins=None),
    )
    return path.read_bytes() if path.exists() else None


def read_rdflib(path):
    """Return the rows of a file, read with rdflib, which uses expat."""
    graph = rdflib.Graph()
    graph.parse(path, format="xml")
    return {tuple(term.n3() for term in triple) for triple in graph}


def is_refused(connection, row):
    """Return whether a row is refused because RDF/XML cannot express it."""
    terms = ", ".join(sql_text(term) for term in row[:3])
    try:
        refuse_unnameable(connection, f"SELECT * FROM (VALUES ({terms}, NULL)) AS t(s, p, o, g)")
    except InputError:
        return True
    return False


def test_names_are_read_alike_or_refused(tmp_path):
    iris = [f"<{namespace}{end}>" for namespace in NAMESPACES for end in ENDS + RESERVED]
    rows = [row for iri in iris for row in (("<e:s>", iri, "<e:o>"), ("<e:s>", TYPE, iri))]
    held = {row for row in rows if not is_refused(connection(), row)}
    path = tmp_path / "a.rdf"
    assert exported([(*row, None) for row in sorted(held)], path) is not None
    assert {row[:3] for row in read(path)} == held
    assert read_rdflib(path) == held


@pytest.mark.parametrize(
    ("iri", "predicate", "type_"),
    [
        ("<http://e/p>", True, True),
        ("<http://e/é>", True, True),
        ("<http://e/1>", False, False),
        ("<http://e/𐀀>", False, False),
        (f"<{RDF}_1>", True, True),
        (f"<{RDF}li>", False, True),
        (f"<{RDF}Description>", False, True),
        (f"<{RDF}bagID>", False, False),
        ("<http://www.w3.org/2000/xmlns/p>", False, False),
    ],
)
def test_names_that_parsers_disagree_on_are_refused(iri, predicate, type_):
    assert is_refused(connection(), ("<e:s>", iri, '"x"')) != predicate
    assert is_refused(connection(), ("<e:s>", TYPE, iri)) != type_


@FUZZ
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
def test_texts_are_read_alike_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("xml") / "a.rdf"
    written = exported([("<e:s>", "<http://e/p>", str(ox.Literal(text)), None)], path)
    # https://www.w3.org/TR/xml/#charsets
    assert (written is None) == bool(
        re.search("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    )
    if written is not None:
        (quad,) = ox.parse(written, ox.RdfFormat.RDF_XML)
        assert quad.object.value == text
        graph = rdflib.Graph()
        graph.parse(data=written, format="xml")
        assert [str(o) for o in graph.objects()] == [text]


@pytest.mark.parametrize("text", ["l1\r\nl2", "\r", "\r\r\n", "a\u007f\rb", "\u0085\u2028\r"])
def test_carriage_returns_are_kept(tmp_path, text):
    path = tmp_path / "a.rdf"
    written = exported([("<e:s>", "<http://e/p>", str(ox.Literal(text)), None)], path)
    assert b"\r" not in written
    graph = rdflib.Graph()
    graph.parse(data=written, format="xml")
    assert [str(o) for o in graph.objects()] == [text]


@pytest.mark.parametrize("text", ['"\\u007F\\u0001"', '"\\r\\u0002"', '"a\\u007F\\uFFFE"@en'])
def test_a_character_that_xml_lacks_is_found_after_other_escapes(tmp_path, text):
    assert exported([("<e:s>", "<http://e/p>", text, None)], tmp_path / "a.rdf") is None
