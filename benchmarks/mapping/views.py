"""What a join through a logical view takes, beside the same join of two triples maps.

    python views.py FOLDER --scale 1

Both mappings make the same statements, which is checked: orders with their amounts, and the
customers of orders by their names. A scale has 200,000 orders of 20,000 customers. Each mapping is
run in turn, three times, in processes of their own; the least processor time of each counts.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path

import duckdb

ORDERS, CUSTOMERS = 200_000, 20_000
ROUNDS = 3

HEADER = """\
@prefix rml: <http://w3id.org/rml/> .
@prefix ex: <https://shop.example/ns#> .
ex:orders rml:source "orders.csv" ; rml:referenceFormulation rml:CSV .
ex:customers rml:source "customers.csv" ; rml:referenceFormulation rml:CSV .
"""
TRIPLES = """\
ex:t a rml:TriplesMap ; rml:logicalSource {source} ;
  rml:subjectMap [ rml:template "https://shop.example/order/{{id}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:amount ; rml:objectMap [ rml:reference "amount" ] ] ;
  rml:predicateObjectMap [ rml:predicate ex:by ; rml:objectMap [ {customer} ] ] .
"""
JOIN = (
    HEADER
    + """\
ex:c a rml:TriplesMap ; rml:logicalSource ex:customers ;
  rml:subjectMap [ rml:template "https://shop.example/customer/{name}" ] .
"""
    + TRIPLES.format(
        source="ex:orders",
        customer="rml:parentTriplesMap ex:c ;"
        ' rml:joinCondition [ rml:child "customer" ; rml:parent "number" ]',
    )
)
VIEW = (
    HEADER
    + """\
ex:c a rml:LogicalView ; rml:viewOn ex:customers ;
  rml:field [ rml:fieldName "number" ; rml:reference "number" ] ,
            [ rml:fieldName "name" ; rml:reference "name" ] .
ex:v a rml:LogicalView ; rml:viewOn ex:orders ;
  rml:field [ rml:fieldName "id" ; rml:reference "id" ] ,
            [ rml:fieldName "customer" ; rml:reference "customer" ] ,
            [ rml:fieldName "amount" ; rml:reference "amount" ] ;
  rml:leftJoin [ rml:parentLogicalView ex:c ;
    rml:joinCondition [ rml:child "customer" ; rml:parent "number" ] ;
    rml:field [ rml:fieldName "name" ; rml:reference "name" ] ] .
"""
    + TRIPLES.format(source="ex:v", customer='rml:template "https://shop.example/customer/{name}"')
)


def write(folder: Path, scale: int) -> None:
    """Write the sources and both mappings."""
    folder.mkdir(parents=True, exist_ok=True)
    orders, customers = ORDERS * scale, CUSTOMERS * scale
    rows = f"SELECT i AS id, hash(i) % {customers} AS customer, hash(-i) % 1000 AS amount"
    duckdb.sql(f"{rows} FROM range({orders}) AS t(i)").write_csv(str(folder / "orders.csv"))
    names = f"SELECT i AS number, 'name ' || i AS name FROM range({customers}) AS t(i)"
    duckdb.sql(names).write_csv(str(folder / "customers.csv"))
    (folder / "join.rml.ttl").write_text(JOIN, encoding="utf-8")
    (folder / "view.rml.ttl").write_text(VIEW, encoding="utf-8")


def taken(folder: Path, name: str) -> float:
    """Run a mapping, and return the processor time that it took, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "kg", "map", f"{name}.rml.ttl", "-o", f"{name}.nt"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure, and print both times with their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=int, default=1)
    options = parser.parse_args()
    write(options.folder, options.scale)
    times: dict[str, list[float]] = {"join": [], "view": []}
    for _ in range(ROUNDS):
        for name, found in times.items():
            found.append(taken(options.folder, name))
    made = {(options.folder / f"{name}.nt").read_bytes() for name in times}
    assert len(made) == 1, "the two mappings make different statements"
    join, view = min(times["join"]), min(times["view"])
    print(f"join {join:.2f} s, view {view:.2f} s of processor time: {view / join:.2f} to 1")


if __name__ == "__main__":
    main()
