"""Writes made-up launches, sites and claims as N-Triples: always the same for one size.

python benchmarks/query/generate.py 1000000 million.nt
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

EX = "http://example.org/"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
XSD = "http://www.w3.org/2001/XMLSchema#"
CLASSES = ("SRBM", "MRBM", "IRBM", "ICBM", "SLBM", "cruise", "SLV")
WORDS = ["launch", "was", "reported", "seen", "denied", "near", "coast", "north", "south", "test"]
# Triples of a launch with its claim.
PER_LAUNCH = 12


def triples(count: int) -> Iterator[str]:
    """Yield about `count` lines of N-Triples."""
    rnd = random.Random(2022)
    launches = count // PER_LAUNCH
    sites = max(10, launches // 200)
    for i in range(sites):
        site = f"<{EX}site/{i}>"
        yield f"{site} {TYPE} <{EX}Site> .\n"
        yield f'{site} {LABEL} "Site {i}"@en .\n'
        yield f"{site} <{EX}in> <{EX}region/{i % 17}> .\n"
    for i in range(launches):
        launch = f"<{EX}launch/{i}>"
        day = f"{1984 + i % 40}-{rnd.randint(1, 12):02}-{rnd.randint(1, 28):02}"
        yield f"{launch} {TYPE} <{EX}Launch> .\n"
        yield f'{launch} {LABEL} "Launch {i}"@en .\n'
        yield f'{launch} <{EX}day> "{day}"^^<{XSD}date> .\n'
        yield f"{launch} <{EX}class> <{EX}class/{rnd.choice(CLASSES)}> .\n"
        yield f"{launch} <{EX}site> <{EX}site/{int(sites * rnd.random() ** 3)}> .\n"
        yield f'{launch} <{EX}range> "{rnd.randint(100, 12000)}"^^<{XSD}integer> .\n'
        claim = f"<{EX}claim/{i}>"
        yield f"{claim} {TYPE} <{EX}Claim> .\n"
        yield f"{claim} <{EX}about> {launch} .\n"
        yield f"{claim} <{EX}claimant> <{EX}agent/{rnd.randint(0, 999)}> .\n"
        yield f'{claim} <{EX}text> "{" ".join(rnd.choices(WORDS, k=12))}" .\n'
        yield f"{claim} <{EX}embeds> <{EX}claim/{i // 2}> .\n"
        yield f'{claim} <{EX}weight> "{rnd.random():.3f}"^^<{XSD}decimal> .\n'


if __name__ == "__main__":
    with Path(sys.argv[2]).open("w", encoding="ascii") as out:
        out.writelines(triples(int(sys.argv[1])))
