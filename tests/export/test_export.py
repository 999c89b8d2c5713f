"""From a quad table to files: the bytes, and what other libraries read in them."""

import hashlib
import random
from itertools import chain
from pathlib import Path

import duckdb
import pytest
import rdflib.compare

from kg.errors import InputError, UsageError, WorldError
from kg.export import ExportOptions, export, export_workspace
from kg.export.api import _export
from kg.workspace import COMMON_PREFIXES, read_workspace
from tests.export.reading import decompressed, read, read_rdflib
from tests.export.samples import EX, INFERRED, RECORD, SAMPLE, VOC
from tests.terms import canonical

PREFIXES = {**COMMON_PREFIXES, "ex": EX, "voc": VOC}
GOLDEN = Path(__file__).with_name("golden")
WANTED = {quad for quad in SAMPLE if quad[3] != INFERRED}
MERGED = {(*quad[:3], None) for quad in WANTED}
TRIPLES = ["ttl", "nt", "rdf"]
QUADS = ["nq", "trig", "jsonld", "cottas"]


def exported(table, path, prefixes=PREFIXES, **options):
    done = _export(
        table,
        str(path),
        ExportOptions(**options),
        prefixes,
        left_out=[INFERRED],
        origins=lambda *_: {},
    )
    assert done.written
    return done


@pytest.mark.parametrize("golden", sorted(GOLDEN.iterdir()), ids=lambda path: path.name)
def test_golden_bytes(table, tmp_path, golden):
    path = tmp_path / golden.name
    exported(table(SAMPLE), path)
    assert path.read_bytes() == golden.read_bytes()


def test_every_text_format_has_golden_bytes():
    assert {path.suffix for path in GOLDEN.iterdir()} == {
        ".ttl",
        ".nt",
        ".rdf",
        ".nq",
        ".trig",
        ".jsonld",
    }


@pytest.mark.parametrize("ending", TRIPLES)
def test_merge_of_all_graphs(table, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    done = exported(table(SAMPLE), path)
    found = read(path)
    assert canonical(found) == canonical(MERGED)
    assert len(found) == len(MERGED) == done.statements


@pytest.mark.parametrize("ending", QUADS)
def test_quads(table, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    done = exported(table(SAMPLE), path)
    found = read(path)
    assert canonical(found) == canonical(WANTED)
    assert len(found) == len(WANTED) == done.statements


@pytest.mark.parametrize("ending", ["ttl", "rdf"])
def test_rdflib_reads_the_same_triples(table, tmp_path, ending):
    quads = table(SAMPLE)
    exported(quads, tmp_path / f"a.{ending}")
    exported(quads, tmp_path / "a.nt")
    found = rdflib.Graph().parse(tmp_path / f"a.{ending}")
    ntriples = rdflib.Graph().parse(tmp_path / "a.nt", format="nt11")
    assert rdflib.compare.isomorphic(found, ntriples)
    # rdflib takes "01000" and "1000" for one integer.
    assert len(found) == len(MERGED) - 1


@pytest.mark.parametrize("ending", ["trig", "jsonld"])
def test_rdflib_reads_the_same_quads(table, tmp_path, ending):
    quads = table([quad for quad in SAMPLE if "_:" not in "".join(filter(None, quad))])
    exported(quads, tmp_path / f"a.{ending}")
    exported(quads, tmp_path / "a.nq")
    assert set(read_rdflib(tmp_path / f"a.{ending}").quads()) == set(
        read_rdflib(tmp_path / "a.nq").quads()
    )


@pytest.mark.parametrize("ending", [*TRIPLES, *QUADS, "nt.gz", "ttl.zst"])
def test_same_bytes_whatever_the_order_and_the_threads(table, tmp_path, ending):
    quads = [
        (
            f"<{EX}s{n % 700}>",
            f"<{VOC}p{n % 7}>",
            f'"{n}"',
            (None, RECORD, f"<{EX}g{n % 5}>")[n % 3],
        )
        for n in range(20_000)
    ]
    exported(table(quads), tmp_path / f"a.{ending}", threads=1)
    random.Random(1).shuffle(quads)
    exported(table(quads), tmp_path / f"b.{ending}", threads=4)
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_order_holds_over_many_row_groups(tmp_path):
    """Windows and sorts see the rows in the table's order, with many threads too."""
    from kg.duck import engine
    from kg.quads import write_table

    select = (
        f"SELECT concat('<{EX}s', i // 8, '>') AS s, concat('<{VOC}p', i % 4, '>') AS p,"
        f" concat('\"', i, '\"') AS o, CASE WHEN i % 2 = 0 THEN '<{EX}g>' END AS g"
        " FROM range(300000) AS t(i)"
    )
    with engine() as connection:
        quads = write_table(connection, select, tmp_path / "many.parquet")
    for ending in ("ttl", "trig"):
        path = tmp_path / f"a.{ending}"
        assert exported(quads, path, threads=4).statements == 300_000
        text = path.read_text()
        graphs = 2 if ending == "trig" else 1
        assert text.count(" .\n") == 37_500 * graphs + len(PREFIXES.keys() & {"ex", "voc"})
        assert len(read(path)) == 300_000


@pytest.mark.parametrize("ending", [*TRIPLES, *QUADS])
def test_empty_graph(table, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    assert exported(table([]), path).statements == 0
    assert read(path) == []


def test_only_used_prefixes_are_declared(table, tmp_path):
    path = tmp_path / "a.ttl"
    quads = [
        (f"<{EX}s>", f"<{VOC}p>", f"<{EX}a/b>", f"<{PREFIXES['prov']}g>"),
        (f"<{EX}s>", f"<{VOC}p>", f'"1"^^<{PREFIXES["xsd"]}integer>', None),
    ]
    exported(table(quads), path)
    assert path.read_text().splitlines()[:3] == [
        f"@prefix ex: <{EX}> .",
        f"@prefix voc: <{VOC}> .",
        "",
    ]
    exported(table(quads), tmp_path / "a.trig")
    assert "@prefix prov:" in (tmp_path / "a.trig").read_text()


@pytest.mark.parametrize(
    "name", ["record", RECORD, RECORD.strip("<>"), "ex:graph/record", "graph/record"]
)
def test_one_graph(table, tmp_path, name):
    path = tmp_path / "a.nq"
    exported(table(SAMPLE), path, graphs=[name])
    assert set(read(path)) == {quad for quad in SAMPLE if quad[3] == RECORD}


def test_default_graph_and_inferred_graph_by_name(table, tmp_path):
    path = tmp_path / "a.nq"
    exported(table(SAMPLE), path, graphs=["default", "inferred"])
    assert set(read(path)) == {quad for quad in SAMPLE if quad[3] in (None, INFERRED)}


@pytest.mark.parametrize(
    ("name", "code"), [("nowhere", "unknown-graph"), ("graph", "ambiguous-graph")]
)
def test_no_such_graph(table, tmp_path, name, code):
    quads = [(f"<{EX}s>", f"<{VOC}p>", '"o"', f"<{EX}{part}/graph>") for part in ("a", "b")]
    with pytest.raises(InputError) as caught:
        exported(table(quads), tmp_path / "a.nq", graphs=[name])
    assert caught.value.code == code
    assert f"<{EX}a/graph>" in str(caught.value)
    assert list(tmp_path.glob("*.nq")) == []


def test_workspace_leaves_inferred_triples_out_unless_asked(workspace, tmp_path):
    space = read_workspace(workspace(SAMPLE))
    path = tmp_path / "a.nq"
    assert export_workspace(space, str(path)).statements == len(SAMPLE) - 1
    asked = ExportOptions(with_inferred=True)
    assert export_workspace(space, str(path), asked).statements == len(SAMPLE)
    assert set(read(path)) == set(SAMPLE)
    assert export(path, workspace=space.root).statements == len(SAMPLE) - 1


@pytest.mark.parametrize("ending", ["nt", "ttl.gz", "jsonld", "cottas"])
def test_target_stays_when_writing_fails(table, tmp_path, ending):
    quads = table(SAMPLE)
    target = tmp_path / f"a.{ending}"
    target.write_text("old")
    with pytest.raises(InputError):
        exported(quads, target, graphs=["nowhere"])
    assert target.read_text() == "old"
    with pytest.raises(WorldError, match=rf"missing/a\.{ending}"):
        exported(quads, tmp_path / "missing" / f"a.{ending}")
    (tmp_path / "folder.nt").mkdir()
    with pytest.raises(WorldError, match="folder"):
        exported(quads, tmp_path / "folder.nt")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"a.{ending}", "folder.nt", "quads.parquet"]


@pytest.mark.parametrize("ending", ["ttl", "nq"])
@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_compression(table, tmp_path, ending, compression):
    quads = table(SAMPLE)
    exported(quads, tmp_path / f"a.{ending}")
    exported(quads, tmp_path / f"a.{ending}.{compression}")
    plain = (tmp_path / f"a.{ending}").read_bytes()
    assert decompressed(tmp_path / f"a.{ending}.{compression}") == plain
    if compression == "gz":  # no time and no name in the header
        assert (tmp_path / f"a.{ending}.gz").read_bytes()[3:8] == bytes(5)


@pytest.mark.parametrize("ending", ["nt", "nt.gz", "nq.zst"])
def test_split(table, tmp_path, ending):
    quads = table([(f"<{EX}{n:04}>", f"<{VOC}p>", f'"{n}"', None) for n in range(1050)])
    target = tmp_path / f"out.{ending}"
    done = exported(quads, target, split=500)
    names = [f"out-{number:05}.{ending}" for number in (1, 2, 3)]
    assert [path.name for path in done.files] == names
    parts = [read(tmp_path / name) for name in names]
    assert [len(part) for part in parts] == [500, 500, 50]
    exported(quads, tmp_path / f"whole.{ending}")
    assert list(chain(*parts)) == read(tmp_path / f"whole.{ending}")
    # A shorter row of files leaves none of the longer one.
    exported(quads, target, split=1050)
    assert sorted(path.name for path in tmp_path.glob("*out*")) == [names[0]]
    assert read(tmp_path / names[0]) == list(chain(*parts))


def test_split_of_many_chunks(table, tmp_path):
    """The pieces in which lines arrive do not matter."""
    quads = table([(f"<{EX}{n:05}>", f"<{VOC}p>", f'"{"é" * 90}"', None) for n in range(30_000)])
    exported(quads, tmp_path / "out.nt", split=7_000)
    parts = sorted(tmp_path.glob("out-*.nt"))
    assert [path.read_bytes().count(b"\n") for path in parts] == [7_000] * 4 + [2_000]
    exported(quads, tmp_path / "whole.nt")
    assert b"".join(path.read_bytes() for path in parts) == (tmp_path / "whole.nt").read_bytes()


def test_split_leaves_nothing_behind_when_it_fails(table, tmp_path):
    quads = table(SAMPLE)
    with pytest.raises(WorldError):
        exported(quads, tmp_path / "missing" / "out.nt", split=2)
    assert [path.name for path in tmp_path.iterdir()] == ["quads.parquet"]


def test_skolemize(table, tmp_path):
    path = tmp_path / "a.nq"
    exported(table(SAMPLE), path, skolemize=True, base=EX)

    def skolem(term):
        return f"<{EX}.well-known/genid/{term[2:]}>" if term and term.startswith("_:") else term

    found = read(path)
    assert set(found) == {tuple(map(skolem, quad)) for quad in WANTED}
    assert found == sorted(
        found, key=lambda q: (q[0], "#type>" not in q[1], q[1], q[2], q[3] or "")
    )
    exported(table(SAMPLE), tmp_path / "a.ttl", skolemize=True, base="https://other.example/x")
    text = (tmp_path / "a.ttl").read_text()
    assert "_:" not in text
    assert "[" not in text
    assert "<https://other.example/x/.well-known/genid/s1>" in text


def test_canonical(table, tmp_path):
    path = tmp_path / "a.nq"
    done = exported(table(SAMPLE), path, canonical=True)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines == sorted(lines)
    assert len(lines) == done.statements == len(WANTED)
    assert set(read(path)) == canonical(WANTED)
    assert done.digest == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"

    def renamed(term):
        return f"_:other{term[2:]}" if term and term.startswith("_:") else term

    again = exported(
        table([tuple(map(renamed, quad)) for quad in SAMPLE]), tmp_path / "b.nq.gz", canonical=True
    )
    assert again.digest == done.digest
    exported(table(SAMPLE), tmp_path / "a.nt", canonical=True)
    assert set(read(tmp_path / "a.nt")) == canonical(MERGED)


@pytest.mark.parametrize("ending", ["ttl", "trig"])
def test_canonical_turtle(table, tmp_path, ending):
    def renamed(term):
        return f"_:m{9 - int(term[3:])}" if term and term[:2] == "_:" else term

    loop = [("_:n1", "<e:p>", "_:n2", None), ("_:n2", "<e:p>", "_:n1", None)]
    more = [("_:n1", "<e:q>", '"x"', None), ("<e:s>", "<e:q>", "_:n3", None)]
    rows = [*loop, *more, ("_:n3", "<e:q>", "<e:o>", "<e:g>")]
    others = [tuple(map(renamed, row)) for row in rows]
    plain = [row for row in SAMPLE if "'_:" not in str(row)]
    first = exported(table([*plain, *rows]), tmp_path / f"a.{ending}", canonical=True)
    again = exported(table([*plain, *others]), tmp_path / f"b.{ending}", canonical=True)
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    lines = tmp_path / ("a.nt" if ending == "ttl" else "a.nq")
    flat = exported(table([*plain, *rows]), lines, canonical=True)
    assert first.digest == again.digest
    assert first.statements == flat.statements
    assert canonical(set(read(tmp_path / f"a.{ending}"))) == canonical(set(read(lines)))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jsonld", {"canonical": True}),
        ("a.ttl", {"split": 5}),
        ("-", {"split": 5, "format_name": "nt"}),
        ("a.nq", {"split": 5, "canonical": True}),
        ("a.cottas.gz", {}),
        ("-", {"format_name": "cottas"}),
        ("a.nt", {"skolemize": True}),
        ("a.nt", {"skolemize": True, "base": "not an IRI"}),
    ],
)
def test_options_that_do_not_go_together(table, tmp_path, name, options):
    target = name if name == "-" else tmp_path / name
    with pytest.raises(UsageError) as caught:
        exported(table(SAMPLE), target, **options)
    assert caught.value.hint


def test_cottas_says_how_it_is_sorted(table, tmp_path):
    path = tmp_path / "a.cottas"
    exported(table(SAMPLE), path)
    noted = duckdb.sql(f"SELECT key, value FROM parquet_kv_metadata('{path}')").fetchall()
    assert (b"index", b"spo") in noted
    found = read(path)
    assert found == sorted(found, key=lambda quad: (*quad[:3], quad[3] or ""))


@pytest.mark.parametrize(
    "quad",
    [
        ("<e:s>", "<http://e/1>", '"x"', None),
        ("<e:s>", "<http://e/>", '"x"', None),
        ("<e:s>", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#li>", '"x"', None),
        ("<e:s>", "<http://e/p>", '"a\\u0001"', None),
        ("<e:s>", "<http://e/p>", '"a\\\\\\f"@en', None),
        ("_:0", "<http://e/p>", '"x"', None),
        ("<e:s>", "<http://e/p>", "_:1a", None),
    ],
)
def test_what_rdf_xml_cannot_hold(table, tmp_path, quad):
    with pytest.raises(InputError) as caught:
        exported(
            table([("<e:a>", "<http://e/p>", '"\\\\u0001 \\\\f"', None), quad]), tmp_path / "a.rdf"
        )
    assert caught.value.code == "not-rdf-xml"
    assert quad[1] in str(caught.value)
    assert list(tmp_path.glob("*.rdf")) == []
