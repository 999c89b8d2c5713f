"""What a table is by the ending of its name, where the mapping says CSV or says what cannot be.

Other engines have one word for all tables, and tell them apart so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kg.errors import InputError
from kg.mapping.plan import Dialect, Formulation, LogicalSource

_TABBED: Final = (".tsv", ".tab", ".tsv.gz", ".tsv.zst")
_LINES: Final = (".jsonl", ".ndjson")
_PARQUET: Final = ".parquet"
_WORKBOOKS: Final = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
# Tables of other programs, by the endings of their files; none of them is text.
_FOREIGN: Final[Mapping[str, str]] = {
    "a Feather (Arrow) file": ".feather .arrow .ipc",
    "a file of Stata": ".dta",
    "a file of SPSS": ".sav .zsav .por",
    "a file of SAS": ".sas7bdat .xpt",
    "a file of R": ".rds .rda .rdata",
    "an ORC file": ".orc",
    "an Avro file": ".avro",
    "an HDF5 file": ".h5 .hdf5 .hdf",
    "a database of Microsoft Access": ".mdb .accdb",
    "a dBASE file": ".dbf",
    "a file of Python": ".pkl .pickle .npy .npz",
    "a document, not a table": ".pdf .doc .docx .odt .pages",
    "a workbook of Numbers": ".numbers",
}


def foreign_format(path: str) -> str:
    """Return what a file of another program is, by the ending of its name; empty for others.

    >>> foreign_format("a/B.Feather"), foreign_format("a.csv")
    ('a Feather (Arrow) file', '')
    """
    ending = "." + path.lower().rpartition(".")[2]
    return next((name for name, known in _FOREIGN.items() if ending in known.split()), "")


def format_of(path: str) -> str:
    """Return what `~` would say of a table, by the ending of its name; empty for others.

    >>> format_of("a/B.CSV"), format_of("t.tsv"), format_of("t.json"), format_of("people")
    ('csv', 'tsv', '', '')
    """
    name = path.lower()
    if name.endswith((".csv", ".csv.gz", ".csv.zst", _PARQUET, *_WORKBOOKS)):
        return "csv"
    return "tsv" if name.endswith(_TABBED) else "jsonl" if name.endswith(_LINES) else ""


def by_ending(source: LogicalSource, *, with_tabs: bool) -> LogicalSource:
    """Return a source as the ending of its name says: Parquet, a workbook, or a file with tabs.

    Args:
        source: The source.
        with_tabs: Whether CSV stands for files with tabs, too.

    Raises:
        InputError: It is a table that kg does not read.
    """
    foreign = foreign_format(source.path) if source.formulation.is_tabular else ""
    if foreign:
        raise InputError(
            "unsupported-mapping",
            f"{source.path} is {foreign} by its name, which kg does not read",
            location=source.origin.location(),
            hint="Save it as Parquet or CSV. If it is text, give it another name.",
        )
    if source.formulation is not Formulation.CSV:
        return source
    name = source.path.partition("#")[0].lower()
    if with_tabs and source.dialect == Dialect() and name.endswith(_TABBED):
        return replace(source, dialect=replace(source.dialect, delimiter="\t"))
    if name.endswith(_PARQUET):
        return replace(source, formulation=Formulation.PARQUET, nulls=source.nulls or None)
    if name.endswith(_WORKBOOKS):
        return replace(source, formulation=Formulation.EXCEL, nulls=source.nulls or None)
    return source
