"""What a worker knows of the build that it answers from; opened when it is needed."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from kg.files import replacing
from kg.graph import Graph
from kg.labelled import find_labelled
from kg.names import Namer
from kg.page.entity import LABELS
from kg.page.frame import Frame
from kg.page.markup import joined, tag
from kg.page.reading import Reader
from kg.page.show import Shower
from kg.paths import is_file, read_file
from kg.queries.dataset import open_build
from kg.queries.engine import Engine
from kg.queries.question import Question
from kg.queries.question_files import Found, questions_now
from kg.records import dataclass
from kg.serve.links import ServerLinks
from kg.serve.messages import Orders
from kg.terms import RDF_TYPE, text_of
from kg.vocabulary import Vocabulary
from kg.workspace import Build, find_workspace

_Found = TypeVar("_Found")
CLAIM: Final = "https://w3id.org/ace-kg/ns#Claim"
# Predicates of latitude and longitude, and those from a thing to its geometry and to its text.
PAIRS: Final = (
    (
        "http://www.w3.org/2003/01/geo/wgs84_pos#lat",
        "http://www.w3.org/2003/01/geo/wgs84_pos#long",
    ),
    ("https://schema.org/latitude", "https://schema.org/longitude"),
    ("http://schema.org/latitude", "http://schema.org/longitude"),
)
WKT: Final = (
    "http://www.opengis.net/ont/geosparql#hasGeometry",
    "http://www.opengis.net/ont/geosparql#asWKT",
)
_DATES: Final = ("date", "dateTime", "gYear", "gYearMonth")
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
# Objects of a predicate that are looked at to see what they are.
_LOOKED_AT: Final = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What is found once for each build, by the first worker that needs it.

    Attributes:
        vocabulary: Its classes and properties.
        dates: Predicates with dates, as IRIs.
        has_claims: Whether the vocabulary of claims is used.
        has_places: Whether something has coordinates.
    """

    vocabulary: Vocabulary
    dates: tuple[str, ...]
    has_claims: bool
    has_places: bool


class State:
    """One build, as a worker holds it.

    Args:
        orders: What the worker was told.
        name: The name of the build.
        mark: Of the files of questions that there are; with others, a new state is made.
    """

    def __init__(self, orders: Orders, name: str, mark: str) -> None:
        self.orders = orders
        self.mark = mark
        workspace = find_workspace(Path(orders.workspace))
        self.build = Build(workspace.builds / name)
        self.graph = Graph(workspace, self.build)
        self.workspace = workspace
        self.namer = Namer(workspace.prefixes)
        self.links = ServerLinks(workspace.base)

    def interrupt(self, thread: int) -> bool:
        """Interrupt what a thread asks; see `kg.queries.engine.Engine.interrupt`."""
        opened: Engine | None = self.__dict__.get("engine")  # without opening it
        return opened is not None and opened.interrupt(thread)

    def close(self) -> None:
        """Close what is open."""
        self.graph.close()

    @cached_property
    def engine(self) -> Engine:
        """What answers queries."""
        memory = self.orders.memory
        size = None if memory is None else f"{memory // 10**6}MB"
        return open_build(self.build, self.orders.engine, memory=size)

    @cached_property
    def reader(self) -> Reader:
        """What reads pages."""
        known = self.facts.vocabulary
        counts = {(RDF_TYPE, f"<{each.iri}>"): each.count for each in known.classes}
        predicates = [f"<{each.iri}>" for each in known.properties if each.count]
        return Reader(self.engine, self.workspace.base, counts, predicates)

    @cached_property
    def shower(self) -> Shower:
        """What writes terms, without labels."""
        return Shower(self.namer, self.links)

    @cached_property
    def found(self) -> Found:
        """The questions of the workspace, and what is wrong with those that cannot be read."""
        return questions_now(self.workspace)

    @property
    def questions(self) -> list[Question]:
        """The questions of the workspace that can be asked."""
        return self.found.questions

    @cached_property
    def facts(self) -> Facts:
        """What is known of the whole build; read from the workers' folder if another found it."""
        return shared(self, "facts", self._find_facts)

    def named(self, text: str, most: int) -> list[tuple[str, str]]:
        """Return IRIs that bear a name with a text in it, with that name; the shortest first."""
        found = find_labelled(self.build, text, LABELS, most)
        return [(term, text_of(label)) for term, label in found]

    @cached_property
    def used(self) -> frozenset[str]:
        """The predicates and classes that the graph uses, as terms."""
        known = self.facts.vocabulary
        return frozenset(f"<{e.iri}>" for e in (*known.classes, *known.properties) if e.count)

    @cached_property
    def frame(self) -> Frame:
        """The frame of all pages."""
        views = [
            ("questions", "Questions", bool(self.questions)),
            ("claims", "Claims", self.facts.has_claims),
            ("timeline", "Timeline", bool(self.facts.dates)),
            ("map", "Map", self.facts.has_places),
            ("vocabulary", "Vocabulary", True),
            ("editor", "SPARQL", True),
        ]
        workspace = self.workspace
        said = [
            f"Build {self.build.id}",
            f"licence {workspace.licence}" if workspace.licence else None,
            workspace.publisher or None,
        ]
        return Frame(
            title=workspace.title,
            views=[(name, label) for name, label, there in views if there],
            links=self.links,
            foot=tag("p", joined([each for each in said if each], " · ")),
        )

    def _find_facts(self) -> Facts:
        vocabulary = self.graph.vocabulary()
        # Not the reader of pages, which needs these facts.
        reader = Reader(self.engine, self.workspace.base)
        dates = []
        for each in vocabulary.properties:
            text = f"SELECT ?o {{ ?s <{each.iri}> ?o }} LIMIT {_LOOKED_AT}"
            found = [row[0] or "" for row in reader.rows(text)] if each.count else []
            ends = tuple(f"^^<{_XSD}{name}>" for name in _DATES)
            if found and all(term.endswith(ends) for term in found):
                dates.append(each.iri)
        claims = any(each.iri == CLAIM and each.count for each in vocabulary.classes)
        used = {each.iri for each in vocabulary.properties if each.count}
        places = WKT[1] in used or any(used.issuperset(pair) for pair in PAIRS)
        return Facts(vocabulary, tuple(dates), claims, places)


def shared(state: State, name: str, find: Callable[[], _Found]) -> _Found:
    """Return what is found once for a build, by one worker for all.

    Args:
        state: The build, and the folder that workers share.
        name: What is found.
        find: Finds it.
    """
    file = Path(state.orders.folder) / f"{state.build.id}-{name}"
    if is_file(file):
        found: _Found = pickle.loads(read_file(file))  # written below, in a folder of kg's own
        return found
    found = find()
    with replacing(file) as part:
        part.write_bytes(pickle.dumps(found))
    return found
