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
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from kg.errors import InputError, Location
from kg.records import dataclass
from kg.sparql import tree
from kg.sparql.characters import broken_at
from kg.sparql.complexity import refuse_too_complex, too_deep
from kg.sparql.cursor import Mistake, Stop
from kg.sparql.faults import advised, error_at
from kg.sparql.lexer import Kind, Token, form_of, tokens
from kg.sparql.names import Names
from kg.sparql.parser import parse
from kg.sparql.scopes import find_fault
from kg.sparql.term_parser import named
from kg.sparql.words import Form
from kg.terms import is_iri

# Compiled when they are needed: few queries need them.
_ESCAPE: Final = r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))"
_IRI: Final = r"<[A-Za-z][^<>\"{}|^`\\\x00-\x20]*>"
# After a backslash no u: what that means is not the same everywhere.
_LITERAL: Final = (
    r'"(?:[^"\\\r\n]|\\[tnrbf"\\](?![uU]))*"(?:@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^' + _IRI + ")?"
)
_TERMS: Final = rf"(?:(?:{_IRI}|{_LITERAL})(?: |\Z))+"
_SERVICE: Final = "SERVICE"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


@dataclass(frozen=True, slots=True)
class Guarded:
    """A query that may be given to an engine; only `guard` makes one.

    Attributes:
        text: The query; codepoint escapes outside texts and IRIs are replaced.
        source: What messages call it.
        tree: Its syntax tree; the places in it are those of the text.
        federated: Whether it holds SERVICE, so that no engine of kg's own may have it.
    """

    text: str
    source: str
    tree: tree.Query
    federated: bool = False

    @property
    def form(self) -> Form:
        """The query form."""
        return self.tree.form

    def with_values(self, name: str, terms: Sequence[str]) -> Guarded:
        """Return the query with a VALUES block for one variable.

        The block is the first element of the outermost group.

        Args:
            name: The variable.
            terms: Its values as N-Triples writes them, for which `is_listed` holds.

        Raises:
            ValueError: It does not hold for one of them, the name is none, or the group is a query
                itself.
        """
        listed = " ".join(terms)
        where = self.tree.body.where
        if not isinstance(where, tree.Group) or not name.isidentifier():
            raise ValueError("no values can be put there")
        if terms and not re.fullmatch(_TERMS, listed):
            raise ValueError("a value is no IRI and no literal")
        at = where.span.start + 1
        text = f"{self.text[:at]} VALUES ?{name} {{ {listed} }} {self.text[at:]}"
        # The tree of the query itself: nothing reads that of the values.
        return replace(self, text=text)


def is_listed(term: str) -> bool:
    """Return whether a VALUES block can hold a term as N-Triples writes it."""
    return re.fullmatch(_TERMS, term) is not None


def guard(
    text: str,
    source: str,
    prefixes: Mapping[str, str],
    base: str | None = None,
    *,
    allow_service: bool = False,
    lax_scopes: bool = False,
) -> Guarded:
    """Read a query by the grammar, and return it if it only reads and fetches nothing.

    Args:
        text: SPARQL.
        source: What messages call it.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against; None if that is not known yet.
        allow_service: Whether SERVICE may be in it: only for a text that is sent to a remote
            store, which decides itself.
        lax_scopes: Whether the rules of `kg.sparql.scopes` are left to the engine: for a query
            in which variables have values beforehand.

    Raises:
        InputError: It is not a SPARQL query, or one that kg refuses.
    """
    _refuse_surrogates(text, source)
    text = unescaped(text)
    found = _read_tokens(text)
    if not found:
        raise InputError(
            "empty-query",
            "there is no query in it",
            location=Location(source),
            hint="Write for example SELECT * { ?s ?p ?o } LIMIT 10",
        )
    parsed = read_tree(text)  # mostly known: whoever looks at a question reads its tree
    if parsed is None or not _prefixes_known(parsed, found, prefixes):
        refuse_too_complex(text, source, found)
        form = form_of(found)
        if form is not None and form[0] is Form.UPDATE:
            raise _refused_update(text, source, form[1])
        parsed = _parsed(text, source, found, prefixes)
    if not lax_scopes:
        fault = find_fault(parsed)
        if fault is not None:
            raise error_at("bad-query", fault.message, text, source, fault.offset, fault.hint)
    _refuse_bad_iris(text, source, found, Names(parsed, prefixes, base))
    if _SERVICE not in text.upper():
        return Guarded(text, source, parsed)
    service = next((token for token in found if token.is_word(_SERVICE)), None)
    if service is None:
        return _disguised(text, source, parsed, found, prefixes)
    if not allow_service:
        raise _refused_service(text, source, service)
    return Guarded(text, source, parsed, federated=True)


def with_path(text: str, name: str, path: str) -> str:
    """Return a text with a path in place of a variable, as SHACL has it for ``$PATH``.

    As in pySHACL, it is replaced behind a blank or a bracket. The text need not be a query.

    Spec: https://www.w3.org/TR/shacl/#sparql-constraints-variables
    """
    pieces, done = [], 0
    for token in tokens(text):
        named = token.kind is Kind.VARIABLE and token.text[1:] == name
        if named and re.match(r"[\s{}()]", text[token.start - 1 : token.start]):
            pieces += [text[done : token.start], path]
            done = token.end
    return "".join((*pieces, text[done:]))


@lru_cache(maxsize=2)
def _read_tokens(text: str) -> Sequence[Token]:
    """Return the tokens of a text without comments."""
    return tuple(token for token in tokens(text) if token.kind is not Kind.COMMENT)


# Several readers look at one question, one behind the other; a tree is never changed.
@lru_cache(maxsize=8)
def read_tree(text: str) -> tree.Query | None:
    """Return the tree of a text, or None if it is not a query; nothing is promised of what it does.

    The places in the tree are those of the text.
    """
    found = _read_tokens(text)
    try:
        refuse_too_complex(text, "", found)
        return None if _is_broken(found) else parse(found)
    except (InputError, Stop, RecursionError):
        return None


def _parsed(
    text: str, source: str, found: Sequence[Token], prefixes: Mapping[str, str]
) -> tree.Query:
    """Return the tree of tokens whose names have prefixes that are known."""
    mistake: Mistake | None = None
    parsed: tree.Query | None = None
    try:
        parsed = parse(found)
    except Stop as stop:
        mistake = stop.mistake
    except RecursionError as error:  # the caller's own calls have used up the stack
        raise too_deep(text, source, found[-1]) from error
    if parsed is None or _is_broken(found) or not _prefixes_known(parsed, found, prefixes):
        raise advised(text, source, found, prefixes, mistake)
    return parsed


def _is_broken(found: Sequence[Token]) -> bool:
    return any(broken_at(token) is not None for token in found)


def _prefixes_known(query: tree.Query, found: Sequence[Token], prefixes: Mapping[str, str]) -> bool:
    known = Names(query, prefixes).prefixes
    used = {token.text.partition(":")[0] for token in found if token.kind is Kind.NAME}
    return used <= known.keys()


def _refuse_bad_iris(text: str, source: str, found: Sequence[Token], names: Names) -> None:
    """Refuse what is not an IRI; what is relative to an unknown base is left to the engine."""
    for token in found:
        if token.kind not in (Kind.IRI, Kind.NAME):
            continue
        iri = names.iri(named(token))
        relative = names.base is None and iri is not None and not _SCHEME.match(iri)
        if iri is not None and not relative and not is_iri(iri):
            shown = token.text if token.kind is Kind.IRI else f"{token.text} (<{iri}>)"
            raise error_at(
                "bad-query",
                f"{shown} is not a valid IRI",
                text,
                source,
                token.start,
                "Write other characters than those of RFC 3987 as %20 and so on.",
            )


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


def _disguised(
    text: str,
    source: str,
    query: tree.Query,
    found: Sequence[Token],
    prefixes: Mapping[str, str],
) -> Guarded:
    """Return a query in which no name, label or comment holds the word SERVICE.

    Oxigraph takes ``x:a.SERVICE:b`` for a name and the keyword. So the tree is printed, with each
    such name as the IRI that it stands for, and with blanks between its tokens.
    """
    # Imported here: few queries hold the word.
    from kg.sparql.printer import print_query, written

    names = Names(query, prefixes)

    def plain(node: tree.Name | tree.Blank) -> str:
        if isinstance(node, tree.Blank):
            # All labels alike, so that none is another's new one.
            return f"_:x{node.label.encode().hex()}"
        shown = written(node)
        if _SERVICE not in shown.upper():
            return shown
        iri = names.iri(node)
        if iri is None or not is_iri(iri):
            token = next(each for each in found if each.start == node.span.start)
            raise _refused_service(text, source, token)
        return f"<{iri}>"

    text = print_query(query, plain)
    return Guarded(text, source, parse(tokens(text)))


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
