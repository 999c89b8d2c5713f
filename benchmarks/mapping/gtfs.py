"""A generator of timetable data of our own, shaped like GTFS: ten related tables.

    python gtfs.py FOLDER --scale 10

writes the CSV files and the mapping ``gtfs.rml.ttl`` (in the vocabularies ``rml:`` and ``rr:`` that
all engines read) to FOLDER. Scale 1 makes about 0.4 million triples; the number of triples grows
with the scale. The data are made of the row's number alone, so they are the same on each machine.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

# Rows at scale 1; those without a scale keep their size.
FIXED = {"agency": 4, "feed_info": 1}
ROWS = {
    "calendar": 60,
    "calendar_dates": 1500,
    "routes": 130,
    "stops": 2600,
    "shapes": 14000,
    "trips": 1300,
    "frequencies": 3100,
    "stop_times": 30000,
}

# Column to SQL expression of the row number i and the scale n.
TABLES: dict[str, dict[str, str]] = {
    "agency": {
        "agency_id": "'A' || i",
        "agency_name": "'Transport company ' || i || ' \"Línea\"'",
        "agency_url": "'https://transport.example/agency/' || i",
        "agency_timezone": "'Europe/Madrid'",
        "agency_lang": "'es'",
        "agency_phone": "CASE WHEN i % 2 = 0 THEN '+34 900 00 ' || i END",
    },
    "feed_info": {
        "feed_publisher_name": "'Generator of timetables'",
        "feed_publisher_url": "'https://transport.example/'",
        "feed_lang": "'es'",
        "feed_version": "'1.0'",
    },
    "calendar": {
        "service_id": "'S' || i",
        "monday": "i % 2",
        "tuesday": "(i + 1) % 2",
        "saturday": "i % 3 % 2",
        "sunday": "i % 5 % 2",
        "start_date": "strftime(DATE '2022-01-01' + INTERVAL (i % 300) DAY, '%Y-%m-%d')",
        "end_date": "strftime(DATE '2023-01-01' + INTERVAL (i % 300) DAY, '%Y-%m-%d')",
    },
    "calendar_dates": {
        "service_id": "'S' || (i % (60 * n))",
        "date": "strftime(DATE '2022-01-01' + INTERVAL (i % 700) DAY, '%Y-%m-%d')",
        "exception_type": "1 + i % 2",
    },
    "routes": {
        "route_id": "'R' || i",
        "agency_id": "'A' || (i % 4)",
        "route_short_name": "'L' || (i % 97)",
        "route_long_name": "'From stop ' || i || ' to stop ' || (i * 7 % 2600)",
        "route_type": "i % 4",
        "route_color": "printf('%06X', i * 7919 % 16777216)",
        "route_desc": "CASE WHEN i % 3 = 0 THEN 'A longer text, with a comma, on route ' || i END",
    },
    "stops": {
        "stop_id": "'stop ' || i",
        "stop_name": "'Plaza nº ' || i || ', señal ' || (i * 31 % 1009)",
        "stop_desc": "CASE WHEN i % 4 = 0 THEN 'Under the bridge ' || i END",
        "stop_lat": "printf('%.6f', 40.0 + (i * 7919 % 1000000) / 1e6)",
        "stop_lon": "printf('%.6f', -3.9 + (i * 104729 % 1000000) / 1e6)",
        "zone_id": "'Z' || (i % 11)",
        "location_type": "CASE WHEN i % 10 = 0 THEN 1 ELSE 0 END",
        "parent_station": "CASE WHEN i % 10 > 0 THEN 'stop ' || (i - i % 10) END",
    },
    "shapes": {
        "shape_id": "'H' || (i // 100)",
        "shape_pt_lat": "printf('%.6f', 40.0 + (i * 6151 % 1000000) / 1e6)",
        "shape_pt_lon": "printf('%.6f', -3.9 + (i * 12289 % 1000000) / 1e6)",
        "shape_pt_sequence": "i % 100",
        "shape_dist_traveled": "printf('%.2f', i % 100 * 0.25)",
    },
    "trips": {
        "trip_id": "'T' || i",
        "route_id": "'R' || (i % (130 * n))",
        "service_id": "'S' || (i % (60 * n))",
        "trip_headsign": "'Towards ' || (i * 17 % 2600)",
        "direction_id": "i % 2",
        "shape_id": "'H' || (i % (140 * n))",
        "wheelchair_accessible": "i % 3",
    },
    "frequencies": {
        "trip_id": "'T' || (i % (1300 * n))",
        "start_time": "printf('%02d:%02d:00', 5 + i % 18, i % 60)",
        "end_time": "printf('%02d:%02d:00', 6 + i % 18, i % 60)",
        "headway_secs": "300 + i % 10 * 60",
        "exact_times": "i % 2",
    },
    "stop_times": {
        "trip_id": "'T' || (i // 17)",
        "arrival_time": "printf('%02d:%02d:%02d', 5 + i % 18, i % 60, i * 7 % 60)",
        "departure_time": "printf('%02d:%02d:%02d', 5 + i % 18, i % 60, i * 11 % 60)",
        "stop_id": "'stop ' || (i * 97 % (2600 * n))",
        "stop_sequence": "i % 17",
        "pickup_type": "i % 4",
        "drop_off_type": "(i + 1) % 4",
        "shape_dist_traveled": "CASE WHEN i % 5 > 0 THEN printf('%.2f', i % 17 * 0.75) END",
    },
}

# Table to subject template, class, columns that become literals (with datatype), and joins:
# predicate, parent table, child column, parent column.
XSD = {"i": "integer", "d": "decimal", "D": "date"}
MAPS: dict[str, tuple[str, str, dict[str, str], list[tuple[str, str, str, str]]]] = {
    "agency": (
        "agency/{agency_id}",
        "Agency",
        {"agency_name": "", "agency_url": "", "agency_timezone": "", "agency_phone": ""},
        [],
    ),
    "feed_info": ("feed/{feed_version}", "Feed", {"feed_publisher_name": "", "feed_lang": ""}, []),
    "calendar": (
        "service/{service_id}",
        "Service",
        {"monday": "i", "tuesday": "i", "saturday": "i", "sunday": "i"}
        | {"start_date": "D", "end_date": "D"},
        [],
    ),
    "calendar_dates": (
        "service_date/{service_id}/{date}",
        "ServiceDate",
        {"date": "D", "exception_type": "i"},
        [("service", "calendar", "service_id", "service_id")],
    ),
    "routes": (
        "route/{route_id}",
        "Route",
        {"route_short_name": "", "route_long_name": "", "route_type": "i"}
        | {"route_color": "", "route_desc": ""},
        [("operatedBy", "agency", "agency_id", "agency_id")],
    ),
    "stops": (
        "stop/{stop_id}",
        "Stop",
        {"stop_name": "", "stop_desc": "", "stop_lat": "d", "stop_lon": "d", "zone_id": ""}
        | {"location_type": "i"},
        [("parentStation", "stops", "parent_station", "stop_id")],
    ),
    "shapes": (
        "shape_point/{shape_id}/{shape_pt_sequence}",
        "ShapePoint",
        {"shape_pt_lat": "d", "shape_pt_lon": "d", "shape_pt_sequence": "i"}
        | {"shape_dist_traveled": "d"},
        [],
    ),
    "trips": (
        "trip/{trip_id}",
        "Trip",
        {"trip_headsign": "", "direction_id": "i", "wheelchair_accessible": "i"},
        [
            ("route", "routes", "route_id", "route_id"),
            ("service", "calendar", "service_id", "service_id"),
        ],
    ),
    "frequencies": (
        "frequency/{trip_id}/{start_time}",
        "Frequency",
        {"start_time": "", "end_time": "", "headway_secs": "i", "exact_times": "i"},
        [("trip", "trips", "trip_id", "trip_id")],
    ),
    "stop_times": (
        "stop_time/{trip_id}/{stop_sequence}",
        "StopTime",
        {"arrival_time": "", "departure_time": "", "stop_sequence": "i", "pickup_type": "i"}
        | {"drop_off_type": "i", "shape_dist_traveled": "d"},
        [("trip", "trips", "trip_id", "trip_id"), ("stop", "stops", "stop_id", "stop_id")],
    ),
}

HEADER = """\
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <https://transport.example/ns#> .
@base <https://transport.example/map/> .
"""


def mapping(folder: Path) -> str:
    """Return the mapping; `folder` is where its sources are, in the words of the engine."""
    text = HEADER
    for table, (subject, kind, columns, joins) in MAPS.items():
        text += (
            f"\n<#{table}> a rr:TriplesMap ;\n"
            f'  rml:logicalSource [ rml:source "{folder / table}.csv" ;'
            " rml:referenceFormulation ql:CSV ] ;\n"
            f'  rr:subjectMap [ rr:template "https://transport.example/{subject}" ;'
            f" rr:class ex:{kind} ]"
        )
        for column, datatype in columns.items():
            typed = f" ; rr:datatype xsd:{XSD[datatype]}" if datatype else ""
            text += (
                f" ;\n  rr:predicateObjectMap [ rr:predicate ex:{column} ;"
                f' rr:objectMap [ rml:reference "{column}"{typed} ] ]'
            )
        for predicate, parent, child, key in joins:
            text += (
                f" ;\n  rr:predicateObjectMap [ rr:predicate ex:{predicate} ; rr:objectMap ["
                f" rr:parentTriplesMap <#{parent}> ;"
                f' rr:joinCondition [ rr:child "{child}" ; rr:parent "{key}" ] ] ]'
            )
        text += " .\n"
    return text


def generate(folder: Path, scale: int) -> None:
    """Write the ten tables and the mapping."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    for table, columns in TABLES.items():
        rows = FIXED.get(table) or ROWS[table] * scale
        listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        connection.execute(
            f"COPY (SELECT {listed} FROM (SELECT range AS i, {scale} AS n FROM range({rows})))"
            f" TO '{folder / table}.csv' (HEADER, DELIMITER ',')"
        )
    (folder / "gtfs.rml.ttl").write_text(mapping(folder.resolve()), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=int, default=1)
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.scale)
