"""What a query means and what it is asked of, without its answer: for ``kg query --explain``.

Oxigraph does not tell its plan. What can be told is the query as it is asked, the data it is
asked of, how many matches each of its triple patterns has by itself, and SPARQL's own algebra.

Spec: https://www.w3.org/TR/sparql11-query/#sparqlAlgebra
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kg.errors import KgError
from kg.query.display import printable
from kg.query.engine import Engine, Rows
from kg.sparql.guard import Guarded, guard
from kg.sparql.tree import PathRepeat
from kg.sparql.walk import find, triple_patterns
from kg.sparql.words import Form
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


def explain_query(text: str, prefixes: Mapping[str, str], base: str, form: Form) -> Iterator[str]:
    """Yield lines on a query: its form, its text, and its algebra."""
    yield f"form: {form.value}"
    yield "query:"
    for line in text.strip("\n").splitlines():
        yield f"  {printable(line)}"
    yield "algebra:"
    for line in _algebra(text, prefixes, base):
        yield f"  {line}"


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


def _algebra(text: str, prefixes: Mapping[str, str], base: str) -> Iterator[str]:
    # Imported here: it takes longer than most queries.
    from pyparsing import ParseException
    from rdflib.plugins.sparql import prepareQuery

    try:
        prepared = prepareQuery(text, initNs=dict(prefixes), base=base)
    except (ParseException, ValueError, NameError, TypeError, KeyError, AttributeError) as error:
        yield f"not shown: rdflib cannot read this query ({str(error).splitlines()[0]})"
        return
    yield from _tree(prepared.algebra, prepared.prologue.namespace_manager, 0)


# Parts of an operator in rdflib's algebra that say nothing to a reader.
_HIDDEN: Final = {"_vars", "lazy", "PV", "datasetClause"}


def _tree(node: Any, names: Any, depth: int) -> Iterator[str]:  # noqa: ANN401  (rdflib's tree)
    """Yield an operator of rdflib's algebra and, indented, its parts."""
    from rdflib.plugins.sparql.parserutils import CompValue

    indent = "  " * depth
    if not isinstance(node, CompValue):
        yield f"{indent}{_inline(node, names)}"
        return
    variables = f" {_inline(node['PV'], names)}" if node.name in ("Project", "SelectQuery") else ""
    yield f"{indent}{node.name}{variables}"
    for key, part in node.items():
        if key in _HIDDEN or part is None:
            continue
        if key == "triples":
            for triple in part:
                yield f"{indent}  {' '.join(_inline(term, names) for term in triple)}"
        elif isinstance(part, CompValue) and not part.name.endswith("Expression"):
            yield from _tree(part, names, depth + 1)
        else:
            yield f"{indent}  {key}: {_inline(part, names)}"


def _inline(value: Any, names: Any) -> str:  # noqa: ANN401  (rdflib's tree)
    from rdflib import URIRef
    from rdflib.plugins.sparql.parserutils import CompValue

    if isinstance(value, CompValue):
        parts = (
            f"{_inline(part, names)}"
            for key, part in value.items()
            if part is not None and key not in _HIDDEN
        )
        return f"{value.name}({' '.join(parts)})"
    if isinstance(value, list | tuple | set | frozenset):
        parts_ = [_inline(part, names) for part in value]
        return " ".join(sorted(parts_) if isinstance(value, set | frozenset) else parts_)
    if isinstance(value, dict):
        return " ".join(f"{_inline(k, names)}={_inline(v, names)}" for k, v in value.items())
    if isinstance(value, URIRef):
        return str(value.n3(names))
    return str(value.n3()) if hasattr(value, "n3") else str(value)
