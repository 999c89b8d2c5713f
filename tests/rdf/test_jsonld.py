"""JSON-LD is read as its specification says, and dropped values are reported."""

import json
import random
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from kg.cli.main import main
from kg.errors import InputError, LimitError
from kg.notes import hearing, strictly
from kg.rdf import jsonld, jsontext, parse_rdf, spool_rdf
from kg.rdf.contexts import given_contexts

D = "http://e/datatype"


def written(folder: Path, content: object) -> Path:
    path = folder / "a.jsonld"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> tuple[list[str], list[str]]:
    """Return statements, and notes without the file name."""
    with hearing() as notes:
        found = [str(quad) for quad in parse_rdf(path, "http://b/")]
    return found, [str(note).partition("a.jsonld:")[2] for note in notes.values()]


DROPPED = "statements are dropped, since an IRI or a language tag is not valid"


@pytest.mark.parametrize(
    ("content", "statements", "note"),
    [
        ({"@id": "http://e/a b", "http://e/p": [1, 2]}, 0, f"2 {DROPPED} (first 'http://e/a b')"),
        ({"http://e/p q": 1, "http://e/p": 1}, 1, f"1 {DROPPED} (first 'http://e/p q')"),
        ({"http://e/p": {"@id": "http://e/x y"}}, 0, f"1 {DROPPED} (first 'http://e/x y')"),
        ({"@type": ["http://e/x>", "http://e/C"]}, 1, f"1 {DROPPED} (first 'http://e/x>')"),
        (
            {"http://e/p": {"@value": "x", "@language": "en_US"}},
            0,
            f"1 {DROPPED} (first 'en_US')",
        ),
        (
            {"http://e/p": {"@value": "x", "@type": "http://e/%zz"}},
            0,
            f"1 {DROPPED} (first 'http://e/%zz')",
        ),
        (
            {"@id": "http://e/a b", "@graph": [{"@id": "e:s", "e:p": 1}]},
            0,
            f"1 {DROPPED} (first 'http://e/a b')",
        ),
        ({"@id": "_:a b", "e:p": 1}, 0, f"1 {DROPPED} (first '_:a b')"),
        # A term that would close early and add other statements.
        (
            {"@id": "e:s", "e:p": {"@id": "e:o> . <e:x> <e:y> <e:z"}, "e:q": 1},
            1,
            f"1 {DROPPED} (first 'e:o> . <e:x> <e:y> <e:z')",
        ),
        (
            {"@context": {"n": "http://e/n"}, "n": 1, "name": "x", "a/b": {"n": 2}},
            2,
            "2 values are dropped, since no context says what their keys mean (first 'name')",
        ),
        (
            {"@context": {"n": {"@id": "rel"}}, "n": 1, "e:p": 2},
            1,
            "1 values are dropped, since no context says what their keys mean (first 'rel')",
        ),
        ({"_:p": 1, "e:p": 2}, 1, "1 values are dropped, since RDF has no such property"),
        ({"@foo": 1, "e:p": 2}, 1, "1 values are dropped, since RDF has no such property"),
        (["x", {"e:p": 2}], 1, "1 values are dropped, since they belong to no node"),
        (
            {"@context": {"p": "e:p"}, "@graph": [{"p": 1}, "x", 2]},
            1,
            "2 values are dropped, since they belong to no node",
        ),
        (
            '{"e:p": [123456789012345678901, 12345678901234567890, 1.123456789012345678901]}',
            3,
            "1 integers of more than 20 digits become floating-point numbers",
        ),
        (
            '{"e:p": {"@value": -123456789012345678901, "@type": "e:d"}, "e:q": "'
            + "1" * 30
            + '"}',
            2,
            "1 integers of more than 20 digits become floating-point numbers",
        ),
    ],
)
def test_dropped_values_are_reported_and_refused_in_strict_mode(
    tmp_path, content, statements, note
):
    path = written(tmp_path, content)
    found, notes = read(path)
    assert len(found) == statements
    (shown,) = notes
    assert note in shown
    with strictly(True), pytest.raises(InputError) as caught:
        list(parse_rdf(path))
    assert caught.value.code == "lossy-json-ld"
    assert caught.value.location is not None
    assert caught.value.location.line == 1


def test_notes_count_over_pieces_and_name_the_first_place(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonld, "TOGETHER", 50)
    nodes = ",\n".join(f'{{"@id": "http://e/{n}", "n{n}": 1, "e:p": {n}}}' for n in range(20))
    for text in (f"[{nodes}]", f'{{"@graph": [{nodes}]}}'):
        found, notes = read(written(tmp_path, text))
        assert len(found) == 20
        assert [note.split(": ")[1] for note in notes] == [
            "20 values are dropped, since no context says what their keys mean (first 'n0')"
        ]
        assert notes[0].startswith("1:")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            {
                "@context": {"k": {"@id": "e:k", "@container": "@type"}},
                "k": {"e:T": {"@id": "e:z"}},
            },
            2,
        ),
        ({"e:p": {"@value": "x", "@direction": "ltr"}}, 1),
        ({"e:p": {"@value": "x", "@language": "EN", "@direction": "rtl"}}, 1),
        ({"@context": {"@direction": "rtl", "@language": "ar"}, "e:p": "x"}, 1),
    ],
)
def test_base_directions_and_type_maps_are_read(tmp_path, content, expected):
    path = written(tmp_path, content)
    found, notes = read(path)
    assert len(found) == expected
    assert not any("--" in line for line in found)
    if "direction" in json.dumps(content):
        assert [note.split(": ")[1] for note in notes] == [
            "base directions of texts are left out, since RDF 1.1 has none"
        ]
        spool_rdf([(path, None)], tmp_path / "spool")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('[{"e:p": 1},\n {"e:p": {"@value": []}}]', "2:2", "@value value must be"),
        ('{"@graph": [{"e:p": 1},\n\n {"@id": 3}]}', "3:2", "@id value must be"),
        ('{"@context": {"p": 3}, "@graph": [\n{"p": 1}]}', "1:", "definition"),
        ('{"@graph": [{"e:p": 1}\n{"e:p": 1}]}', "2:1", "a comma or ] is expected"),
        ('[{"e:p": 1},\n]', "2:1", "a value is expected"),
        ('{"e:p": 1}\n{"e:p": 1}', "2:1", "more text after the end"),
        ('[{"e:p": 1}]\nx', "2:1", "more text after the end"),
        ('[{"e:p": 1}, {"e:q": "', "1:14", "not closed"),
        ('{"@graph": [{"e:p": 1}', "1:", "a comma or ] is expected"),
        ('{"e:p": tru}', "1:", "tru"),
        ("[{'e:p': 1}]", "1:", "JSON-LD"),
        ("7", "1:1", "a list or an object is expected"),
        ('{"a" 1}', "1:6", "a colon is expected"),
        ('{"@graph": [], "a": \n}', "2:1", "a value is expected"),
    ],
)
def test_an_error_has_its_place(tmp_path, text, place, message):
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert caught.value.code == "bad-rdf"
    assert str(caught.value.location).partition("a.jsonld:")[2].startswith(place)


def test_errors_are_reported_together(tmp_path):
    nodes = ",\n".join('{"e:p": {"@id": 3}}' for _ in range(12))
    with pytest.raises(InputError) as caught:
        read(written(tmp_path, f"[{nodes}]"))
    shown = str(caught.value)
    assert "a.jsonld:10:1: @id value" in shown
    assert "a.jsonld:11" not in shown
    assert "and 2 more" in shown


def test_given_and_relative_contexts_are_used(tmp_path):
    (tmp_path / "c").mkdir()
    (tmp_path / "c/one.jsonld").write_text('{"@context": ["two%20.jsonld", {"q": "http://e/q"}]}')
    (tmp_path / "c/two .jsonld").write_text('\ufeff{"@context": {"p": "http://e/p"}}')
    given = tmp_path / "given.json"
    given.write_text(
        '{"@context": {"@import": "c/two%20.jsonld", "r": {"@id": "http://e/r",'
        ' "@context": "c/one.jsonld"}}}'
    )
    expected = ['_:x <http://e/p> "1"', '_:x <http://e/q> "2"', '_:x <http://e/r> "3"']
    for context in (["c/one.jsonld", "http://e/c"], [{}, "c/one.jsonld", "http://e/c"]):
        for form in ({"@graph": [{}]}, {}):
            node = {"@id": "_:x", "p": "1", "q": "2", "r": "3"}
            content = {"@context": context, **node}
            if form:
                content = {"@context": context, "@graph": [node, {"@context": "c/one.jsonld"}]}
            path = written(tmp_path, content)
            with given_contexts({"http://e/c": given}):
                assert sorted(read(path)[0]) == expected
            with pytest.raises(InputError, match="http://e/c") as caught:
                read(path)
            assert caught.value.code == "remote-context"
            assert "--context http://e/c=FILE" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("http://127.0.0.1:9/c", "remote-context"),
        ("//127.0.0.1:9/c", "remote-context"),
        ("/etc/hostname", "remote-context"),
        ("file:///etc/hostname", "remote-context"),
        ("../c.jsonld", "outside-workspace"),
        ("link.jsonld", "outside-workspace"),
        ("missing.jsonld", "missing-file"),
        ("loop.jsonld", "remote-context"),
        ("none.jsonld", "bad-context"),
        ("broken.jsonld", "bad-context"),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        '{{"@context": {0}, "e:p": 1}}',
        '[{{"@context": [{{}}, {0}], "e:p": 1}}]',
        '{{"@context": {{"p": {{"@id": "e:p", "@context": {0}}}}}, "@graph": [{{"p": 1}}]}}',
        '{{"@context": {{"@import": {0}}}, "@graph": []}}',
        '{{"e:p": {{"@context" :\n{0}, "e:q": 2}}}}',
        '{{"\\u0040context": {0}, "e:q": 2}}',
    ],
)
def test_other_contexts_are_refused(tmp_path, name, code, form):
    folder = tmp_path / "d"
    folder.mkdir()
    (tmp_path / "c.jsonld").write_text('{"@context": {}}')
    (folder / "link.jsonld").symlink_to(tmp_path / "c.jsonld")
    (folder / "loop.jsonld").write_text('{"@context": "loop.jsonld"}')
    (folder / "none.jsonld").write_text("[]")
    (folder / "broken.jsonld").write_text("{")
    with pytest.raises(InputError) as caught:
        read(written(folder, form.format(json.dumps(name))))
    assert caught.value.code == (code if "u0040" not in form else "bad-rdf")


def test_strings_that_look_like_contexts_stay_strings(tmp_path):
    text = r'{"e:p": "\"@context\": \"http://x/\"", "e:q": ["@context", ":"]}'
    found, notes = read(written(tmp_path, text))
    assert len(found) == 3
    assert notes == []


def test_json_that_nests_too_deep_is_refused(tmp_path):
    for opening, closing in (('{"e:p":', "}"), ("[", "]"), ('{"@graph":[', "]}")):
        deep = opening * 20_000 + "1" + closing * 20_000
        with pytest.raises(InputError) as caught:
            read(written(tmp_path, f'[\n{{"e:p":{deep}}}]'))
        assert caught.value.code == "too-deep"
        assert caught.value.location is not None
        assert caught.value.location.line == 2
    found, _ = read(written(tmp_path, '{"e:p":' * 400 + '"[[[["' + "}" * 400))
    assert len(found) == 400


def test_strings_and_objects_that_are_too_long_are_refused(tmp_path, monkeypatch):
    path = written(tmp_path, '[{"e:p": 1},\n{"e:p": "' + "x" * (jsonld.LONGEST_TEXT + 9) + '"}]')
    with pytest.raises(InputError) as caught:
        read(path)
    assert caught.value.code == "statement-too-long"
    assert caught.value.location is not None
    assert caught.value.location.line == 2
    monkeypatch.setattr(jsontext, "LONGEST_OBJECT", 100_000)
    many = ",".join(f'{{"@id": "http://e/{n}", "e:p": {n}}}' for n in range(9_999))
    assert len(read(written(tmp_path, f'{{"@context": {{}}, "@graph": [{many}]}}'))[0]) == 9_999
    with pytest.raises(LimitError) as limit:
        read(written(tmp_path, f'{{"e:p": [{many}]}}'))
    assert limit.value.code == "object-too-large"


class Documents:
    """Makes random documents."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def document(self) -> object:
        nodes = [self.node(2) for _ in range(self.random.randrange(5))]
        if self.random.random() < 0.3:
            return [{"@context": self.context(), **node} for node in nodes]
        if self.random.random() < 0.3 and nodes:
            return {**nodes[0], "@context": self.context()}
        graph = {"@id": "http://e/g"} if self.random.random() < 0.3 else {}
        members = [*graph.items(), ("@context", self.context()), ("@graph", nodes)]
        self.random.shuffle(members)
        return dict(members)

    def context(self) -> object:
        return {
            "e": "http://e/",
            "n": {"@id": "e:n", "@type": "@id"},
            "d": {"@id": "e:d", "@type": D},
            "l": {"@id": "e:l", "@container": "@list"},
            "g": {"@id": "e:g", "@container": "@language"},
            "r": {"@reverse": "e:r"},
            "id": "@id",
        }

    def node(self, depth: int) -> dict[str, object]:
        node: dict[str, object] = {}
        if self.random.random() < 0.7:
            choice = self.random.choice(["http://e/a", "e:b", "_:c", "d", "#e"])
            node[self.random.choice(["@id", "id"])] = choice
        if self.random.random() < 0.4:
            node["@type"] = self.random.choice(["e:C", ["e:C", "e:D"]])
        for key in self.random.sample(["e:p", "n", "d", "l", "g", "r", "e:q"], 3):
            node[key] = self.value(key, depth)
        return node

    def value(self, key: str, depth: int) -> object:
        if key == "g":
            return {"en": "x", "de": ["y", "z"]}
        if key in ("n", "r"):
            return {"@id": "e:o"} if key == "r" or depth == 0 else self.node(depth - 1)
        scalar = [1, 1.5, True, "x", 'é\n"', {"@value": "v", "@language": "en"}]
        if key == "l":
            return self.random.sample(scalar, 2)
        if depth and self.random.random() < 0.3:
            return self.node(depth - 1)
        return self.random.choice([*scalar, scalar[:3], {"@list": [1, {"@list": []}]}, None])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("seed", range(30))
def test_oxigraph_and_rdflib_read_the_same_statements(tmp_path, monkeypatch, seed):
    monkeypatch.setattr(jsonld, "TOGETHER", 200)
    path = written(tmp_path, Documents(seed).document())
    found, notes = read(path)
    assert notes == []
    mine, theirs, oxigraph = rdflib.Dataset(), rdflib.Dataset(), rdflib.Dataset()
    mine.parse(data="".join(f"{line} .\n" for line in found), format="nquads")
    theirs.parse(path, format="json-ld", publicID="http://b/")
    quads = ox.parse(path.read_bytes(), ox.RdfFormat.JSON_LD, base_iri="http://b/")
    lines = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert lines is not None
    oxigraph.parse(data=lines.decode(), format="nquads")
    assert isomorphic(flat(mine), flat(oxigraph))
    assert isomorphic(flat(mine), flat(theirs)) or not isomorphic(flat(oxigraph), flat(theirs))


def flat(dataset: rdflib.Dataset) -> rdflib.Graph:
    """Return the quads as one graph, with the name of each quad's graph in its predicate."""
    graph = rdflib.Graph()
    for s, p, o, g in dataset.quads():
        name = "" if g in (None, rdflib.graph.DATASET_DEFAULT_GRAPH_ID) else str(g)
        graph.add((s, rdflib.URIRef(f"{p}~{name}"), o))
    return graph


def test_commands_print_notes_once_and_take_contexts(tmp_path, capsys):
    path = written(tmp_path, {"@context": "http://e/c", "p": 1, "q": 2})
    (tmp_path / "c.json").write_text('{"@context": {"p": "http://e/p"}}')
    context = ["--context", f"http://e/c={tmp_path / 'c.json'}"]
    target = str(tmp_path / "o.nt")
    shown = "a.jsonld:1:1: 1 values are dropped, since no context says what their keys mean"
    export = ["export", "--data", str(path), "-o", target]
    shapes = tmp_path / "s.ttl"
    shapes.write_text("<e:s> a <http://www.w3.org/ns/shacl#NodeShape> .")
    for command in (
        export,
        ["query", "--data", str(path), "-e", "SELECT * { ?s ?p ?o }"],
        ["validate", "--data", str(path), "--shapes", str(shapes)],
        ["diff", str(path), str(path)],
    ):
        assert main([*command, *context]) == 0
        assert capsys.readouterr().err.count(shown) == 1
        assert main(command) == 2
        assert "[remote-context]" in capsys.readouterr().err
    (tmp_path / "o.nt").unlink()
    assert main([*export, *context, "--strict"]) == 2
    assert "[lossy-json-ld]" in capsys.readouterr().err
    assert not (tmp_path / "o.nt").exists()
    assert main([*export, "--context", "http://e/c"]) == 2
    assert "[bad-context]" in capsys.readouterr().err
