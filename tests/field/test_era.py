"""22 mappings of the European Union Agency for Railways, run on a stand-in for its databases.

What they make is worked out anew here, of the rows that SQLite gives and of the text of the
mapping, without kg.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from ruamel.yaml import YAML

from kg.errors import InputError
from kg.map_files import MappingFiles, map_files
from kg.variables import Variables
from tests.field import field, files_of
from tests.field.stand_in import StandIn, for_sqlite, queries_of

# SQLite has no CONCAT before its release 3.44.
WITHOUT_CONCAT = {"ERATV-vehicle-types", "RINF-ERATV-skos-concepts", "RINF-sol-tracks"}
RUN = 19
GRAPH = "http://graph/"
# Their tables beside the database; `kg map --check` says which columns they must have.
TABLES = {
    "op_internal_connectivity": (
        "INCOMING_LINE,INCOMING_REMOTE_OP,INCOMING,UOPID,OUTGOING,OUTGOING_REMOTE_OP,OUTGOING_LINE,"
        "Connected,INCOMING_DIRECTION,OUTGOING_DIRECTION\nL1,A,1,B,2,C,L2,YES,N,B\n"
        "L1,A,1,B,2,C,L2,NO,O,O\nL3,D,1,B,2,E,L4,YES,O,N\n"
    ),
    "countries": "code,eu\ncode é0,http://e/BEL\ncode é1,http://e/FRA\n",
    "index_predicate_mappings": "index,predicate\nindex é0,http://e/p\nindex é1,http://e/q\n",
    "op_types": "type,label\nstation,value é0\n",
}
# The query lacks a column that the mapping refers to.
FAULTY = {
    "RINF-train-detection-systems": "306: the mapping refers to 'UUID', which the database does not"
}
Row = Mapping[str, str]


def names() -> list[str]:
    return [path.stem for path in files_of("era", "*.yml") if path.stem not in WITHOUT_CONCAT]


def test_the_mappings_that_are_run():
    field("era")
    assert len(names()) == RUN


def encoded(text: str) -> str:
    """Encode what a name in an IRI may not hold: all but letters, digits and a few marks."""
    return re.sub(r"[^\w.~-]", lambda match: quote(match[0]), text)


class Document:
    """A mapping as plain data, and what its mappings make of rows."""

    def __init__(self, text: str, database: Path, folder: Path) -> None:
        self.data = YAML(typ="safe").load(text)
        self.prefixes = self.data["prefixes"]
        self.database = database
        self.folder = folder

    def statements(self) -> Iterator[str]:
        for mapping in self.data["mappings"].values():
            subjects = [mapping[key] for key in ("s", "subject", "subjects") if key in mapping]
            pairs = [mapping[key] for key in ("po", "predicateobjects") if key in mapping]
            for row in self.rows(mapping["sources"][0]):
                if not self.holds(mapping.get("condition"), row):
                    continue
                subject = self.iri(subjects[0], row)
                for pair in pairs[0] if subject and pairs else ():
                    yield from self.made(subject, pair, row, mapping.get("graph"))

    def rows(self, source: object) -> Iterator[Row]:
        if isinstance(source, list):
            with (self.folder / source[0].partition("~")[0]).open() as stream:
                for row in csv.DictReader(stream):
                    yield {name.casefold(): value for name, value in row.items()}
            return
        assert isinstance(source, dict)
        with closing(sqlite3.connect(self.database)) as database:
            found = database.execute(for_sqlite(source["query"]))
            columns = [column[0] for column in found.description]
            for row in found:
                texts = ((n, v) for n, v in zip(columns, row, strict=True) if v is not None)
                yield {name.casefold(): str(value) for name, value in texts}

    def made(self, subject: str, pair: object, row: Row, graph: str | None) -> Iterator[str]:
        if isinstance(pair, dict):
            predicate, objects = pair["p"], pair["o"]
            condition = pair.get("condition")
        else:
            (predicate, objects, *types), condition = pair, None
            objects = {"value": objects, "datatype": types[0]} if types else objects
        for each in objects if isinstance(objects, list) else [objects]:
            value = each if isinstance(each, dict) else {"value": each}
            if not self.holds(condition, row):
                continue
            verb = self.iri("rdf:type" if predicate == "a" else predicate, row)
            place = f" <{GRAPH}>" if graph else ""
            if "mapping" in value:
                found = self.joined(value, row)
            elif self.holds(value.get("condition"), row):
                found = [self.object(value, predicate, row)]
            else:
                found = []
            yield from (f"{subject} {verb} {made}{place} ." for made in found if made)

    def joined(self, value: Mapping[str, object], row: Row) -> list[str | None]:
        """Return the subjects of the records of another mapping that equal a record."""
        other = self.data["mappings"][value["mapping"]]
        (_, child), (_, parent) = value["condition"]["parameters"]  # type: ignore[index]
        wanted = self.filled(child, row, safe=False)
        return [
            self.iri(other["s"], each)
            for each in self.rows(other["sources"][0])
            if wanted is not None and self.filled(parent, each, safe=False) == wanted
        ]

    def object(self, value: Mapping[str, str], predicate: str, row: Row) -> str | None:
        text = value["value"]
        if predicate == "a" or text.endswith("~iri") or value.get("type") == "iri":
            return self.iri(text.removesuffix("~iri"), row)
        made = self.filled(text, row, safe=False)
        if made is None:
            return None
        plain = made.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        datatype = value.get("datatype")
        return f'"{plain}"' + (f"^^{self.iri(datatype, row)}" if datatype else "")

    def iri(self, text: str, row: Row) -> str | None:
        prefix, _, rest = text.partition(":")
        known = {**self.prefixes, "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
        whole = known[prefix] + rest if prefix in known else text
        is_value = re.fullmatch(r"\$\(\w+\)", whole) is not None
        made = self.filled(whole, row, safe=not is_value)
        return None if made is None else f"<{made}>"

    def filled(self, text: str, row: Row, *, safe: bool) -> str | None:
        wanted = [name.casefold() for name in re.findall(r"\$\((\w+)\)", text)]
        if any(name not in row for name in wanted):
            return None
        return re.sub(
            r"\$\((\w+)\)",
            lambda match: (encoded if safe else str)(row[match[1].casefold()]),
            text,
        )

    def holds(self, condition: Mapping[str, object] | None, row: Row) -> bool:
        if condition is None:
            return True
        values = [self.filled(str(value), row, safe=False) for _, value in condition["parameters"]]
        if None in values:
            return False
        kind = str(condition["function"]).partition(":")[2]
        if kind == "equal":
            return values[0] == values[1]
        if kind == "notEqual":
            return values[0] != values[1]
        assert kind == "stringContainsOtherString"
        return values[1] in values[0].split(values[2])


@pytest.mark.parametrize("name", names())
def test_a_mapping_makes_what_its_text_says(name, tmp_path):
    text = for_sqlite(field("era/mappings", f"{name}.yml").read_text())
    (tmp_path / "data").mkdir()
    for table, rows in TABLES.items():
        (tmp_path / f"data/{table}.csv").write_text(rows)
    (tmp_path / f"{name}.yml").write_text(text)
    original = YAML(typ="safe").load(field("era/mappings", f"{name}.yml"))
    StandIn(list(queries_of(original))).write(tmp_path / "stand-in.db")
    system = name.partition("-")[0]
    values = {
        f"{system}_HOST": "sqlite:///stand-in.db",
        f"{system}_USER": "me",
        f"{system}_PWD": "secret",
        "NAMED_GRAPH": GRAPH,
    }
    target = tmp_path / "made.nq"
    files = MappingFiles(
        [tmp_path / f"{name}.yml"], variables=Variables(values), allow_outside=True
    )
    if name in FAULTY:
        with pytest.raises(InputError, match=FAULTY[name]):
            map_files(files, str(target))
        return
    map_files(files, str(target))
    made = set(target.read_text().splitlines())
    expected = set(Document(text, tmp_path / "stand-in.db", tmp_path).statements())
    assert made == expected
    assert made
