"""The files that are damaged: those of the graph here, of a new workspace, and published suites."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import duckdb
import pyoxigraph as ox

from kg.init import init_workspace
from tests.fuzz import SAMPLES as RDF_TEXTS
from tests.sources.workbooks import workbook

ROOT: Final = Path(__file__).resolve().parents[2]
_LARGEST: Final = 40_000  # bytes of a file that is damaged; of longer ones the start is taken


@dataclass(frozen=True)
class Sample:
    """A folder of files, and which of them are damaged.

    Attributes:
        files: Path within the folder to content.
        damaged: Those to choose from.
        target: What commands are given: a mapping, an RDF file, a question.
    """

    files: Mapping[str, bytes]
    damaged: tuple[str, ...]
    target: str
    others: tuple[bytes, ...] = field(default=(), repr=False)


@cache
def samples(kind: str) -> tuple[Sample, ...]:
    """Return the samples of a kind; each call gives the same ones in the same order."""
    return tuple(_MAKERS[kind](kind))


def suites() -> Path | None:
    """Return the folder of the published suites, if there is one."""
    folder = os.environ.get("KG_CONFORMANCE")
    return Path(folder) if folder and Path(folder).is_dir() else None


def _start(path: Path) -> bytes:
    content = path.read_bytes()
    if len(content) <= _LARGEST:
        return content
    return content[: content.rfind(b"\n", 0, _LARGEST) + 1]


@cache
def _template() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "w"
        init_workspace(folder)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }


def _graph_folders() -> Iterator[dict[str, bytes]]:
    """Yield the folders of facts of the graph here, each with what it needs."""
    config = {"kg.toml": (ROOT / "kg.toml").read_bytes()}
    whole = {
        path.relative_to(ROOT).as_posix(): _start(path)
        for path in sorted((ROOT / "data").rglob("*"))
        if path.is_file() and path.suffix != ".md"
    }
    for folder in sorted((ROOT / "data").iterdir()):
        own = f"data/{folder.name}/"
        if any(name.startswith(own) for name in whole):
            yield {**config, **{n: c for n, c in whole.items() if n.startswith(own)}}


def _mapped(endings: tuple[str, ...]) -> Iterator[Sample]:
    """Yield folders with a mapping, and files of some endings to damage."""
    for files in (_template(), *_graph_folders()):
        for mapping in (name for name in files if name.endswith(".yarrrml.yml")):
            found = tuple(
                name
                for name in files
                if name.endswith(endings) and (name == mapping or not name.endswith(".yarrrml.yml"))
            )
            if found and not (endings == (".yarrrml.yml",) and mapping not in found):
                yield Sample(files, found, mapping)


def _suite_cases(endings: tuple[str, ...]) -> Iterator[Sample]:
    folder = suites()
    if folder is None:
        return
    for mapping in sorted(folder.glob("rml/*/test-cases/*/mapping.ttl")):
        files = {
            path.name: path.read_bytes()
            for path in sorted(mapping.parent.iterdir())
            if path.is_file()
            and path.suffix not in (".md", ".nq")
            and path.stat().st_size < _LARGEST
        }
        found = tuple(name for name in files if name.endswith(endings))
        if found:
            yield Sample(files, found, "mapping.ttl")


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[:40]


def _columns_mapping(source: str, names: list[str], iterator: str = "") -> bytes:
    """Return a mapping that refers to some columns."""
    pairs = [[f"ex:{n}", f"$({name})"] for n, name in enumerate(names[1:5])]
    made = {
        "prefixes": {"ex": "http://example.org/"},
        "mappings": {
            "m": {
                "sources": [[source, iterator] if iterator else [source]],
                "s": f"ex:$({names[0]})",
                "po": pairs,
            }
        },
    }
    return json.dumps(made).encode()


def _table(name: str, form: str, columns: list[str], content: bytes, iterator: str = "") -> Sample:
    """Return a file with records, and a mapping that refers to some of its columns."""
    mapping = _columns_mapping(f"{name}~{form}", columns, iterator)
    return Sample({"m.yml": mapping, name: content}, (name,), "m.yml")


def _csv(kind: str) -> Iterator[Sample]:
    del kind
    yield from _mapped((".csv",))
    yield from _suite_cases((".csv", ".tsv"))


def _yaml(kind: str) -> Iterator[Sample]:
    del kind
    yield from _mapped((".yaml",))


def _json(kind: str) -> Iterator[Sample]:
    del kind
    for path in sorted((ROOT / "data").rglob("*.csv")):
        names, *rows = _rows(path)
        records = [dict(zip(names, row, strict=True)) for row in rows[:12]]
        text = json.dumps(records, ensure_ascii=False, indent=1).encode()
        yield _table("t.json", "json", names, text, "$[*]")
        lines = "".join(json.dumps(record) + "\n" for record in records).encode()
        yield _table("t.jsonl", "json", names, lines, "$")
    yield from _suite_cases((".json",))


def _elements(names: list[str], row: list[str]) -> str:
    return "".join(f"<{n}>{escape(value)}</{n}>" for n, value in zip(names, row, strict=True))


def _xml(kind: str) -> Iterator[Sample]:
    del kind
    rows = _rows(ROOT / "data" / "record" / "places.csv")
    names = [name.replace(" ", "_") for name in rows[0]]
    records = "".join(f"<r>{_elements(names, row)}</r>\n" for row in rows[1:12])
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<rows xmlns:e="http://e/">{records}</rows>\n'
    yield _table("t.xml", "xml", names, text.encode(), "/rows/r")
    yield from _suite_cases((".xml",))


def _excel(kind: str) -> Iterator[Sample]:
    del kind
    for path in sorted((ROOT / "data").rglob("*.csv"))[:6]:
        names, *rows = _rows(path)
        cells: list[list[object]] = [list(names)]
        for number, row in enumerate(rows[:10]):
            cells.append([*row[:-1], number * 1.5 if number % 2 else row[-1]])
        book = workbook({"Sheet 1": cells})
        yield _table("t.xlsx", "excel", names, book)


def _parquet(kind: str) -> Iterator[Sample]:
    del kind
    query = (
        "SELECT i AS id, 'name ' || i AS name, DATE '2022-11-18' + i::INTEGER AS day, i * 1.5 AS"
        " size, [i, i + 1] AS many, {'a': i} AS part, i % 2 = 0 AS even FROM range(50) AS t(i)"
    )
    names = ["id", "name", "day", "size", "even"]
    for codec in ("snappy", "zstd", "uncompressed"):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "t.parquet"
            duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION {codec})")
            yield _table("t.parquet", "parquet", names, path.read_bytes())


def _packed(kind: str) -> Iterator[Sample]:
    del kind
    path = ROOT / "data" / "record" / "places.csv"
    names = _rows(path)[0]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("t.csv", path.read_bytes())
    yield _table("t.csv.gz", "csv", names, gzip.compress(path.read_bytes(), mtime=0))
    yield _table("t.csv.zip", "csv", names, archive.getvalue())


def _yarrrml(kind: str) -> Iterator[Sample]:
    del kind
    yield from _mapped((".yarrrml.yml",))


def _rml(kind: str) -> Iterator[Sample]:
    del kind
    text = (ROOT / "tests" / "cli" / "bad_inputs.py").read_text(encoding="utf-8")
    own = text.split('RML = """\\\n')[1].split('"""')[0].encode()
    peaks = b"id,name\n1,Everest\n2,K2\n"
    yield Sample({"mapping.ttl": own, "peaks.csv": peaks}, ("mapping.ttl",), "mapping.ttl")
    yield from _suite_cases(("mapping.ttl",))


def _rdf(kind: str) -> Iterator[Sample]:
    """Yield RDF files of a format, small and of the graph here, written by another program."""
    ending = kind.removeprefix("rdf")
    text = RDF_TEXTS[ending].encode()
    yield Sample({f"in{ending}": text}, (f"in{ending}",), f"in{ending}")
    if ending == ".ttl":
        paths = [*sorted((ROOT / "ontology").glob("*.ttl")), *sorted((ROOT / "shapes").glob("*"))]
        for path in paths[:6]:
            yield Sample({"in.ttl": _start(path)}, ("in.ttl",), "in.ttl")
    form = ox.RdfFormat.from_extension(ending.removeprefix("."))
    source = _template()["ontology/vocabulary.ttl"]
    quads = list(ox.parse(source, ox.RdfFormat.TURTLE))
    named = [ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode("http://e/g")) for q in quads]
    assert form is not None
    content = ox.serialize(
        named if form.supports_datasets else [q.triple for q in quads], format=form
    )
    assert content is not None
    yield Sample({f"in{ending}": content}, (f"in{ending}",), f"in{ending}")
    folder = suites()
    if folder is not None:
        for path in sorted(folder.rglob(f"*{ending}"))[:: 7 if ending in (".ttl", ".nq") else 1][
            :60
        ]:
            if path.stat().st_size < _LARGEST:
                yield Sample({f"in{ending}": path.read_bytes()}, (f"in{ending}",), f"in{ending}")


_DATA: Final = (
    b"@prefix ns: <https://example.org/graph/ns#> . @prefix ex: <http://e/> .\n"
    b'ex:a a ns:Peak ; ns:height 8848, "x" ; ns:range "y"@en ; ex:p ex:b . ex:b a ns:Ascent .\n'
)


def _shapes(kind: str) -> Iterator[Sample]:
    del kind
    texts = [_template()["shapes/shapes.ttl"]]
    texts += [_start(path) for path in sorted((ROOT / "shapes").glob("*.ttl"))]
    folder = suites()
    if folder is not None:
        found = sorted(folder.glob("shacl/tests/*/*/*.ttl"))
        texts += [path.read_bytes() for path in found if path.stat().st_size < _LARGEST]
    for text in texts:
        # The tests of the suite hold their data in the same file.
        yield Sample({"shapes.ttl": text, "data.ttl": _DATA + text}, ("shapes.ttl",), "shapes.ttl")


def _question(kind: str) -> Iterator[Sample]:
    del kind
    texts = [path.read_bytes() for path in sorted((ROOT / "queries").glob("*.rq"))]
    texts.append(_template()["queries/first-ascents.rq"])
    folder = suites()
    if folder is not None:
        texts += [path.read_bytes() for path in sorted(folder.glob("sparql/**/*.rq"))[::3]]
    data = _DATA + _template()["ontology/vocabulary.ttl"]
    for text in texts:
        yield Sample({"q.rq": text, "data.ttl": data}, ("q.rq",), "q.rq")


def _workspace(kind: str) -> Iterator[Sample]:
    """Yield a workspace of which a source file is damaged before it is built."""
    files = _template()
    damaged = {
        "kg.toml": ("kg.toml",),
        "ontology": ("ontology/vocabulary.ttl", "shapes/shapes.ttl", "queries/first-ascents.rq"),
    }[kind]
    yield Sample(files, damaged, "")
    if kind == "kg.toml":
        own = {**files, "kg.toml": (ROOT / "kg.toml").read_bytes()}
        yield Sample(own, damaged, "")


def _build(kind: str) -> Iterator[Sample]:
    """Yield a workspace with a build, of which a file is damaged."""
    from kg.building import build
    from kg.workspace import read_workspace

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "w"
        init_workspace(folder)
        build(read_workspace(folder))
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "LOCK"
        }
        shutil.rmtree(folder)
    wanted = {
        "build.json": ("build.json", "current"),
        "quads.parquet": (".parquet",),
        "store": ("",),
    }[kind]
    inside = [file for file in files if file.startswith(".kg/")]
    if kind == "store":
        inside = [file for file in inside if "/store/" in file]
    yield Sample(files, tuple(file for file in inside if file.endswith(wanted)), "")


_MAKERS: Final = {
    "csv": _csv,
    "json": _json,
    "yaml": _yaml,
    "xml": _xml,
    "xlsx": _excel,
    "parquet": _parquet,
    "packed": _packed,
    "yarrrml": _yarrrml,
    "rml": _rml,
    **{f"rdf{ending}": _rdf for ending in RDF_TEXTS},
    "shapes": _shapes,
    "question": _question,
    "kg.toml": _workspace,
    "ontology": _workspace,
    "build.json": _build,
    "quads.parquet": _build,
    "store": _build,
}
KINDS: Final = tuple(_MAKERS)
BINARY: Final = frozenset({"xlsx", "parquet", "packed", "quads.parquet", "store"})
