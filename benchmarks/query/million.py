"""Eight questions of a million triples: kg against bare pyoxigraph, rdflib and maplib.

    python benchmarks/query/million.py [TRIPLES]

The index is asked from disk by kg and by pyoxigraph, each question by each in a process of its own,
in turn; the CPU time counted is that of asking and writing CSV to standard output, which is a file,
under the watchdog for kg; beside it stands that of the whole process, for kg the command
``kg query``. rdflib and maplib (in the Python that MAPLIB_PYTHON names) load the file first, which
is not counted. Every answer must have the same number of rows from all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
REPEATS = 7

BARE = """
import sys, time
import pyoxigraph as ox
store = ox.Store.read_only(sys.argv[1])
text = open(sys.argv[2]).read()
start = time.process_time()
store.query(text).serialize(sys.stdout.buffer, ox.QueryResultsFormat.CSV)
sys.stdout.buffer.flush()
print(time.process_time() - start, file=sys.stderr)
"""
KG = """
import sys, time
from pathlib import Path
from kg.queries.answer import Style
from kg.queries.formats import FORMATS
from kg.queries.limits import Limits
from kg.cli.watchdog import guarded
from kg.cli.output import opened
from kg.queries.run import Source, find_question, prepare
from kg.workspace import read_workspace
workspace = read_workspace(Path(sys.argv[1]))
prepared = prepare(find_question(sys.argv[2], workspace), {}, Source(workspace))
with guarded(Limits(600, 4 * 10**9)) as guard:
    start = time.process_time()
    with opened(None, guard) as out:
        prepared.write(prepared.ask(), FORMATS["csv"], out, Style(prepared.prefixes))
    print(time.process_time() - start, file=sys.stderr)
"""
COMMAND = """
import sys
from kg.cli.main import main
sys.exit(main(["-q", "-C", sys.argv[1], "query", sys.argv[2], "--format", "csv"]))
"""
RDFLIB = """
import sys, time
import rdflib
graph = rdflib.Graph().parse(sys.argv[1], format="nt")
for path in sys.argv[3:]:
    text = open(path).read()
    start = time.process_time()
    graph.query(text).serialize(sys.argv[2], format="csv")
    print(path, time.process_time() - start, sum(1 for _ in open(sys.argv[2])) - 1, flush=True)
"""
MAPLIB = """
import sys, time
import maplib
model = maplib.Model()
model.read(sys.argv[1])
for path in sys.argv[3:]:
    text = open(path).read()
    best = []
    for _ in range(3):
        start = time.process_time()
        frame = model.query(text)
        frame.write_csv(sys.argv[2])
        best.append(time.process_time() - start)
    print(path, min(best), len(frame), flush=True)
"""


def measured(code: str, out: Path, *words: object) -> tuple[float, float, int]:
    """Return CPU seconds counted inside, those of the whole process, and its peak in MB."""
    with tempfile.NamedTemporaryFile("r") as said, out.open("wb") as answer:
        command = [sys.executable, "-c", code, *map(str, words)]
        process = subprocess.Popen(command, stdout=answer, stderr=said.fileno())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0, words
        inside = float(Path(said.name).read_text() or 0)
    return inside, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def rows(path: Path) -> int:
    """Return the number of rows of a CSV file."""
    with path.open("rb") as file:
        return sum(1 for _ in file) - 1


def workspace(folder: Path, data: Path) -> Path:
    """Make a workspace whose build is an index of a file."""
    root = folder / "workspace"
    build = root / ".kg" / "builds" / "B1"
    build.mkdir(parents=True)
    (root / "kg.toml").write_text('base = "http://example.org/"\n')
    (root / ".kg" / "current").write_text("B1\n")
    # In a process of its own: what it takes would be counted for every process started later.
    code = "import sys; from pathlib import Path; from kg.store import write_index\n"
    code += "write_index([Path(sys.argv[1])], Path(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", code, data, build / "store"], check=True)
    return root


def peers(data: Path, out: Path, questions: list[Path]) -> dict[str, dict[str, tuple[float, int]]]:
    """Return CPU seconds and rows for each question of those that load the file."""
    found: dict[str, dict[str, tuple[float, int]]] = {}
    for name, python, code in (
        ("maplib", os.environ.get("MAPLIB_PYTHON"), MAPLIB),
        ("rdflib", sys.executable, RDFLIB),
    ):
        if python is None:
            continue
        words = [python, "-c", code, data, out, *questions]
        done = subprocess.run(
            list(map(str, words)), stdout=subprocess.PIPE, text=True, check=True
        ).stdout
        found[name] = {
            Path(path).stem: (float(seconds), int(count))
            for path, seconds, count in (line.rsplit(" ", 2) for line in done.splitlines())
        }
    return found


def main() -> None:
    """Measure and print a table."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    questions = sorted((HERE / "questions").glob("*.rq"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data, out = folder / "data.nt", folder / "out.csv"
        subprocess.run([sys.executable, HERE / "generate.py", str(size), data], check=True)
        root = workspace(folder, data)
        others = peers(data, out, questions)
        head = "CPU s            kg    bare  ratio |  process: kg    bare | peak MB: kg  bare |"
        print(head, *others)
        for question in questions:
            name = question.stem
            ours, commands, bares = [], [], []
            for _ in range(REPEATS):
                ours.append(measured(KG, out, root, question))
                count = rows(out)
                commands.append(measured(COMMAND, out, root, question))
                assert rows(out) == count, question
                store = root / ".kg" / "builds" / "B1" / "store"
                bares.append(measured(BARE, out, store, question))
                assert rows(out) == count, question
            for found in others.values():
                assert found[name][1] == count, (name, found[name], count)
            line = [statistics.median(each[0] for each in side) for side in (ours, bares)]
            whole = [statistics.median(each[1] for each in side) for side in (commands, bares)]
            peak = [max(each[2] for each in side) for side in (commands, bares)]
            print(
                f"{name:10} {line[0]:8.3f} {line[1]:7.3f} {line[0] / line[1]:6.2f} |"
                f"   {whole[0]:8.3f} {whole[1]:7.3f} |    {peak[0]:8} {peak[1]:5} |",
                *(f"{found[name][0]:8.3f}" for found in others.values()),
                f"  ({count:,} rows)",
                flush=True,
            )


if __name__ == "__main__":
    main()
