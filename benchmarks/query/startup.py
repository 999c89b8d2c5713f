"""One small question of the shipped graph: whole processes, start to end.

    python benchmarks/query/startup.py WORKSPACE

WORKSPACE is built. Others are taken where they are found: ``oxigraph`` and ``roqet`` on the PATH,
or named by OXIGRAPH and ROQET; arq's jars by ARQ_CLASSPATH; comunica's folder by COMUNICA. Each
tool is asked in turn, ten times over; the least CPU time counts, since anything else is noise.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 10
PROLOGUE = "PREFIX ace: <https://w3id.org/ace-kg/ns#> "
QUERY = PROLOGUE + "SELECT (COUNT(*) AS ?n) { ?c a ace:Claim }"

RDFLIB = """
import sys, rdflib
graph = rdflib.Graph().parse(sys.argv[1], format="nt")
sys.stdout.buffer.write(graph.query(sys.argv[2]).serialize(format="csv"))
"""
PYOXIGRAPH = """
import sys, pyoxigraph as ox
store = ox.Store.read_only(sys.argv[1])
store.query(sys.argv[2]).serialize(sys.stdout.buffer, ox.QueryResultsFormat.CSV)
"""


def tools(workspace: Path, folder: Path) -> dict[str, list[str]]:
    """Return the command line of each tool that is there."""
    kg = [sys.executable, "-m", "kg", "-C", str(workspace)]
    data = folder / "graph.nt"
    subprocess.run([*kg, "-q", "export", "-o", data], check=True)
    build = (workspace / ".kg" / "current").read_text().strip()
    store = workspace / ".kg" / "builds" / build / "store"
    found = {
        "kg query": [*kg, "query", "-e", QUERY, "--format", "csv"],
        "kg query --data": [*kg, "query", "-e", QUERY, "--format", "csv", "--data", str(data)],
        "pyoxigraph, its index": [sys.executable, "-c", PYOXIGRAPH, str(store), QUERY],
        "rdflib, N-Triples": [sys.executable, "-c", RDFLIB, str(data), QUERY],
    }
    oxigraph = os.environ.get("OXIGRAPH") or shutil.which("oxigraph")
    if oxigraph:
        location = str(folder / "oxigraph")
        subprocess.run([oxigraph, "load", "-l", location, "-f", data], check=True)
        found["oxigraph, its index"] = [
            oxigraph, "query", "-l", location, "--results-format", "csv", "-q", QUERY,
        ]  # fmt: skip
    if "ARQ_CLASSPATH" in os.environ:
        found["arq, N-Triples"] = [
            "java", "-cp", os.environ["ARQ_CLASSPATH"], "arq.arq", "--data", str(data),
            "--results", "csv", QUERY,
        ]  # fmt: skip
    if "COMUNICA" in os.environ:
        binary = Path(os.environ["COMUNICA"]) / "node_modules" / ".bin" / "comunica-sparql-file"
        found["comunica, N-Triples"] = [str(binary), str(data), QUERY, "-t", "text/csv"]
    roqet = os.environ.get("ROQET") or shutil.which("roqet")
    if roqet:
        found["roqet, N-Triples"] = [
            roqet, "-q", "-i", "sparql", "-r", "csv", "-F", "ntriples", "-D", data.as_uri(),
            "-e", QUERY,
        ]  # fmt: skip
    return found


def asked(command: list[str]) -> tuple[float, int, str]:
    """Return CPU seconds, peak memory in MB and the output of a process."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, process.returncode, usage = os.wait4(process.pid, 0)
        out.seek(0)
        text = out.read().decode()
    # roqet ends with 2 although it answers: what counts is that all answers are the same.
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, text


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as temporary:
        found = tools(Path(sys.argv[1]), Path(temporary))
        times: dict[str, list[float]] = {name: [] for name in found}
        peaks: dict[str, int] = {}
        answers = {}
        for _ in range(ROUNDS):
            for name, command in found.items():
                seconds, peak, text = asked(command)
                times[name].append(seconds)
                peaks[name] = max(peak, peaks.get(name, 0))
                answers[name] = text.split()[-1].strip('"')
        assert len(set(answers.values())) == 1, answers
        ours = min(times["kg query"])
        print(f"{'CPU s, whole process':24} {'least':>7} {'median':>7} {'of kg':>6} {'peak MB':>8}")
        for name, each in times.items():
            print(
                f"{name:24} {min(each):7.3f} {statistics.median(each):7.3f}"
                f" {min(each) / ours:6.1f} {peaks[name]:8}"
            )


if __name__ == "__main__":
    main()
