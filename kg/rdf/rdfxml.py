"""Reads RDF/XML as a stream of N-Triples.

Expat parses the XML. Oxigraph's RDF/XML parser is not used because it drops statements with an
unknown parse type and statements of 32 MB, keeps carriage returns, and gives no places.

Spec: https://www.w3.org/TR/rdf-syntax-grammar/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final
from xml.parsers import expat

from kg.errors import InputError, Location
from kg.rdf.limits import DEEPEST, LONGEST_TERM, Problems, too_deep, too_long
from kg.rdf.xmlliteral import XmlLiteral
from kg.rdf.xmlterms import SEPARATOR, XML, Terms
from kg.terms import RDF, RDF_TYPE, escape

_CHUNK: Final = 1 << 16  # bytes
_SPACE: Final = re.compile(r"[ \t\r\n]*+\Z")
_LONGEST_ENTITY: Final = 1024  # characters; the entities that OWL tools write are namespaces
_REFERENCE: Final = re.compile(r"&(?!#|amp;|lt;|gt;|quot;|apos;)")
_ENTITY_USED: Final = re.compile(rb"&([^#;\s&<]{1,200});")
_PREDEFINED: Final = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))

# https://www.w3.org/TR/rdf-syntax-grammar/#section-Infoset-Grammar
_CORE: Final = frozenset(
    RDF + name for name in ("RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype")
)
_OLD: Final = frozenset(RDF + name for name in ("aboutEach", "aboutEachPrefix", "bagID"))
_NO_NODE: Final = _CORE | _OLD | {f"{RDF}li"}
_NO_PROPERTY: Final = _CORE | _OLD | {f"{RDF}Description"}
_NO_PROPERTY_ATTRIBUTE: Final = _CORE | _OLD | {f"{RDF}Description", f"{RDF}li"}
_ALONE: Final = frozenset(("ID", "about", "parseType", "resource", "type"))
_TAGGED: Final = frozenset((f"{RDF}langString", f"{RDF}dirLangString"))
_NIL: Final = f"<{RDF}nil>"


@dataclass(slots=True)
class _Frame:
    """An open element.

    Attributes:
        kind: What it may contain: nodes (``root``, ``collection``), properties (``node``), one
            node or text (``property``), or nothing (``empty``).
        base: Base IRI of its content.
        language: Language of its content, or None.
        subject: The node of a node element, or of the element around a property element.
        predicate: Of a property element.
        line: Line where it begins.
        text: Its text.
        size: Characters of the text.
        datatype: Datatype of a literal.
        reifier: The IRI that its ``rdf:ID`` gives the statement.
        object: The node that it contains.
        last: The last cell of a collection.
        members: The highest ``rdf:li`` so far.
    """

    kind: str
    base: str
    language: str | None
    subject: str
    predicate: str = ""
    line: int = 0
    text: list[str] | None = None
    size: int = 0
    datatype: str | None = None
    reifier: str | None = None
    object: str | None = None
    last: str | None = None
    members: int = 0


class RdfXml:
    """The statements of an RDF/XML file, as N-Triples.

    Args:
        source: The file in UTF-8, without a byte order mark.
        name: The file name for messages.
        base: Base IRI.

    Attributes:
        prefixes: Prefixes that the file declares, with their namespaces; the first one wins.
    """

    def __init__(self, source: IO[bytes], name: str, base: str) -> None:
        self._source = source
        self._name = name
        self.prefixes: dict[str, str] = {}
        self._problems = Problems("RDF/XML")
        self._out: list[str] = []
        self._rest = b""
        self._frames = [_Frame("document", base, None, "")]
        self._literal: XmlLiteral | None = None
        self._terms = Terms(self._problems, self._place)
        self._entities: set[bytes] | None = None  # declared here, if there is an external subset
        self._finished = False
        self._statements = self._read()

    def chunks(self) -> Iterator[bytes]:
        """Yield N-Triples, whole lines at a time.

        Raises:
            InputError: The file is not RDF/XML, or a value is too long.
        """
        for lines in self._statements:
            yield "".join(f"{line} .\n" for line in lines).encode()

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes of N-Triples, empty at the end; raises as `chunks` does."""
        while not self._rest:
            lines = next(self._statements, None)
            if lines is None:
                return b""
            self._rest = "".join(f"{line} .\n" for line in lines).encode()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _read(self) -> Iterator[list[str]]:
        parser = self._parser = expat.ParserCreate("utf-8", SEPARATOR)
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._skipped
        fed, size, tail = 0, _CHUNK, b""
        while not self._finished:
            chunk = self._source.read(size)
            self._finished = not chunk
            fed += len(chunk)
            if self._entities is not None:
                self._check_entities(tail + chunk)
            try:
                parser.Parse(chunk, not chunk)
            except expat.ExpatError as error:
                at = parser.ErrorByteIndex - fed + len(chunk)
                raise self._broken(error, (tail + chunk)[len(tail) + at - 2 :][:11]) from error
            tail = chunk[-256:]
            # Expat scans an unfinished tag or comment again each time, so read in growing steps.
            waiting = fed - parser.CurrentByteIndex
            if waiting > 2 * LONGEST_TERM:
                raise too_long("a tag, a comment or an instruction", self._place())
            size = max(_CHUNK, waiting)
            if self._out:
                lines, self._out = self._out, []
                yield lines
            if self._entities is None and self._declares_elsewhere:
                self._entities = set(_PREDEFINED) | self._declared
                self._check_entities(chunk)
        self._problems.raise_if_any()

    # Entities declared in another file are not fetched, and using one is an error. In attributes
    # expat does not report them.

    _declares_elsewhere = False

    def _doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        del name, public, internal
        self._declared: set[bytes] = set()
        self._declares_elsewhere = system is not None

    def _entity(
        self,
        name: str,
        is_parameter: bool,
        value: str | None,
        base: str | None,
        system: str | None,
        public: str | None,
        notation: str | None,
    ) -> None:
        del base, system, public, notation
        if is_parameter or value is None:
            raise self._refused("an external entity")
        if len(value) > _LONGEST_ENTITY or _REFERENCE.search(value):
            raise self._refused("an entity that is long or refers to others")
        self._declared.add(name.encode())

    def _check_entities(self, data: bytes) -> None:
        for found in _ENTITY_USED.finditer(data):
            if self._entities is not None and found[1] not in self._entities:
                self._skipped(found[1].decode(errors="replace"), False)

    def _skipped(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            raise self._error(f"the entity &{name}; is not declared in this file")

    def _namespace(self, prefix: str | None, namespace: str | None) -> None:
        if namespace:
            self.prefixes.setdefault(prefix or "", namespace)

    # Places and errors

    def _place(self, line: int | None = None) -> Location:
        if line is not None:
            return Location(self._name, line)
        parser = self._parser
        return Location(self._name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

    def _error(self, message: str) -> InputError:
        return self._problems.error(message, self._place())

    def _broken(self, error: expat.ExpatError, text: bytes) -> InputError:
        if b"<!D" in text:
            return self._refused("a document type that is not at the start")
        message = expat.errors.messages.get(error.code, str(error))
        place = Location(self._name, error.lineno, error.offset + 1)
        return self._problems.error(message, place)

    def _refused(self, what: str) -> InputError:
        return InputError(
            "xml-entities",
            f"the XML has {what}, which could grow without bound or fetch something",
            location=self._place(),
            hint="Write the entities out, for example with: xmllint --noent",
        )

    def _emit(self, subject: str, predicate: str, object_: str, reifier: str | None = None) -> None:
        self._out.append(f"{subject} {predicate} {object_}")
        if reifier is not None:
            # https://www.w3.org/TR/rdf-syntax-grammar/#section-Reification
            self._out.append(f"{reifier} {RDF_TYPE} <{RDF}Statement>")
            self._out.append(f"{reifier} <{RDF}subject> {subject}")
            self._out.append(f"{reifier} <{RDF}predicate> {predicate}")
            self._out.append(f"{reifier} <{RDF}object> {object_}")

    # Elements

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._literal is not None:
            self._literal.start(name, attributes)
            self._check_size(self._frames[-1], self._literal.size)
            return
        parent = self._frames[-1]
        uri, local, _ = self._terms.split(name)
        if not uri:
            raise self._error(f"the element {local} has no namespace")
        if len(self._frames) > DEEPEST:
            raise too_deep("elements", self._place())
        base, language, own, others = self._attributes(attributes, parent)
        if parent.kind == "document" and uri == f"{RDF}RDF":
            self._frames.append(_Frame("root", base, language, ""))
            return
        if parent.kind == "node":
            self._property(uri, parent, base, language, own, others)
            return
        if parent.kind == "empty":
            raise self._error("a property with an attribute for its object must be empty")
        self._node(uri, parent, base, language, own, others)

    def _attributes(
        self, attributes: list[str], parent: _Frame
    ) -> tuple[str, str | None, dict[str, str], list[tuple[str, str]]]:
        """Return base, language, `rdf:` attributes by local name, and property attributes."""
        base, language = parent.base, parent.language
        own: dict[str, str] = {}
        others: list[tuple[str, str]] = []
        for at in range(0, len(attributes), 2):
            uri, local, prefix = self._terms.split(attributes[at])
            value = attributes[at + 1]
            if uri.startswith(XML):
                if local == "base":
                    base = self._terms.iri(value, base)[1:-1].partition("#")[0]
                elif local == "lang":
                    language = self._terms.language(value)
            elif not uri:
                if local.lower().startswith("xml"):
                    continue
                if local not in _ALONE:
                    raise self._error(f"the attribute {local} has no namespace")
                self._put(RDF + local, local, value, own, others)
            else:
                self._put(uri, local, value, own, others)
            del prefix
        return base, language, own, others

    def _put(
        self, uri: str, local: str, value: str, own: dict[str, str], others: list[tuple[str, str]]
    ) -> None:
        if uri not in _NO_PROPERTY_ATTRIBUTE:
            others.append((uri, value))
        elif uri in _CORE and uri != f"{RDF}RDF":
            if local in own:
                raise self._error(f"rdf:{local} is given twice")
            own[local] = value
        else:
            raise self._error(f"rdf:{local} may not be an attribute")

    def _node(
        self,
        uri: str,
        parent: _Frame,
        base: str,
        language: str | None,
        own: dict[str, str],
        others: list[tuple[str, str]],
    ) -> None:
        """Read the start of a node element.

        Spec: https://www.w3.org/TR/rdf-syntax-grammar/#section-Node-elements
        """
        if uri in _NO_NODE:
            raise self._error(f"rdf:{uri[len(RDF) :]} may not be a node")
        if len(own) > 1:
            raise self._error(f"a node has only one of {_list(own)}")
        subject = self._subject(own, base)
        if parent.kind == "property":
            if parent.object is not None or parent.datatype is not None:
                raise self._error("a property holds one node, or a text")
            if parent.text and not _SPACE.match("".join(parent.text)):
                raise self._error("a property holds a node or a text, not both")
            parent.object = subject
        elif parent.kind == "collection":
            self._member(parent, subject)
        if uri != f"{RDF}Description":
            self._emit(subject, RDF_TYPE, f"<{uri}>")
        self._property_attributes(subject, others, base, language)
        self._frames.append(_Frame("node", base, language, subject))

    def _subject(self, own: dict[str, str], base: str) -> str:
        for name, value in own.items():
            if name == "about":
                return self._terms.iri(value, base)
            if name == "nodeID":
                return self._terms.labelled(value)
            if name == "ID":
                return self._terms.identified(value, base)
            raise self._error(f"rdf:{name} belongs on a property, but is on a node")
        return self._terms.fresh()

    def _property_attributes(
        self, subject: str, others: list[tuple[str, str]], base: str, language: str | None
    ) -> None:
        for uri, value in others:
            if uri == f"{RDF}type":
                self._emit(subject, RDF_TYPE, self._terms.iri(value, base))
            else:
                self._emit(subject, f"<{uri}>", _plain(value, language))

    def _member(self, parent: _Frame, node: str) -> None:
        cell = self._terms.fresh()
        if parent.last is None:
            self._emit(parent.subject, parent.predicate, cell, parent.reifier)
        else:
            self._emit(parent.last, f"<{RDF}rest>", cell)
        self._emit(cell, f"<{RDF}first>", node)
        parent.last = cell

    def _property(
        self,
        uri: str,
        parent: _Frame,
        base: str,
        language: str | None,
        own: dict[str, str],
        others: list[tuple[str, str]],
    ) -> None:
        """Read the start of a property element.

        Spec: https://www.w3.org/TR/rdf-syntax-grammar/#section-Property-elements
        """
        if uri in _NO_PROPERTY:
            raise self._error(f"rdf:{uri[len(RDF) :]} may not be a property")
        if uri == f"{RDF}li":
            parent.members += 1
            uri = f"{RDF}_{parent.members}"
        subject, predicate = parent.subject, f"<{uri}>"
        frame = _Frame("property", base, language, subject, predicate)
        frame.line = self._parser.CurrentLineNumber
        if "about" in own:
            raise self._error("rdf:about belongs on a node, but is on a property")
        if "ID" in own:
            frame.reifier = self._terms.identified(own.pop("ID"), base)
        self._frames.append(frame)
        if not own and not others:
            frame.text = []
        elif "parseType" in own:
            self._parsed(frame, own, others)
        elif others or "resource" in own or "nodeID" in own:
            self._empty(frame, own, others)
        else:
            frame.text, frame.datatype = [], own["datatype"]

    def _parsed(self, frame: _Frame, own: dict[str, str], others: list[tuple[str, str]]) -> None:
        if len(own) > 1 or others:
            raise self._error("rdf:parseType goes with no other attribute")
        kind = own["parseType"]
        if kind == "Resource":
            node = self._terms.fresh()
            self._emit(frame.subject, frame.predicate, node, frame.reifier)
            frame.kind, frame.subject = "node", node
        elif kind == "Collection":
            frame.kind = "collection"
        else:
            # https://www.w3.org/TR/rdf-syntax-grammar/#parseTypeOtherPropertyElt
            frame.kind = "literal"
            self._literal = XmlLiteral(SEPARATOR)

    def _empty(self, frame: _Frame, own: dict[str, str], others: list[tuple[str, str]]) -> None:
        if len(own) > 1 or "datatype" in own:
            raise self._error(f"a property has only one of {_list({**own, 'other': ''})}")
        frame.kind = "empty"
        if "resource" in own:
            node = self._terms.iri(own["resource"], frame.base)
        else:
            node = self._terms.labelled(own["nodeID"]) if own else self._terms.fresh()
        self._property_attributes(node, others, frame.base, frame.language)
        self._emit(frame.subject, frame.predicate, node, frame.reifier)

    def _end(self, name: str) -> None:
        if self._literal is not None:
            if self._literal.depth:
                self._literal.end()
                return
            frame = self._frames.pop()
            lexical, self._literal = self._literal.text, None
            object_ = f'"{escape(lexical)}"^^<{RDF}XMLLiteral>'
            self._emit(frame.subject, frame.predicate, object_, frame.reifier)
            return
        del name
        frame = self._frames.pop()
        if frame.kind == "property":
            self._emit(frame.subject, frame.predicate, self._object(frame), frame.reifier)
        elif frame.kind == "collection":
            if frame.last is None:
                self._emit(frame.subject, frame.predicate, _NIL, frame.reifier)
            else:
                self._emit(frame.last, f"<{RDF}rest>", _NIL)

    def _object(self, frame: _Frame) -> str:
        if frame.object is not None:
            return frame.object
        text = "".join(frame.text or ())
        if frame.datatype is None:
            return self._checked(_plain(text, frame.language), frame)
        datatype = self._terms.iri(frame.datatype, frame.base)
        if datatype[1:-1] in _TAGGED:
            self._problems.add(
                "rdf:langString needs a language tag: use xml:lang instead of rdf:datatype",
                self._place(frame.line),
            )
        if datatype == "<http://www.w3.org/2001/XMLSchema#string>":
            return self._checked(_plain(text, None), frame)
        return self._checked(f'"{escape(text)}"^^{datatype}', frame)

    def _checked(self, literal: str, frame: _Frame) -> str:
        if len(literal) > LONGEST_TERM // 4 and len(literal.encode()) > LONGEST_TERM:
            raise too_long("a literal", self._place(frame.line))
        return literal

    def _check_size(self, frame: _Frame, size: int) -> None:
        if size > LONGEST_TERM:
            raise too_long("a literal", self._place(frame.line))

    # Text

    def _text(self, text: str) -> None:
        frame = self._frames[-1]
        if self._literal is not None:
            self._literal.characters(text)
            self._check_size(frame, self._literal.size)
        elif frame.text is not None and frame.object is None:
            frame.text.append(text)
            frame.size += len(text)
            self._check_size(frame, frame.size)
        elif not _SPACE.match(text):
            shown = " ".join(text.split())[:40]
            raise self._error(f"the text {shown!r} is not allowed here")

    def _comment(self, text: str) -> None:
        if self._literal is not None:
            self._literal.comment(text)
            self._check_size(self._frames[-1], self._literal.size)

    def _instruction(self, target: str, data: str) -> None:
        if self._literal is not None:
            self._literal.instruction(target, data)
            self._check_size(self._frames[-1], self._literal.size)


def _plain(text: str, language: str | None) -> str:
    return f'"{escape(text)}"' if language is None else f'"{escape(text)}"@{language}'


def _list(names: dict[str, str]) -> str:
    return " and ".join(f"rdf:{name}" if name != "other" else "other attributes" for name in names)
