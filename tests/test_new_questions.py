"""Answers on arguments, readings, codings and travelling claims, worked out from the files."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.graph_copy import ask, labels, local, records, table
from tests.test_claim_questions import NAMES, all_claims, article, content, contents, says
from tests.test_questions import missiles, unknown_size
from tests.test_record_questions import talks

WORDS = labels()
WRITTEN = "2022-11-18"
FIELDS = {
    "mode": "mode",
    "certainty": "certainty",
    "polarity": "polarity",
    "delivery": "delivery",
    "type": "type",
    "topic": "topic",
}


def links() -> list[dict]:
    return records("evidence", "links")


def test_launches_by_month():
    rows = [r for r in table("record/launches.csv") if r["start"][:4] == "2022"]
    expected = {}
    for month in {r["start"][:7] for r in rows}:
        of_month = [r for r in rows if r["start"][:7] == month]
        held = [
            t
            for t in talks()
            if t["track"] == "us-dprk" and month in (str(t["start"])[:7], str(t["end"])[:7])
        ]
        numbers = (
            len(of_month),
            missiles(of_month),
            unknown_size(of_month),
            len({r["start"] for r in of_month}),
            len(held),
        )
        expected[month] = numbers
    columns = "launches missiles unknown_size days_with_launches direct_talks"
    answer = {
        row["month"]: tuple(int(row[c]) for c in columns.split())
        for row in ask("launches-by-month")
    }
    assert answer == expected


def test_presupposed_and_implied():
    expected = {
        key: (WORDS[f"delivery-{claim['delivery']}"], says(claim), claim["polarity"])
        for key, claim in article().items()
        if claim["delivery"] != "stated" and "proposition" in claim
    }
    answer = {
        local(row["claim"]): (row["delivery"], row["paraphrase"], row["polarity"])
        for row in ask("presupposed-and-implied")
    }
    assert answer == expected


def test_own_adopted_or_reported():
    adopted = {
        other
        for claim in article().values()
        if claim["claimant"] == "aims3-interviewer"
        for other in claim.get("adopts", [])
    }
    expected = {}
    for key, claim in article().items():
        if "proposition" in claim and claim["mode"] != "adopts":
            own = claim["claimant"] == "aims3-interviewer"
            expected[key] = "own" if own else "adopted" if key in adopted else "reported"
    answer = {local(row["claim"]): row["standing"] for row in ask("own-adopted-or-reported")}
    assert answer == expected
    assert adopted == {"aims3-S20", "aims3-S21", "aims3-S33", "aims3-S52"}


def test_grounds():
    expected = set()
    for key, claim in all_claims().items():
        expected |= {(key, "is drawn from", other) for other in claim.get("drawn_from", [])}
        for name, relation in (
            ("supports", "is supported by"),
            ("attacks", "is attacked by"),
            ("example_of", "has the example"),
        ):
            expected |= {(other, relation, key) for other in claim.get(name, [])}
        if "document" in claim["at"]:
            disagreed = claim.get("disagrees", [])
            expected |= {(other, "is disagreed with by", key) for other in disagreed}
    for link in links():
        way = f"by the record: {WORDS['direction-' + link['direction']]}"
        expected |= {(link["claim"], way, local(piece)) for piece in link["evidence"]}
    answer = {
        (local(row["claim"]), row["relation"], local(row["ground"]))
        for row in ask("grounds-of-claim")
    }
    assert answer == expected
    (one,) = ask("grounds-of-claim", wanted="claim:aims3-S26")[:1]
    assert (one["relation"], one["polarity"]) == ("by the record: supports", "")


def test_known_then_and_now():
    days: dict[str, str] = {}
    for row in (*table("record/launches.csv"), *table("record/resolutions.csv")):
        days[row["id"]] = row["end"]
    for row in table("record/nuclear_tests.csv"):
        days[row["id"]] = row["date"]
    for event in (*talks(), *records("diplomacy", "steps")):
        days[event["id"]] = str(event["end"])
    for row in table("record/events.csv"):
        days[row["event"]] = row["end"]
    for row in table("record/policies.csv"):
        days[row["policy"]] = row["end"]
    for row in table("record/administrations.csv"):
        days[row["key"]] = row["last_day"]
    for key, claim in all_claims().items():
        days[key] = str(claim.get("date") or claim.get("month") or "")
    expected = {}
    for link in links():
        dated = [days.get(local(piece), "") for piece in link["evidence"]]
        expected[link["claim"]] = (
            WORDS[f"direction-{link['known_then']}"],
            WORDS[f"direction-{link['direction']}"],
            sum(bool(day) and day <= WRITTEN for day in dated),
            sum(day > WRITTEN for day in dated),
            sum(not day for day in dated),
        )
    answer = {
        local(row["claim"]): (
            row["then"],
            row["now"],
            *(int(row[c]) for c in ("dated_then", "dated_later", "undated")),
        )
        for row in ask("known-then-and-now")
    }
    assert answer == expected


def test_forecasts_and_what_came_of_them():
    judged = {link["claim"]: link for link in links()}
    expected = {}
    for key, claim in article().items():
        about = content(claim)
        if "forecast" in about.get("type", []):
            occurred = judged[key]["occurred"]
            expected[key] = (str(about.get("from", "")), WORDS[f"occurred-{occurred}"], WRITTEN)
    answer = {
        local(row["claim"]): (row["from"], row["occurred"], row["written"])
        for row in ask("forecasts")
    }
    assert answer == expected
    assert answer["aims3-S49"][1] == "lapsed"
    conditional = {local(row["claim"]): row["occurred"] for row in ask("conditionals")}
    assert conditional == {key: expected[key][1] for key in conditional}


def test_the_way_of_claims():
    expected = set()
    for key, claim in all_claims().items():
        for name, relation in (
            ("echoes", "echoes"),
            ("disagrees", "disagrees with"),
            ("attacks", "speaks against"),
        ):
            if "date" in claim:
                expected |= {
                    (other, relation, key, str(claim["date"]), NAMES[claim["claimant"]])
                    for other in claim.get(name, [])
                }
    columns = ("claim", "relation", "other", "said_on", "speaker")
    answer = {tuple(local(row[c]) for c in columns) for row in ask("travelling-claims")}
    assert answer == expected
    assert ("aims3-S04", "disagrees with", "statement-S059", WRITTEN, "Joint Chiefs of Staff") in (
        answer
    )


def test_second_readings():
    expected = {
        reading["id"]: (reading["reading_of"], contents_of(reading), reading["polarity"])
        for reading in records("claims", "readings")
    }
    answer = {
        local(row["reading"]): (
            local(row["claim"]),
            row["reading_paraphrase"],
            row["reading_polarity"],
        )
        for row in ask("second-readings")
    }
    assert answer == expected
    assert not set(answer) & {local(row["claim"]) for row in ask("article-in-reading-order")}


def contents_of(reading: dict) -> str:
    own = reading["proposition"]
    return own.get("paraphrase") or contents()[own["id"]]["paraphrase"]


class TestCodings:
    CODERS = ("kg-curators", "kg-second-coder", "kg-third-coder")

    @staticmethod
    def coded(coder: str) -> dict[str, dict[str, str]]:
        rows = [r for r in table("codings/codings.csv") if r["coder"] == coder and r["unit"]]
        assert len({r["unit"] for r in rows}) == len(rows), "one coding of a unit for each coder"
        return {r["unit"]: r for r in rows}

    def test_kappa(self):
        expected = {}
        for first, second in itertools.combinations(self.CODERS, 2):
            one, two = self.coded(first), self.coded(second)
            for field in FIELDS:
                pairs = [
                    (one[unit][field], two[unit][field])
                    for unit in one.keys() & two.keys()
                    if one[unit][field] and two[unit][field]
                ]
                agreed = sum(a == b for a, b in pairs)
                left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
                chance = sum(left[grade] * right[grade] for grade in left) / len(pairs) ** 2
                kappa = (agreed / len(pairs) - chance) / (1 - chance)
                figures = [len(pairs), agreed, pytest.approx(kappa, abs=0.0006)]
                expected[NAMES[first], NAMES[second], field] = figures
        answer = {
            (row["first"], row["second"], row["field"]): [
                float(row[c]) for c in ("compared", "agreed", "kappa")
            ]
            for row in ask("agreement-of-codings")
        }
        assert answer == expected

    def test_every_difference_is_shown_with_what_the_graph_holds(self):
        codings = {coder: self.coded(coder) for coder in self.CODERS}
        claims = article()
        readings = {r["id"]: r for r in records("claims", "readings")}
        topics = {row["topic"]: row["name"] for row in table("claims/topics.csv")}
        expected = set()
        for unit in set().union(*codings.values()):
            having = [coder for coder in self.CODERS if unit in codings[coder]]
            for coder in having if len(having) < len(self.CODERS) else ():
                held = "yes" if unit in claims else "no"
                reading = unit if unit in readings else ""
                key = codings[coder][unit]["id"]
                expected.add((unit, "unit", NAMES[coder], key, held, reading))
            for field in FIELDS:
                put = {c: codings[c][unit][field] for c in having if codings[c][unit][field]}
                for coder, grade in put.items() if len(set(put.values())) > 1 else ():
                    has = [
                        key
                        for key, claim in (claims | readings).items()
                        if unit in (key, claim.get("reading_of")) and grade in grades(claim, field)
                    ]
                    word = topics[grade] if field == "topic" else WORDS[f"{field}-{grade}"]
                    held = "yes" if unit in has else "no"
                    for reading in [key for key in has if key != unit] or [""]:
                        expected.add((unit, field, NAMES[coder], word, held, reading))
        expected |= {
            ("", "unit", NAMES[row["coder"]], row["id"], "no", "")
            for row in table("codings/codings.csv")
            if not row["unit"]
        }
        columns = ("unit", "field", "coder", "put", "held", "second_reading")
        answer = [tuple(local(row[c]) for c in columns) for row in ask("differences-of-codings")]
        assert len(answer) == len(set(answer))
        assert set(answer) == expected

    def test_units_are_claims_or_readings(self):
        known = set(article()) | {r["id"] for r in records("claims", "readings")}
        units = {row["unit"] for row in table("codings/codings.csv") if row["unit"]}
        assert units <= known


def grades(claim: dict, field: str) -> list[str]:
    """Return what a claim or a reading of the graph has for a field of the codings."""
    if field not in ("type", "topic"):
        return [claim[field]]
    own = claim.get("proposition", {})
    found = own if field in own else contents().get(own.get("id"), {})
    return list(found.get(field, ()))


def test_places_in_the_copy():
    folder = os.environ.get("KG_SEEDS")
    if folder is None:
        pytest.skip("KG_SEEDS is not set: the article is not at hand")
    (path,) = Path(folder).glob("*.txt")
    raw = path.read_bytes()
    (document,) = records("claims", "documents")
    assert document["digest"] == hashlib.sha256(raw).hexdigest()
    text = raw.decode("utf-8")
    places = records("claims", "places")
    for place in places:
        sentence = text[place["start"] : place["end"]]
        assert sentence == sentence.strip()
        assert "\n" not in sentence
    ends = [(p["paragraph"], p["sentence"], p["start"], p["end"]) for p in places]
    assert ends == sorted(ends)
    listed = {(p["paragraph"], p["sentence"]) for p in places}
    stated = {(c["at"]["paragraph"], c["at"]["sentence"]) for c in article().values()}
    assert stated <= listed
