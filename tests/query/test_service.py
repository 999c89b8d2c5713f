"""Nothing that SERVICE could be written as reaches the network."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import InputError
from kg.queries.syntax import check_query
from kg.store import ask
from tests.listener import Listener

BASE = "http://example.org/"


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with Listener() as made:
        yield made


def test_the_listener_hears_the_engine(listener: Listener) -> None:
    before = listener.calls
    with pytest.raises(OSError, match=r".+"):
        list(ox.Store().query(f"SELECT * {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}"))
    assert listener.calls > before


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * { SERVICE <U> { ?s ?p ?o } }", "service-refused"),
        ("select * { service silent <U> { ?s ?p ?o } }", "service-refused"),
        ("ASK { SERVICE <U> {} }", "service-refused"),
        ("ASK { { { SERVICE ?x {} } } }", "service-refused"),
        ("SELECT * { { SELECT * { SERVICE ?x {} } } }", "service-refused"),
        ("SELECT * { ?s ?p 1SERVICE <U> {} }", "service-refused"),
        ("SELECT * { ?s ?p 'a'SERVICE <U> {} }", "service-refused"),
        ("SELECT * { SERVICE#c\n<U> {} }", "service-refused"),
        ("SELECT * { #c\rSERVICE<U>{} }", "service-refused"),
        (r"SELECT * { \u0053ERVICE <U> {} }", "service-refused"),
        (r"SELECT * { S\U00000045RVICE\u0020<U> {} }", "service-refused"),
        (r"SELECT * { \u005Cu0053ERVICE <U> {} }", "bad-query"),
        (r"SELECT ?\uD800 { ?s ?p ?\uD800 }", "bad-query"),
        ("SELECT ?\udcff { ?s ?p ?o }", "bad-query"),
        ("CONSTRUCT { ?s ?p ?o } { MINUS { SERVICE <U> {} } }", "service-refused"),
        ("DESCRIBE ?s { OPTIONAL { SERVICE <U> {} } }", "service-refused"),
        ("SELECT (EXISTS { SERVICE <U> {} } AS ?x) {}", "service-refused"),
        ("SELECT * {} HAVING (EXISTS { SERVICE <U> {} })", "service-refused"),
        ("SELECT * { LATERAL { SERVICE <U> {} } }", "service-refused"),
        ("SELECT * { ?s ?p ?o {| x:p 1 |} SERVICE <U> {} }", "service-refused"),
        ("SELECT * { FILTER EXISTS { SERVICE x:a {} } }", "service-refused"),
        # By the grammar these are names in the wrong place; the engine takes them for SERVICE.
        ("SELECT * { ?s ?p trueSERVICE <U> {} }", "bad-query"),
        ("SELECT * { ?s ?p ?o SERVICE:x {} }", "bad-query"),
    ],
)
def test_it_is_refused_before_anything_is_asked(text: str, code: str, listener: Listener) -> None:
    before = listener.calls
    prefixes = {"": listener.url, "x": listener.url, "SERVICE": listener.url}
    with pytest.raises(InputError) as caught:
        check_query(text.replace("<U>", f"<{listener.url}>"), "-e", prefixes, BASE)
    assert caught.value.code == code
    if code == "service-refused":
        assert "fetches nothing" in str(caught.value)
    assert listener.calls == before


@pytest.mark.parametrize(
    "text",
    [
        'SELECT * { ?s ?p "SERVICE <http://example.org/> {}" }',
        "SELECT * { ?s ?p <http://example.org/SERVICE> }",
        "SELECT * { ?s ?p ?o } # SERVICE <http://example.org/> {}",
        "SELECT ?service { ?service ?p ?o }",
        "SELECT * { GRAPH service:a { ?s ?p ?o } }",
        "SELECT * { ?s service:a ?o . { ?o ?p ?q } }",
        "DESCRIBE service:a { ?s ?p ?o }",
        "SELECT * { ?s ?p service:a.SERVICE:x {} }",
        "SELECT * { ?s ?p service:x { ?o ?q ?r } }",
        "SELECT * { ?s ?p _:b.SERVICE {} }",
        "SELECT * { ?s ?p 'a'@en-x-service {} }",
        "PREFIX xservice: <http://example.org/> SELECT * { ?s ?p xservice:SERVICE {} }",
        "SELECT * { ?s ?p ?o } #\\u000ASERVICE",
    ],
)
def test_a_text_that_only_names_it_is_not_refused(text: str) -> None:
    check_query(text, "-e", {"service": BASE}, BASE)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("SELECT * { ?s ?p x:a.SERVICE:b {} }", 1),
        ("SELECT * { ?s ?p x:SERVICE\\,b.c {} }", 1),
        ("SELECT * { ?s x:p _:x.SERVICE . ?s x:q _:x.SERVICE }", 1),
        ("SELECT * { ?s ?p 'SERVICE' {} }", 1),
        ("SELECT * { ?SERVICE ?p 'SERVICE'@en-x-SERVICE {} }", 1),
        ("PREFIX SERVICE: <http://example.org/> SELECT * { ?s ?p SERVICE:other {} }", 0),
    ],
)
def test_a_name_that_holds_it_means_what_it_says(text: str, count: int) -> None:
    checked = check_query(text, "-e", {"x": BASE}, BASE)
    store = ox.Store()
    data = f"""PREFIX x: <{BASE}>
        x:a x:p x:a.SERVICE:b . x:b x:p x:SERVICE\\,b.c .
        x:c x:p 'SERVICE', 'SERVICE'@en-x-service .
        x:d x:p x:d ; x:q x:d ."""
    store.load(data.encode(), ox.RdfFormat.TURTLE)
    assert len(list(ask(store, checked.query, {"x": BASE}, BASE))) == count  # type: ignore[arg-type]


def test_a_remote_store_decides_itself() -> None:
    text = "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }"
    checked = check_query(text, "-e", {}, BASE, allow_service=True)
    assert checked.text == text
    with pytest.raises(ValueError, match="SERVICE"):
        ask(ox.Store(), checked.query)


PIECES = [
    "SERVICE", "service", "SILENT", "true", "false", "?s", "?p", "?o", "x:a", "x:", ":a", ":",
    "SERVICE:", ".", ";", ",", "{}", "{", "}", "<U>", "1", "1.5", "'a'", "'a'@en", "_:b", "a",
    "#c\n", " ", "\n", "[]", "()", "OPTIONAL", "FILTER", "(1<2)", "GRAPH", "é", "-", "%41",
    "\\u0053ERVICE", "\\u0020", "\\u007B", "<<", ">>", "{|", "|}", "<<(", ")>>", "~", "\r", "#",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    before=st.lists(st.sampled_from(PIECES), max_size=8),
    glue=st.sampled_from(["", " ", ".", ":", "x"]),
    after=st.lists(st.sampled_from(PIECES), max_size=4),
)
def test_no_spelling_gets_through(
    before: list[str], glue: str, after: list[str], listener: Listener
) -> None:
    inside = f"{''.join(before)}{glue}SERVICE{''.join(after)}".replace("<U>", f"<{listener.url}>")
    text = f"SELECT * {{ {inside} }}"
    prefixes = {"": listener.url, "x": listener.url, "SERVICE": listener.url}
    calls = listener.calls
    try:
        checked = check_query(text, "-e", prefixes, listener.url)
    except InputError:
        assert listener.calls == calls
        return
    answer = ask(ox.Store(), checked.query, prefixes, listener.url)
    assert isinstance(answer, ox.QuerySolutions)
    list(answer)
    assert listener.calls == calls


# Who may give a text to an engine, and who may read one without the guard.
DOORS = {
    "kg/store.py": {"query"},
    "kg/sparql/guard.py": {"Guarded"},
    # They read a query's text, and evaluate nothing.
    "kg/validation/query_texts.py": {"parseQuery"},
    # It hands a query of shapes on to rdflib, of which `kg.validation.offline` takes the network.
    "kg/validation/read_once.py": {"query", "prepareQuery"},
}
ENGINES = {
    "query", "update", "prepareQuery", "prepareUpdate", "parseQuery", "evalQuery", "processUpdate",
    "SPARQLStore", "SPARQLUpdateStore", "Guarded",
}  # fmt: skip


def engine_calls(source: str) -> set[str]:
    """Return the names in a module by which an engine is called, or a guarded query is made."""
    found = set()
    called = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called.add(name := _name(node.func))
            if name in ("getattr", "methodcaller"):
                called |= {each.value for each in node.args if isinstance(each, ast.Constant)}
            # A dictionary has an update too.
            if name == "update" and not _is_store(node.func):
                called.discard(name)
        elif isinstance(node, ast.Attribute) and _is_store(node):
            found.add(node.attr)
    return (found | called) & ENGINES


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_store(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and "store" in _name(node.value).lower()


def test_there_is_one_door_to_the_engine() -> None:
    root = Path(__file__).resolve().parents[2]
    found = {
        path.relative_to(root).as_posix(): engine_calls(path.read_text(encoding="utf-8"))
        for path in (root / "kg").rglob("*.py")
    }
    assert {name: calls for name, calls in found.items() if calls} == DOORS


@pytest.mark.parametrize(
    "breach",
    [
        "store.query('SELECT * {}')",
        "ox.Store().query(text)",
        "ask = self.store.query",
        "getattr(store, 'query')(text)",
        "store.update('LOAD <http://example.org/>')",
        "graph.query(text)",
        "Guarded(text, '-e', form, token, ())",
        "guard.Guarded(text, '-e', form, token, ())",
        "from rdflib.plugins.sparql import prepareQuery\nprepareQuery(text)",
    ],
)
def test_another_door_would_be_found(breach: str) -> None:
    assert engine_calls(breach)
