"""Mapping documents read into one plan, YARRRML or RML by the ending of the name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from kg.errors import InputError, KgError, Location, raise_all, single_errors
from kg.mapping.plan import Plan
from kg.paths import find_files, open_file, read_file, real_path
from kg.terms import is_iri
from kg.workspace import MAPPING_PATTERNS, show_path

# The longest first.
_ENDINGS: Final = (".yarrrml", ".yaml", ".yml", ".ttl")


def read_mapping(
    path: Path,
    prefixes: Mapping[str, str],
    base: str = "",
    faults: list[InputError] | None = None,
) -> Plan:
    """Read a mapping document, YARRRML or RML by the ending of its name.

    Args:
        path: The document; its sources are relative to its folder.
        prefixes: Prefixes known to YARRRML without being declared.
        base: Base IRI, unless the document has its own.
        faults: Receives what is wrong with single mappings of the document, which are left out
            then; without it, that is raised.

    Raises:
        InputError: The document is missing, may not be read, is not UTF-8, empty or wrong.
    """
    shown = show_path(path)
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
    folder = str(real_path(path).parent)
    if path.suffix in (".yml", ".yaml"):
        from kg.mapping.yarrrml import read_yarrrml

        return read_yarrrml(text, shown, prefixes, base=base, folder=folder, faults=faults)
    if path.suffix == ".ttl":
        from kg.mapping.rml import read_rml

        return read_rml(text, shown, base=base, folder=folder, faults=faults)
    raise InputError(
        "unknown-format",
        f"{shown} is no mapping by its ending",
        hint=f"Mappings are named {', '.join(MAPPING_PATTERNS)}.",
    )


# How much of a file is looked at, in bytes.
_LOOKED_AT: Final = 2**20
_YARRRML: Final = re.compile(rb"^[\"']?(?:mappings|mapping|m)[\"']?[ ]*:", re.MULTILINE)
_PAIRS: Final = re.compile(rb"[\"']?\b(?:po|predicateobjects?)[\"']?[ ]*:")
_RML: Final = re.compile(rb"\b(?:logicalSource|logicalTable)\b")


def unnamed_mappings(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield files that look like mappings but are not named so, with the names they should have.

    Args:
        folder: Where to look, at all depths.
    """
    for path in find_files(folder, lambda name: name.endswith(_ENDINGS)):
        ending = next((ending for ending in _ENDINGS if path.name.endswith(ending)), None)
        if ending is None or any(path.match(pattern) for pattern in MAPPING_PATTERNS):
            continue
        # What leads elsewhere, or is no file, is not looked into.
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
    """Read mapping documents into one plan; arguments as for `read_mapping`.

    What is wrong is told of all documents together.

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
    plans = []
    for path in paths:
        try:
            plans.append(read_mapping(path, prefixes, base, found))
        except InputError as error:
            found += single_errors(error)
    if faults is None:
        raise_all(found, "the mappings")
    return Plan(
        tuple(triples_map for plan in plans for triples_map in plan.triples_maps),
        tuple(dict.fromkeys(pair for plan in plans for pair in plan.prefixes)),
    )
