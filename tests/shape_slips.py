"""One slip for each shape: what a curator might enter by mistake, and what the shape then says.

A slip changes one value of one record; None takes the key or value away. The columns are: shape,
file below ``data/``, key of the record (in a CSV file the first column, in YAML ``list/id``),
column or dotted key, bad value, focus node (after the base IRI), part of the message.
"""

from __future__ import annotations

import csv
import functools
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from tests.graph_copy import copy_workspace, made_once, run_kg


class Slip(NamedTuple):
    shape: str
    file: str
    record: str
    column: str
    value: Any
    focus: str
    message: str


AIMS3 = "claims/aims3.yaml"
EVIDENCE = "evidence/aims3.yaml"
LAUNCHES = "record/launches.csv"
TALKS = "diplomacy/talks.yaml"
STEPS = "diplomacy/steps.yaml"

SLIPS = (
    Slip(
        "ClaimShape",
        AIMS3,
        "claims/aims3-S33",
        "certainty",
        "sure",
        "claim/aims3-S33",
        "The certainty is missing or not one of",
    ),
    Slip(
        "ContentShape",
        AIMS3,
        "claims/aims3-S29",
        "proposition",
        None,
        "claim/aims3-S29",
        "this one has neither",
    ),
    Slip(
        "AscribedMindShape",
        AIMS3,
        "claims/aims3-S22",
        "mode",
        "believes",
        "claim/aims3-S22",
        "put a belief or hope within a claim by whoever ascribes it",
    ),
    Slip(
        "HopeShape",
        AIMS3,
        "claims/aims3-S15",
        "certainty",
        "certain",
        "claim/aims3-S15",
        "give a hope the certainty 'uncommitted'",
    ),
    Slip(
        "ChainShape",
        AIMS3,
        "claims/aims3-S35",
        "adopts",
        ["aims3-S99"],
        "claim/aims3-S35",
        "'adopts' must name a claim that exists",
    ),
    Slip(
        "LocatorShape",
        AIMS3,
        "claims/aims3-S03",
        "at.sentence",
        9,
        "locator/aims3.1.9",
        "There is no such place",
    ),
    Slip(
        "DocumentShape",
        AIMS3,
        "documents/aims3",
        "not_before",
        None,
        "document/aims3",
        "the day before which it cannot have been written",
    ),
    Slip(
        "PropositionShape",
        AIMS3,
        "claims/aims3-S04",
        "proposition.paraphrase",
        'They call it "intermediate".',
        "proposition/aims3-P04",
        "take the quotation marks and the quotation out",
    ),
    Slip(
        "ClaimedShape",
        AIMS3,
        "claims/aims3-S28",
        "proposition.topic",
        ["gossip"],
        "proposition/aims3-P28",
        "Give the topic of the proposition",
    ),
    Slip(
        "RelationShape",
        AIMS3,
        "claims/aims3-S12",
        "proposition.consequent",
        None,
        "proposition/aims3-P12",
        "Give the consequent",
    ),
    Slip(
        "TypeShape",
        AIMS3,
        "claims/aims3-S51",
        "proposition.type",
        ["conditional", "forecast", "observation"],
        "proposition/aims3-P51",
        "cannot have been observed",
    ),
    Slip(
        "SpeakerShape",
        AIMS3,
        "speakers/aims3-expert-2",
        "kind",
        "two",
        "agent/aims3-expert-2",
        "The kind of a speaker is",
    ),
    Slip(
        "EvidenceShape",
        EVIDENCE,
        "links/aims3-S04-record",
        "direction",
        "refutes",
        "evidence/aims3-S04-record",
        "The direction is supports, contradicts or open",
    ),
    Slip(
        "ClassShape",
        "record/events.csv",
        "C04",
        "class",
        "Electoin",
        "event/us-midterms-2022",
        "There is no such class",
    ),
    Slip(
        "EventClassShape",
        "record/events.csv",
        "C02",
        "class",
        "WeaponSystem",
        "event/kabul-2021",
        "What has an actor is an event",
    ),
    Slip(
        "KindShape",
        AIMS3,
        "claims/aims3-S40",
        "proposition.kinds",
        ["Electoin"],
        "proposition/aims3-P40",
        "There is no such class of events",
    ),
    Slip(
        "TestQueryShape",
        EVIDENCE,
        "links/aims3-S02-record",
        "query",
        "launches-betwen",
        "evidence/aims3-S02-record",
        "'query' must name a question that exists",
    ),
    Slip("EventShape", LAUNCHES, "L0271", "end", "2022-12-17", "launch/L0271", "not after 'end'"),
    Slip(
        "ClosedShape",
        TALKS,
        "talks/N098",
        "end",
        None,
        "talks/N098",
        "Give the last day as 'end'",
    ),
    Slip(
        "TalksShape",
        TALKS,
        "talks/N099",
        "parties",
        ["united-states"],
        "talks/N099",
        "Name at least two parties",
    ),
    Slip(
        "StepShape",
        STEPS,
        "steps/N116",
        "kind",
        "talks",
        "step/N116",
        "Talks belong into talks.yaml",
    ),
    Slip(
        "ResolutionShape",
        "record/resolutions.csv",
        "R08",
        "outcome",
        "passed",
        "resolution/R08",
        "The outcome of a vote is adopted or vetoed",
    ),
    Slip(
        "CoverageShape",
        "diplomacy/tracks.csv",
        "us-dprk",
        "covered_to",
        None,
        "track/us-dprk",
        "Give the last day that was searched",
    ),
    Slip(
        "LaunchShape",
        LAUNCHES,
        "L0273",
        "class",
        "short range",
        "launch/L0273",
        "The class is SRBM, MRBM, IRBM, ICBM",
    ),
    Slip(
        "LaunchSizeShape",
        LAUNCHES,
        "L0007",
        "count",
        "1",
        "launch/L0007",
        "grain and count must agree",
    ),
    Slip("FlightShape", LAUNCHES, "L0270", "apogee_km", "6100000", "launch/L0270", "at most 10000"),
    Slip(
        "NuclearTestShape",
        "record/nuclear_tests.csv",
        "T3",
        "place",
        None,
        "nuclear-test/T3",
        "Name the test site by a key of places.csv",
    ),
    Slip(
        "SubjectShape",
        AIMS3,
        "claims/aims3-S61",
        "proposition.about",
        ["agent/nobody"],
        "proposition/aims3-P61",
        "There is no such thing",
    ),
    Slip(
        "SubjectNameShape",
        "diplomacy/tracks.csv",
        "trilateral",
        "name",
        None,
        "track/trilateral",
        "Give one name",
    ),
    Slip(
        "CodingShape",
        "codings/codings.csv",
        "first-S02",
        "certainty",
        "sure",
        "coding/first-S02",
        "The certainty of the coding is not in its list",
    ),
    Slip(
        "AdministrationShape",
        "record/administrations.csv",
        "A05",
        "kind",
        "usual",
        "administration/us-trump-1",
        "The kind of a term is regular or acting",
    ),
    Slip(
        "IdentifierShape",
        "agents/states.csv",
        "japan",
        "wikidata",
        "wiki/Q17",
        "agent/japan",
        "one Q and a number",
    ),
    Slip(
        "NameShape", "record/places.csv", "sunan", "lat", "392.0", "place/sunan", "from -90 to 90"
    ),
    Slip(
        "SourceShape",
        "sources/sources.csv",
        "archigos",
        "publisher",
        None,
        "source/archigos",
        "Give the publisher of the source",
    ),
    Slip(
        "RowShape",
        LAUNCHES,
        "L0275",
        "source",
        "cns",
        "row/launches/L0275",
        "a source that is not in sources.csv",
    ),
)

# A node without a row is a slip in a mapping, not in a fact: the mapping, and the line to take out.
MAPPING_SLIP = Slip(
    "ProvenanceShape",
    "sources/sources.yarrrml.yml",
    "source",
    "- [ace:fromRow, id:row/sources/$(source)~iri]",
    None,
    "source/yao2018_srl",
    "No row stands behind this node",
)


@functools.cache
def slipped_workspace() -> Path:
    """Return a built copy of the workspace with all slips, made once for all tests of a run."""
    return made_once("slipped", _make)


def _make(workspace: Path) -> None:
    copy_workspace(workspace)
    for file in {slip.file for slip in (*SLIPS, MAPPING_SLIP)}:
        path = workspace / "data" / file
        slips = [slip for slip in SLIPS if slip.file == file]
        if file == MAPPING_SLIP.file:
            text = path.read_text(encoding="utf-8")
            assert text.count(MAPPING_SLIP.column) == 1
            path.write_text(text.replace(MAPPING_SLIP.column, ""), encoding="utf-8")
        elif path.suffix == ".csv":
            _set_in_csv(path, slips)
        else:
            _set_in_yaml(path, slips)
    result = run_kg(workspace, "build", "--no-validate")
    assert result.returncode == 0, result.stderr


def _set_in_csv(path: Path, slips: list[Slip]) -> None:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    key = next(iter(rows[0]))
    for slip in slips:
        (row,) = [row for row in rows if row[key] == slip.record]
        row[slip.column] = slip.value or ""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _set_in_yaml(path: Path, slips: list[Slip]) -> None:
    yaml = YAML(typ="rt")
    loaded = yaml.load(path)
    for slip in slips:
        name, key = slip.record.split("/", 1)
        (record,) = [record for record in loaded[name] if record["id"] == key]
        *outer, last = slip.column.split(".")
        target: Any = record
        for step in outer:
            target = target[step]
        if slip.value is None:
            del target[last]
        else:
            target[last] = slip.value
    yaml.dump(loaded, path)
