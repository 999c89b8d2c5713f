"""Answers on claims against the same answers worked out from the YAML files without kg."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.graph_copy import ask, labels, local, records, table

WORDS = labels()


def all_claims() -> dict[str, dict]:
    return {claim["id"]: claim for claim in records("claims", "claims")}


def article() -> dict[str, dict]:
    return {k: c for k, c in all_claims().items() if c["at"].get("document") == "aims3"}


def contents() -> dict[str, dict]:
    """Return claimed propositions and situations by id."""
    found = [c["proposition"] for c in all_claims().values() if "proposition" in c]
    found += records("claims", "situations")
    return {p["id"]: p for p in found if "paraphrase" in p}


def content(claim: dict) -> dict:
    return contents()[claim["proposition"]["id"]] if "proposition" in claim else {}


def says(claim: dict) -> str:
    return content(claim).get("paraphrase", "")


def names() -> dict[str, str]:
    named = {speaker["id"]: speaker["label"] for speaker in records("claims", "speakers")}
    for path, key in (("states", "state"), ("people", "person"), ("organizations", "organization")):
        named |= {row[key]: row["name"] for row in table(f"agents/{path}.csv")}
    return named


NAMES = names()


def outwards(claim: dict) -> Iterable[dict]:
    """Give the claims around a claim, from the nearest to the root."""
    while "within" in claim:
        claim = all_claims()[claim["within"]]
        yield claim


def keys(rows: list[dict[str, str]], column: str = "claim") -> list[str]:
    return [local(row[column]) for row in rows]


def test_numbers_of_the_article():
    assert len(article()) == 74
    assert sum("proposition" not in claim for claim in article().values()) == 4


class TestClaimsOfSpeaker:
    @pytest.mark.parametrize("speaker", ["aims3-expert-2", "aims3-interviewer", "north-korea"])
    def test_own_and_passed_on(self, speaker):
        expected = set()
        for claim in article().values():
            if claim["claimant"] == speaker:
                own = "ascribed" if claim["mode"] in ("believes", "hopes") else "own"
                expected.add((claim["id"], own if "proposition" in claim else "passes on"))
            if any(outer["claimant"] == speaker for outer in outwards(claim)):
                expected.add((claim["id"], "passed on"))
        if speaker == "north-korea":
            tests = table("record/nuclear_tests.csv")
            expected |= {(f"{r['id']}-claimed", "own") for r in tests if r["dprk_claim"]}
        answer = ask("claims-of-speaker", speaker=f"agent:{speaker}")
        assert {(local(row["claim"]), row["standing"]) for row in answer} == expected

    def test_hearsay_is_not_the_view_of_the_second_expert(self):
        answer = ask("claims-of-speaker", speaker="agent:aims3-expert-2")
        standing = {local(row["claim"]): row["standing"] for row in answer}
        assert standing == {
            "aims3-S30": "passes on",
            "aims3-S31": "passed on",
            "aims3-S32": "passed on",
            "aims3-S33": "own",
            "aims3-S34": "own",
            "aims3-S64": "own",
        }


def test_hedged_claims():
    expected = {
        claim["id"]: WORDS[f"certainty-{claim['certainty']}"]
        for claim in article().values()
        if claim["certainty"] in ("possible", "probable")
    }
    answer = {local(row["claim"]): row["certainty"] for row in ask("hedged-claims")}
    assert answer == expected
    assert answer["aims3-S51"] == "probable"
    assert {"aims3-S33", "aims3-S34", "aims3-S49", "aims3-S50", "aims3-S52"} <= set(answer)
    assert not {"aims3-S27", "aims3-S28", "aims3-S30", "aims3-S31", "aims3-S32"} & set(answer)


class TestBeliefsAndHopes:
    def test_on_whose_word(self):
        expected = {
            claim["id"]: (
                WORDS[f"mode-{claim['mode']}"],
                says(claim),
                NAMES[next(iter(outwards(claim)))["claimant"]],
                [outer["id"] for outer in outwards(claim)][-1],
            )
            for claim in article().values()
            if claim["claimant"] == "north-korea" and claim["mode"] in ("believes", "hopes")
        }
        answer = {
            local(row["claim"]): (
                row["mode"],
                row["paraphrase"],
                row["on_the_word_of"],
                local(row["root_claim"]),
            )
            for row in ask("beliefs-and-hopes")
        }
        assert answer == expected
        assert sorted(answer) == [f"aims3-S{number}" for number in (12, 13, 15, 16, 17)]

    def test_no_root_is_a_claim_of_the_state(self):
        assert {row["root_claimant"] for row in ask("beliefs-and-hopes")} == {NAMES["aims3-expert"]}


def test_hearsay_and_unnamed_speakers():
    kinds = {speaker["id"]: speaker["kind"] for speaker in records("claims", "speakers")}
    heard = {
        claim["id"]
        for claim in article().values()
        if claim["mode"] == "hears" or any(o["mode"] == "hears" for o in outwards(claim))
    }
    inner = {key for key in heard if article()[key]["mode"] != "hears"}
    expected = {(key, "hearsay") for key in heard}
    for key, claim in article().items():
        if kinds.get(claim["claimant"]) in ("some", "unspecified") and key not in inner:
            expected.add((key, "not described"))
        if {f"claim/{key}" for key in inner} & set(content(claim).get("about", [])):
            expected.add((key, "about hearsay"))
    answer = [(local(row["claim"]), row["ground"]) for row in ask("hearsay-and-unnamed")]
    assert sorted(answer) == sorted(expected)
    assert {key for key, ground in answer if ground == "hearsay"} == {
        f"aims3-S{number}" for number in (27, 28, 30, 31, 32, 68)
    }
    assert {"aims3-S33", "aims3-S34", "aims3-S35"} == {
        key for key, ground in answer if ground == "about hearsay"
    }


def test_denials():
    expected = {c["id"]: says(c) for c in article().values() if c["polarity"] == "negative"}
    answer = {local(row["claim"]): row["denied"] for row in ask("denials")}
    assert answer == expected
    assert {"aims3-S29", "aims3-S36", "aims3-S37", "aims3-S38"} <= set(answer)
    assert not {"aims3-S33", "aims3-S35"} & set(answer)


def test_motives():
    expected = set()
    for claim in article().values():
        about = content(claim)
        for kind in about.get("type", []):
            if "aims" in about["topic"] and kind in ("aim", "motive", "causal", "conditional"):
                ends = [
                    contents()[about[e]]["paraphrase"]
                    for e in ("antecedent", "consequent")
                    if e in about
                ]
                deed, wanted = ends or ["", about["paraphrase"]]
                within = claim.get("within", "")
                expected.add(
                    (
                        claim["id"],
                        NAMES[claim["claimant"]],
                        within,
                        WORDS[f"type-{kind}"],
                        deed,
                        wanted,
                    )
                )
    answer = [
        (
            local(row["claim"]),
            row["claimant"],
            local(row["within"]),
            row["kind"],
            row["done_or_given"],
            row["wanted_or_expected"],
        )
        for row in ask("motives", topic="topic:aims")
    ]
    assert sorted(answer) == sorted(expected)
    assert {row[0] for row in answer} >= {
        f"aims3-S{number:02}" for number in (9, 10, 12, 13, 15, 16, 17, 20, 21)
    }


def test_disagreements():
    claims = article()
    argued = {k for k, c in claims.items() if "disagrees" in c}
    argued |= {other for c in claims.values() for other in c.get("disagrees", [])}
    expected = set()
    for key, claim in claims.items():
        if "talks" not in content(claim).get("topic", []):
            continue
        expected |= {(key, "disagrees with", other) for other in claim.get("disagrees", [])}
        expected |= {(key, "takes over", o) for o in claim.get("adopts", []) if o in argued}
        if key in argued:
            expected |= {(key, "is drawn from", o) for o in claim.get("drawn_from", [])}
    answer = [
        (local(row["claim"]), row["relation"], local(row["other_claim"]))
        for row in ask("disagreements", topic="topic:talks")
    ]
    assert sorted(answer) == sorted(expected)
    pairs = [frozenset((a, b)) for a, relation, b in answer if relation == "disagrees with"]
    assert len(pairs) == len(set(pairs)), "each pair once"
    for pair in ("S33 S28", "S33 S31", "S57 S31"):
        assert frozenset(f"aims3-{key}" for key in pair.split()) in pairs
    assert ("aims3-S35", "takes over", "aims3-S33") in answer
    assert ("aims3-S57", "is drawn from", "aims3-S26") in answer


class TestForecastsAndConditionals:
    AFTER = "2022-11-18"

    def test_the_document_has_no_date_only_a_day_before_which_it_was_not_written(self):
        (document,) = records("claims", "documents")
        assert "issued" not in document
        assert str(document["not_before"]) == self.AFTER

    def test_forecasts(self):
        later = [row for row in table("record/launches.csv") if row["start"] > self.AFTER]
        talks = [t for t in records("diplomacy", "talks") if str(t["end"]) > self.AFTER]
        links = {link["claim"]: link for link in records("evidence", "links")}
        covered = {row["track"]: row["covered_to"] for row in table("diplomacy/tracks.csv")}
        expected = {
            key: {
                "certainty": WORDS[f"certainty-{claim['certainty']}"],
                "paraphrase": says(claim),
                "within": claim.get("within", ""),
                "after": self.AFTER,
                "launches_after": str(len(later)),
                "missiles_after": str(sum(int(row["count"] or 0) for row in later)),
                "nuclear_tests_after": str(
                    sum(row["date"] > self.AFTER for row in table("record/nuclear_tests.csv"))
                ),
                "us_talks_after": str(sum(t["track"] == "us-dprk" for t in talks)),
                "other_talks_after": str(sum(t["track"] != "us-dprk" for t in talks)),
                "us_talks_covered_to": covered["us-dprk"],
                "direction": WORDS[f"direction-{links[key]['direction']}"] if key in links else "",
            }
            for key, claim in article().items()
            if "forecast" in content(claim).get("type", [])
        }
        answer = {local(row["claim"]): row for row in ask("forecasts-and-launches")}
        assert set(answer) == set(expected) >= {"aims3-S16", "aims3-S49", "aims3-S51", "aims3-S52"}
        for key, row in answer.items():
            row["within"] = local(row["within"])
            assert {column: row[column] for column in expected[key]} == expected[key]
        assert answer["aims3-S52"]["direction"] == "leaves open"
        assert answer["aims3-S52"]["nuclear_tests_after"] == "0"

    def test_conditionals(self):
        covered = {row["track"]: row["covered_to"] for row in table("diplomacy/tracks.csv")}
        expected = {}
        for key, claim in article().items():
            about = content(claim)
            if "conditional" not in about.get("type", []):
                continue
            given = contents()[about["antecedent"]]
            until = min(covered[track] for track in given["tracks"])
            talks = [
                t
                for t in records("diplomacy", "talks")
                if t["track"] in given["tracks"] and str(t["start"]) <= until
            ]
            under_way = any(until <= str(t["end"]) for t in talks)
            expected[key] = (
                given["paraphrase"],
                contents()[about["consequent"]]["paraphrase"],
                str(sum(str(t["end"]) > self.AFTER for t in talks)),
                max(str(t["end"]) for t in talks),
                str(under_way).lower(),
                str(under_way != ("absence" in given)).lower(),
                until,
            )
        columns = "condition outcome talks_since last_talks talks_on_last_day"
        columns += " condition_on_last_day covered_to"
        answer = {
            local(row["claim"]): tuple(row[column] for column in columns.split())
            for row in ask("conditions-on-talks")
        }
        assert answer == expected
        assert sorted(answer) == ["aims3-S16", "aims3-S51", "aims3-S52", "aims3-S74"]
        assert answer["aims3-S51"][5] == "true", "no American talks on the last day covered"


def test_who_is_who():
    answer = {local(row["agent"]): row for row in ask("who-is-who")}
    mentioned = {claim["claimant"] for claim in article().values()}
    for claim in article().values():
        about = content(claim)
        for part in (
            about,
            *(contents()[about[e]] for e in ("antecedent", "consequent") if e in about),
        ):
            mentioned |= {
                local(key)
                for key in part.get("about", [])
                if key.startswith(("agent/", "administration/"))
            }
    assert set(answer) == mentioned
    wikidata = {
        row[key]: row["wikidata"]
        for path, key in (
            ("states", "state"),
            ("people", "person"),
            ("organizations", "organization"),
        )
        for row in table(f"agents/{path}.csv")
    }
    for key, row in answer.items():
        assert local(row["identifier"]) == wikidata.get(key, "")
        if row["kind"] == "unnamed speaker":
            assert row["identifier"] == ""
    assert answer["sung-kim"]["other_names"] == "Song Kim"
    assert answer["sung-kim"]["state"] == "United States"
    assert answer["north-korea"]["identifier"].endswith("/Q423")
    assert {"us-obama", "us-biden", "us-house", "us-democratic", "us-republican"} <= set(answer)
    for state in ("south-korea", "japan", "united-states", "russia", "ukraine", "afghanistan"):
        assert answer[state]["kind"] == "state"


def test_record_or_judgement():
    expected = {}
    for key, claim in article().items():
        about = content(claim)
        if "us-politics" in about.get("topic", []):
            expected[key] = "record" if "observation" in about["type"] else "judgement"
    answer = {
        local(row["claim"]): row for row in ask("record-or-judgement", topic="topic:us-politics")
    }
    assert {key: row["standing"] for key, row in answer.items()} == expected
    record = {key for key, row in answer.items() if row["standing"] == "record"}
    assert record == {"aims3-S23", "aims3-S40", "aims3-S41", "aims3-S43", "aims3-S64"}
    assert {f"aims3-S{n}" for n in (42, 44, 45, 46, 47, 48)} <= set(answer) - record
    for key, event in (
        ("aims3-S40", "us-midterms-2022"),
        ("aims3-S46", "afghanistan-withdrawal-2021"),
        ("aims3-S47", "ukraine-invasion-2022"),
    ):
        (name,) = [r["name"] for r in table("record/events.csv") if r["event"] == event]
        assert answer[key]["events"] == name


def test_statements_on_talks():
    for track in ("us-dprk", "inter-korean", "japan-dprk"):
        expected = {
            key: (
                str(claim.get("date") or claim.get("month")),
                NAMES[claim["claimant"]],
                WORDS[f"absence-{claim['proposition']['absence']}"],
                str(claim["proposition"].get("from", "")),
                str(claim["proposition"]["to"]),
                claim["at"]["source"],
            )
            for key, claim in all_claims().items()
            if "absence" in content(claim)
            and "source" in claim["at"]
            and claim["proposition"]["track"] == track
        }
        answer = {
            local(row["claim"]): (
                row["said_on"],
                row["speaker"],
                row["what_is_missing"],
                row["from"],
                row["to"],
                local(row["source"]),
            )
            for row in ask("statements-on-talks", track=f"track:{track}")
        }
        assert answer == expected
        assert expected


@pytest.mark.parametrize("field", ["", "class", "date"])
def test_rival_values(field):
    titles = {row["source"]: row["title"] for row in table("sources/sources.csv")}
    expected = {
        f"{record['id']}-a": (
            titles[record["a"]["source"]],
            str(record["a"]["value"]),
            titles[record["b"]["source"]],
            str(record["b"]["value"]),
            str(record.get("recorded", "")),
            sorted(local(key) for key in record["about"]),
        )
        for record in records("conflicts", "conflicts")
        if field in ("", record["field"])
    }
    answer = {
        local(row["claim"]): (
            row["database"],
            row["value"],
            row["other_database"],
            row["other_value"],
            row["recorded"],
            sorted(row["about"].split(", ")),
        )
        for row in ask("rival-values", wanted=field)
    }
    assert answer == expected
    assert expected


def test_what_a_state_claims_of_its_own_tests():
    expected = {
        (f"{row['id']}-claimed", row["id"], row["date"], f"{float(row['yield_kt']):g}")
        for row in table("record/nuclear_tests.csv")
        if row["dprk_claim"]
    }
    answer = {
        (local(row["claim"]), local(row["event"]), row["day"], row["recorded"].split()[-2])
        for row in ask("claims-about-own-deeds")
        if "nuclear-test" in row["event"]
    }
    assert answer == expected
    assert {row[2] for row in expected} == {"2016-01-06", "2017-09-03"}
