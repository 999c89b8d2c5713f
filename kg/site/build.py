"""Makes a site: pages of a graph as files, for any web host or a disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

from kg.describe import describe, write_card
from kg.duck import Connection, engine
from kg.errors import InputError, KgError
from kg.files import making
from kg.graph import Graph
from kg.lineage.asked import Trace, Wanted
from kg.names import Namer
from kg.page import assets
from kg.page.answer import table
from kg.page.entity import LABELS, Entity, entity_main
from kg.page.frame import Frame, document
from kg.page.markup import Html, Piece, joined, tag
from kg.page.question import CHECK, question_head, questions_main, same_answer
from kg.page.records import records_part
from kg.page.show import Shower
from kg.page.vocabulary import vocabulary_main
from kg.paths import kind_of
from kg.quads import QuadTable
from kg.queries.engine import Row, Rows
from kg.queries.limited import limited
from kg.queries.limits import Limits
from kg.queries.ordered import ordered
from kg.queries.question import Question
from kg.queries.run import prepare as prepare_question
from kg.records import dataclass
from kg.release import SUMS, release
from kg.site.addresses import SiteLinks, entity_path, question_path
from kg.site.folder import Folder
from kg.site.names import write_names
from kg.site.rendering import PageMaker, SiteShower
from kg.site.shapes import ShapeDocs, document_shapes
from kg.site.tables import count_pages, entities, labels, prepare
from kg.temporary import temporary_folder
from kg.vocabulary import Vocabulary
from kg.wording import counted

# Rows of an answer on a page, seconds of a question, and things listed on the first page.
_ROWS: Final = 500
_SECONDS: Final = 120.0
_FEW: Final = 12
# Triples of a graph whose pages show source records unless told otherwise, and things that are
# traced at once.
_TRACED: Final = 200_000
_BATCH: Final = 2_000
# Errors of sources that the build was allowed to read or got a value for, and the site was not.
_OUT_OF_REACH: Final = ("missing-variable", "outside-workspace")
_GRAPH: Final = ("subject", "predicate", "object")


@dataclass(frozen=True, slots=True)
class Made:
    """A site that was made.

    Attributes:
        pages: Pages of IRIs.
        questions: Pages of questions.
        remarks: What to tell who asked for it.
    """

    pages: int
    questions: int
    remarks: tuple[str, ...]


def make_site(
    graph: Graph,
    folder: Path,
    *,
    memory: str | None = None,
    progress: Callable[[str], None] | None = None,
    records: bool | None = None,
) -> Made:
    """Make the folder of a site. The same build gives the same bytes.

    Args:
        graph: The graph.
        folder: The folder, which must not exist.
        memory: Peak memory of the process, such as ``1GB``.
        progress: Called with the name of each step.
        records: Whether pages show the source records; None: if the graph is not too large for
            that to be quick.

    Raises:
        InputError: The folder is there, the build is damaged, or a question is wrong.
        WorldError: The disk failed; no folder is left.
        LimitError: A limit was reached; no folder is left.
    """
    if kind_of(folder) is not None:
        raise InputError(
            "folder-not-empty",
            f"{folder} is there already",
            hint="Name a folder that is not there, or remove it.",
        )
    say = progress or (lambda step: None)  # noqa: ARG005
    with making(folder) as part:
        say("downloads")
        release(graph.workspace, part / "downloads", memory=memory)
        with temporary_folder("site") as spill, engine(spill, memory) as connection:
            say("tables")
            prepare(connection, QuadTable(graph.build.quads), graph.workspace.base)
            is_asked = records is True
            if records is None:
                records = describe(graph.workspace, graph.build).triples <= _TRACED
            site = _Site(graph, Folder(part), connection, has_records=records, is_asked=is_asked)
            return site.make(say)


class _Site:
    """A site while it is made.

    Args:
        graph: The graph.
        folder: Where files go.
        connection: With the tables of `kg.site.tables.prepare`.
        has_records: Whether pages show the source records.
        is_asked: Whether the user asked for them, so that it is an error if they cannot be read.
    """

    def __init__(
        self,
        graph: Graph,
        folder: Folder,
        connection: Connection,
        *,
        has_records: bool,
        is_asked: bool,
    ) -> None:
        self._graph = graph
        self._has_records = has_records
        self._is_asked = is_asked
        self._workspace = graph.workspace
        self._folder = folder
        self._connection = connection
        self._namer = Namer(graph.workspace.prefixes)
        self._depths: dict[int, tuple[SiteLinks, Frame]] = {}
        self._remarks: dict[str, None] = {}
        self._questions = graph.questions()
        self._has_shapes = bool(graph.workspace.shape_files)

    def make(self, say: Callable[[str], None]) -> Made:
        """Write everything but the downloads."""
        vocabulary = self._graph.vocabulary()
        say("vocabulary")
        self._assets()
        self._home(vocabulary)
        self._vocabulary(vocabulary)
        self._search()
        say("questions")
        self._all_questions()
        say("pages")
        self._entities()
        return Made(count_pages(self._connection), len(self._questions), tuple(self._remarks))

    # --- parts of all pages -----------------------------------------------------------------

    def _at(self, depth: int) -> tuple[SiteLinks, Frame]:
        """Return the links and the frame of pages so many folders below the root."""
        if depth not in self._depths:
            links = SiteLinks(self._workspace.base, depth)
            views = [
                ("questions", "Questions", bool(self._questions)),
                ("vocabulary", "Vocabulary", True),
                ("shapes", "Shapes", self._has_shapes),
                ("downloads", "Downloads", True),
            ]
            licence, publisher = self._workspace.licence, self._workspace.publisher
            said = [f"licence {licence}" if licence else None, publisher or None]
            frame = Frame(
                title=self._workspace.title,
                views=[(name, label) for name, label, there in views if there],
                links=links,
                foot=tag("p", joined([each for each in said if each], " · ")),
            )
            self._depths[depth] = links, frame
        return self._depths[depth]

    def _shower(self, depth: int, terms: Iterable[str | None] = ()) -> Shower:
        """Return what writes terms on a page, with the labels and pages of these terms."""
        wanted = [each for each in terms if each is not None and each.startswith("<")]
        names, pages = labels(self._connection, wanted)
        links, _ = self._at(depth)
        links.known = pages
        return Shower(self._namer, links, names)

    def _write(
        self,
        path: str,
        title: str,
        main: Html,
        *,
        view: str = "",
        scripts: tuple[str, ...] = (),
        head: Piece = None,
    ) -> None:
        _, frame = self._at(path.count("/"))
        page = document(frame, title, main, view=view, scripts=scripts, head=head)
        self._folder.put(path, page)

    def _assets(self) -> None:
        for name in ("icon.svg", "page.css", "page.js", "search.js"):
            self._folder.put(f"assets/{name}", assets.content(name))

    # --- views ------------------------------------------------------------------------------

    def _home(self, vocabulary: Vocabulary) -> None:
        used = [each for each in vocabulary.classes if each.count][:_FEW]
        shower = self._shower(0, (f"<{each.iri}>" for each in used))
        links, _ = self._at(0)
        card = describe(self._workspace, self._graph.build)
        tiles = [
            ("triples", card.triples),
            ("pages", count_pages(self._connection)),
            ("classes", len(card.classes)),
            ("properties", len(card.properties)),
        ]
        asked = [each for each in self._questions if not each.name.startswith(CHECK)][:_FEW]
        about = self._workspace.description
        main = joined(
            [
                tag("h1", self._workspace.title),
                tag("p", about, class_="comment") if about else None,
                tag("div", *(tag("div", tag("b", f"{count:,}"), name) for name, count in tiles),
                    class_="tiles"),
                tag("h2", "Ask") if asked else None,
                tag("ul", *(tag("li", tag("a", each.title or each.name,
                                          href=links.question(each.name)))
                            for each in asked), class_="list") if asked else None,
                tag("h2", "Look at"),
                tag("ul", *(tag("li", shower.term(f"<{each.iri}>"),
                                tag("span", f" {each.count:,}", class_="count"))
                            for each in used), class_="names"),
            ]
        )  # fmt: skip
        text = write_card(card, "jsonld")
        data = Html(json.dumps(json.loads(text), ensure_ascii=False).replace("<", "\\u003c"))
        head = tag("script", data, type="application/ld+json")
        self._write("index.html", "", main, head=head)
        self._downloads()

    def _downloads(self) -> None:
        links, _ = self._at(0)
        listed = self._folder.read(f"downloads/{SUMS}").splitlines()
        sums = {name: digest for digest, name in (line.split(None, 1) for line in listed)}
        rows = [
            tag("tr",
                tag("td", tag("a", name, href=links.to(f"downloads/{name}"))),
                tag("td", f"{size:,}", class_="number"),
                tag("td", tag("code", sums.get(name, ""))))
            for name, size in self._folder.sizes("downloads")
        ]  # fmt: skip
        names = (tag("th", each, scope="col") for each in ("file", "bytes", "SHA-256"))
        main = joined(
            [
                tag("h1", "Downloads"),
                tag("div", tag("table", tag("thead", tag("tr", *names)), tag("tbody", *rows)),
                    class_="scroll", tabindex="0", role="region", aria_label="Downloads"),
            ]
        )  # fmt: skip
        self._write("downloads.html", "Downloads", main, view="downloads")

    def _vocabulary(self, vocabulary: Vocabulary) -> None:
        docs = self._shapes()
        terms = [*vocabulary.classes, *vocabulary.properties]
        named = {
            iri for each in terms for iri in (each.iri, *each.broader, *each.domain, *each.range)
        }
        shower = self._shower(0, (f"<{iri}>" for iri in named))
        main = vocabulary_main(vocabulary, shower, docs.of_class if docs else {})
        self._write("vocabulary.html", "Vocabulary", main, view="vocabulary")

    def _shapes(self) -> ShapeDocs | None:
        if not self._has_shapes:
            return None
        shapes = self._graph.shapes(ignore_unsupported=True)
        shower = self._shower(0, (term for triple in shapes.triples() for term in triple))
        docs = document_shapes(shapes, shower, "shapes.html")
        self._write("shapes.html", "Shapes", docs.main, view="shapes")
        return docs

    def _search(self) -> None:
        write_names(self._connection, self._workspace.base, self._folder)
        main = joined(
            [
                tag("h1", "Search"),
                tag("p", "Write three letters or more of a name.", id="told", role="status"),
                tag("ol", id="found"),
                tag("noscript", tag("p", "The search needs JavaScript; all else does not.")),
            ]
        )
        self._write("search.html", "Search", main, view="search", scripts=("search.js",))

    # --- questions --------------------------------------------------------------------------

    def _all_questions(self) -> None:
        if not self._questions:
            return
        main = questions_main(self._questions, self._at(0)[0])
        self._write("questions.html", "Questions", main, view="questions")
        for question in self._questions:
            path = f"{question_path(question.name)}.html"
            main = self._question(question)
            self._write(path, question.title or question.name, main, view="questions")

    def _question(self, question: Question) -> Html:
        values = {each.name: each.typed for each in question.parameters if each.typed}
        rows = [tag("li", tag("code", name), f" {value}") for name, value in sorted(values.items())]
        return joined(
            [
                question_head(question),
                tag("p", "Asked with") if rows else None,
                tag("ul", *rows, class_="list") if rows else None,
                self._answer(question),
                same_answer(question, {}),
                tag("details", tag("summary", "The query"), tag("pre", question.text)),
            ]
        )

    def _answer(self, question: Question) -> Html:
        missing = [each.name for each in question.parameters if each.default is None]
        if missing:
            return tag("p", f"It asks for {', '.join(missing)}, so it has no answer here.")
        try:
            prepared = prepare_question(question, {}, self._graph.source())
            limits = Limits(seconds=_SECONDS)
            answer = prepared.watched(limited(prepared.ask, limits))
            if isinstance(answer, bool):
                return tag("p", tag("strong", "yes" if answer else "no"))
            columns = answer.columns if isinstance(answer, Rows) else _GRAPH
            rows: Iterable[Row] = answer if isinstance(answer, Rows) else ordered(iter(answer))
            held = list(islice(rows, _ROWS + 1))
        except KgError as error:
            self._remarks[f"the question {question.name} has no answer: {error.message}"] = None
            return tag("pre", error.report(), class_="error")
        shower = self._shower(1, chain.from_iterable(held))
        shown = held[:_ROWS]
        more = len(held) > _ROWS
        count = f"the first {_ROWS} rows" if more else counted(len(shown), "row")
        return joined(
            [
                self._chart(question, columns, held) if not more else None,
                tag("p", count, class_="soft"),
                table(columns, shown, shower) if shown else None,
                *(tag("p", remark, class_="notice") for remark in prepared.remarks()),
            ]
        )

    def _chart(self, question: Question, columns: Sequence[str], rows: list[Row]) -> Html | None:
        """Return the answer drawn as the question wants it, if it can be."""
        from kg.charts import make_figure
        from kg.charts.vega import draw_svg
        from kg.queries.display import Shortener

        line = question.chart_line()
        if line is None or not rows:
            return None
        try:
            figure = make_figure(columns, rows, line, Shortener(self._workspace.prefixes))
            svg = draw_svg(figure, ink="currentColor", paper=None)
        except InputError as error:
            self._remarks[f"the question {question.name} is not drawn: {error.message}"] = None
            return None
        name = question.title or question.name
        return tag("figure", Html(svg), class_="scroll", tabindex="0", aria_label=name)

    # --- entities ---------------------------------------------------------------------------

    def _entities(self) -> None:
        base = self._workspace.base
        makers: dict[int, tuple[PageMaker, SiteShower]] = {}
        for entity, pages, records in self._with_records():
            path = entity_path(entity.iri, base)
            depth = path.count("/")
            links, frame = self._at(depth)
            links.known = pages
            if depth not in makers:
                makers[depth] = PageMaker(frame), SiteShower(self._namer, links)
            maker, shower = makers[depth]
            named = shower.with_labels(entity.labels)
            title = entity.text(LABELS) or named.label(entity.term)
            part = None if records is None else records_part(records, named, self._workspace.root)
            self._folder.put(f"{path}.html", maker.page(title, entity_main(entity, named, part)))
            self._folder.put(f"{path}.nt", _triples(entity))

    def _with_records(self) -> Iterator[tuple[Entity, set[str], list[Trace] | None]]:
        """Yield each entity with the terms that have pages, and its source records."""
        found = entities(self._connection)
        if not self._has_records:
            yield from ((entity, pages, None) for entity, pages in found)
            return
        while some := list(islice(found, _BATCH)):
            traces = self._traces([entity for entity, _ in some])
            if traces is None:
                # Pages that have records are written again: all have them, or none.
                yield from ((entity, pages, None) for entity, pages in entities(self._connection))
                return
            for entity, pages in some:
                yield entity, pages, traces.get(entity.term, [])

    def _traces(self, some: Sequence[Entity]) -> dict[str, list[Trace]] | None:
        """Return the source records of things; None if sources are out of reach from here.

        Raises:
            InputError: A source cannot be read.
        """
        traces: dict[str, list[Trace]] = {}
        try:
            for each in self._graph.tracer.trace_all(Wanted(entity.term) for entity in some):
                traces.setdefault(each.wanted.subject, []).append(each)
        except InputError as error:
            if error.code not in _OUT_OF_REACH:
                raise
            if self._is_asked:
                error.hint = "Leave the source records out: --no-records."
                raise
            self._remarks[f"the pages show no source records: {error.message}"] = None
            return None
        return traces


def _triples(entity: Entity) -> bytes:
    return "".join(f"{s} {p} {o} .\n" for s, p, o in entity.triples()).encode()
