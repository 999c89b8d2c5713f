"""Values that are too long or nested too deep are refused, before they take memory."""

import gzip
import io

import pytest

from kg.errors import InputError
from kg.mapping.rml_graph import RmlGraph
from kg.rdf import parse_rdf, quads_with_lines, scan, spool_rdf
from kg.rdf.limits import DEEPEST, LONGEST_TERM
from kg.rdf.scan import Found, find_excess

START = '<e:s> <e:p> <e:o> .\n# \' " """ <<( [[[\n'


def refused(path, read=parse_rdf):
    with pytest.raises(InputError) as caught:
        list(read(path))
    assert caught.value.location is not None
    return caught.value.code, caught.value.location.line


@pytest.mark.parametrize(
    ("suffix", "text", "line"),
    [
        ("ttl", '\n<e:s> <e:p> "{}" .\n<e:s> <e:p> 1 .', 4),
        ("nt", '\n<e:s> <e:p> "{}" .\n<e:s> <e:p> "1" .', 4),
        ("nq", '\n<e:s> <e:p> "{}" .', 4),
        ("trig", "<e:g> {{ <e:s> <e:p>\n '''{}''' }}", 4),
        ("ttl", '<e:s> <e:p> """ {}\n', 3),  # not closed
        ("ttl", "\n<e:s> <e:p> <e:{}> .", 4),
        ("ttl", "\n\n# {}\n<e:s> <e:p> 1 .", 5),
    ],
)
def test_an_error_for_a_long_value_has_the_line_where_it_begins(tmp_path, suffix, text, line):
    path = tmp_path / f"a.{suffix}.gz"
    content = START + text.format("x" * (LONGEST_TERM + 9))
    path.write_bytes(gzip.compress(content.encode(), 1))
    assert refused(path) == ("statement-too-long", line)


@pytest.mark.parametrize("suffix", ["ttl", "rdf"])
def test_every_reader_refuses_a_long_value(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    text = "x" * (LONGEST_TERM + 9)
    path.write_text(
        f'\n<e:s> <e:p> "{text}" .'
        if suffix == "ttl"
        else f'\n<e:C xmlns:e="e:">\n<e:p>{text}</e:p></e:C>'
    )
    line = 2 if suffix == "ttl" else 3
    assert refused(path, quads_with_lines) == ("statement-too-long", line)
    with pytest.raises(InputError) as caught:
        spool_rdf([(path, None)], tmp_path / "spool")
    assert caught.value.code == "statement-too-long"


def test_a_value_just_below_the_limit_is_read(tmp_path):
    path = tmp_path / "a.nt"
    path.write_text(f'<e:s> <e:p> "{"x" * (LONGEST_TERM - 100)}" .\n')
    assert [len(quad.object.value) for quad in parse_rdf(path)] == [LONGEST_TERM - 100]


@pytest.mark.parametrize(
    ("suffix", "opening", "closing"),
    [
        ("nt", "<<( <e:s> <e:p> ", " )>>"),
        ("nq", "<<( <e:s> <e:p> ", " )>>"),
        ("ttl", "<<( <e:s> <e:p> ", " )>>"),
        ("ttl", "<< <e:s> <e:p> ", " >>"),
        ("ttl", "[ <e:p> ", " ]"),
        ("ttl", "( ", " )"),
        ("trig", "[<e:p> ", "]"),
    ],
)
def test_deep_brackets_are_refused(tmp_path, suffix, opening, closing):
    path = tmp_path / f"a.{suffix}"
    count = DEEPEST * 2
    path.write_text(START + f"\n<e:s> <e:p> {opening * count}<e:o>{closing * count} .")
    assert refused(path) == ("too-deep", 4)
    assert refused(path, quads_with_lines) == ("too-deep", 4)


def test_depth_is_limited_after_an_error_and_in_mappings(tmp_path):
    deep = f"<e:s> <e:p> {'<<( <e:s> <e:p> ' * DEEPEST * 2}<e:o>{' )>>' * DEEPEST * 2} ."
    path = tmp_path / "a.nt"
    path.write_text("<e:s> <e:p> <o o> .\n" + deep)
    assert refused(path) == ("bad-rdf", 1)
    with pytest.raises(InputError) as caught:
        RmlGraph(f"# mapping\n{deep}", "m.ttl", "http://b/")
    assert caught.value.code == "too-deep"


def test_brackets_within_literals_do_not_count(tmp_path):
    path = tmp_path / "a.ttl"
    path.write_text(f'<e:s> <e:p> "{"(" * 3 * DEEPEST}", "{"<<" * DEEPEST}" .\n')
    assert len(list(parse_rdf(path))) == 2
    path.write_text(path.read_text() + f"<e:s> <e:p> {'(' * 3 * DEEPEST}")
    assert refused(path) == ("too-deep", 2)


def test_statements_after_much_white_space_are_read(tmp_path):
    path = tmp_path / "a.ttl"
    path.write_text("\n" * 70_000 + "<e:s> <e:p> <e:o> .")
    assert len(list(parse_rdf(path))) == 1


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<a> <b> "x" .\n# c\n<a> <b> """\n\n"q" \\""" {}""" .', Found("a literal", 3)),
        ('<a> <b> "\\"\\\\" , \'\' , "" , """""" .\n\n<{}> .', Found("an IRI", 3)),
        ('<a> <b> "((((((((" .\n\n((((((', Found("brackets", 3)),
        ("a:\\( a:\\( a:\\( a:\\( a:\\( a:\\( <((((((> #((((((\n 1", None),
        ("<a> <b> '''\n{}", Found("a literal", 1)),
        ("<a> <b> '\\''  \n '{}'", Found("a literal", 2)),
        ("#{}", Found("a comment", 1)),
        ("(((((\n) ( [ ]", Found("brackets", 2)),
    ],
)
def test_the_scan_finds_tokens_wherever_reads_split_them(monkeypatch, chunk, text, found):
    monkeypatch.setattr(scan, "CHUNK", chunk)
    assert find_excess(io.BytesIO(text.format("y" * 200).encode()), 100, 5) == found
