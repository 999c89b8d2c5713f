"""Times SHACL engines on graphs of readings: CPU seconds, peak memory, and the ratio to pySHACL.

    python run.py 100000 1000000 --peers PYTHON [--bad 0.001] [--turns 3] [--pyshacl-up-to 1000000]

Every run is a process of its own, parsing and start-up included; what is measured is its CPU time
(all threads) and its peak memory, as the system tells them. Each engine has several turns, one
after the other's, of which the quickest counts: what a busy machine adds is not the engine's. An
engine that takes more than a minute has one. A small graph goes first, so that all
modules are compiled. For ``kg, workspace`` the graph was built before, as it is in use. pySHACL is
not run on graphs above a size: its time is then extrapolated from the largest graph that it was
run on, and marked so.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from generate import triples

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SHAPES = HERE / "shapes.ttl"
PEERS = ("shacl", "shacl_rust", "pyshacl_turbo", "shifty", "pyrudof")
_SMALL = 2_000
# CPU seconds beyond which an engine has one turn.
_LONG = 60
# Kilobytes, or bytes on macOS.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
CONFIG = 'title = "Readings"\nbase = "http://example.org/weather/"\n'


@dataclass(frozen=True)
class Measured:
    """CPU seconds, peak MiB, and what was printed last; `note` says what is not measured."""

    cpu: float
    peak: float
    told: str
    note: str = ""


def measure(words: list[str], cwd: Path | None = None) -> Measured:
    """Run a process, and return what it took."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    # As with an installed package, whose modules are compiled once for all runs.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(words, stdout=out, stderr=err, cwd=cwd, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        out.seek(0)
        err.seek(0)
        lines = out.read().strip().splitlines() or err.read().strip().splitlines() or [""]
    note = "" if os.waitstatus_to_exitcode(status) in (0, 1) else "failed"
    peak = usage.ru_maxrss * MAXRSS_UNIT / 2**20
    return Measured(usage.ru_utime + usage.ru_stime, peak, lines[-1][:60], note)


def workspace(folder: Path, data: Path, memory: str) -> Path:
    """Build a workspace around a graph, and return it."""
    space = folder / f"{data.stem}-workspace"
    for part in ("data", "shapes"):
        (space / part).mkdir(parents=True)
    (space / "kg.toml").write_text(CONFIG, encoding="utf-8")
    (space / "data" / "readings.nt").symlink_to(data)
    (space / "shapes" / "shapes.ttl").write_bytes(SHAPES.read_bytes())
    words = [sys.executable, "-m", "kg", "build", "--no-validate", "--memory", memory]
    built = measure([*words, "--allow-outside"], space)
    assert not built.note, built.told
    return space


def rows(size: int, options: argparse.Namespace, folder: Path) -> dict[str, Measured]:
    """Return what each engine takes on a graph of a size."""
    data = folder / f"{size}.nt"
    with data.open("w", encoding="utf-8") as out:
        out.writelines(triples(size, options.bad, 1))
    runs: dict[str, tuple[list[str], Path | None]] = {}
    kg = [sys.executable, "-m", "kg", "validate", "--memory", options.memory]
    space = workspace(folder, data, options.memory)
    runs["kg, workspace"] = ([*kg, "--allow-outside"], space)
    runs["kg, --data FILE"] = ([*kg, "--data", str(data), "--shapes", str(SHAPES)], None)
    engines = str(HERE / "engines.py")
    if options.peers:
        for peer in PEERS:
            runs[peer] = ([options.peers, engines, peer, str(data), str(SHAPES)], None)
    if size <= options.pyshacl_up_to:
        runs["pySHACL"] = ([sys.executable, engines, "pyshacl", str(data), str(SHAPES)], None)
    found: dict[str, Measured] = {}
    for _ in range(1 if size == _SMALL else options.turns):
        for engine, (words, cwd) in runs.items():
            if engine not in found or found[engine].cpu < _LONG:
                measured = measure(words, cwd)
                found[engine] = min(measured, found.get(engine, measured), key=lambda m: m.cpu)
    data.unlink()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+", help="triples")
    parser.add_argument("--peers", help="a Python that has the other engines")
    parser.add_argument("--bad", type=float, default=0.001, help="share of readings with a slip")
    parser.add_argument("--turns", type=int, default=3, help="for each engine; the quickest counts")
    parser.add_argument("--memory", default="2GB", help="for kg")
    parser.add_argument("--pyshacl-up-to", type=int, default=1_000_000, help="triples")
    options = parser.parse_args()
    base: tuple[int, Measured] | None = None
    with tempfile.TemporaryDirectory(prefix="bench-shacl-") as name:
        rows(_SMALL, options, Path(name))
        for size in sorted(options.sizes):
            found = rows(size, options, Path(name))
            if "pySHACL" in found:
                base = (size, found["pySHACL"])
            elif base is not None:
                cpu = base[1].cpu * size / base[0]
                found["pySHACL"] = Measured(cpu, 0, "", f"extrapolated from {base[0]:,}")
            whole = found["pySHACL"].cpu if "pySHACL" in found else None
            print(f"\n{size:,} triples, {options.bad:.1%} of the readings bad\n")
            print("| engine | CPU s | pySHACL ÷ it | peak MiB | last line of output |")
            print("| --- | --: | --: | --: | --- |")
            for engine, m in found.items():
                ratio = f"{whole / m.cpu:.1f}" if whole else ""
                peak = f"{m.peak:.0f}" if m.peak else ""
                told = m.note or m.told
                print(f"| {engine} | {m.cpu:.2f} | {ratio} | {peak} | {told} |", flush=True)


if __name__ == "__main__":
    main()
