"""Answers of the shipped questions against the same answers worked out without kg."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import pytest

from tests.graph_copy import ask, labels, local, records, table

LAUNCHES_COVERED_TO = next(r for r in table("sources/tables.csv") if r["table"] == "launches")[
    "covered_to"
]
CLASSES = ("SRBM", "MRBM", "IRBM", "ICBM", "SLBM", "cruise", "SLV", "unknown")


def missiles(rows: list[dict[str, str]]) -> int:
    return sum(int(row["count"] or 0) for row in rows)


def unknown_size(rows: list[dict[str, str]]) -> int:
    return sum(not row["count"] for row in rows)


def claims_of(key: str) -> list[dict]:
    return [claim for claim in records("claims", "claims") if claim["at"].get("document") == key]


def speaker_names() -> dict[str, str]:
    named = {speaker["id"]: speaker["label"] for speaker in records("claims", "speakers")}
    for path, key in (("states", "state"), ("people", "person"), ("organizations", "organization")):
        named |= {row[key]: row["name"] for row in table(f"agents/{path}.csv")}
    return named


def propositions() -> dict[str, dict]:
    found = [
        claim["proposition"] for claim in records("claims", "claims") if "proposition" in claim
    ]
    return {p["id"]: p for p in found if "paraphrase" in p}


class TestArticleInReadingOrder:
    def test_every_claim_of_the_article_in_order(self):
        names, contents, words = speaker_names(), propositions(), labels()
        inner = defaultdict(list)
        for claim in claims_of("aims3"):
            inner[claim.get("within")].append(claim["id"])
        expected = [
            {
                "paragraph": str(claim["at"]["paragraph"]),
                "sentence": str(claim["at"]["sentence"]),
                "claim": claim["id"],
                "claimant": names[claim["claimant"]],
                "mode": words[f"mode-{claim['mode']}"],
                "paraphrase": contents[claim["proposition"]["id"]]["paraphrase"]
                if "proposition" in claim
                else "",
                "certainty": words[f"certainty-{claim['certainty']}"],
                "polarity": words[f"polarity-{claim['polarity']}"],
                "delivery": words[f"delivery-{claim['delivery']}"],
                "embeds": ", ".join(sorted(inner[claim["id"]])),
            }
            for claim in sorted(
                claims_of("aims3"),
                key=lambda c: (c["at"]["paragraph"], c["at"]["sentence"], c["id"]),
            )
        ]
        answer = [{**row, "claim": local(row["claim"])} for row in ask("article-in-reading-order")]
        for row in answer:
            row["embeds"] = ", ".join(sorted(filter(None, row["embeds"].split(", "))))
        assert answer == expected

    def test_the_document_is_a_parameter(self):
        assert ask("article-in-reading-order", document="doc:no-such-document") == []


class TestClaimsAgainstRecord:
    def test_one_row_for_each_link(self):
        ids = {claim["id"] for claim in claims_of("aims3")}
        expected = sorted(
            (
                link["claim"],
                labels()[f"direction-{link['direction']}"],
                link["grounds"],
                link["confidence"],
            )
            for link in records("evidence", "links")
            if link["claim"] in ids
        )
        answer = ask("claims-against-record")
        found = sorted(
            (local(r["claim"]), r["direction"], r["grounds"], r["confidence"]) for r in answer
        )
        assert found == expected

    def test_every_piece_of_evidence_is_named(self):
        pieces = {link["claim"]: len(link["evidence"]) for link in records("evidence", "links")}
        for row in ask("claims-against-record"):
            assert len(row["evidence"].split("; ")) == pieces[local(row["claim"])]

    def test_evidence_that_is_a_claim_is_named_as_a_statement(self):
        expected = {
            link["claim"]: {
                f"statement {local(each)}" for each in link["evidence"] if each.startswith("claim/")
            }
            for link in records("evidence", "links")
        }
        assert any(expected.values())
        for row in ask("claims-against-record"):
            pieces = set(row["evidence"].split("; "))
            said = {piece for piece in pieces if piece.startswith("statement ")}
            assert said == expected[local(row["claim"])]

    def test_the_class_of_18_november(self):
        launch = next(row for row in table("record/launches.csv") if row["id"] == "L0270")
        by_claim = {local(row["claim"]): row for row in ask("claims-on-launch")}
        row = by_claim["aims3-S04"]
        assert (row["claimed"], row["recorded"]) == ("IRBM", launch["class"])
        assert (row["direction"], row["system"]) == ("contradicts", "Hwasong-17")
        assert by_claim["aims3-S03"]["direction"] == "supports"


def expected_terms(state: str) -> list[dict[str, str]]:
    launches, tests = table("record/launches.csv"), table("record/nuclear_tests.csv")
    rows = []
    terms = [
        row
        for row in table("record/administrations.csv")
        if row["state"] == state and row["kind"] == "regular"
    ]
    for term in sorted(terms, key=lambda row: row["start"]):
        until = term["last_day"] or LAUNCHES_COVERED_TO
        inside = [row for row in launches if term["start"] <= row["start"] <= until]
        days = (date.fromisoformat(until) - date.fromisoformat(term["start"])).days + 1
        rows.append(
            {
                "administration": term["label"],
                "first_day": term["start"],
                "last_day": term["last_day"],
                "days": days,
                "launches": len(inside),
                "missiles": missiles(inside),
                "unknown_size": unknown_size(inside),
                **{
                    "other" if name == "unknown" else name: missiles(
                        [row for row in inside if row["class"] == name]
                    )
                    for name in CLASSES
                },
                "nuclear_tests": sum(
                    term["start"] <= row["date"] <= (term["last_day"] or "9999") for row in tests
                ),
                "launches_per_month": pytest.approx(len(inside) * 30.4375 / days, abs=0.0051),
                "missiles_per_month": pytest.approx(missiles(inside) * 30.4375 / days, abs=0.0051),
                "covered_to": LAUNCHES_COVERED_TO,
            }
        )
    return rows


class TestLaunchesByAdministration:
    @pytest.mark.parametrize("state", ["united-states", "japan", "south-korea", "north-korea"])
    def test_one_row_a_term(self, state):
        texts = ("administration", "first_day", "last_day", "covered_to")
        answer = [
            {key: value if key in texts else float(value) for key, value in row.items()}
            for row in ask("launches-by-administration", state=f"agent:{state}")
        ]
        assert answer == expected_terms(state)

    def test_nuclear_tests_of_the_united_states_terms(self):
        answer = {
            row["administration"]: row["nuclear_tests"] for row in ask("launches-by-administration")
        }
        assert answer["George W. Bush"] == "1"
        assert answer["Barack Obama"] == "4"
        assert answer["Donald Trump (first term)"] == "1"
        assert answer["Joe Biden"] == "0"
        assert answer["Bill Clinton"] == "0"


class TestLaunchesPerYearAndClass:
    @pytest.mark.parametrize(
        ("since", "until"), [("1984-01-01", "2100-01-01"), ("2019-06-01", "2022-11-18")]
    )
    def test_counts(self, since, until):
        groups = defaultdict(list)
        for row in table("record/launches.csv"):
            if since <= row["start"] <= until:
                groups[row["start"][:4], labels()[f"class-{row['class']}"]].append(row)
        expected = [
            {
                "year": year,
                "class": name,
                "launches": str(len(rows)),
                "missiles": str(missiles(rows)),
                "unknown_size": str(unknown_size(rows)),
                "covered_to": LAUNCHES_COVERED_TO,
            }
            for (year, name), rows in sorted(groups.items())
        ]
        assert ask("launches-per-year-and-class", since=since, until=until) == expected


class TestLaunch:
    def test_all_of_the_row_is_told(self):
        rows = ask("launch")
        assert {local(row["launch"]) for row in rows} == {"L0270"}
        told = {row["what"]: row["value"] for row in rows}
        launch = next(row for row in table("record/launches.csv") if row["id"] == "L0270")
        place = next(p for p in table("record/places.csv") if p["place"] == launch["place"])
        system = next(s for s in table("record/systems.csv") if s["system"] == launch["system"])
        assert told["apogee"] == launch["apogee_km"]
        assert told["flight range"] == launch["range_km"]
        assert told["time (UTC)"] == f"{launch['date_utc']}T{launch['time_utc']}:00Z"
        assert told["place"] == place["name"]
        assert told["weapon system"] == system["name"]
        assert told["weapon class"] == labels()["class-ICBM"]
        assert told["grain"] == labels()["grain-single"]
        assert told["from row"] == "L0270"

    def test_claims_about_it(self):
        claimed = [row["value"] for row in ask("launch") if row["what"] == "claimed about it"]
        contents = propositions()
        about = [
            claim
            for claim in records("claims", "claims")
            if "launch/L0270"
            in contents.get(claim.get("proposition", {}).get("id"), {}).get("about", [])
        ]
        assert len(about) >= 2
        for claim in about:
            paraphrase = contents[claim["proposition"]["id"]]["paraphrase"]
            assert f"{paraphrase} ({speaker_names()[claim['claimant']]})" in claimed

    def test_a_day_with_a_salvo_of_rows(self):
        expected = Counter(r["start"] for r in table("record/launches.csv"))["2022-11-02"]
        assert len({row["launch"] for row in ask("launch", day="2022-11-02")}) == expected
