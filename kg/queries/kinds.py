"""What kinds of values the variables and expressions of a query may have, known before it is asked.

A build notes of which kinds the objects of each predicate are. From that, and from the text of a
query, follows what a variable may be bound to: always too many kinds, never too few, since all
that a name is bound to anywhere in the query counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cache
from typing import Any, Final

from kg.datatypes import INTEGER_RANGES
from kg.records import dataclass
from kg.sparql import tree
from kg.sparql.names import Names
from kg.sparql.walk import find, triple_patterns
from kg.terms import XSD

# The kinds, a letter each, as a build keeps them.
NODE: Final = "r"
TEXT: Final = "s"
TAGGED: Final = "l"
WHOLE: Final = "i"  # up to nine digits
LONG: Final = "n"  # up to eighteen digits
DECIMAL: Final = "d"  # up to nine digits before and behind the point
HUGE: Final = "h"  # other numbers, and what has a datatype of numbers or truth values in vain
DOUBLE: Final = "f"
TRUTH: Final = "b"
DAY: Final = "D"
MOMENT: Final = "T"
TIME: Final = "u"  # times of day, years and the like
SPAN: Final = "p"  # durations
OTHER: Final = "o"  # other datatypes, and, beside another kind, forms that a datatype has not
# Beside another kind: values in another form than that in which Oxigraph's index keeps them.
RESPELLED: Final = "x"
EVERY: Final = frozenset("rslindhfbDTupox")
# What build.json has them as. Builds before had "kinds", without what is ill-typed.
NOTED: Final = "value_kinds"
# What it has the number of subjects and predicates as that several graphs have typed values of.
ACROSS: Final = "values_in_several_graphs"

_DATE: Final = "[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_LATE: Final = "[1-9][0-9]{3}-(0[13-9]|1[0-2])-(29|30)|[1-9][0-9]{3}-(0[13578]|1[02])-31"
_ANY_DATE: Final = f"({_DATE}|{_LATE})"
_WHOLE: Final = "0|-?[1-9][0-9]{0,8}"


def _within(least: int | None, greatest: int | None) -> str:
    """Return a pattern of whole numbers of few digits, all of them within a range."""
    # An end such as 0 is told by the sign.
    far = [abs(end) for end in (least, greatest) if end is not None and abs(end) > 1]
    digits = min([9, *(len(str(end)) - 1 for end in far)])
    number = f"[1-9][0-9]{{0,{digits - 1}}}"
    zero = ["0"] if (least or 0) <= 0 <= (greatest or 0) else []
    above = [number] if greatest is None or greatest > 0 else []
    below = [f"-{number}"] if least is None or least < 0 else []
    return "|".join([*zero, *above, *below])


# Datatype, kinds, and the lexical forms that are of them; RE2 and Python's re read them alike.
PLAIN: Final[tuple[tuple[str, str, str], ...]] = (
    ("string", TEXT, "(?s:.*)"),
    ("integer", WHOLE, _WHOLE),
    ("integer", LONG, "-?[1-9][0-9]{9,17}"),
    ("decimal", DECIMAL, rf"-?(0|[1-9][0-9]{{0,8}})\.[0-9]{{0,8}}[1-9]|{_WHOLE}"),
    ("decimal", DECIMAL + RESPELLED, r"-?(0|[1-9][0-9]{0,8})\.[0-9]{1,9}"),
    ("boolean", TRUTH, "true|false"),
    ("date", DAY, _ANY_DATE),
    ("dateTime", MOMENT, rf"{_ANY_DATE}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?"),
    *(
        (iri.removeprefix(XSD), WHOLE + RESPELLED, _within(*ends))
        for iri, ends in INTEGER_RANGES.items()
        if iri != f"{XSD}integer"
    ),
)
# Datatypes with values whose form Oxigraph may change; one has to look at what it makes of them.
CHANGING: Final[Mapping[str, str]] = {
    f"{XSD}{name}": kind
    for kind, names in {
        DOUBLE: "double float",
        DAY: "date",
        MOMENT: "dateTime",
        TIME: "dateTimeStamp time gYear gYearMonth gMonth gMonthDay gDay",
        SPAN: "duration dayTimeDuration yearMonthDuration",
    }.items()
    for name in names.split()
}
# Of values of these datatypes nothing is known unless they are plain.
DOUBTED: Final = frozenset({*INTEGER_RANGES, f"{XSD}decimal", f"{XSD}boolean"})

# Digits of a count: a question with more solutions has no end.
_COUNTED: Final = 9
_FRACTION: Final = 18
_LARGEST: Final = 18

_TEXTS: Final = frozenset(
    {
        *("STR", "LANG", "ENCODE_FOR_URI", "TZ", "STRUUID", "LANGDIR"),
        *("MD5", "SHA1", "SHA256", "SHA384", "SHA512"),
    }
)
_TRUTHS: Final = frozenset(
    {
        *("BOUND", "ISIRI", "ISURI", "ISBLANK", "ISLITERAL", "ISNUMERIC", "ISTRIPLE"),
        *("CONTAINS", "STRSTARTS", "STRENDS", "REGEX", "LANGMATCHES"),
        *("SAMETERM", "HASLANG", "HASLANGDIR"),
    }
)
_NODES: Final = frozenset(["IRI", "URI", "BNODE", "DATATYPE", "UUID", "SUBJECT", "PREDICATE"])
_PARTS: Final = {"YEAR": 4, "MONTH": 2, "DAY": 2, "HOURS": 2, "MINUTES": 2, "STRLEN": 9}
_OF_TEXT: Final = frozenset(["UCASE", "LCASE", "SUBSTR", "STRBEFORE", "STRAFTER", "REPLACE"])
_ROUNDED: Final = frozenset(["CEIL", "FLOOR", "ROUND"])
_NUMBERS: Final = frozenset({WHOLE, LONG, DECIMAL, HUGE, DOUBLE})
RECKONED: Final = frozenset("+-*/")


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may have as its value.

    Attributes:
        kinds: Its kinds; an error is of none.
        whole: Digits of a number before the point, at most.
        fraction: Digits behind it.
    """

    kinds: frozenset[str]
    whole: int = 9
    fraction: int = 9

    @property
    def is_exact(self) -> bool:
        """Whether both engines reckon with it alike, if it is a number."""
        within = self.whole <= _LARGEST and self.fraction <= _FRACTION
        return within and not self.kinds & {LONG, DOUBLE, HUGE}

    @property
    def numbers(self) -> frozenset[str]:
        """The kinds of numbers that it may be of."""
        return self.kinds & _NUMBERS


def _of(*kinds: str, whole: int = 9, fraction: int = 9) -> Value:
    return Value(frozenset(kinds), whole, fraction)


def _found(kinds: frozenset[str]) -> Value:
    """Return what terms of the graph may be."""
    return Value(kinds, 9, 9 if DECIMAL in kinds else 0)


_ANY: Final = Value(EVERY, 99, 99)


def _union(values: Iterable[Value]) -> Value:
    found = list(values)
    return Value(
        frozenset().union(*(each.kinds for each in found)),
        max((each.whole for each in found), default=0),
        max((each.fraction for each in found), default=0),
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """Of which kinds the objects of each predicate of a graph are.

    Attributes:
        predicates: By IRI.
        merged: Whether Oxigraph's index takes some terms for others, as far as is known.
    """

    predicates: Mapping[str, frozenset[str]]
    merged: bool = True

    @property
    def every(self) -> frozenset[str]:
        """The kinds of all terms of the graph."""
        return frozenset({NODE}).union(*self.predicates.values())

    def of(self, predicates: Iterable[str] | None) -> frozenset[str]:
        """Return the kinds of the objects of some predicates, None for any."""
        if predicates is None:
            return self.every
        return frozenset().union(*(self.predicates.get(each, frozenset()) for each in predicates))


@cache
def _plain() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple((XSD + name, kind, re.compile(pattern)) for name, kind, pattern in PLAIN)


def kind_of(lexical: str, datatype: str | None, language: str | None) -> str:
    """Return the kinds of a literal of a query.

    Args:
        lexical: Its lexical form.
        datatype: Its datatype, None for that of plain texts.
        language: Its language tag.
    """
    if language is not None:
        return TAGGED
    if datatype is None:
        return TEXT
    for name, kind, pattern in _plain():
        if name == datatype and pattern.fullmatch(lexical):
            return kind
    if datatype in DOUBTED:
        return HUGE + RESPELLED
    return CHANGING[datatype] + RESPELLED if datatype in CHANGING else OTHER


_DIFFERING: Final = frozenset({DAY, MOMENT, TIME})


@dataclass
class Values:
    """What the variables and expressions of a query may have as values.

    Args:
        query: The query.
        names: What its names stand for.
        facts: What is known of the graph.
    """

    query: tree.Query
    names: Names
    facts: Facts
    _sites: dict[str, list[Any]] = field(default_factory=dict)
    _known: dict[str, Value] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Look for what binds each variable."""
        for pattern in triple_patterns(self.query):
            ends = self._ends(pattern.verb)
            for end, value in zip((pattern.subject, pattern.object), ends, strict=True):
                self._bind(end, value)
            self._bind(pattern.verb, _of(NODE))
            self._bind(pattern.graph, _of(NODE))
        for each in find(self.query, tree.As, tree.Bind):
            self._bind(each.variable, each.expression)
        for block in find(self.query, tree.Values):
            for row in block.rows:
                for variable, term in zip(block.variables, row, strict=True):
                    self._bind(variable, term)
        for graph in find(self.query, tree.GraphGroup):
            self._bind(graph.name, _of(NODE))
        if any(find(self.query, tree.TripleTerm, tree.ReifiedTriple)):
            for name in {each.name for each in find(self.query, tree.Variable)}:
                self._sites.setdefault(name, []).append(_ANY)

    def _bind(self, variable: Any, site: Any) -> None:  # noqa: ANN401
        if isinstance(variable, tree.Variable):
            self._sites.setdefault(variable.name, []).append(site)

    def _ends(self, verb: Any) -> tuple[Value, Value]:  # noqa: ANN401
        """Return what the subject and the object of a pattern may be."""
        if isinstance(verb, tree.Iri | tree.Name):
            iri = self.names.iri(verb)
            return _of(NODE), _found(self.facts.of(None if iri is None else [iri]))
        if isinstance(verb, tree.Variable):
            return _of(NODE), _found(self.facts.every)
        kinds = self.facts.of(self.predicates(verb)) | {NODE}
        if any(each.mark != "+" for each in find(verb, tree.PathRepeat)):
            kinds = self.facts.every  # also what the path begins with
        return _found(kinds), _found(kinds)

    def predicates(self, verb: tree.Path) -> list[str] | None:
        """Return the IRIs of the predicates that a path may go along, None for any."""
        if any(find(verb, tree.PathNegated)):
            return None
        iris = [self.names.iri(each) for each in find(verb, tree.Iri, tree.Name)]
        known = [iri for iri in iris if iri is not None]
        return known if len(known) == len(iris) else None

    def touched(self) -> frozenset[str]:
        """Return the kinds of all terms that the patterns of the query can meet."""
        if isinstance(self.query.body, tree.Describe):
            return self.facts.every
        found = frozenset[str]()
        for pattern in triple_patterns(self.query):
            found |= self._ends(pattern.verb)[1].kinds
        return found

    def of(self, node: Any) -> Value:  # noqa: ANN401
        """Return what an expression or a term may be."""
        match node:
            case tree.Variable(name):
                return self._variable(name)
            case tree.Literal():
                return self._literal(node)
            case tree.Iri() | tree.Name():
                return _of(NODE)
            case tree.Undef():
                return _of()
            case tree.Operation(first, rest):
                if rest[0][0] in RECKONED:
                    return self._reckoned(first, rest)
                return _of(TRUTH)
            case tree.Unary(operator, operand):
                return _of(TRUTH) if operator == "!" else self.of(operand)
            case tree.In() | tree.Exists():
                return _of(TRUTH)
            case tree.Call(function, arguments):
                return self._call(function, arguments)
            case tree.FunctionCall():
                return self._cast(node)
            case tree.Aggregate():
                return self._aggregate(node)
            case Value():
                return node
        return _ANY

    def _variable(self, name: str) -> Value:
        if name not in self._known:
            if name in self._begun:
                return _ANY  # it comes from itself
            self._begun.add(name)
            self._known[name] = _union(self.of(site) for site in self._sites.get(name, ()))
        return self._known[name]

    def _literal(self, node: tree.Literal) -> Value:
        datatype = None if node.datatype is None else self.names.iri(node.datatype) or ""
        whole, _, fraction = node.lexical.lstrip("+-").partition(".")
        kind = kind_of(node.lexical, datatype, node.language)
        return _of(*kind, whole=len(whole), fraction=len(fraction))

    def _reckoned(self, first: Any, rest: Any) -> Value:  # noqa: ANN401
        found = self.of(first)
        for operator, operand in rest:
            other = self.of(operand)
            kinds = (found.kinds | other.kinds) - {NODE, TEXT, TAGGED, TRUTH, OTHER, RESPELLED}
            whole, fraction = max(found.whole, other.whole) + 1, max(found.fraction, other.fraction)
            if operator == "-" and found.kinds & _DIFFERING and other.kinds & _DIFFERING:
                kinds |= {SPAN}
            if operator == "*":
                whole, fraction = found.whole + other.whole, found.fraction + other.fraction
            elif operator == "/":
                kinds, whole = kinds | {DECIMAL}, found.whole + other.fraction
                fraction = _FRACTION
            found = Value(kinds, whole, fraction)
        return found

    def _call(self, function: str, arguments: tuple[Any, ...]) -> Value:
        if function in _TEXTS:
            return _of(TEXT)
        if function in _TRUTHS:
            return _of(TRUTH)
        if function in _NODES:
            return _of(NODE)
        if function in _PARTS:
            return _of(WHOLE, whole=_PARTS[function], fraction=0)
        if function in ("COALESCE", "IF"):
            return _union(self.of(each) for each in arguments[function == "IF" :])
        if function in _OF_TEXT or function == "CONCAT":
            found = _union(self.of(each) for each in arguments)
            return Value((found.kinds & {TAGGED}) | {TEXT})
        if function in ("ABS", *_ROUNDED):
            found = self.of(arguments[0])
            fraction = 0 if function in _ROUNDED else found.fraction
            return Value(found.numbers, found.whole, fraction)
        fixed = {"SECONDS": DECIMAL, "NOW": MOMENT, "RAND": DOUBLE, "TIMEZONE": SPAN}
        return _of(fixed[function]) if function in fixed else _ANY

    def _cast(self, node: tree.FunctionCall) -> Value:
        target = (self.names.iri(node.function) or "").removeprefix(XSD)
        if len(node.arguments) != 1 or target not in ("string", "boolean", "integer", "decimal"):
            return _ANY
        if target in ("string", "boolean"):
            return _of(TEXT if target == "string" else TRUTH)
        given = self.of(node.arguments[0])
        if given.kinds <= {WHOLE, DECIMAL, TRUTH, NODE, RESPELLED}:
            whole = target == "integer"
            kind, fraction = (WHOLE, 0) if whole else (DECIMAL, given.fraction)
            return _of(kind, whole=given.whole, fraction=fraction)
        return _ANY

    def _aggregate(self, node: tree.Aggregate) -> Value:
        if node.function == "COUNT" or node.argument is None:
            return _of(WHOLE, whole=_COUNTED, fraction=0)
        given = self.of(node.argument)
        if node.function == "SUM":
            return Value(given.numbers | {WHOLE}, given.whole + _COUNTED, given.fraction)
        if node.function == "AVG":
            return Value(given.numbers | {DECIMAL}, given.whole, _FRACTION)
        return _of(TEXT) if node.function == "GROUP_CONCAT" else given
