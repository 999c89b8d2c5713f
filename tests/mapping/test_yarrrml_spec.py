"""YARRRML section by section of its specification: https://rml.io/yarrrml/spec/

Where the specification gives a short and a long form of one thing, both must be the same plan.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from kg.errors import InputError
from kg.mapping.plan import (
    Call,
    Constant,
    Function,
    JoinCondition,
    LogicalTarget,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    TermMap,
    TermType,
    TriplesMap,
)
from kg.mapping.yarrrml_prefixes import PREDEFINED
from kg.notes import hearing
from kg.terms import RDF, XSD, is_iri
from tests.mapping.reading import read_yarrrml
from tests.mapping.running import run_mapping

FOAF = PREDEFINED["foaf"]
EX = "http://example.org/"
TYPE = f"<{RDF}type>"
PEOPLE = {"people.csv": "id,name,age,boss,lang\n1,Ann,30,2,en\n2,Bob,40,,nl\n"}


def read(text: str, **more: str) -> Plan:
    return read_yarrrml(textwrap.dedent(text), "m.yml", {"ex": EX}, folder="/data", **more)


def only(text: str, **more: str) -> TriplesMap:
    (found,) = read(text, **more).triples_maps
    return found


def mapping(*lines: str, sources: str = "[[people.csv~csv]]", s: str = "ex:$(id)") -> str:
    """Return a document of one mapping ``m``; the first of the lines is line 5."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"mappings:\n  m:\n    sources: {sources}\n    s: {s}\n{body}"


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.location is not None
    return caught.value


def triples(folder: Path, text: str, files: dict[str, str] | None = None) -> set[str]:
    """The quads that a document makes of people.csv, each in one line, namespaces shortened."""
    made = run_mapping(folder, textwrap.dedent(text), files or PEOPLE)
    lines = (" ".join(part for part in quad if part) for quad in made.quads)
    return {
        line.replace(f"<{EX}", "<").replace(f"<{FOAF}", "<f:").replace(TYPE, "a") for line in lines
    }


class TestBase:
    def test_it_is_prepended(self, tmp_path):
        text = "base: http://b/x#\n" + mapping("po: [[foaf:knows, $(boss)~iri]]", s="p$(id)")
        assert triples(tmp_path, text) == {"<http://b/x#p1> <f:knows> <http://b/x#2>"}


class TestPrefixes:
    def test_predefined_ones_are_those_of_rdfa(self):
        assert len(PREDEFINED) == 52
        assert all(is_iri(namespace) for namespace in PREDEFINED.values())
        found = only(mapping("po: [[dcat:theme, x], [vcard:fn, y]]"))
        (dcat,), (vcard,) = (pair.predicates for pair in found.predicate_objects)
        assert dcat.expression == Constant("http://www.w3.org/ns/dcat#theme", TermType.IRI)
        assert vcard.expression == Constant("http://www.w3.org/2006/vcard/ns#fn", TermType.IRI)

    def test_own_ones_go_before(self):
        found = only("prefixes: {foaf: 'http://mine/'}\n" + mapping("po: [[foaf:name, x]]"))
        name = found.predicate_objects[0].predicates[0].expression
        assert name == Constant("http://mine/name", TermType.IRI)

    def test_unknown_one_names_the_line(self):
        error = refused(mapping("po:", "  - [foaf:name, x]", "  - [nope:name, x]"))
        assert str(error.location) == "m.yml:7"
        assert "'nope'" in error.message


class TestAuthors:
    @pytest.mark.parametrize("key", ["authors", "author", "a"])
    @pytest.mark.parametrize(
        "written",
        [
            "John Doe <john@doe.com>",
            "[John Doe <john@doe.com>, 'Jane Doe (https://janedoe.com)']",
            "[{name: John Doe, email: john@doe.com}, {name: Jane, website: 'https://j.com'}]",
            "['http://johndoe.com/#me']",
        ],
    )
    def test_they_leave_the_plan_as_it_is(self, key, written):
        plain = mapping("po: [[ex:p, x]]")
        assert read(f"{key}: {written}\n{plain}") == read(plain)

    def test_slip_in_a_key(self):
        error = refused("authors:\n  - {name: J, emial: 1}\n" + mapping("po: [[ex:p, x]]"))
        assert "'emial' is no key of an author" in error.message
        assert "email" in error.hint
        assert str(error.location) == "m.yml:2"


class TestTemplates:
    def test_constant_reference_and_both(self, tmp_path):
        text = mapping("po: [[ex:a, foo], [ex:b, $(name)], [ex:c, 'foo-$(name) $(age)']]")
        found = triples(tmp_path, text)
        assert {'<1> <a> "foo"', '<1> <b> "Ann"', '<1> <c> "foo-Ann 30"'} <= found
        assert len(found) == 6

    @pytest.mark.parametrize(
        ("written", "made"),
        [
            (r"\$(name)", "$(name)"),
            (r"$(odd \(name\))", "v"),
            ("$(odd (name))", "v"),
            (r"a\:b", "a:b"),
            (r"ex\:b", "ex:b"),
            (r"100\\", "100\\\\"),
            ("{name}", "{name}"),
        ],
    )
    def test_escapes(self, tmp_path, written, made):
        files = {"t.csv": "id,name,odd (name)\n1,Ann,v\n"}
        text = mapping(f"po: [[ex:p, '{written}']]", sources="[[t.csv~csv]]")
        assert triples(tmp_path, text, files) == {f'<1> <p> "{made}"'}

    def test_reference_that_is_not_closed(self):
        error = refused(mapping("po:", "  - [ex:p, 'x $(a']"))
        assert str(error.location) == "m.yml:6"
        assert "not closed" in error.message


class TestSources:
    LONG = "{access: data/p.json, referenceFormulation: jsonpath, iterator: '$.p[*]'}"
    SHORT = "[data/p.json~jsonpath, '$.p[*]']"

    def test_every_way_to_name_one_is_the_same(self):
        written = [
            f"    sources: {self.LONG}",
            f"    sources: [{self.LONG}]",
            f"    sources: [{self.SHORT}]",
            f"    source: {self.SHORT}",
            "    sources: named",
            "    sources: [named]",
        ]
        plans = {
            read(f"sources: {{named: {named}}}\nmappings:\n  m:\n{line}\n    s: ex:a\n")
            for line in written
            for named in (self.LONG, self.SHORT)
        }
        assert len(plans) == 1

    def test_named_and_inline_mixed(self):
        text = f"sources: {{one: {self.SHORT}}}\n" + mapping(
            "po: [[ex:p, x]]", sources=f"[one, {self.LONG}, [b.csv~csv]]"
        )
        maps = read(text).triples_maps
        assert [m.source.path for m in maps] == ["data/p.json", "data/p.json", "b.csv"]
        assert [m.name for m in maps] == ["m.yml#m", "m.yml#m/2", "m.yml#m/3"]

    def test_delimiter_encoding_and_type(self, tmp_path):
        source = "{access: p.csv, referenceFormulation: csv, delimiter: ;, encoding: latin-1,"
        text = mapping("po: [[ex:p, $(n)]]", sources=source + " type: localfile}")
        made = run_mapping(tmp_path, text, {"p.csv": "id;n\n1;é\n".encode("latin-1")})
        assert made.objects() == ['"é"']

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("{access: 'http://e/', type: wot, referenceFormulation: csv}", "'wot'"),
            ("{access: 'http://e/q', type: sparql, referenceFormulation: csv}", "'sparql'"),
            ("{access: x, type: sparql, referenceFormulation: csv}", "'sparql'"),
            ("{access: x}", "the source has no referenceFormulation"),
            ("[[x.foo~foo]]", "'foo' is no format"),
            ("nobody", "there is no source 'nobody'"),
            ("[[x.csv~csv], {path: x}]", "the source has no access"),
            ("[[x.csv~csv], {acess: x}]", "'acess' is no key of a source"),
        ],
    )
    def test_faults(self, source, message):
        error = refused(mapping("po: [[ex:p, x]]", sources=source))
        assert message in error.message
        assert error.location.line == 3


class TestTargets:
    TARGET = LogicalTarget("d.ttl.gz", str(Path.cwd()), "turtle", "gzip")

    @pytest.mark.parametrize(
        "written",
        [
            "{access: d.ttl.gz, type: void, serialization: turtle, compression: gzip}",
            "[d.ttl.gz~void, turtle, gzip]",
            "[[d.ttl.gz~void, turtle, gzip]]",
            "[{access: d.ttl.gz, serialization: Turtle, compression: GZIP}]",
            "named",
            "[named]",
            "[named, named]",
        ],
    )
    def test_every_way_to_write_one_is_the_same(self, written):
        text = "targets: {named: [d.ttl.gz~localfile, turtle, gzip]}\n" + mapping(
            "po: [[ex:p, x]]", s=f"{{value: 'ex:$(id)', targets: {written}}}"
        )
        assert only(text).subject.targets == (self.TARGET,)

    @pytest.mark.parametrize(
        ("written", "paths"),
        [
            ("[[a.nq~void], [b.nq~void]]", ["a.nq", "b.nq"]),
            ("[named, {access: c.nq}]", ["x.nq", "c.nq"]),
            ("[a.nq, b.nq]", ["a.nq", "b.nq"]),
            ("[a.nq]", ["a.nq"]),
            ("a.nq", ["a.nq"]),
        ],
    )
    def test_several(self, written, paths):
        text = "targets: {named: x.nq}\n" + mapping(
            "po: [[ex:p, x]]", s=f"{{value: 'ex:$(id)', targets: {written}}}"
        )
        found = only(text).subject.targets
        assert [target.path for target in found] == paths
        assert {target.serialization for target in found} == {"nquads"}

    def test_on_every_term(self):
        text = mapping(
            "targets: mapping.nq",
            "g: {value: ex:g, targets: g.nq}",
            "po:",
            "  - p: {value: ex:p, targets: p.nq}",
            "    o:",
            "      - {value: $(a), targets: o.nq}",
            "      - {value: $(a), datatype: {value: xsd:date, targets: d.nq}}",
            "      - {value: $(a), language: {value: en, targets: l.nq}}",
            "      - {mapping: m, targets: m.nq}",
            s="{value: 'ex:$(id)', targets: s.nq}",
        )
        found = only(text)
        assert [t.path for t in found.subject.targets] == ["s.nq", "mapping.nq"]
        assert [t.path for t in found.graphs[0].targets] == ["g.nq"]
        pair = found.predicate_objects[0]
        assert [t.path for t in pair.predicates[0].targets] == ["p.nq"]
        plain, dated, tagged, other = pair.objects
        assert [t.path for t in plain.targets] == ["o.nq"]
        assert [t.path for t in dated.datatype.targets] == ["d.nq"]
        assert [t.path for t in tagged.language.targets] == ["l.nq"]
        assert [t.path for t in other.targets] == ["m.nq"]

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("nobody", "there is no target 'nobody'"),
            ("{serialization: turtle}", "a target needs access"),
            ("[x~void, owlxml]", "there is no target"),
            ("{access: x, serialization: owlxml}", "'owlxml' is no serialization"),
            ("{access: x, compression: rar}", "'rar' is no compression"),
            ("{access: x, encoding: ebcdic}", "'ebcdic' is no encoding"),
            ("{access: 'http://e/$(id)', type: sparql}", "depend on the record"),
            ("{access: 'x-$(id', type: void}", "is not closed"),
            ("{access: 'http://e/x.nq'}", "is no file"),
            ("{path: x}", "a target needs access"),
            ("{acces: x}", "'acces' is no key of a target"),
        ],
    )
    def test_faults(self, written, message):
        error = refused(mapping("po: [[ex:p, x]]", s=f"{{value: 'ex:$(id)', targets: {written}}}"))
        assert message in error.message
        assert error.location.line == 4


class TestSubjects:
    def test_several(self, tmp_path):
        text = mapping("po: [[ex:p, $(name)]]", s="[ex:$(id), 'ex:n/$(name)']")
        assert triples(tmp_path, text) == {
            '<1> <p> "Ann"',
            '<2> <p> "Bob"',
            '<n/Ann> <p> "Ann"',
            '<n/Bob> <p> "Bob"',
        }

    @pytest.mark.parametrize("written", ["s:", "s: null", "s: {type: blank}", ""])
    def test_blank_node_for_each_record(self, tmp_path, written):
        text = mapping("po: [[ex:p, $(name)]]").replace("s: ex:$(id)", written)
        made = run_mapping(tmp_path, text, PEOPLE)
        assert len({s for s, *_ in made.quads if s.startswith("_:")}) == 2

    def test_blank_node_of_a_value(self, tmp_path):
        files = {"t.csv": "id,k\n1,a\n2,a\n3,b\n"}
        text = mapping(
            "po: [[ex:p, $(id)]]", s="{value: $(k), type: blank}", sources="[[t.csv~csv]]"
        )
        made = run_mapping(tmp_path, text, files)
        assert len({s for s, *_ in made.quads}) == 2

    def test_function(self, tmp_path):
        text = mapping("po: [[ex:p, x]]", s="{function: 'concat(\"http://e/\", $(name))'}")
        assert triples(tmp_path, text) == {'<http://e/Ann> <p> "x"', '<http://e/Bob> <p> "x"'}

    def test_quoted_triples_are_refused(self):
        error = refused(mapping("po: [[ex:p, x]]", s="[{quoted: m}]"))
        assert "RDF-star" in error.message
        assert str(error.location) == "m.yml:4"


class TestPredicatesAndObjects:
    @pytest.mark.parametrize(
        ("long", "short"),
        [
            ("{predicates: foaf:name, objects: $(n)}", "[foaf:name, $(n)]"),
            (
                "{predicates: [foaf:name, rdfs:label], objects: [$(a), $(b)]}",
                "[[foaf:name, rdfs:label], [$(a), $(b)]]",
            ),
            (
                "{predicates: foaf:knows, objects: {value: $(a), type: iri}}",
                "[foaf:knows, $(a)~iri]",
            ),
            (
                "{predicates: foaf:n, objects: {value: $(a), datatype: xsd:string}}",
                "[foaf:n, $(a), xsd:string]",
            ),
            (
                "{p: foaf:n, o: [{value: $(a), datatype: ex:s}, {value: $(b), datatype: ex:t}]}",
                "{p: foaf:n, o: [[$(a), ex:s], [$(b), ex:t]]}",
            ),
            ("{p: foaf:n, o: {value: $(a), language: en}}", "[foaf:n, $(a), en~lang]"),
            (
                "{p: foaf:n, o: [{value: $(a), language: en}, {value: $(b), language: nl}]}",
                "{p: foaf:n, o: [[$(a), en~lang], [$(b), nl~lang]]}",
            ),
            ("{p: rdf:type, o: {v: foaf:Person, type: iri}}", "[a, foaf:Person]"),
            ("{p: foaf:n, o: [$(a), $(b)], language: en}", "[foaf:n, [$(a), $(b)], en~lang]"),
            ("{p: foaf:n, o: $(a), datatype: xsd:date}", "[foaf:n, $(a), xsd:date]"),
            ("{p: foaf:n, o: $(a), type: iri}", "[foaf:n, $(a)~iri]"),
        ],
    )
    def test_shortcuts(self, long, short):
        assert read(mapping(f"po: [{long}]")) == read(mapping(f"po: [{short}]"))

    def test_datatype_and_language_by_reference(self, tmp_path):
        files = {"t.csv": "id,v,t,l\n1,a,http://e/t,en\n2,b,,pt-BR\n"}
        pairs = [
            "po:",
            "  - {p: ex:p, o: {value: $(v), datatype: $(t)}}",
            "  - {p: ex:q, o: {value: $(v), language: $(l)}}",
            "  - [ex:r, $(v), $(l)~lang]",
        ]
        assert triples(tmp_path, mapping(*pairs, sources="[[t.csv~csv]]"), files) == {
            '<1> <p> "a"^^<http://e/t>',
            '<1> <q> "a"@en',
            '<2> <q> "b"@pt-br',
            '<1> <r> "a"@en',
            '<2> <r> "b"@pt-br',
        }

    def test_each_with_each(self, tmp_path):
        text = mapping("po: [[[ex:p, ex:q], [$(name), $(age)]]]")
        assert {t for t in triples(tmp_path, text) if t.startswith("<1>")} == {
            '<1> <p> "Ann"',
            '<1> <p> "30"',
            '<1> <q> "Ann"',
            '<1> <q> "30"',
        }

    @pytest.mark.parametrize(
        ("written", "made"),
        [
            ("ex:bob", EX + "bob"),
            ("ex:$(id)", EX + "1"),
            ("foaf:Person", FOAF + "Person"),
            ("'ex:a/$(id)b'", EX + "a/1b"),
            ("'ex:'", EX),
            ("{function: concat, parameters: [[str, 'ex:'], [str, $(name)]]}", EX + "Ann"),
            ("{value: 'ex:x', datatype: xsd:anyURI}", f'{EX}x"^^<{XSD}anyURI>'),
        ],
    )
    def test_a_text_that_starts_with_a_prefix_has_it_written_out(self, tmp_path, written, made):
        text = mapping("po:", "  - [ex:p, 'ex:more']", f"  - {{p: ex:knows, o: {written}}}")
        with hearing() as notes:
            found = triples(tmp_path, text)
        assert any(each.startswith(f'<1> <knows> "{made}') for each in found), found
        (note,) = notes.values()
        assert note.text.startswith("2 × a text starts with a declared prefix")
        assert "~iri" in note.text
        assert note.place.line == 6

    def test_an_address_is_no_prefixed_name(self, tmp_path):
        text = "prefixes: {http: 'http://www.w3.org/2011/http#'}\n"
        found = triples(tmp_path, text + mapping("po: [[ex:p, 'http://e/$(id)']]"))
        assert '<1> <p> "http://e/1"' in found

    @pytest.mark.parametrize(
        ("written", "made"),
        [
            ("ex:bob~iri", "<bob>"),
            ("{value: ex:bob, type: iri}", "<bob>"),
            ("{value: ex:bob, type: literal}", '"ex:bob"'),
            ("ex:bob~literal", '"ex:bob"'),
            (r"'ex\:bob'", '"ex:bob"'),
            ("'ex: bob'", '"ex: bob"'),
            ("http://e/bob", '"http://e/bob"'),
            ("http://e/bob~iri", "<http://e/bob>"),
            ("nobody:bob", '"nobody:bob"'),
            ("12:30", '"12:30"'),
            ("$(name)~iri", "<Ann>"),
        ],
    )
    def test_iri_or_text(self, tmp_path, written, made):
        text = "base: http://example.org/\n" + mapping(f"po: [{{p: ex:p, o: {written}}}]")
        assert f"<1> <p> {made}" in triples(tmp_path, text)

    def test_objects_of_types_are_iris(self, tmp_path):
        text = mapping("po: [[a, foaf:Person], [rdf:type, 'ex:$(name)']]")
        found = triples(tmp_path, text)
        assert {"<1> a <f:Person>", "<1> a <Ann>"} <= found


class TestInversePredicates:
    @pytest.mark.parametrize("key", ["inversepredicates", "inversepredicate", "i"])
    def test_of_iris(self, tmp_path, key):
        pair = f"{{p: ex:boss, {key}: [ex:of, ex:over], o: 'ex:$(boss)~iri', g: ex:g}}"
        assert triples(tmp_path, mapping(f"po: [{pair}]", "g: ex:h")) == {
            f"{triple} {graph}"
            for triple in ("<1> <boss> <2>", "<2> <of> <1>", "<2> <over> <1>")
            for graph in ("<g>", "<h>")
        }

    def test_spec_form_with_the_type_beside(self, tmp_path):
        files = {"t.csv": "id,profile\n1,http://e/p\n"}
        pair = "{predicates: ex:by, inversepredicates: ex:made, objects: $(profile), type: iri}"
        text = mapping(f"po: [{pair}]", sources="[[t.csv~csv]]")
        assert triples(tmp_path, text, files) == {
            "<1> <by> <http://e/p>",
            "<http://e/p> <made> <1>",
        }

    def test_of_one_object(self, tmp_path):
        objects = "[{value: 'ex:$(boss)', type: iri, i: ex:of}, 'ex:b$(boss)~iri']"
        assert triples(tmp_path, mapping(f"po: [{{p: ex:boss, o: {objects}}}]")) == {
            "<1> <boss> <2>",
            "<1> <boss> <b2>",
            "<2> <of> <1>",
        }

    def test_of_blank_nodes(self, tmp_path):
        pair = "{p: ex:has, i: ex:of, o: {type: blank}}"
        made = run_mapping(tmp_path, mapping(f"po: [{pair}]", s=""), PEOPLE)
        forth = {(s, o) for s, p, o, _ in made.quads if p.endswith("has>")}
        back = {(o, s) for s, p, o, _ in made.quads if p.endswith("of>")}
        assert len(forth) == 2
        assert forth == back

    def test_of_a_join(self, tmp_path):
        join = "{function: equal, parameters: [[str1, $(boss)], [str2, $(id)]]}"
        pair = f"{{p: ex:boss, i: ex:of, o: {{mapping: m, condition: {join}}}}}"
        assert triples(tmp_path, mapping(f"po: [{pair}]", "g: ex:g")) == {
            "<1> <boss> <2> <g>",
            "<2> <of> <1> <g>",
        }

    @pytest.mark.parametrize("more", ["g: ex:g$(age)", "condition: 'equal($(id), 1)'"])
    def test_join_with_what_the_other_record_does_not_have(self, more):
        join = "['equal($(boss), $(id))'" + (", 'equal($(age), 1)']" if "cond" in more else "]")
        pair = f"{{p: ex:boss, i: ex:of, o: {{mapping: m, condition: {join}}}}}"
        error = refused(mapping(more, "po:", f"  - {pair}"))
        assert "inverse predicate" in error.message
        assert error.location.line in (5, 7)
        assert "a mapping of its own" in error.hint

    def test_with_conditions(self, tmp_path):
        pair = "{p: ex:q, i: ex:of, o: 'ex:x$(id)~iri', condition: 'equal($(name), Ann)'}"
        assert triples(tmp_path, mapping(f"po: [{pair}]")) == {"<1> <q> <x1>", "<x1> <of> <1>"}
        pair = "{p: ex:q, i: ex:of, o: 'ex:x$(id)~iri'}"
        text = mapping(f"po: [{pair}]", "condition: 'equal($(name), Ann)'")
        assert triples(tmp_path, text) == {"<1> <q> <x1>", "<x1> <of> <1>"}

    def test_a_literal_has_none(self):
        error = refused(mapping("po:", "  - {p: ex:p, i: ex:q, o: $(name)}"))
        assert "a literal has no inverse predicate" in error.message
        assert str(error.location) == "m.yml:6"


class TestReferringToOtherMappings:
    FILES = (("p.csv", "ID,projectID,year\n1,7,2020\n2,8,2021\n3,,2021\n"),)
    PROJECTS = ("q.csv", "ID,year\n7,2020\n8,2020\n")

    def run(self, folder: Path, condition: str) -> set[str]:
        text = """\
mappings:
  person:
    sources: [[p.csv~csv]]
    s: ex:person/$(ID)
    po:
      - predicates: ex:worksFor
        objects:
          - mapping: project
{condition}
  project:
    sources: [[q.csv~csv]]
    s: ex:project/$(ID)
"""
        text = text.format(condition=textwrap.indent(condition, " " * 12))
        return triples(folder, text, dict([*self.FILES, self.PROJECTS]))

    ONE = {"<person/1> <worksFor> <project/7>"}  # noqa: RUF012
    TWO = {*ONE, "<person/2> <worksFor> <project/8>"}  # noqa: RUF012

    @pytest.mark.parametrize(
        "condition",
        [
            "condition:\n  function: equal\n  parameters:\n"
            "    - [str1, $(projectID), s]\n    - [str2, $(ID), o]",
            "condition: {function: equal, parameters: [[str1, $(projectID)], [str2, $(ID)]]}",
            "condition: {function: equal, parameters: [[str1, $(ID), o], [str2, $(projectID)]]}",
            "condition: {fn: idlab-fn:equal, pms: [[grel:valueParameter, $(projectID), subject],"
            " [grel:valueParameter2, $(ID), object]]}",
            "condition: equal($(projectID), $(ID))",
            "c: ['equal(str1=$(projectID), str2=$(ID))']",
        ],
    )
    def test_condition(self, tmp_path, condition):
        assert self.run(tmp_path, condition) == self.TWO

    @pytest.mark.parametrize(
        "condition",
        [
            "condition:\n"
            "  - {function: equal, parameters: [[str1, $(projectID)], [str2, $(ID)]]}\n"
            "  - {function: equal, parameters: [[str1, $(year)], [str2, $(year)]]}",
            "condition: and(equal($(projectID), $(ID)), equal($(year), $(year)))",
            "condition: ['equal($(projectID), $(ID))', 'equal($(year), 2020)']",
            "condition: ['equal($(projectID), $(ID))', 'notEqual($(year), 2021)']",
        ],
    )
    def test_several(self, tmp_path, condition):
        assert self.run(tmp_path, condition) == self.ONE

    def test_function_on_one_side(self, tmp_path):
        condition = (
            "condition: {function: equal, parameters: [[str1, $(projectID), s], {parameter: str2,"
            " value: {function: trim, parameters: [[str, $(ID), o]]}}]}"
        )
        assert self.run(tmp_path, condition) == self.TWO

    def test_several_mappings(self):
        found = only(mapping("po: [{p: ex:p, o: {mapping: [m, m]}}]"))
        assert [o.parent for o in found.predicate_objects[0].objects] == ["m.yml#m"] * 2

    def test_without_condition(self, tmp_path):
        text = """\
        mappings:
          a:
            sources: [[people.csv~csv]]
            s: ex:a/$(id)
            po: [{p: ex:is, o: {mapping: b}}]
          b:
            sources: [[people.csv~csv]]
            s: ex:b/$(name)
        """
        assert triples(tmp_path, text) == {"<a/1> <is> <b/Ann>", "<a/2> <is> <b/Bob>"}

    def test_join_in_one_line(self):
        one = "function: join(mapping=m, equal(str1=$(a), str2=$(b)))"
        other = "{mapping: m, condition: 'equal($(a), $(b))'}"
        first = only(mapping("po:", "  - p: ex:p", "    o:", f"      - {one}"))
        second = only(mapping(f"po: [{{p: ex:p, o: {other}}}]"))
        assert first == second
        assert first.predicate_objects[0].objects == (
            RefObjectMap("m.yml#m", (JoinCondition(Reference("a"), Reference("b")),)),
        )

    @pytest.mark.parametrize(
        ("condition", "message"),
        [
            ("{function: notEqual, parameters: [[str1, $(a), s], [str2, $(b), o]]}", "only equal"),
            ("{function: equal, parameters: [[str1, $(a), o], [str2, $(b), o]]}", "only equal"),
            ("{function: equal, parameters: [[str1, $(a), x], [str2, $(b)]]}", "neither s"),
            ("toUpperCase($(a))", "true or false"),
        ],
    )
    def test_faults(self, condition, message):
        error = refused(
            mapping("po:", f"  - {{p: ex:p, o: {{mapping: m, condition: {condition}}}}}")
        )
        assert message in error.message
        assert str(error.location) == "m.yml:6"


class TestGraphs:
    def test_of_all_triples_and_of_some(self, tmp_path):
        text = mapping(
            "graphs: [ex:g, 'ex:g/$(id)']",
            "po:",
            "  - [ex:p, x]",
            "  - {p: ex:q, o: y, graphs: ex:h}",
        )
        assert {t for t in triples(tmp_path, text) if t.startswith("<1>")} == {
            '<1> <p> "x" <g>',
            '<1> <p> "x" <g/1>',
            '<1> <q> "y" <g>',
            '<1> <q> "y" <g/1>',
            '<1> <q> "y" <h>',
        }

    def test_default_graph(self, tmp_path):
        text = mapping("g: [http://www.w3.org/ns/r2rml#defaultGraph, ex:g]", "po: [[ex:p, x]]")
        found = triples(tmp_path, text)
        assert {t for t in found if t.startswith("<1>")} == {'<1> <p> "x"', '<1> <p> "x" <g>'}


class TestFunctions:
    @pytest.mark.parametrize(
        "written",
        [
            "{function: grel:toLowerCase, parameters: [{parameter: grel:valueParameter,"
            " value: $(n)}]}",
            "{function: grel:toLowerCase, parameters: [[grel:valueParameter, $(n)]]}",
            "{fn: grel:toLowerCase, pms: [{pm: grel:valueParameter, v: $(n)}]}",
            "{f: grel:toLowerCase(grel:valueParameter = $(n))}",
            "{function: grel:toLowerCase(valueParameter = $(n))}",
            "{function: toLowerCase($(n))}",
            "{value: {function: grel:toLowerCase, parameters: [[grel:valueParameter, $(n)]]}}",
        ],
    )
    def test_every_way_to_write_one_is_the_same(self, written):
        found = only(mapping(f"po: [{{p: ex:p, o: {written}}}]"))
        call = Call(Function.LOWER, (Reference("n"),))
        assert found.predicate_objects[0].objects == (TermMap(call, TermType.LITERAL),)

    def test_datatype_of_the_result(self):
        found = only(mapping("po: [{p: ex:p, o: {function: length($(n)), datatype: xsd:integer}}]"))
        (made,) = found.predicate_objects[0].objects
        assert made.datatype.expression == Constant(f"{XSD}integer", TermType.IRI)

    def test_nested(self, tmp_path):
        nested = """\
        - p: ex:p
          o:
            - function: grel:string_replace
              parameters:
                - parameter: grel:valueParameter
                  value:
                    function: grel:toUpperCase
                    parameters:
                      - [grel:valueParameter, $(name)]
                - [grel:p_string_find, N]
                - [grel:p_string_replace, '-']
        """
        text = mapping("po:", *textwrap.indent(textwrap.dedent(nested), "  ").splitlines())
        assert triples(tmp_path, text) == {'<1> <p> "A--"', '<2> <p> "BOB"'}

    def test_prefix_of_the_document_counts(self):
        text = "prefixes: {g: 'http://users.ugent.be/~bjdmeest/function/grel.ttl#'}\n" + mapping(
            "po: [{p: ex:p, o: {function: g:toUpperCase($(n))}}]"
        )
        (made,) = only(text).predicate_objects[0].objects
        assert made.expression == Call(Function.UPPER, (Reference("n"),))

    def test_iri_as_parameter(self, tmp_path):
        function = "'if(equal($(name), Ann), ex:ann~iri, ex:other~iri)'"
        text = mapping(f"po: [{{p: ex:p, o: {{function: {function}, type: iri}}}}]")
        assert triples(tmp_path, text) == {"<1> <p> <ann>", "<2> <p> <other>"}

    def test_unknown_one_is_refused_by_name(self):
        error = refused(mapping("po:", "  - p: ex:p", "    o:", "      function: ex:doIt($(n))"))
        assert error.code == "unknown-function"
        assert "ex:doIt is no function" in error.message
        assert "kg help functions" in error.hint
        assert str(error.location) == "m.yml:8"


class TestExternalReferences:
    def test_they_are_filled_in(self):
        filled = "external: {name: John, city: Ghent}\n" + mapping(
            "po: [[ex:name, $(_name)], [ex:x, '$(_city)/$(id)'], [ex:y, 'ex:$(_city)~iri']]"
        )
        plain = mapping("po: [[ex:name, John], [ex:x, 'Ghent/$(id)'], [ex:y, ex:Ghent~iri]]")
        assert read(filled) == read(plain)

    def test_without_a_value_it_is_a_reference(self):
        found = only("external: {city: Ghent}\n" + mapping("po: [[ex:name, $(_name)]]"))
        assert found.predicate_objects[0].objects[0].expression == Reference("_name")

    def test_both(self):
        found = only(
            "external: {name: J}\n" + mapping(r"po: [[ex:p, $(_name)], [ex:q, $(\_name)]]")
        )
        first, second = (pair.objects[0].expression for pair in found.predicate_objects)
        assert first == Constant("J", TermType.LITERAL)
        assert second == Reference("_name")

    def test_in_functions_and_sources_of_meaning(self):
        text = "external: {x: 'a$(b)'}\n" + mapping(
            "po: [{p: ex:p, o: {function: toUpperCase($(_x))}}]"
        )
        (made,) = only(text).predicate_objects[0].objects
        assert made.expression == Call(Function.UPPER, (Constant("a$(b)", TermType.LITERAL),))


class TestKeys:
    def test_shortcuts_of_keys(self):
        long = """\
        mappings:
          m:
            sources: [[people.csv~csv]]
            subjects: ex:$(id)
            graphs: ex:g
            condition: {function: equal, parameters: [{parameter: str1, value: $(a)},
              {parameter: str2, value: b}]}
            predicateobjects:
              - predicates: ex:p
                inversepredicates: ex:q
                objects: [{value: $(x), type: iri}]
                graphs: ex:h
        """
        short = """\
        m:
          m:
            source: [people.csv~csv]
            s: ex:$(id)
            g: ex:g
            c: {f: equal, pms: [{pm: str1, v: $(a)}, {pm: str2, v: b}]}
            po:
              - {p: ex:p, i: ex:q, o: {v: $(x), type: iri}, g: ex:h}
        """
        assert read(long) == read(short)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("mapings: {}\n", 1),
            ("prefixes: {}\n" + mapping("subjets: []"), 6),
            (mapping("po:", "  - {p: ex:p, objet: x}"), 6),
            (mapping("po:", "  - p: ex:p", "    o: {valu: x}"), 7),
            (mapping("po: [[ex:p, x]]", s="{valu: x}"), 4),
        ],
    )
    def test_slips_in_keys_name_the_line(self, text, line):
        error = refused(text)
        assert "is no key of" in error.message
        assert error.location.line == line
        assert "Known keys" in error.hint


class TestWhole:
    """Everything at once, over JSON."""

    TEXT = """\
    prefixes:
      s: http://schema.org/
    base: http://base.example/
    authors: Jane Doe <jane@doe.com>
    external: {lab: Lab 1}
    sources:
      staff: [staff.json~jsonpath, '$.staff[*]']
    mappings:
      person:
        sources: staff
        s: ex:person/$(id)
        g: ex:graph
        condition: isNotNull($(name))
        po:
          - [a, s:Person]
          - [s:name, $(name), $(lang)~lang]
          - [s:affiliation, $(_lab)]
          - p: s:knows
            i: s:knownBy
            o: {mapping: person, condition: 'equal($(knows[*]), $(id))'}
          - p: s:keywords
            o: {function: 'split($(keywords), ";")'}
    """
    STAFF = (
        {"id": 1, "name": "Ann", "lang": "en", "knows": [2, 3], "keywords": "a;b"},
        {"id": 2, "name": "Bob", "lang": "nl", "knows": [1]},
        {"id": 3},
    )

    def test_it(self, tmp_path):
        files = {"staff.json": json.dumps({"staff": self.STAFF})}
        found = {
            line.removesuffix(" <graph>").replace("http://schema.org/", "s:")
            for line in triples(tmp_path, self.TEXT, files)
        }
        assert found == {
            "<person/1> a <s:Person>",
            "<person/2> a <s:Person>",
            '<person/1> <s:name> "Ann"@en',
            '<person/2> <s:name> "Bob"@nl',
            '<person/1> <s:affiliation> "Lab 1"',
            '<person/2> <s:affiliation> "Lab 1"',
            "<person/1> <s:knows> <person/2>",
            "<person/2> <s:knows> <person/1>",
            "<person/2> <s:knownBy> <person/1>",
            "<person/1> <s:knownBy> <person/2>",
            '<person/1> <s:keywords> "a"',
            '<person/1> <s:keywords> "b"',
        }


def test_inverse_is_a_triples_map_of_its_own():
    plan = read(mapping("po: [{p: ex:p, i: ex:q, o: 'ex:$(x)~iri'}]"))
    forth, back = plan.triples_maps
    assert back.name == "m.yml#m/inverse1"
    assert back.source == forth.source
    assert back.predicate_objects == (
        PredicateObjectMap(
            (TermMap(Constant(f"{EX}q", TermType.IRI), TermType.IRI),),
            (RefObjectMap("m.yml#m"),),
        ),
    )
