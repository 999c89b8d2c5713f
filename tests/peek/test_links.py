"""Keys of tables, and links between them."""

from __future__ import annotations

import random
import sqlite3
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


def _in_script(text: str, letters: str) -> str:
    """Return a text with its small Latin letters written by others."""
    return text.translate({ord("a") + n: letter for n, letter in enumerate(letters)})


# Twenty-six letters of each: with capitals, without; Indian ones; Chinese; Korean; right to left.
SCRIPTS = {
    "Latin": "zyxwvutsrqponmlkjihgfedcba",
    "Cyrillic": "абвгдежзийклмнопрстуфхцчшщ",
    "Georgian": "აბგდევზთიკლმნოპჟრსტუფქღყშჩ",
    "Devanagari": "कखगघङचछजझञटठडढणतथदधनपफबभमय",
    "Chinese": "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰馀",
    "Hangul": "가나다라마바사아자차카타파하거너더러머버서어저처커터",
    "Arabic": "ءابتثجحخدذرزسشصضطظعغفقكلمن",
}
# Names that English has no part in: no plurals, no words such as id and name.
PLAIN = {
    "carrier.csv": "carrier,full\nAA,American\nUA,United\nDL,Delta\n",
    "craft.csv": "tail,size\nN1,55\nN2,182\nN3,200\n",
    "trip.csv": "trip,carrier,tail,old_tail\nT1,AA,N1,N2\nT2,UA,N9,N1\nT3,ZZ,,N8\nT4,AA,N2,\n",
    "toll.csv": "%,#\n1,2\n2,1\n3,2\n",
    "fare.csv": "?,!\n1,2\n2,1\n3,2\n",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_links_are_the_same_in_any_script(tmp_path, script):
    letters = SCRIPTS[script]

    def written(name: str) -> str:
        return f"{_in_script(name.removesuffix('.csv'), letters)}.csv"

    renamed = {}
    for name, text in PLAIN.items():
        header, _, rows = text.partition("\n")
        renamed[written(name)] = f"{_in_script(header, letters)}\n{rows}"
    _, found = seen(tmp_path, renamed)
    expected = [
        ("trip", ["carrier"], "carrier", 1),
        ("trip", ["tail"], "craft", 1),
        ("trip", ["old_tail"], "craft", 1),
    ]
    assert found == [
        (
            _in_script(a, letters),
            [_in_script(c, letters) for c in columns],
            _in_script(b, letters),
            n,
        )
        for a, columns, b, n in expected
    ]


def test_tables_of_one_making_do_not_lead_to_each_other(tmp_path):
    head = "shop,month,turnover\n"
    tables = {f"t{y}.csv": head + f"A,1,{y}\nA,2,{y}\nB,1,{y}\nB,2,{y}\n" for y in (2019, 2020)}
    tables |= {f"o{y}.csv": "id,total\nx,1\ny,2\n" for y in (2019, 2020)}
    assert seen(tmp_path / "a", tables)[1] == []


def test_a_column_that_is_called_as_a_table_leads_to_it(tmp_path):
    numbers = range(1, 31)
    tables = {
        "tracks.csv": "TrackId,Name\n" + "".join(f"{n},t{n}\n" for n in range(1, 41)),
        "playlist_tracks.csv": "TrackId,PlaylistId\n" + "".join(f"{n},{n % 2}\n" for n in numbers),
        "lines.csv": "LineId,TrackId\n" + "".join(f"{n},{n}\n" for n in range(1, 21)),
    }
    _, links = seen(tmp_path / "a", tables)
    assert ("lines", ["TrackId"], "tracks", 0) in links
    assert ("playlist_tracks", ["TrackId"], "tracks", 0) in links


def test_the_key_that_a_database_declares_is_taken(tmp_path):
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE track_of (list INTEGER, track INTEGER, id TEXT,"
            " PRIMARY KEY (track, list))"
        )
        connection.execute("CREATE TABLE empty (a TEXT PRIMARY KEY, b TEXT)")
        connection.execute("INSERT INTO track_of VALUES (1, 1, 'x'), (1, 2, 'y'), (2, 3, 'z')")
        connection.execute("INSERT INTO empty VALUES (NULL, 'x'), ('u', 'y')")
    with peek([str(path)]) as found:
        keys = [key_of(found.connection, each) for each in found.tables]
    assert [[c.name for c in key.columns] for key in keys] == [["track", "list"], ["b"]]
    assert keys[0].is_sure
