"""Exported files: their bytes, and that other libraries read the same quads."""

import hashlib
import random
from itertools import chain
from pathlib import Path

import duckdb
import pytest
import rdflib.compare

from kg.api import export
from kg.errors import InputError, UsageError, WorldError
from kg.exports import ExportOptions, export_workspace
from kg.exports.api import export_quads
from kg.workspace import COMMON_PREFIXES, read_workspace
from tests.export.reading import QUAD_FORMATS, TRIPLE_FORMATS, decompressed, read, read_rdflib
from tests.export.samples import EX, INFERRED, RECORD, SAMPLE, VOC
from tests.terms import canonical

PREFIXES = {**COMMON_PREFIXES, "ex": EX, "voc": VOC}
GOLDEN = Path(__file__).with_name("golden")
WANTED = {quad for quad in SAMPLE if quad[3] != INFERRED}
MERGED = {(*quad[:3], None) for quad in WANTED}
TRIPLES, QUADS = TRIPLE_FORMATS, QUAD_FORMATS


def exported(table, path, prefixes=PREFIXES, **options):
    done = export_quads(
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
def test_each_format_has_its_golden_bytes(table, tmp_path, golden):
    path = tmp_path / golden.name
    exported(table(SAMPLE), path)
    assert path.read_bytes() == golden.read_bytes()


def test_every_text_format_has_golden_bytes():
    binary = {"cottas"}
    assert {path.suffix[1:] for path in GOLDEN.iterdir()} == {*TRIPLES, *QUADS} - binary


@pytest.mark.parametrize("ending", TRIPLES)
def test_triple_formats_have_the_merge_of_all_graphs(table, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    done = exported(table(SAMPLE), path)
    found = read(path)
    assert canonical(found) == canonical(MERGED)
    assert len(found) == len(MERGED) == done.statements


@pytest.mark.parametrize("ending", QUADS)
def test_quad_formats_have_all_quads(table, tmp_path, ending):
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
    # rdflib treats "01000" and "1000" as the same integer.
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
def test_bytes_do_not_depend_on_order_or_threads(table, tmp_path, ending):
    quads = [
        (
            f"<{EX}s{n % 700}>",
            f"<{VOC}p{n % 7}>",
            f'"{n}"',
            (None, RECORD, f"<{EX}g{n % 5}>")[n % 3],
        )
        for n in range(5_000)
    ]
    exported(table(quads), tmp_path / f"a.{ending}", threads=1)
    random.Random(1).shuffle(quads)
    exported(table(quads), tmp_path / f"b.{ending}", threads=4)
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_order_holds_over_many_row_groups(tmp_path):
    """Window functions and sorts see the rows in the table's order, even with many threads."""
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
def test_an_empty_graph_is_written(table, tmp_path, ending):
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
def test_a_graph_is_selected_by_any_form_of_its_name(table, tmp_path, name):
    path = tmp_path / "a.nq"
    exported(table(SAMPLE), path, graphs=[name])
    assert set(read(path)) == {quad for quad in SAMPLE if quad[3] == RECORD}


def test_the_default_and_the_inferred_graph_have_names(table, tmp_path):
    path = tmp_path / "a.nq"
    exported(table(SAMPLE), path, graphs=["default", "inferred"])
    assert set(read(path)) == {quad for quad in SAMPLE if quad[3] in (None, INFERRED)}


@pytest.mark.parametrize(
    ("name", "code"), [("nowhere", "unknown-graph"), ("graph", "ambiguous-graph")]
)
def test_an_unknown_or_ambiguous_graph_is_an_error(table, tmp_path, name, code):
    quads = [(f"<{EX}s>", f"<{VOC}p>", '"o"', f"<{EX}{part}/graph>") for part in ("a", "b")]
    with pytest.raises(InputError) as caught:
        exported(table(quads), tmp_path / "a.nq", graphs=[name])
    assert caught.value.code == code
    assert f"<{EX}a/graph>" in str(caught.value)
    assert list(tmp_path.glob("*.nq")) == []


def test_inferred_triples_are_left_out_by_default(workspace, tmp_path):
    space = read_workspace(workspace(SAMPLE))
    path = tmp_path / "a.nq"
    assert export_workspace(space, str(path)).statements == len(SAMPLE) - 1
    asked = ExportOptions(with_inferred=True)
    assert export_workspace(space, str(path), asked).statements == len(SAMPLE)
    assert set(read(path)) == set(SAMPLE)
    assert export(path, workspace=space.root).statements == len(SAMPLE) - 1


@pytest.mark.parametrize("ending", ["nt", "ttl.gz", "jsonld", "cottas"])
def test_the_target_is_unchanged_if_writing_fails(table, tmp_path, ending):
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
def test_a_compressed_file_has_the_same_content(table, tmp_path, ending, compression):
    quads = table(SAMPLE)
    exported(quads, tmp_path / f"a.{ending}")
    exported(quads, tmp_path / f"a.{ending}.{compression}")
    plain = (tmp_path / f"a.{ending}").read_bytes()
    assert decompressed(tmp_path / f"a.{ending}.{compression}") == plain
    if compression == "gz":  # no time and no name in the header
        assert (tmp_path / f"a.{ending}.gz").read_bytes()[3:8] == bytes(5)


@pytest.mark.parametrize("ending", ["nt", "nt.gz", "nq.zst"])
def test_a_split_export_has_numbered_files(table, tmp_path, ending):
    quads = table([(f"<{EX}{n:04}>", f"<{VOC}p>", f'"{n}"', None) for n in range(1050)])
    target = tmp_path / f"out.{ending}"
    done = exported(quads, target, split=500)
    names = [f"out-{number:05}.{ending}" for number in (1, 2, 3)]
    assert [path.name for path in done.files] == names
    parts = [read(tmp_path / name) for name in names]
    assert [len(part) for part in parts] == [500, 500, 50]
    exported(quads, tmp_path / f"whole.{ending}")
    assert list(chain(*parts)) == read(tmp_path / f"whole.{ending}")
    # A later export with fewer files removes the surplus.
    exported(quads, target, split=1050)
    assert sorted(path.name for path in tmp_path.glob("*out*")) == [names[0]]
    assert read(tmp_path / names[0]) == list(chain(*parts))


def test_large_exports_are_split_at_the_right_lines(table, tmp_path):
    quads = table([(f"<{EX}{n:05}>", f"<{VOC}p>", f'"{"é" * 90}"', None) for n in range(30_000)])
    exported(quads, tmp_path / "out.nt", split=7_000)
    parts = sorted(tmp_path.glob("out-*.nt"))
    assert [path.read_bytes().count(b"\n") for path in parts] == [7_000] * 4 + [2_000]
    exported(quads, tmp_path / "whole.nt")
    assert b"".join(path.read_bytes() for path in parts) == (tmp_path / "whole.nt").read_bytes()


def test_a_split_export_that_fails_leaves_no_files(table, tmp_path):
    quads = table(SAMPLE)
    with pytest.raises(WorldError):
        exported(quads, tmp_path / "missing" / "out.nt", split=2)
    assert [path.name for path in tmp_path.iterdir()] == ["quads.parquet"]


def test_skolemized_blank_nodes_are_iris_below_the_base(table, tmp_path):
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


def test_canonical_nquads_and_their_digest_do_not_depend_on_labels(table, tmp_path):
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
def test_canonical_turtle_does_not_depend_on_labels(table, tmp_path, ending):
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
def test_options_that_cannot_be_combined_are_errors(table, tmp_path, name, options):
    target = name if name == "-" else tmp_path / name
    with pytest.raises(UsageError) as caught:
        exported(table(SAMPLE), target, **options)
    assert caught.value.hint


def test_cottas_names_its_sort_order(table, tmp_path):
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
def test_terms_that_rdf_xml_cannot_express_are_errors(table, tmp_path, quad):
    with pytest.raises(InputError) as caught:
        exported(
            table([("<e:a>", "<http://e/p>", '"\\\\u0001 \\\\f"', None), quad]), tmp_path / "a.rdf"
        )
    assert caught.value.code == "not-rdf-xml"
    assert quad[1] in str(caught.value)
    assert list(tmp_path.glob("*.rdf")) == []
