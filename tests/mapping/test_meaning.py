"""What mappings make of small sources, written out by hand."""

from __future__ import annotations

import pytest

from kg.errors import InputError
from kg.terms import RDF_TYPE, XSD
from tests.mapping.running import EX, run_mapping, yarrrml

CSV = "[[t.csv~csv]]"
JSON = "[['t.json~jsonpath', '$[*]']]"


def ex(name: str) -> str:
    return f"<{EX}{name}>"


class TestGraphs:
    def run(self, folder, po, extra=()):
        return run_mapping(
            folder, yarrrml(CSV, po, extra=extra), {"t.csv": "id,g,v\n1,a,x\n2,,y\n3,b,\n"}
        )

    def test_record_without_graph_gives_nothing(self, tmp_path):
        run = self.run(tmp_path, ["{p: ex:p, o: $(v), g: ex:$(g)}"])
        assert run.quads == [(ex("1"), ex("p"), '"x"', ex("a"))]
        (count,) = run.made.counts
        assert [(loss.what, loss.references, loss.records) for loss in count.losses] == [
            (f"{EX}p", ("v",), 1),
            ("graph", ("g",), 1),
        ]

    def test_graph_of_the_subject_too(self, tmp_path):
        run = self.run(tmp_path, ["{p: ex:p, o: $(v), g: ex:$(g)}"], ["g: ex:all"])
        assert [(s, g) for s, _, _, g in run.quads] == [
            (ex("1"), ex("a")),
            (ex("1"), ex("all")),
            (ex("2"), ex("all")),
        ]

    def test_join_without_graph_gives_nothing(self, tmp_path):
        join = (
            "{mapping: m, condition: {function: equal, parameters: [[str1, $(id)], [str2, $(id)]]}}"
        )
        run = self.run(tmp_path, [f"{{p: ex:p, o: {join}, g: ex:$(g)}}"])
        assert [(s, o, g) for s, _, o, g in run.quads] == [
            (ex("1"), ex("1"), ex("a")),
            (ex("3"), ex("3"), ex("b")),
        ]

    def test_named_default_graph(self, tmp_path):
        default = "http://w3id.org/rml/defaultGraph"
        run = self.run(tmp_path, [f"{{p: ex:p, o: $(v), g: ['{default}', ex:g]}}"])
        assert [(s, g) for s, _, _, g in run.quads] == [
            (ex("1"), None),
            (ex("1"), ex("g")),
            (ex("2"), None),
            (ex("2"), ex("g")),
        ]


class TestPredicates:
    def test_made_of_values(self, tmp_path):
        mapping = yarrrml(CSV, ["{p: ex:p-$(k), o: $(v)}", "[a, ex:T]"])
        run = run_mapping(tmp_path, mapping, {"t.csv": "id,k,v\n1,a,x\n2,,y\n"})
        assert run.triples == [
            (ex("1"), RDF_TYPE, ex("T")),
            (ex("1"), ex("p-a"), '"x"'),
            (ex("2"), RDF_TYPE, ex("T")),
        ]
        losses = run.made.counts[0].losses
        assert [(loss.what, loss.records) for loss in losses] == [("predicate", 1)]


class TestJson:
    def run(self, folder, po, document, subject="ex:$(id)"):
        return run_mapping(folder, yarrrml(JSON, po, subject), {"t.json": document})

    def test_natural_datatypes(self, tmp_path):
        run = self.run(
            tmp_path,
            ["[ex:p, $(v)]"],
            '[{"id":1,"v":"x"},{"id":2,"v":7},{"id":3,"v":1.50},{"id":4,"v":true},{"id":5,"v":null},'
            '{"id":6},{"id":7,"v":123456789012345678901234567890},{"id":8,"v":1e400},{"id":9,"v":""}]',
        )
        assert [o for _, _, o in run.triples] == [
            '"x"',
            f'"7"^^<{XSD}integer>',
            f'"1.5E0"^^<{XSD}double>',
            f'"true"^^<{XSD}boolean>',
            f'"123456789012345678901234567890"^^<{XSD}integer>',
            f'"INF"^^<{XSD}double>',
            '""',
        ]
        assert [(loss.what, loss.records) for loss in run.made.counts[0].losses] == [(f"{EX}p", 2)]

    def test_cross_product(self, tmp_path):
        run = self.run(
            tmp_path,
            ["[ex:p, '$(a[*])-$(b[*])']"],
            '[{"id":1,"a":["x","y"],"b":[1,2]},{"id":2,"a":[],"b":[1]},{"id":3,"a":["z"]}]',
        )
        assert run.objects() == ['"x-1"', '"x-2"', '"y-1"', '"y-2"']

    def test_several_subjects(self, tmp_path):
        run = self.run(
            tmp_path, ["[ex:p, '$(b[*])']"], '[{"a":["x","y"],"b":["1","2"]}]', "ex:$(a[*])"
        )
        assert run.triples == [(ex(s), ex("p"), o) for s in ("x", "y") for o in ('"1"', '"2"')]

    def test_members_and_elements(self, tmp_path):
        document = '[{"id":1,"a":[1,2],"b":{"x":3,"y":4},"c":[{"k":5},{"k":6}],"d":{"x":{"k":7}}}]'
        po = [f"[ex:p, '$({path})']" for path in ("a[*]", "b[*]", "c[*].k", "d.*.k", "a.*", "b.*")]
        run = self.run(tmp_path, po, document)
        assert [o[1] for o in run.objects()] == list("1234567")

    def test_iterator_over_members(self, tmp_path):
        mapping = yarrrml("[['t.json~jsonpath', '$.rows.*']]", ["[ex:p, x]"])
        run = run_mapping(tmp_path, mapping, {"t.json": '{"rows":{"a":{"id":1},"b":{"id":2}}}'})
        assert [s for s, *_ in run.quads] == [ex("1"), ex("2")]

    @pytest.mark.parametrize(
        ("written", "what"), [("[1]", "an array"), ('{"x":1}', "an object"), ("NaN", "NaN, which")]
    )
    def test_what_is_no_value_is_told(self, tmp_path, written, what):
        # Of an array, a reference gives the members.
        for path in ("w[*]",) if what == "an array" else ("v", "w[*]"):
            document = f'[{{"id":1}},{{"id":2,"v":{written},"w":[1,{written}]}}]'
            with pytest.raises(InputError) as caught:
                self.run(tmp_path, [f"[ex:p, '$({path})']"], document)
            assert caught.value.code == "not-a-value"
            assert what in caught.value.message
            assert (caught.value.location.record, caught.value.location.column) == (2, path)


class TestLiterals:
    def run(self, folder, po, rows):
        return run_mapping(folder, yarrrml(CSV, [po]), {"t.csv": "id,v,n\n" + rows})

    def test_language_of_values(self, tmp_path):
        run = self.run(tmp_path, "[ex:p, $(v), $(n)~lang]", "1,a,EN\n2,b,\n3,,de\n")
        assert run.objects() == ['"a"@en']

    def test_bad_language_is_told(self, tmp_path):
        with pytest.raises(InputError) as caught:
            self.run(tmp_path, "[ex:p, $(v), $(n)~lang]", "1,a,EN\n2,b,english text\n")
        assert caught.value.code == "bad-language-tag"
        assert str(caught.value.location).endswith('t.csv:3 (record 2), column "n"')

    def test_datatype_of_values(self, tmp_path):
        run = self.run(tmp_path, "[ex:p, $(v), xsd:$(n)]", "1,a,date\n2,b,string\n3,c,\n4,,date\n")
        assert run.objects() == [f'"a"^^<{XSD}date>', '"b"']

    def test_values_of_constants(self, tmp_path):
        run = self.run(tmp_path, "{p: ex:p, o: {value: 'it''s', datatype: xsd:$(n)}}", "1,a,x\n")
        assert run.objects() == [f'"it\'s"^^<{XSD}x>']


class TestBlankNodes:
    def run(self, folder, subject, rows):
        text = f"""
        @prefix rml: <http://w3id.org/rml/> . @prefix ex: <{EX}> .
        [] rml:logicalSource [ rml:source "t.csv" ; rml:referenceFormulation rml:CSV ] ;
          rml:subjectMap [ {subject} rml:termType rml:BlankNode ] ;
          rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ rml:reference "v" ] ] .
        """
        return run_mapping(folder, text, {"t.csv": "id,v\n" + rows}).quads

    def test_new_for_each_record(self, tmp_path):
        quads = self.run(tmp_path, "", "1,a\n1,a\n1,b\n")
        assert len({s for s, *_ in quads}) == 3

    def test_same_in_every_run(self, tmp_path):
        assert self.run(tmp_path, "", "1,a\n2,b\n") == self.run(tmp_path, "", "1,a\n2,b\n")

    def test_same_for_the_same_value(self, tmp_path):
        quads = self.run(tmp_path, 'rml:reference "id" ;', "1,a\n1,b\n2,c\n")
        assert len({s for s, *_ in quads}) == 2


class TestJoins:
    JOIN = "{function: equal, parameters: [[str1, $(%s)], [str2, $(%s)]]}"

    def run(self, folder, *conditions, child="id,a,b\n", parent="id,x,y\n"):
        joins = ", ".join(self.JOIN % pair for pair in conditions)
        mapping = yarrrml(CSV, [f"{{p: ex:p, o: {{mapping: two, condition: [{joins}]}}}}"])
        mapping += "  two:\n    sources: [[u.csv~csv]]\n    s: ex:u-$(id)\n"
        run = run_mapping(folder, mapping, {"t.csv": child, "u.csv": parent})
        return [(s, o) for s, _, o in run.triples]

    def test_one_condition(self, tmp_path):
        found = self.run(
            tmp_path, ("a", "x"), child="id,a\n1,k\n2,l\n3,k\n", parent="id,x\n8,k\n9,k\n7,m\n"
        )
        assert found == [(ex(s), ex(f"u-{o}")) for s in "13" for o in "89"]

    def test_no_value_joins_nothing(self, tmp_path):
        assert self.run(tmp_path, ("a", "x"), child="id,a\n1,\n", parent="id,x\n8,\n") == []

    def test_empty_text_joins(self, tmp_path):
        found = self.run(tmp_path, ("a", "x"), child='id,a\n1,""\n', parent='id,x\n8,""\n9,\n')
        assert found == [(ex("1"), ex("u-8"))]

    def test_several_conditions(self, tmp_path):
        found = self.run(
            tmp_path,
            ("a", "x"),
            ("b", "y"),
            child="id,a,b\n1,k,m\n2,k,n\n3,k,\n",
            parent="id,x,y\n8,k,m\n9,l,n\n7,k,\n",
        )
        assert found == [(ex("1"), ex("u-8"))]

    def test_where_the_key_is_the_subject(self, tmp_path):
        found = self.run(
            tmp_path, ("a", "id"), child="id,a\n1,8\n2,\n3,5\n", parent="id,x\n8,k\n8,l\n9,k\n"
        )
        assert found == [(ex("1"), ex("u-8"))]

    def test_where_two_keys_are_the_subject(self, tmp_path):
        found = self.run(
            tmp_path,
            ("a", "id"),
            ("b", "x"),
            child="id,a,b\n1,8,k\n2,8,\n3,9,k\n4,8,z\n",
            parent="id,x\n8,k\n8,\n9,l\n",
        )
        assert found == [(ex("1"), ex("u-8"))]

    def test_parent_without_a_subject(self, tmp_path):
        assert self.run(tmp_path, ("a", "x"), child="id,a\n1,k\n", parent="id,x\n,k\n") == []

    def test_without_a_condition_all_are_joined_with_all(self, tmp_path):
        found = self.run(tmp_path, child="id,a\n1,k\n2,\n", parent="id,x\n8,k\n9,\n")
        assert found == [(ex(s), ex(f"u-{o}")) for s in "12" for o in "89"]

    def test_missing_parent(self, tmp_path):
        text = f"""
        @prefix rml: <http://w3id.org/rml/> .
        <#m> rml:logicalSource [ rml:source "t.csv" ; rml:referenceFormulation rml:CSV ] ;
          rml:subject <{EX}s> ;
          rml:predicateObjectMap [ rml:predicate <{EX}p> ;
            rml:objectMap [ rml:parentTriplesMap <#other> ] ] .
        """
        with pytest.raises(InputError) as caught:
            run_mapping(tmp_path, text, {"t.csv": "id\n1\n"})
        assert caught.value.location.line == 6
        assert "#m refers to the triples map" in caught.value.message
        assert "#other', which is not there" in caught.value.message
        assert "mapping.ttl#m" in caught.value.hint


class TestLosses:
    def test_reasons(self, tmp_path):
        mapping = yarrrml(CSV, ["[ex:p, $(a)]", "[ex:q, '$(a)$(b)']", "[ex:r, x]"])
        run = run_mapping(tmp_path, mapping, {"t.csv": "id,a,b\n1,x,y\n,x,y\n3,x,\n4,,\n"})
        (count,) = run.made.counts
        assert count.records == 4
        assert [(loss.what, loss.references, loss.records) for loss in count.losses] == [
            ("subject", ("id",), 1),
            (f"{EX}p", ("a",), 1),
            (f"{EX}q", ("a", "b"), 2),
        ]

    def test_none(self, tmp_path):
        run = run_mapping(tmp_path, yarrrml(CSV, ["[ex:p, $(id)]"]), {"t.csv": "id\n1\n"})
        assert run.made.counts[0].losses == ()
        assert run.made.counts[0].triples_map.endswith("mapping.yml#m")

    def test_no_record_at_all(self, tmp_path):
        run = run_mapping(tmp_path, yarrrml(CSV, ["[ex:p, $(id)]"]), {"t.csv": "id\n"})
        assert (run.quads, run.made.counts[0].records) == ([], 0)
