"""Mapping documents read into one plan.

The ending of its name says whether a document is YARRRML or RML; what has another ending is looked
into.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from kg.errors import InputError, KgError, Location, raise_all
from kg.mapping.other_notations import other_notation, other_syntax
from kg.mapping.plan import Plan
from kg.mapping.texts import Text
from kg.paths import find_files, is_file, open_file, read_file, real_path
from kg.terms import is_iri
from kg.variables import current
from kg.workspace import MAPPING_PATTERNS, show_path

_OF_YARRRML: Final = (".yml", ".yaml", ".yarrrml")
_OF_RML: Final = (".ttl", ".turtle", ".nt", ".r2rml")
# The longest first.
_ENDINGS: Final = (".yarrrml", ".yaml", ".yml", ".ttl")


def _text(path: Path) -> Text:
    """Return a mapping document as it is written.

    Raises:
        InputError: It is missing, may not be read, or is not UTF-8.
    """
    shown = show_path(path)
    several = [Path(part.strip()) for part in str(path).split(",")]
    if len(several) > 1 and not is_file(path) and all(map(is_file, several)):
        raise InputError(
            "missing-file",
            f"there is no file {shown}, but its parts are files",
            hint=f"Write blanks for the commas: kg map {' '.join(map(str, several))}",
        )
    try:
        text = read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise InputError(
            "bad-encoding",
            f"the mapping is not encoded in UTF-8 (byte 0x{error.object[error.start]:02X})",
            location=Location(shown, line, column),
            hint="Save the file as UTF-8.",
        ) from error
    return Text(text, shown, str(real_path(path).parent))


def _is_yarrrml(path: Path, text: str) -> bool:
    """Return whether a document is YARRRML, not RML.

    Raises:
        InputError: Neither its name nor its text says so.
    """
    if path.suffix.lower() in _OF_YARRRML:
        return True
    if path.suffix.lower() in _OF_RML:
        _check_syntax(path, text)
        return False
    other = other_notation(text, path.stem)
    if other is not None:
        raise _not_read(path, *other)
    has_sections = _SECTION.match(text) or path.suffix.lower() == ".properties"
    if has_sections and (named := _MAPPINGS_OF.findall(text)):
        raise _configuration(path, named)
    if _YARRRML_INSIDE.search(text) and not _PREFIX.search(text):
        return True
    if _RML.search(text.encode()):
        _check_syntax(path, text)
        return False
    raise InputError(
        "unknown-format",
        f"{show_path(path)} is no mapping by its ending, nor by what it holds",
        hint=f"Mappings are named {', '.join(MAPPING_PATTERNS)}; kg map takes .yml and .ttl, too.",
    )


def _check_syntax(path: Path, text: str) -> None:
    syntax = other_syntax(text)
    if syntax:
        name = shlex.quote(f"{path.stem}.rml.ttl")
        hint = f"Write it as Turtle: kg export --data {shlex.quote(str(path))} -o {name}"
        raise _not_read(path, syntax, hint)


def _not_read(path: Path, what: str, hint: str) -> InputError:
    message = f"{show_path(path)} is {what}, and mappings are YARRRML, or RML in Turtle"
    return InputError("unknown-format", message, hint=hint)


def _configuration(path: Path, named: Sequence[str]) -> InputError:
    """Return the error for a configuration of Morph-KGC or SDM-RDFizer, which names mappings."""
    names = [part.strip() for each in named for part in each.split(",") if part.strip()]
    # What stands for a folder in the file is beside it.
    names = [re.sub(r"\$\{[^}]*\}/|^\./", "", name) for name in dict.fromkeys(names)]
    return InputError(
        "unknown-format",
        f"{show_path(path)} is a configuration of another program, which kg does not read",
        hint=f"Name its mappings: kg map {' '.join(names)} -o graph.nt. The page"
        " bring-a-mapping.md of the documentation says what its other lines are in kg.",
    )


def _rml(texts: Sequence[Text], base: str, faults: list[InputError]) -> dict[str, Plan]:
    """Return the plans of RML documents, which are one mapping, by the names of their files."""
    if not texts:
        return {}
    from kg.mapping.rml import read_rml_documents

    variables = current()
    if variables is not None:
        texts = [replace(each, text=variables.in_turtle(each.text)) for each in texts]
    return read_rml_documents(texts, base=base, faults=faults)


def _yarrrml(
    texts: Sequence[Text], prefixes: Mapping[str, str], base: str, faults: list[InputError]
) -> dict[str, Plan]:
    """Return the plans of YARRRML documents, which are one mapping, by the names of their files."""
    if not texts:
        return {}
    from kg.mapping.yarrrml import read_documents

    return read_documents(texts, prefixes, base=base, faults=faults)


# How much of a file is looked at, in bytes.
_LOOKED_AT: Final = 2**20
_YARRRML: Final = re.compile(rb"^[\"']?(?:mappings|mapping|m)[\"']?[ ]*:", re.MULTILINE)
_PAIRS: Final = re.compile(rb"[\"']?\b(?:po|predicateobjects?)[\"']?[ ]*:")
_RML: Final = re.compile(rb"\b(?:logicalSource|logicalTable)\b")
# Of documents whose ending says nothing; YAML may be written as JSON.
_YARRRML_INSIDE: Final = re.compile(r"(?:^|\{)\s*[\"']?mappings?[\"']?\s*:", re.MULTILINE)
# A file of sections, and the line that names mappings.
_SECTION: Final = re.compile(r"(?:\s|[#;].*\n)*\[[^\]\n]+\]\s*\n")
_MAPPINGS_OF: Final = re.compile(
    r"^[ \t]*mapping(?:s|_?files?)?[ \t]*[=:][ \t]*(\S.*)$", re.MULTILINE
)
_PREFIX: Final = re.compile(r"^\s*@?prefix\s+\S*:\s*<", re.MULTILINE | re.IGNORECASE)


def unnamed_mappings(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield files that look like mappings but are not named so, with the names they should have.

    Args:
        folder: Where to look, at all depths.
    """
    for path in find_files(folder, lambda name: name.endswith(_ENDINGS)):
        ending = next((ending for ending in _ENDINGS if path.name.endswith(ending)), None)
        if ending is None or any(path.match(pattern) for pattern in MAPPING_PATTERNS):
            continue
        # What leads elsewhere, or is not a file, is not looked into.
        with suppress(KgError, OSError), open_file(path, [folder]) as stream:
            text = stream.read(_LOOKED_AT)
            turtle = ending == ".ttl"
            if _RML.search(text) if turtle else _YARRRML.search(text) and _PAIRS.search(text):
                stem = path.name.removesuffix(ending)
                yield path, f"{stem}.rml.ttl" if turtle else f"{stem}.yarrrml.yml"


def read_mappings(
    paths: Iterable[Path],
    prefixes: Mapping[str, str],
    base: str = "",
    faults: list[InputError] | None = None,
) -> Plan:
    """Read mapping documents, YARRRML or RML, into one plan.

    YARRRML documents are one mapping: they share prefixes, sources, targets and mappings. So are
    RML documents. What is wrong is told of all documents together.

    Args:
        paths: The documents; the sources of each are relative to its folder.
        prefixes: Prefixes known to YARRRML without being declared.
        base: Base IRI, unless a document has its own.
        faults: Receives what is wrong with single mappings, which are left out then; without it,
            that is raised.

    Raises:
        InputError: The base is not an absolute IRI, or documents are wrong.
    """
    if base and not is_iri(base):
        raise InputError(
            "bad-base",
            f"the base {base!r} is not an absolute IRI",
            hint="Write it with its scheme, such as https://example.org/.",
        )
    found: list[InputError] = [] if faults is None else faults
    texts: dict[bool, list[Text]] = {True: [], False: []}
    order = []
    for path in dict.fromkeys(paths):
        try:
            text = _text(path)
            texts[_is_yarrrml(path, text.text)].append(text)
            order.append(text.file)
        except InputError as error:
            found.append(error)
    read = {
        **_yarrrml(texts[True], prefixes, base, found),
        **_rml(texts[False], base, found),
    }
    plans = [read[file] for file in order if file in read]
    if faults is None:
        raise_all(found, "the mappings")
    return Plan(
        tuple(triples_map for plan in plans for triples_map in plan.triples_maps),
        tuple(dict.fromkeys(pair for plan in plans for pair in plan.prefixes)),
    )
