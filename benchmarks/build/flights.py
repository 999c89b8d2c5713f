"""A workspace with tables like those of a year's flights; what a build takes after one changed row.

    python benchmarks/build/flights.py FOLDER [--flights 336000] [--row]

FOLDER gets the workspace, which is made once: flights, carriers, airports and planes as CSV, a
mapping and shapes, 12 triples a flight. It is built in full, then after one flight has another
delay, then after a question, a shape and the mapping have changed. Each build is a process of its
own; told are its CPU seconds by step and the bytes of the build that are new. Then the build after
the changed row is compared with a full one, file by file.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CARRIERS, AIRPORTS, PLANES = 16, 1_458, 4_043
CONFIG = """\
title = "Flights"
base = "http://example.org/flights/"
[prefixes]
fl = "http://example.org/flights/"
"""
MAPPING = """\
prefixes: {fl: "http://example.org/flights/", rdfs: "http://www.w3.org/2000/01/rdf-schema#"}
mappings:
  flight:
    sources: [[flights.csv~csv]]
    s: fl:flight/$(id)
    po:
      - [a, fl:Flight]
      - [fl:day, $(day), xsd:date]
      - [fl:carrier, fl:carrier/$(carrier)~iri]
      - [fl:plane, fl:plane/$(plane)~iri]
      - [fl:origin, fl:airport/$(origin)~iri]
      - [fl:destination, fl:airport/$(destination)~iri]
      - [fl:number, $(number), xsd:integer]
      - [fl:departure, $(departure), xsd:integer]
      - [fl:delay, $(delay), xsd:integer]
      - [fl:arrivalDelay, $(arrival), xsd:integer]
      - [fl:distance, $(distance), xsd:integer]
      - [fl:minutes, $(minutes), xsd:integer]
  carrier:
    sources: [[carriers.csv~csv]]
    s: fl:carrier/$(id)
    po: [[a, fl:Carrier], [rdfs:label, $(name)]]
  airport:
    sources: [[airports.csv~csv]]
    s: fl:airport/$(id)
    po: [[a, fl:Airport], [rdfs:label, $(name)], [fl:altitude, $(altitude), xsd:integer]]
  plane:
    sources: [[planes.csv~csv]]
    s: fl:plane/$(id)
    po: [[a, fl:Plane], [fl:built, $(built), xsd:gYear], [fl:seats, $(seats), xsd:integer]]
"""
SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix fl: <http://example.org/flights/> .
fl:FlightShape a sh:NodeShape ; sh:targetClass fl:Flight ;
  sh:property [ sh:path fl:day ; sh:minCount 1 ; sh:maxCount 1 ; sh:datatype xsd:date ] ;
  sh:property [ sh:path fl:carrier ; sh:minCount 1 ; sh:class fl:Carrier ] ;
  sh:property [ sh:path fl:origin ; sh:minCount 1 ; sh:class fl:Airport ] ;
  sh:property [ sh:path fl:minutes ; sh:minInclusive 0 ] .
"""


def write(root: Path, flights: int) -> None:
    """Write the workspace; the same number gives the same bytes."""
    rng = random.Random(1)
    for folder in ("data", "shapes", "queries"):
        (root / folder).mkdir(parents=True)
    (root / "kg.toml").write_text(CONFIG, encoding="utf-8")
    (root / "data" / "flights.yarrrml.yml").write_text(MAPPING, encoding="utf-8")
    (root / "shapes" / "flights.ttl").write_text(SHAPES, encoding="utf-8")
    question = "# Flights\nSELECT (COUNT(*) AS ?n) { ?f a fl:Flight }\n"
    (root / "queries" / "flights.rq").write_text(question, encoding="utf-8")
    for name, header, rows in (
        ("carriers", "id,name", [f"C{n},Carrier {n}" for n in range(CARRIERS)]),
        (
            "airports",
            "id,name,altitude",
            [f"A{n},Airport {n},{rng.randint(-50, 9000)}" for n in range(AIRPORTS)],
        ),
        (
            "planes",
            "id,built,seats",
            [f"N{n},{rng.randint(1956, 2013)},{rng.randint(2, 450)}" for n in range(PLANES)],
        ),
    ):
        text = "\n".join((header, *rows, ""))
        (root / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
    with (root / "data" / "flights.csv").open("w", encoding="utf-8") as out:
        out.write(
            "id,day,carrier,plane,origin,destination,number,departure,delay,arrival,distance,"
            "minutes\n"
        )
        for n in range(flights):
            day = f"2013-{n * 12 // flights + 1:02}-{n % 28 + 1:02}"
            fields = (
                f"F{n:08}",
                day,
                f"C{rng.randrange(CARRIERS)}",
                f"N{rng.randrange(PLANES)}",
                f"A{rng.randrange(3)}",
                f"A{rng.randrange(AIRPORTS)}",
                rng.randint(1, 8500),
                rng.randint(1, 2400),
                rng.randint(-43, 1301),
                rng.randint(-86, 1272),
                rng.randint(17, 4983),
                rng.randint(20, 695),
            )
            out.write(",".join(map(str, fields)) + "\n")


def build(root: Path, *words: str) -> tuple[float, float, dict[str, float]]:
    """Build; return CPU seconds, seconds, and CPU seconds by step."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.monotonic()
    command = [sys.executable, "-m", "kg", "-q", "-C", str(root), "build", *words]
    with subprocess.Popen(command, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"kg build ended with {process.returncode}")
    taken = time.monotonic() - started
    return usage.ru_utime + usage.ru_stime, taken, info(root)["cpu_seconds"]


def info(root: Path) -> dict:
    name = (root / ".kg" / "current").read_text().strip()
    return json.loads((root / ".kg" / "builds" / name / "build.json").read_text(encoding="utf-8"))


def tell(name: str, root: Path, old: dict, words: tuple[str, ...], full: float) -> float:
    """Build, and print a row of the table; return the CPU seconds."""
    cpu, taken, steps = build(root, *words)
    files = info(root)["files"].values()
    known = {entry["sha256"] for entry in old.values()}
    new = sum(entry["size"] for entry in files if entry["sha256"] not in known)
    share = new / sum(entry["size"] for entry in files)
    shown = ", ".join(f"{step} {seconds:.2f}" for step, seconds in steps.items())
    part = f"{cpu / full:.3f}" if full else ""
    print(f"| {name} | {cpu:.2f} | {taken:.1f} | {part} | {share:.1%} | {shown} |", flush=True)
    return cpu


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, path
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    time.sleep(0.1)  # a file must have rested for its times to count


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flights", type=int, default=336_000)
    parser.add_argument("--row", action="store_true", help="leave out the shape and the rule")
    options = parser.parse_args()
    root = options.folder / f"flights-{options.flights}"
    if not root.exists():
        write(root, options.flights)
    print("| what has changed | CPU s | s | share | new bytes | steps |\n| --- |" + " ---: |" * 5)
    full = tell("all (--full)", root, {}, ("--full",), 0)
    tell("nothing", root, info(root)["files"], (), full)
    row = (root / "data" / "flights.csv").read_text(encoding="utf-8").splitlines()[1000]
    edit(root / "data" / "flights.csv", row, row + "1")
    tell("a row", root, info(root)["files"], (), full)
    after = info(root)["files"]
    shapes, mapping = root / "shapes" / "flights.ttl", root / "data" / "flights.yarrrml.yml"
    if not options.row:
        edit(shapes, "minInclusive 0", "minInclusive 1")
        tell("a shape", root, info(root)["files"], (), full)
        edit(mapping, "fl:minutes, ", "fl:time, ")
        tell("a rule of the mapping", root, info(root)["files"], (), full)
        edit(mapping, "fl:time, ", "fl:minutes, ")
        edit(shapes, "minInclusive 1", "minInclusive 0")
    tell("all, as it was after the row", root, after, ("--full",), full)
    again = info(root)["files"]
    differing = [name for name in after if name in again and after[name] != again[name]]
    print(f"files that differ from those after the row: {differing}")


if __name__ == "__main__":
    main()
