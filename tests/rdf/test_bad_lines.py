"""Invalid lines of N-Triples and N-Quads are left out one by one."""

from __future__ import annotations

import csv
import io

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.rdf import bad_lines, parse_rdf, quads_about, quads_with_lines
from kg.rejects import skipping

GOOD = [
    b'<http://e/a> <http://e/p> "x \\" <<y>> \\\\" .',
    b'_:b <http://e/p> "caf\xc3\xa9"@pt-BR .',
    b"<http://e/a> <http://e/q> _:b . # <<( no term",
    b'<http://e/a> <http://e/p> "z"^^<http://e/d> .',
    b"",
    b"# comment",
]
BAD = [
    b"<http://e/a> <http://e/p> .",
    b"<http://e/a> <http://e/p> <http://e/ b> .",
    b'<http://e/a> <http://e/p> "caf\xe9" .',
    b'<http://e/a> <http://e/p> "open .',
    b"a b c",
    b'<http://e/a> <http://e/p> "x"@en--ltr .',
    b'<http://e/a> <http://e/p> <<( <http://e/a> <http://e/p> "x" )>> .',
    b"<http://e/a> <http://e/p> " + b"<<( " * 5000 + b" .",
    b"<http://e/a> <http://e/p> <http://e/b> <http://e/g> <http://e/h> .",
]
LINE = st.sampled_from([*GOOD, *BAD])


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(LINE, max_size=30), end=st.sampled_from([b"\n", b"\r\n"]))
@pytest.mark.parametrize("ending", ["nt", "nq"])
@pytest.mark.parametrize("block", [60, 1 << 20])
def test_kept_and_rejected_lines_make_up_the_file(tmp_path_factory, lines, end, ending, block):
    folder = tmp_path_factory.mktemp("rdf")
    path = folder / f"a.{ending}"
    path.write_bytes(end.join(lines))
    form = ox.RdfFormat.N_QUADS if ending == "nq" else ox.RdfFormat.N_TRIPLES
    good = [(n, line) for n, line in enumerate(lines, 1) if line in GOOD]
    expected = [(str(q), n) for n, line in good for q in ox.parse(line, form)]
    with pytest.MonkeyPatch.context() as patch, skipping(folder / "r.csv") as found:
        patch.setattr(bad_lines, "BLOCK", block)
        assert [str(quad) for quad in parse_rdf(path)] == [quad for quad, _ in expected]
        assert [(str(quad), line) for quad, line in quads_with_lines(path)] == expected
        assert [line for _, line in quads_about(path, {"<http://e/a>"})] == [
            line for quad, line in expected if quad.startswith("<http://e/a>")
        ]
    rows = list(csv.DictReader(io.StringIO((folder / "r.csv").read_bytes().decode(), newline="")))
    bad = [str(n) for n, line in enumerate(lines, 1) if line in BAD]
    assert [row["line"] for row in rows] == bad
    assert found.records == len(bad)


def test_a_line_that_is_too_long_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(bad_lines, "LONGEST_LINE", 1000)
    monkeypatch.setattr(bad_lines, "BLOCK", 100)
    path = tmp_path / "a.nt"
    long = b'<http://e/a> <http://e/p> "' + b"x" * 5000 + b'" .'
    path.write_bytes(b"\n".join([GOOD[0], long, GOOD[1], long]))
    with skipping(tmp_path / "r.csv") as found:
        assert [line for _, line in quads_with_lines(path)] == [1, 3]
    assert found.records == 2
