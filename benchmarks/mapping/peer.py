"""Compare kg with morph-kgc on the mappings of a project, over data made to fit.

The columns that a mapping needs are those that ``kg map --check`` lists; each source becomes a CSV
file with a few rows. Both get the mapping without its conditions, which the peer does not know in
YARRRML, and without a prefix ``http``, which the peer finds in ``http://…``. Values are in ASCII:
the peer encodes other letters in IRIs, where R2RML keeps them. It is in an environment of its own:

    python3 -m venv /tmp/morph && /tmp/morph/bin/pip install morph-kgc
    python benchmarks/mapping/peer.py PROJECT --peer /tmp/morph/bin/python
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from kg.errors import KgError
from kg.findings import Level
from kg.findings.preview import preview
from kg.map_files import MappingFiles, map_files
from kg.variables import Variables

ROWS = 4
# How often data is made again, each time with one more column of IRIs.
MOST_TRIES = 12
# What the peer does: each folder is mapped, one process for all.
CHILD = """
import json, sys, logging
logging.disable(logging.CRITICAL)
import morph_kgc
for folder in json.load(sys.stdin):
    config = (f"[CONFIGURATION]\\noutput_format: N-QUADS\\nlogging_level: CRITICAL\\n"
              f"[D]\\nmappings: {folder}/mapping.yml\\n")
    try:
        found, fault = sorted(morph_kgc.materialize_set(config)), ""
    except BaseException as error:
        found, fault = [], f"{type(error).__name__}: {str(error)[:200]}"
    with open(f"{folder}/peer.json", "w") as out:
        json.dump([found, fault], out)
"""


@dataclass
class Case:
    """A mapping with its data.

    Attributes:
        mapping: The mapping as its owners have it.
        folder: Where the mapping with values for its variables is, and its data.
        ours: What kg makes, or what it says is wrong.
        theirs: What the peer makes, or what it says is wrong.
    """

    mapping: Path
    folder: Path
    ours: set[str] | str = ""
    theirs: set[str] | str = ""


def prepare(mapping: Path, folder: Path) -> Case | None:
    """Write a mapping with values for its variables, and the files that it reads."""
    folder.mkdir(parents=True)
    written = re.sub(
        r"\$\{(\w+)\}", lambda match: f"{folder}/{match[1].lower()}.csv", mapping.read_text()
    )
    try:
        data = YAML(typ="safe").load(written)
    except YAMLError:
        return None
    data = {key: without_conditions(value) for key, value in data.items() if key != "variables"}
    data.get("prefixes", {}).pop("http", None)
    plain = YAML()
    plain.representer.ignore_aliases = lambda _: True
    with (folder / "mapping.yml").open("w") as out:
        plain.dump(data, out)
    text = (folder / "mapping.yml").read_text()
    found, errors = preview([folder / "mapping.yml"], {}, "", Variables(looks_only=True))
    if errors or any(each.level is Level.ERROR for each in found):
        return None
    wanted: dict[str, set[str]] = defaultdict(set)
    for each in found:
        reads = re.match(r"reads (.+?) as CSV.*?; columns: (.+)$", each.message)
        if reads:
            wanted[reads[1]].update(reads[2].split(", "))
    case = Case(mapping, folder)
    of_iris: set[str] = set()
    for _ in range(MOST_TRIES):
        for name, columns in wanted.items():
            write(folder / name, text, sorted(columns), of_iris)
        case.ours = ours(case)
        wrong = re.search(r'column "([^"]+)": .* is not an absolute IRI', str(case.ours))
        if not isinstance(case.ours, str) or wrong is None or wrong[1] in of_iris:
            break
        of_iris.add(wrong[1])
    return case


def without_conditions(data: object) -> object:
    """Return a document without the conditions in it."""
    if isinstance(data, dict):
        return {k: without_conditions(v) for k, v in data.items() if k not in ("condition", "c")}
    return [without_conditions(each) for each in data] if isinstance(data, list) else data


def write(path: Path, text: str, columns: Sequence[str], of_iris: Set[str]) -> None:
    """Write the table of a source, with the delimiter that the mapping says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    said = [
        source.get("delimiter", ",")
        for each in YAML(typ="safe").load(text)["mappings"].values()
        for source in each.get("sources", ())
        if isinstance(source, dict) and str(source.get("access", "")).endswith(path.name)
    ]
    with path.open("w", newline="") as out:
        writer = csv.writer(out, delimiter=(said or [","])[0])
        writer.writerow(columns)
        writer.writerows(rows(columns, of_iris))


def rows(columns: Sequence[str], of_iris: Set[str]) -> Iterator[list[str]]:
    """Yield rows: values that say their column, and some fields without one."""
    for number in range(ROWS):
        row = []
        for place, column in enumerate(columns):
            if column in of_iris:
                row.append(f"http://example.com/{column[:6]}{number}")
            elif number == ROWS - 1 and place % 3 == 1:
                row.append("")
            else:
                row.append(f"{column[:6]}{number} x")
        yield row


def with_texts(lines: Set[str]) -> set[str]:
    """Return statements with texts where the peer made IRIs that are none of templates of texts."""

    def text(match: re.Match[str]) -> str:
        is_iri = re.fullmatch(r"[a-z][a-z+.-]*:\S+", match[1])
        return match[0] if is_iri else f' "{unquote(match[1])}"'

    return {re.sub(r" <([^>]*)>$", text, line) for line in lines}


def ours(case: Case) -> set[str] | str:
    """Return what kg makes."""
    target = case.folder / "ours.nq"
    try:
        map_files(MappingFiles([case.folder / "mapping.yml"], allow_outside=True), str(target))
    except KgError as error:
        return str(error)
    return set(map(plain, target.read_text().splitlines()))


def plain(line: str) -> str:
    """Return a statement without the form that its writer gives it."""
    return re.sub(r"\s+", " ", line.strip().removesuffix(".").strip())


def peer(cases: Sequence[Case], python: str) -> None:
    """Let the peer map all cases."""
    folders = json.dumps([str(case.folder) for case in cases])
    subprocess.run([python, "-c", CHILD], input=folders, text=True, check=True)
    for case in cases:
        found, fault = json.loads((case.folder / "peer.json").read_text())
        case.theirs = fault or set(map(plain, found))


def main() -> None:
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path, nargs="+", help="folders, or mappings")
    parser.add_argument("--peer", required=True, help="Python of an environment with morph-kgc")
    parser.add_argument("--keep", type=Path, help="folder for mappings, data and outputs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = given.keep or Path(temporary)
        named = (p.rglob("*.yml") if p.is_dir() else [p] for p in given.project)
        found = sorted(path for paths in named for path in paths)
        prepared = [prepare(path, root / str(number)) for number, path in enumerate(found)]
        cases = [case for case in prepared if case is not None]
        peer(cases, given.peer)
        report(cases, len(found))


def compared(case: Case) -> tuple[str, str]:
    """Return a verdict on a case, and what it rests on."""
    ours, theirs = case.ours, case.theirs
    if isinstance(ours, str) or isinstance(theirs, str):
        who, said = ("kg", ours) if isinstance(ours, str) else ("the peer", theirs)
        return f"{who} fails", str(said).strip().splitlines()[-1][:150]
    if ours == theirs:
        return "equal", f"{len(ours)} statements"
    if ours == with_texts(theirs):
        return "equal but for texts that the peer writes as IRIs", f"{len(ours)} statements"
    more, less = ours - theirs, theirs - ours
    shown = [f"    kg:   {each}" for each in sorted(more)[:2]]
    shown += [f"    peer: {each}" for each in sorted(less)[:2]]
    return "differ", "\n".join((f"{len(ours)} statements; {len(more)}, {len(less)} alone", *shown))


def report(cases: Sequence[Case], total: int) -> None:
    """Print a line for each mapping, and counts."""
    counts: Counter[str] = Counter()
    for case in cases:
        verdict, detail = compared(case)
        counts[verdict] += 1
        print(f"{verdict}: {case.mapping.parent.name}/{case.mapping.name}: {detail}")
    print(f"{total} mappings, {len(cases)} with data;", dict(counts))


if __name__ == "__main__":
    main()
