"""A changed row of a large table is mapped alone, and the build is that of a full one.

``KG_EXAMPLES=2000`` makes so many edits; a failure names the seed and the edits before it.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from kg import basis, parts
from kg.building import BuildOptions
from kg.engines.duckdb import again
from kg.sources.line_changes import line_changes
from tests.build.test_incremental import made, write

EDITS = int(os.environ.get("KG_EXAMPLES", "4"))
SEED = int(os.environ.get("KG_SEED", "19"))
MAPPING = """\
prefixes: {e: http://e/}
mappings:
  flight:
    sources: [[flights.csv~csv]]
    s: e:flight/$(id)
    po:
      - [a, e:Flight]
      - [e:delay, $(delay), xsd:integer]
      - [e:note, $(note), en~lang]
      - [e:loud, {function: grel:toUpperCase, parameters: [[grel:valueParameter, $(note)]]}]
      - p: e:by
        o:
          mapping: carrier
          condition: {function: equal, parameters: [[str1, $(carrier)], [str2, $(id)]]}
  airport:
    sources: [[flights.csv~csv]]
    s: e:airport/$(from)
    graphs: e:airports
    po: [[e:code, $(from)], [e:zone, $(zone)]]
  carrier:
    sources: [[carriers.csv~csv]]
    s: e:carrier/$(id)
    po: [[a, e:Carrier], [rdfs:label, $(name)]]
  known:
    sources: [[known.csv~csv]]
    s: e:airport/$(code)
    graphs: e:airports
    po: [[e:code, $(code)], [e:name, $(name)]]
"""
KINDS = ("change", "insert", "remove", "move", "double", "swap", "clean")
HEADS = {"flights": "id,carrier,from,zone,delay,note", "carriers": "id,name", "known": "code,name"}
FILES = {
    "kg.toml": 'base = "http://e/"\n[prefixes]\ne = "http://e/"\n',
    "data/all.yarrrml.yml": MAPPING,
    "data/more.ttl": "@prefix e: <http://e/> .\n<http://e/airport/A1> e:code 'A1', 'more' .\n",
}


NOTES = ("", "a", "ä b", '"x, y"', '"say ""hi"""', "9", "a\rb", '"c\nd"')


def row(name: str, number: int, chance: random.Random) -> str:
    if name == "flights":
        # Line ends within a record are rare: the records are no lines then.
        note = chance.choice(NOTES[:6] if chance.random() < 0.98 else NOTES)
        at = chance.randrange(6)
        zone = at if chance.random() < 0.9 else ""
        return f"F{number},C{chance.randrange(5)},A{at},{zone},{chance.randrange(99)},{note}"
    return f"{'C' if name == 'carriers' else 'A'}{number},Name {chance.randrange(9)}"


def tables(chance: random.Random) -> dict[str, list[str]]:
    numbers = {"flights": 60, "carriers": 5, "known": 4}
    return {
        name: [row(name, number, chance) for number in range(count)]
        for name, count in numbers.items()
    }


def change(lines: dict[str, list[str]], chance: random.Random, fresh: int) -> str:
    """Change some rows of a table, and return what was done."""
    name = chance.choice(["flights", "flights", "flights", "carriers", "known"])
    table, what = (
        lines[name],
        chance.choice(["change", "insert", "remove", "move", "double", "swap"]),
    )
    at = chance.randrange(len(table))
    if what == "change":
        table[at] = row(name, int(table[at].partition(",")[0][1:]), chance)
    elif what == "insert":
        table.insert(at, row(name, fresh, chance))
    elif what == "remove" and len(table) > 2:
        table.pop(at)
    elif what == "move":
        table.append(table.pop(at))
    elif what == "double" and chance.random() < 0.3:
        table.insert(at, table[chance.randrange(len(table))])
    elif what == "clean":
        table[:] = [r for r in dict.fromkeys(table) if "\r" not in r and "\n" not in r]
    elif what == "swap":
        other = chance.randrange(len(table))
        table[at], table[other] = table[other], table[at]
    return f"{what} {name} {at}"


def files_of(lines: dict[str, list[str]]) -> dict[str, str]:
    found = {f"data/{n}.csv": "\n".join([HEADS[n], *table, ""]) for n, table in lines.items()}
    return {**FILES, **found}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """All tables have eight parts, and files are compared in blocks of a few lines."""
    monkeypatch.setattr(basis, "_TICK", -1)
    monkeypatch.setattr("kg.sizes.LARGE", 0)
    monkeypatch.setattr("kg.quads.PARTS", 8)
    monkeypatch.setattr(parts, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(parts, "MOST_BYTES", 0)


@pytest.fixture
def taken(monkeypatch) -> list[bool]:
    """Tells for each build whether the quads were made out of those of the build before."""
    found: list[bool] = []
    whole = parts.map_rows

    def noted(*words, **more):
        mapped = whole(*words, **more, block=64)
        found.append(mapped is not None)
        return mapped

    monkeypatch.setattr(parts, "map_rows", noted)
    return found


def test_a_build_is_that_of_a_full_one(tmp_path, monkeypatch, taken):
    monkeypatch.chdir(tmp_path)
    chance, done = random.Random(SEED), []
    lines = tables(chance)
    some, full = tmp_path / "some" / "w", tmp_path / "full" / "w"
    options = BuildOptions(index=False, table=False, validate=False)
    for number in range(EDITS):
        for root in (some, full):
            write(root, files_of(lines))
        expected = made(full, options, anew=True)
        found = made(some, options, anew=False)
        assert found == expected, f"KG_SEED={SEED}: {done}"
        done += [change(lines, chance, 100 + 3 * number + n) for n in range(chance.randint(1, 3))]
    assert sum(taken) >= max(1, EDITS // 16)  # or the edits have tried little


def test_only_changed_records_are_read(tmp_path, monkeypatch, taken):
    monkeypatch.chdir(tmp_path)
    read: list[int] = []
    load = again.load_any

    def counted(*words):
        entry = load(*words)
        read.append(entry.records)
        return entry

    monkeypatch.setattr(again, "load_any", counted)
    # Always the same: of some tables a changed row has all records read.
    lines, root = tables(random.Random(19)), tmp_path / "w"
    options = BuildOptions(index=False, table=False, validate=False)
    # Each flight has a subject of its own, which no other record can have.
    flight, _, rest = MAPPING.partition("  airport:")
    carrier = rest[rest.index("  carrier:") : rest.index("  known:")]
    files = files_of(lines) | {"data/all.yarrrml.yml": flight + carrier}
    write(root, files)
    made(root, options, anew=False)
    lines["flights"][7] = "F7,C1,A1,1,5,new"
    lines["flights"].insert(3, "F99,C1,A1,1,5,")
    write(root, {**files, "data/flights.csv": files_of(lines)["data/flights.csv"]})
    made(root, options, anew=False)
    assert taken == [True]
    assert sorted(read) == [1, 2, 5], "the row that went, the two that came, the carriers"


@pytest.mark.parametrize("block", [1, 30, 1000])
def test_lines_that_differ(tmp_path, block):
    chance = random.Random(block)
    old, new = tmp_path / "old", tmp_path / "new"
    for _ in range(30):
        lines = [f"{chance.randrange(20)},{n // 3}" for n in range(chance.randrange(40))]
        changed = list(lines)
        for _ in range(chance.randrange(4)):
            at = chance.randint(0, len(changed))
            changed[at : at + chance.randrange(3)] = ["x"] * chance.randrange(3)
        old.write_text("\n".join(["head", *lines]) + chance.choice(["", "\n"]), encoding="utf-8")
        new.write_text("\n".join(["head", *changed]) + chance.choice(["", "\n"]), encoding="utf-8")
        found = line_changes(old, new, 1, block)
        if found is None:
            assert not lines or not changed, "the head has no line end"
            continue
        gone, come = Counter(lines) - Counter(changed), Counter(changed) - Counter(lines)
        assert Counter(found.gone) == Counter(f"{n}\n".encode() for n in gone.elements())
        assert Counter(found.come) == Counter(f"{n}\n".encode() for n in come.elements())
