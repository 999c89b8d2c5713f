"""The quad table of a large graph is a folder of parts, cut where the content says."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

import kg
from kg.building import BuildOptions
from kg.builds import check_build, check_table, quad_digests, seal
from kg.cli.main import main
from kg.diff.compare import compare_ground
from kg.duck import engine
from kg.errors import InputError
from kg.exports import export_workspace
from kg.quads import QuadTable, copy_rows, sorted_rows, write_table
from kg.table.change import change_copies
from kg.terms import RDF_TYPE
from kg.workspace import Build, Workspace, read_workspace
from tests.build.test_incremental import made

EXAMPLES = int(os.environ.get("KG_EXAMPLES", "10"))
Row = tuple[str, str, str, str | None]
MAPPING = """\
prefixes: {ex: "http://e/"}
mappings:
  thing:
    sources: [[things.csv~csv]]
    s: http://e/$(id)
    po: [[a, ex:Thing], [ex:day, $(day), xsd:date], [ex:size, $(size), xsd:integer]]
"""
SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://e/> .
ex:S a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property [ sh:path ex:day ; sh:minCount 1 ] .
"""


def rows(chance: random.Random) -> set[Row]:
    subjects = [f"<http://e/{n}'>" for n in range(40)] + [f"_:b{n}" for n in range(9)]
    predicates = (RDF_TYPE, "<http://e/p>", "<http://e/q>")
    graphs = (None, "<http://e/g>")
    return {
        (chance.choice(subjects), chance.choice(predicates), f'"{n % 7}"', chance.choice(graphs))
        for n in range(150)
    }


def table(
    folder: Path, content: set[Row], threads: int = 1, before: QuadTable | None = None
) -> QuadTable:
    """Return the table of some rows, as a build has it."""
    folder.mkdir()
    with engine(folder / "spill", threads=threads) as connection:
        connection.execute("CREATE TABLE made (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
        for row in content:
            connection.execute("INSERT INTO made VALUES (?, ?, ?, ?)", row)
        made = write_table(connection, "SELECT s, p, o, g FROM made", folder / "made.parquet")
        return made.moved(connection, folder / "quads.parquet", before)


def read(found: QuadTable) -> list[Row]:
    with engine() as connection:
        return connection.execute(f"SELECT s, p, o, g FROM {found.sql}").fetchall()


def parts(found: QuadTable) -> list[bytes]:
    return [path.read_bytes() for path in found.files]


@pytest.fixture
def eight(monkeypatch):
    """All tables have eight parts."""
    monkeypatch.setattr("kg.sizes.LARGE", 0)
    monkeypatch.setattr("kg.quads.PARTS", 8)


@pytest.mark.usefixtures("eight")
def test_parts_hold_what_one_file_holds_and_a_change_makes_one_new(tmp_path):
    for number in range(EXAMPLES // 5):
        chance = random.Random(number)
        content = rows(chance)
        changed = set(content)
        gone = chance.choice(sorted(content, key=str))
        changed.remove(gone)
        changed.add((*gone[:2], '"new"', gone[3]))
        before = table(tmp_path / f"before{number}", content)
        after = table(tmp_path / f"after{number}", changed, threads=2)
        assert len(before.files) == 8
        expected = sorted(content, key=lambda r: (r[0], r[1] != RDF_TYPE, r[1], r[2], r[3] or ""))
        assert read(before) == expected
        old, new = parts(before), parts(after)
        if {s for s, *_ in content} == {s for s, *_ in changed}:
            assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
        assert set(read(after)) == changed
        assert parts(table(tmp_path / f"again{number}", content, threads=2)) == old


@pytest.mark.usefixtures("eight")
def test_a_new_subject_makes_at_most_three_parts_new(tmp_path):
    content = rows(random.Random(0))
    old = set(parts(table(tmp_path / "before", content)))
    for n in range(EXAMPLES // 5):
        more = {*content, (f"<http://e/{n}-new>", RDF_TYPE, '"1"', None)}
        assert len(set(parts(table(tmp_path / str(n), more))) - old) <= 3


def test_row_groups_do_not_hang_on_what_is_before_them(tmp_path, monkeypatch):
    monkeypatch.setattr("kg.sizes.LARGE", 0)
    monkeypatch.setattr("kg.quads.PARTS", 4)
    monkeypatch.setattr("kg.quads.ROW_GROUP", 2048)
    made = []
    with engine(tmp_path / "spill", threads=2) as connection:
        for more in (0, 1):
            rows = (
                "SELECT concat('<http://e/', if(i = 99999, 0, i), '>') AS s,"
                " '<http://e/p>' AS p, '\"o\"' AS o, NULL::VARCHAR AS g"
                f" FROM range({100_000 - more}, 120000) AS t(i)"
            )
            whole = write_table(connection, rows, tmp_path / "whole.parquet")
            made.append(parts(whole.moved(connection, tmp_path / f"{more}.parquet")))
    assert [len(each) for each in made] == [4, 4]
    assert made[0][1:] == made[1][1:], "one row more, in the first part"


def test_row_groups_of_one_file_do_not_hang_on_duplicates(tmp_path, monkeypatch):
    monkeypatch.setattr("kg.quads.ROW_GROUP", 2048)
    rows = (
        "SELECT concat('<http://e/', i, '>') AS s, '<http://e/p>' AS p, '\"o\"' AS o,"
        " NULL::VARCHAR AS g FROM range(10000, 15000) AS t(i)"
    )
    made = []
    with engine(tmp_path / "spill", threads=2) as connection:
        for select in (rows, f"{rows} UNION ALL {rows} WHERE i % 3 = 0 AND i < 11000"):
            whole = write_table(connection, select, tmp_path / "whole.parquet")
            made.append(parts(whole.moved(connection, tmp_path / "quads.parquet")))
    assert made[0] == made[1]


@pytest.mark.usefixtures("eight")
def test_parts_with_the_same_rows_are_the_files_that_there_are(tmp_path):
    chance = random.Random(3)
    content = rows(chance)
    before = table(tmp_path / "before", content)
    one, *_ = content
    for name, other in (
        ("gone", content - {one}),
        ("more", {*content, (*one[:2], '"more"', None)}),
        ("cut", {*content, *((f"<http://e/{n}-new>", RDF_TYPE, '"1"', None) for n in range(5))}),
        ("none", rows(random.Random(4))),
    ):
        after = table(tmp_path / name, other, before=before)
        assert parts(after) == parts(table(tmp_path / f"{name}2", other))
        linked = [path.stat().st_nlink > 1 for path in after.files]
        assert (sum(linked) == 7) if name in ("gone", "more") else not all(linked)


@pytest.mark.usefixtures("eight")
def test_few_subjects_and_none(tmp_path):
    assert read(table(tmp_path / "none", set())) == []
    one = ("<http://e/s>", RDF_TYPE, '"1"', None)
    assert read(table(tmp_path / "one", {one})) == [one]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    root = tmp_path / "w"
    for name, text in (
        ("kg.toml", 'title = "T"\nbase = "http://e/"\n[prefixes]\nex = "http://e/"\n'),
        ("data/m.yarrrml.yml", MAPPING),
        ("data/things.csv", things(40)),
        ("shapes/s.ttl", SHAPES),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(root)
    return read_workspace(root)


def things(count: int) -> str:
    return "id,day,size\n" + "".join(
        f"t{n:06},2020-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 1000}\n" for n in range(count)
    )


def relaid(build: Build, files: list[tuple[str, str]]) -> None:
    """Write the quad table of a build anew, as files with names and conditions on its rows."""
    held = build.path / "held"
    build.quads.rename(held)
    with engine() as connection:
        for name, condition in files:
            target = build.path / name
            target.parent.mkdir(exist_ok=True)
            source = f"SELECT * FROM {QuadTable(held).sql} WHERE {condition}"
            copy_rows(connection, sorted_rows(source), target)
    shutil.rmtree(held)
    (build.path / "survey.json").unlink(missing_ok=True)
    info = build.info()
    seal(build, {key: info[key] for key in info if key not in ("format", "files", "sha256")})


LAYOUTS = {
    "parts": [],
    "ranges of another engine": [
        ("quads/part-00000-a.parquet", "s < '<http://e/t000009>'"),
        ("quads/part-00001-a.parquet", "s >= '<http://e/t000009>'"),
    ],
    "one file": [("quads.parquet", "true")],
}


@pytest.mark.usefixtures("eight")
def test_every_reader_takes_every_layout(workspace, tmp_path, capsys):
    build = kg.build(workspace, BuildOptions(index=False)).build
    assert len(QuadTable(build.quads).files) == 8
    said = {}
    for name, files in LAYOUTS.items():
        if files:
            relaid(build, files)
        assert main(["-q", "describe"]) == 0
        capsys.readouterr()
        assert main(["-q", "export", "-o", str(tmp_path / "out.ttl")]) == 0
        assert main(["-q", "query", "-e", "SELECT (SUM(?n) AS ?x) { ?s ex:size ?n }"]) == 0
        assert main(["-q", "validate"]) == 0
        assert main(["-q", "diff", str(tmp_path / "out.ttl"), "current"]) == 0
        said[name] = ((tmp_path / "out.ttl").read_bytes(), capsys.readouterr().out)
    assert len(set(said.values())) == 1
    assert b"t000039" in said["parts"][0]


@pytest.mark.usefixtures("eight")
def test_a_damaged_part_is_found(workspace):
    build = kg.build(workspace, BuildOptions(validate=False)).build
    part = QuadTable(build.quads).files[3]
    content, status = part.read_bytes(), part.stat()
    part.write_bytes(content[:-40] + b"x" + content[-39:])
    with pytest.raises(InputError, match=r"quads/03\.parquet has changed"):
        check_build(build)
    # With the times of the file that was checked only reading it tells: so exports do.
    part.write_bytes(content)
    check_build(build)
    part.write_bytes(content[:-40] + b"x" + content[-39:])
    os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(InputError, match=r"quads/03\.parquet has changed"):
        export_workspace(workspace, str(workspace.root / "out.nt"))


@pytest.mark.usefixtures("eight")
def test_a_parquet_file_of_others_is_found(workspace, monkeypatch):
    monkeypatch.setattr("kg.building.PARTS", 2)
    options = BuildOptions(index=False, validate=False)
    build = kg.build(workspace, options).build
    check_build(build)
    check_table(build)
    places = (
        ("quads", check_build),
        *((f"table/{name}", check_table) for name in ("spo", "pos", "pso", "terms")),
        ("later-table/table", check_table),
    )
    for place, check in places:
        known = next((build.path / place).glob("*.parquet"), build.path / "quads" / "00.parquet")
        other = build.path / place / "01 (conflicted copy).parquet"
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(known, other)
        with pytest.raises(InputError, match=rf"{place}/01 \(conflicted copy\)\.parquet is none"):
            check(build)
        other.unlink()
    shutil.rmtree(build.path / "later-table")
    check_build(build)
    check_table(build)
    shutil.copy(build.path / "quads" / "00.parquet", build.path / "quads.parquet")
    with pytest.raises(InputError, match="both"):
        check_build(build)


@pytest.mark.usefixtures("eight")
def test_a_damaged_part_is_not_taken_over(workspace, monkeypatch):
    monkeypatch.setattr("kg.basis._TICK", -1)  # files need not rest before they are read
    options = BuildOptions(index=False, table=False, validate=False)
    first = made(workspace.root, options, anew=False)
    part = QuadTable(workspace.current_build().quads).files[3]
    content, status = part.read_bytes(), part.stat()
    part.write_bytes(content[:-40] + b"x" + content[-39:])
    os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert made(workspace.root, options, anew=False) == first


@pytest.mark.usefixtures("eight")
def test_a_comparison_reads_only_what_differs(workspace, monkeypatch, capsys):
    read: list[str] = []
    kg.build(workspace, BuildOptions(index=False, validate=False))
    source = workspace.root / "data" / "things.csv"
    source.write_text(source.read_text().replace("t000007,", "t000007a,"), encoding="utf-8")
    kg.build(workspace, BuildOptions(index=False, validate=False))
    compare = compare_ground

    def noted(connection, old, new, *more):
        read.extend((old, new))
        compare(connection, old, new, *more)

    monkeypatch.setattr("kg.diff.api.compare_ground", noted)
    assert main(["diff", "previous", "current"]) == 1
    apart = capsys.readouterr().out
    assert all(1 <= sql.count(".parquet'") <= 3 for sql in read)
    assert main(["diff", "previous", "current", "--merged"]) == 1
    assert capsys.readouterr().out == apart


@pytest.mark.usefixtures("eight")
def test_a_changed_row_changes_the_parts_of_copies(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr("kg.building.PARTS", 4)
    monkeypatch.setattr("kg.basis._TICK", -1)  # files need not rest before they are read
    ways: list[bool] = []

    def noted(*words):
        ways.append(change_copies(*words))
        return ways[-1]

    monkeypatch.setattr("kg.kept.change_copies", noted)
    some, full = workspace.root, tmp_path / "full" / "w"
    options = BuildOptions(index=False)
    made(some, options, anew=False)
    source = some / "data" / "things.csv"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("t000007,2020-08-08,7", "t000007,2020-08-08,8"), "utf-8")
    shutil.copytree(some, full, ignore=shutil.ignore_patterns(".kg"))
    expected = made(full, options, anew=True)
    assert not ways
    told, files = made(some, options, anew=False)
    assert ways == [True]
    assert (told, files) == expected
    copies = sorted(workspace.current_build().table.glob("spo/*.parquet"))
    assert {path.stat().st_nlink for path in copies} == {1, 2}


@pytest.mark.skipif(EXAMPLES < 100, reason="a minute: KG_EXAMPLES=100")
def test_one_changed_row_rewrites_little_of_a_large_build(workspace):
    source = workspace.root / "data" / "things.csv"
    source.write_text(things(100_000), encoding="utf-8")
    (workspace.root / "shapes" / "s.ttl").unlink()
    first = kg.build(workspace, BuildOptions()).build
    known = {entry["sha256"] for entry in first.info()["files"].values()}
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("t055555,2020-08-04,555", "t055555,2020-08-04,556"), "utf-8")
    second = kg.build(workspace, BuildOptions()).build
    assert second.info()["quads"] == 300_000
    assert len({*quad_digests(second).values()} - {*quad_digests(first).values()}) == 1
    files = second.info()["files"].values()
    new = sum(entry["size"] for entry in files if entry["sha256"] not in known)
    assert 0 < new <= sum(entry["size"] for entry in files) * 0.05
