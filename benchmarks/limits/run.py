"""Peak memory of every command on a graph of some million triples, against its limit.

    python benchmarks/limits/run.py FOLDER [--triples 3000000] [--memory 500MB] [--only WORD ...]

FOLDER gets the data, which is made once: a workspace with a mapping, and the same graph as
N-Triples. Each command runs in a process of its own; the peak is that of the largest process of
the command, as the system counts it. See README.md for the traps.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHAPES = HERE.parent / "shacl" / "shapes.ttl"
# Kilobytes, or bytes on macOS.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
PER_READING = 9.25  # triples, on average
READINGS_PER_STATION = 40
UNITS = ("degree", "hectopascal", "percent", "millimetre")
CONFIG = """\
title = "Readings"
base = "http://example.org/weather/"

[prefixes]
ex = "http://example.org/weather/"
"""
ONTOLOGY = """\
@prefix ex: <http://example.org/weather/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:AutomaticStation rdfs:subClassOf ex:Station .
"""
MAPPING = """\
prefixes: {ex: "http://example.org/weather/", rdfs: "http://www.w3.org/2000/01/rdf-schema#"}
mappings:
  station:
    sources: [[stations.csv~csv]]
    s: ex:station/$(number)
    po:
      - [a, "ex:$(kind)~iri"]
      - [rdfs:label, "Station $(number)", en~lang]
      - [ex:opened, "$(opened)", xsd:dateTime]
      - [ex:elevation, "$(elevation)", xsd:integer]
  reading:
    sources: [[readings.csv~csv]]
    s: ex:reading/$(number)
    po:
      - [a, ex:Reading]
      - [ex:id, "$(id)"]
      - [rdfs:label, "Reading $(number)", en~lang]
      - [ex:takenAt, "$(taken)", xsd:dateTime]
      - [ex:receivedAt, "$(received)", xsd:dateTime]
      - [ex:value, "$(value)", xsd:decimal]
      - [ex:unit, "$(unit)"]
      - [ex:station, "ex:station/$(station)~iri"]
      - [ex:quality, "$(quality)", xsd:integer]
      - [ex:replaces, "ex:reading/$(replaces)~iri"]
"""


@dataclass(frozen=True)
class Cost:
    """What a command took, how it ended, and what it said last."""

    code: int
    seconds: float
    cpu: float
    peak: int
    said: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--triples", type=int, default=3_000_000)
    parser.add_argument("--memory", default="500MB")
    parser.add_argument("--only", nargs="*", default=[], help="first words of the rows to run")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from kg.sizes import parse_size

    folder: Path = options.folder
    space = make(folder, options.triples)
    limit = parse_size(options.memory)
    print(f"{options.triples:,} triples, --memory {options.memory}\n")
    print("| command | exit | s | CPU s | peak MB | of the limit |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, words in commands(folder).items():
        if options.only and not any(name.startswith(word) for word in options.only):
            continue
        cost = measure([*words, "--memory", options.memory], space)
        share = f"{100 * cost.peak / limit:.0f} %"
        figures = f"{cost.seconds:.1f} | {cost.cpu:.1f} | {cost.peak / 1e6:.0f} | {share}"
        print(f"| {name} | {cost.code} | {figures} |", flush=True)
        if cost.code not in (0, 1):
            print(f"<!-- {cost.said} -->", flush=True)


def commands(folder: Path) -> dict[str, list[str]]:
    """Return what is measured: a name, and the words after ``kg``."""
    lines, shapes = str(folder / "graph.nt"), str(SHAPES)
    classes = "ontology/weather.ttl"
    mapping = "data/weather.yarrrml.yml"
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return {
        "build --no-index": ["build", "--full", "--no-index"],
        "build --no-index --infer rdfs": ["build", "--full", "--no-index", "--infer", "rdfs"],
        "map to N-Triples": ["map", mapping, "-o", str(folder / "graph.nt")],
        "map to Turtle": ["map", mapping, "-o", str(out / "map.ttl")],
        "validate": ["validate"],
        "validate --data": ["validate", "--data", lines, "--data", classes, "--shapes", shapes],
        "export to Turtle": ["export", "-o", str(out / "graph.ttl")],
        "export to N-Quads, gzip": ["export", "-o", str(out / "graph.nq.gz")],
        "export to JSON-LD": ["export", "-o", str(out / "graph.jsonld")],
        "export to RDF/XML": ["export", "-o", str(out / "graph.rdf")],
        "export to COTTAS": ["export", "-o", str(out / "graph.cottas")],
        "export --data to Turtle": ["export", "--data", lines, "-o", str(out / "data.ttl")],
        "export --canonical": ["export", "--canonical", "-o", str(out / "canonical.nq")],
        "diff with itself": ["diff", "current", lines, "--merged"],
        "trace": ["trace", "ex:reading/77"],
        "describe": ["describe", "-o", str(out / "card.ttl")],
        "build with the index": ["build", "--full"],
        "validate with the index": ["validate"],
    }


def measure(words: list[str], cwd: Path) -> Cost:
    """Run ``kg`` in a process of its own, and return what it took."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "kg", *words]
    started = time.monotonic()
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read().decode(errors="replace").strip().splitlines() or [""]
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    told = next((line for line in said if line.startswith("kg:")), said[-1])
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(process.returncode, seconds, cpu, usage.ru_maxrss * MAXRSS_UNIT, told)


def make(folder: Path, triples: int) -> Path:
    """Make the workspace if it is not there, and return it."""
    space = folder / "workspace"
    if (space / "data").is_dir():
        return space
    stations = max(1, triples // int(READINGS_PER_STATION * PER_READING + 4))
    readings = max(1, int((triples - 4 * stations) / PER_READING))
    for part in ("shapes", "ontology"):
        (space / part).mkdir(parents=True)
    (space / "kg.toml").write_text(CONFIG, encoding="utf-8")
    (space / "ontology" / "weather.ttl").write_text(ONTOLOGY, encoding="utf-8")
    (space / "shapes" / "shapes.ttl").write_bytes(SHAPES.read_bytes())
    data = folder / "data"
    data.mkdir()
    write_tables(data, stations, readings)
    (data / "weather.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
    data.replace(space / "data")
    return space


def write_tables(data: Path, stations: int, readings: int) -> None:
    rng = random.Random(1)
    with (data / "stations.csv").open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(("number", "kind", "opened", "elevation"))
        for n in range(stations):
            kind = "AutomaticStation" if n % 3 else "Station"
            table.writerow((n, kind, "1990-01-01T00:00:00", n % 3000))
    names = ("number", "id", "taken", "received", "value", "unit", "station", "quality", "replaces")
    with (data / "readings.csv").open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(names)
        for n in range(readings):
            day = f"{2000 + n % 20}-{1 + n % 12:02d}-{1 + n % 28:02d}"
            times = (f"{day}T{n % 23:02d}:15:00", f"{day}T{n % 23 + 1:02d}:00:00")
            value = f"{rng.randint(-400, 400) / 10:.1f}"
            replaced = n // 2 if n % 4 == 0 else ""
            place = n % stations
            table.writerow((n, f"R{n:08d}", *times, value, UNITS[n % 4], place, n % 5, replaced))


if __name__ == "__main__":
    main()
