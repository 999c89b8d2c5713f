"""RDF terms in the one written form that the quad table holds.

That form is the canonical N-Triples of RDF 1.2: ``<iri>``, ``_:label``, ``"text"``, ``"text"@en``,
``"1"^^<datatype>``; ``xsd:string`` is implied, language tags are in lower case, lexical forms are
those of the source. It equals ``str(term)`` of pyoxigraph, which a property test checks.

Spec: https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from kg.errors import InputError

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDF_TYPE: Final = f"<{RDF}type>"
RDF_LANG_STRING: Final = f"{RDF}langString"
XSD_STRING: Final = f"{XSD}string"

_PLANES: Final = range(0x10000, 0xF0000, 0x10000)
# iunreserved, beside ASCII: these are in an IRI as they are. Written as characters, so that
# Python's re and RE2 read the same pattern.
# https://www.rfc-editor.org/rfc/rfc3987#section-2.2
UCSCHAR: Final = "".join(
    f"{chr(first)}-{chr(last)}"
    for first, last in (
        (0xA0, 0xD7FF),
        (0xF900, 0xFDCF),
        (0xFDF0, 0xFFEF),
        *((plane + (0x1000 if plane == 0xE0000 else 0), plane + 0xFFFD) for plane in _PLANES),
    )
)


def _iri_pattern() -> str:
    """Return the rule IRI of RFC 3987: absolute, with or without a fragment."""
    unreserved = rf"A-Za-z0-9\-._~{UCSCHAR}"
    escaped = "%[0-9A-Fa-f]{2}"
    name = rf"{unreserved}!$&'()*+,;="
    path = rf"(?:[{name}:@/]|{escaped})"
    segment = rf"(?:[{name}:@]|{escaped})"
    private = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
    authority = (
        rf"(?:(?:[{name}:]|{escaped})*@)?"
        rf"(?:\[(?:{_ipv6_pattern()}|[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]"
        rf"|(?:[{name}]|{escaped})*)(?::[0-9]*)?"
    )
    return (
        rf"[A-Za-z][A-Za-z0-9+.\-]*:(?://{authority}(?:/{path}*)?|/?(?:{segment}{path}*)?)"
        rf"(?:\?(?:[{name}:@/?{private}]|{escaped})*)?(?:#(?:[{name}:@/?]|{escaped})*)?"
    )


def _ipv6_pattern() -> str:
    """Return the rule IPv6address: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2."""
    group = "[0-9A-Fa-f]{1,4}"
    byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    last = rf"(?:{group}:{group}|{byte}(?:\.{byte}){{3}})"
    forms = [f"(?:{group}:){{6}}{last}"]
    for after in range(5, -1, -1):
        before = f"(?:(?:{group}:){{0,{4 - after}}}{group})?" if after < 5 else ""
        forms.append(f"{before}::(?:{group}:){{{after}}}{last}")
    forms.append(f"(?:(?:{group}:){{0,5}}{group})?::{group}")
    forms.append(f"(?:(?:{group}:){{0,6}}{group})?::")
    return "|".join(forms)


IRI_PATTERN: Final = _iri_pattern()
# Some IRIs, told apart from the rest by a pattern that is compiled in no time.
_USUAL_IRI: Final = re.compile(
    r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~/-]*)?(?:#[A-Za-z0-9._~-]*)?"
)
_GRANDFATHERED: Final = (
    *("en-gb-oed", "sgn-be-fr", "sgn-be-nl", "sgn-ch-de", "art-lojban", "cel-gaulish"),
    *("i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon", "i-lux", "i-mingo"),
    *("i-navajo", "i-pwn", "i-tao", "i-tay", "i-tsu", "no-bok", "no-nyn"),
    *("zh-guoyu", "zh-hakka", "zh-min", "zh-min-nan", "zh-xiang"),
)


def _language_pattern() -> str:
    """Return the rule Language-Tag: https://www.rfc-editor.org/rfc/rfc5646#section-2.1.

    Case does not count, but the flag for that would let in letters such as U+212A.
    """
    letter, digit, any_of = "[A-Za-z]", "[0-9]", "[A-Za-z0-9]"
    private = f"[xX](?:-{any_of}{{1,8}})+"
    language = f"(?:{letter}{{2,3}}(?:-{letter}{{3}}){{0,3}}|{letter}{{4,8}})"
    region = f"(?:{letter}{{2}}|{digit}{{3}})"
    variant = f"(?:{any_of}{{5,8}}|{digit}{any_of}{{3}})"
    extension = f"[0-9A-WYZa-wyz](?:-{any_of}{{2,8}})+"
    grandfathered = (
        "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in tag) for tag in _GRANDFATHERED
    )
    tag = f"{language}(?:-{letter}{{4}})?(?:-{region})?(?:-{variant})*(?:-{extension})*"
    return "|".join([f"{tag}(?:-{private})?", private, *grandfathered])


LANGUAGE_PATTERN: Final = _language_pattern()

# Besides controls, what XML 1.1 leaves out of its characters is written as an escape.
NEEDS_ESCAPE_PATTERN: Final = r"[\x00-\x1F\"\\\x7F\uFFFE\uFFFF]"
_NEEDS_ESCAPE: Final = re.compile(NEEDS_ESCAPE_PATTERN)
NAMED_ESCAPES: Final[Mapping[str, str]] = {
    "\\": "\\\\",
    '"': '\\"',
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPED: Final[Mapping[str, str]] = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Not at import: the pattern of IRIs takes 40 ms, which `kg query` seldom needs.
    return re.compile(pattern)


def escape(text: str) -> str:
    r"""Return the text as it is between the quotes of a literal.

    >>> escape('say "hi"')
    'say \\"hi\\"'
    """
    return _NEEDS_ESCAPE.sub(
        lambda match: NAMED_ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}", text
    )


def is_iri(text: str) -> bool:
    """Return whether the text is an absolute IRI that N-Triples can hold.

    >>> is_iri("http://example.org/é"), is_iri("a/b"), is_iri("http://example.org/a b")
    (True, False, False)
    """
    return bool(_USUAL_IRI.fullmatch(text) or _compiled(IRI_PATTERN).fullmatch(text))


def is_ucschar(char: str) -> bool:
    """Return whether a character beyond ASCII is in IRIs as it is.

    Spec: https://www.rfc-editor.org/rfc/rfc3987#section-2.2

    >>> is_ucschar("é"), is_ucschar("e"), is_ucschar(chr(0xE000))
    (True, False, False)
    """
    return not char.isascii() and _compiled(f"[{UCSCHAR}]").fullmatch(char) is not None


def is_language_tag(text: str) -> bool:
    """Return whether the text is a well-formed language tag.

    Spec: https://www.w3.org/TR/turtle/#grammar-production-LANGTAG

    >>> is_language_tag("en-GB"), is_language_tag("english language")
    (True, False)
    """
    return _compiled(LANGUAGE_PATTERN).fullmatch(text) is not None


def iri(text: str) -> str:
    """Return an IRI as N-Triples writes it.

    Raises:
        InputError: The text is not an absolute IRI.

    Spec: https://www.w3.org/TR/n-triples/#grammar-production-IRIREF

    >>> iri("http://example.org/a")
    '<http://example.org/a>'
    """
    if not is_iri(text):
        raise InputError(
            "bad-iri",
            f"{text!r} is not an absolute IRI",
            hint="An IRI starts with a scheme such as https: and holds no spaces, quotes or <>.",
        )
    return f"<{text}>"


def literal(text: str, datatype: str | None = None, language: str | None = None) -> str:
    r"""Return a literal as canonical N-Triples writes it.

    Args:
        text: The lexical form, not escaped.
        datatype: An absolute IRI; None, or xsd:string, gives a plain literal.
        language: A language tag; goes with no datatype.

    Raises:
        InputError: The datatype is not an absolute IRI, or the language tag is not well-formed.

    Spec: https://www.w3.org/TR/n-triples/#grammar-production-literal

    >>> literal("1", XSD + "integer")
    '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    >>> literal("chat", language="fr-CH")
    '"chat"@fr-ch'
    """
    quoted = f'"{escape(text)}"'
    if language is not None:
        if not is_language_tag(language):
            raise InputError(
                "bad-language-tag",
                f"{language!r} is not a language tag",
                hint="A language tag looks like en or pt-BR.",
            )
        return f"{quoted}@{language.lower()}"
    if datatype is None or datatype == XSD_STRING:
        return quoted
    return f"{quoted}^^{iri(datatype)}"


class LiteralParts(NamedTuple):
    """The parts of a literal.

    Attributes:
        lexical: The lexical form, not escaped.
        datatype: IRI; ``rdf:langString`` where there is a language tag.
        language: Language tag in lower case, or None.
    """

    lexical: str
    datatype: str
    language: str | None = None


def is_named(term: str) -> bool:
    """Return whether a term is an IRI, and no triple term."""
    return term.startswith("<") and not term.startswith("<<(")


def is_literal(term: str) -> bool:
    """Return whether a term is a literal."""
    return term.startswith('"')


def is_blank(term: str) -> bool:
    """Return whether a term is a blank node."""
    return term.startswith("_")


def split_literal(term: str) -> LiteralParts:
    r"""Return the parts of a literal.

    >>> split_literal('"a\\tb"@en').lexical
    'a\tb'
    >>> split_literal('"1"^^<http://www.w3.org/2001/XMLSchema#integer>').datatype
    'http://www.w3.org/2001/XMLSchema#integer'
    """
    text, rest = text_of(term), term[term.rindex('"') + 1 :]
    if rest.startswith("@"):
        return LiteralParts(text, RDF_LANG_STRING, rest[1:])
    return LiteralParts(text, rest[3:-1] if rest else XSD_STRING)


def _unescape(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    return chr(int(digits, 16)) if digits else _ESCAPED.get(match[3], match[3])


def text_of(term: str) -> str:
    """Return an IRI without brackets, the label of a blank node, the lexical form of a literal.

    >>> text_of("<http://example.org/a>"), text_of("_:b"), text_of('"1"@en')
    ('http://example.org/a', 'b', '1')
    """
    if term.startswith('"'):
        text = term[1 : term.rindex('"')]
        return _ESCAPE.sub(_unescape, text) if "\\" in text else text
    return term[2:] if term.startswith("_:") else term[1:-1]


def expand(name: str, prefixes: Mapping[str, str]) -> str | None:
    """Return the IRI of a prefixed name, or None where the prefix is unknown.

    >>> expand("ex:a", {"ex": "http://example.org/"})
    'http://example.org/a'
    """
    prefix, colon, local = name.partition(":")
    if not colon or prefix not in prefixes:
        return None
    return prefixes[prefix] + local
