"""Test single values in SQL by their text: surely good, surely bad, or in doubt.

A test is two SQL conditions. *Maybe bad* holds at least for the values that pySHACL finds bad,
*surely bad* at most for those. Values between them are in doubt, because SQL may read their text
differently: lexical forms that only Python accepts or rejects, escapes, other alphabets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from kg.duck import sql_text
from kg.records import dataclass
from kg.sql import is_blank, is_iri, is_literal
from kg.terms import RDF_LANG_STRING, XSD, XSD_STRING
from kg.validation import model, terms
from kg.validation.names import RDFS
from kg.validation.sieve.regex import portable

# Expressions are kept simple: RE2 is slow to compile counted repeats and many alternatives.
# Python has no year 0000; a cast checks whether a day exists.
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_FRACTION: Final = r"(?:\.[0-9]{1,6})?"
_ZONE: Final = "(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])?"
_DECIMAL: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_DOUBLE: Final = f"(?:{_DECIMAL}(?:[eE][+-]?[0-9][0-9]?)?|-?INF|NaN)"
# Longer lexical forms are in doubt: Python does not read an integer of 5,000 digits.
_ANY_LENGTH: Final = 1000
# More than anything that is counted.
_MOST: Final = 2**62


@dataclass(frozen=True, slots=True)
class Form:
    """Lexical forms that SQL and rdflib certainly read alike.

    Attributes:
        pattern: A regular expression for the lexical form.
        longest: The greatest number of characters.
        has_day: Whether it begins with a date, which must exist.
    """

    pattern: str
    longest: int = _ANY_LENGTH
    has_day: bool = False

    def holds(self, text: str) -> str:
        """Return the condition that a lexical form matches."""
        checks = [
            f"length({text}) <= {self.longest}",
            f"regexp_full_match({text}, {sql_text(self.pattern)})",
        ]
        if self.has_day:
            checks.append(f"NOT starts_with({text}, '0000')")
            checks.append(f"TRY_CAST(substr({text}, 1, 10) AS DATE) IS NOT NULL")
        return " AND ".join(checks)

    def held(self, v: str, ending: str) -> str:
        """Return the condition that a literal's lexical form matches, looked at where it stands.

        Args:
            v: The literal; no pattern lets its text have a quotation mark.
            ending: What it ends with.
        """
        whole = sql_text(f'^"(?:{self.pattern})"')
        longest = self.longest + len(ending) + 1
        checks = [f"length({v}) <= {longest}", f"regexp_matches({v}, {whole})"]
        if self.has_day:
            checks.append(f"NOT starts_with({v}, '\"0000')")
            checks.append(f"TRY_CAST(substr({v}, 2, 10) AS DATE) IS NOT NULL")
        return " AND ".join(checks)


def _ending(datatype: str | None) -> str:
    return '"' if datatype is None else f'"^^<{datatype}>'


def _by_datatype(
    v: str, datatypes: Iterable[str | None], then: Callable[[int, str], str], otherwise: str
) -> str:
    """Return a CASE on the datatype of a literal; only the matching branch is evaluated.

    Args:
        v: The column.
        datatypes: IRIs, or None for plain strings.
        then: Returns the result, from the number of the datatype and the lexical form.
        otherwise: The result for all other terms.
    """
    cases: list[str] = []
    for number, datatype in enumerate(datatypes):
        ending = _ending(datatype)
        text = f"substr({v}, 2, length({v}) - {len(ending) + 1})"
        # An IRI never contains a quotation mark.
        cases.append(f"WHEN ends_with({v}, {sql_text(ending)}) THEN {then(number, text)}")
    return f"CASE {' '.join(cases)} ELSE {otherwise} END" if cases else otherwise


# Lexical forms that rdflib certainly accepts for a datatype. Numbers that may exceed the datatype's
# range are left out, and so are forms that only Python accepts, such as 1_000.
_SURELY_WELL_FORMED: Final[Mapping[str, Form]] = {
    "integer": Form("[+-]?[0-9]+"),
    "long": Form("[+-]?[0-9]+"),
    "int": Form("[+-]?[0-9]+", 9),
    "short": Form("[+-]?[0-9]+", 4),
    "byte": Form("[+-]?[0-9]+", 2),
    "nonNegativeInteger": Form(r"\+?[0-9]+"),
    "positiveInteger": Form(r"\+?0*[1-9][0-9]*"),
    "unsignedLong": Form(r"\+?[0-9]+", 18),
    "unsignedInt": Form(r"\+?[0-9]+", 9),
    "unsignedShort": Form(r"\+?[0-9]+", 4),
    "unsignedByte": Form(r"\+?[0-9]+", 2),
    "nonPositiveInteger": Form("-[0-9]+"),
    "negativeInteger": Form("-0*[1-9][0-9]*"),
    "decimal": Form(_DECIMAL),
    "double": Form(_DOUBLE),
    "float": Form(_DOUBLE),
    "boolean": Form("(?:true|false|1|0)"),
    "date": Form(_DATE + _ZONE, has_day=True),
    "dateTime": Form(f"{_DATE}T{_CLOCK}{_FRACTION}{_ZONE}", has_day=True),
    "time": Form(f"{_CLOCK}{_FRACTION}{_ZONE}"),
}
# Datatypes whose lexical forms rdflib checks, but no expression above covers.
_UNCERTAIN: Final = frozenset(
    {f"{XSD}{name}" for name in ("duration", "dayTimeDuration", "yearMonthDuration")}
    | {f"{XSD}hexBinary", f"{XSD}base64Binary"}
    | {RDF_LANG_STRING.replace("langString", name) for name in ("XMLLiteral", "HTML")}
)


@dataclass(frozen=True, slots=True)
class Test:
    """Two SQL conditions on a value.

    Attributes:
        maybe_bad: Holds for all values that pySHACL may find bad.
        surely_bad: Holds only for values that pySHACL finds bad.
    """

    maybe_bad: str
    surely_bad: str


def exact(bad: str) -> Test:
    """Return a test without doubt: the condition is exactly what pySHACL finds."""
    return Test(bad, bad)


def _unescaped(v: str) -> str:
    """Return the condition that a term has no escapes."""
    return f"NOT contains({v}, '\\')"


def _text(v: str) -> str:
    """Return the IRI, or the lexical form of a literal without escapes."""
    simple = f"substr({v}, 2, length({v}) - 2)"
    return (
        f"CASE WHEN {is_iri(v)} OR ends_with({v}, '\"') THEN {simple}"
        f" ELSE regexp_extract({v}, '^\"(.*)\"', 1) END"
    )


def language(v: str) -> str:
    """Return the language tag of a column, or ''."""
    tag = f"regexp_extract({v}, '\"@([a-z0-9-]+)$', 1)"
    return f"CASE WHEN ends_with({v}, '\"') OR ends_with({v}, '>') THEN '' ELSE {tag} END"


def _typed(v: str, datatype: str) -> str:
    """Return the condition that a value is a literal of the datatype, well-formed or not."""
    if datatype == XSD_STRING:
        return f"ends_with({v}, '\"')"
    if datatype == RDF_LANG_STRING:
        return f"({is_literal(v)} AND ({language(v)}) <> '')"
    if datatype == f"{RDFS}Literal":
        return is_literal(v)
    if datatype == f"{RDFS}Datatype":
        return f"({is_literal(v)} AND ends_with({v}, '>'))"
    return f"ends_with({v}, {sql_text(_ending(datatype))})"


def _datatype(constraint: model.Datatype, v: str) -> Test:
    datatype = constraint.iri
    typed = _typed(v, datatype)
    form = _SURELY_WELL_FORMED.get(datatype.removeprefix(XSD))
    if datatype in _UNCERTAIN:
        return Test("true", f"NOT {typed}")
    if form is None or not datatype.startswith(XSD):
        return exact(f"NOT {typed}")
    return Test(f"NOT ({typed} AND {form.held(v, _ending(datatype))})", f"NOT {typed}")


def _node_kind(constraint: model.NodeKind, v: str) -> Test:
    starts = ", ".join(sql_text(start) for start in sorted(constraint.starts))
    return exact(f"substr({v}, 1, 1) NOT IN ({starts})" if starts else "true")


def bound(number: int) -> str:
    """Return a bound of lengths or counts in SQL, at most what DuckDB compares them with."""
    return str(min(number, _MOST))


def _min_length(constraint: model.MinLength, v: str) -> Test:
    if constraint.least == 0:
        return exact("false")
    return _length(v, f"< {bound(constraint.least)}")


def _max_length(constraint: model.MaxLength, v: str) -> Test:
    return _length(v, f"> {bound(constraint.most)}")


def _length(v: str, bad: str) -> Test:
    wrong = f"length({_text(v)}) {bad}"
    return Test(
        f"({is_blank(v)} OR NOT {_unescaped(v)} OR {wrong})",
        f"({is_blank(v)} OR ({_unescaped(v)} AND {wrong}))",
    )


def _pattern(constraint: model.Pattern, v: str) -> Test:
    way = portable(constraint.pattern, constraint.flags)
    if way is None:
        return Test("true", is_blank(v))
    # A term without escapes has no line breaks.
    is_ascii = f" AND strlen({v}) = length({v})" if way.ascii_only else ""
    legible = f"({_unescaped(v)}{is_ascii})"
    found = f"regexp_matches({_text(v)}, {sql_text(way.pattern)}, {sql_text(way.flags)})"
    return Test(
        f"({is_blank(v)} OR NOT {legible} OR NOT {found})",
        f"({is_blank(v)} OR ({legible} AND NOT {found}))",
    )


def _language_in(constraint: model.LanguageIn, v: str) -> Test:
    tag = f"({language(v)})"
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


def _range(constraint: model.Range, v: str, datatype: str | None = None) -> Test:
    """Compare with a bound if both are of a kind that SQL compares as pySHACL does.

    Args:
        constraint: The constraint.
        v: The column.
        datatype: The only datatype to consider: values of others are bad for another reason.
    """
    not_literal = f"NOT {is_literal(v)}"
    kind = comparable_kind(constraint.bound)
    if kind is None:
        return Test("true", not_literal)
    # A plain string is never comparable with a number or a date, nor a number with a string.
    strings = "false" if kind is STRINGS else _typed(v, XSD_STRING)
    kind = kind if datatype is None else kind.only(datatype)
    bound = kind.key(sql_text(terms.split_literal(constraint.bound).lexical))

    def judged(wanted: str) -> str:
        def then(number: int, text: str) -> str:
            compared = f"{kind.key(text)} {constraint.sign} {bound}"
            form, ending = kind.forms[number][0], _ending(kind.datatypes[number])
            return f"{form.held(v, ending)} AND {wanted} ({compared})"

        return _by_datatype(v, kind.datatypes, then, "false")

    return Test(
        f"({judged('')}) IS NOT TRUE",
        f"({not_literal} OR {strings} OR {judged('NOT')}) IS TRUE",
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """Terms that SQL compares as rdflib does.

    Attributes:
        forms: Each form with the name of its XSD datatype, None for plain strings.
        numeric: Whether they compare as numbers, else as text.
        cast: The type in DuckDB that distinguishes them as XSD does.
    """

    forms: tuple[tuple[Form, str | None], ...]
    numeric: bool = False
    cast: str = "DOUBLE"

    @property
    def datatypes(self) -> list[str | None]:
        """The datatype of each form."""
        return [None if name is None else XSD + name for _, name in self.forms]

    def only(self, datatype: str) -> Kind:
        """Return the kind with the forms of one datatype."""
        name = None if datatype == XSD_STRING else datatype.removeprefix(XSD)
        return replace(self, forms=tuple(form for form in self.forms if form[1] == name))

    def key(self, text: str) -> str:
        """Return the SQL key by which lexical forms are compared."""
        if not self.numeric:
            return text
        number = f"TRY_CAST({text} AS DOUBLE)"
        return number if self.cast == "DOUBLE" else f"TRY_CAST({number} AS {self.cast})::DOUBLE"


_POINT: Final = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_EXPONENT: Final = Form(f"{_POINT}(?:[eE][+-]?[0-9][0-9]?)?", 30)
# Numbers of at most 15 digits, which a double represents distinctly. Decimals and doubles do not
# mix: Python compares 0.1 with the exact value of its double.
EXACT_NUMBERS: Final = Kind(
    (
        (Form("[+-]?[0-9]+", 15), "integer"),
        (Form(_POINT, 15), "decimal"),
        (Form("[+-]?[0-9]+", 15), "long"),
        (Form("[+-]?[0-9]+", 9), "int"),
        (Form("[0-9]+", 15), "nonNegativeInteger"),
        (Form("0*[1-9][0-9]*", 15), "positiveInteger"),
    ),
    numeric=True,
)
DOUBLES: Final = Kind(((_EXPONENT, "double"),), numeric=True)
FLOATS: Final = Kind(((_EXPONENT, "float"),), numeric=True, cast="FLOAT")
DATES: Final = Kind(((Form(_DATE, has_day=True), "date"),))
DATE_TIMES: Final = Kind(((Form(f"{_DATE}T{_CLOCK}", has_day=True), "dateTime"),))
UTC_DATE_TIMES: Final = Kind(((Form(f"{_DATE}T{_CLOCK}Z", has_day=True), "dateTime"),))
# Any text without escapes; DuckDB and Python both compare by code point.
STRINGS: Final = Kind(((Form(r'[^"\\]*', 2**31), None),))
KINDS: Final = (EXACT_NUMBERS, DOUBLES, FLOATS, DATES, DATE_TIMES, UTC_DATE_TIMES, STRINGS)


def comparable_kind(term: str) -> Kind | None:
    """Return the kind of a term, or None if SQL does not compare it as pySHACL does."""
    if not terms.is_literal(term):
        return None
    parts = terms.split_literal(term)
    if not parts.lexical.isascii() or parts.language:
        return None
    datatype = None if parts.datatype == XSD_STRING else parts.datatype
    for kind in KINDS:
        for (form, _), name in zip(kind.forms, kind.datatypes, strict=True):
            fits = re.fullmatch(form.pattern, parts.lexical) and len(parts.lexical) <= form.longest
            if name == datatype and fits and (not form.has_day or _exists(parts.lexical[:10])):
                return kind
    return None


def _exists(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


def kinds_of(constraints: Iterable[model.Constraint]) -> tuple[Kind, ...]:
    """Return the kinds of values that conform to the constraints."""
    datatypes = [c.iri for c in constraints if isinstance(c, model.Datatype)]
    if not datatypes:
        return KINDS
    named = None if datatypes[0] == XSD_STRING else datatypes[0]
    return tuple(kind for kind in KINDS if named in kind.datatypes)


def keyed(pairs: str, comparable: Sequence[Kind]) -> str:
    """Return a query for pairs (n, v) with the columns that `less_than` compares.

    The columns are n, v; the index of the kind of v, or NULL; and its number, or else its text.

    Args:
        pairs: The pairs.
        comparable: The kinds to consider; other values have none.
    """
    forms: dict[str | None, list[tuple[int, Form]]] = {}
    for number, kind in enumerate(comparable):
        for (form, _), datatype in zip(kind.forms, kind.datatypes, strict=True):
            forms.setdefault(datatype, []).append((number, form))
    datatypes = list(forms)

    def kind_of(number: int, _: str) -> str:
        cases = (f"WHEN {form.holds('text')} THEN {k}" for k, form in forms[datatypes[number]])
        return f"CASE {' '.join(cases)} END"

    numeric = [(number, kind) for number, kind in enumerate(comparable) if kind.numeric]
    text = _by_datatype("v", datatypes, lambda _, text: text, "NULL")
    kind_sql = _by_datatype("v", datatypes, kind_of, "NULL")
    number_sql = "NULL::DOUBLE"
    if numeric:
        cases = " ".join(f"WHEN {number} THEN {kind.key('text')}" for number, kind in numeric)
        number_sql = f"CASE kind {cases} END"
    texts = f"SELECT n, v, {text} AS text FROM {pairs}"
    kinds = f"SELECT n, v, text, {kind_sql} AS kind FROM ({texts})"
    return f"SELECT n, v, kind, {number_sql} AS number, text FROM ({kinds})"


def less_than(a: str, b: str, sign: str) -> Test:
    """Return the test of a pair of rows of `keyed`: bad if ``a sign b`` does not hold.

    Args:
        a: Row with the value.
        b: Row with the value that it is compared with.
        sign: ``<`` or ``<=``.
    """
    before = (
        f"CASE WHEN {a}.number IS NULL THEN {a}.text {sign} {b}.text"
        f" ELSE {a}.number {sign} {b}.number END"
    )
    return Test(
        f"({a}.kind = {b}.kind AND {before}) IS NOT TRUE",
        f"({a}.kind = {b}.kind AND NOT {before}) IS TRUE",
    )


def value_test(constraint: model.Constraint, v: str, datatype: str | None = None) -> Test | None:
    """Return the test of a constraint on single values; None for others.

    Args:
        constraint: The constraint.
        v: Name of the column with the values.
        datatype: A datatype that is required as well, so that ranges ignore others.
    """
    match constraint:
        case model.Datatype():
            return _datatype(constraint, v)
        case model.NodeKind():
            return _node_kind(constraint, v)
        case model.Range():
            return _range(constraint, v, datatype)
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


def value_tests(constraints: Iterable[model.Constraint], v: str) -> list[Test]:
    """Return the tests of constraints on the same values; a value must violate none of them.

    If a datatype is required, ranges consider only values of it.

    Args:
        constraints: The constraints; those on more than one value have no test.
        v: Name of the column with the values.
    """
    listed = list(constraints)
    datatype = next((c.iri for c in listed if isinstance(c, model.Datatype)), None)
    tests = (value_test(constraint, v, datatype) for constraint in listed)
    return [test for test in tests if test is not None]
