"""What a build takes after a change, beside a full build: the shipped graph, and a larger one.

    python benchmarks/build/run.py FOLDER [--triples 300000] [--times 3]

FOLDER gets a copy of the shipped workspace and one of `benchmarks/limits`. After each change that
``CHANGES`` names, ``kg build`` runs in a process of its own; the median of some runs is told.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "limits"))

import run as limits  # noqa: E402  (found by the line above)

# What is changed: a file of the shipped workspace, one of the larger, and what is put at its end;
# for tables, the second line goes instead.
CHANGES = {
    "nothing": ("", ""),
    "a question": ("queries/coverage.rq", ""),
    "a shape": ("shapes/claims.ttl", "shapes/shapes.ttl"),
    "a comment of a mapping": ("data/record/launches.yarrrml.yml", "data/weather.yarrrml.yml"),
    "a row": ("data/record/launches.csv", "data/readings.csv"),
    "a statement of the ontology": ("ontology/korea-schemes.ttl", "ontology/weather.ttl"),
}


def change(path: Path, number: int) -> None:
    """Change a file so that it differs from all that it was before."""
    if path.suffix == ".csv":
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        del lines[-1]  # that nothing else names
        path.write_text("".join(lines), encoding="utf-8")
        return
    statement = ""
    if path.parent.name == "ontology":
        statement = f'<http://e.org/{number}> <http://e.org/p> "{number}" .\n'
    elif path.parent.name == "shapes":
        statement = (
            f"[] <http://www.w3.org/ns/shacl#targetNode> <http://e.org/{number}> ;"
            " a <http://www.w3.org/ns/shacl#NodeShape> ;"
            " <http://www.w3.org/ns/shacl#nodeKind> <http://www.w3.org/ns/shacl#IRI> .\n"
        )
    with path.open("a", encoding="utf-8") as out:
        out.write(f"# {number}\n{statement}")


def build(space: Path, *words: str) -> tuple[float, float]:
    """Build; return CPU seconds and seconds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "kg", "-q", "-C", str(space), "build", *words]
    started = time.monotonic()
    with subprocess.Popen(command, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    if process.returncode != 0:
        sys.exit(f"{space}: kg build ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, seconds


def row(name: str, costs: list[tuple[float, float]], full: float | None) -> float:
    """Print a row of the table, and return the CPU seconds."""
    cpu = statistics.median(cost[0] for cost in costs)
    seconds = statistics.median(cost[1] for cost in costs)
    share = "" if full is None else f"{cpu / full:.2f}"
    print(f"| {name} | {cpu:.2f} | {seconds:.2f} | {share} |", flush=True)
    return cpu


def measure(space: Path, side: int, times: int) -> None:
    """Print the rows of a workspace."""
    build(space)  # compiles modules and fills caches
    full = row("all (--full)", [build(space, "--full") for _ in range(times)], None)
    for name, places in CHANGES.items():
        costs = []
        for number in range(times):
            if places[side]:
                change(space / places[side], number)
            costs.append(build(space))
        if places[side] or name == "nothing":
            row(name, costs, full)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--triples", type=int, default=300_000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    shipped = options.folder / "shipped"
    shutil.rmtree(shipped, ignore_errors=True)
    for part in ("data", "ontology", "shapes", "queries"):
        shutil.copytree(ROOT / part, shipped / part)
    for part in ("kg.toml", "accepted.toml"):
        shutil.copy(ROOT / part, shipped / part)
    larger = limits.make(options.folder / "larger", options.triples)
    spaces = {"the shipped graph": shipped, f"{options.triples:,} triples": larger}
    for side, (name, space) in enumerate(spaces.items()):
        print(f"\n| what has changed: {name} | CPU s | s | share |\n| --- | ---: | ---: | ---: |")
        measure(space, side, options.times)


if __name__ == "__main__":
    main()
