r"""Finds terms that stores refuse, before anything is written.

Errors are rows with a term that is not valid RDF. Tables that kg made have none, but tables that
were made or changed by other means may. Warnings are valid RDF that some stores refuse, drop or
change: ill-typed literals and control characters.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

from kg.duck import sql_text, translated
from kg.engines.duckdb.datatypes_sql import datatypes_in, ill_typed_sql
from kg.errors import InputError
from kg.names import LABEL_PATTERN
from kg.records import dataclass
from kg.wording import counted

if TYPE_CHECKING:
    import duckdb

Severity = Literal["error", "warning"]
Row = tuple[str, str, str, str | None]
# Statements with the place they come from, as text for messages, where it is known.
Origins = Mapping[Row, str]

# Examples kept of each kind of problem.
EXAMPLES: Final = 3

# The characters that RFC 3987, section 2.2, allows. Private-use characters are accepted everywhere,
# not only in the query.
_CHARACTER: Final = (
    r"(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=\x{A0}-\x{D7FF}\x{E000}-\x{FDCF}\x{FDF0}-\x{FFEF}"
    r"\x{10000}-\x{1FFFD}\x{20000}-\x{2FFFD}\x{30000}-\x{3FFFD}\x{40000}-\x{4FFFD}"
    r"\x{50000}-\x{5FFFD}\x{60000}-\x{6FFFD}\x{70000}-\x{7FFFD}\x{80000}-\x{8FFFD}"
    r"\x{90000}-\x{9FFFD}\x{A0000}-\x{AFFFD}\x{B0000}-\x{BFFFD}\x{C0000}-\x{CFFFD}"
    r"\x{D0000}-\x{DFFFD}\x{E1000}-\x{EFFFD}\x{F0000}-\x{FFFFD}\x{100000}-\x{10FFFD}]"
    r"|%[0-9A-Fa-f]{2})"
)
_BRACKETED_HOST: Final = r"(?://[^/?#\[\]<>]*\[[0-9A-Za-z:.]+\](?::[0-9]*)?)?"
_IRI: Final = rf"<[A-Za-z][A-Za-z0-9+.\-]*:{_BRACKETED_HOST}{_CHARACTER}*(?:#{_CHARACTER}*)?>"
# https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples
_QUOTED: Final = (
    r"\"(?:[^\x00-\x1F\"\\\x7F\x{FFFE}\x{FFFF}]|\\[btnfr\"\\]|\\u00[01][0-9A-F]|\\u007F"
    r"|\\uFFF[EF])*\""
)
_LANGUAGE: Final = "[a-z]{1,8}(?:-[a-z0-9]{1,8})*"
# Literals without control characters: only these escapes occur.
_NO_CONTROLS: Final = r"(?:[^\\]|\\[tnr\"\\])*"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem, and some of the rows that have it.

    Attributes:
        code: Heading in the documentation.
        severity: ``error`` for invalid RDF, ``warning`` for RDF that stores may refuse.
        message: The problem in words.
        count: Number of rows.
        examples: The first rows, in the order of the table.
    """

    code: str
    severity: Severity
    message: str
    count: int
    examples: tuple[Row, ...]

    def lines(self, origins: Origins) -> list[str]:
        """Return the problem as text: one line, and one for each example."""
        lines = [f"{self.severity}: {self.message} ({self.count:,}; {self.code})"]
        lines.extend(
            f"  {shown(row)}" + (f"  [{origins[row]}]" if row in origins else "")
            for row in self.examples
        )
        if self.count > len(self.examples):
            lines.append(f"  and {self.count - len(self.examples):,} more")
        return lines


MESSAGES: Final[dict[str, tuple[Severity, str]]] = {
    "not-a-term": ("error", "a term is not of a kind that is allowed in its position"),
    "bad-iri": ("error", "an IRI is not valid"),
    "bad-literal": ("error", "a literal is not written as N-Triples would"),
    "bad-language-tag": ("error", "a language tag is not well-formed"),
    "ill-typed-literal": ("warning", "a literal has no value in its datatype"),
    "control-character": ("warning", "a literal contains control characters"),
}


def check_rows(
    connection: duckdb.DuckDBPyConnection, rows: str, *, few: bool = False
) -> tuple[Problem, ...]:
    """Return the problems of the rows, errors first.

    Args:
        connection: From `kg.duck.engine`.
        rows: A query with the columns s, p, o, g.
        few: Whether the rows are so few that tests take longer to plan than to run.

    Raises:
        LimitError: The memory limit was reached.
        WorldError: The disk failed.
    """
    with translated():
        datatypes = datatypes_in(connection, rows) if few else None
        columns = [_subject_code("s"), _object_code(datatypes)]
        # Tables have few distinct predicates and graphs: check each once, and search the rows
        # only if one of them is wrong.
        wrong = connection.execute(
            f"SELECT DISTINCT place FROM (SELECT DISTINCT 'p' AS place, p AS term FROM ({rows})"
            f" UNION ALL SELECT DISTINCT 'g', g FROM ({rows}) WHERE g IS NOT NULL)"
            f" WHERE CASE WHEN place = 'g' AND starts_with(term, '_:') THEN {_blank_code('term')}"
            f" ELSE {iri_code_sql('term')} END IS NOT NULL"
        ).fetchall()
        for column, code in (("p", iri_code_sql("p")), ("g", _subject_code("g"))):
            if (column,) in wrong:
                columns.append(f"CASE WHEN {column} IS NOT NULL THEN {code} END")
        flagged = f"SELECT s, p, o, g, coalesce({', '.join(columns)}) AS code FROM ({rows})"
        # A condition on the code would have it planned, and worked out, twice.
        counts = connection.execute(
            f"SELECT code, count(*) FROM ({flagged}) GROUP BY code"
        ).fetchall()
        counts = [(code, count) for code, count in counts if code is not None]
        return tuple(
            Problem(code, *MESSAGES[code], count, _examples(connection, flagged, code))
            for code, count in sorted(counts, key=lambda pair: list(MESSAGES).index(pair[0]))
        )


def refuse_errors(problems: Sequence[Problem], origins: Origins) -> None:
    """Raise the first problem that is an error.

    Raises:
        InputError: There is one.
    """
    for problem in problems:
        if problem.severity == "error":
            first = problem.examples[0]
            place = f", from {origins[first]}" if first in origins else ""
            raise InputError(
                problem.code,
                f"{problem.message}, in {counted(problem.count, 'statement')}; the first is"
                f" {shown(first)}{place}",
                hint="Nothing was written. Fix the source, or leave the graph out.",
            )


def _examples(connection: duckdb.DuckDBPyConnection, flagged: str, code: str) -> tuple[Row, ...]:
    found = connection.execute(
        f"SELECT s, p, o, g FROM ({flagged}) WHERE code = {sql_text(code)} LIMIT {EXAMPLES}"
    ).fetchall()
    return tuple((s, p, o, g) for s, p, o, g in found)


def iri_code_sql(term: str) -> str:
    """Return SQL for the code of the problem of an IRI; NULL if it is valid."""
    return (
        f"CASE WHEN NOT starts_with({term}, '<') OR starts_with({term}, '<<') THEN 'not-a-term'"
        f" WHEN NOT regexp_full_match({term}, {sql_text(_IRI)}) THEN 'bad-iri' END"
    )


def _subject_code(term: str) -> str:
    return (
        f"CASE WHEN starts_with({term}, '_:') THEN {_blank_code(term)}"
        f" ELSE {iri_code_sql(term)} END"
    )


def _blank_code(term: str) -> str:
    pattern = sql_text(LABEL_PATTERN)
    return f"CASE WHEN NOT regexp_full_match({term}, {pattern}) THEN 'not-a-term' END"


def _object_code(datatypes: Container[str] | None = None) -> str:
    valid = f"{_QUOTED}(?:@{_LANGUAGE}|\\^\\^{_IRI})?"
    no_language = f'{_QUOTED}@[^"<>]*'
    no_datatype = f'{_QUOTED}\\^\\^<[^"<>]*>'
    return (
        f"CASE WHEN NOT starts_with(o, '\"') THEN {_subject_code('o')}"
        f" WHEN NOT regexp_full_match(o, {sql_text(valid)}) THEN CASE"
        f" WHEN regexp_full_match(o, {sql_text(no_language)}) THEN 'bad-language-tag'"
        f" WHEN regexp_full_match(o, {sql_text(no_datatype)}) THEN 'bad-iri'"
        " ELSE 'bad-literal' END"
        f" WHEN ends_with(o, '>') AND {ill_typed_sql('o', datatypes)} THEN 'ill-typed-literal'"
        f" WHEN {_has_controls('o')} THEN 'control-character' END"
    )


def _has_controls(term: str) -> str:
    return f"(contains({term}, '\\') AND NOT regexp_full_match({term}, {sql_text(_NO_CONTROLS)}))"


def shown(row: Row) -> str:
    """Return a statement as text, with long terms cut."""
    return " ".join(_cut(term) for term in row if term is not None)


def _cut(term: str, length: int = 120) -> str:
    return term if len(term) <= length else f"{term[: length - 20]}…{term[-19:]}"
