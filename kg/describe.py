"""Writes the dataset card of a build: its content, its publisher and its sources.

VoID has the counts, DCAT the title, licence and publisher, PROV the sources with their digests.
All is computed from the build, and the only time in it is that of the build, so the same build
gives the same bytes.

Spec: https://www.w3.org/TR/void/, https://www.w3.org/TR/vocab-dcat-3/, https://www.w3.org/TR/prov-o/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from kg.builds import check_build
from kg.counts import Counts, counts_of
from kg.errors import UsageError
from kg.names import Namer
from kg.records import dataclass
from kg.rejects import told
from kg.terms import RDF, RDF_TYPE, XSD, iri, is_iri, literal
from kg.wording import visible
from kg.workspace import MAPPING_PATTERNS, Build, Workspace

CardForm = Literal["turtle", "jsonld", "markdown"]
CARD_FORMS: Final[tuple[CardForm, ...]] = ("turtle", "jsonld", "markdown")
_PREFIXES: Final[Mapping[str, str]] = {
    "void": "http://rdfs.org/ns/void#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "rdf": RDF,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": XSD,
}
_COMPRESSED: Final = {".gz": "application/gzip", ".zst": "application/zstd"}
_ENDINGS: Final[Mapping[str, CardForm]] = {
    ".ttl": "turtle",
    ".jsonld": "jsonld",
    ".md": "markdown",
}


@dataclass(frozen=True, slots=True)
class Distribution:
    """A file in which the data set is published.

    Attributes:
        name: File name.
        media_type: As registered with IANA.
        size: Bytes.
        sha256: Its digest, in hexadecimal.
    """

    name: str
    media_type: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path, media_type: str) -> Distribution:
        """Measure a file; if it is compressed, its media type is that of the compression."""
        media_type = _COMPRESSED.get(path.suffix, media_type)
        with path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        return cls(path.name, media_type, path.stat().st_size, digest)


@dataclass(frozen=True, slots=True)
class Card(Counts):
    """The facts about a build: what there is in it, and what is known of it.

    Attributes:
        workspace: Title, licence and publisher.
        build: The build's name.
        info: The content of ``build.json``.
        vocabularies: Namespaces of classes and properties, sorted.
        distributions: Files in which it is published.
    """

    workspace: Workspace
    build: str
    info: Mapping[str, Any]
    vocabularies: tuple[str, ...]
    distributions: tuple[Distribution, ...] = ()

    @property
    def dataset(self) -> str:
        """The IRI of the data set."""
        return f"{self.workspace.base}dataset"

    @property
    def skipped(self) -> str:
        """How many records and values the build left out, for people; empty for none."""
        skipped = self.info.get("skipped", {})
        return told(skipped.get("records", 0), skipped.get("values", 0))


def describe(
    workspace: Workspace,
    build: Build | None = None,
    *,
    distributions: Sequence[Distribution] = (),
    with_inferred: bool = False,
    memory: str | None = None,
) -> Card:
    """Compute the dataset card of a build.

    Args:
        workspace: The workspace.
        build: The build; by default the current one.
        distributions: Files in which the data set is published.
        with_inferred: Also count what ``kg build --infer`` added; exports leave it out.
        memory: Peak memory of the process, such as ``1GB``.

    Raises:
        InputError: There is no build, or it cannot be read.
        LimitError: The memory limit was reached.
    """
    chosen = check_build(build or workspace.current_build())
    counts = counts_of(chosen, workspace.base, with_inferred=with_inferred, memory=memory)
    terms = [term for term, _ in (*counts.classes, *counts.properties)]
    spaces = {match[1] for term in terms if (match := re.match(r"<(.*[#/])[^#/]*>$", term))}
    return Card(
        **{field.name: getattr(counts, field.name) for field in fields(counts)},
        workspace=workspace,
        build=chosen.id,
        info=chosen.info(),
        vocabularies=tuple(sorted(space for space in spaces if is_iri(space))),
        distributions=tuple(distributions),
    )


def card_form(path: Path, name: str | None = None) -> CardForm:
    """Return the format of a card, by its name or suffix, or by the suffix of the file.

    Raises:
        UsageError: There is no such format.

    >>> card_form(Path("card.md"))
    'markdown'
    """
    found = next((form for form in CARD_FORMS if form == name), None)
    found = found or _ENDINGS.get(path.suffix if name is None else f".{name}")
    if found is None:
        raise UsageError(
            "unknown-format",
            f"cannot tell the format of the dataset card from {name or str(path)!r}",
            hint=f"It can be {', '.join(CARD_FORMS)}; files end in {', '.join(_ENDINGS)}.",
        )
    return found


def write_card(card: Card, form: CardForm) -> str:
    """Return a dataset card as text, in Turtle, JSON-LD or Markdown."""
    if form == "markdown":
        return visible(card_markdown(card))
    # Imported here, because Markdown does not need it.
    from io import BytesIO

    from kg.serialize import write_triples

    made = BytesIO()
    write_triples(card_triples(card), form, made, {**_PREFIXES, "": card.workspace.base})
    return made.getvalue().decode()


Triple = tuple[str, str, str]


def card_triples(card: Card) -> Iterator[Triple]:
    """Yield the triples of a dataset card as N-Triples terms, without blank nodes."""
    dataset = f"<{card.dataset}>"
    yield from _about(card, dataset)
    yield from _counts(card, dataset)
    yield from _provenance(card, dataset)
    for number, file in enumerate(card.distributions, 1):
        node, sum_ = f"<{card.dataset}#file-{number}>", f"<{card.dataset}#checksum-{number}>"
        yield dataset, _name("dcat:distribution"), node
        yield node, RDF_TYPE, _name("dcat:Distribution")
        yield node, _name("dcterms:title"), literal(file.name)
        yield node, _name("dcat:mediaType"), literal(file.media_type)
        yield node, _name("dcat:byteSize"), _number(file.size)
        yield from _checksum(node, sum_, file.sha256)


def _name(short: str) -> str:
    prefix, _, local = short.partition(":")
    return f"<{_PREFIXES[prefix]}{local}>"


def _number(value: int) -> str:
    return literal(str(value), f"{XSD}integer")


def _checksum(node: str, sum_: str, digest: str) -> Iterator[Triple]:
    yield node, _name("spdx:checksum"), sum_
    yield sum_, RDF_TYPE, _name("spdx:Checksum")
    yield sum_, _name("spdx:algorithm"), _name("spdx:checksumAlgorithm_sha256")
    yield sum_, _name("spdx:checksumValue"), literal(digest, f"{XSD}hexBinary")


def _about(card: Card, dataset: str) -> Iterator[Triple]:
    workspace = card.workspace
    yield dataset, RDF_TYPE, _name("void:Dataset")
    yield dataset, RDF_TYPE, _name("dcat:Dataset")
    yield dataset, _name("dcterms:title"), literal(workspace.title)
    if workspace.description:
        yield dataset, _name("dcterms:description"), literal(workspace.description)
    if workspace.licence:
        said = workspace.licence
        yield dataset, _name("dcterms:license"), iri(said) if is_iri(said) else literal(said)
    if workspace.publisher:
        who = f"<{card.dataset}#publisher>"
        yield dataset, _name("dcterms:publisher"), who
        yield who, RDF_TYPE, _name("foaf:Agent")
        yield who, _name("foaf:name"), literal(workspace.publisher)
    modified = literal(str(card.info["started"]), f"{XSD}dateTime")
    yield dataset, _name("dcterms:modified"), modified
    yield dataset, _name("dcterms:identifier"), literal(card.build)


def _counts(card: Card, dataset: str) -> Iterator[Triple]:
    for short, number in (
        ("void:triples", card.triples),
        ("void:entities", card.entities),
        ("void:distinctSubjects", card.subjects),
        ("void:distinctObjects", card.objects),
        ("void:classes", len(card.classes)),
        ("void:properties", len(card.properties)),
    ):
        yield dataset, _name(short), _number(number)
    yield dataset, _name("void:uriSpace"), literal(card.workspace.base)
    for space in card.vocabularies:
        yield dataset, _name("void:vocabulary"), iri(space)
    for kind, name, count, pairs in (
        ("class", "void:class", "void:entities", card.classes),
        ("property", "void:property", "void:triples", card.properties),
    ):
        for number, (term, held) in enumerate(pairs, 1):
            part = f"<{card.dataset}#{kind}-{number}>"
            yield dataset, _name(f"void:{kind}Partition"), part
            yield part, _name(name), term
            yield part, _name(count), _number(held)
    for number, (predicate, space, held) in enumerate(card.links, 1):
        linkset = f"<{card.dataset}#links-{number}>"
        yield linkset, RDF_TYPE, _name("void:Linkset")
        yield linkset, _name("void:subset"), dataset
        yield linkset, _name("void:subjectsTarget"), dataset
        yield linkset, _name("void:linkPredicate"), predicate
        if is_iri(space):
            yield linkset, _name("void:objectsTarget"), iri(space)
        yield linkset, _name("void:triples"), _number(held)


def _provenance(card: Card, dataset: str) -> Iterator[Triple]:
    activity, tool = f"<{card.dataset}#build>", f"<{card.dataset}#tool>"
    yield dataset, _name("prov:wasGeneratedBy"), activity
    yield activity, RDF_TYPE, _name("prov:Activity")
    for short, key in (("prov:startedAtTime", "started"), ("prov:endedAtTime", "ended")):
        yield activity, _name(short), literal(str(card.info[key]), f"{XSD}dateTime")
    if card.skipped:
        comment = f"{card.skipped} of the sources could not be read, and were left out"
        yield activity, _name("rdfs:comment"), literal(comment)
    yield activity, _name("prov:wasAssociatedWith"), tool
    yield tool, RDF_TYPE, _name("prov:SoftwareAgent")
    yield tool, _name("rdfs:label"), literal(str(card.info["tool"]))
    for number, source in enumerate(card.info["sources"], 1):
        path, name = _published(source)
        node = iri(f"{card.dataset}/source/{quote(name)}")
        yield activity, _name("prov:used"), node
        if not _is_mapping(path):
            yield dataset, _name("prov:wasDerivedFrom"), node
        yield node, RDF_TYPE, _name("prov:Plan" if _is_mapping(path) else "prov:Entity")
        yield node, _name("rdfs:label"), literal(path)
        yield node, _name("dcat:byteSize"), _number(int(source["size"]))
        sum_ = f"<{card.dataset}#source-checksum-{number}>"
        yield from _checksum(node, sum_, str(source["sha256"]))


def _published(source: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name of a source in the card, and the end of its IRI.

    A source outside the workspace has only its file name: its folders are private.
    """
    path = Path(str(source["path"]))
    if not path.is_absolute():
        return str(path), str(path)
    return path.name, f"outside/{str(source['sha256'])[:12]}/{path.name}"


def _is_mapping(path: str) -> bool:
    return path.endswith(tuple(pattern[1:] for pattern in MAPPING_PATTERNS))


def card_markdown(card: Card) -> str:
    """Return a dataset card in Markdown."""
    workspace, lines = card.workspace, [f"# {card.workspace.title}", ""]
    if workspace.description:
        lines += [workspace.description, ""]
    facts = [
        ("Licence", workspace.licence),
        ("Publisher", workspace.publisher),
        ("Base IRI", workspace.base),
        ("Build", f"{card.build}, {card.info['tool']}"),
        ("Left out, as it could not be read", card.skipped),
        ("Triples", f"{card.triples:,}"),
        ("Entities", f"{card.entities:,}"),
    ]
    lines += [f"- {name}: {value}" for name, value in facts if value]
    if card.distributions:
        rows = [(f.name, f.media_type, f"{f.size:,}", f"`{f.sha256}`") for f in card.distributions]
        lines += _table("Files", ("file", "media type", "bytes", "SHA-256"), rows)
    namer = Namer(workspace.prefixes)
    short = [(namer(term), f"{n:,}") for term, n in card.classes]
    lines += _table("Classes", ("class", "instances"), short)
    short = [(namer(term), f"{n:,}") for term, n in card.properties]
    lines += _table("Properties", ("property", "triples"), short)
    lines += _table("Vocabularies", ("namespace",), [(space,) for space in card.vocabularies])
    links = [(namer(p), space, f"{n:,}") for p, space, n in card.links]
    lines += _table("Links", ("property", "to", "links"), links)
    sources = [
        (_published(s)[0], f"{s['size']:,}", f"`{s['sha256']}`") for s in card.info["sources"]
    ]
    lines += _table("Sources", ("file", "bytes", "SHA-256"), sources)
    return "\n".join(lines) + "\n"


def _table(title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    cells = [head, tuple("---" for _ in head), *rows]
    made = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
    return ["", f"## {title}", "", *made]
