"""A graph whose counts mislead: by the two engines of kg, CPU seconds, warm.

    python benchmarks/query/skewed.py [SECONDS]

One predicate has nine tenths of all triples, a third of these lead to one hub, one subject has a
sixteenth of all triples, and of a class all are members. Each question is asked of the table
engine, in a loop of at least SECONDS (0.3), and of Oxigraph once, within two minutes.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engines import KG, asked

EX = "http://example.org/"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
INTEGER = "<http://www.w3.org/2001/XMLSchema#integer>"
NODES = 250_000
QUESTIONS = {
    "name": "?x ex:link ex:hub . ?x ex:name 'n5'",
    "rare": "?x ex:link ?y . ?y ex:rare ?z",
    "hub": "?a ex:rare ?r ; ex:link ?h . ?b ex:link ?h ; ex:rare ?r",
    "hubs": "?x ex:link ex:hub , ?y . ?y ex:link ex:hub ; ex:rare ?t",
    "class": "?x a ex:Thing ; ex:link ?y . ?y ex:rare ?t",
    "cycle": "?x ex:link ?y . ?y ex:link ?x",
    "triangle": "?x ex:rare ?t ; ex:link ?y . ?y ex:link ?z . ?z ex:link ?x",
    "subject": "ex:big ex:link ?y . ?y ex:link ?z . ?z ex:rare ?w",
    "without": "?x ex:link ex:hub FILTER NOT EXISTS { ?x ex:name ?m }",
    "optional": "?x ex:rare ?t OPTIONAL { ?x ex:link ?y . ?y ex:link ?z . ?z ex:size 7 }",
    "targets": "{ SELECT ?y (COUNT(*) AS ?n) { ?x ex:link ?y } GROUP BY ?y ORDER BY DESC(?n) }",
}


def triples() -> Iterator[str]:
    """Yield the lines of the graph."""
    rnd = random.Random(7)
    for i in range(NODES):
        node = f"<{EX}n/{i}> <{EX}link>"
        yield f"{node} <{EX}hub> .\n"
        yield f"{node} <{EX}n/{rnd.randrange(NODES)}> .\n"
        yield f"{node} <{EX}n/{int(NODES * rnd.random() ** 4)}> .\n"
    for i in range(60_000):
        yield f"<{EX}big> <{EX}link> <{EX}n/{4 * i}> .\n"
        yield f"<{EX}n/{i}> {TYPE} <{EX}Thing> .\n"
    for i in range(40_000):
        yield f'<{EX}n/{3 * i}> <{EX}name> "n{i % 5000}" .\n'
    for i in range(600):
        yield f"<{EX}n/{rnd.randrange(NODES)}> <{EX}rare> <{EX}tag/{i % 7}> .\n"
    for _ in range(20_000):
        size = f'"{rnd.randrange(1000)}"^^{INTEGER}'
        yield f"<{EX}n/{rnd.randrange(NODES)}> <{EX}size> {size} .\n"


def oxigraph(root: Path, question: Path, out: Path) -> str:
    """Return the CPU seconds of Oxigraph, or that it was stopped."""
    words = [sys.executable, KG, root, out, "0", "oxigraph", question]
    try:
        done = subprocess.run(
            [words[0], "-c", *map(str, words[1:])], capture_output=True, text=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        return "over 120"
    return f"{float(done.stdout.split()[1]):.3f}"


def main() -> None:
    """Measure and print."""
    seconds = sys.argv[1] if len(sys.argv) > 1 else "0.3"
    with tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary) / "workspace", Path(temporary) / "out.csv"
        for folder in ("data", "queries"):
            (root / folder).mkdir(parents=True)
        (root / "kg.toml").write_text(f'base = "{EX}"\n[prefixes]\nex = "{EX}"\n')
        with (root / "data" / "made.nt").open("w", encoding="ascii") as made:
            made.writelines(triples())
        for name, pattern in QUESTIONS.items():
            text = f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}\n"
            (root / "queries" / f"{name}.rq").write_text(text)
        words = ["-q", "-C", str(root), "build", "--index", "--table", "--no-validate"]
        subprocess.run([sys.executable, "-m", "kg", *words], check=True)
        files = [root / "queries" / f"{name}.rq" for name in QUESTIONS]
        table = asked(sys.executable, KG, root, out, seconds, "table", *files)
        print("| question | table | Oxigraph |\n| --- | ---: | ---: |")
        for file in files:
            print(f"| {file.stem} | {table[file.stem][0]:.3f} | {oxigraph(root, file, out)} |")


if __name__ == "__main__":
    main()
