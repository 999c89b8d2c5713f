"""Limits stop the work; an interrupted query leaves nothing behind; a closed pipe is quiet."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"
FOUR = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
MANY = f"SELECT ?a ?d ?g {{ {FOUR} }}"
# Rows that are joined with each other: their answer takes more memory than a run may.
ROWS = 1800
# Known only when all four triples are found.
NEVER = "FILTER(CONCAT(STR(?a), STR(?j)) = 'x')"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("limits") / "data.nt"
    lines = (f"<http://e/{i}> <http://e/p> <http://e/{i + 1}> .\n" for i in range(200))
    path.write_text("".join(lines))
    return path


def command(data: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "kg", "query", "--data", str(data), *words]


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder)}


@pytest.mark.parametrize(
    "query",
    [
        LONG,
        MANY,
        MANY + " ORDER BY ?g",
        f"ASK {{ {FOUR} {NEVER} }}",
        f"CONSTRUCT {{ ?a ?k ?l }} {{ {FOUR} {NEVER} }}",
    ],
)
def test_the_time_limit_stops_any_query(query: str, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.nt" if query.startswith("CONSTRUCT") else tmp_path / "out.csv"
    target.write_text("before")
    # How long a process takes to start and end here and now: on a busy machine, long.
    started = time.monotonic()
    subprocess.run(command(data, "-e", "ASK {}", "-o", "/dev/null", "-f", "csv"), check=True)
    usual = time.monotonic() - started
    started = time.monotonic()
    result = subprocess.run(
        command(data, "-e", query, "-o", str(target), "--timeout", "1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert time.monotonic() - started < 1.5 + 2 * usual
    assert result.returncode == 4
    assert result.stderr.startswith("kg: stopped after 1 s")
    assert "--timeout" in result.stderr
    assert target.read_text() == "before"
    assert names(tmp_path) == [target.name]


def test_the_memory_limit_stops_a_query(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    query = "SELECT DISTINCT (CONCAT(STR(?a), STR(?d), STR(?g), STR(?j)) AS ?x)" + MANY[15:]
    result = subprocess.run(
        command(data, "-e", query, "-o", str(target), "--memory", "200MB"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 4
    assert result.stderr.startswith("kg: stopped at 200 MB of memory")
    assert names(tmp_path) == []


def test_too_many_rows_leave_the_target_alone(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before")
    query = "SELECT ?s { ?s ?p ?o }"
    result = subprocess.run(
        command(data, "-e", query, "-o", str(target), "--max-rows", "199"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 4
    assert "more than 199 rows" in result.stderr
    assert target.read_text() == "before"
    assert names(tmp_path) == [target.name]


@pytest.mark.parametrize("query", [LONG, MANY])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_a_signal_ends_at_once_and_leaves_nothing(
    number: signal.Signals, code: int, query: str, data: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.csv"
    words = command(data, "-e", query, "-o", str(target), "--timeout", "20")
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        # An aggregate writes nothing until it is done; rows are in a file beside by then.
        for _ in range(100):
            time.sleep(0.1)
            if names(tmp_path) or (query == LONG and _cpu_seconds(process.pid) > 1):
                break
        assert len(names(tmp_path)) == (query == MANY)
        started = time.monotonic()
        process.send_signal(number)
        assert process.wait(5) == code
        assert time.monotonic() - started < 2
        assert process.stderr is not None
        said = process.stderr.read()
    assert said.count("\n") == 1
    assert said.startswith("kg: ")
    assert names(tmp_path) == []


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("words", [["-e", MANY], ["-e", MANY, "-f", "table"],
                                   ["-e", "CONSTRUCT WHERE { ?s ?p ?o }"],
                                   ["-e", MANY, "-f", "json"]])  # fmt: skip
def test_a_closed_pipe_ends_quietly(words: list[str], data: Path) -> None:
    with subprocess.Popen(
        command(data, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(10) == 0


def test_large_files_go_to_a_folder_that_is_removed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    from kg import store
    from kg.cli.main import main

    monkeypatch.setattr(store, "LARGEST_IN_MEMORY", 100)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    target = tmp_path / "out.csv"
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    assert main(["query", "--data", str(data), "-e", query, "-o", str(target)]) == 0
    assert target.read_bytes() == b"n\r\n200\r\n"
    gc.collect()  # the engine's folder goes with the engine
    assert names(tmp_path) == ["out.csv"]


def test_a_folder_of_a_stopped_query_is_removed(data: Path, tmp_path: Path) -> None:
    code = "from kg import store; store.LARGEST_IN_MEMORY = 100\nfrom kg.cli.main import run; run()"
    words = [sys.executable, "-c", code, *command(data, "-e", LONG, "--timeout", "2")[3:]]
    result = subprocess.run(
        words, capture_output=True, text=True, check=False, env=environment(tmp_path)
    )
    assert result.returncode == 4, result.stderr
    assert names(tmp_path) == []


@pytest.mark.parametrize("words", [["--timeout", "-1"], ["--timeout", "nan"], ["--timeout", "x"],
                                   ["--max-rows", "-1"], ["--memory", "much"]])  # fmt: skip
def test_limits_that_are_none(words: list[str], data: Path) -> None:
    from kg.cli.main import main

    assert main(["query", "--data", str(data), "-e", "ASK {}", *words]) == 2


@pytest.mark.slow
def test_millions_of_rows_are_streamed(tmp_path: Path) -> None:
    data = tmp_path / "data.nt"
    data.write_text("".join(f"<http://e/{i}> <http://e/p> {i} .\n".replace(f" {i} ", f' "{i}" ')
                            for i in range(ROWS)))  # fmt: skip
    target = tmp_path / "out.csv"
    script = (
        "import re, resource\n"
        "from pathlib import Path\n"
        "from kg.cli.main import main\n"
        f"code = main(['query', '--data', {str(data)!r}, '-o', {str(target)!r}, '-e',\n"
        "  'SELECT ?s ?x { ?s ?p ?o . ?x ?q ?y }'])\n"
        "status = Path('/proc/self/status')\n"
        "found = status.exists() and re.search(r'VmHWM:\\s+([0-9]+)', status.read_text())\n"
        "usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(code, found[1] if found else usage)\n"
    )
    # VmHWM, since ru_maxrss starts with what the process had that this one was started from; a
    # shell between does the rest.
    result = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1"', sys.executable, script],
        capture_output=True,
        text=True,
        check=True,
    )
    code, peak = map(int, result.stdout.split())
    assert code == 0
    with target.open("rb") as file:
        assert sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) == (
            ROWS**2 + 1
        )
    assert peak < 300_000
