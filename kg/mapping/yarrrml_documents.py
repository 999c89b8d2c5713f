"""YARRRML documents of one call, and what they share: they are one mapping.

Each document knows its own prefixes, sources, targets, external references and mappings first, then
those of the others. What two others declare differently is known to neither: it must be declared
where it is used. A mapping without sources is a part of the mapping of that name in another
document, which has them.

Spec: https://rml.io/yarrrml/spec/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Generic, TypeVar

from kg.errors import InputError
from kg.mapping.texts import Text
from kg.mapping.yaml_nodes import Node, parse_yaml, with_values
from kg.records import dataclass
from kg.variables import current

T = TypeVar("T")
MAPPINGS: Final = ("mappings", "mapping", "m")
AUTHORS: Final = ("authors", "author", "a")
TARGETS: Final = ("targets", "target")
SOURCES: Final = ("sources", "source")
_SHARED: Final = ("prefixes", "external", "sources", *TARGETS)
# The second as in Turtle and JSON-LD.
BASES: Final = ("base", "@base")
_KEYS: Final = frozenset({"prefixes", "external", "sources", *BASES, *TARGETS, *AUTHORS, *MAPPINGS})
_AUTHOR_KEYS: Final = frozenset({"name", "email", "website"})


@dataclass(frozen=True, slots=True)
class Document:
    """A document whose outer form is right.

    Attributes:
        node: All of it.
        file: Its name in messages.
        folder: The folder that its sources are relative to.
        prefixes: Prefix and namespace.
        external: Values of external references.
        sources: Sources by name.
        targets: Targets by name.
        mappings: Mappings by name.
    """

    node: Node
    file: str
    folder: str
    prefixes: Mapping[str, str]
    external: Mapping[str, str]
    sources: Mapping[str, Node]
    targets: Mapping[str, Node]
    mappings: Mapping[str, Node]

    @property
    def scope(self) -> str:
        """What is before the name of a mapping in the plan."""
        return f"{self.file}#"

    def is_whole(self, name: str) -> bool:
        """Return whether a mapping has sources here."""
        return name in self.mappings and self.mappings[name].get(*SOURCES) is not None


def read_document(written: Text) -> Document:
    """Read the outer form of a document.

    Raises:
        InputError: It is not valid YAML, is empty, or has keys or values that are wrong.
    """
    node = parse_yaml(written.text, written.file)
    if node.value is None:
        raise node.error(
            "the mapping is empty", hint="A mapping needs the key mappings; see `kg help mapping`."
        )
    node.check_keys("a mapping document", _KEYS)
    variables = current()
    if variables is not None:  # what stands under other keys is used by its aliases alone
        known = {key: value for key, value in node.entries("a mapping") if key in _KEYS}
        node = with_values(replace(node, value=known), variables)
    _check_authors(node)
    mappings = node.get(*MAPPINGS)
    if mappings is not None and not dict(mappings.entries("mappings")):
        raise mappings.error("there is no mapping", hint="See `kg help mapping`.")
    return Document(
        node,
        written.file,
        written.folder,
        _texts(node, "prefixes", "the prefix"),
        _texts(node, "external", "the external reference"),
        _entries(node, "sources"),
        _entries(node, *TARGETS),
        _entries(node, *MAPPINGS),
    )


def check_mappings(documents: Sequence[Document]) -> list[InputError]:
    """Return the errors of documents that hold nothing that the others could use."""
    some = any(document.mappings for document in documents)
    return [
        document.node.error("the key mappings is missing", hint="See `kg help mapping`.")
        for document in documents
        if not document.mappings and not (some and document.node.get(*_SHARED))
    ]


@dataclass(frozen=True, slots=True)
class Shared(Generic[T]):
    """Things by name that a document knows.

    Attributes:
        named: The things.
        doubtful: Names that two other documents declare differently, with their files.
    """

    named: Mapping[str, T]
    doubtful: Mapping[str, tuple[str, str]]

    def check(self, node: Node, what: str, name: str) -> None:
        """Refuse a doubtful name.

        Raises:
            InputError: It is one.
        """
        if name in self.doubtful:
            first, second = self.doubtful[name]
            raise node.error(
                f"the {what} {name!r} is declared differently in {first} and in {second}",
                hint="Declare it in this file too, or give one of them another name.",
            )


def shared(
    own: Document,
    documents: Sequence[Document],
    named: Callable[[Document], Mapping[str, T]],
    plain: Callable[[T], object] = lambda value: value,
) -> Shared[T]:
    """Return what a document knows: its own things, and those of others that agree.

    Args:
        own: The document.
        documents: All documents.
        named: Gives the things of a document.
        plain: Makes of a thing what must be equal.
    """
    found: dict[str, T] = {}
    files: dict[str, str] = {}
    doubtful: dict[str, tuple[str, str]] = {}
    mine = named(own)
    for document in documents:
        for name, value in named(document).items() if document is not own else ():
            if name in found and plain(found[name]) != plain(value):
                doubtful[name] = files[name], document.file
            found.setdefault(name, value)
            files.setdefault(name, document.file)
    known = {name: value for name, value in found.items() if name not in doubtful}
    return Shared(
        {**known, **mine}, {name: pair for name, pair in doubtful.items() if name not in mine}
    )


def external_of(own: Document, documents: Sequence[Document]) -> dict[str, str]:
    """Return the values of external references: those that the call gives count first."""
    variables = current()
    given = dict(variables.given) if variables is not None else {}
    return {**shared(own, documents, lambda d: d.external).named, **given}


def plain(node: Node) -> object:
    """Return what a node says, wherever it stands."""
    if isinstance(node.value, Mapping):
        return {key: plain(value) for key, value in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(value) for value in node.value]
    return node.value


def owner(own: Document, name: str, documents: Sequence[Document]) -> Document | None:
    """Return the document with the sources of a mapping that a document names.

    That is the document itself, or the only other one that has them; it is the document itself,
    too, if none has them. None: there is no such mapping.

    Raises:
        InputError: Several others have them.
    """
    if own.is_whole(name):
        return own
    whole = [document for document in documents if document.is_whole(name)]
    if len(whole) > 1:
        node = own.mappings.get(name, own.node)
        raise node.error(
            f"the mapping {name!r} has sources in {whole[0].file} and in {whole[1].file}",
            hint="A mapping that is completed or named elsewhere has its sources in one file;"
            " give one of the two another name.",
        )
    if whole:
        return whole[0]
    return own if name in own.mappings else None


def parts(document: Document, name: str, documents: Sequence[Document]) -> list[Document]:
    """Return the documents that say something of a mapping, that with its sources first."""
    others = [
        other
        for other in documents
        if other is not document and name in other.mappings and not other.is_whole(name)
    ]
    if len([other for other in documents if other.is_whole(name)]) > 1:
        others = []  # each of these is told
    return [document, *others]


def _texts(node: Node, key: str, what: str) -> dict[str, str]:
    return {name: value.text(f"{what} {name}") for name, value in _entries(node, key).items()}


def _entries(node: Node, *keys: str) -> dict[str, Node]:
    found = node.get(*keys)
    return dict(found.entries(keys[0])) if found else {}


def _check_authors(document: Node) -> None:
    """Check the form of the authors, who leave no trace in the plan."""
    authors = document.get(*AUTHORS)
    for author in authors.items() if authors else ():
        if author.is_map:
            author.check_keys("an author", _AUTHOR_KEYS)
            for key, value in author.entries("an author"):
                value.text(f"an author's {key}")
        else:
            author.text("an author")
