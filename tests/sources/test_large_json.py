"""JSON documents of any size: records cut out as a stream, faults with their place."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InputError, KgError, LimitError
from kg.mapping.jsonpath import Wildcard
from kg.sources import json_scan
from kg.sources.files import SourceFile
from kg.sources.json_numbers import mark_numbers
from kg.sources.json_scan import JsonScanner
from tests.mapping.running import run_mapping, yarrrml

ALL = Wildcard.ALL
FILE = SourceFile(Path("a.json"))
ROOMY = 1 << 40


def blocks(text: bytes, size: int = 1 << 20):
    return (text[start : start + size] for start in range(0, len(text), size))


def cut(text: bytes, steps=(), size: int = 1 << 20, *, several=False, limit=ROOMY) -> list[bytes]:
    scanner = JsonScanner(blocks(text, size), FILE)
    return [r for _ in scanner.documents(several=several) for r in scanner.records(steps, limit)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), ['{"a":[1, 2.50, {"q": "\\u0041"}],"b":{"a":"x","c":[[[[[1]]]]]},"a":7}']),
        (("a",), ['[1, 2.50, {"q": "\\u0041"}]']),
        (("a", ALL), ["1", "2.50", '{"q": "\\u0041"}']),
        (("a", 1), ["2.50"]),
        (("a", 9), []),
        (("a", "q"), []),
        (("b", ALL), ['"x"', "[[[[[1]]]]]"]),
        (("b", "c", ALL, ALL), ["[[[1]]]"]),
        ((ALL, ALL), ["1", "2.50", '{"q": "\\u0041"}', '"x"', "[[[[[1]]]]]"]),
        (("n",), []),
        ((0,), []),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_records_are_cut_out_as_they_stand(steps, expected, size):
    text = b'{"a": [1, 2.50, {"q": "\\u0041"}], "b": {"a": "x", "c": [[[[[1]]]]]}, "a": 7}'
    found = [r.decode() for r in cut(text, steps, size)]
    # White space between tokens may go, where a value is too deep for one pattern.
    assert [r.replace(": ", ":") for r in found] == [r.replace(": ", ":") for r in expected]


def test_line_ends_stand_between_tokens_only():
    assert cut(b'[{"a":\r\n 1,\n"b": "x\\n"}\n]', (ALL,)) == [b'{"a":   1, "b": "x\\n"}']


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@given(
    values=st.lists(JSON, max_size=5),
    size=st.sampled_from([1, 2, 3, 7, 50, 1 << 20]),
    low=st.sampled_from([16, 64, 1 << 18]),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)
def test_any_document_in_any_blocks(values, size, low, indent, ascii_only):
    before = json_scan._LOW
    json_scan._LOW = low
    try:
        text = json.dumps(values, indent=indent, ensure_ascii=ascii_only)
        data = text.encode("utf-8", "surrogatepass")
        records = cut(data, (ALL,), size)
        scanner = JsonScanner(blocks(data, size), FILE)
        lines = []
        for _ in scanner.documents(several=False):
            for _ in scanner.walk((ALL,)):
                lines.append(scanner.line())
                scanner.value(None)
    finally:
        json_scan._LOW = before
    assert [json.loads(r.decode("utf-8", "surrogatepass")) for r in records] == values
    assert not any(b"\n" in r for r in records)
    assert lines == sorted(lines)
    assert len(lines) == len(values)


@given(values=st.lists(JSON, max_size=5), size=st.sampled_from([1, 2, 5, 1 << 20]))
def test_marks_change_nothing_else(values, size):
    text = json.dumps(values).encode()
    marked = b"".join(mark_numbers(blocks(text, size)))
    plain = json.loads(marked)

    def unmarked(value):
        if isinstance(value, str) and value.startswith("\x01kg number\x01"):
            return float(value.removeprefix("\x01kg number\x01"))
        if isinstance(value, list):
            return [unmarked(v) for v in value]
        return {k: unmarked(v) for k, v in value.items()} if isinstance(value, dict) else value

    assert unmarked(plain) == values


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('{"a":01}', 1, 7, "a comma or } is expected"),
        ('{"a":\n NaN}', 2, 2, "NaN and Infinity"),
        ('{"a":-Infinity}', 1, 6, "NaN and Infinity"),
        ('{"a":1,\n}', 2, 1, "a key in double quotes"),
        ("[1,]", 1, 4, "a value is expected"),
        ("{'a':1}", 1, 2, "a key in double quotes"),
        ('{"a" 1}', 1, 2, "a colon"),
        ('{"a":1} x', 1, 9, "more text follows"),
        ('{"a":1}\n{"b":1}', 2, 1, "more text follows"),
        ('{"a":"x\ty"}', 1, 6, "control character"),
        ('{"a":"\\x"}', 1, 6, "escape"),
        ('{"a":tru}', 1, 6, "no JSON value"),
        ("[1 2]", 1, 4, "a comma or ] is expected"),
        ('{"é":"é" 1}', 1, 10, "a comma or } is expected"),
        ('[[[[[[1,{"a":\n x}]]]]]]', 2, 2, "no JSON value"),
        ("[1, // one\n2]", 1, 5, "no JSON value"),
        ('{"a":', 1, 6, "ends too early"),
        ('{"a":"x', 1, 6, "not closed"),
        ("  ", 1, 3, "ends too early"),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_faults_have_a_place(text, line, column, said, size):
    with pytest.raises(InputError) as raised:
        cut(text.encode(), (), size)
    error = raised.value
    assert error.code == "bad-json"
    assert said in error.message
    assert error.location is not None
    assert (error.location.line, error.location.column_number) == (line, column)


def test_garbage_gives_errors_of_kg_or_what_the_standard_library_reads():
    rng = random.Random(7)
    whole = json.dumps({"a": [1, {"b": "x\\y"}, None], "c": {"d": [True, 2.5]}}).encode()
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 3)):
            data[rng.randrange(len(data))] = rng.choice(b'{}[],:"\\ 019.eE-tfnu')
        try:
            expected = json.loads(bytes(data), parse_constant=lambda _: 1 / 0)
        except (ValueError, ZeroDivisionError):
            with pytest.raises(KgError):
                cut(bytes(data))
        else:
            assert [json.loads(r) for r in cut(bytes(data))] == [expected]


def test_record_that_is_too_large():
    text = b'{"big": [' + b"1," * 200_000 + b'1], "small": [1, 2]}'
    assert cut(text, ("small", ALL), limit=100_000) == [b"1", b"2"]
    with pytest.raises(LimitError) as raised:
        cut(text, ("big",), limit=100_000)
    assert raised.value.code == "record-too-large"
    assert raised.value.hint


# --- whole runs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "iterator", "line", "record"),
    [
        ("a.json", '[{"id": "1"},\n\n {"id": "no iri"}]', "$[*]", 3, 2),
        ("a.json", '{"x": {"y": [{"id": "1"},\n {"id": "no iri"}]}}', "$.x.y[*]", 2, 2),
        ("a.jsonl", '{"id": "1"}\n\n{"id": "no iri"}', "$", 3, 2),
    ],
)
def test_bad_values_name_the_line(tmp_path, name, text, iterator, line, record):
    text = text.replace('"1"', '"http://a/"')
    mapping = yarrrml(f"[['{name}~{name[2:]}', '{iterator}']]", ["[ex:p, $(id)~iri]"], "ex:s")
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {name: text})
    place = raised.value.location
    assert place is not None
    assert (place.line, place.record, place.column) == (line, record, "id")


@pytest.mark.parametrize("iterator", ["$[*]", "$"])
def test_broken_document_in_a_run(tmp_path, iterator):
    mapping = yarrrml(f"[['a.json~json', '{iterator}']]", ["[ex:p, $(a)]"], "ex:s")
    with pytest.raises(InputError) as raised:
        run_mapping(tmp_path, mapping, {"a.json": '[{"a": 1},\n {"a": 2 "b"}]'})
    place = raised.value.location
    assert place is not None
    assert (place.line, place.column_number) == (2, 10)


@pytest.mark.slow
@pytest.mark.parametrize("iterator", ["$.data.items[*]", "$.data.items[?@.keep == true]"])
def test_one_object_larger_than_the_memory(tmp_path, iterator):
    """120 MB in one object, under --memory 260MB."""
    if "?" in iterator:
        pytest.importorskip("jsonpath", reason="the extra jsonpath is not installed")
    count = 100_000 if "?" not in iterator else 30_000
    with (tmp_path / "a.json").open("w", encoding="utf-8") as out:
        out.write('{"meta": {"made": "now"}, "data": {"items": [')
        for number in range(count):
            record = {"id": number, "keep": number % 10 == 0, "text": "lorem ipsum " * 100}
            out.write(("," if number else "") + json.dumps(record))
        out.write("]}}")
    mapping = yarrrml(f"[['a.json~json', '{iterator}']]", ["[ex:p, $(keep)]"])
    (tmp_path / "m.yml").write_text("prefixes: {ex: 'http://example.org/'}\n" + mapping)
    # VmHWM, since ru_maxrss starts with what the process had that this one was started from.
    script = (
        "import re, resource, pathlib\n"
        "from kg.cli.main import main\n"
        "assert main() == 0\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "found = status.exists() and re.search(r'VmHWM:\\s+([0-9]+)', status.read_text())\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(int(found[1]) * 1024 if found else peak)\n"
    )
    command = [sys.executable, "-c", script, "map", "m.yml", "-o", "out.nt"]
    done = subprocess.run(
        [*command, "--memory", "260MB", "--threads", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    peak = int(done.stdout.splitlines()[-1])
    lines = (tmp_path / "out.nt").read_text().splitlines()
    assert len(lines) == (count if "?" not in iterator else count // 10)
    assert peak < 260e6 * 1.2
