"""What SQL and other stores have and SPARQL 1.1 has not: messages and advice.

Each rule looks at one habit, as those of `kg.sparql.mistakes` look at slips.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kg.records import dataclass
from kg.sparql.cursor import Mistake
from kg.sparql.lexer import Kind, Token

_COMPARISONS: Final = ("=", "!=", "<", ">", "<=", ">=")
# Words that stand where an operator, a pattern or a column does.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "LIKE": (
        "LIKE is no operator of SPARQL",
        'Write CONTAINS(?x, "a"), STRSTARTS(?x, "a") or REGEX(?x, "^a.*b$")',
    ),
    "BETWEEN": ("BETWEEN is no operator of SPARQL", "Write ?x >= 1 && ?x <= 9"),
    "IS": ("IS is no operator of SPARQL", "Whether there is a value asks BOUND(?x) or !BOUND(?x)."),
    "NULL": ("SPARQL has no NULL", "Whether there is a value asks BOUND(?x) or !BOUND(?x)."),
    "LET": ("LET is no word of SPARQL", "Write BIND(1 AS ?x)"),
    "TOP": ("TOP is no word of SPARQL", "Write LIMIT 10 at the end."),
    "EXPLAIN": ("EXPLAIN is no word of SPARQL", "Take it away, and add the option --explain."),
}
# Functions, and what SPARQL calls them.
_FUNCTIONS: Final[Mapping[str, str]] = {
    "LOWER": "LCASE", "UPPER": "UCASE", "LENGTH": "STRLEN", "LEN": "STRLEN", "NVL": "COALESCE",
    "IFNULL": "COALESCE", "SUBSTRING": "SUBSTR", "STARTSWITH": "STRSTARTS",
    "ENDSWITH": "STRENDS", "CEILING": "CEIL", "DATE": "xsd:date", "INT": "xsd:integer",
    "CAST": "the name of a datatype, such as xsd:integer(?x)",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A mistake with what stands around it.

    Attributes:
        mistake: The mistake.
        found: The tokens of the query.
    """

    mistake: Mistake
    found: Sequence[Token]

    @property
    def token(self) -> Token | None:
        """The token that cannot stand there; None at the end of the query."""
        return self.back(0)

    def back(self, steps: int) -> Token | None:
        """Return the token so many before; None if there is none."""
        at = self.mistake.at - steps
        return self.found[at] if 0 <= at < len(self.found) else None


Rule = Callable[[Place], tuple[str, str] | None]


def _word(place: Place) -> tuple[str, str] | None:
    token = place.token
    if token is None or token.kind is not Kind.WORD:
        return None
    name, behind = token.text.upper(), place.back(-1)
    if name in _FUNCTIONS and behind is not None and behind.is_mark("("):
        return f"{token.text} is no function of SPARQL", f"Did you mean {_FUNCTIONS[name]}?"
    return _WORDS.get(name)


def _negation(place: Place) -> tuple[str, str] | None:
    before = place.back(1)
    if place.mistake.expected != "EXISTS" or before is None or not before.is_word("NOT"):
        return None
    return "NOT stands only before EXISTS and IN", "Write ! before a condition: !(?x > 3)"


def _comma(place: Place) -> tuple[str, str] | None:
    if place.token is None or not place.token.is_mark(",") or place.mistake.context != "end":
        return None
    before = place.back(2)
    if before is not None and before.is_word("LIMIT"):
        return "LIMIT takes one number", "Write LIMIT 10 OFFSET 20"
    return "a comma cannot stand here", "Write blanks between: GROUP BY ?a ?b, ORDER BY ?a DESC(?b)"


def _bare_having(place: Place) -> tuple[str, str] | None:
    if place.token is None or place.mistake.context != "end":
        return None
    words = [each for each in place.found[: place.mistake.at] if each.kind is Kind.WORD]
    if not place.token.is_mark(*_COMPARISONS) or not any(each.is_word("HAVING") for each in words):
        return None
    return "a condition without brackets", "Write HAVING(COUNT(*) > 3)"


def _separator(place: Place) -> tuple[str, str] | None:
    before, opened = place.back(1), place.mistake.opened
    name = place.found[opened - 1] if opened else None
    is_separator = before is not None and before.is_word("SEPARATOR")
    is_comma = place.token is not None and place.token.is_mark(",")
    if name is None or not name.is_word("GROUP_CONCAT") or not (is_separator or is_comma):
        return None
    return "the separator has no name", 'Write GROUP_CONCAT(?x; SEPARATOR=", ")'


def _slash(place: Place) -> tuple[str, str] | None:
    before = place.back(1)
    if place.token is None or not place.token.is_mark("/") or before is None:
        return None
    if before.kind is not Kind.NAME or place.mistake.context not in ("triple", "verb", "values"):
        return None
    name = f"{before.text}/"
    return f"{name} holds a /, and a name with a prefix holds none", "Write the whole IRI in < >."


def _counted_steps(place: Place) -> tuple[str, str] | None:
    token, before = place.token, place.back(1)
    if place.mistake.context != "object" or token is None or before is None:
        return None
    if not token.is_mark("{") or token.start != before.start + len(before.text):
        return None
    return "SPARQL has no {n} behind a property", "Write each step: ex:p/ex:p/ex:p?"


def _bare_name(place: Place) -> tuple[str, str] | None:
    token, before = place.token, place.back(1)
    if token is None or before is None or not before.is_word("AS") or token.kind is not Kind.WORD:
        return None
    return f"{token.text} is no variable", f"Write AS ?{token.text}"


def _listed(place: Place) -> tuple[str, str] | None:
    before = place.back(1)
    if place.token is None or not place.token.is_mark("[") or before is None:
        return None
    if not before.is_word("IN"):
        return None
    return "a list of IN stands in round brackets", "Write ?x IN (1, 2)"


def _bare_union(place: Place) -> tuple[str, str] | None:
    if place.token is None or not place.token.is_word("UNION"):
        return None
    return "UNION stands between two groups", "Write { … } UNION { … }"


def _graph_of_construct(place: Place) -> tuple[str, str] | None:
    forms = [each for each in place.found if each.is_word("CONSTRUCT", "WHERE")]
    if place.token is None or not place.token.is_word("GRAPH") or not forms:
        return None
    if not forms[0].is_word("CONSTRUCT") or any(
        each.start < place.token.start for each in forms[1:]
    ):
        return None
    return "CONSTRUCT makes triples, in no graph", "Take GRAPH and its braces away."


def _power(place: Place) -> tuple[str, str] | None:
    before, behind = place.back(1), place.back(-1)
    if place.token is None or not place.token.is_mark("^") or before is None or behind is None:
        return None
    if before.kind is not Kind.STRING:
        return None
    return "a datatype stands behind two ^", f'Write "…"^^{behind.text}'


ELSEWHERE: Final[tuple[Rule, ...]] = (
    _word,
    _negation,
    _comma,
    _bare_having,
    _separator,
    _slash,
    _counted_steps,
    _bare_name,
    _listed,
    _bare_union,
    _graph_of_construct,
    _power,
)
