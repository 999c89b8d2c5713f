"""The two engines of kg, and peers in memory, on one generated graph: CPU seconds, warm.

    MAPLIB_PYTHON=… python benchmarks/query/engines.py [TRIPLES [SECONDS [ROUNDS]]]

A workspace is built once, with index and copies, each with its CPU time and its size on disk. Then
each side asks the eight questions in a process of its own, on one thread, and writes the rows as
CSV into a file: each figure is the mean of a loop of at least SECONDS, and of ROUNDS rounds in turn
the median. What a side loads is not counted. All must give the same number of rows.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
LOOP = """
import sys, time
def measure(name, ask, seconds):
    for _ in range(3 if seconds else 1):  # the second time what is asked is loaded
        ask()
    began, count = time.process_time(), 0
    while count == 0 or time.process_time() - began < seconds:
        ask()
        count += 1
    taken = (time.process_time() - began) / count
    print(name, taken, sum(1 for _ in open(sys.argv[2])) - 1, flush=True)
"""
KG = (
    LOOP
    + """
from pathlib import Path
from dataclasses import replace
import kg
from kg.queries.answer import Style
from kg.queries.formats import FORMATS
from kg.queries.run import find_question, prepare
graph = kg.open(sys.argv[1], threads=1)
for path in sys.argv[5:]:
    question = find_question(path, graph.workspace)
    prepared = prepare(question, {}, graph.source(sys.argv[4]))
    def ask():
        with open(sys.argv[2], "wb") as out:
            prepared.write(prepared.ask(), FORMATS["csv"], out, Style(prepared.prefixes))
    measure(Path(path).stem, ask, float(sys.argv[3]))
"""
)
MAPLIB = (
    LOOP
    + """
from pathlib import Path
import maplib
model = maplib.Model()
model.read(sys.argv[1])
for path in sys.argv[5:]:
    text = open(path).read()
    measure(Path(path).stem, lambda: model.query(text).write_csv(sys.argv[2]), float(sys.argv[3]))
"""
)
RDFLIB = (
    LOOP
    + """
from pathlib import Path
import rdflib
graph = rdflib.Graph().parse(sys.argv[1], format="nt")
for path in sys.argv[5:]:
    text = open(path).read()
    ask = lambda: graph.query(text).serialize(sys.argv[2], format="csv")
    measure(Path(path).stem, ask, 0)
"""
)


def asked(python: str, code: str, *words: object) -> dict[str, tuple[float, int]]:
    """Run code in Python that measures; return CPU seconds and rows by question."""
    return figures([python, "-c", code, *map(str, words)])


def figures(command: list[str]) -> dict[str, tuple[float, int]]:
    """Run a command that measures; return CPU seconds and rows by question."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=environment
    ).stdout
    lines = (line.split() for line in done.splitlines())
    return {name: (float(seconds), int(count)) for name, seconds, count in lines}


def built(root: Path, size: int) -> Path:
    """Build a workspace of a generated file, print what that took, and return the file."""
    (root / "data").mkdir(parents=True)
    (root / "kg.toml").write_text('base = "http://example.org/"\n')
    data = root / "data" / "made.nt"
    subprocess.run([sys.executable, HERE / "generate.py", str(size), data], check=True)
    words = ["-q", "-C", root, "build", "--index", "--table", "--no-validate"]
    subprocess.run([sys.executable, "-m", "kg", *words], check=True)
    build = next((root / ".kg" / "builds").iterdir())
    info = json.loads((build / "build.json").read_text())
    seconds = info["cpu_seconds"]
    print("build, CPU s:", ", ".join(f"{name} {taken:.2f}" for name, taken in seconds.items()))
    for name in ("quads.parquet", "quads", "table", "store"):
        files = [build / name, *(build / name).rglob("*")]
        print(f"{name}: {sum(f.stat().st_size for f in files if f.is_file()) / 1e6:.1f} MB")
    return data


def command(root: Path, question: Path, engine: str) -> float:
    """Return the CPU seconds of the whole command."""
    words = ["-q", "-C", root, "query", question, "--format", "csv", "--engine", engine]
    process = subprocess.Popen(
        [sys.executable, "-m", "kg", *map(str, words)], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, question
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure and print."""
    size, seconds, rounds = (*sys.argv[1:], *("1000000", "1", "7")[len(sys.argv) - 1 :])
    questions = sorted((HERE / "questions").glob("*.rq"))
    with tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary) / "workspace", Path(temporary) / "out.csv"
        data = built(root, int(size))
        sides = {
            "table": (sys.executable, KG, root, out, seconds, "table"),
            "oxigraph": (sys.executable, KG, root, out, seconds, "oxigraph"),
        }
        if "MAPLIB_PYTHON" in os.environ:
            python = os.environ["MAPLIB_PYTHON"]
            sides["maplib"] = (python, MAPLIB, data, out, seconds, "")
        found: dict[str, list[dict[str, tuple[float, int]]]] = {name: [] for name in sides}
        for _ in range(int(rounds)):
            for name, (python, code, *words) in sides.items():
                found[name].append(asked(python, code, *words, *questions))
        if "WITH_RDFLIB" in os.environ:
            words = (RDFLIB, data, out, 0, "")
            found["rdflib"] = [asked(sys.executable, *words, *questions)]
        print("| question | rows |", " | ".join(found), "| process: table | process: oxigraph |")
        print("| --- | ---: |" + " ---: |" * (len(found) + 2))
        for question in questions:
            name = question.stem
            (count,) = {turn[name][1] for turns in found.values() for turn in turns}
            medians = [statistics.median(turn[name][0] for turn in each) for each in found.values()]
            whole = [command(root, question, engine) for engine in ("table", "oxigraph")]
            cells = [f"{value:.4f}" for value in medians] + [f"{value:.2f}" for value in whole]
            print(f"| {name} | {count:,} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
