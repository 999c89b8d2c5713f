"""Errors in RDF files have a place."""

import gzip
from pathlib import Path

import pytest

from kg.errors import InputError
from kg.rdf import parse_rdf, quads_about, quads_with_lines

XML = '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">%s</r:RDF>'
NODE = '<r:Description r:about="http://e/s"><e:p>%s</e:p></r:Description>'
BOMB = "".join(
    f'<!ENTITY {name} "{value}">'
    for name, value in [
        ("a", "x" * 10),
        *((b, f"&{a};" * 10) for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    ]
)


@pytest.mark.parametrize(
    ("name", "content", "code", "place"),
    [
        ("a.ttl", b"<e:s> <e:p>\n  <e:o o> .", "bad-rdf", "a.ttl:2:3"),
        ("a.rdf", b'<?xml version="1.0" encoding="UTF-16"?><a/>', "bad-encoding", "a.rdf:1"),
        (
            "a.ttl",
            b'@prefix e: <http://e/> .\ne:s e:p "x"@english-languages .',
            "bad-rdf",
            "a.ttl:2",
        ),
        ("a.nt", b'<e:s> <e:p> "x" .\n<e:s> <e:p> "x" ', "bad-rdf", "a.nt:2"),
        ("a.ttl", b'<e:s> <e:p> "\xe9" .', "bad-encoding", "a.ttl:1:14"),
        (
            "a.ttl",
            b'<e:s> <e:p> "ok" .\n<e:s> <e:p> "\xc3\xa9 \xe9" .',
            "bad-encoding",
            "a.ttl:2:16",
        ),
        ("a.ttl", '<e:s> <e:p> "é" .'.encode("utf-16"), "bad-encoding", "a.ttl"),
        ("a.ttl", '<e:s> <e:p> "é" .'.encode("utf-16-le"), "bad-encoding", "a.ttl"),
        ("a.ttl", b'<e:s <e:p> "x" .\n\n\n"\xe9"', "bad-rdf", "a.ttl:1"),
        (
            "a.jsonld",
            '{"@id": "e:s", "e:p": "é"}'.encode("latin-1"),
            "bad-encoding",
            "a.jsonld:1:24",
        ),
        ("a.jsonld", b'{"@context": "http://e/c", "@id": "e:s"}', "remote-context", "a.jsonld"),
        ("a.jsonld", b'{"@id": "e:s",}', "bad-rdf", "a.jsonld:1"),
        (
            "a.rdf",
            b'<?xml version="1.0" encoding="klingon"?>' + XML.encode(),
            "bad-encoding",
            "a.rdf",
        ),
        ("a.rdf", (XML % (NODE % "\u00e9")).encode("latin-1"), "bad-encoding", "a.rdf"),
        ("a.rdf", (XML % "<e:x>").encode(), "bad-rdf", "a.rdf"),
        (
            "a.rdf",
            (f"<!DOCTYPE x [{BOMB}]>" + XML % (NODE % "&i;")).encode(),
            "xml-entities",
            "a.rdf",
        ),
        (
            "a.rdf",
            (XML % (f"<!DOCTYPE x [{BOMB}]>" + NODE % "&i;")).encode(),
            "xml-entities",
            "a.rdf",
        ),
        (
            "a.rdf",
            (f"<!--{' ' * 70_000}--><!DOCTYPE x [{BOMB}]>" + XML % (NODE % "&i;")).encode(),
            "xml-entities",
            "a.rdf",
        ),
        (
            "a.rdf",
            (f'<!DOCTYPE x [<!ENTITY a "{"x" * 2000}">]>' + XML % (NODE % "&a;")).encode(),
            "xml-entities",
            "a.rdf",
        ),
        (
            "a.rdf",
            ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + XML % "").encode(),
            "xml-entities",
            "a.rdf",
        ),
        ("a.nt.gz", b"not compressed", "bad-compression", "a.nt.gz"),
        (
            "a.nt.gz",
            gzip.compress(b'<e:s> <e:p> "x" .\n' * 99, mtime=0)[:-9],
            "bad-compression",
            "a.nt.gz",
        ),
        ("a.csv", b"a,b", "unknown-format", None),
    ],
)
def test_an_invalid_file_is_an_error_with_its_place(
    tmp_path, monkeypatch, name, content, code, place
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(parse_rdf(path))
    assert caught.value.code == code
    assert caught.value.hint
    if place:
        assert str(caught.value.location).startswith(place)


def test_a_missing_file_and_a_folder_are_errors(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        list(parse_rdf(tmp_path / "a.ttl"))
    (tmp_path / "b.ttl").mkdir()
    with pytest.raises(InputError, match="is a folder, not a file"):
        list(parse_rdf(tmp_path / "b.ttl"))


def test_a_truncated_zstandard_file_is_an_error(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "a.nt.zst"
    path.write_bytes(b"not compressed")
    with pytest.raises(InputError) as caught:
        list(parse_rdf(path))
    assert caught.value.code == "bad-compression"
    # Several frames make a valid file, half a frame does not.
    whole = zstandard.compress(b"".join(b"<e:s> <e:p> <e:%d> .\n" % n for n in range(9999))) * 2
    path.write_bytes(whole)
    assert len(list(parse_rdf(path))) == 2 * 9999
    path.write_bytes(whole[:-9])
    with pytest.raises(InputError) as caught:
        list(parse_rdf(path))
    assert caught.value.code == "bad-compression"


def test_entities_of_owl_tools_are_read(tmp_path):
    path = tmp_path / "a.owl"
    entities = '<!ENTITY e "http://e/" >\n<!ENTITY xsd "http://www.w3.org/2001/XMLSchema#" >'
    path.write_text(
        f"<?xml version='1.0'?>\n<!DOCTYPE r:RDF [\n{entities}\n]>" + XML % (NODE % "&e;")
    )
    assert [quad.object.value for quad in parse_rdf(path)] == ["http://e/"]


def test_a_document_type_split_by_two_reads_is_refused(tmp_path):
    for shift in range(9):
        padding = "x" * (65_536 - len(XML.split("%s")[0]) - 4 - shift)
        path = tmp_path / "a.rdf"
        path.write_text(XML % f"<!--{padding}--><!DOCTYPE x [{BOMB}]>")
        with pytest.raises(InputError) as caught:
            list(parse_rdf(path))
        assert caught.value.code == "xml-entities"


@pytest.mark.parametrize("suffix", ["nt", "nq", "ttl"])
def test_quads_about_subjects_have_their_lines(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    path.write_text(
        "# a comment\n<http://e/a> <http://e/p> 'x' .\n".replace("'", '"')
        + '\n<http://e/b>\t<http://e/p> "<http://e/a>" .\n'
        + '  <http://e/\\u0061> <http://e/p> "y" .\n'
        + '<http://e/a>\t<http://e/p>\t"z" .\n<http://e/a><http://e/p> "no space" .\n',
        encoding="utf-8",
    )
    found = [(quad.object.value, line) for quad, line in quads_about(path, {"<http://e/a>"})]
    assert found == [("x", 2), ("y", 5), ("z", 6), ("no space", 7)]


@pytest.mark.parametrize("read", [parse_rdf, quads_with_lines, lambda p: quads_about(p, {"<e:s>"})])
def test_ten_errors_are_reported_together_and_the_rest_counted(tmp_path, monkeypatch, read):
    monkeypatch.chdir(tmp_path)
    path = Path("a.nt")
    good = "<e:s> <e:p> <e:o> .\n"
    path.write_text(good + "".join(f"<e:s> <e:p> <e:{n} x> .\n{good}" for n in range(12)))
    with pytest.raises(InputError) as caught:
        list(read(path))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("a.nt:2:13: not valid N-Triples: Invalid IRI code point ' '")
    assert lines[1:10] == [f"  a.nt:{2 * n}:13: Invalid IRI code point ' '" for n in range(2, 11)]
    assert lines[10:] == ["  and 2 more", "  Fix the file at these places."]
