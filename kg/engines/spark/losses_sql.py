"""What a triples map loses, in the SQL of Spark."""

from __future__ import annotations

from collections.abc import Sequence

from kg.engines.spark.compile import Joins, unnested
from kg.engines.spark.term_sql import TermPrinter
from kg.engines.sql.losses import LossPrinter as AnyLossPrinter
from kg.engines.sql.made_term import TermSql
from kg.mapping.rules import MapRules, Parent


class LossPrinter(AnyLossPrinter):
    """Prints what is counted of a triples map.

    Args:
        rules: The rules of the triples map.
        joins: Takes the parents whose keys are to be looked for.
    """

    def __init__(self, rules: MapRules, joins: Joins) -> None:
        super().__init__(rules, TermPrinter(rules.table))
        self.joins = joins

    def lacking(
        self, parent: Parent, child: Sequence[TermSql], keys: Sequence[TermSql]
    ) -> tuple[str, str]:
        """Return what says that no parent has the values of a child."""
        if not any(key.many for key in (*child, *keys)):
            there = self.joins.there(self.rules.table, parent, with_subject=True)
            return f"NOT ({there})", ""
        places = {name: TermSql(name, False, "") for name in ("kg_p", "kg_b", "kg_i")}
        subject = TermPrinter(parent.table).term(parent.subject)
        own, theirs = ({f"k{n}": key for n, key in enumerate(values)} for values in (child, keys))
        children = unnested(self.rules.table.name, {**own, **places})
        parents = unnested(parent.table.name, {"o": subject, **theirs})
        equal = " AND ".join(f"child.{name} = parent.{name}" for name in own)
        return "", (
            f"SELECT DISTINCT kg_p AS p0, kg_b AS b0, kg_i AS i0 FROM ({children}) AS child"
            f" LEFT SEMI JOIN (SELECT * FROM ({parents}) WHERE o IS NOT NULL) AS parent ON {equal}"
        )
