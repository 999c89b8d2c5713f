"""What a build counts, when it is made and when it is asked, is what plain Python counts."""

import json
import random
import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from kg import counts
from kg.building import BuildOptions, build
from kg.counts import COUNTS_NAME, Counts, counts_of, read_counts
from kg.describe import describe
from kg.duck import engine
from kg.errors import InputError
from kg.quads import QuadTable
from kg.table.change import object_rows
from kg.table.write import write_copies
from kg.terms import RDF_TYPE
from kg.vocabulary import read_vocabulary
from kg.workspace import Build, Workspace, read_workspace
from tests.mapping.running import write_files

BASE = "http://example.org/"
SAME = "<http://www.w3.org/2002/07/owl#sameAs>"
TERMS = [
    *(f"<{BASE}{name}>" for name in "ab"),
    *("<http://other.org/x#y>", "<http://other.org/x>", "<urn:n>", "_:b1"),
]
QUOTED = ['"a"', '"<http://other.org/x#y>"', '"1"^^<http://www.w3.org/2001/XMLSchema#integer>']
GRAPHS = [None, f"<{BASE}g>", f"<{BASE}inferred>"]


def plainly(quads: set[tuple[str, ...]], left_out: str | None) -> Counts:
    triples = {tuple(quad[:3]) for quad in quads if left_out is None or quad[3] != left_out}
    classes = Counter(o for _, p, o in triples if p == RDF_TYPE and o.startswith("<"))
    spaces = ((p, o) for _, p, o in triples if p == SAME and o.startswith("<"))
    outside = ((p, o) for p, o in spaces if not o.startswith(f"<{BASE}"))
    links = Counter(
        (p, found[1]) for p, o in outside if (found := re.fullmatch("<(.*[#/])[^#/]*>", o))
    )

    def most_first(numbers: Counter[str]) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(numbers.items(), key=lambda each: (-each[1], each[0])))

    return Counts(
        triples=len(triples),
        entities=len({s for s, _, _ in triples if s.startswith(f"<{BASE}")}),
        subjects=len({s for s, _, _ in triples}),
        objects=len({o for _, _, o in triples}),
        classes=most_first(classes),
        properties=most_first(Counter(p for _, p, _ in triples)),
        links=tuple((p, space, n) for (p, space), n in sorted(links.items())),
    )


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_plain_python(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    graphs = GRAPHS[: 1 + seed % 3]
    quads = {
        (rng.choice(TERMS), rng.choice([RDF_TYPE, SAME, "<urn:p>"]),
         rng.choice(TERMS + QUOTED), rng.choice(graphs))
        for _ in range(rng.randrange(60))
    }  # fmt: skip
    held = Build(tmp_path)
    with engine(tmp_path) as connection:
        rows = sorted(quads, key=lambda q: (q[0], q[1] != RDF_TYPE, *q[1:3], q[3] or ""))
        connection.execute("CREATE TABLE q (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
        if rows:
            connection.executemany("INSERT INTO q VALUES (?, ?, ?, ?)", rows)
        connection.execute(f"COPY q TO '{held.quads}' (FORMAT parquet)")
        table = QuadTable(held.quads).sql
        for left_out in (None, GRAPHS[2]):
            assert counts.count_table(connection, table, BASE, left_out) == plainly(quads, left_out)


def built(folder: Path, infer: str = "none") -> Workspace:
    write_files(
        folder,
        {
            "kg.toml": f'base = "{BASE}"\n[build]\ninfer = "{infer}"\n',
            "data/a.nq": f"<{BASE}a> <{BASE}p> <{BASE}b> .\n<{BASE}a> {RDF_TYPE} <{BASE}C> .\n"
            f"<{BASE}C> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <{BASE}D> .\n",
        },
    )
    workspace = read_workspace(folder)
    build(workspace, BuildOptions())
    return workspace


def test_the_card_and_the_vocabulary_take_what_the_build_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = built(tmp_path, "rdfs")
    monkeypatch.delattr(counts, "count_table")  # whoever counts anew fails
    stated, every = describe(workspace), describe(workspace, with_inferred=True)
    assert (stated.triples, dict(stated.classes)) == (3, {f"<{BASE}C>": 1})
    assert every.triples > 3
    assert dict(every.classes)[f"<{BASE}D>"] == 1
    classes = read_vocabulary(workspace, workspace.current_build()).classes
    assert {each.iri for each in classes if each.count} >= {f"{BASE}C", f"{BASE}D"}


def test_another_base_and_older_builds_are_counted_when_asked(tmp_path: Path) -> None:
    workspace = built(tmp_path)
    held = workspace.current_build()
    known = counts_of(held, BASE, with_inferred=False)
    assert read_counts(held, "http://other.org/", with_inferred=False) is None
    assert counts_of(held, "http://other.org/", with_inferred=False).entities == 0
    (held.path / COUNTS_NAME).unlink()
    assert counts_of(held, BASE, with_inferred=False) == known


def test_a_graph_with_very_many_classes_is_counted_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "_MOST", 1)
    workspace = built(tmp_path)
    held = workspace.current_build()
    assert not (held.path / COUNTS_NAME).exists()
    assert counts_of(held, BASE, with_inferred=False).triples == 3
    # A file that the build does not list is none of its own, whatever it holds.
    for text in ["[]", '{"version": 1}', f'{{"version": 1, "base": "{BASE}", "all": 3}}', "x"]:
        (held.path / COUNTS_NAME).write_text(text)
        assert read_counts(held, BASE, with_inferred=False) is None
    assert describe(workspace).triples == 3


def test_changed_counts_are_a_broken_build(tmp_path: Path) -> None:
    workspace = built(tmp_path)
    path = workspace.current_build().path / COUNTS_NAME
    content = json.loads(path.read_text())
    content["all"]["triples"] = 7
    path.write_text(json.dumps(content))
    with pytest.raises(InputError) as raised:
        describe(workspace)
    assert raised.value.code == "broken-build"


@pytest.mark.parametrize("seed", range(6))
def test_counts_after_a_change_are_those_of_a_whole_count(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)

    def quad() -> tuple[str, str, str, str | None]:
        made = rng.choice([RDF_TYPE, SAME, "<urn:p>"]), rng.choice(TERMS + QUOTED)
        return rng.choice(TERMS), *made, rng.choice(GRAPHS[:2])

    before = {quad() for _ in range(30)}
    after = {each for each in before if rng.random() < 0.9} | {quad() for _ in range(2)}
    differ = {s for s, *_ in before ^ after}
    sides = {
        "old": [each for each in before if each[0] in differ],
        "new": [each for each in after if each[0] in differ],
        "whole": sorted(after, key=lambda q: (q[0], q[1] != RDF_TYPE, *q[1:3], q[3] or "")),
        "known": sorted(before, key=lambda q: (q[0], q[1] != RDF_TYPE, *q[1:3], q[3] or "")),
    }
    with engine(tmp_path) as connection:
        for name, rows in sides.items():
            made = f"CREATE TABLE {name} (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)"
            connection.execute(made)
            if rows:
                connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?)", rows)
        known = counts.count_table(connection, "known", BASE)
        found = counts.change_counts(connection, known, "old", "new", "whole", BASE)
        assert found == counts.count_table(connection, "whole", BASE)
        write_copies(connection, "whole", tmp_path / "table")
        held = partial(object_rows, connection, tmp_path / "table")
        assert held(QUOTED) == Counter(o for _, _, o, _ in after if o in QUOTED)
        again = counts.change_counts(connection, known, "old", "new", "nowhere", BASE, held)
        assert again == found
