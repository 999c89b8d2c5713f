"""Makes a graph like that of a year's flights, with the slips that such tables have.

    python flights.py TRIPLES [--seed 1] > OUT.nt      the shapes are flights.ttl

Of 100 flights, 15 are of a plane that the table of planes lacks, and 2 never left: they have no
delay. At 4 million triples, that is about 57 thousand results. The same arguments give the same
bytes.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator

NS = "http://example.org/flights/"
RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
XSD = "http://www.w3.org/2001/XMLSchema#"
CARRIERS, AIRPORTS, PLANES = 16, 1_458, 4_043
UNKNOWN_PLANE, NEVER_LEFT = 0.15, 0.02
PER_FLIGHT = 12 - 2 * NEVER_LEFT  # triples, on average


def iri(name: str) -> str:
    return f"<{NS}{name}>"


def typed(text: str | int, datatype: str) -> str:
    return f'"{text}"^^<{XSD}{datatype}>'


def node(name: str, kind: str, *fields: tuple[str, str]) -> Iterator[str]:
    subject = iri(name)
    yield f"{subject} {RDF_TYPE} {iri(kind)} .\n"
    for predicate, value in fields:
        yield f"{subject} {LABEL if predicate == 'label' else iri(predicate)} {value} .\n"


def tables(rng: random.Random) -> Iterator[str]:
    for number in range(CARRIERS):
        yield from node(f"carrier/{number}", "Carrier", ("label", f'"Carrier {number}"'))
    for number in range(AIRPORTS):
        yield from node(
            f"airport/{number}",
            "Airport",
            ("label", f'"Airport {number}"'),
            ("altitude", typed(rng.randint(-50, 9000), "integer")),
            ("zone", f'"{rng.choice(("America/New_York", "America/Chicago"))}"'),
        )
    for number in range(PLANES):
        yield from node(
            f"plane/N{number}",
            "Plane",
            ("built", typed(rng.randint(1956, 2013), "gYear")),
            ("seats", typed(rng.randint(2, 450), "integer")),
        )


def flight(number: int, rng: random.Random) -> Iterator[str]:
    known = rng.random() >= UNKNOWN_PLANE
    plane = rng.randrange(PLANES) if known else PLANES + rng.randrange(700)
    month, day, hour = 1 + number % 12, 1 + number % 28, 5 + number % 18
    moment = f"2013-{month:02d}-{day:02d}T{hour:02d}:{rng.randrange(60):02d}:00"
    fields = [
        ("number", typed(rng.randint(1, 8500), "integer")),
        ("carrier", iri(f"carrier/{rng.randrange(CARRIERS)}")),
        ("plane", iri(f"plane/N{plane}")),
        ("origin", iri(f"airport/{rng.randrange(3)}")),
        ("destination", iri(f"airport/{rng.randrange(AIRPORTS)}")),
        ("scheduled", typed(moment, "dateTime")),
        ("distance", typed(rng.randint(17, 4983), "integer")),
        ("airTime", typed(rng.randint(20, 695), "integer")),
        ("status", '"scheduled"'),
    ]
    if rng.random() >= NEVER_LEFT:
        fields.append(("departureDelay", typed(rng.randint(-43, 1301), "integer")))
        fields.append(("arrivalDelay", typed(rng.randint(-86, 1272), "integer")))
    yield from node(f"flight/{number}", "Flight", *fields)


def triples(wanted: int, seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    small = 2 * CARRIERS + 4 * AIRPORTS + 3 * PLANES
    yield from tables(rng)
    for number in range(max(1, int((wanted - small) / PER_FLIGHT))):
        yield from flight(number, rng)


def main() -> None:
    """Write the graph to standard output."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("triples", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.stdout.writelines(triples(options.triples, options.seed))


if __name__ == "__main__":
    main()
