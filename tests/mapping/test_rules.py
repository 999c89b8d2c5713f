"""Rules: what the terms of a mapping are as trees, before any engine prints them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kg.errors import InputError
from kg.mapping.flatten import flatten
from kg.mapping.plan import Call, Constant, Function, Reference, Template, TermType
from kg.mapping.rules import (
    BlankNode,
    CheckedIri,
    Fixed,
    Iri,
    Language,
    Literal,
    MapRules,
    Parent,
    When,
    may_be_missing,
    names,
)
from kg.mapping.tables import plan_tables
from kg.terms import RDF_TYPE, XSD
from tests.mapping.running import EX, read_plan, run_mapping, yarrrml

V = Reference("v")


def only_map(folder, *po: str, subject: str = "ex:$(id)", source: str = "[[t.csv~csv]]"):
    (rules,) = flatten(read_plan(folder, yarrrml(source, po, subject))).maps
    return rules


def two_maps(folder, join: str, parent: str = "ex:parent/$(key)") -> MapRules:
    mapping = (
        "mappings:\n"
        "  child:\n    sources: [[t.csv~csv]]\n    s: ex:$(id)\n"
        f"    po: [{{p: ex:p, o: {{mapping: parent{join}}}}}]\n"
        f"  parent:\n    sources: [[t.csv~csv]]\n    s: {parent}\n    po: [[ex:q, x]]\n"
    )
    return flatten(read_plan(folder, mapping)).maps[0]


KEY = ", condition: {function: equal, parameters: [[str1, $(a)], [str2, $(key)]]}"


class TestTerms:
    @pytest.mark.parametrize(
        ("pair", "made"),
        [
            ("[ex:p, x]", Fixed('"x"')),
            ("[ex:p, 1, xsd:integer]", Fixed(f'"1"^^<{XSD}integer>')),
            ('[ex:p, Say "x", en~lang]', Fixed('"Say \\"x\\""@en')),
            ("[ex:p, ex:o~iri]", Fixed(f"<{EX}o>")),
            ("[ex:p, $(v)]", Literal(V)),
            ("[ex:p, a $(v)]", Literal(Template(("a ", V)))),
            ("[ex:p, $(v), en~lang]", Literal(V, "en")),
            ("[ex:p, $(v), $(l)~lang]", Literal(V, Language(Reference("l"), "m"))),
            ("[ex:p, $(v), xsd:date]", Literal(V, datatype=Fixed(f"<{XSD}date>"))),
            ("[ex:p, ex:o/$(v)~iri]", Iri(f"{EX}o/", (V,), TermType.IRI)),
            ("[ex:p, ex:$(v)~iri]", Iri(EX, (V,), TermType.IRI)),
            ("[ex:p, $(v)~iri]", CheckedIri(V, TermType.IRI, "", "m")),
            ("{p: ex:p, o: {value: $(v), type: blank}}", BlankNode(V)),
            (
                "{p: ex:p, o: {value: x, condition: {function: idlab-fn:notEqual,"
                " parameters: [[grel:valueParameter, $(v)], [grel:valueParameter2, y]]}}}",
                When(
                    Fixed('"x"'),
                    Call(Function.NOT_EQUAL, (V, Constant("y", TermType.LITERAL))),
                ),
            ),
        ],
    )
    def test_objects(self, tmp_path, pair, made):
        (rule,) = only_map(tmp_path, pair).rules
        assert _named(rule.object) == made

    def test_predicates_and_graphs(self, tmp_path):
        rules = only_map(tmp_path, "[[a, ex:$(v)], ex:T~iri]", "{p: ex:p, o: x, graphs: ex:g}")
        found = [(rule.predicate, rule.graph) for rule in rules.rules]
        assert found == [
            (Fixed(RDF_TYPE), None),
            (Iri(EX, (V,), TermType.IRI), None),
            (Fixed(f"<{EX}p>"), Fixed(f"<{EX}g>")),
        ]

    def test_a_blank_node_of_the_record_belongs_to_its_triples_map(self, tmp_path):
        rules = only_map(tmp_path, "[ex:p, x]", subject="{type: blank}")
        assert rules.subject == BlankNode(None, rules.name)

    def test_dates_are_turned_where_the_source_knows_them(self, tmp_path):
        pairs = ("[ex:p, $(v), xsd:date]", "[ex:p, $(v), xsd:string]")
        turned = [
            rule.object.turned
            for source in ("[[t.parquet~parquet]]", "[[t.csv~csv]]")
            for rule in only_map(tmp_path, *pairs, source=source).rules
        ]
        assert turned == [True, False, False, False]

    @pytest.mark.parametrize(
        ("pair", "missing"),
        [("[ex:p, x]", False), ("[ex:p, $(v)]", True), ("[ex:p, 'x', en~lang]", False)],
    )
    def test_only_what_takes_values_may_be_missing(self, tmp_path, pair, missing):
        rules = only_map(tmp_path, pair)
        assert may_be_missing(rules.rules[0].object) is missing
        wanted = [("subject", ("id",))] + [(f"{EX}p", ("v",))] * missing
        assert [(loss.what, names(loss.term)) for loss in rules.losses.losses] == wanted


class TestParents:
    def test_the_same_record_needs_no_keys(self, tmp_path):
        (rule,) = two_maps(tmp_path, "").rules
        assert isinstance(rule.object, Parent)
        assert rule.object.keys == ()
        assert rule.object.own == Iri(f"{EX}parent/", (Reference("key"),), TermType.IRI)

    def test_a_subject_of_the_keys_is_made_of_the_childs_values(self, tmp_path):
        (rule,) = two_maps(tmp_path, KEY).rules
        assert rule.object.keys == ((Reference("a"), Reference("key")),)
        assert rule.object.subject == Iri(f"{EX}parent/", (Reference("key"),), TermType.IRI)
        assert rule.object.own == Iri(f"{EX}parent/", (Reference("a"),), TermType.IRI)

    def test_a_subject_of_other_values_is_the_parents(self, tmp_path):
        (rule,) = two_maps(tmp_path, KEY, "ex:parent/$(key)/$(other)").rules
        assert rule.object.own is None


class TestChecks:
    def test_each_value_that_must_be_looked_at_is_checked_once(self, tmp_path):
        po = ["[ex:p, $(v)~iri]", "[ex:q, $(v)~iri]", "[ex:q, $(v), $(l)~lang]", "[ex:q, $(v)]"]
        checks = only_map(tmp_path, *po).checks
        assert [(check.code, check.term.value) for check in checks] == [
            ("bad-iri", V),
            ("bad-language-tag", Reference("l")),
        ]

    def test_a_record_that_a_condition_leaves_out_is_not_blamed(self, tmp_path):
        condition = "{function: equal, parameters: [[str1, $(v)], [str2, y]]}"
        pair = f"{{p: ex:p, o: {{value: $(v), language: $(l), condition: {condition}}}}}"
        rows = "id,v,l\n1,x,no tag\n2,y,not one\n"
        with pytest.raises(InputError, match="'not one' is not a tag") as caught:
            run_mapping(tmp_path, yarrrml("[[t.csv~csv]]", [pair]), {"t.csv": rows})
        assert caught.value.location.record == 2


def _named(term):
    """Return a term whose owner is called by its short name."""
    if isinstance(term, CheckedIri):
        return CheckedIri(term.value, term.kind, term.base, term.owner.partition("#")[2])
    if isinstance(term, Literal) and isinstance(term.language, Language):
        return Literal(term.value, Language(term.language.value, term.language.owner[-1]))
    return term


def test_the_rules_of_a_plan_are_found_once(tmp_path):
    plan = read_plan(tmp_path, yarrrml("[['x.csv~csv']]", ["[ex:p, $(a)]"]))
    rules, tables = flatten(plan), plan_tables(plan)
    assert flatten(plan) is rules
    assert plan_tables(plan) is tables
    assert flatten(plan, skips=True) is not rules
    other = replace(plan, most_records=1)
    assert plan_tables(other).all[0].most_records == 1
    assert plan_tables(plan).all[0].most_records is None
