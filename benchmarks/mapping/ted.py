"""Contest notices of the EU Publications Office: time for each, and shapes over the result.

    python ted.py FOLDER [--count 62] [--rmlmapper "java -jar rmlmapper.jar"]
        [--carml "java -cp CLASSES Peer"]

FOLDER holds ``transformation``, ``test_data`` and ``shapes`` of the mapping package F13. kg runs
its mappings as they are, all notices in one process. RMLMapper gets them in one file, with the text
that is to be shortened in place of the call of the service, since it would fetch; one process a
notice. CARML gets the same, all notices in one process by ``carml/Peer.java``, without the
references to maps of other sources, which it refuses, and notices without their default namespace,
which its mappings cannot declare. At the end the shapes are checked with kg and with pySHACL over
the last result.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shlex
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import pyshacl
import rdflib
from rdflib.namespace import RDF, SH

from kg.map_files import MappingFiles, map_files, read_replacements

RR = rdflib.Namespace("http://www.w3.org/ns/r2rml#")
RML = rdflib.Namespace("http://semweb.mmlab.be/ns/rml#")
SERVICE = "https://digest-api.ted-data.eu/api/v1/hashing/fn/uuid/"


def used(who: int) -> float:
    """Return the seconds of CPU of this process, or of its children."""
    found = resource.getrusage(who)
    return found.ru_utime + found.ru_stime


def told(name: str, count: int, cpu: float, wall: float, peak: int) -> None:
    print(
        f"{name}: {count} notices, {cpu:.1f} s CPU ({cpu / count:.2f} each), {wall:.1f} s,"
        f" peak {peak // 1024} MB"
    )


def run_kg(folder: Path, notices: list[Path]) -> None:
    mappings = sorted((folder / "transformation" / "mappings").glob("*.ttl"))
    addresses = read_replacements([f"{SERVICE}=uuid"])
    cpu, wall = used(resource.RUSAGE_SELF), time.perf_counter()
    for notice in notices:
        shutil.copyfile(notice, folder / "data" / "source.xml")
        map_files(
            MappingFiles(mappings, source_folders=[folder]),
            str(folder / "kg.nt"),
            addresses=addresses,
        )
    told(
        "kg",
        len(notices),
        used(resource.RUSAGE_SELF) - cpu,
        time.perf_counter() - wall,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    )


def without_fetching(folder: Path) -> Path:
    """Write the mappings to one file, in which nothing calls the service."""
    texts = [path.read_text() for path in (folder / "transformation" / "mappings").glob("*.ttl")]
    mapping = folder / "all.rml.ttl"
    mapping.write_text("\n".join(texts).replace("unparsed-text(", "string("))
    return mapping


def for_carml(mapping: Path) -> Path:
    """Write a mapping without references to triples maps of other sources; tell how many."""
    graph, taken = rdflib.Graph().parse(mapping), 0

    def sources(triples_map: rdflib.term.Node) -> set[tuple[str, str]]:
        found = graph.objects(triples_map, RML.logicalSource)
        return {(str(graph.value(s, RML.source)), str(graph.value(s, RML.iterator))) for s in found}

    for triples_map, pair in list(graph.subject_objects(RR.predicateObjectMap)):
        for made in list(graph.objects(pair, RR.objectMap)):
            parent = graph.value(made, RR.parentTriplesMap)
            joined = graph.value(made, RR.joinCondition) is not None
            if parent is not None and not joined and sources(parent) != sources(triples_map):
                graph.remove((pair, RR.objectMap, made))
                taken += 1
        if not [*graph.objects(pair, RR.objectMap), *graph.objects(pair, RR.object)]:
            graph.remove((triples_map, RR.predicateObjectMap, pair))
    print(f"CARML: without {taken} references")
    target = mapping.with_name("carml.rml.ttl")
    graph.serialize(target, format="turtle")
    return target


def run_carml(folder: Path, notices: list[Path], command: str) -> None:
    mapping = for_carml(without_fetching(folder))
    plain = []
    for number, notice in enumerate(notices):
        plain.append(folder / f"notice{number}.xml")
        plain[-1].write_text(re.sub(r' xmlns="[^"]*"', "", notice.read_text()))
    cpu, wall = used(resource.RUSAGE_CHILDREN), time.perf_counter()
    call = [*shlex.split(command), str(mapping), str(folder), str(folder), *map(str, plain)]
    done = subprocess.run(call, cwd=folder, check=True, capture_output=True, text=True)
    told(
        "CARML",
        len(notices),
        used(resource.RUSAGE_CHILDREN) - cpu,
        time.perf_counter() - wall,
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
    )
    made = sum(int(line.split()[1]) for line in done.stdout.splitlines())
    print(f"CARML: {made} statements")
    statements = 0
    for notice in plain:
        shutil.copyfile(notice, folder / "data" / "source.xml")
        made_by_kg = map_files([mapping], str(folder / "carml.nt"), source_folders=[folder])
        statements += made_by_kg.statements
    print(f"kg on what CARML gets: {statements} statements")


def run_rmlmapper(folder: Path, notices: list[Path], command: str) -> None:
    mapping = without_fetching(folder)
    cpu, wall = used(resource.RUSAGE_CHILDREN), time.perf_counter()
    for notice in notices:
        shutil.copyfile(notice, folder / "data" / "source.xml")
        call = [*shlex.split(command), "-m", str(mapping), "-o", "rmlmapper.nq"]
        subprocess.run(call, cwd=folder, check=True, capture_output=True)
    told(
        "RMLMapper",
        len(notices),
        used(resource.RUSAGE_CHILDREN) - cpu,
        time.perf_counter() - wall,
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
    )


def results(graph: rdflib.Graph) -> Counter[tuple[str, ...]]:
    parts = (SH.focusNode, SH.resultPath, SH.value, SH.sourceConstraintComponent, SH.resultSeverity)
    return Counter(
        tuple(str(graph.value(result, part)) for part in parts)
        for result in graph.subjects(RDF.type, SH.ValidationResult)
    )


def compare_shapes(folder: Path, shapes: list[Path]) -> None:
    wall = time.perf_counter()
    call = ["kg", "validate", "--data", "kg.nt", "--format", "turtle", "-o", "report.ttl"]
    for path in shapes:
        call += ["--shapes", str(path)]
    subprocess.run(call, cwd=folder, check=False, capture_output=True)
    own = results(rdflib.Graph().parse(folder / "report.ttl"))
    print(f"shapes with kg: {own.total()} results, {time.perf_counter() - wall:.1f} s")
    wall = time.perf_counter()
    known = rdflib.Graph()
    for path in shapes:
        known.parse(path)
    _, report, _ = pyshacl.validate(rdflib.Graph().parse(folder / "kg.nt"), shacl_graph=known)
    other = results(report)
    print(f"shapes with pySHACL: {other.total()} results, {time.perf_counter() - wall:.1f} s")
    print(
        "the results are the same" if own == other else f"they differ: {own - other} {other - own}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=62)
    parser.add_argument("--rmlmapper", default="")
    parser.add_argument("--carml", default="")
    given = parser.parse_args()
    notices = sorted(given.folder.resolve().glob("test_data/*/*.xml"))[: given.count]
    shapes = sorted(given.folder.resolve().glob("shapes/*.ttl"))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for path in given.folder.glob("transformation/*/*"):
            target = folder / path.relative_to(given.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        (folder / "data").mkdir()
        os.chdir(folder)
        if given.rmlmapper:
            run_rmlmapper(folder, notices, given.rmlmapper)
        if given.carml:
            run_carml(folder, notices, given.carml)
        run_kg(folder, notices)
        compare_shapes(folder, shapes)


if __name__ == "__main__":
    main()
