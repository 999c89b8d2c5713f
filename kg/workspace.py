"""The workspace: a folder with ``kg.toml`` at its root, and where everything in it lies.

It is found by walking up from the current folder, as git does. This module only reads
``kg.toml`` and names paths: it opens no data and imports nothing heavy.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from kg.errors import InputError, KgError, Location
from kg.names import is_prefix
from kg.paths import check_inside, find_files, is_file, is_folder, kind_of, read_file, real_path
from kg.paths import show_path as show_path
from kg.records import dataclass
from kg.terms import is_iri, is_ucschar

CONFIG_NAME: Final = "kg.toml"
ACCEPTED_NAME: Final = "accepted.toml"

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
_TABLES: Final = ("build", "prefixes", "check", "defaults")
_KEYS: Final = {"title", "description", "base", "licence", "publisher", *_TABLES}
_BUILD_KEYS: Final = {"infer"}
_CHECK_KEYS: Final = {"accept"}

Infer = Literal["none", "rdfs"]

# The format of builds, coded copies and all; one of another format is made anew.
FORMAT: Final = 2
NO_DIGEST: Final = "0" * 64
REBUILD: Final = "Run `kg build` to make a new one."
# As a part of a path; `kg build` gives times as names.
_DEEP_KEY: Final = re.compile(r"""(?:\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*){50}""")
_BUILD_NAME: Final = re.compile(r"\w+")


def sealed(text: str) -> str:
    """Return the text of ``build.json`` with its own digest in the place of `NO_DIGEST`."""
    import hashlib

    return text.replace(NO_DIGEST, hashlib.sha256(text.encode()).hexdigest())


def broken_build(build: Build, reason: str) -> InputError:
    """Return the error for a build that is not as it was made."""
    return InputError("broken-build", f"the build {build.id} is damaged: {reason}", hint=REBUILD)


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
        """The quad table (Parquet; columns s, p, o, g): one file, or a folder of parts."""
        file = self.path / "quads.parquet"
        return file.with_suffix("") if is_folder(file.with_suffix("")) else file

    @property
    def store(self) -> Path:
        """Oxigraph's index, a folder; it may be made when it is first wanted."""
        return self._part("store")

    @property
    def table(self) -> Path:
        """The coded copies of the quad table, a folder; they may be made when first wanted."""
        return self._part("table")

    def _part(self, name: str) -> Path:
        later = self.later(name) / name
        return later if later.is_dir() else self.path / name

    def later(self, name: str) -> Path:
        """The folder of a part that was made after the build, with the list of its files."""
        return self.path / f"later-{name}"

    @property
    def report(self) -> Path:
        """The SHACL validation report in Turtle."""
        return self.path / "report.ttl"

    @property
    def info_file(self) -> Path:
        """Counts, times, digests of the sources: ``build.json``."""
        return self.path / "build.json"

    @property
    def inferred_graph(self) -> str | None:
        """The graph of the triples that the build inferred, as a term; None if there is none.

        Raises:
            InputError: As for `info`.
        """
        name = self.info().get("inferred_graph")
        return None if name is None else f"<{name}>"

    @property
    def left_out(self) -> tuple[str, ...]:
        """The graphs, as terms, that are no part of exports: that of inferred triples."""
        return () if self.inferred_graph is None else (self.inferred_graph,)

    def info(self) -> dict[str, Any]:
        """Return what ``build.json`` holds, of which the digest is checked.

        Raises:
            InputError: The file is missing or damaged (``broken-build``), or of a build that
                another version of kg made (``old-build``).
        """
        try:
            text = read_file(self.info_file).decode("utf-8")
            loaded = json.loads(text)
        except (KgError, ValueError, RecursionError) as error:
            raise broken_build(self, "build.json cannot be read") from error
        if not isinstance(loaded, dict):
            raise broken_build(self, "build.json holds no object")
        if loaded.get("format") != FORMAT:
            raise InputError(
                "old-build",
                f"the build {self.id} was made by another version of kg",
                hint="Run `kg build` to make it anew; nothing else has to change.",
            )
        digest = loaded.get("sha256")
        if not isinstance(digest, str) or sealed(text.replace(digest, NO_DIGEST)) != text:
            raise broken_build(self, "build.json has changed since the build")
        return loaded


@dataclass(frozen=True)
class Workspace:
    """What ``kg.toml`` says, and the paths around it.

    Attributes:
        root: The folder that holds ``kg.toml``; absolute.
        base: Absolute IRI that the graph's own IRIs start with; ends in ``/`` or ``#``.
        prefixes: Prefix to namespace, the common ones included.
        infer: What ``kg build`` infers unless its option says otherwise.
        allow_outside: Whether links may lead to files outside the workspace.
        accepted: Findings that need not be told: codes, or a code, a colon and a pattern.
        defaults: Values of options, as written; tables are those of one command.
    """

    root: Path
    title: str
    base: str
    description: str = ""
    licence: str = ""
    publisher: str = ""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    infer: Infer = "none"
    allow_outside: bool = False
    accepted: tuple[str, ...] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)

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
        return self._files("ontology", _is_rdf)

    @cached_property
    def shape_files(self) -> tuple[Path, ...]:
        """RDF files with SHACL shapes, sorted."""
        return self._files("shapes", _is_rdf)

    @cached_property
    def data_rdf_files(self) -> tuple[Path, ...]:
        """RDF files below ``data/`` that enter the graph unchanged, sorted."""
        found = self._files("data", _is_rdf)
        return tuple(path for path in found if not _is_mapping(path.name))

    @cached_property
    def mapping_files(self) -> tuple[Path, ...]:
        """YARRRML and RML files below ``data/``, sorted."""
        return self._files("data", _is_mapping)

    @cached_property
    def question_files(self) -> tuple[Path, ...]:
        """The competency questions ``queries/*.rq``, sorted."""
        return self._files("queries", lambda name: name.endswith(".rq"), deep=False)

    def _files(
        self, folder: str, wanted: Callable[[str], bool], *, deep: bool = True
    ) -> tuple[Path, ...]:
        found = find_files(self.root / folder, wanted, deep=deep)
        if not self.allow_outside:
            check_inside(self.root / folder, [self.root], None)
            for path in found:
                if path.is_symlink():
                    check_inside(path, [self.root], None)
        return found

    def graph_iri(self, path: Path) -> str:
        """Return the named graph that the triples of an RDF file of the workspace enter.

        ``data/talks.ttl`` enters ``<base>graph/talks``, ``ontology/ace.ttl`` enters
        ``<base>graph/ontology/ace``. What the name of a graph cannot hold is percent-encoded, so
        that files whose names differ in more than their endings have graphs of their own.
        """
        relative = path.relative_to(self.root)
        parts = relative.parts[1:] if relative.parts[0] == "data" else relative.parts
        return f"{self.base}graph/{'/'.join(map(_encoded, (*parts[:-1], _stem(parts[-1]))))}"

    def graph_files(self) -> tuple[tuple[Path, str], ...]:
        """Return the RDF files of ontology and data, each with the graph that it enters.

        Raises:
            InputError: Two files would enter one graph.
        """
        known: dict[str, Path] = {}
        for path in (*self.ontology_files, *self.data_rdf_files):
            graph = self.graph_iri(path)
            if graph in known:
                raise InputError(
                    "same-graph",
                    f"{show_path(known[graph])} and {show_path(path)} have one name, {graph}",
                    location=Location(show_path(path)),
                    hint="Rename one: each RDF file enters a graph of its own.",
                )
            known[graph] = path
        return tuple((path, graph) for graph, path in known.items())

    def free_graph(self, taken: Collection[str | None]) -> str:
        """Return the named graph that inferred triples enter: one that nothing else is in.

        Args:
            taken: The graphs that there are, as terms.
        """
        names = (f"{self.base}graph/inferred{number}" for number in ("", *range(2, len(taken) + 3)))
        return next(name for name in names if f"<{name}>" not in taken)

    def current_build(self) -> Build:
        """Return the build in force.

        Raises:
            InputError: There is none yet, it is damaged (``broken-build``), or another version of
                kg made it (``old-build``).
        """
        shown = self.show(self.root)
        if kind_of(self.current_file) is None:
            raise InputError(
                "no-build",
                f"the workspace{'' if shown == '.' else f' {shown}'} has not been built yet",
                hint="Run `kg build` first.",
            )
        name = read_file(self.current_file, [self.root])[:100].decode("utf-8", "replace").strip()
        build = Build(self.builds / name)
        if not _BUILD_NAME.fullmatch(name) or not is_folder(build.path):
            raise InputError(
                "broken-build",
                f"{show_path(self.current_file)} names no build that is there",
                hint=REBUILD,
            )
        check_inside(build.path, [self.root], None)
        build.info()
        return build

    def show(self, path: Path) -> str:
        """Return a path as the user would type it: relative to the current folder if below it."""
        return show_path(path)


_MAPPING_SUFFIXES: Final = (".yarrrml.yml", ".yarrrml.yaml", ".rml.ttl")
MAPPING_PATTERNS: Final = tuple(f"*{suffix}" for suffix in _MAPPING_SUFFIXES)
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
    start = real_path(start)
    for folder in (start, *start.parents):
        if is_file(folder / CONFIG_NAME):
            return read_workspace(folder)
    raise InputError(
        "no-workspace",
        f"there is no {CONFIG_NAME} in {start} or above it",
        hint="Go to a workspace, name one with `kg -C DIR`, or make one with `kg init DIR`.",
    )


def workspace_around(start: Path) -> Workspace | None:
    """Return the workspace that a folder lies in; None if there is none.

    Raises:
        InputError: Its ``kg.toml`` is wrong.
    """
    try:
        return find_workspace(start)
    except InputError as error:
        if error.code != "no-workspace":
            raise
        return None


def read_workspace(root: Path) -> Workspace:
    """Read ``kg.toml`` in a folder.

    Raises:
        InputError: The file is missing, is not TOML, or has a wrong or unknown key.
    """
    path = root / CONFIG_NAME
    shown = show_path(path)
    if kind_of(path) is None:
        raise InputError(
            "no-workspace", f"there is no {CONFIG_NAME} in {root}", hint="Make one with `kg init`."
        )
    try:
        text = read_file(path).decode("utf-8-sig")
        if _DEEP_KEY.search(text):  # tomllib takes memory with the square of the parts
            raise RecursionError
        config = tomllib.loads(text)
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
    except ValueError as error:  # a number of thousands of digits
        raise InputError(
            "bad-config", "a number has too many digits", location=Location(shown)
        ) from error
    except RecursionError as error:
        raise InputError(
            "bad-config", "arrays or tables are nested too deep", location=Location(shown)
        ) from error
    return _workspace_from(config, root, shown)


def is_base(text: str) -> bool:
    """Return whether a text is an absolute IRI that names can be appended to.

    >>> is_base("https://example.org/graph/"), is_base("example.org/")
    (True, False)
    """
    return text.endswith(("/", "#")) and is_iri(text)


def _workspace_from(config: dict[str, Any], root: Path, shown: str) -> Workspace:
    build, prefixes = config.get("build", {}), config.get("prefixes", {})
    check = config.get("check", {})
    for key in _TABLES:
        if not isinstance(config.get(key, {}), dict):
            raise _config_error(shown, key, f"must be a table, [{key}]")
    unknown = sorted(set(config) - _KEYS)
    if not unknown:
        unknown = [f"build.{key}" for key in sorted(set(build) - _BUILD_KEYS)]
    if not unknown:
        unknown = [f"check.{key}" for key in sorted(set(check) - _CHECK_KEYS)]
    if unknown:
        raise _config_error(shown, unknown[0], f"is not one of {', '.join(sorted(_KEYS))}")
    texts = {key: config.get(key, "") for key in _KEYS.difference(_TABLES)}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise _config_error(shown, key, "must be a text in quotes")
    if not is_base(texts["base"]):
        raise _config_error(
            shown, "base", "must be an absolute IRI that ends in / or #", value=texts["base"]
        )
    for prefix, namespace in prefixes.items():
        if not is_prefix(prefix):
            raise _config_error(shown, f"prefixes.{prefix}", "has a name that is no prefix")
        if not isinstance(namespace, str) or not is_iri(namespace):
            rule = "must be an absolute IRI in quotes"
            raise _config_error(shown, f"prefixes.{prefix}", rule, value=str(namespace))
    infer = build.get("infer", "none")
    if infer not in ("none", "rdfs"):
        raise _config_error(shown, "build.infer", 'must be "none" or "rdfs"', value=str(infer))
    accepted = check.get("accept", [])
    if not isinstance(accepted, list) or not all(isinstance(each, str) for each in accepted):
        raise _config_error(shown, "check.accept", "must be a list of texts")
    return Workspace(
        root=real_path(root),
        title=texts["title"] or real_path(root).name,
        base=texts["base"],
        description=texts["description"],
        licence=texts["licence"],
        publisher=texts["publisher"],
        prefixes={**COMMON_PREFIXES, **prefixes},
        infer=infer,
        accepted=tuple(accepted),
        defaults=config.get("defaults", {}),
    )


def _config_error(shown: str, key: str, rule: str, value: str | None = None) -> InputError:
    got = "" if value is None else f", not {value!r}"
    return InputError(
        "bad-config",
        f"the key {key} {rule}{got}",
        location=Location(shown),
        hint="See `kg help workspace` for the keys.",
    )


def _is_mapping(name: str) -> bool:
    return name.endswith(_MAPPING_SUFFIXES)


def _is_rdf(name: str) -> bool:
    return rdf_suffix(name) is not None


def _stem(name: str) -> str:
    """Return the name of an RDF file without the endings of its format and compression."""
    for compression in _COMPRESSIONS:
        name = name.removesuffix(compression)
    return name[: -len(rdf_suffix(name) or "")]


def _encoded(part: str) -> str:
    """Return a part of a path as it can be in an IRI; different parts give different texts."""
    if part.strip(".") == "":
        return part.replace(".", "%2E")  # ``.`` and ``..`` mean others in an IRI
    return "".join(
        char
        if (char.isascii() and (char.isalnum() or char in "._~-")) or is_ucschar(char)
        else "".join(f"%{byte:02X}" for byte in os.fsencode(char))
        for char in part
    )
