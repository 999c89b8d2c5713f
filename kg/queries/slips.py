"""Variables of queries that are slips: without a value where they are, or nearly another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from kg.records import dataclass
from kg.sparql import tree
from kg.sparql.walk import find
from kg.wording import plain_slip

_TAKE_NOTHING: Final = ("IF", "COALESCE", "BOUND")
_DIGITS: Final = str.maketrans("", "", "0123456789")


@dataclass(frozen=True, slots=True)
class Slip:
    """A variable that is probably a slip.

    Attributes:
        variable: The place where it stands first.
        said: What is doubtful about it.
        hint: What to do.
    """

    variable: tree.Variable
    said: str
    hint: str


def slips(query: tree.Query) -> Iterator[Slip]:
    """Yield each variable that has no value, or that is used once and near another.

    No pattern gives the first a value, so FILTER drops every row, ORDER BY sorts nothing, and a
    column stays empty. The second joins nothing: rows are multiplied. Where ``HAVING`` is asked,
    SELECT has not named its columns yet.
    """
    for select in find(query, tree.Select):
        yield from _named_later(select)
    every = list(find(query, tree.Variable))
    counts = Counter(each.name for each in every)
    # The triples of a CONSTRUCT's template take values, and give none.
    template = query.body.template if isinstance(query.body, tree.Construct) else None
    in_template = {id(each) for each in template or ()}
    in_patterns = Counter(
        each.name
        for triples in find(query, tree.Triples)
        if id(triples) not in in_template
        for each in find(triples, tree.Variable)
    )
    given = {*in_patterns, *_given(query)}
    # IF(…, …, ?unbound) is how SPARQL writes that there is no value.
    meant = {
        argument.name
        for call in find(query, tree.Call)
        if call.function in _TAKE_NOTHING
        for argument in call.arguments
        if isinstance(argument, tree.Variable)
    }
    first = {each.name: each for each in reversed(every)}
    told: set[str] = set()
    for name, variable in sorted(first.items(), key=lambda item: item[1].span, reverse=True):
        if name not in given and name not in meant:
            near = plain_slip(name, _differing(name, given))
            said = f"no pattern gives ?{name} a value"
        elif counts[name] == 1 and name in in_patterns:
            near = plain_slip(name, _differing(name, given & in_patterns.keys()))
            if not near:
                continue
            said = f"?{name} is used once, and nothing is joined by it"
        else:
            continue
        if near in told:
            continue
        told.add(name)
        hint = f"Did you mean ?{near}?" if near else "Bind it in a pattern, or take it out."
        yield Slip(variable, said, hint)


def _named_later(select: tree.Select) -> Iterator[Slip]:
    """Yield the variables of HAVING to which SELECT gives a value, which is after it.

    Spec: https://www.w3.org/TR/sparql11-query/#sparqlHavingClause
    """
    made = {each.variable.name: each for each in select.items or () if isinstance(each, tree.As)}
    for key in select.modifiers.group:
        variable = key.variable if isinstance(key, tree.As) else key
        made.pop(getattr(variable, "name", ""), None)
    for condition in select.modifiers.having:
        inner = {
            id(v) for part in find(condition, tree.Aggregate) for v in find(part, tree.Variable)
        }
        for each in find(condition, tree.Variable):
            if each.name in made and id(each) not in inner:
                from kg.sparql.printer import text_of  # few queries have the slip

                shown = text_of(made.pop(each.name).expression)
                shown = shown.replace("( ", "(").replace(" )", ")")
                yield Slip(
                    each,
                    f"?{each.name} has no value in HAVING: SELECT names it afterwards",
                    f"Write {shown} there.",
                )


def _given(query: tree.Query) -> Iterator[str]:
    """Yield the variables that get values outside of triple patterns."""
    for each in find(query, tree.Values):
        yield from (variable.name for variable in each.variables)
    for bound in find(query, tree.Bind, tree.As):
        yield bound.variable.name
    for group in find(query, tree.GraphGroup, tree.Service):
        if isinstance(group.name, tree.Variable):
            yield group.name.name


def _differing(name: str, others: Iterable[str]) -> list[str]:
    """Return the names that differ from one in more than numbers, and the end of a plural."""
    plain = _plain(name)
    return [each for each in others if each != name and _plain(each) != plain]


def _plain(name: str) -> str:
    return name.translate(_DIGITS).rstrip("es_")
