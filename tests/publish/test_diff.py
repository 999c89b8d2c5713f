"""Differences are found, written in four formats, and can be applied."""

import io
import json
import random
import subprocess
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.diff import Differences, DiffOptions, diff
from kg.errors import InputError, LimitError
from tests.launcher import program

ROOT = Path(__file__).parents[2]
EX = "http://example.org/"


def kg(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program(), *map(str, words)],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def differences(
    old: str, new: str, folder: Path, options: DiffOptions | None = None
) -> tuple[Differences, str]:
    """Compare two texts in TriG."""
    for name, text in (("old", old), ("new", new)):
        (folder / f"{name}.trig").write_text(f"@prefix ex: <{EX}> .\n{text}", encoding="utf-8")
    sink = io.BytesIO()
    found = diff(str(folder / "old.trig"), str(folder / "new.trig"), sink, options=options)
    return found, sink.getvalue().decode()


def canonical(store: ox.Store | bytes) -> list[str]:
    quads = ox.parse(store, ox.RdfFormat.N_QUADS) if isinstance(store, bytes) else store
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_256)
    return sorted(map(str, dataset))


def lines(statements: list[str]) -> str:
    return "".join(f"{statement} .\n" for statement in statements)


def test_text_is_grouped_by_entity_with_prefixes(tmp_path: Path) -> None:
    found, text = differences(
        "ex:b ex:p 1 . ex:a a ex:T ; ex:p 1 ; ex:q 'x'@en . ex:g { ex:a ex:p 3 }",
        "ex:b ex:p 1 . ex:a a ex:U ; ex:p 1 ; ex:q 'y'@en . ex:g { ex:a ex:p 01 }",
        tmp_path,
    )
    assert found == Differences(removed=3, added=3, entities=1, merged=False)
    assert text == (
        "ex:a\n"
        "  - a ex:T\n"
        "  + a ex:U\n"
        "  - ex:p 3  # in ex:g\n"
        '  + ex:p "01"^^xsd:integer  # in ex:g\n'
        '  - ex:q "x"@en\n'
        '  + ex:q "y"@en\n'
    )


def test_equal_graphs_have_no_differences_in_any_order_with_any_labels(tmp_path: Path) -> None:
    old = "ex:a ex:l ( 1 2 [ ex:p 3 ] ) . _:x ex:p _:y . _:y ex:p _:x . [] ex:p 1 . [] ex:p 1 ."
    new = "[] ex:p 1 . _:q ex:p _:x . _:x ex:p _:q . [] ex:p 1 . ex:a ex:l ( 1 2 [ ex:p 3 ] ) ."
    found, text = differences(old, new, tmp_path)
    assert not found
    assert text == ""


def test_copies_of_a_blank_part_are_counted(tmp_path: Path) -> None:
    found, _ = differences("[] ex:p 1 . [] ex:p 1 .", "[] ex:p 1 .", tmp_path)
    assert (found.removed, found.added) == (1, 0)


def test_only_the_changed_blank_part_differs(tmp_path: Path) -> None:
    parts = "".join(f"ex:s{n} ex:p [ ex:q {n} ] ." for n in range(50))
    found, text = differences(parts, parts.replace("ex:q 7 ", "ex:q 'seven' "), tmp_path)
    assert (found.removed, found.added) == (2, 2)
    assert "ex:s7\n" in text


def test_a_patch_turns_the_old_graph_into_the_new(tmp_path: Path) -> None:
    found, text = differences(
        "ex:a ex:p 1 . ex:g { ex:a ex:p 2 , 3 }",
        "ex:a ex:p 'a\\n\"b' . ex:g { ex:a ex:p 3 } [] ex:p 1 .",
        tmp_path,
        DiffOptions("patch", threads=1),
    )
    assert found
    rows = text.splitlines()
    assert (rows[0], rows[-1]) == ("TX .", "TC .")
    store = ox.Store()
    store.load(path=str(tmp_path / "old.trig"))
    for row in rows[1:-1]:
        (quad,) = ox.parse(row[2:].encode(), ox.RdfFormat.N_QUADS)
        (store.remove if row.startswith("D ") else store.add)(quad)
    wanted = ox.Store()
    wanted.load(path=str(tmp_path / "new.trig"))
    assert canonical(store) == canonical(wanted)


def test_a_patch_cannot_remove_a_blank_node(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        differences("[] ex:p 1 .", "ex:a ex:p 1 .", tmp_path, DiffOptions("patch"))
    assert caught.value.code == "blank-node-in-patch"


def test_an_update_removes_only_equal_parts(tmp_path: Path) -> None:
    old = "[] ex:p 1 . [] ex:p 1 . [] ex:p 1 ; ex:q 2 . ex:g { [] ex:p 1 } ex:x ex:y [ ex:p 1 ] ."
    new = "[] ex:p 1 . [] ex:p 1 ; ex:q 2 . ex:g { [] ex:p 1 } ex:x ex:y [ ex:p 1 ] ."
    _, text = differences(old, new, tmp_path, DiffOptions("update"))
    assert applied(tmp_path, text) == wanted(tmp_path)


def applied(folder: Path, update: str) -> list[str]:
    store = ox.Store()
    store.load(path=str(folder / "old.trig"))
    store.update(update)
    return canonical(store)


def wanted(folder: Path) -> list[str]:
    store = ox.Store()
    store.load(path=str(folder / "new.trig"))
    return canonical(store)


SUBJECTS = st.sampled_from(["ex:a", "ex:b", "_:x", "_:y", "_:z"])
OBJECTS = st.one_of(
    SUBJECTS, st.sampled_from(["1", '"a"@en', '"tab\\tand \\"quote\\""', '"\\\\n"'])
)
GRAPHS = st.sampled_from([None, "ex:g", "ex:h"])
QUADS = st.sets(st.tuples(SUBJECTS, st.sampled_from(["ex:p", "a"]), OBJECTS, GRAPHS), max_size=8)


def trig(quads: set[tuple[str, str, str, str | None]]) -> str:
    return "\n".join(
        f"{s} {p} {o} ." if g is None else f"{g} {{ {s} {p} {o} }}"
        for s, p, o, g in sorted(quads, key=str)
    )


@settings(max_examples=12, deadline=None)
@given(old=QUADS, new=QUADS)
def test_an_update_turns_the_old_graph_into_the_new(
    old: set[tuple[str, str, str, str | None]],
    new: set[tuple[str, str, str, str | None]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("diff")
    options = DiffOptions("update", chunk=3, threads=1)
    found, text = differences(trig(old), trig(new), folder, options)
    assert bool(found) == (wanted(folder) != applied(folder, ""))
    assert applied(folder, text) == wanted(folder)


def test_differences_do_not_depend_on_the_ranges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)
    rows = [f"ex:s{n:03} ex:p {chance.randrange(3)} ." for n in range(300)]
    changed = [row if chance.random() > 0.1 else row.replace(" .", "0 .") for row in rows]
    whole, text = differences("\n".join(rows), "\n".join(changed), tmp_path)
    monkeypatch.setattr("kg.diff.compare.RANGE", 7)
    cut, again = differences("\n".join(rows), "\n".join(changed), tmp_path)
    assert whole.removed == sum(a != b for a, b in zip(rows, changed, strict=True)) > 10
    assert (cut, again) == (whole, text)


def test_json_has_each_statement(tmp_path: Path) -> None:
    options = DiffOptions("json")
    found, text = differences(
        "ex:a a ex:T ; ex:p '\"1\\n' . ex:b ex:p [] .",
        "ex:a a ex:T . ex:g { ex:a ex:p 'é'@en }",
        tmp_path,
        options,
    )
    said = json.loads(text)
    assert list(said) == ["old", "new", "removed", "added", "entities", "merged", "changes"]
    assert (said["removed"], said["added"], said["entities"], said["merged"]) == (2, 1, 2, False)
    assert said["old"].endswith("old.trig")
    assert said["changes"][0] == {
        "change": "removed",
        "subject": f"<{EX}a>",
        "predicate": f"<{EX}p>",
        "object": '"\\"1\\n"',
        "graph": None,
    }
    signs = [(each["change"], each["object"][:3], each["graph"]) for each in said["changes"][1:]]
    assert signs == [("added", '"é"', f"<{EX}g>"), ("removed", "_:b", None)]
    assert found
    _, text = differences("ex:a ex:p 1 .", "ex:a ex:p 1 .", tmp_path, options)
    assert json.loads(text)["changes"] == []


def test_formats_without_graphs_compare_triples(tmp_path: Path) -> None:
    (tmp_path / "a.trig").write_text("<http://e/g> { <http://e/s> <http://e/p> 1 }")
    (tmp_path / "b.ttl").write_text("<http://e/s> <http://e/p> 1 .")
    found = diff(str(tmp_path / "a.trig"), str(tmp_path / "b.ttl"), io.BytesIO())
    assert (bool(found), found.merged) == (False, True)


def test_poison_blank_nodes_reach_a_limit(tmp_path: Path) -> None:
    # In a clique of similar nodes RDFC-1.0 tries all orders.
    clique = "".join(f"_:n{a} ex:p _:n{b} ." for a in range(12) for b in range(12) if a != b)
    with pytest.raises(LimitError) as caught:
        differences(clique, "ex:a ex:p 1 .", tmp_path, DiffOptions(timeout=1))
    assert caught.value.code == "blank-node-limit"


def test_exit_codes_say_whether_there_are_differences(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text("<http://e/s> <http://e/p> <http://e/o> .\n")
    (tmp_path / "b.nt").write_text("<http://e/s> <http://e/p> <http://e/q> .\n")
    same = kg("diff", "a.nt", "a.nt", cwd=tmp_path)
    assert (same.returncode, same.stdout) == (0, "")
    other = kg("diff", "a.nt", "b.nt", "-o", "out.txt", cwd=tmp_path)
    assert (other.returncode, other.stdout) == (1, "")
    assert "1 triples removed, 1 added, in 1 entities" in other.stderr
    assert (tmp_path / "out.txt").read_text().startswith("<http://e/s>\n  - <http://e/p> <http")
    assert kg("diff", "a.nt", "nothing.nt", cwd=tmp_path).returncode == 2
    assert kg("diff", "a.nt", "b.nt", "-f", "html", cwd=tmp_path).returncode == 2


def test_builds_are_compared_by_name(tmp_path: Path) -> None:
    root = tmp_path / "w"
    (root / "data").mkdir(parents=True)
    (root / "kg.toml").write_text('base = "https://example.org/"\n')
    facts = root / "data" / "facts.ttl"
    facts.write_text("<https://example.org/a> <https://example.org/p> 1 .")
    assert kg("-q", "build", cwd=root).returncode == 0
    alone = kg("diff", "previous", "unknown", cwd=root)
    assert alone.returncode == 2
    facts.write_text("<https://example.org/a> <https://example.org/p> 2 .")
    assert kg("-q", "build", cwd=root).returncode == 0
    ended = kg("diff", "previous", "current", cwd=root)
    assert ended.returncode == 1
    assert ended.stdout.count("\n") == 3
    assert "- <https://example.org/p> 1  # in <https://example.org/graph/facts>" in ended.stdout
    assert kg("diff", "current", "current", cwd=root).returncode == 0
