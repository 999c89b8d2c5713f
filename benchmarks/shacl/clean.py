"""Times `kg validate` beside the Rust engine `shacl` on a graph without slips, start-up apart.

    python clean.py PEER [--triples 100000] [--turns 5]

PEER is a Python that has the package `shacl`. Each engine runs in processes of its own, on the
graph and on the smallest one, in turn. The difference of the quickest of each is what the triples
cost; the smallest graph is the start: the interpreter, imports, shapes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from generate import triples
from run import HERE, SHAPES, measure, workspace

_LEAST = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", help="a Python that has the package shacl")
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    kg = [sys.executable, "-m", "kg", "validate"]
    best: dict[tuple[str, int], float] = {}
    told: dict[tuple[str, int], str] = {}
    with tempfile.TemporaryDirectory(prefix="bench-clean-") as name:
        runs = {}
        for size in (_LEAST, options.triples):
            data = Path(name) / f"{size}.nt"
            with data.open("w", encoding="utf-8") as out:
                out.writelines(triples(size, 0, 1))
            engine = [options.peer, str(HERE / "engines.py"), "shacl", str(data), str(SHAPES)]
            runs["kg, workspace", size] = (kg, workspace(Path(name), data, "2GB"))
            runs["kg, --data FILE", size] = (
                [*kg, "--data", str(data), "--shapes", str(SHAPES)],
                None,
            )
            runs["shacl", size] = (engine, None)
        for turn in range(options.turns + 1):  # the first one compiles modules
            for key, (words, cwd) in runs.items():
                found = measure(words, cwd)
                told[key] = found.note or found.told
                if turn:
                    best[key] = min(found.cpu, best.get(key, found.cpu))
    print("| engine | CPU s | of it start-up | the triples | ÷ shacl | last line of output |")
    print("| --- | --: | --: | --: | --: | --- |")
    engines = [engine for engine, size in runs if size == _LEAST]
    peer = best["shacl", options.triples] - best["shacl", _LEAST]
    for engine in engines:
        whole, start = best[engine, options.triples], best[engine, _LEAST]
        ratio = (whole - start) / peer
        last = told[engine, options.triples]
        print(
            f"| {engine} | {whole:.2f} | {start:.2f} | {whole - start:.2f} | {ratio:.1f} | {last} |"
        )


if __name__ == "__main__":
    main()
