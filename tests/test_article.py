"""No paraphrase repeats the article: no five words in a row, names aside.

The article is not part of the repository. ``KG_SEEDS`` names the folder that holds it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.graph_copy import ROOT, records, table

RUN = 5  # words: shorter runs are common phrases

# Names that the tables do not hold in the form that texts use.
MORE_NAMES = (
    "North Korean",
    "South Korean",
    "American",
    "Japanese",
    "Russian",
    "Afghan",
    "Republican",
    "Republicans",
    "Democratic",
    "Democrats",
    "Biden",
    "Obama",
    "Trump",
    "Kim",
    "Korea",
    "Korean",
    "U.S.",
    "Pyongyang",
    "Washington",
)


def names() -> list[str]:
    found = list(MORE_NAMES)
    for path in ("states", "people", "organizations"):
        for row in table(f"agents/{path}.csv"):
            found += [row["name"], row["other_name"]]
    return sorted(filter(None, found), key=len, reverse=True)


def words(text: str) -> list[str]:
    """Return the words in lower case, without punctuation and names."""
    for name in names():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?:['’]s)?(?!\w)", " ", text)
    return re.findall(r"[\w’']+", text.casefold().replace("’", "'"))


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + RUN]) for i in range(len(found) - RUN + 1)}


def article() -> str:
    folder = os.environ.get("KG_SEEDS")
    if folder is None:
        pytest.skip("KG_SEEDS is not set: the article is not at hand")
    files = sorted(Path(folder).glob("*.txt"))
    assert files, f"KG_SEEDS names {folder}, where there is no text"
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def written_texts() -> list[tuple[str, str]]:
    """Return everything in words that a curator wrote about the article, with its key."""
    found: list[tuple[str, str]] = []
    for folder, lists in (
        ("claims", ("documents", "speakers", "situations", "claims")),
        ("evidence", ("links",)),
    ):
        for record in (r for name in lists for r in records(folder, name)):
            texts = [record, record.get("proposition", {})]
            for key in ("paraphrase", "note", "other_reading", "label", "grounds"):
                found += [(f"{record['id']} {key}", part[key]) for part in texts if key in part]
    return found


def test_no_paraphrase_repeats_the_article():
    known = runs(article())
    assert len(known) > 400
    repeated = {
        key: sorted(" ".join(run) for run in runs(text) & known)
        for key, text in written_texts()
        if runs(text) & known
    }
    assert repeated == {}


@pytest.mark.parametrize("folder", ["data", "docs", "queries", "ontology", "shapes"])
def test_no_other_file_repeats_it(folder):
    known = runs(article())
    titles = {record["title"] for record in records("claims", "documents")}
    for path in sorted((ROOT / folder).rglob("*")):
        if path.is_file() and path.suffix != ".png":
            text = path.read_text(encoding="utf-8")
            for title in titles:
                text = text.replace(title, "")
            assert not runs(text) & known, path.name


def test_the_check_finds_a_repetition():
    assert runs("A North Korean cat sat on the mat") & runs("the CAT, sat on the mat.")
    assert not runs("the cat sat on a mat") & runs("the cat sat on the mat")
