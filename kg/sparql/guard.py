"""The guard: each SPARQL text passes it before an engine sees it, wherever it comes from.

kg fetches nothing. Oxigraph and rdflib would: both send the pattern of a SERVICE to its server,
rdflib loads the graphs of FROM by their IRIs, and an engine may find a keyword where the grammar
has a longer word (``trueSERVICE``). So a text is read here by the whole grammar. What the grammar
does not have is refused, and so are updates and SERVICE. What is left is given to an engine in
a form in which no piece of a name can be taken for a keyword.

Spec: https://www.w3.org/TR/sparql12-query/#sparqlGrammar
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.errors import InputError, Location
from kg.sparql.complexity import refuse_too_complex, too_deep
from kg.sparql.faults import advised, error_at
from kg.sparql.grammar import find_mistake
from kg.sparql.lexer import Form, Kind, Token, declared_prefixes, form_of, tokens
from kg.terms import expand, is_iri

# Compiled when they are needed: few queries need them.
_ESCAPE: Final = r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))"
_IRIS: Final = r"(?:<[A-Za-z][^<>\"{}|^`\\\x00-\x20]*>(?: |\Z))+"
_SERVICE: Final = "SERVICE"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A query that may be given to an engine; only `guard` makes one.

    Attributes:
        text: The query; codepoint escapes outside texts and IRIs are replaced.
        source: What messages call it.
        form: The query form.
        keyword: The token that says the form.
        tokens: Those of the text, without comments.
        federated: Whether it holds SERVICE, so that no engine of kg's own may have it.
    """

    text: str
    source: str
    form: Form
    keyword: Token
    tokens: tuple[Token, ...]
    federated: bool = False

    def with_values(self, offset: int, name: str, iris: Sequence[str]) -> Guarded:
        """Return the query with a VALUES block for one variable, which holds IRIs.

        Args:
            offset: Where it goes: between two tokens of the outermost group.
            name: The variable.
            iris: IRIs as N-Triples writes them.

        Raises:
            ValueError: One of them is no IRI, or the place or the name is none.
        """
        listed = " ".join(iris)
        inside = any(token.start < offset < token.end for token in self.tokens)
        if inside or not name.isidentifier() or (iris and not re.fullmatch(_IRIS, listed)):
            raise ValueError("no values can be put there")
        block = f" VALUES ?{name} {{ {listed} }} "
        text = self.text[:offset] + block + self.text[offset:]
        # The tokens of the query itself: nothing reads those of the values.
        return replace(self, text=text)


def guard(
    text: str, source: str, prefixes: Mapping[str, str], *, allow_service: bool = False
) -> Guarded:
    """Read a query by the grammar, and return it if it only reads and fetches nothing.

    Args:
        text: SPARQL.
        source: What messages call it.
        prefixes: Known without a PREFIX line.
        allow_service: Whether SERVICE may stand in it: only for a text that is sent to a remote
            store, which decides itself.

    Raises:
        InputError: It is no SPARQL query, or one that kg refuses.
    """
    _refuse_surrogates(text, source)
    text = unescaped(text)
    found = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
    if not found:
        raise InputError(
            "empty-query",
            "there is no query in it",
            location=Location(source),
            hint="Write for example SELECT * { ?s ?p ?o } LIMIT 10",
        )
    refuse_too_complex(text, source, found)
    named = form_of(found)
    if named is not None and named[0] is Form.UPDATE:
        raise _refused_update(text, source, named[1])
    try:
        mistake = find_mistake(found)
    except RecursionError as error:  # the caller's own calls have used up the stack
        raise too_deep(text, source, found[-1]) from error
    if mistake is not None or named is None:
        raise advised(text, source, found, prefixes, "", len(text))
    _refuse_unknown_prefix(text, source, found, prefixes)
    if _SERVICE in text.upper():
        service = next((token for token in found if token.is_word(_SERVICE)), None)
        if service is not None:
            if not allow_service:
                raise _refused_service(text, source, service)
            return Guarded(text, source, *named, tuple(found), federated=True)
        text = _disguised(text, source, prefixes)
        found = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
        named = form_of(found) or named
    return Guarded(text, source, *named, tuple(found))


def _refuse_surrogates(text: str, source: str) -> None:
    """Refuse halves of characters, which come of bytes that were no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise error_at(
            "bad-query",
            "the query holds half of a character (a surrogate)",
            text,
            source,
            error.start,
            "Save the query as UTF-8.",
        ) from error


def unescaped(text: str) -> str:
    r"""Return a text without codepoint escapes, but for those in texts, IRIs and comments.

    Engines read those that stay by themselves, each within its token.

    Spec: https://www.w3.org/TR/sparql11-query/#codepointEscape

    >>> unescaped(r"SELECT ?\u0061 { ?\u0061 ?b '\u0041' }")
    "SELECT ?a { ?a ?b '\\u0041' }"
    """
    if "\\u" not in text and "\\U" not in text:
        return text
    pieces, done = [], 0
    for token in tokens(text):
        if token.kind is Kind.OTHER and token.text == "\\" and token.start >= done:
            match = re.match(_ESCAPE, text[token.start : token.start + 10])
            code = int(match[1] or match[2], 16) if match is not None else -1
            if match is not None and 0 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
                pieces += [text[done : token.start], chr(code)]
                done = token.start + match.end()
    return "".join((*pieces, text[done:]))


def _refuse_unknown_prefix(
    text: str, source: str, found: Sequence[Token], prefixes: Mapping[str, str]
) -> None:
    known = {**prefixes, **declared_prefixes(found)}
    for token in found:
        if token.kind is Kind.NAME and token.text.partition(":")[0] not in known:
            raise advised(text, source, found, prefixes, "", token.start)


def _disguised(text: str, source: str, prefixes: Mapping[str, str]) -> str:
    """Return a text in which no name, label or comment holds the word SERVICE.

    Oxigraph takes ``x:a.SERVICE:b`` for a name and the keyword. So such a name is written as
    the IRI that it stands for, and each such token has blanks around it.
    """
    known = {**prefixes, **declared_prefixes(tokens(text))}
    pieces, done = [], 0
    for token, declares in _with_role(tokens(text)):
        if _SERVICE not in token.text.upper() or token.kind in (Kind.STRING, Kind.IRI):
            continue
        pieces += [text[done : token.start], " ", _plain(token, declares, known), " "]
        if pieces[-2] == "":
            raise _refused_service(text, source, token)
        done = token.end
    return "".join((*pieces, text[done:]))


def _with_role(found: Sequence[Token]) -> Iterator[tuple[Token, bool]]:
    """Yield each token with whether it is the name in a PREFIX line."""
    before: Token | None = None
    for token in found:
        yield token, before is not None and before.is_word("PREFIX")
        if token.kind is not Kind.COMMENT:
            before = token


def _plain(token: Token, declares: bool, prefixes: Mapping[str, str]) -> str:
    """Return a token that holds the word SERVICE in another way; nothing if there is none."""
    if token.kind is Kind.COMMENT:
        return "#\n" if "\n" in token.text else "#"
    if token.kind in (Kind.VARIABLE, Kind.LANGUAGE) or declares:
        return token.text
    if token.kind is Kind.BLANK:
        return f"_:x{token.text.encode().hex()}"
    iri = None
    if token.kind is Kind.NAME:
        iri = expand(re.sub(r"\\(.)", r"\1", token.text), prefixes)
    return f"<{iri}>" if iri is not None and is_iri(iri) else ""


def _refused_update(text: str, source: str, token: Token) -> InputError:
    word = token.text.upper()
    return error_at(
        "update-refused",
        f"{word} would change the graph, and a query only reads it",
        text,
        source,
        token.start,
        "Change the facts under data/ and run kg build; the graph is made anew from them.",
    )


def _refused_service(text: str, source: str, token: Token) -> InputError:
    hint = "Ask that server with --endpoint URL, or load its data with --data FILE."
    if token.kind is not Kind.WORD:
        hint = "This name holds the word SERVICE: write it as an IRI in < >."
    return error_at(
        "service-refused",
        "SERVICE would send parts of the query to another server, and kg fetches nothing",
        text,
        source,
        token.start,
        hint,
    )
