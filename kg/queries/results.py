"""Answers for Python programs: read as often as one likes, and turned into tables.

An answer is read as the engine finds it. A small one is kept; a large one is asked for anew when
it is read again, so that memory does not grow with it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import StringIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from kg.queries.engine import Answer, Row, Rows
from kg.queries.engine import Triple as Texts
from kg.queries.limited import limited
from kg.queries.limits import Limits
from kg.queries.run import Prepared
from kg.queries.term import Term, Triple, Value, python_value

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_Raw = TypeVar("_Raw", bound=Iterable[str | None])
# Rows or triples that are kept, and that a notebook shows.
KEPT: Final = 10_000
SHOWN: Final = 50


class Solution(Mapping[str, Term]):
    """One row of an answer: variable names to RDF terms; unbound variables are left out."""

    def __init__(self, terms: Mapping[str, Term]) -> None:
        self._terms = terms

    def __getitem__(self, name: str) -> Term:
        """Return the term of a variable; KeyError if it is unbound."""
        return self._terms[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the bound variables."""
        return iter(self._terms)

    def __len__(self) -> int:
        """Return the number of bound variables."""
        return len(self._terms)

    def __repr__(self) -> str:
        """Return the terms as N-Triples text."""
        return f"Solution({', '.join(f'{name}={term}' for name, term in self.items())})"

    def value(self, name: str) -> Value | None:
        """Return the Python value of a variable, or None if it is unbound."""
        term = self._terms.get(name)
        return None if term is None else python_value(term)


class _Result(Generic[_Raw]):
    """Rows or triples of an answer.

    Args:
        first: What the engine gave; it can be read once.
        again: Asks the same once more.
        prepared: The query, which keeps what is asked open.
    """

    def __init__(
        self, first: Iterator[_Raw], again: Callable[[], Iterator[_Raw]], prepared: Prepared
    ) -> None:
        self._first: Iterator[_Raw] | None = first
        self._again = again
        self._prepared = prepared
        self._kept: list[_Raw] | None = None
        self._count: int | None = None

    def __len__(self) -> int:
        """Return the number of rows or triples; they are read for it the first time."""
        if self._count is None:
            for _ in self._read():
                pass
        assert self._count is not None
        return self._count

    def __bool__(self) -> bool:
        """Return whether there is a row or a triple."""
        if self._count is not None:
            return self._count > 0
        # What is read for it stays, so that the answer is not asked for a second time.
        source = self._again() if self._first is None else self._first
        head = list(islice(source, 1))
        self._first = chain(head, source)
        return bool(head)

    def _read(self) -> Iterator[_Raw]:
        if self._kept is not None:
            yield from self._kept
            return
        source = self._again() if self._first is None else self._first
        self._first = None
        kept: list[_Raw] | None = []
        count = 0
        for item in source:
            count += 1
            if kept is not None:
                kept.append(item)
                kept = kept if count <= KEPT else None
            yield item
        if self._count is None:
            for remark in self._prepared.remarks():
                warnings.warn(remark, stacklevel=4)
        self._kept, self._count = kept, count

    def _html(self, rows: Iterator[Row], columns: tuple[str, ...], what: str) -> str:
        """Return the first rows as an HTML table."""
        from kg.queries.display import Shortener
        from kg.queries.tabular import write_html_table

        head = list(islice(rows, SHOWN + 1))
        out = StringIO()
        write_html_table(columns, head[:SHOWN], out, Shortener(self._prepared.prefixes))
        if len(head) > SHOWN:
            total = "more" if self._count is None else f"{self._count:,} in all"
            out.write(f"<p>the first {SHOWN} {what}, {total}</p>")
        return out.getvalue()


class Solutions(_Result[Row]):
    """The rows of a SELECT. They can be read as often as you like.

    Attributes:
        columns: The names of the variables, in their order.
    """

    def __init__(self, first: Rows, again: Callable[[], Iterator[Row]], prepared: Prepared) -> None:
        super().__init__(iter(first), again, prepared)
        self.columns = first.columns

    def __iter__(self) -> Iterator[Solution]:
        """Yield the rows as they are found."""
        for row in self._read():
            bound = zip(self.columns, row, strict=True)
            yield Solution({name: Term(term) for name, term in bound if term is not None})

    def __repr__(self) -> str:
        """Return the columns, and the number of rows where it is known."""
        rows = "" if self._count is None else f", {self._count:,} rows"
        return f"Solutions({', '.join(self.columns)}{rows})"

    def _repr_html_(self) -> str:
        """Return the first rows as an HTML table, for notebooks."""
        return self._html(self._read(), self.columns, "rows")

    def to_arrow(self) -> pyarrow.Table:
        """Return the rows as a table of Apache Arrow, with a type for each column.

        Raises:
            InputError: The package pyarrow is not installed.
        """
        from kg.queries.frames import to_arrow

        return to_arrow(self.columns, self._read())

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows as a DataFrame of pandas, with a type for each column.

        Raises:
            InputError: The package pandas is not installed.
        """
        from kg.queries.frames import to_pandas

        return to_pandas(self.columns, self._read())

    def to_polars(self) -> polars.DataFrame:
        """Return the rows as a DataFrame of Polars, with a type for each column.

        Raises:
            InputError: The package polars is not installed.
        """
        from kg.queries.frames import to_polars

        return to_polars(self.columns, self._read())


class Statements(_Result[Texts]):
    """The triples of a CONSTRUCT or DESCRIBE. They can be read as often as you like."""

    def __iter__(self) -> Iterator[Triple]:
        """Yield the triples as they are found."""
        for triple in self._read():
            yield Triple(*map(Term, triple))

    def __repr__(self) -> str:
        """Return the number of triples where it is known."""
        return "Statements()" if self._count is None else f"Statements({self._count:,} triples)"

    def _repr_html_(self) -> str:
        """Return the first triples as an HTML table, for notebooks."""
        return self._html(iter(self._read()), ("subject", "predicate", "object"), "triples")


Result = Solutions | Statements | bool


def ask(prepared: Prepared, limits: Limits = Limits()) -> Result:  # noqa: B008  (it is frozen)
    """Ask a query that was prepared, and return its answer.

    Args:
        prepared: The query.
        limits: What it may take each time it is asked.

    Raises:
        InputError: The query cannot be answered.
        WorldError: The remote store cannot be reached, or refuses.
        LimitError: A limit was reached; also while the answer is read.
    """

    def again() -> Answer:
        return prepared.watched(limited(prepared.ask, limits, prepared.interrupt))

    answer = again()
    if isinstance(answer, bool):
        return answer
    if isinstance(answer, Rows):
        return Solutions(answer, lambda: iter(again()), prepared)  # type: ignore[arg-type]
    return Statements(iter(answer), lambda: iter(again()), prepared)  # type: ignore[arg-type]
