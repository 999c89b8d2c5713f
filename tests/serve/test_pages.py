"""The pages of a server: what they say, where their links lead, what becomes of bad input."""

from __future__ import annotations

import json
from importlib import import_module
from urllib.parse import urljoin, urlsplit

import pytest
from rdflib import Graph

from kg.builds import current_name
from kg.page.reading import Reader
from kg.serve.messages import Orders, Request
from kg.serve.state import State
from kg.serve.views import page
from kg.serve.views.home import _counts
from kg.workspace import find_workspace
from tests.page.pages import Seen
from tests.serve.conftest import EX, HOSTILE

HTML = {"accept": "text/html"}
VIEWS = ["/", "/questions", "/questions/since", "/vocabulary", "/editor", "/timeline", "/map",
         "/search", "/id/L1", "/id/note", "/id/where"]  # fmt: skip


def seen(client, path: str, status: int = 200) -> Seen:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return Seen(answer.text)


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_names_itself_and_loads_nothing_from_elsewhere(client, path):
    page = seen(client, path)
    assert page.tags.count("h1") == 1
    assert page.tags.count("main") == 1
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name != "style"
        if name in ("src", "action"):
            assert value.startswith("/")
    assert "style" not in page.tags
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_every_link_of_the_pages_leads_somewhere(client):
    wanted, known = ["/"], set()
    while wanted:
        path = wanted.pop()
        if path in known or len(known) > 200:
            continue
        known.add(path)
        answer = client.get(path, headers=HTML)
        assert answer.status_code in (200, 303), path
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        for href in Seen(answer.text).hrefs:
            place = urlsplit(urljoin(f"http://localhost{path}", href))
            if place.netloc == "localhost":
                wanted.append(place.path + (f"?{place.query}" if place.query else ""))
    assert len(known) > 40
    assert {"/questions/since", "/vocabulary", "/id/L1", "/id/note"} <= known


def test_the_menu_has_the_views_that_there_are(client):
    page = seen(client, "/")
    assert "Tests & <trials>" in page.text
    assert {"/questions", "/timeline", "/vocabulary", "/editor"} <= set(page.hrefs)
    assert "/claims" not in page.hrefs
    seen(client, "/claims", 404)


def test_a_question_is_asked_by_its_form(client):
    page = seen(client, "/questions/since")
    assert ("type", "date") in page.attributes
    assert ("value", "2022-01-01") in page.attributes
    assert "1 row" in page.text
    page = seen(client, "/questions/since?since=2020-01-01")
    assert "2 rows" in page.text
    assert "kg query since --param since=2020-01-01" in page.text
    assert f"{EX}id/L1" not in page.hrefs
    assert "/id/L1" in page.hrefs


def test_a_page_of_rows_leads_to_the_next(client):
    query = "SELECT%20*%20%7B%20?a%20?b%20?c%20.%20?d%20?e%20?f%20%7D"
    page = seen(client, f"/editor?query={query}")
    assert "rows 1 to 200, and there are more" in page.text
    (more,) = [each for each in page.hrefs if "from-row=200" in each]
    assert "rows 201 to 400" in seen(client, more).text
    assert "No further rows" in seen(client, f"/editor?query={query}&from-row=99999999").text


@pytest.mark.parametrize("value", ["2022-13-40", HOSTILE, "1' . } DELETE", "\x00"])
def test_a_bad_value_is_told_beside_the_form(client, value):
    answer = client.get("/questions/since", params={"since": value}, headers=HTML)
    assert answer.status_code == 400
    page = Seen(answer.text)
    assert page.tags.count("script") == 1
    assert ("role", "alert") in page.attributes
    assert "since" in page.text


def test_an_answer_is_had_as_a_file(client):
    answer = client.get("/questions/since/answer.csv?since=2020-01-01")
    assert answer.headers["content-disposition"] == 'attachment; filename="since.csv"'
    assert answer.text.splitlines()[0] == "launch,day"
    assert len(answer.text.splitlines()) == 3
    assert client.get("/questions/since/answer.ttl").status_code == 404
    assert client.get("/questions/since/answer.csv?since=x").status_code == 400
    assert client.get("/questions/none").status_code == 404


def test_a_chart_is_drawn_where_the_question_has_one(client):
    pytest.importorskip("vl_convert")
    answer = client.get("/questions/since/chart.svg")
    assert answer.status_code in (200, 400)
    assert client.get("/questions/any/chart.svg").status_code == 404


def test_yes_and_no_are_shown(client):
    assert "yes" in seen(client, "/questions/any").text


def test_texts_of_the_graph_stay_texts(client):
    for path in ("/id/note", f"/editor?query=SELECT%20*%20%7B%20?s%20%3C{EX}ns%23says%3E%20?o%7D"):
        page = seen(client, path)
        assert HOSTILE in page.text
        assert "alert(1)" not in [value for name, value in page.attributes if name == "onload"]
        assert all(src.startswith("/assets/") for name, src in page.attributes if name == "src")


@pytest.mark.parametrize(
    "path", ["/search?q=", "/entity?iri=", "/editor?query=", "/questions/", "/timeline?mark="]
)
def test_texts_of_the_address_stay_texts(client, path):
    answer = client.get(f"{path}%3Cscript%3Ealert(1)%3C/script%3E%22onload=%22", headers=HTML)
    assert answer.status_code in (200, 400, 404)
    assert "<script>alert" not in answer.text or answer.headers["content-type"].startswith(
        "text/plain"
    )


def test_an_iri_gives_html_or_rdf(client):
    page = seen(client, "/id/L1")
    assert "First" in page.text
    assert "Source records" in page.text
    answer = client.get("/id/L1", headers={"accept": "text/turtle"})
    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    assert len(Graph().parse(data=answer.text)) == 4
    assert answer.headers["etag"] != client.get("/id/L1", headers=HTML).headers["etag"]
    where = client.get(f"/data.nt?iri={EX}id/where")
    assert len(Graph().parse(data=where.text, format="nt")) == 2
    seen(client, "/id/none", 404)
    assert client.get("/id/none", headers={"accept": "text/turtle"}).status_code == 404
    elsewhere = "http%3A%2F%2Felsewhere.example%2Fx%3Fy%3Dz%23w"
    assert "What leads to it" in seen(client, f"/entity?iri={elsewhere}").text


def test_an_entity_leads_to_its_row(client):
    page = seen(client, f"/records?iri={EX}id/L2")
    # Where the workspace lies is nobody's business.
    assert "data/launches.csv:3 (record 2)" in page.text
    assert "/data/launches.csv" not in page.text
    assert "launches.csv:3 (record 2)" in page.text
    assert "column day" in page.text
    assert "No record" in seen(client, f"/records?iri={EX}id/none").text


def test_what_leads_to_an_iri_is_paged(client):
    page = seen(client, f"/leading?iri={EX}ns%23Launch&predicate={RDF_TYPE}&from=1")
    assert "2 to 2" in page.text
    assert "Nothing" in seen(client, f"/leading?iri=x&predicate={RDF_TYPE}&from=-1").text


RDF_TYPE = "http%3A%2F%2Fwww.w3.org%2F1999%2F02%2F22-rdf-syntax-ns%23type"


def test_a_search_finds_questions_by_their_words(client):
    for text in ("which launches since a day?", "day launches", "LAUNCHES took"):
        page = seen(client, f"/search?q={text}")
        assert "/questions/since" in page.hrefs, text
        assert "/questions/any" not in page.hrefs, text
    assert "/questions/since" not in seen(client, "/search?q=launches of bananas in spring").hrefs
    assert "Nothing bears" in seen(client, "/search?q=which of").text


@pytest.mark.parametrize(
    "text", ["18 November", "what flew on Nov 18th, 2022?", "2022-11-18", "the 18th of November"]
)
def test_a_search_finds_what_was_on_a_day(client, text):
    page = seen(client, f"/search?q={text}")
    assert "On that day" in page.text
    assert "/id/L1" in page.hrefs
    assert "/id/L2" not in page.hrefs


@pytest.mark.parametrize("text", ["19 November", "18 November 2021", "2022-11-1", "18 Novembers"])
def test_a_search_finds_no_other_day(client, text):
    assert "On that day" not in seen(client, f"/search?q={text}").text


def test_a_search_finds_texts(client):
    page = seen(client, "/search?q=ALERT(1)")
    assert "In texts" in page.text
    assert "/id/note" in page.hrefs
    assert HOSTILE in page.text
    assert "In texts" not in seen(client, "/search?q=XMLSchema").text


def test_a_name_is_found(client):
    assert "/id/L2" in seen(client, "/search?q=secOND").hrefs
    assert "/questions/since" in seen(client, "/search?q=since").hrefs
    assert "Nothing bears" in seen(client, '/search?q=no"such').text
    # The language and the datatype of a label are no part of its name.
    assert "Nothing bears" in seen(client, "/search?q=@en").text
    for text in ("id:L1", f"{EX}id/L1", f"<{EX}id/L1>"):
        answer = client.get("/search", params={"q": text})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/id/L1"


def test_the_timeline_shows_what_has_a_date(client):
    page = seen(client, "/timeline")
    assert "First, 2022-11-18" in page.text
    assert page.tags.count("rect") == 2
    page = seen(client, "/timeline?from=2022-01-01&to=2022-12-31")
    assert page.tags.count("rect") == 1
    page = seen(client, f"/timeline?mark={EX}id/L2")
    assert "Marked" in page.text
    assert ("class", "mark marked") in page.attributes
    assert "Nothing lies in that time" in seen(client, "/timeline?from=1900&to=1901").text


def test_the_map_shows_what_has_coordinates(client):
    page = seen(client, "/map")
    assert page.tags.count("circle") == 1
    assert "id:here, 39.03 125.75" in page.text
    assert "1 places" not in page.text
    assert seen(client, "/map?box=0,0,10,10").tags.count("circle") == 0
    for bad in ("x", "1,2,3", "10,0,0,10", "0,0,999,1", "nan,0,1,1"):
        assert seen(client, f"/map?box={bad}").tags.count("circle") == 1


def checked(client, query: str, at: int | None = None) -> dict:
    found = client.post("/check", data={"query": query, "at": len(query) if at is None else at})
    assert found.status_code == 200
    return json.loads(found.text)


def test_a_query_that_is_typed_is_read(client):
    found = checked(client, "SELECT * { ?s a ex:Launch }")
    assert found["error"] is None
    assert [kind for _, _, kind in found["pieces"]][:3] == ["keyword", "punctuation", "punctuation"]
    wrong = checked(client, "SELECT ?x\nWHERE { ?x a }")
    assert wrong["error"]["place"].startswith("line 2, column ")
    assert wrong["error"]["start"] == 23
    assert checked(client, "")["error"] is None
    # Browsers count a character outside the basic plane as two.
    text = "SELECT * { ?s ?p '\U0001f680' } ?x"
    assert checked(client, text)["error"]["start"] == text.index("?x") + 1


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("SELECT * { ?s a ex:L", "ex:Launch"),
        ("SELECT * { ?s a ", "ex:Launch"),
        ("SELECT * { ?s ex:d", "ex:day"),
        ("SELECT * { ?s da", "ex:day"),
        ("SELECT * { ?start ex:day ?day . FILTER(?st", "?start"),
        ("SELECT * { rdf", "rdf:"),
        ("sel", "SELECT"),
        ("SELECT * {} ORD", "ORDER BY"),
    ],
)
def test_words_are_completed(client, text, first):
    found = checked(client, text)
    assert [each["text"] for each in found["words"]][:1] == [first]
    word = text[found["start"] :]
    assert word == "" or text.endswith(word)


def test_a_page_that_is_not_there_is_told(client):
    seen(client, "/nowhere", 404)
    assert client.get("/nowhere", headers={"accept": "text/plain"}).text.startswith("there is no")
    assert client.post("/questions").status_code == 405


def test_the_first_page_of_a_large_graph_leaves_uncounted_what_its_build_has_not_counted(
    workspace, tmp_path, monkeypatch
):
    opened = State(
        Orders(str(workspace), str(tmp_path), "auto", None, None, None, 0), current(workspace), ""
    )
    try:
        whole = dict(_counts(opened))
        home = import_module("kg.serve.views.home")
        monkeypatch.setattr(home, "_LARGE", 0)
        assert dict(_counts(opened)) == whole
        monkeypatch.setattr(home, "read_counts", lambda *_, **__: None)
        assert dict(_counts(opened)).items() <= {**whole}.items()
        assert "entities" not in dict(_counts(opened))
    finally:
        opened.close()


@pytest.mark.parametrize("path", ["timeline", "map", "id/L1", "leading", "entity"])
def test_what_is_cut_has_an_order(workspace, tmp_path, monkeypatch, path):
    """Without one, engines give other rows each time, and a list other ones on each page."""
    opened = State(
        Orders(str(workspace), str(tmp_path), "auto", None, None, None, 0), current(workspace), ""
    )
    asked: list[str] = []
    rows = Reader.rows
    try:
        assert opened.facts.dates
        monkeypatch.setattr(
            Reader, "rows", lambda self, text: asked.append(text) or rows(self, text)
        )
        query = f"iri={EX}ns%23Launch&predicate=http://www.w3.org/1999/02/22-rdf-syntax-ns%23type"
        page(opened, Request(path, query))
    finally:
        opened.close()
    cut = [text for text in asked if "LIMIT" in text and "VALUES ?p" not in text]  # no labels
    assert cut
    assert all(text.count("ORDER BY") == text.count("LIMIT") for text in cut), cut


def current(workspace):
    return current_name(find_workspace(workspace))
