"""What the columns of a table that was read hold, found by SQL over their different values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import duckdb

from kg.duck import only_row, sql_name, sql_text
from kg.mapping.plan import Formulation, LogicalSource
from kg.mapping.source_table import Column as Loaded
from kg.mapping.source_table import SourceTable
from kg.peek import codes
from kg.peek.model import Column, Kind, Written
from kg.records import dataclass

# --- What the texts of a column are: numbers, dates, truths, in the forms that people write -------
# Each form is a regular expression of RE2, which DuckDB runs over the different values of a column,
# and for dates a pattern that must give a date.


# Texts that stand for no value, wherever they are not plainly a value of their own.
NULLS: Final = frozenset(
    {
        *("", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "none", "NaN", "nan", "\\N"),
        *("-", "--", "---", "?", ".", "..", "...", "*", "#VALUE!", "#REF!", "#DIV/0!", "missing"),
    }
)
# Those that are no value in a column of texts either.
SURE_NULLS: Final = frozenset(("", "N/A", "n/a", "#N/A", "NULL", "null", "NaN", "nan", "\\N"))
# Pairs of words for true and false, in small letters.
TRUTHS: Final = (
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("ja", "nein"),
    ("oui", "non"),
    ("sí", "no"),
    ("si", "no"),
    ("x", ""),
)


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write values of a kind.

    Attributes:
        kind: What the values are.
        written: How.
        regex: What all of them match.
        pattern: Of dates in a local form, as functions of mappings take it.
        strptime: The same for DuckDB, which tells whether there is such a day.
        cast: A type of DuckDB that must have the value.
    """

    kind: Kind
    written: Written
    regex: str
    pattern: str = ""
    strptime: str = ""
    cast: str = ""


_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
_ZONE: Final = r"(Z|[+-]\d\d:\d\d)?"
_DAY: Final = r"\d{4}-\d\d-\d\d"


def _local() -> list[Form]:
    """Return the local forms of dates; the first that fits all values counts."""
    found = []
    for day, strptime, regex in (
        ("dd.MM.yyyy", "%d.%m.%Y", r"\d{1,2}\.\d{1,2}\.\d{4}"),
        ("MM/dd/yyyy", "%m/%d/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
        ("dd/MM/yyyy", "%d/%m/%Y", r"\d{1,2}/\d{1,2}/\d{4}"),
        ("dd-MM-yyyy", "%d-%m-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
        ("MM-dd-yyyy", "%m-%d-%Y", r"\d{1,2}-\d{1,2}-\d{4}"),
        ("yyyy/MM/dd", "%Y/%m/%d", r"\d{4}/\d{1,2}/\d{1,2}"),
        ("yyyyMMdd", "%Y%m%d", r"(19|20)\d{6}"),
        ("MMM dd yyyy", "%b %d %Y", r"[A-Z][a-z]{2} \d{1,2} \d{4}"),
        ("dd MMM yyyy", "%d %b %Y", r"\d{1,2} [A-Z][a-z]{2} \d{4}"),
        ("MMM dd, yyyy", "%b %d, %Y", r"[A-Z][a-z]{2} \d{1,2}, \d{4}"),
    ):
        found.append(Form(Kind.DATE, Written.PATTERN, regex, day, strptime))
        for time, clock, more in (
            (" HH:mm:ss", " %H:%M:%S", r" \d{1,2}:\d\d:\d\d"),
            (" HH:mm", " %H:%M", r" \d{1,2}:\d\d"),
        ):
            found.append(
                Form(Kind.DATETIME, Written.PATTERN, regex + more, day + time, strptime + clock)
            )
    return found


# The narrowest first. A number with zeros in front is a code.
FORMS: Final[Sequence[Form]] = (
    Form(Kind.INTEGER, Written.PLAIN, r"[-+]?(0|[1-9]\d*)"),
    Form(Kind.DECIMAL, Written.PLAIN, r"[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)"),
    Form(Kind.DOUBLE, Written.PLAIN, r"[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][-+]?\d+)?"),
    Form(Kind.INTEGER, Written.THOUSANDS, r"[-+]?(0|[1-9]\d{0,2}(,\d{3})*)"),
    Form(Kind.DECIMAL, Written.THOUSANDS, r"[-+]?(0|[1-9]\d{0,2}(,\d{3})*)(\.\d+)?"),
    Form(Kind.DECIMAL, Written.COMMA, r"[-+]?(0|[1-9]\d*)(,\d+)?"),
    Form(Kind.INTEGER, Written.POINTS, r"[-+]?(0|[1-9]\d{0,2}(\.\d{3})*)"),
    Form(Kind.DECIMAL, Written.POINTS, r"[-+]?(0|[1-9]\d{0,2}(\.\d{3})*)(,\d+)?"),
    Form(Kind.BOOLEAN, Written.PLAIN, r"true|false"),
    Form(Kind.BOOLEAN, Written.CAPITALS, r"true|false|True|False|TRUE|FALSE"),
    Form(Kind.DATE, Written.PLAIN, _DAY, cast="DATE"),
    Form(Kind.DATETIME, Written.PLAIN, f"{_DAY}T{_TIME}{_ZONE}", cast="TIMESTAMP"),
    Form(Kind.DATETIME, Written.BLANK, f"{_DAY} {_TIME}{_ZONE}", cast="TIMESTAMP"),
    Form(
        Kind.DATETIME,
        Written.PATTERN,
        rf"{_DAY}[ ]\d\d:\d\d",
        "yyyy-MM-dd HH:mm",
        "%Y-%m-%d %H:%M",
    ),
    *_local(),
    Form(Kind.TIME, Written.PLAIN, _TIME),
    Form(Kind.ADDRESS, Written.PLAIN, r"https?://[^\s<>\"{}|\\^`%]+"),
)
# A date without a separator is told from a number by its column's name.
COMPACT: Final = "yyyyMMdd"


_VALUES: Final = "kg_peek_values"
# Different values that are looked at first: a form that they do not have is not tried on the rest.
_FIRST: Final = 100
_EXAMPLES: Final = 3
# Different values that are all told, if they are short.
_FEW: Final = 6
_SHORT: Final = 30
# Characters of codes such as those of countries.
_LONGEST_CODE: Final = 3
# What share of different texts are values of a form that is told, and how many at least.
_MOSTLY: Final = 0.75
_FEWEST_ALIKE: Final = 3
_CALLED: Final = {
    Kind.INTEGER: "whole numbers",
    Kind.DECIMAL: "numbers",
    Kind.DOUBLE: "numbers",
    Kind.DATE: "days",
    Kind.DATETIME: "times of days",
    Kind.TIME: "times",
    Kind.ADDRESS: "addresses",
    Kind.BOOLEAN: "true or false",
}
# Different texts that could stand for no value in one column.
_MOST_NULLS: Final = 4
_OF_LETTERS: Final = {
    "i": Kind.INTEGER,
    "d": Kind.DOUBLE,
    "n": Kind.DECIMAL,
    "b": Kind.BOOLEAN,
    "D": Kind.DATE,
    "T": Kind.DATETIME,
    "t": Kind.TIME,
    "P": Kind.DURATION,
    "h": Kind.BINARY,
}
_NUMBERS: Final = frozenset("idn")
_TYPED: Final = (Formulation.PARQUET, Formulation.SQL, Formulation.DUCKDB)
# Told of a column whose values have different types in the file.
SEVERAL: Final = "the file has values of several kinds here"
_LIST: Final = "the order of a list is not kept, nor what is in it twice"
_TEXT: Final = Form(Kind.TEXT, Written.PLAIN, "")


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of one column: its form, the values that do not have it, and doubts.

    `other` is a form that the values have too.
    """

    form: Form
    nulls: tuple[str, ...] = ()
    natural: bool = False
    doubts: tuple[str, ...] = ()
    other: Form | None = None


def column_of(
    connection: duckdb.DuckDBPyConnection,
    table: SourceTable,
    loaded: Loaded,
    name: str,
) -> Column:
    """Return what a column holds.

    Args:
        connection: Where the table is.
        table: The table.
        loaded: The column of it.
        name: What the file calls it.
    """
    _collect(connection, table.name, loaded)
    found = _found(connection, name, table.source)
    nulls = ", ".join(map(sql_text, found.nulls)) or "NULL"
    kept = f"{_VALUES} WHERE v NOT IN ({nulls})" if found.nulls else _VALUES
    filled, distinct, longest, most = only_row(
        connection.execute(
            "SELECT coalesce(sum(n), 0)::BIGINT, count(*), coalesce(max(length(v)), 0),"
            f" coalesce(max(n), 0) FROM {kept}"
        )
    )
    rows = only_row(connection.execute(f"SELECT count(*) FROM {sql_name(table.name)}"))[0]
    shown = connection.execute(f"SELECT v FROM {kept} ORDER BY first LIMIT {_EXAMPLES}").fetchall()
    values: tuple[str, ...] = ()
    if distinct <= _FEW and found.form.kind is Kind.TEXT:
        rows_of = connection.execute(f"SELECT v FROM {kept} ORDER BY v").fetchall()
        values = tuple(text for (text,) in rows_of if len(text) <= _SHORT)
        values = values if len(values) == distinct else ()
    kind = found.form.kind if filled else Kind.NOTHING
    if loaded.many and kind.is_number:
        found = replace(found, doubts=(*found.doubts, _LIST))
    smallest = ""
    if kind.is_number and found.form.written is Written.PLAIN:
        number = "TRY_CAST(v AS DOUBLE)"
        least, has_nan = only_row(
            connection.execute(f"SELECT min({number}), bool_or(isnan({number})) FROM {kept}")
        )
        # NaN is neither above nor below a number.
        smallest = "" if least is None or has_nan else repr(least)
    return Column(
        name,
        loaded.reference,
        kind,
        found.form.written,
        found.form.pattern,
        natural=found.natural,
        many=loaded.many,
        filled=filled,
        distinct=distinct,
        unique=0 < rows == filled and most == 1,
        longest=longest,
        examples=tuple(text for (text,) in shown),
        values=values,
        smallest=smallest,
        nulls=found.nulls,
        spellings=_spelled(connection, NULLS) if kind is Kind.TEXT else (),
        doubts=found.doubts,
        other=_way(found.other) if filled else None,
        sql=_value_sql(loaded, found.nulls),
    )


def _way(form: Form | None) -> tuple[Kind, Written, str] | None:
    return None if form is None else (form.kind, form.written, form.pattern)


def _value_sql(loaded: Loaded, nulls: Sequence[str]) -> str:
    value = f"c{loaded.index}"
    if loaded.many or not nulls:
        return value
    listed = ", ".join(map(sql_text, nulls))
    return f"(CASE WHEN {value} IN ({listed}) THEN NULL ELSE {value} END)"


def _collect(connection: duckdb.DuckDBPyConnection, table: str, loaded: Loaded) -> None:
    """Make the table of different values: v, kinds k, count n, and where the first is."""
    value, kind = f"c{loaded.index}", f"t{loaded.index}" if loaded.typed else "NULL"
    rows = f"SELECT {value} AS v, {kind} AS k, record AS r FROM {sql_name(table)}"
    if loaded.many:
        items = f"SELECT unnest({value}) AS i, record AS r FROM {sql_name(table)}"
        shown = "i.t" if loaded.typed else "NULL"
        rows = f"SELECT i.v AS v, {shown} AS k, r FROM ({items})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_VALUES} AS SELECT v, count(*) AS n, min(r) AS first,"
        f" string_agg(DISTINCT coalesce(k, ' '), '') AS k FROM ({rows})"
        " WHERE v IS NOT NULL GROUP BY v"
    )


def _found(connection: duckdb.DuckDBPyConnection, name: str, source: LogicalSource) -> _Found:
    letters = only_row(
        connection.execute(f"SELECT coalesce(string_agg(DISTINCT k, ''), '') FROM {_VALUES}")
    )[0]
    kinds = set(letters)
    # A number without a type of its own is what its text says.
    is_typed = letters != "d" or source.formulation in _TYPED
    if len(kinds) == 1 and kinds != {" "} and is_typed and letters in _OF_LETTERS:
        return _Found(Form(_OF_LETTERS[letters], Written.PLAIN, ""), natural=True)
    if kinds and not kinds <= _NUMBERS | {" "}:
        return _Found(_TEXT, _spelled(connection, SURE_NULLS), doubts=(SEVERAL,))
    found = _truth(connection) or _of_texts(connection, name)
    if found is not None and not kinds & _NUMBERS:
        why = codes.why_text(connection, _VALUES, found.form.kind, found.form.written, name)
        if why is None:
            return found
        return _Found(_TEXT, _spelled(connection, _no_texts(connection)), doubts=why)
    if found is not None:
        return found
    doubts = (SEVERAL,) if kinds & _NUMBERS else _nearly(connection)
    return _Found(_TEXT, _spelled(connection, _no_texts(connection)), doubts=doubts)


def _nearly(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return what is told of a column of texts of which most are values of one form."""
    first = connection.execute(f"SELECT v FROM {_VALUES} ORDER BY first LIMIT {_FIRST}").fetchall()
    seen = [text for (text,) in first if text not in NULLS]
    for form in FORMS:
        matching = sum(bool(re.fullmatch(form.regex, text, re.ASCII)) for text in seen)
        # Not those whose numbers are days by the name of the column alone.
        if matching < _MOSTLY * len(seen) or matching < _FEWEST_ALIKE or form.pattern == COMPACT:
            continue
        rest = f"FROM {_VALUES} WHERE NOT ({_fits(form)}) AND v NOT IN ({_listed(NULLS)})"
        misfits, total = only_row(
            connection.execute(
                f"SELECT (SELECT count(*) {rest}), count(*) FROM {_VALUES}"
                f" WHERE v NOT IN ({_listed(NULLS)})"
            )
        )
        rows = connection.execute(f"SELECT v {rest} ORDER BY v LIMIT {_EXAMPLES}").fetchall()
        # Numbers with zeros in front, and longer ones, are codes.
        is_code = all(re.fullmatch(r"[-+]?\d+", text, re.ASCII) for (text,) in rows)
        if misfits and not is_code and total - misfits >= _MOSTLY * total:
            shown = ", ".join(" ".join(text[:_SHORT].split()) for (text,) in rows)
            more = ", …" * (misfits > _EXAMPLES)
            what = (
                f"{_CALLED.get(form.kind, form.kind.value)}{form.pattern and f' ({form.pattern})'}"
            )
            return (
                f"{total - misfits:,} of {total:,} different values are {what}, but not"
                f" {shown}{more}",
            )
    return ()


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(map(sql_text, sorted(texts)))


def _no_texts(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return what stands for no value among the texts of a column.

    NA does, as R writes it, but not among codes: it is that of Namibia.
    """
    query = f"SELECT coalesce(max(length(v)), 0) FROM {_VALUES}"
    longest = only_row(connection.execute(query))[0]
    return SURE_NULLS | {"NA"} if longest > _LONGEST_CODE else SURE_NULLS


def _spelled(connection: duckdb.DuckDBPyConnection, known: frozenset[str]) -> tuple[str, ...]:
    """Return the values of a column that are among some texts."""
    listed = ", ".join(map(sql_text, sorted(known)))
    rows = connection.execute(f"SELECT v FROM {_VALUES} WHERE v IN ({listed}) ORDER BY v")
    return tuple(text for (text,) in rows.fetchall())


def _truth(connection: duckdb.DuckDBPyConnection) -> _Found | None:
    """Return the pair of words for true and false that are all the values."""
    words = connection.execute(f"SELECT DISTINCT lower(v) FROM {_VALUES} LIMIT 4").fetchall()
    known = {text for (text,) in words}
    values = known - {text.lower() for text in NULLS}
    for yes, no in TRUTHS:
        if no and values == {yes, no}:
            rows = connection.execute(f"SELECT v FROM {_VALUES} ORDER BY v").fetchall()
            nulls = tuple(text for (text,) in rows if text.lower() not in values)
            doubt = f"{yes} is taken for true, {no} for false"
            return _Found(
                Form(Kind.BOOLEAN, Written.WORDS, "", f"{yes}/{no}"), nulls, doubts=(doubt,)
            )
    return None


def _of_texts(connection: duckdb.DuckDBPyConnection, name: str) -> _Found | None:
    """Return the narrowest form that all values have but those that stand for none."""
    first = connection.execute(f"SELECT v FROM {_VALUES} ORDER BY first LIMIT {_FIRST}").fetchall()
    seen = [text for (text,) in first if text not in NULLS]
    if not seen:
        return None
    fitting = []
    for form in FORMS:
        if form.pattern == COMPACT and not re.search("date|day|datum", name, re.IGNORECASE):
            continue
        if not all(re.fullmatch(form.regex, text, re.ASCII) for text in seen):
            continue
        nulls = _misfits(connection, form)
        if nulls is not None:
            fitting.append(_Found(form, nulls))
    return _chosen(fitting, seen) if fitting else None


def _fits(form: Form) -> str:
    """Return the condition that a value has a form."""
    fits = f"regexp_full_match(v, {sql_text(form.regex)})"
    if form.strptime:
        fits += f" AND try_strptime(v, {sql_text(form.strptime)}) IS NOT NULL"
    if form.cast:
        fits += f" AND TRY_CAST(v AS {form.cast}) IS NOT NULL"
    return fits


def _misfits(connection: duckdb.DuckDBPyConnection, form: Form) -> tuple[str, ...] | None:
    """Return the values that do not have a form, if all of them can stand for no value."""
    rows = connection.execute(
        f"SELECT v FROM {_VALUES} WHERE NOT ({_fits(form)}) ORDER BY v LIMIT {_MOST_NULLS + 1}"
    ).fetchall()
    texts = tuple(text for (text,) in rows)
    total = only_row(connection.execute(f"SELECT count(*) FROM {_VALUES}"))[0]
    fine = len(texts) <= _MOST_NULLS and set(texts) <= NULLS and len(texts) < total
    return texts if fine else None


def _chosen(fitting: Sequence[_Found], seen: Sequence[str]) -> _Found:
    """Return one of the forms that fit, with a doubt where another one fits as well."""
    best, forms = fitting[0], {each.form.written: each for each in reversed(fitting)}
    if best.form.pattern == COMPACT or forms.keys() >= {Written.PATTERN, Written.PLAIN}:
        compact = [each for each in fitting if each.form.pattern == COMPACT]
        best = compact[0] if compact and best.form.kind is Kind.INTEGER else best
    points, comma = forms.get(Written.POINTS), forms.get(Written.COMMA)
    if best.form.kind is Kind.DECIMAL and best.form.written is Written.PLAIN and points:
        doubt = f"{_with('.', seen)} could be a decimal number or have points between thousands"
        return replace(best, doubts=(doubt,), other=points.form)
    if best.form.written is Written.THOUSANDS and comma is not None:
        doubt = f"{_with(',', seen)} could be a thousand or a decimal comma"
        return replace(best, doubts=(doubt,), other=comma.form)
    turned = _turned(best.form.pattern)
    other = next((each.form for each in fitting if each.form.pattern == turned), None)
    if turned and other is not None:
        first = "month" if best.form.pattern.startswith("MM") else "day"
        doubt = f"{seen[0]} is read with the {first} first; no value has a day above 12 to tell"
        return replace(best, doubts=(doubt,), other=other)
    return best


def _turned(pattern: str) -> str:
    """Return a pattern of dates with day and month the other way round; empty if it has no other.

    >>> _turned("MM/dd/yyyy HH:mm"), _turned("dd-MM-yyyy"), _turned("dd.MM.yyyy")
    ('dd/MM/yyyy HH:mm', 'MM-dd-yyyy', '')
    """
    first, mark, second, rest = pattern[:2], pattern[2:3], pattern[3:5], pattern[5:]
    is_turned = {first, second} == {"MM", "dd"} and mark in ("/", "-")
    return f"{second}{mark}{first}{rest}" if is_turned else ""


def _with(mark: str, texts: Sequence[str]) -> str:
    return next((text for text in texts if mark in text), texts[0])
