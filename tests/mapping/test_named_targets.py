"""Targets whose file each record names.

Spec: https://rml.io/specs/target/dynamictarget/
"""

from __future__ import annotations

import os
import resource
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from kg.duck import Connection, engine
from kg.engines.recording import recording
from kg.errors import InputError
from kg.map_files import MappingFiles, map_files
from kg.mapping.plan import Reference, Template
from kg.mapping.targets import LogicalTarget, address_map, read_address
from kg.notes import hearing
from kg.rejects import skipping
from tests.mapping.running import write_files

DATA = "id,name,to\n1,Ann,x\n2,Bob,y\n3,Cy,x\n"
YARRRML = """prefixes: {{ex: 'http://e/'}}
sources: {{s: ['t.csv~csv'], other: ['u.csv~csv']}}
targets:
  t: {target}
mappings:
  m:
    sources: s
    s: {subject}
    po:
      - [ex:p, $(name)]
      - {{p: {{value: ex:q, targets: {predicate}}}, o: {{value: $(id), targets: {object}}}}}
"""
RML = """@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> . @prefix t: <http://semweb.mmlab.be/ns/rml-target#> .
@prefix rmle: <https://w3id.org/imec/rml/ns/extensions#> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix formats: <http://www.w3.org/ns/formats/> .
<#s> rml:source "t.csv" ; rml:referenceFormulation ql:CSV .
<#m> rml:logicalSource <#s> ;
  rr:subjectMap [ rr:template "http://e/{id}" ; rmle:logicalTargetMap [ rr:template "OWN" ] ] ;
  rr:predicateObjectMap [
    rr:predicate <http://e/p> ; rr:objectMap [ rml:reference "name" ] ] .
<#t> rml:logicalSource <#s> ;
  rr:subjectMap [ rr:template "of_{to}" ; rr:class t:LogicalTarget ;
    rml:logicalTarget rmle:ThisMapping ] ;
  rr:predicateObjectMap [
    rr:predicate t:target ; rr:objectMap [ rr:template "file_{to}" ; rr:termType rr:IRI ] ] ;
  rr:predicateObjectMap [ rr:predicateMap [ rr:constant t:serialization ] ;
    rr:objectMap [ rr:constant formats:N-Triples ] ] .
<#f> rml:logicalSource <#s> ;
  rr:subjectMap [ rr:template "file_{to}" ; rr:class t:Target, void:Dataset ;
    rml:logicalTarget rmle:ThisMapping ] ;
  rr:predicateObjectMap [ rr:predicate void:dataDump ; rr:objectMap [ rr:template "FILE" ] ] .
"""


def run(folder: Path, mapping: str, data: str = DATA, output: str | None = "out.nq"):
    """Run a mapping in a folder; return the lines of each file that it made, and the result."""
    name = "m.ttl" if "rml:" in mapping else "m.yml"
    write_files(folder, {name: mapping, "t.csv": data})
    before = Path.cwd()
    os.chdir(folder)
    try:
        made = map_files(MappingFiles([Path(name)]), output)
    finally:
        os.chdir(before)
    return {each.path.name: lines(each.path) for each in made.targets}, made


def lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8").replace("<http://e/", "<")
    return [line.removesuffix(" .") for line in text.splitlines()]


def yarrrml(target: str, subject="{value: 'ex:$(id)', targets: t}", predicate="[]", object="[]"):
    return YARRRML.format(target=target, subject=subject, predicate=predicate, object=object)


FULL = "{source: s, type: void, access: '$(to).nt', serialization: ntriples}"


class TestYarrrml:
    def test_of_subjects(self, tmp_path):
        files, made = run(tmp_path, yarrrml(FULL), output=None)
        assert files == {
            "x.nt": ['<1> <p> "Ann"', '<1> <q> "1"', '<3> <p> "Cy"', '<3> <q> "3"'],
            "y.nt": ['<2> <p> "Bob"', '<2> <q> "2"'],
        }
        assert made.target is None

    @pytest.mark.parametrize("place", ["predicate", "object"])
    def test_of_predicates_and_objects(self, tmp_path, place):
        files, _ = run(tmp_path, yarrrml(FULL, "ex:$(id)", **{place: "t"}))
        assert files == {"x.nt": ['<1> <q> "1"', '<3> <q> "3"'], "y.nt": ['<2> <q> "2"']}
        assert lines(tmp_path / "out.nq") == ['<1> <p> "Ann"', '<2> <p> "Bob"', '<3> <p> "Cy"']

    def test_two_at_once_and_one_that_is_the_same_for_all(self, tmp_path):
        subject = "{value: 'ex:$(id)', targets: [t, '$(id)-$(to).nt~void', all.nt]}"
        files, _ = run(tmp_path, yarrrml(FULL, subject), output=None)
        assert {name: len(found) for name, found in files.items()} == {
            **{"x.nt": 4, "y.nt": 2, "all.nt": 6},
            **{"1-x.nt": 2, "2-y.nt": 2, "3-x.nt": 2},
        }

    def test_named_by_an_id(self, tmp_path):
        target = FULL.replace("source: s", "source: s, id: 'own_$(to)'")
        subject = "{value: 'ex:$(id)', targets: ['own_$(to)']}"
        assert set(run(tmp_path, yarrrml(target, subject))[0]) == {"x.nt", "y.nt"}

    def test_graphs_stay(self, tmp_path):
        text = yarrrml(FULL.replace("ntriples", "nquads")).replace(
            "    po:", "    graphs: 'ex:g#1'\n    po:"
        )
        files, _ = run(tmp_path, text, output=None)
        assert files["y.nt"] == ['<2> <p> "Bob" <g#1>', '<2> <q> "2" <g#1>']

    def test_records_without_a_name_are_told(self, tmp_path):
        files, made = run(tmp_path, yarrrml(FULL), "id,name,to\n1,Ann,\n2,Bob,y\n", None)
        assert set(files) == {"y.nt"}
        (count,) = made.counts
        assert [(loss.records, loss.what, loss.references) for loss in count.losses] == [
            (1, "target", ("to",))
        ]

    def test_what_the_mapping_says_of_the_name_stays(self, tmp_path):
        target = FULL.replace("$(to)", "100%-!25-$(to)")
        files, _ = run(tmp_path, yarrrml(target), "id,name,to\n1,Ann,5%\n2,Bob,!25\n", None)
        assert set(files) == {"100%-!25-5%25.nt", "100%-!25-!25.nt"}

    def test_one_engine_writes_all_files(self, tmp_path, monkeypatch):
        asked: list[object] = []

        def counted(*given: object) -> AbstractContextManager[Connection]:
            asked.append(given)
            return engine(*given)

        for name in ("kg.map_files.engine", "kg.exports.api.engine"):
            monkeypatch.setattr(name, counted)
        files, _ = run(tmp_path, yarrrml(FULL.replace("$(to)", "$(id)")))
        assert (len(files), len(asked)) == (3, 2)

    def test_lists_name_several_files(self, tmp_path):
        """Another mapping, whose records have no list, writes to the same files."""
        text = yarrrml(FULL).replace("['t.csv~csv']", "['t.csv~jsonpath', '$[*]']")
        text += (
            "  n:\n    sources: other\n    s: {value: 'ex:$(id)', targets: t}\n"
            "    po: [[ex:r, $(to)]]\n"
        )
        (tmp_path / "u.csv").write_text("id,to\n7,x\n8,z\n")
        data = '[{"id": 1, "name": "Ann", "to": ["x", "y"]}, {"id": 2, "name": "Bob", "to": "x"}]'
        files, _ = run(tmp_path, text.replace("source: s, ", ""), data, None)
        ann, bob = [f'<{n}> <q> "{n}"^^<http://www.w3.org/2001/XMLSchema#integer>' for n in (1, 2)]
        assert files == {
            "x.nt": ['<1> <p> "Ann"', ann, '<2> <p> "Bob"', bob, '<7> <r> "x"'],
            "y.nt": ['<1> <p> "Ann"', ann],
            "z.nt": ['<8> <r> "z"'],
        }

    def test_names_that_meet_are_one_file(self, tmp_path):
        subject = "{value: 'ex:$(id)', targets: [['$(id).nt', ntriples], t, ['1.nt', ntriples]]}"
        files, _ = run(tmp_path, yarrrml(FULL, subject), "id,name,to\n1,Ann,2\n2,Bob,\n", None)
        ann, bob = ['<1> <p> "Ann"', '<1> <q> "1"'], ['<2> <p> "Bob"', '<2> <q> "2"']
        assert files == {"1.nt": [*ann, *bob], "2.nt": [*ann, *bob]}

    @pytest.mark.parametrize("other", ["./$(to).nt", ".//$(to).nt", "./x.nt", "././x.nt"])
    def test_what_changes_nothing_in_a_path_makes_no_other_file(self, tmp_path, other):
        text = yarrrml(FULL, f"{{value: 'ex:$(id)', targets: [t, ['{other}', ntriples]]}}")
        files, _ = run(tmp_path, text, "id,name,to\n1,Ann,x\n", None)
        assert files == {"x.nt": ['<1> <p> "Ann"', '<1> <q> "1"']}

    def test_values_name_files_and_no_folders(self, tmp_path):
        data = "id,name,to\n1,Ann,../a\\b%\n2,Bob,ü x\n3,Cy,..%2Fa\n"
        files, _ = run(tmp_path, yarrrml(FULL), data, None)
        assert set(files) == {"..%2Fa%5Cb%25.nt", "ü x.nt", "..%252Fa.nt"}
        assert {path.parent for path in tmp_path.rglob("*.nt")} == {tmp_path}

    @pytest.mark.parametrize(
        ("target", "data", "code"),
        [
            (FULL.replace("$(to).nt", "../$(to).nt"), DATA, "outside-folder"),
            (FULL.replace("$(to).nt", "no/$(to).nt"), DATA, "missing-folder"),
            (FULL.replace("$(to).nt", "$(to).csv"), "id,name,to\n1,Ann,t\n", "same-target"),
            (FULL.replace("$(to).nt", "$(to).nq"), "id,name,to\n1,Ann,out\n", "same-target"),
            (FULL.replace("source: s", "source: other"), DATA, "unsupported-mapping"),
            (FULL.replace("$(to)", "$(too)"), DATA, "missing-column"),
        ],
    )
    def test_refused(self, tmp_path, target, data, code):
        with pytest.raises(InputError) as caught:
            run(tmp_path, yarrrml(target), data)
        assert caught.value.code == code
        assert {path.name for path in tmp_path.iterdir()} == {"m.yml", "t.csv"}
        assert (tmp_path / "t.csv").read_text() == data

    @pytest.mark.parametrize("wrong", ["", ".", "..", "folder", "ü" * 128, "o" * 300])
    def test_names_of_no_file_are_told_with_the_record(self, tmp_path, wrong):
        (tmp_path / "folder").mkdir()
        with pytest.raises(InputError) as caught:
            run(
                tmp_path,
                yarrrml(FULL.replace("$(to).nt", "$(to)")),
                f'id,name,to\n1,A,x\n2,B,"{wrong}"\n',
            )
        assert caught.value.code == "bad-target"
        assert str(caught.value.location) == 't.csv:3 (record 2), column "to"'
        assert "m.yml:4" in str(caught.value.hint)
        assert not (tmp_path / "x").exists()

    @pytest.mark.parametrize("wrong", [".", "folder", "folder/", "o" * 300])
    def test_such_names_in_the_mapping_are_told_with_its_line(self, tmp_path, wrong):
        (tmp_path / "folder").mkdir()
        with pytest.raises(InputError) as caught:
            run(tmp_path, yarrrml(f"[{wrong}~void]"))
        assert (caught.value.code, str(caught.value.location)) == ("bad-target", "m.yml:4")

    def test_the_file_of_the_report_is_refused(self, tmp_path):
        """Whether it is there, or not yet."""
        with recording() as noted:
            noted.target = tmp_path / "r.csv"
            with pytest.raises(InputError, match=r"names r\.csv, the file of --report") as caught:
                run(tmp_path, yarrrml(FULL.replace(".nt", ".csv")), "id,name,to\n1,Ann,r\n")
        assert (caught.value.code, str(caught.value.location)) == ("same-target", "m.yml:4")

    @pytest.mark.parametrize("wrong", ["", "..", "folder", "o" * 300, "m.yml", "t.csv", "r.csv"])
    def test_records_with_such_names_are_left_out(self, tmp_path, wrong):
        """Those of no file, and of files that the run reads or writes something else to."""
        (tmp_path / "folder").mkdir()
        text = yarrrml(FULL.replace("$(to).nt", "$(to)"))
        data = f'id,name,to\n1,A,x.nt\n2,B,"{wrong}"\n3,C,x.nt\n4,D,"{wrong}"\n'
        with skipping(tmp_path / "r.csv") as rejects:
            files, _ = run(tmp_path, text, data)
        assert files == {"x.nt": ['<1> <p> "A"', '<1> <q> "1"', '<3> <p> "C"', '<3> <q> "3"']}
        assert [(str(place), value) for place, value, _ in rejects.listed] == [
            (f't.csv:{line} (record {line - 1}), column "to"', wrong[:200]) for line in (3, 5)
        ]
        assert (tmp_path / "r.csv").read_text().count("cannot be the file of a target") == 2

    def test_many_take_few_open_files(self, tmp_path):
        count = 10_000 if "KG_EXAMPLES" in os.environ else 60
        self.many(tmp_path, count, min(count * 2 // 3, 200))

    def many(self, folder: Path, count: int, more: int) -> None:
        """Write to so many files, with so many more open files than now."""
        opened = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        rows = "".join(f"{n},x,{n}\n" for n in range(count))
        resource.setrlimit(resource.RLIMIT_NOFILE, (opened + more, before[1]))
        try:
            files, _ = run(folder, yarrrml(FULL), f"id,name,to\n{rows}", None)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert len(files) == count
        assert all(len(found) == 2 for found in files.values())
        left = {each.name for each in folder.iterdir()} - {*files}
        assert left == {"m.yml", "t.csv"}

    @pytest.mark.parametrize(
        ("subject", "message", "hint"),
        [
            ("[t, ['$(to).nt', nquads]]", "x.nt is a target twice, in different forms", "m.yml:4"),
            ("[['l-$(to).nt', ntriples], t]", "x.nt and l-x.nt are the same file", "m.yml:8"),
            ("t", "y.nt and l.nt are the same file", "Give each a file of its own."),
        ],
    )
    def test_two_names_of_one_file(self, tmp_path, subject, message, hint):
        for link, name in (("l-x.nt", "x.nt"), ("l.nt", "y.nt")):
            (tmp_path / link).symlink_to(name)
        data = "id,name,to\n1,Ann,x\n" if "[" in subject else "id,name,to\n1,Ann,l\n2,Bob,y\n"
        with pytest.raises(InputError) as caught:
            run(tmp_path, yarrrml(FULL, f"{{value: ex:$(id), targets: {subject}}}"), data)
        assert caught.value.message == message
        assert hint in str(caught.value.hint)

    def test_a_graph_of_each_record_is_refused(self, tmp_path):
        text = yarrrml(FULL).replace("    po:", "    graphs: ex:$(to)\n    po:")
        with pytest.raises(InputError, match="both the file of the target and the graph"):
            run(tmp_path, text)

    def test_too_many_names(self, tmp_path, monkeypatch):
        monkeypatch.setattr("kg.engines.duckdb.named_targets._MOST", 1)
        with pytest.raises(InputError, match="more than 1 names"):
            run(tmp_path, yarrrml(FULL))


class TestRml:
    @pytest.mark.parametrize("file", ["{to}.nt", "file://{to}.nt"])
    def test_as_yarrrml_parser_writes_it(self, tmp_path, file):
        text = RML.replace("OWN", "of_{to}").replace("FILE", file)
        files, _ = run(tmp_path, text, output=None)
        assert files == {"x.nt": ['<1> <p> "Ann"', '<3> <p> "Cy"'], "y.nt": ['<2> <p> "Bob"']}

    @pytest.mark.parametrize(
        ("own", "file", "message"),
        [
            ("another_{to}", "{to}.nt", "does not say which file"),
            ("of_{to}", "{id}.nt", "other values than its IRI"),
        ],
    )
    def test_refused(self, tmp_path, own, file, message):
        with pytest.raises(InputError, match=message) as caught:
            run(tmp_path, RML.replace("OWN", own).replace("FILE", file))
        assert caught.value.code == "unsupported-mapping"

    def test_an_event_stream_is_written_as_it_is(self, tmp_path):
        text = (
            RML.partition("<#m>")[0]
            + """<#m> rml:logicalSource <#s> ;
          rr:subjectMap [ rr:template "http://e/{id}" ; rml:logicalTarget [
            a t:LogicalTarget, t:EventStreamTarget ; t:target [ void:dataDump <file://o.nt> ] ;
            t:serialization formats:N-Triples ; t:ldesBaseIRI <http://e/l> ; t:ldes [
              <https://w3id.org/ldes#timestampPath> <http://e/p> ] ] ] ;
          rr:predicateObjectMap [ rr:predicate <http://e/p> ; rr:objectMap [
            rml:reference "name" ] ] ."""
        )
        with hearing() as heard:
            files, _ = run(tmp_path, text, output=None)
        assert files == {"o.nt": ['<1> <p> "Ann"', '<2> <p> "Bob"', '<3> <p> "Cy"']}
        (note,) = heard.values()
        assert "a target is an event stream (LDES)" in note.text


@pytest.mark.parametrize("graph", [None, "http://e/g?a=1&b=%C3%BC#x"])
@pytest.mark.parametrize("name", ["a b", "ü/ä.nt", "1#2?3", "100%-", "!25%25", "a\\b"])
def test_names_are_told_from_graphs(name, graph):
    """What stands in the place of the graph is taken apart again."""
    from kg.mapping.plan import Constant, TermMap, TermType

    target = LogicalTarget("", name=Template((name, Reference("x"))))
    stated = None if graph is None else TermMap(Constant(graph, TermType.IRI), TermType.IRI)
    made = address_map(target, stated).expression
    assert isinstance(made, Template)
    assert read_address(f"<{''.join(p if isinstance(p, str) else 'v' for p in made.parts)}>") == (
        f"{name}v",
        graph,
    )
