"""Tries numbers, kind by kind, for some time; tells each law that does not hold."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzzing.cases import Broken, Case
from tests.fuzzing.samples import KINDS
from tests.fuzzing.server import Server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--seed", type=int, default=0, help="the first number")
    parser.add_argument("--keep", type=Path, help="folder for the files of cases that fail")
    given = parser.parse_args()
    return fuzz(given.seconds, given.kind or list(KINDS), given.seed, given.keep)


def fuzz(seconds: float, kinds: list[str], seed: int, keep: Path | None) -> int:
    """Try numbers for so many seconds; return 1 if a law does not hold."""
    end, tried, failed, commands = time.monotonic() + seconds, Counter[str](), Counter[str](), 0
    number, told = seed, time.monotonic()
    with Server() as server:
        while time.monotonic() < end:
            for kind in kinds:
                case = Case(kind, number, server)
                try:
                    case.run(keep)
                except Broken as broken:
                    failed[kind] += 1
                    print(f"--- {kind} {number}: {broken}", flush=True)
                tried[kind] += 1
                commands += len(case.runs)
                if time.monotonic() > end:
                    break
            number += 1
            if time.monotonic() - told > 300:
                told = time.monotonic()
                print(f"    {tried.total()} cases, {failed.total()} failures", flush=True)
    for kind in kinds:
        print(f"{kind:14} {tried[kind]:6} cases {failed[kind]:4} failures")
    print(
        f"{tried.total()} cases from number {seed}, {commands} commands, {failed.total()} failures"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
