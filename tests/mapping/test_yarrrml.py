"""YARRRML: each form of the notation with the plan that it stands for."""

from __future__ import annotations

import textwrap

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
from tests.mapping.reading import read_yarrrml

EX = "http://example.org/"
PREFIXES = {"ex": EX, "xsd": XSD}
IRI, LITERAL, BLANK = TermType.IRI, TermType.LITERAL, TermType.BLANK_NODE
CSV = LogicalSource("t.csv", Formulation.CSV, folder="/data")


def read(text: str, **more: str) -> Plan:
    return read_yarrrml(textwrap.dedent(text), "m.yml", PREFIXES, folder="/data", **more)


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.location is not None
    assert caught.value.location.file == "m.yml"
    return caught.value


def document(*pairs: str, subject: str = "ex:$(id)", more: str = "") -> str:
    """Return a document with one mapping; the first pair stands on line 6."""
    po = "".join(f"      - {pair}\n" for pair in pairs)
    return f"mappings:\n  m:\n    sources: [[t.csv~csv]]\n    s: '{subject}'\n    po:\n{po}{more}"


def pairs(*written: str) -> tuple[PredicateObjectMap, ...]:
    return read(document(*written)).triples_maps[0].predicate_objects


def objects(*written: str) -> tuple[TermMap | RefObjectMap, ...]:
    return tuple(o for pair in pairs(*written) for o in pair.objects)


def ref(name: str) -> Reference:
    return Reference(name)


def ex(*parts: str | Reference) -> TermMap:
    """An IRI below the namespace: constant, or a template."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return TermMap(Constant(EX + parts[0], IRI), IRI)
    first, *rest = parts
    start = (EX + first, *rest) if isinstance(first, str) else (EX, *parts)
    return TermMap(Template(start), IRI)


def word(value: str, **more: TermMap) -> TermMap:
    return TermMap(Constant(value, LITERAL), LITERAL, **more)


def value(name: str, **more: TermMap) -> TermMap:
    return TermMap(ref(name), LITERAL, **more)


def tag(text: str) -> TermMap:
    return TermMap(Constant(text, LITERAL), LITERAL)


DATE = TermMap(Constant(f"{XSD}date", IRI), IRI)
TYPE = TermMap(Constant(f"{RDF}type", IRI), IRI)


class TestWholePlan:
    def test_document(self):
        plan = read(
            """\
            prefixes:
              foaf: http://xmlns.com/foaf/0.1/
            base: http://base.example/
            sources:
              people:
                access: people.json
                referenceFormulation: jsonpath
                iterator: $.people[*]
            mappings:
              person:
                sources: people
                subjects: ex:person/$(id)
                graphs: ex:graph
                predicateobjects:
                  - predicates: [a, foaf:is]
                    objects: [foaf:Person, ex:Being]
                    graphs: ex:other/$(id)
                  - [foaf:name, $(name), en~lang]
            """
        )
        foaf = "http://xmlns.com/foaf/0.1/"
        expected = TriplesMap(
            name="m.yml#person",
            source=LogicalSource("people.json", Formulation.JSON, "$.people[*]", folder="/data"),
            subject=ex("person/", ref("id")),
            graphs=(ex("graph"),),
            base="http://base.example/",
            predicate_objects=(
                PredicateObjectMap(
                    predicates=(TYPE, TermMap(Constant(foaf + "is", IRI), IRI)),
                    objects=(TermMap(Constant(foaf + "Person", IRI), IRI), ex("Being")),
                    graphs=(ex("other/", ref("id")),),
                ),
                PredicateObjectMap(
                    predicates=(TermMap(Constant(foaf + "name", IRI), IRI),),
                    objects=(value("name", language=tag("en")),),
                ),
            ),
        )
        assert plan == Plan((expected,))

    def test_origins(self):
        (found,) = read(
            """\
            mappings:

              m:
                source: ['t.csv~csv']
                subject:
                  - ex:$(id)
                po:
                  - [ex:a, $(a)]
                  - p:
                      - ex:b
                    o:
                      - $(b)
                      - value: $(c)
                        language: en
                      - mapping: m
                        condition:
                          function: equal
                          parameters: [[str1, $(x)], [str2, $(y)]]
                    g: ex:g
            """
        ).triples_maps
        first, second = found.predicate_objects
        assert found.origin.location() == Location("m.yml", 3)
        assert found.source.origin.line == 4
        assert found.subject.origin.line == 6
        assert first.origin.line == 8
        assert [t.origin.line for t in (*first.predicates, *first.objects)] == [8, 8]
        assert second.origin.line == 9
        assert second.predicates[0].origin.line == 10
        assert [o.origin.line for o in second.objects] == [12, 13, 15]
        assert second.objects[1].language.origin.line == 14
        assert second.graphs[0].origin.line == 19

    def test_origin_is_outside_equality(self):
        one = read(document("[ex:p, $(x)]"))
        other = read("# a comment\n" + document("[ex:p, $(x)]"))
        assert one == other


class TestKeys:
    @pytest.mark.parametrize("mappings", ["mappings", "mapping", "m"])
    @pytest.mark.parametrize("subjects", ["subjects", "subject", "s"])
    @pytest.mark.parametrize("po", ["predicateobjects", "predicateobject", "po"])
    def test_of_mappings(self, mappings, subjects, po):
        text = f"{mappings}: {{m: {{source: t.csv~csv, {subjects}: 'ex:a', {po}: [[ex:p, x]]}}}}"
        assert read(text) == read(document("[ex:p, x]", subject="ex:a"))

    @pytest.mark.parametrize("predicates", ["predicates", "predicate", "p"])
    @pytest.mark.parametrize("objects", ["objects", "object", "o"])
    @pytest.mark.parametrize("graphs", ["graphs", "graph", "g"])
    def test_of_pairs(self, predicates, objects, graphs):
        (found,) = pairs(f"{{{predicates}: ex:p, {objects}: $(x), {graphs}: ex:g}}")
        assert found == PredicateObjectMap((ex("p"),), (value("x"),), (ex("g"),))

    @pytest.mark.parametrize("key", ["value", "v"])
    def test_of_objects(self, key):
        assert objects(f"{{p: ex:p, o: {{{key}: $(x)}}}}") == (value("x"),)

    @pytest.mark.parametrize("mapping", ["mapping", "mappings", "m"])
    @pytest.mark.parametrize("condition", ["condition", "conditions", "c"])
    @pytest.mark.parametrize("function", ["function", "f", "fn"])
    @pytest.mark.parametrize("parameters", ["parameters", "pms"])
    def test_of_joins(self, mapping, condition, function, parameters):
        (found,) = objects(
            f"{{p: ex:p, o: {{{mapping}: m, {condition}: {{{function}: equal, {parameters}:"
            " [[str1, $(a)], [str2, $(b)]]}}}"
        )
        assert found == RefObjectMap("m.yml#m", (JoinCondition(ref("a"), ref("b")),))

    @pytest.mark.parametrize(
        ("text", "line", "key"),
        [
            ("mapings: {}\n", 1, "mapings"),
            (document("[ex:p, x]").replace("    s:", "    subj:"), 4, "subj"),
            (document("{p: ex:p, obj: x}"), 6, "obj"),
            (document("{p: ex:p, o: {value: x, lang: en}}"), 6, "lang"),
            (
                "sources: {s: {access: a, referenceformulation: csv}}\n"
                "mappings: {m: {source: s, s: 'ex:a'}}",
                1,
                "referenceformulation",
            ),
        ],
    )
    def test_slips(self, text, line, key):
        error = refused(text)
        assert error.location.line == line
        assert f"{key!r} is no key of" in error.message
        assert error.hint.startswith("Did you mean ")
        assert "Known keys: " in error.hint


class TestSources:
    def sources(self, written: str, shared: str = "") -> list[LogicalSource]:
        text = f"mappings: {{m: {{sources: {written}, s: 'ex:a', po: [[ex:p, x]]}}}}\n{shared}"
        return [m.source for m in read(text).triples_maps]

    @pytest.mark.parametrize(
        "written", ["t.csv~csv", "['t.csv~csv']", "[['t.csv~csv']]", "[[t.csv~CSV]]", "[own]"]
    )
    def test_one(self, written):
        assert self.sources(written, "sources: {own: [t.csv~csv]}") == [CSV]

    def test_named_in_a_chain(self):
        assert self.sources("a", "sources: {a: b, b: [t.csv~csv]}") == [CSV]

    def test_iterator(self):
        expected = LogicalSource("t.json", Formulation.JSON, "$.a[*]", folder="/data")
        assert self.sources("['t.json~jsonpath', '$.a[*]']") == [expected]
        assert self.sources("[['t.json~json', '$.a[*]']]") == [expected]

    def test_several(self):
        found = self.sources("[own, [t.json~jsonpath, '$']]", "sources: {own: t.csv~csv}")
        assert found == [CSV, LogicalSource("t.json", Formulation.JSON, "$", folder="/data")]

    @pytest.mark.parametrize(
        ("kind", "formulation"),
        [
            ("csv", Formulation.CSV),
            ("json", Formulation.JSON),
            ("jsonpath", Formulation.JSON),
            ("yaml", Formulation.YAML),
            ("xml", Formulation.XPATH),
            ("xpath", Formulation.XPATH),
            ("parquet", Formulation.PARQUET),
            ("excel", Formulation.EXCEL),
        ],
    )
    def test_formats(self, kind, formulation):
        assert self.sources(f"a~b~{kind}") == [
            LogicalSource("a~b", formulation, folder="/data"),
        ]

    def test_json_lines(self):
        expected = LogicalSource("a", Formulation.JSON, folder="/data", lines=True)
        assert self.sources("a~jsonl") == [expected]

    def test_tab_separated(self):
        expected = LogicalSource(
            "t.tsv", Formulation.CSV, folder="/data", dialect=Dialect(delimiter="\t")
        )
        assert self.sources("t.tsv~tsv") == [expected]

    def test_long_form(self):
        found = self.sources(
            "[own]",
            "sources:\n  own:\n    access: t.csv\n    referenceFormulation: csv\n"
            "    delimiter: ;\n    encoding: latin-1\n    nulls: ['', n/a]\n",
        )
        expected = LogicalSource(
            "t.csv",
            Formulation.CSV,
            folder="/data",
            dialect=Dialect(delimiter=";"),
            nulls=("", "n/a"),
            encoding="latin-1",
        )
        assert found == [expected]

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("other", "there is no source 'other'"),
            ("[[t.dat]]", "'t.dat' does not say its format"),
            ("t.csv~word", "'word' is no format that kg reads"),
            ("[]", "the mapping m has no sources"),
            ("", "the mapping m has no sources"),
            ("{access: t.csv}", "the source has no referenceFormulation"),
            ("round", "there is no source 'round'"),
        ],
    )
    def test_refused(self, written, message):
        error = refused(
            f"mappings:\n  m:\n    sources: {written}\n    s: ex:a\n    po: [[ex:p, x]]\n"
            "sources: {own: t.csv~csv, round: about, about: round}\n"
        )
        assert message in error.message
        assert error.location.line in (2, 3, 6)

    @pytest.mark.parametrize(
        "inside",
        [
            "s: ex:$(id)\n    po: [[ex:p, x]]",
            "s: ex:a\n    po: [[ex:p, $(x)]]",
            "s: ex:a\n    po: [[ex:p, x, $(tag)~lang]]",
            "s: ex:a\n    graphs: ex:$(g)\n    po: [[ex:p, x]]",
            "s: ex:a\n    po: [{p: ex:p, o: {mapping: m}}]",
            "s: ex:a",
            "po: [[ex:p, x]]",
        ],
    )
    def test_missing(self, inside):
        error = refused(f"mappings:\n  m:\n    {inside}\n")
        assert str(error.location) == "m.yml:2"
        assert "has no sources" in error.message

    def test_constants_need_none(self):
        """As in RML: what takes nothing of a record is said once."""
        plan = read("mappings:\n  m:\n    s: ex:a\n    po: [[a, ex:C], [ex:p, x, en~lang]]\n")
        (made,) = plan.triples_maps
        assert made.source.formulation is Formulation.NONE


class TestSubjects:
    @pytest.mark.parametrize(
        ("written", "term"),
        [
            ("ex:$(id)", ex(ref("id"))),
            ("ex:a/$(id)/$(n)", ex("a/", ref("id"), "/", ref("n"))),
            ("ex:$(id)~iri", ex(ref("id"))),
            ("http://e/$(id)", TermMap(Template(("http://e/", ref("id"))), IRI)),
            ("urn:x:$(id)", TermMap(Template(("urn:x:", ref("id"))), IRI)),
            ("$(id)", TermMap(ref("id"), IRI)),
            ("$(a):$(b)", TermMap(Template((ref("a"), ":", ref("b"))), IRI)),
            ("ex:one", ex("one")),
            (r"ex:\$(id)", ex("$(id)")),
            (r"ex:$(a\)b)", ex(ref("a)b"))),
            (r"ex:$(a\\b)", ex(ref("a\\b"))),
            ("ex:$(ex:id)", ex(ref("ex:id"))),
        ],
    )
    def test_forms(self, written, term):
        assert read(document("[ex:p, x]", subject=written)).triples_maps[0].subject == term

    def test_namespace_is_no_template(self):
        plan = read_yarrrml(
            document("[ex:p, x]", subject="odd:$(id)"),
            "m.yml",
            {**PREFIXES, "odd": r"http://e/$(x)\/"},
        )
        assert plan.triples_maps[0].subject == TermMap(
            Template((r"http://e/$(x)\/", ref("id"))), IRI
        )

    def test_each_subject_of_each_source(self):
        plan = read(
            "mappings: {m: {sources: [a.csv~csv, b.csv~csv], s: ['ex:a', 'ex:b'], po: [[ex:p, x]]}}"
        )
        assert [(m.name, m.source.path, m.subject) for m in plan.triples_maps] == [
            ("m.yml#m", "a.csv", ex("a")),
            ("m.yml#m/2", "a.csv", ex("b")),
            ("m.yml#m/3", "b.csv", ex("a")),
            ("m.yml#m/4", "b.csv", ex("b")),
        ]

    def test_missing(self):
        (found,) = read(
            "mappings:\n  m:\n    source: t.csv~csv\n    po: [[ex:p, x]]\n"
        ).triples_maps
        assert found.subject == TermMap(None, BLANK)


class TestObjects:
    @pytest.mark.parametrize(
        ("written", "term"),
        [
            ("$(x)", value("x")),
            ("text", word("text")),
            ("'two words'", word("two words")),
            ("1.50", word("1.50")),
            ("true", word("true")),
            ("'a $(x) b'", TermMap(Template(("a ", ref("x"), " b")), LITERAL)),
            ("ex:thing~iri", ex("thing")),
            ("ex:$(x)~iri", ex(ref("x"))),
            ("$(x)~iri", TermMap(ref("x"), IRI)),
            ("http://e/x~iri", TermMap(Constant("http://e/x", IRI), IRI)),
            ("http://e/x", word("http://e/x")),
            ("'note: text'", word("note: text")),
            ("$(x)~blank", TermMap(ref("x"), BLANK)),
            ("'ex:thing~literal'", word("ex:thing")),
            ("a~b", word("a~b")),
            ("'~'", word("~")),
            (r"'\$(x)'", word("$(x)")),
            (r"'\(x\)'", word("(x)")),
            (r"'a\\b'", word(r"a\b")),
            (r"'a\b'", word(r"a\b")),
            ("a~en-lang", word("a~en-lang")),
        ],
    )
    def test_short_forms(self, written, term):
        assert objects(f"[ex:p, {written}]") == (term,)

    @pytest.mark.parametrize(
        ("written", "term"),
        [
            ("$(x), xsd:date", value("x", datatype=DATE)),
            ("text, xsd:date", word("text", datatype=DATE)),
            ("$(x), xsd:date~iri", value("x", datatype=DATE)),
            ("$(x), ex:$(t)", value("x", datatype=ex(ref("t")))),
            ("$(x), $(t)", value("x", datatype=TermMap(ref("t"), IRI))),
            ("$(x), en~lang", value("x", language=tag("en"))),
            ("$(x), pt-BR~lang", value("x", language=tag("pt-BR"))),
            ("$(x), $(t)~lang", value("x", language=value("t"))),
            ("[$(x)], en~lang", value("x", language=tag("en"))),
            ("[[$(x)]], en~lang", value("x", language=tag("en"))),
            ("[[$(x), xsd:date]]", value("x", datatype=DATE)),
        ],
    )
    def test_datatype_and_language(self, written, term):
        assert objects(f"[ex:p, {written}]") == (term,)

    def test_note_goes_to_each(self):
        assert objects("[ex:p, [$(a), $(b)], en~lang]") == (
            value("a", language=tag("en")),
            value("b", language=tag("en")),
        )

    @pytest.mark.parametrize(
        ("written", "term"),
        [
            ("value: $(x)", value("x")),
            ("value: ex:$(x), type: literal", TermMap(Template(("ex:", ref("x"))), LITERAL)),
            ("value: ex:$(x), type: iri", ex(ref("x"))),
            ("value: ex:$(x), type: IRI", ex(ref("x"))),
            ("value: $(x), type: blank", TermMap(ref("x"), BLANK)),
            ("value: $(x), type: blanknode", TermMap(ref("x"), BLANK)),
            ("value: $(x), datatype: xsd:date", value("x", datatype=DATE)),
            ("value: $(x), language: en", value("x", language=tag("en"))),
            ("value: $(x), language: $(t)", value("x", language=value("t"))),
        ],
    )
    def test_long_form(self, written, term):
        assert objects(f"{{p: ex:p, o: {{{written}}}}}") == (term,)
        assert objects(f"[ex:p, {{{written}}}]") == (term,)

    def test_lists(self):
        assert objects("{p: ex:p, o: [$(x), [$(y), xsd:date], {value: z}]}") == (
            value("x"),
            value("y", datatype=DATE),
            word("z"),
        )

    @pytest.mark.parametrize(
        "written",
        [
            "[a, ex:Thing]",
            "[rdf:type, ex:Thing]",
            "[a, ex:Thing~iri]",
            "{p: a, o: {value: ex:Thing}}",
        ],
    )
    def test_classes_are_iris(self, written):
        (found,) = pairs(written)
        assert found == PredicateObjectMap((TYPE,), (ex("Thing"),))

    def test_classes_may_be_templates(self):
        assert objects("[a, ex:$(x)]") == (ex(ref("x")),)

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("[ex:p, zz:$(x)~iri]", "the prefix 'zz' is not known"),
            ("[zz:p, x]", "the prefix 'zz' is not known"),
            ("[ex:p, x, zz:date]", "the prefix 'zz' is not known"),
            ("[p, x]", "'p' is not an absolute IRI"),
            ("[ex:p, x, date]", "'date' is not an absolute IRI"),
            ("['ex:p q', x]", "is no IRI: it holds a space"),
            ("[ex:p]", "[predicate, object]"),
            ("[ex:p, x, y, z]", "[predicate, object]"),
            ("[ex:p, ]", "[predicate, object]"),
            ("[ex:p, ~]", "a predicate and an object are needed"),
            ("[[], x]", "a predicate and an object are needed"),
            ("{p: ex:p}", "a predicate and an object are needed"),
            ("{o: x}", "a predicate and an object are needed"),
            ("text", "predicateobjects must be a mapping"),
            ("[ex:p, x, a b~lang]", "'a b' is not a language tag"),
            ("[ex:p, {id}]", "'id' is no key of an object"),
            ("{p: ex:p, o: {value: x, language: a b}}", "'a b' is not a language tag"),
            ("{p: ex:p, o: {type: iri}}", "a term needs a value"),
            ("{p: ex:p, o: {value: x, type: word}}", "'word' is no type"),
            ("{p: ex:p, o: {value: [x]}}", "an object must be a text"),
            ("{p: ex:p, o: {value: {function: f}}}", "f is no function that kg knows"),
            ("{p: ex:p, o: {value: x, condition: y}}", "'y' is no call of a function"),
            ("[ex:p, [[x, y, z]]]", "[value, datatype]"),
            ("[ex:p, [[]]]", "[value, datatype]"),
            ("[ex:p, ex:$(x)~iri, xsd:date]", "only a literal has a datatype"),
            ("[ex:p, {value: x}, xsd:date]", "has its datatype or language inside"),
            ("{p: ex:p, o: {value: x, datatype: xsd:date, language: en}}", "not both"),
            ("{p: ex:p, o: {value: ex:x, type: iri, language: en}}", "only a literal"),
            ("{p: ex:p, o: {value: ex:x, type: iri, datatype: xsd:date}}", "only a literal"),
        ],
    )
    def test_refused(self, written, message):
        error = refused(document(written))
        assert message in error.message
        assert error.location.line == 6


class TestJoins:
    JOIN = "{function: equal, parameters: [[str1, $(a)], [str2, $(b)]]}"

    def join(self, *parameters: str) -> JoinCondition:
        written = f"{{function: equal, parameters: [{', '.join(parameters)}]}}"
        (found,) = objects(f"{{p: ex:p, o: {{mapping: m, condition: {written}}}}}")
        return found.joins[0]

    def test_without_condition(self):
        assert objects("{p: ex:p, o: {mapping: m}}") == (RefObjectMap("m.yml#m"),)
        assert objects("[ex:p, {mapping: m}]") == (RefObjectMap("m.yml#m"),)

    def test_several_conditions(self):
        other = "{function: 'idlab-fn:equal', parameters: [[str1, $(c)], [str2, x-$(d)]]}"
        (found,) = objects(f"{{p: ex:p, o: {{mapping: m, condition: [{self.JOIN}, {other}]}}}}")
        assert found.joins == (
            JoinCondition(ref("a"), ref("b")),
            JoinCondition(ref("c"), Template(("x-", ref("d")))),
        )

    @pytest.mark.parametrize(
        "parameters",
        [
            ("[str1, $(a)]", "[str2, $(b)]"),
            ("[str2, $(b)]", "[str1, $(a)]"),
            ("[grel:str1, $(a)]", "[grel:str2, $(b)]"),
            ("[str1, $(a), s]", "[str2, $(b), o]"),
            ("[str1, $(b), o]", "[str2, $(a), s]"),
            ("{parameter: str1, value: $(a)}", "{pm: str2, v: $(b)}"),
        ],
    )
    def test_sides(self, parameters):
        assert self.join(*parameters) == JoinCondition(ref("a"), ref("b"))

    @pytest.mark.parametrize(
        ("written", "message"),
        [
            ("{mapping: other}", "there is no mapping 'other'"),
            ("{mapping: m, condition: {function: lesss, parameters: []}}", "lesss is no function"),
            ("{mapping: m, condition: {function: equal}}", "equal needs 2 arguments"),
            ("{mapping: m, condition: text}", "text is no function"),
            (
                "{mapping: m, condition: {function: equal, parameters: [[str1, $(a)]]}}",
                "equal needs 2 arguments, not 1",
            ),
            (
                "{mapping: m, condition: {function: equal, parameters: [[str1]]}}",
                "[name, $(column)]",
            ),
            ("{mapping: m, condition: {function: equal, parameters: [x]}}", "[name, $(column)]"),
            (
                "{mapping: m, condition: {function: equal, parameters: [[a, b]]}}",
                "equal has no parameter a",
            ),
            ("{mapping: m, condition: {function: equal, parameters: [{}]}}", "[name, $(column)]"),
        ],
    )
    def test_refused(self, written, message):
        error = refused(document(f"{{p: ex:p, o: {written}}}"))
        assert message in error.message
        assert error.location.line == 6

    TWO = (
        "  two:\n    sources: [[a.csv~csv], [b.csv~csv]]\n    s: 'ex:$(id)'\n    po: [[ex:q, x]]\n"
    )

    def test_parent_of_several_sources(self):
        plan = read(
            document(f"{{p: ex:p, o: {{mapping: two, condition: {self.JOIN}}}}}", more=self.TWO)
        )
        join = (JoinCondition(ref("a"), ref("b")),)
        assert plan.triples_maps[0].predicate_objects[0].objects == (
            RefObjectMap("m.yml#two", join),
            RefObjectMap("m.yml#two/2", join),
        )

    def test_same_record_of_several_sources(self):
        more = self.TWO.replace("[[ex:q, x]]", "[[ex:q, {mapping: three}]]") + self.TWO.replace(
            "two:", "three:"
        )
        plan = read(document("[ex:p, x]", more=more))
        found = [
            (m.name, o.parent)
            for m in plan.triples_maps
            for pair in m.predicate_objects
            for o in pair.objects
            if isinstance(o, RefObjectMap)
        ]
        assert found == [("m.yml#two", "m.yml#three"), ("m.yml#two/2", "m.yml#three/2")]


class TestDocument:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "the mapping is empty"),
            ("# nothing\n", "the mapping is empty"),
            ("prefixes: {}\n", "the key mappings is missing"),
            ("mappings:\n", "mappings must be a mapping"),
            ("mappings: {}\n", "there is no mapping"),
            ("mappings: {m: }\n", "the mapping m must be a mapping"),
            ("- a\n", "a mapping document must be a mapping"),
            ("prefixes: {ex: [a]}\nmappings: {m: {}}\n", "the prefix ex must be a text"),
            ("base: []\nmappings: {m: {}}\n", "base must be a text"),
        ],
    )
    def test_refused(self, text, message):
        assert message in refused(text).message

    def test_base_of_the_document_goes_before_that_of_the_caller(self):
        text = document("[p, x]")
        assert read(text, base="http://a/").triples_maps[0].base == "http://a/"
        assert (
            read(text + "base: http://b/\n", base="http://a/").triples_maps[0].base == "http://b/"
        )

    def test_base_as_in_turtle(self):
        text = document("[p, x]") + "'@base': http://b/\n"
        assert read(text, base="http://a/").triples_maps[0].base == "http://b/"

    def test_prefixes_of_the_document_go_before_those_of_the_caller(self):
        plan = read(document("[ex:p, x]", more="prefixes: {ex: 'http://own/'}\n"))
        (predicate,) = plan.triples_maps[0].predicate_objects[0].predicates
        assert predicate.expression.value == "http://own/p"

    def test_mapping_without_predicates(self):
        (found,) = read("mappings: {m: {source: t.csv~csv, s: 'ex:$(id)'}}").triples_maps
        assert found.predicate_objects == ()
