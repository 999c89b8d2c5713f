"""What is usually meant where a query leaves the grammar: messages and advice.

Each rule looks at one usual slip; the first that fits speaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kg.records import dataclass
from kg.sparql.characters import broken_at
from kg.sparql.cursor import Mistake
from kg.sparql.elsewhere import ELSEWHERE, Place, Rule
from kg.sparql.lexer import Kind, Token, declared_prefixes
from kg.sparql.words import AGGREGATES, FUNCTIONS
from kg.wording import nearest


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell about a mistake.

    Attributes:
        offset: Where the caret goes.
        message: What is wrong.
        hint: What to do.
    """

    offset: int
    message: str
    hint: str


def advise(
    text: str, found: Sequence[Token], prefixes: Mapping[str, str], mistake: Mistake | None
) -> Advice:
    """Return what to tell about a query that is not valid.

    Args:
        text: The query.
        found: Its tokens, without comments.
        prefixes: Known without a PREFIX line.
        mistake: Where it leaves the grammar; None if a token or a prefix alone is wrong.
    """
    token = _broken_token(found)
    if token is not None:
        return token
    unknown = _unknown_prefix(found[: mistake.at if mistake else None], prefixes)
    if unknown is not None:
        return unknown
    assert mistake is not None
    place = Place(mistake, found)
    at = place.token.start if place.token else len(text.rstrip())
    for rule in _RULES:
        told = rule(place)
        if told is not None:
            return Advice(at, *told)
    got = f"{place.token.text!r}" if place.token else "the end of the query"
    return Advice(at, f"expected {mistake.expected} here, not {got}", _GRAMMAR)


_GRAMMAR: Final = "The grammar is at https://www.w3.org/TR/sparql11-query/#sparqlGrammar"


_QUOTES: Final = "“”„‘’‚«»"


def _broken_token(found: Sequence[Token]) -> Advice | None:
    """Tell of the first piece of text that is not a token of SPARQL."""
    for token in found:
        at = broken_at(token)
        if at is None:
            continue
        if token.kind is Kind.OTHER:
            return _no_token(token)
        if token.kind in (Kind.STRING, Kind.IRI):
            return _bad_escape(token, at)
        if token.kind is Kind.LANGUAGE:
            hint = 'Write for example "text"@en or "text"@pt-BR.'
            return Advice(token.start, f"{token.text} is no language tag", hint)
        return _bad_character(token.start + at, token.text[at])
    return None


def _no_token(token: Token) -> Advice:
    char = token.text
    if char in "\"'":
        return Advice(
            token.start,
            "the text that starts here has no closing quote",
            f"Close it with {char} on the same line, or write it between two {char * 3}.",
        )
    if char == "@":
        return Advice(token.start, 'a language tag follows a text: "text"@en', _GRAMMAR)
    return _bad_character(token.start, char)


def _bad_character(offset: int, char: str) -> Advice:
    if char in _QUOTES:
        return Advice(offset, f"{char} is no quote in SPARQL", 'Write straight quotes: "text".')
    if char.isspace():
        message = f"U+{ord(char):04X} is no blank in SPARQL"
        return Advice(offset, message, "Write a plain blank.")
    return Advice(offset, f"{char!r} cannot stand here", _GRAMMAR)


def _bad_escape(token: Token, at: int) -> Advice:
    shown = token.text[at : at + 2]
    if shown in ("\\u", "\\U"):
        hint = r"An escape is \u with 4 or \U with 8 hexadecimal digits, and means a character."
        return Advice(token.start + at, f"this {shown} means no character", hint)
    hint = r"Write \\ for a backslash; the escapes are \t \n \r \b \f \" \' \\ \u0000 \U00000000."
    return Advice(token.start + at, f"{shown} is no escape", hint)


def _unknown_prefix(found: Sequence[Token], prefixes: Mapping[str, str]) -> Advice | None:
    known = {**prefixes, **declared_prefixes(found)}
    for before, token in zip((None, *found), found, strict=False):
        prefix = token.text.partition(":")[0]
        if token.kind is not Kind.NAME or prefix in known:
            continue
        if before is not None and before.is_word("PREFIX"):
            continue
        near = nearest(prefix, known)
        hint = f"Add a line PREFIX {prefix}: <…> or declare it in kg.toml under [prefixes]."
        if near:
            hint = f"Did you mean {near}:? Else add a line PREFIX {prefix}: <…>"
        return Advice(token.start, f"the prefix {prefix}: is not known", hint)
    return None


# -- rules: each returns message and hint, or None ------------------------------------------------


def _end_of_text(place: Place) -> tuple[str, str] | None:
    opened = place.mistake.opened
    if place.token is not None or opened is None:
        return None
    bracket = place.found[opened].text
    closing = {"{": "}", "(": ")", "[": "]"}[bracket]
    return f"the query ends, and a {bracket} is still open", f"Close it with {closing}."


def _too_many(place: Place) -> tuple[str, str] | None:
    if place.mistake.context == "end" and place.token and place.token.is_mark("}", ")"):
        return f"this {place.token.text} closes nothing", "Take it away, or open it before."
    return None


def _other_language(place: Place) -> tuple[str, str] | None:
    token = place.token
    if place.mistake.context != "form" or token is None:
        return None
    if token.kind is Kind.LANGUAGE:
        return "@prefix is Turtle", "In SPARQL write PREFIX ex: <http://example.org/> without dot."
    if token.is_mark("."):
        return "a PREFIX line has no dot", "Take the dot away."
    if token.is_word("WHERE") or token.is_mark("{"):
        return "the query form is missing", "Start with SELECT * or ASK."
    return None


def _prefix_line(place: Place) -> tuple[str, str] | None:
    if place.mistake.context == "prefix":
        return f"expected {place.mistake.expected} here", "Write PREFIX ex: <http://example.org/>"
    return None


def _in_select(place: Place) -> tuple[str, str] | None:
    token, context = place.token, place.mistake.context
    if token is None or context not in ("select", "select expression"):
        return None
    if token.is_mark(","):
        return "a comma between variables", "In SELECT they are parted by blanks: SELECT ?a ?b"
    if token.is_word(*AGGREGATES, *FUNCTIONS):
        word = token.text.upper()
        return "an expression without brackets", f"Write it with a name: ({word}(?x) AS ?name)"
    if context == "select expression":
        return "an expression without a name", "Give it one with AS: (COUNT(?x) AS ?n)"
    return None


def _misspelt(place: Place) -> tuple[str, str] | None:
    token = place.token
    if token is None or token.kind is not Kind.WORD:
        return None
    near = nearest(token.text, set(place.mistake.words))
    if near and near != token.text.upper():
        return f"{token.text} is no keyword here", f"Did you mean {near}?"
    return None


def _function(place: Place) -> tuple[str, str] | None:
    token, behind = place.token, place.back(-1)
    if token is None or token.kind is not Kind.WORD or behind is None or not behind.is_mark("("):
        return None
    if place.mistake.context not in ("expression", "filter"):
        return None
    known = ", ".join(FUNCTIONS[:43])
    return f"{token.text} is no function of SPARQL", f"The functions are {known}."


def _bare_word(place: Place) -> tuple[str, str] | None:
    token = place.token
    contexts = ("verb", "object", "triple", "pattern", "expression", "values", "from")
    if token is None or token.kind is not Kind.WORD or place.mistake.context not in contexts:
        return None
    if token.is_word("AND", "OR"):
        return None
    if token.is_word(*_MODIFIERS) or token.is_word("WHERE", "SELECT", "UNION", "FROM"):
        return None
    name = token.text
    return (
        f"{name} is neither a name with a prefix, nor a variable, nor a text",
        f'Write ex:{name} with its prefix, ?{name} or "{name}".',
    )


_MODIFIERS: Final = ("GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET")


def _modifier_inside(place: Place) -> tuple[str, str] | None:
    if place.token and place.token.is_word(*_MODIFIERS) and place.mistake.opened is not None:
        word = place.token.text.upper()
        return (
            f"{word} inside the pattern",
            f"{word} comes behind the pattern's closing brace.",
        )
    return None


def _operator(place: Place) -> tuple[str, str] | None:
    token, before = place.token, place.back(1)
    if token is None:
        return None
    told = {"AND": "&&", "OR": "||"}.get(token.text.upper())
    if told:
        return f"{token.text} is no operator of SPARQL", f"Write {told}"
    if token.is_mark("=") and before and before.is_mark("="):
        return "== is no operator of SPARQL", "Write = to compare."
    if token.text == "<>" and place.mistake.context not in ("object", "verb"):
        return "<> is no operator of SPARQL", "Write != for not equal."
    if token.is_mark("=", "<", ">", "!=", ">=", "<=") and place.mistake.context == "verb":
        return "a comparison stands where a triple is expected", "Write it in FILTER( … )."
    return None


def _filter(place: Place) -> tuple[str, str] | None:
    if place.mistake.context == "filter":
        return "a condition without brackets", "Write FILTER(?x > 3)"
    if place.mistake.context == "bind":
        return "BIND needs AS and a variable", "Write BIND(?x + 1 AS ?y)"
    return None


def _arity(place: Place) -> tuple[str, str] | None:
    if place.mistake.context != "arity":
        return None
    return place.mistake.expected, "See https://www.w3.org/TR/sparql11-query/#SparqlOps"


def _compared_twice(place: Place) -> tuple[str, str] | None:
    if place.mistake.context != "compared twice":
        return None
    return "a second comparison beside the first", "Write both with &&: ?x > 1 && ?x < 3"


def _annotated_path(place: Place) -> tuple[str, str] | None:
    if place.mistake.context != "annotated path":
        return None
    return "nothing can be said of a path", "~ and {| |} take a triple with a single property."


def _triple_end(place: Place) -> tuple[str, str] | None:
    """Tell of a missing dot, and of ``;`` or ``,`` where a dot was meant."""
    token, start = place.token, place.mistake.triple
    if place.mistake.context != "triple" or token is None or start is None:
        return None
    starts = token.kind in (Kind.IRI, Kind.NAME, Kind.VARIABLE, Kind.BLANK) or token.is_mark("[")
    if not starts:
        return None
    inside = place.found[start : place.mistake.at]
    mark = next((t for t in reversed(inside) if t.is_mark(";", ",")), None)
    if mark is not None and inside.index(mark) >= len(inside) - 3:
        goes_on = (
            "another property of the same subject"
            if mark.text == ";"
            else "another object of the same property"
        )
        return (
            f"the triple is over before {token.text}",
            f"The {mark.text} before goes on with {goes_on}; for a new subject write a dot.",
        )
    return (
        f"a dot is missing before {token.text}",
        "Write a dot after each triple, or ; to go on with the same subject.",
    )


def _incomplete_triple(place: Place) -> tuple[str, str] | None:
    context, token = place.mistake.context, place.token
    if context not in ("object", "verb") or place.mistake.triple is None:
        return None
    shown = place.found[place.mistake.triple].text
    if token is None or token.is_mark(".", "}", ";", ","):
        missing = "an object" if context == "object" else "a property"
        if context == "verb" and place.back(1) and place.back(1).is_mark(";"):  # type: ignore[union-attr]
            return None
        return (
            f"the triple lacks {missing}",
            f"If {shown} is a property of the subject before, write ; instead of the dot before it."
            if context == "object"
            else "A triple is a subject, a property and an object.",
        )
    if context == "verb" and token.kind in (Kind.STRING, Kind.NUMBER, Kind.BLANK):
        return f"{token.text} cannot be a property", "A property is an IRI or a variable."
    return None


def _limit(place: Place) -> tuple[str, str] | None:
    before = place.back(1)
    if before and before.is_word("LIMIT", "OFFSET"):
        size = " of at most 18 digits" if place.token and place.token.text.isdecimal() else ""
        return f"{before.text.upper()} takes a whole number{size}", "Write for example LIMIT 10"
    if place.mistake.context == "end" and place.token and place.token.is_word(*_MODIFIERS, "WHERE"):
        return (
            f"{place.token.text.upper()} cannot stand here",
            "The order is: WHERE, GROUP BY, HAVING, ORDER BY, LIMIT and OFFSET.",
        )
    return None


def _unclosed(place: Place) -> tuple[str, str] | None:
    opened = place.mistake.opened
    if place.token is None or opened is None or ")" not in place.mistake.expected:
        return None
    if place.token.is_mark("}", "{", "."):
        return "a ) is missing before this", "Close each ( with a )."
    return None


def _broken_iri(place: Place) -> tuple[str, str] | None:
    if place.token is None or not place.token.is_mark("<"):
        return None
    if place.mistake.context not in ("object", "verb", "triple", "pattern", "prefix", "from"):
        return None
    return (
        "this < starts no IRI",
        "An IRI stands between < and >, without blanks, quotes or braces.",
    )


def _values(place: Place) -> tuple[str, str] | None:
    if place.mistake.context != "values":
        return None
    return (
        f"expected {place.mistake.expected} here",
        "Write VALUES ?x { 1 2 } or VALUES (?x ?y) { (1 2) (3 4) }.",
    )


def _sorted(place: Place) -> tuple[str, str] | None:
    before = place.back(1)
    if before and before.is_word("ASC", "DESC"):
        return f"{before.text} stands before what is sorted", f"Write {before.text}(?x)"
    if place.mistake.expected == "BY" and before:
        word = before.text.upper()
        return f"BY is missing behind {word}", f"Write {word} BY ?x"
    return None


_BEFORE_GROUPS: Final = ("OPTIONAL", "MINUS", "EXISTS", "UNION")


def _where(place: Place) -> tuple[str, str] | None:
    if place.mistake.expected == "{" and place.token is not None:
        before = place.back(1)
        word = before.text.upper() if before and before.is_word(*_BEFORE_GROUPS) else "WHERE"
        return "the pattern does not start with {", f"Write {word} {{ … }}"
    return None


_RULES: Final[tuple[Rule, ...]] = (
    _end_of_text,
    _too_many,
    _other_language,
    _broken_iri,
    _prefix_line,
    *ELSEWHERE,
    _values,
    _sorted,
    _in_select,
    _arity,
    _annotated_path,
    _operator,
    _compared_twice,
    _misspelt,
    _function,
    _modifier_inside,
    _filter,
    _triple_end,
    _incomplete_triple,
    _bare_word,
    _limit,
    _unclosed,
    _where,
)
