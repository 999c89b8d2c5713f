"""XML: records by an XPath iterator, values by XPath relative to the record.

If the iterator is a path of names, the document is read as a stream and records are dropped once
read, so its size does not matter. Any other XPath needs the whole tree in memory, up to a limit.
Entities are not expanded and nothing is fetched; the limits of libxml2 (10 MB of text in an
element, 256 levels) hold.

Spec: https://kg-construct.github.io/rml-io/spec/docs/ (reference formulation XPath)
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError, KgError, LimitError, Location
from kg.mapping.plan import Formulation, LogicalSource, Origin
from kg.mapping.source_table import Nest
from kg.sources.extras import need
from kg.sources.files import SourceFile
from kg.sources.json_scan import too_large
from kg.sources.reading import Reading
from kg.sources.records import RowRecords
from kg.sources.streams import encoding_of, open_source, text_blocks
from kg.sources.xml_paths import PathStep, fits, matches, parse_path, steps_up

if TYPE_CHECKING:
    from lxml import etree

# lxml's parser for pieces of a document.
Parser = Any
# The result of an XPath: a list of elements and texts, a text, a number or a boolean.
Found = Any
# Bytes that are parsed before finished elements are dropped.
_BLOCK: Final = 1 << 16
# Bytes that lxml takes with the part of a document that it holds; measured.
_LXML: Final = 32 * 2**20
# libxml2's most characters of a text, a name, or a comment; and its message.
_LONGEST_TEXT: Final = 10**7
_LIMITS: Final = ("XML_PARSE_HUGE", "Excessive depth", "limit exceeded", "too long")
# Bytes of a record, or of a document that is held whole, where no memory limit is known.
_LARGEST: Final = 64 * 2**20


def read(reading: Reading) -> RowRecords:
    """Return the records of an XML file.

    Raises:
        InputError: The file is not valid XML, declares entities, or an XPath is not valid.
        LimitError: A record, or a document that must be held whole, is too large.
    """
    reading.host.reserve("lxml", _LXML)
    columns = reading.table.columns
    document = _Document(
        reading.file,
        reading.source,
        [column.reference for column in columns],
        reading.largest_tree(),
        [column.nest for column in columns],
    )
    target = reading.copy(".jsonl")
    largest = 0
    with target.open("w", encoding="utf-8") as out:
        for values in document.values():
            line = json.dumps([*values], ensure_ascii=False)
            largest = max(largest, len(line))
            out.write(line + "\n")
    return RowRecords(target, largest, lists=True)


def lines_of(file: SourceFile, source: LogicalSource, records: Collection[int]) -> dict[int, int]:
    """Return the line, from 1, on which each of some records starts, in one pass."""
    wanted, last = set(records), max(records, default=0)
    found: dict[int, int] = {}
    for number, element in enumerate(_Document(file, source, [], _LARGEST).records(), 1):
        line: Any = element.sourceline
        if number in wanted and line:
            found[number] = line
        if number >= last:
            break
    return found


def root_of(file: SourceFile, source: LogicalSource) -> tuple[str, str]:
    """Return the namespace, if there is one, and the name of the root element."""
    document = _Document(file, source, [], _LARGEST)
    with document.blocks() as blocks:
        tag = document.root(blocks)[0]
    namespace, _, name = tag.rpartition("}")
    return namespace.removeprefix("{"), name


class _Document:
    """One XML document and the XPaths that are evaluated on it.

    Args:
        file: The file.
        source: The logical source.
        references: XPaths relative to a record.
        limit: Bytes of text that may be held as a tree.
        nests: For each reference, what is taken out of the elements that it leads to, if it is
            the iterator of a nest.
        text: The document itself, instead of what is in the file.
    """

    def __init__(
        self,
        file: SourceFile,
        source: LogicalSource,
        references: Sequence[str],
        limit: int,
        nests: Sequence[Nest | None] = (),
        text: str | None = None,
    ) -> None:
        self.given = text
        self.file = file
        self.source = source
        self.limit = limit
        self.open = 0
        self.lxml: Any = need("lxml.etree", "xml", "reading XML")
        self.namespaces = dict(source.namespaces)
        self.iterator = source.iterator.strip() or "/"
        self.references = references
        # The document itself is not an element to start from.
        paths = [f"/{r}" if self.is_whole and not r.startswith("/") else r for r in references]
        self.finders = [self._compiled(path) for path in paths]
        self.text = self._compiled("string()")
        self.nests = nests or [None] * len(references)
        self.inner: dict[str, Callable[[etree._Element], Found]] = {}

    @property
    def _is_declared(self) -> bool:
        """Whether the mapping declares the encoding, or the document is a text already."""
        return self.given is not None or encoding_of(self.source) != "utf-8"

    @property
    def is_whole(self) -> bool:
        """Whether the one record is the document itself."""
        return self.iterator == "/"

    def values(self) -> Iterator[list[list[str]]]:
        """Yield for each record the values of each reference."""
        for record in self.records():
            yield [
                [json.dumps(item, ensure_ascii=False) for item in self._items(nest, find, record)]
                if nest is not None
                else self._texts(find, reference, record)
                for find, reference, nest in zip(
                    self.finders, self.references, self.nests, strict=True
                )
            ]

    def items(self, nest: Nest) -> list[dict[str, Any]]:
        """Return the items of a nest in a small document, whose root the paths start from."""
        return [
            item
            for root in self._all()
            for item in self._items(nest, self._compiled(nest.iterator), root)
        ]

    def _items(
        self, nest: Nest, find: Callable[[etree._Element], Found], record: etree._Element
    ) -> list[dict[str, Any]]:
        """Return the items of a nest in an element, as `kg.mapping.source_table.Nest` says."""
        found = self._run(find, nest.iterator, record)
        items = []
        for element in found if isinstance(found, list) else [found]:
            if not isinstance(element, self.lxml._Element):
                raise self._bad_path(nest.iterator, "an iterator must lead to elements")
            values = [self._texts(self._finder(path), path, element) for path in nest.references]
            inner = [self._items(n, self._finder(n.iterator), element) for n in nest.nests]
            items.append({"c": values, "n": inner})
        return items

    def _finder(self, path: str) -> Callable[[etree._Element], Found]:
        """Return what finds a path in an element, compiled once."""
        if path not in self.inner:
            self.inner[path] = self._compiled(path)
        return self.inner[path]

    def records(self) -> Iterator[etree._Element]:
        """Yield the elements that are records, in the order of the document."""
        steps = parse_path(self.iterator, self.namespaces)
        up = [steps_up(path) for path in (*self.references, *_inner_paths(self.nests))]
        levels = max((u for u in up if u is not None), default=0)
        lifted = levels and steps and any(step.anywhere for step in steps)
        if steps is None or None in up or lifted or levels >= len(steps):
            yield from self._all()
            return
        outer = steps[: len(steps) - levels]
        for unit in self._units(outer):
            if not levels and not any(step.anywhere for step in steps):
                yield unit
                continue
            # `iter` gives records within the unit, nested ones too, in document order.
            for element in unit.iter():
                if isinstance(element.tag, str) and matches(_chain(element), steps):
                    yield element

    # --- as a stream ----------------------------------------------------------------------

    def _units(self, steps: Sequence[PathStep]) -> Iterator[etree._Element]:
        """Yield the outermost elements of a path, each as soon as it is complete."""
        with self.blocks() as blocks:
            root_tag, start = self.root(blocks)
            tag = steps[-1].tag
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

    def root(self, blocks: Iterator[bytes]) -> tuple[str, bytes]:
        """Return the name of the root element, and the bytes that were read for it."""
        first = self.lxml.XMLPullParser(events=("start",), **self._options())
        read: list[bytes] = []
        for block in blocks:
            read.append(block)
            self._feed(first, block)
            for _, element in first.read_events():
                return element.tag, b"".join(read)
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

    def _all(self) -> Iterator[etree._Element]:
        """Yield the elements of any XPath."""
        find = self._compiled(self.iterator)
        parser = self.lxml.XMLParser(**self._options())
        size = 0
        with self.blocks() as blocks:
            for block in blocks:
                size += len(block)
                if size > self.limit:
                    raise self._too_large()
                self._feed(parser, block)
            try:
                root = parser.close()
            except self.lxml.XMLSyntaxError as error:
                raise self._broken(error, parser) from error
        self._check_entities(root)
        if self.is_whole:
            yield root
            return
        found = self._run(find, self.iterator, root)
        for element in found if isinstance(found, list) else [found]:
            if not isinstance(element, self.lxml._Element):
                raise self._bad_path(self.iterator, "an iterator must lead to elements")
            yield element

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

    def _compiled(self, path: str) -> Callable[[etree._Element], Found]:
        try:
            find: Callable[[etree._Element], Found] = self.lxml.XPath(
                path, namespaces=self.namespaces, smart_strings=False
            )
        except self.lxml.XPathError as error:
            raise self._bad_path(path, str(error)) from error
        return find

    def _run(
        self, find: Callable[[etree._Element], Found], path: str, element: etree._Element
    ) -> Found:
        try:
            return find(element)
        except self.lxml.XPathError as error:
            raise self._bad_path(path, str(error)) from error

    def _texts(
        self, find: Callable[[etree._Element], Found], path: str, record: etree._Element
    ) -> list[str]:
        found = self._run(find, path, record)
        if isinstance(found, list):
            if any(isinstance(value, tuple) for value in found):
                raise self._bad_path(path, "it leads to namespaces, which are no values")
            return [v if isinstance(v, str) else self._text(v) for v in found]
        if isinstance(found, bool):
            return ["true" if found else "false"]
        if isinstance(found, float):
            return [_number(found)]
        return [str(found)]

    def _text(self, element: etree._Element) -> str:
        """Return the text in an element: its string value."""
        if len(element) == 0:
            return element.text or ""
        return str(self.text(element))

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

    def _bad_path(self, path: str, reason: str) -> InputError:
        hint = "References are XPath 1.0 relative to the record, such as name/text() or @id."
        if "prefix" in reason:
            known = ", ".join(sorted(self.namespaces)) or "none"
            hint = f"Declare it as a namespace of the source. Declared: {known}."
        return InputError(
            "bad-xpath",
            f"{path!r} cannot be used as an XPath: {reason[:1].lower()}{reason[1:]}",
            location=self.source.origin.location(),
            hint=hint,
        )

    def _too_large(self) -> LimitError:
        return LimitError(
            "document-too-large",
            f"the document is larger than {self.limit // 2**20} MB, and {self.iterator!r} or a"
            " reference needs all of it at once",
            location=self.file.location,
            hint="Use an iterator of names such as /a/b, references that do not leave the record"
            " but for ../@attribute, or give more --memory.",
        )


def _inner_paths(nests: Sequence[Nest | None]) -> Iterator[str]:
    """Yield the paths of nests, as if they started at the record: they lead no higher."""
    for nest in nests:
        if nest is not None:
            yield from (nest.iterator, *nest.references, *_inner_paths(nest.nests))


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


def _number(value: float) -> str:
    """Return a number as the function string() of XPath writes it.

    Spec: https://www.w3.org/TR/1999/REC-xpath-19991116/#function-string
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() else repr(value)
