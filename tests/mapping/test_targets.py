"""Logical targets: which statements go where, in which form; the test cases of rml-io.

Spec: https://kg-construct.github.io/rml-io/spec/docs/#target-vocabulary
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.cli.main import main
from kg.duck import engine
from kg.errors import InputError, UsageError, WorldError
from kg.exports.targets import write_target
from kg.map_files import MappingFiles, map_files
from kg.mapping.documents import read_mappings
from kg.mapping.plan import LogicalTarget
from kg.mapping.targets import COMPRESSIONS, FORMATS, SERIALIZATIONS
from kg.quads import QuadTable, write_table
from kg.terms import XSD
from tests.launcher import program
from tests.mapping.conformance import needs_suite, read_cases
from tests.mapping.running import write_files

EX = "http://example.org/"
DATA = "id,name,age\n1,Ann,30\n2,Bob,40\n"
HEAD = """\
@prefix rml: <http://w3id.org/rml/> .
@prefix formats: <http://www.w3.org/ns/formats/> .
@prefix ex: <http://example.org/> .
"""


def rml(subject: str = "", name: str = "", age: str = "", targets: str = "") -> str:
    """Return a mapping with what is said of its subject map and of its two object maps."""
    return f"""{HEAD}
<#m> a rml:TriplesMap ;
  rml:logicalSource [ rml:source [ a rml:RelativePathSource ; rml:path "t.csv" ] ;
                      rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:template "http://example.org/{{id}}" {subject} ] ;
  rml:predicateObjectMap [ rml:predicate ex:name ; rml:objectMap [ rml:reference "name" {name} ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:age ; rml:objectMap [ rml:reference "age" {age} ] ] .
{targets}
"""


def target(path: str, more: str = "") -> str:
    return f'; rml:logicalTarget [ rml:target [ a rml:FilePath ; rml:path "{path}" ] {more} ]'


def run(folder: Path, mapping: str, output: str | None = "out.nq", **more: Any) -> list[str]:
    """Run a mapping in a folder; return what was said of targets as ``name: number``."""
    name = "m.ttl" if "rml:" in mapping else "m.yml"
    write_files(folder, {name: mapping, "t.csv": DATA})
    before = Path.cwd()
    os.chdir(folder)
    try:
        form = more.pop("format_name", None)
        mapped = map_files(MappingFiles([Path(name)], **more), output, format_name=form)
    finally:
        os.chdir(before)
    return [f"{each.path.name}: {each.statements}" for each in mapped.targets]


def lines(path: Path) -> list[str]:
    """The statements of an N-Quads file, shortened."""
    text = path.read_text(encoding="utf-8").replace(f"<{EX}", "<")
    return sorted(line.removesuffix(" .") for line in text.splitlines())


class TestRouting:
    def test_statements_go_to_the_targets_of_their_terms(self, tmp_path):
        found = run(tmp_path, rml(name=target("names.nq"), age=target("ages.nq")))
        assert found == ["names.nq: 2", "ages.nq: 2"]
        assert lines(tmp_path / "names.nq") == ['<1> <name> "Ann"', '<2> <name> "Bob"']
        assert lines(tmp_path / "ages.nq") == ['<1> <age> "30"', '<2> <age> "40"']
        assert lines(tmp_path / "out.nq") == []

    def test_without_target_to_the_default_output(self, tmp_path):
        run(tmp_path, rml(name=target("names.nq")))
        assert lines(tmp_path / "out.nq") == ['<1> <age> "30"', '<2> <age> "40"']

    def test_all_targets_of_a_statement_get_it_once(self, tmp_path):
        mapping = rml(subject=target("all.nq") + target("all.nq"), name=target("names.nq"))
        assert run(tmp_path, mapping) == ["all.nq: 4", "names.nq: 2"]

    def test_one_target_in_several_maps(self, tmp_path):
        mapping = rml(name="; rml:logicalTarget <#t>", age="; rml:logicalTarget <#t>") + (
            '<#t> rml:target [ rml:path "x.nq" ] .'
        )
        assert run(tmp_path, mapping) == ["x.nq: 4"]

    def test_all_are_replaced_or_none(self, tmp_path):
        (tmp_path / "names.nq").write_text("as before")
        mapping = rml(name=target("names.nq"))
        with pytest.raises(WorldError):
            run(tmp_path, mapping, "/dev/full", format_name="nquads")
        assert (tmp_path / "names.nq").read_text() == "as before"
        assert {path.name for path in tmp_path.iterdir()} == {"m.ttl", "names.nq", "t.csv"}
        run(tmp_path, mapping)
        assert lines(tmp_path / "names.nq") == ['<1> <name> "Ann"', '<2> <name> "Bob"']

    def test_yarrrml_on_every_term(self, tmp_path):
        mapping = """\
        targets: {all: all.nq}
        mappings:
          m:
            sources: [[t.csv~csv]]
            s: http://example.org/$(id)
            po:
              - p: {value: http://example.org/p, targets: p.nq}
                o: x
              - p: http://example.org/q
                o: [{value: y, targets: [o.nq, all]}, z]
              - p: http://example.org/r
                o: {value: d, datatype: {value: xsd:token, targets: d.nq}}
              - p: http://example.org/s
                o: {value: l, language: {value: en, targets: l.nq}}
              - p: http://example.org/t
                o: g
                g: [{value: http://example.org/g, targets: g.nq}, http://example.org/h]
              - p: http://example.org/u
                o: {mapping: m, targets: m.nq}
        """
        text = "\n".join(line[8:] for line in mapping.splitlines()) + "\n"
        assert set(run(tmp_path, text)) == {
            f"{name}.nq: 2" for name in ("p", "o", "all", "d", "l", "g", "m")
        }
        assert lines(tmp_path / "o.nq") == ['<1> <q> "y"', '<2> <q> "y"']
        assert lines(tmp_path / "g.nq") == ['<1> <t> "g" <g>', '<2> <t> "g" <g>']
        assert lines(tmp_path / "m.nq") == ["<1> <u> <1>", "<2> <u> <2>"]
        default = [line for line in lines(tmp_path / "out.nq") if line.startswith("<1>")]
        assert default == ['<1> <q> "z"', '<1> <t> "g" <h>']

    def test_joins(self, tmp_path):
        mapping = """\
mappings:
  m:
    sources: [[t.csv~csv]]
    s: http://example.org/$(id)
    po:
      - p: [{value: http://example.org/p, targets: p.nq}, http://example.org/q]
        o: {mapping: n, condition: 'equal($(name), $(name))'}
      - p: {value: http://example.org/r, targets: r.nq}
        o: {mapping: n, condition: 'equal($(id), $(id))'}
  n:
    sources: [[t.csv~csv]]
    s: http://example.org/n/$(id)
"""
        assert run(tmp_path, mapping) == ["p.nq: 2", "r.nq: 2"]
        assert lines(tmp_path / "p.nq") == ["<1> <p> <n/1>", "<2> <p> <n/2>"]
        assert lines(tmp_path / "out.nq") == ["<1> <q> <n/1>", "<2> <q> <n/2>"]

    def test_no_output_is_needed_where_all_has_targets(self, tmp_path):
        assert run(tmp_path, rml(subject=target("x.nq")), None) == ["x.nq: 4"]
        assert not (tmp_path / "out.nq").exists()
        with pytest.raises(UsageError, match="not all statements go to targets"):
            run(tmp_path, rml(name=target("x.nq")), None)

    def test_a_build_takes_all_into_its_graph(self, tmp_path):
        workspace = {
            "kg.toml": f'title = "T"\nbase = "{EX}"\n',
            "data/m.rml.ttl": rml(subject=target("x.nq")),
            "data/t.csv": DATA,
        }
        write_files(tmp_path, workspace)
        assert main(["-C", str(tmp_path), "--quiet", "build"]) == 0
        assert list(tmp_path.rglob("x.nq")) == []
        assert main(["-C", str(tmp_path), "export", "-o", str(tmp_path / "all.nq")]) == 0
        assert len(lines(tmp_path / "all.nq")) == 4

    def test_conditions_choose_what_goes_to_a_target(self, tmp_path):
        mapping = """\
mappings:
  m:
    sources: [[t.csv~csv]]
    s: http://example.org/$(id)
    po:
      - p: http://example.org/p
        o:
          - {value: $(name), condition: 'equal($(name), Ann)', targets: ann.nq}
          - {value: $(name), condition: 'notEqual($(name), Ann)', targets: rest.nq}
"""
        assert run(tmp_path, mapping, None) == ["ann.nq: 1", "rest.nq: 1"]


class TestReading:
    """What RML documents say of targets, in the vocabulary of today and in that of before."""

    OLD = """\
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix rmlt: <http://semweb.mmlab.be/ns/rml-target#> .
@prefix comp: <http://semweb.mmlab.be/ns/rml-compression#> .
@prefix formats: <http://www.w3.org/ns/formats/> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix ex: <http://example.org/> .
<#m> a rr:TriplesMap ;
  rml:logicalSource [ rml:source "t.csv" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://example.org/{id}" ; rml:logicalTarget <#t> ] ;
  rr:predicateObjectMap [ rr:predicate ex:name ; rr:objectMap [ rml:reference "name" ] ] .
<#t> a rmlt:LogicalTarget ;
  rmlt:target [ a void:Dataset ; void:dataDump <file://d.ttl.tgz> ] ;
  rmlt:serialization formats:Turtle ; rmlt:compression comp:targzip .
"""

    def test_old_vocabulary(self, tmp_path):
        assert run(tmp_path, self.OLD, None) == ["d.ttl.tgz: 2"]
        with tarfile.open(tmp_path / "d.ttl.tgz", "r:gz") as archive:
            assert archive.getnames() == ["d.ttl"]
            text = archive.extractfile("d.ttl").read()
        assert len(set(ox.parse(text, ox.RdfFormat.TURTLE))) == 2

    @pytest.mark.parametrize(
        "access",
        [
            '[ a rml:FilePath ; rml:path "x.nq" ]',
            '[ rml:root rml:CurrentWorkingDirectory ; rml:path "x.nq" ]',
            '[ rml:root rml:MappingDirectory ; rml:path "x.nq" ]',
            '"x.nq"',
            "[ a <http://rdfs.org/ns/void#Dataset> ; <http://rdfs.org/ns/void#dataDump>"
            " <file://x.nq> ]",
            '[ <http://www.w3.org/ns/dcat#accessURL> "file:x.nq" ]',
        ],
    )
    def test_ways_to_name_a_file(self, tmp_path, access):
        mapping = rml(subject=f"; rml:logicalTarget [ rml:target {access} ]")
        assert run(tmp_path, mapping, None) == ["x.nq: 4"]
        assert (tmp_path / "x.nq").is_file()

    def test_root_is_the_mapping_folder_or_the_current_one(self, tmp_path):
        mapping = rml(
            name='; rml:logicalTarget [ rml:target [ rml:root rml:MappingDirectory ;'
            ' rml:path "m.nq" ] ]',
            age='; rml:logicalTarget [ rml:target [ rml:root rml:CurrentWorkingDirectory ;'
            ' rml:path "c.nq" ] ]',
        )  # fmt: skip
        write_files(tmp_path, {"a/m.ttl": mapping, "a/t.csv": DATA, "b/x": ""})
        code = subprocess.run(
            [*program(), "--quiet", "map", "../a/m.ttl"],
            cwd=tmp_path / "b",
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            check=False,
        ).returncode
        assert code == 0
        assert (tmp_path / "a" / "m.nq").is_file()
        assert (tmp_path / "b" / "c.nq").is_file()

    @pytest.mark.parametrize("place", ["logical target", "target"])
    def test_compression_and_encoding_at_either_node(self, tmp_path, place):
        more = "; rml:compression rml:gzip ; rml:encoding rml:UTF-16"
        inner, outer = ("", more) if place == "logical target" else (more, "")
        mapping = rml(
            subject=f'; rml:logicalTarget [ rml:target [ rml:path "x.gz" {inner} ] {outer} ]'
        )
        run(tmp_path, mapping, None)
        data = gzip.decompress((tmp_path / "x.gz").read_bytes())
        assert data.decode("utf-16").count(" .\n") == 4

    @pytest.mark.parametrize(
        ("said", "message"),
        [
            ("; rml:logicalTarget [ rml:serialization formats:N-Quads ]", "no rml:target"),
            ('; rml:logicalTarget [ rml:target [ a ex:Service ] ]', "does not write"),
            (target("x", "; rml:serialization formats:OWL_XML"), "no serialization"),
            (target("x", "; rml:compression rml:rar"), "no compression"),
            (target("x", "; rml:encoding rml:EBCDIC"), "no encoding"),
            (
                "; rml:logicalTarget [ rml:target"
                " [ <http://rdfs.org/ns/void#dataDump> <http://e/x> ] ]",
                "is no file",
            ),
            (
                '; rml:logicalTarget [ rml:target [ rml:root ex:home ; rml:path "x" ] ]',
                "is no root",
            ),
        ],
    )  # fmt: skip
    def test_faults_name_the_line(self, tmp_path, said, message):
        with pytest.raises(InputError) as caught:
            run(tmp_path, rml(subject=said))
        assert message in caught.value.message
        assert str(caught.value.location) == "m.ttl:8"
        assert (caught.value.hint is None) == ("no rml:target" in message)


class TestPlaces:
    """Where targets may lie; what is there stays if something fails."""

    def test_outside_is_refused_before_any_work(self, tmp_path):
        folder = tmp_path / "inside"
        for path in ("../x.nq", str(tmp_path / "x.nq")):
            with pytest.raises(InputError) as caught:
                run(folder, rml(subject=target(path)))
            assert caught.value.code == "outside-folder"
            assert caught.value.location.line == 8
            assert "--allow-outside" in caught.value.hint
        assert not (folder / "out.nq").exists()
        assert run(folder, rml(subject=target("../x.nq")), allow_outside=True) == ["x.nq: 4"]
        assert (tmp_path / "x.nq").is_file()

    def test_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(InputError) as caught:
            run(tmp_path, rml(subject=target("no/x.nq")))
        assert caught.value.code == "missing-folder"

    @pytest.mark.parametrize(
        ("first", "second"),
        [("x.nq", "no/../x.nq"), ("out.nq", "y.nq"), ("x.nq", 'x.nq" ; rml:encoding "UTF-16')],
    )
    def test_one_file_for_two(self, tmp_path, first, second):
        with pytest.raises(InputError) as caught:
            run(tmp_path, rml(name=target(first), age=target(second)))
        assert caught.value.code == "same-target"

    def test_a_target_stays_as_it_was_when_the_run_fails(self, tmp_path):
        write_files(tmp_path, {"x.nq": "old"})
        mapping = rml(subject=target("x.nq"), name="; rml:termType rml:IRI")
        with pytest.raises(InputError):
            run(tmp_path, mapping)
        assert (tmp_path / "x.nq").read_text() == "old"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["m.ttl", "t.csv", "x.nq"]

    def test_command_line(self, tmp_path):
        write_files(tmp_path, {"m.ttl": rml(name=target("n.nq")), "t.csv": DATA})
        done = subprocess.run(
            [*program(), "map", "m.ttl", "-o", "-", "--format", "nt"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0
        assert done.stdout.count(" .\n") == 2
        assert done.stderr.splitlines() == [
            "wrote 2 statements to n.nq",
            "wrote 2 statements from 2 records to standard output",
        ]


# --- forms --------------------------------------------------------------------------------


TERMS = [
    ("<http://e/s>", "<http://e/p>", '"a\\"\\\\\\n\\t\\u0000b"', None),
    ("<http://e/s>", "<http://e/p>", '"é\U0001f600"@pt-br', None),
    ("<http://e/s>", "<http://e/p>", f'"1"^^<{XSD}integer>', "<http://e/g>"),
    ("<http://e/s>", "<http://e/q>", "<http://e/o?x=1#f>", None),
    ("<http://e/t>", "<http://e/p>", "_:b1", None),
    ("_:b1", "<http://e/p>", '"x"', None),
    ("_:b1", "<http://e/p>", '"x"', "<http://e/g>"),
]


def table(folder: Path, rows: Iterable[tuple[str, str, str, str | None]]) -> QuadTable:
    with engine(folder) as connection:
        connection.execute("CREATE TABLE q (s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR)")
        for row in rows:
            connection.execute("INSERT INTO q VALUES (?, ?, ?, ?)", row)
        return write_table(connection, "SELECT * FROM q", folder / "quads.parquet")


def parsed(data: bytes, form: str) -> set[ox.Quad]:
    """Return what a file says, blank nodes made comparable."""
    if form == "rdfjson":
        quads = list(rdf_json(json.loads(data)))
    else:
        formats = {
            "nquads": ox.RdfFormat.N_QUADS,
            "ntriples": ox.RdfFormat.N_TRIPLES,
            "turtle": ox.RdfFormat.TURTLE,
            "n3": ox.RdfFormat.N3,
            "trig": ox.RdfFormat.TRIG,
            "jsonld": ox.RdfFormat.JSON_LD,
            "rdfxml": ox.RdfFormat.RDF_XML,
        }
        quads = list(ox.parse(data, formats[form]))
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(dataset)


def rdf_json(document: dict) -> Iterable[ox.Quad]:
    """Read RDF/JSON; a number where a text should stand is read as what it is."""

    def resource(name: str) -> ox.NamedNode | ox.BlankNode:
        return ox.BlankNode(name[2:]) if name.startswith("_:") else ox.NamedNode(name)

    for subject, predicates in document.items():
        for predicate, objects in predicates.items():
            for o in objects:
                value = o["value"]
                if o["type"] == "literal":
                    natural = f"{XSD}integer" if isinstance(value, int) else None
                    datatype = o.get("datatype", natural)
                    made = ox.Literal(
                        str(value),
                        datatype=ox.NamedNode(datatype) if datatype else None,
                        language=o.get("lang"),
                    )
                else:
                    assert o["type"] == ("bnode" if value.startswith("_:") else "uri")
                    made = resource(value)
                yield ox.Quad(resource(subject), ox.NamedNode(predicate), made)


def unpacked(path: Path, compression: str) -> tuple[str, bytes]:
    """Return the name and the content of what is in a file."""
    data = path.read_bytes()
    if compression == "gzip":
        return path.name, gzip.decompress(data)
    if compression == "zip":
        with zipfile.ZipFile(path) as archive:
            (name,) = archive.namelist()
            return name, archive.read(name)
    if compression in ("targz", "tarxz"):
        with tarfile.open(path, "r:gz" if compression == "targz" else "r:xz") as archive:
            (name,) = archive.getnames()
            return name, archive.extractfile(name).read()
    return path.name, data


def write(folder: Path, rows: QuadTable, **more: str) -> Path:
    made = LogicalTarget("x.dump", str(folder), **more)
    return write_to(folder, made, rows)


def write_to(folder: Path, target: LogicalTarget, rows: QuadTable) -> Path:
    with engine(folder, threads=1) as connection:
        write_target(connection, rows, target, prefixes={"e": "http://e/"}, spill=folder)
    return folder / target.path


class TestForms:
    HELD = TERMS[1:]  # XML has no way to write NUL

    @pytest.mark.parametrize("form", SERIALIZATIONS)
    def test_serializations(self, tmp_path, form):
        rows = self.HELD if form == "rdfxml" else TERMS
        data = write(tmp_path, table(tmp_path, rows), serialization=form).read_bytes()
        expected = parsed(nquads(rows, graphs=form in ("nquads", "trig", "jsonld")), "nquads")
        assert parsed(data, form) == expected

    @pytest.mark.parametrize("form", SERIALIZATIONS)
    def test_nothing(self, tmp_path, form):
        data = write(tmp_path, table(tmp_path, []), serialization=form).read_bytes()
        assert parsed(data, form) == set()

    @pytest.mark.parametrize("form", SERIALIZATIONS)
    def test_utf_16(self, tmp_path, form):
        rows = table(tmp_path, self.HELD)
        plain = write(tmp_path, rows, serialization=form).read_bytes()
        data = write(tmp_path, rows, serialization=form, encoding="utf-16").read_bytes()
        assert data[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = data.decode("utf-16")
        assert text.replace("UTF-16", "UTF-8") == plain.decode()
        if form == "rdfxml":
            assert 'encoding="UTF-16"' in text

    @pytest.mark.parametrize("compression", sorted(set(COMPRESSIONS.values())))
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_compressions(self, tmp_path, compression, encoding):
        rows = table(tmp_path, TERMS)
        plain = write(tmp_path, rows, encoding=encoding).read_bytes()
        path = write(tmp_path, rows, compression=compression, encoding=encoding)
        name, data = unpacked(path, compression)
        assert name == "x.dump"
        assert data == plain
        first = path.read_bytes()
        assert (
            write(tmp_path, rows, compression=compression, encoding=encoding).read_bytes() == first
        )

    @pytest.mark.parametrize(
        ("path", "compression", "inside"),
        [
            ("d.nq.zip", "zip", "d.nq"),
            ("d.nq.tar.gz", "targz", "d.nq"),
            ("d.nq.tar.xz", "tarxz", "d.nq"),
            ("d.tgz", "targz", "d"),
            (".zip", "zip", ".zip"),
        ],
    )
    def test_names_in_archives(self, tmp_path, path, compression, inside):
        made = LogicalTarget(path, str(tmp_path), compression=compression)
        write_to(tmp_path, made, table(tmp_path, TERMS))
        assert unpacked(tmp_path / path, compression)[0] == inside

    def test_ending_says_nothing_where_no_compression_is_asked(self, tmp_path):
        made = LogicalTarget("d.nq.gz", str(tmp_path))
        write_to(tmp_path, made, table(tmp_path, TERMS))
        assert (tmp_path / "d.nq.gz").read_bytes().startswith(b"<http://e/s>")

    def test_nothing_is_left_behind(self, tmp_path):
        write(tmp_path, table(tmp_path, TERMS), compression="zip", encoding="utf-16")
        assert sorted(p.name for p in tmp_path.iterdir()) == ["quads.parquet", "x.dump"]

    def test_names_of_formats_are_those_of_both_languages(self):
        assert set(FORMATS.values()) == set(SERIALIZATIONS)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.booleans())
    def test_any_text_in_rdf_json(self, tmp_path, value, tagged):
        term = ox.Literal(value, language="en") if tagged else ox.Literal(value)
        rows = [("<http://e/s>", "<http://e/p>", str(term), None)]
        data = write(tmp_path, table(tmp_path, rows), serialization="rdfjson").read_bytes()
        ((quad),) = rdf_json(json.loads(data))
        assert quad.object == term


def nquads(rows: Iterable[tuple[str, str, str, str | None]], *, graphs: bool) -> bytes:
    text = io.StringIO()
    for s, p, o, g in rows:
        text.write(f"{s} {p} {o} {g or '' if graphs else ''} .\n")
    return text.getvalue().encode()


# --- the suite ----------------------------------------------------------------------------


CASES = {name: case for name, case in read_cases("rml-io").items() if name.startswith("RMLTTC")}

# The age is a number in JSON, so that its natural datatype is xsd:integer, and so it is where the
# same mapping has another target (RMLTTC0005a, 0006a, 0007a). The files of these cases are from
# before natural datatypes: https://github.com/kg-construct/rml-core/issues/218
UNTYPED = frozenset(
    f"RMLTTC000{case}" for case in ("4a", "4c", "4f", "4g", "5b", "6b", "6c", "6d", "6e")
)
_ENDINGS = {"nq": "nquads", "nt": "ntriples", "ttl": "turtle", "rdfxml": "rdfxml"}


def dumped(path: Path) -> set[ox.Quad]:
    """Return what a file of the suite says, unpacked and decoded by its name and content."""
    endings = {".tar.gz": "targz", ".tar.xz": "tarxz", ".zip": "zip", ".gz": "gzip", "": ""}
    ending = next(e for e in endings if path.name.endswith(e))
    _, data = unpacked(path, endings[ending])
    if data[:2] == b"\xff\xfe":
        data = data.decode("utf-16").encode()
    form = path.name.removesuffix(ending).rpartition(".")[2]
    return parsed(data, _ENDINGS.get(form, form))


@needs_suite
class TestSuite:
    def test_every_case_is_there(self):
        assert len(CASES) == 41
        assert [name for name, case in CASES.items() if not case.folder.is_dir()] == []
        assert not any(case.fails for case in CASES.values())
        assert set(CASES) >= UNTYPED

    @pytest.mark.parametrize("name", CASES or ["none"])
    def test_case(self, name, tmp_path, monkeypatch, capsys):
        folder = CASES[name].folder
        expected = {
            p.name: p for p in folder.glob("d*.*") if p.name.startswith(("default", "dump"))
        }
        for name_in in ("mapping.ttl", "Friends.json"):
            shutil.copy(folder / name_in, tmp_path)
        monkeypatch.chdir(tmp_path)
        datatypes = ["--datatypes", "none"] if name in UNTYPED else []
        assert main(["map", "mapping.ttl", "-o", "default.nq", *datatypes]) == 0
        written = {p.name for p in tmp_path.iterdir()} - {"mapping.ttl", "Friends.json"}
        assert written == set(expected)
        said = capsys.readouterr().err.splitlines()
        assert len(said) == len(expected)
        assert {n: dumped(tmp_path / n) for n in expected} == {
            n: dumped(path) for n, path in expected.items()
        }


@pytest.mark.parametrize(
    "target",
    [
        "['http://localhost:1/sparql~sparql']",
        "['http://localhost:1/sparql~sd']",
        "{access: 'http://localhost:1/sparql', type: sparql}",
        "{access: 'http://localhost:1/sparql', type: sd}",
    ],
)
def test_servers_in_yarrrml(tmp_path, target):
    path = tmp_path / "m.yarrrml.yml"
    path.write_text(
        f"targets: {{t: {target}}}\nmappings: {{m: {{sources: [[a.csv~csv]],"
        " s: {value: 'http://e/$(id)', targets: t}, po: [[ex:p, $(id)]]}}\n"
    )
    plan = read_mappings([path], {"ex": "http://example.org/"})
    (found,) = plan.triples_maps[0].subject.targets
    assert found.endpoint == found.path == "http://localhost:1/sparql"
    path.write_text(path.read_text().replace("http://localhost", "ftp://localhost"))
    with pytest.raises(InputError, match="is no address of a server"):
        read_mappings([path], {"ex": "http://example.org/"})
