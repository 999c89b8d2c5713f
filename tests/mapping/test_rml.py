"""RML in Turtle: each construct with its plan, in the new and the old vocabularies."""

from __future__ import annotations

import pytest

from kg.errors import InputError, Location
from kg.mapping.plan import (
    Constant,
    Dialect,
    Formulation,
    JoinCondition,
    LogicalSource,
    Plan,
    PredicateObjectMap,
    Reference,
    RefObjectMap,
    Template,
    TermMap,
    TermType,
    TriplesMap,
)
from kg.terms import RDF, XSD
from tests.mapping.reading import read_rml

EX = "http://example.org/"
IRI, LITERAL, BLANK = TermType.IRI, TermType.LITERAL, TermType.BLANK_NODE
PREFIXES = (
    f"@prefix rml: <http://w3id.org/rml/> . @prefix ex: <{EX}> . @prefix xsd: <{XSD}> . "
    "@prefix csvw: <http://www.w3.org/ns/csvw#> ."
)
SOURCE = 'rml:logicalSource [ rml:source "t.csv" ; rml:referenceFormulation rml:CSV ]'
CSV = LogicalSource("t.csv", Formulation.CSV, folder="/data")
TYPE = TermMap(Constant(f"{RDF}type", IRI), IRI)


def read(text: str, **more: str) -> Plan:
    """Read a document; its first line holds the prefixes."""
    return read_rml(f"{PREFIXES}\n{text}\n", "m.ttl", folder="/data", **more)


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.location is not None
    assert caught.value.location.file == "m.ttl"
    return caught.value


def subject(inside: str) -> TermMap:
    (found,) = read(f"<#m> {SOURCE} ; rml:subjectMap [ {inside} ] .").triples_maps
    return found.subject


def pom(inside: str) -> str:
    return f"<#m> {SOURCE} ; rml:subject ex:s ; rml:predicateObjectMap [ {inside} ] ."


def objects(inside: str) -> tuple[TermMap | RefObjectMap, ...]:
    (found,) = read(pom(f"rml:predicate ex:p ; {inside}")).triples_maps
    (pair,) = found.predicate_objects
    return pair.objects


def made(inside: str) -> TermMap | RefObjectMap:
    (found,) = objects(f"rml:objectMap [ {inside} ]")
    return found


def ref(name: str) -> Reference:
    return Reference(name)


def ex(name: str) -> TermMap:
    return TermMap(Constant(EX + name, IRI), IRI)


def text(value: str) -> TermMap:
    return TermMap(Constant(value, LITERAL), LITERAL)


class TestWholePlan:
    NEW = """\
<#people> a rml:TriplesMap ;
  rml:baseIRI <http://base.example/> ;
  rml:logicalSource [
    rml:source [ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path "p.json" ] ;
    rml:referenceFormulation rml:JSONPath ;
    rml:iterator "$.people[*]" ] ;
  rml:subjectMap [
    rml:template "http://example.org/{$.id}" ;
    rml:class ex:Person ;
    rml:graphMap [ rml:template "http://example.org/g/{$.g}" ] ] ;
  rml:predicateObjectMap [
    rml:predicate ex:name ;
    rml:predicateMap [ rml:constant ex:label ] ;
    rml:objectMap [ rml:reference "$.name" ; rml:language "en" ] ;
    rml:object "fixed" ;
    rml:graph ex:other ] ;
  rml:predicateObjectMap [
    rml:predicate ex:knows ;
    rml:objectMap [ rml:parentTriplesMap <#people> ;
      rml:joinCondition [ rml:child "$.friend" ; rml:parent "$.id" ] ] ] .
"""
    EXPECTED = TriplesMap(
        name="m.ttl#people",
        source=LogicalSource("p.json", Formulation.JSON, "$.people[*]", folder="/data"),
        subject=TermMap(Template((EX, ref("$.id"))), IRI),
        graphs=(TermMap(Template((f"{EX}g/", ref("$.g"))), IRI),),
        base="http://base.example/",
        predicate_objects=(
            PredicateObjectMap((TYPE,), (ex("Person"),)),
            PredicateObjectMap(
                predicates=(ex("label"), ex("name")),
                objects=(TermMap(ref("$.name"), LITERAL, language=text("en")), text("fixed")),
                graphs=(ex("other"),),
            ),
            PredicateObjectMap(
                predicates=(ex("knows"),),
                objects=(
                    RefObjectMap("m.ttl#people", (JoinCondition(ref("$.friend"), ref("$.id")),)),
                ),
            ),
        ),
    )

    def test_document(self):
        assert read(self.NEW) == Plan((self.EXPECTED,))

    def test_origins(self):
        (found,) = read(self.NEW).triples_maps
        assert found.origin.location() == Location("m.ttl", 2)
        assert found.source.origin.line == 5
        assert found.subject.origin.line == 9
        assert found.graphs[0].origin.line == 11
        named, second, third = found.predicate_objects
        assert named.origin.line == 10
        assert second.origin.line == 13
        assert [p.origin.line for p in second.predicates] == [14, 13]
        assert [o.origin.line for o in second.objects] == [15, 16]
        assert second.objects[0].language.origin.line == 15
        assert second.graphs[0].origin.line == 17
        assert third.objects[0].origin.line == 20

    def test_last_line_without_a_break(self):
        plan = read_rml(f"{PREFIXES}\n<#m> {SOURCE} ;\n  rml:subject ex:s .", "m.ttl")
        assert plan.triples_maps[0].subject.origin.line == 3

    def test_old_vocabularies(self):
        old = """\
@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
<#people> a rr:TriplesMap ;
  rml:logicalSource [ rml:source "p.json" ; rml:referenceFormulation ql:JSONPath ;
                      rml:iterator "$.people[*]" ] ;
  rr:subjectMap [
    rr:template "http://example.org/{$.id}" ;
    rr:class ex:Person ;
    rr:graphMap [ rr:template "http://example.org/g/{$.g}" ] ] ;
  rr:predicateObjectMap [
    rr:predicate ex:name ;
    rr:predicateMap [ rr:constant ex:label ; rr:termType rr:IRI ] ;
    rr:objectMap [ rml:reference "$.name" ; rml:languageMap [ rr:constant "en" ] ] ;
    rr:object "fixed" ;
    rr:graph ex:other ] ;
  rr:predicateObjectMap [
    rr:predicate ex:knows ;
    rr:objectMap [ rr:parentTriplesMap <#people> ;
      rr:joinCondition [ rr:child "$.friend" ; rr:parent "$.id" ] ] ] .
"""
        (found,) = read(old, base="http://base.example/").triples_maps
        assert found == self.EXPECTED

    def test_column_of_r2rml(self):
        found = made('<http://www.w3.org/ns/r2rml#column> "name"')
        assert found == TermMap(ref("name"), LITERAL)


class TestTermMaps:
    @pytest.mark.parametrize(
        ("inside", "term"),
        [
            ('rml:reference "id"', TermMap(ref("id"), IRI)),
            ('rml:template "http://e/{id}"', TermMap(Template(("http://e/", ref("id"))), IRI)),
            ("rml:constant ex:s", ex("s")),
            ("rml:constant _:x", TermMap(Constant("x", BLANK), BLANK)),
            ("rml:termType rml:BlankNode", TermMap(None, BLANK)),
            ('rml:reference "id" ; rml:termType rml:BlankNode', TermMap(ref("id"), BLANK)),
            ('rml:reference "id" ; rml:termType rml:URI', TermMap(ref("id"), TermType.URI)),
            (
                'rml:reference "id" ; rml:termType rml:UnsafeIRI',
                TermMap(ref("id"), TermType.UNSAFE_IRI),
            ),
            (
                'rml:reference "id" ; rml:termType rml:UnsafeURI',
                TermMap(ref("id"), TermType.UNSAFE_URI),
            ),
        ],
    )
    def test_subjects(self, inside, term):
        assert subject(inside) == term

    def test_shortcut(self):
        (found,) = read(f"<#m> {SOURCE} ; rml:subject ex:s .").triples_maps
        assert found.subject == ex("s")

    @pytest.mark.parametrize(
        ("inside", "term"),
        [
            ('rml:reference "x"', TermMap(ref("x"), LITERAL)),
            ('rml:template "a {x}"', TermMap(Template(("a ", ref("x"))), IRI)),
            (
                'rml:template "a {x}" ; rml:termType rml:Literal',
                TermMap(Template(("a ", ref("x"))), LITERAL),
            ),
            (
                'rml:template "a {x}" ; rml:language "en"',
                TermMap(Template(("a ", ref("x"))), LITERAL, language=text("en")),
            ),
            ('rml:constant "x"', text("x")),
            ("rml:constant ex:x", ex("x")),
            ('rml:constant "x"@de', TermMap(Constant("x", LITERAL, None, "de"), LITERAL)),
            ("rml:constant 01", TermMap(Constant("01", LITERAL, f"{XSD}integer"), LITERAL)),
            (
                'rml:reference "x" ; rml:datatype xsd:date',
                TermMap(ref("x"), LITERAL, datatype=TermMap(Constant(f"{XSD}date", IRI), IRI)),
            ),
            (
                'rml:reference "x" ; rml:datatypeMap [ rml:reference "t" ]',
                TermMap(ref("x"), LITERAL, datatype=TermMap(ref("t"), IRI)),
            ),
            (
                'rml:reference "x" ; rml:languageMap [ rml:template "{l}-GB" ]',
                TermMap(ref("x"), LITERAL, language=TermMap(Template((ref("l"), "-GB")), LITERAL)),
            ),
            ('rml:reference "x" ; rml:termType rml:IRI', TermMap(ref("x"), IRI)),
        ],
    )
    def test_objects(self, inside, term):
        assert made(inside) == term

    @pytest.mark.parametrize(
        ("inside", "terms"),
        [
            ('rml:object "a", ex:b', (text("a"), ex("b"))),
            (
                'rml:object "a" ; rml:objectMap [ rml:reference "x" ]',
                (TermMap(ref("x"), LITERAL), text("a")),
            ),
            ("rml:object _:b", (TermMap(Constant("b", BLANK), BLANK),)),
        ],
    )
    def test_several_objects(self, inside, terms):
        assert objects(inside) == terms

    def test_graphs_of_both(self):
        (found,) = read(
            f"<#m> {SOURCE} ; rml:subjectMap [ rml:constant ex:s ; rml:graph ex:g, ex:h ;"
            " rml:class ex:C, ex:D ] ;"
            " rml:predicateObjectMap [ rml:predicate ex:p ; rml:object ex:o ; rml:graph ex:i ] ."
        ).triples_maps
        assert found.graphs == (ex("g"), ex("h"))
        assert [pair.objects for pair in found.predicate_objects] == [
            (ex("C"),),
            (ex("D"),),
            (ex("o"),),
        ]
        assert found.predicate_objects[2].graphs == (ex("i"),)

    def test_statement_that_stands_twice(self):
        twice = '<#s> rml:reference "id" . <#s> rml:reference "id" .'
        (found,) = read(f"<#m> {SOURCE} ; rml:subjectMap <#s> . {twice}").triples_maps
        assert found.subject == TermMap(ref("id"), IRI)

    @pytest.mark.parametrize(
        ("written", "parts"),
        [
            ("{x}", (ref("x"),)),
            ("{x}{y}", (ref("x"), ref("y"))),
            ("a{x}b", ("a", ref("x"), "b")),
            (r"\\{a\\}{x}", ("{a}", ref("x"))),
            (r"a\\\\{x}", ("a\\", ref("x"))),
            (r"{a\\{b\\}c}", (ref("a{b}c"),)),
            (r"{a\\\\b}", (ref("a\\b"),)),
            ("plain", ("plain",)),
            ("{$.a['b']}", (ref("$.a['b']"),)),
        ],
    )
    def test_templates(self, written, parts):
        found = made(f'rml:template "{written}" ; rml:termType rml:Literal')
        assert found.expression == Template(parts)

    @pytest.mark.parametrize("written", ["{", "}", "{a", "a}", "{{a}}", "{}", r"a\\b", r"{a\\b}"])
    def test_bad_templates(self, written):
        error = refused(pom(f'rml:predicate ex:p ; rml:objectMap [ rml:template "{written}" ]'))
        assert "is not a template" in error.message
        assert error.location.line == 2

    @pytest.mark.parametrize(
        ("inside", "message"),
        [
            ('rml:reference "x" ; rml:template "{x}"', "only one of reference, template, constant"),
            ('rml:reference "x", "y"', "only one of reference, template, constant"),
            ("rml:reference ex:x", "rml:reference must be a text"),
            ("", "the object map has no expression"),
            ("rml:termType rml:IRI", "the object map has no expression"),
            ('rml:reference "x" ; rml:termType rml:Word', "is no term type"),
            ('rml:reference "x" ; rml:termType "IRI"', "is no term type"),
            ('rml:constant "x" ; rml:termType rml:IRI', "the constant is of the kind Literal"),
            ("rml:constant ex:x ; rml:termType rml:Literal", "the constant is of the kind IRI"),
            ('rml:reference "x" ; rml:language "a b"', "'a b' is not a language tag"),
            ('rml:reference "x" ; rml:language ex:en', "rml:language must be a Literal"),
            ('rml:reference "x" ; rml:datatype "date"', "rml:datatype must be a IRI"),
            ('rml:reference "x" ; rml:language "en" ; rml:datatype xsd:date', "not both"),
            (
                'rml:reference "x" ; rml:language "en" ; rml:languageMap [ rml:reference "l" ]',
                "not both",
            ),
            ('rml:reference "x" ; rml:languageMap []', "rml:languageMap needs a reference"),
            ('rml:reference "x" ; rml:language "en", "de"', "only one rml:language"),
            (
                'rml:reference "x" ; rml:language "en" ; rml:termType rml:IRI',
                "only a literal has a language",
            ),
        ],
    )
    def test_refused(self, inside, message):
        error = refused(pom(f"rml:predicate ex:p ; rml:objectMap [ {inside} ]"))
        assert error.code == "bad-mapping"
        assert message in error.message
        assert error.location.line == 2

    @pytest.mark.parametrize(
        ("inside", "message"),
        [
            ('rml:predicate "p" ; rml:object ex:o', "rml:predicate must not be a Literal"),
            ("rml:predicate _:p ; rml:object ex:o", "rml:predicate must not be a BlankNode"),
            ("rml:predicate ex:p", "has no object map"),
            ("rml:object ex:o", "has no predicate map"),
            ('rml:predicate ex:p ; rml:objectMap "x"', "a term map is expected here"),
            (
                'rml:predicateMap [ rml:template "{p}" ; rml:termType rml:BlankNode ] ;'
                " rml:object ex:o",
                "a predicate cannot be",
            ),
            (
                'rml:predicate ex:p ; rml:object ex:o ; rml:graphMap [ rml:reference "g" ;'
                " rml:termType rml:Literal ]",
                "a graph cannot be",
            ),
        ],
    )
    def test_pairs_refused(self, inside, message):
        error = refused(pom(inside))
        assert message in error.message
        assert error.location.line == 2


class TestJoins:
    def join(self, inside: str) -> RefObjectMap:
        return made(f"rml:parentTriplesMap <#m> ; {inside}")

    def test_without_condition(self):
        assert self.join("") == RefObjectMap("m.ttl#m")

    def test_several_conditions(self):
        found = self.join(
            'rml:joinCondition [ rml:child "a" ; rml:parent "b" ],'
            ' [ rml:childMap [ rml:template "{c}-{d}" ] ; rml:parentMap [ rml:constant "x" ] ]'
        )
        assert set(found.joins) == {
            JoinCondition(ref("a"), ref("b")),
            JoinCondition(Template((ref("c"), "-", ref("d"))), Constant("x", LITERAL)),
        }

    @pytest.mark.parametrize(
        ("condition", "message"),
        [
            ('rml:child "a"', "needs one rml:parent"),
            ('rml:parent "a"', "needs one rml:child"),
            ('rml:child "a" ; rml:childMap [ rml:reference "a" ]', "needs one rml:child"),
            ('rml:child "a", "b" ; rml:parent "c"', "only one rml:child"),
            ('rml:child ex:a ; rml:parent "c"', "rml:child must be a text"),
            ('rml:childMap [] ; rml:parent "c"', "rml:childMap needs a reference"),
        ],
    )
    def test_refused(self, condition, message):
        error = refused(
            pom(
                "rml:predicate ex:p ; rml:objectMap [ rml:parentTriplesMap <#m> ;"
                f" rml:joinCondition [ {condition} ] ]"
            )
        )
        assert message in error.message
        assert error.location.line == 2


class TestSources:
    def source(self, inside: str, more: str = "") -> LogicalSource:
        text = f"<#m> rml:logicalSource [ {inside} ] ; rml:subject ex:s . {more}"
        return read(text).triples_maps[0].source

    @pytest.mark.parametrize(
        ("name", "formulation"),
        [
            ("rml:CSV", Formulation.CSV),
            ("rml:JSONPath", Formulation.JSON),
            ("rml:XPath", Formulation.XPATH),
            ("rml:YAML", Formulation.YAML),
            ("<http://semweb.mmlab.be/ns/ql#JSONPath>", Formulation.JSON),
        ],
    )
    def test_formulations(self, name, formulation):
        found = self.source(f'rml:source "f" ; rml:referenceFormulation {name} ; rml:iterator "i"')
        assert found == LogicalSource("f", formulation, "i", folder="/data")

    def test_namespaces_of_xpath(self):
        found = self.source(
            'rml:source "f" ; rml:referenceFormulation <#x>',
            "<#x> a rml:XPathReferenceFormulation ; rml:namespace"
            ' [ rml:namespacePrefix "e" ; rml:namespaceURL "http://e/" ] .',
        )
        expected = LogicalSource(
            "f", Formulation.XPATH, folder="/data", namespaces=(("e", "http://e/"),)
        )
        assert found == expected

    def path(self, inside: str) -> LogicalSource:
        return self.source(
            f'rml:source [ rml:path "f" ; {inside} ] ; rml:referenceFormulation rml:CSV'
        )

    def test_path_source(self):
        assert self.path("") == LogicalSource("f", Formulation.CSV, folder="/data", nulls=())
        assert self.path("rml:root rml:MappingDirectory").folder == "/data"
        assert self.path('rml:root "sub"').folder == "/data/sub"
        assert self.path('rml:root "/abs"').folder == "/abs"

    def test_current_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert self.path("rml:root rml:CurrentWorkingDirectory").folder == str(tmp_path)

    @pytest.mark.parametrize(
        ("inside", "field", "value"),
        [
            ("rml:encoding rml:UTF-8", "encoding", "utf-8"),
            ("rml:encoding rml:UTF-16", "encoding", "utf-16"),
            ('rml:encoding "latin-1"', "encoding", "latin-1"),
            ("rml:compression rml:gzip", "compression", "gzip"),
            ("rml:compression rml:zip", "compression", "zip"),
            ("rml:compression rml:targz", "compression", "targz"),
            ("rml:compression rml:tarxz", "compression", "tarxz"),
            ("rml:compression rml:none", "compression", "none"),
            ('rml:null "", "n/a"', "nulls", ("", "n/a")),
        ],
    )
    def test_properties(self, inside, field, value):
        assert getattr(self.path(inside), field) == value

    def test_csvw(self):
        found = self.source(
            'rml:source [ a csvw:Table ; csvw:url "t.csv" ; csvw:null "-" ; csvw:dialect [ '
            'csvw:delimiter ";" ; csvw:quoteChar "\'" ; csvw:doubleQuote false ; '
            'csvw:header false ; csvw:commentPrefix "#" ; csvw:skipRows 2 ; csvw:trim true ; '
            'csvw:encoding "UTF-16" ] ] ; rml:referenceFormulation rml:CSV'
        )
        dialect = Dialect(
            delimiter=";",
            quote="'",
            escape="\\",
            header=False,
            comment="#",
            skip_rows=2,
            trim="true",
        )
        assert found == LogicalSource(
            "t.csv",
            Formulation.CSV,
            folder="/data",
            dialect=dialect,
            nulls=("-",),
            encoding="utf-16",
        )

    def test_csvw_by_default(self):
        found = self.source(
            'rml:source [ csvw:url "t.csv" ; csvw:dialect [ csvw:delimiter "\\\\t" ] ] ;'
            " rml:referenceFormulation rml:CSV"
        )
        expected = LogicalSource(
            "t.csv", Formulation.CSV, folder="/data", dialect=Dialect(delimiter="\t"), nulls=("",)
        )
        assert found == expected

    @pytest.mark.parametrize(
        ("inside", "message"),
        [
            ("rml:referenceFormulation rml:CSV", "the logical source has no rml:source"),
            ('rml:source "f"', "has no rml:referenceFormulation"),
            ('rml:source "f" ; rml:referenceFormulation rml:Word', "no reference formulation"),
            ('rml:source "f" ; rml:referenceFormulation ex:Word', "no reference formulation"),
            ('rml:source "f", "g" ; rml:referenceFormulation rml:CSV', "only one rml:source"),
            ("rml:source [] ; rml:referenceFormulation rml:CSV", "the source has no rml:path"),
            (
                'rml:source [ rml:path "f" ; rml:root ex:there ] ;'
                " rml:referenceFormulation rml:CSV",
                "is no root",
            ),
            (
                'rml:source [ rml:path "f" ; rml:compression ex:z ] ;'
                " rml:referenceFormulation rml:CSV",
                "is no compression",
            ),
            (
                'rml:source [ csvw:url "f" ; csvw:dialect [ csvw:skipRows "x" ] ] ;'
                " rml:referenceFormulation rml:CSV",
                "csvw:skipRows must be a number",
            ),
            (
                'rml:source "f" ; rml:referenceFormulation [ a rml:XPathReferenceFormulation ;'
                ' rml:namespace [ rml:namespacePrefix "e" ] ]',
                "a namespace needs",
            ),
        ],
    )
    def test_refused(self, inside, message):
        error = refused(f"<#m> rml:logicalSource [ {inside} ] ; rml:subject ex:s .")
        assert message in error.message
        assert error.location.line == 2


class TestTriplesMaps:
    def test_names(self):
        plan = read(
            f"<#a> {SOURCE} ; rml:subject ex:s . ex:b {SOURCE} ; rml:subject ex:s ."
            f" <c> {SOURCE} ; rml:subject ex:s . [] {SOURCE} ; rml:subject ex:s .",
        )
        assert [m.name for m in plan.triples_maps] == [
            "m.ttl#a",
            f"m.ttl#<{EX}b>",
            "m.ttl#<c>",
            plan.triples_maps[3].name,
        ]
        again = read(
            f"<#a> {SOURCE} ; rml:subject ex:s . ex:b {SOURCE} ; rml:subject ex:s ."
            f" <c> {SOURCE} ; rml:subject ex:s . [] {SOURCE} ; rml:subject ex:s .",
        )
        assert again.triples_maps[3].name == plan.triples_maps[3].name

    def test_found_by_class_or_parts(self):
        plan = read(f"ex:other rml:subject ex:s . <#m> {SOURCE} ; rml:subject ex:s .")
        assert [m.name for m in plan.triples_maps] == ["m.ttl#m"]

    def test_base(self):
        text = f"<#m> {SOURCE} ; rml:subject ex:s ."
        assert read(text, base="http://b/").triples_maps[0].base == "http://b/"
        own = text.replace(" .", ' ; rml:baseIRI "http://own/" .')
        assert read(own, base="http://b/").triples_maps[0].base == "http://own/"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "there is no triples map"),
            ("ex:a ex:b ex:c .", "there is no triples map"),
            ("<#m> a rml:TriplesMap ; rml:subject ex:s .", "has no logical source"),
            (f"<#m> a rml:TriplesMap ; {SOURCE} .", "needs one subject map, not 0"),
            (f"<#m> {SOURCE} ; rml:subject ex:a, ex:b .", "needs one subject map, not 2"),
            (f'<#m> {SOURCE} ; rml:subject "x" .', "rml:subject must not be a Literal"),
            (f'<#m> {SOURCE} ; rml:subjectMap "x" .', "a term map is expected here"),
            (f"<#m> {SOURCE} ; rml:subjectMap [ ] .", "the subject map has no expression"),
            (f'<#m> {SOURCE} ; rml:subjectMap [ rml:constant "x" ] .', "a subject cannot be"),
            (
                f"<#m> {SOURCE} ; rml:subjectMap [ rml:constant ex:s ; rml:class [] ] .",
                "rml:class must be an IRI",
            ),
            (f"<#m> {SOURCE} ; rml:subject <<( ex:a ex:b ex:c )>> .", "no triple terms"),
        ],
    )
    def test_refused(self, text, message):
        error = refused(text)
        assert error.code == "bad-mapping"
        assert message in error.message
        assert error.location.line in (None, 2)

    def test_syntax_error(self):
        with pytest.raises(InputError) as caught:
            read("<#m> a rml:TriplesMap\n  rml:subject ex:s .")
        assert caught.value.code == "bad-rdf"
        assert caught.value.location == Location("m.ttl", 3, 3)
        assert caught.value.message.startswith("not valid Turtle: ")


OLD_SPACES = {
    "rr": "http://www.w3.org/ns/r2rml#",
    "old": "http://semweb.mmlab.be/ns/rml#",
    "ql": "http://semweb.mmlab.be/ns/ql#",
}


@pytest.mark.parametrize("prefix", OLD_SPACES)
@pytest.mark.parametrize(
    "place",
    [
        "rr:subjectMap [ rr:template 'x{id}' ; rr:class TERM ]",
        "rr:subject TERM",
        "rr:subjectMap [ rr:constant TERM ]",
        "rr:subjectMap [ rr:template 'x{id}' ; rr:graph TERM ]",
        "PAIR rr:predicate TERM ; rr:object 1 ]",
        "PAIR rr:predicate ex:p ; rr:object TERM ]",
        "PAIR rr:predicate ex:p ; rr:objectMap [ rr:constant TERM ] ]",
        "PAIR rr:predicate ex:p ; rr:objectMap [ old:reference 'a' ; rr:datatype TERM ] ]",
        "PAIR rr:predicate ex:p ; rr:objectMap [ rr:template 'NAMESPACE{id}' ] ]",
    ],
)  # fmt: skip
def test_terms_of_the_output_stay_as_they_are_written(prefix, place):
    """Whatever namespace they are in; only the vocabulary of the mapping itself is renewed."""
    name = {"rr": "TriplesMap", "old": "LogicalSource", "ql": "CSV"}[prefix]
    declared = " ".join(f"@prefix {p}: <{n}> ." for p, n in OLD_SPACES.items())
    pair = "rr:subjectMap [ rr:template 'x{id}' ] ; rr:predicateObjectMap ["
    written = (
        place.replace("PAIR", pair)
        .replace("TERM", f"{prefix}:{name}")
        .replace("NAMESPACE", OLD_SPACES[prefix])
    )
    source = "old:logicalSource [ old:source 't.csv' ; old:referenceFormulation ql:CSV ]"
    plan = read(f"{declared} <#m> a rr:TriplesMap ; {source} ; {written} .")
    assert plan.triples_maps[0].source == CSV
    expected = OLD_SPACES[prefix] + ("" if "NAMESPACE" in place else name)
    assert repr(expected) in repr(plan)
