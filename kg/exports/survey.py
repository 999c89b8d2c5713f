"""Keeps what an export needs to know about a whole table in a file beside it.

A build never changes, so its use of prefixes and its problems are the same for every export.
`kg build` writes them to a file. If it is missing, or was made for other prefixes, the export
computes them again, which about doubles its time.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from kg.exports.checks import Problem, check_rows
from kg.exports.graphs import select_graphs
from kg.exports.names import Names, Use, change_use, survey
from kg.quads import QuadTable
from kg.records import dataclass
from kg.terms import iri

if TYPE_CHECKING:
    import duckdb

    from kg.workspace import Workspace

# File beside the quad table. Raise the number when its content changes meaning.
SURVEY_NAME: Final = "survey.json"
_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class Survey:
    """The survey of the rows that an export writes by default.

    Attributes:
        prefixes: The prefixes that it was made for.
        use: How the rows use them.
        problems: The problems of the rows.
    """

    prefixes: dict[str, str]
    use: Use
    problems: tuple[Problem, ...]


def write_survey(
    connection: duckdb.DuckDBPyConnection,
    table: QuadTable,
    workspace: Workspace,
    inferred: str | None = None,
) -> Survey:
    """Make the survey of a table, and write it beside the table.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table of a build.
        workspace: For the prefixes.
        inferred: IRI of the graph of inferred triples, which exports leave out.

    Raises:
        LimitError: The memory limit was reached.
        OSError: The file cannot be written.
    """
    selection = select_graphs(connection, table, left_out=[iri(inferred)] if inferred else ())
    rows = selection.rows_of(table)
    use = survey(connection, rows, Names.of(workspace.prefixes))
    return _written(Survey(dict(workspace.prefixes), use, check_rows(connection, rows)), table)


def change_survey(
    connection: duckdb.DuckDBPyConnection,
    known: Survey,
    old: QuadTable,
    new: QuadTable,
    table: QuadTable,
    inferred: str | None = None,
    *,
    through: bool = False,
) -> Survey | None:
    """Make the survey of a table of which some files were replaced, as `write_survey` would.

    Args:
        connection: From `kg.duck.engine`.
        known: The survey of the table before.
        old: Files with the rows that were replaced; they have all rows of a subject, or none.
        new: Files with those in their place.
        table: The table.
        inferred: As for `write_survey`.
        through: Whether to look through the table where a predicate or datatype may be the first
            or have been the last.

    Returns:
        The survey; None if it is not sure, and nothing is written.
    """
    left_out = [iri(inferred)] if inferred else []
    sides = [select_graphs(connection, side, left_out=left_out) for side in (old, new)]
    selection = max(sides, key=lambda side: side.overlapping)
    before, after = selection.rows_of(old), selection.rows_of(new)
    if (known.problems and check_rows(connection, before, few=True)) or check_rows(
        connection, after, few=True
    ):
        return None
    whole = selection.rows_of(table) if through else None
    use = change_use(connection, known.use, before, after, Names.of(known.prefixes), whole)
    return None if use is None else _written(Survey(known.prefixes, use, known.problems), table)


def _written(found: Survey, table: QuadTable) -> Survey:
    content = {"version": _VERSION, "size": table.size, **asdict(found)}
    path = table.path.with_name(SURVEY_NAME)
    path.write_text(json.dumps(content, default=sorted, ensure_ascii=False), encoding="utf-8")
    return found


def read_survey(table: QuadTable) -> Survey | None:
    """Return the survey of a table; None if there is none or it is of another table."""
    try:
        content = json.loads(table.path.with_name(SURVEY_NAME).read_text(encoding="utf-8"))
        if content["version"] != _VERSION or content["size"] != table.size:
            return None
        return _survey_from(content)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _survey_from(content: dict[str, Any]) -> Survey:
    use = content["use"]
    predicates = use["predicates"]
    return Survey(
        content["prefixes"],
        Use(
            dict(use["used"]),
            frozenset(use["unsure"]),
            None if predicates is None else tuple(predicates),
        ),
        tuple(_problem_from(problem) for problem in content["problems"]),
    )


def _problem_from(content: dict[str, Any]) -> Problem:
    examples = tuple((s, p, o, g) for s, p, o, g in content.pop("examples"))
    return Problem(**content, examples=examples)
