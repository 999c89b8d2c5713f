"""What patterns begin with: property paths, given values, the solution without variables."""

from __future__ import annotations

from collections.abc import Callable

from kg.queries.table.paths import Paths, is_empty
from kg.queries.table.relation import UNIT, Column, Names, NotCompiledError, Relation, Texts
from kg.queries.table.scans import ActiveGraph, Scans
from kg.sparql import algebra
from kg.sparql.tree import Variable
from kg.sql import sql_text
from kg.table.ids import BITS, Kind

_NODES = frozenset({Kind.NODE, Kind.NUMBERED})


class Leaves:
    """Makes relations of what is not joined of others.

    Args:
        scans: Makes relations of patterns.
        id_of: Returns the id of a term.
        names: Gives names.
        column: Returns the column's name of a variable.
        texts: Gets the texts of the query's terms.
    """

    def __init__(
        self,
        scans: Scans,
        id_of: Callable[[str], int],
        names: Names,
        column: Callable[[str], str],
        texts: Texts,
    ) -> None:
        self._scans = scans
        self._id_of = id_of
        self._names = names
        self._column = column
        self._extra = texts.extra

    def keep(self, term: str) -> None:
        """Keep the text of a term of the query."""
        self._extra[self._id_of(term)] = sql_text(term)

    def unit(self, graph: ActiveGraph) -> Relation:
        """Return the solution without variables; with the graph's name, one for each graph."""
        if graph.variable is None:
            return UNIT
        column = Column(self._column(graph.variable), _NODES)
        return Relation(
            f"SELECT DISTINCT g AS {column.name} FROM spo WHERE {graph.condition}",
            {graph.variable: column},
        )

    def path(self, node: algebra.Path, graph: ActiveGraph, seeds: str | None) -> Relation:
        """Return the solutions of a property path.

        Args:
            node: The path with its ends.
            graph: The active graph.
            seeds: A SELECT of the ids that it starts from; by default its own start.
        """
        ends = [node.subject, node.object]
        places: list[str | None] = [None, None]
        for number, end in enumerate(ends):
            if isinstance(end, algebra.Constant):
                id_ = self._id_of(end.term)
                places[number] = str(id_)
                self.keep(end.term)
            elif not isinstance(end, Variable):
                raise NotCompiledError("triple terms")
        if seeds is not None:
            places[0] = seeds
        paths = Paths(self._scans, graph, self._id_of, self._names)
        sql, known = paths.sql(node.path, *places), paths.kinds(node.path)
        # Without a step a path leads to terms that the graph may lack.
        stored = not is_empty(node.path)
        extra = frozenset() if stored else self._extra_kinds()
        columns, tests = {}, []
        items = []
        for place, end, kinds in zip("ab", ends, known, strict=True):
            if isinstance(end, algebra.Constant):
                tests.append(f"{place} = {self._id_of(end.term)}")
            elif isinstance(end, Variable):
                if end.name in columns:
                    tests.append("a = b")
                    continue
                columns[end.name] = Column(self._column(end.name), kinds | extra, stored=stored)
                items.append(f"{place} AS {columns[end.name].name}")
        if graph.variable is not None:
            if graph.variable in columns:
                tests.append(f"g = {'a' if ends[0] == Variable(graph.variable) else 'b'}")
            else:
                columns[graph.variable] = Column(self._column(graph.variable), _NODES)
                items.append(f"g AS {columns[graph.variable].name}")
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        return Relation(f"SELECT {', '.join(items) or '1 AS one'} FROM ({sql}){where}", columns)

    def _extra_kinds(self) -> frozenset[Kind]:
        return frozenset(Kind(each >> BITS) for each in self._extra)

    def values(self, node: algebra.Values) -> Relation:
        """Return solutions that are given."""
        kinds: dict[str, set[Kind]] = {variable.name: set() for variable in node.variables}
        full = dict.fromkeys(kinds, True)
        rows = []
        for row in node.rows:
            cells = []
            for variable, term in zip(node.variables, row, strict=True):
                if term is None:
                    full[variable.name] = False
                    cells.append("NULL::BIGINT")
                elif isinstance(term, algebra.Constant):
                    self.keep(term.term)
                    id_ = self._id_of(term.term)
                    kinds[variable.name].add(Kind(id_ >> BITS))
                    cells.append(f"{id_}::BIGINT")
                else:
                    raise NotCompiledError("triple terms")
            rows.append(f"({', '.join(cells) or '1'})")
        columns = {
            name: Column(
                self._column(name), frozenset(found or {Kind.NODE}), full[name], stored=False
            )
            for name, found in kinds.items()
        }
        names = ", ".join(column.name for column in columns.values()) or "one"
        if not rows:
            empty = ", ".join(f"NULL::BIGINT AS {c.name}" for c in columns.values()) or "1 AS one"
            return Relation(f"SELECT {empty} WHERE false", columns)
        return Relation(f"SELECT {names} FROM (VALUES {', '.join(rows)}) AS x({names})", columns)
