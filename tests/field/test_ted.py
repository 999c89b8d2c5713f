"""Contest notices of the EU Publications Office: RML with XPath 3.1 over nine files, unedited.

The service that the mappings ask to shorten IRIs is answered by a digest, so IRIs are compared up
to a renaming of these digests that is one to one. Decimals are compared by value: who wrote the
expected files wrote `47500000.00` as `47500000.0`.
"""

from __future__ import annotations

import os
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.errors import InputError
from kg.map_files import MappingFiles, map_files, read_replacements
from tests.field import field, files_of

pytest.importorskip("elementpath", reason="the extra xpath is not installed")

SERVICE = "https://digest-api.ted-data.eu/api/v1/hashing/fn/uuid/"
# What each run tries: a small notice, one of the oldest form, and the one with the most triples.
FEW = {"form_number_F13_S01/210496-2017", "form_number_F13_2021/088640-2021"}
NAMED = re.compile(r"<(http://data\.europa\.eu/a4g/resource/id_.*_)([^_/>]+)>")
Triple = tuple[str, str, str]


def notices() -> list[Path]:
    """Return the notices that this run tries: all where it is long."""
    found = files_of("ted-f13/test_data", "*.xml")
    if os.environ.get("KG_EXAMPLES"):
        return found
    return [path for path in found if f"{path.parent.name}/{path.stem}" in FEW]


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder as the mappings want it: they, their tables, and the place of the notice."""
    made = tmp_path_factory.mktemp("ted")
    shutil.copytree(field("ted-f13/transformation"), made / "transformation")
    (made / "data").mkdir()
    return made


def mappings(folder: Path) -> list[Path]:
    return sorted((folder / "transformation" / "mappings").glob("*.ttl"))


def mapped(folder: Path, notice: Path) -> set[Triple]:
    (folder / "data" / "source.xml").write_bytes(notice.read_bytes())
    target = folder / "made.nt"
    files = MappingFiles(mappings(folder), source_folders=[folder])
    map_files(files, str(target), addresses=read_replacements([f"{SERVICE}=uuid"]))
    return triples(target, ox.RdfFormat.N_TRIPLES)


def triples(path: Path, form: ox.RdfFormat) -> set[Triple]:
    return {
        (str(quad.subject), str(quad.predicate), term(quad.object))
        for quad in ox.parse(path=str(path), format=form)
    }


def term(value: object) -> str:
    text = str(value)
    if isinstance(value, ox.Literal) and text.endswith(("#decimal>", "#integer>")):
        return f"{Decimal(value.value).normalize():f}^^{value.datatype}"
    return text


def parts(text: str) -> tuple[str, str] | None:
    """Return an IRI without its digest, and the digest; None for any other term."""
    found = NAMED.fullmatch(text)
    return (found[1], found[2]) if found and found[2] != "Notice" else None


def said(made: set[Triple]) -> dict[str, set[Triple]]:
    """Return what is said of the IRIs with a digest, the digests themselves left out."""
    found: dict[str, set[Triple]] = {}
    for triple in made:
        for place in (0, 2):
            own = parts(triple[place])
            if own is not None:
                plain = [(parts(each) or (each,))[0] for each in triple]
                plain[place] = f"* {plain[place]}"
                found.setdefault(own[1], set()).add((plain[0], plain[1], plain[2]))
    return found


def renamed(made: set[Triple], expected: set[Triple]) -> set[Triple]:
    """Return triples with the digests of others, each for the one of which most is said alike."""
    ours, theirs = said(made), said(expected)
    alike = sorted(
        (
            (len(a & b) - len(a ^ b), own, other)
            for own, a in ours.items()
            for other, b in theirs.items()
            if a & b
        ),
        reverse=True,
    )
    names: dict[str, str] = {}
    taken: set[str] = set()
    for _, own, other in alike:
        if own not in names and other not in taken:
            names[own] = other
            taken.add(other)

    def new(text: str) -> str:
        own = parts(text)
        return text if own is None else f"<{own[0]}{names.get(own[1], own[1])}>"

    return {(new(s), p, new(o)) for s, p, o in made}


def test_the_notices_are_all_there():
    field("ted-f13")
    assert len(files_of("ted-f13/test_data", "*.xml")) == 62
    assert len(notices()) in (len(FEW), 62)


@pytest.mark.parametrize("notice", notices(), ids=named)
def test_a_notice_gives_the_expected_triples(notice, folder):
    made = mapped(folder, notice)
    name = named(notice).replace("/", "__")
    expected = triples(field(f"ted-f13/expected/{name}.ttl"), ox.RdfFormat.TURTLE)
    found = renamed(made, expected)
    assert found - expected == set()
    assert expected - found == set()
    assert len(made) == len(expected)


def test_the_service_is_not_asked(folder):
    notice = files_of("ted-f13/test_data", "*.xml")[0]
    (folder / "data" / "source.xml").write_bytes(notice.read_bytes())
    with pytest.raises(InputError) as raised:
        map_files(MappingFiles(mappings(folder), source_folders=[folder]), str(folder / "made.nt"))
    assert raised.value.code == "refused-address"
    assert f"--replace-address {SERVICE}=uuid" in raised.value.hint
