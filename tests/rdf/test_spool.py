"""Spooled rows have exactly the terms of the RDF files."""

import gzip
import random

import duckdb
import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import InputError, WorldError
from kg.quads import spooled
from kg.rdf import spool, spool_rdf
from tests.terms import PLAIN_QUADS, QUADS, canonical, row

HOME = "https://example.org/graph/home"


def rows(folder, files, **options):
    target = folder / "spool"
    result = spool_rdf([(path, None) for path in files], target, **options)
    found = duckdb.sql(spooled(target)).fetchall()
    assert result.count == len(found)
    return found


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(quads=st.lists(QUADS, max_size=20))
@pytest.mark.parametrize("ending", ["nq", "trig"])
def test_every_term_survives(tmp_path, ending, quads):
    path = tmp_path / f"a.{ending}"
    ox.serialize(quads, str(path))
    # Blank nodes are relabelled, so canonicalise both sides.
    wanted = canonical({row(quad) for quad in quads})
    assert canonical(rows(tmp_path, [path])) == wanted


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(quads=st.lists(PLAIN_QUADS, max_size=20))
def test_terms_are_written_as_pyoxigraph_writes_them(tmp_path, quads):
    path = tmp_path / "a.nq"
    ox.serialize(quads, str(path))
    assert set(rows(tmp_path, [path])) == {row(quad) for quad in quads}


def test_every_format_is_spooled(tmp_path):
    files = [
        written(tmp_path / "a.ttl", '@prefix e: <http://e/> . e:s e:p "ttl"@EN .'),
        written(tmp_path / "a.nt", '<http://e/s> <http://e/p> "nt" .\n'),
        written(tmp_path / "a.nq", '<http://e/s> <http://e/p> "nq" <http://e/g> .\n'),
        written(tmp_path / "a.trig", '<http://e/g> { <http://e/s> <http://e/p> "trig" }'),
        written(tmp_path / "a.jsonld", '{"@id": "http://e/s", "http://e/p": "jsonld"}'),
        written(
            tmp_path / "a.rdf",
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
            '<r:Description r:about="http://e/s"><e:p>rdf</e:p></r:Description></r:RDF>',
        ),
    ]
    files.append(tmp_path / "b.nt.gz")
    files[-1].write_bytes(gzip.compress(b'<http://e/s> <http://e/p> "gz" .\n'))
    found = rows(tmp_path, files)
    assert {found_row[:2] for found_row in found} == {("<http://e/s>", "<http://e/p>")}
    assert [(o, g) for _, _, o, g in found] == [
        ('"ttl"@en', None),
        ('"nt"', None),
        ('"nq"', "<http://e/g>"),
        ('"trig"', "<http://e/g>"),
        ('"jsonld"', None),
        ('"rdf"', None),
        ('"gz"', None),
    ]


def test_a_zstandard_file_is_spooled(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "a.nt.zst"
    path.write_bytes(zstandard.compress(b'<http://e/s> <http://e/p> "zst" .\n'))
    assert rows(tmp_path, [path]) == [("<http://e/s>", "<http://e/p>", '"zst"', None)]


def test_statements_of_the_default_graph_go_to_the_given_graph(tmp_path):
    path = written(tmp_path / "a.trig", "<e:s> <e:p> <e:o> . <e:g> { <e:s> <e:p> <e:o> }")
    spool_rdf([(path, HOME)], tmp_path / "spool")
    found = duckdb.sql(spooled(tmp_path / "spool")).fetchall()
    assert sorted(g for _, _, _, g in found) == ["<e:g>", f"<{HOME}>"]
    with pytest.raises(InputError, match="absolute IRI"):
        spool_rdf([(path, "not an IRI")], tmp_path / "spool")


BLANK = "@prefix e: <e:> . e:s e:p [ e:q _:x , [ e:r _:y ] ] . _:y e:p ( 1 2 ) ."


def test_blank_node_labels_are_the_same_in_every_run_and_differ_between_files(tmp_path):
    first = written(tmp_path / "a.ttl", BLANK)
    second = written(tmp_path / "b.ttl", BLANK + "\n")
    once = rows(tmp_path, [first, second])
    assert rows(tmp_path, [first, second]) == once
    labels = {term for found in once for term in found if term and term.startswith("_:")}
    assert len(labels) == 12
    # The nodes of the second file have the same hashes and are numbered after those of the first.
    hashes = {label[3:19] for label in labels}
    assert len(hashes) == 6
    assert labels == {f"_:f{found}{turn}" for found in hashes for turn in ("", "n1")}


def test_blank_node_labels_depend_only_on_their_statements(tmp_path):
    def read(text):
        return set(rows(tmp_path, [written(tmp_path / "a.ttl", text)]))

    parts = [
        'e:s e:p [ e:q 1 ; e:r [ e:q "x" ] ] .',
        "_:y e:p ( 1 2 ( 3 ) ) , _:y .",
        "_:z e:p [ e:q 1 ; e:r [ e:q 'y' ] ] .",
        "e:s e:p [] , [] .",
    ]
    once = read("@prefix e: <e:> ." + "".join(parts))
    assert read("# comment\n@prefix e: <e:> .\n" + "\n# more\n".join(reversed(parts))) == once
    # Other statements do not change the labels.
    more = read("@prefix e: <e:> . e:t e:p [ e:q 3 ] ." + "".join(parts))
    assert more > once
    # Another syntax and other labels in the file do not change them either.
    path = written(tmp_path / "b.nt", "")
    ox.serialize(ox.parse(path=tmp_path / "a.ttl"), str(path), ox.RdfFormat.N_TRIPLES)
    assert set(rows(tmp_path, [path])) == more


@pytest.mark.parametrize("seed", range(20))
def test_similar_blank_nodes_stay_distinct(tmp_path, seed):
    random_ = random.Random(seed)
    nodes = [f"_:n{number}" for number in range(6)]
    triples = {
        (random_.choice(nodes), random_.choice("pq"), random_.choice(nodes)) for _ in range(9)
    }
    path = tmp_path / "a.nt"
    path.write_text("".join(f"{s} <e:{p}> {o} .\n" for s, p, o in triples))
    found = rows(tmp_path, [path])
    again = tmp_path / "b.nt"
    again.write_text("".join(f"{s} {p} {o} .\n" for s, p, o, _ in found))
    assert len(found) == len(triples)
    datasets = [ox.Dataset(ox.parse(path=file)) for file in (path, again)]
    for dataset in datasets:
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert datasets[0] == datasets[1]


def test_the_first_file_that_declares_a_prefix_wins(tmp_path):
    first = written(tmp_path / "a.ttl", "@prefix e: <http://a/> . e:s e:p e:o .")
    second = written(tmp_path / "b.ttl", "@prefix e: <http://b/> . @prefix f: <http://f/> .")
    result = spool_rdf([(first, None), (second, None)], tmp_path / "spool")
    assert result.prefixes == {"e": "http://a/", "f": "http://f/"}


def test_relative_iris_are_resolved_against_the_base_or_the_file(tmp_path):
    path = written(tmp_path / "a.ttl", "<s> <p> <#o> .")
    assert rows(tmp_path, [path], base="http://b/c") == [
        ("<http://b/s>", "<http://b/p>", "<http://b/c#o>", None)
    ]
    assert rows(tmp_path, [path])[0][2] == f"<{path.as_uri()}#o>"


@pytest.mark.parametrize("ending", ["ttl", "nt", "nq", "trig", "jsonld", "rdf"])
@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_file_has_no_statements(tmp_path, ending, text):
    assert rows(tmp_path, [written(tmp_path / f"a.{ending}", text)]) == []


def test_no_files_give_an_empty_table(tmp_path):
    assert rows(tmp_path, []) == []


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = written(tmp_path / "a.ttl", "\ufeff<e:s> <e:p> <e:o> .")
    assert rows(tmp_path, [path]) == [("<e:s>", "<e:p>", "<e:o>", None)]


def test_statements_are_read_up_to_the_limit_and_refused_above_it(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "LONGEST_STATEMENT", 8_000_000)
    short = written(tmp_path / "a.nt", "<e:s> <e:p> <e:o> .\n")
    path = written(tmp_path / "b.nt", f'<e:s> <e:p> "{"x" * 5_000_000}" .\n_:b <e:p> "" .\n')
    assert [len(o) for _, _, o, _ in rows(tmp_path, [short, path])] == [5, 5_000_002, 2]
    path = written(tmp_path / "b.nt", f'<e:s> <e:p> "{"x" * 9_000_000}" .\n')
    with pytest.raises(InputError, match=r"b\.nt") as caught:
        rows(tmp_path, [short, path])
    assert caught.value.code == "statement-too-long"


@pytest.mark.parametrize(
    "text", ['<e:s> <e:p> "x"@en--ltr .', "<e:s> <e:p> <<( <e:a> <e:b> 1 )>> ."]
)
def test_rdf_12_is_refused(tmp_path, text):
    plain = written(tmp_path / "plain.ttl", '<e:s> <e:p> "<<( x", "--ltr"@en, "\\"@en--ltr" .')
    path = written(tmp_path / "a.ttl", text)
    assert len(rows(tmp_path, [plain])) == 3
    with pytest.raises(InputError, match=r"a\.ttl.*RDF 1\.2") as caught:
        rows(tmp_path, [plain, path])
    assert caught.value.code == "rdf-12"


def test_a_missing_target_folder_is_an_error(tmp_path):
    path = written(tmp_path / "a.ttl", "<e:s> <e:p> <e:o> .")
    with pytest.raises((WorldError, FileNotFoundError)):
        spool_rdf([(path, None)], tmp_path / "missing" / "spool")
