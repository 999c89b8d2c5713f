"""What to say of texts that are no IRIs, and of texts that may be meant as IRIs."""

from __future__ import annotations

import re
from typing import Final

from kg.terms import is_iri

_BRACES: Final = re.compile(r"\{([^{}]+)\}")
# A name in braces within a text, as other languages write references; not a class of characters.
_NAME: Final = re.compile(r"(?<!\\[pP])(?<![{$])\{([A-Za-z_][\w.-]*)\}(?!\})")
# A reference in a template of YARRRML.
_REFERENCE: Final = re.compile(r"\$\(")
# A whole one, in which braces are part of a name; brackets in it are escaped, or have partners.
_WHOLE_REFERENCE: Final = re.compile(r"\$\((?:[^()\\]|\\.|\([^()]*\))*\)")
# The same, or a reference of RML.
_RML: Final = re.compile(rf"{_WHOLE_REFERENCE.pattern}|\{{([^{{}}$()\\]+)\}}")
_WEB: Final = re.compile(r"https?://[^\s]+")
_BAD: Final = re.compile(r"[\x00-\x20<>\"{}|^`\\\\]")
_NAMES: Final = {" ": "a space", "\t": "a tab", "\n": "a line break", "\r": "a line break"}


def no_iri(text: str) -> tuple[str, str]:
    """Return why a text is not an absolute IRI, and what to do; the latter may be empty.

    >>> no_iri("http://example.org/a b")[0]
    "'http://example.org/a b' is no IRI: it holds a space"
    >>> no_iri("http://example.org/{id}")[1]
    'Write a reference as $(id).'
    >>> no_iri("<http://example.org/a>")[1]
    'Take away < and >: IRIs have none here.'
    """
    braces = _BRACES.search(text)
    bad = _BAD.search(text)
    if ":" not in text or bad is None:
        return f"{text!r} is not an absolute IRI", ""
    shown = _NAMES.get(bad[0], repr(bad[0]))
    if braces:
        return f"{text!r} is no IRI: it holds {shown}", f"Write a reference as $({braces[1]})."
    if text.startswith("<") and text.endswith(">"):
        return f"{text!r} is no IRI: it holds {shown}", "Take away < and >: IRIs have none here."
    code = "".join(f"%{byte:02X}" for byte in bad[0].encode())
    return f"{text!r} is no IRI: it holds {shown}", f"Write it as {code}, or take it out."


def doubt(text: str) -> str:
    """Return what to say of an object that is a text but looks like an IRI or a reference.

    An object is a text unless it says otherwise, as in the reference implementation of YARRRML.

    >>> doubt("http://example.org/$(id)")
    "'http://example.org/$(id)' makes texts; write ~iri behind it for IRIs, ~literal for texts"
    >>> doubt("{id}")
    "'{id}' is a text; a reference is written $(id)"
    >>> doubt("$(first) {last}")
    "'$(first) {last}' holds {last} as it is; a reference is written $(last)"
    >>> doubt("a text")
    ''
    """
    if _WEB.fullmatch(text) and (_REFERENCE.search(text) or is_iri(text)):
        makes = "makes texts" if _REFERENCE.search(text) else "is a text"
        return f"{text!r} {makes}; write ~iri behind it for IRIs, ~literal for texts"
    braces = _BRACES.fullmatch(text)
    if braces:
        return f"{text!r} is a text; a reference is written $({braces[1]})"
    named = in_braces(text)
    return (
        f"{text!r} holds {{{named}}} as it is; a reference is written $({named})" if named else ""
    )


def with_references(text: str) -> str:
    """Return the template of an IRI with its references as YARRRML writes them.

    No IRI holds a brace, so that one can mean nothing else than a reference of RML.

    >>> with_references("http://example.org/{id}/$(name)/$({x})")
    'http://example.org/$(id)/$(name)/$({x})'
    >>> with_references("http://example.org/{$(id)}")
    'http://example.org/{$(id)}'
    """
    return _RML.sub(lambda found: f"$({found[1]})" if found[1] else found[0], text)


def in_braces(text: str) -> str:
    r"""Return a name that a text holds in braces, as other languages write references; or nothing.

    >>> in_braces("$(first) {last}"), in_braces(r"\p{Lu}[a-z]{2}"), in_braces('{"a": 1}')
    ('last', '', '')
    >>> in_braces("$({q})"), in_braces(r"$(a\) {q}) $(b ({q}))")
    ('', '')
    """
    found = _NAME.search(_WHOLE_REFERENCE.sub("", text))
    return found[1] if found else ""
