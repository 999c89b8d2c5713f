"""What a build tells of its graph, made out of what the build before tells, or of all of it.

Of two graphs that differ little only the rows are looked at of the subjects that differ.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from kg.counts import COUNTS_NAME, change_counts, put_counts, read_counts, write_counts
from kg.duck import Connection
from kg.exports import Problem, write_survey
from kg.exports.survey import SURVEY_NAME, Survey, change_survey, read_survey
from kg.kept import Kept
from kg.paths import is_folder
from kg.quads import QuadTable
from kg.queries.kinds import ACROSS, NOTED
from kg.queries.oxigraph.facts import change_facts, count_across, read_facts
from kg.table.change import object_rows
from kg.terms import iri
from kg.workspace import Build, Workspace


def kinds_of(connection: Connection, table: QuadTable, kept: Kept) -> dict[str, str] | None:
    """Return the kinds of terms of a graph, as `kg.queries.oxigraph.facts.read_facts`.

    Args:
        connection: From `kg.duck.engine`.
        table: The quad table of the build that is made.
        kept: What the build before has kept.
    """
    known = _told(kept, NOTED)
    if not isinstance(known, dict):
        return read_facts(connection, table.sql)
    if kept.same_quads() is not None:
        return known
    whole = None if kept.near() else table.sql
    found = (
        change_facts(connection, known, o.sql, n.sql, whole) for o, n in kept.nears(connection)
    )
    changed = next((kinds for kinds in found if kinds is not None), None)
    return changed or read_facts(connection, table.sql)


def across_of(connection: Connection, table: QuadTable, kept: Kept) -> int:
    """Return of a graph what `kg.queries.oxigraph.facts.count_across` does.

    Args:
        connection: From `kg.duck.engine`.
        table: As for `kinds_of`.
        kept: As for `kinds_of`.
    """
    known = _told(kept, ACROSS)
    if isinstance(known, int) and kept.same_quads() is not None:
        return known
    rows = kept.little(connection) if isinstance(known, int) else None
    if rows is None:
        return count_across(connection, table.sql)
    gone, come = (count_across(connection, side.sql) for side in rows)
    return int(known) - gone + come


def _told(kept: Kept, name: str) -> Any:  # noqa: ANN401  (what build.json has)
    return None if kept.before is None else kept.before.info().get(name)


def survey_of(
    connection: Connection,
    table: QuadTable,
    kept: Kept,
    workspace: Workspace,
    inferred: str | None,
) -> tuple[Problem, ...]:
    """Write the survey of a graph beside its table, and return its problems.

    Args:
        connection: From `kg.duck.engine`.
        table: As for `kinds_of`.
        kept: As for `kinds_of`.
        workspace: For the prefixes.
        inferred: IRI of the graph of inferred triples.

    Raises:
        LimitError: The memory limit was reached.
        OSError: The file cannot be written.
    """
    known = _known_survey(kept.before, workspace, inferred)
    if known is not None and kept.same_quads() is not None:
        if kept.copy(SURVEY_NAME):
            return known.problems
    elif known is not None:
        small = kept.near() is None
        for near in kept.nears(connection):
            found = change_survey(connection, known, *near, table, inferred, through=small)
            if found is not None:
                return found.problems
    return write_survey(connection, table, workspace, inferred).problems


def _known_survey(
    before: Build | None, workspace: Workspace, inferred: str | None
) -> Survey | None:
    """Return the survey of the build before, if it was made for the same prefixes."""
    if before is None or before.info().get("inferred_graph") != inferred:
        return None
    found = read_survey(QuadTable(before.quads))
    same = found is not None and [*found.prefixes.items()] == [*workspace.prefixes.items()]
    return found if same else None


def count_graph(
    connection: Connection,
    table: QuadTable,
    kept: Kept,
    made: Build,
    base: str,
    inferred: str | None,
) -> int:
    """Write down what a graph has, as `kg.counts.write_counts`, and return its triples.

    Args:
        connection: From `kg.duck.engine`.
        table: As for `kinds_of`.
        kept: As for `kinds_of`.
        made: The build that is made.
        base: IRI that entities begin with.
        inferred: IRI of the graph of inferred triples.

    Returns:
        The number of distinct triples in the merge of all graphs.

    Raises:
        WorldError: The disk failed.
        LimitError: The memory limit was reached.
    """
    before, known = kept.before, None
    if before is not None and before.info().get("inferred_graph") == inferred:
        known = read_counts(before, base, with_inferred=True)
    if known is not None and kept.same_quads() is not None and kept.copy(COUNTS_NAME):
        return known.triples
    rows = None if known is None or inferred is not None else kept.little(connection)
    if known is None or rows is None:
        left_out = None if inferred is None else iri(inferred)
        return write_counts(connection, table.sql, made.path, base, left_out).triples
    old, new = (side.sql for side in rows)
    held = partial(object_rows, connection, made.table) if is_folder(made.table) else None
    found = change_counts(connection, known, old, new, table.sql, base, held)
    put_counts(made.path, base, {"all": found})
    return found.triples
