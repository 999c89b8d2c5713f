"""Where a missing file may be is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import InputError
from kg.mapping.plan import Formulation, LogicalSource
from kg.sources.files import Folders, SourceFile, check_file


@pytest.mark.parametrize(
    ("current", "hint"),
    [
        (".", "There is data/t.csv: add --sources . to read it."),
        ("mappings", "data/t.csv: add --sources "),
        ("elsewhere", "data/t.csv: add --sources "),
    ],
)
def test_a_file_below_the_current_folder_or_that_of_the_project(
    tmp_path, monkeypatch, current, hint
):
    for folder in ("data", "mappings", "elsewhere"):
        (tmp_path / folder).mkdir()
    (tmp_path / "data/t.csv").write_text("id\n1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / current)
    folder = tmp_path / "mappings"
    source = LogicalSource("data/t.csv", Formulation.CSV, folder=str(folder))
    missing = SourceFile(folder / "data/t.csv")
    with pytest.raises(InputError) as caught:
        check_file(missing, source, Folders(None, Path(), "the folder"))
    assert hint in str(caught.value.hint)
    with pytest.raises(InputError) as caught:
        check_file(missing, source, Folders(None, Path()))
    assert caught.value.hint == "Check the name and the folder."
