"""Packed files, archives and encodings: read as if they were plain, or refused with their place."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
import zstandard

from kg.errors import InputError
from tests.mapping.running import run_mapping, yarrrml

CSV = "id,name\n1,Ada\n2,Éva\n"
JSON = '[{"id": 1, "name": "Ada"},\n {"id": 2, "name": "Éva"}]'
JSON_LINES = '{"id": 1, "name": "Ada"}\n{"id": 2, "name": "Éva"}\n'
YAML = "- {id: 1, name: Ada}\n- {id: 2, name: Éva}\n"
NAMES = ['"Ada"', '"Éva"']
KINDS = {
    "rows.csv": (CSV, ""),
    "rows.json": (JSON, "$[*]"),
    "rows.jsonl": (JSON_LINES, "$"),
    "rows.yaml": (YAML, "$[*]"),
}

RML = """
@prefix rml: <http://w3id.org/rml/> .
<#M> rml:logicalSource [
    rml:source [ a rml:FilePath ; rml:root rml:MappingDirectory ; rml:path "%s" ; %s ] ;
    rml:referenceFormulation rml:%s %s ] ;
  rml:subjectMap [ rml:template "http://example.org/{id}" ] ;
  rml:predicateObjectMap [
    rml:predicate <http://example.org/p> ; rml:objectMap [ rml:reference "name" ] ] .
"""


def tarred(data: bytes, mode: str, name: str = "inner", others: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for each in (name, *others):
            entry = tarfile.TarInfo(each)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


PACKERS = {
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zip": lambda data: zipped({"inner": data}),
    ".tar": lambda data: tarred(data, "w"),
    ".tar.gz": lambda data: tarred(data, "w:gz"),
    ".tgz": lambda data: tarred(data, "w:gz"),
    ".tar.xz": lambda data: tarred(data, "w:xz"),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("ending", PACKERS)
def test_packed_by_ending(tmp_path, name, ending):
    text, iterator = KINDS[name]
    kind = name.partition(".")[2]
    source = f"[['{name}{ending}~{kind}', '{iterator}']]"
    files = {name + ending: PACKERS[ending](text.encode())}
    run = run_mapping(tmp_path, yarrrml(source, ["[ex:p, $(name)]"]), files)
    assert run.objects() == NAMES
    assert [str(file.name) for file in run.made.loaded[0].files] == [name + ending]


@pytest.mark.parametrize(
    ("compression", "pack"),
    [
        ("gzip", gzip.compress),
        ("zip", PACKERS[".zip"]),
        ("targz", PACKERS[".tgz"]),
        ("tarxz", PACKERS[".tar.xz"]),
        ("none", bytes),
    ],
)
@pytest.mark.parametrize("name", ["rows.csv", "rows.json"])
def test_packed_as_the_mapping_says(tmp_path, name, compression, pack):
    """Whatever the file is called: a plain file may even be called .gz."""
    text, iterator = KINDS[name]
    called = f"{name}.gz" if compression == "none" else name
    formulation = "CSV" if name.endswith("csv") else "JSONPath"
    more = f'; rml:iterator "{iterator}"' if iterator else ""
    mapping = RML % (called, f"rml:compression rml:{compression}", formulation, more)
    run = run_mapping(tmp_path, mapping, {called: pack(text.encode())})
    assert run.objects() == NAMES


def test_member_of_an_archive(tmp_path):
    files = {
        "feed.zip": zipped({"a.csv": b"id,name\n1,x\n", "in/b.csv": CSV.encode(), "c.txt": b"?"})
    }
    run = run_mapping(tmp_path, yarrrml("[['feed.zip#in/b.csv~csv']]", ["[ex:p, $(name)]"]), files)
    assert run.objects() == NAMES


def test_archive_of_several_files_wants_one_named(tmp_path):
    files = {"feed.zip": zipped({"a.csv": b"x", "b.csv": b"y", "__MACOSX/._a.csv": b"z"})}
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, yarrrml("[['feed.zip~csv']]", ["[ex:p, $(x)]"]), files)
    error = raised.value
    assert error.code == "archive-member"
    assert "feed.zip" in str(error.location)
    assert "2 files" in error.message
    assert error.hint == "Name one behind #, as in feed.zip#a.csv. It holds: a.csv, b.csv."


@pytest.mark.parametrize("ending", [".gz", ".zst", ".xz", ".bz2", ".zip", ".tar.gz", ".tar.xz"])
@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_cut_off_files_are_told(tmp_path, name, ending):
    text, iterator = KINDS[name]
    # Random digits, so that packing cannot make it tiny.
    whole = text + "".join(
        f"{n},{n * 7919 % 104729}\n" if ending and name == "rows.csv" else f'{{"id": {n}}}\n'
        for n in range(3, 5000)
    )
    data = PACKERS[ending](whole.encode())
    kind = name.partition(".")[2]
    mapping = yarrrml(f"[['{name}{ending}~{kind}', '{iterator}']]", ["[ex:p, $(name)]"])
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {name + ending: data[: len(data) // 2]})
    assert raised.value.code == "bad-compression"
    assert name + ending in str(raised.value.location)


def test_encrypted_member(tmp_path):
    data = bytearray(zipped({"a.csv": CSV.encode()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    with pytest.raises(InputError) as raised:
        run_mapping(
            tmp_path, yarrrml("[['a.zip~csv']]", ["[ex:p, $(name)]"]), {"a.zip": bytes(data)}
        )
    assert raised.value.code == "bad-compression"
    assert "encrypted" in raised.value.message


# --- encodings ------------------------------------------------------------------------------

LONG = """
sources:
  s: {access: %s, referenceFormulation: %s, iterator: '%s', encoding: %s}
mappings:
  m:
    sources: [s]
    s: ex:$(id)
    po: [[ex:p, $(name)]]
"""


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"])
def test_encodings(tmp_path, name, encoding):
    text, iterator = KINDS[name]
    mapping = LONG % (name, name.partition(".")[2], iterator, encoding)
    run = run_mapping(tmp_path, mapping, {name: text.encode(encoding)})
    assert run.objects() == NAMES


@pytest.mark.parametrize("name", KINDS)
def test_mark_of_utf8_is_no_content(tmp_path, name):
    text, iterator = KINDS[name]
    mapping = yarrrml(f"[['{name}~{name.partition('.')[2]}', '{iterator}']]", ["[ex:p, $(name)]"])
    run = run_mapping(tmp_path, mapping, {name: text.encode("utf-8-sig")})
    assert run.objects() == NAMES


@pytest.mark.parametrize("name", ["rows.csv", "rows.json", "rows.jsonl"])
def test_wrong_encoding_names_the_place(tmp_path, name):
    text, iterator = KINDS[name]
    mapping = yarrrml(f"[['{name}~{name.partition('.')[2]}', '{iterator}']]", ["[ex:p, $(name)]"])
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {name: text.encode("latin-1")})
    error = raised.value
    assert error.code == "bad-encoding"
    assert error.location is not None
    assert error.location.line == (3 if name == "rows.csv" else 2)
    assert "UTF-8" in error.message


@pytest.mark.parametrize("name", KINDS)
def test_declared_encoding_that_does_not_fit(tmp_path, name):
    text, iterator = KINDS[name]
    mapping = LONG % (name, name.partition(".")[2], iterator, "ascii")
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {name: text.encode()})
    error = raised.value
    assert error.code == "bad-encoding"
    assert "byte 0xC3" in error.message
    assert error.location is not None
    column = text[: text.index("É")].rpartition("\n")[2]
    assert error.location.column_number == len(column) + 1


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_declared_encoding_whose_mark_is_missing(tmp_path, name, encoding):
    """Python has an error of its own for that, which knows no byte."""
    text, iterator = KINDS[name]
    mapping = LONG % (name, name.partition(".")[2], iterator, encoding)
    for content in (text.encode(), text.encode(f"{encoding}-be"), b"ab"):
        with pytest.raises(InputError) as raised:
            run_mapping(tmp_path, mapping, {name: content})
        assert raised.value.code == "bad-encoding"


def test_mark_of_another_encoding(tmp_path):
    with pytest.raises(InputError) as raised:
        run_mapping(
            tmp_path,
            yarrrml("[['rows.csv~csv']]", ["[ex:p, $(name)]"]),
            {"rows.csv": CSV.encode("utf-16")},
        )
    assert raised.value.code == "bad-encoding"
    assert "UTF-16" in raised.value.message


def test_no_such_encoding(tmp_path):
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, LONG % ("rows.csv", "csv", "", "utf-7½"), {"rows.csv": CSV})
    assert raised.value.code == "bad-encoding"
    assert raised.value.location is not None
    assert raised.value.location.line == 3


# --- nulls ----------------------------------------------------------------------------------

HOLES = 'id,name\n1,\n2,""\n3,NULL\n4,"NULL"\n5,x\n'


@pytest.mark.parametrize(
    ("nulls", "expected"),
    [
        ("", ['""', '""', '"NULL"', '"NULL"', '"x"']),
        ('rml:null ""', ['"NULL"', '"NULL"', '"x"']),
        ('rml:null "NULL"', ['""', '""', '"x"']),
        ('rml:null "", "NULL"', ['"x"']),
    ],
)
def test_nulls_of_rml_are_values(tmp_path, nulls, expected):
    """Where the mapping states none, CSV has none; quotes do not matter.

    https://kg-construct.github.io/rml-io/spec/docs/#null-values
    """
    run = run_mapping(tmp_path, RML % ("a.csv", nulls, "CSV", ""), {"a.csv": HOLES})
    assert run.objects() == expected


def test_empty_cells_of_yarrrml_are_nulls_unless_quoted(tmp_path):
    run = run_mapping(tmp_path, yarrrml("[['a.csv~csv']]", ["[ex:p, $(name)]"]), {"a.csv": HOLES})
    assert run.objects() == ['""', '"NULL"', '"NULL"', '"x"']


def test_nulls_of_json_beside_its_own(tmp_path):
    data = '[{"id": 1, "name": null}, {"id": 2, "name": ""}, {"id": 3, "name": "n/a"}, {"id": 4}]'
    mapping = RML % ("a.json", 'rml:null "n/a"', "JSONPath", '; rml:iterator "$[*]"')
    run = run_mapping(tmp_path, mapping, {"a.json": data})
    assert run.objects() == ['""']
