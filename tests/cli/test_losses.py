"""What `kg map` and `kg build` say of records that gave no subject or no object."""

from __future__ import annotations

from pathlib import Path

import pytest

CSV = "id,name,age\n1,Ann,30\n2,,4\n,Cid,\n"
HEAD = "prefixes: {ex: http://example.org/}\nmappings:\n"
MAPPING = """  NAME:
    sources: [[t.csv~csv]]
    s: http://e/$(id)
    po:
      - [ex:name, $(name)]
      - [ex:age, $(age)]
"""
LAST = "--verbose lists all that was lost, --strict makes it a failure"


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "kg.toml").write_text(
        'base = "http://e/"\n[prefixes]\nex = "http://example.org/"\n', encoding="utf-8"
    )
    (tmp_path / "data" / "t.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


def write(folder: Path, *names: str, s: str = "http://e/$(id)") -> None:
    text = HEAD + "".join(MAPPING.replace("NAME", n).replace("http://e/$(id)", s) for n in names)
    (folder / "data" / "m.yarrrml.yml").write_text(text, encoding="utf-8")


MAP = ("map", "data/m.yarrrml.yml", "-o", "out.nt")


@pytest.mark.parametrize("command", [MAP, ("build",)])
def test_in_short(kg, folder, command):
    write(folder, "m")
    done = kg(*command, cwd=folder)
    assert done.code == 0
    assert (
        "data/m.yarrrml.yml#m: 3 records; 1 gave no subject (no value in id),"
        " 1 gave no ex:name (no value in name), 1 gave no ex:age (no value in age)\n"
        f"{LAST}\n"
    ) in done.err


@pytest.mark.parametrize("command", [MAP, ("build",)])
@pytest.mark.parametrize("option", ["--verbose", "--strict"])
def test_in_full(kg, folder, command, option):
    write(folder, "m", "whole", s="http://e/$(id)")
    words = (option, *command) if option == "--verbose" else (*command, option)
    done = kg(*words, cwd=folder)
    assert done.code == (1 if option == "--strict" else 0)
    for name in ("m", "whole"):
        assert (
            f"data/m.yarrrml.yml#{name}: 3 records\n"
            "  1 gave no subject: no value in id\n"
            "  1 gave no ex:name: no value in name\n"
            "  1 gave no ex:age: no value in age\n"
        ) in done.err
    assert LAST not in done.err


@pytest.mark.parametrize("command", [MAP, ("build",)])
def test_nothing_lost(kg, folder, command):
    write(folder, "m")
    (folder / "data" / "t.csv").write_text("id,name,age\n1,Ann,30\n", encoding="utf-8")
    done = kg(*command, "--strict", cwd=folder)
    assert done.code == 0
    assert "data/m.yarrrml.yml#m: 1 record\n" in done.err
    assert " gave no " not in done.err
    assert "gave no" not in kg(*command, cwd=folder).err


def test_a_strict_build_with_losses_is_not_in_force(kg, folder):
    write(folder, "m")
    assert kg("build", "--strict", cwd=folder).code == 1
    assert kg("query", "-e", "ASK {}", cwd=folder).code != 0


def test_of_many_mappings_the_first_ones(kg, folder):
    write(folder, *"abcdefg")
    text = (folder / "data" / "m.yarrrml.yml").read_text(encoding="utf-8")
    # Those that lose no subject come last.
    text = text.replace("$(id)", "$(name)$(age)x", 0).replace(
        "s: http://e/$(id)", "s: http://e/x", 3
    )
    (folder / "data" / "m.yarrrml.yml").write_text(text, encoding="utf-8")
    said = kg(*MAP, cwd=folder).err
    shown = [
        line.partition("#")[2][:1]
        for line in said.splitlines()
        if " gave no " in line and "#" in line
    ]
    assert shown == ["d", "e", "f", "g", "a"]
    assert "and 2 more triples maps with records that gave no subject or no object\n" in said
    assert said.endswith(f"{LAST}\n")


def test_of_many_reasons_the_gravest(kg, folder):
    names = "vwxyz"
    pairs = "".join(f"      - [ex:{name}, $({name})]\n" for name in names)
    text = f"{HEAD}  m:\n    sources: [[t.csv~csv]]\n    s: http://e/$(id)\n    po:\n{pairs}"
    (folder / "data" / "m.yarrrml.yml").write_text(text, encoding="utf-8")
    rows = ["id,v,w,x,y,z", "1,v,w,x,y,z", "2,,w,x,,z", "3,,w,,,z", "4,,,,,z", ",v,,x,y,"]
    (folder / "data" / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    assert (
        "#m: 5 records; 1 gave no subject (no value in id), 3 gave no ex:v (no value in v),"
        " 3 gave no ex:y (no value in y), and 3 more reasons\n"
    ) in kg(*MAP, cwd=folder).err


def test_of_a_join(kg, folder):
    text = (
        f"{HEAD}  m:\n    sources: [[t.csv~csv]]\n    s: http://e/$(id)\n    po:\n"
        "      - p: ex:p\n        o: {mapping: n, condition: 'equal($(name), $(k))'}\n"
        "  n:\n    sources: [[n.csv~csv]]\n    s: http://e/n/$(k)\n"
    )
    (folder / "data" / "m.yarrrml.yml").write_text(text, encoding="utf-8")
    (folder / "data" / "n.csv").write_text("k\nAnn\n", encoding="utf-8")
    assert "2 gave no ex:p" not in (said := kg(*MAP, cwd=folder).err)
    assert "1 gave no ex:p (no value in name)" in said
    assert "1 gave no ex:p (no data/m.yarrrml.yml#n has its name)" in said


def test_quiet_says_nothing(kg, folder):
    write(folder, "m")
    assert kg("-q", *MAP, cwd=folder).err == ""


def test_no_records(kg, folder):
    """An iterator that leads nowhere is told, though nothing is lost."""
    (folder / "data" / "t.json").write_text('{"items": [{"id": 1}]}', encoding="utf-8")
    text = "mappings: {m: {sources: [['t.json~jsonpath', '$.itms[*]']], s: http://e/$(id), po: []}}"
    (folder / "data" / "m.yarrrml.yml").write_text(text, encoding="utf-8")
    done = kg(*MAP, cwd=folder)
    assert "data/m.yarrrml.yml#m: no records; check its source and its iterator" in done.err
    assert "$ in data/t.json has no itms; did you mean items?" in done.err


def test_no_records_are_a_failure_of_strict_runs(kg, folder):
    (folder / "data" / "t.json").write_text('{"items": []}', encoding="utf-8")
    text = (
        "mappings: {m: {sources: [['t.json~jsonpath', '$.items[*]']], s: http://e/$(id), po: []}}"
    )
    (folder / "data" / "m.yarrrml.yml").write_text(text, encoding="utf-8")
    assert kg(*MAP, cwd=folder).code == 0
    done = kg(*MAP, "--strict", cwd=folder)
    assert done.code == 1
    assert "data/m.yarrrml.yml#m: no records; check its source and its iterator\n" in done.err


def test_many_sources_without_records_are_told_in_one_line(kg, folder):
    """As in a new workspace, whose tables have a header alone."""
    maps = "".join(f"  {n}: {{sources: [[{n}.csv~csv]], s: http://e/$(id)}}\n" for n in "abcdef")
    (folder / "data" / "m.yarrrml.yml").write_text(HEAD + maps, encoding="utf-8")
    for name in "abcdef":
        (folder / "data" / f"{name}.csv").write_text("id\n", encoding="utf-8")
    (folder / "README.md").write_text("Begin with a.csv.\n", encoding="utf-8")
    files = ", ".join(f"data/{name}.csv" for name in "abcdef")
    line = f"6 of 6 triples maps have no records yet, from {files}:"
    said = kg("build", cwd=folder).err
    assert f"{line} README.md says how to begin; --verbose lists them\n" in said
    assert "check its source" not in said
    said = kg("-v", "build", "--full", cwd=folder).err
    assert said.count("no records; check its source and its iterator\n") == 6
    (folder / "data" / "a.csv").write_text("id\n1\n", encoding="utf-8")
    said = kg("build", cwd=folder).err
    assert said.count("no records; check its source and its iterator\n") == 5
    assert "no records yet" not in said


def test_prefixes_of_the_mapping(kg, folder):
    """They name what is lost, and shorten Turtle."""
    write(folder, "m")
    path = folder / "data" / "m.yarrrml.yml"
    path.write_text(path.read_text().replace("ex:", "my:").replace("example", "other"))
    done = kg("map", "data/m.yarrrml.yml", "-o", "out.ttl", cwd=folder)
    assert "1 gave no my:name" in done.err
    assert "my:name" in (folder / "out.ttl").read_text(encoding="utf-8")


def test_a_key_that_may_be_meant_is_named(kg, folder):
    (folder / "data/a.json").write_text('[{"id": 1, "size": {"height": 2}}]', encoding="utf-8")
    (folder / "data/a.yarrrml.yml").write_text(
        "mappings:\n  a:\n    sources: [['a.json~jsonpath', '$[*]']]\n    s: http://e/$(id)\n"
        "    po: [[http://e/p, $(size.heigth)]]\n",
        encoding="utf-8",
    )
    assert "(no value in size.heigth; did you mean height?)" in kg("build", cwd=folder).err


def test_a_join_without_condition_names_what_is_missing(tmp_path, monkeypatch, capsys):
    """There is no reference to name where all records are joined."""
    from kg.cli.main import main

    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("id,name\n1,\n", encoding="utf-8")
    Path("u.csv").write_text("id\n1\n", encoding="utf-8")
    Path("m.yml").write_text(
        HEAD + "  m: {sources: [['u.csv~csv']], s: 'http://e/$(id)',"
        " po: [{p: ex:q, o: {mapping: other}}]}\n"
        "  other: {sources: [['t.csv~csv']], s: 'http://o/$(name)'}\n",
        encoding="utf-8",
    )
    assert main(["map", "m.yml", "-o", "out.nt"]) == 0
    told = capsys.readouterr().err
    assert "1 gave no ex:q (m.yml#other has no record with a subject)" in told
