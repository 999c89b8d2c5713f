"""YAML's two readers: what libyaml is trusted with, ruamel.yaml reads as the same."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from ruamel.yaml.error import YAMLError

from kg.errors import InputError
from kg.mapping.yaml_events import Doubt, Event, Kind, careful_events, quick_events
from kg.mapping.yaml_nodes import parse_yaml

ROOT = Path(__file__).parents[2]
FOLDERS = (
    ROOT / "data",
    *(Path(os.environ[v]) for v in ("KG_CONFORMANCE", "KG_FIELD") if v in os.environ),
)
EXAMPLES = int(os.environ.get("KG_EXAMPLES", "30")) * 10
# Most characters of a document that is read whole, without KG_EXAMPLES: ruamel.yaml is slow.
MOST = 10**9 if "KG_EXAMPLES" in os.environ else 1_500
# Pieces of which YAML is made.
PIECES = (
    *"abé1 -:?,[]{}#&*!|>'\"%@`.~<=\\/n\t\r\x85\u2028\ufeff",
    *("\n", "   ", "- ", ": ", "\n  ") * 3,
    "\n- ", "? ", "--- ", "\n---\n", "\n...\n", "&a ", "*a", "|\n  ", ">\n  ", '"a"', "'b'", " #c",
    "\\u00e9", "\\ud83d", "\\x41", "\\\n", "{a: b}", "[a, b]", "key: v\n", "  k: v\n", "- - a\n",
    "|-\n", "|+\n", "|2\n", "\\_", "\\N", "\\ ", "\\0", "<<: ", "!!str ", "%YAML 1.1\n", "null",
)  # fmt: skip


def documents() -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for ending in ("yml", "yaml", "yarrrml")
        for path in sorted(folder.rglob(f"*.{ending}"))
    ]


def placed(events: Iterator[Event]) -> list[Event]:
    """Return events; the places of documents, which only complaints show, are left out."""
    return [e._replace(line=0, column=0) if e.kind is Kind.DOCUMENT else e for e in events]


def quick(text: str) -> list[Event] | None:
    try:
        return placed(quick_events(text))
    except Doubt:
        return None


def careful(text: str) -> list[Event] | str:
    try:
        return placed(careful_events(text))
    except YAMLError as error:
        return f"refused: {error}"


def test_documents_of_the_graph_are_read_quickly():
    for path in (ROOT / "data").rglob("*.y*ml"):
        assert quick(path.read_text(encoding="utf-8")) is not None, path


def test_documents_are_read_as_the_same():
    texts = [path.read_bytes().decode("utf-8", "replace") for path in documents()]
    chosen = [text for text in texts if len(text) <= MOST]
    assert chosen
    for text in chosen:
        assert quick(text) in (None, careful(text))


def test_random_texts_are_read_as_the_same():
    rng, certain = random.Random(19), 0
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in documents()]
    for number in range(EXAMPLES):
        if number % 2:
            text = "".join(rng.choices(PIECES, k=rng.randint(1, 12)))
        else:
            lines = rng.choice(texts).split("\n")
            start = rng.randrange(len(lines))
            text = "\n".join(lines[start : start + rng.randint(1, 8)])
            for _ in range(rng.randrange(4)):
                at = rng.randrange(len(text) + 1)
                text = text[:at] + rng.choice(PIECES) + text[at + rng.randrange(2) :]
        found = quick(text)
        if found is not None:
            certain += 1
            assert found == careful(text), text
    assert certain > EXAMPLES / 10


@pytest.mark.parametrize(
    "text",
    [
        "a: !!str b\n",  # a tag
        "%YAML 1.2\n---\na: b\n",
        "a: &x b\nc: &x d\n",  # an anchor that is set twice
        "&x a: b\n",
        "a: &x b\n*x : c\n",  # an alias for a key
        "a: |# no comment\n  b\n",
        ">-\n--- b\n",  # a text that is a whole document
        "a: b\r\n",
        "a:\tb\n",
        "a: b\x85\n",
        "- \n# where is it?\n\n- b\n",
        "a: [\n",  # a fault
    ],
)
def test_doubt(text):
    assert quick(text) is None


def test_doubt_where_a_text_is_cut():
    """libyaml asks for pieces; the sign of a text and what is behind it may stand in two."""
    for length in range(16_380, 16_388):
        assert quick(f"a: '{'x' * (length - 5)}'\nb: |2#\n  c\n") is None


def test_an_empty_value_has_the_place_of_its_key():
    text = "a: 1\nb:\n\n# a comment\nc: {d: , e: 1}\n"
    for events in (careful_events(text), quick_events(StringIO(text))):
        empty = [(event.line, event.column) for event in events if event.is_empty]
        assert empty == [(2, 1), (5, 5)]


def test_without_libyaml(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "yaml.cyaml", None)
    assert quick("a: b\n") is None
    assert parse_yaml("a: b\n", "f").get("a").value == "b"


def test_a_fault_behind_the_last_line():
    with pytest.raises(InputError, match="not valid YAML"):
        parse_yaml("{\n", "f")
