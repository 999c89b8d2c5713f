"""Passwords in addresses, however they are written: they reach no message, record or answer."""

from __future__ import annotations

import itertools
import json
import os
import re
from contextlib import suppress

import pytest
from sqlalchemy import make_url

from kg.cli.main import main
from kg.errors import KgError, Location
from kg.http import find_credentials
from kg.logins import escape_login, without_logins
from kg.map_files import MappingFiles, explain_files, map_files
from kg.paths import show_path
from kg.push import check_url
from kg.queries.remote import check_endpoint

SECRET = "s3cr3t"
PASSWORDS = [
    *(f"{before}{SECRET}" for before in ("", "/", "x@", "x/y@", ":", "%2F", "%40", "&", "$", "=")),
    *(f"a{char}{SECRET}{char}b" for char in "/@:"),
    f"@{SECRET}@/{SECRET}",
]
# Characters that end a word or a part of a URL: these are hidden where an address stands alone.
ODD = [f"a{char}{SECRET}" for char in " #?[\"'\\<"]
# Those of which a run of the tests tries all places that take some time.
TRIED = (*PASSWORDS, *ODD) if os.environ.get("KG_LONG") else (PASSWORDS[1], PASSWORDS[3], *ODD[::3])


def yarrrml(access: str) -> str:
    return (
        "mappings:\n  m:\n    sources:\n"
        f"      - {{access: {json.dumps(access)}, type: postgresql, query: SELECT 1 AS a}}\n"
        "    s: http://e/$(a)\n    po: [[http://e/p, $(a)]]\n"
    )


RML = """\
@prefix rml: <http://w3id.org/rml/> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
<#db> a d2rq:Database ; d2rq:jdbcDSN %s ; d2rq:jdbcDriver "org.postgresql.Driver" .
<#m> rml:logicalSource [
    rml:source %s ; rml:query "SELECT 1 AS a" ; rml:referenceFormulation rml:SQL2008Query ] ;
  rml:subjectMap [ rml:template "http://e/{a}" ] .
"""


def texts(password: str) -> dict[str, dict[str, str]]:
    """Return mappings that hold the password, by what they are like."""
    address = f"postgresql://me:{password}@localhost:1/db"
    file = json.dumps(f"{address}~csv")
    path = RML.replace("rml:SQL2008Query", "rml:CSV").replace(' rml:query "SELECT 1 AS a" ;', "")
    return {
        "yarrrml": {"m.yml": yarrrml(address)},
        "yarrrml without scheme": {"m.yml": yarrrml(address.removeprefix("postgresql://"))},
        "yarrrml http": {"m.yml": yarrrml(address.replace("postgresql", "http"))},
        "jdbc": {"m.ttl": RML % (json.dumps(f"jdbc:{address}"), "<#db>")},
        "jdbc parameter": {
            "m.ttl": RML
            % (f'"jdbc:postgresql://localhost:1/db?user=me&password={password}"', "<#db>")
        },
        "path": {"m.ttl": path % ('""', json.dumps(address))},
        "yarrrml path": {"m.yml": f"mappings: {{m: {{sources: [[{file}]], s: 'e:$(a)'}}}}"},
    }


@pytest.mark.parametrize("kind", texts(""))
@pytest.mark.parametrize("password", TRIED)
def test_no_message_of_a_mapping_shows_it(kind, password, tmp_path, monkeypatch):
    if kind == "jdbc parameter" and re.search(r"[&#%=\"\\]", password):
        pytest.skip("a parameter ends there")
    monkeypatch.chdir(tmp_path)
    ((name, text),) = texts(password)[kind].items()
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(KgError) as caught:
        map_files(MappingFiles([tmp_path / name]), str(tmp_path / "out.nt"))
    shown = caught.value.report() + repr(caught.value) + str(caught.value.message)
    assert SECRET not in shown
    with suppress(KgError):
        assert SECRET not in explain_files(MappingFiles([tmp_path / name], prefixes={}))


@pytest.mark.parametrize("password", PASSWORDS + ODD)
@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "h ttp"])
def test_no_message_of_a_store_shows_it(password, scheme):
    for check in (check_endpoint, check_url):
        with pytest.raises(KgError) as caught:
            check(f"{scheme}://me:{password}@localhost/sparql")
        assert caught.value.code == "password-in-url"
        assert SECRET not in caught.value.report() + repr(caught.value)


@pytest.mark.parametrize("password", PASSWORDS + ODD)
def test_no_message_of_a_file_shows_it(password, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"https://me:{password}@host/data.ttl"
    assert SECRET not in show_path(path)
    assert SECRET not in str(Location(f"https://me:{password}@host/data.ttl", 3))


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_text_shows_no_login_and_keeps_the_rest(password):
    for before, after in itertools.product(("", "see <", "'"), ("", ", or not", "/x?y#z more")):
        text = f"{before}https://me:{password}@host/a{after}"
        assert without_logins(text) == f"{before}https://***@host/a{after}"
        assert str(KgError("disk", text, hint=text)).count("***@host/a") == 2


@pytest.mark.parametrize(
    "text",
    [
        "http://host:80/a/b#c", "mailto:me@host", "<http://e/a@b>", "me@host", "http://h/x:y@z",
        "a: b@c", "C:/data@home/x.csv",
    ],
)  # fmt: skip
def test_what_holds_no_password_is_shown(text):
    assert without_logins(text) == text


@pytest.mark.parametrize("url", ["http://h/ds?x=a@b", "http://h:80/a%40b/", "https://h/q?a=b:c@d/"])
def test_an_endpoint_may_hold_an_at_in_its_query(url):
    assert check_endpoint(url) == url


@pytest.mark.parametrize("password", [*PASSWORDS, "a?b", "a#b", "é", "a b"])
def test_a_database_gets_the_password_that_was_written(password):
    from urllib.parse import unquote

    for query in ("", "?sslmode=require", "?options=a@b"):
        url = make_url(escape_login(f"postgresql://me:{password}@host:5/db{query}"))
        assert (url.username, url.password, url.host, url.port, url.database) == (
            "me", unquote(password), "host", 5, "db",
        )  # fmt: skip
    for plain in ("postgresql://host/db?options=a@b", "mysql://host/db", "sqlite:///a@b.db"):
        assert escape_login(plain) == plain


def test_a_netrc_file_that_is_wrong_is_not_repeated(tmp_path):
    path = tmp_path / "netrc"
    path.write_text(f"machine host login me password two {SECRET}\n")
    with pytest.raises(KgError) as caught:
        find_credentials("http://host/", {"NETRC": str(path)})
    assert caught.value.code == "bad-netrc"
    assert SECRET not in caught.value.report()
    assert "netrc:2: " in caught.value.report()


@pytest.mark.parametrize("password", TRIED[:3])
@pytest.mark.parametrize(
    "words",
    [
        ["map"], ["query"], ["query", "-e", "ASK {}", "--data"], ["export", "-o", "x.nq", "--data"],
        ["init"], ["export", "-o"], ["build", "--memory"], ["query", "x", "-p"], ["help"], ["x"],
        ["map", "x.yml", "--base"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_shows_it(words, password, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main([*words, f"https://me:{password}@host/data.ttl"])
    shown = capsys.readouterr()
    assert SECRET not in shown.out + shown.err
