"""Tokens of SPARQL text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.sparql.lexer import (
    Kind,
    declared_prefixes,
    form_of,
    tokens,
)
from kg.sparql.places import offset_of, position
from kg.sparql.words import Form


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind.name, token.text) for token in tokens(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a # b"', [("STRING", '"a # b"')]),
        ("'a\\'b' 'c'", [("STRING", "'a\\'b'"), ("STRING", "'c'")]),
        ('"""a "b" ""c"""', [("STRING", '"""a "b" ""c"""')]),
        ("'''a\n'b''c'''", [("STRING", "'''a\n'b''c'''")]),
        ("<http://a#b> # c <d>", [("IRI", "<http://a#b>"), ("COMMENT", "# c <d>")]),
        ("?a<?b", [("VARIABLE", "?a"), ("MARK", "<"), ("VARIABLE", "?b")]),
        ("ex:a.b.", [("NAME", "ex:a.b"), ("MARK", ".")]),
        ("ex:%20\\-x :y z:", [("NAME", "ex:%20\\-x"), ("NAME", ":y"), ("NAME", "z:")]),
        ("'x'@en-GB", [("STRING", "'x'"), ("LANGUAGE", "@en-GB")]),
        ("1 1.5 .5 1e3 1.e3 5.", [*(("NUMBER", n) for n in ["1", "1.5", ".5", "1e3", "1.e3", "5"]),
                                  ("MARK", ".")]),
        ("_:a.b. _:0", [("BLANK", "_:a.b"), ("MARK", "."), ("BLANK", "_:0")]),
        ("a^^b || c != d", [("WORD", "a"), ("MARK", "^^"), ("WORD", "b"), ("MARK", "||"),
                            ("WORD", "c"), ("MARK", "!="), ("WORD", "d")]),
        ("朝鮮:x ?é", [("NAME", "朝鮮:x"), ("VARIABLE", "?é")]),
        ('"open', [("OTHER", '"'), ("WORD", "open")]),
        ("a\u00a0b", [("WORD", "a"), ("OTHER", "\u00a0"), ("WORD", "b")]),
    ],
)  # fmt: skip
def test_tokens(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@given(st.text())
def test_any_text_has_tokens_that_cover_it(text: str) -> None:
    at = 0
    for token in tokens(text):
        assert text[at : token.start].strip(" \t\r\n") == ""
        assert text[token.start : token.end] == token.text
        at = token.end
    assert text[at:].strip(" \t\r\n") == ""


@given(st.text(alphabet="ab\n"), st.data())
def test_position_and_offset_are_inverse(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    assert offset_of(text, *position(text, offset)) == offset


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("PREFIX select: <a> ASK {}", Form.ASK),
        ("# SELECT\nbase <x> construct WHERE {}", Form.CONSTRUCT),
        ("PREFIX ask: <b>\nDescribe <a>", Form.DESCRIBE),
        ("WITH <g> DELETE {} WHERE {}", Form.UPDATE),
        ("load <a>", Form.UPDATE),
    ],
)
def test_form(text: str, form: Form) -> None:
    found = form_of(tokens(text))
    assert found is not None
    assert found[0] is form


@pytest.mark.parametrize("text", ["", "hello", "{}", "# SELECT"])
def test_no_form(text: str) -> None:
    assert form_of(tokens(text)) is None


def test_prefixes() -> None:
    found = tokens("PREFIX ex: <http://a/> prefix : <b> SELECT * { ?s ex:a 'x:y' # z:z\n :c ?d }")
    assert declared_prefixes(found) == {"ex": "http://a/", "": "b"}
    assert all(token.kind is not Kind.OTHER for token in found)
