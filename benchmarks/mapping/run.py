"""Times kg against other mapping engines on the same mapping and data, in one run.

    python benchmarks/mapping/run.py FOLDER --scale 10 \
        --engine kg=.venv/bin/python --engine morph=VENV/bin/python --engine sdm=VENV/bin/python

Each engine lives in an environment of its own, given by its Python; `spark` is kg's with pyspark.
The engines take turns, and each turn is a process of its own whose CPU time and peak memory the
kernel counts, with those of the processes that it starts. Printed are the medians, the ratios to
the first engine, CPU time and shuffled bytes for each triple, and whether the outputs are the same
set of triples.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


# Linux: processes whose parent is gone become children of this one, and are waited for.
_ADOPTS_CHILDREN = 36
_MASTER = ("--master", "local[2]")


@dataclass(frozen=True)
class Turn:
    """One run of one engine.

    Attributes:
        cpu: CPU seconds.
        wall: Seconds.
        peak: Peak MiB of the largest process.
        failed: Whether it failed.
        tasks: Of these, CPU seconds of Spark's tasks.
        shuffled: Bytes that Spark shuffled.
    """

    cpu: float
    wall: float
    peak: float
    failed: bool
    tasks: float = 0.0
    shuffled: float = 0.0


def timed(command: list[str], log: Path, folder: Path) -> Turn:
    """Run a command and measure it with all the processes that it starts."""
    start = time.perf_counter()
    environment = {**os.environ, "SPARK_CONF_DIR": str(settings_of_spark(folder))}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, env=environment)
        cpu, peak, failed = 0.0, 0.0, True
        for pid, status, usage in _ended():
            cpu += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss)
            if pid == process.pid:
                wall = time.perf_counter() - start
                failed = os.waitstatus_to_exitcode(status) != 0
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Turn(cpu, wall, peak / unit, failed, *spark_events(folder))


def _ended() -> Iterator[tuple[int, int, resource.struct_rusage]]:
    """Yield the processes that end, until none is left."""
    while True:
        try:
            yield os.wait4(-1, 0)
        except ChildProcessError:
            return


def settings_of_spark(folder: Path) -> Path:
    """Return a folder with settings that let Spark write down its events."""
    events = folder / "events"
    shutil.rmtree(events, ignore_errors=True)
    events.mkdir()
    lines = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    text = "".join(f"{key} {value}\n" for key, value in lines.items())
    (events / "spark-defaults.conf").write_text(text)
    return events


def spark_events(folder: Path) -> tuple[float, int]:
    """Return the CPU seconds of the tasks of the last run, and the bytes that they shuffled."""
    cpu, shuffled = 0.0, 0
    for path in (folder / "events").glob("*-*"):
        if path.suffix == ".conf":
            continue
        for line in path.open(encoding="utf-8"):
            metrics = json.loads(line).get("Task Metrics") if "Task Metrics" in line else None
            if metrics:
                cpu += metrics["Executor CPU Time"] / 1e9
                shuffled += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
    return cpu, shuffled


def command(engine: str, python: str, folder: Path, mapping: Path, memory: str) -> list[str]:
    """Return the command line of an engine, with one thread; it writes FOLDER/<engine>.nt."""
    target = folder / f"{engine}.nt"
    target.unlink(missing_ok=True)
    if engine == "kg":
        limit = ["--memory", memory] if memory else []
        words = [str(mapping), "-o", str(target), "--threads", "1", *limit]
        return [python, "-m", "kg", "map", *words]
    if engine == "spark":
        shutil.rmtree(folder / "spark", ignore_errors=True)
        words = [str(mapping), "-o", str(folder / "spark"), "--format", "ntriples"]
        limit = ["--memory", memory] if memory else []
        return [python, "-m", "kg", "map", *words, "--engine", "spark", *_MASTER, *limit]
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
    raise SystemExit(f"no engine {engine}: kg, spark, morph, sdm")


def digest(path: Path) -> tuple[int, str]:
    """Return the number of distinct lines of a file and a digest of them, sorted."""
    parts = sorted((path.parent / path.stem).glob("part-*"))
    files = [path] if path.exists() else parts
    if not files:
        return 0, "-"
    environment = {**os.environ, "LC_ALL": "C"}
    sort = subprocess.Popen(
        ["sort", "-u", "-S", "500M", *map(str, files)], stdout=subprocess.PIPE, env=environment
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
    parser.add_argument("--set", choices=("gtfs", "json", "events", "conflicts"), default="gtfs")
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--engine", action="append", required=True, metavar="NAME=PYTHON")
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--memory", default="", help="kg's --memory")
    arguments = parser.parse_args()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPTS_CHILDREN, 1, 0, 0, 0)
    folder = arguments.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    if arguments.set == "gtfs":
        import gtfs

        gtfs.generate(folder, arguments.scale)
        mapping = folder / "gtfs.rml.ttl"
    elif arguments.set == "conflicts":
        import conflicts

        conflicts.generate(folder, arguments.scale)
        mapping = folder / "conflicts.rml.ttl"
    else:
        import documents

        documents.generate(folder, arguments.scale, arguments.set)
        mapping = folder / f"{arguments.set}.rml.ttl"
    # The engines run in FOLDER. A link to a Python is not followed: it names an environment.
    engines = {
        name: str(Path(python).absolute()) if os.sep in python else python
        for name, python in (pair.split("=", 1) for pair in arguments.engine)
    }
    turns: dict[str, list[Turn]] = {name: [] for name in engines}
    for _ in range(arguments.turns):
        for name, python in engines.items():
            words = command(name, python, folder, mapping, arguments.memory)
            turns[name].append(timed(words, folder / f"{name}.log", folder))
    report(folder, turns)


def report(folder: Path, turns: dict[str, list[Turn]]) -> None:
    """Print the table."""
    base = next(iter(turns))
    heads = ("CPU s", "wall s", "MiB", "CPU ×", "MiB ×", "µs each", "tasks s", "B each")
    print(f"{'engine':8}", *(f"{head:>8}" for head in heads), "triples")
    keys = ("cpu", "wall", "peak", "tasks", "shuffled")
    middle = {
        name: [statistics.median(getattr(t, key) for t in found) for key in keys]
        for name, found in turns.items()
    }
    for name, (cpu, wall, peak, tasks, shuffled) in middle.items():
        lines, total = digest(folder / f"{name}.nt")
        failed = "  FAILED" if any(turn.failed for turn in turns[name]) else ""
        each = max(1, lines)
        print(
            f"{name:8} {cpu:8.2f} {wall:8.2f} {peak:8.0f} {cpu / middle[base][0]:8.2f}"
            f" {peak / middle[base][2]:8.2f} {cpu / each * 1e6:8.2f} {tasks:8.2f}"
            f" {shuffled / each:8.2f} {lines:,} {total}{failed}"
        )


if __name__ == "__main__":
    main()
