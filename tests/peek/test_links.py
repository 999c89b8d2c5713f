"""Keys of tables, and links between them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kg.peek import peek
from kg.peek.keys import key_of
from kg.peek.links import links_of
from tests.peek.tables import write


def seen(folder: Path, tables: dict[str, str] | None = None):
    """Return the keys by table and whether they are sure; and links: from, columns, to, missing."""
    paths = write(folder, tables) if tables else write(folder)
    with peek(paths) as found:
        keys = {t.sql_name: key_of(found.connection, t) for t in found.tables}
        links = links_of(found.connection, keys, found.tables)
    shown = {
        t.name: ([c.name for c in keys[t.sql_name].columns], keys[t.sql_name].is_sure)
        for t in found.tables
    }
    return shown, [
        (link.table.name, [c.name for c in link.columns], link.target.name, link.missing)
        for link in links
    ]


def test_tables_that_belong_together(tmp_path):
    keys, links = seen(tmp_path)
    assert keys == {
        "airlines": (["carrier"], True),
        "airports": (["faa"], True),
        "planes": (["tailnum"], True),
        "flights": (["carrier", "flight"], False),
        "weather": (["origin", "time_hour"], False),
    }
    assert links == [
        ("flights", ["carrier"], "airlines", 0),
        ("flights", ["tailnum"], "planes", 1),
        ("flights", ["origin"], "airports", 0),
        ("flights", ["origin", "time_hour"], "weather", 1),
        ("weather", ["origin"], "airports", 0),
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("x,id\n1,7\n1,9\n", ["id"]),
        ("country,year,pop\nA,1990,5\nA,1991,6\nB,1990,7\n", ["country", "year"]),
        # A measure is no key, though no two are the same.
        ("size,weight\n1.5,3\n2.5,4\n", []),
        ("kind,size\na,3\na,3\n", []),
        ("name,note\nx,y\nz,y\n", ["name"]),
        ("year,wheat\n1565,41\n1570,45\n", ["year"]),
        ("height,code\n3,A\n4,B\n", ["code"]),
    ],
)
def test_keys(tmp_path, text, key):
    keys, _ = seen(tmp_path, {"things.csv": text})
    assert keys["things"][0] == key


class TestLinks:
    def test_of_numbers_need_a_name(self, tmp_path):
        people = "id,name,boss_id,age\n1,A,,40\n2,B,1,1\n3,C,1,2\n4,D,2,1\n"
        _, links = seen(tmp_path, {"people.csv": people, "boss.csv": "id,x\n1,a\n2,b\n9,c\n"})
        assert links == [("people", ["boss_id"], "boss", 0)]

    def test_within_a_table(self, tmp_path):
        text = "part,parent_part\na,\nb,a\nc,a\nd,b\ne,b\n"
        _, links = seen(tmp_path, {"parts.csv": text})
        assert links == [("parts", ["parent_part"], "parts", 0)]

    def test_of_two_tables_of_one_kind_of_thing_go_one_way(self, tmp_path):
        rows = "\n".join(f"c{n},{n}.5" for n in range(5))
        _, links = seen(tmp_path, {"a.csv": f"code,x\n{rows}\n", "b.csv": f"code,y\n{rows}\n"})
        assert links == [("b", ["code"], "a", 0)]

    def test_are_found_in_lists(self, tmp_path):
        tags = '[{"id": "t1"}, {"id": "t2"}, {"id": "t3"}]'
        posts = '[{"id": 1, "tags": ["t1", "t2"]}, {"id": 2, "tags": ["t3"]}]'
        _, links = seen(tmp_path, {"tags.json": tags, "posts.json": posts})
        assert links == [("posts", ["tags"], "tags", 0)]

    def test_of_random_tables_hold(self, tmp_path):
        random.seed(4)
        keys = [f"{random.choice('ABCDE')}{n}" for n in range(30)]
        rows = [(n, random.choice(keys)) for n in range(60)]
        owners = "owner,size\n" + "".join(f"{key},{n % 7}\n" for n, key in enumerate(keys))
        cars = "id,owned_by\n" + "".join(f"{n},{key}\n" for n, key in rows)
        _, links = seen(tmp_path, {"owners.csv": owners, "cars.csv": cars})
        assert links == [("cars", ["owned_by"], "owners", 0)]
