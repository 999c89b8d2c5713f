r"""Pretty-prints Turtle and TriG as one SQL query over sorted rows.

The rows are in the order of the quad table. The text of a row depends only on its neighbours: a
new subject starts a block, a new predicate a line, and a row ends in the punctuation that the
next row needs (`` .`` `` ;`` `` ,``). So the query streams and nothing is aggregated.

Spec: https://www.w3.org/TR/turtle/ and https://www.w3.org/TR/trig/
"""

from __future__ import annotations

from kg.duck import sql_text
from kg.exports.names import Names
from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Printable:
    """Rows to print, in the order in which they are printed.

    Attributes:
        sql: A query with the columns s, p, o, g.
        shortened: Whether it has two more columns: ``piece``, the text of a nested object (NULL
            for others), and ``anonymous``, whether the subject needs no label.
    """

    sql: str
    shortened: bool = False

    @property
    def columns(self) -> str:
        """The columns beside s, p, o and g, as SQL."""
        return ", piece, anonymous" if self.shortened else ""

    def subject_sql(self, names: Names) -> str:
        """Return SQL for the text of the subject."""
        short = names.short_iri_sql("s")
        return f"CASE WHEN anonymous THEN '[]' ELSE {short} END" if self.shortened else short

    def object_sql(self, names: Names) -> str:
        """Return SQL for the text of the object."""
        short = names.short_object_sql("o")
        if not self.shortened:
            return short
        return f"CASE WHEN piece IS NOT NULL THEN piece ELSE {short} END"


def turtle_sql(rows: Printable, names: Names) -> str:
    """Return a query for the lines of a Turtle file, in order.

    Args:
        rows: The triples, each once.
        names: The prefixes to declare.
    """
    short = f"SELECT s, {names.short_predicate_sql('p')} AS p, o{rows.columns} FROM ({rows.sql})"
    changes = (
        f"SELECT s, p, o{rows.columns}, lag(s) OVER () IS NULL AS first,"
        " lag(s) OVER () IS DISTINCT FROM s AS new_s,"
        f" lag(p) OVER () IS DISTINCT FROM p AS new_p FROM ({short})"
    )
    following = (
        f"SELECT *, lead(new_s) OVER () AS ends_s, lead(new_p) OVER () AS ends_p FROM ({changes})"
    )
    return (
        f"SELECT concat(CASE WHEN first THEN {sql_text(names.header())} ELSE '' END,"
        f" CASE WHEN new_s THEN concat({rows.subject_sql(names)}, ' ', p)"
        " WHEN new_p THEN concat('    ', p) ELSE '       ' END,"
        f" ' ', {rows.object_sql(names)},"
        " CASE WHEN ends_s THEN e' .\\n' WHEN ends_p THEN ' ;' WHEN ends_p IS NULL THEN ' .'"
        " ELSE ' ,' END)"
        f" FROM ({following})"
    )


def trig_sql(rows: Printable, names: Names) -> str:
    """Return a query for the lines of a TriG file, in order.

    Args:
        rows: The quads ordered by graph, the default graph first.
        names: The prefixes to declare.
    """
    short = f"SELECT s, {names.short_predicate_sql('p')} AS p, o, g{rows.columns} FROM ({rows.sql})"
    changes = (
        f"SELECT s, p, o, g{rows.columns}, lag(s) OVER () IS NULL AS first,"
        " lag(s) OVER () IS NULL OR lag(g) OVER () IS DISTINCT FROM g AS new_g,"
        " lag(s) OVER () IS DISTINCT FROM s AS other_s,"
        f" lag(p) OVER () IS DISTINCT FROM p AS other_p FROM ({short})"
    )
    nested = (
        "SELECT *, new_g OR other_s AS new_s, new_g OR other_s OR other_p AS new_p"
        f" FROM ({changes})"
    )
    following = (
        "SELECT *, lead(new_g) OVER () AS ends_g, lead(new_s) OVER () AS ends_s,"
        " lead(new_p) OVER () AS ends_p,"
        f" CASE WHEN g IS NULL THEN '' ELSE '    ' END AS margin FROM ({nested})"
    )
    return (
        f"SELECT concat(CASE WHEN first THEN {sql_text(names.header())} ELSE '' END,"
        f" CASE WHEN new_g AND g IS NOT NULL THEN concat({names.short_iri_sql('g')}, e' {{\\n')"
        " ELSE '' END, margin,"
        f" CASE WHEN new_s THEN concat({rows.subject_sql(names)}, ' ', p)"
        " WHEN new_p THEN concat('    ', p) ELSE '       ' END,"
        f" ' ', {rows.object_sql(names)},"
        " CASE WHEN ends_g AND g IS NOT NULL THEN e' .\\n}\\n' WHEN ends_s THEN e' .\\n'"
        " WHEN ends_p THEN ' ;' WHEN ends_p IS NOT NULL THEN ' ,'"
        " WHEN g IS NOT NULL THEN e' .\\n}' ELSE ' .' END)"
        f" FROM ({following})"
    )
