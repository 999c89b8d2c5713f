"""Two trees of kg beside each other: what each command costs in the new one, of the old one.

    python benchmarks/paired.py OLD NEW FOLDER [--pairs 11] [--only NAME ...]

OLD and NEW are checkouts, run by this Python; FOLDER gets data and workspaces, which are made once.
The trees take turns, A B B A A B …, each command in a process of its own whose CPU time and peak
memory the system counts. Printed are the medians, the median of the ratios of the pairs, and the
difference in milliseconds, which says more where a command takes less than 0.1 s.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIG = 'title = "Readings"\nbase = "http://example.org/weather/"\n'
GROUP = "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss


@dataclass(frozen=True)
class Cost:
    """CPU seconds and peak MB of a process with its children."""

    cpu: float
    peak: float


@dataclass(frozen=True)
class Case:
    """A command by name; ``{space}`` in its words is the workspace that the tree built."""

    name: str
    words: Sequence[str]


def run(tree: Path, words: Sequence[str], codes: Sequence[int] = (0,)) -> Cost:
    """Run kg of a tree, and return what it took."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONUTF8": "1"}
    # As with an installed package, whose modules are compiled once.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen(
            [sys.executable, "-m", "kg", *words],
            stdout=nowhere,
            stderr=nowhere,
            cwd=tree,
            env=environment,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        sys.exit(f"{tree}: kg {' '.join(words)} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _UNIT / 1e6)


def generated(path: Path, script: str, *words: str) -> Path:
    """Return a file that a script prints or writes, made once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-c", script, str(path), *words]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(HERE.parent)})
    return path


def readings(folder: Path, size: int) -> Path:
    """Return an N-Triples file of readings, a few of which break the shapes."""
    script = (
        f"import sys; sys.path.insert(0, {str(HERE / 'shacl')!r}); from generate import triples\n"
        "with open(sys.argv[1], 'w') as out: out.writelines(triples(int(sys.argv[2]), 0.001, 1))"
    )
    return generated(folder / f"readings-{size}.nt", script, str(size))


def gtfs(folder: Path, scale: int) -> Path:
    """Return the mapping of tables like those of a timetable."""
    script = (
        f"import sys; sys.path.insert(0, {str(HERE / 'mapping')!r}); import gtfs\n"
        "from pathlib import Path; gtfs.generate(Path(sys.argv[1]).parent, int(sys.argv[2]))"
    )
    return generated(folder / f"gtfs-{scale}" / "gtfs.rml.ttl", script, str(scale))


def built(tree: Path, space: Path, data: Path | None) -> Path:
    """Return a workspace that a tree built: of a file, or the one that the tree is itself."""
    if not (space / ".kg" / "current").exists():
        shutil.rmtree(space, ignore_errors=True)
        if data is None:
            for part in ("ontology", "shapes", "data", "queries"):
                shutil.copytree(HERE.parent / part, space / part)
            shutil.copy(HERE.parent / "kg.toml", space / "kg.toml")
        else:
            (space / "data").mkdir(parents=True)
            (space / "shapes").mkdir()
            (space / "kg.toml").write_text(CONFIG, encoding="utf-8")
            os.link(data, space / "data" / "readings.nt")
            shutil.copy(HERE / "shacl" / "shapes.ttl", space / "shapes" / "shapes.ttl")
        words = ["--no-validate"] if data else []
        run(tree, ["-q", "-C", str(space), "build", *words])
    return space


def cases(folder: Path) -> list[Case]:
    """Return the commands; ``{million}`` and so on are workspaces."""
    hundred, out = readings(folder, 100_000), str(folder / "out")
    question = "claims-on-launch"
    found = [
        Case("query, start to end", ["-C", "{shipped}", "query", "-e", COUNT]),
        Case("question with parameter", ["-C", "{shipped}", "query", question, "-f", "csv"]),
        Case("query --data, 100k", ["query", "--data", str(hundred), "-e", COUNT]),
        Case("describe", ["-C", "{shipped}", "describe"]),
        Case("trace", ["-C", "{shipped}", "trace", "launch:L0270"]),
        Case("build, shipped graph", ["-q", "-C", "{shipped}", "build"]),
        Case("validate, shipped graph", ["-q", "-C", "{shipped}", "validate"]),
        Case("validate, 100k", ["-q", "-C", "{hundred}", "validate"]),
        Case("validate, 1M", ["-q", "-C", "{million}", "validate"]),
        Case(
            "validate --data, 100k",
            ["validate", "--data", str(hundred), "--shapes", str(HERE / "shacl" / "shapes.ttl")],
        ),
        Case("build --no-validate, 100k", ["-q", "-C", "{hundred}", "build", "--no-validate"]),
        Case("export Turtle, 1M", ["-q", "-C", "{million}", "export", "-o", out + ".ttl"]),
        Case("export N-Quads, 1M", ["-q", "-C", "{million}", "export", "-o", out + ".nq"]),
        Case("export RDF/XML, 1M", ["-q", "-C", "{million}", "export", "-o", out + ".rdf"]),
        Case(
            "export --data, 100k",
            ["-q", "export", "--data", str(hundred), "-o", out + "-data.ttl"],
        ),
        Case("query group, 1M", ["-C", "{million}", "query", "-e", GROUP, "-f", "csv"]),
        Case("diff, 100k", ["diff", str(hundred), str(hundred)]),
    ]
    for scale in (1, 10):
        words = ["map", str(gtfs(folder, scale)), "-o", out + ".nt", "--threads", "1"]
        found.append(Case(f"map, GTFS-like {scale}", ["-q", *words]))
    return found


def compare(case: Case, trees: Sequence[Path], spaces: Sequence[dict[str, str]], pairs: int) -> str:
    """Run a case by both trees in turn, and return its row of the table."""
    costs: list[list[Cost]] = [[], []]
    for number in range(-1, pairs):
        for side in (0, 1) if number % 2 else (1, 0):
            for space in spaces[side].values():  # else a build may find that nothing has changed
                Path(space, ".kg", "basis.json").unlink(missing_ok=True)
            words = [spaces[side].get(word, word) for word in case.words]
            cost = run(trees[side], words, codes=(0, 1))
            if number >= 0:  # the first turn compiles modules and fills caches
                costs[side].append(cost)
    old, new = (statistics.median(cost.cpu for cost in side) for side in costs)
    ratio = statistics.median(b.cpu / a.cpu for a, b in zip(*costs, strict=True))
    peaks = [max(cost.peak for cost in side) for side in costs]
    return (
        f"| {case.name} | {old:.3f} | {new:.3f} | {ratio:.3f} | {(new - old) * 1000:+.0f} |"
        f" {peaks[0]:.0f} | {peaks[1]:.0f} |"
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trees", type=Path, nargs=2, metavar="TREE")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--only", action="append", metavar="NAME", help="cases that hold this text")
    options = parser.parse_args()
    folder = options.folder.resolve()
    trees = [tree.resolve() for tree in options.trees]
    data = {"hundred": readings(folder, 100_000), "million": readings(folder, 1_000_000)}
    spaces = [
        {
            f"{{{name}}}": str(built(tree, folder / side / name, data.get(name)))
            for name in ("shipped", *data)
        }
        for side, tree in zip(("old", "new"), trees, strict=True)
    ]
    print(f"{options.pairs} pairs, CPU seconds\n")
    print("| command | old | new | new ÷ old | ms | old MB | new MB |")
    print("| --- | --: | --: | --: | --: | --: | --: |")
    for case in cases(folder):
        if not options.only or any(text in case.name for text in options.only):
            print(compare(case, trees, spaces, options.pairs), flush=True)


if __name__ == "__main__":
    main()
