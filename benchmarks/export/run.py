"""Export of a million triples by kg and by others: CPU seconds, peak memory, ratios.

    python benchmarks/export/run.py FOLDER [--large] [--slow]

FOLDER gets the data, which is made once. ``--large`` adds ten million triples by kg, ``--slow``
adds rdflib. Each contestant runs in a process of its own; what it takes is what the system counts
for that process, start and end included. See README.md for the traps.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CONFIG = """\
title = "Benchmark"
base = "https://example.org/"

[prefixes]
voc = "https://example.org/ns#"
launch = "https://example.org/id/launch/"
site = "https://example.org/id/site/"
weapon = "https://example.org/id/weapon/"
"""
# Nine triples for each entity: a class, a label, a date, numbers, a note, links in namespaces
# that have a prefix and in one that has none.
ROWS = """
SELECT concat('<https://example.org/id/launch/', i, '>') AS s, unnest([
  {{'p': '<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>', 'o': '<https://example.org/ns#Launch>'}},
  {{'p': '<http://www.w3.org/2000/01/rdf-schema#label>', 'o': concat('"Launch ', i, ' of the series"@en')}},
  {{'p': '<http://purl.org/dc/terms/date>', 'o': concat('"', (DATE '1984-01-01' + (i % 14000)::INT)::VARCHAR,
    '"^^<http://www.w3.org/2001/XMLSchema#date>')}},
  {{'p': '<https://example.org/ns#site>', 'o': concat('<https://example.org/id/site/', i % 97, '>')}},
  {{'p': '<https://example.org/ns#weapon>', 'o': concat('<https://example.org/id/weapon/', i % 311, '>')}},
  {{'p': '<https://example.org/ns#apogee>', 'o': concat('"', i % 6000, '"^^<http://www.w3.org/2001/XMLSchema#integer>')}},
  {{'p': '<https://example.org/ns#range>', 'o': concat('"', i % 9999, '.5"^^<http://www.w3.org/2001/XMLSchema#decimal>')}},
  {{'p': '<https://example.org/ns#note>', 'o': concat('"A note about launch ', i, ', with \\"quoted\\" words"')}},
  {{'p': '<http://www.w3.org/ns/prov#wasDerivedFrom>', 'o': concat('<https://example.org/id/record/', hash(i), '>')}}
], recursive := true), '<https://example.org/graph/record>' AS g FROM range({entities}) AS t(i)
"""  # noqa: E501


@dataclass(frozen=True)
class Cost:
    """What a process took: CPU seconds, peak memory in MB."""

    cpu: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--slow", action="store_true")
    options = parser.parse_args()
    million = made(options.folder / "million", 1_000_000)
    costs = {name: measure(command) for name, command in contestants(million, options.slow)}
    report(costs)
    if options.large:
        print()
        ten = made(options.folder / "ten-million", 10_000_000)
        grown = measure(kg(ten, "out.ttl"))
        once = costs["kg, Turtle"]
        print(
            f"kg, Turtle, ten million: {grown.cpu:.2f} CPU s, {grown.memory:.0f} MB;"
            f" {grown.cpu / once.cpu:.2f} times the CPU of a million"
        )


def contestants(space: Path, slow: bool) -> list[tuple[str, Sequence[str | Path]]]:
    """Name and command of each contestant; the bare scans come first."""
    table, lines = space / ".kg/builds/1/quads.parquet", space / "in.nt"
    python = sys.executable
    bare = [python, HERE / "bare.py", table, space / "bare.nt"]
    files = [python, "-m", "kg", "-q", "export", "--data", lines, "-o", space / "from-nt.ttl"]
    dump = [python, HERE / "dump.py", space / "store", space / "dump.ttl"]
    found: list[tuple[str, Sequence[str | Path]]] = [
        ("bare DuckDB, N-Triples, one thread", [*bare, "1"]),
        ("kg, Turtle, one thread", [*kg(space, "out.ttl"), "--threads", "1"]),
        ("bare DuckDB, N-Triples", bare),
        ("kg, Turtle", kg(space, "out.ttl")),
        ("kg, N-Triples", kg(space, "out.nt")),
        ("kg, N-Quads", kg(space, "out.nq")),
        ("kg, TriG", kg(space, "out.trig")),
        ("kg, COTTAS", kg(space, "out.cottas")),
        ("kg, N-Quads, gzip", kg(space, "out.nq.gz")),
        ("kg, JSON-LD", kg(space, "out.jsonld")),
        ("kg, RDF/XML", kg(space, "out.rdf")),
        ("kg, Turtle from N-Triples", files),
        ("pyoxigraph, Store.dump from disk, Turtle", dump),
    ]
    words = ["-q", "-i", "ntriples", "-o", "turtle", lines]
    if shutil.which("rapper"):
        found.append(("rapper, Turtle from N-Triples", ["rapper", *words]))
    if shutil.which("serdi"):
        found.append(("serdi, Turtle from N-Triples", ["serdi", *words[1:]]))
    if slow:
        command = [python, HERE / "with_rdflib.py", lines, space / "rdflib.ttl"]
        found.append(("rdflib, Turtle from N-Triples", command))
    return found


def kg(space: Path, name: str) -> list[str | Path]:
    return [sys.executable, "-m", "kg", "-q", "-C", space, "export", "-o", space / name]


def made(folder: Path, triples: int) -> Path:
    """Make a workspace in another process: a child starts with the peak of its parent."""
    if not (folder / ".kg" / "current").exists():
        worker = multiprocessing.get_context("spawn").Process(target=make, args=(folder, triples))
        worker.start()
        worker.join()
        if worker.exitcode:
            sys.exit("the data cannot be made")
    return folder


def make(folder: Path, triples: int) -> None:
    """Make a workspace with a build of so many triples, as `kg build` leaves one."""
    from kg.duck import engine
    from kg.exports import export_workspace, write_survey
    from kg.quads import write_table
    from kg.workspace import read_workspace

    build = folder / ".kg" / "builds" / "1"
    build.mkdir(parents=True, exist_ok=True)
    (folder / "kg.toml").write_text(CONFIG, encoding="utf-8")
    rows = ROWS.format(entities=triples // 9)
    with engine(folder / "spill", "4GB") as connection:
        table = write_table(connection, f"SELECT s, p, o, g FROM ({rows})", build / "quads.parquet")
        write_survey(connection, table, read_workspace(folder))
    shutil.rmtree(folder / "spill")
    (folder / ".kg" / "current").write_text("1", encoding="utf-8")
    if triples == 1_000_000:
        export_workspace(read_workspace(folder), str(folder / "in.nt"))
        load = (
            "import sys, pyoxigraph as ox; s = ox.Store(sys.argv[2]); s.bulk_load(path=sys.argv[1])"
        )
        command = [sys.executable, "-c", load, folder / "in.nt", folder / "store"]
        subprocess.run(command, check=True)


def measure(command: Sequence[str | Path]) -> Cost:
    """Run a command, and return what it took; what it prints goes nowhere."""
    with Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen([str(word) for word in command], stdout=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024  # bytes, kilobytes
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


def report(costs: dict[str, Cost]) -> None:
    base = costs["bare DuckDB, N-Triples"].cpu
    print("| | CPU s | peak MB | of bare |\n| --- | --- | --- | --- |")
    for name, cost in costs.items():
        over = costs["bare DuckDB, N-Triples, one thread"].cpu if "one thread" in name else base
        print(f"| {name} | {cost.cpu:.2f} | {cost.memory:.0f} | {cost.cpu / over:.2f} |")


if __name__ == "__main__":
    main()
