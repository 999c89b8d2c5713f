"""What a query means and what it is asked of, without its answer: for ``kg query --explain``.

Oxigraph does not tell its plan. What can be told is the query as it is asked, the data it is
asked of, how many matches each of its triple patterns has by itself, and SPARQL's own algebra.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlAlgebra
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from kg.errors import KgError
from kg.names import Namer
from kg.queries.display import printable
from kg.queries.engine import Engine, Rows
from kg.sparql import algebra
from kg.sparql.algebra import fold
from kg.sparql.guard import Guarded, guard
from kg.sparql.names import Names
from kg.sparql.translate import translate
from kg.sparql.tree import PathRepeat, Variable
from kg.sparql.walk import find, triple_patterns
from kg.terms import text_of

# Named graphs that are listed, at most.
_GRAPHS: Final = 20


def explain_data(engine: Engine) -> Iterator[str]:
    """Yield lines on what is asked: the default graph's size, and the named graphs with theirs."""
    yield f"asked of: {engine.label}"
    yield f"default graph: {engine.count():,} triples"
    graphs = sorted(engine.graphs())
    yield f"named graphs: {len(graphs):,}"
    for graph in graphs[:_GRAPHS]:
        yield f"  {engine.count(graph=graph):>12,}  {graph}"
    if len(graphs) > _GRAPHS:
        yield f"  … and {len(graphs) - _GRAPHS:,} more"


def explain_query(
    query: Guarded, text: str, prefixes: Mapping[str, str], base: str
) -> Iterator[str]:
    """Yield lines on a query: its form, its text as it is sent, and its algebra."""
    yield f"form: {query.form.value}"
    yield "query:"
    for line in text.strip("\n").splitlines():
        yield f"  {printable(line)}"
    yield "algebra:"
    namer = Namer(Names(query.tree, prefixes).prefixes)
    found = translate(query.tree, prefixes, base)
    if found.pattern is not None:
        for line in algebra_lines(found.pattern, namer):
            yield f"  {printable(line)}"


def explain_patterns(
    engine: Engine, query: Guarded, prefixes: Mapping[str, str], base: str
) -> Iterator[str]:
    """Yield a line for each triple pattern: its number of matches by itself."""
    patterns = triple_patterns(query.tree)
    if not patterns:
        return
    head = query.text[: query.tree.body.span.start]
    yield "matches of each triple pattern by itself:"
    for pattern in dict.fromkeys(map(str, patterns)):
        count = _count(engine, f"{head} SELECT (COUNT(*) AS ?kgn) {{ {pattern} }}", prefixes, base)
        yield f"  {count:>12}  {printable(pattern)}"
    repeats = (mark for each in patterns for mark in find(each.verb, PathRepeat))
    if any(each.mark != "?" for each in repeats):
        yield "a path with * or + is walked from each of its ends; bind one of them to walk less"


def _count(engine: Engine, query: str, prefixes: Mapping[str, str], base: str) -> str:
    try:
        answer = engine.ask(guard(query, "a pattern", prefixes), prefixes, base)
        assert isinstance(answer, Rows)
        value = next(iter(answer))[0]
    except KgError:
        return "?"
    return f"{int(text_of(value)):,}" if value else "?"


def algebra_lines(node: algebra.Operator, namer: Namer) -> list[str]:
    """Return an operator with its parts; what it works on is indented below it."""

    def lines(each: algebra.Operator, inner: list[list[str]]) -> list[str]:
        words, below = [type(each).__name__], []
        for part in fields(each):
            value = getattr(each, part.name)
            if part.name in ("triples", "rows"):
                below += [_shown(row, namer) for row in value]
            elif value is not None and part.name not in algebra.OPERANDS:
                words.append(_shown(value, namer))
        below += [line for operand in inner for line in operand]
        return [" ".join(filter(None, words)), *(f"  {line}" for line in below)]

    return fold(node, lines)


def _shown(value: Any, namer: Namer) -> str:  # noqa: ANN401  (any part of an operator)
    """Return a part of an operator, or an expression, in one line."""
    match value:
        case Variable(name):
            return name if name.startswith("_:") else f"?{name}"
        case algebra.Constant(term) | algebra.Link(term):
            return namer(term)
        case algebra.Function(name, operands):
            parts = [_shown(each, namer) for each in operands]
            if name[0].isalpha() or len(parts) == 1 or name[1:].endswith(">"):
                return f"{namer(name)}({', '.join(parts)})"
            return f"({f' {name} '.join(parts)})"
        case algebra.Aggregation(function, expression, distinct):
            inside = "*" if expression is None else _shown(expression, namer)
            return f"{function}({'DISTINCT ' if distinct else ''}{inside})"
        case algebra.Exists(pattern):
            lines = algebra_lines(pattern, namer)
            return f"exists({' '.join(line.strip() for line in lines)})"
        case tuple():
            return " ".join(filter(None, (_shown(each, namer) for each in value)))
        case bool():  # of a key of OrderBy
            return "descending" if value else ""
        case None:
            return "UNDEF"
    if is_dataclass(value):
        parts = [_shown(getattr(value, part.name), namer) for part in fields(value)]
        return f"{type(value).__name__}({' '.join(filter(None, parts))})"
    return str(value)
