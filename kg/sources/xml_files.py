"""XML: records by an XPath iterator, values by XPath relative to the record.

If the iterator is a path of names, the document is read as a stream and records are dropped once
read, so its size does not matter. Any other XPath needs the whole tree in memory, up to a limit;
XPath 3.1 needs more of it for the same document.
Entities are not expanded and nothing is fetched; the limits of libxml2 (10 MB of text in an
element, 256 levels) hold.

Spec: https://kg-construct.github.io/rml-io/spec/docs/ (reference formulation XPath)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError, KgError, LimitError, Location
from kg.extras import need
from kg.mapping.plan import Formulation, LogicalSource, Origin
from kg.mapping.source_table import Column, Nest
from kg.notes import Notes
from kg.rejects import Note, current
from kg.sources.addresses import Reach
from kg.sources.files import Folders, SourceFile
from kg.sources.json_scan import too_large
from kg.sources.reading import Reading
from kg.sources.records import RowRecords
from kg.sources.streams import encoding_of, open_source, text_blocks
from kg.sources.xml_paths import PathStep, fits, matches, parse_path, steps_up
from kg.sources.xml_values import Element, Finder, Paths, Record

if TYPE_CHECKING:
    from lxml import etree

# lxml's parser for pieces of a document.
Parser = Any
# Bytes that are parsed before finished elements are dropped.
_BLOCK: Final = 1 << 16
# Bytes that lxml takes with the part of a document that it holds; measured.
_LXML: Final = 32 * 2**20
# libxml2's most characters of a text, a name, or a comment; and its message.
_LONGEST_TEXT: Final = 10**7
_LIMITS: Final = ("XML_PARSE_HUGE", "Excessive depth", "limit exceeded", "too long")
# Bytes of a record, or of a document that is held whole, where no memory limit is known.
_LARGEST: Final = 64 * 2**20
# Bytes that XPath 3.1 takes for each element, with its texts and attributes; measured: 350 to 700.
_NODE: Final = 800
# Bytes for such a tree where one byte of text may be read.
_TREE_SHARE: Final = 4


def read(reading: Reading) -> RowRecords:
    """Return the records of an XML file.

    Raises:
        InputError: The file is not valid XML, declares entities, or an XPath is not valid or fails.
        LimitError: A record, or a document that must be held whole, is too large.
    """
    reading.host.reserve("lxml", _LXML)
    limit = reading.largest_tree()
    document = _Document(
        reading.file, reading.source, reading.table.columns, limit, reading.folders
    )
    target = reading.copy(".jsonl")
    largest = 0
    with ExitStack() as stack:
        note = None
        if (rejects := current()) is not None:
            key = ("xpath", document.file, reading.source)
            note = stack.enter_context(rejects.noting(*key, of_records=False))
        out = stack.enter_context(target.open("w", encoding="utf-8"))
        for values in document.values(note):
            line = json.dumps([*values], ensure_ascii=False)
            largest = max(largest, len(line))
            out.write(line + "\n")
    reading.notes += document.notes()
    reading.read_too += document.paths.reach.files
    return RowRecords(target, largest, lists=True)


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts, in one pass."""
    wanted, last = set(records), max(records, default=0)
    found: dict[int, int] = {}
    for number, record in enumerate(_Document(file, source, [], _LARGEST).records(), 1):
        if number in wanted and record.line:
            found[number] = record.line
        if number >= last:
            break
    return found


def root_of(file: SourceFile, source: LogicalSource) -> tuple[str, str]:
    """Return the namespace, if there is one, and the name of the root element."""
    tag = str(_Document(file, source, [], _LARGEST).root_element().tag)
    namespace, _, name = tag.rpartition("}")
    return namespace.removeprefix("{"), name


class _Document:
    """One XML document and the XPaths that are evaluated on it.

    Args:
        file: The file.
        source: The logical source.
        references: XPaths relative to a record, or the columns for them.
        limit: Bytes of text that may be held as a tree.
        folders: Where functions of XPath may read files; None: nowhere.
        text: The document itself, instead of what is in the file.
    """

    def __init__(
        self,
        file: SourceFile,
        source: LogicalSource,
        references: Sequence[str | Column],
        limit: int,
        folders: Folders | None = None,
        text: str | None = None,
    ) -> None:
        self.given = text
        self.file = file
        self.source = source
        self.limit = limit
        self.open = 0
        self.lxml: Any = need("lxml.etree", "xml", "reading XML")
        self.iterator = source.iterator.strip() or "/"
        reach = Reach(source, folders, limit)
        self.paths = Paths(self.lxml, file, source, reach, self.root_namespaces)
        columns = [
            Column(each, index, True, False) if isinstance(each, str) else each
            for index, each in enumerate(references)
        ]
        self.finders = [self.paths.finder(column, is_whole=self.is_whole) for column in columns]

    @property
    def _is_declared(self) -> bool:
        """Whether the mapping declares the encoding."""
        return self.given is not None or encoding_of(self.source) != "utf-8"

    @property
    def is_whole(self) -> bool:
        """Whether the one record is the document itself."""
        return self.iterator == "/"

    def values(self, note: Note | None = None) -> Iterator[list[list[str]]]:
        """Yield for each record the values of each reference.

        Args:
            note: Takes values that are left out because a path fails; None: that is an error.
        """
        for number, record in enumerate(self.records(), 1):
            yield [*self.paths.values(self.finders, record, number, note)]

    def items(self, nest: Nest) -> list[dict[str, Any]]:
        """Return the items of a nest in a small document, whose root the paths start from."""
        finder = self.paths.nested(nest)
        return [item for root in self._all() for item in self.paths.items_of(finder, root)]

    def notes(self) -> list[str]:
        """Return what the user should know, once the values have been read."""
        told = []
        if self.source.takes_namespaces and self.paths.default:
            text = (
                "names without a prefix in paths of ql:XPath are taken in the default namespace of"
                f" the document, {self.paths.default}"
            )
            # Heard once for each file, however many sources read it.
            Notes().add(text.replace("{", "{{").replace("}", "}}"), self.file.location, loses=False)
        for finder in self.finders:
            if finder.wrong is not None and not finder.is_used:
                place = f" at {finder.wrong.location}" if finder.wrong.location else ""
                told.append(
                    f"no record needs the path{place}, which is wrong: {finder.wrong.message}"
                )
        return told

    def records(self) -> Iterator[Record]:
        """Yield the records, in the order of the document."""
        steps = parse_path(self.iterator, self.paths.namespaces, self.paths.default)
        up = [
            steps_up(finder.path)
            if finder.basic
            else 0
            if self.paths.stays_inside(finder)
            else None
            for each in self.finders
            for finder in each.all()
        ]
        levels = max((u for u in up if u is not None), default=0)
        lifted = levels and steps and any(step.anywhere for step in steps)
        if steps is None or None in up or lifted or levels >= len(steps):
            yield from self._all()
            return
        outer = steps[: len(steps) - levels]
        for unit in self._units(outer):
            if not levels and not any(step.anywhere for step in steps):
                yield self._record(unit)
                continue
            # `iter` gives records within the unit, nested ones too, in document order.
            for element in unit.iter():
                if isinstance(element.tag, str) and matches(_chain(element), steps):
                    yield self._record(element)

    def _record(self, element: Element) -> Record:
        """Return an element of a stream as a record; paths of XPath 3.1 see no more than it."""
        item = self.paths.engine.enter(element) if self.paths.is_full else None
        return Record(element, item, element.sourceline)

    # --- as a stream ----------------------------------------------------------------------

    def _units(self, steps: Sequence[PathStep]) -> Iterator[etree._Element]:
        """Yield the outermost elements of a path, each as soon as it is complete."""
        with self.blocks() as blocks:
            first, start = self.root(blocks)
            root_tag, tag = first.tag, steps[-1].tag
            parser = self.lxml.XMLPullParser(
                events=("start", "end"), tag=(tag, root_tag), **self._options()
            )
            root: etree._Element | None = None
            unit: etree._Element | None = None
            size = 0
            for block in chain((start,), blocks):
                self._feed(parser, block)
                for event, element in parser.read_events():
                    if event == "start":
                        root = element if root is None else root
                    elif self._is_unit(element, steps):
                        yield element
                if root is not None:
                    self._check_entities(root)
                    reading = self._forget(root, steps)
                    is_same = reading is not None and reading is unit
                    unit, size = reading, size + len(block) if is_same else 0
                if size > self.limit:
                    raise too_large(self.file.location, self.limit)
            try:
                parser.close()
            except self.lxml.XMLSyntaxError as error:
                raise self._broken(error, parser) from error
            for event, element in parser.read_events():
                if event == "end" and self._is_unit(element, steps):
                    yield element

    @contextmanager
    def blocks(self) -> Iterator[Iterator[bytes]]:
        """Give the bytes of the document, in UTF-8 if the mapping declares their encoding."""
        if self.given is not None:
            yield iter((self.given.encode(),))
            return
        if self._is_declared:
            yield (text.encode() for text in text_blocks(self.file, self.source))
            return
        with open_source(self.file, self.source) as stream:
            yield iter(lambda: stream.read(_BLOCK), b"")

    def root_element(self) -> Element:
        """Return the root element as it begins; nothing else of the document is read.

        Raises:
            InputError: There is none, because the document is not well-formed.
        """
        with self.blocks() as blocks:
            return self.root(blocks)[0]

    def root_namespaces(self) -> Mapping[str | None, str]:
        """Return the namespaces that the root element declares, by prefix."""
        try:
            return dict(self.root_element().nsmap)
        except KgError:  # which reading the document tells
            return {}

    def root(self, blocks: Iterator[bytes]) -> tuple[Any, bytes]:
        """Return the root element as it begins, and the bytes that were read for it."""
        first = self.lxml.XMLPullParser(events=("start",), **self._options())
        read: list[bytes] = []
        for block in blocks:
            read.append(block)
            self._feed(first, block)
            for _, element in first.read_events():
                return element, b"".join(read)
            if len(read) * _BLOCK > _LONGEST_TEXT:
                raise self._too_long()
        try:
            first.close()
        except self.lxml.XMLSyntaxError as error:
            raise self._broken(error, first) from error
        raise AssertionError("a document without a root is not well-formed")

    def _feed(self, parser: Parser, block: bytes) -> None:
        # lxml holds a tag until it ends.
        ended = block.rfind(b">") + 1
        self.open = len(block) - ended + (0 if ended else self.open)
        if self.open > _LONGEST_TEXT:
            raise self._too_long()
        try:
            parser.feed(block)
        except self.lxml.XMLSyntaxError as error:
            raise self._broken(error, parser) from error

    @staticmethod
    def _is_unit(element: etree._Element, steps: Sequence[PathStep]) -> bool:
        if not any(step.anywhere for step in steps):
            return _is_at(element, steps)
        names = _chain(element)
        inside = (matches(names[:end], steps) for end in range(1, len(names)))
        return matches(names, steps) and not any(inside)

    @staticmethod
    def _forget(root: etree._Element, steps: Sequence[PathStep]) -> etree._Element | None:
        """Drop all elements that have been read; return the unit that is being read."""
        node, names = root, [str(root.tag)]
        while not matches(names, steps):
            if len(node) == 0:
                return None
            del node[:-1]
            node = node[-1]
            names.append(str(node.tag))
        return node

    # --- as a tree ------------------------------------------------------------------------

    def _all(self) -> Iterator[Record]:
        """Yield the records of any XPath."""
        find = None if self.is_whole else self.paths.compiled(self.iterator)
        root = self._parsed()
        if self.paths.is_full:
            yield from self._all_full(find, root)
            return
        if find is None:
            yield Record(root, line=root.sourceline)
            return
        for element in self._elements(find, root):
            yield Record(element, line=element.sourceline)

    def _all_full(self, find: Finder | None, root: Element) -> Iterator[Record]:
        """Yield the records where a path is of XPath 3.1."""
        if sum(1 for _ in root.iter()) * _NODE > self.limit * _TREE_SHARE:
            raise self._too_large("XPath 3.1 needs")
        engine = self.paths.engine
        node = engine.enter(root.getroottree())
        if find is None:
            yield Record(root, node, root.sourceline)
        elif find.basic is not None:
            for element in self._elements(find, root):
                yield Record(element, engine.node_of(element), element.sourceline)
        else:
            for item in self.paths.items(find, node):
                yield Record(engine.element_of(item), item, engine.line_of(item))

    def _elements(self, find: Finder, root: Element) -> Iterator[Any]:
        """Yield the elements that an iterator of XPath 1.0 leads to."""
        found = self.paths.run(find, root)
        for element in found if isinstance(found, list) else [found]:
            if not isinstance(element, self.lxml._Element):
                raise self.paths.no_elements(self.iterator)
            yield element

    def _parsed(self) -> Element:
        """Return the root of the whole document."""
        parser = self.lxml.XMLParser(**self._options())
        size = 0
        with self.blocks() as blocks:
            for block in blocks:
                size += len(block)
                if size > self.limit:
                    raise self._too_large(f"{self.iterator!r} or a reference needs")
                self._feed(parser, block)
            try:
                root = parser.close()
            except self.lxml.XMLSyntaxError as error:
                raise self._broken(error, parser) from error
        self._check_entities(root)
        return root

    # --- shared ---------------------------------------------------------------------------

    def _options(self) -> dict[str, Any]:
        return {
            "resolve_entities": False,
            "no_network": True,
            "load_dtd": False,
            "huge_tree": False,
            "remove_comments": True,
            "remove_pis": True,
            # The document's own declaration counts, unless the mapping declares another.
            "encoding": "utf-8" if self._is_declared else None,
        }

    def _check_entities(self, root: etree._Element) -> None:
        """Refuse documents that declare entities: kg cannot be sure of their content.

        Raises:
            InputError: There are some, or there may be some in a file that kg does not fetch.
        """
        dtd: Any = root.getroottree().docinfo.internalDTD
        if dtd is None:
            return
        used: Iterator[Any] = root.iter(self.lxml.Entity)
        names = [str(entity.name) for entity in (*dtd.entities(), *used)]
        if names:
            raise InputError(
                "xml-entities",
                f"the document uses entities of its own (&{names[0]};), which kg does not expand",
                location=self.file.location,
                hint="Replace them by what they stand for, for instance with xmllint --noent.",
            )

    def _broken(self, error: etree.XMLSyntaxError, parser: Parser) -> KgError:
        # The exception may be the last of several errors; the first is the cause.
        first = next(iter(parser.feed_error_log), None)
        line, column = (first.line, first.column) if first else error.position
        message = str(first.message if first else error.msg).partition(", line ")[0].strip()
        if any(sign in message for sign in _LIMITS):
            return self._too_long(Location(self.file.shown, line or None, column or None))
        is_encoding = "encoding" in message.lower() or "proper UTF-8" in message
        return InputError(
            "bad-encoding" if is_encoding else "bad-xml",
            f"not valid XML: {message}",
            location=Location(self.file.shown, line or None, column or None),
            hint="Declare the encoding that the file has in its first line, or in the mapping."
            if is_encoding
            else "Mend the file here; & and < in texts are written &amp; and &lt;.",
        )

    def _too_long(self, place: Location | None = None) -> LimitError:
        return LimitError(
            "record-too-large",
            f"a text, a name or what stands before the root is longer than"
            f" {_LONGEST_TEXT // 10**6} MB, or elements are nested more than 256 deep",
            location=place or self.file.location,
            hint="Take the large part out of the document.",
        )

    def _too_large(self, who: str) -> LimitError:
        return LimitError(
            "document-too-large",
            f"the document is larger than {self.limit // 2**20} MB, or has too many elements for"
            f" it, and {who} all of it at once",
            location=self.file.location,
            hint="Use an iterator of names such as /a/b, references that do not leave the record"
            " but for ../@attribute, or give more --memory.",
        )


def embedded_items(
    nest: Nest, namespaces: tuple[tuple[str, str], ...], origin: Origin
) -> Callable[[str], list[dict[str, Any]]]:
    """Return what finds the items of a nest in the text of an XML document.

    Raises:
        InputError: The text is not XML; the error has no place.
    """

    def found(text: str) -> list[dict[str, Any]]:
        source = LogicalSource("", Formulation.XPATH, "/", namespaces=namespaces, origin=origin)
        document = _Document(SourceFile(Path()), source, [], _LARGEST, text=text)
        return document.items(nest)

    return found


def _is_at(element: etree._Element, steps: Sequence[PathStep]) -> bool:
    """Return whether a path of children, from the root on, leads to an element."""
    node: etree._Element | None = element
    for step in reversed(steps):
        if node is None or not fits(str(node.tag), step.tag):
            return False
        node = node.getparent()
    return node is None


def _chain(element: etree._Element) -> list[str]:
    """Return the names of the elements from the root to an element."""
    names = [str(element.tag)]
    parent = element.getparent()
    while parent is not None:
        names.append(str(parent.tag))
        parent = parent.getparent()
    names.reverse()
    return names
