"""Pages from facts: whatever a graph holds is text on them."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.page.answer import table
from kg.page.claims import Claim, Word, claims_main
from kg.page.entity import entity_main, grouped
from kg.page.frame import Frame, document
from kg.page.markup import tag
from kg.page.question import questions_main
from kg.queries.question import read_question
from kg.terms import literal
from tests.page.pages import SHOWER, Seen, TestLinks, entity_of, reader_of

EXAMPLES = int(os.environ.get("KG_EXAMPLES", "30"))
HOSTILE = "</td><script>alert(1)</script>\"' onload=x <!-- &amp;"
MARKS = st.text(st.sampled_from("<>&\"'`=/ab -!\x00\u202e\n"), max_size=30)


@settings(max_examples=EXAMPLES)
@given(MARKS, MARKS)
def test_texts_stay_texts(text, other):
    page = Seen(tag("p", text, title=other))
    assert page.tags == ["p"]
    assert page.attributes == [("title", shown(other))]
    assert page.text == shown(text)


def shown(text: str) -> str:
    return text.replace("\x00", "\\x00")


@settings(max_examples=EXAMPLES)
@given(st.lists(st.tuples(MARKS, st.sampled_from([None, "en"])), min_size=1, max_size=4))
def test_a_table_shows_what_an_answer_holds(texts):
    rows = [[literal(text, language=language), None] for text, language in texts]
    page = Seen(table([HOSTILE, "b"], rows, SHOWER))
    assert page.tags.count("tr") == len(texts) + 1
    assert page.tags.count("script") == 0
    assert HOSTILE in page.text
    assert all(shown(text) in page.text for text, _ in texts)


def test_a_page_says_what_the_graph_says(tmp_path):
    turtle = f"""
    ex:a a ex:Launch ; rdfs:label "A launch"@en , "Ein Start"@de ; ex:size 3 ;
        ex:at [ ex:lat 1.5 ; ex:within [ rdfs:label "inner" ] ] ; ex:says {literal(HOSTILE)} .
    ex:b ex:of ex:a . ex:Launch rdfs:label "launch" ."""
    entity = entity_of(tmp_path, turtle, "http://example.org/a")
    assert len(entity.nested) == 2
    page = Seen(entity_main(entity, SHOWER))
    assert page.tags.count("script") == 0
    for text in ("A launch", "Ein Start", "launch", "3", "1.5", "inner", HOSTILE, "What leads"):
        assert text in page.text
    assert "/entity?iri=http%3A%2F%2Fexample.org%2Fb" in page.hrefs
    assert len(list(entity.triples())) == 9
    assert page.text.index("A launch") < page.text.index("inner")


def test_an_iri_that_the_graph_does_not_know_has_a_page(tmp_path):
    reader = reader_of(tmp_path, "ex:a ex:b ex:c .")
    unknown = reader.entity("http://example.org/none")
    assert unknown is not None
    assert "says nothing" in entity_main(unknown, SHOWER)
    assert reader.entity("http://example.org/> } DELETE") is None


def test_much_that_leads_to_an_iri_is_paged(tmp_path):
    lines = "".join(f"ex:s{number} ex:of ex:hub ; a ex:T .\n" for number in range(600))
    reader = reader_of(tmp_path, lines)
    (group,) = reader.entity("http://example.org/hub").incoming
    assert len(group.terms) == 25
    assert group.total is None
    rest = reader.leading("http://example.org/hub", "http://example.org/of", 590, 50)
    assert len(rest) == 10


def test_scripts_are_no_links():
    assert "href" not in SHOWER.literal(
        '"javascript:alert(1)"^^<http://www.w3.org/2001/XMLSchema#anyURI>'
    )
    found = SHOWER.iri("<javascript:alert(1)>")
    assert Seen(found).hrefs == ["/entity?iri=javascript%3Aalert%281%29"]


def test_a_document_has_its_parts():
    frame = Frame("A <graph>", [("", "Start"), ("questions", "Questions")], TestLinks())
    page = Seen(document(frame, "Q", tag("h1", "Q"), view="questions").decode())
    assert page.tags[:2] == ["html", "head"]
    assert ("lang", "en") in page.attributes
    assert ("aria-current", "page") in page.attributes
    assert "Q · A <graph>" in page.text
    assert all(href.startswith(("/", "#")) for href in page.hrefs)


def test_predicates_stand_in_a_fixed_order():
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
    pairs = [("<u:b>", "<u:1>"), (label, '"x"'), ("<u:a>", "<u:2>"), (kind, "<u:T>")]
    assert [each.predicate for each in grouped(pairs)] == [kind, label, "<u:a>", "<u:b>"]


def test_checks_stand_behind_the_other_questions(tmp_path):
    names = ("check-a", "b", "check-c", "d")
    questions = []
    for name in names:
        (tmp_path / f"{name}.rq").write_text(f"# title: T {name}\nASK {{}}")
        questions.append(read_question(tmp_path / f"{name}.rq"))
    text = str(questions_main(questions, TestLinks()))
    order = [text.index(part) for part in ("T b", "T d", "Checks", "T check-a", "T check-c")]
    assert order == sorted(order)


def test_words_of_a_claim_lead_to_what_they_mean():
    claim = Claim("<http://e/c>", "c", "1", (), "hears", "certain", "", "", "It flew.")
    words = {("mode", "hears"): Word("http://e/hears", 'Passes on "talk".')}
    page = Seen(claims_main([claim], [], SHOWER, {}, 1, words))
    assert ("title", 'mode: Passes on "talk".') in page.attributes
    assert "/entity?iri=http%3A%2F%2Fe%2Fhears" in page.hrefs
    assert ("title", "certainty") in page.attributes
