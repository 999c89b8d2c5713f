"""Reads one document of a mapping, as tests want it."""

from __future__ import annotations

from collections.abc import Mapping

from kg.errors import InputError, raise_all
from kg.mapping.plan import Plan
from kg.mapping.rml import read_rml_documents
from kg.mapping.texts import Text
from kg.mapping.yarrrml import read_documents


def read_rml(
    text: str,
    file: str,
    *,
    base: str = "",
    folder: str = "",
    faults: list[InputError] | None = None,
) -> Plan:
    """Read an RML document.

    Args:
        text: The document, Turtle.
        file: Its name in messages.
        base: Base IRI that relative IRIs of terms are prepended with.
        folder: The folder that sources are relative to: rml:MappingDirectory.
        faults: Receives what is wrong with single triples maps, which are left out then; without
            it, that is raised.

    Raises:
        InputError: The document is not valid; file and line say where. It may be several.

    Spec: https://kg-construct.github.io/rml-core/spec/docs/
    """
    found: list[InputError] = []
    plans = read_rml_documents([Text(text, file, folder)], base=base, faults=found)
    if faults is None:
        raise_all(found, "the mapping")
    else:
        faults += found
    return plans.get(file, Plan(()))


def read_yarrrml(
    text: str,
    file: str,
    prefixes: Mapping[str, str] | None = None,
    *,
    base: str = "",
    folder: str = "",
    faults: list[InputError] | None = None,
) -> Plan:
    """Read one YARRRML document; arguments as for `Text` and `read_documents`.

    Raises:
        InputError: The document is not valid; file and line say where. It may be several.
    """
    found: list[InputError] = [] if faults is None else faults
    before = len(found)
    plan = read_documents([Text(text, file, folder)], prefixes, base=base, faults=found)
    if faults is None:
        raise_all(found[before:], "the mapping")
    return next(iter(plan.values()), Plan(()))
