"""Writes a quad table to the file that a logical target of a mapping describes.

The file is written plain first, then encoded, compressed and archived as a stream. The same table
gives the same bytes: archives carry no times.

Spec: https://kg-construct.github.io/rml-io/spec/docs/#target-vocabulary
"""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kg.duck import Connection
from kg.exports.api import export_table
from kg.files import Renames, replacing
from kg.mapping.plan import LogicalTarget
from kg.mapping.targets import target_path
from kg.quads import QuadTable, copy_lines

_CHUNK: Final = 1 << 20  # bytes or characters
# The earliest time that a zip archive can name.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
# A higher preset of xz takes a hundred megabytes and more.
_XZ_PRESET: Final = 1
# N3 is a superset of Turtle. RDF/JSON is written by this module.
_WRITTEN_AS: Final[Mapping[str, str]] = {"n3": "turtle"}
_UTF_8_DECLARATION: Final = 'encoding="UTF-8"'


def write_target(
    connection: Connection,
    table: QuadTable,
    target: LogicalTarget,
    *,
    prefixes: Mapping[str, str],
    spill: Path,
    together: Renames | None = None,
) -> int:
    """Write a quad table to a logical target, and return the number of statements.

    Args:
        connection: From `kg.duck.engine`.
        table: The quads of the target.
        target: The target; its file is replaced in one step.
        prefixes: Prefix to namespace, for Turtle, N3 and TriG.
        spill: Folder for intermediate files.
        together: Replaces the file later, with others.

    Raises:
        InputError: The format cannot express the statements.
        LimitError: The memory limit was reached; the target is unchanged.
        WorldError: The disk failed; the target is unchanged.
    """
    plain = spill / "target.plain"
    if target.serialization == "rdfjson":
        statements = copy_lines(connection, rdf_json_sql(_triples(table)), plain)
        if not statements:
            plain.write_text(f"{EMPTY}\n", encoding="utf-8")
    else:
        name = _WRITTEN_AS.get(target.serialization, target.serialization)
        statements = export_table(
            table, str(plain), format_name=name, prefixes=prefixes, connection=connection
        ).statements
    path = target_path(target)
    with _encoded(plain, target.encoding) as made, replacing(path, together) as part:
        _PACKERS[target.compression](made, part, path.name)
    plain.unlink()
    return statements


def _triples(table: QuadTable) -> str:
    """Return a query for the merge of all graphs, each triple once."""
    fresh = " OR ".join(f"{name} IS DISTINCT FROM lag({name}) OVER ()" for name in "spo")
    return f"SELECT s, p, o FROM (SELECT s, p, o, {fresh} AS fresh FROM {table.sql}) WHERE fresh"


@contextmanager
def _encoded(plain: Path, encoding: str) -> Iterator[Path]:
    """Yield the file in the encoding; if that is a new file, it is removed at the end."""
    if encoding == "utf-8":
        yield plain
        return
    made = plain.with_suffix(".encoded")
    try:
        with (
            plain.open(encoding="utf-8", newline="") as source,
            made.open("w", encoding=encoding, newline="") as out,
        ):
            # The XML declaration names the encoding.
            first = source.read(_CHUNK)
            out.write(first.replace(_UTF_8_DECLARATION, f'encoding="{encoding.upper()}"', 1))
            shutil.copyfileobj(source, out, _CHUNK)
        yield made
    finally:
        made.unlink(missing_ok=True)


def _plain(source: Path, target: Path, name: str) -> None:
    del name
    shutil.copyfile(source, target)


def _gzip(source: Path, target: Path, name: str) -> None:
    del name
    with (
        source.open("rb") as data,
        target.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out,
    ):
        shutil.copyfileobj(data, out, _CHUNK)


def _zip(source: Path, target: Path, name: str) -> None:
    entry = zipfile.ZipInfo(_stem(name, ".zip"), _NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.file_size = source.stat().st_size
    with (
        source.open("rb") as data,
        zipfile.ZipFile(target, "w") as archive,
        archive.open(entry, "w") as out,
    ):
        shutil.copyfileobj(data, out, _CHUNK)


def _tar_gz(source: Path, target: Path, name: str) -> None:
    with (
        target.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as out,
        tarfile.open(fileobj=out, mode="w") as archive,
    ):
        _add(archive, source, _stem(name, ".tar.gz", ".tgz", ".tar.gzip"))


def _tar_xz(source: Path, target: Path, name: str) -> None:
    with tarfile.open(target, "w:xz", preset=_XZ_PRESET) as archive:
        _add(archive, source, _stem(name, ".tar.xz", ".txz"))


def _add(archive: tarfile.TarFile, source: Path, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = source.stat().st_size
    with source.open("rb") as data:
        archive.addfile(entry, data)


def _stem(name: str, *endings: str) -> str:
    """Return the name of the file in an archive: the archive's name without its suffix."""
    for ending in endings:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name


_PACKERS: Final[Mapping[str, Callable[[Path, Path, str], None]]] = {
    "": _plain,
    "gzip": _gzip,
    "zip": _zip,
    "targz": _tar_gz,
    "tarxz": _tar_xz,
}


# --- Writes RDF/JSON as one SQL query over sorted rows --------------------------------------------
# The escapes of canonical N-Triples are also escapes of JSON, so the text between the quotes of a
# literal is copied as it is. As in Turtle, the text of a row depends only on its neighbours.
#
# Spec: https://www.w3.org/TR/rdf-json/


EMPTY: Final = "{}"


def rdf_json_sql(rows: str) -> str:
    """Return a query for the lines of an RDF/JSON file, in order; no lines if there are no rows.

    Args:
        rows: A query with the columns s, p, o in the order of the quad table, each triple once.
    """
    changes = (
        "SELECT s, p, o, lag(s) OVER () IS NULL AS first,"
        " lag(s) OVER () IS DISTINCT FROM s AS new_s, lag(p) OVER () IS DISTINCT FROM p AS new_p"
        f" FROM ({rows})"
    )
    grouped = f"SELECT s, p, o, first, new_s, new_s OR new_p AS new_p FROM ({changes})"
    following = (
        "SELECT *, lead(new_s) OVER () IS NULL AS last, lead(new_s, 1, true) OVER () AS ends_s,"
        f" lead(new_p, 1, true) OVER () AS ends_p FROM ({grouped})"
    )
    return (
        "SELECT concat(CASE WHEN first THEN e'{\\n' ELSE '' END,"
        f" CASE WHEN new_s THEN concat('  ', {_name('s')}, e': {{\\n') ELSE '' END,"
        f" CASE WHEN new_p THEN concat('    ', {_name('p')}, e': [\\n') ELSE '' END,"
        f" '      ', {_object('o')},"
        " CASE WHEN NOT ends_p THEN ',' WHEN NOT ends_s THEN e'\\n    ],'"
        " WHEN NOT last THEN e'\\n    ]\\n  },' ELSE e'\\n    ]\\n  }\\n}' END)"
        f" FROM ({following})"
    )


def _name(term: str) -> str:
    """Return SQL for an IRI or blank node as a key or value of JSON."""
    return (
        f"CASE WHEN starts_with({term}, '<') THEN concat('\"', {term}[2:-2], '\"')"
        f" ELSE concat('\"', {term}, '\"') END"
    )


def _object(term: str) -> str:
    quoted = f"regexp_extract({term}, '(?s)^(\".*\")', 1)"
    return (
        f"CASE WHEN starts_with({term}, '<') THEN"
        f' concat(\'{{"type": "uri", "value": \', {_name(term)}, \'}}\')'
        f" WHEN starts_with({term}, '_') THEN"
        f' concat(\'{{"type": "bnode", "value": \', {_name(term)}, \'}}\')'
        f' ELSE concat(\'{{"type": "literal", "value": \', {quoted},'
        f" CASE WHEN ends_with({term}, '\"') THEN ''"
        f" WHEN ends_with({term}, '>') THEN"
        f" concat(', \"datatype\": \"', regexp_extract({term}, '<([^<>]*)>$', 1), '\"')"
        f" ELSE concat(', \"lang\": \"', regexp_extract({term}, '@([^\"]*)$', 1), '\"') END, '}}')"
        " END"
    )
