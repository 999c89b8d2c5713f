"""Libraries that are not installed: what needs them says so, and how to get them."""

from __future__ import annotations

import sys

import pytest

from kg.errors import InputError
from tests.mapping.running import run_mapping, yarrrml


@pytest.mark.parametrize(
    ("module", "source", "name", "package"),
    [
        ("lxml", "['a.xml~xml', '/a']", "a.xml", "lxml"),
        ("python_calamine", "['a.xlsx~excel']", "a.xlsx", "python-calamine"),
        ("jsonpath", "['a.json~json', '$[?@.a]']", "a.json", "python-jsonpath"),
        ("sqlalchemy", "['a.db~sqlite', t]", "a.db", "sqlalchemy"),
        ("zstandard", "['a.csv.zst~csv']", "a.csv.zst", "zstandard"),
    ],
)
def test_missing_library(tmp_path, monkeypatch, module, source, name, package):
    for loaded in [m for m in sys.modules if m.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, yarrrml(f"[{source}]", ["[ex:p, $(v)]"]), {name: "[{}]"})
    assert raised.value.code == "missing-extra"
    assert package in (raised.value.hint or "").lower()
