"""What tests of pages share: links of no server, a graph in memory, a reader of HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

from kg.names import Namer
from kg.page.entity import Entity
from kg.page.reading import Reader
from kg.page.show import Shower
from kg.queries.dataset import open_files

PREFIXES = {"ex": "http://example.org/", "rdfs": "http://www.w3.org/2000/01/rdf-schema#"}


class TestLinks:
    __test__ = False

    def entity(self, iri: str) -> str | None:
        return f"/entity?iri={quote(iri, safe='')}"

    def data(self, iri: str, ending: str) -> str | None:
        return f"/data.{ending}?iri={quote(iri, safe='')}"

    def records(self, iri: str) -> str | None:
        return f"/records?iri={quote(iri, safe='')}"

    def incoming(self, iri: str, predicate: str, start: int) -> str | None:
        return f"/incoming?iri={quote(iri, safe='')}&p={quote(predicate, safe='')}&from={start}"

    def view(self, name: str) -> str:
        return f"/{name}"

    def question(self, name: str) -> str:
        return f"/questions/{quote(name, safe='')}"

    def asset(self, name: str) -> str:
        return f"/assets/{name}"


SHOWER = Shower(Namer(PREFIXES), TestLinks())


def reader_of(folder: Path, turtle: str) -> Reader:
    """Return what reads pages of a graph in Turtle."""
    file = folder / "graph.ttl"
    prefixes = "".join(f"@prefix {name}: <{space}> .\n" for name, space in PREFIXES.items())
    file.write_text(prefixes + turtle, encoding="utf-8")
    return Reader(open_files([file], []), "http://example.org/")


def entity_of(folder: Path, turtle: str, iri: str) -> Entity:
    found = reader_of(folder, turtle).entity(iri)
    assert found is not None
    return found


class Seen(HTMLParser):
    """The elements of a page in order, their texts, and the values of some attributes."""

    VOID = ("br", "col", "hr", "img", "input", "link", "meta", "wbr")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.hrefs: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.hrefs += [value for name, value in attrs if name == "href"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
