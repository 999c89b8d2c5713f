"""What goes with what is counted alike in the quad table and in its coded copies."""

import random
from pathlib import Path

import pytest

from kg.duck import engine
from kg.schema_card import of_copies, of_quads
from kg.table.write import write_copies
from kg.terms import RDF_TYPE, XSD

BASE = "http://example.org/"
NODES = [f"<{BASE}{name}>" for name in ("a", "b", "n/1", "n/2")] + ["_:b1"]
LITERALS = [
    *('"text"', '"text"@en', '"01"^^<urn:t>'),
    *(
        f'"{text}"^^<{XSD}{name}>'
        for text, name in [
            *(("1", "integer"), ("01", "integer"), ("1.5", "decimal"), ("true", "boolean")),
            *(("2020-01-31", "date"), ("2020-01-31T10:00:00", "dateTime"), ("1e0", "double")),
        ]
    ),
]
GRAPHS = [None, f"<{BASE}g/1>", f"<{BASE}h>", "_:g"]


@pytest.mark.parametrize("seed", range(2))
def test_copies_give_what_the_quads_give(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    properties = [RDF_TYPE, f"<{BASE}p>", f"<{BASE}q/1>"]
    places = NODES, properties, NODES + LITERALS, GRAPHS
    quads = {tuple(map(rng.choice, places)) for _ in range(90)}
    # Enough of one beginning that its IRIs are numbered ones.
    quads |= {(f"<{BASE}n/{n}>", RDF_TYPE, f"<{BASE}n/{n % 3}>", None) for n in range(80)}
    rows = sorted(quads, key=lambda quad: (*quad[:3], quad[3] or ""))
    with engine(tmp_path) as connection:
        connection.execute("CREATE TABLE quads (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
        connection.executemany("INSERT INTO quads VALUES (?, ?, ?, ?)", rows)
        write_copies(connection, "quads", tmp_path / "table", 1 + 3 * (seed % 2))
        expected = of_quads(connection, "quads")
    with engine(tmp_path) as connection:
        assert of_copies(connection, tmp_path / "table") == expected
    assert expected.triples == len({quad[:3] for quad in quads})
