"""Finds what bears a name, in the quad table: one pass over the labels, in any case of letters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kg.builds import check_build
from kg.duck import engine, sql_text, translated
from kg.quads import QuadTable
from kg.temporary import temporary_folder
from kg.terms import escape
from kg.workspace import Build


def find_labelled(
    build: Build, text: str, predicates: Sequence[str], most: int, memory: str | None = None
) -> list[tuple[str, str]]:
    """Return IRIs with a label that holds a text, each with one such label; the shortest first.

    Args:
        build: The build.
        text: What the label holds, whatever the case of its letters.
        predicates: The predicates of labels, as terms.
        most: How many at most.
        memory: Peak memory of the process, such as ``1GB``.

    Raises:
        InputError: The build is damaged.
        LimitError: The memory limit was reached.
    """
    table = QuadTable(check_build(build).quads)
    listed = ", ".join(map(sql_text, predicates))
    sql = f"""
        SELECT s, min_by(o, (length(o), o)) AS label FROM {table.sql}
        WHERE p IN ({listed}) AND starts_with(s, '<') AND starts_with(o, '"')
          AND contains(lower(o), lower(?))
          -- Not where only the language or the datatype holds the text.
          AND contains(lower(regexp_replace(o, '"[^"]*$', '')), lower(?))
        GROUP BY s ORDER BY length(label), label, s LIMIT {most}"""
    wanted = escape(text)
    with (
        temporary_folder("search") as folder,
        engine(Path(folder), memory) as connection,
        translated(),
    ):
        return connection.execute(sql, [wanted, wanted]).fetchall()
