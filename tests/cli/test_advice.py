"""What is said where something is named or written in another way than kg takes it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from kg.errors import Location
from kg.names import Namer
from kg.validation.formats import TableReport
from kg.validation.results import Result
from kg.validation.shapes import read_shapes

MAPPING = """prefixes: {ex: http://example.org/}
mappings:
  m:
    sources: [[t.csv~csv]]
    s: ex:$(id)
    po: [[ex:name, $(name)], [ex:age, $(age)]]
"""
RML = '@prefix rml: <http://w3id.org/rml/> . <#m> rml:logicalSource [ rml:source "t.csv" ] .\n'


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "kg.toml").write_text(
        'base = "http://e/"\n[prefixes]\nex = "http://example.org/"\n', encoding="utf-8"
    )
    (tmp_path / "data" / "t.csv").write_text("id,name,age\n1,Ann,30\n", encoding="utf-8")
    return tmp_path


class TestNames:
    @pytest.mark.parametrize(
        ("name", "text", "right"),
        [
            ("facts.yml", MAPPING, "facts.yarrrml.yml"),
            ("facts.yaml", MAPPING, "facts.yarrrml.yml"),
            ("deep/facts.yarrrml", MAPPING, "facts.yarrrml.yml"),
            ("facts.yml", MAPPING.replace("mappings:", '"mappings" :'), "facts.yarrrml.yml"),
            ("facts.rml", None, None),
            ("facts.yml", "mappings: [a, b]\n", None),
            ("facts.yml", "peaks: [{mappings: 1, po: 2}]\n", None),
        ],
    )
    def test_a_mapping_of_another_name(self, kg, folder, name, text, right):
        path = folder / "data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text or "", encoding="utf-8")
        done = kg("build", cwd=folder)
        told = f"data/{name} looks like a mapping: name it {right}."
        assert (done.code, "nothing-to-build" in done.err) == (2, True)
        assert (told in done.err) == (right is not None)
        (folder / "data" / "m.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
        done = kg("build", cwd=folder)
        assert done.code == 0
        assert (f"not read as one: name it {right}" in done.err) == (right is not None)

    def test_rml_beside_data(self, kg, folder):
        (folder / "data" / "facts.ttl").write_text(RML, encoding="utf-8")
        assert "name it facts.rml.ttl" in kg("build", cwd=folder).err

    def test_mappings_of_the_right_name(self, kg, folder):
        (folder / "data" / "m.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
        (folder / "data" / "m.yml").write_text(MAPPING, encoding="utf-8")
        done = kg("build", cwd=folder)
        assert (done.code, done.err.count("not read as one")) == (0, 1)


@pytest.mark.parametrize("option", ["-q", "--quiet", "-v", "--verbose", "--debug"])
@pytest.mark.parametrize("command", ["build", "map", "query"])
def test_options_of_all_commands_stand_before_them(kg, folder, command, option):
    done = kg(command, option, cwd=folder)
    assert done.code == 2
    assert f"Write it before the command: kg {option} COMMAND." in done.err


def test_trace_tells_an_unknown_entity_from_an_unknown_predicate(kg, folder):
    (folder / "data" / "m.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
    assert kg("build", cwd=folder).code == 0
    done = kg("trace", "ex:1", "ex:nmae", cwd=folder)
    assert done.code == 1
    assert "no record gives ex:1 a ex:nmae; what records give it: ex:name, ex:age\n" in done.err
    for words in (("ex:7",), ("ex:7", "ex:name")):
        done = kg("trace", *words, cwd=folder)
        assert (done.code, "no record makes ex:7\n" in done.err) == (1, True)


class TestSlips:
    """What a person writes who knows other tools, and what is said of it."""

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("$(name)", "${name}", "Write a reference as $(name)."),
            ("t.csv~csv", "data/t.csv~csv", "There is data/t.csv: paths start in the folder"),
            ("ex:age", "foo:age", "Declare foo: under prefixes of this file, or in kg.toml"),
            ("[ex:name,", "[ex:name {,", "Check the indentation"),
        ],
    )
    def test_in_a_mapping(self, kg, folder, old, new, said):
        assert old in MAPPING
        text = MAPPING.replace(old, new)
        (folder / "data" / "m.yarrrml.yml").write_text(text, encoding="utf-8")
        built = kg("build", cwd=folder)
        assert (built.code, said in built.err) == (2, True)
        checked = kg("check", cwd=folder)
        assert (checked.code, said in checked.out) == (1, True)

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (
                "People\nid,name,age\n1,Ann,30\n",
                "If 'People' is a title above the header, set skipRows",
            ),
            ("id\tname\tage\n1\tAnn\t30\n", "set that as the delimiter, or write ~tsv."),
            ("id;name;age\n1;Ann;30\n", "Its header holds ';': set that as the delimiter. It has"),
            ("Id\n1\n", "Did you mean 'Id'? It has: Id."),
            ("id,name,age\n1,Zo\xeb,30\n", "such as encoding: cp1252 (Windows)"),
        ],
    )
    def test_in_a_table(self, kg, folder, content, said):
        (folder / "data" / "t.csv").write_bytes(content.encode("latin-1"))
        (folder / "data" / "m.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
        done = kg("build", cwd=folder)
        assert (done.code, said in done.err) == (2, True)
        if "missing-column" in done.err:
            checked = kg("check", cwd=folder)
            assert (checked.code, checked.out.count("[missing-column]") >= 1) == (1, True)

    @pytest.mark.parametrize(
        ("kind", "value", "said"),
        [
            ("date", "1.2.2013", "toDate"),
            ("date", "01/02/2013", "toDate"),
            ("dateTime", "3-Feb-2013", "toDate"),
            ("date", "soon", None),
            ("decimal", '"40,5"', 'replace(…, ",", ".") mends'),
            ("double", '"-1,5"', 'replace(…, ",", ".") mends'),
            ("integer", '"1,400"', 'replace(…, ",", "") mends'),
            ("integer", "4.0", None),
        ],
    )
    def test_in_a_value(self, kg, folder, kind, value, said):
        (folder / "data" / "t.csv").write_text(f"id,name,age\n1,Ann,{value}\n", encoding="utf-8")
        text = MAPPING.replace("$(age)]", f"$(age), xsd:{kind}]")
        (folder / "data" / "m.yarrrml.yml").write_text(text, encoding="utf-8")
        done = kg("build", cwd=folder)
        assert f"1 value is not of xsd:{kind}, the first" in done.err
        if said is None:
            assert "The function" not in done.err
        else:
            assert f"The function {said}" in done.err


class TestTables:
    """The table of results, in a narrow terminal."""

    def table(self, folder: Path, results: int, width: int | None) -> str:
        (folder / "shapes.ttl").write_text(
            "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> ."
            " ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:P ."
            f' ex:P sh:path ex:p ; sh:minCount 1 ; sh:message "{"every word of it " * 12}end" .',
            encoding="utf-8",
        )
        out = StringIO()
        shapes = read_shapes([folder / "shapes.ttl"])
        report = TableReport(out, shapes, Namer({}), width)
        sh = "<http://www.w3.org/ns/shacl#"
        places = tuple(Location("t.csv", line) for line in (1, 2))
        for number in range(results):
            report.add(
                Result(
                    f"<http://example.org/{number}>",
                    None,
                    None,
                    "<http://example.org/P>",
                    f"{sh}MinCountConstraintComponent>",
                    f"{sh}Violation>",
                    ("every word of it " * 12 + "end",),
                    origins=places,
                )
            )
        report.close()
        return out.getvalue()

    @pytest.mark.parametrize(("results", "more"), [(1, 0), (3, 0), (4, 1), (6, 3)])
    def test_shown_and_more_make_all(self, tmp_path, results, more):
        text = self.table(tmp_path, results, None)
        assert text.count("<http://example.org/0>") == 1
        assert sum(f"org/{n}>" in text for n in range(results)) == results - more
        assert (f"… and {more} more" in text) == bool(more)

    @pytest.mark.parametrize("width", [40, 80])
    def test_sentences_are_whole(self, tmp_path, width):
        text = self.table(tmp_path, 2, width)
        assert ("every word of it " * 12 + "end") in " ".join(text.split())
        assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize(
    "words", [("map", "m.yarrrml.yml", "-o", "m.nt"), ("diff", "a.nt", "a.nt")]
)
def test_a_workspace_that_is_wrong_is_told_where_it_is_only_around(
    words: tuple[str, ...], kg, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("id,name,age\n1,Ann,30\n", encoding="utf-8")
    (tmp_path / "m.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "a.nt").write_text("", encoding="utf-8")
    assert kg(*words, cwd=tmp_path).code == 0
    (tmp_path / "kg.toml").write_text("[prefixes]\nex = 1\n", encoding="utf-8")
    done = kg(*words, cwd=tmp_path)
    assert done.code == 2
    assert "kg.toml" in done.err
