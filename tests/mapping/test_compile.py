"""From the plan to SQL: golden texts, and how often things are read.

``golden/NAME.yml`` compiles to ``golden/NAME.sql``. Where the compiler is meant to change, write
the latter anew with KG_GOLDEN=write, and read the difference.
"""

from __future__ import annotations

import cProfile
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kg.duck import engine
from kg.engines.duckdb import DuckDB, explain
from kg.engines.duckdb.compile import compile_plan
from kg.errors import InputError
from kg.mapping.documents import read_mappings
from kg.mapping.plan import Plan
from kg.sources import Folders
from kg.terms import RDF_TYPE
from tests.mapping.running import EX, PREFIXES, read_plan, write_files, yarrrml

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.yml"))


def golden_plan(name: str) -> Plan:
    return read_mappings([GOLDEN / f"{name}.yml"], PREFIXES)


def sql_of(name: str) -> str:
    return (
        explain(golden_plan(name)).replace(str(GOLDEN.parent), "").replace(str(Path.cwd()), "")
        + "\n"
    )


@pytest.mark.parametrize("name", NAMES)
def test_golden(name, monkeypatch):
    monkeypatch.chdir(GOLDEN)
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("KG_GOLDEN") == "write":
        path.write_text(sql_of(name), encoding="utf-8")
    assert sql_of(name) == path.read_text(encoding="utf-8")


def test_all_golden_texts_are_there():
    assert NAMES == ["blanks", "constants", "dynamic", "joins", "lists", "literals"]
    assert {path.stem for path in GOLDEN.glob("*.sql")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_same_in_every_run(name):
    plan = golden_plan(name)
    assert compile_plan(plan) == compile_plan(plan)


class TestCodes:
    def test_type_comes_first_then_the_rest_by_bytes(self, tmp_path):
        po = ["[ex:b, x]", "[ex:é, x]", "[a, ex:T]", "[ex:Z, x]"]
        plan = read_plan(tmp_path, yarrrml("[[t.csv~csv]]", po))
        program = compile_plan(plan, predicates=[f"<{EX}aa>"], graphs=[f"<{EX}g>"])
        assert program.predicates == (
            RDF_TYPE,
            *(f"<{EX}{name}>" for name in ("Z", "aa", "b", "é")),
        )
        assert program.graphs == (f"<{EX}g>",)

    def test_none_where_a_predicate_is_made(self, tmp_path):
        plan = read_plan(tmp_path, yarrrml("[[t.csv~csv]]", ["{p: ex:$(x), o: y}"]))
        assert compile_plan(plan).predicates is None

    def test_none_where_there_are_too_many_others(self, tmp_path):
        plan = read_plan(tmp_path, yarrrml("[[t.csv~csv]]", ["[ex:p, x]"]))
        assert compile_plan(plan, None).predicates is None


def calls_of(act: Callable[[], object]) -> int:
    """Return how many functions of Python are called."""
    profile = cProfile.Profile()
    profile.runcall(act)
    return sum(entry.callcount for entry in profile.getstats())


class Spy:
    """A connection that keeps what it is asked."""

    def __init__(self, connection):
        self.connection = connection
        self.asked: list[str] = []

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def execute(self, sql, *more):
        self.asked.append(sql)
        return self.connection.execute(sql, *more)


class TestWork:
    """Speed is guarded by counting what is done, not by a clock."""

    def run(self, folder: Path, mapping: str, files: dict[str, str]) -> tuple[Spy, int]:
        write_files(folder, files)
        plan = read_plan(folder, mapping)
        spill = folder / "spill"
        with engine(spill, threads=1) as connection:
            spy = Spy(connection)
            target = spill / "quads.parquet"
            made = DuckDB(spy).run(plan, Folders(None, spill), target)
            return spy, made.table.count(connection)

    def test_each_source_is_read_once(self, tmp_path):
        """However many triples maps, rules and joins there are."""
        join = "{function: equal, parameters: [[str1, $(a)], [str2, $(b)]]}"
        mapping = "mappings:\n"
        for name in ("one", "two", "three"):
            mapping += (
                f"  {name}:\n    sources: [[t.csv~csv], [u.csv~csv]]\n    s: ex:{name}/$(id)\n"
            )
            mapping += "    po: [[ex:p, $(a)], [ex:q, $(b)],"
            mapping += f" {{p: ex:r, o: {{mapping: two, condition: {join}}}}}]\n"
        text = "id,a,b\n1,x,y\n2,y,x\n"
        spy, _ = self.run(tmp_path, mapping, {"t.csv": text, "u.csv": text})
        reads = [sql for sql in spy.asked if "read_csv(" in sql]
        assert sum(sql.count("read_csv(") for sql in reads) == 2
        assert all(sql.startswith("CREATE TEMP TABLE") for sql in reads)

    @pytest.mark.parametrize(("width", "runs"), [(1000, False), (100, True)])
    def test_many_columns_are_read_at_once(self, tmp_path, width, runs):
        names = [f"n{number}" for number in range(width)]
        mapping = yarrrml("[[t.csv~csv]]", [f"[ex:{name}, $({name})]" for name in names])
        program = compile_plan(read_plan(tmp_path, mapping))
        (table,) = program.tables
        assert len(table.columns) == width + 1
        assert all(rule.tables == (table.name,) for rule in program.rules)
        if runs:
            rows = "\n".join(",".join([str(row), *("x" for _ in names)]) for row in range(20))
            text = f"id,{','.join(names)}\n{rows}\n"
            spy, quads = self.run(tmp_path, mapping, {"t.csv": text})
            assert quads == 20 * width
            assert sum(sql.count("read_csv(") for sql in spy.asked) == 1

    def test_work_grows_with_the_references_not_with_their_square(self, tmp_path):
        """Each query is short, and there are twice as many for twice the references."""
        asked = {}
        for width in (300, 600):
            folder = tmp_path / str(width)
            names = [f"n{number}" for number in range(width)]
            mapping = yarrrml("[[t.csv~csv]]", [f"[ex:{name}, $({name})]" for name in names])
            text = f"id,{','.join(names)}\n1,{','.join(names)}\n"
            folder.mkdir()
            spy, quads = self.run(folder, mapping, {"t.csv": text})
            assert quads == width
            queries = [sql for sql in spy.asked if "source_0" in sql and "CREATE" not in sql]
            assert max(map(len, queries)) < 20_000
            asked[width] = len(queries)
        assert asked[300] < asked[600] <= 2 * asked[300] < 50

    def test_many_columns_are_read_in_pieces_where_memory_is_short(self, tmp_path, monkeypatch):
        # So 54 columns at once.
        monkeypatch.setattr("kg.engines.duckdb.loading.BYTES_PER_COLUMN", 2**24)
        names = [f"n{number}" for number in range(120)]
        mapping = yarrrml("[[t.csv~csv]]", [f"[ex:{name}, $({name})]" for name in names])
        rows = "\n".join(f"{row},{','.join(f'{row}{name}' for name in names)}" for row in range(9))
        write_files(tmp_path, {"t.csv": f"id,{','.join(names)}\n{rows}\n"})
        plan = read_plan(tmp_path, mapping)
        with engine(tmp_path / "spill") as connection:
            spy = Spy(connection)
            target = tmp_path / "spill" / "quads.parquet"
            made = DuckDB(spy).run(plan, Folders(None, tmp_path / "spill"), target)
            found = connection.execute(f"SELECT s, p, o FROM {made.table.sql}").fetchall()
        assert set(found) == {
            (f"<{EX}{row}>", f"<{EX}{name}>", f'"{row}{name}"')
            for row in range(9)
            for name in names
        }
        reads = [sql for sql in spy.asked if "read_csv(" in sql]
        assert len(reads) == 3
        assert len(made.loaded[0].pieces) == 4

    def test_a_template_may_have_many_parts(self, tmp_path):
        names = [f"n{number}" for number in range(520)]
        whole = "-".join(f"$({name})" for name in names)
        mapping = yarrrml("[[t.csv~csv]]", [f"[ex:p, '{whole}']"])
        text = f"id,{','.join(names)}\n1,{','.join(names)}\n"
        _, quads = self.run(tmp_path, mapping, {"t.csv": text})
        assert quads == 1

    def test_a_value_that_makes_no_term_is_found_in_pieces_too(self, tmp_path, monkeypatch):
        monkeypatch.setattr("kg.engines.duckdb.loading._width", lambda _: 2)
        mapping = yarrrml("[[t.csv~csv]]", ["[ex:p, $(a)]", "[ex:p, $(b)]"], subject="$(id)")
        text = "a,b,id\n1,2,http://e/1\n1,2,no iri\n"
        with pytest.raises(InputError, match="'no iri' is not an absolute IRI") as caught:
            self.run(tmp_path, mapping, {"t.csv": text})
        assert caught.value.location.record == 2

    @pytest.mark.parametrize("copies", [4])
    def test_compiling_grows_with_the_mapping(self, tmp_path, copies):
        """Calls of Python's functions are counted; the square would be 16 times as many."""
        calls = []
        for factor in (1, copies):
            maps = "mappings:\n"
            for number in range(25 * factor):
                maps += f"  m{number}:\n    sources: [[t.csv~csv]]\n    s: ex:{number}/$(id)\n"
                maps += f"    po: [[ex:p{number}, $(c{number})], {{p: ex:q{number}, o: {{mapping:"
                maps += f" m{number // 2}, condition: {{function: equal, parameters:"
                maps += f" [[str1, $(c{number})], [str2, $(id)]]}}}}}}]\n"
            plan = read_plan(tmp_path, maps)
            calls.append(calls_of(lambda plan=plan: compile_plan(plan)))
        assert calls[1] <= 1.3 * copies * calls[0]

    def test_subjects_are_made_once(self, tmp_path):
        po = [f"[ex:p{number}, x]" for number in range(10)]
        plan = read_plan(tmp_path, yarrrml("[[t.csv~csv]]", po, "ex:$(id)/$(a)"))
        program = compile_plan(plan)
        (table,) = program.tables
        assert [column.sql.count("kg_iri_safe") for column in table.computed] == [2]
        assert all("kg_iri_safe" not in rule.sql for rule in program.rules)

    def test_subjects_of_several_values_are_made_once(self, tmp_path):
        po = [f"[ex:p{number}, x]" for number in range(10)]
        mapping = yarrrml("[[t.json~jsonpath, '$[*]']]", po, "ex:$(ids[*])")
        program = compile_plan(read_plan(tmp_path, mapping))
        (table,) = program.tables
        assert [column.sql.count("kg_iri_safe") for column in table.computed] == [1]
        assert all("kg_iri_safe" not in rule.sql for rule in program.rules)

    def test_combined_subjects_are_made_once_they_are_known_to_be_few(self, tmp_path):
        mapping = yarrrml("[[t.json~jsonpath, '$[*]']]", ["[ex:p, x]"], "ex:$(a[*])/$(b[*])")
        (table,) = compile_plan(read_plan(tmp_path, mapping)).tables
        assert table.computed == ()

    @pytest.mark.parametrize(
        ("pair", "lacks", "there"),
        [
            ("[ex:p, $(a)]", "", "x"),
            ("[ex:p, 'http://e/$(a)~iri']", "", "x"),
            ("[ex:$(a), x]", "", "x"),
            ("{p: ex:p, o: x, graphs: ex:$(a)}", "", "x"),
            (
                "{p: ex:p, o: {mapping: m, condition: {function: equal,"
                " parameters: [[str1, $(a)], [str2, $(id)]]}}}",
                "",
                "1",
            ),
            (
                "{p: ex:p, o: {value: $(a), condition: {function: equal,"
                " parameters: [[str1, $(id)], [str2, '1']]}}}",
                "",
                "x",
            ),
        ],
    )
    def test_what_no_record_has_is_not_asked_for(self, tmp_path, pair, lacks, there):
        """Planning a rule takes time; a document seldom has all that a mapping knows."""
        mapping = yarrrml("[[t.csv~csv]]", [pair, "[ex:always, x]"])
        found = {}
        for value in (lacks, there):
            spy, quads = self.run(tmp_path, mapping, {"t.csv": f"id,a\n1,{value}\n"})
            writes = [sql for sql in spy.asked if sql.startswith("COPY") or "kg_quads" in sql]
            found[value] = quads, sum(sql.count("source_0") for sql in writes)
        assert [quads for quads, _ in found.values()] == [1, 2]
        assert found[lacks][1] < found[there][1]

    def test_join_on_the_key_carries_no_row(self):
        program = compile_plan(golden_plan("joins"))
        by_key = [rule for rule in program.rules if " IN (SELECT " in rule.sql]
        by_value = [rule for rule in program.rules if " JOIN " in rule.sql]
        assert (len(by_key), len(by_value)) == (1, 1)
        # What is joined is made distinct first.
        assert by_value[0].sql.count("SELECT DISTINCT") == 2
