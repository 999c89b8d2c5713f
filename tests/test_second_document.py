"""A second document, added as docs/graph.md says: no code, mapping or shape changes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.graph_copy import copy_workspace, local, run_kg
from tests.test_claim_questions import article

SOURCE = "note1_page,A note (invented for a test),Nobody,invented,,made up,2026-11-24\n"
DOCUMENT = """\
# Invented for a test: nobody wrote this note.
documents:
- id: note1
  title: A note on talks (invented for a test)
  creator: note1-author
  source: note1_page
  issued: 2023-03-01

speakers:
- {id: note1-author, kind: author, label: author of the invented note}
- {id: note1-envoy, kind: one, label: envoy in the invented note}

situations:
- id: note1-offer
  paraphrase: Washington makes a better offer.
  about: [agent/united-states]
- id: note1-answer
  paraphrase: Pyongyang answers.
  about: [agent/north-korea]

claims:
- id: note1-C01
  at: {document: note1, paragraph: 1, sentence: 1}
  claimant: note1-author
  mode: asserts
  certainty: certain
  polarity: negative
  delivery: stated
  disagrees: [aims3-S31]
  proposition:
    id: note1-P01
    type: [observation]
    topic: [talks]
    paraphrase: Envoys of the two met last year.
    about: [agent/united-states, agent/north-korea]
    kinds: [NegotiationEpisode]
    track: us-dprk
    from: 2022-01-01
    to: 2022-12-31
    precision: year
    date_basis: text
- id: note1-C02
  at: {document: note1, paragraph: 1, sentence: 2}
  claimant: note1-envoy
  mode: explains
  certainty: certain
  polarity: positive
  delivery: stated
- id: note1-C03
  at: {document: note1, paragraph: 1, sentence: 2}
  within: note1-C02
  claimant: north-korea
  mode: hopes
  certainty: uncommitted
  polarity: positive
  delivery: stated
  proposition:
    id: note1-P03
    type: [conditional, forecast]
    topic: [talks, aims]
    paraphrase: A better offer brings an answer.
    about: [agent/north-korea]
    antecedent: note1-offer
    consequent: note1-answer
    from: 2023-03-01
    precision: day
    date_basis: text
"""
EVIDENCE = """\
links:
- id: note1-C01-record
  claim: note1-C01
  direction: supports
  confidence: moderate
  evidence: [track/us-dprk, claim/V09]
  query: talks-held
  assessor: kg-curators
  as_of: 2026-02-26
  grounds: Invented for a test.
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_workspace(tmp_path_factory.mktemp("second") / "graph")
    with (copy / "data/sources/sources.csv").open("a", encoding="utf-8") as sources:
        sources.write(SOURCE)
    (copy / "data/claims/note1.yaml").write_text(DOCUMENT, encoding="utf-8")
    (copy / "data/evidence/note1.yaml").write_text(EVIDENCE, encoding="utf-8")
    result = run_kg(copy, "build")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "doc:note1" not in result.stdout + result.stderr, "no warning on the new document"
    return copy


def ask(workspace: Path, name: str, *arguments: str) -> list[dict[str, str]]:
    result = run_kg(workspace, "query", name, "--format", "csv", *arguments)
    assert result.returncode == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_it_is_read_in_order(workspace):
    answer = ask(workspace, "article-in-reading-order", "--param", "document=doc:note1")
    assert [(local(row["claim"]), row["mode"], row["embeds"]) for row in answer] == [
        ("note1-C01", "asserts", ""),
        ("note1-C02", "explains", "note1-C03"),
        ("note1-C03", "hopes", ""),
    ]


def test_the_first_document_stays_as_it_was(workspace):
    document = ("--param", "document=doc:aims3")
    assert len(ask(workspace, "article-in-reading-order", *document)) == len(article())


def test_it_can_be_asked_about(workspace):
    document = ("--param", "document=doc:note1")
    (denied,) = ask(workspace, "denials", *document)
    assert denied["denied"] == "Envoys of the two met last year."
    (pair,) = ask(workspace, "disagreements", *document)
    assert local(pair["other_claim"]) == "aims3-S31"
    (judged,) = ask(workspace, "claims-against-record", *document)
    assert judged["direction"] == "supports"
    (forecast,) = ask(workspace, "forecasts", *document)
    assert (forecast["written"], local(forecast["within"])) == ("2023-03-01", "note1-C02")
    holders = {local(row["root_claim"]) for row in ask(workspace, "beliefs-and-hopes")}
    assert "note1-C02" in holders


def test_its_rows_lead_to_its_source(workspace):
    (row,) = ask(workspace, "provenance", "--param", "thing=claim:note1-C03")
    assert (row["row"], local(row["source"])) == ("note1-C03", "note1_page")
    for name in ("provenance", "chains", "disagreements", "forecasts", "evidence"):
        assert ask(workspace, f"check-{name}") == []
