"""XPath 3.1: what paths beyond XPath 1.0 give, what their functions may read, and errors."""

from __future__ import annotations

import hashlib
import sys
import uuid

import pytest

from kg.errors import InputError, LimitError, UsageError
from kg.mapping.own_functions import now
from kg.mapping.plan import Formulation, LogicalSource
from kg.notes import hearing
from kg.rejects import skipping
from kg.sources.addresses import Reach, Replacements, read_replacements, replacing
from kg.sources.files import SourceFile
from kg.sources.xml_files import _Document
from kg.variables import Variables, using
from tests.mapping.running import read_plan, run_mapping, run_plan, write_files

pytest.importorskip("elementpath", reason="the extra xpath is not installed")

BOOKS = """<?xml version="1.0"?>
<shop name="A&amp;B" xmlns:z="urn:z">
  <shelf n="1"><label>low</label>
    <book id="b1"><title>One</title><by>X</by><by>Y</by></book>
    <book id="b2"><title/><z:note k="1">n <b>bold</b> end</z:note></book>
  </shelf>
  <shelf n="2"><label>high</label>
    <book id="b3"><title>Three</title><price>10.50</price></book>
  </shelf>
</shop>
"""
HASH = "https://hash.example/uuid/"


def read(folder, reference, iterator="//book", document=BOOKS, **options):
    """Return the values of one reference for each record."""
    write_files(folder, {"a.xml": document})
    source = LogicalSource("a.xml", Formulation.XPATH, iterator, folder=str(folder), **options)
    found = _Document(SourceFile(folder / "a.xml"), source, [reference], 1 << 20)
    return [values[0] for values in found.values()]


@pytest.mark.parametrize("iterator", ["//book", "/shop/shelf/book", "//book[exists(@id)]"])
@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("if (exists(by)) then 'many' else null", [["many"], [], []]),
        ("for $b in by return $b || '!'", [["X!", "Y!"], [], []]),
        ("let $t := title return string-length($t)", [["3"], ["0"], ["5"]]),
        ("some $b in by satisfies $b = 'Y'", [["true"], ["false"], ["false"]]),
        ("replace(title, '[aeiou]', '')", [["On"], [""], ["Thr"]]),
        ("by[2] || '/' || @id", [["Y/b1"], ["/b2"], ["/b3"]]),
        ("string-join(by, '+')", [["X+Y"], [""], [""]]),
        ("encode-for-uri(@id || ' é/')", [[f"b{n}%20%C3%A9%2F"] for n in (1, 2, 3)]),
        ("*:note/@k", [[], ["1"], []]),
        ("*:note", [[], ["n bold end"], []]),
        ("tokenize('a,b', ',')", [["a", "b"]] * 3),
        ("title => upper-case()", [["ONE"], [""], ["THREE"]]),
        ("by ! lower-case(.)", [["x", "y"], [], []]),
        ("xs:decimal(price) * 2", [[], [], ["21"]]),
        ("(1 to 3)[. > 1]", [["2", "3"]] * 3),
        ("[by, 'z']?*", [["X", "Y", "z"], ["z"], ["z"]]),
        ("map{'b1': 'first'}(string(@id))", [["first"], [], []]),
        ("parse-json('{\"a\": [1, 2]}')?a?*", [["1", "2"]] * 3),
        ("if (@id castable as xs:integer) then 1 else 2.50", [["2.5"]] * 3),
        ("sort(by, (), function($b) { -string-to-codepoints($b) })", [["Y", "X"], [], []]),
        ("deep-equal(by, by)", [["true"]] * 3),
        ("for-each-pair(by, (by[2], by[1]), concat#2)", [["XY", "YX"], [], []]),
        ("fold-left(by, '', concat#2)", [["XY"], [""], [""]]),
        ("format-date(xs:date('2024-03-01'), '[D01].[M01].[Y]')", [["01.03.2024"]] * 3),
        ("(: a remark :) title union by[1]", [["One", "X"], [""], ["Three"]]),
        ("title/string()", [["One"], [""], ["Three"]]),
        ("count(by) ge 1", [["true"], ["false"], ["false"]]),
        ("../label || '-' || /shop/@name", [["low-A&B"], ["low-A&B"], ["high-A&B"]]),
        ("lower-case(ancestor::*/@name)", [["a&b"]] * 3),
        ("parse-xml('<a><b>1</b></a>')//b", [["1"]] * 3),
        ("path(@id)", [
            ["/Q{}shop[1]/Q{}shelf[1]/Q{}book[1]/@id"],
            ["/Q{}shop[1]/Q{}shelf[1]/Q{}book[2]/@id"],
            ["/Q{}shop[1]/Q{}shelf[2]/Q{}book[1]/@id"],
        ]),
        ("title/text()/path()", [
            ["/Q{}shop[1]/Q{}shelf[1]/Q{}book[1]/Q{}title[1]/text()[1]"],
            [],
            ["/Q{}shop[1]/Q{}shelf[2]/Q{}book[1]/Q{}title[1]/text()[1]"],
        ]),
    ],
)  # fmt: skip
def test_references(tmp_path, iterator, reference, expected):
    assert read(tmp_path, reference, iterator) == expected


@pytest.mark.parametrize(
    ("iterator", "reference", "expected"),
    [
        ("for $s in /shop/shelf return $s/book[last()]", "@id", [["b2"], ["b3"]]),
        ("(//book)[position() = (1, 3)]", "title", [["One"], ["Three"]]),
        ("//book[exists(by)] | //shelf[@n eq '2']", "name(.)", [["book"], ["shelf"]]),
        ("if (exists(//book)) then //shelf else ()", "@n", [["1"], ["2"]]),
        ("//*:note", "path()", [["/Q{}shop[1]/Q{}shelf[1]/Q{}book[2]/Q{urn:z}note[1]"]]),
        ("distinct-values(//by)", "upper-case(.)", [["X"], ["Y"]]),
        ("//book ! @id", ".", [["b1"], ["b2"], ["b3"]]),
        ("/", "exists(shop)", [["true"]]),
    ],
)
def test_iterators(tmp_path, iterator, reference, expected):
    assert read(tmp_path, reference, iterator) == expected


def test_namespaces_of_the_source(tmp_path):
    document = '<r xmlns="urn:d"><i xmlns:q="urn:q"><q:v>1</q:v><v>2</v></i></r>'
    namespaces = (("", "urn:d"), ("p", "urn:q"))
    for reference, expected in (("p:v || '!'", ["1!"]), ("exists(v)", ["true"]), ("v", ["2"])):
        for iterator in ("/r/i", "/r/i[exists(v)]"):
            assert read(tmp_path, reference, iterator, document, namespaces=namespaces) == [
                expected
            ]


# --- mappings of before -----------------------------------------------------------------------

OLD = """
@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
<#M> rml:logicalSource [
    rml:source "a.xml" ; rml:referenceFormulation ql:XPath ; rml:iterator "%s" ] ;
  rr:subjectMap [ rr:template "http://example.org/{@id}" ] ;
  rr:predicateObjectMap [
    rr:predicate <http://example.org/p> ; rr:objectMap [ rml:reference "%s" ] ] .
"""
SPACED = """<r xmlns="urn:d" xmlns:q="urn:q">
  <i id="1"><v>a</v><q:w>b</q:w></i><i><v>c</v></i></r>"""


@pytest.mark.parametrize(
    ("iterator", "reference", "expected"),
    [
        ("/r/i", "v", ['"a"']),
        ("/r/i", "v/text()", ['"a"']),
        ("/r/i", "../i/v", ['"a"', '"c"']),
        ("//i[v]", "q:w", ['"b"']),
        ("/r/*", "if (v) then q:w else null", ['"b"']),
        ("//i", "count(v)", ['"1"']),
        ("/q:r/i", "v", []),
    ],
)
def test_ql_xpath_means_the_namespaces_of_the_document(tmp_path, iterator, reference, expected):
    with hearing() as notes:
        made = run_mapping(tmp_path, OLD % (iterator, reference), {"a.xml": SPACED})
    assert made.objects() == expected
    (told,) = notes.values()
    assert told.text.endswith("taken in the default namespace of the document, urn:d")


def test_a_wrong_path_of_ql_xpath_is_an_error_only_where_a_record_needs_it(tmp_path):
    mapping = OLD % ("/r/i", "if (v) then v |else null")
    made = run_mapping(tmp_path, mapping, {"a.xml": "<r><i/></r>"})
    assert made.quads == []
    (note,) = [note for count in made.made.counts for note in count.notes]
    assert "no record needs the path at " in note
    assert "mapping.ttl:8" in note
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {"a.xml": "<r><i id='1'/></r>"})
    assert raised.value.code == "bad-xpath"
    assert raised.value.location.line == 8


# --- errors -----------------------------------------------------------------------------------

MAPPING = """
prefixes: {ex: 'http://example.org/'}
mappings:
  m:
    sources: [['a.xml~xpath', '//book']]
    s: ex:$(@id)
    po:
      - [ex:p, "$(%s)"]
"""


@pytest.mark.parametrize(
    ("path", "said", "column"),
    [
        ("if (a) then b", "unexpected end", 13),
        ("title eq", "unexpected end", 8),
        ("a || exits(b)", "unregistered function 'exits'", 5),
        ("q:a || 'x'", "prefix 'q' is not declared", 1),
        ("'x' || $v", "variable", 7),
    ],
)
def test_wrong_paths_are_told_with_their_place(tmp_path, path, said, column):
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, MAPPING % path, {"a.xml": BOOKS})
    error = raised.value
    assert error.code == "bad-xpath"
    message, line, caret = error.message.split("\n")
    assert said in message
    assert line.strip() == path
    assert caret.index("^") - 4 == column
    assert (error.location.file.rpartition("/")[2], error.location.line) == ("mapping.yml", 8)


def test_a_prefix_that_is_not_declared_is_offered(tmp_path):
    for path in ("z:note", "z:note || '!'"):
        with pytest.raises(InputError) as raised:
            run_mapping(tmp_path, MAPPING % path, {"a.xml": BOOKS})
        hint = raised.value.hint
        assert "The root of " in hint
        assert "has: z urn:z." in hint
        assert "namespaces: {z: 'urn:z'} beside the iterator in YARRRML" in hint
        assert 'rml:namespacePrefix "z" ; rml:namespaceURL "urn:z"' in hint


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("upper-case(by)", "a sequence of more than one item"),
        ("xs:integer(title)", "xs:integer"),
        ("error(xs:QName('fn:x'), 'no good')", "no good"),
        ("map{'a': 1}[current()]", ""),
        ("map{'a': @id}", "a map, which is no value"),
        ("upper-case#1", "a function, which is no value"),
    ],
)
def test_a_path_that_fails_names_record_and_path(tmp_path, path, said):
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, MAPPING % path, {"a.xml": BOOKS})
    error = raised.value
    assert said in error.message
    if error.code == "xpath-failed":
        assert (error.location.line, error.location.record) == (4, 1)
        assert error.location.column == path
        assert error.location.file.endswith("a.xml")
        assert "mapping.yml:8" in error.hint
    else:
        assert error.code == "bad-xpath"
        assert error.location.line == 8


def test_values_of_failing_paths_are_left_out_on_request(tmp_path):
    with skipping() as rejects:
        made = run_mapping(tmp_path, MAPPING % "upper-case((title, by))", {"a.xml": BOOKS})
    assert made.objects() == ['""', '"THREE"']
    assert (rejects.records, rejects.values) == (0, 1)
    assert "(record 1)" in rejects.first


def test_values_of_records_without_a_subject_are_not_asked_for(tmp_path):
    document = "<r><book id='1'><v>a</v></book><book><v/><v/></book></r>"
    made = run_mapping(tmp_path, MAPPING % "upper-case(v)", {"a.xml": document})
    assert made.objects() == ['"A"']


def test_without_the_package_the_error_names_it(tmp_path, monkeypatch):
    for loaded in [m for m in sys.modules if m.partition(".")[0] == "elementpath"]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.delitem(sys.modules, "kg.sources.xpath31", raising=False)
    monkeypatch.setitem(sys.modules, "elementpath", None)
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, MAPPING % "title || '!'", {"a.xml": BOOKS})
    error = raised.value
    assert error.code == "missing-extra"
    assert "XPath beyond version 1.0 needs the package elementpath" in error.message
    assert "pip install lxml elementpath" in error.hint
    assert error.location.line == 8
    # What XPath 1.0 has needs no more than before.
    assert run_mapping(tmp_path, MAPPING % "by[2]", {"a.xml": BOOKS}).objects() == ['"Y"']


def test_a_document_with_too_many_elements_is_refused(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(f"<r>{'<i/>' * 20_000}</r>")
    source = LogicalSource("a.xml", Formulation.XPATH, "/r/i")
    with pytest.raises(LimitError) as raised:
        list(_Document(SourceFile(path), source, ["path()"], 1 << 20).values())
    assert raised.value.code == "document-too-large"
    # What stays in the record is followed as a stream, however long the document is.
    found = _Document(SourceFile(path), source, ["exists(a)"], 1 << 20)
    assert sum(1 for _ in found.values()) == 20_000


def test_paths_of_many_siblings_take_no_longer_each(tmp_path):
    """elementpath's own way counts all siblings for each: 400 million steps here."""
    path = tmp_path / "a.xml"
    path.write_text(f"<r>{'<i/>' * 20_000}</r>")
    source = LogicalSource("a.xml", Formulation.XPATH, "/r/i")
    found = [v[0][0] for v in _Document(SourceFile(path), source, ["path()"], 1 << 24).values()]
    assert found == [f"/Q{{}}r[1]/Q{{}}i[{number}]" for number in range(1, 20_001)]


# --- what functions may read ------------------------------------------------------------------


def inside(folder, path, files, **more):
    """Run a mapping that may read files below its folder alone."""
    write_files(folder, {"a.xml": BOOKS, **files})
    return run_plan(read_plan(folder, MAPPING % path), inside=folder, **more)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("unparsed-text('data/t.txt')", '"caf\\u00E9\\nb"'),
        ("unparsed-text-lines('data/t.txt')[2]", '"b"'),
        ("unparsed-text-available('data/t.txt')", '"true"'),
        ("unparsed-text-available('data/none.txt')", '"false"'),
        ("unparsed-text('data/l1.txt', 'iso-8859-1')", '"\\u00E9"'),
        ("doc('data/d.xml')/d/e[@k = 'b1']", '"ref"'),
        ("doc-available('data/d.xml')", '"true"'),
        ("json-doc('data/j.json')?a?*", '"1"'),
        ("('data/t.txt') ! unparsed-text-lines(.)[2]", '"b"'),
    ],
)
def test_files_where_sources_may_lie_are_read(tmp_path, path, expected):
    files = {
        "data/t.txt": "caf\u00e9\r\nb",
        "data/l1.txt": b"\xe9",
        "data/d.xml": "<d><e k='b1'>ref</e></d>",
        "data/j.json": '{"a": [1]}',
    }
    made = inside(tmp_path, f"if (@id = 'b1') then {path} else ()", files)
    (found,) = made.objects()
    assert (
        found.encode("ascii", "backslashreplace").decode().replace("\\xe9", "\\u00E9") == expected
    )


OUTSIDE = [
    "unparsed-text('{}')",
    "unparsed-text-lines('{}')",
    "unparsed-text-available('{}')",
    "doc('{}')",
    "doc-available('{}')",
    "json-doc('{}')",
    "for-each('{}', unparsed-text#1)",
    "fn:doc(string-join(('{}')))",
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize(
    "address",
    [
        *("https://example.org/x", "http://127.0.0.1:1/x", "ftp://h/x", "//host/x", "data:,x"),
        *("/etc/hostname", "file:///etc/hostname", "../secret.txt", "file://host/etc/hostname"),
        *("jar:file:x", "%2e%2e/secret.txt"),
    ],
)
def test_other_addresses_are_refused(tmp_path, path, address):
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "project"
    folder.mkdir()
    with pytest.raises(InputError) as raised:
        inside(folder, path.format(address), {})
    error = raised.value
    assert error.code in ("refused-address", "outside-workspace")
    assert error.location.record == 1
    if "unparsed" in path and "https:" in address:
        assert "kg map --replace-address https://example.org/=uuid" in error.hint


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("collection()", "a collection of documents"),
        ("collection('data')", "a collection of documents"),
        ("uri-collection('data')", "a collection of documents"),
        ("environment-variable('HOME')", "HOME, which the mapping may not read"),
        ("unparsed-text('')", "no file that may be read"),
    ],
)
def test_what_kg_does_not_have_is_refused(tmp_path, path, said):
    with pytest.raises(InputError) as raised:
        inside(tmp_path, path, {})
    assert raised.value.code == "refused-address"
    assert said in raised.value.message


def test_a_variable_that_the_call_allows_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("KG_TEST_PLACE", "here")
    with using(Variables(allowed=frozenset({"KG_TEST_PLACE"}))):
        made = inside(tmp_path, "environment-variable('KG_TEST_PLACE')", {})
    assert made.objects() == ['"here"'] * 3


def test_documents_with_a_document_type_are_not_read(tmp_path):
    files = {"d.xml": '<!DOCTYPE d [<!ENTITY e SYSTEM "/etc/hostname">]><d>&e;</d>'}
    with pytest.raises(InputError) as raised:
        inside(tmp_path, "doc('d.xml')", files)
    assert raised.value.code == "xml-entities"
    with pytest.raises(InputError) as raised:
        inside(tmp_path, "parse-xml('<!DOCTYPE a [<!ENTITY e \\\"x\\\">]><a>&e;</a>')", {})
    assert raised.value.code == "xpath-failed"


def test_files_that_functions_read_are_sources_of_the_run(tmp_path):
    made = inside(tmp_path, "unparsed-text('t.txt')", {"t.txt": "x"})
    (loaded,) = made.made.loaded
    assert [path.name for path in loaded.files] == ["a.xml", "t.txt"]


# --- answers in place of addresses -------------------------------------------------------------


def test_answers_in_place_of_addresses(tmp_path):
    path = f"unparsed-text('{HASH}' || encode-for-uri(@id) || '?type=raw')"
    for name, function in (
        ("uuid", lambda text: str(uuid.uuid5(uuid.NAMESPACE_URL, text))),
        ("sha256", lambda text: hashlib.sha256(text.encode()).hexdigest()),
    ):
        with replacing(read_replacements([f"{HASH}={name}"])):
            made = inside(tmp_path, path, {})
        expected = sorted(f'"{function(f"b{n}?type=raw")}"' for n in (1, 2, 3))
        assert made.objects() == expected


def test_the_longest_prefix_answers():
    made = Replacements((("http://h/", str.upper), ("http://h/a/", str.lower)))
    assert made.answer("http://h/a/X") == "x"
    assert made.answer("http://h/x?a=b") == "X?A=B"
    assert made.answer("https://h/x") is None


def test_functions_of_the_user_come_first():
    made = read_replacements(["http://h/?q==own"], {"own": lambda text: f"<{text}>"})
    assert made.answer("http://h/?q=1") == "<1>"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["uuid"], "not of the form PREFIX=FUNCTION"),
        (["=uuid"], "not of the form PREFIX=FUNCTION"),
        (["http://h/="], "not of the form PREFIX=FUNCTION"),
        (["http://h/=md5"], "no function 'md5'"),
        (["http://h/=uuid", "http://h/=sha256"], "two functions for http://h/"),
    ],
)
def test_options_that_say_nothing(options, said):
    with pytest.raises(UsageError, match=said):
        read_replacements(options)


SPACES = (
    '<shop xmlns:z="urn:z" xmlns="urn:d"><book id="b1"><title>A &amp; B</title> tail <z:n k="1">x'
    "<b/></z:n></book></shop>"
)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("serialize(*:title)", '<title xmlns="urn:d" xmlns:z="urn:z">A &amp; B</title>'),
        ("serialize(*:title/text())", "A &amp; B"),
        ("serialize((1, 'a', *:none, '<'))", "1 a &lt;"),
        ("serialize(([1, 'a'], true()), map{'item-separator': ', '})", "1, a, true"),
        ("serialize(*:title, map{'method': 'text'})", "A & B"),
        ("serialize(map{'a': [1]}, map{'method': 'json'})", '{"a":[1]}'),
        ("serialize(/)", SPACES),
        ("serialize(parse-xml-fragment('<a>1</a>b'))", "<a>1</a>b"),
    ],
)
def test_what_is_serialized(tmp_path, reference, expected):
    assert read(tmp_path, reference, "//*:book", SPACES) == [[expected]]


@pytest.mark.parametrize(
    "argument",
    ["@id", "map{}", "concat#2", "., map{'method': 'adaptive'}", "., map{'standalone': 1}"],
)
def test_what_cannot_be_serialized_is_told(tmp_path, argument):
    with pytest.raises(InputError) as caught:
        read(tmp_path, f"serialize({argument})", "//*:book", SPACES)
    assert caught.value.code == "xpath-failed"


def test_a_run_has_one_time(tmp_path):
    paths = ("current-dateTime()", "string(current-date())", "string(current-time())")
    moment, day, time = ({text for (text,) in read(tmp_path, path)} for path in paths)
    assert moment == {now()}
    assert moment == {f"{day.pop()[:-1]}T{time.pop()}"}
    assert read(tmp_path, "string(implicit-timezone())")[0] == ["PT0S"]


def test_a_document_is_parsed_once_and_is_the_same(tmp_path, monkeypatch):
    read_files: list[str] = []
    plain = Reach.data

    def counted(self, function, address, **more):
        read_files.append(address)
        return plain(self, function, address, **more)

    monkeypatch.setattr(Reach, "data", counted)
    made = inside(tmp_path, "doc('d.xml') is doc('./d.xml')", {"d.xml": "<d/>"})
    assert made.objects() == ['"true"'] * 3
    assert read_files == ["d.xml"]
