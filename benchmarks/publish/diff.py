"""Diff of two N-Triples files, some of whose triples were changed, within a memory limit.

    python benchmarks/publish/diff.py [TRIPLES] [MEMORY] [FOLDER]

Prints wall and CPU seconds and the peak of the process; then applies the patch to the old file as a
set of lines and compares digests of the sorted lines, which are canonical where there are no blank
nodes.
"""

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kg.duck import engine, sql_text
from kg.quads import copy_lines

# kg, and then the peak of its memory in KiB. Not ru_maxrss, which starts with what the process had
# that this one was started from.
_KG = """
import re, sys
from pathlib import Path
from kg.cli.main import main
code = main(sys.argv[1:])
found = re.search(r"VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())
Path("peak").write_text(found[1])
sys.exit(code)
"""


def write_sides(folder: Path, triples: int) -> None:
    base = "http://example.org/"
    term = (
        f"concat('<{base}entity/', i // 10, '> <{base}property/', i % 10, '> \"value ',"
        " {number}, ' of ', i, '\" .')"
    )
    with engine(folder, "1GB", 2) as connection:
        for name, number in (
            ("old", "i % 97"),
            ("new", "CASE WHEN i % 100 = 7 THEN 'x' ELSE (i % 97)::VARCHAR END"),
        ):
            rows = f"SELECT {term.format(number=number)} FROM range({triples}) AS t(i)"
            copy_lines(connection, rows, folder / f"{name}.nt")


def lines_digest(folder: Path, select: str) -> str:
    target = folder / "sorted.txt"
    with engine(folder, "2GB", 2) as connection:
        copy_lines(connection, f"SELECT line FROM ({select}) ORDER BY line", target)
    with target.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    target.unlink()
    return digest


def lines_of(path: Path) -> str:
    return (
        f"(SELECT line FROM read_csv({sql_text(str(path))}, columns = {{'line': 'VARCHAR'}},"
        " header = false, auto_detect = false, delim = '\x01', quote = '', escape = ''))"
    )


def main() -> None:
    triples = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    memory = sys.argv[2] if len(sys.argv) > 2 else "1GB"
    parent = sys.argv[3] if len(sys.argv) > 3 else None
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        write_sides(folder, triples)
        command = [sys.executable, "-c", _KG, "diff", "old.nt", "new.nt", "--memory", memory]
        command += ["--format", "patch", "-o", "changes.rdfp"]
        started = time.perf_counter()
        ended = subprocess.run(
            command, cwd=folder, check=False, env={**os.environ, "TMPDIR": str(folder)}
        )
        seconds = time.perf_counter() - started
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        peak = int((folder / "peak").read_text()) * 1024 / 1e6
        print(
            f"exit code {ended.returncode}; {seconds:.1f} s wall,"
            f" {usage.ru_utime + usage.ru_stime:.1f} s CPU, peak {peak:.0f} MB",
            flush=True,
        )
        patch = lines_of(folder / "changes.rdfp")
        removed = f"SELECT substr(line, 3) AS line FROM {patch} WHERE starts_with(line, 'D ')"
        added = f"SELECT substr(line, 3) AS line FROM {patch} WHERE starts_with(line, 'A ')"
        old = f"SELECT line FROM {lines_of(folder / 'old.nt')} ANTI JOIN ({removed}) USING (line)"
        patched = lines_digest(folder, f"{old} UNION ALL {added}")
        new = lines_digest(folder, f"SELECT line FROM {lines_of(folder / 'new.nt')}")
        print("the patch makes the new graph of the old one:", patched == new)


if __name__ == "__main__":
    main()
