"""Unpack and decode source files, and report faults with their place.

The mapping names the compression; else the ending of the file's name decides. An archive gives the
one file in it, or the member that is named after ``#``.

Spec: https://kg-construct.github.io/rml-io/spec/docs/#compression-formats
"""

from __future__ import annotations

import codecs
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Final, cast

from kg.errors import InputError, Location, WorldError
from kg.extras import need
from kg.mapping.plan import LogicalSource
from kg.sources.files import ARCHIVES, SourceFile
from kg.workspace import show_path

_BLOCK: Final = 1 << 20  # bytes
# Endings and their compressions, longest first.
_ENDINGS: Final = (
    (".tar.gz", "targz"),
    (".tar.xz", "tarxz"),
    (".tgz", "targz"),
    (".txz", "tarxz"),
    (".tar", "tar"),
    (".zip", "zip"),
    (".gz", "gzip"),
    (".zst", "zstd"),
    (".xz", "xz"),
    (".bz2", "bzip2"),
)
# Compressions that DuckDB unpacks itself, as a stream. It reads Zstandard too, but does not notice
# that a file was cut off.
NATIVE: Final = frozenset({"", "gzip"})
# Python's codecs for host names and source code; and one that allows half characters.
_NO_TEXTS: Final = frozenset(
    ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7")
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def compression_of(file: SourceFile, source: LogicalSource) -> str:
    """Return the name of a file's compression; empty if it has none."""
    if source.compression:
        return "" if source.compression == "none" else source.compression
    name = file.path.name.lower()
    return next((kind for ending, kind in _ENDINGS if name.endswith(ending)), "")


def plain_name(file: SourceFile) -> str:
    """Return a file's name without the ending of its compression, in lower case.

    >>> plain_name(SourceFile(Path("Rows.CSV.gz")))
    'rows.csv'
    """
    name = (file.member or file.path.name).lower()
    return next((name.removesuffix(e) for e, _ in _ENDINGS if name.endswith(e)), name)


@contextmanager
def open_source(file: SourceFile, source: LogicalSource) -> Iterator[IO[bytes]]:
    """Give the unpacked bytes of a source file as a stream.

    Raises:
        InputError: The file is missing, may not be read, is not packed as it should be, or is
            an archive of several members of which none is named.
        WorldError: Reading failed half-way.
    """
    kind = compression_of(file, source)
    with ExitStack() as stack, _as_ours(file, kind):
        yield _opened(file, kind, stack)


def _opened(file: SourceFile, kind: str, stack: ExitStack) -> IO[bytes]:
    if kind == "zip":
        return _zip_member(file, stack)
    if kind in ARCHIVES:
        return _tar_member(file, kind, stack)
    if kind == "gzip":
        import gzip

        return cast(IO[bytes], stack.enter_context(gzip.open(file.path, "rb")))
    if kind == "xz":
        return cast(IO[bytes], stack.enter_context(lzma.open(file.path, "rb")))
    if kind == "bzip2":
        import bz2

        return cast(IO[bytes], stack.enter_context(bz2.open(file.path, "rb")))
    if kind == "zstd":
        # Imported here: its package imports all readers of RDF.
        from kg.rdf.zstd import open_zstd

        return stack.enter_context(open_zstd(file.path))
    return stack.enter_context(file.path.open("rb", buffering=_BLOCK))


def _zip_member(file: SourceFile, stack: ExitStack) -> IO[bytes]:
    archive = stack.enter_context(zipfile.ZipFile(file.path))
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    entry = archive.getinfo(_chosen(file, names))
    if entry.flag_bits & 1:
        raise InputError(
            "bad-compression",
            f"{entry.filename} in the archive is encrypted",
            location=file.location,
            hint="Unpack it and refer to the unpacked file.",
        )
    return stack.enter_context(archive.open(entry))


def _tar_member(file: SourceFile, kind: str, stack: ExitStack) -> IO[bytes]:
    packing = {"tar": "", "targz": "gz", "tarxz": "xz"}[kind]
    archive = stack.enter_context(
        tarfile.open(file.path, f"r:{packing}")  # type: ignore[call-overload]  # noqa: SIM115
    )
    names = [entry.name for entry in archive if entry.isfile()]
    found = archive.extractfile(_chosen(file, names))
    assert found is not None
    return cast(IO[bytes], stack.enter_context(found))


def _chosen(file: SourceFile, names: list[str]) -> str:
    """Return the named or only member; files that file managers add do not count."""
    real = [n for n in names if not n.startswith("__MACOSX/") and "/._" not in f"/{n}"]
    member = file.member
    wanted = [n for n in real if n.removeprefix("./") == member] if member else real
    if len(wanted) == 1:
        return wanted[0]
    listed = ", ".join(real[:10]) + (", …" if len(real) > 10 else "")
    what = f"the archive holds no {member}" if member else f"the archive holds {len(real)} files"
    raise InputError(
        "archive-member",
        what,
        location=Location(show_path(file.path)),
        hint=f"Name one behind #, as in {file.path.name}#{real[0]}. It holds: {listed}."
        if real
        else "Pack a file into it.",
    )


@contextmanager
def _as_ours(file: SourceFile, kind: str) -> Iterator[None]:
    """Turn errors of decompressors and of the disk into kg's errors."""
    place = file.location
    broken: tuple[type[Exception], ...] = (
        EOFError,
        NotImplementedError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
        tarfile.TarError,
    )
    if kind == "zstd":
        broken += (need("zstandard", "zstd", "reading .zst").ZstdError,)
    try:
        yield
    except broken as error:
        raise bad_compression(place, kind, str(error)) from error
    except OSError as error:
        if error.errno is None:  # gzip and bz2 raise it for bytes that they cannot unpack
            raise bad_compression(place, kind, str(error)) from error
        if isinstance(error, PermissionError | IsADirectoryError | FileNotFoundError):
            raise InputError(
                "unreadable-file",
                f"the file cannot be read: {error.strerror}",
                location=place,
                hint="Check the name and the permissions.",
            ) from error
        raise WorldError(
            "disk", f"{place} cannot be read: {error.strerror}", hint="Check the disk."
        ) from error


def bad_compression(place: Location, kind: str, reason: str) -> InputError:
    """Return the error for a file that is not packed as it should be, or cut off."""
    names = {"gzip": "gzip", "zstd": "Zstandard", "xz": "xz", "bzip2": "bzip2", "zip": "zip"}
    return InputError(
        "bad-compression",
        f"the file is not a whole {names.get(kind, 'tar')} file: {reason}",
        location=place,
        hint="Fetch or make the file again, or correct the compression in the mapping.",
    )


# --- texts ----------------------------------------------------------------------------------


def encoding_of(source: LogicalSource) -> str:
    """Return the canonical name of a source's encoding.

    Raises:
        InputError: There is no such encoding.
    """
    try:
        found = codecs.lookup(source.encoding)
        "".encode(found.name)
    except (LookupError, ValueError) as error:  # base64 and the like; a name with a NUL in it
        raise _no_encoding(source) from error
    name = found.name
    if name in _NO_TEXTS:
        raise _no_encoding(source)
    return "utf-8" if name == "utf-8-sig" else name


def _no_encoding(source: LogicalSource) -> InputError:
    return InputError(
        "bad-encoding",
        f"{source.encoding!r} is no encoding of texts",
        location=source.origin.location(),
        hint="Known ones are utf-8, utf-16, latin-1, cp1252 and others that Python knows.",
    )


def text_blocks(file: SourceFile, source: LogicalSource) -> Iterator[str]:
    """Yield the text of a source file block by block, without a byte order mark.

    Raises:
        InputError: The text is not in its encoding; the message names line and column. Others
            as for `open_source`.
    """
    encoding = _codec(file, source)
    decoder = codecs.getincrementaldecoder(encoding)()
    line, column, first = 1, 1, True
    with open_source(file, source) as stream:
        while True:
            block = stream.read(_BLOCK)
            if first:
                _mark_of(block[:4], file, source)
                first = False
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "replace")
                line, column = _moved(line, column, good)
                place = Location(file.shown, line, column)
                raise wrong_encoding(place, source, error.object[error.start]) from error
            except UnicodeError as error:  # UTF-16 or UTF-32 without a byte order mark
                raise wrong_encoding(Location(file.shown, line, column), source) from error
            yield text
            line, column = _moved(line, column, text)
            if not block:
                return


def _moved(line: int, column: int, text: str) -> tuple[int, int]:
    breaks = text.count("\n")
    if not breaks:
        return line, column + len(text)
    return line + breaks, len(text) - text.rfind("\n")


def wrong_encoding(
    place: Location | None, source: LogicalSource, byte: int | None = None
) -> InputError:
    """Return the error for a text that is not in its encoding."""
    shown = f" (byte 0x{byte:02X})" if byte is not None else ""
    return InputError(
        "bad-encoding",
        f"the text is not encoded in {source.encoding.upper()}{shown}",
        location=place,
        hint="Save the file as UTF-8, or say in the mapping's source how it is encoded, such as"
        " encoding: cp1252 (Windows) or latin-1.",
    )


# Decode bad bytes to characters of their own, so that they can be found later.
BAD_BYTES: Final = "surrogateescape"
_FIRST_BAD: Final = 0xDC00
_BAD: Final = re.compile("[\udc80-\udcff]")


def bad_byte(text: str) -> tuple[str, int] | None:
    """Return the text before the first byte that `BAD_BYTES` kept, and that byte."""
    found = _BAD.search(text)
    return None if found is None else (text[: found.start()], ord(found[0]) - _FIRST_BAD)


def with_bytes(text: str) -> str:
    r"""Return a text decoded with `BAD_BYTES`, its bad bytes made readable.

    >>> with_bytes(b"caf\xe9".decode("utf-8", BAD_BYTES))
    'caf\\xE9'
    """
    return _BAD.sub(lambda found: f"\\x{ord(found[0]) - _FIRST_BAD:02X}", text)


@contextmanager
def open_text(
    file: SourceFile, source: LogicalSource, errors: str = "strict"
) -> Iterator[TextIOWrapper]:
    """Give a source file as a stream of text that keeps its line ends.

    Args:
        file: The file.
        source: The logical source.
        errors: ``strict``, or `BAD_BYTES`.

    Raises:
        InputError: As for `text_blocks`.
    """
    name = _codec(file, source)
    try:
        with (
            open_source(file, source) as stream,
            TextIOWrapper(stream, name, errors, newline="") as text,
        ):
            yield text
    except UnicodeError:
        # The error has no line; reading again finds it.
        for _ in text_blocks(file, source):
            pass
        raise


def _codec(file: SourceFile, source: LogicalSource) -> str:
    """Return the name of the codec that decodes a file and skips its byte order mark."""
    name = encoding_of(source)
    if name == "utf-8":
        return "utf-8-sig"
    if not name.startswith(("utf-16-", "utf-32-")):
        return name
    # Codecs that name the byte order take a mark for a character.
    with open_source(file, source) as stream:
        return _mark_of(stream.read(4), file, source) or name


def _mark_of(start: bytes, file: SourceFile, source: LogicalSource) -> str:
    """Return the encoding that a byte order mark means; empty if there is no mark.

    Raises:
        InputError: It is not the mark of the encoding that the source declares.
    """
    found = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if found and not encoding_of(source).startswith(found):
        raise InputError(
            "bad-encoding",
            f"the file starts with the mark of {found.upper()}, not of {source.encoding.upper()}",
            location=Location(file.shown, 1),
            hint=f"Declare the encoding {found} in the mapping's source.",
        )
    return found


def unpacked(file: SourceFile, source: LogicalSource, target: Path) -> Path:
    """Write the unpacked bytes of a source file to `target`, unless the file is not packed.

    Returns:
        The file with the bytes.
    """
    if not compression_of(file, source):
        return file.path
    with open_source(file, source) as stream, target.open("wb") as out:
        while block := stream.read(_BLOCK):
            out.write(block)
    return target


def plain_text(file: SourceFile, source: LogicalSource, target: Path) -> tuple[Path, str]:
    """Give a file with the source's text in UTF-8 that DuckDB can read.

    Args:
        file: The source file.
        source: The logical source.
        target: Where to write the text, if the file must be unpacked or decoded first.

    Returns:
        The file, and its compression as DuckDB calls it.
    """
    kind = compression_of(file, source)
    with open_source(file, source) as stream:
        marked = _mark_of(stream.read(4), file, source)
    if kind in NATIVE and encoding_of(source) == "utf-8" and not marked:
        return file.path, kind or "none"
    with target.open("w", encoding="utf-8", newline="") as out:
        for text in text_blocks(file, source):
            out.write(text)
    return target, "none"
