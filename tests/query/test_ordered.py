"""Triples of an answer come in one order, with the same labels, whatever the engine calls them."""

import random

import pyoxigraph as ox
import pytest

from kg.queries import ordered as module
from kg.queries.ordered import ordered
from kg.queries.oxigraph import oxigraph_term, triple_texts

E = "http://e/"
GRAPHS = {
    "chain": '_:a <e:p> _:b . _:b <e:p> _:c . _:c <e:p> "x" . _:d <e:p> "x" .',
    "circles": "_:a <e:p> _:b . _:b <e:p> _:c . _:c <e:p> _:a . _:d <e:p> _:e . _:e <e:p> _:d .",
    "loops": "_:a <e:p> _:a . _:b <e:p> _:c . _:c <e:q> _:b . <e:s> <e:p> _:c, _:d .",
    "twins": "<e:s> <e:p> [], [], [ <e:q> [] ], [ <e:q> [] ] .",
    "names": '<e:b> <e:p> 1 . <e:a> <e:q> "x"@en ; a <e:C> ; <e:p> <e:o> .',
}


def shuffled(graph, seed):
    """Return the triples in another order, with other labels."""
    random_ = random.Random(seed)
    triples = map(triple_texts, ox.parse(graph.encode(), ox.RdfFormat.TURTLE))
    names: dict[str, str] = {}

    def renamed(term):
        if not term.startswith("_:"):
            return term
        return names.setdefault(term, f"_:x{random_.getrandbits(64):x}")

    triples = [(renamed(s), p, renamed(o)) for s, p, o in triples]
    random_.shuffle(triples)
    return triples


@pytest.mark.parametrize("name", GRAPHS)
def test_order_and_labels_are_always_the_same(name):
    once = list(ordered(iter(shuffled(GRAPHS[name], 0))))
    for seed in range(1, 12):
        triples = shuffled(GRAPHS[name], seed)
        found = list(ordered(iter(triples + triples[:1])))
        assert found == once
        before, after = (
            ox.Dataset(ox.Quad(*map(oxigraph_term, triple)) for triple in each)
            for each in (triples, found)
        )
        before.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        after.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        assert before == after


def test_types_come_first():
    found = [" ".join(t) for t in ordered(iter(shuffled(GRAPHS["names"], 1)))]
    names = [line.split()[1].rpartition("#")[2] for line in found]
    assert names == ["type>", "<e:p>", "<e:q>", "<e:p>"]


def test_a_large_answer_comes_as_it_is_found(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    triples = shuffled(GRAPHS["chain"], 3)
    assert list(ordered(iter(triples))) == triples
