"""kg's table engine and other SPARQL engines on one generated graph: CPU seconds, warm.

    JENA_LIB=… COMUNICA=… python benchmarks/query/peers.py [TRIPLES [SECONDS]]

JENA_LIB is a folder with the jars of jena-cmds, COMUNICA one in whose ``node_modules`` is
``@comunica/query-sparql-file``; a peer whose variable is not set is left out. Each side asks the
eight questions in a process of its own, as in `engines.py`; what it loads is not counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from engines import KG, RDFLIB, asked, built, figures

HERE = Path(__file__).parent


def jena(data: Path, database: Path, out: Path, seconds: str, questions: list[Path]) -> list[str]:
    """Load a graph into TDB2, and return the command that asks it."""
    classes = f"{os.environ['JENA_LIB']}/*"
    loader = ["java", "-cp", classes, "tdb2.tdbloader", "--quiet", "--loc", str(database)]
    subprocess.run([*loader, str(data)], check=True)
    return [
        *("java", "-cp", classes, str(HERE / "Peers.java")),
        *(str(database), str(out), seconds, *map(str, questions)),
    ]


def main() -> None:
    """Measure and print."""
    size, seconds = (*sys.argv[1:], *("100000", "1")[len(sys.argv) - 1 :])
    questions = sorted((HERE / "questions").glob("*.rq"))
    with tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary) / "workspace", Path(temporary) / "out.csv"
        data = built(root, int(size))
        found = {}
        for engine in ("table", "oxigraph"):
            words = (KG, root, out, seconds, engine)
            found[engine] = asked(sys.executable, *words, *questions)
        if "JENA_LIB" in os.environ:
            found["Jena"] = figures(jena(data, Path(temporary) / "tdb", out, seconds, questions))
        if "COMUNICA" in os.environ:
            words = (os.environ["COMUNICA"], data, out, seconds, *questions)
            memory = "--max-old-space-size=8192"
            found["comunica"] = figures(["node", memory, str(HERE / "peers.js"), *map(str, words)])
        found["rdflib"] = asked(sys.executable, RDFLIB, data, out, seconds, "", *questions)
        print("| question | rows |", " | ".join(found), "|")
        print("| --- | ---: |" + " ---: |" * len(found))
        for name, (_, rows) in found["table"].items():
            cells = [
                f"{side[name][0]:.4f}"
                + ("" if side[name][1] == rows else f" ({side[name][1]} rows)")
                for side in found.values()
            ]
            print(f"| {name} | {rows:,} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
