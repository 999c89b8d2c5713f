"""Builds that take over what has the same causes make the files of a full build, byte for byte.

``KG_EXAMPLES=2000`` makes so many edits; a failure names the seed and the edits before it.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pyoxigraph
import pytest

import kg
from kg import basis, building, facts, indexing, parts, planned, verdict
from kg.basis import Basis
from kg.building import BuildOptions
from kg.engines.duckdb import run
from kg.notes import hearing
from kg.workspace import Build, read_workspace

EDITS = int(os.environ.get("KG_EXAMPLES", "3"))
# The fields of build.json in which a build differs from one of the same causes: its name and that
# of the build before, times and memory. In its sources "mtime_ns", the times of files, differs.
VARYING = ("id", "previous", "started", "ended", "cpu_seconds", "peak_memory", "sha256")
SEED = int(os.environ.get("KG_SEED", "19"))
FILES = {
    "kg.toml": 'base = "http://e/"\n[prefixes]\ne = "http://e/"\n',
    "data/people.yarrrml.yml": """\
prefixes: {e: http://e/}
mappings:
  person:
    sources: [[people.csv~csv]]
    s: e:$(id)
    po:
      - [a, e:Person]
      - [e:name, $(name)]
      - [e:age, $(age), xsd:integer]
      - p: e:lives
        o:
          mapping: town
          condition: {function: equal, parameters: [[str1, $(town)], [str2, $(id)]]}
  town:
    sources: [['towns.yaml~yaml', '$.towns[*]']]
    s: e:$(id)
    po: [[a, e:Town], [rdfs:label, $(name), en~lang]]
  pet:
    sources: [[pets.csv~csv]]
    s: e:pet/$(name)
    po: [[a, e:Person], [e:name, $(name)], [e:of, e:$(of)~iri]]
""",
    "data/people.csv": "id,name,age,town\n1,Ann,31,x\n2,Bob,,y\n3,Cid,x,x\n",
    "data/pets.csv": "name,of\nRex,1\nTom,\nRex,2\n",
    "data/towns.yaml": "towns:\n- {id: x, name: Xton}\n- {id: y, name: Yton}\n",
    "data/more.ttl": "@prefix e: <http://e/> .\ne:9 a e:Person ; e:name 'Nine' .\n",
    "data/eight.jsonld": '{"@id": "http://e/8", "http://e/name": "Eight", "unknown": 1}\n',
    "ontology/o.ttl": "@prefix e: <http://e/> .\n"
    "e:Person <http://www.w3.org/2000/01/rdf-schema#subClassOf> e:Agent .\n",
    "shapes/s.ttl": "@prefix sh: <http://www.w3.org/ns/shacl#> .\n@prefix e: <http://e/> .\n"
    "e:S a sh:NodeShape ; sh:targetClass e:Person ;\n"
    "  sh:property [ sh:path e:age ; sh:minCount 1 ; sh:severity sh:Info ] ,\n"
    "    [ sh:path ( e:lives e:name ) ; sh:minCount 1 ; sh:severity sh:Warning ] .\n",
    "queries/q.rq": "# Names.\nSELECT ?n { ?s <http://e/name> ?n }\n",
    "accepted.toml": "",
    # Read by files of NEW alone, or where an edit leads to them.
    "data/x.xml": "<r><i id='1'>One</i><i id='2'>Two</i></r>",
    "data/ctx.json": '{"@context": {"unknown": "http://e/known"}}',
}
LEADS = ('{"@id"', '{"@context": "ctx.json", "@id"')
# Places where an edit puts a piece in the stead of another; both are there in some file.
SWAPS = {
    # Violations come and go with these, too: of those whose age, town or name is missing.
    "data/people.csv": [
        *(("Ann", "Eve"), ("31", "3x"), ("2,Bob", "1,Bob"), ("\n3,", "\n4,")),
        *((",31,", ",,"), ("Bob,,y", "Bob,44,y"), ("3,Cid", "5,Dan,,x\n3,Cid"), (",x,x", ",x,")),
    ],
    "data/pets.csv": [("Rex", "Max"), ("Tom,", "Tom,3"), ("Rex,2", "Rex,1")],
    "data/towns.yaml": [("Xton", "Xtown"), ("id: y", "id: z"), ("- {id: y", "- {id: w}\n- {id: y")],
    "data/people.yarrrml.yml": [
        ("[e:name, $(name)]", "[e:called, $(name)]"),
        ("[a, e:Town], [rdfs:label", "[rdfs:label"),
        ("mappings:", "# a comment\nmappings:"),
        ("xsd:integer", "xsd:string"),
        ("[a, e:Town], ", "[a, e:Town], [e:n, '1', xsd:integer], [e:n, '01', xsd:integer], "),
    ],
    "data/more.ttl": [("Nine", "Neun"), ("e:Person ;", "e:Town ;")],
    "data/eight.jsonld": [('"unknown": 1', '"unknown": 2, "more": 1'), ("Eight", "Acht"), LEADS],
    "data/x.xml": [("One", "Eins"), ("Two", "Zwei")],
    "data/ctx.json": [("e/known", "e/other")],
    "ontology/o.ttl": [("e:Agent", "e:Being"), ("e:Person <", "e:Town <")],
    "shapes/s.ttl": [
        ("sh:minCount 1 ; sh:severity sh:Info", "sh:minCount 2 ; sh:severity sh:Info"),
        ("sh:targetClass e:Person", "sh:targetClass e:Town"),
        ("( e:lives e:name )", "[ sh:inversePath e:lives ]"),
    ],
    "kg.toml": [
        ('"http://e/"\n[prefixes]', '"http://e/"\n[build]\ninfer = "rdfs"\n[prefixes]'),
        ('\ne = "http://e/"', '\nex = "http://e/"'),
        ('base = "http://e/"', 'base = "http://e/"\ntitle = "A title"'),
    ],
    "queries/q.rq": [("?n", "?m")],
    "accepted.toml": [("", '[unread-column]\n"data/people.csv" = 1\n')],
}
NEW = {
    "data/extra.nt": '<http://e/7> <http://e/name> "Seven" .\n',
    "shapes/t.ttl": "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
    "[] a sh:NodeShape ; sh:targetNode <http://e/1> ; sh:nodeKind sh:IRI .\n",
    "data/unused.csv": "a,b\n1,2\n",
    "data/o.xml": "<o/>",
    "data/x.rml.ttl": """@prefix rml: <http://w3id.org/rml/> .
<http://e/X> a rml:TriplesMap ; rml:logicalSource [ rml:iterator "/r/i" ;
    rml:source [ a rml:RelativePathSource ; rml:root rml:MappingDirectory ; rml:path "x.xml" ] ;
    rml:referenceFormulation rml:XPath ] ;
  rml:subjectMap [ rml:template "http://e/x/{@id}" ] ; rml:predicateObjectMap [
    rml:predicate <http://e/name> ; rml:objectMap [ rml:reference "upper-case(.)" ] ] ,
  [ rml:predicate <http://e/has> ;
    rml:objectMap [ rml:reference "string(doc-available('o.xml'))" ] ] .
""",
    "data/list.rml.ttl": """@prefix rml: <http://w3id.org/rml/> .
<http://e/L> a rml:TriplesMap ; rml:logicalSource [ rml:source [ a rml:RelativePathSource ;
    rml:root rml:MappingDirectory ; rml:path "people.csv" ] ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:constant <http://e/all> ] ; rml:predicateObjectMap [
    rml:predicate <http://e/has> ; rml:objectMap [ rml:constant <http://e/list> ;
      rml:gather ( [ rml:reference "name" ] ) ; rml:gatherAs rdf:List ] ] .
<http://e/M> a rml:TriplesMap ; rml:logicalSource [ rml:source [ a rml:RelativePathSource ;
    rml:root rml:MappingDirectory ; rml:path "pets.csv" ] ; rml:referenceFormulation rml:CSV ] ;
  rml:subjectMap [ rml:constant <http://e/all> ] ; rml:predicateObjectMap [
    rml:predicate <http://e/has> ; rml:objectMap [ rml:constant <http://e/list> ;
      rml:gather ( [ rml:reference "name" ] ) ; rml:gatherAs rdf:List ] ] .
""".replace("rdf:List", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#List>"),
    "data/q.yarrrml.yml": "mappings: {q: {sources: [{access: more.ttl, "
    "referenceFormulation: sparql, query: 'SELECT ?s ?n { ?s <http://e/name> ?n }'}], "
    "s: $(s), po: [['http://e/n', $(n)]]}}\n",
    "shapes/q.ttl": """@prefix sh: <http://www.w3.org/ns/shacl#> .
[] a sh:NodeShape ; sh:targetSubjectsOf <http://e/name> ; sh:severity sh:Info ;
  sh:sparql [ sh:select "SELECT $this { $this <http://e/name> ?n FILTER(?n < 'R') }" ] .
""",
}


def edit(files: dict[str, str], chance: random.Random) -> str:
    """Change the content of a workspace, and return what was done."""
    if chance.random() < 0.2:
        name = chance.choice(sorted(NEW))
        if files.pop(name, None) is None:
            files[name] = NEW[name]
        return f"adds or removes {name}"
    name = chance.choice(sorted(SWAPS))
    old, new = chance.choice(SWAPS[name])
    text = files[name]
    # There and back again: what was kept for one state must not be taken for another.
    back = new in text if len(new) > len(old) else old not in text
    files[name] = text.replace(new, old, 1) if back else text.replace(old, new, 1)
    return f"{name}: {new!r} back to {old!r}" if back else f"{name}: {old!r} to {new!r}"


def write(root: Path, files: dict[str, str]) -> None:
    for path in root.rglob("*"):
        if (
            path.is_file()
            and ".kg" not in path.parts
            and path.relative_to(root).as_posix() not in files
        ):
            path.unlink()
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def made(root: Path, options: BuildOptions, *, anew: bool) -> tuple[object, dict[str, object]]:
    """Build, and return what the build told and the content of its files."""
    os.chdir(root)
    workspace, told = read_workspace(root), []
    noted = Basis(workspace, {}, anew=anew)
    with hearing() as notes:
        result = kg.build(workspace, replace(options, basis=noted, sinks=[told.append]))
    assert result.in_force
    said = (
        *(result.quads, result.triples, result.graphs, result.counts, result.inferred),
        *(result.merged, result.problems, result.findings, result.lossy, told),
        *(result.verdict and replace(result.verdict, report=None), list(map(str, notes.values()))),
    )
    return said, contents(result.build)


def contents(build: Build) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(build.path.rglob("*")):
        name = path.relative_to(build.path).as_posix()
        if path.is_file() and not name.startswith("store/"):
            found[name] = path.read_bytes()
    info = json.loads(found["build.json"])
    for key in VARYING:
        info.pop(key)
    for source in info["sources"]:
        source.pop("mtime_ns")
    info["files"] = {k: v for k, v in info["files"].items() if not k.startswith("store/")}
    found["build.json"] = info
    if build.store.is_dir():
        store = pyoxigraph.Store.read_only(str(build.store))
        found["store"] = sorted(map(str, store))
        found["named graphs"] = set(map(str, store.named_graphs()))
    return found


@pytest.fixture(autouse=True)
def long_ago(monkeypatch):
    monkeypatch.setattr(basis, "_TICK", -1)  # files need not rest before they are read


def test_a_build_is_that_of_a_full_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chance, files, done = random.Random(SEED), dict(FILES), []
    some, full = tmp_path / "some" / "w", tmp_path / "full" / "w"
    for _ in range(EDITS):
        write(some, files)
        write(full, files)
        options = BuildOptions(index=chance.random() < 0.3, table=chance.random() < 0.1)
        expected = made(full, options, anew=True)
        found = made(some, options, anew=False)
        assert found == expected, f"KG_SEED={SEED}: {done}"
        done.append(edit(files, chance))


class TestWork:
    """Which steps run after which change."""

    @pytest.fixture
    def steps(self, monkeypatch) -> list[str]:
        """The steps that ran since the list was last cleared."""
        found: list[str] = []

        def counted(room: ModuleType, name: str) -> None:
            work = getattr(room, name)

            def run(*words, **more):
                found.append(name)
                return work(*words, **more)

            monkeypatch.setattr(room, name, run)

        counted(parts, "run_whole")
        counted(parts, "spool_rdf")
        counted(planned, "read_mappings")
        load = run.load_any

        def loaded(connection, table, *more):
            found.append(f"reads {table.source.path}")
            return load(connection, table, *more)

        monkeypatch.setattr(run, "load_any", loaded)
        counted(building, "infer_rdfs")
        for name in ("read_facts", "write_survey", "write_counts"):
            counted(facts, name)
        counted(verdict, "validate")
        for name in ("write_index", "change_index"):
            counted(indexing, name)
        return found

    @pytest.fixture
    def root(self, tmp_path, monkeypatch) -> Path:
        monkeypatch.chdir(tmp_path)
        write(tmp_path / "w", FILES)
        self.build(tmp_path / "w")
        return tmp_path / "w"

    def build(self, root: Path) -> None:
        made(root, BuildOptions(infer="rdfs"), anew=False)

    def test_each_change(self, root, steps):
        self.build(root)
        assert steps == [], "nothing has changed"
        self.change(root, "queries/q.rq", "?n", "?m")
        assert steps == []
        self.change(root, "shapes/s.ttl", "minCount 1", "minCount 2")
        assert steps == ["validate"]
        steps.clear()
        self.change(root, "data/people.yarrrml.yml", "mappings:", "# a comment\nmappings:")
        everything = [f"reads {name}" for name in ("people.csv", "towns.yaml", "pets.csv")]
        made = ["read_mappings", *everything, "infer_rdfs", "validate"]
        assert steps == made, "the quads are the same"
        steps.clear()
        self.change(root, "data/people.csv", "Ann", "Eve")
        # The index is changed beside other steps.
        after = ["change_index", "infer_rdfs", "validate", "write_counts"]
        read = ["reads people.csv", "reads towns.yaml"]
        assert sorted(steps) == sorted([*read, *after]), "of what refers to it"
        steps.clear()
        self.change(root, "data/pets.csv", "Rex", "Max")
        assert sorted(steps) == sorted(["reads pets.csv", *after])
        steps.clear()
        self.change(root, "data/pets.csv", "Max", "Rex")
        self.change(root, "data/people.csv", "Eve", "Ann")
        assert steps.count("reads pets.csv") == 1
        assert steps.count("reads people.csv") == 1
        assert len(list((root / ".kg" / "parts").iterdir())) == 2, "of mappings, and of RDF files"

    def test_many_bytes_are_run_at_once(self, root, steps, monkeypatch):
        monkeypatch.setattr(parts, "MOST_AT_ONCE", 10)
        self.change(root, "data/people.yarrrml.yml", "[e:name, $(name)]", "[e:called, $(name)]")
        assert steps[:2] == ["read_mappings", "run_whole"], (
            "sorting quads again takes longer than making them"
        )
        self.change(root, "data/people.csv", "Ann", "Eve")
        steps.clear()
        self.change(root, "data/pets.csv", "Rex", "Max")
        assert steps[0] == "reads pets.csv", "from the second change on, they are kept"

    def change(self, root: Path, name: str, old: str, new: str) -> None:
        path = root / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        self.build(root)

    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("data/pets.csv", "Rex,1\n"),
            ("data/pets.csv", "Tom,\n"),
            ("data/people.csv", "1,Ann,31,x\n"),  # the only number and the only name of the town
        ],
    )
    def test_a_row_that_goes_or_comes_is_looked_at_alone(self, root, steps, name, row):
        before = made(root, BuildOptions(infer="rdfs"), anew=True)[1]
        steps.clear()
        for old, new in ((row, ""), ("\n", f"\n{row}")):
            path = root / name
            path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
            found = made(root, BuildOptions(infer="rdfs"), anew=False)
            assert {"read_facts", "write_survey"}.isdisjoint(steps)
            assert found == made(root, BuildOptions(infer="rdfs"), anew=True)
            steps.clear()
        assert found[1]["survey.json"] == before["survey.json"]

    def test_an_index_of_many_changes_is_made_anew(self, root, steps, monkeypatch):
        monkeypatch.setattr(indexing, "_FEW", 0)
        monkeypatch.setattr(indexing, "_SHARE", 0)
        self.change(root, "data/people.csv", "Ann", "Eve")
        assert "write_index" in steps
        assert "change_index" not in steps

    def test_an_index_shares_the_files_that_did_not_change(self, root):
        before = read_workspace(root).current_build()
        held = {path.stat().st_ino: path.read_bytes() for path in before.store.glob("*.sst")}
        self.change(root, "data/people.csv", "Ann", "Eve")
        now = {path.stat().st_ino for path in read_workspace(root).current_build().store.iterdir()}
        assert held.keys() & now
        left = {path.stat().st_ino: path.read_bytes() for path in before.store.glob("*.sst")}
        assert left == held, "the build before is as it was"

    def test_an_index_that_merges_quads_is_made_anew(self, root, steps):
        more = "[a, e:Town], [e:n, '1', xsd:integer], [e:n, '01', xsd:string]"
        self.change(root, "data/people.yarrrml.yml", "[a, e:Town]", more)
        self.change(root, "data/people.yarrrml.yml", "'01', xsd:string", "'01', xsd:integer")
        assert "change_index" in steps
        steps.clear()
        self.change(root, "data/people.csv", "Ann", "Eve")
        assert "write_index" in steps, "to take 01 out would take 1 with it"

    def test_other_software_takes_nothing_over(self, root, steps, monkeypatch):
        monkeypatch.setattr("kg.basis.Basis.software", "another")
        self.build(root)
        made = {"infer_rdfs", "validate", "write_index", "write_survey", "write_counts"}
        assert made <= set(steps)

    def test_damage_that_no_time_tells_is_not_taken(self, root, monkeypatch):
        monkeypatch.setattr("kg.builds._mark", lambda path: [path.lstat().st_size])
        options = BuildOptions(table=True)
        first = made(root, options, anew=True)
        build = read_workspace(root).current_build()
        damaged = [build.table / "spo.parquet", next(build.store.glob("*.sst"))]
        for path in damaged:
            good = path.read_bytes()
            path.write_bytes(good[:-40] + b"?" + good[-39:])
        assert made(root, options, anew=False) == first

    def test_what_is_damaged_is_not_taken(self, root, steps):
        kept, build = root / ".kg" / "kept.json", read_workspace(root).current_build()
        text = kept.read_text(encoding="utf-8")
        assert '"records": 3' in text
        kept.write_text(text.replace('"records": 3', '"records": 4'), encoding="utf-8")
        self.build(root)
        assert steps.count("reads people.csv") == 1
        build = read_workspace(root).current_build()
        content = bytearray(build.quads.read_bytes())
        content[len(content) // 2] ^= 1
        build.quads.write_bytes(content)
        steps.clear()
        self.build(root)
        assert "validate" in steps
        table = next((root / ".kg" / "parts").iterdir())
        table.write_bytes(table.read_bytes()[:-1] + b"?")
        steps.clear()
        self.change(root, "data/pets.csv", "Rex", "Max")
        assert "reads people.csv" in steps, "the quads of its part are damaged"
