"""The workspace: a folder with ``kg.toml`` at its root, and where everything in it lies.

It is found by walking up from the current folder, as git does. This module only reads
``kg.toml`` and names paths: it opens no data and imports nothing heavy.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from kg.errors import InputError, Location
from kg.paths import show_path as show_path

CONFIG_NAME: Final = "kg.toml"

# Known without being declared, in kg.toml, in queries and in exports.
COMMON_PREFIXES: Final[Mapping[str, str]] = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "schema": "http://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
}
_KEYS: Final = {"title", "description", "base", "licence", "publisher", "prefixes", "build"}
_BUILD_KEYS: Final = {"infer"}
_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|")

Infer = Literal["none", "rdfs"]


@dataclass(frozen=True, slots=True)
class Build:
    """The paths of one build, ``.kg/builds/ID``."""

    path: Path

    @property
    def id(self) -> str:
        """The build's name: sortable, made of its start time."""
        return self.path.name

    @property
    def quads(self) -> Path:
        """The quad table (Parquet; columns s, p, o, g)."""
        return self.path / "quads.parquet"

    @property
    def store(self) -> Path:
        """The SPARQL index, a folder."""
        return self.path / "store"

    @property
    def report(self) -> Path:
        """The SHACL validation report in Turtle."""
        return self.path / "report.ttl"

    @property
    def info_file(self) -> Path:
        """Counts, times, digests of the sources: ``build.json``."""
        return self.path / "build.json"

    def info(self) -> dict[str, Any]:
        """Return what ``build.json`` holds.

        Raises:
            InputError: The file is missing or broken, so the build must be made anew.
        """
        try:
            loaded = json.loads(self.info_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                "broken-build",
                f"the build {self.id} cannot be read: {error}",
                hint="Run `kg build` to make a new one.",
            ) from error
        assert isinstance(loaded, dict)
        return loaded


@dataclass(frozen=True)
class Workspace:
    """What ``kg.toml`` says, and the paths around it.

    Attributes:
        root: The folder that holds ``kg.toml``; absolute.
        base: Absolute IRI that the graph's own IRIs start with; ends in ``/`` or ``#``.
        prefixes: Prefix to namespace, the common ones included.
        infer: What ``kg build`` infers unless its option says otherwise.
    """

    root: Path
    title: str
    base: str
    description: str = ""
    licence: str = ""
    publisher: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    infer: Infer = "none"

    @property
    def config_file(self) -> Path:
        """The file ``kg.toml``."""
        return self.root / CONFIG_NAME

    @property
    def state(self) -> Path:
        """``.kg``: everything that ``kg build`` makes."""
        return self.root / ".kg"

    @property
    def builds(self) -> Path:
        """The folder of builds."""
        return self.state / "builds"

    @property
    def current_file(self) -> Path:
        """The small file that names the build in force."""
        return self.state / "current"

    @cached_property
    def ontology_files(self) -> tuple[Path, ...]:
        """RDF files of the vocabulary, sorted."""
        return _rdf_files(self.root / "ontology")

    @cached_property
    def shape_files(self) -> tuple[Path, ...]:
        """RDF files with SHACL shapes, sorted."""
        return _rdf_files(self.root / "shapes")

    @cached_property
    def data_rdf_files(self) -> tuple[Path, ...]:
        """RDF files below ``data/`` that enter the graph unchanged, sorted."""
        return tuple(
            path for path in _rdf_files(self.root / "data") if not path.name.endswith(".rml.ttl")
        )

    @cached_property
    def mapping_files(self) -> tuple[Path, ...]:
        """YARRRML and RML files below ``data/``, sorted."""
        found = [p for pattern in MAPPING_PATTERNS for p in (self.root / "data").rglob(pattern)]
        return tuple(sorted(found))

    @cached_property
    def question_files(self) -> tuple[Path, ...]:
        """The competency questions ``queries/*.rq``, sorted."""
        return tuple(sorted((self.root / "queries").glob("*.rq")))

    def graph_iri(self, path: Path) -> str:
        """Return the named graph that the triples of an RDF file of the workspace enter.

        ``data/talks.ttl`` enters ``<base>graph/talks``, ``ontology/ace.ttl`` enters
        ``<base>graph/ontology/ace``.
        """
        relative = path.relative_to(self.root)
        parts = relative.parts[1:] if relative.parts[0] == "data" else relative.parts
        stem = "/".join((*parts[:-1], parts[-1].split(".")[0]))
        return f"{self.base}graph/{re.sub(r'[^A-Za-z0-9/._~-]', '-', stem)}"

    @property
    def inferred_graph(self) -> str:
        """The named graph that inferred triples enter."""
        return f"{self.base}graph/inferred"

    def current_build(self) -> Build:
        """Return the build in force.

        Raises:
            InputError: There is none yet.
        """
        try:
            name = self.current_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            name = ""
        build = Build(self.builds / name)
        if not name or not build.path.is_dir():
            shown = self.show(self.root)
            raise InputError(
                "no-build",
                f"the workspace{'' if shown == '.' else f' {shown}'} has not been built yet",
                hint="Run `kg build` first.",
            )
        return build

    def show(self, path: Path) -> str:
        """Return a path as the user would type it: relative to the current folder if below it."""
        return show_path(path)


MAPPING_PATTERNS: Final = ("*.yarrrml.yml", "*.yarrrml.yaml", "*.rml.ttl")
RDF_SUFFIXES: Final = (".ttl", ".nt", ".nq", ".trig", ".jsonld", ".rdf", ".owl")
_COMPRESSIONS: Final = (".gz", ".zst", ".bz2", ".xz")


def rdf_suffix(name: str) -> str | None:
    """Return the RDF ending of a file name, compression left off, or None if it has none."""
    for compression in _COMPRESSIONS:
        name = name.removesuffix(compression)
    return next((suffix for suffix in RDF_SUFFIXES if name.lower().endswith(suffix)), None)


def find_workspace(start: Path) -> Workspace:
    """Return the workspace that a folder lies in.

    Args:
        start: A folder, usually the current one; it and its parents are searched.

    Raises:
        InputError: There is no ``kg.toml`` at or above `start`, or it is wrong.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return read_workspace(folder)
    raise InputError(
        "no-workspace",
        f"there is no {CONFIG_NAME} in {start} or above it",
        hint="Go to a workspace, name one with `kg -C DIR`, or make one with `kg init DIR`.",
    )


def read_workspace(root: Path) -> Workspace:
    """Read ``kg.toml`` in a folder.

    Raises:
        InputError: The file is missing, is not TOML, or has a wrong or unknown key.
    """
    path = root / CONFIG_NAME
    shown = show_path(path)
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(
            "no-workspace", f"there is no {CONFIG_NAME} in {root}", hint="Make one with `kg init`."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            "bad-encoding",
            f"not UTF-8 at byte {error.start}",
            location=Location(shown),
            hint="Save the file as UTF-8.",
        ) from error
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        place = Location(shown, *(map(int, match.groups()) if match else ()))
        raise InputError(
            "bad-config",
            f"not valid TOML: {str(error).split(' (at ')[0]}",
            location=place,
            hint="See `kg help workspace` for an example.",
        ) from error
    return _workspace_from(config, root, shown)


def is_base(text: str) -> bool:
    """Tell whether a text is an absolute IRI that names can be appended to.

    >>> is_base("https://example.org/graph/"), is_base("example.org/")
    (True, False)
    """
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*[/#]", text))


def _workspace_from(config: dict[str, Any], root: Path, shown: str) -> Workspace:
    build = config.get("build", {})
    unknown = sorted(set(config) - _KEYS)
    if not unknown and isinstance(build, dict):
        unknown = [f"build.{key}" for key in sorted(set(build) - _BUILD_KEYS)]
    if unknown:
        raise _config_error(shown, unknown[0], f"is not one of {', '.join(sorted(_KEYS))}")
    texts = {key: config.get(key, "") for key in _KEYS - {"prefixes", "build"}}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise _config_error(shown, key, "must be a text in quotes")
    if not is_base(texts["base"]):
        raise _config_error(
            shown, "base", "must be an absolute IRI that ends in / or #", value=texts["base"]
        )
    prefixes = config.get("prefixes", {})
    for prefix, namespace in prefixes.items():
        if not _PREFIX.fullmatch(prefix) or not isinstance(namespace, str):
            raise _config_error(shown, f"prefixes.{prefix}", "must map a name to an IRI")
    infer = build.get("infer", "none")
    if infer not in ("none", "rdfs"):
        raise _config_error(shown, "build.infer", 'must be "none" or "rdfs"', value=str(infer))
    return Workspace(
        root=root.resolve(),
        title=texts["title"] or root.resolve().name,
        base=texts["base"],
        description=texts["description"],
        licence=texts["licence"],
        publisher=texts["publisher"],
        prefixes={**COMMON_PREFIXES, **prefixes},
        infer=infer,
    )


def _config_error(shown: str, key: str, rule: str, value: str | None = None) -> InputError:
    got = "" if value is None else f", not {value!r}"
    return InputError(
        "bad-config",
        f"the key {key} {rule}{got}",
        location=Location(shown),
        hint="See `kg help workspace` for the keys.",
    )


def _rdf_files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*") if rdf_suffix(path.name)))
