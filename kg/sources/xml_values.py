"""The XPaths of one XML source: compiled once, followed for each record.

Paths of XPath 1.0 are followed by libxml2, which is fast; others by `kg.sources.xpath31`, if the
package for them is installed.

Spec: https://kg-construct.github.io/rml-io/spec/docs/ (reference formulation XPath)
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from kg.errors import InputError, KgError, Location
from kg.extras import need
from kg.mapping.plan import NOWHERE, LogicalSource, Origin
from kg.mapping.source_table import Column, Nest
from kg.rejects import Note
from kg.sources.addresses import Reach
from kg.sources.files import SourceFile
from kg.sources.xml_namespaces import unknown_prefix
from kg.sources.xml_paths import is_basic, steps_up, with_prefix
from kg.wording import excerpt

if TYPE_CHECKING:
    from kg.sources.xpath31 import PathFault, Xpath31

# The result of an XPath 1.0: a list of elements and texts, a text, a number or a boolean.
Found = Any
# An element of lxml; a compiled path, and what it gives, of XPath 3.1.
Element = Any
Item = Any
# The prefix that stands for the default namespace where a document's own namespaces count.
_DEFAULT: Final = "kg-default"
# Characters of a path that a message shows.
_SHOWN: Final = 200
_SYNTAX: Final = "https://www.w3.org/TR/xpath-31/"


@dataclass(slots=True)
class Record:
    """What an iterator leads to.

    Attributes:
        element: An element of lxml; None for anything else that XPath 3.1 gives.
        item: The same for XPath 3.1, where that is needed.
        line: The line on which it begins, if that is known.
    """

    element: Element
    item: Item = None
    line: int | None = None


@dataclass(slots=True)
class Finder:
    """A path, ready to be followed.

    Attributes:
        path: As the mapping writes it.
        origin: Where the mapping has it.
        needs: Groups of paths; the values count only for records that have all of one group.
        basic: Follows it as XPath 1.0.
        full: The same path of XPath 3.1.
        wrong: Why it cannot be followed.
        is_used: Whether a record needed it.
        nest: Where it is the iterator of a nest, whose items are its values.
        references: What is taken out of an item.
        nests: The parts of an item.
    """

    path: str
    origin: Origin = NOWHERE
    needs: tuple[tuple[str, ...], ...] = ()
    basic: Callable[[Any], Found] | None = None
    full: Any = None
    wrong: InputError | None = None
    is_used: bool = False
    nest: Nest | None = None
    references: tuple[Finder, ...] = ()
    nests: tuple[Finder, ...] = ()

    def all(self) -> Iterator[Finder]:
        """Yield the path, and those of nests, which lead no higher than it."""
        yield self
        for inner in (*self.references, *self.nests):
            yield from inner.all()


@dataclass
class Paths:
    """The paths of one source.

    Attributes:
        lxml: The module lxml.etree.
        file: The file that they are followed in.
        source: The source.
        reach: What functions may read.
        root: Gives the namespaces of the document's root by prefix.
    """

    lxml: Any
    file: SourceFile
    source: LogicalSource
    reach: Reach
    root: Callable[[], Mapping[str | None, str]]
    namespaces: dict[str, str] = field(default_factory=dict)
    default: str = ""
    _engine: Xpath31 | None = None

    def __post_init__(self) -> None:
        """Find out what prefixes stand for."""
        declared = dict(self.source.namespaces)
        self.default = declared.pop("", "")
        self.namespaces = declared
        if self.source.takes_namespaces:
            own = {prefix: iri for prefix, iri in self.root().items() if iri not in ("",)}
            self.default = self.default or own.pop(None, "")
            self.namespaces = {**{p: iri for p, iri in own.items() if p}, **declared}

    @property
    def engine(self) -> Xpath31:
        """The engine of XPath 3.1.

        Raises:
            InputError: Its package is not installed.
        """
        if self._engine is None:
            need("elementpath", "xpath", "XPath beyond version 1.0")
            from kg.sources.xpath31 import Xpath31

            self._engine = Xpath31(self.namespaces, self.default, self.reach)
        return self._engine

    @property
    def is_full(self) -> bool:
        """Whether any path is one of XPath 3.1."""
        return self._engine is not None

    # --- compiled -------------------------------------------------------------------------

    def finder(self, column: Column, *, is_whole: bool) -> Finder:
        """Return a reference, ready to be followed.

        Args:
            column: The reference.
            is_whole: Whether the records are the document itself.

        Raises:
            InputError: It is not valid, and that is an error though no record may need it.
        """
        path = column.reference
        if column.nest is not None:
            return self.nested(column.nest, is_whole=is_whole)
        try:
            return self.compiled(path, column.origin, column.needs, is_whole=is_whole)
        except InputError as error:
            if error.code != "bad-xpath" or not self.source.takes_namespaces or not column.needs:
                raise
            return Finder(path, column.origin, column.needs, wrong=error)

    def compiled(
        self,
        path: str,
        origin: Origin = NOWHERE,
        needs: tuple[tuple[str, ...], ...] = (),
        *,
        is_whole: bool = False,
    ) -> Finder:
        """Return a path, ready to be followed.

        Raises:
            InputError: It is not valid.
        """
        # To libxml2 the document itself is not an element to start from.
        basic = f"/{path}" if is_whole and not path.startswith("/") else path
        found, why = self._basic(basic)
        if found is not None:
            return Finder(path, origin, needs, basic=found)
        return Finder(path, origin, needs, full=self._full(path, origin, why))

    def nested(self, nest: Nest, *, is_whole: bool = False) -> Finder:
        """Return the iterator of a nest with all paths in it, ready to be followed.

        Raises:
            InputError: One is not valid.
        """
        finder = self.compiled(nest.iterator, is_whole=is_whole)
        finder.nest = nest
        finder.references = tuple(self.compiled(path) for path in nest.references)
        finder.nests = tuple(self.nested(each) for each in nest.nests)
        return finder

    def _basic(self, path: str) -> tuple[Callable[[Any], Found] | None, str]:
        """Return a path of XPath 1.0; None for any other, and what libxml2 says of it."""
        if not is_basic(path):
            return None, ""
        namespaces, written = self.namespaces, path
        if self.default and not path.startswith("/"):
            named = with_prefix(path.strip(), _DEFAULT)
            namespaces = {**namespaces, _DEFAULT: self.default}
            if named is None:
                return None, ""
            written = named
        elif self.default:
            return None, ""
        try:
            return self.lxml.XPath(written, namespaces=namespaces, smart_strings=False), ""
        except self.lxml.XPathError as error:
            return None, str(error)

    def _full(self, path: str, origin: Origin, why: str) -> Item:
        """Return a path of XPath 3.1."""
        try:
            engine = self.engine
        except InputError as error:
            reason = f" ({why})" if why else ""
            error.message = f"{path[:_SHOWN]!r} is no XPath 1.0{reason}; {error.message}"
            raise error.at(self._place(origin)) from None
        from kg.sources.xpath31 import PathFault

        try:
            return engine.compiled(path)
        except PathFault as fault:
            raise self._bad_path(path, fault.message, origin, fault.offset) from fault
        except KgError as error:
            raise error.at(self._place(origin)) from None

    # --- followed -------------------------------------------------------------------------

    def values(
        self, finders: Sequence[Finder], record: Record, number: int, note: Note | None
    ) -> Iterator[list[str]]:
        """Yield the values of each reference for a record.

        Args:
            finders: The references.
            record: The record.
            number: Its number, from 1.
            note: Takes values that are left out because a path fails; None: that is an error.

        Raises:
            InputError: A path fails, or a value of it is refused.
        """
        known: dict[tuple[str, Nest | None], list[str]] = {}

        def texts(finder: Finder) -> list[str]:
            key = finder.path, finder.nest
            if key not in known:
                known[key] = self._noted(finder, record, number, note)
            return known[key]

        def has(path: str) -> bool:
            found = by_path.get(path)
            if found is None:
                found = by_path[path] = self.compiled(path)
            return bool(texts(found))

        by_path = {finder.path: finder for finder in finders if finder.nest is None}
        for finder in finders:
            is_lazy = finder.basic is None and finder.needs
            if is_lazy and not any(all(map(has, group)) for group in finder.needs):
                yield []
                continue
            finder.is_used = True
            if finder.wrong is not None:
                raise finder.wrong
            yield texts(finder)

    def _noted(self, finder: Finder, record: Record, number: int, note: Note | None) -> list[str]:
        try:
            if finder.nest is not None:
                found = self.items_of(finder, record)
                return [json.dumps(item, ensure_ascii=False) for item in found]
            return self._texts(finder, record)
        except KgError as error:
            place = Location(self.file.shown, record.line, record=number, column=finder.path)
            if note is not None and error.code == "xpath-failed":
                note(place, finder.path, error.message)
                return []
            if error.code != "bad-xpath":
                error.location = place
            raise

    def items_of(self, finder: Finder, record: Record) -> list[dict[str, Any]]:
        """Return the items of a nest in a record, as `kg.mapping.source_table.Nest` says.

        Raises:
            InputError: A path fails, or its iterator leads to something else than elements.
        """
        items = []
        for part in self._parts(finder, record):
            values = [self._texts(each, part) for each in finder.references]
            items.append({"c": values, "n": [self.items_of(each, part) for each in finder.nests]})
        return items

    def _parts(self, finder: Finder, record: Record) -> Iterator[Record]:
        """Yield what the iterator of a nest leads to."""
        if finder.basic is None or record.element is None:
            if finder.full is None:
                finder.full = self._full(finder.path, finder.origin, "")
            for item in self.items(finder, record.item):
                yield Record(self.engine.element_of(item), item, self.engine.line_of(item))
            return
        found = self.run(finder, record.element)
        for element in found if isinstance(found, list) else [found]:
            if not isinstance(element, self.lxml._Element):
                raise self.no_elements(finder.path)
            item = self.engine.node_of(element) if self.is_full else None
            yield Record(element, item, element.sourceline)

    def _texts(self, finder: Finder, record: Record) -> list[str]:
        if finder.basic is not None and record.element is not None:
            return self._basic_texts(finder, record.element)
        if finder.full is None:
            finder.full = self._full(finder.path, finder.origin, "")
        from kg.sources.xpath31 import PathFault

        try:
            return self.engine.texts(finder.full, record.item)
        except PathFault as fault:
            if fault.code.startswith("XPST"):  # of the path alone
                raise self._bad_path(
                    finder.path, fault.message, finder.origin, fault.offset
                ) from fault
            raise _failed(fault, finder.origin) from fault

    def run(self, finder: Finder, element: Element) -> Found:
        """Return what a path of XPath 1.0 gives for an element.

        Raises:
            InputError: It has a prefix that is not declared, or fails.
        """
        assert finder.basic is not None
        try:
            return finder.basic(element)
        except self.lxml.XPathError as error:
            raise self._bad_path(finder.path, str(error), finder.origin) from error

    def _basic_texts(self, finder: Finder, element: Element) -> list[str]:
        found = self.run(finder, element)
        if isinstance(found, list):
            if any(isinstance(value, tuple) for value in found):
                raise self._bad_path(
                    finder.path, "it leads to namespaces, which are no values", finder.origin
                )
            return [v if isinstance(v, str) else _text(v) for v in found]
        if isinstance(found, bool):
            return ["true" if found else "false"]
        if isinstance(found, float):
            return [_number(found)]
        return [str(found)]

    def items(self, finder: Finder, item: Item) -> Iterator[Any]:
        """Yield what an iterator of XPath 3.1 leads to.

        Raises:
            InputError: It fails.
        """
        from kg.sources.xpath31 import PathFault

        try:
            yield from self.engine.items(finder.full, item)
        except PathFault as fault:
            raise _failed(fault, self.source.origin).at(self.file.location) from fault

    def stays_inside(self, finder: Finder) -> bool:
        """Return whether the values of a reference depend on the record alone."""
        if finder.basic is not None:
            return steps_up(finder.path) == 0
        return finder.full is None or self.engine.stays_inside(finder.full)

    # --- errors ---------------------------------------------------------------------------

    def no_elements(self, path: str) -> InputError:
        """Return the error for an iterator that leads to something else than elements."""
        return self._bad_path(path, "an iterator must lead to elements", NOWHERE)

    def _place(self, origin: Origin) -> Location:
        return (self.source.origin if origin == NOWHERE or not origin.file else origin).location()

    def _bad_path(
        self, path: str, reason: str, origin: Origin, offset: int | None = None
    ) -> InputError:
        hint = f"References are XPath, relative to the record: name/text(), @id ({_SYNTAX})."
        if "prefix" in reason:
            found = re.search(r"prefix '([^']*)'", reason)
            hint = unknown_prefix(
                found[1] if found else _first_unknown(path, self.namespaces),
                self.namespaces,
                self.root(),
                self.file.shown,
            )
        shown = path if len(path) <= _SHOWN else path[:_SHOWN] + "…"
        message = f"{shown!r} cannot be used as an XPath: {reason[:1].lower()}{reason[1:]}"
        if offset is not None:
            message += f"\n{excerpt(path, offset)}"
        return InputError("bad-xpath", message, location=self._place(origin), hint=hint)


def _first_unknown(path: str, known: Mapping[str, str]) -> str:
    """Return the first prefix in a path that is not known; empty if there is none."""
    for prefix in re.findall(r"(?<![\w:.-])([^\W\d][\w.-]*):(?!:)", path):
        if prefix not in known:
            return str(prefix)
    return ""


def _failed(fault: PathFault, origin: Origin) -> InputError:
    code = f" ({fault.code})" if fault.code else ""
    where = f"The path stands at {origin.location()}. " if origin.file else ""
    return InputError(
        "xpath-failed",
        f"the XPath fails for this record: {fault.message}{code}",
        hint=f"{where}Mend the value, or test it first, as in if (exists(a)) then a else ().",
    )


def _text(element: Element) -> str:
    """Return the text in an element: its string value."""
    if len(element) == 0:
        return element.text or ""
    return "".join(element.itertext())


def _number(value: float) -> str:
    """Return a number as the function string() of XPath writes it.

    Spec: https://www.w3.org/TR/1999/REC-xpath-19991116/#function-string
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() else repr(value)
