"""Mistakes in a query: where they are, what is usually meant, and what is refused.

The engine tells a position only inside its message. This is the one place that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.errors import InputError, KgError, Location, WorldError
from kg.query.lexer import (
    Form,
    Kind,
    Token,
    form_of,
    offset_of,
    position,
    tokens,
)
from kg.store import REBUILD, empty_store

_POSITION: Final = re.compile(r"error at (\d+):(\d+): expected (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Checked:
    """A query that is valid SPARQL.

    Attributes:
        text: As it is to be asked.
        form: The query form.
        columns: The names of a SELECT's variables, in their order.
    """

    text: str
    form: Form
    columns: tuple[str, ...] = ()


def check_query(
    text: str, source: str, prefixes: Mapping[str, str], base: str, *, allow_service: bool = False
) -> Checked:
    """Parse a query without asking it.

    ``SELECT *`` is returned with its variables named, in the order in which the text has them,
    since the engine's order is another.

    Args:
        text: SPARQL.
        source: What messages call it.
        prefixes: Known without a PREFIX line.
        base: What relative IRIs are resolved against.
        allow_service: Whether SERVICE may stand in it, as a remote store decides on that itself.

    Raises:
        InputError: It is no SPARQL query, or one that kg refuses.

    Spec: https://www.w3.org/TR/sparql12-query/#rQueryUnit
    """
    found = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
    if not found:
        raise InputError(
            "empty-query",
            "there is no query in it",
            location=Location(source),
            hint="Write for example SELECT * { ?s ?p ?o } LIMIT 10",
        )
    _refuse_too_complex(text, source, found)
    named = form_of(found)
    if named is not None and named[0] is Form.UPDATE:
        raise _refused_update(text, source, named[1])
    form = named[0] if named else Form.SELECT
    service = _service(found)
    if service is not None:
        # The engine cannot parse without asking, and would go out to the network.
        if _is_outside_grammar(found):
            raise _advised(text, source, found, prefixes, "", service.start)
        if not allow_service:
            raise _refused_service(text, source, service)
        return Checked(text, form)
    answer = _parse(text, source, prefixes, base, named)
    if form is Form.SELECT and isinstance(answer, ox.QuerySolutions):
        return _with_names(text, found, [variable.value for variable in answer.variables])
    return Checked(text, form)


def _is_outside_grammar(found: Sequence[Token]) -> bool:
    from kg.query.grammar import find_mistake

    return find_mistake(found) is not None


def _with_names(text: str, found: Sequence[Token], names: list[str]) -> Checked:
    """Replace the star of an outermost ``SELECT *`` by its variables."""
    at = next(i for i, token in enumerate(found) if token.is_word("SELECT")) + 1
    star = found[at + 1] if found[at].is_word("DISTINCT", "REDUCED") else found[at]
    if not star.is_mark("*") or not names:
        return Checked(text, Form.SELECT, tuple(names))
    order = {
        token.text[1:]: i
        for i, token in reversed(list(enumerate(found)))
        if token.kind is Kind.VARIABLE
    }
    names.sort(key=lambda name: order.get(name, 0))
    listed = " ".join(f"?{name}" for name in names)
    text = f"{text[: star.start]} {listed} {text[star.end :]}"
    return Checked(text, Form.SELECT, tuple(names))


def _parse(
    text: str,
    source: str,
    prefixes: Mapping[str, str],
    base: str,
    form: tuple[Form, Token] | None,
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """Have the engine parse a query; nothing can be fetched, since it holds no SERVICE."""
    store, known = empty_store(), dict(prefixes)
    try:
        if form is not None and form[0] is Form.ASK:
            # The engine would answer an ASK at once, however long that takes.
            start, end = form[1].start, form[1].end
            with suppress(SyntaxError):
                select = f"{text[:start]}SELECT * {text[end:]}"
                return store.query(select, prefixes=known, base_iri=base)
        return store.query(text, prefixes=known, base_iri=base)
    except SyntaxError as error:
        raise syntax_error(error, text, source, prefixes) from error
    except (RuntimeError, ValueError) as error:
        raise evaluation_error(error, source) from error


def syntax_error(
    error: SyntaxError, text: str, source: str, prefixes: Mapping[str, str]
) -> InputError:
    """Return kg's error for the engine's: with the place, the line, a caret and advice."""
    match = _POSITION.search(error.msg or str(error))
    if match is None:
        return InputError("bad-query", f"not valid SPARQL: {error}", location=Location(source))
    found = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
    offset = offset_of(text, int(match[1]), int(match[2]))
    return _advised(text, source, found, prefixes, match[3], offset)


def _advised(
    text: str,
    source: str,
    found: Sequence[Token],
    prefixes: Mapping[str, str],
    engine: str,
    offset: int,
) -> InputError:
    # Imported here: a query without a mistake does not need it.
    from kg.query.mistakes import advise

    told = advise(text, found, prefixes, engine, offset)
    return _error_at("bad-query", told.message, text, source, told.offset, told.hint)


def _error_at(
    code: str, message: str, text: str, source: str, offset: int, hint: str
) -> InputError:
    line, column = position(text, offset)
    return InputError(
        code,
        f"{message}\n{_excerpt(text, offset)}",
        location=Location(source, line, column),
        hint=hint,
    )


def _excerpt(text: str, offset: int) -> str:
    """Return the line of an offset with a caret below it; a long line is cut around it."""
    from kg.query.display import printable, width

    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)].rstrip("\r").replace("\t", " ")
    column = min(offset - start, len(line))
    if len(line) > 100:
        cut = max(0, column - 60)
        line = ("…" if cut else "") + line[cut : cut + 100]
        column = column - cut + (1 if cut else 0)
    return f"    {printable(line)}\n    {' ' * width(printable(line[:column]))}^"


def _refused_update(text: str, source: str, token: Token) -> InputError:
    word = token.text.upper()
    return _error_at(
        "update-refused",
        f"{word} would change the graph, and kg query only reads it",
        text,
        source,
        token.start,
        "Change the facts under data/ and run kg build; the graph is made anew from them.",
    )


# The engine calls itself for each bracket, and for each of these; its stack, and with it the whole
# process, breaks at some 1,000 nested brackets and at some 2,000 of the others.
_DEEPEST: Final = 100
_MOST_STEPS: Final = 1_000
_OPENING: Final = ("{", "(", "[", "<<", "<<(")
_CLOSING: Final = ("}", ")", "]", ">>", ")>>")
_STEP_MARKS: Final = ("||", "&&", "!", "+", "-", "*", "/", "|", "^")
_STEP_WORDS: Final = ("UNION", "FILTER", "BIND", "MINUS", "OPTIONAL", "LATERAL", "GRAPH")


def _refuse_too_complex(text: str, source: str, found: Sequence[Token]) -> None:
    depth = steps = 0
    in_values = False
    for token in found:
        depth += token.is_mark("{", "(", "[", "<<", "<<(") - token.is_mark(
            "}", ")", "]", ">>", ")>>"
        )
        if token.is_word("VALUES"):
            in_values = True
        elif token.is_mark("}"):
            in_values = False
        elif not in_values:
            steps += token.is_mark(*_STEP_MARKS) or token.is_word(*_STEP_WORDS)
        if depth > _DEEPEST or steps > _MOST_STEPS:
            what = (
                f"{_DEEPEST} brackets inside each other"
                if depth > _DEEPEST
                else (f"{_MOST_STEPS:,} operators and clauses such as UNION and FILTER")
            )
            raise _error_at(
                "too-complex",
                f"the query has more than {what}, which the engine cannot take",
                text,
                source,
                token.start,
                "Give many values by VALUES or IN, or ask several questions.",
            )


# Kinds of token that can stand between SERVICE and its group.
_TARGETS: Final = (Kind.IRI, Kind.NAME, Kind.VARIABLE)
_TEXTS: Final = (Kind.STRING, Kind.IRI)


def _service(found: Sequence[Token]) -> Token | None:
    """Return the token that asks for federation, or None.

    The grammar's longest match would make one name of a keyword and what it has grown together
    with. The engine does not always: it finds SERVICE in ``trueSERVICE`` and in ``x:a.SERVICE:b``.
    So any word that holds it and stands before a group, as SERVICE does, is taken for it.
    """
    depth = 0
    for i, token in enumerate(found):
        depth += token.is_mark("{") - token.is_mark("}")
        if token.kind in _TEXTS or "SERVICE" not in token.text.upper():
            continue
        if token.kind is Kind.WORD:
            return token
        named = i > 0 and found[i - 1].is_word("GRAPH", "FROM", "NAMED")
        if depth > 0 and not named and _stands_before_group(found, i):
            return token
    return None


def _stands_before_group(found: Sequence[Token], at: int) -> bool:
    behind = [token for token in found[at + 1 : at + 4] if not token.is_word("SILENT")]
    if behind and behind[0].kind in _TARGETS:
        behind = behind[1:]
    return bool(behind) and behind[0].is_mark("{")


def _refused_service(text: str, source: str, token: Token) -> InputError:
    hint = "Ask that server with --endpoint URL, or load its data with --data FILE."
    if token.kind is not Kind.WORD:
        hint = "If this is a name, write a dot before the group that follows it."
    return _error_at(
        "service-refused",
        "SERVICE would send parts of the query to another server, and kg fetches nothing",
        text,
        source,
        token.start,
        hint,
    )


def evaluation_error(error: Exception, source: str) -> KgError:
    """Return kg's error for a query that the engine parsed and cannot answer."""
    if str(error).startswith("Corruption"):
        return WorldError("index-unreadable", f"the SPARQL index is damaged: {error}", hint=REBUILD)
    if "Invalid prefix IRI" in str(error):
        return InputError(
            "bad-prefix",
            f"a prefix stands for no IRI: {error}",
            hint="Mend it in kg.toml under [prefixes], or in the RDF file.",
        )
    return InputError(
        "cannot-evaluate",
        f"the query cannot be answered: {error}",
        location=Location(source),
        hint="Only SPARQL 1.1's own functions, and casts to xsd datatypes, are known.",
    )
