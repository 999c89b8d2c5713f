"""Generators of documents: a JSON set (orders with lines and a customer) and a set of events.

    python documents.py FOLDER --scale 1 --set json

JSON: one document ``orders.json`` with an array of 20,000 orders a scale; every order has nested
objects and an array of tags. Events: ``events.csv`` with 50,000 events a scale of 25 columns, of
which many are empty, as logs are. The data are made of the row's number alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

ORDERS = 20_000
EVENTS = 50_000

HEADER = """\
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <https://shop.example/ns#> .
@base <https://shop.example/map/> .
"""


def _pair(predicate: str, reference: str, datatype: str = "") -> str:
    typed = f" ; rr:datatype xsd:{datatype}" if datatype else ""
    return (
        f" ;\n  rr:predicateObjectMap [ rr:predicate ex:{predicate} ;"
        f' rr:objectMap [ rml:reference "{reference}"{typed} ] ]'
    )


def _source(path: Path, kind: str, iterator: str = "") -> str:
    listed = f' ; rml:iterator "{iterator}"' if iterator else ""
    return (
        f'  rml:logicalSource [ rml:source "{path}" ; rml:referenceFormulation ql:{kind}{listed} ]'
    )


def orders_mapping(folder: Path) -> str:
    """Return the mapping of the JSON set."""
    source = _source(folder / "orders.json", "JSONPath", "$.orders[*]")
    text = f"{HEADER}\n<#order> a rr:TriplesMap ;\n{source} ;\n"
    text += (
        '  rr:subjectMap [ rr:template "https://shop.example/order/{number}" ; rr:class ex:Order ]'
    )
    for predicate, reference, datatype in (
        ("date", "date", "date"),
        ("total", "total", "decimal"),
        ("note", "note", ""),
        ("customerName", "customer.name", ""),
        ("city", "customer.address.city", ""),
        ("postcode", "customer.address.postcode", ""),
        ("status", "status.code", ""),
        ("weight", "parcel.weight", "double"),
    ):
        text += _pair(predicate, reference, datatype)
    text += _pair("tag", "tags[*]") + " .\n"
    text += f"\n<#customer> a rr:TriplesMap ;\n{source} ;\n"
    text += (
        '  rr:subjectMap [ rr:template "https://shop.example/customer/{customer.id}" ;'
        " rr:class ex:Customer ]"
    )
    return text + _pair("name", "customer.name") + " .\n"


def events_mapping(folder: Path) -> str:
    """Return the mapping of the events set."""
    source = _source(folder / "events.csv", "CSV")
    text = f"{HEADER}\n<#event> a rr:TriplesMap ;\n{source} ;\n"
    text += '  rr:subjectMap [ rr:template "https://shop.example/event/{id}" ; rr:class ex:Event ]'
    for number in range(24):
        text += _pair(f"p{number}", f"c{number}")
    return text + " .\n"


def generate(folder: Path, scale: int, name: str) -> None:
    """Write the documents and the mapping of one set."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    if name == "json":
        order = (
            "{'number': i,"
            " 'date': strftime(DATE '2022-01-01' + INTERVAL (i % 700) DAY, '%Y-%m-%d'),"
            " 'total': i % 9973 / 100,"
            " 'note': CASE WHEN i % 3 = 0 THEN 'Say \"hello\" at ' || i END,"
            " 'customer': {'id': i % 5000, 'name': 'Zoë Nº ' || (i % 5000), 'address':"
            " {'city': 'Town ' || (i % 300), 'postcode': printf('%05d', i % 99999)}},"
            " 'status': {'code': 'S' || (i % 7)}, 'parcel': {'weight': i % 50 / 4},"
            " 'tags': ['t' || (i % 11), 't' || (i % 13), 'u' || (i % 17)]}"
        )
        connection.execute(
            f"COPY (SELECT list({order} ORDER BY i) AS orders FROM (SELECT range AS i"
            f" FROM range({ORDERS * scale}))) TO '{folder}/orders.json' (FORMAT json)"
        )
        text = orders_mapping(folder.resolve())
    else:
        columns = ", ".join(
            f"CASE WHEN (i + {n}) % {2 + n % 5} = 0 THEN 'value ' || (i * {n + 7} % 1009) END"
            f" AS c{n}"
            for n in range(24)
        )
        connection.execute(
            f"COPY (SELECT 'e' || i AS id, {columns} FROM (SELECT range AS i"
            f" FROM range({EVENTS * scale}))) TO '{folder}/events.csv' (HEADER)"
        )
        text = events_mapping(folder.resolve())
    (folder / f"{name}.rml.ttl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--set", choices=("json", "events"), default="json")
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.scale, arguments.set)
