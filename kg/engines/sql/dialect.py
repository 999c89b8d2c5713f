"""What a dialect of SQL says in its own way; an engine has a module of these functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from kg.engines.sql.datatypes import Patterns
from kg.engines.sql.made_term import TermSql
from kg.mapping.plan import Call, Expression

# Returns the SQL of an expression's text; of a list that is gathered, that of the list.
Plain = Callable[[Expression], str]


class Dialect(Patterns, Protocol):
    """Expressions of SQL, each made of the SQL of its arguments."""

    def text(self, value: str) -> str:
        """Return a text as a literal."""

    def concat(self, parts: Sequence[str]) -> str:
        """Return the concatenation of texts; NULL where one is NULL."""

    def let(self, value: str, make: Callable[[str], str], bound: str = ...) -> str:
        """Return what is made of a value that is used more than once."""

    def otherwise(self, *, skips: bool) -> str:
        """Return what comes of a value that makes no valid term."""

    # --- texts ------------------------------------------------------------------------------

    def is_iri(self, value: str) -> str:
        """Return the condition that a text is an absolute IRI."""

    def is_language(self, value: str) -> str:
        """Return the condition that a text is a language tag."""

    def iri_safe(self, value: str) -> str:
        """Return a text encoded for an IRI."""

    def uri_safe(self, value: str) -> str:
        """Return a text encoded for a URI."""

    # --- literals ---------------------------------------------------------------------------

    def quoted(self, value: str) -> str:
        """Return a text as a literal of N-Triples without its datatype."""

    def natural(self, value: str, kind: str) -> str:
        """Return a value as a literal of its natural datatype."""

    def made(self, value: str, kind: str | None) -> str:
        """Return a literal of what a function gives; its kind is no SQL."""

    def guess(self, value: str) -> str:
        """Return the kind of what a text looks like."""

    def double(self, value: str) -> str:
        """Return the canonical form of a double."""

    # --- lists ------------------------------------------------------------------------------

    @property
    def NO_TEXT(self) -> str:
        """The list of one text that is missing."""

    @property
    def NO_VALUE(self) -> str:
        """The list of one value of a column that is missing."""

    def array(self, items: Sequence[str]) -> str:
        """Return a list."""

    def each(self, values: str, name: str, made: str) -> str:
        """Return the list of what is made of each value, which has a name."""

    def size(self, values: str) -> str:
        """Return the length of a list."""

    def has(self, values: str, truth: str) -> str:
        """Return the condition that ``true`` or ``false`` is in a list."""

    def has_nothing(self, values: str) -> str:
        """Return the condition that a list has no value, or NULL alone."""

    def texts(self, lists: Sequence[str]) -> str:
        """Return the texts of several lists as one list, without NULL."""

    def shown(self, values: str) -> str:
        """Return the texts of a list as one text, for people."""

    def count(self, values: TermSql) -> str:
        """Return the number of values of a record, where others are NULL."""

    def first(self, values: TermSql) -> str:
        """Return the first value of a record, where others are NULL."""

    # --- functions --------------------------------------------------------------------------

    def truth_sql(self, expression: Expression, plain: Plain) -> str:
        """Return whether an expression is true; a text is if it says so."""

    def doubtful_sql(self, value: str) -> str:
        """Return a text that is a condition and says neither true nor false, else NULL."""

    def call_sql(self, call: Call, plain: Plain) -> str:
        """Return the text that a call gives, NULL where it gives none."""

    def list_sql(self, call: Call, plain: Plain) -> str:
        """Return the list that a call gives."""
