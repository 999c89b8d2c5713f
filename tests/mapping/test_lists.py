"""A reference to what is a list in some records gives each member, as with [*] behind it."""

import pytest

from kg.errors import InputError
from kg.init import init_workspace
from tests.graph_copy import run_kg
from tests.mapping.running import run_mapping, yarrrml

DOCUMENT = """\
[{"id": 1, "tags": "z", "n": [1, 2.50], "k": "x"},
 {"id": 2, "tags": ["x", 5, null, true], "k": ["x", "y"]},
 {"id": 3, "tags": []},
 {"id": 4}]
"""
SOURCE = "[['t.json~jsonpath', '$[*]']]"
PAIRS = [
    "[ex:p, '$(tags)']",
    "[ex:q, 'ex:t-$(tags)~iri']",
    "[ex:r, '$(id) $(tags)', en~lang]",
    "[ex:n, '$(n)']",
    "{p: ex:u, o: {function: 'toUpperCase($(tags))'}}",
]
JOIN = (
    "{p: ex:j, o: {mapping: other, condition:"
    " {function: equal, parameters: [[str1, '$(k)'], [str2, '$(tags)']]}}}"
)


def _mapping(pairs, members):
    text = yarrrml(SOURCE, [*pairs, JOIN])
    text += f"  other:\n    sources: {SOURCE}\n    s: ex:o-$(id)\n    po: [[ex:p, x]]\n"
    for key in ("tags", "n", "k"):
        text = text.replace(f"$({key})", f"$({key}[*])") if members else text
    return text


@pytest.mark.parametrize("pair", [*PAIRS, JOIN, None])
def test_the_members_are_made_as_if_they_were_asked_for(tmp_path, pair):
    pairs = PAIRS if pair is None else [pair]
    plain = run_mapping(tmp_path, _mapping(pairs, members=False), {"t.json": DOCUMENT})
    asked = run_mapping(tmp_path, _mapping(pairs, members=True), {"t.json": DOCUMENT})
    assert plain.quads == asked.quads
    assert plain.quads


def test_a_subject_may_be_a_list(tmp_path):
    text = yarrrml(SOURCE, ["[ex:p, $(id)]"], "ex:$(tags)")
    made = run_mapping(tmp_path, text, {"t.json": DOCUMENT})
    assert len(made.quads) == 4


def test_yaml_has_lists_too(tmp_path):
    text = yarrrml("[['t.yaml~yaml', '$[*]']]", ["[ex:p, $(tags)]"])
    made = run_mapping(tmp_path, text, {"t.yaml": "- {id: 1, tags: [a, b]}\n- {id: 2, tags: c}\n"})
    assert made.objects() == ['"a"', '"b"', '"c"']


def test_what_is_in_a_list_must_be_values(tmp_path):
    text = yarrrml(SOURCE, ["[ex:p, $(v)]"])
    with pytest.raises(InputError) as caught:
        run_mapping(tmp_path, text, {"t.json": '[{"id": 1, "v": [{"x": 1}]}]'})
    assert caught.value.code == "not-a-value"
    assert "v[*].name" in caught.value.hint


def test_triples_of_lists_are_traced(tmp_path):
    root = tmp_path / "w"
    init_workspace(root)
    path = root / "data/facts.yarrrml.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("climbers[*]", "climbers"), encoding="utf-8")
    assert run_kg(root, "-q", "build").returncode == 0
    for words in (("ascent:k2", "ns:climber"), ("ascent:denali",)):
        traced = run_kg(root, "trace", *words)
        assert traced.returncode == 0, traced.stderr
        assert "ascents.yaml" in traced.stdout
    assert "lino-lacedelli" in run_kg(root, "trace", "ascent:k2").stdout
