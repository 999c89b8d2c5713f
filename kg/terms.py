"""RDF terms in the one written form that the quad table holds.

That form is the canonical N-Triples of RDF 1.2: ``<iri>``, ``_:label``, ``"text"``, ``"text"@en``,
``"1"^^<datatype>``; ``xsd:string`` is implied, language tags are in lower case, lexical forms are
those of the source. It equals ``str(term)`` of pyoxigraph, which a property test checks.

Spec: https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from kg.errors import InputError

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDF_TYPE: Final = f"<{RDF}type>"
RDF_LANG_STRING: Final = f"{RDF}langString"
XSD_STRING: Final = f"{XSD}string"

# IRIREF of N-Triples without escapes, and with a scheme in front (RFC 3987, section 2.2).
# U+0000 to U+0020 and <>"{}|^`\ may not stand in it.
IRI_PATTERN: Final = r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\]*"
# Well-formed tags without the finer rules on the order of subtags; one letter alone starts only
# private and grandfathered ones: https://www.rfc-editor.org/rfc/rfc5646#section-2.1
LANGUAGE_PATTERN: Final = r"([A-Za-z]{2,8}|[xXiI])(-[A-Za-z0-9]{1,8})*"

_IRI: Final = re.compile(IRI_PATTERN)
_LANGUAGE: Final = re.compile(LANGUAGE_PATTERN)
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


def escape(text: str) -> str:
    r"""Return the text as it stands between the quotes of a literal.

    >>> escape('say "hi"')
    'say \\"hi\\"'
    """
    return _NEEDS_ESCAPE.sub(
        lambda match: NAMED_ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}", text
    )


def is_iri(text: str) -> bool:
    """Tell whether the text is an absolute IRI that N-Triples can hold.

    >>> is_iri("http://example.org/é"), is_iri("a/b"), is_iri("http://example.org/a b")
    (True, False, False)
    """
    return _IRI.fullmatch(text) is not None


def is_language_tag(text: str) -> bool:
    """Tell whether the text is a well-formed language tag.

    Spec: https://www.w3.org/TR/turtle/#grammar-production-LANGTAG

    >>> is_language_tag("en-GB"), is_language_tag("english language")
    (True, False)
    """
    return _LANGUAGE.fullmatch(text) is not None


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


def expand(name: str, prefixes: Mapping[str, str]) -> str | None:
    """Return the IRI of a prefixed name, or None where the prefix is unknown.

    >>> expand("ex:a", {"ex": "http://example.org/"})
    'http://example.org/a'
    """
    prefix, colon, local = name.partition(":")
    if not colon or prefix not in prefixes:
        return None
    return prefixes[prefix] + local
