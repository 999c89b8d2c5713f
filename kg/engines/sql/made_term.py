"""The SQL that makes a term."""

from __future__ import annotations

from kg.records import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """How a term is made of one text.

    Attributes:
        prefix: What the term begins with.
        macro: Writes the text.
        suffix: What the term ends with.
    """

    prefix: str
    macro: str
    suffix: str


@dataclass(frozen=True, slots=True)
class LateSql:
    """SQL of the text that a term is made of, where the term can be made later.

    Attributes:
        shape: How it is made then.
        value: The text; NULL where it is missing.
        kind: The kind of its natural datatype; NULL where there is none.
        list: The list of structs of text ``v`` and kind ``t``, where there are several texts.
    """

    shape: Shape
    value: str
    kind: str
    list: str


@dataclass(frozen=True, slots=True)
class TermSql:
    """SQL that makes a term: text in the form of `kg.terms`, NULL where a value is missing.

    Attributes:
        sql: A text, or a list of texts if `many`.
        missing: Condition that no term is made from a record; empty where that cannot be.
        lost: Condition that no term is made although that of the term holds; the same as
            `missing` where the term has none.
        code: The number that stands for a constant predicate or graph.
        late: How the term can be made later; None where it cannot, or an engine never does.
    """

    sql: str
    many: bool
    missing: str
    lost: str = ""
    code: int = -1
    late: LateSql | None = None

    @property
    def there(self) -> str:
        """Condition that a term is made from a record."""
        return f"({self.missing}) IS NOT TRUE" if self.missing else "true"
