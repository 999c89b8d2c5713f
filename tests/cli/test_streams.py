"""What commands do where a standard stream is closed, full or gone, and what they may show."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from kg.cli.main import COMMANDS
from kg.cli.streams import CLEAR, shown
from kg.errors import Location
from tests.cli.runner import Runner
from tests.mapping.running import write_files

# Moves the cursor, turns the direction of the text, and hides what is behind it; C1 has a
# sequence introducer of its own.
EVIL = "\x1b[2J\u202e\x9b1m\x07\u2028"
CONFIG = """\
title = "A title\\u001b[2J\\u202e"
base = "http://example.org/"

[prefixes]
ex = "http://example.org/"
"""
MAPPING = """\
mappings:
  peak:
    sources: [[peaks.csv~csv]]
    s: ex:$(id)
    po:
      - [a, ex:Peak]
      - [ex:name, $(name)]
      - [ex:high, $(high)]
"""
SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
ex:PeakShape a sh:NodeShape ; sh:targetClass ex:Peak ;
  sh:property [ sh:path ex:name ; sh:maxLength 3 ; sh:severity sh:Warning ;
    sh:message "too long\\u001B[2J\\u202E" ] .
"""
QUESTION = """\
# title: Names\x1b[2J\u202e
# param name: xsd:string; a name\x1b[2J
SELECT ?peak ?name WHERE { VALUES ?name { UNDEF } ?peak ex:name ?name }
"""
FILES = {
    "kg.toml": CONFIG,
    "data/peaks.yarrrml.yml": MAPPING,
    "data/peaks.csv": f'id,name,high\n1,"long{EVIL}",\n',
    "shapes/shapes.ttl": SHAPES,
    "queries/names.rq": QUESTION.replace("UNDEF", '"x"'),
    "old.nt": '<http://e/s> <http://e/p> "1" .\n',
    "new.nt": '<http://e/s> <http://e/p> "\\u001B[2J\\u202E" .\n',
    f"bad{EVIL}.nt": "<http://e/s> <http://e/p> .\n",
    f"bad{EVIL}.yarrrml.yml": 'mappings: {m: {sources: [[peaks.csv~csv]], s: "{"}}\n',
    "evil.yarrrml.yml": 'mappings: {m: {sources: [[data/evil.csv~csv]], s: "http://e/$(ix)"}}\n',
    "data/evil.csv": f"id{EVIL},name\n1,a\n",
    "column.yarrrml.yml": 'mappings: {m: {sources: [[data/peaks.csv~csv]], s: "http://e/$(i\\e[2J)"}}\n',
    "key.yarrrml.yml": 'mappings: {m: {"so\\e[2J": [[data/peaks.csv~csv]]}}\n',
}
TEXT = "SELECT ?s ?name { ?s ex:name ?name }"
# Commands with their exit codes, of which each writes something to standard output, and those
# that write nothing there.
WRITING: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0, ("map", "data/peaks.yarrrml.yml", "-o", "-", "--format", "ntriples")),
    (0, ("map", "data/peaks.yarrrml.yml", "--explain")),
    *(
        (0, ("query", "-e", TEXT, "--format", form))
        for form in ("table", "csv", "json", "markdown")
    ),
    (0, ("query", "-e", "CONSTRUCT WHERE { ?s ?p ?o }")),
    (0, ("query", "-e", "ASK {}")),
    (0, ("query", "names", "--explain")),
    (0, ("check", "--format", "json", "--fail-on", "error")),
    (0, ("questions",)),
    (0, ("questions", "--format", "json")),
    (0, ("trace", "ex:1")),
    (0, ("show", "ex:1")),
    (0, ("peek", "data/peaks.csv")),
    *(
        (0, ("validate", "--format", form))
        for form in ("table", "turtle", "json", "sarif", "csv", "github", "junit", "html")
    ),
    *((0, ("export", "-o", "-", "--format", form)) for form in ("turtle", "nquads", "jsonld")),
    *((1, ("diff", "old.nt", "new.nt", "--format", form)) for form in ("text", "patch", "update")),
    (0, ("describe",)),
    (0, ("describe", "--format", "markdown")),
    (0, ("push", "http://localhost:1/data", "--dry-run")),
    (0, ("help", "usage")),
    (0, ("--version",)),
    (0, ("query", "--help")),
)
SILENT: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0, ("build",)),
    (0, ("init", "new")),
    (3, ("serve", "--host", "192.0.2.1", "--port", "0")),
    (3, ("mcp", "--http", "--host", "192.0.2.1", "--port", "0")),
    (0, ("site", "-o", "page")),
    (0, ("release", "released")),
    (0, ("query", "-e", TEXT, "-o", "answer.csv")),
    (0, ("validate", "-o", "report.csv")),
)
FAILING: tuple[tuple[int, tuple[str, ...]], ...] = (
    (2, ("map", f"bad{EVIL}.yarrrml.yml", "-o", "-")),
    (2, ("map", "evil.yarrrml.yml", "-o", "x.nt")),
    (2, ("map", "column.yarrrml.yml", "-o", "x.nt")),
    (2, ("map", "key.yarrrml.yml", "-o", "x.nt")),
    (2, ("export", "--data", f"bad{EVIL}.nt", "-o", "x.nq")),
    (2, ("export", "-o", f"x{EVIL}")),
    (2, ("query", f"x{EVIL}")),
    (2, ("query", "-e", f"SELECT {EVIL}")),
    (2, ("query", "names", "-p", f"{EVIL}=1")),
    (2, ("query", "names", f"--{EVIL}")),
    (2, (f"x{EVIL}",)),
    (2, ("trace", f"x{EVIL}")),
    (1, ("trace", "http://e/\u202e")),
    (2, ("help", EVIL)),
    (2, ("describe", "-o", f"x{EVIL}")),
    (2, ("init", f"new{EVIL}", "--base", EVIL)),
    (2, ("push", f"http://x/{EVIL}")),
    (2, ("diff", "old.nt", f"x{EVIL}")),
    (2, ("validate", "--data", "old.nt", "--shapes", f"bad{EVIL}.nt")),
    (2, ("validate", "-o", f"x{EVIL}")),
    (2, ("build", "--memory", EVIL)),
)


@pytest.fixture(scope="module")
def graph(kg: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graph")
    write_files(folder, FILES)
    result = kg("build", cwd=folder)
    assert result.code == 0, result.err
    return folder


def test_every_command_is_tried():
    words = [words for _, words in (*WRITING, *SILENT)]
    assert {each[0] for each in words if each[1:] != ("--help",)} >= set(COMMANDS)


def named(words: tuple[str, ...]) -> str:
    return " ".join(words).encode("ascii", "backslashreplace").decode()[:60]


FAULTS = {"closed": "it is closed", "full": "No space left on device", "gone": ""}


def faults(number: int) -> list[str]:
    """Return the faults to try with a command: one in turn, or all in a long run."""
    names = list(FAULTS)
    return names if os.environ.get("KG_LONG") else [names[number % len(names)]]


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [(fault, *each) for number, each in enumerate(WRITING) for fault in faults(number)],
    ids=lambda given: named(given) if isinstance(given, tuple) else str(given),
)
def test_an_output_that_cannot_be_written(kg, graph, fault, code, words):
    # Nobody reads the messages: the answer is the same.
    good = kg(*words, cwd=graph, broken={2: fault})
    assert (good.code, good.out != "") == (code, True)
    result = kg(*words, cwd=graph, broken={1: fault})
    assert "internal" not in result.err
    if fault == "gone":
        assert result.code == 0
        assert "rror" not in result.err
    else:
        assert result.code == 3
        assert f"kg: cannot write standard output: {FAULTS[fault]} [disk]\n" in result.err


@pytest.mark.parametrize("fault", faults(1))
def test_a_command_without_output_needs_none(kg, graph, fault):
    for code, words in SILENT:
        for stream in (1, 2):
            made = f"{words[-1]}-{fault}-{stream}"
            into = (*words[:-1], made) if words[0] in ("init", "release", "site") else words
            assert kg(*into, cwd=graph, broken={stream: fault}).code == code


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_keeps_its_exit_code_where_nobody_reads_it(kg, graph, fault):
    for code, words in FAILING[:2]:
        assert kg(*words, cwd=graph, broken={2: fault}).code == code
        assert kg(*words, cwd=graph, broken={1: fault, 2: fault, 0: "closed"}).code == code


def test_a_closed_input_is_an_empty_one(kg, graph):
    result = kg("query", "-", cwd=graph, broken={0: "closed"})
    assert result.code == 2
    assert "internal" not in result.err


def hidden(text: str) -> set[str]:
    """Return the characters of a text that do something to a terminal."""
    return {
        char
        for char in text
        if char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }


# Data is written as it is; what people read is not.
DATA = {"csv", "json", "turtle", "sarif", "nquads", "jsonld", "ntriples", "patch", "update"}


@pytest.mark.parametrize(
    ("code", "words"),
    [each for each in (*WRITING, *SILENT[:1], *FAILING) if not DATA & set(each[1])],
    ids=lambda given: named(given) if isinstance(given, tuple) else "",
)
def test_control_characters_are_shown_and_not_sent(kg, graph, code, words):
    result = kg(*words, cwd=graph)
    assert result.code == code, result.err
    assert "internal error" not in result.err
    assert result.out + result.err
    if words not in (("describe",), ("query", "-e", "CONSTRUCT WHERE { ?s ?p ?o }")):
        assert hidden(result.out) == set()
    assert hidden(result.err) == set()


def test_a_value_is_shown_with_all_that_it_holds(kg, graph):
    shown = kg("query", "-e", TEXT, "--format", "table", cwd=graph).out
    assert "long\\x1B[2J\\u202E\\x9B1m\\x07\\u2028" in shown
    exact = kg("query", "-e", TEXT, "--format", "csv", cwd=graph).out
    assert EVIL in exact


def test_a_file_that_people_read_is_like_what_is_shown(kg, graph):
    for words, target in (
        (("diff", "old.nt", "new.nt"), "changes.txt"),
        (("query", "-e", TEXT, "--format", "markdown"), "answer.md"),
        (("describe",), "card.md"),
        (("validate",), "report.txt"),
    ):
        kg(*words, "-o", target, cwd=graph)
        text = (graph / target).read_text(encoding="utf-8")
        assert "2J" in text
        assert hidden(text) == set()


def test_progress_is_drawn_over():
    class Kept:
        text = ""

        def write(self, text: str) -> None:
            self.text += text

    kept = Kept()
    out = shown(kept)
    out.write(f"{CLEAR}step {CLEAR}…")
    assert kept.text == f"{CLEAR}step \\r\\x1B[K…"


def test_a_place_is_one_line():
    place = Location("a\nkg: b", 3, column="c\r\nd")
    assert str(place) == 'a\\nkg: b:3, column "c\\r\\nd"'
