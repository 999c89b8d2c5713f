"""From a quad table to files: the bytes, and what other libraries read in them."""

import random

import pyoxigraph as ox
import pytest
import rdflib.compare

from kg.errors import InputError, WorldError
from kg.export import export_table, export_workspace
from kg.workspace import COMMON_PREFIXES, read_workspace
from tests.export.samples import EX, INFERRED, RECORD, SAMPLE, TRIG, TURTLE, VOC

PREFIXES = {**COMMON_PREFIXES, "ex": EX, "voc": VOC}


def exported(table, path, **options):
    export_table(table, str(path), prefixes=PREFIXES, left_out=[INFERRED], **options)
    return path.read_bytes()


def read_triples(path):
    """Triples of a file, as pyoxigraph reads it."""
    return {(str(q.subject), str(q.predicate), str(q.object)) for q in ox.parse(path=str(path))}


def read_quads(path):
    def graph(quad):
        return None if isinstance(quad.graph_name, ox.DefaultGraph) else str(quad.graph_name)

    return {
        (str(q.subject), str(q.predicate), str(q.object), graph(q))
        for q in ox.parse(path=str(path))
    }


def test_golden_turtle(table, tmp_path):
    assert exported(table(SAMPLE), tmp_path / "a.ttl").decode() == TURTLE


def test_golden_trig(table, tmp_path):
    assert exported(table(SAMPLE), tmp_path / "a.trig").decode() == TRIG


@pytest.mark.parametrize("ending", ["ttl", "nt"])
def test_merge_of_all_graphs(table, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    exported(table(SAMPLE), path)
    wanted = {quad[:3] for quad in SAMPLE if quad[3] != INFERRED}
    assert read_triples(path) == wanted
    assert len(list(ox.parse(path=str(path)))) == len(wanted)


@pytest.mark.parametrize("ending", ["nq", "trig"])
def test_quads(table, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    exported(table(SAMPLE), path)
    assert read_quads(path) == {quad for quad in SAMPLE if quad[3] != INFERRED}


def test_rdflib_reads_the_same_graph(table, tmp_path):
    quads = table(SAMPLE)
    exported(quads, tmp_path / "a.ttl")
    exported(quads, tmp_path / "a.nt")
    turtle = rdflib.Graph().parse(tmp_path / "a.ttl")
    ntriples = rdflib.Graph().parse(tmp_path / "a.nt", format="nt")
    assert rdflib.compare.isomorphic(turtle, ntriples)
    # rdflib takes "01000" and "1000" for one integer.
    assert len(turtle) == len({quad[:3] for quad in SAMPLE if quad[3] != INFERRED}) - 1


@pytest.mark.parametrize("ending", ["ttl", "nt", "nq", "trig"])
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
    first = exported(table(quads), tmp_path / f"a.{ending}", threads=1)
    random.Random(1).shuffle(quads)
    assert exported(table(quads), tmp_path / f"b.{ending}", threads=4) == first


@pytest.mark.parametrize("ending", ["ttl", "nt", "nq", "trig"])
def test_empty_graph(table, tmp_path, ending):
    assert exported(table([]), tmp_path / f"a.{ending}") == b""


@pytest.mark.parametrize(
    "name", ["record", RECORD, RECORD.strip("<>"), "ex:graph/record", "graph/record"]
)
def test_one_graph(table, tmp_path, name):
    path = tmp_path / "a.nq"
    exported(table(SAMPLE), path, graphs=[name])
    assert read_quads(path) == {quad for quad in SAMPLE if quad[3] == RECORD}


def test_default_graph_and_inferred_graph_by_name(table, tmp_path):
    path = tmp_path / "a.nq"
    exported(table(SAMPLE), path, graphs=["default", "inferred"])
    assert read_quads(path) == {quad for quad in SAMPLE if quad[3] in (None, INFERRED)}


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
    assert export_workspace(space, str(path), with_inferred=True).statements == len(SAMPLE)
    assert read_quads(path) == set(SAMPLE)


def test_target_stays_when_writing_fails(table, tmp_path):
    quads = table(SAMPLE)
    target = tmp_path / "a.nt"
    target.write_text("old")
    with pytest.raises(InputError):
        exported(quads, target, graphs=["nowhere"])
    assert target.read_text() == "old"
    with pytest.raises(WorldError, match=r"a\.nt"):
        exported(quads, tmp_path / "missing" / "a.nt")
    with pytest.raises(WorldError, match="folder"):
        exported(quads, tmp_path, format_name="turtle")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nt", "quads.parquet"]
