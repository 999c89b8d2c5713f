"""Folders of Parquet, as Spark writes quad tables, are read as RDF files."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.duck import engine
from kg.errors import InputError
from kg.exports import ExportOptions, export_files
from kg.quads import copy_rows
from kg.rdf.tables import is_table, open_table

ROWS = "SELECT * FROM (VALUES {}) AS t(s, p, o, g)"
FIRST = """('<http://e.org/a>', '<http://e.org/p>', '"x \\"y\\" é"@en', NULL::VARCHAR)"""
SECOND = """('_:b', '<http://e.org/p>', '<http://e.org/a>', '<http://e.org/g>')"""
LINES = b"""<http://e.org/a> <http://e.org/p> "x \\"y\\" \xc3\xa9"@en .
_:b <http://e.org/p> <http://e.org/a> <http://e.org/g> .
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "graph"
    found.mkdir()
    with engine() as connection:
        for number, row in enumerate((FIRST, SECOND)):
            copy_rows(connection, ROWS.format(row), found / f"part-{number:05}-x.zstd.parquet")
    (found / "_SUCCESS").touch()
    return found


def test_its_rows_are_lines_in_order_of_the_files(folder):
    assert is_table(folder)
    with open_table(folder) as lines:
        assert lines.read() == LINES


def test_it_is_exported_as_a_file_is(folder, tmp_path):
    made = export_files([folder], str(tmp_path / "out.nq"), ExportOptions())
    lines = tmp_path / "same.nq"
    lines.write_bytes(LINES)
    export_files([lines], str(tmp_path / "again.nq"), ExportOptions())
    assert made.statements == 2
    assert (tmp_path / "out.nq").read_bytes() == (tmp_path / "again.nq").read_bytes()


def test_other_columns_are_refused(folder):
    with engine() as connection:
        target = folder / "part-00000-x.zstd.parquet"
        connection.execute(f"COPY (SELECT 1 AS a) TO '{target}' (FORMAT parquet)")
        (folder / "part-00001-x.zstd.parquet").unlink()
    with pytest.raises(InputError, match="no quad table") as caught:
        open_table(folder)
    assert caught.value.code == "bad-parquet"


def test_a_folder_without_parquet_is_no_table(tmp_path):
    assert not is_table(tmp_path)
