"""Results that DuckDB finds, and the nodes that pySHACL must judge.

Result rows are in temporary tables and are read page by page. Nested results have tables of their
own: the rows of a branch, each with its root, the value that the outer result is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Final

from kg.records import dataclass
from kg.validation import model
from kg.validation.sieve.plan import Answer, Branch, Doubt, Part
from kg.validation.sieve.routes import Route
from kg.validation.sieve.session import Session

# Rows that are fetched from DuckDB at once; fewer if results have nested results.
PAGE: Final = 20_000
PAGE_WITHIN: Final = 4_000


@dataclass(frozen=True, slots=True)
class Told:
    """A result that DuckDB found.

    Attributes:
        answer: The shape and the constraint that is violated.
        focus: The focus node.
        value: Its value, or None.
        predicate: The property that a closed shape does not allow, or None.
        times: How often it counts.
        branches: Shapes that its value should conform to, each with its results for the value;
            empty if they are not wanted.
    """

    answer: Answer
    focus: str
    value: str | None
    predicate: str | None
    times: int
    branches: tuple[tuple[str, Sequence[Told]], ...] = ()


@dataclass(slots=True)
class _Rows:
    """A table of result rows; its column c is an index into answers, counts and branches.

    Attributes:
        table: Its name.
        answers: What the rows are of.
        asked: The queries for them, in brackets; those that have run are counted.
        counts: How many rows each query gave.
        within: The branches of those that have rows, with theirs.
    """

    table: str
    asked: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    within: dict[int, list[tuple[str, _Rows]]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.counts.values())


class Answering:
    """Runs the queries of shapes in DuckDB.

    Args:
        session: Makes the tables.
        reasons: How many results of each logical constraint get the results of its branches.
        at_once: How many queries one statement runs; each takes buffers of its own.
    """

    def __init__(self, session: Session, reasons: int = 0, at_once: int = 1) -> None:
        self._session = session
        self._reasons = reasons
        self._at_once = at_once
        self._units: list[tuple[Route, Doubt]] = []
        self.found = session.name("found")
        session.make(self.found, "SELECT 0 AS unit, '' AS n, 0::BIGINT AS w WHERE false")

    @property
    def units(self) -> Sequence[tuple[Route, Doubt]]:
        """The parts of shapes for pySHACL; `found` is the table (unit, n, w) of their nodes."""
        return self._units

    def told(self, route: Route) -> Iterator[Told]:
        """Yield the results of a shape; collect the nodes for pySHACL."""
        if not self._session.count(route.targets):
            return
        made: list[str] = []
        rows = self._fill(route.suspects.parts, made, route)
        if rows.count:
            for source in self._pages(rows, made):
                yield from (told for _, told in self._read(rows, source))
        self._session.drop(made)

    def _fill(self, parts: Sequence[Part], made: list[str], route: Route | None = None) -> _Rows:
        """Run parts, and keep their result rows.

        Args:
            parts: The parts.
            made: Receives the names of the tables to drop in the end.
            route: The route of the shape; None for nested results, whose nodes are not in doubt.
        """
        rows = _Rows(self._session.fresh("rows"))
        tables: list[str] = []
        for part in parts:
            if self._ready(part, tables):
                if route is not None:
                    self._ask_judge(route, part)
                for answer in part.answers:
                    rows.asked.append(_weighed(answer.rows, part.weights))
                    rows.answers.append(answer)
            if len(rows.asked) - len(rows.counts) >= self._at_once:
                self._add(rows, made)
            if len(rows.asked) == len(rows.counts):
                self._session.drop(tables)
                tables = []
        self._add(rows, made)
        self._session.drop(tables)
        for code, count in rows.counts.items():
            if count:
                rows.within[code] = [
                    (branch.shape, self._fill_branch(rows, code, branch, made))
                    for branch in rows.answers[code].branches
                ]
        return rows

    def _ready(self, part: Part, tables: list[str]) -> bool:
        """Make the tables of a part; return whether there is anything to query."""
        for number, step in enumerate(part.steps):
            tables.append(step.name)
            if not self._session.make(step.name, step.sql) and number == 0:
                return False
        return True

    def _ask_judge(self, route: Route, part: Part) -> None:
        for doubt in part.doubts:
            unit = len(self._units)
            self._units.append((route, doubt))
            for sql in doubt.nodes:
                weighed = _weighed(f"SELECT DISTINCT n FROM ({sql})", part.weights)
                self._session.add(self.found, f"SELECT {unit}, n, w FROM {weighed}")

    def _add(self, rows: _Rows, made: list[str]) -> None:
        """Run the queries that have not run yet, and count what each gives."""
        for start in range(len(rows.counts), len(rows.asked), self._at_once):
            codes = range(start, min(start + self._at_once, len(rows.asked)))
            # No more at once: DuckDB plans a union of dozens for longer than they take to run.
            sql = " UNION ALL ".join(
                f"SELECT {code} AS c, r, n, v, p, w::BIGINT AS w FROM {rows.asked[code]}"
                for code in codes
            )
            if rows.table in made:
                count = self._session.add(rows.table, sql)
            else:
                count = self._session.make(rows.table, sql)
                made.append(rows.table)
            rows.counts.update(dict.fromkeys(codes, 0))
            if count and len(codes) == 1:
                rows.counts[start] = count
            elif count:
                asked = f"SELECT c, count(*) FROM {rows.table} WHERE c >= {start} GROUP BY c"
                rows.counts.update(self._session.run(asked))

    def _fill_branch(self, rows: _Rows, code: int, branch: Branch, made: list[str]) -> _Rows:
        """Run a branch for the values of the rows with a code."""
        limit = ""
        if not isinstance(rows.answers[code].constraint, model.Node):
            limit = f" ORDER BY n, v LIMIT {min(self._reasons, rows.counts[code])}"
        values = f"SELECT v FROM {rows.table} WHERE c = {code}{limit}"
        tables = [branch.domain]
        self._session.make(branch.domain, f"SELECT DISTINCT v AS n FROM ({values})")
        for step in branch.steps:
            tables.append(step.name)
            self._session.make(step.name, step.sql)
        found = self._fill(branch.parts, made)
        self._session.drop(tables)
        return found

    def _pages(self, rows: _Rows, made: list[str]) -> Iterator[str]:
        """Yield a relation for each page of rows, in order."""
        size = PAGE_WITHIN if rows.within else PAGE
        if rows.count <= size:
            yield rows.table
            return
        ordered = f"{rows.table}o"
        self._session.make(
            ordered,
            f"SELECT *, (row_number() OVER (ORDER BY n, c, v, p) - 1) // {size} AS page"
            f" FROM {rows.table}",
        )
        made.append(ordered)
        for page in range((rows.count - 1) // size + 1):
            yield f"(SELECT * EXCLUDE (page) FROM {ordered} WHERE page = {page})"

    def _read(self, rows: _Rows, source: str) -> Iterator[tuple[str, Told]]:
        """Yield the root and the result of each row of a relation, in order."""
        within = {
            code: [
                (shape, self._by_root(inner, f"SELECT v FROM {source} WHERE c = {code}"))
                for shape, inner in branches
            ]
            for code, branches in rows.within.items()
        }
        for code, root, node, value, predicate, times in self._session.run(
            f"SELECT * FROM {source} ORDER BY n, c, v, p"
        ):
            branches = tuple((shape, found.get(value, ())) for shape, found in within.get(code, ()))
            yield root, Told(rows.answers[code], node, value, predicate, times, branches)

    def _by_root(self, rows: _Rows, roots: str) -> dict[str, list[Told]]:
        """Return the nested results, by root."""
        found: dict[str, list[Told]] = {}
        if rows.count:
            source = f"(SELECT t.* FROM {rows.table} t SEMI JOIN ({roots}) k ON t.r = k.v)"
            for root, told in self._read(rows, source):
                found.setdefault(root, []).append(told)
        return found


def _weighed(query: str, weights: str | None) -> str:
    """Add the columns r (root) and w (how often the node is validated for it) to a query."""
    if weights is None:
        return f"(SELECT '' AS r, q.*, 1 AS w FROM ({query}) q)"
    return f"(SELECT k.r, q.*, k.w::BIGINT AS w FROM ({query}) q JOIN {weights} k ON q.n = k.n)"
