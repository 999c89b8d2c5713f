"""Makes a graph of a year's flights, wide as a table is, in which about every sixth row is wrong.

    python flights.py FLIGHTS OUT.nt [--bad 0.16] [--seed 1]

A flight has twelve triples; 336,000 of them make four million. As in real tables, most of what is
wrong is a key that leads nowhere, and a cell that says NA. ``flights.ttl`` asks for it in shapes
within shapes. The same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

NS = "http://example.org/flights/"
RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
XSD = "http://www.w3.org/2001/XMLSchema#"
PLANES, AIRPORTS, AIRLINES = 3_300, 1_400, 16
ZONES = ("New_York", "Chicago", "Denver", "Los_Angeles")


def iri(name: str) -> str:
    return f"<{NS}{name}>"


def typed(text: object, datatype: str) -> str:
    return f'"{text}"^^<{XSD}{datatype}>'


def about(subject: str, kind: str, **fields: str) -> Iterator[str]:
    yield f"{iri(subject)} {RDF_TYPE} {iri(kind)} .\n"
    for name, value in fields.items():
        yield f"{iri(subject)} {iri(name)} {value} .\n"


def tables() -> Iterator[str]:
    """Yield the triples of what flights refer to; a few of these are incomplete."""
    for number in range(AIRLINES):
        yield from about(f"airline/{number}", "Airline", name=f'"Airline {number}"')
    for number in range(AIRPORTS):
        zone = f'"America/{ZONES[number % 4]}"' if number % 700 else '"unknown"'
        yield from about(f"airport/{number}", "Airport", name=f'"Airport {number}"', zone=zone)
    for number in range(PLANES):
        seats = typed(number % 300 + 2, "integer") if number % 1_100 else '"NA"'
        yield from about(f"plane/{number}", "Plane", seats=seats, maker=f'"Maker {number % 35}"')


def flight(number: int, rng: random.Random, slip: int | None) -> Iterator[str]:
    day = f"2013-{1 + number % 12:02d}-{1 + number % 28:02d}"
    hour = number % 22
    delay = rng.randint(-20, 90)
    fields = {
        "number": typed(number % 8_500, "integer"),
        "carrier": iri(f"airline/{number % AIRLINES}"),
        "plane": iri(f"plane/{1 + rng.randrange(PLANES - 1)}"),
        "origin": iri(f"airport/{1 + number % 3}"),
        "dest": iri(f"airport/{1 + rng.randrange(AIRPORTS - 1)}"),
        "scheduled": typed(f"{day}T{hour:02d}:15:00", "dateTime"),
        "departed": typed(f"{day}T{hour + 1:02d}:00:00", "dateTime"),
        "departureDelay": typed(delay, "integer"),
        "arrivalDelay": typed(delay - 5, "integer"),
        "airTime": typed(rng.randint(20, 690), "integer"),
        "distance": typed(rng.randint(80, 4_983), "integer"),
    }
    if slip is not None:
        kind = slip % 20
        if kind < 14:
            fields["plane"] = iri(f"plane/none{rng.randrange(700)}")
        elif kind < 16:
            fields["dest"] = iri(f"airport/none{kind}")
        elif kind == 16:
            del fields["departed"]
        elif kind == 17:
            fields["departureDelay"] = '"NA?"'
        elif kind == 18:
            fields["diverted"] = typed("true", "boolean")
        else:
            fields["distance"] = typed(0, "integer")
    yield from about(f"flight/{number}", "Flight", **fields)


def triples(flights: int, bad: float, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    yield from tables()
    slips = 0
    for number in range(flights):
        slip = None
        if rng.random() < bad:
            slip, slips = slips, slips + 1
        yield from flight(number, rng, slip)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("flights", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bad", type=float, default=0.16, help="share of flights with a slip")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with options.out.open("w", encoding="utf-8") as out:
        out.writelines(triples(options.flights, options.bad, options.seed))


if __name__ == "__main__":
    main()
