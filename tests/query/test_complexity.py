"""Queries that would break Oxigraph's stack, and so the process, are refused; others are not."""

from __future__ import annotations

import subprocess
import sys
from types import FrameType

import pytest

from kg.errors import InputError
from kg.sparql.guard import guard, read_tree


def query(kind: str, count: int) -> str:
    """Return a query that has one kind of part so many times."""
    numbers = range(count)
    inside = {
        "patterns": "".join(f"?a{i} <p:{i}> ?a{i + 1} . " for i in numbers),
        "objects": "?s <p:p> " + ", ".join(f"<o:{i}>" for i in numbers),
        "properties": "?s " + "; ".join(f"<p:{i}> 1" for i in numbers),
        "list": f"?s ?p ({'1 ' * count})",
        "operators": f"FILTER({' || '.join(f'?o = {i}' for i in numbers)})",
        "sums": f"FILTER({' + '.join('1' * count)} > 1)",
        "filters": "".join(f"FILTER(?o != {i}) " for i in numbers),
        "binds": "".join(f"BIND(1 AS ?x{i}) " for i in numbers),
        "unions": " UNION ".join(f"{{ ?s <p:{i}> ?o }}" for i in numbers),
        "groups": "{} " * count,
        "blocks": "VALUES ?o { 1 } " * count,
        "alternatives": f"?s {'|'.join(f'<p:{i}>' for i in numbers)} ?o",
        "steps": f"?s {'/'.join(['<p:p>'] * count)} ?o",
        "calls": f"FILTER({'STR(' * count}1{')' * count})",
        "exists": "FILTER EXISTS { " * count + "}" * count,
        "triple terms": f"?s ?p {'<<( ?s ?p ' * count}1{' )>>' * count}",
    }
    tails = {
        "order": "ORDER BY " + " ".join(f"(?o + {i})" for i in numbers),
        "sorted variables": "ORDER BY " + " ".join(f"?v{i}" for i in numbers),
        "grouped": "GROUP BY " + " ".join(f"(?o + {i} AS ?v{i})" for i in numbers),
    }
    if kind == "described":
        return "DESCRIBE " + " ".join(f"<o:{i}>" for i in numbers)
    if kind == "selected":
        return f"SELECT {' '.join(f'(SUM(?o) AS ?v{i})' for i in numbers)} {{ ?s ?p ?o }}"
    if kind in tails:
        return f"SELECT (1 AS ?one) {{ ?s ?p ?o }} {tails[kind]}"
    return f"SELECT * {{ {inside[kind]} }}"


DEEP = ("calls", "exists", "triple terms")
KINDS = (
    "patterns", "objects", "properties", "list", "operators", "sums", "filters", "binds", "unions",
    "groups", "blocks", "alternatives", "steps", "order", "sorted variables", "grouped",
    "described", "selected", *DEEP,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_would_break_the_stack_is_refused(kind: str) -> None:
    with pytest.raises(InputError) as caught:
        guard(query(kind, 400 if kind in DEEP else 4_000), "q.rq", {})
    assert caught.value.code == "too-complex"
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_ask_is_not(kind: str) -> None:
    guard(query(kind, 45 if kind in DEEP else 450), "q.rq", {})


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * {{ VALUES ?x {{ {'-1 ' * 4_000} }} }}",
        f"SELECT * {{ VALUES (?x ?y) {{ {'(1 UNDEF) ' * 4_000} }} }}",
        f"SELECT * {{ ?s ?p ?x FILTER(?x IN ({', '.join(['-1'] * 4_000)})) }}",
        f"SELECT * {{ ?s ?p ?x FILTER(?x NOT IN ({', '.join(['<o:o>'] * 4_000)})) }}",
        f"SELECT * {{ ?s ?p ?x BIND(CONCAT({', '.join(['?x'] * 4_000)}) AS ?y) }}",
        f"SELECT * {{ ?s ?p '{'SERVICE ( { UNION || ' * 1_000}' }}",
    ],
    ids=["values", "rows", "in", "not in", "arguments", "text"],
)
def test_many_values_are_taken(text: str) -> None:
    guard(text, "q.rq", {})


# At the limits, on the stack that a process has here and on a small one. Planning takes long where
# there are many patterns, so the kinds that are only slow are left out.
AT_ONCE = ("sums", "binds", "alternatives", "order", "grouped", "selected", *DEEP)


@pytest.mark.parametrize(("stack", "share"), [("8192", 1.0), ("1024", 0.125)])
def test_what_is_taken_does_not_break_the_stack(stack: str, share: float) -> None:
    counts = {"order": 660, "grouped": 660, "selected": 990, "calls": 97, "exists": 97}
    counts["triple terms"] = 97
    words = [(kind, int(counts.get(kind, 990) * share)) for kind in AT_ONCE]
    script = (
        "import threading\n"
        "from kg.sparql.guard import guard\n"
        "from kg.store import ask, empty_store\n"
        "from tests.query.test_complexity import query\n"
        "def run():\n"
        f"    for kind, count in {words!r}:\n"
        "        found = ask(empty_store(), guard(query(kind, count), 'q', {}))\n"
        "        print(kind, len(list(found)))\n"
        "run()\n"
        "thread = threading.Thread(target=run)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    limited = f'ulimit -s {stack}; exec "$0" -c "$1"'
    result = subprocess.run(
        ["/bin/sh", "-c", limited, sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, (result.returncode, result.stdout, result.stderr[-500:])
    assert len(result.stdout.splitlines()) == 2 * len(AT_ONCE)


def calls(text: str) -> int:
    """Return the number of Python's calls in which a query is read."""
    counted = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal counted
        counted += event == "call"

    read_tree.cache_clear()  # a text that was read before is not read again
    sys.setprofile(count)
    try:
        guard(text, "q.rq", {})
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in DEEP])
def test_reading_takes_work_in_proportion_to_the_text(kind: str) -> None:
    guard(query(kind, 100), "q.rq", {})  # what is made once is there
    assert calls(query(kind, 400)) < 2.2 * calls(query(kind, 200))
