"""Answers on the record against the same answers worked out from the tables without kg."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

import pytest

from kg.queries.results import Solutions
from tests.graph_copy import ROOT, ask, labels, local, opened, records, table
from tests.test_questions import missiles, unknown_size

WORDS = labels()
MONTH = 30.4375


def talks() -> list[dict]:
    return records("diplomacy", "talks")


def day(text: object) -> date:
    return date.fromisoformat(str(text))


def among(episode: dict, track: str | None) -> bool:
    """Whether an episode is one of a track, or of any; visits of private people are of none."""
    return episode["track"] == track or (track is None and episode["track"] != "us-private")


def days_of_talks(since: date, until: date, track: str | None) -> set[date]:
    """Return the days in episodes of talks, one by one."""
    found: set[date] = set()
    for episode in talks():
        if episode["precision"] == "month" or not among(episode, track):
            continue
        at = max(day(episode["start"]), since)
        while at <= min(day(episode["end"]), until):
            found.add(at)
            at += timedelta(days=1)
    return found


def rate(number: int, days: int) -> object:
    return pytest.approx(number * MONTH / days, abs=0.0051)


class TestLaunchesAndTalks:
    """Is the rate of launches higher outside talks?"""

    @pytest.mark.parametrize(
        ("since", "until"),
        [("1990-01-01", "2025-09-04"), ("2000-06-14", "2018-06-12"), ("2019-01-01", "2019-12-31")],
    )
    def test_inside_and_outside(self, since, until):
        first, last = day(since), day(until)
        launches = [r for r in table("record/launches.csv") if since <= r["start"] <= until]
        expected = {}
        for name, track in (("direct", "us-dprk"), ("all", None)):
            inside_days = days_of_talks(first, last, track)
            known = [row for row in launches if row["precision"] == "day"]
            sides = {
                "inside": [row for row in known if day(row["start"]) in inside_days],
                "outside": [row for row in known if day(row["start"]) not in inside_days],
                "day unknown": [row for row in launches if row["precision"] == "month"],
            }
            counts = {"inside": len(inside_days)}
            counts["outside"] = (last - first).days + 1 - counts["inside"]
            for side, rows in sides.items():
                expected[name, side] = [len(rows), missiles(rows), unknown_size(rows)]
                if side in counts:
                    launch_days = len({row["start"] for row in rows})
                    expected[name, side] += [
                        counts[side],
                        launch_days,
                        rate(len(rows), counts[side]),
                        rate(missiles(rows), counts[side]),
                        rate(launch_days, counts[side]),
                    ]
        columns = "launches missiles unknown_size days launch_days launches_per_month"
        columns += " missiles_per_month launch_days_per_month"
        answer = {
            (row["talks"], row["side"]): [float(row[c]) for c in columns.split() if row[c]]
            for row in ask("launches-and-talks", since=since, until=until)
        }
        assert answer == expected

    def test_the_window_and_the_episodes_are_shown(self):
        for row in ask("launches-and-talks"):
            track = "us-dprk" if row["talks"] == "direct" else None
            in_window = [
                t
                for t in talks()
                if among(t, track)
                and str(t["start"]) <= row["window_to"]
                and str(t["end"]) >= row["window_from"]
            ]
            by_month = sum(t["precision"] == "month" for t in in_window)
            assert row["episodes_by_month"] == str(by_month)
            assert row["episodes"] == str(len(in_window) - by_month)

    def test_the_window_ends_where_the_shortest_track_ends(self):
        ends = [r["covered_to"] for r in table("diplomacy/tracks.csv") if r["covered_from"]]
        assert {row["window_to"] for row in ask("launches-and-talks")} == {min(ends)}

    def test_months(self):
        since, until = "1990-01", "2025-08"
        launches = [r for r in table("record/launches.csv") if since <= r["start"][:7] <= until]
        all_months = 12 * (2025 - 1990) + 8
        expected = {}
        for name, track in (("direct", "us-dprk"), ("all", None)):
            with_talks = {
                str(t[end])[:7] for t in talks() for end in ("start", "end") if among(t, track)
            }
            with_talks = {month for month in with_talks if since <= month <= until}
            for side, months in (
                ("with talks", len(with_talks)),
                ("without talks", all_months - len(with_talks)),
            ):
                rows = [
                    r for r in launches if (r["start"][:7] in with_talks) == (side == "with talks")
                ]
                expected[name, side] = [
                    months,
                    len(rows),
                    missiles(rows),
                    unknown_size(rows),
                    len({row["start"][:7] for row in rows}),
                    pytest.approx(len(rows) / months, abs=0.0051),
                    pytest.approx(missiles(rows) / months, abs=0.0051),
                ]
        columns = "months launches missiles unknown_size months_with_launches"
        columns += " launches_per_month missiles_per_month"
        answer = {
            (row["talks"], row["side"]): [float(row[column]) for column in columns.split()]
            for row in ask("launches-in-months-with-talks")
        }
        assert answer == expected

    @pytest.mark.parametrize("state", ["north-korea", "united-states"])
    def test_within_the_terms_of_a_state(self, state):
        since, until = "1990-01-01", "2025-08-31"
        launches = [r for r in table("record/launches.csv") if since <= r["start"] <= until]
        talked = {
            str(t[end])[:7] for t in talks() for end in ("start", "end") if t["track"] == "us-dprk"
        }
        months = [f"{y}-{m:02}" for y in range(1990, 2026) for m in range(1, 13)]
        expected = {}
        for row in table("record/administrations.csv"):
            end = min(row["last_day"] or until, until)
            if row["state"] != state or row["kind"] != "regular" or end < since:
                continue
            term = [m for m in months if max(row["start"], since) <= f"{m}-01" <= end]
            for side in ("with talks", "without talks"):
                side_months = [m for m in term if (m in talked) == (side == "with talks")]
                rows = [r for r in launches if r["start"][:7] in side_months]
                numbers = [len(side_months), len(rows), missiles(rows), unknown_size(rows)]
                if side_months:
                    numbers += [
                        pytest.approx(number / len(side_months), abs=0.0051)
                        for number in (len(rows), missiles(rows))
                    ]
                expected[row["label"], side] = numbers
        columns = "months launches missiles unknown_size launches_per_month missiles_per_month"
        answer = {
            (row["term"], row["side"]): [float(row[c]) for c in columns.split() if row[c]]
            for row in ask("launch-rates-by-term", state=f"agent:{state}")
        }
        assert answer == expected


class TestDuringPolicy:
    @pytest.mark.parametrize("key", ["strategic-patience", "sunshine-policy", "byungjin"])
    def test_sections(self, key):
        (policy,) = [row for row in table("record/policies.csv") if row["policy"] == key]
        start, end = policy["start"], policy["end"] or "9999"
        answer = ask("tests-during-policy", policy=f"policy:{key}")
        sections = defaultdict(list)
        for row in answer:
            sections[row["section"][:1]].append(row)
        (period,) = sections["1"]
        assert (period["from"], period["to"]) == (start, policy["end"])
        assert period["note"] == f"dates: {WORDS['basis-' + policy['date_basis']]}"
        assert [row["from"] for row in sections["2"]] == [
            row["date"] for row in table("record/nuclear_tests.csv") if start <= row["date"] <= end
        ]
        years = defaultdict(list)
        for row in table("record/launches.csv"):
            if start <= row["start"] <= end:
                years[row["start"][:4]].append(row)
        assert {
            row["item"]: (row["launches"], row["missiles"], row["unknown_size"])
            for row in sections["3"]
        } == {
            year: (str(len(rows)), str(missiles(rows)), str(unknown_size(rows)))
            for year, rows in years.items()
        }
        first: dict[str, str] = {}
        for row in table("record/launches.csv"):
            if row["system"]:
                first[row["system"]] = min(first.get(row["system"], "9999"), row["start"])
        names = {row["system"]: row["name"] for row in table("record/systems.csv")}
        assert {row["item"]: row["from"] for row in sections["4"]} == {
            names[system]: at for system, at in first.items() if start <= at <= end
        }
        assert len(sections["5"]) == 1

    def test_nuclear_tests_under_strategic_patience(self):
        answer = ask("tests-during-policy")
        tests = [row["from"] for row in answer if row["section"].startswith("2")]
        assert tests == ["2009-05-25", "2013-02-12", "2016-01-06", "2016-09-09"]


def test_launches_between():
    sites = {row["place"]: row["name"] for row in table("record/places.csv")}
    expected = [
        (
            row["id"],
            row["start"],
            row["count"],
            WORDS[f"class-{row['class']}"],
            sites.get(row["place"], ""),
        )
        for row in table("record/launches.csv")
        if "2009-01-01" <= row["start"] <= "2014-12-31"
    ]
    answer = [
        (local(row["launch"]), row["day"], row["missiles"], row["class"], row["site"])
        for row in ask("launches-between", since="2009-01-01", until="2014-12-31")
    ]
    assert answer == sorted(expected, key=lambda row: (row[1], row[0]))


def test_nuclear_tests():
    expected = [
        (row["id"], row["date"], float(row["yield_kt"]), row["date"] + "T" + row["time_utc"] + "Z")
        for row in table("record/nuclear_tests.csv")
    ]
    answer = [
        (local(row["test"]), row["day"], float(row["yield_kt"]), row["time_utc"])
        for row in ask("nuclear-tests")
    ]
    assert answer == expected


def agent_names() -> dict[str, str]:
    return {
        row[key]: row["name"]
        for path, key in (("states", "state"), ("people", "person"))
        for row in table(f"agents/{path}.csv")
    }


@pytest.mark.parametrize("track", [row["track"] for row in table("diplomacy/tracks.csv")])
def test_talks_held(track):
    names = agent_names()
    places = {row["place"]: row["name"] for row in table("record/places.csv")}
    expected = {
        t["id"]: (
            t["title"],
            str(t["start"]),
            str(t["end"]),
            ", ".join(sorted(names[key] for key in t["parties"])),
            ", ".join(sorted(places[key] for key in t.get("places", []))),
            WORDS[f"outcome-{t['outcome']}"] if "outcome" in t else "",
        )
        for t in talks()
        if t["track"] == track
    }
    answer = {
        local(row["talks"]): (
            row["title"],
            row["from"],
            row["to"],
            ", ".join(sorted(row["parties"].split(", "))),
            ", ".join(sorted(row["places"].split(", "))),
            row["outcome"],
        )
        for row in ask("talks-held", track=f"track:{track}")
    }
    assert answer == expected


@pytest.mark.parametrize("track", ["us-dprk", "inter-korean"])
def test_steps_taken(track):
    expected = {
        s["id"]: (WORDS[f"step-{s['kind']}"], s["title"], str(s["start"]))
        for s in records("diplomacy", "steps")
        if s["track"] == track and str(s["end"]) >= "2019-10-06"
    }
    answer = {
        local(row["step"]): (row["kind"], row["title"], row["from"])
        for row in ask("steps-taken", track=f"track:{track}")
    }
    assert answer == expected
    assert not {t["id"] for t in talks()} & set(answer), "talks are no steps"


def test_coverage():
    expected = {
        row["name"]: (row["covered_from"], row["covered_to"])
        for row in table("diplomacy/tracks.csv")
    } | {
        row["title"]: (row["covered_from"], row["covered_to"])
        for row in table("sources/tables.csv")
        if row["covered_to"]
    }
    answer = {row["what"]: (row["covered_from"], row["covered_to"]) for row in ask("coverage")}
    assert answer == expected


@pytest.mark.parametrize(
    "at", ["2000-06-14", "2019-10-05", "2022-11-18", "2025-09-03", "2026-02-25", "2026-11-24"]
)
def test_talks_on_a_day(at):
    expected = {}
    for track in table("diplomacy/tracks.csv"):
        held = [
            t["title"]
            for t in talks()
            if t["track"] == track["track"] and str(t["start"]) <= at <= str(t["end"])
        ]
        if held:
            answer = "talks"
        elif at > track["covered_to"]:
            answer = "not covered"
        elif track["covered_from"] and at >= track["covered_from"]:
            answer = "none found"
        else:
            answer = "none found, with gaps"
        earlier = [
            str(t["end"]) for t in talks() if t["track"] == track["track"] and str(t["end"]) < at
        ]
        expected[track["name"]] = (answer, ", ".join(held), max(earlier, default=""))
    answer = {
        row["track"]: (row["answer"], row["talks"], row["last_talks_before"])
        for row in ask("talks-on-day", day=at)
    }
    assert answer == expected
    if at == "2026-11-24":
        assert {given for given, _, _ in answer.values()} == {"not covered"}


def test_votes_of_the_security_council():
    expected = [
        (row["id"], row["name"], row["start"], row["outcome"])
        for row in table("record/resolutions.csv")
    ]
    answer = [
        (local(row["resolution"]), row["name"], row["from"], row["outcome"])
        for row in ask("votes-of-security-council")
    ]
    assert sorted(answer) == sorted(expected)


class TestProvenance:
    @pytest.mark.parametrize(
        ("thing", "row", "source", "file"),
        [
            ("claim:aims3-S04", "aims3-S04", "seed_article", "data/claims/*.yaml (claims)"),
            ("launch:L0270", "L0270", "nagix_nk_missile_tests", "data/record/launches.csv"),
        ],
    )
    def test_row_and_source(self, thing, row, source, file):
        (answer,) = ask("provenance", thing=thing)
        (expected,) = [r for r in table("sources/sources.csv") if r["source"] == source]
        assert (answer["row"], answer["file"], local(answer["source"])) == (row, file, source)
        for column in ("title", "publisher", "terms", "found_at", "retrieved"):
            assert answer[column] == expected[column]

    def test_two_sources_give_two_rows(self):
        (event,) = [t for t in talks() if t["id"] == "N098"]
        answer = ask("provenance", thing="talks:N098")
        assert sorted(local(row["source"]) for row in answer) == sorted(event["sources"])


class TestChecks:
    @pytest.mark.parametrize(
        "name",
        [
            "provenance",
            "chains",
            "disagreements",
            "duplicates",
            "classes",
            "policies",
            "forecasts",
            "evidence",
        ],
    )
    def test_nothing_is_found(self, name):
        assert ask(f"check-{name}") == []

    def test_terms_leave_days_only_to_acting_heads(self):
        acting = [r for r in table("record/administrations.csv") if r["kind"] == "acting"]
        answer = ask("check-terms")
        assert {row["problem"] for row in answer} == {"days between"}
        for row in answer:
            held = {
                day(a["start"]) + timedelta(days=n)
                for a in acting
                for n in range((day(a["last_day"]) - day(a["start"])).days + 1)
            }
            between = {
                day(row["to"]) + timedelta(days=n)
                for n in range(1, (day(row["from"]) - day(row["to"])).days)
            }
            assert between <= held

    def test_each_day_belongs_to_one_regular_term(self):
        for state in {row["state"] for row in table("record/administrations.csv")}:
            terms = sorted(
                (row["start"], row["last_day"] or "9999-12-31", row["left_office"])
                for row in table("record/administrations.csv")
                if row["state"] == state and row["kind"] == "regular"
            )
            for (_, last, left), (start, _, _) in pairwise(terms):
                assert last < start
                assert last in (left, str(day(start) - timedelta(days=1)))


def test_every_question_has_a_header_and_gives_its_columns():
    for path in sorted((ROOT / "queries").glob("*.rq")):
        header = dict(
            line[2:].split(": ", 1)
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.startswith(("# title: ", "# question: ", "# columns: "))
        )
        assert set(header) == {"title", "question", "columns"}, path.name
        found = opened().ask(path.stem)
        assert isinstance(found, Solutions)
        assert list(found.columns) == header["columns"].split(", "), path.name
