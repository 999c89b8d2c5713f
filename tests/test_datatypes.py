"""What is in the lexical space of a datatype; `datatypes_sql` asks DuckDB the same."""

from __future__ import annotations

import pytest

from kg.datatypes import LEXICAL_SPACES, is_lexical_form
from kg.terms import XSD, split_literal
from tests.datatypes import INVALID, VALID


def test_all_datatypes_are_tried():
    names = {iri.removeprefix(XSD) for iri in LEXICAL_SPACES if iri.startswith(XSD)}
    assert names <= VALID.keys()
    assert names == INVALID.keys()


@pytest.mark.parametrize(("forms", "is_in"), [(VALID, True), (INVALID, False)])
def test_lexical_forms(forms, is_in):
    told_wrongly = [
        (name, text)
        for name, texts in forms.items()
        for text in texts
        if is_lexical_form(split_literal(f'"{text}"').lexical, XSD + name) is not is_in
    ]
    assert told_wrongly == []


def test_a_number_may_be_longer_than_python_reads():
    assert is_lexical_form("0" * 9000 + "7", f"{XSD}byte")
    assert not is_lexical_form("9" * 9000, f"{XSD}byte")
    assert is_lexical_form("9" * 9000, f"{XSD}nonNegativeInteger")


def test_other_datatypes_take_any_text():
    assert is_lexical_form("any\nthing", "http://example.org/unit")
