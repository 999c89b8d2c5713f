"""Times kg on a large graph with results, and pySHACL on a tenth of it, in one run.

    python large.py ted FIELD [--triples 1000000] [--spoilt 0.01] [--peers PYTHON]
    python large.py flights [--triples 4000000] [--peers PYTHON]
    python large.py nested [--triples 4000000] [--peers PYTHON]

``nested`` asks of flights what ``flights`` does, in shapes within shapes. FIELD is a folder with
``expected/*.ttl``, graphs that `ted.py` repeats, and ``shapes/*.ttl``. What kg takes is measured on
the whole graph and on the tenth. Every run is a process of its own, with start-up and reading; see
README.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from run import HERE, Measured, measure


def generate(script: str, words: list[str], out: Path) -> Path:
    """Let a generator write a graph, in a process of its own, whose peak memory is not ours."""
    with out.open("wb") as file:
        subprocess.run([sys.executable, str(HERE / script), *words], stdout=file, check=True)
    return out


def joined(shapes: list[Path], out: Path) -> Path:
    """Put several files of shapes into one, for engines that take one."""
    import pyoxigraph as ox

    quads = (quad for path in shapes for quad in ox.parse(path=path))
    lines = [f"{quad.subject} {quad.predicate} {quad.object} .\n" for quad in quads]
    out.write_text("".join(sorted(set(lines))), encoding="utf-8")
    return out


def kg(data: Path, shapes: list[Path], memory: str) -> Measured:
    """Validate by kg."""
    words = [sys.executable, "-m", "kg", "validate", "--memory", memory, "--data", str(data)]
    return measure([*words, *(word for path in shapes for word in ("--shapes", str(path)))])


def row(engine: str, size: int, took: Measured) -> None:
    """Print a row of the table."""
    told = took.note or took.told
    print(f"| {engine} | {size:,} | {took.cpu:.2f} | {took.peak:.0f} | {told} |", flush=True)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", choices=("ted", "flights", "nested"))
    parser.add_argument("field", type=Path, nargs="?", help="for ted: the folder")
    parser.add_argument("--triples", type=int)
    parser.add_argument("--spoilt", type=float, default=0.01)
    parser.add_argument("--memory", default="2GB", help="for kg")
    parser.add_argument("--peers", help="a Python that has the engine `shacl`")
    parser.add_argument("--no-pyshacl", action="store_true")
    options = parser.parse_args()
    whole = options.triples or (1_000_000 if options.graph == "ted" else 4_000_000)
    if options.graph == "ted":
        if options.field is None:
            parser.error("ted needs the folder")
        shapes = sorted((options.field / "shapes").glob("*.ttl"))
        tail = ["--spoilt", str(options.spoilt)]
        script, before = "ted.py", [str(options.field / "expected")]
    else:
        shapes, script, before, tail = [HERE / f"{options.graph}.ttl"], "flights.py", [], []
    print("| engine | triples | CPU s | peak MiB | last line of output |")
    print("| --- | --: | --: | --: | --- |")
    with tempfile.TemporaryDirectory(prefix="bench-shacl-") as name:
        folder = Path(name)
        one = joined(shapes, folder / "shapes.ttl")
        engines = str(HERE / "engines.py")
        for size in (whole, whole // 10):
            data = generate(script, [*before, str(size), *tail], folder / f"{size}.nt")
            row("kg, --data FILE", size, kg(data, shapes, options.memory))
            if options.peers:
                words = [options.peers, engines, "shacl", str(data), str(one)]
                row("shacl", size, measure(words))
        if not options.no_pyshacl:
            words = [sys.executable, engines, "pyshacl", str(data), str(one)]
            row("pySHACL", size, measure(words))


if __name__ == "__main__":
    main()
