"""EXISTS with a comparison beside its join: of each group the least and the greatest value decide.

``NOT EXISTS { ?other :group ?g ; :date ?later FILTER(?later > ?date) }`` compares each row with all
rows of its group. If one value of a group is greater than ``?date``, so is the greatest, as long as
values are compared that have one order. So the values of a group are parted into classes with one
order each, and of each class the greatest is kept. A value that has no order with others is a class
of its own, so that the comparison itself stays as it is, with all its errors.

Spec: https://www.w3.org/TR/sparql11-query/#func-filter-exists
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from kg.queries.table.exists import mentioned
from kg.queries.table.expressions import VariableOperand
from kg.queries.table.relation import Relation, View
from kg.sparql import algebra
from kg.sparql.tree import Variable
from kg.table.ids import Kind

# Which values of a class decide whether one of them is on the left of a sign.
_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    ">": ("max",),
    ">=": ("max",),
    "<": ("min",),
    "<=": ("min",),
    "!=": ("min", "max"),
}
_TURNED: Final = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "!=": "!="}
_CHANCE: Final = frozenset({"RAND", "UUID", "STRUUID", "BNODE"})
# Ids of these kinds are in the order of their values, and only equal ids are equal values.
_BY_ID: Final = frozenset({Kind.INTEGER, Kind.DATE, Kind.TRUTH})


class Split(NamedTuple):
    """A condition of an EXISTS, parted.

    Attributes:
        inside: What is asked of the pattern's solutions alone.
        between: What is asked of them and of the solutions around; one of them is a comparison.
        variable: The variable of the pattern that is compared.
        ends: Which of its values decide: the least (``min``), the greatest (``max``), or both.
    """

    inside: tuple[algebra.Expression, ...]
    between: tuple[algebra.Expression, ...]
    variable: str
    ends: tuple[str, ...]


def conjuncts(condition: algebra.Expression) -> Iterator[algebra.Expression]:
    """Yield the conditions that ``&&`` joins."""
    if isinstance(condition, algebra.Function) and condition.name == "&&":
        for each in condition.operands:
            yield from conjuncts(each)
    else:
        yield condition


def all_of(conditions: tuple[algebra.Expression, ...]) -> algebra.Expression:
    """Return what ``&&`` makes of conditions."""
    return conditions[0] if len(conditions) == 1 else algebra.Function("&&", conditions)


def split(condition: algebra.Expression, inner: Relation, around: Collection[str]) -> Split | None:
    """Return the parts of a condition of which one compares; None where none or several do.

    Args:
        condition: The condition.
        inner: The pattern's solutions.
        around: The variables of the solutions around.
    """
    own = {name for name in inner.columns if name not in around}
    # What both have is the same term, unless the pattern may lack it.
    sure = own | {name for name, column in inner.columns.items() if column.bound}
    inside, between = [], []
    found: tuple[str, tuple[str, ...]] | None = None
    for each in conjuncts(condition):
        names = mentioned(each)
        if _has_chance(each):
            return None
        if not names & own:
            between.append(each)
        elif names <= sure or not names & set(around):
            inside.append(each)
        elif found is None and (found := _compared(each, own, inner)) is not None:
            between.append(each)
        else:
            return None
    return None if found is None else Split(tuple(inside), tuple(between), *found)


def _has_chance(node: object) -> bool:
    if isinstance(node, algebra.Function):
        return node.name in _CHANCE or any(map(_has_chance, node.operands))
    return isinstance(node, algebra.Exists)


def _compared(
    node: algebra.Expression, own: set[str], inner: Relation
) -> tuple[str, tuple[str, ...]] | None:
    """Return the pattern's variable that is compared with what it does not have."""
    if not isinstance(node, algebra.Function) or node.name not in _ENDS:
        return None
    left, right = node.operands
    for mine, other, sign in ((left, right, node.name), (right, left, _TURNED[node.name])):
        if not isinstance(mine, Variable) or mine.name not in own:
            continue
        if not mentioned(other) & own and inner.columns[mine.name].kinds is not None:
            return mine.name, _ENDS[sign]
    return None


def extremes(
    inner: Relation, view: View, kept: list[str], operand: VariableOperand, chosen: Split
) -> Relation:
    """Return of each group of solutions those that decide.

    Args:
        inner: The solutions.
        view: A view of them.
        kept: The variables that groups agree in.
        operand: The compared variable in the view.
        chosen: Says which values decide.
    """
    column = inner.columns[chosen.variable]
    columns = {name: inner.columns[name] for name in kept}
    groups = [view.value(each) for each in columns.values()]
    items = [f"{view.value(each)} AS {each.name}" for each in columns.values()]
    value = operand.id
    if len(column.kinds or ()) == 1 and operand.kinds <= _BY_ID:
        ends = [f"{end}({value})" for end in chosen.ends]
    else:
        key, class_ = _key(operand, view), _class(operand, view)
        groups += [class_, f"CASE WHEN {class_} IS NULL THEN {value} END"]
        if Kind.LITERAL in operand.kinds:
            groups.append(view.let(f"term_language({operand.literal()})"))
        ends = [f"arg_{end}({value}, {key})" for end in chosen.ends]
    one = ends[0] if len(ends) == 1 else f"unnest([{', '.join(ends)}])"
    sql = view.select([*items, f"{one} AS {column.name}"])
    by = f" GROUP BY {', '.join(groups)}" if groups else ""
    return Relation(f"{sql}{by}", {**columns, chosen.variable: column})


def _class(operand: VariableOperand, view: View) -> str:
    """Return SQL for the class of a value; NULL where it is one of its own.

    No class has both what has a zone and what has none, nor two types of numbers: beside a float,
    a whole number is rounded otherwise than beside a double. Strings are parted by language, too.
    """
    value = operand.id
    ways = {kind: f"{int(kind)}" for kind in operand.kinds}
    # Of two nodes one is never less than the other, so that any order will do.
    ways |= dict.fromkeys(operand.kinds & {Kind.NODE, Kind.NUMBERED}, "0")
    if Kind.INSTANT in ways:
        ways[Kind.INSTANT] = f"10 + ({value} & 1)"
    if Kind.LITERAL in ways:
        text, facets = operand.literal(), operand.facets()
        assert facets is not None
        ways[Kind.LITERAL] = (
            f"CASE WHEN {facets.rank} <= 2 THEN CASE WHEN {facets.exact} IS NOT NULL THEN 20 END"
            f" WHEN {facets.rank} IN (3, 4) THEN"
            f" CASE WHEN NOT isnan({facets.double}) THEN 20 + {facets.rank} END"
            f" WHEN is_string({text}) THEN 30"
            f" WHEN term_instant({text}) IS NOT NULL THEN 40 + term_zoned({text})::INTEGER END"
        )
    return view.let(_cases(value, ways))


def _key(operand: VariableOperand, view: View) -> str:
    """Return SQL for what the values of a class are sorted by."""
    value = operand.id
    ways = dict.fromkeys(operand.kinds, f"{value}::HUGEINT")
    if Kind.DECIMAL in ways:
        ways[Kind.DECIMAL] = f"id_decimal_exact({value})"
    if Kind.LITERAL not in ways:
        return view.let(_cases(value, ways))
    text, facets = operand.literal(), operand.facets()
    assert facets is not None
    ways[Kind.LITERAL] = f"coalesce({facets.exact}, term_instant({text})::HUGEINT)"
    is_string = f"id_kind({value}) = {int(Kind.LITERAL)} AND is_string({text})"
    # A row of these is never NULL, which would hide the value.
    return view.let(
        f"struct_pack(a := {_cases(value, ways)}, b := {facets.double},"
        f" c := CASE WHEN {is_string} THEN term_lexical({text}) END)"
    )


def _cases(value: str, ways: Mapping[Kind, str]) -> str:
    cases = " ".join(f"WHEN {int(kind)} THEN {sql}" for kind, sql in sorted(ways.items()))
    return f"CASE id_kind({value}) {cases} END"
