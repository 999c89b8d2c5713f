"""The question whose answer a newcomer sees first, against the files read by plain Python."""

from __future__ import annotations

import pytest

from tests.graph_copy import ask, labels, records, table


def expected(day: str) -> list[dict[str, str]]:
    systems = {row["system"]: row["name"] for row in table("record/systems.csv")}
    claims = {claim["id"]: claim for claim in records("claims", "claims")}
    contents = {
        claim["proposition"]["id"]: claim["proposition"]
        for claim in claims.values()
        if "paraphrase" in claim.get("proposition", {})
    }
    words = labels()
    rows = []
    for link in records("evidence", "links"):
        for launch in table("record/launches.csv"):
            on_day = launch["start"] <= day <= launch["end"]
            if on_day and f"launch/{launch['id']}" in link.get("evidence", []):
                content = contents[claims[link["claim"]]["proposition"]["id"]]
                rows.append(
                    {
                        "claim": f"https://w3id.org/ace-kg/id/claim/{link['claim']}",
                        "says": content["paraphrase"],
                        "claimed": content.get("class", ""),
                        "recorded": launch["class"],
                        "system": systems.get(launch["system"], ""),
                        "direction": words[f"direction-{link['direction']}"],
                    }
                )
    return sorted(rows, key=lambda row: row["claim"])


@pytest.mark.parametrize(("day", "least"), [("2022-11-18", 2), ("2022-11-17", 0)])
def test_claims_on_launch(day, least):
    answer = ask("claims-on-launch", day=day)
    assert len(answer) >= least
    assert answer == expected(day)
