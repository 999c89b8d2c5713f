"""What can be told of a single value by SQL over its text: surely good, surely bad, or neither.

A test is two SQL conditions. *Maybe bad* holds at least where the judge finds the value bad,
*surely bad* at most there. Between them lie the values whose text SQL does not read as
the judge does: lexical forms that only Python takes or refuses, escapes, other alphabets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kg.duck import sql_text
from kg.terms import RDF_LANG_STRING, XSD, XSD_STRING
from kg.validation import model
from kg.validation.names import RDFS
from kg.validation.sieve.regex import portable
from kg.validation.terms import is_literal, split_literal

_YEAR: Final = "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_DAY: Final = (
    "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    "|(?:0[13578]|1[02])-31)"
)
_DATE: Final = f"{_YEAR}-{_DAY}"
_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_FRACTION: Final = r"(?:\.[0-9]{1,6})?"
_ZONE: Final = "(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])?"
_DECIMAL: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"

# Lexical forms that rdflib surely takes as values of a datatype. Digits that may exceed the
# datatype's range are left out, and so is all that only Python reads, such as 1_000.
_SURELY_WELL_FORMED: Final[Mapping[str, str]] = {
    "integer": "[+-]?[0-9]{1,1000}",
    "long": "[+-]?[0-9]{1,1000}",
    "int": "[+-]?[0-9]{1,9}",
    "short": "[+-]?[0-9]{1,4}",
    "byte": "[+-]?[0-9]{1,2}",
    "nonNegativeInteger": r"\+?[0-9]{1,1000}",
    "positiveInteger": r"\+?0{0,9}[1-9][0-9]{0,900}",
    "unsignedLong": r"\+?[0-9]{1,18}",
    "unsignedInt": r"\+?[0-9]{1,9}",
    "unsignedShort": r"\+?[0-9]{1,4}",
    "unsignedByte": r"\+?[0-9]{1,2}",
    "nonPositiveInteger": "-[0-9]{1,1000}",
    "negativeInteger": "-0{0,9}[1-9][0-9]{0,900}",
    "decimal": _DECIMAL,
    "double": f"(?:{_DECIMAL}(?:[eE][+-]?[0-9]{{1,2}})?|-?INF|NaN)",
    "float": f"(?:{_DECIMAL}(?:[eE][+-]?[0-9]{{1,2}})?|-?INF|NaN)",
    "boolean": "(?:true|false|1|0)",
    "date": _DATE + _ZONE,
    "dateTime": f"{_DATE}T{_CLOCK}{_FRACTION}{_ZONE}",
    "time": f"{_CLOCK}{_FRACTION}{_ZONE}",
}
# Datatypes whose lexical forms rdflib checks in ways that no expression above covers.
_UNCERTAIN: Final = frozenset(
    {f"{XSD}{name}" for name in ("duration", "dayTimeDuration", "yearMonthDuration")}
    | {f"{XSD}hexBinary", f"{XSD}base64Binary"}
    | {RDF_LANG_STRING.replace("langString", name) for name in ("XMLLiteral", "HTML")}
)


@dataclass(frozen=True, slots=True)
class Test:
    """Two SQL conditions on a value.

    Attributes:
        maybe_bad: Holds wherever the judge may find the value bad.
        surely_bad: Holds only where the judge finds the value bad.
    """

    maybe_bad: str
    surely_bad: str


def exact(bad: str) -> Test:
    """Return the test whose condition is what the judge finds."""
    return Test(bad, bad)


def is_iri(v: str) -> str:
    """Return the condition that a column holds IRIs."""
    return f"starts_with({v}, '<')"


def is_blank(v: str) -> str:
    """Return the condition that a column holds blank nodes."""
    return f"starts_with({v}, '_')"


def _is_literal(v: str) -> str:
    return f"starts_with({v}, '\"')"


def _unescaped(v: str) -> str:
    """The text stands in the term as it is."""
    return f"NOT contains({v}, '\\')"


def _text(v: str) -> str:
    """The IRI, or the lexical form of a literal without escapes."""
    simple = f"substr({v}, 2, length({v}) - 2)"
    return (
        f"CASE WHEN {is_iri(v)} OR ends_with({v}, '\"') THEN {simple}"
        f" ELSE regexp_extract({v}, '^\"(.*)\"', 1) END"
    )


def language(v: str) -> str:
    """Return the language tag of a column, '' where there is none."""
    return f"regexp_extract({v}, '\"@([a-z0-9-]+)$', 1)"


def _typed(v: str, datatype: str) -> str:
    """The value is a literal of the datatype, well-formed or not."""
    if datatype == XSD_STRING:
        return f"({_is_literal(v)} AND ends_with({v}, '\"'))"
    if datatype == RDF_LANG_STRING:
        return f"({_is_literal(v)} AND {language(v)} <> '')"
    if datatype == f"{RDFS}Literal":
        return _is_literal(v)
    if datatype == f"{RDFS}Datatype":
        return f"({_is_literal(v)} AND ends_with({v}, '>'))"
    ending = sql_text('"^^<' + datatype + ">")
    return f"({_is_literal(v)} AND ends_with({v}, {ending}))"


def _datatype(constraint: model.Datatype, v: str) -> Test:
    datatype = constraint.iri
    typed = _typed(v, datatype)
    form = _SURELY_WELL_FORMED.get(datatype.removeprefix(XSD))
    if datatype in _UNCERTAIN:
        return Test("true", f"NOT {typed}")
    if form is None or not datatype.startswith(XSD):
        return exact(f"NOT {typed}")
    return Test(f"NOT {_matches(v, form, datatype)}", f"NOT {typed}")


def _matches(v: str, form: str, datatype: str) -> str:
    """The value is a literal of the datatype whose lexical form matches an expression."""
    whole = '"' + form + r'"\^\^<' + datatype.replace(".", r"\.") + ">"
    return f"regexp_full_match({v}, {sql_text(whole)})"


def _node_kind(constraint: model.NodeKind, v: str) -> Test:
    starts = ", ".join(sql_text(start) for start in sorted(constraint.starts))
    return exact(f"substr({v}, 1, 1) NOT IN ({starts})" if starts else "true")


def _min_length(constraint: model.MinLength, v: str) -> Test:
    if constraint.least == 0:
        return exact("false")
    return _length(v, f"< {constraint.least}")


def _max_length(constraint: model.MaxLength, v: str) -> Test:
    return _length(v, f"> {constraint.most}")


def _length(v: str, bad: str) -> Test:
    wrong = f"length({_text(v)}) {bad}"
    return Test(
        f"({is_blank(v)} OR NOT {_unescaped(v)} OR {wrong})",
        f"({is_blank(v)} OR ({_unescaped(v)} AND {wrong}))",
    )


def _pattern(constraint: model.Pattern, v: str) -> Test:
    flags = portable(constraint.pattern, constraint.flags)
    if flags is None:
        return Test("true", is_blank(v))
    # Both engines read ASCII text alike; a term without escapes has no line breaks.
    legible = f"({_unescaped(v)} AND regexp_full_match({v}, '[ -~]*'))"
    found = f"regexp_matches({_text(v)}, {sql_text(constraint.pattern)}, {sql_text(flags)})"
    return Test(
        f"({is_blank(v)} OR NOT {legible} OR NOT {found})",
        f"({is_blank(v)} OR ({legible} AND NOT {found}))",
    )


def _language_in(constraint: model.LanguageIn, v: str) -> Test:
    tag = language(v)
    if "*" in constraint.languages:
        return exact(f"{tag} = ''")
    if not constraint.languages:
        return exact("true")
    allowed = ", ".join(map(sql_text, constraint.languages))
    return exact(
        f"({tag} = '' OR ({tag} NOT IN ({allowed})"
        f" AND split_part({tag}, '-', 1) NOT IN ({allowed})))"
    )


def _in(constraint: model.In, v: str) -> Test:
    terms = ", ".join(map(sql_text, constraint.terms))
    return exact(f"{v} NOT IN ({terms})" if terms else "true")


def _range(constraint: model.Range, v: str) -> Test:
    """Compare with a bound, where both are of a kind that SQL compares as the judge does."""
    bound = sql_text(constraint.bound)
    sign = constraint.sign
    not_literal = f"NOT {_is_literal(v)}"
    kind = comparable_kind(constraint.bound)
    if kind is None:
        return Test("true", not_literal)
    same, below = kind.both(v, bound), kind.compare(v, sign, bound)
    # A plain string never compares with a number or a date, nor a number with a string.
    strings = "false" if kind is STRINGS else _typed(v, XSD_STRING)
    return Test(
        f"({same} AND {below}) IS NOT TRUE",
        f"({not_literal} OR {strings} OR ({same} AND NOT {below})) IS TRUE",
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """Terms that SQL compares as rdflib does: those that match an expression.

    Attributes:
        form: A regular expression that the whole term matches.
        numeric: Whether they compare as numbers, else as text.
    """

    form: str
    numeric: bool

    def holds(self, v: str) -> str:
        """Return the condition that a column's term is of the kind."""
        return f"regexp_full_match({v}, {sql_text(self.form)})"

    def both(self, a: str, b: str) -> str:
        """Return the condition that two columns' terms are of the kind."""
        return f"({self.holds(a)} AND {self.holds(b)})"

    def compare(self, a: str, sign: str, b: str) -> str:
        """Return the comparison of two columns whose terms are of the kind."""
        return f"({self._key(a)} {sign} {self._key(b)})"

    def _key(self, v: str) -> str:
        text = _text(v)
        return f"TRY_CAST({text} AS DOUBLE)" if self.numeric else text


def _literals(form: str, *datatypes: str) -> str:
    return rf'"{form}"\^\^<{XSD}(?:{"|".join(datatypes)})>'.replace("www.w3.org", r"www\.w3\.org")


# Numbers of at most 15 digits, which a double tells apart. Decimals and doubles do not mix:
# Python compares 0.1 with the exact value of its double.
EXACT_NUMBERS: Final = Kind(
    "(?:"
    + "|".join(
        (
            _literals("[+-]?[0-9]{1,15}", "integer", "long"),
            _literals("[+-]?[0-9]{1,9}", "int"),
            _literals("[0-9]{1,15}", "nonNegativeInteger", "unsignedLong"),
            _literals(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,6})?", "decimal"),
        )
    )
    + ")",
    numeric=True,
)
DOUBLES: Final = Kind(
    _literals(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?", "double", "float"),
    numeric=True,
)
DATES: Final = Kind(_literals(_DATE, "date"), numeric=False)
DATE_TIMES: Final = Kind(_literals(f"{_DATE}T{_CLOCK}", "dateTime"), numeric=False)
UTC_DATE_TIMES: Final = Kind(_literals(f"{_DATE}T{_CLOCK}Z", "dateTime"), numeric=False)
# Any text without escapes; DuckDB and Python both compare by code point.
STRINGS: Final = Kind(r'"[^"\\]*"', numeric=False)
KINDS: Final = (EXACT_NUMBERS, DOUBLES, DATES, DATE_TIMES, UTC_DATE_TIMES, STRINGS)


def comparable_kind(term: str) -> Kind | None:
    """Return the kind that a term is of, or None if SQL does not compare it as the judge does."""
    if not is_literal(term) or not split_literal(term).lexical.isascii():
        return None
    return next((kind for kind in KINDS if re.fullmatch(kind.form, term)), None)


def less_than(a: str, b: str, sign: str) -> Test:
    """Return the test of a pair: bad where `a` does not stand before `b`.

    Args:
        a: Column of the value.
        b: Column of the value that it is compared with.
        sign: ``<`` or ``<=``.
    """
    good = " OR ".join(f"({k.both(a, b)} AND {k.compare(a, sign, b)})" for k in KINDS)
    bad = " OR ".join(f"({k.both(a, b)} AND NOT {k.compare(a, sign, b)})" for k in KINDS)
    return Test(f"({good}) IS NOT TRUE", f"({bad}) IS TRUE")


def value_test(constraint: model.Constraint, v: str) -> Test | None:
    """Return the test of a constraint that looks at one value at a time, else None.

    Args:
        constraint: The constraint.
        v: Name of the column with the values.
    """
    match constraint:
        case model.Datatype():
            return _datatype(constraint, v)
        case model.NodeKind():
            return _node_kind(constraint, v)
        case model.Range():
            return _range(constraint, v)
        case model.MinLength():
            return _min_length(constraint, v)
        case model.MaxLength():
            return _max_length(constraint, v)
        case model.Pattern():
            return _pattern(constraint, v)
        case model.LanguageIn():
            return _language_in(constraint, v)
        case model.In():
            return _in(constraint, v)
    return None
