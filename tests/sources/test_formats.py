"""Every format of sources is known wherever formats are told apart.

A test here that fails names the step of CONTRIBUTING.md that a new format still lacks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.mapping.documents import read_mappings
from kg.mapping.plan import Formulation, LogicalSource
from kg.mapping.source_options import HONOURED, refused_option
from kg.sources.formats import FORMATS
from tests.sources.test_options import KINDS, OPTIONS, mapping

DOCS = Path(__file__).resolve().parents[2] / "docs"


def formulation_of(kind: str, folder: Path) -> Formulation:
    file = folder / f"{kind}.yarrrml.yml"
    file.write_text(mapping(kind), encoding="utf-8")
    return read_mappings([file], {"ex": "http://example.org/"}).triples_maps[0].source.formulation


@pytest.mark.parametrize("formulation", Formulation)
def test_a_format_has_a_reader_options_and_a_name(formulation: Formulation) -> None:
    assert formulation in FORMATS, "kg/sources/formats.py"
    assert formulation in HONOURED, "kg/mapping/source_options.py"
    error = refused_option(LogicalSource("a", formulation), "spin")
    assert error.message.startswith("spin has no meaning for a")
    assert HONOURED[formulation] <= OPTIONS.keys(), "a row of OPTIONS in tests/sources/test_options"


def test_a_format_has_a_word_in_yarrrml_and_is_tried_with_all_options(tmp_path: Path) -> None:
    tried = {formulation_of(kind, tmp_path) for kind in KINDS}
    # A triples map of constants in RML has no source, so it has no word.
    assert set(Formulation) - {Formulation.NONE} == tried, "KINDS in tests/sources/test_options.py"


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_is_in_the_reference(kind: str) -> None:
    text = (DOCS / "mapping-reference.md").read_text(encoding="utf-8")
    assert f"~{kind}" in text or f"`{kind}`" in text


@pytest.mark.parametrize("formulation", Formulation)
def test_a_format_whose_header_is_known_has_columns(formulation: Formulation) -> None:
    known = FORMATS[formulation]
    if known.column_names is not None:
        assert formulation.is_tabular
    assert known.lines_of is None or known.lines_beside is None
