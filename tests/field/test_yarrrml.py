"""85 YARRRML mappings of two projects: read without data, and run with data where there is some."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.cli.main import main
from kg.errors import InputError
from kg.map_files import MappingFiles, map_files
from kg.mapping.plan import Formulation, LogicalSource
from kg.sources.statements import check_statement
from kg.variables import Variables
from tests.field import field, files_of

PROJECTS = {"era": 22, "kbr": 63}
# A key twice, which YAML does not allow.
TWICE = "authors.yml"
BELTRANS = "kbr/data-integration/test/resources/beltrans-graph-data-three-sources"
PLACES = {
    "RML_TEST_SOURCE_PUBLICATIONS": "{0}.csv",
    "RML_TEST_SOURCE_CONTRIBUTORS": "{0}.csv",
    "RML_TEST_SOURCE_SAME_AS_LINKS": "{1}.csv",
}


def mapped(mapping: Path, values: dict[str, str], folder: Path, *sources: Path) -> set[str]:
    """Run a mapping with values for its variables, and return its statements as lines."""
    target = folder / "made.nq"
    files = MappingFiles(
        [mapping], variables=Variables(values), source_folders=sources, allow_outside=True
    )
    map_files(files, str(target))
    return set(target.read_text().splitlines())


def turtle(path: Path) -> set[str]:
    """Return the statements of a Turtle file as lines of N-Triples."""
    return {f"{each.triple} ." for each in ox.parse(path=path, format=ox.RdfFormat.TURTLE)}


@pytest.mark.parametrize("project", PROJECTS)
def test_the_files_are_all_there(project):
    field(project)
    assert len(files_of(project, "*.yml")) == PROJECTS[project]


@pytest.mark.parametrize("project", PROJECTS)
def test_each_mapping_passes_the_check(project, capsys):
    field(project)
    for path in files_of(project, "*.yml"):
        code = main(["map", "--check", str(path), "--format", "json"])
        found = json.loads(capsys.readouterr().out)
        if path.name == TWICE and "wikidata" in path.parts:
            assert code == 2
            (error,) = (each for each in found if each["level"] == "error")
            assert error["place"]["line"] == 48
            assert "on line 42 too" in error["message"]
            assert "an entry of its own for each" in error["advice"]
            continue
        assert code == 0, path
        assert {each["level"] for each in found} == {"info"}, path
        assert any(each["finding"] == "source" for each in found), path


def test_queries_for_sql_server_are_known_to_read_only():
    field("era")
    source = LogicalSource("x", Formulation.SQL)
    texts = [path.read_text() for path in files_of("era", "*.yml")]
    queries = [query for text in texts for query in re.findall(r"^ *query: (.*)$", text, re.M)]
    assert len(queries) > 400
    for query in queries:
        check_statement(query, "mssql", source)


@pytest.mark.parametrize(
    "change", ["INTO copy FROM", "; DROP TABLE t; SELECT 1 FROM", "FROM a DELETE FROM"]
)
def test_queries_for_sql_server_that_change_something_are_refused(change):
    with pytest.raises(InputError, match="not a single one that reads"):
        check_statement(
            f"SELECT [into], 'delete' {change} t", "mssql", LogicalSource("x", Formulation.SQL)
        )


@pytest.mark.parametrize(
    ("mapping", "data", "links"),
    [
        ("manifestations", "kbr-data", ""),
        ("manifestations", "bnf-data", ""),
        ("manifestations", "kb-data", ""),
        ("manifestations-integrated", "integrated-data", "manifestation-links"),
        ("contributors", "kbr-contributors", ""),
        ("contributors-integrated", "integrated-contributors", "contributor-links"),
        ("sameas", "manifestation-links", "manifestation-links"),
    ],
)
def test_data_gives_the_expected_turtle(mapping, data, links, tmp_path):
    folder = field(BELTRANS)
    values = {name: place.format(data, links) for name, place in PLACES.items()}
    expected = turtle(folder / f"{data}.ttl")
    assert mapped(folder / f"{mapping}.yml", values, tmp_path) == expected


@pytest.mark.parametrize(("data", "empty"), [("bnf-contributors", 1), ("kb-contributors", 2)])
def test_an_empty_field_in_quotes_is_a_value_unless_the_source_says_otherwise(
    data, empty, tmp_path
):
    folder = field(BELTRANS)
    values = {"RML_TEST_SOURCE_CONTRIBUTORS": f"{data}.csv"}
    expected = turtle(folder / f"{data}.ttl")
    more = mapped(folder / "contributors.yml", values, tmp_path) - expected
    assert len(more) == empty
    assert all(line.endswith("/countries/> .") for line in more)
    text = (folder / "contributors.yml").read_text()
    mapping = tmp_path / "contributors.yml"
    mapping.write_text(text.replace("delimiter: ','", "delimiter: ','\n        nulls: ['']"))
    assert mapped(mapping, values, tmp_path, folder) == expected


def test_links_differ_in_the_one_name_that_their_owners_changed(tmp_path):
    folder = field(BELTRANS)
    expected = turtle(folder / "contributor-links.ttl")
    values = {"RML_TEST_SOURCE_SAME_AS_LINKS": "contributor-links.csv"}
    made = mapped(folder / "sameas.yml", values, tmp_path)
    assert {line.replace("kbrCont2FR>", "kbrCont2>") for line in made} == expected


@pytest.mark.parametrize(
    ("folder", "mapping", "data"),
    [
        ("duplicate-integrated-manifestations", "manifestations", "local-data"),
        ("duplicate-integrated-manifestations", "contributors", "local-contributors"),
        ("title-representation", "manifestations", "bnf-data"),
        ("title-representation", "manifestations-kbr", "kbr-data"),
        ("data-integration-sparql", "manifestations", "kbr-manifestations"),
        ("data-integration-sparql", "contributors", "kbr-contributors"),
    ],
)
def test_other_folders_give_a_thing_for_each_record(folder, mapping, data, tmp_path):
    place = field("kbr/data-integration/test/resources", folder)
    values = dict.fromkeys(PLACES, f"{data}.csv")
    made = mapped(place / f"{mapping}.yml", values, tmp_path)
    names = [
        line.partition(",")[0].strip('"')
        for line in (place / f"{data}.csv").read_text().splitlines()[1:]
    ]
    subjects = {line.partition(" ")[0].rpartition("/")[2].rstrip(">") for line in made}
    assert {name for name in names if name} <= subjects


STAND_IN = """
CREATE TABLE OperationalPoints (ID, VersionID, UOPID, Name, IsFuturePlanning);
INSERT INTO OperationalPoints VALUES (1, 9, ' BE1 ', ' Brussels ', 0), (2, 9, 'BE2', 'Ghent', 1);
CREATE TABLE MemberStates (ID, Code, Name);
INSERT INTO MemberStates VALUES (5, 'BEL', 'Belgium');
CREATE TABLE MemberStateVersions (ID, MemberStateID);
INSERT INTO MemberStateVersions VALUES (9, 5);
CREATE TABLE Tracks (ID, VersionID, UUID);
INSERT INTO Tracks VALUES (3, 9, 'T3');
CREATE TABLE OPTracks (TrackID, VersionID, OperationalPointID, IMCode);
INSERT INTO OPTracks VALUES (3, 9, 1, '0088');
CREATE TABLE Parameters (ID, "Index");
INSERT INTO Parameters VALUES (1, '1.2.1.0.2.1'), (2, '1.2.1.0.3.5'), (3, '1.1.1.1.2.2');
CREATE TABLE LookupValues (ID, Value);
INSERT INTO LookupValues VALUES (7, ' off TEN '), (8, 'P1');
CREATE TABLE TrackParameters (TrackID, VersionID, ParameterID, LookupValueID, Value);
INSERT INTO TrackParameters VALUES
  (3, 9, 1, 7, NULL), (3, 9, 2, NULL, 'km 4'), (3, 9, 3, 8, NULL);
CREATE TABLE UICLines (ID, VersionID, UICCode);
INSERT INTO UICLines VALUES (4, 9, 'L50');
CREATE TABLE SectionOfLines (ID, VersionID, UICLineID, LineEdgeID);
INSERT INTO SectionOfLines VALUES (6, 9, 4, 11);
CREATE TABLE SOLTracks (SectionOfLineID, VersionID, TrackID);
INSERT INTO SOLTracks VALUES (6, 9, 3);
CREATE TABLE LineEdges (ID, VersionID, LineNodeStartID, LineNodeEndID);
INSERT INTO LineEdges VALUES (11, 9, 21, 22);
CREATE TABLE LineNodes (ID, VersionID, OperationalPointID);
INSERT INTO LineNodes VALUES (21, 9, 1), (22, 9, 2);
CREATE TABLE Manufacturers (Name, EmailAddress, PostAddress, RegisteredBusinessNumber);
INSERT INTO Manufacturers VALUES ('A Works', 'a@e.org', '', 'BE 1'), ('B', '', 'Street 1', '');
"""
ERA = "http://data.europa.eu/949/"
INFRA = f"{ERA}functionalInfrastructure"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
TRACK = f"<{INFRA}/tracks/BE1_T3>"
LINE = f"<{INFRA}/nationalLines/L50>"
NET = f"{ERA}topology/netElements"
SECTION = "L50_BE1_BE2"
SCHEMA = "https://schema.org"
RAN = {
    "RINF-op-tracks": {
        f"{TRACK} {TYPE} <{ERA}Track>",
        f'{TRACK} {LABEL} "BE1_T3"',
        f'{TRACK} <{ERA}imCode> "0088"',
        f'{TRACK} <{ERA}trackId> "T3"',
        f"<{INFRA}/operationalPoints/BE1> <{ERA}track> {TRACK}",
        f"{TRACK} <{ERA}tenClassification> <{ERA}concepts/ten-classifications/off_TEN>",
        f'{TRACK} <{ERA}gaugingCheckLocation> "km 4"',
    },
    "RINF-national-lines": {
        f"{LINE} {TYPE} <{ERA}NationalRailwayLine>",
        f'{LINE} {LABEL} "L50"',
        f"{LINE} <{ERA}inCountry> <http://e/BEL>",
        f"{LINE} <{ERA}lineCategory> <{ERA}concepts/line-category/P1>",
    },
    "RINF-meso-net-elements": {
        f"<{NET}/BE1> {TYPE} <{ERA}NetElement>",
        f'<{NET}/BE1> {LABEL} "Brussels"',
        f"<{NET}/BE1> <{ERA}hasImplementation> <{INFRA}/operationalPoints/BE1>",
        f"<{NET}/BE2> {TYPE} <{ERA}NetElement>",
        f'<{NET}/BE2> {LABEL} "Ghent"',
        f"<{NET}/BE2> <{ERA}hasImplementation> <{INFRA}/operationalPoints/BE2>",
        f"<{NET}/{SECTION}> {TYPE} <{ERA}NetElement>",
        f'<{NET}/{SECTION}> {LABEL} "{SECTION}"',
        f"<{NET}/{SECTION}> <{ERA}hasImplementation> <{INFRA}/sectionsOfLine/{SECTION}>",
    },
    "ERATV-manufacturers": {
        f"<{ERA}manufacturers/{name}> {rest}"
        for name, rest in [
            ("AWorks", f"{TYPE} <{ERA}Manufacturer>"),
            ("AWorks", f'<{SCHEMA}/name> "A Works"'),
            ("AWorks", f'{LABEL} "A Works"'),
            ("AWorks", f'<{SCHEMA}/email> "a@e.org"'),
            ("AWorks", f'<{SCHEMA}/taxID> "BE 1"'),
            ("B", f"{TYPE} <{ERA}Manufacturer>"),
            ("B", f'<{SCHEMA}/name> "B"'),
            ("B", f'{LABEL} "B"'),
            ("B", f'<{SCHEMA}/address> "Street 1"'),
        ]
    },
}


@pytest.mark.parametrize("name", RAN)
def test_queries_run_on_a_stand_in_for_the_database(name, tmp_path):
    """SQLite has no databases within databases, so ``RINF.dbo.`` is taken off the tables."""
    text = field("era/mappings", f"{name}.yml").read_text()
    mapping = tmp_path / f"{name}.yml"
    mapping.write_text(re.sub(r"\b(?:RINF|ERATV)\.dbo\.", "", text, flags=re.IGNORECASE))
    with sqlite3.connect(tmp_path / "stand-in.db") as database:
        database.executescript(STAND_IN)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "data").mkdir(parents=True)
    (elsewhere / "data/countries.csv").write_text("code,eu\nBEL,http://e/BEL\nFRA,http://e/FRA\n")
    system = name.partition("-")[0]
    values = {
        f"{system}_HOST": "sqlite:///stand-in.db",
        f"{system}_USER": "me",
        f"{system}_PWD": "secret",
        "NAMED_GRAPH": "http://graph/",
    }
    made = mapped(mapping, values, tmp_path, elsewhere)
    assert made == {f"{statement} <http://graph/> ." for statement in RAN[name]}
