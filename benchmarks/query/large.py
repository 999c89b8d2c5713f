"""A large made-up graph under a limit of memory: its build, and the eight questions.

    python benchmarks/query/large.py FOLDER [TRIPLES [MEMORY]]

FOLDER gets the file of triples and the workspace. Told are CPU seconds, seconds, peak memory and
the bytes of the build, then the same of each question as a command of its own, which writes CSV.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss


def run(words: list[str], output: Path) -> str:
    """Run kg; return the cells of a row: CPU seconds, seconds, peak MB of the largest process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    started = time.monotonic()
    with (
        output.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "kg", *words], stdout=out, env=environment
        ) as process,
    ):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"kg {' '.join(words)} ended with {process.returncode}")
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _UNIT / 1e6
    return f"{cpu:.2f} | {time.monotonic() - started:.1f} | {peak:.0f}"


def main() -> None:
    """Measure and print the table."""
    folder, *given = sys.argv[1:]
    size, memory = [*given, *("10000000", "2GB")[len(given) :]]
    root, out = Path(folder) / f"w{size}", Path(folder) / "out.csv"
    data = root / "data" / "made.nt"
    if not data.exists():
        data.parent.mkdir(parents=True)
        (root / "kg.toml").write_text('base = "http://example.org/"\n', encoding="utf-8")
        subprocess.run([sys.executable, HERE / "generate.py", size, data], check=True)
    print("| what | rows | CPU s | s | peak MB |\n| --- |" + " ---: |" * 4)
    words = ["-C", str(root), "build", "--no-validate", "--full", "--memory", memory]
    print(f"| build | | {run(['-q', *words], out)} |", flush=True)
    build = max((root / ".kg" / "builds").iterdir())
    for question in sorted((HERE / "questions").glob("*.rq")):
        words = ["-q", "-C", str(root), "query", str(question), "-f", "csv", "--memory", memory]
        cells = run([*words, "--timeout", "0"], out)
        with out.open("rb") as lines:
            rows = sum(1 for _ in lines) - 1
        print(f"| {question.stem} | {rows:,} | {cells} |", flush=True)
    for name in ("quads", "quads.parquet", "table"):
        files = [f for f in (build / name, *(build / name).rglob("*")) if f.is_file()]
        if files:
            print(f"{name}: {sum(f.stat().st_size for f in files) / 1e6:.1f} MB")
    print((build / "build.json").read_text().partition('"cpu_seconds": {')[2].partition("}")[0])


if __name__ == "__main__":
    main()
