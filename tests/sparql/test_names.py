"""IRIs and prefixed names of a query, resolved."""

from __future__ import annotations

import random

import pyoxigraph as ox
import pytest

from kg.sparql.guard import read_tree
from kg.sparql.names import Names, resolve
from kg.sparql.tree import Iri, Name
from kg.sparql.walk import find

# https://www.rfc-editor.org/rfc/rfc3986#section-5.4
BASE = "http://a/b/c/d;p?q"
EXAMPLES = {
    "g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/",
    "/g": "http://a/g", "//g": "http://g", "?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y",
    "#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s", "g?y#s": "http://a/b/c/g?y#s",
    ";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "g;x?y#s": "http://a/b/c/g;x?y#s",
    "": "http://a/b/c/d;p?q", ".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/",
    "../": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/",
    "../../g": "http://a/g", "../../../g": "http://a/g", "/./g": "http://a/g",
    "/../g": "http://a/g", "g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g",
    "g..": "http://a/b/c/g..", "..g": "http://a/b/c/..g", "./../g": "http://a/b/g",
    "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h",
    "g;x=1/./y": "http://a/b/c/g;x=1/y", "g;x=1/../y": "http://a/b/c/y",
    "g?y/../x": "http://a/b/c/g?y/../x", "g#s/../x": "http://a/b/c/g#s/../x",
}  # fmt: skip


@pytest.mark.parametrize("reference", EXAMPLES)
def test_examples_of_the_rfc(reference: str) -> None:
    assert resolve(BASE, reference) == EXAMPLES[reference]


def test_references_are_resolved_as_oxigraph_does() -> None:
    """Against a base with a host; from others, Oxigraph takes the slash of ``/..`` away."""
    rng = random.Random(0)
    pieces = ("a", "..", ".", "/", "//", "?", "#", "b:", ":", ";x", "...", "%2E", "é")
    taken = 0
    for _ in range(2_000):
        base = rng.choice((BASE, "http://a", "http://a/", "file:///x/y", "http://a?x"))
        reference = "".join(rng.choice(pieces) for _ in range(rng.randint(0, 6)))
        try:
            (row,) = ox.Store().query(f"SELECT (<{reference}> AS ?x) {{}}", base_iri=base)  # type: ignore[misc]
        except SyntaxError:
            continue
        taken += 1
        assert f"<{resolve(base, reference)}>" == str(row[0]), (base, reference)
    assert taken > 1_000


def test_names_of_a_query() -> None:
    query = read_tree(
        "BASE <http://a/b/> PREFIX p: <c#> BASE <d/> PREFIX q: <e/>"
        r" ASK { <f> p:g q:h\,i\-j , r:%41 , s:x , <\u0041> }"
    )
    assert query is not None
    names = Names(query, {"p": "http://other/", "r": "http://r/"})
    assert [names.iri(each) for each in find(query.body, Iri, Name)] == [
        "http://a/b/d/f",
        "http://a/b/c#g",
        "http://a/b/d/e/h,i-j",
        "http://r/%41",
        None,
        "http://a/b/d/A",
    ]
