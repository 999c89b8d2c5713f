"""Mappings in the notation of Ontop (``.obda``), written as R2RML in Turtle.

Each becomes triples maps on the line where it begins, so that messages name its place.

Spec: https://ontop-vkg.org/guide/advanced/mapping-language.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from kg.errors import InputError, Location
from kg.mapping.texts import Text
from kg.mapping.yarrrml_prefixes import PREDEFINED
from kg.notes import Notes
from kg.terms import RDF, escape, is_iri

_R2RML: Final = "http://www.w3.org/ns/r2rml#"
_START: Final = re.compile(r"^\[MappingDeclaration\]\s*@collection\s*\[\[", re.MULTILINE)
_SECTION: Final = re.compile(r"^\[(\w+)\]", re.MULTILINE)
_PREFIX: Final = re.compile(r"^([\w.-]*):\s+<?([^\s>]+)>?\s*$", re.MULTILINE)
_KEY: Final = re.compile(r"^[ \t]*(mappingId|target|source)(?:[ \t]+|$)", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<iri><[^<>\s]*>)
    | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<kind>\^\^|@(?=[\w{]))
    | (?P<mark>[;,.](?=\s|$)|\{(?=\s)|\}(?=\s|$))
    | (?P<column>\{[^{}]+\})(?=\s|$|\^\^|@|[;,.](?:\s|$))
    | (?P<name>(?:[^\s;,<>"^@{}]|\{[^{}]+\}|[;,@](?=\S))+)
    )""",
    re.VERBOSE,
)
_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")


def is_obda(text: str) -> bool:
    """Return whether a document is a mapping of Ontop.

    >>> is_obda("[MappingDeclaration] @collection [["), is_obda("<a> <b> <c> .")
    (True, False)
    """
    return _START.search(text) is not None


class _Term(NamedTuple):
    """A term map: what stands in its brackets, and whether it may be no literal."""

    turtle: str
    is_node: bool


def as_r2rml(document: Text, faults: list[InputError]) -> Text:
    """Return a mapping of Ontop as R2RML, line by line.

    Args:
        document: The document.
        faults: Receives what is wrong with single mappings, which are left out.
    """
    start = _START.search(document.text)
    assert start is not None
    head = document.text[: start.start()]
    declared = dict(_PREFIX.findall(head))
    prefixes = {**PREDEFINED, **declared}
    for section in _SECTION.finditer(head):
        if section[1] == "SourceDeclaration":
            place = Location(document.file, head.count("\n", 0, section.start()) + 1)
            text = "the connection that the mapping declares is not used: KG_DATABASE names it"
            Notes().add(text, place, loses=False)
    lines = [""] * (document.text.count("\n") + 1)
    known = ((name, iri) for name, iri in declared.items() if is_iri(iri))
    lines[0] = " ".join(f"@prefix {name}: <{iri}> ." for name, iri in known)
    first = document.text.count("\n", 0, start.end())
    body = document.text[start.end() :].partition("\n]]")[0]
    for number, parts in _entries(body.split("\n")):
        try:
            lines[first + number] += " ".join(_maps(parts, prefixes))
        except ValueError as error:
            faults.append(
                InputError(
                    "bad-mapping",
                    f"the mapping {parts.get('mappingid', '')}: {error}",
                    location=Location(document.file, first + number + 1),
                )
            )
    return Text("\n".join(lines), document.file, document.folder)


def _entries(lines: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the parts of each mapping by their keys, with the line that it begins on."""
    parts: dict[str, str] = {}
    start, key = 0, ""
    for number, line in enumerate(lines):
        found = _KEY.match(line)
        if found and found[1].lower() == "mappingid" and parts:
            yield start, parts
            parts = {}
        if found:
            key, line = found[1].lower(), line[found.end() :]
            if key == "mappingid":
                start = number
        if key and not line.lstrip().startswith(("#", ";")):
            parts[key] = f"{parts.get(key, '')}\n{line}".strip()
    if parts:
        yield start, parts


def _maps(parts: Mapping[str, str], prefixes: Mapping[str, str]) -> Iterator[str]:
    """Yield the triples maps of a mapping, one for each subject.

    Raises:
        ValueError: It is incomplete, or its target cannot be read.
    """
    for key in ("target", "source"):
        if not parts.get(key):
            raise ValueError(f"it has no {key}")
    table = f"<{_R2RML}logicalTable> [ <{_R2RML}sqlQuery> {_literal(parts['source'])} ]"
    name = re.sub(r"[^\w.-]", "_", parts.get("mappingid", "")) or "mapping"
    for number, (subject, pairs) in enumerate(_Target(parts["target"], prefixes).read(), 1):
        node = f"<#{name}>" if number == 1 else f"<#{name}-{number}>"
        yield (
            f"{node} a <{_R2RML}TriplesMap> ; {table} ; <{_R2RML}subjectMap> [ {subject} ] ;"
            f" {' ; '.join(f'<{_R2RML}predicateObjectMap> [ {pair} ]' for pair in pairs)} ."
        )


def _literal(text: str) -> str:
    return f'"{escape(text)}"'


class _Target:
    """Reads a target: Turtle whose terms hold names of columns in braces."""

    def __init__(self, text: str, prefixes: Mapping[str, str]) -> None:
        self.prefixes = prefixes
        self.tokens: list[tuple[str, str]] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None or match.end() == position:
                raise ValueError(f"its target cannot be read from {text[position:].strip()[:40]!r}")
            kind = match.lastgroup or ""
            token = match[kind]
            position = match.end()
            if kind == "name" and token.endswith(".") and position == end:
                self.tokens += [(kind, token[:-1]), ("mark", ".")]
            else:
                self.tokens.append((kind, token))
        self.at = 0

    def read(self) -> list[tuple[str, list[str]]]:
        """Return the subject maps, with their predicate-object maps.

        Raises:
            ValueError: The target cannot be read.
        """
        found: dict[str, list[str]] = {}
        graph = ""
        while self.at < len(self.tokens):
            if self.take("."):
                continue
            if self.take("}"):
                graph = ""
                continue
            if self.peek()[1].upper() == "GRAPH":
                self.at += 1
                graph = f" ; <{_R2RML}graphMap> [ {self.node('a graph')} ]"
                if not self.take("{"):
                    raise ValueError("a graph is not followed by {")
                continue
            self.statements(found.setdefault(self.node("a subject"), []), graph)
        if not any(found.values()):
            raise ValueError("its target makes nothing")
        return list(found.items())

    def statements(self, pairs: list[str], graph: str) -> None:
        """Read what is said of a subject, up to the end of the sentence."""
        while True:
            if self.peek() == ("name", "a"):
                self.at += 1
                predicate = f"<{_R2RML}constant> <{RDF}type>"
            else:
                predicate = self.node("a predicate")
            while True:
                made = f"<{_R2RML}objectMap> [ {self.term().turtle} ]"
                pairs.append(f"<{_R2RML}predicateMap> [ {predicate} ] ; {made}{graph}")
                if not self.take(","):
                    break
            if not self.take(";") or self.peek()[1] in (".", "}", ""):
                return

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def take(self, mark: str) -> bool:
        """Go past a mark, if it is the next token."""
        if self.peek() != ("mark", mark):
            return False
        self.at += 1
        return True

    def node(self, what: str) -> str:
        """Return the term map of a subject, predicate or graph."""
        before = self.peek()[1]
        made = self.term()
        if not made.is_node:
            raise ValueError(f"{before!r} is no IRI, and {what} is one")
        return made.turtle

    def term(self) -> _Term:
        """Return the next term map."""
        kind, token = self.peek()
        self.at += 1
        if kind == "iri":
            return _iri(token[1:-1])
        if kind == "column":
            column = f"<{_R2RML}column> {_literal(_plain(token[1:-1]))}"
            return _Term(column + (self.suffix() or ""), is_node=False)
        if kind == "text":
            return self.literal(token)
        if kind != "name":
            raise ValueError(f"a term is missing before {token or 'the end'!r}")
        if token in ("true", "false") or _NUMBER.fullmatch(token):
            return _Term(f"<{_R2RML}constant> {token}", is_node=False)
        prefix, colon, rest = token.partition(":")
        if prefix == "_" and colon:
            label = f"<{_R2RML}template> {_literal(_template(rest))}"
            return _Term(f"{label} ; <{_R2RML}termType> <{_R2RML}BlankNode>", is_node=True)
        if not colon or prefix not in self.prefixes:
            raise ValueError(f"{token!r} has no prefix that is declared")
        return _iri(self.prefixes[prefix] + rest)

    def literal(self, token: str) -> _Term:
        suffix = self.suffix()
        if _VARIABLE.search(token):
            # The text is written in Turtle already, and so are names of columns in it.
            text = f'"{_template(token[1:-1])}"'
            template = f"<{_R2RML}template> {text} ; <{_R2RML}termType> <{_R2RML}Literal>"
            return _Term(template + suffix, is_node=False)
        return _Term(f"<{_R2RML}constant> {token}" + suffix, is_node=False)

    def suffix(self) -> str:
        """Return the language or datatype that stands behind a value, if one does."""
        if self.peek()[0] != "kind":
            return ""
        mark = self.peek()[1]
        self.at += 1
        kind, token = self.peek()
        self.at += 1
        if mark == "@" and kind == "name":
            return f" ; <{_R2RML}language> {_literal(token)}"
        prefix, _, rest = token.partition(":")
        if kind == "iri":
            return f" ; <{_R2RML}datatype> {token}"
        if kind != "name" or prefix not in self.prefixes:
            raise ValueError(f"{token!r} has no prefix that is declared")
        return f" ; <{_R2RML}datatype> <{self.prefixes[prefix]}{rest}>"


def _iri(text: str) -> _Term:
    """Return the term map of an IRI: a constant, a template, or a column of whole IRIs."""
    whole = _VARIABLE.fullmatch(text)
    if whole:
        column = f"<{_R2RML}column> {_literal(_plain(whole[1]))}"
        return _Term(f"{column} ; <{_R2RML}termType> <{_R2RML}IRI>", is_node=True)
    if _VARIABLE.search(text):
        return _Term(f"<{_R2RML}template> {_literal(_template(text))}", is_node=True)
    return _Term(f"<{_R2RML}constant> <{text}>", is_node=True)


def _template(text: str) -> str:
    return _VARIABLE.sub(lambda match: f"{{{_plain(match[1])}}}", text)


def _plain(column: str) -> str:
    """Return the name of a column without its quotes."""
    return column.strip().strip('"`').replace('\\"', "")
