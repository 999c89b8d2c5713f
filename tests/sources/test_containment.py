"""What a mapping may read: files below its folder or the current one, servers that were named."""

from __future__ import annotations

import os
import sqlite3

import pytest
from sqlalchemy import make_url

import kg
from kg.building import BuildOptions
from kg.errors import InputError
from kg.map_files import MappingFiles, map_files
from kg.mapping.plan import Database, Formulation, LogicalSource, Origin
from kg.sources.servers import check_variables

MAPPING = """\
prefixes: {ex: 'https://example.org/'}
mappings:
  m: {sources: [SOURCE], s: ex:$(id), po: [[ex:name, $(name)]]}
"""
ROWS = "id,name\n1,secret\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project with the folder of a mapping, beside a folder that is none of its business."""
    for folder in ("outside", "project/mappings", "project/data"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.csv").write_text(ROWS)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def run(place, source, **more):
    mapping = place / "project" / "mappings" / "m.yarrrml.yml"
    mapping.write_text(MAPPING.replace("SOURCE", source))
    target = place / "project" / "out.nt"
    map_files(MappingFiles([mapping], **more), str(target))
    return target.read_text()


@pytest.mark.parametrize("name", ["a.csv", "../data/a.csv", "../data/*.csv", "{here}/data/a.csv"])
def test_sources_below_the_current_folder_or_the_mappings_are_read(place, name):
    assert "secret" in run(place, f"['{name.format(here=place / 'project')}~csv']")


def test_sources_beside_the_mapping_are_read_from_anywhere(place, monkeypatch):
    monkeypatch.chdir(place / "outside")
    assert "secret" in run(place, "[a.csv~csv]")


OUTSIDE = [
    "../../outside/a.csv",
    "../../outside/*.csv",
    "{outside}/a.csv",
    "link.csv",
    "down/a.csv",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_sources_outside_are_refused_unless_allowed(place, name):
    (place / "project" / "mappings" / "link.csv").symlink_to(place / "outside" / "a.csv")
    (place / "project" / "mappings" / "down").symlink_to(place / "outside")
    source = f"['{name.format(outside=place / 'outside')}~csv']"
    with pytest.raises(InputError) as caught:
        run(place, source)
    assert caught.value.code == "outside-folder"
    assert "--allow-outside" in caught.value.hint
    assert not (place / "project" / "out.nt").exists()
    assert "secret" in run(place, source, allow_outside=True)


def database(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (id, name)")
        connection.execute("INSERT INTO t VALUES (1, 'secret')")
    connection.close()


def test_an_sqlite_file_outside_is_refused_unless_the_user_names_it(place, monkeypatch):
    path = place / "outside" / "a.db"
    database(path)
    source = "{access: '%s', type: sqlite, query: SELECT * FROM t}"
    with pytest.raises(InputError) as caught:
        run(place, source % path)
    assert caught.value.code == "outside-folder"
    assert "secret" in run(place, source % path, allow_outside=True)
    mapping = place / "project" / "m.rml.ttl"
    mapping.write_text(
        "@prefix rr: <http://www.w3.org/ns/r2rml#> . <#m> rr:logicalTable [ rr:tableName 't' ] ;"
        " rr:subjectMap [ rr:template 'http://e.org/{id}' ] ; rr:predicateObjectMap"
        " [ rr:predicate rr:p ; rr:objectMap [ rr:column 'name' ] ] ."
    )
    monkeypatch.setenv("KG_DATABASE", f"sqlite:///{path}")
    assert map_files(MappingFiles([mapping]), "out.nt").statements == 1


def test_a_server_is_refused_unless_allowed(place):
    source = "{access: 'localhost:1/x', type: postgresql, query: SELECT 1}"
    with pytest.raises(InputError) as caught:
        run(place, source)
    assert caught.value.code == "outside-folder"
    assert "localhost:1" in caught.value.message


def test_a_link_in_a_workspace_is_no_way_out_for_a_source(tmp_path):
    (tmp_path / "secret.csv").write_text(ROWS)
    data = tmp_path / "w" / "data"
    data.mkdir(parents=True)
    (tmp_path / "w" / "kg.toml").write_text('base = "https://example.org/"\n')
    (data / "m.yarrrml.yml").write_text(MAPPING.replace("SOURCE", "[d*/secret.csv~csv]"))
    (data / "down").symlink_to(tmp_path)
    with pytest.raises(InputError) as caught:
        kg.build(tmp_path / "w", BuildOptions(index=False))
    assert caught.value.code == "outside-workspace"
    assert kg.build(tmp_path / "w", BuildOptions(index=False, allow_outside=True)).quads == 1


def test_a_named_pipe_as_a_source_does_not_block(place):
    os.mkfifo(place / "project" / "data" / "p.csv")
    with pytest.raises(InputError, match="is a named pipe"):
        run(place, "[../data/p.csv~csv]")


# --- variables of the environment -----------------------------------------------------------


def refused(url, username="", password=""):
    """Return the variable that is not sent; None if all are."""
    source = LogicalSource(
        Origin("m.yml", 1), "x", Formulation.SQL, database=Database(url, username, password)
    )
    expanded = url
    for name, value in os.environ.items():
        if name.startswith("TEST_"):
            expanded = expanded.replace(f"${name}", value).replace(f"${{{name}}}", value)
    try:
        check_variables(source, make_url(expanded))
    except InputError as error:
        return error.message.split()[2] if error.code == "unknown-server" else error.code
    return None


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("TEST_SECRET", "secret")
    monkeypatch.setenv("TEST_HOST", "db.example.org")
    monkeypatch.setenv("TEST_URL", "postgresql://db.example.org/x")
    monkeypatch.delenv("KG_HOSTS", raising=False)


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("postgresql://localhost/x", ("$TEST_SECRET", "")),
        ("postgresql://localhost:5432/x", ("", "$TEST_SECRET")),
        ("postgresql://127.0.0.1/x", ("", "$TEST_SECRET")),
        ("postgresql://[::1]/x", ("", "$TEST_SECRET")),
        ("postgresql:///x?host=/run/postgresql", ("", "$TEST_SECRET")),
        ("postgresql://db.example.org/x", ("me", "written")),
        ("postgresql://db.example.org/x", ("", "pa$TEST_NONE")),
        ("$TEST_URL", ("", "$TEST_SECRET")),
        ("postgresql://$TEST_HOST/x", ("", "$TEST_SECRET")),
        ("postgresql://${TEST_HOST}:5432/x", ("", "$TEST_SECRET")),
    ],
)
def test_variables_are_sent_to_servers_that_the_user_has_named(url, login):
    assert refused(url, *login) is None


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("postgresql://evil.example/x", ("$TEST_SECRET", "")),
        ("postgresql://evil.example/x", ("", "a${TEST_SECRET}b")),
        ("postgresql://evil.example/$TEST_SECRET", ("", "")),
        ("postgresql://$TEST_SECRET@evil.example/x", ("", "")),
        ("postgresql://$TEST_SECRET.evil.example/x", ("", "")),
        ("postgresql://evil.example/x?application_name=$TEST_SECRET", ("", "")),
        ("postgresql://localhost/x?host=evil.example", ("", "$TEST_SECRET")),
        ("postgresql://$TEST_HOST/x?host=evil.example", ("", "$TEST_SECRET")),
        ("postgresql://localhost/x?hostaddr=192.0.2.1", ("", "$TEST_SECRET")),
        ("postgresql://localhost/x?service=evil", ("", "$TEST_SECRET")),
        ("postgresql://localhost.evil.example/x", ("", "$TEST_SECRET")),
        ("mysql://127.0.0.1.evil.example/x", ("", "$TEST_SECRET")),
    ],
)
def test_variables_are_sent_to_nobody_else(url, login, monkeypatch):
    assert refused(url, *login) == "TEST_SECRET"
    monkeypatch.setenv("KG_HOSTS", "db.example.org, other")
    assert refused(url, *login) == "TEST_SECRET"


@pytest.mark.parametrize("hosts", ["evil.example", "a, EVIL.example", "b evil.example:5432"])
def test_the_user_names_servers(hosts, monkeypatch):
    monkeypatch.setenv("KG_HOSTS", hosts)
    assert refused("postgresql://evil.example:5432/x", "", "$TEST_SECRET") is None
    assert refused("postgresql://evil.example.org:5432/x", "", "$TEST_SECRET")
