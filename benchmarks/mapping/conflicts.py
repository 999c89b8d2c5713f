"""A generator of coded events between actors, shaped like ICEWS: skewed joins on names and pairs.

    python conflicts.py FOLDER --scale 1

Each of 100,000 events a scale names two of 5,000 actors by their names and a code; few actors are
in most events. Events lead to their actors, to the country of each by the actors' table, and to
the treaties between the two countries, of which many pairs have none and one has three hundred.
Names have other spellings in ``aliases.csv``, so that a name may lead to several actors. The data
are made of the row's number alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
from documents import HEADER

EVENTS = 100_000
ACTORS = 5_000
COUNTRIES = 150
CODES = 290

# The fourth power of a number below one: an eighth of all events have the first actor.
_SKEWED = "CAST(floor(pow(((i * {step} + {start}) % 99991) / 99991.0, 4) * {most}) AS BIGINT)"
_TABLES = {
    "events": "SELECT 'e' || i AS id, strftime(DATE '1995-01-01' + INTERVAL (i % 9000) DAY,"
    " '%Y-%m-%d') AS date, 'Actor ' || a AS source, 'Actor ' || b AS target, c AS code,"
    f" 'C' || a % {COUNTRIES} AS one, 'C' || b % {COUNTRIES} AS other, (i % 201 - 100) / 10 AS"
    f" intensity FROM (SELECT i, {_SKEWED.format(step=7919, start=13, most=ACTORS)} AS a,"
    f" {_SKEWED.format(step=6007, start=77, most=ACTORS)} AS b, i * 31 % {CODES} AS c"
    " FROM (SELECT range AS i FROM range({events})))",
    "actors": f"SELECT i AS id, 'Actor ' || i AS name, 'C' || i % {COUNTRIES} AS country,"
    f" CASE WHEN i % 4 > 0 THEN 'Sector ' || i % 17 END AS sector FROM range({ACTORS}) r(i)",
    "aliases": f"SELECT i AS actor, 'Actor ' || (i * 3 % {ACTORS}) AS name"
    f" FROM range(0, {ACTORS}, 10) r(i)",
    "countries": f"SELECT 'C' || i AS code, 'Land Nº ' || i AS name FROM range({COUNTRIES}) r(i)",
    "codes": f"SELECT i AS code, 'does ' || i AS text FROM range({CODES}) r(i)",
    "treaties": "SELECT i AS id, 'C' || CASE WHEN i < 300 THEN 0 ELSE i * 7 % 150 END AS one,"
    " 'C' || CASE WHEN i < 300 THEN 1 ELSE i * 11 % 149 END AS other FROM range(900) r(i)",
}
_MAPS = {
    "events": ("id", {"date": "date", "intensity": "intensity"}),
    "actors": ("id", {"name": "name", "sector": "sector"}),
    "aliases": ("actor", {"alias": "name"}),
    "countries": ("code", {"name": "name"}),
    "codes": ("code", {"text": "text"}),
    "treaties": ("id", {}),
}
# Child, predicate, parent, and the columns that are equal.
_JOINS = (
    ("events", "source", "actors", (("source", "name"),)),
    ("events", "target", "actors", (("target", "name"),)),
    ("events", "maySource", "aliases", (("source", "name"),)),
    ("events", "code", "codes", (("code", "code"),)),
    ("events", "under", "treaties", (("one", "one"), ("other", "other"))),
    ("actors", "country", "countries", (("country", "code"),)),
    ("treaties", "between", "countries", (("one", "code"),)),
    ("treaties", "between", "countries", (("other", "code"),)),
)


def mapping(folder: Path) -> str:
    """Return the mapping."""
    found = [HEADER]
    for table, (key, columns) in _MAPS.items():
        kind = "actors" if table == "aliases" else table
        text = (
            f"\n<#{table}> a rr:TriplesMap ;\n  rml:logicalSource ["
            f' rml:source "{folder}/{table}.csv" ;'
            " rml:referenceFormulation ql:CSV ] ;\n  rr:subjectMap [ rr:template"
            f' "https://shop.example/{kind}/{{{key}}}" ]'
        )
        for predicate, column in columns.items():
            text += (
                f" ;\n  rr:predicateObjectMap [ rr:predicate ex:{predicate} ;"
                f' rr:objectMap [ rml:reference "{column}" ] ]'
            )
        for child, predicate, parent, pairs in _JOINS:
            if child == table:
                conditions = " , ".join(f'[ rr:child "{a}" ; rr:parent "{b}" ]' for a, b in pairs)
                text += (
                    f" ;\n  rr:predicateObjectMap [ rr:predicate ex:{predicate} ; rr:objectMap ["
                    f" rr:parentTriplesMap <#{parent}> ; rr:joinCondition {conditions} ] ]"
                )
        found.append(f"{text} .\n")
    return "".join(found)


def generate(folder: Path, scale: int) -> None:
    """Write the tables and the mapping ``conflicts.rml.ttl``."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    for name, query in _TABLES.items():
        rows = query.replace("{events}", str(EVENTS * scale))
        connection.execute(f"COPY ({rows}) TO '{folder}/{name}.csv' (HEADER)")
    (folder / "conflicts.rml.ttl").write_text(mapping(folder.resolve()), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=int, default=1)
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.scale)
