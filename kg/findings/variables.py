"""Variables of questions that are slips: without a value, or nearly another one."""

from __future__ import annotations

from collections.abc import Iterator

from kg.errors import Location
from kg.findings.model import Finding
from kg.queries.question import Question
from kg.queries.slips import slips
from kg.sparql.guard import read_tree
from kg.sparql.places import position


def slipped_variables(question: Question) -> Iterator[Finding]:
    """Yield a finding for each variable that is probably a slip, at its place in the question."""
    query = read_tree(question.text)
    for slip in slips(query) if query is not None else ():
        line, column = position(question.text, slip.variable.span.start)
        yield Finding(
            "slipped-variable",
            f"{question.name}: ?{slip.variable.name}",
            slip.said,
            Location(question.source, line, column),
            slip.hint,
        )
