"""Asks a server from many clients at once for a while, and tells how it fared.

    python benchmarks/serve.py WORKSPACE [SECONDS] [CLIENTS]

The clients ask queries and pages, and now and then a query that takes for ever. Each answer is
checked. Told are the answers, the errors, how long they took, and the memory of the server and its
workers at the begin and at the end.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2

EACH = " . ".join(f"?s{number} ?p{number} ?o{number}" for number in range(9))
RUNAWAY = f"SELECT * {{ {EACH} FILTER(CONCAT(STR(?o0), STR(?o8)) = 'no') }}"
QUERIES = (
    "ASK { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s a ?class }",
    "SELECT ?class (COUNT(*) AS ?n) { ?s a ?class } GROUP BY ?class ORDER BY DESC(?n)",
    "SELECT * { ?s ?p ?o } LIMIT 2000",
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 500",
)
PATHS = ("", "questions", "vocabulary", "search?q=a", "timeline")


def resident(process: int) -> int:
    """Return the memory of a process and of those that it started, in kB."""
    total = 0
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    for each in (process, *map(int, children.split())):
        status = Path(f"/proc/{each}/status").read_text(encoding="ascii")
        total += int(status.partition("VmRSS:")[2].split()[0])
    return total


class Client(threading.Thread):
    """A client that asks until it is time.

    Args:
        address: Of the server.
        until: When to end.
        number: Makes it choose otherwise than others.
    """

    def __init__(self, address: str, until: float, number: int) -> None:
        super().__init__()
        self.address, self.until = address, until
        self.random = random.Random(number)
        self.times: list[float] = []
        self.stopped = 0
        self.errors: list[str] = []

    def run(self) -> None:
        """Ask."""
        # Queries that take for ever wait for one another, longer than a client usually would.
        with httpx2.Client(timeout=900) as client:
            while time.monotonic() < self.until:
                began = time.monotonic()
                kind = self.random.random()
                if kind < 0.01:
                    answer = client.get(f"{self.address}sparql", params={"query": RUNAWAY})
                    self.stopped += answer.status_code == 503
                    continue
                if kind < 0.8:
                    query = self.random.choice(QUERIES)
                    answer = client.get(f"{self.address}sparql", params={"query": query})
                else:
                    path = f"{self.address}{self.random.choice(PATHS)}"
                    answer = client.get(path, headers={"accept": "text/html"})
                if answer.status_code != 200:
                    self.errors.append(f"{answer.status_code} {answer.text[:80]!r}")
                self.times.append(time.monotonic() - began)


def main() -> None:
    """Run, and print what came of it."""
    workspace = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 64
    words = ["-m", "kg", "-C", workspace, "serve", "--port", "0", "--timeout", "10"]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    html = {"accept": "text/html"}
    try:
        for path in PATHS:
            began = time.monotonic()
            size = len(httpx2.get(address + path, headers=html, timeout=60).content)
            print(f"/{path}: {time.monotonic() - began:.2f} s, {size:,} bytes")
        before = resident(process.pid)
        clients = [Client(address, time.monotonic() + seconds, n) for n in range(count)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
        times = sorted(t for each in clients for t in each.times)
        errors = [error for each in clients for error in each.errors]
        print(f"{len(times):,} answers, {len(errors)} errors, {len(times) / seconds:.0f} a second")
        late = times[len(times) * 95 // 100]
        print(f"median {statistics.median(times):.2f} s, 95 of 100 {late:.2f} s")
        print(f"runaway queries stopped: {sum(each.stopped for each in clients)}")
        print(
            f"memory: {before / 1024:,.0f} MB before, {resident(process.pid) / 1024:,.0f} MB after"
        )
        for error in errors[:5]:
            print(error)
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
