"""Nothing that SERVICE could be written as reaches the network."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import InputError
from kg.query.syntax import check_query

BASE = "http://example.org/"


class Listener:
    """A port that counts who calls."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        self.calls = 0
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            connection.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.socket.shutdown(socket.SHUT_RDWR)
    made.socket.close()
    made.thread.join(5)


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
        ("SELECT * { ?s ?p x:a.SERVICE:x {} }", "service-refused"),
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
    ],
)
def test_a_text_that_only_names_it_is_not_refused(text: str) -> None:
    check_query(text, "-e", {"service": BASE}, BASE)


def test_a_remote_store_decides_itself() -> None:
    text = "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }"
    assert check_query(text, "-e", {}, BASE, allow_service=True).text == text


PIECES = [
    "SERVICE", "service", "SILENT", "true", "false", "?s", "?p", "?o", "x:a", "x:", ":a", ":",
    "SERVICE:", ".", ";", ",", "{}", "{", "}", "<U>", "1", "1.5", "'a'", "'a'@en", "_:b", "a",
    "#c\n", " ", "\n", "[]", "()", "OPTIONAL", "FILTER", "(1<2)", "GRAPH", "é", "-", "%41",
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
    answer = ox.Store().query(checked.text, prefixes=prefixes, base_iri=listener.url)
    assert isinstance(answer, ox.QuerySolutions)
    list(answer)
    assert listener.calls == calls
