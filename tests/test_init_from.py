"""`kg init --from`: a workspace of tables builds as it is, and says what the tables say."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import sqlite3
import tomllib
from pathlib import Path

import duckdb
import pyoxigraph as ox
import pytest

from kg.cli.main import main
from kg.errors import InputError, UsageError
from kg.init.mapping import escaped, quoted
from kg.init.workspace import Made, init_from
from tests.peek.tables import TABLES, write

BASE = "https://example.org/g/"


def make(tmp_path: Path, tables: dict[str, str]) -> tuple[Path, Made]:
    folder = tmp_path / "graph"
    return folder, init_from(folder, BASE, write(tmp_path / "files", tables))


def kg(capfd: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, str, str]:
    capfd.readouterr()
    code = main(["-C", str(folder), *words])
    said = capfd.readouterr()
    return code, said.out, said.err


def built(capfd, folder: Path) -> str:
    """Build, and return what was said."""
    code, _, said = kg(capfd, folder, "build")
    assert code == 0, said
    return said


def answer(capfd, folder: Path, text: str) -> list[dict[str, str]]:
    code, out, said = kg(capfd, folder, "query", "-e", text, "--format", "csv")
    assert code == 0, said
    return list(csv.DictReader(io.StringIO(out)))


class TestTablesThatBelongTogether:
    def test_become_a_graph_that_answers_its_questions(self, tmp_path, capfd):
        folder, made = make(tmp_path, TABLES)
        built(capfd, folder)
        assert len(made.questions) == 3
        for name in made.questions:
            code, out, said = kg(capfd, folder, "query", name, "--format", "csv")
            assert code == 0, said
            assert len(out.splitlines()) > 1, name
        found = answer(
            capfd,
            folder,
            "SELECT ?delay ?from ?airline ?seats { ?f a ns:Flight; ns:delay ?delay;"
            " ns:origin/rdfs:label ?from; ns:airline/rdfs:label ?airline; ns:plane/ns:seats ?seats}"
            " ORDER BY ?delay",
        )
        assert [tuple(row.values()) for row in found] == [
            ("2", "Kennedy", "United", "182"),
            ("7", "La Guardia", "Delta", "200"),
        ]

    def test_explain_what_was_guessed(self, tmp_path):
        folder, _ = make(tmp_path, TABLES)
        mapping = (folder / "data/tables.yarrrml.yml").read_text()
        assert "- [ns:plane, plane:$(tailnum)~iri]" in mapping
        assert "# guess: a link to planes.csv, though 1 of 4 values are not there (N9)." in mapping
        assert "# guess: carrier and flight together are different" in mapping
        assert "nulls: ['', NA]" in mapping
        shapes = (folder / "shapes/shapes.ttl").read_text()
        assert "sh:class ns:Airline" in shapes
        assert "sh:class ns:Plane" not in shapes
        config = tomllib.loads((folder / "kg.toml").read_text())
        assert config["prefixes"]["airport"] == f"{BASE}airport/"

    def test_are_declared_and_used_throughout(self, tmp_path, capfd):
        folder, _ = make(tmp_path, TABLES)
        built(capfd, folder)
        _, out, _ = kg(capfd, folder, "check", "--format", "json")
        codes = {each["finding"] for each in json.loads(out)}
        assert codes <= {"dangling-link", "lost-records"}


class TestValues:
    def test_have_the_form_of_their_datatype(self, tmp_path, capfd):
        text = (
            "key;born;seen;price;big;ok;yes;at;page;code\n"
            "a;31.12.1999;1.2.2000 23:59;1,5;1.234,5;True;ja;2000-01-01 10:00:00;"
            "https://example.org/x;007\n"
            "b;;;;;False;nein;;;010\n"
        )
        folder, _ = make(tmp_path, {"things.csv": text})
        built(capfd, folder)
        found = answer(capfd, folder, "SELECT ?p ?o { ?s ?p ?o; ns:code '007' } ORDER BY ?p")
        values = {row["p"].rpartition("#")[2]: row["o"] for row in found}
        assert (
            values.items()
            >= {
                "born": "1999-12-31",
                "seen": "2000-02-01T23:59:00",
                "price": "1.5",
                "big": "1234.5",
                "ok": "true",
                "yes": "true",
                "at": "2000-01-01T10:00:00",
                "page": "https://example.org/x",
                "code": "007",
            }.items()
        )

    def test_of_several_kinds_are_texts(self, tmp_path, capfd):
        pytest.importorskip("python_calamine", reason="the extra excel is not installed")
        pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
        from tests.sources.workbooks import workbook

        sheet, base = tmp_path / "sheet.xlsx", tmp_path / "base.db"
        sheet.write_bytes(workbook({"S": [["id", "code"], [1, "A1"], [2, "B2"], [3, 7]]}))
        with sqlite3.connect(base) as connection:
            connection.execute("CREATE TABLE t (id INTEGER, c, name)")
            connection.execute("INSERT INTO t VALUES (1, 'A', 'Ann'), (2, 7, 8)")
        folder = tmp_path / "graph"
        init_from(folder, BASE, [str(sheet), str(base)])
        built(capfd, folder)
        each = "?s a ?k; ns:code|ns:c|rdfs:label ?o FILTER(?k IN (ns:Sheet, ns:T))"
        found = answer(capfd, folder, f"SELECT ?o (datatype(?o) AS ?d) {{ {each} }} ORDER BY ?o")
        assert [row["o"] for row in found] == ["7", "7", "8", "A", "A1", "Ann", "B2"]
        assert {row["d"].rpartition("#")[2] for row in found} == {"string"}

    def test_that_are_none_here_may_be_one_there(self, tmp_path, capfd):
        codes = "\n".join(f"A{chr(65 + n // 26)}{chr(65 + n % 26)},{n},{n}" for n in range(60))
        text = f"iso,number,people\n{codes}\nNA,99,NA\n"
        folder, _ = make(tmp_path, {"countries.csv": text})
        built(capfd, folder)
        found = answer(
            capfd, folder, "SELECT ?n ?p { ?c ns:number 99; ns:iso ?n OPTIONAL {?c ns:people ?p} }"
        )
        assert found == [{"n": "NA", "p": ""}]

    def test_of_documents_and_databases(self, tmp_path, capfd):
        pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
        records = [{"id": 1, "at": {"x (m)": 1.5}, "tags": ["a", "b"]}, {"id": 2, "a'b": True}]
        paths = write(tmp_path / "files", {"rows.json": json.dumps({"rows": records})})
        with sqlite3.connect(tmp_path / "a.db") as connection:
            connection.execute("CREATE TABLE owners (id INTEGER, row_id INTEGER)")
            connection.execute("INSERT INTO owners VALUES (7, 1), (8, 2)")
        folder = tmp_path / "graph"
        init_from(folder, BASE, [*paths, str(tmp_path / "a.db")])
        built(capfd, folder)
        found = answer(
            capfd,
            folder,
            "SELECT ?x (GROUP_CONCAT(?t) AS ?tags) { ?o a ns:Owner; ns:row ?r. ?r ns:atXM ?x;"
            " ns:tags ?t } GROUP BY ?x",
        )
        assert [(row["x"], set(row["tags"].split())) for row in found] == [("1.5", {"a", "b"})]


class TestTheFolder:
    def test_may_hold_the_data(self, tmp_path, capfd):
        write(tmp_path, {"a.csv": "id,n\nx,1\n"})
        (tmp_path / "notes.txt").write_text("mine")
        assert main(["init", str(tmp_path), "--from", str(tmp_path)]) == 0
        assert "../a.csv" in (tmp_path / "data/tables.yarrrml.yml").read_text()
        assert not (tmp_path / "data/a.csv").exists()
        assert "a copy" not in capfd.readouterr().err
        built(capfd, tmp_path)

    def test_takes_files_behind_from(self, tmp_path, capfd):
        first, second = write(tmp_path / "f", {"a.csv": "id,n\nx,1\n", "b.csv": "id,n\ny,1\n"})
        assert main(["init", str(tmp_path / "g"), "--from", first, second]) == 0
        assert (tmp_path / "g/data/b.csv").exists()
        assert "b.csv: 1 record becomes" in capfd.readouterr().err
        assert main(["init", first, "--from", second]) == 2
        assert "comes first" in capfd.readouterr().err
        assert main(["init", str(tmp_path / "h"), first]) == 2

    def test_keeps_what_is_there(self, tmp_path):
        (path,) = write(tmp_path / "f", {"a.csv": "id,n\nx,1\n"})
        (tmp_path / "g").mkdir()
        (tmp_path / "g/kg.toml").write_text("mine")
        with pytest.raises(InputError, match="already there"):
            init_from(tmp_path / "g", BASE, [path])
        assert [each.name for each in (tmp_path / "g").iterdir()] == ["kg.toml"]

    def test_two_files_of_one_name_are_told(self, tmp_path):
        paths = [
            *write(tmp_path / "f", {"a.csv": "id\nx\n"}),
            *write(tmp_path / "h", {"a.csv": "id\ny\n"}),
        ]
        with pytest.raises(UsageError, match=r"two files are called a\.csv"):
            init_from(tmp_path / "g", BASE, paths)
        assert not (tmp_path / "g").exists()

    def test_that_holds_no_tables_is_told(self, tmp_path):
        with pytest.raises(InputError, match="no files with tables"):
            init_from(tmp_path / "g", BASE, [str(tmp_path)])


NAMES = [
    *("id", "Name", "a b", "größe", "x(y", "é", "1st", "size (m)", "a'b", 'q"q', "a,b", "a:b"),
    *("#n", "naïve_col", "ID2", "日本", "a;b", "{z}", "$(w)", "a\\b", "no", "true", "_x"),
]
CELLS = [
    *("", "1", "2.5", "x", "NA", "true", "2020-01-01", "01.02.2000", "a b", "é", '"', "007", "-"),
    *("http://e.org/a b", "https://e.org/x", "1,5", "{x}", "%20", "a/b", " y "),
]


@pytest.mark.parametrize("seed", range(int(os.environ.get("KG_EXAMPLES", "3"))))
def test_random_tables_build_without_a_hands_touch(tmp_path, capfd, seed):
    chosen = random.Random(seed)
    tables = {}
    for number in range(chosen.randint(1, 3)):
        names = chosen.sample(NAMES, chosen.randint(2, 8))
        out = io.StringIO()
        writer = csv.writer(out, delimiter=chosen.choice(",;\t"), lineterminator="\n")
        writer.writerow(names)
        pools = [chosen.sample(CELLS, chosen.randint(1, 4)) for _ in names]
        for _ in range(chosen.randint(2, 30)):
            writer.writerow([chosen.choice(pool) for pool in pools])
        tables[f"{chosen.choice(['things', 'Data Set', 'x-1', '2020'])}{number}.csv"] = (
            out.getvalue()
        )
    folder, made = make(tmp_path, tables)
    built(capfd, folder)
    for name in made.questions:
        assert kg(capfd, folder, "query", name)[0] == 0


@pytest.mark.parametrize("text", ["a: b", "x #y", "'", "[", "null", "1e3", "", "a\nb", "é", "- a"])
def test_texts_are_quoted_for_yaml(text):
    from ruamel.yaml import YAML

    assert YAML(typ="safe", pure=True).load(f"[{quoted(text)}]") == [text]


def test_brackets_without_a_partner_are_escaped():
    assert [escaped(text) for text in ("a", "a(b)", "a)b(", "(")] == [
        "a",
        "a(b)",
        "a\\)b\\(",
        "\\(",
    ]


def test_names_that_are_not_latin_name_classes_and_properties(tmp_path, capfd):
    cities = "都市,人口\n東京,14000000\n大阪,2700000\n京都,1400000\n"
    stations = "駅,都市,!\n渋谷,東京,1\n梅田,大阪,2\n新宿,東京,3\n品川,東京,3\n"
    folder, made = make(tmp_path, {"都市.csv": cities, "駅.csv": stations})
    built(capfd, folder)
    asked = "SELECT ?n { ?s a ns:駅 ; rdfs:label '新宿' ; ns:駅都市/ns:人口 ?n . ?c a ns:都市 }"
    assert {row["n"] for row in answer(capfd, folder, asked)} == {"14000000"}
    for name in made.questions:
        assert kg(capfd, folder, "query", name)[0] == 0
    # One IRI is no class and a property at once.
    asked = "SELECT ?c { ?c a owl:Class, ?kind FILTER (?kind != owl:Class) }"
    assert answer(capfd, folder, asked) == []


def test_prefixes_are_written_in_the_script_of_the_files(tmp_path, capfd):
    cities = "اسم المدينة,السكان\nالقاهرة,10\nجدة,4\n"
    stations = "駅,番号\n渋谷,1\n梅田,2\n"
    folder, made = make(tmp_path, {"مدن.csv": cities, "駅.csv": stations, "%%.csv": "k,v\na,1\n"})
    assert [entity.prefix for entity in made.entities] == ["مدن", "駅", "row"]
    assert f'"駅" = "{BASE}駅/"' in (folder / "kg.toml").read_text(encoding="utf-8")
    built(capfd, folder)
    asked = "SELECT ?n ?m { مدن:جدة ns:اسم_المدينة ?n . 駅:梅田 ns:番号 ?m }"
    assert answer(capfd, folder, asked) == [{"n": "جدة", "m": "2"}]
    for form in ("ttl", "nq", "jsonld", "rdf"):
        assert kg(capfd, folder, "-q", "export", "-o", str(folder / f"o.{form}"))[0] == 0
    turtle = (folder / "o.ttl").read_text(encoding="utf-8")
    assert "駅:梅田 a ns:駅" in turtle
    quads = {str(quad.triple) for quad in ox.parse(path=str(folder / "o.nq"))}
    assert quads == {str(quad.triple) for quad in ox.parse(turtle, ox.RdfFormat.TURTLE)}
    code, out, _ = kg(capfd, folder, "show", "駅:梅田")
    assert (code, "駅.csv:3" in out) == (0, True)


def test_a_measure_is_no_key(tmp_path):
    text = 'country,pop,area\nGermany,"83,200,000",357\nMalta,"514,564",0\nTuvalu,"11,204",0\n'
    _, made = make(tmp_path, {"pop.csv": text})
    assert [each.name for each in made.entities[0].key.columns] == ["country"]
    (tmp_path / "more").mkdir()
    _, made = make(tmp_path / "more", {"pop.csv": "country,pop\nGermany,83\nMalta,5\n"})
    assert [each.name for each in made.entities[0].key.columns] == ["country"]


@pytest.mark.parametrize("name", ["Köln", "X", "東京", "!!", "a (b) 'c'", "l’été 7"])
def test_the_question_for_a_word_finds_one(tmp_path, capfd, name):
    folder, made = make(tmp_path, {"towns.csv": f'name;kind\n"{name}";b\nY;c\n'})
    built(capfd, folder)
    assert "town-search" in made.questions
    _, out, _ = kg(capfd, folder, "query", "town-search", "--format", "csv")
    assert name in out


def test_blanks_around_values_are_cut_off_by_the_mapping(tmp_path, capfd):
    folder, _ = make(tmp_path, {"a.csv": "id , name , score \n 1 , Ann , 3.5 \n 2 , Bob ,   \n"})
    assert built(capfd, folder).count("[") == 0
    found = answer(
        capfd, folder, "SELECT ?n ?s { ?x rdfs:label ?n OPTIONAL {?x ns:score ?s} ?x a ns:A }"
    )
    assert [tuple(row.values()) for row in found] == [("Ann", "3.5"), ("Bob", "")]


def test_numbers_that_are_none_keep_their_datatype_and_break_no_shape(tmp_path, capfd):
    path = tmp_path / "numbers.parquet"
    duckdb.execute(
        "COPY (SELECT i::VARCHAR AS id, CASE i WHEN 3 THEN 'nan'::DOUBLE ELSE i END AS x,"
        " CASE i WHEN 4 THEN '-inf'::FLOAT ELSE i END AS y, CASE i WHEN 5 THEN 'inf'::FLOAT ELSE i"
        f" END AS z FROM range(30) t(i)) TO '{path}'"
    )
    folder = tmp_path / "graph"
    init_from(folder, BASE, [str(path)])
    assert "ill-typed" not in built(capfd, folder)
    asked = "SELECT ?p ?o { ?s ?p ?o FILTER(STR(?o) IN ('NaN', 'INF', '-INF')) } ORDER BY ?p"
    assert [row["o"] for row in answer(capfd, folder, asked)] == ["NaN", "-INF", "INF"]


def test_a_database_is_a_file_that_is_used(tmp_path, capfd):
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE owners (id INTEGER, name TEXT)")
        connection.execute("INSERT INTO owners VALUES (7, 'x'), (8, 'y')")
    folder = tmp_path / "graph"
    init_from(folder, BASE, [str(tmp_path / "a.db")])
    assert "unused-file" not in built(capfd, folder)
    _, out, _ = kg(capfd, folder, "check", "--format", "json")
    assert not [each for each in json.loads(out) if each["finding"] == "unused-file"]


def test_tables_of_one_file_are_told_apart(tmp_path, capfd):
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE owners (id INTEGER, name TEXT)")
        connection.execute("INSERT INTO owners VALUES (7, 'x'), (8, 'y')")
        connection.execute("CREATE TABLE dogs (id INTEGER, owner_id INTEGER)")
        connection.execute("INSERT INTO dogs VALUES (1, 7), (2, 8)")
    assert main(["init", str(tmp_path / "g"), "--from", str(path)]) == 0
    said = capfd.readouterr().err
    assert "a.db#dogs: 2 records become ns:Dog, key: id\n  owner_id leads to a.db#owners\n" in said
    text = json.dumps({"owners": [{"id": 1}, {"id": 2}], "dogs": [{"id": 3, "owner": 1}]})
    (file,) = write(tmp_path / "f", {"b.json": text})
    assert main(["init", str(tmp_path / "h"), "--from", file]) == 0
    said = capfd.readouterr().err
    assert "b.json $.dogs[*]: 1 record becomes ns:Dog" in said
    assert "owner leads to b.json $.owners[*]" in said


def test_what_was_guessed_of_a_table_is_told(tmp_path, capfd):
    text = "Report,,\nregion,q1,q2\nN,1,2\nS,3,4\nE,5,6\nTotal,9,12\n"
    (path,) = write(tmp_path / "f", {"a.csv": text})
    assert main(["init", str(tmp_path / "g"), "--from", path]) == 0
    said = capfd.readouterr().err.splitlines()
    assert said[0] == "a.csv: 3 records become ns:A, key: region"
    assert said[1] == "  1 line above the header is passed over"
    assert said[2].startswith("  the last record is left out")
