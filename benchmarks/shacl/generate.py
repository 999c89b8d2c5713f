"""Makes a graph of readings of weather stations, of any size, with a known share of bad ones.

    python generate.py TRIPLES OUT.nt [--bad 0.001] [--slips 1] [--seed 1]

The same arguments give the same bytes. Every bad reading has a slip, in turn of each kind, or
several.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

NS = "http://example.org/weather/"
RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
XSD = "http://www.w3.org/2001/XMLSchema#"
PER_READING = 9.25  # triples, on average
READINGS_PER_STATION = 40
UNITS = ("degree", "hectopascal", "percent", "millimetre")


def iri(name: str) -> str:
    return f"<{NS}{name}>"


def typed(text: str, datatype: str) -> str:
    return f'"{text}"^^<{XSD}{datatype}>'


def station(number: int) -> Iterator[str]:
    subject = iri(f"station/{number}")
    kind = "AutomaticStation" if number % 3 else "Station"
    yield f"{subject} {RDF_TYPE} {iri(kind)} .\n"
    yield f'{subject} {LABEL} "Station {number}"@en .\n'
    yield f"{subject} {iri('opened')} {typed('1990-01-01T00:00:00', 'dateTime')} .\n"
    yield f"{subject} {iri('elevation')} {typed(str(number % 3000), 'integer')} .\n"


# A slip changes one field of a reading: to another value, to several, or to none.
SLIPS: tuple[Callable[[dict[str, list[str]]], None], ...] = (
    lambda fields: fields.update(id=['"no id"']),
    lambda fields: fields.update(value=[typed("1000.5", "decimal")]),
    lambda fields: fields.update(value=['"warm"']),
    lambda fields: fields.update(unit=['"furlong"']),
    lambda fields: fields.update(takenAt=[]),
    lambda fields: fields.update(receivedAt=[typed("1999-01-01T00:00:00", "dateTime")]),
    lambda fields: fields.update(
        takenAt=[typed("1980-01-01T00:00:00", "dateTime")], replaces=[iri("reading/0")]
    ),
    lambda fields: fields.update(station=[iri("unit/none")]),
    lambda fields: fields.update(quality=[typed("1", "integer"), typed("2", "integer")]),
    lambda fields: fields.update(label=['"lecture"@fr', '"a"@en', '"b"@en']),
    lambda fields: fields.update(replaces=[iri("reading/0"), '"reading 0"']),
)


def reading(
    number: int, stations: int, rng: random.Random, slips: Iterable[int] = ()
) -> Iterator[str]:
    subject = iri(f"reading/{number}")
    day = f"{2000 + number % 20}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    hour = number % 23
    fields = {
        "id": [f'"R{number:08d}"'],
        "label": [f'"Reading {number}"@en'],
        "takenAt": [typed(f"{day}T{hour:02d}:15:00", "dateTime")],
        "receivedAt": [typed(f"{day}T{hour + 1:02d}:00:00", "dateTime")],
        "value": [typed(f"{rng.randint(-400, 400) / 10:.1f}", "decimal")],
        "unit": [f'"{UNITS[number % 4]}"'],
        "station": [iri(f"station/{number % stations}")],
        "quality": [typed(str(number % 5), "integer")],
    }
    if number % 4 == 0:
        fields["replaces"] = [iri(f"reading/{number // 2}")]
    for slip in slips:
        SLIPS[slip % len(SLIPS)](fields)
    yield f"{subject} {RDF_TYPE} {iri('Reading')} .\n"
    for name, values in fields.items():
        predicate = LABEL if name == "label" else iri(name)
        for value in values:
            yield f"{subject} {predicate} {value} .\n"


def triples(count: int, bad: float, seed: int, each: int = 1) -> Iterator[str]:
    """Yield about so many triples; a share of the readings is bad, with so many slips each."""
    rng = random.Random(seed)
    per_station = int(READINGS_PER_STATION * PER_READING) + 4
    stations = max(1, count // per_station)
    readings = max(1, int((count - 4 * stations) / PER_READING))
    subclass = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
    yield f"{iri('AutomaticStation')} {subclass} {iri('Station')} .\n"
    for number in range(stations):
        yield from station(number)
    slips = 0
    step = 1 / bad if bad else float("inf")
    for number in range(readings):
        own: Iterable[int] = ()
        if number + 1 >= (slips + 1) * step:
            own, slips = range(slips * each, (slips + 1) * each), slips + 1
        yield from reading(number, stations, rng, own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("triples", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--bad", type=float, default=0.001, help="share of readings with a slip")
    parser.add_argument("--slips", type=int, default=1, help="slips of each bad reading")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with options.out.open("w", encoding="utf-8") as out:
        out.writelines(triples(options.triples, options.bad, options.seed, options.slips))


if __name__ == "__main__":
    main()
