"""Times kg against other mapping engines on the same mapping and data, in one run.

    python benchmarks/mapping/run.py FOLDER --scale 10 \
        --engine kg=.venv/bin/python --engine morph=VENV/bin/python --engine sdm=VENV/bin/python

Each engine lives in an environment of its own, given by its Python. The engines take turns, and
each turn is a process of its own whose CPU time and peak memory the kernel counts. Printed are
the medians, the ratios to kg, and whether the outputs are the same set of triples.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@dataclass(frozen=True)
class Turn:
    """One run of one engine: CPU seconds, wall seconds, peak MiB; None where it failed."""

    cpu: float
    wall: float
    peak: float
    failed: bool


def timed(command: list[str], log: Path, folder: Path) -> Turn:
    """Run a command and measure it with all the processes that it starts and waits for."""
    start = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    unit = 2**20 if sys.platform == "darwin" else 2**10
    cpu = usage.ru_utime + usage.ru_stime
    return Turn(cpu, wall, usage.ru_maxrss / unit, os.waitstatus_to_exitcode(status) != 0)


def command(engine: str, python: str, folder: Path, mapping: Path, memory: str) -> list[str]:
    """Return the command line of an engine, with one thread; it writes FOLDER/<engine>.nt."""
    target = folder / f"{engine}.nt"
    target.unlink(missing_ok=True)
    if engine == "kg":
        limit = ["--memory", memory] if memory else []
        words = [str(mapping), "-o", str(target), "--threads", "1", *limit]
        return [python, "-m", "kg", "map", *words]
    if engine == "morph":
        config = folder / "morph.ini"
        config.write_text(
            f"[CONFIGURATION]\noutput_file: {target}\noutput_format: N-TRIPLES\n"
            f"number_of_processes: 1\n[DATA]\nmappings: {mapping}\n"
        )
        return [python, "-m", "morph_kgc", str(config)]
    if engine == "sdm":
        config = folder / "sdm.ini"
        config.write_text(
            f"[default]\nmain_directory: {folder}\n[datasets]\nnumber_of_datasets: 1\n"
            f"output_folder: {folder}\nall_in_one_file: no\nremove_duplicate: yes\n"
            f"enrichment: yes\nname: sdm\nordered: yes\n[dataset1]\nname: sdm\nmapping: {mapping}\n"
        )
        return [python, "-m", "rdfizer", "-c", str(config)]
    raise SystemExit(f"no engine {engine}: kg, morph, sdm")


def digest(path: Path) -> tuple[int, str]:
    """Return the number of distinct lines of a file and a digest of them, sorted."""
    if not path.exists():
        return 0, "-"
    environment = {**os.environ, "LC_ALL": "C"}
    sort = subprocess.Popen(
        ["sort", "-u", "-S", "500M", str(path)], stdout=subprocess.PIPE, env=environment
    )
    assert sort.stdout is not None
    lines, total = 0, hashlib.sha256()
    for line in sort.stdout:
        if line.strip():
            lines += 1
            total.update(line.rstrip() + b"\n")
    sort.wait()
    return lines, total.hexdigest()[:12]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", choices=("gtfs", "json", "events"), default="gtfs")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--engine", action="append", required=True, metavar="NAME=PYTHON")
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--memory", default="", help="kg's --memory")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    if arguments.set == "gtfs":
        import gtfs

        gtfs.generate(folder, arguments.scale)
        mapping = folder / "gtfs.rml.ttl"
    else:
        import documents

        documents.generate(folder, arguments.scale, arguments.set)
        mapping = folder / f"{arguments.set}.rml.ttl"
    engines = dict(pair.split("=", 1) for pair in arguments.engine)
    turns: dict[str, list[Turn]] = {name: [] for name in engines}
    for _ in range(arguments.turns):
        for name, python in engines.items():
            words = command(name, python, folder, mapping, arguments.memory)
            turns[name].append(timed(words, folder / f"{name}.log", folder))
    report(folder, turns)


def report(folder: Path, turns: dict[str, list[Turn]]) -> None:
    """Print the table."""
    base = next(iter(turns))
    print(f"{'engine':8} {'CPU s':>8} {'wall s':>8} {'MiB':>8} {'CPU ×':>7} {'MiB ×':>7} triples")
    middle = {
        name: [statistics.median(getattr(t, key) for t in found) for key in ("cpu", "wall", "peak")]
        for name, found in turns.items()
    }
    for name, (cpu, wall, peak) in middle.items():
        lines, total = digest(folder / f"{name}.nt")
        failed = "  FAILED" if any(turn.failed for turn in turns[name]) else ""
        print(
            f"{name:8} {cpu:8.2f} {wall:8.2f} {peak:8.0f} {cpu / middle[base][0]:7.2f}"
            f" {peak / middle[base][2]:7.2f} {lines:,} {total}{failed}"
        )


if __name__ == "__main__":
    main()
