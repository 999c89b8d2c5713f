"""Terms are written as pyoxigraph writes them, and hold what its parser takes."""

from __future__ import annotations

import re
import string

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg import terms
from kg.errors import InputError

# Every code point that a Rust or a Python text may hold.
EVERYTHING = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# Parts that the grammars of IRIs and of language tags tell apart, so that both answers come.
IRI_PARTS = st.lists(
    st.sampled_from(
        [
            *("aZ0:/?#[]@!$&'()*+,;=%.-_~ <>\\^`{|}\"\x7f\x85\xa0é\u200e\ue000\ufdd0\U0001f600"),
            *("\U0001fffe\U000e0fff\U000f0000\U0010fffe"),
            *("%41", "%c3", "://", "//", "http:", "urn:", "1a:", "é:", "ht+p:", ":80", "a@b"),
            *("[::1]", "[::ffff:1.2.3.4]", "[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:8]"),
            *("[1::2::3]", "[v1.a:b]", "[::1.2.3.256]"),
        ]
    ),
    max_size=8,
).map("".join)
TAG_PARTS = st.lists(
    st.sampled_from(
        [
            *("a", "ab", "abcde", "en", "eng", "engl", "englis", "englishen", "Latn", "GB", "419"),
            *("1994", "1abc", "x", "X", "u", "1", "i", "12", "klingon", "KLINGON", "default"),
            *("sgn", "be", "fr", "zh", "min", "nan", "no", "bok", "\u212a", "é", ""),
        ]
    ),
    min_size=1,
    max_size=6,
).map("-".join)


def accepted(make, text: str) -> bool:
    try:
        make(text)
    except ValueError:
        return False
    return True


class TestLiteral:
    def test_every_character(self):
        assert terms.literal(EVERYTHING) == str(ox.Literal(EVERYTHING))

    @pytest.mark.parametrize("plane", range(17))
    def test_every_character_alone(self, plane):
        # Planes above 3 hold nothing that is escaped but their ends.
        offsets = range(0x10000) if plane < 1 else (*range(256), *range(0xFF00, 0x10000))
        for code in (plane * 0x10000 + offset for offset in offsets):
            if not 0xD800 <= code <= 0xDFFF:
                assert terms.literal(chr(code)) == str(ox.Literal(chr(code)))

    @given(TEXT)
    def test_plain(self, text):
        assert terms.literal(text) == str(ox.Literal(text))

    @given(TEXT, st.sampled_from(["integer", "string", "date"]))
    def test_typed(self, text, name):
        datatype = terms.XSD + name
        expected = str(ox.Literal(text, datatype=ox.NamedNode(datatype)))
        assert terms.literal(text, datatype) == expected

    @given(TEXT, st.sampled_from(["en", "EN-gb", "x-Klingon", "zh-Hant-TW"]))
    def test_tagged(self, text, tag):
        assert terms.literal(text, language=tag) == str(ox.Literal(text, language=tag.lower()))

    @given(TEXT)
    def test_is_read_back(self, text):
        line = f"<a:s> <a:p> {terms.literal(text)} .".encode()
        (quad,) = ox.parse(line, ox.RdfFormat.N_TRIPLES)
        assert quad.object == ox.Literal(text)

    def test_datatype_must_be_absolute(self):
        with pytest.raises(InputError) as caught:
            terms.literal("1", "integer")
        assert caught.value.code == "bad-iri"

    def test_tag_must_be_well_formed(self):
        with pytest.raises(InputError) as caught:
            terms.literal("a", language="english language")
        assert caught.value.code == "bad-language-tag"


class TestIri:
    @given(IRI_PARTS)
    @example("http://e/a b")
    @example("http://e/%zz")
    @example("http://[::1]:80/a?\ue000#f")
    def test_is_what_rfc_3987_says(self, text):
        assert terms.is_iri(text) == accepted(ox.NamedNode, text)

    @given(TEXT)
    def test_any_text(self, text):
        assert terms.is_iri("a:" + text) == accepted(ox.NamedNode, "a:" + text)

    def test_every_character(self):
        kept = [c for c in EVERYTHING if terms.is_iri(f"http://e/{c}")]
        assert "".join(kept) == terms_in_path()
        text = f"http://e/{''.join(c for c in kept if c not in '?#')}"
        assert terms.iri(text) == str(ox.NamedNode(text))

    def test_relative_is_refused(self):
        with pytest.raises(InputError) as caught:
            terms.iri("a/b")
        assert caught.value.code == "bad-iri"
        assert "scheme" in str(caught.value)


def terms_in_path() -> str:
    """Return ipchar of RFC 3987 with what ends a path, in the order of code points."""
    ascii_ = sorted(string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@/?#")
    planes = [(p << 16, (p << 16) + 0xFFFD) for p in range(1, 14)]
    ranges = [(0xA0, 0xD7FF), (0xF900, 0xFDCF), (0xFDF0, 0xFFEF), *planes, (0xE1000, 0xEFFFD)]
    return "".join(ascii_) + "".join(chr(c) for a, b in ranges for c in range(a, b + 1))


class TestLanguageTag:
    @given(TAG_PARTS)
    @example("i-klingon")
    @example("en-a-bbb-x-a-ccc")
    @example("de-Latn-DE-1996")
    def test_is_what_rfc_5646_says(self, text):
        accepts = accepted(lambda tag: ox.Literal("a", language=tag), text)
        assert terms.is_language_tag(text) == accepts


class TestExpand:
    @pytest.mark.parametrize(
        ("name", "iri"),
        [
            ("ex:a", "http://example.org/a"),
            ("ex:a:b", "http://example.org/a:b"),
            ("ex:", "http://example.org/"),
            (":a", "http://empty.example/a"),
            ("other:a", None),
            ("EX:a", None),
            ("plain", None),
        ],
    )
    def test_names(self, name, iri):
        assert terms.expand(name, {"ex": "http://example.org/", "": "http://empty.example/"}) == iri


@given(st.from_regex(terms._USUAL_IRI, fullmatch=True))
def test_usual_iris_are_iris(text):
    assert re.fullmatch(terms.IRI_PATTERN, text)
