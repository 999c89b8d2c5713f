"""docs/stores.md agrees with the tests of the stores, which run separately."""

from pathlib import Path

from tests.publish.stores.differences import DIFFERENCES, differences_table
from tests.publish.stores.servers import FUSEKI, RDF4J, STORES
from tests.publish.stores.torture import IN_PAGE, PAGE, VALUES

ROOT = Path(__file__).parents[2]


def test_the_page_shows_each_difference() -> None:
    assert set(DIFFERENCES) == set(STORES)
    assert differences_table() in PAGE.read_text(encoding="utf-8")
    names = {path.stem for path in (ROOT / "queries").glob("*.rq")}
    for found in DIFFERENCES.values():
        assert set(found) <= names


def test_the_page_shows_the_fate_of_each_value() -> None:
    shown = IN_PAGE.search(PAGE.read_text(encoding="utf-8"))
    assert shown
    head, _, *rows = shown[0].splitlines()
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(VALUES)
    assert f"Fuseki {FUSEKI}" in head
    assert f"RDF4J {RDF4J}" in head
    pom = (Path(__file__).parent / "stores" / "pom.xml").read_text(encoding="utf-8")
    assert pom.count(f"<version>{FUSEKI}</version>") == 2
